"""An executed notebook as the suite makes them, with all a report can hold, and hostile names in it."""

from __future__ import annotations

import base64
import html
import io

import nbformat
import nbformat.v4 as v4

from crm_lib.look.fonts import find_text_font
from crm_lib.publish.html import ReportMeta

HOSTILE = '<script>document.title="owned"</script>'
HOSTILE_IMAGE = '<img src="https://evil.example/a.png" onerror="document.title=1">'

LEAD = """# 总览：十分钟走完全套

手里只有一份订单表，怎样看出**哪些客户最值得留住**？

教材位置：项目二 客户区分。输入：订单表；输出：客户类别、保有名单。约 10 分钟。
"""
AIMS = """## 你将学会

- 把原始订单**读入**并**清洗**
- **计算** R、F、M 三个分数
- **解读**每一类客户该怎样维护

前置：无。
"""
STEP_ONE = r"""## 步骤一 看清数据

> **想一想**：一行订单里，哪些列说明客户“最近还在不在”？

最近一次购买距今的天数 $R_i = t_0 - \max_j t_{ij}$，购买次数 $F_i$，消费金额 $M_i=\sum_{j=1}^{n_i} a_{ij}$。
客户仍然“存活”的概率按下式估计：

$$P(\text{存活}\mid x,t_x,T)=\frac{1}{1+\frac{a}{b+x-1}\left(\frac{\alpha+T}{\alpha+t_x}\right)^{r+x}}$$

样本标准差 $\hat\sigma=\sqrt{\frac{1}{n-1}\sum_{i=1}^{n}(x_i-\bar{x})^2}$ 也会用到。

<details><summary>参考答案</summary>

下单时间 `ordered_at` 和客户编号 `customer_id`；见[下一步](#步骤二-给客户打分)。

</details>
"""
STEP_TWO = """## 步骤二 给客户打分

三个分数各分五档，**相同的值得相同的分**。

### 怎样读这张表

| 分数 | 含义 | 举例 |
|---|---|---:|
| 5 | 最好的五分之一 | 12 |
| 1 | 最差的五分之一 | 1,204 |

```python
scores = score_rfm(rfm, bins=bins)  # 每位客户一行
```
"""
CLOSING = """## 小结

你已经把订单读入、清洗，并给每位客户打了分。

### 巩固与拓展

1. 换一份自己的订单再做一遍。
2. 下一课：`2_differentiation/1_most_valuable`。
"""


