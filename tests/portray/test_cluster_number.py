"""The number of clusters: every index by an oracle, planted groups, and data that have none."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_score,
)

from crm_lib.errors import NoStructureWarning, ParameterError
from crm_lib.portray import (
    choose_by_gap,
    clustering,
    fit_clusters,
    measure_gap,
    measure_stability,
    prepare_features,
    sweep_k,
)
from crm_lib.portray.modality import NULL_TAIL, blur_points, dip_of_curve, dip_p_value, measure_dip
from crm_lib.portray.silhouette import measure_silhouettes


def make_frame(points) -> pd.DataFrame:
    points = np.asarray(points, float)
    frame = pd.DataFrame(points, columns=[f"x{i}" for i in range(points.shape[1])])
    frame.insert(0, "customer_id", [f"C{i:05d}" for i in range(len(frame))])
    return frame


def standardise(frame: pd.DataFrame) -> pd.DataFrame:
    return prepare_features(frame, columns=list(frame.columns[1:]))


def make_planted(k: int, seed: int, n: int = 2_000) -> tuple[pd.DataFrame, np.ndarray]:
    """Normal clouds in 3-D: sizes up to 1:4, spreads up to 1:3, centres at least 3 (s + t) apart."""
    rng = np.random.default_rng(1_000 * k + seed)
    spread = rng.uniform(0.5, 1.5, k)
    reach = spread[:, None] + spread[None]
    while True:
        centers = rng.uniform(-10, 10, (k, 3))
        distance = np.linalg.norm(centers[:, None] - centers[None], axis=2) + 1e9 * np.eye(k)
        if (distance / reach).min() > 3:
            break
    sizes = rng.uniform(1, 4, k)
    kinds = rng.choice(k, n, p=sizes / sizes.sum())
    return standardise(make_frame(centers[kinds] + rng.normal(size=(n, 3)) * spread[kinds][:, None])), kinds


STRUCTURELESS = {
    "box": lambda rng, n: rng.uniform(size=(n, 3)),
    "normal cloud": lambda rng, n: rng.multivariate_normal(
        [0, 0, 0], [[1, 0.7, 0.3], [0.7, 1, 0.2], [0.3, 0.2, 1]], n
    ),
    "log-normal cloud": lambda rng, n: rng.lognormal(0, 1.2, (n, 3)),
    "heavy ties": lambda rng, n: rng.geometric(0.5, (n, 3)),
}


def warns_of_no_structure(features: pd.DataFrame, k) -> bool:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sweep = sweep_k(features, k=k, random_state=0)
    said = [w for w in caught if issubclass(w.category, NoStructureWarning)]
    assert bool(said) == (sweep.attrs["structure"] is False)
    return bool(said)


# dip


def find_dip_by_programme(x: np.ndarray, y: np.ndarray) -> float:
    """Return the least sup-distance to a curve convex up to a corner m and concave after, over all m."""
    n, slopes = len(x), []
    for i in range(n - 1):
        row = np.zeros(n + 1)
        row[i + 1], row[i] = 1 / (x[i + 1] - x[i]), -1 / (x[i + 1] - x[i])
        slopes.append(row)
    best = 1.0
    for mode in range(n):
        rows, ends = [], []
        for i in range(n):
            for sign in (1, -1):
                row = np.zeros(n + 1)
                row[i], row[-1] = sign, -1
                rows.append(row)
                ends.append(sign * y[i])
        for i in range(n - 2):
            if i + 1 < mode:
                rows.append(slopes[i] - slopes[i + 1])
            elif i >= mode:
                rows.append(slopes[i + 1] - slopes[i])
            else:
                continue
            ends.append(0)
        goal = np.r_[np.zeros(n), 1]
        found = linprog(goal, A_ub=rows, b_ub=ends, bounds=[(None, None)] * n + [(0, None)], method="highs")
        best = min(best, found.fun)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_dip_is_that_of_a_linear_programme(seed):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(size=14))
    y = np.r_[0, np.cumsum(rng.dirichlet(np.full(13, 0.4 if seed % 2 else 3.0)))]
    assert dip_of_curve(x, y) == pytest.approx(find_dip_by_programme(x, y), abs=1e-9)


def test_dip_by_hand():
    # steps 1/2, 0, 1/2 over equal thirds; with the mode in the first third the second step must not be
    # below the third. Moved by t at each end they are at most 0 + 2t and at least 1/2 - 2t, so t = 1/8
    x, y = np.array([0, 1 / 3, 2 / 3, 1]), np.array([0, 0.5, 0.5, 1])
    assert dip_of_curve(x, y) == pytest.approx(1 / 8)
    assert dip_of_curve(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0  # uniform


def test_p_values_follow_the_table_and_fall():
    for at, tail in NULL_TAIL:
        assert dip_p_value(at / 100, 10_000) == pytest.approx(tail)
    falling = [dip_p_value(dip, 10_000) for dip in np.linspace(0, 0.02, 50)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] == 1
    assert 0 < falling[-1] < 1e-6


@pytest.mark.slow
def test_table_of_p_values_is_what_uniform_samples_give():
    rng = np.random.default_rng(7)
    scaled = np.sort([measure_dip(rng.uniform(size=800)) * 800**0.5 for _ in range(6_000)])
    for at, tail in NULL_TAIL[:5]:
        share = (scaled >= at).mean()
        assert abs(share - tail) < 4 * (tail / 6_000) ** 0.5 + 0.03 * tail


def test_ties_are_spread_to_their_histogram():
    lattice = np.repeat([0.0, 1.0, 2.0, 3.0], [400, 300, 200, 100])[:, None]
    blurred = blur_points(lattice, random_state=0)[:, 0]
    assert measure_dip(lattice[:, 0]) * 1_000**0.5 > 3  # untreated: four heaps
    assert dip_p_value(measure_dip(blurred), 1_000) > 0.05


# indices


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 2)), min_size=4, max_size=40))
def test_silhouettes_are_those_of_scikit_learn(rows):
    x, y, labels = (np.array(c) for c in zip(*rows, strict=True))
    points = np.column_stack([x, y]).astype(float)
    mine = measure_silhouettes(points, [labels, np.zeros(len(labels), int)])
    n = len(set(labels))
    if 2 <= n < len(labels):
        assert mine[0] == pytest.approx(silhouette_score(points, labels))
    assert mine[1] == 0


def test_indices_are_those_of_scikit_learn():
    features, _ = make_planted(4, 0, n=600)
    points = features.drop(columns="customer_id").to_numpy()
    sweep = sweep_k(features, k=[2, 4], random_state=0).set_index("k")
    for k in (2, 4):
        labels = fit_clusters(features, k=k, random_state=0).apply(features)["cluster"]
        assert sweep.loc[k, "silhouette"] == pytest.approx(silhouette_score(points, labels))
        assert sweep.loc[k, "calinski_harabasz"] == pytest.approx(calinski_harabasz_score(points, labels))
        assert sweep.loc[k, "davies_bouldin"] == pytest.approx(davies_bouldin_score(points, labels))


def test_gap_is_brute_force_on_a_line():
    """On a line the best two clusters are a cut; all cuts of the same reference sets are tried."""
    values = np.r_[np.linspace(0, 1, 20), np.linspace(5, 6.5, 20)]
    points = values[:, None]
    got = measure_gap(points, [1, 2], random_state=3).set_index("k")

    def best(sorted_values, k):
        spread = lambda part: ((part - part.mean()) ** 2).sum()  # noqa: E731
        if k == 1:
            return spread(sorted_values)
        return min(
            spread(sorted_values[:i]) + spread(sorted_values[i:]) for i in range(1, len(sorted_values))
        )

    rng = np.random.default_rng(3)
    # principal axis of a line: ±1; the box is the range about the mean
    along = points - points.mean()
    sign = np.linalg.svd(along, full_matrices=False)[2][0, 0]
    low, high = (along * sign).min(), (along * sign).max()
    boxes = [np.sort(rng.uniform(low, high, (40, 1))[:, 0]) for _ in range(10)]
    for k in (1, 2):
        logs = np.log([best(box, k) for box in boxes])
        assert got.loc[k, "gap"] == pytest.approx(logs.mean() - np.log(best(values, k)), abs=0.02)
        assert got.loc[k, "gap_se"] == pytest.approx(logs.std() * 1.1**0.5, abs=0.02)
    assert got.loc[2, "gap"] > got.loc[1, "gap"] + 1


def test_one_standard_error_rule_by_hand():
    gaps = pd.DataFrame({"k": [1, 2, 3, 4], "gap": [0.1, 0.5, 0.9, 0.92], "gap_se": [0.05] * 4})
    assert choose_by_gap(gaps) == 3  # 0.1 < 0.45, 0.5 < 0.85, but 0.9 >= 0.92 - 0.05
    assert choose_by_gap(gaps.assign(gap=[1.0, 2.0, 3.0, 4.0])) == 4


def test_stability_tells_real_groups_from_cuts():
    features, _ = make_planted(3, 0, n=600)
    points = features.drop(columns="customer_id").to_numpy()
    real, cut = (
        measure_stability(points, fit_clusters(features, k=k, random_state=0).centers, random_state=0)
        for k in (3, 6)
    )
    assert cut < 0.9 < 0.99 < real


# recommendation


@pytest.mark.parametrize("k", [3, 4, 5, 6])
def test_planted_groups_two_seeds(k):
    for seed in (0, 1):
        sweep = sweep_k(make_planted(k, seed, n=900)[0], k=range(2, 9), random_state=0)
        assert sweep.attrs["recommended_k"] == k
        assert (sweep.attrs["rule"], sweep.attrs["structure"]) == ("valleys", True)
        assert (
            f"k = {k} is the largest number at which every two clusters are parted" in sweep.attrs["reason"]
        )


@pytest.mark.slow
@pytest.mark.parametrize("k", [3, 4, 5, 6])
def test_planted_number_in_nine_of_ten_seeds(k, capsys):
    hits, achievable, trivial = 0, 0, 0
    for seed in range(10):
        features, kinds = make_planted(k, seed)
        sweep = sweep_k(features, k=range(2, 9), random_state=0)
        hits += sweep.attrs["recommended_k"] == k
        trivial += sweep.loc[sweep["silhouette"].idxmax(), "k"] == k
        labels = fit_clusters(features, k=k, random_state=0).apply(features)["cluster"]
        # k-means can only be expected to count the groups it can find when told how many there are
        achievable += adjusted_rand_score(kinds, labels) > 0.95
    with capsys.disabled():
        print(f"\nk = {k}: right in {hits} of 10 seeds; achievable {achievable}; silhouette alone {trivial}")
    assert hits >= 9
    assert hits >= trivial


@pytest.mark.parametrize("name", STRUCTURELESS)
def test_data_without_groups_two_seeds(name):
    for seed in (0, 1):
        points = STRUCTURELESS[name](np.random.default_rng(seed), 800)
        assert warns_of_no_structure(standardise(make_frame(points)), [2, 3, 4])


@pytest.mark.slow
@pytest.mark.parametrize("name", STRUCTURELESS)
def test_data_without_groups_ten_seeds(name):
    points = [STRUCTURELESS[name](np.random.default_rng(seed), 1_500) for seed in range(10)]
    assert sum(warns_of_no_structure(standardise(make_frame(p)), range(2, 8)) for p in points) == 10
    # and on the raw scale, where the skew stays
    assert sum(warns_of_no_structure(make_frame(p), range(2, 5)) for p in points) == 10


def test_one_heap_keeps_a_convenient_k_and_its_reason():
    cloud = standardise(make_frame(np.random.default_rng(0).normal(size=(500, 3))))
    with pytest.warns(NoStructureWarning, match=r"no direction shows two heaps.*p = .*one cloud"):
        sweep = sweep_k(cloud, k=[2, 3, 4], random_state=0)
    assert sweep.attrs["rule"] == "ranks"
    assert "lowest sum of ranks" in sweep.attrs["reason"]


def test_few_customers_are_not_tested():
    sweep = sweep_k(make_frame([[0], [2], [10], [12]]), k=[2], random_state=0)
    assert sweep.attrs["structure"] is None
    assert sweep.attrs["heap_p_value"] is None
    with pytest.warns(NoStructureWarning, match="highest silhouette"):
        sweep_k(make_frame(np.eye(12)), k=[2], random_state=0)


def test_same_seed_same_digits():
    features, _ = make_planted(3, 2, n=400)
    first, second = (sweep_k(features, k=[2, 3], random_state=5) for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)
    assert first.attrs == second.attrs


def test_many_customers_start_from_a_sample(monkeypatch):
    features, kinds = make_planted(4, 0)
    whole = fit_clusters(features, k=4, random_state=0)
    monkeypatch.setattr(clustering, "MANY", 500)
    monkeypatch.setattr(clustering, "N_START", 300)
    part = fit_clusters(features, k=4, random_state=0)
    np.testing.assert_allclose(part.centers, whole.centers, atol=0.01)
    assert part.inertia == pytest.approx(whole.inertia, rel=1e-4)


def test_fraction_of_a_cluster_is_said():
    with pytest.raises(ParameterError, match=r"k must hold whole numbers >= 2; got \[2.5\]"):
        sweep_k(make_frame([[0], [1], [2], [3]]), k=[2.5], random_state=0)


def test_valleys_are_between_all_pairs():
    # three heaps on a line, two of them close: k = 2 and 3 are parted, 4 cuts a heap
    rng = np.random.default_rng(0)
    points = np.r_[rng.normal(0, 0.3, 300), rng.normal(3, 0.3, 300), rng.normal(12, 0.3, 300)][:, None]
    sweep = sweep_k(standardise(make_frame(points)), k=[2, 3, 4], random_state=0).set_index("k")
    assert (sweep["parted_p"] <= 0.01).tolist() == [True, True, False]
    assert sweep.attrs["recommended_k"] == 3
