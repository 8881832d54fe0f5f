"""Follow-up (跟进): who is due when, what for, how much time it takes, and whose service runs out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, parse_day, require_columns
from crm_lib.errors import DataError
from crm_lib.identify.classes import INTENTS, read_intents
from crm_lib.identify.prospects import GRADES, load_rules

if TYPE_CHECKING:
    import pandas as pd

_DAYS = ("found_on", "first_contact_on", "last_contact_on", "service_expires_on")
_TEXTS = ("purpose", "ask", "record")
_LIMITS = {"new_per_day": 3.0, "first_contact_days": 2.0, "expiry_notice_days": 30.0}
_MONTH = 30.0
REASONS = ("first_contact", "expiry", "regular", "unknown")


def load_follow_up(rules: str | Path | pd.DataFrame | None = None) -> tuple[pd.DataFrame, dict[str, float]]:
    """Load the follow-up rules: the shipped ones, or a table of your own.

    Parameters
    ----------
    rules : path to TOML, DataFrame, optional
        One row per rule: intent, sales_grade (empty: any), every_days, minutes, and where wanted purpose, ask,
        record.  A TOML file may have ``[limits]``: new_per_day, first_contact_days, expiry_notice_days.

    Returns
    -------
    tuple of DataFrame and dict
        The rules in order, and the limits.

    Raises
    ------
    ReadError
        When the file cannot be read.
    SchemaError
        When a column is missing.
    DataError
        When a rule names another intent or grade, days that are no whole number above 0, minutes not above 0, an unknown limit,
        or an intent has no rule for every grade; all faults at once.

    Examples
    --------
    >>> rules, limits = load_follow_up()
    >>> rules["intent"].unique().tolist(), limits["new_per_day"]
    (['意向', '潜在', '成交'], 3.0)
    """
    import pandas as pd

    if isinstance(rules, pd.DataFrame):
        table, limits = rules.reset_index(drop=True), {}
    else:
        read = load_rules("follow_up", rules)
        table, limits = pd.DataFrame(read.get("rules", [])), read.get("limits", {})
    require_columns("load_follow_up", list(table.columns), ("intent", "every_days", "minutes"))
    table = table.reindex(columns=["intent", "sales_grade", "every_days", "minutes", *_TEXTS])
    for name in ("sales_grade", *_TEXTS):
        table[name] = table[name].astype(object).where(table[name].notna(), "").astype("str")
    faults = [*_find_rule_faults(table), *_find_limit_faults(limits)]
    if faults:
        raise DataError(
            f"load_follow_up: {list_words(faults, most=5)}. "
            "A rule reads: intent 意向, sales_grade A, every_days 3, minutes 20."
        )
    numbers = {"every_days": "float64", "minutes": "float64"}
    return table.astype(numbers), {**_LIMITS, **{k: float(v) for k, v in limits.items()}}


def _find_rule_faults(table: pd.DataFrame) -> list[str]:
    faults = []
    for row in table.itertuples():
        where = f"rule {row.Index + 1}"
        if row.intent not in INTENTS:
            faults.append(f"{where}: intent must be one of {'、'.join(INTENTS)}, got {row.intent!r}")
        if row.sales_grade not in ("", *GRADES):
            faults.append(f"{where}: sales_grade must be A, B, C or empty, got {row.sales_grade!r}")
        days, minutes = row.every_days, row.minutes
        if not _is_positive(days) or float(days) % 1:
            faults.append(f"{where}: every_days must be a whole number above 0, got {days!r}")
        if not _is_positive(minutes):
            faults.append(f"{where}: minutes must be a number above 0, got {minutes!r}")
    for name in INTENTS:
        mine = set(table.loc[table["intent"] == name, "sales_grade"])
        if "" not in mine:
            faults.append(f"{name} has no rule without a grade, so some prospects would have none")
    return faults


def _is_positive(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and 0 < float(value) < float("inf")
    except (TypeError, ValueError):
        return False


def _find_limit_faults(limits: dict[str, Any]) -> list[str]:
    unknown = [f"limit {k!r} is not known ({', '.join(_LIMITS)})" for k in limits if k not in _LIMITS]
    wrong = [
        f"limit {k} must be a number above 0, got {v!r}" for k, v in limits.items() if not _is_positive(v)
    ]
    return unknown + wrong


def schedule_follow_ups(
    leads: pd.DataFrame, rules: str | Path | pd.DataFrame | None = None, *, as_of: str | dt.date
) -> pd.DataFrame:
    """Say for every prospect when it is due next, how long it is overdue, and what the contact is for.

    Parameters
    ----------
    leads : DataFrame
        One row per prospect: lead_id, intent, found_on; sales_grade (from `grade_prospects`),
        first_contact_on, last_contact_on, service_expires_on, salesperson where there are any.
    rules : path to TOML, DataFrame, optional
        See `load_follow_up`.
    as_of : str or date
        The day of the list; what happened later is not known yet.

    Returns
    -------
    DataFrame
        One row per prospect found by then, the longest overdue first, then A before B before C, then by
        number: lead_id, salesperson, intent, sales_grade, reason (``first_contact``, ``expiry``, ``regular``, or
        ``unknown`` where no date is known), last_contact_on, due_on, overdue_days (0 when not yet due),
        days_left (until due), every_days, minutes, monthly_hours (of this prospect), purpose, ask, record.
        ``attrs`` hold as_of, n_later (found after as_of, left out), n_without_class (no intent on record,
        taken as 潜在), limits.

    Raises
    ------
    SchemaError
        When lead_id, intent or found_on is missing.
    DataError
        When the rules are faulty, or all prospects were found later than `as_of`.

    Notes
    -----
    Without a contact by `as_of` the first one is due first_contact_days after the prospect was found.
    Afterwards the next is due every_days after the last one.  Of a 成交 whose service runs out, the
    notice, expiry_notice_days before the end, is due when it comes earlier and nobody has called since that
    day.  A contact later than as_of is not known yet: the first contact counts when that was earlier.
    monthly_hours = 30 / every_days × minutes / 60, the time the rules will cost, whoever is due today.
    """
    import numpy as np
    import pandas as pd

    require_columns("schedule_follow_ups", list(leads.columns), ("lead_id", "intent", "found_on"))
    table, limits = load_follow_up(rules)
    day = pd.Timestamp(parse_day("schedule_follow_ups", "as_of", as_of))
    frame, facts = _know_by(leads, day)
    rule = _find_rules(frame, table)
    every, minutes = (table[c].to_numpy()[rule] for c in ("every_days", "minutes"))
    due, reason = _find_due(frame, every, limits)
    left = (due - day).dt.days
    out = frame[["lead_id", "salesperson", "intent", "sales_grade"]].copy()
    out["reason"] = pd.Series(reason.tolist(), index=out.index, dtype="str")
    out["last_contact_on"], out["due_on"] = frame["known_contact"], due
    out["overdue_days"] = (-left).clip(lower=0).astype("Int64")
    out["days_left"] = left.clip(lower=0).astype("Int64")
    out["every_days"], out["minutes"] = every.astype("int64"), minutes.astype("float64")
    out["monthly_hours"] = np.round(_MONTH / every * minutes / 60, 6)
    for name in _TEXTS:
        out[name] = pd.Series(table[name].to_numpy()[rule].tolist(), index=out.index, dtype="str")
    rank = out["sales_grade"].map({g: i for i, g in enumerate(GRADES)}).fillna(len(GRADES))
    order = out.assign(_r=rank).sort_values(
        ["overdue_days", "days_left", "_r", "lead_id"],
        ascending=[False, True, True, True],
        na_position="last",
    )
    out = order.drop(columns="_r").reset_index(drop=True)
    out.attrs = {**facts, "as_of": day.date().isoformat(), "limits": limits}
    return out


def _know_by(leads: pd.DataFrame, day: pd.Timestamp) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return what was known at the end of `day`: prospects found by then, contacts made by then."""
    import pandas as pd

    frame = pd.DataFrame({"lead_id": leads["lead_id"].astype("str")})
    for name in ("salesperson", "sales_grade"):
        column = leads[name] if name in leads.columns else pd.Series("", index=leads.index)
        frame[name] = column.astype(object).where(column.notna(), "").astype("str")
    for name in _DAYS:
        values = leads[name] if name in leads.columns else pd.Series(pd.NaT, index=leads.index)
        frame[name] = pd.to_datetime(values, errors="coerce").dt.normalize()
    intent = read_intents(leads["intent"])
    frame["intent"] = intent.where(intent != "", "潜在").astype("str")
    later = frame["found_on"] > day
    if len(frame) and later.all():
        first = frame["found_on"].min().date()
        raise DataError(
            f"schedule_follow_ups: as_of must not lie before all prospects; got {day.date()}, and the first was "
            f"found on {first}. Choose {first} or later."
        )
    kept = frame[~later].reset_index(drop=True)
    first, last = (kept[c].where(kept[c] <= day) for c in ("first_contact_on", "last_contact_on"))
    kept["known_contact"] = last.fillna(first)
    n_empty = int((intent == "").to_numpy()[~later.to_numpy()].sum())
    return kept, {"n_later": int(later.sum()), "n_without_class": n_empty}


