# %% [markdown]
# # 客户态度数据识别
#
# 客户满意吗？看重什么？会向朋友推荐吗？问一问，能得到多可靠的答案？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户识别：客户态度数据识别 | 答卷、题目表，可以加上总体构成、商品评价 | 问卷模板、分类整理表、态度报告 | 约 70 分钟 |
#
# 默认数据是旭东公司的客户态度问卷。教材只给出“旭东”这个名称，它的行业、规模和每一份答卷都是本套件虚构的，由程序生成，不含任何真实的人，随本套件按 MIT 许可发布。把参数 `survey` 和 `items` 换成你自己的文件，本页的每个数字都会重新计算。

# %% [markdown]
# ## 你将学会
#
# - **准备**一份问卷：选量表、设反向题、算要收多少份；
# - **检查**收回的答卷：谁没认真填，谁没有回答；
# - **分类整理**态度数据，把投诉转给该答复的部门；
# - **评估**态度数据：信度、净推荐值、重要性—表现、Kano 分类，各带区间。
#
# 学习之前，先走完总览（`0_start/1_tour`），最好也学过“客户行为数据识别”。做一做要写一两行代码，题目里都有提示。

# %% tags=["hide-input"]
from crm_lib.identify import code_scales, count_answers, find_careless, item_statistics, measure_reliability, sample_size
from crm_lib.lesson import check, code_comments, collect_answers, describe_collection, describe_comments, describe_flags, describe_importance, describe_kano
from crm_lib.lesson import describe_nps, describe_questions, describe_reliability, describe_respondents, describe_routes, describe_sample_plan, describe_topics
from crm_lib.lesson import export, finding, learn_sentiment, parameters, rate_features, rate_importance, rate_nps, read_people, read_questions, read_survey
from crm_lib.lesson import show_figure, show_if_any, show_table, sort_attitudes, summarize_flags, summarize_scores, tabulate_importance, tabulate_kano, tabulate_questions
from crm_lib.lesson import tabulate_routes, tabulate_topics, weigh_respondents, write_attitude_report, write_survey_template
from crm_lib.plots import plot_importance, plot_kano, plot_likert, plot_nps

# %% [markdown]
# 本页的参数可以改，改完以后从头运行全部单元。其中误差 `margin`、预计的回收率 `response_share` 和判断答得太快的比例 `fast_share` 是本页的**假设**，不是从数据里算出来的。没有总体构成、商品评价的，把那一项留空：`population: str = ""`。

# %% tags=["parameters"]
survey: str = "xudong_survey"  # 答卷文件，或样本数据的名字 <path>
items: str = "xudong_survey_items"  # 题目表：题号、构念、是否反向题、量表级数 <path>
population: str = "xudong_population"  # 总体构成，没有就留空 <path>
reviews: str = "xudong_reviews"  # 带评分的商品评价，用来学习情感，没有就留空 <path>
columns: str = ""  # 答卷的列的对应，留空则自动识别 <columns>
channel: str = ""  # 只分析哪个调查渠道的答卷，留空就是全部
by: str = "age_band"  # 按哪一列比较答卷和总体 {age_band, gender, region}
margin: float = 0.05  # 希望的误差，0.05 是 5 个百分点，是本页的假设 [0.01, 0.2]
response_share: float = 0.4  # 预计有多大比例的人会回答，是本页的假设 [0.02, 1]
fast_share: float = 0.5  # 用时不到中位数的这个比例，算答得太快，是本页的假设 [0, 0.9]
drop_careless: bool = True  # 分析时是否去掉有疑问的答卷
cut: str = "mean"  # 重要性—表现图的分界：平均值或量表中点 {mean, middle}
seed: int = 20  # 随机种子，同一个种子给出同样的结果 [0, 9999]

# %% tags=["hide-input"]
parameters("1_identification/2_attitude_data")
report = {}

