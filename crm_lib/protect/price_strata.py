"""Which quotes may be compared: same article, same channel, same time, same number of pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

WHERE = "audit_prices"
REASONS = {
    "duplicate_quote": "the quote stands here twice; the first is used",
    "no_price": "the price, or what a coupon leaves of it, is missing or not above 0",
    "no_time": "the time of the quote is missing",
    "not_matched": "nobody of the other side was asked at the same article, time and place",
}


def list_usable(quotes: pd.DataFrame, coupons: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the quotes with ``shown`` and ``paid`` price, and those that cannot be used with a reason."""
    import pandas as pd

    needed = ["sku", "quoted_at", "price"] + ([] if coupons == "apart" else ["coupon"])
    require_columns(WHERE, quotes.columns, needed)
    at = quotes["quoted_at"]
    if not pd.api.types.is_datetime64_any_dtype(at):
        at = pd.to_datetime(at, errors="coerce")
    price = pd.to_numeric(quotes["price"], errors="coerce").astype("float64")
    taken = quotes["coupon"] if "coupon" in quotes else pd.Series(0.0, index=quotes.index)
    paid = price - pd.to_numeric(taken, errors="coerce").astype("float64").fillna(0.0)
    frame = quotes.assign(quoted_at=at, shown=price, paid=paid, coupon=price - paid)
    reason = pd.Series("", index=quotes.index, dtype=object)
    reason[at.isna()] = "no_time"
    reason[~((price > 0) & (paid > 0)) | price.eq(float("inf"))] = "no_price"
    if "quote_id" in quotes:
        known = quotes["quote_id"].notna()
        reason[quotes.duplicated("quote_id") & known] = "duplicate_quote"
    bad = reason.ne("")
    return frame[~bad].reset_index(drop=True), quotes[bad].assign(reason=reason[bad])


def code_strata(frame: pd.DataFrame, match: Sequence[str], window_minutes: int, coupons: str) -> pd.DataFrame:
    """Return `frame` with ``begins`` (start of the time window), ``stratum`` and ``cluster`` as codes.

    Who has no customer number is a cluster of his own.
    """
    import numpy as np
    import pandas as pd

    require_columns(WHERE, frame.columns, list(match))
    begins = frame["quoted_at"].dt.tz_localize(None).dt.floor(f"{window_minutes}min")
    keys = [frame[c].astype(object).where(frame[c].notna(), "") for c in match]
    keys += [frame["coupon"].gt(0)] if coupons == "match" else []
    stratum = np.zeros(len(frame), dtype=np.int64)
    for key in (begins, *keys):
        code, kinds = pd.factorize(key)
        stratum = np.unique(stratum * (len(kinds) + 1) + code, return_inverse=True)[1]
    named = (
        frame["customer_id"] if "customer_id" in frame else pd.Series(None, index=frame.index, dtype=object)
    )
    cluster, names = pd.factorize(named)
    alone = cluster < 0
    cluster = np.where(alone, len(names) + np.cumsum(alone) - 1, cluster)
    return frame.assign(begins=begins, stratum=stratum, cluster=cluster)


def list_groups(frame: pd.DataFrame, comparison: str) -> list[tuple[str, pd.Series]]:
    """Return the groups of a comparison, each as its name and who is in it (missing: in neither side)."""
    import pandas as pd

    if comparison == "known":
        return [("known", _find_known(frame))]
    require_columns(WHERE, frame.columns, [comparison])
    values = frame[comparison]
    kinds = sorted(values.dropna().unique().tolist(), key=str)
    if set(kinds) <= {True, False}:
        return [(comparison, values.astype("boolean"))]
    if len(kinds) > 20:
        raise DataError(
            f"{WHERE}: column {comparison!r} must have at most 20 values to be compared; it has "
            f"{len(kinds):,}. Put them into bands, or give a yes/no column."
        )
    known = values.notna()
    return [(str(k), values.eq(k).astype("boolean").where(known, pd.NA)) for k in kinds]


def _find_known(frame: pd.DataFrame) -> pd.Series:
    """Return who is a known customer: by the flag, else by the days, else by a customer number."""
    if "new_customer" in frame:
        return ~frame["new_customer"].astype("boolean")
    if "member" in frame:
        return frame["member"].astype("float64").gt(0).astype("boolean")
    require_columns(WHERE, frame.columns, ["new_customer"] if "customer_id" not in frame else [])
    return frame["customer_id"].notna().astype("boolean")
