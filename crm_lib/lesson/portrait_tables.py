"""Tables of the portrait lesson, worded in Chinese; every figure in them is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_lib.catalogue import column_title, say

if TYPE_CHECKING:
    import pandas as pd

USES = ("segment", "recommend", "market", "design", "decide")
LEAST_LIFT = 1.2
_OF_GOODS = [f"preference {c}" for c in ("category", "subcategory", "brand", "sku", "product_name")]
_SHOWN_CONTRASTS = 3


def tabulate_register(tables: dict[str, pd.DataFrame], show: list[str]) -> pd.DataFrame:
    """Return the fields of the register: title, share filled, distinct values, what becomes of it.

    Parameters
    ----------
    tables
        What `gather_tables` returned.
    show
        Private fields that were asked for.
    """
    import pandas as pd

    from crm_lib.portray import describe_register

    register = tables.get("customers")
    if register is None:
        return pd.DataFrame(columns=["field", "filled_share", "n_values", "use"])
    fields = describe_register(register, show=show)
    return fields.assign(
        field=[title_field(f) for f in fields["field"]],
        use=[say(f"portrait.use_{u}") for u in fields["use"]],
    )


def title_field(name: str) -> str:
    """Return the Chinese title of a field of the register.

    Parameters
    ----------
    name
        Its column.
    """
    from crm_lib.schema import load_schema

    table = load_schema("customers")
    return table.column(name).title if name in table.names else column_title(name)


def frame_features(
    features: pd.DataFrame, pairs: pd.DataFrame, points: pd.DataFrame, *, unit: str
) -> pd.DataFrame:
    """Return the framework (分析框架): each candidate, its part, why, unit, transformation and skew.

    Parameters
    ----------
    features
        What `build_features` returned.
    pairs
        What `correlate_features` returned for them.
    points
        What `select_features` returned for them.
    unit
        Unit of money.

    Returns
    -------
    DataFrame
        One row per candidate in their order: ``feature``, ``part`` (分群, 描述, 不用),
        ``why``, ``feature_unit``, ``transform``, ``skew_before``, ``skew_after``.
    """
    import pandas as pd

    from crm_lib.portray import describe_features, title_feature
    from crm_lib.portray.titles import unit_feature

    names = [c for c in features.columns if c != "customer_id"]
    told = describe_features(features, columns=names).set_index("column")
    rows = []
    for name in names:
        part, why = _judge(name, told.loc[name], pairs, points)
        key = part == "group"
        after = float(points[name].skew()) if key and len(points) > 2 else float("nan")
        rows.append({
            "feature": title_feature(name),
            "part": say(f"portrait.part_{part}"),
            "why": why,
            "feature_unit": unit_feature(name, money_unit=unit).strip(),
            "transform": say("portrait.log2" if key else f"portrait.as_is_{part}"),
            "skew_before": round(float(told.loc[name, "skew_before"]), 2),
            "skew_after": round(after, 2) + 0.0,
        })
    return pd.DataFrame(rows)


def _judge(name: str, told: pd.Series, pairs: pd.DataFrame, points: pd.DataFrame) -> tuple[str, str]:
    from crm_lib.portray import title_feature

    if told["n_distinct"] < 2:
        return "out", say("portrait.why_constant")
    if name in points.columns:
        return "group", say(f"portrait.why_{name}")
    own = pairs[pairs["drop"] == name]
    if len(own):
        row = own.iloc[0]
        value = f"{row['correlation']:.2f}".replace("-", "−")
        return "out", say("portrait.why_pair", other=title_feature(row["keep"]), value=value)
    key = "category_share" if name.startswith("category_share:") else name
    return "describe", say(f"portrait.why_{key}")


def list_variables(features: pd.DataFrame, pairs: pd.DataFrame) -> list[str]:
    """Return the features a portrait is made of: neither constant nor left out as one of a pair.

    Parameters
    ----------
    features
        What `build_features` returned.
    pairs
        What `correlate_features` returned for them.
    """
    out = set(pairs["drop"])
    names = [c for c in features.columns if c != "customer_id" and c not in out]
    return [c for c in names if features[c].nunique() > 1] or ["order_rate"]


def tabulate_contrasts(contrasts: pd.DataFrame, rules: pd.DataFrame, *, unit: str) -> pd.DataFrame:
    """Return per cluster its three largest contrasts, in words, and its rule with precision and coverage.

    Parameters
    ----------
    contrasts
        What `compare_clusters` returned.
    rules
        What `explain_clusters` returned.
    unit
        Unit of money.
    """
    import pandas as pd

    from crm_lib.portray import title_feature, word_value

    rows = []
    for rule in rules.drop_duplicates("cluster").itertuples(index=False):
        own = contrasts[contrasts["cluster"] == rule.cluster].dropna(subset="cliffs_delta")
        said = [
            say(
                "portrait.contrast",
                feature=title_feature(row.column),
                inside=word_value(row.column, row.median_inside, money_unit=unit),
                outside=word_value(row.column, row.median_outside, money_unit=unit),
                delta=f"{row.cliffs_delta:+.2f}".replace("-", "−"),
            )
            for row in own.head(_SHOWN_CONTRASTS).itertuples(index=False)
        ]
        rows.append((rule.cluster, "；".join(said) or "—", rule.rule, rule.precision, rule.coverage))
    return pd.DataFrame(rows, columns=["cluster", "contrast", "rule", "precision_share", "coverage_share"])


def tabulate_attributes(attributes: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison of static attributes with Chinese titles.

    Parameters
    ----------
    attributes
        What `compare_attributes` returned.
    """
    columns = ["attribute", "n_known", "n_values", "cramers_v", "chance_v", "p_adjusted"]
    rounded = attributes[columns].round({"cramers_v": 2, "chance_v": 2, "p_adjusted": 3})
    return rounded.assign(attribute=[title_field(a) for a in attributes["attribute"]])


