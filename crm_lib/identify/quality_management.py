"""Score how well the quality of data is managed, by a checklist in four dimensions."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_columns, require_rows
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

MANAGEMENT_DIMENSIONS = ("配置管理", "培训", "验证和确认", "监督和监控")
_FULL = 3
_ANSWERS = {"是": 3, "有": 3, "完全做到": 3, "大部分做到": 2, "刚开始": 1, "否": 0, "没有": 0, "无": 0}


def load_checklist() -> pd.DataFrame:
    """Return the default checklist, not yet answered.

    Returns
    -------
    DataFrame
        One row per item: item, dimension (配置管理, 培训, 验证和确认, 监督和监控), text, answer
        (missing, to be filled with 0–3 or 是/否), evidence (empty).

    Notes
    -----
    The four dimensions are the textbook's; the items are ours.

    Examples
    --------
    >>> load_checklist()["dimension"].value_counts(sort=False).to_dict()
    {'配置管理': 5, '培训': 3, '验证和确认': 3, '监督和监控': 4}
    """
    import pandas as pd

    text = (resources.files("crm_lib.identify") / "quality_management.toml").read_text("utf-8")
    items = tomllib.loads(text)["item"]
    rows = [{"item": i["id"], "dimension": i["dimension"], "text": i["text"]} for i in items]
    out = pd.DataFrame(rows)
    out["answer"] = pd.array([pd.NA] * len(out), dtype="Int64")
    return out.assign(evidence="")


def score_management(checklist: pd.DataFrame) -> pd.DataFrame:
    """Score a filled-in checklist of the four management dimensions.

    Parameters
    ----------
    checklist
        One row per item: item, dimension, answer (0–3, 是 or 否; missing is not answered), and
        optionally text and evidence.

    Returns
    -------
    DataFrame
        One row per dimension in a fixed order: dimension, n_items, n_answered, n_gaps (answers below
        2), n_unproven (answers of 2 or 3 without evidence, where the checklist has that column), score
        (0–100; missing where nothing was answered).  ``attrs["overall"]`` is the mean over the dimensions
        that have a score; ``attrs["gaps"]`` lists item, dimension, answer and text of each gap, the worst first.

    Raises
    ------
    DataError
        A dimension or an answer is none of those above; all faults are named at once.

    Notes
    -----
    score = 100 · Σ answers / (3 · number answered): an item that was not answered is told, not counted as 0.
    是 counts 3, 否 counts 0.  An answer without evidence counts, and is told as unproven.

    Examples
    --------
    >>> filled = load_checklist().assign(answer=[3, 3, 2, 1, 0] + [3] * 10)
    >>> scored = score_management(filled)
    >>> scored["score"].tolist(), scored.attrs["overall"]
    ([60.0, 100.0, 100.0, 100.0], 90.0)
    """
    import pandas as pd

    require_columns("score_management", checklist.columns, ["item", "dimension", "answer"])
    require_rows("score_management", len(checklist), 1, "items", "Start from load_checklist().")
    marks = _read_answers(checklist)
    blank = _is_blank(checklist["evidence"]) if "evidence" in checklist else False
    unproven = marks.ge(2) & blank
    work = pd.DataFrame({"dimension": checklist["dimension"].to_numpy(), "mark": marks.to_numpy()})
    work["unproven"] = unproven.to_numpy()
    rows = []
    for name in MANAGEMENT_DIMENSIONS:
        part = work[work["dimension"] == name]
        n = int(part["mark"].notna().sum())
        score = 100.0 * part["mark"].sum() / (_FULL * n) if n else float("nan")
        n_gaps = int(part["mark"].lt(2).sum())
        rows.append((name, len(part), n, n_gaps, int(part["unproven"].sum()), score))
    out = pd.DataFrame(rows, columns=["dimension", "n_items", "n_answered", "n_gaps", "n_unproven", "score"])
    out.attrs = {"overall": float(out["score"].mean()), "gaps": _list_gaps(checklist, marks)}
    return out


def _read_answers(checklist: pd.DataFrame) -> pd.Series:
    """Return the answers as numbers 0–3, missing where there is none; collect every fault first."""
    import pandas as pd

    faults, marks = [], []
    for item, dimension, answer in zip(
        checklist["item"], checklist["dimension"], checklist["answer"], strict=True
    ):
        mark = _read_answer(answer)
        if dimension not in MANAGEMENT_DIMENSIONS:
            faults.append(f"item {item!r}: dimension {dimension!r}")
        if mark is None:
            faults.append(f"item {item!r}: answer {answer!r}")
        marks.append(mark)
    if faults:
        raise DataError(
            f"score_management: dimension must be one of {list_words(MANAGEMENT_DIMENSIONS)} and answer 0, 1, 2, 3, "
            f"是 or 否; {len(faults)} are not ({list_words(faults, most=5)}). Correct the checklist."
        )
    return pd.Series(marks, dtype="float64")


def _read_answer(answer: Any) -> float | None:
    """Return 0–3, NaN for no answer, None for what is no answer at all."""
    import pandas as pd

    if answer is None or pd.isna(answer) or (isinstance(answer, str) and not answer.strip()):
        return float("nan")
    if isinstance(answer, bool):
        return 3.0 if answer else 0.0
    text = str(answer).strip().removesuffix(".0")
    if text in _ANSWERS:
        return float(_ANSWERS[text])
    return float(text) if text in ("0", "1", "2", "3") else None


def _is_blank(evidence: pd.Series) -> pd.Series:
    import pandas as pd

    texts = evidence.reset_index(drop=True)
    return pd.Series([bool(pd.isna(t)) or not str(t).strip() for t in texts], dtype=bool)


def _list_gaps(checklist: pd.DataFrame, marks: pd.Series) -> list[dict[str, Any]]:
    texts = checklist["text"] if "text" in checklist else checklist["item"]
    rows = zip(checklist["item"], checklist["dimension"], marks, texts, strict=True)
    gaps = [
        {"item": str(i), "dimension": str(d), "answer": int(m), "text": str(t)}
        for i, d, m, t in rows
        if m < 2
    ]
    return sorted(gaps, key=lambda g: (g["answer"], MANAGEMENT_DIMENSIONS.index(g["dimension"])))
