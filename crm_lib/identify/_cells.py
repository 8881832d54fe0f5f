"""The distinct cells of one raw column, with what several checks ask of them worked out once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from crm_lib.identify._values import NOBODY, NOT_A_VALUE, distinct_cells, half_width, number_text

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pandas as pd

# printable ASCII, the middle dot and Chinese characters are their own half-width, tidy text
_PLAIN = r"^[!-~\x{b7}\x{4e00}-\x{9fa5}]+$"
# a stop or a question mark alone says nothing; 无 and 未知 answer some questions (hobbies) but name nobody
_NAMING = ("name", "phone", "email", "address", "birth_date", "gender", "province", "city")


class Cells:
    """One raw column as codes per row and distinct cells; −1 is a missing cell."""

    def __init__(self, column: pd.Series, name: str, kind: str = "text") -> None:
        import numpy as np

        self.name, self.kind = name, kind
        self.codes, self.raw = distinct_cells(column)
        self.n_rows = len(column)
        self._n = len(self.raw)
        self.rows_of = np.bincount(self.codes[self.codes >= 0], minlength=self._n)

    @cached_property
    def texts(self) -> list[str]:
        """Return the distinct cells as text, untouched but for numbers."""
        if self.raw.dtype.kind == "M":
            import pandas as pd

            return pd.Series(self.raw).astype(str).tolist()
        return [v if isinstance(v, str) else number_text(v) for v in self.raw.tolist()]

    @cached_property
    def plain(self) -> np.ndarray:
        """Return True for cells without blanks, full-width or unseen characters."""
        return match_all(self.texts, _PLAIN)

    @cached_property
    def half(self) -> list[str]:
        """Return the distinct cells tidy and half-width."""
        return [t if ok else half_width(t) for t, ok in zip(self.texts, self.plain.tolist(), strict=True)]

    @cached_property
    def filled(self) -> np.ndarray:
        """Return True for distinct cells that say something: no blank, no placeholder."""
        import numpy as np

        naming = self.kind == "id" or self.name in _NAMING or self.kind in ("date", "datetime")
        nothing = NOBODY if naming else NOT_A_VALUE
        return np.array([t.lower() not in nothing for t in self.half], dtype=bool)

    def spread(self, mask: np.ndarray, missing: bool = False) -> np.ndarray:
        """Return a mask of distinct cells as a mask of rows."""
        import numpy as np

        return np.append(mask, missing)[self.codes]

    @cached_property
    def row_filled(self) -> np.ndarray:
        """Return True for rows whose cell says something."""
        return self.spread(self.filled)


def match_all(texts: list[str], pattern: str) -> np.ndarray:
    """Return which texts match an anchored pattern of RE2, without a Python loop."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        cells = pa.array(texts, pa.large_string())
    except (pa.ArrowException, UnicodeEncodeError):  # a lone surrogate is no text of UTF-8
        cells = pa.array([t.encode("utf-8", "replace").decode("utf-8") for t in texts], pa.large_string())
    return np.asarray(pc.match_substring_regex(cells, pattern).to_numpy(zero_copy_only=False), dtype=bool)


def read_each(values: pd.Series, read: Callable[[str], tuple], columns: dict[str, str]) -> pd.DataFrame:
    """Apply `read` to each distinct text of a column and spread its fields over the rows.

    `columns` is the name and type of each field ("str", "bool", "flag" or "date"); a missing or
    blank cell gives empty texts, False and missing.
    """
    cells = Cells(values, str(values.name))
    rows = [read(t) if ok else None for t, ok in zip(cells.half, cells.filled.tolist(), strict=True)]
    return spread_fields(values, cells, rows, columns)


def spread_fields(
    values: pd.Series, cells: Cells, rows: list[tuple | None], columns: dict[str, str]
) -> pd.DataFrame:
    """Return one row per row of `values` from the fields of each distinct cell."""
    import pandas as pd

    empty = {"str": "", "bool": False, "flag": None, "date": None}
    out: dict[str, Any] = {}
    for k, (name, kind) in enumerate(columns.items()):
        fields = [empty[kind] if row is None else row[k] for row in rows]
        out[name] = take_rows([*fields, empty[kind]], cells.codes, kind)
    return pd.DataFrame(out, index=values.index)


def take_rows(fields: list[Any], codes: np.ndarray, kind: str) -> Any:
    """Return the fields of distinct cells per row, in the type of their kind (the last one is the missing cell's)."""
    import numpy as np
    import pandas as pd

    if kind == "str":
        return pd.Series(pd.Series(fields, dtype=object).to_numpy()[codes], dtype=str).array
    if kind == "flag":
        return pd.array(fields, dtype="boolean").take(codes)
    if kind == "date":
        return np.array(fields, dtype="datetime64[D]").astype("datetime64[us]")[codes]
    return np.array(fields, dtype=bool)[codes]
