"""The palette keeps its contrast (WCAG AA: 4.5) in light, dark and print."""

from __future__ import annotations

import re

import pytest

from crm_lib.publish.page import format_day, format_minute, format_seconds, read_asset

PAIRS = [
    ("ink", "paper"), ("ink", "wash"), ("ink", "zebra"), ("ink", "brand-wash"), ("ink", "seal-wash"),
    ("ink", "gold-wash"), ("ink", "good-wash"), ("soft", "paper"), ("soft", "wash"), ("brand", "paper"),
    ("brand", "wash"), ("brand", "brand-wash"), ("brand", "seal-wash"), ("seal", "seal-wash"),
    ("gold", "gold-wash"), ("good", "good-wash"), ("band-ink", "band"), ("band-soft", "band"),
]  # fmt: skip


def read_palettes() -> dict[str, dict[str, str]]:
    base, printed = read_asset("base.css"), read_asset("print.css")
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", part))
        for part in base.split("@media (prefers-color-scheme: dark)")
    )
    return {
        "light": light,
        "dark": {**light, **dark},
        "print": {**light, **dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", printed))},
    }


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself_by_hand() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", ["light", "dark", "print"])
def test_every_pair_of_ink_and_ground_can_be_read(palette: str) -> None:
    colours = read_palettes()[palette]
    weak = {(a, b): round(contrast(colours[a], colours[b]), 2) for a, b in PAIRS}
    assert {pair: value for pair, value in weak.items() if value < 4.5} == {}


def test_styles_and_scripts_name_no_address() -> None:
    names = (
        "base.css",
        "report.css",
        "print.css",
        "index.css",
        "report.js",
        "index.js",
        "report.html.j2",
        "index.html.j2",
    )
    for name in names:
        assert not re.search(r"https?:|//\w|@import|url\(", read_asset(name)), name


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 秒"),
        (59.94, "59.9 秒"),
        (59.96, "1 分 0 秒"),
        (75, "1 分 15 秒"),
        (None, "—"),
        (float("nan"), "—"),
        (-1, "—"),
    ],
)
def test_durations_are_said_in_chinese(seconds: float, words: str) -> None:
    assert format_seconds(seconds) == words


def test_missing_times_are_a_dash() -> None:
    assert (format_day(""), format_minute(None)) == ("—", "—")
