"""The company as a whole: the same every time, open about its contract, silent about its truth."""

from __future__ import annotations

import hashlib
import json

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from crm_lib.errors import ParameterError
from crm_lib.sample import make_company, make_registers, xudong
from crm_lib.schema import load_schema

# content of the tables of make_company(500, seed=0); a change of it is a change of VERSION
VERSION, DIGEST = 3, "d840c058462c6f1aaf757c63b8607002e5eb1c4983627f9f0a892656b735f27d"
# the tables of version 1, which later versions left as they were
FIRST_TABLES = {"campaign_members", "campaigns", "clicks", "contacts", "customers", "investments", "orders",
                "products", "reviews", "touches", "wallet"}  # fmt: skip
FIRST_DIGEST = "1fada2c1b0804a4eeeb6648bcfb98c898685f00e21c37b460bfa8b26c54c34e4"
# those that version 2 added
SECOND_TABLES = FIRST_TABLES | {"experience", "leads", "population", "survey", "survey_items"}
SECOND_DIGEST = "5a0d472737a68072226180f0e498de5e8319f670a7322487d766103624b573fd"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    out = tmp_path_factory.mktemp("xudong") / "a"
    return out, make_company(500, seed=0, out=out)


def digest_tables(folder, names=None):
    told = hashlib.sha256()
    for path in sorted(folder.glob("*.parquet")):
        if names and path.stem not in names:
            continue
        table = pq.read_table(path)
        told.update(repr((path.stem, table.column_names, table.to_pylist())).encode("utf-8"))
    return told.hexdigest()


def test_content_of_this_version(small):
    assert xudong.VERSION == VERSION
    assert digest_tables(small[0] / "data") == DIGEST
    assert digest_tables(small[0] / "data", FIRST_TABLES) == FIRST_DIGEST
    assert digest_tables(small[0] / "data", SECOND_TABLES) == SECOND_DIGEST


