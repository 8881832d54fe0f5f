"""Demographic data: on the invented company, on its sister, on own files, on hardly any data."""

import json
import re

import pandas as pd
import pytest
from run_cells import run_report, solutions

from crm_lib._places import project_root
from crm_lib.errors import CrmError, ParameterError
from crm_lib.lesson.checks import grade_answer, load_checks, load_variants, run_answer
from crm_lib.readwrite import read_table
from crm_lib.sample import make_company

LESSON = "1_identification/3_demographic_data"
EMPTY = {"population": "", "orders": "", "products": "", "survey": ""}


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
    make_company(600, seed=7, out=base / "made", files=True)
    files = base / "made" / "files"
    given = {name: str(files / f"{name}.csv") for name in ("population", "orders", "products", "survey")}
    return run_in(base / "run", patch, customers=str(files / "register_*.*"), seed=3, **given)


# The figures once more, with loops, from the files as they lie in data/.


@pytest.fixture(scope="module")
def files():
    folder = project_root() / "data" / "xudong"
    whole = pd.read_csv(folder / "population.csv", encoding="utf-8-sig")
    answers = read_table(folder / "survey.csv", "survey")
    return {"population": whole, "survey": answers}


def test_the_pyramid_and_the_ages_another_way(xudong):
    space, shown, folder = xudong
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))["result"]
    assert result["as_of"] == "2025-01-01"
    people, year = space["people"], 2025
    ages = {}
    for person in people.itertuples():
        if pd.notna(person.birth_date) and person.birth_date.year <= 2024:
            # nobody has a birthday on the first of January but those born on it
            born = person.birth_date
            ages[person.person_id] = year - born.year - ((born.month, born.day) > (1, 1))
    assert people["age"].notna().sum() == len(ages)
    assert people["age"].mean() == pytest.approx(sum(ages.values()) / len(ages))
    assert result["n_people"] == len(people) == len({*people["person_id"]})
    assert people["n_records"].sum() == result["n_records"] == len(space["cleaned"].rows)
    counted = space["pyramid"]["n"].sum()
    left = [space["pyramid"].attrs[k] for k in ("n_impossible", "n_no_birth", "n_no_gender", "n_outside")]
    assert counted + sum(left) == len(people)
    assert f"{len(people):,} 人里有 {counted:,} 人" in "\n".join(shown.findings)


def test_people_are_joined_only_when_name_sex_and_birthday_agree(xudong):
    space = xudong[0]
    rows = space["merged"].rows
    keys = {}
    for r in rows.itertuples():
        whole = (r.name, r.gender, r.birth_date)
        keys.setdefault(whole if all(pd.notna(v) for v in whole) else r.record_id, set()).add(r.record_id)
    found = space["combined"].members.groupby("person_id")["record_id"].agg(set)
    assert {frozenset(v) for v in found} == {frozenset(v) for v in keys.values()}


def test_weights_another_way(xudong, files):
    """Rake once more with dictionaries, and compare the mean satisfaction."""
    space, shown, _ = xudong
    whole, answers = files["population"], files["survey"].dropna(subset=["overall"])
    columns = {"gender": "性别", "age_band": "年龄段", "region": "地区"}
    goals = {
        mine: whole.groupby(theirs)["人数"].sum() / whole["人数"].sum() for mine, theirs in columns.items()
    }
    weights = dict.fromkeys(answers.index, 1.0)
    members = {
        (column, category): [i for i, value in answers[column].items() if value == category]
        for column, goal in goals.items()
        for category in goal.index
    }
    for _ in range(40):
        for column, goal in goals.items():
            total = sum(weights.values())
            for category, share in goal.items():
                mine = members[column, category]
                have = sum(weights[i] for i in mine) / total
                for i in mine:
                    weights[i] *= share / have
    values = answers["overall"].astype(float)
    mean = sum(values[i] * w for i, w in weights.items()) / sum(weights.values())
    sample = space["sample"]
    assert space["number"] == "overall"
    assert (sample["overall"] * sample["weight"]).sum() / sample["weight"].sum() == pytest.approx(
        mean, abs=1e-4
    )
    assert f"是 {mean:.2f} 分" in "\n".join(shown.findings)
    squares = sum(w * w for w in weights.values())
    assert space["raked"].n_effective == pytest.approx(sum(weights.values()) ** 2 / squares, rel=1e-3)


