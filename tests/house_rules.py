"""The house rules as functions: folder of the project → faults, one sentence each.

The tests `test_house_*` hold the project to them, and spoil small copies to
see that each rule bites.
"""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

MOST_MODULE_LINES = 330
MOST_BODY_LINES = 30
# Rooms whose functions never look at the clock: the same input gives the same answer on any day.
TIMELESS = (
    "schema", "readwrite", "engine", "stats", "text", "identify", "differentiate", "interact", "customize",
    "analyze", "portray", "protect", "plots",
)  # fmt: skip
CLOCK = {"now", "today", "utcnow", "time", "time_ns", "localtime"}
TEST_FOLDERS = {"reference", "browser", "guards", "hostile", "notebooks", "cli", "tools", "house"}


def list_modules(root: Path) -> list[Path]:
    """Return every module of the library, sorted."""
    return sorted(p for p in (root / "crm_lib").rglob("*.py") if "__pycache__" not in p.parts)


def list_rooms(root: Path) -> list[str]:
    """Return the packages inside crm_lib that hold code of their own."""
    packages = (p.parent for p in (root / "crm_lib").glob("*/__init__.py"))
    return sorted(p.name for p in packages)


def list_files(root: Path) -> list[Path]:
    """Return what belongs to the project: what git tracks or would, else everything but products."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        asked = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return sorted(p for p in root.rglob("*") if p.is_file() and not _is_product(p.relative_to(root)))
    names = asked.stdout.decode("utf-8").split("\0")
    return sorted(path for name in names if name and (path := root / name).is_file())


def _is_product(name: Path) -> bool:
    parts = name.parts
    products = {"build", "dist", "wheelhouse", "work", "__pycache__", ".hypothesis", ".benchmarks"}
    hidden = any(p == ".git" or p.startswith(".venv") or p.endswith(("_cache", ".egg-info")) for p in parts)
    return hidden or bool(products & set(parts)) or (parts[0] == "reports" and name.name != "README.md")


def find_long_modules(root: Path) -> dict[str, int]:
    """Return module → lines, for those that want a second room."""
    lengths = {p.relative_to(root).as_posix(): _count_lines(p) for p in list_modules(root)}
    return {name: n for name, n in lengths.items() if n > MOST_MODULE_LINES}


def _count_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def find_long_functions(root: Path) -> dict[str, int]:
    """Return ``module::function`` → lines of the body without its docstring, for those too long."""
    found = {}
    for path in list_modules(root):
        for name, node in _walk_functions(ast.parse(path.read_text(encoding="utf-8"))):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            n_lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            if n_lines > MOST_BODY_LINES:
                found[f"{path.relative_to(root).as_posix()}::{name}"] = n_lines
    return found


def _walk_functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _walk_functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}", node


def find_clock_readers(root: Path) -> list[str]:
    """Return the calls of the clock in rooms whose answer must not depend on the day."""
    found = []
    for path in list_modules(root):
        room = path.relative_to(root / "crm_lib").parts[0].removesuffix(".py")
        if room not in TIMELESS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _is_clock(node.func):
                found.append(f"{path.relative_to(root).as_posix()}:{node.lineno} reads the clock")
    return found


def _is_clock(function: ast.expr) -> bool:
    if not isinstance(function, ast.Attribute) or function.attr not in CLOCK:
        return False
    owner = function.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name in {"time", "datetime", "date", "dt", "Timestamp"} and not (
        name in {"datetime", "dt"} and function.attr == "time"
    )


def find_column_arguments(root: Path) -> list[str]:
    """Return the functions with a ``*_col`` argument: headers are mapped once, at the border."""
    found = []
    for path in list_modules(root):
        for name, node in _walk_functions(ast.parse(path.read_text(encoding="utf-8"))):
            arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            found += [
                f"{path.relative_to(root).as_posix()}::{name}({a.arg})"
                for a in arguments
                if a.arg.endswith(("_col", "_cols"))
            ]
    return found


def find_leaks(root: Path) -> list[str]:
    """Return lines that name a place or host of one machine instead of the project's own."""
    # Put together from pieces, so that this file is not its own first finding.
    words = [
        re.escape(f"{root.resolve()}"),
        "/" + "root/",
        "/" + "home/",
        "pypi" + r"\.org",
        "python" + "hosted",
    ]
    words += ["--(extra-)?" + "index" + "-url", r"\b10\.\d+\.\d+\.\d+\b"]
    words += [r"\b172\.(1[6-9]|2\d|3[01])\.\d+\.\d+\b", r"\b192\.168\.\d+\.\d+\b"]
    pattern = re.compile("|".join(words))
    found = []
    for path in list_files(root):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        name = path.relative_to(root).as_posix()
        found += [f"{name}:{n}: {hit[0]}" for n, line in enumerate(lines, 1) if (hit := pattern.search(line))]
    return found


def find_bad_names(root: Path) -> list[str]:
    """Return file names that Windows refuses, and pairs that differ by case alone."""
    names = [p.relative_to(root).as_posix() for p in list_files(root)]
    bad = [name for name in names if re.search(r'[<>:"|?*\\]|[ .](/|$)|(^|/)(con|nul|aux|prn)(\.|/|$)', name)]
    first: dict[str, str] = {}
    twins = [(name, first.setdefault(name.lower(), name)) for name in names]
    return bad + [f"{one} ~ {other}" for one, other in twins if one != other]


def find_unmirrored(root: Path) -> list[str]:
    """Return rooms without tests, test folders without a room, and test files of one name."""
    rooms = list_rooms(root)
    tests = [p for p in (root / "tests").rglob("test_*.py") if "__pycache__" not in p.parts]
    folders = {p.relative_to(root / "tests").parts[0] for p in tests if p.parent != root / "tests"}
    found = [f"crm_lib/{room} has no tests in tests/{room}" for room in rooms if room not in folders]
    modules = {p.stem for p in (root / "crm_lib").glob("*.py")}
    strange = folders - set(rooms) - modules - TEST_FOLDERS
    found += [f"tests/{folder} mirrors no room" for folder in sorted(strange)]
    names = sorted(p.name for p in tests)
    found += [f"two test files are called {a}" for a, b in zip(names, names[1:], strict=False) if a == b]
    return found
