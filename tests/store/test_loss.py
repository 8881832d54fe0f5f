"""After a loss: nothing is written any more, and the procedure names the newest whole backup."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from backup_world import Place, make_cipher, make_people

from crm_lib.errors import StoreError
from crm_lib.protect import verify_chain
from crm_lib.store import (
    back_up,
    declare_loss,
    insert_customers,
    lift_loss,
    list_loss_steps,
    read_settings,
    restore,
)

POSTGRES = pytest.param("postgresql", marks=pytest.mark.needs("postgresql"))


@pytest.fixture(params=["duckdb", POSTGRES])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    made = Place(request.param, tmp_path, server)
    yield made
    made.clear()


def test_nothing_is_written_until_a_backup_is_restored(place: Place, tmp_path: Path) -> None:
    with place.make("firm") as store:
        backup = back_up(store, tmp_path / "backups", at="2024-02-01 08:00:00")
        steps = declare_loss(
            store, at="2024-02-02 08:00:00", reason="disk errors", folder=tmp_path / "backups"
        )
        with pytest.raises(StoreError, match=r"may only be read since a loss was declared \(disk errors\)"):
            insert_customers(store, make_people(1, start=50), at="2024-02-02 09:00:00")
        with pytest.raises(StoreError, match="may only be read since a loss"):
            back_up(store, tmp_path / "backups", at="2024-02-02 09:00:00")
        assert len(store.read("customers")) == 12
        # declared twice, the later reason stands
        declare_loss(store, at="2024-02-02 10:00:00", reason="worse")
        assert read_settings(store)["read_only"] == "worse"
    assert backup.path.name in steps.set_index("name").loc["choose", "what"]
    with place.open("firm") as store, pytest.raises(StoreError, match="worse"):
        insert_customers(store, make_people(1, start=50), at="2024-02-02 11:00:00")
    options = {"cipher": make_cipher(), "at": "2024-02-03 08:00:00", **place.options}
    restore(backup, place.name("firm"), replace_existing=True, **options)
    with place.open("firm") as store:
        insert_customers(store, make_people(1, start=50), at="2024-02-03 09:00:00")
        assert verify_chain(store.audit()).empty


def test_the_lock_is_lifted_with_a_reason(place: Place) -> None:
    with place.make("firm", 0) as store:
        with pytest.raises(StoreError, match="no loss is declared"):
            lift_loss(store, at="2024-02-02 08:00:00", reason="none")
        declare_loss(store, at="2024-02-02 08:00:00")
        for wrong in ("", "  "):
            with pytest.raises(StoreError, match="reason must say"):
                lift_loss(store, at="2024-02-02 09:00:00", reason=wrong)
            with pytest.raises(StoreError, match="reason must say"):
                declare_loss(store, at="2024-02-02 09:00:00", reason=wrong)
        lift_loss(store, at="2024-02-02 09:00:00", reason="a loose cable")
        insert_customers(store, make_people(1), at="2024-02-02 10:00:00")
        log = store.audit()
    assert log["action"].tolist() == ["create_tables", "declare_loss", "lift_loss", "insert_customers"]
    assert "a loose cable" in log["detail"][2]
    assert verify_chain(log).empty


def test_the_steps_in_their_order(tmp_path: Path) -> None:
    steps = list_loss_steps()
    assert list(steps.columns) == ["step", "name", "title", "what", "why", "who", "textbook"]
    assert steps["step"].tolist() == list(range(1, len(steps) + 1))
    # stop first, specialists before anything is tried, the review last
    assert steps["name"].tolist()[0] == "stop"
    assert steps["name"].tolist().index("specialists") < steps["name"].tolist().index("restore")
    assert steps["name"].tolist()[-1] == "review"
    assert steps.loc[steps["textbook"], "name"].tolist() == ["stop", "specialists"]
    assert not steps["what"].str.contains("{", regex=False).any()
    (tmp_path / "backups").mkdir()
    assert (
        "没有找到完好的备份" in list_loss_steps(tmp_path / "backups").set_index("name").loc["choose", "what"]
    )


def test_uploads_since_the_backup_are_counted(tmp_path: Path) -> None:
    import pandas as pd

    place = Place("duckdb", tmp_path)
    with place.make("firm", 0) as store:
        for number, at in enumerate(["2024-01-31 08:00:00", "2024-02-01 09:00:00", "2024-02-02 09:00:00"]):
            with store.transaction("upload", at=at):
                store.insert("uploads", pd.DataFrame([upload(number, at)]))
            if number == 0:
                back_up(store, tmp_path / "backups", at="2024-02-01 08:00:00")
        steps = list_loss_steps(tmp_path / "backups", store=store)
    assert "从 2024-02-01 08:00:00 起共有 2 次上传" in steps.set_index("name").loc["replay", "what"]


def upload(number: int, at: str) -> dict:
    counts = dict.fromkeys(("n_rows", "n_new", "n_updated", "n_same", "n_rejected"), 0)
    return {
        "upload_id": f"U{number}",
        "table_name": "customers",
        "file_name": "a.xlsx",
        "file_sha256": "0" * 64,
        "uploaded_at": at,
        "uploaded_by": "ann",
        "source": "own",
        **counts,
    }
