"""Texts that say the same: groups that no split may tear apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crm_lib._checks import require_range, require_rows
from crm_lib.errors import DataError
from crm_lib.text._words import list_texts

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_NOT_WORD = re.compile(r"[\W_]+")
SHINGLE = 3
_BANDS, _ROWS = 20, 4
_PRIME = (1 << 31) - 1
_MOST_PAIRS = 40


def group_texts(texts: pd.Series, *, similar: float = 0.8) -> pd.Series:
    """Give equal and nearly equal texts one number.

    Parameters
    ----------
    texts : Series
        One text per row.
    similar : float
        Two texts are nearly equal when the shingles (runs of three characters)
        they share are at least this part of those of both; 1 groups equal texts only.

    Returns
    -------
    Series
        Number of the group (int64, 0, 1, … in order of first appearance), index of `texts`.

    Notes
    -----
    Equal means equal after normalising: marks, blanks, width and capitals do
    not count (a text of marks or emoji alone is compared as it stands).  Near
    pairs are sought by minhash in 20 bands of 4 and then measured: of pairs
    with 0.8 in common, one in 30,000 is missed; equal texts never are.
    Likeness chains: a ~ b and b ~ c put all three together.

    Examples
    --------
    >>> import pandas as pd
    >>> group_texts(pd.Series(["质量很好！", "质量很好", "发货慢", "质 量 很 好 。"])).tolist()
    [0, 0, 1, 0]
    """
    import numpy as np
    import pandas as pd

    require_range("group_texts", "similar", similar, 0.3, 1.0)
    plain = list_texts("group_texts", texts)
    keys = [_NOT_WORD.sub("", text) or text for text in plain]
    code = pd.factorize(pd.Series(keys, dtype=object))[0].astype("int64") if keys else np.zeros(0, "int64")
    distinct = list(dict.fromkeys(keys))
    if similar < 1 and len(distinct) > 1:
        code = pd.factorize(_join_near(distinct, similar)[code])[0].astype("int64")
    return pd.Series(code, index=texts.index, name="group")


def _join_near(texts: list[str], similar: float) -> np.ndarray:
    """Return a number per text, the same for texts linked by near pairs."""
    import numpy as np
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    shingles = [frozenset(_shingle(text)) for text in texts]
    pairs = [p for p in _list_candidates(shingles) if _likeness(shingles[p[0]], shingles[p[1]]) >= similar]
    left, right = np.array(pairs, dtype="int64").reshape(-1, 2).T
    links = coo_matrix((np.ones(len(left)), (left, right)), shape=(len(texts), len(texts)))
    return connected_components(links, directed=False)[1]


def _shingle(text: str) -> list[str]:
    return [text[i : i + SHINGLE] for i in range(max(len(text) - SHINGLE + 1, 1))]


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both)


def _list_candidates(shingles: list[frozenset[str]]) -> list[tuple[int, int]]:
    """Return the pairs of places whose minhash agrees in a whole band."""
    signature = _sign(shingles)
    pairs: set[tuple[int, int]] = set()
    for band in range(_BANDS):
        buckets: dict[bytes, list[int]] = {}
        for at, row in enumerate(signature[:, band * _ROWS : (band + 1) * _ROWS]):
            buckets.setdefault(row.tobytes(), []).append(at)
        for places in buckets.values():
            # in a crowded bucket neighbours are compared: chains join what is alike
            reach = len(places) if len(places) <= _MOST_PAIRS else _MOST_PAIRS
            pairs.update((a, b) for i, a in enumerate(places[:-1]) for b in places[i + 1 : i + 1 + reach])
    return sorted(pairs)


def _sign(shingles: list[frozenset[str]]) -> np.ndarray:
    """Return the minhash of each set of shingles, the same on every machine."""
    import zlib

    import numpy as np

    # fixed numbers, not a seed: the groups of the same texts never change
    draw = np.random.Generator(np.random.PCG64(20240229))
    a = draw.integers(1, _PRIME, _BANDS * _ROWS, dtype="int64")
    b = draw.integers(0, _PRIME, _BANDS * _ROWS, dtype="int64")
    number: dict[str, int] = {}
    flat = [
        number.setdefault(s, zlib.crc32(s.encode("utf-8")) % _PRIME) for row in shingles for s in sorted(row)
    ]
    starts = np.cumsum([0, *(len(row) for row in shingles[:-1])])
    values = np.array(flat, dtype="int64")
    columns = [np.minimum.reduceat((values * x + y) % _PRIME, starts) for x, y in zip(a, b, strict=True)]
    return np.ascontiguousarray(np.stack(columns, axis=1))


def split_grouped(
    texts: pd.Series,
    *,
    n_folds: int = 5,
    labels: pd.Series | None = None,
    similar: float = 0.8,
    random_state: int,
) -> pd.DataFrame:
    """Divide texts into folds so that no text stands on both sides of a split.

    Parameters
    ----------
    texts : Series
        One text per row.
    n_folds : int
        Number of folds, at least 2; fold f is the test part, all others the training part.
    labels : Series, optional
        A class per row; the folds are given about the same mix of classes.
    similar : float
        From which likeness on texts count as the same (see `group_texts`).
    random_state : int
        Seed of the order in which groups are dealt out.

    Returns
    -------
    DataFrame
        Per text, index of `texts`: ``group``, ``fold`` (0 … n_folds − 1), ``first``
        (true for the first text of its group).

    Raises
    ------
    DataError
        There are fewer groups than folds.

    Notes
    -----
    Groups are dealt out whole, the largest first, each to the fold that has
    fewest of its class.  A review copied into both parts would be learnt by
    heart and then called a success.

    Examples
    --------
    >>> import pandas as pd
    >>> split_grouped(pd.Series(["好", "好！", "坏", "一般"]), n_folds=2, random_state=0)["group"].tolist()
    [0, 0, 1, 2]
    """
    import numpy as np
    import pandas as pd

    require_range("split_grouped", "n_folds", n_folds, 2)
    if labels is not None and len(labels) != len(texts):
        raise DataError(
            f"split_grouped: labels must be one per text; got {len(labels):,} for {len(texts):,}. "
            "Take both from the same table."
        )
    group = group_texts(texts, similar=similar)
    hint = "Take fewer folds or more texts."
    require_rows("split_grouped", group.nunique(), n_folds, "different texts", hint)
    kind = np.zeros(len(texts), "int64") if labels is None else pd.factorize(labels)[0]
    fold = _deal(group.to_numpy(), kind, n_folds, np.random.default_rng(random_state))
    return pd.DataFrame(
        {"group": group, "fold": fold[group.to_numpy()], "first": ~group.duplicated()}, index=texts.index
    )


def _deal(group: np.ndarray, kind: np.ndarray, n_folds: int, rng: np.random.Generator) -> np.ndarray:
    """Return the fold of each group."""
    import numpy as np

    n_kinds = int(kind.max(initial=0)) + 2
    counts = np.zeros((int(group.max()) + 1, n_kinds), "int64")
    np.add.at(counts, (group, kind), 1)
    shuffled = rng.permutation(len(counts))
    order = shuffled[np.argsort(-counts[shuffled].sum(axis=1), kind="stable")]
    held = np.zeros((n_folds, n_kinds), "int64")
    fold = np.zeros(len(counts), "int64")
    for g in order:
        main = int(counts[g].argmax())
        # the mix of classes first, then the size, then the lower number
        fold[g] = min(range(n_folds), key=lambda f: (held[f, main], held[f].sum(), f))
        held[fold[g]] += counts[g]
    return fold
