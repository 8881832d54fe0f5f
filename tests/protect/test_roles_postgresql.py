"""Roles on a real PostgreSQL with real logins: every right is tried, and so is what is no right at all."""

from __future__ import annotations

import base64
import gc
import os
import uuid

import pg8000.dbapi
import pytest
from roles_world import AT, CIPHER, PASSWORD, VARIABLE, make_world, read_log

from crm_lib.errors import ProtectError, StoreError
from crm_lib.protect import ROLES, add_login, apply_roles, end_login, register_staff, try_rights
from crm_lib.store import (
    back_up,
    create_tables,
    insert_customers,
    open_store,
    record_investments,
    record_verification,
    restore,
    set_grades,
    update_customers,
    verify_store,
)

pytestmark = pytest.mark.needs("postgresql")
# the driver leaves its socket open when the server turns it away
REFUSED_AT_THE_DOOR = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
DENIED = {"42501", "42P01", "3F000", "42883", "28000"}


@pytest.fixture(scope="module")
def world(postgres_server):
    with make_world(postgres_server, f"roles_{uuid.uuid4().hex[:8]}") as made:
        yield made


def refuse(world, role, *statements):
    """Return the server's code for refusing; fail when it does not refuse."""
    with pytest.raises(pg8000.dbapi.Error) as caught:
        world.attempt(role, *statements)
    said = caught.value.args[0]
    assert isinstance(said, dict), said
    return said["C"]


def test_what_everybody_can_do_is_what_the_rules_list_no_more_no_less(world):
    with world.open_owner() as store:
        found = try_rights(store, {role: lambda r=role: world.connect(r) for role in ROLES})
    assert len(found) > 700
    assert found[~found["same"]].to_dict("records") == []
    assert {"masked", "read", "write", "append", "add", "none", "delete"} == set(found["found"])


@pytest.mark.slow
def test_one_right_too_many_or_too_few_is_seen(world):
    spoil = {
        'GRANT SELECT (identity_no) ON customers TO crm_sales; GRANT USAGE ON SCHEMA public TO crm_sales': (
            "sales", "customers", "identity_no", "read",
        ),
        "GRANT UPDATE (detail) ON audit TO crm_admin": ("admin", "audit", "detail", "write"),
        "GRANT TRUNCATE ON grades TO crm_admin": ("admin", "grades", "*", "truncate"),
        "REVOKE INSERT (cost) ON investments FROM crm_sales": ("sales", "investments", "cost", "read"),
    }  # fmt: skip
    for commands, expected in spoil.items():
        world.server.run_sql(*commands.split("; "), database=world.database)
        with world.open_owner() as store:
            found = try_rights(store, {expected[0]: lambda r=expected[0]: world.connect(r)})
            apply_roles(store, at=AT)
        wrong = found[~found["same"]]
        assert [(r.role, r.table, r.column, r.found) for r in wrong.itertuples()] == [expected]
    with world.open_owner() as store:
        again = try_rights(store, {role: lambda r=role: world.connect(r) for role in ("sales", "admin")})
    assert again["same"].all()


def test_a_salesperson_sees_the_customers_of_his_region_as_they_are_now(world):
    rows = world.attempt(
        "sales", "SELECT name, phone_mask, email_mask, birth_date FROM customers ORDER BY name"
    )
    assert sorted(map(tuple, rows)) == [
        ("张三丰", "138****5678", "z***@example.com", "1990-**-**"),
        ("王五", "137****1111", "w***@example.com", "1985-**-**"),
    ]
    for table in ("transactions", "investments", "grades", "consents", "roster"):
        seen = {row[0] for row in world.attempt("sales", f"SELECT customer_no FROM {table}")}
        assert seen == {world.numbers[0], world.numbers[2]}, table
    # one login, two roles' worth of rows: the analyst sees all of them
    assert len(world.attempt("analyst", "SELECT DISTINCT customer_no FROM transactions")) == 3


