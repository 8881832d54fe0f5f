"""Unprofitable customers: on the invented company, its sister, the journey, own files, hardly any data."""

import json
import re

import openpyxl
import pandas as pd
import pytest
from run_cells import run_report, solutions

from crm_lib._places import project_root
from crm_lib.errors import CrmError, DataError, ParameterError
from crm_lib.lesson.checks import grade_answer, load_checks, load_variants, run_answer
from crm_lib.sample import make_company

LESSON = "2_differentiation/3_below_zero"
POOLS = {"order_handling": 48000.0, "delivery": 52000.0, "return_handling": 12000.0, "contact": 45000.0}


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
    """Another company of the same making: other people, other seed."""
    base = tmp_path_factory.mktemp("sister")
    make_company(600, seed=7, out=base / "made", files=True)
    files = base / "made" / "files"
    given = {"orders": str(files / "orders.csv"), "contacts": str(files / "contacts.csv")}
    given["customers"] = str(files / "register_*.*")
    return run_in(base / "run", patch, **given, loss_limit=20.0, pool_orders=30000.0)


@pytest.fixture(scope="module")
def cdnow(patch, tmp_path_factory):
    given = {"orders": "cdnow_sample", "weeks": 39, "pool_orders": 6000.0, "loss_limit": 1.0}
    return run_in(tmp_path_factory.mktemp("cdnow"), patch, **given)


def read_result(folder):
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))["result"]


# The figures once more, with plain pandas and loops, from the files as they lie in data/.


@pytest.fixture(scope="module")
def truth():
    folder = project_root() / "data" / "xudong"
    lines = pd.read_csv(folder / "orders.csv", dtype=str, encoding="utf-8-sig", keep_default_na=False)
    lines = lines[lines["订单编号"] != "合计"].drop_duplicates(["订单编号", "行号"])
    talks = pd.read_csv(folder / "contacts.csv", dtype=str, encoding="gb18030", sep=";")
    first, last = pd.Timestamp("2024-01-04"), pd.Timestamp("2025-01-01")
    when = pd.to_datetime(lines["下单时间"].str.replace("/", "-", regex=False).str[:10].map(pad_day))
    inside = lines[(when >= first) & (when <= last)]
    called = pd.to_datetime(talks["接触时间"].str[:10])
    talks = talks[(called >= first) & (called <= last)]
    return inside, talks


def pad_day(text):
    year, month, day = re.match(r"(\d+)-(\d+)-(\d+)", text).groups()
    return f"{year}-{int(month):02}-{int(day):02}"


def test_costs_are_spread_another_way_and_reconcile_to_the_cent(xudong, truth):
    space, shown, _ = xudong
    lines, talks = truth
    pieces = lines["数量"].str.extract(r"(-?\d+)")[0].astype(float)
    bought = lines[pieces > 0].drop_duplicates(["客户编号", "订单编号"])
    units = {
        "order_handling": bought.groupby("客户编号").size(),
        "delivery": bought[bought["渠道"] != "store"].groupby("客户编号").size(),
        "return_handling": -pieces[pieces < 0].groupby(lines["客户编号"]).sum(),
        "contact": talks["时长分钟"].astype(float).groupby(talks["客户编号"]).sum(),
    }
    total = sum(
        POOLS[k] * u.div(u.sum()).reindex(space["people"]["customer_id"]).fillna(0) for k, u in units.items()
    )
    found = space["people"].set_index("customer_id")["cost_to_serve"]
    assert found.to_dict() == pytest.approx(total.to_dict(), abs=0.01)
    assert round(found.sum(), 4) == sum(POOLS.values()) == 157000.0
    assert space["rates"]["left_amount"].tolist() == [0, 0, 0, 0]
    assert "两边相差 0.00 元" in "".join(shown.findings)


def test_the_whale_and_the_losers_another_way(xudong):
    space, shown, folder = xudong
    net = (space["people"]["gross_profit"] - space["people"]["cost_to_serve"]).round(4)
    peak, lost = net[net > 0].sum(), -net[net < 0].sum()
    whale = read_result(folder)["whale"]
    assert whale["peak"] == pytest.approx(peak, abs=1e-6)
    assert whale["lost"] == pytest.approx(lost, abs=1e-6)
    assert whale["total"] == pytest.approx(peak - lost, abs=1e-6)
    running, n = 0.0, 0
    for value in sorted(net, reverse=True):
        running, n = running + value, n + 1
        if running >= peak - lost - 1e-6:
            break
    assert whale["crossing"] == n
    assert (whale["n_losing"], len(net)) == (114, 353)
    assert f"前 {n} 位客户" in "".join(shown.findings)


