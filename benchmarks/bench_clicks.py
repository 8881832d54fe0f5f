"""Time build_sessions and measure_funnel on 10^7 click events against plain pandas.

Every method runs in a process of its own, in turn, several times over the same Parquet file; the
clock starts after the file is read.  Of each method the least disturbed (fastest) round counts.

    python -m benchmarks.bench_clicks --events 10000000 --rounds 3
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

STEPS = ["home", "list", "product", "cart", "pay"]
LEAST_OF_PANDAS = 1.0


def make_events(path: Path, n_events: int, seed: int = 0) -> None:
    """Write seeded events in order of time: ten a visitor over eight weeks, three a session, no session ids."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    n_sessions = max(n_events // 3, 1)
    visitor = rng.integers(0, max(n_events // 10, 1), n_sessions)
    begin = rng.integers(0, 56 * 86_400, n_sessions)
    session = rng.integers(0, n_sessions, n_events)
    second = begin[session] + rng.integers(0, 1200, n_events)
    order = np.argsort(second, kind="stable")
    session, second = session[order], second[order]
    known = rng.random(n_sessions) < 0.5
    names = pa.array(np.char.add("V", (visitor + 10_000_000).astype("U8")))
    customers = pa.array(np.char.add("C", (visitor + 10_000_000).astype("U8")), mask=~known)
    table = {
        "visitor_id": names.take(pa.array(session)),
        "customer_id": customers.take(pa.array(session)),
        "occurred_at": np.datetime64("2024-01-01", "us") + second.astype("timedelta64[s]"),
        "event": pa.array(STEPS).take(pa.array(rng.choice(5, n_events, p=[0.4, 0.3, 0.2, 0.06, 0.04]))),
        "device": pa.array(["mobile", "desktop", "tablet"]).take(pa.array((visitor % 3)[session])),
    }
    pq.write_table(pa.table(table), path)


def run_crm_lib(clicks) -> tuple[int, list[int]]:
    from crm_lib.identify import build_sessions, measure_funnel

    sessions = build_sessions(clicks)
    return sessions.attrs["n_sessions"], measure_funnel(sessions, STEPS, bots=True)["n_reached"].tolist()


def run_pandas(clicks) -> tuple[int, list[int]]:
    import pandas as pd

    sessions = clicks.sort_values(["visitor_id", "occurred_at"], kind="stable", ignore_index=True)
    pause = sessions.groupby("visitor_id")["occurred_at"].diff()
    sessions["session_no"] = (pause.isna() | (pause > pd.Timedelta(minutes=30))).cumsum()
    sessions["step"] = sessions.groupby("session_no").cumcount() + 1
    sessions["dwell_seconds"] = sessions.groupby("session_no")["occurred_at"].diff(-1).dt.total_seconds() * -1
    reached, after = [], pd.Series(0, index=sessions["session_no"].unique())
    for name in STEPS:
        hits = sessions.loc[sessions["event"] == name, ["session_no", "step"]]
        hits = hits[hits["step"] > hits["session_no"].map(after)]
        after = hits.groupby("session_no")["step"].min()
        reached.append(len(after))
    return int(sessions["session_no"].iloc[-1]), reached


METHODS = {"crm_lib": run_crm_lib, "pandas": run_pandas}


def run_child(method: str, path: str) -> None:
    """Run one method once and print what it took, as JSON."""
    import resource

    import pandas as pd

    import crm_lib.identify  # noqa: F401

    clicks = pd.read_parquet(path)
    start = time.perf_counter()
    n_sessions, reached = METHODS[method](clicks)
    seconds = time.perf_counter() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb, "n_sessions": n_sessions, "reached": reached}))


def report(results: dict[str, list[dict]]) -> bool:
    """Print the table and the ratio; tell whether the goal is met and both say the same."""
    best = {m: min(r["seconds"] for r in rows) for m, rows in results.items()}
    print(f"{'method':10}{'best s':>9}{'all s':>24}{'peak MB':>10}{'sessions':>12}")
    for method, rows in results.items():
        every = " ".join(f"{r['seconds']:.1f}" for r in rows)
        peak = max(r["peak_mb"] for r in rows)
        print(f"{method:10}{best[method]:9.2f}{every:>24}{peak:10.0f}{rows[0]['n_sessions']:12,}")
    same = len({(r["n_sessions"], *r["reached"]) for rows in results.values() for r in rows}) == 1
    ratio = best["pandas"] / best["crm_lib"]
    print(f"time of pandas / crm_lib  {ratio:5.2f}  (goal: at least {LEAST_OF_PANDAS})")
    print("same sessions and funnel" if same else "sessions or funnel DIFFER")
    good = same and ratio >= LEAST_OF_PANDAS
    print("goal met" if good else "goal MISSED")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000, help="events (default 10,000,000)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each method (default 3)")
    parser.add_argument("--child", nargs=2, metavar=("METHOD", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(*options.child)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clicks.parquet"
        # in a child too: the peak memory of a parent is handed down to its children's count
        maker = multiprocessing.get_context("spawn").Process(target=make_events, args=(path, options.events))
        maker.start()
        maker.join()
        print(f"{options.events:,} events, {path.stat().st_size / 1e6:.0f} MB")
        results: dict[str, list[dict]] = {m: [] for m in METHODS}
        for _ in range(options.rounds):
            for method, found in results.items():
                command = [sys.executable, __file__, "--child", method, str(path)]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
                found.append(json.loads(done.stdout))
        return 0 if report(results) else 1


if __name__ == "__main__":
    sys.exit(main())
