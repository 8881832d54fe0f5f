"""How well the rows of an export hide the people in them: k, l, t and the risks of re-identification.

Rows that agree in everything an outsider may know (the quasi-identifiers) form
a class; a person hides among the others of his class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_range
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_NAN = float("nan")


@dataclass(frozen=True)
class Anonymity:
    """How well the rows of a table hide the people in them.

    Attributes
    ----------
    k : int
        Size of the smallest class; 0 for an empty table.
    l_diversity : int or None
        Fewest different sensitive values in a class; None without a sensitive column.
    t_closeness : float or None
        Largest distance of a class's sensitive values from all of them, 0 to 1.
    n_rows, n_classes : int
        Rows and classes.
    share_unique : float
        Share of rows that are alone in their class.
    share_at_risk : float
        Share of rows whose prosecutor risk is above the limit.
    prosecutor_max, prosecutor_mean : float
        Risk that somebody known to be in the table is found: 1 / class size, largest and mean.
    journalist_max, journalist_mean : float
        Risk that somebody of the population is found; missing without a population.
    marketer : float
        Expected share of rows that are told right when everybody is tried.
    population_unique : float
        Share of rows that are alone even in the population; missing without one.
    limit : float
        The limit of `share_at_risk`.
    classes : DataFrame
        One row per class, the smallest first: the quasi-identifiers, ``n_rows``, ``risk``, and where
        they are known ``n_population``, ``n_values`` and ``distance`` of the sensitive column.
    """

    k: int
    l_diversity: int | None
    t_closeness: float | None
    n_rows: int
    n_classes: int
    share_unique: float
    share_at_risk: float
    prosecutor_max: float
    prosecutor_mean: float
    journalist_max: float
    journalist_mean: float
    marketer: float
    population_unique: float
    limit: float
    classes: pd.DataFrame


def measure_anonymity(
    frame: pd.DataFrame,
    *,
    quasi: Sequence[str],
    sensitive: str | None = None,
    population: pd.DataFrame | None = None,
    limit: float = 0.2,
) -> Anonymity:
    """Measure k, l, t and the risk that a person is found again in a table.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    quasi : sequence of str
        Columns an outsider may know of a person: sex, age, place …
    sensitive : str, optional
        Column that must not become known, such as an income.
    population : DataFrame, optional
        One row per person of those the rows were drawn from, with the same quasi-identifiers.
    limit : float
        Risk above which a row counts as endangered, above 0 and at most 1.

    Returns
    -------
    Anonymity
        Figures and classes.

    Raises
    ------
    SchemaError, ParameterError
        A column is missing, none is named, or the limit is out of range.
    DataError
        The population lacks people of the table.

    Notes
    -----
    With f the class sizes in the table of n rows, F in the population, J the number of classes:
    prosecutor max 1/min f, mean J/n; journalist max 1/min F, mean max(J/ΣF, Σ(f/F)/n); marketer
    Σ(f/F)/n, and J/n when no population is given (then the table is taken for it).
    l counts different values; t is the total variation distance for words and the ordered distance
    of Li, Li and Venkatasubramanian for numbers.  The disputable choice: a missing value is a value
    of its own, because an outsider sees the gap too.

    References
    ----------
    Sweeney, L. (2002). k-anonymity: a model for protecting privacy. IJUFKS 10.
    Machanavajjhala, A. et al. (2007). l-diversity. ACM TKDD 1.
    Li, N., Li, T. & Venkatasubramanian, S. (2007). t-closeness. ICDE.
    El Emam, K. (2013). Guide to the De-Identification of Personal Health Information. CRC Press.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"sex": ["男", "男", "女"], "age": [20, 20, 30]})
    >>> found = measure_anonymity(people, quasi=["sex", "age"])
    >>> found.k, round(found.share_unique, 3), round(found.prosecutor_mean, 3)
    (1, 0.333, 0.667)
    """
    _check_quasi("measure_anonymity", frame, quasi, sensitive)
    if not 0 < limit <= 1:
        raise ParameterError(
            f"measure_anonymity: limit must be above 0 and at most 1; got {limit!r}. Try 0.2."
        )
    code, classes = group_rows(frame, quasi)
    size = classes["n_rows"].to_numpy(dtype="float64")
    n, n_classes = len(frame), len(classes)
    classes["risk"] = 1.0 / size
    diversity, closeness = _measure_sensitive(frame, sensitive, code, classes)
    outside = _measure_population(population, quasi, classes)
    marketer = outside[2] if population is not None else n_classes / n if n else _NAN
    order = ["n_rows", *(f"_{i}" for i in range(len(quasi)))]
    keyed = classes.assign(**{f"_{i}": classes[c].astype(str) for i, c in enumerate(quasi)})
    return Anonymity(
        k=int(size.min()) if n else 0, l_diversity=diversity, t_closeness=closeness,
        n_rows=n, n_classes=n_classes,
        share_unique=float((size == 1).sum()) / n if n else _NAN,
        share_at_risk=float(size[1.0 / size > limit].sum()) / n if n else _NAN,
        prosecutor_max=1.0 / float(size.min()) if n else _NAN,
        prosecutor_mean=n_classes / n if n else _NAN,
        journalist_max=outside[0], journalist_mean=outside[1], marketer=marketer,
        population_unique=outside[3], limit=limit,
        classes=keyed.sort_values(order, kind="stable")[list(classes.columns)].reset_index(drop=True),
    )  # fmt: skip


def group_rows(frame: pd.DataFrame, quasi: Sequence[str]) -> tuple[np.ndarray, pd.DataFrame]:
    """Return the class of each row, and the classes with ``n_rows``; a missing value is a value."""
    groups = frame.groupby(list(quasi), sort=False, dropna=False, observed=True)
    code = groups.ngroup().to_numpy()
    return code, groups.size().rename("n_rows").reset_index()


def _check_quasi(where: str, frame: pd.DataFrame, quasi: Sequence[str], sensitive: str | None) -> None:
    if isinstance(quasi, str) or not len(quasi):
        raise ParameterError(f"{where}: quasi must name at least one column, as a list; got {quasi!r}.")
    require_columns(where, frame.columns, [*quasi, *([sensitive] if sensitive else [])])
    if sensitive in quasi:
        raise ParameterError(
            f"{where}: {sensitive!r} cannot be known to outsiders and sensitive at once. Take it out of one."
        )


def _measure_sensitive(
    frame: pd.DataFrame, sensitive: str | None, code: np.ndarray, classes: pd.DataFrame
) -> tuple[int | None, float | None]:
    import numpy as np
    import pandas as pd

    if sensitive is None or frame.empty:
        return None, None
    values, number = frame[sensitive], False
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        number = True
    ranks, kinds = pd.factorize(values, sort=number, use_na_sentinel=False)
    table = np.zeros((len(classes), len(kinds)))
    np.add.at(table, (code, ranks), 1.0)
    classes["n_values"] = (table > 0).sum(axis=1)
    gap = table / table.sum(axis=1, keepdims=True) - table.sum(axis=0) / table.sum()
    if number and len(kinds) > 1:
        distance = np.abs(np.cumsum(gap, axis=1)).sum(axis=1) / (len(kinds) - 1)
    else:
        distance = np.abs(gap).sum(axis=1) / 2.0
    classes["distance"] = distance
    return int(classes["n_values"].min()), float(distance.max())


def _measure_population(
    population: pd.DataFrame | None, quasi: Sequence[str], classes: pd.DataFrame
) -> tuple[float, float, float, float]:
    """Return journalist max and mean, marketer, share unique in the population; all missing without one."""
    if population is None or classes.empty:
        return _NAN, _NAN, _NAN, _NAN
    require_columns("measure_anonymity", population.columns, list(quasi))
    sizes = group_rows(population, quasi)[1].rename(columns={"n_rows": "n_population"})
    both = classes[[*quasi, "n_rows"]].merge(sizes, on=list(quasi), how="left")
    whole = both["n_population"].fillna(0).to_numpy(dtype="float64")
    size = both["n_rows"].to_numpy(dtype="float64")
    if (whole < size).any():
        raise DataError(
            f"measure_anonymity: the population must hold everybody of the table; in "
            f"{int((whole < size).sum()):,} of {len(size):,} classes it has fewer rows. "
            "Are the quasi-identifiers made coarser in both alike?"
        )
    classes["n_population"] = whole.astype("int64")
    told = float((size / whole).sum() / size.sum())
    journalist = max(len(size) / float(whole.sum()), told)
    return 1.0 / float(whole.min()), journalist, told, float(size[whole == 1].sum() / size.sum())


def require_anonymity(
    frame: pd.DataFrame, *, quasi: Sequence[str], k: int, sensitive: str | None = None, least_values: int = 1
) -> Anonymity:
    """Measure a table that is to leave the house, and refuse it when its people can be told apart.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    quasi : sequence of str
        Columns an outsider may know.
    k : int
        Least size of a class, at least 1.
    sensitive : str, optional
        Column that must not become known.
    least_values : int
        Fewest different sensitive values a class may have.

    Returns
    -------
    Anonymity
        Of a table that keeps to both.

    Raises
    ------
    ProtectError
        A class is too small, or all its sensitive values are alike.
    """
    from crm_lib.errors import ProtectError

    require_range("require_anonymity", "k", k, 1)
    found = measure_anonymity(frame, quasi=quasi, sensitive=sensitive)
    small = found.classes[found.classes["n_rows"] < k]
    if len(small):
        raise ProtectError(
            f"require_anonymity: each combination of {', '.join(quasi)} must be shared by {k} people; "
            f"{int(small['n_rows'].sum()):,} of {found.n_rows:,} rows are in smaller classes (k = {found.k}). "
            "Make the columns coarser with suggest_generalization, or leave one out."
        )
    if found.l_diversity is not None and found.l_diversity < least_values:
        raise ProtectError(
            f"require_anonymity: each class must have {least_values} different values of {sensitive!r}; "
            f"one has {found.l_diversity}. Make the columns coarser, or leave the sensitive one out."
        )
    return found
