"""Who the persons truly are: identities, and the strata a survey is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample import _identity as identity
from crm_lib.sample._laws import Company, read_laws, read_words
from crm_lib.sample._persons import Latent, draw_registers, find_heads, name_persons

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True)
class Strata:
    """Of each person: woman (0 or 1), band of age on the last day, region and home register, as codes."""

    woman: np.ndarray
    band: np.ndarray
    region: np.ndarray
    home: np.ndarray

    @property
    def cell(self) -> np.ndarray:
        """Return the number of each person's stratum."""
        law = read_laws()["census"]
        return (self.woman * len(law["age_bands"]) + self.band) * len(law["regions"]) + self.region


def find_strata(company: Company, latent: Latent) -> Strata:
    """Return the strata of the persons."""
    import numpy as np

    law, head = company.laws["census"], find_heads(company, latent.person)
    fields = identity.draw_fields(company, latent.person, latent.kind, head)
    age = np.floor((company.n_days - 1 - fields["birth"]) / 365.25)
    band = np.searchsorted(law["age_from"][1:], age, side="right")
    provinces = [town.split("|")[0] for town in read_words()["cities"]]
    region = np.array([[p in names for names in law["provinces"]].index(True) for p in provinces])
    home = draw_registers(company, latent)[1]
    return Strata(fields["woman"].astype(np.int64), band, region[identity.draw_city(company, head)], home)


def show_strata(gender: np.ndarray, band: np.ndarray, region: np.ndarray) -> dict[str, pa.Array]:
    """Return sex, band of age and region in the words of the survey and the census."""
    law = read_laws()["census"]
    return {
        "gender": col.take_words(["男", "女"], gender),
        "age_band": col.take_words(law["age_bands"], band),
        "region": col.take_words(law["regions"], region),
    }


def count_strata(strata: Strata) -> np.ndarray:
    """Return how many of these persons stand in each stratum."""
    import numpy as np

    law = read_laws()["census"]
    return np.bincount(strata.cell, minlength=2 * len(law["age_bands"]) * len(law["regions"]))


def list_population(counts: np.ndarray) -> pa.Table:
    """Return the table of strata with the persons counted in each; empty ones stand there with 0."""
    import numpy as np
    import pyarrow as pa

    law = read_laws()["census"]
    cell, n_regions, n_bands = np.arange(len(counts)), len(law["regions"]), len(law["age_bands"])
    words = show_strata(cell // (n_regions * n_bands), cell // n_regions % n_bands, cell % n_regions)
    return pa.table({**words, "n": pa.array(counts.astype(np.int64))})


def tell_identities(company: Company, latent: Latent) -> pa.Table:
    """Return what is true of each person, whichever register knows it."""
    import numpy as np
    import pyarrow as pa

    person = latent.person
    nothing = np.zeros(len(person), dtype=np.int64)
    flags = {"name_variant": nothing} | dict.fromkeys(
        ("phone_changed", "no_phone", "no_email", "wrong_birthday", "address_abbreviated"), nothing > 0
    )
    fields = identity.draw_fields(company, person, latent.kind, find_heads(company, person))
    return pa.table({
        "person_id": name_persons(company, person),
        **identity.show_contact(company, person, 0, fields, flags),
    })
