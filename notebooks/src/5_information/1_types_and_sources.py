# %% [markdown]
# # 认识客户信息
#
# 客户信息有哪些？值多少钱？从哪里来？新客户到哪里去找？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户信息管理：认识客户信息；实训6 | 公司的登记、订单、线索、接触等表，一批可以搜索的网页 | 数据字典、信息价值表、渠道和方法表、找到的客户、搜索报告 | 约 110 分钟 |
#
# **任务描述**：为一家公司选定要收集的客户信息，说明每一项的用途、来源和法律依据；算一算有信息和没有信息差多少；再扮成业务员，用电子手段为一种产品（玩具或数码相机）寻找潜在客户，列出“手段—找到的客户”表。
#
# 教材的这一章没有写成四个步骤，这里按任务的习惯分成四步，是本套件的安排。公司的数据来自旭东公司：教材只给出“旭东”这个名称，它的行业、规模和每一行数据都是本套件虚构的。网页也都是虚构的，放在本机，不用上网；网址和邮箱用的是保留给示例的域名。两者都由程序生成，随本套件按 MIT 许可发布。

# %% [markdown]
# ## 你将学会
#
# - **区分**三类客户信息、三种结构，按需收集，写出数据字典；
# - **计算**信息的价值：同一个决策，有信息和没有信息差多少；
# - **比较**内部和外部渠道、17 种方法，记录竞争对手；
# - **寻找**潜在客户：选关键词，用布尔运算，核实找到的结果。
#
# 学习之前，先走完总览（`0_start/1_tour`）。17 种方法在 `1_identification/1_behaviour_data` 里见过，这里接着用。

# %% tags=["hide-input"]
from crm_lib.lesson import check, export, finding, parameters, show_figure
from crm_lib.lesson.information import check_customers, choose_day, count_fields, decide_fields, describe_channels, describe_check, describe_fields, describe_gathered, describe_means, describe_mine
from crm_lib.lesson.information import describe_rivals, describe_searches, describe_testing, describe_ways, describe_worth, export_lesson, gather_tables, keep_known, list_customers, open_pages, read_needs
from crm_lib.lesson.information import run_searches, show_channels, show_hits, show_rivals, show_testing, show_types, show_ways, show_worth, tabulate_means, word_worth
from crm_lib.plots import plot_searches, plot_worth

# %% [markdown]
# 本页的参数可以改，改完以后从头运行全部单元。先改 `my_query`：写上你自己的查询，步骤四会告诉你它好不好。

# %% tags=["parameters"]
product: str = "玩具"  # 为哪种产品找客户 {玩具, 数码相机}
my_query: str = "求购 (毛绒玩具 或 公仔 或 布偶)"  # 你自己的查询，可以留空
needs: str = "送货上门，生日关怀，短信营销"  # 公司有哪些需要，逗号分开；可以写的名称见步骤一
stage: str = "意向"  # 为哪个阶段的客户选字段 {潜在, 意向, 成交}
testing_share: float = 0.3  # 有多大比例的客户需要产品检测 [0, 1]
testing_fee: float = 200.0  # 一次检测多少元 [0, 100000]
danger: float = 0.6  # 威胁达到多少算危险 [0.1, 1]
first_pages: int = 20  # 一次搜索翻看前几页 [1, 200]
check_size: int = 30  # 抽查几位找到的客户 [5, 500]
least_share: float = 0.7  # 至少多大比例属实才用 [0.1, 0.95]
as_of: str = ""  # 截止日期，留空取最后一张订单的日子 <date>
orders: str = "xudong_orders"  # 订单 <path>
leads: str = "xudong_leads"  # 客户线索表 <path>
pages: str = "search_pages"  # 可以搜索的网页 <path>
judgements: str = "search_judgements"  # 网页判断表：哪一页有潜在客户 <path>
registers: str = "xudong_customers"  # 客户登记表，可以留空 <path>
products: str = "xudong_products"  # 商品表，可以留空 <path>
wallet: str = "xudong_wallet"  # 品类总支出，可以留空 <path>
contacts: str = "xudong_contacts"  # 接触记录，可以留空 <path>
survey: str = "xudong_survey"  # 答卷，可以留空 <path>
reviews: str = "xudong_reviews"  # 商品评价，可以留空 <path>
clicks: str = "xudong_clicks"  # 点击记录，可以留空 <path>
campaign_members: str = "xudong_campaign_members"  # 活动名单，可以留空 <path>
population: str = "xudong_population"  # 人口总体，可以留空 <path>
rivals: str = "search_rivals"  # 竞争对手记录，可以留空 <path>

