"""What the behaviour lesson reads: prospects, observations, registers, clicks, and two shopping tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import parse_day
from crm_lib.catalogue import say
from crm_lib.errors import DataError, ReadError
from crm_lib.lesson.display import show_table
from crm_lib.lesson.exports import remember_source
from crm_lib.lesson.run import data_source
from crm_lib.lesson.sources import read_source

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify import Cleaned, Shopping

_SCHEMAS = {"leads": "leads", "experience": "experience", "registers": "customers", "clicks": "clicks"}
_FAR_YEARS = 5


@dataclass(frozen=True)
class Gathered:
    """One table of the lesson: as read, and cleaned; both None when the parameter is empty."""

    name: str
    raw: pd.DataFrame | None
    cleaned: Cleaned | None

    @property
    def rows(self) -> pd.DataFrame | None:
        """The usable rows."""
        return None if self.cleaned is None else self.cleaned.rows


def gather_data(*, leads: str, experience: str, registers: str, clicks: str) -> dict[str, Gathered]:
    """Read and clean the firm's tables, and show where they come from.

    Parameters
    ----------
    leads, experience, registers, clicks
        A sample, a file, or empty; only the prospects cannot be left out.

    Returns
    -------
    dict
        leads, experience, registers, clicks → `Gathered`.

    Raises
    ------
    DataError
        No prospects are named, or none is left after cleaning.
    """
    import pandas as pd

    from crm_lib.identify import clean_table

    if not leads.strip():
        raise DataError(say("behaviour.no_leads"))
    given = {"leads": leads, "experience": experience, "registers": registers, "clicks": clicks}
    out, shown = {}, []
    for name, source in given.items():
        raw = read_source(source, _SCHEMAS[name]) if source.strip() else None
        cleaned = None if raw is None else clean_table(raw, _SCHEMAS[name])
        out[name] = Gathered(name, raw, cleaned)
        if raw is not None and cleaned is not None:
            _remember(raw)
            files = "、".join(f["name"] for f in raw.attrs.get("source", {}).get("files", ()))
            left = len(cleaned.quarantine) + len(cleaned.merged)
            shown.append((say(f"behaviour.table_{name}"), files, len(raw), len(cleaned.rows), left))
    frame = pd.DataFrame(shown, columns=["table", "file", "n_lines", "kept", "set_aside"])
    titles = {k: say(f"behaviour.title_{k}") for k in ("table", "file", "kept", "set_aside")}
    show_table(frame, say("behaviour.gathered"), titles=titles)
    if not len(out["leads"].rows):
        raise DataError(say("behaviour.empty_leads", n=len(out["leads"].raw)))
    return out


def _remember(raw: pd.DataFrame) -> None:
    source = raw.attrs.get("source", {})
    files = [f["name"] for f in source.get("files", ())]
    prints = [f["sha256"][:12] for f in source.get("files", ()) if f.get("sha256")]
    remember_source({"files": files, "sha256": prints, "n_lines": len(raw)})


def choose_day(as_of: str, data: Mapping[str, Gathered]) -> str:
    """Return `as_of`, or the last day on which a prospect was found or contacted; never today.

    Parameters
    ----------
    as_of
        ISO date or empty.
    data
        What `gather_data` returned.
    """
    import pandas as pd

    if as_of:
        return parse_day("as_of", "as_of", as_of).isoformat()
    rows = data["leads"].rows
    days = [
        pd.to_datetime(rows[c])
        for c in ("found_on", "first_contact_on", "last_contact_on")
        if c in rows.columns
    ]
    known = pd.concat(days).dropna().sort_values() if days else pd.Series([], dtype="datetime64[ns]")
    if known.empty:
        raise DataError(say("behaviour.no_dates"))
    # one misprint such as 2099 must not make everybody overdue
    middle = known.iloc[len(known) // 2]
    near = known[known <= middle + pd.DateOffset(years=_FAR_YEARS)]
    return near.iloc[-1].date().isoformat()


def know_leads(data: Mapping[str, Gathered], day: str) -> pd.DataFrame:
    """Return the prospects found by `day`, with every column the lesson asks for.

    Parameters
    ----------
    data
        What `gather_data` returned.
    day
        ISO date.

    Returns
    -------
    DataFrame
        One row per prospect: the contract's columns (missing where the file has none), numbered where the
        file has no numbers.  ``attrs["n_later"]`` counts those found later, ``attrs["lacking"]`` lists the
        columns the file does not have.

    Raises
    ------
    DataError
        All prospects were found later.
    """
    import pandas as pd

    from crm_lib.schema import load_schema

    rows = data["leads"].rows
    names = list(load_schema("leads").names)
    lacking = [c for c in names if c not in rows.columns]
    out = rows.reindex(columns=[*names, "source_row"])
    for name in ("found_on", "first_contact_on", "last_contact_on", "service_expires_on"):
        out[name] = pd.to_datetime(out[name], errors="coerce")
    numbers = pd.Series([f"L{n}" for n in out["source_row"]], index=out.index, dtype=object)
    bad = out["lead_id"].isna() | out["lead_id"].duplicated()
    out["lead_id"] = out["lead_id"].astype(object).where(~bad, numbers).astype("str")
    later = out["found_on"] > pd.Timestamp(day)
    if later.all():
        raise DataError(say("behaviour.all_later", day=day, first=out["found_on"].min().date()))
    out = out[~later].reset_index(drop=True)
    out.attrs = {"n_later": int(later.sum()), "lacking": lacking, "n_numbered": int(bad.sum())}
    return out


def read_shopping(name: str, *, other: str = "") -> Shopping:
    """Read a filled-in shopping template by name, and remember it for the footer.

    Parameters
    ----------
    name
        A sample or a file; empty takes `other`.
    other
        What is read when `name` is empty.

    Raises
    ------
    ReadError
        The file is not there, or is no such template; the sentence is Chinese.
    DataError
        Nothing was filled in.
    """
    from crm_lib.identify import read_my_shopping

    source = name.strip() or other
    path = Path(data_source(source))
    try:
        shopping = read_my_shopping(path)
    except ReadError as error:
        if "has none of the sheets" in str(error):
            raise ReadError(say("behaviour.no_template", name=path.name)) from None
        raise
    if not shopping.n_rows:
        raise DataError(say("behaviour.blank_template", name=path.name))
    files = shopping.source.get("files", [])
    prints = [f["sha256"][:12] for f in files]
    remember_source({"files": [f["name"] for f in files], "sha256": prints, "n_lines": shopping.n_rows})
    return shopping


def name_period(shopping: Shopping) -> str:
    """Return the period of a shopping table in words.

    Parameters
    ----------
    shopping
        What `read_shopping` returned.
    """
    import pandas as pd

    days = [shopping.about[k] for k in ("start_on", "end_on")]
    if any(pd.isna(d) for d in days):
        return say("behaviour.no_period")
    return say("behaviour.period", start=days[0].date(), end=days[1].date())


def last_day(shopping: Shopping) -> dt.date:
    """Return the last day a shopping table tells of: the end of its period, else its last purchase.

    Parameters
    ----------
    shopping
        What `read_shopping` returned.
    """
    import pandas as pd

    end = shopping.about["end_on"]
    if pd.notna(end):
        return end.date()
    days = [
        shopping.tables[t][c].dropna() for t, c in (("purchases", "bought_on"), ("clicks", "occurred_on"))
    ]
    known = pd.concat(days)
    return known.max().date() if len(known) else dt.date(2000, 1, 1)


def keep_wallet(shopping: Shopping) -> pd.DataFrame:
    """Return the usable rows of the wallet: both sums known, ours not above the whole.

    Parameters
    ----------
    shopping
        What `read_shopping` returned.

    Returns
    -------
    DataFrame
        One row per category: category, category_spend, our_spend.
    """
    rows = shopping.tables["wallet"].dropna(subset=["category_spend", "our_spend"])
    good = (rows["our_spend"] <= rows["category_spend"] + 0.005) & (rows["our_spend"] >= 0)
    return rows.loc[good, ["category", "category_spend", "our_spend"]].reset_index(drop=True)
