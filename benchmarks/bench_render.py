"""Time `crm render` against the papermill and nbconvert commands, called one after the other.

The notebooks are made from a seed: the usual imports, about a second of real work in the cells, one
figure, a text of their own.  All is measured in one run on the same machine; every command is a process
of its own, its start included.

    python -m benchmarks.bench_render
    python -m benchmarks.bench_render --suite --sets 200
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LEAST_RATIO, LEAST_EFFICIENCY, MOST_COST, MOST_SET = 6.0, 0.6, 0.6, 0.5
CELLS = {
    "imports": "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\nimport seaborn as sns\n"
    "from sklearn.cluster import KMeans\nfrom sklearn.ensemble import RandomForestRegressor\n"
    "from sklearn.metrics import silhouette_score\nfrom crm_lib.lesson import export, finding, parameters",
    "data": "rng = np.random.default_rng(seed)\nlines = pd.DataFrame({\n"
    "    'customer': rng.integers(0, 20_000, 820_000), 'day': rng.integers(0, 730, 820_000),\n"
    "    'amount': rng.gamma(2.0, 50.0, 820_000).round(2)})",
    "customers": "customers = lines.groupby('customer').agg(\n    recency=('day', 'max'), orders=('day', 'nunique'),\n"
    "    revenue=('amount', 'sum'), middle=('amount', 'median'))\ncustomers.describe().round(1)",
    "clusters": "features = (customers - customers.mean()) / customers.std()\nsample = features.iloc[:2_000]\n"
    "scores = {k: silhouette_score(sample, KMeans(k, n_init=2, random_state=0).fit_predict(sample))\n"
    "          for k in range(2, 8)}\npd.Series(scores).round(3)",
    "model": "forest = RandomForestRegressor(16, max_depth=8, random_state=0)\n"
    "forest.fit(features[['recency', 'orders', 'middle']], features['revenue'])\n"
    "round(forest.score(features[['recency', 'orders', 'middle']], features['revenue']), 3)",
    "figure": "figure, axes = plt.subplots()\nsns.scatterplot(customers.iloc[:2_000], x='orders', y='revenue', ax=axes)\n"
    "axes.set_title('orders and revenue');",
}
SMALL = {"imports": "import pandas as pd\nfrom crm_lib.lesson import export, finding, parameters"}
CHILD = """
import json, sys, time
from pathlib import Path
from crm_lib.publish.plan import Job
from crm_lib.publish.run import run_jobs
out, n_sets, n_jobs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
if __name__ == "__main__":
    jobs = [Job("0_small/1_set", out, {"seed": i}, key=f"set-{i:03}") for i in range(n_sets)]
    print(sum(e["status"] == "ok" for e in run_jobs(jobs, n_jobs=n_jobs)))
"""


def make_notebook(path: Path, notebook_id: str, cells: dict[str, str], seed: int) -> None:
    """Write one notebook of the suite's shape, with words that no other has."""
    from nbformat import write
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    words = "".join(chr(0x4E00 + (seed * 97 + i * 31) % 6000) for i in range(60))
    made = [
        new_markdown_cell(f"# 第{seed}号报告\n\n客户的订单说明什么？"),
        new_code_cell(cells["imports"], metadata={"tags": ["hide-input"]}),
        new_code_cell(f"seed: int = {seed}  # 随机数的种子 [0, 999]", metadata={"tags": ["parameters"]}),
        new_code_cell(f'parameters("{notebook_id}")', metadata={"tags": ["hide-input"]}),
    ]
    for name, source in cells.items():
        if name != "imports":
            made += [new_markdown_cell(f"## {name}\n\n{words}"), new_code_cell(source)]
    made += [
        new_code_cell("finding(f'种子是 {seed}')", metadata={"tags": ["finding"]}),
        new_markdown_cell("## 导出"),
        new_code_cell(
            "export({'t': pd.DataFrame({'seed': [seed]})}, {'seed': seed})", metadata={"tags": ["export"]}
        ),
    ]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.parent.mkdir(parents=True, exist_ok=True)
    write(new_notebook(cells=made, metadata={"kernelspec": spec}), path)


def make_project(root: Path, n: int) -> list[str]:
    """Make a project of `n` notebooks, and one small one for the parameter sets."""
    (root / "data").mkdir()
    ids = [f"1_bench/{i}_report" for i in range(1, n + 1)]
    for i, notebook_id in enumerate(ids):
        make_notebook(root / "notebooks" / f"{notebook_id}.ipynb", notebook_id, CELLS, i)
    make_notebook(root / "notebooks/0_small/1_set.ipynb", "0_small/1_set", SMALL, 0)
    return ids


