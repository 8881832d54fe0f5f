"""Write portraits as pages of their own: one HTML file and one picture each, fit to be handed on."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_columns
from crm_lib.catalogue import column_title, say
from crm_lib.lesson.kernel import notebook_variables, output_folder
from crm_lib.look.page import render_page, write_atomic
from crm_lib.portray.cards import OPEN_FIELDS, PRIVATE_FIELDS
from crm_lib.schema.reader import load_schema

if TYPE_CHECKING:
    import pandas as pd

SHAPES = ("person", "heart", "circle")
FEW = 5
_ROOM = "crm_lib.lesson"
_NEEDED = ["part", "field", "title", "value", "strength"]
_LONGEST, _MOST_BYTES, _HASH = 60, 150, 10
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def export_pages(
    portraits: Mapping[str, pd.DataFrame], *, shape: str = "person", random_state: int = 0
) -> list[Path]:
    """Write each portrait as ``pages/<name>.html`` and ``pages/<name>.png`` beside the report.

    Parameters
    ----------
    portraits
        Name → what ``portrait_customer`` or ``portrait_cluster`` returned:
        ``part``, ``field``, ``title``, ``value``, ``strength``; of the
        attributes ``subject``, ``as_of``, ``version``, ``definitions`` (label →
        sentence), ``hidden`` and ``n_customers`` (of a cluster) are shown.
    shape : {"person", "heart", "circle"}
        Outline of the word cloud.
    random_state : int
        Seed of the cloud's arrangement.

    Returns
    -------
    list of Path
        HTML and PNG of each portrait, in the order given.

    Raises
    ------
    ParameterError
        The shape is unknown.
    SchemaError, DataError
        A frame is no portrait, is empty, or names a label twice.
    RenderError
        The folder cannot be written.

    Notes
    -----
    A page needs neither fonts nor a network, may run no script, and shows
    nothing but its frame, so it is as private as the portrait.  A name that
    would be no safe file name everywhere is cleaned and marked by a part of its
    SHA-256; so are names that differ in case only.  The same portraits give the
    same bytes.  Pages of an earlier call stay where they are.
    """
    from crm_lib.lesson.display import finding

    require_choice("export_pages", "shape", shape, SHAPES)
    for frame in portraits.values():
        require_columns("export_pages", frame.columns, _NEEDED)
    folder = output_folder(str(notebook_variables().get("NOTEBOOK_ID", "lesson"))) / "pages"
    written, missing = [], set()
    for stem, frame in zip(name_files(portraits), portraits.values(), strict=True):
        # the picture first: it refuses a frame that is no portrait before anything is written
        picture = _draw_picture(frame, shape, random_state)
        page, lacking = make_page(frame, shape=shape, random_state=random_state)
        written.append(write_atomic(folder / f"{stem}.html", page))
        written.append(write_atomic(folder / f"{stem}.png", picture))
        missing.update(lacking)
    finding(_tell_written(len(portraits), sorted(missing)))
    return written


def make_page(frame: pd.DataFrame, *, shape: str, random_state: int = 0) -> tuple[str, tuple[str, ...]]:
    """Return the page of one portrait, and the characters our font has no glyph for.

    Parameters
    ----------
    frame
        As in `export_pages`.
    shape, random_state
        As in `export_pages`.
    """
    from markupsafe import Markup

    from crm_lib.plots.cloud_svg import draw_cloud_svg

    labels = _list_labels(frame)
    cloud = draw_cloud_svg(frame, shape=shape, random_state=random_state)
    left_out = len(labels) - cloud.count("<title>")
    kind = "cluster" if "n_customers" in set(frame["field"]) else "customer"
    parts = [
        (say(f"pages.{part}"), _list_facts(frame, part), say(f"pages.no_{part}"))
        for part in ("static", "dynamic")
    ]
    return render_page(
        _ROOM,
        "portrait.html.j2",
        styles=("base.css", "portrait.css"),
        subject=str(frame.attrs.get("subject") or say("pages.title")),
        about=_list_about(frame, len(labels)),
        parts=parts,
        # outlines and escaped titles of our own making
        cloud=Markup(cloud),
        left_out=say("pages.left_out", n=left_out) if cloud and left_out else "",
        how=say(f"pages.how_{kind}"),
        labels=labels,
        privacy=_list_privacy(frame, kind),
    )


def name_files(names: Mapping[str, Any] | list[str]) -> list[str]:
    """Return a file name without suffix for each of `names`: safe on every system, all different.

    Parameters
    ----------
    names
        Names as people gave them, each once.

    Examples
    --------
    >>> name_files(["cluster_1", "customer_K0001", "customer_张三"])
    ['cluster_1', 'customer_K0001', 'customer_张三']
    """
    stems = [_clean_name(str(name)) for name in names]
    counts = Counter(stem.casefold() for stem in stems)
    return [
        _mark(stem, str(name)) if counts[stem.casefold()] > 1 else stem
        for stem, name in zip(stems, names, strict=True)
    ]


def _clean_name(name: str) -> str:
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(c if c.isalnum() or c in "-_" else "_" for c in plain)[:_LONGEST]
    while len(kept.encode("utf-8")) > _MOST_BYTES:
        kept = kept[:-1]
    safe = kept.strip("_") and kept.casefold() not in _RESERVED
    return kept if safe and kept == name else _mark(kept, name)


def _mark(stem: str, name: str) -> str:
    # a lone surrogate, as a broken file may hold, has no UTF-8
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    return f"{stem}-{digest}" if stem.strip("_") else f"portrait-{digest}"


def _draw_picture(frame: pd.DataFrame, shape: str, random_state: int) -> bytes:
    import matplotlib.pyplot as plt

    from crm_lib.plots import figure_png, plot_portrait

    figure = plot_portrait(frame, shape=shape, random_state=random_state).get_figure()
    try:
        return figure_png(figure, scale=2)
    finally:
        plt.close(figure)


def _list_facts(frame: pd.DataFrame, part: str) -> list[dict[str, str]]:
    own = frame[frame["part"] == part]
    return [{"title": str(r.title), "value": str(r.value)} for r in own.itertuples(index=False)]


def _list_labels(frame: pd.DataFrame) -> list[dict[str, Any]]:
    from crm_lib.plots.portraits import weigh_labels

    defined = frame.attrs.get("definitions") or {}
    return [
        {
            "title": label,
            "strength": f"{strength:.2f}",
            "width": f"{100 * min(strength, 1):.1f}",
            "definition": str(defined.get(label, "")),
        }
        for label, strength in weigh_labels(frame).items()
    ]


def _list_about(frame: pd.DataFrame, n_labels: int) -> list[tuple[str, str]]:
    known = [("as_of", frame.attrs.get("as_of")), ("version", frame.attrs.get("version"))]
    out = [(say(f"pages.{name}"), str(value)) for name, value in known if value]
    return [*out, (say("pages.n_labels"), say("pages.n_labels_value", n=n_labels))]


def _list_privacy(frame: pd.DataFrame, kind: str) -> list[str]:
    hidden = [str(c) for c in frame.attrs.get("hidden") or []]
    titles = {c.name: c.title for c in load_schema("customers").columns} | OPEN_FIELDS | PRIVATE_FIELDS
    names = "、".join(titles.get(c, column_title(c)) for c in hidden)
    shown = [PRIVATE_FIELDS[c] for c in PRIVATE_FIELDS if c in set(frame["field"])]
    said = [say(f"pages.privacy_{kind}")]
    said += [say("pages.shown", names="、".join(shown))] if shown else []
    said += [say("pages.hidden", n=len(hidden), names=names)] if hidden else []
    n = frame.attrs.get("n_customers")
    return said + ([say("pages.few", n=n, least=FEW)] if n is not None and n < FEW else [])


def _tell_written(n: int, missing: list[str]) -> str:
    text = say("pages.written", n=n) if n else say("pages.none")
    return text + (say("pages.missing", characters="".join(missing)) if missing else "")
