"""Visitors become persons: by hand, and on 旭东 where the truth is known."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.errors import DataError, SchemaError
from crm_lib.identify import attach_persons, build_sessions, measure_funnel, stitch_visitors
from crm_lib.sample import make_company

TIMES = pd.date_range("2024-01-01", periods=8, freq="5min")


def make(rows):
    frame = pd.DataFrame(rows, columns=["visitor_id", "session_id", "customer_id"])
    return frame.assign(occurred_at=TIMES[: len(frame)], event="home")


CLICKS = make([
    ("V1", "Z1", None),  # before the login, in another session
    ("V1", "Z2", "C1"),
    ("V1", "Z2", None),
    ("V2", "Z3", "C2"),
    ("V2", "Z4", "C3"),  # a second customer on the same device
    ("V2", "Z4", None),
    ("V2", "Z5", None),
    ("V3", "Z6", None),
])


def test_who_logs_in_later_was_it_before():
    visitors = stitch_visitors(CLICKS)
    assert visitors[
        ["visitor_id", "state", "n_persons", "customer_ids", "n_events", "n_known_events"]
    ].values.tolist() == [
        ["V1", "已识别", 1, "C1", 3, 1],
        ["V2", "多人共用", 2, "C2、C3", 4, 2],
        ["V3", "未识别", 0, "", 1, 0],
    ]
    assert visitors["person_id"].tolist()[0] == "C1"
    assert visitors["person_id"].isna().tolist() == [False, True, True]
    assert visitors["first_known_at"].tolist()[0] == TIMES[1]


def test_two_numbers_of_one_person_are_no_shared_device():
    links = pd.DataFrame({"record_id": ["C2", "C3", "C9"], "person_id": ["P2", "P2", "P9"]})
    visitors = stitch_visitors(CLICKS, links).set_index("visitor_id")
    assert visitors.loc["V2", ["state", "person_id", "customer_ids"]].tolist() == ["已识别", "P2", "C2、C3"]
    # a customer that the links do not know stands for itself
    assert visitors.loc["V1", "person_id"] == "C1"


def test_every_event_says_how_it_is_known():
    sessions = build_sessions(CLICKS)
    attached = attach_persons(sessions, stitch_visitors(CLICKS))
    assert attached["known_by"].tolist() == ["设备", "登录", "会话", "登录", "登录", "会话", "未知", "未知"]
    assert attached["person_id"].fillna("").tolist() == ["C1", "C1", "C1", "C2", "C3", "C3", "", ""]
    assert measure_funnel(attached, ["home"], unit="person")["n_reached"].tolist() == [3]
    assert "person_id" not in sessions


def test_a_session_of_two_persons_tells_nothing_of_its_other_events():
    clicks = make([("V1", "Z1", "C1"), ("V1", "Z1", "C2"), ("V1", "Z1", None)])
    attached = attach_persons(build_sessions(clicks), stitch_visitors(clicks))
    assert attached["known_by"].tolist() == ["登录", "登录", "未知"]


def test_faults_and_nothing():
    with pytest.raises(SchemaError, match="visitor_id"):
        stitch_visitors(CLICKS.drop(columns="visitor_id"))
    twice = pd.DataFrame({"record_id": ["C1", "C1"], "person_id": ["P1", "P2"]})
    with pytest.raises(DataError, match="'C1' has several"):
        stitch_visitors(CLICKS, twice)
    assert stitch_visitors(CLICKS.iloc[:0]).empty
    unknown = stitch_visitors(CLICKS.drop(columns="customer_id"))
    assert set(unknown["state"]) == {"未识别"}


def test_the_persons_of_the_company(tmp_path, capsys):
    make_company(2000, seed=0, out=tmp_path / "c", files=False)
    clicks = pd.read_parquet(tmp_path / "c" / "data" / "clicks.parquet")
    links = pd.read_parquet(tmp_path / "c" / "truth" / "records.parquet")[["record_id", "person_id"]]
    hidden = clicks.drop(columns="session_id")
    visitors = stitch_visitors(hidden, links)
    attached = attach_persons(build_sessions(hidden), visitors, links)
    share = attached["person_id"].notna().mean()
    logged_in = clicks["customer_id"].notna().mean()
    with capsys.disabled():
        print(f"\nevents with a person: {share:.3f} stitched, {logged_in:.3f} by login alone")
    # each visitor number of the company is one person's, so every login names that person
    truth = (
        clicks
        .merge(links, left_on="customer_id", right_on="record_id")
        .groupby("visitor_id")["person_id"]
        .first()
    )
    known = attached[attached["person_id"].notna()]
    assert (known["person_id"] == known["visitor_id"].map(truth)).all()
    assert share == pytest.approx(clicks["visitor_id"].isin(truth.index).mean())
    assert share > logged_in + 0.15


def test_the_rule_finds_the_sessions_of_the_company(tmp_path):
    make_company(2000, seed=1, out=tmp_path / "c", files=False)
    clicks = pd.read_parquet(tmp_path / "c" / "data" / "clicks.parquet")
    rebuilt = build_sessions(clicks, rebuild=True)
    given = clicks["session_id"].nunique()
    # two visits of one person within half an hour cannot be told apart, and nothing else is lost
    assert 0.99 * given <= rebuilt.attrs["n_sessions"] <= given
    assert build_sessions(clicks).attrs["n_sessions"] == given


def test_the_planted_funnel_is_found(tmp_path):
    make_company(5000, seed=2, out=tmp_path / "c", files=False)
    sessions = build_sessions(pd.read_parquet(tmp_path / "c" / "data" / "clicks.parquet"))
    steps = ["home", "list", "product", "cart", "pay"]
    found = measure_funnel(sessions, steps, by="device", confidence=0.9999)
    planted = {
        "mobile": [0.72, 0.58, 0.22, 0.45],
        "desktop": [0.78, 0.62, 0.26, 0.62],
        "tablet": [0.75, 0.60, 0.24, 0.55],
    }
    for device, chances in planted.items():
        rows = found[(found["group"] == device) & (found["step_no"] > 1)]
        assert (rows["low_share"].to_numpy() <= chances).all(), device
        assert (rows["high_share"].to_numpy() >= chances).all(), device
