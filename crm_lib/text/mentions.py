"""Find the words of a list in texts, and whether they are negated."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib.errors import ParameterError
from crm_lib.text._words import CHINESE, list_texts, normalize, read_word_lists

if TYPE_CHECKING:
    import pandas as pd

_CLAUSE = re.compile(r"[,.;:!?、。…~\n]+|(?<=\S) (?=\S)|但是?|可是|不过|然而")
REACH = 4
"""A negation acts on a word that begins at most so many characters behind it, in the same clause."""

_HARMLESS = (
    "不仅", "不但", "不光", "不只", "不止", "不愧", "不得不", "不禁", "差不多",
    "无论", "非常", "特别", "未来", "分别", "别人", "别家", "没想到", "不错",
    "不用说", "不一样", "不论", "不管", "只不过", "没话说", "没得说", "不由得", "无比",
    "不一会", "性别", "区别", "级别", "是非",
)  # fmt: skip


@dataclass(frozen=True)
class Finder:
    """The words looked for, as one expression, the longest first."""

    words: re.Pattern[str] | None
    negation: re.Pattern[str]


def make_finder(words: Collection[str]) -> Finder:
    """Return the finder of `words` (normalised here)."""
    # a harmless word hides the negation that stands in it
    negation = sorted(read_word_lists().negation, key=lambda w: (-len(w), w))
    hidden = "|".join(map(re.escape, sorted(_HARMLESS, key=lambda w: (-len(w), w))))
    wanted = sorted({normalize(w) for w in words} - {""}, key=lambda w: (-len(w), w))
    return Finder(
        re.compile("|".join(_bound(w) for w in wanted)) if wanted else None,
        re.compile(f"(?:{hidden})|({'|'.join(map(re.escape, negation))})"),
    )


def _bound(word: str) -> str:
    # a Latin word must not be found inside a longer one
    plain = re.escape(word)
    return plain if CHINESE.search(word) else rf"(?<![a-z0-9]){plain}(?![a-z0-9])"


def iterate_mentions(text: str, finder: Finder, reach: int = REACH) -> Iterator[tuple[int, str, bool]]:
    """Yield place, word and whether it is negated, from left to right, the longest word first."""
    if finder.words is None:
        return
    start = 0
    for clause_start, clause_end in _list_clauses(text):
        clause, start = text[clause_start:clause_end], clause_start
        found = [(m.start(), m.end(), m[0]) for m in finder.words.finditer(clause)]
        # a 不 inside a word of the list belongs to that word
        minus = [m.end() for m in finder.negation.finditer(clause) if m[1]]
        inside = {at for begin, end, _ in found for at in range(begin + 1, end + 1)}
        minus = [at for at in minus if at not in inside]
        for begin, _, word in found:
            negations = sum(1 for at in minus if 0 <= begin - at <= reach)
            yield start + begin, word, negations % 2 == 1


def _list_clauses(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for mark in _CLAUSE.finditer(text):
        yield at, mark.start()
        at = mark.end()
    yield at, len(text)


def find_mentions(texts: pd.Series, words: Collection[str], *, reach: int = REACH) -> pd.DataFrame:
    """Find words in texts, and whether a negation turns them round.

    Parameters
    ----------
    texts : Series
        One text per row.
    words : collection of str
        What to look for; where two overlap, the first and then the longer one is found.
    reach : int
        A negation acts on a word that begins at most so many characters behind it.

    Returns
    -------
    DataFrame
        One row per mention, in the order of the texts: ``row`` (index value of
        the text), ``place`` (0 = first character of the normalised text),
        ``word``, ``negated``.

    Notes
    -----
    Words are found as letters, not as the cutter's words: 慢 is found in 太慢.
    A word of negation at most `reach` characters before, in the same clause
    (marks and 但, 不过 part clauses), turns the word round; two of them cancel.

    Examples
    --------
    >>> import pandas as pd
    >>> find_mentions(pd.Series(["服务不太好，质量好"]), ["好"])[["place", "negated"]].values.tolist()
    [[4, True], [8, False]]
    """
    import pandas as pd

    if isinstance(words, str):
        raise ParameterError(
            "find_mentions: words must be a list of words; got one text. Put it in brackets."
        )
    finder = make_finder(words)
    found = [
        (row, *mention)
        for row, text in zip(texts.index, list_texts("find_mentions", texts), strict=True)
        for mention in iterate_mentions(text, finder, reach)
    ]
    return pd.DataFrame(found, columns=["row", "place", "word", "negated"]).astype({
        "place": "int64",
        "word": object,
        "negated": bool,
    })
