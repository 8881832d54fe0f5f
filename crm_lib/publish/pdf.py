"""Print a report as PDF with headless Chromium: its Chinese can be selected and searched."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from crm_lib._needs import NEEDS, find_need
from crm_lib.errors import RenderError

_SECONDS = 120
# A report needs nothing from outside, so its printer gets no way there; its own policy lets no script run
# but ours (to switch scripts off altogether would switch off the printing).
_OPTIONS = (
    "--headless",
    "--no-pdf-header-footer",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-default-browser-check",
    "--no-first-run",
)
_CHATTER = re.compile(r"dbus|unexpected operator|bytes written to", re.IGNORECASE)


def find_chromium() -> str:
    """Return the browser that prints: ``CRM_CHROMIUM``, else the first on the PATH.

    Raises
    ------
    RenderError
        When there is none.
    """
    named = os.environ.get("CRM_CHROMIUM", "")
    if named and not (Path(named).is_file() and os.access(named, os.X_OK)):
        raise RenderError(
            f"a PDF is printed by the browser that CRM_CHROMIUM names; {named!r} is not a program. "
            "Name Chromium or Chrome, or unset CRM_CHROMIUM."
        )
    found = named or find_need("chromium")
    if not found:
        raise RenderError(
            "a PDF is printed by Chromium or Chrome; neither is on the PATH. "
            f"Install it with: {NEEDS['chromium'].install}, or name it in CRM_CHROMIUM. "
            "The HTML report needs neither."
        )
    return found


def write_pdf(html: str | Path, pdf: str | Path, *, seconds: float = _SECONDS) -> Path:
    """Print the report `html` to the file `pdf`.

    Parameters
    ----------
    html
        A self-contained report.
    pdf
        The file to write; replaced in one step.
    seconds
        After so long the browser is ended.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    RenderError
        When there is no browser, or it does not print within its time.

    Notes
    -----
    The browser reaches no network.  Two PDFs of one
    report have the same text; their bytes differ in the date the browser
    writes.
    """
    page, target = Path(html).resolve(), Path(pdf).resolve()
    if not page.is_file():
        raise RenderError(f"a PDF is printed from a report; {str(page)!r} is not there. Run: crm render")
    browser = find_chromium()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix="crm-print-", ignore_cleanup_errors=True) as profile,
            tempfile.TemporaryDirectory(prefix=".crm-print-", dir=target.parent) as folder,
        ):
            printed = Path(folder) / "report.pdf"
            said = _print(browser, page, printed, Path(profile), seconds)
            if not _is_whole(printed):
                raise RenderError(_sentence(page, said))
            printed.chmod(0o644)
            printed.replace(target)
    except OSError as fault:
        raise RenderError(
            f"a PDF must be written to {str(target)!r}; {fault.strerror or fault}. "
            "Make room and rights for this folder."
        ) from None
    return target


def _print(browser: str, page: Path, printed: Path, profile: Path, seconds: float) -> str:
    """Run the browser; return what it said. Whatever it started ends with it."""
    command = [browser, *_OPTIONS, f"--user-data-dir={profile}", f"--print-to-pdf={printed}", page.as_uri()]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.insert(1, "--no-sandbox")  # root has no other way to run it
    # A browser that gets a session bus or a display of the user's would talk to them.
    kept = {k: v for k, v in os.environ.items() if k not in {"DBUS_SESSION_BUS_ADDRESS", "DISPLAY"}}
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=kept,
        start_new_session=sys.platform != "win32",
    ) as process:
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            return f"it was not done after {seconds:g} s"
        except BaseException:
            _end(process)
            raise
    text = said.decode("utf-8", errors="replace")
    return text if process.returncode == 0 else f"it ended with code {process.returncode}\n{text}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the browser with its helpers."""
    with suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _is_whole(pdf: Path) -> bool:
    """Tell whether a file is a PDF from its first line to its last."""
    try:
        data = pdf.read_bytes()
    except FileNotFoundError:
        return False
    return data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:]


def _sentence(page: Path, said: str) -> str:
    """Return what the browser's own words say went wrong; chatter about the desktop is none."""
    lines = [line for line in said.splitlines() if line.strip() and not re.search(_CHATTER, line)]
    why = lines[-1].strip()[-200:] if lines else "it wrote no PDF"
    return f"Chromium must print {page.name}; it did not: {why}. Open the report in a browser and print it there."
