"""Linking records: names, families, chains, saved models, increments, hardly any data."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import link_registers
import numpy as np
import pandas as pd
import pytest

from crm_lib.errors import DataError, ParameterError, ReadError, SchemaError
from crm_lib.identify.link import find_chains, link_records, score_pairs
from crm_lib.identify.link_blocking import choose_blocking
from crm_lib.identify.link_clusters import FACTS, contradict, join_pairs
from crm_lib.identify.link_evaluate import evaluate_links, link_exactly, sweep_threshold
from crm_lib.identify.link_model import LinkModel, LinkWarning, fit_link_model
from crm_lib.identify.link_prepare import prepare_records
from crm_lib.sample import make_registers


def quietly(function, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinkWarning)
        return function(*args, **options)


@pytest.fixture(scope="module")
def xudong(tmp_path_factory):
    """About 1,500 records of 旭东's three registers, and the truth."""
    return make_xudong(857, 0, tmp_path_factory.mktemp("xudong"))


def make_xudong(persons: int, seed: int, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    make_registers(persons, seed=seed, out=folder)
    truth = pd.read_parquet(folder / "truth" / "records.parquet")
    return pd.read_parquet(folder / "data" / "customers.parquet"), truth


@pytest.fixture(scope="module")
def links(xudong):
    return link_records(xudong[0])


def find_achievable(records, truth) -> float:
    """Return the share of true pairs that still share a telephone, a mail, or birth and address with house."""
    both = truth[["record_id", "person_id"]].merge(records, on="record_id")
    pairs = both.merge(both, on="person_id", suffixes=("_l", "_r"))
    pairs = pairs[pairs["record_id_l"] < pairs["record_id_r"]]
    numbers = pairs["address_l"].str.findall(r"\d+").str.join("-") == pairs["address_r"].str.findall(
        r"\d+"
    ).str.join("-")
    left = pd.to_datetime(pairs["birth_date_l"])
    near = (left - pd.to_datetime(pairs["birth_date_r"])).abs().dt.days <= 3653
    clue = (pairs["phone_l"] == pairs["phone_r"]) | (pairs["email_l"] == pairs["email_r"]) | (numbers & near)
    return float(clue.mean())


def test_the_three_registers_of_xudong_are_linked(xudong, links, capsys):
    found = evaluate_links(links, xudong[1]).iloc[0]
    base = evaluate_links(link_exactly(xudong[0]), xudong[1]).iloc[0]
    with capsys.disabled():
        print(
            f"\n旭东, {len(links)} records: P {found.precision:.4f} R {found.recall:.4f} B3 {found.bcubed_f1:.4f}; "
            f"equal phone or mail P {base.precision:.4f} R {base.recall:.4f}; "
            f"achievable R {find_achievable(*xudong):.4f}"
        )
    assert found.precision >= 0.99
    assert found.recall >= 0.95
    assert base.precision < found.precision
    assert base.recall < found.recall


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_twenty_thousand_records_of_xudong_are_linked(seed, capsys, tmp_path):
    records, truth = make_xudong(11_428, seed, tmp_path)
    found = evaluate_links(link_records(records), truth).iloc[0]
    base = evaluate_links(link_exactly(records), truth).iloc[0]
    with capsys.disabled():
        print(
            f"\n旭东, seed {seed}, {len(records)} records: P {found.precision:.4f} R {found.recall:.4f}; "
            f"equal phone or mail P {base.precision:.4f} R {base.recall:.4f}; "
            f"achievable R {find_achievable(records, truth):.4f}"
        )
    assert found.precision >= 0.99
    assert found.recall >= 0.95


def test_the_result_is_one_row_per_record_and_says_how_it_came_about(xudong, links):
    assert list(links.columns) == ["record_id", "person_id", "probability"]
    assert links["record_id"].tolist() == sorted(xudong[0]["record_id"])
    assert links["probability"].between(0, 1).all()
    said = json.loads(json.dumps(links.attrs))  # all of it can be written
    assert said["across"]
    assert 0.5 <= said["threshold"] < 1
    assert {"rule", "n_pairs", "used", "reason"} <= set(said["blocking"][0])
    assert sum(line["n_pairs"] for line in said["blocking"] if line["used"]) >= said["n_pairs"] > 0
    assert said["n_persons"] == links["person_id"].nunique()
    again = pd.concat([links, links])  # frames in attrs would break this
    assert len(again) == 2 * len(links)


def test_every_run_and_every_order_of_rows_gives_the_same_persons(xudong, links):
    records = xudong[0]
    pd.testing.assert_frame_equal(link_records(records), links)
    shuffled = link_records(records.sample(frac=1, random_state=3))
    assert evaluate_links(shuffled, links)["f1"].iloc[0] >= 0.999


def make_families(n: int) -> tuple[list[dict], list[tuple[str, str]]]:
    """Return homes of four: one telephone, one address, one surname but for the mother; each in two registers."""
    w = link_registers.World(21)
    rows, persons = [], []
    for k in range(n):
        head, mother = w.chinese(), w.chinese()
        for j in range(4):
            given, birth = w.chinese()["given"], w.birth()
            for register in ("门店", "网店"):
                rows.append(
                    {
                        "record_id": f"f{k:02d}{j}{register}", "channel": register, "city": "深圳市",
                        "name": (mother if j == 1 else head)["surname"] + given, "phone": head["phone"],
                        "birth_date": str(birth), "address": f"{head['street']}{head['house']}号{head['room']}室",
                    }
                )  # fmt: skip
                persons.append((rows[-1]["record_id"], f"f{k}-{j}"))
    return rows, persons


def test_families_with_one_phone_and_address_are_kept_apart():
    records = link_registers.members(300)[0]
    rows, persons = make_families(12)
    both = pd.concat([records, pd.DataFrame(rows)], ignore_index=True)
    found = quietly(link_records, both)
    family = pd.DataFrame(persons, columns=["record_id", "person_id"])
    mine = evaluate_links(found[found["record_id"].isin(family["record_id"])], family).iloc[0]
    assert mine.precision == 1.0
    assert mine.recall == 1.0
    base = evaluate_links(link_exactly(both), family).iloc[0]
    assert (
        base.precision < 0.3
    )  # an equal telephone makes each family one person: of its 28 pairs 4 are right


PEOPLE = [
    ("欧阳明华", "1980-02-03"),
    ("单晓梅", "1975-05-06"),
    ("张伟", "1991-07-08"),
    ("赵一鸣", "1988-09-10"),
]
VARIANTS = [
    ("欧阳铭华", "same_sound"),
    ("善晓梅", "same_sound"),
    ("伟张", "same_sound"),
    ("赵一民", "one_letter"),
]


@pytest.mark.parametrize(("person", "variant"), list(zip(PEOPLE, VARIANTS, strict=True)))
def test_chinese_variants_stand_in_their_level(person, variant):
    assert level_of(person[0], variant[0]) == variant[1]


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("王小明", "王小明", "exact"),
        ("王小明", " 王　小明 ", "exact"),
        ("王小明", "阿明", "short_form"),
        ("王小明", "小明", "short_form"),
        ("王小明", "王先生", "short_form"),
        ("曾丽", "曾太太", "short_form"),
        ("王小明", "李先生", "different"),
        ("王小明", "王大力", "same_surname"),
        ("Robert Smith", "SMITH, Bob", "same_sound"),
        ("Robert Smith", "R. Smith", "short_form"),
        ("José Müller", "Jose Muller", "exact"),
        ("Sinead O'Brien", "Sinead OBrien", "exact"),
        ("John Smith Jr.", "Mr John Smith", "exact"),
        ("Catherine Stevenson", "Catherine Stephenson", "one_letter"),
        ("Anna Schmidt", "Anna Weber", "same_given"),
        ("张伟", "Zhang Wei", "same_sound"),
        ("Peter Novak", "Maria Silva", "different"),
    ],
)
def test_names_are_compared_as_people_write_them(one, other, level):
    assert level_of(one, other) == level


