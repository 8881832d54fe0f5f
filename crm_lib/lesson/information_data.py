"""What the lesson on customer information reads: the firm's tables, and the pages to search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib._checks import parse_day
from crm_lib.catalogue import column_title, list_section, say
from crm_lib.errors import DataError
from crm_lib.lesson.display import show_table
from crm_lib.lesson.exports import remember_source
from crm_lib.lesson.sources import read_source

if TYPE_CHECKING:
    import pandas as pd

_SCHEMAS = {"registers": "customers", "rivals": "competitors"}
_NEEDED = ("orders", "leads", "pages", "judgements")
_FAR_YEARS = 5


def title_all(frame: pd.DataFrame) -> dict[str, str]:
    """Return the Chinese titles of a frame's columns in this lesson.

    Parameters
    ----------
    frame
        Any frame.
    """
    own = list_section("information_columns")
    return {str(c): own.get(str(c), column_title(str(c))) for c in frame.columns}


def show_step(frame: pd.DataFrame, caption: str, *, most: int = 20) -> None:
    """Show a table of this lesson under its own Chinese titles.

    Parameters
    ----------
    frame
        Any frame.
    caption
        One line.
    most
        Rows shown at most.
    """
    show_table(frame, caption, most=most, titles=title_all(frame))


def gather_tables(**sources: str) -> dict[str, pd.DataFrame]:
    """Read and clean the tables of the lesson, and show where they come from.

    Parameters
    ----------
    **sources
        Name of a table → a sample, a file, or empty; orders, leads, pages and judgements cannot be left out.

    Returns
    -------
    dict
        Name of the contract → usable rows; a table that was left out is not in it.

    Raises
    ------
    DataError
        A table that is needed is not named or has no usable row.
    """
    import pandas as pd

    from crm_lib.identify import clean_table

    out, shown = {}, []
    for name, source in sources.items():
        schema = _SCHEMAS.get(name, name)
        if not source.strip():
            if name in _NEEDED:
                raise DataError(say("information.no_table", table=_name_table(name)))
            continue
        raw = read_source(source, schema)
        cleaned = clean_table(raw, schema)
        files = [f["name"] for f in raw.attrs.get("source", {}).get("files", ())]
        prints = [f["sha256"][:12] for f in raw.attrs.get("source", {}).get("files", ()) if f.get("sha256")]
        remember_source({"files": files, "sha256": prints, "n_lines": len(raw)})
        aside = len(cleaned.quarantine) + len(cleaned.merged)
        shown.append((_name_table(name), "、".join(files), len(raw), len(cleaned.rows), aside))
        if name in _NEEDED and not len(cleaned.rows):
            raise DataError(say("information.empty_table", table=_name_table(name), n=len(raw)))
        out[schema] = cleaned.rows
    frame = pd.DataFrame(shown, columns=["table", "file", "n_lines", "kept", "set_aside"])
    show_step(frame, say("information.cap_gathered"))
    return out


def _name_table(name: str) -> str:
    from crm_lib.schema import load_schema

    return load_schema(_SCHEMAS.get(name, name)).title


def choose_day(as_of: str, tables: Mapping[str, pd.DataFrame]) -> str:
    """Return `as_of`, or the day of the last order; never today.

    Parameters
    ----------
    as_of
        ISO date or empty.
    tables
        What `gather_tables` returned.
    """
    import pandas as pd

    if as_of:
        return parse_day("as_of", "as_of", as_of).isoformat()
    days = tables["orders"]["ordered_at"].dropna().sort_values()
    if days.empty:
        raise DataError(say("information.no_dates"))
    # one misprint such as 2099 must not move the day
    near = days[days <= days.iloc[len(days) // 2] + pd.DateOffset(years=_FAR_YEARS)]
    return near.iloc[-1].date().isoformat()


def keep_known(tables: Mapping[str, pd.DataFrame], day: str) -> dict[str, pd.DataFrame]:
    """Return the tables as they were known at the end of the day; pages and lists have no day.

    Parameters
    ----------
    tables
        What `gather_tables` returned.
    day
        ISO date.

    Raises
    ------
    DataError
        No order or no prospect is left.
    """
    import pandas as pd

    columns = {
        "orders": "ordered_at",
        "leads": "found_on",
        "contacts": "occurred_at",
        "clicks": "occurred_at",
        "reviews": "reviewed_on",
        "competitors": "recorded_on",
    }
    end, out = pd.Timestamp(day) + pd.Timedelta(days=1), {}
    for name, frame in tables.items():
        column = columns.get(name)
        late = frame[column] >= end if column in frame.columns else pd.Series(False, index=frame.index)
        out[name] = frame[~late.fillna(False).astype(bool)].reset_index(drop=True)
    for name in ("orders", "leads"):
        if out[name].empty:
            raise DataError(say("information.all_later", day=day, table=_name_table(name)))
    return out


def read_needs(text: str) -> list[str]:
    """Read the firm's own needs from a parameter: names joined by commas.

    Parameters
    ----------
    text
        Such as ``送货上门，生日关怀``; empty for none.

    Raises
    ------
    DataError
        A need is unknown; the sentence names those that are known.
    """
    from crm_lib.identify import list_needs

    parts = [p.strip() for p in text.replace("，", ",").replace("、", ",").split(",")]
    found = list(dict.fromkeys(p for p in parts if p))
    strange = [p for p in found if p not in list_needs()]
    if strange:
        raise DataError(
            say("information.strange_need", name="、".join(strange), known="、".join(list_needs()))
        )
    return found