def test_the_planted_bias_of_the_survey_is_seen(xudong):
    fit = xudong[0]["fit"].set_index("column")["p_value"]
    assert fit["gender"] < 0.01
    assert fit["age_band"] < 0.01
    text = "\n".join(xudong[1].findings)
    assert "性别：" in text
    assert "样本不像总体" in text


def test_impossible_heights_are_found_and_only_suggested(xudong):
    found = xudong[0]["screened"].findings
    heights = found[found["column"] == "height_cm"]
    assert heights["reason"].tolist() == ["unit"] * len(heights) != []
    assert heights["suggestion"].between(140, 200).all()
    assert xudong[0]["people"]["height_cm"].dropna().between(60, 230).all()


def test_income_is_what_tells_most_about_spending(xudong):
    ranked = xudong[0]["ranked"]
    assert (ranked.loc[0, "attribute"], ranked.loc[0, "outcome"]) == ("income_band", "revenue")
    decided = xudong[0]["decided"].set_index("attribute")["decision"]
    assert decided["monthly_income"] == "coarser"
    assert decided["education"] == "stop"


def test_other_data_give_other_sentences(xudong, sister):
    assert xudong[0]["day"] == sister[0]["day"]
    pairs = list(zip(xudong[1].findings[:-2], sister[1].findings[:-2], strict=True))
    assert len(pairs) >= 9
    # the plan (which fields are asked) is that of the same three forms
    assert [a for a, b in pairs if a == b] == [xudong[1].findings[1]]


def test_nothing_shown_or_written_leads_to_a_person(xudong, sister):
    phone, mail = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), re.compile(r"[\w.]+@[\w.]+")
    for space, shown, folder in (xudong, sister):
        texts = [shown.text, (folder / "result.json").read_text(encoding="utf-8")]
        texts += [p.read_text(encoding="utf-8-sig") for p in (folder / "tables").glob("*.csv")]
        assert [t for t in texts if phone.search(t) or mail.search(t)] == []
        names = [n for n in space["people"]["name"].dropna() if len(n) >= 3]
        assert [n for n in names if any(n in t for t in texts)] == []


def test_the_profile_is_opened_again(xudong):
    import docx

    _, _, folder = xudong
    path = folder / "tables" / "demographic_profile.docx"
    document = docx.Document(path)
    text = "\n".join(p.text for p in document.paragraphs)
    for said in (
        "客户人口统计画像",
        "客户是谁",
        "样本像不像总体",
        "哪些属性有用",
        "以后收集什么",
        "35-44岁的女性",
    ):
        assert said in text
    assert "**" not in text
    assert len(document.inline_shapes) == 1
    assert len(document.tables) == 3


@pytest.mark.slow
def test_the_hand_ins_are_the_same_bytes_at_every_run(xudong, patch, tmp_path):
    _, _, folder = xudong
    again = run_in(tmp_path, patch)[2]
    for name in ("demographic_profile.docx", "demographic_profile.xlsx"):
        assert (again / "tables" / name).read_bytes() == (folder / "tables" / name).read_bytes()


HEADER = "record_id,name,gender,birth_date,province,monthly_income,registered_on\n"


@pytest.fixture
def run_register(monkeypatch, tmp_path):
    def run(lines, header=HEADER, **parameters):
        path = tmp_path / "register.csv"
        path.write_text(header + "\n".join(lines) + "\n", encoding="utf-8")
        return run_in(tmp_path, monkeypatch, customers=str(path), **(EMPTY | parameters))

    return run