# %% [markdown]
# ## 步骤一　做好收集态度数据的准备
#
# **想一想**：问卷上只有一道题：“您对我们满意吗？”它能告诉我们什么，不能告诉我们什么？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 能知道一个大概的高低。不能知道满意什么、不满意什么，也不知道这个答案可靠不可靠：换一种问法，同一个人也许就换一个答案。所以一种态度要用几道题来问，还要留一个开放的地方让客户自己说。
#
# </details>
#
# 态度藏在心里，看不见，只能问出来或从言行里推出来。教材讲收集体验数据时说，结构化的题可以分 5 级、7 级，也可以打 10 分、100 分：好处是容易分析；毛病是各人心里没有共同的尺子，分数的绝对值不可靠。所以看分数要比着看：同过去比，同一份问卷里的别人比。
#
# 准备问卷要定下三件事：
#
# - **量表**：每道题分几级。级数不同的题按 $100 \times (\text{答案} - \text{最低}) \div (\text{最高} - \text{最低})$ 换算成 0 到 100 分，才能放在一起；
# - **反向题**：同意的意思相反的题。它能让随便填的人露出马脚；
# - **要收多少份**：见下面的公式。
#
# 几道题测同一种看不见的态度，这种态度叫作**构念**。构念、反向题和样本量的算法不是教材的内容，是本套件的补充。

# %% tags=["finding", "nbval-check-output"]
questions = read_questions(items)
show_table(tabulate_questions(questions), "题目表")
finding(describe_questions(questions))
write_survey_template(questions)

# %% [markdown]
# **怎样读**：先看每种态度有几道题，少于三道就不牢靠；再看反向题读起来顺不顺，句子里的“不”太多，客户会看错。问卷模板有四张表：说明、问卷、答卷录入、题目表。姓名和电话不在里面，因为分析态度用不着。
#
# 要收多少份？设总体有 $N$ 人，希望误差不超过 $e$，把握 95%（$z = 1.96$），事先不知道比例就按最不利的一半一半算：
#
# $$n_0 = \frac{z^2 \times 0.5 \times 0.5}{e^2}, \qquad n = \frac{n_0}{1 + (n_0 - 1) / N}$$

# %% tags=["finding", "nbval-check-output"]
people, people_kind = read_people(population, survey, by=by)
n_people = int(people["n"].sum()) if people is not None else None
plan = sample_size(margin, population=n_people, response_share=response_share)
report["需要多少份答卷"] = describe_sample_plan(plan, n_people=n_people, response_share=response_share)
finding(report["需要多少份答卷"])

# %% [markdown]
# **怎样读**：误差减半，份数差不多要变成四倍，所以先想清楚结论要用来决定什么。份数够了，只保证碰巧的误差小；如果不满意的人都不肯回答，收得再多也是偏的。

# %% [markdown]
# ## 步骤二　收集态度数据
#
# **想一想**：一份答卷十二道题全选“5”，其中有“我很满意”，也有“这里常常让我失望”。这份答卷可信吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不可信。满意和失望不会同时都非常同意，这个人多半没有看题。但也不要马上删掉：先标出来，看一共有多少份、去掉前后结论变不变，再决定。
#
# </details>
#
# 收回的答卷先查三遍：回答是不是在量表的范围里；填的人认真不认真；回答的人能不能代表全体。第一遍：

# %% tags=["finding", "nbval-check-output"]
raw = read_survey(survey, questions, columns=columns)
cleaned, answers, refused = collect_answers(raw, questions, channel=channel)
finding(describe_collection(cleaned, answers, refused, channel=channel))

# %% [markdown]
# 第二遍，看填得认真不认真。程序只作标记，一份也不删；分析时用不用它们，由参数 `drop_careless` 决定。

# %% tags=["finding", "nbval-check-output"]
flags = find_careless(answers, questions, fast_share=fast_share)
show_table(summarize_flags(flags), "有疑问的答卷")
used = drop_careless and not flags["careless"].all()
kept = answers[~flags["careless"].to_numpy()].reset_index(drop=True) if used else answers
report["答卷的质量"] = describe_collection(cleaned, answers, refused, channel=channel) + describe_flags(flags, dropped=used)
finding(describe_flags(flags, dropped=used))

