"""Roles brought into a PostgreSQL database, and the people who log in with them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import parse_day, require_choice
from crm_lib.errors import ProtectError
from crm_lib.protect.keys import read_secret
from crm_lib.protect.relations import list_relations
from crm_lib.protect.role_commands import VIEWER, role_name, write_role_commands
from crm_lib.protect.roles import ROLES, quote_name, quote_text

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

LEAST_PASSWORD = 12
_ROUNDS = 4096
_LOGIN = re.compile(r"(?!pg_|crm_)[a-z][a-z0-9_]{1,30}")


def apply_roles(store: Any, *, at: str | dt.datetime) -> pd.DataFrame:
    """Make the roles of the rules on PostgreSQL: roles, masked views, row-level security, rights.

    Parameters
    ----------
    store
        A store opened by the owner of its tables; `.dialect`, `.query`, `.run` and `.transaction` are used.
    at : str or datetime
        When, for the audit.

    Returns
    -------
    DataFrame
        The commands that were run: ``part``, ``command``.

    Raises
    ------
    ProtectError
        On DuckDB, which knows no roles, or when the user may not make roles.

    Notes
    -----
    All in one transaction.  To be run again after tables or rules have changed: rights that are no longer in
    the rules are taken back, those of people stay.  A superuser and the owner of the tables stand above all
    of it; who they are is a matter of the regulation, not of the database.
    """
    _require_postgresql(store, "apply_roles")
    me = store.query(
        "SELECT current_database() AS db, rolsuper, rolcreaterole FROM pg_catalog.pg_roles "
        "WHERE rolname = current_user"
    ).iloc[0]
    if not (me["rolsuper"] or me["rolcreaterole"]):
        raise ProtectError(
            "apply_roles: the user of the database must be allowed to make roles (CREATEROLE); this one is not. "
            "Open the store as the owner of its tables."
        )
    names = [*map(role_name, ROLES), VIEWER]
    server = store.query("SELECT rolname FROM pg_catalog.pg_roles")
    existing = set(server["rolname"]) & set(names)
    commands = write_role_commands(
        list_relations(store), database=str(me["db"]), existing=existing, superuser=bool(me["rolsuper"])
    )
    with store.transaction("apply_roles", at=at) as entry:
        for command in commands["command"]:
            store.run(command)
        entry.note("roles", 0, commands=len(commands))
    return commands


def register_staff(
    store: Any, login: str, *, role: str, at: str | dt.datetime, name: str, regions: Sequence[str] = ()
) -> None:
    """Enter a person into the roster of staff (`staff`), without a login of the server.

    Parameters
    ----------
    store
        An open store.
    login : str
        2–31 small letters, digits or ``_``, the first a letter.
    role : str
        A key of `ROLES`.
    at : str or datetime
        From when on.
    name : str
        The person's name.
    regions : sequence of str
        The provinces whose customers a salesperson looks after.

    Raises
    ------
    ProtectError
        A bad login, one that is in use, or regions that do not fit the role.
    """
    rows = _check_person(store, login, role, regions)
    since = parse_day("register_staff", "at", at).isoformat()
    with store.transaction("register_staff", at=at) as entry:
        _insert_staff(store, [(login, name, role, region, since) for region in rows])
        entry.note("staff", len(rows), login=login, role=role)


def _insert_staff(store: Any, rows: Sequence[tuple[str | None, ...]]) -> None:
    for row in rows:
        store.run(
            "INSERT INTO staff (login, name, role, region, valid_from) VALUES (?, ?, ?, ?, CAST(? AS DATE))",
            row,
        )


def _check_person(store: Any, login: str, role: str, regions: Sequence[str]) -> list[str | None]:
    require_choice("register_staff", "role", role, tuple(ROLES))
    if not _LOGIN.fullmatch(login):
        raise ProtectError(
            "register_staff: a login must be 2–31 small letters, digits or '_', begin with a letter and not with "
            f"'pg_' or 'crm_'; got {login!r}. Take a name like 'wang_xm'."
        )
    if (ROLES[role].rows == "region") != bool(regions):
        needed = "the regions of its customers" if ROLES[role].rows == "region" else "no regions"
        raise ProtectError(
            f"register_staff: role {role!r} takes {needed}; got {list(regions)}. "
            "Give regions= for a salesperson only."
        )
    taken = store.query("SELECT role FROM staff WHERE login = ? AND valid_to IS NULL", (login,))
    if len(taken):
        raise ProtectError(
            f"register_staff: a login has one role; {login!r} is {taken['role'].iloc[0]!r} already. "
            "End it first with end_login."
        )
    return sorted(set(regions)) or [None]


def add_login(
    store: Any,
    login: str,
    *,
    role: str,
    password: str,
    at: str | dt.datetime,
    name: str,
    regions: Sequence[str] = (),
) -> None:
    """Give a person a login on PostgreSQL with one role, and enter them into the roster of staff.

    Parameters
    ----------
    store
        A store opened by the owner of its tables, after `apply_roles`.
    login, role, at, name, regions
        As in `register_staff`.
    password : str
        By reference, ``"env:NAME"`` or ``"file:PATH"``: at least 12 plain characters.

    Raises
    ------
    ProtectError
        On DuckDB, for a short password, or as `register_staff` does.

    Notes
    -----
    The password never reaches the server, nor its log: what is sent is its SCRAM-SHA-256 verifier.
    """
    _require_postgresql(store, "add_login")
    rows = _check_person(store, login, role, regions)
    verifier = make_verifier(read_secret(password))
    since = parse_day("add_login", "at", at).isoformat()
    known = store.query("SELECT 1 AS n FROM pg_catalog.pg_roles WHERE rolname = ?", (login,))
    verb = "ALTER" if len(known) else "CREATE"
    who, group = quote_name(login), quote_name(role_name(role))
    with store.transaction("add_login", at=at) as entry:
        _insert_staff(store, [(login, name, role, region, since) for region in rows])
        store.run(
            f"{verb} ROLE {who} LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS "
            f"PASSWORD {quote_text(verifier)}"
        )
        store.run(f"GRANT {group} TO {who}")
        store.run(f"ALTER ROLE {who} SET search_path = {group}, public")
        entry.note("staff", len(rows), login=login, role=role)


def end_login(store: Any, login: str, *, at: str | dt.datetime) -> int:
    """Take a login and its role away; the person stays in the roster of staff, with the last day.

    Parameters
    ----------
    store
        A store opened by the owner of its tables.
    login : str
        Who leaves.
    at : str or datetime
        When.

    Returns
    -------
    int
        How many rows of the roster were ended; 0 when there was none.
    """
    day = parse_day("end_login", "at", at).isoformat()
    held = store.query("SELECT role FROM staff WHERE login = ? AND valid_to IS NULL", (login,))
    if held.empty:
        return 0
    with store.transaction("end_login", at=at) as entry:
        entry.note("staff", len(held), login=login)
        store.run(
            "UPDATE staff SET valid_to = CAST(? AS DATE) WHERE login = ? AND valid_to IS NULL", (day, login)
        )
        if store.dialect == "postgresql":
            store.run(f"REVOKE {quote_name(role_name(held['role'].iloc[0]))} FROM {quote_name(login)}")
            store.run(f"ALTER ROLE {quote_name(login)} NOLOGIN PASSWORD NULL")
    if store.dialect == "postgresql":
        # who is inside would stay inside
        store.query(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = ?",
            (login,),
        )
    return len(held)


def make_verifier(password: str, *, salt: bytes | None = None) -> str:
    """Return what PostgreSQL keeps of a password (RFC 5803): nobody can log in with it.

    Parameters
    ----------
    password : str
        At least 12 printable ASCII characters.
    salt : bytes, optional
        16 random bytes by default.

    Returns
    -------
    str
        ``SCRAM-SHA-256$4096:<salt>$<stored key>:<server key>``.
    """
    if len(password) < LEAST_PASSWORD or not (password.isascii() and password.isprintable()):
        raise ProtectError(
            f"add_login: a password must have at least {LEAST_PASSWORD} plain characters; this one has "
            f"{len(password)}, or others. Make one with a password manager."
        )
    salt = secrets.token_bytes(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    texts = [base64.b64encode(part).decode("ascii") for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ROUNDS}:{texts[0]}${texts[1]}:{texts[2]}"


def _require_postgresql(store: Any, where: str) -> None:
    if store.dialect != "postgresql":
        raise ProtectError(
            f"{where}: roles need PostgreSQL; this database is {store.dialect}, which knows none: whoever can read "
            "the file reads all of it but sealed cells. Give others a copy made by publish_masked_copy."
        )
