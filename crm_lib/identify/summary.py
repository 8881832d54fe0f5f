"""Sum up the account of a cleaned table for a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.identify.reasons import FLAG_ITEMS, MERGE_REASONS, PRIORITY, REASONS

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify.cleaning import Cleaned

_FLAG_OF = {
    "returns": "is_return",
    "zero_amount": "is_zero_amount",
    "suspected_duplicate": "is_suspected_duplicate",
    "near_duplicate": "is_near_duplicate",
}


def sum_money(amounts: pd.Series) -> float:
    """Sum amounts as integers of 1/10,000 yuan; what is missing counts nothing."""
    import numpy as np

    values = amounts.dropna().to_numpy("float64")
    return int(np.floor(values * 10_000 + 0.5).astype("int64").sum()) / 10_000.0


def summarize_cleaning(cleaned: Cleaned) -> pd.DataFrame:
    """Sum up what became of every row that was read.

    Parameters
    ----------
    cleaned
        What `clean_table` returned.

    Returns
    -------
    DataFrame
        item (a code of `REASONS`), n_lines, amount (yuan; missing for tables
        without amounts), meaning. First read, kept, merged and quarantined,
        which add up; each of the last two followed by its reasons in order of
        priority, as far as they occur; then the kept lines worth a look.

    Notes
    -----
    ``read = kept + merged + quarantined``, in lines and in money. For the money
    of merged, a cancellation already taken off its purchase (netted_partial)
    counts nothing, because the kept amount contains it; its own row shows it.
    """
    import pandas as pd

    items = _count_totals(cleaned) + _count_flags(cleaned)
    out = pd.DataFrame(items, columns=["item", "n_lines", "amount"])
    out["meaning"] = [REASONS[i][0] for i in out["item"]]
    return out.astype({"item": str, "n_lines": "int64", "amount": "float64", "meaning": str})


def _money(frame: pd.DataFrame, column: str = "amount") -> float:
    if column in frame.columns:
        return sum_money(frame[column])
    return float("nan")


def _count_totals(cleaned: Cleaned) -> list[tuple[str, int, float]]:
    rows, merged, quarantine = cleaned.rows, cleaned.merged, cleaned.quarantine
    has_money = "amount" in rows.columns
    kept = _money(rows)
    folded = _money(merged[merged["reason"] != "netted_partial"])
    aside = _money(quarantine, "parsed_amount") if has_money else float("nan")
    read = round(kept + folded + aside, 4)
    out = [("read", cleaned.n_in, read), ("kept", len(rows), kept), ("merged", len(merged), folded)]
    for code in MERGE_REASONS:
        part = merged[merged["reason"] == code]
        out += [(code, len(part), _money(part))] if len(part) else []
    out.append(("quarantined", len(quarantine), aside))
    for code in PRIORITY:
        part = quarantine[quarantine["reason"] == code]
        money = _money(part, "parsed_amount") if has_money else float("nan")
        out += [(code, len(part), money)] if len(part) else []
    return out


def _count_flags(cleaned: Cleaned) -> list[tuple[str, int, float]]:
    rows, audit = cleaned.rows, cleaned.audit
    out = []
    for item in FLAG_ITEMS:
        if _FLAG_OF[item] in rows.columns:
            part = rows[rows[_FLAG_OF[item]]]
            out.append((item, len(part), _money(part)))
    keys = [c for c in ("source_file", "source_row") if c in audit.columns]
    for item, rule in (("corrected", ""), ("id_digits_lost", "id_digits_lost")):
        touched = audit.loc[audit["source_row"].notna() & audit["rule"].str.startswith(rule), keys]
        part = rows.merge(touched.drop_duplicates(), on=keys, how="inner")
        if len(part) or item == "corrected":
            out.append((item, len(part), _money(part)))
    return out
