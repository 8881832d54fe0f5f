"""The rules for unprofitable customers, and the plan they make with a sentence per customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd


def make_rules(*, loss_limit: float, new_days: int) -> pd.DataFrame:
    """Make the table of rules; the first one that fits a customer decides.

    Parameters
    ----------
    loss_limit
        Loss (yuan of a period) from which a customer is treated.
    new_days
        Who has been a customer for at most so many days is not judged yet.

    Returns
    -------
    DataFrame
        As `choose_treatments` takes it: rule, column, least, most, treatment, reason.
    """
    import pandas as pd

    loss = ("net_profit", None, -float(loss_limit))
    conditions = [
        ("gain", "net_profit", 0.0, None, "leave_alone"),
        ("new", "known_days", None, float(new_days), "leave_alone"),
        ("hope", "outlook_profit", 0.0, None, "leave_alone"),
        ("contact", *loss, "cheaper_channel"),
        ("contact", "contact_share", 0.5, None, "cheaper_channel"),
        ("discount", *loss, "reprice"),
        ("discount", "given_share", 0.08, None, "reprice"),
        ("partner", *loss, "transfer"),
        ("partner", "expected_orders", 0.5, None, "transfer"),
        ("end", *loss, "end"),
        ("end", "expected_orders", None, 0.5, "end"),
    ]
    rules = pd.DataFrame(conditions, columns=["rule", "column", "least", "most", "treatment"])
    rules["reason"] = [say(f"below_zero.why_{r}") for r in rules["rule"]]
    return rules


def choose_plan(
    people: pd.DataFrame, rules: pd.DataFrame, assumptions: Any = None, *, unit: str = "元"
) -> pd.DataFrame:
    """Choose a treatment per customer, with a sentence that names the figures and the reason.

    Parameters
    ----------
    people
        What `foresee` returned.
    rules
        What `make_rules` returned.
    assumptions
        What the simulated gain takes for granted.
    unit
        Unit of money, for the sentences.

    Returns
    -------
    DataFrame
        One row per customer, in their order: customer_id, treatment, rule, profit, gain_amount, explained.
    """
    from crm_lib.differentiate import choose_treatments
    from crm_lib.lesson.below_zero_words import explain_choice

    chosen = choose_treatments(people, rules, assumptions=assumptions)
    columns = {name: list(dict.fromkeys(part["column"])) for name, part in rules.groupby("rule")}
    facts = people.to_dict("records")
    chosen["explained"] = [
        explain_choice(row, columns.get(rule, ["net_profit"]), reason, unit=unit)
        for row, rule, reason in zip(facts, chosen["rule"], chosen["reason"], strict=True)
    ]
    return chosen.rename(columns={"gain": "gain_amount"}).drop(columns=["facts", "reason"])
