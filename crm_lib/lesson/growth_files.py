"""What the lesson on the most growable customers hands in: the growth list as a workbook with an explanation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import column_title, list_section, say, sheet_title
from crm_lib.lesson.growth_step_words import tabulate_rules, word_list

if TYPE_CHECKING:
    import pandas as pd

SHEETS = (
    "growth_list",
    "customers",
    "thresholds",
    "categories",
    "rules",
    "suggestions",
    "periods",
    "campaigns",
)
_PLACES = 6
_CUSTOMERS = (
    *("customer_id", "growth_class", "actual_value", "potential_value", "our_spend", "category_spend"),
    *("wallet_share", "potential_basis"),
)


def gather_tables(kit: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the sheets of the workbook, sorted for work, with the explanation as the last.

    Parameters
    ----------
    kit
        The frames of the notebook: grown, graded, moved, categories, rules, trial, pairs, effects.

    Returns
    -------
    dict of DataFrame
        Sheet → table.
    """
    graded, moved, trial, effects = kit["graded"], kit["moved"], kit["trial"], kit["effects"]
    people = graded.assign(
        growth_class=[say(f"growth.class_{c}") for c in graded["growth_class"]],
        potential_basis=[say(f"growth.word_{b}") for b in graded["basis"]],
    ).sort_values(["potential_value", "customer_id"], ascending=[False, True])
    words = {True: say("growth.yes"), False: say("growth.no")}
    tried = trial.assign(hit=trial["hit"].map(words), popular_hit=trial["popular_hit"].map(words))
    tables = {
        "growth_list": word_list(kit["grown"]),
        "customers": people[list(_CUSTOMERS)].reset_index(drop=True),
        "thresholds": moved.assign(threshold=[say(f"growth.threshold_{t}") for t in moved["threshold"]]),
        "categories": kit["categories"],
        "rules": tabulate_rules(kit["rules"]),
        "suggestions": tried,
        "periods": kit["pairs"],
        "campaigns": effects.assign(verdict=[say(f"growth.verdict_{v}") for v in effects["verdict"]]),
    }
    # six places are enough for work, and long ones look like numbers of telephones
    kept = {
        name: frame.round(_PLACES) for name, frame in tables.items() if len(frame) or name == "growth_list"
    }
    return {**kept, say("growth.sheet_notes"): explain_columns(kept)}


def explain_columns(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per sheet and column with what it means.

    Parameters
    ----------
    tables
        Sheet → table.
    """
    import pandas as pd

    meanings = list_section("growth_meanings")
    rows = [
        (sheet_title(name), say(f"growth.sheet_{name}"), column_title(str(column)), meanings[str(column)])
        for name, frame in tables.items()
        for column in frame.columns
    ]
    return pd.DataFrame(rows, columns=["sheet_name", "sheet_title", "column_title", "meaning"])


def gather_result(kit: Mapping[str, Any], *, day: str, unit: str) -> dict[str, Any]:
    """Return the figures of the run.

    Parameters
    ----------
    kit
        As `gather_tables` takes it, with classes, tracked, thresholds, panel, uplift.
    day, unit
        As-of day and unit of money.
    """
    grown, panel, trial = kit["grown"], kit["panel"], kit["trial"]
    whole = float(panel["category_spend"].sum())
    return {
        "as_of": day,
        "unit": unit,
        "n_customers": len(kit["graded"]),
        "valued_by": kit["graded"].attrs.get("by", ""),
        "wallet_share": float(panel["our_spend"].sum()) / whole if whole > 0 else None,
        "thresholds": kit["thresholds"],
        "classes": kit["classes"],
        "budget": {k: grown.attrs.get(k) for k in ("spent", "gain", "n_chosen", "n_left_out")},
        "hits": {c: float(trial[c].mean()) if len(trial) else None for c in ("hit", "popular_hit")},
        "tracked": kit["tracked"],
        "tracked_by": kit["pairs"].attrs["kind"],
        "campaigns": kit["effects"],
        "uplift": kit["uplift"].qini if not kit["uplift"].why else kit["uplift"].why,
    }
