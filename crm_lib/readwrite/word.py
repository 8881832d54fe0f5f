"""Write a Word document from headings, paragraphs, tables and figures."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_range
from crm_lib.errors import DataError, ParameterError
from crm_lib.readwrite.cells import clean_text, settle_column
from crm_lib.readwrite.excel import write_file
from crm_lib.readwrite.word_tables import fit_widths, set_widths, shown_text

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 2_000
_LATIN, _SONG, _HEI = "Times New Roman", "宋体", "黑体"
_FIXED_DATE = dt.datetime(2000, 1, 1)


@dataclass(frozen=True)
class HeadingBlock:
    """A heading; level 0 is the title of the document, 1–4 are its sections."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class TextBlock:
    """A paragraph of text; a line break in it stays one."""

    text: str


@dataclass(frozen=True)
class TableBlock:
    """A table with a numbered caption above it; ``titles`` gives headers to show."""

    frame: pd.DataFrame
    caption: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FigureBlock:
    """A picture (the bytes of a PNG file) with a numbered caption below it."""

    png: bytes
    caption: str = ""
    alt: str = ""
    width_cm: float = 15.0


Block = HeadingBlock | TextBlock | TableBlock | FigureBlock


def write_word(path: str | Path, blocks: Iterable[Block]) -> Path:
    """Write a Word document.

    Parameters
    ----------
    path : str or Path
        File to write; its folder is made when it is missing.
    blocks : iterable of HeadingBlock, TextBlock, TableBlock or FigureBlock
        What the document holds, in order.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ParameterError
        A block is of another kind, a heading level is outside 0–4, or the
        bytes of a figure are no PNG.
    DataError
        A table has more than 2,000 rows.
    ReadError
        The file cannot be written, for instance because Word has it open.

    Notes
    -----
    Chinese text gets Chinese typefaces (宋体, headings 黑体), captions are real
    Word fields, so that Word can list and renumber them.  Dates inside the file
    are fixed: the same blocks give the same bytes.
    """
    import docx

    document = docx.Document()
    _set_page(document)
    numbers = {"表": 0, "图": 0}
    for block in blocks:
        _add_block(document, block, numbers)
    _fix_properties(document)
    buffer = io.BytesIO()
    document.save(buffer)
    return write_file("write_word", path, _fix_dates(buffer.getvalue()))


def _add_block(document: Any, block: Block, numbers: dict[str, int]) -> None:
    if isinstance(block, HeadingBlock):
        require_range("write_word", "level", block.level, 0, 4)
        document.add_heading(clean_text(block.text), level=block.level)
    elif isinstance(block, TextBlock):
        document.add_paragraph(clean_text(block.text))
    elif isinstance(block, TableBlock):
        _add_caption(document, "表", block.caption, numbers, keep_with_next=True)
        _add_table(document, block)
    elif isinstance(block, FigureBlock):
        _add_figure(document, block)
        _add_caption(document, "图", block.caption, numbers)
    else:
        raise ParameterError(
            "write_word: a block must be a HeadingBlock, TextBlock, TableBlock or FigureBlock; "
            f"got {type(block).__name__}. Wrap it in one of these."
        )


def _set_page(document: Any) -> None:
    from docx.shared import Cm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.8)
    section.top_margin = section.bottom_margin = Cm(2.5)
    styles = document.styles
    _set_fonts(styles["Normal"], _SONG)
    styles["Normal"].font.size = Pt(11)
    styles["Normal"].paragraph_format.line_spacing = 1.4
    styles["Normal"].paragraph_format.space_after = Pt(6)
    for name, size in (
        ("Title", 22),
        ("Heading 1", 16),
        ("Heading 2", 14),
        ("Heading 3", 12),
        ("Heading 4", 11),
    ):
        _set_fonts(styles[name], _HEI)
        styles[name].font.size = Pt(size)
        styles[name].font.color.rgb = RGBColor(0x1F, 0x2D, 0x3A)
    _set_fonts(styles["Caption"], _HEI)
    styles["Caption"].font.size = Pt(9.5)
    styles["Caption"].font.bold = False
    styles["Caption"].font.color.rgb = RGBColor(0x40, 0x40, 0x40)


