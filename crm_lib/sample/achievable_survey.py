"""How well the planted attitudes can be told at all: reliability of the scales, sentiment of the texts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import require_choice
from crm_lib.errors import ReadError
from crm_lib.sample._laws import read_laws, read_sentences, read_words

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_SENTIMENTS = ("negative", "neutral", "positive")


def implied_alpha(folder: str | Path) -> pd.DataFrame:
    """Return the Cronbach α that the planted law implies for the honest respondents of a company.

    Parameters
    ----------
    folder : path
        A company made by `make_company`, its ``truth`` included.

    Returns
    -------
    DataFrame
        One row per construct, in the order of the questionnaire: construct, n (respondents
        who are neither straight-liners nor speeders), alpha.

    Raises
    ------
    ReadError
        The folder holds no company with a survey.

    Notes
    -----
    α = k / (k − 1) × (1 − Σ Var(item) / Var(sum)).  The moments are computed, not
    simulated: given the latent score, answers are independent and their chances
    known, so Var(item) = E[Var(item | latent)] + Var(E[item | latent]) and the
    covariance of two items is that of their conditional means.  What the answers
    given yield differs from it by the noise of the answers only.
    """
    import pandas as pd

    told = _read(Path(folder) / "truth" / "survey.parquet")
    honest = told[~told["straight_liner"] & ~told["speeder"]]
    law, out = read_laws()["survey"], []
    for construct, latent in zip(law["constructs"], ("satisfaction", "trust", "loyalty"), strict=True):
        alpha = _alpha_of(honest[latent].to_numpy(dtype=float), law["loadings"])
        out.append({"construct": construct, "n": len(honest), "alpha": alpha})
    return pd.DataFrame(out)


def _alpha_of(mind: np.ndarray, loadings: list[float]) -> float:
    import numpy as np

    moments = [_moments(mind, loading) for loading in loadings]
    between = np.cov(np.stack([mean for mean, _ in moments]), bias=True)
    variances = np.diag(between) + np.array([inner.mean() for _, inner in moments])
    total = between.sum() - np.trace(between) + variances.sum()
    k = len(loadings)
    return float(k / (k - 1) * (1.0 - variances.sum() / total))


def _moments(mind: np.ndarray, loading: float) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of an honest answer, 1 to 5, given the latent score."""
    import numpy as np

    law = read_laws()["survey"]
    own = law["item_spread"] * math.sqrt(1.0 - loading * loading)
    centre = law["item_mean"] + law["item_spread"] * loading * mind
    edges = [(edge - 0.5 - centre) / own / math.sqrt(2.0) for edge in (2, 3, 4, 5)]
    above = np.array([[0.5 * math.erfc(x) for x in z.tolist()] for z in edges])
    mean = 1.0 + above.sum(axis=0)
    square = 1.0 + (above * np.array([[3.0], [5.0], [7.0], [9.0]])).sum(axis=0)
    return mean, square - mean * mean


def assign_sentiments(folder: str | Path, table: str = "survey") -> pd.DataFrame:
    """Name the likeliest planted sentiment of each text, for a reader who knows every sentence 旭东 writes.

    Parameters
    ----------
    folder : path
        A company made by `make_company`, its ``truth`` included.
    table : str
        ``"survey"`` for the comments of the questionnaire, ``"reviews"`` for the reviews of articles.

    Returns
    -------
    DataFrame
        One row per text, sorted by its number: response_id or review_id, sentiment (planted),
        likeliest_sentiment, probability (0 to 1).

    Raises
    ------
    ParameterError
        Another table was asked for.
    ReadError
        The folder holds no company.

    Notes
    -----
    Bayes over the wording: how often each sentiment uses it by the law × how
    often the sentiment occurs with the topic.  The share of rows in which
    likeliest_sentiment is the planted one is what a classifier can hope for.
    All phrases of the reviews are told apart for sure; there the stars are
    what misleads (5 % contradict the text, ``contradictory_rating``).
    """
    require_choice("assign_sentiments", "table", table, ("survey", "reviews"))
    import pandas as pd

    key, column = ("response_id", "comment") if table == "survey" else ("review_id", "text")
    texts = _read(Path(folder) / "data" / f"{table}.parquet")[[key, column]].dropna()
    told = _read(Path(folder) / "truth" / f"{table}.parquet").set_index(key)
    told = told.rename(columns={"comment_sentiment": "sentiment", "comment_topic": "topic"})
    texts = texts.join(told[["sentiment", "topic"]], on=key).sort_values(key, ignore_index=True)
    before = pd.crosstab(texts["topic"], texts["sentiment"]).reindex(columns=_SENTIMENTS, fill_value=0)
    chances = [
        _judge(text, before.loc[topic].to_numpy(dtype=float), table)
        for text, topic in zip(texts[column], texts["topic"], strict=True)
    ]
    texts["likeliest_sentiment"] = [_SENTIMENTS[max(range(3), key=c.__getitem__)] for c in chances]
    texts["probability"] = [max(c) / sum(c) for c in chances]
    return texts[[key, "sentiment", "likeliest_sentiment", "probability"]]


def _judge(text: str, before: np.ndarray, table: str) -> list[float]:
    if table == "reviews":
        words = read_words()["reviews"]
        return [
            before[k] * any(text.startswith(p) for group in words[name] for p in group)
            for k, name in enumerate(_SENTIMENTS)
        ]
    words, share = read_sentences()["comments"], read_laws()["survey"]["lukewarm"]
    ends = tuple(words["closings"])
    body = next(text[: -len(end)] for end in sorted(ends, key=len, reverse=True) if text.endswith(end))
    for k, bank in ((2, "warm"), (0, "cold")):
        if body.endswith(tuple(words[bank])):
            use = [0.0, 0.5 * share, 0.0]
            use[k] = share
            return [float(b * u) for b, u in zip(before, use, strict=True)]
    return [
        float(before[k] * any(body.endswith(p) for group in words[name] for p in group))
        for k, name in enumerate(_SENTIMENTS)
    ]


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise ReadError(
            f"sample: the folder must hold a company with its truth; {path} does not exist. "
            "Make one: crm data make --customers 1000 --seed 0 --out DIR"
        )
    return pd.read_parquet(path)