def make_svg(n_points: int = 12) -> str:
    """Draw a bar chart with Chinese words as SVG paths."""
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    font = FontProperties(fname=find_text_font())
    with mpl.rc_context({"svg.hashsalt": "crm", "svg.fonttype": "path", "axes.unicode_minus": False}):
        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        ax = figure.subplots()
        names = ["重要价值", "重要发展", "重要保持", "重要挽留", "一般客户"]
        values = [1250, 640, 910, 430, 1820]
        ax.barh(names[::-1], values[::-1], color=["#9db4bd", "#5b8c9b", "#3b7486", "#1f5d70", "#0c3f4e"])
        ax.set_xlabel("客户数（人）", fontproperties=font)
        ax.set_yticks(range(5), names[::-1], fontproperties=font)
        ax.spines[["top", "right"]].set_visible(False)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def make_png() -> str:
    """Return a small picture at twice its size, base64."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (640, 240), "#3b7486").save(out, format="PNG")
    return base64.b64encode(out.getvalue()).decode("ascii")


def figure_output(svg: str, caption: str) -> dict:
    """Return a figure as crm_lib.lesson shows it."""
    meta = {"crm": {"kind": "figure", "caption": caption, "alt": f"条形图：{caption}"}}
    return v4.new_output("display_data", {"image/svg+xml": svg, "text/plain": "[图]"}, metadata=meta)


def html_output(page: str) -> dict:
    """Return an HTML output."""
    return v4.new_output("display_data", {"text/html": page, "text/plain": "…"})


def make_table(n_rows: int = 8) -> str:
    """Return a table as crm_lib.lesson writes it, wide enough to scroll on a phone."""
    heads = ["客户编号", "客户名称", "最近一次购买距今（天）", "订单数", "消费金额", "客户类别", "保有措施"]
    names = ["北京晨光商贸有限公司", HOSTILE, "张伟", "上海&杭州<联合>商行"] + ["李娜"] * n_rows
    rows = [
        [
            f"C{i:04d}",
            names[i],
            str(3 + 17 * i),
            str(40 - 4 * i),
            f"{98765.4 / (i + 1):,.2f}",
            "重要价值",
            "专人维护",
        ]
        for i in range(n_rows)
    ]
    number = {2, 3, 4}
    cls = ["" if i not in number else ' class="num"' for i in range(7)]
    head = "".join(f'<th scope="col"{c}>{h}</th>' for h, c in zip(heads, cls, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{c}>{html.escape(v)}</td>" for v, c in zip(row, cls, strict=True)) + "</tr>"
        for row in rows
    )
    return (
        '<table class="crm-table"><caption>消费金额最高的客户（共 4,312 行，显示前 8 行）</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def make_notebook(*, failed: bool = False) -> nbformat.NotebookNode:
    """Return the notebook; `failed` ends it with an error output."""
    import pandas as pd

    plain = pd.DataFrame({"客户类别": ["重要价值", "一般客户"], "客户数": [1250, 1820], "占比": [0.29, 0.42]})
    svg = make_svg()
    finding = '<div class="crm-finding">消费金额最高的 <strong>20%</strong> 客户贡献了 71.3% 的金额。</div>'

    notes = f"\x1b[31m读入 3 行\x1b[0m\n{HOSTILE}\n"
    cloud = {"crm": {"kind": "figure", "caption": "词云（示意）", "alt": "词云"}}
    written = '<div class="crm-finding">已写出：rfm.csv、result.json</div>'

    def text(source: str) -> nbformat.NotebookNode:
        return v4.new_markdown_cell(source)

    def code(source: str, *outputs: dict, tags: tuple[str, ...] = ()) -> nbformat.NotebookNode:
        return v4.new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})

    cells = [
        text(LEAD),
        text(AIMS),
        code("import crm_lib as crm  # SECRET_IMPORT", tags=("hide-input",)),
        code("k_max: int = 10  # 聚类数上限 [2, 20]", tags=("parameters",)),
        text(STEP_ONE),
        code('show_table(top, "消费金额最高的客户")', html_output(make_table())),
        code("finding(sentence)", html_output(finding), tags=("finding",)),
        text(STEP_TWO),
        code("show_figure(ax)", figure_output(svg, "各类客户的人数（n = 5,050）")),
        code("show_figure(ax)", figure_output(svg, "同一张图再画一次，裁剪路径不得相撞")),
        code("plain", html_output(plain._repr_html_())),
        code("print(name)", v4.new_output("stream", name="stdout", text=notes)),
        code("warn()", v4.new_output("stream", name="stderr", text="NoStructureWarning: 数据没有聚类结构\n")),
        code("hostile", html_output(f"<p>客户：{HOSTILE}{HOSTILE_IMAGE}<b onclick='x()'>王芳</b></p>")),
        code("png", v4.new_output("display_data", {"image/png": make_png()}, metadata=cloud)),
        code("export()", html_output(written), tags=("export",)),
    ]  # fmt: skip
    if failed:
        evalue = f"score_rfm: column 'recency_days' must be >= 0; first: {HOSTILE}"
        trace = ["\x1b[31mTraceback SECRET_TRACE\x1b[0m"]
        fault = v4.new_output("error", ename="DataError", evalue=evalue, traceback=trace)
        cells += [text("## 步骤三 分群"), code("score()", fault)]
    else:
        cells.append(text(CLOSING))
    return v4.new_notebook(cells=cells)


def make_meta(*, failed: bool = False) -> ReportMeta:
    """Return what goes with `make_notebook`."""
    return ReportMeta(
        notebook_id="0_start/1_tour",
        title="总览：十分钟走完全套",
        parameters=[
            ("orders", "data/orders_2011.csv", "订单文件"),
            ("as_of", "2011-12-10", "截止日期"),
            ("k_max", 10, "聚类数上限"),
            ("scheme", HOSTILE, "客户分类方案"),
        ],
        data=[("orders_2011.csv", "9f2c41d07ab3", 397884)],
        versions={"Python": "3.11.7", "crm_lib": "0.1.0", "pandas": "3.1.1"},
        rendered_at="2026-11-03T09:05:00+08:00",
        seconds=6.24,
        status="failed" if failed else "ok",
        error={"cell": "步骤三 分群", "sentence": f"score_rfm: {HOSTILE}"} if failed else None,
    )
