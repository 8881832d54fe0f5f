"""Files as real systems export them, all holding the same five order lines."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

HEADERS = ["订单编号", "客户编号", "下单时间", "商品名称", "数量", "实付金额"]
COLUMNS = ["order_id", "customer_id", "ordered_at", "product_name", "quantity", "amount"]
LINES = [
    ["A001", "007", "2024-01-02 08:30:00", "毛巾, 大号", "2", "39.8"],
    ["A001", "007", "2024-01-02 08:30:00", '枕头 "软"', "1", "88"],
    ["A002", "0815", "2024-02-29 23:59:59", "茶杯；蓝", "3", "45.5"],
    ["A003", "1042", "2024-03-01 00:00:00", "床单|双人", "1", "199"],
    ["A004", "007", "2024-03-15 12:00:00", "拖鞋\t棉", "2", "0"],
]
PLAIN = [[c.replace("\t", " ") for c in row] for row in LINES]


def as_csv(rows=None, *, separator=",", end="\r\n", quoting=csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=end, quoting=quoting).writerows(
        rows if rows is not None else [HEADERS, *LINES]
    )
    return out.getvalue()


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def pack(data: bytes, kind: str) -> bytes:
    if kind == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("orders.csv", data)
            archive.writestr("__MACOSX/._orders.csv", b"\0\1")
        return out.getvalue()
    return {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[kind](data)


def typed(rows=PLAIN) -> list[list]:
    """Return the lines as a workbook holds them: numbers as numbers, times as times."""
    import datetime as dt

    return [[r[0], r[1], dt.datetime.fromisoformat(r[2]), r[3], int(r[4]), float(r[5])] for r in rows]


def write_xlsx(path: Path, sheets: dict[str, list[list]], *, merged=None, hidden=()) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for area in (merged or {}).get(name, []):
            sheet.merge_cells(area)
        if name in hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def write_xls(path: Path, rows: list[list], merged=()) -> Path:
    import datetime as dt

    import xlwt

    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("订单")
    style = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
    covered = {(r, c) for top, bottom, left, right in merged for r in range(top, bottom + 1)
               for c in range(left, right + 1)}  # fmt: skip
    for top, bottom, left, right in merged:
        sheet.write_merge(top, bottom, left, right, rows[top][left])
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if (i, j) not in covered and cell is not None:
                sheet.write(i, j, cell, *((style,) if isinstance(cell, dt.datetime) else ()))
    book.save(str(path))
    return path


def write_ods(path: Path, rows: list[list[str]]) -> Path:
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(c)}</text:p></table:table-cell>'
            for c in row
        )
        + "</table:table-row>"
        for row in rows
    )
    spaces = " ".join(
        f'xmlns:{k}="urn:oasis:names:tc:opendocument:xmlns:{v}:1.0"'
        for k, v in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} office:version="1.2">'
        f'<office:body><office:spreadsheet><table:table table:name="订单">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="/" '
        'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


def as_html(rows: list[list[str]], *, charset: str = "gb2312") -> str:
    body = "".join(
        "<tr>" + "".join(f"<td style='mso-number-format:\\@'>{escape(c)}</td>" for c in row) + "</tr>"
        for row in rows
    )
    return (
        f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={charset}">'
        f"<style>td {{color: red}}</style></head><body><table><tr><td>导出</td></tr></table>"
        f"<table border=1>{body}</table></body></html>"
    )


def as_spreadsheet_xml(rows: list[list]) -> str:
    def cell(value) -> str:
        kind = "Number" if isinstance(value, (int, float)) else "String"
        return f'<Cell><Data ss:Type="{kind}">{escape(str(value))}</Data></Cell>'

    body = "".join(f"<Row>{''.join(map(cell, row))}</Row>" for row in rows)
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="订单"><Table>{body}</Table></Worksheet></Workbook>'
    )


def as_json(*, lines: bool) -> str:
    records = [dict(zip(HEADERS, row, strict=True)) for row in PLAIN]
    if lines:
        return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records)
    return json.dumps(records, ensure_ascii=False)


def show(frame) -> list[list[str]]:
    """Return the six columns as text, as a person would read them."""
    return [[show_cell(v) for v in row] for row in frame[COLUMNS].itertuples(index=False)]


def show_cell(value) -> str:
    if value is None or value != value:
        return ""
    if hasattr(value, "isoformat"):
        day, _, time = value.isoformat().partition("T")
        return f"{day} {time or '00:00:00'}"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
