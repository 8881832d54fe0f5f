"""The experience lexicon 体验辞典: words of customers → what part of the experience they speak of."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import list_words
from crm_lib.errors import ParameterError, ReadError
from crm_lib.text._words import list_texts, normalize, read_toml
from crm_lib.text.mentions import iterate_mentions, make_finder

if TYPE_CHECKING:
    import pandas as pd

LEVELS = ("体验属性", "体验主题", "体验效果")
POLARITIES = {"好": 1, "中": 0, "差": -1}
_COLUMNS = ("word", "code", "level", "polarity")


@dataclass(frozen=True)
class LexiconEntry:
    """A word, the code it stands for, the level of that code, and whether it praises (1), blames (−1) or neither."""

    word: str
    code: str
    level: str
    polarity: int


@dataclass(frozen=True)
class Lexicon:
    """An experience lexicon: its version and its words."""

    version: str
    entries: tuple[LexiconEntry, ...]


def read_lexicon(path: str | Path | None = None) -> Lexicon:
    """Read an experience lexicon 体验辞典.

    Parameters
    ----------
    path : str or Path, optional
        A TOML file (``version``; ``[[codes]]`` with ``code``, ``level`` and the
        lists ``好``, ``中``, ``差``) or a CSV file in UTF-8 with the columns ``word``,
        ``code``, ``level``, ``polarity`` (好, 中 or 差).  Without it, the lexicon
        that comes with the library.

    Returns
    -------
    Lexicon
        Version and words, in the order of the file.

    Raises
    ------
    ReadError
        The file cannot be read.
    ParameterError
        Entries break the form; all that do are named.

    Notes
    -----
    The three levels are the textbook's; the words and codes of the lexicon that
    comes with the library are ours.

    Examples
    --------
    >>> read_lexicon().entries[0].level
    '体验属性'
    """
    text_file = path is not None and Path(path).suffix.lower() == ".csv"
    version, rows = _read_csv(Path(path)) if text_file else _read_codes(path)
    entries, faults, seen = [], [], {}
    for word, code, level, sign in rows:
        plain = normalize(word)
        faults += _find_faults(plain, code, level, sign, seen)
        seen[plain] = code
        entries.append(LexiconEntry(plain, code, level, POLARITIES.get(sign, 0)))
    if faults or not entries:
        what = list_words(faults, most=6) or "it holds no word"
        raise ParameterError(
            f"read_lexicon: the lexicon must give each word one code, level and polarity; {what}. "
            "Start from a copy of crm_lib/text/experience.toml."
        )
    return Lexicon(version, tuple(entries))


def _find_faults(word: str, code: str, level: str, sign: str, seen: dict[str, str]) -> list[str]:
    faults = []
    if not word or not code:
        faults.append(f"an entry lacks its word or code ({word!r}, {code!r})")
    if level not in LEVELS:
        faults.append(f"level of {word!r} is {level!r}, not one of {'/'.join(LEVELS)}")
    if sign not in POLARITIES:
        faults.append(f"polarity of {word!r} is {sign!r}, not one of {'/'.join(POLARITIES)}")
    if word in seen:
        faults.append(f"{word!r} stands twice (under {seen[word]!r} and {code!r})")
    return faults


def _read_codes(path: str | Path | None) -> tuple[str, list[tuple[str, str, str, str]]]:
    found = read_toml("read_lexicon", path, "experience.toml")
    rows = []
    for block in found.get("codes", ()):
        code, level = str(block.get("code", "")), str(block.get("level", ""))
        rows += [(str(word), code, level, sign) for sign in POLARITIES for word in block.get(sign, ())]
    return str(found.get("version", "")), rows


def _read_csv(path: Path) -> tuple[str, list[tuple[str, str, str, str]]]:
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
        missing = [c for c in _COLUMNS if c not in (reader.fieldnames or ())]
        rows = [] if missing else [tuple((row[c] or "").strip() for c in _COLUMNS) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReadError(
            f"read_lexicon: {str(path)!r} cannot be read ({error}). Save it as CSV UTF-8."
        ) from None
    if missing:
        raise ReadError(
            f"read_lexicon: {path.name!r} must have the columns {', '.join(_COLUMNS)}; it lacks {missing[0]!r}. "
            "Write them in the first line."
        )
    return path.stem, rows


def code_experience(texts: pd.Series, lexicon: Lexicon | None = None) -> pd.DataFrame:
    """Code stories and notes with an experience lexicon 体验辞典.

    Parameters
    ----------
    texts : Series
        One story, note or comment per row.
    lexicon : Lexicon, optional
        What `read_lexicon` returned; without it the library's own.

    Returns
    -------
    DataFrame
        One row per mention, in the order of the texts: ``row`` (index value of
        the text), ``place``, ``word``, ``code``, ``level`` (体验属性, 体验主题 or
        体验效果), ``polarity`` (1, 0, −1), ``negated``.  A text without any word
        of the lexicon has no row; how many there are is ``attrs["n_uncoded"]``.

    Notes
    -----
    A negation before the word in the same clause turns its polarity round:
    不太耐心 is −1.  A neutral word stays 0.

    Examples
    --------
    >>> import pandas as pd
    >>> code_experience(pd.Series(["导购很耐心，不过等了很久"]))[["word", "code", "polarity"]].values.tolist()
    [['耐心', '态度', 1], ['等了很久', '流程', -1]]
    """
    import pandas as pd

    known = {entry.word: entry for entry in (lexicon or read_lexicon()).entries}
    finder = make_finder(known)
    rows, n_uncoded = [], 0
    for row, text in zip(texts.index, list_texts("code_experience", texts), strict=True):
        before = len(rows)
        for place, word, negated in iterate_mentions(text, finder):
            entry = known[word]
            sign = -entry.polarity if negated else entry.polarity
            rows.append((row, place, word, entry.code, entry.level, sign, negated))
        n_uncoded += len(rows) == before
    columns = ["row", "place", "word", "code", "level", "polarity", "negated"]
    out = pd.DataFrame(rows, columns=columns).astype({
        "place": "int64",
        "word": object,
        "code": object,
        "level": object,
        "polarity": "int64",
        "negated": bool,
    })
    out.attrs["n_uncoded"] = n_uncoded
    return out
