"""The columns of the import templates, as ``upload_fields.toml`` lists them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from crm_lib._checks import require_choice
from crm_lib.errors import ParameterError
from crm_lib.schema import Column, Table, load_schema

FORMS = (
    "text", "name", "date", "datetime", "phone", "email", "identity", "choice", "customer_no", "id",
    "number", "integer", "money",
)  # fmt: skip
KINDS = ("key", "stable", "volatile", "growing")
MARK = "row_mark"
MARK_TITLE = "行标记"
EXAMPLE = "示例"
_TYPES = {
    "text": "text", "name": "text", "date": "date", "datetime": "datetime", "phone": "text", "email": "text",
    "identity": "id", "choice": "category", "customer_no": "id", "id": "id", "number": "number",
    "integer": "integer", "money": "money",
}  # fmt: skip


@dataclass(frozen=True)
class FormField:
    """One column of a template: what a cell may hold, and what the form sheet says about it.

    ``kind`` says how a value changes: key (a number), stable (only by a correction),
    volatile (易变动), growing (易新增).  ``synonyms`` are pairs of a choice and the other
    ways to write it; ``most`` is the greatest number of characters.
    """

    name: str
    title: str
    form: str
    kind: str
    note: str
    example: str
    required: bool = False
    sealed: bool = False
    most: int = 255
    least: float | None = None
    largest: float | None = None
    width: int = 12
    choices: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    aliases: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """The template of one table: its sheet, its columns and how foreign headers are matched."""

    table: str
    title: str
    sheet: str
    fields: tuple[FormField, ...]
    contract: Table

    @property
    def names(self) -> tuple[str, ...]:
        """Column names from left to right."""
        return tuple(f.name for f in self.fields)

    def field(self, name: str) -> FormField:
        """Return the column called `name`."""
        require_choice(f"template {self.table!r}", "column", name, self.names)
        return next(f for f in self.fields if f.name == name)

    def list_titles(self, names: Sequence[str]) -> str:
        """Return the Chinese titles of `names` in one text."""
        return "、".join(self.field(n).title for n in names)


@cache
def _read() -> dict[str, Form]:
    text = (resources.files("crm_lib.store") / "upload_fields.toml").read_text("utf-8")
    return {name: _make_form(name, body) for name, body in tomllib.loads(text).items()}


def list_forms() -> tuple[str, ...]:
    """Return the names of the tables that have a template."""
    return tuple(_read())


def load_form(table: str, choices: Mapping[str, Sequence[str]] | None = None) -> Form:
    """Return the template of `table`, with the firm's own lists of choices where given.

    Raises
    ------
    ParameterError
        There is no such template, `choices` names no choice column, or a list is empty.

    Examples
    --------
    >>> load_form("customers").field("education").choices
    ('初中及以下', '高中', '大专', '本科', '研究生')
    """
    require_choice("load_form", "table", table, list_forms())
    form = _read()[table]
    lists = {name: tuple(map(str, values)) for name, values in (choices or {}).items()}
    able = [f.name for f in form.fields if f.form == "choice"]
    for name, values in lists.items():
        require_choice("load_form", "a column of choices", name, able)
        if not values or len(set(values)) < len(values) or any(v.strip() != v or not v for v in values):
            raise ParameterError(
                f"load_form: choices of {name!r} must be different words without blanks around them; "
                f"got {list(values)}. Give at least one."
            )
    fields = tuple(_choose(f, lists[f.name]) if f.name in lists else f for f in form.fields)
    return replace(form, fields=fields)


def _choose(field: FormField, choices: tuple[str, ...]) -> FormField:
    kept = tuple(pair for pair in field.synonyms if pair[0] in choices)
    example = field.example if field.example in choices else choices[0]
    return replace(field, choices=choices, synonyms=kept, example=example)


def _make_form(table: str, body: dict) -> Form:
    fields = []
    for name, column in body["columns"].items():
        require_choice(f"template {table!r}, column {name!r}", "form", column["form"], FORMS)
        require_choice(f"template {table!r}, column {name!r}", "kind", column["kind"], KINDS)
        column = column | {k: tuple(column.get(k, ())) for k in ("choices", "aliases", "endings")}
        column["synonyms"] = tuple((k, tuple(v)) for k, v in column.get("synonyms", {}).items())
        fields.append(FormField(name=name, **column))
    contract = _make_contract(table, body, fields)
    return Form(table, body["title"], body["sheet"], tuple(fields), contract)


def _make_contract(table: str, body: dict, fields: Sequence[FormField]) -> Table:
    """Make the contract that headers are matched with: our titles, and the aliases of the lessons' contract."""
    known = load_schema(body["contract"])
    rename = body.get("rename", {"customer_no": "customer_id"})
    columns = [Column(MARK, "text", MARK_TITLE, "marks the example of a template")]
    for field in fields:
        old = rename.get(field.name, field.name)
        twin = known.column(old) if old in known.names else None
        aliases = (*field.aliases, *((twin.title, old, *twin.aliases) if twin else ()))
        aliases = tuple(a for a in dict.fromkeys(aliases) if a not in (field.title, field.name))
        columns.append(
            Column(
                name=field.name, type=_TYPES[field.form], title=field.title, meaning=field.note,
                aliases=aliases, weak_aliases=twin.weak_aliases if twin else (),
            )
        )  # fmt: skip
    needs = tuple(tuple(tuple(alt) for alt in need) for need in body["needs"])
    return Table(f"store_{table}", body["title"], "row of an upload", tuple(columns), needs)
