"""The lesson on maintenance and security: on 旭东, another 旭东, hardly any data, wrong parameters."""

import csv
import datetime as dt
import gc
import json
import math
import re
import zipfile
from collections import Counter

import openpyxl
import pandas as pd
import pytest
from run_cells import run_report, solutions

from crm_lib._places import project_root
from crm_lib.errors import CrmError, ParameterError
from crm_lib.lesson import exports
from crm_lib.lesson.checks import grade_answer, load_checks, load_variants, run_answer
from crm_lib.lesson.security import fix_day, gather_firm, judge_network, scan_pins
from crm_lib.readwrite import read_table

LESSON = "5_information/3_maintenance_and_security"
DATA = project_root() / "data"
CHINESE = re.compile(r"[\u4e00-\u9fff]{4}")
SEALED = ("phone", "email", "address", "identity_no")
ALONE = {"orders": "", "consents": "", "quotes": ""}


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
    """Another company of the same making, from another seed, whose prices are innocent."""
    return run_in(tmp_path_factory.mktemp("sister"), patch, company=2, prices="innocent")


def join(shown):
    return "\n".join(shown.findings)


# The figures once more


def test_the_database_of_a_moment_is_what_the_database_itself_says(xudong):
    """Read as of the moment from the older backup, restored into a file of its own, before anybody was erased."""
    from crm_lib.store import restore

    firm, moment = xudong[0]["firm"], xudong[0]["moment"]
    target = firm.folder / "again.duckdb"
    with firm.open() as store:
        gone = store.read("erasures")
    later = {"at": "2030-01-01 00:00:00", "actor": "admin", "erasures": gone}
    restore(firm.backups[0], target, cipher=firm.cipher(), **later)
    with firm.open(database=target) as store:
        then = store.read("customers", as_of=moment.isoformat(sep=" "))
    assert then["customer_no"].is_unique
    said = load_checks(LESSON)["sec-1-moment"].expected(xudong[0])
    # whom a restore leaves out has been erased; nobody else lacks
    erased = set(xudong[0]["plan"].query("action == 'erase'")["customer_no"])
    versions = xudong[0]["versions"]
    known = set(versions.loc[versions["valid_from"] <= moment, "customer_no"])
    assert set(then["customer_no"]) == known - erased
    assert said == len(known) > len(then) > 0


def test_each_customer_has_one_version_at_each_moment(xudong):
    versions = xudong[0]["versions"]
    for _, mine in versions.groupby("customer_no"):
        ends = mine.sort_values("valid_from")
        assert ends["valid_to"].iloc[:-1].tolist() == ends["valid_from"].iloc[1:].tolist()
        assert pd.isna(ends["valid_to"].iloc[-1])
    text = join(xudong[1])
    assert f"现在一共 {versions['customer_no'].nunique()} 位客户，{len(versions):,} 个版本" in text
    kinds = Counter(versions["update_kind"])
    assert f"易变动的数据改了 {kinds['易变动']} 位客户" in text
    assert f"缺失数据补了 {kinds['缺失数据']} 位客户" in text


def test_what_was_destroyed_is_back(xudong):
    restored, kept = xudong[0]["restored"], xudong[0]["kept"]
    assert restored.gone
    assert restored.refused
    assert restored.tables["equal"].all()
    assert set(restored.checks["verdict"]) == {"合格"}
    counts = xudong[0]["counts"].set_index("table")
    assert (counts["now"] == counts["newest"]).all()
    assert (counts["now"] >= counts["older"]).all()
    assert counts.loc["customers", "now"] == len(xudong[0]["versions"])
    assert [b.at[:10] for b in kept.values()] == ["2024-12-21", "2024-12-28"]
    assert "每张表的校验和都相同" in join(xudong[1])
    lost = (counts["now"] - counts["older"]).sum()
    assert load_checks(LESSON)["sec-2-lost"].expected(xudong[0]) == lost > 0


