"""Tell what a file is by its content, whatever its name says, and open its tables."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crm_lib._checks import list_words
from crm_lib.errors import ReadError
from crm_lib.readwrite import databases, typed
from crm_lib.readwrite.decoding import decode_text
from crm_lib.readwrite.delimited import read_text_grids
from crm_lib.readwrite.grids import Grid
from crm_lib.readwrite.header import find_header
from crm_lib.readwrite.markup import read_html_grids, read_spreadsheet_xml_grids
from crm_lib.readwrite.parts import Part
from crm_lib.readwrite.sheets import read_workbook_grids
from crm_lib.schema.reader import Table

_PACKED = {b"\x1f\x8b": gzip.decompress, b"BZh": bz2.decompress, b"\xfd7zXZ\x00": lzma.decompress}
_EXPECTED = {
    "workbook": (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".et", ".xlt", ".xltx"),
    "parquet": (".parquet", ".pq"),
    "feather": (".feather", ".arrow", ".ipc"),
    "html": (".htm", ".html"),
    "spreadsheet xml": (".xml",),
    "json": (".json", ".jsonl", ".ndjson"),
    "text": (".csv", ".tsv", ".txt", ".tab", ".dat", ".asc", ""),
}


class Opener:
    """Opens a part's tables; knows the contract, which settles doubtful encodings and separators."""

    def __init__(
        self, table: Table, columns: Mapping[str, str], encoding: str | None, header_row: int | None
    ):
        self.table, self.columns, self.encoding, self.header_row = table, columns, encoding, header_row

    def open(self, part: Part) -> tuple[list[Grid], dict[str, Any]]:
        """Return the tables of `part` and its record: name, sha256, bytes (None until rows are read)."""
        record: dict[str, Any] = {"name": part.name, "sha256": None, "bytes": None}
        if part.frame is not None:
            return typed.read_frame_grids(part.frame), record
        if part.url:
            return databases.read_url_grids(part.url, part.inside), record
        head = _read_bytes(part, 16)
        if head[8:12] == b"DUCK":
            return databases.read_duckdb_grids(part.path, part.inside, where=part.name), record
        if head.startswith(b"SQLite format 3"):
            return databases.read_sqlite_grids(part.path, part.inside, where=part.name), record
        data = _read_bytes(part)
        record |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        return self._open_bytes(data, part.name, Path(part.name).suffix.lower()), record

    def _open_bytes(self, data: bytes, where: str, suffix: str) -> list[Grid]:
        if not data.strip(b"\0 \t\r\n\xef\xbb\xbf"):
            raise ReadError(f"{where}: the file is empty ({len(data)} bytes). Export it again.")
        for magic, unpack in _PACKED.items():
            if data.startswith(magic):
                return self._open_bytes(
                    _unpack(data, unpack, where), where, Path(Path(where).stem).suffix.lower()
                )
        kind = "text"
        if data.startswith(b"PK\x03\x04") or data.startswith(b"PK\x05\x06"):
            names = _list_archive(data, where)
            if "[Content_Types].xml" not in names and "mimetype" not in names:
                return self._open_archive(data, where)
            kind = "workbook"
        elif data.startswith(b"\xd0\xcf\x11\xe0") or data[:2] in (b"\x09\x08", b"\x09\x04", b"\x09\x02"):
            kind = "workbook"
        elif data.startswith(b"PAR1"):
            kind = "parquet"
        elif data.startswith((b"ARROW1", b"FEA1")):
            kind = "feather"
        if kind == "workbook":
            grids = read_workbook_grids(data, where=where)
        elif kind != "text":
            grids = typed.read_arrow_grids(data, kind, where=where)
        else:
            grids, kind = self._open_text(data, where)
        return _note_suffix(grids, kind, suffix)

    def _open_text(self, data: bytes, where: str) -> tuple[list[Grid], str]:
        if b"\0" in data[:1024] and _looks_binary(data):
            raise ReadError(
                f"{where}: is not a table this library reads (its content is binary). "
                "Export it as CSV or xlsx."
            )
        text, encoding, notes = decode_text(data, where=where, encoding=self.encoding, fits=self._fits)
        start = text[:2000].lstrip("\ufeff \t\r\n")
        if (
            re.match(r"<\?xml|<Workbook", start)
            and "urn:schemas-microsoft-com:office:spreadsheet" in text[:5000]
        ):
            grids, kind = read_spreadsheet_xml_grids(text, where=where), "spreadsheet xml"
        elif re.match(r"<(!doctype\s+html|html|meta|head|body|table|style|div|\?xml)", start, re.IGNORECASE):
            grids, kind = read_html_grids(text), "html"
        elif start.startswith("{") or re.match(r"\[\s*\{", start):
            grids, kind = typed.read_json_grids(text, where=where), "json"
        else:
            grids, kind = read_text_grids(text, where=where, rate=self._rate), "text"
        for grid in grids:
            grid.info["encoding"] = encoding
            grid.notes += notes
        return grids, kind

    def _open_archive(self, data: bytes, where: str) -> list[Grid]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [
                m for m in archive.infolist()
                if not m.is_dir() and not m.filename.startswith("__MACOSX/") and m.file_size
            ]  # fmt: skip
            if not members:
                raise ReadError(f"{where}: the archive holds no file. Pack it again.")
            grids = []
            for member in members:
                try:
                    inner = archive.read(member)
                except (RuntimeError, *zip_faults()) as error:
                    raise ReadError(
                        f"{where}: {member.filename} cannot be unpacked ({error}). Unpack it first."
                    ) from None
                suffix = Path(member.filename).suffix.lower()
                for grid in self._open_bytes(
                    inner, f"{where}/{member.filename}" if len(members) > 1 else where, suffix
                ):
                    grid.name = grid.name or (member.filename if len(members) > 1 else None)
                    grids.append(grid)
        return grids

    def _rate(self, rows: list[list[str]]) -> tuple:
        """Say how well head rows fit the contract, for comparing separators."""
        place = find_header(Grid(rows, load=None), self.table, self.columns)
        return place.score[:2] if rows else (False, 0)

    def _fits(self, text: str) -> bool:
        grids = read_text_grids(text[:200_000], where="", rate=self._rate)
        return bool(grids) and find_header(grids[0], self.table, self.columns).fits


