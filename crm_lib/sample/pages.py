"""A small web of invented pages with planted prospects, for exercises in searching."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_range
from crm_lib.sample._pages_words import Pen, Prospect, draw_prospect, draw_seller, fill, read_page_words

if TYPE_CHECKING:
    import pandas as pd

PRODUCTS = ("玩具", "数码相机")
_MAIL = "来信请寄{}。"
_PAGE_COLUMNS = ["page_id", "site", "site_kind", "title", "text", "filetype", "published_on"]
_TRUTH_COLUMNS = [
    *("page_id", "product", "page_kind", "prospect_id", "prospect_name", "customer_kind"),
    *("has_email", "confirmed"),
]


@dataclass
class _Page:
    """A page before it gets its number, with the prospects it names."""

    product: str
    kind: str
    site_kind: str
    title: str
    text: str
    item: int
    prospects: list[Prospect]


def make_pages(*, seed: int = 0, products: Sequence[str] = PRODUCTS) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make some hundreds of invented pages, and say which of them name a prospect.

    Parameters
    ----------
    seed : int
        Any integer of at least 0; another one gives other pages.
    products : sequence of str
        Of ``玩具`` and ``数码相机``.

    Returns
    -------
    tuple of DataFrame
        The pages in a random order: page_id, site, site_kind, title, text, filetype, published_on.  And the
        judgement, one row per page and prospect it names (one row with empty prospect_id where it names
        none): page_id, product, page_kind, prospect_id, prospect_name, customer_kind (批发商, 零售商,
        最终用户), has_email, confirmed (asked, the prospect is real).

    Raises
    ------
    ParameterError
        The seed is negative or a product unknown.

    Notes
    -----
    A prospect is a wholesaler, retailer or end user who wants to buy or deals in the product; makers and other sellers
    are not.  A copied post names the same prospect as its original.  The shares and words stand in
    ``pages.toml``; all names and addresses are invented, all hosts are reserved for examples.
    """
    import pandas as pd

    require_range("make_pages", "seed", seed, 0)
    for name in products:
        require_choice("make_pages", "products", name, PRODUCTS)
    pen = Pen(seed)
    pages = [page for name in products for page in _write_product(pen, name)] + list(_write_unrelated(pen))
    order = pen.order("order", len(pages))
    rows, truth = [], []
    for place, at in enumerate(order, start=1):
        page, number = pages[at], f"W{place:04d}"
        rows.append((number, *_show(pen, page)))
        truth += _tell(number, page)
    shown = pd.DataFrame(rows, columns=_PAGE_COLUMNS)
    shown["published_on"] = pd.to_datetime(shown["published_on"])
    judged = pd.DataFrame(truth, columns=_TRUTH_COLUMNS)
    return shown, judged


def _write_product(pen: Pen, name: str) -> Iterator[_Page]:
    """Write all pages of a product; numbers of the two products never meet."""
    kinds, first = read_page_words()["kinds"], 10_000 * (1 + PRODUCTS.index(name))
    written: dict[str, list[_Page]] = {}
    for k, (kind, rules) in enumerate(kinds.items()):
        items = range(first + 500 * k, first + 500 * k + rules["n"])
        if "copies" in rules:
            written[kind] = [_copy(pen, i, written[rules["copies"]]) for i in items]
        else:
            written[kind] = [_write(pen, i, name, kind) for i in items]
        yield from written[kind]


def _write(pen: Pen, item: int, name: str, kind: str) -> _Page:
    words = read_page_words()
    product, rules = words["products"][name], words["kinds"][kind]
    if kind == "other_meaning":
        title, text = pen.pick("other", item, product["other"])
        return _Page(name, kind, rules["site"], title, text, item, [])
    goods = pen.weigh("goods", item, product["goods"])
    known = {"p": goods, "main": product["main"], "use": pen.pick("use", item, product["use"]), "mail": ""}
    named: list[Prospect] = []
    if rules.get("prospect"):
        n = rules.get("named", 1)
        named = [
            draw_prospect(pen, item + 100 * i, product, rules, f"Q{item + 100 * i:05d}") for i in range(n)
        ]
        known |= {"firm": named[0].name, "city": named[0].city, "list": "、".join(p.name for p in named)}
        known["mail"] = _MAIL.format(named[0].email) if named[0].email and n == 1 else ""
    else:
        known["firm"] = draw_seller(pen, item, product)
    title = fill(pen, item, pen.pick("title", item, rules["titles"]), **known)
    text = fill(pen, item, pen.pick("text", item, rules["texts"]), **known)
    return _Page(name, kind, rules["site"], title, text, item, named)


def _copy(pen: Pen, item: int, originals: Sequence[_Page]) -> _Page:
    """Copy a buyer's post to the other board, with a mark in the title, as copiers do."""
    page = pen.pick("copied", item, originals)
    return _Page(
        page.product, "copied_post", page.site_kind, f"【转发】{page.title}", page.text, item, page.prospects
    )


def _write_unrelated(pen: Pen) -> Iterator[_Page]:
    words = read_page_words()
    rules = words["unrelated"]
    for item in range(rules["n"]):
        site, title, text = pen.pick("row", item, rules["rows"])
        maker = {"makers": ["商行", "有限公司", "经营部"]}
        known = {"p": pen.pick("goods", item, rules["goods"]), "firm": draw_seller(pen, item, maker)}
        title, text = fill(pen, item, title, **known), fill(pen, item, text, **known)
        yield _Page("", "unrelated", site, title, text, item, [])


def _show(pen: Pen, page: _Page) -> tuple[Any, ...]:
    words = read_page_words()
    site = pen.pick("site", page.item, words["sites"][page.site_kind])
    industry = words["products"][page.product]["industry"] if page.product else "zonghe"
    site = site.format(industry=industry, n=page.item)
    kind = "pdf" if page.kind in ("tender", "member_list") and pen.number("file", page.item) < 0.5 else "html"
    day = f"2024-{pen.whole('on_month', page.item, 1, 12):02d}-{pen.whole('on_day', page.item, 1, 28):02d}"
    return site, page.site_kind, page.title, page.text, kind, day


def _tell(number: str, page: _Page) -> list[tuple[Any, ...]]:
    if not page.prospects:
        return [(number, page.product, page.kind, "", "", "", False, False)]
    single = len(page.prospects) == 1
    return [
        (number, page.product, page.kind, p.number, p.name, p.kind, bool(p.email) and single, p.real)
        for p in page.prospects
    ]


def write_pages(out: str | Path, *, seed: int = 0, products: Sequence[str] = PRODUCTS) -> list[Path]:
    """Write the pages and the judgement as they stand in ``data/sources``.

    Parameters
    ----------
    out : str or Path
        Folder; made when it is missing.
    seed, products
        See `make_pages`.

    Returns
    -------
    list of Path
        pages.csv and judgements.csv: UTF-8 with a byte order mark, Chinese headers, the same bytes for the same seed.
    """
    from crm_lib.readwrite.excel import write_csv
    from crm_lib.schema import load_schema

    written = []
    for name, frame in zip(("pages", "judgements"), make_pages(seed=seed, products=products), strict=True):
        titles = {c.name: c.title for c in load_schema(name).columns}
        written.append(write_csv(Path(out) / f"{name}.csv", frame, titles=titles))
    return written
