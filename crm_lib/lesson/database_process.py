"""Process the registers: one form, errors out, gaps filled, records of one customer together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.database_data import ARCHIVE, word_register

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify import Golden, Repaired


@dataclass(frozen=True)
class Processed:
    """The registers of customers after the four steps of processing.

    Attributes
    ----------
    raw, repaired
        Rows as read, and what was written in one form.
    records
        One row per record: typed, impossible values taken out, ``record_id``, ``channel``.
    findings
        The values taken out or pointed at.
    n_quarantined
        Rows that were no records.
    links, golden
        Which records are one person, and each person's golden record.
    """

    raw: pd.DataFrame
    repaired: Repaired
    records: pd.DataFrame
    findings: pd.DataFrame
    n_quarantined: int
    links: pd.DataFrame
    golden: Golden


def process_registers(raw: pd.DataFrame, *, day: str, phone_prefixes: str = "", seed: int = 0) -> Processed:
    """Write in one form, take out errors, match the records of one person and fill gaps from each other.

    Parameters
    ----------
    raw
        Rows of the registers as read.
    day
        ISO date; records made later are not counted.
    phone_prefixes
        Invented prefixes of the data, separated by commas.
    seed
        Random state of the matching.
    """
    import warnings

    import pandas as pd

    from crm_lib.identify import (
        LinkWarning,
        clean_table,
        link_records,
        merge_records,
        repair_values,
        screen_values,
    )
    from crm_lib.lesson.run import require_data

    prefixes = tuple(p.strip() for p in phone_prefixes.split(",") if p.strip())
    repaired = repair_values(raw, "customers", phone_prefixes=prefixes)
    cleaned = clean_table(repaired.rows, "customers")
    rows = _name_rows(cleaned.rows)
    rows.attrs = {}  # what stands there is copied whole at every step
    late = pd.to_datetime(rows["registered_on"]) >= pd.Timestamp(day) + pd.Timedelta(days=1)
    rows = rows[~late.fillna(False).to_numpy(bool)].reset_index(drop=True)
    require_data(cleaned if len(rows) else _Nothing(cleaned), what=say("database.records"))
    screened = screen_values(rows, as_of=day)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", LinkWarning
        )  # what it warns of is told in the lesson on identification
        links = link_records(screened.rows, random_state=seed)
    golden = merge_records(screened.rows, links)
    return Processed(raw, repaired, screened.rows, screened.findings, len(cleaned.quarantine), links, golden)


class _Nothing:
    """A cleaned table of which the day leaves no row."""

    def __init__(self, cleaned: Any) -> None:
        self.rows, self.merged, self.quarantine = cleaned.rows[:0], cleaned.merged, cleaned.quarantine


def _name_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the records with a number that stands once, the register as channel, and a day of registration."""
    import pandas as pd

    from crm_lib.lesson.demography import name_records

    out = name_records(rows)
    out["record_id"] = out["record_id"].astype(str)
    twice = out["record_id"].duplicated(keep=False)
    out.loc[twice, "record_id"] += "-" + out.loc[twice, "source_row"].astype(str)
    if "registered_on" not in out:
        out["registered_on"] = pd.Series(pd.NaT, index=out.index)
    out["channel"] = [word_register(str(r)) for r in out["register"]]
    return out.drop(columns="register")


def find_home_records(done: Processed) -> pd.DataFrame:
    """Return the record that each person was registered with first.

    Parameters
    ----------
    done
        What `process_registers` returned.

    Returns
    -------
    DataFrame
        One row per person, sorted by ``person_id``; columns of the records.
    """
    linked = done.records.merge(done.links[["record_id", "person_id"]], on="record_id", how="left")
    ordered = linked.sort_values(
        ["person_id", "registered_on", "record_id"], kind="stable", na_position="last"
    )
    return ordered.drop_duplicates("person_id").reset_index(drop=True)


def make_archive(done: Processed) -> pd.DataFrame:
    """Make the electronic customer archive: one row per person, the fields of the template.

    Parameters
    ----------
    done
        What `process_registers` returned.

    Returns
    -------
    DataFrame
        ``person_id`` and the fields of the archive, sorted by day of registration and person.
    """
    import pandas as pd

    golden, home = done.golden.golden, find_home_records(done).set_index("person_id")
    out = pd.DataFrame({"person_id": golden["person_id"].astype(str)})
    for column in ARCHIVE:
        out[column] = golden.get(column)
    out["channel"] = home["channel"].reindex(out["person_id"]).to_numpy()
    order = ["registered_on", "person_id"]
    return out.sort_values(order, kind="stable", na_position="last", ignore_index=True)


def tabulate_gaps(done: Processed) -> pd.DataFrame:
    """Count the gaps of the first record of each person, and those another record of the person fills.

    Parameters
    ----------
    done
        What `process_registers` returned.

    Returns
    -------
    DataFrame
        One row per field of the archive that has gaps: ``column``, ``field``, ``n_missing``, ``n_filled``,
        ``n_left``.
    """
    import pandas as pd

    from crm_lib.lesson.portrait_tables import title_field

    golden, home = done.golden.golden, find_home_records(done)
    rows = []
    for column in ARCHIVE:
        if column not in golden or column not in home or column in ("channel", "registered_on"):
            continue
        gap = home[column].isna().to_numpy()
        filled = gap & golden[column].notna().to_numpy()
        if gap.any():
            counts = (int(gap.sum()), int(filled.sum()), int((gap & ~filled).sum()))
            rows.append((column, title_field(column), *counts))
    return pd.DataFrame(rows, columns=["column", "field", "n_missing", "n_filled", "n_left"])


def tabulate_processing(done: Processed) -> pd.DataFrame:
    """Count what each of the four steps of processing did.

    Parameters
    ----------
    done
        What `process_registers` returned.

    Returns
    -------
    DataFrame
        ``step``, ``what``, ``n``.
    """
    import pandas as pd

    codes = done.repaired.audit["rule"].str.split(":").str[0]
    forms = codes[~codes.isin(["twin", "province_from_city"])].value_counts()
    rows = [("standard", f"form_{code}", int(n)) for code, n in sorted(forms.items())]
    removed = done.findings[done.findings["removed"]]
    rows += [("errors", "impossible", len(removed)), ("errors", "no_record", done.n_quarantined)]
    gaps = tabulate_gaps(done)
    rows += [("gaps", "province", int((codes == "province_from_city").sum()))]
    rows += [("gaps", "matched", int(gaps["n_filled"].sum()))]
    people = int(done.links["person_id"].nunique())
    rows += [("match", "twins", int((codes == "twin").sum())), ("match", "people", len(done.links) - people)]
    return pd.DataFrame([
        (say(f"database.step_{step}"), say(f"database.did_{did}"), n) for step, did, n in rows
    ], columns=["step", "what", "n"])  # fmt: skip
