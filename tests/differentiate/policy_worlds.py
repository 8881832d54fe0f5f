"""Trials whose truth is known, one customer at a time; no formula of the methods they test."""

from __future__ import annotations

import numpy as np
import pandas as pd


def name_ids(n: int, start: int = 0) -> list[str]:
    return [f"C{i:06}" for i in range(start, start + n)]


def deal_arms(rng: np.random.Generator, n: int, control_share: float = 0.5) -> np.ndarray:
    """Return who is treated: a fixed number, by lot."""
    treated = np.arange(n) >= round(control_share * n)
    return rng.permutation(treated)


def make_trial(seed: int, n: int, *, effect: float = 0.0, control_share: float = 0.5) -> pd.DataFrame:
    """Return customers with a past and what they did then; `effect` scales every effect, 0 is none at all.

    The true effects at ``effect=1``: purchases 0.10 (share of buyers), spend 12 yuan, value per order 0 at any effect.
    """
    rng = np.random.default_rng(seed)
    treated = deal_arms(rng, n, control_share)
    level = rng.gamma(4.0, 25.0, n)
    spend = level * rng.gamma(5.0, 0.2, n) + 12.0 * effect * treated
    orders = 1 + rng.poisson(0.02 * level)
    return pd.DataFrame({
        "customer_id": name_ids(n),
        "arm": np.where(treated, "treated", "control"),
        "revenue": level * rng.gamma(5.0, 0.2, n),
        "spend": spend,
        "buys": rng.random(n) < 0.2 + 0.1 * effect * treated,
        "n_orders": orders,
        "value": orders * (30.0 + 6.0 * rng.standard_normal(n)) + rng.standard_normal(n),
        "sent": np.where(treated, rng.random(n) < 0.9, False) * 4.0,
    })


def make_uplift_world(seed: int, n: int, *, start: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
    """Return a trial and the true effect on each customer: large for some, none or harmful for others."""
    rng = np.random.default_rng(seed)
    treated = deal_arms(rng, n)
    price, age = rng.random(n), rng.integers(18, 70, n)
    orders = rng.poisson(3.0, n)
    kind = rng.choice(["store", "web", "call"], n, p=[0.4, 0.45, 0.15])
    base = 0.05 + 0.02 * np.minimum(orders, 8) + 0.05 * (kind == "web")
    effect = 0.22 * price * (kind == "web") + 0.10 * price - 0.06 * (kind == "call") - 0.02 * (age > 50)
    effect = np.maximum(base + effect, 0.0) - base
    u = rng.random(n)
    frame = pd.DataFrame({
        "customer_id": name_ids(n, start),
        "arm": np.where(treated, "treated", "control"),
        "discount_share": price,
        "age": age.astype("float64"),
        "n_orders": orders,
        "channel": kind,
        "buys": u < base + effect * treated,
    })
    return frame, effect


def make_chosen(seed: int, n: int, *, effect: float = 10.0) -> pd.DataFrame:
    """Return customers of whom the good ones were treated more often; the plain difference is far too large."""
    rng = np.random.default_rng(seed)
    orders, channel = rng.poisson(4.0, n), rng.choice(["store", "web"], n)
    chance = 1 / (1 + np.exp(1.2 - 0.35 * (orders - 4) - 0.6 * (channel == "web")))
    treated = rng.random(n) < chance
    spend = 50.0 + 8.0 * orders + 10.0 * (channel == "web") + effect * treated + 15.0 * rng.standard_normal(n)
    return pd.DataFrame({
        "customer_id": name_ids(n),
        "arm": np.where(treated, "treated", "control"),
        "n_orders": orders,
        "channel": channel,
        "spend": spend,
    })


def describe_past(orders: pd.DataFrame, products: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Return what 旭东 knew of each member of a campaign before it began, as columns a model can read."""
    lines = orders[orders["customer_id"].isin(members["customer_id"]) & ~orders["returned"]]
    lines = lines.merge(products[["sku", "category"]], on="sku", how="left")
    end = orders["ordered_at"].max().normalize() + pd.Timedelta(days=1)
    grouped = lines.groupby("customer_id")
    past = pd.DataFrame({
        "n_orders": grouped["order_id"].nunique(),
        "revenue": grouped["amount"].sum(),
        "recency_days": (end - grouped["ordered_at"].max()).dt.days,
        "mean_line": grouped["amount"].mean(),
        "mean_discount": grouped["discount"].mean(),
        "web_share": grouped["channel"].agg(lambda c: (c == "web").mean()),
    })
    parts = pd.crosstab(lines["customer_id"], lines["category"], normalize="index")
    past = past.join(parts.add_prefix("part_"))
    return members.merge(past, left_on="customer_id", right_index=True, how="left")
