"""Collect one row per changed cell while a table is cleaned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crm_lib.identify.reasons import RULES

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def as_text(value: Any) -> str:
    """Write a cell as the audit shows it: missing is empty, 12.0 is 12, a day has no clock."""
    import pandas as pd

    if isinstance(value, str):
        return value
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if hasattr(value, "isoformat"):
        return value.isoformat().removesuffix("T00:00:00").replace("T", " ")
    return str(value)


def rule_text(code: str, detail: str = "") -> str:
    """Return ``code: meaning``, the text of the audit's column ``rule``."""
    return f"{code}: {detail or RULES[code][0]}"


class AuditLog:
    """The changes of one run of clean_table, kept as arrays until the end."""

    def __init__(self) -> None:
        self._notes: list[tuple[str, str, str, str]] = []
        self._cells: list[tuple[Any, str, list[str], list[str], list[str]]] = []

    def note(self, column: str, code: str, *, before: Any = "", after: Any = "", detail: str = "") -> None:
        """Add one row for a whole column (its ``source_row`` is missing)."""
        self._notes.append((column, as_text(before), as_text(after), rule_text(code, detail)))

    def leading_currency(self) -> str:
        """Return the foreign currency that most amounts are in, or empty text."""
        money = ("amount", "unit_price")
        return next((n[2] for n in self._notes if n[0] in money and n[3].startswith("currency:")), "")

    def cells(
        self,
        positions: np.ndarray,
        column: str,
        before: Iterable[Any],
        after: Iterable[Any],
        codes: Iterable[str],
    ) -> None:
        """Add one row per changed cell; `positions` count the rows of the raw table."""
        rows = ([as_text(b) for b in before], [as_text(a) for a in after], [rule_text(c) for c in codes])
        if len(positions):
            self._cells.append((positions, column, *rows))

    def frame(self, source: pd.DataFrame, dropped: np.ndarray) -> pd.DataFrame:
        """Return the audit in file order, without the cells of `dropped` rows (kept raw elsewhere).

        `source` holds source_row (and source_file) per raw row.
        """
        import numpy as np
        import pandas as pd

        names = ["column", "before", "after", "rule"]
        parts = [pd.DataFrame(self._notes, columns=names, dtype=object).assign(position=-1)]
        for positions, column, before, after, rules in self._cells:
            part = pd.DataFrame({"before": before, "after": after, "rule": rules}, dtype=object)
            parts.append(part.assign(column=column, position=np.asarray(positions, dtype="int64")))
        out = pd.concat([p[[*names, "position"]] for p in parts if len(p)] or parts, ignore_index=True)
        position = out["position"].to_numpy("int64")
        gone = np.zeros(len(out), dtype=bool)
        gone[position >= 0] = dropped[position[position >= 0]]
        out = out.loc[~gone].sort_values("position", kind="stable", ignore_index=True)
        where = source.reindex(out.pop("position").to_numpy())
        out.insert(0, "source_row", pd.array(where["source_row"], dtype="Int64"))
        if "source_file" in where:
            out.insert(1, "source_file", where["source_file"].to_numpy(dtype=object))
        return out.astype(dict.fromkeys(names, str))
