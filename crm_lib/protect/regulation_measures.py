"""What the clauses of the regulation measure in the database itself, each a whole number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from crm_lib.protect.chain import verify_chain
from crm_lib.protect.relations import Relation, list_relations, pick_columns
from crm_lib.protect.role_commands import VIEWER, role_name
from crm_lib.protect.roles import ROLES, list_sealed, quote_name, quote_text
from crm_lib.protect.training import check_training, list_overdue

_SHORTEST_SEALED = 33
_BACKUPS, _RESTORES = ("back_up",), ("restore", "prove_restore")
# What a role may hold on a whole table; all else is given column by column.
_GRANTED = """
SELECT p.grantee, p.table_name, p.column_name, p.privilege_type
FROM information_schema.column_privileges p
WHERE p.table_schema = 'public' AND p.grantee <> CAST(current_user AS text)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = p.grantee AND r.rolsuper)
"""
_WHOLE = """
SELECT p.grantee, p.table_name, p.privilege_type
FROM information_schema.table_privileges p
WHERE p.table_schema = 'public' AND p.privilege_type IN ('DELETE', 'TRUNCATE', 'TRIGGER')
  AND p.grantee <> CAST(current_user AS text)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = p.grantee AND r.rolsuper)
"""
_MEMBERS = """
SELECT m.rolname AS login, g.rolname AS role
FROM pg_catalog.pg_auth_members a
JOIN pg_catalog.pg_roles m ON m.oid = a.member
JOIN pg_catalog.pg_roles g ON g.oid = a.roleid
WHERE m.rolcanlogin AND NOT m.rolsuper AND m.rolname <> CAST(current_user AS text)
"""
_UNGUARDED = """
SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT c.relrowsecurity
  AND EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'customer_no'
              AND NOT a.attisdropped)
"""
_OPEN_VIEWS = """
SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ({schemas}) AND c.relkind = 'v'
  AND NOT coalesce(CAST(c.reloptions AS text) LIKE '{{security_barrier=true}}', false)
"""


def count_unmarked_sources(store: Any, as_of: dt.date) -> int:
    """Count the rows of customers and findings that do not say whether they are our own."""
    customers = "SELECT count(*) AS n FROM customers WHERE source IS NULL OR trim(source) = ''"
    findings = "SELECT count(*) AS n FROM analysis_records WHERE own IS NULL OR trim(source) = ''"
    return sum(_count(store, sql) for sql in (customers, findings))


def count_rights_beyond_rules(store: Any, as_of: dt.date) -> int:
    """Count what goes beyond the rules: rights, members, unguarded tables, roles nobody knows."""
    day = as_of.isoformat()
    staff = store.query("SELECT login, role, region, valid_from, valid_to FROM staff ORDER BY login, region")
    active = staff[staff["valid_to"].isna() | (staff["valid_to"].astype(str).str[:10] > day)]
    strange = active[~active["role"].isin(list(ROLES))]
    roles = active.groupby("login")["role"].nunique()
    n = len(strange) + int((roles > 1).sum())
    return n + (_count_on_server(store, active) if store.dialect == "postgresql" else 0)


def _count_on_server(store: Any, active: Any) -> int:
    relations = list_relations(store)
    allowed = {key for role in ROLES.values() for key in _list_allowed(role.name, relations)}
    granted = store.query(_GRANTED)
    granted = granted[granted["grantee"] != VIEWER]
    rows = zip(*(granted[c] for c in granted.columns), strict=True)
    n = sum(tuple(row) not in allowed for row in rows)
    deleting = {(role_name(r.name), t, "DELETE") for r in ROLES.values() for t in r.deletes}
    whole = store.query(_WHOLE)
    n += sum(tuple(row) not in deleting for row in zip(*(whole[c] for c in whole.columns), strict=True))
    known = set(zip(active["login"], active["role"].map(role_name), strict=True))
    members = store.query(_MEMBERS)
    ours = {*map(role_name, ROLES), VIEWER}
    n += sum(
        g in ours and (m, g) not in known for m, g in zip(members["login"], members["role"], strict=True)
    )
    schemas = ", ".join(quote_text(role_name(r)) for r in ROLES)
    return n + len(store.query(_UNGUARDED)) + len(store.query(_OPEN_VIEWS.format(schemas=schemas)))


def _list_allowed(name: str, relations: Mapping[str, Relation]) -> Iterable[tuple[str, str, str, str]]:
    role = ROLES[name]
    for table in relations.values():
        if table.is_view or not role.writes(table.name):
            continue
        for act, verb in (("read", "SELECT"), ("insert", "INSERT"), ("update", "UPDATE")):
            for column in pick_columns(role, table, act):
                yield role_name(name), table.name, column, verb


def count_unknown_actors(store: Any, as_of: dt.date) -> int:
    """Count the people in the log who are not, and never were, on the roster of staff."""
    actors = set(store.audit()["actor"])
    return len(actors - set(store.query("SELECT DISTINCT login FROM staff")["login"]))


def count_broken_histories(store: Any, as_of: dt.date) -> int:
    """Count the customers that have no current version or several, or versions that overlap."""
    several = (
        "SELECT customer_no FROM customers GROUP BY customer_no "
        "HAVING sum(CASE WHEN valid_to IS NULL THEN 1 ELSE 0 END) <> 1"
    )
    overlap = (
        "SELECT a.customer_no FROM customers a JOIN customers b ON a.customer_no = b.customer_no "
        "AND a.valid_from < b.valid_from AND (a.valid_to IS NULL OR a.valid_to > b.valid_from)"
    )
    return _count(store, f"SELECT count(*) AS n FROM ({several} UNION {overlap}) AS broken")


def count_rows_without_verdict(store: Any, as_of: dt.date) -> int:
    """Count the rows as received without a verdict, and the verdicts on no row; an erasure takes both away."""
    both = (
        "FROM raw_records r FULL JOIN verdicts v ON v.upload_id = r.upload_id AND v.source_row = r.source_row"
    )
    return _count(store, f"SELECT count(*) AS n {both} WHERE r.upload_id IS NULL OR v.upload_id IS NULL")


def count_untrained_people(store: Any, as_of: dt.date) -> int | None:
    """Count the people with rights who lack a valid training; None when nobody is on the roster."""
    staff = store.query("SELECT login, name, role, valid_from, valid_to FROM staff")
    sessions = store.query("SELECT login, topic, held_on, valid_until, score FROM training")
    status = check_training(staff, sessions, as_of=as_of)
    return None if status.empty else int(list_overdue(status)["login"].nunique())


def count_chain_faults(store: Any, as_of: dt.date) -> int:
    """Count the faults of the audit's chain; an empty log is one."""
    entries = store.audit()
    return len(verify_chain(entries)) if len(entries) else 1


