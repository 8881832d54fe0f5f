"""The portrait lesson on the journey, on 旭东, on data without groups, on hardly any data; its exercises."""

import json

import numpy as np
import pandas as pd
import pytest
from run_cells import run_report, solutions

from crm_lib import sample
from crm_lib.errors import CrmError, NoStructureWarning, ParameterError
from crm_lib.lesson.checks import grade_answer, load_checks, run_answer
from crm_lib.portray import sweep_k

LESSON = "5_information/7_customer_portrait"
XUDONG = {
    "orders": "xudong_orders",
    "customers": "xudong_customers",
    "products": "xudong_products",
    "clicks": "xudong_clicks",
}
NO_TABLES = {"customers": "", "products": "", "clicks": ""}


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def run_in(folder, patch, *, pages=False, **parameters):
    (folder / "tables").mkdir(exist_ok=True)
    if pages:
        return (*run_report(LESSON, patch, folder, **parameters), folder)
    with pytest.MonkeyPatch.context() as stub:  # drawing the pages takes half of the time
        stub.setattr("crm_lib.lesson.export_pages", lambda portraits, **more: [])
        return (*run_report(LESSON, patch, folder, **parameters), folder)


@pytest.fixture(scope="module")
def journey(patch, tmp_path_factory):
    return run_in(tmp_path_factory.mktemp("journey"), patch)


@pytest.fixture(scope="module")
def xudong(patch, tmp_path_factory):
    return run_in(tmp_path_factory.mktemp("xudong"), patch, pages=True, **XUDONG)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    sample.make_company(600, seed=7, out=folder, files=True)
    return folder


@pytest.fixture(scope="module")
def sister(company, patch, tmp_path_factory):
    files = company / "files"
    given = {
        "orders": files / "orders.csv",
        "customers": files / "register_*",
        "products": files / "products.csv",
        "clicks": files / "clicks.csv",
    }
    return run_in(tmp_path_factory.mktemp("sister"), patch, seed=7, **{k: str(v) for k, v in given.items()})


# the default data, recomputed another way


@pytest.fixture(scope="module")
def truth():
    """Orders of the journey, one row each, added up in integers of a cent by DuckDB."""
    import duckdb

    lines = sample.load_journey("orders")
    known = sample.load_journey("customers")
    con = duckdb.connect()
    con.execute("SET threads = 1")
    con.register("lines", lines)
    con.register("known", known)
    orders = con.execute(
        "SELECT customer_id, order_id, min(ordered_at) AS bought, "
        "CAST(sum(CAST(round(amount * 100) AS BIGINT)) AS BIGINT) AS cents "
        "FROM lines GROUP BY ALL ORDER BY customer_id, bought"
    ).df()
    n_known = con.execute(
        "SELECT count(DISTINCT customer_id) FROM lines SEMI JOIN known USING (customer_id)"
    ).fetchone()[0]
    return orders, n_known


def test_the_journey_shows_its_published_counts_and_its_note(journey, truth):
    _, shown, folder = journey
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))["result"]
    assert (result["n_lines"], result["n_customers"], result["n_in_register"]) == (1_469_307, 2_469, truth[1])
    assert truth[1] == 801
    assert result["as_of"] == "2018-01-01"
    for text in ("1,469,307", "2,469", "801", "32.4%", "模拟的数据", "不能用于消费者学术研究"):
        assert text in shown.text
    assert f"{801 / 2469:.1%}" == "32.4%"
    assert "虚构的公司" not in shown.text


