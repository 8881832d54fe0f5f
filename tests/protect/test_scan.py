"""Pinned versions against advisories in the OSV format; what was not scanned is never called safe."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from crm_lib.errors import ProtectError
from crm_lib.protect import scan_dependencies
from crm_lib.protect.advisories import Advisory, read_advisories
from crm_lib.protect.scan import FOUND, NOT_SCANNED, NOTHING_FOUND, read_pins

# Records with the fields and shapes that the database publishes; packages, numbers and holes are invented.
JINJA = {
    "schema_version": "1.6.0",
    "id": "GHSA-xxxx-0001-aaaa",
    "aliases": ["CVE-2099-0001", "PYSEC-2099-1"],
    "modified": "2099-01-02T03:04:05Z",
    "published": "2099-01-01T00:00:00Z",
    "summary": "Template\ninjection",
    "database_specific": {"severity": "HIGH", "cwe_ids": ["CWE-94"]},
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Jinja_Like", "purl": "pkg:pypi/jinja-like"},
            "ranges": [
                {"type": "GIT", "repo": "https://example.com/x", "events": [{"introduced": "0"}, {"fixed": "abc"}]},
                {
                    "type": "ECOSYSTEM",
                    # not in order, as the format allows
                    "events": [{"fixed": "3.1.3"}, {"introduced": "0"}, {"fixed": "2.9.1"}, {"introduced": "3.0.0"}],
                },
            ],
            "versions": ["0.1-legacy", "2.11.post1"],
        },
        {"package": {"ecosystem": "npm", "name": "jinja-like"}, "versions": ["3.1.6"]},
    ],
}  # fmt: skip
PILLOW = {
    "id": "PYSEC-2099-7",
    "details": "Overflow",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "pillow.like"},
            "ranges": [
                {"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"last_affected": "2.0"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "5.0rc1"}]},
            ],
        }
    ],
}
WITHDRAWN = {**PILLOW, "id": "GHSA-gone", "withdrawn": "2099-05-05T00:00:00Z"}


@pytest.fixture
def folder(tmp_path):
    for record in (JINJA, PILLOW, WITHDRAWN):
        (tmp_path / f"{record['id']}.json").write_text(json.dumps(record), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("version", "hit"),
    [
        # 0 … < 2.9.1 and 3.0.0 … < 3.1.3
        ("0.0.1", True), ("0.0.dev1", True), ("2.9", True), ("2.9.1", False), ("2.9.1rc1", True),
        ("2.10", False), ("3.0.0", True), ("3.0.0rc1", False), ("3.0", True), ("3.1.2.post1", True),
        ("3.1.3", False), ("3.1.3b2", True), ("3.1.6", False), ("2.11.post1", True), ("2.11", False), ("v3.0", True),
    ],
)  # fmt: skip
def test_ranges_that_were_worked_out_by_hand(folder, version, hit):
    found = scan_dependencies(f"jinja-like=={version}\n", advisories=folder)
    assert (found.verdict, len(found.findings)) == ((FOUND, 1) if hit else (NOTHING_FOUND, 0))


@pytest.mark.parametrize(
    ("version", "hit"),
    [("0.9", False), ("1.0", True), ("2.0", True), ("2.0.post1", False), ("2.0.1", False), ("4.9", False),
     ("5.0b1", False), ("5.0rc1", True), ("99", True)],
)  # fmt: skip
def test_last_affected_is_the_last_and_an_open_range_has_no_end(folder, version, hit):
    assert (scan_dependencies(f"Pillow.Like=={version}\n", advisories=folder).verdict == FOUND) is hit


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6, unique=True), st.integers(0, 32), st.randoms())
def test_ranges_agree_with_a_walk_over_all_versions(marks, version, random):
    marks = sorted(marks)
    events = [("introduced" if i % 2 == 0 else "fixed", f"1.{m}") for i, m in enumerate(marks)]
    inside, walked = False, {}
    for n in range(33):
        inside = {int(v[2:]): k == "introduced" for k, v in events}.get(n, inside)
        walked[n] = inside
    random.shuffle(events)
    advisory = Advisory("X", (), "x", "", "", (tuple(events),), frozenset())
    assert advisory.concerns(f"1.{version}") == walked[version]


def test_a_finding_says_what_to_do(folder):
    found = scan_dependencies(
        "Jinja.like == 3.1.2 ; python_version > '3'  # why\nother==1\n", advisories=folder
    )
    assert found.findings.to_dict("records") == [
        {
            "package": "jinja-like",
            "version": "3.1.2",
            "advisory": "GHSA-xxxx-0001-aaaa",
            "aliases": "CVE-2099-0001 PYSEC-2099-1",
            "severity": "high",
            "fixed_in": "3.1.3 2.9.1",
            "summary": "Template injection",
        }
    ]
    assert found.packages["status"].tolist() == [FOUND, NOTHING_FOUND]
    assert "2 个软件包里有 1 个" in found.sentence
    assert found.to_settings(as_of="2026-03-01") == {"scan_checked_on": "2026-03-01", "scan_findings": "1"}


def test_without_advisories_nothing_is_called_safe(project_root):
    found = scan_dependencies(project_root / "constraints.txt")
    assert found.verdict == NOT_SCANNED
    assert len(found.packages) > 150
    assert set(found.packages["status"]) == {NOT_SCANNED}
    assert found.sentence.startswith("没有扫描：")
    assert "OSV" in found.sentence
    assert found.to_settings(as_of="2026-03-01") == {"scan_findings": NOT_SCANNED}
    pins = dict(zip(found.packages["package"], found.packages["version"], strict=True))
    assert Version(pins["pandas"]) >= Version("2.3.3")


def test_a_package_without_a_version_is_not_called_safe(folder):
    for line in ("numpy", "numpy>=2", "numpy==2.*", "numpy>=1,==2.1", "numpy~=2.0"):
        found = scan_dependencies(f"{line}\nother==1\n", advisories=folder)
        assert (found.verdict, found.packages["status"].tolist()) == (
            NOT_SCANNED,
            ["not pinned", NOTHING_FOUND],
        )
        assert "1 个没有写明版本" in found.sentence
    assert scan_dependencies("# nothing\n\n", advisories=folder).verdict == NOT_SCANNED


def test_the_age_of_the_advisories_is_said(folder):
    found = scan_dependencies("a==1\n", advisories=folder, as_of="2026-03-01", fetched_on="2026-02-01")
    assert found.verdict == NOTHING_FOUND
    assert found.sentence.endswith("没有已知公告，不等于没有漏洞。公告是 28 天前下载的。")
    # the withdrawn one and the one for another ecosystem are not counted
    assert found.n_advisories == 2


def test_pins_are_read_as_pip_reads_them():
    text = "-e .\n--hash=x\nAbc_Def[extra]==1.0  \\\n    --hash=sha256:aa\nzope.interface===2.0\nurl==1!2.0+local\n"
    assert read_pins(text).to_dict("list") == {
        "package": ["abc-def", "url", "zope-interface"],
        "version": ["1.0", "1!2.0+local", "2.0"],
        "line": [3, 6, 5],
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a==1\nA==2\n", "'a' has '1' on line 1 and '2' on line 2"),
        ("a==1\n!!!\n", "line 2 must be a package"),
        ("a==one\nb==2\n", "line 1 must pin a version"),
    ],
)
def test_a_bad_file_of_pins_is_refused(text, said):
    with pytest.raises(ProtectError, match=said):
        scan_dependencies(text)


def test_a_missing_or_damaged_advisory_is_no_clean_bill(tmp_path, folder):
    with pytest.raises(ProtectError, match="No such file"):
        scan_dependencies("a==1\n", advisories=tmp_path / "nowhere" / "deep")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ProtectError, match="has none"):
        read_advisories(tmp_path / "empty")
    for content in ("{", "[1]", '{"id": "X"}', '{"id": "X", "affected": "all"}'):
        (folder / "bad.json").write_text(content, encoding="utf-8")
        with pytest.raises(ProtectError, match=r"'bad\.json' must be an advisory"):
            scan_dependencies("a==1\n", advisories=folder)
    bad = {"id": "X", "affected": [{"package": {"ecosystem": "PyPI", "name": "a"},
           "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "one"}]}]}]}  # fmt: skip
    (folder / "bad.json").write_text(json.dumps(bad), encoding="utf-8")
    with pytest.raises(ProtectError, match="ranges of X"):
        scan_dependencies("a==1\n", advisories=folder)
    with pytest.raises(ProtectError, match="cannot be read"):
        scan_dependencies(tmp_path / "none.txt")
