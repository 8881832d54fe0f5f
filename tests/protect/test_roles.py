"""The rights as the rules have them, by hand; and the commands they become."""

from __future__ import annotations

import duckdb
import pytest

from crm_lib.errors import ParameterError, ProtectError
from crm_lib.protect import MASK_KINDS, ROLES, list_rights, mask_text, write_role_commands
from crm_lib.protect.logins import make_verifier
from crm_lib.protect.roles import find_mask, list_columns, list_sealed
from crm_lib.store import list_tables, load_table

PRIVATE = ("phone", "email", "address", "identity_no")


@pytest.fixture(scope="module")
def rights():
    return list_rights().set_index(["role", "table", "column"])["right"]


def test_rights_to_what_finds_a_person(rights):
    # worked out by hand from what each post does; nobody but those who enter the data may change them
    expected = {
        "service": ["write", "write", "write", "write"],
        "sales": ["read", "masked", "masked", "none"],
        "analyst": ["none", "none", "none", "none"],
        "admin": ["write", "write", "write", "write"],
        "auditor": ["masked", "masked", "masked", "masked"],
    }
    assert {role: [rights[role, "customers", c] for c in PRIVATE] for role in ROLES} == expected
    assert [rights[role, "customers", "name"] for role in ROLES] == [
        "write",
        "read",
        "none",
        "write",
        "masked",
    ]


def test_nobody_changes_or_deletes_the_log_or_his_own_role(rights):
    assert {rights[role, "audit", c] for role in ROLES for c in list_columns()["audit"]} == {
        "append", "add", "read",
    }  # fmt: skip
    assert {rights[role, table, "*"] for role in ROLES for table in ("audit", "erasures", "staff")} == {
        "none"
    }
    assert {rights[role, "staff", "role"] for role in ROLES} == {"none", "read"}
    assert {role for role in ROLES if ROLES[role].writes("settings")} == {"admin"}
    # he who may write sees no more of the log than the link for the next entry
    assert [rights["sales", "audit", c] for c in ("seq", "hash", "actor", "detail")] == [
        "add", "add", "append", "append",
    ]  # fmt: skip


def test_the_rules_know_exactly_the_columns_of_the_store():
    known = list_columns()
    assert {t: known[t] for t in list_tables()} == {t: load_table(t).names for t in list_tables()}
    assert set(known) - set(list_tables()) == {"roster"}
    assert {t: list_sealed(t) for t in known if list_sealed(t)} == {
        t: tuple(f.name for f in load_table(t).sealed) for t in list_tables() if load_table(t).sealed
    }


def test_every_masked_column_has_a_mask(rights):
    masked = {(table, column) for (_, table, column), right in rights.items() if right == "masked"}
    assert masked
    for table, column in masked:
        stored = table == "customers" and column in PRIVATE
        assert stored or find_mask(table, column), (table, column)


def test_an_unknown_column_is_nobodys():
    found = list_rights(columns={"customers": ["phone", "face"], "diary": ["text"]})
    strange = found[found["column"].isin(["face", "text"])]
    assert (len(strange), set(strange["right"])) == (2 * len(ROLES), {"none"})
    with pytest.raises(ParameterError, match="'sales'"):
        list_rights(["sale"])


@pytest.mark.parametrize("name", ["张三", "欧阳小红", "王", "阿依古丽·买买提", " 李四 "])
def test_masks_in_sql_are_the_masks_of_the_library(name):
    assert {"name", "birth_date"} <= set(MASK_KINDS)
    expression = find_mask("customers", "name")
    (shown,) = duckdb.execute(f'SELECT {expression} FROM (SELECT ? AS "name")', [name]).fetchone()
    assert shown == mask_text(name, kind="name")
    expression = find_mask("customers", "birth_date")
    (shown,) = duckdb.execute(f"SELECT {expression} FROM (SELECT DATE '1987-09-26' AS birth_date)").fetchone()
    assert shown == mask_text("1987-09-26", kind="birth_date") == "1987-**-**"


def test_the_commands_begin_by_taking_everything_away():
    commands = write_role_commands(database="shop")
    assert list(dict.fromkeys(commands["part"])) == ["roles", "close", "helpers", "rows", "views", "rights"]
    text = "\n".join(commands["command"])
    assert 'REVOKE ALL ON DATABASE "shop" FROM PUBLIC' in text
    assert "GRANT ALL" not in text
    assert "TO PUBLIC" not in text
    views = commands.loc[commands["command"].str.startswith("CREATE VIEW"), "command"]
    assert len(views) > 20
    assert views.str.contains("security_barrier = true", regex=False).all()
    # a view for readers only; who writes works on the table itself
    assert not views.str.contains('"crm_service"."customers"', regex=False).any()
    sales = views[views.str.contains('"crm_sales"."customers"', regex=False)].iloc[0]
    assert '"identity_no' not in sales
    assert '"email"' not in sales
    assert '"email_mask"' in sales
    assert sales.endswith('WHERE "valid_to" IS NULL')


def test_a_password_becomes_a_verifier_that_scram_accepts():
    scramp = pytest.importorskip("scramp")
    salt = bytes(range(16))
    verifier = make_verifier("correct horse 1", salt=salt)
    mechanism = scramp.ScramMechanism("SCRAM-SHA-256")
    _, stored, server, rounds = mechanism.make_auth_info("correct horse 1", 4096, salt)
    import base64

    texts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    assert verifier == f"SCRAM-SHA-256${rounds}:{texts[0]}${texts[1]}:{texts[2]}"
    assert make_verifier("correct horse 1") != verifier


@pytest.mark.parametrize("password", ["short", "密码密码密码密码密码密码", "tab\tinside it 12"])
def test_weak_passwords_are_refused_and_not_repeated(password):
    with pytest.raises(ProtectError, match="at least 12 plain characters") as caught:
        make_verifier(password)
    assert password not in str(caught.value)
