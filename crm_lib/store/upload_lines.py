"""Tell new order lines and investments from known ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_lib.catalogue import say
from crm_lib.store.upload_match import GROW, NEW, REJECTED, SAME, Judgement, Rows, say_seen

LINE_KEY = ("customer_no", "order_id", "line_no")


def judge_lines(
    rows: Rows,
    known: Mapping[tuple[Any, ...], Mapping[str, Any]],
    *,
    customers: set[str],
    bad: set[int],
    seen: Mapping[str, tuple[str, int, str]],
) -> list[Judgement | None]:
    """Decide about each order line: new, known, or at odds with the line that has its number.

    A line is never rewritten: what was booked is put right by a line of its own.
    """
    first: dict[tuple[Any, ...], int] = {}
    out: list[Judgement | None] = []
    for i, row_hash in enumerate(rows.hashes):
        if i in bad:
            out.append(None)
            continue
        no, *rest = key = tuple(rows.columns[c][i] for c in LINE_KEY)
        line = "-".join(map(str, rest))
        if row_hash in seen:
            out.append(say_seen(seen[row_hash]))
        elif no not in customers:
            out.append(_reject_customer(no))
        elif key in known:
            differ = [c for c in rows.form.names if c not in LINE_KEY and known[key][c] != rows.columns[c][i]]
            out.append(_settle(rows, differ, no, "line_changed", "same_line", line=line))
        elif key in first:
            k = first[key]
            differ = [c for c in rows.form.names if rows.columns[c][k] != rows.columns[c][i]]
            row = rows.source_rows[k]
            out.append(_settle(rows, differ, no, "line_twice", "same_line_in_file", line=line, row=row))
        else:
            first[key] = i
            out.append(Judgement(NEW, no, rule="new", kind=GROW))
    return out


def judge_investments(
    rows: Rows,
    known: set[tuple[Any, ...]],
    *,
    customers: set[str],
    bad: set[int],
    seen: Mapping[str, tuple[str, int, str]],
) -> list[Judgement | None]:
    """Decide about each investment; two that agree in every column are one.

    Somebody who really sent two equal gifts to one customer on one day writes so into ``offer``.
    """
    first: dict[tuple[Any, ...], int] = {}
    out: list[Judgement | None] = []
    for i, row_hash in enumerate(rows.hashes):
        if i in bad:
            out.append(None)
            continue
        key = tuple(rows.columns[c][i] for c in rows.form.names)
        no = rows.columns["customer_no"][i]
        if row_hash in seen:
            out.append(say_seen(seen[row_hash]))
        elif no not in customers:
            out.append(_reject_customer(no))
        elif key in known:
            out.append(Judgement(SAME, no, rule="same_line", message=say("upload.same_line")))
        elif key in first:
            out.append(_settle(rows, [], no, "", "same_line_in_file", row=rows.source_rows[first[key]]))
        else:
            first[key] = i
            out.append(Judgement(NEW, no, rule="new", kind=GROW))
    return out


def _reject_customer(no: str) -> Judgement:
    message = say("upload.fault_unknown_customer", no=no)
    return Judgement(REJECTED, None, "customer_no", "unknown_customer", message)


def _settle(rows: Rows, differ: list[str], no: str, fault: str, same: str, **values: Any) -> Judgement:
    if not differ:
        return Judgement(SAME, no, rule=same, message=say(f"upload.{same}", **values))
    message = say(f"upload.fault_{fault}", names=rows.form.list_titles(differ), **values)
    return Judgement(REJECTED, no, ", ".join(differ), fault, message)
