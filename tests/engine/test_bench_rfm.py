"""The benchmark measures what it says, and fails when its goal is missed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def bench(project_root: Path):
    spec = importlib.util.spec_from_file_location("bench_rfm", project_root / "benchmarks" / "bench_rfm.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def make_results(crm_lib: float, duckdb: float, pandas: float) -> dict:
    seconds = {"crm_lib": crm_lib, "duckdb": duckdb, "pandas": pandas}
    return {m: [{"seconds": s, "peak_mb": 1.0, "n_customers": 2}] * 2 for m, s in seconds.items()}


@pytest.mark.parametrize(
    ("seconds", "good"),
    [((1.5, 1.0, 3.0), True), ((1.6, 1.0, 9.0), False), ((1.0, 1.0, 1.9), False)],
)
def test_the_goal_is_both_ratios(bench, seconds, good, capsys):
    assert bench.report(make_results(*seconds)) is good
    assert ("goal met" if good else "goal MISSED") in capsys.readouterr().out


@pytest.mark.parametrize("order_id", ["int", "str"])
def test_every_method_sees_the_same_customers_of_seeded_lines(bench, order_id, tmp_path):
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path in paths:
        bench.make_lines(path, 3_000, order_id=order_id)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    counts = {bench.METHODS[m](str(paths[0])) for m in ("crm_lib", "duckdb", "pandas")}
    assert len(counts) == 1
    assert counts.pop() > 250


def test_a_child_process_reports_time_memory_and_customers(bench, tmp_path):
    bench.make_lines(tmp_path / "a.parquet", 3_000, order_id="int")
    rows = bench.measure(tmp_path / "a.parquet", 1, None)
    assert set(rows) == {"crm_lib", "duckdb", "pandas"}
    assert all(r["seconds"] > 0 and r["peak_mb"] > 20 for rs in rows.values() for r in rs)
