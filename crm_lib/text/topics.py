"""What texts are about: topics named beforehand by their words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import list_words
from crm_lib.errors import ParameterError
from crm_lib.text._words import list_texts, normalize, read_toml
from crm_lib.text.mentions import iterate_mentions, make_finder

if TYPE_CHECKING:
    import pandas as pd


def read_topics(path: str | Path | None = None) -> dict[str, tuple[str, ...]]:
    """Read topics and the words that speak of them.

    Parameters
    ----------
    path : str or Path, optional
        A TOML file with a table ``topics``: name → list of words; without it the
        list that comes with the library.

    Returns
    -------
    dict
        Topic → words, in the order of the file.

    Raises
    ------
    ReadError
        The file cannot be read.
    ParameterError
        A topic has no words, or a word stands under two topics.
    """
    found = read_toml("read_topics", path, "topics.toml").get("topics")
    if not isinstance(found, dict) or not found:
        raise ParameterError(
            "read_topics: the file must hold a table [topics] with a list of words per topic; it does not. "
            "Start from a copy of crm_lib/text/topics.toml."
        )
    owner: dict[str, str] = {}
    faults = []
    for topic, words in found.items():
        if not isinstance(words, list) or not words or any(not isinstance(w, str) for w in words):
            faults.append(f"{topic} has no list of words")
            continue
        for word in map(normalize, words):
            if owner.setdefault(word, topic) != topic:
                faults.append(f"{word} stands under {owner[word]} and {topic}")
    if faults:
        raise ParameterError(
            f"read_topics: each word must belong to one topic; {list_words(faults, most=6)}. Mend the file."
        )
    return {topic: tuple(map(normalize, words)) for topic, words in found.items()}


def match_topics(texts: pd.Series, topics: dict[str, tuple[str, ...]] | None = None) -> pd.DataFrame:
    """Give each text the topic whose words it holds.

    Parameters
    ----------
    texts : Series
        One text per row.
    topics : dict, optional
        Topic → words, as `read_topics` returns; without it the library's own.

    Returns
    -------
    DataFrame
        Index of `texts`: ``topic`` (missing where no word is found), ``n_words``
        (mentions that speak for it), ``words`` (those words, joined by 、),
        ``other_topics`` (the others that are mentioned, joined by 、).

    Notes
    -----
    The topic with most mentions wins; of two with as many, the one whose
    word stands first in the text.  Whether a word is negated does not matter:
    质量不好 and 质量好 both speak of 质量.

    Examples
    --------
    >>> import pandas as pd
    >>> match_topics(pd.Series(["发货慢，包装破了，客服不错", "嗯"]))["topic"].fillna("").tolist()
    ['配送', '']
    """
    import pandas as pd

    known = read_topics() if topics is None else topics
    owner = {word: topic for topic, words in known.items() for word in words}
    finder = make_finder(owner)
    rows = []
    for text in list_texts("match_topics", texts):
        words = [word for _, word, _ in iterate_mentions(text, finder)]
        # most_common keeps the order of first appearance among equals
        ranked = [topic for topic, _ in Counter(owner[w] for w in words).most_common()]
        mine = [w for w in words if ranked and owner[w] == ranked[0]]
        best = ranked[0] if ranked else None
        rows.append((best, len(mine), "、".join(dict.fromkeys(mine)), "、".join(ranked[1:])))
    out = pd.DataFrame(rows, columns=["topic", "n_words", "words", "other_topics"], index=texts.index)
    return out.astype({"topic": object, "n_words": "int64", "words": object, "other_topics": object})
