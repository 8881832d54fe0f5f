"""What each customer brought and cost in a period, and what he promises for the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.errors import CrmWarning, DataError

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.below_zero_trade import Trade

COSTS = ("order_handling", "delivery", "return_handling", "contact")
_AMOUNTS = {
    "order_handling": "handling_amount",
    "delivery": "delivery_amount",
    "return_handling": "return_amount",
    "contact": "contact_amount",
}


def cost_customers(
    trade: Trade,
    day: str,
    *,
    weeks: int,
    costs: Mapping[str, float] | None = None,
    rates: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Compute what each customer brought and cost in the period that ends with `day`.

    Parameters
    ----------
    trade
        What `gather_trade` returned.
    day
        Last day of the period (ISO date).
    weeks
        Length of the period.
    costs
        Activity → what it cost altogether (yuan): order_handling, delivery, return_handling, contact.
    rates
        Activity → yuan a unit, instead of `costs`: for another period at the same rates.

    Returns
    -------
    DataFrame
        One row per customer with an order line or a contact in the period, sorted: customer_id, n_orders,
        revenue, gross_profit, one amount per activity, cost_to_serve, net_profit, contact_share (of the cost to
        serve), given_share (discount ÷ price without it; missing when not known), known_days, gross_per_order (of
        all orders up to `day`).  ``attrs["activities"]`` is what `allocate_costs` returned.

    Raises
    ------
    DataError
        There is nothing in the period.
    """
    from crm_lib.differentiate import allocate_costs, count_activities

    lines = _cut(trade.every, "ordered_at", day, weeks)
    talks = None if trade.talks is None else _cut(trade.talks, "occurred_at", day, weeks)
    if not len(lines):
        raise DataError(say("below_zero.no_period", day=day, weeks=weeks))
    used = count_activities(lines, talks, as_of=day)
    missing = used.attrs["not_counted"]
    used = used[used["activity"].str.partition(":")[0].isin(COSTS)].reset_index(drop=True)
    if costs is None:
        units = used.groupby(used["activity"].str.partition(":")[0])["units"].sum()
        costs = {name: float((rates or {}).get(name, 0.0) * units.get(name, 0.0)) for name in COSTS}
    allocated = allocate_costs(used, costs)
    people = _sum_profit(trade, day, weeks, allocated)
    given = _share_given(_cut(trade.rows, "ordered_at", day, weeks))
    people["given_share"] = people["customer_id"].map(given).astype("float64")
    people.attrs.update(activities=allocated, not_counted=[a for a in missing if a in COSTS], day=day)
    return people


def _share_given(lines: pd.DataFrame) -> dict[str, float]:
    """Return customer → discount given ÷ price without it, of what was bought and kept."""
    if "discount" not in lines.columns or lines["unit_price"].isna().all():
        return {}
    bought = lines[lines["quantity"] > 0]
    full = bought["quantity"] * bought["unit_price"]
    given = (full * bought["discount"].fillna(0.0)).groupby(bought["customer_id"].astype(str)).sum()
    whole = full.groupby(bought["customer_id"].astype(str)).sum()
    return (given / whole.where(whole > 0)).to_dict()


def _cut(frame: pd.DataFrame, column: str, day: str, weeks: int | None = None) -> pd.DataFrame:
    """Return the rows up to the end of `day`, of the last weeks only when they are given."""
    import pandas as pd

    end = pd.Timestamp(day) + pd.Timedelta(days=1)
    inside = frame[column] < end
    if weeks is not None:
        inside &= frame[column] >= end - pd.Timedelta(days=7 * weeks)
    return frame[inside].reset_index(drop=True)


