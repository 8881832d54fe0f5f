"""The tables of steps three and four of the behaviour lesson, and of its extension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import column_title, say
from crm_lib.lesson.behaviour_steps import show_step

if TYPE_CHECKING:
    import pandas as pd


GRADES = ("A", "B", "C", "")
STALE_DAYS = 180
_COMMON = 0.95


def show_criteria(graded: pd.DataFrame) -> pd.DataFrame:
    """Show the criteria of the grades, and how many prospects each grade and class has.

    Parameters
    ----------
    graded
        Prospects with ``sales_grade`` and ``intent``, and the criteria in ``attrs``.

    Returns
    -------
    DataFrame
        One row per grade: sales_grade, then a column per intent, then n_leads.
    """
    import pandas as pd

    table = pd.DataFrame(graded.attrs["criteria"], dtype=object)
    rules = [
        (g, "；".join(_word_criterion(r) for r in table[table["grade"] == g].itertuples()))
        for g in GRADES[:3]
    ]
    frame = pd.DataFrame([r for r in rules if r[1]], columns=["sales_grade", "criteria"])
    show_step(frame, say("behaviour.cap_criteria"))
    counts = pd.crosstab(graded["sales_grade"], graded["intent"])
    counts = counts.reindex(index=list(GRADES), columns=["潜在", "意向", "成交"], fill_value=0)
    out = counts.assign(n_leads=counts.sum(axis=1)).rename_axis(None, axis=1).reset_index()
    names = [g or say("behaviour.no_grade") for g in out["sales_grade"]]
    show_step(out.assign(sales_grade=names), say("behaviour.cap_grades"))
    return out


def _word_criterion(row: Any) -> str:
    """Word one criterion: 预计决策天数不多于 30."""
    from crm_lib.schema import load_schema

    schema = load_schema("leads")
    title = schema.column(row.column).title if row.column in schema.names else column_title(row.column)
    if row.equals is not None:
        return f"{title}：{say('behaviour.yes' if row.equals else 'behaviour.no')}"
    parts = [say("behaviour.at_least", value=f"{float(row.least):g}")] if row.least is not None else []
    parts += [say("behaviour.at_most", value=f"{float(row.most):g}")] if row.most is not None else []
    return title + "，".join(parts)


def show_found(found: pd.DataFrame) -> pd.DataFrame:
    """Show the prospects on record as 潜在 whose notes show intent, and return them.

    Parameters
    ----------
    found
        What `find_intent_in_notes` returned.
    """
    if len(found):
        shown = found[["lead_id", "note", "words", "stages"]].rename(columns={"note": "told"})
        show_step(shown, say("behaviour.cap_found"), most=8)
    return found


def show_due(schedule: pd.DataFrame, *, most: int = 8) -> pd.DataFrame:
    """Show who is due first, and return the schedule.

    Parameters
    ----------
    schedule
        What `schedule_follow_ups` returned.
    most
        Rows shown.
    """
    rank = {"意向": 0, "成交": 1, "潜在": 2}
    first = schedule.assign(_i=schedule["intent"].map(rank)).sort_values(
        ["_i", "overdue_days", "lead_id"], ascending=[True, False, True], na_position="last", kind="stable"
    )
    columns = [
        "lead_id",
        "salesperson",
        "intent",
        "sales_grade",
        "reason",
        "due_on",
        "overdue_days",
        "purpose",
    ]
    shown = first[columns].assign(reason=[say(f"behaviour.due_{r}") for r in first["reason"]])
    shown["sales_grade"] = [g or say("behaviour.no_grade") for g in shown["sales_grade"]]
    show_step(shown, say("behaviour.cap_due"), most=most)
    return schedule


def show_script(schedule: pd.DataFrame) -> pd.DataFrame:
    """Show the follow-up rules with what to record, and the script of a first contact; return the script.

    Parameters
    ----------
    schedule
        What `schedule_follow_ups` returned; its rules are shown as far as prospects fall under them.
    """
    from crm_lib.identify import list_script, measure_effort

    effort = measure_effort(schedule)
    keys = ["intent", "sales_grade", "every_days", "minutes"]
    what = schedule.drop_duplicates(["intent", "sales_grade"])[
        ["intent", "sales_grade", "purpose", "ask", "record"]
    ]
    rules = effort[keys].merge(what, on=["intent", "sales_grade"], how="left")
    rules["sales_grade"] = [g or say("behaviour.no_grade") for g in rules["sales_grade"]]
    show_step(rules, say("behaviour.cap_rules"))
    script = list_script()
    show_step(script, say("behaviour.cap_script"))
    return script


def list_deals(leads: pd.DataFrame, schedule: pd.DataFrame) -> pd.DataFrame:
    """List the 成交: amount, end of service, latent need, referrals, days left; the nearest end first.

    Parameters
    ----------
    leads
        Prospects with their class.
    schedule
        What `schedule_follow_ups` returned: its day counts.

    Returns
    -------
    DataFrame
        One row per deal.
    """
    import pandas as pd

    day = pd.Timestamp(schedule.attrs["as_of"])
    columns = ["lead_id", "signed_amount", "service_expires_on", "latent_need", "referrals"]
    out = leads.loc[leads["intent"] == "成交", columns].copy()
    out["days_to_expiry"] = (out["service_expires_on"] - day).dt.days.astype("Int64")
    out = out.sort_values(["service_expires_on", "lead_id"], na_position="last").reset_index(drop=True)
    if len(out):
        show_step(out, say("behaviour.cap_deals"), most=8)
    return out


def find_redundant(leads: pd.DataFrame) -> pd.DataFrame:
    """Judge each column of the prospects: keep it, drop it, or think again.

    Parameters
    ----------
    leads
        One row per prospect, as `know_leads` returns them.

    Returns
    -------
    DataFrame
        One row per column: field, filled_share, n_values, twin (a column that says the same), verdict
        (``empty``, ``constant``, ``twin``, ``private``, ``keep``), in the order of the table.

    Notes
    -----
    A twin gives every prospect the same value of the other column and the other way round, over at least two
    values and where both are known; keys and free text have no twins.
    """
    import pandas as pd

    from crm_lib.schema import load_schema

    schema, rows = load_schema("leads"), []
    names = [c for c in schema.names if c in leads.columns]
    plain = [c for c in names if schema.column(c).type in ("category", "date", "flag", "integer")]
    for name in names:
        values = leads[name].dropna()
        twin = next((o for o in plain if o != name and name in plain and _say_the_same(leads, name, o)), "")
        verdict = "keep"
        if values.empty:
            verdict = "empty"
        elif values.nunique() == 1:
            verdict = "constant"
        elif twin and names.index(twin) < names.index(name):
            verdict = "twin"
        elif name in ("phone", "name"):
            verdict = "private"
        title = schema.column(twin).title if twin else ""
        rows.append((
            schema.column(name).title,
            len(values) / max(len(leads), 1),
            values.nunique(),
            title,
            verdict,
        ))
    return pd.DataFrame(rows, columns=["field", "filled_share", "n_values", "twin", "verdict"])


def _say_the_same(leads: pd.DataFrame, one: str, other: str) -> bool:
    both = leads[[one, other]].dropna().astype(str)
    if len(both) < 5 or both[one].nunique() < 2:
        return False
    pairs = both.drop_duplicates()
    return len(pairs) == both[one].nunique() == both[other].nunique() and len(pairs) < len(both)


def show_redundant(fields: pd.DataFrame) -> pd.DataFrame:
    """Show which columns to keep and which to drop, and return them.

    Parameters
    ----------
    fields
        What `find_redundant` returned.
    """
    shown = fields.assign(verdict=[say(f"behaviour.field_{v}") for v in fields["verdict"]])
    show_step(shown, say("behaviour.cap_fields"), most=30)
    return fields
