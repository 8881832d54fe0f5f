# %% [markdown]
# # 总览：十分钟走完一遍客户分析
#
# 这批订单背后有哪些客户？谁最重要？接下来先为谁做什么？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户识别、客户区分、客户画像的缩影 | 一份订单明细 | 客户类别、客户群、客户画像、一页小结 | 约 10 分钟 |
#
# 默认数据是 CDNOW：一家网上音像店的真实交易，1997 年 1 月到 1998 年 6 月，由 Fader 和 Hardie 整理，随 PyPI 软件包 lifetimes 0.11.3 按 MIT 许可发布。换成你自己的订单文件，本页的每个数字都会重新计算。

# %% [markdown]
# ## 你将学会
#
# - **读入**一份订单明细，并看懂每一行的去向；
# - **计算**每位客户的 R、F、M 三个指标；
# - **划分**客户类别，说出各类的人数和金额；
# - **聚类**，让数据自己分出客户群；
# - **描述**每个客户群，写成一页小结。
#
# 学习之前不需要任何准备。看得懂表格，就可以开始；做一做要写一两行代码，题目里都有提示。

# %% tags=["hide-input"]
from crm_lib import clean_table, fit_rfm_bins, name_segments, read_table, score_rfm, summarize_rfm
from crm_lib.differentiate import summarize_segments
from crm_lib.lesson import account_tables, check, choose_as_of, choose_currency, count_items, data_source
from crm_lib.lesson import describe_business, describe_cleaning, describe_customers, describe_segments, describe_sweep
from crm_lib.lesson import export, finding, parameters, plan_actions, require_data, show_cleaning, show_figure
from crm_lib.lesson import show_source, show_table
from crm_lib.plots import plot_k_sweep, plot_rfm_distributions, plot_segments, plot_wordcloud
from crm_lib.portray import describe_clusters, fit_clusters, label_clusters, pool_labels, portray_clusters, prepare_features, sweep_k

# %% [markdown]
# 本页的参数可以改：数据、截止日期、分类的方案等等。在 Notebook 里，改下一个单元中等号右边的值，文字要放在引号里，例如 `orders: str = "我的订单.xlsx"`，改完以后从头运行全部单元。报告的末尾列出这一次用的值。

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
# **数据**是记录情况的数字、文字、声音和图像，还没有经过整理。把数据有意义地整理好，能用来做决策，就成了**信息**。清洗就在做这样的整理：挑出不能用的行，统一写法，每一行的去向都要有交代。
#
# 下面先读入文件。编码、分隔符、表头位置和列名都由程序识别，识别的结果列在表里。

# %%
raw = read_table(data_source(orders), "orders", columns=columns or None)
show_source(raw)

# %% [markdown]
# **怎样读**：先核对“列的对应”。箭头左边是文件里的列名，右边是本页使用的列名：`customer_id` 是客户编号，`ordered_at` 是下单时间，`amount` 是金额。如果程序认错了列，用参数 `columns` 指定，例如 `columns: str = "customer_id=会员号"`。
#
# 接着清洗。清洗不会悄悄丢掉任何一行，读入的每一行只有三种去向：
#
# - **保留**：进入后面的计算；
# - **合并**：并入另一行，例如确认重复的行，或者与购买相抵的退货；
# - **隔离**：不进入后面的计算，但原样留着，并写明原因。
#
# 表的最后几项是保留下来、但值得多看一眼的行。

# %% tags=["nbval-check-output"]
cleaned = clean_table(raw, "orders", date_order=date_order)
rows = cleaned.rows
show_cleaning(cleaned, "清洗的账目：每一行的去向")
require_data(cleaned)

# %% [markdown]
# **怎样读**：先看隔离的行多不多，再看原因是否集中。原因集中，往往说明采集的某个环节出了问题，例如收银时没有登记会员号。下面的话由程序根据账目算出。

# %% tags=["finding", "nbval-check-output"]
finding(describe_cleaning(cleaned, n_read=len(raw)))

