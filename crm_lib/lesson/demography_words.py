"""Computed sentences of the lesson on demographic data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.demography import MEASURES
from crm_lib.lesson.portrait_tables import title_field
from crm_lib.schema import load_schema

if TYPE_CHECKING:
    import pandas as pd

_OUTCOMES = ("revenue", "n_orders", "top_category", "top_channel")
_SHARES = 0.05


def name_column(name: str) -> str:
    """Return the Chinese title of an attribute or of a kind of behaviour.

    Parameters
    ----------
    name
        Its column.
    """
    if name in _OUTCOMES:
        return say(f"demography.outcome_{name}")
    survey = load_schema("survey")
    asked = name in survey.names and name not in load_schema("customers").names
    return survey.column(name).title if asked else title_field(name)


def describe_account(cleaned: Any, *, n_read: int) -> str:
    """Return sentences on how many records were read, kept and set aside, and why.

    Parameters
    ----------
    cleaned : Cleaned
        What `clean_table` returned.
    n_read : int
        Rows read, counted apart from the cleaning.
    """
    from crm_lib.identify import REASONS

    kept, merged, aside = (len(frame) for frame in (cleaned.rows, cleaned.merged, cleaned.quarantine))
    text = say(
        "cleaning.account",
        n_in=f"{n_read:,}",
        n_kept=f"{kept:,}",
        n_merged=f"{merged:,}",
        n_quarantined=f"{aside:,}",
    )
    text += say("cleaning.balanced" if n_read == kept + merged + aside else "cleaning.unbalanced")
    counts = cleaned.quarantine["reason"].value_counts() if aside else {}
    parts = "，".join(f"{REASONS[r][1] if r in REASONS else r} {n} 行" for r, n in counts.items())
    return text + (say("demography.aside", parts=parts) if parts else "")


def describe_plan(plan: pd.DataFrame) -> str:
    """Return sentences on how much is asked, and how sensitive it is.

    Parameters
    ----------
    plan : DataFrame
        What `plan_fields` returned.
    """
    counts = plan["sensitivity"].value_counts()
    parts = "，".join(f"{level} {n} 个" for level, n in counts.items())
    text = say("demography.plan", n=len(plan), parts=parts)
    risky = plan[plan["sensitivity"] == say("demography.level_sensitive")]
    text += say("demography.plan_sensitive", names="、".join(risky["field"])) if len(risky) else ""
    unknown = plan[plan["sensitivity"] == say("demography.level_unknown")]
    return text + (say("demography.plan_unknown", names="、".join(unknown["field"])) if len(unknown) else "")


def describe_coverage(coverage: pd.DataFrame) -> str:
    """Return sentences on which register knows what, and which field is emptiest.

    Parameters
    ----------
    coverage : DataFrame
        What `cover_fields` returned.
    """
    parts = [c for c in coverage.columns if c.endswith("_share") and c != "filled_share"]
    first = coverage.iloc[0]
    low = say("demography.emptiest", field=first["field"], share=f"{first['filled_share']:.1%}")
    if len(parts) < 2:
        return say("demography.one_register", n=len(coverage)) + low
    everywhere = coverage[(coverage[parts] > 0).all(axis=1)]["field"]
    if not len(everywhere):
        return say("demography.no_common", n=len(coverage), k=len(parts)) + low
    if len(everywhere) == len(coverage):
        return say("demography.all_common", n=len(coverage), k=len(parts)) + low
    names = "、".join(sorted(everywhere, key=list(coverage["field"]).index))
    return say("demography.common", n=len(coverage), k=len(parts), m=len(everywhere), names=names) + low


def describe_screening(findings: pd.DataFrame) -> str:
    """Return sentences on values taken out, and on doubtful ones that stay.

    Parameters
    ----------
    findings : DataFrame
        The findings of `screen_values`.
    """
    gone, kept = findings[findings["removed"]], findings[~findings["removed"]]
    text = say("demography.clean") if not len(gone) else say(
        "demography.removed", n=len(gone), parts=_list_findings(gone)
    )  # fmt: skip
    return text + (say("demography.doubtful", n=len(kept), parts=_list_findings(kept)) if len(kept) else "")


def word_findings(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the findings as a table in Chinese.

    Parameters
    ----------
    findings : DataFrame
        The findings of `screen_values`.

    Returns
    -------
    DataFrame
        One row per value: ``record_id``, ``column``, ``value`` (as text), ``suggestion``, ``reason``, ``removed``.
    """
    out = findings[["record_id", "column", "value", "suggestion", "reason", "removed"]].copy()
    out["column"] = [name_column(c) for c in findings["column"]]
    out["value"] = [f"{v:g}" if isinstance(v, float) else str(v)[:10] for v in findings["value"]]
    out["reason"] = [say(f"demography.reason_{r}") for r in findings["reason"]]
    out["removed"] = [say("demography.yes" if r else "demography.no") for r in findings["removed"]]
    return out