def level_of(one: str, other: str) -> str:
    """Return the level of two names, by the SQL itself."""
    import duckdb

    from crm_lib.identify.link_levels import NAME, fill_columns

    prepared = prepare_records(pd.DataFrame({"name": [one, other]}))
    table = prepared.table()
    missing = "".join(f", null as {c}" for c in fill_columns(table.column_names, [NAME]))
    cases = " ".join(f"when {v.sql} then '{v.name}'" for v in NAME.levels[:-1])
    con = duckdb.connect()
    con.register("t0", table)
    con.execute(f"create table t as select *{missing} from t0")
    sql = f"select case {cases} else 'different' end from t l, t r where l.unique_id = 0 and r.unique_id = 1"
    return con.execute(sql).fetchone()[0]


def test_a_default_number_and_a_shared_mail_do_not_count_and_do_not_explode():
    records, truth = link_registers.mails(600)
    with pytest.warns(LinkWarning, match=r"email: 1 value\(s\) in \d+ records do not count"):
        found = link_records(records)
    assert evaluate_links(found, truth)["precision"].iloc[0] >= 0.98
    assert found.attrs["n_pairs"] < 8 * len(records) + 60_000


def test_a_home_is_no_person():
    """Telephone, address and surname of a family agree: much evidence against strangers, none for one person."""
    rows, persons = make_families(40)
    found = quietly(score_pairs, pd.DataFrame(rows), within="never")
    likely = found[found["probability"] >= 0.5]
    assert len(likely) == len(persons) / 2 == 160
    assert (likely["level_birth"] == "exact").all()