def test_a_salesperson_enters_nothing_for_another_region(world):
    line = (
        "INSERT INTO public.investments (investment_no, customer_no, occurred_at, form, cost) "
        "VALUES ('N1', '{}', TIMESTAMP '2026-01-04', 'visit', 1)"
    )
    assert refuse(world, "sales", line.format(world.numbers[1])) == "42501"
    assert world.attempt("sales", line.format(world.numbers[0])) == []
    assert refuse(world, "sales", "UPDATE public.investments SET cost = 0") == "42501"
    assert refuse(world, "auditor", line.format(world.numbers[0])) == "42501"


@pytest.mark.parametrize("role", list(ROLES))
@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE crm_admin", "SET ROLE crm_views", "SET ROLE ann", "SET SESSION AUTHORIZATION ann",
        "GRANT crm_admin TO CURRENT_USER", "GRANT crm_views TO CURRENT_USER",
        "ALTER ROLE CURRENT_USER SUPERUSER", "ALTER ROLE CURRENT_USER BYPASSRLS", "ALTER ROLE CURRENT_USER CREATEROLE",
        "CREATE ROLE mine LOGIN SUPERUSER",
        "UPDATE public.staff SET role = 'admin', region = NULL",
        "INSERT INTO public.staff VALUES (session_user, 'x', 'admin', NULL, DATE '2026-01-01', NULL)",
        "ALTER TABLE public.customers DISABLE ROW LEVEL SECURITY",
        "DROP POLICY crm_rows ON public.customers",
        "ALTER VIEW crm_sales.customers SET (security_barrier = false)",
        "CREATE OR REPLACE FUNCTION crm_protect.sees_all() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE TABLE public.mine (a int)", "CREATE SCHEMA mine", "CREATE EXTENSION pgcrypto",
    ],
)  # fmt: skip
def test_no_role_raises_itself(world, role, statement):
    if role == "admin" and statement.endswith("ROLE crm_admin"):
        statement = "SET ROLE crm_service"
    code = refuse(world, role, statement)
    # 0A000: an extension the server does not have; the right to make one is asked for first where it is there
    assert code in {*DENIED, "0A000", "58P01"}, code


@pytest.mark.parametrize("role", list(ROLES))
@pytest.mark.parametrize(
    "statement",
    [
        "COPY (SELECT 1) TO '/tmp/crm-leak'", "COPY (SELECT 1) TO PROGRAM 'cat'",
        "COPY public.customers TO STDOUT", "SELECT pg_read_file('PG_VERSION')",
        "SELECT pg_read_binary_file('base/1/1249')", "SELECT pg_ls_dir('.')", "SELECT * FROM pg_ls_logdir()",
        "SELECT lo_import('/etc/passwd')", "SELECT lo_create(0)", "SELECT lo_from_bytea(0, 'secret')",
        "SELECT * FROM pg_authid", "SELECT * FROM pg_largeobject", "SELECT rolpassword FROM pg_authid",
        "ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()", "SELECT * FROM pg_hba_file_rules",
        "DO LANGUAGE plpython3u 'pass'",
    ],
)  # fmt: skip
def test_no_role_reaches_files_or_the_servers_secrets(world, role, statement):
    if role in {"service", "admin"} and "COPY public.customers" in statement:
        statement = "COPY public.raw_records TO '/tmp/crm-leak'"
    code = refuse(world, role, statement)
    assert code in {*DENIED, "42704"}, code


def test_only_the_masks_are_found_by_the_masked(world):
    sources = world.attempt(
        "auditor", "SELECT table_schema || '.' || table_name FROM information_schema.tables"
    )
    names = [name for (name,) in sources if not name.startswith(("pg_catalog", "information_schema"))]
    assert "crm_auditor.customers" in names
    seen = "\n".join(str(world.attempt("auditor", f"SELECT * FROM {name}")) for name in names)
    for word in ("张三丰", "13812345678", "zhang@", "解放路109", "110105199002031234", "1990-02-03"):
        assert word not in seen
    assert "张**" in seen
    assert "138****5678" in seen
    # statistics of the planner hold real values: none of them may be read
    world.server.run_sql("ANALYZE", database=world.database)
    for role in ("auditor", "analyst", "sales"):
        stats = world.attempt(role, "SELECT * FROM pg_stats WHERE tablename = 'customers'")
        assert "李四" not in str(stats)
        assert "1991-12-24" not in str(stats)


