"""Net cancellations with the purchases they undo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

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
class _Lines:
    """Lines of one customer and article in order of time; a consumed one has −1 pieces."""

    row: np.ndarray
    time: np.ndarray
    quantity: np.ndarray
    money: np.ndarray

    def take(self, which: np.ndarray) -> _Lines:
        return _Lines(self.row[which], self.time[which], self.quantity[which], self.money[which])


def net_cancellations(frame: pd.DataFrame, is_return: np.ndarray) -> Netting:
    """Match each cancellation with one purchase of the same customer and article.

    The cancellations of a customer and article are taken in order of time. Each takes the latest purchase,
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
    for sales, cancels in _pair_up(frame, is_return):
        left = list(range(len(cancels.row)))
        # taking pieces off can shift a price per piece by rounding: repeat until nothing matches
        while left:
            again = [k for k in left if not _net_one(sales, cancels, k, out)]
            if len(again) == len(left):
                break
            left = again
    return out


def _pair_up(frame: pd.DataFrame, is_return: np.ndarray) -> Iterator[tuple[_Lines, _Lines]]:
    """Yield purchases and cancellations of each customer and article that has both."""
    import numpy as np

    known = (frame["sku"].notna() & frame["customer_id"].notna()).to_numpy()
    keys = frame.groupby(["customer_id", "sku"], sort=False).ngroup().to_numpy()
    none = np.full(len(frame), np.nan)
    quantity = frame["quantity"].to_numpy("float64") if "quantity" in frame else none
    money = np.floor(frame["amount"].to_numpy("float64") * 10_000 + 0.5).astype("int64")
    time = frame["ordered_at"].to_numpy("datetime64[us]").astype("int64")
    cancel = known & is_return & (money <= 0) & ~(quantity >= 0)
    sale = known & ~is_return & (money >= 0) & ~(quantity <= 0)
    both = np.intersect1d(keys[cancel], keys[sale])
    sign = np.where(cancel, -1, 1)
    lines = _Lines(np.arange(len(frame)), time, quantity * sign, money * sign)
    rows = np.flatnonzero((cancel | sale) & np.isin(keys, both))
    rows = rows[np.lexsort((rows, time[rows], keys[rows]))]
    for part in np.split(rows, np.flatnonzero(np.diff(keys[rows])) + 1) if len(rows) else []:
        yield lines.take(part[sale[part]]), lines.take(part[cancel[part]])


def _net_one(sales: _Lines, cancels: _Lines, k: int, out: Netting) -> bool:
    """Net cancellation `k` if a purchase fits; return whether it did."""
    row, pieces, money = int(cancels.row[k]), float(cancels.quantity[k]), int(cancels.money[k])
    fits = _find_fits(sales, int(cancels.time[k]), pieces, money)
    if not len(fits):
        return False
    i = fits[-1]
    sale = int(sales.row[i])
    if pieces != pieces or abs(sales.quantity[i] - pieces) <= _NOTHING:
        out.full[sale], out.full[row] = row, sale
        sales.quantity[i] = -1
    else:
        sales.quantity[i] = round(float(sales.quantity[i]) - pieces, 9)
        sales.money[i] -= money
        out.partial[row] = sale
        out.quantity[sale], out.amount[sale] = float(sales.quantity[i]), int(sales.money[i])
    return True


def _find_fits(sales: _Lines, time: int, pieces: float, money: int) -> np.ndarray:
    """Return the purchases, not later, of which enough remains at the same price per piece."""
    import numpy as np

    early = sales.time <= time
    if pieces != pieces:
        return np.flatnonzero(early & np.isnan(sales.quantity) & (sales.money == money))
    enough = (sales.quantity > 0) & (sales.quantity + _NOTHING >= pieces)
    whole = sales.quantity <= pieces + _NOTHING
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.abs(sales.money / sales.quantity - money / pieces)
    return np.flatnonzero(early & enough & (whole | (money <= sales.money)) & (gap <= UNIT_TOLERANCE + 1e-6))
