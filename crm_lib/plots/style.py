"""The look of all figures: bundled Chinese font, palette, sizes, deterministic files."""

from __future__ import annotations

import hashlib
import importlib.util
import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import import_extra
from crm_lib.errors import MissingPackageError, ParameterError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT_NAME = "Noto Sans SC"
FONT_FAMILY = (FONT_NAME, "DejaVu Sans")
_MISSING = "〓"
WIDTH = 7.0
"""Width of a figure in inches: a text column of 42 em at 16 px."""

MAIN = "#0075AE"
MUTED = "#5F6B76"
PALETTE = ("#028EAF", "#FBA800", "#1AB458", "#B7420C", "#51B1FC", "#E35DBE", "#321196", "#7C7180")
"""Eight colours, apart for red- and green-blind readers and in grey print."""

SEGMENT_COLORS = {
    "冠军客户": "#0C0B5D",
    "忠诚客户": "#0075AE",
    "潜在忠诚客户": "#4991F9",
    "新客户": "#65C38F",
    "有潜力客户": "#214B25",
    "需要关注客户": "#CEC500",
    "即将沉睡客户": "#FFCB62",
    "流失风险客户": "#E05200",
    "不能失去客户": "#69003F",
    "沉睡客户": "#B996B4",
    "流失客户": "#634A70",
    "重要价值客户": "#1E49B8",
    "一般价值客户": "#519CEB",
    "重要发展客户": "#20492B",
    "一般发展客户": "#95CDB3",
    "重要保持客户": "#BB3806",
    "一般保持客户": "#DAA340",
    "重要挽留客户": "#5C0053",
    "一般挽留客户": "#B0709F",
}
"""One colour per customer segment, the same in every figure of the suite."""

_RC = {
    "font.family": list(FONT_FAMILY),
    "font.size": 10.5,
    "axes.unicode_minus": True,
    "axes.titlesize": 10,
    "axes.titlecolor": MUTED,
    "axes.labelcolor": "#333333",
    "axes.edgecolor": "#B8BEC4",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": "#E3E7EA",
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "figure.figsize": (WIDTH, 4.0),
    "figure.dpi": 100,
    "savefig.dpi": 200,
    "svg.fonttype": "path",
    "svg.hashsalt": "crm_lib",
    "svg.image_inline": True,
}


def font_path() -> Path:
    """Return the path of the bundled Chinese font, a TrueType file.

    Raises
    ------
    MissingPackageError
        The package that carries the font is not installed.

    Examples
    --------
    >>> font_path().name
    'NotoSansSC-Regular.ttf'
    """
    # finding the package, not importing it: its import changes matplotlib's settings
    spec = importlib.util.find_spec("zhplot")
    found = Path(spec.origin).parent / "fonts" / "NotoSansSC-Regular.ttf" if spec and spec.origin else None
    if found is None or not found.is_file():
        raise MissingPackageError(
            "Chinese text in figures needs the font of the package 'zhplot', which is not installed. "
            "Install it with: pip install 'crm-lib[tour]'"
        )
    return found


def keep_drawable(text: str) -> str:
    r"""Return `text` as a figure can show it: on one line, no formula, ``〓`` for what our fonts lack.

    Examples
    --------
    >>> print(keep_drawable("客户 \U0001f004"), keep_drawable("$x$"))
    客户 〓 \$x\$
    """
    drawn = _list_drawn()
    kept = "".join(c if ord(c) in drawn else _MISSING for c in " ".join(str(text).split()))
    return kept.replace("$", r"\$")  # a dollar would start a formula


@cache
def _list_drawn() -> frozenset[int]:
    from matplotlib import font_manager, ft2font

    paths = [str(font_path()), font_manager.findfont(FONT_FAMILY[1], fallback_to_default=False)]
    return frozenset(code for path in paths for code in ft2font.FT2Font(path).get_charmap())


def use_style() -> None:
    """Set the look of all figures drawn from now on.

    Notes
    -----
    The font is the bundled one even when the machine has another of the same
    name, so that figures are the same everywhere.  Every ``plot_…`` function
    calls this when it has not been called yet.
    """
    import matplotlib as mpl

    seaborn = import_extra("seaborn", extra="tour", purpose="The look of figures")
    _register_font(str(font_path()))
    seaborn.set_theme(style="whitegrid", palette=list(PALETTE))
    mpl.rcParams.update(_RC)


