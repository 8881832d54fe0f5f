"""Score candidate identifiers (客户标志): who can be recognised by what."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_columns, require_range
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = [
    "identifier", "title", "columns", "n_records", "n_filled", "coverage_share", "n_values", "uniqueness_share",
    "n_compared", "stability_share", "score", "capture",
]  # fmt: skip
PARTS = ("coverage", "uniqueness", "stability")


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads((resources.files("crm_lib.identify") / "identifiers.toml").read_text("utf-8"))


def score_identifiers(
    records: pd.DataFrame,
    links: pd.DataFrame | None = None,
    *,
    identifiers: Sequence[Mapping[str, Any]] | None = None,
    weights: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Score what customers could be recognised by: coverage, uniqueness, stability.

    Parameters
    ----------
    records
        One row per register record, with any of the contract's columns.
    links
        One row per record: ``record_id``, ``person_id``; without it a value is unique when
        it names one record, and stability is not known.
    identifiers
        Candidates: mappings with ``key``, ``title``, ``columns`` and ``capture`` (means of
        collecting).  By default those of ``identifiers.toml`` whose columns are there.
    weights
        Weights of ``coverage``, ``uniqueness``, ``stability``; by default .4, .3, .3.

    Returns
    -------
    DataFrame
        One row per candidate, the best score first: ``identifier``, ``title``, ``columns``,
        ``n_records``, ``n_filled``, ``coverage_share`` (records that hold it), ``n_values``,
        ``uniqueness_share`` (values that name one person), ``n_compared`` (persons with it in
        two records or more), ``stability_share`` (of these, whose values agree), ``score``
        (0–1), ``capture``.  ``attrs``: ``weights``, ``unit`` ("person" or "record").

    Raises
    ------
    SchemaError, DataError
        A column is missing, or a record has no link, or two.
    ParameterError
        A weight is unknown or negative, or all are 0.

    Notes
    -----
    ``score`` = the weighted mean of the parts that are known; the weights are ours and stand in
    ``attrs``.  Values are compared in half width, telephone numbers by their digits, addresses by
    street and numbers.  The disputable choice: a family's shared telephone counts against
    uniqueness, although it still leads to the right door.

    Examples
    --------
    >>> import pandas as pd
    >>> records = pd.DataFrame({"record_id": ["a", "b"], "phone": ["15400000001", None], "name": ["王静", "王静"]})
    >>> score_identifiers(records)[["identifier", "coverage_share", "uniqueness_share"]].values.tolist()
    [['record_id', 1.0, 1.0], ['phone', 0.5, 1.0], ['name', 1.0, 0.0]]
    """
    import pandas as pd

    weight = _check_weights(weights)
    person = _find_persons(records, links)
    offered = list(identifiers) if identifiers is not None else _list_known(records)
    rows = [_score(records, person, candidate, weight) for candidate in offered]
    out = pd.DataFrame(rows, columns=COLUMNS)
    out = out.sort_values(["score", "identifier"], ascending=[False, True], ignore_index=True)
    out.attrs.update(weights=weight, unit="record" if person is None else "person")
    return out


def _list_known(records: pd.DataFrame) -> list[dict[str, Any]]:
    known = [c for c in _read()["identifiers"] if set(c["columns"]) <= set(records.columns)]
    if not known:
        every = dict.fromkeys(name for c in _read()["identifiers"] for name in c["columns"])
        require_columns("score_identifiers", records.columns, list(every))
    return known


def _check_weights(weights: Mapping[str, float] | None) -> dict[str, float]:
    given = {**_read()["weights"], **(weights or {})}
    for name, value in given.items():
        if name not in PARTS:
            raise ParameterError(
                f"score_identifiers: weights must be of {', '.join(PARTS)}; got {name!r}. Rename it."
            )
        require_range("score_identifiers", f"weights[{name!r}]", value, 0)
    if not sum(given.values()):
        raise ParameterError(
            "score_identifiers: one weight must be above 0; all are 0. Leave weights out for the default."
        )
    return {name: float(given[name]) for name in PARTS}


def _find_persons(records: pd.DataFrame, links: pd.DataFrame | None) -> pd.Series | None:
    if links is None:
        return None
    require_columns("score_identifiers", records.columns, ["record_id"])
    require_columns("score_identifiers", links.columns, ["record_id", "person_id"])
    linked = links["record_id"].astype(str)
    person = links["person_id"].set_axis(linked)
    ids = records["record_id"].astype(str)
    n_open = int((~ids.isin(set(linked))).sum())
    if linked.duplicated().any() or n_open:
        raise DataError(
            f"score_identifiers: each record must have one link; {n_open:,} of {len(ids):,} have none, "
            f"{int(linked.duplicated().sum()):,} links are doubled. Pass the links made from these records."
        )
    return person.reindex(ids).set_axis(records.index)


def _score(
    records: pd.DataFrame, person: pd.Series | None, candidate: Mapping[str, Any], weights: dict[str, float]
) -> dict[str, Any]:
    import pandas as pd

    columns = list(candidate["columns"])
    require_columns("score_identifiers", records.columns, columns)
    key = _make_keys(records, columns)
    filled = key.notna().to_numpy()
    owner = pd.Series(range(len(records)), index=records.index) if person is None else person
    held = pd.DataFrame({"key": key[filled].to_numpy(), "owner": owner[filled].to_numpy()})
    owners = held.groupby("key")["owner"].nunique()
    per_person = held.groupby("owner")["key"].agg(["size", "nunique"])
    several = per_person[per_person["size"] > 1] if person is not None else per_person[:0]
    parts = {
        "coverage": _share(int(filled.sum()), len(records)),
        "uniqueness": _share(int((owners == 1).sum()), len(owners)),
        "stability": _share(int((several["nunique"] == 1).sum()), len(several)),
    }
    return {
        "identifier": candidate["key"],
        "title": candidate["title"],
        "columns": "、".join(columns),
        "n_records": len(records),
        "n_filled": int(filled.sum()),
        "n_values": len(owners),
        "n_compared": len(several),
        **{f"{name}_share": value for name, value in parts.items()},
        "score": _weigh(parts, weights),
        "capture": "、".join(candidate["capture"]),
    }


def _make_keys(records: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Return the comparable value of each record, missing where a part of it is."""
    import numpy as np
    import pandas as pd

    from crm_lib.identify.survivorship import load_survivorship
    from crm_lib.identify.survivorship_forms import code_column

    rules = load_survivorship()
    parts = []
    for column in columns:
        coded = code_column(records[column], rules.of(column).form, rules)
        parts.append(np.array([*(f.key for f in coded.forms), None], dtype=object)[coded.cells])
    keys = [None if any(p is None for p in row) else "\t".join(row) for row in zip(*parts, strict=True)]
    return pd.Series(keys, index=records.index, dtype=object)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _weigh(parts: dict[str, float], weights: dict[str, float]) -> float:
    known = [name for name in PARTS if parts[name] == parts[name]]
    total = sum(weights[name] for name in known)
    return sum(weights[name] * parts[name] for name in known) / total if total else float("nan")
