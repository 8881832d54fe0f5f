"""The questionnaire: answers of those who answer, with careless ones among them, and the truth behind each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._attitudes import Attitudes, draw_nps
from crm_lib.sample._census import Strata, show_strata
from crm_lib.sample._comments import write_comments
from crm_lib.sample._laws import Company, read_sentences
from crm_lib.sample._persons import Latent, name_persons

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

# answers (with the feature, without it) by class: 1 很喜欢 … 5 很不喜欢; weights of each
_KANO_WITH = {"M": [0, 6, 3, 1, 0], "O": [1, 0, 0, 0, 0], "A": [1, 0, 0, 0, 0],
              "I": [0, 1, 2, 1, 0], "R": [0, 0, 0, 0, 1]}  # fmt: skip
_KANO_WITHOUT = {"M": [0, 0, 0, 0, 1], "O": [0, 0, 0, 0, 1], "A": [0, 3, 5, 2, 0],
                 "I": [0, 1, 2, 1, 0], "R": [4, 3, 3, 0, 0]}  # fmt: skip


def list_items(company: Company) -> pa.Table:
    """Return the statements of the scales: number, construct, text, whether reversed, points."""
    import numpy as np
    import pyarrow as pa

    law, groups = company.laws["survey"], read_sentences()["items"]["statements"]
    texts = [text for group in groups for text in group]
    k = np.arange(len(texts))
    return pa.table({
        "item": col.number_words("q", k + 1, 2),
        "construct": col.take_words(law["constructs"], k // 4),
        "text": pa.array(texts),
        "reversed": pa.array(k % 4 + 1 == law["reversed_item"]),
        "points": pa.array(np.full(len(k), 5, dtype=np.int32)),
    })


def make_survey(
    company: Company, latent: Latent, strata: Strata, attitudes: Attitudes, names: pa.Array
) -> tuple[pa.Table, pa.Table]:
    """Return one row per respondent by number, and what is true of each."""
    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["survey"]
    at = np.flatnonzero(attitudes.answers)
    number = draws.permute("response", latent.person[at], company.size)
    at, number = at[np.argsort(number)], np.sort(number)
    person, mind = latent.person[at], attitudes.mind[at]
    response_id = col.number_words("Q", number + 1, 8)
    speeder = draws.uniform("speeder", person) < law["speeder"]
    straight = ~speeder & (draws.uniform("straight", person) < law["straight_liner"])
    comments, told = write_comments(company, person, mind)
    kano, classes = _answer_kano(company, person)
    shown = {
        "response_id": response_id,
        "customer_id": names.take(pa.array(at)),
        **_show_head(company, person, strata, at, speeder),
        **_answer_items(company, person, mind, speeder, straight),
        "nps": pa.array(draw_nps(company, attitudes)[at]),
        "overall": pa.array(_answer_overall(company, person, mind)),
        **_answer_waits(company, person, mind),
        **_answer_attributes(company, person, mind),
        **kano,
        "comment": comments,
    }
    manner = {"straight_liner": pa.array(straight), "speeder": pa.array(speeder)}
    latent_mind = {name: pa.array(mind[:, k]) for k, name in enumerate(("satisfaction", "trust", "loyalty"))}
    who = {"response_id": response_id, "person_id": name_persons(company, person)}
    return pa.table(shown), pa.table({**who, **latent_mind, **manner, **classes, **told})


def _show_head(
    company: Company, person: np.ndarray, strata: Strata, at: np.ndarray, speeder: np.ndarray
) -> dict[str, pa.Array]:
    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["survey"]
    sent = (law["sent_on"] - company.laws["first_day"]).days
    day = sent + np.minimum(np.floor(law["answer_days"] * draws.exponential("answered", person)), 40)
    seconds = 60.0 * law["minutes"] * np.exp(0.35 * draws.normal("answer_time", person))
    hasty = law["speeder_seconds"] * (0.5 + draws.uniform("hasty", person))
    seconds = np.where(speeder, hasty, np.maximum(seconds, 120.0))
    return {
        "answered_on": col.make_days(day.astype(np.int64)),
        "channel": col.take_words(law["channels"], strata.home[at]),
        **show_strata(strata.woman[at], strata.band[at], strata.region[at]),
        "seconds": pa.array(np.floor(seconds).astype(np.int32)),
    }


def _answer_items(
    company: Company, person: np.ndarray, mind: np.ndarray, speeder: np.ndarray, straight: np.ndarray
) -> dict[str, pa.Array]:
    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["survey"]
    same = 3 + draws.choose("straight_answer", person, [2.0, 3.0, 1.0])
    out = {}
    for k in range(12):
        loading = law["loadings"][k % 4]
        z = loading * mind[:, k // 4] + np.sqrt(1.0 - loading**2) * draws.normal("item", person, k)
        answer = np.clip(np.floor(law["item_mean"] + law["item_spread"] * z + 0.5), 1, 5)
        answer = np.where(k % 4 + 1 == law["reversed_item"], 6 - answer, answer)
        answer = np.where(straight, same, answer)
        answer = np.where(speeder, 1 + draws.choose("speeder_answer", person, [1.0] * 5, k), answer)
        missing = draws.uniform("item_missing", person, k) < law["item_missing"]
        out[f"q{k + 1:02}"] = pa.array(answer.astype(np.int32), mask=missing)
    return out


def _answer_overall(company: Company, person: np.ndarray, mind: np.ndarray) -> np.ndarray:
    import numpy as np

    law = company.laws["survey"]
    share = law["overall_on_satisfaction"]
    z = share * mind[:, 0] + np.sqrt(1.0 - share * share) * company.draws.normal("overall", person)
    mark = np.floor(law["overall_mean"] + law["overall_spread"] * z + 0.5)
    return np.clip(mark, 1, 10).astype(np.int32)


def _answer_waits(company: Company, person: np.ndarray, mind: np.ndarray) -> dict[str, pa.Array]:
    """Return minutes really waited and felt: who is satisfied feels a shorter wait."""
    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["survey"]
    actual = np.maximum(np.floor(law["wait_minutes"] * draws.gamma("wait", person, 2.5) / 2.5 + 0.5), 1.0)
    noise = law["wait_noise"] * draws.normal("wait_felt", person)
    felt = np.maximum(np.floor(actual * np.exp(noise - law["wait_effect"] * mind[:, 0]) + 0.5), 1.0)
    never = draws.uniform("waited", person) >= law["waited"]
    shown = {"actual_wait_min": actual, "felt_wait_min": felt}
    return {name: pa.array(minutes.astype(np.int32), mask=never) for name, minutes in shown.items()}


def _answer_attributes(company: Company, person: np.ndarray, mind: np.ndarray) -> dict[str, pa.Array]:
    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["survey"]
    out = {}
    for kind, tilt in (("importance", 0.0), ("performance", law["performance_on_satisfaction"])):
        for k, name in enumerate(law["attributes"]):
            noise = law["answer_spread"] * draws.normal(kind, person, k)
            mark = np.floor(law[kind][k] + tilt * mind[:, 0] + noise + 0.5)
            out[f"{kind}_{name}"] = pa.array(np.clip(mark, 1, 5).astype(np.int32))
    return out


def _answer_kano(company: Company, person: np.ndarray) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    """Return both answers per feature by the person's planted class, now and then one at random; and the classes."""
    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["survey"]
    answers, classes = {}, {}
    for k, feature in enumerate(law["features"]):
        kind = draws.choose("kano", person, law["kano"][k], k)
        which = draws.uniform("kano_noise", person, k) / law["kano_noise"]
        for half, (side, table) in enumerate((("f", _KANO_WITH), ("d", _KANO_WITHOUT))):
            weights = [table[name] for name in law["kano_classes"]]
            answer = draws.choose(f"kano_{side}", person, weights, k, row=kind)
            noisy = (which >= half / 2) & (which < (half + 1) / 2)
            answer = np.where(noisy, draws.choose(f"kano_any_{side}", person, [1.0] * 5, k), answer)
            answers[f"kano_{feature}_{side}"] = pa.array((1 + answer).astype(np.int32))
        classes[f"kano_{feature}"] = col.take_words(law["kano_classes"], kind)
    return answers, classes
