"""Comments put together from parts: which topic and sentiment each is meant to express is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._laws import Company, read_sentences

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SENTIMENTS = ("negative", "neutral", "positive")


def write_comments(
    company: Company, person: np.ndarray, mind: np.ndarray
) -> tuple[pa.Array, dict[str, pa.Array]]:
    """Return the comment of each respondent (null for none), and its topic, sentiment and wording.

    The sentiment follows the planted performance in the topic and the
    person's satisfaction.  A lukewarm comment is in words that the neighbouring
    sentiment uses as well, so nobody can tell it for sure.
    """
    import numpy as np

    draws, law = company.draws, company.laws["survey"]
    silent = draws.uniform("comment", person) >= law["comment"]
    topic = draws.choose("comment_topic", person, law["comment_topics"])
    mark = np.array(law["performance"])[topic] - 3.5 + 0.5 * mind[:, 0]
    mark = mark + law["comment_noise"] * draws.normal("comment_mark", person)
    sentiment = np.where(mark > 0.35, 2, np.where(mark < -0.35, 0, 1))
    lukewarm = draws.uniform("lukewarm", person) < law["lukewarm"]
    warm = np.where(sentiment == 1, draws.uniform("lukewarm_side", person) < 0.5, sentiment == 2)
    text = col.join_words(
        _pick(company, person, "openers"),
        _pick_of(company, person, "subjects", topic),
        _pick_predicate(company, person, sentiment, topic, lukewarm, warm),
        _pick(company, person, "closings"),
    )
    truth = {
        "comment_topic": col.take_words(law["attributes"], topic, silent),
        "comment_sentiment": col.take_words(SENTIMENTS, sentiment, silent),
        "comment_lukewarm": _mask(lukewarm, silent),
    }
    return _hide(text, silent), truth


def _mask(values: np.ndarray, missing: np.ndarray) -> pa.Array:
    import pyarrow as pa

    return pa.array(values, mask=missing)


def _hide(words: pa.Array, where: np.ndarray) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pa.array(where), pa.scalar(None, pa.string()), words)


def _pick(company: Company, person: np.ndarray, bank: str) -> pa.Array:
    words = read_sentences()["comments"][bank]
    return col.take_words(words, company.draws.choose(f"comment/{bank}", person, [1.0] * len(words)))


def _pick_of(company: Company, person: np.ndarray, bank: str, group: np.ndarray) -> pa.Array:
    """Pick a word of the group of each row; all groups of a bank are equally long."""
    groups = read_sentences()["comments"][bank]
    size = len(groups[0])
    nth = company.draws.choose(f"comment/{bank}", person, [1.0] * size)
    return col.take_words([word for words in groups for word in words], group * size + nth)


def _pick_predicate(
    company: Company,
    person: np.ndarray,
    sentiment: np.ndarray,
    topic: np.ndarray,
    lukewarm: np.ndarray,
    warm: np.ndarray,
) -> pa.Array:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    plain = [_pick_of(company, person, bank, topic) for bank in SENTIMENTS]
    between = [_pick(company, person, bank) for bank in ("cold", "warm")]
    which = np.where(lukewarm, 3 + warm, sentiment)
    return pc.choose(pa.array(which), *plain, *between)
