"""How much a purchase is worth: the gamma-gamma model of spend, and whether it may be used."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_columns, require_values
from crm_lib.differentiate.lifetime.counts import count_distinct
from crm_lib.differentiate.lifetime.fitting import Fit, fit_positive, group_rows
from crm_lib.errors import CorrelatedSpendWarning, DataError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

STRONG = 0.15
"""Correlation of spend and frequency from which the warning comes; CDNOW has 0.11, which its authors accept."""


@dataclass(frozen=True)
class GammaGamma:
    """Gamma-gamma model: a customer's purchases vary around his own mean, and the means vary over customers.

    Attributes
    ----------
    fit : Fit
        Parameters p, q, gamma, log-likelihood, covariance, degenerate ones.
    correlation : float
        Pearson's correlation of n_repeat and mean_repeat_value among those who came back.
    p_value : float
        Chance of a correlation at least as strong where there is none.
    """

    fit: Fit
    correlation: float
    p_value: float

    @property
    def p(self) -> float:
        """Shape of a customer's own purchases."""
        return self.fit.values[0]

    @property
    def q(self) -> float:
        """Shape of the spread of the means over customers."""
        return self.fit.values[1]

    @property
    def gamma(self) -> float:
        """Scale of the spread of the means over customers, yuan."""
        return self.fit.values[2]

    @property
    def population_mean(self) -> float:
        """Mean value of a purchase over all customers, yuan; infinite when q <= 1."""
        return self.p * self.gamma / (self.q - 1.0) if self.q > 1.0 else float("inf")

    def expected_spend(self, repeat: pd.DataFrame, *, parameters: Any = None) -> np.ndarray:
        """Return the mean value that each customer's purchases are expected to have.

        Parameters
        ----------
        repeat : DataFrame
            One row per customer, from `summarize_repeat`.
        parameters : sequence of float, optional
            Other p, q, gamma than the fitted ones.

        Returns
        -------
        ndarray
            Yuan per purchase, one number per row of `repeat`.

        Raises
        ------
        ParameterError
            When q <= 1: the mean over customers is then infinite.

        Notes
        -----
        p (γ + x z) / (p x + q − 1): a mean of the customer's own mean z and the mean of all,
        weighted by how often he bought.  Without a repeat purchase it is the mean of all.
        """
        import numpy as np

        _require_spend("expected_spend", repeat)
        p, q, gamma = self.fit.values if parameters is None else parameters
        if q <= 1.0:
            raise ParameterError(
                f"expected_spend: q must be > 1 for a mean to exist; got {q:.3g}. "
                "Use the customers' own means, or look for single huge purchases."
            )
        x = repeat["n_repeat"].to_numpy(dtype="float64")
        z = np.where(x > 0, repeat["mean_repeat_value"].to_numpy(dtype="float64"), 0.0)
        return p * (gamma + x * z) / (p * x + q - 1.0)


