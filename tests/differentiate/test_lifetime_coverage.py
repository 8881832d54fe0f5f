"""Each model recovers the law of its own simulator: coverage of the 95 % interval over 1,000 worlds.

Pareto/NBD, which takes as long as the others together, has a file of its own, for a worker of its own.
"""

from __future__ import annotations

import pytest
from lifetime_worlds import cover

from crm_lib.differentiate.lifetime import fit_bg_nbd, fit_gamma_gamma, fit_mbg_nbd

LAWS = {
    "bg": (fit_bg_nbd, (0.8, 6.0, 1.2, 3.0)),
    "mbg": (fit_mbg_nbd, (0.8, 6.0, 1.2, 3.0)),
    "spend": (fit_gamma_gamma, (4.0, 4.5, 60.0)),
}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", LAWS)
def test_the_interval_covers_as_often_as_it_says(kind: str) -> None:
    covered = cover(kind, *LAWS[kind], range(1_000))
    print(kind, covered.round(3))
    assert (covered > 0.935).all(), covered
    assert (covered < 0.965).all(), covered


@pytest.mark.parametrize("kind", LAWS)
def test_a_few_worlds_are_recovered(kind: str) -> None:
    # 4 worlds: chance of a parameter missing more than 2 of them is below 0.001
    assert (cover(kind, *LAWS[kind], range(4)) >= 0.5).all()
