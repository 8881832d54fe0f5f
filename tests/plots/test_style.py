"""One look: bundled font, colours, deterministic files."""

from __future__ import annotations

import subprocess
import sys
import zlib

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import font_manager

from crm_lib import plots
from crm_lib.errors import MissingPackageError, ParameterError
from crm_lib.plots import style

# Machado, Oliveira & Fernandes (2009), severity 1.0, on linear RGB
BLIND = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


@pytest.fixture(autouse=True)
def _clean_figures():
    yield
    plt.close("all")


def _lab(color: str, matrix: object) -> np.ndarray:
    srgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(matrix) @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ seen
    f = np.cbrt(np.maximum(xyz / [0.9505, 1, 1.089], 1e-6))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", sorted(BLIND))
@pytest.mark.parametrize(
    "colors",
    [
        plots.PALETTE,
        tuple(list(plots.SEGMENT_COLORS.values())[:11]),
        tuple(list(plots.SEGMENT_COLORS.values())[11:]),
    ],
    ids=["palette", "classic", "eight"],
)
def test_colours_stay_apart_for_colour_blind_readers(colors, sight):
    seen = [_lab(c, BLIND[sight]) for c in colors]
    least = min(np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i])
    assert least > 12  # five times what the eye just notices (2.3)


def test_colour_vision_test_would_notice_red_against_green():
    red, green = (_lab(c, BLIND["deutan"]) for c in ("#C44E52", "#7A8A35"))
    assert (
        np.linalg.norm(red - green)
        < 25
        < np.linalg.norm(_lab("#C44E52", np.eye(3)) - _lab("#7A8A35", np.eye(3)))
    )


def test_segments_have_nineteen_different_colours():
    assert len(plots.SEGMENT_COLORS) == len(set(plots.SEGMENT_COLORS.values())) == 19


def test_unknown_segment_keeps_its_colour_in_every_process():
    names = ["黄金会员", "白银会员", "x"]
    here = [plots.segment_color(n) for n in names]
    code = f"from crm_lib.plots import segment_color; print(*map(segment_color, {names!r}))"
    other = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert other.stdout.split() == here
    assert set(here) <= set(plots.PALETTE)


def test_cluster_colours_follow_the_number():
    assert [plots.cluster_color(i) for i in (1, 2, 9)] == [
        plots.PALETTE[0],
        plots.PALETTE[1],
        plots.PALETTE[0],
    ]


def test_style_uses_the_bundled_font_though_the_system_has_one(monkeypatch):
    fake = font_manager.FontEntry(fname="/system/NotoSansSC.otf", name="Noto Sans SC", weight=400)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [fake, *font_manager.fontManager.ttflist])
    plots.use_style()
    assert mpl.rcParams["font.family"] == ["Noto Sans SC", "DejaVu Sans"]
    found = [f.fname for f in font_manager.fontManager.ttflist if f.name == "Noto Sans SC"]
    assert found == [str(plots.font_path())]
    assert font_manager.findfont("Noto Sans SC") == str(plots.font_path())


def test_plotting_sets_the_style_by_itself():
    with mpl.rc_context():
        mpl.rcdefaults()
        style.ensure_style()
        assert mpl.rcParams["font.family"][0] == "Noto Sans SC"
        assert mpl.rcParams["svg.fonttype"] == "path"


def test_importing_plots_loads_nothing_heavy():
    heavy = ("matplotlib", "pandas", "numpy", "zhplot")
    code = f"import sys, crm_lib.plots; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert done.stdout.strip() == "[]"


def test_missing_font_package_is_said(monkeypatch):
    monkeypatch.setattr(style.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"'zhplot'.*pip install 'crm-lib\[tour\]'"):
        plots.font_path()


def _draw():
    plots.use_style()
    figure, ax = plt.subplots(layout="constrained")
    ax.plot([1, 2, 3], [-1, 0, 2], label="消费金额")
    ax.legend(loc="upper left", bbox_to_anchor=(1.01, 1))
    ax.set_title("n = 3 位客户")
    return figure, ax


def test_same_figure_same_bytes():
    first, again = _draw(), _draw()
    svg = plots.figure_svg(first[1])
    assert svg == plots.figure_svg(first[0]) == plots.figure_svg(again[0])
    assert plots.figure_png(first[0]) == plots.figure_png(again[1])
    assert b"dc:date" not in svg
    assert b"<text" not in svg  # outlines, no font needed


def test_png_scale_is_pixels_per_screen_pixel():
    figure, _ = _draw()
    png = plots.figure_png(figure, scale=3)
    width = int.from_bytes(png[16:20], "big")
    assert width == round(figure.get_figwidth() * 96 * 3)
    assert zlib.crc32(png) != zlib.crc32(plots.figure_png(figure, scale=1))


def test_labels_without_room_widen_the_picture():
    plots.use_style()
    figure, ax = plt.subplots(figsize=(3, 2))
    figure.subplots_adjust(left=0.2, bottom=0.2)
    plain = plots.figure_png(figure, scale=1)
    ax.set_yticks([0, 1], ["很长很长的客户群名称", "客户"])
    wide = plots.figure_png(figure, scale=1)
    widths = [int.from_bytes(png[16:20], "big") for png in (plain, wide)]
    assert widths[0] == 288  # 3 inches of 96 pixels
    assert widths[1] > 300


def test_wrong_things_are_refused():
    with pytest.raises(ParameterError, match="figure_svg: needs a figure or the Axes of one; got str"):
        plots.figure_svg("x")
    with pytest.raises(ParameterError, match=r"scale must be in \(0, 10\]; got 0"):
        plots.figure_png(_draw()[0], scale=0)
