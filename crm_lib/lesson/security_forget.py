"""What really goes when a plan of keeping is carried out: cells counted, files searched, an old backup restored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.security_store import ADMIN, Firm
from crm_lib.lesson.security_tables import name_table, show_step, word

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store import Store

# what the database writes itself, or says nothing of the person
_OWN = ("customer_no", "valid_from", "valid_to", "update_kind", "changed_by", "upload_id", "source")
_CLOCK = "15:00"


@dataclass(frozen=True)
class Forgotten:
    """What carrying out a plan did.

    `rows` has one row per table and deed; `planned` and `emptied` count cells of the customer file that the
    plan named and that are empty now, `other` those that changed besides; `n_names` names were searched in the
    file, `before` and `after` were found; `n_back` erased customers stood in a database restored from the old
    backup; `clean_on` is the day on which the last old backup goes.
    """

    rows: pd.DataFrame
    planned: int
    emptied: int
    other: int
    n_names: int
    before: int
    after: int
    n_back: int | None
    clean_on: Any


def forget_customers(firm: Firm, plan: pd.DataFrame, keep_months: int) -> Forgotten:
    """Carry out the plan, and prove that exactly what it names has gone, history and backups included.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    plan
        What `check_people` returned.
    keep_months
        As for `check_people`.

    Returns
    -------
    Forgotten
        What was found.
    """
    from crm_lib.protect import load_rules
    from crm_lib.store.retention import apply_retention

    erased = plan.loc[plan["action"] == "erase", "customer_no"].tolist()
    with firm.open() as store:
        cells, names = _read_cells(store), _list_names(store, erased)
    before = _count_in_file(firm, names)
    with firm.open() as store:
        done = apply_retention(
            store, plan, at=firm.at(0, _CLOCK), rules=load_rules(service_months=keep_months)
        )
        left = _read_cells(store)
    planned, emptied, other = _compare(cells, left, plan)
    shown = done.rows.assign(
        table=[name_table(t) for t in done.rows["table"]],
        done=[word("deed", d.replace(" ", "_")) for d in done.rows["deed"]],
    )
    show_step(shown[["table", "done", "n_rows"]], say("security.cap_forgotten"))
    back = _restore_old(firm, erased) if erased else None
    return Forgotten(
        done.rows,
        planned,
        emptied,
        other,
        len(names),
        before,
        _count_in_file(firm, names),
        back,
        done.backups_clean_on,
    )


def _read_cells(store: Store) -> pd.DataFrame:
    """Return every version of every customer, sealed cells as masks, by customer and begin."""
    from crm_lib.store import read_history

    return read_history(store).set_index(["customer_no", "valid_from"]).sort_index()


def _list_names(store: Store, erased: Sequence[str]) -> list[str]:
    """Return the names of those to be erased that are nobody else's, nor a part of anybody else's."""
    rows = store.query(
        "SELECT DISTINCT customer_no, name FROM customers WHERE name IS NOT NULL ORDER BY 1, 2"
    )
    gone = rows["customer_no"].isin(list(erased))
    others = "\n".join(rows.loc[~gone, "name"].tolist())
    return [n for n in dict.fromkeys(rows.loc[gone, "name"]) if n not in others]


def _count_in_file(firm: Firm, names: Sequence[str]) -> int:
    content = b"".join(p.read_bytes() for p in sorted(firm.folder.glob("customers.duckdb*")))
    return sum(n.encode() in content for n in names)


def _compare(before: pd.DataFrame, after: pd.DataFrame, plan: pd.DataFrame) -> tuple[int, int, int]:
    """Return the filled cells the plan names, those of them that are gone, and other cells that changed."""
    columns = [c for c in before.columns if c not in _OWN]
    actions = plan.set_index("customer_no")
    numbers = before.index.get_level_values("customer_no")
    erase = actions["action"].reindex(numbers).eq("erase").to_numpy()
    fields = actions["fields"].reindex(numbers).fillna("").tolist()
    old = before[columns]
    new = after.reindex(before.index)[columns]
    planned = emptied = other = 0
    for column in columns:
        named = erase | [column in f.split(";") for f in fields]
        filled = old[column].notna().to_numpy()
        gone = filled & new[column].isna().to_numpy()
        both = (old[column].isna() & new[column].isna()).to_numpy()
        same = both | (old[column].astype(str).to_numpy() == new[column].astype(str).to_numpy())
        planned += int((named & filled).sum())
        emptied += int((named & gone).sum())
        other += int((~named & ~same).sum())
    return planned, emptied, other


def _restore_old(firm: Firm, erased: Sequence[str]) -> int:
    """Restore the older backup beside the database with today's list of erasures; return who is back."""
    from crm_lib.store import restore

    target = firm.folder / "old.duckdb"
    with firm.open() as store:
        known = store.read("erasures")
    restore(
        firm.backups[0], target, cipher=firm.cipher(), at=firm.at(0, "16:00"), actor=ADMIN, erasures=known
    )
    with firm.open(database=target) as store:
        there = set(store.query("SELECT DISTINCT customer_no FROM customers")["customer_no"])
    return len(there & set(erased))


def describe_forgotten(gone: Forgotten) -> str:
    """Say whether exactly what the plan named has gone, and what becomes of the backups.

    Parameters
    ----------
    gone
        What `forget_customers` returned.
    """
    if not gone.planned:
        return say("security.forgot_none")
    exact = gone.planned == gone.emptied and not gone.other
    values = {"planned": f"{gone.planned:,}", "emptied": f"{gone.emptied:,}", "other": f"{gone.other:,}"}
    text = say("security.forgot" if exact else "security.forgot_wrong", **values)
    if gone.n_names:
        text += say("security.forgot_names", n=gone.n_names, before=gone.before, after=gone.after)
    if gone.n_back is not None:
        text += say("security.forgot_back" if gone.n_back else "security.forgot_gone", n=gone.n_back)
    return text + (say("security.forgot_clean", day=gone.clean_on) if gone.clean_on else "")
