"""No protected attribute may decide how a customer is treated, nor a column that stands in for one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from crm_lib._checks import list_words
from crm_lib.differentiate.checks import require_frame
from crm_lib.errors import CrmWarning, ParameterError

if TYPE_CHECKING:
    import pandas as pd


class ProxyWarning(CrmWarning):
    """A column that a rule uses goes with a protected attribute and may stand in for it."""


@cache
def _load() -> tuple[tuple[str, frozenset[str], tuple[str, ...]], ...]:
    text = (resources.files("crm_lib.differentiate") / "protected.toml").read_text("utf-8")
    found = tomllib.loads(text)["attribute"]
    return tuple((a["word"], frozenset(a["columns"]), tuple(a["chinese"])) for a in found)


def find_protected(columns: Sequence[str]) -> dict[str, str]:
    """Find the columns that hold a protected attribute.

    Parameters
    ----------
    columns : sequence of str
        Names of columns, English or Chinese.

    Returns
    -------
    dict of str
        Column → the attribute's word (sex, age, family, health, ethnic group, belief, biometric).

    Notes
    -----
    The list is ours (``protected.toml``): what the law names as sensitive personal information or as ground of
    discrimination.  A name matches as a whole, or with such a name as its first or last words
    (``customer_age``, ``gender_code``): ``language_course`` is caught too, on purpose.

    Examples
    --------
    >>> find_protected(["revenue", "customer_age", "客户性别", "package_size"])
    {'customer_age': 'age', '客户性别': 'sex'}
    """
    found = {}
    for column in columns:
        apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", str(column))  # BirthDate
        plain = re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")
        for word, names, chinese in _load():
            known = any(plain == n or plain.startswith(f"{n}_") or plain.endswith(f"_{n}") for n in names)
            if known or any(part in str(column) for part in chinese):
                found[str(column)] = word
                break
    return found


def refuse_protected(where: str, columns: Sequence[str]) -> None:
    """Raise when a rule would use a protected attribute.

    Parameters
    ----------
    where : str
        Name of the calling function, for the message.
    columns : sequence of str
        What the rule uses.

    Raises
    ------
    ParameterError
        Names every such column and the attribute.
    """
    found = find_protected(columns)
    if found:
        raise ParameterError(
            f"{where}: no rule may use a protected attribute; got "
            f"{list_words(f'{c!r} ({w})' for c, w in found.items())}. Decide by what the customer did: orders, "
            "returns, contacts, payments."
        )


def measure_proxies(
    customers: pd.DataFrame,
    *,
    used: Sequence[str],
    protected: Sequence[str],
    most: float = 0.3,
    random_state: int = 0,
) -> pd.DataFrame:
    """Measure how far the columns of a rule go with protected attributes.

    Parameters
    ----------
    customers : DataFrame
        One row per customer with the columns of `used` and `protected`.
    used : sequence of str
        Columns the rule decides by.
    protected : sequence of str
        Columns held only to check fairness, never to decide.
    most : float
        Strength (0–1) from which a column counts as a proxy.
    random_state : int
        Seed of the permutations.

    Returns
    -------
    DataFrame
        One row per used and protected column, the strongest first: used, protected, n (both known), strength
        (the effect of `crm_lib.stats.measure_association`, 0–1; missing when there are too few to tell),
        p_value, proxy (bool: strength ≥ `most` and p_value ≤ 0.05).

    Warns
    -----
    ProxyWarning
        When a column is a proxy: the rule may treat people by the attribute without naming it.

    Notes
    -----
    Leaving a column out does not make a rule blind to it: a column that goes with it tells it again.
    """
    import warnings

    from crm_lib.stats import measure_association

    require_frame("measure_proxies", customers, (*used, *protected))
    found = measure_association(
        customers, attributes=list(protected), outcomes=list(used), random_state=random_state
    )
    out = found.rename(
        columns={"attribute": "protected", "outcome": "used", "effect": "strength", "n_known": "n"}
    )
    out = out[["used", "protected", "n", "strength", "p_value"]]
    out["proxy"] = (out["strength"] >= most) & (out["p_value"] <= 0.05)
    out = out.sort_values(["strength", "used", "protected"], ascending=[False, True, True])
    out = out.reset_index(drop=True)
    if out["proxy"].any():
        pairs = [f"{r.used} and {r.protected} ({r.strength:.2f})" for r in out[out["proxy"]].itertuples()]
        warnings.warn(
            f"measure_proxies: {list_words(pairs)} go together, so a rule by the first treats people by the second.",
            ProxyWarning,
            stacklevel=2,
        )
    return out
