"""The index and the report as a browser builds them: what a reader without eyes, mouse or script needs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sample_report import make_meta, make_notebook

from crm_lib._needs import find_need
from crm_lib.publish import history
from crm_lib.publish.html import write_html
from crm_lib.publish.site import write_index

pytestmark = pytest.mark.needs("chromium")

GROUP = "5_information/10_annual_statement"
# What a checker such as axe asks of a page, as one list of faults.
CHECKS = """() => {
  const faults = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const bad = (words, list) => list.forEach(e => faults.push(words + ': ' + e.outerHTML.slice(0, 90)));
  const named = (e) => e.getAttribute('aria-label') || e.innerText?.trim() || e.querySelector('img[alt]')?.alt;
  if (!document.documentElement.lang) faults.push('no language');
  if (!document.title.trim()) faults.push('no title');
  if (!document.querySelector('meta[name=viewport]')?.content.includes('width=device-width')
      || /user-scalable=no|maximum-scale/.test(document.querySelector('meta[name=viewport]').content))
    faults.push('the page cannot be enlarged');
  if (all('h1').length !== 1) faults.push('not one h1');
  let level = 0;
  all('h1, h2, h3, h4, h5, h6').forEach(h => {
    const now = Number(h.tagName[1]);
    if (now > level + 1) bad('a level left out', [h]);
    if (!h.textContent.trim()) bad('an empty heading', [h]);
    level = now;
  });
  if (all('main').length !== 1) faults.push('not one main');
  if (!document.querySelector('a.skip[href="#main"]')) faults.push('no way past the header');
  bad('a picture without words', all('img[src]').filter(i => !i.alt.trim()));
  bad('a link without words', all('a[href]').filter(a => !a.textContent.trim() && !named(a)));
  bad('a link to nowhere', all('a[href^="#"]').filter(
    a => !document.getElementById(decodeURIComponent(a.hash.slice(1)))));
  bad('a header cell without scope', all('th').filter(c => !/^(col|row)(group)?$/.test(c.scope)));
  bad('a table without header cells', all('table').filter(t => !t.querySelector('th')));
  bad('a field without a label', all('input, select, textarea').filter(f => !f.labels.length));
  bad('a region without a name', all('[role=region], nav, section[aria-label=""], form').filter(
    e => e.matches('[role=region], nav') && !e.getAttribute('aria-label')));
  bad('a summary without words', all('summary').filter(s => !s.textContent.trim()));
  bad('an order of its own', all('[tabindex]').filter(e => e.tabIndex > 0));
  bad('names that point nowhere', all('[aria-labelledby]').filter(
    e => !document.getElementById(e.getAttribute('aria-labelledby'))));
  bad('a list that holds something else', all('ul, ol').filter(l => [...l.children].some(c => c.tagName !== 'LI')));
  bad('terms without their list', all('dl').filter(
    d => [...d.children].some(c => !['DIV', 'DT', 'DD'].includes(c.tagName))));
  const ids = all('[id]').map(e => e.id);
  ids.filter((id, n) => ids.indexOf(id) !== n).forEach(id => faults.push('an id twice: ' + id));
  return faults;
}"""


def add_run(out: Path, day: int, notebook_id: str, *, key: str = "", **changes: Any) -> None:
    place = f"{notebook_id}/{key}".rstrip("/")
    entry = {
        "notebook_id": notebook_id, "key": key, "title": "年度账单：这一年买了什么", "question": "省了多少？",
        "status": "ok", "seconds": 6.2, "rendered_at": f"2026-11-{day:02d}T09:05:00+08:00",
        "parameters": {"orders": "一份名字很长很长的订单文件_" * 4 + ".xlsx", "customer": key}, "error": None,
        "outputs": {"html": f"{place}/report.html", "tables": [f"{place}/tables/明细_{'长' * 60}.csv"]},
        "result": {"revenue": 1000.5 + day, "很长的名字" * 12: day}, "sources": [], **changes,
    }  # fmt: skip
    for name in ("report.html", f"tables/明细_{'长' * 60}.csv"):
        (out / place / name).parent.mkdir(parents=True, exist_ok=True)
        (out / place / name).write_text("<!DOCTYPE html>", encoding="utf-8")
    path = out / ".crm" / "reports" / f"{history.name_entry(entry)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entry, ensure_ascii=False), encoding="utf-8")
    history.add_run(out, entry)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("index")
    for day in (1, 2):
        add_run(out, day, "0_start/1_tour", title="总览")
        for n in range(7):
            add_run(out, day, GROUP, key=f"C{n}")
    history.archive(out / "0_start/1_tour", out, "0_start__1_tour", "2026-11-01T09:05:00+08:00")
    error = {"cell": "步骤二 打分", "sentence": "缺少金额列：" + "amount" * 40}
    add_run(out, 3, GROUP, key="C3", status="failed", error=error)
    (out / ".crm" / "reports" / "broken.json").write_text("{", encoding="utf-8")
    return write_index(out)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=find_need("chromium"), args=["--no-sandbox"] if root else []
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    contexts: list[Any] = []

    def visit(path: Path, *, width: int = 1280, scripts: bool = True) -> Any:
        contexts.append(
            browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts)
        )
        page = contexts[-1].new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    return {
        name: write_html(
            make_notebook(failed=name == "failed"),
            folder / f"{name}.html",
            meta=make_meta(failed=name == "failed"),
            show_code=name == "code",
        )
        for name in ("plain", "code", "failed")
    }


def test_the_index_can_be_read_by_everyone(open_page: Any, index: Path) -> None:
    page = open_page(index)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.evaluate(CHECKS) == []
    assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("name", ["plain", "code", "failed"])
def test_a_report_can_be_read_by_everyone(open_page: Any, reports: dict[str, Path], name: str) -> None:
    page = open_page(reports[name])
    assert page.evaluate(CHECKS) == []
    shown = page.evaluate("document.querySelectorAll('pre.code').length")
    assert (shown > 3) == (name == "code")  # one block is authored text


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        ("document.querySelector('h2').outerHTML = '<h4>x</h4>'", "a level left out"),
        ("document.documentElement.lang = ''", "no language"),
        ("document.querySelector('th').removeAttribute('scope')", "a header cell without scope"),
        ("document.querySelector('label[for=q]').remove()", "a field without a label"),
        ("document.querySelector('main').innerHTML += '<img src=\"data:,\">'", "a picture without words"),
        ("document.querySelector('.links').innerHTML += '<p>x</p>'", "a list that holds something else"),
        ("document.querySelector('h2').id = 'q'", "an id twice: q"),
    ],
)
def test_the_checks_see_what_is_wrong(open_page: Any, index: Path, spoil: str, fault: str) -> None:
    page = open_page(index)
    page.evaluate(f"() => {{ {spoil}; }}")
    assert any(found.startswith(fault) for found in page.evaluate(CHECKS))


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_index_is_no_wider_than_its_screen(open_page: Any, index: Path, width: int) -> None:
    page = open_page(index, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_links_of_the_index_lead_to_files_that_are_there(open_page: Any, index: Path) -> None:
    page = open_page(index)
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href.split('#')[0])")
    from urllib.parse import unquote, urlsplit

    assert len(set(links)) > 10
    assert [link for link in links if not Path(unquote(urlsplit(link).path)).is_file()] == []


def test_searching_opens_the_group_and_clearing_closes_it(open_page: Any, index: Path) -> None:
    page = open_page(index)
    group = page.locator("details.group")
    assert group.get_attribute("open") is None
    page.fill("#q", "customer=c5")
    assert group.get_attribute("open") == ""
    assert page.locator(".run:visible").count() == 1
    page.fill("#q", "缺少金额列")
    assert group.is_hidden()  # the failure stands above it
    assert page.locator(".run:visible .key").all_inner_texts() == ["C3"]
    page.fill("#q", "")
    assert group.get_attribute("open") is None
    assert page.locator("#count").inner_text() == ""


def test_without_scripts_everything_can_be_read(open_page: Any, index: Path) -> None:
    page = open_page(index, scripts=False)
    assert page.locator("#tools").is_hidden()
    page.click("details.group > summary")
    assert page.locator(".run:visible").count() == 8
    page.click("details.history > summary >> nth=0")
    assert page.locator("details.history td >> nth=0").inner_text() == "2026-11-02 09:05"
    assert "那次相比，有 2 处不同" in page.locator(".changes .label").first.inner_text()
