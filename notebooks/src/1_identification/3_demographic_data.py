# %% [markdown]
# # 客户人口统计数据识别
#
# 我们的客户是些什么人？登记下来的人像全体客户吗？年龄、收入、爱好这些字段，哪些真的有用，哪些根本不该收集？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户识别：客户人口统计数据识别 | 客户登记表、总体人口构成、问卷、订单 | 收集方案、人口金字塔、权数、人口统计画像 | 约 60 分钟 |
#
# 默认数据是旭东公司的三份登记表、订单、问卷和总体人口构成。教材只给出“旭东”这个名称，它的行业、规模和每一个人都是本套件虚构的，由程序生成，不含任何真实的人，随本套件按 MIT 许可发布。换成你自己的登记表，本页的每个数字都会重新计算。

# %% [markdown]
# ## 你将学会
#
# - **制订**收集方案：每个字段写清用途、敏感程度和依据；
# - **汇总**几份登记表，说出哪一份知道什么；
# - **筛选**不可能的值，**归并**说同一件事的字段；
# - **判断**样本像不像总体，并给样本加权；
# - **评价**哪些属性真的和购买有关，哪些不该再收集。
#
# 学习之前，先走完总览（`0_start/1_tour`）。同一个人在几份登记表里怎样认出来，“客户行为数据识别”那一课会讲；本页只用最严格的规则。

# %% tags=["hide-input"]
from crm_lib import clean_table
from crm_lib.identify import build_pyramid, combine_records, merge_fields, screen_values
from crm_lib.lesson import check, choose_day, choose_strata, compare_people, cover_fields, decide_fields, describe_account, describe_coverage, describe_decisions, describe_fit
from crm_lib.lesson import describe_merging, describe_people, describe_plan, describe_pyramid, describe_ranking, describe_screening, describe_weights, export, export_profile, finding
from crm_lib.lesson import gather_behaviour, name_column, name_records, parameters, plan_fields, rank_people, read_lines, read_population, read_source, require_data
from crm_lib.lesson import show_cleaning, show_figure, show_source, show_table, take_sample, tell_origin, weigh_sample, word_decisions, word_findings, word_likeness
from crm_lib.plots import plot_attribute_ranking, plot_pyramid, plot_representativeness

# %% [markdown]
# 本页的参数可以改，改完以后从头运行全部单元。没有总体、订单、商品表或问卷，就把它留空：`orders: str = ""`。

# %% tags=["parameters"]
customers: str = "xudong_customers"  # 客户登记表，或样本数据的名字 <path>
population: str = "xudong_population"  # 总体的人口构成，没有就留空 <path>
orders: str = "xudong_orders"  # 订单文件，没有就留空 <path>
products: str = "xudong_products"  # 商品表，没有就留空 <path>
survey: str = "xudong_survey"  # 客户态度问卷，没有就留空 <path>
columns: str = ""  # 登记表的列的对应，留空则自动识别 <columns>
as_of: str = ""  # 统计日，年龄算到这一天，留空取最后一笔订单的次日 <date>
date_order: str = "auto"  # 日期里年月日的顺序 {auto, ymd, dmy, mdy}
measure: str = ""  # 用哪一列数字说明加权，留空自动选择
max_weight: float = 8.0  # 一个人的权数最多是平均的几倍，是本页的假设 [1.5, 100]
seed: int = 7  # 随机种子，同一个种子给出同样的结果 [0, 9999]

# %% tags=["hide-input"]
parameters("1_identification/3_demographic_data")

# %% [markdown]
# ## 步骤一　制订收集人口统计数据的方案
#
# **想一想**：登记表上的字段越多越好吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不是。字段越多，客户越不愿意填，填错的也越多；用不着的字段一旦泄露，受害的是客户。应当先想清楚要用它做什么，再决定问不问。
#
# </details>
#
# 人口统计数据说明客户“是谁”：性别、年龄、地区、职业、收入、家庭。教材把这一类叫作**描述类**信息：基本、稳定，容易得到，但对区分客户的作用不大，又触及隐私，所以要求准确、及时。教材的原则是**按需收集、分类管理**：按自己的需要定范围。
#
# 法律也这样要求。《个人信息保护法》第六条要求目的明确、合理，只收集最小的范围；第十三条列出可以处理的依据，例如本人同意、履行合同所必需；第二十八条规定什么是敏感个人信息；第二十九条要求敏感信息取得单独同意；第三十一条规定，不满十四周岁的未成年人的信息，要取得父母或其他监护人的同意。法律没有点名的字段，分在哪一档是本页的判断，不是法律意见。
#
# 先读入登记表，再把方案列成一张表。

