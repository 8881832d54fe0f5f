"""Orders of a real PostgreSQL server on loopback, by address and by environment variable."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from crm_lib import clean_table
from crm_lib._needs import find_need
from crm_lib.errors import ReadError
from crm_lib.readwrite import read_table

pytestmark = pytest.mark.needs("postgresql")

PASSWORD = "s3cr/t@7 %"
QUOTED = "s3cr%2Ft%407%20%25"
TABLES = """
CREATE TABLE orders (id serial PRIMARY KEY, customer_id text, ordered_at timestamptz, amount numeric(12, 2));
SET TIME ZONE 'UTC';
INSERT INTO orders (customer_id, ordered_at, amount)
VALUES ('007', '2024-01-02 08:30+00', 39.80), ('0815', '2024-02-29 23:59:59+00', 0.10), (NULL, NULL, 5);
CREATE TABLE notes (text text);
CREATE SCHEMA shop;
CREATE VIEW shop.lines AS SELECT customer_id AS "会员号", ordered_at::date AS "购买日期", amount AS "实付金额"
FROM orders WHERE id < 3;
"""


def other_user() -> tuple[list[str], int | None]:
    """Return how to run a program that refuses to run as root, and the user it then runs as."""
    if getattr(os, "geteuid", lambda: 1)() != 0:
        return [], None
    import pwd

    user = pwd.getpwnam("nobody")
    ids = (f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    return [str(shutil.which("setpriv")), *ids], user.pw_uid


def free_port() -> int:
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return link.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    """Start a server in a folder of its own; yield its address without the table."""
    import sqlalchemy

    binaries = Path(find_need("postgresql")).resolve().parent
    front, uid = other_user()
    folder = Path(tempfile.mkdtemp(prefix="crm-pg-"))
    try:
        secret, data, port = folder / "password", folder / "data", free_port()
        secret.write_text(PASSWORD, encoding="utf-8")
        if uid is not None:
            os.chown(folder, uid, -1)
            os.chown(secret, uid, -1)

        def run(program: str, *options: str) -> None:
            line = [*front, str(binaries / program), "-D", str(data), *options]
            subprocess.run(line, check=True, cwd=folder, capture_output=True, timeout=120)

        run(
            "initdb",
            "-U",
            "ann",
            "-E",
            "UTF8",
            "--locale=C",
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
            "-N",
        )
        listen = f"-p {port} -h 127.0.0.1 -k {folder} -F"
        run("pg_ctl", "start", "-w", "-t", "60", "-l", str(folder / "log"), "-o", listen)
        try:
            url = f"postgresql+pg8000://ann:{QUOTED}@127.0.0.1:{port}/postgres"
            engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
            with engine.begin() as link:
                for statement in filter(str.strip, TABLES.split(";")):
                    link.execute(sqlalchemy.text(statement.replace(":", "\\:")))
            yield url
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_orders_are_read_by_address(server):
    raw = read_table(f"{server}#orders", "orders")
    assert raw["customer_id"].tolist()[:2] == ["007", "0815"]
    cleaned = clean_table(raw, "orders")
    # 39.80 + 0.10; the third line has no customer
    assert (cleaned.rows["amount"].sum(), cleaned.quarantine["reason"].tolist()) == (
        39.9,
        ["missing_customer_id"],
    )
    assert [str(t) for t in cleaned.rows["ordered_at"]] == ["2024-01-02 08:30:00", "2024-02-29 23:59:59"]
    source = str(raw.attrs["source"])
    assert "ann:***@127.0.0.1" in source
    assert not any(word in source for word in (PASSWORD, QUOTED, "s3cr"))


def test_a_variable_and_a_view_of_another_schema(server, monkeypatch):
    monkeypatch.setenv("SHOP_ORDERS", f"{server}#shop.lines")
    raw = read_table("env:SHOP_ORDERS", "orders")
    assert raw.attrs["source"]["mapping"] == {
        "customer_id": "会员号", "ordered_at": "购买日期", "amount": "实付金额",
    }  # fmt: skip
    assert clean_table(raw, "orders").rows["amount"].tolist() == [39.8, 0.1]
    assert "s3cr" not in str(raw.attrs)


def test_the_one_fitting_table_is_found(server):
    assert read_table(server, "orders").attrs["source"]["sheet"] == "orders"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url + "#order", "has no table 'order'; it has 'orders'"),
        (lambda url: url.replace(QUOTED, "wr0ng%2Fpass") + "#orders", "cannot be read"),
        (lambda url: url.replace("/postgres", "/shop"), "cannot be read"),
        (lambda url: url.replace("127.0.0.1:", "127.0.0.1:1") + "#orders", "cannot be read"),
    ],
    ids=["table", "password", "database", "port"],
)
def test_refusals_show_no_password(server, change, said):
    with pytest.raises(ReadError) as caught:
        read_table(change(server), "orders")
    text = str(caught.value)
    assert said in text, text
    assert "\n" not in text
    assert not any(word in text for word in ("s3cr", "wr0ng", QUOTED))
