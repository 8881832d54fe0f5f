"""What the notebook on the most valuable customers calls beside the general things, in one place."""

from crm_lib.lesson.value_campaign import check_lot, measure_effects, measure_return, read_campaign
from crm_lib.lesson.value_campaign_words import describe_campaign, show_campaign
from crm_lib.lesson.value_files import gather_figures, gather_people, gather_sheets
from crm_lib.lesson.value_lifetime import try_lifetime, value_lifetime
from crm_lib.lesson.value_lifetime_words import (
    describe_deciles,
    describe_lifetime,
    describe_trial,
    show_deciles,
    show_lifetime,
    show_trial,
)
from crm_lib.lesson.value_moves import (
    describe_cohorts,
    describe_moves,
    follow_cohorts,
    measure_moves,
    show_cohorts,
    show_moves,
)
from crm_lib.lesson.value_plan import describe_origin, name_balance, show_best, show_policy

__all__ = [
    "check_lot",
    "describe_campaign",
    "describe_cohorts",
    "describe_deciles",
    "describe_lifetime",
    "describe_moves",
    "describe_origin",
    "describe_trial",
    "follow_cohorts",
    "gather_figures",
    "gather_people",
    "gather_sheets",
    "measure_effects",
    "measure_moves",
    "measure_return",
    "name_balance",
    "read_campaign",
    "show_best",
    "show_campaign",
    "show_cohorts",
    "show_deciles",
    "show_lifetime",
    "show_moves",
    "show_policy",
    "show_trial",
    "try_lifetime",
    "value_lifetime",
]
