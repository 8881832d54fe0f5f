"""Customer identification (客户识别): clean a raw table with full accounting.

:func:`clean_table` turns what `read_table` returned into typed rows, and says
of every row and every changed cell what became of it;
:func:`summarize_cleaning` sums that up for a report.
"""

from crm_lib.identify.attitude_answers import Screened, read_items, screen_answers
from crm_lib.identify.attitude_importance import compare_importance
from crm_lib.identify.attitude_kano import classify_kano, classify_pairs
from crm_lib.identify.attitude_nps import bound_nps, measure_nps
from crm_lib.identify.attitude_reliability import cronbach_alpha, item_statistics, measure_reliability
from crm_lib.identify.attitude_sampling import sample_size, weigh_mean, weight_classes
from crm_lib.identify.attitude_scales import code_items, code_scales, count_answers, find_careless
from crm_lib.identify.behaviour_aspects import (
    compare_shoppers,
    list_fault_kinds,
    measure_wallet_share,
    score_shopping,
    summarize_aspects,
    summarize_my_aspects,
)
from crm_lib.identify.behaviour_file import Shopping, list_sheets, read_my_shopping
from crm_lib.identify.behaviour_form import write_shopping_template
from crm_lib.identify.cards import Card, Fact, list_changes, make_cards, update_card
from crm_lib.identify.cards_pages import write_card_pages
from crm_lib.identify.cards_store import read_cards, write_cards
from crm_lib.identify.cards_word import write_card_documents
from crm_lib.identify.channels import (
    check_source,
    compare_methods,
    draw_check,
    list_channels,
    measure_channels,
)
from crm_lib.identify.classes import classify_intent, find_intent_in_notes, summarize_intent
from crm_lib.identify.cleaning import Cleaned, clean_table
from crm_lib.identify.clicks import build_sessions, summarize_sessions
from crm_lib.identify.clicks_funnel import measure_funnel
from crm_lib.identify.clicks_paths import count_paths, count_transitions, measure_dwell
from crm_lib.identify.clicks_visitors import attach_persons, stitch_visitors
from crm_lib.identify.demography import build_pyramid, compare_to_population, measure_fit
from crm_lib.identify.demography_bands import band_ages, count_ages, order_bands
from crm_lib.identify.demography_merge import CombinedRecords, MergedFields, combine_records, merge_fields
from crm_lib.identify.demography_rank import choose_attributes, rank_attributes, summarize_ranking
from crm_lib.identify.demography_screen import ScreenedValues, screen_values
from crm_lib.identify.demography_sensitive import decide_collection, flag_sensitive
from crm_lib.identify.experience import (
    classify_waiting,
    measure_agreement,
    score_observations,
    summarize_waiting,
)
from crm_lib.identify.experience_ways import (
    choose_level,
    list_choices,
    list_levels,
    list_mystery_sheet,
    list_ways,
)
from crm_lib.identify.follow_up import (
    count_new,
    list_script,
    load_follow_up,
    measure_effort,
    schedule_follow_ups,
)
from crm_lib.identify.formats_names import check_name
from crm_lib.identify.formats_numbers import check_credit_code, check_identity_number
from crm_lib.identify.formats_phone import parse_phone
from crm_lib.identify.formats_regions import find_region, list_regions
from crm_lib.identify.golden import Golden, merge_records
from crm_lib.identify.golden_measure import measure_consolidation
from crm_lib.identify.identifiers import score_identifiers
from crm_lib.identify.information import (
    cover_information,
    decide_information,
    list_kinds,
    list_needs,
    load_information,
    weigh_testing,
)
from crm_lib.identify.information_value import load_assumptions, value_information
from crm_lib.identify.link import find_chains, link_records, score_pairs
from crm_lib.identify.link_evaluate import choose_threshold, evaluate_links, link_exactly, sweep_threshold
from crm_lib.identify.link_model import LinkModel, LinkWarning, fit_link_model
from crm_lib.identify.prospects import grade_prospects, load_criteria
from crm_lib.identify.prospects_methods import list_source_methods, measure_methods
from crm_lib.identify.quality import assess_quality
from crm_lib.identify.quality_management import load_checklist, score_management
from crm_lib.identify.quality_repair import REPAIRS, Repaired, repair_values
from crm_lib.identify.quality_rules import DIMENSIONS, QualityRule, load_quality_rules
from crm_lib.identify.quality_scores import compare_quality, rank_repairs, score_quality, summarize_scores
from crm_lib.identify.reasons import REASONS, RULES
from crm_lib.identify.review import list_reviews, read_reviews, write_reviews
from crm_lib.identify.review_apply import Reviewed, apply_reviews
from crm_lib.identify.rivals import judge_rivals, summarize_rivals
from crm_lib.identify.routing import route_complaints
from crm_lib.identify.routing_rules import RoutingRule, RoutingRules, read_routing_rules
from crm_lib.identify.summary import summarize_cleaning
from crm_lib.identify.survivorship import load_survivorship

