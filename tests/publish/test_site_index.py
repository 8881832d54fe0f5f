from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from crm_lib.publish.site import read_entries, write_index

HOSTILE = "<script>alert(1)</script>"


def add_record(out: Path, notebook_id: str, *, key: str = "", files: bool = True, **changes: Any) -> None:
    """Leave what a run leaves."""
    base = f"{notebook_id}/{key}".rstrip("/")
    outputs = {
        "html": f"{base}/report.html",
        "ipynb": f"{base}/report.ipynb",
        "tables": [f"{base}/tables/分 数.csv"],
    }
    record = {
        "notebook_id": notebook_id, "key": key, "title": f"题 {notebook_id}", "question": "问？",
        "status": "ok", "seconds": 6.2, "rendered_at": "2026-11-03T09:05:00+08:00", "parameters": {"k": 10},
        "outputs": outputs, "error": None, "result": {}, **changes,
    }  # fmt: skip
    if files:
        for path in ("report.html", "report.ipynb", "tables/分 数.csv"):
            (out / base / path).parent.mkdir(parents=True, exist_ok=True)
            (out / base / path).write_text("x", encoding="utf-8")
    folder = out / ".crm" / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    name = base.replace("/", "__")
    (folder / f"{name}.json").write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")


def read_index(out: Path) -> str:
    return write_index(out).read_text("utf-8")


def test_projects_tasks_and_keys_stand_in_the_order_of_the_book(tmp_path: Path) -> None:
    for notebook_id in (
        "5_information/10_annual_statement",
        "5_information/2_customer_database",
        "0_start/1_tour",
    ):
        add_record(tmp_path, notebook_id)
    add_record(tmp_path, "5_information/10_annual_statement", key="C10")
    add_record(tmp_path, "5_information/10_annual_statement", key="C2")
    assert [(e.notebook_id, e.key) for e in read_entries(tmp_path)] == [
        ("0_start/1_tour", ""),
        ("5_information/2_customer_database", ""),
        ("5_information/10_annual_statement", ""),
        ("5_information/10_annual_statement", "C2"),
        ("5_information/10_annual_statement", "C10"),
    ]
    page = read_index(tmp_path)
    assert re.findall(r"<h2 id=\"p\d\">(.*?)</h2>", page) == ["开始", "客户信息管理"]
    assert len(re.findall(r'class="run"', page)) == 5
    assert "<dt>报告</dt><dd>5 份</dd>" in page


def test_links_are_relative_and_quoted_and_lead_to_the_files(tmp_path: Path) -> None:
    add_record(tmp_path, "0_start/1_tour")
    links = re.findall(r'<a href="(0_start[^"]+)">([^<]+)</a>', read_index(tmp_path))
    assert links == [
        ("0_start/1_tour/report.html", "报告"),
        ("0_start/1_tour/report.ipynb", "笔记本"),
        ("0_start/1_tour/tables/%E5%88%86%20%E6%95%B0.csv", "分 数.csv"),
    ]


def test_a_file_that_is_gone_is_named_but_not_linked(tmp_path: Path) -> None:
    add_record(tmp_path, "0_start/1_tour", files=False)
    page = read_index(tmp_path)
    assert "报告（文件不在）" in page
    assert 'href="0_start' not in page


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "/etc/hostname", "javascript:alert(1)", "//e.example/x", r"a\..\..\secret.txt"],
)
def test_a_record_cannot_link_outside_its_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("x", encoding="utf-8")
    out = tmp_path / "out"
    add_record(out, "0_start/1_tour", outputs={"html": path})
    page = read_index(out)
    assert "报告（文件不在）" in page
    assert "<a href" not in page.replace('<a class="skip" href="#main">', "")


def test_a_failure_shows_where_and_why(tmp_path: Path) -> None:
    error = {"cell": "步骤二", "sentence": "缺少金额列。"}
    add_record(tmp_path, "0_start/1_tour", status="failed", error=error)
    page = read_index(tmp_path)
    assert "停在“步骤二”：</strong>缺少金额列。" in page
    assert '<span class="badge failed">没有做完</span>' in page
    assert "<dt>没有做完</dt><dd>1 份</dd>" in page


def test_hostile_records_are_words(tmp_path: Path) -> None:
    add_record(
        tmp_path, "0_start/1_tour", key='"><img src=x onerror=alert(1)>'.replace("/", ""), files=False,
        title=HOSTILE, question=HOSTILE, status=HOSTILE, rendered_at=HOSTILE, parameters={HOSTILE: HOSTILE},
        error={"cell": HOSTILE, "sentence": HOSTILE}, outputs={"html": f'"{HOSTILE}', "tables": [HOSTILE]},
    )  # fmt: skip
    page = read_index(tmp_path)
    assert page.count("<script>") == 1  # our own
    assert "<img" not in page


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        "null",
        '"x"',
        '{"title": "x"}',
        '{"notebook_id": "a/b", "status": "ok", "seconds": "x"}',
        '{"notebook_id": "a/b", "status": "ok", "parameters": 3}',
        '{"notebook_id": "a/b", "status": "ok", "outputs": {"tables": [1]}}',
        "[" * 100_000,
    ],
)
def test_a_corrupt_record_is_a_problem_not_a_crash(tmp_path: Path, text: str) -> None:
    add_record(tmp_path, "0_start/1_tour")
    (tmp_path / ".crm" / "reports" / "bad<b>.json").write_text(text, encoding="utf-8")
    page = read_index(tmp_path)
    assert "bad&lt;b&gt;.json</code>：记录已损坏" in page
    assert "题 0_start/1_tour" in page
    assert "<dt>报告</dt><dd>1 份</dd>" in page


def test_bytes_that_are_no_text_are_a_problem_too(tmp_path: Path) -> None:
    (tmp_path / ".crm" / "reports").mkdir(parents=True)
    (tmp_path / ".crm" / "reports" / "x.json").write_bytes(b"\xff\xfe\x00")
    assert "记录已损坏" in read_index(tmp_path)


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    page = read_index(tmp_path)
    assert "这里还没有报告" in page
    assert "crm render" in page


def test_the_same_records_give_the_same_bytes_and_no_address(tmp_path: Path) -> None:
    add_record(tmp_path, "0_start/1_tour")
    page = read_index(tmp_path)
    assert read_index(tmp_path) == page
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", page).replace("http-equiv", "")
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".tmp"] == []


def test_markdown_marks_of_a_lesson_do_not_show(tmp_path: Path) -> None:
    add_record(tmp_path, "0_start/1_tour", question="> **谁**最值得[留住](#a)？ `rfm`")
    assert '<p class="question">谁最值得留住？ rfm</p>' in read_index(tmp_path)
