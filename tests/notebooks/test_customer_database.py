"""The lesson on the customer database: on 旭东, another 旭东, hardly any data, wrong parameters."""

import csv
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
from crm_lib.lesson import exports
from crm_lib.lesson.checks import grade_answer, load_checks, load_variants, run_answer
from crm_lib.readwrite import read_table
from crm_lib.sample import make_company

LESSON = "5_information/2_customer_database"
DATA = project_root() / "data"
ALONE = {"orders": "", "investments": "", "answers": "", "wallet": ""}
CHINESE = re.compile(r"[\u4e00-\u9fff]{4}")


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
    """Another company of the same making: other people, other seed; firms without any effect."""
    base = tmp_path_factory.mktemp("sister")
    made = base / "made" / "files"
    make_company(500, seed=7, out=made.parent, files=True)
    given = {n: str(made / f"{n}.csv") for n in ("orders", "investments", "wallet")}
    given |= {"answers": str(made / "survey.csv"), "customers": str(made / "register_*.*")}
    return (
        *run_in(base / "run", patch, survey="firm_archives_plain", firm="餐馆", slip_share=0.05, **given),
        made,
    )


# The figures once more, another way.


def read_orders(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if row["订单编号"].startswith("D")]


def test_every_record_belongs_to_one_customer_and_every_customer_arrived_once(xudong):
    space, shown, _ = xudong
    stored = space["db"].store.read("customers")
    people = space["records"]["person_id"].nunique()
    assert len(stored) == people == space["first"].n_new + space["second"].n_new
    assert space["third"].n_same == people
    assert (space["third"].n_new, space["third"].n_updated, space["third"].n_rejected) == (0, 0, 0)
    assert stored["customer_no"].is_unique
    assert space["rule"].check(stored["customer_no"])["valid"].all()
    text = "\n".join(shown.findings)
    assert f"认出 {people} 位客户" in text
    assert "没有一位客户重复" in text


def test_the_people_found_are_those_that_were_planted(xudong, tmp_path):
    make_company(500, seed=0, out=tmp_path, files=False)
    truth = pd.read_parquet(tmp_path / "truth" / "records.parquet")[["record_id", "person_id"]]
    both = xudong[0]["records"].merge(truth, on="record_id", suffixes=("", "_true"))
    assert len(both) > 850
    # of two records called one person nearly all are, and nearly all of one person are found together
    found, true = both.groupby("person_id")["person_id_true"], both.groupby("person_id_true")["person_id"]
    assert (found.nunique() > 1).mean() < 0.02
    assert (true.nunique() > 1).mean() < 0.06


def test_the_revenue_is_that_of_the_order_file(xudong):
    space = xudong[0]
    orders = read_orders(DATA / "xudong" / "orders.csv")
    lines = space["db"].store.read("transactions")
    money = dict(zip(lines["order_id"], [0] * len(lines), strict=True))
    for order, amount in zip(lines["order_id"], lines["amount"], strict=True):
        money[order] += round(amount * 100)
    want = {}
    # a line that stands twice, number and all, is one line
    for row in {(r["订单编号"], r["行号"], r["商品编号"], r["实付金额"]): r for r in orders}.values():
        cents = round(float(row["实付金额"].lstrip("¥").replace(",", "")) * 100)
        want[row["订单编号"]] = want.get(row["订单编号"], 0) + cents
    assert {o for o in money if want.get(o) != money[o]} == set()
    assert len(money) > 3000
    assert space["roster"]["revenue"].sum() == pytest.approx(lines["amount"].sum())


def test_slips_are_sent_back_and_nothing_else_of_the_clerk(xudong):
    space = xudong[0]
    archive, typed = space["archive"], space["typed"]
    wrong = {
        k + 3
        for k in range(len(archive))
        if any(archive.iloc[k][c] is not typed.iloc[k][c] and str(archive.iloc[k][c]) != str(typed.iloc[k][c])
               for c in ("name", "phone", "birth_date", "province", "registered_on"))
    }  # fmt: skip
    assert len(wrong) == typed.attrs["n_slips"] == 15
    back = set(space["verdicts"].loc[space["verdicts"]["verdict"] == "退回", "source_row"])
    assert wrong <= back
    own = back - wrong
    # what is sent back besides was wrong in the registers themselves
    for row in own:
        person = archive.iloc[row - 3]
        assert person["registered_on"] < person["birth_date"] or len(str(person["phone"])) != 11


def test_verdicts_are_one_a_row_and_the_page_names_them(xudong):
    space, shown, _ = xudong
    assert len(space["verdicts"]) == len(space["archive"])
    assert set(space["verdicts"]["verdict"]) == {"新增", "退回"}
    n = int((space["verdicts"]["verdict"] == "退回").sum())
    assert f"退回 {n} 行" in "\n".join(shown.findings)