def call(command: list[str], cwd: Path, **env: str) -> float:
    """Return the seconds a command takes; one that fails ends the benchmark."""
    start = time.perf_counter()
    asked = subprocess.run(
        command, cwd=cwd, env=os.environ | env, capture_output=True, text=True, encoding="utf-8"
    )
    if asked.returncode:
        sys.exit(f"failed: {' '.join(command)}\n{asked.stdout[-2000:]}{asked.stderr[-2000:]}")
    return time.perf_counter() - start


def time_commands(root: Path, ids: list[str]) -> float:
    """Call papermill, then nbconvert, for one notebook after the other; return the seconds."""
    bin_folder = Path(sys.executable).parent
    out = root / "commands"
    out.mkdir(exist_ok=True)
    seconds = 0.0
    for notebook_id in ids:
        source, made = (
            root / "notebooks" / f"{notebook_id}.ipynb",
            out / f"{notebook_id.replace('/', '-')}.ipynb",
        )
        env = {"CRM_HOME": str(root), "CRM_OUTPUT_DIR": str(out)}
        seconds += call([str(bin_folder / "papermill"), str(source), str(made)], root, **env)
        seconds += call([str(bin_folder / "jupyter"), "nbconvert", "--to", "html", str(made)], root, **env)
    return seconds


def time_render(root: Path, ids: list[str], n_jobs: int, home: Path) -> tuple[float, float]:
    """Render with our command; return its seconds and those inside cells."""
    times = root / "times.jsonl"
    times.unlink(missing_ok=True)
    command = [sys.executable, "-m", "crm_lib.cli", "render", *ids, "--out", str(root / "out"), "--force"]
    wall = call([*command, "--jobs", str(n_jobs)], root, CRM_HOME=str(home), CRM_TIMES=str(times))
    return wall, _sum_cells(times)


def _sum_cells(times: Path) -> float:
    rows = [json.loads(line) for line in times.read_text(encoding="utf-8").splitlines()]
    return sum(sum(row["seconds"]) for row in rows)


def time_sets(root: Path, n_sets: int, n_jobs: int) -> float:
    """Render one small notebook with `n_sets` parameter sets; return the seconds for each."""
    script = root / "sets.py"
    script.write_text(CHILD, encoding="utf-8")
    command = [sys.executable, str(script), str(root / "sets"), str(n_sets), str(n_jobs)]
    return call(command, root, CRM_HOME=str(root)) / n_sets


def report_render(name: str, n: int, n_jobs: int, wall: float, cells: float, commands: float) -> bool:
    """Print the figures of one set of notebooks; tell whether the goals are met."""
    efficiency = cells / (n_jobs * wall)
    cost = (n_jobs * wall - cells) / n
    print(f"{name}: {n} notebooks, {n_jobs} workers, {wall:.1f} s; inside cells {cells / n:.2f} s each")
    print(
        f"  efficiency, cells / (workers x wall)     {efficiency:5.2f}  (goal: at least {LEAST_EFFICIENCY})"
    )
    print(f"  cost of a notebook outside its cells, s  {cost:5.2f}  (goal: at most {MOST_COST})")
    good = efficiency >= LEAST_EFFICIENCY and cost <= MOST_COST
    if commands:
        print(
            f"  papermill + nbconvert {commands:.1f} s, ratio    {commands / wall:5.1f}  (goal: at least {LEAST_RATIO})"
        )
        good = good and commands / wall >= LEAST_RATIO
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--notebooks", type=int, default=20, help="notebooks to make (default 20)")
    parser.add_argument("--jobs", type=int, default=2, help="workers (default 2)")
    parser.add_argument("--sets", type=int, default=0, help="also so many parameter sets of a small notebook")
    parser.add_argument("--suite", action="store_true", help="also the suite's own notebooks")
    parser.add_argument("--no-commands", action="store_true", help="leave papermill and nbconvert out")
    options = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f} before" if hasattr(os, "getloadavg") else ""
    print(f"{os.cpu_count()} cores{load}")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        ids = make_project(root, options.notebooks)
        wall, cells = time_render(root, ids, options.jobs, root)
        commands = 0.0 if options.no_commands else time_commands(root, ids)
        good = report_render("made", len(ids), options.jobs, wall, cells, commands)
        if options.suite:
            from crm_lib._places import list_notebooks, project_root

            mine = list_notebooks()
            wall, cells = time_render(root, mine, options.jobs, project_root())
            report_render("the suite's own (no goal)", len(mine), options.jobs, wall, cells, 0.0)
        if options.sets:
            each = time_sets(root, options.sets, options.jobs)
            print(f"{options.sets} parameter sets: {each:.2f} s each  (goal: at most {MOST_SET})")
            good = good and each <= MOST_SET
    print("goals met" if good else "goals MISSED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
