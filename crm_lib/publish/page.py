"""What a report page and the index page share: templates, one look, one policy, safe writing."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.errors import RenderError
from crm_lib.publish.fonts import make_font_css

if TYPE_CHECKING:
    from jinja2 import Environment

_FONT_SLOT = "/*crm-fonts*/"


def project_title(notebook_id: str) -> str:
    """Return the title of the textbook project that a notebook (or its folder's name) belongs to.

    Examples
    --------
    >>> project_title("1_identification/2_cleaning"), project_title("9_own/1_mine")
    ('客户识别', '9_own')
    """
    folder = notebook_id.split("/")[0]
    try:
        return say(f"projects.{folder}")
    except KeyError:
        return folder


@cache
def read_asset(name: str) -> str:
    """Return the text of a file of ``publish/template``."""
    return (resources.files("crm_lib.publish") / "template" / name).read_text("utf-8").strip()


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    env = Environment(
        loader=FunctionLoader(read_asset),
        autoescape=True,  # whatever a template is given is data, unless marked otherwise
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.globals["say"] = say
    env.filters.update(seconds=format_seconds, day=format_day, minute=format_minute)
    return env


def render_page(
    template: str, *, styles: tuple[str, ...], script: str, shared: str = "", **values: Any
) -> tuple[str, tuple[str, ...]]:
    """Fill a template and inline style, script and the glyphs it needs.

    Parameters
    ----------
    template : str
        File name in ``publish/template``.
    styles, script : names of the files to inline
    shared : str
        Text that all pages of a batch share (see `make_font_css`).
    **values
        What the template shows; everything is escaped unless it is Markup.

    Returns
    -------
    tuple
        The page, and the characters our font has no glyph for.
    """
    from markupsafe import Markup

    code = read_asset(script)
    page = (
        _environment()
        .get_template(template)
        .render(
            css=Markup("\n".join(map(read_asset, styles))),
            fonts=Markup(_FONT_SLOT),
            js=Markup(code),
            policy=_policy(code),
            **values,
        )
    )
    fonts, missing = make_font_css(page, shared=shared + read_asset(template))
    return page.replace(_FONT_SLOT, fonts, 1), missing


def _policy(code: str) -> str:
    """Return the page's content security policy: nothing from outside, no script but ours."""
    digest = base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def write_atomic(path: Path, text: str) -> Path:
    """Write `text` as UTF-8 so that a reader sees the old file or the new one, never half of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as fault:
        raise _cannot_write(path, fault) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as fault:
        raise _cannot_write(path, fault) from None
    finally:
        Path(temporary).unlink(missing_ok=True)
    return path


def _cannot_write(path: Path, fault: OSError) -> RenderError:
    return RenderError(
        f"write: the page must be written to {str(path)!r}; {fault.strerror or fault}. "
        "Choose another folder, or make room and rights for this one."
    )


def format_seconds(seconds: Any) -> str:
    """Return a duration in Chinese.

    Examples
    --------
    >>> format_seconds(6.24), format_seconds(75)
    ('6.2 秒', '1 分 15 秒')
    """
    try:
        value = float(seconds)
    except (TypeError, ValueError):
        return "—"
    if value != value or value < 0 or value == float("inf"):
        return "—"
    if value < 59.95:
        return say("report.seconds", seconds=f"{value:.1f}")
    minutes, rest = divmod(round(value), 60)
    return say("report.minutes", minutes=minutes, seconds=rest)


def format_day(moment: Any) -> str:
    """Return the day of an ISO time.

    Examples
    --------
    >>> format_day("2026-11-03T09:05:00+08:00")
    '2026-11-03'
    """
    return str(moment or "")[:10] or "—"


def format_minute(moment: Any) -> str:
    """Return an ISO time to the minute, without the T.

    Examples
    --------
    >>> format_minute("2026-11-03T09:05:00+08:00")
    '2026-11-03 09:05'
    """
    return str(moment or "")[:16].replace("T", " ") or "—"
