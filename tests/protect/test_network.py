"""The rules of a server's network, judged line by line; one bad thing at a time is seen as that."""

from __future__ import annotations

import pytest

from crm_lib.errors import ProtectError
from crm_lib.protect import check_network, summarize_network

GOOD_HBA = """
# TYPE  DATABASE  USER  ADDRESS  METHOD
local   all       postgres                    peer
host    all       all       127.0.0.1/32      scram-sha-256
hostssl crm       +crm_service 192.0.2.0/24 scram-sha-256   # the shop
hostssl crm       all       198.51.100.0 255.255.255.0 cert clientcert=verify-full
host    all       all       0.0.0.0/0         reject
"""
GOOD_CONF = "listen_addresses = 'localhost,192.0.2.5'\nssl = on\nlog_connections = on  # who comes\n"


def find_bad(hba=GOOD_HBA, conf=GOOD_CONF):
    found = check_network({"pg_hba": hba, "postgresql": conf})
    bad = found[found["verdict"] == "不符合"]
    assert (bad["advice"] != "").all()
    assert (found.loc[found["verdict"] == "符合", "advice"] == "").all()
    return [(r.rule, r.place, r.found) for r in bad.itertuples()]


def test_a_good_configuration_has_no_fault():
    assert find_bad() == []
    assert summarize_network(check_network({"pg_hba": GOOD_HBA, "postgresql": GOOD_CONF}), as_of="2026-03-01") == {
        "network_checked_on": "2026-03-01", "network_findings": "0",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "faults"),
    [
        ("hostssl crm all 192.0.2.0/24 md5", [("method", "md5")]),
        ("hostssl crm all 192.0.2.0/24 password", [("method", "password")]),
        ("local all all trust", [("method", "trust")]),
        ("host all all ::1/128 ident", [("method", "ident")]),
        ("host crm all 192.0.2.0/24 scram-sha-256", [("encrypted", "host")]),
        ("hostnossl crm all fd12:3456::1/128 scram-sha-256", [("encrypted", "hostnossl")]),
        ("hostssl crm all 0.0.0.0/0 scram-sha-256", [("address", "0.0.0.0/0")]),
        ("hostssl crm all 0.0.0.0 0.0.0.0 scram-sha-256", [("address", "0.0.0.0/0")]),
        ("hostssl crm all ::/0 scram-sha-256", [("address", "::/0")]),
        ("hostssl crm all all scram-sha-256", [("address", "all")]),
        ("hostssl crm all 8.8.8.0/24 scram-sha-256", [("address", "8.8.8.0/24")]),
        ("hostssl all all 192.0.2.7/32 scram-sha-256", [("database", "all")]),
        ("hostssl crm,replication all 192.0.2.7/32 scram-sha-256", [("database", "crm,replication")]),
        ('hostssl "crm" all samenet scram-sha-256', []),
        ("hostssl crm all .shop.example.com cert", []),
        ("hostssl crm all .com cert", [("address", ".com")]),
        (
            "host all all 0.0.0.0/0 trust",
            [("encrypted", "host"), ("method", "trust"), ("address", "0.0.0.0/0"), ("database", "all")],
        ),
    ],
)
def test_each_fault_of_a_line_is_named(line, faults):
    assert find_bad(hba=line) == [(rule, "pg_hba.conf:1", found) for rule, found in faults]


@pytest.mark.parametrize(
    ("conf", "fault"),
    [
        (GOOD_CONF.replace("localhost,192.0.2.5", "*"), ("listen", "listen_addresses", "*")),
        (GOOD_CONF.replace("localhost,", "0.0.0.0,"), ("listen", "listen_addresses", "0.0.0.0,192.0.2.5")),
        (GOOD_CONF.replace("ssl = on", "#ssl = on"), ("ssl", "ssl", "off")),
        (GOOD_CONF + "ssl = off\n", ("ssl", "ssl", "off")),
        (
            GOOD_CONF + "ssl_min_protocol_version = 'TLSv1'\n",
            ("protocol", "ssl_min_protocol_version", "TLSv1"),
        ),
        (GOOD_CONF + "password_encryption md5\n", ("passwords", "password_encryption", "md5")),
        (GOOD_CONF.replace("log_connections = on", ""), ("log_connections", "log_connections", "off")),
    ],
)
def test_each_fault_of_a_setting_is_named(conf, fault):
    assert find_bad(conf=conf) == [fault]


@pytest.mark.parametrize("first", [10, 172, 192])
def test_a_firms_own_networks_are_not_the_world(first):
    second = {10: 0, 172: 16, 192: 168}[first]
    assert find_bad(hba=f"hostssl crm all {first}.{second}.0.0/24 scram-sha-256") == []
    # half of the world begins with the same number
    assert find_bad(hba=f"hostssl crm all {first}.{second}.0.0/3 scram-sha-256") != []


def test_without_far_connections_ssl_is_not_asked_for():
    near = "local all all peer\nhost all all localhost scram-sha-256\n"
    assert find_bad(near, GOOD_CONF.replace("ssl = on", "")) == []
    assert [rule for rule, *_ in find_bad("", GOOD_CONF)] == ["lines"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("include other.conf", "begins with 'include'"),
        ("host all all", "has 3 words"),
        ("host all all 192.0.2.1 255.255.255.255", "names no method"),
        ('host "all all 192.0.2.0/24 trust', "quotes do not close"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_its_number(line, said):
    with pytest.raises(ProtectError, match="line 3 of pg_hba.conf") as caught:
        check_network({"pg_hba": f"local all all peer\n\n{line}\n"})
    assert said in str(caught.value)
    with pytest.raises(ProtectError, match="needs 'pg_hba'"):
        check_network({"postgresql": ""})