def test_the_features_of_the_journey_another_way(journey, truth):
    features = journey[0]["features"].set_index("customer_id")
    orders = truth[0]
    per = orders.groupby("customer_id").agg(
        n=("bought", "size"), first=("bought", "min"), last=("bought", "max"), cents=("cents", "sum")
    )
    assert features["n_orders"].equals(per["n"].reindex(features.index).astype("int64"))
    assert features["revenue"].to_numpy() == pytest.approx(
        per["cents"].reindex(features.index).to_numpy() / 100, abs=1e-9
    )
    basket = per["cents"] / 100 / per["n"]
    assert features["mean_basket_value"].to_numpy() == pytest.approx(
        basket.reindex(features.index).to_numpy(), rel=1e-12
    )
    # the rate by its formula, in seconds and NumPy
    at = orders["bought"].astype("datetime64[ns]").astype("int64").to_numpy() / 86_400e9
    same = orders["customer_id"].to_numpy()[1:] == orders["customer_id"].to_numpy()[:-1]
    gaps = np.diff(at)[same]
    end = pd.Timestamp("2018-01-02").value / 86_400e9
    first, last = (
        per[c].astype("datetime64[ns]").astype("int64").to_numpy() / 86_400e9 for c in ("first", "last")
    )
    exposed = last - first + np.minimum(end - last, np.quantile(gaps, 0.9)) + 2 * gaps.mean()
    rate = pd.Series(30 * (per["n"].to_numpy() + 1) / exposed, index=per.index)
    assert features["order_rate"].to_numpy() == pytest.approx(
        rate.reindex(features.index).to_numpy(), rel=1e-9
    )


def test_the_clusters_of_the_journey_another_way(journey):
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    space, shown, _ = journey
    assert (space["best"], space["sweep"].attrs["structure"]) == (2, False)
    logs = np.log2(space["features"][["order_rate", "mean_basket_value"]].to_numpy())
    other = KMeans(2, n_init=20, random_state=1).fit_predict(logs)
    assert adjusted_rand_score(other, space["clusters"]["cluster"]) > 0.99
    rate = space["features"]["order_rate"].groupby(space["clusters"]["cluster"]).mean()
    assert rate[1] > rate[2]
    sizes = space["clusters"]["cluster"].value_counts()
    for number in (1, 2):
        assert f"第 {number} 群（{sizes[number]:,} 位）" in "".join(shown.findings)
    assert "检验没有发现分开的群" in shown.text
    money = sum(
        c["revenue"]
        for c in json.loads((journey[2] / "result.json").read_text("utf-8"))["result"]["clusters"]
    )
    assert money == pytest.approx(4_596_039.58, abs=0.005)


def test_the_register_of_the_journey_is_another_kind_of_customer(journey):
    """Known and unknown households lie very differently over the clusters, and the lesson says so."""
    space, shown, _ = journey
    known = set(sample.load_journey("customers")["customer_id"])
    first = space["clusters"].set_index("customer_id")["cluster"] == 1
    ours, others = (
        first[[c in known for c in first.index]].mean(),
        first[[c not in known for c in first.index]].mean(),
    )
    assert f"登记过的客户有 {ours:.0%} 在第 1 群" in shown.text
    assert f"这个比例是 {others:.0%}" in shown.text
    assert ours - others > 0.4
    assert (space["attributes"]["n_known"] <= 801).all()


def test_labels_of_the_journey_another_way(journey, truth):
    summary = journey[0]["summary"].set_index("label")
    per = (
        truth[0]
        .groupby("customer_id")
        .agg(last=("bought", "max"), first=("bought", "min"), n=("bought", "size"), cents=("cents", "sum"))
    )
    away = (pd.Timestamp("2018-01-01") - per["last"].dt.normalize()).dt.days
    assert summary.loc["近期活跃", "n_customers"] == (away <= 30).sum() == 2_050
    assert summary.loc["沉睡客户", "n_customers"] == (away > 180).sum()
    assert summary.loc["只买一次", "n_customers"] == (per["n"] == 1).sum()
    worth = per["cents"].to_numpy()
    rich = [(worth < own).sum() >= 0.8 * len(worth) for own in worth]
    assert summary.loc["高消费", "n_customers"] == sum(rich)


def test_the_typical_customer_is_nearest_to_the_centre(journey):
    space = journey[0]
    joined = space["points"].merge(space["clusters"], on="customer_id")
    largest = joined["cluster"].value_counts().idxmax()
    own = joined[joined["cluster"] == largest].set_index("customer_id")[["order_rate", "mean_basket_value"]]
    distance = np.linalg.norm(own - own.mean(), axis=1)
    assert space["who"] == own.index[distance.argmin()]


# other data


