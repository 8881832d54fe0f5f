"""Paper forms of customer files: a card each (卡式), pages of a register (簿式), a bag's cover and contents (袋式).

Forms are made from frames and printed by `crm_lib.store.forms_print`; private values are masked unless
they are asked for by name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice, require_columns, require_range
from crm_lib.errors import DataError
from crm_lib.store.forms_data import PRIVATE, load_form_words, mask_private, sum_transactions

if TYPE_CHECKING:
    import pandas as pd

LOAN_LINES = 5
_REGISTER = (
    "line",
    "customer_no",
    "name",
    "province",
    "city",
    "channel",
    "registered_on",
    "n_orders",
    "revenue",
)
_MOMENT = {
    "transactions": "ordered_at", "analysis_records": "surveyed_on", "investments": "occurred_at",
    "grades": "valid_from", "consents": "given_on",
}  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """One sheet of paper, or card.

    Attributes
    ----------
    kind
        ``card``, ``register`` or ``bag``.
    heading, number
        What stands on top, and the customer's number or the page.
    groups
        Group → pairs of title and value, all text.
    tables
        Caption → rows of text, the first being the headers; the last of a register are its totals.
    notes
        Sentences at the foot.
    """

    kind: str
    heading: str
    number: str
    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    tables: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()
    notes: tuple[str, ...] = ()


def make_card_sheets(
    customers: pd.DataFrame,
    *,
    transactions: pd.DataFrame | None = None,
    grades: pd.DataFrame | None = None,
    reveal: Collection[str] = (),
) -> list[Sheet]:
    """Make a card per customer (卡式), sorted by customer number.

    Parameters
    ----------
    customers : DataFrame
        One row per customer: ``customer_no`` and any columns of the archive.
    transactions : DataFrame, optional
        Order lines: ``customer_no``, ``order_id``, ``ordered_at``, ``amount``.
    grades : DataFrame, optional
        Current grades: ``customer_no``, ``kind``, ``grade``.
    reveal : collection of str
        Private columns to show in full.

    Returns
    -------
    list of Sheet
        Kind ``card``.

    Raises
    ------
    DataError
        A customer stands twice.
    """
    rows = _prepare("make_card_sheets", customers, reveal).join(
        sum_transactions(transactions), on="customer_no"
    )
    known = _group_grades(grades)
    words = load_form_words()
    sheets = []
    for row in rows.to_dict("records"):
        groups = [
            (group, tuple((words["titles"][c], _show(row.get(c), c)) for c in columns if c in rows))
            for group, columns in words["card"].items()
        ]
        mine = known.get(row["customer_no"], {})
        told = tuple(
            (words["titles"][f"grade_{k}"], mine.get(k, "—")) for k in ("value", "credit", "relation")
        )
        groups.append(("企业自设等级", told))
        kept = tuple((g, pairs) for g, pairs in groups if pairs)
        sheets.append(
            Sheet("card", words["kinds"]["card"], row["customer_no"], kept, (), _list_notes(reveal))
        )
    return sheets


def make_register_sheets(
    roster: pd.DataFrame, *, rows_per_page: int = 20, reveal: Collection[str] = ()
) -> list[Sheet]:
    """Make the pages of a register (簿式): `rows_per_page` customers each, with totals of page and so far.

    Parameters
    ----------
    roster : DataFrame
        One row per customer: ``customer_no``, ``n_orders``, ``revenue`` and any of name, province, city,
        channel, registered_on.
    rows_per_page : int
        1 to 60.
    reveal : collection of str
        Private columns to show in full.

    Returns
    -------
    list of Sheet
        Kind ``register``, at least one; sorted by customer number.  The last two rows of a page are 本页小计
        and 累计, of the last page 本页小计 and 合计.
    """
    where = "make_register_sheets"
    require_range(where, "rows_per_page", rows_per_page, 1, 60)
    require_columns(where, roster.columns, ["customer_no", "n_orders", "revenue"])
    rows = _prepare(where, roster, reveal).reset_index(drop=True)
    rows.insert(0, "line", range(1, len(rows) + 1))
    columns = [c for c in _REGISTER if c in rows]
    n_pages = max(1, -(-len(rows) // rows_per_page))
    pages = [rows.iloc[k * rows_per_page : (k + 1) * rows_per_page] for k in range(n_pages)]
    return [_make_page(rows, page, columns, k, n_pages, reveal) for k, page in enumerate(pages)]


def _make_page(
    rows: pd.DataFrame, page: pd.DataFrame, columns: list[str], at: int, n: int, reveal: Collection[str]
) -> Sheet:
    words = load_form_words()
    head = tuple(words["titles"][c] for c in columns)
    body = [tuple(_show(row[c], c) for c in columns) for row in page.to_dict("records")]
    so_far = rows.iloc[: len(page) + (0 if page.empty else int(page.index[0]))]
    last = at == n - 1
    totals = [_total("本页小计", page, columns), _total("合计" if last else "累计", so_far, columns)]
    table = (f"共 {len(rows):,} 位客户", (head, *body, *totals))
    return Sheet(
        "register",
        words["kinds"]["register"],
        f"第 {at + 1} 页，共 {n} 页",
        (),
        (table,),
        _list_notes(reveal),
    )


def _total(label: str, rows: pd.DataFrame, columns: list[str]) -> tuple[str, ...]:
    cents = int((rows["revenue"].astype("float64") * 10_000 + 0.5).floordiv(1).astype("int64").sum())
    told = {"line": label, "customer_no": f"{len(rows):,} 位", "n_orders": f"{int(rows['n_orders'].sum()):,}"}
    told["revenue"] = f"{cents / 10_000:,.2f}"
    return tuple(told.get(c, "") for c in columns)


def make_bag_sheets(
    customers: pd.DataFrame,
    files: Mapping[str, pd.DataFrame],
    *,
    reveal: Collection[str] = (),
) -> list[Sheet]:
    """Make the cover of each customer's bag (袋式) with the list of contents and lines for loans.

    Parameters
    ----------
    customers : DataFrame
        One row per customer.
    files : mapping of str to DataFrame
        Of raw_records, transactions, analysis_records, investments, grades, consents, those there are; each
        with ``customer_no``.
    reveal : collection of str
        Private columns to show in full.

    Returns
    -------
    list of Sheet
        Kind ``bag``, sorted by customer number.
    """
    words = load_form_words()
    for name in files:
        require_choice("make_bag_sheets", "files", name, [k for k in words["bag"] if k != "archive"])
    rows = _prepare("make_bag_sheets", customers, reveal)
    parts = {name: dict(list(frame.groupby("customer_no"))) for name, frame in files.items()}
    loans = tuple(words["titles"][c] for c in ("taken_on", "taken_by", "purpose", "back_on"))
    blank = tuple(("",) * len(loans) for _ in range(LOAN_LINES))
    sheets = []
    for row in rows.to_dict("records"):
        cover = tuple(
            (words["titles"][c], _show(row.get(c), c)) for c in ("name", "city", "channel", "registered_on")
        )
        contents = _list_contents(parts, row["customer_no"])
        tables = (("袋内资料目录", contents), ("借阅登记", (loans, *blank)))
        sheets.append(
            Sheet(
                "bag",
                words["kinds"]["bag"],
                row["customer_no"],
                (("封面", cover),),
                tables,
                _list_notes(reveal),
            )
        )
    return sheets


def _list_contents(
    parts: Mapping[str, Mapping[str, pd.DataFrame]], number: str
) -> tuple[tuple[str, ...], ...]:
    import pandas as pd

    words = load_form_words()
    head = tuple(words["titles"][c] for c in ("line", "item", "n_items", "from_on", "to_on", "kept_as"))
    lines = [("1", words["bag"]["archive"], "1", "", "", "袋内")]
    for name, title in words["bag"].items():
        if name == "archive" or name not in parts:
            continue
        mine = parts[name].get(number)
        n = 0 if mine is None else len(mine)
        column = _MOMENT.get(name, "")
        days = (
            pd.to_datetime(mine[column]).dropna()
            if n and column in mine
            else pd.Series(dtype="datetime64[ns]")
        )
        ends = [f"{d:%Y-%m-%d}" for d in (days.min(), days.max())] if len(days) else ["", ""]
        lines.append((str(len(lines) + 1), title, str(n), *ends, "数据库" if n else "无"))
    return (head, *lines)


def _prepare(where: str, customers: pd.DataFrame, reveal: Collection[str]) -> pd.DataFrame:
    require_columns(where, customers.columns, ["customer_no"])
    twice = customers["customer_no"].duplicated()
    if twice.any():
        raise DataError(
            f"{where}: each customer must stand once; {int(twice.sum()):,} stand again "
            f"(first: {customers.loc[twice, 'customer_no'].iloc[0]}). Pass the current versions only."
        )
    return mask_private(customers, reveal=reveal).sort_values("customer_no", kind="stable", ignore_index=True)


def _group_grades(grades: pd.DataFrame | None) -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    if grades is not None:
        for number, kind, grade in zip(grades["customer_no"], grades["kind"], grades["grade"], strict=True):
            out.setdefault(str(number), {})[str(kind)] = str(grade)
    return out


def _show(value: Any, column: str) -> str:
    import pandas as pd

    if value is None or pd.isna(value) or str(value).strip() == "":
        return "—"
    if column in ("revenue",):
        return f"{float(value):,.2f}"
    if column in ("n_orders", "line"):
        return f"{int(value):,}"
    if hasattr(value, "strftime"):
        return value.strftime("%Y-%m-%d")
    return str(load_form_words()["words"].get(str(value), value))


def _list_notes(reveal: Collection[str]) -> tuple[str, ...]:
    words = load_form_words()
    masked: Sequence[str] = [words["titles"][c] for c in PRIVATE if c not in reveal]
    return ((words["masked"] if len(masked) == len(PRIVATE) else f"只显示一部分：{'、'.join(masked)}。")
            if masked else "本表含有完整的个人信息，按规定保管。", words["note"])  # fmt: skip
