"""Association against scipy and scikit-learn, and what chance gives."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import mutual_info_score

from crm_lib.errors import SchemaError
from crm_lib.stats import group_values, measure_association


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    n = 400
    sex = rng.choice(["f", "m"], n)
    city = rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])
    liked = np.where(rng.random(n) < 0.7, np.where(sex == "f", "dress", "shirt"), "lamp")
    return pd.DataFrame({
        "sex": sex,
        "city": city,
        "pet": rng.random(n) < 0.3,
        "liked": liked,
        "spend": np.exp(rng.normal(4, 1, n) + 0.5 * (city == "a")),
    })


def row(found, attribute, outcome):
    return found[(found["attribute"] == attribute) & (found["outcome"] == outcome)].iloc[0]


def test_categories_by_scipy_and_sklearn(frame):
    found = row(
        measure_association(frame, attributes=["sex"], outcomes=["liked"], random_state=0), "sex", "liked"
    )
    table = pd.crosstab(frame["sex"], frame["liked"])
    assert found["effect_squared"] ** 0.5 == pytest.approx(stats.contingency.association(table, "cramer"))
    assert found["mutual_bits"] == pytest.approx(mutual_info_score(frame["sex"], frame["liked"]) / np.log(2))
    # Bergsma's correction, written out
    chi, n = stats.chi2_contingency(table, correction=False)[0], 400
    phi = max(0, chi / n - 1 * 2 / (n - 1))
    r, c = 2 - 1 / (n - 1), 3 - 4 / (n - 1)
    assert found["effect"] == pytest.approx((phi / (min(r, c) - 1)) ** 0.5)
    assert (found["kind"], found["n_known"], found["n_values"]) == ("category", 400, 2)
    assert found["p_value"] == 0.001


def test_numbers_by_kruskal_and_wallis(frame):
    found = row(
        measure_association(frame, attributes=["city"], outcomes=["spend"], random_state=0), "city", "spend"
    )
    groups = [part["spend"] for _, part in frame.groupby("city")]
    assert found["effect_squared"] * 399 == pytest.approx(stats.kruskal(*groups).statistic)
    ranks = frame["spend"].rank()
    total = ((ranks - ranks.mean()) ** 2).sum()
    between = sum(len(g) * (ranks[g.index].mean() - ranks.mean()) ** 2 for g in groups)
    error = (total - between) / (400 - 3)
    assert found["effect"] == pytest.approx(((between - 2 * error) / (total + error)) ** 0.5)
    assert found["p_value"] == pytest.approx(stats.kruskal(*groups).pvalue, abs=0.01)


def test_ties_of_the_outcome_are_shared():
    frame = pd.DataFrame({"a": list("xxxxxyyyyyzzzzz"), "n": [1, 1, 2, 2, 3, 2, 2, 3, 3, 3, 5, 5, 1, 2, 2]})
    found = measure_association(frame, attributes=["a"], outcomes=["n"], random_state=0).iloc[0]
    groups = [part["n"] for _, part in frame.groupby("a")]
    assert found["effect_squared"] * 14 == pytest.approx(stats.kruskal(*groups).statistic)


def test_chance_is_what_permuting_by_hand_gives(frame):
    found = row(
        measure_association(frame, attributes=["city"], outcomes=["liked"], random_state=3), "city", "liked"
    )
    rng = np.random.default_rng(9)
    drawn = [
        mutual_info_score(frame["city"], rng.permutation(frame["liked"])) / np.log(2) for _ in range(500)
    ]
    assert found["chance_bits"] == pytest.approx(np.mean(drawn), rel=0.15)
    assert found["chance_bits_95"] == pytest.approx(np.quantile(drawn, 0.95), rel=0.2)
    assert found["extra_bits"] == found["mutual_bits"] - found["chance_bits"]


def test_nothing_planted_is_found_as_often_as_the_level_says():
    rng = np.random.default_rng(1)
    names = [f"a{i}" for i in range(60)]
    frame = pd.DataFrame(rng.choice(list("uvw"), (120, 60)), columns=names).assign(y=rng.random(120))
    found = measure_association(frame, attributes=names, outcomes=["y"], random_state=2, n_permutations=199)
    assert (found["p_value"] <= 0.05).sum() <= 8  # 60 × 0.05 = 3, and 8 is passed once in a hundred times
    assert abs(found["extra_bits"].mean()) < 0.005


def test_within_takes_away_what_another_attribute_explains():
    rng = np.random.default_rng(4)
    age = rng.choice(["young", "old"], 600)
    married = np.where(rng.random(600) < np.where(age == "old", 0.9, 0.1), "yes", "no")
    frame = pd.DataFrame({
        "age": age,
        "married": married,
        "spend": rng.normal(0, 1, 600) + 2 * (age == "old"),
    })
    given = {"attributes": ["married"], "outcomes": ["spend"], "random_state": 0}
    alone = measure_association(frame, **given).iloc[0]
    beyond = measure_association(frame, within="age", **given).iloc[0]
    assert alone["p_value"] == 0.001
    assert beyond["p_value"] > 0.05
    assert beyond["mutual_bits"] == alone["mutual_bits"]
    assert abs(beyond["extra_bits"]) < 0.02 < 0.1 < alone["extra_bits"]


def test_missing_values_are_left_out_pair_by_pair():
    frame = pd.DataFrame({"a": [*"xxxxxyyyyy", None, "x"], "b": [*"uuuuuvvvvv", "u", None]})
    found = measure_association(frame, attributes=["a"], outcomes=["b"], random_state=0).iloc[0]
    assert (found["n_known"], found["mutual_bits"]) == (10, pytest.approx(1.0))


@pytest.mark.parametrize(
    "frame",
    [
        {"a": ["x"] * 20, "b": list("uv") * 10},
        {"a": list("xy") * 10, "b": ["u"] * 20},
        {"a": list("xy") * 10, "b": [3.0] * 20},
        {"a": [None] * 20, "b": list("uv") * 10},
        {"a": [], "b": []},
    ],
)
def test_nothing_to_compare_gives_missing_figures_and_no_warning(frame):
    found = measure_association(pd.DataFrame(frame), attributes=["a"], outcomes=["b"], random_state=0)
    assert len(found) == 1
    assert found["p_value"].isna().all()
    assert found["effect"].isna().all()


def test_order_of_rows_changes_no_measure(frame):
    given = {"attributes": ["sex", "city", "pet"], "outcomes": ["liked", "spend"], "random_state": 0}
    one = measure_association(frame, **given)
    other = measure_association(frame.sample(frac=1, random_state=1), **given)
    for column in ("effect", "effect_squared", "mutual_bits"):
        assert other[column].to_numpy() == pytest.approx(one[column].to_numpy())
    pd.testing.assert_frame_equal(one, measure_association(frame, **given))


def test_groups_of_numbers_keep_equal_values_together_and_rare_words_are_pooled():
    numbers = pd.Series([1.0] * 30 + list(range(2, 22)))
    groups = group_values(numbers)
    assert groups[:30].nunique() == 1
    assert groups.iloc[0] == "1"
    words = pd.Series(["a"] * 9 + ["b"] * 3 + ["c"] * 2 + [None], index=[0] * 15)
    assert group_values(words).value_counts().to_dict() == {"a": 9, "其他": 5}
    assert group_values(pd.Series(["a"] * 9 + ["b"])).isna().sum() == 1


def test_a_wrong_column_is_said(frame):
    with pytest.raises(SchemaError, match="'sexx'"):
        measure_association(frame, attributes=["sexx"], outcomes=["liked"], random_state=0)