def test_a_record_between_two_known_persons_joins_one_of_them():
    prepared = prepare_records(pd.DataFrame({"name": ["王明"] * 3}))
    pairs = (np.array([0, 1]), np.array([2, 2]), np.array([0.99, 0.98]))
    root, cut = join_pairs(3, pairs, prepared, exclusive=False, known=np.array([0, 1, -1]))
    assert root.tolist() == [0, 1, 0]
    assert cut[0]["reason"] == "known_persons"


@pytest.mark.parametrize("budget", [300, 500])
def test_blocking_keeps_to_its_budget_and_says_what_it_left_out(budget):
    prepared = prepare_records(link_registers.members(300)[0])
    report = choose_blocking(prepared, across=True, budget=budget)[1]
    assert 0 < report.loc[report["used"], "n_pairs"].sum() <= budget
    assert (report.loc[~report["used"], "reason"] != "").all()
    assert "too many pairs for the budget" in set(report["reason"])


def test_a_chain_is_cut_at_its_weakest_pair():
    # three registers' records: 0 and 1 are sure, 1 and 2 less so, but 0 and 2 stand in one register
    prepared = prepare_records(pd.DataFrame({"name": ["王明"] * 3, "channel": ["a", "b", "a"]}))
    pairs = (np.array([0, 1]), np.array([1, 2]), np.array([0.99, 0.97]))
    root, cut = join_pairs(3, pairs, prepared, exclusive=True)
    assert root.tolist() == [0, 0, 2]
    assert [(c["left"], c["right"], c["reason"]) for c in cut] == [(1, 2, "one_register")]


def test_records_that_contradict_in_name_and_birth_are_not_joined_through_a_third():
    frame = pd.DataFrame({
        "name": ["王明", "王先生", "李芳"],
        "birth_date": ["1980-01-02", None, "1999-08-21"],
        "channel": list("abc"),
    })
    prepared = prepare_records(frame)
    pairs = (np.array([0, 1]), np.array([1, 2]), np.array([0.99, 0.98]))
    root, cut = join_pairs(3, pairs, prepared, exclusive=True)
    assert root.tolist() == [0, 0, 2]
    assert cut[0]["reason"] == "contradiction"


def test_a_doubtful_bridge_between_two_sure_persons_is_cut():
    prepared = prepare_records(pd.DataFrame({"name": ["王明"] * 4}))
    pairs = (np.array([0, 2, 1]), np.array([1, 3, 2]), np.array([1.0, 1.0, 0.8]))
    root, cut = join_pairs(4, pairs, prepared, exclusive=False)
    assert root.tolist() == [0, 0, 2, 2]
    assert cut[0]["reason"] == "weak_bridge"
    sure = (np.array([0, 2, 1]), np.array([1, 3, 2]), np.array([1.0, 1.0, 0.96]))
    assert join_pairs(4, sure, prepared, exclusive=False)[0].tolist() == [0, 0, 0, 0]


def test_one_slip_is_no_contradiction():
    names = {"name": ["王小明", "王小明", "李芳"], "birth_date": ["1980-01-02", "1999-08-21", "1980-01-03"]}
    prepared = prepare_records(pd.DataFrame(names))
    columns = [prepared.columns.get(t, np.full(3, -1)).tolist() for t in FACTS]
    facts = list(zip(*columns, prepared.columns["latin"].tolist(), strict=True))
    assert not contradict(facts[0], facts[1])  # the name agrees
    assert not contradict(facts[0], facts[2])  # the birthday is one day off
    assert contradict(facts[1], facts[2])


def test_what_was_cut_is_listed_with_its_reason(links):
    chains = find_chains(links)
    assert list(chains.columns[:4]) == ["record_id_l", "record_id_r", "probability", "reason"]
    assert (chains["record_id_l"] < chains["record_id_r"]).all()
    assert chains["meaning"].notna().all()
    with pytest.raises(DataError, match="has lost"):
        find_chains(pd.DataFrame(links.to_dict("list")))


