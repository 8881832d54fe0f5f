"""Cut text into records: no row is lost to a quotation mark or to a missing cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crm_lib.errors import ReadError
from crm_lib.readwrite.totals import is_totals_word

WHITE = {"spaces": re.compile(r"\s{2,}"), "space": re.compile(r"\s+")}

# the module's own 131,072 letters cut a long remark off in the middle
_LONGEST_CELL = 2**31 - 1


class Record(NamedTuple):
    """One record: the line it begins on (1-based), its cells, and whether its quotation marks are stray."""

    line: int
    cells: list[str]
    stray: bool = False


def cut_lines(text: str) -> list[str]:
    """Return the lines of `text` with their ends; only carriage return and line feed end a line."""
    return list(io.StringIO(text, newline=""))


def read_records(lines: Sequence[str], separator: str, width: int = 0) -> Iterator[Record]:
    """Yield every record, blank ones included.

    A cell such as ``"5 inch`` whose quotation mark is never closed, or closed in
    a later row, would swallow the rows between: its line is then read with the
    marks taken literally.
    """
    if separator in WHITE:
        cut = WHITE[separator]
        for number, line in enumerate(lines, 1):
            yield Record(number, cut.split(line.strip()) if line.strip() else [])
        return
    at = 0
    while at < len(lines):
        start, begin = at, at
        reader = _cut_strictly((lines[i] for i in range(start, len(lines))), separator)
        try:
            for cells in reader:
                end = start + reader.line_num
                if end - begin > 1 and _are_rows(lines[begin:end], separator, width):
                    raise csv.Error("rows swallowed")
                yield Record(begin + 1, cells)
                begin = end
            return
        except csv.Error:
            yield Record(begin + 1, _cut_literally(lines[begin], separator), stray=True)
            at = begin + 1


def survey_records(
    lines: Sequence[str], mender: Mender, line: int, *, most: int
) -> tuple[int, list[tuple[int, Record]]]:
    """Count the records, and return those not as wide as the header with their place from 1.

    The count is 0 when a quotation mark is stray or more than `most` records are
    uneven: such text must be read row by row.  Blank lines are even: Arrow reads
    them as rows without values.  `line` is the number of the first line.
    """
    uneven: list[tuple[int, Record]] = []
    place, begin, width = 0, 0, mender.width
    reader = _cut_strictly(iter(lines), mender.separator)
    try:
        for place, cells in enumerate(reader, 1):
            end = reader.line_num
            if len(cells) != width and cells:
                uneven.append((place, Record(line + begin, cells)))
            if end - begin > 1 and _are_rows(lines[begin:end], mender.separator, width):
                return 0, []
            if len(uneven) > most:
                return 0, []
            begin = end
    except csv.Error:
        return 0, []
    return place, uneven


def _cut_strictly(lines: Iterator[str], separator: str) -> Any:
    """Return a reader of records without a bound on the length of a cell."""
    csv.field_size_limit(_LONGEST_CELL)
    return csv.reader(lines, delimiter=separator, strict=True)


def _are_rows(lines: Sequence[str], separator: str, width: int) -> bool:
    """Say whether each line of a record has by itself as many cells as a row."""
    return width > 1 and all(line.count(separator) == width - 1 for line in lines)


def _cut_literally(line: str, separator: str) -> list[str]:
    cells = line.rstrip("\r\n").split(separator)
    return [c[1:-1].replace('""', '"') if len(c) > 1 and c[0] == c[-1] == '"' else c for c in cells]


@dataclass
class Mender:
    """Brings uneven records to the width of the header where that is safe, and remembers which.

    A longer record is cut when only empty cells stand behind the header.  A
    shorter one is filled up when it is a footer or totals line, or when the
    cells it lacks are not among those that the contract needs.
    """

    width: int
    needed: Sequence[int]
    separator: str
    long: list[int] = field(default_factory=list)
    short: list[int] = field(default_factory=list)
    stray: list[int] = field(default_factory=list)

    def mend(self, record: Record) -> list[str]:
        """Return the cells of `record`, exactly `width` of them, or raise `ReadError`."""
        line, cells, stray = record
        if stray:
            self.stray.append(line)
        if len(cells) > self.width and not any(c.strip() for c in cells[self.width :]):
            self.long.append(line)
            return cells[: self.width]
        if len(cells) < self.width and self._may_fill(cells):
            if any(c.strip() for c in cells):
                self.short.append(line)
            return cells + [""] * (self.width - len(cells))
        if len(cells) != self.width:
            raise ReadError(self._tell_uneven(record))
        return cells

    def notes(self) -> list[dict[str, Any]]:
        """Return a note for each kind of mending that happened."""
        kinds = (("trailing_cells", self.long), ("short_rows", self.short), ("stray_quotes", self.stray))
        return [{"kind": k, "n": len(lines), "lines": lines[:10]} for k, lines in kinds if lines]

    def _may_fill(self, cells: list[str]) -> bool:
        filled = [c for c in cells if c.strip()]
        return (
            len(filled) <= 1 or is_totals_word(filled[0]) or len(cells) > max(self.needed, default=self.width)
        )

    def _tell_uneven(self, record: Record) -> str:
        said = f"line {record.line} has {len(record.cells)} cells where the header has {self.width}"
        if record.stray:
            return f"{said} (is a quotation mark opened there that is never closed?)"
        if len(record.cells) < self.width:
            return f"{said} (is a cell missing?)"
        mark = {"\t": "tab", "spaces": "blank", "space": "blank"}.get(self.separator, f"'{self.separator}'")
        return f"{said} (is there a {mark} inside a cell without quotation marks?)"