def _sum_profit(trade: Trade, day: str, weeks: int, allocated: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    columns = ["customer_id", "n_orders", "revenue", "gross_profit"]
    brought = _sum_orders(_cut(trade.rows, "ordered_at", day, weeks), day)[columns]
    group = allocated["activity"].str.partition(":")[0].map(_AMOUNTS)
    spread = allocated.assign(amount=group).pivot_table(
        index="customer_id", columns="amount", values="cost", aggfunc="sum"
    )
    spread = spread.reindex(columns=list(_AMOUNTS.values())).fillna(0.0).round(4)
    spread = spread.assign(cost_to_serve=spread.sum(axis=1).round(4)).rename_axis(columns=None)
    people = brought.merge(spread.reset_index(), on="customer_id", how="outer").fillna(0.0)
    people = people.astype({"customer_id": "str", "n_orders": "int64"})
    people["net_profit"] = (people["gross_profit"] - people["cost_to_serve"]).round(4)
    served = people["cost_to_serve"].where(people["cost_to_serve"] > 0)
    people["contact_share"] = (people["contact_amount"] / served).fillna(0.0)
    known = _cut(trade.rows, "ordered_at", day)
    first = _cut(trade.every, "ordered_at", day).groupby("customer_id")["ordered_at"].min().dt.normalize()
    days = (pd.Timestamp(day) - people["customer_id"].map(first)).dt.days
    ever = _sum_orders(known, day).set_index("customer_id")
    each = (ever["gross_profit"] / ever["n_orders"].where(ever["n_orders"] > 0)).astype("float64")
    people = people.assign(known_days=days, gross_per_order=people["customer_id"].map(each))
    return people.sort_values("customer_id", ignore_index=True)


def _sum_orders(lines: pd.DataFrame, day: str) -> pd.DataFrame:
    import pandas as pd

    from crm_lib.differentiate import summarize_profit

    if not len(lines):
        return pd.DataFrame({
            "customer_id": pd.Series(dtype="str"), "n_orders": pd.Series(dtype="int64"),
            "revenue": pd.Series(dtype="float64"), "gross_profit": pd.Series(dtype="float64"),
        })  # fmt: skip
    return summarize_profit(lines, as_of=day, cost_per_order=0.0)


def list_rates(people: pd.DataFrame, costs: Mapping[str, float], *, talks_kind: str = "used") -> pd.DataFrame:
    """List what each activity cost, how much of it was used, and that nothing got lost in between.

    Parameters
    ----------
    people
        What `cost_customers` returned.
    costs
        Activity → what it cost altogether.
    talks_kind
        ``counted`` when the contacts state no minutes.

    Returns
    -------
    DataFrame
        One row per activity: activity (word), units, driver (their unit, a word), rate (yuan a unit), pool_amount, spread_amount
        (given to customers), left_amount (pool less spread; what nobody used).
    """
    import pandas as pd

    found = people.attrs["activities"]
    group = found["activity"].str.partition(":")[0]
    rows = []
    for name in COSTS:
        mine = found[group == name]
        units, pool = float(mine["units"].sum()), float(costs[name])
        spread = round(float(mine["cost"].sum()), 4)
        rate = pool / units if units else float("nan")
        counted = "_counted" if name == "contact" and talks_kind == "counted" else ""
        word, unit = say(f"below_zero.{name}"), say(f"below_zero.unit_{name}{counted}")
        rows.append((word, units, unit, rate, pool, spread, round(pool - spread, 4)))
    names = ["activity", "units", "driver", "rate", "pool_amount", "spread_amount", "left_amount"]
    return pd.DataFrame(rows, columns=names)


def foresee(people: pd.DataFrame, trade: Trade, *, weeks: int) -> pd.DataFrame:
    """Add what each customer promises for the next period of the same length.

    Parameters
    ----------
    people
        What `cost_customers` returned.
    trade
        What `gather_trade` returned.
    weeks
        Length of a period.

    Returns
    -------
    DataFrame
        `people` with expected_orders (0 for who has never bought) and outlook_profit; ``attrs["model"]``:
        ``pareto``, or ``plain`` (as many orders as in the last period) when the model cannot be fitted.
    """
    import warnings

    from crm_lib.differentiate import estimate_outlook
    from crm_lib.differentiate.lifetime import fit_pareto_nbd, summarize_repeat

    day, kept = people.attrs["day"], dict(people.attrs)
    model, expected = "pareto", people["n_orders"].astype("float64")
    with warnings.catch_warnings():
        warnings.simplefilter("error", CrmWarning)
        try:
            repeat = summarize_repeat(_cut(trade.rows, "ordered_at", day), as_of=day)
            ahead = fit_pareto_nbd(repeat).expected_orders(repeat, ahead=float(weeks))
            numbers = dict(zip(repeat["customer_id"].astype(str), ahead, strict=True))
            expected = people["customer_id"].map(numbers).astype("float64")
        except (CrmWarning, DataError):
            model = "plain"
    out = estimate_outlook(people.assign(expected_orders=expected.fillna(0.0)))
    out.attrs.update(kept, model=model)
    return out
