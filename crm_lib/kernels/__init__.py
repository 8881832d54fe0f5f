"""Kernels: forked from a warm parent where that can be, started the ordinary way where not."""

from crm_lib.kernels.limits import Limits
from crm_lib.kernels.managers import kill_all, make_manager_class, take_refusals, use_folder
from crm_lib.kernels.parent import PARENT_ENV
from crm_lib.kernels.warm import Warm, fork_available, make_folder, warm_up

__all__ = [
    "PARENT_ENV",
    "Limits",
    "Warm",
    "fork_available",
    "kill_all",
    "make_folder",
    "make_manager_class",
    "take_refusals",
    "use_folder",
    "warm_up",
]
