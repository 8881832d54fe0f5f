"""Computed sentences of the lesson on attitudes: the questionnaire, who answered it, and with what care."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title, say

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.identify import Cleaned

_FLAGS = ("straight_line", "speeder", "mostly_missing", "repeated")
_ALIKE = 0.05


def signed(value: float, digits: int = 0) -> str:
    """Return a number as sentences show it, with a true minus sign and never a minus zero."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.replace("-", "")


def describe_questions(questions: pd.DataFrame) -> str:
    """Return sentences on the statements: constructs, reversed ones, scales.

    Parameters
    ----------
    questions : DataFrame
        What `read_questions` returned.

    Returns
    -------
    str
        Sentences that hold without reversed items, too.
    """
    sizes = questions["construct"].value_counts(sort=False)
    parts = "、".join(say("attitude.construct", name=name, n=n) for name, n in sizes.items())
    text = say("attitude.questions", n=len(questions), k=len(sizes), parts=parts)
    turned = questions.loc[questions["reversed"], "item"].tolist()
    text += (
        say("attitude.turned", n=len(turned), items="、".join(turned))
        if turned
        else say("attitude.not_turned")
    )
    points = sorted(set(questions["points"]))
    if questions.attrs.get("assumed_points"):
        text += say("attitude.points_assumed")
    elif len(points) == 1:
        text += say("attitude.points_one", points=points[0])
    else:
        text += say("attitude.points_many", points="、".join(map(str, points)))
    single = [str(name) for name, n in sizes.items() if n == 1]
    return text + (say("attitude.single", names="、".join(single)) if single else "")


def describe_sample_plan(plan: pd.DataFrame, *, n_people: int | None, response_share: float) -> str:
    """Return sentences on how many questionnaires are needed.

    Parameters
    ----------
    plan : DataFrame
        What `sample_size` returned.
    n_people : int or None
        Size of the population, where it is known.
    response_share : float
        Part of those asked who are expected to answer.

    Returns
    -------
    str
        Sentences that say so when even asking everybody is not enough.
    """
    row = plan.iloc[0]
    text = say("attitude.people", n=f"{n_people:,}") if n_people else say("attitude.people_unknown")
    text += say(
        "attitude.plan",
        margin=f"{100 * row['margin']:g}",
        confidence=f"{row['confidence']:.0%}",
        n=f"{row['n_needed']:,.0f}",
        share=f"{response_share:.0%}",
        send=f"{row['n_to_send']:,.0f}",
    )
    return text + (say("attitude.plan_lacking", n=f"{row['n_lacking']:,.0f}") if row["n_lacking"] > 0 else "")


def describe_collection(
    cleaned: Cleaned, answers: pd.DataFrame, refused: pd.DataFrame, *, channel: str
) -> str:
    """Return sentences on what was read, kept and refused.

    Parameters
    ----------
    cleaned : Cleaned
        What `collect_answers` returned first.
    answers, refused : DataFrame
        What it returned second and third.
    channel : str
        The channel kept, or empty.

    Returns
    -------
    str
        How many questionnaires, and which answers count as not given.
    """
    text = say("attitude.read", n=f"{cleaned.n_in:,}", kept=f"{len(cleaned.rows):,}")
    if channel:
        text += say("attitude.channel", channel=channel, n=f"{len(answers):,}")
    if not len(refused):
        return text + say("attitude.none_refused")
    first = refused.iloc[0]
    title = column_title(first["column"])
    return text + say(
        "attitude.refused",
        n=f"{len(refused):,}",
        response=first["response_id"],
        column=title,
        value=first["value"],
    )


