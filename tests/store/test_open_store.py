"""The database opens or says why not; data and log entry are committed together or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading

import pandas as pd
import pytest
from store_world import (
    CIPHER,
    EMAIL,
    ENGINES,
    MADE,
    OTHER_CIPHER,
    PHONE,
    log_of,
    open_fresh,
    small_file,
    target_of,
    three_customers,
)

from crm_lib.errors import DataError, MissingPackageError, ParameterError, StoreError
from crm_lib.store import (
    change_settings,
    create_tables,
    insert_customers,
    open_store,
    read_settings,
    update_customers,
    upgrade_tables,
    verify_store,
)
from crm_lib.store.connect import choose_tls, make_context

NOON = "2024-01-01 12:00:00"


@pytest.fixture(params=ENGINES)
def store(request, tmp_path):
    yield from open_fresh(request, tmp_path)


def consent(customer_no: str = "KHS240000011") -> pd.DataFrame:
    return pd.DataFrame({"customer_no": [customer_no], "purpose": ["短信"], "given_on": ["2024-01-01"]})


def test_data_and_log_entry_come_in_one_commit(store):
    with store.transaction("consent", at=NOON) as entry:
        store.insert("consents", consent())
        entry.note("consents", 1, purpose="短信")
    assert len(store.read("consents")) == 1
    last = store.audit().iloc[-1]
    assert (last["seq"], last["at"], last["actor"]) == (2, NOON, "林小满")
    assert (last["action"], last["object"], last["n_rows"]) == ("consent", "consents", 1)
    assert json.loads(last["detail"]) == {"purpose": "短信"}
    assert verify_store(store).empty


def test_a_fault_anywhere_undoes_data_and_log(store):
    before = store.checksums()

    def write() -> None:
        with store.transaction("consent", at=NOON):
            store.insert("consents", consent())
            insert_customers(store, three_customers(), at=NOON)
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        write()
    pd.testing.assert_frame_equal(store.checksums(), before)
    # the next write works, and takes the number that was not used
    assert insert_customers(store, three_customers(), at=NOON)["customer_no"][0] == "KHS24000001" + "1"
    assert verify_store(store).empty


def test_a_row_the_engine_refuses_undoes_all(store):
    with store.transaction("consent", at=NOON):
        store.insert("consents", consent())

    def write() -> None:
        with store.transaction("x", at=NOON):
            change_settings(store, {"data_keeper": "王"}, at=NOON)
            store.insert("consents", consent())

    with pytest.raises(StoreError, match="refused the statement") as caught:
        write()
    assert "\n" not in str(caught.value)
    assert "data_keeper" not in read_settings(store)
    assert log_of(store) == ["create_tables", "consent"]


def test_a_log_entry_that_cannot_be_written_undoes_the_data(store, monkeypatch):
    monkeypatch.setattr(store, "actor", None)
    with pytest.raises(StoreError, match="'actor' may not be empty"), store.transaction("consent", at=NOON):
        store.insert("consents", consent())
    assert store.read("consents").empty


def test_a_transaction_inside_joins_the_outer_one(store):
    with store.transaction("import", at=NOON) as entry:
        insert_customers(store, three_customers(), at=NOON)
        entry.note("uploads", 1)
    assert log_of(store) == ["create_tables", "import"]
    last = store.audit().iloc[-1]
    assert (last["object"], last["n_rows"]) == ("counters, customers, uploads", 4)


def test_a_part_that_failed_cannot_be_swallowed(store):
    unknown = pd.DataFrame({"customer_no": ["?"], "city": ["武汉"]})

    def write() -> None:
        with store.transaction("import", at=NOON):
            store.insert("consents", consent())
            with contextlib.suppress(StoreError):
                update_customers(store, unknown, kind="更正", at=NOON)

    with pytest.raises(StoreError, match="a part of it failed"):
        write()
    assert store.read("consents").empty


def test_writes_need_a_transaction(store):
    for write in (
        lambda: store.run("DELETE FROM audit"),
        lambda: store.query("DELETE FROM audit RETURNING seq"),
        lambda: store.query("INSERT INTO counters VALUES ('x', 1)"),
        lambda: store.insert("consents", consent()),
    ):
        with pytest.raises(StoreError):
            write()
    assert len(store.audit()) == 1
    assert store.read("consents").empty


def test_parameters_stand_only_outside_quotes(store):
    got = store.query(
        "SELECT '?%s' AS a, CAST(? AS VARCHAR) AS b, 10 % 4 AS c, \"name\" -- why?\n FROM settings"
        " WHERE name LIKE 'key%' AND name <> ?",
        ["x'; DROP TABLE audit; --", "?"],
    )
    assert got.iloc[0].tolist() == ["?%s", "x'; DROP TABLE audit; --", 2, "key_id"]
    assert store.query("SELECT 'x%' AS a WHERE 'a?c' LIKE 'a?%'")["a"].tolist() == ["x%"]


def test_types_are_the_same_on_both_engines(store):
    got = store.query(
        "SELECT 1 AS whole, CAST(1.25 AS DECIMAL(18, 4)) AS money, CAST('2024-02-29' AS DATE) AS day,"
        " CAST('2024-02-29 23:59:59' AS TIMESTAMP) AS moment, CAST(NULL AS BIGINT) AS nothing, 1 = 1 AS yes,"
        " 'a' AS word, count(*) AS n, sum(seq) AS total FROM audit"
    )
    types = [str(t) for t in got.dtypes]
    text = str(pd.Series(["a"]).dtype)
    assert types[:8] == [
        "int64", "float64", "datetime64[us]", "datetime64[us]", "Int64", "bool", text, "int64",
    ]  # fmt: skip
    assert got["day"][0] == pd.Timestamp("2024-02-29")
    assert (got["money"][0], got["total"][0]) == (1.25, 1)
    empty = store.query("SELECT seq, action FROM audit WHERE seq < 0")
    assert (list(empty.columns), len(empty)) == (["seq", "action"], 0)


@pytest.mark.parametrize("n", [3, 300])
def test_hostile_text_comes_back_as_it_was(store, n):
    words = ["\\N", "a\tb\nc\rd\\", "'; DROP TABLE customers; --", "", "NULL", "😀囧", '"', "%s ? :x"]
    frame = pd.DataFrame({
        "record_no": [f"R{i}" for i in range(n)],
        "customer_no": "C1",
        "topic": [words[i % len(words)] for i in range(n)],
        "value": [None if i % 3 == 0 else words[-(i % len(words))] for i in range(n)],
        "source": "other",
        "surveyed_on": "2024-01-31",
        "own": [bool(i % 2) for i in range(n)],
    })  # fmt: skip
    with store.transaction("survey", at=NOON):
        assert store.insert("analysis_records", frame) == n
    back = store.read("analysis_records").set_index("record_no").loc[frame["record_no"]]
    assert back["topic"].tolist() == frame["topic"].tolist()
    assert back["own"].tolist() == frame["own"].tolist()
    assert [None if pd.isna(v) else v for v in back["value"]] == [
        None if pd.isna(v) else v for v in frame["value"]
    ]
    assert back["verified_on"].isna().all()


def test_faults_of_rows_are_named_all_at_once(store):
    frame = pd.DataFrame({
        "order_id": ["D1", None], "line_no": [1, 1.5], "ordered_at": ["yesterday", "2024-01-01"], "amount": [1, "x"],
    })  # fmt: skip
    with pytest.raises(StoreError) as caught, store.transaction("import", at=NOON):
        store.insert("transactions", frame)
    said = str(caught.value)
    for part in (
        "'customer_no' is missing", "'order_id' may not be empty (1 of 2 rows are)", "'line_no' must hold whole numbers",
        "'ordered_at' must hold a moment", "'amount' must hold amounts",
    ):  # fmt: skip
        assert part in said
    with pytest.raises(StoreError, match="has no column 'phon'"), store.transaction("import", at=NOON):
        store.insert("customers", pd.DataFrame({"phon": ["1"]}))


def test_money_is_rounded_once_for_both_engines(store):
    amounts = [0.1 + 0.2, 2.00005, -2.00005, 1e-5, 99999999999.9999, -0.0]
    frame = pd.DataFrame({
        "customer_no": "C", "order_id": "D", "line_no": range(6), "ordered_at": "2024-01-01", "amount": amounts,
    })  # fmt: skip
    with store.transaction("import", at=NOON):
        store.insert("transactions", frame)
    # floor(x * 10,000 + 0.5) / 10,000, as everywhere in the library
    assert store.read("transactions")["amount"].tolist() == [0.3, 2.0001, -2.0, 0.0, 99999999999.9999, 0.0]


def test_sealed_columns_hold_no_plain_text(store):
    insert_customers(store, three_customers(), at=NOON)
    stored = store.dump("customers")
    assert all(isinstance(cell, bytes) for cell in stored["phone"].dropna())
    everything = repr(stored.to_dict())
    assert PHONE not in everything
    assert EMAIL not in everything
    assert stored["phone_index"].str.len().tolist()[:2] == [64, 64]
    shown = store.read("customers").set_index("name")
    assert shown.loc["王芳", ["phone", "email", "address", "identity_no"]].tolist() == [
        "138****5678", "w***@example.com", "武汉市洪山区珞喻路***", "1****************X",
    ]  # fmt: skip
    assert log_of(store)[-1] == "insert_customers"


def test_revealing_is_logged(store):
    insert_customers(store, three_customers(), at=NOON)
    with pytest.raises(StoreError, match="at must say when"):
        store.read("customers", reveal=["phone"])
    shown = store.read("customers", reveal=["phone"], at="2024-01-02").set_index("name")
    assert (shown.loc["王芳", "phone"], shown.loc["王芳", "email"]) == (PHONE, "w***@example.com")
    last = store.audit().iloc[-1]
    assert (last["action"], last["object"], last["n_rows"]) == ("reveal", "customers", 3)
    assert json.loads(last["detail"]) == {"revealed": ["phone"]}
    with pytest.raises(ParameterError, match="'reveal' must be one of|reveal must be one of"):
        store.read("customers", reveal=["name"], at=NOON)


def test_raw_records_are_sealed_to_their_row(store):
    frame = pd.DataFrame({
        "upload_id": "U1", "source_row": [2, 3], "table_name": "customers", "content": ['{"a": 1}', '{"a": 2}'],
        "row_sha256": ["x", "y"], "source": "own",
    })  # fmt: skip
    with store.transaction("upload", at=NOON):
        store.insert("raw_records", frame)
    assert store.read("raw_records")["content"].tolist() == ["***", "***"]
    assert store.read("raw_records", reveal=["content"], at=NOON)["content"].tolist() == [
        '{"a": 1}',
        '{"a": 2}',
    ]
    with store.transaction("exchange", at=NOON):
        store.run(
            "UPDATE raw_records SET content = (SELECT content FROM raw_records WHERE source_row = 3) WHERE source_row = 2"
        )
    assert verify_store(store)["check"].tolist() == ["sealed"]


@pytest.mark.parametrize("engine", ENGINES)
def test_keys_are_never_mixed(engine, request, tmp_path):
    target = target_of(engine, request, tmp_path)
    with open_store(**target, actor="a", cipher=CIPHER, create=True) as store:
        create_tables(store, at=MADE)
        insert_customers(store, three_customers(), at=NOON)
    for cipher in (None, OTHER_CIPHER):
        with open_store(**target, actor="b", cipher=cipher) as store:
            # the masks need no key
            assert "138****5678" in store.read("customers")["phone"].tolist()
            with pytest.raises(StoreError, match=f"was made with key {CIPHER.key_id}"):
                insert_customers(store, three_customers(), at="2024-01-02")
            with pytest.raises(StoreError, match="was made with key"):
                store.read("customers", reveal=["phone"], at="2024-01-02")
            assert len(store.read("customers")) == 3


def test_without_a_key_the_values_are_plain_and_it_is_said(tmp_path):
    with small_file(tmp_path, cipher=None) as store:
        assert PHONE.encode() in store.dump("customers")["phone"].tolist()
        assert read_settings(store)["key_id"] == "none"
    store = open_store(tmp_path / "customers.duckdb", actor="b", cipher=CIPHER)
    with store, pytest.raises(StoreError, match="was made without a key; key .* is given"):
        insert_customers(store, three_customers(), at="2024-01-02")


def test_after_a_loss_only_reading_is_left(store):
    insert_customers(store, three_customers(), at=NOON)
    change_settings(store, {"read_only": "disk failed"}, at=NOON)
    with pytest.raises(StoreError, match="may only be read since a loss was declared .disk failed."):
        insert_customers(store, three_customers(), at="2024-01-02")
    assert len(store.read("customers")) == 3
    with store.transaction("lift_loss", at="2024-01-03"):
        store.run("UPDATE settings SET value = NULL WHERE name = 'read_only'")
    insert_customers(store, three_customers(), at="2024-01-04")


def test_settings_say_what_they_are(store):
    change_settings(store, {"backup_every_days": 7, "data_keeper": "王"}, at=NOON)
    change_settings(store, {"backup_every_days": None}, at=NOON)
    assert read_settings(store) == {
        "backup_every_days": None, "data_keeper": "王", "key_id": CIPHER.key_id, "schema_version": "1",
    }  # fmt: skip
    assert "王" not in store.audit().iloc[-2]["detail"]
    with pytest.raises(StoreError, match="'key_id' says how the database was made"):
        change_settings(store, {"key_id": "none"}, at=NOON)


@pytest.mark.parametrize("version", ["2", "0"])
def test_tables_of_another_version_are_refused(version, tmp_path):
    with small_file(tmp_path) as store, store.transaction("x", at=NOON):
        store.run("UPDATE settings SET value = ? WHERE name = 'schema_version'", [version])
    wanted = {"2": "version 2; this library knows version 1. Install the newer", "0": "makes the step 0 -> 1"}
    with pytest.raises(StoreError, match=wanted[version]):
        open_store(tmp_path / "customers.duckdb", actor="a")


@pytest.mark.parametrize("engine", ENGINES)
def test_an_older_database_is_upgraded_and_keeps_its_rows(engine, request, tmp_path):
    target = target_of(engine, request, tmp_path)
    with open_store(**target, actor="a", cipher=CIPHER, create=True) as store:
        create_tables(store, at=MADE)
        insert_customers(store, three_customers(), at=NOON)
        before = store.checksums().set_index("table")["sha256"]
        with store.transaction("pretend", at=NOON):
            store.run("DROP TABLE training")
            store.run("ALTER TABLE investments DROP COLUMN purpose")
            store.run("UPDATE settings SET value = '0' WHERE name = 'schema_version'")
            # as the views of a role do
            store.run("CREATE SCHEMA crm_service")
            store.run("CREATE VIEW crm_service.investments AS SELECT 'x' AS purpose")
    with open_store(**target, actor="a", cipher=CIPHER, allow_older=True) as store:
        assert upgrade_tables(store, at="2024-02-01") == ["investments.purpose", "training"]
    with open_store(**target, actor="a", cipher=CIPHER) as store:
        after = store.checksums().set_index("table")["sha256"]
        kept = [t for t in before.index if t not in {"audit", "settings"}]
        assert after[kept].tolist() == before[kept].tolist()
        assert len(store.read("roster")) == 3
        assert verify_store(store).empty


DIE = """
import os, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from store_world import small_file, three_customers
from crm_lib.store import insert_customers
with small_file(Path(sys.argv[1])) as store:
    with store.transaction("import", at="2024-01-02"):
        insert_customers(store, three_customers(), at="2024-01-02")
        if sys.argv[3] == "inside":
            os._exit(9)
    os._exit(9)
