"""A small customer database on either engine, for the tests of backups and kills."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from postgres_server import PostgresServer

from crm_lib.protect import Cipher, KeyRing
from crm_lib.store import Store, create_tables, insert_customers, open_store

MASTER = bytes(range(32))
CHANNELS = ("网店", "门店", "电话")


def make_cipher(master: bytes = MASTER) -> Cipher:
    return Cipher(KeyRing(master))


def make_people(n: int, *, start: int = 0) -> pd.DataFrame:
    numbers = range(start, start + n)
    return pd.DataFrame({
        "name": [f"张{k}" for k in numbers],
        "phone": [f"138{k:08d}" for k in numbers],
        "email": [None if k % 3 == 2 else f"user{k}@example.com" for k in numbers],
        "address": [f"解放路{k}号" for k in numbers],
        "birth_date": [None if k % 5 == 4 else f"19{60 + k % 40}-0{1 + k % 9}-11" for k in numbers],
        "channel": [CHANNELS[k % 3] for k in numbers],
        "registered_on": "2024-01-01",
        "source": "own",
    })  # fmt: skip


def make_orders(numbers: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({
        "customer_no": list(numbers),
        "order_id": [f"O{k}" for k in range(len(numbers))],
        "line_no": 1,
        "ordered_at": "2024-01-05 10:00:00",
        "sku": ["A\tB\\N" if k % 4 == 0 else None for k in range(len(numbers))],
        "quantity": [0.1 * k for k in range(len(numbers))],
        "amount": [round(12.3456 * k - 7, 4) for k in range(len(numbers))],
        "channel": "网店",
    })


class Place:
    """Where the databases of a test stand, on one engine."""

    def __init__(self, engine: str, folder: Path, server: PostgresServer | None = None) -> None:
        self.engine, self.folder, self.server = engine, folder, server
        self.made: list[str] = []

    def name(self, name: str) -> Any:
        """Return the target of a database of this name; on the server it is made first."""
        if self.server is None:
            return self.folder / f"{name}.duckdb"
        database = f"{name}_{self.folder.name.lower().replace('-', '_')}"[:60]
        if database not in self.made:
            self.server.run_sql(f"CREATE DATABASE {database} TEMPLATE template0")
            self.made.append(database)
        return self.server.address(database)

    @property
    def options(self) -> dict[str, Any]:
        return {} if self.server is None else {"password": self.server.reference}

    def open(self, name: str, *, create: bool = False, cipher: Cipher | None = None, **more: Any) -> Store:
        cipher = cipher or make_cipher()
        return open_store(self.name(name), actor="ann", cipher=cipher, create=create, **self.options, **more)

    def make(self, name: str, n: int = 12) -> Store:
        """Make a database with `n` customers and their orders."""
        store = self.open(name, create=True)
        create_tables(store, at="2024-01-01 08:00:00")
        if n:
            out = insert_customers(store, make_people(n), at="2024-01-01 09:00:00")
            with store.transaction("orders", at="2024-01-05 11:00:00") as entry:
                entry.note("transactions", store.insert("transactions", make_orders(out["customer_no"])))
        return store

    def clear(self) -> None:
        for database in self.made:
            self.server.run_sql(f"DROP DATABASE {database} WITH (FORCE)")
