"""Computed sentences of the lesson on the customer database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.database_data import TABLES

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.database_process import Processed


def describe_extracts(table: pd.DataFrame, extracted: Mapping[str, Any], day: str) -> str:
    """Say how many rows came from how many files, what is missing, and by which day.

    Parameters
    ----------
    table
        What `tabulate_extracts` returned.
    extracted
        What `extract_tables` returned.
    day
        ISO date of the archive.
    """
    sums = table.groupby("part", sort=False)["n_rows"].sum()
    told = "，".join(f"{part} {n:,} 行" for part, n in sums.items())
    lacking = [say(f"database.of_{t}") for t in TABLES if extracted.get(t) is None]
    text = say(
        "database.extracts", files=len(table), n=f"{int(table['n_rows'].sum()):,}", parts=told, day=day
    )
    return text + (say("database.extracts_lacking", tables="、".join(lacking)) if lacking else "")


def describe_index(index: pd.DataFrame) -> str:
    """Say whether the numbers of the registers serve as an index.

    Parameters
    ----------
    index
        What `index_records` returned.
    """
    n, numbered = int(index["n_rows"].sum()), int(index["n_numbered"].sum())
    text = say("database.index", n=f"{n:,}", registers=len(index), numbered=f"{numbered:,}")
    text += say("database.index_bare", n=n - numbered) if n > numbered else ""
    twice = int(index["n_twice"].sum())
    return text + (say("database.index_twice", n=twice) if twice else "")


def describe_numbers(slips: pd.DataFrame) -> str:
    """Say which slips of the pen the check digit catches.

    Parameters
    ----------
    slips
        What `try_slips` returned.
    """
    parts = "；".join(
        say("database.numbers_part", slip=r["slip"], n=r["n_ways"], k=r["n_caught"])
        for r in slips.to_dict("records")
    )
    whole = bool((slips["n_caught"] == slips["n_ways"]).all())
    return say("database.numbers", parts=parts) + say(
        "database.numbers_all" if whole else "database.numbers_some"
    )


def describe_processing(done: Processed) -> str:
    """Say how many records became how many customers, and what was changed on the way.

    Parameters
    ----------
    done
        What `process_registers` returned.
    """
    n, people = len(done.links), int(done.links["person_id"].nunique())
    sizes = done.links.groupby("person_id").size()
    changed = len(done.repaired.audit) - len(done.repaired.merged)
    text = say("database.processing", raw=f"{len(done.raw):,}", n=f"{n:,}", people=f"{people:,}")
    text += say("database.processing_many", n=f"{int((sizes > 1).sum()):,}", most=int(sizes.max()))
    text += say("database.processing_changed", n=f"{changed:,}")
    removed = int(done.findings["removed"].sum())
    return text + (say("database.processing_removed", n=removed) if removed else "")


def describe_gaps(gaps: pd.DataFrame) -> str:
    """Say how many gaps were filled from other records, and which field stays emptiest.

    Parameters
    ----------
    gaps
        What `tabulate_gaps` returned.
    """
    missing, filled = int(gaps["n_missing"].sum()), int(gaps["n_filled"].sum())
    if not missing:
        return say("database.gaps_none")
    text = say("database.gaps", n=f"{missing:,}", k=f"{filled:,}", share=f"{filled / missing:.1%}")
    worst = gaps.sort_values(["n_left", "column"], ascending=[False, True], kind="stable").iloc[0]
    return text + (
        say("database.gaps_left", field=worst["field"], n=f"{worst['n_left']:,}") if worst["n_left"] else ""
    )


def describe_archive(archive: pd.DataFrame) -> str:
    """Say how large and how full the archive is.

    Parameters
    ----------
    archive
        What `make_archive` returned.
    """
    fields = [c for c in archive.columns if c != "person_id" and archive[c].notna().any()]
    share = float(archive[fields].notna().to_numpy().mean()) if len(archive) and fields else 0.0
    reach = float(archive[["phone", "email"]].notna().any(axis=1).mean()) if len(archive) else 0.0
    return say(
        "database.archive",
        n=f"{len(archive):,}",
        fields=len(fields),
        share=f"{share:.1%}",
        reach=f"{reach:.1%}",
    )


def describe_upload(upload: Any, n_slips: int) -> str:
    """Say what became of the rows of an upload.

    Parameters
    ----------
    upload
        What `upload_rows` returned.
    n_slips
        Slips that were put in on purpose.
    """
    n = len(upload.verdicts)
    counts = {
        "new": upload.n_new,
        "updated": upload.n_updated,
        "same": upload.n_same,
        "back": upload.n_rejected,
    }
    text = say("database.upload", n=f"{n:,}", **{k: f"{v:,}" for k, v in counts.items()})
    text += say("database.upload_slips", n=n_slips) if n_slips else ""
    back = upload.verdicts[upload.verdicts["verdict"] == "退回"]
    return text + (say("database.upload_rules", n=back["rule"].nunique()) if len(back) else "")


def describe_repeats(first: Any, second: Any, third: Any, n_stored: int) -> str:
    """Say what the mended and the repeated upload changed.

    Parameters
    ----------
    first, second, third
        What `upload_rows` returned: the filled template, the mended one, the mended one again.
    n_stored
        Customers in the database now.
    """
    text = say("database.repeats", new=f"{second.n_new:,}", same=f"{second.n_same:,}", back=second.n_rejected)
    doubled = third.n_new + third.n_updated
    text += say("database.repeats_none" if not doubled else "database.repeats_some", n=f"{doubled:,}")
    whole = first.n_new + second.n_new
    return text + say("database.repeats_whole", n=f"{n_stored:,}", first=f"{first.n_new:,}",
                      second=f"{second.n_new:,}", sum=f"{whole:,}")  # fmt: skip


def describe_parts(parts: pd.DataFrame, n_unknown: int) -> str:
    """Say what the three parts hold, and how much of it is not our own.

    Parameters
    ----------
    parts
        What `count_parts` returned.
    n_unknown
        Order lines of people who are in no register.
    """
    told = "；".join(
        say("database.parts_one", part=part, n=f"{int(n):,}")
        for part, n in parts.groupby("part", sort=False)["n_rows"].sum().items()
    )
    text = say("database.parts", told=told)
    other = parts.dropna(subset=["own_share"])
    other = other[other["own_share"] < 1]
    for row in other.to_dict("records"):
        text += say("database.parts_other", title=row["table_title"], share=f"{1 - row['own_share']:.1%}")
    return text + (say("database.parts_unknown", n=f"{n_unknown:,}") if n_unknown else "")


def describe_roster(roster: pd.DataFrame, spent: pd.DataFrame) -> str:
    """Say who bought, and what keeping and winning customers cost.

    Parameters
    ----------
    roster
        The roster.
    spent
        Investments of the database.
    """
    bought = int((roster["n_orders"] > 0).sum())
    text = say(
        "database.roster",
        n=f"{len(roster):,}",
        bought=f"{bought:,}",
        revenue=f"{roster['revenue'].sum():,.2f}",
    )
    if spent.empty:
        return text + say("database.spent_none")
    by = spent.groupby("purpose")["cost"].sum()
    told = "，".join(f"{purpose} {float(cost):,.2f} 元" for purpose, cost in by.items())
    return text + say(
        "database.spent", n=f"{len(spent):,}", people=f"{spent['customer_no'].nunique():,}", told=told
    )


def describe_forms(forms: Mapping[str, Any], reveal: bool) -> str:
    """Say how many sheets each form has, and whether private values are masked.

    Parameters
    ----------
    forms
        What `gather_forms` returned.
    reveal
        Whether private values stand in full.
    """
    counts = {kind: len(sheets) for kind, sheets in forms.items()}
    return say("database.forms", **counts) + say("database.forms_open" if reveal else "database.forms_masked")


def describe_checks(checked: pd.DataFrame) -> str:
    """Say how many checks pass, and what those that do not pass found.

    Parameters
    ----------
    checked
        What `check_requirements` returned.
    """
    counts = checked["verdict"].value_counts()
    text = say("database.checks", n=len(checked), good=int(counts.get("合格", 0)))
    unknown = int(counts.get("无法判断", 0))
    text += say("database.checks_unknown", n=unknown) if unknown else ""
    bad = checked[checked["verdict"] == "要改进"]
    if bad.empty:
        return text + say("database.checks_good")
    return text + "\n".join(
        [say("database.checks_bad_head"), *(say("database.checks_bad", principle=r["principle"], found=r["found"], way=r["way_out"])
               for r in bad.to_dict("records"))]
    )  # fmt: skip


def describe_improvement(before: pd.DataFrame, after: pd.DataFrame, later: pd.DataFrame, days: int) -> str:
    """Say what two improvements changed, and what neglect for some time would.

    Parameters
    ----------
    before, after, later
        What `check_requirements` returned: at first, improved, and the same database left alone.
    days
        Days it is left alone.
    """
    names = [
        frame.loc[frame["verdict"] == "要改进", "principle"].tolist() for frame in (before, after, later)
    ]
    mended = [n for n in names[0] if n not in names[1]]
    spoilt = [n for n in names[2] if n not in names[1]]
    text = say("database.improved", names="、".join(mended)) if mended else say("database.improved_none")
    text += say("database.left_open", names="、".join(names[1])) if names[1] else ""
    if not spoilt:
        return text + say("database.neglect_none", days=days)
    return text + say("database.neglect", days=days, names="、".join(spoilt))
