"""Sentences of the portrait lesson; every number and every verdict in them is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title, say
from crm_lib.lesson.portrait_data import tell_origin
from crm_lib.lesson.portrait_tables import title_field
from crm_lib.lesson.words import FEW_PER_CLUSTER

if TYPE_CHECKING:
    import pandas as pd

ALPHA = 0.05
ENOUGH = 1_000
"""With fewer customers the test overlooks groups that touch."""

STABLE, SHAKY = 0.8, 0.6
WEAK_V, FAIR_V = 0.1, 0.3
_INDICES = {"silhouette": False, "calinski_harabasz": False, "davies_bouldin": True}


def describe_sources(tables: dict[str, pd.DataFrame], *, source: str, show: list[str]) -> str:
    """Return sentences on the dynamic and the static data, and on how many customers have both.

    Parameters
    ----------
    tables
        What `gather_tables` returned.
    source
        Name of the sample or file of the orders.
    show
        Private fields that were asked for.
    """
    orders, clicks = tables["orders"], tables.get("clicks")
    n = orders["customer_id"].nunique()
    said = [tell_origin(source), say("portrait.dynamic", n_lines=f"{len(orders):,}", n=f"{n:,}")]
    if clicks is None:
        said[1] += say("portrait.no_clicks")
    else:
        n_read, n_known = f"{clicks.attrs['n_read']:,}", f"{len(clicks):,}"
        said[1] += say("portrait.clicks", n_read=n_read, n_known=n_known)
    said += _tell_register(tables.get("customers"), n, show)
    n_aside = orders.attrs.get("n_aside", 0)
    said.append(say("portrait.aside", n=f"{n_aside:,}") if n_aside else "")
    return "\n".join(s for s in said if s)


def _tell_register(register: pd.DataFrame | None, n: int, show: list[str]) -> list[str]:
    from crm_lib.portray.cards import PRIVATE_FIELDS

    if register is None:
        return [say("portrait.no_register")]
    facts = register.attrs
    if register.empty:
        return [say("portrait.no_match", n_records=f"{facts['n_records']:,}")]
    share = len(register) / n
    text = say("portrait.static", records=f"{facts['n_records']:,}", known=f"{len(register):,}",
               n=f"{n:,}", share=f"{share:.1%}")  # fmt: skip
    text += "".join(
        say(f"portrait.{key}", n=f"{facts[key]:,}") for key in ("n_unmatched", "n_merged") if facts[key]
    )
    text += say("portrait.partly") if share < 0.9 else ""
    private = [title_field(c) for c in PRIVATE_FIELDS if c in register.columns]
    if not private:
        return [text, say("portrait.no_private")]
    key = "portrait.private_shown" if show else "portrait.private"
    return [text, say(key, fields="、".join(private), n=len(private))]


def describe_frame(features: pd.DataFrame, pairs: pd.DataFrame, points: pd.DataFrame) -> str:
    """Return sentences on the skew of the candidates, on pairs that say the same, and on the choice.

    Parameters
    ----------
    features
        What `build_features` returned.
    pairs
        What `correlate_features` returned for them.
    points
        What `select_features` returned for them.
    """
    from crm_lib.portray import title_feature
    from crm_lib.portray.titles import word_number

    numbers = features.drop(columns="customer_id").astype(float)
    said = [say("portrait.candidates", n=numbers.shape[1], lacking=_list_lacking(features))]
    keys = [c for c in points.columns if c != "customer_id"]
    if len(points) > 2 and keys:
        worst = max(keys, key=lambda c: numbers[c].skew())
        values = numbers[worst]
        said.append(say(
            "portrait.skew",
            feature=title_feature(worst),
            before=_sign(values.skew()),
            after=_sign(points[worst].skew()),
            mean=word_number(worst, round(values.mean(), 2)),
            median=word_number(worst, round(values.median(), 2)),
        ))  # fmt: skip
    said.append(_tell_pairs(pairs, len(points)))
    return "".join(said) + _tell_keys(points)


def _sign(value: float) -> str:
    return f"{round(value, 1) + 0.0:.1f}".replace("-", "−")


def _list_lacking(features: pd.DataFrame) -> str:
    from crm_lib.portray import title_feature

    names = [say("portrait.category_shares") if n == "category_share" else title_feature(n)
             for n in features.attrs.get("lacking", ())]  # fmt: skip
    return say("portrait.lacking", names="、".join(names)) if names else ""


def _tell_pairs(pairs: pd.DataFrame, n: int) -> str:
    from crm_lib.portray import title_feature
    from crm_lib.portray.candidates import LEAST_COMPARED

    if n < LEAST_COMPARED:
        return say("portrait.pairs_few", least=LEAST_COMPARED)
    if pairs.empty:
        return say("portrait.no_pairs")
    said = "；".join(
        say("portrait.pair", keep=title_feature(r.keep), drop=title_feature(r.drop),
            value=f"{r.correlation:.2f}".replace("-", "−"))
        for r in pairs.itertuples(index=False)
    )  # fmt: skip
    return say("portrait.pairs", n=len(pairs), said=said)


def _tell_keys(points: pd.DataFrame) -> str:
    from crm_lib.portray import title_feature

    keys = [title_feature(c) for c in points.columns if c != "customer_id"]
    out = [title_feature(c) for c in points.attrs["dropped"]]
    text = say("portrait.keys", names="、".join(keys)) if keys else say("portrait.no_keys")
    text += say("portrait.key_constant", names="、".join(out)) if out and keys else ""
    n = points.attrs["n_floored"]
    return text + (say("portrait.floored", n=f"{n:,}") if n else "")


def describe_choice(sweep: pd.DataFrame, *, k: int, asked: int = 0) -> str:
    """Return sentences on how many clusters are recommended, why, and whether there are any.

    Parameters
    ----------
    sweep
        What ``sweep_k`` returned.
    k
        Number of clusters that will be used.
    asked
        The parameter of the lesson; 0 leaves the number to the recommendation.
    """
    best, n = sweep.attrs.get("recommended_k"), int(sweep.attrs.get("n_customers", 0))
    if best is None:
        return say("portrait.no_sweep", n=f"{n:,}") + _tell_asked(k, asked, 1)
    row = sweep.set_index("k").loc[best]
    votes = {
        c: int(sweep.loc[sweep[c].idxmin() if low else sweep[c].idxmax(), "k"]) for c, low in _INDICES.items()
    }
    text = say(f"portrait.choice_{sweep.attrs['rule']}", k=best, **votes)
    text += say("portrait.silhouette", value=f"{row['silhouette']:.2f}")
    if row["stability"] == row["stability"]:
        level = "high" if row["stability"] >= STABLE else "fair" if row["stability"] >= SHAKY else "low"
        text += say(f"portrait.stable_{level}", value=f"{row['stability']:.2f}")
    gap = sweep.attrs.get("gap_k")
    if gap:
        text += say("portrait.gap_one") if gap == 1 else say("portrait.gap", k=gap)
    text += "\n" + _tell_structure(sweep, n, best)
    return text + _tell_asked(k, asked, best)


def _tell_asked(k: int, asked: int, best: int) -> str:
    if asked > k:
        return say("portrait.k_capped", asked=asked, k=k)
    return say("portrait.own_k", k=k) if k != best else ""


def _tell_structure(sweep: pd.DataFrame, n: int, best: int) -> str:
    structure = sweep.attrs.get("structure")
    if n < best * FEW_PER_CLUSTER:
        return say("portrait.few", n=f"{n:,}", least=FEW_PER_CLUSTER)
    if structure is None:
        return say("portrait.untested", n=f"{n:,}")
    if not structure:
        return say("portrait.cloud") + (say("portrait.cloud_small", n=f"{n:,}") if n < ENOUGH else "")
    return say("portrait.parted" if sweep.attrs["rule"] == "valleys" else "portrait.overlap")


def describe_rules(rules: pd.DataFrame, *, structure: bool | None) -> str:
    """Return one line per cluster: its size, its rule, and how well the rule fits.

    Parameters
    ----------
    rules
        What `explain_clusters` returned.
    structure
        Whether the sweep found groups.
    """
    if len(rules) < 2:
        return say("portrait.one_cluster")
    lines = [
        say(
            "portrait.rule",
            cluster=r.cluster,
            n=f"{r.n_customers:,}",
            rule=r.rule,
            covered=f"{r.n_covered:,}",
            precision=f"{r.precision:.1%}",
            coverage=f"{r.coverage:.1%}",
        )
        for r in rules.itertuples(index=False)
    ]
    return "\n".join([*lines, say("portrait.cut_rule")] if structure is False else lines)


def describe_attributes(
    attributes: pd.DataFrame, tables: dict[str, pd.DataFrame], clusters: pd.DataFrame
) -> str:
    """Return sentences on the static attributes that differ between clusters by more than chance.

    Parameters
    ----------
    attributes
        What `compare_attributes` returned.
    tables
        What `gather_tables` returned.
    clusters
        One row per customer: ``customer_id``, ``cluster``.
    """
    register = tables.get("customers")
    if register is None or register.empty:
        return say("portrait.attributes_no_register")
    if clusters["cluster"].nunique() < 2 or attributes.empty:
        return say("portrait.attributes_none")
    apart = attributes[attributes["p_adjusted"] < ALPHA]
    known = _tell_known(register, clusters)
    if apart.empty:
        top = attributes.iloc[0]
        return say("portrait.attributes_alike", n=len(attributes), feature=title_field(top["attribute"]),
                   value=f"{top['cramers_v']:.2f}", p=f"{top['p_adjusted']:.2f}") + known  # fmt: skip
    names = "、".join(title_field(a) for a in apart["attribute"])
    row = apart.loc[apart["cramers_v"].idxmax()]
    level = "weak" if row["cramers_v"] < WEAK_V else "fair" if row["cramers_v"] < FAIR_V else "strong"
    cluster, value, inside, overall = row["over"]
    text = say("portrait.attributes_apart", n=len(attributes), m=len(apart), names=names)
    text += say("portrait.attribute_top", feature=title_field(row["attribute"]), v=f"{row['cramers_v']:.2f}",
                n=f"{row['n_known']:,}", cluster=cluster, value=value, inside=f"{inside:.0%}",
                overall=f"{overall:.0%}")  # fmt: skip
    return text + say(f"portrait.v_{level}") + known


def _tell_known(register: pd.DataFrame, clusters: pd.DataFrame) -> str:
    """Say whether those in the register are spread over the clusters like those who are not."""
    inside = clusters["customer_id"].isin(register["customer_id"])
    if inside.all():
        return ""
    first = int(clusters["cluster"].min())
    ours, others = ((clusters.loc[m, "cluster"] == first).mean() for m in (inside, ~inside))
    return say("portrait.known_share", cluster=first, ours=f"{ours:.0%}", others=f"{others:.0%}")


def describe_labels(labels: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Return sentences on the labels: version, day, rules that could not be applied, coverage.

    Parameters
    ----------
    labels
        What `label_customers` returned.
    summary
        What `summarize_labels` returned for them.
    """
    told = labels.attrs["rules"]
    applied = [r for r in told if not r["missing"]]
    text = say("portrait.labels", version=labels.attrs["version"], day=labels.attrs["as_of"],
               n_rules=len(told), applied=len(applied))  # fmt: skip
    out = [
        f"{r['name'].replace('{value}', '…')}（{_name_missing(r['missing'])}）" for r in told if r["missing"]
    ]
    text += say("portrait.labels_out", names="、".join(out)) if out else ""
    if labels.empty:
        return text + say("portrait.labels_nobody")
    n = labels["customer_id"].nunique()
    text += say("portrait.labels_reach", n=f"{n:,}", share=f"{n / labels.attrs['n_customers']:.1%}",
                each=f"{len(labels) / n:.1f}")  # fmt: skip
    top = summary.loc[summary["n_customers"].idxmax()]
    text += say("portrait.labels_top", label=top["label"], n=f"{top['n_customers']:,}",
                share=f"{top['coverage']:.1%}")  # fmt: skip
    empty = [r["name"].replace("{value}", "…") for r in applied if not r["labels"]]
    return text + (say("portrait.labels_empty", names="、".join(empty)) if empty else "")


def _name_missing(missing: list[str]) -> str:
    def name(need: str) -> str:
        if " " in need:
            return say("portrait.of_time")
        table, column = need.split(".")
        return say(f"portrait.of_{table}", column=column_title(column))

    return "、".join(name(m) for m in missing)
