"""Say in one sentence what keeps order lines from being summed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from crm_lib.engine.rules import LARGEST_AMOUNT, LARGEST_TOTAL, MONEY_UNIT
from crm_lib.errors import DataError, ReadError

if TYPE_CHECKING:
    import narwhals as nw
    import pyarrow as pa


def collect(frame: nw.LazyFrame, where: str) -> pa.Table:
    """Run the query; what the engine complains of comes back as one sentence."""
    try:
        return frame.collect("pyarrow").to_native()
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise ReadError(
            f"{where}: the order lines cannot be read and summed ({reason}). "
            "Read them with read_table and run clean_table first."
        ) from error


def name_faults(lines: nw.LazyFrame, where: str) -> DataError:
    """Count the lines that lack something, each kind by its name and with an example."""
    import narwhals as nw

    customer, day, amount = nw.col("customer_id"), nw.col("day"), nw.col("amount")
    small = nw.when(amount.abs() < LARGEST_AMOUNT).then(amount)
    bad = {
        "customer": customer.is_null() | (customer.cast(nw.String).str.strip_chars() == ""),
        "day": day.is_null(),
        "amount": small.is_null(),
    }
    counts = {f"n_{k}": nw.when(v).then(1).count() for k, v in bad.items()}
    # The least text, not the first line: engines do not agree on which line is first.
    examples = {f"x_{k}": nw.when(bad[k]).then(nw.col(f"raw_{k}")).min() for k in ("day", "amount")}
    got = collect(lines.select(n=nw.len(), **counts, **examples), where).to_pylist()[0]
    return DataError(
        f"{where}: every order line needs customer_id, ordered_at and amount; of {got['n']:,} lines "
        f"{', '.join(_list_parts(got))}. Run clean_table first: it sets such lines aside, each with "
        "its reason."
    )


def _list_parts(got: dict[str, Any]) -> list[str]:
    words = {
        "customer": "without customer_id",
        "day": "without a date in ordered_at",
        "amount": f"without an amount between -{LARGEST_AMOUNT:.0e} and {LARGEST_AMOUNT:.0e}".replace(
            "+", ""
        ),
    }
    parts = []
    for kind, word in words.items():
        if n := got[f"n_{kind}"]:
            example = got.get(f"x_{kind}")
            parts.append(f"{n:,} {word}" + (f" (such as {example!r})" if example else ""))
    return parts


def name_all_later(lines: nw.LazyFrame, as_of: dt.date, where: str) -> DataError:
    """Say that `as_of` is earlier than the first line."""
    import narwhals as nw

    got = collect(lines.select(n=nw.len(), first=nw.col("day").min()), where).to_pylist()[0]
    return DataError(
        f"{where}: as_of must not be earlier than the first order; all {got['n']:,} lines are later than "
        f"{as_of} (first: {got['first']}). Choose a later as_of."
    )


def name_overflow(customer: str, where: str) -> DataError:
    """Say whose money does not fit."""
    return DataError(
        f"{where}: the money of one customer must stay below {LARGEST_TOTAL / MONEY_UNIT:.0e} yuan; that of "
        f"customer {customer} does not. Is the amount in another unit?"
    )
