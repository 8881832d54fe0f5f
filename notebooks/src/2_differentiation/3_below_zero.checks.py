"""Graded answers of the unprofitable customers: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def share_of_dear(data):
    """Share of the customers who cost more than they bring."""
    rows = data["people"].to_dict("records")
    return sum(row["cost_to_serve"] > row["gross_profit"] for row in rows) / len(rows)


def lost_of_hundred(data):
    """Sum what the losing customers take of each 100 that the others earn."""
    profits = data["people"]["net_profit"].tolist()
    earned = sum(p for p in profits if p > 0)
    return 100 * sum(-p for p in profits if p < 0) / earned if earned else float("nan")


def mean_gain(data):
    """Mean gain of those who are treated."""
    pairs = zip(data["chosen"]["treatment"], data["chosen"]["gain_amount"], strict=True)
    gains = [gain for treatment, gain in pairs if treatment != "leave_alone"]
    return sum(gains) / len(gains) if gains else float("nan")


def count_spared(data):
    """Count the losing customers who are left alone."""
    pairs = zip(data["chosen"]["treatment"], data["chosen"]["profit"], strict=True)
    return sum(treatment == "leave_alone" and profit < 0 for treatment, profit in pairs)


def share_of_back(data):
    """Share of the customers losing then who were not losing in the period after; the gone count as not."""
    pairs = zip(data["later"]["profit"], data["later"]["now"], strict=True)
    now = [after for before, after in pairs if before < 0]
    return sum(after >= 0 for after in now) / len(now) if now else float("nan")


CHECKS = [
    Check(
        grade_id="bz-1-share",
        answer="answer_1",
        points=5,
        inputs=("people",),
        expected=share_of_dear,
        hint="先逐位比较两列，再求占比。",
        mistakes=(
            Mistake(
                "count",
                "answer_1 = int((people['cost_to_serve'] > people['gross_profit']).sum())",
                "你填的是人数，题目要的是占全部客户的比例。",
            ),
            Mistake(
                "percent",
                "answer_1 = 100 * (people['cost_to_serve'] > people['gross_profit']).mean()",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
            Mistake(
                "reversed",
                "answer_1 = (people['cost_to_serve'] < people['gross_profit']).mean()",
                "方向反了：你算的是毛利比服务成本多的客户。",
            ),
            Mistake(
                "revenue",
                "answer_1 = (people['cost_to_serve'] > people['revenue']).mean()",
                "列用错了：要同毛利比，不是同消费金额比。",
            ),
            Mistake(
                "against_others",
                "n = (people['cost_to_serve'] > people['gross_profit']).sum(); answer_1 = n / (len(people) - n)",
                "分母用错了：要除以全部客户。",
            ),
        ),
    ),
    Check(
        grade_id="bz-2-lost",
        answer="answer_2",
        points=10,
        inputs=("people",),
        expected=lost_of_hundred,
        hint="分别求净利为负和为正的合计，再相除。",
        mistakes=(
            Mistake(
                "sign",
                "n = people['net_profit']; answer_2 = 100 * n[n < 0].sum() / n[n > 0].sum()",
                "少了去掉负号的一步：题目要正数。",
            ),
            Mistake(
                "share",
                "n = people['net_profit']; answer_2 = -n[n < 0].sum() / n[n > 0].sum()",
                "忘了乘 100：题目问的是每 100 元。",
            ),
            Mistake(
                "over_net",
                "n = people['net_profit']; answer_2 = -100 * n[n < 0].sum() / n.sum()",
                "分母用错了：要除以有利润的客户赚的合计，不是全部客户的净利。",
            ),
            Mistake(
                "heads",
                "n = people['net_profit']; answer_2 = 100 * (n < 0).sum() / (n > 0).sum()",
                "你数的是人数，题目要的是钱。",
            ),
            Mistake(
                "gross",
                "n = people['net_profit']; answer_2 = -100 * n[n < 0].sum() / people['gross_profit'].sum()",
                "分母用错了：毛利还没有减去服务成本。",
            ),
        ),
    ),
    Check(
        grade_id="bz-3-gain",
        answer="answer_3",
        points=10,
        inputs=("chosen",),
        expected=mean_gain,
        hint="先取出办法不是“不动”的客户，再求增益的平均。",
        mistakes=(
            Mistake(
                "everybody",
                "answer_3 = chosen['gain_amount'].mean()",
                "你把不动的客户也算进来了，题目只看要处理的客户。",
            ),
            Mistake(
                "sum",
                "answer_3 = chosen.loc[chosen['treatment'] != 'leave_alone', 'gain_amount'].sum()",
                "你算的是合计，还要除以人数。",
            ),
            Mistake(
                "profit",
                "answer_3 = chosen.loc[chosen['treatment'] != 'leave_alone', 'profit'].mean()",
                "列用错了：你算的是现在的净利，题目要的是增益。",
            ),
            Mistake(
                "left_alone",
                "answer_3 = chosen.loc[chosen['treatment'] == 'leave_alone', 'gain_amount'].mean()",
                "条件反了：你取的是不动的客户。",
            ),
            Mistake(
                "median",
                "answer_3 = chosen.loc[chosen['treatment'] != 'leave_alone', 'gain_amount'].median()",
                "你算的是中位数，题目要的是平均数。",
            ),
        ),
    ),
    Check(
        grade_id="bz-4-spared",
        answer="answer_4",
        points=10,
        inputs=("chosen",),
        expected=count_spared,
        tolerance=0,
        hint="两个条件要同时成立：现在的净利小于 0，并且办法是“不动”。",
        mistakes=(
            Mistake(
                "all_alone",
                "answer_4 = int((chosen['treatment'] == 'leave_alone').sum())",
                "你把不亏的客户也数进来了。",
            ),
            Mistake(
                "all_losing",
                "answer_4 = int((chosen['profit'] < 0).sum())",
                "你数的是全部亏损的客户，题目只要其中不动的。",
            ),
            Mistake(
                "treated",
                "answer_4 = int(((chosen['profit'] < 0) & (chosen['treatment'] != 'leave_alone')).sum())",
                "条件反了：你数的是亏损而且要处理的客户。",
            ),
            Mistake(
                "money",
                "answer_4 = chosen.loc[(chosen['profit'] < 0) & (chosen['treatment'] == 'leave_alone'), 'profit'].sum()",
                "你把净利加起来了，题目要的是人数。",
            ),
            Mistake(
                "share",
                "answer_4 = (chosen.loc[chosen['profit'] < 0, 'treatment'] == 'leave_alone').mean()",
                "你算的是比例，题目要的是人数。",
            ),
        ),
    ),
    Check(
        grade_id="bz-5-back",
        answer="answer_5",
        points=10,
        inputs=("later",),
        expected=share_of_back,
        hint="先取出当时亏损的全部客户，再看后来的净利。",
        mistakes=(
            Mistake(
                "seen_only",
                "a = later[later['profit'] < 0].dropna(subset=['now']); answer_5 = (a['now'] >= 0).mean()",
                "分母少了：没有再来的客户也要算在内。",
            ),
            Mistake(
                "gone_as_back",
                "answer_5 = (later.loc[later['profit'] < 0, 'now'].fillna(0) >= 0).mean()",
                "没有再来的客户不算转亏为盈。",
            ),
            Mistake(
                "everybody",
                "answer_5 = (later['now'] >= 0).mean()",
                "你把当时不亏的客户也算进来了。",
            ),
            Mistake(
                "count",
                "answer_5 = int(((later['profit'] < 0) & (later['now'] >= 0)).sum())",
                "你填的是人数，题目要的是比例。",
            ),
            Mistake(
                "still_losing",
                "answer_5 = (later.loc[later['profit'] < 0, 'now'] < 0).mean()",
                "方向反了：你算的是后来又亏的客户。",
            ),
        ),
    ),
]

# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    {"as_of": "2024-07-01", "pool_contacts": 60000.0, "loss_limit": 20.0, "new_days": 60},
    {"weeks": 39, "pool_orders": 60000.0, "pool_delivery": 30000.0, "loss_limit": 80.0},
]
