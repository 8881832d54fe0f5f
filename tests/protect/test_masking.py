"""Masks: by hand, and what a mask may never show."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.errors import ParameterError
from crm_lib.protect import MASK_KINDS, mask_text, mask_values


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "13812345678", "138****5678"),
        ("phone", " 13812345678 ", "138****5678"),
        ("phone", "12345678", "****"),
        ("email", "wangjing88@example.com", "w***@example.com"),
        ("email", "nobody", "***"),
        ("address", "东湖区解放路109号1504室", "东湖区解放路***"),
        ("address", "东湖区解放路", "东湖***"),
        ("identity_no", "11010519491231002X", "1****************X"),
        ("identity_no", "1234", "****"),
        ("name", "张伟", "张*"),
        ("name", "欧阳小红", "欧***"),
        ("name", "张", "张*"),
        ("name", "Anna Smith", "A***"),
        ("birth_date", "1987-09-26", "1987-**-**"),
        ("birth_date", "26.9.1987", "***"),
    ],
)
def test_masks_by_hand(kind: str, value: str, shown: str) -> None:
    assert mask_text(value, kind=kind) == shown


def test_a_column_keeps_index_name_and_gaps() -> None:
    column = pd.Series(["13812345678", None, "", "13812345678"], index=[5, 3, 8, 1], name="phone")
    masked = mask_values(column, kind="phone")
    assert masked.index.tolist() == [5, 3, 8, 1]
    assert masked.name == "phone"
    assert masked.isna().tolist() == [False, True, False, False]
    assert masked.dropna().tolist() == ["138****5678", "", "138****5678"]
    assert column.tolist()[0] == "13812345678"
    assert mask_values(pd.Series([], dtype=object), kind="email").tolist() == []
    assert mask_values(pd.Series([13812345678]), kind="phone").tolist() == ["138****5678"]


def test_an_unknown_kind_is_refused_even_of_an_empty_column() -> None:
    with pytest.raises(ParameterError, match="kind must be one of 'phone'"):
        mask_values(pd.Series([], dtype=object), kind="fax")


@given(st.text(min_size=1, max_size=30).filter(str.strip), st.sampled_from(MASK_KINDS))
def test_the_whole_value_is_never_shown(text: str, kind: str) -> None:
    masked = mask_text(text, kind=kind)
    assert masked != text.strip() or "*" in text
    assert "*" in masked


@given(st.text("0123456789", min_size=9, max_size=18))
def test_at_most_seven_digits_of_a_number_are_shown(digits: str) -> None:
    assert sum(c.isdigit() for c in mask_text(digits, kind="phone")) == 7
    assert sum(c.isdigit() for c in mask_text(digits, kind="identity_no")) == 2
