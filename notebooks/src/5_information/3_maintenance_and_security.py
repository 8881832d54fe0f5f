# %% [markdown]
# # 维护客户数据库，保证客户信息的安全
#
# 数据库建好以后，怎样让它一直是对的、丢了能找回来、不该看的人看不到？客户不同意再用他的信息，我们做得到吗？老客户买同一件东西，会不会反而更贵？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户信息管理：更新与核实、备份、安全 | 客户登记表、订单、客户的同意、报价记录 | 数据库管理制度、权限表、到期删除名单、价格检查报告 | 约 120 分钟 |
#
# 数据来自旭东公司：教材只给出“旭东”这个名称，它的行业、规模和每一行数据都是本套件虚构的，由程序生成，不含任何真实的人，随本套件按 MIT 许可发布。
#
# 本页的数据库、密钥、备份都放在一个临时文件夹里，运行结束就没有了。密钥当场生成，不显示，也不写进任何作业文件。

# %% [markdown]
# ## 你将学会
#
# - **更新**并**核实**客户数据，改动以前的样子也留着；
# - **备份**数据库，毁掉它，再恢复，用校验和证明一点不差；
# - **划分**权限，让每个岗位只看到工作需要的，并查出谁动过操作记录；
# - **检查**管理制度和网络设置，每一条都对着数据库里真实的设置；
# - **处理**撤回同意和保存到期的信息，**判断**一份名单会不会认出人、价格是不是对老客户不公平。
#
# 学习之前，先学“建立客户数据库”（`5_information/2_customer_database`）。做一做要写一两行代码，题目里都有提示。

# %% tags=["hide-input"]
from crm_lib.lesson import check, export, finding, parameters
from crm_lib.lesson.security import build_firm, change_customers, check_people, check_rules, count_backups, describe_anonymity, describe_backups, describe_changes, describe_consent
from crm_lib.lesson.security import describe_firm, describe_forgotten, describe_network, describe_prices, describe_rights, describe_rules, describe_scan, describe_seal, describe_staff
from crm_lib.lesson.security import describe_tampering, describe_training, describe_verification, draw_list, draw_prices, export_lesson, fix_day, forget_customers, gather_firm, judge_network
from crm_lib.lesson.security import judge_prices, keep_backups, look_inside, lose_and_restore, measure_list, scan_pins, show_rights, show_views, tamper_with_audit, train_staff
from crm_lib.lesson.security import verify_customers, watch_staff

# %% [markdown]
# 本页的参数可以改，改完以后从头运行全部单元。`company` 换一个数字，程序就当场编出另一家旭东公司；`prices` 决定这另一家公司的价格里有没有埋下对老客户的不公平。

# %% tags=["parameters"]
customers: str = "xudong_customers"  # 客户登记表 <path>
orders: str = "xudong_orders"  # 订单 <path>
consents: str = "xudong_consents"  # 客户的同意和撤回 <path>
quotes: str = "xudong_price_quotes"  # 报价记录 <path>
network: str = ""  # 数据库的网络设置，文字文件，留空用一份故意写错的 <path>
pins: str = ""  # 软件包清单，每行写“名称 两个等号 版本”，留空用示例 <path>
advisories: str = ""  # 存放漏洞公告（OSV 格式）的文件夹，留空就不扫描 <path>
company: int = 0  # 0 用上面的文件，别的数字当场另编一家公司 [0, 9999]
prices: str = "planted"  # 另编的公司里，价格有没有埋下不公平 {planted, innocent}
most: int = 400  # 最多把多少位客户放进数据库 [1, 5000]
as_of: str = ""  # 截止日期，留空取最后一笔订单的日子 <date>
keep_months: int = 24  # 最后一笔订单以后，合同和售后的资料保存几个月 [1, 240]
k_wanted: int = 5  # 名单里每个人至少要和几个人分不出来 [2, 50]
material: float = 0.5  # 价格差几个百分点以上才算数 [0.1, 20]

# %% tags=["hide-input"]
parameters("5_information/3_maintenance_and_security")

