"""How customers of the classes moved from one period to the next, and how many of those who came stayed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import say
from crm_lib.lesson.business import FEW_CUSTOMERS
from crm_lib.lesson.display import show_figure

if TYPE_CHECKING:
    import pandas as pd

CLASSES = ("A", "B", "C")
SURE = 0.05
_LONG_DAYS = 540


def measure_moves(
    rows: pd.DataFrame,
    *,
    as_of: str,
    by: str,
    cuts: tuple[float, float],
    contacts: pd.DataFrame | None,
    cost_per_order: float,
    weeks: int = 52,
) -> pd.DataFrame:
    """Count the customers by their class in the last period and in the one before.

    Parameters
    ----------
    rows : DataFrame
        Cleaned order lines.
    as_of : str
        Last day of the last period.
    by : str
        What the classes are made by; each period is classed by what was sold and served in it.
    cuts : tuple of float
        Where class A and class B end.
    contacts : DataFrame, optional
        One row per contact: customer_id, occurred_at, cost.
    cost_per_order : float
        Cost of handling one order.
    weeks : int
        Length of a period; at most half of the time there is.

    Returns
    -------
    DataFrame
        What `measure_migration` returns for A, B, C and the class 未购买 (a customer from before who bought nothing in
        the period); from_class "new" are those whose first purchase is in the last period.  Nobody can be lost: who
        stays away is 未购买.  ``attrs``: weeks, start, middle, n_unknown (in a period without a known value).
    """
    import pandas as pd

    from crm_lib.differentiate import measure_migration

    day = pd.Timestamp(as_of)
    span = (day - rows["ordered_at"].min().normalize()).days // 7
    weeks = max(min(int(weeks), span // 2), 1)
    middle = day - pd.Timedelta(weeks=weeks)
    start = middle - pd.Timedelta(weeks=weeks)
    given = {"by": by, "cuts": cuts, "contacts": contacts, "cost_per_order": cost_per_order}
    before, n_before = _class_period(rows, start, middle, **given)
    after, n_after = _class_period(rows, middle, day, **given)
    gone = say("value_moves.none")
    first = _add_absent(before, rows, middle, gone)
    moves = measure_migration(first, _add_absent(after, rows, day, gone), classes=[*CLASSES, gone])
    moves = moves[moves["to_class"] != "lost"].reset_index(drop=True)
    moves.attrs = {"weeks": weeks, "start": start.date().isoformat(), "middle": middle.date().isoformat()}
    moves.attrs |= {"day": as_of, "n_unknown": n_before + n_after}
    return moves


def _class_period(
    rows: pd.DataFrame,
    start: pd.Timestamp,
    end: pd.Timestamp,
    *,
    by: str,
    cuts: tuple[float, float],
    contacts: pd.DataFrame | None,
    cost_per_order: float,
) -> tuple[pd.DataFrame, int]:
    """Return the classes of those who bought after the day `start` until the day `end`, and how many are unknown."""
    import pandas as pd

    from crm_lib.differentiate import classify_abc
    from crm_lib.lesson.value import summarize_value

    one = pd.Timedelta(days=1)
    mine = rows[(rows["ordered_at"] >= start + one) & (rows["ordered_at"] < end + one)]
    if not len(mine):
        return pd.DataFrame({"customer_id": pd.Series(dtype="str"), "abc_class": pd.Series(dtype="str")}), 0
    talks = contacts
    if talks is not None:
        talks = talks[(talks["occurred_at"] >= start + one) & (talks["occurred_at"] < end + one)]
    profit = summarize_value(
        mine, as_of=end.date().isoformat(), contacts=talks, cost_per_order=cost_per_order
    )
    bought = profit[profit["n_orders"] > 0]
    known = bought.dropna(subset=[by])
    classes = classify_abc(known, by=by, cuts=cuts)[["customer_id", "abc_class"]]
    classes.attrs = {}
    return classes.astype({"customer_id": "str", "abc_class": "str"}), len(bought) - len(known)


def _add_absent(classes: pd.DataFrame, rows: pd.DataFrame, end: pd.Timestamp, gone: str) -> pd.DataFrame:
    """Return the classes with those who bought at some time until `end`, but not in the period."""
    import pandas as pd

    from crm_lib.engine import list_days

    if rows["ordered_at"].min() >= end + pd.Timedelta(days=1):
        return classes
    days = list_days(rows, as_of=end.date(), where="measure_moves").to_pandas()
    known = set(classes["customer_id"])
    rest = sorted({str(c) for c in days["customer_id"]} - known)
    more = pd.DataFrame({"customer_id": rest, "abc_class": gone}).astype("str")
    return pd.concat([classes, more], ignore_index=True)


def describe_moves(moves: pd.DataFrame) -> str:
    """Return sentences on who rose, who fell, and whether that has a direction.

    Parameters
    ----------
    moves : DataFrame
        What `measure_moves` returned.

    Returns
    -------
    str
        Sentences that hold also when nobody was there before.
    """
    gone, about = say("value_moves.none"), moves.attrs
    text = say("value_moves.periods", **{k: about[k] for k in ("weeks", "start", "middle", "day")})
    old = moves[moves["from_class"] != "new"]
    new = moves[moves["from_class"] == "new"].set_index("to_class")["n_customers"]
    if not old["n_customers"].sum():
        return text + say("value_moves.no_before", new=f"{int(new.sum()):,}")
    best = old[old["from_class"] == "A"].set_index("to_class")["n_customers"]
    if best.sum():
        stay, n = int(best["A"]), int(best.sum())
        text += say(
            "value_moves.best", n=f"{n:,}", stay=f"{stay:,}", share=f"{stay / n:.1%}",
            down=f"{int(best['B'] + best['C']):,}", gone=f"{int(best[gone]):,}",
        )  # fmt: skip
        text += say("value_moves.best_few", n=n) if n < FEW_CUSTOMERS else ""
    else:
        text += say("value_moves.no_best")
    into = moves[(moves["to_class"] == "A") & (moves["from_class"] != "A")].set_index("from_class")
    risen = int(into["n_customers"].drop("new").sum())
    text += say("value_moves.risen", n=f"{risen:,}", new=f"{int(new['A']):,}")
    return text + "\n" + _say_direction(old, moves) + _say_unknown(about["n_unknown"])


def _say_direction(old: pd.DataFrame, moves: pd.DataFrame) -> str:
    """Return sentences on the direction of all moves, and of those between A, B and C alone."""
    from crm_lib.differentiate import measure_change

    here = [*CLASSES, "new"]
    bought = moves[moves["from_class"].isin(here) & moves["to_class"].isin(CLASSES)]
    text = _say_counts(old, measure_change(moves), "counts")
    inner = old[old["from_class"].isin(CLASSES) & old["to_class"].isin(CLASSES)]
    return text + (_say_counts(inner, measure_change(bought), "bought") if inner["n_customers"].sum() else "")


def _say_counts(old: pd.DataFrame, change: pd.DataFrame, key: str) -> str:
    place = {c: k for k, c in enumerate([*CLASSES, say("value_moves.none")])}
    step = old["to_class"].map(place) - old["from_class"].map(place)
    up, down = (int(old.loc[sign, "n_customers"].sum()) for sign in (step < 0, step > 0))
    if not up + down:
        return say(f"value_moves.{key}_nobody")
    p_value = float(change.set_index("test").loc["symmetry", "p_value"])
    p = say("value_moves.tiny") if p_value < 0.001 else f" {p_value:.3f}"
    kind = "unclear" if p_value >= SURE else "down" if down > up else "up" if up > down else "even"
    return say(f"value_moves.{key}", up=f"{up:,}", down=f"{down:,}", p=p) + say(f"value_moves.{key}_{kind}")


def _say_unknown(n: int) -> str:
    return say("value_moves.unknown", n=f"{n:,}") if n else ""


def follow_cohorts(rows: pd.DataFrame, *, as_of: str) -> pd.DataFrame:
    """Follow the customers by the time of their first purchase, by quarter, or by month when the time is short.

    Parameters
    ----------
    rows : DataFrame
        Cleaned order lines.
    as_of : str
        What was known at the end of this day counts.

    Returns
    -------
    DataFrame
        What `measure_cohorts` returns; quarters from one and a half years on.
    """
    import pandas as pd

    from crm_lib.differentiate import measure_cohorts

    days = (pd.Timestamp(as_of) - rows["ordered_at"].min()).days
    return measure_cohorts(rows, as_of=as_of, unit="Q" if days > _LONG_DAYS + 30 else "M")


def show_cohorts(cohorts: pd.DataFrame) -> None:
    """Show how many of each cohort came again; nothing when nobody has bought.

    Parameters
    ----------
    cohorts : DataFrame
        What `follow_cohorts` returned.
    """
    from crm_lib.plots import plot_cohorts

    if len(cohorts):
        show_figure(plot_cohorts(cohorts), say("value_moves.cap_cohorts"))


def show_moves(moves: pd.DataFrame) -> None:
    """Show who moved from which class to which.

    Parameters
    ----------
    moves : DataFrame
        What `measure_moves` returned.
    """
    from crm_lib.plots import plot_migration

    show_figure(plot_migration(moves), say("value_moves.cap_moves"))


def describe_cohorts(cohorts: pd.DataFrame) -> str:
    """Return sentences on how many came again, soon and later, and on what is not known yet.

    Parameters
    ----------
    cohorts : DataFrame
        What `follow_cohorts` returned.
    """
    unit = say(f"value_moves.unit_{cohorts.attrs.get('unit', 'M')}")
    later = cohorts[(cohorts["period"] > 0) & cohorts["retention_share"].notna()]
    blank = int(((cohorts["period"] > 0) & cohorts["retention_share"].isna()).sum())
    if not len(later):
        return say("value_moves.no_cohort", unit=unit)
    sums = later.groupby("period")[["n_active", "n_customers"]].sum()
    share = sums["n_active"] / sums["n_customers"]
    first, last = share.index[0], share.index[min(len(share), 4) - 1]
    text = say(
        "value_moves.cohort", unit=unit, k=first, share=f"{share[first]:.1%}",
        n=f"{int(sums.loc[first, 'n_customers']):,}",
    )  # fmt: skip
    if last != first:
        text += say("value_moves.cohort_later", unit=unit, k=last, share=f"{share[last]:.1%}")
        rest = "fell" if share[last] < share[first] - 0.01 else "held"
        text += say(f"value_moves.cohort_{rest}")
    zero = int((later["n_active"] == 0).sum())
    text += say("value_moves.cohort_zero", n=f"{zero:,}") if zero else ""
    return text + (say("value_moves.cohort_blank", n=f"{blank:,}") if blank else "")