# %% tags=["finding", "nbval-check-output"]
raw = read_source(customers, "customers", columns=columns or None)
show_source(raw)
cleaned = clean_table(raw, "customers", date_order=date_order)
require_data(cleaned, what="登记记录")
show_cleaning(cleaned, "清洗的账目：每一行的去向")
finding(describe_account(cleaned, n_read=len(raw)) + tell_origin(customers))

# %% tags=["finding", "nbval-check-output"]
records = name_records(cleaned.rows)
plan = plan_fields(records)
show_table(plan, "收集方案：每个字段的用途、敏感程度和依据", most=40, titles={"registers": "哪些登记表问了"})
finding(describe_plan(plan))

# %% [markdown]
# **怎样读**：一行是一个字段。说不出用途的字段，不必问；“要谨慎的个人信息”要告诉客户为什么问；“敏感信息”要单独征得同意。最后一列说明现在是谁在问。

# %% [markdown]
# ## 步骤二　综合收集人口统计数据
#
# **想一想**：门店、网店和电话中心各有一份登记表，为什么不只用最长的那一份？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 各份登记表问的问题不同，来登记的人也不同。只用一份，有的字段根本没有，有的客户也不在里面。综合起来，才既全面，又能互相核对。
#
# </details>
#
# 综合收集，就是从几个渠道取得同一类数据，再看每一份知道什么。**填写率**是填了这个字段的记录占全部记录的比例。

# %% tags=["finding", "nbval-check-output"]
coverage = cover_fields(records)
names = {c: f"{c.removesuffix('_share')} 的填写率" for c in coverage.columns[3:]}
show_table(coverage.drop(columns="column"), "填写率，从最空的字段排起", most=40, titles=names)
finding(describe_coverage(coverage))

# %% [markdown]
# **怎样读**：一份登记表没有问的字段，那一列是 0%。没有填的人往往不是随便哪些人，所以填写率低的字段，不能直接代表全部客户。

# %% [markdown] tags=["exercise"] grade_id="dem-1-filled"
# **做一做 1（5 分）**　出生日期的填写率是多少？
#
# 用 `records` 表的 `birth_date` 列计算，把比例（写成小数，不乘 100）放进 `answer_1`。
#
# 提示：`records["city"].notna()` 逐条判断“填没填城市”，判断结果的 `.mean()` 就是占比。

# %% tags=["solution"] grade_id="dem-1-filled"
### BEGIN SOLUTION
answer_1 = records["birth_date"].notna().mean()
### END SOLUTION

# %% tags=["grade"] grade_id="dem-1-filled"
check("dem-1-filled", answer_1)

# %% [markdown]
# ## 步骤三　对人口统计数据进行归纳筛选
#
# **想一想**：登记表上写着“身高 17.5”。改成 175，还是取出来？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 取出来，并且记下原来的值。175 只是猜测：也许小数点错了，也许填的是鞋码。可以把 175 写在建议里，等核对过再补，不能悄悄改。
#
# </details>
#
# 教材要求**去伪存真**。本页分三件事做：
#
# 1. **筛选**：不可能的值取出来，可疑但也许是真的值留下来，两种都记账；
# 2. **归并**：说同一件事的写法统一成一种，能由别的字段算出来的补上；
# 3. **合并**：同一个人的几条记录合成一个人。
#
# 年龄按生日计算：生日那天才长一岁。统计日由参数 `as_of` 决定。