def test_other_data_give_other_sentences(journey, xudong, sister):
    # the last sentences name the exported files only
    runs = [[f for f in r[1].findings if not f.startswith("已写出")] for r in (journey, xudong, sister)]
    assert {len(findings) for findings in runs} == {9}
    for a, b, c in zip(*runs, strict=True):
        assert len({a, b, c}) == 3, a
    assert "虚构的公司" in xudong[1].text
    assert "模拟的数据" not in " ".join(xudong[1].findings)
    # a user's own files need no such word
    assert not any(word in f for word in ("虚构的公司", "模拟的数据") for f in sister[1].findings)


def test_what_is_said_of_structure_follows_the_test(journey, xudong, sister):
    for space, shown, _ in (journey, xudong, sister):
        structure, n = space["sweep"].attrs["structure"], len(space["features"])
        text = "".join(shown.findings)
        assert ("检验没有发现分开的群" in text) == (structure is False)
        assert ("切的那一刀" in text) == (structure is False)
        # the sample and its sister are too small for groups that touch
        assert ("也可能检验不出来" in text) == (structure is False and n < 1_000)
        assert space["best"] == space["sweep"].attrs["recommended_k"]
    assert journey[0]["sweep"].attrs["structure"] is False
    assert min(r[0]["best"] for r in (xudong, sister)) >= 2


def test_planted_segments_come_out_of_the_sister_company(sister, company):
    """With as many clusters as were planted, files as a student meets them give nearly what can be had."""
    from crm_lib.portray import fit_clusters
    from crm_lib.sample import achievable_rand, adjusted_rand

    types = pd.read_parquet(company / "truth" / "persons.parquet").set_index("customer_id")["type"]
    points = sister[0]["points"]
    clusters = fit_clusters(points, k=types.nunique(), random_state=20).apply(points)
    ours = adjusted_rand(types.reindex(clusters["customer_id"]), clusters["cluster"])
    assert ours >= 0.75 * achievable_rand(company)


# data without groups


def write_orders(path, log_gap, log_basket, seed=5):
    """Write a year of orders of customers who buy at a steady pace, always for the same amount."""
    rng = np.random.default_rng(seed)
    rows = []
    for i, (gap, basket) in enumerate(zip(2.0**log_gap, 2.0**log_basket, strict=True)):
        at = rng.uniform(0, gap)
        while at < 360:
            rows.append((
                f"C{i:04}",
                pd.Timestamp("2023-01-01") + pd.Timedelta(days=at),
                round(basket * rng.lognormal(0, 0.05), 2),
            ))
            at += gap * rng.uniform(0.8, 1.2)
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "amount"])
    frame["date"] = frame["date"].dt.strftime("%Y-%m-%d %H:%M:%S")
    frame.to_csv(path, index=False, encoding="utf-8")
    return str(path)


def draw(kind, n=500):
    rng = np.random.default_rng(9)
    if kind == "round":
        return rng.normal(4.5, 0.7, n), rng.normal(6, 0.7, n)
    if kind == "uniform":
        return rng.uniform(3, 6, n), rng.uniform(4.5, 7.5, n)
    return rng.normal(4.5, 0.25, n), rng.normal(8, 2, n)


@pytest.mark.parametrize("kind", ["round", "uniform", "ellipse"])
def test_data_without_groups_are_called_so(kind, monkeypatch, tmp_path):
    source = write_orders(tmp_path / "orders.csv", *draw(kind))
    space, shown, _ = run_in(tmp_path, monkeypatch, orders=source, k_max=5, **NO_TABLES)
    assert space["sweep"].attrs["structure"] is False
    assert "检验没有发现分开的群" in shown.text
    assert "切的那一刀" in shown.text
    assert "没有检验出来是分开的" in shown.text
    assert "客户不止聚成一堆" not in shown.text
    with pytest.warns(NoStructureWarning):  # what a kernel shows as a box
        sweep_k(space["points"], k=range(2, 4), random_state=20)


