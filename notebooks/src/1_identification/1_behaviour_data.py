# %% [markdown]
# # 客户行为数据识别
#
# 客户怎样买、怎样看、怎样同我们打交道？这些数据从哪里来，怎样整理，可信不可信？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户识别：任务一　客户行为数据识别 | 你自己填的购物表、同学的表、公司的线索和体验记录 | 收集计划、潜在客户表、七方面行为表、跟进名单、质量报告 | 约 120 分钟 |
#
# **任务描述**：作为消费者，选一家你熟悉的服装店，实体店或网店都行，分析自己的购买行为，设计一张 Excel 表。本页给你一份模板：`data/templates/my_shopping_template.xlsx`，七个方面各一张工作表。填好以后把文件名写进参数 `mine`，从头运行，本页关于“你”的每个数字都会变成你自己的。
#
# 默认的两张购物表是编造的。公司的数据来自旭东公司：教材只给出“旭东”这个名称，它的行业、规模和每一行数据都是本套件虚构的，由程序生成，不含任何真实的人，随本套件按 MIT 许可发布。

# %% [markdown]
# ## 你将学会
#
# - **制订**收集行为数据的计划，比较各种寻找客户的方法；
# - **观察**并收集行为数据和体验数据；
# - **整理**客户：按意向和标准分类，定出跟进的日子；
# - **评价**数据的质量，写出改进清单。
#
# 学习之前，先走完总览（`0_start/1_tour`）。做一做要写一两行代码，题目里都有提示。

# %% tags=["hide-input"]
from crm_lib.identify import classify_intent, classify_waiting, count_new, find_intent_in_notes, grade_prospects, measure_effort, measure_methods, schedule_follow_ups, summarize_intent
from crm_lib.lesson import check, export, finding, parameters, show_figure, show_if_any
from crm_lib.lesson.behaviour import assess_tables, choose_day, climb_ladder, code_stories, count_stale, describe_aspects, describe_channels, describe_clicks, describe_deals, describe_faults
from crm_lib.lesson.behaviour import describe_fields, describe_gathered, describe_grades, describe_identifiers, describe_intent, describe_management, describe_methods, describe_quality, describe_schedule
from crm_lib.lesson.behaviour import describe_scores, describe_share, describe_stories, describe_validity, describe_waiting, export_lesson, find_redundant, gather_data, know_leads, list_deals, list_improvements, pair_waits
from crm_lib.lesson.behaviour import plan_collection, read_shopping, report_clicks, show_aspects, show_channels, show_criteria, show_due, show_engines, show_experience_kit, show_faults, show_found
from crm_lib.lesson.behaviour import show_identifiers, show_management, show_methods, show_quality, show_redundant, show_scores, show_script, show_waiting, show_wallet, show_ways_of_finding
from crm_lib.plots import plot_effort, plot_methods, plot_waiting

# %% [markdown]
# 本页的参数可以改，改完以后从头运行全部单元。`wait_far` 和 `wait_same` 是本套件定的界线，教材只分了五等，没有给数字。A、B、C 的标准和跟进规则也是本套件的建议，可以换成自己的文件。

# %% tags=["parameters"]
mine: str = "my_shopping"  # 你填好的购物表，或样本的名字 <path>
classmate: str = "classmate_shopping"  # 同学的购物表 <path>
leads: str = "xudong_leads"  # 客户线索表 <path>
experience: str = "xudong_experience"  # 体验记录，可以留空 <path>
registers: str = "xudong_customers"  # 客户登记表，可以留空 <path>
clicks: str = "xudong_clicks"  # 网店的点击记录，可以留空 <path>
criteria: str = ""  # A、B、C 的标准，TOML 或 CSV 文件，留空用本套件的 <path>
rules: str = ""  # 跟进规则，TOML 文件，留空用本套件的 <path>
checklist: str = ""  # 填好的管理质量自查表，留空用编造的回答 <path>
as_of: str = ""  # 截止日期，留空取最后一次联系的日子 <date>
wait_far: float = 2.0  # T1 是 T2 的几倍以上算“远大于”，反过来算“远小于” [1.2, 10]
wait_same: float = 1.1  # T1 和 T2 相差不到几倍算“相等” [1, 1.5]
phone_prefixes: str = "154"  # 数据里编造的手机号段，逗号分开；用真实的数据时留空

