"""The contracts themselves: every name means one column."""

from __future__ import annotations

from collections import defaultdict

import pytest

from crm_lib.schema import list_schemas, load_schema
from crm_lib.schema.match import index_names, match_headers
from crm_lib.schema.names import fold_name


def test_the_tables_of_the_first_lessons_are_there():
    assert {"orders", "customers", "products"} <= set(list_schemas())


@pytest.mark.parametrize("name", list_schemas())
def test_no_name_belongs_to_two_columns(name):
    owners = defaultdict(set)
    for column in load_schema(name).columns:
        for text in (column.name, column.title, *column.aliases, *column.weak_aliases):
            owners[fold_name(text)].add(column.name)
    assert {k: v for k, v in owners.items() if len(v) > 1 or not k} == {}


@pytest.mark.parametrize("name", list_schemas())
def test_no_alias_is_written_twice(name):
    for column in load_schema(name).columns:
        names = [fold_name(t) for t in (column.name, *column.aliases, *column.weak_aliases)]
        assert sorted(set(names)) == sorted(names), column.name


@pytest.mark.parametrize("name", list_schemas())
def test_every_name_alone_finds_its_column(name):
    table = load_schema(name)
    for column in table.columns:
        for text in (column.name, column.title, *column.aliases, *column.weak_aliases):
            found = match_headers([text], table, strict=False)
            assert found.mapping == {column.name: text}, text


@pytest.mark.parametrize("name", list_schemas())
def test_needs_name_columns_of_the_table(name):
    table = load_schema(name)
    assert table.needs
    assert {c for need in table.needs for alt in need for c in alt} <= set(table.names)
    assert all(c.required == any((c.name,) in need and len(need) == 1 for need in table.needs)
               for c in table.columns if name == "orders")  # fmt: skip


@pytest.mark.parametrize("name", list_schemas())
def test_index_holds_every_name(name):
    table = load_schema(name)
    assert {v[0] for v in index_names(table).values()} == set(table.names)
    assert all(c.meaning and c.title for c in table.columns)
    assert all(c.unit for c in table.columns if c.type == "money")
