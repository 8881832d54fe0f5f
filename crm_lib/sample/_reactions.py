"""What follows an order: contacts, complaints before leaving, reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._catalogue import name_articles
from crm_lib.sample._laws import DAY, Company, read_words
from crm_lib.sample._persons import Latent
from crm_lib.sample._purchases import Lines, Orders

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SENTIMENTS = ("negative", "neutral", "positive")


def draw_reasons(company: Company, latent: Latent) -> np.ndarray:
    """Draw why a person leaves, or would leave, as a position in the list of reasons."""
    table = company.of_types("reasons")
    return company.draws.choose("reason", latent.person, table, row=latent.kind)


def make_contacts(company: Company, latent: Latent, orders: Orders, names: pa.Array) -> pa.Table:
    """Return one row per contact: those that follow orders, and the complaints of persons who leave."""
    import numpy as np
    import pyarrow as pa

    draws, law, end = company.draws, company.laws["contacts"], company.n_days * DAY
    chance = company.of_types("contacts_per_order")[latent.kind[orders.at]]
    n = np.where(
        orders.second < end, draws.poisson("contacts", latent.person[orders.at], chance, orders.turn), 0
    )
    at = np.repeat(orders.at, n)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(n) - n, n)
    turn = np.repeat(orders.turn, n) * 32 + nth
    begin = np.repeat(orders.second, n)
    topic = draws.choose("topic", latent.person[at], law["topic_weights"], turn)
    leaver, complaint = _find_complaints(company, latent, orders)
    at = np.concatenate([at, leaver])
    turn = np.concatenate([turn, np.full(len(leaver), 32 * 1024)])
    begin = np.concatenate([begin, orders.left[leaver]])
    topic = np.concatenate([topic, complaint])
    person = latent.person[at]
    second = np.floor(begin + 3600.0 + draws.exponential("contact_wait", person, turn) * 5.0 * DAY)
    inside = np.flatnonzero(second < end)
    order = inside[np.lexsort((turn[inside], person[inside], second[inside]))]
    at, turn, second, topic, person = at[order], turn[order], second[order], topic[order], person[order]
    body = _describe_contacts(company, latent.kind[at], person, turn, topic)
    return pa.table({
        "customer_id": names.take(pa.array(at)),
        "occurred_at": col.make_open_times(second),
        **body,
    })


def _find_complaints(company: Company, latent: Latent, orders: Orders) -> tuple[np.ndarray, np.ndarray]:
    """Return the leavers who complain after their last order, and the topic of the complaint."""
    import numpy as np

    law, reason = company.laws["contacts"], draw_reasons(company, latent)
    says = company.draws.uniform("complains", latent.person) < law["complaint_before_leaving"]
    gone = orders.left < company.n_days * DAY
    leaver = np.flatnonzero(gone & says & (reason < len(law["complaints"])))
    topics = np.array([law["topics"].index(topic) for topic in law["complaints"]])
    return leaver, topics[reason[leaver]]


def _describe_contacts(
    company: Company, kind: np.ndarray, person: np.ndarray, turn: np.ndarray, topic: np.ndarray
) -> dict[str, pa.Array]:
    import numpy as np
    import pyarrow as pa

    draws, law, words = company.draws, company.laws["contacts"], read_words()
    medium = draws.choose("medium", person, company.of_types("media"), turn, row=kind)
    # gamma of shape 2: short contacts are common, none takes no time at all
    minutes = draws.gamma("minutes", person, 2.0, turn) / 2.0 * np.array(law["minutes"])[medium]
    tenths = np.maximum(np.floor(minutes * 10.0 + 0.5), 1.0)
    cost = col.round_cents(tenths / 10.0 * np.array(law["yuan_per_minute"])[medium])
    complains = np.isin(topic, [law["topics"].index(t) for t in law["complaints"]])
    outcome = draws.choose("outcome", person, words["outcome_weights"], turn)
    told = draws.uniform("satisfaction_told", person, turn) < 0.6
    mark = 4.4 - 1.6 * complains - 1.0 * (outcome > 0) + 0.8 * draws.normal("satisfaction", person, turn)
    agent = 1 + draws.bits("agent", person, turn).astype(np.int64) % law["n_agents"]
    return {
        "medium": col.take_words(law["media"], medium),
        "direction": col.take_words(["呼入", "呼出"], (draws.uniform("direction", person, turn) < 0.15) * 1),
        "topic": col.take_words(law["topics"], topic),
        "agent": col.number_words("A", agent, 2),
        "minutes": pa.array(tenths / 10.0),
        "cost": col.make_money(cost),
        "outcome": col.take_words(words["outcomes"], outcome),
        "satisfaction": pa.array(np.clip(np.floor(mark + 0.5), 1, 5).astype(np.int32), mask=~told),
    }


def make_reviews(
    company: Company, latent: Latent, orders: Orders, lines: Lines, names: pa.Array
) -> tuple[pa.Table, pa.Table]:
    """Return reviews of order lines, and their planted sentiment and topic."""
    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["reviews"]
    at = orders.at[lines.order]
    key = orders.turn[lines.order] * 8 + lines.line_no
    written = draws.uniform("review", latent.person[at], key) < law["per_line"]
    wait = 2.0 * DAY + draws.exponential("review_wait", latent.person[at], key) * 6.0 * DAY
    second = np.floor(orders.second[lines.order] + wait)
    rows = np.flatnonzero(written & (second < company.n_days * DAY))
    rows = rows[np.lexsort((key[rows], latent.person[at[rows]], second[rows]))]
    person, key, article = latent.person[at[rows]], key[rows], lines.article[rows]
    sentiment = _draw_sentiment(company, person, key, article)
    topic = draws.choose("review_topic", person, law["topic_weights"], key)
    number = draws.permute("review_number", person * 8192 + key, company.size * 8192)
    review_id = col.number_words("R", number, 11)
    shown = {
        "review_id": review_id,
        "customer_id": names.take(pa.array(at[rows])),
        "sku": name_articles(company, article),
        "written_at": col.make_open_times(second[rows]),
        "rating": pa.array(_draw_rating(company, person, key, sentiment)),
        "text": _write_text(company, person, key, sentiment, topic),
    }
    truth = {
        "review_id": review_id,
        "sentiment": col.take_words(SENTIMENTS, sentiment),
        "topic": col.take_words(law["topics"], topic),
    }
    return pa.table(shown), pa.table(truth)


def _draw_sentiment(company: Company, person: np.ndarray, key: np.ndarray, article: np.ndarray) -> np.ndarray:
    """Draw 0, 1 or 2; each article has a quality of its own, from 0.45 to 0.9 of happy buyers."""
    import numpy as np

    happy = 0.45 + 0.45 * company.draws.uniform("quality", article)
    u = company.draws.uniform("sentiment", person, key)
    return np.where(u < happy, 2, np.where(u < happy + 0.4 * (1.0 - happy), 1, 0))


def _draw_rating(company: Company, person: np.ndarray, key: np.ndarray, sentiment: np.ndarray) -> np.ndarray:
    import numpy as np

    high = (company.draws.uniform("rating", person, key) < 0.6).astype(np.int64)
    rating = np.array([1, 3, 4])[sentiment] + np.where(sentiment == 1, 0, high)
    wrong = (
        company.draws.uniform("contradicts", person, key) < company.laws["reviews"]["contradictory_rating"]
    )
    return np.where(wrong, 6 - rating, rating).astype(np.int32)


def _write_text(
    company: Company, person: np.ndarray, key: np.ndarray, sentiment: np.ndarray, topic: np.ndarray
) -> pa.Array:
    words = read_words()["reviews"]
    flat = [phrase for mood in SENTIMENTS for group in words[mood] for phrase in group]
    pick = company.draws.choose("phrase", person, [1.0] * 3, key)
    phrase = col.take_words(flat, (sentiment * 5 + topic) * 3 + pick)
    closing = company.draws.choose("closing", person, [4.0, 1.0, 1.0, 1.0, 1.0, 2.0], key)
    return col.join_words(phrase, col.take_words(words["closings"], closing))
