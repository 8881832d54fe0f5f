"""Turn the bytes of a text file into text, by rules in a fixed order."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from crm_lib._checks import closest_first
from crm_lib.errors import ReadError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
# £ € and accented letters as single bytes; 0xFE and 0xFF are damage rather than text.
_WESTERN = re.compile(rb"[\x80\x82-\x8c\x8e\x91-\x9c\x9e-\xfd]")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_COMMON = ("utf-8", "gb18030", "gbk", "big5", "utf-16", "cp1252", "latin-1", "shift_jis", "euc-kr")


def decode_text(
    data: bytes, *, where: str, encoding: str | None = None, fits: Callable[[str], bool] | None = None
) -> tuple[str, str, list[dict]]:
    """Return the text of `data`, its encoding, and notes on a choice that was not certain.

    The order is: the encoding given, a byte order mark, UTF-16 by its zero
    bytes, UTF-8, single Western bytes, GB18030, Big5 (only when `fits`, which
    says whether the first lines meet the contract, prefers it).
    """
    if encoding is not None:
        return _strip_mark(_decode_given(data, encoding, where)), encoding.lower(), []
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _strip_mark(_decode_strict(data, name, where)), name, []
    wide = _guess_utf16(data)
    if wide:
        return _decode_strict(data, wide, where), wide, []
    try:
        return data.decode("utf-8"), "utf-8", []
    except UnicodeDecodeError:
        return _decode_legacy(data, where, fits)


def _decode_legacy(
    data: bytes, where: str, fits: Callable[[str], bool] | None
) -> tuple[str, str, list[dict]]:
    if _is_western(data):
        text = data.decode("cp1252", "replace")
        return text, "cp1252", [{"kind": "encoding_assumed", "encoding": "cp1252"}]
    texts = {name: text for name in ("gb18030", "big5") if (text := _try(data, name)) is not None}
    if not texts:
        raise _tell_undecodable(data, where)
    if len(texts) == 1:
        name = next(iter(texts))
    else:
        name = "big5" if _is_rather(texts, fits) else "gb18030"
    notes = [{"kind": "encoding_assumed", "encoding": name, "also": "big5" if name != "big5" else "gb18030"}]
    return texts[name], name, notes if len(texts) > 1 else []


def _is_rather(texts: dict[str, str], fits: Callable[[str], bool] | None) -> bool:
    """Say whether Big5 fits the contract, or ordinary characters, where GB18030 does not."""
    if fits and fits(texts["big5"]) != fits(texts["gb18030"]):
        return fits(texts["big5"])
    private = {name: bool(_PRIVATE.search(text[:200_000])) for name, text in texts.items()}
    return private["gb18030"] and not private["big5"]


def _try(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def _is_western(data: bytes) -> bool:
    """Say whether bytes above 127 stand alone, which they do not in Chinese text."""
    runs = re.findall(rb"[\x80-\xff]+", data[:4_000_000])
    single = [r for r in runs if len(r) == 1]
    if not runs or len(single) < 0.95 * len(runs):
        return False
    return all(_WESTERN.fullmatch(r) for r in set(single))


def has_known_width(data: bytes) -> bool:
    """Say whether the zero bytes in `data` are those of UTF-16 or UTF-32 text."""
    return any(data.startswith(mark) for mark, _ in _MARKS) or _guess_utf16(data) is not None


def _guess_utf16(data: bytes) -> str | None:
    head = data[: 4096 - 4096 % 2]
    if len(head) < 4 or b"\0" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) < 0.2 * len(head) / 2 or min(even, odd) * 4 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _decode_given(data: bytes, encoding: str, where: str) -> str:
    try:
        codecs.lookup(encoding)
    except LookupError:
        near = closest_first(encoding, _COMMON)[0]
        raise ReadError(f"{where}: encoding {encoding!r} is unknown. Did you mean {near!r}?") from None
    return _decode_strict(data, encoding, where)


def _decode_strict(data: bytes, encoding: str, where: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ReadError(
            f"{where}: is not valid {encoding}: byte 0x{data[error.start]:02X} at offset {error.start} "
            f'(line {line}). Give the right one, for example encoding="gb18030", or save the file as UTF-8.'
        ) from None


def _tell_undecodable(data: bytes, where: str) -> ReadError:
    """Name the place of the fault as the encoding sees it that came furthest."""
    at = {}
    for name in ("utf-8", "gb18030"):
        try:
            data.decode(name)
        except UnicodeDecodeError as error:
            at[name] = error.start
    name = max(at, key=lambda n: at[n])
    start = at[name]
    line = data[:start].count(b"\n") + 1
    return ReadError(
        f"{where}: is neither UTF-8 nor GB18030 text: byte 0x{data[start]:02X} at offset {start} "
        f"(line {line}). "
        'Give its encoding, for example encoding="cp1252", or mend that line.'
    )


def _strip_mark(text: str) -> str:
    return text.removeprefix("\ufeff")
