"""Take typed order lines through quarantine, duplicates, returns and netting."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_lib.identify import _duplicates, _orders
from crm_lib.identify._netting import net_cancellations

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.identify._audit import AuditLog
    from crm_lib.identify._columns import Typed

# numbers that tills write where there is no member
_STAND_IN = re.compile(r"0+\Z|(\d)\1{4,}\Z")
FLAGS = ("is_return", "is_zero_amount", "is_suspected_duplicate", "is_near_duplicate")


@dataclass
class OrderLines:
    """The kept lines with their raw positions, and the parts that left them."""

    frame: pd.DataFrame
    positions: np.ndarray
    log: AuditLog
    was_return: np.ndarray
    folded: list[pd.DataFrame] = field(default_factory=list)

    def take_out(self, rows: np.ndarray, into: np.ndarray, reason: str) -> None:
        """Move lines to the merged ones; `into` numbers the counterpart of each.

        The rows stay in the frame until `drop_folded`, so that numbers keep their meaning.
        """
        part = self.frame.iloc[rows].assign(
            _position=self.positions[rows], _into=self.positions[into], reason=reason
        )
        if len(part):
            self.folded.append(part)

    def drop_folded(self) -> None:
        """Remove all lines that were taken out."""
        import numpy as np

        gone = [p["_position"].to_numpy() for p in self.folded]
        stay = ~np.isin(self.positions, np.concatenate(gone)) if gone else slice(None)
        self.frame = self.frame.loc[stay].reset_index(drop=True)
        self.positions, self.was_return = self.positions[stay], self.was_return[stay]


def find_order_faults(typed: Typed, positions: np.ndarray, log: AuditLog) -> dict[str, np.ndarray]:
    """Settle the amounts and return a mask per fault of an order line, over the typed rows."""
    _share_status(typed, positions, log)
    faults = _orders.settle_amount(typed, positions, log)
    faults["not_paid"] = _orders.find_unpaid(typed.frame)
    return faults


def _share_status(typed: Typed, positions: np.ndarray, log: AuditLog) -> None:
    """Give a line without status that of the line before in its order: Shopify writes it on the first only."""
    import numpy as np

    frame = typed.frame
    if not {"order_id", "status"} <= set(frame.columns) or not frame["status"].isna().any():
        return
    shared = frame.groupby("order_id", sort=False)["status"].ffill()
    rows = np.flatnonzero((frame["status"].isna() & shared.notna()).to_numpy())
    if len(rows):
        frame["status"] = frame["status"].where(frame["status"].notna(), shared)
        log.cells(
            positions[rows], "status", [""] * len(rows), shared.iloc[rows], ["order_status"] * len(rows)
        )


def clean_orders(lines: OrderLines, flagged_returns: str) -> pd.DataFrame:
    """Merge, turn, net and flag the lines in place; return their flags."""
    columns = list(lines.frame.columns)
    _note_columns(lines)
    _merge_repeats(lines, columns)
    _settle_returns(lines, flagged_returns)
    is_return = _net(lines)
    return _flag(lines, is_return, columns)


def _note_columns(lines: OrderLines) -> None:
    """Say once what is assumed of a whole column."""
    if "order_id" not in lines.frame.columns:
        lines.log.note("order_id", "order_id")
    elif missing := int(lines.frame["order_id"].isna().sum()):
        lines.log.note("order_id", "order_id", after=f"{missing} lines without an order number")
    ids = lines.frame["customer_id"].value_counts(sort=False)
    for doubtful in sorted(i for i in ids.index if _STAND_IN.match(i)):
        lines.log.note("customer_id", "zero_id", before=doubtful, after=f"{ids[doubtful]} lines")
    if alike := len(ids) - len({i.casefold() for i in ids.index}):
        lines.log.note("customer_id", "id_case", after=f"{alike} customer numbers")


def _merge_repeats(lines: OrderLines, columns: list[str]) -> None:
    import numpy as np

    repeats, first = _duplicates.find_proved_repeats(lines.frame, columns)
    rows = np.flatnonzero(repeats)
    lines.take_out(rows, first[rows], "duplicate_line")
    lines.drop_folded()


def _settle_returns(lines: OrderLines, flagged_returns: str) -> None:
    """Fold away purchases marked as returned ("offset"), or count marked lines negative."""
    import numpy as np

    is_return, marked = _orders.find_returns(lines.frame, lines.was_return)
    if flagged_returns == "offset":
        rows = np.flatnonzero(marked & (lines.frame["amount"] > 0).to_numpy())
        lines.take_out(rows, rows, "returned_in_place")
    else:
        _orders.turn_negative(lines.frame, is_return, marked, lines.positions, lines.log)
    lines.was_return = is_return
    lines.drop_folded()


def _net(lines: OrderLines) -> np.ndarray:
    """Net cancellations with purchases; return which of the remaining lines are returns."""
    import numpy as np

    result = net_cancellations(lines.frame, lines.was_return)
    frame, log = lines.frame, lines.log
    rows = np.array(sorted(set(result.amount)), dtype="int64")
    changes = {"amount": {r: v / 10_000.0 for r, v in result.amount.items()}, "quantity": result.quantity}
    for column, new in changes.items():
        if column in frame.columns and len(rows):
            before = frame[column].to_numpy("float64", copy=True)
            after = before.copy()
            after[rows] = [new[r] for r in rows.tolist()]
            log.cells(
                lines.positions[rows], column, before[rows], after[rows], ["netted_partial"] * len(rows)
            )
            frame[column] = after
    for reason, pairs in (("netted_full", result.full), ("netted_partial", result.partial)):
        lines.take_out(
            np.array(list(pairs), dtype="int64"), np.array(list(pairs.values()), dtype="int64"), reason
        )
    lines.drop_folded()
    return lines.was_return


def _flag(lines: OrderLines, is_return: np.ndarray, columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    frame = lines.frame
    suspected, _ = _duplicates.find_repeats(frame, columns)
    values = (
        is_return,
        (frame["amount"] == 0).to_numpy(),
        suspected,
        _duplicates.find_near_repeats(frame) & ~suspected,
    )
    return pd.DataFrame(dict(zip(FLAGS, values, strict=True)), dtype=bool)
