"""A sample of persons beside the population it is drawn from: pyramid, shares, test of fit (代表性)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import DataError, ParameterError
from crm_lib.identify.demography_bands import BANDS, band_ages, count_ages, order_bands, read_fields
from crm_lib.stats.intervals import interval_of_share

if TYPE_CHECKING:
    import pandas as pd

LEAST_EXPECTED = 5.0
"""Below this expected number a cell makes the chi-square test unsure."""


def build_pyramid(
    customers: pd.DataFrame,
    population: pd.DataFrame | None = None,
    *,
    as_of: Any,
    bands: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Count persons by sex and age, beside a population when there is one.

    Parameters
    ----------
    customers : DataFrame
        One row per person: ``gender``, and ``birth_date`` or, where that is not known, ``age_band``.
    population : DataFrame, optional
        One row per stratum: ``gender``, ``age_band``, ``n`` (persons).
    as_of : date
        The day at which ages are counted by birthdays.
    bands : sequence of str, optional
        Names of the bands; by default the population's, else `BANDS`.

    Returns
    -------
    DataFrame
        One row per band and sex, the youngest first: ``age_band``, ``gender``, ``n``, ``share`` (of the
        persons counted), ``population_n``, ``population_share``.  ``attrs``: ``n_persons``, ``n_counted``,
        ``n_impossible`` (born after `as_of`, or older than 110), ``n_no_birth``, ``n_no_gender``,
        ``n_outside`` (an age no band holds).  They add up: each person is counted once, in this order.

    Raises
    ------
    SchemaError
        A column is missing.

    Notes
    -----
    Disputable: an impossible birthday is set aside, not moved to the nearest band.  Sexes are the words
    of the data; nobody is assigned one from a name.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"gender": ["女", "男", "女"],
    ...                        "birth_date": pd.to_datetime(["2000-01-01", "2090-01-01", None])})
    >>> pyramid = build_pyramid(people, as_of="2025-01-01")
    >>> int(pyramid["n"].sum()), pyramid.attrs["n_impossible"], pyramid.attrs["n_no_birth"]
    (1, 1, 1)
    """
    where = "build_pyramid"
    require_columns(where, customers.columns, ["gender"])
    if population is not None:
        require_columns(where, population.columns, ["gender", "age_band", "n"])
    names = order_bands(
        bands if bands is not None else population["age_band"] if population is not None else BANDS
    )
    placed, counts = _place(customers, as_of, names)
    strata = _count(placed.assign(n=1), names, placed["gender"])
    if population is None:
        whole = None
    else:
        whole = _count(population.dropna(subset=["gender", "age_band"]), names, population["gender"])
    out = _join(strata, whole, names)
    out.attrs = {"n_persons": len(customers), "n_counted": len(placed), **counts}
    return out


