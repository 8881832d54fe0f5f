"""What the lesson on the customer database hands in: archive, template, verdicts, forms, advice."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import list_section, list_titles, say
from crm_lib.lesson import database_survey, database_words
from crm_lib.lesson.database_fields import write_firm_archive

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.database_store import Database

_SHEETS = ("customers", "roster", "transactions", "analysis_records", "investments")
_WORD_PAGES = 2
_HIDDEN = ("valid_to", "upload_id", "record_no", "investment_no", "verified_on")


def export_archive(
    database: Database, kit: Mapping[str, Any], *, reveal: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the hand-ins of the lesson beside its report.

    Parameters
    ----------
    database
        What `open_database` returned.
    kit
        ``first`` (the upload), ``forms``, ``checked``, ``improved``, ``later``, ``scores``, ``halves``,
        ``effects``, ``payback``, ``flow``, ``assumptions``, ``fields``, ``firm``, ``extracts``, ``processing``,
        ``gaps``, ``parts``.
    reveal
        Whether private values stand in full.

    Returns
    -------
    tuple of dict
        Tables and result for `export`.
    """
    from crm_lib.lesson.display import finding
    from crm_lib.lesson.kernel import notebook_variables, output_folder
    from crm_lib.store import write_archive_questionnaire
    from crm_lib.store.templates import write_template

    folder = output_folder(str(notebook_variables().get("NOTEBOOK_ID", "lesson"))) / "tables"
    written = [
        write_archive_book(folder / "customer_archive.xlsx", database, reveal=reveal),
        write_template("customers", folder / "upload_template.xlsx"),
        write_verdict_book(folder / "verdicts.xlsx", kit["first"], reveal=reveal),
        *_write_forms(folder, kit["forms"]),
        write_archive_questionnaire(folder / "questionnaire.xlsx"),
        write_firm_archive(folder / "firm_archive.xlsx", kit["fields"], kit["firm"]),
        write_advice(folder / "advice.docx", kit),
    ]
    finding(say("database.handed", files="、".join(p.name for p in written)))
    names = ("extracts", "processing", "gaps", "parts", "checked", "halves", "assumptions", "fields")
    return {name: _title(_word_halves(kit[name])) for name in names}, _gather_figures(database, kit)


def _title(frame: pd.DataFrame) -> pd.DataFrame:
    titles, known = list_section("database_columns"), list_titles()
    return frame.rename(columns={c: titles[c] for c in frame.columns if c in titles and c not in known})


