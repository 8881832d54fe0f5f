# %% [markdown]
# # 培养最有增长潜力的客户
#
# 有的客户现在买得不多，却在别处花了很多。谁最值得培养？用什么办法？钱花下去，份额真的提高了吗？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户区分：培养最有增长潜力的客户 | 订单、商品、钱包调查、活动名单 | 增长名单、门槛的敏感度、份额的变化、活动的评价 | 约 90 分钟 |
#
# 默认数据是旭东公司的。教材只给出“旭东”这个名称，它的行业、规模和每一行数据都是本套件虚构的，由程序生成，不含任何真实的人，随本套件按 MIT 许可发布。也可以把参数换成 The Complete Journey（`journey_orders` 等，84.51° 公布，自称依据真实购物规律模拟，只用于教学），缺少的几样会用一句话说明。

# %% [markdown]
# ## 你将学会
#
# - **选定**最有增长潜力的客户：算出客户份额，比较现在带来的价值和潜在的价值，用写明的门槛分类；
# - **制订**激发潜力的措施：建议下一类商品，并检验建议准不准；
# - **扩大**公司在客户那里的份额：用有限的预算先做谁，再看份额变了没有；
# - **评价**并**修改**措施：有对照组的活动，继续、停止，还是再试。
#
# 学习之前，先学“保持最有价值的客户”（`2_differentiation/1_most_valuable`），知道净利和对照组。做一做要写一两行代码，题目里都有提示。

# %% tags=["hide-input"]
from crm_lib.differentiate import classify_growth, track_share
from crm_lib.lesson import check, choose_as_of, choose_currency, export, finding, parameters, show_table
from crm_lib.lesson.growth import compare_campaigns, describe_campaigns, describe_classes, describe_data, describe_estimate, describe_list, describe_moves, describe_rules
from crm_lib.lesson.growth import describe_share, describe_tracking, describe_trial, describe_uplift, estimate_potential, find_movable, find_rules, gather_baskets, gather_growth
from crm_lib.lesson.growth import gather_result, gather_tables, measure_panel, measure_people, pair_periods, plan_measures, set_thresholds, show_campaigns, show_classes
from crm_lib.lesson.growth import show_groups, show_list, show_moves, show_share, suggest_next, tabulate_rules, try_suggestions, try_thresholds

# %% [markdown]
# 本页的参数可以改，改完以后从头运行全部单元。`mvc_share` 和 `mgc_share` 是分类的门槛，`cost_per_order`、`margin` 和 `drift` 是本页的**假设**，不是从数据里算出来的。`company` 换一个数字，程序就当场编出另一家旭东公司。

# %% tags=["parameters"]
orders: str = "xudong_orders"  # 订单文件，或样本数据的名字 <path>
products: str = "xudong_products"  # 商品表，有商品类别，可以留空 <path>
contacts: str = "xudong_contacts"  # 客户接触记录，可以留空 <path>
wallet: str = "xudong_wallet"  # 钱包调查，可以留空 <path>
campaigns: str = "xudong_campaigns"  # 营销活动，可以留空 <path>
members: str = "xudong_campaign_members"  # 活动名单，可以留空 <path>
measures: str = ""  # 措施和它们的假设（TOML），留空用自带的 <path>
columns: str = ""  # 订单的列的对应，或存有对应关系的文件，留空则自动识别 <columns>
company: int = 0  # 0 用上面的文件，别的数字当场另编一家公司 [0, 9999]
as_of: str = ""  # 截止日期，留空取最后一笔订单的次日 <date>
date_order: str = "auto"  # 日期里年月日的顺序 {auto, ymd, dmy, mdy}
mvc_share: float = 0.20  # 实际价值最高的多大比例算最有价值 [0.01, 0.9]
mgc_share: float = 0.20  # 其余的人里潜在价值最高的多大比例算最有增长潜力 [0.01, 0.9]
budget: float = 600.0  # 培养客户的预算，单位与金额相同 [0, 100000000]
cost_per_order: float = 8.0  # 处理一笔订单的费用，是本页的假设 [0, 10000]
margin: float = 0.3  # 成本不知道时的毛利率，是本页的假设 [0.01, 0.95]
drift: float = 0.0  # 只问过一次钱包时，客户的总支出一年变化多少，是本页的假设 [-0.5, 1]
confidence: float = 0.8  # 估计总支出的区间要罩住多大比例的客户 [0.5, 0.95]
currency: str = ""  # 金额的单位，只用于显示；留空时样本用它自己的单位，别的文件用元
seed: int = 20  # 随机种子，同一个种子给出同样的结果 [0, 9999]

