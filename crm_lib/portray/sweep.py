"""Compare numbers of clusters, and say whether there are any."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from crm_lib._checks import import_extra
from crm_lib.errors import NoStructureWarning, ParameterError
from crm_lib.portray.clustering import check_points, count_distinct, draw_sample, nearest_center, run_kmeans
from crm_lib.portray.modality import (
    ALPHA,
    LEAST_TESTED,
    MOST_TESTED,
    HeapTest,
    blur_points,
    list_directions,
    part_clusters,
    seek_heaps,
)
from crm_lib.portray.references import choose_by_gap, measure_gap, measure_stability
from crm_lib.portray.silhouette import measure_silhouettes

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

N_SILHOUETTE = 5_000
N_REFERENCE = 1_000
WEAK_SILHOUETTE = 0.25
_RANKED = {"silhouette": False, "calinski_harabasz": False, "davies_bouldin": True}
COLUMNS = ["k", "inertia", *_RANKED, "gap", "gap_se", "stability", "parted_p"]


def sweep_k(features: pd.DataFrame, *, k: Iterable[int] = range(2, 11), random_state: int) -> pd.DataFrame:
    """Compare numbers of clusters, recommend one, and test whether there are clusters at all.

    Parameters
    ----------
    features : DataFrame
        One row per customer, as `prepare_features` gives them.
    k : iterable of int
        Numbers of clusters to try, each at least 2; those above the number of
        distinct customers less one cannot be tried and are left out.
    random_state : int
        Seed of the starts, of the samples and of the reference data.

    Returns
    -------
    DataFrame
        One row per k, ascending: ``k``, ``inertia``, ``silhouette`` (on at most
        5,000 customers), ``calinski_harabasz``, ``davies_bouldin``; on at most
        1,000 customers ``gap``, ``gap_se`` (see `measure_gap`) and
        ``stability`` (see `measure_stability`); on at most 5,000 ``parted_p``,
        the largest p-value of a valley between two clusters (missing when a
        pair has fewer than 30 customers).  ``attrs``: ``recommended_k`` (None
        when nothing could be tried), ``reason`` (why, with its numbers),
        ``rule`` ("valleys", "agreement" or "ranks"), ``n_customers``, ``structure`` (True,
        False, or None when untested), ``heap_p_value``, ``gap_k``.

    Warns
    -----
    NoStructureWarning
        No direction shows more than one heap of customers (below 30 customers:
        no k reaches a silhouette of 0.25): any clustering cuts up one cloud.

    Notes
    -----
    Recommended is the largest k at which *every* two clusters are parted by a
    valley (dip test on the line through their centres, p ≤ 0.01): one cluster
    more would cut a heap in two.  Groups that overlap have no valley, so where
    silhouette, Calinski–Harabasz and Davies–Bouldin all prefer the same larger
    k, that one is taken.  Where no k is parted, or where there is only one
    heap, each of the three ranks the k and the lowest sum of ranks is taken,
    the smaller k on a tie: a convenience.
    Disputable: unless the indices agree, overlapping groups are not counted as
    groups; a mixture model would count them, and is wrong as soon as a heap is
    skewed.
    Gap and stability inform, they do not vote: the gap takes every skewed heap
    for several, and stability is high for any lucky cut.
    """
    points = check_points("sweep_k", features)[1]
    wanted = _check_k(k)
    n_distinct = count_distinct(points, enough=wanted[-1] + 1)
    fits = {n: run_kmeans(points, n, random_state) for n in wanted if n < n_distinct}
    sweep = _judge(points, fits, random_state)
    heaps = _test_heaps(sweep, points, {n: centers for n, (centers, _) in fits.items()}, random_state)
    sweep = sweep.reindex(columns=COLUMNS)
    best, rule, reason = _recommend(sweep, heaps, n_distinct)
    sweep.attrs.update(recommended_k=best, reason=reason, rule=rule, n_customers=len(points))
    sweep.attrs["structure"] = None if heaps.p_value is None else not heaps.finds_one_heap
    sweep.attrs["heap_p_value"] = heaps.p_value
    sweep.attrs["gap_k"] = _add_references(sweep, points, fits, random_state)
    _warn(sweep, heaps)
    return sweep


def _check_k(k: Iterable[int]) -> list[int]:
    wanted = sorted(set(k))
    if not wanted or wanted[0] < 2 or any(n != int(n) for n in wanted):
        raise ParameterError(f"sweep_k: k must hold whole numbers >= 2; got {wanted}. Try range(2, 11).")
    return [int(n) for n in wanted]


def _judge(points: np.ndarray, fits: dict[int, tuple[np.ndarray, float]], seed: int) -> pd.DataFrame:
    import pandas as pd

    metrics = import_extra("sklearn.metrics", extra="tour", purpose="Clustering")
    labels = {k: nearest_center(points, centers) for k, (centers, _) in fits.items()}
    some = draw_sample(len(points), N_SILHOUETTE, seed)
    outlines = measure_silhouettes(points[some], [own[some] for own in labels.values()])
    rows = [
        {
            "k": k,
            "inertia": fits[k][1],
            "silhouette": outline,
            "calinski_harabasz": float(metrics.calinski_harabasz_score(points, own)),
            "davies_bouldin": float(metrics.davies_bouldin_score(points, own)),
        }
        for (k, own), outline in zip(labels.items(), outlines, strict=True)
    ]
    return pd.DataFrame(rows, columns=COLUMNS[:5]).astype({"k": "int64"})


def _test_heaps(
    sweep: pd.DataFrame, points: np.ndarray, centers: dict[int, np.ndarray], seed: int
) -> HeapTest:
    some = draw_sample(len(points), MOST_TESTED, seed)
    if not centers or len(some) < LEAST_TESTED:
        return HeapTest(0.0, None, len(some), 0)
    sample = points[some]
    blurred = blur_points(sample, random_state=seed)
    parted = {k: part_clusters(blurred, nearest_center(sample, c), c) for k, c in centers.items()}
    sweep["parted_p"] = sweep["k"].map(parted).astype(float)
    return seek_heaps(blurred, list_directions(sample, centers.values()))


def _add_references(
    sweep: pd.DataFrame, points: np.ndarray, fits: dict[int, tuple[np.ndarray, float]], seed: int
) -> int | None:
    if sweep.empty:
        return None
    sample = points[draw_sample(len(points), N_REFERENCE, seed)]
    few = count_distinct(sample)
    tried = [1, *(k for k in fits if k < few)]
    gaps = measure_gap(sample, tried, random_state=seed)
    by_k = gaps.set_index("k")
    for column in ("gap", "gap_se"):
        sweep[column] = sweep["k"].map(by_k[column])
    sweep["stability"] = [
        measure_stability(sample, fits[k][0], random_state=seed) if k < few else float("nan")
        for k in sweep["k"]
    ]
    consecutive = tried == list(range(1, len(tried) + 1))
    return choose_by_gap(gaps) if consecutive else None


def _recommend(sweep: pd.DataFrame, heaps: HeapTest, n_distinct: int) -> tuple[int | None, str | None, str]:
    if sweep.empty:
        few = f"{n_distinct} distinct customers are too few to compare numbers of clusters"
        return None, None, few
    parted = sweep[sweep["parted_p"] <= ALPHA]
    votes = _list_votes(sweep)
    if heaps.p_value is not None and not heaps.finds_one_heap and len(parted):
        row = parted.iloc[-1]
        if len(set(votes)) == 1 and votes[0] > row["k"]:
            own = float(sweep.set_index("k")["silhouette"][votes[0]])
            return votes[0], "agreement", _word_agreement(votes[0], int(row["k"]), own)
        text = (
            f"k = {int(row['k'])} is the largest number at which every two clusters are parted by a valley "
            f"(p <= {row['parted_p']:.2g}); its silhouette is {row['silhouette']:.2f}"
        )
        return int(row["k"]), "valleys", text
    ranks = sum(sweep[name].rank(ascending=low) for name, low in _RANKED.items())
    row = sweep.loc[ranks.idxmin()]
    return int(row["k"]), "ranks", _word_ranks(sweep, row)


def _list_votes(sweep: pd.DataFrame) -> list[int]:
    best = [sweep[c].idxmin() if low else sweep[c].idxmax() for c, low in _RANKED.items()]
    return [int(sweep.loc[i, "k"]) for i in best]


def _word_agreement(k: int, parted: int, silhouette: float) -> str:
    return (
        f"every two of {parted} clusters are parted by a valley, but silhouette, Calinski-Harabasz and "
        f"Davies-Bouldin all prefer k = {k}, whose groups overlap; its silhouette is {silhouette:.2f}"
    )


def _word_ranks(sweep: pd.DataFrame, row: pd.Series) -> str:
    names = ("silhouette", "Calinski-Harabasz", "Davies-Bouldin")
    said = ", ".join(f"{name} prefers {k}" for name, k in zip(names, _list_votes(sweep), strict=True))
    return (
        f"k = {int(row['k'])} has the lowest sum of ranks ({said}); its silhouette is {row['silhouette']:.2f}"
    )


def _warn(sweep: pd.DataFrame, heaps: HeapTest) -> None:
    if heaps.finds_one_heap:
        why = (
            f"no direction shows two heaps of customers (dip {heaps.dip:.3f}, p = {heaps.p_value:.2g}, "
            f"not below {ALPHA})"
        )
    elif heaps.p_value is None and len(sweep) and sweep["silhouette"].max() < WEAK_SILHOUETTE:
        why = f"the highest silhouette is {sweep['silhouette'].max():.2f}, below {WEAK_SILHOUETTE}"
    else:
        return
    warnings.warn(
        f"sweep_k: {why}; the customers form one cloud, so any clustering of them is a convenience, "
        "not a finding.",
        NoStructureWarning,
        stacklevel=3,
    )
