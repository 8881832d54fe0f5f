"""How far visits go: an ordered funnel with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import closest_first, list_words, require_choice, require_columns
from crm_lib.errors import ParameterError
from crm_lib.identify.clicks import require_pages, without_bots
from crm_lib.stats import interval_of_share

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

UNITS = {"session": "session_no", "visitor": "visitor_id", "customer": "customer_id", "person": "person_id"}
KNOWN = ("已登录", "未登录")


def measure_funnel(
    sessions: pd.DataFrame,
    steps: Sequence[str],
    *,
    unit: str = "session",
    by: str | None = None,
    bots: bool = False,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Count how many visits, visitors or customers reach each step, in this order.

    Parameters
    ----------
    sessions : DataFrame
        One row per event, what `build_sessions` returned.
    steps : sequence of str
        Events (or pages, where the table has no events), the first step first.
    unit : str
        ``session``, ``visitor``, ``customer`` (logged-in events only) or ``person``
        (column ``person_id``, as `attach_persons` makes it).
    by : str, optional
        A column such as ``device`` or ``referrer`` (the first known value of the unit
        counts), or ``is_known``: 已登录 when one of its events has a customer.
    bots : bool
        Count the sessions of machines too.
    confidence : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        One row per group and step: ``group`` (全部 without `by`), ``step_no``, ``step``,
        ``n_reached``, ``n_lost`` (since the step before), ``share_of_first``, ``share_of_previous``,
        and the interval of the latter, ``low_share``, ``high_share``.  Shares of nothing
        are missing.  ``attrs``: ``unit``, ``n_units``, ``n_without_first`` (units that never
        took the first step: they are in no row), ``n_bots`` (sessions left out).

    Notes
    -----
    Ordered: a step counts when its event comes after one of the step before;
    other events may lie between.  Who enters at the product page has not
    taken the first step.  Intervals are Wilson's; they take the units for
    independent, which the sessions of one visitor are not quite.
    """
    where = "measure_funnel"
    require_choice(where, "unit", unit, tuple(UNITS))
    column = require_pages(where, sessions)
    require_columns(where, sessions.columns, [UNITS[unit], *([by] if by and by != "is_known" else [])])
    people = without_bots(sessions, bots)
    _require_steps(where, steps, sessions[column])
    ordered, code, n_units = _line_up(people, unit)
    depth = _reach(ordered[column], code, n_units, list(steps))
    group = _group(ordered, code, n_units, by)
    rows = []
    for name in dict.fromkeys(["全部"] if by is None else sorted(set(group))):
        mine = depth if by is None else depth[group == name]
        rows += _list_steps(name, [int((mine > k).sum()) for k in range(len(steps))], list(steps), confidence)
    out = _make_frame(rows)
    machines = sessions.loc[sessions["is_bot"].astype(bool), "session_no"].nunique()
    out.attrs = {
        "unit": unit,
        "n_units": n_units,
        "n_without_first": int((depth == 0).sum()),
        "n_bots": 0 if bots else int(machines),
    }
    return out


def _require_steps(where: str, steps: Sequence[str], seen: pd.Series) -> None:
    if isinstance(steps, str) or len(steps) < 1 or len(set(steps)) < len(steps):
        raise ParameterError(f"{where}: steps must be a list of different events; got {steps!r}.")
    known = sorted(map(str, seen.dropna().unique()))
    unknown = [s for s in steps if s not in known]
    if unknown and known:
        raise ParameterError(
            f"{where}: every step must be an event of the table; {list_words(map(repr, unknown))} is not. "
            f"There are {list_words(closest_first(str(unknown[0]), known))}."
        )


def _line_up(sessions: pd.DataFrame, unit: str) -> tuple[pd.DataFrame, np.ndarray, int]:
    """Return the events by unit and time, the number of each row's unit, and how many units there are."""
    import numpy as np
    import pandas as pd

    if unit == "session":
        begins = sessions["step"].to_numpy() == 1
        return sessions, np.cumsum(begins) - 1, int(begins.sum())
    known = sessions[sessions[UNITS[unit]].notna()]
    code, names = pd.factorize(known[UNITS[unit]], sort=True)
    order = np.lexsort((known["step"].to_numpy(), known["occurred_at"].to_numpy(), code))
    return known.iloc[order].reset_index(drop=True), code[order], len(names)


def _reach(pages: pd.Series, code: np.ndarray, n_units: int, steps: list[str]) -> np.ndarray:
    """Return how many steps each unit takes one after the other."""
    import numpy as np

    depth = np.zeros(n_units, "int64")
    after = np.full(n_units, -1)
    for name in steps:
        at = np.flatnonzero((pages == name).fillna(False).to_numpy(dtype=bool))
        at = at[at > after[code[at]]]
        # the rows of a unit stand together, so its first hit is the first of its run
        owner = code[at]
        first = np.ones(len(at), dtype=bool)
        first[1:] = owner[1:] != owner[:-1]
        after[:] = len(pages)
        after[owner[first]] = at[first]
        depth[owner[first]] += 1
    return depth


def _group(events: pd.DataFrame, code: np.ndarray, n_units: int, by: str | None) -> np.ndarray:
    """Return the name of each unit's group."""
    import numpy as np

    source = "customer_id" if by == "is_known" else by
    if source is None or source not in events.columns:
        return np.full(n_units, KNOWN[1], dtype=object)
    first = events[source].groupby(code).first().reindex(range(n_units)).astype(object)
    if by == "is_known":
        return np.where(first.isna(), KNOWN[1], KNOWN[0]).astype(object)
    return first.where(first.notna(), "（未填）").map(str).to_numpy(dtype=object)


def _list_steps(name: str, reached: list[int], steps: list[str], confidence: float) -> list[tuple]:
    rows = []
    for k, (step, n) in enumerate(zip(steps, reached, strict=True)):
        before = reached[k - 1] if k else n
        share = interval_of_share(n, before, confidence=confidence) if before else None
        low, high = (share.low, share.high) if share and k else (None, None)
        first = n / reached[0] if reached[0] else None
        rows.append((name, k + 1, step, n, before - n, first, n / before if before else None, low, high))
    return rows


def _make_frame(rows: list[tuple]) -> pd.DataFrame:
    import pandas as pd

    columns = ["group", "step_no", "step", "n_reached", "n_lost"]
    shares = ["share_of_first", "share_of_previous", "low_share", "high_share"]
    kinds = dict(zip(columns, (object, "int64", object, "int64", "int64"), strict=True))
    return pd.DataFrame(rows, columns=[*columns, *shares]).astype(kinds | dict.fromkeys(shares, "float64"))
