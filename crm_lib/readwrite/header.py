"""Find the header row of a table: the row, or pair of rows, that fits the contract best."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm_lib._checks import list_words
from crm_lib.errors import ReadError, SchemaError
from crm_lib.readwrite.grids import Grid, cell_text, is_blank
from crm_lib.schema.match import HeaderMatch, match_headers
from crm_lib.schema.names import find_unit_note, fold_name, name_headers
from crm_lib.schema.reader import Table

_DATA_LIKE = re.compile(r"[-+(¥￥$€£]*\d[\d,.\s]*%?\)?|\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}.*")


@dataclass
class HeaderPlace:
    """Where the header stands: `row` (0-based, -1 for none), over `n_rows` rows, and its `texts`."""

    row: int
    n_rows: int
    texts: list[str]
    match: HeaderMatch
    notes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The headers, each with a name of its own."""
        return name_headers(self.texts)

    @property
    def fits(self) -> bool:
        """Whether every need of the contract is met, if only by an ambiguous header."""
        return not self.match.missing

    @property
    def score(self) -> tuple[bool, int, int, int]:
        """Order of preference: needs met, columns found, one row before two, the topmost."""
        found = len(self.match.mapping) + len(self.match.ambiguous)
        return (self.fits and found > 0, found, -self.n_rows, -self.row)


def find_header(
    grid: Grid, table: Table, columns: Mapping[str, str], header_row: int | None = None
) -> HeaderPlace:
    """Return the place in `grid` whose cells fit the contract best.

    `header_row` (1-based; 0 for a table without header) settles it.
    """
    if grid.typed:
        return _place(grid.head, 0, 1, table, columns)
    if header_row is not None:
        return _given_place(grid, header_row, table, columns)
    places = [_place(grid.head, i, 1, table, columns) for i in range(len(grid.head))]
    best = max(places, key=lambda p: p.score, default=None)
    if best is None:
        return HeaderPlace(-1, 1, [], match_headers([], table, strict=False))
    pairs = [
        _place(grid.head, i, 2, table, columns)
        for i in range(max(best.row - 1, 0), min(best.row + 1, len(grid.head) - 1))
        if _may_stack(grid.head[i], grid.head[i + 1])
    ]
    best = max([best, *pairs], key=lambda p: p.score)
    if not best.score[1]:
        best = _place(grid.head, _likely_header(grid.head), 1, table, columns)
    _note_above(grid, best, table)
    return best


def check_header(
    where: str, grid: Grid, place: HeaderPlace, table: Table, columns: Mapping[str, str]
) -> None:
    """Raise `SchemaError` when the header does not meet the contract, saying why."""
    rows = [r for r in grid.head if not all(map(is_blank, r))]
    if not grid.typed and not place.match.mapping and not place.match.ambiguous and rows:
        first = [cell_text(c) for c in rows[0]]
        if _looks_like_data(rows[0]) and len(first) > 1:
            names = ",".join(f"{need[0][0]}=column_{i + 1}" for i, need in enumerate(table.needs))
            raise SchemaError(
                f"{where}: has no header row that names a column of {table.name!r}; its first row is "
                f"{list_words(map(repr, first))}. Put a header above it, or read it with header_row=0 "
                f'and columns="{names}", with the numbers that apply.'
            )
    match_headers(place.texts, table, columns=columns, where=where)


def _given_place(grid: Grid, header_row: int, table: Table, columns: Mapping[str, str]) -> HeaderPlace:
    if header_row < 0 or header_row > len(grid.head):
        raise ReadError(
            f"header_row={header_row} is not among the first {len(grid.head)} rows. "
            "Count the rows from 1; 0 means that there is no header."
        )
    if header_row == 0:
        width = max((len(r) for r in grid.head), default=0)
        return _judge([""] * width, -1, 1, table, columns)
    place = _place(grid.head, header_row - 1, 1, table, columns)
    _note_above(grid, place, table)
    return place


def _place(
    head: list[list[Any]], row: int, n_rows: int, table: Table, columns: Mapping[str, str]
) -> HeaderPlace:
    lower = [cell_text(c) for c in head[row + n_rows - 1]]
    texts = _stack([cell_text(c) for c in head[row]], lower) if n_rows == 2 else lower
    place = _judge(texts, row, n_rows, table, columns)
    repeated = sorted({t for t in texts if t and texts.count(t) > 1}, key=texts.index)
    if n_rows == 2:
        place.notes.append({"kind": "two_header_rows", "rows": [row + 1, row + 2]})
    if repeated:
        place.notes.append({"kind": "repeated_headers", "headers": repeated})
    return place


def _judge(texts: list[str], row: int, n_rows: int, table: Table, columns: Mapping[str, str]) -> HeaderPlace:
    folded = {fold_name(n) for n in name_headers(texts)}
    known = {c: h for c, h in columns.items() if c in table.names and (not h or fold_name(h) in folded)}
    return HeaderPlace(
        row, n_rows, texts, match_headers(texts, table, columns=known, strict=False, where="read_table")
    )


def _stack(upper: list[str], lower: list[str]) -> list[str]:
    """Join a group header with the header below it; the group is named only where it must be."""
    width = max(len(upper), len(lower))
    upper, lower = upper + [""] * (width - len(upper)), lower + [""] * (width - len(lower))
    group, groups = "", []
    for up in upper:
        group = up or group
        groups.append(group)
    doubled = {t for t in lower if t and lower.count(t) > 1}
    return [
        f"{g} {low}".strip() if low in doubled else low or up
        for g, up, low in zip(groups, upper, lower, strict=True)
    ]


def _may_stack(upper: Sequence[Any], lower: Sequence[Any]) -> bool:
    return sum(not is_blank(c) for c in upper) > 1 and not _looks_like_data(lower)


def _looks_like_data(row: Sequence[Any]) -> bool:
    """Say whether a row holds values rather than names: at least one number or date among its cells."""
    cells = [c for c in row if not is_blank(c)]
    return any(not isinstance(c, str) or _DATA_LIKE.fullmatch(c.strip()) for c in cells)


def _likely_header(head: list[list[Any]]) -> int:
    """Return the first row as wide as the table, for an error that shows its headers."""
    filled = [sum(not is_blank(c) for c in r) for r in head]
    widest = max(filled, default=0)
    return next((i for i, n in enumerate(filled) if n >= max(1, 0.8 * widest)), 0)


def _note_above(grid: Grid, place: HeaderPlace, table: Table) -> None:
    above = [r for r in grid.head[: max(place.row, 0)] if not all(map(is_blank, r))]
    if not above:
        return
    lines = [" ".join(dict.fromkeys(cell_text(c) for c in r if not is_blank(c)))[:80] for r in above]
    place.notes.append({"kind": "title_rows", "n": len(above), "text": lines[:5]})
    unit = find_unit_note([c for r in above for c in r])
    if unit is None:
        return
    money = [c for c in place.match.mapping if table.column(c).type == "money" and c not in place.match.units]
    for column in money:
        place.match.factors[column], place.match.units[column] = unit.factor, unit.text
    place.notes.append({
        "kind": "unit_line",
        "unit": unit.text,
        "factor": unit.factor,
        "foreign": unit.foreign,
        "columns": money,
    })
