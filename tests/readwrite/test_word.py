"""Word documents open again with headings, tables, figures, captions, and Chinese typefaces."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import docx
import pandas as pd
import pytest
from docx.oxml.ns import qn
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from crm_lib.errors import DataError, ParameterError
from crm_lib.readwrite.word import FigureBlock, HeadingBlock, TableBlock, TextBlock, write_word

FRAME = pd.DataFrame({
    "segment": ["冠军客户", "<b>&"],
    "revenue": [1234.5, None],
    "customer_share": [0.25, 0.75],
})


@pytest.fixture(scope="module")
def png(tmp_path_factory) -> bytes:
    figure = Figure(figsize=(4, 2))
    figure.add_subplot().plot([1, 2])
    path = tmp_path_factory.mktemp("png") / "f.png"
    FigureCanvasAgg(figure).print_png(str(path))
    return path.read_bytes()


def make_blocks(png: bytes) -> list:
    return [
        HeadingBlock("客户画像报告", 0),
        HeadingBlock("一、结果"),
        TextBlock("第一行\n第二行\x07"),
        TableBlock(FRAME, "各客户群", {"segment": "客户群", "revenue": "消费金额"}),
        FigureBlock(png, "占比", alt="条形图：各客户群占比", width_cm=12),
        TableBlock(FRAME.head(1)),
    ]


def test_document_holds_the_blocks_in_order(tmp_path, png):
    document = docx.Document(write_word(tmp_path / "new/t.docx", make_blocks(png)))
    texts = [(p.style.name, p.text) for p in document.paragraphs if p.text]
    assert texts == [
        ("Title", "客户画像报告"),
        ("Heading 1", "一、结果"),
        ("Normal", "第一行\n第二行\ufffd"),
        ("Caption", "表 1  各客户群"),
        ("Caption", "图 1  占比"),
        ("Caption", "表 2"),
    ]
    kinds = [child.tag.split("}")[1] for child in document.element.body]
    assert kinds.index("tbl") == 4  # title, heading, text, caption, then the table
    first = document.tables[0]
    assert [[c.text for c in row.cells] for row in first.rows] == [
        ["客户群", "消费金额", "customer_share"],
        ["冠军客户", "1,234.50", "25.0%"],
        ["<b>&", "", "75.0%"],
    ]
    assert first.rows[1].cells[1].paragraphs[0].alignment == 2  # right
    assert first.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def test_captions_are_fields_and_the_figure_has_its_text(tmp_path, png):
    document = docx.Document(write_word(tmp_path / "t.docx", make_blocks(png)))
    codes = [e.text.strip() for e in document.element.iter(qn("w:instrText"))]
    assert codes == ["SEQ 表 \\* ARABIC", "SEQ 图 \\* ARABIC", "SEQ 表 \\* ARABIC"]
    shape = document.inline_shapes[0]
    assert shape.width.cm == pytest.approx(12, abs=0.01)
    assert shape._inline.docPr.get("descr") == "条形图：各客户群占比"


@pytest.mark.parametrize("name", ["Normal", "Title", "Heading 1", "Heading 4", "Caption"])
def test_styles_have_a_chinese_typeface(tmp_path, name):
    document = docx.Document(write_word(tmp_path / "t.docx", [TextBlock("x")]))
    fonts = document.styles[name].element.rPr.rFonts
    assert fonts.get(qn("w:eastAsia")) in {"宋体", "黑体"}
    assert not [k for k in fonts.attrib if k.endswith("Theme")]


def test_same_blocks_same_bytes(tmp_path, png):
    first = write_word(tmp_path / "a.docx", make_blocks(png)).read_bytes()
    time.sleep(2.1)  # dates in an archive count two seconds
    second = write_word(tmp_path / "b.docx", make_blocks(png))
    assert second.read_bytes() == first
    with zipfile.ZipFile(second) as parts:
        assert {i.date_time for i in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_wrong_blocks_are_said(tmp_path):
    path = tmp_path / "t.docx"
    with pytest.raises(ParameterError, match="a block must be a HeadingBlock.*got str"):
        write_word(path, ["text"])
    with pytest.raises(ParameterError, match=r"level must be in \[0, 4\]; got 9"):
        write_word(path, [HeadingBlock("x", 9)])
    with pytest.raises(ParameterError, match="must be the bytes of a PNG file"):
        write_word(path, [FigureBlock(b"GIF89a")])
    with pytest.raises(DataError, match="at most 2,000 rows; got 2,001 rows and 1 columns"):
        write_word(path, [TableBlock(pd.DataFrame({"x": range(2_001)}))])
    assert not path.exists()


def test_empty_table_has_its_header(tmp_path):
    document = docx.Document(write_word(tmp_path / "t.docx", [TableBlock(FRAME.head(0), "空表")]))
    assert [c.text for c in document.tables[0].rows[0].cells] == list(FRAME.columns)
    assert len(document.tables[0].rows) == 1


def test_columns_are_as_wide_as_their_longest_word(tmp_path: Path) -> None:
    frame = pd.DataFrame({"day": ["2024-01-31"], "no": ["L0000012"], "note": ["说明" * 60], "n": [7]})
    path = write_word(tmp_path / "wide.docx", [TableBlock(frame, "宽窄", {"day": "日期"})])
    table = docx.Document(str(path)).tables[0]
    day, number, note, n = (column.width.cm for column in table.columns)
    assert day + number + note + n == pytest.approx(15.4, abs=0.01)
    # ten digits at 0.215 cm and 0.45 cm of margins, 2.6 cm: a date never breaks, whatever stands beside it
    assert day >= 2.6
    assert number >= 2.1
    assert note > day > n
    assert [cell.width.cm for cell in table.rows[1].cells] == pytest.approx([day, number, note, n])


def test_more_words_than_the_page_is_wide_share_it_by_need(tmp_path: Path) -> None:
    frame = pd.DataFrame({f"c{k}": ["2024-01-31T12:00:00"] for k in range(6)} | {"x": ["1"]})
    path = write_word(tmp_path / "many.docx", [TableBlock(frame)])
    widths = [column.width.cm for column in docx.Document(str(path)).tables[0].columns]
    assert sum(widths) == pytest.approx(15.4, abs=0.01)
    assert widths[0] > 2 * widths[6] > 0
