"""The lesson on attitudes: on 旭东, another 旭东, its own filled-in template, strange and poor surveys."""

import json
import math
import re

import docx
import IPython.display
import openpyxl
import pandas as pd
import pytest
from run_cells import run_report, solutions

from crm_lib import lesson
from crm_lib._places import project_root
from crm_lib.errors import CrmError, ParameterError
from crm_lib.lesson.checks import grade_answer, load_checks, load_variants, run_answer
from crm_lib.plots import plot_kano, plot_nps
from crm_lib.sample import make_company

LESSON = "1_identification/2_attitude_data"


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def run_in(folder, patch, **parameters):
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    return (*run_report(LESSON, patch, folder, **parameters), folder)


@pytest.fixture(scope="module")
def xudong(patch, tmp_path_factory):
    return run_in(tmp_path_factory.mktemp("xudong"), patch)


@pytest.fixture(scope="module")
def sister(patch, tmp_path_factory):
    """Another company of the same making: other people, other seed."""
    base = tmp_path_factory.mktemp("sister")
    make_company(700, seed=7, out=base / "made", files=True)
    files = {n: str(base / "made" / "files" / f"{n}.csv") for n in ("survey", "population", "reviews")}
    files["items"] = str(base / "made" / "files" / "survey_items.csv")
    return run_in(base / "run", patch, **files, cut="middle")


@pytest.fixture(scope="module")
def shop(patch, tmp_path_factory):
    return run_in(tmp_path_factory.mktemp("shop"), patch, **load_variants(LESSON)[1])


# The figures once more from the file as it lies in data/, with plain pandas.


@pytest.fixture(scope="module")
def lines():
    path = project_root() / "data" / "xudong" / "survey.csv"
    return pd.read_csv(path, encoding="utf-8-sig")


@pytest.fixture(scope="module")
def careful(lines):
    q = [f"第{i}题" for i in range(1, 13)]
    given = lines[q].notna().sum(axis=1)
    line = (lines[q].max(axis=1) == lines[q].min(axis=1)) & (given >= 3)
    fast = (lines["答题秒数"] < lines["答题秒数"].median() / 2) | (lines["答题秒数"] < 2 * given)
    return lines[~(line | fast | (given < 6))]


def test_careless_answers_and_the_scores_come_out_another_way(xudong, lines, careful):
    space, shown, folder = xudong
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))["result"]
    assert (result["n_read"], result["n_used"], result["n_careless"]) == (
        len(lines),
        len(careful),
        len(lines) - len(careful),
    )
    assert f"还剩 {len(careful)} 份" in "".join(shown.findings)
    part = careful[["第1题", "第2题", "第3题"]].assign(last=6 - careful["第4题"])
    score = (25 * (part - 1)).mean(axis=1).where(part.notna().sum(axis=1) >= 2)
    assert space["scores"]["mean_score"][0] == pytest.approx(score.mean())
    full = part.dropna()
    alpha = 4 / 3 * (1 - full.var().sum() / full.sum(axis=1).var())
    assert space["reliability"]["alpha"][0] == pytest.approx(alpha)


def test_recommendation_importance_and_kano_another_way(xudong, careful):
    space, shown, _ = xudong
    nps = careful["推荐意愿"].dropna()
    value = 100 * ((nps > 8).sum() - (nps < 7).sum()) / len(nps)
    assert space["nps"]["nps"][0] == pytest.approx(value)
    assert f"净推荐值是 {value:.1f}".replace("-", "−") in "".join(shown.findings)
    both = careful[["配送重要性", "配送表现"]].dropna()
    row = space["matrix"].set_index("title").loc["配送"]
    assert row["gap"] == pytest.approx((both["配送重要性"] - both["配送表现"]).mean())
    pairs = careful[["有免费退换时的感受", "没有免费退换时的感受"]].dropna()
    must = ((pairs.iloc[:, 0].between(2, 4)) & (pairs.iloc[:, 1] == 5)).sum()
    assert space["kano"].set_index("title").loc["免费退换", "n_m"] == must


