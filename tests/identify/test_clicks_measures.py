"""Funnel, paths, steps, dwell: by hand and against pure Python."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from crm_lib.errors import ParameterError, SchemaError
from crm_lib.identify import (
    build_sessions,
    count_paths,
    count_transitions,
    measure_dwell,
    measure_funnel,
)

START = dt.datetime(2024, 3, 1)


def make(*sessions, seconds=60, **columns):
    """Return sessions from texts such as 'hlpc', one visitor each, an event a minute."""
    rows = [
        (f"V{i}", f"Z{i}", START + dt.timedelta(days=i, seconds=seconds * k), page)
        for i, pages in enumerate(sessions)
        for k, page in enumerate(pages)
    ]
    clicks = pd.DataFrame(rows, columns=["visitor_id", "session_id", "occurred_at", "event"])
    clicks["occurred_at"] = pd.to_datetime(clicks["occurred_at"])
    return build_sessions(clicks.assign(**columns))


def test_an_ordered_funnel_by_hand():
    funnel = measure_funnel(make("hlp", "hl", "h", "lh", "pl", "hxxlyp"), ["h", "l", "p"])
    # h: hlp hl h lh hxxlyp; l after it: hlp hl hxxlyp; p after that: hlp hxxlyp. "pl" never begins.
    assert funnel["n_reached"].tolist() == [5, 3, 2]
    assert funnel["n_lost"].tolist() == [0, 2, 1]
    assert funnel["share_of_first"].tolist() == [1, 0.6, 0.4]
    assert funnel["share_of_previous"].tolist() == [1, 0.6, pytest.approx(2 / 3)]
    assert (funnel.attrs["n_units"], funnel.attrs["n_without_first"]) == (6, 1)
    # Wilson: (p + z²/2n ± z sqrt(p(1−p)/n + z²/4n²)) / (1 + z²/n) for 3 of 5
    z, p, n = 1.959963984540054, 0.6, 5
    middle, half = (
        (p + z * z / 2 / n) / (1 + z * z / n),
        z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n) / (1 + z * z / n),
    )
    assert funnel.loc[1, ["low_share", "high_share"]].tolist() == pytest.approx([
        middle - half,
        middle + half,
    ])


def test_one_event_is_not_two_steps():
    assert measure_funnel(make("hh", "h"), ["h"])["n_reached"].tolist() == [2]
    with pytest.raises(ParameterError, match="different events"):
        measure_funnel(make("hh"), ["h", "h"])


def test_a_visitor_may_take_the_steps_on_different_days():
    sessions = make("h", "l", "p", visitor_id=["V1", "V1", "V1"])
    assert measure_funnel(sessions, ["h", "l", "p"])["n_reached"].tolist() == [1, 0, 0]
    assert measure_funnel(sessions, ["h", "l", "p"], unit="visitor")["n_reached"].tolist() == [1, 1, 1]
    backwards = make("p", "l", "h", visitor_id=["V1", "V1", "V1"])
    assert measure_funnel(backwards, ["h", "l", "p"], unit="visitor")["n_reached"].tolist() == [1, 0, 0]


def test_by_device_and_by_login():
    sessions = make("hl", "h", "hl", "h")
    sessions["device"] = ["m", "m", "d", "m", "m", None]
    sessions["customer_id"] = [None, "C1", None, None, None, "C2"]
    by_device = measure_funnel(sessions, ["h", "l"], by="device")
    assert by_device[["group", "n_reached"]].values.tolist() == [
        ["d", 1], ["d", 0], ["m", 2], ["m", 2], ["（未填）", 1], ["（未填）", 0],
    ]  # fmt: skip
    by_login = measure_funnel(sessions, ["h", "l"], by="is_known")
    assert by_login[["group", "n_reached"]].values.tolist() == [
        ["已登录", 2],
        ["已登录", 1],
        ["未登录", 2],
        ["未登录", 1],
    ]
    customers = measure_funnel(sessions, ["h"], unit="customer")
    assert (customers["n_reached"].tolist(), customers.attrs["n_units"]) == ([1], 2)


def test_machines_are_left_out_unless_wanted():
    sessions = make("h" * 30, "hl", seconds=0.1)
    assert measure_funnel(sessions, ["h"])["n_reached"].tolist() == [1]
    assert measure_funnel(sessions, ["h"]).attrs["n_bots"] == 1
    assert measure_funnel(sessions, ["h"], bots=True)["n_reached"].tolist() == [2]
    assert count_paths(sessions)["path"].tolist() == ["h → l"]
    assert measure_dwell(sessions)["n_views"].sum() == 2
    assert measure_dwell(sessions, bots=True)["n_views"].sum() == 32


def test_faults_are_sentences():
    sessions = make("hl")
    with pytest.raises(ParameterError, match="'zahlen' is not"):
        measure_funnel(sessions, ["h", "zahlen"])
    with pytest.raises(SchemaError, match="'city'"):
        measure_funnel(sessions, ["h"], by="city")
    with pytest.raises(SchemaError, match="'person_id'"):
        measure_funnel(sessions, ["h"], unit="person")
    with pytest.raises(ParameterError, match="unit must be one of"):
        measure_funnel(sessions, ["h"], unit="day")
    with pytest.raises(SchemaError, match="'session_no'"):
        count_paths(sessions.drop(columns="session_no"))
    with pytest.raises(SchemaError, match="'event'"):
        count_paths(sessions.drop(columns="event"))


def test_pages_stand_in_for_events():
    sessions = make("hl", "h")
    paged = sessions.rename(columns={"event": "page"})
    assert count_paths(paged).values.tolist() == count_paths(sessions).values.tolist()


def test_whole_paths_by_hand():
    paths = count_paths(make("hlp", "hl", "hhl", "hlp", "x"))
    assert paths.values.tolist() == [
        ["h → l", 2, 2, 2, 0.4],
        ["h → l → p", 3, 2, 2, 0.4],
        ["x", 1, 1, 1, 0.2],
    ]
    assert paths.attrs == {"n_paths": 3, "n_sessions": 5}
    assert "h → h → l" in count_paths(make("hlp", "hhl"), collapse=False)["path"].tolist()
    assert len(count_paths(make("hlp", "hl", "x"), most=1)) == 1


def test_pieces_of_paths_by_hand():
    pairs = count_paths(make("hlhl", "hl"), n=2)
    # hl lh hl | hl: three times in two sessions
    assert pairs[["path", "n_times", "n_sessions"]].values.tolist() == [["h → l", 3, 2], ["l → h", 1, 1]]
    assert count_paths(make("h", "l"), n=2).empty


def test_long_paths_are_cut():
    long = "abcdefghijklmnop"
    paths = count_paths(make(long, long[:13] + "zz", long[:12]))
    assert paths["path"].tolist() == [" → ".join(long[:12]) + " → …", " → ".join(long[:12])]
    assert paths["n_times"].tolist() == [2, 1]


def make_random(seed):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("hlpcx"), rng.integers(1, 15))) for _ in range(60)]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_pieces_as_pure_python_counts_them(seed, n):
    texts = make_random(seed)
    expected, where = Counter(), {}
    for number, text in enumerate(texts):
        pages = [p for k, p in enumerate(text) if not k or text[k - 1] != p]
        for k in range(len(pages) - n + 1):
            piece = " → ".join(pages[k : k + n])
            expected[piece] += 1
            where.setdefault(piece, set()).add(number)
    found = count_paths(make(*texts), n=n, most=10_000)
    assert dict(zip(found["path"], found["n_times"], strict=True)) == expected
    assert {p: len(s) for p, s in where.items()} == dict(zip(found["path"], found["n_sessions"], strict=True))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_funnel_as_pure_python_walks_it(seed):
    texts, steps = make_random(seed), ["h", "l", "p", "c"]
    depth = []
    for text in texts:
        at, reached = -1, 0
        for step in steps:
            at = text.find(step, at + 1)
            if at < 0:
                break
            reached += 1
        depth.append(reached)
    expected = [sum(d > k for d in depth) for k in range(4)]
    assert measure_funnel(make(*texts), steps)["n_reached"].tolist() == expected


def test_transitions_by_hand():
    steps = count_transitions(make("hl", "h", "hll"))
    assert steps.values.tolist() == [
        ["进入", "h", 3, 1.0],
        ["h", "l", 2, 2 / 3],
        ["h", "离开", 1, 1 / 3],
        ["l", "离开", 2, 1.0],
    ]
    assert steps.groupby("page_from")["share"].sum().tolist() == pytest.approx([1, 1, 1])
    with_reload = count_transitions(make("hll"), collapse=False)
    assert ["l", "l", 1, 0.5] in with_reload.values.tolist()


def test_dwell_by_hand():
    sessions = make("hlp", "hl", seconds=40)
    sessions.loc[sessions["dwell_seconds"].notna(), "dwell_seconds"] = [10.0, 20.0, 4000.0]
    dwell = measure_dwell(sessions).set_index("page")
    # h: 10 and 4000 (too long); l: 20 and the last of its session; p: last
    assert dwell.loc["h", ["n_views", "n_timed", "n_last", "n_too_long"]].tolist() == [2, 1, 0, 1]
    assert dwell.loc["l", ["n_views", "n_timed", "n_last", "n_too_long"]].tolist() == [2, 1, 1, 0]
    assert dwell.loc["h", "median_seconds"] == 10
    assert np.isnan(dwell.loc["p", "median_seconds"])
    assert dwell.index.tolist() == ["l", "h", "p"]
    counted = dwell[["n_timed", "n_last", "n_too_long"]].sum(axis=1)
    assert (counted == dwell["n_views"]).all()


def test_nothing_is_no_fault():
    empty = make()
    assert measure_funnel(empty, ["h", "l"])["n_reached"].tolist() == [0, 0]
    assert measure_funnel(empty, ["h"])["share_of_previous"].isna().all()
    assert count_paths(empty).empty
    assert count_transitions(empty).empty
    assert measure_dwell(empty).empty


def test_missing_pages_have_a_name():
    sessions = make("hl", "h")
    sessions["event"] = ["h", None, "h"]
    assert count_paths(sessions)["path"].tolist() == ["h", "h → （未填）"]
    assert measure_funnel(sessions, ["h"])["n_reached"].tolist() == [2]
