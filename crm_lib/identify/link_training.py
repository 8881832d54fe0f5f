"""Learn the shares of the comparison levels: an EM over three kinds of pairs.

The kinds are one person (m), two persons of one home (h) and strangers (u).
Without the second kind a family that shares surname, address and telephone
looks like one person, for the model of Fellegi and Sunter takes the
comparisons as independent among strangers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from crm_lib.identify.link_levels import Comparison

_ROUNDS = 200
_CONVERGED = 1e-7
# how many pairs the shares expected beforehand are worth
_PRIOR_PAIRS = 20.0
_PRIOR_STRANGERS = 200.0
_SMALLEST = 1e-12
# a level that no strangers were seen in may still be one seen by chance
_LEAST_STRANGERS = 20.0
# chance that two strangers hold the same number or mail, times the number of different ones
_SHARED_BY_CHANCE = {"phone": 0.2, "email": 0.05}
_RARE_AT_HOME = 0.02


@dataclass(frozen=True)
class Shares:
    """What is learned: shares per comparison and level for each kind of pair, and how frequent the kinds are."""

    m: list[list[float]]
    h: list[list[float]]
    u: list[list[float]]
    share_same: float
    share_home: float


@dataclass(frozen=True)
class Patterns:
    """The patterns of agreement among the pairs looked at.

    ``levels`` has a row per pattern and a column per comparison: 0 is the most
    alike level, −1 a missing value.  ``counts`` are pairs, ``n_pairs`` all
    pairs that could have been looked at, ``known`` the share of those in which
    the comparison is not missing.
    """

    levels: np.ndarray
    counts: np.ndarray
    n_pairs: float
    known: list[float]
    n_values: dict[str, int]


def learn_shares(comparisons: Sequence[Comparison], patterns: Patterns, sampled: list[list[float]]) -> Shares:
    """Learn the shares by expectation and maximisation.

    Parameters
    ----------
    comparisons : sequence of Comparison
        Levels with the shares expected beforehand; these are worth 20 pairs.
    patterns : Patterns
        Pairs of the blocking rules, counted; all other pairs are taken as strangers.
    sampled : list of list of float
        Share of each level among random pairs.

    Returns
    -------
    Shares
        Learned shares; the same patterns give the same digits on every run.

    Notes
    -----
    splink's own EM is not used: it looks at the pairs of one blocking rule at
    a time, knows two kinds of pairs only and has no expectation beforehand, so
    with few matches families become its matches.
    """
    import numpy as np

    m = [np.array([v.m for v in one.levels]) for one in comparisons]
    u = _start_strangers(comparisons, patterns, sampled)
    h = [_start_home(one, u[k]) for k, one in enumerate(comparisons)]
    prior_m, prior_h = [x.copy() for x in m], [x.copy() for x in h]
    total = max(float(patterns.n_pairs), 1.0)
    homes = 1.0 if any(v.household is not None for one in comparisons for v in one.levels[:1]) else 0.0
    share = np.array([1.0, 0.3 * homes]) * max(1.0, 0.1 * float(np.sqrt(2 * total))) / total
    share = np.minimum(share, 0.2)
    before = np.array([np.inf, np.inf])
    for _ in range(_ROUNDS):
        chance = _judge(patterns.levels, (m, h, u), share)
        weight = chance * patterns.counts[:, None]
        share = np.maximum(weight[:, :2].sum(axis=0) / total, _SMALLEST) * np.array([1.0, homes])
        m = [_fit(patterns, k, weight[:, 0], prior_m[k]) for k in range(len(m))]
        if homes:
            h = [_fit_home(patterns, k, weight[:, 1], prior_h[k], comparisons[k]) for k in range(len(h))]
        u = _fit_strangers(comparisons, patterns, sampled, weight)
        if np.all(np.abs(share - before) <= _CONVERGED * np.maximum(share, _SMALLEST)):
            break
        before = share
    return Shares(_plain(m), _plain(h), _plain(u), float(share[0]), float(share[1]))


def expect_shares(comparisons: Sequence[Comparison]) -> Shares:
    """Return the shares expected before any record is seen."""
    m = [[v.m for v in one.levels] for one in comparisons]
    h = [[v.u if v.household is None else v.household for v in one.levels] for one in comparisons]
    u = [[v.u for v in one.levels] for one in comparisons]
    return Shares(m, h, u, 0.5, 0.01)


def _plain(shares: list[np.ndarray]) -> list[list[float]]:
    """Round to ten digits, so that a model saved and read again is the same."""
    return [[float(f"{v:.10g}") for v in one] for one in shares]


def _judge(levels: np.ndarray, kinds: tuple[list[np.ndarray], ...], share: np.ndarray) -> np.ndarray:
    """Return per pattern the chance of each kind of pair."""
    import numpy as np

    base = np.array([share[0], share[1], max(1.0 - share[0] - share[1], 0.5)])
    logs = np.log(np.maximum(base, 1e-300))[None, :] + sum_logs(levels, kinds)
    logs -= logs.max(axis=1, keepdims=True)
    out = np.exp(logs)
    return out / out.sum(axis=1, keepdims=True)


def sum_logs(levels: np.ndarray, kinds: tuple[list[np.ndarray], ...]) -> np.ndarray:
    """Return per pattern and kind the sum of the logarithms of its levels' shares; missing counts nothing."""
    import numpy as np

    out = np.zeros((len(levels), len(kinds)))
    for j, shares in enumerate(kinds):
        for k, values in enumerate(shares):
            out[:, j] += np.append(np.log(np.maximum(values, _SMALLEST)), 0.0)[levels[:, k]]
    return out


