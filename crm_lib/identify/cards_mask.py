"""Show contact data in part: enough to recognise them by, not enough to use them."""

from __future__ import annotations

import re

MASKED = ("phone", "email", "address", "birth_date")
"""Fields that pages and lists show in part unless they are asked for."""


def mask_value(field: str, value: str) -> str:
    """Return a value as it may be shown; fields that lead to nobody come back unchanged.

    Parameters
    ----------
    field
        Column of the customers' contract.
    value
        Its value as text.

    Examples
    --------
    >>> mask_value("phone", "15400001234"), mask_value("email", "wangjing88@example.com")
    ('154****1234', 'w***@example.com')
    >>> mask_value("address", "东湖区解放路109号1504室"), mask_value("birth_date", "1987-09-26")
    ('东湖区解放路***', '1987-**-**')
    >>> mask_value("city", "武汉市"), mask_value("phone", "1234")
    ('武汉市', '****')
    """
    text = value.strip()
    if not text:
        return text
    if field == "phone":
        return f"{text[:3]}****{text[-4:]}" if len(text) >= 9 else "****"
    if field == "email":
        name, at, domain = text.rpartition("@")
        return f"{name[:1]}***@{domain}" if at else "***"
    if field == "address":
        # up to the street: what stands behind the first number leads to the door
        head = re.split(r"[0-9０-９]", text, maxsplit=1)[0].strip()
        return f"{head if len(head) < len(text) else text[: len(text) // 3]}***"
    if field == "birth_date":
        return f"{text[:4]}-**-**" if re.match(r"\d{4}\D", text) else "***"
    return value
