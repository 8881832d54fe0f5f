"""How well the planted types can be told at all: by a classifier that knows every law."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import import_extra
from crm_lib.errors import ReadError
from crm_lib.sample._laws import read_laws

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def assign_types(folder: str | Path) -> pd.DataFrame:
    """Name the likeliest planted type of each customer, from the customer's orders alone.

    Parameters
    ----------
    folder : path
        A company made by `make_company`, its ``truth`` included.

    Returns
    -------
    DataFrame
        One row per customer, sorted by customer_id: customer_id, type (planted),
        likeliest_type, probability (of the likeliest type, 0 to 1).

    Raises
    ------
    ReadError
        The folder holds no company.

    Notes
    -----
    Bayes: share of the type × likelihood of the numbers and times of orders
    (MBG/NBD; Batislam, Denizel and Filiztekin 2007) × likelihood of the mean order
    (gamma-gamma; Fader and Hardie 2013), each with the planted parameters.
    It sees number of orders, first and last day, and mean order value, so it
    is an upper bound for whatever knows recency, frequency and value only.
    Returns are left out: they say nothing about the type beyond the category.
    """
    import numpy as np
    import pandas as pd

    folder = Path(folder)
    seen = _summarize(_read(folder / "data" / "orders.parquet"))
    known = _read(folder / "truth" / "persons.parquet").set_index("customer_id")["type"]
    kinds = read_laws()["types"]
    score = np.stack(
        [np.log(k["share"]) + _purchase_log(seen, k) + _value_log(seen, k) for k in kinds], axis=1
    )
    score -= score.max(axis=1, keepdims=True)
    chance = np.exp(score)
    chance /= chance.sum(axis=1, keepdims=True)
    names = np.array([k["name"] for k in kinds], dtype=object)
    out = pd.DataFrame({"customer_id": seen.index, "type": known.reindex(seen.index).to_numpy()})
    out["likeliest_type"] = names[chance.argmax(axis=1)]
    out["probability"] = chance.max(axis=1)
    return out


def achievable_rand(folder: str | Path) -> float:
    """Return the adjusted Rand index, against the planted types, of the classifier that knows the laws.

    Parameters
    ----------
    folder : path
        A company made by `make_company`, its ``truth`` included.

    Returns
    -------
    float
        1 where every customer is told; a clustering can hope for this much, not for 1.
    """
    told = assign_types(folder)
    return adjusted_rand(told["type"], told["likeliest_type"])


def adjusted_rand(one: pd.Series, other: pd.Series) -> float:
    """Return the adjusted Rand index of two groupings of the same customers.

    Parameters
    ----------
    one, other : Series
        One group name per customer, in the same order.

    Returns
    -------
    float
        1 for the same grouping, about 0 for groupings that have nothing to do with each other.

    Notes
    -----
    Hubert and Arabie (1985).  Two groupings that both put everybody into one group are the same: 1.

    Examples
    --------
    >>> import pandas as pd
    >>> adjusted_rand(pd.Series(["a", "a", "b", "b"]), pd.Series([2, 2, 1, 1]))
    1.0
    """
    import pandas as pd

    cells = pd.crosstab(pd.Series(list(one), dtype=object), pd.Series(list(other), dtype=object)).to_numpy()

    def pairs(counts: np.ndarray) -> int:
        return int((counts * (counts - 1) // 2).sum())

    both, rows, columns = pairs(cells), pairs(cells.sum(axis=1)), pairs(cells.sum(axis=0))
    n = int(cells.sum())
    expected = rows * columns / max(n * (n - 1) // 2, 1)
    most = (rows + columns) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    if not path.is_file():
        raise ReadError(
            f"assign_types: the folder must hold a company with its truth; {path} does not exist. "
            "Make one: crm data make --customers 1000 --seed 0 --out DIR"
        )
    return pd.read_parquet(path)


def _summarize(orders: pd.DataFrame) -> pd.DataFrame:
    """Return per customer: repeat orders, weeks to the last and to the end of the data, mean order in yuan."""
    import pandas as pd

    bought = orders[~orders["returned"]]
    per_order = bought.groupby(["customer_id", "order_id"], sort=True).agg(
        at=("ordered_at", "min"), value=("amount", "sum")
    )
    per = per_order.groupby(level="customer_id").agg(
        n=("at", "size"), first=("at", "min"), last=("at", "max"), value=("value", "mean")
    )
    end = pd.Timestamp(read_laws()["last_day"]) + pd.Timedelta(days=1)
    week = pd.Timedelta(weeks=1)
    return pd.DataFrame({
        "n_repeat": per["n"] - 1,
        "t_last": (per["last"] - per["first"]) / week,
        "t_observed": (end - per["first"]) / week,
        "value": per["value"],
    })


def _purchase_log(seen: pd.DataFrame, kind: dict[str, float]) -> np.ndarray:
    """Return the log-likelihood of the orders under a type's MBG/NBD."""
    import numpy as np

    special = import_extra("scipy.special", extra="tour", purpose="assign_types")
    r, alpha, a, b = kind["r"], kind["alpha"], kind["a"], kind["b"]
    x, last, end = (seen[c].to_numpy(dtype=float) for c in ("n_repeat", "t_last", "t_observed"))
    start = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
    # a person is offered the way out after each of the x + 1 orders
    alive = special.betaln(a, b + x + 1) - special.betaln(a, b) - (r + x) * np.log(alpha + end)
    gone = special.betaln(a + 1, b + x) - special.betaln(a, b) - (r + x) * np.log(alpha + last)
    return start + np.logaddexp(alive, gone)


def _value_log(seen: pd.DataFrame, kind: dict[str, float]) -> np.ndarray:
    """Return the log-likelihood of the mean order value under a type's gamma-gamma."""
    import numpy as np

    special = import_extra("scipy.special", extra="tour", purpose="assign_types")
    p, q, gamma = kind["p"], kind["q"], kind["gamma"]
    n, mean = seen["n_repeat"].to_numpy(dtype=float) + 1.0, seen["value"].to_numpy(dtype=float)
    shape = p * n
    known = special.gammaln(shape + q) - special.gammaln(shape) - special.gammaln(q)
    scale = q * np.log(gamma) + shape * np.log(n) - (shape + q) * np.log(gamma + n * mean)
    return known + scale + (shape - 1.0) * np.log(np.maximum(mean, 0.01))
