"""The categories of a sample and those of its population, held against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

PROBLEMS = {
    "no_respondents": "the population has this category, the sample has nobody in it: no weight can mend that",
    "not_in_population": "the population does not know this category: these respondents get no weight",
    "missing_value": "the respondent's category is not known: no weight",
    "nobody_in_population": "the population counts nobody here: these respondents get the weight 0",
}
_COLUMNS = ["column", "category", "problem", "n_sample", "population_share", "meaning"]


def read_shares(
    population: pd.DataFrame | Mapping[str, Mapping[Any, float]], by: Sequence[str]
) -> dict[str, dict[Any, float]]:
    """Return column → category → share of the population, in the order of the population."""
    where = "rake_weights"
    if isinstance(population, Mapping):
        require_columns(where, list(population), list(by))
        counts = {c: {k: float(v) for k, v in population[c].items()} for c in by}
    else:
        require_columns(where, population.columns, [*by, "n"])
        whole = population.dropna(subset=list(by))
        counts = {
            c: whole.groupby(c, sort=False, observed=True)["n"].sum().astype(float).to_dict() for c in by
        }
    for column, of in counts.items():
        if any(not v >= 0 for v in of.values()) or not sum(of.values()) > 0:
            raise DataError(
                f"{where}: the population's counts of {column!r} must be >= 0 and not all 0; got "
                f"{list_words(of.values(), most=6) or 'none'}. Correct the table of the population."
            )
    return {c: {k: v / sum(of.values()) for k, v in of.items()} for c, of in counts.items()}


def place_respondents(
    sample: pd.DataFrame, known: dict[str, dict[Any, float]], by: Sequence[str]
) -> tuple[pd.Series, pd.DataFrame]:
    """Return which respondents the population knows, and what is wrong, category by category."""
    import pandas as pd

    placed, rows = pd.Series(True, index=sample.index), []
    for column in by:
        values = sample[column]
        n_missing = int(values.isna().sum())
        if n_missing:
            rows.append((column, "", "missing_value", n_missing, float("nan")))
        counts = values.value_counts()
        for category in sorted(set(counts.index) - set(known[column]), key=str):
            rows.append((column, category, "not_in_population", int(counts[category]), 0.0))
        placed &= values.isin(list(known[column]))
    if not placed.any():
        raise DataError(
            f"rake_weights: no row has known categories in all of {list_words(by)}; "
            f"the population has {list_words(known[by[0]])} in {by[0]!r}. Write both alike."
        )
    for column in by:
        counts = sample.loc[placed, column].value_counts()
        for category, share in known[column].items():
            n = int(counts.get(category, 0))
            if share > 0 and not n:
                rows.append((column, category, "no_respondents", 0, share))
            elif n and not share:
                rows.append((column, category, "nobody_in_population", n, 0.0))
    problems = pd.DataFrame(rows, columns=_COLUMNS[:-1])
    return placed, problems.assign(meaning=problems["problem"].map(PROBLEMS))[_COLUMNS]
