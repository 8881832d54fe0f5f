"""Carry out a plan of keeping: what of a customer goes, from every table, every version and the file itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import StoreError
from crm_lib.protect.retention import ACTIONS, RetentionRules, load_rules, plan_retention
from crm_lib.store.columnar import parse_moment
from crm_lib.store.compaction import compact_store
from crm_lib.store.raw_traces import drop_raw_rows, find_raw_rows, split_numbers, thin_raw_rows
from crm_lib.store.sealing import fingerprint_values
from crm_lib.store.settings import read_settings
from crm_lib.store.tables import load_table, quote

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

# rows that bookkeeping keeps without the person: time of the dealing, and what else could tell who it was
KEPT_BOOKS = {
    "transactions": ("ordered_at", ("upload_id",)),
    "investments": ("occurred_at", ("place", "offer", "upload_id")),
}
# rows that go with the person; raw records and verdicts go before them
GONE = ("analysis_records", "grades", "verifications", "consents", "customers")
# columns of the customers that are the database's own, or say nothing of the person
_OWN = ("customer_no", "valid_from", "valid_to", "registered_on", "source", "update_kind", "changed_by", "upload_id",
        "channel")  # fmt: skip


@dataclass(frozen=True)
class Retained:
    """What was done to carry out a plan.

    Attributes
    ----------
    rows : DataFrame
        One row per table and deed: ``table``, ``deed`` (deleted, emptied, thinned, without person),
        ``n_rows``.
    n_erased, n_masked : int
        Customers.
    backups_clean_on : date or None
        When the last backup that may still hold the erased has gone, by the setting
        ``backup_keep_days``; None when nobody was erased or the setting is missing.
    compacted : bool
        Whether the file was written anew, so that no freed page keeps old words.
    """

    rows: pd.DataFrame
    n_erased: int
    n_masked: int
    backups_clean_on: dt.date | None
    compacted: bool


def plan_store_retention(
    store: Store, *, as_of: str | dt.date, rules: RetentionRules | None = None
) -> pd.DataFrame:
    """Plan, from what stands in the database, whose data are kept, made less or erased.

    Parameters
    ----------
    store : Store
        The open database.
    as_of : str or date
        What was known at the end of this day.
    rules : RetentionRules, optional
        By default those of ``retention.toml``.

    Returns
    -------
    DataFrame
        As `crm_lib.protect.plan_retention`: one row per customer.

    Notes
    -----
    A column counts as filled when any version of the customer ever held it.  What we spent on a
    customer is no activity of his and prolongs nothing.
    """
    import pandas as pd

    names = [n for n in load_table("customers").names if n not in _OWN]
    counted = ", ".join(f"count({quote(n)}) AS {quote(n)}" for n in names)
    people = store.query(
        f"SELECT customer_no, min(registered_on) AS registered_on, {counted} FROM customers "
        "GROUP BY customer_no ORDER BY customer_no"
    )
    # a count above 0 stands for a value that is there
    people[names] = people[names].where(people[names] > 0).astype(object)
    found = store.query("SELECT customer_no, count(*) AS n FROM analysis_records GROUP BY customer_no")
    counts = dict(zip(found["customer_no"], found["n"], strict=True))
    people["n_analysis_records"] = people["customer_no"].map(counts).fillna(0)
    activity = store.query(
        "SELECT customer_no, ordered_at FROM transactions ORDER BY customer_no, ordered_at"
    )
    consents = store.query("SELECT customer_no, purpose, given_on, withdrawn_on FROM consents")
    mine = consents[consents["customer_no"].isin(people["customer_no"])]
    return plan_retention(people, pd.DataFrame(activity), mine, rules, as_of=as_of)


def apply_retention(
    store: Store,
    plan: pd.DataFrame,
    *,
    at: str | dt.datetime,
    rules: RetentionRules | None = None,
    compact: bool = True,
) -> Retained:
    """Erase and mask the customers of a plan: tables, history, rows as received, fingerprints, the file.

    Parameters
    ----------
    store : Store
        The open database, with its cipher when it has one.
    plan : DataFrame
        As `plan_store_retention` returned it: ``customer_no``, ``action``, ``reason``, ``fields``.
    at : str or datetime
        When, local time.
    rules : RetentionRules, optional
        For the years of bookkeeping.
    compact : bool
        Write the file anew afterwards (DuckDB), or its tables (PostgreSQL).

    Returns
    -------
    Retained
        Rows by table, customers, the day on which the backups are clean too.

    Raises
    ------
    StoreError
        A customer of the plan is not in the database, or stands twice.

    Notes
    -----
    Erase: all versions of the customer, rows as received (also those sent back that hold the same
    telephone, e-mail or identity number), verdicts, survey results, grades, verifications and consents
    go; order lines and our expenses stay for bookkeeping under a pseudonym, older ones go; the keyed
    fingerprint of the number goes on the list of erasures, by which a restore leaves the customer out.
    Mask: the plan's columns become empty in all versions, and their cells in the rows as received.
    All is one transaction; the log counts rows and names nobody.  The disputable choice: the pseudonym
    follows from number and key, so whoever has the key and an old list of numbers could still tell the
    lines of a customer; it makes a restore give the same books again.
    A restore leaves the erased out, but brings masked cells and consents back as they were in the
    backup: enter the withdrawals since again, and carry out a new plan.
    """
    moment = parse_moment("apply_retention", "at", at)
    _check_plan(store, plan)
    erased = plan[plan["action"] == "erase"]
    masked = plan[plan["action"] == "mask"]
    rows: list[tuple[str, str, int]] = []
    with store.transaction("apply_retention", at=moment) as entry:
        store.require_key("apply_retention")
        for fields, part in masked.groupby("fields", sort=True):
            names = [f for f in str(fields).split(";") if f]
            rows += _mask_customers(store, part["customer_no"].tolist(), names)
        rows += _erase_rows(store, erased["customer_no"].tolist(), moment.date(), rules or load_rules())
        _list_erasures(store, erased, moment.date())
        table = _sum_rows(rows)
        entry.note("customers", int(table["n_rows"].sum()), n_erased=len(erased), n_masked=len(masked))
    done = compact and bool(len(erased) or len(masked))
    if done:
        compact_store(store)
    return Retained(table, len(erased), len(masked), _find_clean_day(store, moment.date(), len(erased)), done)


def erase_customers(
    store: Store, numbers: Sequence[str], *, day: dt.date, rules: RetentionRules | None = None
) -> int:
    """Erase customers; inside a transaction.  For a restore, which does it again.

    Parameters
    ----------
    store : Store
        The open database, inside a transaction.
    numbers : sequence of str
        ``customer_no`` of each; those that are not there are passed over.
    day : date
        From which the years of bookkeeping are counted back.
    rules : RetentionRules, optional
        For the years of bookkeeping.

    Returns
    -------
    int
        Rows deleted or parted from the person.
    """
    return sum(n for _, _, n in _erase_rows(store, list(numbers), day, rules or load_rules()))


def name_erased(store: Store, numbers: Sequence[str]) -> list[str]:
    """Return the pseudonyms under which the books of erased customers are kept.

    Parameters
    ----------
    store : Store
        The database; its cipher keys the pseudonyms.
    numbers : sequence of str
        客户编号 of the erased customers.

    Returns
    -------
    list of str
        One pseudonym per number, in their order: "E" and sixteen characters.
    """
    marks = fingerprint_values(list(numbers), "erased", store.cipher)
    return [f"E{str(mark)[:16]}" for mark in marks]


def _check_plan(store: Store, plan: pd.DataFrame) -> None:
    require_columns("apply_retention", plan.columns, ["customer_no", "action", "reason", "fields"])
    known = set(store.query("SELECT DISTINCT customer_no FROM customers")["customer_no"])
    names = plan["customer_no"].tolist()
    columns = {f for text in plan["fields"].dropna() for f in str(text).split(";") if f}
    strange = sorted(columns - {*load_table("customers").names, "analysis_records"})
    faults = [
        (f"{len(found):,} {what} ({list_words(found, most=3)})")
        for found, what in (
            ([n for n in names if n not in known], "not in the database"),
            (sorted(set(plan.loc[plan["customer_no"].duplicated(), "customer_no"])), "more than once"),
            (sorted(set(plan["action"]) - set(ACTIONS), key=str), "unknown actions"),
            (strange, "unknown fields"),
        )
        if found
    ]
    if faults:
        raise StoreError(
            f"apply_retention: each customer of the plan must stand once and be in the database; "
            f"{'; '.join(faults)}. Nothing was changed; make the plan anew with plan_store_retention."
        )


def _erase_rows(
    store: Store, numbers: list[str], day: dt.date, rules: RetentionRules
) -> list[tuple[str, str, int]]:
    if not numbers:
        return []
    raw = find_raw_rows(store, numbers, with_rejected=True)
    rows = drop_raw_rows(store, raw)
    for table, (time, also) in KEPT_BOOKS.items():
        rows += _part_from_person(
            store, table, time, also, numbers, _years_before(day, rules.bookkeeping_years)
        )
    for marks, part in split_numbers(numbers):
        for table in ("verdicts", *GONE):
            n = store.run(f"DELETE FROM {quote(table)} WHERE customer_no IN {marks}", part)
            rows.append((table, "deleted", n))
    return rows


def _years_before(day: dt.date, years: int) -> dt.datetime:
    try:
        first = day.replace(year=day.year - years)
    except ValueError:  # 29 February
        first = day.replace(year=day.year - years, day=28)
    return dt.datetime.combine(first, dt.time())


def _part_from_person(
    store: Store, table: str, time: str, also: Sequence[str], numbers: list[str], oldest: dt.datetime
) -> list[tuple[str, str, int]]:
    gone = kept = 0
    for marks, part in split_numbers(numbers):
        gone += store.run(
            f"DELETE FROM {quote(table)} WHERE {quote(time)} < ? AND customer_no IN {marks}", [oldest, *part]
        )
    cleared = ", ".join(f"{quote(c)} = NULL" for c in also)
    aliases = dict(zip(numbers, name_erased(store, numbers), strict=True))
    for marks, part in split_numbers(numbers):
        cases = " ".join(["WHEN ? THEN ?"] * len(part))
        pairs = [text for number in part for text in (number, aliases[number])]
        kept += store.run(
            f"UPDATE {quote(table)} SET customer_no = CASE customer_no {cases} END, {cleared} "
            f"WHERE customer_no IN {marks}",
            [*pairs, *part],
        )
    return [(table, "deleted", gone), (table, "without person", kept)]


def _list_erasures(store: Store, erased: pd.DataFrame, day: dt.date) -> None:
    import pandas as pd

    marks = fingerprint_values(erased["customer_no"].tolist(), "customer_no", store.cipher)
    fresh = pd.DataFrame({
        "customer_fingerprint": marks,
        "erased_on": day,
        "reason": erased["reason"].tolist(),
    })
    here = set(store.dump("erasures")["customer_fingerprint"])
    fresh = fresh[~fresh["customer_fingerprint"].isin(here)]
    if len(fresh):
        store.insert("erasures", fresh.reset_index(drop=True))


def _mask_customers(store: Store, numbers: list[str], fields: list[str]) -> list[tuple[str, str, int]]:
    contract = load_table("customers")
    stored = [n for f in fields if f in contract.names for n, _, _ in contract.field(f).stored]
    rows = []
    for marks, part in split_numbers(numbers):
        if stored:
            emptied = ", ".join(f"{quote(n)} = NULL" for n in stored)
            filled = " OR ".join(f"{quote(n)} IS NOT NULL" for n in stored)
            n = store.run(f"UPDATE customers SET {emptied} WHERE ({filled}) AND customer_no IN {marks}", part)
            rows.append(("customers", "emptied", n))
        if "analysis_records" in fields:
            n = store.run(f"DELETE FROM analysis_records WHERE customer_no IN {marks}", part)
            rows.append(("analysis_records", "deleted", n))
    return rows + thin_raw_rows(store, find_raw_rows(store, numbers, with_rejected=False), fields)


def _sum_rows(rows: list[tuple[str, str, int]]) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["table", "deed", "n_rows"]).astype({"n_rows": "int64"})
    sums = frame.groupby(["table", "deed"], as_index=False, sort=True)["n_rows"].sum()
    return sums[sums["n_rows"] > 0].reset_index(drop=True)


def _find_clean_day(store: Store, day: dt.date, n_erased: int) -> dt.date | None:
    kept: Any = read_settings(store).get("backup_keep_days")
    return day + dt.timedelta(days=int(kept)) if n_erased and kept and str(kept).isdigit() else None