"""


@pytest.mark.parametrize(("moment", "n"), [("inside", 3), ("behind", 6)])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_program_that_dies_leaves_all_or_none(tmp_path, moment, n, read_only):
    here = os.path.dirname(__file__)
    dead = subprocess.run([sys.executable, "-c", DIE, str(tmp_path), here, moment], check=False)
    assert dead.returncode == 9
    with open_store(tmp_path / "customers.duckdb", actor="a", cipher=CIPHER, read_only=read_only) as store:
        assert len(store.read("customers")) == n
        assert len(store.audit()) == n // 3 + 1
        assert verify_store(store).empty


HOLD = """
import sys
from crm_lib.store import open_store
with open_store(sys.argv[1], actor="b"):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_file_that_is_open_elsewhere_says_by_whom(tmp_path):
    with small_file(tmp_path) as store:
        path = tmp_path / "customers.duckdb"
        # the same program may open it twice
        with open_store(path, actor="b", cipher=CIPHER) as second:
            insert_customers(second, three_customers(), at=NOON)
        assert len(store.read("customers")) == 6
        with pytest.raises(StoreError, match="is open in this program already"):
            open_store(path, actor="b", read_only=True)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreError) as caught:
            open_store(path, actor="a")
        said = str(caught.value)
        assert f"(process {other.pid})" in said
        assert "use PostgreSQL when several people write" in said
        assert "\n" not in said
        other.stdin.close()
        assert other.wait(60) == 0
    open_store(path, actor="a").close()


