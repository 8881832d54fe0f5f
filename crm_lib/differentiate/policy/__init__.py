"""Did the policy work, for whom, and was it worth it? (政策有效性评估).

Before: :func:`plan_mean_sample`, :func:`plan_ratio_sample` (shares:
``differentiate.plan_sample``).  The lot: :func:`check_split`,
:func:`check_balance`.  The effect: :func:`compare_outcomes`,
:func:`reduce_variance`, :func:`compare_ratios`, :func:`estimate_roi`.  For whom:
:func:`fit_uplift`, :func:`predict_uplift`, :func:`measure_qini`,
:func:`summarize_qini`, :func:`measure_groups`, :func:`evaluate_budgets`.
Without a lot: :func:`weigh_arms`, :func:`match_arms`, :func:`compare_balance`,
:func:`estimate_without_lot`.  None of this is in the textbooks.
"""

from crm_lib.differentiate.policy.before import LateCovariateWarning
from crm_lib.differentiate.policy.budget import evaluate_budgets
from crm_lib.differentiate.policy.effects import compare_outcomes
from crm_lib.differentiate.policy.nonrandom import Adjusted, compare_balance, estimate_without_lot
from crm_lib.differentiate.policy.planning import find_visible_mean, plan_mean_sample, plan_ratio_sample
from crm_lib.differentiate.policy.propensity import OverlapWarning, match_arms, weigh_arms
from crm_lib.differentiate.policy.qini import measure_groups, measure_qini, rate_ranking, summarize_qini
from crm_lib.differentiate.policy.randomisation import Balance, check_balance, check_split
from crm_lib.differentiate.policy.ratios import compare_ratios
from crm_lib.differentiate.policy.returns import estimate_roi
from crm_lib.differentiate.policy.uplift import UpliftModel, fit_uplift, predict_uplift
from crm_lib.differentiate.policy.variance import reduce_variance

__all__ = [
    "Adjusted",
    "Balance",
    "LateCovariateWarning",
    "OverlapWarning",
    "UpliftModel",
    "check_balance",
    "check_split",
    "compare_balance",
    "compare_outcomes",
    "compare_ratios",
    "estimate_roi",
    "estimate_without_lot",
    "evaluate_budgets",
    "find_visible_mean",
    "fit_uplift",
    "match_arms",
    "measure_groups",
    "measure_qini",
    "plan_mean_sample",
    "plan_ratio_sample",
    "predict_uplift",
    "rate_ranking",
    "reduce_variance",
    "summarize_qini",
    "weigh_arms",
]
