"""Read student code as tokens that survive renaming, comments and formatting, and fingerprint them.

A lexer of our own instead of Python's: broken code has tokens too, and the
fingerprints are the same under every version of Python.
"""

from __future__ import annotations

import builtins
import hashlib
import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

# Tokens in one fingerprint, and neighbouring ones of which one is kept: every passage of
# LENGTH + WINDOW - 1 equal tokens leaves at least one common fingerprint (Schleimer et al. 2003).
LENGTH, WINDOW = 6, 3
# Beyond this a cell is no answer but a dump; nobody's time is spent on it.
MOST_TOKENS = 20_000
VARIABLE = "V"
_TOKEN = re.compile(
    r"""
      (?P<space>\s+|\\\n|\#[^\n]*)
    | (?P<text>[rRbBuUfF]{0,2}(?:'{3}.*?(?:'{3}|\Z)|"{3}.*?(?:"{3}|\Z)
        |'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?))
    | (?P<number>\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d]\w*)
    | (?P<sign>\*\*=|//=|<<=|>>=|\.\.\.|[-+*/%&|^@=!<>:]=|->|\*\*|//|<<|>>|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_MAGIC = re.compile(r"^[ \t]*[%!?][^\n]*", re.MULTILINE)
_KEPT_NAMES = frozenset(keyword.kwlist) | frozenset(dir(builtins))


@dataclass(frozen=True, slots=True)
class Token:
    """A normalised token and the line (from 1) it begins in."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Hash of `LENGTH` neighbouring tokens; its cell, place among those kept there, first and last line."""

    value: str
    cell: int
    place: int
    first: int
    last: int


def read_tokens(code: str) -> list[Token]:
    """Return the tokens of one cell.

    Parameters
    ----------
    code : str
        Source of the cell; it need not be valid Python.

    Returns
    -------
    list of Token
        Without comments, white space, semicolons and lines for the shell.  Names
        that the code gives itself are all ``V``; attributes, names of arguments,
        keywords and builtins stay.  Numbers stand by their value, texts without
        their quotes, and ``frame["column"]`` as ``frame.column``.

    Examples
    --------
    >>> [t.text for t in read_tokens("total = rows['amount'].sum()  # 合计")]
    ['V', '=', 'V', '.', 'amount', '.', 'sum', '(', ')']
    >>> [t.text for t in read_tokens("x=(data . amount.sum( ));")]
    ['V', '=', '(', 'V', '.', 'amount', '.', 'sum', '(', ')', ')']
    """
    raw = _split(_MAGIC.sub("", unicodedata.normalize("NFKC", code)))
    return [Token(*found) for found in _settle(raw)]


def _split(code: str) -> list[tuple[str, str, int]]:
    found, line = [], 1
    for match in _TOKEN.finditer(code):
        kind, text = str(match.lastgroup), match[0]
        if kind != "space" and text != ";":
            found.append((kind, text, line))
            if len(found) >= MOST_TOKENS:
                break
        line += text.count("\n")
    return found


def _settle(raw: Sequence[tuple[str, str, int]]) -> Iterator[tuple[str, int]]:
    depth, i = 0, 0
    while i < len(raw):
        kind, text, line = raw[i]
        after = raw[i + 1][1] if i + 1 < len(raw) else ""
        column = _column_of(raw, i)
        if column:
            yield from ((".", line), (column, line))
            i += 3
            continue
        depth += (text in "([{") - (text in ")]}") if len(text) == 1 else 0
        if kind == "text":
            text = _plain_text(text)
        elif kind == "number":
            text = _plain_number(text)
        elif kind == "name":
            attribute = i > 0 and raw[i - 1][1] == "."
            argument = after == "=" and depth > 0
            text = text if attribute or argument or text in _KEPT_NAMES else VARIABLE
        yield text, line
        i += 1


def _column_of(raw: Sequence[tuple[str, str, int]], i: int) -> str:
    """Return the column when ``["column"]`` begins at `i` after a value, else nothing."""
    if raw[i][1] != "[" or i + 2 >= len(raw) or raw[i + 1][0] != "text" or raw[i + 2][1] != "]":
        return ""
    after_value = i > 0 and (raw[i - 1][0] == "name" or raw[i - 1][1] in {")", "]"})
    name = raw[i + 1][1].strip("'\"")
    return name if after_value and name.isidentifier() and raw[i - 1][1] not in keyword.kwlist else ""


def _plain_text(text: str) -> str:
    """Return a text without its quotes; what an f-string fills in carries names and counts for nothing."""
    prefix = re.match(r"[rRbBuUfF]*", text)[0].lower()  # type: ignore[index]
    body = text[len(prefix) :].strip("'\"")
    return '"' + (re.sub(r"\{[^{}]*\}", "{}", body) if "f" in prefix else body)


def _plain_number(text: str) -> str:
    try:
        return repr(float(text.replace("_", "")))
    except ValueError:
        return text


def hash_runs(tokens: Sequence[Token]) -> list[str]:
    """Return the hash of every run of `LENGTH` neighbouring tokens, in order."""
    texts = [t.text for t in tokens]
    runs = ("\x00".join(texts[i : i + LENGTH]) for i in range(len(texts) - LENGTH + 1))
    return [hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=8).hexdigest() for run in runs]


def winnow(hashes: Sequence[Any], window: int | None = None) -> list[int]:
    """Return the places of the hashes to keep: in each window the smallest, of equal ones the last.

    The figures of the paper, section 3:

    >>> winnow([77, 74, 42, 17, 98, 50, 17, 98, 8, 88, 67, 39, 77, 74, 42, 17, 98], window=4)
    [3, 6, 8, 11, 15]
    """
    kept: list[int] = []
    width = window or WINDOW
    for start in range(max(1, len(hashes) - width + 1) if hashes else 0):
        here = hashes[start : start + width]
        smallest = min(here)
        place = start + max(i for i, value in enumerate(here) if value == smallest)
        if not kept or kept[-1] != place:
            kept.append(place)
    return kept


def fingerprint_cells(cells: Iterable[str]) -> list[Fingerprint]:
    """Return the winnowed fingerprints of code cells; none reaches across two cells."""
    found = []
    for number, code in enumerate(cells):
        tokens = read_tokens(code)
        hashes = hash_runs(tokens)
        for place, start in enumerate(winnow(hashes)):
            run = tokens[start : start + LENGTH]
            found.append(Fingerprint(hashes[start], number, place, run[0].line, run[-1].line))
    return found


def hash_template(cells: Iterable[str]) -> frozenset[str]:
    """Return every run of tokens of the template: whoever uses it copied from the teacher."""
    return frozenset(value for code in cells for value in hash_runs(read_tokens(code)))
