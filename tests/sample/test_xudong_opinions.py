"""Prospects, questionnaire and observations follow their laws, and join the truth beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crm_lib.errors import ParameterError, ReadError
from crm_lib.sample import assign_sentiments, implied_alpha, make_company
from crm_lib.sample._laws import read_laws

LAWS = read_laws()
LAW = LAWS["survey"]
N = 5000


class Made:
    """A company, its tables read when asked for."""

    def __init__(self, folder):
        self.folder = folder

    def __getattr__(self, name):
        part = "truth" if name.startswith("true_") else "data"
        return pd.read_parquet(self.folder / part / f"{name.removeprefix('true_')}.parquet")


@pytest.fixture(scope="module", params=[0, pytest.param(1, marks=pytest.mark.slow)])
def made(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("opinions") / "company"
    make_company(N, seed=request.param, out=folder, files=False)
    return Made(folder)


def assert_share(hits, chance, what=""):
    error = np.sqrt(chance * (1 - chance) / len(hits))
    assert abs(np.mean(hits) - chance) <= 4.5 * error, (what, np.mean(hits), chance, len(hits))


def assert_mean(values, mean, what=""):
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - mean) < 4.5 * error, (what, np.mean(values), mean, len(values))


def test_methods_have_the_planted_yield_and_cost(made):
    leads, told = made.leads, made.true_leads
    assert abs(len(leads) - 0.24 * N) < 4.5 * np.sqrt(0.24 * N)
    assert set(leads["source_method"]) == {m[0] for m in LAWS["leads"]["methods"]}
    assert len(LAWS["leads"]["methods"]) == 17
    for name, weight, chance, cost, carriers in LAWS["leads"]["methods"]:
        mine = leads[leads["source_method"] == name]
        assert_share(leads["source_method"] == name, weight, name)
        assert_share(mine["intent"] == "成交", chance, name)
        assert_mean(mine["cost"], cost, name)
        assert set(mine["carrier"]) <= set(carriers)
    assert told.set_index("lead_id")["intent"].eq(leads.set_index("lead_id")["intent"]).all()


def test_prospects_who_became_customers_are_those_customers(made):
    deals = made.leads[made.leads["intent"] == "成交"]
    orders = made.orders[~made.orders["returned"]].sort_values("ordered_at")
    first = orders.groupby("customer_id")["order_id"].first()
    total = orders.groupby("order_id")["amount"].sum()
    spent = total[first.loc[deals["customer_id"]]].to_numpy()
    np.testing.assert_allclose(deals["signed_amount"], spent, atol=0.005)
    persons = made.true_persons.set_index("customer_id")["person_id"]
    told = made.true_leads.set_index("lead_id")["person_id"].dropna()
    assert persons.loc[deals["customer_id"]].tolist() == told.loc[deals["lead_id"]].tolist()
    who = made.true_identities.set_index("person_id")["name"]
    assert who.loc[told.loc[deals["lead_id"]]].tolist() == deals["name"].tolist()
    others = made.leads[made.leads["intent"] != "成交"]
    assert others[["customer_id", "signed_amount", "service_expires_on", "latent_need"]].isna().all(axis=None)


def test_days_of_prospects_follow_each_other(made):
    leads = made.leads
    never = leads["first_contact_on"].isna()
    assert (leads.loc[never, "n_contacts"] == 0).all()
    assert leads.loc[never, "note"].isna().all()
    seen = leads[~never]
    assert (seen["found_on"] <= seen["first_contact_on"]).all()
    assert (seen["first_contact_on"] <= seen["last_contact_on"]).all()
    assert (seen["last_contact_on"] <= LAWS["last_day"]).all()
    assert seen["n_contacts"].min() == 1
    told = made.true_leads.set_index("lead_id")["reveals_intent"]
    reveals = leads["lead_id"].map(told)
    assert set(leads.loc[reveals, "intent"]) == {"潜在"}
    assert_share(reveals[(leads["intent"] == "潜在") & ~never], LAWS["leads"]["reveals_intent"])


def test_who_answers_is_a_biased_sample_that_strata_can_mend(made):
    all_, told = made.true_attitudes, made.true_survey
    assert len(made.survey) == len(told) == all_["answered"].sum()
    assert abs(all_["answered"].sum() - all_["chance_to_answer"].sum()) < 4.5 * np.sqrt(N) / 2
    raw, true = told["satisfaction"].mean(), all_["satisfaction"].mean()
    cells = ["gender", "age_band"]
    weight = all_.groupby(cells).size() / made.survey.groupby(cells).size()
    weights = made.survey[cells].merge(weight.rename("w").reset_index(), on=cells, how="left")["w"]
    mended = np.average(told["satisfaction"], weights=weights)
    assert raw < true - 0.05
    assert abs(mended - true) < 0.5 * abs(raw - true)
    counted = all_.groupby(["gender", "age_band", "region"]).size()
    census = made.population.set_index(["gender", "age_band", "region"])["n"]
    assert len(census) == 2 * 5 * 4
    assert census.sum() == N
    assert census[census > 0].sort_index().equals(counted.rename("n").sort_index())


def test_scales_have_the_reliability_of_the_law(made):
    told = made.true_survey
    honest = ~told["straight_liner"] & ~told["speeder"]
    items = made.survey_items
    implied = implied_alpha(made.folder).set_index("construct")
    assert (implied["n"] == honest.sum()).all()
    for construct, group in items.groupby("construct"):
        assert group["reversed"].sum() == 1
        answers = made.survey.loc[honest.to_numpy(), group["item"]].astype(float)
        flipped = group.loc[group["reversed"], "item"]
        answers[flipped] = 6 - answers[flipped]
        full = answers.dropna()
        alpha = 4 / 3 * (1 - full.var().sum() / full.sum(axis=1).var())
        assert alpha == pytest.approx(implied.loc[construct, "alpha"], abs=0.02)
        assert_share(answers.isna().to_numpy().ravel(), LAW["item_missing"], construct)


def test_careless_answers(made):
    told, survey = made.true_survey, made.survey
    items = survey[[f"q{k:02}" for k in range(1, 13)]]
    assert_share(told["speeder"], LAW["speeder"])
    assert (items[told["straight_liner"]].nunique(axis=1) == 1).all()
    assert (items[~told["straight_liner"] & ~told["speeder"]].nunique(axis=1) == 1).mean() < 0.01
    assert survey.loc[told["speeder"], "seconds"].max() < 120 <= survey.loc[~told["speeder"], "seconds"].min()


def test_gaps_waits_and_kano(made):
    survey, told = made.survey, made.true_survey
    gap = {a: survey[f"importance_{a}"].mean() - survey[f"performance_{a}"].mean() for a in LAW["attributes"]}
    assert gap["price"] > 0.8
    assert gap["delivery"] > 0.8
    assert gap["store"] < -0.8
    waited = survey["actual_wait_min"].notna()
    assert_share(waited, LAW["waited"])
    ratio = np.log(survey["felt_wait_min"] / survey["actual_wait_min"])[waited]
    assert ratio.corr(told["satisfaction"][waited]) < -0.5
    for k, feature in enumerate(LAW["features"]):
        classes = told[f"kano_{feature}"]
        for name, chance in zip(LAW["kano_classes"], LAW["kano"][k], strict=True):
            assert_share(classes == name, chance, (feature, name))
        one = survey[(classes == "O").to_numpy()]
        both = (one[f"kano_{feature}_f"] == 1) & (one[f"kano_{feature}_d"] == 5)
        assert_share(both, 1 - LAW["kano_noise"] * 0.8, feature)


def test_comments_are_many_and_can_be_told_almost_always(made):
    judged = assign_sentiments(made.folder)
    assert len(judged) == made.survey["comment"].notna().sum()
    assert made.survey["comment"].nunique() > 300
    right = judged["sentiment"] == judged["likeliest_sentiment"]
    assert 0.9 < right.mean() < 0.999
    assert_mean(right - judged["probability"], 0.0)
    reviews = assign_sentiments(made.folder, "reviews")
    assert (reviews["sentiment"] == reviews["likeliest_sentiment"]).all()
    with pytest.raises(ParameterError, match="table"):
        assign_sentiments(made.folder, "orders")


def test_no_company_no_alpha(tmp_path):
    with pytest.raises(ReadError, match="survey.parquet does not exist"):
        implied_alpha(tmp_path)


def test_scores_lie_around_the_planted_quality(made):
    seen = made.experience.merge(made.true_experience, on="observation_id")
    law = LAWS["experience"]
    assert_share(seen[seen["occasion"].duplicated(keep=False)]["method"] == "观察", 1.0)
    for method, bias in zip(law["methods"], law["bias"], strict=True):
        scored = seen[(seen["method"] == method) & seen["score"].notna()]
        if len(scored):
            assert_mean(scored["score"] - scored["quality"] - scored["bias"], 0.0, method)
            assert set(scored["bias"]) == {bias}
    pairs = seen[seen["occasion"].duplicated(keep=False)].sort_values(["occasion", "observer"])
    one, other = pairs.groupby("occasion")["observer"].first(), pairs.groupby("occasion")["observer"].last()
    assert (one != other).all()
    same = ["touchpoint", "attribute", "observed_on"]
    assert (pairs.groupby("occasion")[same].nunique() == 1).all(axis=None)


def test_every_mention_stands_in_its_story(made):
    stories = made.experience.set_index("observation_id")
    mentions = made.true_mentions
    assert len(mentions) > 500
    assert all(
        word in text
        for word, text in zip(mentions["word"], stories.loc[mentions["observation_id"], "text"], strict=True)
    )
    assert not mentions.duplicated(["observation_id", "code"]).any()
    first = mentions[mentions["place"] == 1]
    assert (stories.loc[first["observation_id"], "attribute"].to_numpy() == first["code"].to_numpy()).all()
