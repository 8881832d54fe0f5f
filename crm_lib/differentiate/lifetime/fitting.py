"""Maximum likelihood over positive parameters: grouped rows, several starts, standard errors, degenerate fits."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib.errors import DegenerateFitWarning

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Likelihood = Callable[..., tuple[float, "np.ndarray", "np.ndarray"]]
Cost = Callable[["np.ndarray"], tuple[float, "np.ndarray", "np.ndarray"]]

BOUND = 14.0
"""Parameters are sought between e^−14 and e^14; one that ends there has run off."""

LARGEST_ERROR = 1.5
"""A standard error of the logarithm above this says that a parameter is not known within a factor of 20."""

N_SAMPLE = 4_000
"""With more than twice as many groups the starts are tried on about so many of them."""

LONGEST_STEP = 2.0
"""No step changes the logarithm of a parameter by more, at first."""

ENOUGH = 1e-13
"""Gain of a Newton step in the mean log-likelihood below which it is the last."""


@dataclass(frozen=True)
class Fit:
    """What a maximum-likelihood fit found.

    Attributes
    ----------
    names : tuple of str
        Names of the parameters.
    values : tuple of float
        The estimates, in that order.
    log_likelihood : float
        Maximum over all customers.
    n_customers : int
        How many customers the model was fitted to.
    covariance : tuple of tuple of float
        Of the logarithms of the parameters, from the Hessian; NaN where the Hessian is singular.
    degenerate : tuple of str
        Parameters that have run off or that the data do not determine; empty for a sound fit.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
    log_likelihood: float
    n_customers: int
    covariance: tuple[tuple[float, ...], ...]
    degenerate: tuple[str, ...]

    def list_parameters(self, *, level: float = 0.95) -> pd.DataFrame:
        """List the parameters with their standard errors and intervals.

        Parameters
        ----------
        level : float
            Coverage of the interval, between 0.5 and 0.999.

        Returns
        -------
        DataFrame
            One row per parameter: parameter, estimate, standard_error (delta method, on the
            parameter's own scale), low, high (of the logarithm, taken back: positive by construction).
        """
        import numpy as np
        import pandas as pd
        from scipy.stats import norm

        from crm_lib._checks import require_range

        require_range("list_parameters", "level", level, 0.5, 0.999)
        values = np.array(self.values)
        spread = np.sqrt(np.clip(np.diag(np.array(self.covariance)), 0.0, None))
        reach = np.exp(norm.ppf(0.5 + level / 2.0) * spread)
        return pd.DataFrame({
            "parameter": list(self.names),
            "estimate": values,
            "standard_error": values * spread,
            "low": values / reach,
            "high": values * reach,
        })

    def draw_parameters(self, n: int, *, random_state: int) -> np.ndarray:
        """Draw `n` sets of parameters (rows) from the large-sample distribution of the estimates."""
        import numpy as np

        covariance = np.nan_to_num(np.array(self.covariance), nan=0.0)
        values, vectors = np.linalg.eigh((covariance + covariance.T) / 2.0)
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        draws = np.random.default_rng(random_state).standard_normal((n, len(self.values)))
        return np.exp(np.clip(np.log(self.values) + draws @ root.T, -BOUND, BOUND))


def group_rows(*columns: np.ndarray) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray]:
    """Return the distinct rows (column by column, sorted), how often each occurs, and each row's group.

    Customers with equal (x, t, T) have equal likelihoods: a million customers with days as
    unit are some 600,000 groups, with weeks and a common start a few thousand.
    """
    import numpy as np
    import pandas as pd

    key = np.zeros(len(columns[0]), dtype="int64")
    values, n_keys = [], 1
    for column in columns:
        code, found = pd.factorize(np.asarray(column, dtype="float64"), sort=True)
        if n_keys * len(found) >= 2**63:
            key = pd.factorize(key, sort=True)[0]
            n_keys = len(key)
        key, n_keys = key * len(found) + code, n_keys * len(found)
        values.append((found, code))
    group, keys = pd.factorize(key, sort=True)
    weights = np.bincount(group, minlength=len(keys)).astype("float64")
    first = np.empty(len(keys), dtype="int64")
    first[group] = np.arange(len(group))
    return tuple(found[code[first]] for found, code in values), weights, group


