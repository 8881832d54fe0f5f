"""Orders of a real PostgreSQL server on loopback, by address and by environment variable."""

from __future__ import annotations

import pytest
from postgres_server import PASSWORD

from crm_lib import clean_table
from crm_lib.errors import ReadError
from crm_lib.readwrite import read_table

pytestmark = pytest.mark.needs("postgresql")

QUOTED = "s3cr%2Ft%407%20%25"
TABLES = """
CREATE TABLE orders (id serial PRIMARY KEY, customer_id text, ordered_at timestamptz, amount numeric(12, 2));
SET TIME ZONE 'UTC';
INSERT INTO orders (customer_id, ordered_at, amount)
VALUES ('007', '2024-01-02 08:30+00', 39.80), ('0815', '2024-02-29 23:59:59+00', 0.10), (NULL, NULL, 5);
CREATE TABLE notes (text text);
CREATE SCHEMA shop;
CREATE VIEW shop.lines AS SELECT customer_id AS "会员号", ordered_at::date AS "购买日期", amount AS "实付金额"
FROM orders WHERE id < 3;
"""


@pytest.fixture(scope="module")
def server(postgres_server):
    """Put tables into a database of the running server; yield its address without the table."""
    import sqlalchemy

    postgres_server.run_sql("CREATE DATABASE orders_read")
    url = postgres_server.alchemy_url("orders_read")
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    with engine.begin() as link:
        for statement in filter(str.strip, TABLES.split(";")):
            link.execute(sqlalchemy.text(statement.replace(":", "\\:")))
    yield url
    postgres_server.run_sql("DROP DATABASE orders_read WITH (FORCE)")


def test_orders_are_read_by_address(server):
    raw = read_table(f"{server}#orders", "orders")
    assert raw["customer_id"].tolist()[:2] == ["007", "0815"]
    cleaned = clean_table(raw, "orders")
    # 39.80 + 0.10; the third line has no customer
    assert (cleaned.rows["amount"].sum(), cleaned.quarantine["reason"].tolist()) == (
        39.9,
        ["missing_customer_id"],
    )
    assert [str(t) for t in cleaned.rows["ordered_at"]] == ["2024-01-02 08:30:00", "2024-02-29 23:59:59"]
    source = str(raw.attrs["source"])
    assert "ann:***@127.0.0.1" in source
    assert not any(word in source for word in (PASSWORD, QUOTED, "s3cr"))


def test_a_variable_and_a_view_of_another_schema(server, monkeypatch):
    monkeypatch.setenv("SHOP_ORDERS", f"{server}#shop.lines")
    raw = read_table("env:SHOP_ORDERS", "orders")
    assert raw.attrs["source"]["mapping"] == {
        "customer_id": "会员号", "ordered_at": "购买日期", "amount": "实付金额",
    }  # fmt: skip
    assert clean_table(raw, "orders").rows["amount"].tolist() == [39.8, 0.1]
    assert "s3cr" not in str(raw.attrs)


def test_the_one_fitting_table_is_found(server):
    assert read_table(server, "orders").attrs["source"]["sheet"] == "orders"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda url: url + "#order", "has no table 'order'; it has 'orders'"),
        (lambda url: url.replace(QUOTED, "wr0ng%2Fpass") + "#orders", "cannot be read"),
        (lambda url: url.replace("/orders_read", "/shop"), "cannot be read"),
        (lambda url: url.replace("127.0.0.1:", "127.0.0.1:1") + "#orders", "cannot be read"),
    ],
    ids=["table", "password", "database", "port"],
)
def test_refusals_show_no_password(server, change, said):
    with pytest.raises(ReadError) as caught:
        read_table(change(server), "orders")
    text = str(caught.value)
    assert said in text, text
    assert "\n" not in text
    assert not any(word in text for word in ("s3cr", "wr0ng", QUOTED))
