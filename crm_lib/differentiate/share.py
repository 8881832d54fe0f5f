"""客户份额, share of wallet: measured where the customer's whole spend is known, estimated where it is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_range, require_rows
from crm_lib.differentiate._money import MONEY_UNIT, count_money
from crm_lib.differentiate.checks import find_id_faults, find_number_faults, raise_faults, require_frame

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

GRAINS = ("customer_id", "category", "period")
_FOLDS = 5
_LEAST = 50
_MOST_WORDS = 200


def measure_share(wallet: pd.DataFrame, *, by: Sequence[str] = ("customer_id",)) -> pd.DataFrame:
    """Measure which part of what customers spend on our kinds of goods they spend with us.

    Parameters
    ----------
    wallet : DataFrame
        One row per customer, category and period: customer_id, category, period, category_spend (yuan, with
        anybody), our_spend (yuan, of it with us).
    by : sequence of str
        Grain of the result: one or more of customer_id, category, period; empty for one row of all.

    Returns
    -------
    DataFrame
        One row per group, sorted by `by` (missing ones last): these columns, n_customers, category_spend, our_spend
        (yuan), share (our_spend ÷ category_spend; missing when nobody spent anything), n_over (rows in which we have more than
        the whole: a fault of the survey or of the period, kept and counted).

    Raises
    ------
    DataError
        When a spend is negative or no number.

    Notes
    -----
    The textbook's example counts pieces, four cars of which two are ours, 50 %; money is counted the same way.
    Groups are sums divided, not means of shares: a customer who spends ten yuan elsewhere weighs ten yuan.

    Examples
    --------
    >>> import pandas as pd
    >>> cars = pd.DataFrame({"customer_id": ["家庭"], "category": ["汽车"], "period": ["2024"],
    ...                      "category_spend": [4.0], "our_spend": [2.0]})
    >>> measure_share(cars)["share"].tolist()
    [0.5]
    """
    import numpy as np
    import pandas as pd

    for name in by:
        require_choice("measure_share", "by", name, GRAINS)
    _require_wallet("measure_share", wallet)
    money = wallet[[*dict.fromkeys([*by, "customer_id"])]].assign(
        category_spend=count_money(wallet["category_spend"]),
        our_spend=count_money(wallet["our_spend"]),
    )
    money["n_over"] = money["our_spend"] > money["category_spend"]
    if by:
        groups = money.groupby(list(by), sort=True, dropna=False)
        out = groups[["category_spend", "our_spend", "n_over"]].sum()
        out.insert(0, "n_customers", groups["customer_id"].nunique() if "customer_id" not in by else 1)
        out = out.reset_index()
    else:
        sums = money[["category_spend", "our_spend", "n_over"]].sum()
        out = pd.DataFrame([{"n_customers": money["customer_id"].nunique(), **sums}])
    whole, ours = (out[c].to_numpy(dtype="int64") for c in ("category_spend", "our_spend"))
    share = np.divide(ours, whole, out=np.full(len(out), np.nan), where=whole > 0)
    out = out.assign(category_spend=whole / MONEY_UNIT, our_spend=ours / MONEY_UNIT)
    out.insert(out.shape[1] - 1, "share", share)
    return out.astype({"n_customers": "int64", "n_over": "int64"})


@dataclass(frozen=True)
class ShareModel:
    """How much customers spend in all, learnt from those who told.

    ``n_known`` customers taught it; ``half_width`` is the half of the interval of log(1 + spend) that covers
    ``confidence`` of the customers it was held against; ``check`` (one row: n_test, coverage, mae,
    mae_of_mean, in shares) comes from a fifth of them that taught nothing, of whom those count who buy with us.
    """

    features: tuple[str, ...]
    n_known: int
    confidence: float
    half_width: float
    check: pd.DataFrame = field(repr=False)
    _words: Mapping[str, tuple[str, ...]] = field(repr=False)
    _model: Any = field(repr=False)

    def apply(self, customers: pd.DataFrame) -> pd.DataFrame:
        """Return what `customers` probably spend in all, and our share of it.

        Parameters
        ----------
        customers : DataFrame
            One row per customer: customer_id, our_spend (yuan) and the model's features.

        Returns
        -------
        DataFrame
            One row per customer, in their order: customer_id, our_spend, category_spend (yuan expected, at least
            our_spend), share, low_share, high_share.  A customer who buys nothing with us, or has returned more than
            he bought, has share 0 whatever he spends.
        """
        import numpy as np
        import pandas as pd

        require_frame("ShareModel.apply", customers, ("customer_id", "our_spend", *self.features))
        raise_faults(
            "ShareModel.apply", [*find_id_faults(customers), *find_number_faults(customers, "our_spend")]
        )
        ours = customers["our_spend"].to_numpy(dtype="float64")
        middle = self._model.predict(_to_columns(customers, self.features, self._words))
        ends = [
            _to_share(np.maximum(ours, 0.0), middle + d) for d in (0.0, self.half_width, -self.half_width)
        ]
        return pd.DataFrame({
            "customer_id": customers["customer_id"].astype("str").to_numpy(),
            "our_spend": ours,
            "category_spend": np.maximum(np.expm1(middle), ours),
            "share": ends[0], "low_share": ends[1], "high_share": ends[2],
        }).astype({"customer_id": "str"})  # fmt: skip


def fit_share(
    known: pd.DataFrame, *, features: Sequence[str], random_state: int, confidence: float = 0.9
) -> ShareModel:
    """Learn from customers whose whole spend is known how much the others probably spend.

    Parameters
    ----------
    known : DataFrame
        One row per customer who told: customer_id, category_spend, our_spend (yuan) and the columns of `features`.
    features : sequence of str
        Numbers and words known of every customer; never the whole spend itself.  Missing values may stand in any.
    random_state : int
        Seed of the split into parts.
    confidence : float
        Of the intervals, 0.5 to 0.99.

    Returns
    -------
    ShareModel
        To be applied to the others.

    Raises
    ------
    DataError
        When fewer than 50 customers are known, or a spend is negative or no number.
    ParameterError
        When `features` holds category_spend or share.

    Notes
    -----
    A boosted tree predicts log(1 + whole spend).  The interval is split conformal (Vovk; Lei et al. 2018): the
    ⌈(n + 1)·confidence⌉-th smallest distance between what customers spend and what a model that had not seen
    them said.  It covers the confidence on average over customers like the known ones: if those who answer
    a survey differ from those who do not, it does not hold for the latter.

    References
    ----------
    J. Lei et al. (2018), Distribution-free predictive inference for regression, JASA 113.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits

    _require_known(known, features, confidence)
    words = _find_words(known, features)
    x, ours = _to_columns(known, features, words), known["our_spend"].to_numpy(dtype="float64")
    y = np.log1p(known["category_spend"].to_numpy(dtype="float64"))
    # who buys nothing with us has share 0 whatever he spends: he would only flatter the interval
    told = ours > 0 if (ours > 0).sum() >= _LEAST else np.ones(len(ours), dtype=bool)
    # one thread: the trees are small, and two would only wait for each other on a busy machine
    with threadpool_limits(limits=1):
        return _fit(x, y, ours, told, words, tuple(features), confidence, random_state)


def _fit(
    x: pd.DataFrame, y: np.ndarray, ours: np.ndarray, told: np.ndarray, words: Mapping[str, tuple[str, ...]],
    features: tuple[str, ...], confidence: float, random_state: int,
) -> ShareModel:  # fmt: skip
    from sklearn.model_selection import KFold

    learn, test = next(KFold(_FOLDS, shuffle=True, random_state=random_state).split(x))
    half = _conformal(_distances(x.iloc[learn], y[learn], random_state)[told[learn]], confidence)
    said = _new_model(random_state).fit(x.iloc[learn], y[learn]).predict(x.iloc[test])
    check = _check(ours, y, said, half, learn[told[learn]], test, told[test])
    width = _conformal(_distances(x, y, random_state)[told], confidence)
    model = _new_model(random_state).fit(x, y)
    return ShareModel(features, len(y), confidence, width, check, words, model)


def _check(
    ours: np.ndarray, y: np.ndarray, said: np.ndarray, half: float, learn: np.ndarray, test: np.ndarray,
    told: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    """Hold what the model said against customers that taught nothing, beside the plain mean of the others."""
    import numpy as np
    import pandas as pd

    mine, true = ours[test], _to_share(ours[test], y[test])
    low, high = (_to_share(mine, said + d) for d in (half, -half))
    hit = (low - 1e-12 <= true) & (true <= high + 1e-12)
    plain = float(np.mean(_to_share(ours[learn], y[learn])))
    wrong = np.abs(_to_share(mine, said) - true)
    return pd.DataFrame({
        "n_test": [int(told.sum())],
        "coverage": [float(hit[told].mean())],
        "mae": [float(wrong[told].mean())],
        "mae_of_mean": [float(np.abs(plain - true)[told].mean())],
    })


def _distances(x: pd.DataFrame, y: np.ndarray, random_state: int) -> np.ndarray:
    """Return how far each case is from what a model says that has not seen it."""
    import numpy as np
    from sklearn.model_selection import KFold

    found = np.empty(len(y))
    for learn, test in KFold(_FOLDS, shuffle=True, random_state=random_state + 1).split(x):
        model = _new_model(random_state).fit(x.iloc[learn], y[learn])
        found[test] = np.abs(model.predict(x.iloc[test]) - y[test])
    return found


def _conformal(distances: np.ndarray, confidence: float) -> float:
    import math

    import numpy as np

    rank = math.ceil((len(distances) + 1) * confidence)
    return float(np.sort(distances)[min(rank, len(distances)) - 1])


def _new_model(random_state: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        max_iter=120,
        learning_rate=0.08,
        min_samples_leaf=10,
        categorical_features="from_dtype",
        random_state=random_state,
    )


def _find_words(frame: pd.DataFrame, features: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return per feature of words the most frequent of them; a tree takes no more than 200."""
    import pandas as pd

    found = {}
    for name in features:
        values = frame[name]
        if pd.api.types.is_numeric_dtype(values) and not isinstance(values.dtype, pd.CategoricalDtype):
            continue
        counts = values.dropna().astype("str").value_counts()
        found[name] = tuple(sorted(counts.index[:_MOST_WORDS]))
    return found


def _to_columns(
    frame: pd.DataFrame, features: Sequence[str], words: Mapping[str, tuple[str, ...]]
) -> pd.DataFrame:
    """Return the features as the model takes them; a word it has not learnt is a missing value."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in features:
        if name in words:
            texts = frame[name].astype(object).map(str, na_action="ignore")
            known = texts.where(texts.isin(words[name]), None)
            columns[name] = pd.Categorical(known, categories=list(words[name]))
        else:
            columns[name] = frame[name].to_numpy(dtype="float64", na_value=float("nan"))
    return pd.DataFrame(columns)


def _to_share(ours: np.ndarray, log_spend: np.ndarray) -> np.ndarray:
    import numpy as np

    whole = np.maximum(np.expm1(log_spend), ours)
    return np.divide(ours, whole, out=np.zeros(len(ours)), where=whole > 0)


def _require_wallet(where: str, wallet: pd.DataFrame) -> None:
    require_frame(where, wallet, (*GRAINS, "category_spend", "our_spend"))
    _require_spend(where, wallet)


def _require_spend(where: str, frame: pd.DataFrame) -> None:
    faults = []
    for column in ("category_spend", "our_spend"):
        faults += find_number_faults(frame, column)
        if not faults and (n := int((frame[column] < 0).sum())):
            faults.append(
                f"column {column!r} must be >= 0; {n:,} of {len(frame):,} rows are not. Net returns first."
            )
    raise_faults(where, faults)


def _require_known(known: pd.DataFrame, features: Sequence[str], confidence: float) -> None:
    from crm_lib.errors import ParameterError

    told = sorted({"category_spend", "share"} & set(features))
    if told or not features:
        raise ParameterError(
            "fit_share: features must be what is known of every customer, and at least one; "
            f"got {told or 'none'}. The whole spend is what is looked for."
        )
    require_range("fit_share", "confidence", confidence, 0.5, 0.99)
    require_frame("fit_share", known, ("customer_id", "category_spend", "our_spend", *features))
    raise_faults("fit_share", find_id_faults(known))
    _require_spend("fit_share", known)
    require_rows(
        "fit_share", len(known), _LEAST, "customers whose whole spend is known", "Ask more customers."
    )
