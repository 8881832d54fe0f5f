"""Score constructs from items, count the answers, and flag questionnaires filled in without care."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.identify.attitude_answers import name_responses, read_items, screen_answers

if TYPE_CHECKING:
    import pandas as pd

LEAST_ITEMS = 3


def code_items(survey: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Turn the reversed items round, so that a high number means much of the construct.

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire; see `screen_answers`.
    items : DataFrame
        One row per item: item, construct, reversed, points.

    Returns
    -------
    DataFrame
        One row per questionnaire, in the order given: response_id (str), one float64 column per item, in
        points of its scale; an answer that is missing or refused is missing.

    Notes
    -----
    Reversed: lowest + highest − answer, on a scale of 1–5 therefore 6 − answer.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"response_id": ["A"], "q01": [5], "q02": [1]})
    >>> two = pd.DataFrame({"item": ["q01", "q02"], "construct": ["满意"] * 2, "reversed": ["否", "是"]})
    >>> code_items(one, two).to_numpy().tolist()
    [['A', 5.0, 5.0]]
    """
    import pandas as pd

    known = read_items(items, survey=survey)
    answers = screen_answers(survey[list(known["item"])], items).answers
    coded = {"response_id": name_responses(survey).to_numpy()}
    for row in known.to_dict("records"):
        values = answers[row["item"]].to_numpy()
        coded[row["item"]] = row["lowest"] + row["highest"] - values if row["reversed"] else values
    return pd.DataFrame(coded)


def code_scales(survey: pd.DataFrame, items: pd.DataFrame, *, least_share: float = 0.5) -> pd.DataFrame:
    """Score each construct of each questionnaire on one scale of 0–100.

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire; see `screen_answers`.
    items : DataFrame
        One row per item: item, construct, reversed, points (5, 7, 10, 11, 100 …).
    least_share : float
        Part of the items of a construct that must be answered for a score, above 0 and at most 1.

    Returns
    -------
    DataFrame
        One row per questionnaire, in the order given: response_id (str) and for each construct, in the
        order of `items`, ``score_<construct>`` (0–100, missing when too few items are answered),
        ``mean_<construct>`` and ``sum_<construct>`` (in points; missing too when the items of the construct
        differ in their scales), ``n_answered_<construct>`` (int64).

    Raises
    ------
    SchemaError, DataError
        See `read_items`.
    ParameterError
        When `least_share` is out of range.

    Notes
    -----
    Reversed items are turned round first.  Each answer x becomes 100 (x − lowest) / (highest − lowest), so
    that scales of 5, 7, 10 and 100 points can stand side by side; the score is the mean over the answered
    items.  A gap is thus filled with the person's own mean, and the sum is the mean times the number of
    items; that is usual and fair while at least half is answered, and one may dispute it for long gaps.

    Examples
    --------
    >>> import pandas as pd
    >>> one = pd.DataFrame({"response_id": ["A"], "q01": [5], "q02": [2], "q03": [None]})
    >>> three = pd.DataFrame({"item": ["q01", "q02", "q03"], "construct": ["满意"] * 3,
    ...                       "reversed": ["否", "是", "否"]})
    >>> code_scales(one, three)["score_满意"].tolist()  # 5 and 6 − 2 = 4: (100 + 75) / 2
    [87.5]
    """
    import numpy as np
    import pandas as pd

    require_range("code_scales", "least_share", least_share, 1e-9, 1)
    known, coded = read_items(items, survey=survey), code_items(survey, items)
    scores: dict[str, object] = {"response_id": coded["response_id"]}
    for construct, group in known.groupby("construct", sort=False):
        values = coded[list(group["item"])]
        answered = values.notna().sum(axis=1)
        enough = answered >= max(1, int(np.ceil(least_share * len(group) - 1e-9)))
        low, high = group["lowest"].to_numpy(), group["highest"].to_numpy()
        alike = len(set(zip(low, high, strict=True))) == 1
        mean = values.mean(axis=1).where(enough & alike)
        scores[f"score_{construct}"] = (100 * (values - low) / (high - low)).mean(axis=1).where(enough)
        scores[f"mean_{construct}"], scores[f"sum_{construct}"] = mean, mean * len(group)
        scores[f"n_answered_{construct}"] = answered.astype("int64")
    return pd.DataFrame(scores)


