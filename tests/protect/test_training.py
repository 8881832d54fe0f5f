"""The record of trainings: who is valid, who is overdue, worked out by hand on one day."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.errors import DataError, SchemaError
from crm_lib.protect import TOPICS, check_training, list_overdue, record_training
from crm_lib.store import create_tables, open_store

STAFF = pd.DataFrame(
    [
        ("ann", "安", "admin", "2025-01-01", None),
        ("bo", "波", "sales", "2025-01-01", None),
        ("bo", "波", "sales", "2025-06-01", None),
        ("cy", "岑", "analyst", "2025-01-01", "2026-03-01"),
        ("di", "狄", "service", "2026-03-02", None),
    ],
    columns=["login", "name", "role", "valid_from", "valid_to"],
)
HELD = pd.DataFrame(
    [
        ("ann", "职业道德", "2025-03-01", "2026-03-01", 90.0),
        ("ann", "操作技能", "2024-03-01", "2026-02-28", 90.0),
        ("ann", "操作技能", "2025-09-01", "2026-09-01", 40.0),
        ("ann", "安全意识", "2025-03-01", "2026-03-31", None),
        ("bo", "职业道德", "2025-09-01", "2026-09-01", 59.5),
        ("bo", "安全意识", "2026-03-02", "2027-03-02", 95.0),
    ],
    columns=["login", "topic", "held_on", "valid_until", "score"],
)


def test_everybody_with_rights_on_every_topic():
    status = check_training(STAFF, HELD, as_of="2026-03-01")
    shown = [
        (r.login, r.topic, r.status, None if pd.isna(r.days_left) else r.days_left)
        for r in status.itertuples()
    ]
    # the day is 1 March: its own last day still counts; di begins tomorrow, cy left today, bo stands once
    assert shown == [
        ("ann", "职业道德", "即将到期", 0),
        ("ann", "操作技能", "已过期", -1),
        ("ann", "安全意识", "即将到期", 30),
        ("bo", "职业道德", "未通过", 184),
        ("bo", "操作技能", "未培训", None),
        ("bo", "安全意识", "未培训", None),
    ]
    assert status["name"].tolist() == ["安"] * 3 + ["波"] * 3


def test_overdue_first_those_never_trained_then_the_longest():
    late = list_overdue(check_training(STAFF, HELD, as_of="2026-04-05"))
    assert [(r.login, r.topic, r.status) for r in late.itertuples()] == [
        ("bo", "操作技能", "未培训"),
        *[("di", topic, "未培训") for topic in sorted(TOPICS)],
        ("ann", "操作技能", "已过期"),
        ("ann", "职业道德", "已过期"),
        ("ann", "安全意识", "已过期"),
        ("bo", "职业道德", "未通过"),
    ]
    assert list_overdue(late[late["status"] == "有效"]).empty


def test_nobody_and_nothing():
    nobody = check_training(STAFF.iloc[:0], HELD, as_of="2026-03-01")
    assert (len(nobody), list(nobody.columns)[-1]) == (0, "status")
    nothing = check_training(STAFF, HELD.iloc[:0], as_of="2026-03-01")
    assert set(nothing["status"]) == {"未培训"}
    shuffled = check_training(STAFF.iloc[::-1], HELD.iloc[::-1], as_of="2026-03-01")
    pd.testing.assert_frame_equal(shuffled, check_training(STAFF, HELD, as_of="2026-03-01"))


def test_trainings_are_recorded_in_the_database(tmp_path):
    with open_store(tmp_path / "c.duckdb", actor="ann", create=True) as store:
        create_tables(store, at="2026-01-01")
        assert record_training(store, HELD.drop(columns="score"), at="2026-03-02") == 6
        assert (
            record_training(store, HELD.iloc[[0]].assign(topic="急救", trainer="教务"), at="2026-03-02") == 1
        )
        kept = store.read("training")
        assert store.audit()["action"].tolist()[-2:] == ["record_training"] * 2
    assert len(kept) == 7
    assert kept.loc[kept["topic"] == "急救", ["trainer", "score"]].values.tolist() == [["教务", 90.0]]
    assert kept.loc[kept["topic"] != "急救", ["trainer", "score"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        ({"valid_until": "2024-01-01"}, DataError, "no earlier than held_on"),
        ({"held_on": "2026-01-02", "valid_until": "2027-01-01"}, DataError, "no later than 2026-01-01"),
        ({"topic": None}, SchemaError, "'topic'"),
    ],
)
def test_a_bad_record_is_refused_and_nothing_is_kept(tmp_path, change, kind, said):
    bad = HELD.iloc[:1].assign(**change)
    bad = bad.drop(columns="topic") if change.get("topic", "") is None else bad
    with open_store(tmp_path / "c.duckdb", actor="ann", create=True) as store:
        create_tables(store, at="2026-01-01")
        with pytest.raises(kind, match=said):
            record_training(store, bad, at="2026-01-01")
        assert store.read("training").empty
