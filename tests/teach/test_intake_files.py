"""Any layout, any file: each ends as a submission or as a clear reason, and nothing is written anywhere."""

import json
import os
import struct
import zipfile
from datetime import UTC, datetime

import pytest
from handed_in import TASKS, TOUR, make_notebook, solve, write_notebook

from crm_lib.errors import DataError, ReadError
from crm_lib.teach.intake import read_submissions
from crm_lib.teach.intake_json import MOST_CELLS, drop_outputs, read_notebook
from crm_lib.teach.intake_owner import Owners, make_safe
from crm_lib.teach.roster import Student, read_roster

ZHANG, LI = Student("2024001", "张三", "一班"), Student("2024002", "李四", "一班")
CLASS = [ZHANG, LI, Student("0012", "张三丰", "二班")]


def read(folder, students=CLASS):
    return {s.student.student_id: s for s in read_submissions(folder, students=students)}


def to_bytes(answers=None, change=None):
    return json.dumps(make_notebook(answers, change), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "name",
    [
        "2024001/1_tour.ipynb",
        "2024001_张三/作业/总览.ipynb",
        "张三/1_tour.ipynb",
        "2024001_1_tour.ipynb",
        "1_tour-张三(1).ipynb",
        "submitted/2024001/tour/1_tour.ipynb",
        "一班/2024001/1_tour.IPYNB",
        "2024001/1_tour.ipynb.txt",
        "2024001/1_tour.json",
    ],
)
def test_layouts(tmp_path, name):
    write_notebook(tmp_path / name)
    found = read(tmp_path)
    assert list(found) == ["2024001"]
    assert found["2024001"].notebook_id == TOUR
    assert set(found["2024001"].answers) == set(TASKS)


def test_zips_of_one_and_of_all(tmp_path):
    with zipfile.ZipFile(tmp_path / "2024001.zip", "w") as one:
        one.writestr("1_tour.ipynb", to_bytes())
    inner = (tmp_path / "2024001.zip").read_bytes()
    assert read(tmp_path)["2024001"].answers
    every = tmp_path / "class" / "all.zip"
    every.parent.mkdir()
    with zipfile.ZipFile(every, "w") as archive:
        archive.writestr("李四_12_file/1_tour.ipynb", to_bytes({}))
        archive.writestr("2024001.zip", inner)
        archive.writestr("__MACOSX/2024001/._1_tour.ipynb", b"x")
    found = read(every)
    assert [(i, len(s.answers)) for i, s in found.items()] == [("2024001", 4), ("2024002", 0)]


def test_chinese_names_of_windows_archives(tmp_path):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("AAAA/1_tour.ipynb", to_bytes())
    data = path.read_bytes().replace(b"AAAA", "张三".encode("gbk"))
    path.write_bytes(data)
    assert list(read(tmp_path)) == ["2024001"]


def test_upward_paths_in_a_zip_are_only_names(tmp_path):
    outside = tmp_path / "outside.ipynb"
    folder = tmp_path / "in"
    folder.mkdir()
    with zipfile.ZipFile(folder / "2024001.zip", "w") as archive:
        archive.writestr("../outside.ipynb", to_bytes())
        archive.writestr("/etc/1_tour.ipynb", to_bytes({}))
    assert read(folder)["2024001"].notebook_id == TOUR
    assert not outside.exists()


def test_links_and_pipes_are_not_followed(tmp_path):
    secret = write_notebook(tmp_path / "secret" / "1_tour.ipynb")
    folder = tmp_path / "in"
    (folder / "2024001").mkdir(parents=True)
    os.symlink(secret, folder / "2024001" / "1_tour.ipynb")
    (folder / "2024002").mkdir()
    os.symlink(secret.parent, folder / "2024002" / "work")
    os.mkfifo(folder / "0012.ipynb")
    found = read(folder)
    assert {i: "链接" in s.reason for i, s in found.items()} == {
        "2024001": True,
        "2024002": True,
        "0012": True,
    }


