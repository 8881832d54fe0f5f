"""Make one golden record per person out of linked register records, with the lineage of every field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import DataError
from crm_lib.identify.survivorship import Rules, load_survivorship

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.identify.golden_choose import Chosen, Records

LINEAGE = ["person_id", "column", "value", "record_id", "channel", "rule", "n_sources", "n_agree", "n_values", "valid"]  # fmt: skip
OTHERS = ["person_id", "column", "value", "record_id", "n_records", "valid", "is_golden"]


@dataclass(frozen=True)
class Golden:
    """Golden records and where each of their fields comes from.

    It can be taken apart as ``golden, lineage = merge_records(…)``.

    Attributes
    ----------
    golden
        One row per person, sorted by person_id: ``person_id``, ``n_records``,
        ``registers`` (joined by "+"), then the merged columns.
    lineage
        One row per filled field: ``person_id``, ``column``, ``value`` (text as in the
        record), ``record_id`` and ``channel`` it was taken from, ``rule`` (what decided),
        ``n_sources`` (records that say anything), ``n_agree`` (of these, that say the
        same), ``n_values`` (different values), ``valid``.
    others
        One row per different value of the columns of which all are kept
        (telephone, e-mail, address): ``n_records``, ``is_golden``.
    """

    golden: pd.DataFrame
    lineage: pd.DataFrame
    others: pd.DataFrame

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield golden and lineage."""
        yield from (self.golden, self.lineage)


def merge_records(
    records: pd.DataFrame,
    links: pd.DataFrame,
    *,
    rules: str | Path | Mapping[str, Any] | Rules | None = None,
) -> Golden:
    """Merge the records of each person into one, field by field, by survivorship rules.

    Parameters
    ----------
    records
        One row per register record: ``record_id`` (each once) and any columns of the
        customers' contract, cleaned; ``channel`` and ``registered_on`` serve the rules.
    links
        One row per record: ``record_id``, ``person_id``, as `link_records` returns them.
    rules
        A TOML file or its content; what it leaves out is as in ``survivorship.toml``.

    Returns
    -------
    Golden
        golden (one row per person), lineage (one row per filled field), others
        (all telephone numbers, addresses …).

    Raises
    ------
    SchemaError
        A needed column is missing.
    DataError
        A record stands twice or has no link, two links or a link without person, or a
        link names a record that is not there.
    MissingPackageError
        Chinese names have to be held against e-mail addresses without pypinyin.

    Notes
    -----
    Each column has an ordered list of criteria (`survivorship.CRITERIA`); values are
    compared by a key that is the same for all spellings of one value.  ``rule`` names the
    criterion by which the value beat the next: ``agree`` when all records say the same,
    ``spelling`` when they write it differently, ``follows`` when the field comes with another,
    ``tie`` when nothing but the order of the texts decided.  A value is never put together:
    each golden value stands, as it is, in the record its lineage names, and province and
    town come from a record that has the golden address.  The disputable choice: a whole
    name beats a nickname however often that occurs, and an impossible value is kept when
    there is no other, marked ``valid = False``, rather than lost.

    Examples
    --------
    >>> import pandas as pd
    >>> records = pd.DataFrame(
    ...     {
    ...         "record_id": ["S1", "W1", "K1"],
    ...         "channel": ["store", "web", "call_center"],
    ...         "name": ["王静", "小静", "王静"],
    ...         "phone": ["15400000001", None, "154 0000 0002"],
    ...         "registered_on": pd.to_datetime(["2022-05-01", "2023-01-01", "2024-02-01"]),
    ...     }
    ... )
    >>> links = pd.DataFrame({"record_id": ["S1", "W1", "K1"], "person_id": ["P1", "P1", "P1"]})
    >>> merged = merge_records(records, links)
    >>> merged.golden[["person_id", "registers", "name", "phone"]].values.tolist()
    [['P1', 'call_center+store+web', '王静', '154 0000 0002']]
    >>> merged.lineage[["column", "record_id", "rule"]].values.tolist()
    [['name', 'K1', 'full'], ['phone', 'K1', 'recent'], ['registered_on', 'S1', 'earliest']]
    """
    import numpy as np

    from crm_lib.identify.golden_choose import Records

    known = load_survivorship(rules)
    frame, person, persons = _join_links(records, links)
    columns = [c for c in frame.columns if c not in known.not_merged]
    given = Records(frame, person, known)
    chosen = _choose_columns(given, columns)
    places = {c: _spread(chosen[c], len(persons)) for c in columns if c in chosen}
    for column in columns:
        if column not in places:
            leader = places[known.of(column).follows]
            places[column] = np.where(given.coded(column).cells[leader] >= 0, leader, -1)
    golden = _make_golden(given, persons, {c: places[c] for c in columns})
    lineage = _make_lineage(given, persons, columns, chosen, places)
    golden.attrs.update(
        n_records=len(frame), n_persons=len(persons), n_conflicts=int((lineage["n_values"] > 1).sum())
    )
    return Golden(golden, lineage, _make_others(given, persons, columns, chosen))


