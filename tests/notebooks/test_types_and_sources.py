"""The lesson on customer information: on 旭东, another 旭东 and other pages, hardly any data, wrong parameters."""

import json
import math
import re
import zipfile
from itertools import pairwise

import docx
import openpyxl
import pandas as pd
import pytest
from run_cells import run_report, solutions

from crm_lib._places import project_root
from crm_lib.errors import CrmError, ParameterError
from crm_lib.identify import check_source
from crm_lib.lesson import exports
from crm_lib.lesson.checks import grade_answer, load_checks, load_variants, run_answer
from crm_lib.lesson.information_search import plan_searches
from crm_lib.lesson.information_words import describe_check
from crm_lib.readwrite.excel import write_csv
from crm_lib.sample import make_company, make_rivals, write_pages

LESSON = "5_information/1_types_and_sources"
DATA = project_root() / "data"
CHINESE = re.compile(r"[\u4e00-\u9fff]{4}")
ALONE = dict.fromkeys(
    ("registers", "products", "wallet", "contacts", "survey", "reviews", "clicks", "campaign_members"), ""
) | {"population": "", "rivals": ""}


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def run_in(folder, patch, **parameters):
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    exports._SOURCES.clear()  # a kernel begins without any
    return (*run_report(LESSON, patch, folder, **parameters), folder)


@pytest.fixture(scope="module")
def xudong(patch, tmp_path_factory):
    return run_in(tmp_path_factory.mktemp("xudong"), patch)


@pytest.fixture(scope="module")
def sister(patch, tmp_path_factory):
    """Another company of the same making, other pages: other seeds, the other product."""
    base = tmp_path_factory.mktemp("sister")
    made = base / "made" / "files"
    make_company(500, seed=7, out=made.parent, files=True)
    pages, judged = write_pages(base / "web", seed=7)
    wallet = pd.read_csv(made / "wallet.csv", encoding="utf-8-sig").set_axis(
        ["customer_id", "category", "period", "category_spend", "our_spend"], axis=1
    )
    rivals = write_csv(base / "rivals.csv", make_rivals(wallet, seed=7))
    names = ("orders", "leads", "products", "wallet", "contacts", "survey", "reviews", "clicks")
    given = {n: str(made / f"{n}.csv") for n in (*names, "campaign_members", "population")}
    given |= {"registers": str(made / "register_*.*"), "rivals": str(rivals)}
    given |= {"pages": str(pages), "judgements": str(judged), "product": "数码相机", "stage": "成交"}
    return run_in(base / "run", patch, my_query="求购 微单", **given)


# The figures once more, with loops, from the files as they lie in data/


@pytest.fixture(scope="module")
def web():
    pages = pd.read_csv(DATA / "sources" / "pages.csv", encoding="utf-8-sig", dtype=str)
    judged = pd.read_csv(DATA / "sources" / "judgements.csv", encoding="utf-8-sig", dtype=str)
    return pages, judged[(judged["产品"] == "玩具") & judged["潜在客户编号"].notna()]


def test_precision_and_recall_another_way(xudong, web):
    pages, right = web
    wanted = set(right["网页编号"])
    buying = {
        row.网页编号
        for row in pages.itertuples()
        if "求购" in row.标题 + row.正文 and "玩具" in row.标题 + row.正文
    }
    plain = {row.网页编号 for row in pages.itertuples() if "玩具" in row.标题 + row.正文}
    runs, table = xudong[0]["runs"], xudong[0]["searches"].set_index("name")
    for name, want in (("求购＋产品名", buying), ("只写产品名", plain)):
        assert set(runs.loc[runs["name"] == name, "page_id"]) == want
        assert table.loc[name, "precision_share"] == pytest.approx(len(want & wanted) / len(want))
        assert table.loc[name, "recall_share"] == pytest.approx(len(want & wanted) / len(wanted))
    text = "\n".join(xudong[1].findings)
    assert f"只写“玩具”，找到 {len(plain)} 页，里面真有潜在客户的 {len(plain & wanted)} 页" in text
    assert table.loc["求购＋产品名", "precision_share"] > 2 * table.loc["只写产品名", "precision_share"]


