from __future__ import annotations

import pytest

from crm_lib.errors import RenderError
from crm_lib.publish.markdown import highlight_code, render_foreign_markdown, render_markdown


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("一句。\n二句", "<p>一句。二句</p>"),  # one sentence a line: no gap between Chinese characters
        ("RFM a\nb", "<p>RFM a\nb</p>"),
        ("**甲。**\n**乙**", "<p><strong>甲。</strong><strong>乙</strong></p>"),
        ("## 步骤一", "<h2>步骤一</h2>"),
        ("`$x$` 是代码", "<p><code>$x$</code> 是代码</p>"),
        ("<details>\n\n甲\n\n</details>", "<details>\n\n<p>甲</p>\n</details>"),
    ],
)  # fmt: skip
def test_authored_text_by_hand(text: str, page: str) -> None:
    assert render_markdown(text) == page


def test_formulas_become_mathml_inline_and_on_their_own_line() -> None:
    page = render_markdown("值 $x_1$。\n\n$$\n\\frac{a}{b}\n$$\n\n\\begin{equation}c\\end{equation}")
    assert page.count('<math display="inline"') == 1
    assert page.count('<math display="block"') == 2
    assert "$" not in page


def test_a_bad_formula_in_a_text_is_named() -> None:
    with pytest.raises(RenderError, match=r"\\nosuchthing"):
        render_markdown(r"看 $\nosuchthing{x}$")


@pytest.mark.parametrize("address", ["https://example.org/a.png", "figures/a.png", "//x/a.png"])
def test_a_picture_from_elsewhere_is_refused(address: str) -> None:
    with pytest.raises(RenderError, match="must be in the notebook itself"):
        render_markdown(f"![图]({address})")


def test_an_attached_picture_is_inlined() -> None:
    page = render_markdown("![图](attachment:a.png)", attachments={"a.png": {"image/png": "iVBO"}})
    assert '<img src="data:image/png;base64,iVBO" alt="图">' in page


def test_text_out_of_data_has_no_html_and_no_headings() -> None:
    page = render_foreign_markdown(
        "# 客户\n\n甲 <script>x</script> **张三** $x$ ![a](https://e.example/x.png)"
    )
    assert "<script" not in page
    assert "<img" not in page
    assert "<h1" not in page
    assert "<strong>张三</strong>" in page


def test_code_is_highlighted_and_an_unknown_language_is_plain() -> None:
    assert '<span class="k">def</span>' in highlight_code("def f(): pass")
    assert "<span" not in highlight_code("x < 1", language="nosuch")
    assert "&lt;" in highlight_code("x < 1", language="nosuch")
