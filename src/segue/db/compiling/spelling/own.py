"""SQL of one's own, with expressions in its places."""

from typing import Any

import sqlalchemy as sa

from segue.db.compiling.translation import Element, Scope, Translator, translates
from segue.db.compiling.types import sql_type
from segue.db.functions.own import Fragment
from segue.db.queries.naming import Named


@translates(Named)
def _named(sql: Translator, node: Named[Any], scope: Scope) -> Any:
    return sql.expression(node.inner, scope)


@translates(Fragment)
def _fragment(sql: Translator, node: Fragment[Any], scope: Scope) -> Any:
    text = node.texts.get(sql.dialect, node.texts[""])
    parts: list[Any] = []
    for piece, argument in zip(text.split("{}"), (*node.arguments, None), strict=True):
        if piece:
            parts.append(piece)
        if argument is not None:
            parts.append(sql.expression(argument, scope))
    return sa.type_coerce(Element(parts), sql_type(node.kind))
