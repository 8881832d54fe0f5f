"""Who may reach a PostgreSQL server, and how: its settings and its pg_hba.conf judged rule by rule."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib._checks import parse_day
from crm_lib.catalogue import say
from crm_lib.errors import ProtectError

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

GOOD, BAD = "符合", "不符合"
_KINDS = ("local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc")
_SAFE_METHODS = ("scram-sha-256", "cert", "reject")
# What a server does when nothing is said (PostgreSQL 14 and later).
_DEFAULTS = {
    "listen_addresses": "localhost",
    "ssl": "off",
    "ssl_min_protocol_version": "TLSv1.2",
    "password_encryption": "scram-sha-256",
    "log_connections": "off",
}
_ON = {"on", "true", "yes", "1"}


@dataclass(frozen=True)
class HbaRule:
    """One line of pg_hba.conf."""

    line: int
    kind: str
    databases: tuple[str, ...]
    users: tuple[str, ...]
    address: str
    method: str
    options: tuple[str, ...]

    @property
    def is_near(self) -> bool:
        """Tell whether only this machine is meant."""
        if self.kind == "local":
            return True
        try:
            return ipaddress.ip_network(self.address, strict=False).is_loopback
        except ValueError:
            return self.address == "localhost"

    @property
    def is_open(self) -> bool:
        """Tell whether more than a firm's own network is meant."""
        if self.address == "all":
            return True
        try:
            network = ipaddress.ip_network(self.address, strict=False)
        except ValueError:
            return self.address.startswith(".") and self.address.count(".") < 2
        return not (network.is_private and network.prefixlen > 0)


def read_hba(text: str) -> list[HbaRule]:
    """Read the lines of a pg_hba.conf.

    Parameters
    ----------
    text : str
        What stands in the file.

    Returns
    -------
    list of HbaRule
        In the order of the file, which is the order in which a server tries them.

    Raises
    ------
    ProtectError
        A line that PostgreSQL would not understand, with its number.
    """
    return [_read_line(number, words) for number, words in _split(text)]


