"""The prices of 旭东 alone: fast, in memory, and with an innocent twin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.sample import _prices
from crm_lib.sample._draws import Draws
from crm_lib.sample._laws import Company
from crm_lib.sample.xudong import LARGEST, SMALLEST, STREAM, split_places

if TYPE_CHECKING:
    import pandas as pd


def make_quotes(
    customers: int, *, seed: int, surcharge: float | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Generate the prices that 旭东 asked of its visitors alone, and which of them are planted.

    Parameters
    ----------
    customers : int
        Number of persons, 500 to 10,000,000; there are some three quotes per person.
    seed : int
        Integer >= 0.
    surcharge : float, optional
        Share, 0 to 1, that the web shop asks of known customers beyond the fair price; by
        default the planted one.  0 makes an innocent company.

    Returns
    -------
    tuple of DataFrame
        One row per quote: the table ``price_quotes``, and its truth (``quote_id``,
        ``fair_price``, ``surcharge``).

    Raises
    ------
    ParameterError
        A number is out of range.

    Notes
    -----
    The rows `make_company` writes with the same size and seed, up to 20,000 customers in
    the same order.

    Examples
    --------
    >>> quotes, truth = make_quotes(500, seed=0, surcharge=0.0)
    >>> float(truth["surcharge"].max())
    0.0
    """
    import pyarrow as pa

    require_range("make_quotes", "customers", customers, SMALLEST, LARGEST)
    require_range("make_quotes", "seed", seed, 0)
    require_range("make_quotes", "surcharge", surcharge or 0.0, 0, 1)
    company = Company(customers, Draws(seed, STREAM), surcharge)
    pairs = [_prices.list_quotes(company, places) for places in split_places(customers)]
    quotes, truth = (pa.concat_tables(part).to_pandas() for part in zip(*pairs, strict=True))
    return quotes, truth
