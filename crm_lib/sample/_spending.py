"""What customers spend elsewhere (wallet), and what we spend on them (investments)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._laws import DAY, Company
from crm_lib.sample._persons import Latent
from crm_lib.sample._purchases import Lines, Orders

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def draw_shares(company: Company, latent: Latent) -> np.ndarray:
    """Draw our share of each person's wallet: beta by type."""
    a, b = company.of_types("wallet")[latent.kind].T
    return company.draws.beta("wallet", latent.person, a, b)


def make_wallet(company: Company, latent: Latent, orders: Orders, lines: Lines, names: pa.Array) -> pa.Table:
    """Return a panel's spending by category in one year: with us (the orders') and in all.

    What is spent elsewhere is, in the mean, the spending with us that the
    person's rates lead to in a year, times (1 − share) / share, by category.
    """
    import datetime as dt

    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["wallet"]
    n_categories = len(company.laws["categories"])
    panel = np.flatnonzero(draws.uniform("panel", latent.person) < law["panel"])
    begin = company.seconds(dt.date(law["year"], 1, 1))
    in_year = (orders.second[lines.order] >= begin) & (orders.second[lines.order] < begin + 366 * DAY)
    cell = orders.at[lines.order[in_year]] * n_categories + lines.category[in_year]
    ours = np.bincount(cell, lines.amount[in_year].astype(float), len(latent.person) * n_categories)
    ours = ours.reshape(-1, n_categories)[panel].astype(np.int64)
    person = latent.person[panel]
    share = np.clip(draw_shares(company, latent)[panel], 0.01, 0.99)
    yearly = latent.rate[panel] * 52.0 * latent.value[panel] * (1.0 - share) / share
    mix = company.of_types("categories")[latent.kind[panel]]
    noise = np.stack([draws.gamma("elsewhere", person, 6.0, k) / 6.0 for k in range(n_categories)], axis=1)
    outside = col.round_cents(yearly[:, None] * mix * noise)
    row, category = np.repeat(panel, n_categories), np.tile(np.arange(n_categories), len(panel))
    return pa.table({
        "customer_id": names.take(pa.array(row)),
        "category": col.take_words([c["name"] for c in company.laws["categories"]], category),
        "period": col.take_words([str(law["year"])], category * 0),
        "category_spend": col.make_money((ours + outside).reshape(-1)),
        "our_spend": col.make_money(ours.reshape(-1)),
    }).sort_by([("customer_id", "ascending"), ("category", "ascending")])


def make_investments(company: Company, latent: Latent, names: pa.Array, members: pa.Table) -> pa.Table:
    """Return 公司投入记录: one row per delivered campaign contact and per visit to a contract customer."""
    import numpy as np
    import pyarrow as pa

    visits = _list_visits(company, latent, names)
    law = company.laws["campaigns"]
    got = members.filter(members["delivered"])
    which = np.array([law["ids"].index(k) for k in got["campaign_id"].to_pylist()], dtype=np.int64)
    sent = np.array([(d - company.laws["first_day"]).days for d in law["sent"]])
    mailed = pa.table({
        "customer_id": got["customer_id"],
        "occurred_on": col.make_days(sent[which]),
        "form": col.take_words(law["media"], which),
        "place": col.take_words(["线上", "客户住址"], which),
        "cost": pa.array(np.array(law["cost"])[which]),
        "offer": col.take_words(law["offers"], which),
    })
    both = pa.concat_tables([visits, mailed])
    return both.sort_by([("occurred_on", "ascending"), ("customer_id", "ascending"), ("cost", "ascending")])


def _list_visits(company: Company, latent: Latent, names: pa.Array) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    draws, law = company.draws, company.laws["visits"]
    contract = company.of_types("pieces_price")[latent.kind] > 0
    years = (company.n_days * DAY - latent.first) / (365.25 * DAY)
    n = np.where(contract, draws.poisson("visits", latent.person, law["per_year"] * years), 0)
    at = np.repeat(np.arange(len(n)), n)
    nth = np.arange(len(at)) - np.repeat(np.cumsum(n) - n, n)
    when = latent.first[at] + draws.uniform("visit", latent.person[at], nth) * years[at] * 365.25 * DAY
    cost = draws.gamma("visit_cost", latent.person[at], 4.0, nth) / 4.0 * law["mean_cost"]
    return pa.table({
        "customer_id": names.take(pa.array(at)),
        "occurred_on": col.make_days(np.floor(when / DAY).astype(np.int64)),
        "form": col.take_words(["上门拜访"], at * 0),
        "place": col.take_words(["客户单位"], at * 0),
        "cost": col.make_money(col.round_cents(cost)),
        "offer": col.take_words(["样品与报价"], at * 0),
    })
