"""Small databases on both engines for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from crm_lib.protect import Cipher, KeyRing
from crm_lib.store import Store, create_tables, insert_customers, open_store

ENGINES = ["duckdb", pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))]
MADE = "2024-01-01 08:00:00"
PHONE, EMAIL, ADDRESS, IDENTITY = (
    "13812345678",
    "wang@example.com",
    "武汉市洪山区珞喻路1037号",
    "11010519491231002X",
)
CIPHER = Cipher(KeyRing(bytes(range(32))))
OTHER_CIPHER = Cipher(KeyRing(bytes(32)))


def three_customers() -> pd.DataFrame:
    """Return three new customers: one with everything, one with little, one from somebody else."""
    return pd.DataFrame({
        "name": ["王芳", "李雷", "Zoë O'Neil\t\\N"],
        "gender": ["女", "男", None],
        "birth_date": ["1990-02-28", None, "1985-12-31"],
        "phone": [PHONE, "13900000000", None],
        "email": [EMAIL, None, "zoe@example.org"],
        "address": [ADDRESS, None, None],
        "identity_no": [IDENTITY, None, None],
        "province": ["湖北", "湖北", None],
        "channel": ["store", "网店", "pigeon post"],
        "source": ["own", None, "other"],
    })  # fmt: skip


def target_of(engine: str, request: pytest.FixtureRequest, folder: Path) -> dict[str, object]:
    """Return the arguments that name a fresh, empty database of `engine`."""
    if engine == "duckdb":
        return {"target": folder / "customers.duckdb"}
    server = request.getfixturevalue("postgres_server")
    name = request.getfixturevalue("postgres_database")
    return {"target": server.address(name), "password": server.reference}


def open_fresh(
    request: pytest.FixtureRequest, folder: Path, *, cipher: Cipher | None = CIPHER
) -> Iterator[Store]:
    """Yield a store with its tables, on the engine the test is run for."""
    with open_store(
        **target_of(request.param, request, folder), actor="林小满", cipher=cipher, create=True
    ) as store:
        create_tables(store, at=MADE)
        yield store


@contextmanager
def small_file(folder: Path, *, cipher: Cipher | None = CIPHER) -> Iterator[Store]:
    """Open a DuckDB file with three customers."""
    with open_store(folder / "customers.duckdb", actor="林小满", cipher=cipher, create=True) as store:
        create_tables(store, at=MADE)
        insert_customers(store, three_customers(), at="2024-01-01 09:00:00")
        yield store


def log_of(store: Store) -> list[str]:
    """Return the actions of the log."""
    return store.audit()["action"].tolist()
