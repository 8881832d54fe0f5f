"""Two summaries against each other: difference, relative lift, p value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crm_lib.stats import Interval

if TYPE_CHECKING:
    from crm_lib.differentiate.policy._arms import Summary

NAN = float("nan")
LIFTS = ("fieller", "delta")


def normal_quantile(confidence: float) -> float:
    """Return z of a two-sided interval."""
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + confidence) / 2)


def compare_summaries(first: Summary, second: Summary, *, confidence: float) -> tuple[Interval, float]:
    """Return Welch's interval of first − second and its p value."""
    from scipy import stats

    gap, variance = first.mean - second.mean, first.variance + second.variance
    if math.isnan(variance):
        return Interval(gap, NAN, NAN), NAN
    if variance == 0:
        return Interval(gap, gap, gap), 1.0 if gap == 0 else 0.0
    # parts of the whole, since the square of a tiny variance is 0
    free = 1 / sum((s.variance / variance) ** 2 / (s.n - 1) for s in (first, second))
    error = math.sqrt(variance)
    half = float(stats.t.ppf((1 + confidence) / 2, free)) * error
    return Interval(gap, gap - half, gap + half), float(2 * stats.t.sf(abs(gap) / error, free))


def compare_lift(first: Summary, second: Summary, *, confidence: float, method: str) -> Interval:
    """Return first / second − 1 with its interval; see `compare_outcomes` for the two methods."""
    z = normal_quantile(confidence)
    (a, va, _), (b, vb, _) = first, second
    if b <= 0:
        return Interval(NAN, NAN, NAN)
    lift = a / b - 1
    if math.isnan(va + vb):
        return Interval(lift, NAN, NAN)
    if method == "delta":
        half = z * math.sqrt(va / b**2 + a**2 * vb / b**4)
        return Interval(lift, lift - half, lift + half)
    # (a − θb)² = z²(va + θ²vb), solved for θ
    square = b * b - z * z * vb
    inside = (a * b) ** 2 - square * (a * a - z * z * va)
    if square <= 0 or inside < 0:
        return Interval(lift, NAN, NAN)
    half = math.sqrt(inside) / square
    middle = a * b / square
    return Interval(lift, middle - half - 1, middle + half - 1)
