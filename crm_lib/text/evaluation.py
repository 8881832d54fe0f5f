"""How well sentiment is told: folds of whole groups, intervals, and what a baseline reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_rows
from crm_lib.text._words import list_texts
from crm_lib.text.duplicates import split_grouped
from crm_lib.text.lexicon import Lexicon, code_experience
from crm_lib.text.sentiment import POSITIVE, fit_sentiment, read_target

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_DRAWS = 1_000
METHODS = ("model", "lexicon", "majority")


def evaluate_sentiment(
    texts: pd.Series,
    ratings: pd.Series | None = None,
    *,
    labels: pd.Series | None = None,
    n_folds: int = 5,
    similar: float = 0.8,
    lexicon: Lexicon | None = None,
    random_state: int,
    **options: Any,
) -> pd.DataFrame:
    """Measure how well sentiment is told on texts the model has not seen.

    Parameters
    ----------
    texts : Series
        One text per row.
    ratings, labels : Series, optional
        One of the two, as for `fit_sentiment`; neutral texts and blank ones are left out.
    n_folds : int
        The model is fitted so often, each time without one fold.
    similar : float
        From which likeness on texts count as the same (see `group_texts`).
    lexicon : Lexicon, optional
        Of the lexicon baseline; without it the library's own.
    random_state : int
        Seed of the folds and of the bootstrap.
    **options
        Passed on to `fit_sentiment` (high, low, strength, min_texts, user_words).

    Returns
    -------
    DataFrame
        One row per method (``model``, ``lexicon``, ``majority``): ``accuracy`` with
        ``low_share`` and ``high_share`` (95 %), ``f1`` (mean of both classes), ``auc``,
        ``n_texts``, ``n_groups``.  ``attrs``: ``n_neutral``, ``n_blank``,
        ``calibration_error`` (mean distance of probability and share of praise
        in ten bands), ``split`` (the frame of `split_grouped`).

    Notes
    -----
    The interval is a bootstrap of whole groups, since copies of a text are right
    or wrong together.  *lexicon* adds up the polarities of the words found and
    says the more frequent class when they cancel; *majority* always says the
    more frequent class of the training part.
    """
    import numpy as np
    import pandas as pd

    where = "evaluate_sentiment"
    limits = {name: options[name] for name in ("high", "low") if name in options}
    target, n_neutral = read_target(where, texts, ratings, labels, **limits)
    filled = np.array([bool(t) for t in list_texts(where, texts)], dtype=bool)
    kept = target.notna().to_numpy() & filled
    require_rows(
        where, int(kept.sum()), 2 * n_folds, "texts with a clear rating", "Take more texts or fewer folds."
    )
    said, truth = texts[kept].reset_index(drop=True), target[kept].reset_index(drop=True)
    split = split_grouped(said, n_folds=n_folds, labels=truth, similar=similar, random_state=random_state)
    scores = _score_folds(said, truth, split["fold"].to_numpy(), lexicon, options)
    right = (truth == POSITIVE).to_numpy()
    group = split["group"].to_numpy()
    rows = [{"method": m, **_measure(right, scores[m], group, random_state)} for m in METHODS]
    out = pd.DataFrame(rows)
    out.attrs |= {
        "n_neutral": n_neutral,
        "n_blank": int((target.notna().to_numpy() & ~filled).sum()),
        "calibration_error": _calibrate(right, scores["model"]),
        "split": split,
    }
    return out


def _score_folds(
    texts: pd.Series, truth: pd.Series, fold: np.ndarray, lexicon: Lexicon | None, options: dict[str, Any]
) -> dict[str, np.ndarray]:
    """Return per method how likely praise is, each text judged by a fit that has not seen its fold."""
    import numpy as np

    found = code_experience(texts, lexicon).groupby("row")["polarity"].sum()
    balance = found.reindex(range(len(texts)), fill_value=0).to_numpy()
    scores = {name: np.zeros(len(texts)) for name in METHODS}
    for number in np.unique(fold):
        test, train = fold == number, fold != number
        model = fit_sentiment(texts[train], labels=truth[train], **options)
        usual = model.n_positive / (model.n_positive + model.n_negative)
        told = model.apply(texts[test])["probability"].fillna(usual)
        scores["model"][test] = told.to_numpy()
        scores["majority"][test] = usual
        # a tie of the words is settled by the usual class, without moving any text past another
        scores["lexicon"][test] = 0.5 + np.sign(balance[test]) / 4 + (usual - 0.5) / 100
    return scores


def _measure(right: np.ndarray, score: np.ndarray, group: np.ndarray, random_state: int) -> dict[str, Any]:
    import numpy as np

    said = score >= 0.5
    low, high = _bootstrap((said == right).astype(float), group, random_state)
    return {
        "accuracy": float(np.mean(said == right)),
        "low_share": low,
        "high_share": high,
        "f1": (_f1(right, said) + _f1(~right, ~said)) / 2,
        "auc": measure_auc(right, score),
        "n_texts": len(right),
        "n_groups": int(group.max()) + 1,
    }


def _f1(right: np.ndarray, said: np.ndarray) -> float:
    both = int((right & said).sum())
    total = int(right.sum()) + int(said.sum())
    return 2 * both / total if total else 0.0


def measure_auc(right: np.ndarray, score: np.ndarray) -> float:
    """Return how often praise scores above blame, ties counted half; NaN with one class only."""
    import numpy as np
    import pandas as pd

    rank = pd.Series(score).rank().to_numpy()
    n_yes, n_no = int(right.sum()), int((~right).sum())
    if not n_yes or not n_no:
        return float("nan")
    return float((rank[right].sum() - n_yes * (n_yes + 1) / 2) / (np.float64(n_yes) * n_no))


def _bootstrap(hit: np.ndarray, group: np.ndarray, random_state: int) -> tuple[float, float]:
    """Return the 95 % interval of the mean of `hit` when whole groups are drawn again."""
    import numpy as np

    n_hit, n = np.bincount(group, weights=hit), np.bincount(group)
    rng = np.random.default_rng(random_state)
    means = np.empty(_DRAWS)
    for i in range(_DRAWS):
        drawn = rng.integers(0, len(n), len(n))
        means[i] = n_hit[drawn].sum() / n[drawn].sum()
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _calibrate(right: np.ndarray, probability: np.ndarray) -> float:
    import numpy as np

    band = np.minimum((probability * 10).astype(int), 9)
    n = np.bincount(band, minlength=10)
    gap = np.abs(
        np.bincount(band, weights=probability, minlength=10) - np.bincount(band, weights=right, minlength=10)
    )
    return float(gap.sum() / n.sum())
