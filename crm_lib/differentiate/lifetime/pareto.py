"""Likelihood and expectation of Pareto/NBD, on grouped customers.

Every function takes the four parameters (r, alpha, s, beta) and the arrays x (repeat purchases),
t (time of the last one) and T (time observed).  The chance to have left between t and T is the
integral s · beta^s · ∫ (alpha + u)^−(r + x) · (beta + u)^−(s + 1) du from t to T, which replaces
the usual difference of two hypergeometric functions: every term is positive, nothing cancels, and
gradient and Hessian are integrals of the same kind.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from crm_lib.differentiate.lifetime.counts import count_distinct

if TYPE_CHECKING:
    import numpy as np

N_NODES = 32
"""Nodes of the integral; they hold it to about 1e-10 (see `_place_nodes`)."""

DEEPEST = 32.0
"""The integral ends where its integrand has fallen by e^−32, about 1e-14."""

CHUNK = 256
"""Entries computed at once: their nodes fit into the processor's cache."""


def weigh_pareto(parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray) -> np.ndarray:
    """Return the share of (still alive) in (still alive + left since the last purchase), P(alive)."""
    import numpy as np

    shares = [np.zeros(0)]
    for start in range(0, len(x), CHUNK):
        some = slice(start, start + CHUNK)
        shares.append(_weigh(parameters, x[some], t[some], T[some])[1])
    return np.concatenate(shares)


