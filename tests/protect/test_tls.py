"""TLS to a real PostgreSQL: the right certificate opens the door, a wrong one or none does not."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import ipaddress
import socket
import ssl
import threading

import pg8000.dbapi
import pytest
from postgres_server import PASSWORD_VARIABLE, other_user, start_server

from crm_lib.errors import ProtectError, StoreError
from crm_lib.protect import check_tls, make_tls_context
from crm_lib.store import open_store

pytestmark = pytest.mark.needs("postgresql")
SINCE, UNTIL = dt.datetime(2020, 1, 1), dt.datetime(2099, 1, 1)


def sign(name, key, issuer, issuer_key, *, authority=False, host=None, until=UNTIL):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    def named(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509
        .CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(SINCE)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if authority:
        usage = dict.fromkeys(
            (
                "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
                "decipher_only",
            ),
            False,
        )  # fmt: skip
        builder = builder.add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), critical=True
        )
    if host:
        address = x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def write_pem(path, thing):
    from cryptography.hazmat.primitives import serialization as s

    if hasattr(thing, "public_bytes"):
        content = thing.public_bytes(s.Encoding.PEM)
    else:
        content = thing.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    """Make an authority, another one, and certificates of the first for this host, another host, and yesterday."""
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("papers")
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("ours", "theirs", "server")}
    for name in ("ours", "theirs"):
        write_pem(folder / f"{name}.pem", sign(name, keys[name], name, keys[name], authority=True))
    write_pem(folder / "server.key", keys["server"])
    for name, host, until in (
        ("good", "127.0.0.1", UNTIL),
        ("other", "db.example.com", UNTIL),
        ("past", "127.0.0.1", dt.datetime(2021, 1, 1)),
    ):
        paper = sign("db", keys["server"], "ours", keys["ours"], host=host, until=until)
        write_pem(folder / f"{name}.crt", paper)
    return folder


@contextlib.contextmanager
def run_server(papers, certificate):
    with start_server() as server:
        _, uid = other_user()
        for name, source in (("server.crt", certificate), ("server.key", "server.key")):
            target = server.data / name
            target.write_bytes((papers / source).read_bytes())
            target.chmod(0o600)
            if uid is not None:
                import os

                os.chown(target, uid, -1)
        hba = server.data / "pg_hba.conf"
        hba.write_text(
            "local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8"
        )
        with (server.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("ssl = on\n")
        server.run_program("pg_ctl", "restart", "-w", "-m", "fast", "-l", str(server.folder / "log"))
        yield server


@pytest.fixture(scope="module")
def server(papers):
    with run_server(papers, "good.crt") as running:
        yield running


def test_the_right_certificate_is_accepted_and_described(server, papers):
    state = check_tls(server.host, server.port, authority=papers / "ours.pem")
    assert state.protocol in {"TLSv1.2", "TLSv1.3"}
    assert state.cipher
    assert state.bits >= 128
    assert (state.subject, state.verified) == ("commonName=db", True)
    assert "2099" in state.valid_until
    loose = check_tls(server.host, server.port, mode="require")
    assert (loose.subject, loose.verified) == ("", False)


@pytest.mark.parametrize("authority", ["theirs.pem", None])
def test_another_authority_is_refused(server, papers, authority):
    with pytest.raises(ProtectError, match="do not log in"):
        check_tls(server.host, server.port, authority=papers / authority if authority else None)


@pytest.mark.parametrize(("certificate", "said"), [("other.crt", "127.0.0.1"), ("past.crt", "expired")])
def test_another_host_or_a_past_certificate_is_refused(papers, certificate, said):
    with run_server(papers, certificate) as running:
        with pytest.raises(ProtectError, match=said):
            check_tls(running.host, running.port, authority=papers / "ours.pem")
        assert check_tls(running.host, running.port, mode="require").bits >= 128


def test_the_store_comes_in_by_verify_full_only_with_the_right_authority(server, papers, monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, server.password)

    def enter(**options):
        return open_store(server.address(), actor="ann", password=server.reference, create=True, **options)

    with enter(tls="verify-full", ca=papers / "ours.pem") as store:
        found = store.query("SELECT version, bits FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert found["version"][0] in {"TLSv1.2", "TLSv1.3"}
    with pytest.raises(StoreError):
        enter(tls="verify-full", ca=papers / "theirs.pem")
    gc.collect()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_plain_text_is_turned_away_at_the_door(server, papers):
    def enter(secure):
        password = server.password
        pg8000.dbapi.connect(
            "ann",
            host=server.host,
            port=server.port,
            password=password,
            ssl_context=secure,
            database="postgres",
        ).close()

    with pytest.raises(pg8000.dbapi.Error, match="no encryption"):
        enter(False)
    enter(make_tls_context("verify-full", authority=papers / "ours.pem"))
    gc.collect()


def test_a_server_without_tls_is_named(postgres_server):
    with pytest.raises(ProtectError, match="speaks in plain text only"):
        check_tls(postgres_server.host, postgres_server.port, mode="require")


@pytest.mark.parametrize(
    ("answer", "said"), [(b"N", "plain text"), (b"H", "not PostgreSQL's"), (b"", "not PostgreSQL's")]
)
def test_other_answers_are_not_taken_for_encryption(answer, said):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            link, _ = listener.accept()
            with link:
                link.recv(8)
                link.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(ProtectError, match=said):
            check_tls("127.0.0.1", listener.getsockname()[1], mode="require")
        thread.join()


def test_contexts_and_addresses(tmp_path):
    assert make_tls_context("off") is None
    strict = make_tls_context()
    assert (strict.check_hostname, strict.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert strict.minimum_version == ssl.TLSVersion.TLSv1_2
    loose = make_tls_context("require")
    assert (loose.check_hostname, loose.minimum_version) == (False, ssl.TLSVersion.TLSv1_2)
    with pytest.raises(ProtectError, match="file of certificates"):
        make_tls_context(authority=tmp_path / "none.pem")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ProtectError, match="must answer with TLS"):
        check_tls("127.0.0.1", port)
