"""Read delimited text: the separator is found, every row keeps its place."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from crm_lib.errors import ReadError
from crm_lib.readwrite.grids import HEAD_ROWS, Body, Grid
from crm_lib.readwrite.totals import is_totals_word

SEPARATORS = (",", "\t", ";", "|", "，")
_WHITE = {"spaces": re.compile(r"\s{2,}"), "space": re.compile(r"\s+")}
_HEAD_CHARS = 200_000


def read_text_grids(text: str, *, where: str, rate: Callable[[list[list[str]]], Any]) -> list[Grid]:
    """Return the table in `text`; `rate` says how well head rows fit the contract."""
    if "\n" not in text and "\r" in text:
        text = text.replace("\r", "\n")
    text = text.rstrip("\r\n\x1a\0")
    given = re.match(r"sep=(.)\r?\n", text)
    separator = given.group(1) if given else find_separator(text, rate)
    head = [row for _, row in _limit(_read_records(text[:_HEAD_CHARS], separator, strict=False))]
    if given:
        head[0] = []

    def load(first: int, names: Sequence[str], columns: Sequence[str | None]) -> Body:
        return _load_body(text, separator, first, names, columns, where)

    return [Grid(head, load, info={"separator": separator})] if head else []


def find_separator(text: str, rate: Callable[[list[list[str]]], Any]) -> str:
    """Return the separator whose head fits the contract best, then the one that cuts rows most evenly."""
    sample = text[:_HEAD_CHARS]

    def merit(separator: str) -> tuple[Any, float, int]:
        rows = [row for _, row in _limit(_read_records(sample, separator, strict=False)) if len(row) > 1]
        widths = Counter(len(row) for row in rows)
        if not widths:
            return (rate([]), 0.0, 0)
        width, n = widths.most_common(1)[0]
        return (rate(rows), n / max(1, len(rows)), width)

    candidates = [s for s in SEPARATORS if s in sample] or [s for s in _WHITE if _WHITE[s].search(sample)]
    return max(candidates, key=merit, default=",")


def _limit(records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    return (record for _, record in zip(range(HEAD_ROWS), records, strict=False))


def _read_records(text: str, separator: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, cells) for every record, blank ones included."""
    if separator in _WHITE:
        cut = _WHITE[separator]
        yield from (
            (i, cut.split(s) if (s := line.strip()) else []) for i, line in enumerate(text.splitlines(), 1)
        )
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    line = 1
    try:
        for row in reader:
            yield line, row
            line = reader.line_num + 1
    except csv.Error:
        if strict:
            raise ReadError(f"line {line}: a quotation mark is opened there and never closed") from None


def _load_body(
    text: str, separator: str, first: int, names: Sequence[str], columns: Sequence[str | None], where: str
) -> Body:
    if separator not in _WHITE:
        body = _load_fast(text, separator, first, names)
        if body is not None:
            return body
    return _load_careful(text, separator, first, names, columns, where)


def _load_fast(text: str, separator: str, first: int, names: Sequence[str]) -> Body | None:
    """Read with Arrow; None when a row has not as many cells as the header."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    data = text[_find_offset(text, separator, first) :].encode("utf-8")
    if not data or len(separator.encode()) > 1:
        return None
    texts = pa.string() if len(data) < 2**30 else pa.large_string()
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(column_names=list(names), block_size=1 << 24),
            parse_options=arrow_csv.ParseOptions(
                delimiter=separator, newlines_in_values='"' in text, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, texts), null_values=[""], strings_can_be_null=True,
                check_utf8=False,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid:
        return None
    return Body(table.to_pandas(), np.arange(first + 1, first + 1 + table.num_rows, dtype="int64"))


def _find_offset(text: str, separator: str, first: int) -> int:
    """Return where record number `first` (0-based) begins in `text`."""
    at = 0

    def count() -> Iterator[str]:
        nonlocal at
        for line in io.StringIO(text[: 4 * _HEAD_CHARS], newline=""):
            at += len(line)
            yield line

    reader = csv.reader(count(), delimiter=separator)
    for _ in zip(range(first), reader, strict=False):
        pass
    return at


def _load_careful(
    text: str, separator: str, first: int, names: Sequence[str], columns: Sequence[str | None], where: str
) -> Body:
    """Read row by row: uneven rows are mended when that is safe, and named when it is not."""
    import numpy as np
    import pandas as pd

    width = len(names)
    needed = [i for i, c in enumerate(columns) if c in ("customer_id", "ordered_at", "amount", "quantity")]
    rows, short, long = [], [], []
    try:
        for number, (line, row) in enumerate(_read_records(text, separator, strict=True)):
            if number < first:
                continue
            if len(row) > width and not any(c.strip() for c in row[width:]):
                long.append(line)
                row = row[:width]
            elif len(row) < width and _may_pad(row, needed):
                if any(c.strip() for c in row):
                    short.append(line)
                row = row + [""] * (width - len(row))
            if len(row) != width:
                raise ReadError(_tell_ragged(row, width, separator, line))
            rows.append([c or None for c in row])
    except ReadError as error:
        raise ReadError(f"{where}: {error}. Mend that line, or export the file again.") from None
    frame = pd.DataFrame(rows, columns=list(names), dtype=object)
    notes: list[dict[str, Any]] = []
    if long:
        notes.append({"kind": "trailing_cells", "n": len(long), "lines": long[:10]})
    if short:
        notes.append({"kind": "short_rows", "n": len(short), "lines": short[:10]})
    return Body(frame, np.arange(first + 1, first + 1 + len(rows), dtype="int64"), notes)


def _may_pad(row: list[str], needed: list[int]) -> bool:
    """Say whether a short row is a footer, a totals row, or lacks only cells nothing depends on."""
    filled = [c for c in row if c.strip()]
    return len(filled) <= 1 or is_totals_word(filled[0]) or len(row) > max(needed, default=len(row))


def _tell_ragged(row: list[str], width: int, separator: str, line: int) -> str:
    mark = {"\t": "tab", "spaces": "blank", "space": "blank"}.get(separator, f"'{separator}'")
    why = (
        f"is there a {mark} inside a cell without quotation marks?"
        if len(row) > width
        else "is a cell missing?"
    )
    return f"line {line} has {len(row)} cells where the header has {width} ({why})"
