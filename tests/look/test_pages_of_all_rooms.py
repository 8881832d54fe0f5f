"""What all HTML pages share: assets, policy, writing whole files or none."""

from __future__ import annotations

import pytest

from crm_lib.errors import RenderError
from crm_lib.look.page import read_asset, render_page, write_atomic


def test_a_room_reads_its_own_files_and_the_shared_ones():
    assert read_asset("crm_lib.lesson", "base.css") == read_asset("crm_lib.publish", "base.css")
    assert "--brand" in read_asset("crm_lib.lesson", "base.css")
    assert ".labels" in read_asset("crm_lib.lesson", "portrait.css")
    with pytest.raises(FileNotFoundError):
        read_asset("crm_lib.lesson", "report.css")


def test_a_page_without_script_may_run_none():
    about = {"subject": "x", "about": [], "parts": [], "cloud": "", "left_out": "", "how": "", "labels": [],
             "privacy": []}  # fmt: skip
    page, missing = render_page("crm_lib.lesson", "portrait.html.j2", styles=("base.css",), **about)
    assert "script-src" not in page
    assert "default-src &#39;none&#39;" in page
    assert missing == ()


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = write_atomic(tmp_path / "new" / ("x" * 200 + ".html"), "一\n")
    assert path.read_bytes() == "一\n".encode()
    write_atomic(path, b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "\ud800")
    assert path.read_bytes() == b"\x00\x01"
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    with pytest.raises(RenderError, match="the page must be written to"):
        write_atomic(path / "below" / "a.html", "x")
