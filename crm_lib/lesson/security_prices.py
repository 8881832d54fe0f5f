"""The price audit of the lesson: whether known customers are asked more for the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.security_tables import show_step, word

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.security_data import FirmData
    from crm_lib.protect.price_audit import PriceAudit

_PAIRS = ["sku", "begins", "channel", "n_known", "n_new", "price_known", "price_new"]
_EFFECTS = ["part", "gap", "gap_low", "gap_high", "n_strata", "n_known", "n_new", "verdict"]


def judge_prices(data: FirmData, material: float) -> tuple[PriceAudit | None, pd.DataFrame]:
    """Audit the quotes, and show the verdict of each channel and what coupons do besides.

    Parameters
    ----------
    data
        What `gather_firm` returned.
    material
        Percentage points that count at least.

    Returns
    -------
    tuple of PriceAudit or None, and DataFrame
        What `audit_prices` returned, None without quotes; and one row per article × hour × channel
        (``sku``, ``begins``, ``channel``, ``n_known``, ``n_new``, ``price_known``, ``price_new``: mean prices
        of both sides before coupons).
    """
    import pandas as pd

    from crm_lib.protect.price_audit import audit_prices

    if not len(data.quotes):
        return None, pd.DataFrame(columns=_PAIRS)
    audit = audit_prices(data.quotes, comparisons=("known",), min_effect=material / 100)
    names = {
        "part": "channel",
        "n_quotes": "n_known",
        "n_quotes_others": "n_new",
        "price": "price_known",
        "price_others": "price_new",
    }
    pairs = audit.strata.rename(columns=names)[_PAIRS].sort_values(
        ["begins", "sku", "channel", "price_known", "price_new"], kind="stable", ignore_index=True
    )
    show_step(tabulate_effects(audit), say("security.cap_prices"))
    rows = audit.coupons
    coupons = rows[[]].assign(
        channel=[word("channel", c) for c in rows["part"]],
        known_share=rows["coupon_share"],
        new_share=rows["coupon_share_others"],
        known_amount=rows["mean_coupon"],
        new_amount=rows["mean_coupon_others"],
    )
    show_step(coupons, say("security.cap_coupons"))
    return audit, pairs


def tabulate_effects(audit: PriceAudit) -> pd.DataFrame:
    """Return the verdict of each channel, gaps in percent.

    Parameters
    ----------
    audit
        What `audit_prices` returned.

    Returns
    -------
    DataFrame
        One row per channel: ``part``, ``gap``, ``gap_low``, ``gap_high`` (percent), counts, ``verdict`` (word).
    """
    rows = audit.effects
    out = rows.assign(part=[word("channel", c) for c in rows["part"]])
    for new, old in (("gap", "effect"), ("gap_low", "low"), ("gap_high", "high")):
        out[new] = (rows[old].astype("float64") * 100).round(2)
    out["n_known"], out["n_new"] = rows["n_quotes"], rows["n_quotes_others"]
    out["verdict"] = [word("price", v.replace(" ", "_")) for v in rows["verdict"]]
    return out[_EFFECTS]


def describe_prices(audit: PriceAudit | None, pairs: pd.DataFrame, material: float) -> str:
    """Say whether known customers are asked more, where, and by how much; or what could have been seen.

    Parameters
    ----------
    audit, pairs
        What `judge_prices` returned.
    material
        Percentage points that count at least.
    """
    if audit is None or not len(pairs):
        return say("security.prices_none")
    text = say(
        "security.prices", n=f"{audit.n_quotes:,}", matched=f"{audit.n_matched:,}", pairs=f"{len(pairs):,}"
    )
    rows = audit.effects
    accused = rows[rows["verdict"] == "accused"]
    for row in accused.itertuples():
        ends = {"gap": f"{row.effect:.1%}", "low": f"{row.low:.1%}", "high": f"{row.high:.1%}"}
        text += say(
            "security.prices_accused", channel=word("channel", row.part), material=f"{material:g}", **ends
        )
    rest = rows[rows["verdict"] == "not shown"]
    if len(rest):
        names = "、".join(word("channel", c) for c in rest["part"])
        seen = float(rest["detectable"].astype("float64").max())
        text += say("security.prices_not_shown", names=names, seen=f"{seen:.1%}")
    few = rows[rows["verdict"] == "too few"]
    if len(few):
        text += say("security.prices_few", names="、".join(word("channel", c) for c in few["part"]))
    return text + say(f"security.prices_end_{audit.verdict.replace(' ', '_')}")


def draw_prices(audit: PriceAudit | None, material: float) -> None:
    """Show what known customers are asked more in each channel, with the interval.

    Parameters
    ----------
    audit
        What `judge_prices` returned.
    material
        Percentage points that count at least.
    """
    from crm_lib.lesson.display import show_figure
    from crm_lib.plots import plot_price_audit

    if audit is not None and len(audit.effects):
        ax = plot_price_audit(audit.effects, min_effect=material / 100)
        show_figure(ax, say("security.fig_prices", n=f"{audit.n_matched:,}"))
