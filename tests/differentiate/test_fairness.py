"""Protected attributes are found by name in both languages, and columns that stand in for them by measure."""

import numpy as np
import pandas as pd
import pytest

from crm_lib.differentiate import ProxyWarning, find_protected, measure_proxies


@pytest.mark.parametrize(
    ("column", "word"),
    [("gender", "sex"), ("Customer Gender", "sex"), ("age", "age"), ("age_band", "age"), ("BirthDate", "age"),
     ("birth_date", "age"), ("客户年龄段", "age"), ("婚姻状况", "family"), ("民族", "ethnic group"), ("人脸编号", "biometric"),
     ("residence_religion", "belief"), ("身高", "health"), ("package_size", None), ("average_spend", None),
     ("page_views", None), ("recency_days", None), ("消费金额", None)],
)  # fmt: skip
def test_names(column, word):
    assert find_protected([column]).get(column) == word


def test_a_column_that_tells_the_attribute_again_is_a_proxy():
    draw = np.random.default_rng(0)
    women = draw.random(400) < 0.5
    people = pd.DataFrame({
        "gender": np.where(women, "女", "男"),
        "n_skirts": np.where(women, draw.poisson(4, 400), draw.poisson(0.2, 400)),
        "n_orders": draw.poisson(5, 400),
    })
    with pytest.warns(ProxyWarning, match="n_skirts and gender"):
        found = measure_proxies(people, used=["n_orders", "n_skirts"], protected=["gender"])
    assert found["used"].tolist() == ["n_skirts", "n_orders"]
    assert found["proxy"].tolist() == [True, False]


def test_nothing_to_tell_is_no_proxy_and_no_warning():
    people = pd.DataFrame({"gender": ["女"] * 5, "n_orders": range(5)})
    found = measure_proxies(people, used=["n_orders"], protected=["gender"])
    assert found["proxy"].tolist() == [False]
    assert found["strength"].isna().all()