def _split(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            words = shlex.split(line, comments=True)
        except ValueError:
            raise ProtectError(_word_line(number, "its quotes do not close")) from None
        if words:
            yield number, words


def _read_line(number: int, words: list[str]) -> HbaRule:
    kind, rest = words[0], words[1:]
    if kind not in _KINDS:
        raise ProtectError(_word_line(number, f"it begins with {kind!r}"))
    n_needed = 3 if kind == "local" else 4
    if len(rest) < n_needed:
        raise ProtectError(_word_line(number, f"it has {len(words)} words"))
    databases, users, rest = tuple(rest[0].split(",")), tuple(rest[1].split(",")), rest[2:]
    address = "" if kind == "local" else rest.pop(0)
    # an address and its mask as two words
    if kind != "local" and rest and rest[0].count(".") == 3 and rest[0].replace(".", "").isdigit():
        address = f"{address}/{rest.pop(0)}"
    if not rest:
        raise ProtectError(_word_line(number, "it names no method"))
    address = {"0.0.0.0/0.0.0.0": "0.0.0.0/0"}.get(address, address)
    return HbaRule(number, kind, databases, users, address, rest[0], tuple(rest[1:]))


def _word_line(number: int, got: str) -> str:
    return (
        f"check_network: line {number} of pg_hba.conf must be TYPE DATABASE USER [ADDRESS] METHOD; {got}. "
        "Give the file as the server reads it."
    )


def read_settings(text: str) -> dict[str, str]:
    """Read a postgresql.conf: name → value, the last of several counts; what is not said keeps its default."""
    found = dict(_DEFAULTS)
    for line in text.splitlines():
        try:
            words = shlex.split(line.replace("=", " ", 1) if "=" in line else line, comments=True)
        except ValueError:
            continue
        if len(words) >= 2:
            found[words[0].lower()] = words[1]
    return found


def check_network(settings: Mapping[str, str]) -> pd.DataFrame:
    """Judge who may reach the server and how.

    Parameters
    ----------
    settings : mapping
        ``pg_hba`` and ``postgresql``: the text of pg_hba.conf and of postgresql.conf (an empty one means that
        the server's defaults hold).

    Returns
    -------
    DataFrame
        One rule of ours × place a row: ``rule``, ``place`` (a line of pg_hba.conf, or a setting), ``found``,
        ``verdict`` (符合, 不符合), ``advice`` (empty when it holds).  First the settings, then line by line.

    Raises
    ------
    ProtectError
        ``pg_hba`` is missing or a line of it cannot be read.

    Notes
    -----
    It judges text, not a running server: a firewall before the server, and files the text includes, it does
    not see.  Names of machines instead of addresses count as the firm's own; an include is a fault, since
    what it brings is not judged.

    Examples
    --------
    >>> found = check_network({"pg_hba": "host all all 0.0.0.0/0 trust", "postgresql": ""})
    >>> found.loc[found["verdict"] == "不符合", "rule"].tolist()
    ['ssl', 'log_connections', 'encrypted', 'method', 'address', 'database']
    """
    import pandas as pd

    if "pg_hba" not in settings:
        raise ProtectError(
            "check_network: settings needs 'pg_hba', the text of pg_hba.conf; it has "
            f"{sorted(settings)}. Ask the server where it lies: SHOW hba_file."
        )
    known = read_settings(settings.get("postgresql", ""))
    rules = read_hba(settings["pg_hba"])
    found = [*_judge_settings(known, rules), *(row for rule in rules for row in _judge_line(rule))]
    if not rules:
        found.append(("lines", "pg_hba.conf", "0", False))
    rows = [
        (rule, place, got, GOOD if good else BAD, "" if good else say(f"protect_network.{rule}"))
        for rule, place, got, good in found
    ]
    return pd.DataFrame(rows, columns=["rule", "place", "found", "verdict", "advice"], dtype="str")


def summarize_network(checked: pd.DataFrame, *, as_of: str | dt.date) -> dict[str, str]:
    """Return what the regulation's settings should say of a check of the network.

    Parameters
    ----------
    checked : DataFrame
        As `check_network` returns it.
    as_of : str or date
        The day of the check.

    Returns
    -------
    dict of str to str
        ``network_checked_on`` and ``network_findings``.
    """
    day = parse_day("summarize_network", "as_of", as_of).isoformat()
    return {"network_checked_on": day, "network_findings": str(int((checked["verdict"] == BAD).sum()))}


def _judge_settings(known: Mapping[str, str], rules: list[HbaRule]) -> Iterator[tuple[str, str, str, bool]]:
    far = any(not rule.is_near and rule.method != "reject" for rule in rules)
    listens = {a.strip() for a in known["listen_addresses"].split(",")}
    yield (
        "listen", "listen_addresses", known["listen_addresses"], not listens & {"*", "0.0.0.0", "::"},
    )  # fmt: skip
    yield "ssl", "ssl", known["ssl"], known["ssl"].lower() in _ON or not far
    old = known["ssl_min_protocol_version"]
    yield "protocol", "ssl_min_protocol_version", old, old in {"TLSv1.2", "TLSv1.3"}
    scram = known["password_encryption"]
    yield "passwords", "password_encryption", scram, scram == "scram-sha-256"
    logged = known["log_connections"]
    yield "log_connections", "log_connections", logged, logged.lower() not in {"off", "false", "no", "0", ""}


def _judge_line(rule: HbaRule) -> Iterator[tuple[str, str, str, bool]]:
    place = f"pg_hba.conf:{rule.line}"
    refused = rule.method == "reject"
    if not rule.is_near:
        yield "encrypted", place, rule.kind, refused or rule.kind == "hostssl"
    safe = (*_SAFE_METHODS, "peer") if rule.kind == "local" else _SAFE_METHODS
    yield "method", place, rule.method, rule.method in safe
    if not rule.is_near:
        yield "address", place, rule.address, refused or not rule.is_open
        wide = "all" in rule.databases or "replication" in rule.databases
        yield "database", place, ",".join(rule.databases), refused or not wide
