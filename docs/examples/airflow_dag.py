"""The reports of the suite as an Airflow DAG, for companies that schedule with Airflow anyway.

Put this file into the dags folder and set two variables in Airflow's
environment: CRM_HOME, the folder of the suite, and CRM_PROGRAM, the path of
its command ``crm``.  Each task is one call of that command, so Airflow needs
none of the suite's packages.  Without Airflow the file can be imported too;
then ``dag`` is None.
"""

from __future__ import annotations

import datetime as dt
import os
import shlex
from zoneinfo import ZoneInfo

try:  # Airflow 3
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:
    try:  # Airflow 2
        from airflow import DAG
        from airflow.operators.bash import BashOperator
    except ImportError:
        DAG = BashOperator = None

CRM = os.environ.get("CRM_PROGRAM", "crm")
HOME = os.environ.get("CRM_HOME", ".")
ZONE = ZoneInfo("Asia/Shanghai")

# Task -> the command it runs, in the order in which they run.
TASKS: dict[str, list[str]] = {
    "check_machine": [CRM, "doctor"],
    "tour": [CRM, "render", "0_start/1_tour", "--orders", "data/xudong/orders.csv", "--out", "reports"],
    "all_reports": [CRM, "render", "--out", "reports/weekly", "--jobs", "2"],
}


def make_dag() -> object:
    """Build the DAG: the tasks one after the other, on Mondays at seven."""
    with DAG(
        dag_id="crm_reports",
        schedule="0 7 * * mon",
        start_date=dt.datetime(2026, 1, 5, tzinfo=ZONE),
        catchup=False,  # a missed run is not made up: the data are today's anyway
        max_active_runs=1,  # crm render waits for another one in the same folder; no need to make it
        default_args={"retries": 2, "retry_delay": dt.timedelta(minutes=5)},
    ) as made:
        before = None
        for name, command in TASKS.items():
            task = BashOperator(task_id=name, bash_command=shlex.join(command), cwd=HOME)
            if before is not None:
                before >> task
            before = task
    return made


dag = make_dag() if DAG is not None else None
