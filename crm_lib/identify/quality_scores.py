"""Score the quality of tables, compare two assessments, and rank what to mend first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import DataError, ParameterError
from crm_lib.identify.quality_rules import DIMENSIONS, EFFORTS

if TYPE_CHECKING:
    import pandas as pd

_CELL = ["table", "source_file", "row", "column", "dimension"]
_SCORES = ("table", "dimension", "n_checked", "n_bad", "score", "weight")


def score_quality(findings: pd.DataFrame, *, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Score each table in each dimension: the share of good cells × 100.

    Parameters
    ----------
    findings
        What `assess_quality` returned, or a part of it: findings that a person has
        struck out no longer count.
    weights
        Dimension → weight ≥ 0; the dimensions not named weigh 0.  By default all six weigh the same.

    Returns
    -------
    DataFrame
        One row per table and dimension in which cells were checked: table, dimension, n_checked and
        n_bad (different cells), score (0–100), weight (share of the dimension among those in which
        any table was checked; they sum to 1).  ``attrs["overall"]`` is the overall score,
        ``attrs["as_of"]`` the day.

    Raises
    ------
    DataError
        The findings do not come from `assess_quality`.
    ParameterError
        A weight is negative, all are 0, or a dimension is unknown.

    Notes
    -----
    score = 100 · (1 − n_bad / n_checked).  A cell that breaks two rules of one dimension is one bad cell;
    a cell is counted in each dimension it was checked in.  The overall score is
    Σ weight · 100 · (1 − Σ n_bad / Σ n_checked), the sums over the tables: within a dimension every
    cell counts the same, and a big table more than a small one.  The disputable choice: a rare kind of check weighs
    as much as a frequent one, because the six dimensions are named as equally indispensable; the
    weighting is ours.

    Examples
    --------
    >>> import pandas as pd
    >>> from crm_lib.identify.quality import assess_quality
    >>> raw = pd.DataFrame({"record_id": ["K1", "K2"], "name": ["王芳", None], "birth_date": ["1990-02-30", "1985-03-01"]})
    >>> scores = score_quality(assess_quality({"customers": raw}, as_of="2025-01-01"))
    >>> scores[["dimension", "n_checked", "n_bad", "score"]].values.tolist()[:2]
    [['完整性', 6, 1, 83.33333333333334], ['规范性', 5, 0, 100.0]]
    """
    import pandas as pd

    record = _get_record("score_quality", findings)
    checked = pd.DataFrame(record["cells"], columns=["table", "dimension", "column", "n_checked"])
    checked = checked.groupby(["table", "dimension"], sort=False)["n_checked"].sum()
    bad = findings.drop_duplicates(_CELL).groupby(["table", "dimension"]).size()
    out = checked.reset_index()
    pairs = pd.MultiIndex.from_frame(out[["table", "dimension"]])
    out["n_bad"] = bad.reindex(pairs).fillna(0).astype("int64").to_numpy()
    out["score"] = 100.0 * (1.0 - out["n_bad"] / out["n_checked"])
    out["weight"] = out["dimension"].map(_share_weights(weights, list(out["dimension"]))).astype("float64")
    order = {name: k for k, name in enumerate(t["table"] for t in record["tables"])}
    place = {name: k for k, name in enumerate(DIMENSIONS)}
    out = out.assign(_t=out["table"].map(order), _d=out["dimension"].map(place)).sort_values(["_t", "_d"])
    out = out[list(_SCORES)].reset_index(drop=True)
    out = out.astype({"n_checked": "int64"})
    out.attrs = {"as_of": record["as_of"], "overall": measure_overall(out)}
    return out


def _get_record(where: str, findings: pd.DataFrame) -> dict[str, Any]:
    require_columns(where, findings.columns, [*_CELL, "rule"])
    record = findings.attrs.get("quality")
    if not record:
        raise DataError(
            f"{where}: findings must say how many cells were checked, as assess_quality's do; these do not. "
            "Pass its result, or rows chosen from it, not a file read back."
        )
    return record


def _share_weights(weights: Mapping[str, float] | None, there: list[str]) -> dict[str, float]:
    given = dict.fromkeys(DIMENSIONS, 1.0) if weights is None else dict(weights)
    wrong = [str(d) for d, w in given.items() if d not in DIMENSIONS or not w >= 0]
    shown = {d: float(given.get(d, 0.0)) for d in DIMENSIONS if d in there}
    if wrong or (shown and sum(shown.values()) <= 0):
        raise ParameterError(
            f"score_quality: weights must be numbers >= 0 for {list_words(DIMENSIONS)}, one of those checked above 0; "
            f"got {weights!r}. Correct {list_words(wrong) or 'the weights'}."
        )
    return {d: w / sum(shown.values()) for d, w in shown.items()}


def measure_overall(scores: pd.DataFrame) -> float:
    """Return the overall score (0–100) of what `score_quality` returned; NaN where nothing was checked."""
    summed = scores.groupby("dimension", sort=False).agg(
        n_checked=("n_checked", "sum"), n_bad=("n_bad", "sum"), weight=("weight", "first")
    )
    total = summed["weight"].sum()
    if not total > 0:
        return float("nan")
    return float((summed["weight"] * 100.0 * (1.0 - summed["n_bad"] / summed["n_checked"])).sum() / total)


