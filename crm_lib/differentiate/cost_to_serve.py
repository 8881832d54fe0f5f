"""Cost to serve by activity: what each customer uses of each activity, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib._checks import list_words, parse_day
from crm_lib.differentiate._money import MONEY_UNIT
from crm_lib.differentiate.checks import find_number_faults, raise_faults, require_frame
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    import pandas as pd

# activity → what is counted of it
DRIVERS = {
    "order_handling": "orders",
    "delivery": "orders",
    "return_handling": "pieces",
    "discount": "yuan",
    "contact": "minutes",
    "payment_delay": "yuan_days",
}
_SHOP = ("store", "门店", "实体店")


def count_activities(
    orders: pd.DataFrame, contacts: pd.DataFrame | None = None, *, as_of: str | dt.date
) -> pd.DataFrame:
    """Count what each customer uses of each activity that serving him takes.

    Parameters
    ----------
    orders : DataFrame
        One row per order line: customer_id, order_id, ordered_at, quantity (pieces, negative when returned),
        unit_price (yuan) and, where they are known, channel, discount (share 0–1), amount (yuan), due_on and
        paid_on (dates).
    contacts : DataFrame, optional
        One row per contact: customer_id, occurred_at, minutes; medium where it is known.
    as_of : str or date
        What was known at the end of this day counts.

    Returns
    -------
    DataFrame
        One row per customer and activity he used, sorted: customer_id, activity, driver, units (float64, above
        0).  Activities: ``order_handling`` (orders), ``delivery`` (orders that did not end in a store),
        ``return_handling`` (pieces taken back), ``discount`` (yuan given), ``contact:<medium>`` (minutes),
        ``payment_delay`` (yuan × days paid after the due date; unpaid ones up to `as_of`).
        ``attrs["not_counted"]`` names the activities whose columns the data lack, ``attrs["n_unknown"]`` how
        many rows of an activity lack the number (a line without quantity counts at order_handling).

    Raises
    ------
    DataError
        When a row lacks its customer or date, a number is no number, or a discount is no share of 0 to 1.

    Notes
    -----
    A returned piece is a line with a negative quantity.  The discount given is quantity × unit_price × discount
    of what was bought; returns do not give it back, the price was offered all the same.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({
    ...     "customer_id": ["a", "a", "a"], "order_id": ["1", "1", "2"], "ordered_at": ["2024-01-01"] * 3,
    ...     "quantity": [2, -1, 1], "unit_price": [50.0] * 3, "discount": [0.1, 0.0, 0.0],
    ...     "channel": ["web", "web", "store"],
    ... })
    >>> count_activities(orders, as_of="2024-12-31")[["activity", "units"]].values.tolist()
    [['delivery', 1.0], ['discount', 10.0], ['order_handling', 2.0], ['return_handling', 1.0]]
    """
    import pandas as pd

    day = pd.Timestamp(parse_day("count_activities", "as_of", as_of))
    lines = _read("orders", orders, ("customer_id", "order_id", "ordered_at", "quantity", "unit_price"), day)
    parts = [*_of_orders(lines, day)]
    if contacts is not None:
        talks = _read("contacts", contacts, ("customer_id", "occurred_at", "minutes"), day)
        medium = talks["medium"].fillna("") if "medium" in talks else pd.Series("", index=talks.index)
        names = "contact:" + medium.astype("str")
        parts.append(("contact", talks.assign(activity=names), talks["minutes"].astype("float64")))
    rows, unknown, missing = [], {}, [a for a in DRIVERS if a not in {name for name, *_ in parts}]
    for name, frame, units in parts:
        unknown[name] = int(units.isna().sum())
        activity = frame.get("activity", name)
        ids = frame["customer_id"].astype("str").to_numpy()
        rows.append(pd.DataFrame({"customer_id": ids, "activity": activity, "units": units.to_numpy()}))
    unknown["order_handling"] += int(lines["quantity"].isna().sum())
    every = pd.concat(rows, ignore_index=True)
    out = every.groupby(["customer_id", "activity"], sort=True)["units"].sum().reset_index()
    out = out[out["units"] > 0].reset_index(drop=True)
    out.insert(2, "driver", out["activity"].str.partition(":")[0].map(DRIVERS).astype("str"))
    out = out.astype({"customer_id": "str", "activity": "str"})
    out.attrs.update(as_of=day.date().isoformat(), not_counted=missing, n_unknown=unknown)
    return out


def _of_orders(lines: pd.DataFrame, day: pd.Timestamp) -> list[tuple[str, pd.DataFrame, pd.Series]]:
    """Return per activity of an order its rows and units."""
    import pandas as pd

    bought = lines[lines["quantity"] > 0]
    once = bought.drop_duplicates(["customer_id", "order_id"])
    one = lambda frame: pd.Series(1.0, index=frame.index)  # noqa: E731
    back = lines[lines["quantity"] < 0]
    parts = [
        ("order_handling", once, one(once)),
        ("return_handling", back, -back["quantity"].astype("float64")),
    ]
    if "channel" in lines:
        sent = once[~once["channel"].isin(_SHOP)]
        parts.append(("delivery", sent, one(sent)))
    if "discount" in lines:
        given = bought["quantity"] * bought["unit_price"] * bought["discount"].fillna(0)
        parts.append(("discount", bought, given.astype("float64")))
    if {"due_on", "paid_on", "amount"} <= set(lines.columns):
        paid = pd.to_datetime(lines["paid_on"]).clip(upper=day).fillna(day)
        late = (paid - pd.to_datetime(lines["due_on"])).dt.days.clip(lower=0)
        parts.append(("payment_delay", lines, (late * lines["amount"].clip(lower=0)).astype("float64")))
    return parts


def allocate_costs(activities: pd.DataFrame, costs: Mapping[str, float] | pd.DataFrame) -> pd.DataFrame:
    """Spread the cost of each activity over the customers by what they used of it.

    Parameters
    ----------
    activities : DataFrame
        What `count_activities` returned, or any table of customer_id, activity, units.
    costs : mapping or DataFrame
        Activity → what it cost in the period altogether (yuan); a table has the columns activity, cost.
        ``contact`` stands for all media together.

    Returns
    -------
    DataFrame
        One row per customer and activity, as in `activities`: customer_id, activity, units, rate (yuan per
        unit), cost (yuan).  ``attrs``: allocated (activity → yuan), unallocated (activity → yuan whose activity
        nobody used), without_cost (activities used whose cost is not given: their cost is missing, not 0).

    Raises
    ------
    DataError
        When a cost is negative, no number or given twice, or units are not above 0.

    Notes
    -----
    rate = cost ÷ all units.  The costs are split in whole 1/10,000 yuan by largest remainders (equal ones by
    customer_id), so the parts of an activity add up to exactly what it cost.

    References
    ----------
    R. Cooper, R. Kaplan (1988), Measure costs right: make the right decisions, Harvard Business Review 66(5).

    Examples
    --------
    >>> import pandas as pd
    >>> used = pd.DataFrame({"customer_id": ["a", "b", "c"], "activity": ["delivery"] * 3, "units": [1.0, 1.0, 1.0]})
    >>> allocate_costs(used, {"delivery": 100, "training": 5})["cost"].tolist()
    [33.3334, 33.3333, 33.3333]
    """
    import numpy as np

    require_frame("allocate_costs", activities, ("customer_id", "activity", "units"))
    faults = find_number_faults(activities, "units")
    if not faults and (n := int((activities["units"] <= 0).sum())):
        faults = [
            f"column 'units' must be > 0; {n:,} of {len(activities):,} rows are not. Leave such rows out."
        ]
    raise_faults("allocate_costs", faults)
    pools = _read_pools(costs)
    out = activities[["customer_id", "activity", "units"]].reset_index(drop=True)
    names = out["activity"].astype("str")
    pool = names.where(names.isin(list(pools)), names.str.partition(":")[0]).to_numpy()
    units, ids = out["units"].to_numpy(dtype="float64"), out["customer_id"].astype("str").to_numpy()
    rate, cost = (np.full(len(out), np.nan) for _ in range(2))
    for name, money in pools.items():
        mine = np.flatnonzero(pool == name)
        if len(mine):
            order = np.argsort(np.argsort(ids[mine], kind="stable"), kind="stable")
            rate[mine] = money / MONEY_UNIT / units[mine].sum()
            cost[mine] = split_money(money, units[mine], order) / MONEY_UNIT
    out["rate"], out["cost"] = rate, cost
    used = set(pool)
    out.attrs.update(
        allocated={n: m / MONEY_UNIT for n, m in pools.items() if n in used},
        unallocated={n: m / MONEY_UNIT for n, m in pools.items() if n not in used},
        without_cost=sorted(used - set(pools)),
    )
    return out


def split_money(total: int, weights: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Split `total` into whole parts in proportion to `weights`; left-over ones go to the largest remainders."""
    import numpy as np

    exact = total * (weights / weights.sum())
    parts = np.floor(exact).astype("int64")
    rest = total - int(parts.sum())
    first = np.lexsort((order, -np.round(exact - parts, 9)))
    parts[first[:rest]] += 1
    return parts


