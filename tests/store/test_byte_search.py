"""What is sealed stands in no byte of the files: database, write-ahead log, data folder, log, backup."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from backup_world import Place, make_cipher, make_people

from crm_lib.protect import Cipher
from crm_lib.store import back_up, create_tables, insert_customers, open_store, restore, update_customers
from crm_lib.store.upload import upload_rows

PLANTED = {
    "phone": "13987650431",
    "email": "planted.person@example.org",
    "address": "观澜路8817号3单元1902室",
    "identity_no": "11010519491231002X",
}
LATER = {"phone": "13712349876", "address": "听涛路7726号501室"}
UPLOADED = {"phone": "15455550987", "email": "uploaded.person@example.org"}
OPEN = {"name": "种下的人"}


def word_forms(value: str) -> dict[str, bytes]:
    """Return a value in the forms in which it might stand in a file."""
    plain = value.encode("utf-8")
    forms = {
        "as it is": plain,
        "UTF-16 little endian": value.encode("utf-16-le"),
        "UTF-16 big endian": value.encode("utf-16-be"),
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
        "turned round": plain[::-1],
        "number": int(value).to_bytes(8, "little") if value.isdigit() else plain,
    }
    if not value.isascii():
        forms["GB 18030"] = value.encode("gb18030")
    # base64 looks different at each of three offsets; the ends depend on the neighbours
    for offset in range(3):
        forms[f"base64 at {offset}"] = base64.b64encode(bytes(offset) + plain)[4 if offset else 0 : -4]
    digits = "".join(c for c in value if c.isdigit())
    if len(digits) >= 7:
        forms["digits"] = digits.encode()
        forms["digits in groups"] = f"{value[:3]} {value[3:7]} {value[7:]}".encode()
    return forms


def search(files: list[Path], values: dict[str, str]) -> set[tuple[str, str, str]]:
    """Return (file, column, form) of every value found in the bytes of files."""
    words = [(c, form, word) for c, value in values.items() for form, word in word_forms(value).items()]
    found, known = set(), set()
    for path in files:
        # a server's folder is full of copies and of pages of noughts
        content = re.sub(rb"\x00{64,}", bytes(64), path.read_bytes())
        mark = hashlib.sha256(content).digest()
        if mark not in known:
            known.add(mark)
            found |= {(path.name, column, form) for column, form, word in words if word in content}
    return found


def fill(store, cipher: Cipher | None, folder: Path) -> None:
    """Insert, change and upload people whose private values the files are searched for."""
    create_tables(store, at="2024-01-01 08:00:00")
    planted = pd.DataFrame([{**PLANTED, **OPEN, "channel": "网店"}])
    people = pd.concat([make_people(300), planted], ignore_index=True)
    out = insert_customers(store, people, at="2024-01-01 09:00:00")
    change = pd.DataFrame([{"customer_no": out["customer_no"].iloc[-1], **LATER}])
    update_customers(store, change, kind="易变动", at="2024-01-02 09:00:00")
    sheet = make_people(5, start=900).drop(columns="source")
    for column, value in UPLOADED.items():
        sheet.loc[2, column] = value
    # sent back for its phone, but its address is kept as received
    sheet.loc[3, ["phone", "address"]] = ["12", PLANTED["address"]]
    sheet.to_csv(folder / "in.csv", index=False)
    upload_rows(store, folder / "in.csv", at="2024-01-03 09:00:00")
    assert len(store.read("raw_records")) == 5


ALL = {**{f"{k} planted": v for k, v in PLANTED.items()}, **{f"{k} later": v for k, v in LATER.items()}}
ALL |= {f"{k} uploaded": v for k, v in UPLOADED.items()}


@pytest.mark.parametrize("value", [PLANTED["phone"], PLANTED["address"]])
def test_the_search_finds_every_form(value: str, tmp_path: Path) -> None:
    for number, (form, word) in enumerate(word_forms(value).items()):
        path = tmp_path / str(number)
        path.write_bytes(b"\x00\xff" + word + b"\xff\x00")
        assert ("phone", form) in {(c, f) for _, c, f in search([path], {"phone": value})}
    (tmp_path / "b64").write_bytes(base64.b64encode(b"xx" + value.encode() + b"yyy"))
    assert search([tmp_path / "b64"], {"phone": value})
    (tmp_path / "none").write_bytes(gzip.compress(b"nothing here"))
    assert search([tmp_path / "none"], {"phone": value}) == set()


def test_on_duckdb_in_file_log_backup_and_restored_file(tmp_path: Path) -> None:
    path = tmp_path / "firm.duckdb"
    store = open_store(path, actor="ann", cipher=make_cipher(), create=True)
    fill(store, make_cipher(), tmp_path)
    log = tmp_path / "firm.duckdb.wal"
    # the log holds what has not been brought into the file yet
    assert log.stat().st_size > 10_000
    assert OPEN["name"].encode() in log.read_bytes() + path.read_bytes()
    assert search([path, log], ALL) == set()
    backup = back_up(store, tmp_path / "backups", at="2024-02-01 08:00:00")
    store.close()
    assert OPEN["name"].encode() in path.read_bytes()
    restore(backup, tmp_path / "new.duckdb", cipher=make_cipher(), at="2024-02-02 08:00:00")
    written = [*(tmp_path / "backups").iterdir(), path, tmp_path / "new.duckdb"]
    assert len(written) == 4
    assert search(written, ALL) == set()
    # not even what is open in the database is open in the backup
    assert search([backup.path], OPEN) == set()


def test_without_the_cipher_the_same_search_finds_them_in_file_and_log(tmp_path: Path) -> None:
    path = tmp_path / "plain.duckdb"
    store = open_store(path, actor="ann", create=True)
    fill(store, None, tmp_path)
    in_log = search([tmp_path / "plain.duckdb.wal", path], ALL)
    store.close()
    in_file = search([path], ALL)
    for found in (in_log, in_file):
        assert {(column, "as it is") for column in ALL} <= {(column, form) for _, column, form in found}


@pytest.fixture
def place(postgres_server, tmp_path: Path) -> Iterator[Place]:
    made = Place("postgresql", tmp_path, postgres_server)
    yield made
    made.clear()


def list_server_files(place: Place) -> list[Path]:
    """Return all files of the server after what it holds in memory is on its disk: base, pg_wal, log …"""
    place.server.run_sql("CHECKPOINT")
    return [p for p in place.server.folder.rglob("*") if p.is_file()]


@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_on_postgresql_in_data_folder_log_and_backup(place: Place, tmp_path: Path) -> None:
    # the statements themselves go into the server's log, with their parameters
    place.server.run_sql(
        "ALTER SYSTEM SET log_statement = 'all'", "ALTER SYSTEM SET log_parameter_max_length = -1"
    )
    place.server.run_sql("SELECT pg_reload_conf()")
    try:
        with place.open("firm", create=True) as store:
            fill(store, make_cipher(), tmp_path)
            back_up(store, tmp_path / "backups", at="2024-02-01 08:00:00")
        sealed = search([*list_server_files(place), *(tmp_path / "backups").iterdir()], ALL)
        with open_store(place.name("plain"), actor="ann", create=True, **place.options) as store:
            fill(store, None, tmp_path)
        files = list_server_files(place)
        plain = search(files, ALL)
    finally:
        place.server.run_sql(
            "ALTER SYSTEM RESET log_statement", "ALTER SYSTEM RESET log_parameter_max_length"
        )
        place.server.run_sql("SELECT pg_reload_conf()")
    assert sealed == set()
    folders = {part for p in files for part in p.relative_to(place.server.folder).parts[:-1]}
    assert {"base", "pg_wal"} <= folders
    # the same search in the same folder finds what was written without a key: in tables and in pg_wal
    assert {c for _, c, _ in plain} == set(ALL)
    in_log = {name for name, _, _ in plain if len(name) == 24}
    assert in_log, "nothing was found in pg_wal"
