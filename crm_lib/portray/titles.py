"""Chinese names of features: title, unit, and the label of a low and of a high value."""

from __future__ import annotations

CATEGORY_PREFIX = "category_share:"

NAMES: dict[str, tuple[str, str, str, str]] = {
    "order_rate": ("下单频率", " 单/30 天", "买得稀", "买得勤"),
    "mean_basket_value": ("平均每单金额", " {money}", "客单价低", "客单价高"),
    "recency_days": ("距最近一次购买", " 天", "最近购买", "久未购买"),
    "tenure_days": ("距首次购买", " 天", "新近客户", "老客户"),
    "n_orders": ("订单数", " 单", "购买较少", "购买频繁"),
    "revenue": ("消费金额", " {money}", "消费低", "消费高"),
    "mean_order_value": ("平均每单金额", " {money}", "客单价低", "客单价高"),
    "n_categories": ("购买类别数", " 类", "品类集中", "品类广泛"),
    "discount_share": ("打折行占比", "%", "少买打折", "常买打折"),
    "own_brand_share": ("自有品牌占比", "%", "少买自有品牌", "常买自有品牌"),
    "weekend_share": ("周末订单占比", "%", "平日购物", "周末购物"),
    "evening_share": ("傍晚订单占比", "%", "避开傍晚", "傍晚购物"),
    "return_share": ("退货行占比", "%", "很少退货", "退货较多"),
    "top_category_share": ("首选类别占比", "%", "不专一类", "专买一类"),
}
"""Feature → title, unit (``{money}``: the unit of money, ``%``: a share), low label, high label."""


def title_feature(column: str) -> str:
    """Return the Chinese title of a feature, or its own name when it has none.

    Parameters
    ----------
    column : str
        A column of `build_features`.

    Returns
    -------
    str
        The title.

    Examples
    --------
    >>> title_feature("order_rate"), title_feature("category_share:女装"), title_feature("x")
    ('下单频率', '女装占比', 'x')
    """
    if column.startswith(CATEGORY_PREFIX):
        return f"{column.removeprefix(CATEGORY_PREFIX)}占比"
    return NAMES[column][0] if column in NAMES else column


def unit_feature(column: str, *, money_unit: str = "元") -> str:
    """Return the unit of a feature with the space before it; ``%`` for a share, nothing when unknown."""
    if column.startswith(CATEGORY_PREFIX):
        return "%"
    return NAMES[column][1].format(money=money_unit) if column in NAMES else ""


def label_ends(column: str) -> tuple[str, str]:
    """Return the label of a low and of a high value of a feature.

    Examples
    --------
    >>> label_ends("revenue"), label_ends("category_share:女装")
    (('消费低', '消费高'), ('少买女装', '常买女装'))
    """
    if column.startswith(CATEGORY_PREFIX):
        name = column.removeprefix(CATEGORY_PREFIX)
        return f"少买{name}", f"常买{name}"
    return NAMES[column][2:] if column in NAMES else (f"{column} 低", f"{column} 高")


def word_value(column: str, value: float, *, money_unit: str = "元") -> str:
    """Return a value of a feature with its unit, as people read it.

    Parameters
    ----------
    column : str
        A column of `build_features`.
    value : float
        Its value; a share as a fraction.
    money_unit : str
        Unit of money.

    Returns
    -------
    str
        The value, or a dash when it is missing.

    Examples
    --------
    >>> word_value("order_rate", 2.5), word_value("weekend_share", 0.25), word_value("n_orders", 1200.0)
    ('2.50 单/30 天', '25%', '1,200 单')
    """
    if value != value:
        return "—"
    return word_number(column, value) + unit_feature(column, money_unit=money_unit)


def word_number(column: str, value: float) -> str:
    """Return a value of a feature without its unit; a share in percent."""
    if unit_feature(column) == "%":
        text = f"{100 * value:,.0f}"
    else:
        text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
    return text.replace("-", "−")
