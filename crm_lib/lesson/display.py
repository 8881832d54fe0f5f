"""Show tables, figures and findings, so that one notebook reads well everywhere.

In JupyterLab they are ordinary outputs; the report takes the caption and the
alternative text from the output's metadata.  Every text that comes from data
is escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import column_title, say
from crm_lib.lesson.kernel import in_report

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_BOLD = re.compile(r"\*\*(.+?)\*\*")
_COUNTS = ("n_", "recency_days", "quantity", "score_", "k", "cluster", "source_row")
_MONEY = (
    *("revenue", "amount", "unit_price", "profit", "cost_of_goods", "cost_to_serve"),
    *("lacking", "value_per_order", "care_limit"),
)


def finding(text: str) -> None:
    """Show a sentence whose numbers and verdicts were computed.

    Parameters
    ----------
    text
        Plain text; ``**bold**`` is the only mark-up, everything else is escaped,
        so a customer's name can never become HTML.
    """
    from IPython.display import display

    body = _BOLD.sub(r"<strong>\1</strong>", html.escape(text, quote=False)).replace("\n", "<br>")
    display({"text/html": f'<div class="crm-finding">{body}</div>', "text/plain": text}, raw=True)


def format_value(value: Any, column: str = "") -> str:
    """Return `value` as people read it; the column's name tells its unit.

    Parameters
    ----------
    value
        A number, text, date or missing value.
    column
        Name of its column: ``…_share`` is shown in percent, money with two decimals.

    Examples
    --------
    >>> format_value(0.1234, "customer_share"), format_value(1234.5, "revenue"), format_value(3, "n_orders")
    ('12.3%', '1,234.50', '3')
    """
    import pandas as pd

    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return "—"
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d" if value == value.normalize() else "%Y-%m-%d %H:%M")
    if isinstance(value, bool) or not isinstance(value, int | float) and not hasattr(value, "dtype"):
        return str(value)
    if column.endswith("_share"):
        return f"{value:.1%}"
    if column.endswith(_MONEY):
        return f"{value:,.2f}"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}" if abs(value) < 1 else f"{value:.2f}"


def show_table(
    frame: pd.DataFrame, caption: str, *, most: int = 20, titles: Mapping[str, str] | None = None
) -> None:
    """Show `frame` with a caption, Chinese column titles and readable numbers.

    Parameters
    ----------
    frame
        Any frame; its index is not shown.
    caption
        What the table shows, one line.
    most
        Rows shown at most; what is left out is said below the table.
    titles
        Titles that win over those of the catalogue.
    """
    from IPython.display import display

    names = {c: (titles or {}).get(c, column_title(str(c))) for c in frame.columns}
    shown = frame.head(most)
    cells = {c: [format_value(v, str(c)) for v in shown[c]] for c in frame.columns}
    numeric = {c: _is_number(frame[c]) for c in frame.columns}
    head = "".join(f'<th scope="col"{_align(numeric[c])}>{html.escape(names[c])}</th>' for c in frame.columns)
    rows = "".join(
        "<tr>"
        + "".join(f"<td{_align(numeric[c])}>{html.escape(cells[c][i])}</td>" for c in frame.columns)
        + "</tr>"
        for i in range(len(shown))
    )
    # a head with nothing below it looks like a fault of the page
    rows = rows or f'<tr><td colspan="{len(names)}">{say("lesson.table_empty")}</td></tr>'
    rest = f"（共 {len(frame):,} 行，显示前 {most} 行）" if len(frame) > most else ""
    table = (
        f'<table class="crm-table"><caption>{html.escape(caption + rest)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )
    plain = shown.rename(columns=names).to_string(index=False) if len(shown) else say("lesson.table_empty")
    meta = {"crm": {"kind": "table", "caption": caption}}
    display({"text/html": table, "text/plain": f"{caption}\n{plain}"}, metadata=meta, raw=True)


def _is_number(column: pd.Series) -> bool:
    return column.dtype.kind in "iuf"


def _align(numeric: bool) -> str:
    return ' class="num"' if numeric else ""


def show_figure(ax: Axes, caption: str, *, alt: str = "") -> None:
    """Show the figure of `ax` as crisp SVG with a caption, and close it.

    Parameters
    ----------
    ax
        What a ``plot_…`` function returned.
    caption
        What the figure shows and the number of cases, one line.
    alt
        Text for those who cannot see it; the caption by default.
    """
    import matplotlib.pyplot as plt
    from IPython.display import display

    from crm_lib.plots import figure_svg

    figure = ax.get_figure()
    svg = figure_svg(figure).decode("utf-8")
    plt.close(figure)
    meta = {"crm": {"kind": "figure", "caption": caption, "alt": alt or caption}}
    display({"image/svg+xml": svg, "text/plain": f"[图] {caption}"}, metadata=meta, raw=True)
    if not in_report():
        page = f'<div class="crm-caption">{html.escape(caption)}</div>'
        display({"text/html": page, "text/plain": caption}, raw=True)
