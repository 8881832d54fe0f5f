"""Complaints → the department that answers, how urgently, by when, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.catalogue import say
from crm_lib.errors import SchemaError
from crm_lib.identify.routing_rules import RoutingRule, RoutingRules, read_routing_rules
from crm_lib.text import LexiconEntry, code_experience, find_mentions, match_topics, read_lexicon, read_topics

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("text", "comment", "note")
TIMES = ("occurred_at", "written_at", "answered_on", "observed_on")
SENT, BY_HAND, NONE = "派单", "人工", "不派"
HIGH, LOW = 4, 2
UNLIKELY, LIKELY = 0.35, 0.65


@dataclass(frozen=True)
class _Evidence:
    """What one row says: contact topic, rating, topic of the text, words that complain and that urge."""

    contact: str
    rating: float
    has_text: bool
    topic: str
    topic_words: str
    complaints: str
    balance: int
    urgent: str


def route_complaints(frame: pd.DataFrame, *, rules: RoutingRules | None = None) -> pd.DataFrame:
    """Send each complaint to the department that answers it.

    Parameters
    ----------
    frame : DataFrame
        One row per comment, review or contact: a text (``text``, ``comment`` or ``note``)
        and/or the ``topic`` of the contact; if present ``rating`` (1–5) or
        ``probability`` (of praise, as a ``SentimentModel`` gives it) and a time
        (``occurred_at``, ``written_at``, ``answered_on`` or ``observed_on``).
    rules : RoutingRules, optional
        What `read_routing_rules` returned; without it the library's own.

    Returns
    -------
    DataFrame
        One row per row of `frame`, same index: ``route`` (派单, 人工: a person decides, 不派: no
        complaint), ``topic``, ``department``, ``urgency`` (紧急, 较急, 普通), ``deadline_hours``,
        ``due_at`` (time + hours; only with a time), ``words`` (those that decided, joined by
        、), ``reason`` (a Chinese sentence).

    Raises
    ------
    SchemaError
        There is neither a text nor a topic.

    Notes
    -----
    A row is a complaint when its contact topic is one of the rules', when it is
    rated 2 or less, or, without a rating or with 3, when the words that blame
    outweigh those that praise.  A probability up to 0.35 counts as a rating of
    2, from 0.65 on as one of 4, where there is no rating.  A rating of 4 or 5 is none, unless an urgent
    word stands in it; 3 without blame is none either.  The contact topic names the topic, else the words of the
    text do (`match_topics`).  A complaint without a known topic, and an unrated
    text that neither blames nor praises, goes to a person: nothing is lost.
    """
    import pandas as pd

    known = rules or read_routing_rules()
    evidence = _gather(frame, known)
    by_topic = {rule.topic: rule for rule in known.rules}
    by_contact = {topic: rule for rule in known.rules for topic in rule.contact_topics}
    rows = [_decide(e, by_topic, by_contact, known) for e in evidence]
    columns = ["route", "topic", "department", "urgency", "deadline_hours", "words", "reason"]
    out = pd.DataFrame(rows, columns=columns, index=frame.index)
    out = out.astype(dict.fromkeys(columns, object) | {"deadline_hours": "float64"})
    time = next((c for c in TIMES if c in frame.columns), None)
    if time is not None:
        due = pd.to_datetime(frame[time]) + pd.to_timedelta(out["deadline_hours"], unit="h")
        out.insert(5, "due_at", due)
    return out


def _gather(frame: pd.DataFrame, rules: RoutingRules) -> list[_Evidence]:
    """Return the evidence of each row."""
    import pandas as pd

    where = "route_complaints"
    column = next((c for c in TEXTS if c in frame.columns), None)
    if column is None and "topic" not in frame.columns:
        try:
            require_columns(where, frame.columns, ["text"])
        except SchemaError as error:
            raise SchemaError(f"{error} A column 'topic' of contacts will do too.") from None
    plain = frame.reset_index(drop=True)
    blank = pd.Series([None] * len(plain), dtype=object)
    texts = plain[column].astype(object) if column else blank
    texts = texts.where(texts.map(lambda t: not isinstance(t, str) or bool(t.strip())), None)
    contact = plain["topic"].astype(object) if "topic" in plain.columns else blank
    topics = match_topics(texts, _merge_topics(rules))
    coded = code_experience(texts, _merge_lexicon(rules))
    urgent = find_mentions(texts, rules.urgent_words, reach=1)
    columns = (
        contact.fillna("").map(str).str.strip(),
        _read_ratings(plain),
        texts.notna(),
        topics["topic"].fillna(""),
        topics["words"],
        _join(coded[coded["polarity"] < 0], plain.index),
        coded.groupby("row")["polarity"].sum().reindex(plain.index, fill_value=0),
        _join(urgent[~urgent["negated"]], plain.index),
    )
    return [_Evidence(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]


def _read_ratings(frame: pd.DataFrame) -> pd.Series:
    """Return the rating, else what the probability of praise says in its stead."""
    import numpy as np
    import pandas as pd

    nothing = pd.Series(np.nan, index=frame.index)
    rating = pd.to_numeric(frame["rating"], errors="coerce") if "rating" in frame.columns else nothing
    chance = (
        pd.to_numeric(frame["probability"], errors="coerce") if "probability" in frame.columns else nothing
    )
    told = np.select([chance <= UNLIKELY, chance >= LIKELY], [LOW, HIGH], np.nan)
    return rating.astype("float64").fillna(pd.Series(told, index=frame.index))


def _merge_topics(rules: RoutingRules) -> dict[str, tuple[str, ...]]:
    """Return the words by topic; a word the rules add goes to the topic of its rule."""
    added = {rule.topic: rule.words for rule in rules.rules}
    moved = {word for words in added.values() for word in words}
    known = {t: tuple(w for w in words if w not in moved) for t, words in read_topics().items()}
    return {t: (*known.get(t, ()), *added.get(t, ())) for t in {**known, **added}}


def _merge_lexicon(rules: RoutingRules) -> object:
    lexicon = read_lexicon()
    there = {entry.word for entry in lexicon.entries}
    more = [
        LexiconEntry(w.lower(), "投诉", "体验效果", -1)
        for w in rules.complaint_words
        if w.lower() not in there
    ]
    return replace(lexicon, entries=(*lexicon.entries, *more))


def _join(mentions: pd.DataFrame, index: pd.Index) -> pd.Series:
    """Return the words of each row, each once, joined."""
    joined = mentions.groupby("row")["word"].agg(lambda words: "、".join(dict.fromkeys(words)))
    return joined.astype(object).reindex(index).fillna("")


def _decide(
    e: _Evidence, by_topic: dict[str, RoutingRule], by_contact: dict[str, RoutingRule], rules: RoutingRules
) -> tuple[str | None | float, ...]:
    """Return route, topic, department, urgency, hours, words, reason."""
    verdict = _judge(e, by_contact)
    if verdict in {"praise", "question", "neutral"}:
        return NONE, None, None, None, None, "", say(f"routing.{verdict}")
    rule = by_contact.get(e.contact) or by_topic.get(e.topic)
    words = "、".join(
        dict.fromkeys(w for part in (e.urgent, e.topic_words, e.complaints) for w in part.split("、") if w)
    )
    urgency, hours = (rule.urgency, rule.hours) if rule else ("普通", None)
    if e.urgent:
        urgency, hours = "紧急", min(rules.urgent_hours, hours or rules.urgent_hours)
    if rule is None or verdict == "unclear":
        why = say("routing.unclear" if verdict == "unclear" else "routing.no_topic")
        return BY_HAND, None, None, urgency, hours, words, why
    if e.contact in by_contact:
        reason = say("routing.by_contact", contact=e.contact, topic=rule.topic)
    else:
        reason = say("routing.by_words", words=e.topic_words, topic=rule.topic)
    more = say("routing.urgent", words=e.urgent) if e.urgent else ""
    return SENT, rule.topic, rule.department, urgency, hours, words, reason + more


def _judge(e: _Evidence, by_contact: dict[str, RoutingRule]) -> str:
    """Return complaint, praise, question, neutral or unclear."""
    if e.contact in by_contact or e.rating <= LOW or e.urgent:
        return "complaint"
    if e.rating >= HIGH:
        return "praise"
    if not e.has_text:
        return "question" if e.contact else "unclear"
    if e.balance < 0:
        return "complaint"
    if e.rating == e.rating:
        return "neutral"
    return "praise" if e.balance > 0 else "question" if e.contact else "unclear"
