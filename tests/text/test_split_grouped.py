"""No text stands on both sides of a split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError
from crm_lib.text import group_texts, split_grouped


def plain(text):
    """Write a text another way than the library: letters and digits only, small."""
    return "".join(c for c in text.lower() if c.isalnum())


def make_copies():
    """Return texts of which each is written several times, with marks, blanks and capitals changed."""
    rng = np.random.default_rng(3)
    bases = ["".join(rng.choice(list("质量价格物流好坏快慢大小贵a"), 12)) for _ in range(60)]
    forms = [lambda t: t, lambda t: f"{t}！", lambda t: f" {t[:5]} ，{t[5:]}。", str.upper]
    return pd.Series([form(base) for form in forms for base in bases])


@pytest.mark.parametrize("similar", [0.8, 1.0])
def test_no_text_stands_on_both_sides(similar):
    texts = make_copies()
    split = split_grouped(texts, n_folds=5, similar=similar, random_state=0)
    for fold in range(5):
        test = {plain(t) for t in texts[split["fold"] == fold]}
        train = {plain(t) for t in texts[split["fold"] != fold]}
        assert test
        assert not test & train


@given(
    st.lists(
        st.sampled_from(["好", "好！", "坏", "坏 。", "一般", "快", "快快", "慢"]), min_size=8, max_size=40
    ),
    st.integers(0, 3),
)
def test_copies_stay_together_whatever_the_mix(texts, seed):
    series = pd.Series(texts)
    if len({plain(t) for t in texts}) < 2:
        return
    split = split_grouped(series, n_folds=2, random_state=seed)
    by_text = pd.DataFrame({"plain": [plain(t) for t in texts], "fold": split["fold"]})
    assert (by_text.groupby("plain")["fold"].nunique() == 1).all()
    assert set(split["fold"]) == {0, 1}
    assert split["first"].sum() == split["group"].nunique()


def test_near_copies_are_one_group_and_likeness_is_measured():
    long = "床垫收到了包装很好师傅送货上门态度也很好睡了一周感觉很舒服推荐给大家"
    # one character of 34 changed in the middle: 29 of 35 shingles of three are shared
    other = long.replace("一周", "两周")
    assert group_texts(pd.Series([long, other])).tolist() == [0, 0]
    assert group_texts(pd.Series([long, other]), similar=1.0).tolist() == [0, 1]
    assert group_texts(pd.Series([long, other]), similar=0.9).tolist() == [0, 1]
    assert group_texts(pd.Series([long, long[:17]])).tolist() == [0, 1]


def test_near_pairs_are_found_as_an_exhaustive_search_finds_them():
    rng = np.random.default_rng(7)
    letters = list("天地人你我他好坏大小上下左右前后东西南北")
    bases = ["".join(rng.choice(letters, 30)) for _ in range(40)]
    texts = [t for b in bases for t in (b, b[:28] + "甲乙", b[:20] + "".join(rng.choice(letters, 10)))]
    found = group_texts(pd.Series(texts)).tolist()

    def shingles(text):
        return {text[i : i + 3] for i in range(len(text) - 2)}

    owner = list(range(len(texts)))
    for i in range(len(texts)):
        for j in range(i):
            one, two = shingles(texts[i]), shingles(texts[j])
            if len(one & two) >= 0.8 * len(one | two):
                old, new = owner[i], owner[j]
                owner = [new if o == old else o for o in owner]
    assert found == pd.factorize(pd.Series(owner))[0].tolist()
    assert len(set(found)) == 80


def test_marks_alone_and_blanks_are_compared_as_they_stand():
    assert group_texts(pd.Series(["！！", "？", "👍", "👍", None, ""])).tolist() == [0, 1, 2, 2, 3, 3]
    assert group_texts(pd.Series([], dtype=object)).tolist() == []


def test_folds_have_the_same_mix_and_do_not_hang_on_luck():
    texts = pd.Series([f"第{i}条评价内容各不相同{i * i}" for i in range(200)])
    labels = pd.Series(["好"] * 150 + ["坏"] * 50)
    split = split_grouped(texts, n_folds=5, labels=labels, similar=1.0, random_state=1)
    assert pd.crosstab(split["fold"], labels)[["好", "坏"]].values.tolist() == [[30, 10]] * 5
    pd.testing.assert_frame_equal(
        split, split_grouped(texts, n_folds=5, labels=labels, similar=1.0, random_state=1)
    )
    other = split_grouped(texts, n_folds=5, labels=labels, similar=1.0, random_state=2)
    assert (split["fold"] != other["fold"]).any()


def test_too_few_texts_are_refused():
    with pytest.raises(DataError, match="at least 3 different texts; got 2"):
        split_grouped(pd.Series(["好", "好！", "坏"]), n_folds=3, random_state=0)
    with pytest.raises(ParameterError, match="n_folds must be >= 2"):
        split_grouped(pd.Series(["好", "坏"]), n_folds=1, random_state=0)
    with pytest.raises(DataError, match="one per text"):
        split_grouped(pd.Series(["好", "坏"]), labels=pd.Series([1]), n_folds=2, random_state=0)
