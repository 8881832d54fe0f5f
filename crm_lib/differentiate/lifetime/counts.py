"""Likelihoods and expectations of the models that count purchases, on grouped customers.

Every function takes the four parameters and the arrays x (repeat purchases), t (time of the
last one) and T (time observed).  ``k`` is the number of occasions survived: x for BG/NBD, x + 1
for MBG/NBD, in which a customer may leave at time 0 too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def weigh_geometric(
    parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray, k: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return log of (still alive + left after the last purchase), and the share of each in it."""
    import numpy as np

    r, alpha, a, b = parameters
    alive = -(r + x) * np.log(alpha + T)
    # of the one who has left against the one who has not
    with np.errstate(divide="ignore"):
        odds = np.log(np.where(k > 0, a / np.where(k > 0, b + k - 1.0, 1.0), 0.0))
    odds = odds + (r + x) * (np.log(alpha + T) - np.log(alpha + t))
    small = np.exp(-np.abs(odds))
    larger, smaller = 1.0 / (1.0 + small), small / (1.0 + small)
    both = alive + np.maximum(odds, 0.0) + np.log1p(small)
    return both, np.where(odds > 0, smaller, larger), np.where(odds > 0, larger, smaller)


def sum_geometric(
    parameters: np.ndarray, x: np.ndarray, t: np.ndarray, T: np.ndarray, weights: np.ndarray, *, extra: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the log-likelihood of (M)BG/NBD over all customers, its gradient (r, alpha, a, b) and Hessian.

    `weights` are the customers per entry, `extra` is k − x: 0 for BG/NBD, 1 for MBG/NBD.  The
    gamma functions depend on x alone and are computed once per distinct x.
    """
    import numpy as np

    r, alpha, a, b = parameters
    k, n = x + extra, weights.sum()
    both, alive, left = weigh_geometric(parameters, x, t, T, k)
    occasions = np.where(k > 0, b + k - 1.0, 1.0)
    end, last = np.log(alpha + T), np.log(alpha + t)
    p, q = weights * alive, weights * left
    n_left = q.sum()
    value, gradient, hessian = _sum_front(parameters, x, weights, extra)
    value += float(weights @ both)
    lived, stopped = (r + x) / (alpha + T), (r + x) / (alpha + t)
    gradient += np.array([
        -(p @ end + q @ last),
        -(p @ lived + q @ stopped),
        n_left / a,
        -(q @ (1.0 / occasions)),
    ])
    gradient += np.array([n * np.log(alpha), n * r / alpha, 0.0, 0.0])
    # of the mixture: each part's own second derivatives, and p q times the square of their difference
    apart = np.stack([end - last, lived - stopped, np.full(len(x), 1.0 / a), -1.0 / occasions])
    hessian += (apart * (p * left)) @ apart.T
    mixed = n / alpha - p @ (1.0 / (alpha + T)) - q @ (1.0 / (alpha + t))
    hessian[0, 1] += mixed
    hessian[1, 0] += mixed
    bend = p @ (lived / (alpha + T)) + q @ (stopped / (alpha + t)) - n * r / alpha**2
    hessian[np.diag_indices(4)] += [0.0, bend, -n_left / a**2, q @ occasions**-2.0]
    return value + n * r * float(np.log(alpha)), gradient, hessian


def _sum_front(
    parameters: np.ndarray, x: np.ndarray, weights: np.ndarray, extra: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return what depends on x alone, Γ(r + x) / Γ(r) · B(a, b + k) / B(a, b): log, gradient, Hessian."""
    import numpy as np
    from scipy.special import betaln, gammaln, psi, zeta

    r, _, a, b = parameters
    often, n = count_distinct(x, weights)
    k = often + extra
    value = gammaln(r + often) - gammaln(r) + betaln(a, b + k) - betaln(a, b)
    both = psi(a + b) - psi(a + b + k)
    gradient = np.array([n @ (psi(r + often) - psi(r)), 0.0, n @ both, n @ (both + psi(b + k) - psi(b))])
    # zeta(2, ·) is the derivative of psi
    cross = n @ (zeta(2.0, a + b) - zeta(2.0, a + b + k))
    hessian = np.zeros((4, 4))
    hessian[0, 0] = n @ (zeta(2.0, r + often) - zeta(2.0, r))
    hessian[2:, 2:] = cross
    hessian[3, 3] += n @ (zeta(2.0, b + k) - zeta(2.0, b))
    return float(n @ value), gradient, hessian


def count_distinct(x: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct numbers of purchases, and the customers who have each."""
    import numpy as np

    if x.max() > len(x):  # too few entries for a table with a place per number
        numbers, code = np.unique(x, return_inverse=True)
        return numbers, np.bincount(code, weights)
    n = np.bincount(x.astype("int64"), weights)
    numbers = np.flatnonzero(n)
    return numbers.astype("float64"), n[numbers]


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
