"""Figures: result frame → Axes; one file per analysis, one look for all.

Every ``plot_…`` function takes what its computing twin returned and gives back
the Axes; it never fits, saves or shows.  :func:`figure_svg` and
:func:`figure_png` turn a figure into a file's bytes.
"""

from crm_lib.plots.anonymity import plot_anonymity
from crm_lib.plots.archives import plot_keeping, plot_payback
from crm_lib.plots.attitude import plot_importance, plot_kano, plot_likert, plot_nps
from crm_lib.plots.behaviour import plot_effort, plot_methods, plot_waiting
from crm_lib.plots.class_profit import plot_class_profit
from crm_lib.plots.clicks import plot_dwell, plot_funnel, plot_paths
from crm_lib.plots.cluster_evidence import plot_k_evidence
from crm_lib.plots.clusters import plot_cluster_profiles, plot_clusters, plot_k_sweep
from crm_lib.plots.demography import plot_attribute_ranking, plot_pyramid, plot_representativeness
from crm_lib.plots.growth import plot_category_shares, plot_growth_map
from crm_lib.plots.identifiers import plot_identifiers
from crm_lib.plots.lifetime import plot_calibration
from crm_lib.plots.linking import plot_link_weights, plot_threshold
from crm_lib.plots.moves import plot_cohorts, plot_migration, plot_whale
from crm_lib.plots.orders import plot_orders_over_time
from crm_lib.plots.policy import plot_balance, plot_budgets, plot_effects, plot_qini, plot_uplift_groups
from crm_lib.plots.portraits import plot_portrait
from crm_lib.plots.price_audit import plot_price_audit
from crm_lib.plots.quality import plot_quality, plot_repairs
from crm_lib.plots.rfm import plot_rfm_distributions, plot_rfm_grid, plot_segments
from crm_lib.plots.searches import plot_searches, plot_worth
from crm_lib.plots.style import (
    PALETTE,
    SEGMENT_COLORS,
    cluster_color,
    figure_png,
    figure_svg,
    font_path,
    segment_color,
    use_style,
)
from crm_lib.plots.topics import plot_keywords, plot_topics
from crm_lib.plots.tornado import plot_tornado
from crm_lib.plots.value import plot_pareto
from crm_lib.plots.words import plot_wordcloud

__all__ = [
    "plot_calibration",
    "plot_category_shares",
    "plot_growth_map",
    "plot_tornado",
    "plot_cohorts",
    "plot_migration",
    "plot_whale",
    "plot_anonymity",
    "plot_price_audit",
    "plot_balance",
    "plot_budgets",
    "plot_effects",
    "plot_link_weights",
    "plot_qini",
    "plot_threshold",
    "PALETTE",
    "SEGMENT_COLORS",
    "cluster_color",
    "figure_png",
    "figure_svg",
    "font_path",
    "plot_attribute_ranking",
    "plot_class_profit",
    "plot_cluster_profiles",
    "plot_clusters",
    "plot_dwell",
    "plot_effort",
    "plot_funnel",
    "plot_importance",
    "plot_identifiers",
    "plot_k_evidence",
    "plot_k_sweep",
    "plot_kano",
    "plot_keeping",
    "plot_payback",
    "plot_keywords",
    "plot_likert",
    "plot_methods",
    "plot_nps",
    "plot_orders_over_time",
    "plot_pareto",
    "plot_paths",
    "plot_portrait",
    "plot_pyramid",
    "plot_quality",
    "plot_repairs",
    "plot_representativeness",
    "plot_rfm_distributions",
    "plot_rfm_grid",
    "plot_searches",
    "plot_segments",
    "plot_topics",
    "plot_uplift_groups",
    "plot_waiting",
    "plot_wordcloud",
    "segment_color",
    "use_style",
    "plot_worth",
]