def test_no_telephone_number_stands_in_any_file_of_the_firm(xudong):
    """Every number ever sealed, as written, in UTF-16 and in base64; the unsealed control file holds its share."""
    import base64

    firm = xudong[0]["firm"]
    phones = {str(p) for p in firm.data.people["phone"].dropna()} | set(firm.data.later["phone"].dropna())
    numbers = {"".join(c for c in p if c.isdigit())[-11:] for p in phones}
    files = {
        p.relative_to(firm.folder).as_posix(): p.read_bytes() for p in firm.folder.rglob("*") if p.is_file()
    }
    assert {"customers.duckdb", "meddled.duckdb", "copy_auditor.duckdb", "plain.duckdb"} <= set(files)
    assert sum(n.endswith(".crmbackup") for n in files) >= 6
    held = {}
    for name, content in files.items():
        # what is searched for is ASCII, so the readable runs hold it all
        runs = re.findall(rb"[!-~]{6,}", content)
        runs += [r.replace(b"\0", b"") for r in re.findall(rb"(?:[!-~]\x00){6,}", content)]
        text = b"\n".join(runs)
        held[name] = sum(n.encode() in text or base64.b64encode(n.encode())[:12] in text for n in numbers)
    assert held.pop("plain.duckdb") > 30
    assert len(numbers) > 300
    assert {n for n, k in held.items() if k} == set()


def test_who_looked_and_what_was_meddled_with(xudong):
    log, text = xudong[0]["log"], join(xudong[1])
    seen = log[log["action"] == "reveal"]
    late = [r for r in seen.to_dict("records") if r["at"].hour < 8 or r["at"].hour >= 18]
    assert f"其中下班时间（8 点以前、18 点及以后）{len(late)} 次" in text
    assert load_checks(LESSON)["sec-3-log"].expected(xudong[0]) == sum(r["n_rows"] for r in late)
    assert "4 种手脚，查出了 4 种" in text
    assert "一个也没有找到" in text


def test_a_role_sees_no_more_than_the_rules_say(xudong):
    """The copies are opened once more: no column beyond the rights, and masks where masks are promised."""
    import duckdb

    firm, rights = xudong[0]["firm"], xudong[0]["rights"]
    for role in ("sales", "analyst", "auditor"):
        path = firm.folder / f"copy_{role}.duckdb"
        if not path.exists():
            continue
        mine = rights[(rights["role"] == role) & (rights["table"] == "customers")].set_index("column")[
            "right"
        ]
        with duckdb.connect(str(path), read_only=True) as link:
            rows = link.execute("SELECT * FROM customers").df()
        allowed = {c for c, r in mine.items() if r not in ("none", "append") and c != "*"}
        assert set(rows.columns) <= allowed, role
        for column in set(SEALED) & set(rows.columns):
            assert rows[column].dropna().str.contains("*", regex=False).all(), (role, column)
    assert not (firm.folder / "copy_service.duckdb").exists()  # who writes works in the database itself


def test_the_regulation_says_what_is_so(xudong):
    clauses, training = xudong[0]["clauses"], xudong[0]["training"]
    assert len(clauses) >= 16
    assert list(dict.fromkeys(clauses["part"])) == ["总则", "使用", "修改与维护", "安全管理"]
    verdict = clauses.set_index("setting")["verdict"]
    for met in ("broken_histories", "chain_faults", "unsealed_cells", "backup_age_days", "restore_age_days"):
        assert verdict[met] == "符合", met
    # nothing was scanned, no price was audited yet, three people lack a training: none of it may pass
    for broken in ("scan_checked_on", "network_checked_on", "price_audited_on", "untrained_people"):
        assert verdict[broken] == "不符合", broken
    late = training[training["status"].isin(["已过期", "未通过", "未培训"])]["login"].nunique()
    assert f"{late} 个人的培训不合格" in join(xudong[1])
    n = int((clauses["verdict"] == "不符合").sum())
    assert f"制度的 {len(clauses)} 条里，有 {n} 条不符合" in join(xudong[1])


