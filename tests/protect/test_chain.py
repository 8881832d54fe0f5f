"""The hash chain: every change, gap, move and cut of a log is found, and nothing else is."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import ProtectError, SchemaError
from crm_lib.protect import CHAIN_START, anchor, chain_hash, read_anchor, verify_chain


def make_log(n: int) -> pd.DataFrame:
    rows, previous = [], CHAIN_START
    for seq in range(1, n + 1):
        entry = {
            "seq": seq,
            "at": f"2024-03-01 08:{seq % 60:02d}:00",
            "actor": "ann" if seq % 2 else "bob",
            "action": "update",
            "n_rows": None if seq == 3 else seq * 10,
            "detail": f"第{seq}次",
        }
        rows.append({**entry, "previous_hash": previous, "hash": chain_hash(previous, entry)})
        previous = rows[-1]["hash"]
    return pd.DataFrame(
        rows, columns=["seq", "at", "actor", "action", "n_rows", "detail", "previous_hash", "hash"]
    )


def faults(log: pd.DataFrame, **options) -> list[tuple[int, str]]:
    found = verify_chain(log, **options)
    assert list(found.columns) == ["seq", "fault", "detail"]
    return list(zip(found["seq"].tolist(), found["fault"].tolist(), strict=True))


def test_the_hash_by_hand() -> None:
    text = '{"entry":{"action":"建","n":2,"seq":1},"previous":"' + "0" * 64 + '"}'
    expected = hashlib.sha256(text.encode()).hexdigest()
    assert chain_hash(CHAIN_START, {"seq": 1, "n": 2, "action": "建"}) == expected


def test_what_a_database_does_to_types_does_not_matter() -> None:
    entry = {"seq": 1, "at": "2024-03-01 08:01:00", "n_rows": 5, "detail": None}
    read_back = {
        "detail": np.nan,
        "n_rows": np.float64(5.0),
        "at": pd.Timestamp("2024-03-01 08:01:00"),
        "seq": np.int64(1),
        "hash": "x",
        "previous_hash": "y",
    }
    assert chain_hash("a", entry) == chain_hash("a", read_back)
    assert chain_hash("a", {**entry, "at": dt.datetime(2024, 3, 1, 8, 1)}) == chain_hash("a", entry)
    assert chain_hash("a", {**entry, "detail": pd.NA}) == chain_hash("a", entry)
    assert chain_hash("a", {**entry, "n_rows": 6}) != chain_hash("a", entry)
    assert chain_hash("b", entry) != chain_hash("a", entry)


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_a_whole_log_has_no_finding(n: int) -> None:
    log = make_log(n)
    assert faults(log) == []
    assert faults(log, head=anchor(log)) == []
    assert faults(make_log(9), head=anchor(log)) == []


@pytest.mark.parametrize("column", ["at", "actor", "action", "n_rows", "detail", "hash", "previous_hash"])
def test_any_changed_cell_is_found(column: str) -> None:
    log = make_log(6)
    log[column] = log[column].astype(object)
    log.loc[3, column] = 999 if column == "n_rows" else "x" * 64
    assert (4, "changed") in faults(log)
    assert {seq for seq, _ in faults(log)} <= {4, 5}


def test_an_entry_rewritten_with_its_hash_is_found_by_the_next() -> None:
    log = make_log(6)
    log.loc[3, "actor"] = "eve"
    log.loc[3, "hash"] = chain_hash(log.loc[3, "previous_hash"], log.loc[3].to_dict())
    assert faults(log) == [(4, "changed")]


@pytest.mark.parametrize(
    ("gone", "told"), [([0], [(2, "missing")]), ([2, 3], [(5, "missing")]), ([4], [(6, "missing")])]
)
def test_entries_taken_out(gone: list[int], told: list[tuple[int, str]]) -> None:
    assert faults(make_log(6).drop(gone)) == told


def test_entries_taken_out_and_the_rest_numbered_anew() -> None:
    log = make_log(6).drop([2]).reset_index(drop=True)
    log["seq"] = range(1, 6)
    assert faults(log)[0][0] == 3
    assert len(faults(log)) == 3


def test_two_entries_exchanged() -> None:
    log = make_log(6)
    swapped = log.copy()
    swapped.loc[[2, 4], "seq"] = [5, 3]
    found = faults(swapped.sort_values("seq"))
    assert (3, "reordered") in found
    assert (5, "reordered") in found
    assert not {f for _, f in found} - {"reordered"}
    shown = log.iloc[[0, 2, 1, 3, 4, 5]]
    assert "reordered" in {f for _, f in faults(shown)}
    assert "missing" not in {f for _, f in faults(shown)}


def test_an_entry_put_in_twice() -> None:
    log = make_log(4)
    twice = pd.concat([log, log.iloc[[1]]]).sort_values("seq", kind="stable")
    assert faults(twice) == [(2, "reordered")]


def test_the_end_cut_off_is_seen_by_the_anchor_alone(tmp_path: Path) -> None:
    log = make_log(6)
    head = anchor(log, tmp_path / "anchor.json")
    assert read_anchor(tmp_path / "anchor.json") == head == (6, log["hash"].iloc[-1])
    cut = log.iloc[:4]
    assert faults(cut) == []
    assert faults(cut, head=head) == [(4, "truncated")]
    assert faults(log.iloc[:0], head=head) == [(0, "truncated")]
    # cut off, and as many others written in their place: the numbers fit, the hash does not
    forged = make_log(5)
    forged.loc[5] = {**make_log(6).iloc[5].to_dict(), "actor": "eve"}
    forged.loc[5, "hash"] = chain_hash(forged.loc[5, "previous_hash"], forged.loc[5].to_dict())
    assert faults(forged) == []
    assert faults(forged, head=head) == [(6, "changed")]


def test_a_log_made_anew_from_the_begin_is_seen_by_the_anchor() -> None:
    head = anchor(make_log(6))
    forged = make_log(6).drop(columns=["previous_hash", "hash"]).assign(actor="eve")
    rows, previous = [], CHAIN_START
    for entry in forged.to_dict("records"):
        rows.append({**entry, "previous_hash": previous, "hash": chain_hash(previous, entry)})
        previous = rows[-1]["hash"]
    assert faults(pd.DataFrame(rows)) == []
    assert faults(pd.DataFrame(rows), head=head) == [(6, "changed")]


@given(
    st.integers(2, 12).flatmap(
        lambda n: st.tuples(st.just(n), st.integers(0, n - 1), st.sampled_from(["change", "drop", "swap"]))
    )
)
def test_no_single_meddling_passes(case: tuple[int, int, str]) -> None:
    n, place, deed = case
    log = make_log(n)
    head = anchor(log)
    if deed == "change":
        log.loc[place, "detail"] = "else"
    elif deed == "drop":
        log = log.drop(place)
    else:
        other = (place + 1) % n
        numbers = log["seq"].tolist()
        numbers[place], numbers[other] = numbers[other], numbers[place]
        log = log.assign(seq=numbers).sort_values("seq")
    assert faults(log, head=head) != []


def test_hashes_that_run_in_a_ring_and_numbers_that_are_none_end() -> None:
    log = make_log(3).astype({"seq": object})
    log.loc[1, "hash"] = CHAIN_START
    assert faults(log)
    log.loc[2, "seq"] = None
    assert faults(log)


def test_wrong_calls(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="previous_hash"):
        verify_chain(pd.DataFrame({"seq": [1], "hash": ["x"]}))
    (tmp_path / "anchor.json").write_text("[]", encoding="utf-8")
    for name in ("anchor.json", "none.json"):
        with pytest.raises(ProtectError, match="must hold an anchor"):
            read_anchor(tmp_path / name)
