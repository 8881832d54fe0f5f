"""Shops that do nothing wrong but look as if they did, and shops that do: each a table of quotes.

A world is drawn from a seed; every trap is something that a comparison without
matching falls for.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

N_MOMENTS = 260


def make_world(
    seed: int,
    *,
    surcharge: float = 0.0,
    coupons: bool = False,
    falling: bool = False,
    mixed: bool = False,
    bulk: bool = False,
    vouchers: bool = False,
    member_price: float = 0.0,
    one_odd: bool = False,
    noise: float = 0.02,
) -> pd.DataFrame:
    """Return quotes: moments at which some of 300 customers and some strangers see one article."""
    rng = np.random.default_rng(seed)
    n = 2 + rng.poisson(2.5, N_MOMENTS)
    moment = np.repeat(np.arange(N_MOMENTS), n)
    m = len(moment)
    known = rng.random(m) < 0.55
    customer = rng.integers(0, 300, m)
    channel = rng.integers(0, 2, N_MOMENTS)[moment]
    if mixed:  # known customers go to the dear channel
        channel = np.where(rng.random(m) < np.where(known, 0.75, 0.25), 1, 0)
    sku = rng.integers(0, 25, N_MOMENTS)[moment]
    hour = rng.integers(0, 60 * 24, N_MOMENTS)[moment].astype(float)
    if falling:  # the price falls by 20 % from morning to night, and known customers come early
        day, sku = rng.integers(0, 15, m), rng.integers(0, 2, m)
        hour = day * 24 + np.floor(24 * rng.beta(1.0 + ~known, 1.0 + known))
    log = np.log(20 + 13.0 * sku) + 0.08 * channel * mixed - (0.2 * (hour % 24) / 24 if falling else 0)
    # each customer keeps a level of his own by lot (a price test), each stranger draws anew
    own = rng.normal(0, noise, 300)
    log = log + np.where(known, own[customer], rng.normal(0, noise, m)) + rng.normal(0, noise / 2, m)
    pieces = np.ones(m, dtype=int)
    if bulk:  # new customers buy many pieces at a better price
        pieces = np.where(rng.random(m) < np.where(known, 0.1, 0.5), 10, 1)
        log = log - 0.07 * (pieces == 10)
    log = log - member_price * known + np.log1p(surcharge) * known
    if one_odd:  # one customer with a contract of his own asks again and again
        odd = known & (customer < 3)
        log = log + 0.15 * odd
    price = np.round(np.exp(log), 2)
    share = np.where(~known, 0.5, 0.0) * coupons + 0.3 * vouchers
    taken = (rng.random(m) < share) * np.round(price * np.where(known, 0.05, 0.12), 0)
    return pd.DataFrame({
        "quote_id": [f"Q{i}" for i in range(m)],
        "customer_id": pd.Series([f"C{c}" for c in customer], dtype=object).where(known, None),
        "sku": [f"X{s}" for s in sku], "channel": np.array(["store", "web"])[channel],
        "quoted_at": pd.Timestamp("2024-03-01") + pd.to_timedelta(hour * 60 + rng.integers(0, 59, m), unit="min"),
        "quantity": pieces, "price": price, "new_customer": ~known, "coupon": taken,
    })  # fmt: skip


INNOCENT = {
    "nothing at all": {},
    "no noise at all": {"noise": 0.0},
    "coupons for new customers": {"coupons": True},
    "personal vouchers": {"vouchers": True},
    "prices fall, known customers come early": {"falling": True},
    "known customers go to the dear channel": {"mixed": True},
    "new customers buy many pieces": {"bulk": True},
    "members pay less": {"member_price": 0.03},
    "a few customers with prices of their own": {"one_odd": True},
}
