# %% [markdown]
# # 总览：十分钟走完一遍客户分析
#
# 这批订单背后有哪些客户？谁最重要？他们各是什么样子？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户识别、客户区分、客户画像的缩影 | 一份订单明细 | 客户类别、客户群、画像、一页小结 | 约 10 分钟 |
#
# 默认数据是 CDNOW：一家网上音像店的真实交易，1997 年 1 月到 1998 年 6 月，由 Fader 和 Hardie 整理，
# 随 PyPI 软件包 lifetimes 0.11.3 按 MIT 许可发布。换成你自己的订单文件，本页的每个数字都会重新计算。

# %% [markdown]
# ## 你将学会
#
# - **读入**一份订单明细，并看懂每一行的去向；
# - **计算**每位客户的 R、F、M 三个指标；
# - **划分**客户类别，说出各类的人数和金额；
# - **聚类**，让数据自己分出客户群；
# - **描述**每个客户群，写成一页小结。
#
# 学习之前不需要任何准备。看得懂表格，就可以开始。

# %% tags=["hide-input"]
from crm_lib import clean_table, fit_rfm_bins, name_segments, read_table, score_rfm, summarize_rfm
from crm_lib.differentiate import list_segments, summarize_segments
from crm_lib.lesson import account_tables, check, choose_as_of, choose_currency, count_items, data_source
from crm_lib.lesson import describe_cleaning, describe_customers, describe_sweep, export, finding, parameters
from crm_lib.lesson import require_data, show_cleaning, show_figure, show_source, show_summary, show_table
from crm_lib.plots import plot_k_sweep, plot_rfm_distributions, plot_segments, plot_wordcloud
from crm_lib.portray import describe_clusters, fit_clusters, label_clusters, pool_labels, portray_clusters
from crm_lib.portray import prepare_features, sweep_k

# %% [markdown]
# 下面这个单元列出本页的参数。等号右边的值可以改，改完以后从头运行。

# %% tags=["parameters"]
orders: str = "cdnow"  # 订单文件，或样本数据的名字 <path>
columns: str = ""  # 列的对应，或存有对应关系的文件，留空则自动识别 <columns>
as_of: str = ""  # 截止日期，留空取最后一笔订单的次日 <date>
date_order: str = "auto"  # 日期里年月日的顺序 {auto, ymd, dmy, mdy}
scheme: str = "classic"  # 客户类别的方案：十一类或八类 {classic, eight}
k_max: int = 8  # 聚类时最多试几个群 [2, 12]
currency: str = ""  # 金额的单位，只用于显示；留空时样本用它自己的单位，别的文件用元
seed: int = 20  # 随机种子，同一个种子给出同样的结果 [0, 9999]

# %% tags=["hide-input"]
parameters("0_start/1_tour")

# %% [markdown]
# ## 步骤一　读入与清洗
#
# **想一想**：一家店的订单文件里，哪些行不能直接拿来算？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 没有客户编号的行、日期或金额读不懂的行、合计行、运费之类不是商品的行，都不能直接算。
# 退货和取消的行要与原来的购买相抵。完全相同的行要先问一句：是重复录入，还是真的买了两次？
#
# </details>
#
# **数据**只是记录情况的数字和文字，没有经过整理。把数据按用途整理好，就成了能帮助决策的**信息**。
# 清洗就是这一步：去伪存真，而且每一行都要有交代。
# 下面先读入文件。编码、分隔符、表头位置和列名都由程序识别，识别的结果列在表里，请先核对“列的对应”。

# %%
raw = read_table(data_source(orders), "orders", columns=columns or None)
show_source(raw)

# %% [markdown]
# 接着清洗。清洗不会悄悄丢掉任何一行：读入的行数，一定等于保留、合并、隔离三者之和。
# “隔离”的行没有进入后面的计算，但都留着，并写明原因。
# “标记”的行仍然保留，只是提醒你多看一眼。

# %% tags=["nbval-check-output"]
cleaned = clean_table(raw, "orders", date_order=date_order)
rows = cleaned.rows
show_cleaning(cleaned, "清洗的账目：每一行的去向")
require_data(cleaned)

# %% [markdown]
# **怎样读**：先看隔离的行多不多，再看原因集中在哪里。原因集中，往往说明采集的环节出了问题，
# 例如收银时没有登记会员号。下面这句话由程序根据账目算出。

# %% tags=["finding", "nbval-check-output"]
finding(describe_cleaning(cleaned))

# %% [markdown] tags=["exercise"] grade_id="tour-1-line-amount"
# **做一做 1（5 分）**　清洗以后，平均每一行订单的金额是多少？
#
# 用 `rows` 的 `amount` 列计算，金额为 0 的行和负数行也要算在内。把结果（一个数）放进 `answer_1`。

# %% tags=["solution"] grade_id="tour-1-line-amount"
### BEGIN SOLUTION
answer_1 = rows["amount"].mean()
### END SOLUTION

# %% tags=["grade"] grade_id="tour-1-line-amount"
check("tour-1-line-amount", answer_1)

