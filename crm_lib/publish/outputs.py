"""Turn the outputs of a cell into HTML: tables, figures, findings, text, errors."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.look.fonts import embed_svg_font
from crm_lib.publish.markdown import render_foreign_markdown
from crm_lib.publish.sanitize import dress_tables, sanitize_html

if TYPE_CHECKING:
    from nbformat import NotebookNode

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07")
_RASTER = ("image/png", "image/jpeg", "image/gif", "image/webp")
_SVG_NOISE = re.compile(r"(?s)<\?xml.*?\?>|<!DOCTYPE[^>]*>|<!--.*?-->|<metadata>.*?</metadata>")


@dataclass
class Numbering:
    """The running numbers of a report's figures and tables."""

    figures: int = 0
    tables: int = 0
    errors: int = 0
    missing_alt: list[str] = field(default_factory=list)

    def next_figure(self) -> str:
        """Return the words before the next figure's caption."""
        self.figures += 1
        return say("report.figure", n=self.figures)

    def next_table(self) -> str:
        """Return the words before the next table's caption."""
        self.tables += 1
        return say("report.table", n=self.tables)


def render_outputs(outputs: list[NotebookNode], numbering: Numbering, *, debug: bool = False) -> str:
    """Return all outputs of one cell as HTML; neighbouring lines of one stream become one block."""
    parts: list[str] = []
    for output in _join_streams(outputs):
        if output["output_type"] == "stream":
            parts.append(_render_stream(output["name"], output["text"]))
        elif output["output_type"] == "error":
            parts.append(_render_error(output, numbering, debug=debug))
        else:
            parts.append(_render_data(output, numbering))
    return "\n".join(part for part in parts if part)


def _join_streams(outputs: list[Any]) -> list[Any]:
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if output["output_type"] == "stream" and last and last.get("name") == output["name"]:
            last["text"] += _text(output["text"])
        elif output["output_type"] == "stream":
            joined.append({**output, "text": _text(output["text"])})
        else:
            joined.append(output)
    return joined


def _text(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)


def _tidy(text: str) -> str:
    """Drop terminal colours and what a progress bar overwrote."""
    lines = _ANSI.sub("", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in lines).strip("\n")


def _render_stream(name: str, text: str) -> str:
    body = html.escape(_tidy(text), quote=False)
    if not body.strip():
        return ""
    if name == "stderr":
        return f'<div class="out-stderr"><p class="label">{say("report.stderr")}</p><pre>{body}</pre></div>'
    return f'<pre class="out-text">{body}</pre>'


def _render_error(output: Any, numbering: Numbering, *, debug: bool) -> str:
    numbering.errors += 1
    anchor = ' id="crm-error"' if numbering.errors == 1 else ""
    sentence = html.escape(error_sentence(output), quote=False)
    trace = ""
    if debug:
        lines = html.escape(_tidy("\n".join(output.get("traceback", ()))), quote=False)
        trace = f"<details><summary>{say('report.trace')}</summary><pre>{lines}</pre></details>"
    return (
        f'<div class="out-error" role="alert"{anchor}><p class="label">{say("report.stopped")}</p>'
        f"<p>{sentence}</p>{trace}</div>"
    )


def error_sentence(output: Any) -> str:
    """Return what went wrong as a sentence: our own errors speak for themselves, others say their kind."""
    name, value = str(output.get("ename", "")), _tidy(str(output.get("evalue", ""))).strip()
    if not value:
        return name
    return value if name in _own_errors() else f"{name}: {value}"


@cache
def _own_errors() -> frozenset[str]:
    from crm_lib import errors

    return frozenset(name for name in vars(errors) if name.endswith("Error"))


