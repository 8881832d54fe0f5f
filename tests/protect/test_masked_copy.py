"""The file that a role gets of a DuckDB database: its columns, its rows, its masks, and nothing else."""

from __future__ import annotations

import stat

import duckdb
import pytest
from roles_world import AT, CIPHER, PEOPLE

from crm_lib.errors import ProtectError
from crm_lib.protect import ROLES, apply_roles, list_rights, publish_masked_copy
from crm_lib.store import create_tables, insert_customers, open_store, update_customers


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    path = tmp_path_factory.mktemp("copies") / "customers.duckdb"
    with open_store(path, actor="ann", cipher=CIPHER, create=True) as opened:
        create_tables(opened, at=AT)
        people = insert_customers(opened, PEOPLE, at=AT)
        moved = people.loc[[0], ["customer_no"]].assign(name="张三峰")
        update_customers(opened, moved, kind="更正", at="2026-01-06 09:00:00")
        yield opened


def read_copy(path):
    with duckdb.connect(str(path), read_only=True) as link:
        names = [name for (name,) in link.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: link.execute(f'SELECT * FROM "{name}"').df() for name in names}


@pytest.mark.parametrize("role", list(ROLES))
def test_the_copy_has_what_the_rules_list(store, tmp_path, role):
    regions = ["江西"] if ROLES[role].rows == "region" else []
    report = publish_masked_copy(store, tmp_path / "copy.duckdb", role=role, regions=regions)
    tables = read_copy(tmp_path / "copy.duckdb")
    about = tables.pop("about").set_index("name")["value"]
    assert about["role"] == role
    assert "protects nothing" in about["what"]
    assert report["table"].tolist() == sorted(tables)
    assert report["n_rows"].tolist() == [len(tables[t]) for t in sorted(tables)]
    rights = list_rights([role])
    for table, frame in tables.items():
        mine = rights[(rights["table"] == table) & rights["right"].isin(["read", "add", "write", "masked"])]
        # a sealed cell without a mask does not travel at all
        assert frame.columns.tolist() == [c for c in mine["column"] if c not in {"*", "content"}]


def test_sealed_cells_do_not_travel_and_masks_stand_in_their_place(store, tmp_path):
    for role in ("admin", "service", "auditor"):
        publish_masked_copy(store, tmp_path / f"{role}.duckdb", role=role)
        people = read_copy(tmp_path / f"{role}.duckdb")["customers"]
        assert set(people["phone"]) == {"138****5678", "139****4321", "137****1111"}
        content = (tmp_path / f"{role}.duckdb").read_bytes()
        sealed = store.query("SELECT phone, phone_index FROM customers")
        assert not any(bytes(cell) in content for cell in sealed["phone"])
        assert not any(text.encode() in content for text in sealed["phone_index"])
    people = read_copy(tmp_path / "auditor.duckdb")["customers"]
    assert set(people["name"]) == {"张**", "李*", "王*"}
    assert set(people["birth_date"]) == {"1990-**-**", "1991-**-**", "1985-**-**"}


def test_a_salesperson_gets_his_region_as_it_is_now(store, tmp_path):
    publish_masked_copy(store, tmp_path / "s.duckdb", role="sales", regions=["江西"])
    people = read_copy(tmp_path / "s.duckdb")["customers"]
    # 张三丰 was corrected to 张三峰; what he was called before is history
    assert sorted(people["name"]) == ["张三峰", "王五"]
    assert "张三丰".encode() not in (tmp_path / "s.duckdb").read_bytes()
    publish_masked_copy(store, tmp_path / "n.duckdb", role="sales", regions=["西藏"])
    assert read_copy(tmp_path / "n.duckdb")["customers"].empty


def test_the_copy_is_private_and_read_only_and_replaced_whole(store, tmp_path):
    path = tmp_path / "copy.duckdb"
    for role in ("auditor", "analyst"):
        publish_masked_copy(store, path, role=role)
        assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert [p.name for p in tmp_path.iterdir()] == ["copy.duckdb"]
    assert "name" not in read_copy(path)["customers"]


def test_wrong_calls_are_refused_in_words(store, tmp_path):
    with pytest.raises(ProtectError, match="sees its regions"):
        publish_masked_copy(store, tmp_path / "a", role="sales")
    with pytest.raises(ProtectError, match="sees all regions"):
        publish_masked_copy(store, tmp_path / "a", role="auditor", regions=["江西"])
    path = store.query("SELECT path FROM duckdb_databases() WHERE database_name = current_database()")[
        "path"
    ][0]
    with pytest.raises(ProtectError, match="must not be the database itself"):
        publish_masked_copy(store, path, role="auditor")
    with pytest.raises(ProtectError, match="whoever can read the file reads all of it but sealed cells"):
        apply_roles(store, at=AT)
    assert list(tmp_path.iterdir()) == []