def _list_findings(findings: pd.DataFrame) -> str:
    parts = []
    for (column, reason), part in findings.groupby(["column", "reason"], sort=True):
        hint = say(f"demography.reason_{reason}")
        moved = part.dropna(subset=["suggestion"])
        if len(moved):
            first = moved.iloc[0]
            hint += say(
                "demography.moved", value=f"{first['value']:g}", suggestion=f"{first['suggestion']:g}"
            )
        parts.append(say("demography.part", field=title_field(str(column)), n=len(part), hint=hint))
    return "；".join(parts)


def describe_merging(audit: pd.DataFrame) -> str:
    """Return a sentence per rule that changed or questioned a cell.

    Parameters
    ----------
    audit : DataFrame
        The audit of `merge_fields`.
    """
    counts = audit["rule"].value_counts()
    known = [r for r in _RULES if r in counts.index]
    if not known:
        return say("demography.nothing_merged")
    return "".join(say(f"demography.rule_{rule}", n=f"{counts[rule]:,}") for rule in known)


_RULES = (
    *("same_meaning", "short_name", "from_income", "from_birth_date", "from_province"),
    *("contradicts_income", "impossible_birth", "not_known"),
)


def describe_people(combined: Any, population: pd.DataFrame | None) -> str:
    """Return sentences on how many people the records are, and where they contradict each other.

    Parameters
    ----------
    combined : CombinedRecords
        What `combine_records` returned.
    population : DataFrame or None
        One row per stratum with ``n``.
    """
    people, n = combined.people, len(combined.members)
    several = int((people["n_records"] > 1).sum())
    text = say("demography.people", n=f"{n:,}", m=f"{len(people):,}", k=f"{several:,}")
    if len(combined.conflicts):
        worst = combined.conflicts["column"].value_counts()
        top = sorted(worst.index[worst == worst.max()])[0]
        text += say("demography.conflicts", n=f"{len(combined.conflicts):,}", field=title_field(top))
    if population is None:
        return text
    whole = int(population["n"].sum())
    if whole < len(people):
        return text + say("demography.twice", p=f"{whole:,}", d=f"{len(people) - whole:,}")
    return text + say("demography.fewer", p=f"{whole:,}", m=f"{len(people):,}")


def describe_pyramid(pyramid: pd.DataFrame) -> str:
    """Return sentences on who is in the pyramid, who is not, and where most are.

    Parameters
    ----------
    pyramid : DataFrame
        What `build_pyramid` returned.
    """
    given = pyramid.attrs
    left = {
        name: given[name]
        for name in ("n_impossible", "n_no_birth", "n_no_gender", "n_outside")
        if given[name]
    }
    parts = "，".join(say(f"demography.left_{name}", n=n) for name, n in left.items())
    if not given["n_counted"]:
        return say("demography.empty_pyramid", n=f"{given['n_persons']:,}", parts=parts or "—")
    text = say("demography.counted", n=f"{given['n_persons']:,}", m=f"{given['n_counted']:,}")
    text += say("demography.left", parts=parts) if parts else say("demography.none_left")
    most = pyramid[pyramid["n"] == pyramid["n"].max()]
    names = "、".join(f"{r.age_band}的{r.gender}性" for r in most.itertuples())
    return text + say("demography.most", names=names, share=f"{most['share'].iloc[0]:.1%}")


