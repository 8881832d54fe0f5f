# %% [markdown]
# # 保持最有价值的客户
#
# 哪些客户带来的价值最多？怎样留住他们？他们占多大的比例，还能不能提高？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户区分：保持最有价值的客户 | 订单明细、客户接触记录、活动名单 | 价值等级、终身价值、保有政策表、等级变动、政策的评估 | 约 90 分钟 |
#
# 默认数据是旭东公司的订单、接触记录和活动名单。教材只给出“旭东”这个名称，它的行业、规模和每一行数据都是本套件虚构的，由程序生成，不含任何真实的人，随本套件按 MIT 许可发布。把参数 `orders` 改成 `cdnow`、`journey_orders`（The Complete Journey，84.51° 公布，自称依据真实购物规律模拟，只用于教学）或你自己的文件，本页的每个数字都会重新计算，缺少的几样会用一句话说明。

# %% [markdown]
# ## 你将学会
#
# - **确定**最有价值的客户：从消费金额算到净利，分出等级，再估计今后还会带来多少（终身价值）；
# - **制定**保有政策：按客户的状态写清做什么、用什么方式、谁负责、最多花多少；
# - **找出**值得提升的候选客户和可能离开的客户，**看清**客户在等级之间怎样升降；
# - **评估**政策有没有用：细读一项有对照组的活动，再为自己的政策**设计**评估。
#
# 学习之前，先走完总览（`0_start/1_tour`），知道什么是清洗、截止日期和 R、F、M。做一做要写一两行代码，题目里都有提示。

# %% tags=["hide-input"]
from crm_lib import clean_table, fit_rfm_bins, name_segments, score_rfm, summarize_rfm
from crm_lib.differentiate import classify_abc, compare_arms, compare_classes, list_candidates, list_overdue, measure_concentration, measure_gaps, plan_retention, simulate_rise, summarize_abc, summarize_class_profit, summarize_deciles
from crm_lib.lesson import account_tables, check, check_cuts, choose_as_of, choose_currency, choose_value, count_years, describe_arms, describe_baseline, describe_best, describe_candidates, describe_class_profit, describe_classes
from crm_lib.lesson import describe_cleaning, describe_disagreement, describe_overdue, describe_policy, describe_power, describe_value, divide_best, export, finding, gather_best, measure_baseline, parameters
from crm_lib.lesson import read_contacts, read_source, require_data, show_cleaning, show_figure, show_source, show_table, summarize_baseline, summarize_value
from crm_lib.lesson.most_valuable import check_lot, describe_campaign, describe_cohorts, describe_deciles, describe_lifetime, describe_moves, describe_origin, describe_trial, follow_cohorts, gather_figures, gather_people, gather_sheets
from crm_lib.lesson.most_valuable import measure_effects, measure_moves, measure_return, name_balance, read_campaign, show_best, show_campaign, show_cohorts, show_deciles, show_lifetime, show_moves, show_policy, show_trial, try_lifetime, value_lifetime
from crm_lib.plots import plot_class_profit, plot_pareto

# %% [markdown]
# 本页的参数可以改，改完以后从头运行全部单元。其中订单处理费 `cost_per_order`、毛利率 `margin` 和对照组的比例 `control_share` 是本页的**假设**，不是从数据里算出来的。后面有几步还要作别的假设，写在用到它的单元的第一行，可以在那里改。换一个假设，结论可能不同。

# %% tags=["parameters"]
orders: str = "xudong_orders"  # 订单文件，或样本数据的名字 <path>
contacts: str = "xudong_contacts"  # 客户接触记录，可以留空 <path>
campaigns: str = "xudong_campaigns"  # 营销活动，可以留空 <path>
members: str = "xudong_campaign_members"  # 活动名单，可以留空 <path>
campaign: str = ""  # 细读哪一项活动的编号，留空自动选一项
columns: str = ""  # 订单的列的对应，或存有对应关系的文件，留空则自动识别 <columns>
as_of: str = ""  # 截止日期，留空取最后一笔订单的次日 <date>
date_order: str = "auto"  # 日期里年月日的顺序 {auto, ymd, dmy, mdy}
scheme: str = "classic"  # 客户类别的方案：十一类或八类 {classic, eight}
a_cut: float = 0.80  # A 类到价值的多大比例为止，要小于 b_cut [0.05, 0.99]
b_cut: float = 0.95  # B 类到价值的多大比例为止 [0.06, 1]
cost_per_order: float = 8.0  # 处理一笔订单的费用，单位与金额相同，是本页的假设 [0, 10000]
margin: float = 0.3  # 成本不知道时的毛利率，是本页的假设 [0.01, 0.95]
control_share: float = 0.2  # A 类里留作对照组的比例，是本页的假设 [0.05, 0.5]
currency: str = ""  # 金额的单位，只用于显示；留空时样本用它自己的单位，别的文件用元
seed: int = 20  # 抽签的随机种子，同一个种子给出同样的结果 [0, 9999]

