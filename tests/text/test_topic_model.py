"""Topics found without naming them: planted ones, their number, and none where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crm_lib.errors import DataError, NoStructureWarning
from crm_lib.text import NoTopicsWarning, find_topics

COMMON = [f"共{i}" for i in range(20)]


def make_words(n_topics, n, seed=1):
    """Return texts of four words of their topic and three that stand everywhere, and the topics."""
    rng = np.random.default_rng(seed)
    topic = rng.integers(0, n_topics, n)
    rows = [
        [*rng.choice([f"题{t}词{j}" for j in range(12)], 4).tolist(), *rng.choice(COMMON, 3).tolist()]
        for t in topic
    ]
    return pd.Series(rows), topic


@pytest.fixture(scope="module")
def planted():
    words, topic = make_words(4, 300)
    return words, topic, find_topics(words, k_max=6, random_state=0)


def test_the_planted_number_is_found(planted):
    model = planted[2]
    assert (model.found, model.n_topics) == (True, 4)
    assert model.choice["n_topics"].tolist() == [2, 3, 4, 5, 6]
    best = model.choice.set_index("n_topics").loc[4]
    assert best["stability"] - best["chance_stability"] > 0.3


def test_each_topic_is_told_by_its_own_words(planted):
    words = planted[2].list_words(6)
    owners = words["word"].str[:2].groupby(words["topic"]).agg(set)
    assert sorted(map(sorted, owners)) == [["题0"], ["题1"], ["题2"], ["题3"]]
    assert (words.groupby("topic")["weight"].sum() <= 1).all()


def test_texts_get_their_topic(planted):
    words, topic, model = planted
    told = model.apply(words)
    right = pd.crosstab(told["topic"], topic).max(axis=1).sum() / len(words)
    assert right > 0.97
    blank = model.apply(pd.Series([[], ["没见过"], list(words[0])], index=[5, 6, 7]))
    assert blank["topic"].isna().tolist() == [True, True, False]
    assert blank["strength"].tolist()[:2] == [0, 0]
    assert model.apply(pd.Series([], dtype=object)).empty


def test_the_same_texts_in_another_order_give_the_same_topics(planted):
    words, _, model = planted
    other = find_topics(words.sample(frac=1, random_state=3), n_topics=4, random_state=0)
    same = find_topics(words, n_topics=4, random_state=9)
    tops = [set(w) for w in model.list_words(8).groupby("topic")["word"].agg(list)]
    for again in (other, same):
        found = [set(w) for w in again.list_words(8).groupby("topic")["word"].agg(list)]
        assert sorted(map(sorted, found)) == sorted(map(sorted, tops))


def test_no_structure_is_said():
    rng = np.random.default_rng(2)
    words = pd.Series([rng.choice(COMMON + [f"杂{i}" for i in range(60)], 6).tolist() for _ in range(300)])
    with pytest.warns(NoTopicsWarning, match="better than chance") as caught:
        model = find_topics(words, k_max=5, random_state=0)
    assert not model.found
    assert issubclass(caught[0].category, NoStructureWarning)


def test_copies_count_once_and_dropped_words_are_gone(planted):
    words = planted[0]
    copied = pd.concat([words, pd.Series([["抄", "来", "抄去"]] * 500)], ignore_index=True)
    model = find_topics(copied, n_topics=4, random_state=0, drop=["题0词0"])
    assert "抄去" not in model.terms
    assert "题0词0" not in model.terms
    assert "题0词1" in model.terms


def test_too_few_texts_are_refused():
    with pytest.raises(DataError, match="at least 20 different texts"):
        find_topics(pd.Series([["好"], ["坏"]] * 30), random_state=0)
    with pytest.raises(DataError, match="words that stand in 3 texts"):
        find_topics(pd.Series([[f"词{i}"] for i in range(40)]), random_state=0)
