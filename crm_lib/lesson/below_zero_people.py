"""Who the unprofitable customers are talked to by, and whether the rules treat groups of people alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

ATTRIBUTES = ("gender", "age_band")
LEAST_OF_GROUP = 10
_BANDS = [0, 30, 45, 60, 200]


def _belongs(name: str, orders: str) -> bool:
    """Tell whether a sample is of the same company as the orders; a file is taken to be."""
    from crm_lib import sample
    from crm_lib.sample.files import GROUPS, JOURNEY_NAMES

    samples = {*(s.name for s in sample.list_samples()), *GROUPS, *JOURNEY_NAMES}
    return name not in samples or (orders in samples and orders.split("_")[0] == name.split("_")[0])


def read_talks(contacts: str, orders: str, rows: pd.DataFrame) -> tuple[pd.DataFrame | None, str]:
    """Read the contacts that belong to the orders.

    Parameters
    ----------
    contacts, orders
        A sample, a file, or empty text for the contacts.
    rows
        The cleaned order lines.

    Returns
    -------
    tuple of DataFrame or None, and str
        customer_id, occurred_at, minutes, medium where known; and ``used``, ``none``, ``other`` (another
        company's), ``strangers`` (no customer of theirs has an order), ``counted`` (no minutes: each counts 1).
    """
    from crm_lib.identify import clean_table
    from crm_lib.lesson.run import show_source
    from crm_lib.lesson.sources import read_source

    if not contacts.strip():
        return None, "none"
    if not _belongs(contacts, orders):
        return None, "other"
    raw = read_source(contacts, "contacts")
    show_source(raw)
    talks = clean_table(raw, "contacts").rows
    if not talks["customer_id"].isin(rows["customer_id"]).any():
        return None, "strangers"
    kind = "used"
    if "minutes" not in talks.columns or talks["minutes"].isna().all():
        talks, kind = talks.assign(minutes=1.0), "counted"
    kept = [c for c in ("customer_id", "occurred_at", "minutes", "medium") if c in talks.columns]
    return talks[kept].assign(minutes=talks["minutes"].fillna(0.0)), kind


def read_people(customers: str, orders: str, rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Read sex and age of the customers, to check fairness and for nothing else.

    Parameters
    ----------
    customers, orders
        A sample, a file, or empty text for the registers.
    rows
        The cleaned order lines.

    Returns
    -------
    tuple of DataFrame and str
        customer_id, gender, age_band (missing where not known), only these; and ``used``, ``none``, ``other``,
        ``strangers``.
    """
    import pandas as pd

    from crm_lib.identify import clean_table
    from crm_lib.lesson.sources import read_source

    empty = pd.DataFrame({c: pd.Series(dtype="str") for c in ("customer_id", *ATTRIBUTES)})
    if not customers.strip():
        return empty, "none"
    if not _belongs(customers, orders):
        return empty, "other"
    raw = read_source(customers, "customers")
    _remember(raw)
    found = clean_table(raw, "customers").rows
    blank = pd.Series(None, index=found.index, dtype="object")
    own = found.get("customer_id", blank).astype(object)
    own = own.where(own.notna(), found.get("record_id", blank)).astype(str)
    people = pd.DataFrame({
        "customer_id": own,
        "gender": found.get("gender", blank).astype(object),
        "age_band": found.get("age_band", blank).astype(object),
    })
    if "birth_date" in found.columns:
        born = pd.to_datetime(found["birth_date"], errors="coerce")
        people["age_band"] = _name_bands((rows["ordered_at"].max() - born).dt.days / 365.25)
    people = people[people["customer_id"].isin(rows["customer_id"].astype(str))]
    people = people.drop_duplicates("customer_id").sort_values("customer_id", ignore_index=True)
    return (people, "used") if len(people) else (empty, "strangers")


def _remember(raw: pd.DataFrame) -> None:
    """Keep the files' fingerprints; unlike `show_source`, show nothing of a register on the page."""
    from crm_lib.lesson.exports import remember_source

    files = raw.attrs.get("source", {}).get("files", ())
    prints = [f["sha256"][:12] for f in files if f.get("sha256")]
    remember_source({"files": [f["name"] for f in files], "sha256": prints, "n_lines": len(raw)})


def _name_bands(years: pd.Series) -> pd.Series:
    import pandas as pd

    names = [say("below_zero.age_first", below=_BANDS[1])]
    names += [say("below_zero.age_band", low=a, high=b - 1) for a, b in zip(_BANDS[1:-2], _BANDS[2:-1])]  # noqa: B905
    names.append(say("below_zero.age_last", least=_BANDS[-2]))
    return pd.cut(years, _BANDS, right=False, labels=names).astype(object)


def try_unfair_rule(people: pd.DataFrame, rules: pd.DataFrame, *, column: str) -> str:
    """Try to add a rule by a column about the person, and return in words what the library says to it.

    Parameters
    ----------
    people
        What `foresee` returned.
    rules
        What `make_rules` returned.
    column
        The column the rule would use.

    Returns
    -------
    str
        That the rule was refused and why, or that it was let pass.
    """
    import pandas as pd

    from crm_lib.catalogue import column_title
    from crm_lib.differentiate import choose_treatments, find_protected

    more = pd.DataFrame({
        "rule": ["person"], "column": [column], "least": [None], "most": [30.0],
        "treatment": ["end"], "reason": [""],
    })  # fmt: skip
    tried = pd.concat([more, rules.astype({"least": object, "most": object})], ignore_index=True)
    shown = {"column": column, "title": column_title(column)}
    try:
        choose_treatments(people.assign(**{column: 0.0}), tried)
    except ParameterError:
        words = "、".join(
            sorted({say(f"below_zero.protected_{_plain(w)}") for w in find_protected([column]).values()})
        )
        return say("below_zero.refused", attribute=words, **shown)
    return say("below_zero.let_pass", **shown)


def _plain(word: str) -> str:
    return word.replace(" ", "_")


def share_by_group(chosen: pd.DataFrame, trade_people: pd.DataFrame) -> pd.DataFrame:
    """Measure which part of each group of people is treated at all.

    Parameters
    ----------
    chosen
        What `choose_plan` returned.
    trade_people
        customer_id, gender, age_band, as `read_people` returned them.

    Returns
    -------
    DataFrame
        One row per attribute and group of at least 10 customers: attribute, group, n_customers, n_handled,
        handled_share with its interval (low_share, high_share).
    """
    import pandas as pd

    from crm_lib.catalogue import column_title
    from crm_lib.stats import interval_of_share

    both = chosen.merge(trade_people, on="customer_id", how="inner")
    both["handled"] = both["treatment"] != "leave_alone"
    rows = []
    for name in ATTRIBUTES:
        for group, part in both.groupby(both[name].astype(object)):
            if len(part) >= LEAST_OF_GROUP:
                n = int(part["handled"].sum())
                rows.append((column_title(name), str(group), len(part), n, *interval_of_share(n, len(part))))
    columns = ["attribute", "group", "n_customers", "n_handled", "handled_share", "low_share", "high_share"]
    return pd.DataFrame(rows, columns=columns)


def look_for_proxies(people: pd.DataFrame, trade_people: pd.DataFrame, rules: pd.DataFrame) -> pd.DataFrame:
    """Measure how far the columns of the rules go with sex and age.

    Parameters
    ----------
    people
        What `foresee` returned.
    trade_people
        As `read_people` returned it.
    rules
        What `make_rules` returned.

    Returns
    -------
    DataFrame
        What `measure_proxies` returns; empty when nobody's sex or age is known.
    """
    import warnings

    import pandas as pd

    from crm_lib.differentiate import ProxyWarning, measure_proxies

    both = people.merge(trade_people, on="customer_id", how="inner")
    held = [a for a in ATTRIBUTES if both[a].notna().sum() >= LEAST_OF_GROUP]
    used = [c for c in dict.fromkeys(rules["column"]) if both[c].nunique() > 1]
    columns = ["used", "protected", "n", "strength", "p_value", "proxy"]
    if not held or not used:
        return pd.DataFrame({c: [] for c in columns})
    with warnings.catch_warnings():
        # the lesson says it in its own sentence
        warnings.simplefilter("ignore", ProxyWarning)
        return measure_proxies(both, used=used, protected=held)[columns]


def name_proxies(proxies: pd.DataFrame) -> pd.DataFrame:
    """Return what `look_for_proxies` found in words.

    Parameters
    ----------
    proxies
        What `look_for_proxies` returned.
    """
    from crm_lib.catalogue import column_title

    words = {c: [column_title(str(v)) for v in proxies[c]] for c in ("used", "protected")}
    return proxies.assign(
        **words, proxy=[say(f"below_zero.{'yes' if p else 'no'}") for p in proxies["proxy"]]
    )
