"""The net promoter score, with the interval that a sample of its size deserves."""

from __future__ import annotations

import math
import warnings
from statistics import NormalDist
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

PROMOTER, DETRACTOR = 9, 6
FEW = 30
_NAN = float("nan")


def measure_nps(
    survey: pd.DataFrame,
    *,
    by: str | None = None,
    confidence: float = 0.95,
    random_state: int | None = None,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """Measure the net promoter score: share of 9–10 less share of 0–6, times 100.

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire: nps (0–10, missing allowed) and the column named by `by`.
    by : str, optional
        Column whose groups are measured too.
    confidence : float
        Of the intervals, above 0 and below 1.
    random_state : int, optional
        When given, a bootstrap interval is added.
    n_resamples : int
        Samples of the bootstrap.

    Returns
    -------
    DataFrame
        The first row is everybody (group ""), then one row per group, sorted by name: group, n, n_promoters,
        n_passives, n_detractors, n_missing (int64), promoter_share, passive_share, detractor_share, nps,
        low, high (score interval), wald_low, wald_high, boot_low, boot_high (missing without
        `random_state`), few (bool: fewer than 30 answers).  nps and the ends are in points, −100…100;
        missing without an answer.

    Raises
    ------
    SchemaError
        When a column is missing.
    DataError
        When an answer is no whole number from 0 to 10.

    Warns
    -----
    SmallSampleWarning
        When fewer than 30 people answered.

    Notes
    -----
    The score is the mean of a variable that is 1, 0 or −1, with variance V = p₊ + p₋ − d², d = p₊ − p₋.
    wald: d ± z √(V/n), the usual one; it leaves −1…1 and closes up where all answered alike.  low, high are
    of Wilson's kind: they solve (d̂ − d)² = z² (s − d²)/n for d, with s = p₊ + p₋ as observed, and are
    Wilson's own interval when nobody is passive.  When everybody is passive s is not known to be 0, so the
    ends are ± Wilson's upper end of a share of 0 in n.  Neither counts in that the respondents may differ
    from those who did not answer.

    References
    ----------
    Reichheld, F. (2003). The one number you need to grow. Harvard Business Review 81(12).

    Examples
    --------
    >>> import pandas as pd
    >>> four = pd.DataFrame({"nps": [10, 9, 8, 3] * 10})
    >>> measure_nps(four)[["n", "nps", "wald_low", "wald_high"]].round(1).iloc[0].tolist()
    [40.0, 25.0, -0.7, 50.7]
    """
    import pandas as pd

    require_columns("measure_nps", list(survey.columns), ("nps", *([by] if by else [])))
    if not 0 < confidence < 1:
        raise ParameterError(f"measure_nps: confidence must be above 0 and below 1; got {confidence!r}.")
    scores = _check_scores(survey)
    groups: list[tuple[str, pd.Series]] = [("", scores)]
    if by:
        names = survey[by].astype(object).where(survey[by].notna(), None)
        groups += [(str(name), part) for name, part in scores.groupby(names.to_numpy(), sort=True)]
    rows = [_measure(name, part, confidence, random_state, n_resamples) for name, part in groups]
    n = rows[0]["n"]
    if n < FEW:
        from crm_lib.stats import SmallSampleWarning

        warnings.warn(
            f"measure_nps: {n} people answered, fewer than {FEW}; the interval is wide and rests on few.",
            SmallSampleWarning,
            stacklevel=2,
        )
    found = pd.DataFrame(rows)
    found.attrs["confidence"] = confidence
    return found


def _check_scores(survey: pd.DataFrame) -> pd.Series:
    import pandas as pd

    scores = pd.to_numeric(survey["nps"], errors="coerce").astype("Float64").astype("float64")
    bad = survey["nps"].notna() & ~(scores.between(0, 10) & (scores % 1 == 0))
    if bad.any():
        first = survey.loc[bad, "nps"].iloc[0]
        raise DataError(
            f"measure_nps: column 'nps' must hold whole numbers from 0 to 10; {int(bad.sum()):,} of {len(bad):,} "
            f"rows do not (first: {first!r}). Run screen_answers first: it lists them and leaves them out."
        )
    return scores


def _measure(name: str, scores: pd.Series, confidence: float, seed: int | None, n_resamples: int) -> dict:
    known = scores.dropna()
    n = len(known)
    plus, minus = int((known >= PROMOTER).sum()), int((known <= DETRACTOR).sum())
    shares = [c / n if n else _NAN for c in (plus, n - plus - minus, minus)]
    score = 100 * (plus - minus) / n if n else _NAN
    low, high = bound_nps(plus, minus, n, confidence=confidence)
    half = (
        0.0 if not n else _z(confidence) * math.sqrt(max(shares[0] + shares[2] - (score / 100) ** 2, 0.0) / n)
    )
    boot = _boot(known, plus, minus, confidence, seed, n_resamples)
    return {
        "group": name, "n": n, "n_promoters": plus, "n_passives": n - plus - minus, "n_detractors": minus,
        "n_missing": len(scores) - n, "promoter_share": shares[0], "passive_share": shares[1],
        "detractor_share": shares[2], "nps": score, "low": low, "high": high, "wald_low": score - 100 * half,
        "wald_high": score + 100 * half, "boot_low": boot[0], "boot_high": boot[1], "few": n < FEW,
    }  # fmt: skip


def _boot(
    known: pd.Series, plus: int, minus: int, confidence: float, seed: int | None, n_resamples: int
) -> tuple[float, float]:
    if seed is None or not len(known):
        return _NAN, _NAN
    import numpy as np

    from crm_lib.stats import bootstrap_interval

    signs = np.repeat([100.0, 0.0, -100.0], [plus, len(known) - plus - minus, minus])
    _, low, high = bootstrap_interval(
        signs, np.mean, random_state=seed, n_resamples=n_resamples, confidence=confidence
    )
    return low, high


def bound_nps(
    n_promoters: int, n_detractors: int, n: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the ends of the score interval of a net promoter score, in points.

    Parameters
    ----------
    n_promoters, n_detractors : int
        Respondents who answered 9–10, and 0–6.
    n : int
        All respondents.
    confidence : float
        Coverage of the interval.

    Returns
    -------
    tuple of float
        Lower and upper end, −100 to 100; missing without respondents.

    Examples
    --------
    >>> [round(x, 1) for x in bound_nps(8, 2, 10)]  # nobody passive: Wilson's 0.490…0.943, as 2p − 1
    [-2.0, 88.7]
    """
    if not n:
        return _NAN, _NAN
    z2 = _z(confidence) ** 2
    d, s = (n_promoters - n_detractors) / n, (n_promoters + n_detractors) / n
    if s == 0:
        end = 100 * z2 / (n + z2)
        return -end, end
    half = math.sqrt(max(z2 / n * (s * (1 + z2 / n) - d * d), 0.0))
    low, high = (100 * (d + sign * half) / (1 + z2 / n) for sign in (-1, 1))
    return max(low, -100.0), min(high, 100.0)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
