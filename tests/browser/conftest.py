"""A browser on a machine that has nothing Chinese, shared by the tests that look at pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_lib._needs import find_need

# Only DejaVu Sans, found through a private fontconfig file.
FONTCONFIG = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import matplotlib
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("fonts")
    (folder / "fonts").mkdir()
    dejavu = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    (folder / "fonts" / dejavu.name).write_bytes(dejavu.read_bytes())
    config = folder / "fonts.conf"
    config.write_text(FONTCONFIG.format(fonts=folder / "fonts", cache=folder / "cache"), encoding="utf-8")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=find_need("chromium"),
            args=["--no-sandbox"] if root else [],
            env={**os.environ, "FONTCONFIG_FILE": str(config)},
        )
        yield chromium
        chromium.close()
