"""What a report page and the index page share: their templates, and how times and days are written."""

from __future__ import annotations

from typing import Any

from crm_lib.catalogue import list_sentences, say
from crm_lib.look import page as shared_page
from crm_lib.look.page import write_atomic

__all__ = [
    "format_day",
    "format_minute",
    "format_seconds",
    "project_title",
    "read_asset",
    "render_page",
    "write_atomic",
]
_ROOM = "crm_lib.publish"


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


def read_asset(name: str) -> str:
    """Return the text of a file of ``publish/template``, or of those all pages share."""
    return shared_page.read_asset(_ROOM, name)


def render_page(
    template: str,
    *,
    styles: tuple[str, ...],
    script: str,
    shared: str = "",
    sections: tuple[str, ...] = (),
    **values: Any,
) -> tuple[str, tuple[str, ...]]:
    """Fill a template of ``publish/template``; see `crm_lib.look.page.render_page`.

    `sections` are those of the catalogue that the template speaks from: their
    glyphs are cut once for all pages of a batch.
    """
    shared_page.make_environment(_ROOM).filters.update(
        seconds=format_seconds, day=format_day, minute=format_minute
    )
    shared += list_sentences(*sections)
    return shared_page.render_page(_ROOM, template, styles=styles, script=script, shared=shared, **values)


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