def ensure_style() -> None:
    """Call `use_style` unless the bundled font is already the first choice."""
    import matplotlib as mpl

    if list(mpl.rcParams["font.family"]) != list(FONT_FAMILY) or mpl.rcParams["svg.hashsalt"] is None:
        use_style()


def _register_font(path: str) -> None:
    from matplotlib import font_manager

    manager = font_manager.fontManager
    # adding the font, even again, is also what makes matplotlib forget which file it found before
    manager.ttflist = [f for f in manager.ttflist if f.name != FONT_NAME]
    manager.addfont(path)


def segment_color(name: str) -> str:
    """Return the colour of the customer segment `name`.

    Parameters
    ----------
    name : str
        Segment name; one of `SEGMENT_COLORS` or of a scheme of one's own.

    Returns
    -------
    str
        ``#RRGGBB``; an unknown name always gets the same colour of `PALETTE`.

    Notes
    -----
    The colour of an unknown name comes from its SHA-256, because Python's own
    hash differs from run to run.  Two own segments may share a colour: figures
    never tell segments apart by colour alone.

    Examples
    --------
    >>> segment_color("冠军客户")
    '#0C0B5D'
    """
    if name in SEGMENT_COLORS:
        return SEGMENT_COLORS[name]
    digest = hashlib.sha256(str(name).encode("utf-8")).digest()
    return PALETTE[digest[0] % len(PALETTE)]


def cluster_color(cluster: int) -> str:
    """Return the colour of cluster number `cluster` (1, 2, …).

    Examples
    --------
    >>> cluster_color(1) == PALETTE[0]
    True
    """
    return PALETTE[(int(cluster) - 1) % len(PALETTE)]


def figure_svg(figure: Any) -> bytes:
    """Return a figure as SVG; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure or Axes
        What a ``plot_…`` function returned, or its figure.

    Returns
    -------
    bytes
        UTF-8 SVG without remote references; text is drawn as outlines, so no
        font is needed to view it.

    Notes
    -----
    The first call fixes the layout of the figure; labels added later may widen
    the picture, but nothing is cut off.
    """
    return _save(_figure_of("figure_svg", figure), format="svg", metadata={"Date": None, "Creator": None})


def figure_png(figure: Any, *, scale: float = 2) -> bytes:
    """Return a figure as PNG; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure or Axes
        What a ``plot_…`` function returned, or its figure.
    scale : float
        Pixels per pixel of a 96-dpi screen; 2 is crisp on fine screens.

    Returns
    -------
    bytes
        The PNG file.
    """
    if not 0 < scale <= 10:
        raise ParameterError(f"figure_png: scale must be in (0, 10]; got {scale!r}. Choose 1, 2 or 3.")
    found = _figure_of("figure_png", figure)
    return _save(found, format="png", dpi=96 * scale, metadata={"Software": None})


def _figure_of(where: str, figure: Any) -> Figure:
    found = figure.get_figure(root=True) if hasattr(figure, "get_figure") else None
    if found is None:
        raise ParameterError(
            f"{where}: needs a figure or the Axes of one; got {type(figure).__name__}. "
            "Pass what a plot_… function returned."
        )
    return found


def _room(figure: Figure) -> Any:
    # a figure someone laid out without room for its labels is widened rather than cut
    from matplotlib.transforms import Bbox

    canvas, ink = figure.bbox_inches, figure.get_tightbbox()
    slack = 0.02
    inside = min(ink.x0, ink.y0) >= -slack and ink.x1 <= canvas.x1 + slack and ink.y1 <= canvas.y1 + slack
    return None if inside else Bbox.union([canvas, ink.padded(0.05)])


def _settle(figure: Figure) -> None:
    # an automatic layout moves a little at every drawing; only a fixed one gives the same bytes again
    figure.draw_without_rendering()
    if figure.get_layout_engine() is not None:
        figure.set_layout_engine("none")


def _save(figure: Figure, **how: Any) -> bytes:
    import matplotlib as mpl

    _settle(figure)
    buffer = io.BytesIO()
    with mpl.rc_context({k: v for k, v in _RC.items() if k.startswith("svg.")}):
        figure.savefig(buffer, bbox_inches=_room(figure), **how)
    return buffer.getvalue()