# %% [markdown]
# ## 步骤二　算出 R、F、M，划分客户类别
#
# **想一想**：两位客户花的钱一样多，一位上周刚来过，一位一年没来了。对店家来说，他们一样重要吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不一样。刚来过的客户更可能再来，一年没来的客户可能已经流失。只看金额，会把这两种客户混在一起，
# 所以还要看最近一次购买的时间和购买的次数。
#
# </details>
#
# 客户区分要从行为入手。这里用三个指标概括一位客户的购买行为（RFM 不是教材的内容，是本套件的补充）：
#
# - **R**（recency）：最近一次购买距截止日期多少天，按日历天数算，越小越好；
# - **F**（frequency）：一共有多少笔订单；
# - **M**（monetary）：一共消费了多少钱，退货已经减去。
#
# 三个指标都要先定一个**截止日期**。不定截止日期，“多少天以前”就没有意义。

# %% tags=["finding", "nbval-check-output"]
day, unit = choose_as_of(as_of, rows), choose_currency(currency, orders)
rfm = summarize_rfm(rows, as_of=day)
once = (rfm["n_orders"] == 1).mean()
finding(describe_customers(rfm, unit=unit))

# %% [markdown]
# 均值和中位数放在一起看：均值比中位数大得越多，说明金额越集中在少数客户手里。下面的图画出三个指标的分布。

# %%
show_figure(plot_rfm_distributions(rfm, money_unit=unit), f"R、F、M 三个指标的分布（{len(rfm):,} 位客户）")

# %% [markdown]
# 接着打分。每个指标按五分位点分成 1 到 5 分。以 M 为例，设 $q_1,\dots,q_4$ 是四个五分位点，
# 消费金额为 $x$ 的客户得分为
#
# $$S_M(x) = 1 + \sum_{k=1}^{4} \mathbf{1}(q_k < x)$$
#
# R 的方向相反：天数越少，得分越高。这样打分，数值相同的客户得分一定相同，与他们在表里的先后无关。
# 三个得分再合成**客户类别**，每一种得分的组合恰好属于一类。

# %% tags=["nbval-check-output"]
scores = score_rfm(rfm, bins=fit_rfm_bins(rfm))
segments = name_segments(scores, scheme=scheme)
summary = summarize_segments(segments, scheme=scheme)
show_table(summary[["segment", "n_customers", "customer_share", "revenue", "revenue_share"]], "各类客户的人数和金额")

# %%
show_figure(plot_segments(summary), "各类客户的人数占比和金额占比")

# %% [markdown]
# **怎样读**：比较同一类的两根条。金额占比明显大于人数占比的，是少而重要的客户，应当优先保有。
# 人数占比大而金额占比小的，先弄清楚他们为什么买得少，再决定花多少力气。

# %% tags=["finding"]
top = summary.sort_values(["revenue", "segment"], ascending=[False, True]).iloc[0]
action = list_segments(scheme).set_index("segment")["action"][top["segment"]]
finding(
    f"金额最多的一类是 **{top['segment']}**：{top['n_customers']:,} 人，占客户的 {top['customer_share']:.1%}，"
    f"占消费金额的 {top['revenue_share']:.1%}。建议的保有措施：{action}"
)

# %% [markdown] tags=["exercise"] grade_id="tour-2-recent"
# **做一做 2（5 分）**　最近一次购买在截止日期前 90 天以内的客户有多少位？
#
# 第 90 天也算在内。用 `rfm` 的 `recency_days` 列计算，把人数（一个整数）放进 `answer_2`。

# %% tags=["solution"] grade_id="tour-2-recent"
### BEGIN SOLUTION
answer_2 = int((rfm["recency_days"] <= 90).sum())
### END SOLUTION

# %% tags=["grade"] grade_id="tour-2-recent"
check("tour-2-recent", answer_2)

# %% [markdown] tags=["exercise"] grade_id="tour-3-top-fifth"
# **做一做 3（10 分）**　消费金额最高的 20% 的客户，贡献了全部消费金额的多大比例？
#
# 客户按 `revenue` 从高到低排列，取前 20%，人数不是整数时舍去小数部分。
# 把比例（0 到 1 之间的小数，不乘 100）放进 `answer_3`。

# %% tags=["solution"] grade_id="tour-3-top-fifth"
### BEGIN SOLUTION
ordered = rfm["revenue"].sort_values(ascending=False)
answer_3 = ordered.head(int(len(ordered) * 0.2)).sum() / ordered.sum()
### END SOLUTION

# %% tags=["grade"] grade_id="tour-3-top-fifth"
check("tour-3-top-fifth", answer_3)

# %% [markdown]
# ## 步骤三　聚类：让数据自己分群
#
# **想一想**：客户类别是我们先定好规则再套上去的。如果不先定规则，数据自己会分成几群？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 事先并不知道。可以把群数从少到多都试一遍，看分成几群时，同一群的客户最像、不同群的客户差得最远。
# 也有可能数据本来就连成一片，分不出群来。
#
# </details>
#
# **聚类**把相似的客户放在一起。R、F、M 的单位不同，数值又常常偏向一边，
# 所以先取对数，再标准化，让三个指标说话的分量一样。
# 群数怎么选？把每个群数都试一遍，用三个指数给它们排名次，名次之和最小的胜出。
# 其中**轮廓系数**最好懂：它在 −1 到 1 之间，越大，说明群与群之间分得越开。

