"""The hand-ins of the lesson on maintenance and security, and what it exports beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.display import finding
from crm_lib.lesson.kernel import notebook_variables, output_folder
from crm_lib.lesson.security_prices import describe_prices, tabulate_effects
from crm_lib.lesson.security_rights import list_commands
from crm_lib.lesson.security_rules import BROKEN, write_regulation
from crm_lib.lesson.security_store import Firm
from crm_lib.lesson.security_tables import name_column, name_table, title_all, word

if TYPE_CHECKING:
    import pandas as pd

REGULATION = "数据库管理制度.docx"


def export_lesson(
    kit: Mapping[str, Any], firm: Firm, *, k_wanted: int, material: float
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Write the hand-ins into ``tables/`` beside the report, and return what is exported besides.

    Parameters
    ----------
    kit
        What the steps made: versions, due, restored, counts, rights, training, log, clauses, judged, consent,
        plan, gone, people, classes, coarser, audit, pairs.
    firm
        What `build_firm` returned.
    k_wanted, material
        Parameters of the lesson.

    Returns
    -------
    tuple of dict
        Tables, none of them with a name, a telephone number or an address, and the figures of the run.
    """
    folder = output_folder(str(notebook_variables().get("NOTEBOOK_ID", "lesson"))) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    audited = kit["audit"] is not None
    regulation, clauses = write_regulation(firm, folder / REGULATION, audited=audited)
    written = [
        regulation,
        write_rights(folder / "rights.xlsx", kit["rights"]),
        write_retention(folder / "retention_list.xlsx", kit["plan"]),
    ]
    if audited:
        written.append(write_prices(folder / "price_audit.xlsx", kit["audit"], kit["pairs"], material))
        broken = int((clauses["verdict"] == BROKEN).sum())
        finding(say("security.audited", bad=broken, n=len(clauses)))
    finding(say("security.written", files="、".join(p.name for p in written)))
    return _gather_tables(kit), _gather_figures(kit, firm, k_wanted, material)


def _title(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns=title_all(frame))


def spread_rights(rights: pd.DataFrame) -> pd.DataFrame:
    """Return the rights with one row per table and column, one column per role, in words.

    Parameters
    ----------
    rights
        What `list_rights` returned.
    """
    import pandas as pd

    from crm_lib.protect import ROLES

    wide = rights.pivot(index=["table", "column"], columns="role", values="right")
    wide = wide.reindex(pd.MultiIndex.from_frame(rights[["table", "column"]].drop_duplicates()))
    out = wide.reset_index()[["table", "column"]]
    for name, role in ROLES.items():
        out[role.title] = [word("right", v) for v in wide[name]]
    delete = say("security.delete_rows")
    out["column_name"] = [delete if c == "*" else name_column(c) for c in out["column"]]
    out["table"] = [name_table(t) for t in out["table"]]
    return out[["table", "column_name", *(r.title for r in ROLES.values())]]


def write_rights(path: Path, rights: pd.DataFrame) -> Path:
    """Write who may do what: the roles, every column of every table, and the commands for a server.

    Parameters
    ----------
    path
        File to write.
    rights
        What `list_rights` returned.
    """
    import pandas as pd

    from crm_lib.protect import ROLES
    from crm_lib.readwrite.excel import write_excel

    roles = pd.DataFrame([(r.title, r.duty, word("rows", r.rows)) for r in ROLES.values()])
    roles.columns = ["role", "duty", "rows"]
    return write_excel(path, {
        say("security.sheet_roles"): _title(roles),
        say("security.sheet_rights"): _title(spread_rights(rights)),
        say("security.sheet_commands"): _title(list_commands(shorten=False)),
    })  # fmt: skip


def write_retention(path: Path, plan: pd.DataFrame) -> Path:
    """Write for whom something had to go, why, what and until when; by number, nobody by name.

    Parameters
    ----------
    path
        File to write.
    plan
        What `check_people` returned.
    """
    from crm_lib.readwrite.excel import write_excel

    rows = word_plan(plan[plan["action"] != "keep"])
    sums = rows.groupby(["do", "reason"], sort=True).size().rename("n_people").reset_index()
    return write_excel(
        path, {say("security.sheet_list"): _title(rows), say("security.sheet_sums"): _title(sums)}
    )


