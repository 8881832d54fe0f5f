"""Chinese formats: telephone numbers, identity numbers, credit codes, names, regions."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import stdnum.cn
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import ParameterError
from crm_lib.identify import (
    check_credit_code,
    check_identity_number,
    check_name,
    find_region,
    list_regions,
    parse_phone,
)


def phone(cell, **options):
    return parse_phone(pd.Series([cell], dtype=object), **options).iloc[0]


# --- telephone numbers -----------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "number", "kind", "plain"),
    [
        ("13812345678", "13812345678", "mobile", True),
        (13812345678, "13812345678", "mobile", True),
        (13812345678.0, "13812345678", "mobile", True),
        ("１３８１２３４５６７８", "13812345678", "mobile", False),
        (" 138 1234 5678 ", "13812345678", "mobile", False),
        ("138-1234-5678", "13812345678", "mobile", False),
        ("+86 13812345678", "13812345678", "mobile", False),
        ("008613812345678", "13812345678", "mobile", False),
        ("8613812345678", "13812345678", "mobile", False),
        ("013812345678", "13812345678", "mobile", False),
        ("0571-87654321", "0571-87654321", "landline", True),
        ("057187654321", "0571-87654321", "landline", True),
        ("（0571）8765 4321", "0571-87654321", "landline", False),
        ("+86 571 8765 4321", "0571-87654321", "landline", False),
        ("010-62345678", "010-62345678", "landline", True),
        ("010-62345678转801", "010-62345678-801", "landline", False),
        ("010-62345678-801", "010-62345678-801", "landline", True),
        ("0755-26012345 分机 12", "0755-26012345-12", "landline", False),
        ("4008123123", "400-812-3123", "service", True),
        ("400-812-3123", "400-812-3123", "service", True),
        ("800 810 1234", "800-810-1234", "service", False),
        ("+1 (650) 253-0000", "+16502530000", "foreign", False),
        ("+16502530000", "+16502530000", "foreign", True),
        ("1381234567", "", "unknown", False),
        ("138123456789", "", "unknown", False),
        ("87654321", "", "unknown", False),
        ("13800138000/13900139000", "", "unknown", False),
        ("没有", "", "unknown", False),
        ("无", "", "", False),
        ("", "", "", False),
        (None, "", "", False),
    ],
)
def test_a_number_is_read_as_it_is_written(cell, number, kind, plain):
    read = phone(cell)
    assert (read["number"], read["kind"], read["is_plain"]) == (number, kind, plain)
    assert read["is_possible"] == (number != "")


def test_possible_and_valid_are_told_apart():
    # nobody was given 154
    assert phone("15412345678")[["is_possible", "is_valid", "is_invented"]].tolist() == [True, False, False]
    named = phone("15412345678", phone_prefixes=("154",))
    assert named[["is_possible", "is_valid", "is_invented"]].tolist() == [True, True, True]
    assert not phone("1541234567", phone_prefixes=("154",))["is_valid"]  # one digit too few
    assert not phone("13812345678", phone_prefixes=("154",))["is_invented"]


def test_another_region_reads_its_own_numbers():
    assert phone("650 253 0000", region="US")["e164"] == "+16502530000"
    with pytest.raises(ParameterError, match="two letters"):
        phone("1", region="China")


@given(
    st.integers(3, 9), st.integers(0, 10**9 - 1), st.sampled_from(["", "+86", "+86 ", "0086"]), st.booleans()
)
def test_however_a_mobile_number_is_written_it_is_the_same(second, rest, country, wide):
    plain = f"1{second}{rest:09}"
    text = country + f"{plain[:3]}-{plain[3:7]} {plain[7:]}"
    text = text.translate(str.maketrans("0123456789", "０１２３４５６７８９")) if wide else text
    both = parse_phone(pd.Series([plain, text]))
    assert both["number"].tolist() == [plain, plain]
    assert both["is_valid"].nunique() == 1


# --- identity numbers and credit codes -------------------------------------------


def check_digit(body):
    """GB 11643 by hand: weights 2^(18−i) mod 11 for i = 1 … 17, remainder looked up."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def test_the_published_number_and_the_oracle():
    known = "360426199101010071"  # example of python-stdnum
    assert check_digit(known[:17]) == known[-1]
    out = check_identity_number(pd.Series([known]))
    assert out.iloc[0][["is_valid", "gender", "province_code"]].tolist() == [True, "男", "36"]
    assert out["birth_date"].iloc[0] == pd.Timestamp("1991-01-01")


