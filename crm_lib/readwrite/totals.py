"""Find the totals rows that an export carries among its data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crm_lib.schema.names import fold_name

if TYPE_CHECKING:
    import pandas as pd

_WORD = (
    r"(?:[本当每][页日月]|分页)?(?:合计|总计|小计|累计|共计|总共|汇总|总和)"
    r"|(?:grand|sub|page|report|overall)?totals?|sum"
)
_TOTALS = re.compile(rf"(?:{_WORD})(?:行|金额|数|\d*[笔条单行件个元]?(?:记录|订单|数据)?)?")
_SUBTOTAL = re.compile(r".*\S\s*(?:合计|总计|小计|汇总)|.*\S\s+total")
_DIGITS = frozenset("0123456789")
# What no totals word lacks: most cells are turned away by it, at little cost.
_HINT = re.compile(r"[计計总總]|汇|匯|t\s*o\s*t|s\s*u\s*m|[\uff00-\uffef]", re.IGNORECASE)


def is_totals_word(cell: Any) -> bool:
    """Say whether a cell reads 合计, 总计, 小计, Total, Grand Total, Subtotal, Sum and the like.

    Parameters
    ----------
    cell : object
        One cell of a raw table; only text can be a totals word.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_totals_word("合 计："), is_totals_word("Grand Total"), is_totals_word("Total Wine")
    (True, True, False)
    """
    return isinstance(cell, str) and bool(_HINT.search(cell) and _TOTALS.fullmatch(fold_name(cell)))


def find_totals_rows(frame: pd.DataFrame) -> pd.Series:
    """Mark the rows of a raw table that sum up other rows.

    Parameters
    ----------
    frame : DataFrame
        Raw rows as `read_table` returns them, one row per line of the file.

    Returns
    -------
    Series of bool
        With the index of `frame`: True where a text cell reads 合计, 总计, 小计,
        本页小计, Total, Grand Total, Subtotal or Sum, and the customer or date
        cell is empty or is such a word.

    Notes
    -----
    A product called "Total" is no totals row: its customer and date stand in
    the same row.  In a table without ``customer_id`` and ``ordered_at`` the
    first column takes their place.  A subtotal such as ``C001 汇总`` counts
    when it is the key cell of a row whose other key cell is empty.

    Examples
    --------
    >>> import pandas as pd
    >>> raw = pd.DataFrame({"customer_id": ["C1", "合计"], "ordered_at": ["2024-01-02", None]})
    >>> find_totals_rows(raw).tolist()
    [False, True]
    """
    import pandas as pd

    names = [c for c in frame.columns if c not in ("source_row", "source_file")]
    keys = [c for c in ("customer_id", "ordered_at") if c in names] or names[:1]
    result = pd.Series(False, index=frame.index, dtype=bool)
    if not keys or frame.empty:
        return result
    weak = pd.Series(False, index=frame.index, dtype=bool)
    for key in keys:
        weak |= _test_cells(frame[key], lambda v: _is_empty(v) or is_totals_word(v))
    doubtful = frame.loc[weak, names]
    if not doubtful.empty:
        texts = [c for c in names if _may_hold_text(doubtful[c])]
        said = [_test_cells(doubtful[c], _reads_totals if c in keys else is_totals_word) for c in texts]
        for test in said:
            result.loc[doubtful.index[test.to_numpy()]] = True
    return result


def _reads_totals(cell: Any) -> bool:
    if is_totals_word(cell):
        return True
    return isinstance(cell, str) and bool(_SUBTOTAL.fullmatch(cell.strip().rstrip(":：").casefold()))


def _is_empty(cell: Any) -> bool:
    return cell is None or cell != cell or (isinstance(cell, str) and not cell.strip())


def _is_number(cell: Any) -> bool:
    """Say at little cost that a cell is a number, a date or the like, and no word."""
    return isinstance(cell, str) and cell[:1] in _DIGITS and cell[-1:] in _DIGITS and cell != ""


def _may_hold_text(column: pd.Series) -> bool:
    return column.dtype == object or str(column.dtype).startswith(("str", "category"))


def _test_cells(column: pd.Series, test: Any) -> pd.Series:
    """Apply `test` once per distinct value: order files repeat them by the thousand."""
    import numpy as np
    import pandas as pd

    if not _may_hold_text(column):
        return column.isna()
    codes, values = pd.factorize(column, use_na_sentinel=True)
    hits = [not _is_number(v) and bool(test(v)) for v in values.tolist()]
    hits = np.array([*hits, bool(test(None))], dtype=bool)
    return pd.Series(hits[codes], index=column.index, dtype=bool)
