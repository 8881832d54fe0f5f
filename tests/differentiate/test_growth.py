"""Rules between categories against counting by hand, suggestions against brute force, budgets against every choice."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.differentiate import choose_growth, list_baskets, mine_rules, suggest_categories
from crm_lib.errors import DataError, ParameterError

BASKETS = st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=8, max_size=60)


def table(rows):
    return pd.DataFrame(
        rows, columns=list("甲乙丙丁"), index=[f"c{i:02d}" for i in range(len(rows))], dtype=bool
    )


def test_a_basket_holds_what_was_kept():
    lines = pd.DataFrame({
        "order_id": ["1", "1", "1", "2", "3"], "customer_id": ["a", "a", "a", "a", "b"],
        "category": ["厨房", "床品", None, "男装", "厨房"], "amount": [5.0, -1.0, 2.0, 3.0, -4.0],
    })  # fmt: skip
    assert list_baskets(lines).to_dict("index") == {"a": {"厨房": True, "男装": True}}
    assert list_baskets(lines, by="order_id").to_dict("index") == {
        "1": {"厨房": True, "男装": False}, "2": {"厨房": False, "男装": True},
    }  # fmt: skip


def test_a_rule_by_hand():
    # 20 of 100 have 甲, 30 have 乙, 18 both: confidence 0.9, lift 0.9 / 0.3 = 3
    rows = (
        [[True, True, False, False]] * 18
        + [[True, False, False, False]] * 2
        + [[False, True, False, False]] * 12
    )
    found = mine_rules(table(rows + [[False] * 4] * 68)).set_index("if_bought")
    one = found.loc["甲"]
    assert one[["then_category", "n_baskets", "n_if", "n_both"]].tolist() == ["乙", 100, 20, 18]
    assert one[["support", "confidence", "base_share", "lift"]].tolist() == pytest.approx([
        0.18,
        0.9,
        0.3,
        3.0,
    ])
    # Wilson, 18 of 20
    centre, half = (
        (0.9 + 1.96**2 / 40) / (1 + 1.96**2 / 20),
        1.96 * math.sqrt(0.9 * 0.1 / 20 + 1.96**2 / 1600),
    )
    assert one["low_share"] == pytest.approx(centre - half / (1 + 1.96**2 / 20), abs=1e-4)
    assert found.loc["乙", "confidence"] == pytest.approx(18 / 30)


@settings(max_examples=40)
@given(BASKETS)
def test_counting_every_set_says_the_same(rows):
    baskets = table(rows)
    found = mine_rules(baskets, min_support=0.1)
    got = {(r.if_bought, r.then_category): (r.n_if, r.n_both) for r in found.itertuples()}
    n, rules = len(rows), {}
    for size in (2, 3):
        for items in itertools.combinations(baskets.columns, size):
            both = int(baskets[list(items)].all(axis=1).sum())
            if both < 1 or both / n < 0.1 - 1e-12:
                continue
            for then in items:
                cond = [i for i in items if i != then]
                n_if = int(baskets[cond].all(axis=1).sum())
                rules[frozenset(cond), then] = (n_if, both)
    from crm_lib.stats import interval_of_share

    good = {k: v for k, v in rules.items() if interval_of_share(v[1], v[0]).low > baskets[k[1]].mean()}
    lean = {
        k: v for k, v in good.items()
        if not any(o[1] == k[1] and o[0] < k[0] and w[1] / w[0] >= v[1] / v[0] for o, w in good.items())
    }  # fmt: skip
    assert got == {("＋".join(sorted(c)), then): v for (c, then), v in lean.items()}


def test_chance_alone_gives_few_rules():
    draw = np.random.default_rng(0)
    found = [len(mine_rules(table(draw.random((400, 4)) < 0.3))) for _ in range(40)]
    # 12 rules of two categories and 12 of three a data set, each above its base by chance in one of forty at most
    assert np.mean(found) < 24 / 40 * 1.5


@settings(max_examples=40)
@given(BASKETS, st.integers(1, 12))
def test_suggestions_are_what_a_plain_search_finds(rows, k):
    baskets = table(rows)
    found = suggest_categories(baskets, n_neighbours=k).set_index("customer_id")
    have = baskets.to_numpy()
    base = have.mean(axis=0)
    for i, name in enumerate(baskets.index):
        others = [j for j in range(len(have)) if j != i]
        union = [(have[i] | have[j]).sum() for j in others]
        like = np.array([
            (have[i] & have[j]).sum() / u if u else 0.0 for j, u in zip(others, union, strict=True)
        ])
        edge = np.sort(like)[::-1][min(k, len(like)) - 1]
        near = have[[j for j, s in zip(others, like, strict=True) if s >= edge]]
        share = near.mean(axis=0)
        adds = (share * len(near) + base) / (len(near) + 1) - base
        lacks = [c for c in range(4) if not have[i][c] and base[c] > 0]
        if not lacks:
            assert name not in found.index
            continue
        best = max(lacks, key=lambda c: (round(adds[c], 12), -c))
        want = best if adds[best] > 1e-12 else max(lacks, key=lambda c: (base[c], -c))
        if abs(adds[best]) > 1e-12:
            assert found.loc[name, "category"] == baskets.columns[want]
            assert found.loc[name, "share"] == pytest.approx(share[want])


def test_customers_with_the_same_categories_get_the_same():
    rows = (
        [[True, True, False, False]] * 5
        + [[True, False, False, False]] * 5
        + [[False, False, True, True]] * 4
    )
    found = suggest_categories(table(rows), n_neighbours=6).set_index("customer_id")
    assert found.loc["c05", "category"] == found.loc["c09", "category"] == "乙"
    assert found.loc["c05", "reason"] == "like"
    whole = suggest_categories(table([[True] * 4, [True] * 4]))
    assert whole.empty


def test_the_budget_by_hand():
    people = pd.DataFrame({
        "customer_id": list("abcd"), "probability": [0.5, 0.2, 0.5, 0.1], "margin": [100.0, 500.0, 100.0, 50.0],
        "cost": [10.0, 20.0, 10.0, 10.0],
    })  # fmt: skip
    found = choose_growth(people, budget=39)
    # b gains 80 for 20, a and c 40 for 10 each: all 4 a yuan, 40 yuan together; d loses 5
    assert found["gain_per_yuan"].tolist() == [4.0, 4.0, 4.0, -0.5]
    assert found["chosen"].tolist() == [False] * 4
    assert found.attrs == {"spent": 0.0, "gain": 0.0, "n_chosen": 0, "n_left_out": 3}
    more = choose_growth(people, budget=1000)
    assert more.attrs == {"spent": 40.0, "gain": 160.0, "n_chosen": 3, "n_left_out": 0}


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 500), st.integers(1, 40)), min_size=1, max_size=9),
    st.integers(0, 150),
)
def test_no_other_choice_of_the_same_spend_gains_more(rows, budget):
    people = pd.DataFrame(rows, columns=["probability", "margin", "cost"]).astype({"cost": "float64"})
    people.insert(0, "customer_id", [f"c{i}" for i in range(len(people))])
    found = choose_growth(people, budget=budget)
    spent, gain = found.attrs["spent"], found.attrs["gain"]
    assert spent <= budget
    gains = (people["probability"] * people["margin"] - people["cost"]).to_numpy()
    for r in range(len(people) + 1):
        for chosen in itertools.combinations(range(len(people)), r):
            cost = people["cost"].to_numpy()[list(chosen)].sum()
            if cost <= spent:
                assert gains[list(chosen)].sum() <= gain + 1e-3


def test_wrong_calls_are_sentences():
    people = pd.DataFrame({"customer_id": ["a"], "probability": [1.5], "margin": [1.0], "cost": [1.0]})
    with pytest.raises(DataError, match="probability from 0 to 1; 1 of 1 rows are not"):
        choose_growth(people, budget=1)
    with pytest.raises(ParameterError, match="budget"):
        choose_growth(people.assign(probability=0.5), budget=-1)
    with pytest.raises(DataError, match="must hold True and False"):
        mine_rules(table([[True] * 4]).astype(int))
    with pytest.raises(DataError, match="baskets"):
        mine_rules(table([]))


@pytest.mark.slow
def test_on_xudong_suggestions_beat_the_most_popular(tmp_path, record_property):
    """Hold out each customer's last new category of the year after; popularity is the trivial guess."""
    from crm_lib.sample import make_company

    make_company(4000, seed=0, out=tmp_path / "company", files=False)
    orders = pd.read_parquet(tmp_path / "company" / "data" / "orders.parquet")
    products = pd.read_parquet(tmp_path / "company" / "data" / "products.parquet")
    lines = orders.merge(products[["sku", "category"]], on="sku")
    before, after = lines[lines["ordered_at"] < "2024-01-01"], lines[lines["ordered_at"] >= "2024-01-01"]
    had, later = list_baskets(before), list_baskets(after)
    both = had.index.intersection(later.index)
    later = later.reindex(both).reindex(columns=had.columns, fill_value=False)
    new = later & ~had.loc[both]
    asked = new.index[new.any(axis=1)]
    found = suggest_categories(had).set_index("customer_id")["category"].reindex(asked)
    hit = np.mean([new.at[i, c] for i, c in found.dropna().items()])
    popular = had.mean().sort_values(ascending=False).index
    plain = np.mean([new.at[i, next(c for c in popular if not had.at[i, c])] for i in found.dropna().index])
    record_property("hit_rate", {"n": len(found.dropna()), "like": hit, "popular": plain})
    error = math.sqrt(plain * (1 - plain) / len(found.dropna()))
    assert hit > plain + 2 * error