def test_the_first_rule_that_fits_decides(xudong):
    space, _, _ = xudong
    rows = space["people"].to_dict("records")
    for row, chosen in zip(rows, space["chosen"].to_dict("records"), strict=True):
        assert row["customer_id"] == chosen["customer_id"]
        assert chosen["rule"] == walk_rules(row)
        assert chosen["explained"].startswith("本期净利 ")


def walk_rules(row):
    if row["net_profit"] >= 0:
        return "gain"
    if row["known_days"] <= 90:
        return "new"
    if row["outlook_profit"] >= 0:
        return "hope"
    if row["net_profit"] > -50:
        return ""
    if row["contact_share"] >= 0.5:
        return "contact"
    if row["given_share"] >= 0.08:
        return "discount"
    return "partner" if row["expected_orders"] >= 0.5 else "end"


def test_new_customers_are_not_judged_and_the_reason_is_said(xudong):
    space, _, _ = xudong
    new = space["chosen"][space["chosen"]["rule"] == "new"]
    assert len(new) == 12
    assert set(new["treatment"]) == {"leave_alone"}
    assert all("太早" in text for text in new["explained"])


def test_the_simulation_and_the_tornado_another_way(xudong):
    space, _, _ = xudong
    people = space["people"].set_index("customer_id")
    handled = space["handled"]
    total = 0.0
    for row in handled.itertuples():
        one = people.loc[row.customer_id]
        r, g, c = max(one["revenue"], 0), one["gross_profit"], one["cost_to_serve"]
        gone = -0.2 * c
        new = {
            "reprice": 0.9 * (g + 0.05 * r - c) + 0.1 * gone,
            "cheaper_channel": 0.95 * (g - 0.6 * c) + 0.05 * gone,
            "transfer": gone + 5 - 2,
            "end": gone - 1,
        }[row.treatment]
        total += new - (g - c)
    assert space["tornado"]["gain"].iloc[0] == pytest.approx(total, abs=0.1)
    assert space["tornado"]["width"].is_monotonic_decreasing
    assert read_result(xudong[2])["gain"] == pytest.approx(total, abs=0.1)


def test_a_rule_by_age_is_refused_and_groups_are_shown(xudong):
    space, shown, _ = xudong
    text = "\n".join(shown.findings)
    assert "程序拒绝了" in text
    assert "年龄" in text
    groups = space["groups"]
    known = space["trade"].people.merge(space["chosen"], on="customer_id")
    women = known[known["gender"] == "女"]
    row = groups[groups["group"] == "女"].iloc[0]
    assert (row["n_customers"], row["n_handled"]) == (len(women), (women["treatment"] != "leave_alone").sum())
    assert groups["n_customers"].min() >= 10


@pytest.mark.parametrize(("column", "said"), [("gender", "拒绝"), ("客户年龄", "拒绝"), ("n_orders", "放行")])
def test_other_columns_for_the_unfair_rule(xudong, column, said):
    from crm_lib.lesson.below_zero import try_unfair_rule

    assert said in try_unfair_rule(xudong[0]["people"], xudong[0]["rules"], column=column)


def test_the_review_another_way(xudong):
    space, shown, _ = xudong
    past, now = space["past"], space["people"].set_index("customer_id")["net_profit"]
    assert past.day == "2024-01-03"
    assert past.people["known_days"].min() >= 0
    later = space["later"]
    losing = later[later["profit"] < 0]
    treated = losing[losing["treatment"] != "leave_alone"]
    back = sum(now.get(c, -1) >= 0 for c in treated["customer_id"])
    assert f"{back} 位（{back / len(treated):.1%}）后来自己转亏为盈" in "".join(shown.findings)
    wrong = treated[treated["treatment"].isin(["transfer", "end"])]
    n_wrong = sum(now.get(c, 0) > 0 for c in wrong["customer_id"])
    assert space["past"].reviewed["n_wrong"].sum() == n_wrong == 5
    assert "向均值回归" in "".join(shown.findings)


def test_the_revised_limit_is_the_one_whose_catch_lost_most(xudong):
    space, _, folder = xudong
    tried = space["tried"]
    best = tried.loc[tried["later_profit"].idxmin(), "loss_limit"]
    assert space["new_limit"] == best == read_result(folder)["limit_new"]
    assert space["plans"]["loss_limit"].tolist()[0] == 50.0
    row = tried[tried["loss_limit"] == 50.0].iloc[0]
    later = space["later"]
    caught = later[(later["treatment"] != "leave_alone") & (later["profit"] < 0)]
    assert row["n_caught"] == len(caught)
    assert row["later_profit"] == pytest.approx(caught["now"].sum())