# %% tags=["hide-input"]
parameters("5_information/1_types_and_sources")

# %% [markdown]
# ## 客户信息是什么
#
# **客户信息**是称呼、联系办法、往来；衣着、相貌、举止；表情、谈吐、态度；合同、账单、备忘录。**客户信息管理**是对它们的收集、抽取、迁移、存储、集成、分析和实现。
#
# 信息是**无形资产**，是生产和营销的向导，是服务的基础。先读入公司现有的表。

# %% tags=["finding", "nbval-check-output"]
given = {"orders": orders, "leads": leads, "pages": pages, "judgements": judgements, "registers": registers, "products": products}
given |= {"wallet": wallet, "contacts": contacts, "survey": survey, "reviews": reviews, "clicks": clicks}
given |= {"campaign_members": campaign_members, "population": population, "rivals": rivals}
data = gather_tables(**given)
day = choose_day(as_of, data)
known = keep_known(data, day)
finding(describe_gathered(known, day, product))

# %% [markdown]
# ## 步骤一　认识客户信息的类型，按需收集
#
# **想一想**：你办过会员卡吗？表上哪几项，你觉得商店其实用不着？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 常见的有身份证号、工作单位、家庭成员、人脸。商店说不出用途的，就不该要。问一句“您要这个做什么用”，是客户的权利；答得出，是公司的责任。
#
# </details>
#
# 客户信息有三类。**描述类**容易取得，要求准确、及时；**行为类**边发生边记录，要求完整；**关联类**（满意、忠诚、偏好）最难取得，要专门调查，它解释并影响行为，是分析的核心。按结构又分结构化、半结构化、非结构化。
#
# 个人客户的信息分八项：基本、消费、事业、家庭、生活、教育、人际、其他。企业客户的分七项：基本、客户特征、业务、交易、负责人、联系人、其他。
#
# 收集有两条原则。**按需收集**：范围由公司自己的需要决定。**分类管理**：看客户的类型，看客户到了哪个阶段。下面的数据字典写明每个字段的用途、来源、法律依据和敏感程度。字段和判断是本套件的建议，不是教材的。敏感个人信息要有特定的目的和充分的必要，还要单独同意（《个人信息保护法》第二十八、二十九条）；人脸、指纹这类信息，没有一课用得着。

# %% tags=["finding", "nbval-check-output"]
show_types()
wanted = read_needs(needs)
fields = decide_fields(known, needs=wanted, stage=stage)
counts = count_fields(fields)
finding(describe_fields(fields, wanted, stage))
testing = show_testing(len(known["leads"]), want_share=testing_share, fee=testing_fee)
finding(describe_testing(testing, fee=testing_fee, asked="产品检测" in wanted))

# %% [markdown]
# **怎样读**：先看“判断”一列。“到阶段再收集”不是不要，是现在还早：只问过价的人，不必填生日。“没有需要”说的是这家公司，换一家公司，改参数 `needs` 就变。可以写的需要有：送货上门、生日关怀、按身材推荐、产品检测、允许赊账、开具发票、短信营销。
#
# 产品检测是教材举的例子：客户要不要检测，检测费会改变成本。问一句几乎不花钱，不问就会报错价；检测费和比例是参数，人数取的是线索数。
#
# **教材的做一做**：小组为一家公司选定字段，建立档案，上台讲解；课后补全，说明怎样使用。本页写成 `data_dictionary.xlsx`，请换成你们公司的。

