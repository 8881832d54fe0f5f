"""Rights in the lesson on maintenance and security: who may see what, and the same customer as each role sees him."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_lib.catalogue import say
from crm_lib.lesson.security_tables import name_column, show_step, word

if TYPE_CHECKING:
    import pandas as pd

    from crm_lib.lesson.security_store import Firm

# what roles differ in most
_SHOWN = "customers"
_ROW = (
    "customer_no",
    "name",
    "gender",
    "birth_date",
    "phone",
    "email",
    "address",
    "province",
    "city",
    "occupation",
)
_PERSONAL = ("name", "birth_date", "phone", "email", "address")
_MOST_COMMANDS = 12
_LONGEST = 200


def show_rights() -> pd.DataFrame:
    """Show the rights of the five roles to the customer file, and a line per role for all tables.

    Returns
    -------
    DataFrame
        What `list_rights` returned: one row per role × table × column.
    """
    import pandas as pd

    from crm_lib.protect.roles import ROLES, list_rights

    rights = list_rights()
    part = rights[(rights["table"] == _SHOWN) & (rights["column"] != "*")]
    wide = part.pivot(index="column", columns="role", values="right").reindex(part["column"].unique())
    shown = pd.DataFrame({"column": [name_column(c) for c in wide.index]})
    for name, role in ROLES.items():
        shown[role.title] = [word("right", v) for v in wide[name]]
    show_step(shown, say("security.cap_rights"), most=40)
    duties = [(r.title, r.duty, word("rows", r.rows), *_count_columns(rights, n)) for n, r in ROLES.items()]
    columns = ["role", "duty", "rows", "n_read", "n_masked", "n_hidden", "n_write"]
    show_step(pd.DataFrame(duties, columns=columns), say("security.cap_roles"))
    return rights


def _count_columns(rights: pd.DataFrame, role: str) -> tuple[int, int, int, int]:
    mine = rights[(rights["role"] == role) & (rights["column"] != "*")]["right"]
    return (
        int(mine.isin(["read", "add"]).sum()),
        int((mine == "masked").sum()),
        int(mine.isin(["none", "append"]).sum()),
        int((mine == "write").sum()),
    )


def show_views(firm: Firm) -> pd.DataFrame:
    """Publish a masked copy for each role, and show the same customer as each of them sees him.

    Parameters
    ----------
    firm
        What `build_firm` returned.

    Returns
    -------
    DataFrame
        One row per column of the customer file, one column per role.  What a role may read in the clear is
        named as such and not shown where it would lead to the person.  ``attrs["copies"]``: rows of each copy.
    """
    import pandas as pd

    from crm_lib.protect.masked_copy import publish_masked_copy
    from crm_lib.protect.roles import ROLES

    number, province = _pick_customer(firm)
    out, copies = pd.DataFrame({"column": [name_column(c) for c in _ROW]}), {}
    with firm.open() as store:
        everybody = len(store.read("customers"))
        for name, role in ROLES.items():
            copies[role.title], path = everybody, firm.folder / f"copy_{name}.duckdb"
            if not role.writes(_SHOWN):  # who writes works in the database itself
                regions = [province] if role.rows == "region" else []
                publish_masked_copy(store, path, role=name, regions=regions)
        whole = store.read(_SHOWN).set_index("customer_no").loc[number].to_dict() | {"customer_no": number}
    for name, role in ROLES.items():
        seen, path = whole, firm.folder / f"copy_{name}.duckdb"
        if path.exists():
            seen, copies[role.title] = _read_copy(path, number)
        out[role.title] = [_tell_cell(role.right(_SHOWN, c), c, seen.get(c)) for c in _ROW]
    out.attrs = {"copies": copies, "number": number, "province": province}
    show_step(out, say("security.cap_views", number=number, province=province))
    show_step(list_commands(), say("security.cap_commands"), most=_MOST_COMMANDS)
    return out


def _pick_customer(firm: Firm) -> tuple[str, str]:
    """Return number and province of the current customer of whom most is known, the first of several."""
    with firm.open() as store:
        rows = store.read("customers")
    filled = rows[list(_ROW)].notna().sum(axis=1)
    filled = filled.where(rows["province"].notna(), 0)
    row = rows.loc[filled.idxmax()]
    return str(row["customer_no"]), str(row["province"])


def _read_copy(path: Any, number: str) -> tuple[dict[str, Any], int]:
    """Return the current row of a customer in a copy that only reads, and how many customers it has."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as link:
        rows = link.execute(f"SELECT * FROM {_SHOWN}").df()
    mine = rows[rows["customer_no"] == number]
    mine = mine[mine["valid_to"].isna()] if "valid_to" in mine.columns else mine
    return (mine.iloc[-1].to_dict() if len(mine) else {}), rows["customer_no"].nunique()