def test_wrong_targets_are_refused_in_a_sentence(tmp_path):
    (tmp_path / "text.duckdb").write_text("name,phone\n" * 2000, encoding="utf-8")
    with small_file(tmp_path):
        pass
    import duckdb

    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    cases = [
        ({"target": tmp_path / "none.duckdb"}, "must be an existing file"),
        ({"target": tmp_path / "none" / "x.duckdb", "create": True}, "folder of 'x.duckdb' is not there"),
        ({"target": tmp_path / "text.duckdb"}, "must be a DuckDB file"),
        ({"target": tmp_path / "empty.duckdb"}, "holds no customer database"),
        ({"target": tmp_path / "customers.duckdb", "actor": " "}, "actor must name who"),
        ({"target": "mysql://a@b/c"}, "must begin with postgresql://"),
        ({"target": "postgresql://a:geheim@b/c"}, "may hold no password"),
        ({"target": "postgresql://127.0.0.1/c"}, "user or database is missing"),
        ({"target": "postgresql://a@127.0.0.1:1/c"}, "a@127.0.0.1:1/c cannot be reached"),
        ({"target": "postgresql://a@127.0.0.1:1/c", "tls": "verify-full", "ca": tmp_path / "x"}, "ca must be the file"),
        ({"target": "postgresql://a@127.0.0.1:1/c", "tls": "on"}, "tls must be one of"),
    ]  # fmt: skip
    for given, said in cases:
        with pytest.raises((StoreError, ParameterError, DataError, MissingPackageError)) as caught:
            open_store(**{"actor": "a", **given})
        assert said in str(caught.value), str(caught.value)
        assert "\n" not in str(caught.value)
        assert "geheim" not in str(caught.value)
    assert not (tmp_path / "none.duckdb").exists()


