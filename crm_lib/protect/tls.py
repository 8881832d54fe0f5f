"""Whether a connection to PostgreSQL is encrypted, and to whom it leads."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from dataclasses import dataclass
from pathlib import Path

from crm_lib._checks import require_choice
from crm_lib.errors import ProtectError

MODES = ("verify-full", "require")
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)


@dataclass(frozen=True)
class TlsState:
    """How a server speaks: protocol, cipher, bits of its key, and until when its certificate holds."""

    protocol: str
    cipher: str
    bits: int
    subject: str
    valid_until: str
    verified: bool


def make_tls_context(
    mode: str = "verify-full", *, authority: str | Path | None = None
) -> ssl.SSLContext | None:
    """Return what a driver needs to speak TLS in a mode.

    Parameters
    ----------
    mode : str
        ``verify-full`` (the certificate must be signed by `authority` and name the host), ``require``
        (encrypted, to whomever) or ``off``.
    authority : str or Path, optional
        The file with the certificate of the authority; by default those the system trusts.

    Returns
    -------
    ssl.SSLContext or None
        At least TLS 1.2; None for ``off``.

    Raises
    ------
    ProtectError
        The authority's file cannot be read.
    """
    require_choice("make_tls_context", "mode", mode, (*MODES, "off"))
    if mode == "off":
        return None
    try:
        context = ssl.create_default_context(cafile=str(authority) if authority else None)
    except (OSError, ssl.SSLError):
        raise ProtectError(
            f"make_tls_context: authority must be a file of certificates (PEM); {str(authority)!r} is none. "
            "Ask whoever keeps the server for the certificate of its authority."
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def check_tls(
    host: str,
    port: int = 5432,
    *,
    mode: str = "verify-full",
    authority: str | Path | None = None,
    timeout: float = 10.0,
) -> TlsState:
    """Ask a PostgreSQL server for an encrypted connection and report what came of it.

    Parameters
    ----------
    host, port
        The server; nobody logs in.
    mode : str
        ``verify-full`` or ``require``, as in `make_tls_context`.
    authority : str or Path, optional
        The authority's certificate.
    timeout : float
        Seconds to wait for an answer.

    Returns
    -------
    TlsState
        Protocol, cipher and key bits; subject and last day of the certificate and ``verified`` are
        filled by ``verify-full`` alone, since a certificate nobody verified says nothing.

    Raises
    ------
    ProtectError
        The server does not answer, speaks in plain text only, or its certificate is wrong: signed by
        another authority, for another host, or past its time.

    Notes
    -----
    The request is PostgreSQL's own (SSLRequest); a server that answers ``N`` has TLS switched off.
    """
    require_choice("check_tls", "mode", mode, MODES)
    context = make_tls_context(mode, authority=authority)
    assert context is not None
    try:
        with contextlib.closing(socket.create_connection((host, port), timeout=timeout)) as link:
            link.sendall(_SSL_REQUEST)
            _require_encryption(link.recv(1), host, port)
            with context.wrap_socket(link, server_hostname=host) as safe:
                return _describe(safe, verified=mode == "verify-full")
    except ssl.SSLCertVerificationError as fault:
        raise ProtectError(
            f"check_tls: the certificate of {host}:{port} must be signed by the given authority and name the host; "
            f"it does not ({fault.verify_message}). Somebody may sit in between: do not log in."
        ) from None
    except OSError as fault:
        raise ProtectError(
            f"check_tls: {host}:{port} must answer with TLS 1.2 or later; it does not "
            f"({getattr(fault, 'reason', None) or fault.strerror or fault}). Check host, port and the server's ssl."
        ) from None


def _require_encryption(answer: bytes, host: str, port: int) -> None:
    if answer == b"S":
        return
    got = "it speaks in plain text only" if answer == b"N" else "its answer is not PostgreSQL's"
    raise ProtectError(
        f"check_tls: {host}:{port} must offer TLS; {got}. Set ssl = on, ssl_cert_file and ssl_key_file "
        "in postgresql.conf."
    )


def _describe(link: ssl.SSLSocket, *, verified: bool) -> TlsState:
    name, _, bits = link.cipher() or ("", "", 0)
    certificate = link.getpeercert() or {}
    subject = ", ".join(f"{k}={v}" for part in certificate.get("subject", ()) for k, v in part)
    return TlsState(
        link.version() or "", name, int(bits), subject, str(certificate.get("notAfter", "")), verified
    )
