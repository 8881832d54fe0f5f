"""Find the totals rows that an export carries among its data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crm_lib.schema.names import fold_name

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_WORD = (
    r"(?:[本当每][页日月]|分页)?(?:合计|总计|小计|累计|共计|总共|汇总|总和)"
    r"|(?:grand|sub|page|report|overall)?totals?|sum"
)
_TOTALS = re.compile(rf"(?:{_WORD})(?:行|金额|数|\d*[笔条单行件个元]?(?:记录|订单|数据)?)?")
_SUBTOTAL = re.compile(r".*\S\s*(?:合计|总计|小计|汇总)|.*\S\s+total")
# every blank of Python, spelt out for Arrow, whose \s knows those of ASCII only
_BLANK = r"[\s\x0b\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
# What no totals word and no blank cell lacks: Arrow turns most cells away by it, at little cost.
_MAY_PASS = (
    rf"[计計总總]|汇|匯|t{_BLANK}*o{_BLANK}*t|s{_BLANK}*u{_BLANK}*m|[\x{{ff00}}-\x{{ffef}}]|^{_BLANK}*$"
)


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
    return isinstance(cell, str) and bool(_TOTALS.fullmatch(fold_name(cell)))


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


def _may_hold_text(column: pd.Series) -> bool:
    return column.dtype == object or str(column.dtype).startswith(("str", "category"))


def _test_cells(column: pd.Series, test: Any) -> pd.Series:
    """Apply `test` to the few cells that may pass it: Arrow turns all others away at once."""
    import pandas as pd

    if not _may_hold_text(column):
        return column.isna()
    result = _may_pass(column)
    doubtful = column[result].tolist()
    known = {v: bool(test(v)) for v in {v for v in doubtful if isinstance(v, str)}}
    empty = bool(test(None))
    result[result] = [known[v] if isinstance(v, str) else empty for v in doubtful]
    return pd.Series(result, index=column.index)


def _may_pass(column: pd.Series) -> np.ndarray:
    """Mark the cells that are missing, blank or may hold a totals word."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        cells = pa.array(column, from_pandas=True)
        if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
            raise pa.ArrowInvalid
    except (pa.ArrowException, TypeError):  # cells of several types
        return np.array([isinstance(v, str) or _is_empty(v) for v in column.tolist()], dtype=bool)
    hits = pc.fill_null(pc.match_substring_regex(cells, _MAY_PASS, ignore_case=True), True)
    return hits.to_numpy(zero_copy_only=False).copy()
