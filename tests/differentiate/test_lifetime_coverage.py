"""Each model recovers the law of its own simulator: coverage of the 95 % interval over 1,000 worlds."""

from __future__ import annotations

import os

import numpy as np
import pytest
from lifetime_worlds import simulate, simulate_spend

from crm_lib.differentiate.lifetime import fit_bg_nbd, fit_gamma_gamma, fit_mbg_nbd, fit_pareto_nbd

LAWS = {
    "bg": (fit_bg_nbd, (0.8, 6.0, 1.2, 3.0)),
    "mbg": (fit_mbg_nbd, (0.8, 6.0, 1.2, 3.0)),
    "pareto": (fit_pareto_nbd, (0.8, 6.0, 1.0, 12.0)),
    "spend": (fit_gamma_gamma, (4.0, 4.5, 60.0)),
}
N_CUSTOMERS = 2_000
# Pareto/NBD takes ten times as long as the others: with CRM_LONG=1
OFTEN = [kind for kind in LAWS if kind != "pareto" or os.environ.get("CRM_LONG")]


def cover(kind: str, seeds: range) -> np.ndarray:
    """Return the share of worlds whose interval holds the true value, per parameter."""
    fit, truth = LAWS[kind]
    hits = np.zeros(len(truth))
    for seed in seeds:
        if kind == "spend":
            world = simulate_spend(truth, n=N_CUSTOMERS, seed=seed)
        else:
            world = simulate(kind, truth, n=N_CUSTOMERS, seed=seed, least=30, most=80)
        found = fit(world).fit
        assert not found.degenerate, (kind, seed)
        table = found.list_parameters()
        hits += (table["low"].to_numpy() <= np.array(truth)) & (np.array(truth) <= table["high"].to_numpy())
    return hits / len(seeds)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("kind", OFTEN)
def test_the_interval_covers_as_often_as_it_says(kind: str) -> None:
    covered = cover(kind, range(1_000))
    print(kind, dict(zip(("first", "second", "third", "fourth"), covered.round(3), strict=False)))
    assert (covered > 0.935).all(), covered
    assert (covered < 0.965).all(), covered


@pytest.mark.parametrize("kind", LAWS)
def test_a_few_worlds_are_recovered(kind: str) -> None:
    # 4 worlds: chance of a parameter missing more than 2 of them is below 0.001
    assert (cover(kind, range(4)) >= 0.5).all()