def test_the_customers_per_means_another_way(xudong, web):
    _, right = web
    space = xudong[0]
    by_page = {page: set(part["潜在客户编号"]) for page, part in right.groupby("网页编号")}
    found = {}
    for row in space["runs"].itertuples():
        if row.rank <= 20:
            found.setdefault(row.means, set()).update(by_page.get(row.page_id, ()))
    table = space["means"].set_index("means")
    before = set()
    for means in ("搜索引擎法", "网上黄页法", "行业网站法", "名单查找法"):
        assert table.loc[means, "n_customers"] == len(found[means])
        assert table.loc[means, "n_new"] == len(found[means] - before)
        assert table.loc[means, ["wholesalers", "retailers", "users"]].sum() == len(found[means])
        before |= found[means]
    mail = set(right.loc[right["有无邮箱"] == "True", "潜在客户编号"])
    assert table.loc["电子邮件法", "n_customers"] == len(before & mail)
    text = "\n".join(xudong[1].findings)
    assert f"各种手段一共找到 {len(before)} 位" in text
    assert f"占网页里全部 {right['潜在客户编号'].nunique()} 位的" in text


def test_what_a_third_party_lead_cost_another_way(xudong):
    rows = pd.read_csv(DATA / "xudong" / "leads.csv", encoding="utf-8-sig", dtype=str)
    rows = rows.drop_duplicates("线索编号")
    third = ("互惠互利法", "直接购买法", "名单查找法", "报刊名册法", "搜索引擎法", "网上黄页法", "行业网站法")
    costs = [float(r.寻找成本) for r in rows.itertuples() if r.寻找方法 in third]
    ways = xudong[0]["ways"]
    mine = ways[ways["route"] == "third"]
    got = (mine["lead_cost"] * mine["n_leads"]).sum() / mine["n_leads"].sum()
    assert got == pytest.approx(sum(costs) / len(costs))
    assert f"第三方的方法找到 {len(costs)} 位" in "\n".join(xudong[1].findings)


def test_the_strategic_number_another_way(xudong):
    wallet = pd.read_csv(DATA / "xudong" / "wallet.csv", encoding="utf-8-sig")
    room, ours = {}, {}
    for row in wallet.itertuples():
        room[row.商品类别] = room.get(row.商品类别, 0) + row.品类总支出 - row.本公司支出
        ours[row.商品类别] = ours.get(row.商品类别, 0) + row.本公司支出
    lines = xudong[0]["known"]["orders"].dropna(subset=["amount", "unit_cost", "quantity"])
    margin = 1 - (lines["unit_cost"] * lines["quantity"]).sum() / lines["amount"].sum()
    worth = xudong[0]["worth"].set_index("item").loc["strategic"]
    assert worth["with_yuan"] == pytest.approx(0.1 * max(room.values()) * margin)
    assert worth["without_yuan"] == pytest.approx(0.1 * room[max(ours, key=ours.get)] * margin)


@pytest.mark.slow
def test_other_data_give_other_sentences(xudong, sister):
    pairs = list(zip(xudong[1].findings, sister[1].findings, strict=True))
    # the hand-ins bear the same names
    same = [a for a, b in pairs if a == b and not a.startswith(("作业文件", "已写出："))]
    # what a test costs depends on the number of prospects alone
    assert [a for a in same if not a.startswith("假如代客户做检测")] == []
    assert not xudong[0]["means"].equals(sister[0]["means"])
    assert set(xudong[0]["right"]["page_id"]) != set(sister[0]["right"]["page_id"])


# Hardly any data, a person's own query, what goes wrong


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Orders and prospects alone, pages of somebody's own: three, none on the sites of the invented web."""
    folder = tmp_path_factory.mktemp("few")
    orders = pd.DataFrame({
        "order_id": ["A", "B"],
        "line_no": [1, 1],
        "customer_id": ["K1", "K2"],
        "ordered_at": ["2024-03-01", "2024-04-01"],
        "amount": [100.0, 50.0],
    })
    leads = pd.DataFrame({
        "lead_id": ["L1", "L2"],
        "source_method": ["熟人法", "熟人法"],
        "intent": ["成交", "潜在"],
        "found_on": ["2024-02-01", "2024-02-02"],
    })
    pages = pd.DataFrame({
        "page_id": ["p1", "p2", "p3"],
        "site": "x.example.com",
        "title": ["求购玩具", "玩具店", "天气"],
        "text": ["本店求购玩具", "供应玩具", "晴"],
    })
    judged = pd.DataFrame({
        "page_id": ["p1"],
        "product": ["玩具"],
        "prospect_id": ["Q1"],
        "prospect_name": ["甲店"],
        "customer_kind": ["零售商"],
        "has_email": [True],
        "confirmed": [True],
    })
    given = {}
    for name, frame in {"orders": orders, "leads": leads, "pages": pages, "judgements": judged}.items():
        given[name] = str(write_csv(folder / f"{name}.csv", frame))
    return ALONE | given