# %% [markdown]
# **怎样读**：“每题都选同一个答案”几乎可以断定没看题；“答得太快”要看问卷长短，有人本来就快，把参数 `fast_share` 调大调小，看份数变多少。
#
# 第三遍，看谁回答了、谁没有回答。教材提醒，用电话、邮件收集要注意抽样和没有回答的人。下面把答卷和总体按类别比较，再用**权重**补一补：
#
# $$\text{权重} = \frac{\text{这一类占总体的比例}}{\text{这一类占答卷的比例}}$$

# %% tags=["finding", "nbval-check-output"]
classes = weigh_respondents(kept, people, by=by)
show_table(classes[[by, "n_population", "n_respondents", "population_share", "respondent_share", "weight"]], "答卷和总体的构成")
report["谁回答了"] = describe_respondents(classes, kept, by=by, kind=people_kind)
finding(report["谁回答了"])

# %% [markdown]
# **怎样读**：权重大于 1 的类别回答得少。加权只能补“人数不对”，补不了“同一类里不满意的人不肯答”。权重很大的类别，往往只有几个人撑着，要另想办法去问。

# %% [markdown] tags=["exercise"] grade_id="attitude-1-turned"
# **做一做 1（10 分）**　把第一道反向题转过来以后，它的平均分是多少？
#
# 题号存在下面单元的变量 `item` 里，最低分和最高分存在 `low`、`high` 里，答案在 `kept[item]` 这一列。转过来的办法是“最低分 + 最高分 − 答案”。把平均分放进 `answer_1`。
#
# 提示：`kept[item].mean()` 是转之前的平均分，没有回答的题不算在内。

# %% tags=["solution"] grade_id="attitude-1-turned"
row = questions[questions["reversed"]].iloc[0]
item, low, high = row["item"], row["lowest"], row["highest"]
### BEGIN SOLUTION
answer_1 = (low + high - kept[item]).mean()
### END SOLUTION

# %% tags=["grade"] grade_id="attitude-1-turned"
check("attitude-1-turned", answer_1)

# %% [markdown] tags=["exercise"] grade_id="attitude-2-weighted"
# **做一做 2（10 分）**　加权以后，总体满意度的平均分是多少？
#
# 每份答卷的权重已经放在下面的变量 `weights` 里，总体满意度是 `kept["overall"]`。加权平均是“权重 × 分数”的和，除以权重的和。没有打分或没有权重的答卷不算在内。把结果放进 `answer_2`。
#
# 提示：`known = kept["overall"].notna() & weights.notna()` 说明哪些答卷两样都有，`weights[known]` 取出它们的权重。

# %% tags=["solution"] grade_id="attitude-2-weighted"
weights = kept[by].map(classes.set_index(by)["weight"])
### BEGIN SOLUTION
known = kept["overall"].notna() & weights.notna()
answer_2 = (weights[known] * kept.loc[known, "overall"]).sum() / weights[known].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="attitude-2-weighted"
check("attitude-2-weighted", answer_2)

# %% [markdown]
# ## 步骤三　对态度数据进行分类整理
#
# **想一想**：客户写道：“东西不错，就是等了五天才到。”这句话该归到满意，还是投诉？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 两样都有。要办的事是配送太慢，先按投诉转给物流部门；“东西不错”也不要丢，记在商品质量的满意里。一句话可以属于两类，一件要办的事只交给一个部门。
#
# </details>
#
# 本页把态度数据整理成四类：**满意**、**偏好**、**品牌**、**投诉**。这四类和下面的主题词表、情感判断、转交规则都是本套件定的，不是教材的内容；公司可以换成自己的。

# %% tags=["finding", "nbval-check-output"]
model, evaluation = learn_sentiment(reviews, seed=seed)
comments = code_comments(kept, model)
show_table(sort_attitudes(kept, questions, comments), "四类态度数据")
report["意见的情感"] = describe_comments(comments, evaluation)
finding(report["意见的情感"])

