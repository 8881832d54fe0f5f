"""Words of the invented pages, and the pen that draws them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from crm_lib.sample._draws import Draws

_VERSION = 1


@cache
def read_page_words() -> dict[str, Any]:
    """Return what stands in ``pages.toml``."""
    return tomllib.loads((resources.files("crm_lib.sample") / "pages.toml").read_text("utf-8"))


class Pen:
    """Draws of one seed, one at a time; the same name and item give the same draw."""

    def __init__(self, seed: int) -> None:
        self._draws = Draws(seed, _VERSION)

    def number(self, name: str, item: int, turn: int = 0) -> float:
        """Return a number between 0 and 1."""
        return float(self._draws.uniform(f"pages/{name}", item, turn)[0])

    def whole(self, name: str, item: int, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        return low + int(self.number(name, item) * (high - low + 1))

    def pick(self, name: str, item: int, choices: Sequence[Any], turn: int = 0) -> Any:
        """Return one of the choices."""
        return choices[int(self.number(name, item, turn) * len(choices))]

    def weigh(self, name: str, item: int, pairs: Sequence[Sequence[Any]]) -> Any:
        """Return the first part of a (choice, weight) pair."""
        left = self.number(name, item) * sum(w for _, w in pairs)
        for choice, weight in pairs:
            left -= weight
            if left < 0:
                return choice
        return pairs[-1][0]

    def order(self, name: str, n: int) -> list[int]:
        """Return 0 … n − 1 in a random order."""
        return sorted(range(n), key=lambda i: (self.number(name, i), i))


@dataclass(frozen=True)
class Prospect:
    """A firm or institution that a page names as somebody who wants to buy."""

    number: str
    name: str
    city: str
    kind: str
    email: str
    real: bool


def draw_prospect(
    pen: Pen, item: int, product: Mapping[str, Any], rules: Mapping[str, Any], number: str
) -> Prospect:
    """Draw a prospect: of what kind, its name, whether it gives an address, whether it is real."""
    kinds = [("批发商", 0.35), ("零售商", 0.35), ("最终用户", 0.30)]
    kind = pen.weigh("kind", item, [k for k in kinds if k[0] in rules.get("only", [k[0]])])
    ends = product[{"批发商": "wholesalers", "零售商": "retailers", "最终用户": "users"}[kind]]
    words = read_page_words()
    city = pen.pick("city", item, words["cities"])
    name = f"{city}{pen.pick('brand', item, words['brands'])}{pen.pick('end', item, ends)}"
    email = f"cg{item:05d}@example.com" if pen.number("mail", item) < 0.45 else ""
    return Prospect(number, name, city, kind, email, pen.number("real", item) < rules["real"])


def draw_seller(pen: Pen, item: int, product: Mapping[str, Any]) -> str:
    """Draw the name of a firm that sells: no prospect."""
    words = read_page_words()
    city = pen.pick("city", item, words["cities"])
    return f"{city}{pen.pick('brand', item, words['brands'])}{pen.pick('end', item, product['makers'])}"


def fill(pen: Pen, item: int, text: str, **known: str) -> str:
    """Fill the gaps of a sentence with what is known, and the rest with draws."""
    month, day = pen.whole("month", item, 1, 12), pen.whole("day", item, 1, 28)
    values = {
        "city": pen.pick("city", item, read_page_words()["cities"]),
        "n": str(pen.whole("n", item, 2, 60) * 10),
        "year": str(pen.whole("year", item, 2003, 2021)),
        "old": str(pen.whole("old", item, 2015, 2019)),
        "day": f"2025-{month:02d}-{day:02d}",
        **known,
    }
    return text.format(**values)
