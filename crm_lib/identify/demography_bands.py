"""Ages, bands of age, and the small tables of demographic fields."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

BANDS = ("18岁以下", "18-24岁", "25-34岁", "35-44岁", "45-54岁", "55-64岁", "65岁以上")
_RANGE = re.compile(r"^\D*?(\d+)\D*?[-–—~～至到]\D*?(\d+)\D*$")
_OPEN = re.compile(r"^(?P<before>\D*)(?P<n>\d+)(?P<after>\D*)$")
_LOW = ("以上", "及以上", "+", "＋", "≥", ">=", "and over", "or more", "older")
_HIGH = ("以下", "不满", "未满", "<", "under", "below", "younger")


@cache
def read_fields() -> dict[str, Any]:
    """Return what stands in ``demography_fields.toml``."""
    path = resources.files("crm_lib.identify") / "demography_fields.toml"
    return tomllib.loads(path.read_text("utf-8"))


def count_ages(births: pd.Series, *, as_of: Any) -> pd.Series:
    """Count the years of age completed on a day, by birthdays.

    Parameters
    ----------
    births : Series
        Days of birth; what cannot be read as a date is missing.
    as_of : date
        The day; who has a birthday on it is one year older.

    Returns
    -------
    Series
        Ages (Int64) under the same index: negative for those born later.

    Notes
    -----
    Years are counted by birthday, not by days over 365.25.  Who was born on 29 February has the
    birthday on 1 March of a common year.

    Examples
    --------
    >>> import pandas as pd
    >>> births = pd.Series(pd.to_datetime(["2000-06-01", "2000-06-02", "2000-02-29"]))
    >>> count_ages(births, as_of="2025-06-01").tolist()
    [25, 24, 25]
    """
    import pandas as pd

    day: dt.date = parse_day("count_ages", "as_of", as_of)
    when = pd.to_datetime(births, errors="coerce")
    later = (when.dt.month > day.month) | ((when.dt.month == day.month) & (when.dt.day > day.day))
    ages = day.year - when.dt.year - later.astype("int64")
    return ages.where(when.notna()).astype("Int64")


def parse_band(label: str) -> tuple[float, float]:
    """Return the ages a band's name means: from the first, up to but not including the second.

    Parameters
    ----------
    label : str
        For example ``25-34岁``, ``65岁以上``, ``under 18``, ``65+``.

    Raises
    ------
    ParameterError
        The name does not tell which ages it means.

    Examples
    --------
    >>> parse_band("25-34岁"), parse_band("65岁以上"), parse_band("18岁以下")
    ((25.0, 35.0), (65.0, inf), (0.0, 18.0))
    """
    text = str(label).strip()
    if found := _RANGE.match(text):
        return float(found[1]), float(found[2]) + 1.0
    found = _OPEN.match(text)
    around = f"{found['before']} {found['after']}".lower() if found else ""
    if any(word in around for word in _LOW):
        return float(found["n"]), math.inf
    if any(word in around for word in _HIGH):
        return 0.0, float(found["n"])
    raise ParameterError(
        f"parse_band: the name of an age band must tell its ages, like '25-34岁' or '65岁以上'; got {label!r}. "
        "Rename the band."
    )


def band_ages(ages: pd.Series, *, bands: Sequence[str] = BANDS) -> pd.Series:
    """Return the name of the band of each age; missing where none holds it.

    Parameters
    ----------
    ages : Series
        Ages in years.
    bands : sequence of str
        Names of bands, which tell their ages (`parse_band`).

    Returns
    -------
    Series
        Names (object) under the same index.

    Raises
    ------
    ParameterError
        Two bands overlap, or a name tells no ages.

    Examples
    --------
    >>> import pandas as pd
    >>> band_ages(pd.Series([17, 25, 90, None])).tolist()[:3]
    ['18岁以下', '25-34岁', '65岁以上']
    """
    import pandas as pd

    ordered = order_bands(bands)
    edges = [parse_band(b) for b in ordered]
    for (name, (_, high)), (other, (low, _)) in zip(
        zip(ordered, edges, strict=True), list(zip(ordered, edges, strict=True))[1:], strict=False
    ):
        if low < high:
            raise ParameterError(
                f"band_ages: bands must not overlap; {name!r} and {other!r} do. Correct one."
            )
    out = pd.Series(None, index=ages.index, dtype=object)
    values = pd.to_numeric(ages, errors="coerce").astype("Float64")
    for name, (low, high) in zip(ordered, edges, strict=True):
        out[((values >= low) & (values < high)).fillna(False).astype(bool)] = name
    return out


def order_bands(bands: Iterable[str]) -> list[str]:
    """Return bands from the youngest to the oldest, each once.

    Parameters
    ----------
    bands : iterable of str
        Names of bands.

    Examples
    --------
    >>> order_bands(["65岁以上", "18-24岁", "65岁以上"])
    ['18-24岁', '65岁以上']
    """
    return sorted(dict.fromkeys(bands), key=parse_band)
