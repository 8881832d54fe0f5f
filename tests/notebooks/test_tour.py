"""The tour on its own data, on files nobody has seen, on hardly any data; and its exercises."""

import json

import pandas as pd
import pytest
from order_files import FILES, make_orders
from run_cells import run_report, solutions

from crm_lib.errors import CrmError, ParameterError
from crm_lib.lesson.checks import grade_answer, load_checks, run_answer

TOUR = "0_start/1_tour"


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def cdnow(patch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cdnow")
    (folder / "tables").mkdir()
    return (*run_report(TOUR, patch, folder), folder)


@pytest.fixture
def own_file(tmp_path):
    (tmp_path / "tables").mkdir()

    def make(text, name="orders.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return make


def test_cdnow_shows_its_published_counts(cdnow):
    space, shown, folder = cdnow
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))["result"]
    assert (result["n_lines"], result["n_customers"], result["as_of"]) == (69_659, 23_570, "1998-07-01")
    assert (result["flags"]["suspected_duplicate"], result["flags"]["zero_amount"]) == (255, 80)
    assert result["n_kept"] + result["n_merged"] + result["n_quarantined"] == 69_659
    for text in ("69,659", "23,570", "255", "80", "1998-07-01", "美元"):
        assert text in shown.text
    # money is kept to the digit: segments and clusters both add up to all orders
    total = space["rows"]["amount"].sum()
    assert sum(s["revenue"] for s in result["segments"]) == pytest.approx(total, abs=0.005)
    assert sum(c["revenue"] for c in result["clusters"]) == pytest.approx(total, abs=0.005)


def test_another_data_set_gives_other_sentences(cdnow, monkeypatch, tmp_path):
    (tmp_path / "tables").mkdir()
    _, shown = run_report(TOUR, monkeypatch, tmp_path, orders="cdnow_sample", scheme="eight", k_max=4)
    pairs = list(zip(cdnow[1].findings, shown.findings, strict=True))
    assert len(pairs) >= 5
    # the last sentence names the exported files only
    assert all(a != b for a, b in pairs[:-1])


@pytest.mark.parametrize("name", FILES)
def test_own_files_as_systems_export_them(name, monkeypatch, tmp_path):
    orders = make_orders()
    (tmp_path / "tables").mkdir()
    FILES[name](orders, tmp_path / name)
    space, _ = run_report(TOUR, monkeypatch, tmp_path, orders=str(tmp_path / name))
    cleaned = space["cleaned"]
    assert len(space["raw"]) == len(cleaned.rows) + len(cleaned.merged) + len(cleaned.quarantine)
    last = (orders["when"].max().normalize() + pd.Timedelta(days=1)).date().isoformat()
    assert space["day"] == last
    if name not in ("online_retail.csv", "lines.parquet"):  # these hold returns or lines without a customer
        assert space["rfm"]["revenue"].sum() == pytest.approx(orders["amount"].sum(), rel=1e-9)
        assert len(space["rfm"]) == orders["customer"].nunique()


def test_online_retail_accounts_for_every_line(monkeypatch, tmp_path):
    (tmp_path / "tables").mkdir()
    FILES["online_retail.csv"](make_orders(), tmp_path / "r.csv")
    space, shown = run_report(TOUR, monkeypatch, tmp_path, orders=str(tmp_path / "r.csv"))
    written = pd.read_csv(tmp_path / "r.csv", dtype=str)
    reasons = space["cleaned"].quarantine["reason"].value_counts()
    assert reasons["missing_customer_id"] == written["CustomerID"].isna().sum()
    assert reasons["non_product"] == (written["StockCode"].eq("POST") & written["CustomerID"].notna()).sum()
    assert len(space["cleaned"].merged) >= 5
    assert "缺少客户编号" in shown.text


def test_a_missing_column_is_one_sentence_and_columns_settles_it(own_file, monkeypatch, tmp_path):
    source = own_file("whoami,order_date,amount\nA,2024-01-05,10\nB,2024-02-01,20\n")
    with pytest.raises(CrmError) as refused:
        run_report(TOUR, monkeypatch, tmp_path, orders=source)
    assert "customer_id" in str(refused.value)
    assert "whoami" in str(refused.value)
    space, _ = run_report(TOUR, monkeypatch, tmp_path, orders=source, columns="customer_id=whoami")
    assert space["rfm"]["revenue"].tolist() == [10.0, 20.0]


def test_identical_customers_share_one_segment(own_file, monkeypatch, tmp_path):
    lines = "".join(f"C{i:02},2024-03-01,50\n" for i in range(20))
    space, shown = run_report(
        TOUR, monkeypatch, tmp_path, orders=own_file("customer_id,date,amount\n" + lines)
    )
    assert space["segments"]["segment"].nunique() == 1
    assert space["clusters"]["cluster"].unique().tolist() == [1]
    assert "没有办法比较群数" in shown.text


HEADER = "customer_id,date,amount\n"


