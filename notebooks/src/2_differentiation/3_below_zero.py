# %% [markdown]
# # 处理不盈利的客户
#
# 有没有客户，我们为他花的比他带来的还多？他们以后会好起来吗？该怎样处理，才既不亏钱，也不冤枉人？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户区分：处理不盈利的客户 | 订单明细、客户接触记录、客户登记表 | 处理名单、规则表、规则的检验 | 约 75 分钟 |
#
# 默认数据是旭东公司的订单、接触记录和登记表。教材只给出“旭东”这个名称，它的行业、规模和每一行数据都是本套件虚构的，由程序生成，不含任何真实的人，随本套件按 MIT 许可发布。登记表里只读性别和出生日期，只用来检查公平，不显示任何一个人的。

# %% [markdown]
# ## 你将学会
#
# - **圈定**不盈利的客户：把服务费用按用量分到每位客户，画出鲸鱼曲线，再看他以后会不会好；
# - **比较**几种处理办法，说清依靠哪些假设，哪一个假设最要紧；
# - **决定**谁去除、谁转移，每位客户一句理由，并检查规则有没有冤枉某一类人；
# - **完善**规则：退回到从前试一遍，看误去除了谁，再改界限。
#
# 学习之前，先学“保持最有价值的客户”（`2_differentiation/1_most_valuable`），知道什么是毛利、服务成本和净利。做一做要写一两行代码，题目里都有提示。

# %% tags=["hide-input"]
from crm_lib.differentiate import Assumptions, measure_tornado, measure_whale, simulate_treatments
from crm_lib.lesson import account_tables, check, choose_as_of, choose_currency, describe_cleaning, export, finding, parameters, show_cleaning, show_figure, show_table
from crm_lib.lesson.below_zero import assumption_words, choose_limit, choose_plan, compare_plans, cost_customers, describe_away, describe_costs
from crm_lib.lesson.below_zero import describe_groups, describe_limits, describe_past, describe_plan, describe_prospects, describe_proxies, describe_simulated
from crm_lib.lesson.below_zero import describe_tornado, describe_whale, export_list, foresee, gather_trade, list_doubtful, list_rates
from crm_lib.lesson.below_zero import list_treated, look_back, look_for_proxies, make_rules, name_choices, name_proxies, name_rules
from crm_lib.lesson.below_zero import share_by_group, sum_treated, summarize_simulated, try_limits, try_unfair_rule
from crm_lib.plots import plot_tornado, plot_whale

# %% [markdown]
# 本页的参数可以改，改完以后从头运行全部单元。四项 `pool_…` 是一个时期里各项活动一共花了多少钱，是本页的**假设**：真实的公司要从账上去查。换一份数据，先换成那家公司的数。

# %% tags=["parameters"]
orders: str = "xudong_orders"  # 订单文件，或样本数据的名字 <path>
contacts: str = "xudong_contacts"  # 客户接触记录，可以留空 <path>
customers: str = "xudong_customers"  # 客户登记表，只用来检查公平，可以留空 <path>
columns: str = ""  # 订单的列的对应，或存有对应关系的文件，留空则自动识别 <columns>
as_of: str = ""  # 截止日期，留空取最后一笔订单的次日 <date>
date_order: str = "auto"  # 日期里年月日的顺序 {auto, ymd, dmy, mdy}
weeks: int = 52  # 一个时期有几周 [4, 208]
pool_orders: float = 48000.0  # 一个时期处理订单的费用合计 [0, 1000000000]
pool_delivery: float = 52000.0  # 配送的费用合计 [0, 1000000000]
pool_returns: float = 12000.0  # 处理退货的费用合计 [0, 1000000000]
pool_contacts: float = 45000.0  # 联系客户的费用合计 [0, 1000000000]
margin: float = 0.3  # 订单没有单位成本时，假设毛利占消费金额的比例 [0, 1]
loss_limit: float = 50.0  # 一个时期亏损多少才处理 [0, 1000000]
new_days: int = 90  # 成为客户不超过几天的，先不判断 [0, 1000]
currency: str = ""  # 金额的单位，只用于显示；留空时样本用它自己的单位，别的文件用元

