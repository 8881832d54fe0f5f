"""What e-CRM returns to a small firm: a cash flow with stated assumptions, and how far they carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_range
from crm_lib.errors import ParameterError
from crm_lib.store.survey import load_survey

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_SHARES = ("margin_share", "extra_share")


@dataclass(frozen=True)
class PaybackRange:
    """When the outlay is back, over all assumptions within their ranges.

    Attributes
    ----------
    month
        Month under the assumptions as stated; missing when never within the horizon.
    low, high
        5 % and 95 % of the draws; ``inf`` when not within the horizon.
    never_share
        Share of draws in which it is not back within the horizon.
    by_assumption
        One row per assumption, the widest first: ``assumption``, ``title``, ``low_value``, ``high_value``,
        ``month_low``, ``month_high`` (month at either end, all else as stated), ``balance_low``,
        ``balance_high`` (yuan at the end of the horizon), ``swing``.
    """

    month: float
    low: float
    high: float
    never_share: float
    by_assumption: pd.DataFrame


def list_assumptions(**values: float) -> pd.DataFrame:
    """List the assumptions on the small firm with their ranges.

    Parameters
    ----------
    **values
        Assumption → another value than the suite's; its range moves with it in proportion.

    Returns
    -------
    DataFrame
        One row per assumption: ``assumption``, ``title``, ``unit``, ``value``, ``low``, ``high``.

    Raises
    ------
    ParameterError
        An assumption has no such name, or its value is below 0.

    Examples
    --------
    >>> [float(v) for v in list_assumptions(customers=200).loc[0, ["value", "low", "high"]]]
    [200.0, 125.0, 300.0]
    """
    import pandas as pd

    known = load_survey()["firm"]
    for name, value in values.items():
        require_choice("list_assumptions", "an assumption", name, list(known))
        require_range("list_assumptions", name, value, 0, 1 if name in _SHARES else None)
    rows = []
    for name, body in known.items():
        value = float(values.get(name, body["value"]))
        ends = [body[end] * value / body["value"] for end in ("low", "high")]
        rows.append((name, body["title"], body["unit"], value, *ends))
    return pd.DataFrame(rows, columns=["assumption", "title", "unit", "value", "low", "high"])


def project_cash(assumptions: pd.DataFrame | Mapping[str, float], *, months: int = 36) -> pd.DataFrame:
    """Project the extra cash of keeping and using customer files, month by month.

    Parameters
    ----------
    assumptions : DataFrame or mapping
        What `list_assumptions` returned, or assumption → value.
    months : int
        Horizon, 1 to 240.

    Returns
    -------
    DataFrame
        One row per month, 0 being the outlay: ``month``, ``gain``, ``outlay``, ``net``, ``balance`` (sum of
        net so far) and ``present_balance`` (the same discounted), yuan.

    Notes
    -----
    gain = customers × yearly spend / 12 × extra share × margin × min(1, month / ramp); outlay = monthly cost +
    hours × hourly cost, and the set-up cost in month 0.  Only extra margin counts as gain, not turnover.

    Examples
    --------
    >>> flow = project_cash(list_assumptions(), months=12)
    >>> flow.loc[12, ["gain", "outlay"]].tolist()
    [560.0, 270.0]
    """
    import pandas as pd

    require_range("project_cash", "months", months, 1, 240)
    a = _read(assumptions)
    month, gain, outlay = _flow(a, months)
    net = (gain - outlay).round(6)
    worth = net / (1 + a["yearly_rate"]) ** (month / 12)
    return pd.DataFrame({
        "month": month, "gain": gain.round(6), "outlay": outlay, "net": net,
        "balance": net.cumsum().round(6), "present_balance": worth.cumsum().round(6),
    })  # fmt: skip


def _flow(a: Mapping[str, Any], months: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return months, gain and outlay; assumptions may be columns of numbers, one row a draw."""
    import numpy as np

    month = np.arange(months + 1)
    # an effect at once is one within the first month
    ramp = np.minimum(1.0, month / np.maximum(a["ramp_months"], 1e-9))
    gain = a["customers"] * a["yearly_spend"] / 12 * a["extra_share"] * a["margin_share"] * ramp
    running = a["monthly_cost"] + a["monthly_hours"] * a["hourly_cost"]
    return month, gain, np.where(month == 0, a["setup_cost"], running)


