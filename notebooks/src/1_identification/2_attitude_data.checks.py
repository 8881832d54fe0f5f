"""Graded answers of the attitude data: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def mean_turned(data):
    """Mean of the first reversed item, answer by answer turned round."""
    questions, kept = data["questions"], data["kept"]
    row = next(r for r in questions.to_dict("records") if r["reversed"])
    turned = [row["lowest"] + row["highest"] - x for x in kept[row["item"]] if x == x]
    return sum(turned) / len(turned)


def mean_weighted(data):
    """Mean of the overall satisfaction, each class taken as large as it is in the population."""
    kept, classes, by = data["kept"], data["classes"], data["by"]
    above = below = 0.0
    for row in classes.to_dict("records"):
        if row["weight"] == row["weight"]:
            scores = kept.loc[kept[by] == row[by], "overall"].dropna()
            above += row["weight"] * scores.sum()
            below += row["weight"] * len(scores)
    return above / below


def share_negative(data):
    """Part of the comments on the topic with most negative ones that are negative."""
    comments = data["comments"]
    pairs = list(zip(comments["topic"], comments["sentiment"], strict=True))
    negative = [t for t, s in pairs if s == "负面"]
    top = min(set(negative), key=lambda t: (-negative.count(t), t))
    mine = [s for t, s in pairs if t == top]
    return mine.count("负面") / len(mine)


def promoter_score(data):
    """Mean of +100, 0 and −100 over the answers given."""
    given = [x for x in data["kept"]["nps"] if x == x]
    return sum(100 if x > 8 else -100 if x < 7 else 0 for x in given) / len(given)


def better_of_doubtful(data):
    """Coefficient better of the feature with most reverse and questionable pairs."""
    kano = data["kano"]
    row = max(kano.to_dict("records"), key=lambda r: r["n_r"] + r["n_q"])
    return 1 - (row["n_m"] + row["n_i"]) / (row["n"] - row["n_r"] - row["n_q"])


ITEM = "row = questions[questions['reversed']].iloc[0]; x = kept[row['item']]; "
WEIGHTS = "w = kept[by].map(classes.set_index(by)['weight']); k = kept['overall'].notna() & w.notna(); y = kept['overall']; "
TOPIC = "bad = comments['sentiment'] == '负面'; same = comments['topic'] == comments.loc[bad, 'topic'].mode()[0]; "
GIVEN = "g = kept['nps'].dropna(); "
FEATURE = "f = kano.loc[(kano['n_r'] + kano['n_q']).idxmax()]; "

CHECKS = [
    Check(
        grade_id="attitude-1-turned",
        answer="answer_1",
        points=10,
        inputs=("questions", "kept"),
        expected=mean_turned,
        hint="每个答案都换成“最低分 + 最高分 − 答案”，再求平均。",
        mistakes=(
            Mistake("not_turned", ITEM + "answer_1 = x.mean()", "这是没有转过来的平均分。"),
            Mistake(
                "from_highest",
                ITEM + "answer_1 = (row['highest'] - x).mean()",
                "只用最高分去减，结果少了一个最低分：5 级量表要用 6 去减。",
            ),
            Mistake("negative", ITEM + "answer_1 = -x.mean()", "转过来不是加一个负号，分数还要落在量表的范围里。"),
            Mistake(
                "gaps_as_zero",
                ITEM + "answer_1 = (row['lowest'] + row['highest'] - x.fillna(0)).mean()",
                "没有回答的题不能当 0 分，要先去掉。",
            ),
            Mistake(
                "first_item",
                "row = questions[~questions['reversed']].iloc[0]; "
                "answer_1 = (row['lowest'] + row['highest'] - kept[row['item']]).mean()",
                "你转的是一道正向题，题目要的是第一道反向题。",
            ),
        ),
    ),
    Check(
        grade_id="attitude-2-weighted",
        answer="answer_2",
        points=10,
        inputs=("kept", "classes", "by"),
        expected=mean_weighted,
        hint="先算权重乘分数的和，再除以权重的和，两个和都只算有分数又有权重的答卷。",
        mistakes=(
            Mistake("plain", WEIGHTS + "answer_2 = y.mean()", "这是没有加权的平均分。"),
            Mistake(
                "population_share",
                "w = kept[by].map(classes.set_index(by)['population_share']); k = kept['overall'].notna() & w.notna(); "
                "answer_2 = (w * kept['overall'])[k].sum() / w[k].sum()",
                "权重用错了：各类占总体的比例还要除以它占答卷的比例。",
            ),
            Mistake("sum_only", WEIGHTS + "answer_2 = (w * y)[k].sum()", "还没有除以权重的和。"),
            Mistake(
                "upside_down",
                WEIGHTS + "answer_2 = (y / w)[k].sum() / (1 / w)[k].sum()",
                "权重用反了：要乘权重，不是除以权重。",
            ),
            Mistake(
                "by_class",
                "answer_2 = kept.groupby(by)['overall'].mean().mean()",
                "你把每一类看得一样重，题目要按各类占总体的比例来算。",
            ),
        ),
    ),
    Check(
        grade_id="attitude-3-topic",
        answer="answer_3",
        points=10,
        inputs=("comments",),
        expected=share_negative,
        hint="先在负面意见里找出最多的主题，再看这个主题的全部意见里负面的占多少。",
        mistakes=(
            Mistake("all_topics", TOPIC + "answer_3 = bad.mean()", "这是全部意见里负面的比例，题目只看一个主题。"),
            Mistake("count", TOPIC + "answer_3 = int((same & bad).sum())", "这是条数，题目要的是比例。"),
            Mistake("percent", TOPIC + "answer_3 = 100 * bad[same].mean()", "单位不对：题目要 0 到 1 之间的小数，不乘 100。"),
            Mistake(
                "share_of_negative",
                TOPIC + "answer_3 = (same & bad).sum() / bad.sum()",
                "分母用错了：要除以这个主题的意见，不是全部负面意见。",
            ),
            Mistake(
                "positive",
                TOPIC + "answer_3 = (comments['sentiment'] == '正面')[same].mean()",
                "你算的是正面的比例。",
            ),
            Mistake(
                "topic_share",
                TOPIC + "answer_3 = same.mean()",
                "这是这个主题占全部意见的比例，还没有看正面负面。",
            ),
        ),
    ),
    Check(
        grade_id="attitude-4-nps",
        answer="answer_4",
        points=10,
        inputs=("kept",),
        expected=promoter_score,
        hint="推荐者的比例减去贬损者的比例，再乘 100。",
        mistakes=(
            Mistake("mean", GIVEN + "answer_4 = g.mean()", "这是平均分，不是净推荐值。"),
            Mistake("no_hundred", GIVEN + "answer_4 = (g >= 9).mean() - (g <= 6).mean()", "还要乘 100。"),
            Mistake(
                "passives",
                GIVEN + "answer_4 = 100 * ((g >= 9).mean() - (g <= 8).mean())",
                "7、8 分是中立者，不算贬损者。",
            ),
            Mistake(
                "below_six",
                GIVEN + "answer_4 = 100 * ((g >= 9).mean() - (g < 6).mean())",
                "差在边界上：6 分也是贬损者。",
            ),
            Mistake("promoters", GIVEN + "answer_4 = 100 * (g >= 9).mean()", "还没有减去贬损者。"),
        ),
    ),
    Check(
        grade_id="attitude-5-better",
        answer="answer_5",
        points=10,
        inputs=("kano",),
        expected=better_of_doubtful,
        hint="分子是魅力和期望，分母是魅力、期望、必备、无差异四类。",
        mistakes=(
            Mistake(
                "everybody",
                FEATURE + "answer_5 = (f['n_a'] + f['n_o']) / f['n']",
                "分母多了：反向和可疑的人不算在内。",
            ),
            Mistake(
                "worse",
                FEATURE + "answer_5 = (f['n_o'] + f['n_m']) / (f['n_a'] + f['n_o'] + f['n_m'] + f['n_i'])",
                "这是 worse 系数的大小，better 的分子是魅力和期望。",
            ),
            Mistake(
                "attractive_only",
                FEATURE + "answer_5 = f['n_a'] / (f['n_a'] + f['n_o'] + f['n_m'] + f['n_i'])",
                "分子少了期望：它们有了也会更满意。",
            ),
            Mistake("count", FEATURE + "answer_5 = int(f['n_a'] + f['n_o'])", "这是人数，还要除以四类的人数。"),
            Mistake(
                "other_feature",
                "f = kano.loc[(kano['n_r'] + kano['n_q']).idxmin()]; "
                "answer_5 = (f['n_a'] + f['n_o']) / (f['n_a'] + f['n_o'] + f['n_m'] + f['n_i'])",
                "你选的是反向和可疑的人最少的功能，题目要最多的。",
            ),
        ),
    ),
]

# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    {"channel": "门店扫码", "seed": 3},
    {"drop_careless": False, "by": "gender", "margin": 0.08, "cut": "middle"},
]
