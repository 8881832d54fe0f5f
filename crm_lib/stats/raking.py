"""Raking: weights that give a sample the known margins of its population."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_columns, require_range
from crm_lib.errors import CrmWarning, DataError, ParameterError
from crm_lib.stats._strata import PROBLEMS, place_respondents, read_shares

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class RakingWarning(CrmWarning):
    """The weights do not meet the margins of the population: read the gap before using them."""


__all__ = ["PROBLEMS", "Raked", "RakingWarning", "rake_weights"]


@dataclass(frozen=True)
class Raked:
    """Weights of a sample and how well they do; see `rake_weights`.

    ``weights`` has one row per respondent under the index of the sample: the
    columns raked by and ``weight`` (missing for respondents that could not be
    placed).  ``margins`` has one row per column and category.  ``problems``
    says in words what could not be mended.
    """

    weights: pd.DataFrame
    margins: pd.DataFrame
    problems: pd.DataFrame
    converged: bool
    n_iterations: int
    worst_gap: float
    n_used: int
    n_effective: float
    design_effect: float
    n_bounded: int

    def summarize(self) -> dict[str, Any]:
        """Return the figures without the tables, as plain numbers."""
        names = ("converged", "n_iterations", "worst_gap", "n_used", "n_effective", "design_effect")
        return {name: getattr(self, name) for name in (*names, "n_bounded")}


def rake_weights(
    sample: pd.DataFrame,
    population: pd.DataFrame | Mapping[str, Mapping[Any, float]],
    *,
    by: Sequence[str],
    bounds: tuple[float, float] | None = None,
    start: str | None = None,
    tolerance: float = 1e-9,
    max_iterations: int = 500,
) -> Raked:
    """Find weights under which the sample has the margins of the population, by iterative proportional fitting.

    Parameters
    ----------
    sample : DataFrame
        One row per respondent, with the columns `by`.
    population : DataFrame or mapping
        One row per stratum with the columns `by` and ``n`` (persons), of which only
        the margins are used; or column → {category: persons or share}.
    by : sequence of str
        The columns whose margins are to be met.
    bounds : (low, high), optional
        Least and greatest weight, where 1 is the mean weight.
    start : str, optional
        Column of `sample` with weights to start from; 1 for everybody by default.
    tolerance : float
        Greatest distance between a weighted share and the population's that still counts as met.
    max_iterations : int
        Greatest number of rounds over all columns.

    Returns
    -------
    Raked
        ``weights`` (their mean is 1), ``margins`` (``column``, ``category``, ``n_sample``,
        ``sample_share``, ``population_share``, ``target_share``, ``weighted_share``), ``problems``
        (``column``, ``category``, ``problem``, ``n_sample``, ``population_share``, ``meaning``), and the
        figures ``converged``, ``n_iterations``, ``worst_gap``, ``n_used``, ``n_effective``,
        ``design_effect``, ``n_bounded``.

    Raises
    ------
    SchemaError
        A column is missing.
    DataError
        No respondent can be placed, or a count of the population is negative or all are 0.
    ParameterError
        `by` is empty, or `bounds` do not hold 1.

    Warns
    -----
    RakingWarning
        The margins are not met after `max_iterations`: too many empty cells, or `bounds` too narrow.

    Notes
    -----
    Each round multiplies, column after column, the weights of a category by
    (population's share) / (weighted share) (Deming and Stephan 1940).  Where it
    converges, no other weights with these margins are nearer to the start in
    relative entropy.  Effective size n* = (Σw)²/Σw², design effect n Σw²/(Σw)²
    (Kish).  Disputable: a category without respondents is left out and its
    share goes to the others of its column in proportion, which is reported;
    joining it to a neighbour is the user's decision.  With `bounds` the weights
    are cut after each round, so that within narrow bounds the margins are only
    approached.

    Examples
    --------
    >>> import pandas as pd
    >>> sample = pd.DataFrame({"sex": ["f", "f", "f", "m"]})
    >>> raked = rake_weights(sample, {"sex": {"f": 50, "m": 50}}, by=["sex"])
    >>> raked.weights["weight"].round(3).tolist(), round(raked.n_effective, 2)
    ([0.667, 0.667, 0.667, 2.0], 3.0)
    """
    _check(sample, by, bounds, start, tolerance, max_iterations)
    known = read_shares(population, by)
    placed, problems = place_respondents(sample, known, by)
    cells, targets = _find_cells(sample, placed, known, by, start)
    fitted, n_rounds, gap = _fit(cells, targets, bounds, tolerance, max_iterations)
    weight = _spread(sample, placed, cells, fitted)
    if gap > tolerance:
        _warn(gap, n_rounds, bounds)
    used = weight[placed].to_numpy()
    total, squares = float(used.sum()), float((used**2).sum())
    return Raked(
        weights=sample[list(by)].assign(weight=weight),
        margins=_compare(sample, weight, known, by, placed),
        problems=problems,
        converged=gap <= tolerance,
        n_iterations=n_rounds,
        worst_gap=gap,
        n_used=len(used),
        n_effective=total**2 / squares,
        design_effect=len(used) * squares / total**2,
        n_bounded=_count_bounded(used, bounds),
    )


def _check(
    sample: pd.DataFrame,
    by: Sequence[str],
    bounds: tuple[float, float] | None,
    start: str | None,
    tolerance: float,
    max_iterations: int,
) -> None:
    where = "rake_weights"
    if isinstance(by, str) or not len(by):
        raise ParameterError(f"{where}: by must be a list of columns; got {by!r}. Write by=['gender'].")
    require_columns(where, sample.columns, [*by, *([start] if start else [])])
    require_range(where, "tolerance", tolerance, 1e-15, 0.1)
    require_range(where, "max_iterations", max_iterations, 1, 1_000_000)
    if bounds is not None and not 0 <= bounds[0] <= 1 <= bounds[1]:
        raise ParameterError(
            f"{where}: bounds must hold 1, the mean weight, like (0.2, 5); got {bounds!r}. Widen them."
        )
    if start and not (sample[start] > 0).all():
        raise DataError(f"{where}: column {start!r} must be > 0 for everybody. Leave others out beforehand.")


def _find_cells(
    sample: pd.DataFrame,
    placed: pd.Series,
    known: dict[str, dict[Any, float]],
    by: Sequence[str],
    start: str | None,
) -> tuple[dict[str, np.ndarray], list[np.ndarray]]:
    """Return the cells that occur (respondents in each, their start, their category per column) and the targets."""
    import numpy as np

    used, targets, codes = sample[placed], [], []
    for column in by:
        share = known[column]
        there = [c for c in share if (used[column] == c).any()]
        target = np.array([share[c] for c in there])
        if not target.sum() > 0:
            raise DataError(f"rake_weights: the population counts nobody in any category of {column!r} the "
                            "sample has. Write both alike.")  # fmt: skip
        targets.append(target / target.sum())
        codes.append(used[column].map({c: i for i, c in enumerate(there)}).to_numpy(int))
    base = used[start].to_numpy(float) if start else np.ones(len(used))
    base = base / base.mean()
    kinds, cell = np.unique(
        np.stack([*codes, np.unique(base, return_inverse=True)[1]]), axis=1, return_inverse=True
    )
    cell = cell.ravel()
    size = np.bincount(cell).astype(float)
    first = np.bincount(cell, weights=base) / size
    return {"cell": cell, "n": size, "base": first, "codes": kinds[:-1]}, targets


def _fit(
    cells: dict[str, np.ndarray],
    targets: list[np.ndarray],
    bounds: tuple[float, float] | None,
    tolerance: float,
    max_iterations: int,
) -> tuple[np.ndarray, int, float]:
    """Return the weight of each cell's respondents, the rounds it took and the greatest gap that is left."""
    import numpy as np

    size, codes = cells["n"], cells["codes"]
    weight, total = cells["base"].copy(), size.sum()
    gap, rounds = _measure_gap(weight * size, codes, targets), 0
    while gap > tolerance and rounds < max_iterations:
        before = weight
        for code, target in zip(codes, targets, strict=True):
            have = np.bincount(code, weights=weight * size, minlength=len(target))
            factor = np.divide(target * total, have, out=np.zeros_like(target), where=have > 0)
            weight = weight * factor[code]
        if bounds is not None:
            weight = np.where(weight > 0, np.clip(weight, *bounds), 0.0)
        rounds += 1
        gap = _measure_gap(weight * size, codes, targets)
        if bounds is not None and np.allclose(before, weight, rtol=0, atol=tolerance / 100):
            break  # cut off again and again: the margins will not come nearer
    return weight, rounds, gap


def _measure_gap(mass: np.ndarray, codes: np.ndarray, targets: list[np.ndarray]) -> float:
    import numpy as np

    gaps = [
        np.abs(np.bincount(code, weights=mass, minlength=len(target)) / mass.sum() - target).max()
        for code, target in zip(codes, targets, strict=True)
    ]
    return float(max(gaps))


def _spread(
    sample: pd.DataFrame, placed: pd.Series, cells: dict[str, np.ndarray], fitted: np.ndarray
) -> pd.Series:
    import numpy as np
    import pandas as pd

    weight = np.full(len(sample), np.nan)
    weight[placed.to_numpy()] = fitted[cells["cell"]]
    return pd.Series(weight, index=sample.index, name="weight")


def _compare(
    sample: pd.DataFrame,
    weight: pd.Series,
    known: dict[str, dict[Any, float]],
    by: Sequence[str],
    placed: pd.Series,
) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for column in by:
        used = sample.loc[placed, column]
        mass = weight[placed].groupby(used.to_numpy()).sum()
        met = sum(share for c, share in known[column].items() if c in mass.index)
        for category, share in known[column].items():
            n = int((used == category).sum())
            target = share / met if n else 0.0
            weighted = float(mass.get(category, 0.0) / mass.sum())
            rows.append((column, category, n, n / len(used), share, target, weighted))
    names = ["column", "category", "n_sample", "sample_share", "population_share", "target_share"]
    return pd.DataFrame(rows, columns=[*names, "weighted_share"])


def _count_bounded(used: np.ndarray, bounds: tuple[float, float] | None) -> int:
    if bounds is None:
        return 0
    return int(((used <= bounds[0]) | (used >= bounds[1])).sum())


def _warn(gap: float, rounds: int, bounds: tuple[float, float] | None) -> None:
    why = (
        f"The bounds {bounds} are too narrow: widen them."
        if bounds is not None
        else "Combinations of categories have no respondents: rake by fewer columns, or join categories."
    )
    warnings.warn(
        RakingWarning(
            f"rake_weights: the margins must be met; after {rounds} rounds a share is still off by {gap:.4f}. {why}"
        ),
        stacklevel=3,
    )
