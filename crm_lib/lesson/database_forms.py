"""Paper forms of the lesson's database: read it, make the sheets, show some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.database_store import Database
    from crm_lib.store.forms import Sheet


def gather_forms(
    database: Database, *, rows_per_page: int, reveal: bool, n_cards: int = 4, n_bags: int = 2
) -> Mapping[str, Sequence[Sheet]]:
    """Read the database and make its paper forms.

    Parameters
    ----------
    database
        What `open_database` returned.
    rows_per_page
        Rows of a page of the register.
    reveal
        Whether private values stand in full; who opened them is written to the log.
    n_cards, n_bags
        How many customers, those of the highest revenue, get a card and a bag.

    Returns
    -------
    mapping
        ``card``, ``register`` and ``bag`` → sheets.
    """
    from crm_lib.store.forms import PRIVATE, make_bag_sheets, make_card_sheets, make_register_sheets

    store = database.store
    shown = PRIVATE if reveal else ()
    sealed = [c for c in PRIVATE if c != "name"] if reveal else []
    customers = store.read("customers", reveal=sealed, at=database.tick() if reveal else None)
    roster = store.read("roster")
    top = roster.sort_values(["revenue", "customer_no"], ascending=[False, True], kind="stable")[
        "customer_no"
    ]
    files = {
        t: store.read(t) for t in ("transactions", "analysis_records", "investments", "grades", "consents")
    }
    mine = {n: customers[customers["customer_no"].isin(set(top.head(n)))] for n in (n_cards, n_bags)}
    return {
        "card": make_card_sheets(
            mine[n_cards], transactions=files["transactions"], grades=files["grades"], reveal=shown
        ),
        "register": make_register_sheets(roster, rows_per_page=rows_per_page, reveal=shown),
        "bag": make_bag_sheets(mine[n_bags], files, reveal=shown),
    }


def tabulate_card(sheet: Sheet) -> pd.DataFrame:
    """Return the facts of a card as a table: group, title, value.

    Parameters
    ----------
    sheet
        A card of `make_card_sheets`.
    """
    import pandas as pd

    facts = [(group, title, value) for group, pairs in sheet.groups for title, value in pairs]
    return pd.DataFrame(facts, columns=["group", "title", "value"])


def tabulate_page(sheet: Sheet) -> pd.DataFrame:
    """Return the rows of a page as a table under its own headers.

    Parameters
    ----------
    sheet
        A page of `make_register_sheets`, or a bag.
    """
    import pandas as pd

    rows = sheet.tables[0][1]
    return pd.DataFrame(list(rows[1:]), columns=list(rows[0]))
