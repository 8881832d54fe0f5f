"""Graded answers of the lesson on customer information: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def share_by_consent(data):
    """Share of the personal fields collected now that rest on consent."""
    bases = [
        r["basis"]
        for r in data["fields"].to_dict("records")
        if (r["subject"], r["verdict"]) == ("个人", "collect")
    ]
    return sum(b == "同意" for b in bases) / len(bases) if bases else float("nan")


def mean_worth_of_satisfaction(data):
    """Mean of with − without over the decisions about satisfaction that could be computed."""
    rows = [r for r in data["worth"].to_dict("records") if r["use"] == "satisfaction"]
    gains = [g for r in rows if (g := r["with_yuan"] - r["without_yuan"]) == g]
    return sum(gains) / len(gains) if gains else float("nan")


def cost_of_a_third_party_lead(data):
    """All that third-party prospects cost over their number."""
    rows = [r for r in data["ways"].to_dict("records") if r["route"] == "third" and r["n_leads"]]
    n = sum(r["n_leads"] for r in rows)
    return sum(r["lead_cost"] * r["n_leads"] for r in rows) / n if n else float("nan")


def share_of_danger(data):
    """Part of the revenue at risk that belongs to dangerous rivals."""
    rows = [] if data["judged"] is None else data["judged"].to_dict("records")
    known = [r for r in rows if r["revenue_at_risk"] == r["revenue_at_risk"]]
    whole = sum(r["revenue_at_risk"] for r in known)
    return (
        sum(r["revenue_at_risk"] for r in known if r["verdict"] == "danger") / whole
        if whole
        else float("nan")
    )


def recall_of_buying(data):
    """Right pages found by 求购＋产品名 over all right pages."""
    right = {str(v) for v in data["right"]["page_id"]}
    found = {str(r["page_id"]) for r in data["runs"].to_dict("records") if r["name"] == "求购＋产品名"}
    return sum(page in found for page in right) / len(right)


def not_by_the_engine(data):
    """Prospects found by another means than the search engine alone."""
    means = {}
    for row in data["customers"].to_dict("records"):
        means.setdefault(row["prospect_id"], set()).add(row["means"])
    return sum("搜索引擎法" not in ways for ways in means.values())


CHECKS = [
    Check(
        grade_id="inf-1-basis",
        answer="answer_1",
        points=5,
        inputs=("fields",),
        expected=share_by_consent,
        hint="先取出个人客户现在收集的字段，再看其中 basis 是“同意”的占比。",
        mistakes=(
            Mistake(
                "both_subjects",
                "f = fields[fields['verdict'] == 'collect']; answer_1 = (f['basis'] == '同意').mean()",
                "企业客户的字段也混进来了，题目只问个人客户。",
            ),
            Mistake(
                "all_verdicts",
                "f = fields[fields['subject'] == '个人']; answer_1 = (f['basis'] == '同意').mean()",
                "你把以后收集的、不收集的也算进去了，题目只问现在收集的。",
            ),
            Mistake(
                "turned_round",
                "f = fields[(fields['subject'] == '个人') & (fields['basis'] == '同意')]; "
                "answer_1 = (f['verdict'] == 'collect').mean()",
                "条件和分母颠倒了：分母是现在收集的字段，不是以同意为依据的字段。",
            ),
            Mistake(
                "not_consent",
                "f = fields[(fields['subject'] == '个人') & (fields['verdict'] == 'collect')]; "
                "answer_1 = (f['basis'] != '同意').mean()",
                "方向反了：你算的是不以同意为依据的占比。",
            ),
            Mistake(
                "count",
                "f = fields[(fields['subject'] == '个人') & (fields['verdict'] == 'collect')]; "
                "answer_1 = int((f['basis'] == '同意').sum())",
                "你填的是个数，题目要的是比例。",
            ),
        ),
    ),
    Check(
        grade_id="inf-2-satisfaction",
        answer="answer_2",
        points=10,
        inputs=("worth",),
        expected=mean_worth_of_satisfaction,
        hint="每项先相减，再对客户满意的各项求平均。",
        mistakes=(
            Mistake(
                "all_uses",
                "answer_2 = (worth['with_yuan'] - worth['without_yuan']).mean()",
                "你平均的是全部决策，题目只问客户满意的三项。",
            ),
            Mistake(
                "with_only",
                "answer_2 = worth.loc[worth['use'] == 'satisfaction', 'with_yuan'].mean()",
                "还要减去没有信息时的结果。",
            ),
            Mistake(
                "reversed",
                "p = worth[worth['use'] == 'satisfaction']; answer_2 = (p['without_yuan'] - p['with_yuan']).mean()",
                "减反了：用有信息的结果减去没有信息的结果。",
            ),
            Mistake(
                "total",
                "p = worth[worth['use'] == 'satisfaction']; answer_2 = (p['with_yuan'] - p['without_yuan']).sum()",
                "你算的是合计，题目要平均每项。",
            ),
            Mistake(
                "other_use",
                "p = worth[worth['use'] == 'decision']; answer_2 = (p['with_yuan'] - p['without_yuan']).mean()",
                "取错了行：你取的是决策，题目问的是客户满意。",
            ),
        ),
    ),
    Check(
        grade_id="inf-3-third",
        answer="answer_3",
        points=10,
        inputs=("ways",),
        expected=cost_of_a_third_party_lead,
        hint="各方法的每条成本乘以线索数，合计，再除以线索总数；只看第三方。",
        mistakes=(
            Mistake(
                "mean_of_methods",
                "answer_3 = ways.loc[ways['route'] == 'third', 'lead_cost'].mean()",
                "各种方法的线索有多有少，不能直接平均。先乘回合计，再除以线索总数。",
            ),
            Mistake(
                "own_route",
                "t = ways[ways['route'] == 'own']; answer_3 = (t['lead_cost'] * t['n_leads']).sum() / t['n_leads'].sum()",
                "取错了行：你取的是本公司的方法，题目问的是第三方。",
            ),
            Mistake(
                "both_routes",
                "answer_3 = (ways['lead_cost'] * ways['n_leads']).sum() / ways['n_leads'].sum()",
                "你算的是全部方法，题目只问第三方。",
            ),
            Mistake(
                "total",
                "t = ways[ways['route'] == 'third']; answer_3 = (t['lead_cost'] * t['n_leads']).sum()",
                "你算的是成本的合计，还要除以线索总数。",
            ),
            Mistake(
                "per_method",
                "t = ways[ways['route'] == 'third']; answer_3 = (t['lead_cost'] * t['n_leads']).sum() / len(t)",
                "分母用错了：要除以线索总数，不是方法的个数。",
            ),
        ),
    ),
    Check(
        grade_id="inf-4-rivals",
        answer="answer_4",
        points=10,
        inputs=("judged",),
        expected=share_of_danger,
        hint="危险的记录的有风险销售额合计，除以全部记录的合计。",
        mistakes=(
            Mistake(
                "records",
                "answer_4 = (judged['verdict'] == 'danger').mean()",
                "你算的是记录数的占比，题目问的是有风险的销售额。",
            ),
            Mistake(
                "revenue",
                "r = judged['revenue']; answer_4 = r[judged['verdict'] == 'danger'].sum() / r.sum()",
                "列用错了：要用有风险的销售额 revenue_at_risk，不是全部销售额。",
            ),
            Mistake(
                "not_danger",
                "r = judged['revenue_at_risk']; answer_4 = r[judged['verdict'] != 'danger'].sum() / r.sum()",
                "方向反了：你算的是不危险的占比。",
            ),
            Mistake(
                "against_the_rest",
                "r = judged['revenue_at_risk']; d = judged['verdict'] == 'danger'; answer_4 = r[d].sum() / r[~d].sum()",
                "分母用错了：分母是全部有风险的销售额，危险的也在内。",
            ),
            Mistake(
                "amount",
                "answer_4 = judged.loc[judged['verdict'] == 'danger', 'revenue_at_risk'].sum()",
                "你填的是金额，还要除以全部的合计。",
            ),
        ),
    ),
    Check(
        grade_id="inf-5-recall",
        answer="answer_5",
        points=10,
        inputs=("runs", "right"),
        expected=recall_of_buying,
        hint="找到的有用网页数，除以全部有用的网页数；一页只数一次。",
        mistakes=(
            Mistake(
                "precision",
                "f = set(runs.loc[runs['name'] == '求购＋产品名', 'page_id']); "
                "answer_5 = len(f & set(right['page_id'])) / len(f)",
                "这是查准率。查全率的分母是全部有用的网页。",
            ),
            Mistake(
                "rows",
                "f = set(runs.loc[runs['name'] == '求购＋产品名', 'page_id']); "
                "answer_5 = len(f & set(right['page_id'])) / len(right)",
                "right 表里一页可能有几行，分母要数不同的网页。",
            ),
            Mistake(
                "found_not_right",
                "f = set(runs.loc[runs['name'] == '求购＋产品名', 'page_id']); "
                "answer_5 = len(f) / right['page_id'].nunique()",
                "分子用错了：找到的网页里，只数有潜在客户的。",
            ),
            Mistake(
                "other_search",
                "f = set(runs.loc[runs['name'] == '只写产品名', 'page_id']); "
                "answer_5 = len(f & set(right['page_id'])) / right['page_id'].nunique()",
                "取错了搜索：题目问的是“求购＋产品名”。",
            ),
            Mistake(
                "all_searches",
                "answer_5 = len(set(runs['page_id']) & set(right['page_id'])) / right['page_id'].nunique()",
                "你把各次搜索合在一起了，题目只问“求购＋产品名”这一次。",
            ),
        ),
    ),
    Check(
        grade_id="inf-6-only",
        answer="answer_6",
        points=10,
        inputs=("customers",),
        expected=not_by_the_engine,
        hint="全部客户编号的集合，减去搜索引擎法找到的集合，再数个数。",
        mistakes=(
            Mistake(
                "all_others",
                "answer_6 = customers.loc[customers['means'] != '搜索引擎法', 'prospect_id'].nunique()",
                "别的手段找到的人里，有的搜索引擎法也找到了，要去掉。",
            ),
            Mistake(
                "turned_round",
                "e = customers['means'] == '搜索引擎法'; "
                "answer_6 = len(set(customers.loc[e, 'prospect_id']) - set(customers.loc[~e, 'prospect_id']))",
                "减反了：题目问的是搜索引擎法没有找到、别的手段找到的。",
            ),
            Mistake(
                "both",
                "e = customers['means'] == '搜索引擎法'; "
                "answer_6 = len(set(customers.loc[e, 'prospect_id']) & set(customers.loc[~e, 'prospect_id']))",
                "你数的是两边都找到的。",
            ),
            Mistake(
                "everybody",
                "answer_6 = customers['prospect_id'].nunique()",
                "你数的是全部客户，搜索引擎法找到的要减去。",
            ),
            Mistake(
                "by_engine",
                "answer_6 = customers.loc[customers['means'] == '搜索引擎法', 'prospect_id'].nunique()",
                "你数的是搜索引擎法找到的人数。",
            ),
        ),
    ),
]

# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    {
        "product": "数码相机",
        "my_query": "求购 (微单 或 单反相机)",
        "stage": "成交",
        "needs": "送货上门",
        "as_of": "2024-09-30",
        "danger": 0.5,
    },
    {
        "product": "数码相机",
        "my_query": "",
        "stage": "意向",
        "needs": "产品检测，开具发票",
        "as_of": "2024-11-30",
        "danger": 0.8,
        "check_size": 12,
    },
]
