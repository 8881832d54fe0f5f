"""The weighting of the lesson's sample, and the demographic profile as a Word document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import list_titles, say
from crm_lib.lesson.demography_behaviour import list_attributes
from crm_lib.lesson.kernel import notebook_variables, output_folder

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.stats.raking import Raked


def weigh_sample(
    sample: pd.DataFrame, population: pd.DataFrame | None, *, strata: Sequence[str], max_weight: float
) -> tuple[pd.DataFrame, Raked | None]:
    """Weigh a sample so that it has the margins of the population.

    Parameters
    ----------
    sample : DataFrame
        One row per person.
    population : DataFrame or None
        One row per stratum with ``n``.
    strata : sequence of str
        What both are counted by; empty when there is no population.
    max_weight : float
        Greatest weight, where 1 is the mean.

    Returns
    -------
    tuple of DataFrame, and Raked or None
        The sample with ``weight`` (1 where nothing can be weighted), and the weights with their diagnostics.
    """
    from crm_lib.stats import rake_weights

    if population is None or not strata or not len(sample):
        return sample.assign(weight=1.0), None
    raked = rake_weights(sample, population, by=strata, bounds=(0.0, max_weight), tolerance=1e-6)
    return sample.assign(weight=raked.weights["weight"]), raked


def compare_people(
    people: pd.DataFrame, population: pd.DataFrame | None, strata: Sequence[str]
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Return shares beside the population's, and the test of fit; None twice where there is no population.

    Parameters
    ----------
    people : DataFrame
        One row per person; a column ``weight`` gives weighted shares, too.
    population : DataFrame or None
        One row per stratum with ``n``.
    strata : sequence of str
        What to compare by.

    Returns
    -------
    tuple of DataFrame or None
        What `compare_to_population` and `measure_fit` returned.
    """
    from crm_lib.identify import compare_to_population, measure_fit

    if population is None or not strata or not len(people):
        return None, None
    weights = people["weight"] if "weight" in people.columns else None
    compared = compare_to_population(people, population, by=strata, weights=weights)
    return compared, measure_fit(compared)


def rank_people(people: pd.DataFrame, behaviour: pd.DataFrame, *, random_state: int) -> pd.DataFrame | None:
    """Rank the attributes of people by what they tell about their behaviour; None without behaviour.

    Parameters
    ----------
    people : DataFrame
        One row per person, ``person_id``.
    behaviour : DataFrame
        What `gather_behaviour` returned.
    random_state : int
        Seed of the permutations.

    Returns
    -------
    DataFrame or None
        What `rank_attributes` returned.
    """
    from crm_lib.identify import rank_attributes

    names = list_attributes(people)
    if not len(behaviour) or not names:
        return None
    mine = people.rename(columns={"person_id": "customer_id"})
    return rank_attributes(mine, behaviour, attributes=names, random_state=random_state)


def decide_fields(records: pd.DataFrame, ranked: pd.DataFrame | None) -> pd.DataFrame:
    """Decide field by field of the register whether to go on collecting it.

    Parameters
    ----------
    records : DataFrame
        Cleaned register records.
    ranked : DataFrame or None
        What `rank_people` returned.

    Returns
    -------
    DataFrame
        What `decide_collection` returned.  A field that was ranked only in its coarser form (the day of birth
        as age band, the province as region) has the verdict of that.
    """
    import pandas as pd

    from crm_lib.identify import decide_collection, flag_sensitive, summarize_ranking
    from crm_lib.lesson.demography import list_fields

    flags = flag_sensitive(list_fields(records))
    best = summarize_ranking(ranked) if ranked is not None else pd.DataFrame({"attribute": [], "verdict": []})
    verdicts = dict(zip(best["attribute"], best["verdict"], strict=True))
    own = [
        (f, verdicts.get(f) or verdicts.get(c))
        for f, c in zip(flags["attribute"], flags["coarser"], strict=True)
    ]
    known = pd.DataFrame([pair for pair in own if pair[1]], columns=["attribute", "verdict"])
    return decide_collection(flags, known)


def export_profile(
    pyramid: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    texts: dict[str, str],
    *,
    intro: str,
    name: str = "demographic_profile",
) -> Path:
    """Write the demographic profile as a Word document beside the report.

    Parameters
    ----------
    pyramid : DataFrame
        What `build_pyramid` returned.
    tables : dict of DataFrame
        Part of the profile ("who", "like", "use", "collect") → its table.
    texts : dict of str
        Part → its computed sentences.
    intro : str
        First paragraph.
    name : str
        Name of the file.

    Returns
    -------
    Path
        The file written, the same bytes for the same profile.
    """
    from crm_lib.lesson.display import finding
    from crm_lib.plots import figure_png, plot_pyramid
    from crm_lib.readwrite.word import FigureBlock, HeadingBlock, TableBlock, TextBlock, write_word

    blocks: list[Any] = [HeadingBlock(say("demography.profile_title"), level=0), TextBlock(intro)]
    for part in ("who", "like", "use", "collect"):
        title = say(f"demography.profile_{part}")
        blocks += [HeadingBlock(title), TextBlock(texts[part].replace("**", ""))]
        if part == "who":
            alone = pyramid["population_share"].isna().all()
            caption = say("demography.profile_pyramid_alone" if alone else "demography.profile_pyramid")
            blocks.append(FigureBlock(_draw(plot_pyramid, figure_png, pyramid), caption, caption))
        if part in tables and len(tables[part]):
            blocks.append(TableBlock(tables[part], title, list_titles()))
    folder = output_folder(str(notebook_variables().get("NOTEBOOK_ID", "lesson"))) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    path = write_word(folder / f"{name}.docx", blocks)
    finding(say("demography.exported_profile", files=path.name))
    return path


def _draw(plot: Any, save: Any, pyramid: pd.DataFrame) -> bytes:
    import matplotlib.pyplot as plt

    ax = plot(pyramid)
    png = save(ax)
    plt.close(ax.get_figure())
    return png
