"""Portrait pages: nothing of anybody else, everything escaped, the same bytes, safe names."""

from __future__ import annotations

import re
import struct
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib import summarize_rfm
from crm_lib.errors import DataError, ParameterError, SchemaError
from crm_lib.lesson import export_pages, pages
from crm_lib.lesson.pages import make_page, name_files
from crm_lib.portray import (
    describe_clusters,
    label_clusters,
    label_customers,
    portrait_cluster,
    portrait_customer,
)
from crm_lib.sample import make_company

DAY = "2024-12-31"
NONE = float("nan")
CONTACT = ["name", "phone", "email", "address"]
ODD = "<script>alert('x')</script>"


def make_portrait(*rows, subject="客户 C1", **attrs) -> pd.DataFrame:
    facts = [("dynamic", "n_orders", "订单数", "8 单", NONE)]
    out = pd.DataFrame([*facts, *rows], columns=["part", "field", "title", "value", "strength"])
    out.attrs.update({"subject": subject, "as_of": DAY, "hidden": [], **attrs})
    return out


def make_label(title: str, strength: float = 0.8) -> tuple:
    return ("label", "", title, "", strength)


class Reader(HTMLParser):
    """Reads a page as a browser would: its tags, and its text by tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.tags[-1], data.strip()))

    @property
    def text(self) -> str:
        return "\n".join(text for tag, text in self.texts if tag != "style")


@pytest.fixture(autouse=True)
def into(tmp_path, monkeypatch):
    monkeypatch.setenv("CRM_OUTPUT_DIR", str(tmp_path / "out"))
    yield tmp_path / "out" / "pages"
    assert plt.get_fignums() == []


# privacy


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> dict[str, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("company") / "made"
    make_company(600, seed=3, out=folder, files=False)
    found = {n: pd.read_parquet(folder / "data" / f"{n}.parquet") for n in ("orders", "products", "clicks")}
    register = pd.read_parquet(folder / "data" / "customers.parquet")
    return {**found, "customers": register.rename(columns={"record_id": "customer_id"})}


@pytest.fixture(scope="module")
def chosen(company) -> list[str]:
    """Customers from all three registers, the one with most orders among them."""
    counts = company["orders"].groupby("customer_id")["order_id"].nunique()
    first = [next(c for c in counts.index if c.startswith(letter)) for letter in "SWK"]
    return sorted({counts.idxmax(), *first, counts.index[300]})


@pytest.fixture(scope="module")
def labels(company) -> pd.DataFrame:
    return label_customers({n: company[n] for n in ("orders", "products", "clicks")}, as_of=DAY)


def tell_apart(company, own_id: str) -> set[str]:
    """Return what would give away somebody else: numbers, names, contact data, revenue to the fen."""
    register, revenue = company["customers"], summarize_rfm(company["orders"], as_of=DAY)
    others, own = register[register["customer_id"] != own_id], register[register["customer_id"] == own_id]
    values = {v for c in CONTACT for v in others[c].dropna()} - {v for c in CONTACT for v in own[c].dropna()}
    own_revenue = revenue.loc[revenue["customer_id"] == own_id, "revenue"].iloc[0]
    money = {f"{x:,.2f}" for x in revenue["revenue"] if x != own_revenue and x > 1_000}
    return values | set(others["customer_id"]) | set(company["orders"]["order_id"]) | money


def test_a_personal_page_holds_nothing_of_anybody_else(company, chosen, labels, into):
    portraits = {
        f"customer_{c}": portrait_customer(c, tables=dict(company), labels=labels, as_of=DAY) for c in chosen
    }
    export_pages(portraits)
    n_searched = 0
    for own_id, name in zip(chosen, portraits, strict=True):
        page, picture = (into / f"{name}.html").read_text("utf-8"), (into / f"{name}.png").read_bytes()
        assert own_id in Reader(page).text
        foreign = tell_apart(company, own_id)
        n_searched += len(foreign)
        assert {v for v in foreign if v in page} == set()
        assert {v for v in foreign if v.encode("utf-8") in picture} == set()
        assert list_chunks(picture) == {"IHDR", "pHYs", "IDAT", "IEND"}  # no text hides in the picture
    assert n_searched > 20_000
    # and the search can find something: the page of one against what gives away that one
    assert chosen[0] in tell_apart(company, chosen[1])


def list_chunks(picture: bytes) -> set[str]:
    at, kinds = 8, set()
    while at < len(picture):
        size, kind = struct.unpack(">I4s", picture[at : at + 8])
        kinds.add(kind.decode("ascii"))
        at += size + 12
    return kinds


def test_contact_data_only_when_asked_for(company, chosen, labels):
    register = company["customers"].set_index("customer_id")
    own_id = next(c for c in chosen if register.loc[c, CONTACT].notna().all())
    own = register.loc[own_id]

    def read(**show) -> str:
        frame = portrait_customer(own_id, tables=dict(company), labels=labels, as_of=DAY, **show)
        return Reader(make_page(frame, shape="person")[0]).text

    private = read()
    secrets = [*(str(own[c]) for c in CONTACT), str(own["birth_date"])[:10]]
    assert [s for s in secrets if s in private] == []
    assert "没有展示：姓名、" in private
    assert "月收入" in private  # what is hidden is named in Chinese, not by its column
    assert "monthly_income" not in private
    asked = read(show=("phone",))
    assert str(own["phone"]) in asked
    assert [s for s in secrets if s != str(own["phone"]) and s in asked] == []
    assert "展示了可以联系到本人的资料：手机号。请不要外传" in asked


def test_a_cluster_page_holds_no_customer(company):
    base = summarize_rfm(company["orders"], as_of=DAY)
    groups = base[["customer_id"]].assign(cluster=[1] * 3 + [2] * (len(base) - 3))
    description = describe_clusters(base, groups)
    found = label_clusters(base, groups)
    small, large = (
        Reader(make_page(portrait_cluster(c, description=description, labels=found), shape="heart")[0]).text
        for c in (1, 2)
    )
    assert not any(c in small + large for c in company["customers"]["customer_id"])
    assert "本群只有 3 位客户，不到 5 位" in small
    assert "不到 5 位" not in large
    assert "不含任何一位客户的姓名" in large
    assert "手机号" not in large


def test_labels_bring_their_definition_their_day_and_their_version(company, chosen, labels):
    frame = portrait_customer(chosen[0], tables=dict(company), labels=labels, as_of=DAY)
    text = Reader(make_page(frame, shape="circle")[0]).text
    own = labels[labels["customer_id"] == chosen[0]]
    assert len(own) > 1
    defined = {label: r["definition"] for r in labels.attrs["rules"] for label in r["labels"]}
    for row in own.itertuples(index=False):
        assert f"{row.label}\n强度\n{row.strength:.2f}\n{defined[row.label]}" in text
    assert f"数据截至\n{DAY}\n标签规则版本\n{labels.attrs['version']}\n" in text


def test_a_cluster_label_says_what_was_compared():
    base = pd.DataFrame({"customer_id": list("abcd"), "recency_days": [1, 2, 3, 4], "n_orders": [1, 1, 5, 5],
                         "revenue": [1.0, 2.0, 3.0, 4.0], "segment": ["x", "x", "y", "y"]})  # fmt: skip
    groups = pd.DataFrame({"customer_id": list("abcd"), "cluster": [1, 1, 2, 2]})
    found = label_clusters(base, groups, categories=["segment"])
    described = describe_clusters(base, groups)
    said = portrait_cluster(2, description=described, labels=found).attrs["definitions"]
    # midranks of revenue 3 and 4 are 2.5/4 and 3.5/4: 75 % in the mean
    assert said["消费高"] == "按“消费金额”从低到高排，本群客户平均排在全体客户的 75% 处"
    # all of the cluster and half of all are y
    assert said["y"].endswith("在本群比在全体客户中多 50 个百分点")


# text


def test_hostile_text_is_text(into):
    frame = make_portrait(
        make_label(f"<img src=x onerror=1>{ODD}"),
        ("static", "city", "<b>城市", ODD, NONE),
        subject=f"客户 {ODD}",
        hidden=["<u>备注", "phone"],
        version="<i>1",
        definitions={f"<img src=x onerror=1>{ODD}": "</style><script>1</script>"},
    )
    export_pages({f"customer_{ODD}": frame})
    (path,) = into.glob("*.html")
    page = path.read_text("utf-8")
    seen = Reader(page)
    assert not {"script", "img", "b", "u"} & set(seen.tags)
    assert seen.text.count(ODD) == 5  # title, heading, value, label, and the label as title of its word
    assert "</style><script>1</script>" in seen.text
    assert "<u>备注、手机号" in seen.text
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src &#39;none&#39;") or policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert not re.search(r"(?:src|href)=\"(?!#)", page)


def test_the_page_is_built_in_order_and_needs_nothing_from_outside():
    page = make_page(make_portrait(make_label("回头客"), make_label("夜猫子", 0.4)), shape="person")[0]
    seen = Reader(page)
    assert [t for t in seen.tags if re.fullmatch(r"h\d", t)] == ["h1", *["h2"] * 5]
    heads = [text for tag, text in seen.texts if tag in {"h1", "h2"}]
    assert heads == ["客户 C1", "静态信息", "动态信息", "标签云", "标签及其含义", "隐私说明"]
    assert '<html lang="zh-CN">' in page
    assert 'role="img" aria-label="标签云，由强到弱：回头客、夜猫子"' in page
    assert "没有可以展示的静态信息" in seen.text
    assert re.findall(r"https?://[^\s\"']+", page) == ["http://www.w3.org/2000/svg"]
    assert page.count("@font-face") >= 1
    assert 'style="width:40.0%"' in page


def test_every_character_of_the_page_has_its_glyph_inside():
    page, missing = make_page(make_portrait(make_label("㐂稀罕字")), shape="person")
    assert missing == ()
    assert "㐂稀罕字" in Reader(page).text
    page, missing = make_page(make_portrait(make_label("麻将🀄")), shape="person")
    assert missing == ("🀄",)
    assert "麻将🀄" in Reader(page).text  # the word stays; whether it is drawn depends on the reader's fonts


def test_what_has_no_glyph_is_told(capsys, into):
    export_pages({"a": make_portrait(make_label("麻将🀄"))})
    assert "图片里画不出的用〓代替：🀄" in capsys.readouterr().out


def test_no_label_one_fact_and_nothing(into):
    text = Reader(make_page(make_portrait(), shape="person")[0]).text
    assert "没有突出的标签。" in text
    assert "标签及其含义" not in text
    assert export_pages({}) == []
    with pytest.raises(DataError, match="at least 1 fact or label"):
        export_pages({"a": make_portrait().head(0)})
    assert not list(into.glob("*"))  # refused before anything was written


def test_labels_beyond_what_the_shape_holds_are_counted():
    rows = [make_label(f"第{i}号标签的名字不短", 1 - i / 200) for i in range(80)]
    page = make_page(make_portrait(*rows), shape="heart")[0]
    seen = Reader(page)
    drawn = len(re.findall(r"<path[^>]*><title>", page))
    assert 5 < drawn <= 60
    assert f"另有 {80 - drawn} 个较弱的标签没有画出" in seen.text
    assert seen.tags.count("li") == 80


def test_a_very_long_label_is_cut_in_the_cloud_only():
    long = ["很长的标签" * 30, "很长的标签" * 31]
    page = make_page(make_portrait(*map(make_label, long)), shape="person")[0]
    assert len(re.findall(r"<path[^>]*><title>", page)) == 2
    assert all(label in Reader(page).text for label in long)


# files


@pytest.mark.parametrize("shape", pages.SHAPES)
def test_same_portraits_same_bytes(shape, tmp_path, monkeypatch):
    from crm_lib.plots import portraits as drawing

    frame = make_portrait(make_label("回头客"), make_label("夜猫子", 0.4))
    found = []
    for folder in ("one", "two"):
        drawing._arrange.cache_clear()  # a second run starts anew
        monkeypatch.setenv("CRM_OUTPUT_DIR", str(tmp_path / folder))
        written = export_pages({"a": frame, "b": frame}, shape=shape)
        assert [p.name for p in written] == ["a.html", "a.png", "b.html", "b.png"]
        found.append([p.read_bytes() for p in written])
    assert found[0] == found[1]
    assert found[0][0] == found[0][2]
    size = struct.unpack(">II", found[0][1][16:24])
    assert size == (1344, 883)  # 7 × 4.6 inches at 2 × 96 pixels


def test_shapes_differ_and_a_wrong_one_is_said():
    frame = make_portrait(make_label("回头客"))
    assert len({make_page(frame, shape=shape)[0] for shape in pages.SHAPES}) == 3
    with pytest.raises(ParameterError, match="shape must be one of 'person', 'heart', 'circle'; got 'star'"):
        export_pages({"a": frame}, shape="star")
    with pytest.raises(SchemaError, match="strength"):
        export_pages({"a": frame.drop(columns="strength")})


def test_file_names_are_safe_and_tell_customers_apart():
    names = ["customer_a/b", "customer_a\\b", "customer_a:b", "customer_a…b", "customer_<x>", "customer_中文",
             "../../etc/passwd", "CON", "Ab", "aB", "", ".", "长" * 300, "长" * 301, "cluster_1"]  # fmt: skip
    stems = name_files(names)
    assert len({s.casefold() for s in stems}) == len(names)
    assert stems[5] == "customer_中文"
    assert stems[-1] == "cluster_1"
    assert stems[0].startswith("customer_a_b-")
    assert name_files(list(reversed(names))) == list(reversed(stems))  # whatever stands beside it


@given(st.lists(st.text(max_size=100), unique=True, max_size=8))
def test_any_name_becomes_a_file_name(names):
    stems = name_files(names)
    assert len({s.casefold() for s in stems}) == len(names)
    for stem in stems:
        assert re.fullmatch(r"[\w\-]+", stem)
        assert len(f"{stem}.html".encode()) < 255
        assert Path(stem).name == stem


def test_a_name_out_of_a_file_stays_in_the_folder(into):
    (page, picture) = export_pages({"../../outside": make_portrait(make_label("回头客"))})
    assert page.parent == picture.parent == into
    assert sorted(p.name for p in into.iterdir()) == sorted([page.name, picture.name])
