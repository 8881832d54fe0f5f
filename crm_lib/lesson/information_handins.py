"""The Word and Excel hand-ins of the lesson on customer information."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import list_titles, say
from crm_lib.lesson import information_words as words
from crm_lib.lesson.display import finding
from crm_lib.lesson.information_data import title_all
from crm_lib.lesson.information_tables import word_rivals, word_verdicts, word_ways, word_worth
from crm_lib.lesson.kernel import notebook_variables, output_folder

if TYPE_CHECKING:
    import pandas as pd

_MOST_ROWS = 60


def write_dictionary(path: Path, fields: pd.DataFrame, counts: pd.DataFrame, needs: Sequence[str]) -> Path:
    """Write the data dictionary as a workbook: fields with their verdict, counts, kinds, the firm's needs.

    Parameters
    ----------
    path
        File to write.
    fields, counts
        What `decide_fields` and `count_fields` returned.
    needs
        The firm's own needs.
    """
    import pandas as pd

    from crm_lib.identify import list_kinds, list_needs
    from crm_lib.readwrite.excel import write_excel

    marks = [(name, what, name in needs) for name, what in list_needs().items()]
    sheets = {
        say("information.sheet_fields"): word_verdicts(fields.drop(columns=["n_rows", "n_filled"])),
        say("information.sheet_counts"): counts,
        say("information.sheet_kinds"): list_kinds(),
        say("information.sheet_needs"): pd.DataFrame(marks, columns=["own_need", "what", "ours"]),
    }
    titles: dict[str, str] = {}
    for frame in sheets.values():
        titles |= title_all(frame)
    return write_excel(path, sheets, titles=titles)


def write_customers(path: Path, means: pd.DataFrame, customers: pd.DataFrame, drawn: pd.DataFrame) -> Path:
    """Write the table means → customers found, the customers, and those checked.

    Parameters
    ----------
    path
        File to write.
    means, customers, drawn
        What `tabulate_means`, `list_customers` and `check_customers` returned.
    """
    from crm_lib.readwrite.excel import write_excel

    sheets = {
        say("information.sheet_means"): means,
        # who is real is known of those only who were asked
        say("information.sheet_customers"): customers.drop(columns="confirmed"),
        say("information.sheet_checked"): drawn.drop(columns=["means", "n_pages"]),
    }
    titles: dict[str, str] = {}
    for frame in sheets.values():
        titles |= title_all(frame)
    return write_excel(path, sheets, titles=titles)


def write_search_report(path: Path, kit: Mapping[str, Any], product: str) -> Path:
    """Write the report on finding prospects: words and operators, means and customers, the check.

    Parameters
    ----------
    path
        File to write.
    kit
        See `export_lesson`.
    product
        Product whose customers were looked for.
    """
    searches, means = kit["searches"], kit["means"]
    n = len(kit["tables"]["pages"])
    check = kit["check"].assign(verdict=[say(f"information.source_{v}") for v in kit["check"]["verdict"]])
    found = words.describe_searches(searches, product) + words.describe_mine(searches)
    reached = words.describe_means(means, kit["customers"], kit["right"], first=kit["first"])
    parts = [
        say("information.doc_search_about", product=product, pages=f"{n:,}"),
        (say("information.doc_words"), found, _table(_percent(searches.drop(columns="f1")), "doc_words")),
        (say("information.doc_means"), reached, _table(means, "cap_means")),
        (
            say("information.doc_check"),
            words.describe_check(kit["check"], kit["customers"]),
            _table(_percent(check), "cap_check"),
        ),
    ]
    return _write(path, say("information.doc_search"), parts)


def write_sources_report(path: Path, kit: Mapping[str, Any], needs: Sequence[str], stage: str) -> Path:
    """Write the report on what to collect, what it is worth, where it comes from, and the rivals.

    Parameters
    ----------
    path
        File to write.
    kit
        See `export_lesson`.
    needs, stage
        The firm's own needs; the stage of the customer.
    """
    worth, ways, rivals = kit["worth"], kit["ways"], kit["rivals"]
    names = ["route", "channel", "n_records", "n_customers", "filled_share", "record_cost"]
    channels = _percent(kit["channels"][names].rename(columns={"record_cost": "record_amount"}))
    sources = words.describe_channels(kit["channels"]) + words.describe_ways(ways)
    tables = [_table(channels, "cap_measured"), _table(_percent(word_ways(ways)), "cap_ways")]
    body = []
    if rivals is not None:
        body = [_table(_percent(word_rivals(rivals).head(_MOST_ROWS)), "cap_rival_records")]
    wanted = words.describe_fields(kit["fields"], needs, stage)
    parts: list[Any] = [
        say("information.doc_honest"),
        (say("information.doc_fields"), wanted, _table(kit["counts"], "cap_counts")),
        (say("information.doc_worth"), words.describe_worth(worth), _worth_table(worth)),
        (say("information.doc_channels"), sources, *tables),
        (say("information.doc_rivals"), words.describe_rivals(rivals), *body),
    ]
    return _write(path, say("information.doc_sources"), parts)


def _worth_table(worth: pd.DataFrame) -> Any:
    return _table(_percent(word_worth(worth)), "cap_worth")


def _percent(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with shares in percent and money with two decimals, as people read it."""
    from crm_lib.lesson.display import format_value

    shown = [c for c in frame.columns if str(c).endswith(("_share", "_amount"))]
    return frame.assign(**{c: [format_value(v, c) for v in frame[c]] for c in shown})