# %% tags=["finding", "nbval-check-output"]
whole, _ = read_population(population, customers)
lines, lines_kind = read_lines(orders, products, customers)
day = choose_day(as_of, records, lines)
screened = screen_values(records, as_of=day)
show_table(word_findings(screened.findings), f"不可能的值和可疑的值（统计日 {day}）")
finding(describe_screening(screened.findings))

# %% tags=["finding", "nbval-check-output"]
bands = {} if whole is None or "age_band" not in whole else {"age_bands": list(whole["age_band"].dropna().unique())}
regions = None if whole is None or "region" not in whole else list(whole["region"].dropna().unique())
merged = merge_fields(screened.rows, as_of=day, regions=regions, **bands)
combined = combine_records(merged.rows)
people = combined.people
finding(describe_merging(merged.audit) + "\n" + describe_people(combined, whole))

# %% [markdown]
# **怎样读**：每一处改动都有一行明细，在导出的表 `merging` 里可以查到。这里只有姓名、性别和出生日期一字不差，才算同一个人；写法稍有不同的人会被当成两个人，所以人数偏多。
#
# 现在画**人口金字塔**：最年轻的在下面，两边是两种性别，黑框是总体。

# %% tags=["finding"]
pyramid = build_pyramid(people, whole, as_of=day, bands=bands.get("age_bands"))
show_figure(plot_pyramid(pyramid), "人口金字塔：条形是登记的客户，黑框（如果有）是总体")
finding(describe_pyramid(pyramid))

# %% [markdown]
# **怎样读**：先看形状，哪一段最宽；再看条形和黑框，条形超出黑框的那一段，登记的客户偏多。

# %% [markdown] tags=["exercise"] grade_id="dem-2-age"
# **做一做 2（10 分）**　客户的平均年龄是多少岁？
#
# 用 `people` 表的 `age` 列计算，一个人只算一次，不知道年龄的人不算。把平均数放进 `answer_2`。
#
# 提示：`people["n_records"].mean()` 是平均每人有几条记录。

# %% tags=["solution"] grade_id="dem-2-age"
### BEGIN SOLUTION
answer_2 = people["age"].mean()
### END SOLUTION

# %% tags=["grade"] grade_id="dem-2-age"
check("dem-2-age", answer_2)

# %% [markdown]
# **代表性**：有的问题只有一部分人回答，他们像全体客户吗？有问卷时，下面把答卷的人当作样本；没有问卷，就把登记表里填了某一个数字的人当作样本。拿样本同总体比。这一段的算法不是教材的内容。
#
# - **区间**：样本占比的不确定范围，人越少越宽；总体落在区间外面，就算偏多或偏少。
# - **卡方检验**：把各类的差别合起来看。设第 $i$ 类样本有 $O_i$ 人，照总体的比例应有 $E_i$ 人，那么 $\chi^2=\sum_i (O_i-E_i)^2/E_i$。p 值小于 0.05，就说样本不像总体。
# - **加权**：偏少的人权数大于 1，偏多的人小于 1，轮流调整性别、年龄段和地区，直到三样都与总体相同。

# %% tags=["finding", "nbval-check-output"]
chosen, number = take_sample(people, survey, customers, measure=measure)
strata = choose_strata(chosen, whole)
sample, raked = weigh_sample(chosen, whole, strata=strata, max_weight=max_weight)
compared, fit = compare_people(sample, whole, strata)
if compared is not None:
    shown = compared[["column", "category", "n_sample", "sample_share", "population_share", "weighted_share"]]
    show_table(shown.assign(column=shown["column"].map(name_column)), "样本、总体和加权以后的比例", titles={"category": "类别"})
finding(describe_fit(compared, fit) + "\n" + describe_weights(sample, raked, number))

# %% tags=["finding"]
if compared is not None:
    titles = {c: name_column(c) for c in strata}
    show_figure(plot_representativeness(compared, titles=titles), f"填了{name_column(number)}的 {len(sample):,} 人像不像总体")

# %% [markdown]
# **怎样读**：菱形偏多，方形偏少，圆点看不出差别；竖线是总体，叉是加权以后。叉都落在竖线上，加权就对上了。加权只能改正性别、年龄段和地区的偏差；如果填与不填还看别的原因，它改不了。权数相差越大，剩下的信息越少。

