"""Where splink is called: random pairs, agreement patterns and scores, on DuckDB or Spark."""

from __future__ import annotations

import itertools
import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra, require_choice
from crm_lib.identify.link_levels import fill_columns, write_comparison
from crm_lib.identify.link_training import Patterns, Shares, learn_shares

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import pandas as pd

    from crm_lib.identify.link_blocking import Pairing
    from crm_lib.identify.link_levels import Comparison
    from crm_lib.identify.link_prepare import Prepared

BACKENDS = ("duckdb", "spark")
_RANDOM_PAIRS = 1_000_000
_TEXT = frozenset(("latin", "digits", "mail_text"))
_QUIET = 100
# a Spark session outlives one linking, and its tables with it
_NUMBERS = itertools.count(1)
# a name that nobody else has is still taken for this part of the mean frequency
_RARE_NAME = 0.5


class Engine:
    """One database with one splink: registers tables, runs SQL, gives frames back."""

    def __init__(self, backend: str) -> None:
        require_choice("link_records", "backend", backend, BACKENDS)
        self.splink = import_extra("splink", extra="link", purpose="link_records")
        self.backend = backend
        if backend == "duckdb":
            import duckdb

            self._con = duckdb.connect()
            self.api = self.splink.DuckDBAPI(self._con)
        else:
            self._session = _start_spark()
            with _hushed():
                self.api = self.splink.SparkAPI(
                    spark_session=self._session,
                    register_udfs_automatically=False,
                    break_lineage_method="persist",
                )

    def register(self, table: Any) -> Any:
        """Register an Arrow table with splink."""
        if self.backend == "spark":
            table = self._session.createDataFrame(table)
        return self.api.register(table, table_name=f"link_{next(_NUMBERS)}")

    def run(self, sql: str) -> Any:
        """Run SQL and return an Arrow table."""
        if self.backend == "spark":
            return self._session.sql(sql).toArrow()
        return self._con.execute(sql).to_arrow_table()

    def store(self, sql: str) -> Any:
        """Run SQL and register its result with splink."""
        name = f"link_{next(_NUMBERS)}"
        if self.backend == "spark":
            return self.api.register(self._session.sql(sql).persist(), table_name=name)
        self._con.execute(f"create table {name}_t as {sql}")
        return self.api.register(self._con.table(f"{name}_t"), table_name=name)

    def drop(self, table: Any) -> None:
        """Forget a table that `store` made."""
        if self.backend == "duckdb":
            self._con.execute(f"drop table if exists {table.physical_name}_t cascade")

    def close(self) -> None:
        """Give the database's memory back; a Spark session stays, for it is the process's own."""
        if self.backend == "duckdb":
            self._con.close()


def _start_spark() -> Any:
    sql = import_extra("pyspark.sql", extra="spark", purpose="link_records(backend='spark')")
    return (
        sql.SparkSession.builder
        .master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .getOrCreate()
    )


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep splink's talk about its own workings from the reader; ours says what matters."""
    loggers = [logging.getLogger(n) for n in ("splink", "splink.internals")]
    before = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(_QUIET)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            for one, level in zip(loggers, before, strict=True):
                one.setLevel(level)


def _open_linker(
    engine: Engine, prepared: Prepared, comparisons: Sequence[Comparison], shares: Shares, share: float
) -> Any:
    """Return a splink linker for these records and learned shares."""
    import pyarrow as pa

    table = prepared.table()
    for name in fill_columns(table.column_names, list(comparisons)):
        kind = pa.string() if name in _TEXT else pa.int64()
        table = table.append_column(name, pa.nulls(len(table), kind))
    settings = {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "comparisons": [write_comparison(one, shares.m[k], shares.u[k]) for k, one in enumerate(comparisons)],
        "blocking_rules_to_generate_predictions": [],
        "probability_two_random_records_match": min(max(share, 1e-15), 0.5),
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": False,
        "linker_uid": "link",
    }
    creator = engine.splink.SettingsCreator.from_path_or_dict(settings)
    return engine.splink.Linker(engine.register(table), creator, log_level=None, validate_settings=False)


def make_pairs(engine: Engine, pairing: Pairing, register: np.ndarray) -> Any:
    """Return the pairs of records that share a key, each pair once, as splink wants them."""
    import numpy as np
    import pyarrow as pa

    n = len(register)
    parts, offset = [(np.zeros(0, dtype="int64"), np.zeros(0, dtype="int64"))], 0
    for key in pairing.keys.values():
        rows = np.flatnonzero(key >= 0)
        parts.append((key[rows] + offset, rows))
        offset += int(key.max(initial=0)) + 1
    twins = pairing.twins  # a key of its own per pair
    parts.append((np.repeat(np.arange(len(twins)) + offset, 2), twins.reshape(-1)))
    joined, rows = (np.concatenate([p[k] for p in parts]) for k in (0, 1))
    fresh = np.ones(n, dtype=bool) if pairing.new is None else pairing.new
    columns = {"k": joined, "id": rows, "register": register[rows], "fresh": fresh[rows]}
    table = engine.register(pa.table(columns)).physical_name
    apart = "and a.register <> b.register" if pairing.across else ""
    some = "" if pairing.new is None else "and (a.fresh or b.fresh)"
    return engine.store(
        "select '0' as match_key, a.id as join_key_l, b.id as join_key_r "
        f"from {table} a join {table} b on a.k = b.k and a.id < b.id {apart} {some} group by a.id, b.id"
    )