def test_groups_that_stand_apart_are_called_so(monkeypatch, tmp_path):
    rng = np.random.default_rng(1)
    kinds = rng.integers(0, 3, 300)
    gap = np.array([2.5, 4.5, 6.5])[kinds] + rng.normal(0, 0.2, 300)
    basket = np.array([4.0, 8.0, 6.0])[kinds] + rng.normal(0, 0.2, 300)
    source = write_orders(tmp_path / "orders.csv", gap, basket)
    space, shown, _ = run_in(tmp_path, monkeypatch, orders=source, k_max=5, **NO_TABLES)
    assert (space["sweep"].attrs["structure"], space["best"]) == (True, 3)
    text = "".join(shown.findings)
    assert "检验发现了分开的群" in text
    assert "检验发现客户不止一堆" in text
    assert "没有发现分开的群" not in text
    # every planted group is one cluster
    table = pd.crosstab(
        kinds, space["clusters"].set_index("customer_id")["cluster"].reindex([f"C{i:04}" for i in range(300)])
    )
    assert ((table > 0).sum(axis=1) == 1).all()


# privacy


def list_secrets(register):
    """Return what leads to a person, of everybody in the register."""
    columns = [c for c in ("name", "phone", "email", "address") if c in register.columns]
    values = {str(v).strip() for c in columns for v in register[c].dropna()}
    return {v for v in values if len(v) > 1}


def read_exports(folder):
    return "\n".join(
        p.read_text("utf-8") for p in sorted(folder.rglob("*")) if p.suffix in {".csv", ".json", ".html"}
    )


def test_no_contact_data_leave_the_lesson_unasked(xudong):
    space, shown, folder = xudong
    register = space["tables"]["customers"]
    secrets = list_secrets(register)
    assert len(secrets) > 1_000
    text = shown.text + read_exports(folder)
    assert [s for s in secrets if s in text] == []
    hidden = space["card"].attrs["hidden"]
    assert {"name", "phone", "email", "address", "birth_date"} <= set(hidden)
    assert "画像不显示它们" in " ".join(shown.findings)
    assert any("手机号" in f and "没有显示" in f for f in shown.findings)


def test_the_switch_shows_the_contact_data_of_this_customer_only(xudong, monkeypatch, tmp_path):
    register = xudong[0]["tables"]["customers"]
    full = register.dropna(subset=["name", "phone", "address"]).iloc[3]
    who = full["customer_id"]
    space, shown, folder = run_in(
        tmp_path, monkeypatch, pages=True, show_contact=True, customer=who, k=1, k_max=2, **XUDONG
    )
    values = set(space["card"]["value"])
    assert {full["name"], full["phone"]} <= values
    assert "交给有权查看的人" in shown.text
    others = register[register["customer_id"] != who]
    phones = {p for p in others["phone"].dropna() if p != full["phone"]}
    assert not [p for p in phones if p in read_exports(folder) or p in shown.text]


# hardly any data


@pytest.fixture
def own_files(tmp_path):
    def make(lines, register=""):
        (tmp_path / "o.csv").write_text(
            "customer_id,date,amount\n" + "\n".join(lines) + "\n", encoding="utf-8"
        )
        given = dict(NO_TABLES, orders=str(tmp_path / "o.csv"))
        if register:
            (tmp_path / "r.csv").write_text(register, encoding="utf-8")
            given["customers"] = str(tmp_path / "r.csv")
        return given

    return make


@pytest.mark.parametrize(
    ("lines", "register", "said", "never"),
    [
        (["C1,2024-03-01,50"], "", ["没有登记表", "还不到三位", "全部客户在一群里"], ["nan", "检验发现"]),
        (
            [f"C{i:02},2024-03-01,50" for i in range(25)],
            "customer_id,city\nZ9,广州\n",
            ["没有一位客户同时出现在订单里", "没有变量能把客户分开", "略过"],
            ["nan", "检验发现", "最明显"],
        ),
        (
            ["C1,2024-03-01,-50", "C2,2024-03-02,50", "C3,2024-03-05,0"],
            "customer_id,city\nC1,广州\nC1,\n",
            ["按最低的值计", "只取填得最全的一条", "看不出哪两个变量重复"],
            ["nan", "检验发现"],
        ),
    ],
    ids=["one customer", "identical customers", "a return, a purchase, a zero"],
)
def test_every_sentence_stays_true_on_degenerate_data(
    own_files, monkeypatch, tmp_path, lines, register, said, never
):
    space, shown, _ = run_in(tmp_path, monkeypatch, **own_files(lines, register))
    text = "\n".join(shown.findings)
    assert [s for s in said if s not in text] == []
    assert [s for s in never if s in text] == []
    assert set(space["clusters"]["cluster"]) == {1}
    assert len(space["uses"]) == 5


