"""Merge fields that say the same thing (字段归并), and records of one person in several registers (综合收集)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_columns
from crm_lib.identify.demography_bands import BANDS, band_ages, count_ages, read_fields

if TYPE_CHECKING:
    import pandas as pd

INCOME_BANDS = ("5000元以下", "5000-8000元", "8000-12000元", "12000-20000元", "20000元以上")
_BOOKKEEPING = ("record_id", "customer_id", "channel", "register", "source_row", "source_file", "person_id")
_OF_A_RECORD = ("registered_on", "consent_marketing", "consent_on")
_AUDIT = ["row", "record_id", "column", "before", "after", "rule"]


@dataclass(frozen=True)
class MergedFields:
    """Rows with merged fields, and one line of ``audit`` for each cell that was filled, changed or contradicts."""

    rows: pd.DataFrame
    audit: pd.DataFrame


@dataclass(frozen=True)
class CombinedRecords:
    """People put together from several records.

    ``people`` has one row per person; ``members`` says which record went into which person;
    ``conflicts`` has one row per field in which records of one person disagree.
    """

    people: pd.DataFrame
    members: pd.DataFrame
    conflicts: pd.DataFrame


def merge_fields(
    frame: pd.DataFrame,
    *,
    as_of: Any,
    age_bands: Sequence[str] = BANDS,
    income_bands: Sequence[str] = INCOME_BANDS,
    regions: Sequence[str] | None = None,
) -> MergedFields:
    """Bring fields that say the same thing into one form: sex, age band, income band, region.

    Parameters
    ----------
    frame : DataFrame
        One row per record or person.  Whichever of ``gender``, ``birth_date``, ``monthly_income``,
        ``income_band``, ``province``, ``region`` are there are used.
    as_of : date
        The day at which ages are counted.
    age_bands, income_bands : sequence of str
        Names of the bands, which tell their bounds.
    regions : sequence of str, optional
        Names of the regions to use, for example those a population is counted by: the usual seven parts of the
        country, 西部, 北方, or names of provinces; by default the seven.

    Returns
    -------
    MergedFields
        ``rows``: the input with ``gender`` as 男 or 女, ``age``, ``age_band``, ``income_band`` filled from
        ``monthly_income`` where it was missing, ``province`` in its short form and ``region``.  ``audit``:
        ``row`` (place in the frame, from 0), ``record_id`` where there is one, ``column``, ``before``,
        ``after``, ``rule``: "same_meaning", "from_birth_date", "impossible_birth", "from_income",
        "contradicts_income" (kept as registered), "short_name", "from_province", "not_known" (kept).

    Notes
    -----
    Disputable: where band and income contradict each other the band stays as it was registered, and the
    contradiction is reported; neither is the truer one.  A band is half open: 8,000 yuan belong to 8000-12000.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"gender": ["女士"], "monthly_income": [8000.0], "province": ["广东省"]})
    >>> merged = merge_fields(frame, as_of="2025-01-01")
    >>> merged.rows[["gender", "income_band", "region"]].iloc[0].tolist()
    ['女', '8000-12000元', '华南']
    """
    rows, notes = frame.copy(), []
    if "gender" in rows.columns:
        _merge_gender(rows, notes)
    if "birth_date" in rows.columns:
        _merge_ages(rows, notes, as_of, age_bands)
    if "monthly_income" in rows.columns:
        _merge_income(rows, notes, income_bands)
    if "province" in rows.columns:
        _merge_regions(rows, notes, regions)
    return MergedFields(rows, _tabulate_notes(frame, notes))


def _change(rows: pd.DataFrame, notes: list, column: str, after: pd.Series, rule: str, flag: Any) -> None:
    """Write `after` into `column` where `flag` holds, and note each cell."""
    before = rows[column] if column in rows.columns else None
    for place in flag.to_numpy().nonzero()[0]:
        old = before.iloc[place] if before is not None else None
        notes.append((int(place), column, old, after.iloc[place], rule))
    values = before.astype(object) if before is not None else after.astype(object).where(flag, None)
    rows[column] = values.where(~flag, after.astype(object))


def _merge_gender(rows: pd.DataFrame, notes: list) -> None:
    words = {w: name for name, forms in read_fields()["genders"].items() for w in forms}
    given = rows["gender"]
    meant = given.map(lambda v: words.get(str(v).strip().lower()), na_action="ignore")
    changed = meant.notna() & (meant.astype(object) != given.astype(object))
    unknown = given.notna() & meant.isna()
    _change(rows, notes, "gender", meant, "same_meaning", changed)
    _change(rows, notes, "gender", given, "not_known", unknown)


def _merge_ages(rows: pd.DataFrame, notes: list, as_of: Any, bands: Sequence[str]) -> None:
    ages = count_ages(rows["birth_date"], as_of=as_of)
    low, high = read_fields()["limits"]["age"]
    possible = ((ages >= low) & (ages <= high)).fillna(False).astype(bool)
    impossible = ages.notna() & ~possible
    for place in impossible.to_numpy().nonzero()[0]:
        notes.append((int(place), "age", rows["birth_date"].iloc[place], None, "impossible_birth"))
    rows["age"] = ages.where(possible)
    band = band_ages(rows["age"], bands=bands)
    if "age_band" in rows.columns:
        _change(rows, notes, "age_band", band, "from_birth_date", rows["age_band"].isna() & band.notna())
    else:
        rows["age_band"] = band


def _merge_income(rows: pd.DataFrame, notes: list, bands: Sequence[str]) -> None:
    import pandas as pd

    income = pd.to_numeric(rows["monthly_income"], errors="coerce")
    found = band_ages(income, bands=_half_open(bands)).map(dict(zip(_half_open(bands), bands, strict=True)))
    had = (
        rows["income_band"]
        if "income_band" in rows.columns
        else pd.Series(None, index=rows.index, dtype=object)
    )
    rows["income_band"] = had
    _change(rows, notes, "income_band", found, "from_income", had.isna() & found.notna())
    against = had.notna() & found.notna() & (had.astype(object) != found.astype(object))
    for place in against.to_numpy().nonzero()[0]:
        notes.append((int(place), "income_band", had.iloc[place], found.iloc[place], "contradicts_income"))


def _half_open(bands: Sequence[str]) -> list[str]:
    """Return income bands as whole numbers that do not overlap: 5000-8000 ends below 8000."""
    from crm_lib.identify.demography_bands import parse_band

    names = []
    for band in bands:
        low, high = parse_band(band)
        closed = "以上" not in band and "以下" not in band
        names.append(f"{low:g}-{high - 2:.0f}元" if closed else band)
    return names


def _merge_regions(rows: pd.DataFrame, notes: list, regions: Sequence[str] | None) -> None:
    table = _map_provinces(regions)
    given = rows["province"]
    short = given.map(lambda v: _shorten(str(v), table), na_action="ignore")
    changed = short.notna() & (short.astype(object) != given.astype(object))
    _change(rows, notes, "province", short, "short_name", changed)
    _change(rows, notes, "province", given, "not_known", given.notna() & short.isna())
    region = short.map({p: r for p, r in table.items() if r})
    if "region" in rows.columns:
        _change(rows, notes, "region", region, "from_province", rows["region"].isna() & region.notna())
    else:
        rows["region"] = region.astype(object)


def _map_provinces(regions: Sequence[str] | None) -> dict[str, str]:
    """Return province → the region of `regions` it lies in, or "" where it lies in none of them."""
    fields, table = read_fields(), {}
    for region, provinces in fields["regions"].items():
        coarser = [name for name, parts in fields["coarser_regions"].items() if region in parts]
        for province in provinces:
            names = (
                [region]
                if regions is None
                else [n for n in (province, region, *coarser) if n in set(regions)]
            )
            table[province] = names[0] if names else ""
    return table


def _shorten(name: str, table: dict[str, str]) -> str | None:
    """Return the province's short form: 内蒙古自治区 → 内蒙古."""
    return next((p for p in table if name.strip().startswith(p)), None)


