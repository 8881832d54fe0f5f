"""Prospects of the last year: by which method they were found, how far they are, who became a customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib.sample import _columns as col
from crm_lib.sample import _identity as identity
from crm_lib.sample._laws import DAY, Company, read_sentences
from crm_lib.sample._persons import Latent, draw_latent, find_heads, name_persons
from crm_lib.sample._purchases import Lines, Orders

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

INTENTS = ("潜在", "意向", "成交")


@dataclass(frozen=True)
class Leads:
    """Prospects as codes and days; ``at`` is the place of the person in the chunk, −1 for no customer."""

    item: np.ndarray
    at: np.ndarray
    method: np.ndarray
    stage: np.ndarray
    found: np.ndarray
    first: np.ndarray
    last: np.ndarray
    n: np.ndarray
    signed: np.ndarray
    reveals: np.ndarray


def make_leads(
    company: Company, latent: Latent, orders: Orders, lines: Lines, names: pa.Array, places: np.ndarray
) -> tuple[pa.Table, pa.Table]:
    """Return the prospects who became customers of this chunk, and this chunk's part of the others.

    Methods are drawn by weight × yield among who became a customer, and by
    weight × (1 − yield) among the others: so each method's yield is the planted one.
    """
    import numpy as np

    leads = _join(
        _draw_deals(company, latent, orders, lines),
        _draw_others(company, _part(company, places)),
    )
    person = leads.item
    inside = np.lexsort((person, leads.found))
    leads = Leads(*(getattr(leads, name)[inside] for name in Leads.__dataclass_fields__))
    number = company.draws.permute("lead", leads.item, 2 * company.size)
    lead_id = col.number_words("L", number + 1, 8)
    return _show_leads(company, leads, lead_id, names), _tell_leads(company, latent, leads, lead_id)


def _method_weights(company: Company) -> tuple[np.ndarray, np.ndarray, float]:
    """Return weights of the methods among deals and among the others, and the yield in all."""
    import numpy as np

    law = company.laws["leads"]["methods"]
    weight, chance = np.array([m[1] for m in law]), np.array([m[2] for m in law])
    return weight * chance, weight * (1.0 - chance), float((weight * chance).sum() / weight.sum())


def _part(company: Company, places: np.ndarray) -> np.ndarray:
    """Return the numbers of those prospects who are no customers that go with these places."""
    import numpy as np

    share = company.laws["leads"]["per_customer"] * (1.0 - _method_weights(company)[2])
    low, high = (int(np.floor(end * share)) for end in (places[0], places[-1] + 1))
    return np.arange(low, high)


def _draw_deals(company: Company, latent: Latent, orders: Orders, lines: Lines) -> dict[str, np.ndarray]:
    """Draw who of the persons with a first order in the last year had been a prospect before."""
    import numpy as np

    draws, law, weights = company.draws, company.laws["leads"], _method_weights(company)
    day = np.floor(latent.first / DAY).astype(np.int64)
    chance = law["per_customer"] * weights[2] * company.n_days / law["days"]
    at = np.flatnonzero(
        (day >= company.n_days - law["days"]) & (draws.uniform("lead", latent.person) < chance)
    )
    person, day = latent.person[at], day[at]
    lag = 4 + np.floor(20.0 * draws.exponential("lead_lag", person)).astype(np.int64)
    first = np.minimum(day, day - lag + _first_wait(company, person))
    after = np.floor(6.0 * draws.exponential("lead_care", person)).astype(np.int64)
    mine = orders.turn[lines.order] == 0
    spent = np.bincount(orders.at[lines.order[mine]], lines.amount[mine].astype(float), len(latent.person))
    return {
        "item": person, "at": at, "method": draws.choose("lead_method", person, weights[0]),
        "stage": np.full(len(at), 2), "found": day - lag, "first": first,
        "last": np.minimum(day + after, company.n_days - 1),
        "n": 1 + draws.poisson("lead_contacts", person, law["contacts"][2]),
        "signed": spent[at].astype(np.int64), "reveals": np.zeros(len(at), dtype=bool),
    }  # fmt: skip


def _draw_others(company: Company, number: np.ndarray) -> dict[str, np.ndarray]:
    """Draw prospects who are in no register: persons beyond the last customer."""
    import numpy as np

    draws, law, item = company.draws, company.laws["leads"], company.size + number
    stage = (draws.uniform("lead_stage", item) < law["interested"]).astype(np.int64)
    found = company.n_days - 1 - np.floor(draws.uniform("lead_found", item) * law["days"]).astype(np.int64)
    first = found + _first_wait(company, item)
    never = first > company.n_days - 1
    stage = np.where(never, 0, stage)
    more = draws.poisson("lead_contacts", item, np.array(law["contacts"])[stage])
    passed = np.floor(12.0 * draws.gamma("lead_last", item, 1.0 + more)).astype(np.int64)
    last = np.where(more > 0, np.minimum(first + passed, company.n_days - 1), first)
    says = (stage == 0) & ~never & (draws.uniform("lead_reveals", item) < law["reveals_intent"])
    return {
        "item": item, "at": np.full(len(item), -1),
        "method": draws.choose("lead_method", item, _method_weights(company)[1]),
        "stage": stage, "found": found, "first": np.where(never, -1, first), "last": last,
        "n": np.where(never, 0, 1 + more), "signed": np.zeros(len(item), dtype=np.int64), "reveals": says,
    }  # fmt: skip


def _first_wait(company: Company, item: np.ndarray) -> np.ndarray:
    import numpy as np

    wait = company.laws["leads"]["first_contact_days"] * company.draws.exponential("lead_first", item)
    return np.floor(wait).astype(np.int64)


def _join(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> Leads:
    import numpy as np

    return Leads(**{name: np.concatenate([one[name], other[name]]) for name in one})


def _show_leads(company: Company, leads: Leads, lead_id: pa.Array, names: pa.Array) -> pa.Table:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    draws, law = company.draws, company.laws["leads"]
    item, never = leads.item, leads.n == 0
    head = np.where(leads.at < 0, item, find_heads(company, item))
    fields = identity.draw_fields(company, item, draw_latent(company, item).kind, head)
    name, phone = identity.show_caller(company, item, fields)
    unknown = pa.array(draws.uniform("lead_no_phone", item) < law["no_phone"])
    cost = np.array([m[3] for m in law["methods"]])[leads.method] * draws.gamma("lead_cost", item, 4.0) / 4.0
    person = draws.choose("lead_seller", item, [1.0] * len(law["salespersons"]))
    return pa.table({
        "lead_id": lead_id,
        "name": name,
        "phone": pc.if_else(unknown, pa.scalar(None, pa.string()), phone),
        "source_method": col.take_words([m[0] for m in law["methods"]], leads.method),
        "carrier": _pick_carrier(company, leads),
        "found_on": col.make_days(leads.found),
        "cost": col.make_money(col.round_cents(cost)),
        "salesperson": col.take_words(law["salespersons"], person),
        "intent": col.take_words(INTENTS, leads.stage),
        "first_contact_on": col.make_days(leads.first, never),
        "last_contact_on": col.make_days(leads.last, never),
        "n_contacts": pa.array(leads.n.astype(np.int32)),
        **_show_wish(company, leads),
        **_show_deal(company, leads),
        "note": _write_note(company, leads),
        "customer_id": names.take(pa.array(leads.at, mask=leads.stage != 2)),
    })


def _show_deal(company: Company, leads: Leads) -> dict[str, pa.Array]:
    """Return what is kept of a prospect who has signed: amount, end of the service, latent need, referrals."""
    import numpy as np
    import pyarrow as pa

    draws, law, item, deal = company.draws, company.laws["leads"], leads.item, leads.stage == 2
    service = np.array(law["service_days"])[draws.choose("lead_service", item, [2.0, 2.0, 1.0])]
    referrals = np.where(deal, draws.poisson("referrals", item, law["referrals"]), 0)
    return {
        "signed_amount": pa.array(leads.signed / 100.0, mask=~deal),
        "service_expires_on": col.make_days(leads.last + service, ~deal),
        "latent_need": _pick(company, "lead_need_words", item, "needs", ~deal),
        "referrals": pa.array(referrals.astype(np.int32)),
    }


def _show_wish(company: Company, leads: Leads) -> dict[str, pa.Array]:
    """Return planned amount, days to the decision, need and budget; what a prospect did not say is missing."""
    import numpy as np
    import pyarrow as pa

    draws, law, item, stage = company.draws, company.laws["leads"], leads.item, leads.stage
    planned = np.array(law["planned"])[stage] * draws.gamma("lead_planned", item, 2.0) / 2.0
    planned = np.where(stage == 2, leads.signed / 100.0, planned)
    planned = np.maximum(np.floor(planned / 50.0 + 0.5) * 50.0, 50.0)
    silent = draws.uniform("lead_told", item) >= np.array(law["planned_told"])[stage]
    days = 1 + np.floor(np.array(law["decision"])[stage] * draws.gamma("lead_days", item, 2.0) / 2.0)
    has = {
        f"has_{name}": pa.array(draws.uniform(f"lead_{name}", item) < np.array(law[name])[stage])
        for name in ("need", "budget")
    }
    return {
        "planned_amount": pa.array(planned, mask=silent),
        "decision_days": pa.array(days.astype(np.int32), mask=silent),
        **has,
    }


def _pick(company: Company, name: str, item: np.ndarray, bank: str, missing: Any = None) -> pa.Array:
    words = read_sentences()["leads"][bank]
    return col.take_words(words, company.draws.choose(name, item, [1.0] * len(words)), missing)


def _write_note(company: Company, leads: Leads) -> pa.Array:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    banks = ("plain", "interested", "signed", "reveals")
    notes = [_pick(company, f"lead_note/{bank}", leads.item, bank, leads.n == 0) for bank in banks]
    return pc.choose(pa.array(np.where(leads.reveals, 3, leads.stage)), *notes)


def _pick_carrier(company: Company, leads: Leads) -> pa.Array:
    import numpy as np

    lists = [m[4] for m in company.laws["leads"]["methods"]]
    start, size = np.cumsum([0, *map(len, lists[:-1])]), np.array([len(words) for words in lists])
    nth = np.floor(company.draws.uniform("lead_carrier", leads.item) * size[leads.method]).astype(np.int64)
    return col.take_words([word for words in lists for word in words], start[leads.method] + nth)


def _tell_leads(company: Company, latent: Latent, leads: Leads, lead_id: pa.Array) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    methods = company.laws["leads"]["methods"]
    return pa.table({
        "lead_id": lead_id,
        "person_id": name_persons(company, latent.person).take(pa.array(leads.at, mask=leads.at < 0)),
        "source_method": col.take_words([m[0] for m in methods], leads.method),
        "chance_of_deal": pa.array(np.array([m[2] for m in methods])[leads.method]),
        "intent": col.take_words(INTENTS, leads.stage),
        "reveals_intent": pa.array(leads.reveals),
    })
