"""What the notebook on the most growable customers calls, in one place."""

from crm_lib.lesson.growth_data import describe_data, gather_growth
from crm_lib.lesson.growth_files import gather_result, gather_tables
from crm_lib.lesson.growth_step_words import (
    describe_campaigns,
    describe_list,
    describe_rules,
    describe_tracking,
    describe_trial,
    describe_uplift,
    show_campaigns,
    show_groups,
    show_list,
    tabulate_rules,
)
from crm_lib.lesson.growth_steps import (
    find_rules,
    gather_baskets,
    pair_periods,
    plan_measures,
    suggest_next,
    try_suggestions,
)
from crm_lib.lesson.growth_trial import compare_campaigns, find_movable
from crm_lib.lesson.growth_value import (
    estimate_potential,
    measure_panel,
    measure_people,
    set_thresholds,
    try_thresholds,
)
from crm_lib.lesson.growth_words import (
    describe_classes,
    describe_estimate,
    describe_moves,
    describe_share,
    show_classes,
    show_moves,
    show_share,
)

__all__ = [
    "compare_campaigns",
    "describe_campaigns",
    "describe_classes",
    "describe_data",
    "describe_estimate",
    "describe_list",
    "describe_moves",
    "describe_rules",
    "describe_share",
    "describe_tracking",
    "describe_trial",
    "describe_uplift",
    "estimate_potential",
    "find_movable",
    "find_rules",
    "gather_baskets",
    "gather_growth",
    "gather_result",
    "gather_tables",
    "measure_panel",
    "measure_people",
    "pair_periods",
    "plan_measures",
    "set_thresholds",
    "show_campaigns",
    "show_classes",
    "show_groups",
    "show_list",
    "show_moves",
    "show_share",
    "suggest_next",
    "tabulate_rules",
    "try_suggestions",
    "try_thresholds",
]
