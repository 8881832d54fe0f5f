"""Graded answers of maintenance and security: truth, points and the frequent mistakes with their messages."""

import math

from crm_lib.lesson.checks import Check, Mistake


def customers_at(data):
    """Versions that held at the moment, one by one."""
    n = 0
    for row in data["versions"].to_dict("records"):
        ended = row["valid_to"]
        n += row["valid_from"] <= data["moment"] and (ended != ended or ended > data["moment"])
    return n


def rows_lost(data):
    """What the older backup lacks, table by table."""
    return sum(row["now"] - row["older"] for row in data["counts"].to_dict("records"))


def rows_seen_late(data):
    """Rows revealed before 8 or from 18 on."""
    rows = data["log"].to_dict("records")
    late = [r["n_rows"] for r in rows if r["action"] == "reveal" and not 8 <= r["hour"] < 18]
    return sum(late)


def share_in_small_groups(data):
    """People in groups below k, over all people."""
    sizes = [int(n) for n in data["classes"]["n_people"]]
    return sum(n for n in sizes if n < data["k_wanted"]) / sum(sizes) if sizes else float("nan")


def mean_gap(data):
    """Mean of the groups' gaps in percent."""
    gaps = [100 * r["price_known"] / r["price_new"] - 100 for r in data["pairs"].to_dict("records")]
    return math.fsum(gaps) / len(gaps) if gaps else float("nan")


