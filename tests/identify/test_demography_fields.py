"""Fields merged, records combined, values screened: each change has its line."""

import pandas as pd
import pytest

from crm_lib.errors import ParameterError, SchemaError
from crm_lib.identify import combine_records, merge_fields, screen_values
from crm_lib.identify.demography_bands import read_fields
from crm_lib.identify.demography_screen import REASONS

DAY = "2025-01-01"


def test_fields_that_say_the_same_by_hand():
    frame = pd.DataFrame({
        "record_id": ["a", "b", "c", "d"],
        "gender": ["女", " Male ", "先生", "不详"],
        "birth_date": pd.to_datetime(["2000-01-01", "2000-01-02", "2031-01-01", None]),
        "monthly_income": [4999.0, 8000.0, 20000.0, None],
        "income_band": [None, "5000-8000元", None, "5000元以下"],
        "province": ["广东省", "内蒙古自治区", "四川", "Bavaria"],
    })
    before = frame.copy()
    merged = merge_fields(frame, as_of=DAY)
    pd.testing.assert_frame_equal(frame, before)
    rows = merged.rows
    assert rows["gender"].tolist() == ["女", "男", "男", "不详"]
    assert rows["age"].astype(object).where(rows["age"].notna(), None).tolist() == [25, 24, None, None]
    assert rows["age_band"][:2].tolist() == ["25-34岁", "18-24岁"]
    assert rows["income_band"].tolist() == ["5000元以下", "5000-8000元", "20000元以上", "5000元以下"]
    assert rows["region"][:3].tolist() == ["华南", "华北", "西南"]
    assert pd.isna(rows["region"][3])
    notes = {(n.record_id, n.column): n.rule for n in merged.audit.itertuples()}
    assert notes == {
        ("a", "income_band"): "from_income",
        ("a", "province"): "short_name",
        ("b", "gender"): "same_meaning",
        ("b", "income_band"): "contradicts_income",
        ("b", "province"): "short_name",
        ("c", "age"): "impossible_birth",
        ("c", "gender"): "same_meaning",
        ("c", "income_band"): "from_income",
        ("d", "gender"): "not_known",
        ("d", "province"): "not_known",
    }


def test_income_belongs_to_the_band_that_begins_with_it():
    incomes = [0, 4999.99, 5000, 7999.99, 8000, 19999.5, 20000]
    found = merge_fields(pd.DataFrame({"monthly_income": incomes}), as_of=DAY).rows["income_band"]
    assert found.tolist() == ["5000元以下"] * 2 + ["5000-8000元"] * 2 + [
        "8000-12000元",
        "12000-20000元",
        "20000元以上",
    ]


def test_regions_are_those_the_population_is_counted_by():
    frame = pd.DataFrame({"province": ["四川省", "陕西", "广东", "北京市"]})
    found = merge_fields(frame, as_of=DAY, regions=["西部", "广东", "北京"]).rows["region"]
    assert found.tolist() == ["西部", "西部", "广东", "北京"]
    assert merge_fields(frame, as_of=DAY, regions=["华东"]).rows["region"].isna().all()


def test_each_province_lies_in_one_region():
    provinces = [p for part in read_fields()["regions"].values() for p in part]
    assert len(provinces) == len(set(provinces)) == 34


def test_nothing_to_merge_is_no_fault():
    merged = merge_fields(pd.DataFrame({"x": [1]}), as_of=DAY)
    assert (merged.rows["x"].tolist(), len(merged.audit)) == ([1], 0)
    assert len(merge_fields(pd.DataFrame({"gender": [], "province": []}), as_of=DAY).rows) == 0


RECORDS = pd.DataFrame({
    "record_id": ["S1", "W1", "K1", "S2", "S3"],
    "name": ["李燕", "李燕", "李燕", "王伟", None],
    "gender": ["女", "女", "女", "男", "男"],
    "birth_date": pd.to_datetime(["1990-05-01", "1990-05-01", "1990-05-02", None, "1980-01-01"]),
    "city": ["南京市", "苏州市", None, None, "南京市"],
    "has_pet": [None, "是", "否", None, None],
    "build": ["标准", "标准", None, None, None],
})