def _count(patterns: Patterns, k: int, weight: np.ndarray, n_levels: int) -> np.ndarray:
    import numpy as np

    level = patterns.levels[:, k]
    return np.bincount(np.where(level < 0, n_levels, level), weights=weight, minlength=n_levels + 1)[
        :n_levels
    ]


def _fit(patterns: Patterns, k: int, weight: np.ndarray, prior: np.ndarray) -> np.ndarray:
    found = _count(patterns, k, weight, len(prior)) + _PRIOR_PAIRS * prior / prior.sum()
    return found / found.sum()


def _start_home(one: Comparison, u: np.ndarray) -> np.ndarray:
    """Return the shares for two persons of one home: as expected where home tells, else those of strangers."""
    import numpy as np

    told = np.array([v.household is not None for v in one.levels])
    if not told.any():
        return u.copy()
    kin = max(float(u[told][:-1].sum()), _SMALLEST)
    return np.array([
        min(_RARE_AT_HOME, u[j] / kin) if v.household is None else v.household
        for j, v in enumerate(one.levels)
    ])


def _fit_home(
    patterns: Patterns, k: int, weight: np.ndarray, prior: np.ndarray, one: Comparison
) -> np.ndarray:
    """Fit the levels that home tells something about; the others keep their share."""
    import numpy as np

    told = np.array([v.household is not None for v in one.levels])
    if not told.any():
        return prior
    out = prior.copy()
    found = _count(patterns, k, weight, len(prior))[told] + _PRIOR_PAIRS * prior[told]
    out[told] = found / found.sum() * max(1.0 - prior[~told].sum(), 0.1)
    return out


def _start_strangers(
    comparisons: Sequence[Comparison], patterns: Patterns, sampled: list[list[float]]
) -> list[np.ndarray]:
    import numpy as np

    nobody = np.zeros((len(patterns.counts), 3))
    return _fit_strangers(comparisons, patterns, sampled, nobody)


def _fit_strangers(
    comparisons: Sequence[Comparison],
    patterns: Patterns,
    sampled: list[list[float]],
    weight: np.ndarray,
) -> list[np.ndarray]:
    """Return the shares among strangers: the random sample less the pairs that are none, never below what was seen."""
    import numpy as np

    out = []
    for k, one in enumerate(comparisons):
        n = len(one.levels)
        total = max(patterns.n_pairs * patterns.known[k], 1.0)
        others = _count(patterns, k, weight[:, 0] + weight[:, 1], n)
        seen = _count(patterns, k, weight[:, 2], n)
        expected = np.array([v.u for v in one.levels])
        share = np.array(sampled[k]) * total + _PRIOR_STRANGERS * expected - others
        share = np.maximum(share, seen) / total
        share = np.maximum(share, _LEAST_STRANGERS / total * expected**0.5)
        if one.name in _SHARED_BY_CHANCE:
            share[0] = max(share[0], _SHARED_BY_CHANCE[one.name] / max(patterns.n_values.get(one.name, 1), 5))
        out.append(share / share.sum())
    return out
