"""How good links are: against the truth, against labels, or by the model's own probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_columns
from crm_lib.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_GRID = tuple(k / 100 for k in (1, 5, *range(10, 90, 10), 90, 95, 98, 99)) + (0.995, 0.999)
_LOWEST = 0.5
_SAME = frozenset(("same", "1", "true", "yes", "是", "同一人", "1.0"))


def evaluate_links(links: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Hold links against the truth.

    Parameters
    ----------
    links : DataFrame
        One row per record: ``record_id``, ``person_id``.
    truth : DataFrame
        One row per record: ``record_id``, ``person_id``; records that stand in one table only are left out.

    Returns
    -------
    DataFrame
        One row: ``n_records``, ``n_true_pairs``, ``n_linked_pairs``, ``n_right_pairs``, ``precision``,
        ``recall``, ``f1`` (of pairs), ``bcubed_precision``, ``bcubed_recall``, ``bcubed_f1`` (mean over
        records; Bagga and Baldwin 1998), ``n_persons``, ``n_true_persons``.

    Notes
    -----
    Without any linked pair the precision is 1, without any true pair the recall is 1: nothing was wrong.
    Large persons weigh more in the measures of pairs, so B-cubed stands beside them.

    Examples
    --------
    >>> import pandas as pd
    >>> links = pd.DataFrame({"record_id": list("abcd"), "person_id": ["x", "x", "x", "y"]})
    >>> truth = pd.DataFrame({"record_id": list("abcd"), "person_id": ["p", "p", "q", "q"]})
    >>> evaluate_links(links, truth)[["precision", "recall", "bcubed_precision"]].round(3).values.tolist()
    [[0.333, 0.5, 0.667]]
    """
    import pandas as pd

    both = _match_truth(links, truth)
    cell = both.groupby(["person_id", "person_id_true"]).size()
    mine, true = both.groupby("person_id").size(), both.groupby("person_id_true").size()
    right, linked, whole = (int((s * (s - 1) // 2).sum()) for s in (cell, mine, true))
    row = {"n_records": len(both), "n_true_pairs": whole, "n_linked_pairs": linked, "n_right_pairs": right}
    row |= _name_measures("", right / linked if linked else 1.0, right / whole if whole else 1.0)
    size, n = cell.to_numpy(dtype="float64") ** 2, max(len(both), 1)
    shares = [
        float((size / of.reindex(cell.index.get_level_values(k)).to_numpy()).sum()) / n if len(both) else 1.0
        for k, of in enumerate((mine, true))
    ]
    row |= _name_measures("bcubed_", *shares)
    return pd.DataFrame([{**row, "n_persons": len(mine), "n_true_persons": len(true)}])


def _match_truth(links: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    for frame in (links, truth):
        require_columns("evaluate_links", frame.columns, ["record_id", "person_id"])
        if frame["record_id"].duplicated().any():
            raise DataError(
                "evaluate_links: record_id must be unique in links and truth. Drop the repeated rows."
            )
    one, other = (f[["record_id", "person_id"]].astype(str) for f in (links, truth))
    both = one.merge(other, on="record_id", suffixes=("", "_true"))
    if len(both) == 0 and len(links) and len(truth):
        raise DataError("evaluate_links: no record_id stands in both tables. Are they of the same registers?")
    return both


def _name_measures(prefix: str, precision: float, recall: float) -> dict[str, float]:
    f1 = _f_measure(precision, recall)
    return {f"{prefix}precision": precision, f"{prefix}recall": recall, f"{prefix}f1": f1}


def _f_measure(precision: float, recall: float, beta: float = 1.0) -> float:
    bottom = beta**2 * precision + recall
    return (1 + beta**2) * precision * recall / bottom if bottom else 0.0


def sweep_threshold(
    pairs: pd.DataFrame, *, truth: pd.DataFrame | None = None, labels: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Say what each threshold would give.

    Parameters
    ----------
    pairs : DataFrame
        One row per scored pair: ``probability``, and the two records where truth or labels are given.
    truth : DataFrame, optional
        One row per record: ``record_id``, ``person_id``.
    labels : DataFrame, optional
        One row per judged pair: ``record_id_l``, ``record_id_r``, and ``same`` (yes or no) or ``decision``
        ("same", "different"); measured among these pairs only.

    Returns
    -------
    DataFrame
        One row per threshold, ascending: ``threshold``, ``n_pairs`` at or above it, ``expected_precision``,
        ``expected_recall``, ``expected_f1`` from the probabilities alone; with truth or labels also
        ``precision``, ``recall``, ``f1`` as measured.

    Notes
    -----
    Expected precision is the mean probability at or above the threshold, expected recall the sum of the
    probabilities there over the sum of all: true as far as the probabilities are, and blind to pairs that no
    blocking rule made.
    """
    import numpy as np
    import pandas as pd

    require_columns("sweep_threshold", pairs.columns, ["probability"])
    chance = pairs["probability"].to_numpy(dtype="float64")
    grid = np.array(_GRID)
    sums = np.array([[np.count_nonzero(chance >= t), chance[chance >= t].sum()] for t in grid])
    out = pd.DataFrame({"threshold": grid, "n_pairs": sums[:, 0].astype("int64")})
    total = float(chance.sum())
    out["expected_precision"] = np.where(sums[:, 0] > 0, sums[:, 1] / np.maximum(sums[:, 0], 1), 1.0).round(6)
    out["expected_recall"] = (sums[:, 1] / total if total else np.ones(len(grid))).round(6)
    f1 = [_f_measure(p, r) for p, r in zip(out["expected_precision"], out["expected_recall"], strict=True)]
    out["expected_f1"] = np.round(f1, 6)
    if truth is not None:
        _measure_sweep(out, *_judge_by_truth(pairs, truth))
    elif labels is not None:
        _measure_sweep(out, *_judge_by_labels(pairs, labels))
    return out


def _judge_by_truth(pairs: pd.DataFrame, truth: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, int]:
    """Return probability and truth of the pairs whose records are known, and the number of true pairs."""
    require_columns("sweep_threshold", pairs.columns, ["record_id_l", "record_id_r"])
    require_columns("sweep_threshold", truth.columns, ["record_id", "person_id"])
    person = truth.assign(record_id=truth["record_id"].astype(str)).set_index("record_id")["person_id"]
    left, right = (pairs[c].astype(str).map(person) for c in ("record_id_l", "record_id_r"))
    there = (left.notna() & right.notna()).to_numpy()
    sizes = truth.groupby("person_id").size()
    n_true = int((sizes * (sizes - 1) // 2).sum())
    same = (left == right).to_numpy()[there]
    return pairs["probability"].to_numpy(dtype="float64")[there], same, n_true


def _judge_by_labels(pairs: pd.DataFrame, labels: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, int]:
    """Return probability (0 where a pair was not scored) and judgement of the labelled pairs."""
    import numpy as np

    ids = ["record_id_l", "record_id_r"]
    require_columns("sweep_threshold", pairs.columns, ids)
    column = "same" if "same" in labels.columns else "decision"
    require_columns("sweep_threshold", labels.columns, [*ids, column])
    judged = labels[labels[column].notna()]
    same = judged[column].map(lambda v: str(v).strip().lower() in _SAME).to_numpy(dtype=bool)
    found = {
        frozenset(map(str, key)): chance
        for *key, chance in pairs[[*ids, "probability"]].itertuples(index=False, name=None)
    }
    chance = [
        found.get(frozenset(map(str, key)), 0.0) for key in judged[ids].itertuples(index=False, name=None)
    ]
    return np.array(chance, dtype="float64"), same, int(same.sum())


def _measure_sweep(out: pd.DataFrame, chance: np.ndarray, same: np.ndarray, n_true: int) -> None:
    import numpy as np

    rows = []
    for threshold in out["threshold"]:
        taken = chance >= threshold
        right = int(np.count_nonzero(taken & same))
        precision = right / taken.sum() if taken.any() else 1.0
        recall = right / n_true if n_true else 1.0
        rows.append((precision, recall, _f_measure(precision, recall)))
    for k, title in enumerate(("precision", "recall", "f1")):
        out[title] = np.round([row[k] for row in rows], 6)


def choose_threshold(pairs: pd.DataFrame) -> tuple[pd.DataFrame, float]:
    """Choose the threshold with the best expected F0.5, at least 0.5; also return the sweep.

    Parameters
    ----------
    pairs : DataFrame
        One row per scored pair: ``probability``.

    Returns
    -------
    tuple
        The table of `sweep_threshold` and the threshold.

    Notes
    -----
    F0.5 counts precision twice as much as recall: two customers made one is worse than one customer counted
    twice.  Of equally good thresholds the highest is taken.
    """
    swept = sweep_threshold(pairs)
    fair = swept[swept["threshold"] >= _LOWEST]
    score = [
        round(_f_measure(p, r, 0.5), 6)
        for p, r in zip(fair["expected_precision"], fair["expected_recall"], strict=True)
    ]
    best = max(range(len(score)), key=lambda k: (score[k], k)) if len(pairs) else 0
    return swept, float(fair["threshold"].iloc[best])


def link_exactly(records: pd.DataFrame, *, by: tuple[str, ...] = ("phone", "email")) -> pd.DataFrame:
    """Link records that share a telephone number or a mail: the baseline that linking is held against.

    Parameters
    ----------
    records : DataFrame
        One row per register record, as for `link_records`.
    by : tuple of {"phone", "email"}
        Which equal values make one person; chains of them count.

    Returns
    -------
    DataFrame
        One row per record, sorted by ``record_id``: ``record_id``, ``person_id``.
    """
    import numpy as np
    import pandas as pd

    from crm_lib.identify.link_clusters import connect_rows
    from crm_lib.identify.link_prepare import prepare_records

    prepared = prepare_records(records)
    left, right = [np.zeros(0, dtype="int64")], [np.zeros(0, dtype="int64")]
    for title in by:
        values = prepared.columns.get(title)
        if values is not None:
            rows = np.flatnonzero(values >= 0)
            rows = rows[np.argsort(values[rows], kind="stable")]
            equal = values[rows[:-1]] == values[rows[1:]]
            left.append(rows[:-1][equal])
            right.append(rows[1:][equal])
    root = connect_rows(len(prepared), np.concatenate(left), np.concatenate(right))
    out = pd.DataFrame(
        {"record_id": prepared.ids, "person_id": [f"P-{prepared.ids[k]}" for k in root]}, dtype="str"
    )
    return out.sort_values("record_id", kind="stable", ignore_index=True)