# %% [markdown]
# **怎样读**：情感是程序从词里猜的。有两个“证人”：从商品评价学会的模型（正面的概率到 0.6 才算正面，不到 0.4 才算负面），和一部体验辞典。两个都说不准，或者说得相反，就归在“不明”，不硬猜。上面的猜对比例是拿商品评价考的，意见的写法不同，会差一些，真正要紧的意见还是要人来读。
#
# 再把意见按主题分开，负面的转给该答复的部门。

# %% tags=["finding", "nbval-check-output"]
topics, routes = tabulate_topics(comments), tabulate_routes(comments)
show_table(topics, "意见的主题和情感")
show_table(routes, "投诉转给谁，多久答复")
report["意见的主题"] = describe_topics(topics) + describe_routes(routes)
finding(report["意见的主题"])

# %% [markdown]
# **怎样读**：先看负面最多的主题，再看总条数：提到的人多，不等于不满的人多。转交表按部门列出最短的答复时限；写着“人工判断”的，由客服主管来看。

# %% [markdown] tags=["exercise"] grade_id="attitude-3-topic"
# **做一做 3（10 分）**　负面意见最多的那个主题，它的意见里负面的占多大比例？
#
# 用 `comments` 表计算：`topic` 是主题，`sentiment` 是“正面”“负面”或“不明”。几个主题的负面意见一样多时，取 `mode()` 给出的第一个。把比例（写成小数，不乘 100）放进 `answer_3`。
#
# 提示：`comments["topic"].mode()[0]` 是意见最多的主题，想一想怎样先只留下负面的；一列“是不是”的平均值，就是“是”的比例。

# %% tags=["solution"] grade_id="attitude-3-topic"
### BEGIN SOLUTION
bad = comments["sentiment"] == "负面"
worst = comments.loc[bad, "topic"].mode()[0]
answer_3 = bad[comments["topic"] == worst].mean()
### END SOLUTION

# %% tags=["grade"] grade_id="attitude-3-topic"
check("attitude-3-topic", answer_3)

# %% [markdown]
# ## 步骤四　评估分析态度数据
#
# **想一想**：两家店的满意度分别是 62 分和 60 分。能说第一家做得更好吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 还不能。要看各问了多少人：人少，差 2 分很可能是碰巧。也要看两家用的是不是同一份问卷、同样的人来答。所以每个数字都要带上区间，说明它有多不确定。
#
# </details>
#
# 先看各题的回答，再问一句：这几道题合起来，能不能当一把尺子用？**信度** $\alpha$（Cronbach 系数）说明几道题是不是朝着一个方向。设有 $k$ 道题，各题的方差是 $s_i^2$，总分的方差是 $s^2$：
#
# $$\alpha = \frac{k}{k-1}\left(1 - \frac{\sum s_i^2}{s^2}\right)$$
#
# $\alpha$ 越接近 1 越一致。信度以及下面的净推荐值、重要性—表现分析、Kano 分类都不是教材的内容，是本套件的补充。

# %% tags=["finding"]
show_figure(plot_likert(count_answers(kept, questions)), "每道题的回答（反向题没有转）")
reliability, statistics = measure_reliability(kept, questions), item_statistics(kept, questions)
scores = summarize_scores(code_scales(kept, questions), reliability)
show_table(scores, "各种态度的得分和信度", titles={"n_items": "题数"})
report["得分和信度"] = describe_reliability(reliability, statistics)
finding(report["得分和信度"])

# %% [markdown]
# **怎样读**：图里左边是不同意，右边是同意；反向题同意的人少，才是好事。得分在 0 到 100 之间，后面两列是它的区间。$\alpha$ 的好坏按区间的下端来说，免得碰巧高了就信它。$\alpha$ 高只说明题目一致，不说明问对了东西。
#
# **净推荐值**（NPS）只问一句“您有多大可能把我们推荐给朋友”，0 到 10 分。9、10 分是推荐者，7、8 分是中立者，0 到 6 分是贬损者：
#
# $$\text{净推荐值} = 100 \times (\text{推荐者的比例} - \text{贬损者的比例})$$

