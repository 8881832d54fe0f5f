"""The outer sandbox: what a program in it sees, and as whom."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from station_ground import as_ordinary_user, open_folder

from crm_lib.kernels import sandbox
from crm_lib.kernels.sandbox import list_environment, open_sandbox, sandbox_available

USERS = pytest.mark.parametrize("user", ["caller", "ordinary"])
_OPEN = """
import sys
from crm_lib.kernels.sandbox import list_environment, open_sandbox
with open_sandbox([sys.executable, "-I", "-c", sys.argv[1]], shown=list_environment(), stderr=sys.stderr) as inner:
    inner.wait(60)
"""


def look(code: str, user: str = "caller") -> str:
    """Run `code` in a sandbox that `user` opens; return what it wrote to stderr."""
    command = [sys.executable, "-c", _OPEN, f"import sys\ndef show(*x): print(*x, file=sys.stderr)\n{code}"]
    if user == "ordinary":
        command = as_ordinary_user(command)
    root = Path(__file__).parents[2]
    env = {"PYTHONPATH": str(root), "PATH": os.environ["PATH"], "A_PASSWORD": "secret"}
    done = subprocess.run(command, env=env, cwd=root, capture_output=True, text=True, encoding="utf-8")
    return done.stderr.strip()


@pytest.mark.needs("bubblewrap")
def test_this_machine_can_lock_code_away() -> None:
    assert sandbox_available() == (True, "")


@pytest.mark.needs("bubblewrap")
@USERS
def test_it_is_nobody_whoever_asks(user: str) -> None:
    said = look("import os; show(os.getresuid(), os.getresgid(), os.getgroups() in ([], [65534]))", user)
    assert said == "(65534, 65534, 65534) (65534, 65534, 65534) True"


@pytest.mark.needs("bubblewrap")
@USERS
def test_it_has_no_rights(user: str) -> None:
    said = look("show([x.split()[1] for x in open('/proc/self/status') if x[:3] in ('Cap', 'NoN')])", user)
    assert said == str(["0" * 16] * 5 + ["1"])


@pytest.mark.needs("bubblewrap")
@USERS
def test_a_program_started_by_it_gains_none(user: str) -> None:
    code = "import subprocess; show(subprocess.run(['/bin/su', '-c', 'id'], capture_output=True).returncode)"
    assert look(code, user) != "0"


@pytest.mark.needs("bubblewrap")
@USERS
def test_it_can_write_only_to_its_own_tmp(user: str) -> None:
    code = """
import os
for folder, _, _ in [("/", 0, 0), *os.walk("/dev"), *os.walk("/etc"), ("/usr", 0, 0), (sys.prefix, 0, 0), ("/tmp", 0, 0)]:
    try:
        open(folder + "/new", "w").close()
        show(folder)
    except OSError: pass
"""
    assert look(code, user) == "/tmp"


@pytest.mark.needs("bubblewrap")
@USERS
def test_its_tmp_has_a_largest_size(user: str) -> None:
    code = """
try:
    for n in range(80): open(f"/tmp/{n}", "wb").write(bytes(2**20))
except OSError as fault: show(fault.errno, n)"""
    assert look(code, user) == "28 64"


@pytest.mark.needs("bubblewrap")
@USERS
def test_it_sees_nothing_of_the_host_but_what_it_is_shown(user: str) -> None:
    with open_folder() as folder, tempfile.NamedTemporaryFile(dir="/var/tmp", prefix="crm-") as other:
        (folder / "gradebook.csv").write_text("secret", encoding="utf-8")
        (folder / "gradebook.csv").chmod(0o644)
        os.chmod(other.name, 0o644)
        paths = [
            str(folder / "gradebook.csv"),
            other.name,
            "/etc/passwd",
            "/etc/shadow",
            os.path.expanduser("~/.bashrc"),
        ]
        code = f"import os; show([p for p in {paths} if os.path.exists(p)], sorted(os.environ))"
        # LC_CTYPE is Python's own doing
        assert look(code, user).replace("'LC_CTYPE', ", "").replace("'LC_CTYPE'", "") == "[] ['PWD']"


@pytest.mark.needs("bubblewrap")
def test_it_cannot_change_what_it_is_shown() -> None:
    with open_folder() as folder:
        (folder / "open").mkdir()
        (folder / "open").chmod(0o777)
        command = ["/usr/bin/touch", "/shown/new"]
        with open_sandbox(command, shown={"/shown": str(folder / "open")}, stderr=subprocess.PIPE) as inside:
            assert b"Read-only file system" in inside.communicate(timeout=60)[1]
        assert not list((folder / "open").iterdir())


@pytest.mark.needs("bubblewrap")
@USERS
def test_it_sees_no_process_of_the_host(user: str) -> None:
    said = look("import os; show(max(int(p) for p in os.listdir('/proc') if p.isdigit()))", user)
    assert int(said) < 20


@pytest.mark.needs("bubblewrap")
@USERS
def test_no_packet_reaches_the_host(user: str) -> None:
    with (
        socket.socket() as tcp,
        socket.socket(type=socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as named,
    ):
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        udp.bind(("127.0.0.1", 0))
        name = f"\0crm-test-{os.getpid()}"
        named.bind(name)
        named.listen()
        code = f"""
