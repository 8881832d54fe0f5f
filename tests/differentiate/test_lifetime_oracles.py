"""Likelihoods, gradients and expectations against independent ways to the same number."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta as beta_law
from scipy.stats import gamma as gamma_law

from crm_lib.differentiate.lifetime import counts, fit_mbg_nbd, fit_shifted_beta, pareto
from crm_lib.differentiate.lifetime.contract import _sum_retention
from crm_lib.differentiate.lifetime.fitting import Fit, group_rows
from crm_lib.differentiate.lifetime.models import BgNbd, MbgNbd, ParetoNbd
from crm_lib.differentiate.lifetime.spend import _sum_spend
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
    value, _, _ = counts.sum_geometric(GEOMETRIC, *as_arrays([row]), np.ones(1), extra=float(extra))
    assert np.exp(value) == pytest.approx(mixed, rel=1e-4)


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
    value, _, _ = pareto.sum_pareto(parameters, *as_arrays([row]), np.ones(1))
    share = pareto.weigh_pareto(parameters, *as_arrays([row]))
    assert value == pytest.approx(published, abs=1e-8)
    assert share[0] == pytest.approx(np.exp(front + np.log(alive) - published), rel=1e-7)


@pytest.mark.parametrize(
    "parameters",
    [
        PARETO,
        [0.01, 1e-3, 0.01, 1e-4],
        [0.3, 1e-4, 0.5, 900.0],
        [30.0, 400.0, 40.0, 300.0],
        [2.0, 9.0, 1e5, 1e6],
    ],
)
def test_the_integral_of_pareto_is_held_by_its_nodes(parameters: list[float]) -> None:
    x, t, T = (
        np.array(v) for v in ([0, 0, 1, 5, 60, 900.0], [0, 0, 1 / 7, 30, 90, 103.9], [1 / 7, *[104.0] * 5])
    )
    r, alpha, s, beta = parameters
    # 40 pieces of 60 nodes in log(smaller base + u), cut where nothing is left
    nodes, weights = np.polynomial.legendre.leggauss(60)
    base = min(alpha, beta)
    for i in range(len(x)):
        edges = np.log(np.linspace(0.0, 1.0, 41) ** 6 * (T[i] - t[i]) + t[i] + base)
        w = edges[:-1, None] + np.diff(edges)[:, None] * (nodes + 1) / 2
        u = np.exp(w) - base
        log = -(r + x[i]) * np.log(alpha + u) - (s + 1) * np.log(beta + u) + w
        left = np.log(s * (np.exp(log - log.max()) * weights * np.diff(edges)[:, None] / 2).sum()) + log.max()
        alive = -(r + x[i]) * np.log(alpha + T[i]) - s * np.log(beta + T[i])
        share = pareto.weigh_pareto(np.array(parameters), x[i : i + 1], t[i : i + 1], T[i : i + 1])
        assert share[0] == pytest.approx(1 / (1 + np.exp(left - alive)), rel=1e-8, abs=1e-12), i


def take_likelihood(kind: str) -> tuple[Callable, tuple, list[float]]:
    """Return a likelihood, some customers with their weights, and parameters."""
    weights = np.array([3.0, 1.0, 2.0, 1.0, 4.0, 1.0])
    rows = as_arrays([*ROWS, (200, 30.0, 31.0), (0, 0.0, 0.0)])
    if kind == "spend":
        return (
            _sum_spend,
            (np.array([1.0, 1, 2, 9, 2, 40]), np.arange(9.0, 69.0, 10.0), weights),
            [4.0, 3.5, 60.0],
        )
    if kind == "contract":
        return _sum_retention, (np.array([1.0, 2, 3, 3]), np.array([1, 1, 1, 0]), weights[:4]), [0.7, 3.8]
    if kind == "pareto":
        return pareto.sum_pareto, (*rows, weights), list(PARETO)
    return partial(counts.sum_geometric, extra=float(kind == "mbg")), (*rows, weights), list(GEOMETRIC)


@pytest.mark.parametrize("kind", ["bg", "mbg", "pareto", "spend", "contract"])
def test_gradient_and_hessian_agree_with_differences(kind: str) -> None:
    likelihood, columns, parameters = take_likelihood(kind)
    _, gradient, hessian = likelihood(np.array(parameters), *columns)
    assert hessian == pytest.approx(hessian.T)
    for j, parameter in enumerate(parameters):
        move = np.eye(len(parameters))[j] * parameter * 1e-5
        above, below = (likelihood(parameters + side * move, *columns) for side in (1, -1))
        width = 2e-5 * parameter
        assert gradient[j] == pytest.approx((above[0] - below[0]) / width, rel=2e-5, abs=1e-7)
        assert hessian[j] == pytest.approx((above[1] - below[1]) / width, rel=2e-5, abs=1e-7)


@pytest.mark.parametrize("kind", ["bg", "mbg", "pareto", "spend", "contract"])
def test_equal_customers_may_stand_together_or_apart(kind: str) -> None:
    likelihood, (*columns, weights), parameters = take_likelihood(kind)
    times = weights.astype(int)
    together = likelihood(np.array(parameters), *columns, weights)
    apart = likelihood(np.array(parameters), *(np.repeat(c, times) for c in columns), np.ones(times.sum()))
    for one, other in zip(together, apart, strict=True):
        assert one == pytest.approx(other, rel=1e-12)


def test_rows_are_grouped_as_a_plain_count_would() -> None:
    random = np.random.default_rng(0)
    columns = [random.integers(0, 4, 500) / 7 for _ in range(3)]
    found, weights, group = group_rows(*columns)
    plain, counted = np.unique(np.stack(columns, axis=1), axis=0, return_counts=True)
    assert np.array_equal(np.stack(found, axis=1), plain)
    assert np.array_equal(weights, counted)
    for values, column in zip(found, columns, strict=True):
        assert np.array_equal(values[group], column)
    # so many different values that one key cannot number their combinations
    many = [random.random(3_000) for _ in range(6)]
    found, weights, group = group_rows(*many)
    assert len(weights) == 3_000
    assert np.array_equal(found[5][group], many[5])


def test_many_groups_give_the_fit_of_few() -> None:
    from lifetime_worlds import simulate

    world = simulate("mbg", (0.8, 6.0, 1.2, 3.0), n=12_000, seed=0, least=30, most=80)
    found = fit_mbg_nbd(world).fit
    assert found.n_customers == 12_000
    _, gradient, _ = counts.sum_geometric(
        np.array(found.values),
        *world[["n_repeat", "t_last", "t_observed"]].to_numpy().T,
        np.ones(12_000),
        extra=1.0,
    )
    assert gradient * found.values == pytest.approx(0.0, abs=1e-6)


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
    assert np.isfinite(pareto.sum_pareto(PARETO, x, T * 0.99, T, np.ones(2))[0])


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