def test_linking_in_two_batches_gives_nearly_the_same_and_keeps_the_persons(xudong, links, tmp_path):
    records = xudong[0]
    first = records[records["channel"] != "web"].reset_index(drop=True)
    later = records[records["channel"] == "web"].reset_index(drop=True)
    one = quietly(link_records, first)
    LinkModel.from_dict(one.attrs["model"]).save(tmp_path / "model.json")
    model = LinkModel.load(tmp_path / "model.json")
    assert model == LinkModel.from_dict(one.attrs["model"])
    known = first.merge(one[["record_id", "person_id"]], on="record_id")
    both = quietly(model.apply, later, known=known)
    assert len(both) == len(records)
    kept = both.merge(one, on="record_id", suffixes=("", "_before"))
    assert (kept["person_id"] == kept["person_id_before"]).all()
    assert evaluate_links(both, links)["f1"].iloc[0] >= 0.98
    found = evaluate_links(both, xudong[1]).iloc[0]
    assert found.precision >= 0.99
    assert found.recall >= 0.95
    pd.testing.assert_frame_equal(quietly(link_records, later, known=known, settings=model), both)


def test_new_records_never_make_two_known_persons_one():
    known = pd.DataFrame(
        {
            "record_id": ["a", "b"], "person_id": ["甲", "乙"], "name": ["王小明", "王小明"], "channel": ["x", "y"],
            "birth_date": ["1990-01-01", "1990-01-01"], "phone": ["13800138000", "13900139000"],
        }
    )  # fmt: skip
    new = known.iloc[:1].drop(columns="person_id").assign(record_id="c", channel="z")
    model = fit_link_model(link_registers.members(300)[0], within="allow")
    found = quietly(model.apply, new, known=known).set_index("record_id")["person_id"]
    assert found.to_dict() == {"a": "甲", "b": "乙", "c": "甲"}


BASE = pd.DataFrame({
    "record_id": ["a"],
    "name": ["王伟"],
    "birth_date": ["1990-01-01"],
    "phone": ["13800138000"],
})


def test_no_record_and_one_record_are_linked_too():
    assert link_records(BASE.iloc[:0]).shape == (0, 3)
    assert link_records(BASE).values.tolist() == [["a", "P-a", 1.0]]


def test_three_hundred_equal_records_are_one_person_and_it_is_said():
    same = pd.concat([BASE.assign(record_id=f"r{k:03d}") for k in range(300)], ignore_index=True)
    with pytest.warns(LinkWarning, match="All records are alike"):
        assert link_records(same)["person_id"].unique().tolist() == ["P-r000"]


def test_records_without_any_value_stay_alone_and_it_is_said():
    nothing = pd.DataFrame({"record_id": ["a", "b"], "name": [None, " "], "phone": [None, "无"]})
    with pytest.warns(LinkWarning, match="nobody is linked"):
        assert link_records(nothing)["person_id"].tolist() == ["P-a", "P-b"]


def test_registers_that_share_nobody_are_not_linked():
    w = link_registers.World(8)
    rows = [
        {
            "name": p["surname"] + p["given"],
            "birth_date": str(p["birth"]),
            "phone": p["phone"],
            "channel": "xy"[k % 2],
        }
        for k, p in enumerate(w.chinese() for _ in range(400))
    ]
    records = pd.DataFrame(rows).assign(record_id=[f"r{k:03d}" for k in range(400)])
    with pytest.warns(LinkWarning, match="may not share anybody"):
        assert link_records(records)["person_id"].is_unique


def test_faults_of_the_table_are_told_in_a_sentence():
    with pytest.raises(SchemaError, match="tells persons apart"):
        link_records(pd.DataFrame({"record_id": ["a"], "hobby": ["chess"]}))
    twice = pd.concat([BASE, BASE], ignore_index=True)
    with pytest.raises(DataError, match=r"must be unique within a register; 1 of 2"):
        link_records(twice)
    with pytest.raises(DataError, match="record_id is missing in 1 of 1"):
        link_records(BASE.assign(record_id=None))
    with pytest.raises(ParameterError, match="backend must be one of"):
        link_records(pd.concat([BASE, BASE.assign(record_id="b", name="李芳")]), backend="oracle")
    with pytest.raises(ParameterError, match="within must be one of"):
        link_records(BASE, within="sometimes")
    with pytest.raises(ParameterError, match="threshold must be in"):
        link_records(BASE, threshold=2)