import socket
for kind, family, address in [(1, 2, ("127.0.0.1", {tcp.getsockname()[1]})), (1, 1, {name!r})]:
    try: socket.socket(family, kind).connect(address); show("reached", address)
    except OSError: pass
try: socket.socket(2, 2).sendto(b"x", ("127.0.0.1", {udp.getsockname()[1]}))
except OSError: pass
"""
        assert look(code, user) == ""
        for ear in (tcp, udp, named):
            ear.setblocking(False)
        with pytest.raises(BlockingIOError):
            udp.recv(10)
        for ear in (tcp, named):
            with pytest.raises(BlockingIOError):
                ear.accept()


@pytest.mark.needs("bubblewrap")
def test_it_ends_with_the_one_who_opened_it() -> None:
    import psutil

    token = f"32.{os.getpid()}"
    opened = open_sandbox(["/usr/bin/sleep", token], shown=list_environment())

    def find() -> list[psutil.Process]:
        found = [p for p in psutil.process_iter(["cmdline", "name"]) if token in (p.info["cmdline"] or ())]
        return [p for p in found if p.info["name"] == "sleep"]

    while not (inside := find()):
        assert opened.poll() is None
    opened.kill()
    opened.wait(10)
    assert not psutil.wait_procs(inside, timeout=10)[1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("platform", "win32"), "needs Linux; this is win32. Grade on Linux or in WSL 2."),
        (("bwrap", None), "bubblewrap is missing. Install it: apt-get install bubblewrap"),
        (("why", "no filter is known"), "no filter is known. Grade on another machine."),
    ],
)
def test_where_there_is_none_one_sentence_says_why(
    change: tuple[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, value = change
    if kind == "platform":
        monkeypatch.setattr(sandbox.sys, "platform", value)
    elif kind == "bwrap":
        monkeypatch.setattr(sandbox, "find_need", lambda name: value)
    else:
        monkeypatch.setattr(sandbox, "find_need", lambda name: "/usr/bin/bwrap")
        monkeypatch.setattr(sandbox, "why_no_filter", lambda: value)
    sandbox._find_fault.cache_clear()
    try:
        available, why = sandbox_available()
    finally:
        sandbox._find_fault.cache_clear()
    assert not available
    assert why.startswith("crm grade: students' code runs only in a sandbox")
    assert why.endswith(sentence)


_IN_A_ROOM = """
import os, sys
sys.path.insert(0, "/tmp/lib")
from crm_lib.kernels import isolate
isolate.enter_namespaces()
pid = os.fork()
if pid == 0:
    isolate.enter_room({"tmp_mb": 4})
    tried = []
    for path in sys.argv[1:]:
        try:
            tried.append(open(path, encoding="utf-8").read())
            open(path, "w")
        except OSError as refused:
            tried.append(type(refused).__name__)
    print(tried, sorted(os.listdir("/tmp")), file=sys.stderr, flush=True)
    os._exit(0)
os.waitpid(pid, 0)
"""


@pytest.mark.needs("bubblewrap")
def test_what_is_shown_below_tmp_stays_readable_in_a_room_of_its_own(tmp_path: Path) -> None:
    """An environment may lie there; imports of student code must find it, and siblings' files stay covered."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "part.txt").write_text("read me", encoding="utf-8")
    shown = {
        "/tmp/lib/crm_lib": str(Path(__file__).parents[2] / "crm_lib"),
        "/tmp/a b/library": str(tmp_path / "library"),
        "/tmp/one.txt": str(tmp_path / "library" / "part.txt"),
    }
    paths = ["/tmp/a b/library/part.txt", "/tmp/one.txt", "/tmp/sibling.txt"]
    code = f"open('/tmp/sibling.txt', 'w').write('secret')\n{_IN_A_ROOM}"
    command = [sys.executable, "-I", "-c", code, *paths]
    env = {"PYTHONDONTWRITEBYTECODE": "1"}
    with open_sandbox(command, shown=list_environment() | shown, env=env, stderr=subprocess.PIPE) as inner:
        said = inner.communicate(timeout=60)[1].decode()
    refused = "OSError"  # a file system that can only be read
    expected = ["read me", refused, "read me", refused, "FileNotFoundError"]
    assert said.splitlines()[-1].startswith(str(expected)), said
    assert "sibling.txt" not in said.splitlines()[-1].split("]")[1]
