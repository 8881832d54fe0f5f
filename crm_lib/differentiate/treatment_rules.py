"""Which treatment a customer gets: by a table of rules, with reasons, and reviewed after a period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import list_words, require_choice
from crm_lib.differentiate.checks import find_id_faults, find_number_faults, raise_faults, require_frame
from crm_lib.differentiate.fairness import refuse_protected
from crm_lib.differentiate.treatments import NEEDED, TREATMENTS, Assumptions, simulate_treatments
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_REMOVED = ("transfer", "end")
_RULE_COLUMNS = ("rule", "column", "least", "most", "treatment", "reason")


def choose_treatments(
    customers: pd.DataFrame, rules: pd.DataFrame, *, assumptions: Assumptions | None = None
) -> pd.DataFrame:
    """Choose a treatment per customer by a table of rules, with the reason in words.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, revenue, gross_profit, cost_to_serve and every column the rules use.
    rules : DataFrame
        One row per condition, in the order they are tried: rule (name), column, least, most (either may be
        missing; both ends belong to the range), treatment, reason (a sentence for the customer's file).  Rows of
        one rule hold together: all its conditions must be met.  The first rule that fits decides.
    assumptions : Assumptions, optional
        What the simulated gain takes for granted.

    Returns
    -------
    DataFrame
        One row per customer, in their order: customer_id, treatment (leave_alone when no rule fits), rule,
        reason, facts (the values that decided, as text), profit (yuan now), gain (yuan expected).
        ``attrs["n_unknown"]``: customers for whom a value a rule asks for is missing; no rule that asks for it
        fits them.

    Raises
    ------
    ParameterError
        When a rule uses a protected attribute (see `find_protected`), an unknown treatment, or has no name or
        neither end.
    DataError
        When a column of a rule holds no numbers, and as `simulate_treatments`.
    SchemaError
        When a column of a rule is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({
    ...     "customer_id": ["a", "b"], "revenue": [100.0, 10.0], "gross_profit": [20.0, 5.0],
    ...     "cost_to_serve": [50.0, 1.0], "net_profit": [-30.0, 4.0],
    ... })
    >>> rules = pd.DataFrame({"rule": ["loss"], "column": ["net_profit"], "least": [None], "most": [-10.0],
    ...                       "treatment": ["cheaper_channel"], "reason": ["亏损超过 10 元"]})
    >>> choose_treatments(people, rules)[["treatment", "facts"]].values.tolist()
    [['cheaper_channel', 'net_profit = -30'], ['leave_alone', '']]
    """
    require_frame("choose_treatments", rules, _RULE_COLUMNS)
    refuse_protected("choose_treatments", [str(c) for c in rules["column"]])
    _require_rules(rules)
    used = tuple(dict.fromkeys(rules["column"]))
    require_frame("choose_treatments", customers, ("customer_id", *NEEDED, *used))
    _require_numbers(customers, used)
    ids = customers["customer_id"].astype("str")
    out = _apply_rules(customers, rules).assign(customer_id=ids.to_numpy()).astype("str")
    out = out[["customer_id", "treatment", "rule", "reason", "facts"]]
    gains = simulate_treatments(customers, assumptions=assumptions)
    table = gains.pivot(index="customer_id", columns="treatment", values=["profit", "gain"])
    out["profit"] = table["profit"]["leave_alone"].reindex(ids).to_numpy()
    mine = out[["customer_id", "treatment"]].merge(gains, on=["customer_id", "treatment"], how="left")
    out["gain"] = mine["gain"].to_numpy()
    asked = customers[list(used)].isna().any(axis=1)
    out.attrs["n_unknown"] = int(asked.sum())
    return out


def _apply_rules(customers: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Return treatment, rule, reason and facts of each customer; the first rule that fits decides."""
    import numpy as np
    import pandas as pd

    n = len(customers)
    chosen, names, reasons, facts = (np.full(n, "", dtype=object) for _ in range(4))
    for name, part in rules.groupby("rule", sort=False):
        meets = [_meets(customers[r.column], r.least, r.most) for r in part.itertuples()]
        mine = np.flatnonzero(np.logical_and.reduce(meets) & (chosen == ""))
        first = part.iloc[0]
        chosen[mine], names[mine], reasons[mine] = first["treatment"], str(name), str(first["reason"])
        columns = list(dict.fromkeys(part["column"]))
        facts[mine] = ["；".join(f"{c} = {customers[c].iloc[i]:.10g}" for c in columns) for i in mine]
    chosen[chosen == ""] = "leave_alone"
    return pd.DataFrame({"treatment": chosen, "rule": names, "reason": reasons, "facts": facts})


def _meets(values: pd.Series, least: object, most: object) -> np.ndarray:
    import numpy as np
    import pandas as pd

    numbers = pd.to_numeric(values).to_numpy(dtype="float64", na_value=np.nan)
    fits = ~np.isnan(numbers)
    if not pd.isna(least):
        fits &= numbers >= float(least)  # type: ignore[arg-type]
    if not pd.isna(most):
        fits &= numbers <= float(most)  # type: ignore[arg-type]
    return fits


def _require_numbers(customers: pd.DataFrame, used: tuple[str, ...]) -> None:
    """Refuse columns that cannot lie between two numbers; a missing value may stand in any."""
    known = (customers[customers[c].notna()] for c in used)
    raise_faults(
        "choose_treatments",
        [f for c, rows in zip(used, known, strict=True) for f in find_number_faults(rows, c)],
    )


def _require_rules(rules: pd.DataFrame) -> None:
    nameless = rules["rule"].isna() | (rules["rule"].astype("str").str.strip() == "")
    if nameless.any():
        raise ParameterError(
            f"choose_treatments: every rule needs a name; {int(nameless.sum()):,} of {len(rules):,} conditions have "
            "none. Name them: the empty name stands for customers no rule fits."
        )
    for row in rules.itertuples():
        require_choice("choose_treatments", f"treatment of rule {row.rule!r}", row.treatment, TREATMENTS)
    open_ended = rules[rules["least"].isna() & rules["most"].isna()]
    mixed = rules.groupby("rule")["treatment"].nunique()
    if len(open_ended) or (mixed > 1).any():
        which = list_words(map(repr, [*open_ended["rule"], *mixed[mixed > 1].index]))
        raise ParameterError(
            f"choose_treatments: a condition needs least or most, and a rule one treatment; rule {which} breaks that. "
            "Name two rules, or fill in an end."
        )


def review_treatments(plan: pd.DataFrame, after: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Review the rules after a period: who came back to profit, and who was removed wrongly.

    Parameters
    ----------
    plan : DataFrame
        What `choose_treatments` returned: customer_id, treatment, rule, profit (yuan of the period before).
    after : DataFrame
        One row per customer seen in the period after: customer_id, net_profit (yuan).
    confidence : float
        Of the intervals, above 0 and below 1.

    Returns
    -------
    DataFrame
        One row per rule and treatment (rule "" = no rule fitted), sorted: rule, treatment, n_customers, n_losing
        (profit below 0 before), n_seen (of those, bought after), n_back (of those, profit ≥ 0 after), back_share,
        low_share, high_share (n_back ÷ n_losing with Wilson's interval; a customer who is gone has not come
        back), mean_change (yuan, of the losing ones seen again), n_wrong (removed customers who were profitable
        after: the rule should not have caught them).

    Raises
    ------
    DataError
        When a customer has no number, stands twice, or a profit is no number.

    Notes
    -----
    Who lost most in one period loses less in the next even if nobody does anything: hold mean_change and
    back_share against the losing customers left alone (rule ""), not against 0.  Only an experiment shows the
    effect of a treatment.

    Examples
    --------
    >>> import pandas as pd
    >>> plan = pd.DataFrame({"customer_id": ["a", "b"], "treatment": ["reprice", "end"], "rule": ["x", "y"],
    ...                      "profit": [-5.0, -9.0]})
    >>> after = pd.DataFrame({"customer_id": ["a", "b"], "net_profit": [2.0, 1.0]})
    >>> review_treatments(plan, after)[["rule", "n_back", "mean_change", "n_wrong"]].values.tolist()
    [['x', 1, 7.0, 0], ['y', 1, 10.0, 1]]
    """
    import pandas as pd

    require_frame("review_treatments", plan, ("customer_id", "treatment", "rule", "profit"))
    require_frame("review_treatments", after, ("customer_id", "net_profit"))
    faults = [f for frame, c in ((plan, "profit"), (after, "net_profit"))
              for f in (*find_id_faults(frame), *find_number_faults(frame, c))]  # fmt: skip
    raise_faults("review_treatments", faults)
    later = after.set_index(after["customer_id"].astype("str"))["net_profit"]
    every = plan.assign(now=plan["customer_id"].astype("str").map(later).astype("float64"))
    rows = [
        (rule, treatment, *_review_one(part, treatment, confidence))
        for (rule, treatment), part in every.groupby(["rule", "treatment"], sort=True)
    ]
    return pd.DataFrame(rows, columns=_REVIEWED).astype({"rule": "str", "treatment": "str"})


_REVIEWED = [
    *("rule", "treatment", "n_customers", "n_losing", "n_seen", "n_back"),
    *("back_share", "low_share", "high_share", "mean_change", "n_wrong"),
]


def _review_one(part: pd.DataFrame, treatment: str, confidence: float) -> tuple:
    from crm_lib.stats import interval_of_share

    losing = part[part["profit"] < 0]
    seen = losing[losing["now"].notna()]
    n_back = int((seen["now"] >= 0).sum())
    nan = float("nan")
    share = interval_of_share(n_back, len(losing), confidence=confidence) if len(losing) else (nan, nan, nan)
    change = float((seen["now"] - seen["profit"]).mean()) if len(seen) else nan
    wrong = int((part["now"] > 0).sum()) if treatment in _REMOVED else 0
    return (len(part), len(losing), len(seen), n_back, *share, change, wrong)
