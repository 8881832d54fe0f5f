"""Requirements and principles as checks: each passes on a good database and fails on a spoilt one."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from crm_lib.errors import ParameterError
from crm_lib.store import (
    CustomerNumbers,
    change_settings,
    check_requirements,
    create_tables,
    insert_customers,
    judge_requirements,
    open_store,
)
from crm_lib.store.requirements import load_requirements
from crm_lib.store.requirements_checks import CHECKS, Files

RULE = CustomerNumbers()
NUMBERS = [RULE.word("S", 24, k) for k in range(1, 6)]
DAY = pd.Timestamp("2025-01-31")
NONE = pd.Series([pd.NaT] * 5)


def good_tables():
    """Five customers, spending 5, 4, 3, 2, 1; the best is the one key customer."""
    start = pd.Timestamp("2025-01-10")
    return {
        "customers": pd.DataFrame({
            "customer_no": NUMBERS, "valid_from": start, "valid_to": NONE, "name": list("甲乙丙丁戊"),
            "phone": [b"x"] * 5, "phone_index": list("abcde"), "city": "武汉市", "changed_by": "档案员",
            "source": "own", "registered_on": start,
        }),
        "transactions": pd.DataFrame({"customer_no": NUMBERS, "amount": [5.0, 4, 3, 2, 1]}),
        "investments": pd.DataFrame({"customer_no": NUMBERS[:1], "occurred_at": [start]}),
        "analysis_records": pd.DataFrame({
            "customer_no": NUMBERS[:1], "surveyed_on": [start], "source": ["调查公司"], "own": [False],
        }),
        "grades": pd.DataFrame({
            "customer_no": NUMBERS, "kind": "value", "valid_from": start, "valid_to": NONE,
            "due_on": pd.Timestamp("2025-06-30"),
        }),
        "consents": pd.DataFrame({"customer_no": pd.Series([], dtype=object)}),
        "verifications": pd.DataFrame({"customer_no": [], "verified_at": pd.to_datetime([])}),
        "uploads": pd.DataFrame({"upload_id": ["U1"], "n_rows": [5], "uploaded_at": [start], "source": ["own"]}),
        "raw_records": pd.DataFrame({"upload_id": ["U1"] * 5, "source": ["own"] * 5}),
        "settings": pd.DataFrame({"name": ["data_keeper", "security_keeper"], "value": ["甲", "乙"]}),
        "audit": pd.DataFrame({"seq": [1, 2]}),
    }  # fmt: skip


def make_files(**changes):
    known = load_requirements()
    return dataclasses.replace(
        Files(
            tables=good_tables(), as_of=DAY, settings=known["settings"], purposes=known["purposes"],
            titles={"city": "城市"}, numbers_ok=lambda v: RULE.check(v)["valid"],
        ),
        **changes,
    )  # fmt: skip


def change(table, column, row, value):
    tables = good_tables()
    tables[table][column] = tables[table][column].astype(object)
    tables[table].loc[row, column] = value
    return {"tables": tables}


def add(table, **row):
    tables = good_tables()
    rows = tables[table].to_dict("records")
    tables[table] = pd.DataFrame([*rows, {**(rows[0] if rows else {}), **row}])
    return {"tables": tables}


def without(table):
    return {"tables": {**good_tables(), table: good_tables()[table].head(0)}}


SPOILT = {
    "goal": [({"purposes": {"name": "认人", "phone": "联系"}}, 1)],
    "order": [
        (change("customers", "customer_no", 0, "KHS24000001X"), 1),
        (change("customers", "customer_no", 0, NUMBERS[1]), 2),
    ],
    "logic": [
        (add("transactions", customer_no="KHS999999999", amount=1.0), 1),
        (add("consents", customer_no="KHS999999999"), 1),
        (add("customers", valid_from=pd.Timestamp("2025-01-05"), valid_to=pd.Timestamp("2025-01-12")), 1),
    ],
    "sharing": [
        (add("customers", customer_no=RULE.word("S", 24, 9)), 2),  # a namesake at the same telephone
        (add("customers", valid_from=pd.Timestamp("2025-01-20")), 2),  # two current versions
    ],
    "dynamic": [({"as_of": pd.Timestamp("2026-03-01")}, 5)],
    "focus": [(without("grades"), 1), (change("customers", "phone", 0, None), 1)],
    "use": [({"as_of": pd.Timestamp("2027-03-01")}, 5)],
    "keeper": [
        (change("settings", "value", 0, " "), 1),
        (change("customers", "changed_by", 2, None), 1),
    ],
    "raw": [(without("raw_records"), 5)],
    "apart": [
        (change("customers", "source", 0, None), 1),
        (change("raw_records", "source", 0, "elsewhere"), 1),
        (change("analysis_records", "own", 0, None), 1),
    ],
    "safety": [
        (change("settings", "value", 1, None), 1),
        ({"sealed": False}, 1),
        ({"n_damaged": 2}, 2),
    ],
    "renewal": [
        ({"as_of": pd.Timestamp("2025-03-15")}, 1),
        (change("grades", "due_on", 3, pd.Timestamp("2025-01-30")), 1),
    ],
}


def test_a_good_database_passes_every_check_and_every_check_is_of_the_list():
    judged = judge_requirements(make_files())
    assert judged["check"].tolist() == list(CHECKS) == list(load_requirements()["checks"])
    assert judged.loc[judged["verdict"] != "合格", ["check", "found"]].to_numpy().tolist() == []
    assert (judged["way_out"] == "").all()
    assert set(SPOILT) == set(CHECKS)


@pytest.mark.parametrize(("name", "n"), [(k, i) for k, v in SPOILT.items() for i in range(len(v))])
def test_each_check_fails_when_it_should_and_counts(name, n):
    changes, faults = SPOILT[name][n]
    row = judge_requirements(make_files(**changes)).set_index("check").loc[name]
    assert row["verdict"] == "要改进"
    assert row["n_faults"] == faults
    assert row["way_out"]
    assert f"不合的 {faults}" in row["found"]


def test_neglect_spoils_what_lives_by_care_and_nothing_else():
    later = judge_requirements(make_files(as_of=pd.Timestamp("2026-03-01"))).set_index("check")["verdict"]
    assert set(later.index[later == "要改进"]) == {"dynamic", "use", "renewal"}


def test_a_verification_is_care_too():
    files = make_files(as_of=pd.Timestamp("2026-01-20"), settings=load_requirements()["settings"])
    assert judge_requirements(files).set_index("check").loc["dynamic", "n_faults"] == 5
    tables = good_tables()
    tables["verifications"] = pd.DataFrame({
        "customer_no": NUMBERS[:4], "verified_at": pd.Timestamp("2025-12-01"),
    })  # fmt: skip
    done = judge_requirements(dataclasses.replace(files, tables=tables)).set_index("check")
    # one of five left: 20 % may be old
    assert done.loc["dynamic", ["n_faults", "verdict"]].tolist() == [1, "合格"]


def test_with_nothing_to_look_at_nothing_is_judged():
    empty = {k: v.head(0) for k, v in good_tables().items()}
    judged = judge_requirements(make_files(tables=empty)).set_index("check")
    open_ = {"goal", "order", "logic", "sharing", "dynamic", "focus", "use", "raw", "apart", "renewal"}
    assert set(judged.index[judged["verdict"] == "无法判断"]) == open_
    assert judged.loc["focus", "found"] == "没有可以查的"


def test_key_customers_with_equal_revenue_are_all_key():
    tables = good_tables()
    tables["transactions"]["amount"] = [5.0, 5, 5, 1, 1]
    row = judge_requirements(make_files(tables=tables)).set_index("check").loc["focus"]
    assert row["n_checked"] == 3


# A real database


@pytest.fixture
def store(tmp_path):
    from crm_lib.protect.cipher import Cipher
    from crm_lib.protect.keys import make_key, open_keys

    make_key(tmp_path / "key")
    cipher = Cipher(open_keys(f"file:{tmp_path / 'key'}"))
    with open_store(tmp_path / "a.duckdb", cipher=cipher, actor="档案员", create=True) as opened:
        create_tables(opened, at="2025-01-31 09:00:00")
        yield opened


def test_a_database_is_judged_without_opening_a_sealed_cell(store):
    frame = pd.DataFrame({
        "name": ["王小明", "李芳"], "phone": ["15412345678", "15487654321"], "channel": ["store", "web"],
    })  # fmt: skip
    insert_customers(store, frame, at="2025-01-31 09:01:00")
    judged = check_requirements(store, as_of="2025-01-31").set_index("check")
    assert judged.loc["order", ["n_checked", "verdict"]].tolist() == [2, "合格"]
    assert judged.loc["goal", "verdict"] == "合格"
    assert judged.loc["sharing", "verdict"] == "合格"
    assert judged.loc["keeper", "verdict"] == "要改进"
    assert "reveal" not in set(store.audit()["action"])
    change_settings(store, {"data_keeper": "甲", "security_keeper": "乙"}, at="2025-01-31 09:02:00")
    again = check_requirements(store, as_of="2025-01-31").set_index("check")
    assert again.loc[["keeper", "safety"], "verdict"].tolist() == ["合格", "合格"]
    late = check_requirements(store, as_of="2026-06-30", settings={"stale_days": 600, "update_days": 10})
    assert late.set_index("check").loc[["dynamic", "renewal"], "verdict"].tolist() == ["合格", "要改进"]


def test_wrong_settings_fail_in_words(store):
    with pytest.raises(ParameterError, match="Did you mean 'stale_days'"):
        check_requirements(store, as_of="2025-01-31", settings={"stale_day": 3})
    with pytest.raises(ParameterError, match="key_share must be in"):
        check_requirements(store, as_of="2025-01-31", settings={"key_share": 20})
    with pytest.raises(ParameterError, match="as_of must be a date"):
        check_requirements(store, as_of="2025-02-30")
