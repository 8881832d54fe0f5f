"""What of a text can be looked up: words, pairs of Chinese characters, single characters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from crm_lib.text._words import CHINESE, cut_words, kind_of, normalize

_RUN = re.compile(f"{CHINESE.pattern}+")
_SINGLE = "\u0001"


def count_terms(texts: Sequence[str]) -> list[Counter[str]]:
    """Count the terms of each text, normalised or not.

    Notes
    -----
    Chinese is looked up by every pair of neighbouring characters, so nothing is
    missed where the dictionary cuts otherwise than the searcher thinks; a word of
    the dictionary with three characters or more counts once besides, so that a
    page with the whole word stands above one with its pieces.  A Chinese character
    that stands alone is a term of its own, and so is a word or number in Latin
    letters or digits.
    """
    plain = [normalize(t) for t in texts]
    return [_count(text, words) for text, words in zip(plain, cut_words(plain), strict=True)]


def _count(text: str, words: list[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for run in _RUN.findall(text):
        found.update(run[i : i + 2] for i in range(len(run) - 1))
        if len(run) == 1:
            found[run] += 1
    for word in words:
        kind = kind_of(word)
        if kind in ("latin", "number") or (kind == "chinese" and len(word) > 2):
            found[word] += 1
    return found


def list_characters(text: str) -> set[str]:
    """Return the single Chinese characters of a normalised text, marked so that they are no terms to score."""
    return {_SINGLE + c for run in _RUN.findall(text) for c in run}


def needed_terms(word: str) -> list[str]:
    """Return the terms all of which stand in every text that holds `word`.

    Examples
    --------
    >>> needed_terms("毛绒玩具"), len(needed_terms("买")), needed_terms("usb3 线材")
    (['毛绒', '绒玩', '玩具'], 1, ['线材', 'usb3'])
    """
    needed = [
        run[i : i + 2] if len(run) > 1 else _SINGLE + run
        for run in _RUN.findall(word)
        for i in range(max(len(run) - 1, 1))
    ]
    latin = [w for w in cut_words([word])[0] if kind_of(w) in ("latin", "number")]
    return list(dict.fromkeys([*needed, *latin]))


def list_words(text: str) -> list[str]:
    """Return the words of a normalised piece of a query, as the dictionary cuts it.

    Examples
    --------
    >>> list_words("求购毛绒玩具")
    ['求购', '毛绒玩具']
    """
    return [w for w in cut_words([text])[0] if kind_of(w) in ("chinese", "latin", "number")]


def scored_terms(word: str) -> list[str]:
    """Return the terms of a query word that count for the score, each once."""
    return sorted(count_terms([word])[0])


def holds_phrase(text: str, phrase: str) -> bool:
    """Tell whether a normalised text holds the phrase; letters and digits are never cut in two.

    Examples
    --------
    >>> holds_phrase("求购毛绒玩具", "毛绒玩具"), holds_phrase("canon eos", "can")
    (True, False)
    """
    return find_phrase(text, phrase) >= 0


def find_phrase(text: str, phrase: str) -> int:
    """Return where the phrase first stands in a normalised text, −1 when it does not."""
    at = text.find(phrase)
    while at >= 0:
        end = at + len(phrase)
        if not (_joined(text, at) or _joined(text, end)):
            return at
        at = text.find(phrase, at + 1)
    return -1


def _joined(text: str, at: int) -> bool:
    """Tell whether a Latin letter or digit stands on both sides of a place."""
    return 0 < at < len(text) and all(c.isascii() and c.isalnum() for c in text[at - 1 : at + 1])
