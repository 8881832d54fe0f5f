# %% [markdown]
# # 建立客户数据库
#
# 登记表散在三处，订单在另一处，访问记录在第三处。怎样把它们变成一个人人查得到、越用越准的客户数据库？建好以后，值不值？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户信息管理：建立客户数据库；实训7 | 客户登记表、订单、公司投入、调查；企业走访的回答 | 客户数据库、电子客户档案、上传结果、纸质表单、检查表、给企业的建议 | 约 120 分钟 |
#
# 默认数据是旭东公司的登记表、订单、投入记录和问卷。教材只给出“旭东”这个名称，它的行业、规模和每一个人都是本套件虚构的，由程序生成，不含任何真实的人，随本套件按 MIT 许可发布。实训7 的 60 份企业回答也是编造的，里面埋了一个已知的影响，用来看你能不能找到它。

# %% [markdown]
# ## 你将学会
#
# - **提取**信息，编好索引，读懂客户编号；
# - **处理**信息：标准化、修复错误、修复缺失、匹配；
# - **导入**数据表，看懂逐行的审核结果；
# - **检查**数据库是不是合乎要求和原则；
# - **建议**一家企业怎样管客户档案，算出值不值。
#
# 学习之前，先走完“认识客户信息”（`5_information/1_types_and_sources`）。怎样认出同一位客户，“客户行为数据识别”那一课讲得更细。

# %% tags=["hide-input"]
from crm_lib.lesson import check, export, finding, parameters, show_figure
from crm_lib.lesson.database import choose_archive_day, choose_fields, clean_extracts, clear_rejected, compare_checks, count_parts, describe_archive, describe_checks, describe_effect, describe_extracts, describe_fields_chosen, describe_forms
from crm_lib.lesson.database import describe_gaps, describe_halves, describe_improvement, describe_index, describe_numbers, describe_parts, describe_payback, describe_processing, describe_repeats, describe_roster, describe_upload, explain_number, export_archive
from crm_lib.lesson.database import extract_tables, fill_tables, fill_template, gather_forms, grade_by_value, index_records, keep_known, leave_alone, list_verdicts, make_archive, make_records, make_slips, name_security, open_database
from crm_lib.lesson.database import pick_verdicts, preview_archive, preview_roster, process_registers, read_archive_answers, show_halves, show_rows, store_grades, tabulate_card, tabulate_extracts, tabulate_gaps, tabulate_page, tabulate_processing
from crm_lib.lesson.database import try_slips
from crm_lib.plots import plot_keeping, plot_payback
from crm_lib.store import CustomerNumbers, check_requirements, list_assumptions, measure_keeping_effect, project_cash, score_archives, upload_rows, vary_payback, write_template

# %% [markdown]
# 本页的参数可以改，改完以后从头运行全部单元。除了客户登记表和企业的回答，别的文件没有就留空：`wallet: str = ""`。

# %% tags=["parameters"]
customers: str = "xudong_customers"  # 客户登记表，或样本数据的名字 <path>
orders: str = "xudong_orders"  # 订单文件，没有就留空 <path>
investments: str = "xudong_investments"  # 公司投入记录，没有就留空 <path>
answers: str = "xudong_survey"  # 客户态度问卷，没有就留空 <path>
wallet: str = "xudong_wallet"  # 外来的客户钱包份额，没有就留空 <path>
survey: str = "firm_archives"  # 企业走访的回答（实训7） <path>
columns: str = ""  # 登记表的列的对应，留空则自动识别 <columns>
as_of: str = ""  # 档案截止的日期，留空取最后一条记录的次日 <date>
phone_prefixes: str = "154"  # 数据里编造的手机号段，逗号分开；用真实的数据时留空
slip_share: float = 0.03  # 练习上传时故意放进多少录入错误，0 是不放 [0, 0.3]
keeper: str = "档案员甲"  # 档案由谁负责，写岗位或化名
reveal: bool = False  # 表单和作业文件里写出完整的姓名和联系方式
rows_per_page: int = 20  # 客户名册每页几行 [5, 40]
stale_days: int = 365  # 多少天没有动过的资料算旧 [30, 3650]
firm: str = "服装店"  # 给哪一类企业选字段 {服装店, 餐馆, 美容店, 汽车维修店}
firm_customers: int = 400  # 小企业有多少客户 [10, 100000]
extra_share: float = 0.08  # 用好档案以后，客户的消费增加多少，是假设 [0, 1]
seed: int = 7  # 随机种子，同一个种子给出同样的结果 [0, 9999]

