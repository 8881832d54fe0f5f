"""The workbooks of an upload: template, verdict file, list to fill."""

from __future__ import annotations

import datetime as dt
import zipfile

import openpyxl
import pandas as pd
import pytest
from store_world import small_file

from crm_lib.errors import DataError, ParameterError
from crm_lib.store import Upload, read_upload, upload_rows, write_template, write_verdicts
from crm_lib.store.fields import list_forms, load_form
from crm_lib.store.upload_check import check_rows

DAY, NEXT = "2024-06-01 09:00:00", "2024-06-02 09:00:00"


@pytest.fixture
def small(tmp_path):
    with small_file(tmp_path) as store:
        yield store


@pytest.mark.parametrize("table", list_forms())
def test_a_template_is_the_same_bytes_each_time_and_reads_as_empty(table, tmp_path) -> None:
    first = write_template(table, tmp_path / "a.xlsx").read_bytes()
    assert write_template(table, tmp_path / "b.xlsx").read_bytes() == first
    received = read_upload(tmp_path / "a.xlsx", table=table)
    assert len(received.rows) == 0
    assert received.extra == ()
    assert tuple(received.headers) == load_form(table).names
    assert "示例" in received.notes[0]


@pytest.mark.parametrize("table", list_forms())
def test_the_rules_of_a_template_stand_in_the_workbook(table, tmp_path) -> None:
    form = load_form(table)
    sheet = openpyxl.load_workbook(write_template(table, tmp_path / "t.xlsx", n_rows=50))[form.sheet]
    place = {cell.value: cell for cell in sheet[1]}
    rules = {next(iter(rule.sqref.ranges)).min_col: rule for rule in sheet.data_validations.dataValidation}
    for field in form.fields:
        head = place[field.title]
        assert head.comment.text == field.note
        rule = rules[head.column]
        assert rule.showErrorMessage
        assert rule.allow_blank
        assert field.title in rule.error
        assert str(next(iter(rule.sqref.ranges))).endswith("52")
        if field.form == "choice":
            assert rule.type == "list"
        elif field.form in ("date", "datetime"):
            assert rule.type == "date"
        if field.form in ("phone", "identity", "customer_no", "id"):
            assert sheet.column_dimensions[head.column_letter].number_format == "@"
    assert sheet.cell(2, 1).value == "示例"


def test_drop_downs_offer_exactly_the_choices_also_the_firms_own(tmp_path) -> None:
    path = write_template("customers", tmp_path / "t.xlsx", choices={"channel": ["门店", "展会"]})
    book = openpyxl.load_workbook(path)
    assert book["选项"].sheet_state == "hidden"
    sheet = book["客户信息"]
    place = {cell.value: cell.column for cell in sheet[1]}
    lists = {next(iter(r.sqref.ranges)).min_col: r.formula1 for r in sheet.data_validations.dataValidation}
    for title, words in (
        ("登记渠道", ["门店", "展会"]),
        ("学历", list(load_form("customers").field("education").choices)),
    ):
        area = lists[place[title]].split("!")[1].replace("$", "")
        assert [row[0].value for row in book["选项"][area]] == words


