"""Measure what linking the registers has brought together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["registers", "n_records", "n_persons", "person_share", "records_per_person", "consolidation_rate"]


def measure_consolidation(links: pd.DataFrame, records: pd.DataFrame | None = None) -> pd.DataFrame:
    """Measure how many records turned out to be how many persons, by combination of registers.

    Parameters
    ----------
    links
        One row per record: ``record_id``, ``person_id``, and ``channel`` (the register)
        unless `records` has it.
    records
        One row per record: ``record_id``, ``channel``.

    Returns
    -------
    DataFrame
        One row per combination of registers (joined by "+"; empty when no register is
        known), the most persons first: ``registers``, ``n_records``, ``n_persons``,
        ``person_share`` (0–1), ``records_per_person``, ``consolidation_rate``.
        ``attrs``: ``n_records``, ``n_persons`` and ``consolidation_rate`` of all together.

    Raises
    ------
    SchemaError
        A column is missing.
    DataError
        A record is linked twice, or to nobody.

    Notes
    -----
    Consolidation rate = 1 − persons / records: 0 when no two records belong together.  The name
    and the formula are ours.  The rate of a combination counts records of one register held twice too.

    Examples
    --------
    >>> import pandas as pd
    >>> links = pd.DataFrame({"record_id": list("abc"), "person_id": ["P1", "P1", "P2"]})
    >>> channels = pd.DataFrame({"record_id": list("abc"), "channel": ["store", "web", "web"]})
    >>> measured = measure_consolidation(links, channels)
    >>> measured[["registers", "n_persons", "consolidation_rate"]].values.tolist()
    [['store+web', 1, 0.5], ['web', 1, 0.0]]
    >>> round(measured.attrs["consolidation_rate"], 4)
    0.3333
    """
    import pandas as pd

    from crm_lib.identify.golden import join_registers

    require_columns("measure_consolidation", links.columns, ["record_id", "person_id"])
    ids = links["record_id"].astype(str)
    if ids.duplicated().any() or links["person_id"].isna().any():
        raise DataError(
            f"measure_consolidation: each record must be linked once, to a person; {int(ids.duplicated().sum()):,} "
            f"stand twice, {int(links['person_id'].isna().sum()):,} have no person. Pass what link_records returned."
        )
    person, names = pd.factorize(links["person_id"].astype(str), sort=True)
    frame = pd.DataFrame({"record_id": ids.to_numpy()})
    if records is not None:
        require_columns("measure_consolidation", records.columns, ["record_id", "channel"])
        known = records.assign(record_id=records["record_id"].astype(str)).drop_duplicates("record_id")
        frame["channel"] = known.set_index("record_id")["channel"].reindex(ids).to_numpy(dtype=object)
    elif "channel" in links.columns:
        frame["channel"] = links["channel"].to_numpy(dtype=object)
    per_person = pd.DataFrame({"registers": join_registers(frame, person, len(names))})
    per_person["n_records"] = pd.Series(person).value_counts().reindex(range(len(names))).to_numpy()
    return _sum_up(per_person)


def _sum_up(per_person: pd.DataFrame) -> pd.DataFrame:
    groups = per_person.groupby("registers", sort=True)["n_records"]
    out = groups.agg(n_records="sum", n_persons="size").reset_index()
    n_records, n_persons = int(out["n_records"].sum()), int(out["n_persons"].sum())
    out["person_share"] = out["n_persons"] / max(n_persons, 1)
    out["records_per_person"] = out["n_records"] / out["n_persons"]
    out["consolidation_rate"] = 1 - out["n_persons"] / out["n_records"]
    out = out.sort_values(["n_persons", "registers"], ascending=[False, True], ignore_index=True)[COLUMNS]
    rate = 1 - n_persons / n_records if n_records else 0.0
    out.attrs.update(n_records=n_records, n_persons=n_persons, consolidation_rate=rate)
    return out
