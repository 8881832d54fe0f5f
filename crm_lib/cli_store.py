"""The commands ``crm store``: make a customer database, fill it, check it, back it up and get it back."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from crm_lib.protect import Cipher
    from crm_lib.store import Store

app = typer.Typer(help="Keep the customer database (客户数据库).", no_args_is_help=True)

Target = Annotated[
    str, typer.Argument(help="A file such as customers.duckdb, or postgresql://user@host:port/database.")
]
Table = Annotated[str, typer.Option(help="customers, transactions or investments.")]
Key = Annotated[str, typer.Option(help="Where the key lies: file:PATH or env:NAME.")]
Password = Annotated[str, typer.Option(help="Where the server's password lies: file:PATH or env:NAME.")]
Actor = Annotated[str, typer.Option(help="Who works with it, as the log names them; default: your login.")]
At = Annotated[str, typer.Option(metavar="TIME", help="When, such as 2024-12-31T09:00:00; default: now.")]


def _now(at: str) -> str:
    return at or dt.datetime.now().isoformat(sep=" ", timespec="seconds")


def _cipher(key: str) -> Cipher | None:
    from crm_lib.protect import Cipher, open_keys

    return Cipher(open_keys(key)) if key else None


def _open(target: str, key: str, password: str, actor: str, **options: Any) -> Store:
    from crm_lib.store import open_store

    who = actor or getpass.getuser()
    return open_store(target, actor=who, cipher=_cipher(key), password=password or None, **options)


@app.command(
    epilog="Example: crm store create customers.duckdb --key file:customers.key\n\n"
    "Example: crm store create postgresql://crm@db.example.com/crm --key env:CRM_KEY --password env:CRM_PASSWORD"
)
def create(
    target: Target,
    key: Key = "",
    unsealed: Annotated[bool, typer.Option("--unsealed", help="Make a database without a key.")] = False,
    password: Password = "",
    actor: Actor = "",
    at: At = "",
) -> None:
    """Make the tables; a key file that is not there yet is made (keep it elsewhere too: without it nothing opens)."""
    from crm_lib.errors import ParameterError
    from crm_lib.protect import make_key
    from crm_lib.store import create_tables

    if not key and not unsealed:
        raise ParameterError(
            "crm store create: telephone, e-mail, address and identity number are sealed with a key; none is given. "
            "Add --key file:customers.key, or --unsealed for invented data."
        )
    kind, _, place = key.partition(":")
    if kind == "file" and not Path(place).exists():
        typer.echo(f"Key written: {make_key(place)}")
    with _open(target, key, password, actor, create=True) as store:
        create_tables(store, at=_now(at))
        typer.echo(f"Customer database ready: {store.where}")


@app.command(epilog="Example: crm store template --table customers --out customers_template.xlsx")
def template(
    out: Annotated[Path, typer.Option(help="The workbook to write.")],
    table: Table = "customers",
) -> None:
    """Write the import template of a table."""
    from crm_lib.store import write_template

    typer.echo(f"Template: {write_template(table, out)}")


@app.command(
    epilog="Example: crm store upload customers.duckdb filled.xlsx --key file:customers.key --verdicts verdicts.xlsx"
)
def upload(
    target: Target,
    file: Annotated[str, typer.Argument(help="The filled template, or any table with known headers.")],
    table: Table = "customers",
    kind: Annotated[str, typer.Option(help="新客户, 易变动, 缺失数据 or 更正.")] = "",
    verdicts: Annotated[Path | None, typer.Option(help="Write the rows back with their verdicts.")] = None,
    key: Key = "",
    password: Password = "",
    actor: Actor = "",
    at: At = "",
) -> None:
    """Upload a table: every row gets a verdict; exit code 1 when rows were sent back."""
    from crm_lib._terminal import print_table
    from crm_lib.store import upload_rows, write_verdicts

    with _open(target, key, password, actor) as store:
        done = upload_rows(store, file, table=table, at=_now(at), kind=kind or None)
    for note in done.notes:
        typer.echo(note)
    names = ("n_new", "n_updated", "n_same", "n_rejected")
    print_table(
        ["upload", "new", "updated", "known", "sent back"],
        [[done.upload_id, *(getattr(done, n) for n in names)]],
    )
    if verdicts:
        typer.echo(f"Verdicts: {write_verdicts(done, verdicts)}")
    if done.n_rejected:
        raise typer.Exit(1)


@app.command(epilog="Example: crm store verify customers.duckdb")
def verify(target: Target, password: Password = "", actor: Actor = "") -> None:
    """Find what was done behind the database's back; exit code 1 when something was."""
    from crm_lib._terminal import print_table
    from crm_lib.store import verify_store

    with _open(target, "", password, actor, read_only=True) as store:
        found = verify_store(store)
        n_entries = len(store.audit())
    if len(found):
        print_table(list(found.columns), found.astype(str).values.tolist())
        raise typer.Exit(1)
    typer.echo(f"Whole: {n_entries:,} log entries in their chain, no table changed behind it.")


@app.command(epilog="Example: crm store backup customers.duckdb backups --key file:customers.key --keep 10")
def backup(
    target: Target,
    folder: Annotated[Path, typer.Argument(help="Folder of the backups.")],
    key: Key = "",
    keep: Annotated[int | None, typer.Option(min=1, help="Keep this many of the newest.")] = None,
    password: Password = "",
    actor: Actor = "",
    at: At = "",
) -> None:
    """Write the whole database into one sealed file."""
    from crm_lib.store import back_up

    with _open(target, key, password, actor) as store:
        done = back_up(store, folder, at=_now(at), keep=keep)
    typer.echo(f"Backup: {done.path}")


@app.command(
    epilog="Example: crm store restore backups/crm-20241231T090000-1a2b3c4d.crmbackup restored.duckdb --key file:customers.key"
)
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    target: Target,
    key: Key,
    password: Password = "",
    actor: Actor = "",
    at: At = "",
) -> None:
    """Fill a new database from a backup; it appears only when every checksum is equal."""
    from crm_lib.store import restore as restore_backup

    cipher = _cipher(key)
    who = actor or getpass.getuser()
    restore_backup(file, target, cipher=cipher, at=_now(at), actor=who, password=password or None)
    typer.echo(f"Restored: {target}")


@app.command("list", epilog="Example: crm store list backups --key file:customers.key")
def list_(
    folder: Annotated[Path, typer.Argument(help="Folder of the backups.")],
    key: Key = "",
) -> None:
    """List the backups of a folder, each with whether it is whole."""
    from crm_lib._terminal import print_table
    from crm_lib.store import list_backups

    found = list_backups(folder, cipher=_cipher(key))
    print_table(list(found.columns), found.astype(str).values.tolist())