def sum_pareto(
    parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray, weights: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the log-likelihood of Pareto/NBD over all customers, its gradient (r, alpha, s, beta) and Hessian.

    `weights` are the customers per entry.
    """
    import numpy as np
    from scipy.special import gammaln, psi, zeta

    r, alpha, s, beta = parameters
    often, n = count_distinct(x, weights)
    total = float(n.sum())
    value = float(n @ (gammaln(r + often) - gammaln(r))) + total * float(r * np.log(alpha) + s * np.log(beta))
    gradient = total * np.array([np.log(alpha), r / alpha, np.log(beta), s / beta])
    gradient[0] += n @ (psi(r + often) - psi(r))
    hessian = total * np.diag([0.0, -r / alpha**2, 0.0, -s / beta**2])
    hessian[0, 0] = n @ (zeta(2.0, r + often) - zeta(2.0, r))
    hessian[[0, 1, 2, 3], [1, 0, 3, 2]] = total * np.repeat([1.0 / alpha, 1.0 / beta], 2)
    for start in range(0, len(x), CHUNK):
        some = slice(start, start + CHUNK)
        part = _sum_mixture(parameters, x[some], t[some], T[some], weights[some])
        value, gradient, hessian = value + part[0], gradient + part[1], hessian + part[2]
    return value, gradient, hessian


def _sum_mixture(
    parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray, weights: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return log of (still alive + left), summed, with gradient and Hessian.

    The logarithm of a mixture has the mean of its parts' gradients g as gradient, and as Hessian the
    mean of their Hessians plus the covariance of their gradients; the integral is a mixture over u.
    """
    import numpy as np

    r, alpha, s, beta = parameters
    both, alive, (height, near, far, gone) = _weigh(parameters, x, t, T)
    p, q, rate = weights * alive, weights * (1.0 - alive), r + x
    inverse = 1.0 / (gone + (alpha + t)[:, None])
    # −g at the nodes, and of the one who is alive
    inner = np.empty((4, *near.shape))
    np.add(near, np.log(alpha + t)[:, None], out=inner[0])
    np.multiply(inverse, rate[:, None], out=inner[1])
    np.add(far, (np.log(beta + t) - 1.0 / s)[:, None], out=inner[2])
    np.divide(s + 1.0, gone + (beta + t)[:, None], out=inner[3])
    outer = np.stack([np.log(alpha + T), rate / (alpha + T), np.log(beta + T), s / (beta + T)])
    flat, weighed = inner.reshape(4, -1), inner * (height * q[:, None])
    left = weighed.sum(axis=2)
    weighed = weighed.reshape(4, -1)
    mean, hessian = p * outer + left, weighed @ flat.T
    # second derivatives of the parts themselves
    bend = weighed[1] @ inverse.ravel() + p @ (outer[1] ** 2 / rate)
    own = np.diag([0.0, bend, -q.sum() / s**2, hessian[3, 3] / (s + 1.0) + p @ outer[3] ** 2 / s])
    hessian += own + (outer * p) @ outer.T - (mean / weights) @ mean.T
    cross = mean[1] @ (1.0 / rate), left[3].sum() / (s + 1.0) + p @ (1.0 / (beta + T))
    hessian[[0, 1, 2, 3], [1, 0, 3, 2]] -= np.repeat(cross, 2)
    return float(weights @ both), -mean.sum(axis=1), hessian


def _weigh(
    parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    """Return log of (still alive + left), the share of the first, and the nodes of the integral.

    Nodes are one row per entry: their share in the integral, then as `_place_nodes` gives them.
    """
    import numpy as np

    r, alpha, s, beta = parameters
    width, near, far, gone = _place_nodes(parameters, x, t, T)
    drop = (near if alpha <= beta else far) - (r + x)[:, None] * near - (s + 1.0) * far
    height = np.exp(drop) * _list_nodes()[1]
    total = height.sum(axis=1)
    with np.errstate(divide="ignore"):
        left = np.log(s * width * (min(alpha, beta) + t) * total)
    left -= (r + x) * np.log(alpha + t) + (s + 1.0) * np.log(beta + t)
    alive = -(r + x) * np.log(alpha + T) - s * np.log(beta + T)
    both = np.logaddexp(alive, left)
    height /= total[:, None]
    return both, np.exp(alive - both), (height, near, far, gone)


def _place_nodes(
    parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return the width of the integral in w = log(min(alpha, beta) + u), and its nodes.

    In w the integrand is smooth: with the smaller of the two as base the other's branch point is
    always π off the real axis.  Nodes are given by the logarithms of (alpha + u) / (alpha + t) and of
    (beta + u) / (beta + t), and by u − t.
    """
    import numpy as np

    r, alpha, s, beta = parameters
    base = min(alpha, beta) + t
    fall = np.stack([(alpha + t) * _grow(r + x - 1.0), (beta + t) * _grow(s + 0.0 * x)])
    width = np.log1p(np.minimum(T - t, fall.min(axis=0)) / base)
    short = width[:, None] * _list_nodes()[0]
    gone = base[:, None] * np.expm1(short)
    other = np.log1p(gone / (max(alpha, beta) + t)[:, None])
    return (width, short, other, gone) if alpha <= beta else (width, other, short, gone)


def _grow(power: np.ndarray) -> np.ndarray:
    """Return by how much of itself a base must grow until its −`power` has fallen by e^−DEEPEST."""
    import numpy as np

    return np.expm1(np.minimum(DEEPEST / np.maximum(power, 1e-300), 600.0))


@cache
def _list_nodes() -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights of the Gauss–Legendre rule on (0, 1)."""
    import numpy as np

    nodes, weights = np.polynomial.legendre.leggauss(N_NODES)
    return (nodes + 1.0) / 2.0, weights / 2.0


def count_pareto(parameters: np.ndarray, x: np.ndarray, T: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """Return the orders a customer who is alive at T is expected to place within `ahead` (Pareto/NBD)."""
    import numpy as np

    r, alpha, s, beta = parameters
    rate = (r + x) / (alpha + T)
    grow = np.log1p(ahead / (beta + T))
    # ((beta + T) / (s − 1)) (1 − e^(−(s − 1) grow)), whose limit at s = 1 is (beta + T) grow
    power = (s - 1.0) * grow
    share = np.where(np.abs(power) < 1e-8, grow * (1.0 - power / 2.0), -np.expm1(-power) / (s - 1.0 or 1.0))
    return rate * (beta + T) * share
