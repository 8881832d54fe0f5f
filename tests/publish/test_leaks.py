"""Secrets: no file of a report may hold one, in whatever spelling, and no sentence repeats one."""

import base64
import gzip
import html
import io
import json
import subprocess
import sys
import zipfile
from urllib.parse import quote

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_notebooks import small_notebook, write_notebooks

from crm_lib.publish import run
from crm_lib.publish.leaks import find_leaks, list_secrets
from crm_lib.publish.plan import plan_jobs

ID = "0_start/1_secret"
SECRET = "p4ss<\"wörd\\密钥'&1"
REFERENCES = {"token": "env:CRM_TEST_TOKEN"}


@pytest.fixture
def stage(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_TEST_TOKEN", SECRET)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "stage"
    (folder / "tables").mkdir(parents=True)
    return folder


def zip_of(name, data):
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return box.getvalue()


def b64(text, before=b"", encoding="utf-8"):
    return base64.b64encode(before + text.encode(encoding) + b" and what follows")


def wrap(data, width=20):
    return b"\n".join(data[i : i + width] for i in range(0, len(data), width))


SPELLINGS = {
    "as it is": SECRET.encode(),
    "in GB18030": SECRET.replace("ö", "o").encode("gb18030"),
    "in UTF-16": ("name," + SECRET).encode("utf-16"),
    "for HTML": html.escape(SECRET).encode(),
    "for HTML, other quotes": html
    .escape(SECRET)
    .replace("&#x27;", "&#39;")
    .replace("&quot;", "&#34;")
    .encode(),
    "as numbers for HTML": "".join(f"&#{ord(c)};" for c in SECRET).encode(),
    "letter by letter": "".join(f"<tspan>{html.escape(c)}</tspan>" for c in SECRET).encode(),
    "in colours": json.dumps({"text": [f"\x1b[31m{SECRET[:4]}\x1b[0m{SECRET[4:]}"]}).encode(),
    "for JSON": json.dumps({"a": SECRET}).encode(),
    "for JSON in JSON": json.dumps(json.dumps({"a": SECRET})).encode(),
    "for Python": repr(SECRET).encode(),
    "for CSV": f'"{SECRET.replace(chr(34), chr(34) * 2)}"'.encode(),
    "for an address": b"https://host/?q=" + quote(SECRET, safe="").encode(),
    "for an address, small": quote(SECRET, safe="").lower().encode(),
    "in base64": b64(SECRET),
    "in base64, one letter on": b64(SECRET, b"x"),
    "in base64, two letters on": b64(SECRET, b"xy"),
    "in base64 of lines": wrap(b64(SECRET, b"abc")),
    "in base64 for addresses": base64.urlsafe_b64encode(SECRET.encode()),
    "in base64 of UTF-16": b64(SECRET, encoding="utf-16-le"),
    "in base64 of HTML": b64(f"<text>{html.escape(SECRET)}</text>"),
    "in hexadecimal digits": SECRET.encode().hex().upper().encode(),
    "in a workbook": zip_of("xl/sharedStrings.xml", f"<si><t>{html.escape(SECRET, quote=False)}</t></si>"),
    "in an archive of archives": zip_of("a.zip", zip_of("b.txt", SECRET)),
    "in gzip": gzip.compress(b"x" * 99 + SECRET.encode()),
    "in a workbook in base64": b'<a href="data:;base64,' + base64.b64encode(zip_of("a", SECRET)) + b'">',
}


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda name: name.replace(" ", "_"))
def test_every_spelling_is_found_and_none_is_repeated(stage, monkeypatch, spelling):
    if spelling == "in GB18030":
        monkeypatch.setenv("CRM_TEST_TOKEN", SECRET.replace("ö", "o"))
    (stage / "report.html").write_bytes(b"<p>before</p> " + SPELLINGS[spelling] + b" after")
    if SPELLINGS[spelling][:2] in {b"PK", b"\x1f\x8b"} or spelling in {"for JSON", "in colours", "in UTF-16"}:
        (stage / "report.html").write_bytes(SPELLINGS[spelling])
    first, *_, way_out = find_leaks(stage, REFERENCES)
    assert first.startswith("report.html")
    assert "parameter 'token' (env:CRM_TEST_TOKEN)" in first
    assert "Nothing of this run was kept" in way_out
    assert SECRET not in first


