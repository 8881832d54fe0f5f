"""Graded answers of the demographic data: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def share_with_birthday(data):
    """Share of the records in which the day of birth is known."""
    births = list(data["records"]["birth_date"])
    return sum(b == b and b is not None for b in births) / len(births)


def mean_age(data):
    """Mean age of the people whose age is known."""
    ages = [int(a) for a in data["people"]["age"].dropna()]
    return sum(ages) / len(ages)


def gap_of_women(data):
    """Share of women in the sample less their share in the population."""
    compared = data["compared"]
    mine = compared[(compared["column"] == "gender") & (compared["category"] == "女")]
    return float(
        mine["n_sample"].iloc[0] / compared.loc[compared["column"] == "gender", "n_sample"].sum()
    ) - float(mine["population_share"].iloc[0])


def weighted_mean(data):
    """Mean of the number under the weights, over those who have one."""
    known = data["sample"].dropna(subset=["weight"])
    pairs = list(zip(known[data["number"]].astype(float), known["weight"], strict=True))
    return sum(value * weight for value, weight in pairs) / sum(weight for _, weight in pairs)


def most_beyond(data):
    """Greatest difference between the mutual information found and its mean under chance."""
    rows = data["ranked"][["mutual_bits", "chance_bits"]].dropna().itertuples(index=False)
    return max(found - chance for found, chance in rows)


CHECKS = [
    Check(
        grade_id="dem-1-filled",
        answer="answer_1",
        points=5,
        inputs=("records",),
        expected=share_with_birthday,
        hint="先判断每条记录填没填出生日期，再求占比。",
        mistakes=(
            Mistake(
                "count",
                "answer_1 = int(records['birth_date'].notna().sum())",
                "你填的是记录数，题目要的是占全部记录的比例。",
            ),
            Mistake(
                "percent",
                "answer_1 = 100 * records['birth_date'].notna().mean()",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
            Mistake(
                "missing",
                "answer_1 = records['birth_date'].isna().mean()",
                "方向反了：你算的是没有填的比例。",
            ),
            Mistake(
                "distinct",
                "answer_1 = records['birth_date'].nunique() / len(records)",
                "你数的是有几种不同的日期，题目要数的是填了日期的记录。",
            ),
            Mistake(
                "other_column",
                "answer_1 = records['phone'].notna().mean()",
                "列用错了：你算的是手机号的填写率。",
            ),
        ),
    ),
    Check(
        grade_id="dem-2-age",
        answer="answer_2",
        points=10,
        inputs=("people", "day"),
        expected=mean_age,
        hint="在合并以后的表里求年龄的平均值，一个人只算一次。",
        mistakes=(
            Mistake("median", "answer_2 = people['age'].median()", "你用的是中位数，题目要的是平均值。"),
            Mistake(
                "oldest", "answer_2 = float(people['age'].max())", "你取的是最大的年龄，题目要的是平均值。"
            ),
            Mistake(
                "unknown_as_zero",
                "answer_2 = people['age'].fillna(0).mean()",
                "你把不知道年龄的人当成 0 岁了，他们不应当计入。",
            ),
            Mistake(
                "years_only",
                "answer_2 = (int(day[:4]) - people['birth_date'].dt.year).mean()",
                "你用年份相减，没有看生日到了没有，年龄会多算。",
            ),
            Mistake("total", "answer_2 = float(people['age'].sum())", "你算的是年龄之和，还要除以人数。"),
        ),
    ),
    Check(
        grade_id="dem-3-gap",
        answer="answer_3",
        points=10,
        inputs=("compared",),
        expected=gap_of_women,
        hint="取出“女”那一行，用样本的占比减去总体的占比。",
        mistakes=(
            Mistake(
                "reversed",
                "w = compared[compared['category'] == '女'].iloc[0]; "
                "answer_3 = w['population_share'] - w['sample_share']",
                "减反了：问的是样本比总体高多少。",
            ),
            Mistake(
                "percent",
                "w = compared[compared['category'] == '女'].iloc[0]; "
                "answer_3 = 100 * (w['sample_share'] - w['population_share'])",
                "单位不对：题目要小数，不乘 100。",
            ),
            Mistake(
                "ratio",
                "w = compared[compared['category'] == '女'].iloc[0]; "
                "answer_3 = w['sample_share'] / w['population_share']",
                "你算的是倍数，题目要的是相减的差。",
            ),
            Mistake(
                "weighted",
                "w = compared[compared['category'] == '女'].iloc[0]; "
                "answer_3 = w['weighted_share'] - w['population_share']",
                "列用错了：那是加权以后的占比，题目问的是加权以前的样本。",
            ),
            Mistake(
                "share_only",
                "answer_3 = compared[compared['category'] == '女'].iloc[0]['sample_share']",
                "你只取了样本的占比，还要减去总体的占比。",
            ),
        ),
    ),
    Check(
        grade_id="dem-4-weighted",
        answer="answer_4",
        points=10,
        inputs=("sample", "number"),
        expected=weighted_mean,
        hint="值乘以权数，加起来，再除以权数之和。",
        mistakes=(
            Mistake("unweighted", "answer_4 = sample[number].mean()", "你算的是没有加权的平均值。"),
            Mistake(
                "no_division",
                "answer_4 = (sample[number] * sample['weight']).sum()",
                "还差一步：要除以权数之和。",
            ),
            Mistake("median", "answer_4 = sample[number].median()", "你用的是中位数，题目要的是加权平均值。"),
            Mistake(
                "divided",
                "answer_4 = (sample[number] / sample['weight'].where(sample['weight'] > 0)).sum() "
                "/ (1 / sample['weight'].where(sample['weight'] > 0)).sum()",
                "权数用反了：应当乘以权数，不是除以权数。",
            ),
            Mistake(
                "weights",
                "answer_4 = sample['weight'].mean()",
                "你算的是权数的平均值，还没有用到那一列的值。",
            ),
        ),
    ),
    Check(
        grade_id="dem-5-extra",
        answer="answer_5",
        points=10,
        inputs=("ranked",),
        expected=most_beyond,
        hint="先用互信息减去偶然的平均，再取最大的。",
        mistakes=(
            Mistake(
                "found_only",
                "answer_5 = ranked['mutual_bits'].max()",
                "你没有减去偶然的平均：类多、人少的时候，偶然也会带来互信息。",
            ),
            Mistake(
                "against_limit",
                "answer_5 = (ranked['mutual_bits'] - ranked['chance_bits_95']).max()",
                "列用错了：你减的是偶然的上限，题目要减偶然的平均。",
            ),
            Mistake(
                "least",
                "answer_5 = (ranked['mutual_bits'] - ranked['chance_bits']).min()",
                "方向反了：你取的是最小的，题目要最大的。",
            ),
            Mistake(
                "mean",
                "answer_5 = (ranked['mutual_bits'] - ranked['chance_bits']).mean()",
                "你取的是平均，题目要的是最大的一对。",
            ),
            Mistake("effect", "answer_5 = ranked['effect'].max()", "列用错了：联系强度不是互信息。"),
        ),
    ),
]

# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    {"customers": "xudong_customers_store", "survey": "", "as_of": "2024-10-15", "seed": 3},
    {"customers": "xudong_customers_web", "measure": "nps", "max_weight": 2.0, "seed": 11},
]
