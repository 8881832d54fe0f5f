"""Find the few columns of an order line among the headers of a big source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crm_lib.errors import SchemaError
from crm_lib.schema.reader import load_schema

NEEDED = ("customer_id", "order_id", "ordered_at", "amount", "quantity", "unit_price", "discount")


@dataclass(frozen=True)
class LineColumns:
    """Which header holds which column of an order line, and in which multiple of the unit."""

    headers: dict[str, str]
    factors: dict[str, float] = field(default_factory=dict)

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that are read, in a fixed order; an amount wins over quantity × price."""
        money = ("amount",) if "amount" in self.headers else ("quantity", "unit_price", "discount")
        wanted = ("customer_id", "order_id", "ordered_at", *money)
        return tuple(c for c in wanted if c in self.headers)


def find_line_columns(headers: Sequence[str], *, where: str) -> LineColumns:
    """Map `headers` to the columns of an order line: by exact name first, then by alias.

    Raises
    ------
    SchemaError
        When a needed column is missing, stands there twice, or two headers could be meant.
    """
    exact = {c: c for c in NEEDED if c in headers}
    columns = LineColumns(exact)
    if not {"customer_id", "order_id", "ordered_at", "amount"} <= exact.keys():
        from crm_lib.schema.match import match_headers

        orders = load_schema("orders")
        few = replace(orders, columns=tuple(c for c in orders.columns if c.name in NEEDED))
        try:
            found = match_headers(headers, few, where=where)
        except SchemaError as error:
            raise SchemaError(
                f"{error} (columns= is an option of read_table; then run clean_table.)"
            ) from None
        columns = LineColumns({**found.mapping, **exact}, dict(found.factors))
    for column in columns.used:
        if headers.count(columns.headers[column]) > 1:
            raise SchemaError(
                f"{where}: column {columns.headers[column]!r} stands twice in the table. "
                "Rename or remove one of them."
            )
    return columns
