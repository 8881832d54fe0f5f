"""The exercise: choose the fields of a firm's customer archive, and say how each is used."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice
from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd

FIRMS = ("服装店", "餐馆", "美容店", "汽车维修店")


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads((resources.files("crm_lib.lesson") / "database_fields.toml").read_text("utf-8"))


def choose_fields(firm: str) -> pd.DataFrame:
    """Return our choice of fields for a kind of firm: what to keep, what to ask for, what to leave.

    Parameters
    ----------
    firm
        One of 服装店, 餐馆, 美容店, 汽车维修店.

    Returns
    -------
    DataFrame
        One row per field, those to keep first: ``field``, ``category`` (of the textbook's eight), ``decision``,
        ``use``.
    """
    import pandas as pd

    require_choice("choose_fields", "firm", firm, FIRMS)
    known = _read()
    rows = []
    for body in known["fields"]:
        code, use = body.get(firm, body["default"])
        rows.append((list(known["decisions"]).index(code), body["field"], body["category"], code, use))
    rows.sort(key=lambda r: r[0])
    frame = pd.DataFrame([r[1:] for r in rows], columns=["field", "category", "decision", "use"])
    return frame.assign(decision=[known["decisions"][d] for d in frame["decision"]])


def describe_fields_chosen(fields: pd.DataFrame, firm: str) -> str:
    """Say how many fields are kept, asked for and left out, and which categories stay empty.

    Parameters
    ----------
    fields
        What `choose_fields` returned.
    firm
        The kind of firm.
    """
    words = _read()["decisions"]
    counts = {k: int((fields["decision"] == w).sum()) for k, w in words.items()}
    left = "、".join(fields.loc[fields["decision"] == words["no"], "field"])
    return say("database.fields", firm=firm, n=len(fields), **counts, left=left)


def write_firm_archive(path: Path, fields: pd.DataFrame, firm: str) -> Path:
    """Write an empty archive for the firm: a sheet with its columns, and one saying what each is for.

    Parameters
    ----------
    path
        Workbook to write.
    fields
        What `choose_fields` returned.
    firm
        The kind of firm.

    Returns
    -------
    Path
        The file written, the same bytes every time.
    """
    import pandas as pd

    from crm_lib.readwrite.excel import write_excel

    words = _read()["decisions"]
    kept = fields.loc[fields["decision"] != words["no"], "field"].tolist()
    own = [say("database.firm_own_1"), say("database.firm_own_2")]
    empty = pd.DataFrame({c: pd.Series(dtype=object) for c in (say("database.number"), *kept, *own)})
    titles = {"field": "字段", "category": "类别", "decision": "收不收", "use": "用来做什么"}
    sheets = {say("database.firm_sheet", firm=firm): empty, say("database.firm_uses"): fields}
    return write_excel(path, sheets, titles=titles)