def test_no_condition_of_the_readers_is_tried_on_hidden_rows(world):
    # 99旧名 is history; a cast that fails would tell it in its message, were it tried before the view's condition
    leak = "SELECT customer_no FROM customers WHERE CAST(substr(name, 1, 1) || 'x' || name AS date) IS NULL"
    code_and_text = []
    try:
        world.attempt("sales", leak)
    except pg8000.dbapi.Error as fault:
        code_and_text.append(fault.args[0]["M"])
    assert code_and_text
    assert "99旧名" not in code_and_text[0]
    safe = "SELECT count(*) FROM customers WHERE 1 / (CASE WHEN name = '99旧名' THEN 0 ELSE 1 END) = 1"
    assert world.attempt("sales", safe) == [[2]]
    other = "SELECT count(*) FROM customers WHERE 1 / (CASE WHEN name = '李四' THEN 0 ELSE 1 END) = 1"
    assert world.attempt("sales", other) == [[2]]
    # only 李四 of the other region has a Z (90); the planner would try this before it joins the customers
    grade = "SELECT count(*) FROM roster WHERE 1 / (ascii(grade_value) - 90) < 100"
    assert world.attempt("sales", grade) == [[2]]
    plan = str(world.attempt("sales", "EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM customers"))
    assert "李四" not in plan
    assert refuse(world, "sales", "EXPLAIN ANALYZE SELECT * FROM public.customers") == "42501"


def test_roster_a_view_over_tables_shows_no_other_region(world):
    own = world.attempt("sales", "SELECT name FROM roster ORDER BY name")
    assert sorted(row[0] for row in own) == ["张三丰", "王五"]
    assert refuse(world, "sales", "SELECT * FROM public.roster") == "42501"


@pytest.mark.parametrize("role", [*ROLES, "owner"])
def test_nobody_changes_the_log_not_even_the_owner_by_mistake(world, role):
    for statement in (
        "UPDATE public.audit SET actor = 'x'",
        "DELETE FROM public.audit",
        "TRUNCATE public.audit",
    ):
        if role == "owner":
            with pytest.raises(pg8000.dbapi.Error, match="neither changed nor deleted"):
                world.server.run_sql(statement, database=world.database)
        else:
            assert refuse(world, role, statement) == "42501"


def test_nobody_writes_into_the_log_in_anothers_name(world):
    line = "INSERT INTO public.audit VALUES (9999, '2026-01-06', '{}', 'reveal', 'customers', 1, '{{}}', 'a', 'b')"
    for role in ("service", "sales", "analyst", "admin"):
        assert refuse(world, role, line.format("t_auditor")) == "42501"
        assert world.attempt(role, line.format(f"t_{role}")) == []
    assert refuse(world, "auditor", line.format("t_auditor")) == "42501"


def test_people_work_through_the_store_with_their_own_rights(world):
    import pandas as pd

    change = pd.DataFrame({"customer_no": [world.numbers[1]], "phone": ["13911112222"]})
    with world.open_as("service") as store:
        update_customers(store, change, kind="易变动", at="2026-01-07 10:00:00")
        shown = store.read("customers").set_index("customer_no")["phone"]
        assert shown[world.numbers[1]] == "139****2222"
        opened = store.read("customers", reveal=("phone",), at="2026-01-07 10:05:00").set_index("customer_no")
        assert opened.loc[world.numbers[1], "phone"] == "13911112222"
    with world.open_as("sales") as store, pytest.raises(StoreError, match="refused the statement"):
        update_customers(store, change.assign(phone="13900000000"), kind="易变动", at="2026-01-08 10:00:00")
    with world.open_as("auditor") as store:
        log = store.audit()
        with pytest.raises(StoreError):
            store.read("customers", reveal=("phone",), at="2026-01-08 11:00:00")
    assert log["actor"].tolist()[-2:] == ["t_service", "t_service"]
    with world.open_owner() as store:
        assert verify_store(store).empty
        assert len(store.audit()) == len(log)


