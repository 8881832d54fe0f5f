"""Sentences and small choices that several lessons share; every number in them is computed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day
from crm_lib.catalogue import column_title, list_currencies, say
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

GOOD_SILHOUETTE = 0.5
WEAK_SILHOUETTE = 0.25
FEW_PER_CLUSTER = 10
# a last order later than this after all others is a misprint
_YEARS_APART = 5


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
    DataError
        `as_of` is empty, and the last orders lie years after all others: the day
        after a misprint such as 2099 would make every customer long gone.
    """
    import datetime as dt

    if as_of:
        return parse_day("as_of", "as_of", as_of).isoformat()
    days = rows["ordered_at"].dt.normalize().sort_values()
    before = days.shift()
    far = days[(days - before).dt.days > _YEARS_APART * 365]
    if len(far) and (days >= far.iloc[0]).sum() <= max(1, 0.01 * len(days)):
        last = before[far.index[0]].date()
        day = (last + dt.timedelta(days=1)).isoformat()
        raise DataError(say("customers.far", first=far.iloc[0].date(), last=last, day=day))
    return (days.iloc[-1].date() + dt.timedelta(days=1)).isoformat()


def choose_currency(currency: str, source: str, rows: pd.DataFrame | None = None) -> str:
    """Return `currency`, or the sample's own unit, or that of a user's file: 元 unless it says otherwise.

    Parameters
    ----------
    currency
        Unit of money, or empty text.
    source
        Name of a sample, or a file.
    rows
        The cleaned order lines, which know the currency their file states.
    """
    from crm_lib import sample

    units = {s.name: s.currency for s in sample.list_samples()}
    stated = "" if rows is None else rows.attrs.get("source", {}).get("currency", "")
    return currency or units.get(source) or list_currencies().get(stated, stated) or "元"


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


def describe_cleaning(cleaned: Any, *, n_read: int | None = None) -> str:
    """Return one paragraph on how many lines were kept, merged and set aside, and why.

    Parameters
    ----------
    cleaned
        What ``clean_table`` returned.
    n_read
        Lines that were read, counted apart from the cleaning, so that the account can be checked.
    """
    n_in = len(cleaned.rows) + len(cleaned.merged) + len(cleaned.quarantine)
    text = say(
        "cleaning.account",
        n_in=f"{n_in if n_read is None else n_read:,}",
        n_kept=f"{len(cleaned.rows):,}",
        n_merged=f"{len(cleaned.merged):,}",
        n_quarantined=f"{len(cleaned.quarantine):,}",
    )
    if n_read is not None:
        text += say("cleaning.balanced" if n_read == n_in else "cleaning.unbalanced")
    return text + _name_reason(cleaned) + _name_flags(count_items(cleaned)) + _say_order_rule(cleaned.rows)


def _name_reason(cleaned: Any) -> str:
    reasons = cleaned.quarantine["reason"].value_counts() if len(cleaned.quarantine) else {}
    if not len(reasons):
        return ""
    from crm_lib.identify import REASONS

    first = REASONS[reasons.index[0]][1]
    if len(reasons) == 1:
        return say("cleaning.only", reason=first)
    share = f"{reasons.iloc[0] / reasons.sum():.0%}"
    return say("cleaning.most", reason=first, n=f"{reasons.iloc[0]:,}", share=share)


def _name_flags(counts: Mapping[str, int]) -> str:
    flags = {key: counts.get(key, 0) for key in ("suspected_duplicate", "zero_amount", "returns")}
    said = [say(f"cleaning.{key}", n=f"{n:,}") for key, n in flags.items() if n]
    return say("cleaning.flags", said="；".join(said)) if said else say("cleaning.no_flags")