def read_rows(name):
    with open(DATA / "xudong" / name, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_who_may_be_written_to_another_way(xudong):
    """From the file, with loops: the last consent to marketing given until four days before the end counts."""
    firm, until = xudong[0]["firm"], dt.date(2024, 12, 27)
    last = {}
    for row in read_rows("consents.csv"):
        number = firm.find_numbers([row["客户编号"]])[0]
        given = dt.date.fromisoformat(row["同意日期"])
        if number and row["处理目的"] == "marketing" and given <= until:
            gone = row["撤回日期"] and dt.date.fromisoformat(row["撤回日期"]) <= until
            last[number] = max(last.get(number, (dt.date.min, True)), (given, not gone))
    allowed = sum(stands for _, stands in last.values())
    assert f"可以用来营销的有 {allowed} 位，撤回了的 {len(last) - allowed} 位" in join(xudong[1])


def test_exactly_what_the_plan_names_is_gone(xudong):
    gone, plan, firm = xudong[0]["gone"], xudong[0]["plan"], xudong[0]["firm"]
    assert gone.planned == gone.emptied > 0
    assert (gone.other, gone.after, gone.n_back) == (0, 0, 0)
    assert gone.before > 0
    erased = set(plan.loc[plan["action"] == "erase", "customer_no"])
    names = {n for p, n in firm.numbers.items() if n in erased}
    assert names == erased
    with firm.open() as store:
        for table in ("customers", "grades", "verifications", "consents", "transactions", "verdicts"):
            there = set(store.query(f"SELECT DISTINCT customer_no FROM {table}")["customer_no"].dropna())
            assert not there & erased, table
        kept = store.query("SELECT count(*) AS n FROM transactions")["n"].iloc[0]
        assert len(store.read("erasures")) == len(erased)
    assert kept == len(firm.taken)  # the books keep every line


def test_groups_of_the_list_another_way(xudong):
    from crm_lib.lesson.security_people import QUASI, list_people

    people = list_people(xudong[0]["firm"])
    groups = Counter(zip(*(people[c] for c in QUASI), strict=True))
    classes = xudong[0]["classes"]
    assert Counter(classes["n_people"]) == Counter(groups.values())
    alone = sum(n == 1 for n in groups.values())
    assert f"{alone} 个人（{alone / len(people):.1%}）独自一组" in join(xudong[1])
    assert xudong[0]["coarser"].after.k >= 5
    small = sum(n for n in groups.values() if n < 5)
    assert load_checks(LESSON)["sec-4-alone"].expected(xudong[0]) == pytest.approx(small / len(people))


def test_the_planted_surcharge_is_found_with_its_size(xudong):
    """The web shop asks known customers 6 % more (laws.toml); nowhere else anything is planted."""
    effects = xudong[0]["audit"].effects.set_index("part")
    assert effects.loc["web", "verdict"] == "accused"
    assert effects.loc["web", "low"] < 0.06 < effects.loc["web", "high"] + 0.01
    assert (effects.drop(index="web")["verdict"] == "not shown").all()
    assert "有大数据杀熟的证据" in join(xudong[1])
    pairs = xudong[0]["pairs"]
    by_hand = [r.price_known / r.price_new - 1 for r in pairs.itertuples()]
    assert load_checks(LESSON)["sec-5-price"].expected(xudong[0]) == pytest.approx(
        100 * math.fsum(by_hand) / len(by_hand)
    )


# Another company


@pytest.mark.slow
def test_an_innocent_company_is_not_accused_and_tells_other_figures(xudong, sister):
    assert sister[0]["audit"].verdict == "not shown"
    text = join(sister[1])
    assert "没有查出大数据杀熟" in text
    assert "有大数据杀熟的证据" not in text
    pairs = list(zip(xudong[1].findings, sister[1].findings, strict=True))
    same = [a for a, b in pairs if a == b]
    # what does not come from the data: invented staff, tricks, network, packages, the regulation, files
    told = ("有权限的", "没有动手脚", "这是一份故意", "没有扫描", "制度的", "步骤六", "作业文件", "已写出")
    assert [a for a in same if not a.startswith(told)] == []


@pytest.mark.slow
def test_the_same_bytes_at_every_run(xudong, patch, tmp_path):
    again = run_in(tmp_path, patch)
    files = [p for p in xudong[2].rglob("*") if p.is_file()]
    assert len(files) > 15
    other = [p.name for p in files if p.read_bytes() != (again[2] / p.relative_to(xudong[2])).read_bytes()]
    assert other == []
    assert again[1].pages[:-1] == xudong[1].pages[:-1]


# Hardly any data


@pytest.fixture
def two_people(tmp_path):
    """Two registrations of two persons, one without day of birth; a column that must not be there."""
    path = tmp_path / "登记.csv"
    rows = [
        "记录编号,姓名,性别,出生日期,手机号,省份,城市,登记日期,人脸编号",
        "S1,王小明,男,1990-05-06,15412345678,江苏省,南京市,2023-03-01,F1",
        "S2,李小红,女,,,,,2024-01-05,F2",
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_hardly_any_data_still_gives_whole_sentences(two_people, patch, tmp_path):
    space, shown, folder = run_in(tmp_path / "run", patch, customers=str(two_people), **ALONE)
    text = join(shown)
    assert "生物识别的列：人脸编号" in text
    assert "没有可以比较的报价" in text
    assert space["audit"] is None
    assert not (folder / "tables" / "price_audit.xlsx").exists()
    assert space["restored"].tables["equal"].all()
    assert "nan" not in text
    assert "None" not in text
    for grade_id in ("sec-1-moment", "sec-2-lost", "sec-3-log"):
        assert load_checks(LESSON)[grade_id].expected(space) >= 0
    assert "15412345678" not in shown.text
    made = space["firm"].folder
    assert made.exists()
    space.clear()
    gc.collect()
    assert not made.exists()  # database, key and backups go with the run


# A student's own settings


GOOD = """
listen_addresses = 'localhost'
ssl = on
ssl_min_protocol_version = TLSv1.3
log_connections = on
hostssl crm crm_service 192.0.2.0/24 scram-sha-256
"""


def test_own_network_settings_are_judged_line_by_line(tmp_path):
    from crm_lib.lesson.security import describe_network

    path = tmp_path / "server.conf"
    path.write_text(GOOD, encoding="utf-8")
    assert "全部符合" in describe_network(judge_network(str(path)))
    path.write_text(GOOD.replace("hostssl", "host"), encoding="utf-8")
    judged = judge_network(str(path))
    bad = judged[judged["advice"] != ""]
    assert bad["place"].tolist() == ["pg_hba.conf:6"]
    assert "1 项不符合" in describe_network(judged)


def test_a_scan_says_what_it_was_held_against(tmp_path):
    from crm_lib.lesson.security import describe_scan

    pins = tmp_path / "pins.txt"
    pins.write_text("example-web==1.4.7\n", encoding="utf-8")
    asked, practice = scan_pins(str(pins), "")
    assert asked.verdict == "not scanned"
    assert describe_scan((asked, practice)).startswith("没有扫描")
    advisory = {
        "id": "T-1",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "example-web"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.4.8"}]}],
            }
        ],
    }
    folder = tmp_path / "osv"
    folder.mkdir()
    (folder / "t.json").write_text(json.dumps(advisory), encoding="utf-8")
    assert scan_pins(str(pins), str(folder))[0].verdict == "vulnerable"
    pins.write_text("example-web==1.4.8\n", encoding="utf-8")
    assert scan_pins(str(pins), str(folder))[0].verdict == "no known advisory"


