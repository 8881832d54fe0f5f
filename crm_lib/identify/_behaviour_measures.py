"""What is measured of each aspect of one person's shopping."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crm_lib.identify._behaviour_faults import read_flag

if TYPE_CHECKING:
    import pandas as pd


def _count(frame: pd.DataFrame) -> int:
    return len(frame)


def _total(column: str) -> Callable[[pd.DataFrame], float]:
    def add(frame: pd.DataFrame) -> float:
        import numpy as np

        units = np.floor(frame[column].dropna().astype("float64") * 10_000 + 0.5)
        return float(units.sum()) / 10_000

    return add


def _mean(column: str) -> Callable[[pd.DataFrame], float]:
    return lambda frame: (
        float(frame[column].dropna().astype("float64").mean()) if len(frame) else float("nan")
    )


def _share(column: str) -> Callable[[pd.DataFrame], float]:
    def share(frame: pd.DataFrame) -> float:
        known = [f for f in map(read_flag, frame[column]) if f is not None]
        return sum(known) / len(known) if known else float("nan")

    return share


def _usual(column: str) -> Callable[[pd.DataFrame], str | None]:
    def usual(frame: pd.DataFrame) -> str | None:
        counts = frame[column].dropna().astype(str).value_counts()
        return None if counts.empty else sorted(counts[counts == counts.iloc[0]].index)[0]

    return usual


def _spent(frame: pd.DataFrame) -> float:
    kept = [read_flag(v) is not True for v in frame["returned"]]
    return _total("amount")(frame.loc[kept])


def _own_share(frame: pd.DataFrame) -> float:
    """Share of the purchases made in the chosen shop, of those whose place is known."""
    places = frame["place"].dropna()
    return float((places == "本店").mean()) if len(places) else float("nan")


def _favourite(frame: pd.DataFrame) -> str | None:
    best = frame.sort_values(["liking", "monthly_times", "channel"], ascending=[False, False, True])
    known = best.dropna(subset=["liking", "channel"])
    return str(known["channel"].iloc[0]) if len(known) else None


def _wears_cost(frame: pd.DataFrame) -> float:
    """Yuan per monthly wear of what is still worn and whose price is known."""
    used = frame.loc[[read_flag(v) is True for v in frame["in_use"]]].dropna(
        subset=["amount", "monthly_wears"]
    )
    wears = float(used["monthly_wears"].sum())
    return _total("amount")(used) / wears if wears > 0 else float("nan")


def _wallet(name: str) -> Callable[[pd.DataFrame], float]:
    """Return what the usable rows of the wallet come to, so that sums and share tell of the same rows."""

    def measure(frame: pd.DataFrame) -> float:
        from crm_lib.identify.behaviour_aspects import measure_wallet_share

        return measure_wallet_share(frame)[name]

    return measure


Measure = tuple[str, str, Callable[["pd.DataFrame"], Any]]
MEASURES: dict[str, tuple[Measure, ...]] = {
    "purchases": (
        ("n_purchases", "次", _count),
        ("spent", "元", _spent),
        ("usual_category", "", _usual("category")),
        ("usual_way", "", _usual("way")),
        ("usual_reason", "", _usual("reason")),
        ("discounted_share", "", _share("discounted")),
        ("own_shop_share", "", _own_share),
    ),
    "clicks": (
        ("n_visits", "次", _count),
        ("viewed", "件", _total("n_viewed")),
        ("carted", "件", _total("n_carted")),
        ("mean_minutes", "分钟", _mean("minutes")),
        ("ordered_share", "", _share("ordered")),
    ),
    "contacts": (
        ("n_contacts", "次", _count),
        ("usual_medium", "", _usual("medium")),
        ("mean_satisfaction", "分", _mean("satisfaction")),
    ),
    "channels": (("n_channels", "种", _count), ("favourite_channel", "", _favourite)),
    "languages": (("usual_language", "", _usual("language")),),
    "usage": (
        ("n_items", "件", _count),
        ("in_use_share", "", _share("in_use")),
        ("mean_wears", "次/月", _mean("monthly_wears")),
        ("cost_per_wear", "元/次", _wears_cost),
    ),
    "wallet": (
        ("all_spend", "元", _wallet("category_spend")),
        ("our_spend", "元", _wallet("our_spend")),
        ("wallet_share", "", _wallet("wallet_share")),
    ),
}
