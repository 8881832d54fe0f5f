"""Computed sentences on which attributes tell something, and what is to be collected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.demography import list_decisions
from crm_lib.lesson.demography_words import name_column
from crm_lib.lesson.portrait_tables import title_field

if TYPE_CHECKING:
    import pandas as pd


def describe_ranking(ranked: pd.DataFrame | None, behaviour: pd.DataFrame, kind: str) -> str:
    """Return sentences on which attributes tell about which behaviour beyond chance.

    Parameters
    ----------
    ranked : DataFrame or None
        What `rank_attributes` returned; None where nothing could be compared.
    behaviour : DataFrame
        What `gather_behaviour` returned.
    kind : str
        Whether orders are used, as `read_lines` says.
    """
    if ranked is None:
        return say(f"demography.no_orders_{kind}")
    tested = ranked[ranked["verdict"] != "too_few"]
    beyond = tested[tested["verdict"].isin(["useful", "weak"])]
    text = say("demography.tested", people=f"{len(behaviour):,}", n=len(tested), k=len(beyond))
    for row in beyond.head(4).itertuples():
        text += say(
            "demography.beyond", attribute=name_column(row.attribute), outcome=name_column(row.outcome),
            bits=f"{row.mutual_bits:.3f}", chance=f"{row.chance_bits:.3f}", effect=f"{row.effect:.2f}",
        )  # fmt: skip
    few = ranked.loc[ranked["verdict"] == "too_few", "attribute"].unique()
    text += say("demography.nothing_beyond") if not len(beyond) else say("demography.not_proof")
    text += say("demography.too_few", names="、".join(name_column(a) for a in few)) if len(few) else ""
    unknown = behaviour.attrs.get("n_unknown", 0)
    return text + (say("demography.unknown", n=f"{unknown:,}") if unknown else "")


def describe_decisions(decided: pd.DataFrame) -> str:
    """Return one line per decision with the fields it concerns.

    Parameters
    ----------
    decided : DataFrame
        What `decide_collection` returned.
    """
    lines = []
    for decision in ("collect", "coarser", "only_if_needed", "optional", "stop", "wait", "ask"):
        names = list_decisions(decided, [decision])
        if names:
            lines.append(say(f"demography.decided_{decision}", names=names))
    return "\n".join(lines)


def word_decisions(decided: pd.DataFrame) -> pd.DataFrame:
    """Return the decisions as a table in Chinese.

    Parameters
    ----------
    decided : DataFrame
        What `decide_collection` returned.

    Returns
    -------
    DataFrame
        One row per field: ``field``, ``sensitivity``, ``verdict``, ``decision``, ``coarser``, ``articles``.
    """
    out = decided.assign(field=[title_field(a) for a in decided["attribute"]])
    out["sensitivity"] = [say(f"demography.level_{v}") for v in decided["sensitivity"]]
    out["verdict"] = [say(f"demography.verdict_{v}") for v in decided["verdict"]]
    coarser = [title_field(c) if c else "" for c in decided["coarser"]]
    out["decision"] = [say(f"demography.decision_{v}") for v in decided["decision"]]
    return out.assign(coarser=coarser)[["field", "sensitivity", "verdict", "decision", "coarser", "articles"]]