# %% tags=["hide-input"]
parameters("5_information/2_customer_database")

# %% [markdown]
# ## 客户资料库里有什么
#
# **想一想**：把三份登记表存进同一个文件夹，算不算有了客户数据库？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不算。同一位客户可能在三份里，写法不同；订单对不上登记；谁都可以改，改了没有记录；要找一位客户，得打开三个文件。数据库要有编号、有规范、对得上、人人看到的是同一份。
#
# </details>
#
# 客户资料库分三部分：
#
# | 部分 | 里面是什么 |
# |---|---|
# | **客户原始资料** | 第一手的：有哪些个人和组织，同我们做过什么买卖 |
# | **统计分析资料** | 调查来的或买来的：对我们的态度，履行合同的情况和问题，同对手的往来 |
# | **公司投入记录** | 每次接触的时间、地点、形式、费用；给了什么产品和服务；争取和保持客户花了多少 |
#
# **客户信息档案**要有过去、现在、将来三个时候的内容，直接客户和间接客户都在内。纸质的有**卡式、簿式、袋式**三种，电子的用专门的软件。不管哪一种，都按规则编号，好存好找。常用的工具是客户名册、客户资料卡和 CRM 系统。
#
# 建库按五步走：**提取信息 → 编制索引 → 信息处理 → 制作数据表 → 导入数据表**。下面一步一步做。

# %% [markdown]
# ## 步骤一　提取信息
#
# **想一想**：哪些信息该提取，哪些不该？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 看用途。说得出用来做什么的才提取；说不出的，存得越多，泄露时客户受的害越大。原则是按需收集、分类管理。
#
# </details>
#
# 从每一个来源里取出需要的内容，记下从哪个文件来、有多少行、属于三部分里的哪一部分。原来的文件不改：**原始资料要尽量保留完整**。

# %% tags=["finding", "nbval-check-output"]
extracted = extract_tables(columns, customers=customers, orders=orders, investments=investments, answers=answers, wallet=wallet)
beside = clean_extracts(extracted)
day = choose_archive_day(as_of, extracted["customers"], beside)
beside = keep_known(beside, day)
extracts = show_rows(tabulate_extracts(extracted), "extracts")
finding(describe_extracts(extracts, extracted, day))

# %% [markdown]
# **怎样读**：一行是一个文件。“有内容的列”少的文件，不一定差：各份登记问的本来就不同。外来的资料单独放在统计分析资料里，不同自己的混在一起。

# %% [markdown]
# ## 步骤二　编制索引
#
# **想一想**：能不能用手机号当客户编号？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不好。手机号会换，一家人可能共用一个，写在哪里都泄露隐私。编号应当终身不变，一位客户一个，本身不含能找到本人的信息。
#
# </details>
#
# 索引是信息的次序，好比一本书的目录。先看原来的登记编号能不能用，再定客户编号的规则。校验码是本套件加的：由前面各位算出来，抄错一位就对不上。

# %% tags=["finding", "nbval-check-output"]
index = show_rows(index_records(extracted["customers"]), "index")
finding(describe_index(index))
rule = CustomerNumbers()
number = rule.word("S", int(day[:4]), 123)
show_rows(explain_number(rule, number), "number", number=number)
slips = show_rows(try_slips(rule, int(day[:4])), "slips")
finding(describe_numbers(slips))

# %% [markdown]
# **怎样读**：登记编号只在自己那一份登记里管用，几份登记各编各的，所以要有全公司统一的客户编号。编号在导入的时候发，先要认出哪些记录是同一位客户。

# %% [markdown]
# ## 步骤三　信息处理
#
# **想一想**：两条记录，姓名一样，生日一样，手机号不一样。是一位客户还是两位？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 多半是一位，换了手机号。姓名和生日都一样的两个人很少，要看姓名常见不常见、地址对不对得上。把几样证据合起来算，拿不准的留给人看。
#
# </details>
#
# 信息处理有四件事：
#
# 1. **数据标准化**：同一个意思只用一种写法；
# 2. **修复错误信息**：不可能的值取出来，原值还在原来的登记文件里；
# 3. **修复缺失信息**：能由别的资料确定的才补，不猜；
# 4. **信息匹配**：认出同一位客户的几条记录，并成一份。