def _tell_cell(right: str, column: str, value: Any) -> str:
    import pandas as pd

    if right in ("none", "append"):
        return say("security.no_column")
    if right != "masked" and column in _PERSONAL:
        return say("security.plain_hidden")
    return "—" if pd.isna(value) else str(value)


def list_commands(*, shorten: bool = True) -> pd.DataFrame:
    """Return the commands that make the same rights on a PostgreSQL server.

    Parameters
    ----------
    shorten
        Some of them only, the long ones cut.

    Returns
    -------
    DataFrame
        ``command_for`` (in words), ``command``.
    """
    from crm_lib.protect.role_commands import write_role_commands

    rows = write_role_commands()
    if not shorten:
        return rows.assign(command_for=[word("part", p) for p in rows["part"]])[["command_for", "command"]]
    text = rows["command"]
    wanted = [
        (rows["part"] == "roles") & text.str.contains("crm_sales"),
        (rows["part"] == "close") & text.str.contains("ALL ON SCHEMA public|ALL ON ALL TABLES"),
        (rows["part"] == "rows") & text.str.contains('"customers"') & ~text.str.startswith("DROP"),
        (rows["part"] == "views") & text.str.contains(r'"crm_auditor"."customers"', regex=False),
        (rows["part"] == "rights") & text.str.contains(r'"audit" TO "crm_sales"', regex=False),
    ]
    found = rows[wanted[0] | wanted[1] | wanted[2] | wanted[3] | wanted[4]].reset_index(drop=True)
    short = [c if len(c) <= _LONGEST else c[: _LONGEST - 1] + "…" for c in found["command"]]
    return found.assign(command_for=[word("part", p) for p in found["part"]], command=short)[
        ["command_for", "command"]
    ]


def describe_rights(rights: pd.DataFrame, views: pd.DataFrame) -> str:
    """Say who sees a telephone number in the clear, who may change the log, and what the copies are.

    Parameters
    ----------
    rights, views
        What `show_rights` and `show_views` returned.
    """
    from crm_lib.protect.roles import ROLES

    title = {n: r.title for n, r in ROLES.items()}
    mine = rights[(rights["table"] == _SHOWN) & (rights["column"] == "phone")].set_index("role")["right"]
    groups = {
        key: "、".join(title[r] for r in title if mine[r] in values) or say("security.nobody")
        for key, values in (
            ("clear", ("read", "add", "write")),
            ("masked", ("masked",)),
            ("none", ("none", "append")),
        )
    }
    text = say("security.rights", **groups)
    log = rights[(rights["table"] == "audit") & rights["right"].isin(["write", "delete"])]
    changers = "、".join(title[r] for r in log["role"].unique())
    text += say("security.rights_log_open", names=changers) if changers else say("security.rights_log")
    part = views.attrs["copies"]
    sales = [r.title for r in ROLES.values() if r.rows == "region"]
    if sales:
        most = max(part.values())
        text += say(
            "security.rights_region",
            role=sales[0],
            province=views.attrs["province"],
            n=part[sales[0]],
            most=most,
        )
    return text
