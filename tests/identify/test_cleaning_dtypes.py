"""The same table in whatever types a reader or a database hands over gives the same rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from crm_lib.identify import clean_table

TEXT = pd.DataFrame({
    "customer_id": ["13085", "13086", None],
    "ordered_at": ["2023-01-05", "2023-01-06", "2023-01-07"],
    "quantity": ["1", "2", "3"],
    "amount": ["10", "20.5", "30"],
    "returned": ["0", "0", "0"],
    "channel": ["web", "store", "web"],
})
DAYS = [dt.date(2023, 1, d) for d in (5, 6, 7)]
CASES = {
    "python texts": TEXT.astype(object),
    "string": TEXT.astype("string"),
    "arrow text": TEXT.astype(pd.ArrowDtype(pa.string())),
    "categories": TEXT.astype("category"),
    "float ids": TEXT.assign(customer_id=[13085.0, 13086.0, None]),
    "float32 ids": TEXT.assign(customer_id=pd.Series([13085, 13086, None], dtype="float32")),
    "nullable ids": TEXT.assign(customer_id=pd.array([13085, 13086, None], dtype="Int64")),
    "numbers": TEXT.assign(quantity=[1, 2, 3], amount=[10.0, 20.5, 30.0], returned=[False] * 3),
    "nullable numbers": TEXT.assign(
        quantity=pd.array([1, 2, 3], dtype="Int64"), amount=pd.array([10, 20.5, 30], dtype="Float64")
    ),
    "decimals": TEXT.assign(amount=[Decimal("10"), Decimal("20.5"), Decimal("30")]),
    "nullable flags": TEXT.assign(returned=pd.array([False] * 3, dtype="boolean")),
    "days": TEXT.assign(ordered_at=pd.Series(DAYS, dtype=object)),
    "time stamps": TEXT.assign(ordered_at=pd.to_datetime(DAYS).astype("datetime64[ns]")),
    "time stamps as objects": TEXT.assign(
        ordered_at=pd.Series([pd.Timestamp(d) for d in DAYS], dtype=object)
    ),
    "serials": TEXT.assign(ordered_at=[44931.0, 44932.0, 44933.0]),
    "compact numbers": TEXT.assign(ordered_at=[20230105, 20230106, 20230107]),
    "arrow days": TEXT.assign(ordered_at=pd.array(DAYS, dtype=pd.ArrowDtype(pa.date32()))),
}


@pytest.mark.parametrize("case", CASES)
def test_types_of_the_source_do_not_show(case):
    found, expected = clean_table(CASES[case], "orders"), clean_table(TEXT, "orders")
    pd.testing.assert_frame_equal(found.rows, expected.rows)
    assert found.quarantine[["source_row", "reason"]].values.tolist() == [[3, "missing_customer_id"]]


def test_result_types_are_fixed():
    kinds = clean_table(TEXT, "orders").rows.dtypes.astype(str).to_dict()
    text = str(pd.Series(["a"]).dtype)
    assert kinds == {
        "customer_id": text,
        "ordered_at": "datetime64[us]",
        "channel": text,
        "quantity": "float64",
        "amount": "float64",
        "returned": "bool",
        "source_row": "int64",
        "is_return": "bool",
        "is_zero_amount": "bool",
        "is_suspected_duplicate": "bool",
        "is_near_duplicate": "bool",
    }
