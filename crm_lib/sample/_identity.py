"""Names, telephones, addresses and attributes of invented persons, true and as a register holds them.

Telephone numbers begin with 154: the Chinese numbering plan has given that
prefix to nobody, and libphonenumber (9.0.43) calls such numbers not valid.
Mail addresses stand under example.com, .org and .net (RFC 2606).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._laws import Company, read_words

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PHONE_PREFIX = "154"
INCOME_BANDS = ("5000元以下", "5000-8000元", "8000-12000元", "12000-20000元", "20000元以上")
_TYPO, _HOMOPHONE, _NICKNAME, _MARRIED = 1, 2, 3, 4


@cache
def list_given() -> tuple[list[str], list[str], list[list[int]], list[int]]:
    """Return characters, their sounds, characters of the same sound, and how many are women's (they come first)."""
    words, characters, sounds, alike, n_women = read_words(), [], [], [], 0
    for group in (words["women"], words["men"]):
        for line in group:
            sound, text = line.split(":")
            places = list(range(len(characters), len(characters) + len(text)))
            characters += list(text)
            sounds += [sound] * len(text)
            alike += [places] * len(text)
        n_women = n_women or len(characters)
    return characters, sounds, alike, [n_women, len(characters) - n_women]


def draw_fields(
    company: Company, person: np.ndarray, kind: np.ndarray, head: np.ndarray
) -> dict[str, np.ndarray]:
    """Draw what is true of each person, as codes; a family shares surname (but for one spouse) and address."""
    import numpy as np

    draws, words = company.draws, read_words()
    child = (person % 4 >= 2) & (head != person)
    age = np.clip(company.of_types("age")[kind] + 10.0 * draws.normal("age", person), 18, 84)
    woman = draws.uniform("woman", person) < company.of_types("woman")[kind]
    shares = (person == head) | (person - head >= 2)
    sizes, n_sur = list_given()[3], len(words["surnames"])
    place = [np.floor(draws.uniform("given", person, k) * np.where(woman, *sizes)) for k in (0, 1)]
    log_income = company.of_types("log_income")[kind] + 0.35 * draws.normal("income", person)
    return {
        "woman": woman,
        "surname": np.floor(draws.uniform("surname", np.where(shares, head, person)) * n_sur).astype(int),
        "given": (np.stack(place) + np.where(woman, 0, sizes[0])).astype(np.int64),
        "two": draws.uniform("two_characters", person) < 0.7,
        "birth": -np.floor(
            (age - 24.0 * child * (age > 45) + draws.uniform("birth", person)) * 365.25
        ).astype(int),
        "income": np.floor(np.exp(log_income) / 100.0 + 0.5) * 100.0,
        "head": head,
        "own_phone": np.where(_shares_phone(company, person, head), head, person),
    }


def _shares_phone(company: Company, person: np.ndarray, head: np.ndarray) -> np.ndarray:
    chance = company.laws["registers"]["family_shares_phone"]
    return (person != head) & (company.draws.uniform("family_phone", person) < chance)


def show_contact(
    company: Company,
    person: np.ndarray,
    register: int,
    fields: dict[str, np.ndarray],
    flags: dict[str, np.ndarray],
) -> dict[str, pa.Array]:
    """Return name, sex, birthday, telephone, mail and address as this register holds them."""
    import numpy as np

    key = person * 3 + register
    changed = np.where(flags["phone_changed"], 1 + register, 0)
    holder = np.where(flags["phone_changed"], person, fields["own_phone"])
    phone = company.draws.permute("phone", holder * 4 + changed, _phone_numbers(company))
    return {
        "name": _show_name(company, key, fields, flags["name_variant"]),
        "gender": col.take_words(["男", "女"], fields["woman"].astype(np.int64)),
        "birth_date": _show_birthday(company, key, fields["birth"], flags["wrong_birthday"]),
        "phone": col.number_words(PHONE_PREFIX, phone, 8, flags["no_phone"]),
        "email": _show_email(company, person, fields, flags["no_email"]),
        **_show_address(company, fields["head"], flags["address_abbreviated"]),
    }


def show_caller(
    company: Company, person: np.ndarray, fields: dict[str, np.ndarray]
) -> tuple[pa.Array, pa.Array]:
    """Return the true name and telephone number of each person."""
    phone = company.draws.permute("phone", fields["own_phone"] * 4, _phone_numbers(company))
    name = _show_name(company, person * 3, fields, person * 0)
    return name, col.number_words(PHONE_PREFIX, phone, 8)


def _phone_numbers(company: Company) -> int:
    return max(10**8, company.size * 4)


def _show_name(
    company: Company, key: np.ndarray, fields: dict[str, np.ndarray], variant: np.ndarray
) -> pa.Array:
    import numpy as np
    import pyarrow.compute as pc

    characters, _, alike, sizes = list_given()
    first, second = fields["given"]
    last = np.where(fields["two"], second, first)
    # another character of the same sound where there is one, else any other: that is a typo
    ring = np.array([places[(places.index(k) + 1) % len(places)] for k, places in enumerate(alike)])
    other = (last + 1 + company.draws.bits("typo", key).astype(np.int64) % (sum(sizes) - 1)) % sum(sizes)
    other = np.where((variant == _HOMOPHONE) & (ring[last] != last), ring[last], other)
    last = np.where((variant == _TYPO) | (variant == _HOMOPHONE), other, last)
    first = np.where(fields["two"], first, last)
    surname = col.take_words([s.split(":")[0] for s in read_words()["surnames"]], fields["surname"])
    middle = pc.if_else(fields["two"], col.take_words(characters, first), "")
    full = col.join_words(surname, middle, col.take_words(characters, last))
    prefix = read_words()["nickname_prefixes"]
    which = company.draws.choose("nickname", key, [1.0] * len(prefix))
    nickname = col.join_words(col.take_words(prefix, which), col.take_words(characters, last))
    title = col.take_words(["先生", "女士", "太太"], fields["woman"] * (1 + key % 2))
    full = pc.if_else(variant == _NICKNAME, nickname, full)
    return pc.if_else(variant == _MARRIED, col.join_words(surname, title), full)


