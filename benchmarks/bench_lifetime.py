"""Time the lifetime models on the summary of 800,000 customers, against lifetimes.

    python -m benchmarks.bench_lifetime
    python -m benchmarks.bench_lifetime --peers build/peers/bin/python

Customers are simulated by the BG/NBD law with CDNOW's parameters (Fader, Hardie and Lee 2005), observed for
1 to 104 weeks in whole days; in the widest case for up to 520 weeks and with r = 2.  What is timed is the fit
from the summary (n_repeat, t_last, t_observed), grouping and standard errors included.  Every fit runs in a
process of its own, in turn, several times; of each the fastest round counts, and the processor's time is
printed beside the wall clock's.  lifetimes is timed once.  Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LEAST_OF_LIFETIMES = 3.0
N_ALL = 800_000
CDNOW = (0.2426, 4.4136, 0.7929, 2.4259)
"""r, alpha (weeks), a, b of BG/NBD."""
SPEND = (6.25, 3.74, 15.44)
"""p, q, gamma (yuan) of gamma-gamma, CDNOW's too."""
WORLDS = {"usual": (CDNOW, 104), "widest": ((2.0, *CDNOW[1:]), 520)}
"""Parameters of BG/NBD, and the longest time observed in weeks."""
METHODS = {
    "bg": ("fit_bg_nbd", "usual"),
    "bg_widest": ("fit_bg_nbd", "widest"),
    "mbg": ("fit_mbg_nbd", "usual"),
    "pareto": ("fit_pareto_nbd", "usual"),
    "gamma_gamma": ("fit_gamma_gamma", "usual"),
    "lifetimes": ("BetaGeoFitter", "usual"),
}
GOALS = {"bg": 2.0, "bg_widest": 4.0}
"""Seconds; the others are printed and not judged."""


def simulate_purchases(parameters, T, random):
    """Return n_repeat and t_last (whole days, in weeks) of customers observed for T weeks, one draw at a time."""
    import numpy as np

    r, alpha, a, b = parameters
    rate, leave = random.gamma(r, 1.0 / alpha, len(T)), random.beta(a, b, len(T))
    x, last, now = np.zeros(len(T), dtype="int64"), np.zeros(len(T)), np.zeros(len(T))
    alive = np.arange(len(T))
    while len(alive):
        now[alive] += random.exponential(1.0, len(alive)) / np.maximum(rate[alive], 1e-300)
        alive = alive[now[alive] <= T[alive]]
        x[alive] += 1
        last[alive] = now[alive]
        alive = alive[random.random(len(alive)) >= leave[alive]]
    return x, np.minimum(np.ceil(last * 7.0) / 7.0, T)


def make_summary(path, parameters, weeks, n, seed=0):
    """Write one row per customer, as summarize_repeat would: n_repeat, t_last, t_observed, mean_repeat_value."""
    import numpy as np
    import pandas as pd

    random = np.random.default_rng(seed)
    T = random.integers(7, 7 * weeks + 1, n) / 7.0
    x, last = simulate_purchases(parameters, T, random)
    p, q, gamma = SPEND
    own = random.gamma(q, 1.0 / gamma, n)
    mean = random.gamma(p * np.maximum(x, 1)) / own / np.maximum(x, 1)
    frame = {
        "customer_id": np.arange(n),
        "n_repeat": x,
        "t_last": last,
        "t_observed": T,
        "mean_repeat_value": np.where(x > 0, np.round(mean, 2), np.nan),
    }
    pd.DataFrame(frame).to_parquet(path)


def fit_crm_lib(method, repeat):
    from crm_lib.differentiate import lifetime

    fit = getattr(lifetime, METHODS[method][0])(repeat).fit
    return {name: round(value, 4) for name, value in zip(fit.names, fit.values, strict=True)}


def fit_lifetimes(repeat):
    from lifetimes import BetaGeoFitter

    model = BetaGeoFitter(penalizer_coef=0.0)
    model.fit(repeat["n_repeat"], repeat["t_last"], repeat["t_observed"])
    return {name: round(float(v), 4) for name, v in model.params_.items()}


def count_groups(method, repeat):
    """Return how many different customers the method sees, those of gamma-gamma by their spend."""
    if method == "gamma_gamma":
        return len(repeat[["n_repeat", "mean_repeat_value"]].dropna().drop_duplicates())
    return len(repeat[["n_repeat", "t_last", "t_observed"]].drop_duplicates())


def run_child(method, path):
    """Fit once and print what it took, as JSON."""
    import pandas as pd

    repeat = pd.read_parquet(path)

    def fit(rows):
        return fit_lifetimes(rows) if method == "lifetimes" else fit_crm_lib(method, rows)

    fit(repeat.sample(min(len(repeat), 2_000), random_state=0))  # imports are not the matter here
    start, busy = time.perf_counter(), time.process_time()
    found = fit(repeat)
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    print(
        json.dumps({"seconds": seconds, "cpu": cpu, "n_groups": count_groups(method, repeat), "found": found})
    )


def measure(paths, methods, rounds, peers):
    """Run every method in turn, `rounds` times, each in a fresh process; lifetimes once, by its own Python."""
    results = {method: [] for method in methods}
    for number in range(rounds):
        for method, rows in results.items():
            if method == "lifetimes" and number:
                continue
            python = peers if method == "lifetimes" else sys.executable
            command = [python, __file__, "--child", method, str(paths[METHODS[method][1]])]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8")
            rows.append(json.loads(done.stdout))
    return results


def report(results, n):
    """Print the table, the goals and the ratio; tell whether all goals are met."""
    print(f"{'method':13}{'best s':>9}{'CPU s':>9}{'groups':>10}  found, of {n:,} customers")
    best = {m: min(r["seconds"] for r in rows) for m, rows in results.items()}
    busy = {m: min(r["cpu"] for r in rows) for m, rows in results.items()}
    for method, rows in results.items():
        found = " ".join(f"{k} {v}" for k, v in rows[0]["found"].items())
        print(f"{method:13}{best[method]:9.2f}{busy[method]:9.2f}{rows[0]['n_groups']:10,}  {found}")
    good = True
    for method, goal in GOALS.items():
        met = best[method] <= goal
        good &= met
        print(f"{method}: {best[method]:.2f} s (goal: at most {goal:.0f} s) {'met' if met else 'MISSED'}")
    if "lifetimes" in best:
        ratio = best["lifetimes"] / best["bg"]
        met = ratio >= LEAST_OF_LIFETIMES
        good &= met
        in_cpu = busy["lifetimes"] / busy["bg"]
        print(
            f"time of lifetimes / crm_lib {ratio:.1f}, in CPU time {in_cpu:.1f} (goal: at least 3) {'met' if met else 'MISSED'}"
        )
    return good


def main():
    parser = argparse.ArgumentParser(description="Time the lifetime models.")
    parser.add_argument("--customers", type=int, default=N_ALL)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", metavar="PYTHON", help="also time lifetimes, with this interpreter")
    parser.add_argument("--child", nargs=2, metavar=("METHOD", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        run_child(*options.child)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.parquet" for name in WORLDS}
        for name, (parameters, weeks) in WORLDS.items():
            make_summary(paths[name], parameters, weeks, options.customers)
        methods = [m for m in METHODS if options.peers or m != "lifetimes"]
        results = measure(paths, methods, options.rounds, options.peers)
    return 0 if report(results, options.customers) else 1


if __name__ == "__main__":
    sys.exit(main())
