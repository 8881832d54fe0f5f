"""Click stream (网上点击数据): events → sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns, require_range
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa

BOT_EVENTS = 200
BOT_LEAST, BOT_SECONDS = 20, 1.0
_ADDED = ("session_no", "step", "dwell_seconds", "is_bot")
SECOND = 1_000_000


def build_sessions(
    clicks: pd.DataFrame,
    *,
    gap_minutes: float = 30,
    rebuild: bool = False,
    bot_events: int = BOT_EVENTS,
    bot_seconds: float = BOT_SECONDS,
) -> pd.DataFrame:
    """Put the events of a web shop into sessions.

    Parameters
    ----------
    clicks : DataFrame
        One row per event: ``occurred_at`` (datetime), ``visitor_id`` and/or
        ``customer_id``, if present ``session_id``, ``event``, ``page``, ``device``, ``referrer``, …
    gap_minutes : float
        A pause of more than so many minutes ends a session (of exactly so many: not yet).
    rebuild : bool
        Form all sessions by this rule, although the table has session numbers.
    bot_events : int
        A session of so many events or more is taken for a machine's.
    bot_seconds : float
        So is one of 20 events or more that took less than this per step on average.

    Returns
    -------
    DataFrame
        All rows of `clicks`, sorted by visitor, begin of session and time, with
        ``session_no`` (int64, 1, 2, …), ``step`` (int64, 1 = first event of the
        session), ``dwell_seconds`` (until the next event of the session; missing for
        the last one, of which nobody knows how long it was looked at), ``is_bot``.
        ``attrs``: ``n_sessions``, ``n_rebuilt`` (of them made by the rule), ``n_bots``
        (sessions), ``n_without_visitor`` (events of nobody; without session
        number each is a session of its own), ``n_shared_ids`` (session numbers used by several visitors, each
        visitor's part is a session), ``n_long_pauses`` (pauses above the limit inside
        given sessions, left as they are), ``n_equal_times`` (events at the same
        time as the one before), ``zone``.

    Raises
    ------
    DataError
        Times are missing or are no times.

    Notes
    -----
    Given session numbers are respected; events without one are put into
    sessions by the pause.  An event without visitor belongs to its customer.
    A session goes on over midnight.  Of events at the same time the row order
    of the table decides.  Times without zone are taken as local.  Both limits for
    machines are ours: nothing in the table proves one.

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.to_datetime(["2024-01-01 23:50", "2024-01-02 00:20", "2024-01-02 00:51"])
    >>> build_sessions(pd.DataFrame({"visitor_id": ["V1"] * 3, "occurred_at": at}))["session_no"].tolist()
    [1, 1, 2]
    """
    import numpy as np

    where = "build_sessions"
    limits = {"gap_minutes": (gap_minutes, 0), "bot_events": (bot_events, 2), "bot_seconds": (bot_seconds, 0)}
    for name, (value, low) in limits.items():
        require_range(where, name, value, low)
    times = _read_times(where, clicks)
    visitor, session, n_unknown, n_shared = _code_keys(where, clicks, rebuild=rebuild)
    order = _sort(visitor, session, times)
    visitor, session, times = visitor[order], session[order], times[order]
    pause = np.diff(times, prepend=times[:1])
    other = _differs(visitor) | _differs(session)
    long = pause > gap_minutes * 60 * SECOND
    begins = other | ((long | (visitor < 0)) & (session < 0))
    blocks = _order_blocks(visitor, session, times, begins)
    order, begins, pause = order[blocks], begins[blocks], pause[blocks]
    out = clicks.iloc[order].reset_index(drop=True).drop(columns=[c for c in _ADDED if c in clicks.columns])
    _add_columns(out, begins, pause, bot_events, bot_seconds)
    out.attrs = {
        **clicks.attrs,
        "n_sessions": int(begins.sum()),
        "n_rebuilt": int((begins & (session[blocks] < 0)).sum()),
        "n_bots": int((out["is_bot"].to_numpy() & begins).sum()),
        "n_without_visitor": n_unknown,
        "n_shared_ids": n_shared,
        "n_long_pauses": int((long & ~other & (session >= 0)).sum()),
        "n_equal_times": int((~begins & (pause == 0)).sum()),
        "zone": str(getattr(clicks["occurred_at"].dtype, "tz", None) or "local"),
    }
    return out


def _read_times(where: str, clicks: pd.DataFrame) -> np.ndarray:
    """Return the times as whole microseconds."""
    import numpy as np
    import pandas as pd

    require_columns(where, clicks.columns, ["occurred_at"])
    at = clicks["occurred_at"]
    if not len(at):
        return np.zeros(0, "int64")
    if not pd.api.types.is_datetime64_any_dtype(at):
        raise DataError(
            f"{where}: column 'occurred_at' must hold times; got {at.dtype} (first: {at.iloc[0]!r}). "
            "Clean the table with clean_table, which reads dates."
        )
    if at.isna().any():
        raise DataError(
            f"{where}: column 'occurred_at' must be filled; {int(at.isna().sum()):,} of {len(at):,} rows are not. "
            "Clean the table with clean_table, which sets them aside."
        )
    if at.dt.tz is not None:
        at = at.dt.tz_convert("UTC").dt.tz_localize(None)
    return at.to_numpy().astype("datetime64[us]").view("int64")


def _code_keys(where: str, clicks: pd.DataFrame, *, rebuild: bool) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Return visitor and session as numbers in the order of their texts (−1: none), and two counts."""
    import numpy as np

    if not {"visitor_id", "customer_id"} & set(clicks.columns):
        require_columns(where, clicks.columns, ["visitor_id"])
    visitor = read_ids(clicks, "visitor_id")
    # visitors first; a customer's events without visitor come behind all of them
    code, n_visitors = _rank(visitor)
    key = code
    if (code < 0).any():
        by_customer, _ = _rank(read_ids(clicks, "customer_id"))
        key = np.where(code >= 0, code, np.where(by_customer >= 0, by_customer + n_visitors, -1))
    session = np.full(len(clicks), -1, "int64")
    n_shared = 0
    if not rebuild and "session_id" in clicks.columns:
        session, n_ids = _rank(read_ids(clicks, "session_id"))
        given = (session >= 0) & (key >= 0)
        pairs = np.unique(np.stack([session[given], key[given]]), axis=1)[0] if given.any() else session[:0]
        n_shared = int((np.bincount(pairs, minlength=n_ids) > 1).sum()) if len(pairs) else 0
    return key.astype("int64"), session, int((key < 0).sum()), n_shared


