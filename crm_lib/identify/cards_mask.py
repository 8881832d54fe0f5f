"""Show contact data in part: enough to recognise them by, not enough to use them."""

from __future__ import annotations

from crm_lib.protect.masking import mask_text

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
    if not value.strip():
        return ""
    return mask_text(value, kind=field) if field in MASKED else value
