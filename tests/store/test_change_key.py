"""Another key: the same content, sealed anew, in one transaction."""

from __future__ import annotations

import pytest
from store_world import (
    CIPHER,
    EMAIL,
    ENGINES,
    OTHER_CIPHER,
    PHONE,
    log_of,
    open_fresh,
    small_file,
    three_customers,
)

from crm_lib.errors import ProtectError, StoreError
from crm_lib.store import (
    change_key,
    fingerprint_values,
    insert_customers,
    open_store,
    read_settings,
    update_customers,
    upload_rows,
    verify_store,
)

T1, T2, T3 = "2024-01-02 10:00:00", "2024-02-01 10:00:00", "2024-03-01 10:00:00"


@pytest.fixture(params=ENGINES)
def store(request, tmp_path):
    for store in open_fresh(request, tmp_path):
        new = insert_customers(store, three_customers(), at=T1)
        update_customers(store, new[["customer_no"]].assign(city="武汉"), kind="易变动", at=T2)
        yield store


def test_content_stays_and_the_old_key_opens_nothing_more(store):
    before = store.checksums().set_index("table")["sha256"]
    sealed = set(store.dump("customers")["phone"].dropna())
    done = change_key(store, OTHER_CIPHER, at=T3)
    assert dict(zip(done["table"], done["n_rows"], strict=True)) == {"customers": 6, "raw_records": 0}
    after = store.checksums().set_index("table")["sha256"]
    assert set(before.index[before != after]) == {"audit", "settings"}
    stored = store.dump("customers")
    assert not sealed & set(stored["phone"].dropna())
    with pytest.raises(ProtectError, match=f"sealed with key {OTHER_CIPHER.key_id}"):
        CIPHER.open(stored["phone"].tolist(), column="phone", owners=stored["customer_no"].tolist())
    assert verify_store(store).empty
    assert log_of(store)[-1] == "change_key"
    settings = read_settings(store)
    assert (settings["key_id"], settings["key_rotated_on"]) == (OTHER_CIPHER.key_id, "2024-03-01")
    # values are found again under the new key, and new customers are sealed with it
    mark = fingerprint_values([PHONE], "phone", store.cipher)[0]
    assert (stored["phone_index"] == mark).sum() == 2
    insert_customers(store, three_customers(), at=T3)
    shown = store.read("customers", reveal=["email"], at=T3)
    assert shown["email"].tolist().count(EMAIL) == 2


def test_a_repeated_upload_is_still_known(store):
    rows = three_customers().astype(object).where(lambda f: f.notna(), None).drop(columns="source")
    rows = rows.assign(
        channel="门店", name=["赵一", "钱二", "孙三"], phone=["13800000001", "13800000002", "13800000003"]
    )
    rows = rows.drop(columns=["identity_no", "email"])
    first = upload_rows(store, rows, table="customers", at=T2)
    assert first.n_new == 3, first.verdicts
    change_key(store, OTHER_CIPHER, at=T3)
    again = upload_rows(store, rows, table="customers", at="2024-03-02")
    assert (again.n_new, again.n_same) == (0, 3)


def test_a_fault_on_the_way_leaves_the_old_key(store, monkeypatch):
    before = store.checksums()
    monkeypatch.setattr("crm_lib.store.rekey._hash_rows", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        change_key(store, OTHER_CIPHER, at=T3)
    assert store.cipher is CIPHER
    assert store.checksums().equals(before)


def test_what_is_no_change_of_key_is_refused(tmp_path):
    with small_file(tmp_path) as store, pytest.raises(StoreError, match="is the one"):
        change_key(store, CIPHER, at=T3)
    with (
        open_store(tmp_path / "customers.duckdb", actor="a") as store,
        pytest.raises(StoreError, match="without a key"),
    ):
        change_key(store, OTHER_CIPHER, at=T3)
    with open_store(tmp_path / "customers.duckdb", actor="a", cipher=OTHER_CIPHER) as store:
        from crm_lib.protect import Cipher, KeyRing

        with pytest.raises(StoreError, match="was made with key"):
            change_key(store, Cipher(KeyRing(bytes([7] * 32))), at=T3)
