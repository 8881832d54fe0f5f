"""Verification in the lesson: new customers, and the grades the firm sets itself, on their own schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.security_store import BEGIN, NEWEST, Firm
from crm_lib.lesson.security_tables import show_step, word

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store import Store

# shares of the customers in the two upper grades of value, and orders of the two upper grades of relation: ours
_VALUE = ((0.2, "A"), (0.5, "B"))
_RELATION = ((5, "熟客"), (2, "常客"))
_RECENT_DAYS = 365
_CLOCK = "10:00"


def set_first_grades(firm: Firm, store: Store) -> None:
    """Grade the first customers by value, credit and relation.

    Parameters
    ----------
    firm, store
        The firm and its open database.
    """
    from crm_lib.store.grades import set_grades

    for minute, kind in enumerate(("value", "credit", "relation")):
        set_grades(store, _grade(store, kind), kind=kind, at=firm.at(BEGIN, f"16:{minute:02d}"))


def _grade(store: Store, kind: str) -> pd.DataFrame:
    """Return a grade per customer from the orders in the database."""
    import pandas as pd

    people = store.query("SELECT customer_no FROM customers WHERE valid_to IS NULL ORDER BY customer_no")
    sums = store.query(
        "SELECT customer_no, sum(amount) AS revenue, count(DISTINCT order_id) AS n_orders, "
        "sum(CASE WHEN amount < 0 THEN 1 ELSE 0 END) AS n_returns FROM transactions GROUP BY customer_no"
    )
    rows = people.merge(sums, on="customer_no", how="left").fillna({
        "revenue": 0.0,
        "n_orders": 0,
        "n_returns": 0,
    })
    if kind == "value":
        # equal customers get equal grades: the share of those with more decides
        above = 1 - rows["revenue"].rank(method="max", pct=True)
        grade = [next((g for share, g in _VALUE if a < share), "C") for a in above]
    elif kind == "credit":
        grade = ["好" if n == 0 else "一般" for n in rows["n_returns"]]
    else:
        grade = [next((g for least, g in _RELATION if n >= least), "新客") for n in rows["n_orders"]]
    return pd.DataFrame({"customer_no": rows["customer_no"], "grade": grade})


def verify_customers(firm: Firm) -> pd.DataFrame:
    """Verify what is due, set the value grades anew, and show what is still overdue.

    Parameters
    ----------
    firm
        What `build_firm` returned.

    Returns
    -------
    DataFrame
        One row per kind: ``kind``, ``n_waiting`` (on the schedule), ``n_overdue`` before, ``n_checked``,
        ``n_settled``, ``n_left`` (overdue after); ``attrs``: ``results`` of the new customers,
        ``n_regraded`` and ``n_graded``.
    """
    from crm_lib.store.grades import set_grades
    from crm_lib.store.verification import plan_verification, record_verification

    at = firm.at(NEWEST, _CLOCK)
    with firm.open() as store:
        before = plan_verification(store, as_of=at[:10])
        checks = _check_new(firm, before[(before["kind"] == "new") & (before["overdue_days"] > 0)])
        if len(checks):
            record_verification(store, checks, at=at)
        graded = set_grades(store, _grade(store, "value"), kind="value", at=firm.at(NEWEST, "11:00"))
        after = plan_verification(store, as_of=at[:10])
    n_graded = int(graded["before"].notna().sum())
    due = _count_kinds(before, after, {"new": len(checks), "value": n_graded})
    changed = graded["changed"].astype(bool) & graded["before"].notna()
    due.attrs = {
        "results": {k: int(v) for k, v in checks["result"].value_counts().items()},
        "n_graded": n_graded,
        "n_regraded": int(changed.sum()),
    }
    show_step(due, say("security.cap_verify"))
    return due


def _count_kinds(before: pd.DataFrame, after: pd.DataFrame, checked: dict[str, int]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for kind in ("new", "value", "credit", "relation"):
        late, left = (p[(p["kind"] == kind) & (p["overdue_days"] > 0)] for p in (before, after))
        n_waiting = int((before["kind"] == kind).sum())
        rows.append((word("verify", kind), n_waiting, len(late), checked.get(kind, 0), len(left)))
    return pd.DataFrame(rows, columns=["verified", "n_waiting", "n_overdue", "n_checked", "n_left"])


def _check_new(firm: Firm, waiting: pd.DataFrame) -> pd.DataFrame:
    """Hold new customers against another source: a later registration, else an order of the last year.

    Whose telephone differs from a later registration was put right already (已更正); who has no telephone
    cannot be reached (联系不上); who has neither registration nor order stays for a call.
    """
    import pandas as pd

    persons = {n: p for p, n in firm.numbers.items()}
    later = set(firm.data.later["person"])
    phones = dict(zip(firm.data.people["person"], firm.data.people["phone"].notna(), strict=True))
    recent = _list_recent(firm)
    rows = []
    for number in waiting["customer_no"]:
        person = persons[number]
        if person in later:
            rows.append((number, "new", "属实" if number not in firm.changed else "已更正"))
        elif not phones[person]:
            rows.append((number, "new", "联系不上"))
        elif number in recent:
            rows.append((number, "new", "属实"))
    return pd.DataFrame(rows, columns=["customer_no", "kind", "result"])


def _list_recent(firm: Firm) -> set[str]:
    import pandas as pd

    lines = firm.data.lines.reset_index(drop=True)
    if not firm.taken:
        return set()
    mine = lines.loc[sorted(firm.taken)]
    mine = mine[mine["ordered_at"] > firm.day - pd.Timedelta(days=_RECENT_DAYS)]
    return {n for n in firm.find_numbers(mine["customer_id"]) if n}


def describe_verification(firm: Firm, due: pd.DataFrame) -> str:
    """Say what was verified with what result, which grades changed, and what is overdue.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    due
        What `verify_customers` returned.
    """
    new, results = due.iloc[0], due.attrs["results"]
    text = say("security.verify_new_said", late=int(new["n_overdue"]), n=int(new["n_checked"]))
    if results:
        text += say("security.verify_results", list="，".join(f"{k} {v} 位" for k, v in results.items()))
    if due.attrs["n_graded"]:
        text += say("security.verify_grades", n=due.attrs["n_graded"], changed=due.attrs["n_regraded"])
    left = due[due["n_left"] > 0]
    if left.empty:
        return text + say("security.verify_done")
    named = "，".join(f"{r.verified} {r.n_left} 位" for r in left.itertuples())
    return text + say("security.verify_left", named=named)
