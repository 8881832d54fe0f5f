"""Rules for order lines: what they are worth, which were paid, which give money back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crm_lib.identify._currency import find_foreign_lines
from crm_lib.identify._values import BAD, FOREIGN, MISSING, half_width

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import pandas as pd

    from crm_lib.identify._audit import AuditLog
    from crm_lib.identify._columns import Typed

_REFUNDED = re.compile(
    r"(?:已|销售|零售|会员|客户)?(?:全额|整单)?(?:退款|退货|退货退款|退款退货|仅退款|退单|退)"
    r"(?:成功|完成|完毕|已完成|入库|单|订单|入库单)?\Z"
    r"|(?:wc-)?(?:fully )?refund(?:ed)?\Z|return(?:ed)?\Z|charge ?back\Z|reversed\Z"
)
_UNPAID = re.compile(
    r"交易关闭|订单关闭|已关闭|^关闭|[待未]付款|[待未]支付|等待买家付款|等待付款|已取消|取消订单|订单取消|交易取消|^取消"
    r"|作废|付款失败|支付失败|cancel|unpaid|not paid|(?:pending|awaiting|waiting for) payment"
    r"|payment (?:pending|failed)|^failed|^declined|^void|^expired|abandoned|^closed"
)
# codes of Online Retail and of shops like it
_FEE_CODES = frozenset(
    ("post", "dot", "postage", "carriage", "shipping", "freight", "manual", "discount", "amazonfee", "cruk")
    + ("pads", "samples")
) | {"bank charges", "amazon fee", "gift voucher", "delivery fee", "运费", "邮费"}
_FEE_PATTERN = re.compile(r"gift_\d+.*\Z|test\d*\Z|adjust\d*\Z")
_LETTER_CODES = frozenset("mdsb")
_LETTER_DIGIT = frozenset(("c2", "c3"))
_FEE_NAMES = re.compile(
    r"(?:补|补拍|专拍)?(?:运费|邮费|快递费|配送费|手续费|包装费|服务费|安装费|差价|运费险|补差|补差价)"
    r"(?:补差价?|差价|专拍|补拍|链接)*"
    r"|postage|carriage|shipping(?: fee)?|freight|bank charges|delivery fee|handling fee"
)


def settle_amount(typed: Typed, positions: np.ndarray, log: AuditLog) -> dict[str, np.ndarray]:
    """Fill missing amounts with quantity × unit_price × (1 − discount); return masks of what is left.

    An amount that is written but cannot be read is never replaced.
    """
    import numpy as np

    state, frame = typed.state("amount").copy(), typed.frame
    computed = compute_amount(typed)
    fill = (state == MISSING) & ~np.isnan(computed)
    if "amount" in frame.columns:
        frame.loc[fill, "amount"] = computed[fill]
        rows = np.flatnonzero(fill)
        log.cells(
            positions[rows], "amount", [""] * len(rows), computed[rows], ["amount_computed"] * len(rows)
        )
    else:
        frame["amount"] = computed
        log.note("amount", "amount_computed", after=f"{int(fill.sum())} lines")
        _question_discounts(typed, log)
    without = (state == MISSING) & ~fill
    quantity, price, discount = (typed.state(c) for c in ("quantity", "unit_price", "discount"))
    bad_quantity = without & (quantity == BAD)
    foreign = (state == FOREIGN) | without & (price == FOREIGN) | find_foreign_lines(frame, log)
    bad = (state == BAD) | without & (price == BAD)
    bad_discount = without & (discount == BAD) & (quantity == 0) & (price == 0)
    left = without & ~bad_quantity & ~foreign & ~bad & ~bad_discount
    return {
        "bad_amount": bad,
        "foreign_currency": foreign,
        "bad_quantity": bad_quantity,
        "bad_discount": bad_discount,
        "missing_amount": left,
    }


def _question_discounts(typed: Typed, log: AuditLog) -> None:
    """Say so when the discounts look like the part that is paid, not the part taken off."""
    if "discount" in typed.frame.columns:
        written = typed.frame["discount"].dropna()
        high = int((written >= 0.5).sum())
        if 2 * high > len(written):
            log.note("discount", "discount_high", after=f"{high} lines")


def compute_amount(typed: Typed) -> np.ndarray:
    """Return quantity × unit_price × (1 − discount) per line; NaN where one of them is missing."""
    import numpy as np

    frame = typed.frame
    if not {"quantity", "unit_price"} <= set(frame.columns):
        return np.full(len(frame), np.nan)
    gross = frame["quantity"].to_numpy("float64") * frame["unit_price"].to_numpy("float64")
    if "discount" in frame.columns:
        off = frame["discount"].to_numpy("float64", copy=True)
        off[typed.state("discount") == MISSING] = 0
        gross = gross * (1 - off)
    return np.floor(gross * 10_000 + 0.5) / 10_000


def find_unpaid(frame: pd.DataFrame) -> np.ndarray:
    """Return True for lines of closed, cancelled or unpaid orders that take in money."""
    unpaid = _match_distinct(frame, "status", lambda t: "退" not in t and bool(_UNPAID.search(t)))
    late = _match_distinct(frame, "status", lambda t: bool(re.match("交易关闭|已关闭|订单关闭", t)))
    return (unpaid | late) & ~(frame["amount"] < 0).to_numpy() & ~_negative(frame, "quantity")


def find_non_products(frame: pd.DataFrame, among: np.ndarray) -> np.ndarray:
    """Return True for postage, fees and manual entries, by article code or whole name.

    Codes of one letter count only beside real article numbers and when no
    other letter is an article: in a table of sizes S, M, L nothing is a fee.
    """
    import numpy as np

    by_name = _match_distinct(frame, "product_name", lambda t: bool(_FEE_NAMES.fullmatch(t)))
    if "sku" not in frame.columns:
        return by_name & among
    codes = {half_width(s).lower() for s in frame.loc[among, "sku"].dropna().unique()}
    fees = set(_FEE_CODES)
    if any(len(c) >= 4 and any(ch.isdigit() for ch in c) for c in codes):
        fees |= _LETTER_CODES if {c for c in codes if len(c) == 1} <= _LETTER_CODES else set()
        pairs = {c for c in codes if re.fullmatch(r"[a-z]\d", c)}
        fees |= _LETTER_DIGIT if pairs <= _LETTER_DIGIT else set()
    by_code = _match_distinct(frame, "sku", lambda t: t in fees or bool(_FEE_PATTERN.match(t)))
    return np.asarray((by_name | by_code) & among)


def find_returns(frame: pd.DataFrame, was_return: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two masks: lines that give money back, and those explicitly marked as such.

    `was_return` is what an earlier cleaning of the same lines found.
    """
    marked = _match_distinct(frame, "status", lambda t: bool(_REFUNDED.match(t)))
    if "returned" in frame.columns:
        marked |= frame["returned"].fillna(False).to_numpy(dtype=bool)
    marked |= _find_c_orders(frame)
    negative = _negative(frame, "quantity") | _negative(frame, "amount")
    return marked | negative | was_return, marked


