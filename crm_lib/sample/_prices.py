"""Prices asked of visitors: at one moment several people are asked a price for the same article.

Planted: one channel asks more of customers it knows.  Beside it stand what an
audit must not take for it: weekly offers, channels of different price, a price
for members in the stores, several pieces, price tests, coupons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib.sample import _columns as col
from crm_lib.sample._catalogue import make_catalogue, name_articles
from crm_lib.sample._laws import DAY, Company
from crm_lib.sample._persons import draw_latent, draw_registers, name_records

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_SEATS = 16  # room for the visitors of a moment in the numbers that identify them
_FOUR_WEEKS = 28


@dataclass(frozen=True)
class Visits:
    """One entry per visitor of a moment; times in seconds, ``known`` in whole days, −1 for nobody known."""

    key: np.ndarray
    person: np.ndarray
    article: np.ndarray
    second: np.ndarray
    channel: np.ndarray
    known: np.ndarray
    pieces: np.ndarray


def list_quotes(company: Company, places: np.ndarray) -> tuple[pa.Table, pa.Table]:
    """Return the quotes of the moments that go with these places, by time, and the truth about each."""
    import numpy as np

    law = company.laws["prices"]
    low, high = (int(np.floor(end * law["moments_per_customer"])) for end in (places[0], places[-1] + 1))
    visits = _draw_visits(company, np.arange(low, high))
    goods = make_catalogue()
    fair = _fair_price(company, visits, goods.price[visits.article])
    share = law["surcharge"] if company.surcharge is None else company.surcharge
    more = (visits.known >= 0) & (visits.channel == law["channels"].index(law["surcharge_channel"]))
    price = np.floor(fair * np.where(more, 1.0 + share, 1.0) / 10.0 + 0.5).astype(np.int64) * 10
    return _show_quotes(company, visits, price, np.floor(fair + 0.5), np.where(more, share, 0.0))


def _draw_visits(company: Company, moment: np.ndarray) -> Visits:
    """Draw article, time and channel of each moment, and who was there."""
    import numpy as np

    draws, law, goods = company.draws, company.laws["prices"], make_catalogue()
    n = np.minimum(2 + draws.poisson("price_visitors", moment, law["more_visitors"]), law["most_visitors"])
    row = np.repeat(np.arange(len(moment)), n)
    key = moment[row] * _SEATS + np.arange(len(row)) - np.repeat(np.cumsum(n) - n, n)
    article = np.floor(draws.uniform("price_article", moment) * len(goods.price)).astype(np.int64)
    day = company.n_days - 1 - np.floor(draws.uniform("price_day", moment) * law["days"]).astype(np.int64)
    hour = 9 + np.floor(draws.uniform("price_hour", moment) * 12.0).astype(np.int64)
    second = (day * DAY + hour * 3600)[row] + np.floor(3600.0 * draws.uniform("price_second", key))
    channel = draws.choose("price_channel", moment, law["channel_weights"])[row]
    person = np.floor(draws.uniform("price_person", key) * company.size).astype(np.int64)
    waited = np.floor((second - draw_latent(company, person).first) / DAY).astype(np.int64)
    stranger = draws.uniform("price_stranger", key) < law["stranger"]
    known = np.where(stranger | (waited < 1), -1, waited)
    bulk = draws.uniform("price_bulk", key) < np.array(law["bulk"])[(known >= 0).astype(np.int64)]
    pieces = np.where(bulk, 2 + draws.poisson("price_pieces", key, 4.0), 1)
    return Visits(key, person, article[row], second, channel, known, pieces)


def _fair_price(company: Company, visits: Visits, listed: np.ndarray) -> np.ndarray:
    """Return the price in fen that has nothing to do with who asks, but for the price test and the tag."""
    import numpy as np

    draws, law = company.draws, company.laws["prices"]
    day = np.floor(visits.second / DAY).astype(np.int64)
    week = draws.choose("price_offer", visits.article, law["offer_weights"], day // 7)
    # a customer keeps his level for four weeks; a stranger is not recognised and draws anew
    who = np.where(visits.known >= 0, visits.person, company.size + visits.key)
    level = draws.choose("price_test", who, law["test_weights"], day // _FOUR_WEEKS)
    tag = (visits.known >= 0) & (visits.channel == law["channels"].index("store"))
    price = listed * (1.0 - np.array(law["offers"])[week]) * np.array(law["channel_level"])[visits.channel]
    price = price * np.array(law["test_levels"])[level] * np.where(tag, law["member_price"], 1.0)
    return price * np.where(visits.pieces >= law["bulk_from"], 1.0 - law["bulk_off"], 1.0)


def _draw_coupons(company: Company, visits: Visits, price: np.ndarray) -> np.ndarray:
    """Return what a coupon takes off a piece, in fen: whole yuan, less than half of the price."""
    import numpy as np

    law, known = company.laws["prices"], (visits.known >= 0).astype(np.int64)
    has = company.draws.uniform("price_coupon", visits.key) < np.array(law["coupon"])[known]
    off = np.minimum(np.array(law["coupon_off"])[known] * price, 100.0 * np.array(law["coupon_most"])[known])
    return np.where(has, np.floor(off / 100.0).astype(np.int64) * 100, 0)


def _show_quotes(
    company: Company, visits: Visits, price: np.ndarray, fair: np.ndarray, share: np.ndarray
) -> tuple[pa.Table, pa.Table]:
    import numpy as np
    import pyarrow as pa

    goods, seats = make_catalogue(), _SEATS * (company.size + 1)
    in_time = np.lexsort((visits.key, visits.second))
    visits = Visits(*(getattr(visits, name)[in_time] for name in Visits.__dataclass_fields__))
    price, fair, share = price[in_time], fair[in_time], share[in_time]
    quote_id = col.number_words("Q", company.draws.permute("quote", visits.key, seats), 9)
    coupon = _draw_coupons(company, visits, price)
    shown = {
        "quote_id": quote_id,
        **_show_visitors(company, visits),
        "quantity": pa.array(visits.pieces.astype(np.int32)),
        "list_price": col.make_money(goods.price[visits.article]),
        "price": col.make_money(price),
        "member": pa.array(np.maximum(visits.known, 0).astype(np.int32)),
        "new_customer": pa.array(visits.known < 0),
        "coupon": col.make_money(coupon),
    }
    truth = {"quote_id": quote_id, "fair_price": col.make_money(fair), "surcharge": pa.array(share)}
    return pa.table(shown), pa.table(truth)


def _show_visitors(company: Company, visits: Visits) -> dict[str, Any]:
    """Return customer, article, time, channel and device; who is not known has no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    law, clicks = company.laws["prices"], company.laws["clicks"]
    home = draw_registers(company, draw_latent(company, visits.person))[1]
    names = name_records(company, visits.person, home)
    unknown = pa.array(visits.known < 0)
    device = company.draws.choose("price_device", visits.person, clicks["device_weights"])
    return {
        "customer_id": pc.if_else(unknown, pa.scalar(None, pa.string()), names),
        "sku": name_articles(company, visits.article),
        "quoted_at": col.make_times(visits.second),
        "channel": col.take_words(law["channels"], visits.channel),
        "device": col.take_words(clicks["devices"], device, visits.channel != law["channels"].index("web")),
    }
