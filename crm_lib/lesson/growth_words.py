"""Computed sentences on shares, classes and thresholds in the lesson on the most growable customers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.business import FEW_CUSTOMERS
from crm_lib.lesson.display import show_figure, show_table
from crm_lib.lesson.value_words import money

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.differentiate import ShareModel

FEW_TESTED = 30
_SENSITIVE = 0.1


def show_share(panel: pd.DataFrame, wallet: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Show our share per category, and return the table; nothing is shown without a wallet.

    Parameters
    ----------
    panel
        What `measure_panel` returned.
    wallet
        The cleaned wallet.
    unit
        Unit of money.
    """
    from crm_lib.differentiate import measure_share
    from crm_lib.plots import plot_category_shares

    if not len(panel):
        return panel.iloc[:0]
    last = wallet[(wallet["period"].astype(str) == panel.attrs["period"]).to_numpy()]
    shares = measure_share(last, by=["category"])
    show_figure(
        plot_category_shares(shares, unit=unit), say("growth.cap_categories", period=panel.attrs["period"])
    )
    shares = shares.rename(columns={"share": "wallet_share"})
    return shares[["category", "n_customers", "category_spend", "our_spend", "wallet_share"]]


def describe_share(panel: pd.DataFrame, categories: pd.DataFrame, unit: str) -> str:
    """Return sentences on our share of those who told, and where most is spent elsewhere.

    Parameters
    ----------
    panel
        What `measure_panel` returned.
    categories
        What `show_share` returned.
    unit
        Unit of money.
    """
    whole, ours = float(panel["category_spend"].sum()), float(panel["our_spend"].sum())
    if not len(panel) or whole <= 0:
        return say("growth.no_wallet")
    text = say(
        "growth.share", period=panel.attrs["period"], n=f"{len(panel):,}", whole=money(whole), ours=money(ours),
        unit=unit, share=f"{ours / whole:.1%}", mean=f"{panel['wallet_share'].mean():.1%}",
    )  # fmt: skip
    rest = categories["category_spend"] - categories["our_spend"]
    first = categories.loc[rest.sort_values(ascending=False, kind="stable").index[0]]
    gap = float(first["category_spend"] - first["our_spend"])
    if len(categories) > 1 and gap > 0:
        name, part = str(first["category"]), f"{first['wallet_share']:.1%}"
        text += say("growth.share_gap", category=name, share=part, rest=money(gap), unit=unit)
    over = panel.attrs.get("n_over", 0)
    return text + (say("growth.share_over", n=f"{over:,}") if over else "")


def describe_estimate(people: pd.DataFrame, model: ShareModel | None, unit: str) -> str:
    """Return sentences on how the potential is known, and whether the estimate is any good.

    Parameters
    ----------
    people
        What `estimate_potential` returned.
    model
        What it returned beside.
    unit
        Unit of money.
    """
    about = people.attrs
    text = say(f"growth.by_{about['by']}", n=f"{len(people):,}", rate=f"{about['margin_share']:.1%}")
    text += say("growth.old", n=f"{about['n_old']:,}") if about["n_old"] else ""
    text += say("growth.unknown", n=f"{about['n_unknown']:,}") if about["n_unknown"] else ""
    counts = people["basis"].value_counts()
    parts = [
        say(f"growth.basis_{b}", n=f"{counts[b]:,}")
        for b in ("asked", "estimated", "benchmark")
        if b in counts
    ]
    text += "\n" + say("growth.basis", parts="；".join(parts))
    total = money(float(people["potential_value"].sum()))
    key = "potential_benchmark" if "benchmark" in counts else "potential"
    text += say(f"growth.{key}", total=total, unit=unit)
    return text + ("\n" + _say_check(model) if model is not None else "")


def _say_check(model: ShareModel) -> str:
    row = model.check.iloc[0]
    n = int(row["n_test"])
    if not n:
        return say("growth.check_none")
    text = say(
        "growth.check", n=f"{n:,}", mae=f"{100 * row['mae']:.1f}", mean=f"{100 * row['mae_of_mean']:.1f}",
        hit=f"{row['coverage']:.0%}", confidence=f"{model.confidence:.0%}",
    )  # fmt: skip
    better = row["mae"] < row["mae_of_mean"] - 1e-12
    return (
        text
        + say("growth.check_better" if better else "growth.check_worse")
        + (say("growth.check_few", n=n) if n < FEW_TESTED else "")
    )


