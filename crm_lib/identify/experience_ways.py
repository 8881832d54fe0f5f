"""Ways of collecting experience data, its three levels, and which level to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib._checks import require_choice
from crm_lib.identify.prospects import load_rules

if TYPE_CHECKING:
    import pandas as pd


def list_ways() -> pd.DataFrame:
    """Return the ways of collecting experience data: way, side (doing or asking), who, how, strong, weak."""
    import pandas as pd

    return pd.DataFrame(load_rules("experience")["ways"])[["way", "side", "who", "how", "strong", "weak"]]


def list_levels() -> pd.DataFrame:
    """Return the three levels of experience: level, what, when, tools (joined by "、"), note."""
    import pandas as pd

    levels = pd.DataFrame(load_rules("experience")["levels"])
    levels["tools"] = ["、".join(tools) for tools in levels["tools"]]
    return levels[["level", "what", "when", "tools", "note"]]


def list_mystery_sheet() -> pd.DataFrame:
    """Return a mystery customer's sheet: touchpoint, attribute, question; the score is filled in there."""
    import pandas as pd

    return pd.DataFrame(load_rules("experience")["mystery"])[["touchpoint", "attribute", "question"]]


def choose_level(about: str = "接触点", *, use: str = "改进一件事", storage: str = "随交易") -> str:
    """Choose the level of experience to measure.

    Parameters
    ----------
    about : {"接触点", "企业"}
        What the data are about.
    use : {"改进一件事", "同营业额、满意度联系", "前后比较"}
        What they are for.
    storage : {"随交易", "随互动"}
        What they are kept with.

    Returns
    -------
    str
        体验属性, 体验主题 or 体验效果.

    Raises
    ------
    ParameterError
        When a choice is not known.

    Notes
    -----
    The textbook names the three criteria (object, use, storage); which combination asks for which level is
    our proposal and stands in ``rules/experience.toml``.

    Examples
    --------
    >>> choose_level("企业", use="前后比较", storage="随互动")
    '体验效果'
    """
    table = load_rules("experience")["choices"]
    for name, value in (("object", about), ("use", use), ("storage", storage)):
        given = "about" if name == "object" else name
        require_choice("choose_level", given, value, list(dict.fromkeys(row[name] for row in table)))
    wanted = (about, use, storage)
    return next(row["level"] for row in table if (row["object"], row["use"], row["storage"]) == wanted)


def list_choices() -> pd.DataFrame:
    """Return the whole chooser: about, use, storage, level."""
    import pandas as pd

    table = pd.DataFrame(load_rules("experience")["choices"])
    return table.rename(columns={"object": "about"})[["about", "use", "storage", "level"]]
