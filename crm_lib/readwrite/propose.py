"""Propose a column mapping for a file, for a person to check."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

from crm_lib.readwrite.columns import load_columns
from crm_lib.readwrite.formats import Opener
from crm_lib.readwrite.parts import list_parts
from crm_lib.readwrite.table import choose_grid
from crm_lib.schema.match import match_headers
from crm_lib.schema.reader import Table, load_schema
from crm_lib.schema.resolve import rank_headers


def propose_columns(
    source: Any,
    schema: str | Table,
    *,
    columns: Mapping[str, str] | str | PathLike | None = None,
    encoding: str | None = None,
) -> dict[str, str]:
    """Propose which header of a source stands for which column.

    Parameters
    ----------
    source : path, pattern, list, address or frame
        As in `read_table`; of several files the first is looked at.
    schema : str or Table
        The contract, for example ``"orders"``.
    columns : mapping, str or path, optional
        What is settled already, as in `read_table`.
    encoding : str, optional
        Encoding of a text file.

    Returns
    -------
    dict
        Column -> header: every column found, and each needed column for which no
        certain header was found with the likeliest header, for the user to check.

    Notes
    -----
    A proposal, not a reading: `read_table` never guesses a needed column; this
    function does, because a person looks at its result.
    """
    table = load_schema(schema)
    chosen = load_columns(columns) if columns is not None else {}
    part = list_parts(source)[0]
    opener = Opener(table, chosen, encoding, None)
    grids, _ = opener.open(part)
    _, place, _ = choose_grid(grids, part, opener)
    match = match_headers(place.texts, table, columns=chosen, strict=False, where=part.name)
    found = {**match.mapping, **{c: headers[0] for c, headers in match.ambiguous.items()}}
    for need in match.missing:
        for name in (c for c in need[0] if c not in found):
            free = [h for h in place.names if h not in found.values()]
            found[name] = next(iter(rank_headers(table.column(name), free)), "")
    return {c: found[c] for c in table.names if c in found}
