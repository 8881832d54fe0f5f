"""What the notebook on unprofitable customers calls, in one place."""

from crm_lib.lesson.below_zero_files import export_list, list_treated, name_rules, sum_treated
from crm_lib.lesson.below_zero_people import look_for_proxies, name_proxies, share_by_group, try_unfair_rule
from crm_lib.lesson.below_zero_profit import cost_customers, foresee, list_rates
from crm_lib.lesson.below_zero_review import choose_limit, compare_plans, look_back, try_limits
from crm_lib.lesson.below_zero_rules import choose_plan, make_rules
from crm_lib.lesson.below_zero_trade import gather_trade
from crm_lib.lesson.below_zero_verdicts import (
    describe_groups,
    describe_limits,
    describe_past,
    describe_proxies,
)
from crm_lib.lesson.below_zero_words import (
    assumption_words,
    describe_away,
    describe_costs,
    describe_plan,
    describe_prospects,
    describe_simulated,
    describe_tornado,
    describe_whale,
    list_doubtful,
    name_choices,
    summarize_simulated,
)

__all__ = [
    "assumption_words",
    "choose_limit",
    "choose_plan",
    "compare_plans",
    "cost_customers",
    "describe_away",
    "describe_costs",
    "describe_groups",
    "describe_limits",
    "describe_past",
    "describe_plan",
    "describe_prospects",
    "describe_proxies",
    "describe_simulated",
    "describe_tornado",
    "describe_whale",
    "export_list",
    "foresee",
    "gather_trade",
    "list_doubtful",
    "list_rates",
    "list_treated",
    "look_back",
    "look_for_proxies",
    "make_rules",
    "name_choices",
    "name_proxies",
    "name_rules",
    "share_by_group",
    "sum_treated",
    "summarize_simulated",
    "try_limits",
    "try_unfair_rule",
]
