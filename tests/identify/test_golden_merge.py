"""Golden records: what must hold of any merge, faults of the links, consolidation."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, SchemaError
from crm_lib.identify import measure_consolidation, merge_records
from crm_lib.identify._audit import as_text

CELLS = {
    "channel": [None, "store", "web", "展会"],
    "name": [None, "王静", "王 静", "小静", "王女士", "王敏", "Ann Lee", "未知"],
    "birth_date": [None, "1990-02-03", "1990/2/3", "1899-01-01", "1990-02-30"],
    "phone": [None, "15400000001", "154 0000 0001", "15400000002", "0000000"],
    "province": [None, "广东省", "广东", "浙江省"],
    "address": [None, "旭日路1-101", "朝阳区旭日路1号101室", "和平街2号202室"],
    "monthly_income": [None, 5000.0, 6200.0],
    "has_pet": [None, True, False],
    "registered_on": [None, pd.Timestamp("2022-01-01"), pd.Timestamp("2023-01-01")],
}
ROWS = st.lists(
    st.tuples(st.sampled_from("PQR"), *(st.sampled_from(values) for values in CELLS.values())),
    min_size=1,
    max_size=9,
)


def make_frames(rows: list[tuple]) -> tuple[pd.DataFrame, pd.DataFrame]:
    frame = pd.DataFrame([row[1:] for row in rows], columns=list(CELLS))
    frame["registered_on"] = pd.to_datetime(frame["registered_on"])
    frame.insert(0, "record_id", [f"R{n}" for n in range(len(rows))])
    return frame, pd.DataFrame({"record_id": frame["record_id"], "person_id": [row[0] for row in rows]})


@settings(max_examples=25)
@given(rows=ROWS)
def test_no_golden_value_is_invented_and_each_has_its_lineage(rows: list[tuple]) -> None:
    records, links = make_frames(rows)
    before = records.copy()
    merged = merge_records(records, links)
    pd.testing.assert_frame_equal(records, before)
    golden, lineage = merged
    person = links.set_index("record_id")["person_id"]
    assert golden["person_id"].tolist() == sorted(set(person))
    assert golden["n_records"].sum() == len(records)
    cells = records.set_index("record_id")
    for row in lineage.itertuples():
        assert person[row.record_id] == row.person_id
        assert as_text(cells.loc[row.record_id, row.column]) == row.value
        assert 1 <= row.n_agree <= row.n_sources
        assert 1 <= row.n_values <= row.n_sources - row.n_agree + 1
    told = set(zip(lineage["person_id"], lineage["column"], lineage["value"], strict=True))
    merged_columns = [c for c in golden.columns if c not in {"person_id", "n_records", "registers"}]
    filled = {
        (row["person_id"], c, as_text(row[c]))
        for _, row in golden.iterrows()
        for c in merged_columns
        if pd.notna(row[c])
    }
    assert told == filled


@settings(max_examples=25)
@given(rows=ROWS, random=st.randoms(use_true_random=False))
def test_the_order_of_records_and_links_says_nothing(rows: list[tuple], random: Any) -> None:
    records, links = make_frames(rows)
    first = merge_records(records, links)
    order = list(range(len(rows)))
    random.shuffle(order)
    again = merge_records(records.iloc[order], links.iloc[order[::-1]])
    for one, other in (
        (first.golden, again.golden),
        (first.lineage, again.lineage),
        (first.others, again.others),
    ):
        pd.testing.assert_frame_equal(one, other)


@settings(max_examples=25)
@given(rows=ROWS)
def test_merging_golden_records_changes_nothing_more(rows: list[tuple]) -> None:
    records, links = make_frames(rows)
    golden = merge_records(records, links).golden
    alone = golden.drop(columns=["person_id", "n_records", "registers"]).assign(record_id=golden["person_id"])
    again = merge_records(
        alone, pd.DataFrame({"record_id": golden["person_id"], "person_id": golden["person_id"]})
    )
    columns = [c for c in golden.columns if c not in {"n_records", "registers"}]
    pd.testing.assert_frame_equal(again.golden[columns], golden[columns])


def test_types_stay_what_they_were() -> None:
    records = pd.DataFrame({
        "record_id": ["a", "b", "c"],
        "consent_marketing": [True, False, True],
        "height_cm": [170.0, None, 181.0],
        "registered_on": pd.to_datetime(["2022-01-01", "2022-01-02", "2022-01-03"]),
    })
    golden = merge_records(records, pd.DataFrame({"record_id": list("abc"), "person_id": list("QPP")})).golden
    assert golden["consent_marketing"].dtype == bool
    assert golden["height_cm"].tolist() == [181.0, 170.0]
    assert golden["registered_on"].dtype.kind == "M"
    assert golden["registers"].tolist() == ["", ""]


def test_nobody_and_one() -> None:
    records, links = make_frames([("P", *[None] * len(CELLS))])
    one = merge_records(records, links)
    assert one.golden[["person_id", "n_records"]].values.tolist() == [["P", 1]]
    assert len(one.lineage) == 0
    none = merge_records(records.iloc[:0], links.iloc[:0])
    assert (len(none.golden), len(none.lineage), len(none.others)) == (0, 0, 0)
    assert list(none.lineage.columns) == list(one.lineage.columns)


@pytest.mark.parametrize(
    ("ids", "linked", "persons", "words"),
    [
        (["a", "b"], ["a"], ["P"], r"1 have no link \(b\)"),
        (["a"], ["a", "b"], ["P", "P"], r"1 are linked, but not among the records \(b\)"),
        (["a"], ["a", "a"], ["P", "Q"], r"1 are linked more than once \(a\)"),
        (["a", "a"], ["a"], ["P"], r"1 stand more than once among the records \(a\)"),
        (["a"], ["a"], [None], r"1 have a link without person_id \(a\)"),
    ],
)
def test_records_and_links_must_fit(ids: list, linked: list, persons: list, words: str) -> None:
    links = pd.DataFrame({"record_id": linked, "person_id": persons})
    with pytest.raises(DataError, match=words):
        merge_records(pd.DataFrame({"record_id": ids, "name": "王静"}), links)


def test_missing_columns_are_named() -> None:
    with pytest.raises(SchemaError, match="record_id"):
        merge_records(pd.DataFrame({"name": ["王静"]}), pd.DataFrame({"record_id": [], "person_id": []}))


def test_consolidation_by_hand() -> None:
    # P1 in store and web, P2 twice in the web shop, P3 and P4 in the store alone
    links = pd.DataFrame({"record_id": list("abcdef"), "person_id": ["P1", "P1", "P2", "P2", "P3", "P4"]})
    records = pd.DataFrame({
        "record_id": list("fedcba"),
        "channel": ["store", "store", "web", "web", "web", "store"],
    })
    measured = measure_consolidation(links, records)
    assert measured.values.tolist() == [
        ["store", 2, 2, 0.5, 1.0, 0.0],
        ["store+web", 2, 1, 0.25, 2.0, 0.5],
        ["web", 2, 1, 0.25, 2.0, 0.5],
    ]
    assert measured.attrs == {"n_records": 6, "n_persons": 4, "consolidation_rate": 1 - 4 / 6}
    assert measure_consolidation(links)["registers"].tolist() == [""]
    assert measure_consolidation(links[:0]).attrs["consolidation_rate"] == 0.0
    with pytest.raises(DataError, match="1 stand twice, 0 have no person"):
        measure_consolidation(pd.concat([links, links[:1]]))