def _find_c_orders(frame: pd.DataFrame) -> np.ndarray:
    """Return True for orders C536379 among orders that are digits alone (Online Retail)."""
    import numpy as np

    none = np.zeros(len(frame), dtype=bool)
    if "order_id" not in frame.columns:
        return none
    codes, names = frame["order_id"].factorize()
    cancelled = np.array([bool(re.fullmatch(r"[Cc]\d+", n)) for n in names], dtype=bool)
    digits = np.array([n.isdigit() for n in names], dtype=bool)
    others = (~cancelled).sum()
    if not cancelled.any() or not others or digits.sum() < 0.9 * others:
        return none
    return np.append(cancelled, False)[codes]


def _negative(frame: pd.DataFrame, column: str) -> np.ndarray:
    import numpy as np

    if column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return (frame[column] < 0).to_numpy(dtype=bool)


def _match_distinct(frame: pd.DataFrame, column: str, test: Callable[[str], bool]) -> np.ndarray:
    """Apply `test` to each distinct lower-case text of a column (absent: all False)."""
    import numpy as np

    if column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    codes, names = frame[column].factorize()
    hit = np.array([test(half_width(n).lower()) for n in names], dtype=bool)
    return np.append(hit, False)[codes]


def turn_negative(
    frame: pd.DataFrame, is_return: np.ndarray, marked: np.ndarray, positions: np.ndarray, log: AuditLog
) -> None:
    """Give returns a negative amount and, when they are marked as such, a negative quantity."""
    import numpy as np

    for column, wanted in (("amount", is_return), ("quantity", marked)):
        if column not in frame.columns:
            continue
        values = frame[column].to_numpy("float64", copy=True)
        rows = np.flatnonzero(wanted & (values > 0))
        log.cells(positions[rows], column, values[rows], -values[rows], ["return_sign"] * len(rows))
        values[rows] = -values[rows]
        frame[column] = values
