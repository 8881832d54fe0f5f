"""Look for known holes in the packages a project pins; without advisories say that nothing was looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import parse_day
from crm_lib.catalogue import say
from crm_lib.errors import ProtectError
from crm_lib.protect.advisories import Advisory, read_advisories

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

NOT_SCANNED, FOUND, NOTHING_FOUND = "not scanned", "vulnerable", "no known advisory"
_PIN = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?P<rule>[=<>!~].*)?")


@dataclass(frozen=True)
class Scan:
    """What a scan found: its verdict, a sentence for it, the findings, and what it was held against."""

    verdict: str
    sentence: str
    findings: pd.DataFrame
    packages: pd.DataFrame
    n_advisories: int

    def to_settings(self, *, as_of: str | dt.date) -> dict[str, str]:
        """Return what the regulation's settings should say of this scan; one that was none leaves no date."""
        if self.verdict == NOT_SCANNED:
            return {"scan_findings": NOT_SCANNED}
        day = parse_day("to_settings", "as_of", as_of).isoformat()
        return {"scan_checked_on": day, "scan_findings": str(len(self.findings))}


def read_pins(text: str) -> pd.DataFrame:
    """Read a constraints or requirements file.

    Parameters
    ----------
    text : str
        Lines such as ``Jinja2==3.1.6 ; python_version > "3.8"  # why``.

    Returns
    -------
    DataFrame
        One package a row, sorted by name: ``package`` (normalised: small letters, hyphens), ``version`` (empty
        where the line pins none), ``line``.

    Raises
    ------
    ProtectError
        A line that names no package, or one package pinned to two versions.
    """
    import pandas as pd
    from packaging.utils import canonicalize_name

    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = re.split(r"(?:^|\s)#|;|\s--hash", line, maxsplit=1)[0].strip().rstrip("\\").strip()
        if not words or words.startswith(("-", "--")):
            continue
        name, version = _read_pin(words, number)
        name = canonicalize_name(name)
        if name in found and found[name][0] != version:
            raise ProtectError(
                f"scan_dependencies: a package has one version; {name!r} has {found[name][0]!r} on line "
                f"{found[name][1]} and {version!r} on line {number}. Write the file anew (make constraints)."
            )
        found[name] = (version, number)
    rows = [(name, version, line) for name, (version, line) in sorted(found.items())]
    return pd.DataFrame(rows, columns=["package", "version", "line"]).astype({
        "package": "str", "version": "str", "line": "int64",
    })  # fmt: skip


def _read_pin(words: str, number: int) -> tuple[str, str]:
    from packaging.version import InvalidVersion, Version

    match = _PIN.fullmatch(words)
    if match is None:
        raise ProtectError(
            f"scan_dependencies: line {number} must be a package such as 'pandas==3.1.1'; got {words[:60]!r}. "
            "Give the constraints.txt of the project."
        )
    rule = (match["rule"] or "").strip()
    version = (
        rule.lstrip("=").strip() if rule.startswith("==") and "," not in rule and "*" not in rule else ""
    )
    try:
        return match["name"], str(Version(version)) if version else ""
    except InvalidVersion:
        raise ProtectError(
            f"scan_dependencies: line {number} must pin a version of PEP 440; got {version[:60]!r}. "
            "Give the constraints.txt of the project."
        ) from None


def scan_dependencies(
    constraints: str | Path,
    *,
    advisories: str | Path | None = None,
    as_of: str | dt.date | None = None,
    fetched_on: str | dt.date | None = None,
) -> Scan:
    """Hold the pinned versions of a project against advisories in OSV's format, without a network.

    Parameters
    ----------
    constraints : str or Path
        The file of pins, or its text when it has more than one line.
    advisories : str or Path, optional
        A folder of OSV files (JSON), fetched beforehand; without it nothing is scanned, and the verdict says
        so.
    as_of, fetched_on : str or date, optional
        Today, and the day on which the advisories were fetched; given both, the sentence says how old they
        are.

    Returns
    -------
    Scan
        ``verdict``: ``not scanned``, ``vulnerable`` or ``no known advisory``; ``sentence`` says it in
        Chinese; ``findings``, one package × advisory a row: ``package``, ``version``, ``advisory``,
        ``aliases``, ``severity``, ``fixed_in``, ``summary``; ``packages`` with ``status`` (vulnerable, no
        known advisory, not pinned, not scanned); ``n_advisories`` that were read.

    Raises
    ------
    ProtectError
        A file cannot be read.

    Notes
    -----
    That no advisory is known is not that there is no hole.  A package without a pinned version is not
    judged, and keeps the verdict from being ``no known advisory``.
    """
    packages = read_pins(_read_text(constraints))
    known = [] if advisories is None else read_advisories(advisories)
    findings = _match(packages, known)
    hit = set(findings["package"])
    packages["status"] = [
        NOT_SCANNED if advisories is None else "not pinned" if not v else FOUND if p in hit else NOTHING_FOUND
        for p, v in zip(packages["package"], packages["version"], strict=True)
    ]
    open_ends = int((packages["status"] == "not pinned").sum())
    verdict = (
        NOT_SCANNED if advisories is None or (open_ends and not hit) or packages.empty else NOTHING_FOUND
    )
    verdict = FOUND if hit else verdict
    age = None
    if as_of is not None and fetched_on is not None:
        days = parse_day("scan", "as_of", as_of) - parse_day("scan", "fetched_on", fetched_on)
        age = days.days
    n_packages = len(packages)
    sentence = _word(
        verdict, advisories is None, n_packages, len(hit), len(findings), len(known), open_ends, age
    )
    return Scan(verdict, sentence, findings, packages, len(known))


def _read_text(constraints: str | Path) -> str:
    if isinstance(constraints, str) and "\n" in constraints:
        return constraints
    try:
        return Path(constraints).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ProtectError(
            f"scan_dependencies: constraints must be a file of pins; {str(constraints)!r} cannot be read "
            f"({getattr(fault, 'strerror', None) or 'no UTF-8'}). Give the constraints.txt of the project."
        ) from None


def _match(packages: pd.DataFrame, known: list[Advisory]) -> pd.DataFrame:
    import pandas as pd

    pins = dict(zip(packages["package"], packages["version"], strict=True))
    rows = [
        (a.package, pins[a.package], a.id, " ".join(a.aliases), a.severity, " ".join(a.fixed_in), a.summary)
        for a in known
        if pins.get(a.package) and a.concerns(pins[a.package])
    ]
    columns = ["package", "version", "advisory", "aliases", "severity", "fixed_in", "summary"]
    return pd.DataFrame(sorted(rows), columns=columns, dtype="str")


def _word(
    verdict: str,
    no_file: bool,
    n_packages: int,
    n_hit: int,
    n_found: int,
    n_known: int,
    n_open: int,
    age: int | None,
) -> str:
    if no_file:
        return say("protect_scan.no_file", n=n_packages)
    key = {FOUND: "found", NOTHING_FOUND: "nothing", NOT_SCANNED: "partly"}[verdict]
    text = say(
        f"protect_scan.{key}", n=n_packages, n_hit=n_hit, n_found=n_found, n_known=n_known, n_open=n_open
    )
    return text + ("" if age is None else say("protect_scan.age", days=age))