def test_checks_before_after_and_later(xudong):
    space, shown, _ = xudong
    verdicts = {k: space[k].set_index("check")["verdict"] for k in ("checked", "improved", "later")}
    assert verdicts["checked"]["safety"] == "要改进"
    assert verdicts["improved"]["safety"] == "合格"
    assert (
        space["improved"].set_index("check").loc["focus", "n_faults"]
        < space["checked"].set_index("check").loc["focus", "n_faults"]
    )
    spoilt = set(verdicts["later"].index[(verdicts["later"] == "要改进") & (verdicts["improved"] == "合格")])
    assert spoilt == {"dynamic", "use", "renewal"}
    assert "动态管理、灵活运用、持续更新" in "\n".join(shown.findings)


def test_the_last_page_adds_up_to_the_database(xudong):
    space = xudong[0]
    last = space["page"].tables[0][1][-1]
    assert last[0] == "合计"
    assert float(last[-1].replace(",", "")) == pytest.approx(space["roster"]["revenue"].sum(), abs=0.005)
    assert int(last[-2].replace(",", "")) == space["roster"]["n_orders"].sum()


def test_the_audit_chain_is_whole_and_no_sealed_value_was_opened(xudong):
    from crm_lib.protect.chain import verify_chain

    audit = xudong[0]["db"].store.audit()
    assert len(verify_chain(audit)) == 0
    assert "reveal" not in set(audit["action"])


def test_the_planted_effect_is_shown_and_on_the_other_firms_none(xudong, sister):
    first, other = (run[0]["effects"][0] for run in (xudong, sister))
    assert first.verdict == "shown"
    assert first.low < 1.4 < first.high
    assert other.verdict == "not_shown"
    assert "看得出联系" in "\n".join(xudong[1].findings)
    assert "直接比" in "\n".join(sister[1].findings)


# Other data


def test_other_data_give_other_sentences(xudong, sister):
    pairs = list(zip(xudong[1].findings, sister[1].findings, strict=True))
    # what does not come from the data: check digits, forms made, assumptions, the files
    told = ("写错一位数字", "做好客户资料卡", "定了价值等级", "按写明的假设", "作业文件", "已写出：")
    same = [a for a, b in pairs if a == b]
    assert [a for a in same if not a.startswith(told)] == []


def test_a_single_register_of_four_people(monkeypatch, tmp_path):
    rows = [
        "档案编号,姓名,手机号,省份,城市,登记日期",
        "A1,王小明,15412345678,浙江省,杭州市,2024-01-05",
        "A2,李芳,15487654321,浙江,杭州市,2024-02-05",
        "A3,=cmd|' /C calc'!A0,15400000001,湖北省,武汉市,2024-03-05",
        "A4,<b>赵</b>,,湖北省,武汉市,2024-03-06",
    ]
    path = tmp_path / "登记.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    space, shown, folder = run_in(tmp_path / "run", monkeypatch, customers=str(path), slip_share=0.0, **ALONE)
    text = "\n".join(shown.findings)
    assert "档案截止到 2024-03-07" in text
    assert "没有给出：订单、公司投入、客户态度问卷、客户钱包份额" in text
    assert len(space["verdicts"]) == 4
    stored = space["db"].store.read("customers")
    assert {"王小明", "李芳"} <= set(stored["name"])
    assert not any(str(n).startswith("=") or "<" in str(n) for n in stored["name"])
    verdicts = space["checked"].set_index("check")["verdict"]
    assert verdicts["focus"] == "无法判断"
    assert "nan" not in text
    assert "None" not in text
    assert "<b>赵" not in "".join(shown.pages)
    assert (folder / "tables" / "customer_archive.xlsx").exists()


# What goes wrong


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"slip_share": 0.5}, r"\[0, 0.3\]"),
        ({"firm": "银行"}, "服装店"),
        ({"as_of": "2024-02-30"}, "日期"),
    ],
)
def test_a_wrong_parameter_set_fails_in_words(monkeypatch, tmp_path, given, said):
    with pytest.raises(ParameterError, match=said) as caught:
        run_in(tmp_path, monkeypatch, **ALONE, **given)
    assert CHINESE.search(str(caught.value))


def test_missing_files_stop_in_chinese(monkeypatch, tmp_path):
    with pytest.raises(CrmError, match="没有找到文件"):
        run_in(tmp_path, monkeypatch, customers="没有的.xlsx", **ALONE)
    with pytest.raises(CrmError, match="没有给出客户登记表"):
        run_in(tmp_path, monkeypatch, customers="", **ALONE)
    with pytest.raises(CrmError, match="没有可以分析的登记记录"):
        run_in(tmp_path, monkeypatch, as_of="1900-01-01", **ALONE)


# Hand-ins


def read_parts(path):
    if path.suffix not in (".docx", ".xlsx"):
        return path.read_text(encoding="utf-8-sig")
    with zipfile.ZipFile(path) as parts:
        texts = [parts.read(n).decode("utf-8", "ignore") for n in parts.namelist()]
    return "".join(t + re.sub(r"<[^>]+>", "", t) for t in texts)


