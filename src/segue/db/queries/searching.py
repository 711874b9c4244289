"""Full-text search: the same words, rank and excerpts over SQLite, PostgreSQL and MariaDB."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from segue.db.errors import ConfigurationError
from segue.db.models.constraints import Searchable
from segue.db.queries.expressions import BOOLEAN, FLOAT, TEXT, Column, Expr, Key, Value

__all__ = ["Headline", "Matches", "Rank", "query_text", "search", "search_name", "vector_text"]

_LONGEST = 1_000
_MOST = 50
_WORD = re.compile(r"\w+")
_TERM = re.compile(r'(?P<minus>-)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')


class Term(NamedTuple):
    """Words that stand one after the other, or of which there must be none; ``prefix``: the last one may go on."""

    words: tuple[str, ...]
    negative: bool
    prefix: bool


class Matches(Expr[bool]):
    """Whether there are words in fields: a condition that knows how well it is met."""

    __slots__ = ("columns", "index", "kind", "words")

    def __init__(self, columns: Sequence[Column[Any]], index: Searchable, words: str) -> None:
        self.columns = tuple(columns)
        self.index = index
        self.words = words
        self.kind = BOOLEAN

    def walk(self, key: Key, values: list[Any]) -> None:
        key += (type(self).__name__, self.index.language, *(one.token for one in self.columns))
        values.append(self.words)

    @property
    def rank(self) -> Expr[float]:
        """How well it is met: ``order_by(found.rank.desc())``. Words in the first field count more than those in the others."""
        return Rank(self)

    def headline(self, column: Expr[str], *, before: str = "«", after: str = "»") -> Expr[str]:
        """An excerpt of a field with marks around the words that were found (SQLite and PostgreSQL).

        It is text and no HTML: escape it before you put tags in place of the marks.
        """
        if not isinstance(column, Column) or column.token not in [one.token for one in self.columns]:
            raise TypeError(f"headline() is of a field that was searched, not of {column!r:.80}")
        return Headline(self, column, before, after)


class Rank(Expr[float]):
    """How well a search is met."""

    __slots__ = ("kind", "of")

    def __init__(self, matches: Matches) -> None:
        self.of = matches
        self.kind = FLOAT

    def walk(self, key: Key, values: list[Any]) -> None:
        key.append("rank")
        self.of.walk(key, values)

    def parts(self) -> Sequence[Expr[Any]]:
        return self.of.columns

    def name(self) -> str:
        return "rank"


class Headline(Expr[str]):
    """An excerpt with marks."""

    __slots__ = ("column", "kind", "marks", "of")

    def __init__(self, matches: Matches, column: Column[Any], before: str, after: str) -> None:
        for mark in (before, after):
            if not mark or len(mark) > 20 or any(letter in mark for letter in ',="\\\0\n'):
                raise ValueError(
                    f"{mark!r:.80} is no mark: a few letters or signs, without comma, equals sign, quote and backslash"
                )
        self.of = matches
        self.column = column
        self.marks = (Value[str](before, TEXT), Value[str](after, TEXT))
        self.kind = TEXT

    def walk(self, key: Key, values: list[Any]) -> None:
        key += ("headline", self.column.token)
        self.of.walk(key, values)
        values.append((self.marks[0].value, self.marks[1].value))

    def parts(self) -> Sequence[Expr[Any]]:
        return (self.column,)

    def name(self) -> str:
        return "headline"


def search(words: str, *columns: Expr[Any]) -> Matches:
    """Whether there are words in fields.

        found = search('guitar -drums "minor swing"', Post.title, Post.body)
        posts = await Post.where(found).order_by(found.rank.desc())

    All words have to be there; ``-`` before one that must not, quotes around several that stand together, ``or`` between
    alternatives, ``*`` after the beginning of a word. The model lists the same fields: ``constraints = (searchable("title", "body"),)``.
    """
    named = [one for one in columns if isinstance(one, Column) and not one.path]
    if not named or len(named) != len(columns):
        raise TypeError(
            "search() is given words and the columns of one model: search('swing', Post.title, Post.body)"
        )
    Value(words, TEXT)  # says what is wrong with it
    if len(words) > _LONGEST:
        raise ValueError(f"a search has at most {_LONGEST:,} characters")
    model: Any = named[0].field.model
    fields = tuple(one.field.name for one in named)
    for one in model.constraints:
        if isinstance(one, Searchable) and one.fields == fields:
            return Matches(named, one, words)
    listed = ", ".join(repr(name) for name in fields)
    raise ConfigurationError(
        f"{model.__name__} has no index of words over {listed}: constraints = (searchable({listed}),), and make its tables anew or migrate"
    )


def search_name(table: str) -> str:
    """What the index of words of a table is called."""
    return f"{table}_search"


def vector_text(language: str, columns: Sequence[str]) -> str:
    """What PostgreSQL indexes and searches, which has to be the same text; the first field counts more."""
    parts = [
        f"setweight(to_tsvector('{language}', coalesce({column}, '')), '{'ABCD'[min(at, 3)]}')"
        for at, column in enumerate(columns)
    ]
    return " || ".join(parts)


# -- words


def _terms(text: str) -> list[list[Term]]:
    """Alternatives, each of terms that all have to be met."""
    found: list[list[Term]] = [[]]
    for match in list(_TERM.finditer(text))[:_MOST]:
        said = match["phrase"] if match["phrase"] is not None else match["word"]
        if match["phrase"] is None and said.lower() == "or" and not match["minus"]:
            found.append([])
            continue
        words = tuple(_WORD.findall(said))
        if words:
            prefix = match["phrase"] is None and said.endswith("*")
            found[-1].append(Term(words, bool(match["minus"]), prefix))
    return [one for one in found if any(not term.negative for term in one)]


def query_text(dialect: str) -> Callable[[Any], str]:
    """What makes of words that somebody wrote what a database searches for. Only letters and digits of them are in it."""
    return {"sqlite": _fts5, "postgresql": _tsquery}.get(dialect, _boolean)


def _tsquery(text: str) -> str:
    def one(term: Term) -> str:
        words = " <-> ".join(term.words) + (":*" if term.prefix else "")
        return f"!({words})" if term.negative else f"({words})"

    return " | ".join(f"({' & '.join(map(one, terms))})" for terms in _terms(text))


def _fts5(text: str) -> str:
    def one(term: Term) -> str:
        return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'

    parts: list[str] = []
    for terms in _terms(text):
        wanted = " AND ".join(one(term) for term in terms if not term.negative)
        unwanted = " OR ".join(one(term) for term in terms if term.negative)
        parts.append(f"(({wanted}) NOT ({unwanted}))" if unwanted else f"({wanted})")
    return " OR ".join(parts) or '""'


def _boolean(text: str) -> str:
    def one(term: Term) -> str:
        words = " ".join(term.words)
        said = (
            f"{words}*"
            if term.prefix and len(term.words) == 1
            else f'"{words}"'
            if len(term.words) > 1
            else words
        )
        return f"{'-' if term.negative else '+'}{said}"

    groups = [" ".join(map(one, terms)) for terms in _terms(text)]
    return groups[0] if len(groups) == 1 else " ".join(f"({group})" for group in groups)