def test_hardly_any_data(patch, tmp_path, few):
    space, shown, folder = run_in(tmp_path / "run", patch, **few | {"my_query": ""})
    text = "\n".join(shown.findings)
    assert "没有给出竞争对手记录" in text
    assert "只用过一边的方法" in text
    assert "缺少需要的表，没有算" in text
    assert "参数 my_query 是空的" in text
    assert "一共找到 1 位不同的潜在客户，占网页里全部 1 位的 100.0%" in text
    assert "抽查 1 位，属实的 1 位" in text
    assert "nan" not in text.lower()
    assert "None" not in text
    assert space["judged"] is None
    assert (folder / "tables" / "search_report.docx").exists()


def test_a_query_of_ones_own_is_measured(xudong):
    assert "你的查询“求购 (毛绒玩具 或 公仔 或 布偶)”找到" in "\n".join(xudong[1].findings)
    broad = {n: q for n, _, q in plan_searches("玩具", "玩具 -招聘").itertuples(index=False)}
    assert broad["我的查询"] == "玩具 -招聘"
    assert "我的查询" not in set(plan_searches("玩具", "")["name"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"my_query": "-招聘"}, "没有说要什么"),
        ({"my_query": '"求购 玩具'}, "引号要成对"),
        ({"my_query": "求购 (玩具"}, "括号要成对"),
        ({"my_query": "玩具 或"}, "缺一个词"),
        ({"my_query": "inurl:玩具"}, "冒号前面的词不认识"),
        ({"my_query": "!!"}, "只有符号"),
        ({"my_query": "玩" * 300}, "查询太长"),
        ({"needs": "送货上门,发大财"}, "没有“发大财”这种需要"),
        ({"leads": ""}, "没有给出潜在客户登记表"),
        ({"as_of": "1999-01-01"}, "一行也没有"),
        ({"product": "汽车"}, "玩具"),
        ({"testing_share": 1.5}, r"\[0, 1\]"),
        ({"as_of": "2024-02-30"}, "日期"),
    ],
)
def test_a_wrong_parameter_fails_in_chinese(patch, tmp_path, few, given, said):
    with pytest.raises((ParameterError, CrmError), match=said) as caught:
        run_in(tmp_path, patch, **few | given)
    assert CHINESE.search(str(caught.value))


def test_every_fault_of_a_query_has_its_sentence():
    from crm_lib.catalogue import list_section

    source = (project_root() / "crm_lib" / "text" / "search_query.py").read_text(encoding="utf-8")
    faults = set(re.findall(r'_fault\(\s*"(\w+)"', source))
    assert len(faults) == 11
    assert {f"query_{f}" for f in faults} <= set(list_section("information"))


def test_a_query_with_html_stays_text(patch, tmp_path, few):
    _, shown, _ = run_in(tmp_path, patch, **few | {"my_query": "<img onerror=x> 玩具"})
    assert "&lt;img onerror=x&gt;" in "".join(shown.pages)
    assert "<img" not in "".join(shown.pages)


# Hand-ins


def test_the_hand_ins_opened_again(xudong):
    folder = xudong[2] / "tables"
    book = openpyxl.load_workbook(folder / "data_dictionary.xlsx")
    assert book.sheetnames == ["数据字典", "汇总", "三类信息", "公司的需要"]
    rows = list(book["数据字典"].iter_rows(values_only=True))
    assert len(rows) - 1 == len(xudong[0]["fields"])
    assert {"用途", "来源", "法律依据", "敏感程度", "判断"} <= set(rows[0])
    found = openpyxl.load_workbook(folder / "customers_found.xlsx")
    assert found["手段"].max_row - 1 == len(xudong[0]["means"])
    heads = [c.value for c in found["找到的客户"][1]]
    assert "核实属实" not in heads  # who is real is known of those only who were asked
    words = {n: docx.Document(folder / f"{n}.docx") for n in ("search_report", "sources_report")}
    assert len(words["search_report"].tables) == 3
    assert len(words["sources_report"].tables) == 5
    text = "\n".join(p.text for d in words.values() for p in d.paragraphs)
    assert "**" not in text
    assert "各种手段一共找到" in text