def test_a_file_that_is_no_model_is_told_in_a_sentence(tmp_path):
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(ReadError, match="cannot be read as a saved model"):
        LinkModel.load(tmp_path / "bad.json")
    (tmp_path / "old.json").write_text('{"version": 0}', encoding="utf-8")
    with pytest.raises(ReadError, match="needs a model of version 1"):
        LinkModel.load(tmp_path / "old.json")


def test_numbers_that_repeat_across_registers_are_told_apart():
    two = pd.concat([BASE.assign(channel="x"), BASE.assign(channel="y", name="李芳", phone="13500135000")])
    with pytest.warns(LinkWarning, match="<register>:<record_id>"):
        assert link_records(two)["record_id"].tolist() == ["x:a", "y:a"]


def test_measures_are_the_hand_worked_ones():
    links = pd.DataFrame({"record_id": list("abcde"), "person_id": list("xxxyy")})
    truth = pd.DataFrame({"record_id": list("abcde"), "person_id": list("ppqqr")})
    found = evaluate_links(links, truth).iloc[0]
    # linked: ab ac bc de (4); true: ab cd (2); right: ab
    assert (found.n_linked_pairs, found.n_true_pairs, found.n_right_pairs) == (4, 2, 1)
    assert found.precision == pytest.approx(1 / 4)
    assert found.recall == pytest.approx(1 / 2)
    assert found.f1 == pytest.approx(2 * 0.25 * 0.5 / 0.75)
    # B-cubed precision per record: a 2/3, b 2/3, c 1/3, d 1/2, e 1/2; recall: a 1, b 1, c 1/2, d 1/2, e 1
    assert found.bcubed_precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5)
    assert found.bcubed_recall == pytest.approx((1 + 1 + 1 / 2 + 1 / 2 + 1) / 5)


def test_the_sweep_is_the_hand_worked_one():
    pairs = pd.DataFrame({
        "record_id_l": ["a", "a", "b"],
        "record_id_r": ["b", "c", "c"],
        "probability": [0.96, 0.6, 0.2],
    })
    truth = pd.DataFrame({"record_id": ["a", "b", "c", "d"], "person_id": ["p", "p", "q", "q"]})
    row = sweep_threshold(pairs, truth=truth).set_index("threshold").loc[0.5]
    assert row["n_pairs"] == 2
    assert row["expected_precision"] == pytest.approx((0.96 + 0.6) / 2)
    assert row["expected_recall"] == pytest.approx(1.56 / 1.76, abs=1e-6)
    assert (row["precision"], row["recall"]) == (0.5, 0.5)  # ab right, ac wrong; cd was never scored
    labels = pd.DataFrame({
        "record_id_l": ["b", "c"],
        "record_id_r": ["a", "d"],
        "decision": ["same", "same"],
    })
    labelled = sweep_threshold(pairs, labels=labels).set_index("threshold").loc[0.5]
    assert (labelled["precision"], labelled["recall"]) == (1.0, 0.5)


def test_probabilities_are_as_often_right_as_they_say(xudong):
    pairs = score_pairs(xudong[0])
    swept = sweep_threshold(pairs, truth=xudong[1])
    fair = swept[swept["threshold"] >= 0.5]
    assert (fair["expected_precision"] - fair["precision"]).abs().max() < 0.02
    assert (fair["expected_recall"] - fair["recall"]).abs().max() < 0.02


def test_learned_weights_order_the_levels(links):
    weights = pd.DataFrame(links.attrs["weights"]).set_index(["comparison", "level"])["weight"]
    for name in ("name", "birth", "email", "address"):
        assert weights[name]["exact"] > 5
        assert weights[name]["different"] < -3
    # 25 % of records have another number: a different telephone says little
    assert -2 < weights["phone"]["different"] < 0


@pytest.mark.slow
@pytest.mark.needs("java")
def test_spark_links_like_duckdb():
    pytest.importorskip("pyspark")
    records, truth = link_registers.members(150)
    here = quietly(link_records, records)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Spark warns of the machine it runs on
        there = link_records(records, backend="spark")
    pd.testing.assert_frame_equal(there, here, check_exact=False, atol=1e-5)
    assert evaluate_links(there, truth)["precision"].iloc[0] >= 0.98


@pytest.mark.slow
def test_a_million_pairs_are_never_looked_at_for_a_value_everybody_has():
    records = link_registers.plain_chinese(4000)[0].assign(
        phone="400-800-1234", city="深圳市", address="人民路1号"
    )
    found = quietly(link_records, records)
    assert found.attrs["n_pairs"] <= 8 * len(records) + 60_000
