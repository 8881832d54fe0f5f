"""What every test shares: outside programs that may be missing, and repeatable random examples."""

from __future__ import annotations

import json
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Before numpy and matplotlib are imported by anything: two workers share two cores, and no window opens.
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

from crm_lib._needs import NEEDS, find_need

if TYPE_CHECKING:
    from postgres_server import PostgresServer

ROOT = Path(__file__).resolve().parent.parent
MISSING = "missing_need"
GUARD = "guard"
# Only DejaVu Sans, found through a private fontconfig file.
FONTCONFIG = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"""

settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_configure(config: pytest.Config) -> None:
    """Let the reference notebooks export into build/, not beside themselves."""
    if getattr(config.option, "nbval_lax", False):
        os.environ.setdefault("CRM_OUTPUT_DIR", str(ROOT / "build" / "reference"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a misspelt need at once: it would otherwise skip its test for ever."""
    for item in items:
        for marker in item.iter_markers("needs"):
            unknown = [name for name in marker.args if name not in NEEDS]
            if unknown or not marker.args:
                raise pytest.UsageError(f"{item.nodeid}: needs{marker.args}: known are {sorted(NEEDS)}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is missing; with CRM_REQUIRE_ALL=1 fail it."""
    names = [name for marker in item.iter_markers("needs") for name in marker.args]
    missing = [name for name in names if find_need(name) is None]
    if not missing:
        return
    item.user_properties.extend((MISSING, name) for name in missing)
    reason = "; ".join(f"needs {name}: {NEEDS[name].install}" for name in missing)
    if os.environ.get("CRM_REQUIRE_ALL") == "1":
        pytest.fail(f"CRM_REQUIRE_ALL=1, so this may not be skipped: {reason}", pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Close the run with what was not run here, and with the table of guards."""
    seen = [report for reports in terminalreporter.stats.values() for report in reports]
    missing: dict[str, set[str]] = {}
    guards: list[tuple[str, str, str, str]] = []
    for report in seen:
        for key, value in getattr(report, "user_properties", ()):
            if key == MISSING:
                missing.setdefault(value, set()).add(report.nodeid)
            elif key == GUARD and report.when == "call":
                guards.append((*value, "red, as it must be" if report.passed else "NOT SEEN"))
    _write_missing(terminalreporter, missing)
    _write_guards(terminalreporter, guards)


def _write_missing(terminalreporter: pytest.TerminalReporter, missing: dict[str, set[str]]) -> None:
    if missing:
        terminalreporter.section("not run here")
    for name, tests in sorted(missing.items()):
        n = len(tests)
        tests_n = f"{n} test{'s' if n > 1 else ''}"
        terminalreporter.line(f"{tests_n} not run: {name} is missing. Install it with: {NEEDS[name].install}")


def _write_guards(terminalreporter: pytest.TerminalReporter, guards: list[tuple[str, str, str, str]]) -> None:
    if guards:
        terminalreporter.section("guard -> removal -> test")
    for name, removal, test, verdict in sorted(guards):
        terminalreporter.line(f"{name} -> {removal} -> {test}: {verdict}")


@pytest.fixture
def record_property(record_property: Callable[[str, Any], None]) -> Callable[[str, Any], None]:
    """Record figures as plain Python: what a worker cannot send to its parent would end the whole run."""

    def record(name: str, value: Any) -> None:
        record_property(name, json.loads(json.dumps(value, default=float)))

    return record


@pytest.fixture(scope="session")
def project_root() -> Path:
    """Return the project's folder."""
    return ROOT


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    """Return a private copy of the project that a test may spoil."""
    return copy_project(tmp_path / "project")


def copy_project(target: Path) -> Path:
    """Copy what git would hold of the project, without environments and products."""
    left_out = shutil.ignore_patterns(
        ".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", "build", "dist", "wheelhouse", "work",
        "*.egg-info",
    )  # fmt: skip
    shutil.copytree(ROOT, target, ignore=left_out, symlinks=True)
    for product in (target / "reports").iterdir():
        if product.name != "README.md":
            shutil.rmtree(product) if product.is_dir() else product.unlink()
    return target


@pytest.fixture(scope="module")
def guarded_copy(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a copy of the project that guards are taken away from, mended after each."""
    from guard_runs import ProjectCopy

    return ProjectCopy(tmp_path_factory.mktemp("guards") / "project")


@pytest.fixture(scope="session")
def python() -> str:
    """Return the interpreter that runs the tests, for subprocesses."""
    return sys.executable


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a real PostgreSQL for this worker; its tests say ``needs("postgresql")``."""
    from postgres_server import PASSWORD_VARIABLE, start_server

    with start_server() as server:
        os.environ[PASSWORD_VARIABLE] = server.password
        yield server
        os.environ.pop(PASSWORD_VARIABLE, None)


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """Return the name of a fresh database, for ``postgres_server.address(name)``; it is dropped afterwards."""
    name = f"db_{uuid.uuid4().hex[:12]}"
    postgres_server.run_sql(f"CREATE DATABASE {name} TEMPLATE template0")
    yield name
    postgres_server.run_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Open a browser on a machine that has nothing Chinese, for the tests that look at pages."""
    import matplotlib
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("fonts")
    (folder / "fonts").mkdir()
    dejavu = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    (folder / "fonts" / dejavu.name).write_bytes(dejavu.read_bytes())
    config = folder / "fonts.conf"
    config.write_text(FONTCONFIG.format(fonts=folder / "fonts", cache=folder / "cache"), encoding="utf-8")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=find_need("chromium"),
            args=["--no-sandbox"] if root else [],
            env={**os.environ, "FONTCONFIG_FILE": str(config)},
        )
        yield chromium
        chromium.close()
