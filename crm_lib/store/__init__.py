"""客户数据库: the customer database.

:func:`open_store` opens it in a DuckDB file or on a PostgreSQL server;
:func:`create_tables` makes its tables; every write stands in a
``store.transaction(...)``, which commits data and log entry together.
"""

from __future__ import annotations

from crm_lib.store.backup import back_up, thin_backups
from crm_lib.store.backup_checks import check_backups, copy_off_site, find_whole_backup, list_backups
from crm_lib.store.backup_files import Backup, read_backup
from crm_lib.store.checksum import checksum_tables
from crm_lib.store.compaction import compact_store
from crm_lib.store.forms import Sheet, make_bag_sheets, make_card_sheets, make_register_sheets
from crm_lib.store.forms_data import mask_private
from crm_lib.store.forms_print import write_forms_html, write_forms_word
from crm_lib.store.grades import set_grades
from crm_lib.store.investments import record_investments, summarize_investments
from crm_lib.store.loss import declare_loss, lift_loss, list_loss_steps
from crm_lib.store.numbers import CustomerNumbers, check_digit
from crm_lib.store.open import Entry, Store, create_tables, open_store
from crm_lib.store.rekey import change_key
from crm_lib.store.requirements import check_requirements, gather_files, judge_requirements
from crm_lib.store.restore import Restored, prove_restore, restore
from crm_lib.store.retention import (
    Retained,
    apply_retention,
    erase_customers,
    name_erased,
    plan_store_retention,
)
from crm_lib.store.sealing import fingerprint_values
from crm_lib.store.settings import change_settings, read_settings
from crm_lib.store.survey import KeepingEffect, compare_archive_halves, measure_keeping_effect, score_archives
from crm_lib.store.survey_file import write_archive_questionnaire
from crm_lib.store.survey_return import (
    PaybackRange,
    find_payback,
    list_assumptions,
    project_cash,
    vary_payback,
)
from crm_lib.store.tables import describe_tables, list_tables, load_table
from crm_lib.store.templates import write_template
from crm_lib.store.updates import find_missing, record_details, write_missing
from crm_lib.store.upgrade import upgrade_tables
from crm_lib.store.upload import upload_rows
from crm_lib.store.upload_read import read_upload
from crm_lib.store.verdicts import Upload, write_verdicts
from crm_lib.store.verification import list_overdue_verifications, plan_verification, record_verification
from crm_lib.store.verify import verify_store
from crm_lib.store.versions import UPDATE_KINDS, insert_customers, read_history, update_customers

__all__ = [
    "record_verification",
    "plan_verification",
    "list_overdue_verifications",
    "write_missing",
    "record_details",
    "find_missing",
    "summarize_investments",
    "record_investments",
    "set_grades",
    "Retained",
    "apply_retention",
    "compact_store",
    "erase_customers",
    "name_erased",
    "plan_store_retention",
    "Sheet",
    "make_bag_sheets",
    "make_card_sheets",
    "make_register_sheets",
    "mask_private",
    "write_forms_html",
    "write_forms_word",
    "check_requirements",
    "gather_files",
    "judge_requirements",
    "KeepingEffect",
    "compare_archive_halves",
    "measure_keeping_effect",
    "score_archives",
    "write_archive_questionnaire",
    "PaybackRange",
    "find_payback",
    "list_assumptions",
    "project_cash",
    "vary_payback",
    "write_verdicts",
    "write_template",
    "upload_rows",
    "read_upload",
    "Upload",
    "UPDATE_KINDS",
    "Backup",
    "CustomerNumbers",
    "Entry",
    "Restored",
    "Store",
    "back_up",
    "change_key",
    "change_settings",
    "check_backups",
    "check_digit",
    "checksum_tables",
    "copy_off_site",
    "create_tables",
    "declare_loss",
    "describe_tables",
    "find_whole_backup",
    "fingerprint_values",
    "insert_customers",
    "lift_loss",
    "list_backups",
    "list_loss_steps",
    "list_tables",
    "load_table",
    "open_store",
    "prove_restore",
    "read_backup",
    "read_history",
    "read_settings",
    "restore",
    "thin_backups",
    "update_customers",
    "upgrade_tables",
    "verify_store",
]