# %% tags=["hide-input"]
parameters("2_differentiation/1_most_valuable")
cuts = check_cuts(a_cut, b_cut)

# %% [markdown]
# ## 步骤一　确定最有价值的客户
#
# **想一想**：一位客户一年买了 6 万元，另一位买了 4 万元。谁对公司更有价值？还要知道什么，才能回答？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 只知道消费金额，回答不了。还要知道买的东西进价多少、打了多少折、退了多少货，以及为他花了多少服务：打了多少次电话、处理了多少笔订单。6 万元的客户如果总在打折时买小件，又常常来电，最后留下的利润可能更少。
#
# </details>
#
# 教材说，客户关系管理是同每位客户建立更好的关系，使全部客户的价值不断增长，并为此作出决策；客户分级的标准是客户价值。教材还要求记下**公司投入记录**：为赢得和留住客户花了多少时间和费用。所以本页从消费金额算起，一步步减到净利：
#
# - **毛利** = 消费金额 − 商品成本，退货已经减去；
# - **服务成本** = 各次接触的成本 + 订单数 × 每笔订单的处理费；
# - **净利** = 毛利 − 服务成本。
#
# 成本不知道的时候，程序不去猜，只用知道的最后一步来排序。先读入订单并清洗。

# %% tags=["finding", "nbval-check-output"]
raw = read_source(orders, "orders", columns=columns or None)
show_source(raw)
cleaned = clean_table(raw, "orders", date_order=date_order)
rows = cleaned.rows
require_data(cleaned)
show_cleaning(cleaned, "清洗的账目：每一行的去向")
finding(describe_cleaning(cleaned, n_read=len(raw)) + describe_origin(orders))

# %% [markdown]
# **怎样读**：先核对列的对应，再看账目。能与原来的购买配成对的退货已经相抵，两行都记在“合并”里，不会算成消费。
#
# 接着读入接触记录，算出每位客户的毛利、服务成本和净利。

# %% tags=["finding", "nbval-check-output"]
day, unit = choose_as_of(as_of, rows), choose_currency(currency, orders, rows)
talks, talks_kind = read_contacts(contacts, orders, rows)
profit = summarize_value(rows, as_of=day, contacts=talks, cost_per_order=cost_per_order)
by = choose_value(profit)
finding(describe_value(profit, by=by, contacts=talks_kind, unit=unit))

# %% [markdown]
# 变量 `by` 记下了按哪一列排序。下面把客户按这一列从高到低排队，累计到总数的一定比例（参数 `a_cut`，例如 0.8）为止是 **A 类**，再到 `b_cut`（例如 0.95）为止是 **B 类**，其余是 **C 类**。这叫 ABC 分析，不是教材的内容，是本套件的补充；本页把 A 类叫作最有价值的客户。设客户 $i$ 的价值是 $v_i$，比例是 $a$，那么他属于 A 类的条件是
#
# $$\sum_{v_j > v_i} v_j < a \sum_{v_j > 0} v_j$$
#
# 也就是说，价值比他高的客户加起来，还不到总数的 $a$。价值相同的客户总在同一类；价值不是正数的客户都在 C 类。**基尼系数**在 0 到 1 之间：人人相同时是 0，越接近 1，价值越集中在少数人手里。
#
# 第二张表换一种切法：把客户从高到低平均分成十份，叫**十分位**，也不是教材的内容。等级按价值切，十分位按人数切；价值相同的客户同样不会分开。

# %% tags=["finding", "nbval-check-output"]
ranked = profit.dropna(subset=[by])
abc = classify_abc(ranked, by=by, cuts=cuts)
classes = summarize_abc(abc, by=by)
show_table(classes, "各个价值等级的人数和价值")
finding(describe_classes(classes, measure_concentration(ranked, by=by), by=by, unit=unit))
deciles = summarize_deciles(ranked, by=by)
show_deciles(deciles, by=by, unit=unit)
finding(describe_deciles(deciles, by=by))

