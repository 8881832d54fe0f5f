"""Make the columns of an export coarser, just as far as needed: province to region, year to band, * at last."""

from __future__ import annotations

import itertools
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_columns, require_range
from crm_lib.errors import DataError, ParameterError, ProtectError
from crm_lib.protect.anonymity import Anonymity, group_rows, measure_anonymity

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

STAR = "*"
GAP = "（缺）"
_MOST_LATTICE = 200_000


@cache
def _read_ladders() -> dict[str, Any]:
    return tomllib.loads((resources.files("crm_lib.protect") / "anonymity.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Ladder:
    """How one column is made coarser, step by step; step 0 leaves it, the last step is ``*``.

    ``kind`` is ``table`` (steps: mappings of the value), ``band`` (steps: widths), ``kept`` (steps:
    characters kept) or ``star`` (no step between).
    """

    column: str
    kind: str
    steps: tuple[Any, ...] = ()

    @property
    def height(self) -> int:
        """Number of the last step."""
        return len(self.steps) + 1

    def apply(self, values: pd.Series, level: int) -> pd.Series:
        """Return `values` as the step `level` shows them; what is missing stays told apart until ``*``."""
        import pandas as pd

        if level <= 0:
            return values
        if level >= self.height:
            return pd.Series(STAR, index=values.index, name=values.name, dtype=object)
        kinds = pd.Series(values.unique(), dtype=object)
        shown = {v: self._show(v, self.steps[level - 1]) for v in kinds if pd.notna(v)}
        out = values.astype(object).map(shown)
        return out.where(values.notna(), GAP)

    def _show(self, value: Any, step: Any) -> str:
        if self.kind == "table":
            return str(step.get(value, STAR))
        if self.kind == "kept":
            text = str(value)
            return text if len(text) <= step else text[:step] + STAR
        number = float(value)
        low = math.floor(number / step) * step
        return f"{low:g}–{low + step - 1:g}" if step > 1 else f"{low:g}"


def make_ladder(column: str, *, bands: Sequence[int] = (), groups: Sequence[Mapping[Any, str]] = (),
                kept: Sequence[int] = ()) -> Ladder:  # fmt: skip
    """Describe how a column is made coarser.

    Parameters
    ----------
    column : str
        The column.
    bands : sequence of int
        Widths of bands for numbers and years, each a multiple of the one before.
    groups : sequence of mapping
        For words: value → coarser value, one mapping per step, each from the value itself.
    kept : sequence of int
        For texts: characters kept, fewer at each step.

    Returns
    -------
    Ladder
        With ``*`` as its last step.

    Raises
    ------
    ParameterError
        More than one way is given, or a step does not contain the one before.

    Examples
    --------
    >>> import pandas as pd
    >>> make_ladder("birth_year", bands=[5, 10]).apply(pd.Series([1987, 1990]), 2).tolist()
    ['1980–1989', '1990–1999']
    """
    given = [name for name, way in (("bands", bands), ("groups", groups), ("kept", kept)) if len(way)]
    if len(given) > 1:
        raise ParameterError(f"make_ladder: give one of bands, groups, kept; got {' and '.join(given)}.")
    if any(w < 1 for w in bands) or any(b % a for a, b in itertools.pairwise(bands)):
        raise ParameterError(
            f"make_ladder: each width of bands must be a multiple of the one before; got {list(bands)}. "
            "Write for example [5, 10, 20]."
        )
    if any(b >= a for a, b in itertools.pairwise(kept)) or any(w < 1 for w in kept):
        raise ParameterError(f"make_ladder: kept must become less and stay above 0; got {list(kept)}.")
    for fine, coarse in itertools.pairwise(groups):
        if any(len({coarse.get(v) for v in fine if fine[v] == word}) > 1 for word in set(fine.values())):
            raise ParameterError("make_ladder: each step of groups must contain the one before whole.")
    kind = {"bands": "band", "groups": "table", "kept": "kept"}[given[0]] if given else "star"
    return Ladder(column, kind, tuple(bands) or tuple(dict(g) for g in groups) or tuple(kept))


def default_ladders(columns: Sequence[str]) -> dict[str, Ladder]:
    """Return a ladder for each column: regions, bands and lengths as ``anonymity.toml`` has them, else only ``*``.

    Parameters
    ----------
    columns : sequence of str
        Names as the tables have them; ``birth_year`` and ``age`` are numbers.

    Returns
    -------
    dict
        Column → ladder.
    """
    known = _read_ladders()
    regions = {province: name for name, members in known["regions"].items() for province in members}
    return {
        c: make_ladder(c, groups=[regions]) if c == "province"
        else make_ladder(c, bands=known["bands"].get(c, ()), kept=known["kept"].get(c, ()))
        for c in columns
    }  # fmt: skip


@dataclass(frozen=True)
class Generalization:
    """Which step of which ladder makes a table anonymous enough; `apply` does it to any such table.

    Attributes
    ----------
    levels : DataFrame
        One row per column: ``column``, ``level``, ``height``, ``loss`` (level / height), ``n_before``,
        ``n_after`` (different values).
    loss : float
        Mean of the columns' losses: 0 nothing lost, 1 nothing left (1 − Sweeney's precision).
    n_suppressed : int
        Rows left out, because their class stays too small.
    before, after : Anonymity
        The table as it was and as it is then.
    n_tried : int
        Combinations of levels that were counted out.
    """

    levels: pd.DataFrame
    loss: float
    k: int
    n_suppressed: int
    before: Anonymity
    after: Anonymity
    n_tried: int
    ladders: Mapping[str, Ladder] = field(repr=False, default_factory=dict)

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` with coarser columns, without the rows whose class is smaller than k."""
        levels = dict(zip(self.levels["column"], self.levels["level"], strict=True))
        shown = generalize(frame, self.ladders, levels)
        code, classes = group_rows(shown, list(levels))
        keep = classes["n_rows"].to_numpy()[code] >= self.k if len(shown) else []
        return shown[keep].reset_index(drop=True) if len(shown) else shown


def generalize(frame: pd.DataFrame, ladders: Mapping[str, Ladder], levels: Mapping[str, int]) -> pd.DataFrame:
    """Return `frame` with each column of `levels` at its step of its ladder."""
    return frame.assign(**{c: ladders[c].apply(frame[c], int(level)) for c, level in levels.items()})


def suggest_generalization(
    frame: pd.DataFrame,
    *,
    quasi: Sequence[str],
    k: int = 5,
    ladders: Mapping[str, Ladder] | None = None,
    max_suppressed: float = 0.0,
    sensitive: str | None = None,
    least_values: int = 1,
) -> Generalization:
    """Find the least coarse columns at which every row hides among k.

    Parameters
    ----------
    frame : DataFrame
        One row per person.
    quasi : sequence of str
        Columns an outsider may know.
    k : int
        Least size of a class.
    ladders : mapping of str to Ladder, optional
        Own ladders; a column without one gets that of `default_ladders`.
    max_suppressed : float
        Share of rows that may be left out, 0 to 1, because they would make all others coarser.
    sensitive : str, optional
        Column of which each class must have `least_values` different values.
    least_values : int
        See `sensitive`.

    Returns
    -------
    Generalization
        Levels, loss, rows left out, and the figures before and after.

    Raises
    ------
    ProtectError
        Not even ``*`` everywhere is enough: the table has fewer than k rows.
    DataError
        The ladders give too many combinations.

    Notes
    -----
    Full-domain generalisation: a column is at one level in all rows.  All combinations of levels
    are counted out in the order of their loss, the first that holds is taken; of equal losses the
    one whose first columns stay finest.  What is coarser than a combination that holds holds too,
    but is never better, so the first is the best.  The loss is the mean of level / height (1 −
    Sweeney's Prec): it takes every step of a ladder for equally dear, which is the disputable choice.
    """
    where = "suggest_generalization"
    require_range(where, "k", k, 1)
    require_range(where, "max_suppressed", max_suppressed, 0, 1)
    before = measure_anonymity(frame, quasi=quasi, sensitive=sensitive)
    mine = {**default_ladders(quasi), **(ladders or {})}
    require_columns(where, list(mine), list(quasi))
    heights = [mine[c].height for c in quasi]
    if math.prod(h + 1 for h in heights) > _MOST_LATTICE:
        raise DataError(f"{where}: the ladders give more than {_MOST_LATTICE:,} combinations. Shorten one.")
    grid = sorted(
        itertools.product(*(range(h + 1) for h in heights)),
        key=lambda at: (round(sum(v / h for v, h in zip(at, heights, strict=True)), 9), at[::-1]),
    )
    test = _Trial(frame, quasi, mine, k, max_suppressed, sensitive, least_values)
    for tried, levels in enumerate(grid, 1):
        n_left = test.count_left_out(levels)
        if n_left is not None:
            return _report(frame, quasi, mine, levels, (k, n_left, tried), before, sensitive)
    raise ProtectError(
        f"{where}: {len(frame):,} rows cannot hide among k = {k}"
        f"{f' with {least_values} values of {sensitive!r}' if sensitive else ''}, however coarse. "
        "Take a smaller k, more rows, or fewer columns."
    )


class _Trial:
    """Counts the rows that stay in too small classes at given levels; columns are made coarse once each."""

    def __init__(
        self, frame: pd.DataFrame, quasi: Sequence[str], ladders: Mapping[str, Ladder], k: int,
        max_suppressed: float, sensitive: str | None, least_values: int,
    ) -> None:  # fmt: skip
        import pandas as pd

        self.codes = [
            [pd.factorize(ladders[c].apply(frame[c], v), use_na_sentinel=False)[0] for v in range(ladders[c].height + 1)]
            for c in quasi
        ]  # fmt: skip
        self.secret = pd.factorize(frame[sensitive], use_na_sentinel=False)[0] if sensitive else None
        self.k, self.least, self.n = k, least_values, len(frame)
        self.most_out = math.floor(max_suppressed * len(frame) + 1e-9)

    def count_left_out(self, levels: tuple[int, ...]) -> int | None:
        """Return the rows to be left out at these levels; None when they are too many, or l is not met."""
        import numpy as np

        code: np.ndarray = np.zeros(self.n, dtype=np.int64)
        for column, level in zip(self.codes, levels, strict=True):
            mixed = code * (int(column[level].max(initial=0)) + 1) + column[level]
            code = np.unique(mixed, return_inverse=True)[1]
        size = np.bincount(code, minlength=1)
        small = size[code] < self.k
        out = int(small.sum())
        if out > self.most_out or (out == self.n and self.n):
            return None
        if self.secret is not None:
            pairs = np.unique(np.stack([code[~small], self.secret[~small]]), axis=1)[0]
            if len(pairs) and np.unique(pairs, return_counts=True)[1].min() < self.least:
                return None
        return out


def _report(
    frame: pd.DataFrame, quasi: Sequence[str], ladders: Mapping[str, Ladder], levels: tuple[int, ...],
    counts: tuple[int, int, int], before: Anonymity, sensitive: str | None,
) -> Generalization:  # fmt: skip
    import pandas as pd

    shown = generalize(frame, ladders, dict(zip(quasi, levels, strict=True)))
    rows = [
        (c, v, ladders[c].height, v / ladders[c].height, frame[c].nunique(dropna=False), shown[c].nunique(dropna=False))
        for c, v in zip(quasi, levels, strict=True)
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["column", "level", "height", "loss", "n_before", "n_after"])
    k, n_left, tried = counts
    found = Generalization(table, float(table["loss"].mean()), k, n_left, before, before, tried, ladders)
    after = measure_anonymity(found.apply(frame), quasi=quasi, sensitive=sensitive)
    return Generalization(table, found.loss, k, n_left, before, after, tried, ladders)