# %% tags=["hide-input"]
parameters("2_differentiation/2_most_growable")

# %% [markdown]
# ## 步骤一　选定最有增长潜力的客户
#
# **想一想**：教材举例说，一家人有 4 辆汽车，其中 2 辆是我们的品牌。另一家只有 1 辆，也是我们的。哪一家更有增长潜力？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 第一家的客户份额是 2 ÷ 4 = 50%，还有 2 辆在别处；第二家是 100%，已经没有可以争取的了，除非他们再买车。买得多的客户，不一定是能再增长的客户。
#
# </details>
#
# **客户份额**是客户在某一类产品上的支出里，花在我们这里的那一部分所占的比例：
#
# $$\text{客户份额} = \frac{\text{在我们这里的支出}}{\text{在这一类商品上的总支出}}$$
#
# 公司自己的订单只知道分子。分母要问客户，这样的调查叫“钱包调查”。先读入数据。

# %% tags=["finding", "nbval-check-output"]
data = gather_growth(orders=orders, products=products, contacts=contacts, wallet=wallet, campaigns=campaigns, members=members, columns=columns, date_order=date_order, company=company)
rows = data.rows
day, unit = choose_as_of(as_of, rows), choose_currency(currency, orders, rows)
finding(describe_data(data, day))

# %% [markdown]
# **怎样读**：合并的是重复的行和已经退掉的货。没有的东西写在第二句里，后面的步骤会照着少做，不会编一个数出来。
#
# 接着看回答过钱包调查的客户：`panel` 表一行是一位。

# %% tags=["finding"]
panel = measure_panel(data)
categories = show_share(panel, data.wallet, unit)
finding(describe_share(panel, categories, unit))

# %% [markdown]
# **怎样读**：灰色的一段是我们还没有得到的。份额低不等于好争取：也许那一类本来就不是我们的长处。

# %% [markdown] tags=["exercise"] grade_id="mgc-1-share"
# **做一做 1（5 分）**　回答过的客户合在一起，在**别处**花的钱占总支出的多大比例？
#
# 用 `panel` 表计算：`category_spend` 列是总支出，`our_spend` 列是在我们这里的支出。先合计，再相除。把比例（写成小数，不乘 100）放进 `answer_1`。
#
# 提示：`panel["our_spend"].sum()` 是在我们这里的合计；别处的等于总支出减去它。

