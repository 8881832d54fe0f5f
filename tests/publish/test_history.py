"""The runs of a report on record, and what differs between the results of two of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.publish import history
from crm_lib.publish.changes import Change, describe_changes
from crm_lib.publish.wording import word_change

NAME = "2_differentiation__1_most_valuable"


def make_entry(day: int, result: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """Return the record of a run of day `day`."""
    return {
        "notebook_id": "2_differentiation/1_most_valuable", "key": "", "title": "题", "status": "ok",
        "seconds": 4.0 + day / 10, "rendered_at": f"2026-11-{day:02d}T07:00:00+08:00",
        "parameters": {"k_max": 8}, "outputs": {}, "error": None, "result": result or {},
        "sources": [{"files": ["orders.csv"], "sha256": ["aa11"], "n_lines": 100}], **changes,
    }  # fmt: skip


FAILED = {"status": "failed", "error": {"cell": "步骤一", "sentence": "缺少金额列。"}, "sources": []}


def test_numbers_come_with_their_difference_and_its_share() -> None:
    old = {"revenue": 2000.0, "n": 10, "share": 0.1, "same": 7, "text": "甲"}
    new = {"revenue": 2100.5, "n": 0, "share": 0.3, "same": 7, "text": "乙"}
    changes = describe_changes(old, new)
    # 2100.5 − 2000 = 100.5, 100.5 / 2000 = 0.05025; 0 − 10 = −10, a loss of all; 0.3 − 0.1 = 0.2 exactly
    assert changes == [
        Change(("revenue",), 2000.0, 2100.5, 100.5),
        Change(("n",), 10, 0, -10),
        Change(("share",), 0.1, 0.3, 0.2),
        Change(("text",), "甲", "乙"),
    ]
    assert changes[0].relative == pytest.approx(0.05025)
    assert changes[1].relative == -1.0
    assert Change(("x",), 0, 3, 3).relative is None


def test_records_are_matched_by_their_first_text_field() -> None:
    old = {
        "actions": [{"approach": "保持", "n": 5}, {"approach": "挽回", "n": 2}, {"approach": "节省", "n": 9}]
    }
    new = {
        "actions": [{"approach": "节省", "n": 9}, {"approach": "保持", "n": 6}, {"approach": "培养", "n": 1}]
    }
    assert describe_changes(old, new) == [
        Change(("actions", "保持", "n"), 5, 6, 1),
        Change(("actions", "培养"), None, {"n": 1}, kind="added"),
        Change(("actions", "挽回"), {"n": 2}, None, kind="removed"),
    ]


def test_records_without_a_name_go_by_their_number_or_place() -> None:
    clusters = [{"cluster": 1, "n": 10}, {"cluster": 2, "n": 20}]
    turned = [{"cluster": 2, "n": 21}, {"cluster": 1, "n": 10}]
    assert [c.path for c in describe_changes(clusters, turned)] == [("2", "n")]
    twins = [{"who": "甲", "n": 1.5}, {"who": "甲", "n": 2.5}]  # this field names nobody
    assert [c.path for c in describe_changes(twins, [twins[0], {"who": "乙", "n": 2.5}])] == [("#2", "who")]
    assert [c.path for c in describe_changes([1, 2, 3], [1, 5, 3])] == [("#2",)]
    assert describe_changes([1, 2], [1, 2, 3]) == [Change((), [1, 2], [1, 2, 3])]


@pytest.mark.parametrize(
    ("old", "new", "n"),
    [
        (1, True, 1),
        (0.1 + 0.2, 0.3, 0),
        (float("nan"), float("nan"), 0),
        (float("nan"), 1.0, 1),
        ([float("nan")], [float("nan")], 0),
        (1, 1.0, 0),
        (None, "", 1),
        ({}, {}, 0),
        ([], [{"a": 1}], 1),
        ({"a": {"b": 1}}, {"a": 3}, 1),
        ("3", 3, 1),
    ],
)
def test_odd_values_are_told_apart(old: Any, new: Any, n: int) -> None:
    assert len(describe_changes(old, new)) == n


def test_a_result_without_bottom_is_compared_as_a_whole() -> None:
    old: Any = 1
    new: Any = 2
    for _ in range(200):
        old, new = {"a": old}, {"a": new}
    assert [len(change.path) for change in describe_changes(old, new)] == [20]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert describe_changes(value, json.loads(json.dumps(value))) == []


@given(JSON, JSON)
def test_whatever_differs_can_be_said_both_ways(old: Any, new: Any) -> None:
    there, back = describe_changes(old, new), describe_changes(new, old)
    assert bool(there) == bool(back)
    for change in there:
        assert word_change(change).line


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(("result", "revenue"), 2000.0, 1500.5, -499.5), "消费金额 2,000 → 1,500.5 −499.5（−25.0%）"),
        (Change(("result", "n_customers"), 23570, 24000, 430), "客户数 23,570 → 24,000 +430（+1.8%）"),
        (Change(("result", "customer_share"), 0.25, 0.3, 0.05), "客户占比 25.0% → 30.0% +5.0 个百分点"),
        (Change(("result", "k"), 0, 3, 3), "群数 k 0 → 3 +3"),
        (Change(("result", "revenue"), 1234.561, 1234.562, 0.001), "消费金额 1234.561 → 1234.562 +0.001（+0.0%）"),
        (Change(("parameters", "as_of"), "", "2011-12-10"), "参数 › 截止日期 （空） → 2011-12-10"),
        (Change(("sources", "a.csv", "n_lines"), 10, 12, 2), "数据 › a.csv › 行数 10 → 12 +2（+20.0%）"),
        (Change(("result", "actions", "保持"), None, {"n": 1}, kind="added"), "行动清单 › 保持 是新增的"),
        (Change(("result", "zz"), 3, None, kind="removed"), "zz 没有了，原来是 3"),
        (Change(("result",), [1, 2], [1, 2, 3]), "全部结果 1、2 → 1、2、3"),
        (Change(("result", "good"), True, False), "good 是 → 否"),
    ],
)  # fmt: skip
def test_a_change_in_words(change: Change, words: str) -> None:
    assert word_change(change).line == words


def test_a_run_is_compared_with_the_good_run_before_it(tmp_path: Path) -> None:
    for entry in (
        make_entry(1, {"revenue": 100}),
        make_entry(2, **FAILED),
        make_entry(3, {"revenue": 130}, parameters={"k_max": 9}),
        make_entry(4, {"revenue": 130}, parameters={"k_max": 9}),
    ):
        history.add_run(tmp_path, entry)
    first, second, third, fourth = history.read_runs(tmp_path, NAME)
    assert [run["run"] for run in (first, second, third, fourth)] == [1, 2, 3, 4]
    assert "changes" not in first
    assert second["error"] == FAILED["error"]
    assert "changes" not in second
    assert third["since"] == "2026-11-01T07:00:00+08:00"
    told = [(tuple(c["path"]), c["before"], c["after"], c["difference"]) for c in third["changes"]]
    assert told == [(("result", "revenue"), 100, 130, 30), (("parameters", "k_max"), 8, 9, 1)]
    assert (fourth["n_changes"], fourth["changes"]) == (0, [])
    # only the newest good run carries a result to compare with
    assert ["state" in run for run in (first, second, third, fourth)] == [False, False, False, True]


def test_long_lists_of_changes_are_cut_and_counted(tmp_path: Path) -> None:
    history.add_run(tmp_path, make_entry(1, {f"n{i}": i for i in range(100)} | {"note": "短"}))
    history.add_run(tmp_path, make_entry(2, {f"n{i}": i + 1 for i in range(100)} | {"note": "长" * 500}))
    run = history.read_runs(tmp_path, NAME)[-1]
    assert (run["n_changes"], len(run["changes"])) == (101, history.KEPT_CHANGES)
    history.add_run(tmp_path, make_entry(3, {"note": "短"}))
    note = next(
        c for c in history.read_runs(tmp_path, NAME)[-1]["changes"] if c["path"] == ["result", "note"]
    )
    assert len(note["before"]) == 120


def test_a_huge_result_is_not_kept_for_comparison(tmp_path: Path) -> None:
    history.add_run(tmp_path, make_entry(1, {"list": "x" * (history.MOST_STATE_BYTES + 1)}))
    history.add_run(tmp_path, make_entry(2, {"revenue": 1}))
    first, second = history.read_runs(tmp_path, NAME)
    assert "state" not in first
    assert "since" not in second
    assert history.find_history(tmp_path, NAME).stat().st_size < 2_000


@pytest.mark.parametrize(
    "line",
    [
        b"{broken",
        b"[1]",
        b"null",
        b"\xff\xfe\x00",
        b'{"run": 1, "rendered_at": "gestern", "status": "ok"}',
        b'{"run": 1, "rendered_at": 5, "status": "ok"}',
        b'{"run": "1", "rendered_at": "2026-11-01", "status": "ok"}',
        b'{"run": 1, "rendered_at": "2026-11-01", "status": "ok", "seconds": "x"}',
        b'{"run": 1, "rendered_at": "2026-11-01", "status": "ok", "changes": [{"path": 1}]}',
        b'{"run": 1, "rendered_at": "2026-11-01", "status": "ok", "error": "x"}',
        b"[" * 100_000,
    ],
)
def test_a_broken_line_is_a_problem_and_stops_nothing(tmp_path: Path, line: bytes) -> None:
    history.add_run(tmp_path, make_entry(1, {"revenue": 1}))
    path = history.find_history(tmp_path, NAME)
    path.write_bytes(path.read_bytes() + line + b"\n")
    history.add_run(tmp_path, make_entry(2, {"revenue": 2}))
    good, broken, newest = history.read_runs(tmp_path, NAME)
    assert "已损坏" in broken["problem"]
    assert (good["run"], newest["run"], newest["n_changes"]) == (1, 2, 1)


def test_the_newest_runs_of_a_long_history_are_read_alone(tmp_path: Path) -> None:
    for day in range(1, 29):
        history.add_run(tmp_path, make_entry(day, {"text": f"甲乙丙{day}" * 2_000}))
    whole = history.read_runs(tmp_path, NAME)
    assert [run["run"] for run in whole] == list(range(1, 29))
    for n in (1, 3, 27, 28, 50):
        assert history.read_runs(tmp_path, NAME, last=n) == whole[-n:]
    assert history.read_runs(tmp_path, "nothing", last=3) == history.read_runs(tmp_path, "nothing") == []


def test_the_oldest_runs_go_when_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT_RUNS", 3)
    for day in range(1, 7):
        history.add_run(tmp_path, make_entry(day, {"revenue": day}))
    assert [run["run"] for run in history.read_runs(tmp_path, NAME)] == [4, 5, 6]


def test_a_history_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    history.find_history(tmp_path, NAME).mkdir(parents=True)
    assert "读不出来" in history.read_runs(tmp_path, NAME)[0]["problem"]
    assert "读不出来" in history.read_runs(tmp_path, NAME, last=2)[0]["problem"]


def test_reports_of_one_notebook_have_histories_of_their_own(tmp_path: Path) -> None:
    history.add_run(tmp_path, make_entry(1, key="C1"))
    history.add_run(tmp_path, make_entry(2, key="C2"))
    assert sorted(p.name for p in (tmp_path / ".crm" / "history").iterdir()) == [
        f"{NAME}__C1.jsonl",
        f"{NAME}__C2.jsonl",
    ]
