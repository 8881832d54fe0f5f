"""Pareto/NBD recovers the law of its own simulator: coverage of the 95 % interval over 1,000 worlds."""

from __future__ import annotations

import pytest
from lifetime_worlds import cover

from crm_lib.differentiate.lifetime import fit_pareto_nbd

TRUTH = (0.8, 6.0, 1.0, 12.0)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_interval_covers_as_often_as_it_says() -> None:
    covered = cover("pareto", fit_pareto_nbd, TRUTH, range(1_000))
    print("pareto", covered.round(3))
    assert (covered > 0.935).all(), covered
    assert (covered < 0.965).all(), covered


def test_a_few_worlds_are_recovered() -> None:
    # 4 worlds: chance of a parameter missing more than 2 of them is below 0.001
    assert (cover("pareto", fit_pareto_nbd, TRUTH, range(4)) >= 0.5).all()
