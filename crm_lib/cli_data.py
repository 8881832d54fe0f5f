"""The commands ``crm data``: look at files before a report is made, generate a company."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Look at data files before a report is made.", no_args_is_help=True)


@app.command("columns", epilog="Example: crm data columns orders.xlsx --save-columns columns.toml")
def data_columns(
    file: Annotated[str, typer.Argument(help="The file to look at; FILE.xlsx#sheet names a sheet.")],
    schema: Annotated[str, typer.Option(help="Table contract to match.")] = "orders",
    columns: Annotated[str, typer.Option(help="Mapping that settles what is ambiguous.")] = "",
    save_columns: Annotated[Path | None, typer.Option(help="Save the mapping for --columns.")] = None,
) -> None:
    """Show which column of a file is taken for what, and save that mapping."""
    from crm_lib import readwrite
    from crm_lib._terminal import print_table

    mapping = readwrite.propose_columns(file, schema, columns=columns or None)
    print_table(["column", "header in the file"], list(mapping.items()))
    if save_columns:
        readwrite.save_columns(mapping, save_columns)
        typer.echo(f"Column mapping saved: {save_columns}")


@app.command("make", epilog="Example: crm data make --customers 1000 --seed 0 --out company")
def data_make(
    customers: Annotated[int, typer.Option(help="Number of customers, 500 to 10,000,000.")],
    out: Annotated[Path, typer.Option(help="New or empty folder.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same company.")] = 0,
    surcharge: Annotated[
        float | None,
        typer.Option(
            help="Share the web shop asks known customers beyond the fair price; 0: an innocent company."
        ),
    ] = None,
) -> None:
    """Generate the company 旭东, and what was planted in it.

    DIR/data holds the tables, DIR/truth the truth, DIR/files (up to 20,000
    customers) CSV and Excel files as a student meets them.
    """
    from crm_lib._terminal import print_table, show_progress
    from crm_lib.sample import make_company

    bars = show_progress(1) if sys.stderr.isatty() else nullcontext()
    with bars as tell:
        n_rows = make_company(customers, seed=seed, out=out, progress=tell, surcharge=surcharge)
    print_table(["table", "rows"], list(n_rows.items()))