# %% [markdown]
# ## 四类案例
#
# 教案用四类事情开头：
#
# | 发生了什么 | 问题在哪里 | 本页在哪里处理 |
# |---|---|---|
# | 有平台因为处理用户数据违反规定，受到处罚 | 没有按制度保护数据 | 步骤三、步骤四 |
# | **大数据杀熟**被禁止：同一件商品，熟客看到的价格反而高 | 用客户的信息对付客户 | 步骤六 |
# | 人脸识别被滥用 | 收集了不需要、也没有单独同意的信息 | 步骤五 |
# | 支付、视频等应用给每位用户做**年度账单** | 用了哪些数据，用户同意了没有，别人看不看得到 | 步骤五 |
#
# 前三类是违法的事，第四类本身是一项服务，做得好不好，要看用户是不是同意、是不是只有本人看得到。这四类事情有一个共同的要求：**合法使用客户数据**。
#
# 人脸、指纹、声纹这些**生物识别信息**，一旦泄露换不掉，法律要求有特定的目的、充分的必要和单独的同意（《个人信息保护法》第二十八、二十九条）。本套件的任何一课都不需要它们。登记册里万一有这样的列，程序会指出来，不放进数据库。
#
# 先在临时文件夹里建一个数据库，把客户、订单、同意书放进去。同一位客户在几个登记册里有几份登记，这里按“姓名和出生日期都相同”合在一起；更细的匹配见上一课。

# %% tags=["finding", "nbval-check-output"]
data = gather_firm(customers=customers, orders=orders, consents=consents, quotes=quotes, company=company, prices=prices, most=most)
day = fix_day(as_of, data)
firm = build_firm(data, day)
finding(describe_firm(firm, data))

# %% [markdown]
# **怎样读**：电话、邮箱、住址、证件号在写进数据库之前就加了密，程序要用的时候才打开。每一次写入都同时留下一行操作记录，两样要么都成功，要么都不算。

# %% [markdown]
# ## 步骤一　更新与核实
#
# **想一想**：客户换了手机号，把旧的擦掉写上新的，行不行？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不好。去年的快递单上写的是旧号码，擦掉以后就对不上了；万一新的写错，也回不去。正确的做法是旧的一行写上“到哪一天为止”，新的另起一行写上“从哪一天开始”。这样任何一天的样子都能再看到。
#
# </details>
#
# 需要**更新**的数据有四种：
#
# - **新客户**的数据：刚来的客户，整行新增；
# - **易变动**的数据：电话、住址、职业这些会变的；
# - **易新增**的数据：交易这样越来越多的；
# - **缺失数据**：原来没有，后来补上的。
#
# 下面的改动都来自登记册本身：同一位客户后来又登记了一次，电话或住址同原来不一样，就是易变动；原来空着、后来写了，就是补缺失。

# %% tags=["finding", "nbval-check-output"]
versions, moment = change_customers(firm)
finding(describe_changes(firm, versions, moment))

# %% [markdown]
# **怎样读**：`valid_from` 是这一行从什么时候起有效，`valid_to` 是到什么时候为止，空着就是现在还有效。补缺失只填空格；如果登记册写的同数据库里已有的不一样，就不能悄悄盖掉，要当作易变动来改，或者退回去问。

# %% [markdown] tags=["exercise"] grade_id="sec-1-moment"
# **做一做 1（5 分）**　数据库在 `moment` 那一刻有多少位客户？
#
# 用 `versions` 表计算，一行是一位客户的一个版本。那一刻有效的版本：`valid_from` 不晚于 `moment`，并且 `valid_to` 空着或者晚于 `moment`。把客户的位数放进 `answer_1`。
#
# 提示：`versions["valid_to"].isna()` 判断是不是空着，“或者”写成 `|`，“并且”写成 `&`，每个条件放在一对圆括号里，判断结果的 `.sum()` 就是行数。

# %% tags=["solution"] grade_id="sec-1-moment"
### BEGIN SOLUTION
begun = versions["valid_from"] <= moment
answer_1 = (begun & (versions["valid_to"].isna() | (versions["valid_to"] > moment))).sum()
### END SOLUTION

# %% tags=["grade"] grade_id="sec-1-moment"
check("sec-1-moment", answer_1)

