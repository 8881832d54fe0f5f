"""Read what a student calls a notebook: any format, any encoding, outputs of any size."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_lib.catalogue import say
from crm_lib.errors import ReadError

MOST_BYTES = 1 << 30
# What is left of a notebook without outputs and pictures: a long lesson has 100 kB.
MOST_TEXT = 8 << 20
MOST_CELLS = 2_000
_MOST_BRACKETS = 3_000_000
_SMALL = 32 << 20

# Parts that may be huge and hold nothing of an answer.  Possessive repeats: one pass, whatever the file holds.
_DROPPED = rb'"(?:outputs|attachments|widgets)"\s*+:\s*+(?=[\[{])'
_TO_DROPPED = re.compile(
    rb'(?:[^"]++|(?!' + _DROPPED + rb')"[^"\\]*+(?:\\.[^"\\]*+)*+")*+(?:' + _DROPPED + rb")", re.DOTALL
)
_TO_BRACKET = re.compile(rb'[^\[\]{}"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^\[\]{}"]*+)*+', re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """One cell as it was handed in; `executed` tells whether it carries an execution number."""

    kind: str
    source: str
    cell_id: str = ""
    grade_id: str = ""
    executed: bool = False


@dataclass(frozen=True)
class HandedNotebook:
    """The cells of a notebook, what it says about itself, and what was strange."""

    cells: tuple[Cell, ...]
    claimed_id: str = ""
    language: str = ""
    notes: tuple[str, ...] = ()


def read_notebook(data: Any) -> HandedNotebook:
    """Read the bytes of a notebook file.

    Parameters
    ----------
    data
        Bytes or a memory map.

    Returns
    -------
    HandedNotebook
        Cells of nbformat 2 to 4 and mixtures of them; outputs are left unread.

    Raises
    ------
    ReadError
        The bytes are no notebook; one Chinese sentence says why.
    """
    if not len(data) or not bytes(data[:4096]).strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise ReadError(say("intake.empty"))
    text, notes = _decode(data)
    try:
        content = json.loads(text, strict=False)
    except RecursionError:
        raise ReadError(say("intake.too_deep")) from None
    except ValueError as fault:
        line = getattr(fault, "lineno", 0) or text.count("\n") + 1
        raise ReadError(say("intake.no_json", line=line, n_lines=text.count("\n") + 1)) from None
    return _read_content(content, notes)


def _decode(data: Any) -> tuple[str, list[str]]:
    """Return the text without outputs; a file that is not UTF-8 is decoded first, then cut."""
    if bytes(data[:2]) not in (b"\xff\xfe", b"\xfe\xff"):
        lean = _bounded(drop_outputs(data))
        try:
            return lean.decode("utf-8-sig"), []
        except UnicodeDecodeError:
            pass
    if len(data) <= _SMALL:
        for encoding in ("utf-16", "gb18030"):
            if encoding == "utf-16" and bytes(data[:2]) not in (b"\xff\xfe", b"\xfe\xff"):
                continue
            try:
                whole = bytes(data).decode(encoding)
            except UnicodeDecodeError:
                continue
            lean = _bounded(drop_outputs(whole.encode("utf-8")))
            return lean.decode("utf-8-sig"), [say("intake.encoding", encoding=encoding)]
    raise ReadError(say("intake.no_text"))


def _bounded(lean: bytes) -> bytes:
    if len(lean) > MOST_TEXT:
        raise ReadError(say("intake.too_much_text", size=len(lean) >> 20, most=MOST_TEXT >> 20))
    return lean


def drop_outputs(data: Any) -> bytes:
    """Return the JSON text `data` with every list of outputs, attachment and widget state emptied.

    Raises
    ------
    ReadError
        The outputs are too finely nested to be read in reasonable time.
    """
    kept, start, left = [], 0, _MOST_BRACKETS
    while found := _TO_DROPPED.match(data, start):
        end, left = _find_end(data, found.end(), left)
        kept += [data[start : found.end()], b"[]" if data[found.end()] == ord("[") else b"{}"]
        start = end
        if sum(map(len, kept)) > MOST_TEXT:
            break
    rest = data[start : start + MOST_TEXT + 1]
    return b"".join([*kept, rest])


def _find_end(data: Any, start: int, left: int) -> tuple[int, int]:
    """Return where the list or object that begins at `start` ends, and how many brackets are left."""
    depth, place = 0, start
    while True:
        place = _TO_BRACKET.match(data, place).end()  # type: ignore[union-attr]
        if place >= len(data) or data[place] == ord('"'):
            return len(data), left  # it is cut off; the JSON reader says where
        depth += 1 if data[place] in b"[{" else -1
        place, left = place + 1, left - 1
        if depth == 0:
            return place, left
        if left < 0:
            raise ReadError(say("intake.too_deep"))


def _read_content(content: Any, notes: list[str]) -> HandedNotebook:
    cells = _list_cells(content)
    if cells is None:
        raise ReadError(say("intake.no_notebook"))
    if len(cells) > MOST_CELLS:
        raise ReadError(say("intake.too_many_cells", n=len(cells), most=MOST_CELLS))
    read = tuple(cell for raw in cells for cell in _read_cell(raw))
    meta = _mapping(content.get("metadata"))
    if content.get("worksheets"):
        notes = [*notes, say("intake.old_format")]
    code = [c for c in read if c.kind == "code"]
    if code and not any(c.executed for c in code):
        notes = [*notes, say("intake.not_run")]
    language = str(_mapping(meta.get("kernelspec")).get("language") or "").lower()
    language = language or str(_mapping(meta.get("language_info")).get("name") or "").lower()
    if language and "python" not in language:
        notes = [*notes, say("intake.language", language=language[:40])]
    return HandedNotebook(read, str(_mapping(meta.get("crm")).get("id") or ""), language, tuple(notes))


def _list_cells(content: Any) -> list[Any] | None:
    if not isinstance(content, dict):
        return None
    cells = content.get("cells")
    found = list(cells) if isinstance(cells, list) else []
    sheets = content.get("worksheets")
    for sheet in sheets if isinstance(sheets, list) else ():
        more = _mapping(sheet).get("cells")
        found += more if isinstance(more, list) else []
    return found if found or isinstance(cells, list) or isinstance(sheets, list) else None


def _read_cell(raw: Any) -> list[Cell]:
    """Return the cell, or nothing when it is none."""
    raw = _mapping(raw)
    source = raw.get("source", raw.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        return []
    graded = _mapping(_mapping(raw.get("metadata")).get("nbgrader"))
    executed = isinstance(raw.get("execution_count", raw.get("prompt_number")), int)
    kind = "code" if raw.get("cell_type") == "code" else "text"
    return [Cell(kind, source, _text(raw.get("id")), _text(graded.get("grade_id")), executed)]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value[:200] if isinstance(value, str) else ""
