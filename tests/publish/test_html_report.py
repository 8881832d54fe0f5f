from __future__ import annotations

import base64
import copy
import dataclasses
import hashlib
import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import nbformat.v4 as v4
import pytest

from crm_lib.errors import RenderError
from crm_lib.publish.html import Page, ReportMeta, render_html, write_html

HOSTILE = "<script>alert(1)</script>"
META = ReportMeta(
    "2_differentiation/1_most_valuable",
    "保持最有价值的客户",
    parameters=[("as_of", "2011-12-10", "截止日期")],
    data=[("orders.csv", "9f2c41d07ab3", 397884)],
    versions={"pandas": "3.1.1"},
    rendered_at="2026-11-03T09:05:00+08:00",
    seconds=75.4,
)
SVG = (
    '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">'
    '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt" viewBox="0 0 72 36">'
    "<metadata><date>2026-11-03</date></metadata><path d='M0 0'/></svg>"
)


def text(source: str, *tags: str) -> Any:
    return v4.new_markdown_cell(source, metadata={"tags": list(tags)})


def code(*outputs: Any, source: str = "x = 1", tags: tuple[str, ...] = ()) -> Any:
    return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def shown(kind: str, content: str, **metadata: Any) -> Any:
    return v4.new_output("display_data", {kind: content, "text/plain": "PLAIN"}, metadata=metadata)


def figure(caption: str, alt: str = "") -> dict[str, Any]:
    return {"crm": {"kind": "figure", "caption": caption, "alt": alt}}


def render(*cells: Any, meta: ReportMeta = META, **options: Any) -> Page:
    return render_html(v4.new_notebook(cells=list(cells)), meta=meta, **options)


def main_of(page: Page) -> str:
    return re.search(r'(?s)<main id="main">(.*?)</main>', page.html)[1]