@pytest.mark.needs("postgresql")
def test_a_wrong_password_is_not_repeated(postgres_server, postgres_database, monkeypatch):
    monkeypatch.setenv("WRONG", "wr0ng")
    for reference in ("env:WRONG", None):
        with pytest.raises(StoreError, match="cannot be reached") as caught:
            open_store(postgres_server.address(postgres_database), actor="a", password=reference)
        assert "wr0ng" not in str(caught.value)


def test_reading_only_refuses_every_write(tmp_path):
    with small_file(tmp_path):
        pass
    with open_store(tmp_path / "customers.duckdb", actor="a", cipher=CIPHER, read_only=True) as store:
        assert len(store.read("customers")) == 3
        with pytest.raises(StoreError, match="is open for reading only"):
            insert_customers(store, three_customers(), at=NOON)
        with pytest.raises(StoreError, match="is open for reading only"):
            store.read("customers", reveal=["phone"], at=NOON)


def test_a_closed_store_says_so(store):
    store.close()
    store.close()
    with pytest.raises(StoreError, match="has been closed. Open it again"):
        store.read("customers")
    with pytest.raises(StoreError, match="has been closed"):
        insert_customers(store, three_customers(), at=NOON)


def test_tables_are_made_once(store):
    with pytest.raises(StoreError, match="has its tables already"):
        create_tables(store, at=NOON)
    assert len(store.audit()) == 1