def test_same_seed_same_bytes_other_seed_other_company(small, tmp_path):
    make_company(500, seed=0, out=tmp_path / "b")
    make_company(500, seed=1, out=tmp_path / "c")
    names = sorted(p.relative_to(small[0]) for p in small[0].rglob("*") if p.is_file())
    assert len(names) == 18 + 14 + 20  # tables, truth with its laws, files
    for name in names:
        assert (small[0] / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    same = [n for n in names if (small[0] / n).read_bytes() == (tmp_path / "c" / n).read_bytes()]
    assert [n.stem for n in same] == ["campaigns", "survey_items"] * 2


def test_chunks_change_nothing_but_the_order_of_rows(small, tmp_path, monkeypatch):
    monkeypatch.setattr(xudong, "CHUNK", 170)
    make_company(500, seed=0, out=tmp_path / "b", files=False)
    for path in sorted(small[0].glob("*/*.parquet")):
        if path.stem == "defects":  # of the files, which were not written
            continue
        one, other = pq.read_table(path), pq.read_table(tmp_path / "b" / path.relative_to(small[0]))
        assert sorted(map(repr, one.to_pylist())) == sorted(map(repr, other.to_pylist())), path.stem


def test_rows_are_counted_and_progress_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(xudong, "CHUNK", 300)
    told = []
    n_rows = make_company(500, seed=4, out=tmp_path / "x", files=False, progress=lambda *a: told.append(a))
    assert told == [
        *(("customers", n, 1500) for n in (300, 500, 800, 1000, 1300, 1500)),
        *((step, n, 500) for step in ("clicks", "orders", "opinions") for n in (300, 500)),
    ]
    for name, n in n_rows.items():
        folder, table = ("truth", name[6:]) if name.startswith("truth/") else ("data", name)
        assert pq.read_metadata(tmp_path / "x" / folder / f"{table}.parquet").num_rows == n > 0
    assert json.loads((tmp_path / "x/truth/laws.json").read_text("utf-8"))["customers"] == 500


def test_tables_keep_to_their_contracts(small):
    types = {"id": "string", "text": "string", "category": "string", "date": "date32", "datetime": "timestamp",
             "integer": "int", "number": "double", "money": "double", "share": "double", "flag": "bool"}  # fmt: skip
    for path in (small[0] / "data").glob("*.parquet"):
        contract = load_schema(path.stem)
        for field in pq.read_schema(path):
            wanted = contract.column(field.name).type
            good = str(field.type).startswith(types[wanted]) or (
                wanted == "number" and "int" in str(field.type)
            )
            assert good, (path.stem, field)


def test_tables_join(small):
    records = set(pd.read_parquet(small[0] / "data/customers.parquet")["record_id"])
    skus = set(pd.read_parquet(small[0] / "data/products.parquet")["sku"])
    for path in (small[0] / "data").glob("*.parquet"):
        table = pd.read_parquet(path)
        if path.stem != "customers" and "customer_id" in table:
            assert set(table["customer_id"].dropna()) <= records, path.stem
        if path.stem != "products" and "sku" in table:
            assert set(table["sku"].dropna()) <= skus, path.stem


def test_order_lines_add_up_and_returns_follow_their_purchase(small):
    orders = pd.read_parquet(small[0] / "data/orders.parquet")
    assert not orders.duplicated(["order_id", "line_no"]).any()
    fen = (
        orders["quantity"] * (orders["unit_price"] * 100).round() * (100 - (orders["discount"] * 100).round())
    )
    assert ((orders["amount"] * 100).round() - fen / 100).abs().max() <= 0.5
    back = orders[orders["returned"]].assign(line_no=lambda d: d["line_no"] - 10)
    both = back.merge(orders, on=["order_id", "line_no", "customer_id", "sku"], suffixes=("", "_bought"))
    assert len(both) == len(back) > 50
    assert (both["amount"] == -both["amount_bought"]).all()
    assert (both["ordered_at"] > both["ordered_at_bought"]).all()


def test_registers_alone_are_those_of_the_company(small, tmp_path):
    n_rows = make_registers(500, seed=0, out=tmp_path / "r")
    assert n_rows == {"customers": small[1]["customers"], "truth/records": small[1]["truth/records"]}
    for name in ("data/customers.parquet", "truth/records.parquet"):
        assert pq.read_table(tmp_path / "r" / name).equals(pq.read_table(small[0] / name))
    with pytest.raises(ParameterError, match="make_registers: out must be a new or empty folder"):
        make_registers(500, seed=0, out=tmp_path / "r")


def test_persons_are_nobody(small):
    people = pd.read_parquet(small[0] / "data/customers.parquet")
    assert people["phone"].dropna().str.fullmatch(r"154\d{8}").all()
    assert people["email"].dropna().str.fullmatch(r"[a-z]+\d+@(mail\.)?example\.(com|org|net)").all()
    assert people["name"].str.fullmatch(r"[\u4e00-\u9fff]{2,4}").all()


@pytest.fixture(scope="module")
def larger(tmp_path_factory):
    out = tmp_path_factory.mktemp("xudong") / "larger"
    make_company(6000, seed=2, out=out, files=False)
    return out


def test_neither_numbers_nor_places_tell_who_belongs_together(larger):
    told = duckdb.sql(f"""
        with r as (select *, row_number() over (partition by left(record_id, 1)) as place
                   from (select * from '{larger}/truth/records.parquet'))
        select a.place as p, b.place as q, substr(a.record_id, 2)::int as i, substr(b.record_id, 2)::int as j
        from r a join r b using (person_id) where a.record_id < b.record_id""").df()
    limit = 4.5 / np.sqrt(len(told))
    assert len(told) > 5000
    assert abs(told["p"].corr(told["q"])) < limit
    assert abs(told["i"].corr(told["j"])) < limit
    assert (told["i"] == told["j"]).mean() < 0.002


def test_neither_numbers_nor_places_tell_the_type(larger):
    truth = pd.read_parquet(larger / "truth/persons.parquet").set_index("customer_id")
    people = pd.read_parquet(larger / "data/customers.parquet").set_index("record_id")
    home = people.index.isin(truth.index)
    place = pd.Series(np.arange(len(people)) / len(people), people.index)[home]
    number = people.index.to_series()[home].str[1:].astype(int) / 6000
    channel, kind = people["channel"][home], truth["type"].reindex(people.index[home])
    for told in (place, number):
        told = told - told.groupby(channel).transform("mean")
        groups = told.groupby(kind)
        assert (groups.mean().abs() < 4.5 * told.std() / np.sqrt(groups.size())).all()


def test_families_do_not_stand_together(larger):
    truth = pd.read_parquet(larger / "truth/persons.parquet")
    same = (truth["household_id"] == truth["household_id"].shift()).mean()
    assert same < 0.002
    assert truth["household_id"].value_counts().between(1, 4).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"customers": 499, "seed": 0}, r"customers must be in \[500, 10000000\]; got 499"),
        ({"customers": 10**8, "seed": 0}, r"customers must be in"),
        ({"customers": 500, "seed": -1}, r"seed must be >= 0; got -1"),
    ],
)
def test_wrong_numbers_are_refused(tmp_path, arguments, sentence):
    with pytest.raises(ParameterError, match=sentence):
        make_company(**arguments, out=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    for out in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ParameterError, match="new or empty folder"):
            make_company(500, seed=0, out=out)