def fit_gamma_gamma(repeat: pd.DataFrame) -> GammaGamma:
    """Fit the gamma-gamma model of spend by maximum likelihood.

    Parameters
    ----------
    repeat : DataFrame
        One row per customer, from `summarize_repeat`: n_repeat, mean_repeat_value (yuan).  Customers
        without a repeat purchase say nothing, and customers whose repeat purchases are worth 0 are
        left out (``n_customers`` of the fit), since the model knows positive values only.

    Returns
    -------
    GammaGamma
        With ``.p .q .gamma``, ``.fit`` and `expected_spend`.

    Raises
    ------
    DataError
        When fewer than 10 customers have a positive repeat value, or all are the same.

    Warns
    -----
    CorrelatedSpendWarning
        When spend goes with frequency, which the model excludes.
    DegenerateFitWarning
        When a parameter runs off or cannot be told from the data.

    Notes
    -----
    With x = n_repeat and z = mean_repeat_value the log-likelihood of one customer is
    ln Γ(px+q) − ln Γ(px) − ln Γ(q) + q ln γ + (px−1) ln z + px ln x − (px+q) ln(γ + xz).

    The correlation is Pearson's: under the model the mean of z is the same for every x, but its
    skewness is not, so ranks would show a correlation where there is none.

    References
    ----------
    Fader, Hardie and Lee (2005), RFM and CLV: using iso-value curves for customer base analysis,
    Journal of Marketing Research 42(4); Fader and Hardie (2013), The gamma-gamma model of monetary value.
    """
    import numpy as np
    from scipy.stats import pearsonr

    _require_spend("fit_gamma_gamma", repeat)
    x, z = (repeat[c].to_numpy(dtype="float64") for c in ("n_repeat", "mean_repeat_value"))
    good = (x > 0) & (z > 0)
    if good.sum() < 10 or np.ptp(z[good]) == 0:
        raise DataError(
            "fit_gamma_gamma: at least 10 customers with repeat purchases of different positive value are "
            f"needed; got {int(good.sum())}. Use the mean of all purchases instead."
        )
    (x, z), weights, _ = group_rows(x[good], z[good])

    middle = float(np.median(z))
    starts = [(2.0, 3.0, middle), (6.0, 4.0, middle / 2.0)]
    fit = fit_positive(("p", "q", "gamma"), _sum_spend, (x, z), weights, starts, where="fit_gamma_gamma")
    spread = np.repeat(np.arange(len(x)), weights.astype(int))
    found = pearsonr(x[spread], z[spread]) if np.ptp(x) > 0 else (0.0, 1.0)
    model = GammaGamma(fit, float(found[0]), float(found[1]))
    if abs(model.correlation) > STRONG and model.p_value < 0.01:
        warnings.warn(
            f"fit_gamma_gamma: spend must not go with frequency; their correlation is {model.correlation:+.2f} "
            f"(p = {model.p_value:.2g}). Values of frequent customers will be "
            f"{'understated' if model.correlation > 0 else 'overstated'}; compare with their own means.",
            CorrelatedSpendWarning,
            stacklevel=2,
        )
    return model


def _sum_spend(
    parameters: np.ndarray, x: np.ndarray, z: np.ndarray, weights: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the log-likelihood over all customers, its gradient (p, q, gamma) and Hessian."""
    import numpy as np

    p, q, gamma = parameters
    spent = x * z
    shape, rate, n = p * x + q, gamma + spent, weights.sum()
    end, known = np.log(rate), np.log(spent)
    times = weights * x
    level = times @ (known - end)
    value, gradient, hessian = _sum_shapes(parameters, x, weights)
    value += p * level + q * float(n * np.log(gamma) - weights @ end) - float(weights @ np.log(z))
    share = weights / rate
    slope = np.array([level, n * np.log(gamma) - weights @ end, n * q / gamma - share @ shape])
    # of the term −(px + q) ln(γ + xz)
    hessian[0, 2] = hessian[2, 0] = -(share @ x)
    hessian[1, 2] = hessian[2, 1] = n / gamma - share.sum()
    hessian[2, 2] = share @ (shape / rate) - n * q / gamma**2
    return value, gradient + slope, hessian


def _sum_shapes(
    parameters: np.ndarray, x: np.ndarray, weights: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return what depends on x alone, ln Γ(px + q) − ln Γ(px) − ln Γ(q), with gradient and Hessian."""
    import numpy as np
    from scipy.special import gammaln, psi, zeta

    p, q, _ = parameters
    often, n = count_distinct(x, weights)
    px = p * often
    value = float(n @ (gammaln(px + q) - gammaln(px) - gammaln(q)))
    gradient = np.array([(n * often) @ (psi(px + q) - psi(px)), n @ (psi(px + q) - psi(q)), 0.0])
    # zeta(2, ·) is the derivative of psi
    bend = zeta(2.0, px + q)
    hessian = np.zeros((3, 3))
    hessian[0, 0] = (n * often**2) @ (bend - zeta(2.0, px))
    hessian[0, 1] = hessian[1, 0] = (n * often) @ bend
    hessian[1, 1] = n @ (bend - zeta(2.0, q))
    return value, gradient, hessian


def _require_spend(where: str, repeat: pd.DataFrame) -> None:
    import numpy as np

    require_columns(where, repeat.columns, ["customer_id", "n_repeat", "mean_repeat_value"])
    x = repeat["n_repeat"].to_numpy(dtype="float64")
    z = repeat["mean_repeat_value"].to_numpy(dtype="float64")
    good = (x == 0) | (np.isfinite(z) & (z >= 0))
    hint = "Make the table with summarize_repeat."
    require_values(where, repeat, "mean_repeat_value", good, ">= 0 where n_repeat is > 0", hint)
