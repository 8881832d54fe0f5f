"""Events become sessions: by hand, against pure Python, and for whatever comes."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.identify import build_sessions, summarize_sessions

START = dt.datetime(2024, 3, 1, 23, 0)


def make(rows, **columns):
    """Return clicks from (visitor, minutes after 23:00, event)."""
    frame = pd.DataFrame(rows, columns=["visitor_id", "minute", "event"])
    frame["occurred_at"] = pd.to_datetime([START + dt.timedelta(minutes=m) for m in frame.pop("minute")])
    return frame.assign(**columns)


def test_a_pause_of_more_than_thirty_minutes_parts_two_sessions():
    clicks = make([("V1", 0, "a"), ("V1", 30, "b"), ("V1", 60.5, "c"), ("V2", 1, "a")])
    sessions = build_sessions(clicks)
    # 0 → 30 is exactly the limit and stays; 30 → 60.5 is 30.5 minutes
    assert sessions[["visitor_id", "event", "session_no", "step"]].values.tolist() == [
        ["V1", "a", 1, 1],
        ["V1", "b", 1, 2],
        ["V1", "c", 2, 1],
        ["V2", "a", 3, 1],
    ]
    assert sessions["dwell_seconds"].fillna(-1).tolist() == [1800, -1, -1, -1]
    assert (sessions.attrs["n_sessions"], sessions.attrs["n_rebuilt"]) == (3, 3)
    assert build_sessions(clicks, gap_minutes=31).attrs["n_sessions"] == 2


def test_midnight_is_no_border():
    clicks = make([("V1", 50, "a"), ("V1", 70, "b")])
    assert clicks["occurred_at"].dt.date.nunique() == 2
    assert build_sessions(clicks)["session_no"].tolist() == [1, 1]


def test_given_numbers_are_respected_and_gaps_in_them_filled_by_the_rule():
    clicks = make(
        [("V1", 0, "a"), ("V1", 50, "b"), ("V1", 5, "c"), ("V1", 6, "d"), ("V1", 100, "e")],
        session_id=["Z1", "Z1", "Z2", None, ""],
    )
    sessions = build_sessions(clicks)
    # Z1 a b (its long pause is left), then Z2 c, then by the rule d | e
    assert sessions.groupby("session_no")["event"].agg("".join).tolist() == ["ab", "c", "d", "e"]
    assert sessions.attrs["n_rebuilt"] == 2
    assert sessions.attrs["n_long_pauses"] == 1
    rebuilt = build_sessions(clicks, rebuild=True)
    # a0 c5 d6 | b50 | e100
    assert rebuilt.groupby("session_no")["event"].agg("".join).tolist() == ["acd", "b", "e"]


def test_a_number_shared_by_two_visitors_is_two_sessions():
    sessions = build_sessions(make([("V1", 0, "a"), ("V2", 1, "b")], session_id="Z1"))
    assert sessions["session_no"].tolist() == [1, 2]
    assert sessions.attrs["n_shared_ids"] == 1


def test_equal_times_keep_the_order_of_the_table():
    sessions = build_sessions(make([("V1", 0, "c"), ("V1", 0, "a"), ("V1", 0, "b")]))
    assert sessions["event"].tolist() == ["c", "a", "b"]
    assert sessions["dwell_seconds"].tolist()[:2] == [0, 0]
    assert sessions.attrs["n_equal_times"] == 2


def test_events_of_nobody_are_kept_each_by_itself():
    clicks = make([(None, 0, "a"), (None, 1, "b"), ("V1", 0, "c"), (None, 2, "d"), (None, 3, "e")])
    clicks["customer_id"] = [None, None, None, "C1", "C1"]
    sessions = build_sessions(clicks)
    assert sessions.groupby("session_no")["event"].agg("".join).tolist() == ["a", "b", "c", "de"]
    assert sessions.attrs["n_without_visitor"] == 2
    only_customers = clicks.drop(columns="visitor_id")
    assert len(build_sessions(only_customers)) == 5


def test_machines_are_flagged():
    quick = [("V1", i / 600, "a") for i in range(20)]  # every 0.1 s
    slow = [("V2", i / 10, "a") for i in range(20)]  # every 6 s
    many = [("V3", i / 10, "a") for i in range(200)]
    few = [("V4", i / 600, "a") for i in range(19)]
    sessions = build_sessions(make(quick + slow + many + few))
    assert sessions.groupby("visitor_id")["is_bot"].first().tolist() == [True, False, True, False]
    assert sessions.attrs["n_bots"] == 2
    assert build_sessions(make(slow), bot_events=20)["is_bot"].all()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units_and_zones_of_time(unit):
    clicks = make([("V1", 0, "a"), ("V1", 31, "b")])
    clicks["occurred_at"] = clicks["occurred_at"].astype(f"datetime64[{unit}]")
    sessions = build_sessions(clicks)
    assert sessions["session_no"].tolist() == [1, 2]
    assert sessions.attrs["zone"] == "local"
    clicks["occurred_at"] = clicks["occurred_at"].dt.tz_localize("Asia/Shanghai")
    zoned = build_sessions(clicks)
    assert zoned["session_no"].tolist() == [1, 2]
    assert zoned.attrs["zone"] == "Asia/Shanghai"


def test_numbers_and_categories_will_do_as_ids():
    clicks = make([("V1", 0, "a"), ("V2", 1, "b"), ("V1", 2, "c")])
    plain = build_sessions(clicks)["session_no"].tolist()
    assert build_sessions(clicks.assign(visitor_id=[7, 9, 7]))["session_no"].tolist() == plain
    category = clicks.assign(visitor_id=clicks["visitor_id"].astype("category"))
    assert build_sessions(category)["session_no"].tolist() == plain


def test_the_input_is_not_changed_and_nothing_is_lost():
    clicks = make([("V2", 5, "a"), ("V1", 0, "b")], extra=[1, 2])
    clicks.index = [7, 7]
    before = clicks.copy()
    sessions = build_sessions(clicks)
    pd.testing.assert_frame_equal(clicks, before)
    assert sorted(sessions["extra"]) == [1, 2]
    # once more over its own result: the same
    pd.testing.assert_frame_equal(build_sessions(sessions), sessions)


def test_an_empty_table_is_no_fault():
    sessions = build_sessions(make([]))
    assert len(sessions) == 0
    assert {"session_no", "step", "dwell_seconds", "is_bot"} <= set(sessions.columns)
    assert sessions.attrs["n_sessions"] == 0
    assert summarize_sessions(sessions).empty


def test_faults_are_sentences():
    clicks = make([("V1", 0, "a"), ("V1", 1, "b")])
    with pytest.raises(DataError, match="1 of 2 rows are not"):
        build_sessions(clicks.assign(occurred_at=[pd.NaT, START]))
    with pytest.raises(DataError, match="must hold times"):
        build_sessions(clicks.assign(occurred_at=["x", "y"]))
    with pytest.raises(SchemaError, match="visitor_id"):
        build_sessions(clicks[["occurred_at"]])
    with pytest.raises(ParameterError, match="gap_minutes must be >= 0"):
        build_sessions(clicks, gap_minutes=-1)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["V1", "V2", "V3", None]),
        st.integers(0, 300),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["Z1", "Z2", None]),
    ),
    max_size=30,
)


def walk(rows, gap):
    """Put events into sessions one by one, as one would by hand; the session of each row."""
    owner: dict[int, tuple] = {}
    last: dict[str, tuple[int, tuple]] = {}
    for at in sorted(range(len(rows)), key=lambda i: (rows[i][1], i)):
        visitor, minute, _, given_id = rows[at]
        if given_id is not None:
            owner[at] = ("id", visitor, given_id)
        elif visitor is None:
            owner[at] = ("alone", at)
        else:
            before = last.get(visitor)
            key = before[1] if before and minute - before[0] <= gap else ("rule", visitor, at)
            owner[at] = key
            last[visitor] = (minute, key)
    return [owner[i] for i in range(len(rows))]


@settings(max_examples=40)
@given(EVENTS, st.sampled_from([0, 10, 30, 1000]))
def test_sessions_are_those_of_a_walk_through_the_events(rows, gap):
    clicks = make([r[:3] for r in rows], session_id=[r[3] for r in rows], row=range(len(rows)))
    clicks["visitor_id"] = clicks["visitor_id"].astype(object)
    sessions = build_sessions(clicks, gap_minutes=gap)
    assert sorted(sessions["row"]) == list(range(len(rows)))
    found = sessions.sort_values("row")["session_no"].tolist()
    expected = walk(rows, gap)
    assert len(set(found)) == len(set(expected)) == len(set(zip(found, expected, strict=True)))
    # inside a session: times ascend, steps count up, dwell is what lies between
    for _, part in sessions.groupby("session_no"):
        seconds = part["occurred_at"].diff().dt.total_seconds().tolist()[1:]
        assert part["step"].tolist() == list(range(1, len(part) + 1))
        assert part["dwell_seconds"].tolist()[:-1] == seconds
        assert np.isnan(part["dwell_seconds"].iloc[-1])
        assert min(seconds, default=0) >= 0
    assert sessions["session_no"].is_monotonic_increasing


@settings(max_examples=15)
@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, random):
    # times that differ, so that no tie is settled by the row order
    clicks = make([(v, m + i / 1000, e) for i, (v, m, e, _) in enumerate(rows)])
    mixed = clicks.sample(frac=1, random_state=random.randint(0, 99)) if len(clicks) else clicks
    pd.testing.assert_frame_equal(build_sessions(clicks), build_sessions(mixed))


def test_sessions_are_summed_up():
    clicks = make([("V1", 0, "home"), ("V1", 2, "cart"), ("V2", 9, "home")], device="mobile")
    clicks["customer_id"] = [None, "C1", None]
    rows = summarize_sessions(build_sessions(clicks))
    assert rows["n_events"].tolist() == [2, 1]
    assert rows["seconds"].tolist() == [120, 0]
    assert rows[["first_page", "last_page"]].values.tolist() == [["home", "cart"], ["home", "home"]]
    assert rows["is_known"].tolist() == [True, False]
    assert rows["customer_id"].iloc[0] == "C1"
    assert "referrer" not in rows
