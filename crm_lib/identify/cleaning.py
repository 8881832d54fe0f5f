"""Clean a raw table so that every row and every changed cell is accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib._checks import require_choice
from crm_lib.identify import _assemble
from crm_lib.identify._audit import AuditLog
from crm_lib.identify._columns import Typed, type_columns
from crm_lib.identify._order_lines import FLAGS, OrderLines, clean_orders, find_order_faults
from crm_lib.identify._order_totals import refuse_order_totals
from crm_lib.identify._orders import find_non_products
from crm_lib.identify._structure import BOOKKEEPING, find_structure
from crm_lib.identify._values import AMBIGUOUS, BAD, FOREIGN, MISSING, OK

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.schema import Table

DATE_ORDERS = ("auto", "dmy", "mdy", "ymd")
RETURN_KINDS = ("negative", "offset")


@dataclass(frozen=True)
class Cleaned:
    """A cleaned table and the account of it: ``n_in == len(rows) + len(merged) + len(quarantine)``.

    Attributes
    ----------
    rows
        The usable rows in file order: the contract's columns, typed, then
        source_row (and source_file), for order lines is_return, is_zero_amount,
        is_suspected_duplicate and is_near_duplicate, then all other columns as read.
    merged
        Rows folded into another one: source_row, reason, merged_into (the
        other's source_row), and their columns.
    quarantine
        Rows set aside: source_row, reason (the first that applies), reasons
        (all, joined by ";"), parsed_amount (where it can be read), and the
        raw cells as text.
    audit
        One row per changed cell of rows and merged: source_row, column,
        before, after, rule; a change of a whole column has no source_row.
    """

    rows: pd.DataFrame
    merged: pd.DataFrame
    quarantine: pd.DataFrame
    audit: pd.DataFrame

    @property
    def n_in(self) -> int:
        """Return the number of rows that were read."""
        return len(self.rows) + len(self.merged) + len(self.quarantine)


def clean_table(
    raw: pd.DataFrame,
    schema: str | Table,
    *,
    date_order: str = "auto",
    flagged_returns: str = "negative",
) -> Cleaned:
    """Type, check and correct a raw table; nothing is dropped in silence.

    Parameters
    ----------
    raw
        One row per record with the contract's column names, as `read_table`
        returns it. Without ``source_row`` the rows are numbered from 1.
    schema
        Name of a table contract, or the contract itself.
    date_order
        What ``03/04/2023`` means: "dmy", "mdy", "ymd" (for two-digit years),
        or "auto": the column's own evidence.
    flagged_returns
        A line marked as returned whose amount is positive is, by "negative",
        the record of the return and counts negative; by "offset" it is the
        purchase itself, whose money went back, and is folded away.

    Returns
    -------
    Cleaned
        rows, merged, quarantine and audit.

    Raises
    ------
    SchemaError
        If a column is missing that the contract needs.
    DataError
        If day and month, or the decimal sign, cannot be told apart anywhere in
        a column; if a spreadsheet has swapped days and months; or if the amount
        is the total of the order, repeated on its lines.

    Notes
    -----
    An unreadable cell of a column that the contract can do without becomes
    missing and stands in the audit; where it is needed the row is quarantined.
    Amounts win over quantity × unit_price × (1 − discount), which is used
    only where no amount is written, rounded to 1/10,000 of a yuan. The choice
    a reviewer may dispute: a cancellation is netted with the *latest* earlier
    purchase of the same customer and article at the same price per piece.

    Placeholders such as "-", "无", "N/A", "NULL", "匿名" are no ids; "0" is
    one, and the audit says so. Lines equal in every column of the contract are
    merged only when order_id and line_no, or order_id, sku and time, are
    there to prove it; all others are kept and flagged. A near duplicate
    follows a like purchase in another order within 5 minutes.

    Money is conserved: the sum over all parsed lines, returns negative, equals
    the sum of ``rows.amount``, ``quarantine.parsed_amount`` and ``merged.amount``
    without the rows of reason netted_partial (their amounts are inside rows).

    Examples
    --------
    >>> import pandas as pd
    >>> raw = pd.DataFrame(
    ...     {
    ...         "customer_id": ["００1", ""],
    ...         "ordered_at": ["2023年1月5日", "2023-01-06"],
    ...         "amount": ["¥1,234.50", "8"],
    ...     }
    ... )
    >>> cleaned = clean_table(raw, "orders")
    >>> cleaned.rows[["customer_id", "ordered_at", "amount"]].values.tolist()
    [['001', Timestamp('2023-01-05 00:00:00'), 1234.5]]
    >>> cleaned.quarantine["reason"].tolist()
    ['missing_customer_id']
    """
    from crm_lib.schema import load_schema

    require_choice("clean_table", "date_order", date_order, DATE_ORDERS)
    require_choice("clean_table", "flagged_returns", flagged_returns, RETURN_KINDS)
    table = load_schema(schema)
    _assemble.check_table(raw, table)
    attrs, raw = raw.attrs, raw.reset_index(drop=True)
    raw.attrs = attrs
    return _clean(raw, table, date_order, flagged_returns)


def _clean(raw: pd.DataFrame, table: Table, date_order: str, flagged_returns: str) -> Cleaned:
    import numpy as np

    source, log = _assemble.make_source(raw), AuditLog()
    faults = find_structure(raw, table)
    positions = np.flatnonzero(~_assemble.any_fault(faults))
    typed = type_columns(
        raw.iloc[positions], positions, table, raw.attrs.get("source") or {}, log, date_order
    )
    # rows that carry the flags of a cleaning were judged there, together with the lines it set aside
    if table.name == "orders" and not set(FLAGS) <= set(raw.columns):
        refuse_order_totals(typed, raw.attrs.get("source") or {})
    _add_faults(faults, positions, typed, table, log)

    stay = ~_assemble.any_fault(faults)[positions]
    own = FLAGS if table.name == "orders" else ()
    was_return = _was_return(raw, positions[stay]) if own else np.zeros(int(stay.sum()), dtype=bool)
    lines = OrderLines(typed.frame.loc[stay].reset_index(drop=True), positions[stay], log, was_return)
    flags = clean_orders(lines, flagged_returns) if own else None

    extra = raw[[c for c in raw.columns if c not in (*table.names, *BOOKKEEPING, *own)]]
    rows = _assemble.assemble_rows(source, lines.frame, lines.positions, flags, extra, table)
    rows.attrs = _assemble.spent_attrs(raw.attrs, log.leading_currency())
    merged = _assemble.make_merged(source, lines.folded, lines.frame, extra, table)
    quarantine = _assemble.make_quarantine(raw, source, faults, _read_amounts(typed, positions, len(raw)))
    return Cleaned(rows, merged, quarantine, log.frame(source, _assemble.any_fault(faults)))


def _read_amounts(typed: Typed, positions: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the amount per raw row, as far as it could be read or computed."""
    import numpy as np

    out = np.full(n_rows, np.nan)
    if "amount" in typed.frame.columns:
        out[positions] = typed.frame["amount"].to_numpy("float64")
    return out


def _add_faults(
    faults: dict[str, np.ndarray], positions: np.ndarray, typed: Typed, table: Table, log: AuditLog
) -> None:
    """Add a mask over the raw rows for every further fault."""
    import numpy as np

    def add(code: str, mask: np.ndarray) -> None:
        whole = faults.setdefault(code, np.zeros(len(next(iter(faults.values()))), dtype=bool))
        whole[positions] |= mask

    for code, mask in _find_unfit(typed, table):
        add(code, mask)
    if table.name == "orders":
        for code, mask in find_order_faults(typed, positions, log).items():
            add(code, mask)
        fit = ~_assemble.any_fault(faults)[positions]
        add("non_product", find_non_products(typed.frame, fit))


def _find_unfit(typed: Typed, table: Table) -> list[tuple[str, np.ndarray]]:
    """Return masks of rows whose needed cells are missing or cannot be read."""
    import numpy as np

    needs = list(dict.fromkeys([*table.needs, *(((c.name,),) for c in table.columns if c.required)]))
    out: list[tuple[str, np.ndarray]] = []
    for need in needs:
        if len(need) == 1 and len(need[0]) == 1:
            out += _name_faults(typed, need[0][0], table)
        elif table.name != "orders":
            met = [np.logical_and.reduce([typed.state(c) == OK for c in option]) for option in need]
            out.append(("missing_value", ~np.logical_or.reduce(met)))
    return out


def _name_faults(typed: Typed, name: str, table: Table) -> list[tuple[str, np.ndarray]]:
    state = typed.state(name)
    if table.column(name).type in ("date", "datetime"):
        codes = {"missing_date": MISSING, "bad_date": BAD, "ambiguous_date": AMBIGUOUS}
    elif name == "customer_id":
        codes = {"missing_customer_id": MISSING}
    else:
        codes = {"missing_value": MISSING, "bad_value": BAD, "foreign_currency": FOREIGN}
    return [(code, state == value) for code, value in codes.items()]


def _was_return(raw: pd.DataFrame, positions: np.ndarray) -> np.ndarray:
    """Return what an earlier cleaning of the same lines said about returns."""
    import numpy as np

    from crm_lib.identify._texts import parse_flags
    from crm_lib.identify._values import distinct_cells

    if "is_return" not in raw.columns:
        return np.zeros(len(positions), dtype=bool)
    found = parse_flags(*distinct_cells(raw["is_return"].iloc[positions])).row_values()
    return np.asarray(found.fillna(False), dtype=bool)
