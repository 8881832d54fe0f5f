"""Computed sentences of the lesson on attitudes: comments, reliability, recommendation, importance, Kano."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.attitude_words import signed

if TYPE_CHECKING:
    import pandas as pd

_LEVELS = (0.9, 0.8, 0.7, 0.6)
_WEAK = 0.3
_GAIN = 0.01
_SAME = 1e-9


def describe_comments(comments: pd.DataFrame, evaluation: pd.DataFrame | None) -> str:
    """Return sentences on the comments, and how far their sentiment can be trusted.

    Parameters
    ----------
    comments : DataFrame
        What `code_comments` returned.
    evaluation : DataFrame or None
        What `learn_sentiment` returned second.

    Returns
    -------
    str
        Sentences that hold without comments and without a model, too.
    """
    if evaluation is None:
        text = say("attitude.by_lexicon")
    else:
        rows = evaluation.set_index("method")
        row, base = rows.loc["model"], rows.loc["majority"]
        text = say(
            "attitude.by_model",
            n=f"{int(row['n_texts']):,}",
            accuracy=f"{row['accuracy']:.1%}",
            low=f"{row['low_share']:.1%}",
            high=f"{row['high_share']:.1%}",
            base=f"{base['accuracy']:.1%}",
        )
        text += "" if row["low_share"] > base["accuracy"] else say("attitude.model_useless")
    if not len(comments):
        return text + say("attitude.no_comments")
    counts = comments["sentiment"].value_counts()
    shown = {k: int(counts.get(say(f"attitude.{k}"), 0)) for k in ("negative", "unclear", "positive")}
    return text + say("attitude.comments", n=f"{len(comments):,}", **shown)


def describe_topics(topics: pd.DataFrame) -> str:
    """Return sentences on what is criticised most.

    Parameters
    ----------
    topics : DataFrame
        What `tabulate_topics` returned.

    Returns
    -------
    str
        One or two sentences; ties are said as ties.
    """
    if not len(topics) or not topics["n_blaming"].sum():
        return say("attitude.no_negative")
    top = topics["n_blaming"].max()
    names = topics.loc[topics["n_blaming"] == top, "topic"].tolist()
    text = say("attitude.most_negative", names="、".join(names), n=top, all=int(topics["n_blaming"].sum()))
    other = topics.loc[topics["topic"] == say("attitude.topic_other"), "n_comments"].sum()
    return text + (say("attitude.other_topic", n=int(other)) if other else "")


def describe_routes(routes: pd.DataFrame) -> str:
    """Return a sentence on where the complaints go first.

    Parameters
    ----------
    routes : DataFrame
        What `tabulate_routes` returned.

    Returns
    -------
    str
        The department with most of them, and the shortest deadline.
    """
    if not len(routes):
        return say("attitude.no_routes")
    first, due = routes.iloc[0], routes["deadline_hours"].min()
    text = say(
        "attitude.routes",
        n=int(routes["n_comments"].sum()),
        name=first["department"],
        most=int(first["n_comments"]),
    )
    return text + (say("attitude.deadline", hours=f"{due:.0f}") if due == due else "")


def describe_reliability(reliability: pd.DataFrame, statistics: pd.DataFrame) -> str:
    """Return sentences on the reliability of each scale and on the items that weaken it.

    Parameters
    ----------
    reliability : DataFrame
        What `measure_reliability` returned.
    statistics : DataFrame
        What `item_statistics` returned.

    Returns
    -------
    str
        A verdict per scale by the lower end of its interval, and the weak items by name.
    """
    lines = []
    for row in reliability.to_dict("records"):
        if row["alpha"] != row["alpha"]:
            lines.append(say("attitude.alpha_unknown", name=row["construct"]))
            continue
        level = next((i for i, limit in enumerate(_LEVELS) if row["low"] >= limit), len(_LEVELS))
        ends = {k: signed(row[k], 2) for k in ("alpha", "low", "high")}
        lines.append(
            say("attitude.alpha", name=row["construct"], verdict=say(f"attitude.alpha_{level}"), **ends)
        )
    whole = statistics["construct"].map(reliability.set_index("construct")["alpha"])
    weak = statistics["item_rest_r"] < _WEAK
    better = statistics["alpha_if_deleted"] > whole + _GAIN
    text = "\n".join(lines) + "\n"
    if not (weak | better).any():
        return text + say("attitude.items_good")
    if weak.any():
        text += say("attitude.items_weak", items="、".join(statistics.loc[weak, "item"]))
    if (better & ~weak).any():
        text += say("attitude.items_drop", items="、".join(statistics.loc[better & ~weak, "item"]))
    return text + say("attitude.items_check")


def describe_nps(nps: pd.DataFrame) -> str:
    """Return sentences on the net promoter score, its interval, and the groups.

    Parameters
    ----------
    nps : DataFrame
        What `rate_nps` returned.

    Returns
    -------
    str
        Whether promoters or detractors prevail, when that can be said at all.
    """
    row, groups = nps.iloc[0], nps.iloc[1:]
    if row["nps"] != row["nps"]:
        return say("attitude.nps_none")
    ends = {k: signed(row[k], 1) for k in ("nps", "low", "high")}
    shares = {k: f"{row[f'{k}_share']:.1%}" for k in ("promoter", "passive", "detractor")}
    text = say("attitude.nps", n=f"{row['n']:,}", **ends, **shares)
    kind = "above" if row["low"] > 0 else "below" if row["high"] < 0 else "open"
    text += say(f"attitude.nps_{kind}") + (say("attitude.nps_few", n=row["n"]) if row["few"] else "")
    return text + _say_groups(groups.dropna(subset=["nps"]))


def _say_groups(groups: pd.DataFrame) -> str:
    few = groups.loc[groups["few"], "group"].tolist()
    text = say("attitude.groups_few", names="、".join(few)) if few else ""
    known = groups[~groups["few"].astype(bool)]
    if len(known) < 2:
        return text
    best, worst = known["nps"].max(), known["nps"].min()
    if best - worst < _SAME:
        return say("attitude.groups_equal") + text
    top, bottom = known[known["nps"] > best - _SAME], known[known["nps"] < worst + _SAME]
    shown = {"best": "、".join(top["group"]), "worst": "、".join(bottom["group"])}
    shown |= {"a": signed(best, 1), "b": signed(worst, 1)}
    apart = top["low"].min() > bottom["high"].max()
    return (
        say("attitude.groups", **shown)
        + say("attitude.groups_apart" if apart else "attitude.groups_overlap")
        + text
    )


def describe_importance(matrix: pd.DataFrame) -> str:
    """Return sentences on what to improve first.

    Parameters
    ----------
    matrix : DataFrame
        What `rate_importance` returned.

    Returns
    -------
    str
        The quadrants by name, what is not certain, and the largest gap.
    """
    if not len(matrix):
        return say("attitude.no_importance")
    cuts = {k: f"{matrix.attrs[f'cut_{k}']:.2f}" for k in ("importance", "performance")}
    text = say(f"attitude.cut_{matrix.attrs['cut']}", **cuts)
    for quadrant in ("concentrate", "keep_up", "low_priority", "overkill"):
        names = matrix.loc[matrix["quadrant"] == quadrant, "title"].tolist()
        if names:
            text += say(
                "attitude.quadrant", name=say(f"attitude.quadrant_{quadrant}"), names="、".join(names)
            )
    open_ = matrix.loc[~matrix["firm"].astype(bool), "title"].tolist()
    text += say("attitude.not_firm", names="、".join(open_)) if open_ else say("attitude.all_firm")
    row = matrix.iloc[0]
    if not row["gap_low"] > 0:
        return text + say("attitude.no_gap")
    ends = {k: f"{row[k]:.2f}" for k in ("gap", "gap_low", "gap_high")}
    return text + say("attitude.gap", name=row["title"], **ends)


def describe_kano(kano: pd.DataFrame) -> str:
    """Return sentences on the class of each feature and on those without a clear one.

    Parameters
    ----------
    kano : DataFrame
        What `rate_features` returned.

    Returns
    -------
    str
        The features by class, and advice for the clear classes found.
    """
    if not len(kano):
        return say("attitude.no_kano")
    text = say("attitude.kano_lead") if kano["clear"].any() else ""
    for kind in "MOAIRQ":
        mine = kano[(kano["kano"] == kind) & kano["clear"].astype(bool)]
        shares = mine[f"n_{kind.lower()}"] / mine["n"]
        names = [f"{name}（{share:.0%}）" for name, share in zip(mine["title"], shares, strict=True)]
        if names:
            text += say(
                "attitude.kano_list", name=say(f"attitude.kano_{kind.lower()}"), names="、".join(names)
            )
            text += say(f"attitude.kano_do_{kind.lower()}")
    open_ = kano[~kano["clear"].astype(bool)]
    for row in open_.to_dict("records"):
        text += say("attitude.kano_open", name=row["title"], kinds=row["kano"])
    return text