# %% tags=["solution"] grade_id="mgc-1-share"
### BEGIN SOLUTION
answer_1 = 1 - panel["our_spend"].sum() / panel["category_spend"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="mgc-1-share"
check("mgc-1-share", answer_1)

# %% [markdown]
# 大多数客户没有回答过。程序从回答过的人学习：订单数、买几类、多久没来的客户，一共大概花多少，再用来**估计**其余的人。估计要检验：留出一部分回答过的人，不让模型看，再同“一律猜平均数”相比。
#
# 估计的数有区间，这里取**低端**来算潜力：估高了，会派人去找一位没有潜力的客户。潜在价值 = 在别处的支出 × 毛利率，也叫**战略价值**；**实际价值**是最近一年已经带来的。估计的办法和这两个价值的算法都是本套件的补充。

# %% tags=["finding"]
people = measure_people(data, day=day, cost_per_order=cost_per_order, margin=margin)
people, model = estimate_potential(people, panel, data, day=day, confidence=confidence, seed=seed)
finding(describe_estimate(people, model, unit))

# %% [markdown]
# **怎样读**：先看检验。模型比平均数差的时候，它的数只能说明先去问谁。潜在价值是上限：没有人会把别处的支出全转过来。
#
# 现在分类。三个类别的缩写 MVC（最有价值）、MGC（最有增长潜力）、BZ（不盈利）和下面的门槛都不是教材的内容。一位客户先看是不是不盈利，再看是不是最有价值，再看是不是最有增长潜力，第一个符合的算数。价值相同的客户总在同一类。

# %% tags=["finding"]
thresholds = set_thresholds(people, mvc_share=mvc_share, mgc_share=mgc_share)
graded = people.assign(growth_class=classify_growth(people, **thresholds)["growth_class"])
classes = show_classes(graded, thresholds, unit)
finding(describe_classes(graded, thresholds, unit))

# %% [markdown]
# **怎样读**：横着看现在，竖着看将来。点线是门槛：竖线右边是最有价值的，横线上边、竖线左边是最有增长潜力的。
#
# 门槛是人定的。定得高一点、低一点，名单会变多少？

# %% tags=["finding", "nbval-check-output"]
moved = try_thresholds(people, thresholds)
show_moves(moved, unit)
finding(describe_moves(moved, len(people)))

# %% [markdown]
# **怎样读**：每一行只移动一个门槛。“换类别的比例”大，说明很多客户就在门槛边上，分在哪一类差别不大，不要因为一个字母就区别对待。这一年没有买过的客户，实际价值常常正好是 0，“不盈利”的门槛一旦越过 0，他们会一起换类别。

# %% [markdown] tags=["exercise"] grade_id="mgc-2-part"
# **做一做 2（10 分）**　最有增长潜力的客户平均每人的潜在价值，是全部客户平均每人潜在价值的几倍？
#
# 用 `graded` 表计算：`growth_class` 列是类别，最有增长潜力的写作 `"MGC"`；`potential_value` 列是潜在价值。全部客户包括他们自己。把倍数放进 `answer_2`。
#
# 提示：`graded.loc[graded["growth_class"] == "MVC", "potential_value"].mean()` 是最有价值的客户的平均潜在价值。

# %% tags=["solution"] grade_id="mgc-2-part"
### BEGIN SOLUTION
answer_2 = graded.loc[graded["growth_class"] == "MGC", "potential_value"].mean() / graded["potential_value"].mean()
### END SOLUTION

# %% tags=["grade"] grade_id="mgc-2-part"
check("mgc-2-part", answer_2)

# %% [markdown]
# ## 步骤二　制订不断激发客户潜力的措施
#
# **想一想**：一位客户只在我们这里买床品。下一次向他推荐什么？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 可以看和他相像的客户还买什么，也可以推荐大家都买的一类。哪一种更准，不能靠感觉，要退回去试一试：半年前这样推荐，后来他真的买了吗？
#
# </details>
#
# 先看哪两类商品常被同一位客户买。“同一位客户”指他到截止日期为止买过的全部，不是同一张订单。

# %% tags=["finding", "nbval-check-output"]
baskets = gather_baskets(data, day)
rules = find_rules(baskets)
show_table(tabulate_rules(rules), "常被同一位客户买的两类商品", most=6)
finding(describe_rules(rules))

# %% [markdown]
# **怎样读**：“是全体的几倍”大于 1，就是比碰巧更常在一起。区间的下限也要高于全体的比例，才列在表里。
#
# 再为每位客户建议一类：找出和他买过的类别最相像的客户，看他们常买、他没有买过的是哪一类。然后**检验**：退回半年，只用当时知道的订单作建议，同“一律推荐最多人买的一类”相比。

# %% tags=["finding", "nbval-check-output"]
trial = try_suggestions(data, day)
suggested = suggest_next(baskets, trial, seed)
finding(describe_trial(trial, seed))

# %% [markdown]
# **怎样读**：猜中是后来第一次买了建议的那一类。两种办法用在同样的客户身上，所以能一位一位地比；区间含 0，就不能说谁更准。检验说建议更差的时候，后面的名单就改用最多人买的一类。

# %% [markdown] tags=["exercise"] grade_id="mgc-3-hits"
# **做一做 3（10 分）**　后来真的买了新类别的客户里，建议猜中的比例是多少？
#
# 用 `trial` 表计算：`n_new_categories` 列是后来第一次买的类别数，大于 0 的才算；`hit` 列说明建议有没有猜中。把比例（写成小数，不乘 100）放进 `answer_3`。
#
# 提示：`trial.loc[trial["n_new_categories"] > 1, "popular_hit"].mean()` 是买了两类以上新类别的客户里，最多人买的一类猜中的比例。

# %% tags=["solution"] grade_id="mgc-3-hits"
### BEGIN SOLUTION
answer_3 = trial.loc[trial["n_new_categories"] > 0, "hit"].mean()
### END SOLUTION

# %% tags=["grade"] grade_id="mgc-3-hits"
check("mgc-3-hits", answer_3)

# %% [markdown]
# 措施有三种，按客户的情况套用，存在一张表里（`crm_lib/differentiate/policies/growth.toml`），公司可以换成自己的：
#
# - 同类客户常买、他还没有买的一类：**推荐这一类**；
# - 没有这样的一类：在已经买的类别里，**请他把别处的采购转过来**；
# - 潜在价值很高，拜访的预计收益比上面的还高：**专人拜访**。
#
# 每种措施的费用、见效的比例、见效后能争取到的部分，都是本套件的假设。做过步骤四那样的试验以后，用试验的结果换掉它们。

# %% [markdown]
# ## 步骤三　扩大其公司份额
#
# **想一想**：预算只够做一部分客户，先做潜力最大的，对吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不一定。潜力大的，措施也可能贵得多，见效的人却不多。要看每花 1 元能多得几元，从最高的做起，直到预算用完；得不偿失的，有预算也不做。
#
# </details>
#
# 对每位客户：预计收益 = 见效的比例 × 见效后的毛利 − 费用。除以费用，就是每花 1 元的预计收益。

# %% tags=["finding"]
grown = plan_measures(graded, suggested, measures=measures, budget=budget)
show_list(grown, unit)
finding(describe_list(grown, budget, unit))

# %% [markdown]
# **怎样读**：名单从上往下做，“累计费用”到预算为止。联系之前，还要核对客户是否同意接收营销信息，不同意的不联系。

# %% [markdown] tags=["exercise"] grade_id="mgc-4-budget"
# **做一做 4（10 分）**　预算之内的客户，平均每人的预计收益是多少？
#
# 用 `grown` 表计算：`chosen` 列说明在不在预算之内，`expected_gain` 列是预计收益（已经减去费用）。把平均数放进 `answer_4`。
#
# 提示：`grown.loc[grown["chosen"], "measure_cost"].sum()` 是预算之内的费用合计。

# %% tags=["solution"] grade_id="mgc-4-budget"
### BEGIN SOLUTION
answer_4 = grown.loc[grown["chosen"], "expected_gain"].mean()
### END SOLUTION

# %% tags=["grade"] grade_id="mgc-4-budget"
check("mgc-4-budget", answer_4)

# %% [markdown]
# 份额真的扩大了吗？要用**同一批客户**的两期来比。程序把客户当作整体抽样很多次，每次都带着他的两期（配对自助法），看变化有多不确定。

# %% tags=["finding", "nbval-check-output"]
pairs = pair_periods(data, panel, day=day, drift=drift)
tracked = track_share(pairs, random_state=seed)
finding(describe_tracking(pairs, tracked, drift))

# %% [markdown]
# **怎样读**：区间含 0，就不能说份额变了。钱包只问过一次时，结论靠着 `drift` 这个假设：改成 0.1 再运行一次，看结论变不变；变了，就说明应当再问一次。

# %% [markdown] tags=["exercise"] grade_id="mgc-5-change"
# **做一做 5（10 分）**　这些客户合在一起，份额从前一期到后一期变化了几个**百分点**？
#
# 用 `pairs` 表计算：`spend_before`、`ours_before` 列是前一期的总支出和在我们这里的支出，`spend_after`、`ours_after` 列是后一期的。后一期的份额减去前一期的，乘 100。下降写成负数。把结果放进 `answer_5`。
#
# 提示：`pairs["ours_before"].sum() / pairs["spend_before"].sum()` 是前一期的份额。

# %% tags=["solution"] grade_id="mgc-5-change"
### BEGIN SOLUTION
share_before = pairs["ours_before"].sum() / pairs["spend_before"].sum()
answer_5 = 100 * (pairs["ours_after"].sum() / pairs["spend_after"].sum() - share_before)
### END SOLUTION

# %% tags=["grade"] grade_id="mgc-5-change"
check("mgc-5-change", answer_5)

# %% [markdown]
# ## 步骤四　评价修改管理措施
#
# **想一想**：发了优惠券以后，收到的客户平均多花了 30 元。措施有效吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 还缺两样。没有收到的客户也许同样多花了，要同抽签留出的对照组比；多花的 30 元里只有一部分是毛利，还要减去优惠和寄送的费用。
#
# </details>
#
# 下面评价做过的活动。名单是抽签分的两组，两组之差就是活动的效果；乘以毛利率，减去费用，是每位客户的净收益。

# %% tags=["finding"]
effects = compare_campaigns(data, margin_share=people.attrs["margin_share"])
show_campaigns(effects, unit)
finding(describe_campaigns(effects, unit))

# %% [markdown]
# **怎样读**：实心点的区间不含 0。“说不准”不是“没有用”，是人数太少，看不出来。
#
# 全体看不出效果，会不会对一部分人有用？程序按活动以前的情况预计每位客户受影响的大小（uplift，增量），再看预计最大的一组是不是真的差别最大。

# %% tags=["finding"]
uplift = find_movable(data, seed=seed)
show_groups(uplift)
finding(describe_uplift(uplift))

# %% [markdown]
# **怎样读**：柱子是实际的差别，菱形是预计的。排名有用时，柱子应当从左到右变低。每一组的人更少，区间更宽；人少时不要从一根高柱子编出故事。
#
# 修改措施有三种：效果清楚的继续，清楚地亏的停止或改，说不准的换一种做法再试。试的时候先定好人数（见“保持最有价值的客户”步骤四），再把试出来的见效比例写回措施的表里。

# %% [markdown]
# ## 小结
#
# 这一页里，你**选定**了最有增长潜力的客户，知道了份额从哪里来、估计得准不准、名单对门槛敏不敏感；**制订**了措施，检验了建议准不准；用预算**扩大**份额，排出了先做谁，并看了份额的变化；**评价**了做过的活动，知道哪些该**修改**。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 步骤 | 用什么 | 做什么 | 得到什么 |
# |---|---|---|---|
# | 选定 | 钱包调查、订单 | 算份额，估潜力，按门槛分类 | 三类客户，门槛的敏感度 |
# | 制订不断激发客户潜力的措施 | 买过的类别 | 找规律，建议下一类，退回半年检验 | 每位客户的措施 |
# | 扩大其公司份额 | 措施的假设、预算 | 按每花 1 元的收益排队，比较两期 | 增长名单，份额的变化 |
# | 评价修改管理措施 | 有对照组的活动 | 比两组，找谁受影响 | 继续、停止或再试 |
#
# **自测**
#
# 1. 客户份额和市场份额差在哪里？
# 2. 为什么估计的潜力要取低端？
# 3. 最有价值的客户会不会也有很大的潜力？本页把他放在哪一类？
# 4. 为什么检验建议时，不能用建议以后的订单来作建议？
# 5. 同一批客户的两期，为什么不能当作两批不同的客户来比？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 客户份额看一位客户的支出里我们占多少；市场份额看整个市场里我们占多少。
# 2. 估高了会把钱花在没有潜力的人身上；低端仍然很高的，才值得先做。
# 3. 会。本页先看实际价值，把他放在最有价值的一类，先保住。
# 4. 那等于偷看答案，猜中的比例会虚高，用到将来就没有那么准。
# 5. 一位客户前后两期很相像，配对比较把人和人的差别抵消掉，看得更清楚。
#
# </details>
#
# **拓展任务**　选一类你熟悉的商品，向 10 位同学做一次钱包调查：这一类一学期一共花多少，在最常去的那一家花多少。然后完成两件事：
#
# 1. 算出那一家在这 10 位同学里的客户份额，用合计相除和先求各人份额再平均两种算法，说明为什么不同。
# 2. 为那一家写一份半页的培养方案：先找谁，用什么措施，怎样留对照组，多久以后评价。
#
# | 看什么 | 4 分 | 2 分 | 0 分 |
# |---|---|---|---|
# | 份额算得对 | 两种算法都对，说清为什么不同 | 只有一种对 | 都不对 |
# | 措施有依据 | 每条措施都对得上数据 | 一半对得上 | 没有依据 |
# | 能评价 | 有对照组、有期限、有指标 | 缺一样 | 缺两样以上 |
#
# 现在和将来都不带来价值的客户，留给“处理不盈利的客户”那一课。

# %% tags=["finding", "export"]
kit = {"grown": grown, "graded": graded, "moved": moved, "categories": categories, "rules": rules, "trial": trial, "pairs": pairs}
kit |= {"effects": effects, "classes": classes, "tracked": tracked, "thresholds": thresholds, "panel": panel, "uplift": uplift}
export(gather_tables(kit), gather_result(kit, day=day, unit=unit), name="growth_list")
