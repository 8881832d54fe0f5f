"""The lesson on behaviour: on 旭东, another 旭东, a student's own template, broken templates, wrong parameters."""

import datetime as dt
import json
import math
import re
import zipfile

import openpyxl
import pandas as pd
import pytest
from run_cells import run_report, solutions

from crm_lib._places import project_root
from crm_lib.errors import CrmError, ParameterError
from crm_lib.lesson.checks import grade_answer, load_checks, load_variants, run_answer
from crm_lib.readwrite import read_table
from crm_lib.readwrite.links_check import find_broken_links, list_links
from crm_lib.sample import make_company

LESSON = "1_identification/1_behaviour_data"
DATA = project_root() / "data"
LAST = pd.Timestamp("2024-12-31")
ALONE = {"experience": "", "registers": "", "clicks": ""}
CHINESE = re.compile(r"[\u4e00-\u9fff]{4}")


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def run_in(folder, patch, **parameters):
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    return (*run_report(LESSON, patch, folder, **parameters), folder)


@pytest.fixture(scope="module")
def xudong(patch, tmp_path_factory):
    return run_in(tmp_path_factory.mktemp("xudong"), patch)


@pytest.fixture(scope="module")
def sister(patch, tmp_path_factory):
    """Another company of the same making: other people, other seed; the two shoppers change places."""
    base = tmp_path_factory.mktemp("sister")
    made = base / "made" / "files"
    make_company(500, seed=7, out=made.parent, files=True)
    given = {n: str(made / f"{n}.csv") for n in ("leads", "experience", "clicks")}
    given |= {"registers": str(made / "register_*.*"), "mine": "classmate_shopping"}
    return (*run_in(base / "run", patch, classmate="my_shopping", **given), made)


# The figures once more, with loops, from the files as they lie in data/.


@pytest.fixture(scope="module")
def leads():
    """Each prospect once: those entered twice bear the same number."""
    lines = pd.read_csv(DATA / "xudong" / "leads.csv", encoding="utf-8-sig", dtype=str)
    return lines.drop_duplicates("线索编号").set_index("线索编号")


def test_what_a_deal_cost_and_what_each_way_yields_another_way(xudong, leads):
    space, shown, folder = xudong
    cents, deals, ways = 0, 0, {}
    for row in leads.itertuples():
        signed = row.意向阶段 == "成交" or isinstance(row.签单金额, str)
        cents += round(float(row.寻找成本) * 100)
        deals += signed
        n, won = ways.get(row.寻找方法, (0, 0))
        ways[row.寻找方法] = (n + 1, won + signed)
    found = space["methods"].set_index("source_method")
    assert {m: (r["n_leads"], r["n_deals"]) for m, r in found.iterrows()} == ways
    assert found["cost"].sum() == pytest.approx(cents / 100)
    text = "\n".join(shown.findings)
    assert f"{len(leads)} 条线索来自 {len(ways)} 种方法，成交 {deals} 位" in text
    assert f"平均每成交一位花 {cents / 100 / deals:,.2f} 元" in text
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))["result"]
    assert (result["n_leads"], result["as_of"]) == (len(leads), "2024-12-31")


def test_the_grades_another_way(xudong, leads):
    want = {}
    for number, row in leads.iterrows():
        days = float(row["预计决策天数"])  # nan is below nothing
        need, budget, amount = row["有无需求"] == "是", row["有无预算"] == "是", float(row["计划采购金额"])
        a, b = need and budget and days <= 30 and amount >= 1000, need and days <= 90
        want[number] = "A" if a else "B" if b else "C" if days <= 180 else ""
    assert xudong[0]["graded"].set_index("lead_id")["sales_grade"].to_dict() == want
    count = pd.Series(want).value_counts()
    assert f"A 级 {count['A']} 位，B 级 {count['B']} 位，C 级 {count['C']} 位" in "\n".join(
        xudong[1].findings
    )


def test_who_is_overdue_another_way(xudong, leads):
    """意向 A every 3 days, B every 7, others 14; counted from the last contact."""
    space = xudong[0]
    graded = space["graded"].set_index("lead_id")["sales_grade"]
    checked = 0
    for row in space["schedule"].itertuples():
        last = leads.loc[row.lead_id, "最近联系日期"]
        if row.intent == "意向" and isinstance(last, str) and row.reason == "regular":
            every = {"A": 3, "B": 7}.get(graded[row.lead_id], 14)
            late = (LAST - pd.Timestamp(last)).days - every
            assert row.overdue_days == max(late, 0), row.lead_id
            checked += 1
    assert checked > 20