def test_every_header_of_what_is_handed_in_is_chinese(xudong):
    for path in sorted((xudong[2] / "tables").glob("*.xlsx")):
        for sheet in openpyxl.load_workbook(path):
            heads = [str(c.value) for c in sheet[1]]
            assert [h for h in heads if not re.search("[\u4e00-\u9fff]", h)] == [], (path.name, sheet.title)


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(xudong, patch, tmp_path):
    again = run_in(tmp_path, patch)[2]
    files = sorted(p.relative_to(xudong[2]) for p in xudong[2].rglob("*") if p.is_file())
    assert len(files) >= 12
    assert [p for p in files if (xudong[2] / p).read_bytes() != (again / p).read_bytes()] == []


def read_parts(path):
    if path.suffix not in (".docx", ".xlsx"):
        return path.read_text(encoding="utf-8-sig")
    with zipfile.ZipFile(path) as parts:
        texts = [parts.read(n).decode("utf-8", "ignore") for n in parts.namelist()]
    return "\n".join(t + re.sub(r"<[^>]+>", "", t) for t in texts)


@pytest.mark.slow
def test_nobody_is_named_or_can_be_called(xudong):
    """Names, telephone numbers, addresses and e-mails of registers and prospects stay where they are."""
    private = set()
    for table in ("customers", "leads"):
        frame = xudong[0]["known"][table]
        for column in {"name", "phone", "email", "address"} & set(frame.columns):
            private |= {
                str(v) for v in frame[column].dropna() if len(str(v)) >= (7 if column != "name" else 3)
            }
    texts = [read_parts(p) for p in (xudong[2]).rglob("*") if p.is_file()] + [xudong[1].text]
    whole = "\n".join(texts)
    assert len(private) > 1000
    assert [v for v in sorted(private) if v in whole] == []
    assert "K00000434" in whole  # what cannot find cannot miss


def test_the_check_says_how_many_more_or_that_all_are_to_be_asked():
    """24 of 30 against .7: z² · .7 · .3 / .1² = 80.7, so 81."""
    verdict = check_source(24, 30, least=0.7)
    few, many = (pd.DataFrame({"prospect_id": range(n)}) for n in (51, 500))
    assert "而一共只找到 51 位：那就全部核实" in describe_check(verdict, few)
    assert describe_check(verdict, many).endswith("大约要查 81 位才分得清。")
    assert describe_check(check_source(95, 100, least=0.7), few).endswith("整个区间都不低于 70%，可以用。")
    assert describe_check(check_source(20, 100, least=0.7), few).endswith("整个区间都低于 70%，不能用。")


def test_the_figures_of_the_run(xudong):
    result = json.loads((xudong[2] / "result.json").read_text(encoding="utf-8"))["result"]
    assert (result["product"], result["stage"], result["as_of"]) == ("玩具", "意向", "2024-12-31")
    assert result["n_customers"] == xudong[0]["customers"]["prospect_id"].nunique()
    assert sum(result["fields"].values()) == len(xudong[0]["fields"])


# Exercises


@pytest.mark.slow
def test_solution_full_blank_nothing_wrong_answers_never_full(
    xudong, sister, patch, tmp_path_factory, record_property, capsys
):
    checks, code = load_checks(LESSON), solutions(LESSON)
    variants = [v for v in load_variants(LESSON) if v]
    assert len(variants) >= 2
    spaces = [xudong[0], sister[0]]
    spaces += [run_in(tmp_path_factory.mktemp("variant"), patch, **v)[0] for v in variants]
    killed, alive, answers = 0, [], {}
    for number, space in enumerate(spaces):
        for grade_id, check in checks.items():
            inputs = {name: space[name] for name in check.inputs}
            answer = run_answer(code[grade_id], check.answer, inputs)
            assert not math.isnan(answer)
            answers.setdefault(grade_id, []).append(float(answer))
            assert grade_answer(check, answer, inputs).points == check.points
            assert grade_answer(check, None, inputs).points == 0
            for mistake in check.mistakes:
                result = grade_answer(check, run_answer(mistake.code, check.answer, inputs), inputs)
                right = result.points < check.points and mistake.message in result.message
                killed += right
                alive += [] if right else [(number, grade_id, mistake.name)]
    with capsys.disabled():
        print(f"\nkill rate of {LESSON}: {killed}/{killed + len(alive)} wrong answers refused")
    record_property("kill_rate", killed / (killed + len(alive)))
    assert alive == []
    assert killed >= 4 * len(checks) * len(spaces)
    # no answer is the same on all data: a number typed in is found out
    assert [i for i, a in answers.items() if all(x == y for x, y in pairwise(a))] == []
