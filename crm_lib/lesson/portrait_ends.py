"""The last sentences of the portrait lesson: whose portrait it is, and what portraits are good for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.portrait_tables import title_field

if TYPE_CHECKING:
    import pandas as pd

_MOST = 3


def describe_card(
    card: pd.DataFrame, clusters: pd.DataFrame, customer_id: str, *, chosen: bool, show: list[str]
) -> str:
    """Return sentences on whose portrait is shown, and what it leaves out.

    Parameters
    ----------
    card
        What `portrait_customer` returned.
    clusters
        One row per customer: ``customer_id``, ``cluster``.
    customer_id
        Whose portrait.
    chosen
        Whether the customer was named by the reader.
    show
        Private fields that were asked for.
    """
    cluster = int(clusters.set_index("customer_id")["cluster"][customer_id])
    text = say(
        "portrait.card_chosen" if chosen else "portrait.card_typical", customer=customer_id, cluster=cluster
    )
    labels = card.loc[card["part"] == "label", "title"].tolist()
    text += (
        say("portrait.card_labels", n=len(labels), names="、".join(labels[:_MOST]))
        if labels
        else say("portrait.card_bare")
    )
    hidden = [title_field(f) for f in card.attrs["hidden"]]
    if show:
        text += say("portrait.card_shown", fields="、".join(title_field(f) for f in show))
    if hidden:
        return text + say("portrait.card_hidden", n=len(hidden), fields="、".join(hidden))
    return text + say("portrait.card_nothing")


def describe_uses(uses: pd.DataFrame, *, structure: bool | None) -> str:
    """Return how many of the five uses these data give, and how far the clusters carry them.

    Parameters
    ----------
    uses
        What `plan_uses` returned.
    structure
        Whether the sweep found groups.
    """
    missing = uses.attrs["missing"]
    text = say("portrait.uses", n=len(uses), m=len(uses) - len(missing))
    text += say("portrait.uses_missing", names="、".join(missing)) if missing else ""
    if len(missing) == len(uses):
        return text
    last = uses.iloc[-1]
    text += say("portrait.uses_last", purpose=last["purpose"], use=last["use"])
    return text + say("portrait.uses_apart" if structure else "portrait.uses_cut")
