"""Computed sentences on unprofitable customers: what they cost, who they are, what is proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.value_words import money

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.below_zero_trade import Trade

_MONEY = ("net_profit", "outlook_profit")


def explain_choice(row: Mapping[str, Any], columns: Sequence[str], reason: str, *, unit: str = "元") -> str:
    """Return the sentence for a customer's file: the figures that decided, and the reason.

    Parameters
    ----------
    row
        What is known of the customer.
    columns
        Columns of the rule that decided.
    reason
        Why, in words; empty when no rule fitted.
    unit
        Unit of money.
    """
    wanted = list(dict.fromkeys(["net_profit", *columns]))
    facts = say("below_zero.fact_join").join(
        say(f"below_zero.fact_{c}", value=_format(c, row[c]), unit=unit) for c in wanted
    )
    return say(
        "below_zero.explained",
        facts=facts + say("below_zero.fact_end"),
        reason=reason or say("below_zero.why_"),
    )


def _format(column: str, value: float) -> str:
    if column in _MONEY:
        return money(value)
    if column.endswith("_share"):
        return f"{value:.1%}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def treatment_word(treatment: str) -> str:
    """Return the Chinese name of a treatment."""
    return say(f"below_zero.treatment_{treatment}")


def name_choices(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with treatment and rule in words, where it has them.

    Parameters
    ----------
    frame
        Any table with the columns treatment or rule.
    """
    words: dict[str, Any] = {}
    if "treatment" in frame.columns:
        words["treatment"] = [treatment_word(t) for t in frame["treatment"]]
    if "rule" in frame.columns:
        words["rule"] = [say(f"below_zero.rule_{r}") for r in frame["rule"]]
    return frame.assign(**words)


def describe_costs(rates: pd.DataFrame, people: pd.DataFrame, trade: Trade, *, weeks: int, unit: str) -> str:
    """Return sentences on the period, the costs spread over the customers, and what could not be counted.

    Parameters
    ----------
    rates
        What `list_rates` returned.
    people
        What `cost_customers` returned.
    trade
        What `gather_trade` returned.
    weeks
        Length of the period.
    unit
        Unit of money.
    """
    day, n = people.attrs["day"], f"{len(people):,}"
    sums = {c: float(rates[f"{c}_amount"].sum()) for c in ("pool", "spread", "left")}
    gap = round(sums["pool"] - sums["spread"] - sums["left"], 4)
    served = round(float(people["cost_to_serve"].sum()) - sums["spread"], 4)
    shown = {c: money(v) for c, v in sums.items()}
    text = say("below_zero.period", day=day, weeks=weeks, n=n)
    text += say("below_zero.rates", unit=unit, gap=money(abs(gap)), **shown)
    if abs(served) >= 0.005 or abs(gap) >= 0.005:
        text += say("below_zero.rates_off", gap=money(abs(served) + abs(gap)), unit=unit)
    first, last = rates.iloc[0], rates.iloc[-1]
    if first["units"] > 0:
        text += say("below_zero.dearest", order=money(first["rate"]), unit=unit)
    if last["units"] > 0:
        text += say("below_zero.dearest_contact", word=last["driver"], contact=money(last["rate"]), unit=unit)
    return text + "\n" + _say_gaps(people, trade)


def _say_gaps(people: pd.DataFrame, trade: Trade) -> str:
    kind = trade.talks_kind
    text = "" if kind == "used" else say(f"below_zero.talks_{kind}")
    names = [say(f"below_zero.{a}") for a in people.attrs["not_counted"] if a != "contact"]
    text += say("below_zero.not_counted", names="、".join(names)) if names else ""
    if trade.n_assumed:
        text += say("below_zero.assumed_some", n=f"{trade.n_assumed:,}", margin=f"{trade.margin:.0%}")
    else:
        text += say("below_zero.assumed_none")
    return text + (say("below_zero.no_discount") if people["given_share"].isna().all() else "")


