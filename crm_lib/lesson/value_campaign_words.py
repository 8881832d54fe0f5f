"""Computed sentences on one campaign: what it was, whether the lot was kept, what it shows and what it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title, say
from crm_lib.lesson.display import show_figure, show_table
from crm_lib.lesson.value_words import money

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.differentiate import Balance
    from crm_lib.lesson.value_campaign import Campaign

SURE = 0.05


def show_campaign(campaign: Campaign, lot: Balance | None, effects: pd.DataFrame, *, unit: str) -> None:
    """Show how alike the arms were before, and what differed after; nothing without a campaign.

    Parameters
    ----------
    campaign, lot, effects
        What `read_campaign`, `check_lot` and `measure_effects` returned.
    unit : str
        Unit of money.
    """
    if campaign.why:
        return
    if lot is not None:
        table = lot.measures.assign(measure=[_title(m) for m in lot.measures["measure"]])
        show_table(table, say("value_campaign.cap_lot", name=campaign.name))
    if len(effects):
        from crm_lib.plots import plot_effects

        show_table(word_effects(effects), say("value_campaign.cap_effects", name=campaign.name, unit=unit))
        spend = effects[effects["effect_kind"] != "converted"]
        named = spend.assign(effect_kind=[say(f"value_campaign.effect_{e}") for e in spend["effect_kind"]])
        figure = plot_effects(named, label="effect_kind", unit=unit)
        show_figure(figure, say("value_campaign.cap_figure", name=campaign.name))


def name_effects(effects: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons with what is compared in Chinese, and every figure as a number.

    Parameters
    ----------
    effects
        What `measure_effects` returned.
    """
    return effects.assign(effect_kind=[say(f"value_campaign.effect_{e}") for e in effects["effect_kind"]])


def word_effects(effects: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons as people read them: shares in percent, money with two decimals.

    Parameters
    ----------
    effects
        What `measure_effects` returned.

    Returns
    -------
    DataFrame
        One row per comparison, texts: effect_kind, n_treated, n_control, treated, control, difference, low, high.
    """
    shown = effects.drop(columns="p_value").astype(object)
    for column in ("treated", "control", "difference", "low", "high"):
        shown[column] = [
            _word(v, e == "converted") for v, e in zip(effects[column], effects["effect_kind"], strict=True)
        ]
    return name_effects(shown)


def _word(value: float, share: bool) -> str:
    if value != value:
        return "—"
    return f"{value:.1%}".replace("-", "−") if share else money(value)


def _title(measure: str) -> str:
    stem = measure.removesuffix(" missing")
    name = say("value_campaign.spend_before") if stem == "spend_before" else column_title(stem)
    return name + (say("value_campaign.missing") if stem != measure else "")


def describe_campaign(
    campaign: Campaign, lot: Balance | None, effects: pd.DataFrame, returned: pd.DataFrame, *, unit: str
) -> str:
    """Return sentences on the campaign: the lot, the difference, the return, and how far all that goes.

    Parameters
    ----------
    campaign, lot, effects, returned
        What `read_campaign`, `check_lot`, `measure_effects` and `measure_return` returned.
    unit : str
        Unit of money.

    Returns
    -------
    str
        Without a campaign the one sentence that says what is missing.
    """
    if campaign.why:
        return say(f"value_campaign.no_{campaign.why}", name=campaign.name)
    counts = campaign.people["arm"].value_counts()
    text = say(f"value_campaign.picked_{campaign.picked}", name=campaign.name)
    text += say("value_campaign.medium", medium=campaign.medium) if campaign.medium else ""
    text += say("value_campaign.offer", offer=campaign.offer) if campaign.offer else ""
    text += say("value_campaign.arms", treated=f"{counts['treated']:,}", control=f"{counts['control']:,}")
    text += "\n" + describe_lot(lot)
    text += "\n" + _say_effects(effects, unit)
    text += "\n" + _say_return(campaign, returned, unit)
    return text + "\n" + _say_limits(campaign, lot, effects)


def describe_lot(lot: Balance | None) -> str:
    """Return sentences on whether the arms were alike before.

    Parameters
    ----------
    lot
        What `check_lot` returned.
    """
    if lot is None:
        return say("value_campaign.lot_unknown")
    gaps = lot.measures.set_index("measure")["std_difference"].abs()
    p = f"{lot.p_value:.1%}"
    text = say("value_campaign.lot", k=len(gaps), p=p)
    if gaps.notna().any():
        name = _title(str(gaps.idxmax()))
        text += say("value_campaign.lot_gap", measure=name, gap=f"{gaps.max():.2f}")
    return text + say(f"value_campaign.lot_{'odd' if lot.p_value < SURE else 'fair'}")


def _say_effects(effects: pd.DataFrame, unit: str) -> str:
    found = effects.set_index("effect_kind")
    text = ""
    if "converted" in found.index:
        row = found.loc["converted"]
        words = {k: _word(row[k], True) for k in ("treated", "control")}
        points = {k: f"{100 * row[k]:.1f}".replace("-", "−") for k in ("difference", "low", "high")}
        text += say("value_campaign.converted", **words, **points) + say(f"value_campaign.{_judge(row)}")
    row = found.loc["spend"]
    text += say(
        "value_campaign.spend", unit=unit,
        **{k: money(row[k]) for k in ("treated", "control", "difference", "low", "high")},
    )  # fmt: skip
    text += say(f"value_campaign.{_judge(row)}")
    if "adjusted" in found.index:
        row = found.loc["adjusted"]
        text += say(
            "value_campaign.adjusted", **{k: money(row[k]) for k in ("difference", "low", "high")}, unit=unit
        )
    if "best" in found.index:
        row = found.loc["best"]
        counts = {k: f"{int(row[k]):,}" for k in ("n_treated", "n_control")}
        values = {k: money(row[k]) for k in ("difference", "low", "high")}
        text += say("value_campaign.best", **counts, **values, unit=unit) + say(
            f"value_campaign.{_judge(row)}"
        )
    else:
        text += say("value_campaign.best_unknown")
    return text


def _judge(row: pd.Series) -> str:
    return "above" if row["low"] > 0 else "below" if row["high"] < 0 else "open"


def _say_return(campaign: Campaign, returned: pd.DataFrame, unit: str) -> str:
    if not len(returned):
        return say("value_campaign.no_cost")
    row = returned.iloc[0]
    values = {k: money(row[k]) for k in ("incremental_gain", "policy_cost", "net_gain", "roi", "low", "high")}
    text = say("value_campaign.roi", **values, unit=unit)
    kind = "gain" if row["low"] > 0 else "loss" if row["high"] < 0 else "open"
    return text + say(f"value_campaign.roi_{kind}")


def _say_limits(campaign: Campaign, lot: Balance | None, effects: pd.DataFrame) -> str:
    spend = effects.set_index("effect_kind").loc["spend"]
    fair = lot is not None and lot.p_value >= SURE
    key = "open" if _judge(spend) == "open" else "clear" if fair else "clear_odd"
    text = say(f"value_campaign.shows_{key}")
    if campaign.sent_on and campaign.until:
        import datetime as dt

        days = (dt.date.fromisoformat(campaign.until) - dt.date.fromisoformat(campaign.sent_on)).days
        text += say("value_campaign.shows_days", days=days)
    return text + say("value_campaign.shows_not")
