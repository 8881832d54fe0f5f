"""Turn the authored text of a notebook into HTML: JupyterLab's Markdown, formulas as MathML."""

from __future__ import annotations

import html
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from crm_lib.errors import RenderError
from crm_lib.publish.math import convert_formula

if TYPE_CHECKING:
    from nbconvert.filters.markdown_mistune import MarkdownWithMath


_HAN = "\u2014\u2018-\u201d\u2026\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
_BETWEEN_HAN = re.compile(rf"([{_HAN}](?:</\w+>)*)\n((?:<\w[^>]*>)*(?=[{_HAN}]))")


def render_markdown(text: str, *, attachments: dict[str, dict[str, str]] | None = None) -> str:
    """Return authored Markdown as HTML.

    Parameters
    ----------
    text : str
        Markdown of a text cell; HTML in it is kept, for it is ours.
    attachments : dict, optional
        Pictures of the cell, as nbformat keeps them.

    Raises
    ------
    RenderError
        For a formula that does not convert, and for a picture that is not in
        the notebook itself: the page must stand alone.
    """
    return _build_parser(_renderer_class()(escape=False, attachments=attachments)).render(text).strip()


def render_foreign_markdown(text: str) -> str:
    """Return Markdown that came out of data as HTML; HTML and formulas in it stay plain text."""
    return _build_parser(_plain_class()(escape=True)).render(text).strip()


def _build_parser(renderer: Any) -> MarkdownWithMath:
    from nbconvert.filters.markdown_mistune import MarkdownWithMath

    return MarkdownWithMath(renderer=renderer)


@cache
def _renderer_class() -> type:
    from nbconvert.filters.markdown_mistune import IPythonRenderer

    methods = {
        "heading": _heading,
        "paragraph": _paragraph,
        "block_text": lambda self, text: _join_lines(text),
        "inline_math": lambda self, body: convert_formula(body),
        "block_math": lambda self, body: convert_formula(body, display=True),
        "latex_environment": _environment,
        "block_code": _block_code,
        "image": _image,
    }
    return type("ReportRenderer", (IPythonRenderer,), methods)


@cache
def _plain_class() -> type:
    from nbconvert.filters.markdown_mistune import IPythonRenderer

    methods = {
        "heading": lambda self, text, level, **attrs: f"<p><strong>{text}</strong></p>\n",
        "block_code": _block_code,
        "image": lambda self, text, url, title=None: html.escape(text),
    }
    return type("ForeignRenderer", (IPythonRenderer,), methods)


def _heading(self: Any, text: str, level: int, **attrs: Any) -> str:
    return f"<h{level}>{text}</h{level}>\n"


def _paragraph(self: Any, text: str) -> str:
    return f"<p>{_join_lines(text)}</p>\n"


def _join_lines(text: str) -> str:
    """Drop line ends between Chinese characters, which a browser would show as gaps.

    Lesson text is written one sentence a line.
    """
    return _BETWEEN_HAN.sub(r"\1\2", text)


def _environment(self: Any, name: str, body: str) -> str:
    return convert_formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)


def _block_code(self: Any, code: str, info: str | None = None) -> str:
    return highlight_code(code, language=(info or "").split(maxsplit=1)[0] if info else "")


def _image(self: Any, text: str, url: str, title: str | None = None) -> str:
    if url.startswith("attachment:"):
        url = self._embed_image_or_attachment(url)
    if not url.startswith("data:image/"):
        raise RenderError(
            f"render_markdown: a picture in the text must be in the notebook itself (attachment or data:); "
            f"got {url!r}. Draw it with a plot function, or attach the file to the cell."
        )
    return f'<img src="{html.escape(url)}" alt="{html.escape(text)}">'


def highlight_code(code: str, *, language: str = "python") -> str:
    """Return `code` as highlighted HTML; an unknown language gives plain text."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import TextLexer, get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language) if language else TextLexer()
    except ClassNotFound:
        lexer = TextLexer()
    return f'<pre class="code" tabindex="0"><code>{highlight(code, lexer, HtmlFormatter(nowrap=True))}</code></pre>\n'
