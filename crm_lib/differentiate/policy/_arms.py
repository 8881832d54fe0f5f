"""Read the two arms of a comparison and what was measured in them; every fault is worded here."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crm_lib._checks import list_words, require_values
from crm_lib.differentiate.checks import require_frame
from crm_lib.differentiate.experiment import ARMS
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_ARM_HINT = "Write treated and control, as assign_arms does."
_NUMBER_HINT = (
    "Leave such customers out of both arms, or say what a missing value means (0 when nothing was bought)."
)


class Summary(NamedTuple):
    """Mean of one arm, the variance of that mean, and the customers behind it."""

    mean: float
    variance: float
    n: int


def read_treated(where: str, customers: pd.DataFrame, *, least: int = 2) -> np.ndarray:
    """Return who is treated, as booleans; each arm must have `least` customers."""
    require_frame(where, customers, ("arm",))
    arm = customers["arm"].astype("object")
    require_values(where, customers, "arm", arm.isin(ARMS), "'treated' or 'control'", _ARM_HINT)
    treated = (arm == ARMS[0]).to_numpy(dtype=bool)
    n_treated, n_control = int(treated.sum()), int((~treated).sum())
    if min(n_treated, n_control) < least:
        raise DataError(
            f"{where}: each arm needs at least {least} customers; got {n_treated:,} treated and {n_control:,} "
            "control. Without a control group nothing can be said about the effect."
        )
    return treated


def read_numbers(where: str, customers: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column as finite floats; flags count as 0 and 1."""
    import numpy as np
    import pandas as pd

    require_frame(where, customers, (column,))
    values = pd.to_numeric(customers[column], errors="coerce").astype("Float64")
    numbers = values.to_numpy("float64", na_value=np.nan)
    good = pd.Series(np.isfinite(numbers), index=customers.index)
    require_values(where, customers, column, good, "a finite number", _NUMBER_HINT)
    return numbers


def is_share(values: np.ndarray) -> bool:
    """Tell whether an outcome is yes or no (0 and 1) rather than an amount; all zeros count as no."""
    import numpy as np

    return bool(np.isin(values, (0.0, 1.0)).all())


def summarize_arm(values: np.ndarray) -> Summary:
    """Return the mean of one arm with the variance of that mean."""
    n = len(values)
    return Summary(float(values.mean()), float(values.var(ddof=1)) / n if n > 1 else float("nan"), n)


def require_names(where: str, name: str, names: object) -> list[str]:
    """Return a non-empty list of distinct column names; a lone text is refused, it would be read letter by letter."""
    found = [] if isinstance(names, str) else [str(n) for n in names]  # type: ignore[attr-defined]
    if not found or len(set(found)) < len(found):
        raise ParameterError(
            f'{where}: {name} must be a list of different column names; got {names!r}. Write ["revenue"].'
        )
    return found


def require_open(where: str, **shares: float) -> None:
    """Raise unless each number is above 0 and below 1."""
    bad = [f"{name}={value!r}" for name, value in shares.items() if not 0 < value < 1]
    if bad:
        raise ParameterError(
            f"{where}: must be above 0 and below 1: {list_words(bad)}. Choose a value between."
        )
