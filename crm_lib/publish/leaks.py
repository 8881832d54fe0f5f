"""Search what a run made for the secrets it was given: none may stand in any file, in any spelling."""

from __future__ import annotations

import base64
import gzip
import html
import io
import itertools
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote

from crm_lib.errors import ParameterError
from crm_lib.lesson.param_types import PASSWORD
from crm_lib.lesson.secrets import read_secret

if TYPE_CHECKING:
    from crm_lib.publish.plan import Job

SHORTEST = 6  # a shorter secret is searched as a whole word only: "1997" stands inside many a number
_LINE = 16  # from this length on a line of a longer secret, such as a key file, counts alone
_DEEPEST = 4
_MOST_NAMED = 5
_CREDENTIALS = re.compile(r"://[^/@:\s]*:(\S+)@|(?i:[?&;\s](?:password|passwd|pwd)\s*=\s*([^&;\s]+))")
_TAG = re.compile(r"<[^<>]{0,4000}>")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}={0,2}")
_BLOB = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{200,}")
_BROKEN_LINE = re.compile(rb"(?:\\[nr]|[\r\n])+[ \t]*")


@dataclass(frozen=True)
class _Secret:
    """One secret: what it is called in a sentence, and its spellings as bytes with their names."""

    name: str
    texts: tuple[str, ...]
    spellings: Mapping[bytes, str]


def list_secrets(job: Job) -> dict[str, str]:
    """Return the references whose values may not stand in the outputs of `job`.

    Returns
    -------
    dict
        Parameter → reference: every ``<secret>`` parameter that is set, and
        every other one of the form ``env:NAME`` whose value holds a password,
        such as the address of a database.
    """
    from crm_lib.lesson.run import notebook_parameters

    found = {}
    for parameter in notebook_parameters(job.notebook_id):
        value = str(job.parameters.get(parameter.name, parameter.default))
        address = os.environ.get(value[4:].partition("#")[0], "") if value.startswith("env:") else ""
        if value and (parameter.form == "secret" or PASSWORD.search(address)):
            found[parameter.name] = value
    return found


def find_leaks(folder: Path, references: Mapping[str, str] | Sequence[str]) -> list[str]:
    """Return where in `folder` a secret stands, in sentences that name file and parameter, never the value.

    Parameters
    ----------
    folder
        All files below it are searched, also within Excel and Word files, ZIP
        and gzip archives, Parquet, and what a page carries as base64.
    references
        Parameter → ``env:NAME`` or ``file:PATH`` (see `list_secrets`), or the
        references alone.

    Returns
    -------
    list of str
        Empty when all is well; else a sentence per file and secret, at most
        five of them, and what to do.

    Notes
    -----
    A secret is found as UTF-8, UTF-16 and GB18030, escaped for HTML, JSON,
    Python, CSV and addresses, as base64 and as hexadecimal digits, and where
    tags or colours part its letters.  One of fewer than 6 characters is found
    as a whole word only, and in no other spelling.  Of a secret of several lines each
    line of 16 characters counts.  Pixels and the compressed text of a PDF are
    not read: a PDF is made from the HTML report, which is.  A file that cannot
    be read again cannot be searched for, which is a leak as well.
    """
    named = references.items() if isinstance(references, Mapping) else [("", r) for r in references]
    secrets, sentences = [], []
    for parameter, reference in named:
        name = f"parameter {parameter!r} ({reference})" if parameter else reference
        try:
            place = reference.partition("#")[0] if reference.startswith("env:") else reference
            secrets.append(_spell_secret(name, read_secret(place)))
        except ParameterError:  # a missing variable was missing in the notebook too
            if not reference.startswith("env:"):
                sentences.append(f"The secret of {name} cannot be read, so no file can be searched for it.")
    if secrets:
        for path in sorted(p for p in Path(folder).rglob("*") if p.is_file()):
            shown = path.relative_to(folder).as_posix()
            sentences += [_word(*found) for found in _search_file(shown, path.read_bytes(), secrets)]
    sentences = list(dict.fromkeys(sentences))
    if not sentences:
        return []
    more = len(sentences) - _MOST_NAMED
    rest = [f"{more} more places hold one."] if more > 0 else []
    way_out = "Nothing of this run was kept; take out what shows the secret, or choose a longer one."
    return [*sentences[:_MOST_NAMED], *rest, way_out]


def _word(place: str, secret: _Secret, spelling: str) -> str:
    how = f", as {spelling}" if spelling else ""
    return f"{place} holds the secret of {secret.name}{how}."


def _search_file(
    place: str, data: bytes, secrets: Sequence[_Secret], depth: int = 0
) -> Iterator[tuple[str, _Secret, str]]:
    """Yield (place, secret, spelling) for what stands in the name or the bytes of one file."""
    for secret in secrets:
        if _find_in_text(place, secret):
            yield "The name of a file or of a part of one", secret, ""
            return  # no sentence may repeat that name
    for secret in secrets:
        spelling = _find_in_bytes(data, secret)
        if spelling is not None:
            yield place, secret, spelling
    if depth < _DEEPEST:
        for inner, content in _unpack(place, data):
            yield from _search_file(inner, content, secrets, depth + 1)