def test_what_is_made_later_is_nobodys(world):
    world.server.run_sql(
        "CREATE TABLE public.late (customer_no text, secret text)",
        "INSERT INTO public.late VALUES ('x', 'y')",
        "CREATE FUNCTION public.tell() RETURNS text LANGUAGE sql SECURITY DEFINER AS "
        "'SELECT name FROM public.customers LIMIT 1'",
        "CREATE SEQUENCE public.later",
        database=world.database,
    )
    try:
        for role in ROLES:
            assert refuse(world, role, "SELECT * FROM public.late") == "42501"
            assert refuse(world, role, "INSERT INTO public.late VALUES ('a', 'b')") == "42501"
            assert refuse(world, role, "SELECT public.tell()") == "42501"
            assert refuse(world, role, "SELECT nextval('public.later')") == "42501"
        with world.open_owner() as store:
            apply_roles(store, at=AT)
        assert refuse(world, "admin", "SELECT * FROM public.late") == "42501"
    finally:
        world.server.run_sql(
            "DROP TABLE public.late", "DROP FUNCTION public.tell()", "DROP SEQUENCE public.later",
            database=world.database,
        )  # fmt: skip


@REFUSED_AT_THE_DOOR
def test_the_public_may_not_even_come_in(world):
    world.server.run_sql(f"CREATE ROLE t_stranger LOGIN PASSWORD '{PASSWORD}'")
    try:
        with pytest.raises(pg8000.dbapi.Error) as caught:
            world.server.connect(world.database, "t_stranger", PASSWORD)
        assert caught.value.args[0]["C"] == "42501"
        del caught
        gc.collect()
    finally:
        world.server.run_sql("DROP ROLE t_stranger")


def test_key_and_password_are_neither_in_the_database_nor_in_the_servers_log(world):
    key = CIPHER.ring._master
    with world.open_owner() as store:
        tables = store.query(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
            "AND table_schema <> 'information_schema'"
        )
        cells = "\n".join(
            store.query(f'SELECT * FROM "{s}"."{t}"').to_csv(index=False)
            for s, t in zip(tables["table_schema"], tables["table_name"], strict=True)
        )
    assert "SCRAM-SHA-256$4096:" in cells
    log = read_log(world.server)
    for text in (key.hex(), base64.b64encode(key).decode(), PASSWORD):
        assert text not in cells
        assert text not in log


@REFUSED_AT_THE_DOOR
def test_who_leaves_is_out_at_once(world):
    with world.open_owner() as store:
        add_login(store, "t_late", role="analyst", password=f"env:{VARIABLE}", at=AT, name="迟到的人")
        link = world.connect("late")
        link.cursor().execute("SELECT 1")
        assert end_login(store, "t_late", at="2026-01-09") == 1
        assert end_login(store, "t_late", at="2026-01-09") == 0
        roster = store.query("SELECT CAST(valid_to AS text) AS day FROM staff WHERE login = 't_late'")
    assert roster["day"].tolist() == ["2026-01-09"]
    with pytest.raises((pg8000.dbapi.Error, OSError)):
        link.cursor().execute("SELECT 1")
    with pytest.raises(pg8000.dbapi.Error):
        world.connect("late")
    del link
    gc.collect()


def test_bad_people_are_refused_in_words(world):
    with world.open_owner() as store:
        for login, role, regions, said in (
            ("pg_me", "service", (), "must be 2–31 small letters"),
            ("x; DROP ROLE ann", "service", (), "must be 2–31 small letters"),
            ("t_new", "sales", (), "takes the regions"),
            ("t_new", "analyst", ("江西",), "takes no regions"),
            ("t_sales", "analyst", (), "has one role"),
        ):
            with pytest.raises(ProtectError, match=said):
                register_staff(store, login, role=role, at=AT, name="x", regions=regions)


