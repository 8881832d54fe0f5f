"""Which attribute tells something about behaviour, and which may not be collected for it."""

import numpy as np
import pandas as pd
import pytest

from crm_lib.errors import SchemaError
from crm_lib.identify import (
    choose_attributes,
    decide_collection,
    flag_sensitive,
    rank_attributes,
    summarize_ranking,
)
from crm_lib.identify.demography_bands import read_fields


def planted(n=500, seed=0):
    """Women buy dresses, income moves the spend, hobby and town do nothing, and few are asked their schooling."""
    rng = np.random.default_rng(seed)
    sex, income = rng.choice(["女", "男"], n), np.exp(rng.normal(9, 0.4, n))
    people = pd.DataFrame({
        "customer_id": [f"C{i}" for i in range(n)],
        "name": [f"N{i}" for i in range(n)],
        "gender": sex,
        "monthly_income": np.round(income, -2),
        "hobbies": rng.choice(["阅读", "运动", "音乐"], n),
        "region": rng.choice(["华东", "华南"], n),
        "education": [x if i < 12 else None for i, x in enumerate(rng.choice(["高中", "本科"], n))],
        "birth_date": pd.Timestamp("1990-01-01"),
    })
    behaviour = pd.DataFrame({
        "customer_id": people["customer_id"],
        "spend": np.exp(0.9 * np.log(income) + rng.normal(0, 0.4, n)),
        "category": np.where(rng.random(n) < 0.6, np.where(sex == "女", "女装", "男装"), "厨房"),
    })
    return people, behaviour


@pytest.mark.parametrize("seed", range(3))
def test_planted_attributes_come_first_and_idle_ones_do_not(seed):
    ranked = rank_attributes(*planted(seed=seed), random_state=seed)
    verdicts = {(r.attribute, r.outcome): r.verdict for r in ranked.itertuples()}
    assert verdicts["gender", "category"] == verdicts["monthly_income", "spend"] == "useful"
    assert verdicts["education", "spend"] == "too_few"
    idle = [v for (a, _), v in verdicts.items() if a in ("hobbies", "region")]
    assert len(idle) == 4
    assert "useful" not in idle
    assert ranked["verdict"].tolist()[:2] == ["useful", "useful"]
    assert "name" not in set(ranked["attribute"])
    best = summarize_ranking(ranked)
    assert best["attribute"].is_unique
    assert best.set_index("attribute")["n_useful"]["gender"] == 1


def test_the_correction_by_hand():
    from crm_lib.identify.demography_rank import _judge

    found = pd.DataFrame({
        "attribute": list("abcd"), "outcome": ["x"] * 4, "n_known": [99, 99, 99, 5], "effect": [0.3, 0.3, 0.05, 0.3],
        "extra_bits": [0.1, 0.2, 0.3, 0.4], "p_value": [0.02, 0.01, 0.005, 0.001],
    })  # fmt: skip
    judged = _judge(found, 0.05, 0.1).set_index("attribute")
    # three tests: .005 · 3/1 = .015, .01 · 3/2 = .015, .02 · 3/3 = .02
    assert judged["p_adjusted"].dropna().to_dict() == pytest.approx({"c": 0.015, "b": 0.015, "a": 0.02})
    assert judged["verdict"].to_dict() == {"b": "useful", "a": "useful", "c": "weak", "d": "too_few"}
    assert judged.index.tolist() == ["b", "a", "c", "d"]


def test_what_another_attribute_already_tells_does_not_count():
    rng = np.random.default_rng(8)
    age = rng.choice(["18-34岁", "35岁以上"], 600)
    people = pd.DataFrame({
        "customer_id": range(600),
        "age_band": age,
        "marital_status": np.where(rng.random(600) < np.where(age == "35岁以上", 0.9, 0.1), "已婚", "未婚"),
    })
    behaviour = pd.DataFrame({
        "customer_id": range(600),
        "spend": rng.normal(0, 1, 600) + 2 * (age == "35岁以上"),
    })
    alone = rank_attributes(people, behaviour, random_state=0)
    beyond = rank_attributes(people, behaviour, random_state=0, within="age_band")
    assert set(alone["verdict"]) == {"useful"}
    assert beyond[["attribute", "verdict"]].values.tolist() == [["marital_status", "not_beyond_chance"]]


def test_only_customers_with_behaviour_are_compared_and_nobody_is_no_fault():
    people, behaviour = planted()
    some = rank_attributes(people, behaviour[:100], random_state=0, attributes=["gender"])
    assert some["n_known"].tolist() == [100, 100]
    none = rank_attributes(people, behaviour[:0], random_state=0, attributes=["gender"])
    assert set(none["verdict"]) == {"too_few"}
    assert len(summarize_ranking(none)) == 1
    with pytest.raises(SchemaError, match="gendr"):
        rank_attributes(people, behaviour, random_state=0, attributes=["gendr"])


def test_names_numbers_and_days_are_no_attributes():
    people, _ = planted()
    assert choose_attributes(people) == ["gender", "monthly_income", "hobbies", "region", "education"]


def test_every_field_of_the_register_is_judged():
    from crm_lib.schema import load_schema

    own = {"record_id", "customer_id", "channel", "registered_on", "consent_marketing", "consent_on"}
    fields = read_fields()["fields"]
    assert set(load_schema("customers").names) - own - set(fields) == set()
    for name, field in fields.items():
        assert field["level"] in {"open", "personal", "sensitive"}, name
        assert field["ground"] in {"consent", "contract", "separate_consent"}, name
        assert (field["level"] == "sensitive") == (field["ground"] == "separate_consent"), name
        assert field.get("keep", name) in fields, name


def test_articles_are_named_only_where_they_speak():
    found = flag_sensitive(["gender", "address", "religion", "monthly_income", "shoe_size"]).set_index(
        "attribute"
    )
    assert found["articles"].to_dict() == {
        "gender": "6、13",
        "address": "6、13",
        "religion": "6、13、28、29",
        "monthly_income": "6、13、29",
        "shoe_size": "6",
    }
    assert found["near"].tolist() == [False, False, False, True, False]
    minors = flag_sensitive(["gender"], has_minors=True).iloc[0]
    assert (minors["sensitivity"], minors["articles"]) == ("sensitive", "6、13、28、29、31")


@pytest.mark.parametrize(
    ("attribute", "verdict", "decision"),
    [
        ("gender", "useful", "collect"),
        ("gender", "not_beyond_chance", "optional"),
        ("gender", "too_few", "wait"),
        ("occupation", "useful", "only_if_needed"),
        ("occupation", "weak", "stop"),
        ("monthly_income", "useful", "coarser"),
        ("monthly_income", "too_few", "stop"),
        ("address", "not_measured", "only_if_needed"),
        ("religion", "not_measured", "stop"),
        ("shoe_size", "useful", "ask"),
    ],
)
def test_decisions(attribute, verdict, decision):
    rows = [] if verdict == "not_measured" else [(attribute, verdict)]
    ranking = pd.DataFrame(rows, columns=["attribute", "verdict"])
    found = decide_collection(flag_sensitive([attribute]), ranking)
    assert found[["verdict", "decision"]].values.tolist() == [[verdict, decision]]


def test_the_correction_by_scipy():
    from scipy.stats import false_discovery_control

    ranked = rank_attributes(*planted(seed=3), random_state=3)
    known = ranked[ranked["p_adjusted"].notna()]
    assert known["p_adjusted"].to_numpy() == pytest.approx(false_discovery_control(known["p_value"]))
