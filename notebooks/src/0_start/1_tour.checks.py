"""Graded answers of the tour: truth, points and the frequent mistakes with their messages."""

from crm_lib.lesson.checks import Check, Mistake


def mean_line_amount(data):
    """Sum of all line amounts over the number of lines."""
    return data["rows"]["amount"].sum() / len(data["rows"])


def count_recent(data):
    """Customers whose last purchase lies at most 90 days back."""
    return int((data["rfm"]["recency_days"] <= 90).sum())


def share_of_top_fifth(data):
    """Share of the revenue held by the top 20 % of customers, their number rounded down."""
    revenue = data["rfm"]["revenue"].sort_values(ascending=False).reset_index(drop=True)
    n_top = len(revenue) // 5
    return revenue.iloc[:n_top].sum() / revenue.sum()


def mean_of_largest(data):
    """Mean revenue in the cluster with the most customers; of equally large ones that with the lowest number."""
    table = data["rfm"].assign(cluster=data["clusters"]["cluster"].to_numpy())
    sizes = table.groupby("cluster").size()
    return table.loc[table["cluster"] == sizes.idxmax(), "revenue"].mean()


CHECKS = [
    Check(
        grade_id="tour-1-line-amount",
        answer="answer_1",
        points=5,
        inputs=("rows",),
        expected=mean_line_amount,
        hint="平均值等于全部金额之和除以行数，请检查用的是不是全部的行。",
        mistakes=(
            Mistake("median", "answer_1 = rows['amount'].median()", "你算的是中位数，题目要的是平均值。"),
            Mistake(
                "per_customer",
                "answer_1 = rows['amount'].sum() / rows['customer_id'].nunique()",
                "你除以了客户数，题目要除以订单行数。",
            ),
            Mistake(
                "positive_only",
                "answer_1 = rows.loc[rows['amount'] > 0, 'amount'].mean()",
                "你只算了金额大于 0 的行，题目要求金额为 0 的行和负数行也算在内。",
            ),
            Mistake(
                "unique_lines",
                "answer_1 = rows[['customer_id', 'ordered_at', 'amount']].drop_duplicates()['amount'].mean()",
                "你去掉了相同的行。这些行只是疑似重复，清洗时保留了，计算时也要算在内。",
            ),
            Mistake("total", "answer_1 = rows['amount'].sum()", "你算的是合计，还要除以行数。"),
        ),
    ),
    Check(
        grade_id="tour-2-recent",
        answer="answer_2",
        points=5,
        inputs=("rfm",),
        expected=count_recent,
        tolerance=0,
        hint="请检查用的是 recency_days 这一列，条件是 90 天以内。",
        mistakes=(
            Mistake(
                "off_by_one",
                "answer_2 = int((rfm['recency_days'] < 90).sum())",
                "差在边界上：第 90 天也算在内。",
            ),
            Mistake(
                "reversed",
                "answer_2 = int((rfm['recency_days'] > 90).sum())",
                "方向反了：天数小，才是最近买过。",
            ),
            Mistake(
                "share",
                "answer_2 = (rfm['recency_days'] <= 90).mean()",
                "你算的是占比，题目要的是人数。",
            ),
            Mistake(
                "wrong_column",
                "answer_2 = int((rfm['revenue'] <= 90).sum())",
                "列用错了：最近一次购买距今的天数在 recency_days 这一列。",
            ),
            Mistake(
                "sum_of_days",
                "answer_2 = int(rfm.loc[rfm['recency_days'] <= 90, 'recency_days'].sum())",
                "你把天数加起来了，题目要数的是客户的位数。",
            ),
        ),
    ),
    Check(
        grade_id="tour-3-top-fifth",
        answer="answer_3",
        points=10,
        inputs=("rfm",),
        expected=share_of_top_fifth,
        hint="先排序，再取前 20% 的客户，最后用他们的金额除以全部金额。",
        mistakes=(
            Mistake(
                "ascending",
                "r = rfm['revenue'].sort_values(); answer_3 = r.head(int(len(r) * 0.2)).sum() / r.sum()",
                "排序的方向反了：你取的是消费金额最低的 20%。",
            ),
            Mistake(
                "unsorted",
                "r = rfm['revenue']; answer_3 = r.head(int(len(r) * 0.2)).sum() / r.sum()",
                "没有先排序：前 20% 要按消费金额从高到低来取。",
            ),
            Mistake(
                "percent",
                "r = rfm['revenue'].sort_values(ascending=False); "
                "answer_3 = 100 * r.head(int(len(r) * 0.2)).sum() / r.sum()",
                "单位不对：题目要 0 到 1 之间的小数，不乘 100。",
            ),
            Mistake(
                "wrong_denominator",
                "r = rfm['revenue'].sort_values(ascending=False); answer_3 = r.head(int(len(r) * 0.2)).sum() / len(r)",
                "分母用错了：要除以全部消费金额，不是客户数。",
            ),
            Mistake(
                "by_orders",
                "r = rfm.sort_values(['n_orders', 'customer_id'], ascending=False)['revenue']; "
                "answer_3 = r.head(int(len(r) * 0.2)).sum() / r.sum()",
                "排序的列用错了：要按 revenue 排，不是按订单数。",
            ),
        ),
    ),
    Check(
        grade_id="tour-4-largest-cluster",
        answer="answer_4",
        points=10,
        inputs=("rfm", "clusters"),
        expected=mean_of_largest,
        hint="先数出哪一群人最多，再求这一群的 revenue 的平均值。",
        mistakes=(
            Mistake(
                "all_customers",
                "answer_4 = rfm['revenue'].mean()",
                "你算的是全体客户的平均，题目只要人数最多的那一群。",
            ),
            Mistake(
                "median",
                "c = clusters['cluster']; "
                "answer_4 = rfm['revenue'][c.to_numpy() == c.mode()[0]].median()",
                "你算的是中位数，题目要的是平均值。",
            ),
            Mistake(
                "total",
                "c = clusters['cluster']; answer_4 = rfm['revenue'][c.to_numpy() == c.mode()[0]].sum()",
                "你算的是合计，还要除以人数。",
            ),
            Mistake(
                "smallest",
                "c = clusters['cluster']; "
                "answer_4 = rfm['revenue'][c.to_numpy() == c.value_counts().idxmin()].mean()",
                "群选错了：你选的是人数最少的那一群。",
            ),
            Mistake(
                "size",
                "answer_4 = float(clusters['cluster'].value_counts().max())",
                "你填的是这一群的人数，题目要的是平均每人的消费金额。",
            ),
        ),
    ),
]

# Submissions are graded on the data of the notebook and on these too, which tells constants from calculations.
VARIANTS = [
    {"orders": "cdnow_sample"},
    {"as_of": "1998-01-15", "seed": 3},
]
