"""The guards of the project, how each is taken away, and the test that must then go red.

Add an entry where you add a guard.  `make test-slow` takes every guard away in
a copy of the project and prints the table guard -> removal -> test.
"""

from __future__ import annotations

from pathlib import Path

from guard_kinds import Guard, replace
from guards_of_rooms import ROOM_GUARDS
from guards_of_values import VALUES


def _take_out_layers(root: Path) -> None:
    path = root / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    start = text.index("[[tool.importlinter.contracts]]")
    end = text.index("[[tool.importlinter.contracts]]", start + 1)
    path.write_text(text[:start] + text[end:], encoding="utf-8", newline="\n")


def _misname_option(root: Path) -> None:
    for file in ("README.md", "README.zh-CN.md"):
        replace(file, "--orders", "--order-file")(root)


HOUSE = [
    Guard(
        "a missing program is a failure where nothing may be skipped",
        "CRM_REQUIRE_ALL is not looked at",
        replace("tests/conftest.py", 'os.environ.get("CRM_REQUIRE_ALL") == "1"', "False"),
        ("tests/test_needs.py::test_where_nothing_may_be_skipped_a_missing_program_fails",),
    ),
    Guard(
        "a missing program is named at the end of the run",
        "the closing list is not written",
        replace("tests/conftest.py", "    _write_missing(terminalreporter, missing)\n", ""),
        ("tests/test_needs.py::test_a_missing_program_skips_and_is_named_at_the_end",),
    ),
    Guard(
        "a misspelt need is refused",
        "unknown names pass",
        replace("tests/conftest.py", "if unknown or not marker.args:", "if False:"),
        ("tests/test_needs.py::test_a_misspelt_need_is_refused",),
    ),
    Guard(
        "imports run one way",
        "the contract is taken out of pyproject.toml",
        _take_out_layers,
        ("tests/test_house_imports.py::test_an_import_against_the_grain_is_seen",),
    ),
    Guard(
        "every room has its place among the layers",
        "the contract is no longer exhaustive",
        replace("pyproject.toml", "exhaustive = true", "exhaustive = false"),
        ("tests/test_house_imports.py::test_a_room_without_a_place_is_seen",),
    ),
    Guard(
        "publish knows no analyses",
        "its contract forbids nothing that exists",
        replace(
            "pyproject.toml",
            'forbidden_modules = ["crm_lib.identify", "crm_lib.differentiate", "crm_lib.portray"]',
            'forbidden_modules = ["crm_lib.cli"]',
        ),
        ("tests/test_house_imports.py::test_an_import_against_the_grain_is_seen",),
    ),
    Guard(
        "importing a module stays cheap",
        "a module at the very bottom imports pandas",
        replace("crm_lib/errors.py", "class CrmError", "import pandas\n\n\nclass CrmError"),
        ("tests/test_house_imports.py::test_importing_any_module_loads_nothing_heavy",),
    ),
    Guard(
        "every file is opened with its encoding",
        "PLW1514 is taken out of ruff's rules",
        replace("pyproject.toml", '"PLW1514", ', ""),
        ("tests/test_house_files.py::test_an_open_without_encoding_is_refused",),
    ),
    Guard(
        "warnings are errors",
        "they are only shown",
        replace("pyproject.toml", 'filterwarnings = ["error"', 'filterwarnings = ["default"'),
        ("tests/test_house_files.py::test_warnings_are_errors",),
    ),
    Guard(
        "modules stay short",
        "the bound is lifted",
        replace("tests/house_rules.py", "MOST_MODULE_LINES = 330", "MOST_MODULE_LINES = 3300"),
        ("tests/test_house_sizes.py::test_a_long_module_is_seen",),
    ),
    Guard(
        "functions stay short",
        "the bound is lifted",
        replace("tests/house_rules.py", "MOST_BODY_LINES = 30", "MOST_BODY_LINES = 300"),
        ("tests/test_house_sizes.py::test_a_long_function_is_seen_and_its_docstring_not_counted",),
    ),
    Guard(
        "no analysis reads the clock",
        "a call of it is added to a room",
        replace(
            "crm_lib/schema/reader.py",
            "from __future__ import annotations\n",
            "from __future__ import annotations\n\nimport time\n\nSTARTED = time.time()\n",
        ),
        ("tests/test_house_sizes.py::test_no_analysis_reads_the_clock",),
    ),
    Guard(
        "no machine stands in a file",
        "a path of one machine is written into the README",
        replace("README.md", "make reports", "make -C /" + "root/suite reports"),
        ("tests/test_house_files.py::test_no_machine_stands_in_a_file",),
    ),
    Guard(
        "environment.yml follows from pyproject.toml",
        "a range is changed in pyproject.toml only",
        replace("pyproject.toml", '"seaborn>=0.13.2"', '"seaborn>=0.13"'),
        ("tests/test_environment.py::test_environment_follows_from_pyproject",),
    ),
    Guard(
        "an environment.yml that lags is told",
        "--check finds nothing wrong",
        replace("tools/make_environment.py", "    return 1\n", "    return 0\n"),
        ("tests/test_environment.py::test_an_environment_that_lags_is_seen",),
    ),
    Guard(
        "constraints.txt pins everything",
        "one package is taken out",
        replace("constraints.txt", "\nscikit-learn==", "\n# scikit-learn=="),
        ("tests/test_environment.py::test_constraints_hold_every_package_of_every_extra",),
    ),
    Guard(
        "what the library imports is declared",
        "a requirement is taken out of pyproject.toml",
        replace("pyproject.toml", '  "narwhals>=2.20",\n', ""),
        ("tests/test_environment.py::test_what_the_library_imports_is_declared",),
    ),
    Guard(
        "the README's commands are true",
        "an option that does not exist is put into both READMEs",
        lambda root: [replace(f, "--orders", "--order-file")(root) for f in ("README.md", "README.zh-CN.md")][
            0
        ],
        ("tests/test_readme.py::test_every_command_of_the_readme_is_true",),
    ),
    Guard(
        "both READMEs show the same commands",
        "a command is changed in one of them",
        replace("README.zh-CN.md", "make lab", "make check"),
        ("tests/test_readme.py::test_both_readmes_show_the_same_commands",),
    ),
    Guard(
        "a failed test fails the sum of the runs",
        "failures are not counted",
        replace("tools/sum_tests.py", 'not total["failed"] + total["error"]', "True"),
        ("tests/test_tools.py::test_a_failure_in_one_run_fails_the_sum",),
    ),
    Guard(
        "the reference notebooks are compared",
        "a stored number is not looked at",
        replace("tests/test_reference.py", '"--nbval-lax"', '"--collect-only"'),
        ("tests/test_reference.py::test_an_altered_number_is_seen",),
    ),
]

GUARDS = [*HOUSE, *ROOM_GUARDS, *VALUES]
