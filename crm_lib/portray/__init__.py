"""客户画像: clusters, labels with a strength, portraits."""

from crm_lib.portray.attributes import compare_attributes
from crm_lib.portray.candidates import KEY_FEATURES, build_features, correlate_features, select_features
from crm_lib.portray.cards import portrait_cluster, portrait_customer
from crm_lib.portray.clustering import ClusterModel, fit_clusters
from crm_lib.portray.customer_labels import label_customers, summarize_labels
from crm_lib.portray.describe import describe_clusters
from crm_lib.portray.explain import compare_clusters, explain_clusters, word_rule
from crm_lib.portray.features import (
    FeatureMap,
    FeatureScale,
    describe_features,
    fit_features,
    prepare_features,
)
from crm_lib.portray.labels import label_clusters, pool_labels
from crm_lib.portray.lifts import find_typical, lift_labels
from crm_lib.portray.portraits import portray_clusters
from crm_lib.portray.references import choose_by_gap, measure_gap, measure_stability
from crm_lib.portray.register import describe_register, match_register
from crm_lib.portray.rules_reader import LabelRule, LabelRules, read_label_rules
from crm_lib.portray.sweep import sweep_k
from crm_lib.portray.titles import title_feature, word_value

__all__ = [
    "KEY_FEATURES",
    "ClusterModel",
    "FeatureMap",
    "FeatureScale",
    "LabelRule",
    "LabelRules",
    "build_features",
    "choose_by_gap",
    "compare_attributes",
    "compare_clusters",
    "correlate_features",
    "describe_clusters",
    "describe_features",
    "describe_register",
    "explain_clusters",
    "find_typical",
    "fit_clusters",
    "fit_features",
    "label_clusters",
    "label_customers",
    "lift_labels",
    "match_register",
    "measure_gap",
    "measure_stability",
    "pool_labels",
    "portrait_cluster",
    "portrait_customer",
    "portray_clusters",
    "prepare_features",
    "read_label_rules",
    "select_features",
    "summarize_labels",
    "sweep_k",
    "title_feature",
    "word_rule",
    "word_value",
]
