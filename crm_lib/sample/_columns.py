"""Arrow columns out of numbers, without a Python loop over rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib.sample._laws import DAY, read_laws

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

OPENS, OPEN_FOR = 8 * 3600, 14 * 3600
_EPOCH_DAYS = 719_163  # ordinal of 1970-01-01


def take_words(words: Sequence[str], codes: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Return the word of each code; null where `missing`."""
    import pyarrow as pa

    return pa.array(list(words), pa.string()).take(pa.array(codes, pa.int64(), mask=missing))


def number_words(prefix: Any, numbers: np.ndarray, width: int, missing: np.ndarray | None = None) -> pa.Array:
    """Return prefix and number, the number filled with zeros to `width`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    digits = pc.utf8_lpad(pc.cast(pa.array(numbers, pa.int64(), mask=missing), pa.string()), width, "0")
    return join_words(prefix, digits)


def join_words(*parts: Any) -> pa.Array:
    """Join texts row by row; null where a part is null."""
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(*parts, "")


def make_days(days: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """Return dates from days since the first day of the data."""
    import numpy as np
    import pyarrow as pa

    first = read_laws()["first_day"].toordinal() - _EPOCH_DAYS
    return pa.array((np.asarray(days) + first).astype(np.int32), pa.int32(), mask=missing).cast(pa.date32())


def make_times(seconds: np.ndarray) -> pa.Array:
    """Return times from seconds since the first day of the data."""
    import numpy as np
    import pyarrow as pa

    first = (read_laws()["first_day"].toordinal() - _EPOCH_DAYS) * DAY
    return pa.array(np.asarray(seconds).astype(np.int64) + first, pa.int64()).cast(pa.timestamp("s"))


def make_open_times(seconds: np.ndarray) -> pa.Array:
    """Return times squeezed into opening hours, 8 to 22; days and the order within a day stay."""
    import numpy as np

    seconds = np.asarray(seconds).astype(np.int64)
    return make_times(seconds // DAY * DAY + OPENS + seconds % DAY * OPEN_FOR // DAY)


def make_money(cents: np.ndarray) -> pa.Array:
    """Return yuan from whole fen."""
    import pyarrow as pa

    return pa.array(cents / 100.0, pa.float64())


def round_cents(yuan: np.ndarray) -> np.ndarray:
    """Return whole fen."""
    import numpy as np

    return np.floor(yuan * 100.0 + 0.5).astype(np.int64)