def _tabulate_notes(frame: pd.DataFrame, notes: list) -> pd.DataFrame:
    import pandas as pd

    ids = frame["record_id"].tolist() if "record_id" in frame.columns else [None] * len(frame)
    lines = [(row, ids[row], column, old, new, rule) for row, column, old, new, rule in notes]
    out = pd.DataFrame(lines, columns=_AUDIT).astype({"before": object, "after": object})
    return out.sort_values(["row", "column"], kind="stable").reset_index(drop=True)


def combine_records(records: pd.DataFrame, links: pd.DataFrame | None = None) -> CombinedRecords:
    """Put the records of one person together, so that each person counts once.

    Parameters
    ----------
    records : DataFrame
        One row per register record: ``record_id`` and fields.
    links : DataFrame, optional
        One row per record: ``record_id``, ``person_id``, as a linkage gives it.  Without it records
        are of one person only when name, sex and a known day of birth agree to the letter.

    Returns
    -------
    CombinedRecords
        ``people``: one row per person in the order of the first record: ``person_id``, ``n_records`` and each
        field, taken from the fullest record that has it.  ``members``: ``record_id``, ``person_id``.
        ``conflicts``: ``person_id``, ``column``, ``n_values``, ``kept``; that a person registered on two days or
        agreed in one register only is no contradiction.

    Raises
    ------
    SchemaError
        ``record_id`` is missing, or a link lacks a column.

    Notes
    -----
    Disputable: the strict rule never joins two people who merely resemble each other, and so leaves
    apart people whose name was written in two ways; a linkage finds more.  Two people of the same name, sex and
    birthday are joined in error; in a register of a company that is rare.

    Examples
    --------
    >>> import pandas as pd
    >>> records = pd.DataFrame({"record_id": ["S1", "W1"], "name": ["李燕", "李燕"], "gender": ["女", "女"],
    ...     "birth_date": pd.to_datetime(["1990-05-01"] * 2), "city": ["南京市", None], "has_pet": [None, "是"]})
    >>> combine_records(records).people[["city", "has_pet"]].values.tolist()
    [['南京市', '是']]
    """
    where = "combine_records"
    require_columns(where, records.columns, ["record_id"])
    rows = records.reset_index(drop=True)
    if links is None:
        group = _group_strictly(rows)
    else:
        require_columns(where, links.columns, ["record_id", "person_id"])
        of = dict(zip(links["record_id"], links["person_id"], strict=True))
        group = rows["record_id"].map(of)
        group = group.astype(object).where(group.notna(), rows["record_id"])
    fields = [c for c in rows.columns if c not in _BOOKKEEPING]
    order = rows[fields].notna().sum(axis=1).sort_values(ascending=False, kind="stable").index
    people = rows.loc[order, fields].groupby(group.loc[order].to_numpy(), sort=False).first()
    people = people.loc[list(dict.fromkeys(group))]
    people.insert(0, "n_records", group.value_counts().reindex(people.index).to_numpy())
    people = people.rename_axis("person_id").reset_index()
    members = rows[["record_id"]].assign(person_id=group.to_numpy())
    return CombinedRecords(people, members, _find_conflicts(rows, group, fields, people))


def _group_strictly(rows: pd.DataFrame) -> pd.Series:
    import pandas as pd

    keys = [c for c in ("name", "gender", "birth_date") if c in rows.columns]
    if "birth_date" not in keys or "name" not in keys:
        return pd.Series(rows["record_id"].to_numpy(), index=rows.index, dtype=object)
    complete = rows[keys].notna().all(axis=1)
    first = rows[complete].groupby(keys, sort=False)["record_id"].transform("first")
    return first.reindex(rows.index).astype(object).where(complete, rows["record_id"])


def _find_conflicts(
    rows: pd.DataFrame, group: pd.Series, fields: Sequence[str], people: pd.DataFrame
) -> pd.DataFrame:
    import pandas as pd

    several = group.duplicated(keep=False)
    some, of = rows.loc[several, list(fields)], group[several]
    counts = some.groupby(of.to_numpy(), sort=False).nunique()
    kept = people.set_index("person_id")
    lines = [
        (person, column, int(counts.at[person, column]), kept.at[person, column])
        for person in counts.index
        for column in fields
        if column not in _OF_A_RECORD
        if counts.at[person, column] > 1
    ]
    return pd.DataFrame(lines, columns=["person_id", "column", "n_values", "kept"])