# %% tags=["hide-input"]
parameters("2_differentiation/3_below_zero")
pools = {"order_handling": pool_orders, "delivery": pool_delivery, "return_handling": pool_returns, "contact": pool_contacts}

# %% [markdown]
# ## 步骤一　圈定不盈利的客户
#
# **想一想**：一位客户一年买了 3,000 元，毛利 1,000 元。他会不会是不盈利的客户？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 会。如果他一年下 40 次小单，每次都要送货，退了一半，还打了几十次电话，为他花的钱可能超过 1,000 元。只看毛利看不出来，要把服务他的费用也算到他头上。
#
# </details>
#
# 服务费用通常只有一个总数：处理订单一年花了多少，配送一年花了多少。**按活动分配费用**的办法是：每项活动找一个数得出来的用量（几笔订单、几件退货、几分钟），用总数除以全部用量，得到一个单价，再乘每位客户的用量。它叫作业成本法，不是教材的内容。
#
# $$\text{单价} = \frac{\text{这项活动的费用合计}}{\text{全部客户的用量}}, \qquad \text{净利} = \text{毛利} - \sum \text{单价} \times \text{用量}$$
#
# 先读入数据并清洗。折扣已经从消费金额里减去，不再算一次。

# %% tags=["finding", "nbval-check-output"]
trade = gather_trade(orders=orders, contacts=contacts, customers=customers, columns=columns, date_order=date_order, margin=margin)
show_cleaning(trade.cleaned, "清洗的账目：每一行的去向")
finding(describe_cleaning(trade.cleaned, n_read=trade.n_read))

# %% [markdown]
# **怎样读**：买了又全部退掉的，两行都记在“合并”里，不算消费；但是处理、配送、收退货都花了工夫，所以算费用的时候要把它们请回来。
#
# 接着把费用分到每位客户。

# %% tags=["finding", "nbval-check-output"]
day, unit = choose_as_of(as_of, trade.rows), choose_currency(currency, orders, trade.rows)
costed = cost_customers(trade, day, weeks=weeks, costs=pools)
rates = list_rates(costed, pools, talks_kind=trade.talks_kind)
show_table(rates, f"各项费用怎样分给客户（{unit}）", titles={"driver": "单位", "rate": "单价"})
finding(describe_costs(rates, costed, trade, weeks=weeks, unit=unit))

# %% [markdown]
# **怎样读**：每一行都是“费用合计 = 分给客户的 + 没有人用到的”，一分不多，一分不少。没有人用到的，说明数据里数不出这项用量，或者这个时期真的没有。
#
# 把客户按净利从高到低排队，一位一位累计，画出来的曲线先上升，过了最高处又落下，像一条浮出水面的鲸鱼，所以叫**鲸鱼曲线**（Kaplan 和 Narayanan，2001，不是教材的内容）。落下的那一段就是不盈利的客户。

# %% tags=["finding"]
curve = measure_whale(costed)
show_figure(plot_whale(curve), f"鲸鱼曲线（{len(curve):,} 位客户）")
finding(describe_whale(curve, costed, unit=unit))

# %% [markdown]
# **怎样读**：最高处同终点的高度差，是不盈利的客户带走的利润。曲线第一次升到虚线的地方，是已经赚够全部净利的客户数。
#
# **现在亏，以后还亏吗？** 刚来的客户，第一笔订单的费用还没有挣回来，不能马上下结论。来得久的，要看他预计再买几次：
#
# $$\text{预计下期净利} = \text{预计购买次数} \times (\text{以往平均每单毛利} - \text{本期平均每单的服务成本})$$
#
# 预计购买次数用 Pareto/NBD 模型，它从每位客户以往买的次数和最近一次购买的日子，推算他以后还会来几次，也不是教材的内容。模型用不了的时候，改用一条简单的规则，并且说出来。

