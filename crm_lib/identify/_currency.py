"""Keep amounts of different currencies apart by the column that names the currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.identify._numbers import CODE_OF

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from crm_lib.identify._audit import AuditLog


def find_foreign_lines(frame: pd.DataFrame, log: AuditLog) -> np.ndarray:
    """Return True for lines in another currency than most lines; say which one leads when it is not the yuan."""
    import numpy as np

    none = np.zeros(len(frame), dtype=bool)
    if "currency" not in frame.columns:
        return none
    codes, names = frame["currency"].factorize()
    named = [CODE_OF.get(str(n).strip().lower(), str(n).strip().upper()) for n in names]
    count: dict[str, int] = {}
    for name, n in zip(named, np.bincount(codes[codes >= 0], minlength=len(named)).tolist(), strict=True):
        count[name] = count.get(name, 0) + n
    if not count:
        return none
    leading = min(count, key=lambda c: (-count[c], c != "CNY", c))
    if leading != "CNY":
        log.note("amount", "currency", after=leading)
    return np.append(np.array([n != leading for n in named], dtype=bool), False)[codes]