def feel(actual, felt):
    """Class of a wait by the lines 2 and 1.1, the edges by hand."""
    if actual == felt:
        return "ordinary"
    longer, name = (actual / felt, "good") if actual > felt else (felt / actual, "poor")
    return "ordinary" if longer <= 1.1 else name if longer < 2 else f"very_{name}"


def test_waits_and_the_clicks_another_way(xudong):
    space, shown, _ = xudong
    seen = pd.read_csv(DATA / "xudong" / "experience.csv", encoding="utf-8-sig")
    pairs = seen[["实际等候分钟", "感觉等候分钟"]].dropna()
    want = pd.Series([feel(a, b) for a, b in pairs.itertuples(index=False)]).value_counts()
    assert space["waiting"]["experience"].value_counts().to_dict() == want.to_dict()
    text = "\n".join(shown.findings)
    bad = want["poor"] + want["very_poor"]
    assert f"{len(pairs)} 位客户的实际等候和感觉等候都知道" in text
    assert f"差或很差的占 {bad / len(pairs):.1%}" in text
    clicks = pd.read_csv(DATA / "xudong" / "clicks.csv", encoding="utf-8-sig")
    visits = clicks.groupby("会话编号")["事件"].agg(set)
    paid = sum("pay" in v for v in visits)
    assert f"{len(clicks):,} 次点击组成 {len(visits)} 次访问" in text
    assert f"从第一步走到“付款”的占 {paid / len(visits):.1%}" in text


def read_sheet(path, name):
    """Return the filled-in rows of a sheet as dictionaries, without the example."""
    rows = list(openpyxl.load_workbook(path)[name].iter_rows(values_only=True))
    found = [dict(zip(rows[0], r, strict=True)) for r in rows[2:]]
    return [r for r in found if any(v is not None for k, v in r.items() if k != "序号")]


def test_the_share_of_the_wallet_and_the_purchases_another_way(xudong):
    space, shown, _ = xudong
    path = DATA / "templates" / "my_shopping.xlsx"
    wallet = [(r["其中在本店（元）"], r["品类总支出（元）"]) for r in read_sheet(path, "钱包份额")]
    good = [(a, b) for a, b in wallet if a <= b]
    share = sum(a for a, _ in good) / sum(b for _, b in good)
    assert len(space["wallet"]) == len(good) == len(wallet) - 1
    bought = read_sheet(path, "购买习惯")
    kept = sum(r["金额（元）"] for r in bought if r["是否退换"] != "是")
    text = "\n".join(shown.findings)
    assert f"的客户份额是 {share:.1%}" in text
    assert f"买了 {len(bought)} 次，除去退换花了 {kept:,.2f} 元" in text


def test_missing_telephones_are_all_found(xudong, leads):
    findings = xudong[0]["findings"]
    assert (findings["rule"] == "leads.phone_filled").sum() == leads["手机号"].isna().sum() > 0


# Another company


@pytest.mark.slow
def test_other_data_give_other_sentences(xudong, sister):
    pairs = list(zip(xudong[1].findings, sister[1].findings, strict=True))
    same = [a for a, b in pairs if a == b]
    # what does not come from the data: no column is superfluous, the invented checklist, the channels, the files
    told = ("22 列里", "自查表的回答是编造的", "列出 12 种渠道", "作业文件", "已写出：")
    assert [a for a in same if not a.startswith(told)] == []
    assert not xudong[0]["methods"].equals(sister[0]["methods"])


# A student's own template


def fill_sheet(sheet, rows):
    """Type the rows below the example, as a student would; the first column is the number."""
    for r, row in enumerate(rows, start=3):
        for c, value in enumerate((r - 2, *row), start=1):
            sheet.cell(r, c).value = value


@pytest.fixture
def own_table(tmp_path):
    """The template with a student's answers: 4 purchases, one given back; one impossible row in the wallet."""
    book = openpyxl.load_workbook(DATA / "templates" / "my_shopping_template.xlsx")
    about = ["小叶子", "网店", "同学丁", dt.date(2023, 9, 1), dt.date(2024, 1, 31)]
    for r, value in enumerate(about, start=2):
        book["基本信息"].cell(r, 2).value = value
    day = dt.date
    fill_sheet(
        book["购买习惯"],
        [
            (day(2023, 9, 5), "本店", "网购", "鞋", 1, 300, "是", "否", "需要", "确定"),
            (day(2023, 10, 6), "本店", "网购", "鞋", 1, 120, "是", "是", "喜欢", "大概"),
            (day(2023, 11, 7), "别的网店", "网购", "上衣", 2, 80, "否", "否", "打折", "确定"),
            ("去年冬天", "本店", "直播", "外套", 1, 420, "是", "否", "需要", "不记得"),
        ],
    )
    fill_sheet(book["交流渠道"], [("微信", 6, 5, "是", "确定"), ("短信", 2, 1, "否", "确定")])
    fill_sheet(book["使用语言"], [("店内", "方言", "巴适", "确定")])
    fill_sheet(
        book["钱包份额"], [("鞋", 500, 300, "确定"), ("上衣", 300, 0, "确定"), ("外套", 100, 420, "大概")]
    )
    path = tmp_path / "我的表.xlsx"
    book.save(path)
    return path


