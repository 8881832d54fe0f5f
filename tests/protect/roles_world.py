"""A customer database on PostgreSQL with one login per role, for the tests that try to break in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from postgres_server import PostgresServer

from crm_lib.protect import ROLES, Cipher, KeyRing, add_login, apply_roles
from crm_lib.store import create_tables, insert_customers, open_store

AT = "2026-01-05 09:00:00"
PASSWORD, VARIABLE = "correct-horse-battery", "CRM_TEST_ROLE_PASSWORD"
CIPHER = Cipher(KeyRing(bytes(range(32))))
PEOPLE = pd.DataFrame({
    "name": ["张三丰", "李四", "王五"],
    "gender": ["男", "女", "男"],
    "birth_date": ["1990-02-03", "1991-12-24", "1985-06-07"],
    "phone": ["13812345678", "13987654321", "13700001111"],
    "email": ["zhang@example.com", "li@example.com", "wang@example.com"],
    "address": ["东湖区解放路109号", "静安区南京路1号", "西湖区北山路8号"],
    "identity_no": ["110105199002031234", "310101199112241234", "330106198506071234"],
    "province": ["江西", "上海", "江西"],
    "channel": ["shop", "web", "shop"],
    "registered_on": ["2026-01-02"] * 3,
    "source": ["own"] * 3,
})
# One row in each other table, so that whatever can be read has something to show.
ROWS = {
    "transactions": "(customer_no, order_id, line_no, ordered_at, amount) VALUES (?, 'O', 1, TIMESTAMP '2026-01-03', 5)",
    "analysis_records": "VALUES ('R' || ?, ?, 'taste', 'tea', 'own', DATE '2026-01-03', true, NULL)",
    "investments": "(investment_no, customer_no, occurred_at, form, cost) VALUES ('I' || ?, ?, TIMESTAMP '2026-01-03', 'gift', 9)",
    "verdicts": "(upload_id, source_row, verdict) VALUES ('U1', 1, '退回')",
    "grades": "(customer_no, kind, valid_from, grade, set_by) VALUES (?, 'value', TIMESTAMP '2026-01-03', 'A', 'ann')",
    "consents": "(customer_no, purpose, given_on) VALUES (?, 'marketing', DATE '2026-01-03')",
    "verifications": "(verification_no, customer_no, kind) VALUES ('V' || ?, ?, 'new')",
}  # fmt: skip


class World:
    """The server, the database, the customers' numbers, and a login per role (``t_<role>``)."""

    def __init__(self, server: PostgresServer, database: str) -> None:
        self.server, self.database = server, database
        self.numbers: list[str] = []

    def open_owner(self, *, create: bool = False) -> Any:
        address = self.server.address(self.database)
        return open_store(address, actor="ann", cipher=CIPHER, password=self.server.reference, create=create)

    def open_as(self, role: str) -> Any:
        """Open the store as a person of that role does."""
        who = f"t_{role}"
        return open_store(
            self.server.address(self.database, user=who), actor=who, cipher=CIPHER, password=f"env:{VARIABLE}"
        )

    def connect(self, role: str, *, database: str | None = None) -> Any:
        """Open a bare connection of that role."""
        link = self.server.connect(database or self.database, f"t_{role}", PASSWORD)
        link.autocommit = False
        return link

    def attempt(self, role: str, *statements: str) -> list[Any]:
        """Run statements one after the other in one transaction, undone at the end; return the last rows."""
        link = self.connect(role)
        link.autocommit = statements[0].startswith("ALTER SYSTEM")
        try:
            cursor = link.cursor()
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            link.rollback()
            link.close()


def fill(world: World) -> None:
    with world.open_owner(create=True) as store:
        create_tables(store, at=AT)
        world.numbers = list(insert_customers(store, PEOPLE, at=AT)["customer_no"])
        raw = {
            "upload_id": "U1",
            "source_row": 1,
            "table_name": "customers",
            "content": "x",
            "row_sha256": "f",
        }
        with store.transaction("fill", at=AT):
            store.insert("raw_records", pd.DataFrame([{**raw, "source": "own"}]))
            for table, values in ROWS.items():
                for number in world.numbers if "?" in values else [""]:
                    store.run(f"INSERT INTO public.{table} {values}", [number] * values.count("?"))
            store.run("UPDATE grades SET grade = 'Z' WHERE customer_no = ?", [world.numbers[1]])
            # what 张三丰 was called and where he lived before
            store.run(
                "INSERT INTO customers (customer_no, valid_from, valid_to, name, province, registered_on, source, "
                "update_kind, changed_by) SELECT customer_no, TIMESTAMP '2025-01-01', valid_from, '99旧名', province, "
                "registered_on, source, update_kind, changed_by FROM customers WHERE name = '张三丰'"
            )
        apply_roles(store, at=AT)
        for role in ROLES:
            regions = ["江西"] if ROLES[role].rows == "region" else []
            add_login(
                store, f"t_{role}", role=role, password=f"env:{VARIABLE}", at=AT, name=role, regions=regions
            )


@contextmanager
def make_world(server: PostgresServer, database: str) -> Iterator[World]:
    server.run_sql(f"CREATE DATABASE {database} TEMPLATE template0")
    os.environ[VARIABLE] = PASSWORD
    world = World(server, database)
    try:
        fill(world)
        yield world
    finally:
        server.run_sql(f"DROP DATABASE {database} WITH (FORCE)")
        logins = ", ".join(f"t_{r}" for r in ROLES)
        server.run_sql(f"DROP ROLE IF EXISTS {logins}, t_late")
        os.environ.pop(VARIABLE, None)


def read_log(server: PostgresServer) -> str:
    return Path(server.folder / "log").read_text(encoding="utf-8", errors="replace")
