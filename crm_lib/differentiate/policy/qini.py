"""Is the ranking worth anything? Qini and uplift curves, their areas, and the effect group by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.differentiate.policy._arms import (
    is_share,
    read_numbers,
    read_treated,
    require_open,
    summarize_arm,
)
from crm_lib.differentiate.policy._inference import NAN, compare_summaries
from crm_lib.differentiate.policy._ranking import Trial, add_up, measure_area, rank_trial
from crm_lib.errors import DataError
from crm_lib.stats import interval_of_share_difference

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def measure_qini(
    scored: pd.DataFrame, *, outcome: str, score: str = "uplift", n_points: int = 100
) -> pd.DataFrame:
    """Measure what would be gained if the policy went to the first customers of a ranking only.

    Parameters
    ----------
    scored : DataFrame
        One row per customer of a trial by lot: arm, the outcome, the score, as `predict_uplift` returns
        them: scores of a model that had not seen the customer.
    outcome : str
        A number or flag.
    score : str
        Column to rank by, the highest first.
    n_points : int
        Points of the curve, 2 to 1,000; customers of equal score enter together.

    Returns
    -------
    DataFrame
        One row per point, from 0 to 1: share (of the customers, by rank), qini (gain per treated customer
        of the trial), uplift_gain (gain per customer of the list), random (what a ranking by lot gives).

    Raises
    ------
    DataError
        When a score or outcome is missing, or an arm has fewer than two customers.

    Notes
    -----
    Of the first customers, n_t treated with outcomes Y_t and n_c control with Y_c:
    qini = (Y_t − Y_c n_t / n_c) / N_t; uplift_gain = (Y_t / n_t − Y_c / n_c) (n_t + n_c) / N.
    Both end at the effect on all customers; random is the straight line there.  Between groups of equal
    score, and before both arms have somebody, the curve is straight: an order among equals is arbitrary.

    References
    ----------
    Radcliffe (2007). Using control groups to target on predicted lift. Direct Marketing Analytics Journal.

    Examples
    --------
    >>> import pandas as pd
    >>> four = pd.DataFrame({"arm": ["treated", "control"] * 2, "buys": [1, 0, 0, 0], "uplift": [2, 2, 1, 1]})
    >>> measure_qini(four, outcome="buys", n_points=3)["qini"].tolist()
    [0.0, 0.5, 0.5]
    """
    import numpy as np
    import pandas as pd

    where = "measure_qini"
    require_range(where, "n_points", n_points, 2, 1000)
    y, treated, rank = _read(where, scored, outcome, score)
    gains = add_up(rank_trial(rank, y, treated))
    at = np.linspace(0, 1, n_points)
    found = pd.DataFrame({
        "share": at,
        "qini": np.interp(at, gains.share, gains.qini),
        "uplift_gain": np.interp(at, gains.share, gains.uplift),
        "random": at * gains.qini[-1],
    })
    found.attrs["n_customers"] = len(y)
    return found


def summarize_qini(
    scored: pd.DataFrame,
    *,
    outcome: str,
    random_state: int,
    score: str = "uplift",
    confidence: float = 0.95,
    n_resamples: int = 500,
) -> pd.DataFrame:
    """Summarize a ranking by the areas of its curves, beside a ranking by lot.

    Parameters
    ----------
    scored, outcome, score
        See `measure_qini`.
    random_state : int
        Seed of the bootstrap and of the rankings by lot.
    confidence : float
        Above 0 and below 1.
    n_resamples : int
        Bootstrap samples, and rankings by lot; at least 100.

    Returns
    -------
    DataFrame
        Two rows, measure "qini" (area between the Qini curve and the random line) and "auuc" (area under
        the uplift curve): measure, estimate, low, high, random (what a ranking by lot gives: 0, or half the
        effect on all), extra (estimate − random), extra_low, extra_high, p_value (part of the rankings by
        lot at least as good).

    Raises
    ------
    DataError
        See `measure_qini`.

    Notes
    -----
    Bootstrap: customers drawn anew within each arm, their scores kept; percentiles.  So the interval is
    about this ranking on other customers, not about how the ranking itself would come out again.
    p = (1 + rankings by lot at least as good) / (1 + rankings by lot), one-sided.
    """
    import numpy as np
    import pandas as pd

    where = "summarize_qini"
    require_open(where, confidence=confidence)
    require_range(where, "n_resamples", n_resamples, 100)
    y, treated, rank = _read(where, scored, outcome, score)
    trial, rng = rank_trial(rank, y, treated), np.random.default_rng(random_state)
    found = _measure(trial)
    drawn = np.array([_measure(trial, _redraw(trial.treated, rng)) for _ in range(n_resamples)])
    lots = np.array([_measure(_shuffle(trial, rng)) for _ in range(n_resamples)])
    tail = (1 - confidence) / 2
    rows = []
    for name, k, extra in (("qini", 0, 0), ("auuc", 1, 2)):
        hits = int((lots[:, extra] >= found[extra] - 1e-12).sum())
        low, high = np.quantile(drawn[:, k], (tail, 1 - tail))
        extra_low, extra_high = np.quantile(drawn[:, extra], (tail, 1 - tail))
        rows.append({
            "measure": name,
            "estimate": found[k],
            "low": float(low),
            "high": float(high),
            "random": found[k] - found[extra],
            "extra": found[extra],
            "extra_low": float(extra_low),
            "extra_high": float(extra_high),
            "p_value": (1 + hits) / (1 + n_resamples),
        })
    return pd.DataFrame(rows)


def measure_groups(
    scored: pd.DataFrame, *, outcome: str, score: str = "uplift", n_groups: int = 10, confidence: float = 0.95
) -> pd.DataFrame:
    """Measure the effect in each group of customers, from the most to the least promising (uplift by decile).

    Parameters
    ----------
    scored, outcome, score
        See `measure_qini`.
    n_groups : int
        Groups of about equal size, 2 to 100; customers of equal score stay together, so that there may
        be fewer.
    confidence : float
        Above 0 and below 1.

    Returns
    -------
    DataFrame
        One row per group: group (1 = highest scores), n_customers, n_treated, n_control, expected (mean
        score), treated, control (mean outcome), difference, low, high.  Where an arm has nobody the figures
        are missing; amounts need two customers in each arm for the ends.

    Raises
    ------
    DataError
        See `measure_qini`.
    """
    import numpy as np
    import pandas as pd

    where = "measure_groups"
    require_range(where, "n_groups", n_groups, 2, 100)
    require_open(where, confidence=confidence)
    y, treated, rank = _read(where, scored, outcome, score)
    above = np.searchsorted(np.sort(-rank), -rank, side="left") / len(rank)
    place = np.floor(above * n_groups + 1e-9).astype("int64")
    share = is_share(y)
    rows = []
    for number, k in enumerate(np.unique(place), start=1):
        here = place == k
        first, second = y[here & treated], y[here & ~treated]
        expected = {"group": number, "n_customers": int(here.sum()), "expected": float(rank[here].mean())}
        rows.append({**expected, **_compare(first, second, share, confidence)})
    columns = ["group", "n_customers", "n_treated", "n_control", "expected", "treated", "control"]
    return pd.DataFrame(rows)[[*columns, "difference", "low", "high"]]


def rate_ranking(score: np.ndarray, effect: np.ndarray) -> float:
    """Rate a ranking by true effects, which only a simulation or a planted truth knows.

    Parameters
    ----------
    score : array
        What customers are ranked by, the highest first; equal ones enter together.
    effect : array
        The true effect on each customer.

    Returns
    -------
    float
        Area between the curve of the cumulative true effect, per customer, and the straight line; 0 for a
        ranking by lot.  ``rate_ranking(effect, effect)`` is the most that can be had.

    Examples
    --------
    >>> rate_ranking([2, 1], [1.0, 0.0]), rate_ranking([1, 1], [1.0, 0.0]), rate_ranking([1, 2], [1.0, 0.0])
    (0.125, 0.0, -0.125)
    """
    import numpy as np

    rank, true = np.asarray(score, dtype="float64"), np.asarray(effect, dtype="float64")
    if len(rank) != len(true) or not len(rank) or not np.isfinite(np.concatenate([rank, true])).all():
        raise DataError(
            f"rate_ranking: needs one finite score and effect per customer; got {len(rank):,} and {len(true):,}. "
            "Join them by customer_id first."
        )
    ranked = rank_trial(rank, true, np.ones(len(rank), dtype=bool))
    share = np.append(0.0, (ranked.ends + 1) / len(rank))
    gain = np.append(0.0, np.cumsum(ranked.y)[ranked.ends] / len(rank))
    return measure_area(share, gain) - float(gain[-1]) / 2


def _read(
    where: str, scored: pd.DataFrame, outcome: str, score: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    treated = read_treated(where, scored)
    return read_numbers(where, scored, outcome), treated, read_numbers(where, scored, score)


def _measure(trial: Trial, weights: np.ndarray | None = None) -> tuple[float, float, float]:
    """Return Qini, area under the uplift curve, and that area beyond a ranking by lot."""
    gains = add_up(trial, weights)
    below = gains.qini[-1] / 2
    area = measure_area(gains.share, gains.uplift)
    return measure_area(gains.share, gains.qini) - below, area, area - below


def _redraw(treated: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return how often each customer is drawn, with replacement, within his arm."""
    import numpy as np

    weights = np.zeros(len(treated))
    for mask in (treated, ~treated):
        n = int(mask.sum())
        weights[mask] = np.bincount(rng.integers(0, n, n), minlength=n)
    return weights


def _shuffle(trial: Trial, rng: np.random.Generator) -> Trial:
    order = rng.permutation(len(trial.y))
    return trial._replace(y=trial.y[order], treated=trial.treated[order])


def _compare(first: np.ndarray, second: np.ndarray, share: bool, confidence: float) -> dict:
    found = {
        "n_treated": len(first),
        "n_control": len(second),
        "treated": float(first.mean()) if len(first) else NAN,
        "control": float(second.mean()) if len(second) else NAN,
    }
    if not len(first) or not len(second):
        return {**found, "difference": NAN, "low": NAN, "high": NAN}
    if share:
        counts = round(float(first.sum())), len(first), round(float(second.sum())), len(second)
        gap = interval_of_share_difference(*counts, confidence=confidence)
    else:
        gap, _ = compare_summaries(summarize_arm(first), summarize_arm(second), confidence=confidence)
    return {**found, "difference": gap.estimate, "low": gap.low, "high": gap.high}
