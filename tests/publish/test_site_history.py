"""The index tells what changed and what was before; the feed tells it to those who do not look."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from crm_lib.publish import feed, history
from crm_lib.publish.entries import SHOWN_RUNS
from crm_lib.publish.site import write_index

HOSTILE = "<script>alert(1)</script>]]>\x0b&"
ATOM = "{http://www.w3.org/2005/Atom}"
TOUR = "0_start/1_tour"


def run(out: Path, day: int, notebook_id: str = TOUR, *, key: str = "", **changes: Any) -> dict[str, Any]:
    """Leave what a run of day `day` leaves: files, record, history."""
    place = f"{notebook_id}/{key}".rstrip("/")
    entry = {
        "notebook_id": notebook_id, "key": key, "title": f"题 {notebook_id}", "question": "问？", "status": "ok",
        "seconds": 6.2, "rendered_at": f"2026-11-{day:02d}T09:05:00+08:00", "parameters": {"k": 10, "id": key},
        "outputs": {"html": f"{place}/report.html"}, "error": None, "result": {"revenue": 1000 + day},
        "sources": [], **changes,
    }  # fmt: skip
    (out / place).mkdir(parents=True, exist_ok=True)
    (out / place / "report.html").write_text("x", encoding="utf-8")
    path = out / ".crm" / "reports" / f"{history.name_entry(entry)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entry, ensure_ascii=False), encoding="utf-8")
    history.add_run(out, entry)
    return entry


def fail(out: Path, day: int, sentence: str = "缺少金额列。", **changes: Any) -> None:
    error = {"cell": "步骤二", "sentence": sentence}
    run(out, day, status="failed", error=error, seconds=None, result={}, **changes)


def read_index(out: Path) -> str:
    return write_index(out).read_text("utf-8")


def test_the_index_says_what_changed_since_the_run_before(tmp_path: Path) -> None:
    run(tmp_path, 1)
    assert "那次相比" not in read_index(tmp_path)
    run(tmp_path, 3)
    page = read_index(tmp_path)
    assert "和 2026-11-01 09:05 那次相比，有 1 处不同" in page
    assert '<span class="was">1001</span> → 1003 <strong>+2（+0.2%）</strong>' in page
    run(tmp_path, 4, result={"revenue": 1003})
    assert "和 2026-11-03 09:05 那次相比，结果没有变" in read_index(tmp_path)


def test_many_changes_are_folded_and_all_are_counted(tmp_path: Path) -> None:
    run(tmp_path, 1, result={f"n{i}": i for i in range(40)})
    run(tmp_path, 2, result={f"n{i}": i + 1 for i in range(40)})
    page = read_index(tmp_path)
    assert "有 40 处不同" in page
    assert "<summary>还有 35 处不同</summary>" in page  # 5 are shown at once
    assert '<li class="gone">还有 10 处不同</li>' in page  # 30 are kept
    assert page.count('class="was"') == 30


def test_the_runs_stand_newest_first_with_status_and_time(tmp_path: Path) -> None:
    for day in range(1, 13):
        run(tmp_path, day, seconds=float(day))
    fail(tmp_path, 13)
    page = read_index(tmp_path)
    assert "运行记录（共 13 次）" in page
    table = re.search(r"(?s)<tbody>(.*?)</tbody>", page)[1]
    rows = re.findall(r"<tr>.*?</tr>", table, flags=re.DOTALL)
    assert len(rows) == SHOWN_RUNS
    assert ["2026-11-13 09:05" in rows[0], "没有做完" in rows[0], "缺少金额列。" in rows[0]] == [True] * 3
    assert ["2026-11-12 09:05" in rows[1], "12.0 秒" in rows[1], "1 处不同" in rows[1]] == [True] * 3
    assert "更早的 3 次" in page
    assert "那次相比" not in page  # the latest run failed: nothing of it can be compared


def test_a_record_without_history_shows_no_foreign_changes(tmp_path: Path) -> None:
    run(tmp_path, 1)
    entry = run(tmp_path, 2)
    path = tmp_path / ".crm" / "reports" / "0_start__1_tour.json"
    path.write_text(json.dumps(entry | {"rendered_at": "2026-11-09T00:00:00+08:00"}), encoding="utf-8")
    assert "那次相比" not in read_index(tmp_path)


def test_a_broken_line_of_a_history_is_named(tmp_path: Path) -> None:
    run(tmp_path, 1)
    with history.find_history(tmp_path, "0_start__1_tour").open("a", encoding="utf-8") as file:
        file.write("{\n")
    page = read_index(tmp_path)
    assert "<code>0_start__1_tour</code> 的运行记录：运行记录里有一行已损坏" in page


def test_archived_reports_are_linked_from_their_run(tmp_path: Path) -> None:
    for day in (1, 2):
        entry = run(tmp_path, day)
        history.archive(tmp_path / TOUR, tmp_path, "0_start__1_tour", entry["rendered_at"])
    page = read_index(tmp_path)
    address = "archive/0_start/1_tour/2026-11-01T090500%2B0800/report.html"
    assert page.count(f'href="{address}"') == 2  # in its run, and in the list
    assert "存档的报告（2 份）" in page
    (tmp_path / "archive/0_start/1_tour/2026-11-01T090500+0800/report.html").unlink()
    page = read_index(tmp_path)
    assert address not in page
    assert "2026-11-01 09:05（文件不在）" in page


def test_many_reports_of_one_notebook_are_folded_but_never_a_failure(tmp_path: Path) -> None:
    for n in range(8):
        run(tmp_path, 1, "5_information/10_annual_statement", key=f"C{n}")
    fail(tmp_path, 2, notebook_id="5_information/10_annual_statement", key="C3")
    page = read_index(tmp_path)
    shown, folded = page.split('<details class="group">')
    assert re.findall(r'class="key">(\w+)<', shown) == ["C3"]
    assert re.findall(r'class="key">(\w+)<', folded) == ["C0", "C1", "C2", "C4", "C5", "C6", "C7"]
    assert "<summary>其余 7 份报告</summary>" in page
    assert '8 份报告 <span class="badge failed">1 份没有做完</span>' in page
    assert page.count("<span>k</span> = 10") == 1  # what all share is said once
    assert page.count("<span>id</span> =") == 8


def test_pages_and_tables_have_lines_of_their_own(tmp_path: Path) -> None:
    outputs = {
        "html": f"{TOUR}/report.html",
        "pages": [f"{TOUR}/pages/甲 乙.html"],
        "pdf": f"{TOUR}/report.pdf",
    }
    for name in ("pages/甲 乙.html", "report.pdf"):
        (tmp_path / TOUR / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / TOUR / name).write_text("x", encoding="utf-8")
    run(tmp_path, 1, outputs=outputs)
    page = read_index(tmp_path)
    assert ">PDF</a>" in page
    assert '<a href="0_start/1_tour/pages/%E7%94%B2%20%E4%B9%99.html">甲 乙.html</a>' in page


def test_hostile_results_are_words_in_index_and_feed(tmp_path: Path) -> None:
    run(tmp_path, 1, title=HOSTILE, key="k", result={HOSTILE: HOSTILE, "a": [{"who": HOSTILE, "n": 1}]})
    run(tmp_path, 2, title=HOSTILE, key="k", result={HOSTILE: "y", "a": [{"who": HOSTILE, "n": 2}]})
    fail(tmp_path, 3, sentence=HOSTILE)
    assert read_index(tmp_path).count("<script>") == 1
    root = ElementTree.parse(tmp_path / "feed.xml").getroot()
    assert "<script>alert(1)</script>]]>\ufffd&" in "".join(root.itertext())


def read_feed(out: Path) -> ElementTree.Element:
    write_index(out)
    return ElementTree.parse(out / "feed.xml").getroot()


def find_faults(root: ElementTree.Element) -> list[str]:
    """Name what RFC 4287 asks of a feed and this one has not."""
    faults = [] if root.tag == f"{ATOM}feed" else ["not a feed"]
    for element in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            if len(element.findall(f"{ATOM}{name}")) != 1:
                faults.append(f"{element.tag} has not one {name}")
        updated = element.findtext(f"{ATOM}updated") or ""
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", updated):
            faults.append(f"{updated!r} is no RFC 3339 time")
        identity = element.findtext(f"{ATOM}id") or ""
        if identity != f"urn:uuid:{uuid.UUID(identity.rpartition(':')[2])}":
            faults.append(f"{identity!r} is no address")
        links = element.findall(f"{ATOM}link[@rel='alternate']")
        if len(links) != 1 and not element.findall(f"{ATOM}content"):
            faults.append("an entry without content needs one alternate link")
    ids = [e.text for e in root.iter(f"{ATOM}id")]
    faults += [] if len(set(ids)) == len(ids) else ["an id stands twice"]
    authors = root.findall(f"{ATOM}author/{ATOM}name")
    return faults + ([] if authors else ["no author"])


def test_the_feed_is_valid_and_tells_each_run(tmp_path: Path) -> None:
    run(tmp_path, 1)
    run(tmp_path, 3)
    fail(tmp_path, 4)
    root = read_feed(tmp_path)
    assert find_faults(root) == []
    entries = root.findall(f"{ATOM}entry")
    assert [e.findtext(f"{ATOM}title") for e in entries] == [
        "题 0_start/1_tour · 没有做完",
        "题 0_start/1_tour · 已完成",
        "题 0_start/1_tour · 已完成",
    ]
    assert [e.findtext(f"{ATOM}summary") for e in entries] == [
        "停在“步骤二”：缺少金额列。",
        "用时 6.2 秒；消费金额 1001 → 1003 +2（+0.2%）",
        "用时 6.2 秒",
    ]
    assert root.findtext(f"{ATOM}updated") == "2026-11-04T01:05:00Z"  # 09:05 in China
    assert [e.find(f"{ATOM}link").get("href") for e in entries] == [f"{TOUR}/report.html"] * 3


def test_ids_stay_and_no_two_folders_share_them(tmp_path: Path) -> None:
    for out in (tmp_path / "a", tmp_path / "b"):
        run(out, 1)
        run(out, 2)
    first = [e.text for e in read_feed(tmp_path / "a").iter(f"{ATOM}id")]
    before = (tmp_path / "a" / "feed.xml").read_bytes()
    assert write_index(tmp_path / "a").parent.joinpath("feed.xml").read_bytes() == before
    run(tmp_path / "a", 5)
    after = [e.text for e in read_feed(tmp_path / "a").iter(f"{ATOM}id")]
    assert (after[0], after[2:]) == (first[0], first[1:])
    assert not set(first) & {e.text for e in read_feed(tmp_path / "b").iter(f"{ATOM}id")}


def test_the_newest_fifty_runs_of_all_reports_are_in_the_feed(tmp_path: Path) -> None:
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

    def at(hours: int) -> str:
        return (start + dt.timedelta(hours=hours)).isoformat(timespec="seconds")

    for hour in range(60):  # one report runs every hour, the other once every twenty
        run(tmp_path, 1, rendered_at=at(hour))
        if hour % 20 == 0:
            run(tmp_path, 1, "0_start/2_other", rendered_at=at(hour))
    root = read_feed(tmp_path)
    assert find_faults(root) == []
    stamps = [e.findtext(f"{ATOM}updated") for e in root.findall(f"{ATOM}entry")]
    # the newest 50 of 63: hours 59 … 12 of the first report (48), and hours 40 and 20 of the other
    expected = sorted([at(h) for h in range(12, 60)] + [at(20), at(40)], reverse=True)
    assert stamps == [time.replace("+00:00", "Z") for time in expected]
    assert len(stamps) == feed.MOST_ENTRIES


def test_a_report_from_before_there_was_a_history_is_in_the_feed(tmp_path: Path) -> None:
    entry = run(tmp_path, 2)
    history.find_history(tmp_path, history.name_entry(entry)).unlink()
    root = read_feed(tmp_path)
    assert find_faults(root) == []
    assert len(root.findall(f"{ATOM}entry")) == 1


def test_a_folder_without_runs_has_an_empty_valid_feed(tmp_path: Path) -> None:
    assert find_faults(read_feed(tmp_path)) == []


@pytest.mark.parametrize("name", ["report.html.j2", "index.html.j2", "index.js", "report.js"])
def test_what_pages_say_stands_in_the_catalogue(name: str) -> None:
    from crm_lib.publish.page import read_asset

    assert re.findall("[\u4e00-\u9fff]+", read_asset(name)) == []
