"""Data files are found from anywhere, and are what their README says."""

from __future__ import annotations

import csv
import gzip
import hashlib
import re
from collections import Counter

import pytest

from crm_lib import sample
from crm_lib.errors import ParameterError, ReadError
from crm_lib.sample import files

CDNOW = [s for s in sample.list_samples() if s.file.endswith(".gz")]


def _content(name: str) -> bytes:
    return gzip.decompress(sample.path(name).read_bytes())


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_content(name).decode("utf-8").splitlines()))


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("cdnow", "599a84a46bfff7f77fc6da257c32c88308ce8ec62bf87228913efc88b7e77387"),
        ("cdnow_sample", "7f4d86f79c87afaccab130f60f3f15b23fd9adf9d19b7c86aac651b37452a2d9"),
    ],
)
def test_content_is_the_published_one(name, digest):
    assert hashlib.sha256(_content(name)).hexdigest() == digest
    assert digest in (sample.project_root() / "data/README.md").read_text("utf-8")


def test_cdnow_counts_of_the_source():
    rows = _rows("cdnow")
    assert len(rows) == 69_659
    assert len({r["customer_id"] for r in rows}) == 23_570
    assert (min(r["date"] for r in rows), max(r["date"] for r in rows)) == ("1997-01-01", "1998-06-30")
    assert len(rows) - len({tuple(r.values()) for r in rows}) == 255
    assert sum(float(r["amount"]) == 0 for r in rows) == 80
    assert min(float(r["amount"]) for r in rows) == 0
    assert rows[0] == {"customer_id": "00001", "date": "1997-01-01", "quantity": "1", "amount": "11.77"}


def test_sample_is_part_of_the_whole():
    def strip(rows):
        return Counter((r["customer_id"], r["date"], r["quantity"], r["amount"]) for r in rows)

    rows, whole = _rows("cdnow_sample"), _rows("cdnow")
    ids = {r["customer_id"] for r in rows}
    assert len(ids) == len({r["sample_id"] for r in rows}) == 2_357
    assert strip(rows) == strip(r for r in whole if r["customer_id"] in ids)


def test_gzip_holds_no_time_and_no_name():
    for s in CDNOW:
        head = sample.path(s.name).read_bytes()[:10]
        assert head[3] == 0  # no FNAME flag
        assert head[4:8] == b"\0\0\0\0"


def test_dictionary_names_every_column_in_order():
    lines = (sample.project_root() / "data/dictionary.csv").read_text("utf-8").splitlines()
    written = list(csv.DictReader(lines))
    for s in CDNOW:
        header = _content(s.name).split(b"\n", 1)[0].decode("ascii").split(",")
        assert [r["column"] for r in written if r["file"] == s.file] == header
    assert all(r["title"] and r["meaning"] for r in written)


def test_unknown_name_shows_the_closest():
    with pytest.raises(ParameterError, match=r"'cdnow_sampel'.*Did you mean 'cdnow_sample'"):
        sample.path("cdnow_sampel")


def test_home_wins_and_is_never_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    with pytest.raises(ReadError, match="CRM_HOME must name a folder"):
        sample.project_root()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/dictionary.csv").write_text("file\n", encoding="utf-8")
    assert sample.project_root() == tmp_path.resolve()
    with pytest.raises(ReadError, match=re.escape("cdnow_orders.csv.gz does not exist")):
        sample.path("cdnow")


def test_found_upwards_from_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("CRM_HOME", raising=False)
    away = tmp_path / "site-packages/crm_lib/sample/files.py"
    monkeypatch.setattr(files, "__file__", str(away))
    deep = tmp_path / "project/notebooks/3"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    with pytest.raises(ReadError, match="Set the environment variable CRM_HOME"):
        sample.project_root()
    (tmp_path / "project/data").mkdir()
    (tmp_path / "project/data/dictionary.csv").write_text("file\n", encoding="utf-8")
    assert sample.project_root() == (tmp_path / "project").resolve()