# %% [markdown]
# 需要**核实**的有两种：**新增客户数据**，录入以后要有人对一遍；**企业自设数据**，如价值等级、信用等级、关系等级，是企业自己定的，时间一长就不对了，要定期重新定。多久核实一次，是本套件给的建议，写在数据库的设置里，可以改。

# %% tags=["finding", "nbval-check-output"]
due = verify_customers(firm)
finding(describe_verification(firm, due))

# %% [markdown]
# **怎样读**：过期没有核实的先做。核实不是再看一眼，而是拿另一个来源（电话回访、最近的订单）去对；对过的要记下谁、哪一天、结果是什么。

# %% [markdown]
# ## 步骤二　备份与恢复
#
# **想一想**：每天都备份的公司，为什么还会丢数据？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 备份同原件放在一间屋子里，一起烧了；备份早就坏了，没有人试过；备份没有加密，被人拷走了。所以要定期备份，异地也放一份，并且真的恢复一次。
#
# </details>
#
# 教材的要求是：**定期备份**，**异地也要有备份**；数据丢失又无法挽回时，**马上停止操作，请专业人员处理**。
#
# 备份的文件整个加了密。下面做三件事：一份备份是前些日子存的，现在再存一份，各拷一份到“异地”；然后把数据库文件真的删掉；再从最新的一份恢复，比较每张表的**校验和**。校验和是由内容算出的一串数字，内容差一个字，它就完全不同。

# %% tags=["finding", "nbval-check-output"]
kept = keep_backups(firm)
restored = lose_and_restore(firm, kept)
counts = count_backups(firm, kept)
finding(describe_backups(firm, kept, restored))

# %% [markdown]
# **怎样读**：前后的校验和每张表都相同，才能说恢复成功了。只看文件还在、行数一样，都不够。恢复也是一次操作，恢复以后又记下了新的操作；上面比较的是恢复进来的那些行。
#
# 备份隔多久做一次才好？本套件再问一个问题：如果最新的一份也坏了，只能用前一份，会少掉什么？

# %% [markdown] tags=["exercise"] grade_id="sec-2-lost"
# **做一做 2（10 分）**　如果最新的备份坏了，只能用前一份恢复，所有的表一共会少掉多少行？
#
# 用 `counts` 表计算，一行是一张表：`older` 列是前一份备份里的行数，`newest` 列是最新一份里的行数，`now` 列是恢复以后数据库里的行数。把少掉的行数放进 `answer_2`。
#
# 提示：恢复以后的数据库同最新的一份相同，前一份里没有的就是少掉的。

