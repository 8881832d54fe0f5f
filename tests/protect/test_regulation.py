"""数据库管理制度: a database that meets every clause, and for every clause the change that breaks it."""

from __future__ import annotations

import uuid

import pandas as pd
import pytest
from roles_world import AT, CIPHER, PEOPLE, VARIABLE, make_world

from crm_lib.protect import (
    TOPICS,
    add_login,
    check_network,
    check_regulation,
    default_settings,
    end_login,
    list_clauses,
    make_regulation,
    record_training,
    register_staff,
    regulation,
    scan_dependencies,
    summarize_network,
)
from crm_lib.protect.regulation_measures import MEASURES
from crm_lib.store import change_settings, create_tables, insert_customers, open_store

DAY = "2026-03-01"
BAD = {
    "regulation_approved_on": ["2025-02-28", "2026-03-02", "soon", ""],
    "data_keeper": [" ", None],
    "data_deputy": ["数据主管", " 数据主管 "],
    "biometrics": ["consented", "yes"],
    "consent_required": ["no", "YES please"],
    "export_min_k": ["4", "four", "nan", "-5", "inf"],
    "price_gap_max_pct": ["0.6", "-1", "5%"],
    "price_audited_on": ["2025-11-30", "2026-13-01"],
    "verify_new_days": ["31", "0"],
    "verify_value_days": ["366", "0"],
    "verify_credit_days": ["181", "never"],
    "verify_relation_days": ["366", "0"],
    "backup_every_days": ["8", "0"],
    "off_site_copied_on": ["2026-01-28"],
    "restore_drill_days": ["181", "0"],
    "backup_keep_days": ["29", "366"],
    "loss_contact": ["", None],
    "key_reference": ["bXkgc2VjcmV0IGtleQ==", "env:", "file: ", "vault:x"],
    "key_rotated_on": ["2025-02-28"],
    "tls": ["off", "require", "verify-full"],
    "password_min_length": ["11"],
    "network_checked_on": ["2025-11-30"],
    "network_findings": ["1", "-1", "not checked"],
    "scan_checked_on": ["2026-01-28"],
    "scan_findings": ["1", "not scanned"],
}


def make_store(path, cipher=CIPHER):
    store = open_store(path, actor="ann", cipher=cipher, create=True)
    create_tables(store, at=AT)
    prepare(store)
    return store


def prepare(store, dialect="duckdb"):
    """Bring a database into a state that meets every clause on DAY."""
    register_staff(store, "ann", role="admin", at=AT, name="安")
    if dialect == "duckdb":
        insert_customers(store, PEOPLE, at=AT)
    change_settings(store, default_settings(as_of=DAY, dialect=dialect, with_records=True), at=AT)
    people = sorted(set(store.read("staff")["login"]))
    held = [(login, topic, "2026-01-04", "2027-01-04") for login in people for topic in TOPICS]
    record_training(store, pd.DataFrame(held, columns=["login", "topic", "held_on", "valid_until"]), at=AT)
    for action in ("back_up", "prove_restore"):
        with store.transaction(action, at="2026-02-26 22:00:00"):
            pass


def find_broken(store, as_of=DAY):
    checked = check_regulation(store, as_of=as_of)
    return checked.loc[checked["verdict"] == "不符合", "setting"].tolist()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with make_store(tmp_path_factory.mktemp("regulation") / "c.duckdb") as opened:
        yield opened


def test_the_four_parts_and_the_numbers_of_the_clauses(store):
    checked = check_regulation(store, as_of=DAY)
    assert checked["part"].drop_duplicates().tolist() == ["总则", "使用", "修改与维护", "安全管理"]
    assert len(checked) >= 16
    assert checked.loc[[0, 9, 10, 19, 20], "clause"].tolist() == [
        "第一条",
        "第十条",
        "第十一条",
        "第二十条",
        "第二十一条",
    ]
    assert checked["clause"].is_unique
    assert checked["setting"].is_unique
    assert set(checked["verdict"]) == {"符合"}
    # every clause is broken by one of the tests below
    assert set(checked["setting"]) == set(BAD) | set(MEASURES)


