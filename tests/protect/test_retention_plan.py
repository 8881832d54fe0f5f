"""The plan of keeping: each case by hand, each boundary on its day."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crm_lib.errors import DataError, ParameterError
from crm_lib.protect import list_field_purposes, load_rules, plan_retention

RULES = load_rules(service_months=24, prospect_months=12, marketing_months=24, profiling_months=24,
                   survey_months=12, sharing_months=12, grace_days=15)  # fmt: skip
PROFILE = "birth_date;occupation;income_band;education;marital_status;analysis_records"


def plan_one(as_of, *, registered="2022-01-10", orders=(), contacts=(), consents=(), **columns):
    people = pd.DataFrame({"customer_no": ["A"], "registered_on": [registered], **columns})
    rows = [("A", day, "order") for day in orders] + [("A", day, "contact") for day in contacts]
    activity = pd.DataFrame(rows, columns=["customer_no", "occurred_on", "kind"])
    given = pd.DataFrame(
        [("A", *c) for c in consents], columns=["customer_no", "purpose", "given_on", "withdrawn_on"]
    )
    row = plan_retention(people, activity, given, RULES, as_of=as_of).iloc[0]
    return row["action"], row["reason"], row["due_on"].date().isoformat(), row["fields"], row["purposes"]


def test_a_running_contract_without_any_consent_keeps_what_the_contract_needs():
    told = plan_one("2024-01-01", orders=["2023-05-20"])
    assert told == ("mask", "no consent given", "2022-01-25", PROFILE, "service")
    # a register that holds nothing beyond the contract has nothing to be masked
    assert plan_one("2024-01-01", orders=["2023-05-20"], phone=["1"], n_analysis_records=[0]) == (
        "keep", "purpose lasts", "2025-05-20", "", "service")  # fmt: skip
    only = plan_one(
        "2024-01-01", orders=["2023-05-20"], phone=["1"], birth_date=["1990-01-01"], n_analysis_records=[0]
    )
    assert only[3] == "birth_date"


def test_the_contract_ends_24_months_after_the_last_order():
    assert plan_one("2025-05-19", orders=["2023-05-20"])[0] == "mask"
    # on 2025-05-20 the period is over; 15 days to carry it out
    assert plan_one("2025-05-20", orders=["2023-05-20"])[:3] == (
        "erase",
        "contract period over",
        "2025-06-04",
    )
    # contacts do not prolong a contract
    assert plan_one("2025-05-20", orders=["2023-05-20"], contacts=["2025-05-01"])[0] == "erase"


def test_who_never_ordered_is_kept_12_months():
    assert plan_one("2023-01-09")[0] == "mask"
    assert plan_one("2023-01-10")[:3] == ("erase", "contract period over", "2023-01-25")
    assert plan_one("2023-01-10", registered=None)[:3] == ("erase", "no basis", "2023-01-25")


def test_consent_to_marketing_carries_on_after_the_contract_until_withdrawn():
    agreed = ("marketing", "2022-01-10", None)
    told = plan_one("2024-06-01", orders=["2022-03-01"], contacts=["2024-05-01"], consents=[agreed])
    # the contract ended 2024-03-01; marketing lasts until 2026-05-01; address, occupation … have no purpose left
    assert told == ("mask", "consent ended", "2024-03-16",
                    "address;identity_no;occupation;income_band;education;marital_status;analysis_records",
                    "marketing")  # fmt: skip
    gone = ("marketing", "2022-01-10", "2024-05-20")
    told = plan_one("2024-06-01", orders=["2022-03-01"], contacts=["2024-05-01"], consents=[gone])
    assert told[:3] == ("erase", "consent ended", "2024-06-04")


def test_a_withdrawal_during_the_contract_takes_only_what_the_consent_carried():
    consents = [("profiling", "2022-01-10", "2023-06-01"), ("survey", "2022-01-10", None)]
    told = plan_one("2023-08-01", orders=["2023-05-20"], consents=consents)
    assert told[0] == "mask"
    assert told[2] == "2023-06-16"
    assert "analysis_records" not in told[3]  # the survey still needs them
    assert "occupation" in told[3]
    assert "phone" not in told[3]


def test_with_everything_agreed_to_nothing_goes():
    consents = [(p, "2022-01-10", None) for p in ("marketing", "profiling", "survey")]
    told = plan_one("2023-08-01", orders=["2023-05-20"], consents=consents)
    # the survey's year ends first: 2024-05-20
    assert told == ("keep", "purpose lasts", "2024-05-20", "", "marketing;profiling;service;survey")


def test_what_is_known_only_later_does_not_count():
    later = plan_one("2023-01-10", orders=["2023-02-01"], consents=[("marketing", "2023-03-01", None)])
    assert later[:2] == ("erase", "contract period over")


def test_many_people_stand_in_their_order_each_once():
    people = pd.DataFrame({
        "customer_id": ["C", "A", "B"],
        "registered_on": ["2020-01-01", "2024-01-01", "2024-01-01"],
    })
    orders = pd.DataFrame({
        "customer_id": ["A", "B", "X"],
        "ordered_at": pd.to_datetime(["2024-02-01 10:00"] * 3),
    })
    none = pd.DataFrame(columns=["customer_id", "purpose", "given_on", "withdrawn_on"])
    plan = plan_retention(people, orders, none, as_of="2024-06-01")
    assert plan["customer_no"].tolist() == ["C", "A", "B"]
    assert plan["action"].tolist() == ["erase", "mask", "mask"]
    assert plan_retention(people.head(0), orders, none, as_of="2024-06-01").empty
    with pytest.raises(DataError, match="stand once"):
        plan_retention(pd.concat([people, people]), orders, none, as_of="2024-06-01")


@pytest.mark.parametrize("seed", range(3))
def test_a_withdrawal_never_keeps_more_and_an_order_never_less(seed):
    """A thousand people with orders and one consent each, on a day of their own lives."""
    rng, n, start = np.random.default_rng(seed), 1000, pd.Timestamp("2021-01-01")
    names = [f"C{i}" for i in range(n)]
    today = start + pd.Timedelta(days=1100)
    people = pd.DataFrame({"customer_no": names, "registered_on": start + to_days(rng.integers(0, 1100, n))})
    who = rng.integers(0, n, 900)
    orders = pd.DataFrame({
        "customer_no": [names[i] for i in who],
        "occurred_on": start + to_days(rng.integers(0, 1100, 900)),
    })
    given_on = pd.Series(start + to_days(rng.integers(0, 1100, n)))
    stands = pd.DataFrame({
        "customer_no": names, "purpose": rng.choice(["marketing", "profiling", "survey"], n), "given_on": given_on,
        "withdrawn_on": pd.NaT,
    })  # fmt: skip
    gone = stands.assign(withdrawn_on=given_on + to_days(rng.integers(0, 900, n)))
    more = pd.concat([orders, pd.DataFrame({"customer_no": names, "occurred_on": today})])

    def kept(activity, consents):
        plan = plan_retention(people, activity, consents, RULES, as_of=today)
        every = set(list_field_purposes())
        lost = [
            every if a == "erase" else set(f.split(";"))
            for a, f in zip(plan["action"], plan["fields"], strict=True)
        ]
        return [every - fields for fields in lost]

    full, withdrawn, never = kept(orders, stands), kept(orders, gone), kept(orders, stands.head(0))
    assert all(w <= f for w, f in zip(withdrawn, full, strict=True))
    assert all(x <= w for x, w in zip(never, withdrawn, strict=True))
    assert all(w <= m for w, m in zip(withdrawn, kept(more, gone), strict=True))
    assert sum(len(w) < len(f) for w, f in zip(withdrawn, full, strict=True)) > 50


def to_days(numbers):
    return pd.to_timedelta(numbers, unit="D")


def test_wrong_periods_are_refused():
    with pytest.raises(ParameterError, match="no period 'service_month'; there are service_months"):
        load_rules(service_month=3)
    with pytest.raises(ParameterError, match="whole number"):
        load_rules(service_months=-1)
