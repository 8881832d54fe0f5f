"""Time the choice of the number of clusters for a million customers, and hold it to the full computation.

    python -m benchmarks.bench_clusters
    python -m benchmarks.bench_clusters --customers 100000 --rounds 1

Five planted types of customers, three features.  Compared: ``sweep_k`` for k = 2…10 on all of them (starts
tried on a sample, costly indices on samples), and the same on 20,000 of them with ten full starts and the
silhouette in full.  Exit code 1 when the goal is missed: at most 15 s for a million on two cores, and the same k.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

GOAL_SECONDS = 15.0
N_FULL = 20_000


def make_features(n, seed=0):
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    centers = np.array([[0, 0, 0], [6, 0, 1], [0, 7, 2], [5, 6, -5], [-6, -4, 3]], float)
    spread = np.array([1.0, 0.7, 1.2, 0.8, 0.9])
    kinds = rng.choice(5, n, p=[0.35, 0.25, 0.2, 0.12, 0.08])
    points = centers[kinds] + rng.normal(size=(n, 3)) * spread[kinds][:, None]
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    frame = pd.DataFrame(points, columns=["recency_days", "n_orders", "revenue"])
    frame.insert(0, "customer_id", np.arange(n))
    return frame


def run_method(method, n):
    from crm_lib.portray import sweep, sweep_k

    features = make_features(n)
    sweep_k(features.head(200), k=[2, 3], random_state=0)  # imports are not the matter here
    if method == "full":
        features = features.sample(min(N_FULL, n), random_state=0)
        sweep.N_SILHOUETTE = len(features)
    start = time.perf_counter()
    found = sweep_k(features, k=range(2, 11), random_state=0)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "k": found.attrs["recommended_k"], "n": len(features)}


def time_method(method, n):
    command = [sys.executable, "-m", "benchmarks.bench_clusters", "--method", method, "--customers", str(n)]
    asked = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    return json.loads(asked.stdout)


def main():
    parser = argparse.ArgumentParser(description="Time the choice of the number of clusters.")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--method", choices=["sweep", "full"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.method:
        print(json.dumps(run_method(given.method, given.customers)))
        return 0
    rounds = [time_method("sweep", given.customers) for _ in range(given.rounds)]
    best = min(rounds, key=lambda r: r["seconds"])
    full = time_method("full", given.customers)
    print(f"sweep_k, k = 2…10: {best['n']:,} customers × 3 features {best['seconds']:.1f} s, k = {best['k']}")
    print(
        f"in full on a sample: {full['n']:,} customers {full['seconds']:.1f} s, k = {full['k']} (planted: 5)"
    )
    goal = best["seconds"] <= GOAL_SECONDS and best["k"] == full["k"]
    print(f"goal (at most {GOAL_SECONDS:.0f} s, same k): {'met' if goal else 'missed'}")
    return 0 if goal else 1


if __name__ == "__main__":
    sys.exit(main())
