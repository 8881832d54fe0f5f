"""Computed sentences on the next category, the growth list, the change of the share and the campaigns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.display import show_figure, show_table
from crm_lib.lesson.growth_steps import judge_trial
from crm_lib.lesson.value_words import money

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.growth_trial import Uplift

_SURE = 0.05


def tabulate_rules(rules: pd.DataFrame) -> pd.DataFrame:
    """Return the rules under the names they are shown by.

    Parameters
    ----------
    rules
        What `find_rules` returned.
    """
    named = rules.rename(columns={"confidence": "rule_share", "lift": "rule_lift"})
    return named[
        ["if_bought", "then_category", "n_if", "n_both", "rule_share", "low_share", "base_share", "rule_lift"]
    ]


def describe_rules(rules: pd.DataFrame) -> str:
    """Return a sentence on the surest rule.

    Parameters
    ----------
    rules
        What `find_rules` returned.
    """
    if not len(rules):
        return say("growth.no_rules")
    first = rules.iloc[0]
    return say(
        "growth.rules", n=f"{len(rules):,}", first=first["if_bought"], then=first["then_category"],
        n_if=f"{first['n_if']:,}", n_both=f"{first['n_both']:,}", share=f"{first['confidence']:.1%}",
        base=f"{first['base_share']:.1%}", lift=f"{first['lift']:.2f}",
    )  # fmt: skip


def describe_trial(trial: pd.DataFrame, seed: int) -> str:
    """Return sentences on whether suggestions beat the most bought category.

    Parameters
    ----------
    trial
        What `try_suggestions` returned.
    seed
        Seed of the bootstrap.
    """
    if not len(trial):
        return say("growth.no_trial")
    gap, verdict = judge_trial(trial, seed)
    return say(
        "growth.trial", start=trial.attrs["start"], n=f"{len(trial):,}", hit=f"{trial['hit'].mean():.1%}",
        popular=f"{trial['popular_hit'].mean():.1%}", gap=f"{100 * gap.estimate:+.1f}".replace("-", "−"),
        low=f"{100 * gap.low:+.1f}".replace("-", "−"), high=f"{100 * gap.high:+.1f}".replace("-", "−"),
    ) + say(f"growth.trial_{verdict}")  # fmt: skip


def show_list(grown: pd.DataFrame, unit: str) -> None:
    """Show the head of the growth list, in two tables.

    Parameters
    ----------
    grown
        What `plan_measures` returned.
    unit
        Unit of money.
    """
    named = word_list(grown)
    first = [
        "customer_id",
        "potential_value",
        "wallet_share",
        "potential_basis",
        "suggested_category",
        "measure_name",
    ]
    show_table(named[first], say("growth.cap_list", unit=unit), most=8)
    second = ["customer_id", "worked_share", "won_profit", "measure_cost", "expected_gain", "gain_per_yuan"]
    show_table(named[[*second, "running_cost", "is_chosen"]], say("growth.cap_budget", unit=unit), most=8)


def word_list(grown: pd.DataFrame) -> pd.DataFrame:
    """Return the growth list with Chinese words for keys and flags.

    Parameters
    ----------
    grown
        What `plan_measures` returned.
    """
    named = grown.assign(
        basis=[say(f"growth.word_{b}") for b in grown["basis"]],
        category=grown["category"].astype(object).where(grown["category"].notna(), "—"),
        reason=[say(f"growth.reason_{r if r in ('like', 'popular') else 'none'}") for r in grown["reason"]],
        chosen=[say("growth.yes" if c else "growth.no") for c in grown["chosen"]],
    )
    names = {"basis": "potential_basis", "category": "suggested_category", "reason": "suggested_why"}
    return named.rename(columns={**names, "chosen": "is_chosen"})


def describe_list(grown: pd.DataFrame, budget: float, unit: str) -> str:
    """Return sentences on whom the budget reaches, and what that is expected to bring.

    Parameters
    ----------
    grown
        What `plan_measures` returned.
    budget
        Yuan.
    unit
        Unit of money.
    """
    if not len(grown):
        return say("growth.no_list")
    about = grown.attrs
    loss = int((grown["expected_gain"] <= 0).sum())
    text = say("growth.list", n=f"{len(grown):,}", budget=money(budget), unit=unit)
    if not about["n_chosen"]:
        text += say("growth.list_nobody")
    else:
        back = (about["gain"] + about["spent"]) / about["spent"]
        text += say(
            "growth.list_chosen", n=f"{about['n_chosen']:,}", spent=money(about["spent"]), gain=money(about["gain"]),
            unit=unit, back=f"{back:.2f}",
        )  # fmt: skip
    text += say("growth.list_left", n=f"{about['n_left_out']:,}") if about["n_left_out"] else ""
    text += say("growth.list_loss", n=f"{loss:,}") if loss else ""
    asked = int((grown.loc[grown["chosen"], "basis"] != "asked").sum())
    return text + (say("growth.list_ask", n=f"{asked:,}") if asked else "")


def describe_tracking(pairs: pd.DataFrame, tracked: pd.DataFrame, drift: float) -> str:
    """Return sentences on whether the share has changed.

    Parameters
    ----------
    pairs
        What `pair_periods` returned.
    tracked
        What `track_share` returned for them.
    drift
        The assumption.
    """
    about, row = pairs.attrs, tracked.iloc[0]
    if about["kind"] == "none" or not len(pairs):
        return say("growth.track_none")
    lead = say(
        f"growth.track_{about['kind']}", drift=f"{drift:.0%}", before=about["before"], after=about["after"]
    )
    if row["share_change"] != row["share_change"]:
        return lead + say("growth.track_unknown")
    points = {k: f"{100 * row[k]:+.1f}".replace("-", "−") for k in ("share_change", "low", "high")}
    text = lead + say(
        "growth.track", n=f"{len(pairs):,}", before=f"{row['before_share']:.1%}",
        after=f"{row['after_share']:.1%}", up=f"{int(row['n_up']):,}", down=f"{int(row['n_down']):,}",
        same=f"{int(row['n_same']):,}", **points,
    )  # fmt: skip
    if row["low"] != row["low"]:
        return text + say("growth.track_open")
    return text + say("growth.track_" + ("up" if row["low"] > 0 else "down" if row["high"] < 0 else "open"))


def show_campaigns(effects: pd.DataFrame, unit: str) -> None:
    """Show what each campaign changed; nothing without a campaign.

    Parameters
    ----------
    effects
        What `compare_campaigns` returned.
    unit
        Unit of money.
    """
    from crm_lib.plots import plot_effects

    if not len(effects):
        return
    figure = plot_effects(effects, label="campaign_name", unit=unit)
    show_figure(figure, say("growth.cap_effects", unit=unit))
    named = effects.assign(verdict=[say(f"growth.verdict_{v}") for v in effects["verdict"]])
    columns = ["campaign_name", "n_treated", "n_control", "difference", "measure_cost", "net_gain", "net_low"]
    show_table(named[[*columns, "net_high", "verdict"]], say("growth.cap_campaigns", unit=unit))


def describe_campaigns(effects: pd.DataFrame, unit: str) -> str:
    """Return one sentence per campaign: go on, stop, or not sure.

    Parameters
    ----------
    effects
        What `compare_campaigns` returned.
    unit
        Unit of money.
    """
    if not len(effects):
        return say("growth.no_campaigns")
    lines = []
    for row in effects.to_dict("records"):
        parts = {k: money(row[k]) for k in ("net_gain", "net_low", "net_high", "difference", "measure_cost")}
        line = say("growth.campaign", name=row["campaign_name"], unit=unit, **parts)
        lines.append(line + say(f"growth.campaign_{row['verdict']}"))
    return "\n".join(lines)


def show_groups(uplift: Uplift) -> None:
    """Show the effect from the customers who should be moved most to those who should be moved least.

    Parameters
    ----------
    uplift
        What `find_movable` returned.
    """
    from crm_lib.plots import plot_uplift_groups

    if len(uplift.groups):
        show_figure(plot_uplift_groups(uplift.groups), say("growth.cap_groups", name=uplift.campaign_id))


def describe_uplift(uplift: Uplift) -> str:
    """Return sentences on whether it is known whom the campaign moves.

    Parameters
    ----------
    uplift
        What `find_movable` returned.
    """
    if uplift.why:
        return say(f"growth.uplift_{uplift.why}", name=uplift.campaign_id)
    row = uplift.qini[uplift.qini["measure"] == "qini"].iloc[0]
    n = int(uplift.groups["n_customers"].sum())
    parts = {k: f"{100 * row[k]:.2f}".replace("-", "−") for k in ("extra", "extra_low", "extra_high")}
    text = say("growth.uplift", name=uplift.campaign_id, n=f"{n:,}", p=f"{row['p_value']:.2f}", **parts)
    clear = row["extra_low"] > 0 and row["p_value"] < _SURE
    return text + say("growth.uplift_clear" if clear else "growth.uplift_unclear")
