"""A file for one role: what it may see of a DuckDB database, with masks, read-only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice
from crm_lib.errors import ProtectError
from crm_lib.protect.files import PART
from crm_lib.protect.relations import Relation, list_relations, write_select
from crm_lib.protect.roles import ROLES, Role, list_sealed, quote_name

if TYPE_CHECKING:
    import pandas as pd

ABOUT = (
    "This file holds what one role may see, with masks, and no sealed cell. It is a copy: it protects nothing in "
    "the database it was made from. Whoever can read that file reads all of it but the sealed cells."
)


def publish_masked_copy(
    store: Any, path: str | Path, *, role: str, regions: Sequence[str] = ()
) -> pd.DataFrame:
    """Write a read-only DuckDB file with what a role may see, masked columns as masks.

    Parameters
    ----------
    store
        An open store; only `.dialect` and `.query` are used.
    path : str or Path
        The file, replaced when it exists; only its owner can read it, nobody write it.
    role : str
        A key of `ROLES`.
    regions : sequence of str
        For a role that sees the customers of its regions only: these provinces.

    Returns
    -------
    DataFrame
        One table of the copy a row: ``table``, ``n_rows``, ``columns`` (their names, joined by blanks).

    Raises
    ------
    ProtectError
        Regions that do not fit the role, or a path that is the database itself.

    Notes
    -----
    DuckDB knows no users: whoever can read a file reads all of it.  So the copy is the protection, and it is
    no more than this: columns that a role sees as masks hold the mask under their own name, and sealed cells
    are left out even where the role may see them in the database, since a file travels.  The table ``about``
    says so in the file itself.
    """
    require_choice("publish_masked_copy", "role", role, tuple(ROLES))
    chosen, target = ROLES[role], Path(path)
    if (chosen.rows == "region") != bool(regions):
        raise ProtectError(
            f"publish_masked_copy: role {role!r} sees {'its regions' if chosen.rows == 'region' else 'all regions'}; "
            f"got regions={list(regions)}. Give regions= for a role that sees its regions only."
        )
    _refuse_own_file(store, target)
    frames = {r.name: _read_masked(store, chosen, r, regions) for r in list_relations(store).values()}
    shown = {name: frame for name, frame in frames.items() if frame is not None}
    aside = target.with_name(f".{target.name}.{os.getpid()}{PART}")
    try:
        _write_tables(aside, shown, role=role, regions=regions)
        aside.chmod(0o400)
        os.replace(aside, target)
    finally:
        aside.unlink(missing_ok=True)
    return _report(shown)


def _refuse_own_file(store: Any, target: Path) -> None:
    if store.dialect != "duckdb":
        return
    opened = store.query("SELECT path FROM duckdb_databases() WHERE database_name = current_database()")
    own = opened["path"].iloc[0] if len(opened) else None
    if own and Path(own).resolve() == target.resolve():
        raise ProtectError(
            f"publish_masked_copy: {target.name!r} must not be the database itself; it is. Choose another file."
        )


def _read_masked(store: Any, role: Role, relation: Relation, regions: Sequence[str]) -> pd.DataFrame | None:
    if not role.reads(relation.name):
        return None
    condition, values = "", ()
    if role.rows == "region" and "customer_no" in relation.columns:
        places = ", ".join("?" for _ in regions)
        condition = f"province IN ({places})"
        if relation.name != "customers":
            condition = (
                f"customer_no IN (SELECT customer_no FROM customers WHERE valid_to IS NULL AND {condition})"
            )
        values = tuple(regions)
    query = write_select(role, relation, source=quote_name(relation.name), condition=condition)
    frame = store.query(query, values)
    sealed = [c for c in list_sealed(relation.name) if role.right(relation.name, c) != "none"]
    gone = [n for c in sealed for n in (c, f"{c}_index") if n in frame.columns]
    frame = frame.drop(columns=gone).rename(columns={f"{c}_mask": c for c in sealed})
    order = [c for c in relation.known if c in frame.columns]
    return frame[order].sort_values(order, kind="stable", key=lambda v: v.astype(str), ignore_index=True)


def _write_tables(path: Path, frames: dict[str, pd.DataFrame], *, role: str, regions: Sequence[str]) -> None:
    import duckdb

    path.unlink(missing_ok=True)
    link = duckdb.connect(str(path))
    try:
        link.execute("CREATE TABLE about (name VARCHAR, value VARCHAR)")
        about = {"role": role, "regions": " ".join(regions), "what": ABOUT}
        link.executemany("INSERT INTO about VALUES (?, ?)", list(about.items()))
        for name, frame in frames.items():
            link.register("frame_of_copy", frame)
            link.execute(f"CREATE TABLE {quote_name(name)} AS SELECT * FROM frame_of_copy")
            link.unregister("frame_of_copy")
        link.execute("CHECKPOINT")
    finally:
        link.close()


def _report(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    found = [(name, len(frame), " ".join(frame.columns)) for name, frame in frames.items()]
    out = pd.DataFrame(found, columns=["table", "n_rows", "columns"])
    return out.astype({"table": "str", "n_rows": "int64", "columns": "str"})
