"""Files of parameters and sets of them: what is read, what is refused, how the reports are named."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_notebooks import write_notebooks

from crm_lib.errors import ParameterError
from crm_lib.publish import capacity, run
from crm_lib.publish.parameter_sets import ParameterSet, make_key, name_sets, read_sets, read_values
from crm_lib.publish.plan import plan_jobs

ONE, TWO = "0_start/1_good", "0_start/2_more"
HOSTILE = "<script>alert(1)</script> \"双\" '单' \\ {{ x }} {% raw %} %s ${HOME}\n第二行 &amp; $E=mc^2$"


@pytest.fixture
def suite(tmp_path, monkeypatch):
    write_notebooks(tmp_path, {ONE: "finding(f'{n} {name}')", TWO: "finding('乙')"})
    monkeypatch.setenv("CRM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, name, text, encoding="utf-8"):
    (folder / name).write_text(text, encoding=encoding, newline="")
    return name


def plan(names=(ONE,), given=None, **files):
    return plan_jobs(list(names), given or {}, out=Path("out"), **files)


def refuse(*args, **files):
    with pytest.raises(ParameterError) as refused:
        plan(*args, **files)
    return str(refused.value)


# --- one file for a run -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.yaml", "n: 5\nname: 007\n"),
        ("p.toml", 'n = 5\nname = "007"\n'),
        ("p.json", '{"n": 5, "name": "007"}'),
    ],
)
def test_all_three_kinds_of_file_give_typed_values(suite, name, text):
    (job,) = plan(params=write(suite, name, "\ufeff" + text))
    assert job.parameters == {"n": 5, "name": "007"}  # YAML 1.1 alone would have made it 7


def test_yaml_means_what_is_written(suite):
    write(suite, "p.yml", "n: 1e0\nname: no\n")
    (job,) = plan(params="p.yml")
    assert job.parameters == {"n": 1, "name": "no"}
    write(suite, "p.yml", "n:\nname: ''\n", encoding="gb18030")
    assert plan(params="p.yml")[0].parameters == {"name": ""}  # nothing written: the default holds


def test_the_command_line_wins_over_a_section_and_a_section_over_the_rest(suite):
    text = f'name = "all"\nn = 1\n["{ONE}"]\nn = 2\n["{TWO}"]\nname = "two"\n'
    one, two = plan([ONE, TWO], params=write(suite, "p.toml", text))
    assert one.parameters == {"name": "all", "n": 2}
    assert two.parameters == {"name": "two", "n": 1}
    one, two = plan([ONE, TWO], {"n": "9"}, params="p.toml")
    assert (one.parameters["n"], two.parameters["n"]) == (9, 9)
    (alone,) = plan([ONE], params="p.toml")  # the section of another notebook waits for its turn
    assert alone.parameters == {"name": "all", "n": 2}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("p.yaml", "m: 5\n", "has no parameter 'm'"),
        ("p.yaml", "nme: x\n", "Did you mean 'name'?"),
        ("p.toml", "n = 12\n", "within [1, 9]; got 12"),
        ("p.toml", "name = 7\n", "must be of type str; got 7. Write text in quotes."),
        ("p.toml", '["0_start/1_goood"]\nn = 1\n', "Did you mean '0_start/1_good'?"),
        ("p.toml", f'["{ONE}"]\nnaame = "x"\n', "Did you mean 'name'?"),
        ("p.json", "[1]", "not a list. A list of sets belongs to --each."),
        ("p.json", '{"n": [1, 2]}', "'n' in 'p.json' must be one value, not a list"),
        ("p.json", '{"n": 1, "n": 2}', "the name 'n' stands twice"),
        ("p.yaml", "n: 1\nn: 2\n", "the name 'n' stands twice"),
        ("p.yaml", "n: [1\n", "well-formed YAML"),
        ("p.toml", "n = \n", "well-formed TOML"),
        ("p.toml", "n = 1\nn = 2\n", "well-formed TOML"),
        ("p.json", '{"name": "\\ud800"}', "not valid Unicode"),
        ("p.yaml", "name: pg://me:hunter2@host/db\n", "holds a password"),
        ("p.yaml", "!!python/object/apply:os.system ['true']\n", "well-formed YAML"),
        ("p.csv", "n\n1\n", "takes .yaml, .yml, .toml, .json"),
    ],
)
def test_a_wrong_file_is_one_sentence(suite, name, text, said):
    sentence = refuse(params=write(suite, name, text))
    assert said in sentence
    assert "\n" not in sentence
    assert "hunter2" not in sentence


def test_a_missing_file_names_the_nearest(suite):
    write(suite, "stores.yaml", "n: 1\n")
    assert "'stores.yaml'" in refuse(params="store.yaml")
    assert "Check the path" in refuse(each="nowhere/rows.csv")


# --- a table of sets ----------------------------------------------------------------------------

TABLE = [["key", "n", "name"], ["甲店", "1", "a, b"], ["", "", ""], ["乙/店", "", "007"], ["", "3", ""]]
EXPECTED = [
    ("甲店", {"n": 1, "name": "a, b"}),
    ("乙-店", {"name": "007"}),
    ("n-3", {"n": 3}),
]


def as_csv(encoding, mark=","):
    lines = [mark.join(f'"{c}"' if c else "" for c in row) for row in TABLE]
    return ("\ufeff" if encoding == "utf-16" else "") + "\r\n".join(lines)


def as_xlsx(path):
    from openpyxl import Workbook

    book = Workbook()
    book.create_sheet("other").append(["nothing"])
    for row in TABLE:
        book.active.append([int(c) if c in {"1", "3"} else c or None for c in row])
    book.active.title = "店铺"
    book.save(path)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", ","), ("utf-8-sig", ","), ("gb18030", ","), ("utf-8", ";"), ("utf-16", "\t")],
)
def test_every_row_of_a_csv_is_a_report(suite, encoding, mark):
    (suite / "rows.csv").write_bytes(as_csv(encoding, mark).lstrip("\ufeff").encode(encoding))
    assert [(job.key, dict(job.parameters)) for job in plan(each="rows.csv")] == EXPECTED


@pytest.mark.parametrize("source", ["rows.xlsx", "rows.xlsx#店铺"])
def test_every_row_of_a_sheet_is_a_report(suite, source):
    as_xlsx(suite / "rows.xlsx")
    jobs = plan(each=source)
    assert [(job.key, dict(job.parameters)) for job in jobs] == EXPECTED
    assert jobs[0].place == f"{ONE}/甲店"
    assert "It has: 店铺, other" in refuse(each="rows.xlsx#店")


def test_cells_of_a_sheet_are_what_a_person_sees(suite):
    from openpyxl import Workbook

    book = Workbook()
    for row in (["name"], [1001], [dt.date(2024, 12, 31)], [0.5], [True]):
        book.active.append(row)
    book.save(suite / "r.xlsx")
    assert [s.values["name"] for s in read_sets("r.xlsx")] == ["1001", "2024-12-31", "0.5", "true"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.yaml", "- {key: 甲店, n: 1, name: 'a, b'}\n- {key: 乙/店, name: 007}\n- {n: 3, name: }\n"),
        (
            "r.json",
            '[{"key": "甲店", "n": 1, "name": "a, b"}, {"key": "乙/店", "name": "007"}, {"n": 3, "name": null}]',
        ),
        (
            "r.toml",
            '[[stores]]\nkey = "甲店"\nn = 1\nname = "a, b"\n[[stores]]\nkey = "乙/店"\nname = "007"\n[[stores]]\nn = 3\n',
        ),
    ],
)
def test_lists_of_sets_say_the_same(suite, name, text):
    assert [(j.key, dict(j.parameters)) for j in plan(each=write(suite, name, text))] == EXPECTED


@pytest.mark.parametrize(
    ("name", "text"),
    [("g.toml", 'n = [1, 2]\nname = ["a", "b"]\n'), ("g.yaml", "n: [1, 2]\nname: [a, b]\n")],
)
def test_a_grid_makes_every_combination(suite, name, text):
    jobs = plan(each=write(suite, name, text))
    pairs = [(job.parameters["n"], job.parameters["name"]) for job in jobs]
    assert pairs == [(1, "a"), (1, "b"), (2, "a"), (2, "b")]  # 2 × 2, the last changes fastest
    assert [job.key for job in jobs] == ["n-1-a", "n-1-b", "n-2-a", "n-2-b"]


def test_a_single_value_of_a_grid_is_the_same_for_all_and_in_no_key(suite):
    jobs = plan(each=write(suite, "g.toml", 'n = [1, 2]\nname = "always"\n'))
    assert [(j.key, j.parameters["name"]) for j in jobs] == [("n-1", "always"), ("n-2", "always")]


def test_an_empty_cell_leaves_what_the_file_of_parameters_says(suite):
    write(suite, "p.yaml", "n: 7\n")
    jobs = plan(params="p.yaml", each=write(suite, "r.csv", "name,n\na,\nb,2\n"))
    assert [job.parameters["n"] for job in jobs] == [7, 2]


def test_several_notebooks_take_a_table_all_of_whose_columns_they_declare(suite):
    jobs = plan([], each=[{"n": 1}, {"n": 2}])
    assert [job.place for job in jobs] == [f"{ONE}/n-1", f"{ONE}/n-2", f"{TWO}/n-1", f"{TWO}/n-2"]
    sentence = refuse([], each=[{"n": n, "namee": "x"} for n in (1, 2, 3)])
    assert [line.split(": ")[1] for line in sentence.splitlines()] == [ONE, TWO]  # not one a row
    assert "Did you mean 'name'?" in sentence


def test_all_rows_are_looked_at_before_anything_runs(suite):
    text = "n,name\n1,a\n10,b\nx,c\n,pg://me:hunter2@host/db\n"
    lines = refuse(each=write(suite, "r.csv", text)).splitlines()
    assert [line.split(":")[0] for line in lines] == ["r.csv row 3", "r.csv row 4", "r.csv row 5"]
    assert "within [1, 9]; got 10" in lines[0]
    assert lines[0].endswith(f"See: crm list {ONE}")
    assert "hunter2" not in lines[2]
    many = refuse(each=[{"n": 50 + i} for i in range(25)]).splitlines()
    assert len(many) == 11
    assert many[-1] == "… and 15 more faults."


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("r.csv", "n,n\n1,2\n", "names 'n' twice"),
        ("r.csv", "n,,name\n1,2,3\n", "a column without a name"),
        ("r.csv", "n,name\n1,a,b\n", "r.csv row 2 has more cells"),
        ("r.csv", "n,name\n", "got none"),
        ("r.csv", "", "got none"),
        ("r.json", "[1]", "r.json set 1 must be name: value lines"),
        ("r.json", '"x"', "got a single value"),
        ("r.json", "{}", "got none"),
        ("g.yaml", "n: []\n", "got none"),
        ("g.yaml", "key: [a]\nn: [1]\n", "take out 'key'"),
        ("g.json", json.dumps({"n": list(range(200)), "name": list("abcdefghi") * 12}), "got 21,600"),
        ("r.csv", "key,n\nA b,1\na-B,2\n", "r.csv row 2 and r.csv row 3 would both write the report 'a-B'"),
        ("r.csv", "n\n1\n2\n1\n", "r.csv row 2 and r.csv row 4 hold the same values"),
        ("r.csv", "n,name\n1,a\n", "is set by -p and by --each"),
        ("r.md", "n\n1\n", "Save it as one of these"),
        ("r.xlsx", "no workbook", "cannot read 'r.xlsx'"),
    ],
)
def test_a_wrong_table_is_one_sentence(suite, name, text, said):
    given = {"name": "x"} if "-p" in said else {}
    sentence = refuse([ONE], given, each=write(suite, name, text))
    assert said in sentence
    assert "\n" not in sentence


# --- keys ---------------------------------------------------------------------------------------


def sets(*values):
    return [ParameterSet(f"row {i}", v, "", tuple(v)) for i, v in enumerate(values, start=2)]


def test_keys_that_read_alike_are_parted_by_a_mark(suite):
    first, second = name_sets(sets({"name": "a/x.csv"}, {"name": "b/x.csv"}))
    assert first == "x.csv"
    assert re.fullmatch(r"x\.csv-[0-9a-f]{8}", second)
    # a given name keeps its place, wherever it stands
    rows = [*sets({"name": "A"}), ParameterSet("row 9", {"name": "B"}, "a")]
    made, kept = name_sets(rows)
    assert kept == "a"
    assert re.fullmatch(r"A-[0-9a-f]{8}", made)


def test_new_rows_do_not_move_old_reports():
    old = sets({"n": "1", "name": "a"}, {"n": "1", "name": "b"})
    assert name_sets(sets({"n": "2", "name": "c"}))[0] == "n-2-c"
    assert name_sets([*old, *sets({"n": "2", "name": "c"})])[:2] == name_sets(old) == ["n-1-a", "n-1-b"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("甲/店: 1997?", "甲-店-1997"),
        ("..", None),
        (" . ", None),
        ("con", "_con"),
        ("NUL.txt", "_NUL.txt"),
        ("tables", "_tables"),
        ("report.html", "_report.html"),
        ("a__b", "a-b"),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_a_key_is_a_folder_on_every_system(text, key):
    made = make_key(text)
    assert made == key if key else re.fullmatch("[0-9a-f]{8}", made)


@given(st.text(min_size=1))
def test_no_text_makes_a_key_that_leaves_its_folder_or_breaks_windows(text):
    key = make_key(text)
    assert 1 <= len(key) <= 49
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', key)
    assert key[-1] not in ". "
    assert key[0] not in ".-"
    assert "__" not in key
    assert key.split(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt1", "tables", "pages"}


def test_values_of_a_file_come_apart_from_its_sections(suite):
    write(suite, "p.yaml", f"n: 1\n{ONE}:\n  n: 2\n  name:\n")
    assert read_values("p.yaml", [ONE]) == ({"n": "1"}, {ONE: {"n": "2"}})


# --- end to end ---------------------------------------------------------------------------------


def test_hostile_values_are_words_in_report_index_and_result(suite):
    (suite / "中 文 {x}").mkdir()
    each = [{"key": "恶 意", "name": HOSTILE}]
    jobs = plan_jobs([ONE], {}, out=suite / "中 文 {x}", each=each)
    (entry,) = run.run_jobs(jobs)
    assert entry["status"] == "ok", entry["error"]
    assert entry["key"] == "恶-意"
    assert entry["parameters"] == {"n": 3, "name": HOSTILE}
    folder = suite / "中 文 {x}" / ONE / "恶-意"
    page = (folder / "report.html").read_text(encoding="utf-8")
    index = (suite / "中 文 {x}" / "index.html").read_text(encoding="utf-8")
    for text in (page, index):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "{{ x }} {% raw %} %s ${HOME}" in text
        assert "&amp;amp; $E=mc^2$" in text
        assert "恶-意" in text
    notebook = json.loads((folder / "report.ipynb").read_text(encoding="utf-8"))
    (set_here,) = [c for c in notebook["cells"] if "injected-parameters" in c["metadata"].get("tags", ())]
    variables = {}
    exec("".join(set_here["source"]), variables)
    assert variables["name"] == HOSTILE
    assert entry["outputs"]["html"] == f"{ONE}/恶-意/report.html"
    assert all((suite / "中 文 {x}" / path).is_file() for path in entry["outputs"]["tables"])


def test_a_report_of_defaults_leaves_those_of_the_sets_in_place(suite):
    out = suite / "out"
    run.run_jobs(plan_jobs([ONE], {}, out=out, each=[{"n": 1}]))
    run.run_jobs(plan_jobs([ONE], {}, out=out))
    assert (out / ONE / "report.html").is_file()
    assert (out / ONE / "n-1" / "report.html").is_file()


# --- how many at once ---------------------------------------------------------------------------


def test_workers_are_held_to_the_cores_and_the_memory_of_the_container(tmp_path, monkeypatch):
    monkeypatch.setattr(capacity.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    memory = tmp_path / "meminfo"
    memory.write_text("MemTotal: 99 kB\nMemAvailable: 16777216 kB\n", encoding="utf-8")  # 16 GiB
    assert capacity.count_workers(group=tmp_path, memory=memory) == 8
    (tmp_path / "cpu.max").write_text("150000 100000\n", encoding="utf-8")
    assert capacity.count_workers(group=tmp_path, memory=memory) == 2  # 1.5 cores
    (tmp_path / "cpu.max").write_text("max 100000\n", encoding="utf-8")
    (tmp_path / "memory.max").write_text(f"{4 * 2**30}\n", encoding="utf-8")
    (tmp_path / "memory.current").write_text(f"{2**30}\n", encoding="utf-8")
    assert capacity.count_workers(group=tmp_path, memory=memory) == 4  # 3072 MiB / 700 MiB
    memory.write_text("MemAvailable: 1024 kB\n", encoding="utf-8")
    assert capacity.count_workers(group=tmp_path, memory=memory) == 1
    assert capacity.count_workers(group=tmp_path / "none", memory=tmp_path / "none") == 8
