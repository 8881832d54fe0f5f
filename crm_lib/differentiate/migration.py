"""Who moved between classes from one period to the next, and whether more moved one way than the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import list_words
from crm_lib.differentiate.checks import find_id_faults, raise_faults, require_frame
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

NEW, LOST = "new", "lost"


def measure_migration(
    before: pd.DataFrame,
    after: pd.DataFrame,
    *,
    column: str = "abc_class",
    classes: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Count the customers by their class in an earlier and in a later period.

    Parameters
    ----------
    before, after : DataFrame
        One row per customer of the period: customer_id and the column named by `column`.
    column : str
        Holds the class (or segment, or cluster).
    classes : sequence of str, optional
        The classes in their order; by default those that occur, sorted.

    Returns
    -------
    DataFrame
        One row per pair of classes, in their order: from_class, to_class (str), n_customers (int64),
        row_share (of all who were in from_class, 0–1; missing when nobody was).  from_class "new" are
        customers of the later period alone, to_class "lost" of the earlier alone; both stand last.  Each
        possible pair is there, empty ones with 0.  ``attrs``: classes, n_both, n_new, n_lost.

    Raises
    ------
    DataError
        When a customer stands twice in a period, a class is empty, or one is not among `classes`.

    Notes
    -----
    A customer without a row in a period did not belong to it; that is counted apart and never taken for the
    lowest class.

    Examples
    --------
    >>> import pandas as pd
    >>> first = pd.DataFrame({"customer_id": list("abc"), "abc_class": ["A", "A", "B"]})
    >>> second = pd.DataFrame({"customer_id": list("abz"), "abc_class": ["A", "B", "B"]})
    >>> moves = measure_migration(first, second)
    >>> moves[moves["n_customers"] > 0][["from_class", "to_class", "n_customers", "row_share"]].values.tolist()
    [['A', 'A', 1, 0.5], ['A', 'B', 1, 0.5], ['B', 'lost', 1, 1.0], ['new', 'B', 1, 1.0]]
    """
    import numpy as np
    import pandas as pd

    first, second = (_read_classes(f, column, n) for f, n in ((before, "before"), (after, "after")))
    known = list(classes) if classes is not None else sorted({*first, *second})
    _require_known(first, second, known)
    ids = sorted({*first.index, *second.index})
    pairs = pd.DataFrame({
        "from_class": first.reindex(ids).fillna(NEW).to_numpy(),
        "to_class": second.reindex(ids).fillna(LOST).to_numpy(),
    })
    grid = pd.MultiIndex.from_product([[*known, NEW], [*known, LOST]], names=["from_class", "to_class"])
    counts = pairs.value_counts().reindex(grid[:-1], fill_value=0)
    moves = counts.rename("n_customers").reset_index()
    whole = moves.groupby("from_class")["n_customers"].transform("sum")
    moves["row_share"] = np.where(whole > 0, moves["n_customers"] / whole.where(whole > 0, 1), np.nan)
    moves = moves.astype({"from_class": "str", "to_class": "str", "n_customers": "int64"})
    both = len(set(first.index) & set(second.index))
    moves.attrs.update(classes=known, n_both=both, n_new=len(second) - both, n_lost=len(first) - both)
    return moves