# %% [markdown] tags=["exercise"] grade_id="inf-1-basis"
# **做一做 1（5 分）**　个人客户的字段里，现在就收集的，有多大比例以“同意”为法律依据？
#
# 用 `fields` 表计算：`subject` 列是 `"个人"` 或 `"企业"`，`verdict` 列的 `"collect"` 是现在收集，`basis` 列是法律依据。把比例（小数，不乘 100）放进 `answer_1`。
#
# 提示：先用两个条件取出这些字段，再对 `basis` 列判断；判断结果的 `.mean()` 就是占比。

# %% tags=["solution"] grade_id="inf-1-basis"
### BEGIN SOLUTION
now = fields[(fields["subject"] == "个人") & (fields["verdict"] == "collect")]
answer_1 = (now["basis"] == "同意").mean()
### END SOLUTION

# %% tags=["grade"] grade_id="inf-1-basis"
check("inf-1-basis", answer_1)

# %% [markdown]
# ## 步骤二　认识客户信息的价值
#
# **想一想**：一条信息什么时候一分钱也不值？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 知道了，做法却不变的时候。信息的价值，是有了它以后的结果减去没有它的结果；决策不变，差就是零。来得太迟、不准确、没有人用，也一样。
#
# </details>
#
# 客户信息有四种价值：它是**决策**的基础（战略的、战术的、业务的），是**客户分级**的依据（标准是客户的价值），帮助**双向沟通**，是**客户满意**的根本（客户关怀、客户服务、客户挽回）。
#
# 下面把同一个决策做两遍：一遍不看信息，一遍看信息，相减。客户和金额取自公司的表，效果（例如照顾能留住多少毛利）没有实测，是本套件的假设，都写在表里。

# %% tags=["finding"]
worth = show_worth(known, day)
show_figure(plot_worth(word_worth(worth)), "信息的价值：有信息比没有信息多得的钱")
finding(describe_worth(worth))

# %% [markdown]
# **怎样读**：各项不能相加，它们用的是同一批客户，范围和时间也不一样。要比的是：哪个决策最缺信息。“没有信息”那一列是负数的，是成本或损失。假设可以改，例如把电话数改成 80：`show_worth(known, day, calls=80)`；哪个假设一改，结果就大变，哪个假设就最该先弄准。名称见 `crm_lib/identify/rules/information_value.toml`。

# %% [markdown] tags=["exercise"] grade_id="inf-2-satisfaction"
# **做一做 2（10 分）**　“客户满意”的三项（关怀、服务、挽回）里，信息的价值平均每项多少元？
#
# 用 `worth` 表计算：`use` 列的 `"satisfaction"` 是客户满意，`without_yuan` 和 `with_yuan` 列是没有信息和有信息的结果。把结果（元）放进 `answer_2`。
#
# 提示：信息的价值等于有信息的结果减去没有信息的结果。

# %% tags=["solution"] grade_id="inf-2-satisfaction"
### BEGIN SOLUTION
pleased = worth[worth["use"] == "satisfaction"]
answer_2 = (pleased["with_yuan"] - pleased["without_yuan"]).mean()
### END SOLUTION

# %% tags=["grade"] grade_id="inf-2-satisfaction"
check("inf-2-satisfaction", answer_2)