def test_a_new_database_meets_no_decision_by_silence(tmp_path):
    with open_store(tmp_path / "c.duckdb", actor="ann", create=True) as empty:
        create_tables(empty, at=AT)
        broken = find_broken(empty)
        assert set(broken) >= set(BAD) | {
            "backup_age_days",
            "restore_age_days",
            "untrained_people",
            "unknown_actors",
        }
        change_settings(empty, default_settings(as_of=DAY), at=AT)
        # what says that something was done is in no firm's defaults
        done = {c.name for c in list_clauses() if c.record}
        assert set(find_broken(empty)) & set(BAD) == done
        assert {"scan_findings", "network_checked_on", "off_site_copied_on"} <= done


@pytest.mark.parametrize("name", list(BAD))
def test_changing_a_setting_breaks_its_clause_and_no_other(store, name, monkeypatch):
    # measured elsewhere; a setting changes nothing of that
    monkeypatch.setattr(regulation, "MEASURES", dict.fromkeys(MEASURES, lambda store, day: 0))
    good = default_settings(as_of=DAY, with_records=True)[name]
    beside = {"backup_every_days": {"backup_age_days"}, "data_keeper": {"data_deputy"}}.get(name, set())
    beside |= {"restore_age_days"} if name == "restore_drill_days" else set()
    for value in BAD[name]:
        change_settings(store, {name: value}, at=AT)
        broken = set(find_broken(store))
        assert name in broken, value
        assert broken <= {name} | beside, value
    # what is not mended here is seen by the next
    change_settings(store, {name: good}, at=AT)


def spoil(store, *statements):
    with store.transaction("spoil", at=AT):
        for statement in statements:
            store.run(statement)


MEASURED = {
    "unmarked_sources": "UPDATE customers SET source = ' ' WHERE name = '李四'",
    "rights_beyond_rules": "INSERT INTO staff VALUES ('zed', '仄', 'god', NULL, DATE '2026-01-01', NULL)",
    "unknown_actors": "DELETE FROM staff WHERE login = 'ann'",
    "broken_histories": "UPDATE customers SET valid_to = valid_from WHERE name = '李四'",
    "rows_without_verdict": "INSERT INTO verdicts (upload_id, source_row, verdict) VALUES ('U9', 2, '新增')",
    "backup_age_days": "UPDATE audit SET \"at\" = '2026-02-21 22:00:00' WHERE action = 'back_up'",
    "restore_age_days": "UPDATE audit SET \"at\" = '2025-08-01 22:00:00' WHERE action = 'prove_restore'",
    "untrained_people": "DELETE FROM training WHERE topic = '安全意识'",
    "chain_faults": "UPDATE audit SET n_rows = n_rows + 1 WHERE seq = 2",
    "unsealed_cells": "UPDATE customers SET phone = CAST('13812345678' AS BLOB) WHERE name = '李四'",
}


@pytest.mark.parametrize("name", list(MEASURED))
def test_changing_the_database_breaks_its_clause(tmp_path, name):
    assert set(MEASURED) == set(MEASURES)
    with make_store(tmp_path / "c.duckdb") as mine:
        assert find_broken(mine) == []
        spoil(mine, MEASURED[name])
        broken = find_broken(mine)
    # moving an old entry of the log is a fault of the chain as well; who is off the roster needs no training
    beside = {"chain_faults"} if "audit" in MEASURED[name] else set()
    beside |= {"unknown_actors"} if "staff" in MEASURED[name] else set()
    beside |= {"untrained_people"} if "staff" in MEASURED[name] else set()
    assert name in broken
    assert set(broken) <= {name} | beside


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customers SET phone_mask = '13812345678' WHERE name = '李四'",
        "UPDATE customers SET email = CAST(repeat('x', 80) AS BLOB) WHERE name = '李四'",
    ],
)
def test_a_bare_mask_and_a_long_plain_text_are_no_sealed_cells(tmp_path, statement):
    with make_store(tmp_path / "c.duckdb") as mine:
        spoil(mine, statement)
        assert find_broken(mine) == ["unsealed_cells"]


def test_a_database_without_a_key_is_not_encrypted(tmp_path):
    with make_store(tmp_path / "c.duckdb", cipher=None) as mine:
        assert find_broken(mine) == ["unsealed_cells"]


def test_time_alone_breaks_what_has_a_term(store):
    later = set(find_broken(store, as_of="2027-06-01"))
    assert later == {
        "regulation_approved_on", "price_audited_on", "backup_age_days", "off_site_copied_on", "restore_age_days",
        "untrained_people", "key_rotated_on", "network_checked_on", "scan_checked_on",
    }  # fmt: skip


