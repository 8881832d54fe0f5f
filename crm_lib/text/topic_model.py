"""Topics found in texts themselves: NMF of TF-IDF, as many as come back on other samples."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crm_lib._checks import import_extra, require_range, require_rows
from crm_lib.errors import NoStructureWarning
from crm_lib.text._words import read_word_lists
from crm_lib.text.words import require_lists

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_TOP = 10
_SAMPLES = 6
_SHARE = 0.8
LEAST_TEXTS = 20
MARGIN = 0.15
"""Topics must come back at least so much better than those of texts whose words were dealt out anew."""


class NoTopicsWarning(NoStructureWarning):
    """The texts show no topics: words stand together as chance would have it."""


@dataclass(frozen=True, eq=False)
class TopicModel:
    """Topics as weights of words; `apply` gives each text its topic.

    ``choice`` has one row per number of topics that was tried: ``n_topics``,
    ``stability``, ``chance_stability``.  ``found`` is false when no number
    beats chance.
    """

    terms: tuple[str, ...]
    idf: np.ndarray
    weights: np.ndarray
    choice: pd.DataFrame = field(repr=False)
    found: bool

    @property
    def n_topics(self) -> int:
        """Number of topics."""
        return len(self.weights)

    def list_words(self, n: int = 8) -> pd.DataFrame:
        """Return the words with most weight in each topic.

        Parameters
        ----------
        n : int
            How many a topic.

        Returns
        -------
        DataFrame
            ``topic`` (1, 2, …), ``rank``, ``word``, ``weight`` (of the topic's total).
        """
        import pandas as pd

        rows = []
        for t, row in enumerate(self.weights, start=1):
            order = sorted(range(len(row)), key=lambda i: (-row[i], self.terms[i]))[:n]
            total = float(row.sum()) or 1.0
            rows += [
                (t, r, self.terms[i], row[i] / total) for r, i in enumerate(order, start=1) if row[i] > 0
            ]
        kinds = {"topic": "int64", "rank": "int64", "word": object, "weight": "float64"}
        return pd.DataFrame(rows, columns=list(kinds)).astype(kinds)

    def apply(self, words: pd.Series) -> pd.DataFrame:
        """Return the topic of each text.

        Parameters
        ----------
        words : Series
            A list of words per text, as `segment_words` gives them.

        Returns
        -------
        DataFrame
            Index of `words`: ``topic`` (Int64; missing for a text without any word of
            the topics), ``strength`` (part of that topic in the text, 0–1).
        """
        import numpy as np
        import pandas as pd
        from scipy.optimize import nnls

        rows = require_lists("TopicModel.apply", words)
        points = _weigh(_count(rows, self.terms), self.idf)
        parts = np.zeros((len(rows), self.n_topics))
        for i in np.flatnonzero(np.diff(points.indptr)):
            parts[i] = nnls(self.weights.T, points[i].toarray()[0])[0]
        total = parts.sum(axis=1)
        topic = pd.array(parts.argmax(axis=1) + 1 if self.n_topics else np.zeros(len(rows)), dtype="Int64")
        topic[total <= 0] = pd.NA
        strength = np.divide(parts.max(axis=1, initial=0.0), total, out=np.zeros(len(rows)), where=total > 0)
        return pd.DataFrame({"topic": topic, "strength": strength}, index=words.index)


def find_topics(
    words: pd.Series,
    *,
    n_topics: int | None = None,
    k_max: int = 8,
    min_texts: int = 3,
    drop: Collection[str] = (),
    random_state: int,
) -> TopicModel:
    """Find what texts are about, without naming topics beforehand.

    Parameters
    ----------
    words : Series
        A list of words per text, as `segment_words` gives them.
    n_topics : int, optional
        Number of topics; without it the rule below chooses from 2 … `k_max`.
    k_max : int
        Most topics to try.
    min_texts : int
        A word must stand in so many texts.
    drop : collection of str
        Words to leave out besides, such as those of a set phrase under every text.
    random_state : int
        Seed of the samples the choice rests on; the topics themselves use no chance.

    Returns
    -------
    TopicModel
        Topics, the largest first; ``choice`` says how the number came about.

    Raises
    ------
    DataError
        Fewer than 20 different texts with words.

    Warns
    -----
    NoTopicsWarning
        No number of topics comes back clearly better than chance.

    Notes
    -----
    Non-negative matrix factorisation of TF-IDF, started from the singular
    vectors (nndsvda).  A topic model is stable when samples of 80 % of the texts
    give topics with the same ten top words (mean Jaccard of the best pairing).
    The same is measured on texts into which all words are dealt out anew.
    The number with the largest lead over that chance is chosen, the larger number
    within 0.02 of it; a lead below 0.15 is no structure.
    Equal texts count once and words of degree (很, 太) do not count, else a copied sentence would be a topic.
    """
    import numpy as np

    where = "find_topics"
    rows = list(dict.fromkeys(tuple(sorted(row)) for row in require_lists(where, words) if row))
    require_rows(where, len(rows), LEAST_TEXTS, "different texts with words", "Take more texts.")
    require_range(where, "k_max", k_max, 2, 50)
    if n_topics is not None:
        require_range(where, "n_topics", n_topics, 1, 50)
    terms = _choose_terms(rows, min_texts, drop)
    require_rows(where, len(terms), 2, f"words that stand in {min_texts} texts", "Lower min_texts.")
    counts = _count(rows, terms)
    idf = np.log((1 + len(rows)) / (1 + np.asarray((counts > 0).sum(axis=0)).ravel())) + 1.0
    most = min(k_max, len(terms) - 1, len(rows) // 5)
    tried = range(2, max(most, 2) + 1) if n_topics is None else [min(n_topics, len(terms))]
    choice = _try_numbers(counts, idf, tried, np.random.default_rng(random_state))
    lead = choice["stability"] - choice["chance_stability"]
    best = int(choice.loc[lead >= lead.max() - 0.02, "n_topics"].max())
    found = bool(lead.max() >= MARGIN)
    if not found:
        warnings.warn(
            f"find_topics: the texts show no topics: the best number comes back {lead.max():.2f} better than "
            f"chance, {MARGIN} is needed. Do not name these topics; use match_topics with words of your own.",
            NoTopicsWarning,
            stacklevel=2,
        )
    weights = _factorize(_weigh(counts, idf), best)
    order = sorted(range(len(weights)), key=lambda i: (-float(weights[i].sum()), i))
    return TopicModel(terms, idf, weights[order], choice, found)


def _choose_terms(rows: list[tuple[str, ...]], min_texts: int, drop: Collection[str]) -> tuple[str, ...]:
    lists = read_word_lists()
    n = Counter(w for row in rows for w in set(row))
    # how much is no topic
    n = {w: n[w] for w in n.keys() - set(drop) - lists.degree - lists.negation}
    # a word in nearly every text parts nothing
    return tuple(sorted(w for w in n if min_texts <= n[w] <= 0.9 * len(rows)))


def _count(rows: list, terms: tuple[str, ...]) -> object:
    feature = import_extra("sklearn.feature_extraction.text", extra="tour", purpose="Finding topics")
    counter = feature.CountVectorizer(analyzer=list, vocabulary={t: i for i, t in enumerate(terms)})
    return counter.transform(rows)


def _weigh(counts: object, idf: np.ndarray) -> object:
    feature = import_extra("sklearn.preprocessing", extra="tour", purpose="Finding topics")
    from scipy.sparse import diags

    weighed = counts.astype(float) @ diags(idf)
    return feature.normalize(weighed) if counts.shape[0] else weighed


def _factorize(points: object, k: int) -> np.ndarray:
    decomposition = import_extra("sklearn.decomposition", extra="tour", purpose="Finding topics")
    exceptions = import_extra("sklearn.exceptions", extra="tour", purpose="Finding topics")
    model = decomposition.NMF(n_components=k, init="nndsvda", max_iter=400, random_state=0)
    with warnings.catch_warnings():
        # the last digits do not matter: topics are read by their top words
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        model.fit(points)
    return model.components_


def _try_numbers(counts: object, idf: np.ndarray, tried: object, rng: np.random.Generator) -> pd.DataFrame:
    import pandas as pd

    samples = [_draw_rows(rng, counts.shape[0]) for _ in range(_SAMPLES)]
    real, mixed = _weigh(counts, idf), _weigh(_mix(counts, rng), idf)
    rows = [(k, _measure_stability(real, k, samples), _measure_stability(mixed, k, samples)) for k in tried]
    return pd.DataFrame(rows, columns=["n_topics", "stability", "chance_stability"])


def _draw_rows(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return the places of a random 80 % of `n` rows, ascending."""
    import numpy as np

    return np.sort(rng.permutation(n)[: max(int(n * _SHARE), 1)])


def _mix(counts: object, rng: np.random.Generator) -> object:
    """Deal all words out anew: texts keep their lengths, words their frequencies."""
    import numpy as np
    from scipy.sparse import coo_matrix

    flat = counts.tocoo()
    row, column = (np.repeat(x, flat.data) for x in (flat.row, flat.col))
    mixed = coo_matrix((np.ones(len(row), dtype="int64"), (row, rng.permutation(column))), shape=counts.shape)
    return mixed.tocsr()


def _measure_stability(points: object, k: int, samples: list[np.ndarray]) -> float:
    import numpy as np

    whole = _top_words(_factorize(points, k))
    return float(np.mean([_agree(whole, _top_words(_factorize(points[s], k))) for s in samples]))


def _top_words(weights: np.ndarray) -> list[frozenset[int]]:
    import numpy as np

    return [
        frozenset(i for i in np.argsort(-row, kind="stable")[:_TOP].tolist() if row[i] > 0) for row in weights
    ]


def _agree(one: list[frozenset[int]], other: list[frozenset[int]]) -> float:
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    likeness = np.array([[len(a & b) / (len(a | b) or 1) for b in other] for a in one])
    left, right = linear_sum_assignment(-likeness)
    return float(likeness[left, right].mean())
