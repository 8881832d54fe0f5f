"""Read a query: words, phrases, fields, and / or / not, brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crm_lib._checks import closest_first, list_words
from crm_lib.errors import ParameterError
from crm_lib.text._words import normalize
from crm_lib.text.search_terms import needed_terms

MOST_CHARACTERS = 200
MOST_BRACKETS = 20
FIELDS = {"site": "site", "站点": "site", "intitle": "intitle", "标题": "intitle"}
FIELDS |= {"filetype": "filetype", "类型": "filetype"}
_OPERATORS = {"AND": "and", "与": "and", "OR": "or", "或": "or", "|": "or", "NOT": "not", "非": "not"}
_WRITING = str.maketrans("“”„「」『』（）：－−–｜＂　", '"""""""():---|" ')
_TOKEN = re.compile(r'\s*(?:(?P<mark>[()|])|(?P<minus>-(?=\S))|(?P<text>(?:[^\s()"|]+:)?"[^"]*"|[^\s()"|]+))')


class QueryError(ParameterError):
    """A query that cannot be read; ``fault`` names the rule it breaks, for those who word it otherwise."""

    def __init__(self, message: str, fault: str) -> None:
        super().__init__(message)
        self.fault = fault


@dataclass(frozen=True)
class Leaf:
    """One thing to look up: kind is word, phrase, site, intitle or filetype."""

    kind: str
    text: str

    def __str__(self) -> str:
        """Return it as one would type it."""
        if self.kind == "word":
            return self.text
        return f'"{self.text}"' if self.kind == "phrase" else f"{self.kind}:{self.text}"


@dataclass(frozen=True)
class Branch:
    """Parts joined by ``and`` or ``or``; ``not`` has one part."""

    kind: str
    parts: tuple[Node, ...]

    def __str__(self) -> str:
        """Return it with all brackets, as it was understood."""
        if self.kind == "not":
            return f"NOT {self.parts[0]}"
        return f"({f' {self.kind.upper()} '.join(map(str, self.parts))})"


Node = Leaf | Branch


def read_query(query: str) -> Node:
    """Read a query into a tree.

    Parameters
    ----------
    query : str
        Words side by side must all occur.  ``OR`` (或, |), ``NOT`` (非, a minus directly before a word),
        ``AND`` (与), brackets, ``"phrase"``, ``site:``, ``intitle:``, ``filetype:``.  Operators in Latin
        letters are capitals; 与, 或, 非 stand alone between blanks.  Full-width signs serve as well.

    Returns
    -------
    Leaf or Branch
        The tree; its text shows how the query was understood.

    Raises
    ------
    QueryError
        The query is empty or too long, a quotation mark or bracket has no partner, an operator lacks a
        word, a field is unknown, a word holds nothing to look up, or the query only says what must not occur.

    Notes
    -----
    ``NOT`` binds closest, then ``AND``, then ``OR``, as in algebra.  Some search engines let ``OR`` bind
    closer than the blank; brackets mean the same everywhere.

    Examples
    --------
    >>> str(read_query("求购 (玩具 或 公仔) -招聘"))
    '(求购 AND (玩具 OR 公仔) AND NOT 招聘)'
    """
    if not isinstance(query, str) or not query.strip():
        raise _fault(
            "empty", "needs at least one word", f"got {query!r}", "Write what you look for, such as 求购 玩具"
        )
    if len(query) > MOST_CHARACTERS:
        raise _fault(
            "long", f"must have at most {MOST_CHARACTERS} characters", f"got {len(query)}", "Use fewer words"
        )
    text = query.translate(_WRITING)
    if text.count('"') % 2:
        raise _fault("quotes", "needs quotation marks in pairs", f"got {query!r}", "Add the missing one")
    reader = _Reader(list(_split(text)), query)
    tree = reader.read_or()
    if reader.tokens:
        raise _fault(
            "brackets",
            "needs brackets in pairs",
            f"a ) has no partner in {query!r}",
            "Take it out or add a (",
        )
    if not _has_positive(tree):
        raise _fault(
            "negative",
            "must say what shall occur",
            f"{query!r} only says what shall not",
            "Add a word without a minus",
        )
    return tree


def list_leaves(tree: Node, *, wanted: bool = True) -> list[Leaf]:
    """Return the words and phrases that shall occur, left to right (those under a NOT for wanted=False)."""
    if isinstance(tree, Leaf):
        return [tree] if wanted else []
    flip = wanted != (tree.kind == "not")
    return [leaf for part in tree.parts for leaf in list_leaves(part, wanted=flip)]


def _has_positive(tree: Node) -> bool:
    """Tell whether the tree asks for something that occurs, in each of its alternatives."""
    if isinstance(tree, Leaf):
        return True
    if tree.kind == "not":
        return False
    ask = any if tree.kind == "and" else all
    return ask(_has_positive(part) for part in tree.parts)


def _fault(fault: str, rule: str, got: str, way: str) -> QueryError:
    return QueryError(f"search_pages: the query {rule}; {got}. {way}.", fault)


def _split(text: str) -> Iterator[str]:
    at = 0
    while at < len(text.rstrip()):
        hit = _TOKEN.match(text, at)
        if not hit:
            raise _fault(
                "sign", "has a sign that means nothing", f"got {text[at:].strip()[:10]!r}", "Take it out"
            )
        yield hit[0].strip()
        at = hit.end()


class _Reader:
    """A reader by recursive descent: or → and → not → one thing."""

    def __init__(self, tokens: list[str], query: str) -> None:
        self.tokens, self.query, self.depth = tokens, query, 0

    def read_or(self) -> Node:
        parts = [self.read_and()]
        while self._next() == "or":
            self.tokens.pop(0)
            parts.append(self.read_and())
        return parts[0] if len(parts) == 1 else Branch("or", tuple(parts))

    def read_and(self) -> Node:
        parts = [self.read_not()]
        while self.tokens and self._next() not in ("or", ")"):
            if self._next() == "and":
                self.tokens.pop(0)
            parts.append(self.read_not())
        return parts[0] if len(parts) == 1 else Branch("and", tuple(parts))

    def read_not(self) -> Node:
        if self._next() in ("not", "-"):
            sign = self.tokens.pop(0)
            if self._next() in ("not", "-"):
                raise _fault(
                    "double", "takes one NOT at a time", f"got two in {self.query!r}", "Take one out"
                )
            return Branch("not", (self.read_one(sign),))
        return self.read_one("")

    def read_one(self, before: str) -> Node:
        kind = self._next()
        if kind in ("", "and", "or", ")"):
            where = (
                f"after {before!r}"
                if before
                else f"before {self.tokens[0]!r}"
                if self.tokens
                else "at the end"
            )
            raise _fault(
                "operand", "needs a word on each side of an operator", f"there is none {where} in {self.query!r}",
                "Add a word, or put the operator into quotation marks to look it up",
            )  # fmt: skip
        token = self.tokens.pop(0)
        if kind != "(":
            return _read_leaf(token)
        self.depth += 1
        if self.depth > MOST_BRACKETS:
            raise _fault("deep", f"may nest at most {MOST_BRACKETS} brackets", "got more", "Take some out")
        inside = self.read_or()
        if self._next() != ")":
            raise _fault(
                "brackets", "needs brackets in pairs", f"a ( has no partner in {self.query!r}", "Add a )"
            )
        self.tokens.pop(0)
        self.depth -= 1
        return inside

    def _next(self) -> str:
        """Return what the next token is: an operator, a sign, "word", or "" at the end."""
        if not self.tokens:
            return ""
        token = self.tokens[0]
        return _OPERATORS.get(token, token if token in "()-" else "word")


def _read_leaf(token: str) -> Leaf:
    field, colon, rest = token.partition(":")
    name = FIELDS.get(field.lower()) if colon and not token.startswith('"') else None
    if colon and name is None and re.fullmatch(r"[A-Za-z_]+", field) and not rest.startswith("//"):
        known = list_words(closest_first(field, FIELDS))
        raise _fault(
            "field", f"knows the fields {known}", f"got {field!r}", "Choose one, or quote the whole word"
        )
    text = normalize((rest if name else token).strip('"'))
    if name in ("site", "filetype"):
        text = text.removeprefix("http://").removeprefix("https://").strip("./*")
    if not text or (name not in ("site", "filetype") and not needed_terms(text)):
        raise _fault("word", "needs words or numbers to look up", f"got {token!r}", "Write a word")
    return Leaf(name or ("phrase" if '"' in token else "word"), text)
