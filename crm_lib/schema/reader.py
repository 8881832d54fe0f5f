"""Read the table contracts that stand in ``schema/tables/*.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from crm_lib._checks import require_choice

TYPES = ("id", "text", "date", "datetime", "integer", "number", "money", "share", "flag", "category")


@dataclass(frozen=True)
class Column:
    """One column of a table.

    ``type`` is one of `TYPES`; ``id`` is text whose leading zeros matter,
    ``money`` is an amount in ``unit``, ``share`` lies in 0–1, ``flag`` is yes/no.
    ``aliases`` are headers that mean this column and nothing else;
    ``weak_aliases`` count only when no strong header is there.  ``contact_aliases``
    are headers of contact data (phone, e-mail), proposed to the user but never
    taken unasked: reports show this column.
    """

    name: str
    type: str
    title: str
    meaning: str
    unit: str = ""
    required: bool = False
    aliases: tuple[str, ...] = ()
    weak_aliases: tuple[str, ...] = ()
    contact_aliases: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table contract: its row grain, its columns, and what it cannot do without.

    ``needs`` lists alternatives per need: ``(("amount",), ("quantity",
    "unit_price"))`` means an amount, or quantity and unit price together.
    """

    name: str
    title: str
    grain: str
    columns: tuple[Column, ...]
    needs: tuple[tuple[tuple[str, ...], ...], ...] = ()
    exports: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in the order of the contract."""
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> Column:
        """Return the column called `name`."""
        require_choice(f"table {self.name!r}", "column", name, self.names)
        return next(c for c in self.columns if c.name == name)


def list_schemas() -> tuple[str, ...]:
    """Return the names of all table contracts, sorted."""
    folder = resources.files("crm_lib.schema") / "tables"
    return tuple(sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".toml")))


@cache
def _load(name: str) -> Table:
    require_choice("load_schema", "schema", name, list_schemas())
    text = (resources.files("crm_lib.schema") / "tables" / f"{name}.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    columns = tuple(_column(key, body) for key, body in raw["columns"].items())
    needs = tuple(tuple(tuple(alt) for alt in need) for need in raw.get("needs", ()))
    exports = tuple((e["header"], tuple(e["columns"].items())) for e in raw.get("exports", ()))
    return Table(name, raw["title"], raw["grain"], columns, needs, exports)


def load_schema(schema: str | Table) -> Table:
    """Return the contract called `schema` (a name or a table already loaded).

    Examples
    --------
    >>> load_schema("orders").column("customer_id").title
    '客户编号'
    """
    return schema if isinstance(schema, Table) else _load(schema)


def _column(name: str, body: dict) -> Column:
    require_choice(f"column {name!r}", "type", body["type"], TYPES)
    lists = {
        k: tuple(body[k]) for k in ("aliases", "weak_aliases", "contact_aliases", "choices") if k in body
    }
    return Column(name=name, **{**body, **lists})