# %% tags=["hide-input"]
parameters("1_identification/1_behaviour_data")

# %% [markdown]
# ## 四个概念
#
# - **客户关系管理**：同每位客户建立更好的关系，使全部客户的价值不断增长，并为此作出决策。
# - **分析型 CRM**：要知道客户的哪些情况，才能使他们对公司更有价值。
# - **客户份额**：每位客户买了我们这类产品中的多少。用比率表示，就是他在这类产品上的支出里，我们占的一份。一家人有 4 辆汽车，2 辆是我们的品牌，客户份额就是 2 ÷ 4 = 50%。
# - **识别**：辨认、联系、记住。
#
# 识别客户有十项活动：
#
# | 活动 | 做什么 | 本页在哪里 |
# |---|---|---|
# | 定义客户标志 | 选定用什么认出客户：姓名和住址、电话、账号、住房信息 | 下面 |
# | 收集 | 用条码、卡、纸质表格、网页、RFID、芯片等采集 | 步骤一、二 |
# | 连接 | 把标志同各个网点、部门、接触点的交易和互动连起来 | 步骤三 |
# | 整合 | 放进公司日常运转的系统 | 步骤三 |
# | 认识 | 今天在网上、明天在店里、下周打电话，都**被认出**是同一位客户 | 步骤三的卡片 |
# | 储存 | 存成电子的、用得上的格式 | 作业文件 |
# | 更新 | 随时改成最新的 | 步骤三的卡片 |
# | 分析 | 找出能区分客户的特征 | 步骤三、四 |
# | 随时可用 | 让一线人员随时查得到 | 跟进名单 |
# | 安全 | 数据敏感，防止没有权限的人使用 | 遮住的卡片 |
#
# 什么标志好用？要看三条：多少登记写了它（覆盖）、一个取值是不是只对应一个人（唯一）、同一个人在两处写得是不是一样（稳定）。先读入数据，给候选的标志打分，再算一次你自己的客户份额。

# %% tags=["finding", "nbval-check-output"]
data = gather_data(leads=leads, experience=experience, registers=registers, clicks=clicks)
day = choose_day(as_of, data)
people = know_leads(data, day)
finding(describe_gathered(data, people, day))
finding(describe_identifiers(show_identifiers(data["registers"].rows)))
me, other = read_shopping(mine, other="my_shopping"), read_shopping(classmate, other="classmate_shopping")
finding(describe_share(me, other))

# %% [markdown]
# **怎样读**：登记编号只在自己的登记册里管用。换一个登记册，就要靠手机号、姓名和生日这些标志，它们都不完全可靠，所以要几样合起来用。覆盖、唯一、稳定这三项的打分办法是本套件的，不是教材的。

# %% [markdown]
# ## 步骤一　制订收集行为数据的计划
#
# **想一想**：行为数据从哪里来？其中哪些是你每天都会碰到的？用什么工具能把它们收集起来？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 从买东西的地方来（小票、账单、会员卡），从看东西的地方来（浏览记录、购物车、收藏），从说话的地方来（聊天、客服、评价）。每天碰到的是付款记录、应用里的足迹和聊天记录。工具有手机、账单、截图、一张表；关键是当时就记。
#
# </details>
#
# **数据**是没有组织起来的数字、文字、声音、图像，记录了一件事的情况，有数值的，也有非数值的；**信息**是排列得有意义、对决策有用的数据，是一种资源；**知识**是经过加工并用起来的信息，没有前两样就没有它。下面把你的同一张购买表摆成三层。
#
# 行为数据有七个方面：购买习惯、网上点击数据、同企业进行的互动、选择的交流渠道、使用的语言、对产品的消费情况、客户“钱包”中的企业份额。收集计划就按这七个方面写，每个方面写明从哪里来、载体、传输途径、工具、时间、地点。载体越多，漏掉的越少。

