"""The invented shopper: what is planted is found, and nothing else is wrong."""

from __future__ import annotations

import datetime as dt

import pytest

from crm_lib.errors import ParameterError
from crm_lib.identify import read_my_shopping, write_shopping_template
from crm_lib.sample.shopping import KINDS, make_shopping


def read_back(folder, about, tables):
    return read_my_shopping(write_shopping_template(folder / "mine.xlsx", about=about, tables=tables))


def test_the_same_seed_gives_the_same_person():
    one, two, other = make_shopping(3), make_shopping(3), make_shopping(4)
    assert one[0] == two[0]
    assert one[2] == two[2]
    assert all(one[1][name].equals(two[1][name]) for name in one[1])
    assert not one[1]["purchases"].equals(other[1]["purchases"])


@pytest.mark.parametrize("seed", range(12))
def test_the_tables_agree_with_each_other(seed):
    about, tables, planted = make_shopping(seed, year=2023, faults=())
    assert planted == []
    bought, wallet = tables["purchases"], tables["wallet"]
    assert bought["bought_on"].between(about["start_on"], about["end_on"]).all()
    assert about["end_on"] == dt.date(2023, 12, 31)
    kept = bought[~bought["returned"]]
    assert len(tables["usage"]) == len(kept)
    ours = kept[kept["place"] == "本店"].groupby("category")["amount"].sum()
    spend = wallet.set_index("category")
    assert (spend["our_spend"] <= spend["category_spend"]).all()
    assert spend["our_spend"].to_dict() == ours.reindex(spend.index, fill_value=0.0).to_dict()
    clicks = tables["clicks"]
    assert (clicks["n_carted"] <= clicks["n_viewed"]).all()
    assert ((tables["usage"]["monthly_wears"] > 0) == tables["usage"]["in_use"]).all()
    assert len(tables["contacts"]) >= 5  # the rows the faults are planted in


@pytest.mark.parametrize("seed", [1, 2])
def test_every_planted_fault_is_found_and_no_other(tmp_path, seed):
    about, tables, planted = make_shopping(seed)
    assert [kind for *_, kind in planted] == list(KINDS)
    faults = read_back(tmp_path, about, tables).faults
    found = set(zip(faults["table"], faults["row"], faults["kind"], strict=True))
    assert found == set(planted)


def test_without_faults_none_is_found(tmp_path):
    about, tables, _ = make_shopping(2, faults=())
    assert len(read_back(tmp_path, about, tables).faults) == 0


def test_one_kind_alone():
    planted = make_shopping(5, faults=["duplicate"])[2]
    assert [kind for *_, kind in planted] == ["duplicate"]


def test_an_unknown_kind_is_refused():
    with pytest.raises(ParameterError, match="Did you mean 'missing'"):
        make_shopping(1, faults=["missin_g"])
