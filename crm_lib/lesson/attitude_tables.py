"""Tables of the lesson on attitudes, in words; every one holds when a question was not asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_FLAGS = ("straight_line", "speeder", "mostly_missing", "repeated")


def weigh_respondents(answers: pd.DataFrame, people: pd.DataFrame | None, *, by: str) -> pd.DataFrame:
    """Return the classes of respondents with their weights; without a population all weigh the same.

    Parameters
    ----------
    answers : DataFrame
        One row per questionnaire.
    people : DataFrame or None
        What `read_people` returned.
    by : str
        Column the classes are made by.

    Returns
    -------
    DataFrame
        What `weight_classes` returns.  Without a population the classes of the respondents stand for
        themselves, each with the weight 1.
    """
    import pandas as pd

    from crm_lib.identify import weight_classes

    known = answers if by in answers.columns else answers.assign(**{by: pd.NA})
    if people is None:
        people = known[by].dropna().astype("str").value_counts().rename("n").rename_axis(by).reset_index()
        if not len(people):
            return weight_classes(known, pd.DataFrame({by: ["—"], "n": [1]}), by=by)
    return weight_classes(known, people, by=by)


def summarize_flags(flags: pd.DataFrame) -> pd.DataFrame:
    """Return how many questionnaires each sign of carelessness marks.

    Parameters
    ----------
    flags : DataFrame
        What `find_careless` returned.

    Returns
    -------
    DataFrame
        One row per sign and one for any of them: item, rule (in words), n_responses, flag_share.
    """
    import pandas as pd

    a = flags.attrs
    shown = {
        "fast": f"{a['fast_share']:.0%}",
        "seconds": f"{a['seconds_per_item']:g}",
        "most": f"{a['most_missing']:.0%}",
    }
    rows = [
        (say(f"attitude.{kind}"), say(f"attitude.{kind}_rule", **shown), int(flags[kind].sum()))
        for kind in (*_FLAGS, "careless")
    ]
    table = pd.DataFrame(rows, columns=["item", "rule", "n_responses"])
    return table.assign(flag_share=table["n_responses"] / max(len(flags), 1))


def tabulate_questions(questions: pd.DataFrame) -> pd.DataFrame:
    """Return the statements as a table to read: number, construct, text, reversed (是/否), points.

    Parameters
    ----------
    questions : DataFrame
        What `read_questions` returned.

    Returns
    -------
    DataFrame
        One row per item: question, construct, statement, reversed, points.
    """
    table = questions[["item", "construct", "text", "reversed", "points"]].copy()
    table["reversed"] = [say("attitude.yes") if r else say("attitude.no") for r in questions["reversed"]]
    return table.rename(columns={"item": "question", "text": "statement"})


def rate_nps(answers: pd.DataFrame, *, by: str = "channel") -> pd.DataFrame:
    """Measure the net promoter score, by channel where it is known; without the question it is missing.

    Parameters
    ----------
    answers : DataFrame
        One row per questionnaire.
    by : str
        Column whose groups are measured too, when it is there.

    Returns
    -------
    DataFrame
        What `measure_nps` returns.
    """
    from crm_lib.identify import measure_nps

    asked = answers if "nps" in answers.columns else answers.assign(nps=float("nan"))
    groups = by if by in asked.columns and asked[by].nunique() > 1 else None
    return measure_nps(asked, by=groups)


def rate_importance(answers: pd.DataFrame, *, cut: str = "mean") -> pd.DataFrame:
    """Compare importance and performance, with Chinese names; no row when it was not asked.

    Parameters
    ----------
    answers : DataFrame
        One row per questionnaire.
    cut : str
        See `compare_importance`.

    Returns
    -------
    DataFrame
        What `compare_importance` returns and ``title``.
    """
    import pandas as pd

    from crm_lib.errors import SchemaError
    from crm_lib.identify import compare_importance

    try:
        found = compare_importance(answers, cut=cut)
    except SchemaError:
        columns = ["attribute", "title", "n", "importance", "performance", "gap", "quadrant", "firm"]
        return pd.DataFrame(columns=columns)
    return name_columns(found[found["n"] > 0], column="attribute", prefix="importance_")


def rate_features(answers: pd.DataFrame) -> pd.DataFrame:
    """Classify features by Kano, with Chinese names; no row when it was not asked.

    Parameters
    ----------
    answers : DataFrame
        One row per questionnaire.

    Returns
    -------
    DataFrame
        What `classify_kano` returns and ``title``.
    """
    import pandas as pd

    from crm_lib.errors import SchemaError
    from crm_lib.identify import classify_kano

    try:
        found = classify_kano(answers)
    except SchemaError:
        columns = ["feature", "title", "n", *(f"n_{k}" for k in "moairq"), "kano", "better", "worse", "clear"]
        return pd.DataFrame(columns=columns)
    return name_columns(found[found["n"] > 0], column="feature", prefix="kano_")


def show_if_any(plot: Callable[[pd.DataFrame], Axes], frame: pd.DataFrame, caption: str) -> None:
    """Show the figure of a result, or nothing when the result has no row.

    Parameters
    ----------
    plot : callable
        One of the ``plot_…`` functions.
    frame : DataFrame
        What its computing twin returned.
    caption : str
        What the figure shows.
    """
    from crm_lib.lesson.display import show_figure

    if len(frame):
        show_figure(plot(frame), caption)


def tabulate_importance(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return the attributes with their gap and quadrant, in words.

    Parameters
    ----------
    matrix : DataFrame
        What `rate_importance` returned.

    Returns
    -------
    DataFrame
        One row per attribute: aspect (its title), importance, performance, importance_gap, gap_low,
        gap_high, quadrant, firm (是/否).
    """
    words = {q: say(f"attitude.quadrant_{q}") for q in ("concentrate", "keep_up", "low_priority", "overkill")}
    columns = ["title", "importance", "performance", "gap", "gap_low", "gap_high", "quadrant", "firm"]
    table = matrix.reindex(columns=columns).rename(columns={"title": "aspect", "gap": "importance_gap"})
    firm = [say("attitude.yes") if f else say("attitude.no") for f in matrix["firm"]]
    return table.assign(quadrant=matrix["quadrant"].map(words), firm=firm)