def read_ids(frame: pd.DataFrame, name: str) -> pa.Array:
    """Return a column of numbers as Arrow text; blanks, and a column that is not there, are missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if name not in frame.columns:
        return pa.nulls(len(frame), pa.string())
    column = frame[name]
    try:
        texts = pa.Array.from_pandas(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        texts = pa.Array.from_pandas(column.map(str, na_action="ignore"))
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    if pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_decode()
    texts = texts.cast(pa.large_string())
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.large_string()), texts)


def _rank(texts: pa.Array) -> tuple[np.ndarray, int]:
    """Return each text's place among the sorted distinct ones (−1: missing), and how many there are."""
    import numpy as np
    import pyarrow.compute as pc

    coded = pc.dictionary_encode(texts)
    n = len(coded.dictionary)
    place = np.empty(n + 1, "int64")
    place[pc.sort_indices(coded.dictionary).to_numpy()] = np.arange(n)
    place[n] = -1
    return place[pc.fill_null(coded.indices, n).to_numpy(zero_copy_only=False)], n


def _sort(visitor: np.ndarray, session: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the rows by visitor, session, time and row number."""
    import numpy as np

    # click logs come in order of time: one key is then enough, and a stable sort keeps that order
    in_time = bool((times[1:] >= times[:-1]).all())
    keys = [] if in_time else [times]
    if (session >= 0).any():
        keys.append(session)
    return np.lexsort((*keys, visitor))


def _differs(values: np.ndarray) -> np.ndarray:
    """Return where a value differs from the one before; the first does."""
    import numpy as np

    out = np.ones(len(values), dtype=bool)
    out[1:] = values[1:] != values[:-1]
    return out


def _order_blocks(
    visitor: np.ndarray, session: np.ndarray, times: np.ndarray, begins: np.ndarray
) -> np.ndarray | slice:
    """Return the places of the rows with the sessions of each visitor in order of their begin."""
    import numpy as np

    if (session < 0).all():
        # sessions by the rule cannot overlap: they stand in order already
        return slice(None)
    first = np.flatnonzero(begins)
    order = np.lexsort((session[first], times[first], visitor[first]))
    size = np.diff(first, append=len(times))[order]
    start = np.repeat(first[order] - (np.cumsum(size) - size), size)
    return start + np.arange(len(times))


def _add_columns(
    out: pd.DataFrame, begins: np.ndarray, pause: np.ndarray, bot_events: int, bot_seconds: float
) -> None:
    import numpy as np

    first = np.flatnonzero(begins)
    size = np.diff(first, append=len(out))
    dwell = np.full(len(out), np.nan)
    inside = np.flatnonzero(~begins)
    dwell[inside - 1] = pause[inside] / SECOND
    length = np.add.reduceat(np.nan_to_num(dwell), first) if len(first) else np.zeros(0)
    fast = (size >= BOT_LEAST) & (length < bot_seconds * (size - 1))
    out["session_no"] = np.cumsum(begins)
    out["step"] = np.arange(len(out)) - np.repeat(first, size) + 1
    out["dwell_seconds"] = dwell
    out["is_bot"] = np.repeat((size >= bot_events) | fast, size)


def summarize_sessions(sessions: pd.DataFrame) -> pd.DataFrame:
    """Sum up each session in one row.

    Parameters
    ----------
    sessions : DataFrame
        One row per event, what `build_sessions` returned.

    Returns
    -------
    DataFrame
        One row per ``session_no``: ``visitor_id``, ``customer_id`` (of the first event
        that has one), ``device``, ``referrer`` (the first known), ``started_at``,
        ``ended_at``, ``n_events``, ``seconds`` (first to last event: 0 for a single
        one), ``first_page``, ``last_page``, ``is_known`` (a customer was logged in),
        ``is_bot``.  Columns the clicks did not have are left out.
    """
    import numpy as np

    require_columns("summarize_sessions", sessions.columns, ["session_no", "step", "occurred_at", "is_bot"])
    begins = sessions["step"].to_numpy() == 1
    first = np.flatnonzero(begins)
    size = np.diff(first, append=len(sessions))
    out = sessions.loc[begins, ["session_no"]].reset_index(drop=True)
    grouped = sessions.groupby("session_no", sort=True)
    for name in ("visitor_id", "customer_id", "device", "referrer"):
        if name in sessions.columns:
            out[name] = grouped[name].first().to_numpy()
    at = sessions["occurred_at"]
    out["started_at"] = at.iloc[first].reset_index(drop=True)
    out["ended_at"] = at.iloc[first + size - 1].reset_index(drop=True)
    out["n_events"] = size.astype("int64")
    out["seconds"] = (out["ended_at"] - out["started_at"]).dt.total_seconds()
    if name := name_pages(sessions):
        out["first_page"] = sessions[name].iloc[first].to_numpy()
        out["last_page"] = sessions[name].iloc[first + size - 1].to_numpy()
    out["is_known"] = out["customer_id"].notna() if "customer_id" in out else False
    out["is_bot"] = sessions["is_bot"].to_numpy()[first]
    return out


def name_pages(sessions: pd.DataFrame) -> str:
    """Return the column that says what was looked at: ``event``, else ``page``, else nothing."""
    return next((c for c in ("event", "page") if c in sessions.columns and sessions[c].notna().any()), "")


def require_pages(where: str, sessions: pd.DataFrame) -> str:
    """Return the column of events or pages of the result of `build_sessions`, or say what is missing."""
    require_columns(where, sessions.columns, ["session_no", "step", "occurred_at", "is_bot"])
    name = name_pages(sessions)
    if not name:
        if len(sessions) or not {"event", "page"} & set(sessions.columns):
            require_columns(where, [c for c in sessions.columns if c not in {"event", "page"}], ["event"])
        return "event" if "event" in sessions.columns else "page"
    return name


def without_bots(sessions: pd.DataFrame, bots: bool) -> pd.DataFrame:
    """Return the events of people, or all when machines are wanted too."""
    machine = sessions["is_bot"].to_numpy(dtype=bool)
    return sessions if bots or not machine.any() else sessions[~machine].reset_index(drop=True)
