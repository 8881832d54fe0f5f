"""Keep cards in a file of JSON, and read them back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from crm_lib.errors import DataError, ReadError
from crm_lib.identify.cards import Card, Fact

_FORMAT, _VERSION = "customer cards", 1


def write_cards(path: str | Path, cards: Iterable[Card]) -> Path:
    """Write cards to a file from which `read_cards` makes the same cards again.

    Parameters
    ----------
    path
        File to write (JSON, UTF-8).  It holds contact data in full: keep it as safe as the registers.
    cards
        Cards, each person once; they are sorted by person_id.

    Returns
    -------
    Path
        The file.  The same cards give the same bytes.

    Raises
    ------
    DataError
        A person has two cards.
    ReadError
        The file cannot be written.
    """
    from crm_lib.readwrite.excel import write_file

    ordered = sorted(cards, key=lambda card: card.person_id)
    twice = [a.person_id for a, b in zip(ordered, ordered[1:], strict=False) if a.person_id == b.person_id]
    if twice:
        raise DataError(
            f"write_cards: each person must have one card; {len(twice):,} have more (first: {twice[0]}). "
            "Keep the youngest of each."
        )
    store = {"format": _FORMAT, "version": _VERSION, "cards": [asdict(card) for card in ordered]}
    text = json.dumps(store, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return write_file("write_cards", path, text.encode("utf-8", "surrogatepass"))


def read_cards(path: str | Path) -> list[Card]:
    """Read the cards that `write_cards` wrote.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    list of Card
        Sorted by person_id.

    Raises
    ------
    ReadError
        The file is missing, or holds something else.
    """
    try:
        store = json.loads(Path(path).read_bytes().decode("utf-8", "surrogatepass"))
        if store["format"] != _FORMAT or store["version"] != _VERSION:
            raise ValueError(f"version {store['version']} of {store['format']}")
        return [_read_card(raw) for raw in store["cards"]]
    except OSError as fault:
        raise _refuse(path, fault.strerror or str(fault)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise _refuse(path, f"{type(fault).__name__}: {fault}") from None


def _read_card(raw: dict[str, Any]) -> Card:
    lists = {name: tuple(_read_fact(f) for f in raw[name]) for name in ("facts", "history")}
    _check_types(raw, Card)
    return Card(**{**raw, **lists})


def _read_fact(raw: dict[str, Any]) -> Fact:
    _check_types(raw, Fact)
    return Fact(**raw)


def _check_types(raw: dict[str, Any], kind: type) -> None:
    needed = {"str": str, "int": int, "bool": bool}
    for one in fields(kind):
        expected = needed.get(str(one.type))
        if expected and not isinstance(raw[one.name], expected):
            raise TypeError(f"{one.name} is no {one.type}")


def _refuse(path: str | Path, why: str) -> ReadError:
    return ReadError(
        f"read_cards: the file must be one that write_cards wrote; {Path(path).name}: {why[:120]}. "
        "Make the cards again with make_cards."
    )
