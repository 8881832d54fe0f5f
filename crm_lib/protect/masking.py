"""Show private values in part: enough to recognise them by, not enough to use them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crm_lib._checks import require_choice
from crm_lib.protect.normal import is_missing

if TYPE_CHECKING:
    import pandas as pd

MASK_KINDS = ("phone", "email", "address", "identity_no", "name", "birth_date")


def mask_text(value: str, *, kind: str) -> str:
    """Return one value as it may be shown.

    Parameters
    ----------
    value : str
        The value; white space around it is dropped, an empty one stays empty.
    kind : str
        One of `MASK_KINDS`.

    Returns
    -------
    str
        A telephone number's first three and last four digits, an e-mail's first letter and domain, an
        address up to the street, an identity number's first and last character, a name's first character,
        the year of a birth date.

    Examples
    --------
    >>> mask_text("13812345678", kind="phone"), mask_text("wang@example.com", kind="email")
    ('138****5678', 'w***@example.com')
    >>> mask_text("东湖区解放路109号1504室", kind="address"), mask_text("1987-09-26", kind="birth_date")
    ('东湖区解放路***', '1987-**-**')
    >>> mask_text("11010519491231002X", kind="identity_no"), mask_text("欧阳小红", kind="name")
    ('1****************X', '欧***')
    """
    require_choice("mask_text", "kind", kind, MASK_KINDS)
    text = str(value).strip()
    return _MASKS[kind](text) if text else text


def _mask_phone(text: str) -> str:
    return f"{text[:3]}****{text[-4:]}" if len(text) >= 9 else "****"


def _mask_email(text: str) -> str:
    name, at, domain = text.rpartition("@")
    return f"{name[:1]}***@{domain}" if at else "***"


def _mask_address(text: str) -> str:
    # up to the street: what stands behind the first number leads to the door
    head = re.split(r"[0-9０-９]", text, maxsplit=1)[0].strip()
    return f"{head if len(head) < len(text) else text[: len(text) // 3]}***"


def _mask_identity(text: str) -> str:
    return f"{text[0]}{'*' * (len(text) - 2)}{text[-1]}" if len(text) >= 9 else "****"


def _mask_name(text: str) -> str:
    return f"{text[0]}{'*' * min(max(len(text) - 1, 1), 3)}"


def _mask_birth_date(text: str) -> str:
    return f"{text[:4]}-**-**" if re.match(r"\d{4}\D", text) else "***"


_MASKS = {
    "phone": _mask_phone,
    "email": _mask_email,
    "address": _mask_address,
    "identity_no": _mask_identity,
    "name": _mask_name,
    "birth_date": _mask_birth_date,
}


def mask_values(values: pd.Series, *, kind: str) -> pd.Series:
    """Return a column as it may be shown.

    Parameters
    ----------
    values : Series
        Private values as text, one a row.
    kind : str
        One of `MASK_KINDS`.

    Returns
    -------
    Series
        The masked values with the same index and name; missing stays missing.

    Notes
    -----
    A mask is for the eye: two customers may look alike, and one is found again by what else is known.  To
    join tables without the values use `pseudonymize`; to judge a table before it leaves, its anonymity.

    Examples
    --------
    >>> import pandas as pd
    >>> mask_values(pd.Series(["13812345678", None]), kind="phone").tolist()[0]
    '138****5678'
    """
    import pandas as pd

    require_choice("mask_values", "kind", kind, MASK_KINDS)
    known: dict[object, str | None] = {}
    for value in values:
        if value not in known:
            known[value] = None if is_missing(value) else mask_text(str(value), kind=kind)
    return pd.Series([known[v] for v in values], index=values.index, name=values.name, dtype="str")
