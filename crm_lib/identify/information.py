"""Customer information (客户信息): a data dictionary over its categories, and which fields to collect."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib._checks import list_words, require_choice, require_columns, require_range
from crm_lib.errors import DataError, ParameterError
from crm_lib.identify.prospects import load_rules

if TYPE_CHECKING:
    import pandas as pd

STAGES = ("潜在", "意向", "成交")
BASES = ("同意", "单独同意", "履行合同", "法定义务", "已公开", "不涉及个人")
SENSITIVITIES = ("一般", "个人", "敏感")
NEVER = "不收集"
_FIELD = [
    *("category", "field", "kind", "structure", "purpose", "source", "basis", "sensitivity", "stage"),
    *("need", "column"),
]
DICTIONARY = ["subject", *_FIELD]


def load_information(source: str | Path | pd.DataFrame | None = None) -> pd.DataFrame:
    """Load the data dictionary of customer information: the shipped one, or one of your own.

    Parameters
    ----------
    source : path to TOML, DataFrame, optional
        A file of the form of ``rules/information.toml``, or a table with the columns below.

    Returns
    -------
    DataFrame
        One row per field: subject (个人, 企业), category, field, kind (描述类, 行为类, 关联类), structure (结构化,
        半结构化, 非结构化), purpose, source, basis (ground in law), sensitivity (一般, 个人, 敏感), stage (from
        which stage of a customer on it is needed), need (own need it depends on, empty when always, 不收集 when
        never), column (``table.column`` of the sample company, may be empty); in the order given.

    Raises
    ------
    ReadError
        The file cannot be read.
    DataError
        A field lacks a purpose or source, has an unknown category, kind, ground, sensitivity, stage or need,
        stands there twice, or is sensitive without separate consent; all faults at once.

    Notes
    -----
    Categories and kinds are the textbook's; the fields and what is said of them are a proposal.  Sensitive
    personal information asks for a specific purpose, strict necessity and separate consent (个人信息保护法,
    articles 28 and 29).

    Examples
    --------
    >>> load_information().groupby("subject", sort=False)["category"].nunique().to_dict()
    {'个人': 8, '企业': 7}
    """
    import pandas as pd

    rules = load_rules("information", None if isinstance(source, pd.DataFrame) else source)
    if isinstance(source, pd.DataFrame):
        rules = load_rules("information")
        require_columns("load_information", list(source.columns), DICTIONARY)
        table = source[DICTIONARY].fillna("").astype(str).reset_index(drop=True)
    else:
        rows = [(part["subject"], *row) for part in rules.get("fields", []) for row in part["rows"]]
        table = pd.DataFrame(rows, columns=DICTIONARY)
    faults = [fault for row in table.to_dict("records") for fault in _find_faults(row, rules)]
    twice = table[table.duplicated(["subject", "field"])]
    faults += [f"field {row.field!r} stands there twice" for row in twice.itertuples()]
    if faults or table.empty:
        raise DataError(
            f"load_information: {list_words(faults or ['there is no field'], most=6)}. "
            "Mend the dictionary; rules/information.toml shows the form."
        )
    return table


def _find_faults(row: Mapping[str, str], rules: Mapping[str, Any]) -> list[str]:
    subjects = {"个人": rules.get("personal", []), "企业": rules.get("enterprise", [])}
    known = {
        "subject": tuple(subjects),
        "category": tuple(subjects.get(row["subject"], ())),
        "kind": tuple(k[0] for k in rules.get("kinds", ())),
        "structure": tuple(s[0] for s in rules.get("structures", ())),
        "basis": BASES,
        "sensitivity": SENSITIVITIES,
        "stage": STAGES,
        "need": ("", NEVER, *rules.get("needs", {})),
    }
    name = row["field"]
    faults = [
        f"field {name!r}: {c} must be one of {list_words(v)}, got {row[c]!r}"
        for c, v in known.items()
        if row[c] not in v
    ]
    if row["need"] != NEVER:
        faults += [f"field {name!r}: {c} is missing" for c in ("purpose", "source") if not row[c].strip()]
    if row["sensitivity"] == "敏感" and row["basis"] != "单独同意":
        faults.append(f"field {name!r}: sensitive, so the basis must be 单独同意, got {row['basis']!r}")
    return faults


def list_kinds(what: str = "kinds") -> pd.DataFrame:
    """Return the three kinds of information, or the three structures.

    Parameters
    ----------
    what : str
        ``kinds`` or ``structures``.

    Returns
    -------
    DataFrame
        kind, content, feature, requirement (the textbook's); or structure, example (ours).

    Raises
    ------
    ParameterError
        `what` is neither.
    """
    import pandas as pd

    columns = {
        "kinds": ["kind", "content", "feature", "requirement"],
        "structures": ["structure", "example"],
    }
    require_choice("list_kinds", "what", what, tuple(columns))
    return pd.DataFrame(load_rules("information")[what], columns=columns[what])


def list_needs() -> dict[str, str]:
    """Return the own needs a field can depend on: name → what it means."""
    return dict(load_rules("information")["needs"])


def decide_information(
    dictionary: pd.DataFrame, *, needs: Collection[str], stage: str, subject: str | None = None
) -> pd.DataFrame:
    """Decide per field whether a firm collects it now (按需收集, 分类管理).

    Parameters
    ----------
    dictionary : DataFrame
        As `load_information` returns it.
    needs : collection of str
        Own needs of the firm, as `list_needs` names them.
    stage : str
        Stage of the customer: 潜在, 意向 or 成交.
    subject : str, optional
        个人 or 企业; both without it.

    Returns
    -------
    DataFrame
        The fields in their order with verdict: ``collect``, ``later`` (needed, but not at this stage yet),
        ``no_need`` (depends on a need the firm does not have), ``never``.

    Raises
    ------
    ParameterError
        A need, the stage or the subject is unknown.

    Notes
    -----
    ``never`` wins over everything; then the need; then the stage.  What one could know, but does not need,
    is not collected: it costs, ages and must be protected.

    Examples
    --------
    >>> table = decide_information(load_information(), needs=[], stage="意向", subject="企业")
    >>> table.set_index("field").loc["是否需要产品检测", "verdict"]
    'no_need'
    """
    import numpy as np

    require_columns("decide_information", list(dictionary.columns), DICTIONARY)
    require_choice("decide_information", "stage", stage, STAGES)
    if isinstance(needs, str):
        raise ParameterError("decide_information: needs must be a list; got one text. Put it in brackets.")
    for need in needs:
        require_choice("decide_information", "needs", need, tuple(list_needs()))
    out = dictionary
    if subject is not None:
        require_choice("decide_information", "subject", subject, ("个人", "企业"))
        out = dictionary[dictionary["subject"] == subject]
    out = out.reset_index(drop=True)
    rank = {name: i for i, name in enumerate(STAGES)}
    late = (out["stage"].map(rank) > rank[stage]).to_numpy()
    idle = (~out["need"].isin(["", *needs])).to_numpy()
    never = (out["need"] == NEVER).to_numpy()
    verdict = np.select([never, idle, late], ["never", "no_need", "later"], "collect")
    return out.assign(verdict=verdict.astype(object)).astype({"verdict": "str"})


def cover_information(dictionary: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Say of each field whether a firm's tables hold it, and how many rows have a value.

    Parameters
    ----------
    dictionary : DataFrame
        As `load_information` returns it.
    tables : mapping of str to DataFrame
        Name of a contract → rows.

    Returns
    -------
    DataFrame
        The dictionary with held (the column is there), n_rows, n_filled and filled_share (missing where it is
        not held).
    """
    rows = []
    for place in dictionary["column"]:
        table, _, column = str(place).partition(".")
        frame = tables.get(table)
        if frame is None or column not in frame.columns:
            rows.append((False, 0, 0, float("nan")))
            continue
        n, filled = len(frame), int(frame[column].notna().sum())
        rows.append((True, n, filled, filled / n if n else float("nan")))
    out = dictionary.copy()
    out["held"], out["n_rows"], out["n_filled"], out["filled_share"] = (
        list(c) for c in zip(*rows, strict=True)
    )
    return out


def weigh_testing(n_customers: int, *, want_share: float, fee: float) -> pd.DataFrame:
    """Work out what it is worth to know whether a customer wants product testing (the fee changes the cost).

    Parameters
    ----------
    n_customers : int
        Customers who get a quotation, at least 0.
    want_share : float
        Part of them who want testing, 0–1.
    fee : float
        What a test costs us, yuan, at least 0.

    Returns
    -------
    DataFrame
        One row per way of quoting: way (``nobody`` pays for a test, ``everybody`` does, ``asked`` each customer
        pays what he uses), unpaid (yuan of tests that nobody pays for), overcharged (yuan asked of customers
        who want none), wrong (their sum).

    Notes
    -----
    Nobody: n · share · fee is unpaid.  Everybody: n · (1 − share) · fee is asked for nothing; whether those
    customers stay is not known.  Asked: both are zero, so the better of the other two is what the
    information saves.

    Examples
    --------
    >>> weigh_testing(100, want_share=0.3, fee=200)["wrong"].tolist()
    [6000.0, 14000.0, 0.0]
    """
    import pandas as pd

    require_range("weigh_testing", "n_customers", n_customers, 0)
    require_range("weigh_testing", "want_share", want_share, 0.0, 1.0)
    require_range("weigh_testing", "fee", fee, 0.0)
    unpaid, over = n_customers * want_share * fee, n_customers * (1.0 - want_share) * fee
    rows = [("nobody", unpaid, 0.0), ("everybody", 0.0, over), ("asked", 0.0, 0.0)]
    out = pd.DataFrame(rows, columns=["way", "unpaid", "overcharged"])
    return out.assign(wrong=(out["unpaid"] + out["overcharged"]).round(2))