# %% tags=["finding", "nbval-check-output"]
people = foresee(costed, trade, weeks=weeks)
doubtful = list_doubtful(people, new_days=new_days)
shown = doubtful[["customer_id", "n_orders", "gross_profit", "cost_to_serve", "net_profit", "expected_orders", "outlook_profit"]]
show_table(shown, f"现在亏、预计还会亏的客户，从亏得最多的排起（{unit}）", most=8)
finding(describe_prospects(people, new_days=new_days))

# %% [markdown]
# **怎样读**：这张名单还不是处理的决定，只是值得一位一位看清楚的客户。先看服务成本，再看毛利：有的是服务用得太多，有的是买得太便宜。

# %% [markdown] tags=["exercise"] grade_id="bz-1-share"
# **做一做 1（5 分）**　服务成本比毛利还多的客户，占全部客户的多大比例？
#
# 用 `people` 表的 `cost_to_serve` 列和 `gross_profit` 列计算，把比例（写成小数，不乘 100）放进 `answer_1`。
#
# 提示：`people["revenue"] > people["gross_profit"]` 逐位比较两列，比较结果的 `.mean()` 就是占比。

# %% tags=["solution"] grade_id="bz-1-share"
### BEGIN SOLUTION
answer_1 = (people["cost_to_serve"] > people["gross_profit"]).mean()
### END SOLUTION

# %% tags=["grade"] grade_id="bz-1-share"
check("bz-1-share", answer_1)

# %% [markdown] tags=["exercise"] grade_id="bz-2-lost"
# **做一做 2（10 分）**　有利润的客户每赚 100 元，被不盈利的客户带走多少元？
#
# 用 `people` 表的 `net_profit` 列计算：净利为负的合计（去掉负号），除以净利为正的合计，再乘 100。把结果（正数）放进 `answer_2`。
#
# 提示：`people.loc[people["net_profit"] > 0, "net_profit"].sum()` 是有利润的客户一共赚了多少。

# %% tags=["solution"] grade_id="bz-2-lost"
### BEGIN SOLUTION
earned = people.loc[people["net_profit"] > 0, "net_profit"].sum()
answer_2 = -100 * people.loc[people["net_profit"] < 0, "net_profit"].sum() / earned
### END SOLUTION

# %% tags=["grade"] grade_id="bz-2-lost"
check("bz-2-lost", answer_2)

# %% [markdown]
# ## 步骤二　研讨处理办法
#
# **想一想**：对亏钱的客户，除了不再服务，还有什么办法？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 可以少给折扣，可以请他用便宜的渠道（自助查询代替电话），可以介绍给更适合服务他的伙伴，也可以什么都不做：他也许自己会好，处理的费用也许比亏损还大。不再服务是最后的办法。
#
# </details>
#
# 本页比较五种办法：不动、调整价格、换便宜的渠道、转移、去除。每一种的结果都要靠**假设**：提价以后有多少人离开？客户走了，服务他的费用能省下多少？下面的数都是假设，写在单元的前几行，可以改。

# %% tags=["finding", "nbval-check-output"]
given = Assumptions(price_rise=0.05, leave_at_rise=0.10, cost_cut=0.40, saved_at_end=0.80)
simulated = simulate_treatments(doubtful, assumptions=given)
options = summarize_simulated(simulated)
titles = {"mean_profit": "平均每人净利", "mean_gain": "平均每人比不动多", "n_best": "最适合的人数"}
show_table(name_choices(options), f"五种办法，用在现在亏、预计还会亏的客户身上（{unit}）", titles=titles)
finding(describe_simulated(options, len(doubtful), unit=unit))

# %% [markdown]
# **怎样读**：“最适合的人数”是一位一位比出来的：对多少位客户，这种办法的结果最好。平均最好的办法，不一定适合每一位。服务费用里有一部分是房租、系统这样的固定费用，客户走了也省不下来，所以去除不等于不亏。
#
# 模拟的结果最好，不等于应当这样做：客户会不高兴，假设会错。所以用一张**规则表**来决定，规则要少，要说得出理由，谁来看都一样。从上往下试，第一条合适的规则算数；同名的几行要同时满足。