# %% [markdown]
# ## 步骤三　认识客户信息的来源
#
# **想一想**：花两千元买来一份客户名单，打开之前，怎样知道它是真是假？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 买之前没有办法核实全部，可以要求抽样：由我们随机指定几十条，当场打电话核实，按属实的比例决定买不买。还要问名单从哪里来、名单上的人同意过没有；来源不合法的，再便宜也不能买。
#
# </details>
#
# **内部渠道**有五条：企业调查、营销活动、业务过程、客户沟通、销售终端。买之前来询问、买之后来评价，是收集信息最好的时机。**外部渠道**有四条：外部数据库、社交媒体平台、政府数据、咨询和市场研究公司；银行、媒体、协会、数据公司也算。外部来的多半是潜在客户，买之前无法核实，所以要抽样检查。
#
# 方法也分两路：自己的经营活动最真实、最重要，但是慢、费钱；第三方不真的多，要核实。教案把方法分成三组：**资料统计法**（记录、日记、合同、信函）、**询问法**（面谈、电话、邮寄、问卷）、**直接购买法**。17 种方法各归哪一组、成本和可信程度几级，是本套件评定的；线索数、成交率、成本是从公司的表里算出来的。

# %% tags=["finding", "nbval-check-output"]
channels = show_channels(known)
finding(describe_channels(channels))
ways = show_ways(known["leads"])
finding(describe_ways(ways))

# %% [markdown]
# **怎样读**：没有成本的渠道不是不花钱，是表里没有记：工资和系统的钱不在任何一张表里。线索少的方法，成交率全凭运气；两路的差别看区间，不看谁的数字大。

# %% [markdown] tags=["exercise"] grade_id="inf-3-third"
# **做一做 3（10 分）**　用第三方的方法，平均每条线索花了多少寻找成本？
#
# 用 `ways` 表计算：`route` 列的 `"third"` 是第三方，`lead_cost` 列是这种方法每条线索的成本（元），`n_leads` 列是线索数。把结果放进 `answer_3`。
#
# 提示：先把每种方法的成本乘回合计，再除以线索的总数。

