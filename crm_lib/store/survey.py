"""Survey of how firms keep customer files (实训7): score the answers, test what goes with the score."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_columns, require_range
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

OUTCOMES = ("repeat_percent", "margin_percent")
LEAST_ANSWERED = 5
LEAST_FIRMS = 20
_STAFF, _YEARS, _TRADE = "n_staff", "years", "trade"


@dataclass(frozen=True)
class KeepingEffect:
    """How an outcome goes with the keeping score.

    Attributes
    ----------
    outcome
        The column.
    n
        Firms with score, outcome and all that is held equal.
    slope, low, high
        Outcome per 10 points of score among firms of like size, age and trade, and its interval.
    crude
        The same without holding anything equal.
    p_value
        Share of permutations with a slope at least as steep, either way.
    verdict
        ``shown`` (interval without 0 and p below 0.05), ``not_shown`` or ``too_few``.
    """

    outcome: str
    n: int
    slope: float
    low: float
    high: float
    crude: float
    p_value: float
    verdict: str


@cache
def load_survey() -> dict[str, Any]:
    """Return the questionnaire as ``survey.toml`` has it: intro, questions, firm."""
    return tomllib.loads((resources.files("crm_lib.store") / "survey.toml").read_text("utf-8"))


def list_habits() -> dict[str, dict[str, float]]:
    """Return habit → answer → points from 0 to 1, in the order of the questionnaire.

    Examples
    --------
    >>> list_habits()["used"]
    {'不用': 0.0, '偶尔': 0.5, '经常': 1.0}
    """
    return {
        q["column"]: {c: p / max(q["points"]) for c, p in zip(q["choices"], q["points"], strict=True)}
        for q in load_survey()["questions"]
        if "points" in q
    }


def score_archives(answers: pd.DataFrame) -> pd.DataFrame:
    """Score how well each firm keeps its customer files.

    Parameters
    ----------
    answers : DataFrame
        One row per firm, columns of the contract ``archives``; words as in the questionnaire,
        flags as 是/否 or True/False.

    Returns
    -------
    DataFrame
        One row per firm in the order given: ``firm_id``, ``trade``, ``n_staff``, ``years`` (missing where not
        asked), one column 0–1 per habit, ``n_answered``, ``keeping_score`` (0–100, missing with fewer than
        5 answers), ``repeat_percent``, ``margin_percent``.

    Raises
    ------
    SchemaError
        No firm, or no habit at all.
    DataError
        An answer is none of the questionnaire's words; all such answers are counted and the first named.

    Notes
    -----
    The score is the mean of the answered habits × 100: every habit counts alike.  That choice is ours and
    disputable; a firm without any files gets 0 from its other answers too.
    """
    import pandas as pd

    habits = list_habits()
    require_columns("score_archives", answers.columns, ["firm_id", "form"])
    out = pd.DataFrame({"firm_id": answers["firm_id"].astype(str).to_numpy()})
    out[_TRADE] = answers[_TRADE].to_numpy() if _TRADE in answers else None
    for column in (_STAFF, _YEARS):
        out[column] = _read_numbers(answers, column)
    for habit, points in habits.items():
        out[habit] = _read_points(answers, habit, points)
    values = out[list(habits)]
    out["n_answered"] = values.notna().sum(axis=1)
    score = (100 * values.mean(axis=1)).round(6)
    out["keeping_score"] = score.where(out["n_answered"] >= LEAST_ANSWERED)
    for column in OUTCOMES:
        out[column] = _read_numbers(answers, column)
    return out


def _read_numbers(answers: pd.DataFrame, column: str) -> Any:
    import pandas as pd

    if column not in answers:
        return float("nan")
    return pd.to_numeric(answers[column], errors="coerce").astype("float64").to_numpy()


def _read_points(answers: pd.DataFrame, habit: str, points: dict[str, float]) -> Any:
    import pandas as pd

    if habit not in answers:
        return float("nan")
    words = {True: "是", False: "否", "True": "是", "False": "否"}
    # one empty cell turns a column of flags into objects, so each cell is looked at
    cells = [
        None if pd.isna(v) or not str(v).strip() else words.get(v, str(v).strip()) for v in answers[habit]
    ]
    strange = [v for v in cells if v is not None and v not in points]
    if strange:
        raise DataError(
            f"score_archives: column {habit!r} must hold one of {', '.join(points)}; "
            f"{len(strange):,} of {len(cells):,} answers do not (first: {strange[0]!r}). "
            "Choose from the drop-down list of the questionnaire."
        )
    return [float("nan") if v is None else points[v] for v in cells]


def compare_archive_halves(scores: pd.DataFrame, *, outcome: str = "repeat_percent") -> pd.DataFrame:
    """Compare the firms that keep files better with those that keep them worse, cut at the median score.

    Parameters
    ----------
    scores : DataFrame
        What `score_archives` returned.
    outcome : {"repeat_percent", "margin_percent"}
        What to compare.

    Returns
    -------
    DataFrame
        Two rows (``half``: better, worse; equal scores stay together, those at the median with the worse):
        ``n_firms``, ``mean_score``, ``mean_outcome``, ``low``, ``high`` (interval of the mean).
    """
    import pandas as pd

    from crm_lib.stats import interval_of_mean

    require_choice("compare_archive_halves", "outcome", outcome, OUTCOMES)
    known = scores.dropna(subset=["keeping_score", outcome])
    better = known["keeping_score"] > known["keeping_score"].median()
    rows = []
    for name, part in (("better", known[better]), ("worse", known[~better])):
        found = interval_of_mean(part[outcome].tolist())
        rows.append((name, len(part), part["keeping_score"].mean(), *found))
    return pd.DataFrame(rows, columns=["half", "n_firms", "mean_score", "mean_outcome", "low", "high"])


def measure_keeping_effect(
    scores: pd.DataFrame,
    *,
    random_state: int,
    outcome: str = "repeat_percent",
    n_permutations: int = 1999,
) -> KeepingEffect:
    """Measure how an outcome goes with the keeping score among firms of like size, age and trade.

    Parameters
    ----------
    scores : DataFrame
        What `score_archives` returned.
    random_state : int
        Seed of the permutations and of the interval.
    outcome : {"repeat_percent", "margin_percent"}
        What may go with the score.
    n_permutations : int
        Permutations and bootstrap samples, at least 99.

    Returns
    -------
    KeepingEffect
        n, slope per 10 points, its 95 % interval, crude slope, p_value, verdict.

    Notes
    -----
    Score and outcome are freed of log staff, years and trade by least squares; the slope is that of what is
    left (Frisch and Waugh).  p by permuting what is left of the outcome (Freedman and Lane 1983), the interval
    by resampling firms.  An association: nobody was told by lot to keep better files, so what else sets the
    firms apart and was not asked may be behind it.
    """
    import numpy as np

    require_choice("measure_keeping_effect", "outcome", outcome, OUTCOMES)
    require_range("measure_keeping_effect", "n_permutations", n_permutations, 99)
    known = _keep_known(scores, outcome)
    x, y = known["keeping_score"].to_numpy() / 10, known[outcome].to_numpy()
    held = _hold_equal(known)
    if len(known) < LEAST_FIRMS or len(known) < 2 * held.shape[1] + 2 or np.ptp(x) == 0:
        nan = float("nan")
        return KeepingEffect(outcome, len(known), nan, nan, nan, nan, nan, "too_few")
    rng = np.random.default_rng(random_state)
    slope = _slope(held, x, y)
    p = _permute(held, x, y, slope, rng, n_permutations)
    low, high = _bound(held, x, y, rng, n_permutations)
    crude = _slope(np.ones((len(x), 1)), x, y)
    shown = p < 0.05 and (low > 0 or high < 0)
    return KeepingEffect(outcome, len(known), slope, low, high, crude, p, "shown" if shown else "not_shown")


def _keep_known(scores: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """Return the firms of which all that was asked of any firm is known."""
    asked = [c for c in (_STAFF, _YEARS, _TRADE) if scores[c].notna().any()]
    return scores.dropna(subset=["keeping_score", outcome, *asked])


def _hold_equal(known: pd.DataFrame) -> np.ndarray:
    import numpy as np

    columns = [np.ones(len(known))]
    if known[_STAFF].notna().all() and len(known):
        columns.append(np.log(np.maximum(known[_STAFF].to_numpy("float64"), 1)))
    if known[_YEARS].notna().all() and len(known):
        columns.append(known[_YEARS].to_numpy("float64"))
    trades = sorted(known[_TRADE].dropna().unique())
    columns += [(known[_TRADE] == t).to_numpy("float64") for t in trades[1:]]
    return np.column_stack(columns)


def _free(held: np.ndarray, values: np.ndarray) -> np.ndarray:
    import numpy as np

    return values - held @ np.linalg.lstsq(held, values, rcond=None)[0]


def _slope(held: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    left = _free(held, x)
    spread = float(left @ left)
    return float(left @ y) / spread if spread > 1e-9 else float("nan")


def _permute(
    held: np.ndarray, x: np.ndarray, y: np.ndarray, slope: float, rng: np.random.Generator, times: int
) -> float:
    import numpy as np

    left, rest = _free(held, x), _free(held, y)
    spread = float(left @ left)
    drawn = np.array([left @ rng.permutation(rest) for _ in range(times)]) / spread
    return float((1 + (np.abs(drawn) >= abs(slope) - 1e-12).sum()) / (1 + times))


def _bound(
    held: np.ndarray, x: np.ndarray, y: np.ndarray, rng: np.random.Generator, times: int
) -> tuple[float, float]:
    import numpy as np

    at = rng.integers(0, len(x), (times, len(x)))
    drawn = np.array([_slope(held[k], x[k], y[k]) for k in at])
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return float(low), float(high)
