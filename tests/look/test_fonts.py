from __future__ import annotations

import base64
import io
import re

import pytest

from crm_lib.errors import MissingPackageError
from crm_lib.look import fonts


def read_faces(css: str) -> dict[str, object]:
    """Return family → opened font of each face in `css`."""
    from fontTools.ttLib import TTFont

    found = re.findall(r'font-family:"([^"]+)".*?base64,([A-Za-z0-9+/=]+)', css)
    return {name: TTFont(io.BytesIO(base64.b64decode(data))) for name, data in found}


def test_a_page_brings_the_glyphs_it_shows_and_no_others() -> None:
    css, missing = fonts.make_font_css("<p>客户关系 A</p>")
    faces = read_faces(css)
    cmaps = {name: set(map(chr, face.getBestCmap())) for name, face in faces.items()}
    assert missing == ()
    assert cmaps["CRM Sans"] == set(fonts.ASCII)
    assert cmaps["CRM Sans More"] == set("客户关系")
    assert faces["CRM Sans"].flavor == "woff2"


def test_what_a_batch_shares_stands_in_the_first_face() -> None:
    one, _ = fonts.make_font_css("<p>客户张伟</p>", shared="客户报告")
    two, _ = fonts.make_font_css("<p>客户李娜</p>", shared="客户报告")
    first, second = (re.findall(r"@font-face.*", css) for css in (one, two))
    assert first[0] == second[0]  # 客户: cut once for the batch
    assert set(map(chr, read_faces(two)["CRM Sans More"].getBestCmap())) == set("李娜")


def test_the_same_characters_give_the_same_bytes_in_any_order() -> None:
    path = fonts.find_text_font()
    one = fonts.subset_font.__wrapped__(path, frozenset("客户关系"))
    assert fonts.subset_font.__wrapped__(path, frozenset("系关户客")) == one


def test_a_character_without_glyph_is_told_not_hidden() -> None:
    _, missing = fonts.make_font_css("<p>满意\U0001f600 &#x10FFFD;</p>")
    assert missing == ("\U0001f600", "\U0010fffd")


def test_entities_count_and_pictures_do_not() -> None:
    assert fonts.collect_characters("&#x5ba2;") == {"客"}
    assert "Q" not in fonts.collect_characters('<img src="data:image/png;base64,QQQQ">')


def test_formulas_bring_slanted_letters_and_a_math_table() -> None:
    css, missing = fonts.make_font_css("<math><mi>x</mi><mo>&#x2211;</mo><mi>h</mi><mi>α</mi></math>")
    faces = read_faces(css)
    assert {0x1D465, 0x2211, 0x210E} <= set(faces["CRM Math"].getBestCmap())
    assert "MATH" in faces["CRM Math"]
    assert set(faces["CRM Math More"].getBestCmap()) == {0x1D6FC}  # the first has no slanted Greek
    assert missing == ()


def test_a_page_without_formulas_brings_no_formula_font() -> None:
    assert "CRM Math" not in fonts.make_font_css("<p>客</p>")[0]


def test_words_in_a_picture_bring_their_glyphs() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><text>知识图</text></svg>'
    (face,) = read_faces(fonts.embed_svg_font(svg)).values()
    assert set("知识图") <= set(map(chr, face.getBestCmap()))
    assert fonts.embed_svg_font("<svg><path/></svg>") == "<svg><path/></svg>"


def test_a_missing_font_package_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"'zhplot'.*pip install 'crm-lib\[tour\]'"):
        fonts._find_in_package.__wrapped__("zhplot", "x.ttf", "a report")