def find_payback(flow: pd.DataFrame) -> float:
    """Return the first month from which the balance stays at 0 or above; ``inf`` when there is none.

    Parameters
    ----------
    flow : DataFrame
        What `project_cash` returned.
    """
    below = flow.loc[flow["balance"] < 0, "month"]
    if below.empty:
        return 0.0
    last = int(below.max())
    return float(last + 1) if last < int(flow["month"].max()) else float("inf")


def vary_payback(
    assumptions: pd.DataFrame, *, random_state: int, months: int = 36, n_draws: int = 1000
) -> PaybackRange:
    """Say how far the month of payback may move when the assumptions are off.

    Parameters
    ----------
    assumptions : DataFrame
        What `list_assumptions` returned.
    random_state : int
        Seed of the draws.
    months : int
        Horizon.
    n_draws : int
        Draws of all assumptions together, at least 100.

    Returns
    -------
    PaybackRange
        month, low, high, never_share, by_assumption.

    Notes
    -----
    Each draw takes every assumption evenly from its range, independent of the others.  The range is ours and
    says what may be, not how probable it is.
    """
    import numpy as np
    import pandas as pd

    require_range("vary_payback", "n_draws", n_draws, 100)
    stated = _read(assumptions)
    rows = [_bend(row, stated, months) for row in assumptions.to_dict("records")]
    table = pd.DataFrame(rows).sort_values(["swing", "assumption"], ascending=[False, True], kind="stable")
    rng = np.random.default_rng(random_state)
    low, high = (assumptions[c].to_numpy("float64") for c in ("low", "high"))
    drawn = low + (high - low) * rng.random((n_draws, len(low)))
    columns = {name: drawn[:, [k]] for k, name in enumerate(assumptions["assumption"])}
    _, gain, outlay = _flow(columns, months)
    balance = (gain - outlay).cumsum(axis=1).round(6)
    after = (balance < 0) * np.arange(1, months + 2)
    last = after.max(axis=1).astype("float64")
    when = np.sort(np.where(last == months + 1, np.inf, last))
    ends = [float(when[round(q * (n_draws - 1))]) for q in (0.05, 0.95)]
    month = find_payback(project_cash(stated, months=months))
    return PaybackRange(month, *ends, float(np.isinf(when).mean()), table.reset_index(drop=True))


def _bend(row: Mapping[str, Any], stated: Mapping[str, float], months: int) -> dict[str, Any]:
    flows = [project_cash({**stated, row["assumption"]: row[end]}, months=months) for end in ("low", "high")]
    ends = [float(f["balance"].iloc[-1]) for f in flows]
    return {
        "assumption": row["assumption"], "title": row["title"],
        "low_value": row["low"], "high_value": row["high"],
        "month_low": find_payback(flows[0]), "month_high": find_payback(flows[1]),
        "balance_low": ends[0], "balance_high": ends[1], "swing": abs(ends[1] - ends[0]),
    }  # fmt: skip


def _read(assumptions: pd.DataFrame | Mapping[str, float]) -> dict[str, float]:
    if hasattr(assumptions, "columns"):
        assumptions = dict(zip(assumptions["assumption"], assumptions["value"], strict=True))
    known = list(load_survey()["firm"])
    lacking = [name for name in known if name not in assumptions]
    if lacking:
        raise ParameterError(
            f"project_cash: needs every assumption; {', '.join(lacking)} are missing. Begin with list_assumptions()."
        )
    return {name: float(assumptions[name]) for name in known}
