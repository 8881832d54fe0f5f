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

Terms = Callable[["np.ndarray"], tuple["np.ndarray", "np.ndarray"]]

BOUND = 14.0
"""Parameters are sought between e^−14 and e^14; one that ends there has run off."""

LARGEST_ERROR = 1.5
"""A standard error of the logarithm above this says that a parameter is not known within a factor of 20."""


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
    """Return the distinct rows (column by column), how often each occurs, and each row's group.

    Customers with equal (x, t, T) have equal likelihoods: a million customers with days as
    unit are some 600,000 groups, with weeks and a common start a few thousand.
    """
    import numpy as np

    table = np.stack([np.asarray(c, dtype="float64") for c in columns], axis=1)
    order = np.lexsort(table.T[::-1])
    ordered = table[order]
    new = np.ones(len(table), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    group = np.empty(len(table), dtype="int64")
    group[order] = np.cumsum(new) - 1
    weights = np.bincount(group, minlength=int(new.sum())).astype("float64")
    return tuple(ordered[new].T), weights, group


def fit_positive(
    names: tuple[str, ...],
    terms: Terms,
    weights: np.ndarray,
    starts: Sequence[Sequence[float]],
    *,
    where: str,
) -> Fit:
    """Maximise the weighted sum of `terms` over positive parameters.

    Parameters
    ----------
    names
        Names of the parameters.
    terms
        Function of the parameters that returns one log-likelihood per group and its gradient
        (one row per parameter).
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
    The logarithms of the parameters are sought by L-BFGS-B and the end is polished by Newton steps,
    whose Hessian (central differences of the analytic gradient) also gives the standard errors.
    """
    import numpy as np
    from scipy.optimize import minimize

    n = float(weights.sum())

    def cost(logs: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = np.exp(logs)
        value, gradient = terms(parameters)
        return -float(weights @ value) / n, -(gradient @ weights) * parameters / n

    bounds = [(-BOUND, BOUND)] * len(names)
    options = {"maxiter": 500, "ftol": 1e-14, "gtol": 1e-8}
    ends = [
        minimize(cost, np.log(np.array(s)), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        for s in starts
    ]
    best = min(ends, key=lambda end: end.fun).x
    best, hessian = _polish(cost, best)
    covariance = _invert(hessian, n)
    degenerate = _find_degenerate(names, best, covariance)
    if degenerate:
        warnings.warn(_word_degenerate(where, degenerate), DegenerateFitWarning, stacklevel=3)
    total = -cost(best)[0] * n
    found = tuple(float(v) for v in np.exp(best))
    return Fit(names, found, total, int(n), tuple(tuple(map(float, row)) for row in covariance), degenerate)


def _polish(cost: Callable, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take up to five Newton steps; return the end and the Hessian there."""
    import numpy as np

    value, slope = cost(logs)
    hessian = _differentiate(cost, logs)
    for _ in range(5):
        try:
            step = np.linalg.solve(hessian, slope)
        except np.linalg.LinAlgError:
            break
        trial = np.clip(logs - step, -BOUND, BOUND)
        after, after_slope = cost(trial)
        if not after < value or not np.isfinite(after) or np.abs(step).max() > 1.0:
            break
        logs, value, slope = trial, after, after_slope
        hessian = _differentiate(cost, logs)
    return logs, hessian


def _differentiate(cost: Callable, logs: np.ndarray) -> np.ndarray:
    import numpy as np

    step = 1e-4
    rows = []
    for j in range(len(logs)):
        move = np.zeros(len(logs))
        move[j] = step
        rows.append((cost(logs + move)[1] - cost(logs - move)[1]) / (2.0 * step))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2.0


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
