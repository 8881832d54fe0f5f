"""Protect what is known about customers."""

from __future__ import annotations

from crm_lib.protect.advisories import Advisory, read_advisories
from crm_lib.protect.anonymity import Anonymity, measure_anonymity, require_anonymity
from crm_lib.protect.biometrics import check_fields, find_biometric, require_no_biometrics
from crm_lib.protect.chain import CHAIN_START, Head, anchor, chain_hash, read_anchor, verify_chain
from crm_lib.protect.cipher import Cipher, rotate_cells
from crm_lib.protect.consent import Purpose, check_consent, list_articles, list_field_purposes, list_purposes
from crm_lib.protect.generalization import (
    Generalization,
    Ladder,
    default_ladders,
    make_ladder,
    suggest_generalization,
)
from crm_lib.protect.keys import KeyRing, make_key, open_keys, read_secret
from crm_lib.protect.logins import add_login, apply_roles, end_login, register_staff
from crm_lib.protect.masked_copy import publish_masked_copy
from crm_lib.protect.masking import MASK_KINDS, mask_text, mask_values
from crm_lib.protect.network import check_network, summarize_network
from crm_lib.protect.normal import normalize_value
from crm_lib.protect.price_audit import PriceAudit, audit_prices
from crm_lib.protect.pseudonyms import pseudonymize
from crm_lib.protect.regulation import check_regulation, default_settings, list_clauses
from crm_lib.protect.regulation_word import make_regulation
from crm_lib.protect.retention import RetentionRules, load_rules, plan_retention
from crm_lib.protect.role_commands import write_role_commands
from crm_lib.protect.role_trials import try_rights
from crm_lib.protect.roles import ROLES, Role, list_rights
from crm_lib.protect.scan import Scan, scan_dependencies
from crm_lib.protect.tls import TlsState, check_tls, make_tls_context
from crm_lib.protect.training import TOPICS, check_training, list_overdue, record_training

__all__ = [
    "Advisory",
    "read_advisories",
    "add_login",
    "apply_roles",
    "end_login",
    "register_staff",
    "publish_masked_copy",
    "check_network",
    "summarize_network",
    "check_regulation",
    "default_settings",
    "list_clauses",
    "make_regulation",
    "write_role_commands",
    "try_rights",
    "ROLES",
    "Role",
    "list_rights",
    "Scan",
    "scan_dependencies",
    "TlsState",
    "check_tls",
    "make_tls_context",
    "TOPICS",
    "check_training",
    "list_overdue",
    "record_training",
    "check_fields",
    "find_biometric",
    "require_no_biometrics",
    "RetentionRules",
    "load_rules",
    "plan_retention",
    "Purpose",
    "check_consent",
    "list_articles",
    "list_field_purposes",
    "list_purposes",
    "Generalization",
    "Ladder",
    "default_ladders",
    "make_ladder",
    "suggest_generalization",
    "Anonymity",
    "measure_anonymity",
    "require_anonymity",
    "PriceAudit",
    "audit_prices",
    "CHAIN_START",
    "MASK_KINDS",
    "Cipher",
    "Head",
    "KeyRing",
    "anchor",
    "chain_hash",
    "make_key",
    "mask_text",
    "mask_values",
    "normalize_value",
    "open_keys",
    "pseudonymize",
    "read_anchor",
    "read_secret",
    "rotate_cells",
    "verify_chain",
]
