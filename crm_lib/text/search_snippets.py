"""Pieces of a page around what was looked for."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from crm_lib._checks import require_range
from crm_lib.text._words import normalize

_AROUND = 16


def make_snippet(text: str, words: Sequence[str], *, width: int = 60) -> str:
    """Return a piece of `text` that begins shortly before the first of the words.

    Parameters
    ----------
    text : str
        Text of a page, plain.
    words : sequence of str
        What was looked for, normalised.
    width : int
        Characters at most, at least 10, not counting the dots.

    Returns
    -------
    str
        Plain text with dots where something was left out; to be escaped where it is shown.

    Examples
    --------
    >>> make_snippet("本店长期求购毛绒玩具，量大，请来电。", ["求购"], width=10)
    '本店长期求购毛绒玩具……'
    """
    require_range("make_snippet", "width", width, 10)
    plain = normalize(text)
    places = [at for w in words if (at := plain.find(w)) >= 0]
    typed = " ".join(text.split())
    # the page's own signs are shown wherever they stand at the same places
    plain = typed if len(typed) == len(plain) else plain
    first = min(places, default=0)
    start = 0 if first <= min(_AROUND, width // 2) else first - min(_AROUND, width // 2)
    piece = plain[start : start + width]
    return ("……" if start else "") + piece + ("……" if start + width < len(plain) else "")


def mark_snippet(snippet: str, words: Sequence[str]) -> str:
    """Return a snippet as HTML: escaped, with the words marked.

    Parameters
    ----------
    snippet : str
        What `make_snippet` returned.
    words : sequence of str
        What was looked for, normalised.

    Returns
    -------
    str
        HTML in which only ``<mark>`` is a tag.

    Examples
    --------
    >>> mark_snippet("<b>求购", ["求购"])
    '&lt;b&gt;<mark>求购</mark>'
    """
    known = sorted({w for w in words if w}, key=lambda w: (-len(w), w))
    if not known:
        return html.escape(snippet)
    pattern = re.compile("|".join(map(re.escape, known)))
    # split with a group gives text, hit, text, hit, …
    parts = re.split(f"({pattern.pattern})", snippet)
    return "".join(
        f"<mark>{html.escape(part)}</mark>" if i % 2 else html.escape(part) for i, part in enumerate(parts)
    )
