"""Classes of value, and how far the value is held by a few customers."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from crm_lib._checks import require_choice
from crm_lib.differentiate.checks import find_id_faults, find_number_faults, raise_faults, require_frame
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

VALUES = ("revenue", "gross_profit", "net_profit")
CLASSES = ("A", "B", "C")
_MONEY_UNIT = 10_000
_LARGEST_SUM = 9e18 / _MONEY_UNIT


def classify_abc(
    values: pd.DataFrame, *, by: str = "revenue", cuts: tuple[float, float] = (0.8, 0.95)
) -> pd.DataFrame:
    """Put each customer into value class A, B or C by its place in the running total.

    Parameters
    ----------
    values : DataFrame
        One row per customer: customer_id and the column named by `by` (yuan), for instance from
        `summarize_rfm` or `summarize_profit`.
    by : {"revenue", "gross_profit", "net_profit"}
        What a customer is worth.
    cuts : tuple of float
        Shares of the whole value at which class A and class B end, 0 < A < B <= 1.

    Returns
    -------
    DataFrame
        One row per customer, the most valuable first, equal values by customer_id: customer_id, the
        value (yuan), its share (``revenue_share``, 0–1), cumulative_share (0–1), abc_class (str).
        ``attrs["by"]`` and ``attrs["cuts"]`` repeat the options.

    Raises
    ------
    DataError
        When a customer has no number, stands in two rows, or its value is not finite.
    ParameterError
        When `by` or `cuts` is none of the above.

    Notes
    -----
    The whole is the sum of the positive values.  A customer is in A while the customers worth strictly
    more hold less than the first cut, in B while they hold less than the second, else in C.  So equal
    customers share a class, and the customer who crosses a cut belongs to the better class: otherwise
    one customer with all the revenue would be a C.  Values of 0 and below have share 0 and class C.  When
    nobody has a positive value there is no whole: the shares are missing and everybody is C.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.DataFrame({"customer_id": list("abcd"), "revenue": [2.0, 15.0, 80.0, 3.0]})
    >>> classify_abc(values)[["customer_id", "cumulative_share", "abc_class"]]
      customer_id  cumulative_share abc_class
    0           c              0.80         A
    1           b              0.95         B
    2           d              0.98         C
    3           a              1.00         C
    """
    import numpy as np
    import pandas as pd

    money = _count_money("classify_abc", values, by)
    limits = _require_cuts(cuts)
    ids = values["customer_id"].astype("str")
    order = (
        pd.DataFrame({"money": -money, "id": ids.to_numpy()}).sort_values(["money", "id"]).index.to_numpy()
    )
    money = money[order]
    positive = np.maximum(money, 0)
    total, running = int(positive.sum()), np.cumsum(positive)
    whole = float(total) if total else np.nan
    abc = pd.DataFrame({
        "customer_id": ids.to_numpy()[order],
        by: money / float(_MONEY_UNIT),
        f"{by}_share": positive / whole,
        "cumulative_share": running / whole,
        "abc_class": _name_classes(money, running, total, limits),
    })
    abc = abc.astype({"customer_id": "str", "abc_class": "str"})
    abc.attrs.update(by=by, cuts=[float(c) for c in cuts])
    return abc


def _name_classes(money: np.ndarray, running: np.ndarray, total: int, limits: list[Fraction]) -> np.ndarray:
    """Name the class of values sorted from the largest; shares are compared as whole numbers."""
    import numpy as np

    first = np.searchsorted(-money, -money, side="left")  # of the customers with the same value
    before = np.concatenate([[0], running])[first]
    # before < cut × total, for a whole number, is before < its ceiling: no rounding decides a class.
    # Before values of 0 and below stands the whole, which no cut exceeds: they are C.
    place = sum((before >= -(-cut.numerator * total // cut.denominator)).astype("int64") for cut in limits)
    return np.array(CLASSES, dtype=object)[place]


def summarize_abc(abc: pd.DataFrame, *, by: str = "revenue") -> pd.DataFrame:
    """Summarize how many customers each value class has and what they are worth.

    Parameters
    ----------
    abc : DataFrame
        One row per customer: customer_id, the column named by `by` (yuan) and abc_class, as
        `classify_abc` returns them.
    by : {"revenue", "gross_profit", "net_profit"}
        What the classes were made by.

    Returns
    -------
    DataFrame
        One row per class, always A, B, C: abc_class (str), n_customers (int64), customer_share (0–1),
        the value (yuan, net), its share (0–1) and its mean (``mean_revenue``, yuan).

    Raises
    ------
    DataError
        When a class is none of A, B, C, or a value is not finite.

    Notes
    -----
    The share is the class's part of the sum of the positive values, as in `classify_abc`, so the three
    add up to 1; the value itself is the net sum, negative values included.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.DataFrame({"customer_id": list("abcd"), "revenue": [2.0, 15.0, 80.0, 3.0]})
    >>> summarize_abc(classify_abc(values))[["abc_class", "n_customers", "revenue", "revenue_share"]]
      abc_class  n_customers  revenue  revenue_share
    0         A            1     80.0           0.80
    1         B            1     15.0           0.15
    2         C            2      5.0           0.05
    """
    import numpy as np
    import pandas as pd

    money = _count_money("summarize_abc", abc, by, ("abc_class",))
    given = abc["abc_class"].astype(object).to_numpy()
    strange = sorted({repr(c) for c in given if c not in CLASSES})
    if strange:
        raise DataError(
            f"summarize_abc: column 'abc_class' must hold A, B or C; got {', '.join(strange[:3])}. "
            "Take the frame as classify_abc returned it."
        )
    masks = [given == c for c in CLASSES]
    n = np.array([m.sum() for m in masks], dtype="int64")
    net = np.array([money[m].sum() for m in masks], dtype="float64")
    held = np.array([np.maximum(money[m], 0).sum() for m in masks], dtype="float64")
    return pd.DataFrame({
        "abc_class": pd.Series(CLASSES, dtype="str"),
        "n_customers": n,
        "customer_share": n / (len(money) or np.nan),
        by: net / _MONEY_UNIT,
        f"{by}_share": held / (held.sum() or np.nan),
        f"mean_{by}": net / _MONEY_UNIT / np.where(n > 0, n, np.nan),
    })


def measure_concentration(values: pd.DataFrame, *, by: str = "revenue", top: float = 0.2) -> pd.DataFrame:
    """Measure how much of the value the most valuable customers hold.

    Parameters
    ----------
    values : DataFrame
        One row per customer: customer_id and the column named by `by` (yuan).
    by : {"revenue", "gross_profit", "net_profit"}
        What a customer is worth.
    top : float
        Share of the customers that counts as the top, above 0 and at most 1.

    Returns
    -------
    DataFrame
        One row: n_customers, n_positive (int64, customers with a positive value), top (as given),
        top_share (0–1, what the top holds), gini (0 = all alike, 1 − 1/n = one holds all).

    Raises
    ------
    DataError
        When a customer has no number, stands in two rows, or its value is not finite.
    ParameterError
        When `by` or `top` is none of the above.

    Notes
    -----
    Values below 0 count as 0.  top_share is read off the concentration curve at exactly `top` × n
    customers; of the customer on the cut counts the fraction inside (20 % of 7 customers are 1.4), where
    rounding up would let 3 equal customers look concentrated.  Ties need no rule: whichever of equal
    customers is inside, the sum is the same.  With values x[1] <= … <= x[n],
    gini = Σ (2i − n − 1) x[i] / (n Σ x[i]), without the small-sample factor n / (n − 1).  Both are missing
    when nobody has a positive value.

    Examples
    --------
    >>> import pandas as pd
    >>> values = pd.DataFrame({"customer_id": list("abcde"), "revenue": [5.0, 5.0, 5.0, 5.0, 80.0]})
    >>> measure_concentration(values)
       n_customers  n_positive  top  top_share  gini
    0            5           5  0.2        0.8   0.6
    """
    import numpy as np
    import pandas as pd

    money = _count_money("measure_concentration", values, by)
    part = _read_share("measure_concentration", "top", top)
    held = np.sort(np.maximum(money, 0))[::-1].tolist()
    n, total = len(held), sum(held)
    share = gini = float("nan")
    if total:
        inside, rest = divmod(part.numerator * n, part.denominator)
        edge = Fraction(rest * held[inside], part.denominator) if rest else 0
        share = float((sum(held[:inside]) + edge) / Fraction(total))
        gini = float(Fraction(sum((n + 1 - 2 * i) * x for i, x in enumerate(held, 1)), n * total))
    return pd.DataFrame({
        "n_customers": [n],
        "n_positive": [int((money > 0).sum())],
        "top": [float(top)],
        "top_share": [share],
        "gini": [gini],
    })


def _count_money(where: str, values: pd.DataFrame, by: str, more: tuple[str, ...] = ()) -> np.ndarray:
    """Return the values as whole 1/10,000 yuan once the frame is known to be sound."""
    import numpy as np

    require_choice(where, "by", by, VALUES)
    require_frame(where, values, ("customer_id", by, *more))
    raise_faults(where, find_id_faults(values) + find_number_faults(values, by))
    yuan = values[by].to_numpy(dtype="float64")
    if np.abs(yuan).sum() >= _LARGEST_SUM:
        raise DataError(
            f"{where}: the values in {by!r} must together stay below {_LARGEST_SUM:.0e} yuan; they do not. "
            "Are they in another unit?"
        )
    return np.floor(yuan * _MONEY_UNIT + 0.5).astype("int64")


def _require_cuts(cuts: tuple[float, float]) -> list[Fraction]:
    if isinstance(cuts, str) or not hasattr(cuts, "__len__") or len(cuts) != 2:
        raise ParameterError(
            f"classify_abc: cuts must be two shares, where A and where B ends; got {cuts!r}. "
            "Usual are cuts=(0.8, 0.95)."
        )
    limits = [_read_share("classify_abc", "each of cuts", c) for c in cuts]
    if limits[0] >= limits[1]:
        raise ParameterError(
            f"classify_abc: cuts must rise; got {cuts!r}. Put the end of A first, as in cuts=(0.8, 0.95)."
        )
    return limits


def _read_share(where: str, name: str, value: float) -> Fraction:
    """Return a share above 0 and at most 1 as the decimal fraction it was written as."""
    try:
        share = Fraction(repr(float(value)))
    except (TypeError, ValueError):
        share = Fraction(-1)
    if isinstance(value, (bool, str)) or not 0 < share <= 1:
        raise ParameterError(
            f"{where}: {name} must be a share above 0 and at most 1; got {value!r}. Write 20 % as 0.2."
        )
    return share
