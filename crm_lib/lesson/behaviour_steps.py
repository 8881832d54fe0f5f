"""The tables of the behaviour lesson, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import column_title, list_section, say
from crm_lib.lesson.display import show_table

if TYPE_CHECKING:
    import pandas as pd


_DIGITS = 2


def title_all(frame: pd.DataFrame) -> dict[str, str]:
    """Return the Chinese titles of a frame's columns in this lesson.

    Parameters
    ----------
    frame
        Any frame.
    """
    own = list_section("behaviour_columns")
    return {str(c): own.get(str(c), column_title(str(c))) for c in frame.columns}


def show_step(frame: pd.DataFrame, caption: str, *, most: int = 20) -> None:
    """Show a table of this lesson under its own Chinese titles.

    Parameters
    ----------
    frame
        Any frame.
    caption
        One line.
    most
        Rows shown at most.
    """
    show_table(frame, caption, most=most, titles=title_all(frame))


def show_identifiers(records: pd.DataFrame | None) -> pd.DataFrame | None:
    """Score what customers could be recognised by, and show it with the means of capture.

    Parameters
    ----------
    records
        Cleaned register records, or None.

    Returns
    -------
    DataFrame or None
        What `score_identifiers` returned; None without records or candidates.
    """
    from crm_lib.identify import score_identifiers

    if records is None or not len(records):
        return None
    scores = score_identifiers(records)
    if scores.empty:
        return None
    columns = ["title", "coverage_share", "uniqueness_share", "stability_share", "score", "capture"]
    shown = scores[columns].assign(capture=[_join(v) for v in scores["capture"]])
    if shown["stability_share"].isna().all():
        shown = shown.drop(columns="stability_share")
    show_step(shown, say("behaviour.cap_identifiers"))
    return scores


def _join(value: Any) -> str:
    return "、".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def load_table(name: str) -> pd.DataFrame:
    """Return one of the tables of step one: plan, engines or channels.

    Parameters
    ----------
    name
        Name of the table.
    """
    import pandas as pd

    from crm_lib.identify.prospects import load_rules

    return pd.DataFrame(load_rules("collecting")[name])


def show_engines() -> pd.DataFrame:
    """Show the table of search engines by class, and return it."""
    frame = load_table("engines")
    show_step(frame, say("behaviour.cap_engines"))
    return frame


def show_ways_of_finding() -> pd.DataFrame:
    """Show the textbook's 17 ways of finding customers, and return them."""
    from crm_lib.identify import list_source_methods

    ways = list_source_methods()
    shown = ways.rename(columns={"method": "source_method", "route": "origin"})
    shown["family"] = [say(f"behaviour.family_{f}") for f in ways["family"]]
    shown["origin"] = [say(f"behaviour.route_{r}") for r in ways["route"]]
    show_step(shown, say("behaviour.cap_ways_of_finding"))
    return ways


def show_methods(methods: pd.DataFrame) -> pd.DataFrame:
    """Show what each way of finding customers costs and yields, and return it.

    Parameters
    ----------
    methods
        What `measure_methods` returned.
    """
    named = methods.assign(family=[say(f"behaviour.family_{f}") for f in methods["family"]])
    columns = ["source_method", "family", "n_leads", "n_deals", "yield_share", "low_share", "high_share"]
    shown = named[[*columns, "cost", "deal_cost"]].rename(
        columns={"cost": "amount", "deal_cost": "deal_amount"}
    )
    show_step(shown, say("behaviour.cap_methods"))
    return methods


def show_experience_kit() -> None:
    """Show the ways of collecting experience data, the three levels, and the mystery customer's sheet."""
    from crm_lib.identify import list_choices, list_levels, list_mystery_sheet, list_ways

    ways = list_ways()
    show_step(ways.assign(side=[say(f"behaviour.side_{s}") for s in ways["side"]]), say("behaviour.cap_ways"))
    show_step(list_levels(), say("behaviour.cap_levels"))
    show_step(list_choices(), say("behaviour.cap_choices"))
    show_step(list_mystery_sheet().assign(mark=""), say("behaviour.cap_mystery"))