__all__ = [
    "LinkModel",
    "LinkWarning",
    "choose_threshold",
    "evaluate_links",
    "find_chains",
    "fit_link_model",
    "link_exactly",
    "link_records",
    "score_pairs",
    "sweep_threshold",
    "DIMENSIONS",
    "REASONS",
    "REPAIRS",
    "RULES",
    "Card",
    "Cleaned",
    "CombinedRecords",
    "Fact",
    "Golden",
    "MergedFields",
    "QualityRule",
    "Repaired",
    "Reviewed",
    "RoutingRule",
    "RoutingRules",
    "Screened",
    "ScreenedValues",
    "Shopping",
    "apply_reviews",
    "assess_quality",
    "attach_persons",
    "band_ages",
    "bound_nps",
    "build_pyramid",
    "build_sessions",
    "check_credit_code",
    "check_identity_number",
    "check_name",
    "choose_attributes",
    "choose_level",
    "classify_intent",
    "classify_kano",
    "classify_pairs",
    "classify_waiting",
    "clean_table",
    "code_items",
    "code_scales",
    "combine_records",
    "compare_importance",
    "compare_quality",
    "compare_shoppers",
    "compare_to_population",
    "count_ages",
    "count_answers",
    "count_new",
    "count_paths",
    "count_transitions",
    "cronbach_alpha",
    "decide_collection",
    "find_careless",
    "find_intent_in_notes",
    "find_region",
    "flag_sensitive",
    "grade_prospects",
    "item_statistics",
    "list_changes",
    "list_choices",
    "list_fault_kinds",
    "list_levels",
    "list_mystery_sheet",
    "list_regions",
    "list_reviews",
    "list_script",
    "list_sheets",
    "list_source_methods",
    "list_ways",
    "load_checklist",
    "load_criteria",
    "load_follow_up",
    "load_quality_rules",
    "load_survivorship",
    "make_cards",
    "measure_agreement",
    "measure_consolidation",
    "measure_dwell",
    "measure_effort",
    "measure_fit",
    "measure_funnel",
    "measure_methods",
    "measure_nps",
    "measure_reliability",
    "measure_wallet_share",
    "merge_fields",
    "merge_records",
    "order_bands",
    "parse_phone",
    "rank_attributes",
    "rank_repairs",
    "read_cards",
    "read_items",
    "read_my_shopping",
    "read_reviews",
    "read_routing_rules",
    "repair_values",
    "route_complaints",
    "sample_size",
    "schedule_follow_ups",
    "score_identifiers",
    "score_management",
    "score_observations",
    "score_quality",
    "score_shopping",
    "screen_answers",
    "screen_values",
    "stitch_visitors",
    "summarize_aspects",
    "summarize_cleaning",
    "summarize_intent",
    "summarize_my_aspects",
    "summarize_ranking",
    "summarize_scores",
    "summarize_sessions",
    "summarize_waiting",
    "update_card",
    "weigh_mean",
    "weight_classes",
    "write_card_documents",
    "write_card_pages",
    "check_source",
    "compare_methods",
    "draw_check",
    "list_channels",
    "measure_channels",
    "cover_information",
    "decide_information",
    "list_kinds",
    "list_needs",
    "load_information",
    "weigh_testing",
    "load_assumptions",
    "value_information",
    "judge_rivals",
    "summarize_rivals",
    "write_cards",
    "write_reviews",
    "write_shopping_template",
]
