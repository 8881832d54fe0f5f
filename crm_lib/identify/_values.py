"""Parse each distinct cell once, then spread the result over the rows."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

OK, MISSING, BAD, AMBIGUOUS, FOREIGN = range(5)

_EMPTY = ("", "-", "--", "---", "—", "——", "/", "\\", "\\n", ".", "?", "n/a", "#n/a", "null", "(null)")
NOT_A_VALUE = frozenset((*_EMPTY, "nan", "none", "nil", "<na>", "nat", "undefined", "#null!"))
NO_NUMBER = frozenset(("inf", "+inf", "-inf", "infinity", "-infinity", "nan", "#div/0!", "#value!", "#ref!"))
NOBODY = frozenset(
    (*NOT_A_VALUE, "na", "无", "空", "暂无", "未知", "不详", "匿名", "匿名用户", "匿名买家", "匿名客户")
    + (
        "匿名会员",
        "匿名顾客",
        "游客",
        "散客",
        "散客户",
        "零散客户",
        "现金客户",
        "零售客户",
        "普通顾客",
        "普通客户",
    )
    + (
        "临时客户",
        "路人",
        "非会员",
        "无会员",
        "无会员号",
        "无卡",
        "未登记",
        "未注册",
        "(空)",
        "(空白)",
        "unregistered",
    )
    + ("anonymous", "guest", "guest customer", "guest checkout", "unknown", "unknown customer", "walk-in")
    + ("walk in", "walk-in customer", "walk in customer", "cash", "cash customer", "cash sale")
    + ("non-member", "no member", "no customer", "not set", "(not set)", "(blank)", "not available", "gast")
    + tuple(NO_NUMBER)
)
# Cc control and Cf format characters (zero-width blanks, byte order marks, directional marks)
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
_BLANKS = re.compile(r"\s+")


@dataclass
class Parsed:
    """A column read as its type: value, state and rule per distinct cell, and the cell of each row."""

    codes: np.ndarray
    raw: np.ndarray
    values: Any
    state: np.ndarray
    rule: np.ndarray

    def row_state(self) -> np.ndarray:
        """Return OK, MISSING, BAD, AMBIGUOUS or FOREIGN per row."""
        import numpy as np

        return np.append(self.state, MISSING)[self.codes].astype("uint8")

    def row_values(self) -> Any:
        """Return the parsed value per row; what could not be read is missing."""
        import pandas as pd

        values = self.values
        if isinstance(values, pd.api.extensions.ExtensionArray):
            return values.take(self.codes, allow_fill=True)
        return pd.api.extensions.take(values, self.codes, allow_fill=True)

    def changed_rows(self, *, but: frozenset[str] = frozenset()) -> np.ndarray:
        """Return the row numbers whose cell has a rule that is not in `but`."""
        import numpy as np

        hit = np.array([bool(r) and r not in but for r in self.rule], dtype=bool)
        return np.flatnonzero(np.append(hit, False)[self.codes])


def distinct_cells(series: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the code of each row (−1 is missing) and the distinct cells.

    The cells are objects, but for a column of machine numbers or times, which stays one.
    """
    import numpy as np
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    try:
        codes, cells = pd.factorize(series, use_na_sentinel=True)
    except TypeError:  # a list or a dict in a cell cannot be hashed
        codes, cells = pd.factorize(series.map(str, na_action="ignore").astype(object))
    numeric = isinstance(series.dtype, np.dtype) and series.dtype.kind in "iufM"
    return codes, np.asarray(cells) if numeric else np.asarray(cells, dtype=object)


def empty_result(codes: np.ndarray, raw: np.ndarray, values: Any) -> Parsed:
    """Return a result in which every cell is fine and unchanged, to be filled in."""
    import numpy as np

    return Parsed(codes, raw, values, np.zeros(len(raw), "uint8"), np.full(len(raw), "", dtype=object))


def tidy_text(value: Any) -> str:
    """Return a cell as one line of text without unseen characters and outer blanks."""
    text = value if isinstance(value, str) else number_text(value)
    return _BLANKS.sub(" ", _UNSEEN.sub("", text)).strip()


def half_width(value: Any) -> str:
    """Return the tidy text with full-width letters, digits and signs made half-width (NFKC)."""
    return tidy_text(unicodedata.normalize("NFKC", value if isinstance(value, str) else number_text(value)))


def number_text(value: Any) -> str:
    """Return a cell's text; a float without a fraction is written as the integer it shows."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def text_array(values: list[str | None]) -> Any:
    """Return an array of texts of the running pandas' own text type; missing is NaN, never None."""
    import numpy as np
    import pandas as pd

    cells = [np.nan if v is None else v for v in values]
    return pd.Series(cells, dtype=pd.Series(["a"]).dtype).array