def test_the_example_of_the_customers_template_would_be_accepted(tmp_path) -> None:
    write_template("customers", tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    book["客户信息"].cell(2, 1).value = None
    book.save(tmp_path / "t.xlsx")
    received = read_upload(tmp_path / "t.xlsx")
    assert check_rows(received, day=dt.date(2024, 6, 1)).faults == []
    assert check_rows(received, day=dt.date(2024, 5, 1)).faults[0].rule == "future"


def test_wrong_templates_are_refused(tmp_path) -> None:
    with pytest.raises(ParameterError, match="table"):
        write_template("audit", tmp_path / "t.xlsx")
    with pytest.raises(ParameterError, match="n_rows"):
        write_template("customers", tmp_path / "t.xlsx", n_rows=0)


def sent(path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "表"
    for row in (
        ["八月会员登记"],
        ["备注", "手机号", "姓名", "出生日期", "登记渠道"],
        ['=HYPERLINK("http://x")', "13512340000", "周十", dt.date(1990, 3, 7), "门店"],
        ["<script>alert(1)</script>", "135", "=cmd|'/c calc'!A1", dt.date(2090, 1, 1), "门店"],
        ["@sum", "13512340001", "冯一", None, "门店"],
    ):
        sheet.append(row)
    for row in sheet.iter_rows():
        for cell in row:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    book.save(path)
    return path


def test_the_verdict_file_is_the_senders_sheet_with_two_columns_more(small, tmp_path) -> None:
    done = upload_rows(small, sent(tmp_path / "sent.xlsx"), at=DAY)
    path = write_verdicts(done, tmp_path / "v.xlsx")
    assert write_verdicts(done, tmp_path / "w.xlsx").read_bytes() == path.read_bytes()
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    assert [c.value for c in sheet[2]] == [
        "备注",
        "手机号",
        "姓名",
        "出生日期",
        "登记渠道",
        "审核结果",
        "说明",
    ]
    assert [sheet.cell(r, 6).value for r in (3, 4, 5)] == ["新增", "退回", "新增"]
    assert sheet.cell(3, 4).value == dt.datetime(1990, 3, 7)
    fault, fine = sheet.cell(4, 2).fill.fgColor.rgb, sheet.cell(3, 2).fill.fgColor.rgb
    assert fault != fine
    assert [sheet.cell(4, c).fill.fgColor.rgb == fault for c in range(1, 6)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    told = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows()}
    assert (told["上传编号"], told["新增行数"], told["退回行数"]) == (done.upload_id, 2, 1)


def test_formulas_and_markup_are_words_in_the_verdict_file(small, tmp_path) -> None:
    done = upload_rows(small, sent(tmp_path / "sent.xlsx"), at=DAY)
    path = write_verdicts(done, tmp_path / "v.xlsx")
    sheet = openpyxl.load_workbook(path).worksheets[0]
    risky = [sheet.cell(3, 1), sheet.cell(4, 3), sheet.cell(5, 1)]
    assert [c.data_type for c in risky] == ["s"] * 3
    assert all(c.quotePrefix for c in risky)
    assert sheet.cell(4, 1).value == "<script>alert(1)</script>"
    with zipfile.ZipFile(path) as book:
        text = "".join(book.read(n).decode("utf-8") for n in book.namelist() if n.endswith(".xml"))
    assert "<f>" not in text
    assert "<script>" not in text


def test_the_mended_verdict_file_can_be_uploaded(small, tmp_path) -> None:
    done = upload_rows(small, sent(tmp_path / "sent.xlsx"), at=DAY)
    path = write_verdicts(done, tmp_path / "v.xlsx")
    book = openpyxl.load_workbook(path)
    for column, value in ((2, "13512340002"), (3, "陈二"), (4, None)):
        book.worksheets[0].cell(4, column).value = value
    book.save(path)
    again = upload_rows(small, path, at=NEXT)
    assert again.verdicts["verdict"].tolist() == ["已有", "新增", "已有"]
    assert len(small.read("customers")) == 3 + 3


def test_a_frame_gets_a_verdict_file_too(small, tmp_path) -> None:
    frame = pd.DataFrame({"城市": ["杭州市"], "姓名": ["周十"]})
    sheet = openpyxl.load_workbook(
        write_verdicts(upload_rows(small, frame, at=DAY), tmp_path / "v.xlsx")
    ).worksheets[0]
    assert [[c.value for c in row][:3] for row in sheet.iter_rows()] == [
        ["城市", "姓名", "审核结果"],
        ["杭州市", "周十", "新增"],
    ]


def test_a_verdict_file_needs_the_rows(small, tmp_path) -> None:
    done = upload_rows(small, pd.DataFrame({"姓名": ["周十"]}), at=DAY)
    bare = Upload(done.verdicts, done.upload_id, 1, 0, 0, 0)
    with pytest.raises(DataError, match="needs the rows"):
        write_verdicts(bare, tmp_path / "v.xlsx")
