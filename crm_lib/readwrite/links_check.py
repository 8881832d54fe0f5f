"""Follow the links of workbooks and documents: do they all lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

from crm_lib.errors import ReadError
from crm_lib.readwrite.links import name_cell


def list_links(file: str | Path) -> list[dict[str, str]]:
    """List the links of a workbook or document to places in other files, not those to the web.

    Parameters
    ----------
    file : path
        A .xlsx or .docx file.

    Returns
    -------
    list of dict
        from (cell, or bookmark the link stands in), text, file, place; in the order of the file.

    Raises
    ------
    ReadError
        The file is neither, or cannot be read.
    """
    path = Path(file)
    try:
        if path.suffix.lower() == ".xlsx":
            return _list_workbook_links(path)
        if path.suffix.lower() == ".docx":
            return _list_document_links(path)
    except Exception as error:  # a broken file makes docx, openpyxl and zipfile raise whatever they like
        raise ReadError(f"list_links: {path.name} cannot be read ({error}). Check the file.") from None
    raise ReadError(f"list_links: needs a .xlsx or .docx file; got {path.name!r}. Save it as one of these.")


def _list_workbook_links(path: Path) -> list[dict[str, str]]:
    import openpyxl

    book = openpyxl.load_workbook(path)
    found = []
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.hyperlink is not None and cell.hyperlink.target:
                    if _leaves_folder(cell.hyperlink.target):
                        continue
                    name, _, place = cell.hyperlink.target.partition("#")
                    place = cell.hyperlink.location or place
                    start = name_cell(sheet.title, cell.coordinate)
                    found.append({
                        "from": start,
                        "text": str(cell.value),
                        "file": unquote(name),
                        "place": place,
                    })
    return found


def _leaves_folder(target: str) -> bool:
    """Return whether a link leads to the web or to a mailbox instead of a file."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", target) is not None and not target.startswith("file:")


def _list_document_links(path: Path) -> list[dict[str, str]]:
    import docx
    from docx.oxml.ns import qn

    document = docx.Document(str(path))
    found = []
    for link in document.element.body.iter(qn("w:hyperlink")):
        if link.get(qn("r:id")) is None:
            continue
        relation = document.part.rels[link.get(qn("r:id"))]
        if _leaves_folder(relation.target_ref):
            continue
        name, _, place = relation.target_ref.partition("#")
        mark = link.getprevious()
        start = mark.get(qn("w:name")) if mark is not None and mark.tag == qn("w:bookmarkStart") else ""
        text = "".join(t.text or "" for t in link.iter(qn("w:t")))
        found.append({"from": start or "", "text": text, "file": unquote(name), "place": unquote(place)})
    return found


def find_broken_links(files: Sequence[str | Path]) -> list[str]:
    """Return what is wrong with the links among `files`, one sentence each; empty when all lead somewhere.

    Parameters
    ----------
    files : sequence of path
        Workbooks and documents of one folder.
    """
    paths = {Path(f).name: Path(f) for f in files}
    links = {name: list_links(path) for name, path in paths.items()}
    places = {name: _list_places(path) for name, path in paths.items()}
    faults = []
    for name in paths:
        for link in links[name]:
            if link["file"] not in paths:
                faults.append(f"{name}: {link['from']} points at {link['file']!r}, which is not there")
            elif link["place"] and link["place"] not in places[link["file"]]:
                faults.append(
                    f"{name}: {link['from']} points at {link['place']!r} of {link['file']}, which is not there"
                )
    return faults


def _list_places(path: Path) -> set[str]:
    """Return the bookmarks of a document, or the filled cells of a workbook."""
    if path.suffix.lower() == ".docx":
        import docx
        from docx.oxml.ns import qn

        body = docx.Document(str(path)).element.body
        return {mark.get(qn("w:name")) for mark in body.iter(qn("w:bookmarkStart"))}
    import openpyxl

    book = openpyxl.load_workbook(path)
    return {
        name_cell(sheet.title, cell.coordinate)
        for sheet in book.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }
