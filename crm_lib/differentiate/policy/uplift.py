"""Whom the policy moves: the uplift of each customer, predicted for those a model has not seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_range
from crm_lib.differentiate.checks import find_id_faults, raise_faults, require_frame
from crm_lib.differentiate.policy._arms import is_share, read_numbers, read_treated, require_names
from crm_lib.differentiate.policy.before import require_before
from crm_lib.differentiate.policy.features import Encoder, fit_encoder
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import datetime as dt

    import numpy as np
    import pandas as pd

LEARNERS = ("two_models", "class_transformation")
MODELS = ("linear", "boosting")
LEAST_ARM = 50
"""Fewer customers in an arm teach nothing about how customers differ."""
_LEAST_LEAF = 40


@dataclass(frozen=True)
class UpliftModel:
    """What was learned of whom the policy moves.

    Attributes
    ----------
    outcome : str
        What the uplift is a difference of.
    learner, model : str
        See `fit_uplift`.
    encoder : Encoder
        How customers become numbers.
    estimators : tuple
        Fitted models: treated and control, or the single one of the class transformation.
    n_customers : int
        How many it learned from.
    """

    outcome: str
    learner: str
    model: str
    encoder: Encoder
    estimators: tuple[Any, ...] = field(repr=False)
    n_customers: int

    def apply(self, customers: pd.DataFrame) -> pd.DataFrame:
        """Predict the uplift of any customers.

        Parameters
        ----------
        customers : DataFrame
            One row per customer: customer_id and the features.

        Returns
        -------
        DataFrame
            One row per customer, in the order given: customer_id, expected_treated, expected_control
            (missing with the class transformation, which knows only their difference), uplift.
        """
        import numpy as np
        import pandas as pd

        where = "UpliftModel.apply"
        require_frame(where, customers, ("customer_id",))
        x = self.encoder.encode(where, customers, ranks=self.model == "linear")
        expected = [_predict(e, x) for e in self.estimators]
        if self.learner == "two_models":
            treated, control = expected
            uplift = treated - control
        else:
            treated = control = np.full(len(x), np.nan)
            uplift = 2 * expected[0] - 1
        return pd.DataFrame({
            "customer_id": customers["customer_id"].astype("str").to_numpy(),
            "expected_treated": treated,
            "expected_control": control,
            "uplift": uplift,
        })


def fit_uplift(
    customers: pd.DataFrame,
    *,
    outcome: str,
    features: Sequence[str],
    random_state: int,
    learner: str = "two_models",
    model: str = "linear",
    started_on: str | dt.date | None = None,
    measured_on: Mapping[str, Any] | None = None,
) -> UpliftModel:
    """Learn from a trial by lot how much the policy moves which customer.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, arm, the outcome, the features.
    outcome : str
        Measured after the policy began: a flag, or a number (two models only).
    features : sequence of str
        Numbers, words or flags known before; missing ones are allowed.
    random_state : int
        Seed of the boosting.
    learner : {"two_models", "class_transformation"}
        The difference of a model of each arm (T-learner), or one model of who fits his arm.
    model : {"linear", "boosting"}
        Regularised (logistic) regression on ranks and their squares, or boosted trees.
    started_on, measured_on
        See `reduce_variance`.

    Returns
    -------
    UpliftModel
        With `apply` for other customers.  What it says of the customers it learned from is too good: use
        `predict_uplift` for those.

    Raises
    ------
    DataError
        When a feature is known to be later than the beginning, an arm has fewer than 50 customers, or the
        class transformation is given an outcome that is no flag.
    ParameterError
        When an option is unknown.

    Notes
    -----
    Class transformation: Z = 1 where a treated customer did it or a control customer did not; with each
    customer weighted by 1 / (share of his arm), uplift = 2 P(Z = 1 | x) − 1.  Disputable: a model of each
    arm spends its effort on who buys, not on who is moved, and where the effect is small beside that, the
    difference of two models is mostly their errors; hence few leaves, strong regularisation, and a curve
    held against a random ranking (`measure_qini`) before anybody acts on it.

    References
    ----------
    Künzel et al. (2019). Metalearners for estimating heterogeneous treatment effects. PNAS 116.
    Jaskowski and Jaroszewicz (2012). Uplift modeling for clinical trial data. ICML workshop.
    """
    where = "fit_uplift"
    names, treated, y = _read(where, customers, outcome, features, learner, model, started_on, measured_on)
    return _fit(where, customers, names, treated, y, (outcome, learner, model, random_state))


def predict_uplift(
    customers: pd.DataFrame,
    *,
    outcome: str,
    features: Sequence[str],
    random_state: int,
    learner: str = "two_models",
    model: str = "linear",
    n_folds: int = 5,
    started_on: str | dt.date | None = None,
    measured_on: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Predict the uplift of each customer of a trial by a model that has not seen him.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: customer_id, arm, the outcome, the features.
    outcome, features, random_state, learner, model, started_on, measured_on
        See `fit_uplift`; `random_state` also deals the folds.
    n_folds : int
        Parts into which the customers are dealt, 2–20; each is predicted from the others.

    Returns
    -------
    DataFrame
        One row per customer, sorted by customer_id: customer_id, arm, the outcome, fold (1 …),
        expected_treated, expected_control, uplift.

    Raises
    ------
    DataError
        When a customer has no number or stands in two rows, and as `fit_uplift`.

    Notes
    -----
    In each arm, customers who did it and who did not (an amount: above and not above 0) are dealt to the
    folds in the order of sha256(random_state : customer_id), so the folds depend on who the customers are,
    not on the order of the rows.
    """
    import pandas as pd

    where = "predict_uplift"
    require_range(where, "n_folds", n_folds, 2, 20)
    require_frame(where, customers, ("customer_id",))
    raise_faults(where, find_id_faults(customers))
    customers = customers.assign(customer_id=customers["customer_id"].astype("str"))
    customers = customers.sort_values("customer_id").reset_index(drop=True)
    names, treated, y = _read(where, customers, outcome, features, learner, model, started_on, measured_on)
    fold = _deal(customers["customer_id"], treated, y, n_folds, random_state)
    parts = []
    for k in range(n_folds):
        rest, own = fold != k, fold == k
        about = (outcome, learner, model, random_state)
        learned = _fit(where, customers[rest], names, treated[rest], y[rest], about)
        parts.append(learned.apply(customers[own]).set_axis(customers.index[own]))
    found = pd.concat(parts).sort_index()
    found.insert(1, "arm", customers["arm"].astype("str"))
    found.insert(2, outcome, customers[outcome])
    found.insert(3, "fold", fold + 1)
    return found


def _read(
    where: str,
    customers: pd.DataFrame,
    outcome: str,
    features: Sequence[str],
    learner: str,
    model: str,
    started_on: Any,
    measured_on: Any,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    require_choice(where, "learner", learner, LEARNERS)
    require_choice(where, "model", model, MODELS)
    names = require_names(where, "features", features)
    require_before(
        where, customers, names, started_on=started_on, measured_on=measured_on, outcomes=[outcome]
    )
    treated = read_treated(where, customers, least=LEAST_ARM)
    y = read_numbers(where, customers, outcome)
    if learner == "class_transformation" and not is_share(y):
        raise DataError(
            f"{where}: the class transformation needs an outcome of 0 and 1; {outcome!r} has other values. "
            'Use learner="two_models".'
        )
    if "customer_id" in names:
        raise ParameterError(f"{where}: customer_id is no feature; it names one customer. Leave it out.")
    return names, treated, y


def _deal(ids: pd.Series, treated: np.ndarray, y: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    import numpy as np

    lot = np.array([hashlib.sha256(f"{seed}:{i}".encode()).hexdigest() for i in ids])
    group = treated * 2 + (y > 0)
    order = np.lexsort((lot, group))
    fold = np.empty(len(lot), dtype="int64")
    fold[order] = np.arange(len(lot)) % n_folds
    return fold


def _fit(
    where: str,
    customers: pd.DataFrame,
    names: list[str],
    treated: np.ndarray,
    y: np.ndarray,
    about: tuple[str, str, str, int],
) -> UpliftModel:
    import numpy as np

    outcome, learner, model, seed = about
    encoder = fit_encoder(where, customers, names)
    x = encoder.encode(where, customers, ranks=model == "linear")
    share = is_share(y)
    if learner == "two_models":
        fitted = tuple(_learn(x[m], y[m], None, model, share, seed) for m in (treated, ~treated))
    else:
        part = float(treated.mean())
        fits_arm = np.where(treated, y, 1 - y)
        fitted = (_learn(x, fits_arm, 1 / np.where(treated, part, 1 - part), model, True, seed),)
    return UpliftModel(outcome, learner, model, encoder, fitted, len(y))


def _learn(
    x: np.ndarray, y: np.ndarray, weight: np.ndarray | None, model: str, share: bool, seed: int
) -> Any:
    """Fit one model; an arm in which everybody did the same is a constant."""
    from sklearn import ensemble, linear_model, pipeline, preprocessing

    if y.min() == y.max():
        return float(y[0])
    if model == "boosting":
        kind = ensemble.HistGradientBoostingClassifier if share else ensemble.HistGradientBoostingRegressor
        learned = kind(
            max_iter=60, learning_rate=0.08, max_leaf_nodes=6, min_samples_leaf=_LEAST_LEAF,
            l2_regularization=10.0, early_stopping=False, random_state=seed,
        )  # fmt: skip
        return learned.fit(x, y, sample_weight=weight)
    scaler = preprocessing.StandardScaler()
    last = linear_model.LogisticRegression(C=0.1, max_iter=2000) if share else linear_model.Ridge(alpha=10.0)
    learned = pipeline.make_pipeline(scaler, last)
    name = learned.steps[-1][0]
    return learned.fit(x, y, **({} if weight is None else {f"{name}__sample_weight": weight}))


def _predict(estimator: Any, x: np.ndarray) -> np.ndarray:
    import numpy as np

    if isinstance(estimator, float):
        return np.full(len(x), estimator)
    if not len(x):
        return np.zeros(0)
    return estimator.predict_proba(x)[:, 1] if hasattr(estimator, "predict_proba") else estimator.predict(x)