def count_unsealed_cells(store: Any, as_of: dt.date) -> int:
    """Count the cells that should be sealed and are not, or whose mask hides nothing."""
    key = store.query("SELECT value FROM settings WHERE name = 'key_id'")["value"].tolist()
    head = f"01{key[0]}" if key and key[0] and key[0] != "none" else None
    return sum(
        _count_unsealed(store, table, column, head)
        for table in list_relations(store).values()
        for column in list_sealed(table.name)
        if column in table.columns
    ) + _count_bare_masks(store)


def _count_unsealed(store: Any, table: Relation, column: str, head: str | None) -> int:
    name = quote_name(column)
    if head is None:
        return _count(store, f"SELECT count(*) AS n FROM {quote_name(table.name)} WHERE {name} IS NOT NULL")
    length, start = f"octet_length({name})", f"lower(hex({name}))"
    if store.dialect == "postgresql":
        start = f"encode({name}, 'hex')"
    return _count(
        store,
        f"SELECT count(*) AS n FROM {quote_name(table.name)} WHERE {name} IS NOT NULL "
        f"AND ({length} < {_SHORTEST_SEALED} OR substr({start}, 1, {len(head)}) <> ?)",
        (head,),
    )


def _count_bare_masks(store: Any) -> int:
    bare = " OR ".join(f"strpos({quote_name(f'{c}_mask')}, '*') = 0" for c in list_sealed("customers"))
    return _count(store, f"SELECT count(*) AS n FROM customers WHERE {bare}")


def _count(store: Any, sql: str, parameters: tuple[Any, ...] = ()) -> int:
    return int(store.query(sql, parameters)["n"].iloc[0])


def _age_of(actions: tuple[str, ...]) -> Callable[[Any, dt.date], int | None]:
    def measure(store: Any, as_of: dt.date) -> int | None:
        log = store.audit()
        days = log.loc[log["action"].isin(actions), "at"].astype(str).str[:10]
        days = days[days <= as_of.isoformat()]
        return None if days.empty else (as_of - dt.date.fromisoformat(max(days))).days

    return measure


MEASURES: Mapping[str, Callable[[Any, dt.date], int | None]] = {
    "unmarked_sources": count_unmarked_sources,
    "rights_beyond_rules": count_rights_beyond_rules,
    "unknown_actors": count_unknown_actors,
    "broken_histories": count_broken_histories,
    "rows_without_verdict": count_rows_without_verdict,
    "backup_age_days": _age_of(_BACKUPS),
    "restore_age_days": _age_of(_RESTORES),
    "untrained_people": count_untrained_people,
    "chain_faults": count_chain_faults,
    "unsealed_cells": count_unsealed_cells,
}