# %% tags=["finding", "nbval-check-output"]
done = process_registers(extracted["customers"], day=day, phone_prefixes=phone_prefixes, seed=seed)
records = make_records(done)
processing = show_rows(tabulate_processing(done), "processing")
finding(describe_processing(done))
gaps = show_rows(tabulate_gaps(done).drop(columns="column"), "gaps")
finding(describe_gaps(tabulate_gaps(done)))

# %% [markdown]
# **怎样读**：匹配不只是去掉重复，它还补上缺的：这一份没问的，另一份也许问过。“还缺”的不要猜，列成名单，下次见面时问。

# %% [markdown] tags=["exercise"] grade_id="cdb-1-records"
# **做一做 1（5 分）**　平均每位客户有几条登记记录？
#
# 用 `records` 表计算：一行是一条记录，`person_id` 列是认出的客户。把平均数放进 `answer_1`。
#
# 提示：`records["record_id"].nunique()` 是不同的记录有几条。

# %% tags=["solution"] grade_id="cdb-1-records"
### BEGIN SOLUTION
answer_1 = len(records) / records["person_id"].nunique()
### END SOLUTION

# %% tags=["grade"] grade_id="cdb-1-records"
check("cdb-1-records", answer_1)

# %% [markdown] tags=["exercise"] grade_id="cdb-2-gaps"
# **做一做 2（10 分）**　各个字段合起来，缺的值有多大比例由其他登记补上了？
#
# 用 `gaps` 表的 `n_missing` 列（缺几个）和 `n_filled` 列（补上几个）计算。把比例（写成小数，不乘 100）放进 `answer_2`。
#
# 提示：`gaps["n_left"].sum()` 是还缺的合计。

