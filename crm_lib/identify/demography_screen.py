"""Screen demographic fields for values that cannot be, and for values far from all others (归纳筛选)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_range
from crm_lib.identify.demography_bands import count_ages, read_fields

if TYPE_CHECKING:
    import pandas as pd

REASONS = {
    "born_later": "born after the day of the analysis",
    "too_old": "older than anybody is",
    "registered_before_birth": "registered before the day of birth: one of the two dates is wrong",
    "too_low": "below what is possible",
    "too_high": "above what is possible",
    "unit": "outside what is possible, and within it in another unit or with the decimal point moved",
    "far_off": "possible, but far from all others",
}
"""Reason of a finding → its meaning."""
KEPT = ("registered_before_birth", "far_off")
"""Reasons that leave the value where it is: it may be right."""
FACTORS = (10.0, 0.1, 100.0, 0.01)
_COLUMNS = ["row", "record_id", "column", "value", "reason", "suggestion", "removed", "meaning"]


@dataclass(frozen=True)
class ScreenedValues:
    """The rows without impossible values, and one finding per value that was taken out or is doubtful."""

    rows: pd.DataFrame
    findings: pd.DataFrame


def screen_values(
    frame: pd.DataFrame,
    *,
    as_of: Any,
    limits: Mapping[str, tuple[float, float]] | None = None,
    far: float = 5.0,
) -> ScreenedValues:
    """Take out values that cannot be, and point at those far from all others.

    Parameters
    ----------
    frame : DataFrame
        One row per record or person.
    as_of : date
        The day ages are counted at.
    limits : mapping, optional
        Column → least and greatest possible value; by default height, weight, income and number of children
        by the project's table (``demography_fields.toml``).
    far : float
        A number is far off when it lies more than so many robust deviations from the median.

    Returns
    -------
    ScreenedValues
        ``rows``: the input, impossible values missing; no row is dropped.  ``findings``: one row per value:
        ``row`` (place in the frame, from 0), ``record_id`` where there is one, ``column``, ``value``,
        ``reason`` (see `REASONS`), ``suggestion`` (the value a moved decimal point gives, never written into
        the rows), ``removed``, ``meaning``.

    Notes
    -----
    Robust deviation = 1.4826 × median |x − median|; of income the logarithm is looked at, because it is skewed.
    Where more than half of the values are equal it is 0 and nothing is called far off.  Disputable: 17.5 cm
    is taken out and 175 only suggested, because 17.5 may also be the size of a foot; where somebody was registered
    before being born, either date may be the wrong one, so both stay and the contradiction is reported.

    Examples
    --------
    >>> import pandas as pd
    >>> screened = screen_values(pd.DataFrame({"height_cm": [17.5, 168.0, 172.0]}), as_of="2025-01-01")
    >>> screened.findings[["value", "reason", "suggestion"]].values.tolist()
    [[17.5, 'unit', 175.0]]
    """
    require_range("screen_values", "far", far, 2.0, 1000.0)
    parse_day("screen_values", "as_of", as_of)
    rows, found = frame.copy(), []
    known = dict(limits) if limits is not None else _default_limits()
    for column in [c for c in known if c in rows.columns]:
        _screen_number(rows, found, column, known[column], far)
    if "birth_date" in rows.columns:
        _screen_births(rows, found, as_of)
    return ScreenedValues(rows, _tabulate(frame, found))


def _default_limits() -> dict[str, tuple[float, float]]:
    return {k: (float(v[0]), float(v[1])) for k, v in read_fields()["limits"].items() if k != "age"}


def _screen_number(
    rows: pd.DataFrame, found: list, column: str, limit: tuple[float, float], far: float
) -> None:
    import pandas as pd

    values = pd.to_numeric(rows[column], errors="coerce")
    low, high = limit
    bad = (values < low) | (values > high)
    typical = values[~bad & values.notna()]
    for place in bad.to_numpy().nonzero()[0]:
        value = float(values.iloc[place])
        near = _suggest(value, typical, limit)
        reason = "unit" if near is not None else "too_low" if value < low else "too_high"
        found.append((int(place), column, value, reason, near, True))
    for place in (_is_far(values.where(~bad), far, log=low >= 0 and high >= 1e5)).to_numpy().nonzero()[0]:
        found.append((int(place), column, float(values.iloc[place]), "far_off", None, False))
    rows[column] = values.where(~bad)


def _suggest(value: float, typical: pd.Series, limit: tuple[float, float]) -> float | None:
    """Return the value with the decimal point moved that lies nearest to the middle of the others."""
    moved = [value * f for f in FACTORS if limit[0] < value * f <= limit[1]]
    if not moved or value == 0:
        return None
    middle = float(typical.median()) if len(typical) else sum(limit) / 2
    return round(min(moved, key=lambda v: abs(v - middle)), 6)


def _is_far(values: pd.Series, far: float, *, log: bool) -> pd.Series:
    import numpy as np

    scaled = np.log(values.where(values > 0)) if log else values
    if scaled.notna().sum() == 0:
        return scaled.notna()
    away = (scaled - scaled.median()).abs()
    spread = 1.4826 * away.median()
    return (away > far * spread) if spread > 0 else away > np.inf


def _screen_births(rows: pd.DataFrame, found: list, as_of: Any) -> None:
    import pandas as pd

    born = pd.to_datetime(rows["birth_date"], errors="coerce")
    ages = count_ages(born, as_of=as_of)
    high = read_fields()["limits"]["age"][1]
    flags = {"born_later": ages < 0, "too_old": ages > high}
    if "registered_on" in rows.columns:
        flags["registered_before_birth"] = pd.to_datetime(rows["registered_on"], errors="coerce") < born
    taken = pd.Series(False, index=rows.index)
    for reason, flag in flags.items():
        flag = flag.fillna(False).astype(bool) & ~taken
        for place in flag.to_numpy().nonzero()[0]:
            found.append((int(place), "birth_date", born.iloc[place], reason, None, reason not in KEPT))
        taken |= flag & (reason not in KEPT)
    rows["birth_date"] = born.where(~taken)


def _tabulate(frame: pd.DataFrame, found: list) -> pd.DataFrame:
    import pandas as pd

    ids = frame["record_id"].tolist() if "record_id" in frame.columns else [None] * len(frame)
    lines = [(row, ids[row], *rest, REASONS[rest[2]]) for row, *rest in found]
    out = pd.DataFrame(lines, columns=_COLUMNS).astype({"value": object, "removed": bool})
    return out.sort_values(["row", "column"], kind="stable").reset_index(drop=True)
