"""潜在价值: who may grow, how far that hangs on the thresholds, and whether the share has grown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import list_words, require_choice, require_range
from crm_lib.differentiate._money import MONEY_UNIT, count_money
from crm_lib.differentiate.checks import find_id_faults, find_number_faults, raise_faults, require_frame
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

GROWTH_CLASSES = ("MVC", "MGC", "BZ", "rest", "unknown")
THRESHOLDS = ("mvc_from", "mgc_from", "bz_below")
_SPENDS = ("category_spend", "our_spend")


def classify_growth(
    customers: pd.DataFrame, *, mvc_from: float, mgc_from: float, bz_below: float = 0.0
) -> pd.DataFrame:
    """Classify customers by what they bring and by what they could bring, with explicit thresholds.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, actual_value and potential_value (yuan; missing where the potential
        is not known).
    mvc_from, mgc_from, bz_below : float
        Yuan: actual value from which a customer is one of the most valuable, potential value from which he is
        one of the most growable, and actual value below which he costs more than he brings.  Infinite for none.

    Returns
    -------
    DataFrame
        One row per customer, in the order given: customer_id, actual_value, potential_value, growth_class.

    Raises
    ------
    DataError
        When a customer has no number or stands twice, or an actual value is no number.
    ParameterError
        When `bz_below` is above `mvc_from`.

    Notes
    -----
    The first that holds counts: BZ (actual < bz_below), MVC (actual ≥ mvc_from), MGC (potential ≥ mgc_from),
    unknown (no potential), rest.  Disputable: a customer who brings much and could bring more is kept (MVC)
    before he is grown.  The class follows from the two values alone, so equal customers share it.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"customer_id": list("abcd"), "actual_value": [90.0, 5.0, -1.0, 5.0],
    ...                        "potential_value": [10.0, 80.0, 80.0, 1.0]})
    >>> classify_growth(people, mvc_from=50, mgc_from=40)["growth_class"].tolist()
    ['MVC', 'MGC', 'BZ', 'rest']
    """
    import numpy as np

    where = "classify_growth"
    require_frame(where, customers, ("customer_id", "actual_value", "potential_value"))
    raise_faults(where, [*find_id_faults(customers), *find_number_faults(customers, "actual_value")])
    if math.isnan(mvc_from + mgc_from) or math.isnan(bz_below) or bz_below > mvc_from:
        raise ParameterError(
            f"{where}: bz_below must not be above mvc_from, and none may be missing; "
            f"got {bz_below:g} and {mvc_from:g}. Nobody can be both."
        )
    actual = customers["actual_value"].to_numpy(dtype="float64")
    potential = customers["potential_value"].to_numpy(dtype="float64", na_value=float("nan"))
    rules = [actual < bz_below, actual >= mvc_from, potential >= mgc_from, np.isnan(potential)]
    found = np.select(rules, ["BZ", "MVC", "MGC", "unknown"], "rest")
    out = customers[["customer_id", "actual_value", "potential_value"]].reset_index(drop=True)
    return out.assign(growth_class=found).astype({"customer_id": "str", "growth_class": "str"})


def find_thresholds(customers: pd.DataFrame, *, mvc_share: float, mgc_share: float) -> dict[str, float]:
    """Find the yuan from which the first customers by actual, and of the others by potential value begin.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, actual_value, potential_value (yuan).
    mvc_share, mgc_share : float
        Part of all customers, and of those who are not among the former and whose potential is known, 0 to 1.

    Returns
    -------
    dict
        mvc_from and mgc_from: the value of the last of the first ⌈share · n⌉; infinite when nobody has a value
        above 0.  A value of 0 or less is never a threshold, so that nobody without value or potential passes it.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"customer_id": list("abcd"), "actual_value": [9.0, 8, 7, 6], "potential_value": [1.0, 2, 3, 4]})
    >>> find_thresholds(people, mvc_share=0.25, mgc_share=0.5)
    {'mvc_from': 9.0, 'mgc_from': 3.0}
    """
    where = "find_thresholds"
    require_frame(where, customers, ("customer_id", "actual_value", "potential_value"))
    require_range(where, "mvc_share", mvc_share, 0, 1)
    require_range(where, "mgc_share", mgc_share, 0, 1)
    mvc_from = _find_end(customers["actual_value"], mvc_share)
    others = customers[(customers["actual_value"] < mvc_from).to_numpy()]
    return {"mvc_from": mvc_from, "mgc_from": _find_end(others["potential_value"], mgc_share)}


def _find_end(values: pd.Series, share: float) -> float:
    known = values.dropna().sort_values(ascending=False)
    first = known.iloc[: math.ceil(share * len(known) - 1e-9)]
    first = first[first > 0]
    return float(first.iloc[-1]) if len(first) else math.inf


def vary_thresholds(
    customers: pd.DataFrame, *, thresholds: Mapping[str, float], moves: Mapping[str, Sequence[float]]
) -> pd.DataFrame:
    """Count who changes class when one threshold is set elsewhere.

    Parameters
    ----------
    customers : DataFrame
        As `classify_growth` takes them.
    thresholds : mapping of str to float
        mvc_from, mgc_from and bz_below as they are set, yuan.
    moves : mapping of str to sequence of float
        Per threshold the other values to be tried, yuan; the others stay as they are set.

    Returns
    -------
    DataFrame
        One row per value tried, in the order of `moves`: threshold (str), set_at, moved_to (yuan), n_changed,
        changed_share (of all customers), and n_mvc, n_mgc, n_bz, n_rest, n_unknown after the move.

    Raises
    ------
    ParameterError
        When a threshold is unknown or not given, or a move would put bz_below above mvc_from.
    """
    import pandas as pd

    where = "vary_thresholds"
    for name in [*thresholds, *moves]:
        require_choice(where, "thresholds", name, THRESHOLDS)
    if lacking := [name for name in THRESHOLDS if name not in thresholds]:
        raise ParameterError(
            f"{where}: thresholds must say all three; {list_words(lacking)} is missing. Write bz_below=0 for none."
        )
    now = classify_growth(customers, **thresholds)["growth_class"].to_numpy()
    rows = []
    for name, values in moves.items():
        for value in values:
            moved = classify_growth(customers, **{**thresholds, name: float(value)})["growth_class"]
            changed = int((moved.to_numpy() != now).sum())
            rows.append({
                "threshold": name, "set_at": float(thresholds[name]), "moved_to": float(value),
                "n_changed": changed, "changed_share": changed / len(now) if len(now) else float("nan"),
                **{f"n_{c.lower()}": int((moved == c).sum()) for c in GROWTH_CLASSES},
            })  # fmt: skip
    counts = [f"n_{c.lower()}" for c in GROWTH_CLASSES]
    return pd.DataFrame(
        rows, columns=["threshold", "set_at", "moved_to", "n_changed", "changed_share", *counts]
    )


def measure_headroom(spends: pd.DataFrame, *, quantile: float = 0.75) -> pd.DataFrame:
    """Measure how far a customer is below the better buyers of the categories he buys.

    Parameters
    ----------
    spends : DataFrame
        One row per customer and category: customer_id, category (a row without one counts in our_spend only),
        our_spend (yuan with us).
    quantile : float
        Which buyer of a category the others are held against, 0 to 1 (linear between two buyers).

    Returns
    -------
    DataFrame
        One row per customer, sorted: customer_id, n_categories (with a spend above 0), our_spend, headroom (yuan:
        the sum over these categories of benchmark − our_spend where that is above 0).

    Raises
    ------
    DataError
        When a spend is no number.

    Notes
    -----
    A stand-in for where nobody was asked what he spends elsewhere.  It measures distance to other customers of
    ours, not what is spent with rivals: who lives alone may already buy all his goods with us.

    Examples
    --------
    >>> import pandas as pd
    >>> spends = pd.DataFrame({"customer_id": list("abc"), "category": ["床品"] * 3, "our_spend": [10.0, 20.0, 30.0]})
    >>> measure_headroom(spends, quantile=0.5)["headroom"].tolist()
    [10.0, 0.0, 0.0]
    """
    import pandas as pd

    where = "measure_headroom"
    require_range(where, "quantile", quantile, 0, 1)
    require_frame(where, spends, ("customer_id", "category", "our_spend"))
    raise_faults(where, find_number_faults(spends, "our_spend"))
    sums = spends.assign(
        our_spend=count_money(spends["our_spend"]), customer_id=spends["customer_id"].astype("str")
    )
    everybody = sums.groupby("customer_id", sort=True)["our_spend"].sum()
    sums = sums.groupby(["customer_id", "category"], sort=True)["our_spend"].sum().reset_index()
    bought = sums[sums["our_spend"] > 0]
    goal = bought.groupby("category")["our_spend"].transform(lambda s: s.quantile(quantile))
    lacking = (goal - bought["our_spend"]).clip(lower=0).groupby(bought["customer_id"]).sum()
    counts = bought.groupby("customer_id").size()
    return pd.DataFrame({
        "customer_id": everybody.index.astype("str"),
        "n_categories": counts.reindex(everybody.index, fill_value=0).to_numpy(dtype="int64"),
        "our_spend": everybody.to_numpy() / MONEY_UNIT,
        "headroom": (lacking.reindex(everybody.index, fill_value=0.0) / MONEY_UNIT).round(4).to_numpy(),
    }).astype({"customer_id": "str"})  # fmt: skip


def pair_shares(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Put two periods of the same customers side by side.

    Parameters
    ----------
    before, after : DataFrame
        One row per customer of either period: customer_id, category_spend, our_spend (yuan).

    Returns
    -------
    DataFrame
        One row per customer of both periods, sorted: customer_id, spend_before, ours_before, spend_after,
        ours_after (yuan).  ``attrs``: n_only_before, n_only_after.
    """
    for frame in (before, after):
        require_frame("pair_shares", frame, ("customer_id", *_SPENDS))
        faults = [f for c in _SPENDS for f in find_number_faults(frame, c)]
        raise_faults("pair_shares", [*find_id_faults(frame), *faults])
    names = {"category_spend": "spend", "our_spend": "ours"}
    first, second = (
        f[["customer_id", *_SPENDS]]
        .astype({"customer_id": "str"})
        .rename(columns={c: f"{n}_{when}" for c, n in names.items()})
        for f, when in ((before, "before"), (after, "after"))
    )
    out = first.merge(second, on="customer_id", how="inner").sort_values("customer_id", ignore_index=True)
    out.attrs = {"n_only_before": len(first) - len(out), "n_only_after": len(second) - len(out)}
    return out