def count_answers(survey: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """Count how often each answer was given to each item, as it was given.

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire; see `screen_answers`.
    items : DataFrame
        One row per item: item, construct, reversed, points.

    Returns
    -------
    DataFrame
        One row per item and answer of its scale: item, construct, text, reversed, points, answer (int64),
        n (int64), n_answered (int64), share (of those who answered; missing when nobody did).  Scales of
        more than 11 points are left out and named in ``attrs["left_out"]``.

    Notes
    -----
    Reversed items are counted as they were answered: here one wants to see what people ticked.
    """
    import pandas as pd

    known = read_items(items, survey=survey)
    answers, rows = screen_answers(survey[list(known["item"])], items).answers, []
    few = known[known["points"] <= 11]
    for row in few.to_dict("records"):
        values = answers[row["item"]].dropna()
        head = {k: row[k] for k in ("item", "construct", "text", "reversed", "points")}
        for answer in range(int(row["lowest"]), int(row["highest"]) + 1):
            n = int((values == answer).sum())
            share = n / len(values) if len(values) else float("nan")
            rows.append(head | {"answer": answer, "n": n, "n_answered": len(values), "share": share})
    columns = ["item", "construct", "text", "reversed", "points", "answer", "n", "n_answered", "share"]
    found = pd.DataFrame(rows, columns=columns)
    found.attrs["left_out"] = known.loc[known["points"] > 11, "item"].tolist()
    return found


def find_careless(
    survey: pd.DataFrame,
    items: pd.DataFrame,
    *,
    fast_share: float = 0.5,
    seconds_per_item: float = 2.0,
    most_missing: float = 0.5,
) -> pd.DataFrame:
    """Flag questionnaires that were probably not filled in with care; none is dropped.

    Parameters
    ----------
    survey : DataFrame
        One row per questionnaire: the items and, where known, seconds (time taken for all of it).
    items : DataFrame
        One row per item: item, construct, reversed, points.
    fast_share : float
        Faster than this part of the median time is too fast, 0–1.
    seconds_per_item : float
        Faster than this many seconds for each answered item is too fast, whatever the others took.
    most_missing : float
        More than this part of the items left open is too much, 0–1.

    Returns
    -------
    DataFrame
        One row per questionnaire, in the order given: response_id (str), n_answered (int64), missing_share,
        straight_line, speeder, mostly_missing, repeated (bool), n_flags (int64), careless (bool: any flag).
        ``attrs``: median_seconds, n_without_seconds, can_tell_straight (whether a block holds reversed and
        other items), the thresholds.

    Raises
    ------
    SchemaError, DataError
        See `read_items`.
    ParameterError
        When a threshold is out of range.

    Notes
    -----
    straight_line: at least three answered items on one kind of scale, reversed and not reversed ones among
    them, and all answers the same as ticked.  Without a reversed item the same answer throughout may be
    honest, so it is not flagged.  The same answer in the very middle contradicts nothing either, yet is
    flagged: look at it before you decide.  repeated: the response_id stands in more than one row.
    """
    import pandas as pd

    require_range("find_careless", "fast_share", fast_share, 0, 1)
    require_range("find_careless", "seconds_per_item", seconds_per_item, 0)
    require_range("find_careless", "most_missing", most_missing, 0, 1)
    known = read_items(items, survey=survey)
    used = [*known["item"], *(["seconds"] if "seconds" in survey.columns else [])]
    answers = screen_answers(survey[used], items).answers
    answered = answers[list(known["item"])].notna().sum(axis=1)
    flags = pd.DataFrame({"response_id": name_responses(survey), "n_answered": answered.astype("int64")})
    flags["missing_share"] = 1 - answered / len(known)
    flags["straight_line"], can_tell = _find_straight(answers, known)
    seconds = answers["seconds"] if "seconds" in used else pd.Series(float("nan"), index=answers.index)
    median = float(seconds.median()) if seconds.notna().any() else float("nan")
    flags["speeder"] = (seconds < fast_share * median) | (seconds < seconds_per_item * answered)
    flags["mostly_missing"] = flags["missing_share"] > most_missing + 1e-12
    flags["repeated"] = flags["response_id"].duplicated(keep=False)
    kinds = ["straight_line", "speeder", "mostly_missing", "repeated"]
    flags["n_flags"] = flags[kinds].sum(axis=1).astype("int64")
    flags["careless"] = flags["n_flags"] > 0
    flags.attrs |= {"median_seconds": median, "n_without_seconds": int(seconds.isna().sum())}
    flags.attrs |= {"can_tell_straight": can_tell, "fast_share": fast_share}
    flags.attrs |= {"seconds_per_item": seconds_per_item, "most_missing": most_missing}
    return flags.reset_index(drop=True)


def _find_straight(answers: pd.DataFrame, known: pd.DataFrame) -> tuple[pd.Series, bool]:
    import pandas as pd

    found, can_tell = pd.Series(False, index=answers.index), False
    for _, block in known.groupby(["lowest", "highest"], sort=False):
        turned = block.loc[block["reversed"], "item"].tolist()
        others = block.loc[~block["reversed"], "item"].tolist()
        if not turned or not others:
            continue
        can_tell = can_tell or len(block) >= LEAST_ITEMS
        values = answers[list(block["item"])]
        same = (values.max(axis=1) == values.min(axis=1)) & (values.notna().sum(axis=1) >= LEAST_ITEMS)
        both = values[turned].notna().any(axis=1) & values[others].notna().any(axis=1)
        found |= same & both
    return found, can_tell