@pytest.mark.parametrize(
    ("lines", "said", "never"),
    [
        (["C1,2024-03-01,50"], ["谈不上金额集中", "不到三种", "分不出先后"], ["nan", "建议的措施", "流失"]),
        (["C1,2024-03-01,-50"], ["只有退货", "核对退货的记录"], ["nan", "最近一次购买 1 天", "冠军"]),
        (
            [f"C{i:02},2024-03-{1 + i:02},-{10 + i}" for i in range(20)],
            ["没有哪一类客户带来正的消费金额", "核对退货的记录", "不要据此下结论"],
            ["nan", "消费高", "只买一次", "金额的一半"],
        ),
        (
            ["C1,2024-03-01,-50", "C2,2024-03-02,50", "C3,2024-03-05,0"],
            ["不算金额占比", "核对退货的记录"],
            ["nan", "放心"],
        ),
        (
            [f"C{i:02},2024-03-01,50" for i in range(20)],
            ["都是 50.00 元", "都在同一天", "分不出高低"],
            ["nan", "集中："],
        ),
    ],
    ids=["one customer", "one return", "only negative totals", "total of zero", "identical customers"],
)
def test_every_sentence_stays_true_on_degenerate_data(own_file, monkeypatch, tmp_path, lines, said, never):
    source = own_file(HEADER + "\n".join(lines) + "\n")
    space, shown = run_report(TOUR, monkeypatch, tmp_path, orders=source)
    text = "\n".join(shown.findings)
    assert [s for s in said if s not in text] == []
    assert [s for s in never if s in text] == []
    assert space["actions"]["n_customers"].sum() == len(space["rfm"])


def test_a_wrong_file_name_stops_in_chinese(monkeypatch, tmp_path):
    with pytest.raises(CrmError, match="没有找到文件"):
        run_report(TOUR, monkeypatch, tmp_path, orders=str(tmp_path / "订单.csv"))


def test_one_customer_gives_a_report(own_file, monkeypatch, tmp_path):
    source = own_file("customer_id,date,amount\nC1,2024-03-01,50\n")
    space, _ = run_report(TOUR, monkeypatch, tmp_path, orders=source)
    assert space["rfm"].to_dict("records") == [
        {"customer_id": "C1", "recency_days": 1, "n_orders": 1, "revenue": 50.0}
    ]


def test_only_returns_and_zero_totals_give_a_report(own_file, monkeypatch, tmp_path):
    source = own_file("customer_id,date,amount\nC1,2024-03-01,-50\nC2,2024-03-02,50\nC3,2024-03-05,0\n")
    space, _ = run_report(TOUR, monkeypatch, tmp_path, orders=source)
    assert space["rfm"]["revenue"].sum() == 0
    assert len(space["rfm"]) == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customer_id,date,amount\n", "只有表头"),
        ("customer_id,date,amount\n,2024-01-01,5\n", "缺少客户编号 1 行"),
    ],
)
def test_no_order_at_all_is_one_clear_sentence(own_file, monkeypatch, tmp_path, text, said):
    with pytest.raises(CrmError, match=said):
        run_report(TOUR, monkeypatch, tmp_path, orders=own_file(text))


@pytest.mark.parametrize(
    ("given", "said"),
    [({"k_max": 1}, r"\[2, 12\]"), ({"scheme": "clasic"}, "classic"), ({"as_of": "2024-13-01"}, "日期")],
)
def test_a_wrong_parameter_set_fails_in_words(monkeypatch, tmp_path, given, said):
    with pytest.raises(ParameterError, match=said):
        run_report(TOUR, monkeypatch, tmp_path, **given)


def test_as_of_before_the_last_order_counts_only_what_was_known(own_file, monkeypatch, tmp_path):
    source = own_file("customer_id,date,amount\nA,2024-01-05,10\nA,2024-03-01,20\nB,2024-02-01,5\n")
    space, shown = run_report(TOUR, monkeypatch, tmp_path, orders=source, as_of="2024-02-10")
    assert space["rfm"].to_dict("list") == {
        "customer_id": ["A", "B"],
        "recency_days": [36, 9],
        "n_orders": [1, 1],
        "revenue": [10.0, 5.0],
    }
    assert "1 行" in shown.text
    assert "晚于截止日期" in shown.text


def test_no_contact_data_of_unmapped_columns_is_exported(own_file, monkeypatch, tmp_path):
    source = own_file(
        "customer_id,date,amount,收货人手机,收货地址\n,2024-01-05,10,13800138000,幸福路1号\nB,2024-02-01,20,13900139000,和平路2号\n"
    )
    _, shown = run_report(TOUR, monkeypatch, tmp_path, orders=source)
    files = [p.read_bytes() for p in (tmp_path / "tables").iterdir() if p.suffix == ".csv"]
    for secret in ("13800138000", "幸福路", "13900139000", "和平路"):
        assert secret not in shown.text
        assert not any(secret.encode() in content for content in files)


def variants(cdnow, patch, tmp_path_factory):
    yield cdnow[0]
    for name, given in {
        "sample": {"orders": "cdnow_sample"},
        "early": {"as_of": "1998-01-15", "seed": 3},
    }.items():
        folder = tmp_path_factory.mktemp(name)
        (folder / "tables").mkdir()
        yield run_report(TOUR, patch, folder, **given)[0]


def test_exercises_solution_full_blank_nothing_wrong_answers_never_full(
    cdnow, patch, tmp_path_factory, record_property, capsys
):
    checks, code = load_checks(TOUR), solutions(TOUR)
    killed = total = 0
    for space in variants(cdnow, patch, tmp_path_factory):
        for grade_id, check in checks.items():
            inputs = {name: space[name] for name in check.inputs}
            assert (
                grade_answer(check, run_answer(code[grade_id], check.answer, inputs), inputs).points
                == check.points
            )
            assert grade_answer(check, None, inputs).points == 0
            for mistake in check.mistakes:
                result = grade_answer(check, run_answer(mistake.code, check.answer, inputs), inputs)
                total += 1
                killed += result.points < check.points
                assert result.points < check.points, f"{grade_id}: {mistake.name} gets full points"
                assert mistake.message in result.message
    with capsys.disabled():
        print(f"\nkill rate of {TOUR}: {killed}/{total} wrong answers refused")
    record_property("kill_rate", killed / total)
    assert killed == total > 0
