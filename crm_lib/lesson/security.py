"""What the notebook on maintenance and security calls, in one place."""

from crm_lib.lesson.security_backup import count_backups, describe_backups, keep_backups, lose_and_restore
from crm_lib.lesson.security_changes import change_customers, describe_changes
from crm_lib.lesson.security_consent import check_people, describe_consent
from crm_lib.lesson.security_data import fix_day, gather_firm
from crm_lib.lesson.security_files import export_lesson
from crm_lib.lesson.security_forget import describe_forgotten, forget_customers
from crm_lib.lesson.security_log import (
    describe_seal,
    describe_staff,
    describe_tampering,
    look_inside,
    tamper_with_audit,
    watch_staff,
)
from crm_lib.lesson.security_network import describe_network, describe_scan, judge_network, scan_pins
from crm_lib.lesson.security_people import describe_anonymity, draw_list, measure_list
from crm_lib.lesson.security_prices import describe_prices, draw_prices, judge_prices
from crm_lib.lesson.security_rights import describe_rights, show_rights, show_views
from crm_lib.lesson.security_rules import check_rules, describe_rules, describe_training, train_staff
from crm_lib.lesson.security_store import build_firm, describe_firm
from crm_lib.lesson.security_verify import describe_verification, verify_customers

__all__ = [
    "build_firm",
    "change_customers",
    "check_people",
    "check_rules",
    "count_backups",
    "describe_anonymity",
    "describe_backups",
    "describe_changes",
    "describe_consent",
    "describe_firm",
    "describe_forgotten",
    "describe_network",
    "describe_prices",
    "describe_rights",
    "describe_rules",
    "describe_scan",
    "describe_seal",
    "describe_staff",
    "describe_tampering",
    "describe_training",
    "describe_verification",
    "draw_list",
    "draw_prices",
    "export_lesson",
    "fix_day",
    "forget_customers",
    "gather_firm",
    "judge_network",
    "judge_prices",
    "keep_backups",
    "look_inside",
    "lose_and_restore",
    "measure_list",
    "scan_pins",
    "show_rights",
    "show_views",
    "tamper_with_audit",
    "train_staff",
    "verify_customers",
    "watch_staff",
]
