"""The hand-in of the lesson on unprofitable customers: the treatment list with what each column means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title, say
from crm_lib.lesson.below_zero_words import name_choices
from crm_lib.lesson.display import finding
from crm_lib.lesson.kernel import notebook_variables, output_folder

if TYPE_CHECKING:
    import pandas as pd

_LIST = [
    *("customer_id", "treatment", "rule", "net_profit", "gross_profit", "cost_to_serve", "n_orders"),
    *("known_days", "expected_orders", "outlook_profit", "gain_amount", "explained"),
]


def list_treated(chosen: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Return the losing customers with what is proposed, the greatest loss first, in words.

    Parameters
    ----------
    chosen
        What `choose_plan` returned.
    people
        What `foresee` returned.

    Returns
    -------
    DataFrame
        One row per customer with a loss, also those who are left alone: the list says why.
    """
    columns = ["customer_id", "treatment", "rule", "gain_amount", "explained"]
    both = people.merge(chosen[columns], on="customer_id", validate="one_to_one")
    both = both[both["net_profit"] < 0].sort_values(["net_profit", "customer_id"], ignore_index=True)
    both = both.assign(
        known_days=both["known_days"].astype("Int64"), expected_orders=both["expected_orders"].round(2)
    )
    return name_choices(both[_LIST])


def sum_treated(chosen: pd.DataFrame) -> pd.DataFrame:
    """Sum the plan per treatment and rule.

    Parameters
    ----------
    chosen
        What `choose_plan` returned.

    Returns
    -------
    DataFrame
        One row per treatment and rule, in words, most customers first: treatment, rule, n_customers, net_profit (now,
        yuan), gain_amount (yuan).
    """
    grouped = chosen.groupby(["treatment", "rule"], sort=True)
    out = grouped.agg(
        n_customers=("customer_id", "size"), net_profit=("profit", "sum"), gain_amount=("gain_amount", "sum")
    ).reset_index()
    out = out.round({"net_profit": 4, "gain_amount": 4})
    out = out.sort_values(
        ["n_customers", "treatment", "rule"], ascending=[False, True, True], ignore_index=True
    )
    return name_choices(out)


def name_rules(rules: pd.DataFrame) -> pd.DataFrame:
    """Return the rules in words: rule, column, at_least, at_most, treatment, reason.

    Parameters
    ----------
    rules
        What `make_rules` returned.
    """
    named = name_choices(rules).rename(columns={"least": "at_least", "most": "at_most"})
    return named.assign(column=[column_title(c) for c in rules["column"]])


def export_list(chosen: pd.DataFrame, people: pd.DataFrame, rules: pd.DataFrame) -> Path:
    """Write ``tables/treatment_list.xlsx`` beside the report, and say so.

    Parameters
    ----------
    chosen, people, rules
        What `choose_plan`, `foresee` and `make_rules` returned.

    Returns
    -------
    Path
        The file written.
    """
    from crm_lib.readwrite.excel import write_excel

    folder = output_folder(str(notebook_variables().get("NOTEBOOK_ID", "lesson"))) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    treated = list_treated(chosen, people)
    sheets = {"list": treated, "sum": sum_treated(chosen), "rules": name_rules(rules)}
    named = {say(f"below_zero.sheet_{k}"): frame for k, frame in sheets.items()}
    named[say("below_zero.sheet_help")] = _explain_columns(named)
    titles = {c: column_title(c) for frame in named.values() for c in frame.columns}
    path = write_excel(folder / "treatment_list.xlsx", named, titles=titles)
    finding(say("below_zero.written", file=path.name, n=f"{len(treated):,}"))
    return path


def _explain_columns(sheets: dict[str, pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (sheet, column_title(c), say(f"below_zero.help_{c}"))
        for sheet, frame in sheets.items()
        for c in frame.columns
    ]
    return pd.DataFrame(rows, columns=["sheet", "column", "meaning"])
