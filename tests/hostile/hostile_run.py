"""Run the whole corpus among honest work, as whoever calls; write the answers in the order they came, as JSON lines."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from hostile_corpus import CORPUS

from crm_lib.kernels.limits_station import StationLimits
from crm_lib.kernels.station import Work, run_station

LIMITS = StationLimits(
    wall_seconds=2.5, cpu_seconds=20, memory_mb=700, processes=24, file_mb=8, output_kb=16, answer_kb=128, tmp_mb=24
)  # fmt: skip
HONEST_EVERY = 4
HONEST_FROM = 1000


def list_works(facts: dict[str, Any]) -> list[Work]:
    """Return the attacks, numbered by their place, with honest students after every few."""
    honest = {facts["grade_id"]: [f"{facts['answer']} = {facts['honest']}"]}
    works = []
    for n, hostile in enumerate(CORPUS):
        works.append(Work(n, {facts["grade_id"]: hostile.cells(facts)}))
        if n % HONEST_EVERY == 0:
            works.append(Work(HONEST_FROM + n, honest))
    return works


def main() -> None:
    """Read the facts from standard input, run, write the answers."""
    facts = json.load(sys.stdin)
    for answer in run_station(facts["notebook"], submissions=list_works(facts), limits=LIMITS):
        if answer.grade_id == facts["grade_id"]:
            print(json.dumps(asdict(answer)), flush=True)


if __name__ == "__main__":
    main()
