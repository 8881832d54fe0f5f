"""Every row of an upload gets one verdict; good rows arrive once, whatever is repeated or cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from store_world import CIPHER, ENGINES, MADE, open_fresh, small_file

from crm_lib.errors import ParameterError, SchemaError, StoreError
from crm_lib.protect import verify_chain
from crm_lib.store import (
    create_tables,
    find_missing,
    open_store,
    read_history,
    read_upload,
    upload_rows,
    verify_store,
    write_missing,
    write_template,
)
from crm_lib.store.upload import Upload

DAY, NEXT, THIRD = "2024-06-01 09:00:00", "2024-06-02 09:00:00", "2024-06-03 09:00:00"
COUNTS = ("n_new", "n_updated", "n_same", "n_rejected")


@pytest.fixture(params=ENGINES)
def store(request, tmp_path):
    yield from open_fresh(request, tmp_path)


@pytest.fixture
def small(tmp_path):
    with small_file(tmp_path) as store:
        yield store


def counts(upload: Upload) -> tuple[int, ...]:
    return tuple(getattr(upload, name) for name in COUNTS)


def rules(upload: Upload) -> list[str]:
    return upload.verdicts["rule"].tolist()


def people(n: int = 3) -> pd.DataFrame:
    return pd.DataFrame({
        "姓名": [f"张{'甲乙丙丁戊己庚辛'[i]}" for i in range(n)],
        "手机号": [f"1390000000{i}" for i in range(n)],
        "登记渠道": ["门店"] * n,
        "省份": ["浙江"] * n,
    })  # fmt: skip


def test_good_rows_arrive_once_and_bad_ones_say_all_that_is_wrong(store) -> None:
    frame = people(4)
    frame.loc[3, ["姓名", "手机号", "省份"]] = [None, "139", "火星"]
    done = upload_rows(store, frame, at=DAY)
    assert counts(done) == (3, 0, 0, 1)
    assert done.verdicts["source_row"].tolist() == [1, 2, 3, 4]
    bad = done.verdicts.iloc[3]
    assert bad["verdict"] == "退回"
    assert bad["column"] == "name, phone, province"
    assert bad["rule"] == "missing, phone_digits, choice"
    assert bad["message"].count("；") == 3
    assert pd.isna(bad["customer_no"])
    stored = store.read("customers", reveal=["phone"], at=DAY)
    assert stored["customer_no"].tolist() == done.verdicts["customer_no"].tolist()[:3]
    assert stored["phone"].tolist() == ["13900000000", "13900000001", "13900000002"]
    assert set(stored["province"]) == {"浙江省"}
    again = upload_rows(store, frame, at=NEXT)
    assert counts(again) == (0, 0, 3, 1)
    assert again.upload_id == done.upload_id
    assert again.verdicts["customer_no"].tolist()[:3] == done.verdicts["customer_no"].tolist()[:3]
    assert len(store.read("customers")) == 3
    assert verify_store(store).empty


def test_rows_verdicts_raw_records_and_log_agree(store) -> None:
    frame = people(3).assign(星座=["狮子", None, "天秤"])
    frame.loc[2, "手机号"] = "1"
    done = upload_rows(store, frame, at=DAY, own=False)
    uploads, told, raw = (store.read(t) for t in ("uploads", "verdicts", "raw_records"))
    assert uploads[["n_rows", *COUNTS]].values.tolist() == [[3, 2, 0, 0, 1]]
    assert uploads["source"].tolist() == ["other"] == store.read("customers")["source"].unique().tolist()
    assert told["message"].tolist() == done.verdicts["message"].tolist()
    assert raw["source_row"].tolist() == [1, 2, 3]
    opened = store.read("raw_records", reveal=["content"], at=DAY)["content"]
    assert json.loads(opened[2]) == {
        "姓名": "张丙",
        "手机号": "1",
        "登记渠道": "门店",
        "省份": "浙江",
        "星座": "天秤",
    }
    assert "星座" in done.notes[0]
    entry = store.audit().iloc[-2]
    assert (entry["action"], json.loads(entry["detail"])["n_new"]) == ("upload", 2)
    assert verify_chain(store.audit()).empty


def test_no_private_value_stands_in_a_verdict_or_the_log(small, tmp_path) -> None:
    phone, mail, number = "1389876543", "planted＠@example.com", "110101199003070039"
    frame = pd.DataFrame({
        "姓名": [f"王{phone}0", "李四"], "手机号": [phone, "13987654321"], "邮箱": [mail, "x@example.com"],
        "身份证号": [number, None], "职业": ["教师", "电话 139-8765-4321"],
    })  # fmt: skip
    done = upload_rows(small, frame, at=DAY)
    assert counts(done) == (0, 0, 0, 2)
    assert rules(done)[1] == "contact_inside"
    said = " ".join(small.read("verdicts")["message"]) + " ".join(small.audit()["detail"])
    for value in (phone, "planted", number, "139-8765-4321", "13987654321"):
        assert value not in said
    small.close()
    assert b"13987654321" not in (tmp_path / "customers.duckdb").read_bytes()


def test_a_file_with_one_more_row_brings_one_row(store) -> None:
    upload_rows(store, people(3), at=DAY)
    more = upload_rows(store, people(4), at=NEXT)
    assert counts(more) == (1, 0, 3, 0)
    assert rules(more) == ["same_row"] * 3 + ["new"]
    assert len(store.read("uploads")) == 2


def test_the_same_person_is_known_by_identity_number_or_name_with_phone_or_mail(small) -> None:
    # store_world: 王芳 13812345678 wang@example.com 11010519491231002X
    frame = pd.DataFrame({
        "姓名": ["王 芳", "王芳", "王芳", "王芳", "李芳", "李芳"],
        "手机号": ["+86 138-1234-5678", None, "13700000000", "13700000001", "13812345678", None],
        "邮箱": [None, "WANG@example.com", None, None, None, None],
        "身份证号": [None, None, "11010519491231002x", None, None, "11010519491231002X"],
    })  # fmt: skip
    done = upload_rows(small, frame, at=DAY)
    assert done.verdicts["verdict"].tolist() == ["已有", "已有", "已有", "新增", "新增", "退回"]
    assert rules(done)[:3] == ["same_customer"] * 3
    assert "手机号" in done.verdicts["message"][2], "the other phone is named, not written"
    assert rules(done)[5] == "identity_taken"
    assert "不是一家人" in done.verdicts["message"][4]
    first = small.read("customers", reveal=["phone"], at=NEXT).set_index("name")["phone"]
    assert first["王芳"].tolist()[0] == "13812345678"


def test_two_customers_in_one_row_are_sent_back(small) -> None:
    frame = pd.DataFrame({"姓名": ["李雷"], "手机号": ["13900000000"], "身份证号": ["11010519491231002X"]})
    assert rules(upload_rows(small, frame, at=DAY)) == ["two_customers"]


def test_repeats_within_a_file_refer_to_the_first(small) -> None:
    frame = pd.DataFrame({
        "姓名": ["赵一", "赵一", "赵一", "钱二", "钱二"],
        "手机号": ["13500000001", "13500000001", "135 0000 0001", None, None],
        "城市": ["杭州市", "杭州市", "宁波市", None, None],
    })  # fmt: skip
    done = upload_rows(small, frame, at=DAY)
    assert done.verdicts["verdict"].tolist() == ["新增", "已有", "已有", "新增", "已有"]
    assert done.verdicts["customer_no"].nunique() == 2
    assert done.verdicts["column"].tolist() == ["", "", "city", "", ""]
    assert "第 1 行" in done.verdicts["message"][2]


def test_a_bad_first_row_does_not_stand_in_for_a_good_second(small) -> None:
    frame = people(2)
    frame.loc[0] = frame.loc[1]
    frame.loc[0, "省份"] = "火星"
    assert upload_rows(small, frame, at=DAY).verdicts["verdict"].tolist() == ["退回", "新增"]


def number_of(store, name: str) -> str:
    return store.read("customers").set_index("name")["customer_no"][name]


def test_a_row_with_a_number_changes_what_is_volatile(store) -> None:
    upload_rows(store, people(3), at=DAY)
    no = number_of(store, "张甲")
    frame = pd.DataFrame({
        "客户编号": [no, number_of(store, "张乙"), number_of(store, "张丙"), "KHS240001325", "KHS249999992"],
        "姓名": [None, "张三", None, None, None],
        "手机号": ["13600000000", None, "13900000002", "13600000001", None],
        "城市": ["杭州市", "杭州市", None, None, None],
    })  # fmt: skip
    done = upload_rows(store, frame, at=NEXT)
    assert done.verdicts["verdict"].tolist() == ["更新", "退回", "已有", "退回", "退回"]
    assert rules(done)[1:] == ["stable_change", "no_change", "customer_no", rules(done)[4]]
    history = read_history(store, no)
    assert history["update_kind"].tolist() == ["新客户", "易变动"]
    assert history["city"].isna().tolist() == [True, False]
    assert history["phone"].tolist() == ["139****0000", "136****0000"]
    assert store.read("customers", as_of="2024-06-01").set_index("customer_no")["phone"][no] == "139****0000"
    assert counts(upload_rows(store, frame, at=THIRD))[:2] == (0, 0)


def test_an_old_file_does_not_undo_what_came_later(small) -> None:
    no = number_of(small, "王芳")
    old = pd.DataFrame({"客户编号": [no], "职业": ["教师"]})
    upload_rows(small, old, at=DAY)
    upload_rows(small, pd.DataFrame({"客户编号": [no], "职业": ["医护"]}), at=NEXT)
    assert rules(upload_rows(small, old, at=THIRD)) == ["same_row"]
    assert small.read("customers").set_index("customer_no")["occupation"][no] == "医护"


def test_a_correction_may_change_a_name(small) -> None:
    no = number_of(small, "王芳")
    frame = pd.DataFrame({"客户编号": [no], "姓名": ["王方"]})
    assert rules(upload_rows(small, frame, at=DAY)) == ["stable_change"]
    assert rules(upload_rows(small, frame, at=NEXT, kind="更正")) == ["updated"]
    assert read_history(small, no)["update_kind"].tolist() == ["新客户", "更正"]


def test_an_identity_number_of_somebody_else_is_not_taken_over(small) -> None:
    frame = pd.DataFrame({"客户编号": [number_of(small, "李雷")], "身份证号": ["11010519491231002X"]})
    assert rules(upload_rows(small, frame, at=DAY)) == ["identity_taken"]


def test_the_list_to_fill_fills_gaps_and_overwrites_nothing(small, tmp_path) -> None:
    import openpyxl

    missing = find_missing(small, columns=["phone", "city"])
    assert missing["n_missing"].tolist() == [2, 1, 1]
    assert missing["titles"].tolist()[0] == "手机号、城市"
    path = write_missing(small, tmp_path / "list.xlsx")
    again = write_missing(small, tmp_path / "again.xlsx")
    assert path.read_bytes() == again.read_bytes()
    book = openpyxl.load_workbook(path)
    sheet = book["客户信息"]
    place = {cell.value: cell.column for cell in sheet[1]}
    row = {sheet.cell(r, place["姓名"]).value: r for r in range(3, sheet.max_row + 1)}
    assert "13812345678" not in {c.value for line in sheet.iter_rows() for c in line}
    sheet.cell(row["王芳"], place["城市"]).value = "武汉市"
    sheet.cell(row["李雷"], place["手机号"]).value = "13611112222"
    book.save(path)
    done = upload_rows(small, path, at=DAY, kind="缺失数据")
    told = done.verdicts.set_index("customer_no")
    assert told.loc[number_of(small, "王芳"), "verdict"] == "更新"
    assert (
        told.loc[number_of(small, "李雷"), ["verdict", "rule", "column"]] == ["退回", "conflict", "phone"]
    ).all()
    assert read_history(small, number_of(small, "王芳"))["update_kind"].tolist() == ["新客户", "缺失数据"]
    assert "王芳" not in find_missing(small, columns=["city"])["name"].tolist()


@pytest.mark.parametrize(
    ("kind", "frame", "rule"),
    [
        ("缺失数据", {"姓名": ["孙七"]}, "needs_number"),
        ("新客户", {"客户编号": ["KHS240000011"], "姓名": ["孙七"]}, "has_number"),
    ],
)
def test_a_kind_of_update_holds_its_rows_to_it(small, kind, frame, rule) -> None:
    frame = pd.DataFrame(frame)
    if "客户编号" in frame:
        frame["客户编号"] = number_of(small, "王芳")
    assert rules(upload_rows(small, frame, at=DAY, kind=kind)) == [rule]


def lines(no: str) -> pd.DataFrame:
    return pd.DataFrame({
        "客户编号": [no, no, no, "KHS240009992"],
        "订单编号": ["D1", "D1", "D2", "D3"],
        "行号": [1, 2, None, 1],
        "下单时间": ["2024-05-01 10:00:00", "2024/5/1", 45413.5, "2024-05-01"],
        "金额": ["1,200.50", -3, "8元", 1],
        "渠道": ["web", "门店", None, None],
    })  # fmt: skip


def test_order_lines_arrive_once_and_are_never_rewritten(store) -> None:
    upload_rows(store, people(1), at=DAY)
    no = number_of(store, "张甲")
    done = upload_rows(store, lines(no), table="transactions", at=DAY)
    assert done.verdicts["verdict"].tolist() == ["新增"] * 3 + ["退回"]
    kept = store.read("transactions")
    assert kept["amount"].tolist() == [1200.5, -3.0, 8.0]
    assert kept["line_no"].tolist() == [1, 2, 1]
    other = lines(no).iloc[[0, 0, 1, 2]].assign(数量=[None, None, 1, None])
    other.iloc[0, other.columns.get_loc("金额")] = "1200.5"
    other.iloc[3, other.columns.get_loc("金额")] = 9
    again = upload_rows(store, other, table="transactions", at=NEXT)
    assert rules(again) == ["same_line", "same_row", "line_changed", "line_changed"]
    assert again.verdicts["column"].tolist()[2:] == ["quantity", "amount"]
    assert len(store.read("transactions")) == 3
    assert counts(upload_rows(store, lines(no), table="transactions", at=THIRD)) == (0, 0, 3, 1)
    assert store.read("roster")["revenue"].tolist() == [1205.5]


def test_one_line_twice_in_a_file(small) -> None:
    no = number_of(small, "王芳")
    frame = lines(no).iloc[[0, 0, 0]].assign(金额=[1, 1, 2])
    done = upload_rows(small, frame, table="transactions", at=DAY)
    assert rules(done) == ["new", "same_line_in_file", "line_twice"]


def test_a_unit_in_the_header_is_applied(small) -> None:
    frame = (
        lines(number_of(small, "王芳"))
        .iloc[:1]
        .rename(columns={"金额": "金额(万元)"})
        .assign(**{"金额(万元)": "0.12"})
    )
    upload_rows(small, frame, table="transactions", at=DAY)
    assert small.read("transactions")["amount"].tolist() == [1200.0]


def test_an_upload_cut_off_leaves_nothing_and_can_be_repeated(small, monkeypatch) -> None:
    before = small.checksums()
    real = type(small).load

    def fail(self, table, stored):
        if table == "raw_records":
            raise StoreError("the disk is full")
        return real(self, table, stored)

    monkeypatch.setattr(type(small), "load", fail)
    with pytest.raises(StoreError, match="disk is full"):
        upload_rows(small, people(3), at=DAY)
    monkeypatch.undo()
    pd.testing.assert_frame_equal(small.checksums(), before)
    assert counts(upload_rows(small, people(3), at=DAY)) == (3, 0, 0, 0)


def test_the_example_of_a_template_is_not_a_customer(small, tmp_path) -> None:
    import openpyxl

    path = write_template("customers", tmp_path / "t.xlsx")
    empty = upload_rows(small, path, at=DAY)
    assert counts(empty) == (0, 0, 0, 0)
    assert empty.notes == ("第 2 行是模板的示例，没有导入。",)
    book = openpyxl.load_workbook(path)
    sheet = book["客户信息"]
    sheet.cell(2, 3).value = "吴八"  # the mark 示例 was left standing
    sheet.cell(3, 3).value = "郑九"
    sheet.cell(3, 6).value = 13500001111
    sheet.cell(5, 3).value = "　"
    sheet.cell(6, 3).value = "合计"
    book.save(path)
    done = upload_rows(small, path, at=NEXT)
    assert done.verdicts[["source_row", "verdict", "rule"]].values.tolist() == [
        [2, "退回", "example"], [3, "新增", "new"], [6, "退回", "totals"],
    ]  # fmt: skip
    assert any("空行" in note for note in done.notes)


def test_merged_headers_extra_columns_and_titles_above(small, tmp_path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["会员登记表"], ["姓名", "联系方式", "", "星座"], ["", "手机号", "邮箱", ""],
                ["周十", 13512340000.0, "z@example.com", "狮子"], ["冯一", "１３５１２３４０００１", "", ""]):  # fmt: skip
        sheet.append(row)
    for area in ("A1:D1", "A2:A3", "B2:C2", "D2:D3"):
        sheet.merge_cells(area)
    book.save(tmp_path / "m.xlsx")
    received = read_upload(tmp_path / "m.xlsx")
    assert received.rows["source_row"].tolist() == [4, 5]
    done = upload_rows(small, received, at=DAY)
    assert counts(done) == (2, 0, 0, 0)
    stored = small.read("customers", reveal=["phone"], at=NEXT).set_index("name")
    assert stored.loc[["周十", "冯一"], "phone"].tolist() == ["13512340000", "13512340001"]


def test_what_the_whole_file_lacks_can_be_told(small) -> None:
    upload_rows(small, people(2).drop(columns="登记渠道"), at=DAY, defaults={"channel": "呼叫中心"})
    stored = small.read("customers")
    assert stored.loc[stored["name"] == "张甲", "channel"].tolist() == ["呼叫中心"]
    assert number_of(small, "张甲").startswith("KHK")


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"table": "grades"}, ParameterError, "table must be one of"),
        ({"kind": "删除"}, ParameterError, "kind must be one of"),
        ({"table": "investments", "kind": "更正"}, ParameterError, "kind must be one of"),
        ({"at": "yesterday"}, StoreError, "at must be a local time"),
        ({"defaults": {"sign": "狮子"}}, ParameterError, "a column of defaults"),
    ],
)
def test_wrong_calls_are_told(small, options, kind, words) -> None:
    with pytest.raises(kind, match=words):
        upload_rows(small, people(1), **{"at": DAY, **options})


def test_a_file_without_names_is_refused_whole(small) -> None:
    with pytest.raises(SchemaError):
        upload_rows(small, pd.DataFrame({"手机号": ["13512340000"]}), at=DAY)


def test_an_empty_table_is_an_upload_of_nothing(small) -> None:
    assert counts(upload_rows(small, people(0), at=DAY)) == (0, 0, 0, 0)


PHONES = [
    "13500000001",
    "135 0000 0001",
    "１３５００００00０1",
    "13500000002",
    "13500000003",
    "135",
    None,
    13500000002.0,
]
ROWS = st.lists(
    st.fixed_dictionaries({
        "姓名": st.sampled_from(["赵一", "赵 一", "钱二", "孙三", None, "=1+1"]),
        "手机号": st.sampled_from(PHONES),
        "邮箱": st.sampled_from(["a@example.com", "A@EXAMPLE.com", "b@example.com", None, "nobody"]),
        "城市": st.sampled_from(["杭州市", None]),
        "身份证号": st.sampled_from([None, None, "110101199003070038", "110101199003070039"]),
    }),
    max_size=12,
)  # fmt: skip


# no shrinking: each example makes a database
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]


@settings(max_examples=8, phases=PHASES)
@given(ROWS)
def test_any_mixture_every_row_one_verdict_accepted_rows_in_the_table_and_nothing_twice(rows) -> None:
    hold_mixture(rows)


@pytest.mark.slow
@settings(max_examples=100, phases=PHASES)
@given(ROWS)
def test_many_mixtures(rows) -> None:
    hold_mixture(rows)


def hold_mixture(rows: list[dict[str, object]]) -> None:
    import tempfile

    frame = pd.DataFrame(rows, columns=["姓名", "手机号", "邮箱", "城市", "身份证号"], dtype=object)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_store(Path(folder) / "x.duckdb", actor="甲", cipher=CIPHER, create=True) as store,
    ):
        create_tables(store, at=MADE)
        first = upload_rows(store, frame, at=DAY)
        filled = int((frame.notna()).any(axis=1).sum())
        assert len(first.verdicts) == filled == sum(counts(first))
        assert first.verdicts["source_row"].is_unique
        assert len(store.read("customers")) == first.n_new
        assert len(store.read("verdicts")) == len(store.read("raw_records")) == filled
        again = upload_rows(store, frame, at=NEXT)
        assert again.n_new == again.n_updated == 0
        assert len(store.read("customers")) == first.n_new
        took, known = (u.verdicts["verdict"].isin(["新增", "已有"]) for u in (first, again))
        assert took.tolist() == known.tolist()
        assert first.verdicts["customer_no"][took].notna().all()
        assert verify_store(store).empty
