"""A report in a real browser: nothing fetched, nothing run but our script, nothing wider than the screen."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_report import HOSTILE, make_meta, make_notebook

from crm_lib.look import page
from crm_lib.look.fonts import ASCII
from crm_lib.publish import html, outputs
from crm_lib.publish.site import write_index

pytestmark = pytest.mark.needs("chromium")


class Visit:
    """An opened page with what it asked for and complained about."""

    def __init__(self, browser: Any, path: Path, *, width: int = 1280, scripts: bool = True) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=scripts
        )
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.context.route("**/*", self._gate)
        self.page.goto(path.as_uri())
        self.page.evaluate("document.fonts.ready")

    def _gate(self, route: Any) -> None:
        if route.request.url.startswith(("file:", "data:")):
            route.continue_()
        else:
            self.requests.append(route.request.url)
            route.abort()

    def ask(self, script: str) -> Any:
        """Return what `script` says in the page."""
        return self.page.evaluate(script)

    def expect(self, script: str) -> None:
        """Wait until `script` is true; the page's policy forbids the driver's own way of waiting."""
        for _ in range(100):
            if self.ask(script):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never true: {script}")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    return html.write_html(make_notebook(), path, meta=make_meta(), show_code=True)


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("failed") / "failed.html"
    return html.write_html(make_notebook(failed=True), path, meta=make_meta(failed=True))


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    opened: list[Visit] = []

    def open_page(path: Path, **options: Any) -> Visit:
        opened.append(Visit(browser, path, **options))
        return opened[-1]

    yield open_page
    for one in opened:
        one.context.close()


@pytest.mark.parametrize("name", ["report", "failed"])
def test_nothing_is_fetched_and_nobody_complains(
    visit: Any, request: pytest.FixtureRequest, name: str
) -> None:
    seen = visit(request.getfixturevalue(name))
    assert seen.requests == []
    assert seen.complaints == []
    assert seen.page.title() == "总览：十分钟走完全套"  # HOSTILE would have set it to "owned"


def test_everything_of_the_notebook_is_there(visit: Any, report: Path) -> None:
    seen = visit(report)
    drawn = "i => i.complete && i.naturalWidth > 0 && i.alt.length > 1 && i.checkVisibility()"
    assert seen.ask(f"[...document.querySelectorAll('img[src]')].map({drawn})") == [True] * 3
    assert not seen.ask("document.querySelector('img:not([src])').checkVisibility()")  # the hostile one
    assert seen.ask("document.querySelectorAll('main table').length") == 3
    assert seen.ask("document.querySelectorAll('table caption').length") == 1
    assert seen.ask("document.querySelectorAll('math').length") == 5
    assert seen.ask("document.querySelector('math[display=block]').getBoundingClientRect().height") > 40
    assert seen.ask("document.querySelectorAll('.crm-finding').length") == 2
    assert HOSTILE in seen.ask("document.querySelector('main').innerText")
    assert seen.ask("document.querySelectorAll('th:not([scope])').length") == 0
    assert "SECRET_IMPORT" not in seen.page.content()


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1280])
@pytest.mark.parametrize("name", ["report", "failed"])
def test_no_page_is_wider_than_its_screen(
    visit: Any, request: pytest.FixtureRequest, name: str, width: int
) -> None:
    seen = visit(request.getfixturevalue(name), width=width)
    assert seen.ask("document.documentElement.scrollWidth") == width
    wide = "[...document.querySelectorAll('main > *, header *, footer *')].filter(e => "
    inside = (
        " && !e.closest('.table-frame, .figure-frame, pre, math, .skip')).map(e => e.outerHTML.slice(0, 80))"
    )
    assert seen.ask(f"{wide}e.getBoundingClientRect().right > {width} + 1{inside}") == []


def test_a_wide_table_scrolls_in_its_frame_on_a_phone(visit: Any, report: Path) -> None:
    seen = visit(report, width=390)
    frame = "document.querySelector('.table-frame:has(caption)')"
    assert seen.ask(f"{frame}.scrollWidth > {frame}.clientWidth")
    assert seen.ask(f"{frame}.querySelector('.caption-text').getBoundingClientRect().right <= 390")


def test_links_of_the_contents_lead_to_their_sections(visit: Any, report: Path) -> None:
    seen = visit(report)
    links = seen.page.locator(".toc a")
    assert links.all_inner_texts() == [
        "你将学会", "步骤一 看清数据", "步骤二 给客户打分", "怎样读这张表", "小结", "巩固与拓展",
    ]  # fmt: skip
    seen.page.click(".toc a >> text=步骤二")
    assert seen.ask("decodeURIComponent(location.hash)") == "#步骤二-给客户打分"
    seen.expect("Math.abs(document.querySelectorAll('main h2')[2].getBoundingClientRect().top) < 140")
    seen.expect("document.querySelector('.toc [aria-current]')?.innerText.includes('步骤二')")


def test_on_a_phone_the_contents_are_a_drawer(visit: Any, report: Path) -> None:
    seen = visit(report, width=390)
    assert not seen.page.locator(".toc a").first.is_visible()
    seen.page.click(".toc summary")
    seen.page.click(".toc a >> text=小结")
    assert not seen.page.locator(".toc a").first.is_visible()
    seen.expect("document.getElementById('小结').getBoundingClientRect().top < 300")


@pytest.mark.parametrize("width", [390, 1280])
def test_without_scripts_the_contents_are_simply_open(browser: Any, report: Path, width: int) -> None:
    seen = Visit(browser, report, width=width, scripts=False)
    assert seen.page.locator(".toc a").first.is_visible()
    seen.context.close()


def test_the_place_of_failure_is_one_click_away(visit: Any, failed: Path) -> None:
    seen = visit(failed)
    seen.page.click(".failure a")
    seen.expect("document.getElementById('crm-error').getBoundingClientRect().top < 400")
    assert "recency_days" in seen.page.locator("#crm-error").inner_text()
    assert "SECRET_TRACE" not in seen.page.content()


def test_every_character_shown_is_in_a_font_of_the_page(visit: Any, report: Path) -> None:
    from fontTools.ttLib import TTFont

    seen = visit(report)
    faces = re.findall(r'font-family:"([^"]+)".*?base64,([A-Za-z0-9+/=]+)', seen.page.content())
    cmaps = {n: set(map(chr, TTFont(io.BytesIO(base64.b64decode(d))).getBestCmap())) for n, d in faces}
    shown = set(seen.ask("document.body.innerText")) - set("\n\t\u00a0")
    ours = cmaps["CRM Sans"] | cmaps["CRM Sans More"] | cmaps["CRM Math"] | cmaps["CRM Math More"]
    assert "".join(sorted(shown - ours)) == ""
    assert shown - ASCII  # there was something Chinese to look for
    for family in cmaps:
        assert seen.ask(f"document.fonts.check('16px \"{family}\"')")
        assert seen.ask(f"[...document.fonts].find(f => f.family.includes('{family}')).status") != "error"


def test_chinese_is_drawn_although_the_machine_has_no_chinese_font(visit: Any, report: Path) -> None:
    """Two different characters give different pixels only when a font has them: without, both are one box."""
    seen = visit(report)
    draw = """(font) => {
        const pixels = (word) => {
            const canvas = document.createElement('canvas'); canvas.width = canvas.height = 40;
            const pen = canvas.getContext('2d'); pen.font = '32px ' + font; pen.fillText(word, 2, 34);
            return pen.getImageData(0, 0, 40, 40).data.join();
        };
        return pixels('客') !== pixels('总');
    }"""
    assert not seen.page.evaluate(draw, '"DejaVu Sans"')  # the machine indeed has none
    assert seen.page.evaluate(draw, '"CRM Sans", "CRM Sans More"')


def test_paper_shows_the_text_without_the_contents(visit: Any, report: Path) -> None:
    seen = visit(report, width=680)
    seen.page.emulate_media(media="print")
    assert not seen.page.locator(".toc").is_visible()
    assert seen.page.locator("details:not(.toc) p").is_visible()  # folded answers would be lost on paper
    assert (
        seen.ask("getComputedStyle(document.querySelector('.band')).backgroundColor") == "rgb(255, 255, 255)"
    )
    assert seen.ask("document.documentElement.scrollWidth") <= 680


def test_the_policy_stops_what_a_sanitiser_would_let_through(
    visit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one wall down the other holds; with both down the trap springs, so this test can fail."""
    monkeypatch.setattr(outputs, "sanitize_html", lambda text: text)
    seen = visit(html.write_html(make_notebook(), tmp_path / "one.html", meta=make_meta()))
    assert seen.page.title() == "总览：十分钟走完全套"
    assert seen.requests == []
    assert seen.complaints != []
    monkeypatch.setattr(page, "_policy", lambda code: "")
    seen = visit(html.write_html(make_notebook(), tmp_path / "none.html", meta=make_meta()))
    assert seen.page.title() in {"owned", "1"}
    assert seen.requests != []


