"""Named segments: every combination of scores exactly once."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from crm_lib.differentiate import (
    fit_rfm_bins,
    list_segments,
    load_scheme,
    name_segments,
    score_rfm,
    summarize_segments,
)
from crm_lib.errors import CrmError, DataError, ParameterError, ReadError, SchemaError

CLASSIC = [
    "冠军客户", "忠诚客户", "潜在忠诚客户", "新客户", "有潜力客户", "需要关注客户",
    "即将沉睡客户", "流失风险客户", "不能失去客户", "沉睡客户", "流失客户",
]  # fmt: skip
EIGHT = [f"{a}{b}客户" for a in ("重要", "一般") for b in ("价值", "发展", "保持", "挽留")]


def make_scores(combinations, n_bins: int | None = None) -> pd.DataFrame:
    frame = pd.DataFrame(list(combinations), columns=["score_r", "score_f", "score_m"]).astype("int64")
    frame.insert(0, "customer_id", [f"C{i}" for i in range(len(frame))])
    if n_bins:
        frame.attrs["n_bins"] = n_bins
    return frame


@pytest.mark.parametrize(("scheme", "n_bins"), [("classic", 5), *(("eight", n) for n in range(2, 11))])
def test_shipped_schemes_cover_every_combination_once(scheme, n_bins):
    loaded = load_scheme(scheme)
    for r, f, m in itertools.product(range(1, n_bins + 1), repeat=3):
        scores = {"r": r, "f": f, "m": m, "fm": (f + m + 1) // 2}
        assert sum(s.covers(scores, n_bins) for s in loaded.segments) == 1, (r, f, m)
    assert set(loaded.table(n_bins).values()) == set(loaded.names)


def test_classic_is_this_grid():
    # rows R 5…1, columns FM 1…5
    grid = {
        5: ["新客户", "潜在忠诚客户", "潜在忠诚客户", "冠军客户", "冠军客户"],
        4: ["有潜力客户", "潜在忠诚客户", "潜在忠诚客户", "忠诚客户", "忠诚客户"],
        3: ["即将沉睡客户", "即将沉睡客户", "需要关注客户", "忠诚客户", "忠诚客户"],
        2: ["沉睡客户", "沉睡客户", "流失风险客户", "流失风险客户", "不能失去客户"],
        1: ["流失客户", "流失客户", "流失风险客户", "流失风险客户", "不能失去客户"],
    }
    cells = [(r, fm, name) for r, names in grid.items() for fm, name in enumerate(names, start=1)]
    named = name_segments(make_scores([(r, fm, fm) for r, fm, _ in cells], 5))
    assert named["segment"].tolist() == [name for *_, name in cells]
    assert list_segments("classic")["segment"].tolist() == CLASSIC


def test_fm_is_rounded_half_up():
    # (1 + 2) / 2 = 1.5 → 2;  (4 + 5) / 2 = 4.5 → 5;  (3 + 4) / 2 = 3.5 → 4
    named = name_segments(make_scores([(5, 1, 2), (1, 4, 5), (5, 3, 4)], 5))
    assert named["segment"].tolist() == ["潜在忠诚客户", "不能失去客户", "冠军客户"]


def test_eight_classes_are_high_and_low_about_the_middle():
    corners = [(5, 4, 4), (4, 3, 5), (3, 4, 4), (1, 1, 5), (4, 5, 3), (5, 1, 1), (1, 5, 1), (3, 3, 3)]
    assert name_segments(make_scores(corners, 5), scheme="eight")["segment"].tolist() == EIGHT
    assert list_segments("eight")["segment"].tolist() == EIGHT
    # an even scale: 2 × 2 > 4 + 1 is false, 2 × 3 > 5 is true
    assert name_segments(make_scores([(3, 3, 3), (2, 2, 2)], 4), scheme="eight")["segment"].tolist() == [
        "重要价值客户",
        "一般挽留客户",
    ]


@pytest.mark.parametrize("scheme", ["classic", "eight"])
def test_every_segment_says_what_it_means_and_what_to_do(scheme):
    listed = list_segments(scheme)
    assert listed.columns.tolist() == ["order", "key", "segment", "meaning", "action"]
    assert listed["order"].tolist() == list(range(1, len(listed) + 1))
    for column in ("key", "segment", "meaning", "action"):
        assert listed[column].is_unique
        assert (listed[column].str.len() > 2).all()


@pytest.mark.parametrize("scheme", ["classic", "eight"])
def test_twenty_equal_customers_are_one_segment_and_one_customer_is_one(scheme):
    for n in (20, 1):
        rfm = pd.DataFrame({"customer_id": range(n), "recency_days": 3, "n_orders": 2, "revenue": 9.5})
        named = name_segments(score_rfm(rfm, bins=fit_rfm_bins(rfm)), scheme=scheme)
        assert named["segment"].nunique() == 1
        assert len(named) == n


def test_the_input_is_not_changed_and_the_rows_keep_their_order_and_index():
    scores = make_scores([(1, 1, 1), (5, 5, 5)], 5).set_index(pd.Index([7, 3]))
    named = name_segments(scores)
    assert "segment" not in scores
    assert "segments" not in scores.attrs
    assert named.index.tolist() == [7, 3]
    assert named["segment"].tolist() == ["流失客户", "冠军客户"]
    empty = name_segments(scores.iloc[:0], n_bins=5)
    assert empty["segment"].tolist() == []
    assert empty["segment"].dtype == named["segment"].dtype


def test_the_number_of_scores_is_told_never_guessed():
    scores = make_scores([(1, 1, 1), (5, 5, 5)])
    with pytest.raises(ParameterError, match=r"number of scores is not known.*n_bins=5"):
        name_segments(scores)
    with pytest.raises(ParameterError, match=r"scheme 'classic' needs scores from 1 to 5; these go to 4"):
        name_segments(make_scores([(1, 1, 1)], 4))
    with pytest.raises(ParameterError, match=r"the number the scores were made with, 4; got 5"):
        name_segments(make_scores([(1, 1, 1)], 4), n_bins=5)
    with pytest.raises(DataError, match=r"'score_r' must be a whole number from 1 to 4; 1 of 2 rows is not"):
        name_segments(scores, scheme="eight", n_bins=4)
    with pytest.raises(ParameterError, match=r"scheme must be one of 'classic', 'eight'; got 'clasic'"):
        name_segments(scores, scheme="clasic", n_bins=5)


def make_own(**changes) -> pd.DataFrame:
    rows = {"segment": ["好", "一般"], "r_min": [3, None], "r_max": [None, 2]}
    return pd.DataFrame(rows | changes)


def test_a_scheme_of_ones_own_from_a_frame_csv_and_toml(tmp_path):
    own = make_own()
    own.to_csv(tmp_path / "own.csv", index=False, encoding="gb18030")
    (tmp_path / "own.toml").write_text(
        '[[segments]]\nsegment = "好"\nr_min = 3\n[[segments]]\nsegment = "一般"\nr_max = 2\n',
        encoding="utf-8",
    )
    scores = make_scores([(2, 1, 3), (3, 1, 1)], 3)
    for scheme in (own, tmp_path / "own.csv", str(tmp_path / "own.toml")):
        named = name_segments(scores, scheme=scheme)
        assert named["segment"].tolist() == ["一般", "好"]
        assert named.attrs["segments"] == ["好", "一般"]
        assert list_segments(scheme)["segment"].tolist() == ["好", "一般"]


def test_a_segment_may_stand_in_several_rows():
    own = pd.DataFrame({"segment": ["边", "中", "边"], "r_min": [1, 2, 3], "r_max": [1, 2, 3]})
    named = name_segments(make_scores([(1, 1, 1), (2, 1, 1), (3, 3, 3)], 3), scheme=own)
    assert named["segment"].tolist() == ["边", "中", "边"]
    assert list_segments(own)["segment"].tolist() == ["边", "中"]


def test_a_scheme_with_gaps_or_overlaps_shows_the_first_of_each():
    own = make_own(r_min=[3, 2], r_max=[None, 3])
    with pytest.raises(DataError) as caught:
        name_segments(make_scores([(1, 1, 1)], 3), scheme=own)
    # r = 1 has none (9 of 27), r = 3 has both (9 of 27)
    assert str(caught.value) == (
        "scheme 'table': every combination of scores from 1 to 3 must have exactly one segment; it has none for "
        "9 of 27 (first r=1, f=1, m=1) and more than one for 9 of 27 (first r=3, f=1, m=1: 好, 一般). "
        "Mend the bounds of the scheme."
    )


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"r_mni": [1, 2]}, SchemaError, "column 'r_mni' is not known; did you mean 'r_min'"),
        ({"segment": ["好", ""]}, SchemaError, "row 2 has no segment name"),
        ({"f_min": ["x", 1]}, DataError, "f_min of segment '好' must be a whole score from 1; got 'x'"),
        ({"f_min": [1.5, 1]}, DataError, "must be a whole score from 1; got 1.5"),
        ({"f_min": [float("inf"), 1]}, DataError, "must be a whole score from 1; got inf"),
        ({"f_max": [0, 1]}, DataError, "must be a whole score from 1; got 0"),
    ],
)
def test_faults_of_a_scheme_are_said_in_words(changes, kind, words):
    with pytest.raises(kind, match=words):
        name_segments(make_scores([(1, 1, 1)], 3), scheme=make_own(**changes))


def test_files_that_are_no_scheme(tmp_path):
    (tmp_path / "bad.toml").write_text("segments = [", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("segment,r_min\n", encoding="utf-8")
    for scheme, kind in (("bad.toml", ReadError), ("none.toml", ReadError), ("empty.csv", SchemaError)):
        with pytest.raises(kind) as caught:
            load_scheme(tmp_path / scheme)
        assert "\n" not in str(caught.value)
    with pytest.raises(CrmError, match="scheme must be 'classic', 'eight', a table or a path"):
        load_scheme(5)


def make_named() -> pd.DataFrame:
    return pd.DataFrame({
        "customer_id": list("abcd"),
        "recency_days": [10, 20, 1, 3],
        "n_orders": [1, 2, 10, 20],
        "revenue": [0.1, 0.2, 60.0, 39.7],
        "segment": ["流失客户", "流失客户", "冠军客户", "冠军客户"],
    })


def test_a_summary_by_hand():
    got = summarize_segments(make_named())
    # 60 + 39.7 = 99.7 and 0.1 + 0.2 = 0.3 (not 0.30000000000000004) of 100
    assert got.to_dict("list") == {
        "segment": ["冠军客户", "流失客户"],
        "n_customers": [2, 2],
        "customer_share": [0.5, 0.5],
        "revenue": [99.7, 0.3],
        "revenue_share": [0.997, 0.003],
        "mean_recency_days": [2.0, 15.0],
        "mean_n_orders": [15.0, 1.5],
        "mean_revenue": [49.85, 0.15],
    }


def test_a_summary_can_list_the_segments_without_customers():
    got = summarize_segments(make_named(), include_empty=True)
    assert got["segment"].tolist() == CLASSIC
    assert got["n_customers"].sum() == 4
    assert got.loc[1, "mean_revenue"] != got.loc[1, "mean_revenue"]
    assert got.loc[1, "revenue"] == 0


def test_a_summary_of_nobody_of_no_revenue_and_of_strangers():
    empty = summarize_segments(make_named().iloc[:0])
    assert len(empty) == 0
    assert empty.dtypes.tolist() == summarize_segments(make_named()).dtypes.tolist()
    negative = summarize_segments(make_named().assign(revenue=[-1.0, 0, 0, 0]))
    assert negative["revenue_share"].isna().all()
    strange = make_named().assign(segment=["x", "x", "y", "y"])
    with pytest.raises(DataError, match=r"does not know segment 'x', 'y'.*scheme="):
        summarize_segments(strange)
    own = pd.DataFrame({"segment": ["y", "x"], "r_min": [2, None], "r_max": [None, 1]})
    assert summarize_segments(strange, scheme=own)["segment"].tolist() == ["y", "x"]
    with pytest.raises(DataError, match="column 'segment' must not be empty; 1 of 4 rows"):
        summarize_segments(make_named().assign(segment=["冠军客户", None, "冠军客户", "冠军客户"]))