# %% tags=["solution"] grade_id="cdb-2-gaps"
### BEGIN SOLUTION
answer_2 = gaps["n_filled"].sum() / gaps["n_missing"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="cdb-2-gaps"
check("cdb-2-gaps", answer_2)

# %% [markdown]
# ## 步骤四　制作数据表
#
# **想一想**：档案、名册、交易记录，为什么要分成三张表？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 一位客户的姓名只该写一次，他的交易却有许多行。写在一张表里，姓名就要重复许多遍，改的时候容易漏改。分开以后，用客户编号连起来。
#
# </details>
#
# 要做三张表：**电子客户档案**，一位客户一行，内容最全；**电子客户名册**，一位客户一行，只留最常用的，好查；**客户交易记录表**，一笔交易一行。名册由档案和交易记录算出来，不用另外填。

# %% tags=["finding", "nbval-check-output"]
archive = make_archive(done)
show_rows(preview_archive(archive), "archive", n=min(5, len(archive)))
finding(describe_archive(archive))

# %% [markdown]
# **怎样读**：姓名、电话、邮箱、地址只显示一部分，够核对就行。填得不满不要紧，要紧的是联系得上、说得出用途。

# %% [markdown]
# ## 步骤五　导入数据表
#
# **想一想**：把整张表直接粘进数据库，不是更快吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 快，可是错的也进去了：少一位的手机号、2 月 30 日的生日、同一位客户的第二份。模板在填的时候拦一道，上传时再逐行审一道，退回的写明原因。传两次也不会重复。
#
# </details>
#
# 导入分三步：**下载模板 → 填写内容 → 上传文件**。模板里有下拉列表和填写规则。为了看清审核怎样工作，填表时故意放进一些录入错误，放多少由参数 `slip_share` 定。数据库建在这次运行的临时文件夹里，电话、邮箱、地址、证件号加了密，密钥也在那里，运行完就没有了。

# %% tags=["finding", "nbval-check-output"]
db = open_database(day, keeper=keeper)
template = write_template("customers", db.folder / "template.xlsx")
typed = make_slips(archive, share=slip_share, seed=seed)
first = upload_rows(db.store, fill_template(template, typed, db.folder / "filled.xlsx"), at=db.tick())
verdicts = list_verdicts(first)
show_rows(pick_verdicts(verdicts), "verdicts")
finding(describe_upload(first, typed.attrs["n_slips"]))

# %% [markdown]
# **怎样读**：每一行恰好有一个结果：新增、更新、已有、退回。退回的整行都不进库，不会只进一半。照“说明”改好，再传一次。

# %% [markdown] tags=["exercise"] grade_id="cdb-3-rejected"
# **做一做 3（10 分）**　第一次上传，有多大比例的行被退回？
#
# 用 `verdicts` 表的 `verdict` 列计算。把比例（写成小数）放进 `answer_3`。
#
# 提示：`(verdicts["verdict"] == "新增").sum()` 是新增的行数。

# %% tags=["solution"] grade_id="cdb-3-rejected"
### BEGIN SOLUTION
answer_3 = (verdicts["verdict"] == "退回").mean()
### END SOLUTION

# %% tags=["grade"] grade_id="cdb-3-rejected"
check("cdb-3-rejected", answer_3)

# %% [markdown]
# 录入错误改回来；原始资料本来就错、又问不到的格子先空着，再传一次。然后把同一份文件又传一次，看会不会重复。
#
# 客户有了编号，其余各表才连得上。订单进客户交易记录表，访问和礼品进公司投入记录，调查进统计分析资料，写明是自有的还是外来的。投入的目的是推定的：第一笔订单以前算**争取**，以后算**保持**。最后由档案和交易记录算出名册。

# %% tags=["finding", "nbval-check-output"]
again = fill_template(template, clear_rejected(archive, first.verdicts, typed), db.folder / "mended.xlsx")
second, third = upload_rows(db.store, again, at=db.tick()), upload_rows(db.store, again, at=db.tick())
finding(describe_repeats(first, second, third, len(db.store.read("customers"))))
n_unknown = fill_tables(db, beside, archive, [first, second], records)
parts = show_rows(count_parts(db), "parts")
finding(describe_parts(parts, n_unknown))
roster = db.store.read("roster")
show_rows(preview_roster(roster), "roster", n=min(10, len(roster)))
finding(describe_roster(roster, db.store.read("investments")))

# %% [markdown]
# **怎样读**：名册是一个视图，由档案和交易记录当场算出，不会过时。消费金额里，退货是负数。

# %% [markdown] tags=["exercise"] grade_id="cdb-4-key"
# **做一做 4（10 分）**　消费最多的 50 位客户，占全部消费金额的多大比例？
#
# 用 `roster` 表的 `revenue` 列计算。把比例（写成小数）放进 `answer_4`。
#
# 提示：`roster["revenue"].nlargest(10)` 取出最大的 10 个。

# %% tags=["solution"] grade_id="cdb-4-key"
### BEGIN SOLUTION
answer_4 = roster["revenue"].nlargest(50).sum() / roster["revenue"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="cdb-4-key"
check("cdb-4-key", answer_4)

# %% [markdown]
# ## 打印纸质档案
#
# 有的场合仍要用纸：上门时带一张卡，柜台上放一本册，合同和票据装一只袋。**卡式**一位客户一张，按编号排；**簿式**一页若干行，页末有小计；**袋式**一位客户一袋，封面上有目录，借出要登记。三种都由数据库打印，不另外抄。

# %% tags=["finding"]
forms = gather_forms(db, rows_per_page=rows_per_page, reveal=reveal)
card, page, bag = forms["card"][0], forms["register"][-1], forms["bag"][0]
show_rows(tabulate_card(card), "card", number=card.number, most=30)
show_rows(tabulate_page(page), "page", page=page.number, most=45)
show_rows(tabulate_page(bag), "bag", number=bag.number)
finding(describe_forms(forms, reveal))

# %% [markdown]
# **怎样读**：完整的表单在作业文件 `forms.html` 里，用 A4 纸打印；`forms.docx` 可以改。名册最后一页的“合计”应当等于数据库里的合计，这是核对有没有漏印的办法。

# %% [markdown]
# ## 检查要求和原则
#
# **想一想**：数据库建好了，怎样知道建得好不好？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 把每条要求变成一个能数的问题：查了多少，不合的有多少，不合的是哪些，怎样改。“管得不错”不是检查，“100 位重点客户里有 7 位没有等级”才是。
#
# </details>
#
# 数据库有四条要求：**目标明确、编排规范、逻辑明确、动态共享**。档案管理有四条原则：**动态管理、重点管理、灵活运用、专人负责**。建库还有四条：**原始资料尽量完整，自有资料和其他资料分开，专人负责安全，持续更新**。名称是教材的，怎样数、界线划在哪里，是本套件定的。
#
# 查过以后改进两处：按消费给每位客户定价值等级（累计占到 80% 的是 A，到 95% 的是 B，其余是 C，界线是本套件的），写明谁负责安全。再查一次；然后设想从此谁也不管，过了期限又查一次。

# %% tags=["finding", "nbval-check-output"]
limits = {"stale_days": stale_days}
checked = check_requirements(db.store, as_of=day, settings=limits)
show_rows(checked[["group", "principle", "rule", "found", "verdict"]], "checks", day=day)
finding(describe_checks(checked))
store_grades(db, grade_by_value(roster))
name_security(db, keeper)
improved = check_requirements(db.store, as_of=day, settings=limits)
later = check_requirements(db.store, as_of=leave_alone(day, days=stale_days + 1), settings=limits)
show_rows(compare_checks(before=checked, after=improved, later=later), "compare")
finding(describe_improvement(checked, improved, later, stale_days + 1))

# %% [markdown]
# **怎样读**：“合格”只说明查得到的地方合格。最后一列说明数据库会变旧：编号不会错，资料会过时。怎样保持，是下一课的内容。

# %% [markdown]
# ## 实训7　企业怎样管客户档案
#
# **教材的实训**：三人一组，至少走访一家企业，问清收集客户信息的方法、客户档案的现状、对经营和利润的影响，写成报告；再分角色，给企业提建议。问卷在作业文件 `questionnaire.xlsx` 里，全班合成一张表，文件名写进参数 `survey`。
#
# 八项做法（形式、编号、更新、专人、保留原始资料、自有和外来分开、备份、使用）各得 0 到 1 分，平均以后乘 100，就是**档案管理得分**。问题和得分都是本套件的。

# %% tags=["finding"]
scores = score_archives(read_archive_answers(survey))
halves = show_halves(scores)
show_figure(plot_keeping(scores), f"档案管理得分和回头客占比（{len(scores):,} 家企业）")
finding(describe_halves(scores, halves))
effects = [measure_keeping_effect(scores, random_state=seed, outcome=o) for o in ("repeat_percent", "margin_percent")]
for effect in effects:
    finding(describe_effect(effect))

# %% [markdown]
# **怎样读**：图上的竖线是得分的中位数，把企业分成两半。两半的差别里，可能混着规模的差别：大一点的企业，也许档案管得好，回头客本来也多。所以后两句只在人数、年数、行业相近的企业之间比。p 是“本来没有联系、碰巧也有这么大差别”的可能性；区间不含 0 才说看得出联系。要证明因果，得让一部分企业先做、一部分后做，再比。

# %% [markdown] tags=["exercise"] grade_id="cdb-5-keeper"
# **做一做 5（10 分）**　有专人负责的企业，回头客占比平均比没有专人的高多少个百分点？
#
# 用 `scores` 表计算：`keeper` 列是 1 表示有专人、0 表示没有，空着的不算；`repeat_percent` 列是回头客占比。低就是负数。把结果放进 `answer_5`。
#
# 提示：`scores.loc[scores["backed_up"] == 1, "margin_percent"].mean()` 是定期备份的企业的平均利润率。

# %% tags=["solution"] grade_id="cdb-5-keeper"
### BEGIN SOLUTION
kept = scores.groupby("keeper")["repeat_percent"].mean()
answer_5 = kept[1.0] - kept[0.0]
### END SOLUTION

# %% tags=["grade"] grade_id="cdb-5-keeper"
check("cdb-5-keeper", answer_5)

# %% [markdown]
# **想一想**：e-CRM 能给小企业带来什么？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 带来的是老客户多来几次，少丢几位；花的是建档的钱、每月的软件和短信费、人工。客户太少、毛利太低，可能收不回。先把账算清楚，再小规模地试。
#
# </details>
#
# 下面是一本简单的账：每月多得的毛利 = 客户数 × 每年消费 ÷ 12 × 增加的比例 × 毛利率，前几个月慢慢见效；减去每月的花费。每个假设都写出来，还写出它可能偏多少。

# %% tags=["finding"]
assumptions = list_assumptions(customers=firm_customers, extra_share=extra_share)
show_rows(assumptions.drop(columns="assumption"), "assumptions")
flow = project_cash(assumptions)
payback = vary_payback(assumptions, random_state=seed)
show_figure(plot_payback(payback.by_assumption, months=36), "每个假设单独变动时，36 个月的累计结余和回本的月数")
finding(describe_payback(payback, flow))

# %% [markdown]
# **怎样读**：条越长，结果越靠这个假设。写着“不回本”的一端，说明只要这一个假设偏到那里，36 个月就收不回。

# %% [markdown]
# ## 给一家企业选字段
#
# **教材的小组任务**：给一家企业选字段，做出档案，向全班介绍，并说明怎样用。参数 `firm` 换一类企业，下面的建议就换一份。建议是本套件的，请你们讨论：哪一行不同意，为什么？

# %% tags=["finding", "nbval-check-output"]
fields = show_rows(choose_fields(firm), "fields", firm=firm, most=30)
finding(describe_fields_chosen(fields, firm))

# %% [markdown]
# **做一做（小组，10 分，老师评分）**　打开作业文件 `firm_archive.xlsx`，改成你们走访的那家企业的档案：删去用不着的字段，加上它特有的，填三位化名客户，在第二张表里写明每个字段的用途。
#
# | 看什么 | 4 分 | 2 分 | 0 分 |
# |---|---|---|---|
# | 字段 | 每个都有用途，敏感的写明单独同意 | 有的没有用途 | 照抄模板 |
#
# | 看什么 | 3 分 | 1 分 | 0 分 |
# |---|---|---|---|
# | 档案 | 编号合规则，三行都填得对 | 有一两处错 | 没有编号 |
# | 怎样用 | 说出三种用法，各给一个例子 | 一两种 | 没有说 |

# %% [markdown]
# ## 小结
#
# 这一页里，你**提取**了信息，编了索引，读懂了客户编号；**处理**了信息，把登记记录并成了客户；**导入**了数据表，照着审核结果改了错；**检查**了数据库合不合要求和原则；**建议**了企业怎样管档案，算出了多久收回投入。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 步骤 | 用什么 | 做什么 | 得到什么 |
# |---|---|---|---|
# | 提取信息 | 登记表、订单、投入、调查 | 取出需要的，记下来源 | 三部分的原料 |
# | 编制索引 | 编号规则，校验码 | 排出次序 | 客户编号 |
# | 信息处理 | 标准化、修复、匹配 | 统一写法，补缺，认人 | 一位客户一份 |
# | 制作数据表 | 档案、名册、交易记录 | 分表，用编号连 | 三张表 |
# | 导入数据表 | 模板，逐行审核 | 下载、填写、上传 | 客户数据库 |
# | 检查和建议 | 要求、原则、调查 | 数不合的，比企业，算账 | 检查表、建议 |
#
# **自测**
#
# 1. 三部分客户资料库各放什么？客户对我们的态度放在哪里？
# 2. 校验码能防什么，不能防什么？
# 3. 为什么原始资料要保留，即使它有错？
# 4. 同一份文件传了两次，库里应当怎样？
# 5. 调查里管得好的企业回头客多，为什么还不能说“管档案使回头客变多”？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 原始资料放第一手的客户和交易，统计分析资料放调查来的和买来的，公司投入记录放花在客户身上的时间和钱。态度在统计分析资料里。
# 2. 能防抄错编号；不能防把张三的事记到李四的正确编号上。
# 3. 以后发现处理错了，可以从头再来；发生争议，也有依据。
# 4. 同传一次一样，第二次每一行都是“已有”。
# 5. 也许是别的原因使两样都好，例如老板用心、规模大。
#
# </details>
#
# **拓展任务**　走访一家小企业，填 `questionnaire.xlsx` 的一行；再用它的数字改参数 `firm_customers` 和 `extra_share`，从头运行，拿着 `advice.docx` 分角色：一位演顾问，一位演老板，老板要问三个“为什么”。
#
# 下一课：维护与安全（`5_information/3_maintenance_and_security`）。

# %% tags=["export"]
kit = {"first": first, "forms": forms, "checked": checked, "improved": improved, "later": later, "scores": scores, "halves": halves}
kit |= {"effects": effects, "payback": payback, "flow": flow, "assumptions": assumptions, "fields": fields, "firm": firm}
kit |= {"extracts": extracts, "processing": processing, "gaps": gaps, "parts": parts}
tables, result = export_archive(db, kit, reveal=reveal)
export(tables, result, name="database_tables")