# %% tags=["finding", "nbval-check-output"]
climb_ladder(me)
plan = plan_collection(me)
engines = show_engines()
ways = show_ways_of_finding()

# %% [markdown]
# **怎样读**：计划里的店名和期间来自你的表。搜索引擎按类别列出，找潜在客户、找商品、找单位，用的引擎不一样；哪些还能用，用之前自己试一下。最后一张表是寻找客户的 17 种方法，名称是教材的，“怎样做”是本套件的解释。
#
# **潜在客户从哪里找？** 有两条路：一条是本公司的经营活动，最真实、最重要，但是慢、费钱；另一条是第三方（协会、咨询公司、网站），不真的多，要核实。17 种方法里，13 种是传统的，4 种是电子的；此外还可以用短信和聊天工具。每种方法花了多少钱、带来多少成交，算一算才知道。

# %% tags=["finding"]
methods = measure_methods(people)
show_methods(methods)
show_figure(plot_methods(methods), f"各种方法的成交率和区间（{len(people):,} 条线索）")
finding(describe_methods(methods))

# %% [markdown]
# **怎样读**：成交率等于成交客户数除以客户数。人数少的方法，区间很宽：3 位里成交 2 位，不等于这种方法真有六七成。区间重叠就不要说谁比谁好。
#
# **教材的做一做**：写一份收集计划；做一张搜索引擎分类表；扮成服装店的销售员收集潜在客户并分类，用一份 Word 和一份 Excel 互相链接；为一位同学做一张数据卡片并不断更新。本页的最后会写出 `plan.docx`、`search_engines.xlsx`、`prospects.xlsx` 和 `prospects.docx`（逐行互相链接）、数据卡片。请换成你自己的内容。

# %% [markdown] tags=["exercise"] grade_id="bhv-1-cost"
# **做一做 1（5 分）**　所有方法合起来，平均每成交一位客户花了多少寻找成本？
#
# 用 `methods` 表的 `cost` 列（各方法的寻找成本合计）和 `n_deals` 列（成交客户数）计算，没有成交的方法花的钱也要算。把结果（元）放进 `answer_1`。
#
# 提示：`methods["n_leads"].sum()` 是全部客户数。

