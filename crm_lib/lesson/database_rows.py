"""Rows of the other tables under customer numbers: order lines, investments, findings of surveys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.database_store import Database


def take_transactions(lines: pd.DataFrame | None, record_numbers: pd.Series) -> pd.DataFrame:
    """Return the order lines under customer numbers, as the template of transactions wants them.

    Parameters
    ----------
    lines
        Cleaned order lines, or None.
    record_numbers
        record_id → customer_no.

    Returns
    -------
    DataFrame
        ``customer_no``, ``order_id``, ``line_no``, ``ordered_at``, ``sku``, ``quantity``, ``amount``,
        ``channel``; lines of unknown customers are in ``attrs["n_unknown"]``.
    """
    import pandas as pd

    columns = ["customer_no", "order_id", "line_no", "ordered_at", "sku", "quantity", "amount", "channel"]
    if lines is None or lines.empty:
        out = pd.DataFrame({c: pd.Series(dtype=object) for c in columns})
        out.attrs["n_unknown"] = 0
        return out
    number = lines["customer_id"].astype(str).map(record_numbers)
    known = lines.assign(customer_no=number)[number.notna()].copy()
    if "order_id" not in known:
        known["order_id"] = known["customer_no"] + pd.to_datetime(known["ordered_at"]).dt.strftime("-%Y%m%d")
    # a number of its own for each line of an order, whatever the source wrote
    known["line_no"] = known.groupby(["customer_no", "order_id"]).cumcount() + 1
    out = known[[c for c in columns if c in known]].reset_index(drop=True)
    out.attrs["n_unknown"] = int(number.isna().sum())
    return out


def take_investments(
    spent: pd.DataFrame | None, record_numbers: pd.Series, transactions: pd.DataFrame
) -> pd.DataFrame:
    """Return what the company spent on customers, with its purpose: winning before the first order, else keeping.

    Parameters
    ----------
    spent
        Cleaned investments, or None.
    record_numbers
        record_id → customer_no.
    transactions
        What `take_transactions` returned.

    Returns
    -------
    DataFrame
        ``customer_no``, ``occurred_at``, ``place``, ``form``, ``cost``, ``offer``, ``purpose``.
    """
    import pandas as pd

    columns = ["customer_no", "occurred_at", "place", "form", "cost", "offer", "purpose"]
    if spent is None or spent.empty:
        return pd.DataFrame({c: pd.Series(dtype=object) for c in columns})
    number = spent["customer_id"].astype(str).map(record_numbers)
    out = spent.assign(customer_no=number, occurred_at=pd.to_datetime(spent["occurred_on"]))[number.notna()]
    first = (
        pd.to_datetime(transactions["ordered_at"]).groupby(transactions["customer_no"]).min().dt.normalize()
    )
    bought = out["customer_no"].map(first)
    late = bought.notna() & (out["occurred_at"] >= bought)
    out["purpose"] = ["保持" if k else "争取" for k in late]
    return out[[c for c in columns if c in out]].reset_index(drop=True)


def take_findings(
    beside: Mapping[str, pd.DataFrame | None], record_numbers: pd.Series, day: str
) -> pd.DataFrame:
    """Return what surveys say of customers: own questionnaires, and the wallet, which is asked by others.

    Parameters
    ----------
    beside
        What `keep_known` returned.
    record_numbers
        record_id → customer_no.
    day
        ISO date, for findings without a day of their own.

    Returns
    -------
    DataFrame
        ``customer_no``, ``topic``, ``value``, ``source``, ``surveyed_on``, ``own``.
    """
    import pandas as pd

    parts = [
        pd.DataFrame({c: pd.Series(dtype=object) for c in ("customer_no", "topic", "value", "source", "own")})
    ]
    answers, wallet = beside.get("answers"), beside.get("wallet")
    if answers is not None and len(answers):
        for column, topic in (("overall", "attitude"), ("nps", "recommend")):
            if column in answers:
                parts.append(_take_answers(answers, column, say(f"database.topic_{topic}")))
    if wallet is not None and len(wallet):
        sums = wallet.groupby("customer_id")[["category_spend", "our_spend"]].sum().reset_index()
        rest = (sums["category_spend"] - sums["our_spend"]).round(2)
        told = [say("database.rivals_value", rest=f"{v:,.2f}") for v in rest]
        topic, source = say("database.topic_rivals"), say("database.source_wallet")
        parts.append(pd.DataFrame({
            "customer_id": sums["customer_id"], "topic": topic, "value": told, "source": source, "own": False,
        }))  # fmt: skip
    out = pd.concat([p for p in parts if len(p)] or parts, ignore_index=True)
    if "customer_id" in out:
        out["customer_no"] = out["customer_id"].astype(str).map(record_numbers)
    days = out["surveyed_on"] if "surveyed_on" in out else pd.Series(pd.NaT, index=out.index)
    out["surveyed_on"] = pd.to_datetime(days).fillna(pd.Timestamp(day))
    known = out[out["customer_no"].notna()]
    columns = ["customer_no", "topic", "value", "source", "surveyed_on", "own"]
    return known[columns].sort_values(["customer_no", "topic"], kind="stable", ignore_index=True)


def _take_answers(answers: pd.DataFrame, column: str, topic: str) -> pd.DataFrame:
    import pandas as pd

    known = answers.dropna(subset=["customer_id", column])
    told = pd.DataFrame({
        "customer_id": known["customer_id"], "topic": topic, "value": [f"{v:g}" for v in known[column]],
        "source": say("database.source_survey"), "own": True,
    })  # fmt: skip
    return told.assign(surveyed_on=known["answered_on"]) if "answered_on" in known else told


def fill_tables(
    database: Database,
    beside: Mapping[str, pd.DataFrame | None],
    archive: pd.DataFrame,
    uploads: Sequence[Any],
    records: pd.DataFrame,
) -> int:
    """Bring order lines, investments and findings into the database, under the numbers of their customers.

    Parameters
    ----------
    database
        What `open_database` returned.
    beside
        What `keep_known` returned.
    archive
        What was uploaded, in the order of the rows.
    uploads
        What `upload_rows` returned for these rows.
    records
        ``record_id`` and ``person_id``.

    Returns
    -------
    int
        Order lines of people who are in no register, or whose row was sent back.
    """
    from crm_lib.lesson.database_store import number_people, store_findings
    from crm_lib.store import upload_rows

    _, numbers = number_people(archive, uploads, records)
    lines = take_transactions(beside["orders"], numbers)
    costs = take_investments(beside["investments"], numbers, lines)
    for table, rows in (("transactions", lines), ("investments", costs)):
        if len(rows):
            upload_rows(database.store, rows, table=table, at=database.tick())
    store_findings(database, take_findings(beside, numbers, database.day))
    return int(lines.attrs["n_unknown"])
