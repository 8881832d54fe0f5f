"""What customer information is worth: the same decision with and without it, in yuan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib._checks import closest_first, parse_day
from crm_lib.errors import ParameterError
from crm_lib.identify.prospects import load_rules

if TYPE_CHECKING:
    import pandas as pd

_NAN = float("nan")
_YEAR = 365


@dataclass(frozen=True)
class _Case:
    """A decision taken twice: n rows it rests on, result in yuan without and with, what was chosen."""

    n: int
    without: float
    known: float
    chosen: str = ""


_NOTHING = _Case(0, _NAN, _NAN)


@dataclass(frozen=True)
class _Firm:
    """The tables of a firm, the day, and what is assumed."""

    tables: Mapping[str, pd.DataFrame]
    day: pd.Timestamp
    given: Mapping[str, float]

    def rows(self, name: str, *columns: str) -> pd.DataFrame | None:
        """Return the rows of a table that have all these columns filled; None when it lacks one."""
        frame = self.tables.get(name)
        if frame is None or not set(columns) <= set(frame.columns):
            return None
        return frame.dropna(subset=list(columns))

    def profits(self, first: int, last: int) -> pd.Series | None:
        """Return gross profit per customer of the orders of days (−first, −last] before the day."""
        import pandas as pd

        lines = self.rows("orders", "customer_id", "ordered_at", "amount", "unit_cost", "quantity")
        if lines is None:
            return None
        age = (self.day.normalize() - lines["ordered_at"].dt.normalize()) / pd.Timedelta(days=1)
        lines = lines[(age >= last) & (age < first)]
        profit = lines["amount"] - lines["unit_cost"] * lines["quantity"]
        return profit.groupby(lines["customer_id"]).sum()

    def margin(self) -> float:
        """Return gross profit over turnover."""
        lines = self.rows("orders", "amount", "unit_cost", "quantity")
        if lines is None or not lines["amount"].sum() > 0:
            return _NAN
        return float(1.0 - (lines["unit_cost"] * lines["quantity"]).sum() / lines["amount"].sum())


def load_assumptions(**own: float) -> dict[str, float]:
    """Load what the worked numbers assume, and put your own in its place.

    Parameters
    ----------
    **own : float
        Name of an assumption → your value, at least 0.

    Returns
    -------
    dict
        Name → value.

    Raises
    ------
    ParameterError
        A name is unknown, or a value no number of at least 0.
    """
    given = {k: float(v) for k, v in load_rules("information_value").items()}
    for name, value in own.items():
        if name not in given:
            raise ParameterError(
                f"load_assumptions: {name!r} must be a known assumption; the closest are "
                f"{', '.join(closest_first(name, given)[:3])}. Choose one of them."
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise ParameterError(f"load_assumptions: {name} must be a number >= 0; got {value!r}. Change it.")
    return {**given, **own}


def value_information(
    tables: Mapping[str, pd.DataFrame],
    *,
    as_of: str | dt.date,
    assumptions: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Work out eight decisions with and without information about customers.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Name of a contract → cleaned rows; of orders, products, wallet, leads, contacts, customers what is
        there.
    as_of : str or date
        What was known at the end of this day.
    assumptions : mapping, optional
        Names and values that take the place of those of `load_assumptions`.

    Returns
    -------
    DataFrame
        One row per decision: use (``decision``, ``grading``, ``communication``, ``satisfaction``), item
        (``strategic``, ``tactical``, ``operational``, ``grading``, ``communication``, ``care``, ``service``,
        ``win_back``), n (rows it rests on), without_yuan, with_yuan, value_yuan (with − without), chosen (what the
        information leads to).  A decision whose tables are lacking has n = 0 and missing figures.
        ``attrs["assumptions"]`` is what was assumed.

    Notes
    -----
    Worth of information = result of the decision with it − result without it.  strategic: the category with most
    unserved spend against the one we sell most of, × attainable × margin.  tactical: a quarter's budget shared
    out like the year before against equally, less what is too many × holding and too few × margin.
    operational: calls to prospects with known need and budget against any; need is often written down after
    the deal, so this one flatters.  grading: next year's gross profit of those who were the top by last year's
    against as many drawn at random, × care_effect.  communication: the cheapest medium each customer has used
    himself against the mean cost of all.  care: greetings that only a known birthday, and consent, allow.
    service: calling back the dissatisfied against as many at random.  win_back: writing only to those whose
    expected profit is above the cost.  None of it is a measured effect: the effects are assumptions.
    """
    import pandas as pd

    day = pd.Timestamp(parse_day("value_information", "as_of", as_of))
    known = {name: _keep_known(name, frame, day) for name, frame in tables.items()}
    given = load_assumptions(**(assumptions or {}))
    firm = _Firm(known, day, given)
    cases = [(use, item, make(firm) or _NOTHING) for use, item, make in _CASES]
    out = pd.DataFrame(
        [(u, i, c.n, c.without, c.known, c.known - c.without, c.chosen) for u, i, c in cases],
        columns=["use", "item", "n", "without_yuan", "with_yuan", "value_yuan", "chosen"],
    )
    out.attrs["assumptions"] = given
    return out