@pytest.mark.parametrize(
    "at", ["soon", None, "2024-02-30", "2024-01-01T00:00:00+08:00", float("nan"), pd.NaT]
)
def test_a_moment_must_be_one(tmp_path, at):
    with small_file(tmp_path) as store:
        with pytest.raises(StoreError, match="at must be a local time like"), store.transaction("x", at=at):
            pass
        assert len(store.audit()) == 2


@pytest.mark.parametrize("engine", ENGINES)
def test_two_sessions_make_one_chain(engine, request, tmp_path):
    target = target_of(engine, request, tmp_path)
    with open_store(**target, actor="a", cipher=CIPHER, create=True) as store:
        create_tables(store, at=MADE)
        faults: list[BaseException] = []
        gate = threading.Barrier(2)

        def work(actor: str) -> None:
            try:
                with open_store(**target, actor=actor, cipher=CIPHER) as mine:
                    gate.wait(60)
                    for _ in range(10):
                        insert_customers(mine, three_customers(), at=NOON)
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(name,)) for name in "bc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert faults == []
        log = store.audit()
        assert log["seq"].tolist() == list(range(1, 22))
        assert log["actor"].value_counts().to_dict() == {"b": 10, "c": 10, "a": 1}
        assert verify_store(store).empty
        customers = store.read("customers")
        assert len(customers) == customers["customer_no"].nunique() == 60


