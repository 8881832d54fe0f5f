"""客户区分: recency, frequency and money of each customer, scores and named segments."""

from crm_lib.differentiate.class_profit import compare_classes, summarize_class_profit
from crm_lib.differentiate.experiment import (
    assign_arms,
    bound_share,
    compare_arms,
    find_visible_difference,
    plan_sample,
)
from crm_lib.differentiate.habits import list_overdue, measure_gaps
from crm_lib.differentiate.profit import summarize_profit
from crm_lib.differentiate.retention import load_policies, measure_window, name_states, plan_retention
from crm_lib.differentiate.rfm import RfmBins, fit_rfm_bins, score_rfm, summarize_rfm
from crm_lib.differentiate.rise import list_candidates, simulate_rise
from crm_lib.differentiate.scheme import Scheme, Segment, list_segments, load_scheme
from crm_lib.differentiate.segments import name_segments, summarize_segments
from crm_lib.differentiate.value import classify_abc, measure_concentration, summarize_abc

__all__ = [
    "RfmBins",
    "Scheme",
    "Segment",
    "assign_arms",
    "bound_share",
    "classify_abc",
    "compare_arms",
    "compare_classes",
    "find_visible_difference",
    "fit_rfm_bins",
    "list_candidates",
    "list_overdue",
    "list_segments",
    "load_policies",
    "load_scheme",
    "measure_concentration",
    "measure_gaps",
    "measure_window",
    "name_segments",
    "name_states",
    "plan_retention",
    "plan_sample",
    "score_rfm",
    "simulate_rise",
    "summarize_abc",
    "summarize_class_profit",
    "summarize_profit",
    "summarize_rfm",
    "summarize_segments",
]