def track_share(
    pairs: pd.DataFrame, *, random_state: int, confidence: float = 0.95, n_resamples: int = 2000
) -> pd.DataFrame:
    """Measure how our share of the same customers has changed, and how sure that is.

    Parameters
    ----------
    pairs : DataFrame
        What `pair_shares` returned.
    random_state : int
        Seed of the bootstrap.
    confidence : float
        Above 0 and below 1.
    n_resamples : int
        Bootstrap samples, at least 100.

    Returns
    -------
    DataFrame
        One row: n_customers, before_share, after_share (sums divided), share_change with low and high, n_up,
        n_down, n_same (customers whose own share rose, fell, stayed; who spent nothing in a period is in none).
        Figures are missing when nobody spent anything in a period or there is no pair.

    Notes
    -----
    Paired bootstrap: customers are drawn with both periods, since a customer is much like himself; treating the
    periods as two samples would make the interval too wide.
    """
    import numpy as np
    import pandas as pd

    columns = ("spend_before", "ours_before", "spend_after", "ours_after")
    require_frame("track_share", pairs, ("customer_id", *columns))
    x = pairs[list(columns)].to_numpy(dtype="float64")
    first, second = _divide(x[:, 1], x[:, 0]), _divide(x[:, 3], x[:, 2])
    change = np.round(second - first, 12)
    found = [float("nan")] * 3
    if len(x):
        from crm_lib.stats import bootstrap_interval

        found = bootstrap_interval(
            x, _change, random_state=random_state, confidence=confidence, n_resamples=n_resamples
        )
    sums = x.sum(axis=0)
    return pd.DataFrame({
        "n_customers": [len(x)],
        "before_share": _divide(sums[1:2], sums[0:1]), "after_share": _divide(sums[3:4], sums[2:3]),
        "share_change": [found[0]], "low": [found[1]], "high": [found[2]],
        "n_up": [int((change > 0).sum())], "n_down": [int((change < 0).sum())], "n_same": [int((change == 0).sum())],
    })  # fmt: skip


def _change(x: np.ndarray) -> float:
    sums = x.sum(axis=0)
    return float(_divide(sums[3:4], sums[2:3])[0] - _divide(sums[1:2], sums[0:1])[0])


def _divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    import numpy as np

    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
