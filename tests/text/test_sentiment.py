"""Sentiment: what is learnt, told, measured and kept."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from crm_lib.errors import DataError, ParameterError, ReadError
from crm_lib.text import (
    FewTextsWarning,
    evaluate_sentiment,
    fit_sentiment,
    load_sentiment,
    save_sentiment,
)
from crm_lib.text.evaluation import measure_auc

THINGS = ["床垫", "台灯", "衣柜", "毛衣", "餐桌", "枕芯", "夹克", "沙发"]
GOOD = ["质量很好", "很满意", "发货快", "做工细致", "值得买", "物美价廉"]
BAD = ["质量不好", "不满意", "发货慢", "做工粗糙", "不值这个价", "掉色"]


def make_reviews(n=400, seed=0):
    """Return reviews whose sentiment is said by their words alone."""
    rng = np.random.default_rng(seed)
    happy = rng.random(n) < 0.6
    words = [rng.choice(GOOD if h else BAD, 2, replace=False) for h in happy]
    text = [f"{rng.choice(THINGS)}{rng.choice(THINGS)}{a}，{b}{i % 7}" for i, (a, b) in enumerate(words)]
    return pd.DataFrame({
        "text": text,
        "rating": np.where(happy, rng.integers(4, 6, n), rng.integers(1, 3, n)),
    })


@pytest.fixture(scope="module")
def reviews():
    return make_reviews()


@pytest.fixture(scope="module")
def model(reviews):
    return fit_sentiment(reviews["text"], reviews["rating"])


def test_planted_words_are_learnt(model):
    told = model.apply(pd.Series(["书桌质量很好", "书桌质量不好", "毛衣掉色", "很满意"]))
    assert told["label"].tolist() == ["positive", "negative", "negative", "positive"]
    words = model.list_words(12)
    assert words.groupby("speaks_for").size().to_dict() == {"negative": 12, "positive": 12}
    assert "掉色" in set(words.loc[words["speaks_for"] == "negative", "word"])
    assert (words.loc[words["speaks_for"] == "negative", "weight"] < 0).all()


def test_the_probability_is_the_formula(model):
    # one known feature only: its weight and the intercept decide, the length is 1
    text = "慢"
    terms = dict(zip(model.terms, range(len(model.terms)), strict=True))
    alone = fit_sentiment(pd.Series(["好", "坏"] * 40), labels=pd.Series([1, 0] * 40))
    row = alone.apply(pd.Series(["好"])).iloc[0]
    weight = alone.weights[alone.terms.index("w:好")]
    assert row["probability"] == pytest.approx(1 / (1 + math.exp(-(weight + alone.intercept))))
    assert row["n_known"] == 1
    assert f"w:{text}" not in terms or model.weights[terms[f"w:{text}"]] < 0


def test_a_text_the_model_knows_nothing_of_gets_no_label(model):
    told = model.apply(pd.Series(["", None, "xyzzy", "很满意"], index=list("abcd")))
    assert told["probability"].isna().tolist() == [True, True, True, False]
    assert told["label"].isna().tolist() == [True, True, True, False]
    assert told.index.tolist() == list("abcd")
    assert model.apply(pd.Series([], dtype=object)).empty


def test_neutral_ratings_are_left_out_and_counted(reviews):
    more = pd.concat([reviews, pd.DataFrame({"text": ["一般"] * 5, "rating": [3] * 5})], ignore_index=True)
    model = fit_sentiment(more["text"], more["rating"])
    n_high = int((reviews["rating"] >= 4).sum())
    assert (model.n_neutral, model.n_positive, model.n_negative) == (5, n_high, 400 - n_high)


def test_labels_in_words_and_numbers_are_the_same(reviews):
    number = (reviews["rating"] >= 4).astype(int)
    word = number.map({1: "正面", 0: "负面"})
    one = fit_sentiment(reviews["text"], labels=number)
    two = fit_sentiment(reviews["text"], labels=word)
    assert one.terms == two.terms
    assert (one.weights == two.weights).all()


def test_faults_are_sentences(reviews):
    texts, ratings = reviews["text"], reviews["rating"]
    with pytest.raises(ParameterError, match="one of the two"):
        fit_sentiment(texts)
    with pytest.raises(ParameterError, match="one of the two"):
        fit_sentiment(texts, ratings, labels=ratings)
    with pytest.raises(DataError, match="of praise and of blame; got 240 and 0|got \\d+ and 0"):
        fit_sentiment(texts[ratings >= 4], ratings[ratings >= 4])
    with pytest.raises(DataError, match="neither \\(first: 'gut'\\)"):
        fit_sentiment(texts, labels=pd.Series(["gut"] * len(texts)))
    with pytest.raises(DataError, match="one rating or label per text"):
        fit_sentiment(texts, ratings[:5])
    with pytest.warns(FewTextsWarning, match="fewer than 30"):
        fit_sentiment(pd.Series(["好", "坏"] * 3), labels=pd.Series([1, 0] * 3))


def test_a_model_is_kept_digit_for_digit_as_plain_text(model, tmp_path):
    texts = make_reviews(30, seed=5)["text"]
    file = save_sentiment(model, tmp_path / "new" / "model.json")
    back = load_sentiment(file)
    pd.testing.assert_frame_equal(model.apply(texts), back.apply(texts), check_exact=True)
    again = save_sentiment(back, tmp_path / "again.json")
    assert file.read_bytes() == again.read_bytes()
    assert json.loads(file.read_text(encoding="utf-8"))["format"] == "crm-lib sentiment 1"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: c | {"format": "other"},
        lambda c: c | {"weights": c["weights"][:-1]},
        lambda c: c | {"idf": ["a"] * len(c["idf"])},
        lambda c: c | {"terms": [c["terms"][0]] * len(c["terms"])},
        lambda c: c | {"intercept": float("nan")},
        lambda c: {k: v for k, v in c.items() if k != "terms"},
        lambda c: [c],
    ],
)
def test_a_spoilt_file_is_refused(model, tmp_path, spoil):
    file = save_sentiment(model, tmp_path / "model.json")
    file.write_text(json.dumps(spoil(json.loads(file.read_text(encoding="utf-8")))), encoding="utf-8")
    with pytest.raises(ReadError, match="is not a model of the form"):
        load_sentiment(file)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(ReadError, match="cannot be read"):
        load_sentiment(file)


def test_the_auc_counts_pairs():
    right, score = np.array([True, True, False, False]), np.array([0.9, 0.4, 0.4, 0.1])
    # pairs: .9>.4 .9>.1 .4=.4 (half) .4>.1
    assert measure_auc(right, score) == (1 + 1 + 0.5 + 1) / 4
    assert math.isnan(measure_auc(np.array([True]), np.array([0.5])))


def test_the_measure_stands_beside_its_baselines(reviews):
    measured = evaluate_sentiment(reviews["text"], reviews["rating"], random_state=0).set_index("method")
    happy = (reviews["rating"] >= 4).mean()
    assert measured.loc["majority", "accuracy"] == pytest.approx(max(happy, 1 - happy))
    assert measured.loc["majority", "auc"] == pytest.approx(0.5, abs=0.03)
    assert measured.loc["model", "accuracy"] > 0.97
    assert measured.loc["lexicon", "accuracy"] > measured.loc["majority", "accuracy"]
    assert (measured["low_share"] <= measured["accuracy"]).all()
    assert (measured["accuracy"] <= measured["high_share"]).all()


def test_copies_do_not_help():
    """A text learnt by heart must not count: labels by chance, each text written four times."""
    rng = np.random.default_rng(1)
    texts = pd.Series([
        "".join(rng.choice(list("质量价格物流好坏快慢大小贵甲乙丙丁"), 14)) for _ in range(120)
    ])
    labels = pd.Series(rng.integers(0, 2, 120))
    copies = pd.concat(
        [texts, texts + "！", texts + "。", texts.str[:7] + "，" + texts.str[7:]], ignore_index=True
    )
    measured = evaluate_sentiment(copies, labels=pd.concat([labels] * 4, ignore_index=True), random_state=0)
    model = measured.set_index("method").loc["model"]
    assert model["n_groups"] == 120
    assert model["accuracy"] < 0.62


def test_blank_texts_are_left_out_and_counted(reviews):
    texts = reviews["text"].where(reviews.index >= 6, " ")
    measured = evaluate_sentiment(texts, reviews["rating"], random_state=0)
    assert measured.attrs["n_blank"] == 6
    assert measured["n_texts"].tolist() == [394] * 3
    with pytest.raises(DataError, match="at least 10 texts"):
        evaluate_sentiment(texts[:9], reviews["rating"][:9], random_state=0)
