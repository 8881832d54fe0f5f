"""Where visits go: frequent paths, steps from page to page, and how long a page is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.identify.clicks import require_pages, without_bots

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

ENTRY, EXIT = "进入", "离开"
ARROW = " → "
LONGEST = 12
_UNKNOWN = "（未填）"


def count_paths(
    sessions: pd.DataFrame, *, n: int | None = None, most: int = 20, collapse: bool = True, bots: bool = False
) -> pd.DataFrame:
    """Count the most frequent paths.

    Parameters
    ----------
    sessions : DataFrame
        One row per event, what `build_sessions` returned.
    n : int, optional
        Length of the pieces counted (2: from page to page); without it whole sessions.
    most : int
        How many rows at most; ``attrs["n_paths"]`` says how many there are.
    collapse : bool
        Count a page that follows itself (reload, double click) once.
    bots : bool
        Count the sessions of machines too.

    Returns
    -------
    DataFrame
        One row per path: ``path`` (pages joined by →), ``length``, ``n_times``, ``n_sessions``
        that hold it, ``session_share`` of all sessions; the most frequent first, then by path.

    Notes
    -----
    A whole session of more than 12 pages is cut there and ends in …, so that
    long ones do not each make a path of their own.
    """
    import numpy as np
    import pandas as pd

    where = "count_paths"
    require_range(where, "most", most, 1)
    if n is not None:
        require_range(where, "n", n, 1, LONGEST)
    pages, code, session, n_sessions = _code_pages(where, sessions, collapse=collapse, bots=bots)
    first = np.flatnonzero(np.diff(session, prepend=-1))
    length = np.diff(first, append=len(session))
    if n is None:
        start, size = first, np.minimum(length, LONGEST + 1)
    else:
        start = np.flatnonzero(np.arange(len(session)) + n <= np.repeat(first + length, length))
        size = np.full(len(start), n)
    key, example = _name_runs(code, start, size, len(pages) + 1)
    pairs = pd.DataFrame({"key": key, "session": session[start]})
    counted = pairs.groupby("key").agg(n_times=("session", "size"), n_sessions=("session", "nunique"))
    rows = [
        (*_word_path(pages, code[start[at] : start[at] + size[at]]), n_times, n_with, n_with / n_sessions)
        for at, (n_times, n_with) in zip(example, counted.to_numpy().tolist(), strict=True)
    ]
    kinds = {"path": object, "length": "int64", "n_times": "int64", "n_sessions": "int64"}
    kinds["session_share"] = "float64"
    best = sorted(rows, key=lambda r: (-r[2], r[0]))[:most]
    out = pd.DataFrame(best, columns=list(kinds)).astype(kinds)
    out.attrs = {"n_paths": len(rows), "n_sessions": n_sessions}
    return out


def _word_path(pages: list[str], code: np.ndarray) -> tuple[str, int]:
    """Return a path in words and the number of its pages, cut at the longest."""
    names = [pages[c] for c in code[:LONGEST]]
    return ARROW.join(names) + (f"{ARROW}…" if len(code) > LONGEST else ""), len(names)


def _code_pages(
    where: str, sessions: pd.DataFrame, *, collapse: bool, bots: bool
) -> tuple[list[str], np.ndarray, np.ndarray, int]:
    """Return the pages by name, and per event the number of its page and of its session."""
    import numpy as np
    import pandas as pd

    column = require_pages(where, sessions)
    people = without_bots(sessions, bots)
    values = people[column].astype(object).where(people[column].notna(), _UNKNOWN)
    code, names = pd.factorize(values, sort=True)
    session = np.cumsum(people["step"].to_numpy() == 1) - 1
    n_sessions = int(session[-1]) + 1 if len(session) else 0
    if collapse and len(code):
        kept = np.ones(len(code), dtype=bool)
        kept[1:] = (code[1:] != code[:-1]) | (session[1:] != session[:-1])
        code, session = code[kept], session[kept]
    return [str(v) for v in names], code.astype("int64"), session, n_sessions


def _name_runs(
    code: np.ndarray, start: np.ndarray, size: np.ndarray, base: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return a number per run of pages, equal for equal runs, and for each number a run that has it."""
    import numpy as np

    key = np.zeros(len(start), "int64")
    for step in range(int(size.max(initial=0))):
        inside = size > step
        # the thirteenth page only says that there is one
        page = code[np.where(inside, start + step, 0)] + 1 if step < LONGEST else 1
        # numbers are made small again after each page, so they never overflow
        key = np.unique(key * (base + 1) + np.where(inside, page, 0), return_inverse=True)[1]
    example = np.zeros(int(key.max(initial=-1)) + 1, "int64")
    example[key[::-1]] = np.arange(len(key))[::-1]
    return key, example