# %% tags=["solution"] grade_id="inf-3-third"
### BEGIN SOLUTION
third = ways[ways["route"] == "third"]
answer_3 = (third["lead_cost"] * third["n_leads"]).sum() / third["n_leads"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="inf-3-third"
check("inf-3-third", answer_3)

# %% [markdown]
# **竞争对手记录**也是客户信息。同一位客户身边的对手，要记五件事：用了对手的什么产品、客户对它满意不满意、对手的销售代表是谁、怎样销售、代表和客户的关系怎样。
#
# 客户喜欢对手的产品，又和对手的代表走得近，才真正危险。威胁 = 满意程度 × 关系 ÷ 25，两项都是 1 到 5；这个算法和界线 `danger` 是本套件的。

# %% tags=["finding"]
judged = show_rivals(known, danger=danger)
finding(describe_rivals(judged))

# %% [markdown] tags=["exercise"] grade_id="inf-4-rivals"
# **做一做 4（10 分）**　有风险的销售额里，判为“危险”的记录占多大比例？
#
# 用 `judged` 表计算：`verdict` 列的 `"danger"` 是危险，`revenue_at_risk` 列是有风险的销售额（元，缺数的是空的）。把比例（小数）放进 `answer_4`。
#
# 提示：`judged.loc[条件, "revenue_at_risk"].sum()` 求符合条件的合计，空的自动略过。

# %% tags=["solution"] grade_id="inf-4-rivals"
### BEGIN SOLUTION
risk = judged["revenue_at_risk"]
answer_4 = risk[judged["verdict"] == "danger"].sum() / risk.sum()
### END SOLUTION

# %% tags=["grade"] grade_id="inf-4-rivals"
check("inf-4-rivals", answer_4)

# %% [markdown]
# ## 步骤四　寻找潜在客户（实训6）
#
# **想一想**：只输入产品名，为什么找来的多半是卖家？想买的人会写什么？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 写产品名的人里，卖的、评的、报道的都比买的多。想买的人会写“求购”“采购”“寻供应商”“哪里能买到”，而且常写具体的品名，不写总称。黄页上的商店什么都不求，只写“经营某某”，要换一种找法。
#
# </details>
#
# 电子手段有电子邮件法、搜索引擎法、网上黄页法、行业网站法，还可以用短信和聊天工具。用搜索引擎，成败在**关键词**。**布尔运算**把词连起来：
#
# | 写法 | 意思 | 例子 |
# |---|---|---|
# | 空格、与、AND | 都要有 | `求购 玩具` |
# | 或、OR | 有一个就行 | `公仔 或 布偶` |
# | 非、NOT、紧挨着词的减号 | 不要有 | `采购 毛绒玩具 -招聘` |
# | 引号 | 一字不差地连在一起 | `"求购玩具"` |
# | site: | 只在这个网站里 | `site:huangye.example.net 玩具` |
# | 括号 | 先算 | `(求购 或 采购) 玩具` |
#
# “与”比“或”先算，拿不准就加括号。英文的做法是“buy＋产品名”，中文网页要写“求购＋产品名”。
#
# **查准率**是找到的网页里有用的占多少，**查全率**是有用的网页里找到了多少。真正上网时，查全率没有人知道；这里的网页都判断过，才算得出来。下面的搜索引擎很小，是本套件写的：谁被找到由布尔运算定，谁排在前面由词的多少和稀罕程度定（公式叫 BM25）。

# %% tags=["finding"]
index, right, plan = open_pages(known, product, my_query)
runs, searches = run_searches(index, plan, right, first=first_pages)
show_figure(plot_searches(searches), f"各次搜索的查准率和查全率（{searches['name'].size} 次）")
finding(describe_searches(searches, product))
show_hits(index, plan, "只写产品名")
show_hits(index, plan, "求购＋产品名")
finding(describe_mine(searches))

# %% [markdown]
# **怎样读**：加一个词，找到的少了，查准率往往升，查全率往往降；用“或”连上同义词，正好相反；用减号去掉杂音，查准率可以升上去。堆满“求购”“采购”的垃圾网页，可能排到最前面，排名靠前不等于有用。图上两个点离得远，说明顾了一头，丢了另一头。
#
# 接着列出教材要的表：手段，找到的客户。没有人会翻看几百页，所以只数每次搜索的前几页（参数 `first_pages`）；同一位客户在几页上、用几种手段找到，都只算一位。

# %% tags=["finding", "nbval-check-output"]
customers = list_customers(runs, right, first=first_pages)
means = tabulate_means(plan, runs, customers, first=first_pages)
finding(describe_means(means, customers, right, first=first_pages))

# %% [markdown] tags=["exercise"] grade_id="inf-5-recall"
# **做一做 5（10 分）**　“求购＋产品名”这一次搜索，查全率是多少？
#
# 用 `runs` 表（`name` 列是哪一次搜索，`page_id` 列是找到的网页）和 `right` 表（写出潜在客户的网页，一页可能有几行）计算。把查全率（小数）放进 `answer_5`。
#
# 提示：`set(a) & set(b)` 是两边都有的；`right["page_id"].nunique()` 数不同的网页。

# %% tags=["solution"] grade_id="inf-5-recall"
### BEGIN SOLUTION
found = set(runs.loc[runs["name"] == "求购＋产品名", "page_id"])
answer_5 = len(found & set(right["page_id"])) / right["page_id"].nunique()
### END SOLUTION

# %% tags=["grade"] grade_id="inf-5-recall"
check("inf-5-recall", answer_5)

# %% [markdown] tags=["exercise"] grade_id="inf-6-only"
# **做一做 6（10 分）**　有几位客户，搜索引擎法没有找到，别的手段找到了？
#
# 用 `customers` 表计算：`means` 列是手段，`prospect_id` 列是潜在客户编号。把人数放进 `answer_6`。
#
# 提示：`set(a) - set(b)` 是左边有、右边没有的；同一位客户可能有几行。

# %% tags=["solution"] grade_id="inf-6-only"
### BEGIN SOLUTION
by_engine = set(customers.loc[customers["means"] == "搜索引擎法", "prospect_id"])
answer_6 = len(set(customers["prospect_id"]) - by_engine)
### END SOLUTION

# %% tags=["grade"] grade_id="inf-6-only"
check("inf-6-only", answer_6)

# %% [markdown]
# 网上找来的都是**第三方信息**，要同自己的记录分开放，抽样核实以后再用。抽查的结果会随机变动，所以看区间（威尔逊区间），不只看属实率。

# %% tags=["finding", "nbval-check-output"]
verdict, drawn = check_customers(customers, size=check_size, least=least_share, seed=0)
finding(describe_check(verdict, customers))

# %% [markdown]
# **怎样读**：整个区间都在要求以上，才算“可以用”；跨过要求，就是“还不能定”，要多查。查到满意为止就停手，不是抽查，是挑数字：要查几位，事先说好。

# %% [markdown]
# ## 小结
#
# 这一页里，你**区分**了三类客户信息和三种结构，按公司的需要和客户的阶段写出了数据字典；**计算**了同一个决策有信息和没有信息的差别；**比较**了内部和外部渠道、17 种方法，记录了竞争对手；**寻找**了潜在客户，比较了关键词，列出了“手段—找到的客户”表，并抽样核实。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 步骤 | 用什么 | 做什么 | 得到什么 |
# |---|---|---|---|
# | 认识类型，按需收集 | 三类信息，八项和七项，按需收集、分类管理 | 为每个字段写用途、来源、依据，作出判断 | 数据字典 |
# | 认识价值 | 决策、分级、沟通、满意 | 同一个决策做两遍，相减 | 信息价值表 |
# | 认识来源 | 五条内部渠道，四条外部渠道，17 种方法 | 量一量，比一比，记录对手 | 渠道表、方法表、对手记录 |
# | 寻找潜在客户 | 关键词、布尔运算、黄页、行业网站、邮件 | 搜索，算查准率和查全率，抽查 | 手段—客户表、搜索报告 |
#
# **自测**
#
# 1. “上个月买了三次”是哪一类信息？“对售后不满意”呢？
# 2. 公司不送货，要不要收集收货地址？
# 3. 查准率很高，查全率很低，这次搜索有什么毛病？
# 4. 抽查 10 位，8 位属实，要求是七成。名单能用吗？
# 5. 同一条求购信息在三个网站上出现，是几位潜在客户？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 前一条是行为类，后一条是关联类。
# 2. 不要。按需收集：没有用途的，不收集。
# 3. 条件太严，漏掉了许多客户；可以用“或”加上同义词。
# 4. 还不能定。10 位太少，95% 的区间大约从五成到九成半。
# 5. 一位。转发的帖子不是新客户。
#
# </details>
#
# **拓展任务**　小组合作，为当地一家真实的企业选定要收集的字段（至少十五个），写明用途、来源、法律依据；再为它的一种产品设计五个查询，说明每个词为什么这样选。上网搜索时只记公开的单位信息，不抄个人的电话和住址。老师按下面的标准评分，共 10 分：
#
# | 看什么 | 4 分 | 2 分 | 0 分 |
# |---|---|---|---|
# | 字段 | 每个字段都写明用途和依据，没有多余的 | 有几个说不出用途 | 只列了名称 |
#
# | 看什么 | 3 分 | 1 分 | 0 分 |
# |---|---|---|---|
# | 查询 | 五个查询各有道理，试过并改过 | 有的没有试过 | 只写产品名 |
# | 核实 | 抽查了找到的客户，写出属实率和查了几位 | 只说“核实过” | 没有核实 |
#
# 下一课：建立客户数据库（`5_information/2_customer_database`）。

# %% tags=["finding", "export"]
kit = {"tables": known, "fields": fields, "counts": counts, "testing": testing, "worth": worth, "channels": channels}
kit |= {"ways": ways, "rivals": judged, "searches": searches, "means": means, "customers": customers}
kit |= {"right": right, "first": first_pages, "check": verdict, "drawn": drawn}
tables, result = export_lesson(kit, day=day, product=product, needs=wanted, stage=stage)
export(tables, result, name="information_tables")
