"""客户编号: a number for every customer, that says where and when, and catches slips of the pen."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crm_lib.errors import StoreError
from crm_lib.store.columnar import parse_moment

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store.open import Store

# The quasigroup of order 10 given by H. M. Damm (2004): no two equal in a row or column, zeros on the diagonal.
DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
LETTERS = {
    "S": "门店",
    "W": "网店",
    "K": "呼叫中心",
    "H": "合同客户",
    "A": "手机应用",
    "M": "小程序",
    "X": "其他",
}
# How sources write the channels; what is not here counts as other.
CHANNELS = {
    "store": "S", "门店": "S", "门店扫码": "S", "实体店": "S", "web": "W", "网店": "W", "官网": "W", "网店弹窗": "W", "电商": "W",
    "call_center": "K", "call": "K", "phone": "K", "呼叫中心": "K", "电话": "K", "电话访问": "K",
    "contract": "H", "合同": "H", "合同客户": "H", "app": "A", "手机应用": "A", "mini_program": "M", "小程序": "M", "微信": "M",
}  # fmt: skip
OTHER = "X"
SERIAL_DIGITS = 6


def check_digit(digits: str) -> str:
    """Return the digit that, written behind `digits`, makes slips show.

    Parameters
    ----------
    digits : str
        Decimal digits.

    Returns
    -------
    str
        One digit.

    Notes
    -----
    Damm's algorithm: every wrong digit and every exchange of two neighbours is found, which a weighted sum
    modulo 10 cannot do.

    Examples
    --------
    >>> check_digit("572")
    '4'
    """
    state = 0
    for digit in digits:
        state = DAMM[state][int(digit)]
    return str(state)


@dataclass(frozen=True)
class CustomerNumbers:
    """The rule by which customers are numbered.

    Parameters
    ----------
    prefix : str
        One to four capitals that tell the firm's numbers from others.
    letters : mapping
        Channel letter → what it means; at most ten.

    Notes
    -----
    ``KH S 24 000123 5``: prefix, channel letter, year of registration, serial number within channel and year,
    check digit.  The letter goes into the check by its place among `letters`.  The number is given once and
    never changes, even when the customer moves to another channel: what is in it is history, not data to
    read.

    Examples
    --------
    >>> rule = CustomerNumbers()
    >>> rule.word("S", 24, 123)
    'KHS240001235'
    >>> rule.find_fault("KHS240001235"), rule.find_fault("KHS240001325")
    ('', 'check_digit')
    """

    prefix: str = "KH"
    letters: Mapping[str, str] = field(default_factory=lambda: dict(LETTERS))

    def __post_init__(self) -> None:
        good = re.fullmatch(r"[A-Z]{1,4}", self.prefix) and 1 <= len(self.letters) <= 10
        if not good or not all(re.fullmatch(r"[A-Z]", letter) for letter in self.letters):
            raise StoreError(
                "CustomerNumbers: prefix must be one to four capitals, and there may be one to ten channel letters; "
                f"got prefix {self.prefix!r} and {len(self.letters)} letters {sorted(self.letters)}."
            )

    def word(self, letter: str, year: int, serial: int) -> str:
        """Return the number of one customer."""
        body = f"{year % 100:02d}{serial:0{SERIAL_DIGITS}d}"
        return f"{self.prefix}{letter}{body}{check_digit(self._code(letter) + body)}"

    def _code(self, letter: str) -> str:
        return str(list(self.letters).index(letter))

    def _match(self, number: Any) -> re.Match | None:
        pattern = rf"({self.prefix})([A-Z])([0-9]{{2}})([0-9]{{{SERIAL_DIGITS}}})([0-9])"
        return re.fullmatch(pattern, number) if isinstance(number, str) else None

    def find_fault(self, number: Any) -> str:
        """Return what is wrong: ``form``, ``channel``, ``check_digit``, or nothing."""
        parts = self._match(number)
        if parts is None:
            return "form"
        if parts[2] not in self.letters:
            return "channel"
        right = check_digit(self._code(parts[2]) + parts[3] + parts[4])
        return "" if right == parts[5] else "check_digit"

    def letter_of(self, channel: Any) -> str:
        """Return the letter of a channel as sources write it; unknown ones count as other."""
        text = "" if channel is None or channel != channel else str(channel).strip()
        letter = CHANNELS.get(text.lower(), text if text in self.letters else OTHER)
        return letter if letter in self.letters else list(self.letters)[-1]

    def check(self, values: Sequence[Any]) -> pd.DataFrame:
        """Check numbers as people wrote them.

        Parameters
        ----------
        values : sequence
            Numbers.

        Returns
        -------
        DataFrame
            One row per value in its order: ``customer_no``, ``valid``, ``fault`` (form, channel, check_digit
            or empty).
        """
        import pandas as pd

        faults = [self.find_fault(v) for v in values]
        return pd.DataFrame({
            "customer_no": list(values),
            "valid": [not f for f in faults],
            "fault": faults,
        }).astype({"valid": bool, "fault": str})

    def explain(self, number: str) -> pd.DataFrame:
        """Take a number apart.

        Parameters
        ----------
        number : str
            A valid number.

        Returns
        -------
        DataFrame
            One part a row: ``part`` (Chinese), ``value``, ``meaning`` (Chinese).

        Raises
        ------
        StoreError
            When the number breaks the rule.
        """
        import pandas as pd

        from crm_lib.catalogue import say

        fault = self.find_fault(number)
        if fault:
            raise StoreError(
                f"explain: a number must read like {self.word(next(iter(self.letters)), 24, 123)}; "
                f"{number!r} does not ({fault}). Look the customer up by name."
            )
        _, prefix, letter, year, serial, digit = (number, *self._match(number).groups())
        channel = self.letters[letter]
        rows = [
            ("prefix", prefix, {}),
            ("letter", letter, {"channel": channel}),
            ("year", year, {"year": f"20{year}"}),
            ("serial", serial, {"serial": int(serial), "channel": channel, "year": f"20{year}"}),
            ("check", digit, {}),
        ]
        return pd.DataFrame(
            [
                (say(f"store.part_{n}"), value, say(f"store.part_{n}_meaning", **given))
                for n, value, given in rows
            ],
            columns=["part", "value", "meaning"],
        )

    def issue(self, store: Store, channels: Sequence[Any], *, at: str | dt.datetime) -> list[str]:
        """Give out numbers, each once for ever, also when several sessions ask at the same time.

        Parameters
        ----------
        store : Store
            The open database, whose counters remember the last serial numbers.
        channels : sequence of str
            One per customer.
        at : str or datetime
            The day of registration; its year goes into the number.

        Returns
        -------
        list of str
            Numbers in the order of `channels`.

        Raises
        ------
        StoreError
            When a channel's year has used up its 999,999 numbers.
        """
        moment = parse_moment("issue", "at", at)
        letters = [self.letter_of(c) for c in channels]
        with store.transaction("issue_numbers", at=moment) as entry:
            following = {
                x: self._reserve(store, x, moment.year, letters.count(x)) for x in sorted(set(letters))
            }
            entry.note("counters", 0, n_numbers=len(letters))
        out = []
        for letter in letters:
            out.append(self.word(letter, moment.year, following[letter]))
            following[letter] += 1
        return out

    def _reserve(self, store: Store, letter: str, year: int, n: int) -> int:
        """Move the counter on by `n` and return the first number of these."""
        name = f"{self.prefix}{letter}{year % 100:02d}"
        last = store.query(
            "INSERT INTO counters (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value RETURNING value",
            [name, n],
        )["value"][0]
        if last >= 10**SERIAL_DIGITS:
            raise StoreError(
                f"issue: a series has {10**SERIAL_DIGITS - 1:,} numbers; {name!r} would need {last:,}. "
                "Number with another prefix from now on."
            )
        return int(last) - n + 1
