"""Order lines through DuckDB: paths, Arrow tables, pandas frames and relations."""

from __future__ import annotations

import glob
import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import closest_first, list_words
from crm_lib.engine.headers import LineColumns
from crm_lib.engine.rules import DAY_RULE, ISO_DAY, MONEY, NUMBER, refuse_type, require_zone
from crm_lib.errors import ReadError

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

PARQUET = (".parquet", ".pq")
CSV = (".csv", ".csv.gz")
CSV_OPTIONS = {
    "header": True,
    # Ids keep their leading zeros, and no line is taken for a comment or skipped as a title.
    "all_varchar": True,
    "comment": "",
    "skiprows": 0,
    "quotechar": '"',
    "escapechar": '"',
    "ignore_errors": False,
    "null_padding": False,
}
FLOATS = ("FLOAT", "DOUBLE")


def _connect() -> duckdb.DuckDBPyConnection:
    """Open a private in-memory database: no setting of the caller's reaches it."""
    import duckdb

    return duckdb.connect(":memory:", config={"preserve_insertion_order": False})


def open_path(path: str | Path, *, where: str) -> duckdb.DuckDBPyRelation:
    """Open the Parquet or CSV file(s) at `path` (a glob is allowed) without loading them."""
    import duckdb

    text = str(path)
    kind = next((k for k in (PARQUET, CSV) if text.lower().endswith(k)), None)
    if kind is None:
        raise ReadError(
            f"{where}: a path must end in {list_words((*PARQUET, *CSV))}; got {text!r}. "
            "Read other files with read_table and clean_table, and pass their rows."
        )
    many = _list_files(Path(text), kind, where=where)
    files = [glob.escape(f) for f in many]
    try:
        if kind is PARQUET:
            return _connect().read_parquet(files, union_by_name=len(many) > 1)
        options = {"sep": _find_separator(many[0]), "union_by_name": len(many) > 1, **CSV_OPTIONS}
        return _connect().read_csv(files, **options)
    except (duckdb.Error, OSError) as error:
        reason = str(error).strip().splitlines()[0][:300]
        raise ReadError(
            f"{where}: {text!r} cannot be read ({reason}). Read it with read_table, which knows more "
            "encodings and layouts, then run clean_table."
        ) from None


def _list_files(path: Path, kind: tuple[str, ...], *, where: str) -> list[str]:
    """List what `path` stands for, sorted: a file, a folder of parts (as Spark writes), a glob."""
    if path.is_file():
        return [str(path)]
    if path.is_dir():
        files = sorted(str(p) for p in path.rglob("*") if p.name.lower().endswith(kind))
    else:
        files = sorted(f for f in glob.glob(str(path), recursive=True) if Path(f).is_file())
    if not files:
        near = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
        hint = f"; the folder has {list_words(closest_first(path.name, near), most=5)}" if near else ""
        raise ReadError(f"{where}: no file at {str(path)!r}{hint}. Check the path.")
    return files


def _find_separator(file: str) -> str:
    """Take the separator from the header: a guess from the lines takes a ragged file for one column."""
    opener = gzip.open if file.lower().endswith(".gz") else open
    with opener(file, "rt", encoding="utf-8", errors="replace") as lines:
        header = lines.readline(100_000)
    return max(",;\t|", key=header.count)


def open_arrow(table: pa.Table) -> duckdb.DuckDBPyRelation:
    """Show an Arrow table to DuckDB without copying it."""
    import pyarrow as pa

    for i, f in enumerate(table.schema):
        if pa.types.is_null(f.type):
            table = table.set_column(i, f.name, table.column(i).cast(pa.string()))
        elif pa.types.is_dictionary(f.type):
            table = table.set_column(i, f.name, table.column(i).cast(f.type.value_type))
    return _connect().from_arrow(table)


