"""客户区分: recency, frequency and money of each customer, scores and named segments."""

from crm_lib.differentiate.profit import summarize_profit
from crm_lib.differentiate.rfm import RfmBins, fit_rfm_bins, score_rfm, summarize_rfm
from crm_lib.differentiate.scheme import Scheme, Segment, list_segments, load_scheme
from crm_lib.differentiate.segments import name_segments, summarize_segments
from crm_lib.differentiate.value import classify_abc, measure_concentration, summarize_abc

__all__ = [
    "RfmBins",
    "Scheme",
    "Segment",
    "classify_abc",
    "fit_rfm_bins",
    "list_segments",
    "load_scheme",
    "measure_concentration",
    "name_segments",
    "score_rfm",
    "summarize_abc",
    "summarize_profit",
    "summarize_rfm",
    "summarize_segments",
]
