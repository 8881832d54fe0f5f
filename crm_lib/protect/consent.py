"""Purposes, their lawful basis, consent and its withdrawal."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, parse_day, require_choice, require_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

REASONS = {
    "contract": "needed for the contract, no consent asked",
    "consent": "consent given, not withdrawn",
    "withdrawn": "consent withdrawn",
    "given_later": "consent given only after this day",
    "never_given": "no consent on record",
}


@dataclass(frozen=True)
class Purpose:
    """What data are processed for: name, Chinese title, lawful basis, articles of the law, separate consent."""

    name: str
    title: str
    basis: str
    articles: tuple[int, ...]
    separate: bool


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads((resources.files("crm_lib.protect") / "consent.toml").read_text("utf-8"))


def list_purposes() -> dict[str, Purpose]:
    """Return the purposes of processing by name.

    Examples
    --------
    >>> list_purposes()["marketing"].basis
    'consent'
    """
    return {
        name: Purpose(name, of["title"], of["basis"], tuple(of["articles"]), of["separate"])
        for name, of in _read()["purposes"].items()
    }


def list_articles() -> dict[int, str]:
    """Return the articles of the 个人信息保护法 that the rules rest on: number → content in our words."""
    return {int(number): text for number, text in _read()["articles"].items()}


def list_field_purposes() -> dict[str, tuple[str, ...]]:
    """Return which purposes need a column of the customers: column → purposes."""
    return {name: tuple(purposes) for name, purposes in _read()["fields"].items()}


def check_consent(people: pd.DataFrame, consents: pd.DataFrame, *, purpose: str, as_of: Any) -> pd.DataFrame:
    """Say of each person whether the data may be used for a purpose.

    Parameters
    ----------
    people : DataFrame
        One row per person: ``customer_no`` or ``customer_id``.
    consents : DataFrame
        One row per consent: the same number, ``purpose``, ``given_on``, ``withdrawn_on`` (empty while it
        stands).
    purpose : str
        One of `list_purposes`.
    as_of : date or ISO str
        What was known at the end of this day.

    Returns
    -------
    DataFrame
        One row per person, in their order: ``customer_no``, ``allowed``, ``basis``, ``reason`` (contract,
        consent, withdrawn, given_later, never_given), ``given_on``, ``withdrawn_on``.

    Raises
    ------
    DataError
        A consent was withdrawn before it was given, has no day, or a person stands twice.
    ParameterError, SchemaError
        The purpose is unknown, or a column is missing.

    Notes
    -----
    Of several consents to one purpose the last given counts, so a consent given again after a
    withdrawal holds.  A withdrawal counts from its own day on and does not touch what was done
    before (article 15).  The disputable choice: a person about whom nothing is on record has not agreed.
    """
    where = "check_consent"
    require_choice(where, "purpose", purpose, tuple(list_purposes()))
    day = parse_day(where, "as_of", as_of)
    names, last = number_people(where, people), read_consents(where, consents, day)
    frame = names.to_frame()
    mine = last[last["purpose"] == purpose].drop(columns="purpose")
    frame = frame.merge(mine, on="customer_no", how="left")
    basis = list_purposes()[purpose].basis
    standing = frame["state"].eq("consent")
    frame["allowed"] = standing | (basis == "contract")
    frame["basis"] = basis
    said = frame["state"].astype(object).where(frame["state"].notna(), "never_given")
    frame["reason"] = "contract" if basis == "contract" else said
    return frame[["customer_no", "allowed", "basis", "reason", "given_on", "withdrawn_on"]]


def number_people(where: str, people: pd.DataFrame) -> pd.Series:
    """Return the numbers of the persons as text; nobody may stand twice or without number."""
    column = _find_key(where, people)
    names = people[column].reset_index(drop=True).rename("customer_no")
    if names.isna().any() or names.duplicated().any():
        twice = names[names.duplicated()].dropna().astype(str).tolist()
        raise DataError(
            f"{where}: each person must stand once with a number; {int(names.isna().sum()):,} have none, "
            f"{len(twice):,} stand again{f' (first: {twice[0]})' if twice else ''}. "
            "Give the current version of each customer."
        )
    return names.astype(object)


def _find_key(where: str, frame: pd.DataFrame) -> str:
    if "customer_no" not in frame.columns and "customer_id" in frame.columns:
        return "customer_id"
    require_columns(where, frame.columns, ["customer_no"])
    return "customer_no"


def read_consents(where: str, consents: pd.DataFrame, day: Any) -> pd.DataFrame:
    """Return the consent that counts per person and purpose on `day`, with its ``state``."""
    import pandas as pd

    key = _find_key(where, consents)
    require_columns(where, consents.columns, ["purpose", "given_on", "withdrawn_on"])
    frame = pd.DataFrame({
        "customer_no": consents[key].astype(object), "purpose": consents["purpose"].astype(object),
        "given_on": pd.to_datetime(consents["given_on"]), "withdrawn_on": pd.to_datetime(consents["withdrawn_on"]),
    }).reset_index(drop=True)  # fmt: skip
    _check_consents(where, frame)
    now = pd.Timestamp(day)
    frame["withdrawn_on"] = frame["withdrawn_on"].where(frame["withdrawn_on"] <= now)
    # what is given only later comes first, so it counts only when there is nothing else
    frame["_known"] = frame["given_on"] <= now
    # of two given on one day the one that stands was given last
    frame["_stands"] = frame["withdrawn_on"].isna()
    frame = frame.sort_values(["customer_no", "purpose", "_known", "given_on", "_stands"], kind="stable")
    last = frame.drop_duplicates(["customer_no", "purpose"], keep="last").copy()
    last["state"] = "consent"
    last.loc[last["withdrawn_on"].notna(), "state"] = "withdrawn"
    last.loc[last["given_on"] > now, "state"] = "given_later"
    return last.drop(columns=["_known", "_stands"]).reset_index(drop=True)


def _check_consents(where: str, frame: pd.DataFrame) -> None:
    """Collect what is wrong with the consents, and raise once."""
    unknown = sorted(set(frame["purpose"].dropna().astype(str)) - set(list_purposes()))
    early = frame["withdrawn_on"] < frame["given_on"]
    faults = [f"{int(frame[c].isna().sum()):,} have no {c}" for c in ("customer_no", "purpose", "given_on")
              if frame[c].isna().any()]  # fmt: skip
    if unknown:
        faults.append(f"unknown purposes: {list_words(unknown)}")
    if early.any():
        first = frame.loc[early, "customer_no"].iloc[0]
        faults.append(f"{int(early.sum()):,} are withdrawn before they were given (first: customer {first})")
    if faults:
        raise DataError(
            f"{where}: each consent must have a customer, a known purpose, a day, and no earlier withdrawal; "
            f"{'; '.join(faults)}. Correct the record, or take the row out."
        )
