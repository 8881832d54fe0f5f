"""Training of the people who work with customers' data: who, what, when, valid until, and who is overdue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_columns, require_values

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

# What the course asks of people: ethics, skill, awareness.
TOPICS = ("职业道德", "操作技能", "安全意识")
VALID, SOON, EXPIRED, FAILED, NEVER = "有效", "即将到期", "已过期", "未通过", "未培训"
PASS_SCORE = 60.0
_RECORD = ("login", "topic", "held_on", "valid_until")
_STATUS = ("login", "name", "role", "topic", "held_on", "valid_until", "days_left", "status")


def record_training(store: Any, sessions: pd.DataFrame, *, at: str | dt.datetime) -> int:
    """Enter trainings into the record (`training`).

    Parameters
    ----------
    store
        An open store; `.run`, `.query` and `.transaction` are used.
    sessions : DataFrame
        One person × training a row: ``login``, ``topic``, ``held_on``, ``valid_until``; ``trainer`` and
        ``score`` (0–100) if known.
    at : str or datetime
        When it is entered.

    Returns
    -------
    int
        The number of rows entered.

    Raises
    ------
    SchemaError, DataError
        A column is missing; a training ends before it was held, or was held later than it is entered.
    """
    import pandas as pd

    require_columns("record_training", sessions.columns, _RECORD)
    held, until = pd.to_datetime(sessions["held_on"]), pd.to_datetime(sessions["valid_until"])
    rule = "no earlier than held_on"
    require_values("record_training", sessions, "valid_until", until >= held, rule, "Check both days.")
    day = pd.Timestamp(parse_day("record_training", "at", at))
    rule = f"no later than {day:%Y-%m-%d}"
    require_values("record_training", sessions, "held_on", held <= day, rule, "Enter what has been held.")
    scores = sessions.get("score", pd.Series(None, index=sessions.index, dtype="float64"))
    trainers = sessions.get("trainer", pd.Series(None, index=sessions.index, dtype="object"))
    columns = (sessions["login"], sessions["topic"], held, until, trainers, scores)
    with store.transaction("record_training", at=at) as entry:
        entry.note("training", len(sessions))
        for login, topic, start, end, trainer, score in zip(*columns, strict=True):
            days = (f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}")
            store.run(
                "INSERT INTO training (login, topic, held_on, valid_until, trainer, score) "
                "VALUES (?, ?, CAST(? AS DATE), CAST(? AS DATE), ?, ?)",
                (login, topic, *days, _blank(trainer), _blank(score)),
            )
    return len(sessions)


def _blank(value: Any) -> Any:
    import pandas as pd

    return None if pd.isna(value) else value


def check_training(
    staff: pd.DataFrame,
    sessions: pd.DataFrame,
    *,
    as_of: str | dt.date,
    topics: Sequence[str] = TOPICS,
    soon_days: int = 30,
) -> pd.DataFrame:
    """Say of everybody with rights whether each training is valid.

    Parameters
    ----------
    staff : DataFrame
        The roster (`staff`): ``login``, ``name``, ``role``, ``valid_from``, ``valid_to``; who has left by
        `as_of`, or has not begun, is left out.
    sessions : DataFrame
        The record of trainings (`training`).
    as_of : str or date
        The day that is judged; what was held later is not counted.
    topics : sequence of str
        The trainings that everybody needs.
    soon_days : int
        So many days before its end a training counts as 即将到期.

    Returns
    -------
    DataFrame
        One person × training a row, in the order of login and `topics`: ``login``, ``name``, ``role``,
        ``topic``, ``held_on``, ``valid_until`` (of the training that lasts longest), ``days_left`` (negative:
        overdue), ``status`` (有效, 即将到期, 已过期, 未通过, 未培训).

    Notes
    -----
    The last day counts as valid.  A training with a score below 60 (ours) does not count; without a score it
    does.
    """
    import pandas as pd

    require_columns("check_training", staff.columns, ("login", "name", "role", "valid_from", "valid_to"))
    require_columns("check_training", sessions.columns, _RECORD)
    day = pd.Timestamp(parse_day("check_training", "as_of", as_of))
    since, until = pd.to_datetime(staff["valid_from"]), pd.to_datetime(staff["valid_to"])
    active = staff[(since <= day) & (until.isna() | (until > day))]
    people = active.drop_duplicates("login").sort_values("login", kind="stable")
    held = sessions.assign(
        held_on=pd.to_datetime(sessions["held_on"]), valid_until=pd.to_datetime(sessions["valid_until"])
    )
    held = held[held["held_on"] <= day]
    rows = [
        (p.login, p.name_, p.role, topic, *_judge(held, p.login, topic, day, soon_days))
        for p in people.rename(columns={"name": "name_"}).itertuples(index=False)
        for topic in topics
    ]
    out = pd.DataFrame(rows, columns=list(_STATUS))
    dates = {c: pd.to_datetime(out[c]) for c in ("held_on", "valid_until")}
    return out.assign(**dates, days_left=out["days_left"].astype("Int64"))


def _judge(held: pd.DataFrame, login: str, topic: str, day: pd.Timestamp, soon_days: int) -> tuple[Any, ...]:
    import pandas as pd

    mine = held[(held["login"] == login) & (held["topic"] == topic)].sort_values(["valid_until", "held_on"])
    if mine.empty:
        return pd.NaT, pd.NaT, None, NEVER
    scores = pd.to_numeric(mine["score"]) if "score" in mine else pd.Series(float("nan"), index=mine.index)
    passed = mine[~(scores < PASS_SCORE)]
    last = (mine if passed.empty else passed).iloc[-1]
    left = (last["valid_until"] - day).days
    if passed.empty:
        return last["held_on"], last["valid_until"], left, FAILED
    status = EXPIRED if left < 0 else SOON if left <= soon_days else VALID
    return last["held_on"], last["valid_until"], left, status


def list_overdue(status: pd.DataFrame) -> pd.DataFrame:
    """Return the trainings that keep a person from the data: expired, failed or never held.

    Parameters
    ----------
    status : DataFrame
        As `check_training` returns it.

    Returns
    -------
    DataFrame
        The rows in question, the longest overdue first, those never held at the top.
    """
    late = status[status["status"].isin([EXPIRED, FAILED, NEVER])]
    order = late.assign(_never=late["status"] != NEVER)
    sorted_ = order.sort_values(["_never", "days_left", "login", "topic"], kind="stable", na_position="first")
    return sorted_.drop(columns="_never").reset_index(drop=True)
