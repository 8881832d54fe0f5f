"""Which fields are sensitive, on what ground they may be collected, and whether they should be (按需收集)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.identify.demography_bands import read_fields

if TYPE_CHECKING:
    import pandas as pd

ARTICLES = {
    "minimal": 6,
    "consent": 13,
    "contract": 13,
    "named_sensitive": 28,
    "separate_consent": 29,
    "minors": 31,
}
"""What an article of China's Personal Information Protection Law is cited for → its number."""
MINOR_AGE = 14
_COLUMNS = ["attribute", "sensitivity", "near", "ground", "articles", "use", "coarser"]


def flag_sensitive(attributes: Iterable[str], *, has_minors: bool = False) -> pd.DataFrame:
    """Say of each field how sensitive it is and on what ground it may be collected at all.

    Parameters
    ----------
    attributes : iterable of str
        Names of columns.
    has_minors : bool
        Whether children under 14 are among the persons: all of their personal information is sensitive.

    Returns
    -------
    DataFrame
        One row per field, in the order given: ``attribute``, ``sensitivity`` ("open", "personal", "sensitive",
        "unknown": not in our table, so to be judged by a person), ``near`` (True: the law's list does not name it, we
        treat it as sensitive), ``ground`` ("consent", "contract", "separate_consent"), ``articles`` (numbers of
        the law's articles, in words), ``use`` (what it is for, when it is needed), ``coarser`` (a coarser
        field that may do instead, or "").

    Notes
    -----
    The table is ``demography_fields.toml``.  Article 6 of the Personal Information Protection Law asks for a
    clear purpose and the smallest extent; Article 13 lists the grounds, among them consent and the
    performance of a contract; Article 28 says which information is sensitive and names kinds of it,
    among them that of children under 14; Article 29 asks for separate consent to it; Article 31 for the
    consent of the parents.  Disputable: the law does not name income or the identity number; we
    treat them as sensitive because their leak harms.  This is teaching material, no legal advice.

    Examples
    --------
    >>> flag_sensitive(["gender", "monthly_income"])[["attribute", "sensitivity", "coarser"]].values.tolist()
    [['gender', 'open', ''], ['monthly_income', 'sensitive', 'income_band']]
    """
    import pandas as pd

    table, rows = read_fields()["fields"], []
    for name in attributes:
        known = table.get(name, {})
        level = "sensitive" if has_minors else known.get("level", "unknown")
        ground = "separate_consent" if level == "sensitive" else known.get("ground", "")
        near = bool(known.get("near", False)) and not has_minors
        cited = _cite(level, ground, near, has_minors)
        rows.append((name, level, near, ground, cited, known.get("use", ""), known.get("keep", "")))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _cite(level: str, ground: str, near: bool, has_minors: bool) -> str:
    numbers = [ARTICLES["minimal"], *([ARTICLES["consent"]] if ground else [])]
    if level == "sensitive":
        numbers += [*([] if near else [ARTICLES["named_sensitive"]]), ARTICLES["separate_consent"]]
    if has_minors:
        numbers.append(ARTICLES["minors"])
    return "、".join(map(str, numbers))


def decide_collection(flags: pd.DataFrame, ranking: pd.DataFrame) -> pd.DataFrame:
    """Decide field by field whether to go on collecting it: is it needed, and what does it risk.

    Parameters
    ----------
    flags : DataFrame
        What `flag_sensitive` returned.
    ranking : DataFrame
        What `summarize_ranking` returned: ``attribute``, ``verdict``.

    Returns
    -------
    DataFrame
        The rows of `flags` with ``verdict`` ("not_measured" where the ranking has none) and ``decision``:
        "collect" (tells something, little risk), "coarser" (tells something, but a coarser field is to
        do), "only_if_needed" (tells something, risky; or not measured, but with a use), "stop" (risk without
        use), "optional" (little risk, nothing found), "wait" (too few cases to tell), "ask" (not in the table).

    Notes
    -----
    Order of the rules: unknown → ask; too few → wait, unless sensitive → stop; not measured → only if needed where a use
    is stated, else stop; useful → coarser where there is one, else by risk; otherwise → optional for open fields, stop for
    all others.  Disputable: a weak association does not justify collecting a personal field.

    Examples
    --------
    >>> import pandas as pd
    >>> ranking = pd.DataFrame({"attribute": ["gender", "monthly_income"], "verdict": ["useful", "not_beyond_chance"]})
    >>> decide_collection(flag_sensitive(["gender", "monthly_income"]), ranking)["decision"].tolist()
    ['collect', 'stop']
    """
    require_columns("decide_collection", flags.columns, _COLUMNS)
    require_columns("decide_collection", ranking.columns, ["attribute", "verdict"])
    verdicts = dict(zip(ranking["attribute"], ranking["verdict"], strict=True))
    out = flags.assign(verdict=[verdicts.get(a, "not_measured") for a in flags["attribute"]])
    out["decision"] = [_decide(row) for row in out.to_dict("records")]
    return out


def _decide(row: dict) -> str:
    level, verdict = row["sensitivity"], row["verdict"]
    if level == "unknown":
        return "ask"
    if verdict == "too_few":
        return "stop" if level == "sensitive" else "wait"
    if verdict == "not_measured":
        return "only_if_needed" if row["use"] else "stop"
    if verdict == "useful":
        return "coarser" if row["coarser"] else "collect" if level == "open" else "only_if_needed"
    return "optional" if level == "open" else "stop"
