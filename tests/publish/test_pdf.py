"""A report printed by headless Chromium: every Chinese character is there as text."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat.v4 as v4
import pytest

from crm_lib.errors import RenderError
from crm_lib.publish import pdf as printing
from crm_lib.publish.html import ReportMeta, write_html
from crm_lib.publish.pdf import find_chromium, write_pdf

TITLE = "保持最有价值的客户：年度回顾"
HEADINGS = ["步骤一　看清“数据”", "步骤二　打分（R、F、M）", "怎样读", "小结"]
ROWS = "".join(f"<tr><td>客户{i:03d}</td><td>{i * 37}</td></tr>" for i in range(90))
TABLE = f"<table><caption>长表</caption><thead><tr><th>编号</th><th>金额</th></tr></thead><tbody>{ROWS}</tbody></table>"
CSS_BREAKOUT = '"; } } </style><script>alert(1)</script>\\'


def make_report(folder: Path, title: str = TITLE) -> Path:
    texts = [
        f"# {title}\n\n谁最值得留住？",
        f"## {HEADINGS[0]}\n\n<details><summary>参考答案</summary>\n\n折叠的答案\n\n</details>",
        f"## {HEADINGS[1]}\n\n先打分，再命名。{'这一段写得长一些。' * 60}",
        f"### {HEADINGS[2]}\n\n¥ 与 € 与 −5",
        f"## {HEADINGS[3]}",
    ]
    cells = [v4.new_markdown_cell(text) for text in texts]
    shown = v4.new_output("display_data", {"text/html": TABLE, "text/plain": "表"})
    cells.insert(3, v4.new_code_cell("show_table(rows)", outputs=[shown]))
    meta = ReportMeta("2_differentiation/1_most_valuable", title, parameters=[("k", 3, "群数")])
    return write_html(v4.new_notebook(cells=cells), folder / "report.html", meta=meta, show_code=True)


def read_text(pdf: Path, *options: str) -> str:
    return subprocess.run(
        ["pdftotext", *options, str(pdf), "-"], check=True, capture_output=True, text=True, encoding="utf-8"
    ).stdout


def squeeze(text: str) -> str:
    return re.sub(r"\s", "", html.unescape(text))


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("a folder 中文 & 'x'#%20")
    return write_pdf(make_report(folder), folder / "报告.pdf")


@pytest.mark.needs("chromium", "poppler")
def test_title_and_every_heading_are_text_of_the_pdf(printed: Path) -> None:
    text = squeeze(read_text(printed))
    page = (printed.parent / "report.html").read_text(encoding="utf-8")
    headings = [re.sub(r"<[^>]+>", "", h) for h in re.findall(r"(?s)<h[1-6][^>]*>(.*?)</h[1-6]>", page)]
    assert len(headings) >= 1 + len(HEADINGS)
    assert [h for h in [TITLE, *HEADINGS, *headings] if squeeze(h) not in text] == []
    assert "折叠的答案" in text  # what is folded on the screen is open on paper
    assert "¥与€与−5" in text
    assert "show_table(rows)" in text
    assert [i for i in range(90) if f"客户{i:03d}" not in text] == []


@pytest.mark.needs("chromium", "poppler")
def test_pages_have_numbers_and_a_running_head_but_the_first(printed: Path) -> None:
    pages = read_text(printed, "-layout").rstrip("\f").split("\f")
    assert len(pages) >= 4
    for n, page in enumerate(pages, 1):
        assert f"{n}/{len(pages)}" in squeeze(page)
        head = squeeze(page.strip().split("\n")[0])
        assert (head == squeeze(f"{TITLE}客户区分")) == (n > 1)
    tables = [page for page in pages if re.search(r"客户\s?\d\d\d", page)]
    assert len(tables) > 1
    assert all(re.search(r"编号\s+金额", page) for page in tables)  # the head of a long table comes again


@pytest.mark.needs("chromium", "poppler")
def test_the_page_is_not_shrunk_to_fit_something_wide(printed: Path) -> None:
    """Chromium makes a whole report smaller when one thing in it is wider than the paper."""
    words = read_text(printed, "-bbox")
    sizes = [
        float(bottom) - float(top)
        for top, bottom, word in re.findall(r'yMin="([\d.]+)" xMax="[\d.]+" yMax="([\d.]+)">([^<]+)<', words)
        if word.startswith("这一段写得长")
    ]
    # 10.5 pt of a font whose lines take 1.448 of its size: 15.2 pt
    assert sizes
    assert all(size == pytest.approx(15.2, abs=0.3) for size in sizes)


@pytest.mark.needs("chromium", "poppler")
def test_no_short_table_is_cut_in_two_and_no_heading_is_left_behind(tmp_path: Path) -> None:
    cells = [v4.new_markdown_cell("# 题\n\n问？")]
    for n in range(10):
        filler = "这里说几句别的话。" * 60
        rows = "".join(f"<tr><td>T{n}R{i:02d}</td><td>{i}</td></tr>" for i in range(12))
        table = f"<table><thead><tr><th>编号</th><th>数</th></tr></thead><tbody>{rows}</tbody></table>"
        cells.append(v4.new_markdown_cell(f"{filler}\n\n## H{n}"))
        shown = v4.new_output("display_data", {"text/html": table, "text/plain": "表"})
        cells.append(v4.new_code_cell("x", outputs=[shown]))
    report = write_html(
        v4.new_notebook(cells=cells), tmp_path / "r.html", meta=ReportMeta("0_start/1_x", "题")
    )
    pages = read_text(write_pdf(report, tmp_path / "r.pdf")).split("\f")
    assert len(pages) > 4
    for n in range(10):
        parts = [f"H{n}", *(f"T{n}R{i:02d}" for i in range(12))]
        assert len({next(p for p, page in enumerate(pages) if part in page) for part in parts}) == 1


@pytest.mark.needs("chromium", "poppler")
def test_two_prints_have_the_same_text_and_all_fonts_inside(printed: Path) -> None:
    again = write_pdf(printed.parent / "report.html", printed.parent / "again.pdf")
    assert read_text(again, "-layout") == read_text(printed, "-layout")
    assert sorted(p.name for p in printed.parent.iterdir()) == ["again.pdf", "report.html", "报告.pdf"]
    fonts = subprocess.run(["pdffonts", str(printed)], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in fonts.splitlines()[2:]]
    assert rows
    assert all(row[-5] == "yes" for row in rows)  # emb


@pytest.mark.needs("chromium", "poppler")
def test_a_hostile_title_is_only_a_title(tmp_path: Path) -> None:
    report = make_report(tmp_path, CSS_BREAKOUT)
    page = report.read_text(encoding="utf-8")
    assert page.count("<script>") == 1
    assert page.count("</style>") == 1
    text = read_text(write_pdf(report, tmp_path / "r.pdf"), "-layout")
    assert squeeze(CSS_BREAKOUT) in squeeze(text.split("\f")[1].strip().split("\n")[0])


def write_browser(folder: Path, body: str) -> Path:
    """Write a program that stands in for the browser."""
    path = folder / "browser"
    path.write_text(f"#!{sys.executable}\nimport os, sys, time, pathlib\n{body}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


PDF_OPTION = "target = next(a.split('=', 1)[1] for a in sys.argv if a.startswith('--print-to-pdf='))"


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit('No usable sandbox!')", "No usable sandbox!"),
        ("sys.exit(3)", "it ended with code 3"),
        ("pass", "it wrote no PDF"),
        (f"{PDF_OPTION}; pathlib.Path(target).write_bytes(b'%PDF-1.4 half')", "it wrote no PDF"),
        ("time.sleep(60)", "not done after 0.5 s"),
        ("import subprocess; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).wait()", "0.5 s"),
    ],
)  # fmt: skip
def test_a_browser_that_does_not_print_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    monkeypatch.setenv("CRM_CHROMIUM", str(write_browser(tmp_path, body)))
    out = tmp_path / "out"
    report = make_report(out)
    (out / "report.pdf").write_bytes(b"the PDF before")
    with pytest.raises(RenderError) as fault:
        write_pdf(report, out / "report.pdf", seconds=0.5 if "sleep" in body else 30)
    assert said in str(fault.value)
    assert "\n" not in str(fault.value)
    assert sorted(p.name for p in out.iterdir()) == ["report.html", "report.pdf"]
    assert (out / "report.pdf").read_bytes() == b"the PDF before"


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
def test_the_browser_gets_no_network_and_a_profile_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = f"{PDF_OPTION}; pathlib.Path(target).write_bytes(b'%PDF-' + repr(sys.argv).encode() + b'%%EOF')"
    monkeypatch.setenv("CRM_CHROMIUM", str(write_browser(tmp_path, body)))
    told = write_pdf(make_report(tmp_path), tmp_path / "r.pdf").read_bytes().decode()
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in told
    assert "--proxy-server=http://127.0.0.1:9" in told
    profile = re.search(r"--user-data-dir=([^']+)", told)[1]
    assert not Path(profile).exists()
    assert ("--no-sandbox" in told) == (os.geteuid() == 0)


def test_without_a_browser_the_sentence_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRM_CHROMIUM", raising=False)
    monkeypatch.setattr(printing, "find_need", lambda _: None)
    with pytest.raises(RenderError, match="Install it with"):
        write_pdf(make_report(tmp_path), tmp_path / "r.pdf")
    monkeypatch.setenv("CRM_CHROMIUM", str(tmp_path / "nothing"))
    with pytest.raises(RenderError, match="unset CRM_CHROMIUM"):
        find_chromium()


def test_a_report_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="Run: crm render"):
        write_pdf(tmp_path / "none.html", tmp_path / "r.pdf")
