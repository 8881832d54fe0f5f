"""See that contact data become customer numbers only when that was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib.errors import SchemaError

if TYPE_CHECKING:
    import pandas as pd

_EMAIL = re.compile(r"\s*[^@\s]+@[^@\s]+\.[a-z]{2,}\s*", re.IGNORECASE)
_PHONE = re.compile(r"\s*'?(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?:\.0)?\s*")
_LOOKED_AT = 2000


def refuse_contact_ids(where: str, frame: pd.DataFrame, mapping: Mapping[str, str]) -> None:
    """Raise `SchemaError` when most customer numbers are phone numbers or e-mail addresses.

    Reports and exported tables show customer numbers, so the user must say that
    such a column is the one to use.
    """
    if "customer_id" not in mapping:
        return
    cells = [str(v) for v in frame["customer_id"].head(_LOOKED_AT).dropna()]
    for pattern, what in ((_EMAIL, "e-mail addresses"), (_PHONE, "phone numbers")):
        if cells and sum(bool(pattern.fullmatch(c)) for c in cells) > len(cells) / 2:
            raise SchemaError(
                f"{where}: customer_id would be {mapping['customer_id']!r}, which holds {what}; reports show it "
                "only when it is named. "
                f'Say columns="customer_id={mapping["customer_id"]}", or name another column.'
            )