def describe_whale(curve: pd.DataFrame, people: pd.DataFrame, *, unit: str) -> str:
    """Return sentences on the peak of the curve, where it crosses the total, and what the losers take.

    Parameters
    ----------
    curve
        What `measure_whale` returned.
    people
        What `cost_customers` returned.
    unit
        Unit of money.
    """
    facts = curve.attrs
    gross, cost = (money(float(people[c].sum())) for c in ("gross_profit", "cost_to_serve"))
    text = say("below_zero.sums", gross=gross, cost=cost, net=money(facts["total"]), unit=unit) + "\n"
    if not facts["n_losing"]:
        text += say("below_zero.whale_none")
    elif not facts["peak_customers"]:
        text += say("below_zero.whale_no_peak", lost=money(facts["lost"]), unit=unit)
    else:
        shown = {k: money(facts[k]) for k in ("peak", "total", "lost")}
        counts = {"n_peak": f"{facts['peak_customers']:,}", "n_losing": f"{facts['n_losing']:,}"}
        share = f"{facts['lost'] / facts['peak']:.1%}"
        text += say("below_zero.whale", share=share, unit=unit, **shown, **counts)
        if facts["total"] > 0:
            part = f"{facts['crossing'] / len(curve):.1%}"
            text += say("below_zero.whale_cross", n=f"{facts['crossing']:,}", share=part)
    return text + (say("below_zero.even", n=f"{facts['n_even']:,}") if facts["n_even"] else "")


def describe_prospects(people: pd.DataFrame, *, new_days: int) -> str:
    """Return sentences on who is unprofitable now and in prospect.

    Parameters
    ----------
    people
        What `foresee` returned.
    new_days
        Who has been a customer for at most so many days is not judged yet.
    """
    text = say(f"below_zero.model_{people.attrs['model']}") + "\n"
    losing = people[people["net_profit"] < 0]
    turning = int(((people["net_profit"] >= 0) & (people["outlook_profit"] < 0)).sum())
    if not len(losing):
        text += say("below_zero.prospect_none")
    else:
        new = losing["known_days"] <= new_days
        hope = ~new & (losing["outlook_profit"] >= 0)
        rest = len(losing) - int(new.sum()) - int(hope.sum())
        counts = {"n": len(losing), "new": int(new.sum()), "hope": int(hope.sum()), "rest": rest}
        text += say("below_zero.prospect", days=new_days, **{k: f"{v:,}" for k, v in counts.items()})
    return text + (say("below_zero.prospect_gain", n=f"{turning:,}") if turning else "")


def list_doubtful(people: pd.DataFrame, *, new_days: int) -> pd.DataFrame:
    """Return who loses now, is expected to lose, and is known long enough, the worst first.

    Parameters
    ----------
    people
        What `foresee` returned.
    new_days
        Who has been a customer for at most so many days is left out.
    """
    new = people["known_days"] <= new_days
    found = people[(people["net_profit"] < 0) & (people["outlook_profit"] < 0) & ~new]
    return found.sort_values(["net_profit", "customer_id"], ignore_index=True)


def summarize_simulated(simulated: pd.DataFrame) -> pd.DataFrame:
    """Summarize what each treatment would do to the customers simulated.

    Parameters
    ----------
    simulated
        What `simulate_treatments` returned.

    Returns
    -------
    DataFrame
        One row per treatment, in the order given: treatment (code), mean_profit, mean_gain (yuan), n_best (for how
        many it is the best; of equal ones the first counts).
    """
    import pandas as pd

    names = list(dict.fromkeys(simulated["treatment"]))
    best = simulated.loc[simulated.groupby("customer_id")["profit"].idxmax(), "treatment"] if names else []
    counts = pd.Series(best, dtype="object").value_counts()
    mean = simulated.groupby("treatment")[["profit", "gain"]].mean()
    rows = [(t, mean.loc[t, "profit"], mean.loc[t, "gain"], int(counts.get(t, 0))) for t in names]
    return pd.DataFrame(rows, columns=["treatment", "mean_profit", "mean_gain", "n_best"])


