"""Segment schemes: which scores bear which name."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import closest_first, list_words, require_choice
from crm_lib.errors import DataError, ParameterError, ReadError, SchemaError

if TYPE_CHECKING:
    import pandas as pd

SHIPPED = ("classic", "eight")
DIMENSIONS = ("r", "f", "m", "fm")
_BOUNDS = tuple(f"{d}_{end}" for d in DIMENSIONS for end in ("min", "max"))
_TEXTS = ("segment", "key", "meaning", "action")


@dataclass(frozen=True)
class Segment:
    """One row of a scheme: a name and the scores that bear it.

    ``bounds`` holds (dimension, lowest, highest) for the dimensions that are bounded, where a bound is
    a score, None (any), or for both ends the word ``"high"`` or ``"low"``.
    """

    segment: str
    key: str = ""
    meaning: str = ""
    action: str = ""
    bounds: tuple[tuple[str, Any, Any], ...] = ()

    def covers(self, scores: Mapping[str, int], n_bins: int) -> bool:
        """Tell whether `scores` (r, f, m, fm) lie within the bounds."""
        return all(low <= scores[d] <= high for d, low, high in self.limits(n_bins))

    def limits(self, n_bins: int) -> list[tuple[str, int, int]]:
        """Return the bounds as whole scores of a scale from 1 to `n_bins`."""
        middle = (n_bins + 1) // 2  # high is what lies above the middle: 2 × score > n_bins + 1
        words = {"high": (middle + 1, n_bins), "low": (1, middle)}
        return [
            (d, *words[low]) if low in words else (d, low or 1, high or n_bins)
            for d, low, high in self.bounds
        ]


@dataclass(frozen=True)
class Scheme:
    """A list of segments in the order in which tables and figures show them."""

    name: str
    segments: tuple[Segment, ...]
    title: str = ""
    n_bins: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Segment names, each once, in order."""
        return tuple(dict.fromkeys(s.segment for s in self.segments))

    def table(self, n_bins: int) -> dict[tuple[int, int, int], str]:
        """Return the segment of every combination (r, f, m) of scores from 1 to `n_bins`.

        Raises
        ------
        DataError
            When a combination has no segment or more than one.
        """
        scale = range(1, n_bins + 1)
        found = {c: self._segments_of(c, n_bins) for c in itertools.product(scale, repeat=3)}
        faults = [
            *self._first(found, "none for", lambda n: n == 0),
            *self._first(found, "more than one for", lambda n: n > 1),
        ]
        if faults:
            raise DataError(
                f"scheme {self.name!r}: every combination of scores from 1 to {n_bins} must have exactly one "
                f"segment; it has {' and '.join(faults)}. Mend the bounds of the scheme."
            )
        return {c: names[0] for c, names in found.items()}

    def _segments_of(self, combination: tuple[int, int, int], n_bins: int) -> list[str]:
        r, f, m = combination
        scores = {"r": r, "f": f, "m": m, "fm": (f + m + 1) // 2}
        return [s.segment for s in self.segments if s.covers(scores, n_bins)]

    @staticmethod
    def _first(found: dict, what: str, is_bad: Any) -> list[str]:
        bad = [(c, names) for c, names in found.items() if is_bad(len(names))]
        if not bad:
            return []
        (r, f, m), names = bad[0]
        shown = f": {list_words(names)}" if names else ""
        return [f"{what} {len(bad)} of {len(found)} (first r={r}, f={f}, m={m}{shown})"]


def load_scheme(scheme: str | Path | pd.DataFrame | Scheme) -> Scheme:
    """Load a scheme that travels with the library, or one of your own.

    Parameters
    ----------
    scheme : str, Path, DataFrame or Scheme
        ``"classic"`` (eleven segments on five scores), ``"eight"`` (R, F, M high or low, any number of
        scores), or a frame, or a path to CSV or TOML, with one row per segment: segment, r_min, r_max,
        f_min, f_max, m_min, m_max, fm_min, fm_max (bounds included; an empty or missing bound means
        any; fm is (score_f + score_m) / 2 rounded half up), and optionally key, meaning, action.  A
        segment may stand in several rows.

    Returns
    -------
    Scheme

    Raises
    ------
    ParameterError
        When the name is unknown.
    ReadError, SchemaError, DataError
        When a file is missing, a column is unknown, or a bound is no whole number.
    """
    if isinstance(scheme, Scheme):
        return scheme
    if isinstance(scheme, str) and scheme in SHIPPED:
        return _load_shipped(scheme)
    if isinstance(scheme, str | Path):
        path = Path(scheme)
        if isinstance(scheme, str) and path.suffix.lower() not in {".toml", ".csv"}:
            require_choice("name_segments", "scheme", scheme, SHIPPED)
        return _load_file(path)
    if hasattr(scheme, "columns") and hasattr(scheme, "to_dict"):
        return _build("table", {"segments": _rows_of(scheme)})
    raise ParameterError(
        f"name_segments: scheme must be 'classic', 'eight', a table or a path to CSV or TOML; "
        f"got {type(scheme).__name__}. A table has one row per segment with r_min, r_max, …"
    )


def list_segments(scheme: str | Path | pd.DataFrame | Scheme = "classic") -> pd.DataFrame:
    """List the segments of a scheme in the order of every table and figure.

    Parameters
    ----------
    scheme
        See `load_scheme`.

    Returns
    -------
    DataFrame
        One row per segment: order (int64, from 1), key, segment, meaning, action (suggested 保有措施);
        all but order are str.

    Examples
    --------
    >>> list_segments("eight")["segment"].tolist()[:2]
    ['重要价值客户', '重要发展客户']
    """
    import pandas as pd

    loaded = load_scheme(scheme)
    first = {s.segment: s for s in reversed(loaded.segments)}
    rows = [[i, *(getattr(first[n], c) for c in _COLUMNS)] for i, n in enumerate(loaded.names, start=1)]
    return pd.DataFrame(rows, columns=["order", *_COLUMNS])


_COLUMNS = ("key", "segment", "meaning", "action")


@cache
def _load_shipped(name: str) -> Scheme:
    folder = resources.files("crm_lib.differentiate") / "schemes"
    return _build(name, tomllib.loads((folder / f"{name}.toml").read_text("utf-8")))


def _load_file(path: Path) -> Scheme:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReadError(
            f"name_segments: the scheme {str(path)!r} cannot be read ({error.strerror}). Check the path."
        ) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030", errors="replace")
    if path.suffix.lower() == ".csv":
        return _build(path.name, {"segments": _rows_of_csv(text)})
    try:
        return _build(path.name, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ReadError(f"name_segments: {str(path)!r} is no TOML ({error}). Mend that line.") from None


def _rows_of_csv(text: str) -> list[dict[str, Any]]:
    import csv
    import io

    rows = csv.DictReader(io.StringIO(text))
    return [{(k or "").strip(): v for k, v in row.items()} for row in rows]


def _rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _build(name: str, raw: Mapping[str, Any]) -> Scheme:
    rows = raw.get("segments") or []
    if not rows:
        raise SchemaError(f"scheme {name!r}: needs at least one row with a segment; got none. Add rows.")
    segments = tuple(_segment(name, i, row) for i, row in enumerate(rows, start=1))
    n_bins = raw.get("n_bins")
    return Scheme(name, segments, str(raw.get("title", "")), int(n_bins) if n_bins else None)


def _segment(name: str, number: int, row: Mapping[str, Any]) -> Segment:
    known = (*_TEXTS, *_BOUNDS, *DIMENSIONS)
    for column in row:
        if column not in known:
            raise SchemaError(
                f"scheme {name!r}: column {column!r} is not known; did you mean "
                f"{closest_first(column, known)[0]!r}? Columns are {list_words(_TEXTS + _BOUNDS)}."
            )
    texts = {c: "" if _is_empty(row.get(c)) else str(row[c]).strip() for c in _TEXTS}
    if not texts["segment"]:
        raise SchemaError(f"scheme {name!r}: row {number} has no segment name. Fill in column 'segment'.")
    bounds = [_bound(name, texts["segment"], d, row) for d in DIMENSIONS]
    return Segment(**texts, bounds=tuple(b for b in bounds if b))


def _bound(scheme: str, segment: str, dimension: str, row: Mapping[str, Any]) -> tuple | None:
    word = row.get(dimension)
    if not _is_empty(word):
        require_choice(f"scheme {scheme!r}, segment {segment!r}", dimension, word, ("high", "low"))
        return dimension, word, word
    low, high = (_whole(scheme, segment, f"{dimension}_{end}", row) for end in ("min", "max"))
    if low is None and high is None:
        return None
    return dimension, low, high


def _whole(scheme: str, segment: str, column: str, row: Mapping[str, Any]) -> int | None:
    value = row.get(column)
    if _is_empty(value):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not number.is_integer() or number < 1:
        raise DataError(
            f"scheme {scheme!r}: {column} of segment {segment!r} must be a whole score from 1; got "
            f"{value!r}. Leave it empty for any score."
        )
    return int(number)


def _is_empty(value: Any) -> bool:
    return value is None or value != value or str(value).strip() in {"", "<NA>"}