def test_a_line_of_unknown_amount_was_bought():
    lines = pd.DataFrame({"customer_id": ["a", "b"], "category": ["厨房", "床品"], "amount": [None, -1.0]})
    assert list_baskets(lines).to_dict("index") == {"a": {"厨房": True}}


def test_a_budget_without_end_takes_all_who_gain_and_none_who_lose():
    people = pd.DataFrame({
        "customer_id": list("abc"), "probability": [0.5, 0.1, 0.4], "margin": [100.0, 20.0, 25.0],
        "cost": [10.0, 10.0, 10.0],
    })  # fmt: skip
    # a gains 40; b loses 8; c gains exactly 0, which is not worth a call
    found = choose_growth(people, budget=math.inf)
    assert found.set_index("customer_id")["chosen"].to_dict() == {"a": True, "b": False, "c": False}
    with pytest.raises(ParameterError, match="budget must be >= 0; got nan"):
        choose_growth(people, budget=math.nan)


def test_nobody_is_his_own_neighbour():
    # a has 甲, b has 甲 and 乙, c has 丙: the customer most like a is b, not a himself
    found = suggest_categories(
        table([[True, False, False, False], [True, True, False, False], [False, False, True, False]]),
        n_neighbours=1,
    ).set_index("customer_id")
    assert found.loc["c00", ["category", "share", "reason"]].tolist() == ["乙", 1.0, "like"]
