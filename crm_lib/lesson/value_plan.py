"""Tables of the retention policy as the lesson on the most valuable customers shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.display import show_table

if TYPE_CHECKING:
    import pandas as pd

_WORDS = ["policy", "medium", "frequency", "owner"]


def describe_origin(orders: str) -> str:
    """Return what the publisher of the orders wants to be said wherever a result is shown, on a line of its own.

    Parameters
    ----------
    orders : str
        Name of a sample, or a file.
    """
    from crm_lib import sample
    from crm_lib.sample.files import JOURNEY_NAMES

    return "\n" + sample.JOURNEY_NOTE if orders in JOURNEY_NAMES else ""


def show_best(mvc: pd.DataFrame, *, by: str) -> None:
    """Show the first customers of class A.

    Parameters
    ----------
    mvc : DataFrame
        What `gather_best` returned.
    by : str
        What the customers are ranked by.
    """
    shown = mvc[["customer_id", by, "n_orders", "recency_days", "segment", "state"]]
    titles = {"recency_days": say("value_files.days_away")}
    show_table(shown, say("value_files.cap_best"), most=8, titles=titles)


def show_policy(policy: pd.DataFrame, *, unit: str) -> None:
    """Show the policy in two tables: who does what, and what it may cost.

    Parameters
    ----------
    policy : DataFrame
        What `plan_retention` returned.
    unit : str
        Unit of money.
    """
    show_table(policy[["state", "n_customers", *_WORDS]], say("value_files.cap_policy"))
    show_table(policy.drop(columns=_WORDS), say("value_files.cap_policy_money", unit=unit))


def name_balance(balance: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison of the arms with its measures in Chinese.

    Parameters
    ----------
    balance : DataFrame
        What `compare_arms` returned.
    """
    return balance.assign(measure=[say(f"value_files.measure_{m}") for m in balance["measure"]])
