"""Customers simulated by the laws that the lifetime models assume, one draw at a time (no formula of the models)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd


def simulate(
    kind: str, parameters: tuple[float, ...], *, n: int, seed: int, least: float, most: float
) -> pd.DataFrame:
    """Return what `summarize_repeat` would say of `n` customers observed for `least` to `most` units."""
    random = np.random.default_rng(seed)
    r, alpha, third, fourth = parameters
    T = random.uniform(least, most, n)
    rate = random.gamma(r, 1 / alpha, n)
    if kind == "pareto":
        end = np.minimum(T, random.exponential(1.0, n) / random.gamma(third, 1 / fourth, n))
        leave = np.zeros(n)
    else:
        end, leave = T, random.beta(third, fourth, n)
    alive = random.random(n) >= leave if kind == "mbg" else np.ones(n, dtype=bool)
    now, x, last = np.zeros(n), np.zeros(n, dtype="int64"), np.zeros(n)
    while alive.any():
        now = now + random.exponential(1.0, n) / rate
        alive &= now <= end
        x, last = x + alive, np.where(alive, now, last)
        alive &= random.random(n) >= leave
    frame = {"customer_id": np.arange(n).astype(str), "n_repeat": x, "t_last": last, "t_observed": T}
    return pd.DataFrame(frame)


def simulate_spend(parameters: tuple[float, ...], *, n: int, seed: int) -> pd.DataFrame:
    """Return customers with one to nine repeat purchases and the mean of what they paid."""
    random = np.random.default_rng(seed)
    p, q, gamma = parameters
    x = random.integers(1, 10, n)
    own = random.gamma(q, 1 / gamma, n)
    mean = np.array([random.gamma(p, 1 / own[i], x[i]).mean() for i in range(n)])
    frame = {"customer_id": np.arange(n).astype(str), "n_repeat": x, "mean_repeat_value": mean}
    return pd.DataFrame(frame)


def cover(kind: str, fit: Callable[..., Any], truth: tuple[float, ...], seeds: range) -> np.ndarray:
    """Return the share of worlds of 2,000 customers whose 95 % interval holds the true value, per parameter."""
    hits = np.zeros(len(truth))
    for seed in seeds:
        if kind == "spend":
            world = simulate_spend(truth, n=2_000, seed=seed)
        else:
            world = simulate(kind, truth, n=2_000, seed=seed, least=30, most=80)
        found = fit(world).fit
        assert not found.degenerate, (kind, seed)
        table = found.list_parameters()
        hits += (table["low"].to_numpy() <= np.array(truth)) & (np.array(truth) <= table["high"].to_numpy())
    return hits / len(seeds)
