"""Customer data cards of the behaviour lesson: of deals on the registers, and of the classmate, kept up to date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.behaviour_data import Gathered, last_day
from crm_lib.lesson.behaviour_shop import name_measure, show_measure
from crm_lib.lesson.kernel import notebook_variables, output_folder

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify import Card, Shopping

MOST_CARDS = 3
_ON_CARD = (
    *("n_purchases", "spent", "usual_category", "usual_way", "usual_reason", "n_contacts", "usual_medium"),
    *("mean_satisfaction", "favourite_channel", "usual_language", "wallet_share"),
)


def make_lesson_cards(
    data: Mapping[str, Gathered], leads: pd.DataFrame, other: Shopping, day: str
) -> list[Card]:
    """Make the cards of the first deals that stand in the registers, and of the classmate.

    Parameters
    ----------
    data
        What `gather_data` returned.
    leads
        Prospects with their class.
    other
        The classmate's table.
    day
        ISO date of the cards.

    Returns
    -------
    list of Card
        The classmate's last.
    """
    from crm_lib.identify import make_cards, merge_records

    cards = []
    records = data["registers"].rows
    if records is not None and len(records) and "record_id" in records.columns:
        known = records.dropna(subset=["record_id"]).drop_duplicates("record_id")
        deals = leads[(leads["intent"] == "成交") & leads["customer_id"].isin(known["record_id"])]
        wanted = list(dict.fromkeys(deals.sort_values("lead_id")["customer_id"]))[:MOST_CARDS]
        chosen = known[known["record_id"].isin(wanted)].reset_index(drop=True)
        if len(chosen):
            # nobody is linked yet: each record counts as one person
            links = chosen[["record_id"]].assign(person_id=chosen["record_id"])
            merged = merge_records(chosen, links)
            cards += make_cards(merged, as_of=day, records=chosen, links=links)
    return [*cards, make_own_card(other)]


def make_own_card(shopping: Shopping) -> Card:
    """Make a person's card from the first half of the period, then bring it up to date with the rest.

    Parameters
    ----------
    shopping
        What `read_shopping` returned.

    Returns
    -------
    Card
        As of the end of the period; what changed since the middle stands in its history.
    """
    from crm_lib.identify import Card, Fact, update_card

    end = last_day(shopping)
    middle = find_middle(shopping)
    early = _take_aspects(_cut_after(shopping, middle))
    who = shopping.about["writer"] or say("behaviour.some_shop")
    facts = tuple(Fact(column, value, middle.isoformat()) for column, value in early.items() if value)
    card = Card(who, middle.isoformat(), facts=facts)
    late = _take_aspects(shopping)
    changes = {c: v for c, v in late.items() if v != early.get(c)}
    return replace(update_card(card, changes, as_of=end), previous=middle.isoformat()) if changes else card


def find_middle(shopping: Shopping) -> dt.date:
    """Return the day in the middle of the period.

    Parameters
    ----------
    shopping
        What `read_shopping` returned.
    """
    import pandas as pd

    end, start = last_day(shopping), shopping.about["start_on"]
    days = shopping.tables["purchases"]["bought_on"].dropna()
    first = start.date() if pd.notna(start) else days.min().date() if len(days) else end
    return min(first, end) + (end - min(first, end)) / 2


def _cut_after(shopping: Shopping, day: dt.date) -> Shopping:
    """Return the rows dated up to `day`; what has no date is not known yet, but languages are."""
    import pandas as pd

    tables = {}
    for name, frame in shopping.tables.items():
        column = next((c for c in ("bought_on", "occurred_on") if c in frame.columns), "")
        keep = frame[column] <= pd.Timestamp(day) if column else name == "languages"
        tables[name] = frame[keep] if column else frame if keep else frame.iloc[:0]
    return replace(shopping, tables=tables)


def _take_aspects(shopping: Shopping) -> dict[str, str]:
    from crm_lib.identify import summarize_my_aspects

    rows = summarize_my_aspects(shopping).set_index("measure")
    out = {}
    for name in _ON_CARD:
        row = rows.loc[name]
        shown = show_measure(row["text"] or row["value"], name, row["unit"])
        # a card has no titles for these columns but their own names
        out[name_measure(name)] = "" if shown == "—" or (row["n"] == 0 and name != "n_purchases") else shown
    return out


def write_lesson_cards(cards: list[Card], other: Shopping) -> str:
    """Write the cards beside the report, and say so.

    Parameters
    ----------
    cards
        What `make_lesson_cards` returned.
    other
        The classmate's table.

    Returns
    -------
    str
        A sentence.
    """
    from crm_lib.identify import list_changes, write_card_pages

    folder: Any = output_folder(str(notebook_variables().get("NOTEBOOK_ID", "lesson"))) / "pages"
    written = write_card_pages(folder, cards)
    text = say("behaviour.card_written", n=len(written), names="、".join(p.name for p in written))
    n = len(list_changes(cards[-1]))
    key = "card_updated" if n else "card_same"
    text += say(f"behaviour.{key}", writer=cards[-1].person_id, first=find_middle(other).isoformat(), n=n)
    return text + (say("behaviour.card_none") if len(cards) == 1 else "")
