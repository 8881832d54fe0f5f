"""Checkers where equality is not the question, against hand-worked cases and scikit-learn."""

import random

import pandas as pd
import pytest

from crm_lib.lesson.checkers import TextFacts, adjusted_rand, compare_clusters, compare_scores, compare_text

IDS = [f"C{n:02}" for n in range(12)]
LABELS = [1] * 5 + [2] * 4 + [3] * 3


def table(labels, ids=IDS):
    return pd.DataFrame({"customer_id": ids, "cluster": labels})


def test_adjusted_rand_by_hand():
    # pairs together in both: C(2,2)=1; in a: 1+1=2; in b: C(3,2)=3; of C(4,2)=6: (1-1)/(2.5-1) = 0
    assert adjusted_rand([1, 1, 2, 2], [1, 1, 1, 2]) == pytest.approx(0)
    # both: 1+3=4 of a: 1+6=7, b: 3+3=6, C(6,2)=15: chance 42/15=2.8, (4-2.8)/(6.5-2.8)
    assert adjusted_rand([1, 1, 2, 2, 2, 2], [1, 1, 1, 2, 2, 2]) == pytest.approx(1.2 / 3.7)


def test_adjusted_rand_equals_scikit_learn():
    from sklearn.metrics import adjusted_rand_score

    draw = random.Random(7)
    for n in (2, 5, 40):
        for k in (1, 2, 4, n):
            a, b = ([draw.randrange(k) for _ in range(n)] for _ in range(2))
            assert adjusted_rand(a, b) == pytest.approx(adjusted_rand_score(a, b))
    assert adjusted_rand([], []) == adjusted_rand([1], ["x"]) == 1


@pytest.mark.parametrize(
    "answer",
    [
        table(LABELS),
        table([{1: "忠诚", 2: "普通", 3: 0}[v] for v in LABELS]),
        table(LABELS).sample(frac=1, random_state=3),
        table(LABELS)["cluster"],
        [9 - v for v in LABELS],
    ],
)
def test_the_same_clusters_under_other_names(answer):
    assert compare_clusters(answer, table(LABELS)).equal


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (table([2, *LABELS[1:]]), "大体一致"),
        (table([1, 2, 3] * 4), "不是一回事"),
        (table([1] * 12), "不是一回事"),
        (LABELS[:-1], "12 个，现在有 11 个"),
        (table(LABELS, [*IDS[:-1], "C99"]), "客户对不上"),
        (table(LABELS, [*IDS[:-1], "C00"]), "客户对不上"),
        (3, "答案的类型不对"),
    ],
)
def test_other_clusters_are_told_near_from_far(answer, said):
    verdict = compare_clusters(answer, table(LABELS))
    assert not verdict.equal
    assert said in verdict.message


def test_a_threshold_accepts_nearly_the_same():
    answer = table([2, *LABELS[1:]])
    rand = adjusted_rand([2, *LABELS[1:]], LABELS)
    assert compare_clusters(answer, table(LABELS), at_least=rand).equal
    assert not compare_clusters(answer, table(LABELS), at_least=rand + 0.01).equal


DAYS = [5, 5, 20, 20, 40, 40, 60, 60, 90, 90, 120, 120]
SCORES = pd.DataFrame({
    "customer_id": IDS,
    "recency_days": DAYS,
    "score_r": [5, 5, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1],
})


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5], "方向反了"),
        ([4, 4, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0], "都差 -1 分"),
        ([5, 5, 5, 4, 4, 4, 3, 3, 2, 2, 1, 1], "数值相同的客户"),
        ([5, 5, 4, 4, 4, 4, 3, 3, 2, 2, 1, 1], "靠近分界"),
        ([5, 5, 1, 1, 1, 1, 3, 3, 2, 2, 1, 1], "有 4 位客户"),
        (["5"] * 12, "有 12 位客户"),
        ([None] * 12, "有 12 位客户"),
    ],
)
def test_faults_of_scores_are_told_apart(scores, said):
    verdict = compare_scores(SCORES.assign(score_r=scores), SCORES)
    assert not verdict.equal
    assert said in verdict.message


def test_scores_in_any_order_and_with_more_columns():
    assert compare_scores(SCORES.assign(more=1).iloc[::-1], SCORES).equal
    assert "score_r" in compare_scores(SCORES.drop(columns="score_r"), SCORES).message
    assert "客户对不上" in compare_scores(SCORES.head(5), SCORES).message


def test_each_right_score_is_part_of_the_points():
    expected = SCORES.assign(score_m=[1, 2] * 6)
    verdict = compare_scores(expected.assign(score_r=6 - expected["score_r"]), expected)
    assert (verdict.equal, verdict.share) == (False, 0.25)


FACTS = TextFacts(
    words=(("最重要的一类", ("冠军", "最有价值")),),
    numbers=(("客户数", 23_570), ("占比", 0.678)),
    never=(("因果", ("因为聚类所以",)),),
    least=10,
)


@pytest.mark.parametrize(
    ("text", "equal", "share"),
    [
        ("共有 23,570 位客户，冠军客户贡献了 67.8% 的金额。", True, 0),
        ("23570 位，最有价值的占 0.678", True, 0),
        ("共有 23,570 位客户，贡献了 12% 的金额。", False, 1 / 3),
        ("冠军客户贡献了 67.8% 的金额，值得保持。", False, 2 / 3),
        ("冠军 23570 67.8% 因为 聚类 所以 买得多", False, 0),
        ("冠军", False, 0),
        (5, False, 0),
    ],
)
def test_texts_by_their_facts(text, equal, share):
    verdict = compare_text(text, FACTS)
    assert (verdict.equal, verdict.share) == (equal, pytest.approx(share))
    assert "23" not in verdict.message
