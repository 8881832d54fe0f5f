"""The checklist of management quality: read from a file, or the invented answers of 旭东."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.errors import DataError
from crm_lib.lesson.exports import remember_source
from crm_lib.lesson.run import data_source

if TYPE_CHECKING:
    import pandas as pd

_WORDS = {"是": 3, "否": 0}


def read_checklist(source: str) -> pd.DataFrame:
    """Return the checklist with answers.

    Parameters
    ----------
    source
        A file with the columns 项目 (item), 回答 (0–3, 是 or 否) and 依据, or empty.

    Returns
    -------
    DataFrame
        item, dimension, text, answer, evidence; items the file does not name have no answer.

    Raises
    ------
    DataError
        The file names an item that is not on the list, or none of them.
    """
    from crm_lib.identify import load_checklist
    from crm_lib.identify.prospects import load_rules

    blank = load_checklist()
    if not source.strip():
        given = {a["item"]: (a["answer"], a["evidence"]) for a in load_rules("management_answers")["answers"]}
    else:
        given = _read_file(source)
        strange = sorted(set(given) - set(blank["item"]))
        if strange or not given:
            raise DataError(say("behaviour.strange_items", items="、".join(strange[:5]) or "—"))
    answers = [given.get(i, (None, ""))[0] for i in blank["item"]]
    evidence = [given.get(i, (None, ""))[1] for i in blank["item"]]
    out = blank.drop(columns=["answer", "evidence"])
    return out.assign(answer=answers, evidence=evidence)


def _read_file(source: str) -> dict[str, tuple[object, str]]:
    from crm_lib.readwrite import read_table
    from crm_lib.schema.reader import Column, Table

    columns = (
        Column("item", "id", "项目", "number of the item", aliases=("item", "编号"), required=True),
        Column("answer", "text", "回答", "0–3, 是 or 否", aliases=("answer", "答案")),
        Column("evidence", "text", "依据", "what shows it", aliases=("evidence", "证据")),
    )
    raw = read_table(data_source(source), Table("checklist", "自查表", "item", columns))
    files = raw.attrs["source"]["files"]
    remember_source({
        "files": [f["name"] for f in files],
        "sha256": [f["sha256"][:12] for f in files],
        "n_lines": len(raw),
    })
    given: dict[str, tuple[object, str]] = {}
    for row in raw.reindex(columns=["item", "answer", "evidence"]).itertuples(index=False):
        if row.item == row.item and row.item is not None:
            said = row.answer == row.answer and row.answer is not None
            proof = str(row.evidence) if row.evidence == row.evidence and row.evidence is not None else ""
            given[str(row.item).strip()] = (_read_answer(row.answer) if said else None, proof)
    return given


def _read_answer(value: object) -> object:
    text = str(value).strip().removesuffix(".0")
    return int(text) if text.isdigit() else text
