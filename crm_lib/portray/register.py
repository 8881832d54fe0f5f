"""The register beside the orders: static data of customers (静态数据), and which of them a portrait may use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_columns
from crm_lib.errors import SchemaError
from crm_lib.portray.cards import OPEN_FIELDS, PRIVATE_FIELDS

if TYPE_CHECKING:
    import pandas as pd

AGES = (15, 25, 35, 45, 55, 65)
_TECHNICAL = ("record_id", "source_row", "source_file")


def match_register(register: pd.DataFrame, customers: Collection[str], *, as_of: Any) -> pd.DataFrame:
    """Bring a register to one row per customer of the orders who stands in it.

    Parameters
    ----------
    register : DataFrame
        Cleaned register records: ``customer_id``, or ``record_id`` where the orders
        call a customer by the number of the record.
    customers : collection of str
        The customers of the orders.
    as_of : date
        The day ages are counted at.

    Returns
    -------
    DataFrame
        One row per matched customer, sorted: ``customer_id``, the columns of the
        register, and ``age_band`` (from ``birth_date``, where there is none yet).
        ``attrs``: ``n_records``, ``n_unmatched`` (records of nobody in the orders),
        ``n_merged`` (further records of a matched customer).

    Raises
    ------
    SchemaError
        The register has neither ``customer_id`` nor ``record_id``.

    Notes
    -----
    Of several records of one customer the fullest is taken, the first on a tie;
    nothing is mixed from two records, because they may contradict each other.
    Persons with different numbers are not linked here.

    Examples
    --------
    >>> import pandas as pd
    >>> records = pd.DataFrame({"customer_id": ["a", "a", "z"], "city": [None, "x", "y"]})
    >>> match_register(records, {"a", "b"}, as_of="2025-01-01")["city"].tolist()
    ['x']
    """
    day = parse_day("match_register", "as_of", as_of)
    rows = register
    if "customer_id" not in rows.columns:
        if "record_id" not in rows.columns:
            raise SchemaError(
                "match_register: needs the column customer_id or record_id; has neither. "
                "Name it with columns when the register is read."
            )
        rows = rows.assign(customer_id=rows["record_id"])
    mine = rows[rows["customer_id"].isin(list(customers))]
    fields = [c for c in mine.columns if c not in (*_TECHNICAL, "customer_id")]
    full = mine[fields].notna().sum(axis=1)
    order = full.sort_values(ascending=False, kind="stable").index
    best = mine.loc[order].drop_duplicates("customer_id").sort_values("customer_id", kind="stable")
    out = best[["customer_id", *fields]].reset_index(drop=True)
    if "birth_date" in out.columns and "age_band" not in out.columns:
        out["age_band"] = _band_ages(out["birth_date"], day.year)
    out.attrs = {"n_records": len(register), "n_unmatched": len(register) - len(mine)}
    out.attrs["n_merged"] = len(mine) - len(out)
    return out


def describe_register(register: pd.DataFrame, *, show: Sequence[str] = ()) -> pd.DataFrame:
    """Tell of each field of a register how full it is, and what the portrait does with it.

    Parameters
    ----------
    register : DataFrame
        One row per customer, as `match_register` gives it.
    show : sequence of str
        Private fields that were asked for.

    Returns
    -------
    DataFrame
        One row per field, in the order of the register: ``field``, ``filled_share``,
        ``n_values`` (distinct), ``use``: "open" (shown in portraits), "private"
        (leads to the person: not shown), "asked" (private, but asked for) or
        "group" (compared between clusters, never shown of a single customer).
    """
    import pandas as pd

    require_columns("describe_register", register.columns, ["customer_id"])
    rows = []
    for name in register.columns.drop("customer_id"):
        values = register[name].dropna()
        kind = "open" if name in OPEN_FIELDS else "private" if name in PRIVATE_FIELDS else "group"
        use = "asked" if kind == "private" and name in show else kind
        share = len(values) / len(register) if len(register) else float("nan")
        rows.append((str(name), share, int(values.astype(str).nunique()), use))
    return pd.DataFrame(rows, columns=["field", "filled_share", "n_values", "use"])


def _band_ages(born: pd.Series, year: int) -> pd.Series:
    """Return ten-year bands of age; an impossible birthday gives none."""
    import pandas as pd

    age = year - pd.to_datetime(born, errors="coerce").dt.year
    bounds = [10, *AGES, 101]
    names = [f"{AGES[0]} 岁以下", *(f"{a}–{b - 1} 岁" for a, b in zip(AGES, AGES[1:], strict=False))]
    names.append(f"{AGES[-1]} 岁以上")
    return pd.cut(age, bounds, right=False, labels=names).astype(object)
