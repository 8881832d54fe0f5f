"""The sentence on how groups of people are treated, on tables small enough for the eye."""

import pandas as pd

from crm_lib.lesson.below_zero import describe_groups


def make_groups(first: float, second: float) -> pd.DataFrame:
    return pd.DataFrame({
        "attribute": ["性别", "性别"],
        "group": ["女", "男"],
        "handled_share": [first, second],
        "low_share": [0.0, 0.0],
        "high_share": [0.5, 0.5],
    })


def test_groups_treated_alike_have_no_highest():
    text = describe_groups(make_groups(0.0, 0.0))
    assert "都是 **0.0%**" in text
    assert "最高" not in text


def test_groups_treated_apart_name_the_highest_and_the_lowest():
    text = describe_groups(make_groups(0.1, 0.3))
    assert "最高的是**男**（30.0%）" in text
    assert "最低的是**女**（10.0%）" in text
