"""One writing for every text, one cutter for every word list."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra
from crm_lib.errors import DataError, ParameterError, ReadError

if TYPE_CHECKING:
    import pandas as pd

# zero-width and direction marks, variation selectors, skin tones: they change the look, not the word
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\u00ad]")
_SPACE = re.compile(r"\s+")
_NUMBER = re.compile(r"[+\-]?\d[\d.,:%/]*$")
CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
# a number is one word, unless letters belong to it (iphone15)
_WHOLE_NUMBER = re.compile(r"(?<![a-z0-9.])(\d+(?:[.,:/]\d+)*%?)(?![a-z0-9])")
_LATIN = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class WordLists:
    """Words without meaning of their own, of negation and of degree."""

    function: frozenset[str]
    negation: frozenset[str]
    degree: frozenset[str]


def read_toml(where: str, path: str | Path | None, own: str) -> dict[str, Any]:
    """Return a TOML file, or without a path the one of this name that travels with this room."""
    try:
        if path is None:
            return tomllib.loads((resources.files("crm_lib.text") / own).read_text("utf-8"))
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ReadError(
            f"{where}: the file must be TOML in UTF-8; {str(path)!r} cannot be read ({error}). "
            f"Start from a copy of crm_lib/text/{own}."
        ) from None


def read_word_lists(path: str | Path | None = None) -> WordLists:
    """Read the lists of stop_words.toml, or of a file of the same form."""
    return _own_lists() if path is None else _read_lists(path)


@cache
def _own_lists() -> WordLists:
    return _read_lists(None)


def _read_lists(path: str | Path | None) -> WordLists:
    found = read_toml("segment_words", path, "stop_words.toml")
    names = ("function", "negation", "degree")
    bad = [
        n for n in names if not isinstance(found.get(n), list) or any(type(w) is not str for w in found[n])
    ]
    if bad:
        raise ParameterError(
            f"segment_words: the file of stop words must hold lists of texts; {bad[0]!r} is none. "
            "Start from a copy of crm_lib/text/stop_words.toml."
        )
    lists = [frozenset(normalize(w) for w in found[n]) for n in names]
    # a word of negation or degree is kept whatever else it may be
    return WordLists(lists[0] - lists[1], lists[1], lists[2])


def normalize(text: str) -> str:
    """Return `text` half-width, in small letters, without invisible characters, blanks as one.

    Examples
    --------
    >>> normalize("  ＡＢＣ１２３　不好\u200b！ ")
    'abc123 不好!'
    """
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _SPACE.sub(" ", plain).strip().lower()


def list_texts(where: str, texts: pd.Series) -> list[str]:
    """Return each row's normalised text; a missing one is empty."""
    import pandas as pd

    if not isinstance(texts, pd.Series):
        raise ParameterError(
            f"{where}: texts must be a column (Series); got {type(texts).__name__}. Pass frame['text']."
        )
    blank = texts.isna().to_numpy()
    values = texts.tolist()
    wrong = [v for v, b in zip(values, blank, strict=True) if not b and not isinstance(v, str)]
    if wrong:
        raise DataError(
            f"{where}: texts must be text; {len(wrong):,} of {len(values):,} rows are not "
            f"(first: {wrong[0]!r}). Is it another column?"
        )
    return ["" if b else normalize(v) for v, b in zip(values, blank, strict=True)]


@cache
def find_cutter(user_words: tuple[str, ...] = ()) -> Any:
    """Return a cutter that knows the user's words beside the dictionary's."""
    package = import_extra("rjieba", extra="text", purpose="Cutting Chinese text into words")
    # one of our own, so that words added elsewhere in the process do not change ours
    cutter = package.Jieba()
    for word in user_words:
        cutter.add_word(word, None, None)
        cutter.suggest_freq(word)
    return cutter


def cut_words(texts: Sequence[str], user_words: Collection[str] = ()) -> list[list[str]]:
    """Cut normalised texts into words, punctuation included, blanks left out.

    Without the hidden Markov model of the cutter: it invents words that no list can hold.
    """
    extra = tuple(sorted({normalize(w) for w in user_words} - {""}))
    cutter = find_cutter(extra)
    return [_cut(text, cutter) for text in texts]


def _cut(text: str, cutter: Any) -> list[str]:
    # split with a group gives text, number, text, number, …
    parts = _WHOLE_NUMBER.split(text) if any(c.isdigit() for c in text) else [text]
    words = (cutter.cut(part, False) if i % 2 == 0 else [part] for i, part in enumerate(parts))
    return [w for cut in words for w in cut if not w.isspace()]


def kind_of(word: str) -> str:
    """Return chinese, latin, number, emoji or mark.

    Examples
    --------
    >>> [kind_of(w) for w in ("质量", "iphone15", "3.5", "👍", "!")]
    ['chinese', 'latin', 'number', 'emoji', 'mark']
    """
    if CHINESE.search(word):
        return "chinese"
    if _NUMBER.match(word):
        return "number"
    if _LATIN.search(word):
        return "latin"
    return "emoji" if any(unicodedata.category(c) == "So" for c in word) else "mark"
