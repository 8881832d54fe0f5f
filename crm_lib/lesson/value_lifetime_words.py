"""Tables and computed sentences on tenths of customers and on what they will bring from here on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.business import FEW_CUSTOMERS
from crm_lib.lesson.display import show_figure, show_table
from crm_lib.lesson.value_lifetime import LEAST_REPEAT, LEAST_WEEKS, LEVEL
from crm_lib.lesson.value_words import money

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.value_lifetime import LifetimeTrial

_CLOSE, _FAIR = 0.05, 0.2


def show_deciles(deciles: pd.DataFrame, *, by: str, unit: str) -> None:
    """Show the tenths that hold a customer.

    Parameters
    ----------
    deciles : DataFrame
        What `summarize_deciles` returned.
    by : str
        What the customers are ranked by.
    unit : str
        Unit of money.
    """
    show_table(deciles, say("value_lifetime.cap_deciles", noun=say(f"value.{by}"), unit=unit))


def describe_deciles(deciles: pd.DataFrame, *, by: str) -> str:
    """Return sentences on what the first tenth holds, and the last.

    Parameters
    ----------
    deciles : DataFrame
        What `summarize_deciles` returned.
    by : str
        What the customers are ranked by.
    """
    noun, n = say(f"value.{by}"), int(deciles["n_customers"].sum())
    if n < FEW_CUSTOMERS:
        return say("value_lifetime.deciles_few", n=n)
    if deciles["value_share"].isna().all():
        return say("value_lifetime.deciles_none", noun=noun)
    first, held = deciles.iloc[0], deciles[deciles["n_customers"] > 0]
    text = say(
        "value_lifetime.deciles",
        n=f"{int(first['n_customers']):,}",
        noun=noun,
        share=f"{first['value_share']:.1%}",
    )
    if len(held) > 1:
        last = held.iloc[-1]
        share = f"{last['value_share']:.1%}".replace("-", "−")
        text += say(
            "value_lifetime.deciles_last",
            k=int(last["decile"]),
            n=f"{int(last['n_customers']):,}",
            share=share,
        )
    empty = int((deciles["n_customers"] == 0).sum())
    return text + (say("value_lifetime.deciles_empty", n=empty) if empty else "")


def tabulate_trial(trial: LifetimeTrial) -> pd.DataFrame:
    """Return the forecasts beside what came, in words.

    Parameters
    ----------
    trial
        What `try_lifetime` returned.

    Returns
    -------
    DataFrame
        One row per way to forecast: forecast, forecast_orders, actual_orders, error_share, mean_orders_error; empty
        without a hold-out.
    """
    import pandas as pd

    columns = ["forecast", "forecast_orders", "actual_orders", "error_share", "mean_orders_error"]
    if trial.forecasts is None:
        return pd.DataFrame(columns=columns)
    names = {k: say(f"value_lifetime.forecast_{k}") for k in ("bg_nbd", "pareto_nbd", "rate", "mean")}
    given = ["forecast", "total", "actual", "error", "mean_absolute_error"]
    table = trial.forecasts[given].set_axis(columns, axis=1)
    return table.assign(forecast=table["forecast"].map(names)).round(6)


def show_trial(trial: LifetimeTrial) -> None:
    """Show how the forecasts did on the time held back; nothing when none could be.

    Parameters
    ----------
    trial
        What `try_lifetime` returned.
    """
    if trial.forecasts is None:
        return
    from crm_lib.plots import plot_calibration

    shown = tabulate_trial(trial).round({"forecast_orders": 0})
    show_table(shown, say("value_lifetime.cap_trial", split=trial.split, weeks=trial.weeks))
    if trial.calibration is not None:
        name = say(f"value_lifetime.forecast_{trial.chosen}")
        figure = plot_calibration(trial.calibration, weeks=trial.weeks)
        show_figure(figure, say("value_lifetime.cap_calibration", name=name))


def describe_trial(trial: LifetimeTrial) -> str:
    """Return sentences on how well the models forecast, and which is used from here on.

    Parameters
    ----------
    trial
        What `try_lifetime` returned.
    """
    names = [say(f"value_lifetime.forecast_{k}") for k in trial.dropped]
    if trial.why == "short":
        return say("value_lifetime.trial_short", weeks=3 * LEAST_WEEKS)
    if trial.why == "few":
        return say("value_lifetime.trial_few", split=trial.split, n=trial.n_repeat, least=LEAST_REPEAT)
    if trial.why == "degenerate":
        return say("value_lifetime.trial_degenerate", names="、".join(names))
    table = trial.forecasts.set_index("forecast")
    row = table.loc[trial.chosen]
    text = say("value_lifetime.dropped", names="、".join(names)) if names else ""
    name = say(f"value_lifetime.forecast_{trial.chosen}")
    text += say("value_lifetime.trial", split=trial.split, weeks=trial.weeks, n=f"{trial.n_customers:,}")
    counts = {k: f"{row[v]:,.0f}" for k, v in (("total", "total"), ("actual", "actual"))}
    text += say("value_lifetime.trial_total", name=name, **counts)
    if row["actual"] > 0:
        text += say(
            "value_lifetime.trial_error",
            error=_percent(row["error"]),
            rate=_percent(table.loc["rate", "error"]),
        )
        level = sum(abs(row["error"]) > limit for limit in (_CLOSE, _FAIR))
        text += say(f"value_lifetime.trial_{level}")
    groups = trial.calibration
    inside = int(((groups["expected"] >= groups["low"]) & (groups["expected"] <= groups["high"])).sum())
    text += "\n" + say("value_lifetime.groups", k=len(groups), inside=inside)
    if not names:
        text += say("value_lifetime.chosen", name=name, mae=f"{row['mean_absolute_error']:.2f}")
    return text


def _percent(share: float) -> str:
    return f"{share:+.1%}".replace("-", "−")


def show_lifetime(lifetime: pd.DataFrame, *, unit: str) -> None:
    """Show the customers with the highest value to come; nothing when it could not be known.

    Parameters
    ----------
    lifetime : DataFrame
        What `value_lifetime` returned.
    unit : str
        Unit of money.
    """
    if lifetime.attrs["why"]:
        return
    shown = lifetime.drop(columns=["n_repeat"])
    for column in ("lifetime_value", "value_low", "value_high", "baseline_value", "expected_spend"):
        shown[column] = shown[column].round(0)
    names = {c: say(f"value_lifetime.short_{c}") for c in ("value_low", "value_high", "baseline_value")}
    caption = say("value_lifetime.cap_lifetime", weeks=lifetime.attrs["ahead"], unit=unit)
    show_table(shown, caption, most=8, titles=names)


def describe_lifetime(lifetime: pd.DataFrame, *, by: str, unit: str) -> str:
    """Return sentences on what the customers will bring, how that is known, and how far it can be trusted.

    Parameters
    ----------
    lifetime : DataFrame
        What `value_lifetime` returned.
    by : str
        What the customers are ranked by.
    unit : str
        Unit of money.

    Returns
    -------
    str
        When no value could be found, why, and what the plain formula says.
    """
    about = lifetime.attrs
    plain = _say_plain(lifetime, unit)
    if about["why"]:
        why = say(
            f"value_lifetime.no_{about['why']}",
            n=about["n_repeat"],
            least=LEAST_REPEAT,
            noun=say(f"value.{by}"),
        )
        return why + plain
    total = float(lifetime["lifetime_value"].sum())
    noun = say("value.gross_profit" if by == "revenue" else f"value.{by}")
    text = say(
        f"value_lifetime.margin_{'given' if by == 'revenue' else 'found'}",
        rate=f"{about['margin']:.1%}",
        noun=noun,
    )
    text += say(
        "value_lifetime.total", weeks=about["ahead"], n=f"{len(lifetime):,}", noun=noun, total=money(total),
        unit=unit, discount=f"{about['discount']:.0%}", name=say(f"value_lifetime.forecast_{about['model']}"),
    )  # fmt: skip
    text += say(f"value_lifetime.spend_{about['spend'] or 'model'}")
    text += say("value_lifetime.ever_alive") if about["model"] == "bg_nbd" else ""
    return text + "\n" + plain + "\n" + _say_first(lifetime, total, unit)


def _say_plain(lifetime: pd.DataFrame, unit: str) -> str:
    about, plain = lifetime.attrs, lifetime["baseline_value"]
    if plain.isna().all():
        return say("value_lifetime.no_plain")
    text = say(
        "value_lifetime.plain", weeks=about["weeks"], retention=f"{about['retention']:.1%}",
        total=money(float(plain.sum())), unit=unit, rate=f"{about['margin']:.1%}",
    )  # fmt: skip
    once = lifetime["n_repeat"] == 0
    if about["why"] or not once.any():
        return text
    worth = money(float(lifetime.loc[once, "lifetime_value"].sum()))
    return text + say("value_lifetime.plain_once", n=f"{int(once.sum()):,}", worth=worth, unit=unit)


def _say_first(lifetime: pd.DataFrame, total: float, unit: str) -> str:
    first = lifetime.iloc[0]
    ends = {"low": money(float(first["value_low"])), "high": money(float(first["value_high"]))}
    text = say(
        "value_lifetime.first", customer=first["customer_id"], alive=f"{first['alive_probability']:.0%}",
        orders=f"{first['expected_orders']:.1f}", value=money(float(first["lifetime_value"])), unit=unit,
        level=f"{LEVEL:.0%}", **ends,
    )  # fmt: skip
    best = lifetime[(lifetime["abc_class"] == "A").to_numpy()]
    if not len(best) or total <= 0:
        return text
    text += say(
        "value_lifetime.best", n=f"{len(best):,}", share=f"{best['lifetime_value'].sum() / total:.1%}"
    )
    gone = int((best["alive_probability"] < 0.5).sum())
    return text + (
        say("value_lifetime.best_gone", n=f"{gone:,}") if gone else say("value_lifetime.best_here")
    )
