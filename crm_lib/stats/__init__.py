"""Ground that several rooms stand on: how sure a figure is, and what chance alone would give.

Every interval is an :class:`Interval` (estimate, low, high), which unpacks like
a tuple; every random draw takes ``random_state``.
"""

from crm_lib.stats.association import group_values, measure_association
from crm_lib.stats.intervals import (
    Interval,
    SmallSampleWarning,
    interval_of_difference,
    interval_of_mean,
    interval_of_share,
    interval_of_share_difference,
)
from crm_lib.stats.raking import Raked, RakingWarning, rake_weights
from crm_lib.stats.resample import PermutationTest, bootstrap_interval, permutation_test

__all__ = [
    "Interval",
    "PermutationTest",
    "SmallSampleWarning",
    "bootstrap_interval",
    "interval_of_difference",
    "interval_of_mean",
    "interval_of_share",
    "interval_of_share_difference",
    "permutation_test",
    "Raked",
    "RakingWarning",
    "group_values",
    "measure_association",
    "rake_weights",
]