def test_weights_another_way(xudong, careful):
    space, _, _ = xudong
    people = pd.read_csv(project_root() / "data" / "xudong" / "population.csv", encoding="utf-8-sig")
    size = people.groupby("年龄段")["人数"].sum()
    weight = (size / size.sum()) / careful["年龄段"].value_counts(normalize=True)
    found = space["classes"].set_index("age_band")["weight"]
    assert found.to_dict() == pytest.approx(weight.to_dict())


def test_every_comment_has_one_place_and_complaints_have_a_department(xudong, careful):
    space, _, _ = xudong
    comments = space["comments"]
    assert len(comments) == careful["意见和建议"].notna().sum() == space["topics"]["n_comments"].sum()
    negative = comments["sentiment"] == "负面"
    assert comments["reason"].notna().equals(negative)
    assert space["routes"]["n_comments"].sum() == negative.sum() > 5


def test_other_data_give_other_sentences(xudong, sister):
    pairs = list(zip(xudong[1].findings, sister[1].findings, strict=True))
    # the statements are the same; other sentences only name files
    same = [a for a, b in pairs if a == b and not a.startswith("已写出")]
    assert [a[:4] for a in same] == ["题目表里"]
    assert xudong[0]["kano"]["kano"].tolist() != [] != sister[0]["kano"]["kano"].tolist()


# Hand-ins


def test_the_filled_in_template_is_read_again(xudong, monkeypatch, tmp_path):
    """Fill ten rows of the template as a student would, read it back, and find the figures."""
    book = openpyxl.load_workbook(xudong[2] / "tables" / "survey_template.xlsx")
    assert book.sheetnames == ["说明", "问卷", "答卷录入", "题目表"]
    sheet = book["答卷录入"]
    heads = [c.value for c in sheet[1]]
    rules = sheet.data_validations.dataValidation
    by_cell = {str(r.sqref).split(":")[0]: r for r in rules}
    assert '"1,2,3,4,5"' in by_cell[sheet.cell(2, heads.index("第1题") + 1).coordinate].formula1
    assert by_cell[sheet.cell(2, heads.index("推荐意愿") + 1).coordinate].formula1.startswith('"0,1,2')
    for row in range(10):
        values = {
            "答卷编号": f"T{row}",
            "推荐意愿": row % 11,
            "总体满意度": 5,
            "年龄段": "18-24岁",
            "意见和建议": "发货太慢",
        }
        values |= {h: 1 + (row + i) % 5 for i, h in enumerate(heads) if re.fullmatch(r"第\d+题", h)}
        for head, value in values.items():
            sheet.cell(2 + row, heads.index(head) + 1).value = value
    path = tmp_path / "班级问卷.xlsx"
    book.save(path)
    given = {
        "survey": f"{path}#答卷录入",
        "items": f"{path}#题目表",
        "population": "",
        "reviews": "",
        "drop_careless": False,
    }
    space, shown, _ = run_in(tmp_path, monkeypatch, **given)
    assert space["questions"][["item", "reversed"]].equals(xudong[0]["questions"][["item", "reversed"]])
    assert len(space["kept"]) == 10
    assert space["nps"]["n"][0] == 10
    assert space["nps"]["nps"][0] == -60  # 0–6 are seven of ten, 9 is one
    assert "只有 10 人回答" in shown.text
    assert "没有成对的重要性和表现" in shown.text
    assert "没有成对的 Kano 题" in shown.text


def test_the_report_holds_the_sentences_and_the_figures(xudong):
    _, shown, folder = xudong
    document = docx.Document(folder / "tables" / "attitude_report.docx")
    text = "\n".join(p.text for p in document.paragraphs)
    for finding in shown.findings[5:-2]:
        assert finding.split("\n")[0] in text
    assert "**" not in text
    assert len(document.tables) == 5
    assert len(document.inline_shapes) == 4
    heads = [c.text for table in document.tables for c in table.rows[0].cells]
    assert [h for h in heads if re.fullmatch("[a-z_]+", h)] == []


