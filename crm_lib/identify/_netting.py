"""Net cancellations with the purchases they undo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

UNIT_TOLERANCE = 100  # 0.01 yuan, in units of 1/10,000
_NOTHING = 1e-9


@dataclass
class Netting:
    """What netting did: rows that leave (row → counterpart) and what remains of the others."""

    full: dict[int, int] = field(default_factory=dict)
    partial: dict[int, int] = field(default_factory=dict)
    quantity: dict[int, float] = field(default_factory=dict)
    amount: dict[int, int] = field(default_factory=dict)


@dataclass
class _Line:
    row: int
    time: int
    quantity: float
    money: int


def net_cancellations(frame: pd.DataFrame, is_return: np.ndarray) -> Netting:
    """Match each cancellation with one purchase of the same customer and article.

    Cancellations are taken in order of time. Each takes the latest purchase,
    not later than itself, of which enough pieces remain and whose price per
    piece is the same within 0.01. A cancellation larger than any single
    purchase stays as it is.

    Notes
    -----
    The latest purchase is taken rather than the first, because returns follow
    their purchase closely: the choice moves the recency of a customer back
    no further than needed. Without a quantity on both lines only amounts that
    cancel out to the cent are netted.
    """
    out = Netting()
    if not {"sku", "customer_id"} <= set(frame.columns) or not is_return.any():
        return out
    sales, cancels = _collect_lines(frame, is_return)
    # taking pieces off can shift a price per piece by rounding: repeat until nothing matches
    while True:
        left = [c for c in cancels if not _net_one(c, sales.get(c[0], []), out)]
        if len(left) == len(cancels):
            return out
        cancels = left


def _collect_lines(
    frame: pd.DataFrame, is_return: np.ndarray
) -> tuple[dict[Any, list[_Line]], list[tuple[Any, _Line]]]:
    """Return purchases by (customer, article) and cancellations, each in order of time."""
    import numpy as np

    known = (frame["sku"].notna() & frame["customer_id"].notna()).to_numpy()
    keys = frame.groupby(["customer_id", "sku"], sort=False).ngroup().to_numpy()
    quantity = frame["quantity"].to_numpy("float64") if "quantity" in frame else np.full(len(frame), np.nan)
    money = np.floor(frame["amount"].to_numpy("float64") * 10_000 + 0.5).astype("int64")
    time = frame["ordered_at"].to_numpy("datetime64[us]").astype("int64")
    cancel = known & is_return & (money <= 0) & ~(quantity >= 0)
    sale = known & ~is_return & (money >= 0) & ~(quantity <= 0)
    sale &= np.isin(keys, keys[cancel])
    rows = np.flatnonzero(cancel | sale)
    rows = rows[np.argsort(time[rows], kind="stable")]
    sales: dict[Any, list[_Line]] = {}
    cancels: list[tuple[Any, _Line]] = []
    lists = (a[rows].tolist() for a in (keys, time, quantity, money, cancel))
    for row, key, at, pieces, worth, is_cancel in zip(rows.tolist(), *lists, strict=True):
        if is_cancel:
            cancels.append((key, _Line(row, at, abs(pieces), -worth)))
        else:
            sales.setdefault(key, []).append(_Line(row, at, pieces, worth))
    return sales, cancels


def _net_one(cancel: tuple[Any, _Line], sales: list[_Line], out: Netting) -> bool:
    """Net one cancellation if a purchase fits; return whether it did."""
    line = cancel[1]
    for k in range(len(sales) - 1, -1, -1):
        sale = sales[k]
        if sale.time > line.time or not _fits(sale, line):
            continue
        if line.quantity != line.quantity or abs(sale.quantity - line.quantity) <= _NOTHING:
            out.full[sale.row], out.full[line.row] = line.row, sale.row
            del sales[k]
        else:
            sale.quantity = round(sale.quantity - line.quantity, 9)
            sale.money -= line.money
            out.partial[line.row] = sale.row
            out.quantity[sale.row], out.amount[sale.row] = sale.quantity, sale.money
        return True
    return False


def _fits(sale: _Line, cancel: _Line) -> bool:
    """Tell whether enough of `sale` remains, at the price per piece of `cancel`."""
    if sale.quantity != sale.quantity or cancel.quantity != cancel.quantity:
        both = sale.quantity != sale.quantity and cancel.quantity != cancel.quantity
        return both and sale.money == cancel.money
    if sale.quantity + _NOTHING < cancel.quantity:
        return False
    if sale.quantity > cancel.quantity + _NOTHING and cancel.money > sale.money:
        return False
    gap = abs(sale.money / sale.quantity - cancel.money / cancel.quantity)
    return gap <= UNIT_TOLERANCE + 1e-6
