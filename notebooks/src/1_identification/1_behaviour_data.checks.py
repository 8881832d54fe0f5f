"""Graded answers of the behaviour data: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def cost_of_a_deal(data):
    """All that finding prospects cost, over the number of deals."""
    rows = data["methods"].to_dict("records")
    deals = sum(row["n_deals"] for row in rows)
    return sum(row["cost"] for row in rows) / deals if deals else float("nan")


def share_of_bad_waits(data):
    """Share of the known pairs whose wait was felt as longer."""
    known = [kind for kind in data["waiting"]["experience"] if isinstance(kind, str)]
    return sum("poor" in kind for kind in known) / len(known) if known else float("nan")


def share_of_the_wallet(data):
    """Our part of all the spending."""
    rows = data["wallet"].to_dict("records")
    whole = sum(row["category_spend"] for row in rows)
    return sum(row["our_spend"] for row in rows) / whole if whole else float("nan")


def share_without_grade(data):
    """Share of the potential customers that no grade fits."""
    mine = data["graded"][data["graded"]["intent"] == "潜在"]
    return len(mine[mine["sales_grade"].str.len() == 0]) / len(mine) if len(mine) else float("nan")


def mean_delay(data):
    """Mean days overdue of those who mean to buy and are overdue."""
    rows = data["schedule"].to_dict("records")
    days = [row["overdue_days"] for row in rows if row["intent"] == "意向" and row["overdue_days"] > 0]
    return sum(days) / len(days) if days else float("nan")


def weighted_score(data):
    """Mean of the scores with accuracy counted twice."""
    points = weights = 0.0
    for row in data["scores"].to_dict("records"):
        weight = 2 if row["dimension"] == "准确性" else 1
        points, weights = points + weight * row["score"], weights + weight
    return points / weights


CHECKS = [
    Check(
        grade_id="bhv-1-cost",
        answer="answer_1",
        points=5,
        inputs=("methods",),
        expected=cost_of_a_deal,
        hint="先求寻找成本的合计，再除以成交客户数的合计。",
        mistakes=(
            Mistake(
                "mean_of_methods",
                "answer_1 = methods['deal_cost'].mean()",
                "你平均的是各种方法的成本，方法有大有小，不能直接平均。先合计，再相除。",
            ),
            Mistake(
                "per_lead",
                "answer_1 = methods['cost'].sum() / methods['n_leads'].sum()",
                "分母用错了：题目问每成交一位，不是每找到一位。",
            ),
            Mistake(
                "only_successful",
                "m = methods[methods['n_deals'] > 0]; answer_1 = m['cost'].sum() / m['n_deals'].sum()",
                "没有成交的方法花的钱也要算进去。",
            ),
            Mistake(
                "upside_down",
                "answer_1 = methods['n_deals'].sum() / methods['cost'].sum()",
                "分子和分母颠倒了：要用成本除以成交客户数。",
            ),
            Mistake(
                "total",
                "answer_1 = methods['cost'].sum()",
                "你算的是成本的合计，还要除以成交客户数。",
            ),
        ),
    ),
    Check(
        grade_id="bhv-2-wait",
        answer="answer_2",
        points=10,
        inputs=("waiting",),
        expected=share_of_bad_waits,
        hint="先去掉空的，再数“差”和“很差”，除以剩下的人数。",
        mistakes=(
            Mistake(
                "missing_counted",
                "answer_2 = waiting['experience'].isin(['poor', 'very_poor']).mean()",
                "分母里混进了缺一个时间的记录，要先用 .dropna() 去掉。",
            ),
            Mistake(
                "poor_only",
                "answer_2 = (waiting['experience'].dropna() == 'poor').mean()",
                "只算了“差”，“很差”也要算。",
            ),
            Mistake(
                "good_side",
                "answer_2 = waiting['experience'].dropna().isin(['good', 'very_good']).mean()",
                "方向反了：你算的是体验好的占比。",
            ),
            Mistake(
                "count",
                "answer_2 = int(waiting['experience'].isin(['poor', 'very_poor']).sum())",
                "你填的是人数，题目要的是比例。",
            ),
            Mistake(
                "percent",
                "answer_2 = 100 * waiting['experience'].dropna().isin(['poor', 'very_poor']).mean()",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
        ),
    ),
    Check(
        grade_id="bhv-3-wallet",
        answer="answer_3",
        points=10,
        inputs=("wallet",),
        expected=share_of_the_wallet,
        hint="两列各自合计，再相除。",
        mistakes=(
            Mistake(
                "mean_of_shares",
                "answer_3 = (wallet['our_spend'] / wallet['category_spend']).mean()",
                "你平均的是各品类的份额，花得多的品类应当占得重。先合计，再相除。",
            ),
            Mistake(
                "upside_down",
                "answer_3 = wallet['category_spend'].sum() / wallet['our_spend'].sum()",
                "分子和分母颠倒了：份额是在本店的支出占总支出的一份。",
            ),
            Mistake(
                "against_others",
                "o = wallet['our_spend'].sum(); answer_3 = o / (wallet['category_spend'].sum() - o)",
                "分母用错了：总支出里也包括在本店的支出。",
            ),
            Mistake(
                "total",
                "answer_3 = wallet['our_spend'].sum()",
                "你算的是在本店的支出，还要除以总支出。",
            ),
            Mistake(
                "percent",
                "answer_3 = 100 * wallet['our_spend'].sum() / wallet['category_spend'].sum()",
                "单位不对：题目要小数，不乘 100。",
            ),
        ),
    ),
    Check(
        grade_id="bhv-4-ungraded",
        answer="answer_4",
        points=10,
        inputs=("graded",),
        expected=share_without_grade,
        hint="先取出潜在客户的等级，再看其中空文字的占比。",
        mistakes=(
            Mistake(
                "everybody",
                "answer_4 = (graded['sales_grade'] == '').mean()",
                "你算的是全部客户里的占比，题目只看潜在客户。",
            ),
            Mistake(
                "other_way",
                "answer_4 = (graded.loc[graded['sales_grade'] == '', 'intent'] == '潜在').mean()",
                "条件和分母颠倒了：分母是潜在客户，不是未定级的客户。",
            ),
            Mistake(
                "graded_ones",
                "answer_4 = (graded.loc[graded['intent'] == '潜在', 'sales_grade'] != '').mean()",
                "方向反了：你算的是定了级的占比。",
            ),
            Mistake(
                "count",
                "answer_4 = int((graded.loc[graded['intent'] == '潜在', 'sales_grade'] == '').sum())",
                "你填的是人数，题目要的是比例。",
            ),
            Mistake(
                "recorded",
                "answer_4 = (graded.loc[graded['recorded'] == '潜在', 'sales_grade'] == '').mean()",
                "列用错了：要用按依据分的 intent 列，不是登记的 recorded 列。",
            ),
        ),
    ),
    Check(
        grade_id="bhv-5-late",
        answer="answer_5",
        points=10,
        inputs=("schedule",),
        expected=mean_delay,
        hint="两个条件要同时成立：是意向客户，并且已拖天数大于 0。",
        mistakes=(
            Mistake(
                "everybody",
                "answer_5 = schedule.loc[schedule['overdue_days'] > 0, 'overdue_days'].mean()",
                "你把潜在和成交的客户也算进来了，题目只看意向客户。",
            ),
            Mistake(
                "not_late_too",
                "answer_5 = schedule.loc[schedule['intent'] == '意向', 'overdue_days'].mean()",
                "还没到期的客户（已拖 0 天）不算在内。",
            ),
            Mistake(
                "potential",
                "late = (schedule['intent'] == '潜在') & (schedule['overdue_days'] > 0); "
                "answer_5 = schedule.loc[late, 'overdue_days'].mean()",
                "类别用错了：题目问的是意向客户，你取的是潜在客户。",
            ),
            Mistake(
                "count",
                "answer_5 = int(((schedule['intent'] == '意向') & (schedule['overdue_days'] > 0)).sum())",
                "你算的是客户的位数，题目要的是平均天数。",
            ),
            Mistake(
                "total",
                "late = (schedule['intent'] == '意向') & (schedule['overdue_days'] > 0); "
                "answer_5 = schedule.loc[late, 'overdue_days'].sum()",
                "你算的是天数的合计，还要除以人数。",
            ),
        ),
    ),
    Check(
        grade_id="bhv-6-quality",
        answer="answer_6",
        points=10,
        inputs=("scores",),
        expected=weighted_score,
        tolerance=1e-9,
        hint="准确性的得分算两次，其余各算一次，再除以权数的合计。",
        mistakes=(
            Mistake(
                "plain",
                "answer_6 = scores['score'].mean()",
                "这是不加权的平均分，准确性的权数是 2。",
            ),
            Mistake(
                "wrong_divisor",
                "s = scores.set_index('dimension')['score']; answer_6 = (s.sum() + s['准确性']) / len(s)",
                "分母用错了：要除以权数的合计，准确性算两份。",
            ),
            Mistake(
                "other_dimension",
                "s = scores.set_index('dimension')['score']; answer_6 = (s.sum() + s['完整性']) / (len(s) + 1)",
                "加重的方面不对：题目说的是准确性。",
            ),
            Mistake(
                "sum",
                "s = scores.set_index('dimension')['score']; answer_6 = s.sum() + s['准确性']",
                "你算的是加权的合计，还要除以权数的合计。",
            ),
            Mistake(
                "share",
                "s = scores.set_index('dimension')['score']; answer_6 = (s.sum() + s['准确性']) / (len(s) + 1) / 100",
                "单位不对：得分的满分是 100，不用再除以 100。",
            ),
        ),
    ),
]

# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    {
        "mine": "classmate_shopping",
        "classmate": "my_shopping",
        "as_of": "2024-09-30",
        "wait_far": 1.6,
        "phone_prefixes": "",
    },
    {"mine": "classmate_shopping", "as_of": "2024-11-15", "wait_same": 1.4, "clicks": "", "phone_prefixes": "139"},
]