def _table(frame: pd.DataFrame, caption: str) -> Any:
    from crm_lib.readwrite.word import TableBlock

    return TableBlock(frame, say(f"information.{caption}"), title_all(frame))


def _write(path: Path, title: str, parts: Sequence[Any]) -> Path:
    """Write a document: texts become paragraphs, (heading, …) tuples their sections."""
    from crm_lib.readwrite.word import HeadingBlock, TextBlock, write_word

    blocks: list[Any] = [HeadingBlock(title, 0)]
    for part in parts:
        body = part
        if isinstance(part, tuple):
            blocks.append(HeadingBlock(part[0], 1))
            body = part[1:]
        for one in (body,) if isinstance(body, str) else body:
            blocks.append(TextBlock(one.replace("**", "")) if isinstance(one, str) else one)
    return write_word(path, blocks)


def export_lesson(
    kit: Mapping[str, Any], *, day: str, product: str, needs: Sequence[str], stage: str
) -> tuple[dict[str, pd.DataFrame], dict[str, Any]]:
    """Write the hand-ins, say which, and return what the lesson exports as tables and figures.

    Parameters
    ----------
    kit
        What the steps made: tables, fields, counts, worth, channels, ways, rivals, searches, means, customers,
        right, first, check, drawn, testing.
    day
        ISO date of the lesson.
    product, needs, stage
        Parameters of the lesson.

    Returns
    -------
    tuple of dict
        Tables and figures; none holds a name, telephone number or address of a register or prospect list.
    """
    folder = output_folder(str(notebook_variables().get("NOTEBOOK_ID", "lesson"))) / "tables"
    written = [
        write_dictionary(folder / "data_dictionary.xlsx", kit["fields"], kit["counts"], needs),
        write_customers(folder / "customers_found.xlsx", kit["means"], kit["customers"], kit["drawn"]),
        write_search_report(folder / "search_report.docx", kit, product),
        write_sources_report(folder / "sources_report.docx", kit, needs, stage),
    ]
    finding(say("information.written", files="、".join(p.name for p in written)))
    return _gather_tables(kit), _gather_figures(kit, day, product, stage)


def _gather_tables(kit: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    rivals = kit["rivals"]
    tables = {
        "dictionary": word_verdicts(kit["fields"]),
        "worth": word_worth(kit["worth"]),
        "channels": kit["channels"]
        .drop(columns="tables")
        .rename(columns={"record_cost": "record_amount", "cost": "cost_rank", "trust": "trust_rank"}),
        "ways": word_ways(kit["ways"]),
        "searches": kit["searches"],
        "means": kit["means"],
    }
    if rivals is not None:
        tables["rivals"] = word_rivals(rivals).drop(columns="rep")
    known = list_titles()
    return {
        name: frame.rename(
            columns={c: t for c, t in title_all(frame).items() if c not in known or known[c] != t}
        )
        for name, frame in tables.items()
    }


def _gather_figures(kit: Mapping[str, Any], day: str, product: str, stage: str) -> dict[str, Any]:
    worth, check, rivals = kit["worth"], kit["check"].iloc[0], kit["rivals"]
    return {
        "as_of": day,
        "product": product,
        "stage": stage,
        "fields": kit["fields"]["verdict"].value_counts().sort_index().to_dict(),
        "worth": worth.set_index("item")["value_yuan"].to_dict(),
        "searches": kit["searches"].drop(columns="query"),
        "means": kit["means"],
        "n_customers": int(kit["customers"]["prospect_id"].nunique()),
        "check": {
            "n": int(check["n_checked"]),
            "confirmed": int(check["n_confirmed"]),
            "verdict": check["verdict"],
        },
        "rivals": {} if rivals is None else rivals["verdict"].value_counts().sort_index().to_dict(),
    }