def test_the_hand_ins_are_repeatable(xudong, monkeypatch, tmp_path):
    space, shown, folder = xudong
    monkeypatch.setenv("CRM_OUTPUT_DIR", str(tmp_path))
    monkeypatch.setattr(IPython.display, "display", shown)
    lesson.write_survey_template(space["questions"])
    template = (tmp_path / "tables" / "survey_template.xlsx").read_bytes()
    for again in range(2):
        drawn = {"净推荐值": plot_nps(space["nps"]), "功能的类别": plot_kano(space["kano"])}
        lesson.write_attitude_report(space["report"], tables=space["inside"], figures=drawn)
        (tmp_path / "tables" / "attitude_report.docx").rename(tmp_path / f"{again}.docx")
    assert (tmp_path / "0.docx").read_bytes() == (tmp_path / "1.docx").read_bytes()
    assert [(d / "tables" / "survey_template.xlsx").read_bytes() for d in (tmp_path, folder)] == 2 * [
        template
    ]


def test_no_personal_data_on_the_page_or_in_the_tables(xudong, sister):
    phone, mail = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), re.compile(r"[\w.]+@[\w.]+")
    for _, shown, folder in (xudong, sister):
        texts = [shown.text, (folder / "result.json").read_text(encoding="utf-8")]
        texts += [p.read_text(encoding="utf-8-sig") for p in (folder / "tables").glob("*.csv")]
        assert [t for t in texts if phone.search(t) or mail.search(t)] == []


# Own surveys

ITEMS = (
    "题号,构念,题目,是否反向题,量表级数\nA1,满意,我满意,否,7\nA2,满意,我失望,是,7\nA3,满意,我会再来,否,7\n"
)


@pytest.fixture
def run_own(monkeypatch, tmp_path):
    def run(survey, items=ITEMS, **parameters):
        (tmp_path / "s.csv").write_text(survey, encoding="utf-8")
        (tmp_path / "i.csv").write_text(items, encoding="utf-8")
        given = {
            "survey": str(tmp_path / "s.csv"),
            "items": str(tmp_path / "i.csv"),
            "population": "",
            "reviews": "",
        }
        return run_in(tmp_path, monkeypatch, **given | parameters)

    return run


def test_items_of_any_name_and_answers_in_words(run_own):
    rows = "\n".join(
        f"{i},{w},{8 - int(n)},{n}"
        for i, (w, n) in enumerate(
            [
                ("非常同意", "7"),
                ("同意", "6"),
                ("有点同意", "5"),
                ("中立", "4"),
                ("不同意", "2"),
                ("也许", "3"),
            ]
            * 6
        )
    )
    space, shown, _ = run_own("编号,A1,A2,A3\n" + rows + "\n")
    assert space["answers"]["A1"].dropna().tolist()[:5] == [7, 6, 5, 4, 2]
    assert 4 not in set(space["kept"]["A1"])  # 中立, 4, 4 is one answer throughout
    assert "有 6 个回答不可能是量表上的答案" in shown.text
    assert "也许" in shown.text
    # A1, 8 − A2 and A3 are equal in every complete row, so α is 1
    assert space["reliability"]["alpha"][0] == pytest.approx(1)
    text = "\n".join(shown.findings)
    assert "nan" not in text
    for said in ("没有人回答推荐意愿", "没有人写意见", "没有记下用时"):
        assert said in shown.text, said