# %% tags=["finding"]
nps = rate_nps(kept)
shown = nps[["group", "n", "n_promoters", "n_passives", "n_detractors", "nps", "low", "high"]]
show_table(shown.assign(group=shown["group"].replace("", "全部")), "净推荐值：全部和各个调查渠道")
show_figure(plot_nps(nps), "净推荐值和它的区间")
report["净推荐值"] = describe_nps(nps)
finding(report["净推荐值"])

# %% [markdown]
# **怎样读**：先看区间，再看数字。区间跨过 0，就不要说“推荐的人多”。两组的区间重叠，就不要排名次。

# %% [markdown] tags=["exercise"] grade_id="attitude-4-nps"
# **做一做 4（10 分）**　不看上面的表，从 `kept["nps"]` 自己算一遍净推荐值。
#
# 没有回答的人不算在内。把结果（−100 到 100 之间的数）放进 `answer_4`。
#
# 提示：`kept["nps"].dropna()` 去掉没有回答的；`(given >= 9).mean()` 是 9 分以上的比例。

# %% tags=["solution"] grade_id="attitude-4-nps"
### BEGIN SOLUTION
given = kept["nps"].dropna()
answer_4 = 100 * ((given >= 9).mean() - (given <= 6).mean())
### END SOLUTION

# %% tags=["grade"] grade_id="attitude-4-nps"
check("attitude-4-nps", answer_4)

# %% [markdown]
# 满意度说明做得怎样，还要知道客户看重什么。**重要性—表现分析**把每个方面画成一个点：越高越重要，越右做得越好。左上角重要而做得差，**优先改进**。

# %% tags=["finding"]
matrix = rate_importance(kept, cut=cut)
show_if_any(plot_importance, matrix, "重要性和表现")
show_table(tabulate_importance(matrix), "重要性减去表现，差距最大的排在前面")
report["重要性和表现"] = describe_importance(matrix)
finding(report["重要性和表现"])

# %% [markdown]
# **怎样读**：点上的十字是区间，碰到虚线的点画成空心，不要硬说它属于哪一格。分界取平均值时，总有一半左右的方面在线下，所以它只排先后，不评好坏。
#
# 新功能做不做？**Kano 分类**对每个功能问两次：“有它，您觉得怎样？”“没有它呢？”按两个答案对照一张 5 × 5 的表，分成必备、期望、魅力、无差异、反向、可疑六类。两个系数说明有它能多满意、没有它会多不满：
#
# $$\text{better} = \frac{A + O}{A + O + M + I}, \qquad \text{worse} = -\frac{O + M}{A + O + M + I}$$

# %% tags=["finding"]
kano = rate_features(kept)
show_if_any(plot_kano, kano, "各个功能：有了多满意，没有多不满")
show_table(tabulate_kano(kano).drop(columns="n", errors="ignore"), "每个功能各类的人数")
report["功能的类别"] = describe_kano(kano)
finding(report["功能的类别"])

# %% [markdown]
# **怎样读**：先看“类别清楚”一列（Fong 检验）：前两类的人数分不出高下的，画成空心，不要下结论。必备的先保证，期望的同对手比，魅力的挑一两样做出特色，无差异的先不花钱。

# %% [markdown] tags=["exercise"] grade_id="attitude-5-better"
# **做一做 5（10 分）**　反向和可疑的人加起来最多的那个功能，它的 better 系数是多少？
#
# 用 `kano` 表计算：`n_a`、`n_o`、`n_m`、`n_i`、`n_r`、`n_q` 是六类的人数，`kano` 的一行是一个功能。那个功能的一行已经放在下面的变量 `feature` 里。不要直接抄 `better` 列。把结果（写成小数）放进 `answer_5`。
#
# 提示：`feature["n_a"]` 是魅力类的人数。想一想，分母里为什么没有反向和可疑的人？

# %% tags=["solution"] grade_id="attitude-5-better"
feature = kano.loc[(kano["n_r"] + kano["n_q"]).idxmax()]
### BEGIN SOLUTION
pleased = feature["n_a"] + feature["n_o"]
answer_5 = pleased / (pleased + feature["n_m"] + feature["n_i"])
### END SOLUTION

