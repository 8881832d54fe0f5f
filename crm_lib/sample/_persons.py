"""Persons: what nobody sees (type, rates, values) and what stays the same in every register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._laws import Company

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# How four persons who stand side by side live together: number of the household of each.
HOUSEHOLDS = ((0, 0, 0, 0), (0, 0, 0, 3), (0, 0, 2, 2), (0, 0, 2, 3), (0, 1, 2, 3))
HOUSEHOLD_WEIGHTS = (0.08, 0.12, 0.10, 0.20, 0.50)


@dataclass(frozen=True)
class Latent:
    """What is planted in each person: one entry per person in every array.

    ``rate`` is orders per week while alive, ``dropout`` the chance to leave
    for good after an order, ``value`` the true mean of an order in yuan,
    ``first`` the second of the first order, counted from the first day.
    """

    person: np.ndarray
    kind: np.ndarray
    rate: np.ndarray
    dropout: np.ndarray
    value: np.ndarray
    first: np.ndarray


def draw_latent(company: Company, person: np.ndarray) -> Latent:
    """Draw type, rate, dropout, mean value and first order of each person."""
    import numpy as np

    draws, of = company.draws, company.of_types
    kind = draws.choose("type", person, of("share"))
    rate = draws.gamma("rate", person, of("r")[kind]) / of("alpha")[kind]
    dropout = draws.beta("dropout", person, of("a")[kind], of("b")[kind])
    # gamma-gamma: the rate of the order values is itself gamma(q, gamma)
    value_rate = draws.gamma("value", person, of("q")[kind]) / of("gamma")[kind]
    first = draws.uniform("first", person) * company.n_days * 86_400.0
    return Latent(person, kind, rate, dropout, of("p")[kind] / value_rate, np.floor(first))


def draw_registers(company: Company, latent: Latent) -> tuple[np.ndarray, np.ndarray]:
    """Return in which registers each person stands (a row of booleans), and the number of the home one.

    The n registers are drawn without replacement by the type's weights
    (largest keys u^(1/w), Efraimidis and Spirakis 2006); home is the first.
    """
    import numpy as np

    weights = company.of_types("registers")[latent.kind]
    keys = np.stack([company.draws.uniform("register", latent.person, k) for k in range(3)], axis=1)
    rank = (-(keys ** (1.0 / weights))).argsort(axis=1, kind="stable").argsort(axis=1)
    n = 1 + company.draws.choose("n_registers", latent.person, company.laws["registers"]["n_registers"])
    return rank < n[:, None], rank.argmin(axis=1)


def name_records(company: Company, person: np.ndarray, register: np.ndarray) -> pa.Array:
    """Return the record number of each person in the register given."""
    import numpy as np

    register = np.broadcast_to(register, person.shape)
    number = np.zeros(len(person), dtype=np.int64)
    for k, name in enumerate(company.laws["registers"]["names"]):
        mine = register == k
        number[mine] = company.draws.permute(f"record/{name}", person[mine], company.size)
    return col.number_words(col.take_words(company.laws["registers"]["letters"], register), number + 1, 8)


def name_persons(company: Company, person: np.ndarray) -> pa.Array:
    """Return the number by which the truth calls each person."""
    return col.number_words("P", company.draws.permute("person", person, company.size), 8)


def find_consent(company: Company, person: np.ndarray) -> np.ndarray:
    """Return who agreed to be contacted for marketing."""
    return company.draws.uniform("consent", person) < company.laws["registers"]["consent"]


def find_heads(company: Company, person: np.ndarray) -> np.ndarray:
    """Return the first person of each person's household."""
    import numpy as np

    cell = person // 4
    pattern = company.draws.choose("household", cell, HOUSEHOLD_WEIGHTS)
    return cell * 4 + np.array(HOUSEHOLDS)[pattern, person % 4]
