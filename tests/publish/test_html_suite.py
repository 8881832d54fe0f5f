"""Every notebook of the suite makes a page: formulas convert, no glyph is missing, nothing is fetched."""

from __future__ import annotations

import re

import nbformat
import pytest

from crm_lib._places import list_notebooks, notebook_file
from crm_lib.publish.html import ReportMeta, render_html


@pytest.mark.parametrize("notebook_id", list_notebooks())
def test_the_notebook_makes_a_page(notebook_id: str) -> None:
    notebook = nbformat.read(notebook_file(notebook_id), as_version=4)
    page = render_html(notebook, meta=ReportMeta(notebook_id, "题"), show_code=True)
    assert page.missing_glyphs == ()
    assert re.search(r'<p class="lede">\S', page.html)  # the question of the lesson
    assert 'href="#' in re.search(r"(?s)<nav.*?</nav>", page.html)[0]
    assert not re.search(r'(?:src|srcset|action|data)="(?!data:)', page.html)
