"""Which value survives and why: small persons worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_lib.errors import ParameterError, ReadError
from crm_lib.identify import Golden, load_survivorship, merge_records
from crm_lib.identify.survivorship_forms import read_forms, supports, vouches

DAYS = ["2022-01-05", "2023-06-01", "2024-03-09"]
CHANNELS = ["store", "web", "call_center"]


def merge(rules: Any = None, **columns: list[Any]) -> Golden:
    """Merge records of one person: S0 of the store, W1 of the web shop, K2 of the call centre."""
    n = len(next(iter(columns.values())))
    ids = ["S0", "W1", "K2"][:n]
    base = {"record_id": ids, "channel": CHANNELS[:n], "registered_on": pd.to_datetime(DAYS[:n])}
    frame = pd.DataFrame({**base, **columns})
    return merge_records(frame, pd.DataFrame({"record_id": ids, "person_id": "P1"}), rules=rules)


def taken(merged: Golden, column: str) -> tuple[Any, str, str, int, int, int]:
    row = merged.lineage.set_index("column").loc[column]
    value = merged.golden[column].iloc[0]
    return value, row["record_id"], row["rule"], row["n_sources"], row["n_agree"], row["n_values"]


# column, values of S0, W1, K2, the golden one, its record, why, records with a value, that agree, values
CASES: list[tuple[str, list[Any], Any, str, str, int, int, int]] = [
    ("city", ["武汉市", None, None], "武汉市", "S0", "only", 1, 1, 1),
    ("education", ["本科", "本科", "本科"], "本科", "K2", "agree", 3, 3, 1),
    ("education", ["本科", "本科", "大专"], "本科", "W1", "votes", 3, 2, 2),
    ("education", ["本科", "大专", None], "大专", "W1", "recent", 2, 1, 2),
    ("education", ["本科", "未知", " - "], "本科", "S0", "only", 1, 1, 1),
    ("name", ["小静", "小静", "王静"], "王静", "K2", "full", 3, 1, 2),
    ("name", ["王女士", "王静", None], "王静", "W1", "full", 2, 1, 2),
    ("name", ["Ann Smith", "A. Smith", None], "Ann Smith", "S0", "full", 2, 1, 2),
    ("name", ["王静", "王敏", "小静"], "王静", "S0", "votes", 3, 1, 3),
    ("phone", ["15400000001", "13800138000", "0000000000"], "15400000001", "S0", "valid", 3, 1, 3),
    ("phone", ["+86 154-0000-0001", "15400000001", "15400000002"], "15400000001", "W1", "votes", 3, 2, 2),
    ("birth_date", ["1990-02-30", "1990-02-03", None], "1990-02-03", "W1", "valid", 2, 1, 2),
    ("birth_date", ["1990-02-03", "2035-06-18", None], "1990-02-03", "S0", "valid", 2, 1, 2),
    ("birth_date", ["1990-02-03", "1990-03-02", None], "1990-02-03", "S0", "source", 2, 1, 2),
    ("address", ["旭日路12-101", "朝阳区旭日路12号101室", None], "朝阳区旭日路12号101室", "W1", "spelling", 2, 2, 1),
    ("province", ["广东省", "广东", None], "广东省", "S0", "spelling", 2, 2, 1),
    ("email", ["a@example.com", "b@example", None], "a@example.com", "S0", "valid", 2, 1, 2),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c[0]}-{c[4]}-{c[3]}")
def test_the_value_that_survives(case: tuple) -> None:
    column, values, value, record, rule, n_sources, n_agree, n_values = case
    assert taken(merge(**{column: values}), column) == (value, record, rule, n_sources, n_agree, n_values)


def test_an_email_bears_out_a_name() -> None:
    merged = merge(name=["王静", "王敏", None], email=[None, None, "wangjing88@example.com"])
    # 王敏 is the later one, but the address spells wang jing
    assert taken(merged, "name")[:3] == ("王静", "S0", "vouched")


def test_a_whole_name_is_held_against_sounds_of_either_order() -> None:
    assert vouches("jingwang@example.com", "王静")
    assert vouches("lvna1@example.com", "吕娜")
    assert vouches("luna1@example.com", "吕娜")
    assert not vouches("wangjing@example.com", "王")


def test_place_and_address_come_from_the_same_house() -> None:
    merged = merge(
        address=["和平街1号101室", "建设路2号202室", "建设路2-202"],
        province=["广东省", None, None],
        city=["深圳市", "杭州市", None],
    )
    assert merged.golden["address"].tolist() == ["建设路2号202室"]
    assert merged.golden["city"].tolist() == ["杭州市"]
    # the province of the other house is not put beside this address
    assert merged.golden["province"].isna().tolist() == [True]
    assert "province" not in merged.lineage["column"].tolist()


def test_consent_is_the_latest_word_and_no_beats_yes_on_one_day() -> None:
    later = merge(consent_marketing=[True, False], consent_on=pd.to_datetime(["2022-01-05", None]))
    assert later.golden["consent_marketing"].tolist() == [False]
    assert later.golden["consent_on"].isna().tolist() == [True]
    same = merge(consent_marketing=[True, False], consent_on=pd.to_datetime(["2024-01-01", "2024-01-01"]))
    assert taken(same, "consent_marketing")[:3] == (False, "W1", "cautious")
    assert taken(same, "consent_on")[1:3] == ("W1", "follows")


def test_a_customer_is_registered_since_the_first_record() -> None:
    assert taken(merge(name=["王静", "王静", "王静"]), "registered_on")[:3] == (
        pd.Timestamp("2022-01-05"), "S0", "earliest",
    )  # fmt: skip


def test_an_impossible_value_that_stands_alone_is_kept_and_marked() -> None:
    merged = merge(birth_date=["2035-06-18"])
    assert merged.golden["birth_date"].tolist() == ["2035-06-18"]
    assert merged.lineage.set_index("column")["valid"].to_dict() == {
        "birth_date": False,
        "registered_on": True,
    }


def test_what_nothing_decides_is_said_to_be_a_tie() -> None:
    frame = pd.DataFrame({"record_id": ["b", "a"], "hobbies": ["运动", "园艺"]})
    merged = merge_records(frame, pd.DataFrame({"record_id": ["a", "b"], "person_id": ["P", "P"]}))
    assert taken(merged, "hobbies")[:3] == ("园艺", "a", "tie")  # 园 stands before 运


def test_all_telephone_numbers_stay_in_a_table_beside() -> None:
    merged = merge(phone=["15400000001", "15400000002", "154 0000 0001"])
    found = merged.others[["value", "n_records", "is_golden"]].values.tolist()
    assert found == [["154 0000 0001", 2, True], ["15400000002", 1, False]]


def test_rules_of_ones_own_change_what_they_name(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('sources = ["web"]\n[columns.education]\norder = ["source"]\n', encoding="utf-8")
    columns = {"education": ["本科", "大专", "本科"], "city": ["武汉市", "武汉市", "杭州市"]}
    merged = merge(file, **columns)
    assert taken(merged, "education")[:3] == ("大专", "W1", "source")
    assert taken(merged, "city")[:3] == ("武汉市", "W1", "votes")
    assert load_survivorship({"default": {"order": ["recent"]}}).of("build").order == ("recent",)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"fields": {}}, "key must be one of"),
        ({"columns": {"name": {"order": ["newest"]}}}, "order must be one of"),
        ({"columns": {"name": {"forms": "name"}}}, "key must be one of"),
        ({"columns": {"city": {"order": ["vouched"]}}}, "needs vouched_by"),
    ],
)
def test_a_wrong_word_in_the_rules_is_named(rules: dict, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        load_survivorship(rules)


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("sources = [", encoding="utf-8")
    with pytest.raises(ReadError, match=r"rules must be a TOML file.*rules\.toml"):
        load_survivorship(tmp_path / "rules.toml")
    with pytest.raises(ReadError, match="must be a TOML file"):
        load_survivorship(tmp_path / "none.toml")


def test_values_of_one_kind_share_a_key() -> None:
    rules = load_survivorship()

    def keys(form: str, *values: Any) -> list[str]:
        return [f.key for f in read_forms(values, form, rules)]

    assert keys("phone", "１５４00000001", "+86 15400000001", "0086-154-0000-0001") == ["15400000001"] * 3
    assert (
        keys("date", "1990/3/4", "1990年3月4日", "19900304", pd.Timestamp("1990-03-04")) == ["1990-03-04"] * 4
    )
    assert keys("address", "12 Main St.", "12 MAIN ST") == ["12mainst", "12mainst"]
    assert keys("place", "广西壮族自治区", "广西", "深圳市", "深圳") == ["广西", "广西", "深圳", "深圳"]
    assert keys("text", None, float("nan"), "N/A", "无") == ["", "", "", ""]


def test_a_form_of_address_bears_out_its_surname_only() -> None:
    title, name, other = read_forms(["王女士", "王静", "李静"], "name", load_survivorship())
    assert supports(title, name)
    assert not supports(title, other)
