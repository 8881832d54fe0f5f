"""Supervision in the lesson: who looked at what, a log somebody meddled with, and what stands in the file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.security_store import Firm
from crm_lib.lesson.security_tables import name_column, name_table, show_step, word

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store import Store

# actor, days before the last day, clock, and whom he looks at: a number of customers, or a province by its rank
_LOOKS = (
    ("service01", 2, "09:20", 5),
    ("service02", 2, "14:05", 3),
    ("sales01", 2, "18:00", "1"),
    ("service01", 1, "10:30", 8),
    ("sales01", 1, "22:40", "2"),
    ("service02", 0, "07:20", 4),
)
_OPENING, _CLOSING = 8, 18
_SEARCHED = ("phone", "email")
_MOST_SEARCHED = 60


def watch_staff(firm: Firm) -> pd.DataFrame:
    """Let some people look at customers in the clear, and show what the log says of it.

    Parameters
    ----------
    firm
        What `build_firm` returned.

    Returns
    -------
    DataFrame
        One row per operation: ``seq``, ``at``, ``hour``, ``actor``, ``action``, ``object``, ``n_rows``.
    """
    import pandas as pd

    with firm.open() as store:
        for actor, days, clock, whom in _LOOKS:
            store.actor = actor
            _reveal(store, whom, firm.at(days, clock))
        entries = store.audit()
    at = pd.to_datetime(entries["at"])
    log = entries[["seq", "actor", "action", "object", "n_rows"]].copy()
    log.insert(1, "at", at)
    log.insert(2, "hour", at.dt.hour.astype("int64"))
    seen = log[log["action"] == "reveal"]
    named = seen.assign(
        action=[word("action", a) for a in seen["action"]], object=[name_table(o) for o in seen["object"]]
    )
    show_step(named, say("security.cap_seen"))
    return log


def _reveal(store: Store, whom: int | str, at: str) -> int:
    """Open the telephone numbers of some customers, as a program at a workplace does; return how many."""
    rows = store.query(
        "SELECT customer_no, province, phone FROM customers WHERE valid_to IS NULL AND phone IS NOT NULL "
        "ORDER BY customer_no"
    )
    if isinstance(whom, str):
        counts = rows["province"].value_counts()
        order = sorted(counts.index, key=lambda p: (-counts[p], p))
        chosen = order[int(whom) - 1 : int(whom)]
        rows = rows[rows["province"].isin(chosen)]
    else:
        rows = rows.head(whom)
    with store.transaction("reveal", at=at) as entry:
        store.cipher.open(rows["phone"].tolist(), column="phone", owners=rows["customer_no"].tolist())
        entry.note("customers", len(rows), revealed=["phone"])
    return len(rows)


def describe_staff(firm: Firm, log: pd.DataFrame) -> str:
    """Say how often, by whom and when customers were looked at in the clear.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    log
        What `watch_staff` returned.
    """
    seen = log[log["action"] == "reveal"]
    if seen.empty:
        return say("security.seen_none")
    late = seen[(seen["hour"] < _OPENING) | (seen["hour"] >= _CLOSING)]
    text = say(
        "security.seen",
        n=len(log),
        people=seen["actor"].nunique(),
        times=len(seen),
        rows=f"{int(seen['n_rows'].sum()):,}",
        late=len(late),
    )
    top = seen.loc[seen["n_rows"].idxmax()]
    return text + say(
        "security.seen_most", actor=top["actor"], at=f"{top['at']:%m-%d %H:%M}", rows=int(top["n_rows"])
    )


def tamper_with_audit(firm: Firm) -> pd.DataFrame:
    """Meddle with copies of the log in four ways, and show which of them the chain gives away.

    Parameters
    ----------
    firm
        What `build_firm` returned.

    Returns
    -------
    DataFrame
        One row per trick: ``trick``, ``caught`` (faults in words, empty when nothing was found), ``where``
        (number of the entry); ``attrs["whole"]`` is the number of faults of the log as it is.
    """
    import pandas as pd

    from crm_lib.protect import anchor, verify_chain

    with firm.open() as store:
        entries = store.audit()
    head, middle = anchor(entries), len(entries) // 2
    swapped = entries.copy()
    swapped.iloc[[middle, middle + 1]] = entries.iloc[[middle + 1, middle]].to_numpy()
    tricks = {
        "changed": _change_file(firm),
        "missing": entries.drop(index=entries.index[middle]),
        "reordered": swapped,
        "truncated": entries.iloc[:-1],
    }
    rows = []
    for trick, log in tricks.items():
        found = verify_chain(log, head=head if trick == "truncated" else None)
        faults = "、".join(dict.fromkeys(word("fault", f) for f in found["fault"]))
        rows.append((word("trick", trick), faults, "、".join(map(str, found["seq"].unique()))))
    out = pd.DataFrame(rows, columns=["trick", "caught", "where"])
    out.attrs = {"whole": len(verify_chain(entries, head=head))}
    show_step(
        out.assign(caught=[c or say("security.nothing_found") for c in out["caught"]]),
        say("security.cap_tampering"),
    )
    return out


def _change_file(firm: Firm) -> pd.DataFrame:
    """Return the log of a copy of the database in which the largest look was made a small one, past the library."""
    import duckdb

    path = firm.folder / "meddled.duckdb"
    shutil.copyfile(firm.database, path)
    with duckdb.connect(str(path)) as link:
        most = link.execute("SELECT max(n_rows) FROM audit WHERE action = 'reveal'").fetchone()
        link.execute("UPDATE audit SET n_rows = n_rows + 1 WHERE action = 'reveal' AND n_rows = ?", most)
        return link.execute("SELECT * FROM audit ORDER BY seq").df()


def describe_tampering(tricks: pd.DataFrame) -> str:
    """Say how many of the tricks were found out.

    Parameters
    ----------
    tricks
        What `tamper_with_audit` returned.
    """
    whole = tricks.attrs["whole"]
    text = say("security.tampering_whole") if not whole else say("security.tampering_broken", n=whole)
    found = int((tricks["caught"] != "").sum())
    text += say("security.tampering", n=len(tricks), found=found)
    return text + (say("security.tampering_head") if tricks["caught"].iloc[-1] else "")


@dataclass(frozen=True)
class Inside:
    """What a search through the bytes of files found.

    `places` has one row per place: ``place``, ``n_looked``, ``n_hit``; `cell` is the length of a telephone
    number and of its sealed form, None when there is none.
    """

    places: pd.DataFrame
    n_people: int
    cell: tuple[int, int] | None


def look_inside(firm: Firm) -> Inside:
    """Search the files for telephone numbers and e-mails, and an unsealed database of the same for control.

    Parameters
    ----------
    firm
        What `build_firm` returned.

    Returns
    -------
    Inside
        What was found where.
    """
    import pandas as pd

    with firm.open() as store:
        rows = store.query(
            "SELECT customer_no, phone, email FROM customers WHERE valid_to IS NULL ORDER BY customer_no"
        ).head(_MOST_SEARCHED)
        owners = rows["customer_no"].tolist()
        plain = {c: store.cipher.open(rows[c].tolist(), column=c, owners=owners) for c in _SEARCHED}
    lengths = [(len(t), len(b)) for t, b in zip(plain["phone"], rows["phone"], strict=True) if t]
    needles = sorted({v for values in plain.values() for v in values if v})
    files = {
        "database": sorted(firm.folder.glob("customers.duckdb*")),
        "backup": sorted((firm.folder / "backups").glob("*.crmbackup")),
        "control": [_write_plain(firm, plain)],
    }
    found = [(word("place", k), len(needles), _count_hits(needles, paths)) for k, paths in files.items()]
    places = pd.DataFrame(found, columns=["place", "n_looked", "n_hit"])
    show_step(places, say("security.cap_inside"))
    return Inside(places, len(rows), lengths[0] if lengths else None)


def _write_plain(firm: Firm, plain: Mapping[str, Sequence[str | None]]) -> Path:
    import duckdb

    path = firm.folder / "plain.duckdb"
    with duckdb.connect(str(path)) as link:
        link.execute("CREATE TABLE customers (phone VARCHAR, email VARCHAR)")
        link.executemany(
            "INSERT INTO customers VALUES (?, ?)", list(zip(*plain.values(), strict=True)) or [(None, None)]
        )
    return path


def _count_hits(needles: Sequence[str], paths: Sequence[Path]) -> int:
    """Count the needles that stand in a file, also as UTF-16; they are ASCII, so its readable runs are enough."""
    runs = []
    for content in (path.read_bytes() for path in paths):
        runs += re.findall(rb"[!-~]{6,}", content)
        runs += [run.replace(b"\0", b"") for run in re.findall(rb"(?:[!-~]\x00){6,}", content)]
    text = b"\n".join(runs)
    return sum(needle.encode() in text for needle in needles)


def describe_seal(inside: Inside) -> str:
    """Say whether any telephone number or e-mail stands readable in database or backup.

    Parameters
    ----------
    inside
        What `look_inside` returned.
    """
    hits, total = inside.places["n_hit"].tolist(), int(inside.places["n_looked"].max())
    if not total:
        return say("security.seal_none")
    found = sum(hits[:-1])
    kinds = "、".join(name_column(c) for c in _SEARCHED)
    text = say(
        "security.seal_found" if found else "security.seal",
        n=inside.n_people,
        kinds=kinds,
        total=total,
        found=found,
    )
    text += say("security.seal_control", found=hits[-1])
    if inside.cell:
        text += say("security.seal_cell", n=inside.cell[0], m=inside.cell[1])
    return text + say("security.seal_names")
