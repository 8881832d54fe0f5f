"""The commands that make the roles on PostgreSQL: nothing for anybody, then what the rules give."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from crm_lib.protect.relations import Relation, expect_relations, pick_columns, show_columns, write_select
from crm_lib.protect.roles import ROLES, Role, quote_name, quote_text

if TYPE_CHECKING:
    import pandas as pd

HELPERS = "crm_protect"
VIEWER = "crm_views"
# A restore says in its own transaction that it replaces the log; who has no right to delete gains nothing by it.
_REFUSE = """BEGIN
IF TG_OP = 'DELETE' AND current_setting('crm.restoring', true) = 'yes' THEN RETURN OLD; END IF;
RAISE EXCEPTION 'rows of audit are neither changed nor deleted' USING ERRCODE = '42501';
END"""
# What an upload leaves is seen by who made it.
_MINE = "uploaded_by = CAST(session_user AS text)"
_OF_MINE = f"upload_id IN (SELECT u.upload_id FROM public.uploads u WHERE u.{_MINE})"
_MY_UPLOADS = {"uploads": _MINE, "raw_records": _OF_MINE, "verdicts": _OF_MINE}
_NOTHING = "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
_ME = "login = CAST(session_user AS text) AND valid_to IS NULL"
# Large objects are open to everybody by default: a place to write to that no rule of ours would see.
LARGE_OBJECTS = (
    "lo_creat(integer)", "lo_create(oid)", "lo_from_bytea(oid, bytea)", "lo_open(oid, integer)",
    "lo_get(oid)", "lo_get(oid, bigint, integer)", "lo_put(oid, bigint, bytea)", "lo_unlink(oid)",
    "lo_import(text)", "lo_import(text, oid)", "lo_export(oid, text)",
)  # fmt: skip


def role_name(role: str) -> str:
    """Return the name a role has on the server."""
    return f"crm_{role}"


def write_role_commands(
    relations: Mapping[str, Relation] | None = None,
    *,
    database: str = "crm",
    existing: Collection[str] = (),
    superuser: bool = True,
) -> pd.DataFrame:
    """Write the commands that make the roles, their views and their rights on PostgreSQL.

    Parameters
    ----------
    relations : mapping, optional
        The tables as they are (`list_relations`); by default as the rules expect them.
    database : str
        The name of the database.
    existing : collection of str
        Roles that the server has already.
    superuser : bool
        Whether a superuser will run them; large objects are closed only then.

    Returns
    -------
    DataFrame
        One command a row, in the order they must run: ``part`` (roles, close, helpers, rows, views, rights),
        ``command``.

    Notes
    -----
    A role that only reads gets a view of its own, in a schema of its own, and no right to the table beneath:
    the view is owned by a role that cannot log in, so that row-level security holds inside it too, and is a
    security barrier, so that no condition of the reader's is tried on rows he may not see.  A role that
    writes gets the columns it may read, add or change on the table itself.
    """
    import pandas as pd

    tables = expect_relations() if relations is None else relations
    parts = {
        "roles": _make_roles(existing, superuser),
        "close": _close_doors(database, superuser),
        "helpers": _make_helpers(),
        "rows": _guard_rows(tables),
        "views": (c for role in ROLES.values() for c in _make_views(role, tables)),
        "rights": (c for role in ROLES.values() for c in _grant_tables(role, tables)),
    }
    found = [(part, command) for part, commands in parts.items() for command in commands]
    return pd.DataFrame(found, columns=["part", "command"], dtype="str")


def _make_roles(existing: Collection[str], superuser: bool) -> Iterator[str]:
    for name in (*map(role_name, ROLES), VIEWER):
        if name not in existing:
            yield f"CREATE ROLE {quote_name(name)} {_NOTHING}"
        elif superuser:
            yield f"ALTER ROLE {quote_name(name)} {_NOTHING}"
    if not superuser:
        # who gives an object to a role must be able to act as that role
        yield f"GRANT {quote_name(VIEWER)} TO CURRENT_USER"


def _close_doors(database: str, superuser: bool) -> Iterator[str]:
    everybody = ", ".join(["PUBLIC", *map(quote_name, (*map(role_name, ROLES), VIEWER))])
    yield f"REVOKE ALL ON DATABASE {quote_name(database)} FROM {everybody}"
    yield f"REVOKE ALL ON SCHEMA public FROM {everybody}"
    for kind in ("TABLES", "SEQUENCES", "ROUTINES"):
        yield f"REVOKE ALL ON ALL {kind} IN SCHEMA public FROM {everybody}"
    for kind in ("TABLES", "SEQUENCES", "FUNCTIONS", "TYPES"):
        yield f"ALTER DEFAULT PRIVILEGES REVOKE ALL ON {kind} FROM PUBLIC"
    if superuser:
        for function in LARGE_OBJECTS:
            yield f"REVOKE ALL ON FUNCTION pg_catalog.{function} FROM PUBLIC"
    members = ", ".join(quote_name(role_name(r)) for r in ROLES)
    yield f"GRANT CONNECT ON DATABASE {quote_name(database)} TO {members}"
    # work tables of an import; whoever has them can also make functions of his own
    yield f"GRANT TEMPORARY ON DATABASE {quote_name(database)} TO {quote_name(role_name('admin'))}"


def _make_helpers() -> Iterator[str]:
    everywhere = ", ".join(quote_text(name) for name, role in ROLES.items() if role.rows == "all")
    somewhere = ", ".join(quote_text(name) for name, role in ROLES.items() if role.rows == "region")
    regions = f"SELECT region FROM public.staff WHERE {_ME} AND role IN ({somewhere}) AND region IS NOT NULL"
    bodies = {
        "sees_all() RETURNS boolean": f"SELECT EXISTS (SELECT 1 FROM public.staff WHERE {_ME} "
        f"AND role IN ({everywhere}))",
        "my_regions() RETURNS SETOF text": regions,
        "my_customers() RETURNS SETOF text": "SELECT customer_no FROM public.customers "
        f"WHERE valid_to IS NULL AND province IN ({regions})",
    }
    yield f"DROP SCHEMA IF EXISTS {HELPERS} CASCADE"
    yield f"CREATE SCHEMA {HELPERS}"
    for head, body in bodies.items():
        yield (
            f"CREATE FUNCTION {HELPERS}.{head} LANGUAGE sql STABLE SECURITY DEFINER "
            f"SET search_path = pg_catalog, pg_temp AS {quote_text(body)}"
        )
    yield (
        f"CREATE FUNCTION {HELPERS}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        + quote_text(_REFUSE)
    )
    members = ", ".join(quote_name(n) for n in (*map(role_name, ROLES), VIEWER))
    yield f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {HELPERS} FROM PUBLIC"
    yield f"GRANT USAGE ON SCHEMA {HELPERS} TO {members}"
    yield (
        f"GRANT EXECUTE ON FUNCTION {HELPERS}.sees_all(), {HELPERS}.my_regions(), "
        f"{HELPERS}.my_customers() TO {members}"
    )


def _guard_rows(tables: Mapping[str, Relation]) -> Iterator[str]:
    all_or = f"(SELECT {HELPERS}.sees_all()) OR"
    for table in tables.values():
        if table.is_view or table.name in _MY_UPLOADS or "customer_no" not in table.columns:
            continue
        mine = f"customer_no IN (SELECT {HELPERS}.my_customers())"
        if table.name == "customers":
            mine = f"province IN (SELECT {HELPERS}.my_regions())"
        yield from _set_policies(table.name, {"rows": f"USING ({all_or} {mine})"})
    for name, mine in _MY_UPLOADS.items():
        if name in tables:
            yield from _set_policies(name, {"rows": f"USING ({all_or} {mine}) WITH CHECK (true)"})
    if "audit" in tables:
        own = "FOR INSERT WITH CHECK (actor = CAST(session_user AS text))"
        yield from _set_policies("audit", {"seen": "FOR SELECT USING (true)", "own": own})
        for name, when in (
            ("rows", "UPDATE OR DELETE ON public.audit FOR EACH ROW"),
            ("all", "TRUNCATE ON public.audit FOR EACH STATEMENT"),
        ):
            yield (
                f"CREATE OR REPLACE TRIGGER audit_keeps_{name} BEFORE {when} "
                f"EXECUTE FUNCTION {HELPERS}.refuse_change()"
            )


def _set_policies(table: str, policies: Mapping[str, str]) -> Iterator[str]:
    name = f"public.{quote_name(table)}"
    yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
    for policy, rule in policies.items():
        yield f"DROP POLICY IF EXISTS crm_{policy} ON {name}"
        yield f"CREATE POLICY crm_{policy} ON {name} {rule}"


def _make_views(role: Role, tables: Mapping[str, Relation]) -> Iterator[str]:
    mine, viewer = quote_name(role_name(role.name)), quote_name(VIEWER)
    yield f"DROP SCHEMA IF EXISTS {mine} CASCADE"
    yield f"CREATE SCHEMA {mine}"
    yield f"GRANT USAGE ON SCHEMA {mine} TO {mine}"
    yield f"GRANT USAGE, CREATE ON SCHEMA {mine} TO {viewer}"
    yield f"GRANT USAGE ON SCHEMA public TO {viewer}"
    for table in tables.values():
        if not role.reads(table.name) or role.writes(table.name) or not show_columns(role, table):
            continue
        source, view = f"public.{quote_name(table.name)}", f"{mine}.{quote_name(table.name)}"
        # a view beneath reads with its owner's rights, so its rows are chosen here
        own = f"(SELECT {HELPERS}.sees_all()) OR customer_no IN (SELECT {HELPERS}.my_customers())"
        condition = f"({own})" if table.is_view and "customer_no" in table.columns else ""
        query = write_select(role, table, source=source, condition=condition)
        yield f"CREATE VIEW {view} WITH (security_barrier = true) AS {query}"
        yield f"ALTER VIEW {view} OWNER TO {viewer}"
        yield f"GRANT SELECT ON {source} TO {viewer}"
        yield f"GRANT SELECT ON {view} TO {mine}"
    yield f"REVOKE CREATE ON SCHEMA {mine} FROM {viewer}"


def _grant_tables(role: Role, tables: Mapping[str, Relation]) -> Iterator[str]:
    mine = quote_name(role_name(role.name))
    written = [t for t in tables.values() if role.writes(t.name) and not t.is_view]
    if written:
        yield f"GRANT USAGE ON SCHEMA public TO {mine}"
    for table in written:
        name = f"public.{quote_name(table.name)}"
        for act, verb in (("read", "SELECT"), ("insert", "INSERT"), ("update", "UPDATE")):
            columns = ", ".join(map(quote_name, pick_columns(role, table, act)))
            if columns:
                yield f"GRANT {verb} ({columns}) ON {name} TO {mine}"
        if table.name in role.deletes:
            yield f"GRANT DELETE ON {name} TO {mine}"
