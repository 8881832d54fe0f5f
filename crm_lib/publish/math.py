"""Turn the LaTeX of a lesson into MathML, which a browser shows without any script."""

from __future__ import annotations

import re
from functools import lru_cache
from xml.etree import ElementTree

from crm_lib.errors import RenderError

_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
# How many parts each construct has; a converter that met half a formula leaves one out.
_PARTS = {
    "mfrac": 2,
    "msub": 2,
    "msup": 2,
    "msubsup": 3,
    "munder": 2,
    "mover": 2,
    "munderover": 3,
    "mroot": 2,
}


@lru_cache(maxsize=1024)
def convert_formula(tex: str, *, display: bool = False) -> str:
    r"""Convert one LaTeX formula to a MathML element.

    Parameters
    ----------
    tex : str
        The formula without its dollar signs.
    display : bool
        True for a formula on a line of its own.

    Returns
    -------
    str
        A ``<math>`` element without namespace (HTML needs none), with the
        LaTeX kept as ``alttext``.

    Raises
    ------
    RenderError
        When the formula is empty, unbalanced or uses a command that is not
        known; the message names the formula.

    Examples
    --------
    >>> convert_formula("x^2")
    '<math display="inline" alttext="x^2"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>'
    """
    source = tex.strip()
    _check_source(source)
    tree = _parse(source, display)
    _check_tree(source, tree)
    _strip_namespace(tree)
    tree.set("alttext", " ".join(source.split()))
    return ElementTree.tostring(tree, encoding="unicode")


def _fail(source: str, why: str) -> RenderError:
    return RenderError(
        f"convert_formula: a formula must be LaTeX that MathML can show; {why} in ${source}$. "
        "Mend the formula in the notebook source."
    )


def _check_source(source: str) -> None:
    if not source:
        raise _fail(source, "there is nothing")
    bare = re.sub(r"\\[\\{}]", "", source)
    if bare.count("{") != bare.count("}"):
        raise _fail(source, "braces { and } do not match")


def _parse(source: str, display: bool) -> ElementTree.Element:
    from latex2mathml.converter import convert

    try:
        return ElementTree.fromstring(convert(source, display="block" if display else "inline"))
    except Exception as fault:  # the converter raises a dozen unrelated classes
        raise _fail(source, f"the converter stopped ({type(fault).__name__})") from None


def _check_tree(source: str, tree: ElementTree.Element) -> None:
    for element in tree.iter():
        name = element.tag.rsplit("}", 1)[-1]
        if name in _PARTS and len(element) != _PARTS[name]:
            raise _fail(source, f"a part of <{name}> is missing")
        text = element.text or ""
        if name == "mi" and (text.startswith("\\") or text in ("{", "}", "&")):
            raise _fail(source, f"{text!r} is not understood")


def _strip_namespace(tree: ElementTree.Element) -> None:
    for element in tree.iter():
        element.tag = element.tag.removeprefix(f"{{{_NAMESPACE}}}")
