"""Tell new rows from known ones: within the file, against the database, and from earlier uploads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crm_lib.catalogue import say
from crm_lib.store.fields import Form

NEW, UPDATED, SAME, REJECTED = "新增", "更新", "已有", "退回"
VERDICTS = (NEW, UPDATED, SAME, REJECTED)
FILL, CHANGE, CORRECT, FIRST, GROW = "缺失数据", "易变动", "更正", "新客户", "易新增"
SEALED = ("phone", "email", "address", "identity_no")


class Judgement(NamedTuple):
    """What is decided about one row; `twin` is the position of the row of this file it repeats."""

    verdict: str
    customer_no: str | None = None
    column: str = ""
    rule: str = ""
    message: str = ""
    changes: tuple[str, ...] = ()
    kind: str = ""
    twin: int | None = None


@dataclass
class Rows:
    """The readable rows of an upload: column → values, with sealed columns as the marks they are compared by."""

    form: Form
    columns: dict[str, Sequence[Any]]
    hashes: list[str]
    source_rows: list[int]

    def __len__(self) -> int:
        return len(self.hashes)

    def keys(self, i: int) -> list[tuple[Any, ...]]:
        """Return what tells the person of row `i` from others."""
        return list_keys(*(self.columns[c][i] for c in ("name", "phone", "email", "identity_no")))


@dataclass
class People:
    """The current customers: column → values, and where each key leads."""

    columns: dict[str, list[Any]]
    position: dict[str, int] = field(init=False)
    keys: dict[tuple[Any, ...], int] = field(init=False)

    def __post_init__(self) -> None:
        numbers = self.columns["customer_no"]
        self.position = {no: i for i, no in enumerate(numbers)}
        self.keys = {}
        told = zip(*(self.columns[c] for c in ("name", "phone", "email", "identity_no")), strict=True)
        for i, person in enumerate(told):
            for key in list_keys(*person):
                self.keys.setdefault(key, i)


def list_keys(name: Any, phone: Any, email: Any, identity: Any) -> list[tuple[Any, ...]]:
    """Return the keys of a person: the identity number alone, phone or e-mail with the name."""
    out: list[tuple[Any, ...]] = [("identity_no", identity)] if identity else []
    who = "".join(str(name).split()).casefold() if name else ""
    if who and phone:
        out.append(("phone", phone, who))
    if who and email:
        out.append(("email", email, who))
    return out


def judge_customers(
    rows: Rows,
    people: People,
    *,
    bad: set[int],
    seen: Mapping[str, tuple[str, int, str]],
    kind: str | None = None,
) -> list[Judgement | None]:
    """Decide about each row of a customer upload; rows in `bad` are left to their faults.

    `seen` maps the hash of rows taken in before to upload, row and customer.  `kind` is None
    (blanks are filled, volatile columns change), 新客户 (no numbers), 易变动 (as None, numbers only),
    缺失数据 (blanks are filled, nothing else) or 更正 (every column may change).
    """
    file = _File(rows, people, kind)
    out: list[Judgement | None] = []
    for i, row_hash in enumerate(rows.hashes):
        if i in bad:
            out.append(None)
        elif row_hash in seen:
            out.append(say_seen(seen[row_hash]))
        elif rows.columns["customer_no"][i] is not None:
            out.append(file.refuse("has_number", ("customer_no",)) if kind == FIRST else file.judge_known(i))
        elif kind not in (None, FIRST):
            out.append(file.refuse("needs_number", ("customer_no",), kind=kind))
        else:
            out.append(file.judge_new(i))
    return out


def say_seen(earlier: tuple[str, int, str]) -> Judgement:
    """Return the decision about a row that came in the same words before."""
    upload, row, no = earlier
    return Judgement(SAME, no, rule="same_row", message=say("upload.same_row", upload=upload, row=row))


@dataclass
class _File:
    """The file as it is read from top to bottom: who was in it already."""

    rows: Rows
    people: People
    kind: str | None
    keys: dict[tuple[Any, ...], int] = field(default_factory=dict)
    hashes: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    phones: dict[Any, tuple[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for phone, no in zip(self.people.columns["phone"], self.people.columns["customer_no"], strict=True):
            if phone:
                self.phones.setdefault(phone, ("customer", no))

    def judge_new(self, i: int) -> Judgement:
        """Decide about a row without a number: somebody new, or somebody known."""
        rows, keys = self.rows, self.rows.keys(i)
        known = sorted({self.people.keys[k] for k in keys if k in self.people.keys})
        if len(known) > 1:
            who = "、".join(self.people.columns["customer_no"][k] for k in known)
            return self.refuse("two_customers", self._given(i), who=who)
        if known:
            return self._repeat_customer(i, known[0])
        first = {self.keys[k] for k in keys if k in self.keys} | {self.hashes.get(rows.hashes[i], i)} - {i}
        if len(first) > 1:
            who = "、".join(say("upload.row_of", row=rows.source_rows[k]) for k in sorted(first))
            return self.refuse("two_customers", self._given(i), who=who)
        if first:
            return self._repeat_row(i, first.pop())
        self.hashes.setdefault(rows.hashes[i], i)
        for key in keys:
            self.keys.setdefault(key, i)
        return Judgement(NEW, rule="new", kind=FIRST, message=self._note_phone(i))

    def _given(self, i: int) -> list[str]:
        return [c for c in ("phone", "email", "identity_no") if self.rows.columns[c][i]]

    def _note_phone(self, i: int) -> str:
        phone, own = self.rows.columns["phone"][i], ("row", self.rows.source_rows[i])
        what, which = self.phones.setdefault(phone, own) if phone else own
        if (what, which) == own:
            return ""
        who = say("upload.row_of", row=which) if what == "row" else say("upload.customer_of", no=which)
        return say("upload.same_phone", who=who)

    def _repeat_customer(self, i: int, k: int) -> Judgement:
        no = self.people.columns["customer_no"][k]
        if self._other_name(i, self.people.columns["name"][k]):
            return self.refuse("identity_taken", ("identity_no",), who=say("upload.customer_of", no=no))
        filled, differ = self._compare(i, self.people.columns, k)
        message = say("upload.same_customer", no=no)
        if filled or differ:
            message += say("upload.differs", names=self.rows.form.list_titles(self._sort((*filled, *differ))))
        return Judgement(SAME, no, ", ".join(self._sort((*filled, *differ))), "same_customer", message)

    def _repeat_row(self, i: int, first: int) -> Judgement:
        row = self.rows.source_rows[first]
        if self._other_name(i, self.rows.columns["name"][first]):
            return self.refuse("identity_taken", ("identity_no",), who=say("upload.row_of", row=row))
        filled, differ = self._compare(i, self.rows.columns, first)
        message = say("upload.same_in_file", row=row)
        if filled or differ:
            names = self.rows.form.list_titles(self._sort((*filled, *differ)))
            message += say("upload.differs_in_file", names=names)
        named = ", ".join(self._sort((*filled, *differ)))
        return Judgement(SAME, None, named, "same_in_file", message, twin=first)

    def _other_name(self, i: int, name: Any) -> bool:
        own = self.rows.columns["name"][i]
        return bool(own and name and "".join(own.split()).casefold() != "".join(name.split()).casefold())

    def judge_known(self, i: int) -> Judgement:
        """Decide about a row that names its customer."""
        no = self.rows.columns["customer_no"][i]
        if no not in self.people.position:
            return self.refuse("unknown_customer", ("customer_no",), no=no)
        if no in self.numbers:
            return self._repeat_number(i, self.numbers[no], no)
        self.numbers[no] = i
        filled, differ = self._compare(i, self.people.columns, self.people.position[no])
        if not filled and not differ:
            return Judgement(SAME, no, rule="no_change", message=say("upload.no_change"))
        form = self.rows.form
        refused = [c for c in differ if self._refuses(form.field(c).kind)]
        if refused:
            rule = "conflict" if self.kind == FILL else "stable_change"
            return self.refuse(rule, refused, names=form.list_titles(refused))._replace(customer_no=no)
        taken = self._identity_taken(i, (*filled, *differ), no)
        if taken:
            return taken
        message = say("upload.filled", names=form.list_titles(filled)) if filled else ""
        message += say("upload.updated", names=form.list_titles(differ)) if differ else ""
        kind = self.kind or (CHANGE if differ else FILL)
        return Judgement(UPDATED, no, rule="updated", message=message, changes=(*filled, *differ), kind=kind)

    def _identity_taken(self, i: int, changes: Sequence[str], no: str) -> Judgement | None:
        key = ("identity_no", self.rows.columns["identity_no"][i])
        other = self.people.keys.get(key) if "identity_no" in changes else None
        if other is None or self.people.columns["customer_no"][other] == no:
            return None
        who = say("upload.customer_of", no=self.people.columns["customer_no"][other])
        return self.refuse("identity_taken", ("identity_no",), who=who)._replace(customer_no=no)

    def _repeat_number(self, i: int, first: int, no: str) -> Judgement:
        row = self.rows.source_rows[first]
        filled, differ = self._compare(i, self.rows.columns, first)
        if filled or differ:
            return self.refuse("twice", (*filled, *differ), row=row)._replace(customer_no=no)
        message = say("upload.same_in_file", row=row)
        return Judgement(SAME, no, rule="same_in_file", message=message, twin=first)

    def _refuses(self, kind: str) -> bool:
        if self.kind == FILL:
            return True
        return self.kind != CORRECT and kind == "stable"

    def _compare(self, i: int, columns: Mapping[str, Sequence[Any]], k: int) -> tuple[list[str], list[str]]:
        """Return the columns that row `i` would fill, and those it would change."""
        filled, differ = [], []
        for name, values in self.rows.columns.items():
            if name == "customer_no" or values[i] is None:
                continue
            known = columns[name][k]
            if known is None:
                filled.append(name)
            elif known != values[i]:
                differ.append(name)
        return filled, differ

    def _sort(self, names: Iterable[str]) -> list[str]:
        chosen = set(names)
        return [n for n in self.rows.form.names if n in chosen]

    def refuse(self, rule: str, columns: Sequence[str], **values: Any) -> Judgement:
        """Return the decision to send a row back."""
        named = ", ".join(self._sort(columns))
        values.setdefault("names", self.rows.form.list_titles(self._sort(columns)))
        return Judgement(REJECTED, None, named, rule, say(f"upload.fault_{rule}", **values))