# %% tags=["finding", "nbval-check-output"]
rules = make_rules(loss_limit=loss_limit, new_days=new_days)
show_table(name_rules(rules), "规则表：从上往下，第一条合适的算数", titles={"reason": "理由"})
chosen = choose_plan(people, rules, given, unit=unit)
show_table(sum_treated(chosen), f"各种办法的人数（{unit}）", titles={"net_profit": "现在的净利", "gain_amount": "比不动多"})
finding(describe_plan(chosen, people, rules, unit=unit))

# %% [markdown]
# **怎样读**：前三条规则都是“不动”，它们先把不该处理的客户保护起来。“比不动多”是照假设算的，不是保证。
#
# 哪一个假设最要紧？每次只变一个，其余不动，看整份方案的结果变多少。最宽的一条画在最上面，这叫**龙卷风图**，不是教材的内容。

# %% tags=["finding"]
spans = {"price_rise": (0.02, 0.10), "leave_at_rise": (0.0, 0.4), "cost_cut": (0.1, 0.6), "saved_at_end": (0.3, 1.0)}
handled = chosen[chosen["treatment"] != "leave_alone"]
tornado = measure_tornado(people, handled, ranges=spans, assumptions=given)
show_figure(plot_tornado(tornado, words=assumption_words()), "每个假设单独变动时，方案的结果")
finding(describe_tornado(tornado, len(handled), unit=unit))

# %% [markdown] tags=["exercise"] grade_id="bz-3-gain"
# **做一做 3（10 分）**　要处理的客户（办法不是“不动”），平均每人的增益是多少？
#
# 用 `chosen` 表计算：`treatment` 列是办法的代号，“不动”写作 `leave_alone`；`gain_amount` 列是比不动多得多少。把平均数放进 `answer_3`。
#
# 提示：`chosen.loc[chosen["treatment"] == "end", "profit"].mean()` 是要去除的客户现在的平均净利；“不等于”写成 `!=`。

# %% tags=["solution"] grade_id="bz-3-gain"
### BEGIN SOLUTION
answer_3 = chosen.loc[chosen["treatment"] != "leave_alone", "gain_amount"].mean()
### END SOLUTION

# %% tags=["grade"] grade_id="bz-3-gain"
check("bz-3-gain", answer_3)

# %% [markdown]
# ## 步骤三　去除或转移
#
# **想一想**：能不能规定“60 岁以上、亏钱的客户不再服务”？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不能。年龄、性别、民族、健康这些特征，客户改变不了，按它们区别对待是歧视，也可能违法。要看的是他做过的事：下了几单，退了几件，用了多少服务。就算规则里没有写年龄，如果用到的列同年龄很像，结果也会一样，所以还要量一量。
#
# </details>
#
# 先试着加一条不应当有的规则，看程序怎样回答。再看没有写进规则的性别和年龄：各组被处理的比例是不是差不多，规则用到的列会不会变相代表它们。

# %% tags=["finding", "nbval-check-output"]
unfair = "age"  # 换成别的列试试，例如 gender 或 n_orders
finding(try_unfair_rule(people, rules, column=unfair))
groups = share_by_group(chosen, trade.people)
show_table(groups, "各组客户被处理的比例（人数太少的组不显示）", titles={"group": "组"})
finding(describe_groups(groups))
proxies = look_for_proxies(people, trade.people, rules)
show_table(name_proxies(proxies), "规则用到的列，同性别、年龄走得多近", most=4, titles={"n": "人数"})
finding(describe_proxies(proxies))

# %% [markdown]
# **怎样读**：强度从 0 到 1，0 是毫无关系。区间重叠只说明看不出差别，不证明没有差别；人数越少，越看不出来。
#
# 最后是要**去除或转移**的客户。去除不是把人赶走：不再主动联系、不再发优惠，他来买照常卖。转移是介绍给服务费用更低的伙伴，先要问客户同不同意，他的信息才能给别人。

