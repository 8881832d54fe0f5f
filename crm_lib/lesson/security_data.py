"""What the lesson on maintenance and security reads: registers, orders, consents, quotes; or another company."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day
from crm_lib.catalogue import say
from crm_lib.errors import DataError
from crm_lib.lesson.display import show_table
from crm_lib.lesson.exports import remember_source
from crm_lib.lesson.sources import read_source

if TYPE_CHECKING:
    import pandas as pd

_SCHEMAS = {"customers": "customers", "orders": "orders", "consents": "consents", "quotes": "price_quotes"}
_FILES = {
    "customers": "register_*.*",
    "orders": "orders.csv",
    "consents": "consents.csv",
    "quotes": "price_quotes.csv",
}
_SMALLEST = 500
# what a customer of the database has, as the registers call it
FIELDS = (
    *("name", "gender", "birth_date", "phone", "email", "address", "province", "city"),
    *("occupation", "income_band", "education", "marital_status", "channel", "registered_on"),
)
VOLATILE = ("phone", "email", "address", "province", "city", "occupation")


@dataclass(frozen=True)
class FirmData:
    """What the firm knows: `people` one row per person, `later` their further registrations, cleaned tables.

    `numbers` leads from the record numbers of the registers to the person's number; `biometric` are columns of
    the registers, of `n_columns`, that hold features of the body: they stay outside.
    """

    people: pd.DataFrame
    later: pd.DataFrame
    numbers: Mapping[str, str]
    lines: pd.DataFrame
    consents: pd.DataFrame
    quotes: pd.DataFrame
    n_records: int
    n_left: int
    n_columns: int
    biometric: tuple[str, ...] = ()
    made: int = 0
    prices: str = ""


def gather_firm(
    *, customers: str, orders: str, consents: str, quotes: str, company: int, prices: str, most: int
) -> FirmData:
    """Read the firm's tables, or generate another firm, and show where they come from.

    Parameters
    ----------
    customers, orders, consents, quotes
        A sample or a file; only the registers cannot be left out.
    company
        0 reads the files; any other number is the seed of another firm, generated into a temporary folder.
    prices
        For another firm: ``planted`` or ``innocent`` prices.
    most
        Persons kept at most, spread evenly over the days of registration.

    Returns
    -------
    FirmData
        The tables.

    Raises
    ------
    DataError
        No registers are named, or none of their rows can be used.
    """
    from crm_lib.protect import find_biometric

    given = {"customers": customers, "orders": orders, "consents": consents, "quotes": quotes}
    if not company and not given["customers"].strip():
        raise DataError(say("security.no_registers"))
    with tempfile.TemporaryDirectory(prefix="crm-security-") as scratch:
        made = _make_other(Path(scratch) / "made", company, prices) if company else given
        rows, headers = _read_all(made, bool(company))
    records = rows["customers"]
    if not len(records):
        raise DataError(say("security.empty_registers"))
    people, later, numbers = _know_people(records)
    kept = _spread(people, most)
    chosen = set(kept["person"])
    return FirmData(
        people=kept,
        later=later[later["person"].isin(chosen)].reset_index(drop=True),
        numbers={r: p for r, p in numbers.items() if p in chosen},
        lines=rows["orders"],
        consents=rows["consents"],
        quotes=rows["quotes"],
        n_records=len(records),
        n_left=len(people) - len(kept),
        n_columns=len(headers),
        biometric=tuple(h for h in headers if find_biometric(h)),
        made=company,
        prices=prices if company else "",
    )


def _make_other(folder: Path, seed: int, prices: str) -> dict[str, str]:
    """Generate the company 旭东 once more from another seed; return where its files are."""
    from crm_lib.sample import make_company

    make_company(
        _SMALLEST, seed=seed, out=folder, files=True, surcharge=0.0 if prices == "innocent" else None
    )
    return {name: str(folder / "files" / file) for name, file in _FILES.items()}


def _read_all(given: Mapping[str, str], made: bool) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Return the cleaned tables, and the headers of the registers as they are."""
    import pandas as pd

    from crm_lib.identify import clean_table

    out, shown, headers = {}, [], []
    for name, source in given.items():
        if not source.strip():
            out[name] = pd.DataFrame()
            continue
        raw = read_source(source, _SCHEMAS[name])
        cleaned = clean_table(raw, _SCHEMAS[name])
        if name == "customers":
            known = raw.attrs.get("source", {}).get("mapping", {})
            headers = [known.get(c, str(c)) for c in raw.columns if not str(c).startswith("source_")]
        out[name] = cleaned.rows
        files = [f["name"] for f in raw.attrs.get("source", {}).get("files", ())]
        prints = [f["sha256"][:12] for f in raw.attrs.get("source", {}).get("files", ()) if f.get("sha256")]
        remember_source({"files": files, "sha256": prints, "n_lines": len(raw)})
        where = say("security.made") if made else "、".join(files)
        left = len(cleaned.quarantine) + len(cleaned.merged)
        shown.append((say(f"security.table_{name}"), where, len(raw), len(cleaned.rows), left))
    frame = pd.DataFrame(shown, columns=["table", "file", "n_lines", "kept", "set_aside"])
    titles = {k: say(f"security.title_{k}") for k in ("table", "file", "kept", "set_aside")}
    show_table(frame, say("security.cap_sources"), titles=titles)
    return out, headers


