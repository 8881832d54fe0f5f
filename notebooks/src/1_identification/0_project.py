# %% [markdown]
# # 项目一　客户识别
#
# 每一次重复购买，怎样认出是同一位客户？
#
# | 教材位置 | 内容 | 用时 |
# |---|---|---|
# | 项目一：客户识别 | 管理定律、学习目标、十项活动、任务单、合法使用客户数据 | 约 15 分钟 |
#
# 这一页只读不算，是后面几个任务的开头。任务单里的题数、分值和时间，都从各课的 Notebook 里取来。

# %% [markdown]
# ## 你将学会
#
# - **说出**沃尔森法则，并用一个故事解释它；
# - **列出**客户识别的十项活动；
# - **读懂**任务单：做什么、分几步、交什么、多少分；
# - **遵守**使用客户数据的规矩。

# %% tags=["hide-input"]
from crm_lib.catalogue import say
from crm_lib.lesson import describe_sheets, detail_sheets, export, export_sheets, finding, list_activities, list_sheets, parameters, show_table, summarize_sheets

# %% tags=["hide-input"]
parameters("1_identification/0_project")

# %% [markdown]
# ## 管理定律：沃尔森法则
#
# **把信息放在第一位。能得到多少，看你知道多少。**
#
# 奥运会的计时原来由欧米茄负责。1960 年，日本取得 1964 年奥运会的主办权。日本的精工研究了欧米茄的机械计时器，发现它每天的误差超过 30 秒。精工因此去做石英计时器：从前的石英计时器几乎有一辆卡车那么大，精工造出的 951 II 型只有 3 千克，每天只差 0.2 秒。最后，精工赢得了奥运会计时器的供应。
#
# **想一想**：精工赢在哪一步？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 赢在先去了解对手。知道了误差有多大，才知道该做什么、做到多好才够。
#
# 客户识别也是这样：先知道客户是谁、做过什么，才谈得上怎样对待他。
#
# </details>

# %% tags=["finding", "nbval-check-output"]
old_error, new_error = 30, 0.2  # 每天差多少秒
finding(say("project.law", old=old_error, new=new_error, times=f"{old_error / new_error:.0f}"))

# %% [markdown]
# ## 学习目标
#
# | 方面 | 目标 |
# |---|---|
# | 知识 | 客户关系管理；数据、信息和知识；行为数据、态度数据、人口统计数据各有什么内容；识别为什么重要 |
# | 专业能力 | 收集和整理；分清轻重；用网上调查工具取得直接和间接的材料；分析；写报告 |
# | 职业素质 | 会用网络、报刊和电视；思考有条理；合法使用客户数据 |
#
# 项目的想法是：不论当面、打电话、上网还是别的方式，客户每次再来，都认得出他；用几种方法收集，**去伪存真**，最后写出评价报告。

# %% [markdown]
# ## 客户识别的十项活动
#
# **识别**有三层意思：辨认、联系、记住。做到它，要做十项活动。最后一列是本页提的问题，做每一项时拿来问自己。
#
# **想一想**：一家店把客户的电话记得很全，却不知道他买过什么。十项活动里，哪一项没有做？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 没有做“连接”：电话是标志，但没有同每一次购买连起来。
#
# 没有连接，就谈不上认识：他下一次来，店里仍然当他是生人。
#
# </details>

# %% tags=["nbval-check-output"]
activities = list_activities()
titles = {"number": "序号", "activity": "活动", "what": "做什么", "ask": "问自己"}
show_table(activities, "客户识别的十项活动", titles=titles)

# %% [markdown]
# **怎样读**：从上往下是一条路：先有标志，才能收集和连接；连接起来，才认识得出；储存、更新和分析让它一直有用；最后两项管谁能用、怎样防止乱用。

# %% [markdown]
# ## 合法使用客户数据
#
# 客户信息是别人交给我们保管的。教案提到过几件事：平台受到处罚，“大数据杀熟”被禁止，人脸识别被滥用。动手以前，先守住下面几条：
#
# 1. **有目的**：说得出每个字段用来做什么；《个人信息保护法》第六条要求目的明确、合理，只收集最小的范围。
# 2. **有依据**：第十三条列出可以处理的情形，例如本人同意、履行合同所必需。
# 3. **敏感的另外对待**：第二十八条规定敏感个人信息，第二十九条要求单独同意；不满十四周岁的未成年人，第三十一条要求父母或其他监护人同意。
# 4. **只给该看的人看**：按工作需要给权限，不把电话、地址带出工作场所，不发到群里。
# 5. **练习用虚构的数据**：本套件的旭东公司，每个人都是程序生成的。你调查同学，先问他愿不愿意，交作业时去掉姓名。
#
# 这些是学习材料，不是法律意见。
#
# **想一想**：你做小组作业，想用亲戚开的店的客户名单。可以吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不可以直接用。客户把信息交给那家店，是为了买东西，没有同意给学生做作业。
#
# 可以用虚构的数据，或者请店主先去掉姓名、电话和地址，再问清能不能用。
#
# </details>

# %% [markdown]
# ## 任务单
#
# 一个任务分四步，每一步先想一想，再学知识，再做一做。做一做由程序批改，分值写在每一题里。

# %% tags=["finding", "nbval-check-output"]
sheets = list_sheets("1_identification/0_project")
overview = summarize_sheets(sheets)
titles = {"number": "任务", "task": "名称", "goal": "任务目标", "minutes": "用时（分钟）", "n_steps": "步骤数", "n_tasks": "题数", "points": "分值"}
show_table(overview, "各个任务的任务单", titles=titles)
finding(describe_sheets(sheets))

# %% tags=["nbval-check-output"]
details = detail_sheets(sheets)
show_table(details, "每个任务做什么、交什么", most=60, titles={"task": "任务", "kind": "种类", "what": "内容", "points": "分值"})

# %% [markdown]
# **怎样读**：先看步骤，知道要走哪几步；再看做一做，知道要算出什么；最后一行是要提交的成果。带空白姓名栏的任务单写在 `task_sheets.docx` 里，可以打印。

# %% tags=["export"]
export({"activities": activities, "overview": overview, "details": details}, {"overview": overview, "n_activities": len(activities)}, name="project")
export_sheets(sheets)
