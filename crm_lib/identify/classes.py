"""Classes of prospects by intent (潜在, 意向, 成交), checked against what the record itself shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_columns
from crm_lib.errors import DataError
from crm_lib.identify.prospects import load_rules

if TYPE_CHECKING:
    import pandas as pd

INTENTS = ("潜在", "意向", "成交")
_SPELLINGS = {
    **{"潜在客户": "潜在", "线索": "潜在", "lead": "潜在", "prospect": "潜在", "potential": "潜在"},
    **{"意向客户": "意向", "有意向": "意向", "qualified": "意向", "opportunity": "意向"},
    **{
        "成交客户": "成交",
        "已成交": "成交",
        "签单": "成交",
        "已签单": "成交",
        "won": "成交",
        "customer": "成交",
    },
}
_CLAUSE = re.compile(r"[，。；！？、,;!?\s]+")
_REACH = 4


def read_intents(values: pd.Series) -> pd.Series:
    """Return the class of each cell: 潜在, 意向, 成交, or "" for what names none of them.

    Parameters
    ----------
    values : Series
        As recorded; known spellings such as 意向客户 or "won" are taken for their class.
    """
    import pandas as pd

    def read(value: Any) -> str:
        text = "" if value is None or value != value else str(value).strip().lower()
        return text if text in INTENTS else _SPELLINGS.get(text, "")

    return pd.Series([read(v) for v in values], index=values.index, dtype="str")


def classify_intent(leads: pd.DataFrame, *, words: str | Path | dict[str, Any] | None = None) -> pd.DataFrame:
    """Classify prospects as 潜在, 意向 or 成交 by the evidence in their record.

    Parameters
    ----------
    leads : DataFrame
        One row per prospect: lead_id, intent as recorded; signed_amount (yuan) and note where there are any.
    words : path to TOML or dict, optional
        See `find_intent_in_notes`.

    Returns
    -------
    DataFrame
        `leads` in the same order with recorded (the class on record, "" when it names none), intent (the
        class by evidence) and evidence: ``signed`` (an amount was signed), ``unsigned`` (成交 is on record, no
        amount is), ``note`` (the note of a 潜在 shows intent), ``recorded`` (nothing speaks against the
        record), ``none`` (no class on record and no evidence: 潜在).  ``attrs["n_changed"]`` counts the
        rows whose class differs from the record.

    Raises
    ------
    SchemaError
        When lead_id or intent is missing.

    Notes
    -----
    In this order: an amount above 0 makes 成交; else 成交 on record stays and is marked ``unsigned``, because
    the deal may be real and the amount forgotten; else a note that shows intent lifts 潜在 to 意向; else the
    record stands.  Nobody is put down: a note never speaks against the record.
    """
    import numpy as np
    import pandas as pd

    require_columns("classify_intent", list(leads.columns), ("lead_id", "intent"))
    recorded = read_intents(leads["intent"])
    signed = np.zeros(len(leads), dtype=bool)
    if "signed_amount" in leads.columns:
        signed = (pd.to_numeric(leads["signed_amount"], errors="coerce") > 0).to_numpy(dtype=bool)
    shown = np.zeros(len(leads), dtype=bool)
    if "note" in leads.columns:
        known = _load_words(words)
        shown = np.array([bool(_read_note(n, known)[0]) for n in leads["note"]], dtype=bool)
    was = recorded.to_numpy(dtype=object)
    cases = [signed, was == "成交", shown & np.isin(was, ["潜在", ""]), was != ""]
    evidence = np.select(cases, ["signed", "unsigned", "note", "recorded"], "none")
    intent = np.select(cases, ["成交", "成交", "意向", was], "潜在")
    out = leads.copy()
    out["recorded"] = recorded
    out["intent"] = pd.Series(intent.tolist(), index=leads.index, dtype="str")
    out["evidence"] = pd.Series(evidence.tolist(), index=leads.index, dtype="str")
    out.attrs = {**leads.attrs, "n_changed": int((intent != was).sum())}
    return out


def summarize_intent(leads: pd.DataFrame) -> pd.DataFrame:
    """Count the prospects per class, and how many the evidence moved there.

    Parameters
    ----------
    leads : DataFrame
        One row per prospect, as `classify_intent` returns them.

    Returns
    -------
    DataFrame
        One row per class, in the order 潜在, 意向, 成交: intent, n_recorded, n_leads (by evidence), n_moved
        (came from another class or from none), lead_share.
    """
    import pandas as pd

    require_columns("summarize_intent", list(leads.columns), ("intent", "recorded"))
    rows = []
    for name in INTENTS:
        now, was = leads["intent"] == name, leads["recorded"] == name
        share = float(now.mean()) if len(leads) else float("nan")
        rows.append((name, int(was.sum()), int(now.sum()), int((now & ~was).sum()), share))
    return pd.DataFrame(rows, columns=["intent", "n_recorded", "n_leads", "n_moved", "lead_share"])


def find_intent_in_notes(
    leads: pd.DataFrame, *, words: str | Path | dict[str, Any] | None = None
) -> pd.DataFrame:
    """Find among the 潜在 those whose notes show that they mean to buy.

    Parameters
    ----------
    leads : DataFrame
        One row per prospect: lead_id, intent, note.
    words : path to TOML or dict, optional
        ``words``: lists of words with the stage they speak for; ``not_before`` and ``not_after``: words that
        undo one within the same clause.  By default the list that travels with the library.

    Returns
    -------
    DataFrame
        One row per prospect found, the one with most stages first, then by number: lead_id, stages and
        words (those that decided, joined by "、"), n_words, note.  ``attrs["n_potential"]`` counts the 潜在
        that were looked at, ``attrs["n_undone"]`` those whose words were all undone by a negation.

    Raises
    ------
    SchemaError
        When lead_id, intent or note is missing.
    DataError
        When the words are not in the form above.

    Notes
    -----
    A word counts unless its clause negates it: 不, 没, 暂 … at most four characters before it, or 再说, 算了 …
    after it.  Words are a first sieve for a person to look at, not a verdict.
    """
    import pandas as pd

    require_columns("find_intent_in_notes", list(leads.columns), ("lead_id", "intent", "note"))
    known = _load_words(words)
    rows, undone = [], 0
    mine = leads[read_intents(leads["intent"]).to_numpy() == "潜在"]
    for row in mine[["lead_id", "note"]].itertuples(index=False):
        found, negated = _read_note(row.note, known)
        undone += bool(negated) and not found
        if found:
            stages = "、".join(dict.fromkeys(stage for _, stage in found))
            rows.append((
                row.lead_id,
                stages,
                "、".join(dict.fromkeys(w for w, _ in found)),
                len(found),
                row.note,
            ))
    out = pd.DataFrame(rows, columns=["lead_id", "stages", "words", "n_words", "note"])
    depth = out["stages"].str.count("、")
    out = out.assign(_depth=depth).sort_values(
        ["_depth", "n_words", "lead_id"], ascending=[False, False, True]
    )
    out = out.drop(columns="_depth").reset_index(drop=True)
    out.attrs = {"n_potential": len(mine), "n_undone": undone}
    return out


def _load_words(words: str | Path | dict[str, Any] | None) -> dict[str, Any]:
    table = words if isinstance(words, dict) else load_rules("intent_words", words)
    groups = table.get("words")
    good = isinstance(groups, list) and all(
        isinstance(g, dict) and isinstance(g.get("words"), list | tuple) and "stage" in g for g in groups
    )
    if not good:
        raise DataError(
            "find_intent_in_notes: words must be a list of {stage, words}; got something else. "
            "Write [[words]] with stage and words, as the shipped list does."
        )
    return table


def _read_note(note: Any, table: dict[str, Any]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the words of a note that count, each with its stage, and those that are undone."""
    if not isinstance(note, str):
        return [], []
    found, undone = [], []
    for clause in _CLAUSE.split(note):
        for group in table["words"]:
            for word in group["words"]:
                at = clause.find(word)
                if at < 0 or any(word in longer and word != longer for longer, _ in found):
                    continue
                if _is_undone(clause, word, at, table):
                    undone.append(word)
                else:
                    found.append((word, group["stage"]))
    return found, undone


def _is_undone(clause: str, word: str, at: int, table: dict[str, Any]) -> bool:
    before, after = clause[max(0, at - _REACH) : at], clause[at + len(word) :]
    return any(w in before for w in table.get("not_before", ())) or any(
        w in after for w in table.get("not_after", ())
    )