def test_an_owner_who_is_no_superuser_can_do_it_too(postgres_server):
    name = f"own_{uuid.uuid4().hex[:8]}"
    server = postgres_server
    server.run_sql(
        f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD '{PASSWORD}'", f"CREATE DATABASE {name} OWNER {name}"
    )
    try:
        os.environ["CRM_TEST_OWNER"] = PASSWORD
        with open_store(
            server.address(name, user=name),
            actor=name,
            cipher=CIPHER,
            password="env:CRM_TEST_OWNER",
            create=True,
        ) as store:
            create_tables(store, at=AT)
            done = apply_roles(store, at=AT)
            assert apply_roles(store, at=AT)["command"].tolist() == done["command"].tolist()
            assert not done["command"].str.contains("lo_").any()
    finally:
        server.run_sql(f"DROP DATABASE {name} WITH (FORCE)", f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_a_big_upload_goes_through_row_level_security(world):
    import pandas as pd

    many = pd.DataFrame({
        "name": [f"客户{n}" for n in range(150)],
        "province": "上海",
        "channel": "web",
        "registered_on": "2026-01-02",
        "source": "own",
    })
    with world.open_as("service") as store:
        numbers = insert_customers(store, many, at="2026-01-10 09:00:00")["customer_no"]
        assert len(store.read("customers")) == 153
    assert len(world.attempt("sales", "SELECT customer_no FROM customers")) == 2
    with world.open_owner() as store, store.transaction("tidy", at="2026-01-10 10:00:00"):
        for number in numbers:
            store.run("DELETE FROM customers WHERE customer_no = ?", [number])


def test_each_post_does_its_work_and_no_other(world):
    import pandas as pd

    mine = pd.DataFrame({
        "customer_no": world.numbers[:1],
        "occurred_at": ["2026-01-05 10:00:00"],
        "form": ["拜访"],
        "cost": [20.0],
    })
    with world.open_as("sales") as store:
        assert record_investments(store, mine, at="2026-01-11 09:00:00").n_new == 1
        with pytest.raises(StoreError, match=f"名册里没有客户编号 {world.numbers[1]}"):
            record_investments(store, mine.assign(customer_no=world.numbers[1]), at="2026-01-11 09:00:00")
        grades = pd.DataFrame({"customer_no": world.numbers[:1], "grade": ["B"]})
        with pytest.raises(StoreError, match="permission denied"):
            set_grades(store, grades, kind="value", at="2026-01-11 10:00:00")
    with world.open_as("analyst") as store:
        assert set_grades(store, grades, kind="value", at="2026-01-11 11:00:00")["changed"].tolist() == [True]
        with pytest.raises(StoreError, match="permission denied"):
            record_investments(store, mine.assign(cost=5.0), at="2026-01-11 12:00:00")
    # of an upload that another made a salesperson sees neither rows nor verdicts
    with world.open_as("service") as store:
        record_verification(
            store,
            pd.DataFrame({
                "customer_no": world.numbers[:1],
                "kind": ["new"],
                "result": ["属实"],
                "note": [None],
            }),
            at="2026-01-11 13:00:00",
        )
        assert len(store.query("SELECT upload_id FROM uploads")) == 1
    for table in ("uploads", "raw_records", "verdicts"):
        assert len(world.attempt("sales", f"SELECT upload_id FROM {table}")) == 1, table


def test_a_restore_by_the_owner_replaces_the_log_and_leaves_the_roles(world, tmp_path):
    with world.open_as("admin") as store:
        backup = back_up(store, tmp_path, at="2026-01-12 22:00:00")
    with world.open_as("admin") as store, store.transaction("later", at="2026-01-13 09:00:00"):
        store.run("UPDATE customers SET city = '南昌' WHERE province = '江西'")
    address, reference = world.server.address(world.database), world.server.reference
    done = restore(
        backup, address, cipher=CIPHER, at="2026-01-13 10:00:00", replace_existing=True, password=reference
    )
    assert done.checksums["equal"].all()
    with world.open_owner() as store:
        assert verify_store(store).empty
        assert store.query("SELECT count(*) AS n FROM customers WHERE city = '南昌'")["n"].tolist() == [0]
    for setting in ("", "SET crm.restoring = 'yes'"):
        assert refuse(world, "admin", *filter(None, [setting]), "DELETE FROM public.audit") == "42501"
    assert len(world.attempt("sales", "SELECT customer_no FROM customers")) == 2
