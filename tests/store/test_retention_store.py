"""Erasing and masking: exactly the right cells go, from tables, history, rows as received, file and restore."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from store_world import CIPHER, ENGINES, open_fresh

from crm_lib.errors import StoreError
from crm_lib.protect import load_rules
from crm_lib.store import (
    back_up,
    change_settings,
    fingerprint_values,
    list_tables,
    load_table,
    open_store,
    restore,
    update_customers,
    upload_rows,
    verify_store,
)
from crm_lib.store.compaction import compact_store
from crm_lib.store.retention import apply_retention, erase_customers, name_erased, plan_store_retention
from crm_lib.store.sealing import open_frame

# 王安宁 goes, 李未央 is made less, 赵长留 stays as he is
PEOPLE = pd.DataFrame({
    "姓名": ["王安宁", "李未央", "赵长留", "王安宁"],
    "性别": ["女", "男", "男", "不清楚的性别"],
    "出生日期": ["1990-02-28", "1985-12-31", "1979-05-05", "1990-02-28"],
    "手机号": ["13811112222", "13833334444", "13855556666", "138 1111 2222"],
    "电子邮箱": ["anning@example.com", "weiyang@example.com", "changliu@example.com", None],
    "地址": ["湖北省武汉市洪山区珞喻路1037号", "湖北省武汉市江夏区青藤路8号", "湖北省武汉市武昌区楚河街9号", None],
    "职业": ["裱画师傅", "潜水教练", "钟表匠人", None],
    "渠道": ["网店"] * 4,
    "备注": ["爱养水獭", "爱骑骆驼", "爱看流星", "爱养水獭"],
})  # fmt: skip
PLANTED = ("王安宁", "13811112222", "13877778888", "anning@example.com", "珞喻路1037", "裱画师傅", "水獭")
AT = "2024-06-01 10:00:00"


def fill(store) -> dict[str, str]:
    """Fill the database; return name → customer_no."""
    done = upload_rows(store, PEOPLE, at="2022-03-01 09:00:00")
    assert (done.n_new, done.n_rejected) == (3, 1)
    people = store.read("customers")
    numbers = dict(zip(people["name"], people["customer_no"], strict=True))
    changed = pd.DataFrame({
        "customer_no": [numbers["王安宁"], numbers["李未央"]], "phone": ["13877778888", "13833334445"],
    })  # fmt: skip
    update_customers(store, changed, kind="易变动", at="2022-05-01 09:00:00")
    with store.transaction("fill", at="2022-06-01 09:00:00"):
        for table, frame in list_rows(numbers).items():
            store.insert(table, frame)
    change_settings(store, {"backup_keep_days": 90}, at="2022-06-02 09:00:00")
    return numbers


def list_rows(numbers: dict[str, str]) -> dict[str, pd.DataFrame]:
    who = list(numbers.values())
    goes, less, stays = (numbers[n] for n in ("王安宁", "李未央", "赵长留"))
    lines = [
        (goes, "D1", "2022-03-05"),
        (goes, "D0", "2012-04-01"),
        (less, "D2", "2024-03-01"),
        (stays, "D3", "2024-04-01"),
    ]
    consents = [(goes, "marketing", "2022-04-01", "2024-03-20"), (less, "marketing", "2022-03-01", "2023-01-01"),
                (stays, "marketing", "2022-03-01", None), (stays, "profiling", "2022-03-01", None)]  # fmt: skip
    return {
        "transactions": pd.DataFrame({
            "customer_no": [c for c, _, _ in lines], "order_id": [o for _, o, _ in lines], "line_no": 1,
            "ordered_at": pd.to_datetime([d for _, _, d in lines]), "amount": [10.0, 20.0, 30.0, 40.0], "upload_id": "U1"}),
        "consents": pd.DataFrame(consents, columns=["customer_no", "purpose", "given_on", "withdrawn_on"]),
        "analysis_records": pd.DataFrame({
            "record_no": ["R1", "R2", "R3"], "customer_no": who, "topic": "兴趣", "value": ["水獭", "骆驼", "流星"],
            "source": "own", "surveyed_on": "2023-01-01", "own": True}),
        "investments": pd.DataFrame({
            "investment_no": ["T1", "T2", "T3"], "customer_no": who, "occurred_at": pd.Timestamp("2023-01-01 10:00"),
            "place": ["水獭馆", "茶馆", "茶馆"], "form": "拜访", "cost": 5.0, "offer": ["水獭玩偶", "茶", "茶"]}),
        "grades": pd.DataFrame({"customer_no": who, "kind": "value", "valid_from": pd.Timestamp("2023-01-01"),
                                "grade": "A", "set_by": "甲"}),
        "verifications": pd.DataFrame({"verification_no": ["V1", "V2", "V3"], "customer_no": who, "kind": "新增",
                                       "note": ["王安宁本人接电话", "", ""]}),
    }  # fmt: skip


@pytest.fixture(params=ENGINES)
def store(request, tmp_path):
    yield from open_fresh(request, tmp_path)


def open_all(store) -> str:
    """Return every cell of every table, sealed ones opened, as one text."""
    parts = []
    for table in list_tables():
        stored = store.dump(table)
        opened = open_frame(stored, load_table(table), store.cipher)
        parts += [opened.to_csv(), stored.drop(columns=[f.name for f in load_table(table).sealed]).to_csv()]
    return "\n".join(parts)


def test_the_plan_comes_out_of_the_database(store):
    numbers = fill(store)
    plan = plan_store_retention(store, as_of="2024-06-01").set_index("customer_no")
    actions = {name: plan.loc[no, "action"] for name, no in numbers.items()}
    assert actions == {"王安宁": "erase", "李未央": "mask", "赵长留": "keep"}
    assert plan.loc[numbers["李未央"], "fields"] == "birth_date;occupation;analysis_records"
    assert plan.loc[numbers["王安宁"], "reason"] == "consent ended"


def test_exactly_the_right_cells_go(store):
    numbers = fill(store)
    before = {table: store.dump(table) for table in list_tables()}
    text = open_all(store)
    assert all(p in text for p in PLANTED)
    done = apply_retention(store, plan_store_retention(store, as_of="2024-06-01"), at=AT)
    assert (done.n_erased, done.n_masked, str(done.backups_clean_on)) == (1, 1, "2024-08-30")
    told = {(r["table"], r["deed"]): r["n_rows"] for r in done.rows.to_dict("records")}
    # two versions; the row taken in and the one sent back; one line kept, one older than ten years gone
    assert told == {
        ("customers", "deleted"): 2, ("raw_records", "deleted"): 2, ("verdicts", "deleted"): 2,
        ("transactions", "without person"): 1, ("transactions", "deleted"): 1, ("investments", "without person"): 1,
        ("analysis_records", "deleted"): 2, ("grades", "deleted"): 1, ("verifications", "deleted"): 1,
        ("consents", "deleted"): 1, ("customers", "emptied"): 2, ("raw_records", "thinned"): 1,
    }  # fmt: skip
    text = open_all(store)
    gone = [*PLANTED, numbers["王安宁"], "潜水教练", "1985-12-31", "骆驼"]
    assert [p for p in gone if p in text] == []
    kept = ["李未央", "13833334444", "青藤路8号", "赵长留", "1979-05-05", "钟表匠人", "流星", "13855556666"]
    assert [p for p in kept if p not in text] == []
    check_books(store, before, numbers)
    assert verify_store(store).empty


def check_books(store, before, numbers) -> None:
    """Everything of the other customers is as it was, but for the planned cells; the sums of money stay."""
    goes, less = numbers["王安宁"], numbers["李未央"]
    lines = store.dump("transactions")
    assert sorted(lines["amount"]) == [10.0, 30.0, 40.0]
    alias = name_erased(store, [goes])[0]
    assert lines.loc[lines["order_id"] == "D1", ["customer_no", "upload_id"]].iloc[0].tolist()[0] == alias
    assert lines.loc[lines["order_id"] == "D1", "upload_id"].isna().all()
    spent = store.dump("investments").set_index("investment_no")
    assert spent["cost"].sum() == 15.0
    assert spent.loc["T1", ["place", "offer"]].isna().all()
    for table in ("customers", "consents", "grades", "verifications", "investments", "transactions"):
        old, new = before[table], store.dump(table)
        for who in (less, numbers["赵长留"]):
            was, now = (f[f["customer_no"] == who].reset_index(drop=True) for f in (old, new))
            if table == "customers" and who == less:
                was[["birth_date", "occupation"]] = None
                was, now = was.astype(object), now.astype(object)
                was = was.where(was.notna(), None)
                now = now.where(now.notna(), None)
            pd.testing.assert_frame_equal(was, now, check_dtype=False)
    raw = open_frame(store.dump("raw_records"), load_table("raw_records"), store.cipher)
    cells = [json.loads(t) for t in raw["content"]]
    # of the one made less the known columns without birthday and occupation; of the other all, with the remark
    assert [sorted(c) for c in cells] == [
        sorted(["姓名", "性别", "手机号", "电子邮箱", "地址", "渠道"]),
        sorted(PEOPLE.columns),
    ]


def test_the_plan_is_fulfilled_and_a_repeated_upload_brings_nothing_back(store):
    fill(store)
    apply_retention(store, plan_store_retention(store, as_of="2024-06-01"), at=AT)
    again = plan_store_retention(store, as_of="2024-06-01")
    assert again["action"].tolist() == ["keep", "keep"]
    log = store.audit()
    done = apply_retention(store, again, at="2024-06-02 10:00:00")
    assert (done.n_erased, done.n_masked, done.compacted, done.backups_clean_on) == (0, 0, False, None)
    assert done.rows.empty
    # the log has one entry for the deed, names nobody, and its chain is whole
    entry = log.iloc[-1]
    assert entry["action"] == "apply_retention"
    assert "KH" not in entry["detail"]
    upload = upload_rows(store, PEOPLE.iloc[[1, 2]], at="2024-06-03 09:00:00")
    assert (upload.n_new, upload.n_updated) == (0, 0)


def test_the_fingerprint_keeps_the_erased_away(store):
    numbers = fill(store)
    apply_retention(store, plan_store_retention(store, as_of="2024-06-01"), at=AT)
    listed = store.dump("erasures")
    assert listed["customer_fingerprint"].tolist() == fingerprint_values(
        [numbers["王安宁"]], "customer_no", CIPHER
    )
    assert numbers["王安宁"] not in listed.to_csv()
    assert listed["reason"].tolist() == ["consent ended"]


def test_a_plan_that_does_not_fit_changes_nothing(store):
    numbers = fill(store)
    sums = store.checksums()
    plan = plan_store_retention(store, as_of="2024-06-01")
    for bad, word in (
        (pd.concat([plan, plan]), "3 more than once"),
        (plan.assign(customer_no=["X", *plan["customer_no"][1:]]), r"1 not in the database \(X\)"),
        (plan.assign(action="burn"), "1 unknown actions"),
        (plan.assign(fields="shoe_size"), "1 unknown fields"),
    ):
        with pytest.raises(StoreError, match=word):
            apply_retention(store, bad, at=AT)
    pd.testing.assert_frame_equal(store.checksums(), sums)
    assert len(numbers) == 3


def test_years_of_bookkeeping_are_a_rule(store):
    fill(store)
    rules = load_rules(bookkeeping_years=1)
    apply_retention(store, plan_store_retention(store, as_of="2024-06-01"), at=AT, rules=rules)
    assert store.dump("transactions")["order_id"].tolist() == ["D2", "D3"]
    assert len(store.dump("investments")) == 2  # the expense of 2023-01-01 is older than a year too
    with store.transaction("again", at="2024-06-02 09:00:00"):
        assert erase_customers(store, ["KH nobody"], day=pd.Timestamp(AT).date()) == 0


@pytest.mark.parametrize("cipher", [CIPHER, None])
def test_no_byte_of_the_file_keeps_the_erased(tmp_path, cipher):
    """Names stand in clear: freed pages keep them until the file is written anew."""
    path = tmp_path / "firm.duckdb"
    with open_store(path, actor="林小满", cipher=cipher, create=True) as store:
        from crm_lib.store import create_tables

        create_tables(store, at="2022-01-01 08:00:00")
        fill(store)
        store.driver.execute("CHECKPOINT", ())
        plan = plan_store_retention(store, as_of="2024-06-01")
        apply_retention(store, plan, at=AT, compact=False)
        before = read_bytes(path)
        compact_store(store)
        after = read_bytes(path)
        assert store.read("customers")["name"].tolist() == ["李未央", "赵长留"]
        assert verify_store(store).empty
        assert "王安宁".encode() in before, "the search must be able to find what is there"
        assert [p for p in PLANTED if p.encode() in after] == []
        assert "李未央".encode() in after
        # an index or a key of the copy would be missing if it were no whole database
        with pytest.raises(StoreError, match="refused"), store.transaction("twice", at="2024-06-04 08:00:00"):
            store.insert(
                "settings",
                pd.DataFrame({"name": ["key_id"], "changed_at": [pd.Timestamp(AT)], "changed_by": "x"}),
            )
    with open_store(path, actor="林小满", cipher=cipher) as store:
        assert store.audit()["action"].tolist()[-1] == "apply_retention"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["firm.duckdb"]


def read_bytes(path: Path) -> bytes:
    return b"".join(p.read_bytes() for p in sorted(path.parent.glob(f"{path.name}*")))


def test_a_restore_does_not_bring_the_erased_back(tmp_path):
    """An old backup holds everybody; what is restored does not, and its books are those of the day."""
    from crm_lib.store import create_tables

    with open_store(tmp_path / "firm.duckdb", actor="林小满", cipher=CIPHER, create=True) as store:
        create_tables(store, at="2022-01-01 08:00:00")
        numbers = fill(store)
        backup = back_up(store, tmp_path / "backups", at="2024-05-31 20:00:00")
        apply_retention(store, plan_store_retention(store, as_of="2024-06-01"), at=AT)
        erasures, lines = store.dump("erasures"), store.dump("transactions")
    done = restore(
        backup, tmp_path / "new.duckdb", cipher=CIPHER, at="2024-06-10 08:00:00", erasures=erasures
    )
    assert done.n_erased == 1
    with open_store(tmp_path / "new.duckdb", actor="林小满", cipher=CIPHER) as store:
        text = open_all(store)
        assert [p for p in (*PLANTED, numbers["王安宁"]) if p in text] == []
        pd.testing.assert_frame_equal(store.dump("transactions"), lines)
    assert [p for p in PLANTED if p.encode() in read_bytes(tmp_path / "new.duckdb")] == []


def test_a_copy_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    """Whatever happens before the rename, the database is as it was, open, and nothing lies beside it."""
    from crm_lib.store import compaction, create_tables

    path = tmp_path / "firm.duckdb"
    with open_store(path, actor="林小满", cipher=CIPHER, create=True) as store:
        create_tables(store, at="2022-01-01 08:00:00")
        fill(store)
        sums = store.checksums()

        def fail(*_):
            raise OSError("no space left")

        for place in ("_require_equal", "os.replace"):
            target = (compaction, place) if "." not in place else (compaction.os, "replace")
            with monkeypatch.context() as patch:
                patch.setattr(*target, fail)
                with pytest.raises(OSError, match="no space"):
                    compact_store(store)
            pd.testing.assert_frame_equal(store.checksums(), sums)
            assert sorted(p.name for p in tmp_path.iterdir() if not p.name.endswith(".wal")) == [
                "firm.duckdb"
            ]
        with store.transaction("open", at=AT), pytest.raises(StoreError, match="a transaction is open"):
            compact_store(store)
        (tmp_path / ".firm.duckdb.77.compact").write_bytes(
            "王安宁".encode()
        )  # left by a program that was killed
        assert compact_store(store)[1] <= compact_store(store)[0]
        assert sorted(p.name for p in tmp_path.iterdir() if not p.name.endswith(".wal")) == ["firm.duckdb"]
    with (
        open_store(path, actor="林小满", cipher=CIPHER, read_only=True) as store,
        pytest.raises(StoreError, match="reading|writing"),
    ):
        compact_store(store)


@pytest.mark.needs("postgresql")
def test_the_servers_tables_are_written_anew(request, postgres_server, postgres_database):
    """The table files forget at once; the write-ahead log only when its segments are written over."""
    from crm_lib.store import create_tables

    def look() -> set[str]:
        files = [p for p in (postgres_server.data / "base").rglob("*") if p.is_file()]
        return {p for p in PLANTED for f in files if p.encode() in f.read_bytes()}

    address = postgres_server.address(postgres_database)
    with open_store(
        address, password=postgres_server.reference, actor="林小满", cipher=CIPHER, create=True
    ) as store:
        create_tables(store, at="2022-01-01 08:00:00")
        fill(store)
        plan = plan_store_retention(store, as_of="2024-06-01")
        apply_retention(store, plan, at=AT, compact=False)
        postgres_server.run_sql("CHECKPOINT")
        assert "王安宁" in look(), "the search must be able to find what is there"
        assert compact_store(store) is None
        postgres_server.run_sql("CHECKPOINT")
        assert look() == set()
