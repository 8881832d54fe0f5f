"""What paper forms are made of: words, masked values, sums of transactions."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice

if TYPE_CHECKING:
    import pandas as pd

PRIVATE = ("name", "phone", "email", "address", "identity_no")


@cache
def load_form_words() -> dict[str, Any]:
    """Return ``forms.toml``: kinds, groups of a card, titles, words."""
    return tomllib.loads((resources.files("crm_lib.store") / "forms.toml").read_text("utf-8"))


def mask_private(customers: pd.DataFrame, *, reveal: Collection[str] = ()) -> pd.DataFrame:
    """Return the customers with private columns masked, those in `reveal` excepted.

    Parameters
    ----------
    customers : DataFrame
        One row per customer.
    reveal : collection of str
        Of name, phone, email, address, identity_no, those to show in full.

    Returns
    -------
    DataFrame
        The same rows; what is masked already (it holds ``*``) stays as it is.

    Raises
    ------
    ParameterError
        `reveal` names another column.
    """
    import pandas as pd

    from crm_lib.protect.masking import mask_values

    for name in reveal:
        require_choice("mask_private", "reveal", name, PRIVATE)
    out = customers.copy()
    for column in PRIVATE:
        if column in out and column not in reveal:
            values = out[column].astype(object)
            hidden = mask_values(values, kind=column)
            out[column] = pd.Series(
                [v if isinstance(v, str) and "*" in v else h for v, h in zip(values, hidden, strict=True)],
                index=values.index,
                dtype=object,
            )
    return out


def sum_transactions(transactions: pd.DataFrame | None) -> pd.DataFrame:
    """Sum the order lines of each customer.

    Parameters
    ----------
    transactions : DataFrame or None
        Order lines.

    Returns
    -------
    DataFrame
        Index ``customer_no``: ``n_orders`` (orders with a line of at least 0), ``revenue`` (yuan, summed as
        integers), ``first_on``, ``last_on``; no rows without transactions.
    """
    import pandas as pd

    if transactions is None or transactions.empty:
        index = pd.Index([], dtype=object, name="customer_no")
        return pd.DataFrame(index=index) if transactions is None else pd.DataFrame(
            {"n_orders": [], "revenue": [], "first_on": [], "last_on": []}, index=index
        )  # fmt: skip
    lines = transactions.assign(
        units=(transactions["amount"].astype("float64") * 10_000 + 0.5).floordiv(1).astype("int64"),
        day=pd.to_datetime(transactions["ordered_at"]).dt.normalize(),
    )
    by = lines.groupby("customer_no")
    out = pd.DataFrame({"n_orders": lines[lines["units"] >= 0].groupby("customer_no")["order_id"].nunique()})
    out = out.reindex(sorted(by.groups)).fillna(0).astype("int64").rename_axis("customer_no")
    out["revenue"] = by["units"].sum() / 10_000
    out["first_on"], out["last_on"] = by["day"].min(), by["day"].max()
    return out
