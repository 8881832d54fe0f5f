"""The one catalogue of Chinese sentences and column titles (``catalogue.toml``).

Lessons, checks, reports, the index and feedback speak Chinese; every sentence
the library says there stands in the catalogue, so that wording is mended in
one place.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def _read() -> dict[str, Any]:
    text = (resources.files("crm_lib") / "catalogue.toml").read_text("utf-8")
    return tomllib.loads(text)


def say(key: str, /, **values: Any) -> str:
    """Return the Chinese sentence `key` (``section.name``) with its values filled in.

    Examples
    --------
    >>> say("check.blank")
    '还没有作答。请先运行上面的答题单元，再运行本单元。'
    """
    section, name = key.split(".", 1)
    return _read()[section][name].format(**values)


def column_title(name: str) -> str:
    """Return the Chinese title of a column, or `name` itself when it has none.

    A name made of a known one and a value of the data takes both: ``score_满意``,
    ``category_share:鲜肉``, ``web_share``.

    Examples
    --------
    >>> column_title("revenue"), column_title("category_share:鲜肉"), column_title("我的列")
    ('消费金额', '品类占比：鲜肉', '我的列')
    """
    titles = _read()["columns"]
    name = str(name)
    if name in titles:
        return titles[name]
    stem, colon, value = name.partition(":")
    if colon and stem in titles:
        return f"{titles[stem]}：{value}"
    stem, _, value = name.rpartition("_")
    if stem in titles and not value.isascii():
        return f"{value}：{titles[stem]}"
    return f"{titles.get(stem, stem)}：{titles['share']}" if stem and value == "share" else name


def sheet_title(name: str) -> str:
    """Return the Chinese name of a workbook's sheet, or `name` itself when it has none.

    Examples
    --------
    >>> sheet_title("customers"), sheet_title("说明")
    ('客户', '说明')
    """
    return _read()["sheets"].get(str(name), str(name))


def list_currencies() -> dict[str, str]:
    """Return the Chinese names of currencies by their code."""
    return dict(_read()["currencies"])


def list_departments() -> dict[str, str]:
    """Return the Chinese names of the departments of The Complete Journey."""
    return dict(_read()["departments"])


def list_titles() -> dict[str, str]:
    """Return all column titles: English name → Chinese title."""
    return dict(_read()["columns"])


def list_sentences(*sections: str) -> str:
    """Return all sentences of `sections` as one text, as they stand in the catalogue."""
    return "\n".join(str(text) for section in sections for text in _read()[section].values())


def list_results() -> dict[str, str]:
    """Return the Chinese titles of what stands in a result file and is no column: name → title."""
    return dict(_read()["results"])


def list_section(section: str) -> dict[str, str]:
    """Return all sentences or titles of one section: key → text as it stands in the catalogue."""
    return dict(_read()[section])