def _say_order_rule(rows: pd.DataFrame) -> str:
    return "" if "order_id" in rows.columns else say("cleaning.by_day")


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
    n = int(sweep.attrs.get("n_customers", 0))
    text = say("sweep.best", k=best, value=f"{value:.2f}")
    if n < best * FEW_PER_CLUSTER:
        return text + say("sweep.few", n=f"{n:,}", least=FEW_PER_CLUSTER)
    structure = sweep.attrs.get("structure")
    if structure is False:
        return text + say("sweep.cloud")
    text += say(f"sweep.{sweep.attrs['rule']}") if structure else ""
    # without a valley between every two groups their borders are a matter of taste, however high the index
    apart = value >= GOOD_SILHOUETTE and not (structure and sweep.attrs["rule"] != "valleys")
    grade = "good" if apart else "fair" if value >= WEAK_SILHOUETTE else "weak"
    return text + say(f"sweep.{grade}")


def describe_segments(summary: pd.DataFrame, *, scheme: str) -> str:
    """Return sentences on the segment with the most money, what to do for it, and the largest segment.

    Parameters
    ----------
    summary
        What ``summarize_segments`` returned, at least one row.
    scheme
        The scheme the segments were named with.
    """
    from crm_lib.differentiate import list_segments

    actions = list_segments(scheme).drop_duplicates("segment").set_index("segment")["action"]
    top = summary.loc[summary["revenue"].idxmax()]
    name, n = top["segment"], f"{top['n_customers']:,}"
    if len(summary) == 1:
        return say("segments.one", n=n, name=name)
    shares = f"{top['customer_share']:.1%}", f"{top['revenue_share']:.1%}"
    if top["revenue"] <= 0:
        return say("segments.no_money")
    missing = top["revenue_share"] != top["revenue_share"]
    money = say("segments.no_share") if missing else say("segments.share", share=shares[1])
    text = say("segments.top", name=name, n=n, share=shares[0], money=money)
    text += say("segments.action", action=actions[name])
    most = summary.loc[summary["n_customers"].idxmax()]
    if most["n_customers"] == top["n_customers"]:
        return text
    return text + say(
        "segments.largest",
        name=most["segment"],
        n=f"{most['n_customers']:,}",
        share=f"{most['customer_share']:.1%}",
    )


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
    n_returns, n_later = int((rfm["n_orders"] == 0).sum()), rfm.attrs.get("n_later", 0)
    text += say("customers.only_returns", n=f"{n_returns:,}") if n_returns else ""
    return text + (say("customers.later", n=f"{n_later:,}") if n_later else "")


# on an order line, `returned` says whether it is a return; elsewhere whether a customer came back
_LINE_COLUMNS = {"returned": "is_return"}


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
        ``quarantine`` and ``merged`` (one row per line), ``audit`` (one row per changed cell); reasons, rules
        and changed columns in Chinese.
    """
    from crm_lib.schema import load_schema

    known = {*load_schema(schema).names, "source_row", "source_file", "reason", "reasons", "merged_into"}
    parts = {"quarantine": cleaned.quarantine, "merged": cleaned.merged}
    tables = {key: frame[[c for c in frame.columns if c in known]] for key, frame in parts.items()}
    return {key: _word_account(frame) for key, frame in (tables | {"audit": cleaned.audit}).items()}


def _word_account(frame: pd.DataFrame) -> pd.DataFrame:
    """Put the Chinese titles of reasons, rules and columns for their codes."""
    from crm_lib.identify import REASONS, RULES

    words = {code: title for code, (_, title) in REASONS.items()}
    rules = {code: title for code, (_, title) in RULES.items()}
    out = frame.copy()
    for column in {"reason", "reasons"} & set(out.columns):
        named = {
            text: re.sub(r"[a-z_]+", lambda m: words.get(m[0], m[0]), str(text))
            for text in out[column].dropna().unique()
        }
        out[column] = [named.get(text, text) for text in out[column]]
    if "rule" in out.columns:
        codes = [str(text).partition(":")[0] for text in out["rule"]]
        out["rule"] = [rules.get(code, code) for code in codes]
        titles = {c: column_title(_LINE_COLUMNS.get(c, c)) for c in out["column"].unique()}
        out["column"] = [titles[c] for c in out["column"]]
    return out.rename(columns=_LINE_COLUMNS)