def summarize_cost_to_serve(allocated: pd.DataFrame) -> pd.DataFrame:
    """Sum what serving each customer cost, one column per activity.

    Parameters
    ----------
    allocated : DataFrame
        What `allocate_costs` returned.

    Returns
    -------
    DataFrame
        One row per customer, sorted by customer_id: customer_id, one column per activity (yuan, the dearest
        activity first; 0 when the customer did not use it, missing when he did and its cost is not known) and
        cost_to_serve, their sum; missing when one of them is.

    Examples
    --------
    >>> import pandas as pd
    >>> used = pd.DataFrame({"customer_id": ["a", "a"], "activity": ["delivery", "discount"], "units": [1.0, 4.0]})
    >>> summarize_cost_to_serve(allocate_costs(used, {"delivery": 9, "discount": 2}))["cost_to_serve"].tolist()
    [11.0]
    """
    import numpy as np
    import pandas as pd

    require_frame("summarize_cost_to_serve", allocated, ("customer_id", "activity", "cost"))
    money = np.round(allocated["cost"].to_numpy(dtype="float64") * MONEY_UNIT)
    parts = allocated.assign(money=money)
    wide = parts.pivot_table(
        index="customer_id", columns="activity", values="money", aggfunc="sum", dropna=False
    )
    wide = wide.fillna(0.0)
    lost = parts[np.isnan(money)]
    unknown = pd.crosstab(lost["customer_id"], lost["activity"]).reindex_like(wide).fillna(0)
    wide = wide.mask(unknown > 0)
    wide = wide[wide.sum().sort_values(ascending=False, kind="stable").index]
    total = wide.sum(axis=1, skipna=False) / MONEY_UNIT
    out = wide / MONEY_UNIT
    out = out.assign(cost_to_serve=total).rename_axis(columns=None).sort_index().reset_index()
    return out.astype({"customer_id": "str"})


