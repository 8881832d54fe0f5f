"""Cut the Chinese font down to the characters of one page and inline it.

A report must look the same on a machine without any Chinese font, and its PDF
must carry every character; so each page brings the glyphs it uses, as WOFF2.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from crm_lib.errors import MissingPackageError

ASCII = frozenset(map(chr, range(0x20, 0x7F)))
# Control characters, spaces of fixed width, joiners, variation selectors: no glyph is expected of them.
_INVISIBLE = frozenset(
    "\t\n\r\f\v\u00a0\u00ad\u200b\u200c\u200d\u2060\u2028\u2029\ufeff\u2061\u2062\u2063\u2064"
) | {chr(c) for c in (*range(0xFE00, 0xFE10), *range(0x20), *range(0x7F, 0xA0))}
# Vertical and feature tables, useless in a page set in one direction without features.
_DROPPED = frozenset(("GSUB", "GPOS", "GDEF", "BASE", "STAT", "VORG", "vhea", "vmtx", "FFTM", "DSIG"))


def find_text_font() -> Path:
    """Return the path of the Chinese text font (Noto Sans SC, OFL).

    Raises
    ------
    MissingPackageError
        When the package that carries the font is not installed.
    """
    return _find_in_package("zhplot", "fonts/NotoSansSC-Regular.ttf", "the Chinese font of a report")


def find_math_fonts() -> tuple[Path, Path]:
    """Return a font with an OpenType MATH table (DejaVu Serif), and one with slanted Greek."""
    names = ("DejaVuSerif.ttf", "STIXGeneral.ttf")
    first, second = (
        _find_in_package("matplotlib", f"mpl-data/fonts/ttf/{name}", "the formula font of a report")
        for name in names
    )
    return first, second


@cache
def _find_in_package(package: str, inside: str, purpose: str) -> Path:
    spec = find_spec(package)
    path = Path(spec.origin).parent / inside if spec and spec.origin else None
    if path is None or not path.is_file():
        raise MissingPackageError(
            f"{purpose} needs the package {package!r}, which is not installed. "
            "Install it with: pip install 'crm-lib[tour]'"
        )
    return path


def collect_characters(page: str) -> frozenset[str]:
    """Return the characters a page may show; data URIs and entities are resolved.

    Examples
    --------
    >>> sorted(collect_characters("<p>客户&#x2211;</p>") - ASCII)
    ['∑', '客', '户']
    """
    text = html.unescape(re.sub(r"data:[\w/+.;=-]+,[A-Za-z0-9+/=]*", "", page))
    return frozenset(text) - _INVISIBLE


@lru_cache(maxsize=64)
def subset_font(path: Path, characters: frozenset[str], *, math: bool = False) -> bytes:
    """Return `path` cut down to `characters`, as WOFF2 bytes.

    The same characters always give the same bytes.  Kept in memory, so that a
    batch of pages with one text pays once.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.ttLib.woff2 import WOFF2FlavorData

    options = subset.Options(hinting=False, glyph_names=False, notdef_outline=True, name_IDs=[1, 2, 13])
    font = TTFont(path, lazy=True, recalcTimestamp=False, recalcBBoxes=False)
    try:
        # Before the cut, not by it: the cutter would read these large tables through first.
        for tag in ({"FFTM"} if math else _DROPPED) & set(font.keys()):
            del font[tag]
        font.setGlyphOrder(list(_read_font(path)[1]))
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=[ord(c) for c in sorted(characters)])
        cutter.subset(font)
        font.flavor = "woff2"
        # Outlines as they are: taking them apart for a fifth fewer bytes takes half of the whole time.
        font.flavorData = WOFF2FlavorData(transformedTables=())
        out = io.BytesIO()
        with _quick_brotli():
            font.save(out, reorderTables=True)
    finally:
        font.close()
    return out.getvalue()


@contextmanager
def _quick_brotli() -> Iterator[None]:
    """Let fontTools compress at level 9: half the time of its fixed 11, for 3 % more bytes."""
    from fontTools.ttLib import woff2

    usual = woff2.brotli

    class Quick:
        MODE_FONT = usual.MODE_FONT

        @staticmethod
        def compress(data: bytes, mode: int) -> bytes:
            return usual.compress(data, mode=mode, quality=9)

    woff2.brotli = Quick
    try:
        yield
    finally:
        woff2.brotli = usual


