"""大数据杀熟: whether some customers are asked more than others for the same thing at the same time.

Like is compared with like only: quotes of one article, one channel, one number
of pieces within one window of time.  What is left to explain within such a
stratum is who asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_range
from crm_lib.errors import ParameterError
from crm_lib.protect import price_effects as effects_of
from crm_lib.protect.price_strata import WHERE, code_strata, list_groups, list_usable

if TYPE_CHECKING:
    import pandas as pd

ACCUSED, NOT_SHOWN, TOO_FEW = "accused", "not shown", "too few"
COUPONS = ("apart", "match", "paid")
_EFFECTS = ["comparison", "group", "part", "effect", "low", "high", "p", "p_adjusted", "detectable",
            "n_strata", "n_quotes", "n_quotes_others", "n_customers", "n_customers_others", "verdict"]  # fmt: skip
_COUPONS = ["comparison", "group", "part", "effect", "effect_paid", "low_paid", "high_paid",
            "coupon_share", "coupon_share_others", "mean_coupon", "mean_coupon_others"]  # fmt: skip
_STRATA = ["comparison", "group", "part", "sku", "begins", "n_quotes", "n_quotes_others", "price",
           "price_others", "difference"]  # fmt: skip


@dataclass(frozen=True)
class PriceAudit:
    """What an audit of prices found.

    Attributes
    ----------
    verdict : str
        ``accused`` when any comparison is, ``too few`` when none could be judged, else ``not shown``.
    effects : DataFrame
        One row per comparison, group and part: ``effect`` (what the group is asked more, a share),
        ``low``, ``high``, ``p``, ``p_adjusted`` (Holm), ``detectable`` (the smallest effect that would
        have been seen with 80 % power), counts of both sides, ``verdict``.
    coupons : DataFrame
        The same comparisons after coupons, shown and not judged: effect on the price paid, how many
        had a coupon, and its mean.
    strata : DataFrame
        One row per comparison and stratum: mean prices of both sides (geometric) and their difference,
        the largest first.
    left_out : DataFrame
        The quotes that no comparison used, each with its ``reason``.
    n_quotes, n_matched : int
        Quotes given, and quotes used by at least one comparison.
    settings : dict
        The parameters of the audit.
    """

    verdict: str
    effects: pd.DataFrame
    coupons: pd.DataFrame
    strata: pd.DataFrame
    left_out: pd.DataFrame
    n_quotes: int
    n_matched: int
    settings: dict[str, Any] = field(default_factory=dict)


def audit_prices(
    quotes: pd.DataFrame,
    *,
    comparisons: Sequence[str] = ("known", "device"),
    match: Sequence[str] | None = None,
    within: str | None = "channel",
    window_minutes: int = 60,
    coupons: str = "apart",
    min_effect: float = 0.005,
    min_customers: int = 20,
    min_strata: int = 20,
    confidence: float = 0.95,
) -> PriceAudit:
    """Compare what groups of customers are asked for the same article at the same time and place.

    Parameters
    ----------
    quotes : DataFrame
        One row per quote: ``sku``, ``quoted_at``, ``price`` (one piece, before coupons); where they are
        there ``quote_id``, ``customer_id``, ``channel``, ``quantity``, ``device``, ``new_customer``,
        ``member`` (days known), ``coupon`` (yuan off one piece).
    comparisons : sequence of str
        ``known`` (known customers against new ones), or columns of `quotes`: a yes/no column is its
        group against the others, of any other column each value is a group.
    match : sequence of str, optional
        Columns that must agree beside the time; by default those of ``sku``, ``channel``,
        ``quantity`` that the table has.
    within : str, optional
        Column whose values are judged one by one, such as the channel; None for all together.
    window_minutes : int
        Length of a window of time, 1 to 10,080 (a week); windows begin at midnight.
    coupons : {"apart", "match", "paid"}
        Judge the price before coupons and show what they do apart; or the price paid, among quotes
        that agree in having a coupon; or the price paid, whoever has one.
    min_effect : float
        What is not material, as a share of the price, 0 to 0.5: an accusation needs more.
    min_customers, min_strata : int
        Fewer customers on a side or fewer strata with both sides are too few to judge.
    confidence : float
        Of the intervals; 1 − confidence is the error rate that Holm's method keeps for all
        accusations together.

    Returns
    -------
    PriceAudit
        Verdict, effects, coupons, strata and what could not be compared.

    Raises
    ------
    SchemaError, DataError, ParameterError
        A column is missing, a comparison has too many groups, a parameter is out of range.

    Notes
    -----
    The effect is exp(b) − 1, b the mean difference of log prices within strata (`estimate_within`,
    errors clustered by customer and by stratum).  A group is accused when the hypothesis b ≤
    log(1 + min_effect) falls after Holm's correction over all comparisons judged; so ``not shown``
    is no proof of innocence, and ``detectable`` says what could have been seen.  The disputable
    choice: coupons for new customers are promotion and by default no reason for an accusation, but
    they are shown, because a coupon that all strangers get is a price by another name.

    References
    ----------
    个人信息保护法, article 24: no unreasonable difference in price by automated decisions.

    Examples
    --------
    >>> from crm_lib.sample import make_quotes
    >>> audit = audit_prices(make_quotes(500, seed=0)[0])
    >>> audit.verdict, audit.effects.loc[audit.effects["verdict"] == "accused", "part"].tolist()
    ('accused', ['web'])
    """
    _check_settings(comparisons, window_minutes, coupons, min_effect, confidence)
    usable, bad = list_usable(quotes, coupons)
    match = [c for c in ("sku", "channel", "quantity") if c in usable] if match is None else list(match)
    frame = code_strata(usable, match, window_minutes, coupons)
    rule = _Rule("shown" if coupons == "apart" else "paid", min_effect, min_customers, min_strata, confidence)
    parts, used = _compare_all(frame, comparisons, within, rule)
    effects = _judge([p[0] for p in parts], confidence)
    settings = {"comparisons": list(comparisons), "match": match, "within": within, "coupons": coupons,
                "window_minutes": window_minutes, "min_effect": min_effect, "confidence": confidence,
                "min_customers": min_customers, "min_strata": min_strata}  # fmt: skip
    return PriceAudit(
        _sum_up(effects),
        effects,
        _frame_of([p[1] for p in parts], _COUPONS),
        _join_strata([p[2] for p in parts]),
        _list_left_out(usable, bad, used),
        len(quotes),
        int(used.sum()),
        settings,
    )


@dataclass(frozen=True)
class _Rule:
    price: str
    min_effect: float
    min_customers: int
    min_strata: int
    confidence: float


def _check_settings(
    comparisons: Sequence[str], window_minutes: int, coupons: str, min_effect: float, confidence: float
) -> None:
    if isinstance(comparisons, str) or not comparisons:
        raise ParameterError(
            f"{WHERE}: comparisons must be a list of names; got {comparisons!r}. Write ['known']."
        )
    require_choice(WHERE, "coupons", coupons, COUPONS)
    require_range(WHERE, "window_minutes", window_minutes, 1, 10_080)
    require_range(WHERE, "min_effect", min_effect, 0, 0.5)
    require_range(WHERE, "confidence", confidence, 0.5, 0.999)


def _compare_all(
    frame: pd.DataFrame, comparisons: Sequence[str], within: str | None, rule: _Rule
) -> tuple[list[tuple[dict[str, Any], dict[str, Any], pd.DataFrame]], pd.Series]:
    """Return effect, coupons and strata of each comparison, and which quotes were used by any."""
    import pandas as pd

    from crm_lib._checks import require_columns

    require_columns(WHERE, frame.columns, [within] if within else [])
    names = sorted(frame[within].dropna().unique().tolist(), key=str) if within else [""]
    used, out = pd.Series(False, index=frame.index), []
    for comparison in comparisons:
        for group, member in list_groups(frame, comparison):
            for part in names:
                here = member.notna() & (frame[within].eq(part) if within else True)
                rows = frame[here].assign(group=member[here].astype(bool))
                mean = rows.groupby("stratum")["group"].transform("mean")
                rows = rows[(mean > 0) & (mean < 1)]
                label = {"comparison": comparison, "group": group, "part": str(part)}
                if rows.empty and comparison != "known":
                    continue  # a device that a channel does not have is no comparison
                used |= frame.index.isin(rows.index)
                out.append(_compare_one(rows, label, rule))
    return out, used


def _compare_one(
    rows: pd.DataFrame, label: dict[str, Any], rule: _Rule
) -> tuple[dict[str, Any], dict[str, Any], pd.DataFrame]:
    import numpy as np
    import pandas as pd

    one, other = rows[rows["group"]], rows[~rows["group"]]
    stratum = pd.factorize(rows["stratum"])[0]
    count = {
        "n_strata": int(rows["stratum"].nunique()), "n_quotes": len(one), "n_quotes_others": len(other),
        "n_customers": one["cluster"].nunique(), "n_customers_others": other["cluster"].nunique(),
    }  # fmt: skip
    few = min(count["n_customers"], count["n_customers_others"]) < rule.min_customers
    effect, taken = {**label, **count}, {**label, **_count_coupons(one, other)}
    if few or count["n_strata"] < max(rule.min_strata, 2):
        return {**effect, "verdict": TOO_FEW}, taken, _show_strata(rows, label, rule.price)
    x, who = rows["group"].to_numpy(), rows["cluster"].to_numpy()
    found = {
        c: effects_of.estimate_within(np.log(rows[c].to_numpy()), x, stratum, who) for c in ("shown", "paid")
    }
    mine, margin = found[rule.price], float(np.log1p(rule.min_effect))
    ends = effects_of.bound_effect(mine, rule.confidence)
    effect |= dict(zip(("effect", "low", "high"), ends, strict=True))
    effect["p"] = effects_of.find_p_value(mine, margin)
    effect["detectable"] = effects_of.find_detectable(mine, margin, rule.confidence)
    paid = effects_of.bound_effect(found["paid"], rule.confidence)
    taken |= {"effect": ends[0], **dict(zip(("effect_paid", "low_paid", "high_paid"), paid, strict=True))}
    return effect, taken, _show_strata(rows, label, rule.price)


def _count_coupons(one: pd.DataFrame, other: pd.DataFrame) -> dict[str, float]:
    out = {}
    for end, side in (("", one), ("_others", other)):
        has = side["coupon"] > 0
        out[f"coupon_share{end}"] = float(has.mean()) if len(side) else float("nan")
        out[f"mean_coupon{end}"] = float(side["coupon"].mean()) if len(side) else float("nan")
    return out


def _show_strata(rows: pd.DataFrame, label: dict[str, Any], price: str) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    logs = rows.assign(log=np.log(rows[price]))
    of = logs.groupby(["stratum", "sku", "begins", "group"], sort=False)["log"].agg(["size", "mean"])
    if of.empty:
        return pd.DataFrame(columns=_STRATA)
    wide = of.unstack("group").reset_index()
    one, other = wide["mean"][True], wide["mean"][False]
    return pd.DataFrame({
        **label, "sku": wide["sku"], "begins": wide["begins"],
        "n_quotes": wide["size"][True].astype("int64"), "n_quotes_others": wide["size"][False].astype("int64"),
        "price": np.exp(one), "price_others": np.exp(other), "difference": np.expm1(one - other),
    })  # fmt: skip


def _join_strata(parts: list[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    filled = [p for p in parts if len(p)]
    if not filled:
        return pd.DataFrame(columns=_STRATA)
    joined = pd.concat(filled, ignore_index=True)[_STRATA]
    order = joined.assign(back=-joined["difference"].round(12)).sort_values(
        ["back", "comparison", "group", "part", "sku", "begins"], kind="stable"
    )
    return order.drop(columns="back").reset_index(drop=True)


def _frame_of(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=columns)


def _judge(rows: list[dict[str, Any]], confidence: float) -> pd.DataFrame:
    """Correct the p values of the comparisons that can be judged, and give each its verdict."""
    judged = [row for row in rows if "p" in row]
    adjusted = effects_of.adjust_holm([row["p"] for row in judged])
    for row, p in zip(judged, adjusted, strict=True):
        row["p_adjusted"] = p
        row["verdict"] = ACCUSED if p < 1 - confidence else NOT_SHOWN
    return _frame_of(rows, _EFFECTS)


def _sum_up(effects: pd.DataFrame) -> str:
    verdicts = set(effects["verdict"])
    return ACCUSED if ACCUSED in verdicts else NOT_SHOWN if NOT_SHOWN in verdicts else TOO_FEW


def _list_left_out(usable: pd.DataFrame, bad: pd.DataFrame, used: pd.Series) -> pd.DataFrame:
    import pandas as pd

    alone = usable[~used].assign(reason="not_matched")
    parts = [p for p in (bad, alone[list(bad.columns)]) if len(p)]
    return pd.concat(parts, ignore_index=True) if parts else bad.reset_index(drop=True)