# %% tags=["grade"] grade_id="attitude-5-better"
check("attitude-5-better", answer_5)

# %% [markdown]
# ## 小结
#
# 这一页里，你**准备**了问卷，知道了量表、反向题和要收多少份；**检查**了收回的答卷，标出了没认真填的，比较了答卷和总体；**分类整理**了四类态度数据，把投诉转给了该答复的部门；**评估**了态度数据，给每个数字带上了区间。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 步骤 | 用什么 | 做什么 | 得到什么 |
# |---|---|---|---|
# | 做好收集态度数据的准备 | 题目表、总体人数、误差 | 选量表，设反向题，算份数 | 问卷模板 |
# | 收集态度数据 | 答卷、总体构成 | 查范围，标出有疑问的，加权 | 可以分析的答卷 |
# | 对态度数据进行分类整理 | 答卷、意见 | 分四类，分主题，转交投诉 | 分类整理表、转交表 |
# | 评估分析态度数据 | 各题的回答 | 信度、净推荐值、重要性—表现、Kano | 态度报告 |
#
# **自测**
#
# 1. 为什么一种态度要用几道题来问，还要有反向题？
# 2. 收回的份数够了，结论就可靠了吗？
# 3. 净推荐值是 5，区间从 −8 到 18，能说推荐的人比贬损的人多吗？
# 4. 一个方面做得很差，但客户不看重，应该先改它吗？
# 5. 必备的功能做得再好，客户也不会特别满意。那为什么还要先做它？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 几道题平均，能减少偶然；反向题让随便填的人露出马脚。
# 2. 不一定。份数只管碰巧的误差；回答的人和没回答的人不一样，或者题目问得不好，结论还是偏的。
# 3. 不能。区间跨过 0，说不准。
# 4. 不必。它在“暂缓”一格，先改“优先改进”的。
# 5. 因为没有它，客户会很不满意。
#
# </details>
#
# **拓展任务**　用本页写出的问卷模板，请十位以上的同学回答（征得同意，不记姓名），把答案填进“答卷录入”，再从头运行本页。然后完成三件事：
#
# 1. 你的 $\alpha$ 区间有多宽？和旭东的比一比，说出原因。
# 2. 找出一道与其余的题相关最弱的题，改写它，说明理由。
# 3. 在态度报告的后面加一页建议：先改进什么，依据哪个数字，怎样知道改进有没有效果。
#
# 下一步学习“客户人口统计数据识别”：答的人是谁，能不能代表全体。

# %% tags=["export"]
result = {"n_read": len(raw), "n_responses": len(answers), "n_used": len(kept), "n_refused": len(refused), "n_careless": int(flags["careless"].sum())}
result |= {"plan": plan, "population": people_kind, "n_effective": classes.attrs["n_effective"], "scores": scores, "statistics": statistics}
result |= {"nps": nps.iloc[0].to_dict(), "importance": matrix, "kano": kano, "sentiment": evaluation, "n_comments": len(comments), "topics": topics}
tables = {"scores": code_scales(kept, questions), "careless": flags, "classes": classes, "reliability": reliability, "items": statistics, "nps": nps}
tables |= {"comments": comments.drop(columns="comment"), "topics": topics, "routes": routes, "importance": tabulate_importance(matrix), "kano": tabulate_kano(kano)}
export(tables, result, name="attitude_analysis")
inside = {"得分和信度": scores, "谁回答了": classes, "意见的主题": topics, "重要性和表现": tabulate_importance(matrix), "功能的类别": tabulate_kano(kano)}
drawn = {"得分和信度": plot_likert(count_answers(kept, questions)), "净推荐值": plot_nps(nps)}
drawn |= {name: plot(frame) for name, plot, frame in (("重要性和表现", plot_importance, matrix), ("功能的类别", plot_kano, kano)) if len(frame)}
write_attitude_report(report, tables=inside, figures=drawn, titles={"n_items": "题数"})
