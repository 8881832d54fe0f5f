"""Table contracts: which columns a table has, and by which headers they are found.

Each table is a TOML file in ``schema/tables``; :func:`load_schema` reads one,
:mod:`crm_lib.schema.match` maps the headers of a real file to its columns.
"""

from crm_lib.schema.match import HeaderMatch, match_headers
from crm_lib.schema.reader import Column, Table, list_schemas, load_schema

__all__ = ["Column", "HeaderMatch", "Table", "list_schemas", "load_schema", "match_headers"]
