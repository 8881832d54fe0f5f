"""Every file the reports hand out: opened again, Chinese heads, one page across, nobody's telephone."""

import io
import re
from pathlib import Path

import docx
import openpyxl
import pytest

from crm_lib.cli import main

pytestmark = pytest.mark.slow
# a name of the library's, not of people's: lower case with an underscore, or one lower-case word
RAW = re.compile(r"[a-z]+(_[a-z0-9]+)+|[a-z]{3,}")
# a mobile number or an address of a mailbox; digits inside a longer number are none
PRIVATE = re.compile(r"(?<![\d.])1[3-9]\d{9}(?!\d)|[\w.]+@[\w.]+\.\w+")
# what the empty templates show as examples
EXAMPLES = {"15412345678", "name@example.com", "xiaoming@example.com"}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("handed") / "reports"
    with pytest.raises(SystemExit) as ended:
        main(["render", "--out", str(out), "--jobs", "2"])
    assert ended.value.code in (0, None)
    return out


def find_private(text: str) -> list[str]:
    return [found for found in PRIVATE.findall(text) if found not in EXAMPLES]


def open_book(path: Path) -> list:
    return openpyxl.load_workbook(io.BytesIO(path.read_bytes())).worksheets


def test_every_workbook_opens_with_chinese_heads_and_prints_on_one_page_across(reports: Path) -> None:
    books = sorted(reports.rglob("*.xlsx"))
    assert len(books) >= 10
    raw, wide, named = [], [], []
    for path in books:
        for sheet in open_book(path):
            named += [f"{path.name} {sheet.title}"] if RAW.fullmatch(sheet.title) else []
            heads = [c.value for c in next(sheet.iter_rows(max_row=1), ())]
            raw += [f"{path.name} {sheet.title}: {h}" for h in heads if RAW.fullmatch(str(h or ""))]
            if sheet.max_column > 8 and not sheet.sheet_properties.pageSetUpPr.fitToPage:
                wide.append(f"{path.name} {sheet.title}")
    assert named == []
    assert raw == []
    assert wide == []


def test_no_handed_out_file_shows_a_telephone_or_a_mailbox(reports: Path) -> None:
    seen = []
    for path in sorted(reports.rglob("*.xlsx")):
        for sheet in open_book(path):
            text = "\n".join(
                str(v) for row in sheet.iter_rows(values_only=True) for v in row if v is not None
            )
            seen += [f"{path.name} {sheet.title}: {m}" for m in find_private(text)]
    for path in sorted(reports.rglob("*.docx")):
        document = docx.Document(str(path))
        parts = [p.text for p in document.paragraphs]
        parts += [c.text for t in document.tables for r in t.rows for c in r.cells]
        seen += [f"{path.name}: {m}" for m in find_private("\n".join(parts))]
    for path in sorted(reports.rglob("*.csv")):
        seen += [f"{path.name}: {m}" for m in find_private(path.read_text("utf-8-sig"))]
    assert seen == []
