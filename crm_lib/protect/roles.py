"""Roles with least privilege: who may see, add and change which column (``roles.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice

if TYPE_CHECKING:
    import pandas as pd

# A word of roles.toml and what it allows.
RIGHTS: Mapping[str, frozenset[str]] = MappingProxyType({
    "none": frozenset(),
    "masked": frozenset({"mask"}),
    "read": frozenset({"read"}),
    "append": frozenset({"insert"}),
    "add": frozenset({"read", "insert"}),
    "write": frozenset({"read", "insert", "update"}),
})
DELETE = "delete"
# The column under which the right to delete rows of a table is listed.
WHOLE_ROW = "*"


@dataclass(frozen=True)
class Role:
    """One role: its title, its duty, which rows it sees, and its right per table and column."""

    name: str
    title: str
    duty: str
    rows: str
    rights: Mapping[str, Mapping[str, str]]
    deletes: frozenset[str]
    current_only: frozenset[str]

    def right(self, table: str, column: str) -> str:
        """Return the right to a column, ``none`` when nothing is said about it."""
        return self.rights.get(table, {}).get(column, "none")

    def writes(self, table: str) -> bool:
        """Tell whether the role may add, change or delete rows of `table`."""
        changing = {"insert", "update"}
        return table in self.deletes or any(RIGHTS[r] & changing for r in self.rights.get(table, {}).values())

    def reads(self, table: str) -> bool:
        """Tell whether the role sees anything of `table`."""
        seeing = {"read", "mask"}
        return any(RIGHTS[r] & seeing for r in self.rights.get(table, {}).values())


@dataclass(frozen=True)
class _Rules:
    columns: Mapping[str, tuple[str, ...]]
    sealed: Mapping[str, tuple[str, ...]]
    masks: Mapping[str, Mapping[str, str]]
    roles: Mapping[str, Role]


@cache
def _load() -> _Rules:
    raw = tomllib.loads((resources.files("crm_lib.protect") / "roles.toml").read_text("utf-8"))
    columns = {table: tuple(names.split()) for table, names in raw["columns"].items()}
    sealed = {table: tuple(names.split()) for table, names in raw["sealed"].items()}
    roles = {name: _read_role(name, body, columns) for name, body in raw["roles"].items()}
    return _Rules(
        MappingProxyType(columns),
        MappingProxyType(sealed),
        MappingProxyType(raw["masks"]),
        MappingProxyType(roles),
    )


def _read_role(name: str, body: Mapping[str, Any], columns: Mapping[str, tuple[str, ...]]) -> Role:
    require_choice(f"role {name!r}", "rows", body["rows"], ("all", "region"))
    tables = body["tables"]
    return Role(
        name,
        body["title"],
        body["duty"],
        body["rows"],
        MappingProxyType({t: MappingProxyType(_read_rights(name, t, w, columns)) for t, w in tables.items()}),
        frozenset(t for t, words in tables.items() if words.get(DELETE)),
        frozenset(t for t, words in tables.items() if words.get("versions") == "current"),
    )


def _read_rights(
    role: str, table: str, words: Mapping[str, Any], columns: Mapping[str, tuple[str, ...]]
) -> dict[str, str]:
    require_choice(f"role {role!r}", "table", table, tuple(columns))
    found: dict[str, str] = {}
    for right, names in words.items():
        if right in {DELETE, "versions"}:
            continue
        require_choice(f"role {role!r}, table {table!r}", "right", right, tuple(RIGHTS))
        for column in columns[table] if names == "*" else names.split():
            require_choice(f"role {role!r}, table {table!r}", "column", column, columns[table])
            found[column] = right
    return found


ROLES: Mapping[str, Role] = _load().roles


def list_rights(
    roles: Sequence[str] | None = None, *, columns: Mapping[str, Sequence[str]] | None = None
) -> pd.DataFrame:
    """List what every role may do.

    Parameters
    ----------
    roles : sequence of str, optional
        Names of roles; by default all of `ROLES`.
    columns : mapping, optional
        Table → columns of a database as it really is; by default the tables the rules know.  A column that
        the rules do not name is nobody's: its right is ``none``.

    Returns
    -------
    DataFrame
        One role × table × column a row: ``role``, ``table``, ``column``, ``right`` (none; masked: sees a
        mask; read; append: may add rows, not see them; add: sees, may add; write: sees, adds, changes).
        Column ``*`` of a table holds the right to delete its rows (``delete`` or ``none``).  In the order of
        the rules.

    Examples
    --------
    >>> rights = list_rights(["sales"]).set_index(["table", "column"])["right"]
    >>> rights["customers", "phone"], rights["customers", "email"], rights["customers", "identity_no"]
    ('read', 'masked', 'none')
    """
    import pandas as pd

    chosen = tuple(ROLES) if roles is None else tuple(roles)
    for name in chosen:
        require_choice("list_rights", "role", name, tuple(ROLES))
    tables = list_columns() if columns is None else {t: tuple(c) for t, c in columns.items()}
    found = [
        (name, table, column, ROLES[name].right(table, column))
        if column != WHOLE_ROW
        else (name, table, column, DELETE if table in ROLES[name].deletes else "none")
        for name in chosen
        for table, names in tables.items()
        for column in (*names, WHOLE_ROW)
    ]
    return pd.DataFrame(found, columns=["role", "table", "column", "right"], dtype="str")


def list_columns() -> dict[str, tuple[str, ...]]:
    """Return the tables the rules know, each with its columns as a user knows them."""
    return dict(_load().columns)


def list_sealed(table: str) -> tuple[str, ...]:
    """Return the columns of `table` that are kept sealed."""
    return _load().sealed.get(table, ())


def find_mask(table: str, column: str) -> str | None:
    """Return the SQL expression that masks an unsealed column, or None when it has none."""
    expression = _load().masks.get(table, {}).get(column)
    return expression.format(column=quote_name(column)) if expression else None


def quote_name(name: str) -> str:
    """Return `name` as SQL takes a name on both engines."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return `text` as SQL takes a text where a statement allows no parameter."""
    return "'" + text.replace("'", "''") + "'"