def list_private(registers):
    from crm_lib.identify import clean_table

    raw = read_table(registers, "customers")
    found = set()
    for table in (raw, clean_table(raw, "customers").rows):
        for column in ("phone", "email", "address"):
            found |= {str(v).strip() for v in table[column].dropna()}
    return {v for v in found if len(v) >= 7}


def find_private(run, private):
    _, shown, folder = run[:3]
    files = [p for p in folder.rglob("*") if p.is_file() and p.suffix not in (".png", ".svg")]
    assert {".docx", ".xlsx", ".csv", ".html", ".json"} <= {p.suffix for p in files}
    texts = {"page": shown.text} | {p.name: read_parts(p) for p in files}
    texts = {n: re.sub(r"[A-Za-z0-9+/=]{500,}", "", t) for n, t in texts.items()}
    return [(n, v) for v in sorted(private) for n, t in texts.items() if v in t]


@pytest.mark.slow
def test_no_telephone_address_or_email_in_anything_written(xudong, sister):
    private = list_private(str(DATA / "xudong" / "register_*.*"))
    assert len(private) > 1000
    assert find_private(xudong, private) == []
    assert find_private(sister, list_private(str(sister[3] / "register_*.*"))) == []
    # what cannot find cannot miss
    assert find_private(xudong, {xudong[0]["roster"]["customer_no"].iloc[0]}) != []


@pytest.mark.slow
def test_with_reveal_the_archive_is_whole_and_the_log_knows(patch, tmp_path):
    space, _, folder = run_in(tmp_path, patch, reveal=True, **ALONE)
    book = openpyxl.load_workbook(folder / "tables" / "customer_archive.xlsx", read_only=True)
    heads, *rows = list(book["电子客户档案"].iter_rows(values_only=True))
    phones = [r[heads.index("手机号")] for r in rows]
    known = set(list_private(str(DATA / "xudong" / "register_*.*")))
    assert sum(p in known for p in phones if p) > 400
    assert "reveal" in set(space["db"].store.audit()["action"])


def test_the_hand_ins_are_opened_again_and_hold_the_figures(xudong):
    import docx

    space, shown, folder = xudong
    tables = folder / "tables"
    archive = openpyxl.load_workbook(tables / "customer_archive.xlsx", read_only=True)
    assert archive.sheetnames == [
        "电子客户档案", "电子客户名册", "客户交易记录表", "统计分析资料", "公司投入记录", "每一列的意思",
    ]  # fmt: skip
    assert archive["电子客户档案"].max_row == len(space["roster"]) + 1
    explained = list(archive["每一列的意思"].iter_rows(min_row=2, values_only=True))
    for name in archive.sheetnames[:-1]:
        heads = next(archive[name].iter_rows(values_only=True))
        assert [r[1] for r in explained if r[0] == name] == list(heads)
    assert all(r[2] for r in explained)
    assert openpyxl.load_workbook(tables / "upload_template.xlsx")["客户信息"].max_column > 10
    verdicts = openpyxl.load_workbook(tables / "verdicts.xlsx")["逐行审核结果"]
    assert verdicts.max_row == len(space["verdicts"]) + 1
    texts = {}
    for path in tables.glob("*.docx"):
        document = docx.Document(str(path))
        cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
        texts[path.stem] = "\n".join([*(p.text for p in document.paragraphs), *cells])
        assert "nan" not in texts[path.stem]
    said = [f.replace("**", "") for f in shown.findings]
    assert next(f for f in said if f.startswith("回头客占比")) in texts["advice"]
    assert "重点管理" in texts["advice"]
    assert "**" not in texts["advice"]  # in the forms they are the masks of names
    assert "借阅登记" in texts["forms"]
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))["result"]
    assert result["n_customers"] == len(space["roster"])
    assert result["effects"]["repeat_percent"]["verdict"] == "shown"
    page = (tables / "forms.html").read_text(encoding="utf-8")
    assert page.count('<section class="sheet register">') == -(-len(space["roster"]) // 20)


def test_the_archive_of_a_firm_has_its_own_fields(sister):
    book = openpyxl.load_workbook(sister[2] / "tables" / "firm_archive.xlsx")
    heads = [c.value for c in book["餐馆客户档案"][1]]
    assert heads[0] == "客户编号"
    assert "口味、忌口和过敏" in heads
    assert not {"身份证号", "人脸、指纹", "车牌号、车型和里程"} & set(heads)


@pytest.mark.slow
def test_the_hand_ins_are_the_same_bytes_at_every_run(xudong, patch, tmp_path):
    again = run_in(tmp_path, patch)[2]
    files = [p for p in xudong[2].rglob("*") if p.is_file()]
    assert len(files) > 15
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
