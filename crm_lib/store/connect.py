"""Where the customer database stands: a file, or a server with its password by reference and its TLS."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from crm_lib._checks import import_extra, require_choice
from crm_lib.errors import StoreError
from crm_lib.store.dialects import Driver, DuckDriver
from crm_lib.store.postgres import PostgresDriver

if TYPE_CHECKING:
    import ssl

TLS = ("verify-full", "require", "off")


def is_address(target: str | Path) -> bool:
    """Tell whether `target` is a server's address, not a file."""
    return "://" in str(target)


def connect_file(path: Path, *, create: bool, read_only: bool) -> Driver:
    """Open a DuckDB file, which only its owner may read when it is made here."""
    if not path.exists() and (not create or read_only):
        raise StoreError(
            f"open_store: {str(path)!r} must be an existing file; it is not. "
            "Check the path, or pass create=True to make a new database there."
        )
    if not path.parent.is_dir():
        raise StoreError(f"open_store: the folder of {path.name!r} is not there. Make it first.")
    fresh = not path.exists()
    before = os.umask(0o077) if fresh else None
    try:
        return DuckDriver(path, read_only=read_only)
    finally:
        if before is not None:
            os.umask(before)


def connect_server(
    address: str, *, password: str | None, tls: str | None, ca: str | Path | None, read_only: bool
) -> Driver:
    """Connect to PostgreSQL; the password comes by reference, TLS is on unless the server is this machine."""
    parts = urlsplit(address)
    _require_plain(parts)
    query = parse_qs(parts.query)
    host = parts.hostname or ""
    socket = query["host"][0] if "host" in query else None
    mode = choose_tls(host, tls, socket=socket is not None)
    given: dict[str, Any] = {"ssl_context": make_context(mode, ca)} if mode != "off" else {}
    if socket is not None:
        given["unix_sock"] = str(Path(socket) / f".s.PGSQL.{parts.port or 5432}")
    alchemy = import_extra("sqlalchemy", extra="store", purpose="the customer database on PostgreSQL")
    import_extra("pg8000", extra="store", purpose="the customer database on PostgreSQL")
    url = alchemy.URL.create(
        "postgresql+pg8000",
        username=unquote(parts.username or ""),
        password=_read_password(password),
        host=host or None,
        port=parts.port,
        database=unquote(parts.path.lstrip("/")),
    )
    engine = alchemy.create_engine(
        url, poolclass=alchemy.pool.NullPool, connect_args={"timeout": None, **given}
    )
    return PostgresDriver(engine, read_only=read_only, where=name_server(address))


def _require_plain(parts: Any) -> None:
    if parts.scheme != "postgresql":
        raise StoreError(
            f"open_store: an address must begin with postgresql://; got {parts.scheme}://. "
            "For a DuckDB database give the path of its file."
        )
    if parts.password:
        raise StoreError(
            "open_store: an address may hold no password, it would stand in logs and notebooks; this one does. "
            "Take it out and pass password='env:NAME', the name of a variable that holds it."
        )
    if not parts.username or not parts.path.strip("/"):
        raise StoreError(
            "open_store: an address must read postgresql://user@host:port/database; user or database is missing."
        )


def _read_password(reference: str | None) -> str | None:
    if reference is None:
        return None
    from crm_lib.protect.keys import read_secret

    return read_secret(reference)


def choose_tls(host: str, tls: str | None, *, socket: bool = False) -> str:
    """Return the TLS mode: what was asked for, else ``require`` unless the server is this machine."""
    mode = tls or ("off" if socket or is_loopback(host) else "require")
    require_choice("open_store", "tls", mode, TLS)
    return mode


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine."""
    try:
        return host in {"", "localhost"} or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def make_context(mode: str, ca: str | Path | None) -> ssl.SSLContext:
    """Return the TLS settings: `verify-full` checks certificate and name, `require` only encrypts."""
    import ssl

    if ca is not None and not Path(ca).is_file():
        raise StoreError(f"open_store: ca must be the file of a certificate authority; {str(ca)!r} is none.")
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def name_server(address: str) -> str:
    """Return an address as it may be shown."""
    parts = urlsplit(address)
    where = parts.hostname or parse_qs(parts.query).get("host", ["a socket"])[0]
    return f"{parts.username}@{where}{f':{parts.port}' if parts.port else ''}{parts.path}"
