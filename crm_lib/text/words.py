"""Cut Chinese text into words and count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import require_choice, require_range
from crm_lib.errors import ParameterError
from crm_lib.text._words import CHINESE, WordLists, cut_words, kind_of, list_texts, read_word_lists

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("chinese", "latin", "number", "emoji", "mark")


def segment_words(
    texts: pd.Series,
    *,
    keep: Collection[str] = ("chinese", "latin", "number", "emoji"),
    user_words: Collection[str] = (),
    drop_stop_words: bool = True,
    join_negation: bool = True,
    stop_words: str | Path | None = None,
) -> pd.Series:
    """Cut each text into its words.

    Parameters
    ----------
    texts : Series
        One text per row; a missing one gives an empty list.
    keep : collection of str
        Kinds of words to keep: ``chinese``, ``latin``, ``number``, ``emoji``, ``mark`` (punctuation).
    user_words : collection of str
        Words the dictionary should know besides, such as names of goods.
    drop_stop_words : bool
        Leave out words without meaning of their own; words of negation and degree always stay.
    join_negation : bool
        Write a negation and what it negates as one word: 不 + 满意 → 不满意.
    stop_words : str or Path, optional
        A file of the form of ``crm_lib/text/stop_words.toml`` in its stead.

    Returns
    -------
    Series
        A list of words per row, index and order of `texts`.

    Notes
    -----
    Text is brought to one writing first (Unicode NFKC: full-width letters and
    digits become half-width; small letters; invisible characters go).
    Traditional characters stay as they are.  The words are those of the
    cutter's dictionary; none are guessed from letters that often stand together.

    Examples
    --------
    >>> import pandas as pd
    >>> segment_words(pd.Series(["质量不好，我不太满意", "ＡＢＣ很好👍３件"])).tolist()
    [['质量', '不好', '不太满意'], ['abc', '很', '好', '👍', '3']]
    """
    import pandas as pd

    if isinstance(keep, str) or isinstance(user_words, str):
        raise ParameterError(
            "segment_words: keep and user_words must be lists of words; got one text. Put it in brackets."
        )
    for kind in keep:
        require_choice("segment_words", "keep", kind, KINDS)
    lists = read_word_lists(stop_words)
    plain = list_texts("segment_words", texts)
    kept = frozenset(keep)
    rows = []
    for words in cut_words(plain, user_words):
        joined = join_negated(words, lists) if join_negation else words
        rows.append([w for w in joined if _kind(w) in kept and not (drop_stop_words and w in lists.function)])
    return pd.Series(rows, index=texts.index, name=texts.name, dtype=object)


@cache
def _kind(word: str) -> str:
    return kind_of(word)


def join_negated(words: list[str], lists: WordLists) -> list[str]:
    """Join a word of negation with the next word of the clause, over at most one word of degree."""
    out: list[str] = []
    at = 0
    while at < len(words):
        word, end = words[at], at + 1
        if word in lists.negation:
            if end + 1 < len(words) and words[end] in lists.degree and CHINESE.match(words[end + 1]):
                end += 1
            if end < len(words) and CHINESE.match(words[end]) and words[end] not in lists.function:
                word, end = "".join(words[at : end + 1]), end + 1
            else:
                end = at + 1
        out.append(word)
        at = end
    return out


def count_words(words: pd.Series, *, least: int = 1) -> pd.DataFrame:
    """Count in how many texts each word stands, and how often.

    Parameters
    ----------
    words : Series
        A list of words per text, as `segment_words` gives them.
    least : int
        Leave out words in fewer texts; how many are left out is ``attrs["n_rare"]``.

    Returns
    -------
    DataFrame
        One row per word: ``word``, ``n_texts``, ``n_times``, ``text_share`` (of all
        texts, blank ones included); most texts first, then by word.

    Examples
    --------
    >>> import pandas as pd
    >>> count_words(pd.Series([["质量", "好", "好"], ["质量"]])).values.tolist()
    [['质量', 2, 2, 1.0], ['好', 1, 2, 0.5]]
    """
    import pandas as pd

    require_range("count_words", "least", least, 1)
    rows = require_lists("count_words", words)
    times = Counter(w for row in rows for w in row)
    texts = Counter(w for row in rows for w in dict.fromkeys(row))
    order = sorted((w for w in texts if texts[w] >= least), key=lambda w: (-texts[w], -times[w], w))
    out = pd.DataFrame({
        "word": pd.Series(order, dtype=object),
        "n_texts": pd.Series([texts[w] for w in order], dtype="int64"),
        "n_times": pd.Series([times[w] for w in order], dtype="int64"),
        "text_share": pd.Series([texts[w] / len(rows) for w in order], dtype="float64"),
    })
    out.attrs["n_rare"] = len(texts) - len(order)
    return out


def require_lists(where: str, words: pd.Series) -> list[list[str]]:
    """Return the rows of a column of word lists, or say that it is none."""
    rows = list(words)
    if any(not isinstance(row, list | tuple) for row in rows):
        raise ParameterError(f"{where}: needs a list of words per row. Make them with segment_words.")
    return [list(row) for row in rows]
