"""Make a self-contained HTML page from a template: styles, glyphs and policy inlined, everything escaped."""

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
from crm_lib.look.fonts import make_font_css

if TYPE_CHECKING:
    from jinja2 import Environment

_FONT_SLOT = "/*crm-fonts*/"


@cache
def read_asset(room: str, name: str) -> str:
    """Return the text of a file of a room's ``template`` folder; what is not there all rooms share.

    Parameters
    ----------
    room : str
        Package that has a folder ``template``, such as ``crm_lib.publish``.
    name : str
        File name.

    Returns
    -------
    str
        The text without white space around it.
    """
    own = resources.files(room) / "template" / name
    found = own if own.is_file() else resources.files("crm_lib.look") / "template" / name
    return found.read_text("utf-8").strip()


@cache
def make_environment(room: str) -> Environment:
    """Return the template environment of a room; its filters are the room's own affair."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    env = Environment(
        loader=FunctionLoader(lambda name: read_asset(room, name)),
        autoescape=True,  # whatever a template is given is data, unless marked otherwise
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.globals["say"] = say
    return env


def render_page(
    room: str, template: str, *, styles: tuple[str, ...], script: str = "", shared: str = "", **values: Any
) -> tuple[str, tuple[str, ...]]:
    """Fill a template and inline style, script and the glyphs it needs.

    Parameters
    ----------
    room : str
        Package whose ``template`` folder holds the files.
    template : str
        File name of the template.
    styles, script : names of the files to inline; without `script` the page may run none
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

    code = read_asset(room, script) if script else ""
    page = (
        make_environment(room)
        .get_template(template)
        .render(
            css=Markup("\n".join(read_asset(room, name) for name in styles)),
            fonts=Markup(_FONT_SLOT),
            js=Markup(code),
            policy=_policy(code),
            **values,
        )
    )
    fonts, missing = make_font_css(page, shared=shared + read_asset(room, template))
    return page.replace(_FONT_SLOT, fonts, 1), missing


def _policy(code: str) -> str:
    """Return the page's content security policy: nothing from outside, no script but ours."""
    digest = base64.b64encode(hashlib.sha256(code.encode("utf-8")).digest()).decode("ascii")
    scripts = f"script-src 'sha256-{digest}'; " if code else ""
    return (
        f"default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; "
        f"{scripts}base-uri 'none'; form-action 'none'"
    )


def write_atomic(path: Path, content: str | bytes) -> Path:
    """Write `content` (text as UTF-8) so that a reader sees the old file or the new one, never half of it."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:60]}.", suffix=".tmp")
    except OSError as fault:
        raise _cannot_write(path, fault) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
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
