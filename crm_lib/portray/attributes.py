"""Hold what customers are (静态数据) against how they were grouped by what they do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.portray.cards import PRIVATE_FIELDS

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

N_PERMUTATIONS = 999
MOST_VALUES = 30
LEAST_KNOWN = 20
LEAST_OF_VALUE = 10
REST = "其他"
COLUMNS = ["attribute", "n_known", "n_values", "cramers_v", "chance_v", "p_value", "p_adjusted", "over"]


def compare_attributes(
    register: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    attributes: Sequence[str] | None = None,
    random_state: int,
) -> pd.DataFrame:
    """Measure how much each attribute of the register differs between clusters.

    Parameters
    ----------
    register : DataFrame
        One row per known customer: ``customer_id`` and attributes.
    labels : DataFrame
        One row per customer: ``customer_id``, ``cluster``.
    attributes : sequence of str, optional
        Attributes to compare; by default all but the private ones with 2 to 30
        different values and at least 20 known customers.
    random_state : int
        Seed of the permutations.

    Returns
    -------
    DataFrame
        One row per attribute, the smallest ``p_value`` first: ``attribute``,
        ``n_known`` (customers with a value and a cluster), ``n_values``, ``cramers_v``
        (bias-corrected, 0 to 1), ``chance_v`` (reached by chance in one case of
        twenty), ``p_value``, ``p_adjusted`` (Holm over all rows), ``over`` (the value
        most over-represented in some cluster, with the cluster).

    Notes
    -----
    Values of fewer than 10 known customers are counted together as "其他", and left out
    when even together they are fewer: one odd customer is no difference.
    V² = max(0, χ²/n − (r−1)(c−1)/(n−1)) over min(r', c') with r' = r − 1 − (r−1)²/(n−1)
    (Bergsma 2013).  The p-value counts how many of 999 random reassignments of the
    clusters reach the χ² found: (1 + hits)/1000.  Disputable: only customers whose
    value is known are compared; who is not in the register may be another kind of
    customer.  The clusters were made from behaviour alone, so this test, unlike one
    on the features, is no circle.
    """
    import numpy as np
    import pandas as pd

    require_columns("compare_attributes", register.columns, ["customer_id", *(attributes or ())])
    require_columns("compare_attributes", labels.columns, ["customer_id", "cluster"])
    joined = register.merge(labels[["customer_id", "cluster"]], on="customer_id", how="inner")
    names = list(attributes) if attributes is not None else _choose(joined)
    rng = np.random.default_rng(random_state)
    rows = [_compare(joined, name, rng) for name in names]
    out = pd.DataFrame([r for r in rows if r], columns=[c for c in COLUMNS if c != "p_adjusted"])
    out = out.sort_values(["p_value", "cramers_v"], ascending=[True, False], kind="stable")
    steps = out["p_value"].to_numpy(float) * np.arange(len(out), 0, -1)
    out["p_adjusted"] = np.minimum(np.maximum.accumulate(steps) if len(steps) else steps, 1.0)
    return out[COLUMNS].reset_index(drop=True)


def _choose(joined: pd.DataFrame) -> list[str]:
    own = [c for c in joined.columns if c not in {"customer_id", "cluster", *PRIVATE_FIELDS}]
    known = {c: joined[c].dropna().astype(str) for c in own}
    return [c for c, v in known.items() if 2 <= v.nunique() <= MOST_VALUES and len(v) >= LEAST_KNOWN]


def _compare(joined: pd.DataFrame, name: str, rng: np.random.Generator) -> tuple | None:
    import numpy as np

    known = _pool_rare(joined[joined[name].notna()], name)
    values, groups = np.unique(known[name], return_inverse=True)
    clusters, places = np.unique(known["cluster"], return_inverse=True)
    r, c, n = len(values), len(clusters), len(known)
    if r < 2 or c < 2:
        return None
    found = _chi_square(groups, places, r, c)
    chance = np.array([_chi_square(groups, rng.permutation(places), r, c) for _ in range(N_PERMUTATIONS)])
    p = (1 + int((chance >= found - 1e-9).sum())) / (N_PERMUTATIONS + 1)
    table = np.bincount(groups * c + places, minlength=r * c).reshape(r, c)
    shares = table / table.sum(axis=0) - (table.sum(axis=1) / n)[:, None]
    i, j = np.unravel_index(shares.argmax(), shares.shape)
    over = (
        int(clusters[j]),
        str(values[i]),
        float(table[i, j] / table[:, j].sum()),
        float(table[i].sum() / n),
    )
    return name, n, r, _correct(found, r, c, n), _correct(float(np.quantile(chance, 0.95)), r, c, n), p, over


def _pool_rare(known: pd.DataFrame, name: str) -> pd.DataFrame:
    text = known[name].astype(str)
    rare = text.map(text.value_counts()) < LEAST_OF_VALUE
    pooled = known.assign(**{name: text.where(~rare, REST)})
    return pooled if rare.sum() >= LEAST_OF_VALUE else pooled[(~rare).to_numpy()]


def _chi_square(groups: np.ndarray, places: np.ndarray, r: int, c: int) -> float:
    import numpy as np

    table = np.bincount(groups * c + places, minlength=r * c).reshape(r, c).astype(float)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    return float(((table - expected) ** 2 / expected).sum())


def _correct(chi_square: float, r: int, c: int, n: int) -> float:
    if n < 2:
        return 0.0
    phi = max(0.0, chi_square / n - (r - 1) * (c - 1) / (n - 1))
    least = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return min(1.0, (phi / least) ** 0.5) if least > 0 else 0.0
