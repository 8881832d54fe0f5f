"""Cards as pages and documents: private by default, safe, repeatable, whole."""

from __future__ import annotations

import html
import re
from pathlib import Path

import docx
import pytest

from crm_lib.errors import ParameterError
from crm_lib.identify import Card, Fact, write_card_documents, write_card_pages
from crm_lib.identify.cards_show import name_card_files, show_card

FULL = Card(
    "P1",
    "2024-12-31",
    "2023-12-31",
    "store+web",
    2,
    facts=(
        Fact("name", "王静", "2023-01-05", "", "S1", "store", "full", 2),
        Fact("birth_date", "1990-01-02", "2023-01-05", "", "S1", "store", "agree"),
        Fact("phone", "15400001111", "2024-12-31", "", "W1", "web", "recent", 2),
        Fact("email", "wangjing@example.com", "2023-01-05", "", "W1", "web", "only"),
        Fact("address", "旭日路12号101室", "2023-01-05", "", "W1", "web", "only", 1, False),
        Fact("has_pet", "True", "2023-01-05", "", "W1", "web", "only"),
    ),
    history=(Fact("phone", "15400009999", "2023-01-05", "2024-12-31", "S1", "store", "only"),),
    activity={"n_orders": 3, "revenue": 1234.5, "last_contact": "2024-05-01", "last_medium": "电话"},
)
BARE = Card("P2", "2024-12-31")
HOSTILE = Card(
    "P3/../<x>",
    "2024-12-31",
    facts=(
        Fact("name", "<script>alert(1)</script>", "2024-01-01"),
        Fact("备注", "card-body-slot slot-title row-facts-0- {{ 7*7 }} &amp;\x07", "2024-01-01"),
    ),
)
SECRETS = ("15400001111", "15400009999", "wangjing@example.com", "12号101室", "01-02")


def read_document(path: Path) -> str:
    document = docx.Document(path)
    cells = [c.text for t in document.tables for r in t.rows for c in r.cells]
    return "\n".join([*(p.text for p in document.paragraphs), *cells])


def strip_tags(page: str) -> str:
    body = page[page.index("<body") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize("write", [write_card_pages, write_card_documents])
def test_contact_data_are_shown_in_part_unless_asked_for(write: object, tmp_path: Path) -> None:
    (path,) = write(tmp_path, [FULL])
    text = path.read_text(encoding="utf-8") if path.suffix == ".html" else read_document(path)
    assert [secret for secret in SECRETS if secret in text] == []
    assert "154****1111" in text
    assert "下面几项只显示一部分：手机号、电子邮箱、地址、出生日期。" in text
    (path,) = write(tmp_path, [FULL], show=["phone"])
    text = path.read_text(encoding="utf-8") if path.suffix == ".html" else read_document(path)
    assert [secret for secret in SECRETS if secret in text] == ["15400001111", "15400009999"]
    assert "按要求显示了完整内容：手机号。" in text
    with pytest.raises(ParameterError, match="show must be one of"):
        write(tmp_path, [FULL], show=["name"])


@pytest.mark.parametrize("write", [write_card_pages, write_card_documents])
def test_a_card_says_all_it_knows(write: object, tmp_path: Path) -> None:
    (path,) = write(tmp_path, [FULL])
    text = strip_tags(path.read_text(encoding="utf-8")) if path.suffix == ".html" else read_document(path)
    said = ["王静（客户 P1）", "2023-12-31", "门店、网店", "2 条", "写得最完整", "另有 1 种不同的记载"]
    said += ["网店 W1", "3 单", "1,234.50 元", "2024-05-01（电话）", "154****9999"]
    said += ["这一项的记载看来有误", "是否养宠物", "是"]
    assert [words for words in said if words not in text] == []


def test_changes_stand_beside_what_was() -> None:
    shown = show_card(FULL)
    assert shown.changes == (("手机号", "154****9999", "154****1111"),)
    assert show_card(BARE).no_changes == "没有上一张卡片可比。"
    assert [f.until for f in shown.history] == ["2024-12-31"]


@pytest.mark.parametrize("write", [write_card_pages, write_card_documents])
def test_each_card_is_alone_and_repeatable(write: object, tmp_path: Path) -> None:
    paths = write(tmp_path / "a", [FULL, BARE, HOSTILE])
    again = write(tmp_path / "b", [FULL, BARE, HOSTILE])
    assert [p.read_bytes() for p in paths] == [p.read_bytes() for p in again]
    assert [p.stem for p in paths][:2] == ["card_P1", "card_P2"]
    assert len({p.parent for p in paths}) == 1
    bare = paths[1].read_text(encoding="utf-8") if write is write_card_pages else read_document(paths[1])
    assert "王静" not in bare
    assert "没有往来记录。" in bare
    assert write(tmp_path / "c", []) == []


def test_hostile_values_are_words(tmp_path: Path) -> None:
    page = write_card_pages(tmp_path, [FULL, HOSTILE])[1].read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "card-body-slot slot-title row-facts-0- {{ 7*7 }} &amp;amp;" in page
    text = read_document(write_card_documents(tmp_path, [HOSTILE])[0])
    assert "<script>alert(1)</script>" in text
    assert "card-body-slot slot-title row-facts-0- {{ 7*7 }} &amp;" in text


def test_a_page_brings_its_glyphs_and_fetches_nothing(tmp_path: Path) -> None:
    page = write_card_pages(tmp_path, [FULL])[0].read_text(encoding="utf-8")
    assert "default-src 'none'" in html.unescape(page)
    assert "http:" not in page
    assert "https:" not in page
    assert page.count("@font-face") >= 1
    assert "<!--" not in page
    assert page.rstrip().endswith("</html>")


def test_file_names_are_safe_and_all_different() -> None:
    names = name_card_files(["P1", "p1", "a/b", "a:b", "..", "客户1"])
    assert len({n.casefold() for n in names}) == 6
    assert all(re.fullmatch(r"card_[\w-]+", n) for n in names)
    assert names[-1] == "card_客户1"


def test_a_document_is_the_one_that_write_word_would_set(tmp_path: Path) -> None:
    document = docx.Document(write_card_documents(tmp_path, [FULL])[0])
    heads = [[c.text for c in t.rows[0].cells] for t in document.tables]
    assert heads == [
        ["项目", "原来", "现在"],
        ["项目", "内容"],
        ["项目", "内容", "来源", "取用理由", "起于"],
        ["项目", "内容", "起于", "止于", "来源"],
    ]
    assert [len(t.rows) - 1 for t in document.tables] == [1, 3, 6, 1]
    assert document.tables[2].rows[1].cells[0].paragraphs[0].runs[0].font.size is not None
    assert "slot-" not in read_document(tmp_path / "card_P1.docx")
