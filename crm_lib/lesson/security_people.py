"""Consent, retention and re-identification in the lesson on maintenance and security."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.security_store import Firm
from crm_lib.lesson.security_tables import name_column, show_step

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.protect.anonymity import Anonymity
    from crm_lib.protect.generalization import Generalization

QUASI = ("gender", "province", "birth_decade")
_SENSITIVE = "income_band"
_MOST_LEFT_OUT = 0.05


def measure_list(firm: Firm, k_wanted: int) -> tuple[Anonymity, pd.DataFrame, Generalization | None]:
    """Measure how well a list for outsiders hides its people, and how coarse it must be for `k_wanted`.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    k_wanted
        Least size of a group.

    Returns
    -------
    tuple
        The figures; one row per combination of gender, province and decade of birth with ``n_people``; and
        the least coarse form, None when the list has too few people.
    """
    from crm_lib.errors import ProtectError
    from crm_lib.protect.anonymity import measure_anonymity
    from crm_lib.protect.generalization import make_ladder, suggest_generalization

    people = list_people(firm)
    found = measure_anonymity(people, quasi=QUASI, limit=1 / k_wanted)
    classes = found.classes[[*QUASI, "n_rows"]].rename(columns={"n_rows": "n_people"})
    show_step(_word_decades(classes), say("security.cap_classes"), most=8)
    ladders = {"birth_decade": make_ladder("birth_decade", bands=[20, 40])}
    try:
        coarser = suggest_generalization(
            people, quasi=QUASI, k=k_wanted, ladders=ladders, max_suppressed=_MOST_LEFT_OUT
        )
    except ProtectError:
        return found, classes, None
    shown = coarser.after.classes[[*QUASI, "n_rows"]].rename(columns={"n_rows": "n_people"})
    show_step(_word_decades(shown), say("security.cap_coarser", k=k_wanted), most=8)
    return found, classes, coarser


def _word_decades(classes: pd.DataFrame) -> pd.DataFrame:
    # a year is no quantity: 1,980 would be read as one
    words = [d if isinstance(d, str) else say("security.decade", year=d) for d in classes["birth_decade"]]
    return classes.assign(birth_decade=words)


def list_people(firm: Firm) -> pd.DataFrame:
    """Return the list for outsiders: no number, no name; gender, province, decade of birth, band of income.

    Parameters
    ----------
    firm
        What `build_firm` returned.
    """
    with firm.open() as store:
        rows = store.read("customers")
    decade = rows["birth_date"].dt.year // 10 * 10
    people = rows[["gender", "province", _SENSITIVE]].assign(birth_decade=decade.astype("Int64"))
    people = people.dropna(subset=list(QUASI)).astype({"birth_decade": "int64"})
    order = [*QUASI, _SENSITIVE]
    return people[order].sort_values(order, kind="stable", ignore_index=True)


def describe_anonymity(
    people: Anonymity, classes: pd.DataFrame, coarser: Generalization | None, k_wanted: int
) -> str:
    """Say how many people stand alone, and what has to be coarser for everybody to hide among `k_wanted`.

    Parameters
    ----------
    people, classes, coarser
        What `measure_list` returned.
    k_wanted
        Least size of a group.
    """
    if not people.n_rows:
        return say("security.list_empty")
    alone = int((classes["n_people"] == 1).sum())
    text = say(
        "security.list",
        n=people.n_rows,
        groups=people.n_classes,
        k=people.k,
        alone=alone,
        share=f"{alone / people.n_rows:.1%}",
    )
    if coarser is None:
        return text + say("security.list_few", k=k_wanted)
    steps = coarser.levels
    changed = [name_column(c) for c in steps.loc[steps["level"] > 0, "column"]]
    if not changed:
        text += say("security.list_fine", k=k_wanted)
    else:
        names = "、".join(changed)
        text += say("security.list_coarser", k=k_wanted, names=names, loss=f"{coarser.loss:.0%}")
    left = coarser.n_suppressed
    return text + (say("security.list_left", n=left) if left else "")


def draw_list(people: Anonymity, coarser: Generalization | None, k_wanted: int) -> None:
    """Show how many people stand in groups of which size, before and after.

    Parameters
    ----------
    people, coarser
        What `measure_list` returned.
    k_wanted
        Least size of a group.
    """
    from crm_lib.lesson.display import show_figure
    from crm_lib.plots import plot_anonymity

    if people.n_rows:
        after = None if coarser is None else coarser.after.classes
        ax = plot_anonymity(people.classes, k=k_wanted, after=after)
        show_figure(ax, say("security.fig_list", n=f"{people.n_rows:,}"))
