"""How many questionnaires it takes, who answered them, and what weights make up for those who did not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

LEAST_IN_CLASS = 5


def sample_size(
    margin: float,
    *,
    share: float = 0.5,
    sd: float | None = None,
    population: int | None = None,
    response_share: float = 1.0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Plan how many questionnaires to send and to get back.

    Parameters
    ----------
    margin : float
        Half the width of the interval one wants: of a share as a part of 1 (0.05 is five percentage
        points), of a mean in its own unit.
    share : float
        The share one expects, 0–1; 0.5 asks for the most and is right when nothing is known.
    sd : float, optional
        Standard deviation of the answers: plan for a mean instead of a share.
    population : int, optional
        Number of customers there are; without it, very many.
    response_share : float
        Part of those asked who will answer, above 0 and at most 1.
    confidence : float
        Above 0 and below 1.

    Returns
    -------
    DataFrame
        One row: margin, confidence, population (missing when not given), n_infinite (before the correction),
        n_needed (answers), n_to_send (int64), n_lacking (how many more customers one would have to ask than
        there are, int64).

    Raises
    ------
    ParameterError
        When an option is out of range.

    Notes
    -----
    n₀ = z² p(1 − p)/e² for a share, z² s²/e² for a mean; of N customers n = n₀ / (1 + (n₀ − 1)/N), rounded
    up; to send: n / response_share, rounded up.  It is the formula behind the table of Krejcie and Morgan,
    but rounded up where they round to the nearest.  More questionnaires do not mend a sample in which some kinds of customers
    do not answer.

    References
    ----------
    Krejcie, R. V. and Morgan, D. W. (1970). Educational and Psychological Measurement 30, 607–610.

    Examples
    --------
    >>> sample_size(0.05, population=1000, response_share=0.4)[["n_needed", "n_to_send"]].iloc[0].tolist()
    [278, 695]
    """
    import pandas as pd

    _require_plan(margin, share, sd, population, response_share, confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    spread = share * (1 - share) if sd is None else sd * sd
    infinite = z * z * spread / margin**2
    exact = infinite if population is None else infinite / (1 + (infinite - 1) / population)
    n_needed = max(1, math.ceil(exact - 1e-9))
    n_to_send = math.ceil(n_needed / response_share - 1e-9)
    return pd.DataFrame({
        "margin": [float(margin)],
        "confidence": [float(confidence)],
        "population": [float("nan") if population is None else float(population)],
        "n_infinite": [max(1, math.ceil(infinite - 1e-9))],
        "n_needed": [n_needed],
        "n_to_send": [n_to_send],
        "n_lacking": [0 if population is None else max(0, n_to_send - population)],
    })


def _require_plan(
    margin: float, share: float, sd: float | None, population: int | None, response: float, confidence: float
) -> None:
    rules = [
        ("margin", margin, margin > 0 and (sd is not None or margin < 1), "above 0, and below 1 for a share"),
        ("share", share, 0 < share < 1, "above 0 and below 1"),
        ("sd", sd, sd is None or sd > 0, "above 0"),
        ("population", population, population is None or population >= 1, "at least 1"),
        ("response_share", response, 0 < response <= 1, "above 0 and at most 1"),
        ("confidence", confidence, 0 < confidence < 1, "above 0 and below 1"),
    ]
    for name, value, good, rule in rules:
        if not good:
            raise ParameterError(f"sample_size: {name} must be {rule}; got {value!r}. Choose a value {rule}.")


def weight_classes(
    survey: pd.DataFrame, population: pd.DataFrame, *, by: str | Sequence[str]
) -> pd.DataFrame:
    """Hold the respondents against the known population class by class, and weigh them.

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire, with the columns in `by`.
    population : DataFrame
        One row per stratum: the columns in `by` and n (persons); strata of one class are added up.
    by : str or sequence of str
        Columns that make up a class, for instance ``"age_band"``.

    Returns
    -------
    DataFrame
        One row per class of the population, sorted: the columns of `by` (str), n_population, n_respondents
        (int64), population_share, respondent_share, response_share (respondents over persons), weight
        (missing in a class where nobody answered), few (bool: fewer than 5 respondents).
        ``attrs``: n_unknown (respondents whose class the population does not have), n_effective (Kish),
        uncovered_share (of the population, in classes where nobody answered).

    Raises
    ------
    SchemaError
        When a column is missing.
    DataError
        When the population has no person, or a negative number of them.

    Notes
    -----
    weight = population_share / respondent_share, both among the classes that have respondents and among
    respondents of a known class, so the weights average 1.  They make up for who did not answer only as far
    as those of one class think alike.  n_effective = (Σw)² / Σw²: what the weighing costs in precision.

    Examples
    --------
    >>> import pandas as pd
    >>> who = pd.DataFrame({"age_band": ["18-24"] * 3 + ["25-34"]})
    >>> all_ = pd.DataFrame({"age_band": ["18-24", "25-34"], "n": [50, 50]})
    >>> weight_classes(who, all_, by="age_band")["weight"].round(3).tolist()
    [0.667, 2.0]
    """
    import pandas as pd

    columns = [by] if isinstance(by, str) else list(by)
    require_columns("weight_classes", list(population.columns), (*columns, "n"))
    require_columns("weight_classes", list(survey.columns), columns)
    sizes = pd.to_numeric(population["n"], errors="coerce").fillna(0)
    if (sizes < 0).any() or sizes.sum() <= 0:
        raise DataError(
            "weight_classes: column 'n' must count persons, 0 or more, and somebody must be there; "
            f"the sum is {sizes.sum():g}, the smallest {sizes.min():g}. Check the population table."
        )
    classes = population[columns].astype("str").assign(n_population=sizes.to_numpy())
    classes = classes.groupby(columns, sort=True)["n_population"].sum().astype("int64").reset_index()
    given = survey[columns].notna().all(axis=1)
    asked = survey.loc[given, columns].astype("str").groupby(columns).size().rename("n_respondents")
    found = classes.merge(asked.reset_index(), on=columns, how="left")
    found["n_respondents"] = found["n_respondents"].fillna(0).astype("int64")
    return _weigh(found, len(survey))


def _weigh(found: pd.DataFrame, n_all: int) -> pd.DataFrame:
    people, n_known = found["n_population"], int(found["n_respondents"].sum())
    there = found["n_respondents"] > 0
    found["population_share"] = people / people.sum()
    found["respondent_share"] = found["n_respondents"] / n_known if n_known else float("nan")
    found["response_share"] = (found["n_respondents"] / people).where(people > 0)
    covered = float(people[there].sum())
    weight = (people / covered) / found["respondent_share"] if covered else people * float("nan")
    found["weight"] = weight.where(there)
    found["few"] = found["n_respondents"] < LEAST_IN_CLASS
    whole = float((found["weight"] * found["n_respondents"]).sum())
    square = float((found["weight"] ** 2 * found["n_respondents"]).sum())
    found.attrs["n_unknown"] = n_all - n_known
    found.attrs["n_effective"] = whole**2 / square if square > 0 else float("nan")
    found.attrs["uncovered_share"] = 1 - covered / float(people.sum())
    return found


def weigh_mean(values: pd.Series, weights: pd.Series) -> float:
    """Return the mean of `values` with `weights`; rows where either is missing are left out.

    Parameters
    ----------
    values, weights : Series
        One number per questionnaire, in the same order.

    Returns
    -------
    float
        Σ w x / Σ w; missing when nothing is left.

    Examples
    --------
    >>> import pandas as pd
    >>> weigh_mean(pd.Series([1.0, 4.0, None]), pd.Series([2.0, 1.0, 9.0]))
    2.0
    """
    both = values.notna().to_numpy() & weights.notna().to_numpy()
    x, w = values.to_numpy(dtype="float64")[both], weights.to_numpy(dtype="float64")[both]
    return float((x * w).sum() / w.sum()) if w.sum() > 0 else float("nan")