def zlib_error() -> type[Exception]:
    """Return the error of a damaged compressed stream."""
    import zlib

    return zlib.error


def zip_faults() -> tuple[type[Exception], ...]:
    """Return what zipfile raises on a damaged archive: bad offsets and sizes are plain errors of seek and struct."""
    import struct

    return (
        zipfile.BadZipFile,
        NotImplementedError,
        ValueError,
        EOFError,
        OSError,
        struct.error,
        zlib_error(),
    )


def _read_bytes(part: Part, n: int = -1) -> bytes:
    try:
        with part.path.open("rb") as file:
            return file.read(n)
    except OSError as error:
        raise ReadError(f"{part.name}: cannot be opened ({error.strerror}). Check its permissions.") from None


def _unpack(data: bytes, unpack: Any, where: str) -> bytes:
    try:
        return unpack(data)
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib_error()) as error:
        raise ReadError(f"{where}: the compressed file is damaged ({error}). Copy it again.") from None


def _list_archive(data: bytes, where: str) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except zip_faults() as error:
        raise ReadError(f"{where}: the file is damaged ({error}). Export or copy it again.") from None


def _looks_binary(data: bytes) -> bool:
    """Say whether the zero bytes are those of no text: a few strays in text are damage that can be left out."""
    from crm_lib.readwrite.decoding import has_known_width

    head = data[:4096]
    control = sum(head.count(c) for c in range(1, 9)) + sum(head.count(c) for c in range(14, 32))
    return not has_known_width(data) and (control > 0 or head.count(0) > 0.02 * len(head) + 5)


def _note_suffix(grids: list[Grid], kind: str, suffix: str) -> list[Grid]:
    expected = _EXPECTED.get(kind, ())
    known = [s for group in _EXPECTED.values() for s in group]
    if suffix in known and suffix not in expected:
        for grid in grids:
            grid.notes.append({"kind": "suffix_differs", "suffix": suffix, "format": kind})
    return grids


def describe_grids(grids: list[Grid], where: str) -> str:
    """Name the tables of a file for a message, each as it can be called."""
    shown = [f"{where}#{g.name}{' (hidden)' if g.hidden else ''}" for g in grids]
    return list_words(shown)
