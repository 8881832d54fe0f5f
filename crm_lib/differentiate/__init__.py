"""客户区分: recency, frequency and money of each customer, scores and named segments."""

from crm_lib.differentiate.rfm import RfmBins, fit_rfm_bins, score_rfm, summarize_rfm
from crm_lib.differentiate.scheme import Scheme, Segment, list_segments, load_scheme
from crm_lib.differentiate.segments import name_segments, summarize_segments

__all__ = [
    "RfmBins",
    "Scheme",
    "Segment",
    "fit_rfm_bins",
    "list_segments",
    "load_scheme",
    "name_segments",
    "score_rfm",
    "summarize_rfm",
    "summarize_segments",
]
