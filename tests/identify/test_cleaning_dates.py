"""How clean_table reads dates; every expectation is written out by hand."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from crm_lib.errors import DataError, ParameterError
from crm_lib.identify import clean_table


def clean_dates(cells, **options):
    raw = pd.DataFrame({"customer_id": [f"C{i}" for i in range(len(cells))], "amount": ["1"] * len(cells)})
    raw["ordered_at"] = pd.Series(cells, dtype=object)
    return clean_table(raw, "orders", **options)


def read_one(cell, **options):
    cleaned = clean_dates([cell], **options)
    assert len(cleaned.rows) == 1, cleaned.quarantine["reason"].tolist()
    return str(cleaned.rows["ordered_at"].iloc[0])


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("2023-01-05", "2023-01-05 00:00:00"),
        ("2023-01-05 14:03", "2023-01-05 14:03:00"),
        ("2023-01-05T14:03:09.250", "2023-01-05 14:03:09.250000"),
        ("2023-01-05T14:03:00Z", "2023-01-05 14:03:00"),
        ("2023-01-05T14:03:00+08:00", "2023-01-05 14:03:00"),
        ("2023-01-05 14:03:00 UTC", "2023-01-05 14:03:00"),
        ("2023-01-05 14:03:00-0500", "2023-01-05 14:03:00"),
        ("2023/1/5", "2023-01-05 00:00:00"),
        ("2023-1-5", "2023-01-05 00:00:00"),
        ("2023.1.5", "2023-01-05 00:00:00"),
        ("2023.01.05 8:26:05", "2023-01-05 08:26:05"),
        ("２０２３／１／５", "2023-01-05 00:00:00"),
        ("2023年1月5日", "2023-01-05 00:00:00"),
        ("2023年01月05日 14时3分", "2023-01-05 14:03:00"),
        ("2023年1月5日14时3分9秒", "2023-01-05 14:03:09"),
        ("2023年1月5日 星期四 14:03", "2023-01-05 14:03:00"),
        ("2023 年 1 月 5 号", "2023-01-05 00:00:00"),
        ("2023年1月5日 8点", "2023-01-05 08:00:00"),
        ("2023/1/5 下午3:04", "2023-01-05 15:04:00"),
        ("2023/1/5 上午 12:30", "2023-01-05 00:30:00"),
        ("2023-01-05 晚上11点", "2023-01-05 23:00:00"),
        ("2023-01-05 中午12:10", "2023-01-05 12:10:00"),
        ("2023-01-05 3:04:05 PM", "2023-01-05 15:04:05"),
        ("2023-01-05 12:00 am", "2023-01-05 00:00:00"),
        ("20230105", "2023-01-05 00:00:00"),
        ("20230105.0", "2023-01-05 00:00:00"),
        ("202301051430", "2023-01-05 14:30:00"),
        ("20230105143059", "2023-01-05 14:30:59"),
        ("20230105 14:30:59", "2023-01-05 14:30:59"),
        ("20230105T143059", "2023-01-05 14:30:59"),
        # day 44931 of the 1900 system is 2023-01-05: 44927 is 2023-01-01
        ("44931", "2023-01-05 00:00:00"),
        ("44931.5", "2023-01-05 12:00:00"),
        (44931, "2023-01-05 00:00:00"),
        (44931.25, "2023-01-05 06:00:00"),
        (20230105, "2023-01-05 00:00:00"),
        (20230105.0, "2023-01-05 00:00:00"),
        ("12-Jan-2010", "2010-01-12 00:00:00"),
        ("12 January 2010 10:30", "2010-01-12 10:30:00"),
        ("Jan 12, 2010", "2010-01-12 00:00:00"),
        ("January 12th, 2010 8:26 PM", "2010-01-12 20:26:00"),
        ("2010-Jan-12", "2010-01-12 00:00:00"),
        ("Thu, 05 Jan 2023 10:00:00 +0800", "2023-01-05 10:00:00"),
        ("12-Sept-10", "2010-09-12 00:00:00"),
        ("13/1/2010 8:26", "2010-01-13 08:26:00"),
        ("1/13/2010 8:26", "2010-01-13 08:26:00"),
        ("5/5/2010", "2010-05-05 00:00:00"),
        ("31.12.68", "2068-12-31 00:00:00"),
        ("31.12.69", "1969-12-31 00:00:00"),
        ("23年1月5日", "2023-01-05 00:00:00"),
        ("2024-02-29", "2024-02-29 00:00:00"),
        (dt.date(2023, 1, 5), "2023-01-05 00:00:00"),
        (dt.datetime(2023, 1, 5, 14, 3), "2023-01-05 14:03:00"),
        (pd.Timestamp("2023-01-05 23:30", tz="Asia/Shanghai"), "2023-01-05 23:30:00"),
    ],
)
def test_every_way_to_write_a_date(cell, meant):
    assert read_one(cell) == meant


@pytest.mark.parametrize(
    "cell",
    ["2023-02-30", "30/2/2023", "1899-12-31", "2200-01-01", "9999-12-31", "2023", "2023-13-01", "hello"]
    + [
        "2023-01-05 25:00",
        "44931000",
        "20231345",
        "12/2023",
        "2023年1月",
        3.5,
        16728768.0,
        2023010514,
        True,
        "32-Jan-2010",
    ],
)
def test_what_is_no_date_is_quarantined_as_it_stood(cell):
    cleaned = clean_dates([cell, "2023-01-05"])
    assert cleaned.quarantine[["source_row", "reason", "ordered_at"]].values.tolist() == [
        [1, "bad_date", str(cell)]
    ]
    assert len(cleaned.rows) == 1


@pytest.mark.parametrize("cell", [None, "", "  ", "-", "N/A", "NULL", "无", float("nan")])
def test_no_date_is_missing_not_bad(cell):
    assert clean_dates([cell, "2023-01-05"]).quarantine["reason"].tolist() == ["missing_date"]


def test_one_part_above_twelve_decides_for_the_column():
    # 25 can only be a day, so 3/4 is 3 April; the other way round for 4/25
    assert clean_dates(["03/04/2023", "25/04/2023"]).rows["ordered_at"].dt.month.tolist() == [4, 4]
    assert clean_dates(["03/04/2023", "04/25/2023"]).rows["ordered_at"].dt.month.tolist() == [3, 4]


def test_evidence_both_ways_sets_only_the_undecidable_aside():
    cleaned = clean_dates(["25/04/2023", "04/26/2023", "03/04/2023", "7/7/2023"])
    assert cleaned.rows["ordered_at"].dt.strftime("%m-%d").tolist() == ["04-25", "04-26", "07-07"]
    assert cleaned.quarantine[["reason", "ordered_at"]].values.tolist() == [["ambiguous_date", "03/04/2023"]]


def test_without_a_proof_the_order_that_never_goes_back_is_taken_and_said():
    # month first: Jan 2, Feb 1, Mar 1 rises; day first: Feb 1, Jan 2 goes back
    cleaned = clean_dates(["01/02/2023", "02/01/2023", "03/01/2023"])
    assert cleaned.rows["ordered_at"].dt.strftime("%m-%d").tolist() == ["01-02", "02-01", "03-01"]
    said = cleaned.audit.loc[cleaned.audit["rule"].str.startswith("date_order"), "rule"].item()
    assert said == "date_order: month first: the only order in which the dates of the file never go back"


def test_no_evidence_at_all_shows_a_date_both_ways_and_the_way_out():
    with pytest.raises(DataError) as error:
        clean_dates(["03/04/2023", "02/01/2023"])
    assert str(error.value) == (
        "clean_table: column 'ordered_at' must tell day and month apart; '03/04/2023' could be "
        "2023-04-03 (day first) or 2023-03-04 (month first), and no date of the column decides. "
        'Say which: date_order="dmy" or date_order="mdy".'
    )
    assert clean_dates(["03/04/2023", "02/01/2023"], date_order="dmy").rows[
        "ordered_at"
    ].dt.month.tolist() == [
        4,
        1,
    ]
    assert read_one("03/04/2023", date_order="mdy") == "2023-03-04 00:00:00"


def test_an_order_that_was_asked_for_is_kept_to():
    cleaned = clean_dates(["25/04/2023", "03/04/2023"], date_order="mdy")
    assert cleaned.quarantine[["reason", "ordered_at"]].values.tolist() == [["bad_date", "25/04/2023"]]
    with pytest.raises(ParameterError, match="date_order must be one of"):
        clean_dates(["03/04/2023"], date_order="dd/mm")


def test_short_years_first_or_last():
    assert read_one("05-01-23", date_order="dmy") == "2023-01-05 00:00:00"
    assert read_one("23-01-05", date_order="ymd") == "2023-01-05 00:00:00"
    # 31 can be no year of the only fitting order: 31/12/99 is day first
    assert read_one("31/12/99") == "1999-12-31 00:00:00"
    cleaned = clean_dates(["31/12/99", "2023-01-05"])
    assert cleaned.audit[["source_row", "before", "after"]].values.tolist()[-1] == [
        1,
        "31/12/99",
        "1999-12-31",
    ]
    assert "two_digit_year" in cleaned.audit["rule"].iloc[-1]
    with pytest.raises(DataError, match="year first"):
        clean_dates(["10-11-12", "09-10-11"])


def test_a_form_the_long_years_prove_holds_for_short_years_too():
    cleaned = clean_dates(["25/04/2023", "03/04/23"])
    assert cleaned.rows["ordered_at"].dt.strftime("%Y-%m-%d").tolist() == ["2023-04-25", "2023-04-03"]


def test_birth_dates_with_short_years_lie_in_the_last_century():
    from crm_lib.schema import Column, Table

    people = Table("people", "", "person", (Column("birth_date", "date", "", ""), Column("id", "id", "", "")))
    raw = pd.DataFrame({
        "id": ["1", "2", "3"],
        "birth_date": ["45年3月1日", "05年3月1日", "2001-03-01 10:00"],
    })
    born = clean_table(raw, people).rows["birth_date"]
    assert born.astype(str).tolist() == ["1945-03-01", "2005-03-01", "2001-03-01"]


def test_native_columns_are_read_and_zones_dropped_at_local_time():
    times = pd.to_datetime(["2023-01-05 23:30", "2023-01-06 00:10"])
    for column in (times, times.astype("datetime64[s]"), times.tz_localize("Asia/Shanghai")):
        raw = pd.DataFrame({"customer_id": ["1", "2"], "amount": [1.0, 2.0], "ordered_at": column})
        cleaned = clean_table(raw, "orders")
        assert cleaned.rows["ordered_at"].astype(str).tolist() == [
            "2023-01-05 23:30:00",
            "2023-01-06 00:10:00",
        ]
        assert cleaned.rows["ordered_at"].dtype == "datetime64[us]"
    assert cleaned.audit["rule"].str.startswith("zone_dropped").sum() == 1


def test_a_uniform_form_is_told_once_and_a_mixed_one_cell_by_cell():
    uniform = clean_dates(["2023/1/5"] * 3).audit
    assert uniform[["source_row", "before", "after"]].values.tolist()[0] == [
        pd.NA,
        "2023/1/5",
        "2023-01-05 00:00:00",
    ]
    assert uniform["source_row"].notna().sum() == 0
    mixed = clean_dates(["2023/1/5", "2023-01-06", "2023年1月7日"]).audit
    cells = mixed[mixed["source_row"].notna()]
    assert cells[["source_row", "before", "after"]].values.tolist() == [
        [1, "2023/1/5", "2023-01-05"],
        [3, "2023年1月7日", "2023-01-07"],
    ]