def tabulate_kano(kano: pd.DataFrame) -> pd.DataFrame:
    """Return the features with the counts of the six classes and the verdict, in words.

    Parameters
    ----------
    kano : DataFrame
        What `rate_features` returned.

    Returns
    -------
    DataFrame
        One row per feature: kano_feature (its title), n_m … n_q, better, worse, kano_class, clear (是/否).
    """
    names = {k: say(f"attitude.kano_{k.lower()}") for k in "MOAIRQ"}
    table = kano[[c for c in kano.columns if c.startswith("n_")]].copy()
    table.insert(0, "kano_feature", kano["title"])
    table["better"], table["worse"] = kano["better"], kano["worse"]
    table["kano_class"] = ["/".join(names[k] for k in kind.split("/") if k) for kind in kano["kano"]]
    table["clear"] = [say("attitude.yes") if f else say("attitude.no") for f in kano["clear"]]
    return table


def summarize_scores(scores: pd.DataFrame, reliability: pd.DataFrame) -> pd.DataFrame:
    """Return mean, interval and reliability of each construct.

    Parameters
    ----------
    scores : DataFrame
        What `code_scales` returned.
    reliability : DataFrame
        What `measure_reliability` returned.

    Returns
    -------
    DataFrame
        One row per construct: construct, n_scored, mean_score, score_low, score_high (0–100, Student's
        interval), n_items, n_complete (who answered all of them), alpha, alpha_low, alpha_high.
    """
    from crm_lib.stats import interval_of_mean

    table = reliability[["construct", "n_items", "n_respondents", "alpha", "low", "high"]].copy()
    table = table.rename(columns={"n_respondents": "n_complete", "low": "alpha_low", "high": "alpha_high"})
    own = [scores[f"score_{c}"] for c in table["construct"]]
    ends = [interval_of_mean(x) for x in own]
    for place, (name, k) in enumerate((("mean_score", 0), ("score_low", 1), ("score_high", 2)), 1):
        table.insert(place, name, [e[k] for e in ends])
    table.insert(1, "n_scored", [int(x.notna().sum()) for x in own])
    return table


def name_columns(found: pd.DataFrame, *, column: str, prefix: str) -> pd.DataFrame:
    """Add the Chinese name of each attribute or feature as ``title``.

    Parameters
    ----------
    found : DataFrame
        What `compare_importance` or `classify_kano` returned.
    column : str
        "attribute" or "feature".
    prefix : str
        What its columns in the survey begin with: "importance_" or "kano_".

    Returns
    -------
    DataFrame
        The same rows with ``title``; an attribute that the contract does not know keeps its name.
    """
    from crm_lib.schema import load_schema

    tail = "_f" if prefix == "kano_" else ""
    titles = {c.name: c.title for c in load_schema("survey").columns}
    plain = [re.sub("重要性$|^有|时的感受$", "", titles.get(f"{prefix}{n}{tail}", n)) for n in found[column]]
    named = found.assign(title=plain)
    named.attrs = dict(found.attrs)
    return named