def _place(customers: pd.DataFrame, as_of: Any, names: list[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the persons that have a place in the pyramid, and how many have none and why."""
    if "birth_date" not in customers.columns:
        require_columns("build_pyramid", customers.columns, ["age_band"])
        band, no_birth = customers["age_band"], customers["age_band"].isna()
        impossible = no_birth & False
    else:
        ages = count_ages(customers["birth_date"], as_of=as_of)
        no_birth = ages.isna()
        low, high = read_fields()["limits"]["age"]
        impossible = ((ages < low) | (ages > high)).fillna(False).astype(bool)
        band = band_ages(ages.where(~impossible), bands=names)
        if "age_band" in customers.columns:
            band = band.where(~no_birth, customers["age_band"].astype(object))
            no_birth = no_birth & band.isna()
    no_gender = customers["gender"].isna() & ~no_birth & ~impossible
    outside = ~band.isin(names) & ~no_birth & ~impossible & ~no_gender
    kept = ~(no_birth | impossible | no_gender | outside)
    counts = {
        "n_impossible": impossible,
        "n_no_birth": no_birth,
        "n_no_gender": no_gender,
        "n_outside": outside,
    }
    frame = customers.loc[kept, ["gender"]].assign(age_band=band[kept])
    return frame, {name: int(flag.sum()) for name, flag in counts.items()}


def _count(frame: pd.DataFrame, names: list[str], genders: pd.Series) -> pd.Series:
    return frame[frame["age_band"].isin(names)].groupby(["age_band", "gender"])["n"].sum()


def _join(strata: pd.Series, whole: pd.Series | None, names: list[str]) -> pd.DataFrame:
    import pandas as pd

    both = [strata.index] if whole is None else [strata.index, whole.index]
    genders = sorted({g for index in both for _, g in index}, key=str)
    cells = pd.MultiIndex.from_product([names, genders], names=["age_band", "gender"])
    out = strata.reindex(cells, fill_value=0).astype("int64").rename("n").reset_index()
    out["share"] = out["n"] / max(int(out["n"].sum()), 1)
    counts = whole.reindex(cells, fill_value=0).to_numpy() if whole is not None else float("nan")
    out["population_n"] = counts
    out["population_share"] = (
        out["population_n"] / out["population_n"].sum() if whole is not None else float("nan")
    )
    return out


def compare_to_population(
    sample: pd.DataFrame,
    population: pd.DataFrame,
    *,
    by: Sequence[str],
    weights: pd.Series | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Hold the shares of a sample against those of the population, category by category.

    Parameters
    ----------
    sample : DataFrame
        One row per person, with the columns `by`.
    population : DataFrame
        One row per stratum: the columns `by` and ``n`` (persons).
    by : sequence of str
        What to compare by.
    weights : Series, optional
        A weight per person under the index of `sample`; then ``weighted_share`` is filled.
    confidence : float
        Of the intervals.

    Returns
    -------
    DataFrame
        One row per column and category, in the population's order, those it does not know last:
        ``column``, ``category``, ``n_sample``, ``sample_share``, ``share_low``, ``share_high`` (Wilson),
        ``population_share``, ``difference``, ``std_difference`` (difference over √(p(1−p)) of the
        population), ``verdict`` ("over", "under", "within", "absent", "unknown"), ``weighted_share``.
        Persons without a value in a column are left out of that column; ``attrs["n_missing"]`` counts them.

    Raises
    ------
    DataError
        A column of the sample has no value the population knows.

    Notes
    -----
    "over" and "under" mean that the population's share lies outside the interval.  Disputable: each
    interval stands alone, so that of twenty categories one is outside by chance; the test over all
    categories of a column is `measure_fit`.  "absent": the population has the category, the sample
    nobody; "unknown": the other way round.

    Examples
    --------
    >>> import pandas as pd
    >>> sample = pd.DataFrame({"gender": ["女"] * 80 + ["男"] * 20})
    >>> known = pd.DataFrame({"gender": ["女", "男"], "n": [500, 500]})
    >>> compare_to_population(sample, known, by=["gender"])["verdict"].tolist()
    ['over', 'under']
    """
    import pandas as pd

    where = "compare_to_population"
    if isinstance(by, str) or not len(by):
        raise ParameterError(f"{where}: by must be a list of columns; got {by!r}. Write by=['gender'].")
    require_columns(where, sample.columns, list(by))
    require_columns(where, population.columns, [*by, "n"])
    rows, missing = [], {}
    for column in by:
        values = sample[column].dropna()
        missing[column] = len(sample) - len(values)
        known = population.dropna(subset=[column]).groupby(column, sort=False)["n"].sum()
        if not values.isin(list(known.index)).any():
            raise DataError(
                f"{where}: column {column!r} must share values with the population; the sample has "
                f"{list_words(values.unique(), most=5) or 'none'}, the population "
                f"{list_words(known.index, most=5) or 'none'}. Write both alike."
            )
        mass = _weigh(values, weights)
        rows += [
            _compare_one(column, c, values, known, mass, confidence) for c in _order(column, known, values)
        ]
    names = ["column", "category", "n_sample", "sample_share", "share_low", "share_high", "population_share"]
    out = pd.DataFrame(rows, columns=[*names, "difference", "std_difference", "verdict", "weighted_share"])
    out.attrs = {"n_missing": missing, "n_sample": len(sample)}
    return out


def _order(column: str, known: pd.Series, values: pd.Series) -> list[Any]:
    try:
        first = order_bands(known.index) if column == "age_band" else list(known.index)
    except ParameterError:
        first = list(known.index)
    return [*first, *sorted(set(values) - set(known.index), key=str)]


def _weigh(values: pd.Series, weights: pd.Series | None) -> pd.Series | None:
    if weights is None:
        return None
    mass = weights.reindex(values.index).groupby(values.to_numpy()).sum()
    return mass / mass.sum()


def _compare_one(
    column: str, category: Any, values: pd.Series, known: pd.Series, mass: pd.Series | None, confidence: float
) -> tuple:
    n, there = len(values), int((values == category).sum())
    share, low, high = interval_of_share(there, n, confidence=confidence)
    expected = float(known.get(category, 0) / known.sum())
    spread = (expected * (1 - expected)) ** 0.5
    standard = (share - expected) / spread if spread else float("nan")
    verdict = "over" if expected < low else "under" if expected > high else "within"
    verdict = "unknown" if category not in known.index else "absent" if not there and expected else verdict
    weighted = float(mass.get(category, 0.0)) if mass is not None else float("nan")
    return column, category, there, share, low, high, expected, share - expected, standard, verdict, weighted


def measure_fit(compared: pd.DataFrame) -> pd.DataFrame:
    """Test whether a sample could have been drawn at random from the population, column by column.

    Parameters
    ----------
    compared : DataFrame
        What `compare_to_population` returned.

    Returns
    -------
    DataFrame
        One row per column: ``column``, ``n`` (persons compared), ``n_categories``, ``chi_square``, ``df``,
        ``p_value``, ``n_small`` (categories with fewer than 5 expected persons: with any, the
        p-value is rough).  A column of one category has nothing to test and a missing p-value.

    Notes
    -----
    χ² = Σ (observed − expected)²/expected over the categories the population knows; persons of categories it
    does not know are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> sample = pd.DataFrame({"gender": ["女"] * 60 + ["男"] * 40})
    >>> known = pd.DataFrame({"gender": ["女", "男"], "n": [500, 500]})
    >>> measure_fit(compare_to_population(sample, known, by=["gender"]))["chi_square"].tolist()
    [4.0]
    """
    import pandas as pd
    from scipy.stats import chi2

    rows = []
    for column, part in compared.groupby("column", sort=False):
        known = part[part["population_share"] > 0]
        n = int(known["n_sample"].sum())
        expected = known["population_share"] / known["population_share"].sum() * n
        df = len(known) - 1
        square = float(((known["n_sample"] - expected) ** 2 / expected).sum()) if n else float("nan")
        p = float(chi2.sf(square, df)) if df and n else float("nan")
        rows.append((column, n, len(known), square, df, p, int((expected < LEAST_EXPECTED).sum())))
    return pd.DataFrame(
        rows, columns=["column", "n", "n_categories", "chi_square", "df", "p_value", "n_small"]
    )
