"""What a notebook calls: parameters, findings, tables, figures, checks, exports."""

from crm_lib.lesson.business import describe_business, plan_actions
from crm_lib.lesson.display import finding, format_value, show_figure, show_table
from crm_lib.lesson.exports import export
from crm_lib.lesson.run import check, data_source, parameters, require_data, show_cleaning, show_source
from crm_lib.lesson.words import (
    account_tables,
    choose_as_of,
    choose_currency,
    count_items,
    describe_cleaning,
    describe_customers,
    describe_segments,
    describe_sweep,
    show_summary,
)

__all__ = [
    "account_tables",
    "check",
    "choose_as_of",
    "choose_currency",
    "count_items",
    "data_source",
    "describe_business",
    "describe_cleaning",
    "describe_customers",
    "describe_segments",
    "describe_sweep",
    "export",
    "finding",
    "format_value",
    "parameters",
    "plan_actions",
    "require_data",
    "show_cleaning",
    "show_figure",
    "show_source",
    "show_summary",
    "show_table",
]
