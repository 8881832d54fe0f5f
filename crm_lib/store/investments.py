"""公司投入记录: what was spent on a customer, when, where, in which form, to win or to keep them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from crm_lib._checks import list_words, parse_day
from crm_lib.errors import StoreError
from crm_lib.store.columnar import parse_moment
from crm_lib.store.upload import upload_rows
from crm_lib.store.upload_match import REJECTED
from crm_lib.store.verdicts import Upload

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

WIN, KEEP = "争取", "保持"


def record_investments(store: Store, frame: pd.DataFrame, *, at: str | dt.datetime) -> Upload:
    """Record investments in customers: all rows, or none when one of them is faulty.

    Parameters
    ----------
    store : Store
        The open database.
    frame : DataFrame
        One contact or gift a row: customer_no, occurred_at, form, cost (yuan) and, where known,
        place, offer, purpose (争取, 保持).
    at : str or datetime
        When they are recorded, local time.

    Returns
    -------
    Upload
        As `upload_rows` returns it; rows that are in the database already are 已有.

    Raises
    ------
    StoreError
        A row breaks a rule; the first three are named, and nothing is recorded.
    """
    moment = parse_moment("record_investments", "at", at)
    with store.transaction("record_investments", at=moment):
        done = upload_rows(store, frame, table="investments", at=moment)
        bad = done.verdicts[done.verdicts["verdict"] == REJECTED]
        if len(bad):
            named = [f"row {r.source_row}: {r.message}" for r in bad.head(3).itertuples(index=False)]
            raise StoreError(
                f"record_investments: every row must be sound; {len(bad):,} of {len(done.verdicts):,} are not "
                f"({list_words(named)}). Nothing was recorded; mend them, or use upload_rows."
            )
    return done


def summarize_investments(store: Store, *, as_of: str | dt.date) -> pd.DataFrame:
    """Sum up what was spent on each customer, to win them and to keep them.

    Parameters
    ----------
    store : Store
        The open database.
    as_of : str or date
        The last day that counts.

    Returns
    -------
    DataFrame
        One row per customer with investments, the dearest first: customer_no, n_investments, cost,
        cost_win (争取), cost_keep (保持), cost_other (no purpose given) in yuan, last_on.
    """
    day = parse_day("summarize_investments", "as_of", as_of)
    cost = "CAST(sum(CASE WHEN {when} THEN cost ELSE 0 END) AS DECIMAL(18, 4))"
    found = store.query(
        f"SELECT customer_no, count(*) AS n_investments, {cost.format(when='1 = 1')} AS cost,"
        f" {cost.format(when='purpose = ?')} AS cost_win, {cost.format(when='purpose = ?')} AS cost_keep,"
        f" {cost.format(when='purpose IS NULL')} AS cost_other, max(occurred_at) AS last_on"
        " FROM investments WHERE occurred_at <= ? GROUP BY customer_no",
        [WIN, KEEP, dt.datetime.combine(day, dt.time(23, 59, 59))],
    )
    found["last_on"] = found["last_on"].dt.normalize()
    return found.sort_values(["cost", "customer_no"], ascending=[False, True], ignore_index=True)
