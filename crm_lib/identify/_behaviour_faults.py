"""The faults of a shopping table that need more than one cell to be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.identify.behaviour_file import ABOUT, NUMBER, list_sheets
from crm_lib.identify.prospects import load_rules

if TYPE_CHECKING:
    import pandas as pd

FAULT_COLUMNS = ("table", "sheet", "row", "column", "title", "value", "kind", "dimension", "cause")
# what may be out of the period and still belong here: an old shirt is still worn
_IN_PERIOD = {"purchases": "bought_on", "clicks": "occurred_on", "contacts": "occurred_on"}
RANGES = {
    ("purchases", "quantity"): (1, 999),
    ("purchases", "amount"): (0, 1e7),
    ("clicks", "n_viewed"): (0, 9999),
    ("clicks", "n_carted"): (0, 9999),
    ("clicks", "n_saved"): (0, 9999),
    ("clicks", "minutes"): (0, 1440),
    ("contacts", "satisfaction"): (1, 10),
    ("channels", "monthly_times"): (0, 999),
    ("channels", "liking"): (1, 5),
    ("usage", "amount"): (0, 1e7),
    ("usage", "monthly_wears"): (0, 99),
    ("wallet", "category_spend"): (0, 1e7),
    ("wallet", "our_spend"): (0, 1e7),
}
_BUYING_DAYS = 3
_CENT = 0.005

Fault = tuple[str, int, str, str, str]


def find_faults(tables: dict[str, pd.DataFrame], about: dict[str, Any]) -> list[Fault]:
    """Return the faults of ranges, periods, duplicates and contradictions, as (table, row, title, value, kind)."""
    titles = {(s.table.name, c.name): c.title for s in list_sheets() for c in s.table.columns}
    found: list[Fault] = []
    for name, frame in tables.items():
        found += _find_ranges(name, frame, titles)
        found += _find_days(name, frame, about, titles)
        found += _find_twins(name, frame)
    found += _find_worn(tables["usage"], titles)
    found += _find_wallet(tables, titles)
    found += _find_orders_without_purchase(tables, titles)
    return found


def make_faults(faults: list[Fault]) -> pd.DataFrame:
    """Return the faults as a frame, by sheet, row and column, with dimension and cause."""
    import pandas as pd

    kinds = {k["kind"]: k for k in load_rules("shopping")["faults"]}
    sheets = {"about": ABOUT} | {s.table.name: s.table.title for s in list_sheets()}
    names = {(s.table.name, c.title): c.name for s in list_sheets() for c in s.table.columns}
    order = list(sheets)
    rows = [
        (
            t,
            sheets[t],
            r,
            names.get((t, title), ""),
            title,
            value,
            kind,
            kinds[kind]["dimension"],
            kinds[kind]["cause"],
        )
        for t, r, title, value, kind in sorted(
            dict.fromkeys(faults), key=lambda f: (order.index(f[0]), *f[1:])
        )
    ]
    return pd.DataFrame(rows, columns=list(FAULT_COLUMNS))


def _find_ranges(name: str, frame: pd.DataFrame, titles: dict) -> list[Fault]:
    found = []
    for (table, column), (low, high) in RANGES.items():
        if table == name:
            values = frame[column].astype("float64")
            bad = (values < low) | (values > high)
            for row, value in zip(frame.loc[bad, "source_row"], values[bad], strict=True):
                found.append((name, int(row), titles[name, column], f"{value:g}", "out_of_range"))
    return found


def _find_days(name: str, frame: pd.DataFrame, about: dict[str, Any], titles: dict) -> list[Fault]:
    """Find days that cannot have been, and days that are true but were not asked for."""
    import pandas as pd

    column = _IN_PERIOD.get(name) or ("bought_on" if name == "usage" else "")
    if not column:
        return []
    start, end, found = about["start_on"], about["end_on"], []
    for row, day in zip(frame["source_row"], frame[column], strict=True):
        if pd.isna(day):
            continue
        if pd.notna(end) and day > end:
            found.append((name, int(row), titles[name, column], f"{day.date()}", "future"))
        elif pd.notna(start) and day < start and name in _IN_PERIOD:
            found.append((name, int(row), titles[name, column], f"{day.date()}", "outside_period"))
    return found


def _find_twins(name: str, frame: pd.DataFrame) -> list[Fault]:
    import pandas as pd

    said = [c for c in frame.columns if c not in (NUMBER, "sure", "source_row")]
    if name in ("channels", "wallet"):  # one row per channel or category
        said = said[:1]
    elif name == "languages":
        said = said[:2]
    seen: dict[tuple[str, ...], int] = {}
    found = []
    for row, *cells in frame[["source_row", *said]].itertuples(index=False):
        key, known = tuple(map(str, cells)), [not pd.isna(v) for v in cells]
        if any(known) and seen.setdefault(key, int(row)) != int(row):
            found.append((name, int(row), "", f"= {seen[key]}", "duplicate"))
    return found


def _find_worn(usage: pd.DataFrame, titles: dict) -> list[Fault]:
    found = []
    for row in usage.itertuples(index=False):
        unused = read_flag(row.in_use) is False
        worn = row.monthly_wears == row.monthly_wears and row.monthly_wears > 0
        if unused and worn:
            value = f"{row.monthly_wears:g}"
            found.append((
                "usage",
                int(row.source_row),
                titles["usage", "monthly_wears"],
                value,
                "worn_unused",
            ))
        elif unused and row.ending == "在用":
            found.append(("usage", int(row.source_row), titles["usage", "ending"], "在用", "worn_unused"))
    return found


def _find_wallet(tables: dict[str, pd.DataFrame], titles: dict) -> list[Fault]:
    wallet, found = tables["wallet"], []
    listed = sum_own_purchases(tables["purchases"])
    for row in wallet.itertuples(index=False):
        title, number = titles["wallet", "our_spend"], int(row.source_row)
        if row.our_spend > row.category_spend + _CENT:
            found.append((
                "wallet",
                number,
                title,
                f"{row.our_spend:g} > {row.category_spend:g}",
                "over_total",
            ))
        mine = listed.get(row.category, 0.0)
        if mine > row.our_spend + _CENT:
            found.append(("wallet", number, title, f"{mine:g} > {row.our_spend:g}", "over_wallet"))
    return found


def sum_own_purchases(purchases: pd.DataFrame) -> dict[str, float]:
    """Return category → yuan listed as bought in the chosen shop and kept."""
    import numpy as np

    kept = np.array([read_flag(v) is not True for v in purchases["returned"]], dtype=bool)
    mine = purchases[(purchases["place"] == "本店") & kept & purchases["amount"].notna()]
    units = np.floor(mine["amount"].astype("float64") * 10_000 + 0.5)
    return {
        str(k): float(v) / 10_000 for k, v in units.groupby(mine["category"].astype(object)).sum().items()
    }


def _find_orders_without_purchase(tables: dict[str, pd.DataFrame], titles: dict) -> list[Fault]:
    import pandas as pd

    clicks, days = tables["clicks"], tables["purchases"]["bought_on"].dropna()
    found = []
    for row in clicks.itertuples(index=False):
        if read_flag(row.ordered) is not True or pd.isna(row.occurred_on):
            continue
        near = ((days - row.occurred_on).dt.days.between(0, _BUYING_DAYS)).any()
        if not near:
            value = f"{row.occurred_on.date()}"
            found.append(("clicks", int(row.source_row), titles["clicks", "ordered"], value, "no_purchase"))
    return found


def read_flag(value: Any) -> bool | None:
    """Return a cell of yes and no as a plain truth value, None where it is missing."""
    import pandas as pd

    return None if value is None or pd.isna(value) else bool(value)
