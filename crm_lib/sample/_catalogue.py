"""The articles of 旭东: price points 6 % apart in each category, every one in two brands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._laws import Company, read_laws, read_words

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

STEP = 0.06


@dataclass(frozen=True)
class Catalogue:
    """All articles, category by category: price and cost in fen; where each category starts, and its size."""

    category: np.ndarray
    price: np.ndarray
    cost: np.ndarray
    start: np.ndarray
    n_points: np.ndarray


@dataclass(frozen=True)
class Picked:
    """The article, pieces, price and cost (fen) of each line."""

    article: np.ndarray
    quantity: np.ndarray
    price: np.ndarray
    cost: np.ndarray


@cache
def make_catalogue() -> Catalogue:
    """Lay out the articles; the same for every company."""
    import numpy as np

    laws = read_laws()["categories"]
    n_points = np.array([int(np.log(c["high"] / c["low"]) / STEP) + 1 for c in laws])
    category = np.repeat(np.arange(len(laws)), 2 * n_points)
    start = np.cumsum(2 * n_points) - 2 * n_points
    place = np.arange(len(category)) - start[category]
    low = np.array([c["low"] for c in laws])[category]
    price = col.round_cents(low * np.exp(STEP * (place // 2)) * 10.0) // 100 * 10  # whole jiao
    share = np.array([c["cost_share"] for c in laws])[category] + np.where(place % 2 == 0, 0.03, -0.03)
    return Catalogue(category, price, col.round_cents(price * share / 100.0), start, n_points)


def pick_articles(
    company: Company,
    person: np.ndarray,
    turn: np.ndarray,
    kind: np.ndarray,
    category: np.ndarray,
    yuan: np.ndarray,
) -> Picked:
    """Pick the article, and as many pieces, whose list price comes closest to `yuan` in its category."""
    import numpy as np

    goods, laws = make_catalogue(), company.laws
    low = np.array([c["low"] for c in laws["categories"]])[category]
    high = np.array([c["high"] for c in laws["categories"]])[category]
    two = company.draws.uniform("pieces", person, turn) < laws["orders"]["two_pieces"]
    pieces = np.where(two & (yuan > 2.5 * low), 2.0, 1.0)
    bulk = company.of_types("pieces_price")[kind]
    pieces = np.where(bulk > 0, np.floor(yuan / np.maximum(np.maximum(bulk, low), 1.0) + 0.5), pieces)
    pieces = np.maximum(np.maximum(pieces, np.ceil(yuan / high)), 1.0)
    point = np.floor(np.log(yuan / pieces / low) / STEP + 0.5)
    point = np.clip(point, 0, goods.n_points[category] - 1).astype(np.int64)
    brand = (company.draws.uniform("brand", person, turn) < 0.5).astype(np.int64)
    article = goods.start[category] + 2 * point + brand
    return Picked(article, pieces.astype(np.int64), goods.price[article], goods.cost[article])


def name_articles(company: Company, article: np.ndarray) -> pa.Array:
    """Return the article numbers; their order says nothing of price or category."""
    n = len(make_catalogue().price)
    return col.number_words("X", 1000 + company.draws.permute("sku", article, n), 4)


def list_products(company: Company) -> pa.Table:
    """Return the table of products, sorted by article number."""
    import numpy as np
    import pyarrow as pa

    goods, laws, words = make_catalogue(), company.laws["categories"], read_words()
    article = np.arange(len(goods.price))
    place = article - goods.start[goods.category]
    items = [item for c in laws for item in c["items"]]
    which = company.draws.choose("item", article, [1.0] * 4)
    brand = col.take_words(words["brands"], place % 2)
    launched = -np.floor(company.draws.uniform("launched", article) * 900).astype(np.int64)
    table = pa.table({
        "sku": name_articles(company, article),
        "product_name": col.join_words(
            brand, col.take_words(items, goods.category * 4 + which), col.number_words("", place // 2 + 1, 2)
        ),
        "category": col.take_words([c["name"] for c in laws], goods.category),
        "brand": brand,
        "unit": col.take_words(["件"], article * 0),
        "unit_price": col.make_money(goods.price),
        "unit_cost": col.make_money(goods.cost),
        "launched_on": col.make_days(launched),
        "active": pa.array(np.ones(len(article), dtype=bool)),
    })
    return table.sort_by("sku")
