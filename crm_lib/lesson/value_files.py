"""What the lesson on the most valuable customers hands in: the value ranking as a workbook with an explanation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.column_notes import explain_columns
from crm_lib.lesson.value_campaign_words import name_effects
from crm_lib.lesson.value_lifetime_words import tabulate_trial

if TYPE_CHECKING:
    import pandas as pd

_PLACES = 6
_FIRST = ("customer_id", "abc_class", "segment", "state", "arm")
_LIFETIME = (
    "alive_probability",
    "expected_orders",
    "expected_spend",
    "lifetime_value",
    "value_low",
    "value_high",
)
_OLD = ("classes", "class_profit", "policy", "candidates", "overdue")


def gather_people(kit: Mapping[str, Any], *, by: str) -> pd.DataFrame:
    """Return the list of all customers, the most valuable first, with what they will bring from here on.

    Parameters
    ----------
    kit
        The frames of the notebook: profit, abc, segments, divided, lifetime.
    by
        What the customers are ranked by.

    Returns
    -------
    DataFrame
        One row per customer, those without a known value last.
    """
    people = kit["profit"].merge(kit["abc"][["customer_id", "abc_class"]], on="customer_id", how="left")
    recent = kit["segments"][["customer_id", "recency_days", "segment"]]
    people = people.merge(recent.astype({"recency_days": "Int64"}), on="customer_id", how="left")
    arms = {a: say(f"value_files.arm_{a}") for a in ("treated", "control")}
    divided = kit["divided"][["customer_id", "state", "arm"]]
    people = people.merge(divided.assign(arm=divided["arm"].map(arms)), on="customer_id", how="left")
    ahead = kit["lifetime"][["customer_id", *_LIFETIME, "baseline_value"]]
    ahead = ahead.round({c: 3 if c == "alive_probability" else 2 for c in ahead.columns[1:]})
    people = people.merge(ahead, on="customer_id", how="left")
    people = people.sort_values([by, "customer_id"], ascending=[False, True], ignore_index=True)
    return people[[*_FIRST, *[c for c in people.columns if c not in _FIRST]]].pipe(_round)


def gather_sheets(kit: Mapping[str, Any], account: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the sheets of the workbook, with the explanation of every column as the last.

    Parameters
    ----------
    kit
        The frames of the notebook: people, classes, class_profit, policy, candidates, overdue, window, balance,
        deciles, trial, moves, cohorts, effects, returned.
    account
        The account of the cleaning, as `account_tables` returns it.

    Returns
    -------
    dict of DataFrame
        Sheet → table.  A campaign that is not there has no sheet.
    """
    import pandas as pd

    tables = {"customers": kit["people"]} | {name: kit[name] for name in _OLD}
    tables |= {"baseline": kit["window"], "balance": kit["balance"], "deciles": kit["deciles"]}
    tables |= {"lifetime_trial": tabulate_trial(kit["trial"]), "migration": word_moves(kit["moves"])}
    cohorts = kit["cohorts"]
    yes = {True: say("value_files.yes"), False: say("value_files.no")}
    tables["cohorts"] = cohorts.assign(complete=cohorts["complete"].map(yes))
    if len(kit["effects"]):
        tables["campaign"] = name_effects(kit["effects"])
    if len(kit["returned"]):
        tables["campaign_return"] = kit["returned"]
    tables = {name: _round(frame) for name, frame in tables.items()}
    notes = explain_columns(tables, meanings="value_meanings", sheets="value_files.sheet_")
    raw = explain_columns(
        account, meanings="value_account", sheets="value_files.sheet_", other=say("value_files.as_it_stands")
    )
    return {**tables, **account, say("value_files.notes"): pd.concat([notes, raw], ignore_index=True)}


def _round(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with six places: enough for work, and long ones look like numbers of telephones."""
    return frame.round({c: _PLACES for c in frame.columns if frame[c].dtype.kind == "f"})


def word_moves(moves: pd.DataFrame) -> pd.DataFrame:
    """Return the moves with the new customers named in Chinese.

    Parameters
    ----------
    moves
        What `measure_moves` returned.
    """
    return moves.assign(from_class=moves["from_class"].replace({"new": say("value_moves.new")}))


def gather_figures(kit: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of the run on what will come, on moves and on the campaign.

    Parameters
    ----------
    kit
        As `gather_sheets` takes it, with lifetime, campaign and lot.
    """
    trial, lifetime, campaign = kit["trial"], kit["lifetime"], kit["campaign"]
    told = {k: lifetime.attrs[k] for k in ("why", "model", "spend", "margin", "retention", "weeks", "ahead")}
    total = float(lifetime["lifetime_value"].sum()) if not told["why"] else None
    return {
        "deciles": kit["deciles"],
        "lifetime": {**told, "discount": lifetime.attrs["discount"], "total": total},
        "lifetime_trial": {
            "split": trial.split, "weeks": trial.weeks, "why": trial.why, "chosen": trial.chosen,
            "dropped": list(trial.dropped), "forecasts": tabulate_trial(trial),
        },
        "migration": word_moves(kit["moves"]),
        "campaign": {
            "why": campaign.why, "campaign_id": campaign.campaign_id, "lot_p_value": getattr(kit["lot"], "p_value", None),
            "effects": kit["effects"], "returned": kit["returned"],
        },
    }  # fmt: skip
