from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from crm_lib.errors import RenderError
from crm_lib.publish.math import convert_formula


def shape(tex: str) -> str:
    """Return the formula's elements and words, without attributes."""
    return re.sub(r"<(\w+)[^>]*>", r"<\1>", convert_formula(tex))


def test_a_fraction_by_hand() -> None:
    assert shape(r"\frac{a}{b+1}") == (
        "<math><mrow><mfrac><mrow><mi>a</mi></mrow>"
        "<mrow><mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac></mrow></math>"
    )


def test_chinese_words_stay_words() -> None:
    assert "<mtext>存活</mtext>" in convert_formula(r"P(\text{存活}\mid x)")


@pytest.mark.parametrize(
    "tex",
    [
        r"\mathrm{CLV}=\sum_{t=0}^{T}\frac{m_t r^t}{(1+d)^t}",
        r"R_i = t_0 - \max_j t_{ij}",
        r"\hat\sigma=\sqrt{\frac{1}{n-1}\sum_{i=1}^{n}(x_i-\bar{x})^2}",
        r"\left(\frac{\alpha+T}{\alpha+t_x}\right)^{r+x}",
        r"\begin{cases} 1 & x>0\\ 0 & \text{否则}\end{cases}",
        r"\{1,2\} \subset \mathbb{N}",
        r"a < b \le c \% \ne d",
        r"\alpha_{\text{信度}}=\frac{k}{k-1}\left(1-\frac{\sum_i\sigma_i^2}{\sigma_X^2}\right)",
    ],
)
def test_the_formulas_of_the_lessons_convert_whole(tex: str) -> None:
    found = convert_formula(tex, display=True)
    tree = ElementTree.fromstring(found)
    assert tree.get("display") == "block"
    assert tree.get("alttext") == tex
    assert "\\" not in "".join(tree.itertext())  # no command is left over
    assert "http" not in found


@pytest.mark.parametrize(
    ("tex", "why"),
    [
        (r"\frac{a", "do not match"),
        (r"x}", "do not match"),
        (r"\unknowncmd x", "not understood"),
        (r"\frac{a}", "is missing|stopped"),
        (r"\left( x", "stopped"),
        (r"a & b", "stopped|not understood"),
        ("  ", "nothing"),
    ],
)
def test_half_a_formula_is_refused_and_named(tex: str, why: str) -> None:
    with pytest.raises(RenderError, match=why) as caught:
        convert_formula(tex)
    assert f"${tex.strip()}$" in str(caught.value)
