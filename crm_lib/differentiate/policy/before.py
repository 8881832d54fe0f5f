"""Covariates come from before the policy: what is known to be later is refused."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, parse_day
from crm_lib.errors import CrmWarning, DataError

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd


class LateCovariateWarning(CrmWarning):
    """A covariate differs between arms drawn by lot: it was measured after the policy, or the lot was not kept."""


def require_before(
    where: str,
    customers: pd.DataFrame,
    columns: Sequence[str],
    *,
    started_on: str | dt.date | None = None,
    measured_on: Mapping[str, Any] | None = None,
    outcomes: Collection[str] = (),
) -> None:
    """Raise `DataError` when a column is known to be measured after the policy began.

    Parameters
    ----------
    where : str
        Name of the caller, for the message.
    customers : DataFrame
        The frame the columns belong to; ``attrs["as_of"]`` is the last day it knows of.
    columns : sequence of str
        Columns to be used as covariates or features.
    started_on : str or date, optional
        First day of the policy.
    measured_on : mapping of str to date, optional
        Last day that each column knows of; goes before ``attrs["as_of"]``.
    outcomes : collection of str
        Columns that are outcomes, whatever their names say.

    Notes
    -----
    Three things give a late column away: its name (``after.toml``: names of our tables, words such as
    after and post, parts of Chinese names), its being the outcome, and its day.  A column with an innocent
    name and no day cannot be known to be late; of a trial by lot, `reduce_variance` then still sees that
    it differs between the arms.
    """
    faults = [f"{c!r} ({reason})" for c in columns if (reason := _tell_late(c, outcomes))]
    if started_on is not None:
        start = parse_day(where, "started_on", started_on)
        days = {c: (measured_on or {}).get(c, customers.attrs.get("as_of")) for c in columns}
        known = {c: parse_day(where, f"measured_on[{c!r}]", d) for c, d in days.items() if d is not None}
        faults += [
            f"{c!r} (known up to {d}, the policy began {start})" for c, d in known.items() if d >= start
        ]
    if faults:
        raise DataError(
            f"{where}: covariates must be measured before the policy begins; got {list_words(faults)}. "
            "What comes after may be an effect of the policy and would hide it: take the same figure from before."
        )


@cache
def _read_names() -> dict[str, list[str]]:
    text = (resources.files("crm_lib.differentiate.policy") / "after.toml").read_text("utf-8")
    return tomllib.loads(text)


def _tell_late(column: str, outcomes: Collection[str]) -> str:
    """Return what gives a column away as late, or nothing."""
    names, low = _read_names(), str(column).lower()
    if column in outcomes:
        return "it is the outcome"
    if low in names["columns"]:
        return "known only after the policy began"
    # a name that speaks of both, such as revenue_before_after, is not trusted either
    word = next((w for w in re.split(r"[\W_]+", low) if w in names["words"]), None)
    part = next((p for p in names["parts"] if p in low), None)
    return f"its name says {word or part!r}" if word or part else ""