def test_records_of_one_person_by_the_strict_rule():
    found = combine_records(RECORDS)
    assert found.people["person_id"].tolist() == ["S1", "K1", "S2", "S3"]
    assert found.people["n_records"].tolist() == [2, 1, 1, 1]
    first = found.people.iloc[0]
    # W1 is the fuller record, so its town stands; nothing is lost
    assert (first["city"], first["has_pet"], first["build"]) == ("苏州市", "是", "标准")
    assert found.members["person_id"].tolist() == ["S1", "S1", "K1", "S2", "S3"]
    assert found.conflicts[["person_id", "column", "n_values", "kept"]].values.tolist() == [
        ["S1", "city", 2, "苏州市"]
    ]


def test_records_by_given_links_and_what_they_leave_out():
    links = pd.DataFrame({"record_id": ["S1", "W1", "K1"], "person_id": ["p", "p", "p"]})
    found = combine_records(RECORDS, links)
    assert found.people["person_id"].tolist() == ["p", "S2", "S3"]
    assert found.people["n_records"].sum() == len(RECORDS)
    with pytest.raises(SchemaError, match="person_id"):
        combine_records(RECORDS, links[["record_id"]])


def test_without_birthdays_nobody_is_joined():
    assert len(combine_records(RECORDS.drop(columns="birth_date")).people) == len(RECORDS)


def test_values_that_cannot_be_by_hand():
    frame = pd.DataFrame({
        "record_id": list("abcdefg"),
        "height_cm": [17.5, 1750.0, 172.0, 165.0, -3.0, 168.0, 400.0],
        "monthly_income": [5000.0, 6000.0, 5500.0, 7000.0, 6500.0, 900_000.0, -1.0],
        "birth_date": pd.to_datetime([
            "1990-01-01",
            "2025-01-02",
            "1900-01-01",
            "2010-05-05",
            None,
            "2025-01-01",
            "1970-01-01",
        ]),
        "registered_on": pd.to_datetime(["2020-01-01"] * 3 + ["2009-01-01"] + ["2020-01-01"] * 3),
    })
    screened = screen_values(frame, as_of=DAY)
    found = {(f.record_id, f.column): (f.reason, f.suggestion) for f in screened.findings.itertuples()}
    nothing = {k: (r, None if s != s else s) for k, (r, s) in found.items()}
    assert nothing == {
        ("a", "height_cm"): ("unit", 175.0),
        ("b", "height_cm"): ("unit", 175.0),
        ("e", "height_cm"): ("too_low", None),
        ("g", "height_cm"): ("too_high", None),
        ("f", "monthly_income"): ("far_off", None),
        ("g", "monthly_income"): ("too_low", None),
        ("b", "birth_date"): ("born_later", None),
        ("c", "birth_date"): ("too_old", None),
        ("d", "birth_date"): ("registered_before_birth", None),
        ("f", "birth_date"): ("registered_before_birth", None),
    }
    rows = screened.rows
    assert rows["height_cm"].isna().tolist() == [True, True, False, False, True, False, True]
    assert rows["monthly_income"].isna().tolist() == [False] * 6 + [True]  # far off stays
    # registered before birth: which date is wrong is not known, so both stay
    assert rows["birth_date"].isna().tolist() == [False, True, True, False, True, False, False]
    assert len(rows) == len(frame)
    removed = int(frame.isna().sum().sum() + screened.findings["removed"].sum())
    assert int(rows.isna().sum().sum()) == removed
    assert set(screened.findings["reason"]) <= set(REASONS)
    assert screened.findings["meaning"].notna().all()


def test_equal_values_and_empty_frames_have_no_outlier():
    assert len(screen_values(pd.DataFrame({"height_cm": [170.0] * 9 + [171.0]}), as_of=DAY).findings) == 0
    assert len(screen_values(pd.DataFrame({"height_cm": []}), as_of=DAY).rows) == 0
    assert len(screen_values(pd.DataFrame({"height_cm": [float("nan")]}), as_of=DAY).findings) == 0


def test_own_limits_and_a_wrong_setting():
    frame = pd.DataFrame({"shoe": [42.0, 4.2]})
    found = screen_values(frame, as_of=DAY, limits={"shoe": (20, 55)}).findings
    assert found[["value", "reason", "suggestion"]].values.tolist() == [[4.2, "unit", 42.0]]
    with pytest.raises(ParameterError, match="far"):
        screen_values(frame, as_of=DAY, far=0.1)