# %% [markdown]
# **怎样读**：A 类占总数的比例是参数 `a_cut` 定下来的，不算发现；值得看的是，凑满这个比例用了多少客户。十分位里先看第一份，再看最后一份是不是负数：负的一份拿走了前面客户挣来的钱。
#
# 下面先画累计曲线。再问一句：买得多的客户，是不是也留下得多？第二张图把各类的消费金额拆成三段，然后把按消费金额的排法同上面的排法比一比。

# %% tags=["finding"]
show_figure(plot_pareto(abc), f"价值的累计曲线（{len(abc):,} 位客户）")
class_profit = summarize_class_profit(profit, abc)
show_figure(plot_class_profit(class_profit), "各类的消费金额去了哪里")
finding(describe_class_profit(class_profit, unit=unit))
pairs = compare_classes(classify_abc(ranked, by="revenue", cuts=cuts), abc)
finding(describe_disagreement(pairs, profit, by=by, unit=unit))

# %% [markdown]
# **怎样读**：曲线从最有价值的客户开始累计，开头越陡，价值越集中；虚线是人人相同时的样子，竖的点线是 A 类和 B 类结束的地方。第二张图里，每一条的三段合起来是 100%；净利为负时，那一段画在零的左边。成本不知道时，那里只有一句话。两种排法的名单如果不同，只看消费金额就会把礼遇送给不该送的人，也会漏掉应当照顾的人。

# %% [markdown] tags=["exercise"] grade_id="mvc-1-share"
# **做一做 1（5 分）**　A 类客户占参加排序的全部客户的多大比例？
#
# 用 `abc` 表的 `abc_class` 列计算，把比例（写成小数，不乘 100）放进 `answer_1`。
#
# 提示：`abc["abc_class"] == "B"` 逐位判断“是不是 B 类”，判断结果的 `.mean()` 就是占比。换一个字母，就是这一题。

# %% tags=["solution"] grade_id="mvc-1-share"
### BEGIN SOLUTION
answer_1 = (abc["abc_class"] == "A").mean()
### END SOLUTION

# %% tags=["grade"] grade_id="mvc-1-share"
check("mvc-1-share", answer_1)

# %% [markdown]
# 以上说的都是过去。客户今后还会带来多少？这叫**客户终身价值**，不是教材的内容。它要回答三个问题：他还会来吗，来几次，每次花多少：
#
# $$\text{终身价值} = \text{利润的比例} \times \text{每次的金额} \times \sum_{t} \frac{\text{第 } t \text{ 周的预计次数}}{(1+d)^{t/52}}$$
#
# $d$ 是每年的折现率：明年的 100 元不如今天的 100 元。预计次数由模型从三个数算出：他又买过几次、最近一次是什么时候、认识他多久。两个模型 BG/NBD 和 Pareto/NBD 都假定：客户各有快慢，总有一天悄悄离开，而离开的人不会来告别。很久没来的客户，如果平时来得勤，多半已经走了；如果平时就来得少，可能还在。
#
# 模型说得准不准？先**检验**：把最后一段时间藏起来，只用前面的订单预测，再同实际相比。检验过了才用来估计今后。参数定不下来的模型不用，不硬编一个数。

# %% tags=["finding"]
ahead_weeks, discount = 52, 0.1  # 假设：看今后多少周，每年折现多少
trial = try_lifetime(rows, as_of=day, ahead=ahead_weeks)
show_trial(trial)
finding(describe_trial(trial))
lifetime = value_lifetime(rows, profit, abc, trial, by=by, margin=margin, discount=discount, seed=seed)
show_lifetime(lifetime, unit=unit)
finding(describe_lifetime(lifetime, by=by, unit=unit))

# %% [markdown]
# **怎样读**：图里的菱形（预计）落在竖线（实际的区间）里，模型就说得准；只看总数不够，一头多一头少也会凑成总数正确。表里“还在的可能”低的客户，先联系；区间很宽，因为一个人的将来本来就说不准，合在一起才稳。简单算法人人用同一个保有率，分不出谁要走，只拿来对照。

# %% [markdown] tags=["exercise"] grade_id="mvc-2-lifetime"
# **做一做 2（10 分）**　A 类客户的终身价值，占全部客户终身价值的多大比例？
#
# 用 `lifetime` 表计算：`abc_class` 列是等级，`lifetime_value` 列是终身价值。先合计，再相除。把比例（写成小数，不乘 100）放进 `answer_2`。
#
# 提示：`lifetime.loc[lifetime["abc_class"] == "B", "lifetime_value"].sum()` 是 B 类客户的合计。

