"""Graded answers of the most valuable customers: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def share_of_best(data):
    """Share of the ranked customers that are in class A."""
    counts = data["abc"]["abc_class"].value_counts()
    return counts.get("A", 0) / len(data["abc"])


def times_the_mean(data):
    """Mean value in class A over the mean value of everybody."""
    abc, by = data["abc"], data["by"]
    best = abc[abc["abc_class"] == "A"]
    return (best[by].sum() / len(best)) / (abc[by].sum() / len(abc))


def share_of_away(data):
    """Part of the value of class A that belongs to customers with an R score of 1 or 2."""
    mvc, by = data["mvc"], data["by"]
    sums = mvc.groupby("score_r")[by].sum()
    return sums[sums.index < 3].sum() / sums.sum()


def count_halfway(data):
    """Count customers of class B with at least half of the lowest value in class A."""
    abc, by = data["abc"], data["by"]
    goal = min(abc[abc["abc_class"] == "A"][by])
    return sum(2 * value >= goal for value in abc[abc["abc_class"] == "B"][by])


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
        grade_id="mvc-2-times",
        answer="answer_2",
        points=10,
        inputs=("abc", "by"),
        expected=times_the_mean,
        hint="分别求两个平均值，再相除。",
        mistakes=(
            Mistake(
                "upside_down",
                "answer_2 = abc[by].mean() / abc.loc[abc['abc_class'] == 'A', by].mean()",
                "分子和分母颠倒了：问的是 A 类的平均是全体平均的几倍。",
            ),
            Mistake(
                "against_others",
                "answer_2 = abc.loc[abc['abc_class'] == 'A', by].mean() / abc.loc[abc['abc_class'] != 'A', by].mean()",
                "分母用错了：全体客户包括 A 类自己。",
            ),
            Mistake(
                "median",
                "answer_2 = abc.loc[abc['abc_class'] == 'A', by].median() / abc[by].median()",
                "你用的是中位数，题目要的是平均值。",
            ),
            Mistake(
                "totals",
                "answer_2 = abc.loc[abc['abc_class'] == 'A', by].sum() / abc[by].sum()",
                "你比较的是合计，题目要比较平均每人的价值。",
            ),
            Mistake(
                "mean_only",
                "answer_2 = abc.loc[abc['abc_class'] == 'A', by].mean()",
                "你只算了 A 类的平均，还要除以全体客户的平均。",
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
        grade_id="mvc-4-halfway",
        answer="answer_4",
        points=10,
        inputs=("abc", "by"),
        expected=count_halfway,
        tolerance=0,
        hint="两个条件要同时成立：是 B 类，并且价值不低于 A 类最低价值的一半。",
        mistakes=(
            Mistake(
                "with_a",
                "answer_4 = int((abc[by] >= abc.loc[abc['abc_class'] == 'A', by].min() / 2).sum())",
                "你把 A 类客户也数进来了，题目只数 B 类。",
            ),
            Mistake(
                "half_of_mean",
                "answer_4 = int(((abc['abc_class'] == 'B') & "
                "(abc[by] >= abc.loc[abc['abc_class'] == 'A', by].mean() / 2)).sum())",
                "标准用错了：要用 A 类的最低价值，不是平均价值。",
            ),
            Mistake(
                "sum_of_values",
                "answer_4 = abc.loc[(abc['abc_class'] == 'B') & "
                "(abc[by] >= abc.loc[abc['abc_class'] == 'A', by].min() / 2), by].sum()",
                "你把价值加起来了，题目要数的是客户的位数。",
            ),
            Mistake(
                "below",
                "answer_4 = int(((abc['abc_class'] == 'B') & "
                "(abc[by] < abc.loc[abc['abc_class'] == 'A', by].min() / 2)).sum())",
                "方向反了：你数的是没有达到一半的客户。",
            ),
            Mistake(
                "share",
                "b = abc[abc['abc_class'] == 'B']; "
                "answer_4 = (b[by] >= abc.loc[abc['abc_class'] == 'A', by].min() / 2).mean()",
                "你算的是占 B 类的比例，题目要的是人数。",
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
