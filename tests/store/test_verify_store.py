"""Checksums tell equal from different content; `verify_store` finds what the database would not have written."""

from __future__ import annotations

import contextlib
import re

import pandas as pd
import pytest
from store_world import (
    CIPHER,
    ENGINES,
    OTHER_CIPHER,
    PHONE,
    open_fresh,
    small_file,
    target_of,
    three_customers,
)

from crm_lib.protect import anchor
from crm_lib.store import (
    create_tables,
    insert_customers,
    list_tables,
    load_table,
    open_store,
    update_customers,
    verify_store,
)

T1, T2 = "2024-01-02 10:00:00", "2024-02-01 10:00:00"


@pytest.fixture(params=ENGINES)
def store(request, tmp_path):
    for store in open_fresh(request, tmp_path):
        fill(store)
        yield store


def fill(store) -> None:
    new = insert_customers(store, three_customers(), at=T1)
    update_customers(store, new[["customer_no"]].assign(city="武汉"), kind="易变动", at=T2)
    lines = pd.DataFrame({
        "customer_no": new["customer_no"], "order_id": "D1", "line_no": [1, 2, 3], "ordered_at": T1,
        "quantity": [1, 0.1 + 0.2, None], "amount": [39.9, -0.1, 1e9],
    })  # fmt: skip
    with store.transaction("import", at=T2):
        store.insert("transactions", lines)


@pytest.mark.needs("postgresql")
def test_the_same_content_has_the_same_sums_on_both_engines(request, tmp_path):
    sums = []
    for engine in ("duckdb", "postgresql"):
        target = target_of(engine, request, tmp_path)
        with open_store(**target, actor="a", cipher=CIPHER, create=True) as store:
            create_tables(store, at="2024-01-01")
            fill(store)
            sums.append(store.checksums())
            assert store.read("roster").to_dict("list")["revenue"] == [39.9, -0.1, 1e9]
    # whole: the log with its hashes too
    pd.testing.assert_frame_equal(*sums)
    assert sums[0]["table"].tolist() == list(list_tables())
    assert sums[0].set_index("table")["n_rows"][["customers", "transactions"]].tolist() == [6, 3]


def test_sums_do_not_know_the_order_of_rows(tmp_path):
    sums = []
    for turn in (1, -1):
        folder = tmp_path / str(turn)
        folder.mkdir()
        with small_file(folder) as store:
            rows = store.dump("customers").iloc[::turn]
            with store.transaction("again", at=T2):
                store.run("DELETE FROM customers")
                store.load("customers", rows)
            sums.append(store.checksums().set_index("table")["sha256"]["customers"])
    assert sums[0] == sums[1]


def test_sums_know_values_sealed_anew_but_not_bytes(tmp_path):
    with small_file(tmp_path) as store:
        before = store.checksums().set_index("table")["sha256"]["customers"]
        rows = store.read("customers", reveal=["phone", "email", "address", "identity_no"], at=T2)
        with store.transaction("again", at=T2):
            store.run("DELETE FROM customers")
            store.insert("customers", rows)
        assert store.checksums().set_index("table")["sha256"]["customers"] == before
    path = tmp_path / "customers.duckdb"
    with open_store(path, actor="a") as blind:
        assert blind.checksums().set_index("table")["sha256"]["customers"] != before


CHANGES = [
    "UPDATE customers SET name = NULL WHERE name = '李雷'",
    "UPDATE customers SET name = '' WHERE gender IS NULL",
    "UPDATE customers SET city = NULL, province = '武汉' WHERE city = '武汉'",
    "UPDATE customers SET valid_to = valid_to + INTERVAL '1 second' WHERE valid_to IS NOT NULL",
    "UPDATE customers SET birth_date = '1990-03-01' WHERE name = '王芳'",
    "UPDATE transactions SET amount = amount + 0.0001 WHERE line_no = 3",
    "UPDATE transactions SET quantity = 0.3 WHERE line_no = 2",
    "UPDATE transactions SET quantity = 0 WHERE quantity IS NULL",
    "DELETE FROM transactions WHERE line_no = 1",
]


class Undone(Exception):
    """Raised to have a transaction rolled back."""


@contextlib.contextmanager
def pretended(store, change):
    """Change something behind the database's back, and put it back afterwards."""
    with contextlib.suppress(Undone), store.transaction("tamper", at=T2):
        assert store.run(change) > 0, change
        yield
        raise Undone