# %% tags=["solution"] grade_id="mvc-2-lifetime"
### BEGIN SOLUTION
best_value = lifetime.loc[lifetime["abc_class"] == "A", "lifetime_value"].sum()
answer_2 = best_value / lifetime["lifetime_value"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="mvc-2-lifetime"
check("mvc-2-lifetime", answer_2)

# %% [markdown]
# ## 步骤二　制定保有政策
#
# **想一想**：A 类客户都很有价值，对他们可以用同一种办法吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不可以。上周刚来过的客户，送优惠券是白花钱；半年没来的客户，先要问清原因。办法要看客户的状态，花多少钱要看他带来多少利润，还要写清由谁去做，否则没有人做。
#
# </details>
#
# 教材讲客户档案的管理时提出四条原则：动态管理、重点管理、灵活运用、专人负责。A 类就是重点；专人负责，就要在政策里写上负责人。
#
# 客户的状态由 R、F 两个得分决定（1 分最差，5 分最好，都是同这批客户里的其他人相比）。RFM 和客户类别不是教材的内容。
#
# 下面先看 A 类有哪些客户，再给出保有政策表。
#
# **保有政策表**一行是一种状态，写清做什么、用什么方式、多久一次、谁负责。这些做法是本套件的建议，存在一张规则表里（`crm_lib/differentiate/policies/retention.toml`），公司可以换成自己的。
#
# 费用上限由利润算出：这一状态的客户平均每年带来的利润，乘以 `care_share`。比例小于 1，留住客户的花费就小于他带来的利润，前提是今后和过去差不多。

# %% tags=["finding", "nbval-check-output"]
rfm = summarize_rfm(rows, as_of=day)
segments = name_segments(score_rfm(rfm, bins=fit_rfm_bins(rfm)), scheme=scheme)
mvc = gather_best(segments, abc, by=by)
show_best(mvc, by=by)
finding(describe_best(mvc, by=by, unit=unit))
care_share = 0.05  # 假设：保有费用最多占利润的比例
years = count_years(rows, day)
policy = plan_retention(mvc, by=by, years=years, care_share=care_share)
show_policy(policy, unit=unit)
finding(describe_policy(policy, mvc, by=by, care_share=care_share, years=years, unit=unit))

# %% [markdown]
# **怎样读**：一行一行地问三个问题：做法对得上状态吗？费用上限够不够这种联系方式用？负责人忙得过来吗？联系之前，还要核对客户是否同意接收营销信息，不同意的不联系。

# %% [markdown] tags=["exercise"] grade_id="mvc-3-away"
# **做一做 3（10 分）**　A 类客户里，R 得分不高于 2 的客户，他们的价值占 A 类全部价值的多大比例？
#
# 用 `mvc` 表的 `score_r` 列和 `by` 那一列计算，2 分也算在内。把比例（写成小数）放进 `answer_3`。
#
# 提示：`mvc.loc[mvc["score_f"] == 5, by].sum()` 是 F 得分为 5 分的客户的价值合计。

# %% tags=["solution"] grade_id="mvc-3-away"
### BEGIN SOLUTION
answer_3 = mvc.loc[mvc["score_r"] <= 2, by].sum() / mvc[by].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="mvc-3-away"
check("mvc-3-away", answer_3)

# %% [markdown]
# ## 步骤三　保有并提高其比例
#
# **想一想**：要让最有价值的客户占更大的比例，除了去找新客户，还可以从哪里着手？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 从两头着手：一头是把 B 类里最接近的客户提上来，他们只差一点；另一头是守住 A 类，别让已有的客户走掉。两头都比从头找一位新的大客户省力，因为这些客户已经认识我们。
#
# </details>
#
# **提上来**：B 类的每位客户离 A 类还差多少？拿 A 类里价值最低的一位作标准，相减就是差距；再除以他以往平均每单带来的价值，就知道大约还要几笔订单。

# %% tags=["finding", "nbval-check-output"]
candidates = list_candidates(abc, profit, by=by)
n_rise = len(candidates) // 10  # 假设：B 类里最近的一成升入 A 类
show_table(candidates, "离 A 类最近的 B 类客户", most=8)
rise = simulate_rise(abc, n=n_rise, by=by, cuts=cuts)
scenes = rise["scenario"].map({"now": "现在", "raised": f"假设最近的 {rise.attrs['n_raised']} 位升上来"})
show_table(rise.assign(scenario=scenes), "A 类的比例：现在，和重新排一遍的假设")
finding(describe_candidates(candidates, rise, by=by, unit=unit))

# %% [markdown]
# **怎样读**：差距小、所需订单少的客户排在前面，先为他们花力气。第二张表只回答“假如升上来会怎样”，并没有说他们真的会升上来。
#
# **守住**：一位客户很久没来，是不是要走了？不能对所有人用同一把尺子：平时一周来一次的，一个月没来就不寻常；平时半年来一次的，一个月没来很正常。所以拿每位客户自己的习惯作标准。设一位客户有 $n$ 个购买日，第一天到最后一天相隔 $d$ 天，那么
#
# $$\text{平均间隔} = \frac{d}{n-1}, \qquad \text{间隔倍数} = \frac{\text{最近一次购买距今的天数}}{\text{平均间隔}}$$
#
# 同一天的几笔订单算一个购买日。购买日不到三个的客户，还谈不上习惯，不作判断。

# %% tags=["finding"]
late_factor = 3  # 假设：超过自己平均间隔的这个倍数，算作很久没来
gaps = measure_gaps(rows[rows["customer_id"].isin(mvc["customer_id"])], as_of=day)
overdue = mvc[["customer_id", by]].merge(list_overdue(gaps, factor=late_factor), on="customer_id")
show_table(overdue, f"A 类里超过自己平均间隔 {late_factor:g} 倍没来的客户，从最有价值的排起", most=8)
finding(describe_overdue(overdue, gaps, mvc, by=by, factor=late_factor))

# %% [markdown]
# **怎样读**：间隔倍数越大，越不像平常的样子。这张名单从最有价值的客户排起，交给步骤二里的负责人，先打电话问清原因，再决定要不要给优惠。

# %% [markdown]
# **比例真的提高了吗？** 把时间分成前后两期，每一期只按这一期的价值分等级，再看同一位客户从哪一级到了哪一级。前一期就认识、这一期一次也没买的，单独记作**未购买**，不混进 C 类。如果换等级只是偶然，从甲级到乙级的人数和从乙级到甲级的应当差不多；**Bowker 检验**就看每一对等级之间的来去对不对等：p 值小于 0.05，才说不像偶然。
#
# 再换一个角度：把客户按首次购买的时期编成一批一批，看每一批后来还有多少人来买，这叫**同期群**。等级变动、检验和同期群都不是教材的内容。

# %% tags=["finding"]
moves = measure_moves(rows, as_of=day, by=by, cuts=cuts, contacts=talks, cost_per_order=cost_per_order, weeks=ahead_weeks)
show_moves(moves)
finding(describe_moves(moves))
cohorts = follow_cohorts(rows, as_of=day)
show_cohorts(cohorts)
finding(describe_cohorts(cohorts))

# %% [markdown]
# **怎样读**：第一张图一行一行地读，一行的百分数合起来是 100%：对角线上是没有变的，右边是降的，左边是升的。老客户总有人离开，降的多并不奇怪；要紧的是 A 类这一行有多少留在对角线上，还有多少位靠新来的补上。第二张图横着读，看一批客户怎样慢慢变少；竖着读，看新来的几批是不是比从前留得住。空白是这一期还没有过完，不能当作 0。

# %% [markdown] tags=["exercise"] grade_id="mvc-4-moved"
# **做一做 4（10 分）**　前一期的 A 类客户里，后一期**不在** A 类的占多大比例？没有再买的也算不在。
#
# 用 `moves` 表计算：`from_class`、`to_class` 列是前后两期的等级，`n_customers` 列是人数。把比例（写成小数，不乘 100）放进 `answer_4`。
#
# 提示：`was = moves[moves["from_class"] == "B"]` 取出前一期的 B 类，`was.loc[was["to_class"] == "B", "n_customers"].sum()` 是其中没有变的人数。

# %% tags=["solution"] grade_id="mvc-4-moved"
### BEGIN SOLUTION
was = moves[moves["from_class"] == "A"]
answer_4 = was.loc[was["to_class"] != "A", "n_customers"].sum() / was["n_customers"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="mvc-4-moved"
check("mvc-4-moved", answer_4)

# %% [markdown]
# ## 步骤四　对政策的有效性进行评估
#
# **想一想**：政策执行了半年，八成的 A 类客户又来买了。能说政策有效吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不能。没有政策的时候，也许本来就有八成会再来。要知道政策的效果，得同没有得到政策的客户比，而且这两批客户开始时要差不多。最可靠的办法是抽签：抽中的先不执行政策，作为对照组。
#
# </details>
#
# 先看**做过的活动**，按四步细读一项：
#
# 1. **抽签执行好了吗？** 活动以前的几个指标放在一起，比一比两组；
# 2. **差别有多大？** 实施组减去对照组，带区间；没有送到的客户也算在实施组里，不能挑人；
# 3. **值不值？** 投资回报率 = (多得的利润 − 花费) ÷ 花费，多得的只算比对照组多的部分；
# 4. **能说明什么，不能说明什么？**
#
# 这些算法不是教材的内容。

# %% tags=["finding"]
read = read_campaign(campaigns, members, orders, choice=campaign, rows=rows, abc=abc, as_of=day)
lot = check_lot(read, seed=seed)
effects = measure_effects(read)
returned = measure_return(read, margin=lifetime.attrs["margin"], seed=seed)
show_campaign(read, lot, effects, unit=unit)
finding(describe_campaign(read, lot, effects, returned, unit=unit))

# %% [markdown]
# **怎样读**：顺序不能颠倒。抽签没有执行好，后面的差别再大也不能算数；区间含 0 的差别，投资回报率也就说不准。“扣除活动前消费的影响”用活动以前的消费解释掉一部分人和人的不同，区间常常更窄，但不能补救没有抽签的比较。
#
# 再看**本页的政策**：它还没有执行，效果算不出来，编一个数字是欺骗。现在能做三件事：量好**基期**，抽好**对照组**，算清**需要多少人**。
#
# 评估看三个指标：**保有率**（A 类客户在观察期里至少又下了一笔订单的比例）、平均每位客户的订单数、平均每位客户的净利。基期这样量：退回到观察期开始的那一天，只用当时已有的订单重新分一次等级，再看那时的 A 类客户在观察期里做了什么。
#
# 然后抽签：每种状态里按同样的比例抽，使两组的构成相近；同一位客户用同一个种子，抽签的结果总是一样，与名单的顺序无关。最后算人数：想看出的差别越小，需要的人越多；程序按比较两个比例的公式计算，有八成把握看出真实的差别，误把偶然当成差别的可能不超过 5%。

# %% tags=["finding", "nbval-check-output"]
window_days, lift = 180, 0.1  # 假设：观察多少天里有没有再买；希望看出的保有率的提高，0.1 是 10 个百分点
window = measure_baseline(rows, profit, window_days=window_days, by=by, cuts=cuts, contacts=talks)
baseline = summarize_baseline(window)
show_table(baseline, f"基期的指标：{window.attrs['start']} 的 A 类客户，在此后的 {window_days} 天里")
finding(describe_baseline(baseline, start=window.attrs["start"], day=day, days=window_days, unit=unit))
divided = divide_best(mvc, control_share=control_share, random_state=seed)
balance = compare_arms(divided, measures=["revenue", "n_orders", "recency_days"])
show_table(name_balance(balance), "两组开始时是否相近")
finding(describe_arms(divided, balance))
finding(describe_power(baseline, divided, lift=lift))

# %% [markdown]
# **怎样读**：保有率的区间说明它有多不确定，客户越少，区间越宽。基期里公司照常做事，还没有执行本页的政策；以后的保有率要同对照组比，不要只同基期比，因为季节和市场也会变。两组的平均值之差除以标准差，就能比较单位不同的指标，本页约定 0.25 以上算差得较多。不要为了好看反复换种子重抽，那就不是抽签了。

# %% [markdown] tags=["exercise"] grade_id="mvc-5-orders"
# **做一做 5（10 分）**　基期的 A 类客户里，在观察期又买过的那些客户，平均每人下了几笔订单？
#
# 用 `window` 表计算：`returned` 列说明有没有再买，`n_orders` 列是观察期里的订单数。没有再买的客户不算在内。把平均数放进 `answer_5`。
#
# 提示：`window.loc[window["returned"], "revenue"]` 取出再买的客户在观察期里的消费金额。

# %% tags=["solution"] grade_id="mvc-5-orders"
### BEGIN SOLUTION
answer_5 = window.loc[window["returned"], "n_orders"].mean()
### END SOLUTION

# %% tags=["grade"] grade_id="mvc-5-orders"
check("mvc-5-orders", answer_5)

# %% [markdown]
# ## 小结
#
# 这一页里，你**确定**了最有价值的客户，比较了按消费金额和按利润的两种排法，并在检验过模型以后估计了终身价值；**制定**了保有政策表，每位 A 类客户恰好归入一行；**找出**了离 A 类最近的候选客户和超过自己习惯没来的客户，**看清**了客户在等级之间的升降；**评估**了一项做过的活动，**设计**了自己的政策的评估，并且知道现在的人数够不够。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 步骤 | 用什么 | 做什么 | 得到什么 |
# |---|---|---|---|
# | 确定最有价值的客户 | 订单、接触记录 | 算到净利，分价值等级，检验并估计终身价值 | A、B、C 类名单，十分位，终身价值 |
# | 制定保有政策 | A 类名单，R、F 得分 | 按状态套用规则，算费用上限 | 保有政策表 |
# | 保有并提高其比例 | 价值等级，购买日 | 算差距，比自己的习惯，比前后两期 | 候选名单，很久没来的名单，等级变动，同期群 |
# | 对政策的有效性进行评估 | 活动名单，基期的订单 | 查抽签，比两组，算回报；量基期，算人数 | 活动的评价，评估方案 |
#
# **自测**
#
# 1. 毛利和净利差在哪里？
# 2. 两位客户的净利相同，会不会一位在 A 类、一位在 B 类？
# 3. 为什么判断“很久没来”要用每位客户自己的平均间隔？
# 4. 为什么对照组要用抽签来定，不能挑不太重要的客户？
# 5. 两组的保有率看不出差别，能说政策没有用吗？
# 6. 为什么检验终身价值的模型时，要把最后一段时间藏起来？
# 7. 同期群的图里，空白和 0% 有什么不同？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 净利比毛利多减了服务成本，也就是接触的成本和订单的处理费。
# 2. 不会。价值相同的客户总在同一类。
# 3. 各人来的快慢不同，同样的天数，对一位客户不寻常，对另一位很平常。
# 4. 挑出来的客户本来就不一样，两组的差别就分不清来自政策还是来自客户。抽签使两组除偶然以外没有差别。
# 5. 不能。人数太少时，真有差别也看不出来，要先看人数够不够。
# 6. 用教过模型的订单来检验，等于拿做过的题来考试，分数虚高。
# 7. 空白是这一期还没有过完，不知道；0% 是过完了，一位也没有来。
#
# </details>
#
# **拓展任务**　找一份你能合法使用的订单文件，最好带有单位成本，用它替换参数 `orders`（没有接触记录就把 `contacts` 留空），重新运行本页，然后完成三件事：
#
# 1. 比较两份数据：哪一份的价值更集中？写出你依据的数字。
# 2. 为保有政策表里的一行改写做法和负责人，说明理由，并检查费用上限够不够用。
# 3. 写一份半页的评估方案：观察多少天，对照组留多少人，看哪一个指标，差别多大才值得继续做。
#
# 净利为负的客户，留给“处理不盈利的客户”那一课。

# %% tags=["export"]
kit = {"profit": profit, "abc": abc, "segments": segments, "divided": divided, "lifetime": lifetime, "trial": trial, "moves": moves}
kit |= {"classes": classes, "class_profit": class_profit, "policy": policy, "candidates": candidates, "overdue": overdue, "window": window}
kit |= {"balance": name_balance(balance), "deciles": deciles, "cohorts": cohorts, "campaign": read, "lot": lot, "effects": effects, "returned": returned}
people = gather_people(kit, by=by)
result = {"as_of": day, "ranked_by": by, "contacts": talks_kind, "n_lines": len(raw), "n_customers": len(profit)}
result |= {"n_ranked": len(abc), "n_loss": int((ranked[by] < 0).sum()), "classes": classes, "class_profit": class_profit}
result |= {"concentration": measure_concentration(ranked, by=by), "policy": policy, "rise": rise, "baseline": baseline}
result |= {"n_candidates": len(candidates), "n_overdue": len(overdue), "balance": balance, "n_control": int((divided["arm"] == "control").sum())}
export(gather_sheets(kit | {"people": people}, account_tables(cleaned)), result | gather_figures(kit), name="value_ranking")
