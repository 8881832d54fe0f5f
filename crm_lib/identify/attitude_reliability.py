"""How well the items of a scale hang together: Cronbach's alpha with interval, and each item's part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError, ParameterError
from crm_lib.identify.attitude_answers import read_items
from crm_lib.identify.attitude_scales import code_items

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_NAN = float("nan")


def cronbach_alpha(
    answers: pd.DataFrame,
    *,
    confidence: float = 0.95,
    random_state: int | None = None,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """Measure how consistently the items of one scale were answered.

    Parameters
    ----------
    answers : DataFrame
        One row per questionnaire, one numeric column per item of the scale, reversed items already turned
        round (`code_items`).  Rows with a gap are left out and counted.
    confidence : float
        Of the intervals, above 0 and below 1.
    random_state : int, optional
        When given, a bootstrap interval is added.
    n_resamples : int
        Samples of the bootstrap.

    Returns
    -------
    DataFrame
        One row: alpha, low, high (Feldt's interval), boot_low, boot_high (missing without `random_state`),
        mean_r (mean correlation between items), n_items, n_respondents, n_incomplete (int64).  Everything
        that cannot be computed (one item, fewer than two complete rows, no spread) is missing.

    Raises
    ------
    ParameterError
        When `confidence` is not between 0 and 1.
    DataError
        When a column is not numeric.

    Notes
    -----
    α = k/(k − 1) · (1 − Σ sᵢ² / s²), sᵢ² the variances of the items, s² that of their sum.  It may be
    negative.  Feldt: (1 − α)/(1 − α̂) follows F with n − 1 and (n − 1)(k − 1) degrees of freedom, if the
    items measure the same thing with equally spread errors; the bootstrap does without that.  A high α
    says that the items go together, not that they measure the right thing.

    References
    ----------
    Cronbach, L. J. (1951). Psychometrika 16, 297–334.
    Feldt, L. S., Woodruff, D. J. and Salih, F. A. (1987). Applied Psychological Measurement 11, 93–103.

    Examples
    --------
    >>> import pandas as pd
    >>> three = pd.DataFrame({"q01": [1, 2, 3], "q02": [2, 2, 5]})  # variances 1 and 3, of the sum 7
    >>> round(float(cronbach_alpha(three)["alpha"][0]), 4)  # 2 (1 − 4/7)
    0.8571
    """
    import pandas as pd
    from scipy import stats

    from crm_lib.stats import bootstrap_interval

    if not 0 < confidence < 1:
        raise ParameterError(
            f"cronbach_alpha: confidence must be above 0 and below 1; got {confidence!r}. 0.95 is usual."
        )
    complete = _numbers(answers).dropna()
    n, k = complete.shape
    alpha = alpha_of(complete.to_numpy(dtype="float64"))
    low = high = boot_low = boot_high = _NAN
    if alpha == alpha:
        tail = (1 - confidence) / 2
        ends = [1 - (1 - alpha) * float(stats.f.ppf(q, n - 1, (n - 1) * (k - 1))) for q in (1 - tail, tail)]
        low, high = ends
        if random_state is not None:
            _, boot_low, boot_high = bootstrap_interval(
                complete, alpha_of, random_state=random_state, n_resamples=n_resamples, confidence=confidence
            )
    return pd.DataFrame({
        "alpha": [alpha], "low": [low], "high": [high], "boot_low": [boot_low], "boot_high": [boot_high],
        "mean_r": [_mean_r(complete)], "n_items": [k], "n_respondents": [n],
        "n_incomplete": [len(answers) - n],
    })  # fmt: skip


def alpha_of(x: np.ndarray) -> float:
    """Return Cronbach's alpha of complete rows; missing where it is not defined."""
    n, k = x.shape
    if k < 2 or n < 2:
        return _NAN
    whole = float(x.sum(axis=1).var(ddof=1))
    return k / (k - 1) * (1 - float(x.var(axis=0, ddof=1).sum()) / whole) if whole > 1e-12 else _NAN


def _numbers(answers: pd.DataFrame) -> pd.DataFrame:
    from pandas.api.types import is_numeric_dtype

    words = [str(c) for c in answers.columns if not is_numeric_dtype(answers[c])]
    if words:
        raise DataError(
            f"cronbach_alpha: every column must be numeric; {', '.join(words)} is not. "
            "Pass the items of one scale only, as code_items returns them."
        )
    return answers.astype("float64")


def _mean_r(complete: pd.DataFrame) -> float:
    import numpy as np

    k = complete.shape[1]
    if k < 2 or len(complete) < 3 or (complete.std(ddof=1) <= 1e-12).any():
        return _NAN
    r = np.corrcoef(complete.to_numpy(dtype="float64"), rowvar=False)
    return float((r.sum() - k) / (k * (k - 1)))


def measure_reliability(
    survey: pd.DataFrame,
    items: pd.DataFrame,
    *,
    confidence: float = 0.95,
    random_state: int | None = None,
    n_resamples: int = 2000,
) -> pd.DataFrame:
    """Measure Cronbach's alpha of every construct of a questionnaire.

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire; see `screen_answers`.
    items : DataFrame
        One row per item: item, construct, reversed, points.
    confidence, random_state, n_resamples
        See `cronbach_alpha`.

    Returns
    -------
    DataFrame
        One row per construct in the order of `items`: construct, then the columns of `cronbach_alpha`.

    Notes
    -----
    Items of one construct on different scales are brought to 0–100 first.
    """
    import pandas as pd

    rows = []
    for construct, values in _each_construct(survey, items):
        found = cronbach_alpha(
            values, confidence=confidence, random_state=random_state, n_resamples=n_resamples
        )
        found.insert(0, "construct", construct)
        rows.append(found)
    return pd.concat(rows, ignore_index=True)


def item_statistics(survey: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Say of every item how far it goes with the rest of its scale.

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire; see `screen_answers`.
    items : DataFrame
        One row per item: item, construct, text, reversed, points.

    Returns
    -------
    DataFrame
        One row per item in the order of `items`: item, construct, text, reversed (bool), n (answers, int64),
        mean, sd (in points, turned round when reversed), item_rest_r (correlation with the sum of the
        *other* items of the construct), alpha_if_deleted (of the others).  Both use the complete rows of the
        construct and are missing when the construct has too few items.

    Notes
    -----
    The sum leaves the item itself out ("corrected"), because with it the correlation would be high for
    any item of a short scale.
    """
    import pandas as pd

    known, coded = read_items(items, survey=survey), code_items(survey, items)
    rest = {}
    for _, values in _each_construct(survey, items):
        complete = values.dropna()
        for item in values.columns:
            others = complete.drop(columns=item)
            rest[item] = (_correlate(complete[item], others), alpha_of(others.to_numpy(dtype="float64")))
    own = coded[list(known["item"])]
    return pd.DataFrame({
        **{c: known[c] for c in ("item", "construct", "text", "reversed")},
        "n": own.notna().sum().to_numpy(dtype="int64"),
        "mean": own.mean().to_numpy(),
        "sd": own.std(ddof=1).to_numpy(),
        "item_rest_r": [rest[i][0] for i in known["item"]],
        "alpha_if_deleted": [rest[i][1] for i in known["item"]],
    })


def _correlate(item: pd.Series, others: pd.DataFrame) -> float:
    import numpy as np

    total = others.sum(axis=1)
    if others.shape[1] == 0 or len(item) < 3 or item.std() <= 1e-12 or total.std() <= 1e-12:
        return _NAN
    return float(np.corrcoef(item, total)[0, 1])


def _each_construct(survey: pd.DataFrame, items: pd.DataFrame):
    known, coded = read_items(items, survey=survey), code_items(survey, items)
    require_columns("code_items", list(coded.columns), list(known["item"]))
    for construct, group in known.groupby("construct", sort=False):
        values = coded[list(group["item"])]
        low, high = group["lowest"].to_numpy(), group["highest"].to_numpy()
        alike = len(set(zip(low, high, strict=True))) == 1
        yield construct, values if alike else 100 * (values - low) / (high - low)
