"""Which customers' data are kept, made less, or erased, and until when."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import closest_first, list_words, parse_day, require_columns
from crm_lib.errors import ParameterError
from crm_lib.protect.consent import list_field_purposes, list_purposes, number_people, read_consents

if TYPE_CHECKING:
    import pandas as pd

WHERE = "plan_retention"
ACTIONS = ("keep", "mask", "erase")
_TIMES = ("occurred_on", "ordered_at", "occurred_at")


@dataclass(frozen=True)
class RetentionRules:
    """Periods of keeping; every one is the firm's own choice.

    ``service_months`` run from the last order, ``prospect_months`` from the registration of who
    never ordered, the months of a consent from the last activity or the consent itself,
    ``bookkeeping_years`` from each order, ``grace_days`` from the end of the last reason to keep.
    """

    service_months: int
    prospect_months: int
    marketing_months: int
    profiling_months: int
    survey_months: int
    sharing_months: int
    bookkeeping_years: int
    grace_days: int


@cache
def _read() -> dict[str, int]:
    return tomllib.loads((resources.files("crm_lib.protect") / "retention.toml").read_text("utf-8"))


def load_rules(**changes: int) -> RetentionRules:
    """Return the rules of ``retention.toml``, with the changes named.

    Parameters
    ----------
    **changes : int
        Periods to be set otherwise, such as ``service_months=36``.

    Returns
    -------
    RetentionRules
        The periods.

    Raises
    ------
    ParameterError
        A name is unknown, or a period is no whole number from 0 on.

    Examples
    --------
    >>> load_rules(service_months=36).service_months
    36
    """
    names = [f.name for f in fields(RetentionRules)]
    for name, value in changes.items():
        if name not in names:
            raise ParameterError(
                f"load_rules: there is no period {name!r}; there are {list_words(closest_first(name, names))}."
            )
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ParameterError(f"load_rules: {name} must be a whole number >= 0; got {value!r}.")
    return RetentionRules(**{**_read(), **changes})


def plan_retention(
    people: pd.DataFrame,
    activity: pd.DataFrame,
    consents: pd.DataFrame,
    rules: RetentionRules | None = None,
    *,
    as_of: Any,
) -> pd.DataFrame:
    """Plan for each customer whether the data are kept, made less or erased.

    Parameters
    ----------
    people : DataFrame
        One row per customer: ``customer_no`` (or ``customer_id``), ``registered_on``; the columns of
        personal data that are there say what is left to be masked.
    activity : DataFrame
        One row per order or contact: the same number, ``occurred_on`` (or ``ordered_at``), and ``kind``
        (``order`` or another; without it all are orders).
    consents : DataFrame
        As `check_consent` takes them.
    rules : RetentionRules, optional
        By default those of ``retention.toml``.
    as_of : date or ISO str
        What was known at the end of this day.

    Returns
    -------
    DataFrame
        One row per customer, in their order: ``customer_no``, ``action`` (keep, mask, erase), ``reason``,
        ``due_on`` (last day to carry it out; for keep the day on which the next reason ends), ``fields``
        (what is masked, separated by semicolons), ``purposes`` (those that last).

    Notes
    -----
    The contract lasts `service_months` after the last order (`prospect_months` after the
    registration when there was none); a consent lasts until it is withdrawn, or so many months after
    the last activity.  A column is kept while one of the purposes that need it lasts
    (`list_field_purposes`): none lasts → erase; some columns have none → mask these.  The
    disputable choice: a withdrawn consent does not erase who still has a running contract, because
    delivery and claims have a basis of their own (article 13), and only what the consent alone
    carried goes.
    """
    import pandas as pd

    rules = load_rules() if rules is None else rules
    day = pd.Timestamp(parse_day(WHERE, "as_of", as_of))
    names = number_people(WHERE, people)
    frame = pd.DataFrame({"customer_no": names})
    registered = people["registered_on"] if "registered_on" in people else pd.Series(None, index=people.index)
    frame["registered"] = pd.to_datetime(registered).reset_index(drop=True)
    frame = frame.merge(_last_activity(activity, day), on="customer_no", how="left")
    ends = _find_ends(frame, read_consents(WHERE, consents, day), rules)
    filled = _find_filled(people.reset_index(drop=True), names)
    each = zip(ends.to_dict("records"), filled.to_dict("records"), frame["registered"], strict=True)
    rows = [_decide(end, full, day, rules.grace_days, since) for end, full, since in each]
    plan = pd.DataFrame(rows, columns=["action", "reason", "due_on", "fields", "purposes"], index=frame.index)
    plan["due_on"] = pd.to_datetime(plan["due_on"])
    return pd.concat([frame[["customer_no"]], plan], axis=1)


def _last_activity(activity: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return the last order and the last activity of each customer up to `day`."""
    import pandas as pd

    key = (
        "customer_id"
        if "customer_no" not in activity.columns and "customer_id" in activity
        else "customer_no"
    )
    time = next((c for c in _TIMES if c in activity.columns), _TIMES[0])
    require_columns(WHERE, activity.columns, [key, time])
    kind = activity["kind"] if "kind" in activity.columns else pd.Series("order", index=activity.index)
    seen = pd.DataFrame({"customer_no": activity[key].astype(object), "at": pd.to_datetime(activity[time])})
    seen["at"] = seen["at"].dt.normalize()
    seen["order"] = seen["at"].where(kind.eq("order"))
    seen = seen[seen["at"] <= day]
    last = seen.groupby("customer_no", sort=False)[["at", "order"]].max()
    return last.rename(columns={"at": "last_activity", "order": "last_order"}).reset_index()


