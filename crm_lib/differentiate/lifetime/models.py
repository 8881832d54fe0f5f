"""The models that count purchases: BG/NBD, MBG/NBD and Pareto/NBD."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_range
from crm_lib.differentiate.lifetime import counts, pareto
from crm_lib.differentiate.lifetime.fitting import Fit, fit_positive, group_rows
from crm_lib.differentiate.lifetime.repeat import require_repeat

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class CountModel:
    """What the three models share: they forecast purchases from x, t and T.

    Attributes
    ----------
    fit : Fit
        Parameters, log-likelihood, covariance, and which parameters are degenerate.
    unit : str
        Unit of all times and rates: "W", "D" or "M", as in `summarize_repeat`.
    """

    fit: Fit
    unit: str = "W"

    def __getattr__(self, name: str) -> float:
        """Return a parameter by its name."""
        if name != "fit" and not name.startswith("_") and name in self.fit.names:
            return self.fit.values[self.fit.names.index(name)]
        raise AttributeError(name)

    def expected_orders(self, repeat: pd.DataFrame, *, ahead: float, parameters: Any = None) -> np.ndarray:
        """Return the purchases each customer is expected to make in the next `ahead` units of time.

        Parameters
        ----------
        repeat : DataFrame
            One row per customer, from `summarize_repeat`.
        ahead : float
            Length of the time to come, in the model's unit, >= 0.
        parameters : sequence of float, optional
            Other parameters than the fitted ones, e.g. one of `fit.draw_parameters`.

        Returns
        -------
        ndarray
            One number per row of `repeat`, in its order.
        """
        require_repeat("expected_orders", repeat)
        require_range("expected_orders", "ahead", ahead, 0)
        (x, t, T), _, group = group_rows(*_take(repeat))
        return self._expect(self._take_parameters(parameters), x, t, T, float(ahead))[group]

    def alive_probability(self, repeat: pd.DataFrame, *, parameters: Any = None) -> np.ndarray:
        """Return the probability that each customer is still one at the end of the time observed.

        Parameters
        ----------
        repeat : DataFrame
            One row per customer, from `summarize_repeat`.
        parameters : sequence of float, optional
            Other parameters than the fitted ones.

        Returns
        -------
        ndarray
            One probability per row of `repeat`, in its order.
        """
        require_repeat("alive_probability", repeat)
        (x, t, T), _, group = group_rows(*_take(repeat))
        return self._alive(self._take_parameters(parameters), x, t, T)[group]

    def expected_since_first(self, time: Any, *, parameters: Any = None) -> np.ndarray:
        """Return the repeat purchases a new customer is expected to make until each `time` after the first.

        Parameters
        ----------
        time : array of float
            Times since the first purchase, in the model's unit.
        parameters : sequence of float, optional
            Other parameters than the fitted ones.

        Returns
        -------
        ndarray
            One number per time; their sum over customers is the expected cumulative total.
        """
        import numpy as np

        time = np.atleast_1d(np.asarray(time, dtype="float64"))
        zero = np.zeros(len(time))
        return self._expect(self._take_parameters(parameters), zero, zero, zero, time)

    def _take_parameters(self, parameters: Any) -> np.ndarray:
        import numpy as np

        return np.array(self.fit.values if parameters is None else parameters, dtype="float64")

    def _expect(self, parameters: np.ndarray, x: Any, t: Any, T: Any, ahead: Any) -> np.ndarray:
        return self._count(parameters, x, T, ahead) * self._alive(parameters, x, t, T)

    def _count(self, parameters: np.ndarray, x: Any, T: Any, ahead: Any) -> np.ndarray:
        raise NotImplementedError

    def _alive(self, parameters: np.ndarray, x: Any, t: Any, T: Any) -> np.ndarray:
        raise NotImplementedError


@dataclass(frozen=True)
class BgNbd(CountModel):
    """Beta-geometric/NBD: r, alpha (gamma of the rates), a, b (beta of leaving after a repeat purchase)."""

    def _count(self, parameters: np.ndarray, x: Any, T: Any, ahead: Any) -> np.ndarray:
        return counts.count_geometric(parameters, x, T, self.count_occasions(x), ahead)

    def _alive(self, parameters: np.ndarray, x: Any, t: Any, T: Any) -> np.ndarray:
        return counts.weigh_geometric(parameters, x, t, T, self.count_occasions(x))[1]

    @staticmethod
    def count_occasions(x: np.ndarray) -> np.ndarray:
        """Return how often a customer with x repeat purchases might have left: after each of them."""
        return x


@dataclass(frozen=True)
class MbgNbd(BgNbd):
    """Modified BG/NBD: a customer may leave after the first purchase already."""

    @staticmethod
    def count_occasions(x: np.ndarray) -> np.ndarray:
        """Return how often a customer with x repeat purchases might have left: after the first one too."""
        return x + 1.0


@dataclass(frozen=True)
class ParetoNbd(CountModel):
    """Pareto/NBD: r, alpha (gamma of the rates), s, beta (gamma of the rates of leaving)."""

    def _count(self, parameters: np.ndarray, x: Any, T: Any, ahead: Any) -> np.ndarray:
        return pareto.count_pareto(parameters, x, T, ahead)

    def _alive(self, parameters: np.ndarray, x: Any, t: Any, T: Any) -> np.ndarray:
        return pareto.weigh_pareto(parameters, x, t, T)


def fit_bg_nbd(repeat: pd.DataFrame) -> BgNbd:
    """Fit the BG/NBD model by maximum likelihood.

    Parameters
    ----------
    repeat : DataFrame
        One row per customer, from `summarize_repeat`: n_repeat, t_last, t_observed.

    Returns
    -------
    BgNbd
        With ``.r .alpha .a .b``, ``.fit`` (standard errors, log-likelihood), `expected_orders` and
        `alive_probability`.

    Raises
    ------
    DataError
        When there are fewer than 10 customers, or the table breaks a rule of `summarize_repeat`.

    Warns
    -----
    DegenerateFitWarning
        When a parameter runs off or cannot be told from the data.

    Notes
    -----
    While alive, a customer buys by a Poisson process whose rate is gamma(r, alpha) over customers;
    after each repeat purchase he leaves for good with a chance that is beta(a, b).  With
    x = n_repeat, t = t_last, T = t_observed the likelihood of one customer is

    L = Γ(r+x) α^r / Γ(r) · B(a, b+x) / B(a, b) · [ (α+T)^−(r+x) + δ(x>0) · a/(b+x−1) · (α+t)^−(r+x) ].

    The disputable choice is in the model: nobody can leave before a repeat purchase, so one who
    bought once is alive for ever.  `fit_mbg_nbd` drops that.

    References
    ----------
    Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).
    """
    return BgNbd(_fit_geometric("fit_bg_nbd", repeat, extra=0.0), repeat.attrs.get("unit", "W"))


def fit_mbg_nbd(repeat: pd.DataFrame) -> MbgNbd:
    """Fit the modified BG/NBD model by maximum likelihood.

    Parameters
    ----------
    repeat : DataFrame
        One row per customer, from `summarize_repeat`.

    Returns
    -------
    MbgNbd
        With ``.r .alpha .a .b``, as `fit_bg_nbd`.

    Raises
    ------
    DataError
        When there are fewer than 10 customers, or the table breaks a rule of `summarize_repeat`.

    Warns
    -----
    DegenerateFitWarning
        When a parameter runs off or cannot be told from the data.

    Notes
    -----
    As BG/NBD, but the customer may also leave right after the first purchase: with x + 1 occasions

    L = Γ(r+x) α^r / Γ(r) · B(a, b+x+1) / B(a, b) · [ (α+T)^−(r+x) + a/(b+x) · (α+t)^−(r+x) ].

    References
    ----------
    Batislam, Denizel and Filiztekin (2007), Empirical validation and comparison of models for
    customer base analysis, International Journal of Research in Marketing 24(3).
    """
    return MbgNbd(_fit_geometric("fit_mbg_nbd", repeat, extra=1.0), repeat.attrs.get("unit", "W"))


def fit_pareto_nbd(repeat: pd.DataFrame) -> ParetoNbd:
    """Fit the Pareto/NBD model by maximum likelihood.

    Parameters
    ----------
    repeat : DataFrame
        One row per customer, from `summarize_repeat`.

    Returns
    -------
    ParetoNbd
        With ``.r .alpha .s .beta``, as `fit_bg_nbd`.

    Raises
    ------
    DataError
        When there are fewer than 10 customers, or the table breaks a rule of `summarize_repeat`.

    Warns
    -----
    DegenerateFitWarning
        When a parameter runs off or cannot be told from the data.

    Notes
    -----
    The customer may leave at any time, at a rate that is gamma(s, beta) over customers:

    L = Γ(r+x) α^r β^s / Γ(r) · [ (α+T)^−(r+x) (β+T)^−s + s ∫ (α+u)^−(r+x) (β+u)^−(s+1) du ],

    the integral from t to T.  It is computed as it stands (see `pareto`), not as the
    usual difference of hypergeometric functions, which cancels for active customers.

    References
    ----------
    Schmittlein, Morrison and Colombo (1987), Counting your customers, Management Science 33(1).
    """
    columns, weights, scale = _group(repeat, "fit_pareto_nbd")
    starts = [(0.5, scale, 0.5, scale), (1.0, scale, 1.0, 4.0 * scale)]
    names = ("r", "alpha", "s", "beta")
    fit = fit_positive(names, pareto.sum_pareto, columns, weights, starts, where="fit_pareto_nbd")
    return ParetoNbd(fit, repeat.attrs.get("unit", "W"))


def _fit_geometric(where: str, repeat: pd.DataFrame, *, extra: float) -> Fit:
    columns, weights, scale = _group(repeat, where)
    starts = [(0.5, scale, 0.5, 2.0), (1.0, scale, 1.0, 5.0)]
    likelihood = partial(counts.sum_geometric, extra=extra)
    return fit_positive(("r", "alpha", "a", "b"), likelihood, columns, weights, starts, where=where)


def _group(repeat: pd.DataFrame, where: str) -> tuple[tuple[np.ndarray, ...], np.ndarray, float]:
    """Return the groups of customers with equal x, t and T, their sizes, and a first guess of alpha.

    The guess is half the mean time between purchases, whatever the unit.
    """
    require_repeat(where, repeat, n_least=10)
    columns, weights, _ = group_rows(*_take(repeat))
    total, time = float(weights @ columns[0]), float(weights @ columns[2])
    return columns, weights, max(time / max(total, 1.0) / 2.0, 1e-3)


def _take(repeat: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, t, T = (repeat[c].to_numpy(dtype="float64") for c in ("n_repeat", "t_last", "t_observed"))
    return x, t, T
