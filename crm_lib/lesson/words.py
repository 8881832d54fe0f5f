"""Sentences and small choices that several lessons share; every number in them is computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day
from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd

GOOD_SILHOUETTE = 0.5
WEAK_SILHOUETTE = 0.25


def choose_as_of(as_of: str, rows: pd.DataFrame) -> str:
    """Return `as_of`, or the day after the last order when it is empty; never today.

    Parameters
    ----------
    as_of
        ISO date or empty text.
    rows
        Order lines with ``ordered_at``, at least one.

    Returns
    -------
    str
        ISO date.

    Raises
    ------
    ParameterError
        `as_of` is not a date.
    """
    import datetime as dt

    if as_of:
        return parse_day("as_of", "as_of", as_of).isoformat()
    return (rows["ordered_at"].max().date() + dt.timedelta(days=1)).isoformat()


def choose_currency(currency: str, source: str) -> str:
    """Return `currency`, or the sample's own unit, or 元 for a user's file.

    Parameters
    ----------
    currency
        Unit of money, or empty text.
    source
        Name of a sample, or a file.
    """
    from crm_lib import sample

    units = {s.name: s.currency for s in sample.list_samples()}
    return currency or units.get(source, "元")


def count_items(cleaned: Any) -> dict[str, int]:
    """Return how many lines each item of the cleaning account has.

    Parameters
    ----------
    cleaned
        What ``clean_table`` returned.
    """
    from crm_lib.identify import summarize_cleaning

    table = summarize_cleaning(cleaned)
    return {str(item): int(n) for item, n in zip(table["item"], table["n_lines"], strict=True)}


def describe_cleaning(cleaned: Any) -> str:
    """Return one paragraph on how many lines were kept, merged and set aside, and why.

    Parameters
    ----------
    cleaned
        What ``clean_table`` returned.
    """
    counts = count_items(cleaned)
    n_in = len(cleaned.rows) + len(cleaned.merged) + len(cleaned.quarantine)
    text = say(
        "cleaning.account",
        n_in=f"{n_in:,}",
        n_kept=f"{len(cleaned.rows):,}",
        n_merged=f"{len(cleaned.merged):,}",
        n_quarantined=f"{len(cleaned.quarantine):,}",
    )
    reasons = cleaned.quarantine["reason"].value_counts() if len(cleaned.quarantine) else {}
    if len(reasons):
        from crm_lib.identify import REASONS

        first = REASONS[reasons.index[0]][1]
        share = f"{reasons.iloc[0] / reasons.sum():.0%}"
        text += say("cleaning.most", reason=first, n=f"{reasons.iloc[0]:,}", share=share)
    flags = {key: counts.get(key, 0) for key in ("suspected_duplicate", "zero_amount", "returns")}
    text += say("cleaning.flags", **{key: f"{n:,}" for key, n in flags.items()})
    return text if "order_id" in cleaned.rows.columns else text + say("cleaning.by_day")


def describe_sweep(sweep: pd.DataFrame) -> str:
    """Return a sentence on the recommended number of clusters and how far they stand apart.

    Parameters
    ----------
    sweep
        What ``sweep_k`` returned.
    """
    best = sweep.attrs.get("recommended_k")
    if best is None:
        return say("sweep.none", n=f"{sweep.attrs.get('n_customers', 0):,}")
    value = float(sweep.set_index("k")["silhouette"][best])
    grade = "good" if value >= GOOD_SILHOUETTE else "fair" if value >= WEAK_SILHOUETTE else "weak"
    return say("sweep.best", k=best, value=f"{value:.2f}") + say(f"sweep.{grade}")


def show_summary(figures: Mapping[str, Any], caption: str) -> None:
    """Show a two-column table of the key figures of a page.

    Parameters
    ----------
    figures
        Title → value; a share is a float whose title ends in 占比.
    caption
        What the table sums up.
    """
    import pandas as pd

    from crm_lib.lesson.display import format_value, show_table

    rows = [
        (title, format_value(value, "x_share" if title.endswith("占比") else _unit_of(value)))
        for title, value in figures.items()
    ]
    show_table(pd.DataFrame(rows, columns=["item", "value"]), caption)


def _unit_of(value: Any) -> str:
    return "revenue" if isinstance(value, float) else ""


def describe_customers(rfm: pd.DataFrame, *, unit: str) -> str:
    """Return a sentence on the day, the number of customers, who bought once, and what they spent.

    Parameters
    ----------
    rfm
        What ``summarize_rfm`` returned, one row per customer.
    unit
        Unit of money.
    """
    text = say(
        "customers.account",
        day=rfm.attrs["as_of"],
        n=f"{len(rfm):,}",
        once=f"{(rfm['n_orders'] == 1).mean():.1%}",
        mean=f"{rfm['revenue'].mean():,.2f}",
        median=f"{rfm['revenue'].median():,.2f}",
        unit=unit,
    )
    n_later = rfm.attrs.get("n_later", 0)
    return text + (say("customers.later", n=f"{n_later:,}") if n_later else "")


def account_tables(cleaned: Any, schema: str = "orders") -> dict[str, pd.DataFrame]:
    """Return the tables of the cleaning account that may leave the notebook.

    Columns the contract does not know (a phone, an address in a shop's export)
    stay out: no report shows contact data that nobody asked for.

    Parameters
    ----------
    cleaned
        What ``clean_table`` returned.
    schema
        The contract whose columns may be shown.

    Returns
    -------
    dict of DataFrame
        ``quarantine`` and ``merged`` (one row per line), ``audit`` (one row per changed cell).
    """
    from crm_lib.schema import load_schema

    known = {*load_schema(schema).names, "source_row", "source_file", "reason", "reasons", "merged_into"}
    parts = {"quarantine": cleaned.quarantine, "merged": cleaned.merged}
    tables = {key: frame[[c for c in frame.columns if c in known]] for key, frame in parts.items()}
    return tables | {"audit": cleaned.audit}