def _know_people(records: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Bring registrations of one person together: the same name and the same day of birth."""
    import pandas as pd

    rows = records.reindex(columns=list(dict.fromkeys([*FIELDS, "record_id", "customer_id", "source_row"])))
    rows["channel"] = [_name_channel(r, c) for r, c in zip(_register(records), rows["channel"], strict=True)]
    rows["province"] = [_spell_province(p) for p in rows["province"]]
    own = rows["record_id"].fillna(rows["customer_id"]).astype(object)
    lacking = own.isna() | own.duplicated()
    own = own.where(~lacking, [f"R{n}" for n in rows["source_row"]]).astype(str)
    rows = rows.assign(record=own, registered_on=pd.to_datetime(rows["registered_on"]))
    rows = rows.sort_values(["registered_on", "record"], kind="stable", ignore_index=True)
    known = rows["name"].notna() & rows["birth_date"].notna()
    key = rows["name"].astype(str) + "|" + rows["birth_date"].astype(str)
    rows["key"] = key.where(known, rows["record"])
    rows["person"] = rows.groupby("key", sort=False)["record"].transform("first")
    first = ~rows["person"].duplicated()
    numbers = dict(zip(rows["record"], rows["person"], strict=True))
    columns = ["person", "record", *FIELDS]
    return rows.loc[first, columns].reset_index(drop=True), rows.loc[~first, columns], numbers


def _register(records: pd.DataFrame) -> list[str]:
    names = records["source_file"] if "source_file" in records.columns else [""] * len(records)
    return [str(n) for n in names]


def _name_channel(file: str, channel: Any) -> str:
    import pandas as pd

    for word in ("store", "web", "call_center"):
        if word in file:
            return word
    return "other" if pd.isna(channel) else str(channel)


def _spell_province(value: Any) -> Any:
    """Return the full name of a province; what is none stays as it is written."""
    import pandas as pd

    from crm_lib.identify.formats_regions import read_province

    return value if pd.isna(value) else read_province(str(value))[0] or value


def _spread(people: pd.DataFrame, most: int) -> pd.DataFrame:
    """Keep `most` persons at most, evenly over the order of registration."""
    n = len(people)
    if n <= most:
        return people.reset_index(drop=True)
    places = sorted({round(i * (n - 1) / max(most - 1, 1)) for i in range(most)})
    return people.iloc[places].reset_index(drop=True)


def fix_day(as_of: str, data: FirmData) -> str:
    """Return `as_of`, or the last day of the orders, else of the registrations; never today.

    Parameters
    ----------
    as_of
        ISO date or empty.
    data
        What `gather_firm` returned.

    Raises
    ------
    DataError
        Nothing in the data tells a day, or nobody had registered by `as_of`.
    """
    import pandas as pd

    lines = (
        data.lines["ordered_at"].dropna() if "ordered_at" in data.lines.columns else pd.Series(dtype=object)
    )
    days = lines if len(lines) else data.people["registered_on"].dropna()
    day = parse_day("as_of", "as_of", as_of).isoformat() if as_of else ""
    if not day and not len(days):
        raise DataError(say("security.no_day"))
    day = day or pd.Timestamp(days.max()).date().isoformat()
    first = data.people["registered_on"].min()
    if pd.notna(first) and first > pd.Timestamp(day):
        raise DataError(say("security.too_early", day=day, first=first.date()))
    return day
