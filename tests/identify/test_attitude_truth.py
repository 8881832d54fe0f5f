"""On 旭东, whose attitudes are planted: what is found, beside what the law allows and a trivial guess."""

import pandas as pd
import pytest

from crm_lib.identify import (
    classify_kano,
    compare_importance,
    find_careless,
    measure_nps,
    measure_reliability,
    screen_answers,
    weigh_mean,
    weight_classes,
)
from crm_lib.sample import make_company
from crm_lib.sample._laws import read_laws
from crm_lib.sample.achievable_survey import implied_alpha

LAW = read_laws()["survey"]


@pytest.fixture(scope="module", params=[0, 1, 2])
def made(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("attitudes") / "company"
    make_company(4000, seed=request.param, out=folder, files=False)
    tables = {
        n: pd.read_parquet(folder / "data" / f"{n}.parquet") for n in ("survey", "survey_items", "population")
    }
    truth = {n: pd.read_parquet(folder / "truth" / f"{n}.parquet") for n in ("survey", "attitudes")}
    answers = screen_answers(tables["survey"], tables["survey_items"]).answers
    flags = find_careless(answers, tables["survey_items"])
    return folder, tables, truth, answers, flags


def test_straight_liners_and_speeders(made, record_property):
    _, _, truth, _, flags = made
    both = flags.merge(truth["survey"], on="response_id", suffixes=("", "_true"))
    assert len(both) == len(flags)
    line, fast = both["straight_line"], both["speeder"]
    assert line[both["straight_liner"]].mean() >= 0.98  # one with gaps may keep fewer than three answers
    assert line[~both["straight_liner"]].mean() < 0.005
    assert fast[both["speeder_true"]].mean() >= 0.98
    # honest people are quick, too: half of the median is a rule that costs a few of them
    assert fast[~both["speeder_true"]].mean() < 0.08
    record_property("careless", {"n": len(both), "found": float(fast[both["speeder_true"]].mean())})


def test_alpha_is_what_the_law_implies(made, record_property):
    folder, tables, truth, answers, _ = made
    honest = truth["survey"].loc[
        ~truth["survey"]["straight_liner"] & ~truth["survey"]["speeder"], "response_id"
    ]
    found = measure_reliability(answers[answers["response_id"].isin(honest)], tables["survey_items"])
    implied = implied_alpha(folder)
    for mine, law in zip(found.to_dict("records"), implied.to_dict("records"), strict=True):
        assert mine["construct"] == law["construct"]
        assert mine["alpha"] == pytest.approx(law["alpha"], abs=0.02)
    record_property("alpha", list(zip(found["alpha"].round(3), implied["alpha"].round(3), strict=True)))


def test_kano_and_importance_find_what_was_planted(made):
    _, _, _, answers, flags = made
    kept = answers[~flags["careless"].to_numpy()]
    kano = classify_kano(kept)
    planted = ["MOAIR"[row.index(max(row))] for row in LAW["kano"]]
    assert kano["feature"].tolist() == LAW["features"]
    assert kano["kano"].tolist() == planted
    assert kano["clear"].all()
    quadrants = compare_importance(kept).set_index("attribute")["quadrant"].to_dict()
    wanted = {"delivery": "concentrate", "price": "concentrate", "quality": "keep_up", "service": "keep_up"}
    assert quadrants == wanted | {"web": "low_priority", "store": "overkill"}


def test_weights_bring_the_score_nearer_to_that_of_everybody(made, record_property):
    """The planted bias of the respondents: the young are less content and answer more."""
    _, tables, truth, answers, _ = made
    nps = truth["attitudes"]["would_recommend"]
    whole = 100 * ((nps >= 9).mean() - (nps <= 6).mean())
    signs = (answers["nps"] >= 9) * 100.0 - (answers["nps"] <= 6) * 100.0
    classes = weight_classes(answers, tables["population"], by="age_band")
    weights = answers["age_band"].map(classes.set_index("age_band")["weight"])
    plain, weighed = measure_nps(answers)["nps"][0], weigh_mean(signs.where(answers["nps"].notna()), weights)
    record_property("nps", {"everybody": whole, "plain": plain, "weighed": weighed})
    assert abs(weighed - whole) < abs(plain - whole)
    assert abs(weighed - whole) < 7