# %% [markdown] tags=["exercise"] grade_id="dem-3-gap"
# **做一做 3（10 分）**　样本里女性的占比，比总体高多少？
#
# 用 `compared` 表里 `category` 是“女”的那一行：`sample_share` 减 `population_share`。低就是负数，写成小数，不乘 100。把结果放进 `answer_3`。
#
# 提示：`compared.loc[compared["category"] == "男", "n_sample"].iloc[0]` 取出“男”那一行的人数。

# %% tags=["solution"] grade_id="dem-3-gap"
### BEGIN SOLUTION
women = compared[compared["category"] == "女"].iloc[0]
answer_3 = women["sample_share"] - women["population_share"]
### END SOLUTION

# %% tags=["grade"] grade_id="dem-3-gap"
check("dem-3-gap", answer_3)

# %% [markdown] tags=["exercise"] grade_id="dem-4-weighted"
# **做一做 4（10 分）**　加权以后，样本的 `number` 那一列平均是多少？
#
# 列名存在变量 `number` 里，`sample[number]` 就是这一列，权数在 `sample["weight"]` 里。每个人的值乘以他的权数，加起来，再除以权数之和。没有权数的人不算。把平均数放进 `answer_4`。
#
# 提示：`(sample["age"] * sample["weight"]).sum()` 是年龄乘以权数之和。

