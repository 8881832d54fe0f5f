"""Read any real-world file; write Excel and Word."""

from crm_lib.readwrite.columns import load_columns, save_columns
from crm_lib.readwrite.fingerprint import data_fingerprint
from crm_lib.readwrite.propose import propose_columns
from crm_lib.readwrite.table import read_table
from crm_lib.readwrite.totals import find_totals_rows

__all__ = [
    "data_fingerprint",
    "find_totals_rows",
    "load_columns",
    "propose_columns",
    "read_table",
    "save_columns",
]
