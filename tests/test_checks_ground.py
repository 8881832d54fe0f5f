"""The sentences of errors, and the small checks every room stands on."""

import datetime as dt

import pandas as pd
import pytest

from crm_lib import _checks
from crm_lib.catalogue import column_title, list_titles, say
from crm_lib.errors import CrmError, DataError, MissingPackageError, ParameterError, SchemaError


@pytest.mark.parametrize(
    "value",
    [
        "2024-02-29",
        " 2024-02-29 ",
        "2024-02-29T23:59:59",
        "2024-02-29 08:00",
        dt.date(2024, 2, 29),
        dt.datetime(2024, 2, 29, 23, 59),
        pd.Timestamp("2024-02-29 23:59:59.999"),
    ],
)
def test_parse_day_takes_the_calendar_day(value):
    day = _checks.parse_day("f", "as_of", value)
    assert day == dt.date(2024, 2, 29)
    assert type(day) is dt.date


@pytest.mark.parametrize(
    "value", ["2023-02-29", "2024-2-9", "29.02.2024", "2024-02-29xyz", "", None, pd.NaT, float("nan"), 45000]
)
def test_parse_day_refuses_what_is_no_day(value):
    with pytest.raises(ParameterError, match=r"^f: as_of must be a date like 2024-12-31; got "):
        _checks.parse_day("f", "as_of", value)


def test_missing_columns_are_named_with_the_closest_first():
    with pytest.raises(SchemaError) as refused:
        _checks.require_columns("f", ["sku", "custmer_id", "amount"], ["customer_id", "amount"])
    assert str(refused.value).startswith("f: needs column 'customer_id'; the table has custmer_id, ")
    _checks.require_columns("f", ["a"], [])


def test_values_are_counted_before_one_is_shown():
    frame = pd.DataFrame({"customer_id": ["A", "B", "C"], "recency_days": [1, -5, -6]})
    with pytest.raises(DataError) as refused:
        _checks.require_values("f", frame, "recency_days", frame["recency_days"] >= 0, ">= 0", "Way out.")
    assert str(refused.value) == (
        "f: column 'recency_days' must be >= 0; 2 of 3 rows are not (first: customer B, -5). Way out."
    )


@pytest.mark.parametrize(
    ("low", "high", "value", "rule"),
    [(2, 20, 21, "in [2, 20]"), (2, None, 1, ">= 2"), (None, 1, 1.5, "<= 1")],
)
def test_ranges(low, high, value, rule):
    with pytest.raises(ParameterError) as refused:
        _checks.require_range("f", "k", value, low, high)
    assert f"k must be {rule}; got {value}" in str(refused.value)
    _checks.require_range("f", "k", low or high, low, high)


def test_no_number_is_in_no_range():
    for low, high in ((0, None), (None, 1), (0, 1)):
        with pytest.raises(ParameterError, match="k must be .*; got nan"):
            _checks.require_range("f", "k", float("nan"), low, high)


def test_choice_names_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'classic'"):
        _checks.require_choice("f", "scheme", "clasic", ("classic", "eight"))


def test_rows_and_long_lists():
    with pytest.raises(DataError, match="needs at least 2 customers; got 1. Why."):
        _checks.require_rows("f", 1, 2, "customers", "Why.")
    assert _checks.list_words("abcd", most=2) == "a, b and 2 more"


def test_a_missing_package_is_one_sentence_with_the_line_that_installs_it():
    with pytest.raises(MissingPackageError, match=r"pip install 'crm-lib\[store\]'"):
        _checks.import_extra("no_such_package_here", extra="store", purpose="Reading a database")


def test_every_kind_is_a_crm_error_and_a_value_error():
    from crm_lib import errors

    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, Exception)]
    for kind in kinds:
        assert issubclass(kind, UserWarning if issubclass(kind, Warning) else CrmError)
    assert issubclass(CrmError, ValueError)


def test_the_catalogue_fills_its_sentences_and_has_titles_for_the_columns_of_a_report():
    assert "tour-9" in say("check.unknown", grade_id="tour-9", known="x")
    assert column_title("n_orders") == "订单数"
    assert column_title("no_such_column") == "no_such_column"
    needed = {
        "customer_id",
        "recency_days",
        "n_orders",
        "revenue",
        "score_r",
        "score_f",
        "score_m",
        "segment",
    }
    assert needed <= set(list_titles())


def test_every_warning_of_the_library_has_a_chinese_sentence():
    from crm_lib import errors

    warnings = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.CrmWarning)]
    assert len(warnings) >= 3
    assert all(say(f"warning.{k.__name__}") for k in warnings)