# %% tags=["solution"] grade_id="sec-2-lost"
### BEGIN SOLUTION
answer_2 = counts["now"].sum() - counts["older"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="sec-2-lost"
check("sec-2-lost", answer_2)

# %% [markdown]
# ## 步骤三　人员：权限、培训和监督
#
# **想一想**：客服要打电话给客户，分析员要算各省的销售额。两个人都给“全部可看”，省事，为什么不行？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 分析员不需要知道任何人的电话。给了他，多一个人看得到，就多一个泄露的口子，出了事也说不清是谁。够用就好：工作需要什么，就给什么，多一样也不给。
#
# </details>
#
# 安全先要靠**人**：
#
# - **选人和培训**：职业道德、业务技能、安全意识；
# - **分级权限**，遵守**最小权限**原则：只给工作必需的；
# - **监督和审计**：所有的操作都有记录，有人看。
#
# 下面是五个岗位的权限，和同一位客户在各个岗位眼里的样子。

# %% tags=["finding", "nbval-check-output"]
rights = show_rights()
views = show_views(firm)
finding(describe_rights(rights, views))
training = train_staff(firm)
finding(describe_training(training))

# %% [markdown]
# **怎样读**：“可看”是看得到原文，“遮住”只看得到一部分，“看不到”是连这一列都没有。能看原文的岗位，工作时由程序打开，本页不显示。
#
# 要说明白：DuckDB 是一个文件，谁拿到文件谁就能读全部没有加密的列，它没有登录和权限。所以这里给只看、不改客户档案的岗位各做一份只读的、已经遮住的副本；要改档案的岗位，在数据库里工作。真正按人分权限，要用 PostgreSQL 这样的服务器：同一张权限表会变成那里的角色、授权和行级限制，上面最后一张表就是那些命令，只显示，不在本页运行。
#
# **操作记录**（审计日志）一行接一行：每一行里都有上一行的指纹，改动、删掉、调换任何一行，后面就接不上。下面记下几天里有人看过客户的原文，再偷偷改一行，看查不查得出来；最后打开数据库的文件，看电话在里面是什么样子。

# %% tags=["finding", "nbval-check-output"]
log = watch_staff(firm)
finding(describe_staff(firm, log))
finding(describe_tampering(tamper_with_audit(firm)))
finding(describe_seal(look_inside(firm)))

# %% [markdown]
# **怎样读**：“是谁、什么时候、看了什么、多少行”都在记录里。下班以后一次看很多行，不等于有问题，但是要有人去问。操作记录只能发现，不能阻止；阻止要靠权限和加密。

# %% [markdown] tags=["exercise"] grade_id="sec-3-log"
# **做一做 3（10 分）**　下班时间看原文的，一共看了多少行？
#
# 用 `log` 表计算，一行是一次操作：`action` 列是操作，`"reveal"` 就是看原文；`hour` 列是几点钟；`n_rows` 列是看了几行。下班时间是 8 点以前，或者 18 点及以后。把行数放进 `answer_3`。
#
# 提示：先选出看原文的，再选出下班时间的，最后把 `n_rows` 合计。

# %% tags=["solution"] grade_id="sec-3-log"
### BEGIN SOLUTION
seen = log[log["action"] == "reveal"]
answer_3 = seen.loc[(seen["hour"] < 8) | (seen["hour"] >= 18), "n_rows"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="sec-3-log"
check("sec-3-log", answer_3)

# %% [markdown]
# ## 步骤四　制度和网络
#
# **想一想**：制度写得很好，贴在墙上。怎样知道它真的在执行？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 每一条都要能查。“定期备份”查不了，“备份不超过 7 天”查得了：看最新的备份是哪一天的。写不成能查的，就不算一条。
#
# </details>
#
# 企业要有**数据库管理制度**，教材分四个部分：**总则**、**使用**、**修改与维护**、**安全管理**。本页的每一条都连着数据库里的一项设置，程序去查，写出“符合”或“不符合”。条文是本套件写的。
#
# **网络**方面有五样：**访问控制**、**加密技术**、**安全套接层协议**（今天用的是它的后继 TLS）、**防火墙**、**定期的漏洞扫描与修复**。下面判断一份数据库的网络设置。没有给文件时，用的是一份故意写错的，看查不查得出来。连接数据库的一方也要核对服务器的证书（在 PostgreSQL 上写 `verify-full`），否则可能连到假的服务器上。

# %% tags=["finding", "nbval-check-output"]
judged = judge_network(network)
finding(describe_network(judged))
scanned = scan_pins(pins, advisories)
finding(describe_scan(scanned))
clauses = check_rules(firm, judged, scanned)
finding(describe_rules(clauses))

# %% [markdown]
# **怎样读**：不符合的条文要么改做法，要么改条文，不能两个不一样。漏洞扫描要有公告的数据；没有联网、也没有给公告文件时，程序只能说“没有扫描”，绝不能说“没有漏洞”。

# %% [markdown]
# ## 步骤五　客户的同意、保存期限和认不认得出人
#
# **想一想**：客户说“不要再给我发广告了”，我们删掉他的电话就行了吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 他撤回的是“营销”这一个目的。正在送的货还要用他的地址，开过的发票账上还要留。要看每一项信息还为了什么目的留着：还有别的合法目的，就留，但不能再拿去营销；没有了，就删掉或者遮住，历史版本、原始记录和备份也要照规定处理。
#
# </details>
#
# 处理个人信息要有依据，同意是其中一种（第十三条），同意可以**撤回**（第十五条）；保存的时间应当是达到目的所必需的**最短时间**（第十九条）；目的达到了、期限到了、同意撤回了，应当**删除**（第四十七条）。条文号是《个人信息保护法》的，几年几年的期限是本套件的参数。
#
# 程序先列出到期的和撤回的，说明理由，再真的去做：现在的行、历史版本、原始记录里的都要处理，别的格子一个也不能动。最后到文件里按字节去找。

# %% tags=["finding", "nbval-check-output"]
consent, plan = check_people(firm, keep_months)
finding(describe_consent(consent, plan))
gone = forget_customers(firm, plan, keep_months)
finding(describe_forgotten(gone))

# %% [markdown]
# **怎样读**：“该动的格子”和“动了的格子”要正好一样多。旧的备份里还有他们，所以规定写明：备份留多少天，到期就销毁；在这之前万一要用旧备份恢复，恢复程序会先照删除名单再删一遍，才让人看。
#
# 名单要交给外面的人，去掉姓名和电话就够了吗？省份、年龄、性别、职业合在一起，也许就只有一个人。**k-匿名**是说：每个人至少和另外 k − 1 个人在这几列上一模一样。达不到，就把列写粗一点：城市换成省，出生年换成十年一段。这一部分是本套件加的，教材没有。

# %% tags=["finding"]
people, classes, coarser = measure_list(firm, k_wanted)
draw_list(people, coarser, k_wanted)
finding(describe_anonymity(people, classes, coarser, k_wanted))

# %% [markdown]
# **怎样读**：`n_people` 是 1 的一组，就是只有一个人的组合，谁知道他的这几样，就认得出他。写粗以后丢掉的细节也要算：丢得太多，名单就没有用了。

# %% [markdown] tags=["exercise"] grade_id="sec-4-alone"
# **做一做 4（10 分）**　没有写粗的名单里，处在不够 `k_wanted` 人的组里的人，占多大比例？
#
# 用 `classes` 表计算，一行是一种组合，`n_people` 列是这种组合的人数。把比例（写成小数，不乘 100）放进 `answer_4`。
#
# 提示：先选出人数小于 `k_wanted` 的组，把它们的人数合计，再除以全部人数。

# %% tags=["solution"] grade_id="sec-4-alone"
### BEGIN SOLUTION
answer_4 = classes.loc[classes["n_people"] < k_wanted, "n_people"].sum() / classes["n_people"].sum()
### END SOLUTION

# %% tags=["grade"] grade_id="sec-4-alone"
check("sec-4-alone", answer_4)

# %% [markdown]
# ## 步骤六　价格检查：有没有大数据杀熟
#
# **想一想**：老客户平均付 120 元，新客户平均付 100 元。这就是杀熟吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不一定。也许老客户买的是贵的东西，或者涨价以后才买，或者不在同一个渠道买，新客户还用了大家都知道的新人券。要比，就比同一件商品、同一段时间、同一个渠道的价格，新人券另外列出来。
#
# </details>
#
# **大数据杀熟**是用客户的信息，让同样的商品对熟客卖得更贵。法律要求自动化决策在交易价格上不得实行不合理的差别待遇（第二十四条）。
#
# 程序把**同一商品、同一时间、同一渠道**的报价放在一组，在组内比较老客户和新客户，算出差几个百分点和 95% 的区间。区间全在 `material` 以上才写“查出”；说不准就写“没有查出”，不冤枉人。做法是本套件的。

# %% tags=["finding"]
audit, pairs = judge_prices(data, material)
draw_prices(audit, material)
finding(describe_prices(audit, pairs, material))

# %% [markdown]
# **怎样读**：竖线是 0，表示一样贵；横线是区间。先看区间有没有跨过 0，再看差多少。把参数改成 `company: int = 2` 和 `prices: str = "innocent"`，就是一家没有杀熟的公司，看结论是不是变了。

# %% [markdown] tags=["exercise"] grade_id="sec-5-price"
# **做一做 5（10 分）**　同组相比，老客户的价格平均比新客户高多少（百分比）？
#
# 用 `pairs` 表计算，一行是一组（同一商品、时间、渠道）：`price_known` 列是组内老客户的平均价格，`price_new` 列是组内新客户的平均价格。先算每一组差百分之几（以新客户的价格为底），再把各组平均。把结果（写成百分数的数字，例如 3.5 表示高 3.5%）放进 `answer_5`。
#
# 提示：`(pairs["price_known"] / pairs["price_new"] - 1) * 100` 是每一组的百分数。

# %% tags=["solution"] grade_id="sec-5-price"
### BEGIN SOLUTION
answer_5 = ((pairs["price_known"] / pairs["price_new"] - 1) * 100).mean()
### END SOLUTION

# %% tags=["grade"] grade_id="sec-5-price"
check("sec-5-price", answer_5)

# %% [markdown]
# ## 小结
#
# 这一页里，你**更新**并**核实**了客户数据，改动以前的样子都还在；**备份**了数据库，真的毁掉再恢复，用校验和证明没有差；**划分**了权限，看到同一位客户在各个岗位眼里的样子，查出了被改过的操作记录；**检查**了制度的每一条和一份网络设置；**处理**了撤回同意和到期的信息，**判断**了名单认不认得出人、价格公不公平。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 做什么 | 教材的要点 | 本页怎样证明 |
# |---|---|---|
# | 更新 | 新客户、易变动、易新增、缺失数据 | 每个版本都有起止时间 |
# | 核实 | 新增客户数据、企业自设数据 | 到期名单和核实结果 |
# | 备份 | 定期、异地；丢失时停止操作 | 毁掉再恢复，校验和相同 |
# | 人员 | 选人和培训、分级权限、监督审计 | 权限表、培训记录、操作记录 |
# | 制度 | 总则、使用、修改与维护、安全管理 | 每一条连着一项设置 |
# | 网络 | 访问控制、加密、安全套接层、防火墙、漏洞扫描 | 设置逐条判断 |
# | 合法使用 | 四类案例 | 同意、期限、匿名、价格检查 |
#
# **自测**
#
# 1. 职业变了，属于四种更新里的哪一种？价值等级呢，是更新还是核实？
# 2. 备份文件还在、大小也对，为什么还不能放心？
# 3. 最小权限同“大家都可信”矛盾吗？
# 4. 没有扫描和没有漏洞，差在哪里？
# 5. 新客户券让新客户付得少，算不算杀熟？怎样看？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 职业变了是易变动的数据。价值等级是企业自设数据，要定期核实，重新定。
# 2. 里面的内容可能坏了，钥匙可能不在了。恢复过一次、校验和相同，才算有备份。
# 3. 不矛盾。最小权限也保护员工：出了事，没有权限的人一眼就能排除。
# 4. 没有扫描是不知道，没有漏洞是查过了、现有的公告里没有。
# 5. 条件公开、谁都一样的新人券，同拿客户的信息悄悄加价不是一回事。检查时把它分开列，只比不用券的价格。
#
# </details>
#
# **拓展任务一**　给你们小组的客户档案写一份管理制度，四个部分各至少两条，每一条都写明“查什么、怎样算合格”。本页写出的 `数据库管理制度.docx` 可以作样子。
#
# **拓展任务二**　找一个你常用的应用，看它的隐私政策：收集了哪些信息，为了什么目的，保存多久，怎样撤回同意。做成一张表，说出哪一项你认为不需要。
#
# 两项拓展由老师按下面的标准评分，每项 10 分：
#
# | 看什么 | 4 分 | 2 分 | 0 分 |
# |---|---|---|---|
# | 能不能查 | 每一条（每一项）都写明怎样查到 | 一半写明 | 没有写 |
#
# | 看什么 | 3 分 | 1 分 | 0 分 |
# |---|---|---|---|
# | 完整 | 四个部分（四个问题）都有 | 缺一个 | 缺两个以上 |
# | 判断 | 说出理由，分得清法律的要求和自己的看法 | 有判断没有理由 | 没有判断 |
#
# 下一课：个人客户信息分析（`5_information/4_personal_analysis`）。

# %% tags=["finding", "export"]
kit = {"versions": versions, "due": due, "restored": restored, "counts": counts, "rights": rights, "training": training}
kit |= {"log": log, "clauses": clauses, "judged": judged, "consent": consent, "plan": plan, "gone": gone}
kit |= {"people": people, "classes": classes, "audit": audit, "pairs": pairs}
tables, result = export_lesson(kit, firm, k_wanted=k_wanted, material=material)
export(tables, result, name="security_tables")
