"""History: any moment of the past can be read as it was known then."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_world import CIPHER, EMAIL, ENGINES, MADE, PHONE, open_fresh, three_customers

from crm_lib.errors import ParameterError, SchemaError, StoreError
from crm_lib.store import (
    create_tables,
    insert_customers,
    open_store,
    read_history,
    update_customers,
    verify_store,
)

T1, T2, T3 = "2024-01-02 10:00:00", "2024-02-01 10:00:00", "2024-03-01 10:00:00"


@pytest.fixture(params=ENGINES)
def store(request, tmp_path):
    yield from open_fresh(request, tmp_path)


@pytest.fixture
def three(store):
    return store, insert_customers(store, three_customers(), at=T1)["customer_no"].tolist()


def change(numbers, **columns) -> pd.DataFrame:
    return pd.DataFrame({"customer_no": numbers, **columns})


def test_new_customers_come_back_in_their_order_with_numbers(store):
    frame = three_customers().set_index(pd.Index([5, 1, 9]))
    before = frame.copy()
    out = insert_customers(store, frame, at=T1, upload_id="U1")
    pd.testing.assert_frame_equal(frame, before)
    assert out.columns[0] == "customer_no"
    assert out.index.tolist() == [5, 1, 9]
    shown = store.read("customers").set_index("customer_no").loc[out["customer_no"]]
    assert shown["name"].tolist() == frame["name"].tolist()
    assert shown["source"].tolist() == ["own", "own", "other"]
    assert shown["upload_id"].tolist() == ["U1"] * 3
    assert shown["update_kind"].tolist() == ["新客户"] * 3
    assert set(shown["registered_on"]) == {pd.Timestamp("2024-01-02")}
    assert (shown["changed_by"] == "林小满").all()


def test_a_change_closes_one_version_and_opens_the_next(three):
    store, numbers = three
    done = update_customers(
        store,
        change(numbers[:2], phone=["13700000000", "13900000000"], city=[None, "襄阳"]),
        kind="易变动",
        at=T2,
    )
    # the second number was his already: only the town changed
    assert done["columns"].tolist() == ["phone", "city"]
    history = read_history(store, numbers[0])
    assert history["valid_from"].tolist() == [pd.Timestamp(T1), pd.Timestamp(T2)]
    assert history["valid_to"].isna().tolist() == [False, True]
    assert history["valid_to"][0] == history["valid_from"][1]
    assert history["phone"].tolist() == ["138****5678", "137****0000"]
    assert history["update_kind"].tolist() == ["新客户", "易变动"]
    # what was not changed is carried on, sealed values too
    now = store.read("customers", reveal=["phone", "email", "address"], at=T3).set_index("customer_no")
    assert now.loc[numbers[0], ["name", "phone", "email"]].tolist() == ["王芳", "13700000000", EMAIL]
    then = store.read("customers", as_of=T1, reveal=["phone"], at=T3).set_index("customer_no")
    assert then.loc[numbers[0], "phone"] == PHONE
    assert len(store.read("customers")) == 3
    assert len(read_history(store)) == 5


def test_a_day_means_its_end_and_a_moment_itself(three):
    store, numbers = three
    update_customers(store, change(numbers[:1], city=["武汉"]), kind="易变动", at=T2)

    def town(as_of):
        rows = store.read("customers", as_of=as_of).set_index("customer_no")
        return rows["city"].get(numbers[0], "unknown")

    assert town("2024-01-01") == "unknown"
    assert pd.isna(town("2024-01-02"))
    assert pd.isna(town("2024-02-01 09:59:59"))
    assert town("2024-02-01 10:00:00") == "武汉"
    assert town("2024-02-01") == "武汉"
    assert town(dt.date(2024, 2, 1)) == "武汉"


def test_nothing_new_makes_no_version(three):
    store, numbers = three
    same = change(
        numbers[:1], name=["王芳"], phone=[PHONE], birth_date=["1990-02-28"], gender=[None], email=[""]
    )
    done = update_customers(store, same, kind="更正", at=T2)
    assert done["changed"].tolist() == [False]
    assert len(read_history(store)) == 3


def test_columns_are_emptied_only_when_asked(three):
    store, numbers = three
    done = update_customers(store, change(numbers), kind="更正", at=T2, clear=["phone", "gender"])
    assert done["columns"].tolist() == ["gender,phone", "gender,phone", ""]
    now = store.dump("customers")
    now = now[now["valid_to"].isna()]
    assert now[["phone", "phone_index", "phone_mask", "gender"]].isna().all(axis=None)
    assert now["email"].notna().sum() == 2


def test_wrong_changes_are_named_and_change_nothing(three):
    store, numbers = three
    update_customers(store, change(numbers[2:], city=["武汉"]), kind="易变动", at=T3)
    before = store.checksums()
    frame = change([numbers[0], numbers[0], "KHS240000099", numbers[2]], city=["a", "b", "c", "d"])
    with pytest.raises(StoreError) as caught:
        update_customers(store, frame, kind="易变动", at=T3)
    said = str(caught.value)
    assert "1 not in the database (KHS240000099)" in said
    assert f"1 more than once in the table ({numbers[0]})" in said
    assert "changed at 2024-03-01 10:00:00 or later already" in said
    for wrong, error in (
        ({"kind": "随便"}, ParameterError),
        ({"changes": change(numbers, citty=["a"] * 3)}, ParameterError),
        ({"changes": change(numbers, valid_to=[T3] * 3)}, StoreError),
        ({"changes": change(numbers, source=["stolen"] * 3)}, StoreError),
        ({"changes": change(numbers, birth_date=["1990-02-30"] * 3)}, StoreError),
        ({"changes": change(numbers).drop(columns="customer_no")}, SchemaError),
    ):
        with pytest.raises(error):
            update_customers(
                store, **{"changes": change(numbers), "kind": "易变动", "at": "2024-04-01", **wrong}
            )
    with pytest.raises(StoreError, match="written by the database itself"):
        insert_customers(store, three_customers().assign(customer_no="C"), at=T3)
    with pytest.raises(StoreError, match="'source' must be one of"):
        insert_customers(store, three_customers().assign(source="stolen"), at=T3)
    pd.testing.assert_frame_equal(store.checksums(), before)


@pytest.mark.parametrize("chunk", [300, 900])
def test_many_changes_at_once(store, chunk, monkeypatch):
    # asked for in one go, in pieces, or all that is there
    monkeypatch.setattr("crm_lib.store.versions._CHUNK", chunk)
    n = 1300
    new = insert_customers(
        store, pd.DataFrame({"name": [f"客户{i}" for i in range(n)], "channel": "web"}), at=T1
    )
    done = update_customers(
        store,
        change(new["customer_no"], city=[None if i % 2 else "武汉" for i in range(n)]),
        kind="易变动",
        at=T2,
    )
    assert done["changed"].sum() == n // 2
    assert len(read_history(store)) == n + n // 2
    assert verify_store(store).empty


def test_no_customers_at_all(store):
    assert insert_customers(store, three_customers().head(0), at=T1).empty
    assert update_customers(store, change([]), kind="更正", at=T2).empty
    assert store.read("customers").empty
    assert read_history(store, "KHS240000011").empty


@pytest.mark.needs("postgresql")
def test_the_server_itself_holds_a_customer_to_one_current_version(postgres_server, postgres_database):
    with open_store(
        postgres_server.address(postgres_database), actor="a", password=postgres_server.reference, create=True
    ) as store:
        create_tables(store, at=MADE)
        insert_customers(store, three_customers(), at=T1)
        rows = store.dump("customers").head(1).assign(valid_from=pd.Timestamp(T2))
        with pytest.raises(StoreError, match="customers_current"), store.transaction("slip", at=T2):
            store.load("customers", rows)


TOWNS = ["武汉", "襄阳", "宜昌", None]
PHONES = ["13800000001", "13800000002", "13800000003", None]
STEP = st.tuples(
    st.integers(1, 3),  # seconds until it
    st.dictionaries(
        st.integers(0, 2), st.tuples(st.sampled_from(TOWNS), st.sampled_from(PHONES)), max_size=3
    ),
    st.booleans(),  # a new customer comes besides
)


@settings(max_examples=15)
@given(steps=st.lists(STEP, max_size=6))
def test_any_series_of_changes_can_be_read_back_at_every_moment(steps):
    """The model is a list of (moment, whole state); the database must show each of them."""
    start = dt.datetime(2024, 1, 1, 8)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(Path(folder) / "c.duckdb", actor="a", cipher=CIPHER, create=True) as store,
    ):
        create_tables(store, at=start)
        moment = start + dt.timedelta(seconds=1)
        numbers = insert_customers(store, pd.DataFrame({"name": ["甲", "乙", "丙"]}), at=moment)[
            "customer_no"
        ].tolist()
        state = dict.fromkeys(numbers, (None, None))
        seen = [(moment, dict(state))]
        for seconds, changes, comes in steps:
            moment += dt.timedelta(seconds=seconds)
            rows = [(numbers[i], town, phone) for i, (town, phone) in changes.items()]
            frame = pd.DataFrame(rows, columns=["customer_no", "city", "phone"])
            update_customers(store, frame, kind="易变动", at=moment)
            for number, town, phone in rows:
                old = state[number]
                state[number] = (town or old[0], phone or old[1])
            if comes:
                number = insert_customers(store, pd.DataFrame({"name": ["新"]}), at=moment)["customer_no"][0]
                numbers.append(number)
                state[number] = (None, None)
            seen.append((moment, dict(state)))
        assert verify_store(store).empty
        current = store.query(
            "SELECT customer_no, count(*) AS n FROM customers WHERE valid_to IS NULL GROUP BY 1"
        )
        assert sorted(current["customer_no"]) == sorted(numbers)
        assert (current["n"] == 1).all()
        for (begins, wanted), (ends, _) in itertools.pairwise([*seen, (moment + dt.timedelta(days=9), {})]):
            for at in (begins, ends - dt.timedelta(seconds=1)):
                shown = store.read("customers", as_of=at, reveal=["phone"], at=moment)
                got = {
                    r["customer_no"]: tuple(None if pd.isna(r[c]) else r[c] for c in ("city", "phone"))
                    for r in shown.to_dict("records")
                }
                assert got == wanted
        assert store.read("customers", as_of=start).empty
