"""The rows as received that belong to a customer, also those that were sent back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from crm_lib.protect.normal import normalize_value
from crm_lib.store.sealing import open_frame
from crm_lib.store.tables import load_table, quote

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

# values that are one person's, by which a row that was sent back is known
TELLING = ("phone", "email", "identity_no")
_KEY = ["upload_id", "source_row"]
_PORTION = 500


def find_raw_rows(store: Store, numbers: Sequence[str], *, with_rejected: bool) -> pd.DataFrame:
    """Return the rows as received of these customers: key, table, customer, content as it came.

    Parameters
    ----------
    store : Store
        The database, inside a transaction.
    numbers : sequence of str
        ``customer_no`` of each.
    with_rejected : bool
        Also rows that became nobody's, when they hold a telephone, e-mail or identity number of
        these customers.

    Returns
    -------
    DataFrame
        ``upload_id``, ``source_row``, ``table_name``, ``customer_no`` (missing for rows sent back),
        ``content`` (text), ``row_sha256``, ``source``.
    """
    import pandas as pd

    raw = store.query(
        "SELECT r.upload_id, r.source_row, r.table_name, r.content, r.row_sha256, r.source, v.customer_no "
        "FROM raw_records r LEFT JOIN verdicts v ON v.upload_id = r.upload_id AND v.source_row = r.source_row "
        "ORDER BY r.upload_id, r.source_row"
    )
    mine = raw["customer_no"].isin(list(numbers))
    nobodys = raw["customer_no"].isna() & with_rejected
    found = raw[mine | nobodys].reset_index(drop=True)
    opened = open_frame(found, load_table("raw_records"), store.cipher)
    found["content"] = pd.Series(opened["content"].tolist(), index=found.index, dtype=object)
    told = _list_telling(store, numbers) if with_rejected else set()
    named = found["customer_no"].notna()
    keep = [
        is_named or bool(told & _read_values(text))
        for is_named, text in zip(named, found["content"], strict=True)
    ]
    return found[pd.Series(keep, index=found.index, dtype=bool)].reset_index(drop=True)


def _list_telling(store: Store, numbers: Sequence[str]) -> set[str]:
    """Return every telephone, e-mail and identity number these customers ever had, in one form each."""
    import pandas as pd

    contract, wanted = load_table("customers"), set(numbers)
    stored = store.dump("customers")
    opened = open_frame(stored[stored["customer_no"].isin(wanted)], contract, store.cipher)
    values = pd.concat([opened[c].dropna().map(lambda v, c=c: normalize_value(v, column=c)) for c in TELLING])
    return {v for v in values if len(v) >= 6}


def _read_values(text: str | None) -> set[str]:
    """Return the cells of a row in the forms that a telephone, an e-mail and an identity number have."""
    try:
        cells = json.loads(text or "{}").values()
    except ValueError:
        cells = [text]
    return {normalize_value(cell, column=c) for cell in cells for c in TELLING}


def drop_raw_rows(store: Store, raw: pd.DataFrame) -> list[tuple[str, str, int]]:
    """Delete rows as received and their verdicts; return table, deed and rows."""
    return [
        (table, "deleted", sum(_run_by_key(store, f"DELETE FROM {table} WHERE", raw)))
        for table in ("raw_records", "verdicts")
    ]


def _run_by_key(store: Store, statement: str, raw: pd.DataFrame) -> list[int]:
    """Run a statement for the keys of `raw`, upload by upload."""
    done = []
    for upload_id, part in raw.groupby("upload_id", sort=True):
        rows = [int(n) for n in part["source_row"]]
        for start in range(0, len(rows), _PORTION):
            chosen = rows[start : start + _PORTION]
            marks = ", ".join("?" * len(chosen))
            done.append(
                store.run(f"{statement} upload_id = ? AND source_row IN ({marks})", [upload_id, *chosen])
            )
    return done


def thin_raw_rows(store: Store, raw: pd.DataFrame, fields: Sequence[str]) -> list[tuple[str, str, int]]:
    """Take the cells of `fields`, and cells of no known column, out of customers' rows as received.

    The hash by which a repeated upload is known stays when it has a key; without one it is made
    anew, because what was taken out could be guessed from it.
    """
    raw = raw[raw["table_name"] == "customers"].reset_index(drop=True)
    thin = [_thin(text, tuple(fields)) for text in raw["content"]]
    changed = [new != old for new, old in zip(thin, raw["content"], strict=True)]
    rows = raw.assign(content=thin)[changed].reset_index(drop=True)
    if store.cipher is None:
        rows["row_sha256"] = [hashlib.sha256(t.encode("utf-8")).hexdigest() for t in rows["content"]]
    n_told = 0
    if len(rows):
        _run_by_key(store, "DELETE FROM raw_records WHERE", rows)
        store.insert("raw_records", rows[list(load_table("raw_records").names)])
        named = " OR ".join(f"{quote('column_name')} LIKE ?" for _ in fields)
        for upload_id, part in rows.groupby("upload_id", sort=True):
            places = ", ".join("?" * len(part))
            n_told += store.run(
                f"UPDATE verdicts SET message = NULL WHERE upload_id = ? AND source_row IN ({places}) "
                f"AND message IS NOT NULL AND ({named})",
                [upload_id, *(int(n) for n in part["source_row"]), *(f"%{f}%" for f in fields)],
            )
    return [("raw_records", "thinned", len(rows)), ("verdicts", "emptied", n_told)]


def _thin(text: str, fields: tuple[str, ...]) -> str:
    try:
        cells = json.loads(text)
    except ValueError:
        return "{}"
    kept = {h: v for h, v in cells.items() if _find_column(h) not in {*fields, ""}}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")) if len(kept) < len(cells) else text


@cache
def _find_column(header: str) -> str:
    """Return which column of the template a header of a file stands for; '' for none."""
    from crm_lib.schema import match_headers
    from crm_lib.store.fields import load_form

    found = match_headers([header], load_form("customers").contract, strict=False).mapping
    return next(iter(found), "")


def split_numbers(numbers: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the numbers in portions, each with its question marks."""
    parts = [list(numbers[i : i + _PORTION]) for i in range(0, len(numbers), _PORTION)]
    return [(f"({', '.join('?' * len(part))})", part) for part in parts]
