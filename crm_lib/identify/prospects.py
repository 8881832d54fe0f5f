"""Prospects (潜在客户): graded by explicit criteria, and what each way of finding them yields."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_columns
from crm_lib.errors import DataError, ReadError

if TYPE_CHECKING:
    import pandas as pd

GRADES = ("A", "B", "C")
_TERMS = ("least", "most", "equals")


def load_rules(name: str, source: str | Path | None = None) -> dict[str, Any]:
    """Load a table of rules that travels with the library, or one of your own in the same form.

    Parameters
    ----------
    name : str
        ``sales_grades``, ``follow_up``, ``intent_words``, ``source_methods``, ``experience`` or ``shopping``.
    source : path to TOML, optional
        A file of your own to read instead.

    Returns
    -------
    dict
        The tables of the file.

    Raises
    ------
    ReadError
        When the file cannot be read or is no TOML.
    """
    if source is None:
        text = (resources.files("crm_lib.identify") / "rules" / f"{name}.toml").read_text("utf-8")
        return tomllib.loads(text)
    try:
        return tomllib.loads(Path(source).read_text(encoding="utf-8"))
    except OSError as error:
        why = error.strerror
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        why = f"no TOML: {error}"
    raise ReadError(f"load_rules: the rules {str(source)!r} cannot be read ({why}). Check the file.")


def load_criteria(criteria: str | Path | pd.DataFrame | None = None) -> pd.DataFrame:
    """Load the criteria of the sales grades: the shipped ones, or a table of your own.

    Parameters
    ----------
    criteria : path to TOML or CSV, DataFrame, optional
        One row per criterion: grade (A, B or C), column, and one or more of least, most (bounds included)
        and equals (true or false); an empty cell means the term is not used.

    Returns
    -------
    DataFrame
        grade, column, least, most, equals; grades in the order A, B, C.

    Raises
    ------
    ReadError
        When the file cannot be read.
    SchemaError
        When a column of the table is missing.
    DataError
        When a criterion names another grade, no term, a bound that is no number, or least above most; all
        faults at once.

    Examples
    --------
    >>> load_criteria()["grade"].unique().tolist()
    ['A', 'B', 'C']
    """
    import pandas as pd

    if isinstance(criteria, pd.DataFrame):
        table = criteria.reset_index(drop=True)
    elif criteria is not None and str(criteria).lower().endswith(".csv"):
        table = _read_csv(Path(criteria))
    else:
        table = pd.DataFrame(load_rules("sales_grades", criteria).get("criteria", []))
    require_columns("load_criteria", list(table.columns), ("grade", "column"))
    table = table.reindex(columns=["grade", "column", *_TERMS]).astype(object)
    table = table.where(table.notna(), None)
    table["equals"] = pd.Series(_read_flags(table["equals"]), index=table.index, dtype=object)
    faults = [fault for row in table.itertuples() for fault in _find_faults(row)]
    if faults or table.empty:
        raise DataError(
            f"load_criteria: {list_words(faults or ['there is no criterion'], most=5)}. "
            "A row reads: grade A, column decision_days, most 30."
        )
    order = {grade: i for i, grade in enumerate(GRADES)}
    return table.sort_values("grade", key=lambda g: g.map(order), kind="stable").reset_index(drop=True)


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(path, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise ReadError(
            f"load_criteria: the criteria {str(path)!r} cannot be read ({error}). Check the file."
        ) from None


def _read_flag(value: Any) -> Any:
    words = {"true": True, "false": False, "是": True, "否": False, "1": True, "0": False}
    return value if value is None or isinstance(value, bool) else words.get(str(value).strip().lower(), value)


def _read_flags(values: pd.Series) -> list[Any]:
    """Return true, false, or what else is there; None for a gap of whatever kind."""
    return [None if gap else _read_flag(v) for v, gap in zip(values, values.isna(), strict=True)]


def _find_faults(row: Any) -> list[str]:
    where = f"row {row.Index + 1}"
    faults = []
    if row.grade not in GRADES:
        faults.append(f"{where}: grade must be A, B or C, got {row.grade!r}")
    if all(getattr(row, t) is None for t in _TERMS):
        faults.append(f"{where}: needs least, most or equals")
    numbers = {t: _as_number(getattr(row, t)) for t in ("least", "most") if getattr(row, t) is not None}
    faults += [
        f"{where}: {t} must be a number, got {getattr(row, t)!r}" for t, n in numbers.items() if n is None
    ]
    if len(numbers) == 2 and None not in numbers.values() and numbers["least"] > numbers["most"]:
        faults.append(f"{where}: least {numbers['least']:g} is above most {numbers['most']:g}")
    if row.equals is not None and not isinstance(row.equals, bool):
        faults.append(f"{where}: equals must be true or false, got {row.equals!r}")
    return faults


def _as_number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if number == number and not isinstance(value, bool) else None


def grade_prospects(leads: pd.DataFrame, criteria: str | Path | pd.DataFrame | None = None) -> pd.DataFrame:
    """Grade prospects A, B or C by explicit quantified criteria.

    Parameters
    ----------
    leads : DataFrame
        One row per prospect: lead_id and the columns the criteria name, for example decision_days (days),
        planned_amount (yuan), has_need and has_budget (true or false).
    criteria : path to TOML or CSV, DataFrame, optional
        See `load_criteria`.

    Returns
    -------
    DataFrame
        `leads` in the same order with sales_grade ("A", "B", "C", or "" when no grade fits), unmet (the
        columns that keep it from the next better grade, joined by "、") and unknown (columns without a
        value that a criterion asks for).  ``attrs["criteria"]`` are the rows of the table used, ``attrs["n_ungraded"]``
        counts the prospects without a grade.

    Raises
    ------
    SchemaError
        When a column that a criterion names is missing.
    DataError
        When the criteria are faulty, or a column has values that cannot be compared.

    Notes
    -----
    A prospect has the first of A, B, C all of whose criteria it meets.  A missing value meets no
    criterion: what is not known is not taken for granted.  This is the salesperson's grade of prospects, not
    the value class of customers (column ``abc_class``).

    Examples
    --------
    >>> import pandas as pd
    >>> leads = pd.DataFrame({"lead_id": ["L1", "L2"], "decision_days": [30, 31]})
    >>> rules = pd.DataFrame({"grade": ["A"], "column": ["decision_days"], "most": [30]})
    >>> grade_prospects(leads, rules)["sales_grade"].tolist()
    ['A', '']
    """
    import numpy as np
    import pandas as pd

    table = load_criteria(criteria)
    require_columns("grade_prospects", list(leads.columns), ["lead_id", *table["column"].unique()])
    met = np.column_stack([_meet(leads, row) for row in table.itertuples()])
    grade = np.full(len(leads), "", dtype=object)
    better = np.full(len(leads), "", dtype=object)
    for name in [g for g in reversed(GRADES) if (table["grade"] == g).any()]:
        mine = (table["grade"] == name).to_numpy()
        whole = met[:, mine].all(axis=1)
        grade[whole] = name
    for i, name in enumerate(grade):
        better[i] = _list_unmet(met[i], table, name)
    unknown = _list_unknown(leads, list(table["column"].unique()))
    out = leads.copy()
    text = lambda values: pd.Series(list(values), index=leads.index, dtype="str")  # noqa: E731
    out["sales_grade"], out["unmet"], out["unknown"] = text(grade), text(better), text(unknown)
    out.attrs = {**leads.attrs, "criteria": table.to_dict("records"), "n_ungraded": int((grade == "").sum())}
    return out


def _meet(leads: pd.DataFrame, row: Any) -> Any:
    """Return per prospect whether the criterion holds; a missing value never does."""
    import pandas as pd

    values = leads[row.column]
    good = values.notna()
    if row.equals is not None:
        good &= pd.Series([v == row.equals for v in _read_flags(values)], index=values.index, dtype=bool)
    if row.least is not None or row.most is not None:
        numbers = pd.to_numeric(values, errors="coerce")
        wrong = values.notna() & numbers.isna()
        if wrong.any():
            raise DataError(
                f"grade_prospects: column {row.column!r} must hold numbers; {int(wrong.sum())} of {len(values)} "
                f"values are none (first: {values[wrong].iloc[0]!r}). Clean the table with clean_table first."
            )
        good &= (numbers >= float(row.least)) if row.least is not None else True
        good &= (numbers <= float(row.most)) if row.most is not None else True
    return good.fillna(False).to_numpy(dtype=bool)


def _list_unmet(met: Any, table: pd.DataFrame, grade: str) -> str:
    """Name what is lacking for the next better grade that has criteria."""
    named = [g for g in GRADES if (table["grade"] == g).any()]
    above = named[: named.index(grade)] if grade else named
    if not above:
        return ""
    rows = (table["grade"] == above[-1]).to_numpy() & ~met
    return "、".join(dict.fromkeys(table.loc[rows, "column"]))


def _list_unknown(leads: pd.DataFrame, columns: list[str]) -> list[str]:
    gaps = leads[columns].isna().to_numpy()
    return ["、".join(c for c, gap in zip(columns, row, strict=True) if gap) for row in gaps]