def _keep_known(name: str, frame: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return the rows that were known at the end of the day."""
    import pandas as pd

    column = {"orders": "ordered_at", "leads": "found_on", "contacts": "occurred_at"}.get(name)
    if column not in frame.columns:
        return frame
    return frame[~(frame[column] >= day.normalize() + pd.Timedelta(days=1))]


def _strategic(firm: _Firm) -> _Case | None:
    wallet = firm.rows("wallet", "category", "category_spend", "our_spend")
    if wallet is None or wallet.empty:
        return None
    sums = wallet.groupby("category")[["category_spend", "our_spend"]].sum()
    room = (sums["category_spend"] - sums["our_spend"]).clip(lower=0.0)
    worth = room * firm.given["attainable"] * firm.margin()
    best = room.idxmax()
    return _Case(len(wallet), float(worth[sums["our_spend"].idxmax()]), float(worth[best]), str(best))


def _tactical(firm: _Firm) -> _Case | None:
    lines, goods = (
        firm.rows("orders", "sku", "ordered_at", "amount"),
        firm.rows("products", "sku", "category"),
    )
    if lines is None or goods is None:
        return None
    kinds = goods.drop_duplicates("sku").set_index("sku")["category"]
    bought = lines[lines["amount"] > 0]
    age = (firm.day.normalize() - bought["ordered_at"].dt.normalize()).dt.days
    kind = bought["sku"].map(kinds)
    sold = bought["amount"].groupby([kind, age.floordiv(91)]).sum().unstack(fill_value=0.0)
    before = [q for q in (1, 2, 3, 4) if q in sold.columns]
    if 0 not in sold.columns or not before or not sold[0].sum() > 0:
        return None
    real, past = sold[0], sold[before].sum(axis=1)

    def lose(plan: pd.Series) -> float:
        over, under = (plan - real).clip(lower=0.0).sum(), (real - plan).clip(lower=0.0).sum()
        return float(over * firm.given["holding"] + under * firm.margin())

    equal = real * 0.0 + real.sum() / len(real)
    return _Case(len(bought), -lose(equal), -lose(past / past.sum() * real.sum()), str(past.idxmax()))


def _operational(firm: _Firm) -> _Case | None:
    leads = firm.rows("leads", "intent", "has_need", "has_budget")
    if leads is None or leads.empty or "signed_amount" not in leads.columns:
        return None
    deal = leads["intent"] == "成交"
    known = leads["has_need"].astype(bool) & leads["has_budget"].astype(bool)
    profit = float(leads.loc[deal, "signed_amount"].mean()) * firm.margin() * firm.given["calls"]
    if not known.any() or not deal.any():
        return None
    return _Case(len(leads), float(deal.mean()) * profit, float(deal[known].mean()) * profit)


def _grading(firm: _Firm) -> _Case | None:
    last, now = firm.profits(2 * _YEAR, _YEAR), firm.profits(_YEAR, 0)
    if last is None or now is None or last.empty:
        return None
    # gross profit ties are cut by number, so that the same customers come out in any order of rows
    order = last.sort_index().sort_values(ascending=False, kind="stable")
    n = max(1, int(len(order) * firm.given["top_share"]))
    later = now.reindex(order.index, fill_value=0.0)
    effect = firm.given["care_effect"]
    return _Case(len(order), float(later.mean()) * n * effect, float(later.iloc[:n].sum()) * effect)


def _communication(firm: _Firm) -> _Case | None:
    contacts = firm.rows("contacts", "customer_id", "medium", "cost")
    if contacts is None or contacts.empty:
        return None
    cost = contacts.groupby("medium")["cost"].mean()
    own = contacts["medium"].map(cost).groupby(contacts["customer_id"]).min()
    often = firm.given["contacts_a_year"]
    dear, cheap = float(contacts["cost"].mean()) * len(own) * often, float(own.sum()) * often
    return _Case(len(own), -dear, -cheap, str(cost.idxmin()))


def _care(firm: _Firm) -> _Case | None:
    people = firm.rows("customers", "birth_date", "consent_marketing")
    lines = firm.rows("orders", "order_id", "amount", "unit_cost", "quantity")
    if people is None or lines is None or lines.empty:
        return None
    n = int(people["consent_marketing"].astype(bool).sum())
    profit = (lines["amount"] - lines["unit_cost"] * lines["quantity"]).sum() / lines["order_id"].nunique()
    return _Case(n, 0.0, n * (firm.given["birthday_effect"] * float(profit) - firm.given["greeting_cost"]))


def _service(firm: _Firm) -> _Case | None:
    contacts, year = firm.rows("contacts", "customer_id", "satisfaction"), firm.profits(_YEAR, 0)
    if contacts is None or year is None or contacts.empty or year.empty:
        return None
    low = contacts["satisfaction"].astype(float).groupby(contacts["customer_id"]).min() <= 2
    n, share = int(low.sum()), float(low.mean())
    worth = float(year.mean()) * firm.given["callback_effect"]
    cost = n * firm.given["callback_cost"]
    return _Case(len(low), n * share * worth - cost, n * worth - cost)


def _win_back(firm: _Firm) -> _Case | None:
    lines = firm.rows("orders", "customer_id", "order_id", "ordered_at", "amount", "unit_cost", "quantity")
    if lines is None or lines.empty:
        return None
    last = lines.groupby("customer_id")["ordered_at"].max()
    gone = last.index[(firm.day - last.dt.normalize()).dt.days > firm.given["lapsed_days"]]
    profit = lines["amount"] - lines["unit_cost"] * lines["quantity"]
    one = profit.groupby(lines["customer_id"]).sum() / lines.groupby("customer_id")["order_id"].nunique()
    gain = one.reindex(gone) * firm.given["win_back_effect"] - firm.given["win_back_cost"]
    return _Case(len(gone), float(gain.sum()), float(gain.clip(lower=0.0).sum()), str(int((gain > 0).sum())))


_CASES: tuple[tuple[str, str, Callable[[_Firm], _Case | None]], ...] = (
    ("decision", "strategic", _strategic),
    ("decision", "tactical", _tactical),
    ("decision", "operational", _operational),
    ("grading", "grading", _grading),
    ("communication", "communication", _communication),
    ("satisfaction", "care", _care),
    ("satisfaction", "service", _service),
    ("satisfaction", "win_back", _win_back),
)