def test_a_scan_and_a_check_of_the_network_write_their_own_settings(store):
    scan = scan_dependencies("a==1\nb==2\n").to_settings(as_of=DAY)
    bad = summarize_network(check_network({"pg_hba": "host all all all trust"}), as_of=DAY)
    change_settings(store, scan | bad, at=AT)
    assert find_broken(store) == ["network_findings", "scan_findings"]
    good = default_settings(as_of=DAY, with_records=True)
    change_settings(store, {n: good[n] for n in scan | bad}, at=AT)


def test_the_document_has_every_clause_and_the_same_bytes_each_time(store, tmp_path):
    import docx

    change_settings(store, {"data_keeper": "王主管", "export_min_k": "3"}, at=AT)
    first, second = tmp_path / "数据库管理制度.docx", tmp_path / "again.docx"
    checked = make_regulation(store, first, as_of=DAY, firm="旭东公司")
    make_regulation(store, second, as_of=DAY, firm="旭东公司")
    assert first.read_bytes() == second.read_bytes()
    document = docx.Document(str(first))
    text = "\n".join(p.text for p in document.paragraphs)
    assert document.paragraphs[0].text == "旭东公司客户数据库管理制度"
    assert [p.text for p in document.paragraphs if p.style.name == "Heading 1"][:4] == [
        "第一部分　总则", "第二部分　使用", "第三部分　修改与维护", "第四部分　安全管理",
    ]  # fmt: skip
    assert all(f"{clause}　" in text for clause in checked["clause"])
    assert "负责人：王主管。" in text
    assert "不符合 1 条。不符合的是第九条“导出须防识别”。" in text
    assert "{" not in text
    rows = [[c.text for c in row.cells] for table in document.tables for row in table.rows[1:]]
    assert rows == checked[["clause", "title", "required", "found", "verdict"]].values.tolist()
    change_settings(store, {"data_keeper": "数据主管", "export_min_k": "5"}, at=AT)
    make_regulation(store, second, as_of=DAY)
    assert "全部符合" in docx.Document(str(second)).paragraphs[1].text


@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_on_postgresql_what_was_given_beyond_the_rules_is_counted(postgres_server):
    with make_world(postgres_server, f"rules_{uuid.uuid4().hex[:8]}") as world:
        with world.open_owner() as mine:
            prepare(mine, dialect="postgresql")
            assert find_broken(mine) == []
            assert find_tls(mine) == "verify-full（加密并核对证书）"
        for give, take in (
            ("GRANT SELECT (phone) ON customers TO PUBLIC", "REVOKE SELECT (phone) ON customers FROM PUBLIC"),
            ("GRANT UPDATE (detail) ON audit TO crm_admin", "REVOKE UPDATE (detail) ON audit FROM crm_admin"),
            ("GRANT DELETE ON consents TO crm_service", "REVOKE DELETE ON consents FROM crm_service"),
            ("GRANT SELECT ON staff TO t_sales", "REVOKE SELECT ON staff FROM t_sales"),
            ("GRANT crm_admin TO t_sales", "REVOKE crm_admin FROM t_sales"),
            (
                "ALTER TABLE grades DISABLE ROW LEVEL SECURITY",
                "ALTER TABLE grades ENABLE ROW LEVEL SECURITY",
            ),
            (
                "ALTER VIEW crm_sales.roster SET (security_barrier = false)",
                "ALTER VIEW crm_sales.roster SET (security_barrier = true)",
            ),
        ):
            world.server.run_sql(give, database=world.database)
            with world.open_owner() as mine:
                assert find_broken(mine) == ["rights_beyond_rules"], give
            world.server.run_sql(take, database=world.database)
        with world.open_owner() as mine:
            assert find_broken(mine) == []
            # a login that is still open though its owner is off the roster
            add_login(mine, "t_late", role="analyst", password=f"env:{VARIABLE}", at=AT, name="晚")
            assert find_broken(mine) == ["untrained_people"]
            end_login(mine, "t_late", at="2026-01-09")
            assert find_broken(mine) == []
            world.server.run_sql("GRANT crm_analyst TO t_late", "ALTER ROLE t_late LOGIN")
            assert find_broken(mine) == ["rights_beyond_rules"]


def find_tls(store):
    checked = check_regulation(store, as_of=DAY).set_index("setting")
    return checked.loc["tls", "required"]
