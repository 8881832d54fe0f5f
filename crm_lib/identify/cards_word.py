"""Write cards as Word documents, one per customer, quickly: one document is set, the others are filled in."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

from crm_lib.catalogue import say
from crm_lib.identify.cards import Card
from crm_lib.identify.cards_show import ShownCard, name_card_files, show_card

_BODY = "word/document.xml"
_TITLE, _ABOUT, _PRIVACY = "slot-title", "slot-about", "slot-privacy"
_SECTIONS = ("changes", "activity", "facts", "history")
_HEADS = {
    "changes": ("fact", "before", "after"),
    "activity": ("fact", "value"),
    "facts": ("fact", "value", "source", "why", "since"),
    "history": ("fact", "value", "since", "until", "source"),
}
_NOTHING = "slot-no-changes"


def write_card_documents(
    folder: str | Path, cards: Iterable[Card], *, show: Collection[str] = ()
) -> list[Path]:
    """Write one Word document per card: ``card_<person_id>.docx``.

    Parameters
    ----------
    folder
        Folder to write to.
    cards
        Cards, each person once.
    show
        Of "phone", "email", "address" and "birth_date", those to show in full; the others are masked.

    Returns
    -------
    list of Path
        The documents, in the order of the cards.

    Raises
    ------
    ParameterError
        `show` names another field.
    ReadError
        The folder cannot be written.

    Notes
    -----
    Setting a document takes far longer than filling one in, so `write_word` sets one for each
    set of sections that occurs (at most eight), with one marked row per table, and the cards
    are filled in.  The same card gives the same bytes.
    """
    from crm_lib.readwrite.excel import write_file

    given = list(cards)
    stems = name_card_files([card.person_id for card in given])
    return [
        write_file("write_card_documents", Path(folder) / f"{stem}.docx", _fill(show_card(card, show=show)))
        for stem, card in zip(stems, given, strict=True)
    ]


def _list_rows(card: ShownCard) -> dict[str, list[tuple[str, ...]]]:
    def tell(warning: str) -> str:
        return f"（{warning}）" if warning else ""

    facts = [(f.title, f.value + tell(f.warning), f.source, f.why, f.since) for f in card.facts]
    history = [(f.title, f.value, f.since, f.until, f.source) for f in card.history]
    return {
        "changes": list(card.changes),
        "activity": list(card.activity),
        "facts": facts,
        "history": history,
    }


def _fill(card: ShownCard) -> bytes:
    from crm_lib.readwrite.cells import clean_text

    rows = _list_rows(card)
    frame = _set_frame(tuple(name for name in _SECTIONS if rows[name]))
    about = "；".join(f"{title}：{value}" for title, value in card.about)
    slots = {_TITLE: card.subject, _ABOUT: about, _NOTHING: card.no_changes, _PRIVACY: "".join(card.privacy)}

    def put(found: re.Match[str]) -> str:
        if found[0] in slots:
            return escape(clean_text(slots[found[0]]))
        name, pieces = frame.rows[found[0]]
        texts = [[escape(clean_text(text)) for text in row] for row in rows[name]]
        return "".join(
            "".join(p + t for p, t in zip(pieces, row, strict=False)) + pieces[-1] for row in texts
        )

    # at one go: no text of a card is taken for a slot
    return _pack({**frame.parts, _BODY: frame.pattern.sub(put, frame.body).encode("utf-8")})


@dataclass(frozen=True)
class _Frame:
    """A document to fill in: its parts, its body, and the marked rows of its tables with their pieces."""

    parts: dict[str, bytes]
    body: str
    rows: dict[str, tuple[str, list[str]]]
    pattern: re.Pattern[str]


def _find_row(body: str, name: str) -> tuple[str, list[str]]:
    """Return the marked row of a table, and what stands before, between and behind its cells' texts."""
    at = body.index(_mark(name, 0))
    row = body[body.rindex("<w:tr>", 0, at) : body.index("</w:tr>", at) + len("</w:tr>")]
    return row, re.split("|".join(_mark(name, c) for c in range(len(_HEADS[name]))), row)


def _mark(name: str, column: int) -> str:
    return f"row-{name}-{column}-"


@lru_cache(maxsize=16)
def _set_frame(sections: tuple[str, ...]) -> _Frame:
    """Set a document with these sections, to be filled in."""
    import pandas as pd

    from crm_lib.readwrite.word import HeadingBlock, TableBlock, TextBlock, write_word

    nothing = {"changes": _NOTHING} | {n: say(f"cards.no_{n}") for n in ("activity", "facts", "history")}
    blocks = [HeadingBlock(say("cards.title"), 0), HeadingBlock(_TITLE, 1), TextBlock(_ABOUT)]
    for name in _SECTIONS:
        blocks.append(HeadingBlock(say(f"cards.{name}"), 2))
        if name in sections:
            frame = pd.DataFrame({head: [_mark(name, c)] for c, head in enumerate(_HEADS[name])})
            titles = {head: say(f"cards.{head}") for head in _HEADS[name]}
            blocks.append(TableBlock(frame, say(f"cards.{name}"), titles))
        else:
            blocks.append(TextBlock(nothing[name]))
    blocks += [HeadingBlock(say("cards.privacy"), 2), TextBlock(_PRIVACY)]
    with tempfile.TemporaryDirectory() as folder:
        path = write_word(Path(folder) / "card.docx", blocks)
        with zipfile.ZipFile(path) as document:
            parts = {name: document.read(name) for name in document.namelist()}
    body = parts[_BODY].decode("utf-8")
    found = {name: _find_row(body, name) for name in sections}
    known = [*(row for row, _ in found.values()), _TITLE, _ABOUT, _NOTHING, _PRIVACY]
    rows = {row: (name, pieces) for name, (row, pieces) in found.items()}
    return _Frame(parts, body, rows, re.compile("|".join(map(re.escape, known))))


def _pack(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as document:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            document.writestr(info, content, compresslevel=3)
    return buffer.getvalue()