def measure_change(migration: pd.DataFrame) -> pd.DataFrame:
    """Test whether the moves between classes have a direction.

    Parameters
    ----------
    migration : DataFrame
        What `measure_migration` returned.

    Returns
    -------
    DataFrame
        Two rows: test ("symmetry", "margins"), statistic (chi-squared), free (int64, degrees of freedom),
        p_value, n_customers (those in both periods), n_moved.  With nobody who moved the statistic is 0
        and p_value 1.

    Raises
    ------
    DataError
        When the pairs of classes are not complete.

    Notes
    -----
    symmetry (Bowker): as many from i to j as from j to i, for every pair; Σ (nij − nji)² / (nij + nji) over
    the pairs somebody moved between, one degree of freedom each.  margins (Stuart–Maxwell): every class
    is as large after as before; d'V⁻¹d with d the differences of the margins without the last class, its
    degrees of freedom the rank of V.  With two classes both are McNemar's test.  Only customers of both
    periods count: who is new or lost says nothing about moves.

    References
    ----------
    A. H. Bowker (1948), JASA 43; A. Stuart (1955), Biometrika 42; A. E. Maxwell (1970), Brit. J. Psychiatry 116.

    Examples
    --------
    >>> import pandas as pd
    >>> first = pd.DataFrame({"customer_id": range(30), "abc_class": ["A"] * 20 + ["B"] * 10})
    >>> second = first.assign(abc_class=["A"] * 5 + ["B"] * 15 + ["A"] * 5 + ["B"] * 5)
    >>> measure_change(measure_migration(first, second))["statistic"].round(9).tolist()  # (15 − 5)² / 20
    [5.0, 5.0]
    """
    import numpy as np
    import pandas as pd
    from scipy import stats

    table = _square(migration)
    n_pairs = np.triu(table + table.T, 1)
    gaps = np.triu(table - table.T, 1)
    moved = n_pairs > 0
    symmetry = float((gaps[moved] ** 2 / n_pairs[moved]).sum())
    margins, rank = _compare_margins(table)
    rows = [("symmetry", symmetry, int(moved.sum())), ("margins", margins, rank)]
    return pd.DataFrame({
        "test": [name for name, *_ in rows],
        "statistic": [value for _, value, _ in rows],
        "free": [free for *_, free in rows],
        "p_value": [float(stats.chi2.sf(value, free)) if free else 1.0 for _, value, free in rows],
        "n_customers": int(table.sum()),
        "n_moved": int(table.sum() - np.trace(table)),
    })


def _compare_margins(table: np.ndarray) -> tuple[float, int]:
    import numpy as np

    moves = table - np.diag(np.diag(table))
    out, back = moves.sum(axis=1), moves.sum(axis=0)
    spread = np.diag(out + back) - moves - moves.T
    # the rows of spread add up to zero within each set of classes that customers moved between
    rank = int(np.linalg.matrix_rank(spread)) if spread.any() else 0
    gap = (out - back).astype("float64")
    return float(gap @ np.linalg.pinv(spread.astype("float64"), hermitian=True) @ gap), rank


def _square(migration: pd.DataFrame) -> np.ndarray:
    require_frame("measure_change", migration, ("from_class", "to_class", "n_customers"))
    classes = [c for c in dict.fromkeys(migration["from_class"]) if c != NEW]
    stay = migration[(migration["from_class"] != NEW) & (migration["to_class"] != LOST)]
    table = stay.pivot(index="from_class", columns="to_class", values="n_customers").reindex(classes)
    if set(table.columns) != set(classes) or table.isna().to_numpy().any():
        raise DataError(
            "measure_change: every class needs a row to every class; some are missing. "
            "Give the table as measure_migration returned it."
        )
    return table[classes].to_numpy(dtype="int64")


def _read_classes(frame: pd.DataFrame, column: str, which: str) -> pd.Series:
    require_frame("measure_migration", frame, ("customer_id", column))
    faults = find_id_faults(frame)
    if n := int(frame[column].isna().sum()):
        faults.append(
            f"column {column!r} must not be empty; {n:,} of {len(frame):,} rows of {which!r} are. Leave out "
            "customers who have no class in the period."
        )
    raise_faults("measure_migration", faults)
    ids = frame["customer_id"].astype("str")
    return frame[column].astype("str").astype(object).set_axis(ids.to_numpy())


def _require_known(first: pd.Series, second: pd.Series, known: list[str]) -> None:
    other = sorted({*first, *second} - set(known))
    if other or {NEW, LOST} & set(known):
        raise DataError(
            f"measure_migration: every class must be one of {list_words(map(repr, known))}, and none may be called "
            f"'new' or 'lost'; got {list_words(map(repr, other or known))}. Name all classes in `classes`."
        )