# %% [markdown] tags=["exercise"] grade_id="tour-1-line-amount"
# **做一做 1（5 分）**　清洗以后，平均每一行订单的金额是多少？
#
# 用 `rows` 的 `amount` 列计算，金额为 0 的行和负数行也要算在内。把结果（一个数）放进 `answer_1`。
#
# 提示：`rows["amount"].sum()` 是这一列的合计，`len(rows)` 是行数。

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
# 不一样。刚来过的客户更可能再来，一年没来的客户可能已经流失。只看金额，会把这两种客户混在一起，所以还要看最近一次购买的时间和购买的次数。
#
# </details>
#
# 不同的客户，价值不同。把有限的人手和费用用对地方，先要区分客户。这里用三个指标概括一位客户的购买行为。RFM 不是教材的内容，是本套件的补充。
#
# - **R**（recency）：最近一次购买距截止日期多少天，按日历天数算，越小越好；
# - **F**（frequency）：一共有多少笔订单，越多越好；
# - **M**（monetary）：一共消费了多少钱，退货已经减去，越多越好。
#
# 计算之前要先定一个**截止日期**：这一天以后的订单都不算。不定截止日期，“距今多少天”就没有意义，两次计算的结果也不能比较。

# %% tags=["finding", "nbval-check-output"]
day, unit = choose_as_of(as_of, rows), choose_currency(currency, orders, rows)
rfm = summarize_rfm(rows, as_of=day)
finding(describe_customers(rfm, unit=unit))

# %% [markdown]
# **怎样读**：平均值和中位数放在一起看。中位数是正中间那位客户的金额；平均值容易被少数大客户拉高。平均值比中位数大得越多，金额就越集中在少数客户手里。
#
# 下面的图画出三个指标的分布，柱子越高，落在这一段的客户越多。

# %%
show_figure(plot_rfm_distributions(rfm, money_unit=unit), f"R、F、M 三个指标的分布（{len(rfm):,} 位客户）")

# %% [markdown]
# 天数、笔数和金额的单位不同，不能直接相加，所以先打分。把客户按一个指标从差到好排队，分成人数大致相同的五段，分别得 1 到 5 分；段与段的分界叫**五分位点**。数值相同的客户总在同一段，所以相同的数值很多时，各段的人数会不一样。以 M 为例，设 $q_1,\dots,q_4$ 是四个五分位点，消费金额为 $x$ 的客户得分为
#
# $$S_M(x) = 1 + \sum_{k=1}^{4} \mathbf{1}(q_k < x)$$
#
# 也就是说，金额每超过一个分界，就多得 1 分。R 的方向相反：天数越少，得分越高。
#
# 三个得分合起来，就能划分**客户类别**：每一种得分的组合恰好属于一类，每位客户也恰好属于一类。

# %% tags=["nbval-check-output"]
scores = score_rfm(rfm, bins=fit_rfm_bins(rfm))
segments = name_segments(scores, scheme=scheme)
summary = summarize_segments(segments, scheme=scheme)
show_table(summary[["segment", "n_customers", "customer_share", "revenue", "revenue_share"]], "各类客户的人数和金额")

# %%
show_figure(plot_segments(summary), "各类客户的人数占比和金额占比")

# %% [markdown]
# **怎样读**：比较同一类的两根条。金额占比明显大于人数占比的，平均每人花得多，应当优先保持。人数占比大而金额占比小的，先弄清楚他们为什么买得少，再决定花多少力气。

# %% tags=["finding"]
finding(describe_segments(summary, scheme=scheme))

# %% [markdown] tags=["exercise"] grade_id="tour-2-recent"
# **做一做 2（5 分）**　最近一次购买在截止日期前 90 天以内的客户有多少位？
#
# 第 90 天也算在内。用 `rfm` 的 `recency_days` 列计算，把人数（一个整数）放进 `answer_2`。
#
# 提示：`rfm["n_orders"] == 1` 逐位判断“是不是只有一笔订单”，`(rfm["n_orders"] == 1).sum()` 数出有多少位。换一列、换一个条件，就是这一题。

