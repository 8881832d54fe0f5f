"""Two campaigns after the end of the orders, each with a control arm and effects known per person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.sample import _columns as col
from crm_lib.sample._laws import DAY, Company
from crm_lib.sample._persons import Latent, find_consent
from crm_lib.sample._purchases import Lines, Orders

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def list_campaigns(company: Company) -> pa.Table:
    """Return one row per campaign."""
    import numpy as np
    import pyarrow as pa

    law = company.laws["campaigns"]
    sent = np.array([(d - company.laws["first_day"]).days for d in law["sent"]])
    return pa.table({
        "campaign_id": pa.array(law["ids"]),
        "name": pa.array(law["names"]),
        "medium": pa.array(law["media"]),
        "offer": pa.array(law["offers"]),
        "sent_on": col.make_days(sent),
        "measured_until": col.make_days(sent + law["days"]),
        "cost_per_contact": pa.array(law["cost"]),
    })


def find_effects(company: Company, latent: Latent, orders: Orders) -> np.ndarray:
    """Return by how much each campaign raises each person's chance to convert (persons × campaigns)."""
    import numpy as np

    law = company.laws["campaigns"]
    since = (company.n_days - law["stale_days"]) * DAY
    recent = np.zeros(len(latent.person), dtype=bool)
    recent[orders.at[(orders.second >= since) & (orders.second < company.n_days * DAY)]] = True
    effect = company.of_types("campaign_effect")[latent.kind]
    return effect * np.where(recent, 1.0, law["stale_factor"])[:, None]


def make_members(
    company: Company, latent: Latent, orders: Orders, lines: Lines, names: pa.Array
) -> tuple[pa.Table, pa.Table]:
    """Return one row per member and campaign, and both potential outcomes of each.

    One uniform number decides the outcome under both arms, so that the effect
    on a person is the difference of two planted chances.
    """
    import numpy as np
    import pyarrow as pa

    before = _spend_before(company, latent, orders, lines)
    effects = find_effects(company, latent, orders)
    parts = [
        _one_campaign(company, latent, k, effects[:, k], before)
        for k in range(len(company.laws["campaigns"]["ids"]))
    ]
    cells = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return _show_members(company, cells, names), pa.table({
        "campaign_id": col.take_words(company.laws["campaigns"]["ids"], cells["campaign"]),
        "customer_id": names.take(pa.array(cells["at"])),
        "converts_if_treated": pa.array(cells["if_treated"]),
        "converts_if_control": pa.array(cells["if_control"]),
        "chance_if_control": pa.array(cells["chance"]),
        "effect": pa.array(cells["effect"]),
    })


def _spend_before(company: Company, latent: Latent, orders: Orders, lines: Lines) -> np.ndarray:
    """Return what each person ordered in the last days of the data, in fen, before returns."""
    import numpy as np

    late = orders.second[lines.order] >= (company.n_days - company.laws["campaigns"]["days"]) * DAY
    spent = np.bincount(orders.at[lines.order[late]], lines.amount[late].astype(float), len(latent.person))
    return spent.astype(np.int64)


def _one_campaign(
    company: Company, latent: Latent, k: int, effect: np.ndarray, before: np.ndarray
) -> dict[str, np.ndarray]:
    import numpy as np

    draws, law = company.draws, company.laws["campaigns"]
    name = law["ids"][k]
    member = draws.uniform(f"member/{name}", latent.person) < law["member_share"]
    at = np.flatnonzero(member & find_consent(company, latent.person))
    person, kind = latent.person[at], latent.kind[at]
    chance, u = company.of_types("campaign_base")[kind], draws.uniform(f"converts/{name}", person)
    treated = draws.uniform(f"arm/{name}", person) < law["treated"]
    if_treated, if_control = u < np.maximum(chance + effect[at], 0.0), u < chance
    shape = company.of_types("p")[kind]
    value = draws.gamma(f"spend/{name}", person, shape) * latent.value[at] / shape
    converted = np.where(treated, if_treated, if_control)
    return {
        "campaign": np.full(len(at), k),
        "at": at,
        "person": person,
        "treated": treated,
        **_draw_responses(company, person, k, treated),
        "converted": converted,
        "before": before[at],
        "after": np.where(converted, col.round_cents(value), 0),
        "if_treated": if_treated,
        "if_control": if_control,
        "chance": chance,
        "effect": np.maximum(chance + effect[at], 0.0) - chance,
    }


def _draw_responses(
    company: Company, person: np.ndarray, k: int, treated: np.ndarray
) -> dict[str, np.ndarray]:
    draws, law = company.draws, company.laws["campaigns"]
    name = law["ids"][k]
    delivered = treated & (draws.uniform(f"delivered/{name}", person) < law["delivered"][k])
    opened = delivered & (draws.uniform(f"opened/{name}", person) < law["opened"][k])
    return {
        "delivered": delivered,
        "opened": opened,
        "clicked": opened & (draws.uniform(f"clicked/{name}", person) < law["clicked"][k]),
        "unsubscribed": opened & (draws.uniform(f"unsubscribed/{name}", person) < law["unsubscribed"]),
    }


def _show_members(company: Company, cells: dict[str, Any], names: pa.Array) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    law = company.laws["campaigns"]
    sent = np.array([(d - company.laws["first_day"]).days for d in law["sent"]])
    flags = ("delivered", "opened", "clicked", "unsubscribed")
    return pa.table({
        "campaign_id": col.take_words(law["ids"], cells["campaign"]),
        "customer_id": names.take(pa.array(cells["at"])),
        "arm": col.take_words(["control", "treated"], cells["treated"].astype(np.int64)),
        "sent_on": col.make_days(sent[cells["campaign"]], ~cells["treated"]),
        **{flag: pa.array(cells[flag], mask=~cells["treated"]) for flag in flags},
        "converted": pa.array(cells["converted"]),
        "spend_before": col.make_money(cells["before"]),
        "spend_after": col.make_money(cells["after"]),
    })