def _unpack(place: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the files within a file: members of archives, cells of Parquet, what stands there as base64."""
    if data[:2] == b"PK":
        with suppress(zipfile.BadZipFile, zlib.error, RuntimeError), zipfile.ZipFile(io.BytesIO(data)) as box:
            yield from ((f"{place} ({m.filename})", box.read(m)) for m in box.infolist())
    elif data[:2] == b"\x1f\x8b":
        with suppress(OSError, EOFError, zlib.error):
            yield f"{place} (unpacked)", gzip.decompress(data)
    elif data[:4] == b"PAR1":
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(io.BytesIO(data))
        yield f"{place} (cells)", str(table.to_pydict()).encode("utf-8", "replace")
    elif data[:4] not in (b"\x89PNG", b"wOF2"):
        packed = _join_lines(data)
        views = (data, packed) if packed != data else (data,)
        for match in itertools.chain.from_iterable(map(_BASE64.finditer, views)):
            text = match[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
            usable = len(text) - (len(text) % 4 == 1)
            yield f"{place} (base64)", base64.b64decode(text[:usable] + b"=" * (-usable % 4))


def _join_lines(data: bytes) -> bytes:
    """Return `data` with its lines in one, as base64 is before it is broken into lines."""
    return _BROKEN_LINE.sub(b"", data) if b"\n" in data or b"\r" in data or b"\\" in data else data


def _find_in_bytes(data: bytes, secret: _Secret) -> str | None:
    """Return how the secret is spelt in `data` ("" as it is), or None."""
    wide = b"\0" in data
    for spelling, name in secret.spellings.items():
        if (wide or b"\0" not in spelling) and spelling in data:
            return name
    packed = _join_lines(data)
    for spelling, name in secret.spellings.items():
        if name == "base64" and spelling in packed:
            return name
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if any(len(value) < SHORTEST for value in secret.texts):
        text = _BLOB.sub(" ", text)  # fonts and pictures hold any short word
    return "" if any(_find_in_text(view, secret) for view in _view(text)) else None


def _find_in_text(text: str, secret: _Secret) -> bool:
    return any(
        value in text if len(value) >= SHORTEST else re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text)
        for value in secret.texts
    )


def _view(text: str) -> Iterator[str]:
    """Yield the text as a reader sees it: as it is, without tags, without JSON around it."""
    yield text
    yield html.unescape(_TAG.sub("", text))
    if text.lstrip()[:1] in "{[":
        with suppress(ValueError, RecursionError):
            for line in _walk(json.loads(text)):
                yield line
                yield html.unescape(_TAG.sub("", _ANSI.sub("", line)))


def _walk(value: Any) -> Iterator[str]:
    """Yield all texts of a JSON value; a list of lines, as notebooks have them, is one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _walk(inner)
    elif isinstance(value, list):
        if value and all(isinstance(line, str) for line in value):
            yield "".join(value)
        for inner in value:
            yield from _walk(inner)
    elif isinstance(value, (int, float)):
        yield str(value)


def _spell_secret(name: str, value: str) -> _Secret:
    """Return a secret with all the ways in which outputs may spell it."""
    parts = [part for match in _CREDENTIALS.finditer(value) for part in match.groups() if part]
    # the user postgres with the password postgres: what else the address says may be shown
    parts = [f":{p}@" if p in _CREDENTIALS.sub("", value) else p for p in parts]
    lines = [line.strip() for line in value.splitlines()]
    long_lines = [line for line in lines if len(line) >= _LINE and not line.startswith("-----")]
    texts = tuple(dict.fromkeys([value, *parts, *map(unquote, parts), *long_lines]))
    spellings: dict[bytes, str] = {}
    for text in texts:
        if len(text) >= SHORTEST:
            for spelling, how in _spell(text):
                spellings.setdefault(spelling, how)
    return _Secret(name, texts, spellings)


def _spell(text: str) -> Iterator[tuple[bytes, str]]:
    escaped = [text, *(json.dumps(text, ensure_ascii=flag)[1:-1] for flag in (True, False)), repr(text)[1:-1]]
    pages = [html.escape(text), html.escape(text, quote=False), html.escape(text).replace("&#x27;", "&#39;")]
    twice = [json.dumps(line)[1:-1] for line in (*escaped, *pages)]
    addresses = [quote(text, safe=""), quote(text), quote_plus(text)]
    addresses += [re.sub("%..", lambda m: m[0].lower(), line) for line in addresses]
    quoted = text.replace('"', '""')
    for line in dict.fromkeys([*escaped, *pages, *twice, *addresses, quoted]):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
            yield line.encode(encoding, "replace"), "" if line == text else "escaped text"
    for encoding in ("utf-8", "utf-16-le", "gb18030"):
        data = text.encode(encoding, "replace")
        yield data.hex().encode(), "hexadecimal digits"
        yield data.hex().upper().encode(), "hexadecimal digits"
        yield from ((spelling, "base64") for spelling in _spell_base64(data))


def _spell_base64(data: bytes) -> Iterator[bytes]:
    """Yield the letters that stand for `data` wherever it begins within what is encoded."""
    for before in range(3):
        letters = base64.b64encode(b"\0" * before + data)
        first, last = (before * 8 + 5) // 6, (before + len(data)) * 8 // 6
        yield letters[first:last]
        yield letters[first:last].translate(bytes.maketrans(b"+/", b"-_"))