# %% tags=["solution"] grade_id="tour-2-recent"
### BEGIN SOLUTION
answer_2 = int((rfm["recency_days"] <= 90).sum())
### END SOLUTION

# %% tags=["grade"] grade_id="tour-2-recent"
check("tour-2-recent", answer_2)

# %% [markdown] tags=["exercise"] grade_id="tour-3-top-fifth"
# **做一做 3（10 分）**　消费金额最高的 20% 的客户，贡献了全部消费金额的多大比例？
#
# 客户按 `revenue` 从高到低排列，取前 20%，人数不是整数时舍去小数部分。把比例（写成小数，不乘 100）放进 `answer_3`。
#
# 提示：`.sort_values(ascending=False)` 从高到低排列，`.head(n)` 取前 `n` 个，`int(…)` 舍去小数部分。

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
# 事先并不知道。可以把群数从少到多都试一遍，看分成几群时，同一群的客户最像、不同群的客户差得最远。也有可能数据本来就连成一片，分不出群来。
#
# </details>
#
# 教材把客户画像分成四步：数据采集与处理、客户特征分析、数据标签化、生成画像。**聚类分析**属于其中的客户特征分析：把相似的客户放在一起，让差别大的客户分开。
#
# R、F、M 的单位不同，先要换算成可以比较的数：数值特别偏向一边的指标先取对数，再把每个指标标准化，让它们的分量一样。
#
# 分成几群最好？把每个群数都试一遍。先看哪些群数能让任何两群之间都有低谷，也就是客户很少的地带，有的话取最多的那个群数；要是轮廓系数、CH 指数和 DB 指数一致看好更多的群，就听它们的。一个低谷也没有，就用这三个指数给每个群数各排一次名次，名次之和最小的胜出。这些方法不是教材的内容。其中**轮廓系数**最好懂：它在 −1 到 1 之间，越大，群与群之间分得越开。

# %% tags=["finding"]
features = prepare_features(rfm)
sweep = sweep_k(features, k=range(2, k_max + 1), random_state=seed)
show_figure(plot_k_sweep(sweep), f"群数从 2 试到 {k_max}：簇内离差平方和与轮廓系数")
finding(describe_sweep(sweep))

# %% [markdown]
# **怎样读**：左图的曲线一般往下走，看它从哪里开始变平；右图看最高的点在哪里。虚线是推荐的群数，它不一定在最高点上。轮廓系数很小的时候，无论怎么分，群都只是切开来方便讨论，不要当成真实存在的类型。

# %% tags=["nbval-check-output"]
best = sweep.attrs["recommended_k"] or 1
clusters = fit_clusters(features, k=best, random_state=seed).apply(features)
profiles = describe_clusters(rfm, clusters)
show_table(profiles, "各个客户群的样子（指标取中位数）")

# %% [markdown]
# **怎样读**：横着看一行，就是一群客户的样子；竖着看一列，就知道各群差在哪里。聚类只给出编号，名字要由人来起。群的编号大致按消费金额从高到低排。

# %% [markdown] tags=["exercise"] grade_id="tour-4-largest-cluster"
# **做一做 4（10 分）**　人数最多的那一群客户，平均每人消费了多少？
#
# `clusters` 给出每位客户的群号，行的顺序与 `rfm` 相同。人数最多的群不止一个时，取编号最小的。把金额（一个数）放进 `answer_4`。
#
# 提示：`numbers = clusters["cluster"].to_numpy()` 取出群号，`clusters["cluster"].mode()[0]` 是出现次数最多的群号（并列时取最小的），`rfm["revenue"][numbers == 1]` 取出第 1 群客户的金额。