def test_the_index_finds_and_sifts(visit: Any, tmp_path: Path) -> None:
    import json

    folder = tmp_path / ".crm" / "reports"
    folder.mkdir(parents=True)
    for n in range(1, 8):
        record = {
            "notebook_id": "5_information/10_annual_statement", "key": f"C{n}", "title": f"年度账单{HOSTILE}",
            "status": "failed" if n == 3 else "ok", "seconds": 1, "parameters": {"customer": f"C{n}"},
            "error": {"cell": "步骤二", "sentence": "缺少金额列"} if n == 3 else None, "outputs": {},
        }  # fmt: skip
        (folder / f"{n}.json").write_text(json.dumps(record), encoding="utf-8")
    seen = visit(write_index(tmp_path), width=390)
    assert seen.page.title() == "客户关系管理 · 报告目录"
    assert seen.ask("document.documentElement.scrollWidth") == 390
    seen.page.fill("#q", "年度 customer=c5")
    assert seen.page.locator(".run:visible").count() == 1
    assert seen.page.locator("#count").inner_text() == "找到 1 份，共 7 份"
    seen.page.fill("#q", "缺少金额")
    assert "C3" in seen.page.locator(".run:visible").inner_text()
    seen.page.fill("#q", "没有这样的词")
    assert seen.page.locator(".project:visible").count() == 0
    seen.page.fill("#q", "")
    seen.page.check("#only")
    assert seen.page.locator(".run:visible").count() == 1
    assert (seen.requests, seen.complaints) == ([], [])
