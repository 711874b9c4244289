"""Full-text search as each database spells it."""

from typing import Any

import sqlalchemy as sa

from segue.db.compiling.spelling.functions import without
from segue.db.compiling.translation import MYSQL, Bound, Element, Scope, Translator, translates
from segue.db.models.kinds import Kind
from segue.db.queries.searching import Headline, Matches, Rank, query_text, search_name, vector_text

_WORDS = Kind("str", str)


class _Search:
    """A search in one statement."""

    def __init__(self, sql: Translator, node: Matches, scope: Scope) -> None:
        self.sql = sql
        self.node = node
        self.mapping = node.columns[0].field.model.__mapping__
        bound = Bound(sql.value(), _WORDS, convert=query_text(sql.dialect))
        self.words = sql.bind(bound, sa.Text())
        self.columns = [sql.expression(one, scope) for one in node.columns]
        self.name = f'"{search_name(self.mapping.table)}"'
        self.scope = scope

    def vector(self) -> Any:
        if self.node.index.stored:
            return Element([sa.literal_column(f'"{self.columns[0].table.name}"'), f".{self.name}"])
        # The text of the index, with the columns of this statement in it.
        text = vector_text(self.node.index.language, ["{}"] * len(self.columns))
        parts: list[Any] = []
        for piece, column in zip(text.split("{}"), (*self.columns, None), strict=True):
            parts += [piece] if column is None else [piece, column]
        return Element(["(", *parts, ")"])

    def query(self) -> Any:
        return sa.func.to_tsquery(sa.literal_column(f"'{self.node.index.language}'"), self.words)

    def rowid(self) -> Any:
        table = self.columns[0].table
        return Element([sa.literal_column(f'"{table.name}"'), ".rowid"])

    def against(self) -> Any:
        parts: list[Any] = ["MATCH ("]
        for at, one in enumerate(self.columns):
            parts += [", ", one] if at else [one]
        return Element([*parts, ") AGAINST (", self.words, " IN BOOLEAN MODE)"])

    def found(self, what: str, *more: Any) -> Any:
        """What the table of words of SQLite says of this row."""
        pieces: list[Any] = [f"(SELECT {what}"]
        for one in more:
            pieces += [", ", one]
        where = f" FROM {self.name} WHERE {self.name} MATCH "
        return Element([*pieces, ")" if more else "", where, self.words, " AND rowid = ", self.rowid(), ")"])


@translates(Matches)
def _matches(sql: Translator, node: Matches, scope: Scope) -> Any:
    made = _Search(sql, node, scope)
    if sql.dialect == "postgresql":
        return made.vector().op("@@")(made.query())
    if sql.dialect == "sqlite":
        # The name is that of the model's table.
        inner = f" IN (SELECT rowid FROM {made.name} WHERE {made.name} MATCH "  # noqa: S608 -- of the program
        return sa.type_coerce(Element(["(", made.rowid(), inner, made.words, "))"]), sa.Boolean())
    if sql.dialect in MYSQL:
        return made.against().op(">")(sa.literal_column("0"))
    raise without(sql, "search()")


@translates(Rank)
def _rank(sql: Translator, node: Rank, scope: Scope) -> Any:
    made = _Search(sql, node.of, scope)
    if sql.dialect == "postgresql":
        return sa.cast(sa.func.ts_rank(made.vector(), made.query()), sa.Double())
    if sql.dialect == "sqlite":
        weights = ", ".join(str(10.0 / (1 << at)) for at in range(len(made.columns)))
        return made.found(f"-bm25({made.name}, {weights})")
    if sql.dialect in MYSQL:
        return made.against()
    raise without(sql, "rank")


@translates(Headline)
def _headline(sql: Translator, node: Headline, scope: Scope) -> Any:
    made = _Search(sql, node.of, scope)
    number = sql.value()
    at = [one.token for one in node.of.columns].index(node.column.token)
    if sql.dialect == "postgresql":
        options = Bound(number, _WORDS, convert=lambda marks: f'StartSel="{marks[0]}", StopSel="{marks[1]}"')
        language: Any = sa.literal_column(f"'{node.of.index.language}'")
        return sa.func.ts_headline(language, made.columns[at], made.query(), sql.bind(options, sa.Text()))
    if sql.dialect == "sqlite":
        before = sql.bind(Bound(number, _WORDS, convert=lambda marks: marks[0]), sa.Text())
        after = sql.bind(Bound(number, _WORDS, convert=lambda marks: marks[1]), sa.Text())
        return made.found(
            f"snippet({made.name}, {at}", before, after, sa.literal_column("'…'"), sa.literal_column("24")
        )
    raise without(sql, "headline()")