def test_other_data_give_other_sentences(xudong, cdnow, sister):
    for other in (cdnow, sister):
        pairs = list(zip(xudong[1].findings, other[1].findings, strict=True))
        assert len(pairs) >= 13
        # the refusal and the names of the files are the same everywhere
        same = [a for a, b in pairs[:-1] if a == b and "拒绝" not in a]
        assert same == []


def test_without_cost_contacts_and_registers_the_lesson_says_what_it_assumes(cdnow):
    _, shown, _ = cdnow
    text = "\n".join(shown.findings)
    for said in ("另一家公司的样本", "30% 的假设", "配送", "没有折扣或单价", "做不了", "美元"):
        assert said in text


@pytest.mark.slow
def test_the_journey_as_far_as_its_columns_allow(patch, tmp_path_factory):
    given = {"orders": "journey_orders", "customers": "journey_customers", "weeks": 26}
    given |= {"pool_orders": 300000.0, "pool_returns": 0.0, "as_of": "2017-12-31"}
    space, shown, folder = run_in(tmp_path_factory.mktemp("journey"), patch, **given)
    text = "\n".join(shown.findings)
    for said in ("84.51°", "没有单位成本", "下面的活动数不出来：配送", "没有折扣或单价", "另一家公司的样本"):
        assert said in text
    assert len(space["later"]) > 2000
    assert len(space["groups"]) >= 3
    assert space["rates"].set_index("activity").loc["处理订单", "left_amount"] == 0
    assert (folder / "tables" / "treatment_list.xlsx").exists()


def test_the_treatment_list_is_sorted_filtered_formatted_and_explained(xudong, patch, tmp_path_factory):
    folder = xudong[2]
    book = openpyxl.load_workbook(folder / "tables" / "treatment_list.xlsx")
    assert book.sheetnames == ["处理名单", "各种办法", "规则", "说明"]
    sheet = book["处理名单"]
    heads = [c.value for c in sheet[1]]
    net = [row[heads.index("净利")] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert net == sorted(net)
    assert len(net) == 114
    assert max(net) < 0
    assert sheet.auto_filter.ref.startswith("A1:")
    assert sheet.freeze_panes == "A2"
    assert "0.00" in sheet.cell(2, heads.index("净利") + 1).number_format
    told = {(row[0], row[1]) for row in book["说明"].iter_rows(min_row=2, values_only=True)}
    for name in book.sheetnames[:3]:
        assert {(name, c.value) for c in book[name][1]} <= told
    again = run_in(tmp_path_factory.mktemp("again"), patch)[2]
    name = "tables/treatment_list.xlsx"
    assert (again / name).read_bytes() == (folder / name).read_bytes()
    assert (again / "result.json").read_bytes() == (folder / "result.json").read_bytes()


def test_nothing_shown_or_written_holds_personal_data(xudong, sister):
    phone, mail = re.compile(r"(?<![\d.])1[3-9]\d{9}(?!\d)"), re.compile(r"[\w.]+@[\w.]+")
    for space, shown, folder in (xudong, sister):
        texts = [shown.text, (folder / "result.json").read_text(encoding="utf-8")]
        texts += [p.read_text(encoding="utf-8-sig") for p in (folder / "tables").glob("*.csv")]
        book = openpyxl.load_workbook(folder / "tables" / "treatment_list.xlsx")
        texts += [str(v) for s in book for row in s.iter_rows(values_only=True) for v in row]
        assert [t for t in texts if phone.search(t) or mail.search(t)] == []
        assert set(space["trade"].people.columns) == {"customer_id", "gender", "age_band"}


HEADER = "customer_id,date,amount,quantity,unit_cost\n"


@pytest.fixture
def run_lines(monkeypatch, tmp_path):
    def run(lines, header=HEADER, **parameters):
        path = tmp_path / "orders.csv"
        path.write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
        return run_in(tmp_path, monkeypatch, orders=str(path), **parameters)

    return run


MANY = [f"C{i:02},2024-{1 + i % 6:02}-{1 + i % 27:02},{10 + i},1,5" for i in range(40)]
FREE = {"pool_orders": 0.0, "pool_delivery": 0.0, "pool_returns": 0.0, "pool_contacts": 0.0}


@pytest.mark.parametrize(
    ("lines", "given", "said", "never"),
    [
        (
            ["C1,2024-03-01,50,1,20"],
            {},
            ["没有一位客户有利润", "改用一条简单的规则", "退不回去"],
            ["向均值回归"],
        ),
        (
            ["C1,2024-03-01,50,1,20"],
            FREE,
            ["没有亏损的客户", "名单是空的", "都不用处理"],
            ["每位客户都有一句说明"],
        ),
        (
            ["A,2024-01-01,-50,-1,20", "B,2024-03-01,-20,-1,20"],
            FREE,
            ["没有一位客户有利润"],
            ["最高处是"],
        ),
        (MANY, FREE, ["没有亏损的客户", "没有要处理的客户"], []),
        (MANY, {"pool_orders": 2000.0, "new_days": 0}, ["没有联系记录", "做不了"], ["没有亏损的客户"]),
        (MANY, {"weeks": 8, "pool_orders": 900.0, "new_days": 0, "loss_limit": 0.0}, ["试了"], ["退不回去"]),
        (["A,2024-03-01,0,1,0", "B,2024-03-02,0,1,0"], FREE, ["正好不赚不亏"], []),
    ],
    ids=["one", "one free", "returns", "no loss", "no contacts", "eight weeks", "zero"],
)
def test_every_sentence_stays_true_on_degenerate_data(run_lines, lines, given, said, never):
    space, shown, folder = run_lines(lines, contacts="", customers="", **given)
    text = "\n".join(shown.findings)
    assert [s for s in said if s not in text] == []
    assert [s for s in [*never, "nan", "None"] if s in text] == []
    assert len(space["chosen"]) == len(space["people"])
    assert (folder / "tables" / "treatment_list.xlsx").exists()


def test_three_columns_are_enough_and_contacts_without_minutes_count(run_lines, tmp_path):
    talks = tmp_path / "talks.csv"
    talks.write_text(
        "customer_id,occurred_at,medium\nC1,2024-03-02,phone\nC1,2024-03-05,phone\n", encoding="utf-8"
    )
    lines = [f"C{i % 7},2024-0{1 + i % 6}-11,{5 + i}" for i in range(40)]
    space, shown, _ = run_lines(lines, header="customer_id,date,amount\n", contacts=str(talks), customers="")
    assert space["people"]["revenue"].sum() == sum(5 + i for i in range(40))
    assert space["people"]["gross_profit"].sum() == pytest.approx(0.3 * sum(5 + i for i in range(40)))
    row = space["rates"].iloc[-1]
    assert (row["units"], row["driver"], row["rate"]) == (2, "次", 22500)
    assert "没有写时长" in shown.text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"weeks": 1}, "weeks"),
        ({"margin": 1.5}, r"\[0, 1\]"),
        ({"loss_limit": -5.0}, "loss_limit"),
        ({"as_of": "2024-13-01"}, "日期"),
    ],
)
def test_a_wrong_parameter_set_fails_in_words(monkeypatch, tmp_path, given, said):
    with pytest.raises(ParameterError, match=said):
        run_report(LESSON, monkeypatch, tmp_path, **given)


