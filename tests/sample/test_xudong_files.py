"""The files students meet: as generated, with the defects they promise, and fit for the first lessons."""

from __future__ import annotations

import csv
import re

import openpyxl
import pytest
from typer.testing import CliRunner

from crm_lib import (
    clean_table,
    fit_rfm_bins,
    name_segments,
    read_table,
    sample,
    score_rfm,
    summarize_rfm,
)
from crm_lib.cli import app
from crm_lib.sample.student_files import list_dictionary

SAMPLES = [s for s in sample.list_samples() if s.name.startswith("xudong_")]
SCHEMAS = {s.name: re.sub(r"_(store|web|call_center)$", "", s.name.removeprefix("xudong_")) for s in SAMPLES}


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    out = tmp_path_factory.mktemp("files") / "company"
    sample.make_company(500, seed=0, out=out)
    return out


def read_sheet(path):
    sheet = openpyxl.load_workbook(path).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()], sheet.merged_cells.ranges


def test_the_files_are_the_generated_ones(company):
    assert len(SAMPLES) == 20
    made = sorted(p.name for p in (company / "files").iterdir())
    assert made == sorted(s.file.split("/")[1] for s in SAMPLES)
    for s in SAMPLES:
        here, there = sample.path(s.name), company / "files" / s.file.split("/")[1]
        if here.suffix == ".xlsx":  # the packing may differ from one xlsxwriter to the next
            assert read_sheet(here)[0] == read_sheet(there)[0]
        else:
            assert here.read_bytes() == there.read_bytes(), s.name
    assert sum(sample.path(s.name).stat().st_size for s in SAMPLES) < 1_500_000
    assert {s.currency for s in SAMPLES} == {"元"}
    assert not list((sample.project_root() / "data").rglob("*truth*"))


def test_dictionary_and_readme_name_every_column_and_file():
    with (sample.project_root() / "data/dictionary.csv").open(encoding="utf-8", newline="") as file:
        written = [r for r in csv.DictReader(file) if r["file"].startswith("xudong/")]
    assert written == list_dictionary()
    assert all(r["title"] and r["meaning"] for r in written)
    readme = (sample.project_root() / "data/README.md").read_text("utf-8")
    for s in SAMPLES:
        mapping = read_table(sample.path(s.name), SCHEMAS[s.name]).attrs["source"]["mapping"]
        mine = {r["column"]: r["title"] for r in written if r["file"] == s.file}
        english = s.name == "xudong_customers_web"
        assert mapping == ({c: c for c in mine} if english else mine)
        assert f"| `{s.file}` | {s.grain}" in readme


@pytest.mark.parametrize("name", [s.name for s in SAMPLES])
def test_every_row_is_accounted_for(name, company):
    raw = read_table(sample.path(name), SCHEMAS[name])
    cleaned = clean_table(raw, SCHEMAS[name])
    assert len(raw) == cleaned.n_in
    totals = {"xudong_orders", "xudong_customers_store", "xudong_customers_call_center"}
    assert list(cleaned.quarantine["reason"]) == (["totals_row"] if name in totals else [])
    assert cleaned.merged.empty == (name != "xudong_orders")


def test_the_defects_that_are_promised():
    rows, merged = read_sheet(sample.path("xudong_customers_store"))
    assert len(merged) == 1
    assert rows[1] == [None] * len(rows[0])
    assert rows[2][0] == "记录编号"
    assert rows[-1][:2] == ["合计", f"{len(rows) - 4}人"]
    called = sample.path("xudong_customers_call_center").read_bytes().decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        called.encode("gb18030").decode("utf-8")
    assert re.search("１５４[０-９]{8},", called)
    assert "　," in called
    web = sample.path("xudong_customers_web").read_text("utf-8")
    assert web.startswith("\ufeffrecord_id,name")
    for form in (r",19\d\d/\d+/\d+,", r",19\d{6},", r",19\d\d年\d+月\d+日,", r",19\d\d-\d\d-\d\d,"):
        assert re.search(form, web), form
    store = "\n".join(str(row[3]) for row in rows)
    assert re.search("1990-02-30|1985-13-07|2035-06-18|1899-00-00", store + web)
    assert sample.path("xudong_contacts").read_bytes().decode("gb18030").startswith("客户编号;接触时间")


def test_orders_clean_up_to_what_was_generated(company):
    pd = pytest.importorskip("pandas")
    cleaned = clean_table(read_table(sample.path("xudong_orders"), "orders"), "orders")
    true = pd.read_parquet(company / "data/orders.parquet")
    kept = true[~true["returned"]].set_index(["order_id", "line_no"])
    back = true[true["returned"]]
    twice = cleaned.merged["reason"].eq("duplicate_line").sum()
    assert 10 < twice < 60
    assert cleaned.rows["amount"].sum() == pytest.approx(true["amount"].sum(), abs=0.005)
    seen = cleaned.rows.set_index(["order_id", "line_no"])
    assert seen.index.isin(kept.index).mean() > 0.995
    same = seen.index.intersection(kept.index)
    assert (seen.loc[same, "ordered_at"] == kept.loc[same, "ordered_at"]).all()
    netted = cleaned.merged["reason"].isin(["netted_full", "netted_partial"]).sum()
    assert netted + 2 * (cleaned.rows["amount"] < 0).sum() == pytest.approx(2 * len(back), abs=10)


def test_the_path_of_the_tour():
    orders = clean_table(read_table(sample.path("xudong_orders"), "orders"), "orders").rows
    rfm = summarize_rfm(orders, as_of="2024-12-31")
    segments = name_segments(score_rfm(rfm, bins=fit_rfm_bins(rfm)), scheme="classic")
    assert 480 < len(segments) <= 500
    assert segments["segment"].nunique() >= 6
    assert set(segments["score_m"]) == {1, 2, 3, 4, 5}


def test_the_command(tmp_path):
    asked = CliRunner().invoke(
        app, ["data", "make", "--customers", "500", "--seed", "3", "--out", str(tmp_path / "x")]
    )
    assert asked.exit_code == 0, asked.output
    assert "truth/persons\t500" in asked.stdout
    assert {p.name for p in (tmp_path / "x").iterdir()} == {"data", "truth", "files"}


@pytest.mark.slow
def test_a_large_company_keeps_its_memory_bounded(tmp_path):
    """Ten times the customers, hardly more memory: each process reports its own peak."""
    resource = pytest.importorskip("resource")
    assert resource
    import subprocess
    import sys

    code = (
        "import resource, sys; from crm_lib.sample import make_company; "
        "make_company(int(sys.argv[1]), seed=0, out=sys.argv[2]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peak = {}
    for n in (30_000, 300_000):
        asked = [sys.executable, "-c", code, str(n), str(tmp_path / str(n))]
        peak[n] = int(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
    assert peak[300_000] < 1.6 * peak[30_000]