@pytest.mark.needs("postgresql")
def test_many_rows_go_in_under_row_level_security_too(postgres_server, postgres_database, monkeypatch):
    """PostgreSQL refuses COPY there, so the rows go another way."""
    address = postgres_server.address(postgres_database)
    with open_store(address, actor="a", password=postgres_server.reference, create=True) as store:
        create_tables(store, at=MADE)
    login = f"clerk_{postgres_database}"
    postgres_server.run_sql(
        f"CREATE ROLE {login} LOGIN PASSWORD 'pass w0rd'",
        "ALTER TABLE consents ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY own_region ON consents TO {login} USING (true) WITH CHECK (purpose <> 'forbidden')",
        f"GRANT SELECT, INSERT ON consents, audit TO {login}",
        f"GRANT SELECT ON settings TO {login}",
        database=postgres_database,
    )
    monkeypatch.setenv("CLERK", "pass w0rd")
    rows = pd.concat([consent(f"C{i}") for i in range(2500)], ignore_index=True)
    with open_store(
        postgres_server.address(postgres_database, login), actor=login, password="env:CLERK"
    ) as store:
        with store.transaction("consent", at=NOON):
            store.insert("consents", rows)
        assert len(store.read("consents")) == 2500
        with pytest.raises(StoreError, match="row-level security"), store.transaction("consent", at=NOON):
            store.insert("consents", rows.assign(purpose="forbidden"))
    postgres_server.run_sql(f"DROP OWNED BY {login}", f"DROP ROLE {login}", database=postgres_database)


