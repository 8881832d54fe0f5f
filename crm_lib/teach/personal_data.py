"""Data of a student's own: drawn from the company 旭东 by a seed only the teacher can derive.

The seed is HMAC-SHA256 of the course key and the student id, so the same key
and the same id always give the same bytes: ``crm assign`` hands the files out,
and whoever holds the key can derive them again and need not trust what comes back.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words
from crm_lib.errors import ParameterError
from crm_lib.lesson.params import Parameter
from crm_lib.lesson.run import notebook_parameters
from crm_lib.lesson.secrets import read_secret

if TYPE_CHECKING:
    import pandas as pd

LEAST_SHARE, MOST_SHARE = 0.60, 0.80
"""Bounds of the share of 旭东's customers that one student gets; the share itself is drawn, too."""

SHORTEST_KEY = 16
_TABLES = {
    "orders": "orders",
    "contacts": "contacts",
    "customers": "customers",
    "products": "products",
    "clicks": "clicks",
}
_TOTALS = frozenset({"合计", "总计", "小计"})
_WHERE = "crm assign"


def read_course_key(reference: str) -> bytes:
    """Return the course key behind ``env:NAME`` or ``file:PATH``.

    Raises
    ------
    ParameterError
        There is no such variable or file, or the key is too short to keep
        students from guessing it; what was given is never repeated.
    """
    key = read_secret(reference)
    if len(key) < SHORTEST_KEY:
        raise ParameterError(
            f"{_WHERE}: the course key must have at least {SHORTEST_KEY} characters, so that nobody guesses "
            f'it; got {len(key)}. Make one with: python -c "import secrets; print(secrets.token_hex(16))"'
        )
    return key.encode()


def derive_seed(key: bytes, student_id: str) -> bytes:
    """Return the seed of a student's data: HMAC-SHA256 of the course key and the student id.

    Examples
    --------
    >>> derive_seed(b"sixteen letters!", "20240101").hex()[:12]
    '58ed983623be'
    """
    return hmac.new(key, f"crm personal data 1\n{student_id}".encode(), hashlib.sha256).digest()


def choose_personal(notebook_id: str) -> dict[str, str]:
    """Return which parameters of a notebook get a student's own file: parameter → table.

    Raises
    ------
    ParameterError
        The notebook reads no table that can be drawn from 旭东.
    """
    chosen = {p.name: table for p in notebook_parameters(notebook_id) if (table := _find_table(p))}
    if not chosen:
        raise ParameterError(
            f"{_WHERE}: --per-student-data needs a notebook with a data parameter; {notebook_id} has none "
            f"for {list_words(_TABLES)}. Assign it without --per-student-data."
        )
    return chosen


def _find_table(parameter: Parameter) -> str:
    """Return the table of 旭东 that can stand for the sample a parameter names."""
    from crm_lib.sample.files import JOURNEY_NAMES, list_samples

    samples = {s.name for s in list_samples()} | set(JOURNEY_NAMES) | {"xudong_customers"}
    if parameter.form != "path" or parameter.default not in samples:
        return ""
    if parameter.default.startswith("cdnow"):
        return "orders"
    return _TABLES.get(parameter.default.partition("_")[2], "")


def draw_personal_data(notebook_id: str, seed: bytes) -> dict[str, tuple[str, bytes]]:
    """Draw a student's own files.

    Parameters
    ----------
    notebook_id
        ``<project>/<n>_<name>``.
    seed
        Of `derive_seed`.

    Returns
    -------
    dict
        Parameter → (file name relative to the notebook, content).

    Notes
    -----
    Customers are drawn, each with the whole of what is known of him in all
    tables: 60 to 80 % of them, the share being part of the draw, so that even
    the number of customers differs.  Every other cell stays as the company's
    files have it, faults, encoding and separator included; the row of totals,
    which would no longer be true, is left out.  Articles are the same for all.
    """
    keep = choose_customers(seed)
    return {
        name: (f"data/my_{table}.csv", _draw_table(table, keep))
        for name, table in choose_personal(notebook_id).items()
    }


def choose_customers(seed: bytes) -> Callable[[str], bool]:
    """Return the rule by which a student's customers are drawn, one by one from their ids."""

    def draw(text: str) -> float:
        digest = hmac.new(seed, text.encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:8], "big") / 2**64

    share = LEAST_SHARE + (MOST_SHARE - LEAST_SHARE) * draw("share")
    return lambda customer_id: draw(f"customer {customer_id}") < share


def write_personal_data(notebook_id: str, student_id: str, *, key: bytes, folder: Path) -> dict[str, str]:
    """Write a student's own files below `folder`; return the parameters that point at them.

    Parameters
    ----------
    notebook_id
        ``<project>/<n>_<name>``.
    student_id
        学号 of the roster.
    key
        Of `read_course_key`.
    folder
        Where the notebook runs.

    Returns
    -------
    dict
        Parameter → file name relative to `folder`.
    """
    files = draw_personal_data(notebook_id, derive_seed(key, student_id))
    for name, content in files.values():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {parameter: name for parameter, (name, _) in files.items()}


def _draw_table(table: str, keep: Callable[[str], bool]) -> bytes:
    from crm_lib import sample
    from crm_lib.readwrite import read_table

    files = sample.paths(f"xudong_{table}")
    frame = read_table(files if len(files) > 1 else files[0], table)
    kept = frame.loc[_choose_rows(frame, keep)]
    if len(files) > 1:
        text = kept.drop(columns=["source_row", "source_file"], errors="ignore").to_csv(
            index=False, lineterminator="\n"
        )
        return ("\ufeff" + text).encode()
    return _cut_file(files[0], frame.attrs["source"], frame["source_row"], kept["source_row"])


def _choose_rows(frame: pd.DataFrame, keep: Callable[[str], bool]) -> list[bool]:
    owner = next((c for c in ("customer_id", "record_id") if c in frame.columns), None)
    ids = [""] * len(frame)
    if owner:
        ids = ["" if gone else str(i) for i, gone in zip(frame[owner], frame[owner].isna(), strict=True)]
    totals = frame.isin(_TOTALS).any(axis=1).tolist()
    return [not total and (not i or keep(i)) for i, total in zip(ids, totals, strict=True)]


def _cut_file(path: Path, source: Mapping[str, Any], read: pd.Series, kept: pd.Series) -> bytes:
    """Return the file as it stands, less the rows that were read and not kept."""
    data = path.read_bytes()
    text = data.decode(source["encoding"])
    out = io.StringIO(newline="")
    ending = "\r\n" if b"\r\n" in data else "\n"
    writer = csv.writer(out, delimiter=source["separator"], lineterminator=ending)
    dropped = set(read.tolist()) - set(kept.tolist())
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=source["separator"])
    writer.writerows(row for number, row in enumerate(rows, start=1) if number not in dropped)
    return out.getvalue().encode(source["encoding"])
