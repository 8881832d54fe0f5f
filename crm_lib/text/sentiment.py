"""Sentiment of Chinese texts, learnt from ratings: fit, apply, explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra, require_range, require_rows
from crm_lib.errors import CrmWarning, DataError, ParameterError
from crm_lib.text._words import CHINESE, cut_words, kind_of, list_texts, read_word_lists

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

POSITIVE, NEGATIVE = "positive", "negative"
_LABELS = {
    **dict.fromkeys(("positive", "pos", "正面", "好评", "正", "1", "1.0", "true"), POSITIVE),
    **dict.fromkeys(("negative", "neg", "负面", "差评", "负", "0", "0.0", "false", "-1", "-1.0"), NEGATIVE),
}
_NEUTRAL = {"neutral", "中性", "中评", "中", ""}
_CHARACTERS = (2, 3)


class FewTextsWarning(CrmWarning):
    """So few texts of one kind that the words learnt may be chance."""


@dataclass(frozen=True, eq=False)
class SentimentModel:
    """TF-IDF of words, pairs of words and runs of characters, weighed by a logistic regression.

    ``terms`` are the features in order, ``idf`` and ``weights`` stand beside
    them; a positive weight speaks for praise.
    """

    terms: tuple[str, ...]
    idf: np.ndarray
    weights: np.ndarray
    intercept: float
    n_positive: int
    n_negative: int
    n_neutral: int
    user_words: tuple[str, ...] = ()

    def apply(self, texts: pd.Series) -> pd.DataFrame:
        """Return how likely each text is praise.

        Parameters
        ----------
        texts : Series
            One text per row.

        Returns
        -------
        DataFrame
            Index of `texts`: ``probability`` (of praise, 0–1), ``label``
            (``positive`` from 0.5 on, else ``negative``), ``n_known`` (distinct
            features of the text that the model knows).  A text without any of them
            gets no probability and no label: the model knows nothing about it.
        """
        import numpy as np
        import pandas as pd

        counts = count_terms(list_texts("SentimentModel.apply", texts), self.terms, self.user_words)
        n_known = np.diff(counts.indptr)
        score = weigh_terms(counts, self.idf) @ self.weights + self.intercept
        probability = np.where(n_known > 0, 1.0 / (1.0 + np.exp(-score)), np.nan)
        label = pd.Series(np.where(probability >= 0.5, POSITIVE, NEGATIVE), index=texts.index, dtype=object)
        return pd.DataFrame(
            {
                "probability": probability,
                "label": label.where(n_known > 0, None),
                "n_known": n_known.astype("int64"),
            },
            index=texts.index,
        )

    def list_words(self, n: int = 15) -> pd.DataFrame:
        """Return the words that speak most clearly for praise and for blame.

        Parameters
        ----------
        n : int
            How many of each.

        Returns
        -------
        DataFrame
            ``speaks_for`` (positive, negative), ``rank``, ``word``, ``weight``; whole
            words and pairs of words (joined by ·) only; runs of characters and words
            without meaning of their own are left out.
        """
        import pandas as pd

        empty = read_word_lists().function
        pairs = zip(self.terms, self.weights.tolist(), strict=True)
        whole = [(w, t[2:]) for t, w in pairs if t[:2] == "w:" and t[2:] not in empty]
        rows: list[tuple[str, int, str, float]] = []
        for name, sign in ((POSITIVE, 1), (NEGATIVE, -1)):
            best = sorted((-sign * w, word) for w, word in whole if sign * w > 0 and kind_of(word) != "mark")[
                :n
            ]
            rows += [(name, i + 1, word.replace(" ", "·"), -sign * w) for i, (w, word) in enumerate(best)]
        columns = ["speaks_for", "rank", "word", "weight"]
        return pd.DataFrame(rows, columns=columns).astype({"rank": "int64", "weight": "float64"})


def list_terms(words: list[str]) -> list[str]:
    """Return the features of a cut text: words, pairs of neighbours, runs of 2 and 3 characters."""
    terms = [f"w:{w}" for w in words]
    terms += [f"w:{a} {b}" for a, b in zip(words, words[1:], strict=False) if _speaks(a) and _speaks(b)]
    text = "".join(words)
    for n in _CHARACTERS:
        terms += [f"c:{text[i : i + n]}" for i in range(len(text) - n + 1)]
    return terms


def _speaks(word: str) -> bool:
    return bool(CHINESE.search(word)) or word.isalnum()


def count_terms(texts: list[str], terms: tuple[str, ...], user_words: tuple[str, ...]) -> Any:
    """Return texts × terms, how often each stands in each (sparse)."""
    feature = import_extra("sklearn.feature_extraction.text", extra="tour", purpose="Sentiment")
    if not terms:
        import numpy as np
        from scipy.sparse import csr_matrix

        return csr_matrix((len(texts), 0), dtype=np.int64)
    counter = feature.CountVectorizer(analyzer=list_terms, vocabulary={t: i for i, t in enumerate(terms)})
    return counter.transform(cut_words(texts, user_words))


def weigh_terms(counts: Any, idf: np.ndarray) -> Any:
    """Return (1 + ln count) × idf, each text brought to length 1."""
    import numpy as np
    from scipy.sparse import csr_matrix

    data = (1.0 + np.log(counts.data)) * idf[counts.indices]
    weighed = csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    length = np.sqrt(np.bincount(rows, weights=data**2, minlength=counts.shape[0]))
    weighed.data = data / length[rows]
    return weighed


def fit_sentiment(
    texts: pd.Series,
    ratings: pd.Series | None = None,
    *,
    labels: pd.Series | None = None,
    high: float = 4,
    low: float = 2,
    strength: float = 4.0,
    min_texts: int = 2,
    user_words: tuple[str, ...] = (),
) -> SentimentModel:
    """Learn which words praise and which blame from texts with ratings or labels.

    Parameters
    ----------
    texts : Series
        One text per row.
    ratings : Series, optional
        A rating per text: from `high` on praise, up to `low` blame; what lies
        between is neutral and left out (``n_neutral`` of the model).
    labels : Series, optional
        In its stead a class per text: positive/negative, 正面/负面, 1/0; neutral or
        missing ones are left out.
    high, low : float
        Limits of the ratings.
    strength : float
        C of the logistic regression; more follows the texts more closely.
    min_texts : int
        A feature must stand in so many texts.
    user_words : tuple of str
        Words the cutter should know besides.

    Returns
    -------
    SentimentModel
        Its ``apply`` judges texts, its ``list_words`` says by what.

    Raises
    ------
    DataError
        Texts of one kind only, or none with words.

    Warns
    -----
    FewTextsWarning
        Fewer than 30 texts of one kind.

    Notes
    -----
    Features are words, pairs of neighbouring words and runs of two and three
    characters, (1 + ln n) × idf, each text brought to length 1; no stop word is
    dropped, because 不 and 太 decide.  The same text counts as often as it was
    written: split with `split_grouped` before you measure.  Ratings measure how
    happy the buyer is, not the sentence: with 5 % of contradictory ratings no
    model can be right in more than 95 %.
    """
    import numpy as np

    where = "fit_sentiment"
    target, n_neutral = read_target(where, texts, ratings, labels, high=high, low=low)
    plain = list_texts(where, texts)
    known = [(t, y) for t, y in zip(plain, target.tolist(), strict=True) if y is not None and t]
    marks = np.array([y == POSITIVE for _, y in known], dtype=bool)
    n_positive, n_negative = int(marks.sum()), int((~marks).sum())
    _require_both(n_positive, n_negative)
    words = cut_words([t for t, _ in known], user_words)
    terms, counts = _choose_terms(words, min_texts)
    idf = np.log((1 + len(known)) / (1 + np.bincount(counts.indices, minlength=len(terms)))) + 1.0
    linear = import_extra("sklearn.linear_model", extra="tour", purpose="Sentiment")
    model = linear.LogisticRegression(C=strength, solver="liblinear", random_state=0, max_iter=1000)
    model.fit(weigh_terms(counts, idf), marks)
    return SentimentModel(
        terms,
        idf,
        model.coef_[0],
        float(model.intercept_[0]),
        n_positive,
        n_negative,
        n_neutral,
        tuple(user_words),
    )


def _require_both(n_positive: int, n_negative: int) -> None:
    import warnings

    if min(n_positive, n_negative) == 0:
        raise DataError(
            f"fit_sentiment: needs texts of praise and of blame; got {n_positive:,} and {n_negative:,}. "
            "Check which ratings are high and low."
        )
    if min(n_positive, n_negative) < 30:
        warnings.warn(
            f"fit_sentiment: fewer than 30 texts of one kind ({n_positive} of praise, {n_negative} of blame); "
            "the words learnt may be chance. Take more texts.",
            FewTextsWarning,
            stacklevel=3,
        )


def _choose_terms(words: list[list[str]], min_texts: int) -> tuple[tuple[str, ...], Any]:
    require_range("fit_sentiment", "min_texts", min_texts, 1)
    feature = import_extra("sklearn.feature_extraction.text", extra="tour", purpose="Sentiment")
    least = min(min_texts, max(len(words) // 2, 1))
    counter = feature.CountVectorizer(analyzer=list_terms, min_df=least)
    try:
        counts = counter.fit_transform(words)
    except ValueError:
        require_rows("fit_sentiment", 0, 1, f"words that stand in {least} texts", "Take more texts.")
    return tuple(counter.get_feature_names_out().tolist()), counts


def read_target(
    where: str, texts: pd.Series, ratings: Any, labels: Any, *, high: float = 4, low: float = 2
) -> tuple[pd.Series, int]:
    """Return positive, negative or None per text, and how many are neutral."""
    import pandas as pd

    if (ratings is None) == (labels is None):
        raise ParameterError(f"{where}: give either ratings or labels, one of the two.")
    given = pd.Series(list(ratings if labels is None else labels), dtype=object)
    if len(given) != len(texts):
        raise DataError(
            f"{where}: needs one rating or label per text; got {len(given):,} for {len(texts):,}."
        )
    if labels is None:
        require_range(where, "low", low, None, high - 1e-9)
        number = pd.to_numeric(given, errors="coerce")
        wrong = given[number.isna() & given.notna()]
        found = [POSITIVE if v >= high else NEGATIVE if v <= low else None for v in number]
    else:
        plain = given.where(given.notna(), "").map(lambda v: str(v).strip().lower())
        wrong = given[~plain.isin({*_LABELS, *_NEUTRAL})]
        found = [_LABELS.get(v) for v in plain]
    if len(wrong):
        raise DataError(
            f"{where}: ratings must be numbers and labels positive or negative; {len(wrong):,} are neither "
            f"(first: {wrong.iloc[0]!r}). Clean the column first."
        )
    return pd.Series(found, index=texts.index, dtype=object), sum(v is None for v in found)
