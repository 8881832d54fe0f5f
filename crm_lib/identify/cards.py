"""Customer cards (客户数据卡片): what is known of a customer, since when, from where, and what it was before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, parse_day, require_columns
from crm_lib.errors import DataError
from crm_lib.identify._audit import as_text

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify.golden import Golden


@dataclass(frozen=True)
class Fact:
    """One field of a card: its value as text, from when to when it holds, where it comes from.

    ``valid_to`` is empty while it holds.  ``rule`` says why this value was taken
    (`merge_records`) or "update"; ``n_values`` counts the different values on record.
    """

    column: str
    value: str
    valid_from: str
    valid_to: str = ""
    record_id: str = ""
    channel: str = ""
    rule: str = ""
    n_values: int = 1
    valid: bool = True


@dataclass(frozen=True)
class Card:
    """The data card of one customer as of one day.

    ``facts`` hold now; ``history`` held once, the latest end last; ``previous`` is the
    day of the card before this one (empty for the first); ``activity`` sums up
    orders and contacts up to ``as_of``.
    """

    person_id: str
    as_of: str
    previous: str = ""
    registers: str = ""
    n_records: int = 0
    facts: tuple[Fact, ...] = ()
    history: tuple[Fact, ...] = ()
    activity: Mapping[str, Any] = field(default_factory=dict)

    def value(self, column: str) -> str:
        """Return the value of a field, empty when there is none."""
        return next((f.value for f in self.facts if f.column == column), "")


def make_cards(
    merged: Golden,
    *,
    as_of: Any,
    records: pd.DataFrame | None = None,
    links: pd.DataFrame | None = None,
    orders: pd.DataFrame | None = None,
    contacts: pd.DataFrame | None = None,
    persons: Collection[str] | None = None,
    previous: Iterable[Card] = (),
) -> list[Card]:
    """Make the card of each customer from the golden records, or bring the last cards up to date.

    Parameters
    ----------
    merged
        What `merge_records` returned.
    as_of
        Day of the cards; orders and contacts after it count nowhere.
    records
        The register records; with ``registered_on`` a fact holds since its record was made.
    links
        One row per record: ``record_id``, ``person_id``; leads from the ``customer_id`` of
        orders and contacts to the person.  Without it customer_id is the person_id.
    orders, contacts
        Order lines and contacts, cleaned.
    persons
        Only these; by default all.
    previous
        The last cards; their customers' cards keep the history, and customers without
        records any more keep their cards as they are.

    Returns
    -------
    list of Card
        Sorted by person_id.

    Raises
    ------
    DataError
        A wanted person has no golden record, or a last card is younger than as_of.
    SchemaError
        A column is missing.
    """
    from crm_lib.identify.cards_activity import sum_activity

    day = parse_day("make_cards", "as_of", as_of).isoformat()
    golden = merged.golden
    known = set(golden["person_id"])
    wanted = set(map(str, persons)) if persons is not None else known
    unknown = sorted(wanted - known)
    if unknown:
        raise DataError(
            f"make_cards: persons must have a golden record; {len(unknown):,} have none "
            f"({list_words(unknown, most=3)}). Merge their records first."
        )
    own = merged.lineage[merged.lineage["person_id"].isin(wanted)]
    facts = _list_facts(own, _find_registered(records), day)
    activity = sum_activity(orders, contacts, links, as_of=day, persons=wanted)
    last = {card.person_id: card for card in previous}
    about = golden[["person_id", "registers", "n_records"]].itertuples(index=False)
    rows = [row for row in about if row.person_id in wanted]
    cards = {p: card for p, card in last.items() if p not in known}
    for row in rows:
        new = Card(row.person_id, day, "", row.registers, int(row.n_records), facts.get(row.person_id, ()))
        card = _continue(last[row.person_id], new) if row.person_id in last else new
        cards[row.person_id] = replace(card, activity=activity.get(row.person_id, {}))
    return [cards[person] for person in sorted(cards)]


def update_card(
    card: Card, changes: Mapping[str, Any], *, as_of: Any, record_id: str = "", channel: str = ""
) -> Card:
    """Write changes into a card; what they replace goes into its history.

    Parameters
    ----------
    card
        The card so far.
    changes
        Column → new value; an empty or missing value ends the fact.
    as_of
        Day of the change, not before the card's.
    record_id, channel
        Where the new values come from.

    Returns
    -------
    Card
        The card as of that day.  The same changes on the same day change nothing more.

    Raises
    ------
    DataError
        The day lies before the card's.

    Examples
    --------
    >>> first = Card("P1", "2024-01-01", facts=(Fact("city", "武汉市", "2023-05-01"),))
    >>> moved = update_card(first, {"city": "杭州市"}, as_of="2024-03-01")
    >>> moved.value("city"), [(f.value, f.valid_from, f.valid_to) for f in moved.history]
    ('杭州市', [('武汉市', '2023-05-01', '2024-03-01')])
    >>> update_card(moved, {"city": "杭州市"}, as_of="2024-03-01") == moved
    True
    """
    day = parse_day("update_card", "as_of", as_of).isoformat()
    new = [
        Fact(str(c), _read(value), day, record_id=record_id, channel=channel, rule="update")
        for c, value in changes.items()
    ]
    return _write(card, {f.column: f for f in new}, day)


def list_changes(card: Card) -> list[tuple[str, str, str]]:
    """List what changed since the last card.

    Parameters
    ----------
    card
        The card.

    Returns
    -------
    list of tuple
        Column, value before, value now, for each field that changed; an empty value is none.
        Nothing for the first card.
    """
    if not card.previous:
        return []
    ended = {f.column: f.value for f in reversed(card.history) if f.valid_to == card.as_of}
    begun = {f.column: f.value for f in card.facts if f.valid_from == card.as_of}
    both = [*begun, *(c for c in ended if c not in begun)]
    pairs = [(c, ended.get(c, ""), begun.get(c, "")) for c in both]
    return [(c, before, now) for c, before, now in pairs if before != now]


def _read(value: Any) -> str:
    from crm_lib.identify.survivorship_forms import plain

    return as_text(value).strip() if plain(value) else ""


def _continue(last: Card, new: Card) -> Card:
    """Write the facts of a new card over the last one; a field nobody holds any more is ended."""
    gone = {f.column: replace(f, value="") for f in last.facts if not new.value(f.column)}
    since = {f.column: replace(f, valid_from=new.as_of) for f in new.facts}
    card = _write(last, {**since, **gone}, new.as_of)
    return replace(card, registers=new.registers, n_records=new.n_records)


def _write(card: Card, new: Mapping[str, Fact], day: str) -> Card:
    if day < card.as_of:
        raise DataError(
            f"update_card: as_of must not lie before the card's day; card {card.person_id} is of {card.as_of}, "
            f"got {day}. Apply changes in the order of their days."
        )
    facts, history = {f.column: f for f in card.facts}, list(card.history)
    for column, fact in new.items():
        old = facts.get(column)
        if old is not None and old.value == fact.value:
            # the same value, perhaps better founded now: it holds since when it held
            founded = fact.rule != "update"
            facts[column] = replace(fact, valid_from=old.valid_from) if founded else old
            continue
        if old is not None:
            history.append(replace(old, valid_to=day))
            del facts[column]
        if fact.value:
            facts[column] = replace(fact, valid_from=day, valid_to="")
    ordered = sorted(facts.values(), key=lambda f: _place(f.column))
    previous = card.as_of if day > card.as_of else card.previous
    history.sort(key=lambda f: (f.valid_to, f.valid_from, f.column))
    return replace(card, as_of=day, previous=previous, facts=tuple(ordered), history=tuple(history))


@cache
def _place(column: str) -> tuple[int, str]:
    """Return where a field stands on a card: in the order of the customers' contract, others after it by name."""
    from crm_lib.schema import load_schema

    names = load_schema("customers").names
    return (names.index(column) if column in names else len(names), column)


def _find_registered(records: pd.DataFrame | None) -> dict[str, str]:
    import pandas as pd

    if records is None or "registered_on" not in records.columns:
        return {}
    require_columns("make_cards", records.columns, ["record_id"])
    days = pd.to_datetime(records["registered_on"], errors="coerce")
    known = days.notna().to_numpy()
    ids = records["record_id"].astype(str)[known]
    return dict(zip(ids, days[known].dt.strftime("%Y-%m-%d"), strict=True))


def _list_facts(
    lineage: pd.DataFrame, registered: Mapping[str, str], day: str
) -> dict[str, tuple[Fact, ...]]:
    found: dict[str, list[Fact]] = {}
    for row in lineage.itertuples(index=False):
        since = min(registered.get(row.record_id, day), day)
        why = (row.record_id, row.channel, row.rule, int(row.n_values), bool(row.valid))
        found.setdefault(row.person_id, []).append(Fact(row.column, row.value, since, "", *why))
    return {p: tuple(sorted(facts, key=lambda f: _place(f.column))) for p, facts in found.items()}
