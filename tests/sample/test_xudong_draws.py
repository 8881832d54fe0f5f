"""The random numbers: laws, independence, and no memory of the order of asking."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.sample._draws import Draws

N = 100_000
ITEMS = np.arange(N)


@pytest.fixture(scope="module")
def draws():
    return Draws(0, 1)


def near(values, mean, variance):
    """Check the mean within 4.5 standard errors, the variance within 5 %."""
    assert abs(values.mean() - mean) < 4.5 * np.sqrt(variance / len(values))
    assert values.var() == pytest.approx(variance, rel=0.05)


def test_numbers_lie_strictly_between_0_and_1_and_fill_it_evenly(draws):
    u = draws.uniform("x", ITEMS)
    near(u, 1 / 2, 1 / 12)
    assert 0 < u.min() < 1e-4 < 1 - 1e-4 < u.max() < 1
    counts = np.bincount((u * 50).astype(int), minlength=50)
    assert ((counts - N / 50) ** 2 / (N / 50)).sum() < 95  # chi-square, 49 degrees of freedom, p = 1e-4


def test_items_turns_names_seeds_and_versions_have_nothing_to_do_with_each_other(draws):
    u = draws.uniform("x", ITEMS)
    others = [
        np.roll(u, 1),
        draws.uniform("x", ITEMS, 1),
        draws.uniform("y", ITEMS),
        Draws(1, 1).uniform("x", ITEMS),
        Draws(0, 2).uniform("x", ITEMS),
        draws.uniform("x", np.zeros(N, dtype=int), ITEMS),
    ]
    for other in others:
        assert abs(np.corrcoef(u, other)[0, 1]) < 4.5 / np.sqrt(N)


@given(st.permutations(range(40)), st.integers(0, 2**40))
def test_a_number_does_not_depend_on_its_company(order, start):
    draws, items = Draws(3, 1), start + np.arange(40)
    for draw in (
        lambda i: draws.gamma("g", i, 0.7),
        lambda i: draws.poisson("p", i, 3.0),
        lambda i: draws.permute("q", i, 2**41),
    ):
        assert (draw(items)[list(order)] == draw(items[list(order)])).all()


def test_known_bits_stay_the_same():
    bits = Draws(0, 1).bits("x", [0, 1, 2**40], 3)
    assert [f"{b:016x}" for b in bits.tolist()] == KNOWN_BITS


KNOWN_BITS = ["d48f7579e7a6ae31", "9f549b6dc6483bb0", "bf33bc138ba50193"]


@pytest.mark.parametrize("shape", [0.3, 1.0, 7.5])
def test_gamma(draws, shape):
    near(draws.gamma(f"g{shape}", ITEMS, shape), shape, shape)


def test_normal_exponential_beta_poisson(draws):
    near(draws.normal("n", ITEMS), 0, 1)
    near(draws.exponential("e", ITEMS), 1, 1)
    a, b = 0.6, 9.0
    near(draws.beta("b", ITEMS, a, b), a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1)))
    near(draws.poisson("p", ITEMS, 3.2), 3.2, 3.2)
    assert (draws.poisson("p", ITEMS, 0.0) == 0).all()


def test_choices_follow_their_weights_also_row_by_row(draws):
    got = np.bincount(draws.choose("c", ITEMS, [1.0, 2.0, 0.0, 1.0]), minlength=4) / N
    assert got == pytest.approx([0.25, 0.5, 0, 0.25], abs=0.007)
    table = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    rows = draws.choose("c", ITEMS, table, row=ITEMS % 2)
    assert set(rows[::2]) == {0}
    assert np.bincount(rows[1::2], minlength=3) / (N / 2) == pytest.approx([0, 0.5, 0.5], abs=0.01)


@given(st.integers(1, 700))
def test_permute_is_a_permutation_and_finds_its_way_back(size):
    draws, items = Draws(5, 1), np.arange(size)
    there = draws.permute("p", items, size)
    assert sorted(there) == list(items)
    assert (draws.permute("p", there, size, back=True) == items).all()


def test_permute_keeps_no_order(draws):
    there = draws.permute("p", ITEMS, N)
    assert abs(np.corrcoef(there, ITEMS)[0, 1]) < 4.5 / np.sqrt(N)
    assert abs(np.corrcoef(np.diff(there)[:-1], np.diff(there)[1:])[0, 1] + 0.5) < 0.02


def test_bits_against_the_definition_in_whole_numbers(draws):
    """SplitMix64's finaliser over key and counters, in Python's integers, which never overflow."""
    mask = 2**64 - 1

    def mix(z):
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    digest = hashlib.sha256(b"xudong/1/0/x").digest()
    first, second = (int.from_bytes(digest[k : k + 8], "little") for k in (0, 8))
    for item, turn in ((0, 0), (7, 3), (2**40, 2**20)):
        by_hand = mix(
            mix((item * 0x9E3779B97F4A7C15 + first) & mask) ^ ((turn * 0xD1B54A32D192ED03 + second) & mask)
        )
        assert int(draws.bits("x", item, turn)[0]) == by_hand
