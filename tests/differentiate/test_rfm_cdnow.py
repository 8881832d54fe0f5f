"""CDNOW: real purchases, against plain pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from crm_lib.differentiate import (
    fit_rfm_bins,
    name_segments,
    score_rfm,
    summarize_rfm,
    summarize_segments,
)
from crm_lib.sample import path


@pytest.fixture(scope="module")
def purchases() -> pd.DataFrame:
    return pd.read_csv(path("cdnow"), dtype={"customer_id": str}, parse_dates=["date"])


@pytest.fixture(scope="module")
def rfm() -> pd.DataFrame:
    return summarize_rfm(path("cdnow"), as_of="1998-06-30")


def test_23570_customers_and_69659_purchases(purchases, rfm):
    assert len(purchases) == 69_659
    assert len(rfm) == 23_570
    assert rfm.attrs["n_later"] == 0


def test_plain_pandas_says_the_same(purchases, rfm):
    groups = purchases.groupby("customer_id", sort=True)
    cents = (purchases["amount"] * 100).round().astype("int64").groupby(purchases["customer_id"]).sum()
    assert rfm["customer_id"].tolist() == sorted(purchases["customer_id"].unique())
    assert (
        rfm["recency_days"].to_numpy() == (pd.Timestamp("1998-06-30") - groups["date"].max()).dt.days
    ).all()
    assert (rfm["n_orders"].to_numpy() == groups["date"].nunique()).all()
    assert (rfm["revenue"].to_numpy() == cents / 100).all()


def test_the_frame_gives_what_the_file_gives(purchases, rfm):
    again = summarize_rfm(purchases.rename(columns={"date": "ordered_at"}), as_of="1998-06-30")
    pd.testing.assert_frame_equal(again, rfm, check_exact=True)


def test_scores_follow_numpys_quantiles_and_segments_add_up(purchases, rfm):
    bins = fit_rfm_bins(rfm)
    for measure, edges in bins.edges.items():
        assert edges == pytest.approx(np.quantile(rfm[measure], [0.2, 0.4, 0.6, 0.8]), rel=1e-12)
    scores = score_rfm(rfm, bins=bins)
    # More than two in five bought on one day only: the two lowest edges are both 1, score 2 is empty.
    assert bins.edges["n_orders"][:2] == (1.0, 1.0)
    assert (scores.loc[scores["n_orders"] == 1, "score_f"] == 1).all()
    assert 2 not in set(scores["score_f"])
    for scheme in ("classic", "eight"):
        summary = summarize_segments(name_segments(scores, scheme=scheme))
        assert summary["n_customers"].sum() == 23_570
        assert summary["customer_share"].sum() == pytest.approx(1)
        assert round(summary["revenue"].sum(), 2) == round(purchases["amount"].sum(), 2)
