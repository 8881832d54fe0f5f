"""Take rows into the customer database: a verdict for each, good ones once, all in one commit."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice
from crm_lib.store.cell_texts import pack_rows
from crm_lib.store.columnar import parse_moment
from crm_lib.store.fields import list_forms
from crm_lib.store.numbers import CustomerNumbers
from crm_lib.store.upload_check import Checked, check_rows
from crm_lib.store.upload_known import (
    fetch_investments,
    fetch_lines,
    fetch_people,
    fetch_seen,
    list_customers,
    mark_rows,
    next_serial,
)
from crm_lib.store.upload_lines import judge_investments, judge_lines
from crm_lib.store.upload_match import (
    CHANGE,
    CORRECT,
    FILL,
    FIRST,
    NEW,
    UPDATED,
    Judgement,
    judge_customers,
)
from crm_lib.store.upload_read import Received, read_upload
from crm_lib.store.verdicts import Upload, count_verdicts, make_verdicts
from crm_lib.store.versions import insert_customers, update_customers

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

KINDS = (FIRST, CHANGE, FILL, CORRECT)


def upload_rows(
    store: Store,
    source: Any,
    *,
    table: str = "customers",
    at: str | dt.datetime,
    kind: str | None = None,
    own: bool = True,
    columns: Mapping[str, str] | None = None,
    choices: Mapping[str, Sequence[str]] | None = None,
    defaults: Mapping[str, str] | None = None,
    numbers: CustomerNumbers | None = None,
) -> Upload:
    """Upload a filled template, or any table with known headers: every row gets one verdict.

    Parameters
    ----------
    store : Store
        The open database.
    source : path, DataFrame or Received
        What `read_upload` reads, or has read.
    table : {'customers', 'transactions', 'investments'}
        Where the rows belong.
    at : str or datetime
        When, local time; new versions hold from then, and no day in the rows may be later.
    kind : {'新客户', '易变动', '缺失数据', '更正'}, optional
        Of a customer upload: what it may do.  Without it, rows without a number are new customers,
        and rows with one fill blanks and change what is volatile (易变动).  缺失数据 fills blanks
        only, 更正 may change every column, also the name.
    own : bool
        The rows are our own records; False for other people's, which are kept apart.
    columns, choices, defaults
        As in `read_upload`.
    numbers : CustomerNumbers, optional
        The numbering rule.

    Returns
    -------
    Upload
        Verdicts in the order of the rows, the upload's number, counts and notes.

    Raises
    ------
    ReadError, SchemaError
        The file cannot be read, or lacks a column nothing can be judged without.
    StoreError
        The database refuses; then nothing of the upload is in it.

    Notes
    -----
    One transaction holds rows, raw records, verdicts and the log entry, so an upload that was
    cut off has left nothing, and may simply be repeated.  A row that was accepted before is known
    by the (keyed) hash of its words, a person by identity number, or name with phone or e-mail, a
    line by its number; so a repeated upload adds nothing.  A row is taken whole or sent back
    whole; an empty cell never deletes a value.  Whoever shares name and phone is one person:
    father and son of one name and one telephone would be taken for one, and need their identity
    numbers.
    """
    require_choice("upload_rows", "table", table, list_forms())
    require_choice("upload_rows", "kind", kind, (None, *KINDS) if table == "customers" else (None,))
    moment = parse_moment("upload_rows", "at", at)
    received = source
    if not isinstance(source, Received):
        received = read_upload(source, table=table, columns=columns, choices=choices, defaults=defaults)
    rule = numbers or CustomerNumbers()
    checked = check_rows(received, day=moment.date(), numbers=rule)
    contents = pack_rows(received.raw.drop(columns="source_row"))
    hashes = hash_contents(contents, store)
    with store.transaction("upload", at=moment) as entry:
        store.require_key("upload_rows")
        judged = _judge(store, received, checked, hashes, kind)
        writer = _Writer(store, received, moment, own, rule)
        return writer.write(checked, judged, contents, hashes, entry)


def hash_contents(contents: Sequence[str], store: Store) -> list[str]:
    """Return the hash of each row; with a key where the database has one, for rows hold telephone numbers."""
    if store.cipher is None:
        return [hashlib.sha256(text.encode("utf-8")).hexdigest() for text in contents]
    key = store.cipher.ring.derive("index:row")
    return [hmac.digest(key, text.encode("utf-8"), "sha256").hex() for text in contents]


def _judge(
    store: Store, received: Received, checked: Checked, hashes: list[str], kind: str | None
) -> list[Judgement | None]:
    table = received.form.table
    bad = {f.position for f in checked.faults}
    rows = mark_rows(store, received, checked, hashes)
    seen = fetch_seen(store, table)
    if table == "customers":
        return judge_customers(rows, fetch_people(store, received.form), bad=bad, seen=seen, kind=kind)
    customers = list_customers(store)
    if table == "transactions":
        known = fetch_lines(store, rows)
        return judge_lines(rows, known, customers=customers, bad=bad, seen=seen)
    return judge_investments(rows, fetch_investments(store, rows), customers=customers, bad=bad, seen=seen)


class _Writer:
    """Writes what was judged, inside the transaction of the upload."""

    def __init__(
        self, store: Store, received: Received, moment: dt.datetime, own: bool, rule: CustomerNumbers
    ) -> None:
        self.store, self.received, self.moment, self.rule = store, received, moment, rule
        self.source = "own" if own else "other"
        self.table = received.form.table

    def write(
        self,
        checked: Checked,
        judged: list[Judgement | None],
        contents: list[str],
        hashes: list[str],
        entry: Any,
    ) -> Upload:
        earlier = self._find_earlier()
        brings = any(j is not None and j.verdict in (NEW, UPDATED) for j in judged)
        known = earlier if earlier and not brings else None
        upload_id = known or self._next_id()
        added = self._write_rows(checked.values, judged, upload_id, entry)
        numbers = [added.get(i, j.customer_no if j else None) for i, j in enumerate(judged)]
        numbers = [
            numbers[j.twin] if j and j.twin is not None else no for j, no in zip(judged, numbers, strict=True)
        ]
        verdicts = make_verdicts(self.received, checked, judged, numbers)
        counts = count_verdicts(verdicts)
        if known is None:
            self._write_records(upload_id, verdicts, contents, hashes, counts)
        entry.note("uploads", 0, upload_id=upload_id, table=self.table, **counts)
        entry.note(repeated=known is not None)
        return Upload(verdicts, upload_id, **counts, notes=self.received.notes, received=self.received)

    def _find_earlier(self) -> str | None:
        found = self.store.query(
            "SELECT upload_id FROM uploads WHERE file_sha256 = ? AND table_name = ? ORDER BY upload_id DESC LIMIT 1",
            [self.received.file_sha256, self.table],
        )["upload_id"]
        return str(found[0]) if len(found) else None

    def _next_id(self) -> str:
        """Return the number of this upload; the writers' lock is held, so counting is safe."""
        return f"U{self.moment.year % 100:02d}{next_serial(self.store, f'upload{self.moment.year}'):05d}"

    def _write_rows(
        self, values: pd.DataFrame, judged: list[Judgement | None], upload_id: str, entry: Any
    ) -> dict[int, str]:
        """Write new and changed rows; return position → number of the new customers."""
        new = [i for i, j in enumerate(judged) if j is not None and j.verdict == NEW]
        if self.table != "customers":
            self._write_lines(values.iloc[new], upload_id, entry)
            return {}
        issued = {}
        if new:
            rows = values.iloc[new].drop(columns="customer_no").assign(source=self.source)
            frame = insert_customers(self.store, rows, at=self.moment, upload_id=upload_id, numbers=self.rule)
            issued = dict(zip(new, frame["customer_no"].tolist(), strict=True))
        self._write_changes(values, judged, upload_id)
        return issued

    def _write_changes(self, values: pd.DataFrame, judged: list[Judgement | None], upload_id: str) -> None:
        changed = {i: j for i, j in enumerate(judged) if j is not None and j.verdict == UPDATED}
        for kind in sorted({j.kind for j in changed.values()}):
            mine = [i for i, j in changed.items() if j.kind == kind]
            touched = {c for i in mine for c in changed[i].changes}
            names = ["customer_no", *(n for n in values.columns if n in touched)]
            update_customers(
                self.store, values.iloc[mine][names], kind=kind, at=self.moment, upload_id=upload_id
            )

    def _write_lines(self, rows: pd.DataFrame, upload_id: str, entry: Any) -> None:
        if not len(rows):
            return
        rows = rows.assign(upload_id=upload_id)
        if self.table == "investments":
            rows = rows.assign(investment_no=number_investments(self.store, len(rows), self.moment))
        self.store.insert(self.table, rows)
        entry.note(self.table, len(rows))

    def _write_records(
        self,
        upload_id: str,
        verdicts: pd.DataFrame,
        contents: Sequence[str],
        hashes: Sequence[str],
        counts: Mapping[str, int],
    ) -> None:
        """Write the upload, its verdicts, and the rows as they were received."""
        import pandas as pd

        received = self.received
        head = {
            "upload_id": upload_id, "table_name": self.table, "file_name": received.file_name or None,
            "file_sha256": received.file_sha256, "uploaded_at": self.moment, "uploaded_by": self.store.actor,
            "source": self.source, "n_rows": len(verdicts), **counts,
        }  # fmt: skip
        self.store.insert("uploads", pd.DataFrame({k: [v] for k, v in head.items()}))
        if not len(verdicts):
            return
        told = verdicts.rename(columns={"column": "column_name"}).assign(upload_id=upload_id)
        # object columns: each cell of an Arrow-backed one is made anew when it is read
        self.store.insert("verdicts", told.astype(object))
        raw = pd.DataFrame({
            "upload_id": upload_id, "source_row": verdicts["source_row"], "table_name": self.table,
            "content": list(contents), "row_sha256": list(hashes), "source": self.source,
        }, dtype=object)  # fmt: skip
        self.store.insert("raw_records", raw)


def number_investments(store: Store, n: int, moment: dt.datetime) -> list[str]:
    """Return `n` new numbers of investments."""
    first = next_serial(store, f"investment{moment.year}", n)
    return [f"T{moment.year % 100:02d}{i:07d}" for i in range(first, first + n)]