def word_plan(plan: pd.DataFrame) -> pd.DataFrame:
    """Return the plan of keeping in words, in the order of the days.

    Parameters
    ----------
    plan
        What `check_people` returned.
    """
    rows = plan.sort_values(["due_on", "customer_no"], kind="stable", ignore_index=True)
    return rows[["customer_no"]].assign(
        do=[word("do", a) for a in rows["action"]],
        reason=[word("why", r.replace(" ", "_")) for r in rows["reason"]],
        goes=[
            "、".join(name_column(f) for f in t.split(";") if f) if a == "mask" else say(f"security.goes_{a}")
            for a, t in zip(rows["action"], rows["fields"], strict=True)
        ],
        due_on=rows["due_on"],
    )


def write_prices(path: Path, audit: Any, pairs: pd.DataFrame, material: float) -> Path:
    """Write the price audit: the verdicts, the coupons, every group that was compared, and what was not.

    Parameters
    ----------
    path
        File to write.
    audit, pairs
        What `judge_prices` returned.
    material
        Percentage points that count at least.
    """
    import pandas as pd

    from crm_lib.readwrite.excel import write_excel

    said = describe_prices(audit, pairs, material).replace("**", "")
    sentences = [s + "。" for s in said.split("。") if s]
    left = audit.left_out["reason"].value_counts().sort_index()
    gone = pd.DataFrame({"reason": [word("left", r) for r in left.index], "n_rows": left.to_numpy()})
    named = pairs.assign(channel=[word("channel", c) for c in pairs["channel"]])
    named = named.round({"price_known": 2, "price_new": 2})
    return write_excel(path, {
        say("security.sheet_said"): pd.DataFrame({say("security.sheet_said"): sentences}),
        say("security.sheet_effects"): _title(tabulate_effects(audit)),
        say("security.sheet_pairs"): _title(named),
        say("security.sheet_left"): _title(gone),
    })  # fmt: skip


def _gather_tables(kit: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    versions = kit["versions"]
    changed = ["、".join(name_column(c) for c in str(t).split(",") if c) for t in versions["changed"]]
    log = kit["log"].assign(action=[word("action", a) for a in kit["log"]["action"]])
    pairs = kit["pairs"].assign(channel=[word("channel", c) for c in kit["pairs"]["channel"]])
    judged = kit["judged"][["place", "found", "verdict", "advice"]]
    clauses = (
        kit["clauses"].drop(columns="setting").rename(columns={"part": "rule_part", "title": "clause_title"})
    )
    counts = kit["counts"].drop(columns="table").rename(columns={"title": "table"})
    training = kit["training"].drop(columns="name")
    tables = {
        "versions": versions.assign(changed=changed),
        "verification": kit["due"],
        "backups": counts,
        "restored": kit["restored"].tables.assign(
            equal=[
                say("security.equal" if e else "security.unequal") for e in kit["restored"].tables["equal"]
            ]
        ),
        "training": training.assign(role=[_name_role(r) for r in training["role"]]),
        "log": log,
        "clauses": clauses,
        "network": judged,
        "consent": kit["consent"],
        "plan": word_plan(kit["plan"]),
        "anonymity": kit["classes"],
        "pairs": pairs,
    }
    return {name: _title(frame) for name, frame in tables.items()}


def _name_role(role: str) -> str:
    from crm_lib.protect import ROLES

    return ROLES[role].title if role in ROLES else role


def _gather_figures(kit: Mapping[str, Any], firm: Firm, k_wanted: int, material: float) -> dict[str, Any]:
    plan, gone, people, audit = kit["plan"], kit["gone"], kit["people"], kit["audit"]
    clauses, tables = kit["clauses"], kit["restored"].tables
    return {
        "as_of": firm.day.date().isoformat(),
        "n_customers": len(firm.numbers),
        "n_versions": len(kit["versions"]),
        "n_tables_equal": int(tables["equal"].astype(bool).sum()),
        "n_tables": len(tables),
        "n_clauses": len(clauses),
        "n_clauses_broken": int((clauses["verdict"] == BROKEN).sum()),
        "n_network_faults": int((kit["judged"]["advice"] != "").sum()),
        "plan": {a: int((plan["action"] == a).sum()) for a in ("keep", "mask", "erase")},
        "n_cells_planned": gone.planned,
        "n_cells_gone": gone.emptied,
        "n_cells_other": gone.other,
        "k": people.k,
        "k_wanted": k_wanted,
        "share_unique": people.share_unique,
        "price_verdict": audit.verdict if audit is not None else "none",
        "price_effects": tabulate_effects(audit) if audit is not None else [],
        "material": material,
    }
