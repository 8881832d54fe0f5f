"""客户区分: recency, frequency and money of each customer, scores and named segments."""

from crm_lib.differentiate.basket_rules import list_baskets, mine_rules
from crm_lib.differentiate.class_profit import compare_classes, summarize_class_profit
from crm_lib.differentiate.cohorts import measure_cohorts
from crm_lib.differentiate.cost_to_serve import allocate_costs, count_activities, summarize_cost_to_serve
from crm_lib.differentiate.deciles import measure_whale, summarize_deciles
from crm_lib.differentiate.experiment import (
    assign_arms,
    bound_share,
    compare_arms,
    find_visible_difference,
    plan_sample,
)
from crm_lib.differentiate.fairness import ProxyWarning, find_protected, measure_proxies
from crm_lib.differentiate.growth import choose_growth, suggest_categories
from crm_lib.differentiate.growth_plan import load_measures, plan_growth, rate_suggestions
from crm_lib.differentiate.habits import list_overdue, measure_gaps
from crm_lib.differentiate.migration import measure_change, measure_migration
from crm_lib.differentiate.outlook import compare_limits, estimate_outlook
from crm_lib.differentiate.policy import (
    Adjusted,
    Balance,
    LateCovariateWarning,
    OverlapWarning,
    UpliftModel,
    check_balance,
    check_split,
    compare_balance,
    compare_outcomes,
    compare_ratios,
    estimate_roi,
    estimate_without_lot,
    evaluate_budgets,
    find_visible_mean,
    fit_uplift,
    match_arms,
    measure_groups,
    measure_qini,
    plan_mean_sample,
    plan_ratio_sample,
    predict_uplift,
    rate_ranking,
    reduce_variance,
    summarize_qini,
    weigh_arms,
)
from crm_lib.differentiate.potential import (
    classify_growth,
    find_thresholds,
    measure_headroom,
    pair_shares,
    track_share,
    vary_thresholds,
)
from crm_lib.differentiate.profit import summarize_profit
from crm_lib.differentiate.retention import load_policies, measure_window, name_states, plan_retention
from crm_lib.differentiate.rfm import RfmBins, fit_rfm_bins, score_rfm, summarize_rfm
from crm_lib.differentiate.rise import list_candidates, simulate_rise
from crm_lib.differentiate.scheme import Scheme, Segment, list_segments, load_scheme
from crm_lib.differentiate.segments import name_segments, summarize_segments
from crm_lib.differentiate.share import ShareModel, fit_share, measure_share
from crm_lib.differentiate.treatment_rules import choose_treatments, review_treatments
from crm_lib.differentiate.treatments import Assumptions, measure_tornado, simulate_treatments, sum_plan
from crm_lib.differentiate.value import classify_abc, measure_concentration, summarize_abc

__all__ = [
    "compare_limits",
    "estimate_outlook",
    "classify_growth",
    "find_thresholds",
    "load_measures",
    "measure_headroom",
    "pair_shares",
    "plan_growth",
    "rate_suggestions",
    "track_share",
    "vary_thresholds",
    "suggest_categories",
    "choose_growth",
    "mine_rules",
    "list_baskets",
    "measure_share",
    "fit_share",
    "ShareModel",
    "sum_plan",
    "simulate_treatments",
    "measure_tornado",
    "Assumptions",
    "review_treatments",
    "choose_treatments",
    "measure_proxies",
    "find_protected",
    "ProxyWarning",
    "Adjusted",
    "Balance",
    "LateCovariateWarning",
    "OverlapWarning",
    "RfmBins",
    "Scheme",
    "Segment",
    "UpliftModel",
    "allocate_costs",
    "assign_arms",
    "bound_share",
    "check_balance",
    "check_split",
    "classify_abc",
    "compare_arms",
    "compare_balance",
    "compare_classes",
    "compare_outcomes",
    "compare_ratios",
    "count_activities",
    "estimate_roi",
    "estimate_without_lot",
    "evaluate_budgets",
    "find_visible_difference",
    "find_visible_mean",
    "fit_rfm_bins",
    "fit_uplift",
    "list_candidates",
    "list_overdue",
    "list_segments",
    "load_policies",
    "load_scheme",
    "match_arms",
    "measure_change",
    "measure_cohorts",
    "measure_concentration",
    "measure_gaps",
    "measure_groups",
    "measure_migration",
    "measure_qini",
    "measure_whale",
    "measure_window",
    "name_segments",
    "name_states",
    "plan_mean_sample",
    "plan_ratio_sample",
    "plan_retention",
    "plan_sample",
    "predict_uplift",
    "rate_ranking",
    "reduce_variance",
    "score_rfm",
    "simulate_rise",
    "summarize_abc",
    "summarize_class_profit",
    "summarize_profit",
    "summarize_cost_to_serve",
    "summarize_deciles",
    "summarize_qini",
    "summarize_rfm",
    "summarize_segments",
    "weigh_arms",
]
