"""Which words set one group of texts apart from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_range, require_rows
from crm_lib.catalogue import say
from crm_lib.errors import DataError
from crm_lib.text.words import require_lists

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def rank_keywords(
    words: pd.Series, groups: pd.Series, *, n: int = 10, least: int = 3, prior: float = 0.5
) -> pd.DataFrame:
    """Rank the words that stand in one group of texts more often than in the others.

    Parameters
    ----------
    words : Series
        A list of words per text, as `segment_words` gives them.
    groups : Series
        The group of each text; texts without one are left out.
    n : int
        How many words a group at most.
    least : int
        A word must stand in so many texts of all groups together.
    prior : float
        Added to each count before odds are taken, so that rare words do not win by chance.

    Returns
    -------
    DataFrame
        One row per group and word: ``group``, ``rank``, ``word``, ``n_texts`` (of the
        group, with the word), ``share_in``, ``share_out`` (of the texts of the group
        and of the others), ``log_odds``, ``z``, ``statement`` (the same in a Chinese
        sentence).  Only words with ``z`` ≥ 1.96 are listed, the highest z first; a
        group without any has no row.

    Notes
    -----
    ``log_odds = ln((a+p)/(A−a+p)) − ln((b+p)/(B−b+p))`` with a of A texts in the
    group, b of B outside, p the prior.  z is the signed root of the likelihood
    ratio G² = 2 Σ observed · ln(observed / expected) of the table of texts with
    and without the word, inside and outside (Dunning 1993), which also ranks
    words that never stand outside.  Texts are counted, not occurrences: who says
    慢慢慢 counts once.  With many words some pass 1.96 by chance.

    Examples
    --------
    >>> import pandas as pd
    >>> words = pd.Series([["掉色"], ["掉色", "好"]] * 20 + [["好"], ["快"]] * 20)
    >>> rank_keywords(words, pd.Series(["质量"] * 40 + ["配送"] * 40))["word"].tolist()
    ['掉色', '快']
    """
    import numpy as np
    import pandas as pd

    require_range("rank_keywords", "n", n, 1)
    require_range("rank_keywords", "least", least, 1)
    require_range("rank_keywords", "prior", prior, 0.01)
    if len(groups) != len(words):
        raise DataError(
            f"rank_keywords: needs one group per text; got {len(groups):,} for {len(words):,}. "
            "Take both from the same table."
        )
    known = pd.Series(groups).notna().to_numpy()
    rows = [
        row for row, is_known in zip(require_lists("rank_keywords", words), known, strict=True) if is_known
    ]
    group = [str(g) for g, is_known in zip(groups, known, strict=True) if is_known]
    require_rows(
        "rank_keywords", len(set(group)), 2, "groups of texts", "One group has nothing to differ from."
    )
    names, counts, sizes, terms = _count(rows, group, least)
    inside = counts + prior
    outside = counts.sum(axis=0) - counts + prior
    rest, rest_out = sizes[:, None] - counts + prior, sizes.sum() - sizes[:, None] - (outside - prior) + prior
    log_odds = np.log(inside / rest) - np.log(outside / rest_out)
    z = np.sign(log_odds) * np.sqrt(_likelihood_ratio(counts, sizes))
    return _list_rows(names, terms, counts, sizes, log_odds, z, n)


def _likelihood_ratio(counts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return G² of each group and word."""
    import numpy as np

    outside, rest = counts.sum(axis=0) - counts, sizes.sum() - sizes[:, None]
    share = counts.sum(axis=0) / sizes.sum()
    total = np.zeros_like(counts)
    for n, with_word in ((sizes[:, None], counts), (rest, outside)):
        for seen, expected in ((with_word, n * share), (n - with_word, n * (1 - share))):
            ratio = np.divide(seen, expected, out=np.ones_like(seen), where=seen > 0)
            total += 2 * seen * np.log(ratio)
    return np.maximum(total, 0.0)


def _count(
    rows: list[list[str]], group: list[str], least: int
) -> tuple[list[str], np.ndarray, np.ndarray, list[str]]:
    """Return groups, texts with each word per group, texts per group, words."""
    import numpy as np
    import pandas as pd

    names = sorted(set(group))
    code = {name: i for i, name in enumerate(names)}
    pairs = [(code[g], w) for g, row in zip(group, rows, strict=True) for w in dict.fromkeys(row)]
    sizes = np.bincount([code[g] for g in group], minlength=len(names)).astype(float)
    if not pairs:
        return names, np.zeros((len(names), 0)), sizes, []
    table = pd.crosstab(
        np.array([g for g, _ in pairs]), pd.Series([w for _, w in pairs], dtype=object).to_numpy()
    ).reindex(range(len(names)), fill_value=0)
    table = table.loc[:, table.sum() >= least]
    table = table[sorted(table.columns)]
    return names, table.to_numpy(float), sizes, list(table.columns)


def _list_rows(
    names: list[str],
    terms: list[str],
    counts: np.ndarray,
    sizes: np.ndarray,
    log_odds: np.ndarray,
    z: np.ndarray,
    n: int,
) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for g, name in enumerate(names):
        best = sorted((i for i in range(len(terms)) if z[g, i] >= 1.96), key=lambda i: (-z[g, i], terms[i]))
        for rank, i in enumerate(best[:n], start=1):
            inside = counts[g, i] / sizes[g]
            outside = (counts[:, i].sum() - counts[g, i]) / (sizes.sum() - sizes[g])
            text = say("text.keyword", group=name, word=terms[i], inside=100 * inside, outside=100 * outside)
            figures = (int(counts[g, i]), inside, outside, float(log_odds[g, i]), float(z[g, i]))
            rows.append((name, rank, terms[i], *figures, text))
    columns = ["group", "rank", "word", "n_texts", "share_in", "share_out", "log_odds", "z", "statement"]
    kinds = dict.fromkeys(("group", "word", "statement"), object) | dict.fromkeys(
        ("rank", "n_texts"), "int64"
    )
    return pd.DataFrame(rows, columns=columns).astype(kinds | dict.fromkeys(columns[4:8], "float64"))
