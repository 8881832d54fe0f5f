"""The examples hold what they promise: the schedule is faultless, the DAG builds, the workflow's commands exist."""

import importlib.util
import re
import shlex
import sys
import types
from zoneinfo import ZoneInfo

import pytest
import yaml
from test_readme import find_crm_fault, find_make_fault

from crm_lib.publish.schedule.cron import read_cron
from crm_lib.publish.schedule.file import read_schedule


@pytest.fixture
def examples(project_root):
    return project_root / "docs" / "examples"


def test_the_schedule_has_no_fault_at_the_top_of_the_suite(examples, project_root, tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_HOME", str(project_root))
    text = (examples / "schedule.yaml").read_text(encoding="utf-8")
    (tmp_path / "schedule.yaml").write_text(text, encoding="utf-8")
    daily, weekly = read_schedule(tmp_path / "schedule.yaml").jobs
    (report,) = daily.plan()
    # what it names is there, at the top of the suite
    assert (project_root / report.parameters["orders"]).is_file()
    assert all(list(project_root.glob(one.pattern)) for one in daily.inputs)
    assert len(weekly.plan()) == len(list((project_root / "notebooks").glob("[0-9]*_*/[0-9]*_*.ipynb")))
    commands = re.findall(r"^#   crm (\S.*?)(?:   .*)?$", text, flags=re.MULTILINE)
    assert len(commands) == 4
    assert [fault for command in commands if (fault := find_crm_fault(shlex.split(command)))] == []


def load_dag(examples):
    spec = importlib.util.spec_from_file_location("airflow_dag_example", examples / "airflow_dag.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dag_imports_without_airflow_and_its_commands_exist(examples, project_root, monkeypatch):
    monkeypatch.setitem(sys.modules, "airflow", None)
    module = load_dag(examples)
    assert module.dag is None
    assert list(module.TASKS) == ["check_machine", "tour", "all_reports"]
    for program, *words in module.TASKS.values():
        assert program == "crm"
        assert find_crm_fault(words) is None
    assert (project_root / module.TASKS["tour"][4]).is_file()


class Dag:
    """What of Airflow's DAG the example uses."""

    open = None

    def __init__(self, **options):
        self.options, self.tasks, self.order = options, [], []

    def __enter__(self):
        Dag.open = self
        return self

    def __exit__(self, *_):
        Dag.open = None


class Operator:
    def __init__(self, *, task_id, bash_command, cwd):
        self.task_id, self.bash_command, self.cwd = task_id, bash_command, cwd
        Dag.open.tasks.append(self)

    def __rshift__(self, other):
        Dag.open.order.append((self.task_id, other.task_id))
        return other


AIRFLOW_3 = ("airflow.sdk", "airflow.providers.standard.operators.bash")
AIRFLOW_2 = ("airflow", "airflow.operators.bash")


@pytest.mark.parametrize("places", [AIRFLOW_3, AIRFLOW_2], ids=["Airflow 3", "Airflow 2"])
def test_the_dag_builds_with_either_airflow(examples, monkeypatch, places):
    # packages of nothing but what that version has; whatever else is asked of them is an ImportError
    for place in places:
        parts = place.split(".")
        for n in range(1, len(parts) + 1):
            name = ".".join(parts[:n])
            if name not in sys.modules or n == len(parts):
                module = types.ModuleType(name)
                module.__path__ = []
                monkeypatch.setitem(sys.modules, name, module)
    sys.modules[places[0]].DAG = Dag
    sys.modules[places[1]].BashOperator = Operator
    monkeypatch.setenv("CRM_PROGRAM", "/opt/my suite/crm")
    monkeypatch.setenv("CRM_HOME", "/opt/my suite")
    dag = load_dag(examples).dag
    assert [t.task_id for t in dag.tasks] == ["check_machine", "tour", "all_reports"]
    assert dag.order == [("check_machine", "tour"), ("tour", "all_reports")]
    assert {t.cwd for t in dag.tasks} == {"/opt/my suite"}
    assert shlex.split(dag.tasks[0].bash_command) == ["/opt/my suite/crm", "doctor"]
    # a cron expression of ours, in the zone of the first day
    zone = dag.options["start_date"].tzinfo
    first = read_cron(dag.options["schedule"], zone).find_next(dag.options["start_date"])
    assert first.astimezone(zone).strftime("%a %H:%M") == "Mon 07:00"
    assert dag.options["catchup"] is False


def test_the_workflow_calls_what_there_is(examples, project_root):
    # BaseLoader: `on` is a word here, as it is for the server
    flow = yaml.load((examples / "weekly-reports.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
    assert set(flow) == {"name", "on", "permissions", "concurrency", "jobs"}
    (job,) = flow["jobs"].values()
    (when,) = flow["on"]["schedule"]
    due = read_cron(when["cron"], ZoneInfo("UTC")).find_next(read_time("2026-11-20T00:00:00+00:00"))
    assert due.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%a %H:%M") == "Mon 07:00"
    makes, crms = [], []
    for step in job["steps"]:
        assert ("uses" in step) != ("run" in step)
        for line in step.get("run", "").splitlines():
            program, *words = shlex.split(line)
            (makes if program == "make" else crms).append(words)
    assert makes == [["reports"]]
    assert [find_make_fault(words, project_root) for words in makes] == [None]
    assert [words[:2] for words in crms] == [["-m", "crm_lib.cli"]]
    assert find_crm_fault(crms[0][2:]) is None
    upload = job["steps"][-1]
    assert upload["with"]["path"] == "reports/"


def read_time(text):
    import datetime as dt

    return dt.datetime.fromisoformat(text)


def test_no_example_names_a_package_index_or_a_secret(examples):
    files = sorted(examples.iterdir())
    assert len(files) == 3
    for file in files:
        assert not re.search(r"https?://|password|token", file.read_text(encoding="utf-8"), re.IGNORECASE), (
            file
        )