def _find_rules(frame: pd.DataFrame, table: pd.DataFrame) -> Any:
    """Return for each prospect the number of the first rule that names its intent and grade."""
    import numpy as np

    rule = np.full(len(frame), -1, dtype="int64")
    for i, row in enumerate(table.itertuples()):
        fits = (frame["intent"] == row.intent) & (
            (row.sales_grade == "") | (frame["sales_grade"] == row.sales_grade)
        )
        rule[(rule < 0) & fits.to_numpy()] = i
    return rule


def _find_due(frame: pd.DataFrame, every: Any, limits: dict[str, float]) -> tuple[pd.Series, Any]:
    import numpy as np
    import pandas as pd

    contact = frame["known_contact"]
    never = contact.isna()
    first = frame["found_on"] + pd.Timedelta(days=limits["first_contact_days"])
    regular = contact + pd.to_timedelta(every, unit="D")
    due = regular.where(~never, first)
    notice = frame["service_expires_on"] - pd.Timedelta(days=limits["expiry_notice_days"])
    soon = (frame["intent"] == "成交") & notice.notna() & ~(contact >= notice) & ~(notice >= due)
    due = due.where(~soon, notice)
    reason = np.select([soon, due.isna(), never], ["expiry", "unknown", "first_contact"], "regular")
    return due, reason