@pytest.mark.needs("postgresql")
def test_a_second_writer_waits_for_the_first(postgres_server, postgres_database):
    target = {"target": postgres_server.address(postgres_database), "password": postgres_server.reference}
    inside = threading.Event()

    def write_too() -> None:
        with open_store(**target, actor="b") as second, second.transaction("second", at=NOON):
            inside.set()

    with (
        open_store(**target, actor="a", create=True) as first,
        open_store(**target, actor="c", create=True) as look,
    ):
        create_tables(first, at=MADE)
        thread = threading.Thread(target=write_too)
        with first.transaction("first", at=NOON):
            thread.start()
            n_waiting = 0
            while not n_waiting and not inside.is_set():
                n_waiting = look.query("SELECT count(*) AS n FROM pg_locks WHERE NOT granted")["n"][0]
            assert not inside.is_set()
        thread.join(60)
        assert inside.is_set()
        assert log_of(first) == ["create_tables", "first", "second"]


@pytest.mark.parametrize(
    ("host", "asked", "socket", "mode"),
    [
        ("127.0.0.1", None, False, "off"), ("localhost", None, False, "off"), ("::1", None, False, "off"),
        ("", None, True, "off"), ("db.example", None, False, "require"), ("127.0.0.1.example", None, False, "require"),
        ("db.example", "off", False, "off"), ("127.0.0.1", "verify-full", False, "verify-full"),
    ],
)  # fmt: skip
def test_tls_is_on_unless_the_server_is_this_machine(host, asked, socket, mode):
    assert choose_tls(host, asked, socket=socket) == mode


def test_what_tls_modes_check():
    import ssl

    strict, loose = make_context("verify-full", None), make_context("require", None)
    assert (strict.check_hostname, strict.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert (loose.check_hostname, loose.verify_mode) == (False, ssl.CERT_NONE)
    assert strict.minimum_version == loose.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.needs("postgresql")
def test_a_server_without_tls_is_refused_when_tls_is_asked_for(postgres_server, postgres_database):
    with pytest.raises(StoreError, match="cannot be reached .*SSL"):
        open_store(
            postgres_server.address(postgres_database),
            actor="a",
            password=postgres_server.reference,
            tls="require",
        )


@pytest.mark.needs("postgresql")
def test_the_socket_of_a_server_on_this_machine(postgres_server, postgres_database):
    address = f"postgresql://{postgres_server.user}@:{postgres_server.port}/{postgres_database}?host={postgres_server.folder}"
    with open_store(address, actor="a", password=postgres_server.reference, create=True) as store:
        create_tables(store, at=MADE)
        assert len(store.audit()) == 1


@pytest.mark.skipif(os.name != "posix", reason="rights of files are Unix's")
def test_only_its_owner_may_read_a_new_file(tmp_path):
    before = os.umask(0o022)
    try:
        with small_file(tmp_path):
            files = sorted(p.name for p in tmp_path.iterdir())
            assert files == ["customers.duckdb", "customers.duckdb.wal"]
            assert all(p.stat().st_mode & 0o077 == 0 for p in tmp_path.iterdir())
        # what the program writes afterwards has the rights it always had
        (tmp_path / "other").touch()
        assert (tmp_path / "other").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(before)


@pytest.mark.needs("postgresql")
def test_a_connection_lost_while_committing_is_told_as_it_is(postgres_server, postgres_database, monkeypatch):
    target = {"target": postgres_server.address(postgres_database), "password": postgres_server.reference}
    with open_store(**target, actor="a", create=True) as store:
        create_tables(store, at=MADE)
        number = store.query("SELECT pg_backend_pid() AS pid")["pid"][0]
        append = store._append_audit

        def append_and_lose(entry):
            append(entry)
            postgres_server.run_sql(f"SELECT pg_terminate_backend({number})")

        monkeypatch.setattr(store, "_append_audit", append_and_lose)
        with pytest.raises(StoreError, match="not known whether"), store.transaction("consent", at=NOON):
            store.insert("consents", consent())
        with pytest.raises(StoreError):
            store.read("consents")
    with open_store(**target, actor="a") as store:
        assert store.read("consents").empty
        assert log_of(store) == ["create_tables"]