# What goes wrong


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"k_wanted": 1}, r"\[2, 50\]"),
        ({"prices": "fair"}, "planted"),
        ({"as_of": "2024-02-30"}, "日期"),
        ({"most": 0}, r"\[1, 5000\]"),
    ],
)
def test_a_wrong_parameter_set_fails_in_words(monkeypatch, tmp_path, given, said):
    with pytest.raises(ParameterError, match=said) as caught:
        run_in(tmp_path, monkeypatch, **given)
    assert CHINESE.search(str(caught.value))


def test_missing_files_and_an_early_day_stop_in_chinese(monkeypatch, tmp_path):
    with pytest.raises(CrmError, match="没有找到文件"):
        run_in(tmp_path, monkeypatch, customers="没有的.csv", **ALONE)
    with pytest.raises(CrmError, match="没有给出客户登记表"):
        run_in(tmp_path, monkeypatch, customers="", **ALONE)
    data = gather_firm(customers="xudong_customers", company=0, prices="planted", most=10, **ALONE)
    with pytest.raises(CrmError, match="太早"):
        fix_day("1900-01-01", data)


# Hand-ins


def read_parts(path):
    """Return the texts of a file: of each part of a Word or Excel file, else of the file."""
    if path.suffix not in (".docx", ".xlsx"):
        return {path.name: path.read_text(encoding="utf-8-sig")}
    with zipfile.ZipFile(path) as parts:
        texts = {n: parts.read(n).decode("utf-8", "ignore") for n in parts.namelist()}
    return {f"{path.name}/{n}": t + re.sub(r"<[^>]+>", "", t) for n, t in texts.items()}


