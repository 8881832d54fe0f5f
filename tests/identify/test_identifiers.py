"""Candidate identifiers: coverage, uniqueness and stability by hand, and their figure."""

from __future__ import annotations

import math

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.identify import score_identifiers
from crm_lib.plots import plot_identifiers

# P1: a, b; P2: c, d; P3: e.  P2 and P3 share a telephone.
RECORDS = pd.DataFrame({
    "record_id": list("abcde"),
    "name": ["王静", "王静", "李雷", "小雷", "王静"],
    "birth_date": ["1990-01-02", "1990/1/2", "1985-05-05", None, "1999-09-09"],
    "phone": ["15400000001", "１５４ 0000 0001", "15400000002", "15400000003", "15400000002"],
    "email": ["w@example.com", None, None, None, "未知"],
})
LINKS = pd.DataFrame({"record_id": list("edcba"), "person_id": ["P3", "P2", "P2", "P1", "P1"]})


def test_scores_by_hand() -> None:
    scored = score_identifiers(RECORDS, LINKS)
    parts = ["coverage_share", "uniqueness_share", "stability_share", "n_filled", "n_values", "n_compared"]
    found = scored.set_index("identifier")[parts].T.to_dict("list")
    # phone: numbers 1 (P1), 2 (P2 and P3), 3 (P2); P1 agrees, P2 does not
    assert found["phone"] == [1.0, 2 / 3, 0.5, 5, 3, 2]
    # name: 王静 (P1, P3), 李雷, 小雷
    assert found["name"] == [1.0, 2 / 3, 0.5, 5, 3, 2]
    # with the birthday: P1 alike in both records, P2 known once, P3
    assert found["name_birth_date"] == [4 / 5, 1.0, 1.0, 4, 3, 1]
    assert found["record_id"] == [1.0, 1.0, 0.0, 5, 5, 2]
    assert found["email"][:2] == [1 / 5, 1.0]
    assert math.isnan(found["email"][2])
    score = scored.set_index("identifier")["score"]
    assert score["phone"] == pytest.approx(0.4 * 1 + 0.3 * 2 / 3 + 0.3 * 0.5)
    # without stability the other two weights make up the whole
    assert score["email"] == pytest.approx((0.4 * 0.2 + 0.3 * 1) / 0.7)
    assert scored["score"].is_monotonic_decreasing
    assert scored.attrs["weights"] == {"coverage": 0.4, "uniqueness": 0.3, "stability": 0.3}


def test_without_links_a_value_names_records() -> None:
    scored = score_identifiers(RECORDS).set_index("identifier")
    assert scored.loc["phone", "uniqueness_share"] == 1 / 3
    assert scored["stability_share"].isna().all()
    assert score_identifiers(RECORDS).attrs["unit"] == "record"


def test_the_order_of_records_says_nothing() -> None:
    pd.testing.assert_frame_equal(
        score_identifiers(RECORDS[::-1], LINKS[::-1]), score_identifiers(RECORDS, LINKS)
    )


def test_means_of_capture_are_named_and_candidates_of_ones_own_are_taken() -> None:
    own = [{"key": "card", "title": "会员卡", "columns": ["record_id"], "capture": ["卡", "RFID"]}]
    scored = score_identifiers(RECORDS, LINKS, identifiers=own, weights={"coverage": 0, "stability": 0})
    assert scored[["identifier", "title", "capture", "score"]].values.tolist() == [
        ["card", "会员卡", "卡、RFID", 1.0]
    ]
    assert set("".join(score_identifiers(RECORDS)["capture"])) >= set("纸质表格网页卡条码芯片")


def test_nobody_has_no_shares() -> None:
    scored = score_identifiers(RECORDS[:0], LINKS[:0])
    assert scored["score"].isna().all()
    assert scored["n_records"].unique().tolist() == [0]


NO_WEIGHT = {"coverage": 0, "uniqueness": 0, "stability": 0}


@pytest.mark.parametrize("weights", [{"beauty": 1.0}, {"coverage": -1}, NO_WEIGHT])
def test_wrong_weights_are_refused(weights: dict) -> None:
    with pytest.raises(ParameterError, match="weight"):
        score_identifiers(RECORDS, weights=weights)


def test_missing_links_and_columns_are_named() -> None:
    with pytest.raises(DataError, match="2 of 5 have none"):
        score_identifiers(RECORDS, LINKS[:3])
    with pytest.raises(SchemaError, match="needs column"):
        score_identifiers(pd.DataFrame({"colour": ["red"]}))


def test_the_figure_has_a_point_for_each_known_part() -> None:
    scored = score_identifiers(RECORDS, LINKS)
    ax = plot_identifiers(scored)
    points = {line.get_label(): line.get_xdata() for line in ax.get_lines() if line.get_marker() != "None"}
    assert sorted(points) == sorted(["覆盖率", "唯一性", "稳定性"])
    assert list(points["覆盖率"]) == scored["coverage_share"].tolist()
    assert len(points["稳定性"]) == int(scored["stability_share"].notna().sum())
    assert [t.get_text() for t in ax.get_yticklabels()] == scored["title"].tolist()
    assert "n = 5 条登记记录" in ax.get_title(loc="left")
    plt.close(ax.get_figure())
