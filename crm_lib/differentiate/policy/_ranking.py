"""Cumulative gains along a ranking; customers of equal score enter together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Gains(NamedTuple):
    """Curves from (0, 0) to (1, effect): share of the customers, Qini and uplift gain."""

    share: np.ndarray
    qini: np.ndarray
    uplift: np.ndarray


class Trial(NamedTuple):
    """Outcomes and arms, the highest score first, and where each group of equal scores ends."""

    y: np.ndarray
    treated: np.ndarray
    ends: np.ndarray


def rank_trial(score: np.ndarray, y: np.ndarray, treated: np.ndarray) -> Trial:
    """Return the trial in the order of the scores."""
    import numpy as np

    order = np.argsort(-score, kind="stable")
    ranked = score[order]
    ends = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)
    return Trial(y[order], treated[order], ends)


def add_up(trial: Trial, weights: np.ndarray | None = None) -> Gains:
    """Return the curves; a place where one arm has nobody yet is left out."""
    import numpy as np

    w = np.ones(len(trial.y)) if weights is None else weights
    in_t, in_c = w * trial.treated, w * ~trial.treated
    parts = np.cumsum([in_t, in_c, in_t * trial.y, in_c * trial.y], axis=1)
    n_t, n_c, y_t, y_c = parts[:, trial.ends]
    known = (n_t > 0) & (n_c > 0)
    n_t, n_c, y_t, y_c = n_t[known], n_c[known], y_t[known], y_c[known]
    all_t, all_n = parts[0, -1], parts[0, -1] + parts[1, -1]
    share = (n_t + n_c) / all_n
    qini = (y_t - y_c * n_t / n_c) / all_t
    uplift = (y_t / n_t - y_c / n_c) * share
    return Gains(*(np.concatenate([[0.0], c]) for c in (share, qini, uplift)))


def measure_area(share: np.ndarray, gain: np.ndarray) -> float:
    """Return the area below a curve that is straight between its points."""
    import numpy as np

    return float(np.sum(np.diff(share) * (gain[1:] + gain[:-1]) / 2))
