"""Likelihoods of the models that count purchases, with their gradients, on grouped customers.

Every function takes the four parameters and the arrays x (repeat purchases), t (time of the
last one) and T (time observed), and returns one value per entry.  ``k`` is the number of
occasions survived: x for BG/NBD, x + 1 for MBG/NBD, in which a customer may leave at time 0 too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

N_NODES = 64
"""Nodes of the integral in Pareto/NBD."""


def weigh_geometric(
    parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray, k: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log of (still alive + left after the last purchase), and the share of each in it."""
    import numpy as np

    r, alpha, a, b = parameters
    alive = -(r + x) * np.log(alpha + T)
    with np.errstate(divide="ignore"):
        left = np.log(a) - np.log(np.where(k > 0, b + k - 1.0, 1.0)) - (r + x) * np.log(alpha + t)
    left = np.where(k > 0, left, -np.inf)
    both = np.logaddexp(alive, left)
    return both, np.exp(alive - both), np.exp(left - both)


def log_geometric(
    parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray, k: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the log-likelihood of (M)BG/NBD per entry, and its gradient (4 rows: r, alpha, a, b)."""
    import numpy as np
    from scipy.special import betaln, gammaln, psi

    r, alpha, a, b = parameters
    both, alive, left = weigh_geometric(parameters, x, t, T, k)
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + k) - betaln(a, b) + both
    end = alive * np.log(alpha + T) + left * np.log(alpha + t)
    slope = alive / (alpha + T) + left / (alpha + t)
    gradient = np.stack([
        psi(r + x) - psi(r) + np.log(alpha) - end,
        r / alpha - (r + x) * slope,
        psi(a + b) - psi(a + b + k) + left / a,
        psi(b + k) - psi(b) + psi(a + b) - psi(a + b + k) - left / np.where(k > 0, b + k - 1.0, 1.0),
    ])
    return value, gradient


def count_geometric(
    parameters: np.ndarray, x: np.ndarray, T: np.ndarray, k: np.ndarray, ahead: np.ndarray
) -> np.ndarray:
    """Return the orders a customer who is alive at T is expected to place within `ahead`.

    Fader, Hardie and Lee (2005), eq. 10, after Euler's transformation of the hypergeometric
    function: (1 − z)^(a−1) · 2F1(a − 1, a + b + k − 1 − r − x; a + b + k − 1; z), which
    neither overflows nor cancels for customers with many purchases.
    """
    import numpy as np

    _, _, a, _ = parameters
    if abs(a - 1.0) < 1e-3:  # 0 / 0 at a = 1: the mean of both sides, off by less than 1e-6
        low, high = (np.array([*parameters[:2], 1.0 + step, parameters[3]]) for step in (-2e-3, 2e-3))
        return 0.5 * (count_geometric(low, x, T, k, ahead) + count_geometric(high, x, T, k, ahead))
    return _count_geometric(parameters, x, T, k, ahead)


def _count_geometric(
    parameters: np.ndarray, x: np.ndarray, T: np.ndarray, k: np.ndarray, ahead: np.ndarray
) -> np.ndarray:
    import numpy as np
    from scipy.special import hyp2f1

    r, alpha, a, b = parameters
    total = a + b + k - 1.0
    z = ahead / (alpha + T + ahead)
    with np.errstate(over="ignore", invalid="ignore"):
        rest = np.exp((a - 1.0) * np.log1p(-z)) * hyp2f1(a - 1.0, total - r - x, total, z)
        found = total / (a - 1.0) * (1.0 - rest)
    # Parameters of 10^5 are beyond the series; both mixtures are then points, and so is the customer.
    leave = np.maximum((r + x) / (alpha + T) * a / (a + b + k), 1e-300)
    return np.where(np.isfinite(found), found, (r + x) / (alpha + T) * -np.expm1(-leave * ahead) / leave)


def list_nodes() -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights of the Gauss–Legendre rule on (0, 1)."""
    import numpy as np

    nodes, weights = np.polynomial.legendre.leggauss(N_NODES)
    return (nodes + 1.0) / 2.0, weights / 2.0


def log_pareto(
    parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the log-likelihood of Pareto/NBD per entry, its gradient (r, alpha, s, beta), and P(alive).

    The chance to have left between t and T is the integral
    s · beta^s · ∫ (alpha + u)^−(r + x) · (beta + u)^−(s + 1) du from t to T, which replaces the
    usual difference of two hypergeometric functions: every term is positive, nothing cancels,
    and the gradient is the integral of the gradient.  In w = log(alpha + u) the integrand is
    smooth and falls like an exponential, which a fixed rule of 64 nodes holds to about 1e-10.
    """
    import numpy as np
    from scipy.special import gammaln, psi

    r, alpha, s, beta = parameters
    front = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = -(r + x) * np.log(alpha + T) - s * np.log(beta + T)
    left, inner = _integrate_left(parameters, x, t, T)
    both = np.logaddexp(alive, left)
    p, q = np.exp(alive - both), np.exp(left - both)
    gradient = np.stack([
        psi(r + x) - psi(r) + np.log(alpha) - p * np.log(alpha + T) - q * inner[0],
        r / alpha - (r + x) * (p / (alpha + T) + q * inner[1]),
        np.log(beta) - p * np.log(beta + T) + q * (1.0 / s - inner[2]),
        s / beta - p * s / (beta + T) - q * (s + 1.0) * inner[3],
    ])
    return front + both, gradient, p


def _integrate_left(
    parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the log of the integral, and the means of four terms under its integrand."""
    import numpy as np

    r, alpha, s, beta = parameters
    decay = r + s + x
    # beyond this the integrand has fallen by e^−45 at least
    width = np.minimum(np.log((alpha + T) / (alpha + t)), 45.0 / np.maximum(r + x - 1.0, 1e-300))
    start = np.log(alpha + t) - np.log(beta + t)
    total = np.zeros(len(x))
    inner = np.zeros((4, len(x)))
    for node, weight in zip(*list_nodes(), strict=True):
        near = np.log(alpha + t) + width * node
        far = np.log(np.exp(near) + (beta - alpha))
        # the integrand relative to its value at u = t
        height = weight * np.exp((s + 1.0) * (near - far - start) - decay * width * node)
        total += height
        inner += height * np.stack([near, np.exp(-near), far, np.exp(-far)])
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(s) - decay * np.log(alpha + t) + (s + 1.0) * start + np.log(width) + np.log(total)
        inner = np.where(total > 0, inner / total, 0.0)
    return value, inner


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
