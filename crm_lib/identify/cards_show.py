"""A card in words: what its page and its document both show, contact data in part."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from crm_lib._checks import require_choice
from crm_lib.catalogue import column_title, say
from crm_lib.identify.cards import Card, Fact, list_changes
from crm_lib.identify.cards_mask import MASKED, mask_value

_FLAGS = {"True": "是", "False": "否"}
_MEASURED = ("height_cm", "monthly_income")
_CHANNELS = ("store", "web", "call_center")


@dataclass(frozen=True)
class ShownFact:
    """One fact in words."""

    title: str
    value: str
    source: str
    why: str
    since: str
    until: str = ""
    warning: str = ""


@dataclass(frozen=True)
class ShownCard:
    """A card in words; ``changes`` are (title, before, now), empty with ``no_changes`` saying why."""

    subject: str
    about: tuple[tuple[str, str], ...]
    facts: tuple[ShownFact, ...]
    activity: tuple[tuple[str, str], ...]
    changes: tuple[tuple[str, str, str], ...]
    no_changes: str
    history: tuple[ShownFact, ...]
    privacy: tuple[str, ...]


def show_card(card: Card, *, show: Collection[str] = ()) -> ShownCard:
    """Put a card into words.

    Parameters
    ----------
    card
        The card.
    show
        Of telephone, e-mail, address and birthday, those to show in full.
    """
    for name in show:
        require_choice("show_card", "show", name, MASKED)
    name = card.value("name")
    number = say("cards.subject", person_id=card.person_id)
    changes = tuple(
        (title_field(c), _words(c, before, show), _words(c, now, show))
        for c, before, now in list_changes(card)
    )
    return ShownCard(
        subject=f"{name}（{number}）" if name else number,
        about=_list_about(card),
        facts=tuple(_show_fact(f, show) for f in card.facts),
        activity=tuple(_list_activity(card)),
        changes=changes,
        no_changes=say("cards.no_changes" if card.previous else "cards.no_previous"),
        history=tuple(_show_fact(f, show) for f in reversed(card.history)),
        privacy=tuple(_list_privacy(card, show)),
    )


@cache
def title_field(column: str) -> str:
    """Return the Chinese title of a field.

    Parameters
    ----------
    column
        Column of the customers' contract, or any other.
    """
    from crm_lib.schema import load_schema

    known = {c.name: c.title for c in load_schema("customers").columns}
    return known.get(column) or column_title(column)


def show_register(channel: str) -> str:
    """Return the Chinese name of a register, or what it is called in the data.

    Parameters
    ----------
    channel
        Its code; several are joined by "+".
    """
    return "、".join(say(f"cards.{c}") if c in _CHANNELS else c for c in channel.split("+") if c)


def _words(column: str, value: str, show: Collection[str]) -> str:
    if not value:
        return say("cards.nothing")
    shown = value if column in show else mask_value(column, value)
    return say(f"cards.{column}", value=shown) if column in _MEASURED else _FLAGS.get(shown, shown)


def _show_fact(fact: Fact, show: Collection[str]) -> ShownFact:
    source = say("cards.record", channel=show_register(fact.channel), record_id=fact.record_id).strip()
    # days of several registrations differ by their nature
    disputed = fact.n_values > 1 and fact.rule not in {"earliest", "follows"}
    warnings = [say("cards.other_values", n=fact.n_values - 1)] if disputed else []
    warnings += [] if fact.valid else [say("cards.impossible")]
    return ShownFact(
        title=title_field(fact.column),
        value=_words(fact.column, fact.value, show),
        source=source,
        why=say(f"golden_rules.{fact.rule}") if fact.rule else "",
        since=fact.valid_from,
        until=fact.valid_to,
        warning="；".join(warnings),
    )


def _list_about(card: Card) -> tuple[tuple[str, str], ...]:
    about = [
        (say("cards.as_of"), card.as_of),
        (say("cards.previous"), card.previous or say("cards.first_card")),
    ]
    about += [(say("cards.registers"), show_register(card.registers))] if card.registers else []
    n = card.n_records
    return (*about, (say("cards.n_records"), say("cards.n_records_value", n=n))) if n else tuple(about)


def _list_activity(card: Card) -> Iterable[tuple[str, str]]:
    known = dict(card.activity)
    medium = known.get("last_medium")
    forms = {
        "n_orders": lambda v: say("cards.n_orders_value", n=v),
        "revenue": lambda v: say("cards.revenue_value", amount=v),
        "n_contacts": lambda v: say("cards.n_contacts_value", n=v),
        "last_contact": lambda v: f"{v}（{medium}）" if medium else v,
    }
    for name in (
        "n_orders",
        "revenue",
        "first_order",
        "last_order",
        "n_contacts",
        "last_contact",
        "last_touch",
    ):
        if known.get(name) not in (None, ""):
            yield say(f"cards.{name}"), forms.get(name, str)(known[name])


def _list_privacy(card: Card, show: Collection[str]) -> Iterable[str]:
    present = {f.column for f in (*card.facts, *card.history)}
    yield say("cards.private")
    for key, names in (("masked", set(MASKED) - set(show)), ("shown", set(show))):
        listed = [title_field(c) for c in MASKED if c in names & present]
        if listed:
            yield say(f"cards.{key}", names="、".join(listed))


def name_card_files(persons: Sequence[str]) -> list[str]:
    """Return a file name without suffix per person: safe on every system, all different.

    Parameters
    ----------
    persons
        Numbers of the persons, each once.

    Examples
    --------
    >>> name_card_files(["P0001", "张三"])
    ['card_P0001', 'card_张三']
    """
    cleaned = [_clean(p) for p in persons]
    counts = Counter(stem.casefold() for stem in cleaned)
    return [
        f"card_{stem}"
        if stem == person and counts[stem.casefold()] == 1
        else f"card_{stem}-{_digest(person)}"
        for stem, person in zip(cleaned, persons, strict=True)
    ]


def _clean(person: str) -> str:
    plain = unicodedata.normalize("NFC", person)
    return re.sub(r"[^\w-]", "_", plain)[:40]


def _digest(person: str) -> str:
    return hashlib.sha256(person.encode("utf-8", "surrogatepass")).hexdigest()[:10]
