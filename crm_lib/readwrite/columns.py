"""The user's own column mapping: read from text or a file, saved as a file."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from crm_lib.errors import ParameterError, ReadError

_FORM = 'Write columns="customer_id=会员卡,order_id=单号", or name a file written by save_columns.'


def load_columns(columns: Mapping[str, str] | str | PathLike) -> dict[str, str]:
    """Read a column mapping from a mapping, the inline form or a TOML file.

    Parameters
    ----------
    columns : mapping, str or path
        ``{"customer_id": "会员卡"}``, ``"customer_id=会员卡,order_id=单号"``, or the
        path of a file written by `save_columns`.  An empty header leaves the
        column out.

    Returns
    -------
    dict
        Column -> header.

    Raises
    ------
    ParameterError
        The text is neither the inline form nor an existing file.

    Examples
    --------
    >>> load_columns("customer_id=会员卡, order_id=单号")
    {'customer_id': '会员卡', 'order_id': '单号'}
    """
    if isinstance(columns, Mapping):
        return {str(k): str(v) for k, v in columns.items()}
    text = os.fspath(columns).strip()
    if not text:
        return {}
    if "=" not in text or Path(text).expanduser().is_file():
        return _load_file(Path(text).expanduser())
    return _parse_inline(text)


def _parse_inline(text: str) -> dict[str, str]:
    """Split at commas that a ``name=`` follows, so that a header may hold a comma."""
    result: dict[str, str] = {}
    for piece in re.split(r"[,;，；\n]\s*(?=[A-Za-z_][A-Za-z0-9_]*\s*=)", text.strip(" ,;，；")):
        name, equals, header = piece.partition("=")
        if not equals or not name.strip():
            raise ParameterError(f"columns: cannot read {piece!r}. {_FORM}")
        if name.strip() in result:
            raise ParameterError(f"columns: {name.strip()!r} is named twice. Name each column once.")
        result[name.strip()] = header.strip().strip("\"'")
    return result


def _load_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise ParameterError(f"columns: {str(path)!r} is neither column=header nor a file. {_FORM}")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReadError(f"{path.name}: is not a column file ({error}). {_FORM}") from None
    body = raw.get("columns", raw)
    wrong = next((k for k, v in body.items() if not isinstance(v, str)), None)
    if wrong is not None:
        raise ReadError(f"{path.name}: the header of {wrong!r} must be text in quotation marks. {_FORM}")
    return dict(body)


def save_columns(mapping: Mapping[str, str], path: str | PathLike) -> Path:
    """Write a column mapping as a small TOML file that a person can edit.

    Parameters
    ----------
    mapping : mapping
        Column -> header, as `propose_columns` returns it; an empty header means
        that the column is not in the file.
    path : path
        File to write; an existing one is replaced.

    Returns
    -------
    Path
        The file written.
    """
    lines = [
        "# Which header of your file stands for which column.",
        '# Left: the column; right: the header exactly as in the file; "" leaves the column out.',
        "",
        "[columns]",
        *(f"{_bare(k)} = {_quoted(v)}" for k, v in mapping.items()),
    ]
    target = Path(path).expanduser()
    target.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return target


def _bare(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\u{ord(m.group()):04x}", plain) + '"'
