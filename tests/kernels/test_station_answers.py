"""Answers as data: what goes out, what comes back, and what is refused on the way."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_lib.kernels.answers_in import OtherValue, is_form, read_payload, restore_answer
from crm_lib.kernels.answers_out import take_out
from crm_lib.lesson.compare import compare_answers


def pass_through(value: Any) -> Any:
    """Take `value` out, send it as bytes, read it back."""
    data = json.dumps({"form": take_out(value), "output": "", "error": ""}, allow_nan=False).encode()
    payload = read_payload(data)
    assert payload is not None
    return restore_answer(payload["form"])


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (None, {"kind": "null"}),
        (pd.NaT, {"kind": "null"}),
        (pd.NA, {"kind": "null"}),
        (True, {"kind": "flag", "value": True}),
        (np.bool_(False), {"kind": "flag", "value": False}),
        (3, {"kind": "number", "value": "3"}),
        (np.int64(-3), {"kind": "number", "value": "-3"}),
        (0.1, {"kind": "number", "value": "0.1"}),
        (np.float32(0.5), {"kind": "number", "value": "0.5"}),
        (math.nan, {"kind": "number", "value": "nan"}),
        (-math.inf, {"kind": "number", "value": "-inf"}),
        (decimal.Decimal("1.5"), {"kind": "number", "value": "1.5"}),
        ("词", {"kind": "text", "value": "词", "type": "str"}),
        (dt.date(2024, 2, 29), {"kind": "text", "value": "2024-02-29", "type": "date"}),
        (
            pd.Timestamp("2024-02-29"),
            {"kind": "text", "value": "2024-02-29 00:00:00", "type": "Timestamp"},
        ),
        ((1, "a"), {"kind": "list", "items": [take_out(1), take_out("a")]}),
        (np.array([1, 2]), {"kind": "list", "items": [take_out(1), take_out(2)]}),
        (frozenset(["b", "a"]), {"kind": "set", "items": [take_out("a"), take_out("b")]}),
        ({"a": 1}, {"kind": "other", "type": "dict", "why": ""}),
        (print, {"kind": "other", "type": "builtin_function_or_method", "why": ""}),
        (1j, {"kind": "other", "type": "complex", "why": ""}),
    ],
)
def test_each_kind_of_value_has_its_form(value: Any, form: dict[str, Any]) -> None:
    assert take_out(value) == form
    assert is_form(form)


def test_a_frame_keeps_named_row_labels_as_columns_and_leaves_out_the_rest() -> None:
    frame = pd.DataFrame({"m": [1.5, math.nan]}, index=pd.Index(["x", "y"], name="who"))
    form = take_out(frame)
    assert (form["columns"], form["rows"]) == (["who", "m"], [["x", 1.5], ["y", {"number": "nan"}]])
    assert take_out(frame.rename_axis(None))["rows"] == [[1.5], [{"number": "nan"}]]
    assert take_out(frame["m"])["columns"] == ["who", "m"]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [3, 1, 2], "b": ["x", None, "z"], "c": [True, False, True]}),
        pd.DataFrame({"day": pd.to_datetime(["2024-01-01", "2024-01-02"]), "v": [0.1, math.inf]}),
        pd.DataFrame({"a": pd.Categorical(["x", "y"]), "n": pd.array([1, None], dtype="Int64")}),
        pd.DataFrame({"a": []}),
        pd.DataFrame({"g": ["a", "b", "a"], "v": [1, 2, 3]}).groupby("g").sum(),
    ],
)
def test_a_frame_that_went_through_is_judged_like_the_frame(frame: pd.DataFrame) -> None:
    assert compare_answers(pass_through(frame), pass_through(frame.sample(frac=1, random_state=1))).equal
    if len(frame):
        assert not compare_answers(pass_through(frame), pass_through(frame.iloc[1:])).equal


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
        lambda inner: st.lists(inner, max_size=4),
        max_leaves=10,
    )
)
def test_what_is_plain_comes_back_as_it_was(value: Any) -> None:
    back = pass_through(value)
    if "nested too deeply" not in str(take_out(value)):
        assert repr(back) == repr(value).encode("utf-8", "replace").decode("utf-8")


def test_a_chart_is_its_words_and_numbers() -> None:
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2)
    left.bar(["a", "b"], [1, 2], label="n")
    left.set(title="T", xlabel="x", ylabel="y (yuan)")
    left.legend()
    right.plot([1, 2], [3, 4], label="trend")
    right.scatter([5], [6])
    form = pass_through(figure)
    plt.close(figure)
    assert is_form(form)
    assert (form["title"], form["xlabel"], form["ylabel"], form["legend"]) == ("T", "x", "y (yuan)", ["n"])
    assert form["xticks"] == ["a", "b"]
    assert [(s["type"], s.get("height")) for s in form["series"]] == [("bar", ["1.0", "2.0"])]
    (other,) = form["others"]
    assert [(s["type"], s["x"], s["y"]) for s in other["series"]] == [
        ("line", ["1.0", "2.0"], ["3.0", "4.0"]),
        ("points", ["5.0"], ["6.0"]),
    ]


def test_what_is_too_big_is_other() -> None:
    assert take_out(np.zeros(500_000))["why"] == "more than 400,000 values"
    assert take_out("x" * 20_001)["why"] == "a text of more than 20,000 characters"
    assert take_out(10**5000)["kind"] == "other"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"form": null, "output": ""}',
        b'{"form": null, "output": "", "error": "", "points": 5}',
        b'{"form": null, "output": 5, "error": ""}',
        b'{"form": NaN, "output": "", "error": ""}',
        b'\xff{"form": null, "output": "", "error": ""}',
        b'{"form": ' + b'{"kind":"list","items":[' * 2000 + b"]}" * 2000 + b', "output": "", "error": ""}',
        b'{"form": {"kind": "number", "value": "' + b"9" * 5000 + b'"}, "output": "", "error": ""}',
        *(
            f'{{"form": {form}, "output": "", "error": ""}}'.encode()
            for form in (
                '{"kind": "full points"}',
                '{"kind": "number", "value": 5}',
                '{"kind": "number", "value": "five"}',
                '{"kind": "number", "value": "5", "points": "5"}',
                '{"kind": ["list"]}',
                '{"kind": "list", "items": [{"kind": "pickle"}]}',
                '{"kind": "flag", "value": 1}',
                '{"kind": "table", "columns": ["a"], "dtypes": [], "rows": []}',
                '{"kind": "table", "columns": ["a"], "dtypes": ["x"], "rows": [[1, 2]]}',
                '{"kind": "table", "columns": ["a"], "dtypes": ["x"], "rows": [[{"number": []}]]}',
                '{"kind": "table", "columns": ["a"], "dtypes": ["x"], "rows": [[[1]]]}',
                '{"kind": "chart", "title": "T"}',
                '{"kind": "other", "type": "x"}',
            )
        ),
    ],
)
def test_bytes_that_are_not_an_answer_are_refused(data: bytes) -> None:
    assert read_payload(data) is None


def test_what_is_no_answer_stands_for_itself() -> None:
    other = pass_through(print)
    assert isinstance(other, OtherValue)
    assert not compare_answers(other, 5).equal