def _word_halves(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the codes of the two halves in words."""
    return frame.assign(half=[say(f"database.half_{h}") for h in frame["half"]]) if "half" in frame else frame


def read_sheets(database: Database, *, reveal: bool) -> dict[str, pd.DataFrame]:
    """Read the tables of the archive as they are handed in, private values masked unless asked for.

    Parameters
    ----------
    database
        What `open_database` returned.
    reveal
        Whether private values stand in full; reading them is written to the log.

    Returns
    -------
    dict
        Table → rows.
    """
    from crm_lib.store import mask_private
    from crm_lib.store.forms import PRIVATE

    store, out = database.store, {}
    for name in _SHEETS:
        if name == "customers" and reveal:
            sealed = [c for c in PRIVATE if c != "name"]
            rows = store.read(name, reveal=sealed, at=database.tick())
        else:
            rows = store.read(name)
        rows = mask_private(rows, reveal=PRIVATE if reveal else ())
        out[name] = rows.drop(columns=[c for c in _HIDDEN if c in rows])
    return out


def write_archive_book(path: Path, database: Database, *, reveal: bool) -> Path:
    """Write the archive as a workbook: 电子客户档案, 名册, 交易记录表, 统计分析资料, 公司投入记录, and what each column means.

    Parameters
    ----------
    path
        File to write.
    database
        What `open_database` returned.
    reveal
        Whether private values stand in full.
    """
    import pandas as pd

    from crm_lib.readwrite.excel import write_excel
    from crm_lib.store.tables import ROSTER_TITLES, load_table

    meanings = list_section("database_meanings")
    sheets, told, titles = {}, [], dict(ROSTER_TITLES)
    for name, rows in read_sheets(database, reveal=reveal).items():
        known = {} if name == "roster" else {f.name: f.title for f in load_table(name).fields}
        titles = {**known, **titles}
        sheet = say("database.sheet_roster") if name == "roster" else load_table(name).title
        sheets[sheet] = rows.rename(columns={c: known.get(c, titles.get(c, c)) for c in rows.columns})
        told += [(sheet, known.get(c, titles.get(c, c)), meanings.get(c, "")) for c in rows.columns]
    heads = [say(f"database.explain_{k}") for k in ("sheet", "column", "meaning")]
    sheets[say("database.sheet_explain")] = pd.DataFrame(told, columns=heads)
    return write_excel(path, sheets)


def write_verdict_book(path: Path, upload: Any, *, reveal: bool) -> Path:
    """Write the verdict of each row; with the rows themselves only when private values are asked for.

    Parameters
    ----------
    path
        File to write.
    upload
        What `upload_rows` returned.
    reveal
        Whether to write the sender's own sheet with its private values.
    """
    from crm_lib.lesson.database_tables import list_verdicts
    from crm_lib.readwrite.excel import write_excel

    if reveal:
        from crm_lib.store.verdicts import write_verdicts

        return write_verdicts(upload, path)
    verdicts = list_verdicts(upload)
    counts = verdicts["verdict"].value_counts().rename_axis("verdict").reset_index(name="n_rows")
    sheets = {say("database.sheet_verdicts"): verdicts, say("database.sheet_counts"): counts}
    return write_excel(path, sheets, titles={**list_titles(), **list_section("database_columns")})


def _write_forms(folder: Path, forms: Mapping[str, Any]) -> list[Path]:
    from crm_lib.store import write_forms_html, write_forms_word

    sheets = [s for kind in ("card", "register", "bag") for s in forms[kind]]
    title = say("database.forms_title")
    # Word is for filling in and changing: a long register is printed from the page
    few = [*forms["card"], *forms["register"][:_WORD_PAGES], *forms["bag"]]
    return [
        write_forms_html(folder / "forms.html", sheets, title=title),
        write_forms_word(folder / "forms.docx", few, title=title),
    ]


def write_advice(path: Path, kit: Mapping[str, Any]) -> Path:
    """Write the advice to a firm: what the survey shows, what its archive lacks, what to do, what it returns.

    Parameters
    ----------
    path
        File to write.
    kit
        As for `export_archive`.

    Returns
    -------
    Path
        The document; every figure in it is computed from the kit.
    """
    from crm_lib.readwrite.word import FigureBlock, HeadingBlock, TableBlock, TextBlock, write_word

    checked, titles = kit["checked"], list_section("database_columns")
    effects = [database_survey.describe_effect(e) for e in kit["effects"]]
    months = int(kit["flow"]["month"].max())
    habits = tabulate_habits(kit["scores"])
    pictures = _draw(kit, months)
    text = [
        HeadingBlock(say("database.advice"), 0),
        TextBlock(say("database.advice_about", firm=kit["firm"])),
        HeadingBlock(say("database.advice_survey"), 1),
        TextBlock(_plain(database_survey.describe_halves(kit["scores"], kit["halves"]))),
        TableBlock(habits, say("database.cap_habits"), titles),
        *(TextBlock(_plain(e)) for e in effects),
        FigureBlock(pictures[0], say("database.fig_keeping")),
        HeadingBlock(say("database.advice_checks"), 1),
        TextBlock(_plain(database_words.describe_checks(checked))),
        TableBlock(checked[["principle", "found", "verdict"]], say("database.cap_checked"), titles),
        HeadingBlock(say("database.advice_do"), 1),
        *(TextBlock(f"{k}. {line}") for k, line in enumerate(list_advice(kit), start=1)),
        HeadingBlock(say("database.advice_return"), 1),
        TableBlock(kit["assumptions"][["title", "unit", "value", "low", "high"]],
                   say("database.cap_assumptions"), titles),
        TextBlock(_plain(database_survey.describe_payback(kit["payback"], kit["flow"]))),
        FigureBlock(pictures[1], say("database.fig_payback")),
        HeadingBlock(say("database.advice_limits"), 1),
        TextBlock(say("database.advice_limits_text")),
    ]  # fmt: skip
    return write_word(path, text)


def tabulate_habits(scores: pd.DataFrame) -> pd.DataFrame:
    """Return how far the firms of the survey have each habit, the rarest first.

    Parameters
    ----------
    scores
        What `score_archives` returned.

    Returns
    -------
    DataFrame
        ``habit``, ``n_firms`` (that answered), ``mean_share`` (mean of the habit's 0–1).
    """
    import pandas as pd

    from crm_lib.schema import load_schema
    from crm_lib.store.survey import list_habits

    titles = {c.name: c.title for c in load_schema("archives").columns}
    rows = [(titles[h], int(scores[h].notna().sum()), float(scores[h].mean())) for h in list_habits()]
    frame = pd.DataFrame(rows, columns=["habit", "n_firms", "mean_share"])
    return frame.sort_values(["mean_share", "habit"], kind="stable", ignore_index=True)


def list_advice(kit: Mapping[str, Any]) -> list[str]:
    """Return the advice in order: what the checks ask for, the rarest habits of firms, a trial first.

    Parameters
    ----------
    kit
        As for `export_archive`.
    """
    checked = kit["checked"]
    out = [
        f"{r['principle']}：{r['way_out']}。"
        for r in checked[checked["verdict"] == "要改进"].to_dict("records")
    ]
    habits = tabulate_habits(kit["scores"]).dropna().head(2)["habit"]
    if len(habits):
        out.append(say("database.advice_habits", habits="、".join(habits)))
    shown = any(e.verdict == "shown" for e in kit["effects"])
    out.append(say("database.advice_shown" if shown else "database.advice_not_shown"))
    return [*out, say("database.advice_trial", title=kit["payback"].by_assumption.iloc[0]["title"])]


def _draw(kit: Mapping[str, Any], months: int) -> list[bytes]:
    import matplotlib.pyplot as plt

    from crm_lib.plots import figure_png, plot_keeping, plot_payback

    out = []
    for ax in (plot_keeping(kit["scores"]), plot_payback(kit["payback"].by_assumption, months=months)):
        figure = ax.get_figure()
        out.append(io.BytesIO(figure_png(figure)).getvalue())
        plt.close(figure)
    return out


def _plain(text: str) -> str:
    return text.replace("**", "")


def _gather_figures(database: Database, kit: Mapping[str, Any]) -> dict[str, Any]:
    upload, payback = kit["first"], kit["payback"]
    roster = database.store.read("roster")
    return {
        "day": database.day,
        "n_customers": len(roster),
        "revenue": round(float(roster["revenue"].sum()), 2),
        "upload": {"new": upload.n_new, "updated": upload.n_updated, "same": upload.n_same, "rejected": upload.n_rejected},
        "checks": {n: dict(zip(kit[n]["check"], kit[n]["verdict"], strict=True)) for n in ("checked", "improved", "later")},
        "effects": {e.outcome: {"n": e.n, "slope": e.slope, "low": e.low, "high": e.high, "p": e.p_value,
                                "verdict": e.verdict} for e in kit["effects"]},
        "payback": {"month": payback.month, "low": payback.low, "high": payback.high, "never": payback.never_share},
        "checksums": int(len(database.store.checksums())),
    }  # fmt: skip
