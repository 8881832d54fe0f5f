"""Turn what is known of customers into numbers a model can read; learned once, applied to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

N_KNOTS = 200
LEAST_OF_WORD = 20
"""A word that fewer customers have gets no column of its own."""


@dataclass(frozen=True)
class Encoder:
    """How columns become numbers.

    Attributes
    ----------
    knots : tuple
        Per numeric column: name, distinct quantiles, the share of customers below each.
    words : tuple
        Per column of words or flags: name, the words that have a column.
    with_gaps : tuple of str
        Numeric columns that had missing values.
    """

    knots: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...]
    words: tuple[tuple[str, tuple[str, ...]], ...]
    with_gaps: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns the encoder reads."""
        return tuple(k[0] for k in self.knots) + tuple(w[0] for w in self.words)

    def encode(self, where: str, customers: pd.DataFrame, *, ranks: bool, sizes: bool = False) -> np.ndarray:
        """Return one row of numbers per customer: ranks and their squares, or the numbers as they are (NaN kept).

        With `sizes`, ranks have the numbers beside them, without the outermost half per cent at either end:
        a law that is straight in the number is bent in its rank.
        """
        import numpy as np

        require_columns(where, list(customers.columns), self.columns)
        parts = []
        for name, at, below in self.knots:
            values = _numbers(where, customers[name])
            if ranks:
                place = np.interp(values, at, below) - 0.5
                place[np.isnan(values)] = 0.0
                parts += [place, place**2 - 1 / 12]
                if sizes:
                    parts.append(_clip(values, at, below))
            else:
                parts.append(values)
            if ranks and name in self.with_gaps:
                parts.append(np.isnan(values).astype("float64"))
        for name, kept in self.words:
            texts = customers[name].astype("object")
            parts += [_texts(texts) == word for word in kept]
        return np.column_stack(parts).astype("float64") if parts else np.zeros((len(customers), 0))


def fit_encoder(where: str, customers: pd.DataFrame, features: Sequence[str]) -> Encoder:
    """Learn how to encode `features`; a column that says the same of everybody is left out."""
    import numpy as np

    require_columns(where, list(customers.columns), list(features))
    knots, words, gaps = [], [], []
    for name in features:
        if _is_number(customers[name]):
            values = _numbers(where, customers[name])
            known = np.sort(values[~np.isnan(values)])
            if len(known) and known[0] < known[-1]:
                knots.append((name, *_learn_ranks(known)))
                gaps += [name] if len(known) < len(values) else []
        else:
            texts = _texts(customers[name].astype("object"))
            kept, counts = np.unique(texts, return_counts=True)
            kept = [str(k) for k, n in zip(kept, counts, strict=True) if LEAST_OF_WORD <= n < len(texts)]
            words += [(name, tuple(kept))] if kept else []
    if not knots and not words:
        raise DataError(
            f"{where}: at least one feature must differ between customers; {list_words(map(repr, features))} do "
            "not. Give other columns."
        )
    return Encoder(tuple(knots), tuple(words), tuple(gaps))


def fill_gaps(where: str, customers: pd.DataFrame, names: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Return numeric columns with gaps filled by the mean, a flag for the gaps, and what each column is called."""
    import numpy as np

    require_columns(where, list(customers.columns), list(names))
    parts, labels = [], []
    for name in names:
        values = _numbers(where, customers[name])
        gap = np.isnan(values)
        if gap.all():
            raise DataError(f"{where}: column {name!r} has no value at all. Leave it out.")
        parts.append(np.where(gap, values[~gap].mean(), values))
        labels.append(name)
        if gap.any():
            parts.append(gap.astype("float64"))
            labels.append(f"{name} missing")
    return np.column_stack(parts), labels


def list_measures(
    where: str, customers: pd.DataFrame, features: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Return features as columns that can be averaged: numbers with filled gaps, one flag per word."""
    import numpy as np

    require_columns(where, list(customers.columns), list(features))
    parts, labels = [], []
    for name in features:
        if _is_number(customers[name]):
            values, found = fill_gaps(where, customers, [name])
            parts += list(values.T)
            labels += found
        else:
            texts = _texts(customers[name].astype("object"))
            for word in np.unique(texts):
                parts.append((texts == word).astype("float64"))
                labels.append(f"{name} = {word}")
    return np.column_stack(parts), labels


def _learn_ranks(known: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    import numpy as np

    at = np.unique(np.quantile(known, np.linspace(0, 1, N_KNOTS + 1), method="inverted_cdf"))
    middle = (np.searchsorted(known, at, "left") + np.searchsorted(known, at, "right")) / (2 * len(known))
    return tuple(at.tolist()), tuple(middle.tolist())


def _clip(values: np.ndarray, at: tuple[float, ...], below: tuple[float, ...]) -> np.ndarray:
    """Return numbers without their extremes; a missing one is the median."""
    import numpy as np

    low, middle, high = np.interp((0.005, 0.5, 0.995), below, at)
    return np.where(np.isnan(values), middle, np.clip(values, low, high))


def _is_number(values: pd.Series) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return bool(is_numeric_dtype(values) and not is_bool_dtype(values))


def _numbers(where: str, values: pd.Series) -> np.ndarray:
    import numpy as np
    import pandas as pd

    found = pd.to_numeric(values, errors="coerce").astype("Float64").to_numpy("float64", na_value=np.nan)
    lost = np.isnan(found) & values.notna().to_numpy(dtype=bool)
    if lost.any() or np.isinf(found).any():
        n = int(lost.sum() + np.isinf(found).sum())
        raise DataError(
            f"{where}: column {values.name!r} must hold finite numbers; {n:,} of {len(values):,} are not. "
            "Was something divided by zero, or is it a column of words?"
        )
    return found


def _texts(values: pd.Series) -> np.ndarray:
    """Return words as text; a missing one is a word of its own."""
    import numpy as np

    return np.array(["missing" if v is None or v != v else str(v) for v in _plain(values)], dtype="str")


def _plain(values: pd.Series) -> list:
    return values.where(values.notna(), None).tolist()
