"""What the notebook on customer information calls, in one place."""

from crm_lib.lesson.information_data import (
    choose_day,
    gather_tables,
    keep_known,
    read_needs,
)
from crm_lib.lesson.information_handins import (
    export_lesson,
)
from crm_lib.lesson.information_search import (
    check_customers,
    list_customers,
    open_pages,
    run_searches,
    show_hits,
    tabulate_means,
)
from crm_lib.lesson.information_tables import (
    count_fields,
    decide_fields,
    show_channels,
    show_rivals,
    show_testing,
    show_types,
    show_ways,
    show_worth,
    word_worth,
)
from crm_lib.lesson.information_words import (
    describe_channels,
    describe_check,
    describe_fields,
    describe_gathered,
    describe_means,
    describe_mine,
    describe_rivals,
    describe_searches,
    describe_testing,
    describe_ways,
    describe_worth,
)

__all__ = [
    "check_customers",
    "choose_day",
    "count_fields",
    "decide_fields",
    "describe_channels",
    "describe_check",
    "describe_fields",
    "describe_gathered",
    "describe_means",
    "describe_mine",
    "describe_rivals",
    "describe_searches",
    "describe_testing",
    "describe_ways",
    "describe_worth",
    "export_lesson",
    "gather_tables",
    "keep_known",
    "list_customers",
    "open_pages",
    "read_needs",
    "run_searches",
    "show_channels",
    "show_hits",
    "show_rivals",
    "show_testing",
    "show_types",
    "show_ways",
    "show_worth",
    "tabulate_means",
    "word_worth",
]