# %% tags=["solution"] grade_id="dem-4-weighted"
### BEGIN SOLUTION
answer_4 = (sample[number] * sample["weight"]).sum() / sample["weight"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="dem-4-weighted"
check("dem-4-weighted", answer_4)

# %% [markdown]
# ## 步骤四　评价人口统计数据的实效
#
# **想一想**：收入高的客户花得多。知道收入，就知道他会买什么吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不一定。收入也许只和花多少有关，和买什么、在哪里买无关。要一项一项去看，还要问：这点联系，会不会只是偶然？
#
# </details>
#
# 教材说，描述类信息的区分作用不大。到底大不大，要用自己的数据去量。对每一个属性和每一种行为（消费金额、订单数、常买的类别、常用的渠道），算**互信息**：知道属性以后，对行为的不确定减少了多少，单位是比特，0 是毫无帮助。
#
# 偶然也会带来一点互信息，人越少、类越多，偶然越大。所以把行为在客户之间随机打乱许多次，看打乱以后还剩多少，这就是**偶然的范围**。比较的对数多了，总有几对碰巧超出，所以 p 值还要校正。这些算法不是教材的内容。

# %% tags=["finding"]
behaviour = gather_behaviour(lines, combined.members, as_of=day)
ranked = rank_people(people, behaviour, random_state=seed)
if ranked is not None:
    wording = {c: name_column(c) for c in {*ranked["attribute"], *ranked["outcome"]}}
    show_figure(plot_attribute_ranking(ranked, titles=wording), "哪些属性能说明行为：互信息，和偶然的范围")
finding(describe_ranking(ranked, behaviour, lines_kind))

# %% [markdown]
# **怎样读**：从上往下，先是校正以后仍超出偶然的，再是其余的。绿条伸出灰带越远，这个属性越有用。条长但没有伸出灰带的，多半是类太多、人太少。校正以后的判断比灰带更严格，所以伸出灰带一点的条也可能是灰的。

# %% [markdown] tags=["exercise"] grade_id="dem-5-extra"
# **做一做 5（10 分）**　超出偶然最多的那一对，超出了多少比特？
#
# 在 `ranked` 表里，`mutual_bits` 是互信息，`chance_bits` 是偶然的平均。先求每一行的差，再取最大的。把结果放进 `answer_5`。
#
# 提示：`ranked["effect"].max()` 是最大的联系强度。

# %% tags=["solution"] grade_id="dem-5-extra"
### BEGIN SOLUTION
answer_5 = (ranked["mutual_bits"] - ranked["chance_bits"]).max()
### END SOLUTION

# %% tags=["grade"] grade_id="dem-5-extra"
check("dem-5-extra", answer_5)

# %% [markdown]
# 最后回到方案：每个字段，以后还收集吗？规则写在这里：有用而风险小的，继续收集；有用但有粗一些的字段可以代替的，改收粗的；没有证明有用、又涉及私事的，没有别的用途就不再收集；人太少的，先不决定，敏感的除外。

# %% tags=["finding", "nbval-check-output"]
decided = decide_fields(records, ranked)
show_table(word_decisions(decided), "每个字段以后怎样收集", most=40)
finding(describe_decisions(decided))

# %% [markdown]
# **怎样读**：“不再收集”不是说这个字段永远没有用，而是说，现在没有理由为它冒险。送货要地址，推荐尺码要身高，那是另外的明确用途，要单独写进方案。

# %% [markdown]
# ## 小结
#
# 这一页里，你**制订**了收集方案，每个字段都有用途和依据；**汇总**了登记表，知道哪一份问了什么；**筛选**了不可能的值，**归并**了写法，把记录合成了人；**判断**了样本像不像总体，并给样本加了权；**评价**了每个属性，决定了以后收集什么。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 步骤 | 用什么 | 做什么 | 得到什么 |
# |---|---|---|---|
# | 制订收集人口统计数据的方案 | 登记表的字段 | 写清用途、敏感程度、依据 | 收集方案 |
# | 综合收集 | 几份登记表 | 算填写率 | 哪一份知道什么 |
# | 归纳筛选 | 登记记录，总体人口构成 | 筛选，归并，合并，比较，加权 | 人口金字塔，权数 |
# | 评价人口统计数据的实效 | 订单 | 量联系，比偶然，作决定 | 以后收集的字段 |
#
# **自测**
#
# 1. 描述类信息有什么优点和缺点？
# 2. 为什么年龄要按生日算，不能用年份相减？
# 3. 样本很大，就一定像总体吗？
# 4. 加权以后，为什么说“信息变少了”？
# 5. 为什么打乱以后，互信息不是 0？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 优点是容易得到，比较稳定；缺点是区分作用不大，又触及隐私。
# 2. 生日没到的人还没有长这一岁，年份相减会多算。
# 3. 不一定。如果只有某一种人愿意填，人再多也是偏的。
# 4. 几个权数很大的人左右了结果，等于只问了较少的人。
# 5. 人数有限，打乱以后各类的比例不会恰好相同，总有一点差别。
#
# </details>
#
# **拓展任务**　找一份你能合法使用的登记表，用它替换参数 `customers`，其余的留空或换成对应的文件，然后完成三件事：
#
# 1. 为方案里的三个字段重写用途，说明不收集会有什么损失。
# 2. 找一份可靠的总体人口构成，说明样本在哪一类上偏得最多，可能是什么原因。
# 3. 写半页意见：哪些字段以后不收，已经收来的怎样处理。

# %% tags=["export"]
best = ranked[["attribute", "outcome", "n_known", "effect", "mutual_bits", "chance_bits", "p_adjusted"]] if ranked is not None else plan[:0]
tables = {"plan": plan, "coverage": coverage, "screening": word_findings(screened.findings), "pyramid": pyramid, "ranking": best}
tables |= {"decisions": word_decisions(decided), "merging": merged.audit.drop(columns="row")}
tables |= (likeness := word_likeness(compared, fit))
result = {"as_of": day, "n_records": len(records), "n_people": len(people), "pyramid": pyramid, "measure": number, "decisions": decided}
result |= {"fit": fit, "weights": raked.summarize() if raked else None, "n_removed": int(screened.findings["removed"].sum())}
export(tables, result, name="demographic_profile")
texts = {"who": describe_pyramid(pyramid), "like": describe_fit(compared, fit), "use": describe_ranking(ranked, behaviour, lines_kind)}
shares = pyramid[["age_band", "gender", "n", "share", "population_share"]]
parts = {"who": shares, "collect": word_decisions(decided)} | ({"like": likeness["fit"]} if likeness else {})
intro = f"统计日 {day}。由 {len(records):,} 条登记记录合成 {len(people):,} 人。年龄按生日计算。"
export_profile(pyramid, parts, texts | {"collect": describe_decisions(decided)}, intro=intro)
