"""Grades the firm sets itself: 价值等级, 信用等级, 关系等级, each with history and a day to review it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_columns
from crm_lib.store.columnar import parse_moment
from crm_lib.store.upload_known import list_customers
from crm_lib.store.verification import GRADE_KINDS, PASSED, raise_faults, read_periods, record_verification

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

MOST_CHARACTERS = 20


def set_grades(store: Store, frame: pd.DataFrame, *, kind: str, at: str | dt.datetime) -> pd.DataFrame:
    """Set a grade of customers; the earlier one stays in the history.

    Parameters
    ----------
    store : Store
        The open database.
    frame : DataFrame
        One customer a row: customer_no, grade (a short word or letter of the firm's own).
    kind : {'value', 'credit', 'relation'}
        价值等级, 信用等级 or 关系等级.
    at : str or datetime
        From when the grade holds, local time.

    Returns
    -------
    DataFrame
        One row per row of `frame`, in its order: customer_no, kind, grade, before (the grade so far,
        missing where there was none), due_on (day of the next review), changed.

    Raises
    ------
    StoreError
        A customer is unknown or stands twice, a grade is empty or too long, or an earlier grade
        begins at `at` or later; nothing is written then.

    Notes
    -----
    Whoever sets the same grade again has reviewed it: no new version is made, a verification with
    result 属实 is recorded, and the next review moves on by the period (setting
    ``verify_<kind>_days``).
    """
    import pandas as pd

    require_choice("set_grades", "kind", kind, GRADE_KINDS)
    moment = parse_moment("set_grades", "at", at)
    require_columns("set_grades", frame.columns, ["customer_no", "grade"])
    numbers = frame["customer_no"].tolist()
    grades = [str(g).strip() if isinstance(g, str) else g for g in frame["grade"].tolist()]
    with store.transaction("set_grades", at=moment) as entry:
        before = _fetch_current(store, kind)
        _require_rows(store, numbers, grades, before, moment)
        due = dt.datetime.combine(moment.date(), dt.time()) + dt.timedelta(days=read_periods(store)[kind])
        was = [before.get(no, (None, None))[0] for no in numbers]
        changed = [g != b for g, b in zip(grades, was, strict=True)]
        out = pd.DataFrame({
            "customer_no": numbers, "kind": kind, "grade": grades, "before": pd.Series(was, dtype=object),
            "due_on": pd.Series([due] * len(numbers), dtype="datetime64[us]"), "changed": changed,
        }).astype({"changed": bool})  # fmt: skip
        _write(store, out[out["changed"]], kind, moment)
        same = out.loc[~out["changed"], ["customer_no", "kind"]]
        if len(same):
            record_verification(store, same.assign(result=PASSED[0]), at=moment)
        entry.note("grades", int(sum(changed)), kind=kind, n_confirmed=len(same))
    return out


def _fetch_current(store: Store, kind: str) -> dict[str, tuple[str, dt.datetime]]:
    found = store.query(
        "SELECT customer_no, grade, valid_from FROM grades WHERE kind = ? AND valid_to IS NULL", [kind]
    )
    return {no: (grade, since) for no, grade, since in found.itertuples(index=False, name=None)}


def _require_rows(
    store: Store,
    numbers: Sequence[Any],
    grades: Sequence[Any],
    before: dict[str, tuple[str, dt.datetime]],
    moment: dt.datetime,
) -> None:
    customers = list_customers(store)
    seen: set[Any] = set()
    twice = [str(no) for no in numbers if no in seen or seen.add(no)]
    late = [str(no) for no in numbers if no in before and before[no][1] >= moment]
    bad = [repr(g) for g in grades if not isinstance(g, str) or not 1 <= len(g) <= MOST_CHARACTERS]
    raise_faults("set_grades", [
        ("customer not in the database", [str(no) for no in numbers if no not in customers]),
        ("customer more than once in the table", twice),
        (f"grade must be text of 1 to {MOST_CHARACTERS} characters", bad),
        (f"a grade that begins at {moment} or later", late),
    ])  # fmt: skip


def _write(store: Store, rows: pd.DataFrame, kind: str, moment: dt.datetime) -> None:
    replaced = rows.loc[rows["before"].notna(), "customer_no"].tolist()
    for start in range(0, len(replaced), 500):
        part = replaced[start : start + 500]
        places = ", ".join(["?"] * len(part))
        store.run(
            f"UPDATE grades SET valid_to = ? WHERE kind = ? AND valid_to IS NULL AND customer_no IN ({places})",
            [moment, kind, *part],
        )
    if len(rows):
        kept = rows[["customer_no", "kind", "grade", "due_on"]]
        store.insert("grades", kept.assign(valid_from=moment, valid_to=None, set_by=store.actor))
