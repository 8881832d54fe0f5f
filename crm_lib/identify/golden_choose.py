"""Choose one value per person and column: candidates, criteria, the reason that decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_lib.identify.survivorship import ColumnRule, Rules
from crm_lib.identify.survivorship_forms import WHOLE, Coded, Form, code_column, plain, supports, vouches

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_DAY = "datetime64[D]"
_LONG_AGO = -(10**12)


@dataclass(frozen=True)
class Chosen:
    """The choice in one column.

    Per candidate (one value of one person, the persons in order, each one's best candidate first):
    ``person``, ``row`` (record that shows it), ``votes`` (records that hold it) and ``valid``.
    Per candidate that leads its person: ``best`` (its number), ``reason``, ``n_values``, ``n_sources``.
    """

    person: np.ndarray
    row: np.ndarray
    votes: np.ndarray
    valid: np.ndarray
    best: np.ndarray
    reason: np.ndarray
    n_values: np.ndarray
    n_sources: np.ndarray


class Records:
    """Register records with the number of each one's person, and what ranks them."""

    def __init__(self, frame: pd.DataFrame, person: np.ndarray, rules: Rules) -> None:
        import numpy as np
        import pandas as pd

        self.frame, self.person, self.rules = frame, person, rules
        self._coded: dict[tuple[str, str], Coded] = {}
        self.rank = pd.factorize(frame["record_id"].astype(str), sort=True)[0]
        self.registered = self.days("registered_on")
        channels = list(rules.sources)
        names = frame["channel"] if "channel" in frame.columns else pd.Series("", index=frame.index)
        place = {name: len(channels) - k for k, name in enumerate(channels)}
        self.source = np.array([place.get(str(name), 0) for name in names], dtype="int64")

    def days(self, column: str) -> np.ndarray:
        """Return a column of dates as whole days, the least number where there is none."""
        import numpy as np

        if column not in self.frame.columns:
            return np.full(len(self.frame), np.iinfo("int64").min)
        coded = self.coded(column, "date")
        days = [
            np.datetime64(f.key, "D") if f.key and f.full == WHOLE else np.datetime64("NaT", "D")
            for f in coded.forms
        ]
        found = np.array([*days, np.datetime64("NaT", "D")], dtype=_DAY)[coded.cells]
        return found.astype("int64")

    def coded(self, column: str, form: str = "") -> Coded:
        """Return a column read by its form, once."""
        form = form or self.rules.of(column).form
        if (column, form) not in self._coded:
            self._coded[column, form] = code_column(self.frame[column], form, self.rules)
        return self._coded[column, form]


def choose_values(records: Records, column: str, allowed: np.ndarray) -> Chosen:
    """Choose the value of each person in one column.

    Parameters
    ----------
    records
        The records.
    column
        Column to choose in.
    allowed
        Which rows may count.
    """
    import numpy as np

    coded = records.coded(column)
    rows = np.flatnonzero((coded.cells >= 0) & allowed)
    keys, n_keys = _number_keys(coded.forms)
    found, of = np.unique(records.person[rows] * n_keys + keys[coded.cells[rows]], return_inverse=True)
    person, key = found // n_keys, found % n_keys
    table = _Candidates(records, column, rows, of, person)
    marks = [table.measure(word) for word in records.rules.of(column).order]
    # keys are numbered in the order of their text, so what is still equal is decided by the text
    order = np.lexsort([key, *(-m for m in reversed(marks)), person])
    shown = table.choose_rows()
    best = np.flatnonzero(np.r_[True, np.diff(person[order]) != 0]) if len(order) else order
    n_values = np.diff(np.r_[best, len(order)])
    votes = np.bincount(of, minlength=len(found))[order]
    n_sources = np.add.reduceat(votes, best) if len(best) else votes
    same = np.where(n_sources == 1, "only", np.where(table.spellings()[order][best], "spelling", "agree"))
    reason = _find_reasons(best, n_values, [m[order] for m in marks], records.rules.of(column), same)
    valid = table.measure("valid")[order].astype(bool)
    return Chosen(person[order], shown[order], votes, valid, best, reason, n_values, n_sources)


class _Candidates:
    """The different values of each person in one column, and how each stands by a criterion."""

    def __init__(
        self, records: Records, column: str, rows: np.ndarray, of: np.ndarray, person: np.ndarray
    ) -> None:
        self.records, self.column, self.rows, self.of, self.person = records, column, rows, of, person
        coded = records.coded(column)
        self.forms, self.texts, self.cells = coded.forms, coded.texts, coded.cells[rows]

    def measure(self, criterion: str) -> np.ndarray:
        """Return one number per candidate; the larger wins."""
        import numpy as np

        if criterion == "valid":
            return self._most(self._find_valid(), 0)
        if criterion == "full":
            return self._most(np.array([f.full for f in self.forms], dtype="int64")[self.cells], 0)
        if criterion == "votes":
            return self._count_votes()
        if criterion == "vouched":
            return self._find_vouched()
        if criterion == "source":
            return self._most(self.records.source[self.rows], -1)
        if criterion == "recent":
            return self._most(self._find_days()[self.rows], _LONG_AGO)
        if criterion == "earliest":
            days = self.records.days(self.column)[self.rows]
            return self._most(np.where(days < _LONG_AGO, _LONG_AGO, -days), _LONG_AGO)
        yes = np.array([_is_yes(f.key) for f in self.forms] or [False])
        return 1 - self._most(yes[self.cells].astype("int64"), 0)

    def _most(self, values: np.ndarray, least: int) -> np.ndarray:
        import numpy as np

        out = np.full(len(self.person), least, dtype="int64")
        np.maximum.at(out, self.of, values.astype("int64"))
        return out

    def _find_valid(self) -> np.ndarray:
        """Return which rows hold a possible value; nobody is born after the registration."""
        import numpy as np

        valid = np.array([f.valid for f in self.forms] or [False])[self.cells]
        if self.column != "birth_date":
            return valid
        registered = self.records.registered[self.rows]
        unknown = registered == np.iinfo("int64").min
        return valid & (unknown | (self.records.days("birth_date")[self.rows] <= registered))

    def _find_days(self) -> np.ndarray:
        import numpy as np

        dated_by = self.records.rules.of(self.column).dated_by
        own = self.records.days(dated_by) if dated_by else self.records.registered
        # where the day itself is missing that of the registration serves; the least integer cannot be negated
        unknown = np.iinfo("int64").min
        return np.maximum(np.where(own == unknown, self.records.registered, own), _LONG_AGO)

    def _count_votes(self) -> np.ndarray:
        """Count the records that hold each value; a nickname counts for the whole names it fits."""
        import numpy as np

        votes = np.bincount(self.of, minlength=len(self.person)).astype("int64")
        if self.records.rules.of(self.column).form != "name":
            return votes
        more = votes.copy()
        for group in self._list_rivals():
            short = [c for c in group if self._form(c).full != WHOLE]
            for c in set(group) - set(short):
                more[c] += sum(int(votes[s]) for s in short if supports(self._form(s), self._form(c)))
        return more

    def _find_vouched(self) -> np.ndarray:
        import numpy as np

        out = np.zeros(len(self.person), dtype="int64")
        mails = self._list_mails([group[0] for group in self._list_rivals()])
        for group in self._list_rivals():
            known = mails.get(int(self.person[group[0]]), ())
            for c in group:
                out[c] = any(vouches(mail, self._form(c).key) for mail in known)
        return out

    def _list_mails(self, firsts: list[int]) -> dict[int, list[str]]:
        import numpy as np

        by = self.records.rules.of(self.column).vouched_by
        if by not in self.records.frame.columns or not firsts:
            return {}
        wanted = np.flatnonzero(np.isin(self.records.person, self.person[firsts]))
        cells = self.records.frame[by].to_numpy(dtype=object)
        mails: dict[int, list[str]] = {}
        for row in wanted:
            if mail := plain(cells[row]):
                mails.setdefault(int(self.records.person[row]), []).append(mail)
        return mails

    def _list_rivals(self) -> list[list[int]]:
        """Return the candidates of each person who has several (candidates stand in order of persons)."""
        import numpy as np

        starts = np.flatnonzero(np.r_[True, np.diff(self.person) != 0]) if len(self.person) else []
        ends = np.r_[starts[1:], len(self.person)] if len(starts) else []
        return [list(range(a, b)) for a, b in zip(starts, ends, strict=True) if b - a > 1]

    def _form(self, candidate: int) -> Form:
        if not hasattr(self, "_first"):
            import numpy as np

            self._first = np.zeros(len(self.person), dtype="int64")
            self._first[self.of] = self.cells
        return self.forms[self._first[candidate]]

    def choose_rows(self) -> np.ndarray:
        """Return the record that shows each candidate: by spelling, then the latest, then by its number."""
        import numpy as np

        size = len(self.texts) + 1
        _, same, counts = np.unique(self.of * size + self.cells, return_inverse=True, return_counts=True)
        longest = self.records.rules.of(self.column).spelling == "longest"
        length = np.array([len(t) if longest else 0 for t in self.texts], dtype="int64")[self.cells]
        rank = self._rank_texts()[self.cells]
        days = self._find_days()[self.rows]
        source = self.records.source[self.rows]
        keys = [self.records.rank[self.rows], rank, -source, -days, -counts[same], -length, self.of]
        order = np.lexsort(keys)
        first = np.flatnonzero(np.r_[True, np.diff(self.of[order]) != 0]) if len(order) else order
        return self.rows[order[first]]

    def spellings(self) -> np.ndarray:
        """Return whether a candidate is written in more than one way."""
        import numpy as np

        pairs = np.unique(np.stack([self.of, self._rank_texts()[self.cells]]), axis=1)[0]
        return np.bincount(pairs, minlength=len(self.person)) > 1

    def _rank_texts(self) -> np.ndarray:
        import numpy as np

        place = {text: n for n, text in enumerate(sorted(set(self.texts)))}
        return np.array([place[text] for text in self.texts], dtype="int64")


def _number_keys(forms: list[Form]) -> tuple[np.ndarray, int]:
    """Return the number of each form's key, in the order of their text, and how many keys there are."""
    import numpy as np

    place = {key: n for n, key in enumerate(sorted({f.key for f in forms}))}
    return np.array([place[f.key] for f in forms], dtype="int64"), max(len(place), 1)


def _find_reasons(
    best: np.ndarray, n_values: np.ndarray, marks: list[np.ndarray], rule: ColumnRule, same: np.ndarray
) -> np.ndarray:
    """Return the criterion by which each leading candidate beats the next of its person; `same` where it is alone."""
    import numpy as np

    several = n_values > 1
    reason = np.where(several, "tie", same).astype(object)
    second = np.where(several, best + 1, best)
    for word, mark in reversed(list(zip(rule.order, marks, strict=True))):
        reason[mark[best] != mark[second]] = word
    return reason


def _is_yes(key: str) -> bool:
    return key in {"true", "是", "1", "yes", "y"}