@pytest.mark.parametrize(
    ("lines", "said", "never"),
    [
        (
            ["R1,A,女,1990-01-01,广东省,5000,2024-05-01"],
            ["1 条记录合成 1 人", "没有总体的数字", "没有订单", "1 人里有 1 人画进了金字塔"],
            ["样本不像总体", "高了"],
        ),
        (
            ["R1,A,,,,,2024-05-01", "R2,B,,,,,2024-05-02"],
            ["2 人里没有一人能画进金字塔", "没有发现不可能的值", "没有需要归并的写法"],
            ["人数最多的是"],
        ),
        (
            [f"R{i},N{i},女,1990-01-01,广东,5000,2024-05-01" for i in range(40)],
            ["占 100.0%", "用月收入补上 40 处收入档次"],
            ["不可能的值："],
        ),
        (
            ["R1,A,M,2099-01-01,Bavaria,-5,2024-05-01", "R2,A,F,1901-01-01,,9000000000,2024-05-02"],
            ["取出 4 个不可能的值", "有 1 处写法认不出来", "把 2 处性别的不同写法统一"],
            [],
        ),
    ],
    ids=["one person", "nothing known", "all alike", "nothing possible"],
)
def test_every_sentence_stays_true_on_hardly_any_data(run_register, lines, said, never):
    space, shown, _ = run_register(lines)
    text = "\n".join(shown.findings)
    assert [s for s in said if s not in text] == []
    assert [s for s in [*never, "nan", "None"] if s in text] == []
    assert len(space["people"]) <= len(lines)


def test_names_and_phones_alone_are_enough(run_register):
    space, shown, _ = run_register(
        ["Ann,15400000001", "Bob,15400000002"], "Full Name,Mobile\n", as_of="2025-01-01"
    )
    assert len(space["people"]) == 2
    assert "15400000001" not in shown.text
    with pytest.raises(CrmError, match="as_of"):
        run_register(["Ann,15400000001"], "Full Name,Mobile\n")


def test_samples_of_another_company_are_not_mixed_in(monkeypatch, tmp_path):
    path = tmp_path / "register.csv"
    path.write_text(HEADER + "R1,A,女,1990-01-01,广东省,5000,2024-05-01\n", encoding="utf-8")
    space, shown, _ = run_in(tmp_path, monkeypatch, customers=str(path))
    assert (space["whole"], space["lines_kind"], space["raked"]) == (None, "other", None)
    assert "另一家公司的样本" in shown.text


def test_an_earlier_day_makes_everybody_younger(xudong, monkeypatch, tmp_path):
    space, _, _ = run_in(tmp_path, monkeypatch, as_of="2020-01-01")
    assert space["people"]["age"].mean() < xudong[0]["people"]["age"].mean() - 4.5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"max_weight": 1.0}, r"\[1.5, 100\]"),
        ({"as_of": "2024-13-01"}, "日期"),
        ({"date_order": "dym"}, "auto"),
        ({"measure": "incom"}, "overall"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_wrong_parameter_set_fails_in_words(monkeypatch, tmp_path, given, said):
    with pytest.raises(ParameterError, match=said):
        run_in(tmp_path, monkeypatch, **given)


@pytest.mark.parametrize("name", ["customers", "survey"])
def test_a_wrong_file_name_stops_in_chinese(monkeypatch, tmp_path, name):
    with pytest.raises(CrmError, match="没有找到文件"):
        run_in(tmp_path, monkeypatch, **{name: "没有的.csv"})


@pytest.mark.slow
def test_solution_full_blank_nothing_wrong_answers_never_full(
    xudong, sister, patch, tmp_path_factory, record_property, capsys
):
    checks, code = load_checks(LESSON), solutions(LESSON)
    variants = [v for v in load_variants(LESSON) if v]
    spaces = [xudong[0], sister[0]]
    spaces += [run_in(tmp_path_factory.mktemp("variant"), patch, **v)[0] for v in variants]
    killed = total = 0
    for space in spaces:
        for grade_id, check in checks.items():
            inputs = {name: space[name] for name in check.inputs}
            answer = run_answer(code[grade_id], check.answer, inputs)
            assert grade_answer(check, answer, inputs).points == check.points
            assert grade_answer(check, None, inputs).points == 0
            for mistake in check.mistakes:
                result = grade_answer(check, run_answer(mistake.code, check.answer, inputs), inputs)
                total += 1
                killed += result.points < check.points
                assert result.points < check.points, f"{grade_id}: {mistake.name} gets full points"
                assert mistake.message in result.message
    with capsys.disabled():
        print(f"\nkill rate of {LESSON}: {killed}/{total} wrong answers refused")
    record_property("kill_rate", killed / total)
    assert killed == total > 0
