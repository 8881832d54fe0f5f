"""A short mark of the data a result rests on."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from crm_lib.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def data_fingerprint(frame: pd.DataFrame) -> str:
    """Return 12 hexadecimal digits that stand for the bytes a frame was read from.

    Parameters
    ----------
    frame : DataFrame
        As `read_table` returns it.

    Returns
    -------
    str
        The same for the same files in the same order, whatever their names.

    Raises
    ------
    DataError
        The frame was not read by `read_table`.
    """
    files = frame.attrs.get("source", {}).get("files")
    if not files:
        raise DataError(
            "data_fingerprint: the frame does not say what it was read from (attrs['source']). "
            "Read it with read_table."
        )
    sums = [str(f["sha256"]) for f in files]
    return (sums[0] if len(sums) == 1 else hashlib.sha256("\n".join(sums).encode("ascii")).hexdigest())[:12]