def test_links_inside_a_zip(tmp_path):
    info = zipfile.ZipInfo("1_tour.ipynb")
    info.external_attr = (0o120777) << 16
    with zipfile.ZipFile(tmp_path / "2024001.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "链接" in read(tmp_path)["2024001"].reason


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.ipynb", b"", "空的"),
        ("x.ipynb", b"\xef\xbb\xbf \n", "空的"),
        ("x.ipynb", b'{"cells": [\n{"cell_type": "code", "sou', "第 2 行"),
        ("x.ipynb", b"<<<<<<< HEAD\n{}", "第 1 行"),
        ("x.ipynb", b"[1, 2]", "不是笔记本"),
        ("x.ipynb", b'{"cells": 3}', "不是笔记本"),
        ("x.ipynb", b"\x89PNG\r\n\x1a\n\xff\xff\xff\xff", "编码"),
        ("x.ipynb", b'{"cells": ' + b"[" * 200_000, "嵌套"),
        ("x.ipynb", b'{"cells": [{"outputs": ' + b"[" * 3_100_000, "嵌套"),
        ("x.ipynb", json.dumps({"cells": [{}] * (MOST_CELLS + 1)}).encode(), "个单元"),
        ("x.ipynb", json.dumps({"cells": [], "x": "y" * 9_000_000}).encode(), "MB"),
        ("x.ipynb", b'{"cells": []}', "都对不上"),
        ("x.docx", b"PK", "没有笔记本"),
        ("x.rar", b"Rar!", ".rar"),
        ("x.zip", b"PK\x03\x04nonsense", "损坏"),
    ],
)
def test_what_cannot_be_read_has_a_reason(tmp_path, name, data, said):
    (tmp_path / "2024001").mkdir()
    (tmp_path / "2024001" / name).write_bytes(data)
    found = read(tmp_path)["2024001"]
    assert said in found.reason
    assert not found.answers


def test_zips_that_cannot_be_opened(tmp_path):
    with zipfile.ZipFile(tmp_path / "2024001.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1_tour.ipynb", to_bytes())
    data = bytearray((tmp_path / "2024001.zip").read_bytes())
    locked = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = locked.index(mark) + offset
        locked[place : place + 2] = struct.pack("<H", 1)
    (tmp_path / "2024002.zip").write_bytes(locked)
    data[200:260] = bytes(60)
    (tmp_path / "2024001.zip").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "0012.zip", "w"):
        pass
    found = read(tmp_path)
    assert "损坏" in found["2024001"].reason
    assert "密码" in found["2024002"].reason
    assert "没有文件" in found["0012"].reason


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding):
    text = json.dumps(make_notebook({TASKS[0]: "answer_1 = '你[{好'"}), ensure_ascii=False)
    notebook = read_notebook(text.encode(encoding))
    assert any(c.source == "answer_1 = '你[{好'" for c in notebook.cells)
    assert bool(notebook.notes) is (encoding in ("gb18030", "utf-16"))


def test_huge_outputs_are_left_unread():
    def change(notebook):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                tricky = ['"outputs": [', "\\", '\\"', "]]}}", {"outputs": [[]], "x": {"]": "["}}]
                cell["outputs"] = [{"text": "x" * 2_000_000, "data": tricky}]
                cell["source"] += '\n# "outputs": ["'

    data = to_bytes(None, change)
    assert len(data) > 40_000_000
    lean = json.loads(drop_outputs(data))
    assert all(c["outputs"] == [] for c in lean["cells"] if c["cell_type"] == "code")
    plain = json.loads(data)
    assert [c["source"] for c in lean["cells"]] == [c["source"] for c in plain["cells"]]


def test_strange_values_inside_a_notebook_do_no_harm():
    cells = [None, 3, {"cell_type": "code"}, {"cell_type": "code", "source": 5}, {"source": ["a", 1, "b"]}]
    cells += [{"cell_type": "code", "source": "x", "metadata": [], "id": {}, "execution_count": "y"}]
    cells += [{"cell_type": "code", "source": "z", "metadata": {"nbgrader": {"grade_id": ["q"]}}}]
    notebook = read_notebook(json.dumps({"cells": cells, "metadata": "m"}).encode())
    assert [c.source for c in notebook.cells] == ["", "", "", "ab", "x", "z"]


def test_state_of_execution_and_language_are_noted(tmp_path):
    def change(notebook):
        for cell in notebook["cells"]:
            cell.pop("execution_count", None)
        notebook["metadata"]["kernelspec"] = {"language": "R", "name": "ir"}

    write_notebook(tmp_path / "2024001" / "1_tour.ipynb", None, change)
    notes = "".join(read(tmp_path)["2024001"].notes)
    assert "没有运行过" in notes
    assert "语言写的是 r" in notes