class Outline(HTMLParser):
    """Collect headings, ids and addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if "id" in named:
            self.ids.append(named["id"] or "")
        if tag == "a":
            self.links.append(named.get("href") or "")
        self.addresses += [v or "" for k, v in attrs if k in {"src", "srcset", "data", "action", "poster"}]


def test_one_h1_no_level_left_out_and_no_id_twice() -> None:
    page = render(
        text("# 标题\n\n问题？"), text("#### 甲"), text("# 乙\n\n##### 丙"), text("## 乙"), text("### 乙")
    )
    outline = Outline(page.html)
    assert outline.levels[:5] == [1, 2, 2, 3, 2]
    assert outline.levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(outline.levels, outline.levels[1:], strict=False))
    assert len(set(outline.ids)) == len(outline.ids)


def test_the_table_of_contents_leads_to_every_section() -> None:
    page = render(
        text("# 标题"), text("## 步骤一 看 <b>a&b</b>"), text("### 做一做"), text("#### 小"), text("## main")
    )
    toc = re.search(r'(?s)<nav aria-label="目录">(.*?)</nav>', page.html)[1]
    assert re.findall(r">([^<]+)</a>", toc) == ["步骤一 看 a&amp;b", "做一做", "main"]
    from urllib.parse import unquote

    targets = [unquote(link[1:]) for link in Outline(toc).links]
    assert set(targets) <= set(Outline(page.html).ids)
    assert targets[-1] == "main-2"  # the page's own anchors are not taken


def test_a_link_written_for_jupyterlab_works() -> None:
    page = render(text("见[下一步](#步骤二-打分)。\n\n## 步骤二 打分"))
    assert "步骤二-打分" in Outline(page.html).ids
    assert "#%E6%AD%A5%E9%AA%A4%E4%BA%8C-%E6%89%93%E5%88%86" in Outline(page.html).links


def test_the_opening_cell_becomes_the_header() -> None:
    page = render(text("# 原题\n\n谁**最**值得留住？\n\n教材位置：项目二。"), text("## 甲"))
    header = re.search(r"(?s)<header.*?</header>", page.html)[0]
    assert "<h1>保持最有价值的客户</h1>" in header
    assert '<p class="lede">谁<strong>最</strong>值得留住？</p>' in header
    assert "客户关系管理 · 客户区分" in header
    assert "397,884 行" in header
    assert "原题" not in page.html
    assert '<div class="intro"><p>教材位置：项目二。</p></div>' in page.html


def test_the_header_shows_the_facts_it_is_given_and_no_other_parameter() -> None:
    meta = dataclasses.replace(
        META, parameters=[("k_max", 8, "聚类数上限"), ("as_of", "", "截止日期")], facts=[("客户<b>", "甲&乙")]
    )
    header = re.search(r"(?s)<header.*?</header>", render(text("甲"), meta=meta).html)[0]
    assert "<dt>客户&lt;b&gt;</dt><dd>甲&amp;乙</dd>" in header
    assert "聚类数上限" not in header
    assert "截止日期" not in header


def test_the_question_of_a_step_stands_out() -> None:
    page = main_of(render(text("## 步骤一\n\n**想一想**：为什么？\n\n**别的**：甲")))
    assert '<p class="think"><strong>想一想</strong>：为什么？</p>' in page
    assert page.count("think") == 1


def test_an_opening_cell_without_h1_stays_in_the_text() -> None:
    assert "开场白" in main_of(render(text("开场白")))


def test_code_is_hidden_shown_or_never_shown() -> None:
    cells = (code(source="a_secret = 1", tags=("hide-input",)), code(source="b_shown = 2"))
    assert "secret" not in render(*cells).html
    assert "b_shown" not in render(*cells).html
    shown_page = render(*cells, show_code=True).html
    assert "a_secret" not in shown_page
    assert "b_shown" in shown_page


def test_figures_and_tables_count_through_the_report() -> None:
    table = '<table class="crm-table"><caption>{}</caption><tr><td>1</td></tr></table>'
    page = render(
        code(shown("text/html", table.format("甲表"))),
        code(shown("image/svg+xml", SVG, **figure("甲图", "说明"))),
        code(shown("image/svg+xml", SVG)),
        code(shown("text/html", table.format("乙表")), shown("image/svg+xml", SVG, **figure("乙图"))),
    )
    assert re.findall(r'caption-no">([^<]+)', page.html) == ["表 1", "图 1", "表 2", "图 2"]
    assert (page.n_figures, page.n_tables) == (2, 2)
    assert re.findall(r'<img [^>]*alt="([^"]*)"', page.html) == ["说明", "图", "乙图"]
    assert page.without_alt == ("picture 1",)


def test_a_picture_is_inlined_without_date_and_in_its_size() -> None:
    page = render(code(shown("image/svg+xml", SVG, **figure("图"))))
    data, width, height = re.search(r'base64,([^"]+)".*?width="(\d+)" height="(\d+)"', main_of(page)).groups()
    svg = base64.b64decode(data).decode("utf-8")
    assert svg.startswith("<svg")
    assert "metadata" not in svg
    assert "DTD" not in svg
    assert (width, height) == ("96", "48")  # 72 pt × 36 pt


def test_a_png_of_ours_is_shown_at_half_its_pixels_and_a_foreign_one_as_it_is() -> None:
    png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (240).to_bytes(4, "big")
    data = base64.b64encode(png).decode()
    ours = main_of(render(code(shown("image/png", data, **figure("词云")))))
    foreign = main_of(render(code(shown("image/png", data))))
    assert 'width="320" height="120"' in ours
    assert 'width="640" height="240"' in foreign


def test_metadata_that_hangs_on_the_kind_of_picture_is_found_too() -> None:
    page = render(code(shown("image/svg+xml", SVG, **{"image/svg+xml": figure("甲图")})))
    assert "甲图</figcaption>" in page.html


def test_hostile_values_are_words_wherever_they_come_from() -> None:
    meta = dataclasses.replace(
        META,
        title=f"甲{HOSTILE}",
        parameters=[(HOSTILE, HOSTILE, HOSTILE)],
        data=[(HOSTILE, HOSTILE, None)],
        versions={HOSTILE: HOSTILE},
        status="failed",
        error={"cell": HOSTILE, "sentence": HOSTILE},
    )
    page = render(
        code(v4.new_output("stream", name="stdout", text=HOSTILE)),
        code(v4.new_output("stream", name="stderr", text=HOSTILE)),
        code(shown("text/html", f"客{HOSTILE}")),
        code(shown("text/markdown", HOSTILE)),
        code(shown("image/svg+xml", SVG, **figure(f'"{HOSTILE}', f'"{HOSTILE}'))),
        code(v4.new_output("execute_result", {"text/plain": HOSTILE}, execution_count=1)),
        code(v4.new_output("error", ename=HOSTILE, evalue=HOSTILE, traceback=[HOSTILE])),
        meta=meta,
        debug=True,
    )
    assert page.html.count("<script>") == 1  # our own
    assert html.escape(HOSTILE) in page.html


def test_an_error_is_one_sentence_in_a_box() -> None:
    fault = v4.new_output(
        "error", ename="DataError", evalue="score_rfm: x.", traceback=["\x1b[31mTRACE\x1b[0m"]
    )
    other = v4.new_output("error", ename="KeyError", evalue="'x'", traceback=["TRACE"])
    page = render(code(fault), code(other))
    assert "<p>score_rfm: x.</p>" in page.html  # ours speak for themselves
    assert "<p>KeyError: 'x'</p>" in page.html
    assert "TRACE" not in page.html
    assert page.html.count('id="crm-error"') == 1
    assert "<pre>TRACE</pre>" in render(code(fault), debug=True).html


def test_a_failed_run_says_where_and_why_at_the_top() -> None:
    meta = dataclasses.replace(META, status="failed", error={"cell": "步骤二", "sentence": "缺少金额列。"})
    page = render(code(v4.new_output("error", ename="E", evalue="x", traceback=[])), meta=meta)
    box = re.search(r'(?s)<div class="failure".*?</div>', page.html)[0]
    assert "步骤二" in box
    assert "缺少金额列。" in box
    assert 'href="#crm-error"' in box
    assert "没有做完" in page.html
    assert "没有做完" not in render(text("甲")).html


def test_notes_of_the_runner_itself_are_left_out() -> None:
    page = render(
        text("An Exception was encountered", "papermill-error-cell-tag"), text("# 题\n\n问"), text("甲")
    )
    assert "Exception" not in page.html
    assert '<p class="lede">问</p>' in page.html


def test_streams_are_joined_and_overwritten_progress_is_gone() -> None:
    page = render(
        code(
            v4.new_output("stream", name="stdout", text="10%\r50%\r100%\n"),
            v4.new_output("stream", name="stdout", text="\x1b[32m好\x1b[0m\n"),
        )
    )
    assert '<pre class="out-text">100%\n好</pre>' in page.html


def test_html_that_was_only_a_script_falls_back_to_its_plain_text() -> None:
    assert '<pre class="out-text">PLAIN</pre>' in render(code(shown("text/html", HOSTILE))).html


def test_nothing_is_fetched_and_the_policy_knows_the_script() -> None:
    page = render(text("$x$"), code(shown("image/svg+xml", SVG, **figure("图")))).html
    assert all(a.startswith("data:") for a in Outline(page).addresses)
    assert re.findall(r"url\((?!data:)", page) == []
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", page).replace("http-equiv", "")
    script = re.search(r"(?s)<script>(.*?)</script>", page)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1])
    assert policy == (
        "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_what_was_not_run_is_left_out_and_said() -> None:
    fault = v4.new_output("error", ename="DataError", evalue="没有订单。", traceback=[])
    meta = dataclasses.replace(META, status="failed", error={"cell": "甲", "sentence": "没有订单。"})
    page = render(text("## 甲"), code(fault), text("## 乙\n\n上面的表说明了一切。"), meta=meta).html
    assert "上面的表说明了一切" not in page
    assert "乙" not in re.search(r"(?s)<nav.*?</nav>", page)[0]
    assert page.count("后面的步骤没有运行") == 1
    # a cell that was allowed to fail stops nothing
    after = code(shown("text/plain", "x"))
    after.execution_count = 2
    assert "PLAIN" in render(code(fault), after).html


def test_two_runs_differ_in_one_line_only() -> None:
    cells = (text("# 题\n\n问"), code(shown("image/svg+xml", SVG, **figure("图"))))
    later = dataclasses.replace(META, rendered_at="2026-11-03T23:59:59+08:00", seconds=1.0)
    one, two = render(*cells).html.splitlines(), render(*cells, meta=later).html.splitlines()
    assert render(*cells).html.splitlines() == one
    different = [a for a, b in zip(one, two, strict=True) if a != b]
    assert len(different) == 1
    assert 'class="crm-run"' in different[0]
    assert "1 分 15 秒" in different[0]


def test_the_notebook_is_not_changed(tmp_path: Path) -> None:
    notebook = v4.new_notebook(
        cells=[
            text("# 题"),
            code(
                v4.new_output("stream", name="stdout", text="a"),
                v4.new_output("stream", name="stdout", text="b"),
            ),
        ]
    )
    before = copy.deepcopy(notebook)
    write_html(notebook, tmp_path / "r.html", meta=META)
    assert notebook == before
    nbformat.validate(notebook)


def test_the_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "report.html"
    good = v4.new_notebook(cells=[text("# 题")])
    assert write_html(good, target, meta=META) == target
    before = target.read_bytes()
    with pytest.raises(RenderError, match="not understood"):
        write_html(v4.new_notebook(cells=[text(r"$\nosuch$")]), target, meta=META)
    assert target.read_bytes() == before
    assert [p.name for p in target.parent.iterdir()] == ["report.html"]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(RenderError, match="Choose another folder"):
        write_html(v4.new_notebook(cells=[]), tmp_path / "file" / "report.html", meta=META)


def test_an_empty_notebook_still_makes_a_page() -> None:
    page = render_html(v4.new_notebook(), meta=ReportMeta("x/y", "题"))
    assert "<h1>题</h1>" in page.html
    assert page.missing_glyphs == ()


def test_a_character_without_glyph_is_listed() -> None:
    assert render(text("满意 \U0001f600")).missing_glyphs == ("\U0001f600",)


def test_a_hostile_title_stays_in_its_rule() -> None:
    hostile = '"; } } </style><script>alert(1)</script>\\'
    page = render(text("# 题\n\n问"), meta=dataclasses.replace(META, title=hostile)).html
    assert page.count("<script>") == page.count("</style>") == 1
    head = re.search(r'@top-left \{ content: "([^"]*)"', page)[1]
    assert re.sub(r"\\([0-9a-f]+) ", lambda m: chr(int(m[1], 16)), head) == hostile


def test_six_figures_make_less_than_two_megabytes(tmp_path: Path) -> None:
    import matplotlib as mpl
    import numpy as np
    from matplotlib.figure import Figure

    from crm_lib.plots import figure_svg, use_style

    cells = [text("# 题\n\n问")]
    for n in range(6):
        sizes = np.random.default_rng(n).lognormal(size=(2, 600))
        with mpl.rc_context():
            use_style()
            figure = Figure(figsize=(7.2, 4.2), layout="constrained")
            left, right = figure.subplots(1, 2)
            left.scatter(*sizes, s=6)
            right.hist(sizes[0], bins=40)
            left.set(xlabel="消费金额（元）", ylabel="客户数（人）", title=f"第 {n} 张图")
            svg = figure_svg(figure).decode("utf-8")
        cells.append(code(shown("image/svg+xml", svg, **figure_note(n))))
    path = write_html(v4.new_notebook(cells=cells), tmp_path / "r.html", meta=META)
    assert path.read_text(encoding="utf-8").count("<img ") == 6
    assert path.stat().st_size < 2_000_000


def figure_note(n: int) -> dict[str, Any]:
    return figure(f"第 {n} 张图（n = 600）", f"散点图和直方图：第 {n} 张图")
