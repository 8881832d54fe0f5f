"""Graded answers of the most growable customers: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def share_elsewhere(data):
    """Part of what those who told spend that goes elsewhere."""
    panel = data["panel"]
    rest = sum(a - b for a, b in zip(panel["category_spend"], panel["our_spend"], strict=True))
    whole = sum(panel["category_spend"])
    return rest / whole if whole else float("nan")


def times_the_mean(data):
    """Mean potential of the growable over the mean potential of everybody."""
    graded = data["graded"]
    sums = graded.groupby("growth_class")["potential_value"].agg(["sum", "size"])
    if "MGC" not in sums.index:
        return float("nan")
    everybody = sums["sum"].sum() / sums["size"].sum()
    return sums.loc["MGC", "sum"] / sums.loc["MGC", "size"] / everybody


def hits_of_those_who_opened(data):
    """Share of right suggestions among customers who bought a new category later."""
    trial = data["trial"]
    opened = [bool(h) for h, n in zip(trial["hit"], trial["n_new_categories"], strict=True) if n >= 1]
    return sum(opened) / len(opened) if opened else float("nan")


def gain_per_chosen(data):
    """Mean expected gain of those within the budget."""
    gains = [g for g, c in zip(data["grown"]["expected_gain"], data["grown"]["chosen"], strict=True) if c]
    return sum(gains) / len(gains) if gains else float("nan")


def change_in_points(data):
    """Change of the share of sums, in points."""
    sums = data["pairs"][["spend_before", "ours_before", "spend_after", "ours_after"]].sum()
    if not sums["spend_before"] or not sums["spend_after"]:
        return float("nan")
    return 100 * sums["ours_after"] / sums["spend_after"] - 100 * sums["ours_before"] / sums["spend_before"]


CHECKS = [
    Check(
        grade_id="mgc-1-share",
        answer="answer_1",
        points=5,
        inputs=("panel",),
        expected=share_elsewhere,
        hint="先分别合计，再用别处的合计除以总支出的合计。",
        mistakes=(
            Mistake(
                "ours",
                "answer_1 = panel['our_spend'].sum() / panel['category_spend'].sum()",
                "方向反了：你算的是在我们这里的比例，题目问别处的。",
            ),
            Mistake(
                "mean_of_shares",
                "answer_1 = 1 - (panel['our_spend'] / panel['category_spend']).mean()",
                "你先算每个人的比例再平均，题目要先合计再相除。",
            ),
            Mistake(
                "percent",
                "answer_1 = 100 * (1 - panel['our_spend'].sum() / panel['category_spend'].sum())",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
            Mistake(
                "money",
                "answer_1 = panel['category_spend'].sum() - panel['our_spend'].sum()",
                "你算的是金额，还要除以总支出。",
            ),
            Mistake(
                "against_ours",
                "answer_1 = (panel['category_spend'].sum() - panel['our_spend'].sum()) / panel['our_spend'].sum()",
                "分母用错了：要除以总支出，不是在我们这里的支出。",
            ),
        ),
    ),
    Check(
        grade_id="mgc-2-part",
        answer="answer_2",
        points=10,
        inputs=("graded",),
        expected=times_the_mean,
        hint="分别求两个平均值，再相除。",
        mistakes=(
            Mistake(
                "upside_down",
                "m = graded['growth_class'] == 'MGC'; "
                "answer_2 = graded['potential_value'].mean() / graded.loc[m, 'potential_value'].mean()",
                "分子和分母颠倒了：问的是他们的平均是全体平均的几倍。",
            ),
            Mistake(
                "against_others",
                "m = graded['growth_class'] == 'MGC'; "
                "answer_2 = graded.loc[m, 'potential_value'].mean() / graded.loc[~m, 'potential_value'].mean()",
                "分母用错了：全部客户包括他们自己。",
            ),
            Mistake(
                "actual",
                "m = graded['growth_class'] == 'MGC'; "
                "answer_2 = graded.loc[m, 'actual_value'].mean() / graded['actual_value'].mean()",
                "列用错了：你用的是实际价值，题目要潜在价值。",
            ),
            Mistake(
                "totals",
                "m = graded['growth_class'] == 'MGC'; "
                "answer_2 = graded.loc[m, 'potential_value'].sum() / graded['potential_value'].sum()",
                "你比较的是合计，题目要比较平均每人的潜在价值。",
            ),
            Mistake(
                "most_valuable",
                "m = graded['growth_class'] == 'MVC'; "
                "answer_2 = graded.loc[m, 'potential_value'].mean() / graded['potential_value'].mean()",
                "类别取错了：你取的是最有价值的客户。",
            ),
        ),
    ),
    Check(
        grade_id="mgc-3-hits",
        answer="answer_3",
        points=10,
        inputs=("trial",),
        expected=hits_of_those_who_opened,
        hint="先选出后来买了新类别的客户，再求猜中的比例。",
        mistakes=(
            Mistake(
                "everybody",
                "answer_3 = trial['hit'].mean()",
                "你把没有买新类别的客户也算进分母了。",
            ),
            Mistake(
                "popular",
                "answer_3 = trial.loc[trial['n_new_categories'] > 0, 'popular_hit'].mean()",
                "列用错了：你算的是最多人买的一类猜中的比例。",
            ),
            Mistake(
                "count",
                "answer_3 = int(trial.loc[trial['n_new_categories'] > 0, 'hit'].sum())",
                "你算的是人数，题目要的是比例。",
            ),
            Mistake(
                "percent",
                "answer_3 = 100 * trial.loc[trial['n_new_categories'] > 0, 'hit'].mean()",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
            Mistake(
                "more_than_one",
                "answer_3 = trial.loc[trial['n_new_categories'] > 1, 'hit'].mean()",
                "条件错了：只买了一类新的也算在内，要大于 0。",
            ),
        ),
    ),
    Check(
        grade_id="mgc-4-budget",
        answer="answer_4",
        points=10,
        inputs=("grown",),
        expected=gain_per_chosen,
        hint="先选出预算之内的客户，再求预计收益的平均数。",
        mistakes=(
            Mistake(
                "everybody",
                "answer_4 = grown['expected_gain'].mean()",
                "你把预算之外的客户也算进来了。",
            ),
            Mistake(
                "total",
                "answer_4 = grown.loc[grown['chosen'], 'expected_gain'].sum()",
                "你算的是合计，题目要的是平均每人。",
            ),
            Mistake(
                "left_out",
                "answer_4 = grown.loc[~grown['chosen'], 'expected_gain'].mean()",
                "方向反了：你算的是预算之外的客户。",
            ),
            Mistake(
                "cost_again",
                "c = grown[grown['chosen']]; answer_4 = (c['expected_gain'] - c['measure_cost']).mean()",
                "费用减了两次：预计收益里已经减去费用。",
            ),
            Mistake(
                "if_it_works",
                "answer_4 = grown.loc[grown['chosen'], 'won_profit'].mean()",
                "列用错了：那是假设一定见效的毛利，不是预计收益。",
            ),
        ),
    ),
    Check(
        grade_id="mgc-5-change",
        answer="answer_5",
        points=10,
        inputs=("pairs",),
        expected=change_in_points,
        hint="分别用合计算出两期的份额，后一期减前一期，再乘 100。",
        mistakes=(
            Mistake(
                "reversed",
                "b = pairs['ours_before'].sum() / pairs['spend_before'].sum(); "
                "a = pairs['ours_after'].sum() / pairs['spend_after'].sum(); answer_5 = 100 * (b - a)",
                "方向反了：要用后一期减前一期。",
            ),
            Mistake(
                "decimal",
                "b = pairs['ours_before'].sum() / pairs['spend_before'].sum(); "
                "a = pairs['ours_after'].sum() / pairs['spend_after'].sum(); answer_5 = a - b",
                "单位不对：题目要百分点，要乘 100。",
            ),
            Mistake(
                "relative",
                "b = pairs['ours_before'].sum() / pairs['spend_before'].sum(); "
                "a = pairs['ours_after'].sum() / pairs['spend_after'].sum(); answer_5 = 100 * (a / b - 1)",
                "你算的是变化的百分比；百分点是两个份额直接相减。",
            ),
            Mistake(
                "after_only",
                "answer_5 = 100 * pairs['ours_after'].sum() / pairs['spend_after'].sum()",
                "你只算了后一期的份额，还要减去前一期的。",
            ),
            Mistake(
                "money",
                "answer_5 = pairs['ours_after'].sum() - pairs['ours_before'].sum()",
                "你算的是金额的变化，题目要份额的变化。",
            ),
        ),
    ),
]

# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    {"company": 7, "budget": 400.0, "seed": 3},
    {"company": 3, "mvc_share": 0.15, "mgc_share": 0.25, "as_of": "2024-12-15"},
]