@given(st.dates(pd.Timestamp("1950-01-01").date(), pd.Timestamp("2010-12-31").date()), st.integers(0, 999))
def test_only_one_of_eleven_last_signs_is_right(born, order):
    body = f"110105{born:%Y%m%d}{order:03}"
    out = check_identity_number(pd.Series([body + sign for sign in "0123456789X"]))
    assert out.loc[out["is_valid"], "number"].tolist() == [body + check_digit(body)]
    assert set(out["gender"]) == {"男" if order % 2 else "女"}


def test_faults_of_identity_numbers():
    good = "110105199003071232"
    good = good[:17] + check_digit(good[:17])
    cells = [good, good.lower(), f" {good[:6]} {good[6:]}", "11010519900230123", "110105199002301230",
             "990105199003071" + "23X", "110105900307123", None]  # fmt: skip
    out = check_identity_number(pd.Series(cells, dtype=object))
    assert out["fault"].tolist() == ["", "", "", "form", "birth_date", out["fault"][5], "old_form", ""]
    assert out["fault"][5] in ("place", "check_digit")
    assert out["is_possible"].tolist() == [True, True, True, False, True, True, False, False]
    assert out["birth_date"][6] == pd.Timestamp("1990-03-07")


def test_a_county_may_be_younger_than_its_people_but_must_have_existed():
    # 天河 (440106) got its code in 1985; who was born there in 1970 and registered later carries it all the same
    young, never = ("44010619700101123", "99999919700101123")
    out = check_identity_number(pd.Series([body + check_digit(body) for body in (young, never)]))
    assert out["fault"].tolist() == ["", "place"]


def test_birthday_and_sex_are_held_against_the_number():
    number = pd.Series(["360426199101010071"] * 4)
    out = check_identity_number(
        number,
        birth_date=pd.Series(["1991/1/1", "1991-01-02", None, "1991年1月1日"]),
        gender=pd.Series(["男", "女", "Male", None]),
    )
    assert out["birth_agrees"].tolist()[:2] == [True, False]
    assert out["birth_agrees"].isna().tolist() == [False, False, True, False]
    assert out["gender_agrees"].tolist()[:3] == [True, False, True]
    assert pd.isna(out["gender_agrees"][3])


