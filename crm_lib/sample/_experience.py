"""Observations of customers' experiences: scores around a planted quality, waits, stories of coded words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._comments import _hide
from crm_lib.sample._laws import Company, read_sentences
from crm_lib.sample._persons import draw_latent, draw_registers, name_records

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_MENTIONS = 3


@dataclass(frozen=True)
class Seen:
    """Observations as codes: ``item`` numbers the occasion, ``second`` says that another observer scored it too."""

    item: np.ndarray
    second: np.ndarray
    day: np.ndarray
    touchpoint: np.ndarray
    attribute: np.ndarray
    method: np.ndarray

    @property
    def key(self) -> np.ndarray:
        """Return a number of the observation itself."""
        return self.item * 2 + self.second


def make_experience(company: Company, places: np.ndarray) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Return this chunk's observations by day, the truth behind each, and what each text mentions."""
    import numpy as np
    import pyarrow as pa

    seen = _draw_occasions(company, places)
    draws, law = company.draws, company.laws["experience"]
    number = draws.permute("observation", seen.key, 2 * company.size)
    observation_id = col.number_words("G", number + 1, 8)
    quality = np.array(law["quality"])[seen.touchpoint, seen.attribute]
    texts, mentions = _write_stories(company, seen, quality)
    told = draws.uniform("story", seen.key) < np.array(law["told"])[seen.method]
    shown = pa.table({
        "observation_id": observation_id,
        **_show_occasions(company, seen),
        "score": _draw_scores(company, seen, quality),
        **_draw_waits(company, seen, quality),
        "text": _hide(texts, ~told),
    })
    truth = pa.table({
        "observation_id": observation_id,
        "occasion": pa.array(seen.item),
        "quality": pa.array(quality),
        "bias": pa.array(np.array(law["bias"])[seen.method]),
    })
    return shown, truth, _list_mentions(observation_id, told & (seen.method != 2), mentions)


def _draw_occasions(company: Company, places: np.ndarray) -> Seen:
    import numpy as np

    draws, law = company.draws, company.laws["experience"]
    low, high = (int(np.floor(end * law["per_customer"])) for end in (places[0], places[-1] + 1))
    item = np.arange(low, high)
    method = draws.choose("seen_method", item, law["method_weights"])
    again = item[(method == 1) & (draws.uniform("seen_twice", item) < law["twice"])]
    item, second = np.concatenate([item, again]), np.repeat([0, 1], [len(item), len(again)])
    day = company.n_days - 1 - np.floor(draws.uniform("seen_on", item) * law["days"]).astype(np.int64)
    order = np.lexsort((second, item, day))
    item, second, day = item[order], second[order], day[order]
    return Seen(
        item,
        second,
        day,
        draws.choose("seen_where", item, law["touchpoint_weights"]),
        draws.choose("seen_what", item, [1.0] * len(law["attributes"])),
        draws.choose("seen_method", item, law["method_weights"]),
    )


def _show_occasions(company: Company, seen: Seen) -> dict[str, pa.Array]:
    """Return where, how, by whom and on what each observation was made."""
    law = company.laws["experience"]
    level = company.draws.choose("level", seen.item, law["levels"], row=seen.method)
    return {
        "touchpoint": col.take_words(law["touchpoints"], seen.touchpoint),
        "method": col.take_words(law["methods"], seen.method),
        "observer": _name_observers(company, seen),
        "observed_on": col.make_days(seen.day),
        "customer_id": _find_customers(company, seen),
        "attribute": col.take_words(law["attributes"], seen.attribute),
        "level": col.take_words(["体验属性", "体验主题", "体验效果"], level),
    }


def _draw_scores(company: Company, seen: Seen, quality: np.ndarray) -> pa.Array:
    """Return marks: what was seen on the occasion, and what each observer makes of it."""
    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["experience"]
    half = law["spread"] / np.sqrt(2.0)
    noise = half * (draws.normal("seen_occasion", seen.item) + draws.normal("seen_score", seen.key))
    mark = np.floor(quality + np.array(law["bias"])[seen.method] + noise + 0.5)
    missing = draws.uniform("scored", seen.key) >= np.array(law["scored"])[seen.method]
    return pa.array(np.clip(mark, 1, 10).astype(np.int32), mask=missing)


def _name_observers(company: Company, seen: Seen) -> pa.Array:
    """Return the observer; an occasion seen twice has two different ones, a mystery customer is of a third party."""
    import numpy as np

    n = company.laws["experience"]["n_observers"]
    first = company.draws.bits("observer", seen.item).astype(np.int64) % n
    number = 1 + (first + seen.second * (1 + seen.item % (n - 1))) % n
    words = [f"{kind}{k:02}" for kind in ("观察员", "第三方") for k in range(1, n + 1)]
    return col.take_words(words, number - 1 + n * (seen.method == 2))


def _find_customers(company: Company, seen: Seen) -> pa.Array:
    """Return the home record of the customer who was met, where known; none with a mystery customer."""
    import numpy as np

    person = company.draws.permute("seen_who", seen.item % company.size, company.size)
    latent = draw_latent(company, person)
    names = name_records(company, person, draw_registers(company, latent)[1])
    known = company.draws.uniform("seen_known", seen.item) < company.laws["experience"]["known_customer"]
    return _hide(names, ~known | np.isin(seen.method, [2]))