def open_pandas(frame: pd.DataFrame, columns: LineColumns) -> duckdb.DuckDBPyRelation:
    """Show the used columns of a pandas frame to DuckDB, as Arrow."""
    import pyarrow as pa

    place = {str(h): i for i, h in enumerate(frame.columns)}
    headers = [columns.headers[c] for c in columns.used]
    return open_arrow(pa.table({h: _to_arrow(frame.iloc[:, place[h]]) for h in headers}))


def _to_arrow(values: pd.Series) -> pa.Array:
    """Convert a column; one of mixed types goes over text, whole numbers without '.0'."""
    import pandas as pd
    import pyarrow as pa

    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    try:
        return pa.Array.from_pandas(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        texts = [None if pd.isna(v) else _text_of(v) for v in values]
        return pa.array(texts, pa.large_string())


def _text_of(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def prepare_duck(
    relation: duckdb.DuckDBPyRelation, columns: LineColumns, *, where: str, time_zone: str | None
) -> duckdb.DuckDBPyRelation:
    """Project `relation` to customer_id, order_id, day, amount and the raw texts for messages."""
    types = {n: str(t).upper() for n, t in zip(relation.columns, relation.types, strict=True)}
    kind = {c: types[columns.headers[c]] for c in columns.used}
    name = {c: '"' + columns.headers[c].replace('"', '""') + '"' for c in columns.used}
    number = {c: _number(c, name[c], kind[c], columns, where) for c in columns.used if c in MONEY}
    keys = {c: _key(name[c], kind[c]) for c in ("customer_id", "order_id") if c in name}
    parts = keys | {
        "day": _day(name["ordered_at"], kind["ordered_at"], where, time_zone),
        "amount": _combine(number),
        "raw_day": f"{name['ordered_at']}::VARCHAR",
        "raw_amount": f"{name['amount' if 'amount' in name else 'unit_price']}::VARCHAR",
    }
    return relation.project(", ".join(f"{sql} AS {alias}" for alias, sql in parts.items()))


def _combine(number: dict[str, str]) -> str:
    """Word `rules.combine_amount` in SQL: the order of the products is the same."""
    if "amount" in number:
        return number["amount"]
    amount = f"{number['quantity']} * {number['unit_price']}"
    return f"({amount}) * (1 - coalesce({number['discount']}, 0))" if "discount" in number else amount


def _key(name: str, kind: str) -> str:
    if kind in FLOATS:
        return f"CASE WHEN isnan({name}) THEN NULL ELSE {name}::DOUBLE + 0.0 END"
    if kind == "BLOB":
        return f"decode({name})"
    # A collation set on the caller's connection would merge 'a' with 'A'; one by bytes does not.
    return name if _is_integer(kind) or kind.startswith("DECIMAL") else f'({name}::VARCHAR COLLATE "binary")'


def _is_integer(kind: str) -> bool:
    return kind.endswith("INT") or kind.endswith("INTEGER")


def _day(name: str, kind: str, where: str, time_zone: str | None) -> str:
    if kind == "VARCHAR":
        return f"CASE WHEN regexp_matches({name}, '{ISO_DAY}') THEN try_cast(left({name}, 10) AS DATE) END"
    if kind.startswith("TIMESTAMP") and ("ZONE" in kind or "TZ" in kind):
        return f"timezone('{require_zone(where, time_zone)}', {name}::TIMESTAMPTZ)::DATE"
    if kind == "DATE" or kind.startswith("TIMESTAMP"):
        return f"{name}::DATE"
    raise refuse_type(where, "ordered_at", DAY_RULE, kind)


def _number(column: str, name: str, kind: str, columns: LineColumns, where: str) -> str:
    if kind == "VARCHAR":
        value = f"CASE WHEN regexp_matches({name}, '{NUMBER}') THEN try_cast({name} AS DOUBLE) END"
    elif _is_integer(kind) or kind in FLOATS or kind.startswith("DECIMAL"):
        value = f"{name}::DOUBLE"
    else:
        raise refuse_type(where, column, "numbers", kind)
    factor = columns.factors.get(column, 1.0)
    return value if factor == 1 else f"({value} * {factor!r}::DOUBLE)"