def test_own_answers_make_own_figures_without_a_classmate(own_table, monkeypatch, tmp_path):
    space, shown, folder = run_in(tmp_path, monkeypatch, mine=str(own_table), classmate="", **ALONE)
    text = "\n".join(shown.findings)
    # 300 of 500 and 0 of 300; the row with 420 of 100 is impossible
    assert "在“小叶子”的客户份额是 37.5%" in text
    assert "有 1 行缺数或在本店的支出多于总支出" in text
    assert "你的表里一共有 10 行" in text
    assert "买了 4 次，除去退换花了 800.00 元" in text  # 300 + 80 + 420
    for said in ("小叶子", "2023-09-01 至 2024-01-31"):
        assert space["plan"].astype(str).apply(lambda c, w=said: c.str.contains(w)).any(axis=None), said
    faults = space["me"].faults
    rows = set(zip(faults["table"], faults["row"], faults["kind"], strict=True))
    assert {("purchases", 6, "unreadable"), ("wallet", 5, "over_total")} <= rows
    assert "nan" not in text
    assert "None" not in text
    assert space["report"] is None
    assert not (folder / "tables" / "click_report.docx").exists()
    assert "小叶子" in "".join(read_parts(folder / "tables" / "seven_aspects.docx").values())


def test_the_template_in_the_hand_ins_is_the_one_of_the_project(xudong):
    made = (xudong[2] / "tables" / "my_shopping_template.xlsx").read_bytes()
    assert made == (DATA / "templates" / "my_shopping_template.xlsx").read_bytes()


# What goes wrong


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"wait_far": 1.0}, r"\[1.2, 10\]"),
        ({"wait_same": 1.6}, r"\[1, 1.5\]"),
        ({"as_of": "2024-02-30"}, "日期"),
    ],
)
def test_a_wrong_parameter_set_fails_in_words(monkeypatch, tmp_path, given, said):
    with pytest.raises(ParameterError, match=said) as caught:
        run_in(tmp_path, monkeypatch, **ALONE, **given)
    assert CHINESE.search(str(caught.value))


def test_a_wrong_file_name_and_no_prospects_stop_in_chinese(monkeypatch, tmp_path):
    with pytest.raises(CrmError, match="没有找到文件"):
        run_in(tmp_path, monkeypatch, mine="没有的.xlsx", **ALONE)
    with pytest.raises(CrmError, match="没有给出客户线索表"):
        run_in(tmp_path, monkeypatch, leads="", **ALONE)


def break_template(path, how):
    book = openpyxl.load_workbook(DATA / "templates" / "my_shopping_template.xlsx")
    if how == "other sheets":
        for sheet in book.worksheets:
            sheet.title = f"表{sheet.title[:1]}{book.index(sheet)}"
    book.save(path)
    if how == "no workbook":
        path.write_text("这不是 Excel 文件", encoding="utf-8")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("other sheets", "不是购物行为的模板"),
        ("blank", "还没有填数据"),
        ("no workbook", "我的表"),
    ],
)
def test_a_broken_template_fails_in_words(monkeypatch, tmp_path, how, said):
    path = tmp_path / "我的表.xlsx"
    break_template(path, how)
    with pytest.raises(CrmError, match=said) as caught:
        run_in(tmp_path, monkeypatch, mine=str(path), **ALONE)
    assert CHINESE.search(str(caught.value))


# Hand-ins


def read_parts(path):
    """Return the texts of a file: of each part of a Word or Excel file, else of the file."""
    if path.suffix not in (".docx", ".xlsx"):
        return {path.name: path.read_text(encoding="utf-8-sig")}
    with zipfile.ZipFile(path) as parts:
        # the text of a cell or paragraph may be spread over runs
        texts = {n: parts.read(n).decode("utf-8", "ignore") for n in parts.namelist()}
    return {f"{path.name}/{n}": t + re.sub(r"<[^>]+>", "", t) for n, t in texts.items()}