def show_classes(graded: pd.DataFrame, thresholds: Mapping[str, float], unit: str) -> pd.DataFrame:
    """Show the map of actual and potential value and the classes, and return one row per class.

    Parameters
    ----------
    graded
        One row per customer, as `classify_growth` returned it, with more columns.
    thresholds
        What `set_thresholds` returned.
    unit
        Unit of money.
    """
    import pandas as pd

    from crm_lib.differentiate.potential import GROWTH_CLASSES
    from crm_lib.plots import plot_growth_map

    show_figure(
        plot_growth_map(graded, thresholds=thresholds, unit=unit), say("growth.cap_map", n=f"{len(graded):,}")
    )
    rows = []
    for key in GROWTH_CLASSES:
        part = graded[(graded["growth_class"] == key).to_numpy()]
        if len(part) or key in ("MVC", "MGC", "BZ"):
            rows.append({
                "growth_class": say(f"growth.class_{key}"), "n_customers": len(part),
                "customer_share": len(part) / len(graded), "actual_value": float(part["actual_value"].sum()),
                "potential_value": float(part["potential_value"].sum()),
            })  # fmt: skip
    out = pd.DataFrame(rows)
    show_table(out, say("growth.cap_classes", unit=unit))
    return out


def describe_classes(graded: pd.DataFrame, thresholds: Mapping[str, float], unit: str) -> str:
    """Return sentences on the thresholds and on the most growable customers.

    Parameters
    ----------
    graded
        One row per customer: actual_value, potential_value, growth_class.
    thresholds
        What `set_thresholds` returned.
    unit
        Unit of money.
    """
    values = {k: money(v) if math.isfinite(v) else say("growth.nowhere") for k, v in thresholds.items()}
    text = say("growth.thresholds", unit=unit, **values)
    mine = graded[(graded["growth_class"] == "MGC").to_numpy()]
    if not len(mine):
        return (
            text
            + say("growth.no_mgc")
            + (say("growth.few", n=len(graded)) if len(graded) < FEW_CUSTOMERS else "")
        )
    actual, potential = (float(graded[c].clip(lower=0).sum()) for c in ("actual_value", "potential_value"))
    text += say(
        "growth.mgc", n=f"{len(mine):,}", share=f"{len(mine) / len(graded):.1%}",
        potential=f"{mine['potential_value'].sum() / potential:.1%}" if potential > 0 else say("growth.nowhere"),
        actual=f"{mine['actual_value'].clip(lower=0).sum() / actual:.1%}" if actual > 0 else say("growth.nowhere"),
    )  # fmt: skip
    both = graded[(graded["growth_class"] == "MVC").to_numpy()]
    n_both = int((both["potential_value"] >= thresholds["mgc_from"]).sum())
    text += say("growth.both", n=f"{n_both:,}") if n_both else ""
    return text + (say("growth.few", n=len(graded)) if len(graded) < FEW_CUSTOMERS else "")


def show_moves(moved: pd.DataFrame, unit: str) -> None:
    """Show what moving a threshold changes.

    Parameters
    ----------
    moved
        What `try_thresholds` returned.
    unit
        Unit of money.
    """
    named = moved.assign(threshold=[say(f"growth.threshold_{t}") for t in moved["threshold"]])
    show_table(named.drop(columns="n_unknown"), say("growth.cap_moves", unit=unit))


def describe_moves(moved: pd.DataFrame, n: int) -> str:
    """Return a sentence on how far the classes hang on the thresholds.

    Parameters
    ----------
    moved
        What `try_thresholds` returned.
    n
        Number of customers.
    """
    if not moved["n_changed"].any():
        return say("growth.moves_none")
    parts = []
    for name, tried in moved.groupby("threshold", sort=False):
        worst = tried.loc[tried["n_changed"].idxmax()]
        if worst["n_changed"]:
            parts.append(
                say(
                    "growth.moves", name=say(f"growth.threshold_{name}"), to=money(float(worst["moved_to"])),
                    n=f"{worst['n_changed']:,}", share=f"{worst['changed_share']:.1%}",
                )
            )  # fmt: skip
    # the list hangs on the two thresholds that were chosen; that of a loss is 0 by nature
    chosen = moved.loc[(moved["threshold"] != "bz_below").to_numpy(), "changed_share"]
    level = "high" if len(chosen) and chosen.max() >= _SENSITIVE else "low"
    return say("growth.moves_lead", parts="；".join(parts), of=f"{n:,}") + say(f"growth.moves_{level}")
