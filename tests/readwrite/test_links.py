"""A workbook and a document that point at each other: both ways lead to the same row."""

from __future__ import annotations

from urllib.parse import unquote

import docx
import openpyxl
import pandas as pd
import pytest
from docx.oxml.ns import qn

from crm_lib.errors import CrmError, DataError, ParameterError, ReadError, SchemaError
from crm_lib.readwrite.links import MOST_ROWS, LinkedTable, write_linked
from crm_lib.readwrite.links_check import find_broken_links, list_links
from crm_lib.readwrite.word import HeadingBlock, TextBlock


def make_table(**changes):
    frame = pd.DataFrame({
        "stage": ["b", "a", "b", None],
        "lead_id": ["L1", "=L2", "客户 3", "L4"],
        "amount": [1.5, None, 3.0, 4.0],
    })
    given = {"frame": frame, "key": "lead_id", "sheet": "prospects", "group": "stage", "columns": ["amount"]}
    return LinkedTable(**{**given, "group_titles": {"a": "甲"}, "titles": {"lead_id": "编号"}, **changes})


def write(folder, table=None, names=("客户 表.xlsx", "客户.docx")):
    blocks = [HeadingBlock("名单", 0), TextBlock("说明")]
    return write_linked(folder / names[0], folder / names[1], table or make_table(), blocks=blocks)


def test_from_the_workbook_to_the_row_of_the_document(tmp_path):
    book, document = write(tmp_path)
    sheet = openpyxl.load_workbook(book)["prospects"]
    body = docx.Document(str(document)).element.body
    rows = {m.get(qn("w:name")): m.getparent() for m in body.iter(qn("w:bookmarkStart"))}
    for at, key in enumerate(["L1", "=L2", "客户 3", "L4"], start=2):
        cell = sheet.cell(at, 2)
        name, _, place = cell.hyperlink.target.partition("#")
        place = cell.hyperlink.location or place
        assert unquote(name) == "客户.docx"
        assert place == f"row_{at - 1}"
        assert cell.value == key
        assert cell.data_type == "s"
        assert "".join(t.text for t in rows[place].iter(qn("w:t"))) == key


def test_from_the_document_to_the_cell_of_the_workbook(tmp_path):
    book, document = write(tmp_path)
    sheet = openpyxl.load_workbook(book)["prospects"]
    opened = docx.Document(str(document))
    found = []
    for link in opened.element.body.iter(qn("w:hyperlink")):
        relation = opened.part.rels[link.get(qn("r:id"))]
        name, _, place = relation.target_ref.partition("#")
        assert relation.is_external
        assert unquote(name) == "客户 表.xlsx"
        assert "/" not in name
        tab, _, cell = unquote(place).partition("!")
        key = "".join(t.text for t in link.iter(qn("w:t")))
        assert tab == "prospects"
        assert sheet[cell].value == key
        found.append(key)
    assert found == ["=L2", "L1", "客户 3", "L4"]  # the titled group first, then as they come


def test_sections_count_their_rows(tmp_path):
    opened = docx.Document(str(write(tmp_path)[1]))
    heads = [p.text for p in opened.paragraphs if p.style.name == "Heading 2"]
    assert heads == ["甲（1）", "b（2）", "（1）"]
    assert [len(t.rows) - 1 for t in opened.tables] == [1, 2, 1]
    assert [c.text for c in opened.tables[0].rows[0].cells] == ["编号", "amount"]


def test_same_rows_same_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = ([f.read_bytes() for f in write(tmp_path / n)] for n in "ab")
    assert one == two


@pytest.mark.parametrize("sheet", ["prospects", "意向 客户", "A1", "it's"])
def test_the_checker_finds_no_fault(tmp_path, sheet):
    files = write(tmp_path, make_table(sheet=sheet))
    assert find_broken_links(files) == []
    assert [len(list_links(f)) for f in files] == [4, 4]


def test_without_group_there_is_one_table(tmp_path):
    opened = docx.Document(str(write(tmp_path, make_table(group=""))[1]))
    assert [len(t.rows) for t in opened.tables] == [5]


def test_the_checker_sees_a_missing_file_and_a_missing_place(tmp_path):
    book, document = write(tmp_path)
    assert len(find_broken_links([book])) == 4  # the document is not among the files
    changed = openpyxl.load_workbook(book)
    changed["prospects"]["B3"].value = None
    changed["prospects"]["B3"].hyperlink = None
    changed.save(book)
    faults = find_broken_links([book, document])
    assert len(faults) == 1
    assert "row_2 points at 'prospects!B3'" in faults[0]


def test_a_link_to_the_web_is_no_place_in_a_file(tmp_path):
    path = tmp_path / "web.xlsx"
    book = openpyxl.Workbook()
    book.active["A1"].value = "x"
    book.active["A1"].hyperlink = "https://example.org/a#b"
    book.save(path)
    assert list_links(path) == []
    assert find_broken_links([path]) == []


@pytest.mark.parametrize("name", ["a.xlsx", "a.docx"])
def test_a_broken_file_is_one_sentence(tmp_path, name):
    path = tmp_path / name
    for _ in range(2):  # not there, then no zip
        with pytest.raises(ReadError, match="cannot be read"):
            find_broken_links([path])
        path.write_bytes(b"no zip")


def test_bad_tables_are_refused_before_anything_is_written(tmp_path):
    frame = make_table().frame
    with pytest.raises(DataError, match="'L1' stands twice"):
        write(tmp_path, make_table(frame=frame.assign(lead_id="L1")))
    with pytest.raises(DataError, match="1 are missing"):
        write(tmp_path, make_table(frame=frame.assign(lead_id=["a", None, "b", "c"])))
    with pytest.raises(SchemaError, match="phase"):
        write(tmp_path, make_table(group="phase"))
    many = pd.DataFrame({"lead_id": range(MOST_ROWS + 1)})
    with pytest.raises(DataError, match="at most 2,000 rows; got 2,001"):
        write(tmp_path, LinkedTable(many, "lead_id", "s"))
    with pytest.raises(ParameterError, match="in one folder"):
        write_linked(tmp_path / "a.xlsx", tmp_path / "x" / "a.docx", make_table())
    with pytest.raises(CrmError, match="needs a .xlsx or .docx"):
        list_links(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