# %% tags=["solution"] grade_id="tour-4-largest-cluster"
### BEGIN SOLUTION
numbers = clusters["cluster"].to_numpy()
largest = clusters["cluster"].mode()[0]
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
# **数据标签化**把数字变成词：标签写明一群客户的特征，强度说明这个特征有多突出。把标签按强度画成词云，就是**客户画像**最简单的样子：字越大，标签越强。
#
# 这里的标签只根据购买行为得出，不含姓名、电话和地址。使用客户数据要合法，够用就好，用不到的不收集。

# %%
labels = label_clusters(rfm, clusters)
show_figure(plot_wordcloud(pool_labels(labels), random_state=seed), "客户群标签的词云：字越大，标签的强度越大")

# %% [markdown]
# **怎样读**：词云把各群的标签放在一起，相反的标签可以同时出现，它们属于不同的群。下面逐群写出画像。

# %% tags=["finding"]
portraits = portray_clusters(profiles, labels, money_unit=unit)
finding("\n".join(portraits["portrait"]))

# %% [markdown]
# ### 一页小结
#
# 经理没有时间看每一张表，他想知道四件事：生意有多大，钱集中在谁手里，哪些收入可能失去，先做哪一件事。下面的话和清单都由程序算出。清单把客户并成几种做法，每位客户恰好归入一行。

# %% tags=["finding", "nbval-check-output"]
finding(describe_business(scores, unit=unit))
actions = plan_actions(scores)
show_table(actions, "行动清单（多与少、近与久，都是同这批客户里的其他人相比）")

# %% [markdown]
# ## 小结
#
# 这一页里，你**读入**了一份订单明细，核对了每一行的去向；**计算**了每位客户的 R、F、M；**划分**了客户类别，说出了各类的人数和金额；**聚类**得到了客户群；**描述**了每一群客户，写成了一页小结。
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
# | 指标表 | 换算、标准化、聚类 | 客户群 |
# | 客户群 | 加标签、看强度 | 客户画像 |
# | 客户类别、客户画像 | 与经营结合，决定先为谁做什么 | 行动清单（知识） |
#
# **自测**
#
# 1. 清洗以后，读入的行数等于哪三个数之和？
# 2. 为什么要先定截止日期？
# 3. 两位客户的消费金额相同，M 得分可能不同吗？
# 4. 轮廓系数接近 0 说明什么？
# 5. 画像里为什么不写客户的电话？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 保留、合并、隔离的行数之和。
# 2. 没有截止日期，就算不出最近一次购买距今多少天，两次计算的结果也不能比较。
# 3. 不可能。数值相同，得分一定相同。
# 4. 群与群之间分不开，这些群只是切开来方便讨论。
# 5. 画像用来说明特征，不需要联系方式；电话属于个人信息，用不到就不使用。
#
# </details>
#
# **拓展任务**　找一份你能合法使用的订单文件，用它替换参数 `orders`，重新运行本页，然后完成两件事：
#
# 1. 比较两份数据：哪一份的消费金额更集中在少数客户手里？写出你依据的数字。
# 2. 从行动清单里选一行，写出你会怎样联系这些客户：用什么方式，说什么，怎样判断有没有效果。
#
# 本页的每一步都只开了个头。步骤一属于客户识别，步骤二属于客户区分，步骤三和步骤四属于客户画像，以后的学习会逐一展开。

# %% tags=["export"]
customers = segments.assign(cluster=clusters["cluster"].to_numpy())
result = {"as_of": day, "n_lines": len(raw), "n_kept": len(rows), "n_customers": len(rfm), "recommended_k": best}
result |= {"n_merged": len(cleaned.merged), "n_quarantined": len(cleaned.quarantine)}
result |= {"one_order_share": (rfm["n_orders"] == 1).mean(), "actions": actions}
result |= {"segments": summary, "clusters": profiles, "flags": count_items(cleaned)}
tables = {"customers": customers, "segments": summary, "clusters": profiles, "labels": labels, "actions": actions}
export(tables | account_tables(cleaned), result)