# %% tags=["solution"] grade_id="bhv-1-cost"
### BEGIN SOLUTION
answer_1 = methods["cost"].sum() / methods["n_deals"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="bhv-1-cost"
check("bhv-1-cost", answer_1)

# %% [markdown]
# ## 步骤二　观察收集行为数据
#
# **想一想**：排队的客户说“等了好久”，表上只有 6 分钟。该信谁？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 两个都要。6 分钟是实际等候的时间，“好久”是他感觉到的时间。体验好不好，要把两个时间放在一起看：实际等得不长，却觉得很长，说明等的时候没有事做、不知道还要多久，或者心里着急。
#
# </details>
#
# 体验数据可以从做的方面收集，也可以从问的方面收集。**客户访问**最接近客户的真实需要；**观察**由店员给语气、态度、行为打分，主观，对人的要求高；**神秘客户**扮成客户走完全部接触点，由第三方来做较客观。**结构化问卷**（5 级、7 级或 10 分、100 分）容易分析，但各人没有共同的标准，绝对数值不可靠；**开放式问题**和**讲故事**内容丰富，讲故事要用**体验辞典**编码。
#
# 体验有三个层次：**体验属性**（接触点上的要素，当场测）、**体验主题**（较高层次的需要，互动以后测）、**体验效果**（内心的感受，用开放的深入访谈）。澳大利亚 2002 年的一份消费者体验调查表问六件事：起因、想法、感受、意图、实际行为、目的，问的就是体验效果。选哪个层次看三件事：对象是接触点还是整个企业，用途是什么，同交易还是同互动一起存。商店柜台上的评价器就是一个反馈窗口：从“满意、不满意”扩展到环境、人员、流程。
#
# 询问同观察结合：排队时**实际等候 T1**、**感觉等候 T2**。T1 远大于 T2，体验很好；T1 大于 T2，好；相等，一般；T1 小于 T2，差；T1 远小于 T2，很差。多大算“远”，由参数 `wait_far` 定。

# %% tags=["finding"]
show_experience_kit()
seen = data["experience"].rows
finding(describe_scores(*show_scores(seen)))
waiting = classify_waiting(*pair_waits(seen), ratios=(wait_far, wait_same, 1 / wait_same, 1 / wait_far))
finding(describe_waiting(show_waiting(waiting), waiting))
show_if_any(plot_waiting, waiting, f"实际等候和感觉等候（{int(waiting['experience'].notna().sum()):,} 对）")
finding(describe_stories(code_stories(seen)))

# %% [markdown]
# **怎样读**：得分低的触点先看区间，次数少的区间宽。两种观察人看同一件事，得分若总是差一截，是尺子不同，不是谁对谁错；要比较，先各自减去自己的平均分。图上的虚线是 T1 = T2，点在它的右下方，就是觉得比实际短。故事的编码只数辞典里有的词，辞典里没有的感受数不到。

# %% [markdown] tags=["exercise"] grade_id="bhv-2-wait"
# **做一做 2（10 分）**　两个时间都知道的客户里，等候的体验“差”和“很差”的一共占多大比例？
#
# 用 `waiting` 表的 `experience` 列计算，`"poor"` 是差，`"very_poor"` 是很差；空着的是缺一个时间，不算在内。把比例（写成小数，不乘 100）放进 `answer_2`。
#
# 提示：`waiting["experience"].dropna()` 去掉空的，`.isin([...])` 逐位判断是不是其中之一，判断结果的 `.mean()` 就是占比。

# %% tags=["solution"] grade_id="bhv-2-wait"
### BEGIN SOLUTION
answer_2 = waiting["experience"].dropna().isin(["poor", "very_poor"]).mean()
### END SOLUTION

# %% tags=["grade"] grade_id="bhv-2-wait"
check("bhv-2-wait", answer_2)

# %% [markdown]
# 接着看你自己。**教材的做一做**：按七个方面写出自己的服装购买行为，写成 Word；本页写成 `seven_aspects.docx`。下面把你的表和同学的表放在一起。

# %% tags=["finding", "nbval-check-output"]
aspects = show_aspects({"我": me, "同学": other})
finding(describe_aspects(aspects, me))
wallet = show_wallet(me)

# %% [markdown]
# **怎样读**：先看哪些方面还空着，再看同学和你差在哪里。两个人的差别不代表大家的差别：两个人太少，只能提出问题，不能下结论。

# %% [markdown] tags=["exercise"] grade_id="bhv-3-wallet"
# **做一做 3（10 分）**　各品类合起来，“本店”在你的“钱包”里的份额是多少？
#
# 用 `wallet` 表的 `our_spend` 列（在本店的支出）和 `category_spend` 列（总支出）计算。把份额（写成小数）放进 `answer_3`。
#
# 提示：先各自合计，再相除。4 辆车里 2 辆是我们的，就是 2 ÷ 4。

# %% tags=["solution"] grade_id="bhv-3-wallet"
### BEGIN SOLUTION
answer_3 = wallet["our_spend"].sum() / wallet["category_spend"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="bhv-3-wallet"
check("bhv-3-wallet", answer_3)

# %% [markdown]
# ## 步骤三　整理分析行为数据
#
# **想一想**：同一件事，可不可以归入两类？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 可以。“问了尺码，随后下单”既是同企业进行的互动，又是网上点击。关键是每一类的标准写清楚，并且说好主要归哪一类，否则合计时会数两遍。客户的分类也一样：意向阶段和 A、B、C 是两种分法，一位客户在每一种分法里只能有一个位置。
#
# </details>
#
# 客户可以按意向分为**潜在**、**意向**、**成交**，也可以按明确的、**量化的**标准分为 **A、B、C**。这里的 A、B、C 是销售员给潜在客户定的等级（列名 `sales_grade`），不是价值等级。标准写成一张小表，人人照着定，结果才一样。每天都要更新：从潜在客户的记录里发现新的意向客户。

# %% tags=["finding", "nbval-check-output"]
graded = classify_intent(grade_prospects(people, criteria or None))
show_criteria(graded)
finding(describe_grades(graded))
found = show_found(find_intent_in_notes(people))
finding(describe_intent(summarize_intent(graded), found, graded))

# %% [markdown]
# **怎样读**：一级也不符合的客户写作“未定级”，不硬塞进 C 级。记录里的词只是线索：程序找出来，销售员看过再定。
#
# **跟进规则**要写明：每天新增多少客户，质量的标准，第一次联系说什么、要了解什么，各类多久联系一次，记什么，要用多少时间，目的是什么，重点是谁。联系人、销售线索、活动都要当时记。成交的客户也不能放下：留着签单金额、到期服务时间、潜在需求，以后再次销售，请他介绍。这样，昨天的电话找不到、翻笔记本、被冷落的客户让对手签走、文件丢失这些事就少了。

# %% tags=["finding"]
schedule = schedule_follow_ups(graded, rules or None, as_of=day)
show_due(schedule)
show_script(schedule)
effort = measure_effort(schedule)
show_figure(plot_effort(effort), f"各类客户的人数、到期未跟进的人数和每月用时（{len(schedule):,} 位客户）")
finding(describe_schedule(schedule, effort, count_new(people, as_of=day)))
finding(describe_deals(list_deals(graded, schedule), schedule))
fields = find_redundant(people)
finding(describe_fields(show_redundant(fields)))

# %% [markdown]
# **怎样读**：名单先列意向客户，拖得最久的在前。用时是规则要求的时间，同今天到期没有关系；如果一个人一个月做不完，就要改规则：减少频率，或者把低等级的客户改用短信。
#
# **教材的做一做**：归类、摘录、去掉多余的、留下有效的，全部写进一张 Excel 分析表。本页写成 `behaviour_analysis.xlsx`，并为成交客户和同学各写一张可以更新的数据卡片。

# %% [markdown] tags=["exercise"] grade_id="bhv-4-ungraded"
# **做一做 4（10 分）**　按依据列为“潜在”的客户里，未定级的占多大比例？
#
# 用 `graded` 表的 `intent` 列和 `sales_grade` 列计算，未定级的 `sales_grade` 是空文字 `""`。把比例（写成小数）放进 `answer_4`。
#
# 提示：`graded.loc[graded["intent"] == "意向", "sales_grade"]` 取出意向客户的等级。

# %% tags=["solution"] grade_id="bhv-4-ungraded"
### BEGIN SOLUTION
answer_4 = (graded.loc[graded["intent"] == "潜在", "sales_grade"] == "").mean()
### END SOLUTION

# %% tags=["grade"] grade_id="bhv-4-ungraded"
check("bhv-4-ungraded", answer_4)

# %% [markdown] tags=["exercise"] grade_id="bhv-5-late"
# **做一做 5（10 分）**　到期未跟进的意向客户，平均拖了多少天？
#
# 用 `schedule` 表计算：`intent` 列是意向阶段，`overdue_days` 列是已拖天数，大于 0 才是到期未跟进。把平均天数放进 `answer_5`。
#
# 提示：两个条件用 `&` 连接，每个条件放在一对圆括号里。

# %% tags=["solution"] grade_id="bhv-5-late"
### BEGIN SOLUTION
late = (schedule["intent"] == "意向") & (schedule["overdue_days"] > 0)
answer_5 = schedule.loc[late, "overdue_days"].mean()
### END SOLUTION

# %% tags=["grade"] grade_id="bhv-5-late"
check("bhv-5-late", answer_5)

# %% [markdown]
# ## 步骤四　对行为数据进行总结评价
#
# **想一想**：准确的数据一定有效吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不一定。去年的电话号码当时写得一点不错，今年已经换了；别的店的购物小票是真的，但同这次的问题没有关系。准确说的是写得对不对，有效说的是用不用得上。教材讲的准确性，两样都包括。
#
# </details>
#
# **数据质量管理**是在数据的计划、获取、存储、共享、维护、应用、消亡各个阶段里识别、度量、监控、预警质量问题，一轮接一轮地做。数据这一面要分析、评估、清洗、监控、错误预警；组织这一面要定目标、评估流程、订计划、监督检查、实施、评价。
#
# 数据质量有六个方面：**关联性**（有联系的数据缺失或没有索引）、**完整性**（数据丢失或不可用）、**规范性**（是否合乎格式）、**唯一性**（数据或属性重复）、**准确性**（精确，**而且有效**）、**一致性**（取值同信息的含义矛盾）。六个方面各自独立，又互相联系，缺一不可。
#
# 管理质量有四个方面：**配置管理**（计划、规定和改动都受控）、**培训**、**验证和确认**（验证：合乎规定的要求；确认：合乎使用）、**监督和监控**。问题的原因有四类：**信息**（对数据的描述错了或理解错了，来源的格式不同，更新的频率不合适）、**技术**（产生、获取、传输、装入、使用、维护各环节）、**流程**、**管理**（培训、人员、奖惩）。

# %% tags=["finding", "nbval-check-output"]
findings = assess_tables(data, phone_prefixes=phone_prefixes)
scores, ranked = show_quality(findings)
finding(describe_quality(findings, scores, ranked))
management = show_management(checklist)
finding(describe_management(management, own=bool(checklist)))

# %% [markdown]
# **怎样读**：得分是检查过的单元格里好的占多少，乘 100；只查了规则查得到的地方，满分也不等于没有错。“多半的原因”是按规则推测的，真正的原因要去问录入的人。表里的电话只显示一部分。
#
# 最后看你自己的表：**错误**、**记不准**、**没有填**，各有多少；同同学比，好在哪里，差在哪里；怎样收集、整理、分析得更好。

# %% tags=["finding", "nbval-check-output"]
show_faults(me)
finding(describe_faults(me, other))
improvements = list_improvements(me)
finding(describe_validity(count_stale(people, findings, day), me))

# %% [markdown]
# **怎样读**：每个错误都写明哪张工作表、哪一行。改好以后另存一份，从头运行，错误就会少一条。记不准的行不是错误，但用它们算出的数字也不准。
#
# **教材的做一做**：找出自己表里的错误、不确定的地方和空缺，同同学比较，写一份简短的报告。本页写成 `summary.docx`。

# %% [markdown] tags=["exercise"] grade_id="bhv-6-quality"
# **做一做 6（10 分）**　公司认为准确性最重要，让它的权数是 2，其他各方面的权数都是 1。加权平均分是多少？
#
# 用 `scores` 表的 `dimension` 列和 `score` 列计算。把加权平均分（满分 100）放进 `answer_6`。
#
# 提示：`scores.set_index("dimension")["score"]` 可以按名字取分，例如 `s["完整性"]`。加权平均 = 各方面得分 × 权数的合计 ÷ 权数的合计。

# %% tags=["solution"] grade_id="bhv-6-quality"
### BEGIN SOLUTION
s = scores.set_index("dimension")["score"]
answer_6 = (s.sum() + s["准确性"]) / (len(s) + 1)
### END SOLUTION

# %% tags=["grade"] grade_id="bhv-6-quality"
check("bhv-6-quality", answer_6)

# %% [markdown]
# ## 小结
#
# 这一页里，你**制订**了收集行为数据的计划，比较了各种方法的成交率和成本；**观察**并收集了体验数据，把实际等候同感觉等候对照，按七个方面写下了自己的购买行为；**整理**了客户，按意向和标准分类，定出了跟进的日子；**评价**了公司和自己的数据，写出了改进清单。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 步骤 | 用什么 | 做什么 | 得到什么 |
# |---|---|---|---|
# | 制订收集行为数据的计划 | 七个方面，载体，17 种方法 | 写计划，找潜在客户 | 计划、搜索引擎表、潜在客户表 |
# | 观察收集行为数据 | 观察、神秘客户、问卷、讲故事 | 打分，对照 T1 和 T2，填七方面表 | 体验数据、自己的行为表 |
# | 整理分析行为数据 | 意向、量化的标准、跟进规则 | 分类，定日子，去掉多余的 | 分析表、跟进名单、数据卡片 |
# | 对行为数据进行总结评价 | 六个方面、四个管理方面、四类原因 | 查错，打分，比较 | 评价报告、改进清单 |
#
# **自测**
#
# 1. 数据、信息、知识的区别在哪里？各举一个你自己的例子。
# 2. 为什么结构化问卷的绝对数值不可靠？
# 3. T1 = 5 分钟，T2 = 12 分钟，体验怎样？
# 4. 一级标准也不符合的客户，为什么不放进 C 级？
# 5. 性别写“男”，称呼写“女士”，是哪一方面的质量问题？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 数据是没有组织的记录，信息是排列得有意义的数据，知识是经过加工并用起来的信息。例：一张张小票，按品类的合计，“等打折再买”的习惯。
# 2. 各人打分没有共同的标准：同样的服务，有人习惯给 7 分，有人习惯给 9 分。
# 3. T1 小于 T2，至少是差；T2 是 T1 的两倍多，按 2 倍的界线就是很差。
# 4. C 级也有标准。不符合的人放进去，C 级就不再说明什么，跟进的时间也会被占掉。
# 5. 一致性：取值同信息的含义矛盾。
#
# </details>
#
# **拓展任务一**　网店的点击数据：小组合作写一份数据报告。下面先给出旭东网店的报告，请你们换成自己的点击记录（参数 `clicks`），并回答：走掉最多的一步，可能是什么原因？
#
# **拓展任务二**　调查日用品生产企业同客户之间有哪些渠道，分类，写成 Word。下面先给出一张表，请至少改掉三行、补上三行。
#
# 两项拓展由老师按下面的标准评分，每项 10 分：
#
# | 看什么 | 4 分 | 2 分 | 0 分 |
# |---|---|---|---|
# | 数据 | 写明来源、时间、有多少条，收集合法 | 写明一部分 | 没有写 |
#
# | 看什么 | 3 分 | 1 分 | 0 分 |
# |---|---|---|---|
# | 分类或计算 | 标准清楚，没有重复和遗漏 | 有一两处不清楚 | 没有标准 |
# | 结论 | 每句话都有数字，说明了不确定 | 有的话没有数字 | 没有结论 |
#
# 下一课：客户态度数据识别（`1_identification/2_attitude_data`）。

# %% tags=["finding", "export"]
report = report_clicks(data["clicks"])
finding(describe_clicks(report))
channels = show_channels()
finding(describe_channels(channels))
kit = {"mine": me, "other": other, "aspects": aspects, "plan": plan, "leads": graded, "schedule": schedule, "fields": fields}
kit |= {"improvements": improvements, "clicks": report, "channels": channels, "findings": findings, "scores": scores}
kit |= {"ranked": ranked, "management": management, "methods": methods, "waiting": waiting, "effort": effort, "found": found}
tables, result = export_lesson(kit, data, day=day, own_checklist=bool(checklist))
export(tables, result, name="behaviour_tables")