CHECKS = [
    Check(
        grade_id="sec-1-moment",
        answer="answer_1",
        points=5,
        inputs=("versions", "moment"),
        expected=customers_at,
        hint="两个条件要同时成立：那时已经生效，并且那时还没有失效。",
        mistakes=(
            Mistake(
                "current",
                "answer_1 = versions['valid_to'].isna().sum()",
                "你数的是现在还有效的版本，题目问的是 moment 那一刻。",
            ),
            Mistake(
                "every_row",
                "answer_1 = len(versions)",
                "你数的是全部版本，一位客户改过几次就数了几遍。",
            ),
            Mistake(
                "begun",
                "answer_1 = (versions['valid_from'] <= moment).sum()",
                "那时已经失效的版本也数进去了，还要看 valid_to。",
            ),
            Mistake(
                "begun_and_current",
                "answer_1 = ((versions['valid_from'] <= moment) & versions['valid_to'].isna()).sum()",
                "后来才失效的版本，在那一刻还有效，也要数。",
            ),
            Mistake(
                "later",
                "answer_1 = (versions['valid_from'] > moment).sum()",
                "方向反了：你数的是那一刻以后才生效的版本。",
            ),
        ),
    ),
    Check(
        grade_id="sec-2-lost",
        answer="answer_2",
        points=10,
        inputs=("counts",),
        expected=rows_lost,
        hint="用恢复以后的行数减去前一份备份的行数，各张表合计。",
        mistakes=(
            Mistake(
                "one_table",
                "c = counts.set_index('table'); answer_2 = c.loc['customers', 'now'] - c.loc['customers', 'older']",
                "你只看了客户档案一张表，题目问所有的表。",
            ),
            Mistake(
                "what_is_there",
                "answer_2 = counts['now'].sum()",
                "你算的是现在一共多少行，不是少掉多少。",
            ),
            Mistake(
                "what_is_left",
                "answer_2 = counts['older'].sum()",
                "你算的是前一份里还剩多少行，不是少掉多少。",
            ),
            Mistake(
                "tables",
                "answer_2 = int((counts['now'] != counts['older']).sum())",
                "你数的是有几张表不同，题目要的是行数。",
            ),
            Mistake(
                "share",
                "answer_2 = 1 - counts['older'].sum() / counts['now'].sum()",
                "你算的是比例，题目要的是行数。",
            ),
        ),
    ),
    Check(
        grade_id="sec-3-log",
        answer="answer_3",
        points=10,
        inputs=("log",),
        expected=rows_seen_late,
        hint="先选看原文的操作，再选 8 点以前或者 18 点及以后的，最后把行数合计。",
        mistakes=(
            Mistake(
                "operations",
                "r = log[log['action'] == 'reveal']; answer_3 = int(((r['hour'] < 8) | (r['hour'] >= 18)).sum())",
                "你数的是操作的次数，题目要的是看了多少行。",
            ),
            Mistake(
                "whole_day",
                "answer_3 = log.loc[log['action'] == 'reveal', 'n_rows'].sum()",
                "上班时间看的也算进去了，题目只问下班时间。",
            ),
            Mistake(
                "all_actions",
                "answer_3 = log.loc[(log['hour'] < 8) | (log['hour'] >= 18), 'n_rows'].sum()",
                "别的操作也算进去了，只有 reveal 是看原文。",
            ),
            Mistake(
                "evening_only",
                "r = log[log['action'] == 'reveal']; answer_3 = r.loc[r['hour'] >= 18, 'n_rows'].sum()",
                "漏了早上：8 点以前也是下班时间。",
            ),
            Mistake(
                "after_eighteen",
                "r = log[log['action'] == 'reveal']; "
                "answer_3 = r.loc[(r['hour'] < 8) | (r['hour'] > 18), 'n_rows'].sum()",
                "18 点多的也是下班时间，条件要写“大于等于”。",
            ),
        ),
    ),
    Check(
        grade_id="sec-4-alone",
        answer="answer_4",
        points=10,
        inputs=("classes", "k_wanted"),
        expected=share_in_small_groups,
        hint="小组里的人数合计，除以全部人数。",
        mistakes=(
            Mistake(
                "share_of_groups",
                "answer_4 = (classes['n_people'] < k_wanted).mean()",
                "你算的是小组占全部组的比例，题目要的是人的比例。",
            ),
            Mistake(
                "alone",
                "answer_4 = (classes['n_people'] == 1).sum() / classes['n_people'].sum()",
                "你只算了独自一个人的，不够 k_wanted 人的组都要算。",
            ),
            Mistake(
                "count",
                "answer_4 = classes.loc[classes['n_people'] < k_wanted, 'n_people'].sum()",
                "你填的是人数，题目要的是比例。",
            ),
            Mistake(
                "safe_side",
                "answer_4 = classes.loc[classes['n_people'] >= k_wanted, 'n_people'].sum() / classes['n_people'].sum()",
                "方向反了：你算的是够 k_wanted 人的那些人。",
            ),
            Mistake(
                "percent",
                "answer_4 = 100 * classes.loc[classes['n_people'] < k_wanted, 'n_people'].sum() "
                "/ classes['n_people'].sum()",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
        ),
    ),
    Check(
        grade_id="sec-5-price",
        answer="answer_5",
        points=10,
        inputs=("pairs",),
        expected=mean_gap,
        tolerance=1e-6,
        hint="每一组用老客户的价格除以新客户的价格，减 1，乘 100，再平均。",
        mistakes=(
            Mistake(
                "means_first",
                "answer_5 = (pairs['price_known'].mean() / pairs['price_new'].mean() - 1) * 100",
                "先平均再相除，贵的商品就占得重。要先算每一组的百分比，再平均。",
            ),
            Mistake(
                "other_base",
                "answer_5 = ((1 - pairs['price_new'] / pairs['price_known']) * 100).mean()",
                "底数用错了：题目以新客户的价格为底。",
            ),
            Mistake(
                "upside_down",
                "answer_5 = ((pairs['price_new'] / pairs['price_known'] - 1) * 100).mean()",
                "分子和分母颠倒了：要用老客户的价格除以新客户的价格。",
            ),
            Mistake(
                "decimal",
                "answer_5 = (pairs['price_known'] / pairs['price_new'] - 1).mean()",
                "单位不对：题目要百分数的数字，要乘 100。",
            ),
            Mistake(
                "yuan",
                "answer_5 = (pairs['price_known'] - pairs['price_new']).mean()",
                "你算的是差多少元，题目要百分之几。",
            ),
        ),
    ),
]

# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    {"company": 2, "prices": "innocent", "k_wanted": 4},
    {"company": 5, "most": 220, "k_wanted": 6},
]
