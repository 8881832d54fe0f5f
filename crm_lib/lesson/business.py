"""The page a manager reads: who to look after, what to do next, and how the money is spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.catalogue import say
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

APPROACHES = ("keep", "win_back", "grow", "watch", "save")
SPREAD = ((0.1, "high"), (0.2, "fair"), (0.35, "some"))
FEW_CUSTOMERS = 10
_MONEY_UNIT = 10_000
_NEEDED = ("customer_id", "revenue", "score_r", "score_m")


def plan_actions(scores: pd.DataFrame, *, n_bins: int | None = None) -> pd.DataFrame:
    """Divide all customers among five approaches by money and recency.

    Parameters
    ----------
    scores : DataFrame
        One row per customer: ``customer_id``, ``revenue``, ``score_r``, ``score_m`` (1 = worst).
    n_bins : int, optional
        Highest possible score; by default what `score_rfm` noted in ``scores.attrs``.

    Returns
    -------
    DataFrame
        One row per approach that has a customer, in the order keep, win back, grow, watch, save:
        ``approach``, ``who``, ``n_customers``, ``customer_share``, ``revenue``, ``revenue_share``
        (missing when the total is not positive), ``next_step``; ``attrs["keys"]`` holds the
        English keys.  Each customer is in exactly one row, so the shares add up to 1.

    Raises
    ------
    ParameterError
        The number of scores is not known.

    Notes
    -----
    A score is high above the middle of the scale (2 × score > n_bins + 1) and low below it; money
    counts as high only when it is positive.  High money: keep, or win back when recency is low.
    Otherwise: grow when recency is high, watch in the middle, save when it is low.  Disputable:
    the number of orders has no voice here, so that one page holds all; the segments have it.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"customer_id": ["a", "b"], "revenue": [90.0, 10.0],
    ...                        "score_r": [1, 5], "score_m": [5, 1]})
    >>> plan_actions(scores, n_bins=5).attrs["keys"]
    ['win_back', 'grow']
    """
    import pandas as pd

    require_columns("plan_actions", scores.columns, _NEEDED)
    keys, money = _choose_approaches(scores, n_bins), _to_units(scores["revenue"])
    total = int(money.sum())
    rows = []
    present = [key for key in APPROACHES if (keys == key).any()]
    for key in present:
        mine = keys == key
        worth = int(money[mine].sum())
        rows.append({
            "approach": say(f"plan.{key}"),
            "who": say(f"plan.{key}_who"),
            "n_customers": int(mine.sum()),
            "customer_share": mine.mean(),
            "revenue": worth / _MONEY_UNIT,
            "revenue_share": worth / total if total > 0 else float("nan"),
            "next_step": say(f"plan.{key}_step"),
        })
    columns = ["approach", "who", "n_customers", "customer_share", "revenue", "revenue_share", "next_step"]
    plan = pd.DataFrame(rows, columns=columns)
    plan.attrs["keys"] = present
    return plan


def _choose_approaches(scores: pd.DataFrame, n_bins: int | None) -> np.ndarray:
    import numpy as np

    size = scores.attrs.get("n_bins") if n_bins is None else n_bins
    if size is None:
        raise ParameterError(
            "plan_actions: the number of scores is not known, because the frame has lost its attrs. "
            "Say it: plan_actions(scores, n_bins=5)."
        )
    recency, money = scores["score_r"].to_numpy(), scores["score_m"].to_numpy()
    rich = (2 * money > size + 1) & (scores["revenue"].to_numpy() > 0)
    away, recent = 2 * recency < size + 1, 2 * recency > size + 1
    return np.select([rich & ~away, rich, recent, ~away], APPROACHES[:4], APPROACHES[4])


def _to_units(revenue: pd.Series) -> np.ndarray:
    import numpy as np

    return np.floor(revenue.to_numpy(float) * _MONEY_UNIT + 0.5).astype("int64")


def count_half(revenue: pd.Series) -> int:
    """Return how many of the best customers together bring half of the revenue; 0 when it is not positive.

    Parameters
    ----------
    revenue : Series
        Net revenue, one value per customer.

    Returns
    -------
    int
        The smallest n so that the n highest values add up to at least half of all.

    Examples
    --------
    >>> import pandas as pd
    >>> count_half(pd.Series([60.0, 20.0, 20.0])), count_half(pd.Series([10.0, -10.0]))
    (1, 0)
    """
    import numpy as np

    money = np.sort(_to_units(revenue))[::-1]
    total = int(money.sum())
    if total <= 0:
        return 0
    return int(np.argmax(2 * np.cumsum(money) >= total)) + 1


def describe_business(scores: pd.DataFrame, *, unit: str) -> str:
    """Return what a manager wants to know of the customers, one sentence a line.

    Parameters
    ----------
    scores : DataFrame
        One row per customer, as `score_rfm` returns it.
    unit : str
        Unit of money.

    Returns
    -------
    str
        Size, concentration, customers at risk, and the first thing to do.
    """
    plan = plan_actions(scores)
    total = int(_to_units(scores["revenue"]).sum()) / _MONEY_UNIT
    size = say(
        "business.size",
        day=scores.attrs["as_of"],
        n=f"{len(scores):,}",
        n_orders=f"{int(scores['n_orders'].sum()):,}",
        revenue=f"{total:,.2f}",
        unit=unit,
    )
    if total <= 0:
        return f"{size}\n{say('business.first_returns')}"
    spread = describe_concentration(scores["revenue"], unit=unit)
    return "\n".join([size, spread, *_risk(scores, plan, unit), _first_step(plan)])


def describe_concentration(revenue: pd.Series, *, unit: str) -> str:
    """Return a sentence on how few customers bring half of the money.

    Parameters
    ----------
    revenue : Series
        Net revenue, one value per customer.
    unit : str
        Unit of money.
    """
    n, half = len(revenue), count_half(revenue)
    if n < 2:
        return say("business.alone")
    if revenue.nunique() == 1:
        return say("business.alike", value=f"{revenue.iloc[0]:,.2f}", unit=unit)
    if not half:
        return say("business.no_half")
    text = say("business.half", n=f"{half:,}", share=f"{half / n:.1%}")
    if n < FEW_CUSTOMERS:
        return text + say("business.few", n=n)
    level = next((name for limit, name in SPREAD if half / n < limit), "even")
    return text + say(f"business.spread_{level}")


def _risk(scores: pd.DataFrame, plan: pd.DataFrame, unit: str) -> list[str]:
    if len(scores) < 2:
        return []
    if scores["recency_days"].nunique() == 1:
        return [say("business.same_day")]
    keys = plan.attrs["keys"]
    if "win_back" not in keys:
        return [say("business.no_risk")]
    row = plan.iloc[keys.index("win_back")]
    days = scores["recency_days"].to_numpy()[_choose_approaches(scores, None) == "win_back"]
    share = "" if row["revenue_share"] != row["revenue_share"] else f"{row['revenue_share']:.1%}"
    part = say("business.risk_share", share=share) if share else ""
    return [
        say(
            "business.risk",
            n=f"{row['n_customers']:,}",
            days=f"{days.min():,}",
            revenue=f"{row['revenue']:,.2f}",
            unit=unit,
            part=part,
        )
    ]


def _first_step(plan: pd.DataFrame) -> str:
    """Money that is about to be lost comes before money that may be won."""
    keys = plan.attrs["keys"]
    first = next((key for key in ("win_back", "grow", "keep") if key in keys), None)
    if first is None:
        return say("business.first_none")
    row = plan.iloc[keys.index(first)]
    who = row["who"]
    return say("business.first", who=who, n=f"{row['n_customers']:,}", step=row["next_step"])