def describe_fit(compared: pd.DataFrame | None, fit: pd.DataFrame | None) -> str:
    """Return sentences on how far the sample resembles the population, column by column.

    Parameters
    ----------
    compared, fit : DataFrame or None
        What `compare_to_population` and `measure_fit` returned; None where there is no population.
    """
    if compared is None or fit is None or not len(fit):
        return say("demography.no_population")
    lines = []
    for row in fit.itertuples():
        mine = compared[(compared["column"] == row.column) & (compared["population_share"] > 0)]
        far = mine.loc[mine["difference"].abs().idxmax()]
        verdict = "one" if row.p_value != row.p_value else "unlike" if row.p_value < _SHARES else "like"
        lines.append(say(
            f"demography.fit_{verdict}", field=title_field(row.column), chi=f"{row.chi_square:.2f}", n=f"{row.n:,}",
            p=_say_p(row.p_value), category=far["category"], mine=f"{far['sample_share']:.1%}",
            whole=f"{far['population_share']:.1%}", rough=say("demography.rough") if row.n_small else "",
        ))  # fmt: skip
    return "\n".join(lines)


def word_likeness(compared: pd.DataFrame | None, fit: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    """Return shares and test of fit as tables in Chinese; nothing where there is no population.

    Parameters
    ----------
    compared, fit : DataFrame or None
        What `compare_to_population` and `measure_fit` returned.

    Returns
    -------
    dict of DataFrame
        ``representativeness`` (one row per category) and ``fit`` (one row per column).
    """
    if compared is None or fit is None:
        return {}
    titles = {"category": say("demography.category"), "n_categories": say("demography.n_categories")}
    tables = {"representativeness": compared.drop(columns="verdict"), "fit": fit}
    return {
        name: table.assign(column=[name_column(c) for c in table["column"]]).rename(columns=titles)
        for name, table in tables.items()
    }


def _say_p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def describe_weights(sample: pd.DataFrame, raked: Any, measure: str) -> str:
    """Return sentences on what weighting changes, what it costs, and what it cannot mend.

    Parameters
    ----------
    sample : DataFrame
        One row per person with a known number: the column `measure`.
    raked : Raked or None
        What `rake_weights` returned for them; None where there is no population.
    measure : str
        The number whose mean is weighted.
    """
    if raked is None:
        return say("demography.no_weights")
    weight = raked.weights["weight"]
    used = weight.notna()
    value = sample.loc[used, measure].astype(float)
    before, after = float(value.mean()), float((value * weight[used]).sum() / weight[used].sum())
    unit = say(f"demography.unit_{measure}") if measure in MEASURES else ""
    text = say(
        "demography.weighted", n=f"{raked.n_used:,}", field=name_column(measure), before=_round(before),
        after=_round(after), unit=unit, change=_say_change(before, after),
    )  # fmt: skip
    text += say(
        "demography.price", low=f"{weight.min():.2f}", high=f"{weight.max():.2f}", n=f"{raked.n_used:,}",
        effective=f"{raked.n_effective:,.0f}", design=f"{raked.design_effect:.2f}",
    )  # fmt: skip
    return text + _say_problems(raked)


def _round(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.1f}" if abs(value) >= 100 else f"{value:.2f}"


def _say_change(before: float, after: float) -> str:
    share = abs(after - before) / abs(before) if before else 0.0
    if share < 0.0005:
        return say("demography.unchanged")
    return say("demography.raised" if after > before else "demography.lowered", share=f"{share:.1%}")


def _say_problems(raked: Any) -> str:
    text = "" if raked.converged else say("demography.not_met", gap=f"{raked.worst_gap:.1%}")
    for row in raked.problems.itertuples():
        key = f"demography.problem_{row.problem}"
        share = f"{row.population_share:.1%}"
        text += say(key, field=title_field(row.column), category=row.category, n=row.n_sample, share=share)
    return text