def list_private(folder, registers):
    """Return every telephone number, address and e-mail of the registers and prospects, as written and cleaned."""
    from crm_lib.identify import clean_table

    raw = read_table(registers, "customers")
    tables = [raw, clean_table(raw, "customers").rows]
    raw = read_table(folder / "leads.csv", "leads")
    tables += [raw, clean_table(raw, "leads").rows]
    found = set()
    for table in tables:
        for column in {"phone", "email", "address"} & set(table.columns):
            found |= {str(v).strip() for v in table[column].dropna()}
    return {v for v in found if len(v) >= 7}


def find_private(run, private):
    """Return the files that hold one of the private values, with it."""
    _, shown, folder = run[:3]
    texts = {"page": shown.text}
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".png", ".svg")]
    assert {".docx", ".xlsx", ".csv", ".html", ".json"} <= {p.suffix for p in files}
    for path in files:
        texts |= read_parts(path)
    # fonts and pictures in the pages are long and no text
    texts = {n: re.sub(r"[A-Za-z0-9+/=]{500,}", "", t) for n, t in texts.items()}
    whole = "\n".join(texts.values())
    return [(n, v) for v in sorted(private) if v in whole for n, t in texts.items() if v in t]


@pytest.mark.slow
def test_no_telephone_address_or_email_in_anything_written(xudong):
    folder = DATA / "xudong"
    private = list_private(folder, str(folder / "register_*.*"))
    assert len(private) > 1000
    assert sum("@" in v for v in private) > 100
    assert find_private(xudong, private) == []
    # what cannot find cannot miss: a value that is there is found
    assert find_private(xudong, {"L00000361"}) != []


@pytest.mark.slow
def test_no_telephone_address_or_email_of_another_company_either(sister):
    private = list_private(sister[3], str(sister[3] / "register_*.*"))
    assert len(private) > 500
    assert find_private(sister, private) == []


def test_prospects_in_word_and_excel_point_at_each_other(xudong):
    folder = xudong[2] / "tables"
    word, excel = folder / "prospects.docx", folder / "prospects.xlsx"
    assert find_broken_links([word, excel]) == []
    there, back = list_links(excel), list_links(word)
    n = len(xudong[0]["schedule"])
    assert {k["file"] for k in there} == {"prospects.docx"}
    assert {k["file"] for k in back} == {"prospects.xlsx"}
    assert {k["text"] for k in there} == set(xudong[0]["schedule"]["lead_id"])
    # there and back again: each cell points at the bookmark of the row that points at the cell
    returns = {(k["from"], k["place"]) for k in back if k["from"]}
    assert len({(k["place"], k["from"]) for k in there} & returns) == n


def test_the_hand_ins_are_opened_again_and_hold_the_sentences(xudong):
    import docx

    _, shown, folder = xudong
    texts = {}
    for path in sorted((folder / "tables").glob("*.docx")):
        document = docx.Document(path)
        cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
        texts[path.stem] = "\n".join([*(p.text for p in document.paragraphs), *cells])
        assert "**" not in texts[path.stem]
        assert "nan" not in texts[path.stem]
    assert set(texts) == {"plan", "prospects", "seven_aspects", "summary", "click_report", "channels"}
    said = [f.replace("**", "") for f in shown.findings]
    assert next(f for f in said if "条线索来自" in f) in texts["prospects"]
    assert next(f for f in said if f.startswith("你的表有")) in texts["summary"]
    assert "云上衣橱" in texts["plan"]
    for aspect in set(xudong[0]["aspects"]["aspect"]):
        assert aspect in texts["seven_aspects"]
    for path in (folder / "tables").glob("*.xlsx"):
        assert all(s.max_row >= 1 and s.max_column >= 2 for s in openpyxl.load_workbook(path).worksheets)


@pytest.mark.slow
def test_the_hand_ins_are_the_same_bytes_at_every_run(xudong, patch, tmp_path):
    again = run_in(tmp_path, patch)[2]
    files = [p for p in xudong[2].rglob("*") if p.is_file()]
    assert len(files) > 20
    assert [p.name for p in files if p.read_bytes() != (again / p.relative_to(xudong[2])).read_bytes()] == []


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
    killed, alive = 0, []
    for number, space in enumerate(spaces):
        for grade_id, check in checks.items():
            inputs = {name: space[name] for name in check.inputs}
            answer = run_answer(code[grade_id], check.answer, inputs)
            assert not math.isnan(answer)
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