def _render_data(output: Any, numbering: Numbering) -> str:
    data, crm = output.get("data", {}), _crm_metadata(output)
    if "text/html" in data:
        page = sanitize_html(dress_tables(_text(data["text/html"]), number=numbering.next_table))
        if re.sub(r"<(?!img\b)[^>]+>", "", page).strip():
            return _label_table(page)
    if "image/svg+xml" in data:
        return _render_svg(_text(data["image/svg+xml"]), crm, numbering)
    for kind in _RASTER:
        if kind in data:
            return _render_raster(kind, _text(data[kind]), crm, numbering)
    if "text/markdown" in data:
        text = render_foreign_markdown(_text(data["text/markdown"]))
        return sanitize_html(dress_tables(text, number=numbering.next_table))
    plain = html.escape(_tidy(_text(data.get("text/plain", ""))), quote=False)
    return f'<pre class="out-text">{plain}</pre>' if plain.strip() else ""


def _label_table(page: str) -> str:
    return page if page.lstrip().startswith("<div") else f'<div class="out-html">{page}</div>'


def _crm_metadata(output: Any) -> dict[str, Any]:
    """Return our own notes of an output, whether they hang on the output or on its kind of picture."""
    metadata = output.get("metadata", {})
    nested = [m["crm"] for m in metadata.values() if isinstance(m, dict) and "crm" in m]
    found = metadata.get("crm") or (nested[0] if nested else {})
    return found if isinstance(found, dict) else {}


def _render_svg(svg: str, crm: dict[str, Any], numbering: Numbering) -> str:
    svg = embed_svg_font(_SVG_NOISE.sub("", svg).strip())
    if "xmlns=" not in svg[:600]:
        svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return _figure(f"data:image/svg+xml;base64,{data}", _svg_size(svg), crm, numbering)


def _svg_size(svg: str) -> tuple[int, int] | None:
    """Return the size in CSS pixels from the viewBox (matplotlib counts in points)."""
    box = re.search(r'viewBox="\s*[\d.eE+-]+[\s,]+[\d.eE+-]+[\s,]+([\d.]+)[\s,]+([\d.]+)', svg[:2000])
    if not box:
        return None
    scale = 4 / 3 if re.search(r'<svg[^>]*\bwidth="[\d.]+pt"', svg[:2000]) else 1
    return round(float(box[1]) * scale), round(float(box[2]) * scale)


def _render_raster(kind: str, data: str, crm: dict[str, Any], numbering: Numbering) -> str:
    data = re.sub(r"[^A-Za-z0-9+/=]", "", data)
    size = _png_size(data) if kind == "image/png" else None
    if size and crm:
        size = (size[0] // 2, size[1] // 2)  # our own pictures are drawn at twice their size
    return _figure(f"data:{kind};base64,{data}", size, crm, numbering)


def _png_size(data: str) -> tuple[int, int] | None:
    head = base64.b64decode(data[:64] + "=" * (-len(data[:64]) % 4))
    if head[:8] != b"\x89PNG\r\n\x1a\n" or len(head) < 24:
        return None
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _figure(address: str, size: tuple[int, int] | None, crm: dict[str, Any], numbering: Numbering) -> str:
    caption = str(crm.get("caption") or "").strip()
    mark = numbering.next_figure() if caption else ""
    alt = str(crm.get("alt") or caption or "").strip()
    if not alt:
        alt = say("report.picture")
        numbering.missing_alt.append(f"picture {len(numbering.missing_alt) + 1}")
    width = crm.get("width")
    if size and isinstance(width, int | float) and width >= 1:
        width = round(width)
        size = (width, round(size[1] * width / max(size[0], 1)))
    shape = f' width="{size[0]}" height="{size[1]}" style="--natural:{size[0]}px"' if size else ""
    words = (
        f'<figcaption><span class="caption-no">{mark}</span> {html.escape(caption, quote=False)}</figcaption>'
    )
    return (
        f'<figure class="crm-figure"><div class="figure-frame"><img src="{address}" alt="{html.escape(alt)}"'
        f"{shape}></div>"
        f"{words if caption else ''}</figure>"
    )
