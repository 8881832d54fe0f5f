"""Labels of customers by hand, their rules, and that no label knows the future."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, ReadError, SchemaError
from crm_lib.portray import label_customers, read_label_rules, summarize_labels

ORDERS = pd.DataFrame(
    [
        ("a", "o1", "2024-01-06 23:00", 100.0, "门店", "s1"),  # a Saturday night
        ("a", "o2", "2024-03-01 10:00", 50.0, "网店", "s1"),
        ("a", "o2", "2024-03-01 10:00", 50.0, "网店", "s1"),
        ("b", "o3", "2024-03-10 10:00", 30.0, "门店", "s2"),
        ("b", "o3", "2024-03-20 10:00", -10.0, "门店", "s2"),
        ("c", "o4", "2024-02-01 10:00", 20.0, "门店", "s2"),
        ("d", "o5", "2024-05-01 10:00", 999.0, "门店", "s1"),  # after the day
    ],
    columns=["customer_id", "order_id", "ordered_at", "amount", "channel", "sku"],
).assign(ordered_at=lambda f: pd.to_datetime(f["ordered_at"]))
PRODUCTS = pd.DataFrame({"sku": ["s1", "s2"], "category": ["床品", "女装"]})
CLICKS = pd.DataFrame({
    "customer_id": ["a", "a", "b", None, "e"],
    "occurred_at": pd.to_datetime(["2024-03-02", "2024-06-01", "2024-03-01", "2024-03-01", "2024-03-31"]),
})
AS_OF = "2024-03-31"


def write_rules(tmp_path, body: str, version: str = 'version = "t1"\n'):
    path = tmp_path / "rules.toml"
    path.write_text(version + body, encoding="utf-8")
    return path


def rule(measure: str, limits: str, kind: str = "rule", name: str = "L") -> str:
    return (
        f'[[labels]]\nname = "{name}"\nkind = "{kind}"\nmeasure = "{measure}"\ndefinition = "x"\n{limits}\n'
    )


def label(tmp_path, body: str, frame=ORDERS) -> dict[str, tuple[float, float]]:
    got = label_customers(frame, rules=write_rules(tmp_path, body), as_of=AS_OF)
    assert list(got.columns) == ["customer_id", "label", "value", "strength", "version"]
    return {r.customer_id: (r.value, r.strength) for r in got.itertuples()}


@pytest.mark.parametrize(
    ("measure", "values"),
    [
        ("recency_days", {"a": 30, "b": 21, "c": 59}),  # the return of b on the 20th is no purchase
        ("tenure_days", {"a": 85, "b": 21, "c": 59}),
        ("n_orders", {"a": 2, "b": 1, "c": 1}),
        ("revenue", {"a": 200, "b": 20, "c": 20}),
        ("mean_order_value", {"a": 100, "b": 20, "c": 20}),
        ("return_share", {"a": 0, "b": 1 / 2, "c": 0}),
        ("weekend_share", {"a": 1 / 2, "b": 1, "c": 0}),  # 2024-03-10 is a Sunday
        ("night_share", {"a": 1 / 2, "b": 0, "c": 0}),
        ("n_channels", {"a": 2, "b": 1, "c": 1}),
        ("n_categories", {"a": 1, "b": 1, "c": 1}),
        ("n_clicks_30d", {"a": 1, "b": 0, "e": 1}),  # 1 March is 30 days back: out
        ("clicks_without_order", {"a": 1, "b": 0, "e": 1}),
    ],
)
def test_measures_by_hand(tmp_path, measure, values):
    tables = {"orders": ORDERS, "products": PRODUCTS, "clicks": CLICKS}
    got = label(tmp_path, rule(measure, "at_least = -1e9"), tables)
    assert {c: v for c, (v, _) in got.items()} == pytest.approx(values)


def test_flags_and_discounts_with_gaps(tmp_path):
    more = ORDERS.assign(
        returned=pd.Series([None, True, None, False, None, None, True], dtype=object),
        discount=[0.1, None, 0.0, None, None, 0.2, 0.9],
    )
    # a: 1 of 3 lines sent back; b: the line of -10; discount counts purchase lines only: a 1/3, b 0/1, c 1/1
    got = label(tmp_path, rule("return_share", "at_least = 0"), more)
    assert [got[c][0] for c in "abc"] == pytest.approx([1 / 3, 1 / 2, 0])
    got = label(tmp_path, rule("discount_share", "at_least = 0"), more)
    assert [got[c][0] for c in "abc"] == pytest.approx([1 / 3, 0, 1])


def test_rule_strength_is_the_midrank_on_its_side(tmp_path):
    # recency 21 (b), 30 (a), 59 (c): midranks 1/6, 3/6, 5/6; at most 30: 1 - midrank
    got = label(tmp_path, rule("recency_days", "at_most = 30"))
    assert got == {"a": (30, pytest.approx(1 / 2)), "b": (21, pytest.approx(5 / 6))}
    # two limits: the share of customers outside them
    got = label(tmp_path, rule("recency_days", "at_least = 25\nat_most = 40"))
    assert got == {"a": (30, pytest.approx(2 / 3))}


def test_statistic_never_labels_more_than_its_share(tmp_path):
    # revenue 200, 20, 20. Top third: 2 of 3 below a. Bottom third: nobody has 2 of 3 above, b and c tie
    assert set(label(tmp_path, rule("revenue", "top = 0.34", "statistic"))) == {"a"}
    assert label(tmp_path, rule("revenue", "bottom = 0.34", "statistic")) == {}
    assert set(label(tmp_path, rule("revenue", "bottom = 0.67", "statistic"))) == {"b", "c"}


def test_preference_by_hand(tmp_path):
    body = (
        '[[labels]]\nname = "爱：{value}"\nkind = "preference"\ncolumn = "category"\ndefinition = "x"\n'
        "min_count = 3\nmin_lift = 1.5\n"
    )
    got = label_customers(
        {"orders": ORDERS, "products": PRODUCTS}, rules=write_rules(tmp_path, body), as_of=AS_OF
    )
    # purchase lines: s1 3 (all a's), s2 2. base 3/5, share 1, lift 5/3; drawn (3 + 5 · 3/5)/(3 + 5) = 3/4
    assert got[["customer_id", "label", "value"]].to_numpy().tolist() == [["a", "爱：床品", 1.0]]
    assert got["strength"].tolist() == pytest.approx([3 / 4 - 3 / 5])
    stricter = write_rules(tmp_path, body.replace("1.5", "1.7"))
    assert label_customers({"orders": ORDERS, "products": PRODUCTS}, rules=stricter, as_of=AS_OF).empty


def test_rule_that_cannot_apply_is_reported(tmp_path):
    bare = ORDERS[["customer_id", "ordered_at", "amount"]]
    bare = bare.assign(ordered_at=bare["ordered_at"].dt.normalize())
    got = label_customers(bare, as_of=AS_OF)
    told = summarize_labels(got).set_index("label")
    out = told.loc[~told["applied"], "missing"].to_dict()
    assert out == {
        "折扣敏感": "orders.discount",
        "夜间购物": "orders.ordered_at (time of day)",
        "多渠道": "orders.channel",
        "只看不买": "clicks.occurred_at",
        "品类广泛": "orders.category",
        "浏览活跃": "clicks.occurred_at",
        "偏好类别：{value}": "orders.category",
        "偏好渠道：{value}": "orders.channel",
    }
    assert told.loc["近期活跃", ["n_customers", "as_of", "version"]].tolist() == [2, AS_OF, "2026.1"]
    assert told.loc["近期活跃", "coverage"] == pytest.approx(2 / 3)
    assert got.attrs["n_later"] == {"orders": 1, "clicks": 0}


def test_every_definition_of_the_default_rules_is_distinct_chinese():
    rules = read_label_rules()
    assert len(rules.labels) >= 15
    assert len({r.definition for r in rules.labels}) == len(rules.labels)
    assert {r.kind for r in rules.labels} == {"rule", "statistic", "preference"}


@settings(max_examples=25, deadline=None)
@given(
    later=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "new"]),
            st.integers(0, 400),
            st.floats(-500, 9e5, width=32),
            st.sampled_from(["s1", "s2", "s9"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_nothing_after_the_day_changes_a_label(later):
    day = pd.Timestamp(AS_OF) + pd.Timedelta(days=1)
    rows = [(c, f"x{i}", day + pd.Timedelta(hours=h), a, "网店", s) for i, (c, h, a, s) in enumerate(later)]
    future = pd.DataFrame(rows, columns=ORDERS.columns)
    clicks = pd.concat([
        CLICKS,
        pd.DataFrame({"customer_id": future["customer_id"], "occurred_at": future["ordered_at"]}),
    ])
    known = {"orders": ORDERS, "products": PRODUCTS, "clicks": CLICKS}
    more = {
        "orders": pd.concat([ORDERS, future]).sample(frac=1, random_state=0),
        "products": PRODUCTS,
        "clicks": clicks,
    }
    pd.testing.assert_frame_equal(label_customers(known, as_of=AS_OF), label_customers(more, as_of=AS_OF))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 80), st.integers(-3, 20)), min_size=1, max_size=40)
)
def test_equal_customers_have_equal_labels_and_strengths_stay_in_bounds(rows):
    lines = pd.DataFrame(rows, columns=["customer_id", "ago", "amount"])
    lines["customer_id"] = "C" + lines["customer_id"].astype(str)
    lines["ordered_at"] = pd.Timestamp(AS_OF) - pd.to_timedelta(lines["ago"], unit="D")
    twins = lines.assign(customer_id=lines["customer_id"] + "t")
    got = label_customers(pd.concat([lines, twins]), as_of=AS_OF)
    assert got["strength"].between(0, 1).all()
    mine = got[~got["customer_id"].str.endswith("t")]
    theirs = got[got["customer_id"].str.endswith("t")]
    key = ["label", "value", "strength"]
    assert mine[key].to_numpy().tolist() == theirs[key].to_numpy().tolist()
    top = got[got["label"] == "高消费"]
    assert len(top) <= 0.2 * got.attrs["n_customers"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (rule("revenu", "at_least = 1"), r"label 'L': measure must be one of revenue, .*; got 'revenu'"),
        (rule("revenue", ""), r"label 'L': needs at_least or at_most"),
        (rule("revenue", "at_last = 1"), r"a rule has no 'at_last'; did you mean 'at_least'\?"),
        (rule("revenue", 'at_least = "1"'), r"label 'L': at_least must be a number; got '1'"),
        (rule("revenue", "at_least = 3\nat_most = 1"), r"at_least 3 must be <= at_most 1"),
        (rule("revenue", "top = 1.5", "statistic"), r"top must be above 0 and below 1; got 1.5"),
        (rule("revenue", "top = 0.1\nbottom = 0.1", "statistic"), r"top or bottom, not both"),
        (
            rule("revenue", "top = 0.1", "quantile"),
            r"kind must be one of rule, statistic, preference; got 'q",
        ),
        (rule("revenue", "at_most = 1") * 2, r"label 'L': occurs more than once"),
        ('[[labels]]\nname = "A"\nkind = "rule"\n', r"label 'A': definition must be a text"),
        (
            '[[labels]]\nname = "P"\nkind = "preference"\ncolumn = "phone"\ndefinition = "x"\nmin_lift = 1\n',
            r"column must be one of category.*'phone'; label 'P': the name must hold \{value\}.*min_lift must",
        ),
        ("", r"must start with version = .* and hold \[\[labels\]\]"),
        ("labels = 3", r"must start with version"),
        ("labels = [3]", r"label 1 must be a \[\[labels\]\] table"),
    ],
)
def test_faults_of_a_rule_file_are_named(tmp_path, body, said):
    with pytest.raises(ParameterError, match=said):
        read_label_rules(write_rules(tmp_path, body))


def test_file_that_is_no_toml_names_its_line(tmp_path):
    with pytest.raises(ReadError, match=r"rules.toml must be TOML; .*line 2.*Correct that line"):
        read_label_rules(write_rules(tmp_path, "name = = 3\n"))
    with pytest.raises(ReadError, match="must be readable"):
        read_label_rules(tmp_path / "none.toml")
    path = tmp_path / "gbk.toml"
    path.write_bytes('version = "版本"'.encode("gbk"))
    with pytest.raises(ReadError, match="must be UTF-8"):
        read_label_rules(path)


def test_wrong_tables_are_said():
    with pytest.raises(SchemaError, match="needs the table 'orders'.*got order"):
        label_customers({"order": ORDERS}, as_of=AS_OF)
    with pytest.raises(DataError, match="as_of must not lie before all orders"):
        label_customers(ORDERS, as_of="2020-01-01")
    with pytest.raises(DataError, match="some have none"):
        label_customers(ORDERS.assign(amount=None), as_of=AS_OF)
    twice = pd.concat([PRODUCTS, PRODUCTS])
    with pytest.raises(DataError, match="one row per sku in products; s1 occurs twice"):
        label_customers({"orders": ORDERS, "products": twice}, as_of=AS_OF)
    with pytest.raises(DataError, match="they are gone"):
        summarize_labels(pd.DataFrame({"label": []}))


def test_no_orders_no_labels():
    assert label_customers(ORDERS.head(0), as_of=AS_OF).empty
    assert summarize_labels(label_customers(ORDERS.head(0), as_of=AS_OF))["n_customers"].sum() == 0