def count_transitions(sessions: pd.DataFrame, *, collapse: bool = True, bots: bool = False) -> pd.DataFrame:
    """Count the steps from page to page, with entry and exit.

    Parameters
    ----------
    sessions : DataFrame
        One row per event, what `build_sessions` returned.
    collapse : bool
        Count a page that follows itself once.
    bots : bool
        Count the sessions of machines too.

    Returns
    -------
    DataFrame
        One row per pair that occurs: ``page_from`` (进入 for the begin of a session),
        ``page_to`` (离开 for its end), ``n_times``, ``share`` of the steps from that page;
        进入 first, the pages in the order in which they usually come (mean step, then
        name), 离开 last.  The shares of a page add up to 1.
    """
    import numpy as np
    import pandas as pd

    pages, code, session, _ = _code_pages("count_transitions", sessions, collapse=collapse, bots=bots)
    first = np.diff(session, prepend=-1) > 0
    last = np.roll(first, -1) if len(first) else first
    entry, leave = len(pages), len(pages)
    before = np.concatenate([np.where(first, entry, np.roll(code, 1)), code[last]])
    after = np.concatenate([code, np.full(int(last.sum()), leave)])
    n = np.bincount(before * (entry + 1) + after, minlength=(entry + 1) ** 2).reshape(entry + 1, entry + 1)
    usual = _order_pages(code, first, len(pages))
    rows = [
        (
            ENTRY if i == entry else pages[i],
            EXIT if j == leave else pages[j],
            int(n[i, j]),
            n[i, j] / n[i].sum(),
        )
        for i in [entry, *usual]
        for j in [*usual, leave]
        if n[i, j]
    ]
    columns = {"page_from": object, "page_to": object, "n_times": "int64", "share": "float64"}
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


def _order_pages(code: np.ndarray, first: np.ndarray, n_pages: int) -> list[int]:
    """Return the pages by the mean step at which they come."""
    import numpy as np

    begin = np.flatnonzero(first)
    step = np.arange(len(code)) - np.repeat(begin, np.diff(begin, append=len(code)))
    seen = np.maximum(np.bincount(code, minlength=n_pages), 1)
    mean = np.bincount(code, weights=step, minlength=n_pages) / seen
    return np.lexsort((np.arange(n_pages), mean)).tolist()


def measure_dwell(sessions: pd.DataFrame, *, most_seconds: float = 1800, bots: bool = False) -> pd.DataFrame:
    """Measure how long each page is looked at.

    Parameters
    ----------
    sessions : DataFrame
        One row per event, what `build_sessions` returned.
    most_seconds : float
        Longer pauses (in sessions with given numbers) are left out and counted.
    bots : bool
        Count the sessions of machines too.

    Returns
    -------
    DataFrame
        One row per page (or event): ``page``, ``n_views``, ``n_timed``, ``n_last`` (views
        that ended the session: nobody knows how long they took), ``n_too_long``,
        ``median_seconds``, ``mean_seconds``, ``p90_seconds``; by median, the longest first.

    Notes
    -----
    Dwell is the time to the next event.  Each view is timed, the last of its
    session or too long.  Pages that often end a session show the dwell of
    those who went on only.
    """
    import pandas as pd

    require_range("measure_dwell", "most_seconds", most_seconds, 0)
    column = require_pages("measure_dwell", sessions)
    people = without_bots(sessions, bots)
    dwell = people["dwell_seconds"]
    parts = pd.DataFrame({
        "page": people[column].astype(object).where(people[column].notna(), _UNKNOWN).to_numpy(),
        "last": dwell.isna().to_numpy(),
        "long": (dwell > most_seconds).to_numpy(),
        "timed": dwell.where(dwell <= most_seconds).to_numpy(dtype=float),
    })
    grouped = parts.groupby("page", sort=True)
    out = pd.DataFrame({
        "n_views": grouped.size(),
        "n_timed": grouped["timed"].count(),
        "n_last": grouped["last"].sum(),
        "n_too_long": grouped["long"].sum(),
        "median_seconds": grouped["timed"].median(),
        "mean_seconds": grouped["timed"].mean(),
        "p90_seconds": grouped["timed"].quantile(0.9),
    }).reset_index()
    counts = dict.fromkeys(("n_views", "n_timed", "n_last", "n_too_long"), "int64")
    out = out.astype({"page": object} | counts)
    return out.sort_values(["median_seconds", "page"], ascending=[False, True], ignore_index=True)
