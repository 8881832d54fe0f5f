"""客户编号: every slip of the pen is found, and no number is given twice."""

from __future__ import annotations

import threading

import pytest
from store_world import CIPHER, ENGINES, MADE, open_fresh, target_of

from crm_lib.errors import StoreError
from crm_lib.store import CustomerNumbers, check_digit, create_tables, open_store
from crm_lib.store.numbers import DAMM, LETTERS, OTHER

DAY = "2024-05-06 07:08:09"
RULE = CustomerNumbers()


@pytest.fixture(params=ENGINES)
def store(request, tmp_path):
    yield from open_fresh(request, tmp_path)


def test_the_published_example():
    # Damm's own: 572 -> 4; by hand: DAMM[0][5] = 9, DAMM[9][7] = 7, DAMM[7][2] = 4
    assert (DAMM[0][5], DAMM[9][7], DAMM[7][2]) == (9, 7, 4)
    assert check_digit("572") == "4"


def test_the_table_finds_single_errors_and_exchanges():
    digits = range(10)
    # a Latin square: another digit leads to another state
    assert all(sorted(row) == list(digits) for row in DAMM)
    assert all(sorted(row[i] for row in DAMM) == list(digits) for i in digits)
    # weakly totally anti-symmetric: from every state, x then y and y then x part ways
    assert all(
        DAMM[DAMM[c][x]][y] != DAMM[DAMM[c][y]][x] for c in digits for x in digits for y in digits if x != y
    )
    # and the last exchange, of the check digit with its neighbour
    assert all(DAMM[i][i] == 0 for i in digits)


def test_every_single_error_and_every_exchange_in_every_number_is_found():
    numbers = [RULE.word(letter, year, serial) for letter in LETTERS for year in (0, 24, 99)
               for serial in (1, 10, 98, 123456, 909090, 999999)]  # fmt: skip
    signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    n_wrong = 0
    for number in numbers:
        assert RULE.find_fault(number) == ""
        for place, here in enumerate(number):
            for other in signs.replace(here, ""):
                wrong = number[:place] + other + number[place + 1 :]
                assert RULE.find_fault(wrong), (number, wrong)
                n_wrong += 1
        for place in range(len(number) - 1):
            a, b = number[place : place + 2]
            if a != b:
                wrong = number[:place] + b + a + number[place + 2 :]
                assert RULE.find_fault(wrong), (number, wrong)
                n_wrong += 1
    # 126 numbers of 12 signs, 35 other signs each, besides the exchanges
    assert len(numbers) == 126
    assert n_wrong > 126 * 12 * 35


def test_all_serials_of_one_series_differ_only_where_they_should():
    # exhaustive over 10,000 neighbours: no two numbers one digit or one exchange apart
    numbers = {RULE.word("S", 24, serial) for serial in range(10_000)}
    assert len(numbers) == 10_000
    for number in numbers:
        for place in range(5, len(number)):
            near = {number[:place] + d + number[place + 1 :] for d in "0123456789"} - {number}
            assert not near & numbers


def test_faults_are_told_apart():
    good = RULE.word("K", 24, 7)
    shown = RULE.check([
        good,
        good[:-1],
        good.lower(),
        None,
        5,
        "KHZ240000071",
        good[:-1] + str((int(good[-1]) + 1) % 10),
    ])
    assert shown["valid"].tolist() == [True, *[False] * 6]
    assert shown["fault"].tolist() == ["", "form", "form", "form", "form", "channel", "check_digit"]
    assert RULE.check([]).empty


def test_a_number_is_explained_in_words():
    parts = RULE.explain(RULE.word("W", 24, 123)).set_index("part")
    assert parts["value"].tolist() == ["KH", "W", "24", "000123", RULE.word("W", 24, 123)[-1]]
    assert "网店" in parts.loc["渠道字母", "meaning"]
    assert "123" in parts.loc["流水号", "meaning"]
    with pytest.raises(StoreError, match="does not .form."):
        RULE.explain("K00000089")


@pytest.mark.parametrize(
    ("channel", "letter"),
    [
        ("store", "S"), (" 门店 ", "S"), ("WEB", "W"), ("call_center", "K"), ("H", "H"), ("信鸽", OTHER),
        (None, OTHER), (float("nan"), OTHER),
    ],
)  # fmt: skip
def test_channels_as_sources_write_them(channel, letter):
    assert RULE.letter_of(channel) == letter


def test_numbers_follow_each_other_within_channel_and_year(store):
    first = RULE.issue(store, ["store", "web", "store", None], at=DAY)
    assert [n[:-1] for n in first] == ["KHS24000001", "KHW24000001", "KHS24000002", "KHX24000001"]
    assert [n[:-1] for n in RULE.issue(store, ["store"], at="2024-12-31")] == ["KHS24000003"]
    assert [n[:-1] for n in RULE.issue(store, ["store"], at="2025-01-01")] == ["KHS25000001"]
    assert RULE.issue(store, [], at=DAY) == []
    assert RULE.check(first)["valid"].all()
    other = CustomerNumbers(prefix="XD", letters={"Q": "全部"})
    assert other.issue(store, ["store", None], at=DAY)[1][:-1] == "XDQ24000002"


def test_a_number_whose_transaction_failed_is_not_lost_and_not_doubled(store):
    lost = []

    def fail() -> None:
        with store.transaction("x", at=DAY):
            lost.extend(RULE.issue(store, ["store"], at=DAY))
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    assert RULE.issue(store, ["store"], at=DAY) == lost


def test_a_used_up_series_is_refused(store):
    with store.transaction("pretend", at=DAY):
        store.run("INSERT INTO counters VALUES ('KHS24', 999998)")
    assert RULE.issue(store, ["store"], at=DAY)[0][:-1] == "KHS24999999"
    with pytest.raises(StoreError, match="has 999,999 numbers; 'KHS24' would need 1,000,000"):
        RULE.issue(store, ["store"], at=DAY)


@pytest.mark.parametrize("wrong", [{"prefix": "kh"}, {"prefix": ""}, {"letters": {}}, {"letters": {"1": "x"}},
                                   {"letters": dict.fromkeys("ABCDEFGHIJK", "x")}])  # fmt: skip
def test_a_rule_that_cannot_be_checked_is_refused(wrong):
    with pytest.raises(StoreError, match="one to four capitals"):
        CustomerNumbers(**wrong)


@pytest.mark.parametrize("engine", ENGINES)
def test_two_sessions_never_get_the_same_number(engine, request, tmp_path):
    target = target_of(engine, request, tmp_path)
    given: dict[str, list[str]] = {"a": [], "b": []}
    gate = threading.Barrier(2)

    def work(actor: str) -> None:
        with open_store(**target, actor=actor, cipher=CIPHER) as mine:
            gate.wait(60)
            for _ in range(15):
                given[actor] += RULE.issue(mine, ["store", "web", "store"], at=DAY)

    with open_store(**target, actor="林", cipher=CIPHER, create=True) as store:
        create_tables(store, at=MADE)
        threads = [threading.Thread(target=work, args=(name,)) for name in given]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        together = given["a"] + given["b"]
        assert len(together) == len(set(together)) == 90
        # without a gap: 60 of the shops, 30 of the web shop
        assert sorted(n[:-1] for n in together) == [f"KHS24{i:06d}" for i in range(1, 61)] + [
            f"KHW24{i:06d}" for i in range(1, 31)
        ]
        # both had some in the first half, so they really ran side by side
        firsts = {name: min(numbers) for name, numbers in given.items()}
        assert len(set(firsts.values())) == 2