# %% tags=["finding", "nbval-check-output"]
treated = list_treated(chosen, people)
away = chosen[chosen["treatment"].isin(["transfer", "end"])].sort_values(["profit", "customer_id"])
shown = name_choices(away)[["customer_id", "treatment", "explained"]]
show_table(shown, "要去除或转移的客户，每位一句理由", most=8)
finding(describe_away(away, treated))

# %% [markdown]
# **怎样读**：把说明读给客户听，能不能说得出口？说不出口的理由，就不该写进规则。

# %% [markdown] tags=["exercise"] grade_id="bz-4-spared"
# **做一做 4（10 分）**　净利为负，但是规则决定“不动”的客户有多少位？
#
# 用 `chosen` 表的 `profit` 列（现在的净利）和 `treatment` 列计算，把人数（一个整数）放进 `answer_4`。
#
# 提示：两个条件用 `&` 连接，每个条件放在一对圆括号里；判断结果的 `.sum()` 就是人数。

# %% tags=["solution"] grade_id="bz-4-spared"
### BEGIN SOLUTION
answer_4 = int(((chosen["profit"] < 0) & (chosen["treatment"] == "leave_alone")).sum())
### END SOLUTION

# %% tags=["grade"] grade_id="bz-4-spared"
check("bz-4-spared", answer_4)

# %% [markdown]
# ## 步骤四　完善管理办法
#
# **想一想**：处理了一批亏损的客户，一年以后三成的人有了利润。能说办法有效吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不能。亏得特别多的一年，往往有运气不好的成分，比如碰巧退了一大单。下一年就算什么也不做，也会有人好起来。要同没有处理的客户比，才知道办法起了多少作用。
#
# </details>
#
# 规则定了，还要检验。办法是退回到一个时期以前，只用当时已有的订单，按同样的单价和同样的规则选一遍，再看这些客户在后来这个时期里怎样。

# %% tags=["finding", "nbval-check-output"]
past = look_back(trade, people, weeks=weeks, loss_limit=loss_limit, new_days=new_days, assumptions=given)
later, titles = past.later, {"mean_change": f"平均变化（{unit}）"}
show_table(name_choices(past.reviewed), f"{past.day} 的规则，看此后的 {weeks} 周", titles=titles)
finding(describe_past(past))

# %% [markdown]
# **怎样读**：“转亏为盈的比例”后面是它的区间，人数少的时候很宽。“误去除”是规则要去除或转移，后来却有利润的客户：真的去除了，就丢掉了这些利润。
#
# 最后改**界限**：亏损多少才处理？界限太低，会惊动自己就会好的客户；太高，会漏掉一直亏的。把几个界限都用到从前，看各自圈住的客户后来一共带来多少净利：越是负的，越值得处理。

# %% tags=["finding", "nbval-check-output"]
limits = sorted({loss_limit, 0.0, 25.0, 50.0, 100.0, 200.0})
tried = try_limits(past, limits=limits, new_days=new_days)
show_table(tried, f"不同的界限，用在 {past.day}")
new_limit = choose_limit(tried, now=loss_limit)
plans = compare_plans(people, limits=[loss_limit, new_limit], new_days=new_days, assumptions=given)
finding(describe_limits(tried, plans, now=loss_limit, new=new_limit, unit=unit))

# %% [markdown]
# **怎样读**：圈住的人数分成三份：又亏的、转亏为盈的、没有再来的。没有再来的客户，不处理也不会再花我们的钱。改了界限，下一期还要再检验一次，一年一年地改，规则才会越来越好。

# %% [markdown] tags=["exercise"] grade_id="bz-5-back"
# **做一做 5（10 分）**　当时亏损的客户里，后来转亏为盈的占多大比例？
#
# 用 `later` 表计算：`profit` 列是当时的净利，`now` 列是后来的净利，没有再来的空着。分母是当时亏损的全部客户，没有再来的也算；后来的净利大于或等于 0 算转亏为盈。把比例（写成小数）放进 `answer_5`。
#
# 提示：`later[later["profit"] >= 0]` 取出当时不亏的客户；空着的值同任何数比较，结果都是“否”。

