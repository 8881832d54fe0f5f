"""Complaints find their department, and none is lost."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_lib.errors import ParameterError, ReadError, SchemaError
from crm_lib.identify import read_routing_rules, route_complaints
from crm_lib.sample import make_company


def route(text=None, **columns):
    return route_complaints(pd.DataFrame([{"text": text, **columns}])).iloc[0]


def test_words_decide_and_are_named():
    row = route("包装破损，等了十天才到", rating=1)
    assert row[["route", "topic", "department", "urgency", "deadline_hours"]].tolist() == [
        "派单", "配送", "物流部", "较急", 24,
    ]  # fmt: skip
    assert row["words"] == "包装、才到、破损、等了"
    assert row["reason"] == "文中提到“包装、才到”，归入“配送”类。"


def test_an_urgent_word_shortens_the_time():
    row = route("台灯冒烟，再不处理就打12315")
    assert row[["department", "urgency", "deadline_hours"]].tolist() == ["品质管理部", "紧急", 2]
    assert row["reason"].endswith("又提到“12315”，按紧急处理。")
    # even among five stars, and not when it is negated
    assert route("很好，只是起火了，触电", rating=5)["route"] == "派单"
    assert route("很好，没有触电", rating=5)["route"] == "不派"


@pytest.mark.parametrize(
    ("text", "rating", "expected"),
    [
        ("质量不好", None, "派单"),
        ("质量很好", None, "不派"),
        ("质量很好", 1, "派单"),
        ("质量不好", 5, "不派"),
        ("还可以", 3, "不派"),
        ("发货太慢", 3, "派单"),
        ("嗯", 1, "人工"),
        (None, 2, "人工"),
        (None, None, "人工"),
        (None, 5, "不派"),
        ("请问几点开门", None, "人工"),
        ("很失望", None, "人工"),
    ],
)
def test_what_is_a_complaint(text, rating, expected):
    assert route(text, rating=rating)["route"] == expected


@pytest.mark.parametrize(
    ("probability", "expected"), [(0.1, "派单"), (0.9, "不派"), (None, "派单"), (0.5, "派单")]
)
def test_a_model_speaks_where_there_is_no_rating(probability, expected):
    assert route("质量不好", probability=probability)["route"] == expected
    assert route("质量不好", probability=0.1, rating=5)["route"] == "不派"


def test_contacts_are_routed_by_their_topic():
    contacts = pd.DataFrame(
        {"topic": ["价格投诉", "咨询商品", None], "occurred_at": pd.to_datetime(["2024-05-01 22:00"] * 3)},
        index=[5, 3, 9],
    )
    routed = route_complaints(contacts)
    assert routed.index.tolist() == [5, 3, 9]
    assert routed["route"].tolist() == ["派单", "不派", "人工"]
    assert routed.loc[5, "department"] == "商品部"
    assert routed.loc[5, "due_at"] == pd.Timestamp("2024-05-03 22:00")
    assert routed["due_at"].isna().tolist() == [False, True, True]
    assert routed.loc[5, "reason"] == "接触主题是“价格投诉”，归入“价格”类。"


def test_every_row_has_a_reason_and_nothing_is_lost(tmp_path, capsys):
    make_company(2000, seed=0, out=tmp_path / "c", files=False)
    reviews = pd.read_parquet(tmp_path / "c" / "data" / "reviews.parquet")
    truth = pd.read_parquet(tmp_path / "c" / "truth" / "reviews.parquet").rename(columns={"topic": "planted"})
    told = reviews.merge(truth, on="review_id")
    routed = route_complaints(told)
    assert (routed["reason"] != "").all()
    assert routed["route"].isin(["派单", "人工", "不派"]).all()
    bad = (told["sentiment"] == "negative") & (told["rating"] <= 2)
    assert (routed.loc[bad, "route"] == "派单").mean() >= 0.98
    sent = routed[bad & (routed["route"] == "派单")]
    right = sent["topic"] == told.loc[sent.index, "planted"].replace("物流", "配送")
    without = route_complaints(told.drop(columns="rating"))["route"]
    recall = (without[told["sentiment"] == "negative"] == "派单").mean()
    false = (without[told["sentiment"] == "positive"] == "派单").mean()
    with capsys.disabled():
        print(
            f"\nrouting: topic right {right.mean():.3f}; by words alone recall {recall:.3f}, false {false:.3f}"
        )
    assert right.mean() >= 0.98
    assert recall >= 0.95
    assert false <= 0.02


def test_nothing_is_no_fault_and_no_text_is():
    empty = route_complaints(pd.DataFrame({"text": pd.Series([], dtype=object)}))
    assert empty.empty
    assert "reason" in empty
    with pytest.raises(SchemaError, match="'text'.*column 'topic' of contacts"):
        route_complaints(pd.DataFrame({"rating": [1]}))


def test_rules_of_ones_own(tmp_path):
    file = tmp_path / "rules.toml"
    file.write_text(
        '[[rules]]\ntopic = "停车"\ndepartment = "物业部"\nurgency = "普通"\nhours = 72\nwords = ["停车", "车位"]\n'
        '[urgent]\nhours = 1\nwords = ["急"]\n[complaint]\nwords = ["没有车位"]\n',
        encoding="utf-8",
    )
    rules = read_routing_rules(file)
    texts = pd.DataFrame({"text": ["来了三次没有车位", "质量不好"], "rating": [2, 2]})
    routed = route_complaints(texts, rules=rules)
    # a topic without a rule goes to a person
    assert routed["route"].tolist() == ["派单", "人工"]
    assert routed["department"].iloc[0] == "物业部"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('urgency = "普通"', 'urgency = "慢"', "urgency of 停车 is '慢'"),
        ("hours = 72", "hours = 0", "hours of 停车 are 0"),
        ('department = "物业部"', "", "停车 lacks department"),
        ('words = ["停车"]', 'words = "停车"', "words of 停车 is no list of texts"),
        ("[[rules]]", "[[other]]", r"there are no \[\[rules\]\]"),
        ("[urgent]\nhours = 1", "[urgent]", r"\[urgent\] lacks its hours"),
        ("[complaint]", "[else]", r"\[complaint\] lacks its words"),
    ],
)
def test_faults_of_rules_are_named(tmp_path, old, new, says):
    body = (
        '[[rules]]\ntopic = "停车"\ndepartment = "物业部"\nurgency = "普通"\nhours = 72\nwords = ["停车"]\n'
        '[urgent]\nhours = 1\nwords = ["急"]\n[complaint]\nwords = ["差"]\n'
    )
    assert old in body
    file = tmp_path / "rules.toml"
    file.write_text(body.replace(old, new), encoding="utf-8")
    with pytest.raises(ParameterError, match=says):
        read_routing_rules(file)
    file.write_text("[[", encoding="utf-8")
    with pytest.raises(ReadError, match="cannot be read"):
        read_routing_rules(file)
