"""Write cards as HTML pages, one per customer; a batch pays for its glyphs once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape
from pathlib import Path

from crm_lib.identify.cards import Card
from crm_lib.identify.cards_show import ShownCard, name_card_files, show_card
from crm_lib.look.page import make_environment, render_page, write_atomic

_ROOM = "crm_lib.identify"
_TITLE, _BODY = "card-title-slot", "card-body-slot"


def write_card_pages(folder: str | Path, cards: Iterable[Card], *, show: Collection[str] = ()) -> list[Path]:
    """Write one HTML page per card: ``card_<person_id>.html``.

    Parameters
    ----------
    folder
        Folder to write to; pages of an earlier call with other names stay.
    cards
        Cards, each person once.
    show
        Of "phone", "email", "address" and "birth_date", those to show in full; the others are masked.

    Returns
    -------
    list of Path
        The pages, in the order of the cards.

    Raises
    ------
    ParameterError
        `show` names another field.
    RenderError
        The folder cannot be written.

    Notes
    -----
    A page needs neither fonts nor a network, may run no script, and holds the data of one
    customer only.  The glyphs of the whole batch are cut once and stand in each page, so a page
    alone and the same page in a batch differ in their font, and in nothing else.
    """
    given = list(cards)
    pages = make_card_pages([show_card(card, show=show) for card in given])
    stems = name_card_files([card.person_id for card in given])
    return [
        write_atomic(Path(folder) / f"{stem}.html", page) for stem, page in zip(stems, pages, strict=True)
    ]


def make_card_pages(cards: Sequence[ShownCard]) -> list[str]:
    """Return the HTML page of each card.

    Parameters
    ----------
    cards
        Cards in words, as `show_card` returns them.
    """
    from markupsafe import Markup

    if not cards:
        return []
    template = make_environment(_ROOM).get_template("card_body.html.j2")
    bodies = [template.render(card=card) for card in cards]
    # what the frame's comment holds is cut into the font; the comment itself goes
    glyphs = "".join(sorted(set("".join(bodies)) - set("<>-&")))
    frame, _ = render_page(
        _ROOM,
        "card.html.j2",
        styles=("base.css", "card.css"),
        slot_title=_TITLE,
        slot_body=Markup(_BODY),
        glyphs=Markup(glyphs),
    )
    frame = frame[: frame.rindex("<!--")].rstrip() + "\n"
    before, between, after = _cut(frame)
    titles = [escape(card.subject) for card in cards]
    return [
        f"{before}{title}{between}{body.strip()}{after}" for title, body in zip(titles, bodies, strict=True)
    ]


def _cut(frame: str) -> tuple[str, str, str]:
    before, rest = frame.split(_TITLE, 1)
    between, after = rest.split(_BODY, 1)
    return before, between, after
