"""A real PostgreSQL on loopback for the tests, run by a user without rights, gone with the test run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from crm_lib._needs import find_need

USER = "ann"
PASSWORD = "s3cr/t@7 %"
PASSWORD_VARIABLE = "CRM_TEST_POSTGRES_PASSWORD"


@dataclass(frozen=True)
class PostgresServer:
    """A running server: where it listens, where its files are, and the superuser's password."""

    port: int
    folder: Path
    binaries: Path
    front: tuple[str, ...]
    user: str = USER
    password: str = PASSWORD
    host: str = "127.0.0.1"

    @property
    def data(self) -> Path:
        """The data folder: base, pg_wal, configuration."""
        return self.folder / "data"

    @property
    def reference(self) -> str:
        """Where `open_store` finds the password."""
        return f"env:{PASSWORD_VARIABLE}"

    def address(self, database: str = "postgres", user: str | None = None) -> str:
        """Return the address that `open_store` takes."""
        return f"postgresql://{user or self.user}@{self.host}:{self.port}/{database}"

    def alchemy_url(self, database: str = "postgres") -> str:
        """Return the address as SQLAlchemy takes it, with the password."""
        secret = quote(self.password, safe="")
        return f"postgresql+pg8000://{self.user}:{secret}@{self.host}:{self.port}/{database}"

    def connect(self, database: str = "postgres", user: str | None = None, password: str | None = None):
        """Open a bare pg8000 connection that commits each statement."""
        import pg8000.dbapi

        link = pg8000.dbapi.connect(
            user or self.user,
            host=self.host,
            port=self.port,
            database=database,
            password=password or self.password,
        )
        link.autocommit = True
        return link

    def run_sql(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as superuser, each in a transaction of its own."""
        link = self.connect(database)
        try:
            cursor = link.cursor()
            for statement in statements:
                cursor.execute(statement)
        finally:
            link.close()

    def run_program(self, program: str, *options: str) -> None:
        """Run a program of the server on its data folder, such as ``pg_ctl reload``."""
        run_as_other(self.front, self.folder, str(self.binaries / program), "-D", str(self.data), *options)


def other_user() -> tuple[tuple[str, ...], int | None]:
    """Return how to run a program that refuses to run as root, and the user it then runs as."""
    if getattr(os, "geteuid", lambda: 1)() != 0:
        return (), None
    import pwd

    user = pwd.getpwnam("nobody")
    ids = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    return (str(shutil.which("setpriv")), *ids), user.pw_uid


def run_as_other(front: tuple[str, ...], folder: Path, *line: str) -> None:
    subprocess.run([*front, *line], check=True, cwd=folder, capture_output=True, timeout=120)


def free_port() -> int:
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return link.getsockname()[1]


@contextmanager
def start_server(*options: str) -> Iterator[PostgresServer]:
    """Start a server in a folder of its own; further options go to ``postgres``."""
    binaries = Path(str(find_need("postgresql"))).resolve().parent
    front, uid = other_user()
    folder = Path(tempfile.mkdtemp(prefix="crm-pg-"))
    server = PostgresServer(free_port(), folder, binaries, front)
    try:
        secret = folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if uid is not None:
            os.chown(folder, uid, -1)
            os.chown(secret, uid, -1)
        server.run_program(
            "initdb", "-U", USER, "-E", "UTF8", "--locale=C", "-A", "scram-sha-256", f"--pwfile={secret}", "-N"
        )  # fmt: skip
        listen = f"-p {server.port} -h {server.host} -k {folder} -F {' '.join(options)}"
        server.run_program("pg_ctl", "start", "-w", "-t", "60", "-l", str(folder / "log"), "-o", listen)
        try:
            yield server
        finally:
            server.run_program("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
