"""Make the HTML of an output harmless, and its tables fit for reading.

Outputs are data, not programs: whatever a file called a customer, nothing of
it may run, load or restyle the page.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crm_lib.catalogue import say

if TYPE_CHECKING:
    from bleach.sanitizer import Cleaner
    from bs4 import BeautifulSoup, Tag

_TAGS = frozenset(
    re.findall(
        r"\S+",
        """
        a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure
        hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td
        tfoot th thead tr u ul var
        """,
    )
)
_EVERYWHERE = frozenset(["class", "title", "style", "lang", "dir", "role", "tabindex"])
_PER_TAG = {
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "scope", "abbr"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "reversed", "type"},
    "details": {"open"},
    "img": {"alt", "width", "height"},
    "div": {"aria-label"},
}
_STYLES = frozenset(
    re.findall(
        r"\S+",
        """
        background-color border-bottom border-left border-right border-top color font-style font-weight
        height max-width min-width padding padding-left padding-right text-align text-decoration
        vertical-align white-space width
        """,
    )
)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/=\s]+")
_SILENT = re.compile(r"(?is)<(script|style|template|noscript|iframe|object|title)\b.*?</\1\s*>")
_NUMBER = re.compile(r"[(\-+−]?[¥￥$€]?\s?\d[\d,\s]*(?:\.\d+)?(?:e[+-]?\d+)?\s?[%‰]?\)?", re.IGNORECASE)
_TITLE = re.compile(r"(?i)<(/?)h[1-6]\b[^>]*>")
_WIDE = 9  # columns from which a table is set smaller in print
_EMPTY = frozenset(("", "-", "—", "–", "NaN", "nan", "None", "NaT", "<NA>"))


def sanitize_html(fragment: str) -> str:
    """Return `fragment` with nothing left that could run, load or restyle.

    Tags and attributes outside a short list go, and scripts and styles go
    with their content; addresses may only be data images and relative links.

    Examples
    --------
    >>> sanitize_html('<b onclick="x()">张三</b><script>alert(1)</script>')
    '<b>张三</b>'
    """
    text = _SILENT.sub("", fragment)
    # A heading out of data would stand in the report's outline.
    text = _TITLE.sub(lambda m: "</strong></p>" if m[1] else "<p><strong>", text)
    return _cleaner().clean(text)


@cache
def _cleaner() -> Cleaner:
    from bleach.css_sanitizer import CSSSanitizer
    from bleach.sanitizer import Cleaner

    css = CSSSanitizer(allowed_css_properties=_STYLES, allowed_svg_properties=())
    return Cleaner(
        tags=_TAGS,
        attributes=_keep_attribute,
        protocols={"data", "http"},  # "http" alone lets bleach keep relative links; _keep_attribute decides
        strip=True,
        css_sanitizer=css,
    )


def _keep_attribute(tag: str, name: str, value: str) -> bool:
    if tag == "a" and name == "href":
        return is_local_link(value)
    if tag == "img" and name == "src":
        return bool(_PICTURE.fullmatch(value.strip()))
    return name in _EVERYWHERE or name in _PER_TAG.get(tag, ())


def is_local_link(address: str) -> bool:
    r"""Tell whether `address` stays beside the page: relative, no scheme, no host.

    Examples
    --------
    >>> [is_local_link(a) for a in ("tables/rfm.csv", "#s-1", "//x.cn/a", "javascript:alert(1)", r"\\x\y")]
    [True, True, False, False, False]
    """
    if re.search(r"[\x00-\x20\\]", address) or not address:
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and not address.startswith("/")


def dress_tables(fragment: str, *, number: Any = None, align: bool = True) -> str:
    """Prepare every table of `fragment` for the page.

    Each gets a scrolling frame, header cells with a scope, numbers to the
    right where a whole column holds numbers, and its caption a number.

    Parameters
    ----------
    fragment : str
        HTML with or without tables.
    number : callable, optional
        Called once per captioned table; returns the words before the caption
        ("表 3").
    align : bool
        Set columns of numbers to the right; authored tables say it themselves.
    """
    if "<table" not in fragment.lower():
        return fragment
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(fragment, "html.parser")
    for table in soup.find_all("table"):
        if table.find_parent("table") is None:
            _dress_table(soup, table, number, align)
    return str(soup)


def _dress_table(soup: BeautifulSoup, table: Tag, number: Any, align: bool) -> None:
    for name in ("border", "style", "id"):
        table.attrs.pop(name, None)
    table["class"] = sorted({*table.get("class", []), "crm-table"} - {"dataframe"})
    title = _dress_caption(soup, table, number)
    rows = table.find_all("tr")
    if max((len(row.find_all(["td", "th"], recursive=False)) for row in rows), default=0) >= _WIDE:
        table["class"] = [*table["class"], "wide"]
    for row in rows:
        in_head = row.find_parent("thead") is not None
        row.attrs.pop("style", None)
        for cell in row.find_all("th", recursive=False):
            cell["scope"] = "col" if in_head else "row"
    if align:
        _align_numbers(table)
    frame = soup.new_tag("div", attrs={"class": "table-frame", "role": "region", "tabindex": "0"})
    frame["aria-label"] = title or say("report.table_region")
    table.wrap(frame)


def _dress_caption(soup: BeautifulSoup, table: Tag, number: Any) -> str:
    caption = table.find("caption")
    if caption is None or not caption.get_text(strip=True):
        return ""
    inner = soup.new_tag("span", attrs={"class": "caption-text"})
    for child in list(caption.contents):
        inner.append(child.extract())
    caption.append(inner)
    if number is not None:
        mark = soup.new_tag("span", attrs={"class": "caption-no"})
        mark.string = number()
        inner.insert(0, mark)
    return caption.get_text(" ", strip=True)


def _align_numbers(table: Tag) -> None:
    """Set numbers to the right, column by column; a table with merged cells is left as it came."""
    if table.find(["td", "th"], attrs={"colspan": True}) or table.find(["td", "th"], attrs={"rowspan": True}):
        return
    rows = [row.find_all(["td", "th"], recursive=False) for row in table.find_all("tr")]
    width = max(map(len, rows), default=0)
    full = [row for row in rows if len(row) == width]
    for column in range(width):
        cells = [row[column] for row in full]
        texts = [cell.get_text(strip=True) for cell in cells if cell.find_parent("thead") is None]
        filled = [text for text in texts if text not in _EMPTY]
        if filled and all(_NUMBER.fullmatch(text) for text in filled):
            for cell in cells:
                cell["class"] = sorted({*cell.get("class", []), "num"})
