"""Take names apart for linking: sound, letters, short forms, surname and given name.

Every distinct name is read once, in Python; what the database compares later
are whole numbers, because its edit distances count bytes, not characters.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

FULL, PET, TITLED, INITIAL = range(4)
"""How much of a name stands there: all of it, a pet form, a surname with a title, an initial."""

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_DOTS = re.compile("[·•・‧∙.。．\\s]+")
_BRACKET = re.compile(r"[(（\[【].*?[)）\]】]")
_NOT_LETTER = re.compile(r"[^\w,]+", re.UNICODE)
_JOINED = re.compile("['’`´]")
_LONGEST_MASKED = 4


class NameParts(NamedTuple):
    """One name as linking compares it; what a name does not have is None."""

    form: int = FULL
    whole: str | None = None
    sound: str | None = None
    letters: str | None = None
    masks: tuple[str | None, ...] = (None,) * _LONGEST_MASKED
    surname: str | None = None
    surname_sound: str | None = None
    given: str | None = None
    last: str | None = None
    pet: str | None = None
    initial: str | None = None
    latin: str | None = None
    woman: bool | None = None


@cache
def read_link_words() -> dict[str, Any]:
    """Return what stands in ``link_words.toml``."""
    text = (resources.files("crm_lib.identify") / "link_words.toml").read_text("utf-8")
    return tomllib.loads(text)


def split_name(name: str, sound_of: Callable[[str], str]) -> NameParts | None:
    """Take one tidy name apart.

    Parameters
    ----------
    name : str
        Name, half-width, without outer blanks.
    sound_of : callable
        Sound of one Chinese character, without tone.

    Returns
    -------
    NameParts or None
        None when no letter is left.

    Examples
    --------
    >>> split_name("小明", {"明": "ming"}.get).pet, split_name("O'Brien, Liz", str).sound
    ('明', 'elizabeth obrien')
    """
    name = _BRACKET.sub("", name).strip() or name
    if _HAN.search(name):
        return _split_chinese(name, sound_of)
    return _split_latin(name)


def _split_chinese(name: str, sound_of: Callable[[str], str]) -> NameParts | None:
    words = read_link_words()
    text = _DOTS.sub("", name).lower()
    for title in words["titles"]:
        if text.endswith(title) and len(text) > len(title):
            return _name_titled(text[: -len(title)], title, sound_of)
    if len(text) == 2 and text[0] in words["pet_prefixes"]:
        return NameParts(PET, pet=text[1])
    surname, given = split_surname(text)
    sound = _surname_sound(surname, sound_of)
    given_sound = "".join(sound_of(c) for c in given)
    n = len(text)
    masks = tuple(
        text[:k] + "_" + text[k + 1 :] if 3 <= n <= _LONGEST_MASKED and k < n else None
        for k in range(_LONGEST_MASKED)
    )
    return NameParts(
        FULL,
        whole=text,
        sound=" ".join(sorted(filter(None, (sound, given_sound)))),
        letters="".join(sorted(text)),
        masks=masks,
        surname=surname,
        surname_sound=sound,
        given=given or None,
        last=text[-1] if given else None,
        latin=f"{given_sound} {sound}" if n > _LONGEST_MASKED else None,
    )


def _name_titled(surname: str, title: str, sound_of: Callable[[str], str]) -> NameParts:
    """Return a name that ends in a title: mostly a surname alone, now and then a whole name."""
    words = read_link_words()
    woman = (
        title in words["female_titles"] if title in words["female_titles"] + words["male_titles"] else None
    )
    family, given = split_surname(surname)
    if given:
        whole = _split_chinese(surname, sound_of)
        return whole._replace(woman=woman) if whole else NameParts()
    return NameParts(TITLED, surname=family, surname_sound=_surname_sound(family, sound_of), woman=woman)


def split_surname(text: str) -> tuple[str, str]:
    """Return surname and given name of a Chinese name without blanks.

    Examples
    --------
    >>> split_surname("欧阳修"), split_surname("王小明"), split_surname("单")
    (('欧阳', '修'), ('王', '小明'), ('单', ''))
    """
    if len(text) >= 2 and text[:2] in read_link_words()["compound_surnames"] and len(text) != 2:
        return text[:2], text[2:]
    if text in read_link_words()["compound_surnames"]:
        return text, ""
    return text[:1], text[1:]


def _surname_sound(surname: str, sound_of: Callable[[str], str]) -> str:
    known = read_link_words()["surname_sounds"]
    return known.get(surname) or "".join(sound_of(c) for c in surname)


def fold_latin(text: str) -> str:
    """Return `text` in lower case without diacritics.

    Examples
    --------
    >>> fold_latin("Müller-Łukasz Ångström")
    'muller-lukasz angstrom'
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).translate(_SPECIAL)
    return "".join(c for c in plain if not unicodedata.combining(c)).lower()


_SPECIAL = str.maketrans({
    "ł": "l",
    "Ł": "L",
    "ø": "o",
    "Ø": "O",
    "đ": "d",
    "Đ": "D",
    "ı": "i",
    "æ": "ae",
    "œ": "oe",
})


def _split_latin(name: str) -> NameParts | None:
    words = read_link_words()
    text = _JOINED.sub("", fold_latin(name))
    order = [_NOT_LETTER.sub(" ", part.replace("_", " ")).split() for part in text.split(",", 1)]
    said = [token for part in order for token in part]
    order = [[t for t in part if t not in words["latin_titles"]] for part in order]
    tokens = [t.strip(",") for t in (order[1] + order[0] if len(order) == 2 and order[1] else order[0])]
    tokens = [t for t in tokens if t]
    if not tokens:
        return None
    woman = _tell_woman(said)
    n_surname = len(order[0]) if len(order) == 2 and order[1] else _count_surname(tokens)
    given, family = tokens[: len(tokens) - n_surname], tokens[len(tokens) - n_surname :]
    return _name_latin(given, "".join(family), woman)


def _name_latin(given: list[str], surname: str, woman: bool | None) -> NameParts:
    first = read_link_words()["pet_names"].get(given[0], given[0]) if given else ""
    latin = f"{first} {surname}".strip()
    short = len(first) == 1 or not given
    return NameParts(
        INITIAL if short else FULL,
        whole=None if short else " ".join([*given, surname]),
        sound=None if short else " ".join(sorted([first, surname])),
        surname=surname,
        surname_sound=surname,
        given=None if short else first,
        initial=f"{surname} {first[:1]}" if first else None,
        latin=latin if latin.isascii() and not short else None,
        woman=woman,
    )


def _tell_woman(said: list[str]) -> bool | None:
    words = read_link_words()
    if any(t in words["female_titles"] for t in said):
        return True
    return False if any(t in words["male_titles"] for t in said) else None


def _count_surname(tokens: list[str]) -> int:
    """Return how many tokens at the end are the surname: 'van der Berg' is one."""
    if len(tokens) >= 2 and len(tokens[-1]) == 1:  # Smith J
        tokens.insert(0, tokens.pop())
    n = 1
    while n < len(tokens) - 1 and tokens[-n - 1] in read_link_words()["particles"]:
        n += 1
    return n
