"""Network and packages in the lesson: a server's settings judged line by line, pinned packages against advisories."""

from __future__ import annotations

import json
import tempfile
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.errors import ReadError
from crm_lib.lesson.run import data_source
from crm_lib.lesson.security_tables import show_step, word

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.protect.scan import Scan

_LINES = ("local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc")


@cache
def _example() -> dict[str, Any]:
    return tomllib.loads((resources.files("crm_lib.lesson") / "security_example.toml").read_text("utf-8"))


def _read_text(name: str) -> str:
    path = Path(data_source(name))
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ReadError(say("security.no_text", name=path.name)) from None


def judge_network(network: str) -> pd.DataFrame:
    """Judge the network settings of a database server, and show what is wrong with them.

    Parameters
    ----------
    network
        A text file that holds pg_hba.conf and, above or below it, postgresql.conf; empty takes an example
        that is wrong on purpose.

    Returns
    -------
    DataFrame
        What `check_network` returned; ``attrs["example"]`` tells whether it was the example.
    """
    from crm_lib.protect.network import check_network

    text = _read_text(network) if network.strip() else _example()["network"]
    lines = text.splitlines()
    hba = [line.split()[:1] != [] and line.split()[0] in _LINES for line in lines]
    # lines keep their place, so that the verdict names the line of the file
    parts = {
        "pg_hba": "\n".join(line if is_rule else "" for line, is_rule in zip(lines, hba, strict=True)),
        "postgresql": "\n".join("" if is_rule else line for line, is_rule in zip(lines, hba, strict=True)),
    }
    judged = check_network(parts)
    judged.attrs = {"example": not network.strip()}
    bad = judged[judged["advice"] != ""]
    if len(bad):
        shown = bad.assign(place=[_tell_place(p) for p in bad["place"]])
        show_step(shown[["place", "found", "advice"]], say("security.cap_network"))
    return judged


def _tell_place(place: str) -> str:
    name, colon, line = place.partition(":")
    return say("security.line", line=line) if colon else name


def describe_network(judged: pd.DataFrame) -> str:
    """Say how many of the rules hold, and name the gravest fault.

    Parameters
    ----------
    judged
        What `judge_network` returned.
    """
    bad = judged[judged["advice"] != ""]
    text = say("security.network_example") if judged.attrs["example"] else ""
    if bad.empty:
        return text + say("security.network_good", n=len(judged))
    text += say("security.network_bad", n=len(judged), bad=len(bad))
    grave = [r for r in ("method", "encrypted", "address") if (bad["rule"] == r).any()]
    if grave:
        row = bad[bad["rule"] == grave[0]].iloc[-1]
        text += say(
            "security.network_gravest", place=_tell_place(row["place"]), what=word("fault", row["rule"])
        )
    return text


def scan_pins(pins: str, advisories: str) -> tuple[Scan, Scan]:
    """Hold pinned packages against advisories, and practise it on an invented advisory.

    Parameters
    ----------
    pins
        A file of pins, empty takes invented packages.
    advisories
        A folder of OSV files, empty scans nothing and says so.

    Returns
    -------
    tuple of Scan
        The scan asked for, and the practice.
    """
    from crm_lib.protect.scan import scan_dependencies

    text = _read_text(pins) if pins.strip() else _example()["pins"]
    folder = str(data_source(advisories)) if advisories.strip() else None
    asked = scan_dependencies(f"{text}\n", advisories=folder)
    with tempfile.TemporaryDirectory(prefix="crm-advisories-") as made:
        body = json.dumps(_example()["advisory"], ensure_ascii=False)
        (Path(made) / "practice.json").write_text(body, encoding="utf-8", newline="\n")
        practice = scan_dependencies(_example()["pins"], advisories=made)
    return asked, practice


def describe_scan(scanned: tuple[Scan, Scan]) -> str:
    """Say what the scan found, or that nothing was scanned; then what the practice found.

    Parameters
    ----------
    scanned
        What `scan_pins` returned.
    """
    asked, practice = scanned
    text = asked.sentence
    if len(practice.findings):
        row = practice.findings.iloc[0]
        values = {"package": row["package"], "version": row["version"], "fixed": row["fixed_in"]}
        text += say("security.scan_practice", advisory=row["advisory"], **values)
    return text
