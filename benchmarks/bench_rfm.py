"""Time summarize_rfm against a bare DuckDB query and plain pandas.

Every method runs in a process of its own, in turn, several times over the same Parquet file; the
clock starts after the imports.  Of each method the least disturbed (fastest) round counts.

    python -m benchmarks.bench_rfm --lines 10000000 --rounds 3
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AS_OF = "2025-12-31"
MOST_OF_BARE = 1.5
LEAST_OF_PANDAS = 2.0
BARE = (
    "SELECT customer_id, max(ordered_at) AS last, count(DISTINCT order_id) AS n_orders, "
    "sum(amount) AS revenue FROM '{path}' GROUP BY customer_id"
)


def make_lines(path: Path, n_lines: int, *, order_id: str, seed: int = 0) -> None:
    """Write seeded order lines: ten a customer, two and a half an order, in order of time, 3 % returns."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    n_customers, n_orders = max(n_lines // 10, 1), max(n_lines * 2 // 5, 1)
    customer = rng.integers(0, n_customers, n_orders)
    second = np.sort(rng.integers(0, 730 * 86_400, n_orders))
    order = np.sort(rng.integers(0, n_orders, n_lines))
    amount = np.round(rng.gamma(2.0, 50.0, n_lines), 2)
    amount[rng.random(n_lines) < 0.03] *= -1
    numbers = order + 100_000_000
    texts = np.char.add("SO", numbers.astype("U9")) if order_id == "str" else numbers
    table = {
        "customer_id": pa.array(np.char.add("C", (customer + 1_000_000).astype("U7"))[order]),
        "order_id": pa.array(texts),
        "ordered_at": np.datetime64("2024-01-01", "us") + second[order].astype("timedelta64[s]"),
        "amount": amount,
    }
    pq.write_table(pa.table(table), path)


def run_crm_lib(path: str) -> int:
    from crm_lib.differentiate import summarize_rfm

    return len(summarize_rfm(path, as_of=AS_OF))


def run_duckdb(path: str) -> int:
    import duckdb

    return len(duckdb.connect().sql(BARE.format(path=path.replace("'", "''"))).df())


def run_pandas(path: str) -> int:
    import pandas as pd

    groups = pd.read_parquet(path).groupby("customer_id")
    columns = {
        "last": ("ordered_at", "max"),
        "n_orders": ("order_id", "nunique"),
        "revenue": ("amount", "sum"),
    }
    return len(groups.agg(**columns))


def run_lifetimes(path: str) -> int:
    import pandas as pd
    from lifetimes.utils import summary_data_from_transaction_data

    lines = pd.read_parquet(path)
    return len(
        summary_data_from_transaction_data(
            lines, "customer_id", "ordered_at", "amount", observation_period_end=AS_OF
        )
    )


METHODS = {"crm_lib": run_crm_lib, "duckdb": run_duckdb, "pandas": run_pandas, "lifetimes": run_lifetimes}
IMPORTS = {
    "crm_lib": ("crm_lib.engine", "crm_lib.differentiate", "narwhals", "duckdb", "pandas", "pyarrow.compute"),
    "duckdb": ("duckdb", "pandas", "pyarrow"),
    "pandas": ("pandas", "pyarrow.parquet"),
    "lifetimes": ("pandas", "pyarrow.parquet", "lifetimes.utils"),
}


def run_child(method: str, path: str) -> None:
    """Run one method once and print what it took, as JSON."""
    import importlib
    import resource

    for module in IMPORTS[method]:
        importlib.import_module(module)
    start = time.perf_counter()
    n_customers = METHODS[method](path)
    seconds = time.perf_counter() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "n_customers": n_customers}))


def measure(path: Path, rounds: int, peers: str | None) -> dict[str, list[dict]]:
    """Run every method in turn, `rounds` times, each in a fresh process; peers by their own Python."""
    results: dict[str, list[dict]] = {m: [] for m in METHODS if peers or m != "lifetimes"}
    for _ in range(rounds):
        for method, found in results.items():
            python = peers if method == "lifetimes" else sys.executable
            command = [python, __file__, "--child", method, str(path)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
            found.append(json.loads(done.stdout))
    return results


def report(results: dict[str, list[dict]]) -> bool:
    """Print the table and both ratios; tell whether the goal is met."""
    best = {m: min(r["seconds"] for r in rows) for m, rows in results.items()}
    print(f"{'method':10}{'best s':>9}{'all s':>30}{'peak MB':>10}{'customers':>12}")
    for method, rows in results.items():
        every = " ".join(f"{r['seconds']:.2f}" for r in rows)
        peak = max(r["peak_mb"] for r in rows)
        print(f"{method:10}{best[method]:9.2f}{every:>30}{peak:10.0f}{rows[0]['n_customers']:12,}")
    to_bare, to_pandas = best["crm_lib"] / best["duckdb"], best["pandas"] / best["crm_lib"]
    good = to_bare <= MOST_OF_BARE and to_pandas >= LEAST_OF_PANDAS
    print(f"time of crm_lib / bare DuckDB  {to_bare:5.2f}  (goal: at most {MOST_OF_BARE})")
    print(f"time of pandas / crm_lib       {to_pandas:5.2f}  (goal: at least {LEAST_OF_PANDAS})")
    print("goal met" if good else "goal MISSED")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", type=int, default=10_000_000, help="order lines (default 10,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each method (default 3)")
    parser.add_argument("--order-id", choices=("int", "str"), default="int", help="type of order_id")
    parser.add_argument("--peers", metavar="PYTHON", help="also time lifetimes, with this interpreter")
    parser.add_argument("--child", nargs=2, metavar=("METHOD", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(*options.child)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        # In a child too: the peak memory of a parent is handed down to its children's count.
        maker = multiprocessing.get_context("spawn").Process(
            target=make_lines, args=(path, options.lines), kwargs={"order_id": options.order_id}
        )
        maker.start()
        maker.join()
        print(
            f"{options.lines:,} order lines, order_id {options.order_id}, {path.stat().st_size / 1e6:.0f} MB"
        )
        return 0 if report(measure(path, options.rounds, options.peers)) else 1


if __name__ == "__main__":
    sys.exit(main())
