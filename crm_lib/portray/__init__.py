"""客户画像: clusters, labels with a strength, portraits."""

from crm_lib.portray.clustering import ClusterModel, fit_clusters, sweep_k
from crm_lib.portray.describe import describe_clusters
from crm_lib.portray.features import FeatureMap, FeatureScale, fit_features, prepare_features
from crm_lib.portray.labels import label_clusters, pool_labels
from crm_lib.portray.portraits import portray_clusters

__all__ = [
    "ClusterModel",
    "FeatureMap",
    "FeatureScale",
    "describe_clusters",
    "fit_clusters",
    "fit_features",
    "label_clusters",
    "pool_labels",
    "portray_clusters",
    "prepare_features",
    "sweep_k",
]
