"""Read any real-world table into a raw frame with the column names of a contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from crm_lib.errors import ReadError
from crm_lib.readwrite.columns import load_columns
from crm_lib.readwrite.contact import refuse_contact_ids
from crm_lib.readwrite.formats import Opener, describe_grids
from crm_lib.readwrite.grids import Body, Grid
from crm_lib.readwrite.header import HeaderPlace, check_header, find_header
from crm_lib.readwrite.parts import Part, list_parts
from crm_lib.readwrite.totals import find_totals_rows
from crm_lib.readwrite.typed import choose_name, hash_rows
from crm_lib.schema.match import HeaderMatch
from crm_lib.schema.reader import Table, load_schema

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class _Read:
    """What one part gave: its frame, and how it was read."""

    part: Part
    frame: pd.DataFrame
    match: HeaderMatch
    facts: dict[str, Any]
    notes: list[dict[str, Any]]


def read_table(
    source: Any,
    schema: str | Table,
    *,
    columns: Mapping[str, str] | str | PathLike | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
) -> pd.DataFrame:
    """Read a table from wherever it stands, and name its columns as the contract does.

    Parameters
    ----------
    source : path, pattern, list, address or frame
        A file (CSV, TSV, text, xlsx, xlsm, xlsb, xls, ods, Parquet, Feather, JSON,
        HTML or XML saved as .xls, DuckDB, SQLite; also packed as gz, bz2, xz, zip),
        a pattern such as ``orders_*.csv``, a list of files, ``FILE.xlsx#订单`` for
        one sheet (or table of a database), a database address
        (``postgresql+pg8000://…#orders``), ``env:NAME`` for a source that stands
        in an environment variable, or a pandas, Arrow or Polars table.
    schema : str or Table
        The contract, for example ``"orders"``.
    columns : mapping, str or path, optional
        Column -> header where the aliases do not suffice: a mapping, the inline
        form ``"customer_id=会员卡,order_id=单号"`` or a file written by `save_columns`.
    encoding : str, optional
        Encoding of text files; found by rule when not given.
    sheet : str, optional
        Sheet or table name, as after ``#``.
    header_row : int, optional
        Row of the header, counted from 1; 0 for a file without header, whose
        columns are then called ``column_1``, ``column_2``, ….

    Returns
    -------
    DataFrame
        One row per row of the source below the header, in the order of the source
        (several files: by file name), values as read: text files give text, with
        empty cells missing; workbooks and typed formats give their own types.
        Columns: those of the contract that were found (in its order), then all
        others under their header, then ``source_row`` (int64, the row number seen
        in the file) and, for several files, ``source_file``.
        ``attrs["source"]`` tells, ready for JSON: files with sha256 and bytes,
        encoding, separator, header_row, sheet, mapping, factors, units, chosen (the
        columns named by the user), notes.

    Raises
    ------
    ReadError
        No such file, not readable, or not readable in one certain way.
    SchemaError
        A needed column is missing or ambiguous, or the customer numbers of a file
        are phone numbers or e-mail addresses and `columns` did not name them.

    Notes
    -----
    No row is dropped: totals rows and blank rows are left, and noted, for
    `clean_table`, which accounts for each.  A factor (``金额(万元)``) is recorded,
    not applied.  What a file is, is decided by its content, not by its suffix.

    Examples
    --------
    >>> import pandas as pd
    >>> raw = pd.DataFrame({"会员号": ["007"], "购买日期": ["2024-01-02"], "实付金额": ["12.50"]})
    >>> read_table(raw, "orders").columns.tolist()
    ['customer_id', 'ordered_at', 'amount', 'source_row']
    """
    table = load_schema(schema)
    chosen = load_columns(columns) if columns is not None else {}
    parts = list_parts(source, sheet=sheet)
    opener = Opener(table, chosen, encoding, header_row)
    return _join([_read_part(part, opener) for part in parts], table)


def _read_part(part: Part, opener: Opener) -> _Read:
    table, chosen = opener.table, opener.columns
    grids, record = opener.open(part)
    grid, place, notes = choose_grid(grids, part, opener)
    where = f"{part.name}#{grid.name}" if grid.name and len(grids) > 1 else part.name
    check_header(where, grid, place, table, chosen)
    body = _load(grid, place)
    earlier = grid.info.get("attrs", {})
    if record["sha256"] is None and not earlier.get("files"):
        record["sha256"], record["bytes"] = hash_rows(body.frame)
    frame = _rename(body, place.match, table)
    facts = {
        "files": earlier.get("files") or [record],
        "encoding": grid.info.get("encoding"),
        "separator": grid.info.get("separator"),
        "header_row": None if grid.typed else place.row + place.n_rows,
        "sheet": grid.name,
        "mapping": dict(place.match.mapping),
        "factors": _factors(place.match, earlier),
        "units": dict(place.match.units),
        "chosen": sorted(c for c, h in chosen.items() if h),
    }
    if part.frame is None and "customer_id" not in chosen:
        refuse_contact_ids(where, frame, place.match.mapping)
    notes = [*grid.notes, *notes, *place.notes, *place.match.notes, *body.notes, *_note_rows(frame)]
    return _Read(part, frame, place.match, facts, notes)


def choose_grid(grids: list[Grid], part: Part, opener: Opener) -> tuple[Grid, HeaderPlace, list[dict]]:
    """Return the one table of a file that meets the contract, its header, and notes on the choice."""
    if not grids:
        raise ReadError(
            f"{part.name}: holds no table, all its sheets are empty. Check that it is the right file."
        )
    if part.inside is not None and any(g.name for g in grids):
        name = choose_name([g.name or "" for g in grids], part.inside, part.name, "sheet")
        grids = [g for g in grids if g.name == name]
    places = [find_header(g, opener.table, opener.columns, opener.header_row) for g in grids]
    pairs = list(zip(grids, places, strict=True))
    if len(pairs) == 1:
        return *pairs[0], []
    fitting = [(g, p) for g, p in pairs if p.fits]
    seen = [(g, p) for g, p in fitting if not g.hidden] or fitting
    if len(seen) > 1:
        shown = [g for g, _ in seen]
        raise ReadError(
            f"{part.name}: {len(shown)} tables could be meant: {describe_grids(shown, part.name)}. "
            f"Say which, for example {part.name}#{shown[0].name}."
        )
    grid, place = seen[0] if seen else max(pairs, key=lambda pair: pair[1].score)
    others = [g.name for g in grids if g is not grid]
    return (
        grid,
        place,
        [{"kind": "sheet_chosen", "sheet": grid.name, "hidden": grid.hidden, "others": others}],
    )


def _load(grid: Grid, place: HeaderPlace) -> Body:
    to_column = {h: c for c, h in place.match.mapping.items()}
    columns = [to_column.get(n) for n in place.names]
    body = grid.load(place.row + place.n_rows, place.names, columns)
    unnamed = [n for n in body.frame.columns if _is_unnamed(n, place) and body.frame[n].isna().all()]
    body.frame = body.frame.drop(columns=unnamed)
    return body


def _is_unnamed(name: str, place: HeaderPlace) -> bool:
    return name.startswith("column_") and name not in place.match.mapping.values() and place.row >= 0


def _rename(body: Body, match: HeaderMatch, table: Table) -> pd.DataFrame:
    """Name the columns of the contract, keep the others, and add the row numbers."""
    own = [c for c in body.own if c in body.frame.columns]
    frame = body.frame.drop(columns=[c for c in own if c == "source_row"])
    to_column = {h: c for c, h in match.mapping.items()}
    taken = {*match.mapping, "source_row", "source_file", *frame.columns}
    renamed = {}
    for name in frame.columns:
        new = to_column.get(name, name)
        if (
            name not in to_column
            and name not in own
            and name in {*match.mapping, "source_row", "source_file"}
        ):
            new = next(f"{name}_{n}" for n in range(2, len(taken) + 3) if f"{name}_{n}" not in taken)
        renamed[name] = new
    frame = frame.rename(columns=renamed)
    first = [c for c in table.names if c in match.mapping]
    rest = [c for c in frame.columns if c not in first and c != "source_file"]
    frame = frame[[*first, *rest, *(c for c in frame.columns if c == "source_file")]]
    frame.insert(len(first) + len(rest), "source_row", body.source_row)
    return frame.reset_index(drop=True)


def _factors(match: HeaderMatch, earlier: dict[str, Any]) -> dict[str, float]:
    """Keep the factors that change something, those of an earlier reading included."""
    return {**earlier.get("factors", {}), **{c: f for c, f in match.factors.items() if f != 1}}


def _note_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    totals = find_totals_rows(frame)
    if not totals.any():
        return []
    rows = frame.loc[totals, "source_row"].tolist()
    return [{"kind": "totals_rows", "n": len(rows), "rows": rows[:10]}]


def _join(read: list[_Read], table: Table) -> pd.DataFrame:
    import pandas as pd

    if len(read) == 1:
        frame = read[0].frame
        frame.attrs = {"source": {**read[0].facts, "notes": read[0].notes}}
        return frame
    _check_factors(read)
    names = [c for c in table.names if any(c in r.frame for r in read)]
    others = dict.fromkeys(c for r in read for c in r.frame.columns if c not in (*names, "source_row"))
    for r in read:
        r.frame["source_file"] = r.part.name
    frame = pd.concat([r.frame for r in read], ignore_index=True)
    frame = frame[[*names, *(o for o in others if o != "source_file"), "source_row", "source_file"]]
    notes = [{**n, "file": r.part.name} for r in read for n in r.notes]
    notes += _note_lacking(read, [*names, *others])
    facts = {k: _same([r.facts[k] for r in read]) for k in ("encoding", "separator", "header_row", "sheet")}
    mapping = {c: next(r.match.mapping[c] for r in read if c in r.match.mapping) for c in names if c in frame}
    files = [f for r in read for f in r.facts["files"]]
    frame.attrs = {
        "source": {
            "files": files,
            **facts,
            "mapping": mapping,
            "factors": read[0].facts["factors"],
            "units": read[0].facts["units"],
            "chosen": read[0].facts["chosen"],
            "notes": notes,
        }
    }
    return frame


def _check_factors(read: list[_Read]) -> None:
    first = read[0].facts["factors"]
    for r in read[1:]:
        if r.facts["factors"] != first:
            raise ReadError(
                f"read_table: {read[0].part.name} and {r.part.name} state different units "
                f"({first or 'none'} and {r.facts['factors'] or 'none'}). "
                "Bring them to one unit, or read them apart."
            )


def _same(values: list[Any]) -> Any:
    return values[0] if all(v == values[0] for v in values) else None


def _note_lacking(read: list[_Read], names: list[str]) -> list[dict[str, Any]]:
    notes = []
    for r in read:
        lacking = [n for n in names if n not in r.frame.columns and n != "source_file"]
        if lacking:
            notes.append({"kind": "columns_lacking", "file": r.part.name, "columns": lacking})
    return notes
