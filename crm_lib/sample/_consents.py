"""What each customer agreed to, and what was withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._laws import DAY, Company
from crm_lib.sample._persons import Latent, find_consent

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def make_consents(company: Company, latent: Latent, names: pa.Array) -> pa.Table:
    """Return the consents of these persons, by customer, purpose and day.

    Who agreed to be contacted gave ``marketing`` with the first order, as the
    home register says; the register does not know what was withdrawn since.
    """
    import numpy as np
    import pyarrow as pa

    law = company.laws["consents"]
    day = np.floor(latent.first / DAY).astype(np.int64)
    parts = [part for k in range(len(law["purposes"])) for part in _draw_purpose(company, latent, day, k)]
    who, purpose, given, gone = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((given, purpose, who))
    who, purpose, given, gone = who[order], purpose[order], given[order], gone[order]
    source = company.draws.choose("consent_source", latent.person[who], [1.0, 2.0, 0.5], purpose)
    return pa.table({
        "customer_id": names.take(pa.array(who)),
        "purpose": col.take_words(law["purposes"], purpose),
        "given_on": col.make_days(given),
        "withdrawn_on": col.make_days(gone, gone < 0),
        "source": col.take_words(law["sources"], source),
    })


def _draw_purpose(
    company: Company, latent: Latent, day: np.ndarray, k: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield place, purpose, day given and day withdrawn (−1: stands): the first consents, and those given again."""
    import numpy as np

    draws, law, person = company.draws, company.laws["consents"], latent.person
    of_agreed, of_others = law["given"][k]
    chance = np.where(find_consent(company, person), of_agreed, of_others)
    at = np.flatnonzero(draws.uniform("consent_given", person, k) < chance)
    wait = np.floor(draws.exponential("consent_wait", person[at], k) * 400.0).astype(np.int64) + 1
    leaves = draws.uniform("consent_gone", person[at], k) < law["withdrawn"][k]
    gone = leaves & (day[at] + wait < company.n_days)
    yield at, np.full(len(at), k), day[at], np.where(gone, day[at] + wait, -1)
    back = gone & (draws.uniform("consent_again", person[at], k) < law["again"])
    back &= day[at] + wait + 60 < company.n_days
    again = at[back]
    yield again, np.full(len(again), k), (day[at] + wait + 60)[back], np.full(len(again), -1)
