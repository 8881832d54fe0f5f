"""Likelihoods, gradients and expectations against independent ways to the same number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta as beta_law
from scipy.stats import gamma as gamma_law

from crm_lib.differentiate.lifetime import counts, fit_shifted_beta
from crm_lib.differentiate.lifetime.fitting import Fit
from crm_lib.differentiate.lifetime.models import BgNbd, MbgNbd, ParetoNbd
from crm_lib.differentiate.lifetime.value import draw_orders

ROWS = [(0, 0.0, 20.0), (1, 3.0, 20.0), (4, 18.0, 20.0), (12, 5.0, 38.0)]
GEOMETRIC = np.array([0.7, 5.0, 0.8, 2.4])
PARETO = np.array([0.6, 9.0, 0.7, 12.0])


def as_arrays(rows: list[tuple]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, t, T = np.array(rows, dtype="float64").T
    return x, t, T


def make_fit(values: np.ndarray, names: str) -> Fit:
    nothing = tuple(tuple(row) for row in np.zeros((len(values), len(values))))
    return Fit(tuple(names.split()), tuple(values), 0.0, 100, nothing, ())


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("extra", [0, 1])
def test_geometric_likelihood_is_the_mixture_it_claims_to_be(row: tuple, extra: int) -> None:
    x, t, T = row
    r, alpha, a, b = GEOMETRIC

    # Gauss-Legendre in the fourth roots of both variables: the densities have poles at 0
    nodes, weights = np.polynomial.legendre.leggauss(400)
    u, v = (nodes[:, None] + 1) / 2, (nodes + 1) * 1.1
    rate, leave = v**4, u**4
    k = x + extra
    still = (1 - leave) ** k * rate**x * np.exp(-rate * T)
    left = leave * (1 - leave) ** (k - 1) * rate**x * np.exp(-rate * t) if k else 0.0
    density = gamma_law.pdf(rate, r, scale=1 / alpha) * beta_law.pdf(leave, a, b)
    inner = (still + left) * density * 4 * v**3 * 4 * u**3
    mixed = float(weights / 2 @ inner @ weights * 1.1)
    value, _ = counts.log_geometric(GEOMETRIC, *as_arrays([row]), np.array([float(x + extra)]))
    assert np.exp(value[0]) == pytest.approx(mixed, rel=1e-4)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize(
    "parameters", [PARETO, np.array([0.6, 12.0, 0.7, 9.0]), np.array([2.0, 3.0, 5.0, 80.0])]
)
def test_pareto_likelihood_is_that_of_the_hypergeometric_formula(row: tuple, parameters: np.ndarray) -> None:
    from scipy.special import gammaln

    x, t, T = row
    r, alpha, s, beta = parameters
    total = r + s + x
    high, second = (alpha, s + 1) if alpha >= beta else (beta, r + x)
    gap = abs(alpha - beta)

    def part(time: float) -> float:
        return hyp2f1(total, second, total + 1, gap / (high + time)) / (high + time) ** total

    front = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = (alpha + T) ** -(r + x) * (beta + T) ** -s
    published = front + np.log(alive + s / total * (part(t) - part(T)))
    value, _, share = counts.log_pareto(parameters, *as_arrays([row]))
    assert value[0] == pytest.approx(published, abs=1e-8)
    assert share[0] == pytest.approx(np.exp(front + np.log(alive) - published), rel=1e-7)


@pytest.mark.parametrize(("kind", "parameters"), [("bg", GEOMETRIC), ("mbg", GEOMETRIC), ("pareto", PARETO)])
def test_gradients_agree_with_differences(kind: str, parameters: np.ndarray) -> None:
    x, t, T = as_arrays([*ROWS, (200, 30.0, 31.0), (0, 0.0, 0.0)])

    def terms(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if kind == "pareto":
            return counts.log_pareto(p, x, t, T)[:2]
        return counts.log_geometric(p, x, t, T, x + (kind == "mbg"))

    _, gradient = terms(parameters)
    for j, step in enumerate(parameters * 1e-5):
        move = np.eye(4)[j] * step
        difference = (terms(parameters + move)[0] - terms(parameters - move)[0]) / (2 * step)
        assert gradient[j] == pytest.approx(difference, rel=2e-5, abs=1e-7)


@pytest.mark.parametrize(
    "parameters", [GEOMETRIC, np.array([0.7, 5.0, 1.0, 2.4]), np.array([3.0, 9.0, 2.5, 0.4])]
)
@pytest.mark.parametrize("extra", [0, 1])
def test_expected_orders_are_the_integral_of_the_rate(parameters: np.ndarray, extra: int) -> None:
    r, alpha, a, b = parameters
    for x, _, T in ROWS:
        # alive at T, the chance to leave is beta(a, b + k), the rate gamma(r + x, alpha + T)
        def rate(u: float, x: float = x, T: float = T) -> float:
            def inner(p: float) -> float:
                return (
                    (r + x)
                    * (alpha + T) ** (r + x)
                    * (alpha + T + p * u) ** -(r + x + 1)
                    * beta_law.pdf(p, a, b + x + extra)
                )

            low, _ = quad(lambda v: inner(v**4) * 4 * v**3, 0, 1, limit=200)
            return low

        if b + x + extra <= 0.5:  # a pole at 1 as well, which this plain rule does not hold
            continue
        expected, _ = quad(rate, 0, 30, limit=200)
        got = counts.count_geometric(
            parameters, np.array([float(x)]), np.array([T]), np.array([float(x + extra)]), np.array([30.0])
        )
        assert got[0] == pytest.approx(expected, rel=1e-4)


def test_expectations_stay_finite_for_customers_with_thousands_of_purchases() -> None:
    x, T = np.array([3000.0, 50_000.0]), np.array([150.0, 900.0])
    for parameters in (GEOMETRIC, np.array([0.02, 0.3, 0.01, 0.5])):
        got = counts.count_geometric(parameters, x, T, x, np.array([52.0]))
        assert np.isfinite(got).all()
        assert (got > 0).all()
        assert (got <= (parameters[0] + x) / (parameters[1] + T) * 52.0 * (1 + 1e-9)).all()
    assert np.isfinite(counts.log_pareto(PARETO, x, T * 0.99, T)[0]).all()


@pytest.mark.parametrize("kind", [BgNbd, MbgNbd, ParetoNbd])
def test_simulated_futures_have_the_expected_mean(kind: type) -> None:
    names = "r alpha s beta" if kind is ParetoNbd else "r alpha a b"
    model = kind(make_fit(PARETO if kind is ParetoNbd else GEOMETRIC, names))
    row = pd.DataFrame({"customer_id": ["A"], "n_repeat": [4], "t_last": [18.0], "t_observed": [20.0]})
    random, n = np.random.default_rng(5), 400_000
    drawn = draw_orders(model, np.array([[4.0]]), np.array([[20.0]]), 30.0, random, (1, n))
    drawn = drawn * (random.random(n) < model.alive_probability(row)[0])
    error = drawn.std() / np.sqrt(n)
    assert model.expected_orders(row, ahead=30.0)[0] == pytest.approx(drawn.mean(), abs=4 * error)


def test_residual_value_is_the_discounted_sum() -> None:
    model = fit_shifted_beta([369, 163, 86, 56, 37, 27, 21], remaining=241)
    times = np.arange(1, 2_000)  # 1.1^2000 is beyond any sum
    for renewals in (0, 3):
        survival = model.survival(renewals + times) / model.survival(renewals)
        summed = float((survival / 1.1 ** (times - 1)).sum())
        assert model.residual_value(renewals, discount=0.1, margin=50.0)[0] == pytest.approx(50 * summed)
