"""What is to be verified and when: new customers, and the grades the firm sets itself."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, parse_day, require_columns
from crm_lib.catalogue import say
from crm_lib.errors import StoreError
from crm_lib.store.columnar import parse_moment
from crm_lib.store.settings import read_settings
from crm_lib.store.upload_check import holds_contact
from crm_lib.store.upload_known import list_customers, next_serial

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

NEW_KIND = "new"
GRADE_KINDS = ("value", "credit", "relation")
VERIFY_KINDS = (NEW_KIND, *GRADE_KINDS)
# What is used where the database has no setting verify_<kind>_days.
DEFAULT_DAYS = {"new": 30, "value": 180, "credit": 90, "relation": 180}
PASSED = ("属实", "已更正")
RESULTS = (*PASSED, "不符", "联系不上")
PLAN_COLUMNS = ("customer_no", "kind", "what", "since", "due_on", "overdue_days", "state")


def read_periods(store: Store) -> dict[str, int]:
    """Return the days within which each kind is to be verified, from the settings.

    Raises
    ------
    StoreError
        A setting is no whole number of at least one day.
    """
    told, out, faults = read_settings(store), {}, []
    for kind, days in DEFAULT_DAYS.items():
        text = told.get(f"verify_{kind}_days")
        text = str(days) if text is None else text.strip()
        if text.isascii() and text.isdigit() and int(text) >= 1:
            out[kind] = int(text)
        else:
            faults.append(f"verify_{kind}_days is {text!r}")
    if faults:
        raise StoreError(
            f"read_periods: a period must be a whole number of days, at least 1; {'; '.join(faults)}. "
            "Set it with change_settings."
        )
    return out


def plan_verification(store: Store, *, as_of: str | dt.date) -> pd.DataFrame:
    """List what waits to be verified: new customers, and grades whose time is up or comes up.

    Parameters
    ----------
    store : Store
        The open database.
    as_of : str or date
        The day the list is made; what was known at its end counts.

    Returns
    -------
    DataFrame
        One row per customer and kind that is still to be verified, the most urgent first:
        customer_no, kind (new, value, credit, relation), what (Chinese), since (the day the period
        runs from), due_on, overdue_days (0 or less: not yet), state (已逾期, 未到期).

    Notes
    -----
    A new customer is due ``verify_new_days`` after the first version and done once found 属实 or
    已更正.  A grade is due its own period after it was set or last confirmed, so it never leaves
    the list, it moves to its end.  不符 and 联系不上 settle nothing: the row stays due.
    """
    import pandas as pd

    day = parse_day("plan_verification", "as_of", as_of)
    end, periods = dt.datetime.combine(day, dt.time(23, 59, 59)), read_periods(store)
    passed = _last_passed(store, end)
    rows = []
    for no, since in _list_new(store, end):
        if (no, NEW_KIND) not in passed:
            rows.append((no, NEW_KIND, since, since + dt.timedelta(days=periods[NEW_KIND])))
    for no, kind, since, due in _list_grades(store, end):
        last = passed.get((no, kind))
        if last is not None and last >= since:
            since, due = last, last + dt.timedelta(days=periods[kind])
        rows.append((no, kind, since, due or since + dt.timedelta(days=periods[kind])))
    order = {kind: i for i, kind in enumerate(VERIFY_KINDS)}
    rows.sort(key=lambda r: (r[3], r[0], order[r[1]]))
    cells = [
        (no, kind, say(f"upload.verify_{kind}"), since, due, (day - due).days, _tell_state(day > due))
        for no, kind, since, due in rows
    ]
    frame = pd.DataFrame(cells, columns=list(PLAN_COLUMNS))
    types = {"overdue_days": "int64", "since": "datetime64[us]", "due_on": "datetime64[us]"}
    return frame.astype(types | dict.fromkeys(("customer_no", "kind", "what", "state"), str))


def list_overdue_verifications(store: Store, *, as_of: str | dt.date) -> pd.DataFrame:
    """List what should have been verified before `as_of` and was not.

    Parameters
    ----------
    store : Store
        The open database.
    as_of : str or date
        The day of the list.

    Returns
    -------
    DataFrame
        The overdue rows of `plan_verification`, the longest overdue first.
    """
    plan = plan_verification(store, as_of=as_of)
    return plan[plan["overdue_days"] > 0].reset_index(drop=True)


def _tell_state(late: bool) -> str:
    return say("upload.overdue" if late else "upload.not_due")


def _list_new(store: Store, end: dt.datetime) -> list[tuple[str, dt.date]]:
    found = store.query(
        "SELECT customer_no, min(valid_from) AS since FROM customers"
        " GROUP BY customer_no HAVING min(valid_from) <= ?"
        " AND max(CASE WHEN valid_to IS NULL OR valid_to > ? THEN 1 ELSE 0 END) = 1 ORDER BY customer_no",
        [end, end],
    )
    return [(no, since.date()) for no, since in zip(found["customer_no"], found["since"], strict=True)]


def _list_grades(store: Store, end: dt.datetime) -> list[tuple[str, str, dt.date, dt.date | None]]:
    found = store.query(
        "SELECT customer_no, kind, valid_from, due_on FROM grades"
        " WHERE valid_from <= ? AND (valid_to IS NULL OR valid_to > ?) ORDER BY customer_no, kind",
        [end, end],
    )
    return [
        (no, kind, since.date(), None if due != due else due.date())
        for no, kind, since, due in found.itertuples(index=False, name=None)
        if kind in GRADE_KINDS
    ]


def _last_passed(store: Store, end: dt.datetime) -> dict[tuple[str, str], dt.date]:
    found = store.query(
        "SELECT customer_no, kind, max(verified_at) AS last FROM verifications"
        " WHERE verified_at <= ? AND result IN (?, ?) GROUP BY customer_no, kind",
        [end, *PASSED],
    )
    return {(no, kind): last.date() for no, kind, last in found.itertuples(index=False, name=None)}


def record_verification(store: Store, frame: pd.DataFrame, *, at: str | dt.datetime) -> pd.DataFrame:
    """Record what a check of customers or grades has found.

    Parameters
    ----------
    store : Store
        The open database.
    frame : DataFrame
        One check a row: customer_no, kind (new, value, credit, relation), result (属实, 已更正, 不符,
        联系不上) and, if wanted, note.
    at : str or datetime
        When it was verified, local time.

    Returns
    -------
    DataFrame
        One row per row of `frame`, in its order: verification_no, customer_no, kind, due_on (when
        it was due; missing where nothing was), verified_at, verified_by, result, note.

    Raises
    ------
    StoreError
        A customer is unknown, a grade was never set, a kind or result is none of those, or a note
        holds a telephone number or the like; nothing is recorded then.

    Notes
    -----
    To put the datum itself right is another step (`update_customers`, kind 更正): who verifies and
    who changes may be two persons.
    """
    import pandas as pd

    moment = parse_moment("record_verification", "at", at)
    require_columns("record_verification", frame.columns, ["customer_no", "kind", "result"])
    rows = frame.reset_index(drop=True)
    notes = rows["note"] if "note" in rows.columns else pd.Series([None] * len(rows), dtype=object)
    with store.transaction("record_verification", at=moment) as entry:
        plan = plan_verification(store, as_of=moment)
        due = {(r.customer_no, r.kind): r.due_on for r in plan.itertuples(index=False)}
        _require_checks(store, rows, notes, due)
        first = next_serial(store, f"verification{moment.year}", len(rows)) if len(rows) else 1
        keys = list(zip(rows["customer_no"], rows["kind"], strict=True))
        out = pd.DataFrame({
            "verification_no": [f"H{moment.year % 100:02d}{first + i:07d}" for i in range(len(rows))],
            "customer_no": rows["customer_no"].tolist(),
            "kind": rows["kind"].tolist(),
            "due_on": pd.Series([due.get(k, pd.NaT) for k in keys], dtype="datetime64[us]"),
            "verified_at": pd.Series([moment] * len(rows), dtype="datetime64[us]"),
            "verified_by": store.actor,
            "result": rows["result"].tolist(),
            "note": notes.astype(object).where(notes.notna(), None).tolist(),
        })
        store.insert("verifications", out)
        entry.note("verifications", len(out), kinds=sorted(set(out["kind"])))
    return out


def _require_checks(store: Store, rows: pd.DataFrame, notes: pd.Series, due: dict[Any, Any]) -> None:
    customers = list_customers(store)
    unset = [
        f"{no} ({kind})"
        for no, kind in zip(rows["customer_no"], rows["kind"], strict=True)
        if kind in GRADE_KINDS and no in customers and (no, kind) not in due
    ]
    private = [str(i + 1) for i, n in enumerate(notes) if isinstance(n, str) and holds_contact(n)]
    raise_faults("record_verification", [
        ("customer not in the database", [str(n) for n in rows["customer_no"] if n not in customers]),
        (f"kind is none of {list_words(VERIFY_KINDS)}", [str(k) for k in rows["kind"] if k not in VERIFY_KINDS]),
        (f"result is none of {list_words(RESULTS)}", [str(r) for r in rows["result"] if r not in RESULTS]),
        ("a grade that was never set", unset),
        ("a note with contact data in row", private),
    ])  # fmt: skip


def raise_faults(where: str, faults: list[tuple[str, list[str]]]) -> None:
    """Raise `StoreError` naming every kind of fault with how often and three examples; nothing found, nothing said."""
    named = [
        f"{what}: {len(found):,} ({list_words(dict.fromkeys(found), most=3)})"
        for what, found in faults
        if found
    ]
    if named:
        raise StoreError(f"{where}: {'; '.join(named)}. Nothing was written; mend the rows and try again.")