def _join_links(records: pd.DataFrame, links: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    import pandas as pd

    require_columns("merge_records", records.columns, ["record_id"])
    require_columns("merge_records", links.columns, ["record_id", "person_id"])
    ids, linked = records["record_id"].astype(str), links["record_id"].astype(str)
    faults = [
        (ids[ids.duplicated()], "stand more than once among the records"),
        (linked[linked.duplicated()], "are linked more than once"),
        (linked[links["person_id"].isna().to_numpy()], "have a link without person_id"),
        (ids[~ids.isin(set(linked))], "have no link"),
        (linked[~linked.isin(set(ids))], "are linked, but not among the records"),
    ]
    said = [
        f"{len(bad):,} {text} ({list_words(sorted(set(bad)), most=3)})" for bad, text in faults if len(bad)
    ]
    if said:
        raise DataError(
            f"merge_records: records and links must name the same records, each once; {'; '.join(said)}. "
            "Pass the links that were made from these records."
        )
    person = pd.Series(links["person_id"].astype(str).to_numpy(), index=linked).reindex(ids).to_numpy()
    codes, persons = pd.factorize(person, sort=True)
    return records.reset_index(drop=True), codes.astype("int64"), list(persons)


def _choose_columns(given: Records, columns: list[str]) -> dict[str, Chosen]:
    """Choose in each column that follows no other one; those within another come after it."""
    import numpy as np

    from crm_lib.identify.golden_choose import choose_values

    everywhere = np.ones(len(given.frame), dtype=bool)
    chosen: dict[str, Chosen] = {}
    free = [c for c in columns if given.rules.of(c).follows not in columns]
    for column in sorted(free, key=lambda c: bool(given.rules.of(c).within)):
        within = given.rules.of(column).within
        allowed = _hold_same(given, within, chosen[within]) if within in chosen else everywhere
        chosen[column] = choose_values(given, column, allowed)
    return chosen


def _hold_same(given: Records, column: str, chosen: Chosen) -> np.ndarray:
    """Return the rows whose value in `column` is their person's golden one, or whose person has none."""
    import numpy as np

    coded = given.coded(column)
    keys = np.array([*(f.key for f in coded.forms), ""], dtype=object)[coded.cells]
    golden = np.full(int(given.person.max(initial=-1)) + 1, None, dtype=object)
    golden[chosen.person[chosen.best]] = keys[chosen.row[chosen.best]]
    mine = golden[given.person]
    return (mine == keys) | (mine == np.array(None, dtype=object))


def _spread(chosen: Chosen, n_persons: int) -> np.ndarray:
    import numpy as np

    out = np.full(n_persons, -1, dtype="int64")
    out[chosen.person[chosen.best]] = chosen.row[chosen.best]
    return out


def _make_golden(given: Records, persons: list[str], places: dict[str, np.ndarray]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    n_records = np.bincount(given.person, minlength=len(persons))
    out = {"person_id": pd.Series(persons, dtype=object).astype(str), "n_records": pd.Series(n_records)}
    out["registers"] = join_registers(given.frame, given.person, len(persons))
    for column, rows in places.items():
        values = given.frame[column].reindex(rows).reset_index(drop=True)
        out[column] = values.astype(given.frame[column].dtype) if (rows >= 0).all() else values
    return pd.DataFrame(out)


def join_registers(frame: pd.DataFrame, person: np.ndarray, n_persons: int) -> pd.Series:
    """Return the registers of each person, sorted and joined by "+"; empty when unknown.

    Parameters
    ----------
    frame
        Register records, with ``channel`` if it is known.
    person
        Number of each record's person.
    n_persons
        How many there are.
    """
    import numpy as np
    import pandas as pd

    joined = np.full(n_persons, "", dtype=object)
    channels = frame["channel"] if "channel" in frame.columns else pd.Series(dtype=object)
    for name in sorted({str(c) for c in channels.dropna()}):
        here = np.unique(person[(channels.astype(str) == name).to_numpy()])
        joined[here] = [f"{before}+{name}" if before else name for before in joined[here]]
    return pd.Series(joined, dtype=object).astype(str)


def _make_lineage(
    given: Records,
    persons: list[str],
    columns: list[str],
    chosen: dict[str, Chosen],
    places: dict[str, np.ndarray],
) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    parts = []
    for number, column in enumerate(columns):
        leader = given.rules.of(column).follows if column not in chosen else column
        pick, cells = chosen[leader], given.coded(column).cells
        rows = places[column][pick.person[pick.best]]
        known = cells[rows] >= 0
        part = pd.DataFrame({
            "place": pick.person[pick.best],
            "column": column,
            "row": rows,
            "number": number,
        })
        part["rule"] = pick.reason if leader == column else "follows"
        part["n_sources"], part["n_agree"] = pick.n_sources, pick.votes[pick.best]
        part["n_values"], part["valid"] = pick.n_values, pick.valid[pick.best]
        parts.append(part[known].assign(value=_show(given, column, rows[known])))
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in LINEAGE})
    out = pd.concat(parts).sort_values(["place", "number"], kind="stable", ignore_index=True)
    rows = out["row"].to_numpy()
    out["person_id"] = np.array([*persons, ""], dtype=object)[out["place"].to_numpy()]
    out["record_id"] = given.frame["record_id"].astype(str).to_numpy(dtype=object)[rows]
    out["channel"] = _show(given, "channel", rows) if "channel" in given.frame.columns else ""
    return out[LINEAGE].astype(
        dict.fromkeys(("person_id", "column", "value", "record_id", "channel", "rule"), str)
    )