def show_scores(observations: pd.DataFrame | None) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Show the observers' scores per touchpoint, and how our own observers agree with mystery customers.

    Parameters
    ----------
    observations
        Cleaned observations, or None.

    Returns
    -------
    tuple
        Scores per touchpoint and the comparison; None where the table tells nothing.
    """
    from crm_lib.identify import measure_agreement, score_observations

    needed = {"touchpoint", "attribute", "score"}
    if (
        observations is None
        or not needed <= set(observations.columns)
        or observations["score"].notna().sum() == 0
    ):
        return None, None
    seen = observations
    if "method" in seen.columns and seen["method"].isin(["观察", "神秘客户"]).any():
        seen = seen[seen["method"].isin(["观察", "神秘客户"])]
    scores = score_observations(seen, by=["touchpoint"])
    show_step(scores, say("behaviour.cap_scores"))
    agree = None
    if "method" in seen.columns and seen["method"].nunique() == 2:
        agree = measure_agreement(seen.assign(observer=seen["method"]))
        show_step(agree, say("behaviour.cap_agree"))
    return scores, agree


def pair_waits(observations: pd.DataFrame | None) -> tuple[Any, Any]:
    """Return actual and felt waiting of the observations; two empty lists where there are none.

    Parameters
    ----------
    observations
        Cleaned observations, or None.
    """
    names = ("actual_wait_min", "felt_wait_min")
    if observations is None or not set(names) <= set(observations.columns):
        return [], []
    # what cannot have been is no waiting time: the six dimensions tell of it later
    rows = observations[[*names]].astype("float64")
    kept = rows[~(rows < 0).any(axis=1)]
    return kept[names[0]], kept[names[1]]


def show_waiting(waiting: pd.DataFrame) -> pd.DataFrame:
    """Show the five classes of waiting, and return their counts.

    Parameters
    ----------
    waiting
        What `classify_waiting` returned.
    """
    from crm_lib.identify import summarize_waiting

    counts = summarize_waiting(waiting)
    rules = {
        "very_good": "T1 ≫ T2",
        "good": "T1 > T2",
        "ordinary": "T1 = T2",
        "poor": "T1 < T2",
        "very_poor": "T1 ≪ T2",
    }
    shown = counts.assign(
        experience=[f"{rules[k]}：{say(f'behaviour.wait_{k}')}" for k in counts["experience"]]
    )
    show_step(shown, say("behaviour.cap_waiting"))
    return counts


def code_stories(observations: pd.DataFrame | None) -> pd.DataFrame | None:
    """Code the stories with the experience lexicon, and show how often each thing is told, and how.

    Parameters
    ----------
    observations
        Cleaned observations, or None.

    Returns
    -------
    DataFrame or None
        One row per code: level, code, n_mentions, n_good, n_bad, words; None without texts.
    """
    from crm_lib.text import code_experience

    if observations is None or "text" not in observations.columns:
        return None
    texts = observations["text"].dropna()
    if "method" in observations.columns:
        told = observations.loc[texts.index, "method"].isin(["讲故事", "开放式", "客户访问"])
        texts = texts[told] if told.any() else texts
    mentions = code_experience(texts)
    if mentions.empty:
        return None
    groups = mentions.groupby(["level", "code"], sort=True)
    out = groups.agg(
        n_mentions=("word", "size"),
        n_good=("polarity", lambda p: int((p > 0).sum())),
        n_bad=("polarity", lambda p: int((p < 0).sum())),
        words=(
            "word",
            lambda w: "、".join(
                w.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[:3]
            ),
        ),
    ).reset_index()
    out = out.sort_values(["n_mentions", "code"], ascending=[False, True], ignore_index=True)
    out.attrs = {"n_texts": len(texts), "n_uncoded": int(mentions.attrs.get("n_uncoded", 0))}
    show_step(out, say("behaviour.cap_stories"), most=12)
    return out
