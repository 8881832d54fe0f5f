"""The customer database from the command line: made, filled, checked, backed up, restored."""

from __future__ import annotations

import openpyxl
import pytest
from test_cli import crm

AT = ("--at", "2024-06-01T09:00:00", "--actor", "林小满")


@pytest.mark.slow
def test_a_database_from_the_first_template_to_the_restored_backup(tmp_path) -> None:
    def run(*words, code=0):
        done = crm("store", *words, cwd=tmp_path)
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
        return done.stdout + done.stderr

    key = ("--key", "file:customers.key")
    assert "none is given" in run("create", "customers.duckdb", *AT, code=2)
    assert "Key written" in run("create", "customers.duckdb", *key, *AT)
    run("template", "--out", "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    for row, (name, phone) in enumerate([("周十", "13512340000"), ("冯一", "135")], start=3):
        book["客户信息"].cell(row, 3).value = name
        book["客户信息"].cell(row, 6).value = phone
    book.save(tmp_path / "filled.xlsx")
    said = run("upload", "customers.duckdb", "filled.xlsx", *key, *AT, "--verdicts", "v.xlsx", code=1)
    assert "U2400001\t1\t0\t0\t1" in said
    assert (tmp_path / "v.xlsx").is_file()
    assert "Whole" in run("verify", "customers.duckdb")
    backup = run("backup", "customers.duckdb", "backups", *key, *AT).split("Backup: ")[1].strip()
    assert "whole" in run("list", "backups", *key)
    run("restore", backup, "again.duckdb", *key, *AT)
    assert "0\t0\t1\t1" in run("upload", "again.duckdb", "filled.xlsx", *key, "--at", "2024-06-02", code=1)
    assert b"13512340000" not in (tmp_path / "again.duckdb").read_bytes()
