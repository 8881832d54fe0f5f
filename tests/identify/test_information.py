"""The data dictionary: categories, faults found, what to collect; the testing fee; channels; rivals; the checked sample."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, ReadError, SchemaError
from crm_lib.identify import (
    check_source,
    compare_methods,
    cover_information,
    decide_information,
    draw_check,
    judge_rivals,
    list_channels,
    list_kinds,
    list_needs,
    list_source_methods,
    load_information,
    measure_channels,
    summarize_rivals,
    weigh_testing,
)
from crm_lib.schema import list_schemas, load_schema

PERSONAL = ["基本", "消费", "事业", "家庭", "生活", "教育", "人际", "其他"]
ENTERPRISE = ["基本", "客户特征", "业务", "交易", "负责人", "联系人", "其他"]


def test_the_categories_and_kinds_are_the_textbooks():
    table = load_information()
    for subject, names in (("个人", PERSONAL), ("企业", ENTERPRISE)):
        assert table.loc[table["subject"] == subject, "category"].drop_duplicates().tolist() == names
    assert list_kinds()["kind"].tolist() == ["描述类", "行为类", "关联类"]
    assert list_kinds("structures")["structure"].tolist() == ["结构化", "半结构化", "非结构化"]
    assert set(table["kind"]) == set(list_kinds()["kind"])
    with pytest.raises(ParameterError):
        list_kinds("colours")


def test_every_field_of_a_table_stands_in_a_contract():
    for place in load_information()["column"]:
        if place:
            schema, column = place.split(".")
            assert schema in list_schemas()
            assert column in load_schema(schema).names, place


def test_biometrics_and_beliefs_are_never_collected():
    table = load_information()
    sensitive = table[table["sensitivity"] == "敏感"]
    assert {"人脸、指纹", "身份证号", "健康状况", "负责人的宗教信仰"} <= set(sensitive["field"])
    assert set(sensitive["basis"]) == {"单独同意"}
    all_needs = decide_information(table, needs=list(list_needs()), stage="成交")
    assert set(all_needs.loc[all_needs["sensitivity"] == "敏感", "verdict"]) == {"never"}


def make_field(**other):
    row = {
        "subject": "个人", "category": "基本", "field": "客户姓名", "kind": "描述类", "structure": "结构化",
        "purpose": "称呼", "source": "登记", "basis": "同意", "sensitivity": "个人", "stage": "意向", "need": "",
        "column": "",
    }  # fmt: skip
    return pd.DataFrame([{**row, **other}])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"category": "交易"}, "category must be one of"),  # of the firms, not of persons
        ({"kind": "数字类"}, "kind must be one of"),
        ({"basis": "觉得可以"}, "basis must be one of"),
        ({"stage": "老客户"}, "stage must be one of"),
        ({"need": "好奇"}, "need must be one of"),
        ({"purpose": "  "}, "purpose is missing"),
        ({"source": ""}, "source is missing"),
        ({"sensitivity": "敏感"}, "sensitive, so the basis must be 单独同意"),
    ],
)
def test_a_faulty_field_is_named(other, said):
    assert len(load_information(make_field())) == 1
    with pytest.raises(DataError, match=said):
        load_information(make_field(**other))


def test_all_faults_at_once_and_no_field_twice():
    two = pd.concat([make_field(kind="x", stage="y"), make_field()])
    with pytest.raises(DataError, match=r"kind must be.*stage must be.*stands there twice"):
        load_information(two)
    with pytest.raises(DataError, match="there is no field"):
        load_information(make_field().head(0))
    with pytest.raises(SchemaError, match="basis"):
        load_information(make_field().drop(columns="basis"))
    with pytest.raises(ReadError, match="no-such"):
        load_information("no-such.toml")


def test_what_to_collect_by_hand():
    """Never wins over the need, the need over the stage."""
    table = load_information(
        pd.concat([
            make_field(field="a"),
            make_field(field="b", stage="成交"),
            make_field(field="c", need="送货上门"),
            make_field(field="d", need="送货上门", stage="成交"),
            make_field(field="e", need="不收集", stage="潜在"),
        ])
    )

    def decide(needs, stage):
        return decide_information(table, needs=needs, stage=stage)["verdict"].tolist()

    assert decide([], "意向") == ["collect", "later", "no_need", "no_need", "never"]
    assert decide(["送货上门"], "意向") == ["collect", "later", "collect", "later", "never"]
    assert decide(["送货上门"], "成交") == ["collect", "collect", "collect", "collect", "never"]
    assert decide([], "潜在") == ["later", "later", "no_need", "no_need", "never"]


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(list(list_needs()))), st.sampled_from(["潜在", "意向", "成交"]))
def test_more_needs_and_a_later_stage_never_collect_less(needs, stage):
    table = load_information()
    now = set(decide_information(table, needs=needs, stage=stage).query("verdict == 'collect'")["field"])
    more = decide_information(table, needs=list(list_needs()), stage="成交")
    assert now <= set(more.query("verdict == 'collect'")["field"])


def test_unknown_needs_and_stages_are_refused():
    table = load_information()
    with pytest.raises(ParameterError, match="needs"):
        decide_information(table, needs=["好奇"], stage="意向")
    with pytest.raises(ParameterError, match="in brackets"):
        decide_information(table, needs="送货上门", stage="意向")
    with pytest.raises(ParameterError, match="stage"):
        decide_information(table, needs=[], stage="老客户")
    only = decide_information(table, needs=[], stage="意向", subject="企业")
    assert set(only["subject"]) == {"企业"}


def test_what_the_tables_hold_by_hand():
    table = load_information(
        pd.concat([
            make_field(field="a", column="customers.name"),
            make_field(field="b", column="customers.phone"),
            make_field(field="c"),
        ])
    )
    people = pd.DataFrame({"name": ["甲", None, "乙", "丙"]})
    held = cover_information(table, {"customers": people})
    assert held["held"].tolist() == [True, False, False]
    assert (held["n_rows"].iloc[0], held["n_filled"].iloc[0], held["filled_share"].iloc[0]) == (4, 3, 0.75)
    assert held["filled_share"].iloc[1:].isna().all()


def test_the_testing_fee_by_hand():
    """40 customers, a quarter want a test of 80 yuan: 10 × 80 unpaid, or 30 × 80 asked for nothing."""
    got = weigh_testing(40, want_share=0.25, fee=80.0).set_index("way")
    assert got["unpaid"].to_dict() == {"nobody": 800.0, "everybody": 0.0, "asked": 0.0}
    assert got["overcharged"].to_dict() == {"nobody": 0.0, "everybody": 2400.0, "asked": 0.0}
    assert got["wrong"].to_dict() == {"nobody": 800.0, "everybody": 2400.0, "asked": 0.0}
    with pytest.raises(ParameterError):
        weigh_testing(40, want_share=1.2, fee=80.0)


# Channels and methods


def test_five_channels_inside_and_four_outside():
    table = list_channels()
    inside = table.loc[table["route"] == "内部", "channel"].tolist()
    outside = table.loc[table["route"] == "外部", "channel"].tolist()
    assert inside == ["企业调查", "营销活动", "业务过程", "客户沟通", "销售终端"]
    assert outside == ["外部数据库", "社交媒体平台", "政府数据", "咨询和市场研究公司"]
    assert table[["cost", "trust"]].isin(range(1, 6)).all(axis=None)


def test_channels_by_hand():
    """Bought prospects stand for the external databases, the others for the business; costs per record."""
    leads = pd.DataFrame({
        "lead_id": list("abc"),
        "customer_id": ["K1", None, None],
        "source_method": ["熟人法", "直接购买法", "直接购买法"],
        "cost": [10.0, 30.0, 50.0],
    })
    orders = pd.DataFrame({
        "customer_id": ["K1", "K1", "K2"],
        "amount": [1.0, None, 3.0],
        "source_row": [2, 3, 4],
    })
    got = measure_channels({"leads": leads, "orders": orders}).set_index("channel")
    assert got.loc["销售终端", ["n_records", "n_customers"]].tolist() == [3, 2]
    assert got.loc["销售终端", "filled_share"] == pytest.approx(5 / 6)  # the row number is no information
    assert math.isnan(got.loc["销售终端", "record_cost"])
    assert got.loc["业务过程", ["n_records", "cost_yuan", "record_cost"]].tolist() == [1, 10.0, 10.0]
    assert got.loc["外部数据库", ["n_records", "cost_yuan", "record_cost"]].tolist() == [2, 80.0, 40.0]
    assert got.loc["社交媒体平台", "n_records"] == 0


def test_all_17_methods_side_by_side():
    leads = pd.DataFrame({
        "lead_id": list("abcd"),
        "source_method": ["熟人法", "熟人法", "直接购买法", "算卦"],
        "intent": ["成交", "潜在", "潜在", "成交"],
        "cost": [10.0, 20.0, 60.0, 1.0],
    })
    got = compare_methods(leads)
    assert got["source_method"].tolist() == list_source_methods()["method"].tolist()
    assert set(got["group"]) == {"资料统计法", "询问法", "直接购买法"}
    assert got[["cost_rank", "trust_rank"]].isin(range(1, 6)).all(axis=None)
    by = got.set_index("source_method")
    assert by.loc["熟人法", ["n_leads", "n_deals", "yield_share", "lead_cost"]].tolist() == [2, 1, 0.5, 15.0]
    assert by.loc["直接购买法", "lead_cost"] == 60.0
    assert (by.loc["网上黄页法", "n_leads"], got.attrs["n_other"]) == (0, 1)


# The checked sample


def test_the_verdict_by_hand():
    """Wilson of 8 in 10 is .490 to .943: .7 lies inside; of 80 in 100 .711 to .867; of 50 in 100 .404 to .596."""
    rows = {(8, 10): "undecided", (80, 100): "usable", (50, 100): "unusable"}
    ends = {(8, 10): (0.4902, 0.9433), (80, 100): (0.7112, 0.8667), (50, 100): (0.4038, 0.5962)}
    for (k, n), verdict in rows.items():
        got = check_source(k, n, least=0.7).iloc[0]
        assert got["verdict"] == verdict
        assert (got["low_share"], got["high_share"]) == pytest.approx(ends[k, n], abs=1e-4)


@pytest.mark.parametrize(("k", "n"), [(8, 10), (60, 100), (3, 10), (13, 20)])
def test_the_size_planned_is_the_smallest_that_decides(k, n):
    got = check_source(k, n, least=0.7).iloc[0]
    if got["verdict"] != "undecided":
        assert pd.isna(got["n_needed"])
        return
    more = int(got["n_needed"])

    def decides(size):
        from crm_lib.stats import interval_of_share

        # a share of exactly k/n may not exist for every size: take the interval of the share itself
        scale = 10_000
        low = interval_of_share(round(k / n * scale), scale)
        z2 = 1.959964**2
        share = k / n
        half = 1.959964 / (1 + z2 / size) * math.sqrt(share * (1 - share) / size + z2 / (4 * size**2))
        middle = (share + z2 / (2 * size)) / (1 + z2 / size)
        assert low.estimate == pytest.approx(share, abs=1e-4)
        return middle - half >= 0.7 or middle + half < 0.7

    assert decides(more)
    assert not decides(more - 2)


def test_nothing_checked_decides_nothing_and_nonsense_is_refused():
    assert check_source(0, 0, least=0.7)["verdict"].item() == "undecided"
    assert pd.isna(check_source(70, 100, least=0.7)["n_needed"].item())
    with pytest.raises(DataError, match="11 of 10"):
        check_source(11, 10, least=0.7)
    with pytest.raises(ParameterError):
        check_source(1, 10, least=1.0)


def test_the_draw_is_repeatable_and_fair():
    rows = pd.DataFrame({"n": range(40)})
    assert (
        draw_check(rows, 10, random_state=3)["n"].tolist()
        == draw_check(rows, 10, random_state=3)["n"].tolist()
    )
    assert len(draw_check(rows, 99, random_state=0)) == 40
    counts = sum(draw_check(rows, 10, random_state=s)["n"].isin(range(20)).sum() for s in range(200))
    assert abs(counts - 1000) < 4 * math.sqrt(200 * 10 * 0.25 * 30 / 39)  # hypergeometric


# Rivals


def make_rivals(*rows):
    columns = ["customer_id", "rival", "product_used", "satisfaction", "rep", "selling_style", "relation"]
    return pd.DataFrame(rows, columns=columns)


RIVALS = make_rivals(
    ("A", "甲", "杯", 4, "方", "拜访", 5),
    ("A", "乙", "碗", 2, "石", "电话", 2),
    ("B", "甲", "杯", 5, "方", "拜访", 2),
    ("C", "甲", None, None, "方", None, 5),
)


def test_rivals_by_hand():
    """4 × 5 / 25 = .8, 2 × 2 / 25 = .16, 5 × 2 / 25 = .4; at risk .8 × 100, .16 × 100, .4 × 300."""
    got = judge_rivals(RIVALS, pd.Series({"A": 100.0, "B": 300.0}))
    rows = got[["customer_id", "rival", "threat_score", "verdict", "revenue_at_risk"]].values.tolist()
    assert rows[:3] == [
        ["B", "甲", 0.4, "watch", 120.0],
        ["A", "甲", 0.8, "danger", 80.0],
        ["A", "乙", 0.16, "calm", 16.0],
    ]
    last = got.iloc[3]
    assert (last["customer_id"], last["verdict"], last["gaps"]) == (
        "C",
        "unknown",
        "product_used、satisfaction、selling_style",
    )
    assert pd.isna(last["threat_score"])
    summary = summarize_rivals(got).set_index("rival")
    assert summary.loc["甲", ["n_customers", "mean_satisfaction", "n_danger"]].tolist() == [3, 4.5, 1]
    assert summary["revenue_at_risk"].to_dict() == {"甲": 200.0, "乙": 16.0}
    assert summary["usual_style"].to_dict() == {"甲": "拜访", "乙": "电话"}


def test_the_order_of_the_records_does_not_matter_and_they_stay_as_they_were():
    before = RIVALS.copy()
    money = pd.Series({"A": 100.0, "B": 300.0})
    one, other = judge_rivals(RIVALS, money), judge_rivals(RIVALS.iloc[::-1], money)
    pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(RIVALS, before)
    assert summarize_rivals(judge_rivals(RIVALS.head(0))).empty


def test_a_scale_outside_its_ends_is_refused():
    with pytest.raises(DataError, match="'relation' must be from 1 to 5; 1 of 1"):
        judge_rivals(make_rivals(("A", "甲", "杯", 4, "方", "拜访", 6)))
    with pytest.raises(ParameterError, match="calm"):
        judge_rivals(RIVALS, danger=0.2, calm=0.3)
    with pytest.raises(SchemaError, match="rep"):
        judge_rivals(RIVALS.drop(columns="rep"))
