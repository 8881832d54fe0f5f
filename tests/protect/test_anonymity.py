"""Anonymity: the tables of the papers worked by hand, brute force, and what must never happen."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, ProtectError, SchemaError
from crm_lib.protect import (
    default_ladders,
    make_ladder,
    measure_anonymity,
    require_anonymity,
    suggest_generalization,
)

QUASI = ["race", "birth", "gender", "zip"]


def sweeney():
    """Return the table of Sweeney (2002), figure 2: k = 2 by race, birth, gender, zip."""
    rows = [
        ("Black", 1965, "m", "0214*", "short breath"), ("Black", 1965, "m", "0214*", "chest pain"),
        ("Black", 1965, "f", "0213*", "hypertension"), ("Black", 1965, "f", "0213*", "hypertension"),
        ("Black", 1964, "f", "0213*", "obesity"), ("Black", 1964, "f", "0213*", "chest pain"),
        ("White", 1964, "m", "0213*", "chest pain"), ("White", 1964, "m", "0213*", "obesity"),
        ("White", 1964, "m", "0213*", "short breath"), ("White", 1967, "m", "0213*", "chest pain"),
        ("White", 1967, "m", "0213*", "chest pain"),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[*QUASI, "problem"])


def machanavajjhala():
    """Return the inpatients of Machanavajjhala et al. (2007): k = 4, and one class has cancer only."""
    rows = [("130**", "<30", d) for d in ("heart", "heart", "viral", "viral")]
    rows += [("1485*", "≥40", d) for d in ("cancer", "heart", "viral", "viral")]
    rows += [("130**", "3*", "cancer")] * 4
    return pd.DataFrame(rows, columns=["zip", "age", "condition"])


def test_sweeneys_table_by_hand():
    """Five classes of 2, 2, 2, 3, 2 rows: k = 2; mean risk 5/11; two classes know only one problem: l = 1."""
    found = measure_anonymity(sweeney(), quasi=QUASI, sensitive="problem")
    assert (found.k, found.l_diversity, found.n_classes, found.n_rows) == (2, 1, 5, 11)
    assert found.share_unique == 0.0
    assert found.prosecutor_max == 1 / 2
    assert found.prosecutor_mean == found.marketer == 5 / 11
    assert np.isnan(found.journalist_max)
    # risk 1/2 is above 0.4 in all classes but the one of three
    assert measure_anonymity(sweeney(), quasi=QUASI, limit=0.4).share_at_risk == 8 / 11
    # problems of all: short breath 2, chest pain 5, hypertension 2, obesity 2 of 11; the class with hypertension
    # only is ½ (2/11 + 5/11 + 9/11 + 2/11) = 9/11 away
    assert found.t_closeness == pytest.approx(9 / 11)


def test_the_inpatients_are_4_anonymous_and_not_diverse():
    found = measure_anonymity(machanavajjhala(), quasi=["zip", "age"], sensitive="condition")
    assert (found.k, found.l_diversity) == (4, 1)
    assert sorted(found.classes["n_values"]) == [1, 2, 3]
    with pytest.raises(ProtectError, match="each class must have 2 different values of 'condition'"):
        require_anonymity(machanavajjhala(), quasi=["zip", "age"], k=4, sensitive="condition", least_values=2)
    assert require_anonymity(machanavajjhala(), quasi=["zip", "age"], k=4).k == 4
    with pytest.raises(ProtectError, match=r"shared by 5 people; 12 of 12 rows are in smaller classes"):
        require_anonymity(machanavajjhala(), quasi=["zip", "age"], k=5)


def test_ordered_distance_of_numbers():
    """Salaries 3…11 in the paper: the class {3, 4, 5} is 0.375 from all nine, {6, 8, 11} 0.167."""
    frame = pd.DataFrame({"c": list("AAABBBCCC"), "salary": [3, 4, 5, 6, 8, 11, 7, 9, 10]})
    found = measure_anonymity(frame, quasi=["c"], sensitive="salary")
    of = found.classes.set_index("c")["distance"]
    assert of["A"] == pytest.approx(0.375)
    assert of["B"] == pytest.approx(1 / 6, abs=0.001)


def test_risks_against_a_population_by_hand():
    """Classes 1 of 4 and 2 of 2 people: journalist max 1/2, mean max(2/6, (1/4 + 2/2)/3), marketer 1.25/3."""
    frame = pd.DataFrame({"city": ["甲", "乙", "乙"]})
    people = pd.DataFrame({"city": ["甲"] * 4 + ["乙"] * 2 + ["丙"]})
    found = measure_anonymity(frame, quasi=["city"], population=people)
    assert found.journalist_max == 1 / 2
    assert found.journalist_mean == found.marketer == pytest.approx(1.25 / 3)
    assert (found.share_unique, found.population_unique) == (1 / 3, 0.0)
    with pytest.raises(DataError, match="in 1 of 2 classes it has fewer rows"):
        measure_anonymity(frame, quasi=["city"], population=people.head(5))


def test_gaps_are_values_and_an_empty_table_is_no_failure():
    frame = pd.DataFrame({"sex": ["男", None, None], "age": [20, 20, 20]})
    assert sorted(measure_anonymity(frame, quasi=["sex", "age"]).classes["n_rows"]) == [1, 2]
    empty = measure_anonymity(frame.head(0), quasi=["sex"], sensitive="age")
    assert (empty.k, empty.n_rows) == (0, 0)
    assert np.isnan(empty.share_unique)


def test_wrong_calls_are_refused_in_words():
    frame = sweeney()
    with pytest.raises(SchemaError, match="'races'"):
        measure_anonymity(frame, quasi=["races"])
    with pytest.raises(ParameterError, match="quasi must name"):
        measure_anonymity(frame, quasi="race")
    with pytest.raises(ParameterError, match="sensitive at once"):
        measure_anonymity(frame, quasi=["race"], sensitive="race")
    with pytest.raises(ParameterError, match="limit"):
        measure_anonymity(frame, quasi=["race"], limit=0)
    for wrong in ({"bands": [5, 12]}, {"kept": [2, 3]}, {"bands": [5], "kept": [2]}, {"bands": [0]},
                  {"groups": [{"a": "x", "b": "x"}, {"a": "1", "b": "2"}]}):  # fmt: skip
        with pytest.raises(ParameterError, match="make_ladder"):
            make_ladder("x", **wrong)


def test_ladders_show_what_they_promise():
    ladders = default_ladders(["province", "birth_year", "city", "gender"])
    values = pd.Series(["浙江省", "四川省", "外国", None])
    assert ladders["province"].apply(values, 1).tolist() == ["华东", "西南", "*", "（缺）"]
    assert ladders["province"].apply(values, 2).tolist() == ["*"] * 4
    assert ladders["birth_year"].apply(pd.Series([1987.0, np.nan]), 1).tolist() == ["1985–1989", "（缺）"]
    assert ladders["city"].apply(pd.Series(["哈尔滨市", "杭州"]), 1).tolist() == ["哈尔*", "杭州"]
    assert ladders["gender"].height == 1


def people(n, seed):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "province": rng.choice(["浙江省", "江苏省", "广东省", "四川省"], n, p=[0.4, 0.3, 0.2, 0.1]),
        "birth_year": rng.integers(1960, 2005, n),
        "gender": rng.choice(["男", "女"], n),
        "income": rng.choice(["低", "中", "高"], n),
    })  # fmt: skip


def brute(frame, quasi, k, max_out):
    """Return the least loss at which at most max_out rows stay in classes below k, by trying everything."""
    ladders, best = default_ladders(quasi), None
    for levels in itertools.product(*(range(ladders[c].height + 1) for c in quasi)):
        shown = [ladders[c].apply(frame[c], v).tolist() for c, v in zip(quasi, levels, strict=True)]
        rows = Counter(zip(*shown, strict=True))
        out = sum(n for n in rows.values() if n < k)
        if out <= max_out and out < len(frame):
            loss = np.mean([v / ladders[c].height for c, v in zip(quasi, levels, strict=True)])
            best = loss if best is None else min(best, loss)
    return best


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("share", [0.0, 0.05])
def test_the_least_loss_is_that_of_brute_force(seed, share):
    frame, quasi = people(60 + 30 * seed, seed), ["province", "birth_year", "gender"]
    found = suggest_generalization(frame, quasi=quasi, k=4, max_suppressed=share)
    assert found.loss == pytest.approx(brute(frame, quasi, 4, int(share * len(frame))))
    assert found.after.k >= 4 > found.before.k
    shown = found.apply(frame)
    assert len(shown) == len(frame) - found.n_suppressed == found.after.n_rows
    assert measure_anonymity(shown, quasi=quasi).k == found.after.k


def test_diversity_can_be_asked_for_too():
    frame = people(200, 1).assign(income=lambda d: d["province"])
    quasi = ["province", "gender"]
    plain = suggest_generalization(frame, quasi=quasi, k=3)
    found = suggest_generalization(frame, quasi=quasi, k=3, sensitive="income", least_values=2)
    assert found.after.l_diversity >= 2 > plain.loss
    assert found.loss > plain.loss


def test_what_cannot_be_done_is_said():
    with pytest.raises(ProtectError, match="3 rows cannot hide among k = 5"):
        suggest_generalization(people(3, 0), quasi=["gender"], k=5)
    wide = pd.DataFrame({f"c{i}": ["x"] for i in range(18)})
    with pytest.raises(DataError, match="combinations"):
        suggest_generalization(wide, quasi=list(wide), k=1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 500), st.integers(1, 60), st.tuples(*[st.integers(0, 2)] * 3))
def test_coarser_never_lowers_k_nor_l(seed, n, levels):
    frame, quasi = people(n, seed), ["province", "birth_year", "gender"]
    ladders = default_ladders(quasi)

    def at(steps):
        shown = frame.assign(**{c: ladders[c].apply(frame[c], v) for c, v in zip(quasi, steps, strict=True)})
        return measure_anonymity(shown, quasi=quasi, sensitive="income")

    fine, coarse = at(levels), at([v + 1 for v in levels])
    assert coarse.k >= fine.k
    assert coarse.l_diversity >= fine.l_diversity
    assert coarse.share_unique <= fine.share_unique
    assert coarse.marketer <= fine.marketer
    assert fine.classes["n_rows"].sum() == n
    assert coarse.t_closeness <= fine.t_closeness + 1e-12