def _read(which: str, frame: pd.DataFrame, needed: tuple[str, ...], day: pd.Timestamp) -> pd.DataFrame:
    import pandas as pd

    require_frame("count_activities", frame, needed)
    when = pd.to_datetime(frame[next(c for c in needed if c.endswith("_at"))], errors="coerce")
    faults = []
    if n := int((frame["customer_id"].isna() | when.isna()).sum()):
        faults.append(
            f"every row of {which} needs a customer and a date; {n:,} of {len(frame):,} lack one. "
            "Run clean_table first, or set such rows aside and say how many."
        )
    numbers = [c for c in ("quantity", "unit_price", "minutes", "discount", "amount") if c in frame.columns]
    faults += [f for c in numbers for f in find_number_faults(frame[frame[c].notna()], c)]
    if not faults and "discount" in numbers and (n := int((~frame["discount"].dropna().between(0, 1)).sum())):
        faults.append(
            f"column 'discount' of {which} must be a share from 0 to 1; {n:,} of {len(frame):,} rows are not. "
            "Write 0.15 for 15 % off."
        )
    raise_faults("count_activities", faults)
    return frame[(when < day + pd.Timedelta(days=1)).to_numpy()].reset_index(drop=True)


def _read_pools(costs: Mapping[str, float] | pd.DataFrame) -> dict[str, int]:
    import math

    import pandas as pd

    if isinstance(costs, pd.DataFrame):
        require_frame("allocate_costs", costs, ("activity", "cost"))
        twice = costs["activity"][costs["activity"].duplicated()]
        if len(twice):
            raise DataError(
                f"allocate_costs: each activity has one cost; got {list_words(map(repr, sorted(set(twice))))} twice. "
                "Add them up first."
            )
        costs = dict(zip(costs["activity"], costs["cost"], strict=True))
    bad = [f"{n!r}: {v!r}" for n, v in costs.items() if not _is_number(v) or not math.isfinite(v) or v < 0]
    if bad:
        raise DataError(
            f"allocate_costs: a cost must be a number of yuan >= 0; got {list_words(bad)}. Leave it out when unknown."
        )
    return {str(n): math.floor(v * MONEY_UNIT + 0.5) for n, v in costs.items()}


def _is_number(value: object) -> bool:
    import numbers

    return isinstance(value, numbers.Real) and not isinstance(value, bool)
