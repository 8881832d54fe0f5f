"""Portrait pages in a real browser: nothing fetched or run, nothing wider than the screen, every glyph inside."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_lib.lesson.pages import make_page

pytestmark = pytest.mark.needs("chromium")

NONE = float("nan")
HOSTILE = "<script>document.title = 'owned'</script><img src=http://example.invalid/x onerror=\"document.title = 1\">"
LABELS = [("高消费", 0.96), ("购买频繁", 0.95), ("偏好类别：女装", 0.3), ("㐂稀罕字", 0.2)]
KINDS = ["person", "hostile", "none", "many"]


def make_portrait(kind: str) -> pd.DataFrame:
    labels = {
        "person": LABELS,
        "hostile": [(HOSTILE, 0.9), ("很长的标签" * 40, 0.5), ("W" * 300, 0.4)],
        "none": [],
        "many": [(f"第{i}号标签的名字", 1 - i / 200) for i in range(100)],
    }[kind]
    facts = [
        ("static", "city", "城市", "杭州市", NONE),
        ("dynamic", "revenue", "净消费金额", "22,836.70 元", NONE),
    ]
    if kind == "hostile":
        facts += [
            ("static", "x" * 200, "字段" * 60, HOSTILE, NONE),
            ("dynamic", "y", "备注", "9" * 300, NONE),
        ]
    rows = [*facts, *(("label", "", title, "", strength) for title, strength in labels)]
    out = pd.DataFrame(rows, columns=["part", "field", "title", "value", "strength"])
    subject = f"客户 {HOSTILE}{'K' * 200}" if kind == "hostile" else "客户 K00000064"
    out.attrs.update(subject=subject, as_of="2024-12-31", version="2026.1", hidden=["name", "phone"])
    out.attrs["definitions"] = {title: "净消费金额居全部客户的前 20%" for title, _ in labels}
    return out


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for kind in KINDS:
        found[kind] = folder / f"{kind}.html"
        found[kind].write_text(make_page(make_portrait(kind), shape="person")[0], encoding="utf-8")
    return found


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    opened = []

    def open_page(path: Path, width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        opened.append(context)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.goto(path.as_uri())
        page.evaluate("document.fonts.ready")
        return page

    yield open_page
    for context in opened:
        context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_fetched_and_nothing_runs(visit: Any, written: dict[str, Path], kind: str) -> None:
    page = visit(written[kind])
    assert [url for url in page.asked if not url.startswith("data:")] == [written[kind].as_uri()]
    assert page.said == []
    assert page.title().endswith("客户画像")
    assert page.evaluate("document.querySelectorAll('script, main img').length") == 0
    if kind == "hostile":
        assert HOSTILE in page.evaluate("document.querySelector('h1').innerText")
        assert page.evaluate("document.querySelector('.labels strong').innerText") == HOSTILE


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("kind", KINDS)
def test_no_page_is_wider_than_its_screen(
    visit: Any, written: dict[str, Path], kind: str, width: int
) -> None:
    page = visit(written[kind], width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    out = "[...document.querySelectorAll('body *:not(.skip, .unseen)')].filter(e => {const b = e.getBoundingClientRect();"
    assert page.evaluate(f"{out} return b.right > {width} + 1 || b.left < -1}}).map(e => e.outerHTML)") == []


def test_words_of_the_cloud_are_drawn_within_it(visit: Any, written: dict[str, Path]) -> None:
    page = visit(written["person"], width=390)
    boxes = page.evaluate(
        "[...document.querySelectorAll('svg path:has(title)')].map(p => {const b = p.getBBox();"
        " return [p.textContent, b.x, b.y, b.x + b.width, b.y + b.height]})"
    )
    assert [b[0] for b in boxes] == [title for title, _ in LABELS]
    assert all(min(b[1:]) >= 0 and max(b[1:]) <= 480 for b in boxes)
    heights = [b[4] - b[2] for b in boxes]
    assert heights[0] > 2 * heights[2]  # 0.96 against 0.3
    assert page.evaluate("document.querySelector('svg').getBoundingClientRect().width") > 250


def test_every_character_is_in_a_font_of_the_page(visit: Any, written: dict[str, Path]) -> None:
    from fontTools.ttLib import TTFont

    page = visit(written["person"])
    faces = re.findall(r'font-family:"([^"]+)".*?base64,([A-Za-z0-9+/=]+)', page.content())
    inside = {chr(c) for _, data in faces for c in TTFont(io.BytesIO(base64.b64decode(data))).getBestCmap()}
    shown = set(page.evaluate("document.body.innerText")) - set("\n\t\u00a0")
    assert "㐂" in shown
    assert "".join(sorted(shown - inside)) == ""
    status = "[...document.fonts].map(f => f.status)"
    assert set(page.evaluate(status)) == {"loaded"}


@pytest.mark.parametrize("kind", ["person", "none"])
def test_paper_holds_the_whole_card(visit: Any, written: dict[str, Path], kind: str, tmp_path: Path) -> None:
    page = visit(written[kind])
    page.pdf(path=str(tmp_path / "card.pdf"), prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "card.pdf").read_bytes())) == 1
    page.emulate_media(media="print")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.band')).backgroundColor")
        == "rgb(255, 255, 255)"
    )
    assert not page.locator(".skip").is_visible()


def test_a_dark_screen_gets_a_dark_page(visit: Any, written: dict[str, Path]) -> None:
    page = visit(written["person"], color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 27, 32)"
