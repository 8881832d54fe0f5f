"""The table of order lines with its returns, and the truth about each person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.sample import _columns as col
from crm_lib.sample._catalogue import name_articles
from crm_lib.sample._laws import DAY, Company
from crm_lib.sample._persons import Latent, find_heads, name_persons
from crm_lib.sample._purchases import MOST_ORDERS, Lines, Orders, draw_returns
from crm_lib.sample._reactions import draw_reasons
from crm_lib.sample._spending import draw_shares

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def make_orders(company: Company, latent: Latent, orders: Orders, lines: Lines, names: pa.Array) -> pa.Table:
    """Return purchases and returns by time; a return stands under its order's number with a line number of its own."""
    import numpy as np
    import pyarrow as pa

    back, back_second = draw_returns(company, latent, orders, lines)
    row = np.concatenate([np.arange(len(lines.order)), back])
    is_return = np.arange(len(row)) >= len(lines.order)
    second = np.concatenate([orders.second[lines.order], back_second])
    order = lines.order[row]
    in_time = np.lexsort((lines.line_no[row], latent.person[orders.at[order]], second))
    row, is_return, second, order = row[in_time], is_return[in_time], second[in_time], order[in_time]
    sign = np.where(is_return, -1, 1)
    number = company.draws.permute(
        "order",
        latent.person[orders.at[order]] * MOST_ORDERS + orders.turn[order],
        company.size * MOST_ORDERS,
    )
    return pa.table({
        "order_id": col.number_words("D", number, 11),
        "line_no": pa.array((lines.line_no[row] + 10 * is_return).astype(np.int32)),
        "customer_id": names.take(pa.array(orders.at[order])),
        "ordered_at": col.make_open_times(second),
        **_show_channel(company, latent, orders, order),
        "sku": name_articles(company, lines.article[row]),
        "quantity": pa.array((sign * lines.quantity[row]).astype(np.int32)),
        "unit_price": col.make_money(lines.price[row]),
        "discount": pa.array(lines.discount[row] / 100.0),
        "amount": col.make_money(sign * lines.amount[row]),
        "unit_cost": col.make_money(lines.cost[row]),
        "returned": pa.array(is_return),
    })


def _show_channel(company: Company, latent: Latent, orders: Orders, order: np.ndarray) -> dict[str, pa.Array]:
    """Return the channel of each order, drawn by type, and the store: each person has one of their own."""
    import numpy as np

    law, at = company.laws["orders"], orders.at[order]
    table = company.of_types("channels")
    channel = company.draws.choose(
        "channel", latent.person[at], table, orders.turn[order], row=latent.kind[at]
    )
    store = 1 + company.draws.bits("store", latent.person[at]).astype(np.int64) % law["n_stores"]
    return {
        "channel": col.take_words(law["channels"], channel),
        "store_id": col.number_words("M", store, 2, channel != 0),
    }


def tell_persons(company: Company, latent: Latent, orders: Orders, names: pa.Array) -> pa.Table:
    """Return the truth of each person: type, rates, when and why they left, and their orders after the data."""
    import numpy as np
    import pyarrow as pa

    end, person = float(company.n_days * DAY), latent.person
    left, reason = orders.left < end, draw_reasons(company, latent)
    after = orders.second >= end
    soon = after & (orders.second < end + 26 * 7 * DAY)
    year = after & (orders.second < end + 52 * 7 * DAY)
    known = np.bincount(orders.at[~after], minlength=len(person))
    future = col.round_cents(np.bincount(orders.at[year], orders.value[year], len(person)))
    return pa.table({
        "person_id": name_persons(company, person),
        "customer_id": names,
        "household_id": name_persons(company, find_heads(company, person)),
        "type": col.take_words([k["name"] for k in company.laws["types"]], latent.kind),
        "orders_per_week": pa.array(latent.rate),
        "dropout": pa.array(latent.dropout),
        "mean_order_value": pa.array(latent.value),
        "first_order_at": col.make_open_times(latent.first),
        "n_orders": pa.array(known),
        "alive_at_end": pa.array(~left),
        "left_on": col.make_days(np.where(left, orders.left, 0.0).astype(np.int64) // DAY, ~left),
        "churn_reason": col.take_words(company.laws["contacts"]["reasons"], reason, ~left),
        "wallet_share": pa.array(draw_shares(company, latent)),
        "n_orders_next_26_weeks": pa.array(np.bincount(orders.at[soon], minlength=len(person))),
        "n_orders_next_52_weeks": pa.array(np.bincount(orders.at[year], minlength=len(person))),
        "revenue_next_52_weeks": col.make_money(future),
    })