def _set_fonts(style: Any, chinese: str) -> None:
    from docx.oxml.ns import qn

    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    # a theme font would win over the one named here
    for name in [k for k in fonts.attrib if k.endswith("Theme")]:
        del fonts.attrib[name]
    for place in ("w:ascii", "w:hAnsi", "w:cs"):
        fonts.set(qn(place), _LATIN)
    fonts.set(qn("w:eastAsia"), chinese)


def _add_caption(
    document: Any, kind: str, text: str, numbers: dict[str, int], *, keep_with_next: bool = False
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    numbers[kind] += 1
    paragraph = document.add_paragraph(style="Caption")
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.keep_with_next = keep_with_next
    paragraph.add_run(f"{kind} ")
    _add_field(paragraph, f" SEQ {kind} \\* ARABIC ", str(numbers[kind]))
    if text:
        paragraph.add_run(f"  {clean_text(text)}")


def _add_field(paragraph: Any, instruction: str, shown: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    def mark(kind: str) -> None:
        element = OxmlElement("w:fldChar")
        element.set(qn("w:fldCharType"), kind)
        paragraph.add_run()._r.append(element)

    mark("begin")
    code = OxmlElement("w:instrText")
    code.set(qn("xml:space"), "preserve")
    code.text = instruction
    paragraph.add_run()._r.append(code)
    mark("separate")
    paragraph.add_run(shown)
    mark("end")


def _add_table(document: Any, block: TableBlock) -> None:
    frame = block.frame
    if len(frame) > MOST_ROWS or frame.shape[1] == 0:
        raise DataError(
            f"write_word: a table must have columns and at most {MOST_ROWS:,} rows; got "
            f"{len(frame):,} rows and {frame.shape[1]} columns. Write it with write_excel."
        )
    settled = [settle_column(name, frame.iloc[:, i]) for i, name in enumerate(frame.columns)]
    columns, kinds = [values for values, _ in settled], [kind for _, kind in settled]
    table = document.add_table(rows=1 + len(frame), cols=frame.shape[1], style="Table Grid")
    heads = [clean_text(block.titles.get(c, c)) for c in frame.columns]
    shown = [
        [shown_text(n, v, k) for n, v, k in zip(frame.columns, values, kinds, strict=True)]
        for values in zip(*columns, strict=True)
    ]
    rows = list(table.rows)
    _fill_row(rows[0], heads, ["text"] * len(kinds), head=True)
    for row, texts in zip(rows[1:], shown, strict=True):
        _fill_row(row, texts, kinds)
    set_widths(table, fit_widths([heads, *shown]))
    document.add_paragraph().paragraph_format.space_after = 0


def _fill_row(row: Any, texts: list[str], kinds: list[str], *, head: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls
    from docx.shared import Pt

    properties = row._tr.get_or_add_trPr()
    properties.append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
    if head:
        properties.append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
    for cell, text, kind in zip(row.cells, texts, kinds, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.paragraph_format.line_spacing = 1.15
        run = paragraph.add_run(text)
        run.font.size = Pt(9.5)
        run.font.bold = head
        if head:
            cell._tc.get_or_add_tcPr().append(
                parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:fill="DCE6EE"/>')
            )
        elif kind in {"share", "money", "integer", "number"}:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _add_figure(document: Any, block: FigureBlock) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm

    if not block.png.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ParameterError(
            "write_word: a figure must be the bytes of a PNG file; these are not. Use figure_png."
        )
    require_range("write_word", "width_cm", block.width_cm, 1, 15.4)
    picture = document.add_picture(io.BytesIO(block.png), width=Cm(block.width_cm))
    picture._inline.docPr.set("descr", clean_text(block.alt or block.caption))
    paragraph = document.paragraphs[-1]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.keep_with_next = True


def _fix_properties(document: Any) -> None:
    known = document.core_properties
    known.created = known.modified = _FIXED_DATE
    known.author = known.last_modified_by = "crm_lib"
    known.comments = ""
    known.revision = 1
    known.language = "zh-CN"


def _fix_dates(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.infolist():
            info = zipfile.ZipInfo(entry.filename, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            # the system that wrote the file is recorded too
            info.create_system = 3
            new.writestr(info, old.read(entry))
    return buffer.getvalue()
