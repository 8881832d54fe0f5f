"""When each person orders (MBG/NBD), for how much (gamma-gamma), and which lines that gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib.sample._catalogue import pick_articles
from crm_lib.sample._laws import DAY, Company
from crm_lib.sample._persons import Latent

if TYPE_CHECKING:
    import numpy as np

MOST_ORDERS = 1024
WEEK = 7.0 * DAY


@dataclass(frozen=True)
class Orders:
    """Orders up to the horizon: place of the person in the chunk, running number, second, value in yuan.

    ``left`` holds, per person, the second of the order after which the person
    left for good; infinite for who never did before the horizon.
    """

    at: np.ndarray
    turn: np.ndarray
    second: np.ndarray
    value: np.ndarray
    left: np.ndarray


@dataclass(frozen=True)
class Lines:
    """Order lines within the data: place of the order in `Orders`, line number, article, money in fen."""

    order: np.ndarray
    line_no: np.ndarray
    category: np.ndarray
    article: np.ndarray
    quantity: np.ndarray
    price: np.ndarray
    discount: np.ndarray
    amount: np.ndarray
    cost: np.ndarray


def draw_orders(company: Company, latent: Latent) -> Orders:
    """Draw the orders of each person: Poisson at the person's rate until the person leaves."""
    import numpy as np

    end = float(company.n_days_known * DAY)
    left = np.full(len(latent.person), np.inf)
    going, second = np.arange(len(latent.person)), latent.first.copy()
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for turn in range(MOST_ORDERS):
        parts.append((going, np.full(len(going), turn), second))
        person = latent.person[going]
        stays = company.draws.uniform("leave", person, turn) >= latent.dropout[going]
        left[going[~stays]] = second[~stays]
        going, second, person = going[stays], second[stays], person[stays]
        gap = company.draws.exponential("gap", person, turn) / latent.rate[going]
        # at least a second apart, so that the order of time is never in doubt
        second = np.floor(second + 1.0 + gap * WEEK)
        inside = second < end
        going, second = going[inside], second[inside]
        if not len(going):
            break
    at, turns, seconds = (np.concatenate(p) for p in zip(*parts, strict=True))
    by_person = np.lexsort((turns, at))
    at, turns, seconds = at[by_person], turns[by_person], seconds[by_person]
    shape = company.of_types("p")[latent.kind[at]]
    value = company.draws.gamma("order_value", latent.person[at], shape, turns) * latent.value[at] / shape
    return Orders(at, turns, seconds, value, left)


def draw_lines(company: Company, latent: Latent, orders: Orders) -> Lines:
    """Split each order within the data into lines of articles whose amounts come close to its value."""
    import numpy as np

    draws, law = company.draws, company.laws["orders"]
    known = np.flatnonzero(orders.second < company.n_days * DAY)
    person, turn, kind = latent.person[orders.at[known]], orders.turn[known], latent.kind[orders.at[known]]
    more = draws.poisson("lines", person, company.of_types("extra_lines")[kind], turn)
    n_lines = np.minimum(1 + more, law["most_lines"])
    order = np.repeat(known, n_lines)
    start = np.repeat(np.cumsum(n_lines) - n_lines, n_lines)
    line = np.arange(len(order)) - start
    who, kinds = latent.person[orders.at[order]], latent.kind[orders.at[order]]
    turns = orders.turn[order] * 8 + line
    weight = draws.gamma("line_share", who, 10.0, turns)
    total = np.add.reduceat(weight, np.cumsum(n_lines) - n_lines) if len(known) else weight
    target = orders.value[order] * weight / np.repeat(total, n_lines)
    category = draws.choose("category", who, company.of_types("categories"), turns, row=kinds)
    rate = np.array(law["discounts"])[
        draws.choose("discount", who, company.of_types("discounts"), turns, row=kinds)
    ]
    percent = np.floor(rate * 100.0 + 0.5).astype(np.int64)
    picked = pick_articles(company, who, turns, kinds, category, target / (1.0 - rate))
    amount = (picked.quantity * picked.price * (100 - percent) + 50) // 100
    return Lines(
        order, line + 1, category, picked.article, picked.quantity, picked.price, percent, amount, picked.cost
    )


def draw_returns(
    company: Company, latent: Latent, orders: Orders, lines: Lines
) -> tuple[np.ndarray, np.ndarray]:
    """Return which lines are sent back within the data, and at which second."""
    import numpy as np

    at = orders.at[lines.order]
    key = orders.turn[lines.order] * 8 + lines.line_no
    chance = np.array([c["return_rate"] for c in company.laws["categories"]])[lines.category]
    back = company.draws.uniform("return", latent.person[at], key) < chance
    wait = (
        company.draws.exponential("return_wait", latent.person[at], key)
        * company.laws["orders"]["return_days"]
    )
    second = np.floor(orders.second[lines.order] + DAY + wait * DAY)
    chosen = np.flatnonzero(back & (second < company.n_days * DAY))
    return chosen, second[chosen]
