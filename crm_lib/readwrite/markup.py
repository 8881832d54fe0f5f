"""Read the tables of web pages and XML workbooks, which many systems export under the name .xls."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from crm_lib.errors import ReadError
from crm_lib.readwrite.grids import Grid
from crm_lib.readwrite.sheets import Range, make_grid

_SS = "{urn:schemas-microsoft-com:office:spreadsheet}"


class _Tables(HTMLParser):
    """Collects each table as rows of (text, columns spanned, rows spanned)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[tuple[str, int, int]]]] = []
        self._open: list[list[list[tuple[str, int, int]]]] = []
        self._text: list[str] | None = None
        self._span = (1, 1)
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script"):
            self._silent += 1
        elif tag == "table":
            self._end_cell()
            self._open.append([])
            self.tables.append(self._open[-1])
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open:
            self._end_cell()
            named = dict(attrs)
            self._span = (_count(named.get("colspan")), _count(named.get("rowspan")))
            self._text = []
        elif tag == "br" and self._text is not None:
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script"):
            self._silent = max(0, self._silent - 1)
        elif tag in ("td", "th", "tr"):
            self._end_cell()
        elif tag == "table" and self._open:
            self._end_cell()
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._text is not None and not self._silent:
            self._text.append(data)

    def _end_cell(self) -> None:
        if self._text is not None and self._open:
            if not self._open[-1]:
                self._open[-1].append([])
            text = "".join(self._text).replace("\xa0", " ").strip()
            self._open[-1][-1].append((text, *self._span))
        self._text = None


def read_html_grids(text: str) -> list[Grid]:
    """Return the tables of a page that have more than one cell in some row."""
    parser = _Tables()
    parser.feed(text)
    parser.close()
    grids = []
    for number, table in enumerate(parser.tables, 1):
        rows, merged = _lay_out(table)
        if any(len(r) > 1 for r in table):
            grids.append(make_grid(f"table {number}", rows, merged))
    return [g for g in grids if g.head]


def _lay_out(table: list[list[tuple[str, int, int]]]) -> tuple[list[list[Any]], list[Range]]:
    """Put cells where their spans place them, and list the spans."""
    placed: dict[tuple[int, int], str] = {}
    merged: list[Range] = []
    width = 0
    for i, cells in enumerate(table):
        j = 0
        for text, across, down in cells:
            while (i, j) in placed:
                j += 1
            down = min(down, len(table) - i)
            for di in range(down):
                for dj in range(across):
                    placed[i + di, j + dj] = ""
            placed[i, j] = text
            if down > 1 or across > 1:
                merged.append(((i, j), (i + down - 1, j + across - 1)))
            j += across
        width = max(width, j)
    return [[placed.get((i, j), "") for j in range(width)] for i in range(len(table))], merged


def _count(text: str | None) -> int:
    return min(max(int(text), 1), 1000) if text and text.strip().isdigit() else 1


def read_spreadsheet_xml_grids(text: str, *, where: str) -> list[Grid]:
    """Return the sheets of an Excel 2003 XML workbook."""
    try:
        root = ElementTree.fromstring(text.encode("utf-8"), parser=ElementTree.XMLParser(encoding="utf-8"))
    except ElementTree.ParseError as error:
        raise ReadError(
            f"{where}: the XML workbook is damaged ({error}). Open it in Excel and save it again."
        ) from None
    grids = []
    for sheet in root.iter(f"{_SS}Worksheet"):
        rows: list[list[Any]] = []
        merged: list[Range] = []
        for row in sheet.iterfind(f"{_SS}Table/{_SS}Row"):
            at = int(row.get(f"{_SS}Index", len(rows) + 1))
            rows.extend([] for _ in range(at - 1 - len(rows)))
            rows.append(_read_xml_row(row, len(rows), merged))
        width = max(map(len, rows), default=0)
        hidden = any(v.text not in (None, "SheetVisible") for v in sheet.iter() if v.tag.endswith("}Visible"))
        grids.append(
            make_grid(
                sheet.get(f"{_SS}Name", ""),
                [r + [""] * (width - len(r)) for r in rows],
                merged,
                hidden=hidden,
            )
        )
    return [g for g in grids if g.head]


def _read_xml_row(row: ElementTree.Element, number: int, merged: list[Range]) -> list[Any]:
    cells: list[Any] = []
    for cell in row.iterfind(f"{_SS}Cell"):
        at = int(cell.get(f"{_SS}Index", len(cells) + 1))
        cells.extend([""] * (at - 1 - len(cells)))
        across, down = int(cell.get(f"{_SS}MergeAcross", 0)), int(cell.get(f"{_SS}MergeDown", 0))
        if across or down:
            merged.append(((number, len(cells)), (number + down, len(cells) + across)))
        data = cell.find(f"{_SS}Data")
        cells.append(_read_xml_value(data))
        cells.extend([""] * across)
    return cells


def _read_xml_value(data: ElementTree.Element | None) -> Any:
    if data is None:
        return ""
    text = "".join(data.itertext())
    return float(text) if data.get(f"{_SS}Type") == "Number" and text else text