def test_clean_files_are_clean(stage):
    (stage / "report.html").write_text("<p>env:CRM_TEST_TOKEN p4ss</p>" * 50, encoding="utf-8")
    (stage / "tables" / "t.xlsx").write_bytes(zip_of("a", "p4ss"))
    (stage / "picture.png").write_bytes(b"\x89PNG" + bytes(range(256)) * 50)
    (stage / "broken.zip").write_bytes(b"PK\x03\x04 broken")
    (stage / "broken.gz").write_bytes(b"\x1f\x8b broken")
    assert find_leaks(stage, REFERENCES) == []
    assert find_leaks(stage, {}) == []


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=6, max_size=40))
def test_any_secret_is_found_in_a_notebook_and_in_what_embeds_it(tmp_path_factory, secret):
    folder = tmp_path_factory.mktemp("stage")
    key = folder.parent / f"{folder.name}.key"
    key.write_text(secret, encoding="utf-8")
    cell = {"outputs": [{"data": {"text/html": [f"<b>{html.escape(secret)}</b>\n", "<i>x</i>"]}}]}
    (folder / "report.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    (folder / "deep.html").write_bytes(b64(json.dumps(cell)))
    leaks = find_leaks(folder, [f"file:{key}"])
    assert any(line.startswith("report.ipynb") for line in leaks)
    assert any(line.startswith("deep.html") for line in leaks)


@pytest.mark.parametrize(
    ("secret", "text", "found"),
    [
        ("1997", "in 1997 there", True),
        ("1997", "costs 21997", False),
        ("1997", "a1997", False),
        ("1997", "<b>19</b>97", True),
        ("ab", "cabin lab", False),
        ("密钥1", "是密钥1了", False),  # a word of Chinese has no edges: such a secret is too short
        ("密钥1", "是“密钥1”。", True),
        ("19970101", "costs 2199701013", True),
    ],
)
def test_a_short_secret_is_a_whole_word(stage, monkeypatch, secret, text, found):
    monkeypatch.setenv("CRM_TEST_TOKEN", secret)
    (stage / "report.html").write_text(text, encoding="utf-8")
    assert bool(find_leaks(stage, REFERENCES)) is found


def test_a_key_of_several_lines_is_found_by_any_of_its_lines(stage, tmp_path):
    lines = ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0B", "AQEFAASCBKcwggSjAgEAAoIB", "short"]
    (tmp_path / "k.pem").write_text("\n".join(lines), encoding="utf-8")
    for text, found in ((lines[2], True), (lines[0], False), ("short", False)):
        (stage / "report.html").write_text(f"<p>{text}</p>", encoding="utf-8")
        assert bool(find_leaks(stage, {"key": "file:k.pem"})) is found


def test_the_password_of_an_address_counts_but_not_the_address(stage, monkeypatch):
    monkeypatch.setenv("CRM_TEST_TOKEN", "postgresql://ann:hun%2Fter2@db.example/shop")
    page = stage / "report.html"
    for text, found in (
        ("postgresql://ann:***@db.example/shop", False),
        ("hun/ter2", True),
        ("hun%2Fter2", True),
    ):
        page.write_text(text, encoding="utf-8")
        assert bool(find_leaks(stage, {"orders": "env:CRM_TEST_TOKEN#orders"})) is found
    monkeypatch.setenv("CRM_TEST_TOKEN", "postgresql://postgres:postgres@localhost/shop")
    for text, found in (("postgresql://postgres:***@", False), ("x://postgres:postgres@localhost", True)):
        page.write_text(text, encoding="utf-8")
        assert bool(find_leaks(stage, {"orders": "env:CRM_TEST_TOKEN"})) is found


def test_a_secret_in_a_file_name_is_not_repeated(stage, monkeypatch):
    monkeypatch.setenv("CRM_TEST_TOKEN", "hunter2")
    (stage / "tables" / "hunter2.csv").write_text("hunter2", encoding="utf-8")
    (stage / "tables" / "t.xlsx").write_bytes(zip_of("hunter2.xml", ""))
    leaks = find_leaks(stage, REFERENCES)
    assert "The name of a file" in leaks[0]
    assert "hunter2" not in " ".join(leaks)


def test_a_file_that_is_gone_since_cannot_be_searched_for(stage):
    assert "cannot be read" in find_leaks(stage, {"token": "file:gone.txt"})[0]
    assert find_leaks(stage, {"token": "env:CRM_TEST_NOTHING"}) == []


def test_many_leaks_are_counted(stage):
    for i in range(9):
        (stage / f"{i}.txt").write_text(SECRET, encoding="utf-8")
    leaks = find_leaks(stage, REFERENCES)
    assert len(leaks) == 7  # five places, how many more, what to do
    assert leaks[5].startswith("4 more places")


def test_cells_of_parquet_are_read(stage):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"a": ["x", "long enough " + SECRET]}), stage / "t.parquet", compression="zstd")
    assert find_leaks(stage, REFERENCES)[0].startswith("t.parquet")


# --- end to end: a notebook that gives its secret away fails, and nothing of it is kept ---------