def _show(given: Records, column: str, rows: np.ndarray) -> list[str]:
    """Return the cells of these rows as text; empty where a cell says nothing."""
    coded = given.coded(column)
    texts = [*coded.texts, ""]
    return [texts[cell] for cell in coded.cells[rows]]


def _make_others(
    given: Records, persons: list[str], columns: list[str], chosen: dict[str, Chosen]
) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    parts = [pd.DataFrame({name: pd.Series(dtype=object) for name in OTHERS})]
    for column in columns:
        if not given.rules.of(column).keep_all or column not in chosen:
            continue
        pick = chosen[column]
        golden = np.zeros(len(pick.person), dtype=bool)
        golden[pick.best] = True
        part = pd.DataFrame({"person_id": np.array([*persons, ""], dtype=object)[pick.person]})
        part["column"], part["value"] = column, _show(given, column, pick.row)
        part["record_id"] = given.frame["record_id"].astype(str).to_numpy(dtype=object)[pick.row]
        part["n_records"], part["valid"], part["is_golden"] = pick.votes, pick.valid, golden
        parts.append(part)
    out = pd.concat([p for p in parts if len(p)] or parts, ignore_index=True)
    out = out.sort_values("person_id", kind="stable", ignore_index=True)
    return out[OTHERS].astype(dict.fromkeys(("person_id", "column", "value", "record_id"), str))
