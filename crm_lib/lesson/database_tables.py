"""Tables of the lesson on the customer database: slips, verdicts, parts, forms, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import list_section, say

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.database_store import Database

_PREVIEW = ("name", "birth_date", "phone", "email", "city", "address", "channel", "registered_on")
SLIPS = ("phone", "birth_date", "province", "registered_on", "name")


def show_rows(frame: pd.DataFrame, key: str, *, most: int = 20, **values: Any) -> pd.DataFrame:
    """Show a table of this lesson under its caption, and return it.

    Parameters
    ----------
    frame
        The table.
    key
        Name of the caption in the catalogue.
    most
        Rows shown at most.
    **values
        What the caption takes.
    """
    from crm_lib.lesson.display import show_table

    show_table(
        frame, say(f"database.cap_{key}", **values), most=most, titles=list_section("database_columns")
    )
    return frame


def try_slips(rule: Any, year: int) -> pd.DataFrame:
    """Try every slip of the pen on one number, and count those the rule catches.

    Parameters
    ----------
    rule
        `CustomerNumbers`.
    year
        Year of the number.

    Returns
    -------
    DataFrame
        Two rows: ``slip``, ``n_ways``, ``n_caught``, ``caught_share``.
    """
    import pandas as pd

    number = rule.word(next(iter(rule.letters)), year, 123)
    first = len(rule.prefix) + 1
    digits = range(first, len(number))
    wrong = [number[:k] + d + number[k + 1 :] for k in digits for d in "0123456789" if d != number[k]]
    swapped = [
        number[:k] + number[k + 1] + number[k] + number[k + 2 :]
        for k in digits
        if k + 1 < len(number) and number[k] != number[k + 1]
    ]
    rows = []
    for name, tried in (("digit", wrong), ("swap", swapped)):
        caught = int((~rule.check(tried)["valid"]).sum())
        rows.append((say(f"database.slip_{name}"), len(tried), caught, caught / len(tried)))
    return pd.DataFrame(rows, columns=["slip", "n_ways", "n_caught", "caught_share"])


def explain_number(rule: Any, number: str) -> pd.DataFrame:
    """Return the parts of a customer number, columns titled.

    Parameters
    ----------
    rule
        `CustomerNumbers`.
    number
        A valid number.
    """
    titles = {c: say(f"database.number_{c}") for c in ("part", "value", "meaning")}
    return rule.explain(number).rename(columns=titles)


def make_slips(archive: pd.DataFrame, *, share: float, seed: int) -> pd.DataFrame:
    """Return the archive as a hasty clerk would type it: some cells wrong in a way that can be seen.

    Parameters
    ----------
    archive
        What `make_archive` returned.
    share
        Share of the rows with a slip.
    seed
        Seed of the draws.

    Returns
    -------
    DataFrame
        The same rows; the slips are counted in ``attrs["n_slips"]``.
    """
    import numpy as np

    out = archive.astype(object).copy()
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(len(out), size=round(share * len(out)), replace=False))
    n = 0
    for k, place in enumerate(places):
        column = SLIPS[k % len(SLIPS)]
        value = out.iloc[place][column]
        if value is None or value != value:
            continue
        out.iat[place, out.columns.get_loc(column)] = _slip(column, value)
        n += 1
    out.attrs["n_slips"] = n
    return out


def _slip(column: str, value: Any) -> Any:
    if column == "phone":
        return str(value)[:-2]
    if column == "birth_date":
        return f"{value:%Y}-02-30"
    if column == "province":
        return str(value)[:1] + "某省"
    return "2099-01-01" if column == "registered_on" else None


def list_verdicts(upload: Any) -> pd.DataFrame:
    """Return the verdict of each row with the title of the column at fault; messages hold no private value.

    Parameters
    ----------
    upload
        What `upload_rows` returned.

    Returns
    -------
    DataFrame
        One row per row of the file: ``source_row``, ``verdict``, ``customer_no``, ``column``, ``message``.
    """
    from crm_lib.store.fields import load_form

    titles = {f.name: f.title for f in load_form("customers").fields}
    out = upload.verdicts[["source_row", "verdict", "customer_no", "column", "message"]].copy()
    out["column"] = [
        "、".join(titles.get(c.strip(), c.strip()) for c in str(v).replace("、", ",").split(","))
        if v == v and v
        else ""
        for v in out["column"]
    ]
    return out.reset_index(drop=True)


def pick_verdicts(verdicts: pd.DataFrame, *, most: int = 8) -> pd.DataFrame:
    """Return rows of each kind of verdict to look at, the rejected first, of each fault one.

    Parameters
    ----------
    verdicts
        What `list_verdicts` returned.
    most
        Rows at most.
    """
    import pandas as pd

    back = verdicts[verdicts["verdict"] == "退回"].drop_duplicates(["column", "message"])
    rest = verdicts[verdicts["verdict"] != "退回"].drop_duplicates("verdict")
    return pd.concat([back.head(most - len(rest)), rest]).reset_index(drop=True)


def count_parts(database: Database) -> pd.DataFrame:
    """Count what lies in each part of the customer database.

    Parameters
    ----------
    database
        What `open_database` returned.

    Returns
    -------
    DataFrame
        One row per table: ``part``, ``table_title``, ``n_rows``, ``n_customers``, ``own_share`` (rows of our own
        operation; missing where the table does not say).
    """
    import pandas as pd

    from crm_lib.store.tables import load_table

    query = database.store.query
    own = {"customers": "source = 'own'", "raw_records": "source = 'own'", "analysis_records": "own"}
    parts = {"original": ("customers", "transactions", "raw_records"), "analysis": ("analysis_records",)}
    parts |= {"spent": ("investments",)}
    rows = []
    for part, tables in parts.items():
        for table in tables:
            people = "count(DISTINCT customer_no)" if table != "raw_records" else "CAST(NULL AS BIGINT)"
            mine = (
                f"avg(CASE WHEN {own[table]} THEN 1.0 ELSE 0.0 END)"
                if table in own
                else "CAST(NULL AS DOUBLE)"
            )
            where = "WHERE valid_to IS NULL" if table == "customers" else ""
            found = query(f"SELECT count(*) AS n, {people} AS p, {mine} AS own FROM {table} {where}").iloc[0]
            known = [float("nan") if pd.isna(found[c]) else float(found[c]) for c in ("p", "own")]
            rows.append((say(f"database.part_{part}"), load_table(table).title, int(found["n"]), *known))
    return pd.DataFrame(rows, columns=["part", "table_title", "n_rows", "n_customers", "own_share"])


def grade_by_value(roster: pd.DataFrame) -> pd.DataFrame:
    """Give each customer a value grade by revenue: A up to 80 % of the sum, B up to 95 %, C the rest.

    Parameters
    ----------
    roster
        The roster of the database.

    Returns
    -------
    DataFrame
        ``customer_no``, ``grade``.  Equal revenue, equal grade.
    """
    from crm_lib.differentiate import classify_abc

    values = roster[["customer_no", "revenue"]].rename(columns={"customer_no": "customer_id"})
    graded = classify_abc(values).set_index("customer_id")["abc_class"]
    numbers = roster["customer_no"]
    return roster[["customer_no"]].assign(grade=numbers.map(graded).astype(str).to_numpy())


def compare_checks(**checked: pd.DataFrame) -> pd.DataFrame:
    """Return the verdicts of several judgements side by side.

    Parameters
    ----------
    **checked
        Name → what `check_requirements` returned.

    Returns
    -------
    DataFrame
        ``group``, ``principle``, then one column per judgement.
    """
    first = next(iter(checked.values()))
    out = first[["group", "principle"]].copy()
    for name, frame in checked.items():
        out[f"verdict_{name}"] = frame["verdict"].to_numpy()
    return out


def preview_archive(archive: pd.DataFrame, *, most: int = 5) -> pd.DataFrame:
    """Return the first customers of the archive, private values masked, columns titled.

    Parameters
    ----------
    archive
        What `make_archive` returned.
    most
        Customers.
    """
    from crm_lib.store import mask_private
    from crm_lib.store.tables import load_table

    titles = {f.name: f.title for f in load_table("customers").fields}
    shown = mask_private(archive[list(_PREVIEW)].head(most))
    return shown.rename(columns=titles)


def preview_roster(roster: pd.DataFrame, *, most: int = 10) -> pd.DataFrame:
    """Return the customers of the highest revenue, names masked.

    Parameters
    ----------
    roster
        The roster of the database.
    most
        Customers.
    """
    from crm_lib.store import mask_private

    order = roster.sort_values(["revenue", "customer_no"], ascending=[False, True], kind="stable")
    columns = ["customer_no", "name", "province", "city", "channel", "registered_on", "n_orders", "revenue"]
    return mask_private(order[columns].head(most)).reset_index(drop=True)
