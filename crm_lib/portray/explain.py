"""Say what sets each cluster apart: effect sizes, and a rule one can read out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra, require_range, require_values
from crm_lib.portray.describe import join_labels
from crm_lib.portray.features import RFM_COLUMNS
from crm_lib.portray.titles import title_feature, unit_feature, word_number

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

DEPTH = 3
Bounds = dict[str, tuple[float | None, float | None]]


def compare_clusters(
    customers: pd.DataFrame, labels: pd.DataFrame, *, columns: Sequence[str] = RFM_COLUMNS
) -> pd.DataFrame:
    """Measure how far each cluster lies from all other customers.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``customer_id`` and the numeric `columns`.
    labels : DataFrame
        One row per customer: ``customer_id``, ``cluster``.
    columns : sequence of str
        Quantities to compare.

    Returns
    -------
    DataFrame
        One row per cluster and quantity: ``cluster``, ``column``,
        ``median_inside``, ``median_outside``, ``robust_difference``,
        ``cliffs_delta``; by cluster, the largest |Cliff's delta| first.

    Notes
    -----
    ``robust_difference`` is the difference of medians over 1.4826 times the
    median absolute deviation of the others from their median (missing when
    that is 0).  ``cliffs_delta`` = P(inside > outside) − P(inside < outside),
    from −1 to 1, by ranks with ties shared; it knows no unit and no outlier.
    Both are missing when one cluster holds everybody.  Disputable: no
    p-values: clusters were made to differ, so a test would prove nothing.
    """
    import pandas as pd

    joined = _join("compare_clusters", customers, labels, columns)
    rows = [
        (int(cluster), column, *_compare(joined[column], joined["cluster"] == cluster))
        for cluster in sorted(joined["cluster"].unique())
        for column in columns
    ]
    names = ["cluster", "column", "median_inside", "median_outside", "robust_difference", "cliffs_delta"]
    out = pd.DataFrame(rows, columns=names).assign(size=lambda f: -f["cliffs_delta"].abs())
    return out.sort_values(["cluster", "size"], kind="stable")[names].reset_index(drop=True)


def explain_clusters(
    customers: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    columns: Sequence[str] = RFM_COLUMNS,
    max_rules: int = 1,
    money_unit: str = "元",
) -> pd.DataFrame:
    """Give each cluster a rule in the customers' own units, and say how well it fits.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``customer_id`` and the numeric `columns`.
    labels : DataFrame
        One row per customer: ``customer_id``, ``cluster``.
    columns : sequence of str
        Quantities a rule may use.
    max_rules : int
        Rules per cluster, at least 1.
    money_unit : str
        Unit of money in the rules.

    Returns
    -------
    DataFrame
        One row per cluster and rule: ``cluster``, ``rule`` (Chinese), ``bounds``
        (column → (at least, at most)), ``n_customers`` (of the cluster),
        ``n_covered`` (customers whom the rule fits, of any cluster),
        ``precision`` (share of those who are in the cluster), ``coverage``
        (share of the cluster whom the rule fits); the best rule first.

    Notes
    -----
    A decision tree of depth 3 is grown for each cluster against all others;
    each leaf is a rule, the best by the harmonic mean of precision and
    coverage.  Limits are values that occur in the data, moved to the nearest
    customer inside, and the two shares are counted with the limits as
    they are printed.  A cluster of everybody gets the rule "全部客户".
    """
    import pandas as pd

    require_range("explain_clusters", "max_rules", max_rules, 1)
    joined = _join("explain_clusters", customers, labels, columns)
    rows = []
    for cluster in sorted(joined["cluster"].unique()):
        inside = (joined["cluster"] == cluster).to_numpy()
        for bounds in _find_rules(joined[list(columns)].astype(float), inside)[:max_rules]:
            fits = _fit(joined, bounds)
            both, n, covered = int((fits & inside).sum()), int(inside.sum()), int(fits.sum())
            words = word_rule(bounds, money_unit=money_unit)
            rows.append((int(cluster), words, bounds, n, covered, both / max(covered, 1), both / n))
    names = ["cluster", "rule", "bounds", "n_customers", "n_covered", "precision", "coverage"]
    return pd.DataFrame(rows, columns=names)


def word_rule(bounds: Bounds, *, money_unit: str = "元") -> str:
    """Word the limits of a rule in Chinese.

    Parameters
    ----------
    bounds : dict
        Column → (at least, at most), None where there is no limit.
    money_unit : str
        Unit of money.

    Returns
    -------
    str
        Conditions joined by 且.

    Examples
    --------
    >>> word_rule({"n_orders": (4.0, None), "recency_days": (10.0, 90.0)})
    '订单数不少于 4 单，且距最近一次购买在 10 到 90 天之间'
    """
    parts = []
    for column, (low, high) in bounds.items():
        title, unit = title_feature(column), unit_feature(column, money_unit=money_unit)
        title += " " if title == column else ""
        least, most = (None if x is None else word_number(column, x) for x in (low, high))
        if low is not None and low == high:
            parts.append(f"{title}为 {least}{unit}")
        elif low is not None and high is not None:
            parts.append(f"{title}在 {least} 到 {most}{unit}之间")
        elif low is not None:
            parts.append(f"{title}不少于 {least}{unit}")
        else:
            parts.append(f"{title}不超过 {most}{unit}")
    return "，且".join(parts) or "全部客户"


def _join(where: str, customers: pd.DataFrame, labels: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    joined = join_labels(where, customers, labels, list(columns))
    for column in columns:
        values = pd.to_numeric(joined[column], errors="coerce").astype(float)
        good = pd.Series(np.isfinite(values.to_numpy()), index=joined.index)
        require_values(where, joined, column, good, "a finite number", "Clean the table with clean_table.")
        # a rule shows two decimals, so it is also made and counted on two
        joined[column] = values.round(2)
    return joined


def _compare(values: pd.Series, inside: pd.Series) -> tuple[float, float, float, float]:
    ours, others = values[inside], values[~inside]
    if others.empty:
        return float(ours.median()), float("nan"), float("nan"), float("nan")
    middle = others.median()
    spread = 1.4826 * (others - middle).abs().median()
    shift = float(ours.median() - middle)
    ranks = values.rank(method="average")[inside].sum()
    above = ranks - len(ours) * (len(ours) + 1) / 2
    delta = 2 * above / (len(ours) * len(others)) - 1
    return float(ours.median()), float(middle), shift / spread if spread > 0 else float("nan"), float(delta)


def _find_rules(values: pd.DataFrame, inside: np.ndarray) -> list[Bounds]:
    if inside.all() or values.shape[1] == 0:
        return [{}]
    tree = import_extra("sklearn.tree", extra="tour", purpose="Rules of clusters")
    least = max(1, int(inside.sum()) // 50)
    model = tree.DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=least, random_state=0)
    grown = model.fit(values.to_numpy(), inside).tree_
    found = [_tighten(values, path) for path in _list_leaves(grown, 0, [], list(values.columns))]
    # leaves without anyone of the cluster say nothing about it
    scored = [(_score(_fit(values, b), inside), b) for b in found]
    good = [(score, b) for score, b in scored if score > 0]
    return [b for _, b in sorted(good, key=lambda pair: -pair[0])]


def _list_leaves(grown: Any, node: int, path: list[Any], names: list[str]) -> list[list[Any]]:
    left, right = grown.children_left[node], grown.children_right[node]
    if left == right:
        return [path]
    name, cut = names[grown.feature[node]], float(grown.threshold[node])
    return [
        *_list_leaves(grown, left, [*path, (name, "most", cut)], names),
        *_list_leaves(grown, right, [*path, (name, "least", cut)], names),
    ]


def _tighten(values: pd.DataFrame, path: list[tuple[str, str, float]]) -> Bounds:
    bounds: Bounds = {}
    for name, side, cut in path:
        low, high = bounds.get(name, (None, None))
        column = values[name]
        if side == "most":
            high = float(column[column <= cut].max())
        else:
            low = float(column[column > cut].min())
        bounds[name] = (low, high)
    return bounds


def _fit(frame: pd.DataFrame, bounds: Bounds) -> np.ndarray:
    import numpy as np

    fits = np.ones(len(frame), dtype=bool)
    for name, (low, high) in bounds.items():
        values = frame[name].to_numpy(float)
        fits &= (values >= low) if low is not None else True
        fits &= (values <= high) if high is not None else True
    return fits


def _score(fits: np.ndarray, inside: np.ndarray) -> float:
    both = (fits & inside).sum()
    return float(2 * both / max(fits.sum() + inside.sum(), 1))
