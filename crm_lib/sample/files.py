"""Find the data files of the project, wherever the library is called from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from crm_lib._checks import list_words, require_choice
from crm_lib.errors import ReadError

_MARKER = Path("data") / "dictionary.csv"


@dataclass(frozen=True)
class Sample:
    """One data file: short name, file name, row grain, source, terms of use, unit of money."""

    name: str
    file: str
    grain: str
    source: str
    terms: str
    currency: str = "元"


_CDNOW = "Fader & Hardie, CDNOW; from the PyPI package lifetimes 0.11.3"
_TERMS = "MIT (data/LICENSE-lifetimes.txt)"
_XUDONG = {
    "orders": ("orders.csv", "order line"),
    "customers_store": ("register_store.xlsx", "register record"),
    "customers_web": ("register_web.csv", "register record"),
    "customers_call_center": ("register_call_center.csv", "register record"),
    "products": ("products.csv", "article"),
    "contacts": ("contacts.csv", "contact"),
    "clicks": ("clicks.csv", "event"),
    "reviews": ("reviews.csv", "review"),
    "wallet": ("wallet.csv", "customer × category × period"),
    "campaigns": ("campaigns.csv", "campaign"),
    "campaign_members": ("campaign_members.csv", "customer × campaign"),
    "touches": ("touches.csv", "touch"),
    "investments": ("investments.csv", "investment"),
    "leads": ("leads.csv", "prospect"),
    "survey": ("survey.csv", "respondent"),
    "survey_items": ("survey_items.csv", "item"),
    "experience": ("experience.csv", "observation"),
    "population": ("population.csv", "stratum"),
    "price_quotes": ("price_quotes.csv", "quote"),
    "consents": ("consents.csv", "consent"),
}
_INVENTED = "invented; crm data make --customers 500 --seed 0 --out DIR writes it to DIR/files"
_TEMPLATE = "invented; the template of a student's own shopping, empty and twice filled in"
_FORMS = ("my_shopping_template", "my_shopping", "classmate_shopping")
_FIRMS = "invented; answers of 60 firms on their customer files, drawn by crm_lib/sample/_archives.py"
_WEB = "invented; crm_lib.sample.write_pages writes the pages, make_rivals the rivals"
_SOURCES = {
    "search_pages": ("pages.csv", "page"),
    "search_judgements": ("judgements.csv", "page × prospect"),
    "search_rivals": ("competitors.csv", "customer × rival"),
}
_SAMPLES = {
    s.name: s
    for s in (
        *(
            Sample(f"xudong_{name}", f"xudong/{file}", grain, _INVENTED, "MIT (LICENSE)")
            for name, (file, grain) in _XUDONG.items()
        ),
        *(
            Sample(name, f"templates/{name}.xlsx", "sheet of a template", _TEMPLATE, "MIT (LICENSE)")
            for name in _FORMS
        ),
        *(
            Sample(name, f"surveys/{name}.csv", "firm", _FIRMS, "MIT (LICENSE)")
            for name in ("firm_archives", "firm_archives_plain")
        ),
        *(
            Sample(name, f"sources/{file}", grain, _WEB, "MIT (LICENSE)")
            for name, (file, grain) in _SOURCES.items()
        ),
        Sample("cdnow", "cdnow_orders.csv.gz", "order line", _CDNOW, _TERMS, "美元"),
        Sample("cdnow_sample", "cdnow_sample_orders.csv.gz", "order line", _CDNOW, _TERMS, "美元"),
    )
}

GROUPS = {
    "xudong_customers": ("xudong_customers_store", "xudong_customers_web", "xudong_customers_call_center"),
}
"""Name of several data files that are read as one table."""

JOURNEY_NAMES = {
    f"journey_{table}": table
    for table in (
        "orders",
        "customers",
        "products",
        "campaigns",
        "campaign_members",
        "coupons",
        "coupon_redemptions",
    )
}
"""Name of a table of The Complete Journey → the table as `load_journey` knows it."""


def list_samples() -> tuple[Sample, ...]:
    """List the data files of the project, sorted by name.

    Returns
    -------
    tuple of Sample
        Name, file, row grain, source and terms of each.

    Examples
    --------
    >>> [s.name for s in list_samples() if s.currency == "美元"]
    ['cdnow', 'cdnow_sample']
    """
    return tuple(_SAMPLES[name] for name in sorted(_SAMPLES))


def path(name: str) -> Path:
    """Return the path of the data file called `name`.

    Parameters
    ----------
    name : str
        Short name as in `list_samples`, e.g. ``"cdnow"``.

    Returns
    -------
    pathlib.Path
        Absolute path of an existing file.

    Raises
    ------
    ParameterError
        No sample has this name; the closest ones are listed.
    ReadError
        The data folder, or the file in it, cannot be found.

    Examples
    --------
    >>> path("cdnow").name
    'cdnow_orders.csv.gz'
    """
    require_choice("sample.path", "name", name, tuple(_SAMPLES))
    found = project_root() / "data" / _SAMPLES[name].file
    if not found.is_file():
        raise ReadError(
            f"sample.path: the data file of {name!r} must be in the data folder; "
            f"{found} does not exist. Get a complete copy of the project."
        )
    return found


def paths(name: str) -> list[Path]:
    """Return the paths of all files behind a name: a data file, a group of them, or a table of a package.

    Parameters
    ----------
    name : str
        A name `path` knows; ``"xudong_customers"`` for the three registers of
        旭东; ``"journey_orders"``, ``"journey_customers"``,
        ``"journey_products"`` … for a table of The Complete Journey.

    Returns
    -------
    list of pathlib.Path
        Absolute paths of existing files, at least one, in a fixed order.

    Raises
    ------
    ParameterError
        Nothing has this name; the closest ones are listed.
    MissingPackageError
        The package the table travels in is not installed.
    ReadError
        The data folder, or a file, cannot be found.

    Notes
    -----
    The tables of the journey stand in their package under other column names
    and, the orders, in UTC: read them with `load_journey`, not by their path.

    Examples
    --------
    >>> [p.name for p in paths("xudong_customers")]
    ['register_store.xlsx', 'register_web.csv', 'register_call_center.csv']
    """
    require_choice("sample.paths", "name", name, (*_SAMPLES, *GROUPS, *JOURNEY_NAMES))
    if name in JOURNEY_NAMES:
        from crm_lib.sample.journey import find_table

        return [find_table(JOURNEY_NAMES[name])]
    return [path(member) for member in GROUPS.get(name, (name,))]


def project_root() -> Path:
    """Return the folder of the project: the one whose ``data/`` holds the samples.

    Returns
    -------
    pathlib.Path
        The folder named by the environment variable ``CRM_HOME`` when that is
        set; else the folder the library was installed from; else the nearest
        folder upwards from the current one.

    Raises
    ------
    ReadError
        ``CRM_HOME`` names a folder without the data, or no folder has them.

    Notes
    -----
    ``CRM_HOME`` is never passed over in silence: a wrong value is an error, so
    that nobody works on other data than he named.
    """
    home = os.environ.get("CRM_HOME")
    if home:
        root = Path(home).expanduser().resolve()
        if not (root / _MARKER).is_file():
            raise ReadError(
                f"project_root: CRM_HOME must name a folder with {_MARKER.as_posix()}; got {home!r}. "
                "Correct the environment variable or remove it."
            )
        return root
    here = Path.cwd().resolve()
    tried = [Path(__file__).resolve().parents[2], here, *here.parents]
    for root in tried:
        if (root / _MARKER).is_file():
            return root
    raise ReadError(
        f"project_root: the data folder must be beside the library or above the current folder; "
        f"looked for {_MARKER.as_posix()} in {list_words(tried, most=4)}. "
        "Set the environment variable CRM_HOME to the folder of the project."
    )