WAYS = {
    "printed": "print(secret)",
    "the value of a cell": "secret",
    "a finding": "finding(f'口令 {secret}')",
    "a table": "import pandas as pd\nfrom crm_lib.lesson import show_table\n"
    "show_table(pd.DataFrame({'n': [secret]}), '表')",
    "an exception": "raise RuntimeError(f'login failed for {secret}')",
    "a figure": "from IPython.display import SVG, display\n"
    "display(SVG(f'<svg xmlns=\"http://www.w3.org/2000/svg\"><text>{secret}</text></svg>'))",
    "base64": "import base64\nprint(base64.b64encode(('x' + secret).encode()))",
    "an exported workbook": "import pandas as pd\nfrom crm_lib.lesson import export\n"
    "export({'s': pd.DataFrame({'n': [secret]})}, {})",
    "the result": "import pandas as pd\nfrom crm_lib.lesson import export\nexport({'s': pd.DataFrame({'n': [1]})}, {'s': secret})",
    "a file name": "import os, pathlib\n"
    "pathlib.Path(os.environ['CRM_OUTPUT_DIR'], 'tables', secret + '.txt').write_text('', encoding='utf-8')",
}


def write_secret_notebook(suite, body, default="", notebook_id=ID):
    opening = "from crm_lib.lesson import read_secret\nsecret = read_secret(token)\n"
    notebook = small_notebook(notebook_id, opening + body)
    notebook.cells[2].source += f'\ntoken: str = "{default}"  # 口令 <secret>'
    if "export(" in body:
        notebook.cells.pop()  # the export of its own would write over the result
    nbformat.write(notebook, suite / "notebooks" / f"{notebook_id}.ipynb")


@pytest.fixture
def suite(tmp_path, monkeypatch):
    write_notebooks(tmp_path, {ID: "finding('甲')"})
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.setenv("CRM_TEST_TOKEN", "hunter2-hunter2")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hold_secret(folder, secret=b"hunter2-hunter2"):
    return [p for p in folder.rglob("*") if p.is_file() and secret in p.read_bytes()]


def test_a_notebook_that_shows_its_secret_fails_and_nothing_of_it_is_kept(suite, capfd):
    ids = {way: f"0_start/{i}_way" for i, way in enumerate(WAYS, start=2)}
    for way, notebook_id in ids.items():
        write_secret_notebook(suite, WAYS[way], notebook_id=notebook_id)
    jobs = plan_jobs(list(ids.values()), {"token": "env:CRM_TEST_TOKEN"}, out=suite / "out")
    entries = run.run_jobs(jobs, n_jobs=2)
    index = (suite / "out/index.html").read_text(encoding="utf-8")
    for (way, notebook_id), entry in zip(ids.items(), entries, strict=True):
        assert entry["status"] == "failed", way
        assert "parameter 'token' (env:CRM_TEST_TOKEN)" in entry["error"]["sentence"], way
        assert "hunter2" not in json.dumps(entry) + run.describe_failure(entry), way
        assert [p for p in (suite / "out" / notebook_id).rglob("*") if p.is_file()] == [], way
    assert hold_secret(suite / "out") == []
    assert "hunter2" not in "".join(capfd.readouterr())
    assert index.count("Nothing of this run was kept") >= len(WAYS)


def test_a_secret_is_used_and_leaves_no_trace(suite, monkeypatch):
    write_secret_notebook(suite, "finding(f'{len(secret)} 个字')")
    write_secret_notebook(suite, "print(secret)", "env:CRM_TEST_TOKEN", "0_start/2_default")
    write_secret_notebook(suite, "finding('甲')", "env:CRM_TEST_NOTHING", "0_start/3_missing")
    (first,) = plan_jobs([ID], {"token": "env:CRM_TEST_TOKEN"}, out=suite / "out")
    others = plan_jobs(["0_start/2_default", "0_start/3_missing"], {}, out=suite / "out")
    assert list_secrets(others[0]) == {"token": "env:CRM_TEST_TOKEN"}  # a default is a secret too
    good, default, missing = run.run_jobs([first, *others], n_jobs=2)
    assert good["status"] == "ok", good["error"]
    assert good["parameters"]["token"] == "env:CRM_TEST_TOKEN"
    assert "15 个字" in (suite / "out" / ID / "report.html").read_text(encoding="utf-8")
    assert "parameter 'token'" in default["error"]["sentence"]
    assert missing["error"]["sentence"].startswith("没有环境变量“CRM_TEST_NOTHING”")
    assert hold_secret(suite / "out") == []


def test_an_address_in_the_environment_counts_when_it_holds_a_password(suite, monkeypatch):
    monkeypatch.setenv("CRM_TEST_ORDERS", "orders.csv")
    (job,) = plan_jobs([ID], {"name": "env:CRM_TEST_ORDERS"}, out=suite / "out")
    assert list_secrets(job) == {}
    monkeypatch.setenv("CRM_TEST_ORDERS", "pg://me:hunter2@host/db")
    assert list_secrets(job) == {"name": "env:CRM_TEST_ORDERS"}


def test_the_command_line_repeats_no_secret(suite):
    write_secret_notebook(suite, "finding('甲')")
    for words in (["-p", "token=hunter2"], ["-p", "tokn=hunter2"], ["-p", "hunter2"]):
        command = [sys.executable, "-m", "crm_lib.cli", "render", ID, *words]
        ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=suite)
        assert ran.returncode == 2
        assert "hunter2" not in ran.stdout + ran.stderr
    assert not (suite / "reports").exists()
