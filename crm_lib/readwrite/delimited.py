"""Read delimited text: the separator is found, every row keeps its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from crm_lib.errors import ReadError
from crm_lib.readwrite.grids import HEAD_ROWS, Body, Grid
from crm_lib.readwrite.records import WHITE, Mender, Record, cut_lines, read_records, survey_records

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = (",", "\t", ";", "|", "，")
_HEAD_CHARS = 200_000
# More uneven rows than this are a layout of their own, read row by row.
_MOST_UNEVEN = 1000


def read_text_grids(text: str, *, where: str, rate: Callable[[list[list[str]]], Any]) -> list[Grid]:
    """Return the table in `text`; `rate` says how well head rows fit the contract."""
    if "\n" not in text and "\r" in text:
        text = text.replace("\r", "\n")
    text = text.rstrip("\r\n\x1a\0")
    lines = cut_lines(text[:_HEAD_CHARS])
    given = re.match(r"sep=(.)\r?\n", text)
    separator = given.group(1) if given else find_separator(lines, rate)
    head = [record.cells for record in _limit(read_records(lines, separator))]
    if given:
        head[0] = []

    def load(first: int, names: Sequence[str], columns: Sequence[str | None]) -> Body:
        needed = [
            i for i, c in enumerate(columns) if c in ("customer_id", "ordered_at", "amount", "quantity")
        ]
        mender = Mender(len(names), needed, separator)
        offset = _find_offset(lines, separator, first, len(text))
        line = 1 + len(cut_lines(text[:offset]))
        body = _load_fast(text[offset:], first, line, names, mender) if separator not in WHITE else None
        if body is None:
            mender = Mender(len(names), needed, separator)
            body = _load_careful(text, first, names, mender, where)
        return body

    return [Grid(head, load, info={"separator": separator})] if head else []


def find_separator(lines: Sequence[str], rate: Callable[[list[list[str]]], Any]) -> str:
    """Return the separator whose head fits the contract best, then the one that cuts rows most evenly."""

    def merit(separator: str) -> tuple[Any, float, int]:
        rows = [r.cells for r in _limit(read_records(lines, separator)) if len(r.cells) > 1]
        widths = Counter(len(row) for row in rows)
        if not widths:
            return (rate([]), 0.0, 0)
        width, n = widths.most_common(1)[0]
        return (rate(rows), n / len(rows), width)

    sample = "".join(lines)
    candidates = [s for s in SEPARATORS if s in sample] or [s for s in WHITE if WHITE[s].search(sample)]
    return max(candidates, key=merit, default=",")


def _limit(records: Iterable[Record]) -> Iterable[Record]:
    return (record for _, record in zip(range(HEAD_ROWS), records, strict=False))


def _find_offset(lines: Sequence[str], separator: str, first: int, end: int) -> int:
    """Return where record number `first` (0-based) begins in the text."""
    for number, record in enumerate(read_records(lines, separator)):
        if number == first:
            return sum(map(len, lines[: record.line - 1]))
    return end


def _load_fast(text: str, first: int, line: int, names: Sequence[str], mender: Mender) -> Body | None:
    """Read with Arrow the text that begins at `line`; None when it must be read row by row."""
    import numpy as np
    import pyarrow as pa

    quotes = '"' in text
    n_rows, uneven = text.count("\n") + 1, []
    if quotes:
        n_rows, uneven = survey_records(cut_lines(text), mender, line, most=_MOST_UNEVEN)
    if not text or not n_rows or len(mender.separator.encode()) > 1:
        return None

    def skip(row: Any) -> str:
        if not quotes:
            uneven.append((row.number, Record(line + row.number - 1, row.text.split(mender.separator))))
        return "skip" if len(uneven) <= _MOST_UNEVEN else "error"

    data = pa.py_buffer(text.encode("utf-8"))
    try:
        try:
            frame = _parse(data, names, mender.separator, quotes, skip if uneven else None)
        except pa.ArrowInvalid:
            frame = _parse(data, names, mender.separator, quotes, skip)
        frame = _put_back(frame, uneven, mender) if uneven else frame
    except (pa.ArrowInvalid, ReadError):
        return None
    if len(frame) != n_rows:
        return None
    return Body(frame, np.arange(first + 1, first + 1 + len(frame), dtype="int64"), mender.notes())


def _parse(
    data: Any, names: Sequence[str], separator: str, quotes: bool, handler: Callable | None
) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    texts = pa.string() if data.size < 2**30 else pa.large_string()
    table = arrow_csv.read_csv(
        pa.BufferReader(data),
        read_options=arrow_csv.ReadOptions(
            column_names=list(names), block_size=1 << 24, use_threads=handler is None
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=separator,
            quote_char='"' if quotes else False,
            newlines_in_values=quotes,
            ignore_empty_lines=False,
            invalid_row_handler=handler,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, texts), null_values=[""], strings_can_be_null=True
        ),
    )
    return table.to_pandas()


def _put_back(frame: pd.DataFrame, uneven: Sequence[tuple[int, Record]], mender: Mender) -> pd.DataFrame:
    """Set the mended records where they stood, given each with its place counted from 1."""
    import numpy as np
    import pandas as pd

    cells = [[c or None for c in mender.mend(record)] for _, record in uneven]
    rows = pd.DataFrame(cells, columns=frame.columns, dtype=object).astype(frame.dtypes.to_dict())
    at = np.array([place - 1 for place, _ in uneven])
    rest = np.setdiff1d(np.arange(len(frame) + len(uneven)), at, assume_unique=True)
    both = pd.concat([frame, rows], ignore_index=True)
    return both.iloc[np.argsort(np.concatenate([rest, at]), kind="stable")].reset_index(drop=True)


def _load_careful(text: str, first: int, names: Sequence[str], mender: Mender, where: str) -> Body:
    """Read row by row: uneven rows are mended when that is safe, and named when it is not."""
    import numpy as np
    import pandas as pd

    rows = []
    try:
        for number, record in enumerate(read_records(cut_lines(text), mender.separator, mender.width)):
            if number >= first:
                rows.append([c or None for c in mender.mend(record)])
    except ReadError as error:
        raise ReadError(f"{where}: {error}. Mend that line, or export the file again.") from None
    frame = pd.DataFrame(rows, columns=list(names), dtype=object)
    return Body(frame, np.arange(first + 1, first + 1 + len(rows), dtype="int64"), mender.notes())