def describe_simulated(options: pd.DataFrame, n: int, *, unit: str) -> str:
    """Return sentences on which treatment does best for the customers simulated.

    Parameters
    ----------
    options
        What `summarize_simulated` returned.
    n
        Number of customers.
    unit
        Unit of money.
    """
    if not n:
        return say("below_zero.simulated_none")
    base = options.loc[options["treatment"] == "leave_alone", "mean_profit"].iloc[0]
    top = options.loc[options["mean_profit"].idxmax()]
    text = say(
        "below_zero.simulated",
        n=f"{n:,}",
        base=money(base),
        best=treatment_word(top["treatment"]),
        value=money(top["mean_profit"]),
        unit=unit,
    )
    some = options[options["n_best"] > 0].sort_values(["n_best", "treatment"], ascending=[False, True])
    if len(some) < 2:
        return text
    parts = [
        say("below_zero.best_part", name=treatment_word(r.treatment), n=f"{r.n_best:,}")
        for r in some.itertuples()
    ]
    return text + say("below_zero.best_mixed", parts="、".join(parts))


def describe_tornado(tornado: pd.DataFrame, n_handled: int, *, unit: str) -> str:
    """Return sentences on the assumption that moves the plan most, and on those that turn it.

    Parameters
    ----------
    tornado
        What `measure_tornado` returned.
    n_handled
        How many customers the plan treats.
    unit
        Unit of money.
    """
    if not n_handled:
        return say("below_zero.tornado_none")
    top = tornado.iloc[0]
    text = say(
        "below_zero.tornado",
        gain=money(top["gain"]),
        name=say(f"below_zero.{top['assumption']}"),
        low=f"{top['low']:g}",
        high=f"{top['high']:g}",
        at_low=money(top["gain_at_low"]),
        at_high=money(top["gain_at_high"]),
        unit=unit,
    )
    names = [say(f"below_zero.{a}") for a in tornado.loc[tornado["turns"], "assumption"]]
    return text + (
        say("below_zero.tornado_turns", names="”“".join(names)) if names else say("below_zero.tornado_firm")
    )


def assumption_words() -> dict[str, str]:
    """Return what each assumption is called."""
    import dataclasses

    from crm_lib.differentiate import Assumptions

    return {f.name: say(f"below_zero.{f.name}") for f in dataclasses.fields(Assumptions)}


def describe_plan(chosen: pd.DataFrame, people: pd.DataFrame, rules: pd.DataFrame, *, unit: str) -> str:
    """Return sentences on how many customers get which treatment, and what the plan gains.

    Parameters
    ----------
    chosen
        What `choose_plan` returned.
    people
        What `foresee` returned.
    rules
        What `make_rules` returned.
    unit
        Unit of money.
    """
    n, treated = len(chosen), chosen[chosen["treatment"] != "leave_alone"]
    if not len(treated):
        return say("below_zero.plan_none", n=f"{n:,}")
    counts = treated["treatment"].value_counts()
    order = sorted(counts.index, key=lambda t: (-counts[t], t))
    parts = "、".join(say("below_zero.plan_part", name=treatment_word(t), n=f"{counts[t]:,}") for t in order)
    shown = {"n": f"{n:,}", "handled": f"{len(treated):,}", "alone": f"{n - len(treated):,}"}
    gain = float(treated["gain_amount"].sum())
    text = say("below_zero.plan", parts=parts, **shown)
    text += say(
        "below_zero.plan_gain" if gain >= 0 else "below_zero.plan_harm", gain=money(abs(gain)), unit=unit
    )
    unknown = int(people[list(dict.fromkeys(rules["column"]))].isna().any(axis=1).sum())
    return text + (say("below_zero.plan_unknown", n=f"{unknown:,}") if unknown else "")


def describe_away(away: pd.DataFrame, treated: pd.DataFrame) -> str:
    """Return a sentence on how many customers are to be ended or transferred.

    Parameters
    ----------
    away
        Rows of the plan with the treatments transfer and end.
    treated
        What `list_treated` returned: all losing customers.
    """
    if not len(away):
        return say("below_zero.away_none")
    text = say("below_zero.away", n=f"{len(treated):,}", away=f"{len(away):,}")
    return text + (say("below_zero.away_ask") if (away["treatment"] == "transfer").any() else "")