@pytest.mark.parametrize(
    ("survey", "said", "never"),
    [
        ("编号,A1,A2,A3\n1,5,3,5\n", ["读入 1 份答卷", "算不出 α"], ["nan"]),
        ("编号,A1,A2,A3\n1,4,4,4\n2,4,4,4\n", ["有疑问的有 2 份", "仍然用全部答卷"], ["还剩 0 份", "nan"]),
        ("编号,A1,A2,A3,推荐意愿\n1,5,3,5,10\n2,6,2,6,10\n", ["净推荐值是 100.0", "只有 2 人回答"], ["nan"]),
        ("编号,A1,A2,A3,意见\n1,5,3,5,很好\n2,6,2,6,\n3,2,6,1,太差了，再也不来\n", ["一共有 2 条意见"], ["nan"]),
    ],
    ids=["one", "all careless", "two promoters", "two comments"],
)  # fmt: skip
def test_every_sentence_stays_true_on_hardly_any_data(run_own, survey, said, never):
    space, shown, _ = run_own(survey)
    text = "\n".join(shown.findings)
    assert [s for s in said if s not in text] == []
    assert [s for s in never if s in text] == []
    assert len(space["raw"]) == space["cleaned"].n_in


def test_the_population_of_another_company_is_not_used(run_own):
    space, shown, _ = run_own(
        "编号,A1,A2,A3,意见\n1,5,3,5,很好\n2,6,2,6,发货太慢\n", population="xudong_population"
    )
    assert space["people"] is None
    assert "另一家公司的样本" in shown.text
    assert "按人数很多来算" in shown.text
    assert "体验辞典判断" in shown.text
    assert space["comments"]["probability"].isna().all()


def test_a_survey_that_nobody_filled_in_stops_in_words(run_own):
    with pytest.raises(CrmError, match="没有可以分析的答卷"):
        run_own("编号,A1,A2,A3\n1,,,\n2,,,\n")


def test_without_reversed_items_the_page_says_what_it_cannot_see(run_own):
    items = ITEMS.replace("是", "否")
    _, shown, _ = run_own("编号,A1,A2,A3\n1,5,5,5\n2,6,6,5\n3,2,2,2\n4,1,3,2\n", items=items)
    assert "没有反向题" in shown.text
    assert "查不出来" in shown.text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"margin": 0.5}, r"\[0.01, 0.2\]"),
        ({"by": "city"}, "age_band"),
        ({"cut": "median"}, "middle"),
        ({"channel": "电视"}, "门店扫码"),
        ({"response_share": 0.0}, "response_share"),
    ],
)
def test_a_wrong_parameter_set_fails_in_words(monkeypatch, tmp_path, given, said):
    with pytest.raises(ParameterError, match=said):
        run_in(tmp_path, monkeypatch, **given)


@pytest.mark.parametrize("given", [{"survey": "答卷.csv"}, {"items": "题目.csv"}, {"reviews": "评价.csv"}])
def test_a_wrong_file_name_stops_in_chinese(monkeypatch, tmp_path, given):
    with pytest.raises(CrmError, match="没有找到文件"):
        run_in(tmp_path, monkeypatch, **given)


def test_a_survey_without_the_items_of_the_list_stops_in_words(run_own):
    with pytest.raises(CrmError, match="A3"):
        run_own("编号,A1,A2\n1,5,3\n")


def test_exercises_solution_full_blank_nothing_wrong_answers_never_full(
    xudong, sister, shop, record_property, capsys
):
    checks, code = load_checks(LESSON), solutions(LESSON)
    killed = total = 0
    for space in (xudong[0], sister[0], shop[0]):
        for grade_id, check in checks.items():
            inputs = {name: space[name] for name in check.inputs}
            answer = run_answer(code[grade_id], check.answer, inputs)
            assert not math.isnan(answer)
            assert grade_answer(check, answer, inputs).points == check.points
            assert grade_answer(check, None, inputs).points == 0
            for mistake in check.mistakes:
                result = grade_answer(check, run_answer(mistake.code, check.answer, inputs), inputs)
                total += 1
                killed += result.points < check.points
                assert result.points < check.points, f"{grade_id}: {mistake.name} gets full points"
                assert mistake.message in result.message, (grade_id, mistake.name)
    with capsys.disabled():
        print(f"\nkill rate of {LESSON}: {killed}/{total} wrong answers refused")
    record_property("kill_rate", killed / total)
    assert killed == total > 0
