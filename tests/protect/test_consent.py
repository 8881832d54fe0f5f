"""Consent: what counts on which day, by hand; what is wrong is said at once."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.protect import check_consent, list_articles, list_field_purposes, list_purposes

PEOPLE = pd.DataFrame({"customer_no": ["A", "B", "C", "D", "E"]})
CONSENTS = pd.DataFrame(
    [
        ("A", "marketing", "2024-01-01", None),
        ("B", "marketing", "2024-01-01", "2024-03-01"),
        ("C", "marketing", "2024-01-01", "2024-02-01"),  # withdrawn, and given again
        ("C", "marketing", "2024-05-01", None),
        ("D", "marketing", "2024-09-01", None),
        ("E", "survey", "2024-01-01", None),
    ],
    columns=["customer_no", "purpose", "given_on", "withdrawn_on"],
)


def reasons(as_of, purpose="marketing"):
    found = check_consent(PEOPLE, CONSENTS, purpose=purpose, as_of=as_of)
    assert found["customer_no"].tolist() == list("ABCDE")
    assert found["allowed"].tolist() == [r in ("consent", "contract") for r in found["reason"]]
    return found["reason"].tolist()


def test_what_counts_on_each_day():
    assert reasons("2023-12-31") == ["given_later"] * 4 + ["never_given"]
    assert reasons("2024-01-31") == ["consent", "consent", "consent", "given_later", "never_given"]
    # a withdrawal counts from its own day on
    assert reasons("2024-02-29") == ["consent", "consent", "withdrawn", "given_later", "never_given"]
    assert reasons("2024-03-01") == ["consent", "withdrawn", "withdrawn", "given_later", "never_given"]
    assert reasons("2024-12-31") == ["consent", "withdrawn", "consent", "consent", "never_given"]
    assert reasons("2024-12-31", "sharing") == ["never_given"] * 5
    assert reasons("2024-12-31", "service") == ["contract"] * 5


def test_given_again_on_the_day_of_the_withdrawal():
    rows = [("A", "marketing", "2024-01-01", "2024-01-01"), ("A", "marketing", "2024-01-01", None)]
    for order in (rows, rows[::-1]):
        frame = pd.DataFrame(order, columns=CONSENTS.columns)
        assert check_consent(PEOPLE, frame, purpose="marketing", as_of="2024-01-01")["allowed"].iloc[0]


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(len(CONSENTS))), st.dates(dt.date(2023, 1, 1), dt.date(2025, 12, 31)))
def test_the_order_of_records_changes_nothing(turn, day):
    one = check_consent(PEOPLE, CONSENTS, purpose="marketing", as_of=day)
    other = check_consent(PEOPLE, CONSENTS.iloc[list(turn)], purpose="marketing", as_of=day)
    pd.testing.assert_frame_equal(one, other)


def test_faults_of_the_record_are_said_all_at_once():
    bad = pd.concat([CONSENTS, pd.DataFrame(
        [("A", "telepathy", "2024-01-01", None), ("B", "survey", "2024-02-01", "2024-01-01"), ("C", "survey", None, None)],
        columns=CONSENTS.columns)])  # fmt: skip
    with pytest.raises(DataError) as told:
        check_consent(PEOPLE, bad, purpose="marketing", as_of="2024-12-31")
    for part in ("unknown purposes: telepathy", "1 are withdrawn before they were given (first: customer B)",
                 "1 have no given_on"):  # fmt: skip
        assert part in str(told.value)
    with pytest.raises(DataError, match="1 stand again"):
        check_consent(pd.concat([PEOPLE, PEOPLE.head(1)]), CONSENTS, purpose="marketing", as_of="2024-12-31")
    with pytest.raises(ParameterError, match="purpose"):
        check_consent(PEOPLE, CONSENTS, purpose="selling", as_of="2024-12-31")
    with pytest.raises(SchemaError, match="customer_no"):
        check_consent(
            PEOPLE.rename(columns={"customer_no": "who"}), CONSENTS, purpose="survey", as_of="2024-12-31"
        )
    other = check_consent(PEOPLE.rename(columns={"customer_no": "customer_id"}), CONSENTS, purpose="survey",
                          as_of="2024-12-31")  # fmt: skip
    assert other["allowed"].sum() == 1


def test_no_consents_at_all():
    none = check_consent(PEOPLE, CONSENTS.head(0), purpose="marketing", as_of="2024-12-31")
    assert set(none["reason"]) == {"never_given"}
    assert check_consent(PEOPLE.head(0), CONSENTS, purpose="marketing", as_of="2024-12-31").empty


def test_every_purpose_rests_on_an_article_and_every_field_on_a_purpose():
    purposes = list_purposes()
    assert {a for p in purposes.values() for a in p.articles} <= set(list_articles())
    assert all(set(needs) <= set(purposes) and needs for needs in list_field_purposes().values())
    assert all(29 in p.articles for p in purposes.values() if 28 in p.articles)
    assert "biometrics" not in {p for needs in list_field_purposes().values() for p in needs}