def summarize_scores(scores: pd.DataFrame, *, by: str = "dimension") -> pd.DataFrame:
    """Sum scores up over the tables, or over the dimensions.

    Parameters
    ----------
    scores
        What `score_quality` returned.
    by
        ``"dimension"``: one row per dimension, over all tables; ``"table"``: one row per table, its
        dimensions weighted.

    Returns
    -------
    DataFrame
        dimension or table, n_checked, n_bad, score (0–100); for dimensions also weight.

    Notes
    -----
    A table that was checked in no dimension with a weight has no score.
    """
    import pandas as pd

    from crm_lib._checks import require_choice

    require_choice("summarize_scores", "by", by, ("dimension", "table"))
    require_columns("summarize_scores", scores.columns, list(_SCORES))
    rows = []
    for name, part in scores.groupby(by, sort=False):
        row = {by: name, "n_checked": int(part["n_checked"].sum()), "n_bad": int(part["n_bad"].sum())}
        if by == "dimension":
            row |= {
                "score": 100.0 * (1 - row["n_bad"] / row["n_checked"]),
                "weight": float(part["weight"].iloc[0]),
            }
        else:
            row["score"] = measure_overall(part)
        rows.append(row)
    out = pd.DataFrame(
        rows, columns=[by, "n_checked", "n_bad", "score", *(["weight"] if by == "dimension" else [])]
    )
    if by == "dimension":
        out = out.sort_values("dimension", key=lambda s: s.map({d: k for k, d in enumerate(DIMENSIONS)}))
    return out.reset_index(drop=True)


def compare_quality(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Compare two scorings: of two days (trend), or before and after a repair.

    Parameters
    ----------
    before, after
        What `score_quality` returned, with the same rules and weights.

    Returns
    -------
    DataFrame
        One row per table and dimension of either, in the order of `before`: table, dimension,
        n_checked_before, n_bad_before, score_before, the same after, change (points; missing where one
        side was not checked).  ``attrs`` holds as_of_before, as_of_after, overall_before, overall_after.

    Notes
    -----
    After a repair n_checked may grow: a number that became readable can then be held against the
    numbering plan.  So a score can fall in one dimension when another rises.
    """
    for scores in (before, after):
        require_columns("compare_quality", scores.columns, list(_SCORES))
    keys = ["table", "dimension"]
    values = ["n_checked", "n_bad", "score"]
    out = before[[*keys, *values]].merge(
        after[[*keys, *values]], on=keys, how="outer", suffixes=("_before", "_after"), sort=False
    )
    order = {pair: k for k, pair in enumerate([*_pairs(before), *_pairs(after)][::-1])}
    place = [-order[pair] for pair in _pairs(out)]
    out = out.assign(_place=place).sort_values("_place", kind="stable").drop(columns="_place")
    counts = [f"{c}_{when}" for c in ("n_checked", "n_bad") for when in ("before", "after")]
    out[counts] = out[counts].fillna(0).astype("int64")
    out["change"] = out["score_after"] - out["score_before"]
    out = out.reset_index(drop=True)
    out.attrs = {
        f"{name}_{when}": value
        for when, scores in (("before", before), ("after", after))
        for name, value in (("as_of", scores.attrs.get("as_of")), ("overall", measure_overall(scores)))
    }
    return out


def _pairs(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(frame["table"], frame["dimension"], strict=True))


def rank_repairs(findings: pd.DataFrame, *, weights: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Rank repairs by how far each alone would raise the overall score.

    Parameters
    ----------
    findings
        What `assess_quality` returned, or a part of it.
    weights
        As for `score_quality`.

    Returns
    -------
    DataFrame
        One row per table, rule and effort, the greatest gain first (then the least effort, then by rule):
        rank, table, rule, dimension, effort (自动, 核对, 回访), n_findings, gain (points of the overall
        score when all its findings are mended and nothing else), detail, cause, severity.

    Notes
    -----
    A cell that breaks another rule of the same dimension too stays bad, so it adds nothing to the gain of
    either.  The gains of several repairs add up at least to what all of them together bring.
    """
    record = _get_record("rank_repairs", findings)
    require_columns("rank_repairs", findings.columns, ["effort", "detail", "cause", "severity"])
    scores = score_quality(findings, weights=weights)
    out = _count_repairs(findings)
    checked = scores.groupby("dimension")["n_checked"].sum()
    weight = scores.groupby("dimension")["weight"].first()
    point = (100.0 * weight / checked).astype("float64")  # what one mended cell brings
    out["gain"] = out["n_alone"] * out["dimension"].map(point).astype("float64")
    out["detail"] = out["rule"].map(_first_details(findings)).astype(object)
    out["easy"] = out["effort"].map({e: k for k, e in enumerate(EFFORTS)})
    out = out.sort_values(["gain", "easy", "table", "rule"], ascending=[False, True, True, True])
    out["rank"] = range(1, len(out) + 1)
    names = [
        "rank",
        "table",
        "rule",
        "dimension",
        "effort",
        "n_findings",
        "gain",
        "detail",
        "cause",
        "severity",
    ]
    out = out[names].reset_index(drop=True)
    out.attrs = {"as_of": record["as_of"], "overall": scores.attrs["overall"]}
    return out


def _count_repairs(findings: pd.DataFrame) -> pd.DataFrame:
    """Return findings per table, rule and effort, and how many of them are their cell's only one in its dimension."""
    alone = ~findings.duplicated(_CELL, keep=False)
    grouped = findings.assign(_alone=alone).groupby(["table", "rule", "dimension", "effort"], sort=False)
    return grouped.agg(
        n_findings=("row", "size"),
        n_alone=("_alone", "sum"),
        cause=("cause", "first"),
        severity=("severity", "first"),
    ).reset_index()


def _first_details(findings: pd.DataFrame) -> dict[str, str]:
    """Return the sentence of each rule, without the word why that a cell of its own has."""
    first = findings.assign(_n=findings["detail"].str.len()).sort_values("_n", kind="stable")
    first = first.drop_duplicates("rule")
    pairs = zip(first["rule"], first["detail"], strict=True)
    return {rule: detail.rsplit("：", 1)[0].rstrip("。") + "。" for rule, detail in pairs}
