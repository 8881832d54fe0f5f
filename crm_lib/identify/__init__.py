"""Customer identification (客户识别): clean a raw table with full accounting.

:func:`clean_table` turns what `read_table` returned into typed rows, and says
of every row and every changed cell what became of it;
:func:`summarize_cleaning` sums that up for a report.
"""

from crm_lib.identify.cleaning import Cleaned, clean_table
from crm_lib.identify.reasons import REASONS, RULES
from crm_lib.identify.summary import summarize_cleaning

__all__ = ["REASONS", "RULES", "Cleaned", "clean_table", "summarize_cleaning"]