def list_written(run):
    texts = {"page": run[1].text}
    for path in run[2].rglob("*"):
        texts |= read_parts(path) if path.is_file() else {}
    return texts


def test_no_person_and_no_key_in_anything_written(xudong):
    import base64

    firm = xudong[0]["firm"]
    raw = read_table([DATA / "xudong" / f for f in ("register_store.xlsx", "register_web.csv")], "customers")
    private = {str(v).strip() for c in ("phone", "email", "address") for v in raw[c].dropna()}
    private |= {str(v) for c in ("phone", "email", "address") for v in firm.data.people[c].dropna()}
    private |= {str(v) for v in firm.data.people["name"].dropna() if len(str(v)) >= 3}
    private = {v for v in private if len(v) >= 3}
    key = (firm.folder / "key").read_text(encoding="utf-8").strip()
    secrets = {key, key[:20], base64.b64decode(key).hex()}
    texts = list_written(xudong)
    whole = "\n".join(texts.values())
    assert len(private) > 1000
    assert {v for v in private | secrets if v in whole} == set()
    assert firm.folder.name not in whole
    assert "KHS" in whole  # what cannot find cannot miss


def test_the_hand_ins_are_opened_again(xudong):
    import docx

    folder = xudong[2] / "tables"
    document = docx.Document(folder / "数据库管理制度.docx")
    headings = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    for part in ("总则", "使用", "修改与维护", "安全管理"):
        assert any(part in h for h in headings), part
    n_clauses = sum(len(t.rows) - 1 for t in document.tables)
    assert n_clauses == len(xudong[0]["clauses"])
    rights = openpyxl.load_workbook(folder / "rights.xlsx")
    assert rights.sheetnames == ["岗位", "权限", "PostgreSQL 命令"]
    assert rights["权限"].max_row - 1 == len(xudong[0]["rights"][["table", "column"]].drop_duplicates())
    plan = xudong[0]["plan"]
    names = openpyxl.load_workbook(folder / "retention_list.xlsx")["名单"]
    assert names.max_row - 1 == int((plan["action"] != "keep").sum())
    prices = openpyxl.load_workbook(folder / "price_audit.xlsx")
    assert prices["每一组"].max_row - 1 == len(xudong[0]["pairs"])
    said = "".join(str(c.value) for c in prices["结论"]["A"])
    assert "有大数据杀熟的证据" in said
    for path in folder.glob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path).worksheets:
            heads = [str(c.value) for c in sheet[1]]
            assert all(re.search(r"[\u4e00-\u9fff]", h) for h in heads), (path.name, heads)


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
