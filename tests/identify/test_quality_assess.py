"""Findings on tables worked by hand: each rule on its cell, exact denominators, nothing else."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.errors import ParameterError
from crm_lib.identify import DIMENSIONS, assess_quality, load_quality_rules

AS_OF = "2025-01-31"


def register(**changes):
    """Three clean records; `changes` names a column and its three cells."""
    columns = {
        "record_id": ["K1", "K2", "K3"],
        "name": ["王芳", "李明", "欧阳娜娜"],
        "gender": ["女", "男", "女"],
        "birth_date": ["1990-03-07", "1985-12-31", "2001-02-28"],
        "phone": ["13812345678", "13912345678", "0571-87654321"],
        "email": ["a@example.com", "b@example.com", "c@example.com"],
        "province": ["浙江省", "广东省", "浙江省"],
        "city": ["杭州市", "深圳市", "宁波市"],
        "address": ["旭日路1号", "东风路2号", "和平街3号"],
        "registered_on": ["2024-01-05", "2024-02-05", "2024-03-05"],
    }
    return pd.DataFrame({**columns, **changes})


def find(raw, table="customers", **options):
    found = assess_quality({table: raw}, as_of=options.pop("as_of", AS_OF), **options)
    return found[["record", "column", "dimension", "rule"]].values.tolist(), found


def test_a_clean_register_has_no_findings():
    rows, found = find(register())
    assert rows == []
    record = found.attrs["quality"]
    assert record["tables"] == [
        {
            "table": "customers",
            "n_rows": 3,
            "n_records": 3,
            "blank_row": 0,
            "totals_row": 0,
            "repeated_header": 0,
        }
    ]
    # phone: asked for, form, valid: three cells each; of its dimension 完整性 also "no contact at all"
    counts = {(c["dimension"], c["column"]): c["n_checked"] for c in record["cells"]}
    assert counts["规范性", "phone"] == counts["准确性", "phone"] == counts["完整性", "phone"] == 3
    assert counts["一致性", "province"] == 3
    assert set(found.columns) >= {
        "table",
        "column",
        "row",
        "record",
        "dimension",
        "rule",
        "value",
        "detail",
        "cause",
    }


@pytest.mark.parametrize(
    ("column", "cells", "expected"),
    [
        ("phone", [None, "13912345678", "13612345678"], [["K1", "phone", "完整性", "customers.phone_filled"]]),
        ("phone", ["暂无", "13912345678", "13612345678"], [["K1", "phone", "完整性", "customers.phone_filled"]]),
        ("phone", ["13812345678", "139-1234-5678", "13612345678"], [["K2", "phone", "规范性", "customers.phone_form"]]),
        ("phone", ["13812345678", "15412345678", "13612345678"], [["K2", "phone", "准确性", "customers.phone_valid"]]),
        # too short: a fault of form alone, it is not held against the numbering plan
        ("phone", ["13812345678", "1391234567", "13612345678"], [["K2", "phone", "规范性", "customers.phone_form"]]),
        ("name", ["王芳", "李明 ", "欧阳娜娜"], [["K2", "name", "规范性", "customers.name_form"]]),
        ("name", ["王芳", "小明", "欧阳娜娜"], [["K2", "name", "准确性", "customers.name_full"]]),
        ("name", ["王先生", "李明", "欧阳娜娜"],
         [["K1", "name", "准确性", "customers.name_full"], ["K1", "gender", "一致性", "customers.gender_title"]]),
        ("birth_date", ["1990/3/7", "1985-12-31", "2001-02-28"],
         [["K1", "birth_date", "规范性", "customers.date_form"]]),
        ("birth_date", ["1990-03-07", "1985-12-31", "2001-02-29"],
         [["K3", "birth_date", "准确性", "customers.date_real"]]),
        ("birth_date", ["1890-03-07", "1985-12-31", "2001-02-28"],
         [["K1", "birth_date", "准确性", "customers.date_real"]]),
        ("birth_date", ["1904-03-07", "1985-12-31", "2001-02-28"],
         [["K1", "birth_date", "准确性", "customers.birth_range"]]),
        ("birth_date", ["2030-03-07", "1985-12-31", "2001-02-28"],
         [["K1", "birth_date", "准确性", "customers.birth_range"]]),
        ("birth_date", ["2024-06-01", "1985-12-31", "2001-02-28"],
         [["K1", "registered_on", "准确性", "customers.born_before"]]),
        ("city", ["杭州市", "苏州市", "宁波市"], [["K2", "province", "一致性", "customers.city_province"]]),
        ("city", ["杭州市", "深圳", "宁波市"], [["K2", "city", "规范性", "customers.city_form"]]),
        ("province", ["浙", "广东省", "浙江省"], [["K1", "province", "规范性", "customers.province_form"]]),
        ("province", ["Atlantis", "广东省", "浙江省"], []),  # unknown is not wrong
        ("email", ["a@example", "b@example.com", "c@example.com"],
         [["K1", "email", "规范性", "customers.email_form"]]),
        ("record_id", ["K1", "K1", "K3"], [["K1", "record_id", "唯一性", "customers.id_unique"]]),
        ("gender", ["女", "男", "x"], [["K3", "gender", "准确性", "customers.gender_known"]]),
    ],
)  # fmt: skip
def test_one_spoilt_cell_gives_its_finding_and_no_other(column, cells, expected):
    assert find(register(**{column: cells}))[0] == expected


def test_no_contact_at_all_is_graver_than_one_gap():
    rows, found = find(
        register(phone=[None] * 3, email=["", "b@example.com", None], address=[None, None, "x路1号"])
    )
    grave = found[found["rule"] == "customers.contact_filled"]
    assert grave["record"].tolist() == ["K1"]
    assert grave["severity"].tolist() == ["严重"]
    # three gaps in phone, two in e-mail, two in address, one record without any
    assert len(rows) == 3 + 2 + 2 + 1


def test_twins_are_seen_through_their_writing():
    twice = register().iloc[[0, 1, 2, 0]].reset_index(drop=True)
    twice.loc[3, ["record_id", "name", "phone", "birth_date"]] = [
        "K9",
        "王芳　",
        "+86 138-1234-5678",
        "1990/3/7",
    ]
    _, found = find(twice)
    twin = found[found["dimension"] == "唯一性"]
    assert twin[["record", "rule", "detail"]].values.tolist() == [
        ["K9", "customers.twin", "同一登记表里，同一个人登记了两次：同第 1 行。"]
    ]


def test_rows_that_are_no_records_are_not_judged():
    raw = register()
    extra = pd.DataFrame([
        {"record_id": "合计", "name": "3人"},
        {},
        dict(zip(raw.columns, raw.columns, strict=True)),
    ])
    raw = pd.concat([raw, extra], ignore_index=True).assign(source_row=range(4, 10))
    rows, found = find(raw)
    assert rows == []
    about = found.attrs["quality"]["tables"][0]
    assert (about["n_rows"], about["n_records"], about["blank_row"], about["totals_row"]) == (6, 3, 1, 1)


def test_a_register_is_not_asked_for_a_column_it_does_not_have():
    both = pd.concat([register(email=[None] * 3), register(record_id=["W1", "W2", "W3"])], ignore_index=True)
    both["source_file"] = ["store.xlsx"] * 3 + ["web.csv"] * 3
    assert find(both)[0] == []
    both.loc[4, "email"] = None
    assert find(both)[0] == [["W2", "email", "完整性", "customers.email_filled"]]


def test_tables_are_held_against_each_other():
    orders = pd.DataFrame({
        "customer_id": ["K1", "K9", "Ｋ２"],
        "ordered_at": ["2024-05-01 10:00:00"] * 3,
        "quantity": ["2", "1", "3"],
        "unit_price": ["10.00", "9.90", "5"],
        "discount": ["0.1", "", "0"],
        "amount": ["18.00", "9.90", "14.00"],
    })
    found = assess_quality({"customers": register(), "orders": orders}, as_of=AS_OF)
    assert found[["record", "column", "dimension"]].values.tolist() == [
        ["K9", "customer_id", "关联性"],
        ["K2", "customer_id", "规范性"],  # full-width K2 is known all the same
        ["K2", "amount", "一致性"],  # 3 × 5 is not 14
    ]
    alone = assess_quality({"orders": orders}, as_of=AS_OF)
    assert "关联性" not in set(alone["dimension"])
    assert "orders.customer_known" in alone.attrs["quality"]["not_run"]


def test_private_values_are_masked_unless_asked_for():
    raw = register(
        phone=["138 1234 5678", "13912345678", "13612345678"], email=["a b@example.com", "x@y.cn", "z@y.cn"]
    )
    shown = find(raw)[1]["value"].tolist()
    assert shown == ["138****78", "a****@example.com"]
    assert not any("1234" in text for text in [*shown, *find(raw)[1]["detail"]])
    assert find(raw, show_values=True)[1]["value"].tolist() == ["138 1234 5678", "a b@example.com"]


def test_dates_whose_day_and_month_nobody_can_tell():
    rows, found = find(register(registered_on=["03/04/2024", "05/06/2024", "07/08/2024"]))
    assert [r[3] for r in rows] == ["customers.date_form"] * 3
    assert set(found["effort"]) == {"核对"}
    assert "日月不明" in found["detail"][0]


def test_types_of_a_workbook_are_read_as_they_are():
    raw = register(
        phone=[13812345678.0, 13912345678, 13612345678], birth_date=pd.to_datetime(["1990-03-07"] * 3)
    )
    assert find(raw)[0] == []


def test_one_row_no_row_and_no_column():
    for raw in (
        register().head(1),
        register().head(0),
        pd.DataFrame({"record_id": pd.Series([], dtype=object)}),
    ):
        assert find(raw)[0] == []


def test_the_input_stays_and_the_order_of_rows_does_not_matter():
    raw = register(phone=["138 1234 5678", "1", None]).assign(source_row=[2, 3, 4])
    before = raw.copy(deep=True)
    found = find(raw)[1]
    pd.testing.assert_frame_equal(raw, before)
    back = find(raw.iloc[::-1].reset_index(drop=True))[1]
    order = ["row", "rule"]
    pd.testing.assert_frame_equal(
        found.sort_values(order, ignore_index=True),
        back.sort_values(order, ignore_index=True),
        check_like=True,
    )


def test_wrong_calls_are_worded():
    with pytest.raises(ParameterError, match="there are rules for customers"):
        assess_quality({"kunden": register()}, as_of=AS_OF)
    with pytest.raises(ParameterError, match="as_of must be a date"):
        assess_quality({"customers": register()}, as_of="yesterday")


# --- rules -----------------------------------------------------------------------


def test_the_rules_of_the_project_cover_what_they_should():
    rules = load_quality_rules()
    assert len({r.id for r in rules}) == len(rules)
    assert {r.table for r in rules} == {
        "customers", "orders", "contacts", "leads", "survey", "experience", "clicks", "reviews",
    }  # fmt: skip
    assert {r.dimension for r in rules} == set(DIMENSIONS)
    from crm_lib.schema import load_schema

    own = {"identity_number"}  # no contract has it; a register of one's own may
    unknown = {
        (r.table, c) for r in rules for c in r.columns if c not in load_schema(r.table).names and c not in own
    }
    assert {c for t, c in unknown} <= {f"q{k:02}" for k in range(1, 31)}
    assert all(r.say.endswith("。") for r in rules)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


OWN = """
off = ["customers.email_filled"]
[[rule]]
id = "shop.card"
table = "customers"
columns = ["card"]
dimension = "规范性"
kind = "format"
pattern = "M[0-9]{4}"
say = "会员卡号应是 M 和四位数字。"
cause = "技术"
[[rule]]
id = "shop.fresh"
table = "customers"
columns = ["registered_on"]
dimension = "准确性"
kind = "fresh"
days = 365
say = "登记超过一年，需要核实。"
"""


def test_rules_of_ones_own(tmp_path):
    raw = register(email=[None] * 3).assign(card=["M0001", "M1", None])
    found = assess_quality({"customers": raw}, as_of="2025-02-01", rules=write(tmp_path / "own.toml", OWN))
    assert found[["record", "rule", "cause"]].values.tolist() == [
        ["K1", "shop.fresh", "流程"],  # 2024-01-05 is 393 days before; 2024-02-05 is 362
        ["K2", "shop.card", "技术"],
    ]
    only = write(
        tmp_path / "only.toml", "replace = true\n" + OWN.replace('off = ["customers.email_filled"]', "")
    )
    assert {r.id for r in load_quality_rules(only)} == {"shop.card", "shop.fresh"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[[rule]]\nid = 1", ["rule 1", "table is missing", "id must be text"]),
        (OWN.replace("规范性", "规范"), ["'shop.card'", "dimension must be one of 关联性"]),
        (OWN.replace("customers.email_filled", "customers.email"), ["does not exist", "'customers.email_f"]),
        (OWN.replace("M[0-9]{4}", "M[0-9"), ["pattern is no regular expression"]),
        (OWN.replace('pattern = "M[0-9]{4}"', 'form = "phon"'), ["form must be one of", "'phon'"]),
        (OWN.replace('pattern = "M[0-9]{4}"', ""), ["needs either form or pattern"]),
        (OWN.replace("days = 365", 'to = ["a.b"]'), ["unknown key 'to'", "needs days"]),
        (OWN.replace("days = 365", "days = 0"), ["days must be a number > 0"]),
        (OWN.replace('"shop.fresh"', '"shop.card"'), ["stands twice"]),
        (OWN.replace('cause = "技术"', 'cause = "天气"'), ["cause must be one of 信息, 技术, 流程, 管理"]),
        ("rule = 3", ["[[rule]] tables"]),
        ("a = [", ["must be a TOML file"]),
    ],
)
def test_faults_of_a_rules_file_are_named(tmp_path, text, parts):
    with pytest.raises(ParameterError) as caught:
        load_quality_rules(write(tmp_path / "own.toml", text))
    message = str(caught.value)
    assert "own.toml" in message
    for part in parts:
        assert part in message, message


def test_all_faults_are_named_at_once_and_a_missing_file_too(tmp_path):
    text = OWN.replace("规范性", "x").replace("准确性", "y")
    with pytest.raises(ParameterError, match="2 faults"):
        load_quality_rules(write(tmp_path / "own.toml", text))
    with pytest.raises(ParameterError, match="nowhere.toml"):
        load_quality_rules(tmp_path / "nowhere.toml")