def fit_positive(
    names: tuple[str, ...],
    likelihood: Likelihood,
    columns: tuple[np.ndarray, ...],
    weights: np.ndarray,
    starts: Sequence[Sequence[float]],
    *,
    where: str,
) -> Fit:
    """Maximise a likelihood over positive parameters.

    Parameters
    ----------
    names
        Names of the parameters.
    likelihood
        Function of the parameters, the columns and the weights that returns the log-likelihood over
        all customers, its gradient and its Hessian.
    columns
        One entry per group of equal customers each.
    weights
        Customers per group.
    starts
        Sets of parameters to start from; the best end wins.
    where
        Name of the calling function, for the warning.

    Returns
    -------
    Fit
        The estimates; a degenerate fit also warns.

    Notes
    -----
    The logarithms of the parameters are sought by Newton steps with the analytic Hessian, which also
    gives the standard errors.  Of many groups, every so manyth is fitted first and all of them from
    there: three or four steps instead of a dozen, twice.
    """
    import numpy as np

    n = float(weights.sum())
    logs = [np.log(np.array(s, dtype="float64")) for s in starts]
    stride = len(weights) // N_SAMPLE
    if stride > 1:
        some = tuple(c[::stride] for c in columns)
        first = _climb_best(_make_cost(likelihood, some, weights[::stride]), logs)[0]
        # a sample that has run off is no place to start from
        logs = [first] if np.abs(first).max() < BOUND - 1.0 else logs
    best, value, hessian = _climb_best(_make_cost(likelihood, columns, weights), logs)
    covariance = _invert(hessian, n)
    degenerate = _find_degenerate(names, best, covariance)
    if degenerate:
        warnings.warn(_word_degenerate(where, degenerate), DegenerateFitWarning, stacklevel=3)
    found = tuple(float(v) for v in np.exp(best))
    return Fit(
        names, found, -value * n, int(n), tuple(tuple(map(float, row)) for row in covariance), degenerate
    )


def _make_cost(likelihood: Likelihood, columns: tuple[np.ndarray, ...], weights: np.ndarray) -> Cost:
    """Return the negative mean log-likelihood as a function of the logarithms, with gradient and Hessian."""
    import numpy as np

    n = float(weights.sum())

    def cost(logs: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        parameters = np.exp(logs)
        value, gradient, hessian = likelihood(parameters, *columns, weights)
        slope = -gradient * parameters / n
        return -value / n, slope, np.diag(slope) - hessian * np.outer(parameters, parameters) / n

    return cost


def _climb_best(cost: Cost, starts: Sequence[np.ndarray]) -> tuple[np.ndarray, float, np.ndarray]:
    """Return the best end of all starts, the cost and the Hessian there."""
    return min((_climb(cost, start) for start in starts), key=lambda end: end[1])


def _climb(cost: Cost, logs: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Take Newton steps, shortened until they gain; return the end, the cost and the Hessian there."""
    import numpy as np

    value, slope, hessian = cost(logs)
    reach = LONGEST_STEP
    for _ in range(200):
        step, gain = _find_step(logs, slope, hessian)
        length = np.abs(step).max()
        if gain < ENOUGH and length < 1e-3:
            return np.clip(logs + step, -BOUND, BOUND), value - gain, hessian
        trial = np.clip(logs + step * min(1.0, reach / length), -BOUND, BOUND)
        after = cost(trial)
        if after[0] < value:
            logs, (value, slope, hessian), reach = trial, after, min(2.0 * reach, 2.0 * LONGEST_STEP)
        else:
            reach = min(reach, length) / 4.0
            if reach < 1e-7:
                break
    return logs, value, hessian


def _find_step(logs: np.ndarray, slope: np.ndarray, hessian: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the Newton step of the parameters that are not held by a bound, and the gain it promises."""
    import numpy as np

    free = (np.abs(logs) < BOUND) | (slope * logs > 0)
    step = np.zeros(len(logs))
    if not free.any():
        return step, 0.0
    values, vectors = np.linalg.eigh(hessian[np.ix_(free, free)])
    # where the surface bends the wrong way, go on as far as it would the right way
    values = np.maximum(np.abs(values), 1e-12 * np.abs(values).max() + 1e-300)
    along = vectors.T @ slope[free]
    step[free] = -vectors @ (along / values)
    return step, float(0.5 * np.sum(along**2 / values))


def _invert(hessian: np.ndarray, n: float) -> np.ndarray:
    import numpy as np

    nothing = np.full_like(hessian, np.nan)
    if not np.isfinite(hessian).all():
        return nothing
    values = np.linalg.eigvalsh(hessian)
    # flatter than rounding can tell: no curvature, no standard error
    if values.min() <= 1e-12 * max(1.0, values.max()):
        return nothing
    return np.linalg.inv(hessian) / n


def _find_degenerate(names: tuple[str, ...], logs: np.ndarray, covariance: np.ndarray) -> tuple[str, ...]:
    import numpy as np

    spread = np.sqrt(np.diag(covariance))
    bad = (np.abs(logs) > BOUND - 1e-6) | ~np.isfinite(spread) | (spread > LARGEST_ERROR)
    return tuple(name for name, is_bad in zip(names, bad, strict=True) if is_bad)


def _word_degenerate(where: str, names: tuple[str, ...]) -> str:
    return (
        f"{where}: the data must determine every parameter; {', '.join(names)} "
        f"{'is' if len(names) == 1 else 'are'} not (run off, or unknown by more than a factor of 20). "
        "Forecast with a plain baseline, or use more customers or a longer time."
    )
