"""What a budget buys when it goes to the first of a ranking, to customers by lot, or to everybody."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.differentiate.policy._arms import read_numbers, read_treated, require_open
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_CHUNK = 4_000_000


def evaluate_budgets(
    scored: pd.DataFrame,
    *,
    outcome: str,
    value: float,
    cost: float,
    budgets: Sequence[float],
    random_state: int,
    score: str = "uplift",
    only_paying: bool = True,
    confidence: float = 0.95,
    n_resamples: int = 500,
) -> pd.DataFrame:
    """Evaluate, from the trial's own outcomes, a policy that treats whom the ranking names first.

    Parameters
    ----------
    scored : DataFrame
        One row per customer of a trial by lot: arm, the outcome, the score (see `measure_qini`).
    outcome : str
        A number or flag.
    value : float
        Profit of one unit of the outcome, yuan: of one purchase, or the margin of one yuan.
    cost : float
        Cost of treating one customer, yuan, above 0.
    budgets : sequence of float
        Yuan to be spent on a list of as many customers as `scored` has.
    random_state : int
        Seed of the bootstrap.
    score : str
        Column to rank by, in units of the outcome when `only_paying`.
    only_paying : bool
        Nobody whose score × value is not above the cost is treated, even when money is left.
    confidence : float
        Above 0 and below 1.
    n_resamples : int
        Bootstrap samples, at least 100.

    Returns
    -------
    DataFrame
        Per budget, in the order given, the rules "ranking" and "random", and at the end "everybody" with a
        missing budget: budget, rule, n_chosen, policy_cost, incremental_gain (yuan), low, high, net_gain
        (incremental_gain − policy_cost), net_low, net_high, gain_over_random (incremental_gain −
        that of as many by lot) with its …_low and …_high.  Where nobody of one arm is among the chosen, the gain is missing.
        ``attrs["n_customers"]`` is the number of rows of `scored`.

    Raises
    ------
    ParameterError
        When an option is out of range.

    Notes
    -----
    n_chosen = ⌊budget / cost⌋, at most all.  Customers who share the last score that is reached have equal
    chances, so each counts with the part of them that the budget pays.  incremental_gain = n_chosen × value × (mean of
    the treated − mean of the control group among the chosen), which the lot makes comparable; bootstrap
    within the arms with the choice kept.  Only by lot can a policy be valued that nobody has carried out.

    Examples
    --------
    >>> import pandas as pd
    >>> four = pd.DataFrame({"arm": ["treated", "control"] * 2, "buys": [1, 0, 0, 0], "uplift": [.9, .9, .1, .1]})
    >>> evaluate_budgets(four, outcome="buys", value=50.0, cost=1.0, budgets=[2.0], random_state=0)["net_gain"].tolist()
    [98.0, 48.0, 96.0]
    """
    import numpy as np
    import pandas as pd

    where = "evaluate_budgets"
    require_open(where, confidence=confidence)
    require_range(where, "n_resamples", n_resamples, 100)
    _check_money(where, value, cost, budgets)
    treated = read_treated(where, scored)
    y, rank = read_numbers(where, scored, outcome), read_numbers(where, scored, score)
    n = len(y)
    pays = rank * value > cost if only_paying else np.ones(n, dtype=bool)
    plans = [("ranking", b, _choose(rank, pays, math.floor(b / cost + 1e-9))) for b in budgets]
    plans.append(("everybody", float("nan"), np.ones(n)))
    weights = np.column_stack([w for _, _, w in plans] + [np.ones(n)])
    found = value * _contrast(y, treated, weights)
    drawn = value * _resample(y, treated, weights, n_resamples, random_state)
    rows = []
    for k, (rule, budget, chosen) in enumerate(plans):
        size = float(chosen.sum())
        for name, at in ((rule, k),) if rule == "everybody" else ((rule, k), ("random", -1)):
            row = {"budget": budget, "rule": name, "n_chosen": round(size), "policy_cost": size * cost}
            rows.append(row | _describe(size, cost, found[[at, -1]], drawn[:, [at, -1]], confidence))
    table = pd.DataFrame(rows)
    table.attrs["n_customers"] = n
    return table


def _check_money(where: str, value: float, cost: float, budgets: Sequence[float]) -> None:
    good = math.isfinite(value) and value > 0 and math.isfinite(cost) and cost > 0
    if not good or isinstance(budgets, str) or any(not math.isfinite(b) or b < 0 for b in budgets):
        raise ParameterError(
            f"{where}: value and cost must be above 0 and budgets a list of numbers >= 0; got {value!r}, {cost!r}, "
            f"{budgets!r}. All are in yuan."
        )


def _choose(rank: np.ndarray, pays: np.ndarray, n_paid: int) -> np.ndarray:
    """Return the chance of each customer to be treated: 1, 0, or a part among those of the last score."""
    import numpy as np

    chances = np.zeros(len(rank))
    able = np.flatnonzero(pays)
    if n_paid >= len(able):
        chances[able] = 1.0
        return chances
    if n_paid <= 0:
        return chances
    last = np.sort(rank[able])[::-1][n_paid - 1]
    above, tied = able[rank[able] > last], able[rank[able] == last]
    chances[above] = 1.0
    chances[tied] = (n_paid - len(above)) / len(tied)
    return chances


def _contrast(y: np.ndarray, treated: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the difference of the weighted means of the arms, one per column of weights."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        first, second = ((y[m] @ weights[m]) / weights[m].sum(axis=0) for m in (treated, ~treated))
        return first - second


def _resample(
    y: np.ndarray, treated: np.ndarray, weights: np.ndarray, n_resamples: int, random_state: int
) -> np.ndarray:
    import numpy as np

    rng = np.random.default_rng(random_state)
    sides = []
    for mask in (treated, ~treated):
        own, n = weights[mask], int(mask.sum())
        both = np.column_stack([own * y[mask][:, None], own])
        step = max(1, _CHUNK // n)
        sums = []
        for k in range(0, n_resamples, step):
            rows = min(step, n_resamples - k)
            flat = (np.arange(rows)[:, None] * n + rng.integers(0, n, (rows, n))).ravel()
            sums.append(np.bincount(flat, minlength=rows * n).reshape(rows, n) @ both)
        total = np.concatenate(sums)
        with np.errstate(invalid="ignore", divide="ignore"):
            sides.append(total[:, : own.shape[1]] / total[:, own.shape[1] :])
    return sides[0] - sides[1]


def _describe(size: float, cost: float, found: np.ndarray, drawn: np.ndarray, confidence: float) -> dict:
    import numpy as np

    if size == 0:  # nobody is treated: nothing is spent and nothing gained
        found, drawn = np.zeros(2), np.zeros((1, 2))
    tail = (1 - confidence) / 2
    better = size * (found[0] - found[1])
    ends = []
    for values in (size * drawn[:, 0], size * (drawn[:, 0] - drawn[:, 1])):
        known = values[~np.isnan(values)]
        few = len(known) < 0.9 * len(values)
        ends.append((np.nan, np.nan) if few else tuple(np.quantile(known, (tail, 1 - tail)).tolist()))
    (low, high), (better_low, better_high) = ends
    gain, spent = float(size * found[0]), size * cost
    return {
        "incremental_gain": gain,
        "low": low,
        "high": high,
        "net_gain": gain - spent,
        "net_low": low - spent,
        "net_high": high - spent,
        "gain_over_random": float(better),
        "gain_over_random_low": better_low,
        "gain_over_random_high": better_high,
    }
