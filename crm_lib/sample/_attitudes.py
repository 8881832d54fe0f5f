"""What the persons think of 旭东, whether asked or not, and who answers when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._census import Strata, show_strata
from crm_lib.sample._laws import Company
from crm_lib.sample._persons import Latent, name_persons

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class Attitudes:
    """Latent satisfaction, trust and loyalty (columns of `mind`), chance to answer, and who does."""

    person: np.ndarray
    mind: np.ndarray
    chance: np.ndarray
    answers: np.ndarray


def draw_attitudes(company: Company, latent: Latent, strata: Strata) -> Attitudes:
    """Draw what each person thinks: standard normal with shifts by age, sex and home register."""
    import numpy as np

    draws, law, person = company.draws, company.laws["survey"], latent.person
    shift = sum(
        np.array(law[f"satisfaction_by_{name}"])[code]
        for name, code in (("age", strata.band), ("gender", strata.woman), ("register", strata.home))
    )
    satisfaction = shift + draws.normal("satisfaction_latent", person)
    mind = [satisfaction]
    for name in ("trust", "loyalty"):
        share = law[f"{name}_on_satisfaction"]
        mind.append(
            share * satisfaction + np.sqrt(1.0 - share * share) * draws.normal(f"{name}_latent", person)
        )
    chance = law["response"]
    for name, code in (("age", strata.band), ("gender", strata.woman), ("register", strata.home)):
        chance = chance * np.array(law[f"response_by_{name}"])[code]
    chance = np.minimum(chance, 0.95)
    return Attitudes(person, np.stack(mind, axis=1), chance, draws.uniform("responds", person) < chance)


def draw_nps(company: Company, attitudes: Attitudes) -> np.ndarray:
    """Return how likely each person is to recommend us, 0 to 10, whether asked or not."""
    import numpy as np

    law = company.laws["survey"]
    share = law["nps_on_loyalty"]
    own = company.draws.normal("nps", attitudes.person)
    z = share * attitudes.mind[:, 2] + np.sqrt(1.0 - share * share) * own
    return np.clip(np.floor(law["nps_mean"] + law["nps_spread"] * z + 0.5), 0, 10).astype(np.int32)


def tell_attitudes(company: Company, attitudes: Attitudes, strata: Strata, names: pa.Array) -> pa.Table:
    """Return the attitudes of all persons: what a survey without bias would find."""
    import pyarrow as pa

    return pa.table({
        "person_id": name_persons(company, attitudes.person),
        "customer_id": names,
        **show_strata(strata.woman, strata.band, strata.region),
        "home_register": col.take_words(company.laws["registers"]["names"], strata.home),
        "satisfaction": pa.array(attitudes.mind[:, 0]),
        "trust": pa.array(attitudes.mind[:, 1]),
        "loyalty": pa.array(attitudes.mind[:, 2]),
        "would_recommend": pa.array(draw_nps(company, attitudes)),
        "chance_to_answer": pa.array(attitudes.chance),
        "answered": pa.array(attitudes.answers),
    })
