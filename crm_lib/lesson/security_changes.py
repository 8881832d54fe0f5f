"""Update in the lesson on maintenance and security: four kinds of change, each with its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.security_backup import make_backup
from crm_lib.lesson.security_consent import add_consents
from crm_lib.lesson.security_data import FIELDS, VOLATILE
from crm_lib.lesson.security_store import (
    CHANGED,
    FILLED,
    FIRST_NEW,
    LAST_NEW,
    MOMENT,
    OLDER,
    Firm,
    add_lines,
    add_people,
)
from crm_lib.lesson.security_tables import join_counts, name_column, show_step

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store import Store

_NOT_FILLED = ("name", "channel", "registered_on", "birth_date")
_SHOWN = ("valid_from", "valid_to", "update_kind", "phone", "email", "address", "city", "occupation")


def change_customers(firm: Firm) -> tuple[pd.DataFrame, pd.Timestamp]:
    """Do the four kinds of update, and show what was done and the history of one customer.

    Parameters
    ----------
    firm
        What `build_firm` returned.

    Returns
    -------
    tuple of DataFrame and Timestamp
        One row per version of a customer: ``customer_no``, ``valid_from``, ``valid_to``, ``update_kind``,
        ``changed`` (titles of the changed columns); and a moment between the changes.  ``attrs["lines"]`` is
        the number of order lines added.
    """
    import pandas as pd

    from crm_lib.store import read_history

    columns: dict[tuple[str, Any], str] = {}
    with firm.open() as store:
        columns |= _change(firm, store, "易变动", firm.at(CHANGED, "14:00"))
        n_lines = _arrive(firm, store, FIRST_NEW)
        columns |= _change(firm, store, "缺失数据", firm.at(FILLED, "11:00"))
    firm.backups.append(make_backup(firm, OLDER))
    with firm.open() as store:
        n_lines += _arrive(firm, store, LAST_NEW)
        add_consents(firm, store)
        history = read_history(store)
    changed = [
        columns.get((n, t), "") for n, t in zip(history["customer_no"], history["valid_from"], strict=True)
    ]
    versions = history[["customer_no", "valid_from", "valid_to", "update_kind"]].assign(changed=changed)
    versions.attrs = {"lines": n_lines}
    show_step(_count_kinds(versions), say("security.cap_kinds"))
    _show_one(history)
    return versions, pd.Timestamp(firm.at(MOMENT, "12:00"))


def _arrive(firm: Firm, store: Store, days: int) -> int:
    """Take in who registered until then, and the orders until then; return the lines added."""
    import pandas as pd

    people = firm.data.people
    new = ~people["person"].isin(firm.numbers)
    new &= people["registered_on"] <= firm.day - pd.Timedelta(days=days)
    add_people(firm, store, people[new], at=firm.at(days, "10:00"))
    return add_lines(firm, store, at=firm.at(days, "18:00"))


def _change(firm: Firm, store: Store, kind: str, at: str) -> dict[tuple[str, Any], str]:
    """Write what later registrations say otherwise (易变动) or besides (缺失数据); return what changed."""
    import pandas as pd

    from crm_lib.store import update_customers

    later = firm.data.later
    later = later[later["registered_on"] <= pd.Timestamp(at)].drop_duplicates("person", keep="last")
    later = later.assign(customer_no=[firm.numbers.get(p) for p in later["person"]])
    later = later[later["customer_no"].notna()]
    people = firm.data.people.set_index("person")[list(FIELDS)]
    old = people.loc[later["person"]].reset_index(drop=True)
    new = later.reset_index(drop=True)
    volatile = kind == "易变动"
    names = VOLATILE if volatile else [c for c in FIELDS if c not in _NOT_FILLED]
    frame = pd.DataFrame({"customer_no": new["customer_no"].astype(object)})
    for name in names:
        wanted = (old[name].notna() if volatile else old[name].isna()) & new[name].notna()
        wanted &= ~_is_same(name, old[name], new[name]) if volatile else True
        frame[name] = new[name].astype(object).where(wanted, None)
    frame = frame[frame[list(names)].notna().any(axis=1)].reset_index(drop=True)
    if not len(frame):
        return {}
    with store.transaction("update", at=at):
        done = update_customers(store, frame, kind=kind, at=at)
    if volatile:
        firm.changed |= set(done.loc[done["changed"], "customer_no"])
    when = pd.Timestamp(at)
    return {(r.customer_no, when): r.columns for r in done[done["changed"]].itertuples()}


def _is_same(name: str, old: pd.Series, new: pd.Series) -> pd.Series:
    """Tell which values mean the same: written otherwise, or one a part of the other, is no change."""
    import pandas as pd

    from crm_lib.protect import normalize_value

    def plain(value: Any) -> str:
        text = "" if pd.isna(value) else normalize_value(value, column=name)
        return "".join(c for c in text if c.isalnum())

    pairs = [(plain(a), plain(b)) for a, b in zip(old, new, strict=True)]
    return pd.Series([a in b or b in a for a, b in pairs], index=old.index)


def _count_kinds(versions: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for kind in ("新客户", "易变动", "易新增", "缺失数据"):
        later = versions["valid_from"] > versions["valid_from"].min()
        mine = versions[(versions["update_kind"] == kind) & later]
        count = count_changes(mine)
        n = versions.attrs["lines"] if kind == "易新增" else len(mine)
        unit = say("security.unit_lines" if kind == "易新增" else "security.unit_versions")
        rows.append((
            kind,
            n,
            unit,
            say(f"security.kind_{kind}"),
            join_counts(count, unit=say("security.unit_places")) if count else "—",
        ))
    return pd.DataFrame(rows, columns=["update_kind", "n_done", "unit", "how", "changed"])


def count_changes(versions: pd.DataFrame) -> dict[str, int]:
    """Return how often each column was changed: title → number, most frequent first.

    Parameters
    ----------
    versions
        Rows of what `change_customers` returned.
    """
    found: dict[str, int] = {}
    for names in versions["changed"]:
        for name in filter(None, str(names).split(",")):
            found[name_column(name)] = found.get(name_column(name), 0) + 1
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _show_one(history: pd.DataFrame) -> None:
    """Show the customer with most versions, masked."""
    sizes = history.groupby("customer_no").size()
    if sizes.empty or sizes.max() < 2:
        return
    number = sizes[sizes == sizes.max()].index[0]
    mine = history[history["customer_no"] == number][list(_SHOWN)]
    show_step(mine, say("security.cap_history", number=number))


def describe_changes(firm: Firm, versions: pd.DataFrame, moment: pd.Timestamp) -> str:
    """Say how much was changed of each kind, how many versions there are, and what the moment is.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    versions, moment
        What `change_customers` returned.
    """
    kinds = versions["update_kind"].value_counts()
    begin = versions["valid_from"].min()
    new = versions[(versions["update_kind"] == "新客户") & (versions["valid_from"] > begin)]
    text = say(
        "security.changes",
        new=len(new),
        volatile=int(kinds.get("易变动", 0)),
        lines=f"{versions.attrs['lines']:,}",
        filled=int(kinds.get("缺失数据", 0)),
    )
    top = count_changes(versions[versions["update_kind"] == "易变动"])
    if top:
        name, n = next(iter(top.items()))
        text += say("security.changes_most", name=name, n=n)
    n_customers = versions["customer_no"].nunique()
    old = int(versions["valid_to"].notna().sum())
    text += say("security.versions", n=n_customers, rows=f"{len(versions):,}", old=f"{old:,}")
    return text + say("security.moment", moment=moment.strftime("%Y-%m-%d %H:%M"))