def test_any_changed_cell_changes_its_sum(store):
    before = store.checksums().set_index("table")["sha256"]
    for change in CHANGES:
        with pretended(store, change):
            after = store.checksums().set_index("table")["sha256"]
        assert set(before.index[before != after]) == {re.search("(customers|transactions)", change)[0]}, (
            change
        )
    assert store.checksums()["sha256"].tolist() == before.tolist()


TAMPERED = [
    ("UPDATE audit SET n_rows = 1000 WHERE seq = 2", "audit", "changed"),
    ("DELETE FROM audit WHERE seq = 2", "audit", "missing"),
    ("UPDATE customers SET valid_to = '2024-03-01 00:00:00' WHERE valid_to IS NULL AND name = '王芳'", "history", "current"),
    ("UPDATE customers SET valid_to = '2024-03-01 00:00:00' WHERE valid_to IS NOT NULL AND name = '王芳'", "history", "overlap"),
    ("UPDATE customers SET valid_to = valid_from WHERE valid_to IS NOT NULL AND name = '王芳'", "history", "overlap"),
    ("DELETE FROM customers WHERE valid_to IS NULL AND name = '李雷'", "history", "current"),
    ("UPDATE counters SET value = 0 WHERE name = 'KHS24'", "counters", "behind"),
    ("UPDATE customers SET phone = email WHERE phone IS NOT NULL AND email IS NOT NULL", "sealed", "closed"),
    ("UPDATE customers SET phone_index = NULL WHERE name = '王芳'", "sealed", "index"),
    ("UPDATE customers SET phone_mask = '138****0000' WHERE name = '王芳'", "sealed", "mask"),
]  # fmt: skip


def test_what_was_done_behind_its_back_is_found(store):
    assert verify_store(store).empty
    for change, check, fault in TAMPERED:
        with pretended(store, change):
            found = verify_store(store)
        assert (check, fault) in set(zip(found["check"], found["fault"], strict=True)), (change, found)
        assert set(found["check"]) == {check}, change
        assert PHONE not in repr(found.to_dict())
    assert verify_store(store).empty


def test_two_current_versions_and_wrong_numbers_are_found_on_duckdb(tmp_path):
    with small_file(tmp_path) as store:
        with store.transaction("slip", at=T2):
            store.load("customers", store.dump("customers").head(1).assign(valid_from=pd.Timestamp(T2)))
            wrong = (
                three_customers()
                .head(1)
                .assign(
                    customer_no="KHS240000012",
                    valid_from=T1,
                    registered_on=T1[:10],
                    update_kind="新客户",
                    changed_by="x",
                )
            )
            store.insert("customers", wrong)
        found = verify_store(store)
        assert set(zip(found["check"], found["fault"], strict=True)) == {
            ("history", "current"), ("history", "overlap"), ("numbers", "check_digit"),
        }  # fmt: skip


def test_a_log_that_was_cut_off_shows_only_against_an_anchor(store):
    head = anchor(store.audit())
    with store.transaction("more", at=T2):
        pass
    assert verify_store(store, head=head).empty
    with store.transaction("cut", at=T2):
        store.run("DELETE FROM audit WHERE seq >= ?", [head.n])
    assert "truncated" in verify_store(store, head=head)["fault"].tolist() or len(store.audit()) >= head.n
    assert not verify_store(store, head=head).empty


def test_without_the_key_the_cells_are_left_alone(tmp_path):
    with small_file(tmp_path):
        pass
    for cipher, checks in ((None, set()), (OTHER_CIPHER, {"sealed"})):
        with open_store(tmp_path / "customers.duckdb", actor="a", cipher=cipher) as store:
            assert set(verify_store(store)["check"]) == checks


def test_every_table_is_fully_described():
    from crm_lib.catalogue import list_titles
    from crm_lib.store import describe_tables
    from crm_lib.store.tables import TYPES, write_ddl

    titles = list_titles()
    for row in describe_tables().to_dict("records"):
        assert re.search(r"[\u4e00-\u9fff]", row["title"] + row["column_title"])
        assert re.search(r"[\u4e00-\u9fff]", row["column_title"]), row
        assert row["column"] in titles, row
        assert row["type"] in TYPES["duckdb"]
    for name in list_tables():
        table = load_table(name)
        assert set(table.key) <= set(table.names)
        assert not any(table.field(k).nullable or table.field(k).sealed for k in table.key)
        assert not table.sealed or set(table.owner) <= set(table.names)
    assert [f.name for f in load_table("customers").sealed] == ["phone", "email", "address", "identity_no"]
    assert len(write_ddl("postgresql")) == len(write_ddl("duckdb")) + 2