# %% tags=["solution"] grade_id="bz-5-back"
### BEGIN SOLUTION
losing = later[later["profit"] < 0]
answer_5 = (losing["now"] >= 0).mean()
### END SOLUTION

# %% tags=["grade"] grade_id="bz-5-back"
check("bz-5-back", answer_5)

# %% [markdown]
# ## 小结
#
# 这一页里，你**圈定**了不盈利的客户，费用分得一分不差；**比较**了五种处理办法，知道哪一个假设最要紧；**决定**了谁去除、谁转移，每位都有一句理由，也检查了规则对各组客户是不是一样；**完善**了规则，退回到从前看了误去除，重新检查了界限。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 步骤 | 用什么 | 做什么 | 得到什么 |
# |---|---|---|---|
# | 圈定 | 订单、接触记录、费用合计 | 按用量分费用，画鲸鱼曲线，看以后 | 现在亏、预计还会亏的名单 |
# | 研讨处理办法 | 假设 | 模拟五种办法，套用规则 | 方案，最要紧的假设 |
# | 去除或转移 | 规则表，性别和年龄（只检查） | 写理由，检查公平 | 处理名单 |
# | 完善管理办法 | 从前的订单 | 退回去试，看误去除 | 新的界限 |
#
# **自测**
#
# 1. 为什么全部退掉的订单，消费金额里没有，费用里却要有？
# 2. 刚来的客户亏损，为什么先不判断？
# 3. 去除一位亏 100 元的客户，公司是不是就多赚 100 元？
# 4. 规则里没有写性别，是不是就一定公平？
# 5. 什么叫向均值回归？它会让我们怎样看错办法的效果？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 钱退了，工夫却花了：处理订单、送货、收退货都有费用。
# 2. 第一笔订单的费用还没有挣回来，数据也太少，看不出他以后会怎样。
# 3. 不是。服务费用里有固定的部分，客户走了也省不下来；他的毛利也没有了。
# 4. 不一定。规则用到的列如果同性别很像，结果就和写了性别差不多。
# 5. 特别差的，下一次多半没有那么差，什么都不做也会。不同没有处理的客户比，就会把它当成办法的功劳。
#
# </details>
#
# **拓展任务**　为你熟悉的一家店估计四项费用的合计，写出依据，然后完成三件事：
#
# 1. 把四个 `pool_…` 参数各改成一半和两倍，看不盈利的客户有多少位，哪一项最要紧。
# 2. 改写一条规则的界限或者理由，说明为什么，并用步骤四检验。
# 3. 为一位要转移的客户写一段话，告诉他为什么、以后由谁服务、他可以怎样拒绝。

# %% tags=["export"]
export_list(chosen, people, rules)
result = {"as_of": day, "weeks": weeks, "n_lines": trade.n_read, "n_customers": len(people), "contacts": trade.talks_kind, "model": people.attrs["model"]}
result |= {"rates": rates, "whale": {k: curve.attrs[k] for k in ("total", "peak", "peak_customers", "n_losing", "lost", "crossing")}}
result |= {"n_doubtful": len(doubtful), "options": options, "n_handled": len(handled), "gain": float(handled["gain_amount"].sum())}
result |= {"tornado": tornado, "groups": groups, "review": past.reviewed, "limits": tried, "limit_now": loss_limit, "limit_new": new_limit, "plans": plans}
tables = {"treatments": sum_treated(chosen), "review": name_choices(past.reviewed), "limits": tried, "rates": rates}
named = tornado.assign(assumption=tornado["assumption"].map(assumption_words())).rename(columns={"gain": "gain_amount"})
tables |= {"groups": groups, "whale": curve, "tornado": named}
export(tables | account_tables(trade.cleaned), result, name="below_zero")
