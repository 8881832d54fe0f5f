"""Figures of texts: the words of each topic, the words that set groups apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.plots._canvas import note, open_axes, percent, write_nothing
from crm_lib.plots.style import MAIN, MUTED, PALETTE, keep_drawable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_ACROSS = 3
_BETWEEN = 0.24
MOST_TOPICS = 9
MOST_GROUPS = 8


def plot_topics(words: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the words with most weight in each topic.

    Parameters
    ----------
    words : DataFrame
        One row per topic and word, what ``TopicModel.list_words`` returned: ``topic``, ``rank``,
        ``word``, ``weight``.
    ax : Axes, optional
        Where to draw; its area is divided into a panel a topic, at most nine.

    Returns
    -------
    Axes
        The area; the panels are its ``child_axes``.
    """
    require_columns("plot_topics", words.columns, ["topic", "rank", "word", "weight"])
    topics = list(dict.fromkeys(words["topic"]))
    if not topics:
        return write_nothing(ax, "没有找出主题")
    shown = topics[:MOST_TOPICS]
    n_rows = -(-len(shown) // _ACROSS)
    n_words = int(words["rank"].max())
    ax = open_axes(ax, 0.6 + n_rows * (0.7 + 0.22 * n_words))
    ax.set_axis_off()
    across = min(len(shown), _ACROSS)
    for i, topic in enumerate(shown):
        width, height = (1 - 0.16 * (across - 1)) / across, (1 - _BETWEEN * (n_rows - 1)) / n_rows
        left, down = (i % across) * (width + 0.16), i // across
        panel = ax.inset_axes((left, 1 - height - down * (height + _BETWEEN), width, height))
        _draw_topic(panel, words[words["topic"] == topic].sort_values("rank"), i)
    more = f"；共 {len(topics)} 个主题，画出前 {len(shown)} 个" if len(shown) < len(topics) else ""
    # an empty second line leaves room for the titles of the panels
    note(ax, f"各主题中权重最大的词（条长：占本主题的权重）{more}\n ")
    return ax


def _draw_topic(panel: Axes, words: pd.DataFrame, i: int) -> None:
    panel.barh(range(len(words)), words["weight"], height=0.66, color=PALETTE[i % len(PALETTE)], linewidth=0)
    panel.set_yticks(range(len(words)), [keep_drawable(str(w)) for w in words["word"]])
    panel.set_ylim(len(words) - 0.4, -0.6)
    panel.xaxis.set_major_formatter(percent)
    panel.locator_params(axis="x", nbins=3)
    panel.grid(axis="y", visible=False)
    panel.set_title(f"主题 {words['topic'].iloc[0]}", loc="left")


def plot_keywords(keywords: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the words that set each group apart: how often inside, how often outside.

    Parameters
    ----------
    keywords : DataFrame
        What ``rank_keywords`` returned: ``group``, ``rank``, ``word``, ``share_in``, ``share_out``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        One line a word from its share outside (hollow) to that inside its group
        (filled), group below group, at most eight groups.
    """
    require_columns("plot_keywords", keywords.columns, ["group", "rank", "word", "share_in", "share_out"])
    groups = list(dict.fromkeys(keywords["group"]))
    if not groups:
        return write_nothing(ax, "各组用的词没有明显差别")
    shown = keywords[keywords["group"].isin(groups[:MOST_GROUPS])]
    ax = open_axes(ax, 1.2 + 0.24 * len(shown))
    labels = []
    for row, word in enumerate(shown.itertuples(index=False)):
        color = PALETTE[groups.index(word.group) % len(PALETTE)]
        ax.hlines(row, word.share_out, word.share_in, color=color, linewidth=1.6)
        ax.plot(word.share_out, row, "o", markerfacecolor="white", markeredgecolor=color, markersize=5.5)
        ax.plot(word.share_in, row, "o", color=color, markersize=6)
        labels.append(keep_drawable(f"{word.group}：{word.word}" if word.rank == 1 else str(word.word)))
    ax.set_yticks(range(len(shown)), labels)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(percent)
    ax.set_xlabel("提到这个词的文本占比")
    ax.grid(axis="y", visible=False)
    _explain(ax)
    more = f"；共 {len(groups)} 组，画出前 {MOST_GROUPS} 组" if len(groups) > MOST_GROUPS else ""
    note(ax, f"各组最有区别的词{more}")
    return ax


def _explain(ax: Axes) -> None:
    from matplotlib.lines import Line2D

    style = {"marker": "o", "linestyle": "", "markersize": 6}
    handles = [
        Line2D([], [], color=MAIN, label="本组", **style),
        Line2D([], [], markerfacecolor="white", markeredgecolor=MUTED, label="其他组", **style),
    ]
    ax.legend(handles=handles, loc="lower right", frameon=False)
