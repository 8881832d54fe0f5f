"""Each planted defect can be seen in the file it is said to stand in, and nothing else looks like it."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.sample import make_company
from crm_lib.sample._defects import DIMENSIONS
from crm_lib.sample._laws import read_laws, read_words

REGISTERS = ("register_store.xlsx", "register_web.csv", "register_call_center.csv")


@pytest.fixture(scope="module", params=[(500, 0), pytest.param((20_000, 1), marks=pytest.mark.slow)])
def spoilt(request, tmp_path_factory):
    n, seed = request.param
    folder = tmp_path_factory.mktemp("defects") / "company"
    make_company(n, seed=seed, out=folder, files=True)
    return folder, pd.read_parquet(folder / "truth/defects.parquet")


def read_file(folder, name):
    """Read a file as text, its headers in English, without its row of totals."""
    from crm_lib.sample.student_files import show_header

    path, schema = folder / "files" / name, "customers" if name.startswith("register") else name[:-4]
    if name.endswith("xlsx"):
        table = pd.read_excel(path, header=2, dtype=str, engine="openpyxl", keep_default_na=False)
    else:
        encoding = "gb18030" if "call_center" in name else "utf-8-sig"
        table = pd.read_csv(path, dtype=str, encoding=encoding, keep_default_na=False)
    from crm_lib.schema import load_schema

    titles = {show_header(schema, c): c for c in load_schema(schema).names}
    table = table.rename(columns=titles)
    return table[table.iloc[:, 0] != "合计"].reset_index(drop=True)


def find(spoilt, kind, file):
    told = spoilt[1]
    return set(told.loc[(told["kind"] == kind) & (told["file"] == file), "record_id"])


def test_all_six_dimensions_and_every_kind_are_planted(spoilt):
    told = spoilt[1]
    assert set(told["kind"]) == set(DIMENSIONS)
    assert set(told["dimension"]) == {"关联性", "完整性", "规范性", "唯一性", "准确性", "一致性"}
    assert not told.duplicated(["file", "record_id", "column", "kind"]).any()
    value = told[~told["dimension"].eq("完整性")]
    assert not value.duplicated(["file", "record_id", "column"]).any()


@pytest.mark.parametrize("file", [*REGISTERS, "leads.csv", "survey.csv"])
def test_what_is_shown_stands_in_the_file(spoilt, file):
    told = spoilt[1][spoilt[1]["file"] == file]
    table = read_file(spoilt[0], file)
    table = table.set_index(table.columns[0], drop=False)
    for row in told.itertuples():
        assert table.loc[row.record_id, row.column] == row.shown, row


@pytest.mark.parametrize("file", REGISTERS)
def test_defects_of_registers_by_rules_of_their_own(spoilt, file):
    table = read_file(spoilt[0], file)
    number, phone, name = table["record_id"], table["phone"], table["name"].str.strip(" 　")
    half = phone.str.normalize("NFKC")
    digits = half.str.replace(r"\D", "", regex=True).str.replace(r"^86", "", regex=True)
    born = pd.to_datetime(
        table["birth_date"].str.replace(r"\D+", "-", regex=True).str.strip("-"),
        format="mixed",
        errors="coerce",
    )
    registered = pd.to_datetime(table["registered_on"])
    impossible = born.isna() | (born > pd.Timestamp("2024-12-31")) | (born < pd.Timestamp("1900-01-01"))
    town = {p[1]: (p[0], p[2]) for p in (c.split("|") for c in read_words()["cities"])}
    away = [p not in town[c] for p, c in zip(table["province"], table["city"], strict=True)]
    man, woman = name.str.endswith("先生"), name.str.endswith(("女士", "太太"))
    rules = {
        "full_width_phone": phone.str.contains("[０-９]"),
        "phone_separators": half.str.contains(r"^\d{3}[- ]"),
        "phone_country_code": phone.str.startswith("+86"),
        "phone_wrong_length": (phone != "") & (digits.str.len() != 11),
        "blank_around_name": name != table["name"],
        "impossible_birthday": impossible,
        "registered_before_birth": ~impossible & (registered < born),
        "city_against_province": pd.Series(away),
        "title_against_gender": (man & (table["gender"] == "女")) | (woman & (table["gender"] == "男")),
        "twin_record": table.assign(name=name).duplicated(["name", "phone", "birth_date"]) & (phone != ""),
    }
    if "height_cm" in table:
        height = pd.to_numeric(table["height_cm"])
        rules["height_unit"] = (height < 100) | (height > 250)
        rules["consent_before_registration"] = pd.to_datetime(table["consent_on"]) < registered
    for kind, found in rules.items():
        assert set(number[found.to_numpy()]) == find(spoilt, kind, file), kind


def test_defects_of_prospects_and_questionnaires_by_rules_of_their_own(spoilt):
    leads, survey = read_file(spoilt[0], "leads.csv"), read_file(spoilt[0], "survey.csv")
    known = set().union(*(read_file(spoilt[0], file)["record_id"] for file in REGISTERS))
    days = {c: pd.to_datetime(leads[c]) for c in ("found_on", "first_contact_on", "last_contact_on")}
    phone = leads["phone"]
    rules = {
        "unknown_customer": (leads["customer_id"] != "") & ~leads["customer_id"].isin(known),
        "deal_without_amount": (leads["intent"] == "成交") & (leads["signed_amount"] == ""),
        "contact_before_found": days["first_contact_on"] < days["found_on"],
        "last_before_first": days["last_contact_on"] < days["first_contact_on"],
        "phone_separators": phone.str.contains("[- ]"),
        "missing_contact": phone == "",
        "twin_lead": leads.duplicated(["name", "phone"]) & (phone != ""),
    }
    for kind, found in rules.items():
        assert set(leads.loc[found, "lead_id"]) == find(spoilt, kind, "leads.csv"), kind
    unknown = ~survey["customer_id"].isin(known)
    assert set(survey.loc[unknown, "response_id"]) == find(spoilt, "unknown_customer", "survey.csv")


def test_rates_are_those_of_the_law(spoilt):
    folder, told = spoilt
    rates = read_laws()["defects"]
    web = read_file(folder, "register_web.csv")
    deals = (read_file(folder, "leads.csv")["intent"] == "成交").sum()
    for kind, n in (
        ("height_unit", (web["height_cm"] != "").sum()),
        ("phone_separators", (web["phone"] != "").sum()),
    ):
        planted = len(find(spoilt, kind, "register_web.csv"))
        assert planted == pytest.approx(rates[kind] * n, abs=2 + 0.02 * n * rates[kind])
    assert len(find(spoilt, "unknown_customer", "leads.csv")) == pytest.approx(0.05 * deals, abs=2)


def test_rarer_forms_of_dates(spoilt):
    folder, told = spoilt
    orders = read_file(folder, "orders.csv")
    keys = orders["order_id"] + "/" + orders["line_no"]
    assert set(keys[orders["ordered_at"].str.contains("/")]) == find(spoilt, "date_form", "orders.csv")
    assert set(keys[orders["amount"].str.contains("¥")]) == find(spoilt, "money_form", "orders.csv")
    assert set(keys[orders.duplicated()]) == find(spoilt, "line_twice", "orders.csv")
    web = read_file(folder, "register_web.csv")
    iso = web["birth_date"].str.fullmatch(r"\d{4}-\d\d-\d\d")
    assert set(web.loc[~iso, "record_id"]) == find(spoilt, "date_form", "register_web.csv")