def describe_flags(flags: pd.DataFrame, *, dropped: bool) -> str:
    """Return sentences on questionnaires filled in without care.

    Parameters
    ----------
    flags : DataFrame
        What `find_careless` returned.
    dropped : bool
        Whether the analysis leaves them out.

    Returns
    -------
    str
        How many of which kind, what could not be told, and what was done.
    """
    n, n_bad = len(flags), int(flags["careless"].sum())
    counts = {k: int(flags[k].sum()) for k in _FLAGS}
    parts = "、".join(
        say("attitude.flag_part", name=say(f"attitude.{k}"), n=c) for k, c in counts.items() if c
    )
    if n_bad:
        text = say("attitude.flags", n=f"{n:,}", bad=f"{n_bad:,}", share=f"{n_bad / n:.1%}", parts=parts)
        text += say("attitude.flags_twice") if sum(counts.values()) > n_bad else ""
    else:
        text = say("attitude.no_flags", n=f"{n:,}")
    if not flags.attrs["can_tell_straight"]:
        text += say("attitude.straight_unknown")
    if flags.attrs["n_without_seconds"]:
        text += say("attitude.seconds_unknown", n=f"{flags.attrs['n_without_seconds']:,}")
    if not n_bad:
        return text
    return text + (say("attitude.dropped", n=f"{n - n_bad:,}") if dropped else say("attitude.not_dropped"))


def describe_respondents(classes: pd.DataFrame, answers: pd.DataFrame, *, by: str, kind: str) -> str:
    """Return sentences on who answered, and what the weights change.

    Parameters
    ----------
    classes : DataFrame
        What `weigh_respondents` returned.
    answers : DataFrame
        One row per questionnaire that is analysed.
    by : str
        Column the classes were made by.
    kind : str
        Why a population is used or not, as `read_people` says.

    Returns
    -------
    str
        The class answering most and least, and the mean with and without weights.
    """
    title = column_title(by)
    if kind != "used":
        return say(f"attitude.people_{kind}", title=title)
    known = classes.dropna(subset=["weight"])
    if not len(known):
        return say("attitude.no_class_met", title=title)
    n, n_people = int(known["n_respondents"].sum()), int(classes["n_population"].sum())
    text = say("attitude.response", n=f"{n:,}", people=f"{n_people:,}", share=f"{n / n_people:.1%}")
    most, least = known.loc[known["weight"].idxmin()], known.loc[known["weight"].idxmax()]
    if least["weight"] - most["weight"] < _ALIKE:
        text += say("attitude.classes_alike", title=title)
    else:
        shown = {"title": title, "most": most[by], "least": least[by]}
        shares = {f"{a}_{b}": f"{row[f'{c}_share']:.1%}" for a, row in (("most", most), ("least", least))
                  for b, c in (("got", "respondent"), ("is", "population"))}  # fmt: skip
        text += say("attitude.classes", **shown, **shares, weight=f"{least['weight']:.2f}")
    return text + _say_gaps(classes, by) + _say_weighted(classes, answers, by)


def _say_gaps(classes: pd.DataFrame, by: str) -> str:
    empty = classes.loc[(classes["n_respondents"] == 0) & (classes["n_population"] > 0), by].tolist()
    text = say("attitude.class_empty", names="、".join(empty)) if empty else ""
    few = classes.loc[classes["few"] & (classes["n_respondents"] > 0), by].tolist()
    text += say("attitude.class_few", names="、".join(few)) if few else ""
    unknown = classes.attrs["n_unknown"]
    return text + (say("attitude.class_unknown", n=f"{unknown:,}") if unknown else "")


def _say_weighted(classes: pd.DataFrame, answers: pd.DataFrame, by: str) -> str:
    from crm_lib.identify import weigh_mean

    if "overall" not in answers.columns or by not in answers.columns or answers["overall"].isna().all():
        return ""
    weights = answers[by].map(classes.set_index(by)["weight"]).astype("float64")
    plain, weighed = float(answers["overall"].mean()), weigh_mean(answers["overall"], weights)
    if weighed != weighed:
        return ""
    text = say("attitude.weighted", plain=f"{plain:.2f}", weighed=f"{weighed:.2f}")
    text += say("attitude.weighted_same" if abs(plain - weighed) < 0.005 else "attitude.weighted_other")
    return text + say("attitude.effective", n=f"{classes.attrs['n_effective']:.0f}")
