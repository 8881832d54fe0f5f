"""Read a lesson's data by name: a sample, a group of files, a table of a package, a user's own file."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING

from crm_lib.catalogue import list_departments, say
from crm_lib.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd


def read_source(
    name: str, schema: str, *, columns: Mapping[str, str] | str | PathLike | None = None
) -> pd.DataFrame:
    """Read the rows behind a name as they stand, under the column names of a contract.

    Parameters
    ----------
    name : str
        A sample (``cdnow``, ``xudong_orders``), a group of files
        (``xudong_customers``), a table of The Complete Journey
        (``journey_orders``), or whatever `read_table` reads: a file, a pattern,
        the address of a database.
    schema : str
        The contract, for example ``"orders"``.
    columns : mapping, str or path, optional
        Column -> header where the names are not recognised; not for the journey,
        whose columns are known.

    Returns
    -------
    DataFrame
        One row per row of the source, as `read_table` gives them; of several
        files in one frame, with ``source_file``.  ``attrs["source"]`` is what
        `show_source` shows.

    Raises
    ------
    ReadError
        There is no such file; the sentence names those that are there.
    ParameterError
        The table of the journey is of another kind than `schema`, or `columns`
        was given for it.
    MissingPackageError
        The package the journey travels in is not installed.
    """
    from crm_lib import sample
    from crm_lib.lesson.run import data_source
    from crm_lib.readwrite import read_table
    from crm_lib.sample.files import GROUPS, JOURNEY_NAMES

    if name not in JOURNEY_NAMES:
        files = sample.paths(name) if name in GROUPS else data_source(name)
        return read_table(files, schema, columns=columns)
    if JOURNEY_NAMES[name] != schema:
        raise ParameterError(say("sources.other_table", name=name, schema=schema, near=f"journey_{schema}"))
    if columns:
        raise ParameterError(say("sources.no_columns", name=name))
    return sample.load_journey(JOURNEY_NAMES[name])


def name_departments(products: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give the departments of The Complete Journey their Chinese names; leave other products as they are.

    Parameters
    ----------
    products
        One row per article, with category where it is known.
    name
        File or name of the sample the articles were read from.
    """
    from crm_lib.sample.files import JOURNEY_NAMES

    if name not in JOURNEY_NAMES or "category" not in products.columns:
        return products
    names = list_departments()
    return products.assign(category=[names.get(c, c) for c in products["category"]])
