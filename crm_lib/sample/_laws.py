"""Read the planted laws, and give the numbers of all customer types as arrays."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib.sample._draws import Draws

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np

DAY = 86_400


@cache
def read_laws() -> dict[str, Any]:
    """Return what stands in ``laws.toml``."""
    return _read("laws.toml")


@cache
def read_words() -> dict[str, Any]:
    """Return what stands in ``vocabulary.toml``."""
    return _read("vocabulary.toml")


@cache
def read_sentences() -> dict[str, Any]:
    """Return what stands in ``sentences.toml``."""
    return _read("sentences.toml")


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((resources.files("crm_lib.sample") / name).read_text("utf-8"))


def write_laws(more: dict[str, Any]) -> str:
    """Return the laws, and what is `more` to know, as JSON text."""
    return json.dumps({**more, "laws": read_laws()}, ensure_ascii=False, indent=1, default=str) + "\n"


@dataclass(frozen=True)
class Company:
    """One company: its size, its random numbers and its laws.

    ``surcharge`` takes the place of the planted one of the prices when it is given.
    """

    size: int
    draws: Draws
    surcharge: float | None = None

    @property
    def laws(self) -> dict[str, Any]:
        """Return the laws."""
        return read_laws()

    @cached_property
    def n_days(self) -> int:
        """Return the number of days the data cover."""
        return (self.laws["last_day"] - self.laws["first_day"]).days + 1

    @cached_property
    def n_days_known(self) -> int:
        """Return the number of days up to the horizon of the truth."""
        return (self.laws["horizon_day"] - self.laws["first_day"]).days + 1

    def of_types(self, name: str) -> np.ndarray:
        """Return one number (or row of numbers) per customer type."""
        import numpy as np

        return np.array([kind[name] for kind in self.laws["types"]])

    def seconds(self, day: dt.date) -> int:
        """Return the seconds from the first day of the data to the begin of `day`."""
        return (day - self.laws["first_day"]).days * DAY