def test_more_clusters_than_customers_are_refused_in_words(own_files, monkeypatch, tmp_path):
    lines = [f"C{i},2024-03-{1 + i:02},{10 * (1 + i)}" for i in range(4)]
    space, shown, _ = run_in(tmp_path, monkeypatch, k=9, **own_files(lines))
    assert space["best"] == 4
    assert "参数 k 要求 9 群，但互不相同的客户只有 4 位" in shown.text


def test_a_given_k_is_used_and_said(own_files, monkeypatch, tmp_path):
    rng = np.random.default_rng(3)
    lines = [
        f"C{i:02},2024-03-{d:02},{rng.integers(5, 90)}" for i in range(40) for d in rng.integers(1, 28, 3)
    ]
    space, shown, _ = run_in(tmp_path, monkeypatch, k=3, k_max=4, customer="C07", **own_files(lines))
    assert sorted(space["clusters"]["cluster"].unique()) == [1, 2, 3]
    assert space["sweep"].attrs["recommended_k"] == 3 or "要求分成 3 群" in "".join(shown.findings)
    assert space["who"] == "C07"
    assert "属于第" in shown.text


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"k_max": 1}, r"\[2, 12\]"),
        ({"k": 13}, r"\[0, 12\]"),
        ({"shape": "oval"}, "circle"),
        ({"show_contact": "maybe"}, "bool"),
        ({"orders": "journey_customers"}, "不是这里要的表"),
        ({"columns": "customer_id=household"}, "列名已经对应好"),
    ],
)
def test_a_wrong_parameter_set_fails_in_words(monkeypatch, tmp_path, given, said):
    with pytest.raises(ParameterError, match=said):
        run_in(tmp_path, monkeypatch, **given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"customers": "没有.csv"}, "没有找到文件"),
        ({"rules": "没有.toml"}, "没有找到文件"),
        ({"customer": "S9999"}, "订单里没有编号为"),
    ],
)
def test_a_wrong_name_fails_in_words(monkeypatch, tmp_path, given, said):
    with pytest.raises(CrmError, match=said):
        run_in(tmp_path, monkeypatch, **(XUDONG | {"k": 1, "k_max": 2} | given))


def test_own_rules_take_the_place_of_the_library_s(monkeypatch, tmp_path):
    rules = tmp_path / "mine.toml"
    rules.write_text(
        'version = "我的第一版"\n\n[[labels]]\nname = "周末常客"\nkind = "rule"\nmeasure = "weekend_share"\n'
        'at_least = 0.5\ndefinition = "周六、周日的订单占全部订单的一半以上"\n',
        encoding="utf-8",
    )
    space, shown, _ = run_in(tmp_path, monkeypatch, **XUDONG, rules=str(rules), k=2, k_max=2)
    assert set(space["labels"]["label"]) == {"周末常客"}
    assert len(space["labels"]) == (space["features"]["weekend_share"] >= 0.5).sum()
    assert "我的第一版" in shown.text


# exercises


def test_exercises_solution_full_blank_nothing_wrong_answers_never_full(
    journey, xudong, sister, record_property, capsys
):
    checks, code = load_checks(LESSON), solutions(LESSON)
    killed = total = 0
    for space in (journey[0], xudong[0], sister[0]):
        for grade_id, check in checks.items():
            inputs = {name: space[name] for name in check.inputs}
            right = grade_answer(check, run_answer(code[grade_id], check.answer, inputs), inputs)
            assert right.points == check.points, grade_id
            assert grade_answer(check, None, inputs).points == 0
            for mistake in check.mistakes:
                result = grade_answer(check, run_answer(mistake.code, check.answer, inputs), inputs)
                total += 1
                killed += result.points < check.points
                assert result.points < check.points, f"{grade_id}: {mistake.name} gets full points"
                assert mistake.message in result.message, f"{grade_id}: {mistake.name}"
    with capsys.disabled():
        print(f"\nkill rate of {LESSON}: {killed}/{total} wrong answers refused")
    record_property("kill_rate", killed / total)
    assert killed == total > 0
