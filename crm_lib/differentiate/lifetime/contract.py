"""Customers under contract, whose leaving is seen: the shifted beta-geometric model of retention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_range
from crm_lib.differentiate.lifetime.fitting import Fit, fit_positive
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """Retention of contract customers: each leaves at every renewal with a chance of his own, beta(a, b).

    Attributes
    ----------
    fit : Fit
        Parameters a and b, log-likelihood, covariance, degenerate ones.
    """

    fit: Fit

    @property
    def a(self) -> float:
        """First parameter of the beta distribution of the chance to leave."""
        return self.fit.values[0]

    @property
    def b(self) -> float:
        """Second parameter."""
        return self.fit.values[1]

    def survival(self, periods: Any) -> np.ndarray:
        """Return the share of a cohort still there after each number of renewals (0: 1).

        Parameters
        ----------
        periods : array of float
            Numbers of renewals, >= 0.

        Returns
        -------
        ndarray
            B(a, b + t) / B(a, b).
        """
        import numpy as np
        from scipy.special import betaln

        t = np.atleast_1d(np.asarray(periods, dtype="float64"))
        return np.exp(betaln(self.a, self.b + t) - betaln(self.a, self.b))

    def retention(self, periods: Any) -> np.ndarray:
        """Return the share of those still there before renewal t who renew: (b + t − 1) / (a + b + t − 1), t >= 1."""
        import numpy as np

        t = np.atleast_1d(np.asarray(periods, dtype="float64"))
        return (self.b + t - 1.0) / (self.a + self.b + t - 1.0)

    def residual_value(self, renewals: Any, *, discount: float, margin: float = 1.0) -> np.ndarray:
        """Return the discounted value of all payments to come of a customer who has renewed so often.

        Parameters
        ----------
        renewals : array of int
            Renewals made so far; the next payment is due now, with the next renewal.
        discount : float
            Discount per period, > 0.
        margin : float
            Margin of one payment, yuan.

        Returns
        -------
        ndarray
            margin · Σ_{t≥1} S(n + t) / S(n) / (1 + d)^(t − 1), as 2F1(1, b + n + 1; a + b + n + 1; 1 / (1 + d))
            times the chance of the next renewal (Fader and Hardie 2010).
        """
        import numpy as np
        from scipy.special import hyp2f1

        require_range("residual_value", "discount", discount, 1e-6, 10)
        n = np.atleast_1d(np.asarray(renewals, dtype="float64"))
        first = (self.b + n) / (self.a + self.b + n)
        tail = hyp2f1(1.0, self.b + n + 1.0, self.a + self.b + n + 1.0, 1.0 / (1.0 + discount))
        return margin * first * tail


def fit_shifted_beta(left: Any, *, remaining: Any) -> ShiftedBetaGeometric:
    """Fit the shifted beta-geometric model to one or several cohorts.

    Parameters
    ----------
    left : array of int
        How many customers of the cohort left at renewal 1, 2, 3 … (several cohorts: a table with one
        row per cohort, missing after its last renewal).
    remaining : int or array of int
        How many are still there after the last renewal seen, per cohort.

    Returns
    -------
    ShiftedBetaGeometric
        With ``.a .b``, `survival`, `retention` and `residual_value`.

    Raises
    ------
    DataError
        When a number is negative or not whole, or nobody has left.

    Warns
    -----
    DegenerateFitWarning
        When a parameter runs off, e.g. after a single renewal.

    Notes
    -----
    P(leave at t) = B(a + 1, b + t − 1) / B(a, b), S(t) = B(a, b + t) / B(a, b).  Retention rises with t
    though nobody becomes more loyal: the quick leavers are gone.

    References
    ----------
    Fader and Hardie (2007), How to project customer retention, Journal of Interactive Marketing 21(1).

    Examples
    --------
    >>> model = fit_shifted_beta([369, 163, 86, 56, 37, 27, 21], remaining=241)
    >>> round(model.a, 3), round(model.b, 3)
    (0.704, 1.182)
    """
    import numpy as np

    table = np.atleast_2d(np.asarray(left, dtype="float64"))
    stay = np.atleast_1d(np.asarray(remaining, dtype="float64"))
    n_seen = np.isfinite(table).sum(axis=1)
    counts = np.nan_to_num(table)
    if len(stay) != len(table) or (counts < 0).any() or (stay < 0).any() or counts.sum() == 0:
        raise DataError(
            "fit_shifted_beta: left and remaining must be counts >= 0, one remaining per cohort, and somebody "
            f"must have left; got {int(counts.sum())} who left in {len(table)} cohorts. Check the columns."
        )
    t = np.concatenate([np.arange(1.0, table.shape[1] + 1.0), n_seen.astype("float64")])
    is_left = np.arange(len(t)) < table.shape[1]
    weights = np.concatenate([counts.sum(axis=0), stay])

    starts = [(1.0, 1.0), (0.5, 3.0)]
    fit = fit_positive(("a", "b"), _sum_retention, (t, is_left), weights, starts, where="fit_shifted_beta")
    return ShiftedBetaGeometric(fit)


def _sum_retention(
    parameters: np.ndarray, t: np.ndarray, is_left: np.ndarray, weights: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the log-likelihood over all customers, its gradient (a, b) and Hessian."""
    import numpy as np
    from scipy.special import betaln, psi, zeta

    a, b = parameters
    up, rest = np.where(is_left, a + 1.0, a), np.where(is_left, b + t - 1.0, b + t)
    value = betaln(up, rest) - betaln(a, b)
    both = psi(up + rest) - psi(a + b)
    gradient = np.array([weights @ (psi(up) - psi(a) - both), weights @ (psi(rest) - psi(b) - both)])
    # zeta(2, ·) is the derivative of psi
    cross = -(weights @ (zeta(2.0, up + rest) - zeta(2.0, a + b)))
    own = [weights @ (zeta(2.0, up) - zeta(2.0, a)), weights @ (zeta(2.0, rest) - zeta(2.0, b))]
    return float(weights @ value), gradient, cross + np.diag(own)
