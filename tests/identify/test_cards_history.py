"""Cards: facts with their source, activity, what changed, and the file they are kept in."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_lib.errors import DataError, ReadError
from crm_lib.identify import (
    Card,
    Fact,
    list_changes,
    make_cards,
    merge_records,
    read_cards,
    update_card,
    write_cards,
)

RECORDS = pd.DataFrame({
    "record_id": ["S1", "W1", "S2"],
    "channel": ["store", "web", "store"],
    "name": ["王静", "小静", "李雷"],
    "phone": ["15400001111", "15400002222", None],
    "registered_on": pd.to_datetime(["2023-01-05", "2023-06-01", "2024-02-01"]),
})
LINKS = pd.DataFrame({"record_id": ["S1", "W1", "S2"], "person_id": ["P1", "P1", "P2"]})
ORDERS = pd.DataFrame({
    "order_id": ["1", "1", "2", "3", "4", "5"],
    "customer_id": ["S1", "S1", "W1", "S1", "S1", "X9"],
    "ordered_at": pd.to_datetime([
        "2023-02-01",
        "2023-02-01",
        "2023-07-01",
        "2023-08-01",
        "2024-05-01",
        "2023-02-01",
    ]),
    "amount": [100.0, 20.5, 50.25, -20.5, 7.0, 9.0],
})
CONTACTS = pd.DataFrame({
    "customer_id": ["W1", "S1", "S1"],
    "occurred_at": pd.to_datetime(["2023-09-01 10:00", "2023-03-01 09:00", "2024-06-01 09:00"]),
    "medium": ["微信", "电话", "电话"],
})


def make(as_of: str, **more: object) -> list[Card]:
    known = RECORDS[RECORDS["registered_on"] <= as_of]
    links = LINKS[LINKS["record_id"].isin(known["record_id"])]
    merged = merge_records(known, links)
    return make_cards(
        merged, as_of=as_of, records=known, links=links, orders=ORDERS, contacts=CONTACTS, **more
    )


def test_a_card_by_hand() -> None:
    card, other = make("2024-02-01")
    assert (card.person_id, card.registers, card.n_records, card.previous) == ("P1", "store+web", 2, "")
    facts = {f.column: (f.value, f.valid_from, f.record_id, f.rule, f.n_values) for f in card.facts}
    assert facts == {
        "name": ("王静", "2023-01-05", "S1", "full", 2),
        "phone": ("15400002222", "2023-06-01", "W1", "recent", 2),
        "registered_on": ("2023-01-05", "2023-01-05", "S1", "earliest", 2),
    }
    # orders 1 and 2 hold purchases, 3 is a return, 4 is later, 5 is of nobody we know
    assert card.activity == {
        "n_orders": 2,
        "revenue": 100 + 20.5 + 50.25 - 20.5,
        "first_order": "2023-02-01",
        "last_order": "2023-07-01",
        "n_contacts": 2,
        "last_contact": "2023-09-01",
        "last_medium": "微信",
        "last_touch": "2023-09-01",
    }
    assert other.activity == {}
    assert other.value("phone") == ""
    assert list_changes(card) == []


def test_a_later_card_keeps_what_was() -> None:
    first = make("2023-03-31")
    assert [c.person_id for c in first] == ["P1"]
    card, new = make("2024-02-01", previous=first)
    assert (card.previous, new.previous) == ("2023-03-31", "")
    assert list_changes(card) == [("phone", "15400001111", "15400002222")]
    assert [(f.column, f.value, f.valid_from, f.valid_to) for f in card.history] == [
        ("phone", "15400001111", "2023-01-05", "2024-02-01")
    ]
    assert {f.column: f.valid_from for f in card.facts} == {
        "name": "2023-01-05", "phone": "2024-02-01", "registered_on": "2023-01-05",
    }  # fmt: skip
    assert make("2024-02-01", previous=[card, new]) == [card, new]


def test_cards_of_customers_without_records_stay() -> None:
    gone = Card("P0", "2023-01-01", facts=(Fact("name", "赵云", "2022-01-01"),))
    cards = make("2024-02-01", previous=[gone], persons=["P2"])
    assert [c.person_id for c in cards] == ["P0", "P2"]
    assert cards[0] == gone
    with pytest.raises(DataError, match=r"1 have none \(P7\)"):
        make("2024-02-01", persons=["P7"])


def test_changes_go_into_history_and_back() -> None:
    card = make("2024-02-01")[0]
    moved = update_card(card, {"city": "杭州市", "phone": "15400003333"}, as_of="2024-03-01", record_id="W1")
    back = update_card(moved, {"phone": "15400002222", "city": None}, as_of="2024-04-01")
    assert moved.value("city") == "杭州市"
    assert list_changes(moved) == [("phone", "15400002222", "15400003333"), ("city", "", "杭州市")]
    assert list_changes(back) == [("phone", "15400003333", "15400002222"), ("city", "杭州市", "")]
    assert [(f.column, f.value, f.valid_from, f.valid_to) for f in back.history] == [
        ("phone", "15400002222", "2023-06-01", "2024-03-01"),
        ("city", "杭州市", "2024-03-01", "2024-04-01"),
        ("phone", "15400003333", "2024-03-01", "2024-04-01"),
    ]
    assert (back.as_of, back.previous) == ("2024-04-01", "2024-03-01")
    assert moved.facts[1].record_id == "W1"
    with pytest.raises(DataError, match="as_of must not lie before"):
        update_card(back, {"city": "武汉市"}, as_of="2024-03-31")


def test_a_card_brought_up_to_a_later_day_has_no_changes() -> None:
    card = update_card(make("2024-02-01")[0], {"name": "王静"}, as_of="2024-05-01")
    assert list_changes(card) == []
    assert (card.previous, card.history) == ("2024-02-01", ())


CHANGES = st.dictionaries(
    st.sampled_from(["name", "phone", "city", "card"]), st.sampled_from([None, "", "甲", "乙"])
)


@settings(max_examples=60)
@given(steps=st.lists(st.tuples(CHANGES, st.integers(0, 3)), max_size=6))
def test_history_is_complete_and_updates_are_idempotent(steps: list) -> None:
    card = Card("P", "2024-01-01", facts=(Fact("name", "甲", "2023-01-01"),))
    day, held = pd.Timestamp("2024-01-01"), {"name": "甲"}
    for changes, later in steps:
        day += pd.Timedelta(days=later)
        new = update_card(card, changes, as_of=day)
        assert update_card(new, changes, as_of=day) == new
        assert set(card.history) <= set(new.history)
        held |= changes
        assert {f.column: f.value for f in new.facts} == {c: v for c, v in held.items() if v}
        card = new
    assert all(f.valid_from <= f.valid_to for f in card.history)
    assert all(f.valid_from <= card.as_of and not f.valid_to for f in card.facts)


def test_cards_are_kept_and_read_back(tmp_path: Path) -> None:
    cards = make("2024-02-01", previous=make("2023-03-31"))
    path = write_cards(tmp_path / "cards.json", cards)
    assert read_cards(path) == cards
    assert path.read_bytes() == write_cards(tmp_path / "again.json", cards[::-1]).read_bytes()
    with pytest.raises(DataError, match=r"1 have more \(first: P1\)"):
        write_cards(path, [cards[0], cards[0]])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: s["cards"][0].pop("as_of"),
        lambda s: s["cards"][0].update(as_of=20240101),
        lambda s: s["cards"][0].update(colour="red"),
        lambda s: s["cards"][0]["facts"][0].update(value=None),
        lambda s: s.update(version=9),
        lambda s: s.update(cards=[7]),
    ],
)
def test_a_spoilt_store_is_one_sentence(spoil: object, tmp_path: Path) -> None:
    path = write_cards(tmp_path / "cards.json", make("2024-02-01"))
    store = json.loads(path.read_text(encoding="utf-8"))
    spoil(store)
    path.write_text(json.dumps(store), encoding="utf-8")
    with pytest.raises(ReadError, match=r"read_cards: .*cards\.json: "):
        read_cards(path)


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_bytes(b'{"format": ')
    for name in ("half.json", "none.json"):
        with pytest.raises(ReadError, match=name):
            read_cards(tmp_path / name)
