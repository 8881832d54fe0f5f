"""People and regulation in the lesson: a roster with trainings, and every clause held against the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.security_store import ADMIN, BEGIN, NEWEST, Firm
from crm_lib.lesson.security_tables import show_step

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.protect.scan import Scan
    from crm_lib.store import Store

# login and role of the invented staff
STAFF = {
    ADMIN: "admin",
    "analyst01": "analyst",
    "auditor01": "auditor",
    "sales01": "sales",
    "service01": "service",
    "service02": "service",
}
# login → topic → days before the last day on which the training was held (None: never), and its score
_TRAINED: dict[str, dict[str, tuple[int | None, float]]] = {
    "sales01": {"操作技能": (None, 0.0)},
    "service02": {"安全意识": (400, 85.0)},
    "analyst01": {"操作技能": (120, 55.0)},
}
_HELD, _SCORE, _VALID_DAYS = 200, 88.0, 365
_APPROVED, _ROTATED = 45, BEGIN
# shorter than the regulation asks, so that a review falls due within the story
_CREDIT_DAYS = 30
_KEY_AT = "file:/secure/crm.key"
BROKEN = "不符合"


def write_staff(firm: Firm, store: Store) -> None:
    """Enter the invented staff, their trainings, and the firm's decisions as settings.

    Parameters
    ----------
    firm, store
        The firm and its open database.
    """
    import pandas as pd

    from crm_lib.protect import default_settings, record_training, register_staff
    from crm_lib.store import change_settings

    at = firm.at(BEGIN, "10:00")
    provinces = firm.data.people["province"].dropna().value_counts()
    top = sorted(provinces.index, key=lambda p: (-provinces[p], p))[:1]
    with store.transaction("register_staff", at=at):
        for login, role in STAFF.items():
            regions = (top or [say("security.some_region")]) if role == "sales" else []
            register_staff(
                store, login, role=role, at=at, name=say(f"security.staff_{login}"), regions=regions
            )
    record_training(store, pd.DataFrame(_list_trainings(firm)), at=firm.at(BEGIN, "10:30"))
    decisions = default_settings(as_of=firm.day.date(), dialect=store.dialect)
    decisions |= {
        "key_reference": _KEY_AT,
        "regulation_approved_on": firm.at(_APPROVED, "00:00")[:10],
        "verify_credit_days": _CREDIT_DAYS,
        "key_rotated_on": firm.at(_ROTATED, "00:00")[:10],
    }
    change_settings(store, decisions, at=firm.at(BEGIN, "11:00"))


def _list_trainings(firm: Firm) -> list[dict[str, object]]:
    import pandas as pd

    from crm_lib.protect import TOPICS

    rows = []
    for login in STAFF:
        for topic in TOPICS:
            days, score = _TRAINED.get(login, {}).get(topic, (_HELD, _SCORE))
            if days is None:
                continue
            held = firm.day - pd.Timedelta(days=days)
            until = held + pd.Timedelta(days=_VALID_DAYS)
            rows.append({
                "login": login, "topic": topic, "held_on": held, "valid_until": until,
                "trainer": say("security.trainer"), "score": score,
            })  # fmt: skip
    return rows


def train_staff(firm: Firm) -> pd.DataFrame:
    """Show who has rights and a valid training, and who has rights without one.

    Parameters
    ----------
    firm
        What `build_firm` returned.

    Returns
    -------
    DataFrame
        One row per person and training: what `check_training` returned.
    """
    from crm_lib.protect import ROLES, check_training

    with firm.open() as store:
        staff, sessions = store.read("staff"), store.read("training")
    status = check_training(staff, sessions, as_of=firm.day.date())
    wide = status.pivot(index=["login", "role"], columns="topic", values="status").reset_index()
    wide["role"] = [ROLES[r].title for r in wide["role"]]
    show_step(wide, say("security.cap_training"))
    return status


def describe_training(status: pd.DataFrame) -> str:
    """Say how many people have rights without a valid training, and who.

    Parameters
    ----------
    status
        What `train_staff` returned.
    """
    from crm_lib.protect import list_overdue

    late = list_overdue(status)
    people = status["login"].nunique()
    if late.empty:
        return say("security.trained", n=people)
    named = "；".join(f"{r.login} 的{r.topic}{r.status}" for r in late.itertuples())
    return say("security.untrained", n=people, late=late["login"].nunique(), named=named)


def check_rules(firm: Firm, judged: pd.DataFrame, scanned: tuple[Scan, Scan]) -> pd.DataFrame:
    """Record what was checked today, and hold the database against every clause of the regulation.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    judged, scanned
        What `judge_network` and `scan_pins` returned; an example is no check of this firm, so it is not recorded.

    Returns
    -------
    DataFrame
        What `check_regulation` returned, one row per clause.
    """
    from crm_lib.protect import check_regulation, summarize_network
    from crm_lib.store import change_settings

    day = firm.day.date().isoformat()
    done: dict[str, object] = {"off_site_copied_on": firm.at(NEWEST, "00:00")[:10]}
    if not judged.attrs["example"]:
        done |= summarize_network(judged, as_of=day)
    if scanned[0].verdict != "not scanned":
        done |= scanned[0].to_settings(as_of=day)
    with firm.open() as store:
        change_settings(store, done, at=firm.at(0, "09:00"))
        clauses = check_regulation(store, as_of=day)
    _show_clauses(clauses)
    return clauses


def _show_clauses(clauses: pd.DataFrame) -> None:
    import pandas as pd

    bad = clauses["verdict"] == BROKEN
    counts = clauses.assign(bad=bad).groupby("part", sort=False)["bad"].agg(["size", "sum"])
    parts = pd.DataFrame({"rule_part": counts.index, "n_clauses": counts["size"].to_numpy()})
    parts["n_met"] = (counts["size"] - counts["sum"]).to_numpy()
    parts["n_broken"] = counts["sum"].to_numpy()
    show_step(parts, say("security.cap_parts"))
    if bad.any():
        shown = clauses.loc[bad, ["clause", "title", "kind", "required", "found"]]
        show_step(shown.rename(columns={"title": "clause_title"}), say("security.cap_broken"), most=40)


def describe_rules(clauses: pd.DataFrame) -> str:
    """Say how many clauses the database meets, and name some that it does not.

    Parameters
    ----------
    clauses
        What `check_rules` returned.
    """
    broken = clauses[clauses["verdict"] == BROKEN]
    if broken.empty:
        return say("security.rules_met", n=len(clauses))
    named = "、".join(f"{r.clause}“{r.title}”" for r in broken.head(3).itertuples())
    more = say("security.rules_more") if len(broken) > 3 else ""
    return say("security.rules_broken", n=len(clauses), bad=len(broken), named=named + more)


def write_regulation(firm: Firm, path: Path, *, audited: bool) -> tuple[Path, pd.DataFrame]:
    """Write 数据库管理制度.docx from the database as it stands at the end of the lesson.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    path
        File to write.
    audited
        The prices were audited today, which is recorded first.

    Returns
    -------
    tuple of Path and DataFrame
        The file, and what `check_regulation` says now.
    """
    from crm_lib.protect import make_regulation
    from crm_lib.store import change_settings

    day = firm.day.date()
    with firm.open() as store:
        if audited:
            change_settings(store, {"price_audited_on": day.isoformat()}, at=firm.at(0, "17:00"))
        found = make_regulation(store, path, as_of=day, firm=say("security.firm_name"))
    return path, found