def _draw_waits(company: Company, seen: Seen, quality: np.ndarray) -> dict[str, pa.Array]:
    """Return minutes waited and felt: the better the quality, the shorter a wait feels."""
    import numpy as np
    import pyarrow as pa

    draws, law, rule = company.draws, company.laws["experience"], company.laws["survey"]
    mean = np.array(law["wait_minutes"])[seen.touchpoint]
    actual = np.maximum(np.floor(mean * draws.gamma("seen_wait", seen.item, 2.5) / 2.5 + 0.5), 1.0)
    noise = rule["wait_noise"] * draws.normal("seen_felt", seen.item)
    felt = actual * np.exp(noise - rule["wait_effect"] * (quality - 6.5))
    felt = np.maximum(np.floor(felt + 0.5), 1.0)
    none = draws.uniform("seen_waited", seen.item) >= np.array(law["waits"])[seen.method]
    none |= seen.second > 0
    return {
        "actual_wait_min": pa.array(actual.astype(np.int32), mask=none),
        "felt_wait_min": pa.array(felt.astype(np.int32), mask=none),
    }


def _write_stories(
    company: Company, seen: Seen, quality: np.ndarray
) -> tuple[pa.Array, list[dict[str, np.ndarray]]]:
    """Return the texts, and per mention its code, polarity, word and whether a 不 stands before it.

    The first mention is about what was observed; each is the better the quality.
    A mystery customer's note says what was done, and mentions nothing.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    draws, bank = company.draws, read_sentences()["stories"]
    n = 1 + draws.choose("mentions", seen.key, [1.0, 2.0, 1.0])
    step = 1 + draws.choose("mention_step", seen.key, [1.0] * 5)  # so that no code comes twice
    good = 1.0 / (1.0 + np.exp(-1.2 * (quality - 6.5)))
    mentions, text = [], _pick_opening(company, seen)
    for k in range(MOST_MENTIONS):
        code = (seen.attribute + k * step) % len(bank["codes"])
        positive = draws.uniform("mention_good", seen.key, k) < good
        nth = draws.choose("mention_word", seen.key, [1.0] * 3, k)
        here = k < n
        mentions.append({"code": code, "positive": positive, "nth": nth, "here": here})
        join = col.take_words(bank["joins"], draws.choose("mention_join", seen.key, [3.0, 1.0, 2.0, 2.0], k))
        clause = col.take_words(_list_clauses(), (code * 2 + positive) * 3 + nth)
        clause = clause if k == 0 else col.join_words(join, clause)
        text = col.join_words(text, pc.if_else(pa.array(here), clause, ""))
    note = col.take_words(bank["notes"], draws.choose("seen_note", seen.key, [1.0] * 4))
    return col.join_words(pc.if_else(pa.array(seen.method == 2), note, text), "。"), mentions


def _pick_opening(company: Company, seen: Seen) -> pa.Array:
    import numpy as np

    draws, bank = company.draws, read_sentences()["stories"]
    opening = draws.choose("story_opening", seen.key, [1.0] * len(bank["openings"]))
    place = draws.choose("story_place", seen.key, [1.0, 1.0])
    places = [word for words in bank["places"] for word in words]
    where = col.take_words(places, seen.touchpoint * 2 + place)
    return col.join_words(
        col.take_words(bank["openings"], opening), where, col.take_words(["，"], np.zeros_like(place))
    )


def _list_clauses() -> list[str]:
    """Return the clauses by code, negative before positive: 态度冷淡, …, 态度热情, …."""
    lines = [line.split("|") for line in read_sentences()["stories"]["words"]]
    return [
        f"{subject}{word}" for subject, good, bad in lines for bank in (bad, good) for word in bank.split(",")
    ]


def _list_mentions(
    observation_id: pa.Array, told: np.ndarray, mentions: list[dict[str, np.ndarray]]
) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    bank = read_sentences()["stories"]
    lines = [line.split("|")[1:] for line in bank["words"]]
    words = [word for good, bad in lines for group in (bad, good) for word in group.split(",")]
    rows = [np.flatnonzero(told & m["here"]) for m in mentions]
    code, positive, nth = (
        np.concatenate([m[name][r] for m, r in zip(mentions, rows, strict=True)])
        for name in ("code", "positive", "nth")
    )
    row, place = np.concatenate(rows), np.repeat(np.arange(len(rows)), [len(r) for r in rows])
    order = np.lexsort((place, row))
    row, place, code, positive, nth = (a[order] for a in (row, place, code, positive, nth))
    return pa.table({
        "observation_id": observation_id.take(pa.array(row)),
        "place": pa.array(place + 1),
        "word": col.take_words(words, (code * 2 + positive) * 3 + nth),
        "code": col.take_words(bank["codes"], code),
        "level": col.take_words(bank["code_levels"], code),
        "polarity": pa.array(np.where(positive, 1, -1).astype(np.int32)),
    })
