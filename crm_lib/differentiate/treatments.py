"""What to do about unprofitable customers: the effect of each treatment under stated assumptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib._checks import list_words, require_choice
from crm_lib.differentiate.checks import find_id_faults, find_number_faults, raise_faults, require_frame
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

TREATMENTS = ("leave_alone", "reprice", "cheaper_channel", "transfer", "end")
NEEDED = ("revenue", "gross_profit", "cost_to_serve")


@dataclass(frozen=True)
class Assumptions:
    """What the simulation takes for granted; every figure is a share of 0–1 or yuan a customer.

    ``price_rise`` of the revenue, ``leave_at_rise`` (share of customers who go when prices rise),
    ``cost_cut`` (share of the cost to serve that the cheaper channel saves), ``leave_at_channel``,
    ``transfer_fee`` (yuan a partner pays per customer handed over), ``transfer_cost`` (yuan of handing one
    over), ``end_cost`` (yuan of ending one relation), ``saved_at_end`` (share of the cost to serve that
    really stops when a customer goes; the rest are costs of the house that stay).
    """

    price_rise: float = 0.05
    leave_at_rise: float = 0.10
    cost_cut: float = 0.40
    leave_at_channel: float = 0.05
    transfer_fee: float = 5.0
    transfer_cost: float = 2.0
    end_cost: float = 1.0
    saved_at_end: float = 0.80

    def __post_init__(self) -> None:
        """Refuse what no share or amount can be."""
        for name, value in vars(self).items():
            money = name.endswith(("_fee", "_cost"))
            top = float("inf") if money else 1.0
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= top:
                rule = "yuan >= 0" if money else "a share from 0 to 1"
                raise ParameterError(
                    f"Assumptions: {name} must be {rule}; got {value!r}. Write 0.05 for 5 %."
                )


def simulate_treatments(
    customers: pd.DataFrame, *, assumptions: Assumptions | None = None, treatments: Sequence[str] = TREATMENTS
) -> pd.DataFrame:
    """Simulate each customer's profit of a next period like the last one under each treatment.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, revenue, gross_profit, cost_to_serve (yuan of a period).
    assumptions : Assumptions, optional
        What is taken for granted.
    treatments : sequence of str
        Of leave_alone, reprice, cheaper_channel, transfer, end.

    Returns
    -------
    DataFrame
        One row per customer and treatment, in the order of the customers and of `treatments`: customer_id,
        treatment, profit (yuan expected), gain (yuan, against leave_alone).

    Raises
    ------
    DataError
        When a customer has no number, stands twice, or a value is not finite.
    ParameterError
        When a treatment is unknown.

    Notes
    -----
    With g the gross profit, r the revenue, c the cost to serve and s ``saved_at_end``, a customer who is gone
    leaves −(1 − s)·c.  leave_alone: g − c.  reprice: (1 − l)·(g + p·r − c) + l·gone.  cheaper_channel:
    (1 − l)·(g − (1 − cut)·c) + l·gone.  transfer: gone + fee − cost.  end: gone − cost.  Nobody who stays is
    assumed to buy less; that is the assumption a reviewer should doubt first, and ``leave_at_rise`` the knob
    for it.  A rise is on revenue > 0 only.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"customer_id": ["a"], "revenue": [100.0], "gross_profit": [20.0], "cost_to_serve": [50.0]})
    >>> simulate_treatments(one)["profit"].tolist()
    [-30.0, -23.5, -10.0, -7.0, -11.0]
    """
    import pandas as pd

    for treatment in treatments:
        require_choice("simulate_treatments", "treatment", treatment, TREATMENTS)
    require_frame("simulate_treatments", customers, ("customer_id", *NEEDED))
    faults = find_id_faults(customers)
    raise_faults(
        "simulate_treatments", faults + [f for c in NEEDED for f in find_number_faults(customers, c)]
    )
    profits = _simulate(customers, assumptions or Assumptions())
    base = profits["leave_alone"]
    ids = customers["customer_id"].astype("str").to_numpy()
    parts = [
        pd.DataFrame({
            "place": range(len(ids)), "customer_id": ids, "treatment": name,
            "profit": profits[name].to_numpy(), "gain": (profits[name] - base).round(4).to_numpy(),
        })
        for name in treatments
    ]  # fmt: skip
    every = pd.concat(parts, ignore_index=True).sort_values("place", kind="stable")
    every = every.drop(columns="place").reset_index(drop=True)
    return every.astype({"customer_id": "str", "treatment": "str"})


def _simulate(customers: pd.DataFrame, a: Assumptions) -> dict[str, pd.Series]:
    r, g, c = (customers[name].astype("float64") for name in NEEDED)
    gone = -(1 - a.saved_at_end) * c
    raised = g + a.price_rise * r.clip(lower=0) - c
    cheaper = g - (1 - a.cost_cut) * c
    profits = {
        "leave_alone": g - c,
        "reprice": (1 - a.leave_at_rise) * raised + a.leave_at_rise * gone,
        "cheaper_channel": (1 - a.leave_at_channel) * cheaper + a.leave_at_channel * gone,
        "transfer": gone + a.transfer_fee - a.transfer_cost,
        "end": gone - a.end_cost,
    }
    # money has four decimals everywhere in the suite
    return {name: values.round(4) for name, values in profits.items()}


def measure_tornado(
    customers: pd.DataFrame,
    plan: pd.DataFrame,
    *,
    ranges: Mapping[str, tuple[float, float]],
    assumptions: Assumptions | None = None,
) -> pd.DataFrame:
    """Measure how far the gain of a plan moves when each assumption alone is lower or higher.

    Parameters
    ----------
    customers : DataFrame
        As for `simulate_treatments`.
    plan : DataFrame
        One row per customer to be treated: customer_id, treatment.
    ranges : mapping of str to (low, high)
        Assumption → the values it may have.
    assumptions : Assumptions, optional
        Where all others stay.

    Returns
    -------
    DataFrame
        One row per assumption, the widest first: assumption, low, high, gain_at_low, gain_at_high, gain (yuan of
        the whole plan; gain is the same in all rows), width (yuan), turns (bool: the plan gains at one end and
        loses at the other).

    Raises
    ------
    ParameterError
        When an assumption is unknown or a range does not hold the value assumed.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"customer_id": ["a"], "revenue": [100.0], "gross_profit": [20.0], "cost_to_serve": [50.0]})
    >>> plan = pd.DataFrame({"customer_id": ["a"], "treatment": ["end"]})
    >>> measure_tornado(one, plan, ranges={"saved_at_end": (0.2, 1.0)})[["gain_at_low", "gain_at_high"]].values.tolist()
    [[-11.0, 29.0]]
    """
    import dataclasses

    import pandas as pd

    base = assumptions or Assumptions()
    known = [f.name for f in dataclasses.fields(Assumptions)]
    rows = []
    for name, (low, high) in ranges.items():
        require_choice("measure_tornado", "assumption", name, known)
        if not low <= getattr(base, name) <= high:
            raise ParameterError(
                f"measure_tornado: the range of {name} must hold the value assumed, {getattr(base, name)}; "
                f"got {low} to {high}. Widen the range, or assume another value."
            )
        ends = [
            sum_plan(customers, plan, dataclasses.replace(base, **{name: value})) for value in (low, high)
        ]
        rows.append((name, low, high, *ends))
    out = pd.DataFrame(rows, columns=["assumption", "low", "high", "gain_at_low", "gain_at_high"])
    out["gain"] = sum_plan(customers, plan, base)
    out["width"] = (out["gain_at_high"] - out["gain_at_low"]).abs()
    out["turns"] = out["gain_at_low"] * out["gain_at_high"] < 0
    return out.sort_values(["width", "assumption"], ascending=[False, True]).reset_index(drop=True)


def sum_plan(customers: pd.DataFrame, plan: pd.DataFrame, assumptions: Assumptions | None = None) -> float:
    """Return what a plan gains in all (yuan), against leaving everybody alone.

    Parameters
    ----------
    customers, plan, assumptions
        As for `measure_tornado`.

    Returns
    -------
    float
        The sum of the gains of the customers in the plan.

    Raises
    ------
    DataError
        When the plan names a customer twice, one who is not there, or a treatment that is none.
    """
    require_frame("sum_plan", plan, ("customer_id", "treatment"))
    raise_faults("sum_plan", find_id_faults(plan))
    gains = simulate_treatments(customers, assumptions=assumptions)
    wanted = plan[["customer_id", "treatment"]].astype({"customer_id": "str", "treatment": "str"})
    found = wanted.merge(gains, on=["customer_id", "treatment"], how="left")
    lost = found[found["gain"].isna()]
    if len(lost):
        first = lost.iloc[0]
        raise_faults("sum_plan", [
            f"every row of the plan must name a customer of the table and a treatment; {len(lost):,} of {len(plan):,} "
            f"do not (first: {first['customer_id']}, {first['treatment']}). Known treatments: {list_words(TREATMENTS)}."
        ])  # fmt: skip
    return round(float(found["gain"].sum()), 4)
