"""Ages, pyramid, representativeness: small tables worked by hand, and everything that cannot be placed."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.identify import (
    band_ages,
    build_pyramid,
    compare_to_population,
    count_ages,
    measure_fit,
    order_bands,
)
from crm_lib.identify.demography_bands import parse_band

DAY = "2025-03-01"


def people(*rows):
    frame = pd.DataFrame(rows, columns=["gender", "birth_date"])
    return frame.assign(birth_date=pd.to_datetime(frame["birth_date"]))


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("2000-03-01", "2025-03-01", 25),  # birthday today
        ("2000-03-02", "2025-03-01", 24),  # birthday tomorrow
        ("2000-02-29", "2025-02-28", 24),  # in a common year the birthday is 1 March
        ("2000-02-29", "2025-03-01", 25),
        ("2000-02-29", "2024-02-29", 24),
        ("2025-03-01", "2025-03-01", 0),
        ("2025-03-02", "2025-03-01", -1),
    ],
)
def test_ages_are_counted_by_birthdays(born, day, age):
    assert count_ages(pd.Series(pd.to_datetime([born])), as_of=day).tolist() == [age]


@given(
    st.dates(dt.date(1900, 1, 1), dt.date(2030, 12, 31)), st.dates(dt.date(1990, 1, 1), dt.date(2030, 12, 31))
)
def test_ages_another_way(born, day):
    age = -1 if day < born else sum(dt.date(y, born.month, 1) + dt.timedelta(born.day - 1) <= day
                                    for y in range(born.year + 1, day.year + 1))  # fmt: skip
    found = int(count_ages(pd.Series(pd.to_datetime([born])), as_of=day).iloc[0])
    assert found == age if found >= 0 else day < born


@pytest.mark.parametrize(
    ("label", "ages"),
    [
        ("25-34岁", (25, 35)),
        ("25–34 岁", (25, 35)),
        ("25~34", (25, 35)),
        ("25 至 34 岁", (25, 35)),
        ("65岁及以上", (65, float("inf"))),
        ("65+", (65, float("inf"))),
        ("18岁以下", (0, 18)),
        ("under 18", (0, 18)),
    ],
)
def test_a_band_tells_its_ages(label, ages):
    assert parse_band(label) == ages


def test_a_band_without_ages_and_overlapping_bands_are_refused():
    with pytest.raises(ParameterError, match="must tell its ages"):
        parse_band("青年")
    with pytest.raises(ParameterError, match="overlap"):
        band_ages(pd.Series([20]), bands=["18-25岁", "25-34岁"])


def test_bands_hold_their_first_and_their_last_year():
    ages = pd.Series([17, 18, 24, 25, 64, 65, 110])
    found = band_ages(ages, bands=["65岁以上", "18-24岁", "25-64岁"])
    assert found[1:].tolist() == ["18-24岁", "18-24岁", "25-64岁", "25-64岁", "65岁以上", "65岁以上"]
    assert pd.isna(found[0])
    assert order_bands(["65岁以上", "18岁以下", "18-64岁"]) == ["18岁以下", "18-64岁", "65岁以上"]


def test_a_pyramid_by_hand():
    frame = people(
        ("女", "2005-03-01"),  # 20
        ("女", "2000-03-02"),  # 24
        ("女", "2000-03-01"),  # 25
        ("男", "1990-01-01"),  # 35
        ("男", "2026-01-01"),  # not born yet
        ("男", "1900-01-01"),  # 125
        ("女", None),
        (None, "1990-01-01"),
        ("男", "2015-01-01"),  # 10: no band
    )
    census = pd.DataFrame({
        "gender": ["女", "女", "男", "男"],
        "age_band": ["18-24岁", "25-44岁", "18-24岁", "25-44岁"],
        "n": [100, 200, 300, 400],
    })
    found = build_pyramid(frame, census, as_of=DAY)
    assert found[["age_band", "gender", "n"]].values.tolist() == [
        ["18-24岁", "女", 2], ["18-24岁", "男", 0], ["25-44岁", "女", 1], ["25-44岁", "男", 1],
    ]  # fmt: skip
    assert found["share"].tolist() == [0.5, 0.0, 0.25, 0.25]
    assert found["population_share"].tolist() == [0.1, 0.3, 0.2, 0.4]
    assert found.attrs == {
        "n_persons": 9, "n_counted": 4, "n_impossible": 2, "n_no_birth": 1, "n_no_gender": 1, "n_outside": 1,
    }  # fmt: skip


def test_the_same_people_in_another_order_and_one_day_later():
    frame = people(("女", "2000-03-02"), ("男", "1960-05-05"))
    bands = ["18-24岁", "25-99岁"]
    one = build_pyramid(frame, as_of=DAY, bands=bands)
    pd.testing.assert_frame_equal(one, build_pyramid(frame[::-1], as_of=DAY, bands=bands))
    later = build_pyramid(frame, as_of="2025-03-02", bands=bands)
    assert one.loc[one["gender"] == "女", "n"].tolist() == [1, 0]
    assert later.loc[later["gender"] == "女", "n"].tolist() == [0, 1]
    assert one["population_share"].isna().all()


def test_bands_given_instead_of_birthdays_and_nobody_at_all():
    frame = pd.DataFrame({"gender": ["女", "男", "男"], "age_band": ["18-24岁", "18-24岁", None]})
    found = build_pyramid(frame, as_of=DAY, bands=["18-24岁"])
    assert found["n"].tolist() == [1, 1]
    assert found.attrs["n_no_birth"] == 1
    assert build_pyramid(frame[:0], as_of=DAY)["n"].sum() == 0
    with pytest.raises(SchemaError, match="age_band"):
        build_pyramid(frame[["gender"]], as_of=DAY)


CENSUS = pd.DataFrame({"gender": ["女", "男"], "region": ["华东", "华南"], "n": [600, 400]})


def test_shares_by_hand():
    sample = pd.DataFrame({"gender": ["女"] * 45 + ["男"] * 5 + [None] * 10})
    found = compare_to_population(sample, CENSUS, by=["gender"])
    first = found.iloc[0]
    assert (first["n_sample"], first["sample_share"], first["population_share"]) == (45, 0.9, 0.6)
    # (0.9 − 0.6)/√(0.6·0.4)
    assert first["std_difference"] == pytest.approx(0.3 / 0.24**0.5)
    expected = stats.binomtest(45, 50).proportion_ci(method="wilson")
    assert (first["share_low"], first["share_high"]) == pytest.approx((expected.low, expected.high))
    assert found["verdict"].tolist() == ["over", "under"]
    assert found.attrs == {"n_missing": {"gender": 10}, "n_sample": 60}


def test_fit_by_scipy():
    sample = pd.DataFrame({
        "gender": ["女"] * 33 + ["男"] * 17,
        "region": ["华东"] * 3 + ["华南"] * 4 + [None] * 43,
    })
    found = measure_fit(compare_to_population(sample, CENSUS, by=["gender", "region"]))
    check = stats.chisquare([33, 17], [30, 20])
    assert (found["chi_square"][0], found["p_value"][0]) == pytest.approx((check.statistic, check.pvalue))
    assert found["n"].tolist() == [50, 7]
    assert found["n_small"].tolist() == [0, 2]


def test_absent_and_unknown_categories_are_named():
    sample = pd.DataFrame({"gender": ["女"] * 19 + ["X"]})
    found = compare_to_population(sample, CENSUS, by=["gender"]).set_index("category")
    assert found["verdict"].to_dict() == {"女": "over", "男": "absent", "X": "unknown"}
    fit = measure_fit(found.reset_index())
    assert (fit["n"].iloc[0], fit["df"].iloc[0]) == (19, 1)


def test_one_category_has_nothing_to_test():
    known = pd.DataFrame({"gender": ["女"], "n": [5]})
    found = measure_fit(compare_to_population(pd.DataFrame({"gender": ["女"] * 3}), known, by=["gender"]))
    assert found["p_value"].isna().all()


def test_weighted_shares_are_those_of_the_weights():
    sample = pd.DataFrame({"gender": ["女", "女", "男"]}, index=[4, 5, 6])
    weights = pd.Series([2.0, 1.0, 1.0], index=[4, 5, 6])
    found = compare_to_population(sample, CENSUS, by=["gender"], weights=weights)
    assert found["weighted_share"].tolist() == [0.75, 0.25]


def test_values_that_never_meet_are_said():
    with pytest.raises(DataError, match="Write both alike"):
        compare_to_population(pd.DataFrame({"gender": ["F"]}), CENSUS, by=["gender"])
    with pytest.raises(ParameterError, match="list of columns"):
        compare_to_population(pd.DataFrame({"gender": ["女"]}), CENSUS, by="gender")
