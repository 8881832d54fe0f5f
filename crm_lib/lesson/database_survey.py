"""实训7 in the lesson: read the answers of firms, show the two halves, say what goes with what and what it returns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from crm_lib.catalogue import say

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.store import KeepingEffect, PaybackRange


def read_archive_answers(name: str) -> pd.DataFrame:
    """Read the answers of firms to the questionnaire on customer files.

    Parameters
    ----------
    name
        A sample or a file.

    Returns
    -------
    DataFrame
        One row per firm.
    """
    from crm_lib.errors import ParameterError
    from crm_lib.identify import clean_table
    from crm_lib.lesson.exports import remember_source
    from crm_lib.lesson.run import require_data
    from crm_lib.lesson.sources import read_source

    if not name:
        raise ParameterError(say("database.no_survey"))
    raw = read_source(name, "archives")
    source = raw.attrs["source"]["files"]
    prints = [f["sha256"][:12] for f in source]
    remember_source({"files": [f["name"] for f in source], "sha256": prints, "n_lines": len(raw)})
    cleaned = clean_table(raw, "archives")
    require_data(cleaned, what=say("database.answers"))
    return cleaned.rows


def show_halves(scores: pd.DataFrame) -> pd.DataFrame:
    """Show the firms that keep files better and the others side by side; return what is shown, in codes.

    Parameters
    ----------
    scores
        What `score_archives` returned.
    """
    from crm_lib.lesson.database_tables import show_rows
    from crm_lib.store import compare_archive_halves

    halves = compare_archive_halves(scores)
    show_rows(halves.assign(half=[say(f"database.half_{h}") for h in halves["half"]]), "halves")
    return halves


def describe_halves(scores: pd.DataFrame, halves: pd.DataFrame) -> str:
    """Say how firms keep their files, and how the better half does.

    Parameters
    ----------
    scores
        What `score_archives` returned.
    halves
        What `compare_archive_halves` returned.
    """
    known = scores.dropna(subset=["keeping_score"])
    rows = halves.set_index("half")
    if not len(known) or not rows["n_firms"].all():
        return say("database.halves_none", n=len(scores))
    text = say(
        "database.halves", n=len(scores), known=len(known), mean=f"{known['keeping_score'].mean():.0f}"
    )
    better, worse = rows.loc["better"], rows.loc["worse"]
    gap = better["mean_outcome"] - worse["mean_outcome"]
    values = {"better": f"{better['mean_outcome']:.1f}", "worse": f"{worse['mean_outcome']:.1f}"}
    key = "more" if gap > 0 else "less"
    return text + say(f"database.halves_{key}", gap=f"{abs(gap):.1f}", **values)


def describe_effect(effect: KeepingEffect) -> str:
    """Say whether the outcome goes with the score among like firms, and that it is no proof of a cause.

    Parameters
    ----------
    effect
        What `measure_keeping_effect` returned.
    """
    name = say(f"database.outcome_{effect.outcome}")
    if effect.verdict == "too_few":
        return say("database.effect_few", name=name, n=effect.n)
    values = {"low": f"{effect.low:.2f}", "high": f"{effect.high:.2f}", "p": f"{effect.p_value:.3f}"}
    text = say("database.effect", name=name, n=effect.n, slope=f"{effect.slope:+.2f}", **values)
    text += say("database.effect_crude", crude=f"{effect.crude:+.2f}")
    return text + say(f"database.effect_{effect.verdict}")


def describe_payback(found: PaybackRange, flow: pd.DataFrame) -> str:
    """Say when a small firm has its outlay back, how far that may be off, and on what it hangs.

    Parameters
    ----------
    found
        What `vary_payback` returned.
    flow
        What `project_cash` returned.
    """
    months, end = int(flow["month"].max()), float(flow["present_balance"].iloc[-1])
    key = "payback_never" if math.isinf(found.month) else "payback"
    text = say(f"database.{key}", month=f"{found.month:.0f}", months=months)
    text += say("database.payback_worth", months=months, end=f"{end:,.0f}")
    ends = [say("database.no_payback") if math.isinf(v) else say("database.month", n=f"{v:.0f}") for v in
            (found.low, found.high)]  # fmt: skip
    text += say(
        "database.payback_range", low=ends[0], high=ends[1], never=f"{found.never_share:.0%}", months=months
    )
    return text + say("database.payback_hangs", title=found.by_assumption.iloc[0]["title"])