def credit_sign(body):
    """GB 32100 by hand: weights 3^(i−1) mod 31 over an alphabet without I, O, S, V, Z."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    total = sum(alphabet.index(c) * pow(3, k, 31) for k, c in enumerate(body))
    return alphabet[(31 - total % 31) % 31]


def test_credit_codes():
    known = "91110000600037341L"  # example of python-stdnum
    assert credit_sign(known[:17]) == known[-1]
    other = known[:16] + "2"
    cells = [
        known,
        known.lower(),
        other + credit_sign(other),
        known[:17] + "A",
        "A1110000600037341I",
        "12345",
        "",
    ]
    out = check_credit_code(pd.Series(cells))
    assert out["is_valid"].tolist() == [True, True, True, False, False, False, False]
    assert out["fault"].tolist() == ["", "", "", "check_digit", "form", "form", ""]
    assert out["province_code"].tolist()[:2] == ["11", "11"]


# --- names -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "name", "surname", "kind", "plain", "full"),
    [
        ("王芳", "王芳", "王", "han", True, True),
        ("　王芳 ", "王芳", "王", "han", False, True),
        ("王 芳", "王芳", "王", "han", False, True),
        ("欧阳娜娜", "欧阳娜娜", "欧阳", "han", True, True),
        ("欧阳", "欧阳", "欧", "han", True, True),
        ("诸葛先生", "诸葛先生", "诸葛", "titled", True, False),
        ("张女士", "张女士", "张", "titled", True, False),
        ("小伟", "小伟", "", "nickname", True, False),
        ("阿依古丽·买买提", "阿依古丽·买买提", "", "dotted", True, True),
        ("阿依古丽•买买提", "阿依古丽·买买提", "", "dotted", False, True),
        ("阿依古丽.买买提", "阿依古丽·买买提", "", "dotted", False, True),
        ("阿依古丽．买买提", "阿依古丽·买买提", "", "dotted", False, True),
        ("阿依古丽・买买提", "阿依古丽·买买提", "", "dotted", False, True),
        ("John O'Neil", "John O'Neil", "", "latin", True, True),
        ("Ｊｏｈｎ Smith", "John Smith", "", "latin", False, True),
        ("José García-López", "José García-López", "", "latin", True, True),
    ],
)
def test_names(cell, name, surname, kind, plain, full):
    read = check_name(pd.Series([cell])).iloc[0]
    assert read[["name", "surname", "kind", "is_plain", "is_full"]].tolist() == [
        name,
        surname,
        kind,
        plain,
        full,
    ]
    assert read["is_possible"]


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("张", "length"),
        ("旭东家居用品贸易有限公司", "length"),
        ("王5", "digits"),
        ("???!", "signs"),
        ("张三 李四", "signs"),
    ],
)
def test_what_is_no_name(cell, fault):
    read = check_name(pd.Series([cell])).iloc[0]
    assert (read["fault"], read["is_possible"]) == (fault, False)


def test_a_salutation_tells_the_sex():
    out = check_name(pd.Series(["张先生", "张女士", "张太太", "张老师", "张伟"]))
    assert out["gender_hint"].tolist() == ["男", "女", "女", "", ""]


# --- regions ---------------------------------------------------------------------


def test_the_table_is_that_of_the_standard():
    """Every division, held against the official list that travels in python-stdnum (state of 2024)."""
    text = (Path(stdnum.cn.__file__).parent / "loc.dat").read_text(encoding="utf-8")
    official, province = {}, ""
    for line in text.splitlines():
        if found := re.match(r'(\d\d) province="', line):
            province = found[1]
        elif found := re.match(r'\s+(\d{4}) county="(.*)"', line):
            now = [n for n in found[2].split(",") if not re.match(r"\[\d*-\d+\]", n)]
            official[province + found[1]] = re.sub(r"\[.*\]", "", now[-1]) if now else ""
    ours = list_regions().set_index("code")["name"]
    own_city = {"110100", "120100", "310100", "500100"}  # the list calls these 市辖区
    assert {c: n for c, n in ours.items() if official.get(c) != n and c not in own_city} == {}
    kinds = list_regions()["level"].value_counts()
    assert kinds["province"] == 34
    assert kinds["prefecture"] == 333 + 4
    assert set(official) - set(ours.index) >= {"110101"}
    missing = {c for c, n in official.items() if n and c.endswith("00") and c not in ours.index}
    assert {official[c] for c in missing} <= {"县", "林区", "省直辖县级行政单位", "自治区直辖县级行政单位"}


def test_names_of_regions_in_every_writing():
    out = find_region(
        pd.Series(["广东省", "广东", "粤", "440000", " 广 东 ", "吉林", "火星", None]),
        pd.Series(["深圳市", "深圳", "440300", "广东省深圳市", "广州", "吉林", "深圳", "延边"]),
    )
    assert out["province_form"].tolist() == [
        "full",
        "short",
        "letter",
        "code",
        "short",
        "short",
        "unknown",
        "",
    ]
    assert out["city_name"].tolist() == ["深圳市"] * 4 + ["广州市", "吉林市", "深圳市", "延边朝鲜族自治州"]
    assert out["city_form"].tolist()[:5] == ["full", "short", "code", "joined", "short"]
    assert out["agrees"].tolist()[:6] == [True] * 6
    assert out["agrees"].isna().tolist()[6:] == [True, True]


def test_a_city_of_another_province_disagrees():
    out = find_region(pd.Series(["浙江省", "京"]), pd.Series(["苏州市", "北京"]))
    assert out["agrees"].tolist() == [False, True]
    assert out["city_province"].tolist() == ["江苏省", "北京市"]


def test_empty_columns_and_the_index_are_kept():
    empty = pd.Series([], dtype=object)
    for check in (parse_phone, check_name, check_identity_number, check_credit_code, find_region):
        assert len(check(empty)) == 0
    odd = pd.Series(["13812345678", None], index=[7, 3])
    assert parse_phone(odd).index.tolist() == [7, 3]
