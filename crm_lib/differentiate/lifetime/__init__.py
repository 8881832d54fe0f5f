"""Customer lifetime value (客户终身价值): repeat purchases, models of counts and of spend, value, hold-out.

:func:`summarize_repeat` turns order lines into what the models read;
:func:`fit_bg_nbd`, :func:`fit_mbg_nbd` and :func:`fit_pareto_nbd` model how often a
customer still buys, :func:`fit_gamma_gamma` for how much,
:func:`fit_shifted_beta` the retention of customers under contract;
:func:`lifetime_value` puts them together; :func:`summarize_holdout` and
:func:`compare_forecasts` hold them against a time they have not seen.
None of this is in the textbooks.
"""

from crm_lib.differentiate.lifetime.contract import ShiftedBetaGeometric, fit_shifted_beta
from crm_lib.differentiate.lifetime.fitting import Fit
from crm_lib.differentiate.lifetime.holdout import (
    calibrate_forecast,
    compare_forecasts,
    summarize_holdout,
    track_totals,
)
from crm_lib.differentiate.lifetime.models import (
    BgNbd,
    CountModel,
    MbgNbd,
    ParetoNbd,
    fit_bg_nbd,
    fit_mbg_nbd,
    fit_pareto_nbd,
)
from crm_lib.differentiate.lifetime.repeat import summarize_repeat
from crm_lib.differentiate.lifetime.spend import GammaGamma, fit_gamma_gamma
from crm_lib.differentiate.lifetime.value import baseline_value, compare_intervals, lifetime_value

__all__ = [
    "BgNbd",
    "CountModel",
    "Fit",
    "GammaGamma",
    "MbgNbd",
    "ParetoNbd",
    "ShiftedBetaGeometric",
    "baseline_value",
    "calibrate_forecast",
    "compare_forecasts",
    "compare_intervals",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_mbg_nbd",
    "fit_pareto_nbd",
    "fit_shifted_beta",
    "lifetime_value",
    "summarize_holdout",
    "summarize_repeat",
    "track_totals",
]