def measure_effort(schedule: pd.DataFrame) -> pd.DataFrame:
    """Add up, per class, how many prospects are due and how many hours a month the rules cost.

    Parameters
    ----------
    schedule : DataFrame
        What `schedule_follow_ups` returned.

    Returns
    -------
    DataFrame
        One row per intent and grade that occurs, in the order 意向, 潜在, 成交, then A, B, C, none: intent,
        sales_grade, n_leads, n_overdue, every_days, minutes, monthly_hours, hours_share.
    """
    import pandas as pd

    needed = ("intent", "sales_grade", "overdue_days", "every_days", "minutes", "monthly_hours")
    require_columns("measure_effort", list(schedule.columns), needed)
    total = float(schedule["monthly_hours"].sum())
    rows = []
    for intent in ("意向", "潜在", "成交"):
        for grade in (*GRADES, ""):
            part = schedule[(schedule["intent"] == intent) & (schedule["sales_grade"] == grade)]
            if len(part):
                hours = round(float(part["monthly_hours"].sum()), 6)
                late = int((part["overdue_days"].fillna(0) > 0).sum())
                days, minutes = int(part["every_days"].iloc[0]), float(part["minutes"].iloc[0])
                rows.append((intent, grade, len(part), late, days, minutes, hours, hours / total))
    names = [*("intent", "sales_grade", "n_leads", "n_overdue"), *needed[3:], "hours_share"]
    return pd.DataFrame(rows, columns=names)


def count_new(leads: pd.DataFrame, *, as_of: str | dt.date, days: int = 30) -> dict[str, float]:
    """Count the prospects found in the last days, against the number the rules ask for.

    Parameters
    ----------
    leads : DataFrame
        One row per prospect: found_on.
    as_of : str or date
        Last day of the period.
    days : int
        Length of the period in calendar days, at least 1.

    Returns
    -------
    dict
        n_new, n_days (days with at least one), per_day (over all calendar days), most_a_day.
    """
    import pandas as pd

    require_columns("count_new", list(leads.columns), ("found_on",))
    day = pd.Timestamp(parse_day("count_new", "as_of", as_of))
    if days < 1:
        raise DataError(f"count_new: days must be at least 1; got {days!r}. Choose 30 for a month.")
    found = pd.to_datetime(leads["found_on"], errors="coerce").dt.normalize()
    mine = found[(found > day - pd.Timedelta(days=days)) & (found <= day)]
    counts = mine.value_counts()
    return {
        "n_new": len(mine),
        "n_days": len(counts),
        "per_day": len(mine) / days,
        "most_a_day": int(counts.max()) if len(counts) else 0,
    }


def list_script() -> pd.DataFrame:
    """Return the script of a first contact: step, say (a wording of ours), learn (what to find out)."""
    import pandas as pd

    return pd.DataFrame(load_rules("follow_up")["script"])[["step", "say", "learn"]]
