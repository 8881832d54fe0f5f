"""How much a purchase is worth: the gamma-gamma model of spend, and whether it may be used."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_columns, require_values
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
    fit = fit_positive(
        ("p", "q", "gamma"), lambda v: _log_spend(v, x, z), weights, starts, where="fit_gamma_gamma"
    )
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


def _log_spend(parameters: np.ndarray, x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-likelihood per customer, and its gradient (3 rows: p, q, gamma)."""
    import numpy as np
    from scipy.special import gammaln, psi

    p, q, gamma = parameters
    end = np.log(gamma + x * z)
    value = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
    value += (p * x - 1.0) * np.log(z) + p * x * np.log(x) - (p * x + q) * end
    slope = np.stack([
        x * (psi(p * x + q) - psi(p * x) + np.log(z) + np.log(x) - end),
        psi(p * x + q) - psi(q) + np.log(gamma) - end,
        q / gamma - (p * x + q) / (gamma + x * z),
    ])
    return value, slope


def _require_spend(where: str, repeat: pd.DataFrame) -> None:
    import numpy as np

    require_columns(where, repeat.columns, ["customer_id", "n_repeat", "mean_repeat_value"])
    x = repeat["n_repeat"].to_numpy(dtype="float64")
    z = repeat["mean_repeat_value"].to_numpy(dtype="float64")
    good = (x == 0) | (np.isfinite(z) & (z >= 0))
    hint = "Make the table with summarize_repeat."
    require_values(where, repeat, "mean_repeat_value", good, ">= 0 where n_repeat is > 0", hint)
