"""The three registers: one row per record, with the defects that make linking a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample import _identity as identity
from crm_lib.sample._laws import Company, read_words
from crm_lib.sample._persons import (
    draw_latent,
    draw_registers,
    find_consent,
    find_heads,
    name_persons,
    name_records,
)

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_FLAGS = ("phone_changed", "no_phone", "no_email", "wrong_birthday", "address_abbreviated")


def make_records(company: Company, register: int, numbers: np.ndarray) -> tuple[pa.Table, pa.Table]:
    """Return the records of one register with these record numbers, and the truth about them.

    A register is written in the order of its record numbers, each register
    in a random order of its own: neither a number nor a place in the file
    says anything about the same person's record in another register.
    """
    import numpy as np
    import pyarrow as pa

    name = company.laws["registers"]["names"][register]
    person = company.draws.permute(f"record/{name}", numbers, company.size, back=True)
    latent = draw_latent(company, person)
    member, home = draw_registers(company, latent)
    here = member[:, register]
    person, kind, first = person[here], latent.kind[here], latent.first[here]
    key, flags = person * 3 + register, draw_flags(company, person * 3 + register)
    fields = identity.draw_fields(company, person, kind, find_heads(company, person))
    record_id = name_records(company, person, np.full(len(person), register))
    shown = {
        "record_id": record_id,
        "channel": col.take_words([name], np.zeros(len(person), dtype=np.int64)),
        **identity.show_contact(company, person, register, fields, flags),
        **identity.show_attributes(company, person, key, fields),
        **_show_consent(company, person, key, first, home[here] == register),
    }
    truth = {"record_id": record_id, "person_id": name_persons(company, person)}
    kinds = ["", *company.laws["registers"]["name_variant_kinds"]]
    truth["name_variant"] = col.take_words(kinds, flags["name_variant"])
    truth |= {flag: pa.array(flags[flag]) for flag in _FLAGS}
    return pa.table(shown), pa.table(truth)


def draw_flags(company: Company, key: np.ndarray) -> dict[str, np.ndarray]:
    """Draw the defects of each record, each on its own; ``name_variant`` is 0 or the kind of variant."""
    import numpy as np

    law = company.laws["registers"]
    flags = {name: company.draws.uniform(f"flag/{name}", key) < law[name] for name in _FLAGS}
    varied = company.draws.uniform("flag/name_variant", key) < law["name_variant"]
    kind = 1 + company.draws.choose("flag/name_kind", key, law["name_variant_weights"])
    return {**flags, "name_variant": np.where(varied, kind, 0)}


def _show_consent(
    company: Company, person: np.ndarray, key: np.ndarray, first: np.ndarray, is_home: np.ndarray
) -> dict[str, pa.Array]:
    """Return the day of registration and the consent; the home record is made at the first order."""
    import numpy as np
    import pyarrow as pa

    day = np.floor(first / 86_400.0)
    later = np.floor(company.draws.uniform("registered", key) * (company.n_days - day))
    registered = np.where(is_home, day, day + later).astype(np.int64)
    consent = find_consent(company, person)
    words = read_words()
    window = company.draws.choose("window", person, [1.0] * len(words["delivery_windows"]))
    language = company.draws.choose("language", person, words["language_weights"])
    return {
        "delivery_window": col.take_words(words["delivery_windows"], window),
        "language": col.take_words(words["languages"], language),
        "registered_on": col.make_days(registered),
        "consent_marketing": pa.array(consent),
        "consent_on": col.make_days(registered, ~consent),
    }
