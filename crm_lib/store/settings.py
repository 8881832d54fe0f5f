"""Settings of the database: what the regulation's clauses are held against."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from crm_lib.errors import StoreError

if TYPE_CHECKING:
    from crm_lib.store.open import Store

# Said when the tables are made, and by nobody afterwards but the steps that change them.
FIXED = ("schema_version", "key_id")


def read_settings(store: Store) -> dict[str, str | None]:
    """Return all settings: name → value as text, sorted by name.

    Parameters
    ----------
    store : Store
        The open database.

    Returns
    -------
    dict
        Values as text; None when a setting was emptied.
    """
    frame = store.query("SELECT name, value FROM settings ORDER BY name")
    return {n: None if v is None or v != v else v for n, v in zip(frame["name"], frame["value"], strict=True)}


def change_settings(store: Store, values: Mapping[str, object], *, at: str | dt.datetime) -> None:
    """Write settings; the log names which were changed, not their values.

    Parameters
    ----------
    store : Store
        The open database.
    values : mapping
        Name → value; written as text, None empties it.
    at : str or datetime
        When, local time.

    Raises
    ------
    StoreError
        When one of them says what the tables are, which is not a matter of choice.
    """
    fixed = [name for name in values if name in FIXED]
    if fixed:
        raise StoreError(
            f"change_settings: {fixed[0]!r} says how the database was made and cannot be set. Leave it out."
        )
    with store.transaction("change_settings", at=at) as entry:
        for name, value in values.items():
            text = None if value is None else str(value)
            store.run(
                "INSERT INTO settings (name, value, changed_at, changed_by) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at,"
                " changed_by = excluded.changed_by",
                [name, text, entry.at, store.actor],
            )
        entry.note("settings", len(values), names=sorted(values))
