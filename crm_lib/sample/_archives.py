"""Invented answers of firms on how they keep their customer files, with a planted effect on repeat custom.

The law, all numbers of it in `LAW`: a firm has a size (log of its staff) and a
diligence that rises with its size; each of eight habits of keeping files shows
when diligence and chance together pass a bar.  The share of customers who come
again is ``base + effect × score / 10 + size_effect × size + noise``, so larger firms keep
better files *and* sell more again: who forgets the size finds too much.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_range
from crm_lib.sample._draws import Draws

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

STREAM = 1
EFFECT = 1.4
LAW: dict[str, Any] = {
    "trades": ["服装零售", "餐饮", "美容美发", "家居用品", "教育培训", "汽车维修"],
    "form": ["没有", "纸质", "电子表格", "专用软件"],
    "updated": ["从不", "每年", "每月", "每周"],
    "used": ["不用", "偶尔", "经常"],
    "bars": {"numbered": 0.3, "keeper": 0.1, "raw_kept": -0.2, "split_kept": 0.9, "backed_up": 0.5},
    "methods": ["询问法", "原始记录法", "问卷", "直接购买法", "搜索引擎法", "电子邮件法"],
    "diligence": 0.5,
    "base": 24.0,
    "size_effect": 3.0,
    "noise": 5.0,
    "margin": [6.0, 0.08, 3.0],
    "silent": 0.04,
}
HABITS = ("form", "numbered", "updated", "keeper", "raw_kept", "split_kept", "backed_up", "used")
_FLAGS = tuple(LAW["bars"])


def draw_archive_answers(n_firms: int = 60, *, seed: int, effect: float = EFFECT) -> pd.DataFrame:
    """Draw the answers of firms to the questionnaire on customer files.

    Parameters
    ----------
    n_firms : int
        Firms asked, at least 1.
    seed : int
        Integer >= 0; the same seed gives the same answers.
    effect : float
        Planted effect: percentage points of repeat custom per 10 points of keeping score; 0 plants none.

    Returns
    -------
    DataFrame
        One row per firm, columns of the contract ``archives``; some answers are missing.
        ``attrs["score"]`` holds the keeping score (0–100) each firm truly has.

    Examples
    --------
    >>> draw_archive_answers(3, seed=0)["firm_id"].tolist()
    ['Q001', 'Q002', 'Q003']
    """
    import numpy as np
    import pandas as pd

    require_range("draw_archive_answers", "n_firms", n_firms, 1)
    require_range("draw_archive_answers", "seed", seed, 0)
    draws, item = Draws(seed, STREAM), np.arange(n_firms)
    size = draws.normal("archive_size", item)
    levels = _draw_habits(draws, item, LAW["diligence"] * size)
    score = 100 * np.mean([levels[h] / _top(h) for h in HABITS], axis=0)
    repeat = LAW["base"] + effect * score / 10 + LAW["size_effect"] * size
    repeat = np.clip(repeat + LAW["noise"] * draws.normal("archive_repeat", item), 2, 98).round(1)
    first, slope, noise = LAW["margin"]
    margin = (first + slope * repeat + noise * draws.normal("archive_margin", item)).round(1)
    frame = pd.DataFrame({
        "firm_id": [f"Q{n + 1:03d}" for n in item],
        "trade": [LAW["trades"][k] for k in draws.choose("archive_trade", item, [3, 3, 2, 2, 2, 1])],
        "n_staff": np.maximum(1, np.exp(2.2 + 0.9 * size)).round().astype("int64"),
        "years": 1 + np.floor(14 * draws.uniform("archive_years", item)).astype("int64"),
        "methods": _draw_methods(draws, item),
        **{h: _show(h, levels[h]) for h in HABITS},
        "repeat_percent": repeat,
        "margin_percent": margin,
    })
    for column in (*_FLAGS, "updated", "repeat_percent", "margin_percent"):
        silent = draws.uniform(f"archive_silent/{column}", item) < LAW["silent"]
        frame[column] = frame[column].astype(object).where(~silent, None)
    frame.attrs["score"] = score.tolist()
    return frame


def _top(habit: str) -> int:
    return 1 if habit in _FLAGS else len(LAW[habit]) - 1


def _draw_habits(draws: Draws, item: np.ndarray, diligence: np.ndarray) -> dict[str, np.ndarray]:
    """Return the level of each habit: 0 and 1, or the place in its list of words."""
    import numpy as np

    own = diligence + 0.8 * draws.normal("archive_diligence", item)
    out = {}
    for habit in HABITS:
        pull = own + 0.7 * draws.normal(f"archive_{habit}", item)
        bars = [LAW["bars"][habit]] if habit in _FLAGS else np.linspace(-1.1, 1.0, _top(habit))
        out[habit] = np.searchsorted(bars, pull)
    # who has no files at all cannot number, keep or back them up
    none = out["form"] == 0
    return {h: np.where(none, 0, levels) for h, levels in out.items()}


def _show(habit: str, level: np.ndarray) -> list[str]:
    words = ["否", "是"] if habit in _FLAGS else LAW[habit]
    return [words[k] for k in level]


def _draw_methods(draws: Draws, item: np.ndarray) -> list[str]:
    names = LAW["methods"]
    chance = [0.85, 0.6, 0.35, 0.15, 0.3, 0.2]
    drawn = [draws.uniform(f"archive_method/{n}", item) < chance[k] for k, n in enumerate(names)]
    return ["、".join(n for k, n in enumerate(names) if drawn[k][i]) or names[0] for i in range(len(item))]


def write_archive_answers(path: Any, *, seed: int, effect: float = EFFECT, n_firms: int = 60) -> Any:
    """Write the answers as a CSV file with Chinese headers, the same bytes every time.

    Parameters
    ----------
    path : path
        File to write.
    seed, effect, n_firms
        As for `draw_archive_answers`.

    Returns
    -------
    Path
        The file written.
    """
    from crm_lib.readwrite.excel import write_csv
    from crm_lib.schema import load_schema

    titles = {c.name: c.title for c in load_schema("archives").columns}
    return write_csv(path, draw_archive_answers(n_firms, seed=seed, effect=effect), titles=titles)