def test_the_last_version_counts(tmp_path):
    old = write_notebook(tmp_path / "2024001" / "1_tour.ipynb", {})
    new = write_notebook(tmp_path / "2024001" / "1_tour-Copy1.ipynb")
    os.utime(old, (1_800_000_000, 1_800_000_000))
    os.utime(new, (1_800_000_100, 1_800_000_100))
    (tmp_path / "2024001" / "broken.ipynb").write_bytes(b"{")
    (submission,) = read_submissions(tmp_path, students=CLASS)
    assert (len(submission.answers), submission.file) == (4, "2024001/1_tour-Copy1.ipynb")
    assert submission.handed_in_at == datetime.fromtimestamp(1_800_000_100, UTC)
    assert any("2 份" in note for note in submission.notes)


def test_what_stands_in_a_notebook_outweighs_what_it_claims(tmp_path):
    def change(notebook):
        notebook["metadata"]["crm"]["id"] = "2_differentiation/1_most_valuable"

    write_notebook(tmp_path / "2024001" / "1_most_valuable.ipynb", None, change)
    found = read(tmp_path)["2024001"]
    assert found.notebook_id == TOUR
    assert any("按内容评分" in note for note in found.notes)


def test_without_a_roster_names_come_from_the_paths(tmp_path):
    write_notebook(tmp_path / "2024001_张三" / "1_tour.ipynb")
    write_notebook(tmp_path / "li_1_tour.ipynb")
    found = read_submissions(tmp_path)
    assert [(s.student.student_id, s.student.name) for s in found] == [("2024001", "张三"), ("li", "")]


@pytest.mark.parametrize(
    ("path", "student_id"),
    [
        (("2024001", "x.ipynb"), "2024001"),
        (("20240011", "x.ipynb"), "20240011"),
        (("张三丰", "x.ipynb"), "0012"),
        (("张三", "李四的 x.ipynb"), "2024001"),
        (("A2024002B", "x.ipynb"), "A2024002B"),
        (("作业_2024002.ipynb",), "2024002"),
    ],
)
def test_owners(path, student_id):
    assert Owners(CLASS, ["1_tour"]).find(path)[0].student_id == student_id


def test_a_short_number_is_not_found_in_the_name_of_the_notebook():
    owners = Owners([Student("1"), Student("2")], ["1_tour"])
    assert owners.find(("2", "1_tour.ipynb"))[0].student_id == "2"
    assert owners.find(("2_1_tour.ipynb",))[0].student_id == "2"


@pytest.mark.parametrize(
    "label", ["../x", "a/b", "<script>", "CON", "x" * 300, "a\nb", "..", "", "a:b", "名字 "]
)
def test_labels_become_safe_file_names_and_stay_different(label):
    safe = make_safe(label)
    assert safe
    assert not set(safe) & set('<>:"/\\|?*\n')
    assert safe.strip(". ") == safe
    assert len(safe) <= 90
    assert make_safe(label + "!") != safe


def test_rosters(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text("学号,姓名,班级\n0012,张三丰,二班\n,,\n2024001,张三,一班\n", encoding="gb18030")
    assert read_roster(path) == [Student("0012", "张三丰", "二班"), ZHANG]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("1,甲\n1,乙\n", r"row 2: 学号 1 stands there 2 times, row 3"),
        ("1,甲\n,乙\n", "row 3 has no 学号"),
        ("../1,甲\n", "row 2.*folder"),
    ],
)
def test_rosters_with_faults_name_their_rows(tmp_path, rows, said):
    path = tmp_path / "class.csv"
    path.write_text("学号,姓名\n" + rows, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_roster(path)


def test_an_empty_roster_is_refused(tmp_path):
    path = tmp_path / "class.csv"
    path.write_text("学号,姓名\n,\n", encoding="utf-8")
    with pytest.raises(ReadError, match="no student"):
        read_roster(path)


def test_nothing_of_the_solutions_is_in_the_student_edition():
    assert not any(code in json.dumps(make_notebook({})) for code in solve().values())