def train(
    engine: Engine, prepared: Prepared, comparisons: Sequence[Comparison], pairing: Pairing, *, seed: int
) -> Shares:
    """Learn the shares of all levels from these records."""
    import numpy as np

    before = [[v.m for v in one.levels] for one in comparisons]
    even = [[1.0 / len(one.levels)] * len(one.levels) for one in comparisons]
    with _hushed():
        linker = _open_linker(engine, prepared, comparisons, Shares(before, [], even, 1e-4, 0.0), 1e-4)
        n_random = min(_RANDOM_PAIRS, max(_RANDOM_PAIRS // 5, 100 * len(prepared)))
        sampled = _sample_strangers(linker, comparisons, n_random, seed)
        levels, counts = _count_patterns(
            engine, linker, make_pairs(engine, pairing, prepared.register), comparisons
        )
    total = len(prepared) * (len(prepared) - 1) / 2
    if pairing.across:
        sizes = np.bincount(prepared.register).astype("float64")
        total -= float((sizes * (sizes - 1) / 2).sum())
    known, n_values = _measure_known(prepared, comparisons)
    return learn_shares(comparisons, Patterns(levels, counts, total, known, n_values), sampled)


def _sample_strangers(
    linker: Any, comparisons: Sequence[Comparison], n_random: int, seed: int
) -> list[list[float]]:
    """Return the share of each level among random pairs (splink's sampling by a hash of the record number)."""
    linker.training.estimate_u_using_random_sampling(
        max_pairs=n_random, seed=seed + 1, num_chunks=1, min_count_per_level=None
    )
    out = []
    for one, learned in zip(comparisons, linker._settings_obj.comparisons, strict=True):
        found: dict[str, float] = {}
        for level in learned.comparison_levels:
            for said in level._trained_u_probabilities if not level.is_null_level else ():
                value = said["probability"]
                found[level.label_for_charts] = float(value) if isinstance(value, (int, float)) else 0.0
        out.append([found.get(v.name, 0.0) for v in one.levels])
    return out


def _count_patterns(
    engine: Engine, linker: Any, pairs: Any, comparisons: Sequence[Comparison]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the agreement patterns of `pairs` in a fixed order, and how many pairs have each."""
    scored = _predict(linker, pairs, None)
    names = ", ".join(f"gamma_c_{one.name}" for one in comparisons)
    found = engine.run(
        f"select {names}, count(*) as n from {scored.physical_name} group by {names} order by {names}"
    ).to_pandas()
    scored.drop_table_from_database_and_remove_from_cache()
    engine.drop(pairs)
    return read_levels(found, comparisons), found["n"].to_numpy("float64")


def _predict(linker: Any, pairs: Any, threshold: float | None) -> Any:
    linker.table_management.register_blocked_pairs_for_predict(pairs)
    return linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")


def read_levels(found: pd.DataFrame, comparisons: Sequence[Comparison]) -> np.ndarray:
    """Return splink's numbers of levels (the most alike is the highest) as ours: 0 the most alike, −1 missing."""
    import numpy as np

    columns = []
    for one in comparisons:
        gamma = found[f"gamma_c_{one.name}"].to_numpy("int64")
        columns.append(np.where(gamma < 0, -1, len(one.levels) - 1 - gamma))
    return np.column_stack(columns) if columns else np.zeros((len(found), 0), dtype="int64")


def _measure_known(
    prepared: Prepared, comparisons: Sequence[Comparison]
) -> tuple[list[float], dict[str, int]]:
    """Return per comparison the share of pairs in which both values stand, and how many values there are."""
    import numpy as np

    known, n_values = [], {}
    for one in comparisons:
        column = "year" if one.name == "birth" else one.needs[0]
        values = prepared.columns.get(column)
        if values is None or not len(values):
            known.append(0.0)
            continue
        there = values >= 0
        known.append(float(there.mean()) ** 2)
        n_values[one.name] = len(np.unique(values[there]))
    return known, n_values


def _count_names(
    engine: Engine, linker: Any, prepared: Prepared, comparisons: Sequence[Comparison], shares: Shares
) -> None:
    """Tell splink how frequent each value of a counted comparison is among other persons.

    splink's own table counts the records of the person itself too, which makes every name of a small
    register look common: a name of one person with two records in 1,000 would be one of 500.
    """
    import numpy as np
    import pyarrow as pa

    own = 1.0 + shares.share_same * max(len(prepared) - 1, 0)
    for one, u in zip(comparisons, shares.u, strict=True):
        values = prepared.columns.get(one.counted) if one.counted else None
        if values is None or not (values >= 0).any():
            continue
        counts = np.bincount(values[values >= 0])
        total = float(counts.sum())
        often = np.maximum((counts - own) / total, _RARE_NAME * u[0])
        table = pa.table({one.counted: np.arange(len(counts)), f"tf_{one.counted}": np.minimum(often, 1.0)})
        linker.table_management.register_term_frequency_lookup(engine.register(table), one.counted)


def score(
    engine: Engine,
    prepared: Prepared,
    comparisons: Sequence[Comparison],
    shares: Shares,
    pairing: Pairing,
    *,
    floor: float,
) -> pd.DataFrame:
    """Return the pairs with a probability of at least `floor`: rows, weight, levels."""
    with _hushed():
        linker = _open_linker(engine, prepared, comparisons, shares, shares.share_same)
        _count_names(engine, linker, prepared, comparisons, shares)
        pairs = make_pairs(engine, pairing, prepared.register)
        n_pairs = int(engine.run(f"select count(*) as n from {pairs.physical_name}")["n"][0].as_py())
        scored = _predict(linker, pairs, floor)
        names = ", ".join(f"gamma_c_{one.name}" for one in comparisons)
        found = engine.run(
            f"select unique_id_l, unique_id_r, match_weight, {names} from {scored.physical_name} "
            "order by unique_id_l, unique_id_r"
        ).to_pandas()
    found.attrs["n_pairs"] = n_pairs
    return found
