"""Consent and retention in the lesson: who agreed to what, whose time is over, and what really goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.security_store import LAST_NEW, Firm
from crm_lib.lesson.security_tables import name_column, show_step, word

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store import Store

_NEEDED = ("customer_id", "purpose", "given_on", "withdrawn_on")
_MOST_NAMED = 8


def add_consents(firm: Firm, store: Store) -> int:
    """Enter the consents of the customers in the database that were given until then; return how many.

    Parameters
    ----------
    firm, store
        The firm and its open database.
    """
    import pandas as pd

    rows, at = firm.data.consents, firm.at(LAST_NEW, "12:00")
    if not len(rows):
        return 0
    rows = rows.reindex(columns=[*_NEEDED, "source"])
    rows = rows.assign(customer_no=firm.find_numbers(rows["customer_id"]))
    now = pd.Timestamp(at).normalize()
    rows = rows[rows["customer_no"].notna() & rows["purpose"].notna() & (rows["given_on"] <= now)]
    rows = rows.sort_values(["customer_no", "purpose", "given_on"], kind="stable")
    rows = rows.drop_duplicates(["customer_no", "purpose", "given_on"], keep="last")
    rows["withdrawn_on"] = rows["withdrawn_on"].where(rows["withdrawn_on"] <= now)
    if not len(rows):
        return 0
    with store.transaction("import", at=at) as entry:
        store.insert("consents", rows.drop(columns="customer_id").reset_index(drop=True))
        entry.note("consents", len(rows))
    return len(rows)


def check_people(firm: Firm, keep_months: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Show for how many customers each purpose is allowed, and whose data are kept, made less or erased.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    keep_months
        Months after the last order for which a contract is a reason to keep.

    Returns
    -------
    tuple of DataFrame
        One row per purpose: ``purpose``, ``basis``, ``n_allowed``, ``n_withdrawn``, ``n_never``; and the plan of
        `plan_store_retention`, one row per customer.
    """
    import pandas as pd

    from crm_lib.protect import check_consent, list_purposes, load_rules
    from crm_lib.store.retention import plan_store_retention

    day = firm.day.date()
    with firm.open() as store:
        people, consents = store.read("customers"), store.read("consents")
        plan = plan_store_retention(store, as_of=day, rules=load_rules(service_months=keep_months))
    rows = []
    for name, purpose in list_purposes().items():
        told = check_consent(people, consents, purpose=name, as_of=day)
        reasons = told["reason"].value_counts()
        never = int(reasons.get("never_given", 0) + reasons.get("given_later", 0))
        basis = word("basis", purpose.basis)
        rows.append((
            purpose.title,
            basis,
            int(told["allowed"].sum()),
            int(reasons.get("withdrawn", 0)),
            never,
        ))
    consent = pd.DataFrame(rows, columns=["purpose", "basis", "n_allowed", "n_withdrawn", "n_never"])
    show_step(consent, say("security.cap_consent"))
    show_step(_count_actions(plan), say("security.cap_plan"))
    return consent, plan


def _count_actions(plan: pd.DataFrame) -> pd.DataFrame:
    counts = plan.groupby(["action", "reason"], sort=True).size().rename("n_people").reset_index()
    fields = plan[plan["action"] == "mask"].groupby("reason")["fields"].agg(_join_fields)
    counts["goes"] = [
        fields.get(r, "") if a == "mask" else say(f"security.goes_{a}")
        for a, r in zip(counts["action"], counts["reason"], strict=True)
    ]
    counts["action"] = [word("do", a) for a in counts["action"]]
    counts["reason"] = [word("why", r.replace(" ", "_")) for r in counts["reason"]]
    return counts.rename(columns={"action": "do"})


def _join_fields(texts: pd.Series) -> str:
    names = {f for text in texts for f in text.split(";") if f}
    return "、".join(sorted(name_column(n) for n in names))


def describe_consent(consent: pd.DataFrame, plan: pd.DataFrame) -> str:
    """Say who agreed to marketing, who withdrew, and for how many customers something has to go.

    Parameters
    ----------
    consent, plan
        What `check_people` returned.
    """
    from crm_lib.protect import list_purposes

    mine = consent[consent["purpose"] == list_purposes()["marketing"].title].iloc[0]
    n, allowed = len(plan), int(mine["n_allowed"])
    text = say("security.consent", n=n, allowed=allowed, withdrawn=int(mine["n_withdrawn"]))
    actions = plan["action"].value_counts()
    erase, mask = int(actions.get("erase", 0)), int(actions.get("mask", 0))
    if not erase + mask:
        return text + say("security.plan_none")
    return text + say("security.plan", erase=erase, mask=mask, keep=int(actions.get("keep", 0)))