def _find_ends(frame: pd.DataFrame, consents: pd.DataFrame, rules: RetentionRules) -> pd.DataFrame:
    """Return the day on which each purpose ends, one column per purpose; missing where it never began."""
    import pandas as pd

    def after(start: pd.Series, months: int) -> pd.Series:
        return pd.to_datetime(start) + pd.DateOffset(months=months)

    service = after(frame["last_order"], rules.service_months)
    ends = {"service": service.fillna(after(frame["registered"], rules.prospect_months))}
    for name, purpose in list_purposes().items():
        if purpose.basis != "consent":
            continue
        mine = consents[(consents["purpose"] == name) & (consents["state"] != "given_later")]
        mine = frame[["customer_no", "last_activity"]].merge(
            mine.drop(columns="purpose"), on="customer_no", how="left"
        )
        start = mine[["given_on", "last_activity"]].max(axis=1).where(mine["given_on"].notna())
        months = getattr(rules, f"{name}_months", rules.sharing_months)
        last = after(pd.to_datetime(start), months)
        ends[name] = last.where(~(mine["withdrawn_on"] < last), mine["withdrawn_on"])
    return pd.DataFrame(ends)


def _find_filled(people: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Return which fields hold something; a table without personal columns is taken to hold them all."""
    import pandas as pd

    known = [c for c in list_field_purposes() if c in people.columns]
    if not known:
        return pd.DataFrame(True, index=names.index, columns=list(list_field_purposes()))
    texts = people[known].notna() & people[known].astype(object).ne("")
    # what surveys found stands in a table of its own and cannot be seen here
    return texts.assign(
        analysis_records=people.get("n_analysis_records", pd.Series(1, index=people.index)) > 0
    )


def _decide(
    ends: dict[str, Any], filled: dict[str, bool], day: pd.Timestamp, grace_days: int, registered: Any
) -> tuple[str, str, Any, str, str]:
    import pandas as pd

    grace = pd.Timedelta(days=grace_days)
    lasting = {p: e for p, e in ends.items() if pd.notna(e) and e > day}
    over = [e for p, e in ends.items() if pd.notna(e) and p not in lasting]
    begin = [registered] if pd.notna(registered) else []
    if not lasting:
        due = max(over or begin or [day]) + grace
        return "erase", _word_end(ends, over), due, "", ""
    needs = list_field_purposes()
    gone = [f for f in filled if filled[f] and not set(needs[f]) & set(lasting)]
    kept = ";".join(sorted(lasting))
    if not gone:
        return "keep", "purpose lasts", min(lasting.values()), "", kept
    ended = {e for f in gone for p in needs[f] if pd.notna(e := ends[p])}
    reason = "consent ended" if ended else "no consent given"
    return "mask", reason, max(ended or set(begin) or {day}) + grace, ";".join(gone), kept


def _word_end(ends: dict[str, Any], over: list[Any]) -> str:
    """Say which end came last: that of the contract, of a consent, or that there never was a reason."""
    if not over:
        return "no basis"
    last = max(over)
    return "contract period over" if ends["service"] == last else "consent ended"