@cache
def _read_font(path: Path) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return what the font covers, and its glyph names, which take half the time of a small cut to make."""
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap())), tuple(font.getGlyphOrder())


def _covered(path: Path) -> frozenset[str]:
    return _read_font(path)[0]


def list_missing(characters: Iterable[str], path: Path | None = None) -> tuple[str, ...]:
    """Return the characters the font has no glyph for, sorted."""
    covered = _covered(path or find_text_font())
    return tuple(sorted(c for c in set(characters) - _INVISIBLE if c not in covered))


def face_rule(family: str, woff2: bytes) -> str:
    """Return the CSS rule that declares `family` with inlined font data."""
    data = base64.b64encode(woff2).decode("ascii")
    return (
        f'@font-face{{font-family:"{family}";font-display:block;'
        f'src:url(data:font/woff2;base64,{data}) format("woff2")}}'
    )


def make_font_css(page: str, *, shared: str = "") -> tuple[str, tuple[str, ...]]:
    """Return the font rules of a page, and the characters no font of ours has.

    Parameters
    ----------
    page : str
        The whole page as HTML.
    shared : str
        The part of its text that pages of one batch have in common.  Its
        glyphs stand in a face of their own, which is cut once per batch; what
        only this page needs goes in a second, small face.

    Returns
    -------
    tuple
        CSS text (families "CRM Sans", "CRM Sans More", "CRM Math" as needed) and
        the missing characters, for which the reader's system font must do.
    """
    path = find_text_font()
    covered = _covered(path)
    wanted = collect_characters(page)
    base = (collect_characters(shared) & wanted | ASCII) & covered
    more = wanted & covered - base
    rules = [face_rule("CRM Sans", subset_font(path, base))]
    if more:
        rules.append(face_rule("CRM Sans More", subset_font(path, more)))
    formulas, shown = _add_formula_faces(page, rules)
    return "\n".join(rules), tuple(sorted((wanted - covered - shown) | (formulas - covered - shown)))


def _add_formula_faces(page: str, rules: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Append the faces the formulas need; return what the formulas show and what these faces cover."""
    left = formulas = _formula_characters(page)
    for family, path in zip(("CRM Math", "CRM Math More"), find_math_fonts(), strict=True):
        here = left & _covered(path)
        if here:
            rules.append(face_rule(family, subset_font(path, here, math=True)))
            left -= here
    return formulas, formulas - left


def _formula_characters(page: str) -> frozenset[str]:
    """Return what the formulas show, with the slanted letters a browser puts for `<mi>x</mi>`."""
    text = html.unescape(re.sub(r"<[^>]+>", "", "".join(re.findall(r"(?s)<math\b.*?</math>", page))))
    if not text:
        return frozenset()
    slanted = {_slant(c) for c in text}
    return (frozenset(text) | slanted | frozenset("0123456789()[]{}|√−")) - _INVISIBLE


def _slant(char: str) -> str:
    if char == "h":
        return "\u210e"
    for first, last, start in (
        ("A", "Z", 0x1D434),
        ("a", "z", 0x1D44E),
        ("Α", "Ω", 0x1D6E2),
        ("α", "ω", 0x1D6FC),
    ):
        if first <= char <= last:
            return chr(start + ord(char) - ord(first))
    return char


def embed_svg_font(svg: str) -> str:
    """Give an SVG that draws its words as text the glyphs it needs.

    A picture in `<img>` cannot use the fonts of the page around it.
    """
    if "<text" not in svg:
        return svg
    chars = (collect_characters(svg) | ASCII) & _covered(find_text_font())
    face = face_rule("Noto Sans SC", subset_font(find_text_font(), chars))
    style = f'<style>{face}text{{font-family:"Noto Sans SC",sans-serif}}</style>'
    return re.sub(r"(<svg\b[^>]*>)", lambda m: m[1] + style, svg, count=1)


def describe_fonts() -> dict[str, Any]:
    """Return the name and size of each font a report may embed (for `crm doctor`)."""
    return {p.name: p.stat().st_size for p in (find_text_font(), *find_math_fonts())}
