"""The planted prices and consents: as the laws say, apart from everything else, with an innocent twin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from crm_lib.cli import app
from crm_lib.errors import ParameterError
from crm_lib.sample import make_company, make_quotes
from crm_lib.sample._laws import read_laws

LAW, GIVEN = read_laws()["prices"], read_laws()["consents"]
N = 6000


@pytest.fixture(scope="module", params=[0, 1])
def made(request):
    quotes, truth = make_quotes(N, seed=request.param)
    return quotes.merge(truth, on="quote_id", validate="one_to_one")


def assert_share(hits, chance):
    """Hold a share to its chance, within 4.5 binomial standard errors."""
    assert len(hits) > 100
    assert abs(np.mean(hits) - chance) < 4.5 * np.sqrt(chance * (1 - chance) / len(hits))


def test_only_known_customers_of_one_channel_are_asked_more(made):
    hit = ~made["new_customer"] & made["channel"].eq(LAW["surcharge_channel"])
    assert (made["surcharge"] == np.where(hit, LAW["surcharge"], 0.0)).all()
    # prices are whole jiao: within 5 fen of the fair price and its surcharge
    assert (made["price"] - made["fair_price"] * (1 + made["surcharge"])).abs().max() < 0.0561
    assert hit.sum() > 3000


def test_what_an_audit_must_not_take_for_it_is_there(made):
    new = made["new_customer"]
    for flag, chance in zip((True, False), LAW["coupon"], strict=True):
        # a coupon of less than a yuan is none
        dear = made["price"] > 20
        assert_share(made.loc[(new == flag) & dear, "coupon"] > 0, chance)
    assert (made["coupon"] < made["price"] / 2).all()
    assert_share(made.loc[~new, "quantity"] > 1, LAW["bulk"][1])
    # in the call centre a single piece costs the list price less the week's offer, at a level of the price test
    called = made[made["channel"].eq("call_center") & made["quantity"].eq(1)]
    level = (called["fair_price"] / called["list_price"]).to_numpy()
    possible = np.outer(1 - np.array(LAW["offers"]), LAW["test_levels"]).ravel()
    assert np.abs(level[:, None] - possible).min(axis=1).max() < 0.002
    assert_share(np.abs(level - 1.0) < 0.002, LAW["offer_weights"][0] * LAW["test_weights"][1])
    assert made["device"].isna().eq(made["channel"].ne("web")).all()


def test_a_moment_has_several_visitors_of_one_article(made):
    moments = made.groupby(["sku", made["quoted_at"].dt.floor("h"), "channel"])
    assert moments.size().ge(2).all()
    assert 0.3 < made["new_customer"].mean() < 0.6
    assert made["customer_id"].isna().eq(made["new_customer"]).all()
    assert made["member"].gt(0).eq(~made["new_customer"]).all()
    assert not made["quote_id"].duplicated().any()


def test_the_innocent_twin_differs_in_nothing_but_the_surcharge():
    quotes, _ = make_quotes(500, seed=3)
    fair, truth = make_quotes(500, seed=3, surcharge=0.0)
    assert (truth["surcharge"] == 0).all()
    told = ~quotes["new_customer"] & quotes["channel"].eq("web")
    columns = [c for c in quotes if c not in ("price", "coupon")]
    pd.testing.assert_frame_equal(quotes[columns], fair[columns])
    pd.testing.assert_frame_equal(quotes[~told], fair[~told])
    assert (quotes.loc[told, "price"] > fair.loc[told, "price"]).mean() > 0.98
    for wrong in ({"surcharge": 1.5}, {"surcharge": -0.1}, {"seed": -1}):
        with pytest.raises(ParameterError):
            make_quotes(500, **{"seed": 0, **wrong})


def test_the_company_writes_the_same_quotes_and_consents_that_fit_the_registers(tmp_path):
    make_company(500, seed=1, out=tmp_path / "a", files=False)
    make_company(500, seed=1, out=tmp_path / "b", files=False, surcharge=0.0)
    read = {d: lambda name, d=d: pd.read_parquet(tmp_path / d / "data" / f"{name}.parquet") for d in "ab"}
    plain = make_quotes(500, seed=1)[0]
    pd.testing.assert_frame_equal(read["a"]("price_quotes"), plain, check_dtype=False)
    names = sorted(p.stem for p in (tmp_path / "a" / "data").iterdir())
    differ = [n for n in names if not read["a"](n).equals(read["b"](n))]
    assert differ == ["price_quotes"]
    consents, customers = read["a"]("consents"), read["a"]("customers").set_index("record_id")
    first = consents[consents["purpose"] == "marketing"].drop_duplicates("customer_id")
    home = customers.loc[first["customer_id"]]
    assert home["consent_marketing"].all()
    assert (
        pd.to_datetime(home["consent_on"]).to_numpy() == pd.to_datetime(first["given_on"]).to_numpy()
    ).all()


def test_consents_follow_their_law(tmp_path):
    make_company(4000, seed=0, out=tmp_path / "c", files=False)
    frame = pd.read_parquet(tmp_path / "c/data/consents.parquet")
    people = pd.read_parquet(tmp_path / "c/truth/persons.parquet")[["customer_id"]]
    people = people.merge(pd.read_parquet(tmp_path / "c/data/customers.parquet")[["record_id", "consent_marketing"]],
                          left_on="customer_id", right_on="record_id")  # fmt: skip
    for purpose, chances in zip(GIVEN["purposes"], GIVEN["given"], strict=True):
        has = people["customer_id"].isin(frame.loc[frame["purpose"] == purpose, "customer_id"])
        for agreed, chance in zip((True, False), chances, strict=True):
            mine = has[people["consent_marketing"] == agreed]
            assert mine.mean() == chance if chance in (0.0, 1.0) else True
            if 0 < chance < 1:
                assert_share(mine, chance)
    days = frame[["given_on", "withdrawn_on"]].apply(pd.to_datetime)
    assert (days["withdrawn_on"] > days["given_on"]).eq(days["withdrawn_on"].notna()).all()
    again = frame.duplicated(["customer_id", "purpose"])
    assert 0 < again.sum() < 60
    assert frame.loc[again, "withdrawn_on"].isna().all()


def test_the_command_makes_the_innocent_company(tmp_path):
    asked = [
        "data",
        "make",
        "--customers",
        "500",
        "--seed",
        "2",
        "--surcharge",
        "0",
        "--out",
        str(tmp_path / "x"),
    ]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    fair = pd.read_parquet(tmp_path / "x/data/price_quotes.parquet")
    pd.testing.assert_frame_equal(fair, make_quotes(500, seed=2, surcharge=0.0)[0], check_dtype=False)
