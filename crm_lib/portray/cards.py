"""Portrait cards: the facts and labels of one customer or of one cluster, private by default."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_columns
from crm_lib.errors import DataError
from crm_lib.portray.labels import NO_PURCHASE, ONLY_ONCE
from crm_lib.portray.measures import MEASURES, know_tables
from crm_lib.portray.titles import label_ends, title_feature

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

COLUMNS = ["part", "field", "title", "value", "strength"]
OPEN_FIELDS = {
    "channel": "登记渠道",
    "province": "省份",
    "city": "城市",
    "gender": "性别",
    "age_band": "年龄段",
    "household_size": "家庭人数",
    "occupation": "职业",
    "education": "学历",
    "language": "语言",
    "registered_on": "登记日期",
}
"""Fields of the register that a portrait shows unasked."""

PRIVATE_FIELDS = {
    "name": "姓名",
    "phone": "手机号",
    "email": "电子邮箱",
    "address": "地址",
    "birth_date": "出生日期",
}
"""Fields that lead to the person; shown only when they are named in ``show``."""

_UNITS = {
    "recency_days": "{:,.0f} 天",
    "tenure_days": "{:,.0f} 天",
    "n_orders": "{:,.0f} 单",
    "revenue": "{:,.2f} {unit}",
    "mean_order_value": "{:,.2f} {unit}",
}


def portrait_customer(
    customer_id: str,
    *,
    tables: Any,
    labels: pd.DataFrame,
    as_of: Any,
    show: Sequence[str] = (),
    money_unit: str = "元",
) -> pd.DataFrame:
    """Put together the portrait of one customer: static facts, dynamic facts, labels.

    Parameters
    ----------
    customer_id : str
        Whose portrait.
    tables : mapping of DataFrame or DataFrame
        Order lines, or ``orders`` with ``products``, ``clicks`` and the
        register ``customers`` (one row per customer).
    labels : DataFrame
        What `label_customers` returned for the same day.
    as_of : date
        Later rows count nowhere.
    show : sequence of str
        Further columns of the register to show, such as ``name``.
    money_unit : str
        Unit of money.

    Returns
    -------
    DataFrame
        One row per fact or label: ``part`` ("static", "dynamic", "label"),
        ``field``, ``title`` (Chinese), ``value`` (text), ``strength`` (of
        labels).  ``attrs``: ``subject``, ``as_of``, ``hidden`` (columns of the
        register that were left out), ``version`` and ``definitions`` (label →
        definition) as `label_customers` gave them.

    Raises
    ------
    DataError
        The customer is not in the orders, labels are of another day, or the
        register has several rows of the customer.

    Notes
    -----
    Private by default: of the register only the fields in ``OPEN_FIELDS`` are
    shown, so that a column nobody thought of stays out; name, phone, e-mail,
    address and birthday must be asked for by name.
    """
    import pandas as pd

    day = parse_day("portrait_customer", "as_of", as_of)
    require_columns("portrait_customer", labels.columns, ["customer_id", "label", "strength"])
    if labels.attrs.get("as_of", day.isoformat()) != day.isoformat():
        raise DataError(
            f"portrait_customer: labels must be of the same day; as_of is {day}, they are of "
            f"{labels.attrs['as_of']}. Label the customers again."
        )
    given = dict(tables) if isinstance(tables, dict) else {"orders": tables}
    register = given.pop("customers", None)
    static, hidden = _list_static(register, customer_id, tuple(show))
    own = labels[labels["customer_id"] == customer_id]
    bearing = [("label", "", row.label, "", float(row.strength)) for row in own.itertuples(index=False)]
    dynamic = _list_dynamic(given, customer_id, day, money_unit)
    out = pd.DataFrame([*static, *dynamic, *bearing], columns=COLUMNS)
    out.attrs.update(subject=f"客户 {customer_id}", as_of=day.isoformat(), hidden=hidden)
    out.attrs.update(version=labels.attrs.get("version"), definitions=_define(labels, own["label"]))
    return out


def portrait_cluster(
    cluster: int, *, description: pd.DataFrame, labels: pd.DataFrame, money_unit: str = "元"
) -> pd.DataFrame:
    """Put together the portrait of one cluster: its size, its medians, its labels.

    Parameters
    ----------
    cluster : int
        Which cluster.
    description : DataFrame
        One row per cluster, as `describe_clusters` returns it.
    labels : DataFrame
        Labels with strength, as `label_clusters` returns them.
    money_unit : str
        Unit of money.

    Returns
    -------
    DataFrame
        As `portrait_customer`; nothing in it belongs to a single customer.
        ``attrs``: ``subject``, ``hidden`` (nothing), ``n_customers``, and
        ``definitions`` (label → what was compared).

    Raises
    ------
    DataError
        The cluster is not described.
    """
    import pandas as pd

    require_columns("portrait_cluster", description.columns, ["cluster", "n_customers", "customer_share"])
    require_columns("portrait_cluster", labels.columns, ["cluster", "label", "strength"])
    found = description[description["cluster"] == cluster]
    if found.empty:
        known = "、".join(map(str, description["cluster"]))
        raise DataError(f"portrait_cluster: cluster must be one of {known}; got {cluster}. Choose one.")
    row = found.iloc[0]
    own = labels[(labels["cluster"] == cluster) & (labels["label"] != "")]
    # equal strengths differ in the last digit by the order of summing
    own = own.assign(strength=own["strength"].round(9))
    own = own.sort_values(["strength", "label"], ascending=[False, True], kind="stable")
    own = own.drop_duplicates("label")
    bearing = [("label", "", r.label, "", float(r.strength)) for r in own.itertuples(index=False)]
    out = pd.DataFrame([*_list_cluster(row, money_unit), *bearing], columns=COLUMNS)
    out.attrs.update(subject=f"第 {cluster} 群", hidden=[], n_customers=int(row["n_customers"]))
    out.attrs["definitions"] = _define_deviations(own)
    return out


def _define(labels: pd.DataFrame, own: pd.Series) -> dict[str, str]:
    rules = labels.attrs.get("rules", ())
    defined = {label: rule["definition"] for rule in rules for label in rule["labels"]}
    return {label: defined[label] for label in own if label in defined}


def _define_deviations(own: pd.DataFrame) -> dict[str, str]:
    """Say of each label what it compares; other frames of labels than those of `label_clusters` say nothing."""
    if not {"feature", "deviation"} <= set(own.columns):
        return {}
    said = {}
    for row in own.itertuples(index=False):
        title = title_feature(str(row.feature))
        if row.label in {ONLY_ONCE, NO_PURCHASE, *label_ends(str(row.feature))}:
            place = (1 + row.deviation) / 2
            said[row.label] = f"按“{title}”从低到高排，本群客户平均排在全体客户的 {place:.0%} 处"
        else:
            said[row.label] = (
                f"“{title}”一项的这个取值，在本群比在全体客户中多 {100 * row.deviation:.0f} 个百分点"
            )
    return said


def _list_cluster(row: pd.Series, unit: str) -> list[tuple[Any, ...]]:
    facts = [
        ("static", "n_customers", "客户数", "{:,.0f} 位"),
        ("static", "customer_share", "占全部客户", "{:.1%}"),
        ("static", "revenue_share", "占消费金额", "{:.1%}"),
        ("dynamic", "median_recency_days", "距最近一次购买（中位数）", "{:,g} 天"),
        ("dynamic", "median_n_orders", "订单数（中位数）", "{:,g} 单"),
        ("dynamic", "median_revenue", "消费金额（中位数）", "{:,.2f} {unit}"),
        ("dynamic", "median_order_rate", "下单频率（中位数）", "{:,.2f} 单/30 天"),
        ("dynamic", "median_mean_basket_value", "平均每单金额（中位数）", "{:,.2f} {unit}"),
    ]
    return [
        (part, field, title, form.format(row[field], unit=unit), float("nan"))
        for part, field, title, form in facts
        if field in row.index and row[field] == row[field]
    ]


def _list_static(
    register: pd.DataFrame | None, customer_id: str, show: tuple[str, ...]
) -> tuple[list[tuple[Any, ...]], list[str]]:
    if register is None:
        return [], []
    require_columns("portrait_customer", register.columns, ["customer_id", *show])
    own = register[register["customer_id"] == customer_id]
    if len(own) > 1:
        raise DataError(
            f"portrait_customer: the register must hold one row per customer; {customer_id} has {len(own)}. "
            "Merge the records first."
        )
    wanted = [c for c in (*OPEN_FIELDS, *show) if c in register.columns]
    titles = {**OPEN_FIELDS, **PRIVATE_FIELDS}
    hidden = [str(c) for c in register.columns if c not in wanted and c != "customer_id"]
    rows = []
    for column in dict.fromkeys(wanted):
        value = own[column].iloc[0] if len(own) else None
        text = "" if value is None or value != value else str(value).removesuffix(" 00:00:00").strip()
        if text:
            rows.append(("static", column, titles.get(column, column), text, float("nan")))
    return rows, hidden


def _list_dynamic(tables: dict[str, Any], customer_id: str, day: dt.date, unit: str) -> list[tuple[Any, ...]]:
    # a measure of one customer needs only this customer's rows
    own = {name: _own(table, customer_id) for name, table in tables.items()}
    if "orders" in own and not _has_order_by(own["orders"], day):
        raise DataError(
            f"portrait_customer: the customer must have an order line by {day}; {customer_id} has none. "
            "Is the number written as in the orders?"
        )
    known = know_tables("portrait_customer", own, day)
    rows = []
    for name, measure in MEASURES.items():
        value = None if known.lacks(measure.needs) else measure.compute(known).get(customer_id)
        if value is not None and value == value:
            form = _UNITS.get(name, "{:.0%}" if name.endswith("_share") else "{:,.0f}")
            rows.append(("dynamic", name, measure.title, form.format(float(value), unit=unit), float("nan")))
    return rows


def _own(table: pd.DataFrame, customer_id: str) -> pd.DataFrame:
    return table[table["customer_id"] == customer_id] if "customer_id" in table.columns else table


def _has_order_by(orders: pd.DataFrame, day: dt.date) -> bool:
    import pandas as pd

    require_columns("portrait_customer", orders.columns, ["customer_id", "ordered_at"])
    times = pd.to_datetime(orders["ordered_at"], errors="coerce")
    return bool((times.dt.date <= day).any())
