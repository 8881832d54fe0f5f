"""Values as registers write them, read for linking; and the parts that blocking and training stand on."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from crm_lib.identify.link_blocking import allow_within, choose_blocking
from crm_lib.identify.link_levels import ADDRESS, BIRTH, EMAIL, NAME, PHONE, fill_columns
from crm_lib.identify.link_prepare import prepare_records
from crm_lib.identify.link_training import Patterns, learn_shares


def level_of(comparison, one: dict, other: dict) -> str:
    """Return the level of two records in a comparison, by its own SQL; null where it says nothing."""
    import duckdb

    table = prepare_records(pd.DataFrame([one, other])).table()
    lacking = "".join(f", null as {c}" for c in fill_columns(table.column_names, [comparison]))
    con = duckdb.connect()
    con.register("t0", table)
    con.execute(f"create table t as select *{lacking} from t0")
    cases = " ".join(f"when {v.sql} then '{v.name}'" for v in comparison.levels[:-1])
    sql = f"select case when {comparison.missing} then 'missing' {cases} else 'different' end"
    return con.execute(f"{sql} from t l, t r where l.unique_id = 0 and r.unique_id = 1").fetchone()[0]


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("13800138000", "+86 138-0013-8000", "exact"),
        ("１３８００１３８０００", "13800138000", "exact"),
        (13800138000, "13800138000", "exact"),
        (13800138000.0, "13800138000", "exact"),
        ("13800138000", "13800138001", "one_digit"),
        ("13800138000", "13800183000", "one_digit"),
        ("(021) 6123 4567", "6123-4567", "one_digit"),
        ("13800138000", "15912345678", "different"),
        ("13800138000", "无", "missing"),
        ("13800138000", "00000000000", "missing"),
    ],
)
def test_phones(one, other, level):
    assert level_of(PHONE, {"phone": one}, {"phone": other}) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("1990-05-01", "1990年5月1日", "exact"),
        ("1990-05-01", dt.date(1990, 5, 1), "exact"),
        ("1990-05-01", "1990-01-05", "one_part"),
        ("1990-05-01", "1990-05-02", "one_part"),
        ("1990-05-01", "2000-05-01", "one_part"),
        ("1990-05-01", "1990-04-30", "near"),
        ("1990-12-31", "1992-01-01", "near"),
        ("1990-05-01", "1990", "same_year"),
        ("1990-05-01", "1985-11-23", "different"),
        ("1990-05-01", None, "missing"),
    ],
)
def test_births(one, other, level):
    assert level_of(BIRTH, {"birth_date": one}, {"birth_date": other}) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("广东省深圳市南山区旭日路12号301室", "旭日路12-301", "exact"),
        ("广东省深圳市南山区旭日路１２号３０１室", "深圳市旭日路12号301", "exact"),
        ("旭日路十二号301室", "旭日路12号301室", "exact"),
        ("旭日路12号301室", "旭日路12号502室", "house"),
        ("旭日路12号301室", "旭曰路12号301室", "house"),
        ("旭日路12号", "旭日路99号", "street"),
        ("广东省深圳市旭日路12号", "广东省深圳市东风路3号", "town"),
        ("广东省深圳市旭日路12号301室", "浙江省杭州市旭日路12号301室", "different"),
        ("12 Main Street, Apt 4", "Flat 4, 12 MAIN ST.", "exact"),
        ("12 Main Street", "14 Main Street", "street"),
    ],
)
def test_addresses(one, other, level):
    assert level_of(ADDRESS, {"address": one}, {"address": other}) == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Li.Lei@Example.com ", "li.lei@example.com", "exact"),
        ("lilei1990@example.com", "lilei1990@example.org", "same_name"),
        ("lilei1990@example.com", "lilie1990@example.com", "different"),  # a swap is two changes
        ("lilei1990@example.com", "lilei199@example.com", "same_name"),
        ("lilei@example.com", "none", "missing"),
    ],
)
def test_mails(one, other, level):
    assert level_of(EMAIL, {"email": one}, {"email": other}) == level


def test_any_cell_at_all_is_read_or_missing():
    odd = [
        None,
        np.nan,
        pd.NA,
        "",
        "　",
        0,
        -1,
        3.5,
        True,
        "??",
        "张",
        "a" * 500,
        "1/0",
        ["x"],
        {"a": 1},
        b"x",
        "王·李",
    ]
    frame = pd.DataFrame(
        dict.fromkeys(("name", "gender", "birth_date", "phone", "email", "city", "address"), odd)
    )
    prepared = prepare_records(frame)
    assert len(prepared) == len(odd)
    assert prepared.table().num_rows == len(odd)


def test_pairs_are_those_of_equal_keys_and_each_register_counts_once():
    frame = pd.DataFrame({
        "phone": ["13800138000"] * 3 + ["13900139000"],
        "channel": ["a", "b", "b", "a"],
        "record_id": list("wxyz"),
    })
    report = choose_blocking(prepare_records(frame), across=False)[1].set_index("rule")
    assert report.loc["phone", "n_pairs"] == 3  # wx wy xy
    report = choose_blocking(prepare_records(frame), across=True)[1].set_index("rule")
    assert report.loc["phone", "n_pairs"] == 2  # wx wy: x and y stand in one register


def test_registers_that_repeat_their_own_persons_are_seen():
    people = [(f"王{chr(0x4E00 + k)}", f"19{50 + k}-01-0{1 + k % 9}") for k in range(40)]
    frame = pd.DataFrame(people * 2, columns=["name", "birth_date"])
    apart = frame.assign(channel=["a"] * 40 + ["b"] * 40)
    mixed = frame.assign(channel=["a", "b"] * 40)
    assert not allow_within(prepare_records(apart))
    assert allow_within(prepare_records(mixed))
    assert allow_within(prepare_records(frame))


def test_planted_shares_are_learned_again():
    """Pairs drawn from known shares: 2,000 of one person, 1,000 of one home, a million of strangers."""
    draw = np.random.default_rng(5)
    comparisons = [NAME, BIRTH, PHONE]
    m = [[0.8, 0.05, 0.05, 0.05, 0.02, 0.02, 0.01], [0.9, 0.05, 0.03, 0.01, 0.01], [0.5, 0.05, 0.45]]
    h = [[0.0, 0.0, 0.03, 0.03, 0.02, 0.72, 0.2], [0.0, 0.01, 0.01, 0.0, 0.98], [0.6, 0.01, 0.39]]
    u = [[1e-3, 1e-3, 2e-3, 2e-3, 4e-3, 0.03, 0.96], [1e-3, 6e-3, 3e-3, 0.0, 0.99], [1e-4, 1e-4, 0.9998]]
    sizes = (2_000, 1_000, 1_000_000)
    rows = [
        np.column_stack([draw.choice(len(p), n, p=np.array(p) / sum(p)) for p in kind])
        for kind, n in zip((m, h, u), sizes, strict=True)
    ]
    levels, counts = np.unique(np.concatenate(rows), axis=0, return_counts=True)
    patterns = Patterns(levels, counts.astype(float), float(sum(sizes)), [1.0] * 3, {"phone": 10**6})
    sampled = [[float((rows[2][:, k] == j).mean()) for j in range(len(p))] for k, p in enumerate(u)]
    found = learn_shares(comparisons, patterns, sampled)
    assert found.share_same * sum(sizes) == pytest.approx(sizes[0], rel=0.05)
    for k in range(3):
        assert np.abs(np.array(found.m[k]) - m[k]).max() < 0.04
    again = learn_shares(comparisons, patterns, sampled)
    assert again == found
