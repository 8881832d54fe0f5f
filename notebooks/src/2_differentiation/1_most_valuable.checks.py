"""Graded answers of the most valuable customers: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def share_of_best(data):
    """Share of the ranked customers that are in class A."""
    counts = data["abc"]["abc_class"].value_counts()
    return counts.get("A", 0) / len(data["abc"])


def share_of_lifetime(data):
    """Part of the value to come that belongs to class A."""
    lifetime = data["lifetime"]
    sums = lifetime.groupby("abc_class")["lifetime_value"].sum()
    whole = lifetime["lifetime_value"].sum()
    return sums.get("A", 0.0) / whole if whole else float("nan")


def share_of_away(data):
    """Part of the value of class A that belongs to customers with an R score of 1 or 2."""
    mvc, by = data["mvc"], data["by"]
    sums = mvc.groupby("score_r")[by].sum()
    return sums[sums.index < 3].sum() / sums.sum()


def share_that_left_a(data):
    """Part of the earlier class A that is in another class later, or bought nothing."""
    counts = {}
    for row in data["moves"].to_dict("records"):
        if row["from_class"] == "A":
            counts[row["to_class"]] = counts.get(row["to_class"], 0) + row["n_customers"]
    whole = sum(counts.values())
    return 1 - counts.get("A", 0) / whole if whole else float("nan")


def mean_orders_of_returned(data):
    """Mean number of orders in the window of those who came back."""
    orders = [n for n in data["window"]["n_orders"] if n > 0]
    return sum(orders) / len(orders) if orders else float("nan")


CHECKS = [
    Check(
        grade_id="mvc-1-share",
        answer="answer_1",
        points=5,
        inputs=("abc",),
        expected=share_of_best,
        hint="先判断每位客户是不是 A 类，再求占比。",
        mistakes=(
            Mistake(
                "count",
                "answer_1 = int((abc['abc_class'] == 'A').sum())",
                "你填的是人数，题目要的是占全部客户的比例。",
            ),
            Mistake(
                "percent",
                "answer_1 = 100 * (abc['abc_class'] == 'A').mean()",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
            Mistake(
                "a_and_b",
                "answer_1 = (abc['abc_class'] != 'C').mean()",
                "你把 B 类也算进来了，题目只要 A 类。",
            ),
            Mistake(
                "class_c",
                "answer_1 = (abc['abc_class'] == 'C').mean()",
                "等级取反了：你算的是 C 类的占比。",
            ),
            Mistake(
                "against_others",
                "a = (abc['abc_class'] == 'A').sum(); answer_1 = a / (len(abc) - a)",
                "分母用错了：要除以全部客户，A 类自己也在内。",
            ),
        ),
    ),
    Check(
        grade_id="mvc-2-lifetime",
        answer="answer_2",
        points=10,
        inputs=("lifetime",),
        expected=share_of_lifetime,
        hint="先合计 A 类客户的终身价值，再除以全部客户的合计。",
        mistakes=(
            Mistake(
                "heads",
                "answer_2 = (lifetime['abc_class'] == 'A').mean()",
                "你算的是人数的占比，题目要的是终身价值的占比。",
            ),
            Mistake(
                "percent",
                "a = lifetime['abc_class'] == 'A'; "
                "answer_2 = 100 * lifetime.loc[a, 'lifetime_value'].sum() / lifetime['lifetime_value'].sum()",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
            Mistake(
                "orders",
                "a = lifetime['abc_class'] == 'A'; "
                "answer_2 = lifetime.loc[a, 'expected_orders'].sum() / lifetime['expected_orders'].sum()",
                "列用错了：你用的是预计购买次数，题目要终身价值。",
            ),
            Mistake(
                "against_others",
                "a = lifetime['abc_class'] == 'A'; "
                "answer_2 = lifetime.loc[a, 'lifetime_value'].sum() / lifetime.loc[~a, 'lifetime_value'].sum()",
                "分母用错了：要除以全部客户，A 类自己也在内。",
            ),
            Mistake(
                "means",
                "a = lifetime['abc_class'] == 'A'; "
                "answer_2 = lifetime.loc[a, 'lifetime_value'].mean() / lifetime['lifetime_value'].mean()",
                "你比较的是平均每人，题目要比较合计。",
            ),
            Mistake(
                "class_c",
                "c = lifetime['abc_class'] == 'C'; "
                "answer_2 = lifetime.loc[c, 'lifetime_value'].sum() / lifetime['lifetime_value'].sum()",
                "等级取错了：你算的是 C 类的占比。",
            ),
        ),
    ),
    Check(
        grade_id="mvc-3-away",
        answer="answer_3",
        points=10,
        inputs=("mvc", "abc", "by"),
        expected=share_of_away,
        hint="先取出 R 得分不高于 2 的客户，再用他们的价值合计除以 A 类的价值合计。",
        mistakes=(
            Mistake(
                "off_by_one",
                "answer_3 = mvc.loc[mvc['score_r'] < 2, by].sum() / mvc[by].sum()",
                "差在边界上：2 分也算在内。",
            ),
            Mistake(
                "reversed",
                "answer_3 = mvc.loc[mvc['score_r'] > 2, by].sum() / mvc[by].sum()",
                "方向反了：得分低，才是很久没来。",
            ),
            Mistake(
                "heads",
                "answer_3 = (mvc['score_r'] <= 2).mean()",
                "你算的是人数的占比，题目要的是价值的占比。",
            ),
            Mistake(
                "whole_company",
                "answer_3 = mvc.loc[mvc['score_r'] <= 2, by].sum() / abc[by].sum()",
                "分母用错了：要除以 A 类的价值，不是全部客户的。",
            ),
            Mistake(
                "wrong_score",
                "answer_3 = mvc.loc[mvc['score_f'] <= 2, by].sum() / mvc[by].sum()",
                "列用错了：F 得分说的是次数，远近看 R 得分。",
            ),
        ),
    ),
    Check(
        grade_id="mvc-4-moved",
        answer="answer_4",
        points=10,
        inputs=("moves",),
        expected=share_that_left_a,
        hint="先取出前一期的 A 类，再用其中变了等级的人数除以这一行的人数。",
        mistakes=(
            Mistake(
                "stayed",
                "w = moves[moves['from_class'] == 'A']; "
                "answer_4 = w.loc[w['to_class'] == 'A', 'n_customers'].sum() / w['n_customers'].sum()",
                "方向反了：你算的是仍在 A 类的比例。",
            ),
            Mistake(
                "count",
                "w = moves[moves['from_class'] == 'A']; "
                "answer_4 = int(w.loc[w['to_class'] != 'A', 'n_customers'].sum())",
                "你算的是人数，题目要的是比例。",
            ),
            Mistake(
                "everybody",
                "w = moves[moves['from_class'] == 'A']; "
                "answer_4 = w.loc[w['to_class'] != 'A', 'n_customers'].sum() / moves['n_customers'].sum()",
                "分母用错了：要除以前一期的 A 类，不是全部客户。",
            ),
            Mistake(
                "column",
                "w = moves[moves['to_class'] == 'A']; "
                "answer_4 = w.loc[w['from_class'] != 'A', 'n_customers'].sum() / w['n_customers'].sum()",
                "行和列弄反了：你算的是后一期的 A 类里有多少是新升上来的。",
            ),
            Mistake(
                "rows",
                "w = moves[moves['from_class'] == 'A']; answer_4 = (w['to_class'] != 'A').mean()",
                "你数的是表的行数，每一行代表很多位客户，要用 `n_customers` 列。",
            ),
            Mistake(
                "only_b_and_c",
                "w = moves[moves['from_class'] == 'A']; "
                "answer_4 = w.loc[w['to_class'].isin(['B', 'C']), 'n_customers'].sum() / w['n_customers'].sum()",
                "你漏了没有再买的客户，他们也不在 A 类了。",
            ),
        ),
    ),
    Check(
        grade_id="mvc-5-orders",
        answer="answer_5",
        points=10,
        inputs=("window",),
        expected=mean_orders_of_returned,
        hint="先取出又买过的客户，再求他们的订单数的平均值。",
        mistakes=(
            Mistake(
                "everybody",
                "answer_5 = window['n_orders'].mean()",
                "你把没有再买的客户也算进分母了，题目只看又买过的客户。",
            ),
            Mistake(
                "total",
                "answer_5 = window.loc[window['returned'], 'n_orders'].sum()",
                "你算的是合计，还要除以人数。",
            ),
            Mistake(
                "money",
                "answer_5 = window.loc[window['returned'], 'revenue'].mean()",
                "列用错了：你算的是平均消费金额，题目要的是订单数。",
            ),
            Mistake(
                "retention",
                "answer_5 = window['returned'].mean()",
                "你算的是保有率，题目要的是又买过的客户平均每人的订单数。",
            ),
            Mistake(
                "median",
                "answer_5 = window.loc[window['returned'], 'n_orders'].median()",
                "你算的是中位数，题目要的是平均值。",
            ),
        ),
    ),
]

# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    {"orders": "cdnow_sample"},
    {"as_of": "2024-10-01", "cost_per_order": 12.0, "a_cut": 0.7, "seed": 3},
]
