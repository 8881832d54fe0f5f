"""The data of the lesson on demographic data: registers, population, orders, and what each person does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crm_lib._checks import parse_day
from crm_lib.catalogue import say
from crm_lib.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

STRATA = ("gender", "age_band", "region")
MEASURES = ("overall", "nps", "monthly_income", "height_cm", "age")
_TECHNICAL = (
    "record_id",
    "register",
    "response_id",
    "customer_id",
    "channel",
    "source_row",
    "source_file",
    "person_id",
    "n_records",
)
_CONSENT = ("registered_on", "consent_marketing", "consent_on")


def read_population(name: str, customers: str) -> tuple[pd.DataFrame | None, str]:
    """Read the population a sample is held against, when there is one for these customers.

    Parameters
    ----------
    name : str
        A file, the name of a sample, or empty text.
    customers : str
        The same for the registers: the population of one company's sample is not another's.

    Returns
    -------
    tuple of DataFrame or None, and str
        One row per stratum (``n`` and what it is counted by); and ``used``, ``none`` or ``other``.
    """
    rows, kind = _read_beside(name, customers, "population")
    return rows, kind


def read_lines(orders: str, products: str, customers: str) -> tuple[pd.DataFrame | None, str]:
    """Read the order lines of these customers, with the category of the article where it is known.

    Parameters
    ----------
    orders, products : str
        Files, names of samples, or empty text.
    customers : str
        The same for the registers.

    Returns
    -------
    tuple of DataFrame or None, and str
        One row per order line; and ``used``, ``none`` or ``other`` (a sample of another company).
    """
    lines, kind = _read_beside(orders, customers, "orders")
    if lines is None:
        return None, kind
    articles, _ = _read_beside(products, orders, "products")
    if articles is not None and "category" not in lines.columns:
        known = articles[["sku", "category"]].drop_duplicates("sku")
        lines = lines.merge(known, on="sku", how="left")
    return lines, kind


def _read_beside(name: str, other: str, schema: str) -> tuple[pd.DataFrame | None, str]:
    from crm_lib import sample
    from crm_lib.identify import clean_table
    from crm_lib.lesson.run import show_source
    from crm_lib.lesson.sources import read_source

    if not name:
        return None, "none"
    own = {s.name for s in sample.list_samples()} | set(sample.files.GROUPS) | set(sample.files.JOURNEY_NAMES)
    if name in own and (other not in own or other.split("_")[0] != name.split("_")[0]):
        return None, "other"
    raw = read_source(name, schema)
    show_source(raw)
    return clean_table(raw, schema).rows, "used"


def choose_day(as_of: str, records: pd.DataFrame, lines: pd.DataFrame | None) -> str:
    """Return the day ages are counted at: the given one, else the day after the last order or registration.

    Parameters
    ----------
    as_of : str
        ISO date, or empty text.
    records : DataFrame
        Cleaned register records.
    lines : DataFrame or None
        Cleaned order lines.

    Raises
    ------
    DataError
        Nothing in the data tells a day, so it must be given.
    """
    import pandas as pd

    if as_of:
        return parse_day("as_of", "as_of", as_of).isoformat()
    if lines is not None and len(lines):
        from crm_lib.lesson.words import choose_as_of

        return choose_as_of("", lines)
    days = (
        records["registered_on"].dropna() if "registered_on" in records.columns else pd.Series(dtype=object)
    )
    if not len(days):
        raise DataError(say("demography.no_day"))
    return (pd.Timestamp(days.max()).normalize() + pd.Timedelta(days=1)).date().isoformat()


def name_records(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records with ``record_id`` (from ``customer_id``, else the row number) and ``register``.

    Parameters
    ----------
    records : DataFrame
        Cleaned register records.

    Returns
    -------
    DataFrame
        The same rows, with ``gender`` and ``birth_date`` (missing where nobody asked); ``register`` is the
        channel, else the file's name without its ending, else 登记表.
    """
    import pandas as pd

    out = records.copy()
    if "record_id" not in out.columns:
        given = out["customer_id"] if "customer_id" in out.columns else out["source_row"].map("R{}".format)
        out.insert(0, "record_id", given)
    rows = out["source_row"].map("R{}".format)
    for column, kind in (("gender", object), ("birth_date", "datetime64[ns]")):
        if column not in out.columns:
            out[column] = pd.Series(None, index=out.index, dtype=kind)
    out["record_id"] = out["record_id"].astype(object).where(out["record_id"].notna(), rows)
    register = out["channel"] if "channel" in out.columns else out.get("source_file")
    register = (
        register.map(lambda name: str(name).rsplit(".", 1)[0], na_action="ignore")
        if register is not None
        else None
    )
    out["register"] = (
        say("demography.register") if register is None else register.fillna(say("demography.register"))
    )
    return out


