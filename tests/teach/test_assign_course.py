"""A course folder: nothing of anybody's is overwritten, and a cut-off run is finished by the next."""

import json

import pytest

from crm_lib.errors import BuildError, ReadError
from crm_lib.teach import course
from crm_lib.teach.course import find_handed_in, write_course

FILES = {
    "README.md": b"top",
    "source/a/n.ipynb": b"solution",
    "release/a/n.ipynb": b"blank",
    "release_per_student/7/a/n.ipynb": b"blank of 7",
}


def read(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != "course.json"
    }


@pytest.fixture
def out(tmp_path):
    write_course(tmp_path / "course", FILES, {"a": {}})
    return tmp_path / "course"


def test_the_same_again_touches_no_file(out):
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*.ipynb")}
    again = write_course(out, FILES, {"a": {}})
    assert (again.written, again.n_unchanged, again.kept) == ((), 4, ())
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*.ipynb")} == before


def test_another_assignment_joins_the_course(out):
    write_course(out, {"release/b/m.ipynb": b"b"}, {"b": {"notebook": "x"}})
    record = json.loads((out / "course.json").read_text(encoding="utf-8"))
    assert sorted(record["assignments"]) == ["a", "b"]
    assert sorted(record["files"]) == sorted([*FILES, "release/b/m.ipynb"])
    assert read(out) == {**FILES, "release/b/m.ipynb": b"b"}


@pytest.mark.parametrize("name", ["source/a/n.ipynb", "release_per_student/7/a/n.ipynb"])
def test_what_somebody_worked_in_is_never_overwritten(out, name):
    (out / name).write_bytes(b"an evening of work")
    now = read(out)
    with pytest.raises(BuildError, match="changed since it was written") as caught:
        write_course(out, {n: content + b" 2" for n, content in FILES.items()}, {"a": {}})
    assert name in str(caught.value)
    assert read(out) == now


def test_what_somebody_changed_stays_when_nothing_new_is_to_be_written(out):
    (out / "source/a/n.ipynb").write_bytes(b"mended by hand")
    again = write_course(out, FILES, {"a": {}})
    assert again.kept == ("source/a/n.ipynb",)
    assert read(out)["source/a/n.ipynb"] == b"mended by hand"


def test_an_edited_configuration_is_the_teachers(out):
    (out / "README.md").write_bytes(b"mine")
    assert write_course(out, {"README.md": b"top of a newer version"}, {}).kept == ("README.md",)
    assert read(out)["README.md"] == b"mine"


def test_the_release_may_be_written_by_nbgrader_too(out):
    (out / "release/a/n.ipynb").write_bytes(b"blank, with checksums")
    assert write_course(out, {**FILES, "release/a/n.ipynb": b"new"}, {}).written == ("release/a/n.ipynb",)


@pytest.mark.parametrize("kind", ["submitted", "autograded", "feedback"])
def test_after_work_was_handed_in_nothing_handed_out_changes(out, kind):
    (out / kind / "7" / "a").mkdir(parents=True)
    assert find_handed_in(out) == []  # an empty folder is no work
    (out / kind / "7" / "a" / "n.ipynb").write_bytes(b"work")
    now = read(out)
    with pytest.raises(BuildError, match="holds submissions for a"):
        write_course(out, {**FILES, "release/a/n.ipynb": b"blank 2"}, {"a": {}})
    assert read(out) == now
    # a student who came late, and another assignment, are no change of what was handed out
    write_course(out, {**FILES, "release_per_student/8/a/n.ipynb": b"of 8", "release/b/m.ipynb": b"b"}, {})
    assert read(out)["release_per_student/8/a/n.ipynb"] == b"of 8"


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "张伟_作业.ipynb").write_bytes(b"{}")
    with pytest.raises(ReadError, match="Name another folder"):
        write_course(tmp_path, FILES, {})
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ReadError, match="Name another folder"):
        write_course(tmp_path / "file", FILES, {})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "张伟_作业.ipynb"]


def test_an_unreadable_record_is_said(out):
    (out / "course.json").write_text("{", encoding="utf-8")
    with pytest.raises(ReadError, match="cannot be read"):
        write_course(out, FILES, {})


@pytest.mark.parametrize("n_writes", range(6))
def test_whoever_is_cut_off_while_writing_calls_again(tmp_path, monkeypatch, n_writes):
    """The first course is cut off after `n_writes` files, and so is a change of it."""
    out = tmp_path / "course"
    newer = {name: content + b" 2" for name, content in FILES.items()}
    for files in (FILES, newer):
        left = [n_writes]
        whole = course._replace

        def cut(path, content, left=left, whole=whole):
            if not left[0]:
                raise OSError("no space left on device")
            left[0] -= 1
            whole(path, content)

        with monkeypatch.context() as patch:
            patch.setattr(course, "_replace", cut)
            with pytest.raises(OSError, match="no space"):
                write_course(out, files, {"a": {}})
        write_course(out, files, {"a": {}})
        assert read(out) == files
