"""Faces, fingerprints, irises, voices: refused in a field list unless a separate consent is documented."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import ProtectError

if TYPE_CHECKING:
    import pandas as pd

NEEDED = "No lesson and no analysis of this project needs a biometric field."


@cache
def _read() -> dict[str, list[str]]:
    return tomllib.loads((resources.files("crm_lib.protect") / "biometrics.toml").read_text("utf-8"))


def find_biometric(*texts: str) -> str:
    """Return the first word in a field's name, title or meaning that tells a biometric feature, or ''.

    Parameters
    ----------
    *texts : str
        Name, title, meaning of one field.

    Returns
    -------
    str
        The word found; empty when there is none.

    Examples
    --------
    >>> find_biometric("face_id", "人脸编号"), find_biometric("row_sha256", "整行指纹"), find_biometric("surface")
    ('人脸', '', '')
    """
    text = " ".join(t for t in texts if isinstance(t, str))
    parts = set(re.split(r"[^a-z0-9]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower()))
    found = [w for w in _read()["words"] if w.lower() in (text.lower() if not w.isascii() else parts)]
    found += [w for w in _read()["english"] if w in parts]
    harmless = any(w in text or w in parts for w in _read()["harmless"])
    if harmless:  # the fingerprint of a row or a file
        found = [w for w in found if w not in {"指纹", "fingerprint"}]
    return found[0] if found else ""


def check_fields(fields: pd.DataFrame, *, separate_consent: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Judge the fields of a data dictionary: biometric ones are refused without a documented separate consent.

    Parameters
    ----------
    fields : DataFrame
        One row per field: ``column``, and where they are there ``title`` and ``meaning``.
    separate_consent : mapping of str to str, optional
        Column → where the separate consent is documented (form, date, place of the file).

    Returns
    -------
    DataFrame
        One row per field, in their order: ``column``, ``word`` (what gave it away), ``verdict`` (plain,
        refused, documented), ``document``, ``why``.

    Notes
    -----
    Biometric features are sensitive personal information (个人信息保护法, article 28) and want a separate
    consent (article 29) and a purpose that cannot be reached without them; a phone number or a
    customer number recognises a customer as well.
    """
    import pandas as pd

    require_columns("check_fields", fields.columns, ["column"])
    documents = {k: v.strip() for k, v in (separate_consent or {}).items() if v and v.strip()}
    rows: list[tuple[Any, ...]] = []
    for row in fields.to_dict("records"):
        word = find_biometric(*(str(row[c]) for c in ("column", "title", "meaning") if pd.notna(row.get(c))))
        document = documents.get(row["column"], "") if word else ""
        verdict = "plain" if not word else "documented" if document else "refused"
        why = f"a biometric feature (articles 28, 29). {NEEDED}" if word else ""
        rows.append((row["column"], word, verdict, document, why))
    return pd.DataFrame(rows, columns=["column", "word", "verdict", "document", "why"])


def require_no_biometrics(fields: pd.DataFrame, *, separate_consent: Mapping[str, str] | None = None) -> None:
    """Refuse a field list that holds biometric features without a documented separate consent.

    Parameters
    ----------
    fields, separate_consent
        `fields` and `separate_consent` as `check_fields` takes them.

    Raises
    ------
    ProtectError
        Naming the fields and the way out.
    """
    judged = check_fields(fields, separate_consent=separate_consent)
    bad = judged[judged["verdict"] == "refused"]
    if len(bad):
        named = list_words(f"{c!r} ({w})" for c, w in zip(bad["column"], bad["word"], strict=True))
        raise ProtectError(
            f"require_no_biometrics: a field of a biometric feature needs a documented separate consent; "
            f"{named} has none. {NEEDED} Take the field out, or name the document in separate_consent."
        )