def tabulate_labels(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the labels that somebody bears: kind, definition, customers, coverage, mean strength.

    Parameters
    ----------
    summary
        What `summarize_labels` returned.
    """
    used = summary[summary["n_customers"] > 0]
    out = used.assign(kind=[say(f"portrait.kind_{k}") for k in used["kind"]], coverage_share=used["coverage"])
    columns = ["label", "kind", "definition", "n_customers", "coverage_share", "mean_strength"]
    return out[columns].round({"mean_strength": 2}).reset_index(drop=True)


def pick_deviations(deviations: pd.DataFrame, *, most: int = 6) -> pd.DataFrame:
    """Return the features in which some cluster lies farthest from all customers, under Chinese titles.

    Parameters
    ----------
    deviations
        What `label_clusters` returned.
    most
        Number of features, so that a figure stays legible.
    """
    from crm_lib.portray import title_feature

    largest = deviations.groupby("feature", sort=False)["strength"].max().round(9)
    chosen = largest.sort_values(ascending=False, kind="stable").index[:most]
    kept = deviations[deviations["feature"].isin(chosen)]
    return kept.assign(feature=[title_feature(f) for f in kept["feature"]]).reset_index(drop=True)


def plan_uses(
    profiles: pd.DataFrame, lifts: pd.DataFrame, deviations: pd.DataFrame, labels: pd.DataFrame
) -> pd.DataFrame:
    """Return one computed use of the portraits per purpose of the textbook.

    Parameters
    ----------
    profiles
        What `describe_clusters` returned.
    lifts
        What `lift_labels` returned.
    deviations
        What `label_clusters` returned.
    labels
        What `label_customers` returned.

    Returns
    -------
    DataFrame
        ``purpose`` (市场细分, 个性化推荐, 精准营销, 产品设计参考, 决策支持), ``use``; a use
        that these data do not give says why.
    """
    import pandas as pd

    kinds = {label: f"{r['kind']} {r['about']}" for r in labels.attrs["rules"] for label in r["labels"]}
    ranked = lifts.assign(
        kind=lifts["label"].map(kinds).fillna(""), gap=lifts["label_share"] - lifts["base_share"]
    )
    ranked = ranked[(ranked["gap"] > 0.005) & (ranked["lift"] >= LEAST_LIFT)].sort_values(
        ["gap", "label"], ascending=[False, True]
    )
    texts = {
        "segment": _use_segments(profiles),
        "recommend": _use_label(ranked[ranked["kind"].isin(_OF_GOODS)], "recommend"),
        "market": _use_label(ranked[ranked["kind"].str.startswith("rule")], "market"),
        "design": _use_design(profiles, deviations),
        "decide": _use_decision(profiles),
    }
    rows = [(say(f"portrait.purpose_{use}"), texts[use]) for use in USES]
    plan = pd.DataFrame(rows, columns=["purpose", "use"])
    plan.attrs["missing"] = [say(f"portrait.purpose_{u}") for u in USES if texts[u] == _refuse(u, profiles)]
    return plan


def _refuse(use: str, profiles: pd.DataFrame) -> str:
    best = int(profiles.loc[profiles["revenue"].idxmax(), "cluster"])
    return say(f"portrait.use_no_{use}", cluster=best)


def _use_segments(profiles: pd.DataFrame) -> str:
    if len(profiles) < 2:
        return say("portrait.use_no_segment")
    sizes = "、".join(f"{n:,}" for n in profiles["n_customers"])
    return say("portrait.use_segment", k=len(profiles), sizes=sizes)


def _use_label(found: pd.DataFrame, use: str) -> str:
    if found.empty:
        return say(f"portrait.use_no_{use}")
    row = found.iloc[0]
    return say(
        f"portrait.use_{use}",
        cluster=int(row["cluster"]),
        label=row["label"],
        n=f"{row['n_customers']:,}",
        share=f"{row['label_share']:.0%}",
        base=f"{row['base_share']:.0%}",
        lift=f"{row['lift']:.1f}",
    )


def _use_design(profiles: pd.DataFrame, deviations: pd.DataFrame) -> str:
    from crm_lib.portray import title_feature

    best = int(profiles.loc[profiles["revenue"].idxmax(), "cluster"])
    own = deviations[
        (deviations["cluster"] == best) & deviations["feature"].str.startswith("category_share:")
    ]
    own = own[own["deviation"] >= 0.05].sort_values(["deviation", "feature"], ascending=[False, True])
    if own.empty:
        return say("portrait.use_no_design", cluster=best)
    row = own.iloc[0]
    name = title_feature(row["feature"]).removesuffix("占比")
    return say("portrait.use_design", cluster=best, category=name, value=f"{row['deviation']:+.2f}")


def _use_decision(profiles: pd.DataFrame) -> str:
    if len(profiles) < 2 or not (profiles["revenue"].sum() > 0):
        return say("portrait.use_no_decide")
    each = profiles["revenue_share"] / profiles["customer_share"]
    row = profiles.loc[each.idxmax()]
    return say(
        "portrait.use_decide",
        cluster=int(row["cluster"]),
        share=f"{row['customer_share']:.1%}",
        money=f"{row['revenue_share']:.1%}",
        ratio=f"{each.max():.1f}",
    )