def _show_birthday(company: Company, key: np.ndarray, birth: np.ndarray, wrong: np.ndarray) -> pa.Array:
    """Return birthdays (days before the first day of the data); a wrong one is off by days, months or years."""
    import numpy as np

    shifts = np.array([1, -1, 9, -9, 30, -31, 365, -366, 3652])
    shift = shifts[company.draws.choose("birth_shift", key, [1.0] * len(shifts))]
    return col.make_days(np.where(wrong, birth + shift, birth))


def _show_email(
    company: Company, person: np.ndarray, fields: dict[str, np.ndarray], missing: np.ndarray
) -> pa.Array:
    import numpy as np
    import pyarrow.compute as pc

    sounds, words = list_given()[1], read_words()
    surname = col.take_words([s.split(":")[1] for s in words["surnames"]], fields["surname"])
    middle = pc.if_else(fields["two"], col.take_words(sounds, fields["given"][0]), "")
    last = col.take_words(sounds, np.where(fields["two"], fields["given"][1], fields["given"][0]))
    number = col.number_words("", company.draws.permute("mail", person, company.size), 1, missing)
    domain = col.take_words(words["domains"], company.draws.choose("domain", person, [4.0, 2.0, 2.0, 1.0]))
    return col.join_words(surname, middle, last, number, "@", domain)


def draw_city(company: Company, head: np.ndarray) -> np.ndarray:
    """Draw the town of each household, as a place in the list of cities."""
    return company.draws.choose("city", head, read_words()["city_weights"])


def _show_address(company: Company, head: np.ndarray, short: np.ndarray) -> dict[str, pa.Array]:
    import pyarrow.compute as pc

    words, draws = read_words(), company.draws
    city = draw_city(company, head)
    parts = [c.split("|") for c in words["cities"]]
    province, town, brief = (col.take_words([p[k] for p in parts], city) for k in range(3))
    district = col.take_words(words["districts"], draws.choose("district", head, [1.0] * 6))
    street = col.take_words(words["streets"], draws.choose("street", head, [1.0] * 12))
    house, flat = (draws.bits(n, head).astype("int64") % m + 1 for n, m in (("house", 480), ("flat", 30)))
    room = flat * 100 + draws.bits("room", head).astype("int64") % 4 + 1
    number = col.number_words("", house, 1)
    full = col.join_words(district, street, number, "号", col.number_words("", room, 1), "室")
    brief_address = col.join_words(street, number, "-", col.number_words("", room, 1))
    return {
        "province": pc.if_else(short, brief, province),
        "city": town,
        "address": pc.if_else(short, brief_address, full),
    }


def show_attributes(
    company: Company, person: np.ndarray, key: np.ndarray, fields: dict[str, np.ndarray]
) -> dict[str, pa.Array]:
    """Return occupation, income and habits; each is missing now and then, record by record."""
    import numpy as np
    import pyarrow as pa

    draws, words = company.draws, read_words()
    age = -fields["birth"] / 365.25
    band = np.searchsorted([5000, 8000, 12000, 20000], fields["income"], side="right")
    married = np.where(age > 28, draws.choose("married", person, [0.12, 0.78, 0.10]), 0)
    child = (married > 0) & (draws.uniform("child", person) < 0.75)
    height = np.floor(np.where(fields["woman"], 161.5, 173.5) + 6.0 * draws.normal("height", person))

    def missing(name: str) -> np.ndarray:
        return _find_missing(company, name, key)

    def pick(name: str, choices: str, weights: str = "") -> pa.Array:
        return _pick_words(company, person, key, (name, choices, weights))

    return {
        "occupation": pick("occupation", "occupations", "occupation_weights"),
        "income_band": col.take_words(INCOME_BANDS, band, missing("band")),
        "monthly_income": pa.array(fields["income"], mask=missing("income")),
        "education": pick("education", "education", "education_weights"),
        "marital_status": col.take_words(words["marital_status"], married, missing("married")),
        "has_children": pa.array(child, mask=missing("child")),
        "housing": pick("housing", "housing", "housing_weights"),
        "has_pet": pa.array(draws.uniform("pet", person) < 0.22, mask=missing("pet")),
        "hobbies": pick("hobby", "hobbies"),
        "entertainment": pick("entertainment", "entertainment"),
        "height_cm": pa.array(height, mask=missing("height")),
        "build": pick("build", "builds", "build_weights"),
    }


def _find_missing(company: Company, name: str, key: np.ndarray) -> np.ndarray:
    chance = company.laws["registers"]["attribute_missing"]
    return company.draws.uniform(f"missing/{name}", key) < chance


def _pick_words(
    company: Company, person: np.ndarray, key: np.ndarray, names: tuple[str, str, str]
) -> pa.Array:
    """Draw one of the words `choices` per person; `names` are the draw, the words and their weights."""
    name, choices, weights = names
    words = read_words()
    weight = words[weights] if weights else [1.0] * len(words[choices])
    chosen = company.draws.choose(name, person, weight)
    return col.take_words(words[choices], chosen, _find_missing(company, name, key))
