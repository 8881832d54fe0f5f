"""The tables of the customer database: read from ``tables.toml``, worded as DDL for both engines."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from crm_lib._checks import require_choice

if TYPE_CHECKING:
    import pandas as pd

# What a sealed column is masked as; those that are not here have neither mask nor fingerprint.
MASKED = ("phone", "email", "address", "identity_no")
TYPES = {
    "duckdb": {
        "text": "VARCHAR",
        "time": "TIMESTAMP",
        "day": "DATE",
        "int": "BIGINT",
        "number": "DOUBLE",
        "money": "DECIMAL(18, 4)",
        "flag": "BOOLEAN",
        "bytes": "BLOB",
    },
    "postgresql": {
        "text": "TEXT",
        "time": "TIMESTAMP(0)",
        "day": "DATE",
        "int": "BIGINT",
        "number": "DOUBLE PRECISION",
        "money": "NUMERIC(18, 4)",
        "flag": "BOOLEAN",
        "bytes": "BYTEA",
    },
}
# Everybody's list of current customers; a view, so it can never be behind.
ROSTER = """
CREATE VIEW roster AS
SELECT c.customer_no, c.name, c.province, c.city, c.channel, c.registered_on, g.grade AS grade_value,
       coalesce(t.n_orders, 0) AS n_orders, coalesce(t.revenue, 0) AS revenue
FROM customers c
LEFT JOIN (
    SELECT customer_no, count(DISTINCT CASE WHEN amount >= 0 THEN order_id END) AS n_orders,
           CAST(sum(amount) AS DECIMAL(18, 4)) AS revenue
    FROM transactions GROUP BY customer_no
) t ON t.customer_no = c.customer_no
LEFT JOIN grades g ON g.customer_no = c.customer_no AND g.kind = 'value' AND g.valid_to IS NULL
WHERE c.valid_to IS NULL
"""
ROSTER_TITLES = {"grade_value": "价值等级", "n_orders": "订单数", "revenue": "消费金额"}
# At most one current version each; DuckDB has no index over part of a table, there `verify_store` looks.
ONE_CURRENT = (
    "CREATE UNIQUE INDEX customers_current ON customers (customer_no) WHERE valid_to IS NULL",
    "CREATE UNIQUE INDEX grades_current ON grades (customer_no, kind) WHERE valid_to IS NULL",
)
INDEXES = (
    "CREATE INDEX customers_phone ON customers (phone_index)",
    "CREATE INDEX transactions_customer ON transactions (customer_no)",
)


@dataclass(frozen=True)
class Field:
    """One column: `type` is a key of `TYPES`; a sealed one is kept as bytes."""

    name: str
    type: str
    title: str
    nullable: bool = False
    sealed: bool = False

    @property
    def masked(self) -> bool:
        """Tell whether a mask and a fingerprint stand beside the sealed value."""
        return self.sealed and self.name in MASKED

    @property
    def stored(self) -> tuple[tuple[str, str, bool], ...]:
        """Return the columns that really stand in the table: name, type, nullable."""
        if not self.sealed:
            return ((self.name, self.type, self.nullable),)
        beside = tuple((f"{self.name}_{part}", "text", True) for part in ("index", "mask"))
        return ((self.name, "bytes", self.nullable), *(beside if self.masked else ()))


@dataclass(frozen=True)
class StoreTable:
    """One table: its title, what a row is, its key, its columns; `owner` binds sealed cells to their row."""

    name: str
    title: str
    grain: str
    key: tuple[str, ...]
    owner: tuple[str, ...]
    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names as a user knows them."""
        return tuple(f.name for f in self.fields)

    @property
    def stored(self) -> tuple[tuple[str, str, bool], ...]:
        """Return the columns that really stand in the table: name, type, nullable."""
        return tuple(c for f in self.fields for c in f.stored)

    @property
    def sealed(self) -> tuple[Field, ...]:
        """The columns that are kept sealed."""
        return tuple(f for f in self.fields if f.sealed)

    def field(self, name: str) -> Field:
        """Return the column called `name`."""
        require_choice(f"table {self.name!r}", "column", name, self.names)
        return next(f for f in self.fields if f.name == name)


@cache
def _load() -> tuple[int, dict[str, StoreTable]]:
    raw = tomllib.loads((resources.files("crm_lib.store") / "tables.toml").read_text("utf-8"))
    version = raw.pop("version")
    return version, {name: _table(name, body) for name, body in raw.items()}


def _table(name: str, body: dict) -> StoreTable:
    fields = tuple(
        Field(column, type_, title, "null" in words, "sealed" in words)
        for column, (type_, title, *words) in body["columns"].items()
    )
    owner = tuple(body.get("owner", ("customer_no",)))
    return StoreTable(name, body["title"], body["grain"], tuple(body.get("key", ())), owner, fields)


def schema_version() -> int:
    """Return the version of the tables that this library makes and understands."""
    return _load()[0]


def list_tables() -> tuple[str, ...]:
    """Return the names of the tables of the customer database, in the order they are made."""
    return tuple(_load()[1])


def load_table(name: str) -> StoreTable:
    """Return the definition of the table called `name`.

    Examples
    --------
    >>> load_table("customers").title
    '电子客户档案'
    """
    require_choice("customer database", "table", name, list_tables())
    return _load()[1][name]


def describe_tables() -> pd.DataFrame:
    """Describe every table of the customer database.

    Returns
    -------
    DataFrame
        One column of a table a row, in their order: ``table``, ``title``, ``grain``, ``column``,
        ``column_title``, ``type``, ``nullable``, ``sealed``.
    """
    import pandas as pd

    rows = [
        (t.name, t.title, t.grain, f.name, f.title, f.type, f.nullable, f.sealed)
        for t in _load()[1].values()
        for f in t.fields
    ]
    names = ["table", "title", "grain", "column", "column_title", "type", "nullable", "sealed"]
    return pd.DataFrame(rows, columns=names)


def quote(name: str) -> str:
    """Return `name` as SQL takes a name on both engines."""
    return '"' + name.replace('"', '""') + '"'


def write_ddl(dialect: str) -> list[str]:
    """Return the statements that make all tables, indexes and views on `dialect`."""
    tables = [write_table_ddl(t, dialect) for t in _load()[1].values()]
    only = ONE_CURRENT if dialect == "postgresql" else ()
    return [*tables, *INDEXES, *only, ROSTER.strip()]


def write_table_ddl(table: StoreTable, dialect: str) -> str:
    """Return the statement that makes one table on `dialect`."""
    types = TYPES[dialect]
    lines = [f"{quote(n)} {types[t]}{'' if null else ' NOT NULL'}" for n, t, null in table.stored]
    if table.key:
        lines.append(f"PRIMARY KEY ({', '.join(map(quote, table.key))})")
    return f"CREATE TABLE {quote(table.name)} (\n    " + ",\n    ".join(lines) + "\n)"
