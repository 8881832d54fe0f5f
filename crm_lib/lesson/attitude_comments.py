"""Comments of the lesson on attitudes: sentiment, topic, department; the four classes of attitude data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd

SURE = 0.6


def learn_sentiment(reviews: str, *, seed: int) -> tuple[Any, pd.DataFrame | None]:
    """Learn from rated reviews which words praise and which blame, and measure how well that goes.

    Parameters
    ----------
    reviews : str
        A file or a sample of reviews with text and rating, or empty text.
    seed : int
        Seed of the folds.

    Returns
    -------
    tuple
        The model and what `evaluate_sentiment` returned; both None when there is nothing to learn from.
    """
    from crm_lib.errors import DataError as NothingToLearn
    from crm_lib.identify import clean_table
    from crm_lib.lesson.run import show_source
    from crm_lib.lesson.sources import read_source
    from crm_lib.text import evaluate_sentiment, fit_sentiment

    if not reviews:
        return None, None
    raw = read_source(reviews, "reviews")
    show_source(raw)
    rows = clean_table(raw, "reviews").rows
    rows = rows[rows["text"].notna() & rows["rating"].notna()]
    ratings = rows["rating"].astype("float64")
    try:
        model = fit_sentiment(rows["text"], ratings)
        return model, evaluate_sentiment(rows["text"], ratings, random_state=seed)
    except NothingToLearn:
        return None, None


def code_comments(answers: pd.DataFrame, model: Any = None) -> pd.DataFrame:
    """Give each comment a topic, a sentiment and the department that answers it.

    Parameters
    ----------
    answers : DataFrame
        One row per questionnaire, perhaps with comment.
    model : SentimentModel, optional
        What `learn_sentiment` returned; without it the experience lexicon decides.

    Returns
    -------
    DataFrame
        One row per comment: response_id, comment, topic (其他 when no word of a topic is in it), sentiment
        (正面, 负面, 不明), probability (of praise; missing without a model), department, urgency,
        deadline_hours, reason (the last four for complaints only).

    Notes
    -----
    Two witnesses: the model (praise from a probability of 0.6 on, blame up to 0.4) and the experience
    lexicon (sign of the sum of its words).  When one speaks it decides; when both are silent or contradict
    each other the comment is 不明: a guess is not forced.
    """
    import pandas as pd

    from crm_lib.identify.attitude_answers import name_responses
    from crm_lib.identify.routing import route_complaints
    from crm_lib.text import match_topics

    texts = (
        answers["comment"]
        if "comment" in answers.columns
        else pd.Series(None, index=answers.index, dtype=object)
    )
    filled = texts.notna() & (texts.astype("str").str.strip() != "")
    texts = texts[filled].astype(object)
    found = pd.DataFrame({"response_id": name_responses(answers)[filled], "comment": texts})
    found["topic"] = match_topics(texts)["topic"].fillna(say("attitude.topic_other")) if len(texts) else texts
    found["sentiment"], found["probability"] = _judge(texts, model)
    sent = found[found["sentiment"] == say("attitude.negative")]
    columns = ["department", "urgency", "deadline_hours", "reason"]
    routed = (
        route_complaints(sent.assign(rating=1)[["comment", "rating"]])[columns]
        if len(sent)
        else sent.reindex(columns=columns)
    )
    return found.join(routed).reset_index(drop=True)


def _judge(texts: pd.Series, model: Any) -> tuple[pd.Series, pd.Series]:
    """Return sentiment and probability of each text, by the model and the lexicon, or by the lexicon alone."""
    import pandas as pd

    from crm_lib.text import code_experience

    coded = code_experience(texts)
    sign = coded.groupby("row")["polarity"].sum().reindex(texts.index, fill_value=0).clip(-1, 1)
    probability = pd.Series(float("nan"), index=texts.index)
    if model is not None and len(texts):
        probability = model.apply(texts)["probability"]
        sign = sign + (probability >= SURE).astype(int) - (probability <= 1 - SURE).astype(int)
    words = {1: say("attitude.positive"), -1: say("attitude.negative"), 0: say("attitude.unclear")}
    return sign.clip(-1, 1).map(words).astype(object), probability


def sort_attitudes(answers: pd.DataFrame, questions: pd.DataFrame, comments: pd.DataFrame) -> pd.DataFrame:
    """Sort what was asked into four classes: satisfaction, preference, brand, complaint.

    Parameters
    ----------
    answers, questions, comments : DataFrame
        What `collect_answers`, `read_questions` and `code_comments` returned.

    Returns
    -------
    DataFrame
        One row per class: attitude_class, holds (what belongs to it), n_columns, n_responses (who said
        something of it).

    Notes
    -----
    A construct whose name holds 满意 is satisfaction, all others are brand; importance and Kano questions
    are preference, performance and overall satisfaction; nps is brand; a complaint is a negative comment.
    """
    import pandas as pd

    happy = questions["construct"].str.contains(say("attitude.satisfied_word"), regex=False)
    columns = {
        "satisfaction": [*questions.loc[happy, "item"], "overall", *_prefixed(answers, "performance_")],
        "preference": [*_prefixed(answers, "importance_"), *_prefixed(answers, "kano_")],
        "brand": [*questions.loc[~happy, "item"], "nps"],
    }
    rows = []
    for kind, names in columns.items():
        there = [c for c in names if c in answers.columns and answers[c].notna().any()]
        n = int(answers[there].notna().any(axis=1).sum()) if there else 0
        rows.append((say(f"attitude.class_{kind}"), say(f"attitude.holds_{kind}"), len(there), n))
    n = int((comments["sentiment"] == say("attitude.negative")).sum())
    held = say("attitude.holds_complaint")
    rows.append((say("attitude.class_complaint"), held, int(len(comments) > 0), n))
    return pd.DataFrame(rows, columns=["attitude_class", "holds", "n_columns", "n_responses"])


def _prefixed(answers: pd.DataFrame, prefix: str) -> list[str]:
    return [str(c) for c in answers.columns if str(c).startswith(prefix)]


def tabulate_topics(comments: pd.DataFrame) -> pd.DataFrame:
    """Count comments by topic and sentiment, the topic with most negative ones first.

    Parameters
    ----------
    comments : DataFrame
        What `code_comments` returned.

    Returns
    -------
    DataFrame
        One row per topic: topic, n_blaming, n_unclear, n_praising, n_comments.
    """
    import pandas as pd

    kinds = {"n_blaming": "negative", "n_unclear": "unclear", "n_praising": "positive"}
    marks = pd.DataFrame({c: comments["sentiment"] == say(f"attitude.{k}") for c, k in kinds.items()})
    table = marks.astype("int64").groupby(comments["topic"].astype("str")).sum()
    table["n_comments"] = table.sum(axis=1)
    table = table.rename_axis("topic").reset_index()
    return table.sort_values(
        ["n_blaming", "n_comments", "topic"], ascending=[False, False, True], ignore_index=True
    )


def tabulate_routes(comments: pd.DataFrame) -> pd.DataFrame:
    """Count negative comments by the department that answers them.

    Parameters
    ----------
    comments : DataFrame
        What `code_comments` returned.

    Returns
    -------
    DataFrame
        One row per department and urgency: department, urgency, deadline_hours, topic (those it gets),
        n_comments, the largest first.
    """
    import pandas as pd

    sent = comments[comments["sentiment"] == say("attitude.negative")]
    columns = ["department", "urgency", "deadline_hours", "topic", "n_comments"]
    if not len(sent):
        return pd.DataFrame(columns=columns)
    filled = sent.fillna({"department": say("attitude.by_hand"), "urgency": "—"})
    table = filled.groupby(["department", "urgency"], sort=True, dropna=False).agg(
        deadline_hours=("deadline_hours", "min"),
        topic=("topic", lambda x: "、".join(sorted(set(map(str, x))))),
        n_comments=("comment", "size"),
    )
    table = table.reset_index().sort_values(
        ["n_comments", "department"], ascending=[False, True], ignore_index=True
    )
    return table[columns]
