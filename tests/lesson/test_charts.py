"""A chart is judged by its artists: kind, words, numbers."""

import matplotlib.pyplot as plt
import pytest

from crm_lib.lesson.charts import ChartFacts, compare_chart
from crm_lib.lesson.checks import Check, Mistake, as_data, grade_answer

FACTS = ChartFacts("bar", (30.0, 20.0, 10.0), title=("金额",), xlabel=("类别|客户类别",), ylabel=("元",))


@pytest.fixture(autouse=True)
def no_windows():
    plt.rcParams["font.family"] = ["Noto Sans SC", "DejaVu Sans"]
    from crm_lib.plots.style import use_style

    use_style()
    yield
    plt.close("all")


def draw(values=(30, 20, 10), *, kind="bar", title="各类的金额", xlabel="客户类别", ylabel="金额（元）"):
    _, ax = plt.subplots()
    names = [f"A{n}" for n in range(len(values))]
    {"bar": ax.bar, "barh": ax.barh, "line": ax.plot, "points": ax.scatter}[kind](names, values)
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel)
    return ax


def judge(ax, facts=FACTS):
    return compare_chart(as_data(ax), facts)


def test_a_right_chart_however_it_is_handed_over():
    ax = draw()
    assert judge(ax).equal
    assert judge(ax.figure).equal
    assert judge(draw(kind="barh")).equal


@pytest.mark.parametrize(
    ("chart", "said", "share"),
    [
        ({"values": (30, 20, 11)}, "画的数", 0.25),
        ({"values": (10, 20, 30)}, "画的数", 0.25),
        ({"values": (30, 20)}, "画的数", 0.25),
        ({"title": ""}, "标题里要写出：金额", 0.875),
        ({"xlabel": "x"}, "横轴的名称要写明：类别", 0.875),
        ({"ylabel": "", "title": ""}, "标题", 0.75),
        ({"kind": "line"}, "柱形图", 0),
    ],
)
def test_what_is_missing_is_named_and_the_rest_counts(chart, said, share):
    verdict = judge(draw(**chart))
    assert not verdict.equal
    assert said in verdict.message
    assert verdict.share == pytest.approx(share)


def test_any_order_and_other_kinds():
    assert judge(draw((10, 30, 20)), ChartFacts("bar", (30, 20, 10), any_order=True)).equal
    assert judge(draw(kind="line"), ChartFacts("line", (30, 20, 10))).equal
    assert judge(draw(kind="points"), ChartFacts("points", (30, 20, 10))).equal


@pytest.mark.parametrize("answer", [3, "图", None, [1, 2]])
def test_what_is_no_chart(answer):
    verdict = judge(answer)
    assert (verdict.equal, verdict.share) == (False, 0)
    assert "一张图" in verdict.message


def test_check_knows_the_frequent_mistakes_of_charts():
    code = "import matplotlib.pyplot as plt; _, answer = plt.subplots(); answer.bar(['A0', 'A1', 'A2'], [1, 2, 3])"
    check = Check(
        "t-1", "answer", 8, (), lambda d: FACTS, checker=compare_chart,
        mistakes=(Mistake("counts", code, "你画的是人数。"),),
    )  # fmt: skip
    assert grade_answer(check, draw(), {}).points == 8
    wrong = draw((1, 2, 3), title="", xlabel="", ylabel="")
    assert "你画的是人数。" in grade_answer(check, wrong, {}).message
    assert grade_answer(check, draw(title=""), {}).points == 7