# %%
features = prepare_features(rfm)
sweep = sweep_k(features, k=range(2, k_max + 1), random_state=seed)
show_figure(plot_k_sweep(sweep), f"群数从 2 试到 {k_max}：簇内离差平方和与轮廓系数")

# %% tags=["nbval-check-output"]
best = sweep.attrs["recommended_k"] or 1
clusters = fit_clusters(features, k=best, random_state=seed).apply(features)
profiles = describe_clusters(rfm, clusters)
show_table(profiles, "各个客户群的样子（指标取中位数）")

# %% [markdown]
# **怎样读**：横着看一行，就是一群客户的样子；竖着看一列，就知道各群差在哪里。
# 聚类只给出编号，名字要由人来起。起名之前，先看轮廓系数够不够大。

# %% tags=["finding"]
finding(describe_sweep(sweep))

# %% [markdown] tags=["exercise"] grade_id="tour-4-largest-cluster"
# **做一做 4（10 分）**　人数最多的那一群客户，平均每人消费了多少？
#
# `clusters` 给出每位客户的群号，行的顺序与 `rfm` 相同。把金额（一个数）放进 `answer_4`。

# %% tags=["solution"] grade_id="tour-4-largest-cluster"
### BEGIN SOLUTION
numbers = clusters["cluster"].to_numpy()
largest = clusters["cluster"].value_counts().idxmax()
answer_4 = rfm["revenue"][numbers == largest].mean()
### END SOLUTION

# %% tags=["grade"] grade_id="tour-4-largest-cluster"
check("tour-4-largest-cluster", answer_4)

# %% [markdown]
# ## 步骤四　画像与一页小结
#
# **想一想**：如果只能用几个词向同事介绍一群客户，你会选哪几个词？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 选最能把这群客户和其他客户区别开的词，例如“最近买过”“买得勤”。人人都有的特点不必说。
#
# </details>
#
# **客户画像**把数字变成标签：标签写明特征，强度说明这个特征有多突出。
# 词云里字越大，标签越强。标签只根据购买行为得出，不含姓名、电话和地址。

# %%
labels = label_clusters(rfm, clusters)
show_figure(plot_wordcloud(pool_labels(labels), random_state=seed), "客户群标签的词云：字越大，标签的强度越大")

# %% tags=["finding"]
portraits = portray_clusters(profiles, labels, money_unit=unit)
finding("\n".join(portraits["portrait"]))
figures = {"订单行数": len(rows), "客户数": len(rfm), "消费金额": rfm["revenue"].sum(), "客户群数": int(best)}
figures |= {"只有一笔订单的客户占比": once, "金额最多的客户类别": top["segment"]}
show_summary(figures, "一页小结")

# %% [markdown]
# ## 小结
#
# 这一页里，你**读入**了一份订单明细并核对了每一行的去向，**计算**了 R、F、M，**划分**了客户类别，
# 用**聚类**分出了客户群，最后**描述**了每一群客户。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 从哪里来 | 做什么 | 得到什么 |
# |---|---|---|
# | 订单明细（数据） | 读入、清洗、交代每一行 | 干净的订单（信息） |
# | 干净的订单 | 定截止日期，算 R、F、M | 每位客户一行的指标表 |
# | 指标表 | 打分、套用规则 | 客户类别与保有措施 |
# | 指标表 | 取对数、标准化、聚类 | 客户群 |
# | 客户群 | 加标签、看强度 | 客户画像（知识） |
#
# **自测**
#
# 1. 读入的行数等于哪三个数之和？
# 2. 为什么要先定截止日期？
# 3. 两位客户的消费金额相同，M 得分可能不同吗？
# 4. 轮廓系数接近 0 说明什么？
# 5. 画像里为什么不写客户的电话？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 保留、合并、隔离。2. 没有截止日期，就算不出“最近一次购买距今多少天”，两次计算也无法比较。
# 3. 不可能，数值相同得分一定相同。4. 群与群之间分得不开，聚类的结果不可靠。
# 5. 画像用来说明特征，不需要联系方式；联系方式属于个人信息，没有必要就不使用。
#
# </details>
#
# **拓展任务**　找一份你能合法使用的订单文件，用它替换参数 `orders`，重新运行本页。
# 比较两份数据：哪一份的客户更集中？你的依据是哪一个数字？
#
# 下一步：客户区分（`2_differentiation`）和客户画像（`5_information`）会把每一步讲透。

# %% tags=["export"]
customers = segments.assign(cluster=clusters["cluster"].to_numpy())
result = {"as_of": day, "n_lines": len(raw), "n_kept": len(rows), "n_customers": len(rfm), "recommended_k": best}
result |= {"n_merged": len(cleaned.merged), "n_quarantined": len(cleaned.quarantine), "one_order_share": once}
result |= {"segments": summary, "clusters": profiles, "flags": count_items(cleaned)}
tables = {"customers": customers, "segments": summary, "clusters": profiles, "labels": labels}
export(tables | account_tables(cleaned), result)
