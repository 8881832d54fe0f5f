"""Label single customers by rules: thresholds, quantiles, preferences (数据标签化)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day
from crm_lib.errors import DataError
from crm_lib.portray.measures import MEASURES, Known, know_tables
from crm_lib.portray.rules_reader import LabelRule, LabelRules, read_label_rules

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["customer_id", "label", "value", "strength", "version"]
PRIOR_LINES = 5
_EPS = 1e-9


def label_customers(
    frame: pd.DataFrame | Mapping[str, pd.DataFrame],
    *,
    rules: str | Path | LabelRules | None = None,
    as_of: Any,
) -> pd.DataFrame:
    """Label every customer by the rules of a file, as was known at the end of a day.

    Parameters
    ----------
    frame : DataFrame or mapping of DataFrame
        Order lines (``customer_id``, ``ordered_at``, ``amount``, and what else
        there is), or tables by name: ``orders``, ``products`` (one row per
        ``sku``), ``clicks`` (``customer_id``, ``occurred_at``).
    rules : path or LabelRules, optional
        TOML file of the rules; without it those of the library.
    as_of : date
        Rows later than this day count nowhere.

    Returns
    -------
    DataFrame
        One row per customer and label: ``customer_id``, ``label``, ``value``
        (of the measure, or the share of the preferred category), ``strength``
        (0…1), ``version``; by customer, the strongest first.  ``attrs``:
        ``rules`` (per rule name, kind, definition, what it is about, whether it applied
        and if not what was missing), ``as_of``, ``version``, ``n_customers``,
        ``n_later`` (rows left out, per table).

    Raises
    ------
    DataError
        All orders lie after `as_of`, or a row has no customer, time or amount.

    Notes
    -----
    *rule*: within its limits; strength is the customer's midrank on the side
    of the limit (share of customers further from it), with two limits the
    share of customers outside them.  *statistic* ``top = q``: at least the
    share 1 − q of customers lies strictly below, so equal customers share
    their label and never more than q bear it; on heavy ties it may be nobody.
    *preference*: lift = share with the customer over share in all purchase
    lines; strength is the share less the base, the share first drawn to the
    base by five lines of prior weight: three of three are weaker than thirty
    of thirty.  Disputable: strengths of different kinds share a scale, not a
    meaning; they order the labels of one customer, they do not measure.
    """
    import pandas as pd

    day = parse_day("label_customers", "as_of", as_of)
    rules = rules if isinstance(rules, LabelRules) else read_label_rules(rules)
    known = know_tables("label_customers", frame, day)
    parts, told = [], []
    for rule in rules.labels:
        missing = _find_missing(known, rule)
        if not missing:
            parts.append(_apply(known, rule))
        told.append(_tell(rule, missing, parts[-1] if not missing else None))
    parts = [p for p in parts if len(p)]
    empty = {c: pd.Series(dtype=float if c in {"value", "strength"} else object) for c in COLUMNS}
    out = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(empty)
    out = out.assign(version=rules.version)
    out = out.sort_values(["customer_id", "strength", "label"], ascending=[True, False, True], kind="stable")
    out = out[COLUMNS].reset_index(drop=True)
    out.attrs.update(rules=told, as_of=day.isoformat(), version=rules.version)
    out.attrs.update(n_customers=_count_customers(known), n_later=known.n_later)
    return out


def summarize_labels(labels: pd.DataFrame) -> pd.DataFrame:
    """Tell how many customers bear each label, and which rules could not be applied.

    Parameters
    ----------
    labels : DataFrame
        What `label_customers` returned.

    Returns
    -------
    DataFrame
        One row per label, in the order of the rules (values of a preference:
        the most frequent first): ``label``, ``kind``, ``definition``,
        ``as_of``, ``version``, ``applied`` (bool), ``missing`` (columns a rule
        that did not apply wants), ``n_customers``, ``coverage`` (share of all
        customers), ``mean_strength``.
    """
    import pandas as pd

    if "rules" not in labels.attrs:
        raise DataError(
            "summarize_labels: needs what label_customers returned, with its attrs; they are gone. "
            "Summarise before merging or saving."
        )
    total = max(labels.attrs["n_customers"], 1)
    counts = labels.groupby("label")["strength"].agg(["size", "mean"])
    rows = []
    for rule in labels.attrs["rules"]:
        for name in rule["labels"] or [rule["name"]]:
            n = int(counts["size"].get(name, 0))
            rows.append({
                "label": name,
                **{c: rule[c] for c in ("kind", "definition")},
                **{c: labels.attrs[c] for c in ("as_of", "version")},
                "applied": not rule["missing"],
                "missing": "、".join(rule["missing"]),
                "n_customers": n,
                "coverage": n / total,
                "mean_strength": float(counts["mean"].get(name, float("nan"))),
            })
    return pd.DataFrame(rows)


def _find_missing(known: Known, rule: LabelRule) -> list[str]:
    if rule.kind == "preference":
        return known.lacks((f"orders.{rule.column}",))
    missing = known.lacks(MEASURES[rule.measure].needs)
    if (
        not missing
        and rule.measure == "night_share"
        and (known.orders["ordered_at"] == known.orders["day"]).all()
    ):
        return ["orders.ordered_at (time of day)"]
    return missing


def _tell(rule: LabelRule, missing: list[str], found: pd.DataFrame | None) -> dict[str, Any]:
    counts = {} if found is None else found["label"].value_counts().to_dict()
    names = sorted(counts, key=lambda label: (-counts[label], label))
    return {
        "name": rule.name,
        "kind": rule.kind,
        "definition": rule.definition,
        "about": rule.measure or rule.column,
        "missing": missing,
        "labels": names,
    }


def _count_customers(known: Known) -> int:
    seen = set(known.orders["customer_id"])
    return len(seen if known.clicks is None else seen | set(known.clicks["customer_id"]))


def _apply(known: Known, rule: LabelRule) -> pd.DataFrame:
    if rule.kind == "preference":
        return _apply_preference(known, rule)
    import pandas as pd

    values = MEASURES[rule.measure].compute(known).astype(float)
    below = (values.rank(method="min") - 1).to_numpy()
    above = (values.rank(method="min", ascending=False) - 1).to_numpy()
    n = max(len(values), 1)
    high = (below + (n - below - above) / 2) / n
    if rule.kind == "statistic":
        top = rule.top is not None
        beaten, share = (below, rule.top) if top else (above, rule.bottom)
        chosen, strength = beaten >= (1 - share) * n - _EPS, high if top else 1 - high
    else:
        chosen, strength = _within(values, rule, high)
    out = pd.DataFrame({"customer_id": values.index, "label": rule.name, "value": values.to_numpy()})
    return out.assign(strength=strength)[chosen]


def _within(values: pd.Series, rule: LabelRule, high: Any) -> tuple[Any, Any]:
    low_end = rule.at_least if rule.at_least is not None else float("-inf")
    high_end = rule.at_most if rule.at_most is not None else float("inf")
    chosen = values.between(low_end - _EPS, high_end + _EPS).to_numpy()
    if rule.at_least is not None and rule.at_most is not None:
        return chosen, 1 - chosen.mean() if len(values) else 0.0
    return chosen, high if rule.at_most is None else 1 - high


def _apply_preference(known: Known, rule: LabelRule) -> pd.DataFrame:
    lines = known.orders[known.orders["purchase"] & known.orders[rule.column].notna()]
    text = lines[rule.column].astype(str).str.strip()
    lines = lines.assign(kind=text)[(text != "").to_numpy()]
    base = lines["kind"].value_counts() / max(len(lines), 1)
    own = lines.groupby("customer_id").size()
    pairs = lines.groupby(["customer_id", "kind"]).size().rename("n").reset_index()
    usual, total = pairs["kind"].map(base).astype(float), pairs["customer_id"].map(own).astype(float)
    share = pairs["n"] / total
    drawn = (pairs["n"] + PRIOR_LINES * usual) / (total + PRIOR_LINES)
    chosen = (pairs["n"] >= rule.min_count) & (share >= rule.min_lift * usual - _EPS)
    label = pairs["kind"].map(lambda kind: rule.name.replace("{value}", kind))
    out = pairs[["customer_id"]].assign(label=label, value=share, strength=drawn - usual)
    return out[chosen]