def test_a_period_without_orders_fails_in_words(run_lines):
    with pytest.raises(DataError, match="没有一笔订单"):
        run_lines(["C1,2024-03-01,50,1,20"], as_of="2025-12-31", contacts="", customers="")


@pytest.mark.parametrize(
    "given", [{"orders": "订单.csv"}, {"contacts": "接触.csv"}, {"customers": "登记.csv"}]
)
def test_a_wrong_file_name_stops_in_chinese(monkeypatch, tmp_path, given):
    with pytest.raises(CrmError, match="没有找到文件"):
        run_in(tmp_path, monkeypatch, **given)


@pytest.mark.slow
def test_exercises_solution_full_blank_nothing_wrong_answers_never_full(
    patch, tmp_path_factory, sister, record_property, capsys
):
    checks, code = load_checks(LESSON), solutions(LESSON)
    spaces = [sister[0]]  # the variants begin with the default
    spaces += [
        run_in(tmp_path_factory.mktemp("variant"), patch, **given)[0] for given in load_variants(LESSON)
    ]
    answers = []
    killed = total = 0
    for space in spaces:
        answers.append({})
        for grade_id, check in checks.items():
            inputs = {name: space[name] for name in check.inputs}
            answer = run_answer(code[grade_id], check.answer, inputs)
            answers[-1][grade_id] = answer
            assert grade_answer(check, answer, inputs).points == check.points
            assert grade_answer(check, None, inputs).points == 0
            for mistake in check.mistakes:
                result = grade_answer(check, run_answer(mistake.code, check.answer, inputs), inputs)
                total += 1
                killed += result.points < check.points
                assert result.points < check.points, f"{grade_id}: {mistake.name} gets full points"
                assert mistake.message in result.message, (grade_id, mistake.name, result.message)
    for grade_id in checks:
        assert len({float(a[grade_id]) for a in answers}) == len(answers), grade_id
    with capsys.disabled():
        print(f"\nkill rate of {LESSON}: {killed}/{total} wrong answers refused")
    record_property("kill_rate", killed / total)
    assert killed == total > 0
