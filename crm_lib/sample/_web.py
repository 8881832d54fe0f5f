"""Clicks of the web shop (a planted funnel) and journeys of advertising touches (planted effects)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._catalogue import make_catalogue, name_articles
from crm_lib.sample._laws import DAY, Company
from crm_lib.sample._persons import draw_latent, draw_registers, name_records

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def make_clicks(company: Company, numbers: np.ndarray) -> pa.Table:
    """Return the events of the persons whose web record has one of these numbers, by time.

    The number of sessions in the last days is Poisson by type; a session goes
    on from page to page with the chance of its device.  Who is not logged in
    leaves a visitor number only.
    """
    import numpy as np

    law, draws = company.laws["clicks"], company.draws
    person = draws.permute("record/web", numbers, company.size, back=True)
    latent = draw_latent(company, person)
    member = draw_registers(company, latent)[0][:, company.laws["registers"]["names"].index("web")]
    n = np.where(member, draws.poisson("sessions", person, company.of_types("sessions")[latent.kind]), 0)
    who, kind = np.repeat(person, n), np.repeat(latent.kind, n)
    turn = np.arange(len(who)) - np.repeat(np.cumsum(n) - n, n)
    begin = (company.n_days - law["days"] * draws.uniform("session", who, turn)) * DAY
    device = draws.choose("device", who, law["device_weights"], turn)
    goes_on, deeper = np.ones(len(who), dtype=bool), np.zeros(len(who), dtype=np.int64)
    for step in range(len(law["events"]) - 1):
        goes_on &= draws.uniform(f"step{step}", who, turn) < np.array(law["funnel"])[device, step]
        deeper += goes_on
    return _list_events(company, who, turn, kind, begin, device, deeper + 1)


def _list_events(
    company: Company,
    who: np.ndarray,
    turn: np.ndarray,
    kind: np.ndarray,
    begin: np.ndarray,
    device: np.ndarray,
    depth: np.ndarray,
) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    law, draws = company.laws["clicks"], company.draws
    session = np.repeat(np.arange(len(who)), depth)
    step = np.arange(len(session)) - np.repeat(np.cumsum(depth) - depth, depth)
    person, turns = who[session], turn[session]
    dwell = 5.0 + 40.0 * draws.exponential("dwell", person, turns * 8 + step)
    passed = np.cumsum(dwell) - dwell
    first = np.cumsum(depth) - depth
    second = np.floor(begin[session] + passed - passed[first][session] if len(passed) else begin[session])
    category = draws.choose("category_seen", who, company.of_types("categories"), turn, row=kind)
    goods = make_catalogue()
    seen = np.floor(draws.uniform("article_seen", who, turn) * 2 * goods.n_points[category]).astype(np.int64)
    known = draws.uniform("identified", who, turn) < law["identified"]
    web = company.laws["registers"]["names"].index("web")
    referrer = draws.choose("referrer", who, law["referrer_weights"], turn)
    number = draws.permute("session", who * 64 + turn, company.size * 64)
    table = pa.table({
        "visitor_id": col.number_words("V", draws.permute("visitor", person, company.size), 8),
        "customer_id": _blank(name_records(company, person, np.full(len(person), web)), ~known[session]),
        "session_id": col.number_words("Z", number, 9).take(pa.array(session)),
        "occurred_at": col.make_times(second),
        "event": col.take_words(law["events"], step),
        "sku": _blank(name_articles(company, (goods.start[category] + seen)[session]), step < 2),
        "referrer": col.take_words(law["referrers"], referrer[session]),
        "device": col.take_words(law["devices"], device[session]),
    })
    inside = np.flatnonzero(second < company.n_days * DAY)
    return table.take(pa.array(inside[np.lexsort((step[inside], session[inside], second[inside]))]))


def _blank(words: pa.Array, where: np.ndarray) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(pa.array(where), pa.scalar(None, pa.string()), words)


def make_touches(company: Company, person: np.ndarray, names: pa.Array) -> tuple[pa.Table, pa.Table]:
    """Return journeys of advertising touches, and what each conversion was caused by.

    Each touch converts on its own with the effect of its medium, and the
    journey converts besides with the base chance; the first touch that
    converts ends the journey.  The last row of a journey says whether it did.
    """
    import numpy as np

    draws, law = company.draws, company.laws["touches"]
    chosen = np.flatnonzero(draws.uniform("journey", person) < law["share_of_customers"])
    who = person[chosen]
    wanted = np.minimum(1 + draws.poisson("touches", who, law["more_touches"]), law["most_touches"])
    steps = np.arange(law["most_touches"])
    medium = np.stack([draws.choose("touch_medium", who, law["media_weights"], k) for k in steps], axis=1)
    u = np.stack([draws.uniform("touch_works", who, k) for k in steps], axis=1)
    works = (u < np.array(law["effects"])[medium]) & (steps < wanted[:, None])
    first = np.where(works.any(axis=1), works.argmax(axis=1), law["most_touches"])
    by_touch = first < law["most_touches"]
    length = np.where(by_touch, first + 1, wanted)
    by_base = ~by_touch & (draws.uniform("touch_base", who) < law["base"])
    cause = np.where(by_touch, medium[np.arange(len(who)), np.minimum(first, law["most_touches"] - 1)], -1)
    cause = np.where(by_base, len(law["media"]), cause)
    return _list_touches(company, who, chosen, names, medium, length, cause)


def _list_touches(
    company: Company,
    who: np.ndarray,
    chosen: np.ndarray,
    names: pa.Array,
    medium: np.ndarray,
    length: np.ndarray,
    cause: np.ndarray,
) -> tuple[pa.Table, pa.Table]:
    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["touches"]
    row = np.repeat(np.arange(len(who)), length)
    step = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    begin = (company.n_days - 90.0 + 60.0 * draws.uniform("journey_begin", who)) * DAY
    gap = 600.0 + draws.exponential("touch_gap", who[row], step) * 2.0 * DAY
    passed = np.cumsum(gap) - gap
    first = np.cumsum(length) - length
    second = np.floor(begin[row] + passed - passed[first][row] if len(row) else begin[row])
    medium = medium[row, step]
    cost = col.round_cents(np.array(law["yuan_per_touch"])[medium])
    journey = col.number_words("J", draws.permute("journey_number", who, company.size), 8)
    table = pa.table({
        "journey_id": journey.take(pa.array(row)),
        "customer_id": names.take(pa.array(chosen[row])),
        "touched_at": col.make_times(second),
        "medium": col.take_words(law["media"], medium),
        "cost": col.make_money(cost),
        "converted": pa.array((cause[row] >= 0) & (step == length[row] - 1)),
    })
    truth = {
        "journey_id": journey,
        "caused_by": col.take_words(
            [*law["media"], "base", ""], np.where(cause < 0, len(law["media"]) + 1, cause)
        ),
    }
    in_time = np.lexsort((step, who[row], second))
    return table.take(pa.array(in_time)), pa.table(truth)
