"""Graded answers of the customer database: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def records_per_customer(data):
    """Mean number of records per person, counted one by one."""
    counts = {}
    for person in data["records"]["person_id"]:
        counts[person] = counts.get(person, 0) + 1
    return sum(counts.values()) / len(counts) if counts else float("nan")


def share_of_gaps_filled(data):
    """Divide filled gaps by all gaps, summed by hand."""
    rows = data["gaps"].to_dict("records")
    missing = sum(row["n_missing"] for row in rows)
    return sum(row["n_filled"] for row in rows) / missing if missing else float("nan")


def share_sent_back(data):
    """Rows sent back over all rows."""
    found = list(data["verdicts"]["verdict"])
    return sum(word == "退回" for word in found) / len(found) if found else float("nan")


def share_of_the_best(data):
    """Revenue of the fifty best customers over all revenue."""
    values = sorted(data["roster"]["revenue"].astype(float), reverse=True)
    return sum(values[:50]) / sum(values) if sum(values) else float("nan")


def gain_with_keeper(data):
    """Mean repeat share with a keeper less that without."""
    rows = data["scores"].dropna(subset=["keeper", "repeat_percent"]).to_dict("records")
    halves = {k: [r["repeat_percent"] for r in rows if r["keeper"] == k] for k in (1, 0)}
    if not all(halves.values()):
        return float("nan")
    return sum(halves[1]) / len(halves[1]) - sum(halves[0]) / len(halves[0])


CHECKS = [
    Check(
        grade_id="cdb-1-records",
        answer="answer_1",
        points=5,
        inputs=("records",),
        expected=records_per_customer,
        hint="记录有几条，客户有几位，两个数相除。",
        mistakes=(
            Mistake(
                "upside_down",
                "answer_1 = records['person_id'].nunique() / len(records)",
                "分子和分母颠倒了：要用记录数除以客户数。",
            ),
            Mistake(
                "customers",
                "answer_1 = records['person_id'].nunique()",
                "你填的是客户有几位，还要用它去除记录数。",
            ),
            Mistake(
                "records",
                "answer_1 = len(records)",
                "你填的是记录有几条，还要除以客户数。",
            ),
            Mistake(
                "only_several",
                "n = records['person_id'].value_counts(); answer_1 = n[n > 1].mean()",
                "只有一条记录的客户也要算进去。",
            ),
            Mistake(
                "most",
                "answer_1 = int(records['person_id'].value_counts().max())",
                "你填的是最多的那位客户有几条，题目要的是平均数。",
            ),
        ),
    ),
    Check(
        grade_id="cdb-2-gaps",
        answer="answer_2",
        points=10,
        inputs=("gaps",),
        expected=share_of_gaps_filled,
        hint="两列各自合计，再相除。",
        mistakes=(
            Mistake(
                "mean_of_shares",
                "answer_2 = (gaps['n_filled'] / gaps['n_missing']).mean()",
                "你平均的是各个字段的比例，缺得多的字段应当占得重。先合计，再相除。",
            ),
            Mistake(
                "left",
                "answer_2 = gaps['n_left'].sum() / gaps['n_missing'].sum()",
                "方向反了：你算的是还缺的比例，题目问补上的。",
            ),
            Mistake(
                "against_left",
                "answer_2 = gaps['n_filled'].sum() / gaps['n_left'].sum()",
                "分母用错了：要除以原来缺的合计，不是还缺的合计。",
            ),
            Mistake(
                "count",
                "answer_2 = int(gaps['n_filled'].sum())",
                "你填的是补上的个数，题目要的是比例。",
            ),
            Mistake(
                "percent",
                "answer_2 = 100 * gaps['n_filled'].sum() / gaps['n_missing'].sum()",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
        ),
    ),
    Check(
        grade_id="cdb-3-rejected",
        answer="answer_3",
        points=10,
        inputs=("verdicts",),
        expected=share_sent_back,
        tolerance=1e-9,
        hint="先逐行判断是不是“退回”，判断结果的平均数就是占比。",
        mistakes=(
            Mistake(
                "accepted",
                "answer_3 = (verdicts['verdict'] == '新增').mean()",
                "方向反了：你算的是新增的占比，题目问退回的。",
            ),
            Mistake(
                "against_new",
                "answer_3 = (verdicts['verdict'] == '退回').sum() / (verdicts['verdict'] == '新增').sum()",
                "分母用错了：要除以全部的行，不是新增的行。",
            ),
            Mistake(
                "count",
                "answer_3 = int((verdicts['verdict'] == '退回').sum())",
                "你填的是退回的行数，题目要的是比例。",
            ),
            Mistake(
                "kinds",
                "back = verdicts[verdicts['verdict'] == '退回']; answer_3 = back['column'].nunique() / len(verdicts)",
                "你数的是有问题的列有几种，题目要数退回的行。",
            ),
            Mistake(
                "percent",
                "answer_3 = 100 * (verdicts['verdict'] == '退回').mean()",
                "单位不对：题目要小数，不乘 100。",
            ),
        ),
    ),
    Check(
        grade_id="cdb-4-key",
        answer="answer_4",
        points=10,
        inputs=("roster",),
        expected=share_of_the_best,
        hint="先求消费最多的 50 位的合计，再除以全部的合计。",
        mistakes=(
            Mistake(
                "first_rows",
                "answer_4 = roster['revenue'].head(50).sum() / roster['revenue'].sum()",
                "你取的是表里的前 50 行，不是消费最多的 50 位。",
            ),
            Mistake(
                "ten",
                "answer_4 = roster['revenue'].nlargest(10).sum() / roster['revenue'].sum()",
                "人数不对：题目问 50 位，你取了 10 位。",
            ),
            Mistake(
                "against_rest",
                "top = roster['revenue'].nlargest(50).sum(); answer_4 = top / (roster['revenue'].sum() - top)",
                "分母用错了：全部的消费里也包括这 50 位的。",
            ),
            Mistake(
                "people",
                "answer_4 = 50 / len(roster)",
                "你算的是 50 位占客户数的比例，题目问占消费金额的比例。",
            ),
            Mistake(
                "orders",
                "answer_4 = roster['n_orders'].nlargest(50).sum() / roster['n_orders'].sum()",
                "列用错了：题目问消费金额 revenue，你用了订单数。",
            ),
            Mistake(
                "total",
                "answer_4 = roster['revenue'].nlargest(50).sum()",
                "你填的是金额，题目要的是占全部的比例。",
            ),
        ),
    ),
    Check(
        grade_id="cdb-5-keeper",
        answer="answer_5",
        points=10,
        inputs=("scores",),
        expected=gain_with_keeper,
        hint="两组各求回头客占比的平均数，有专人的减没有专人的。",
        mistakes=(
            Mistake(
                "reversed",
                "k = scores.groupby('keeper')['repeat_percent'].mean(); answer_5 = k[0.0] - k[1.0]",
                "方向反了：题目问有专人的比没有专人的高多少。",
            ),
            Mistake(
                "one_group",
                "answer_5 = scores.loc[scores['keeper'] == 1, 'repeat_percent'].mean()",
                "你填的是有专人的平均数，还要减去没有专人的平均数。",
            ),
            Mistake(
                "other_habit",
                "k = scores.groupby('backed_up')['repeat_percent'].mean(); answer_5 = k[1.0] - k[0.0]",
                "列用错了：题目问有没有专人，用 keeper 列。",
            ),
            Mistake(
                "other_outcome",
                "k = scores.groupby('keeper')['margin_percent'].mean(); answer_5 = k[1.0] - k[0.0]",
                "结果用错了：题目问回头客占比，你用了利润率。",
            ),
            Mistake(
                "against_all",
                "m = scores['repeat_percent']; answer_5 = m[scores['keeper'] == 1].mean() - m.mean()",
                "比较的对象不对：要同没有专人的企业比，不是同全部企业比。",
            ),
        ),
    ),
]

# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    {"as_of": "2023-12-31", "survey": "firm_archives_plain", "slip_share": 0.06, "seed": 3},
    {"as_of": "2024-06-30", "slip_share": 0.1, "wallet": "", "survey": "firm_archives_plain", "seed": 11},
]