def list_fields(records: pd.DataFrame) -> list[str]:
    """Return the fields of a register that say something about the person: the contract's, then all others.

    Parameters
    ----------
    records : DataFrame
        Cleaned register records.
    """
    from crm_lib.schema import load_schema

    aside = {*_TECHNICAL, *_CONSENT}
    known = [n for n in load_schema("customers").names if n not in aside]
    more = [c for c in records.columns if c not in {*known, *aside}]
    return [n for n in (*known, *more) if n in records.columns and records[n].notna().any()]


def plan_fields(records: pd.DataFrame) -> pd.DataFrame:
    """Return the plan of collection: for each field what it is for, how sensitive, on what ground, who asks for it.

    Parameters
    ----------
    records : DataFrame
        Cleaned register records with ``register``.

    Returns
    -------
    DataFrame
        One row per field: ``field`` (Chinese), ``use``, ``sensitivity``, ``ground``, ``articles``, ``registers``.
    """
    from crm_lib.identify import flag_sensitive
    from crm_lib.lesson.portrait_tables import title_field

    fields = list_fields(records)
    flags = flag_sensitive(fields)
    shown = flags.assign(field=[title_field(n) for n in fields])
    shown["sensitivity"] = [say(f"demography.level_{v}") for v in flags["sensitivity"]]
    shown["ground"] = [say(f"demography.ground_{v}") if v else "—" for v in flags["ground"]]
    shown["registers"] = ["、".join(_list_registers(records, n)) for n in fields]
    return shown[["field", "use", "sensitivity", "ground", "articles", "registers"]]


def _list_registers(records: pd.DataFrame, field: str) -> list[str]:
    there = records.groupby("register", sort=True)[field].count()
    return [str(name) for name in there.index[there > 0]]


def cover_fields(records: pd.DataFrame) -> pd.DataFrame:
    """Return how full each field is, in all registers together and in each.

    Parameters
    ----------
    records : DataFrame
        Cleaned register records with ``register``.

    Returns
    -------
    DataFrame
        One row per field, the emptiest first: ``column``, ``field`` (Chinese), ``filled_share``, then one
        column ``<register>_share`` per register.
    """
    import pandas as pd

    from crm_lib.lesson.portrait_tables import title_field

    fields = list_fields(records)
    parts = {f"{name}_share": part[fields].notna().mean() for name, part in records.groupby("register")}
    whole = pd.DataFrame({"filled_share": records[fields].notna().mean(), **parts})
    whole.insert(0, "field", [title_field(n) for n in fields])
    out = whole.rename_axis("column").reset_index()
    return out.sort_values(["filled_share", "column"], kind="stable").reset_index(drop=True)


def choose_strata(people: pd.DataFrame, population: pd.DataFrame | None) -> list[str]:
    """Return what sample and population can be compared by: sex, age band, region, as far as both have them.

    Parameters
    ----------
    people : DataFrame
        One row per person.
    population : DataFrame or None
        One row per stratum.
    """
    if population is None:
        return []
    both = [c for c in STRATA if c in people.columns and c in population.columns]
    return [c for c in both if people[c].isin(set(population[c].dropna())).any()]


def take_sample(
    people: pd.DataFrame, survey: str, customers: str, *, measure: str
) -> tuple[pd.DataFrame, str]:
    """Return those who answered a question by a number: respondents of a survey, else people of the register.

    Parameters
    ----------
    people : DataFrame
        One row per person.
    survey : str
        A questionnaire's file, the name of a sample, or empty text.
    customers : str
        Where the people come from: a survey of another company's sample is not used.
    measure : str
        Column of the number; by default the first there is of overall satisfaction, willingness to
        recommend, income, height, age.

    Returns
    -------
    tuple of DataFrame and str
        One row per person who gave the number, and its column ("" when there is none).

    Raises
    ------
    ParameterError
        There is no such number; those there are are named.
    """
    answers, _ = _read_beside(survey, customers, "survey")
    rows = people if answers is None else answers
    numbers = [c for c in rows.columns if rows[c].dtype.kind in "iuf" and c not in _TECHNICAL]
    usable = [c for c in numbers if rows[c].notna().sum() >= 2]
    if measure and measure not in usable:
        raise ParameterError(say("demography.no_measure", measure=measure, known="、".join(usable) or "—"))
    chosen = measure or next((c for c in MEASURES if c in usable), usable[0] if usable else "")
    return (rows.dropna(subset=[chosen]) if chosen else rows[:0]).reset_index(drop=True), chosen


def list_decisions(decided: pd.DataFrame, decisions: Sequence[str]) -> str:
    """Return the Chinese names of the fields with one of these decisions, joined.

    Parameters
    ----------
    decided : DataFrame
        What `decide_collection` returned.
    decisions : sequence of str
        Decisions.
    """
    from crm_lib.lesson.portrait_tables import title_field

    names = decided.loc[decided["decision"].isin(decisions), "attribute"]
    return "、".join(title_field(n) for n in names)
