"""Judge a customer database by the textbook's requirements and principles: one row per check, with a verdict."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_choice, require_range
from crm_lib.store.requirements_checks import CHECKS, REFERRING, Counted, Files

if TYPE_CHECKING:
    import pandas as pd

VERDICTS = {True: "合格", False: "要改进", None: "无法判断"}
_READ = ("customers", "uploads", "raw_records", "verifications", "settings", "audit", *REFERRING)
_MOMENTS = {
    "customers": ("valid_from", "valid_to"),
    "uploads": ("uploaded_at",),
    "verifications": ("verified_at",),
    "investments": ("occurred_at",),
    "analysis_records": ("surveyed_on",),
    "grades": ("valid_from", "valid_to", "due_on"),
}


@cache
def load_requirements() -> dict[str, Any]:
    """Return ``requirements.toml``: checks, settings, purposes."""
    return tomllib.loads((resources.files("crm_lib.store") / "requirements.toml").read_text("utf-8"))


def gather_files(
    store: Any,
    *,
    as_of: Any,
    settings: Mapping[str, float] | None = None,
    purposes: Mapping[str, str] | None = None,
) -> Files:
    """Read from a database what the checks look at; no sealed cell is opened.

    Parameters
    ----------
    store : Store
        An open database.
    as_of : date
        Day of judgement.
    settings : mapping, optional
        ``stale_days``, ``update_days``, ``key_share`` other than the suite's.
    purposes : mapping, optional
        Column of the customers → what it is kept for; by default the suite's list.

    Returns
    -------
    Files
        What `judge_requirements` takes.

    Raises
    ------
    ParameterError
        There is no such setting, or it is out of range.
    """
    from crm_lib.protect.chain import verify_chain
    from crm_lib.store.numbers import CustomerNumbers
    from crm_lib.store.tables import load_table

    known = load_requirements()
    titles = {f.name: f.title for f in load_table("customers").fields}
    titles |= {name: load_table(name).title for name in _READ}
    numbers = CustomerNumbers()
    return Files(
        tables={name: _read_rows(store, name) for name in _READ},
        as_of=_day(as_of),
        settings=known["settings"] | _check_settings(settings or {}),
        purposes=known["purposes"] if purposes is None else purposes,
        titles=titles,
        numbers_ok=lambda values: numbers.check(values)["valid"],
        n_damaged=len(verify_chain(store.audit())),
        sealed=store.cipher is not None,
    )


def _day(as_of: Any) -> pd.Timestamp:
    import pandas as pd

    return pd.Timestamp(parse_day("check_requirements", "as_of", as_of))


def _check_settings(settings: Mapping[str, float]) -> dict[str, float]:
    for name, value in settings.items():
        require_choice("check_requirements", "a setting", name, list(load_requirements()["settings"]))
        require_range("check_requirements", name, value, 0, 1 if name == "key_share" else None)
    return dict(settings)


def _read_rows(store: Any, table: str) -> pd.DataFrame:
    import pandas as pd

    rows = store.query(f"SELECT * FROM {table}")
    for column in _MOMENTS.get(table, ()):
        rows[column] = pd.to_datetime(rows[column])
    if table == "transactions":
        rows["amount"] = rows["amount"].astype("float64")
    return rows


def judge_requirements(files: Files) -> pd.DataFrame:
    """Run every check and give its verdict.

    Parameters
    ----------
    files : Files
        What `gather_files` returned.

    Returns
    -------
    DataFrame
        One row per check, in the order of the textbook: ``check``, ``group``, ``principle``, ``rule``,
        ``n_checked``, ``n_faults``, ``fault_share`` (missing when nothing was looked at), ``found`` (in words),
        ``verdict`` (合格, 要改进, 无法判断), ``way_out`` (empty when it passes).

    Notes
    -----
    A check passes when the share at fault is at most its ``most_share``; with nothing to look at it neither
    passes nor fails.  The words are the textbook's, measures and lines are ours.
    """
    import pandas as pd

    known = load_requirements()["checks"]
    return pd.DataFrame([_judge(name, known[name], check(files)) for name, check in CHECKS.items()])


def _judge(name: str, rule: Mapping[str, Any], counted: Counted) -> dict[str, Any]:
    n, bad = int(counted.n_checked), int(counted.n_faults)
    share = bad / n if n else float("nan")
    passed = None if not n else share <= rule["most_share"]
    found = f"查了 {n:,} {rule['unit']}，不合的 {bad:,} {rule['unit']}" if n else "没有可以查的"
    return {
        "check": name, "group": rule["group"], "principle": rule["principle"], "rule": rule["rule"],
        "n_checked": n, "n_faults": bad, "fault_share": share,
        "found": found + (f"（{counted.faults}）" if counted.faults and bad else ""),
        "verdict": VERDICTS[passed], "way_out": "" if passed else rule["way_out"],
    }  # fmt: skip


def check_requirements(
    store: Any,
    *,
    as_of: Any,
    settings: Mapping[str, float] | None = None,
    purposes: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Hold a database to the requirements and principles of customer files.

    Parameters
    ----------
    store : Store
        An open database.
    as_of : date
        Day of judgement.
    settings : mapping, optional
        ``stale_days``, ``update_days``, ``key_share`` other than the suite's.
    purposes : mapping, optional
        Column of the customers → what it is kept for; by default the suite's list.

    Returns
    -------
    DataFrame
        As `judge_requirements` gives it.
    """
    return judge_requirements(gather_files(store, as_of=as_of, settings=settings, purposes=purposes))
