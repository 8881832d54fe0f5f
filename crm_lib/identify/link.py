"""Link the records of one or several registers that belong to one person (识别→连接)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.errors import DataError
from crm_lib.identify.link_blocking import choose_blocking
from crm_lib.identify.link_clusters import REASONS
from crm_lib.identify.link_finish import finish_links
from crm_lib.identify.link_model import (
    PAIRS_FLOOR,
    LinkModel,
    check_known,
    fit_prepared,
    name_pairs,
    score_prepared,
)
from crm_lib.identify.link_prepare import prepare_records

if TYPE_CHECKING:
    import pandas as pd

_CHAINS = ("record_id_l", "record_id_r", "probability", "reason", "n_left", "n_right")


def link_records(
    records: pd.DataFrame,
    *,
    threshold: float | None = None,
    settings: LinkModel | None = None,
    known: pd.DataFrame | None = None,
    within: str = "auto",
    budget: float | None = None,
    backend: str = "duckdb",
    random_state: int = 0,
) -> pd.DataFrame:
    """Say which records belong to one person.

    Parameters
    ----------
    records : DataFrame
        One row per register record, raw or cleaned: any of ``name``, ``gender``, ``birth_date``, ``phone``,
        ``email``, ``province``, ``city``, ``address``, ``channel`` (the register), ``record_id``; given and
        family name, postcode and house number may stand in columns of their own.  Values are made
        comparable inside (full width, blanks, signs in numbers, forms of dates); the input stays as it is.
    threshold : float, optional
        Probability from which a pair is joined; by default chosen by `choose_threshold`.
    settings : LinkModel, optional
        A fitted model; without it one is fitted on these records.
    known : DataFrame, optional
        Records linked before, with ``person_id``: they keep it, and new records join them or each other.
    within : {"auto", "allow", "never"}
        Whether two records of one register may be one person; ``auto`` looks whether that occurs.
    budget : float, optional
        Most pairs to look at; by default eight per record and 60,000.
    backend : {"duckdb", "spark"}
        Where splink computes.
    random_state : int
        Which 200,000 records a larger table is learned from.

    Returns
    -------
    DataFrame
        One row per record (those of `known` too), sorted by ``record_id``: ``record_id``, ``person_id``
        (P- and the person's first record), ``probability`` (of the best pair that holds the record with its
        person; for a record alone, that no pair it stands in is one person).  ``attrs`` (all JSON-able):
        threshold, n_pairs, n_persons, across, blocking, weights, sweep, chains, warnings, model.

    Raises
    ------
    SchemaError
        No column tells persons apart.
    DataError
        Record numbers are missing or repeat within a register.

    Warns
    -----
    LinkWarning
        The records hardly allow linking, or values that do not count were found.

    Notes
    -----
    Probabilities follow Fellegi and Sunter (1969) with the frequency of the name, computed by splink; a third
    kind of pair, two persons of one home, is ours (see `learn_shares`).  A reviewer would dispute that the
    comparisons count as independent within a kind.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({
    ...     "record_id": ["a", "b", "c"], "channel": ["store", "web", "web"],
    ...     "name": ["王小明", "王晓明", "李芳"], "birth_date": ["1990-05-01", "1990-05-01", "1985-02-03"],
    ...     "phone": ["13800138000", "138 0013 8000", "13900139000"],
    ... })
    >>> link_records(people)["person_id"].tolist()
    ['P-a', 'P-a', 'P-c']
    """
    if threshold is not None:
        require_range("link_records", "threshold", threshold, 0, 1)
    if settings is not None or known is not None:
        model = settings
        if model is None:
            from crm_lib.identify.link_model import fit_link_model

            model = fit_link_model(
                _stack(records, known)[0],
                within=within,
                budget=budget,
                backend=backend,
                random_state=random_state,
            )
        return link_with_model(
            model, records, known=known, threshold=threshold, budget=budget, backend=backend
        )
    prepared = prepare_records(records)
    model, pairing, report = fit_prepared(
        prepared, within=within, budget=budget, backend=backend, random_state=random_state
    )
    pairs = score_prepared(model, prepared, pairing=pairing, backend=backend)
    return finish_links(model, prepared, pairs, report, threshold, None)


def link_with_model(
    model: LinkModel,
    records: pd.DataFrame,
    *,
    known: pd.DataFrame | None = None,
    threshold: float | None = None,
    budget: float | None = None,
    backend: str = "duckdb",
) -> pd.DataFrame:
    """Link records with a fitted model; see `link_records`."""
    import numpy as np
    import pandas as pd

    both, n_known = _stack(records, known)
    prepared = prepare_records(both)
    new = np.arange(len(prepared)) >= n_known if n_known else None
    pairing, report = choose_blocking(prepared, across=model.across, new=new, budget=budget)
    pairs = score_prepared(model, prepared, pairing=pairing, backend=backend)
    persons = None
    if known is not None and n_known:
        persons = np.full(len(prepared), None, dtype=object)
        persons[:n_known] = known["person_id"].astype(str).to_numpy(dtype=object)
    threshold = model.threshold if threshold is None and model.threshold else threshold
    return finish_links(
        model, prepared, pairs, report, threshold, pd.Series(persons) if persons is not None else None
    )


def _stack(records: pd.DataFrame, known: pd.DataFrame | None) -> tuple[pd.DataFrame, int]:
    """Return known and new records as one table, and how many are known."""
    import pandas as pd

    if known is None:
        return records, 0
    check_known(known)
    if "record_id" not in records:
        raise DataError(
            "link_records: new records need a record_id when known records are given. Number them."
        )
    columns = [c for c in dict.fromkeys([*known.columns, *records.columns]) if c != "person_id"]
    parts = [frame.reindex(columns=columns).astype(object) for frame in (known, records)]
    out = pd.concat(parts, ignore_index=True)
    out.attrs = dict(records.attrs)
    return out, len(known)


def score_pairs(
    records: pd.DataFrame,
    *,
    settings: LinkModel | None = None,
    within: str = "auto",
    budget: float | None = None,
    backend: str = "duckdb",
    floor: float = PAIRS_FLOOR,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return pairs of records with the probability that they are one person.

    Parameters
    ----------
    records : DataFrame
        One row per register record, as for `link_records`.
    settings : LinkModel, optional
        A fitted model; without it one is fitted on these records.
    within, budget, backend, random_state
        As for `link_records`.
    floor : float
        Pairs below this probability are left out.

    Returns
    -------
    DataFrame
        One row per pair, the most probable first: ``record_id_l`` < ``record_id_r``, ``probability``,
        ``weight`` (bits of evidence), ``level_<comparison>`` (how alike the two values are, or missing).
    """
    require_range("score_pairs", "floor", floor, 0, 1)
    prepared = prepare_records(records)
    if settings is not None:
        return name_pairs(
            score_prepared(settings, prepared, backend=backend, floor=floor), prepared, settings
        )
    model, pairing, _ = fit_prepared(
        prepared, within=within, budget=budget, backend=backend, random_state=random_state
    )
    pairs = score_prepared(model, prepared, pairing=pairing, backend=backend, floor=floor)
    return name_pairs(pairs, prepared, model)


def find_chains(links: pd.DataFrame) -> pd.DataFrame:
    """List the pairs that were probable enough but were not joined, and why.

    Parameters
    ----------
    links : DataFrame
        What `link_records` returned, with its ``attrs``.

    Returns
    -------
    DataFrame
        One row per refused join, the most probable first: ``record_id_l``, ``record_id_r``,
        ``probability``, ``reason`` (one_register, contradiction, weak_bridge, known_persons), ``n_left``,
        ``n_right`` (records on either side), ``meaning`` of the reason.

    Raises
    ------
    DataError
        The links have lost their ``attrs``, as after reading them from a file.
    """
    import pandas as pd

    if "chains" not in links.attrs:
        raise DataError(
            "find_chains: needs the links with what link_records noted beside them (attrs); this table has lost "
            "it. Call find_chains on what link_records returned, before writing or merging it."
        )
    out = pd.DataFrame(links.attrs["chains"], columns=list(_CHAINS))
    out["meaning"] = out["reason"].map(REASONS)
    order = ["probability", "record_id_l", "record_id_r"]
    return out.sort_values(order, ascending=[False, True, True], kind="stable", ignore_index=True)
