"""Graded answers of the portrait lesson: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def share_above_mean(data):
    """Customers with an order rate above the mean, over all customers."""
    rates = data["features"]["order_rate"].tolist()
    mean = sum(rates) / len(rates)
    return sum(rate > mean for rate in rates) / len(rates)


def relative_fall(data):
    """Fall of the inertia from the first to the last row, relative to the first."""
    values = data["sweep"].sort_values("k")["inertia"].tolist()
    return (values[0] - values[-1]) / values[0]


def precision_of_rule(data):
    """Share of the largest cluster among customers with a basket above the median."""
    joined = data["features"][["customer_id", "mean_basket_value"]].merge(data["clusters"], on="customer_id")
    sizes = joined.groupby("cluster").size()
    fitting = joined[joined["mean_basket_value"] > joined["mean_basket_value"].median()]
    return fitting["cluster"].eq(sizes.idxmax()).sum() / len(fitting)


def count_weekend_regulars(data):
    """Customers with at least 3 orders, at least half of them on weekends."""
    frame = data["features"]
    return len(frame.query("n_orders >= 3 and weekend_share >= 0.5"))


def lift_in_first(data):
    """Share of the label in cluster 1 over its share among all customers."""
    bearers = set(data["labels"].query("label == '高消费'")["customer_id"])
    clusters = data["clusters"]
    first = clusters.loc[clusters["cluster"] == 1, "customer_id"]
    inside = len(bearers & set(first)) / len(first)
    return inside / (len(bearers & set(clusters["customer_id"])) / len(clusters))


RULE = (
    "c = clusters['cluster']; m = features['mean_basket_value']; "
    "fits = m > m.median(); inside = c == c.mode()[0]; "
)
LIFT = (
    "b = clusters['customer_id'].isin(labels.loc[labels['label'] == '高消费', 'customer_id']); "
    "one = clusters['cluster'] == 1; "
)

CHECKS = [
    Check(
        grade_id="portrait-1-above-mean",
        answer="answer_1",
        points=5,
        inputs=("features",),
        expected=share_above_mean,
        hint="请检查用的是 order_rate 这一列，比较的是它自己的平均值。",
        mistakes=(
            Mistake(
                "count",
                "r = features['order_rate']; answer_1 = int((r > r.mean()).sum())",
                "你算的是人数，题目要的是比例，还要除以客户数。",
            ),
            Mistake(
                "above_median",
                "r = features['order_rate']; answer_1 = (r > r.median()).mean()",
                "你比较的是中位数。高于中位数的总是差不多一半，题目要和平均值比。",
            ),
            Mistake(
                "below",
                "r = features['order_rate']; answer_1 = (r < r.mean()).mean()",
                "方向反了：题目要的是高于平均值的客户。",
            ),
            Mistake(
                "other_column",
                "m = features['mean_basket_value']; answer_1 = (m > m.mean()).mean()",
                "列用错了：你用的是平均每单金额，下单频率在 order_rate 这一列。",
            ),
            Mistake(
                "percent",
                "r = features['order_rate']; answer_1 = 100 * (r > r.mean()).mean()",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
            Mistake(
                "number_of_orders",
                "n = features['n_orders']; answer_1 = (n > n.mean()).mean()",
                "列用错了：n_orders 是一共下了多少单，没有考虑时间的长短。",
            ),
        ),
    ),
    Check(
        grade_id="portrait-2-inertia",
        answer="answer_2",
        points=5,
        inputs=("sweep",),
        expected=relative_fall,
        hint="减少的部分是第一行减最后一行，再除以第一行。",
        mistakes=(
            Mistake(
                "remaining",
                "i = sweep['inertia']; answer_2 = i.iloc[-1] / i.iloc[0]",
                "你算的是剩下的比例，题目要的是减少的比例。",
            ),
            Mistake(
                "absolute",
                "i = sweep['inertia']; answer_2 = i.iloc[0] - i.iloc[-1]",
                "你算的是减少了多少，还要除以原来的值。",
            ),
            Mistake(
                "wrong_base",
                "i = sweep['inertia']; answer_2 = (i.iloc[0] - i.iloc[-1]) / i.iloc[-1]",
                "分母用错了：要除以原来的值，也就是第一行。",
            ),
            Mistake(
                "percent",
                "i = sweep['inertia']; answer_2 = 100 * (1 - i.iloc[-1] / i.iloc[0])",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
            Mistake(
                "one_step",
                "i = sweep['inertia']; answer_2 = 1 - i.iloc[1] / i.iloc[0]",
                "你只算了多分一群时的减少，题目要一直算到最多的群数。",
            ),
            Mistake(
                "other_column",
                "i = sweep['silhouette']; answer_2 = 1 - i.iloc[-1] / i.iloc[0]",
                "列用错了：你用的是轮廓系数，簇内离差平方和在 inertia 这一列。",
            ),
        ),
    ),
    Check(
        grade_id="portrait-3-precision",
        answer="answer_3",
        points=10,
        inputs=("features", "clusters"),
        expected=precision_of_rule,
        hint="分子是既符合规则又属于本群的客户，分母是符合规则的客户。",
        mistakes=(
            Mistake(
                "coverage",
                RULE + "answer_3 = (fits & inside).sum() / inside.sum()",
                "你算的是覆盖率：分母用了本群的人数。准确率的分母是符合规则的人数。",
            ),
            Mistake(
                "cluster_share",
                RULE + "answer_3 = inside.mean()",
                "你算的是这一群占全部客户的比例，还没有用上规则。",
            ),
            Mistake(
                "below_median",
                RULE + "low = m < m.median(); answer_3 = (low & inside).sum() / low.sum()",
                "方向反了：规则要的是平均每单金额高于中位数。",
            ),
            Mistake(
                "other_cluster",
                RULE + "answer_3 = (fits & ~inside).sum() / fits.sum()",
                "你算的是符合规则却不属于本群的比例，那是误认的比例。",
            ),
            Mistake(
                "count",
                RULE + "answer_3 = int((fits & inside).sum())",
                "你算的是人数，还要除以符合规则的人数。",
            ),
            Mistake(
                "mean_limit",
                RULE + "high = m > m.mean(); answer_3 = (high & inside).sum() / high.sum()",
                "分界用错了：规则说的是中位数，你用的是平均值。",
            ),
        ),
    ),
    Check(
        grade_id="portrait-4-own-rule",
        answer="answer_4",
        points=10,
        inputs=("features",),
        expected=count_weekend_regulars,
        tolerance=0,
        hint="两个条件都要满足，正好 3 单、正好一半的也算。",
        mistakes=(
            Mistake(
                "or",
                "answer_4 = int(((features['n_orders'] >= 3) | (features['weekend_share'] >= 0.5)).sum())",
                "你用了“或者”，两个条件要同时满足。",
            ),
            Mistake(
                "more_than_half",
                "answer_4 = int(((features['n_orders'] >= 3) & (features['weekend_share'] > 0.5)).sum())",
                "差在边界上：正好一半的也算。",
            ),
            Mistake(
                "more_than_three",
                "answer_4 = int(((features['n_orders'] > 3) & (features['weekend_share'] >= 0.5)).sum())",
                "差在边界上：正好 3 单的也算。",
            ),
            Mistake(
                "only_weekend",
                "answer_4 = int((features['weekend_share'] >= 0.5).sum())",
                "少了一个条件：还要下过至少 3 单。",
            ),
            Mistake(
                "only_orders",
                "answer_4 = int((features['n_orders'] >= 3).sum())",
                "少了一个条件：周末的订单还要至少占一半。",
            ),
            Mistake(
                "share",
                "answer_4 = ((features['n_orders'] >= 3) & (features['weekend_share'] >= 0.5)).mean()",
                "你算的是占比，题目要的是人数。",
            ),
            Mistake(
                "percent_limit",
                "answer_4 = int(((features['n_orders'] >= 3) & (features['weekend_share'] >= 50)).sum())",
                "单位不对：weekend_share 是 0 到 1 之间的小数，一半是 0.5。",
            ),
        ),
    ),
    Check(
        grade_id="portrait-5-lift",
        answer="answer_5",
        points=10,
        inputs=("labels", "clusters"),
        expected=lift_in_first,
        hint="先算两个比例：第 1 群里的、全部客户里的，再用前者除以后者。",
        mistakes=(
            Mistake(
                "share_inside",
                LIFT + "answer_5 = b[one].mean()",
                "你算的是第 1 群里的比例，还要除以全部客户里的比例。",
            ),
            Mistake(
                "inverted",
                LIFT + "answer_5 = b.mean() / b[one].mean()",
                "分子和分母颠倒了：用第 1 群里的比例除以全部客户里的比例。",
            ),
            Mistake(
                "difference",
                LIFT + "answer_5 = b[one].mean() - b.mean()",
                "你算的是两个比例之差，提升度是两个比例相除。",
            ),
            Mistake(
                "of_bearers",
                LIFT + "answer_5 = (b & one).sum() / b.sum()",
                "你算的是有这个标签的客户里有多少在第 1 群，那不是提升度。",
            ),
            Mistake(
                "counts",
                LIFT + "answer_5 = b[one].sum() / one.sum() / b.sum()",
                "分母用错了：全部客户里的比例要除以客户数，你只用了人数。",
            ),
            Mistake(
                "against_the_rest",
                LIFT + "answer_5 = b[one].mean() / b[~one].mean()",
                "比较的对象用错了：你和其余客户比，提升度要和全部客户比。",
            ),
        ),
    ),
]

XUDONG = {
    "orders": "xudong_orders",
    "customers": "xudong_customers",
    "products": "xudong_products",
    "clicks": "xudong_clicks",
}
# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    XUDONG,
    XUDONG | {"as_of": "2024-07-01", "k": 4, "k_max": 6, "seed": 7},
]
