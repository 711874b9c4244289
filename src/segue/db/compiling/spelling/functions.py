"""Functions under the names that each database has for them."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from segue.db.compiling.translation import MYSQL, Scope, Translator, translates
from segue.db.errors import ConfigurationError
from segue.db.queries.expressions import Function
from segue.db.queries.windows import WindowFunction

__all__ = ["call", "spells", "without"]

Spell = Callable[[Translator, Sequence[Any], Function[Any]], Any]
_SPELLS: dict[str, Spell] = {}

# What is only called something else.
_NAMES: dict[str, dict[str, str]] = {
    "sqlite": {
        "substring": "substr",
        "position": "instr",
        "greatest": "max",
        "least": "min",
        "reverse": "segue_reverse",
        "repeat": "segue_repeat",
        "title": "segue_title",
        "similarity": "segue_similarity",
        "replace_pattern": "segue_replace_pattern",
    },
    "mysql": {"length": "char_length", "random": "rand", "replace_pattern": "regexp_replace"},
    "postgresql": {"position": "strpos", "title": "initcap"},
    "mssql": {
        "length": "len",
        "ceil": "ceiling",
        "repeat": "replicate",
        "ln": "log",
        "now": "sysutcdatetime",
    },
    "oracle": {
        "title": "initcap",
        "substring": "substr",
        "position": "instr",
        "replace_pattern": "regexp_replace",
    },
    "firebird": {"length": "char_length", "random": "rand"},
}

# Arguments that PostgreSQL takes as integers of 32 bits only, by their position.
_SHORT: dict[str, tuple[int, ...]] = {
    "substring": (1, 2),
    "left": (1,),
    "right": (1,),
    "repeat": (1,),
    "lpad": (1,),
    "rpad": (1,),
    "lag": (1,),
    "lead": (1,),
    "nth_value": (1,),
    "ntile": (0,),
}


def spells(*names: str) -> Callable[[Spell], Spell]:
    """Registers what writes a function that is more than a name: called with its arguments as SQL."""

    def register(function: Spell) -> Spell:
        for name in names:
            _SPELLS[name] = function
        return function

    return register


def without(sql: Translator, what: str) -> ConfigurationError:
    """The error for what a database does not have."""
    return ConfigurationError(
        f"{what} has no counterpart in {sql.dialect}: ask for it on another database, or compute it in Python"
    )


def call(sql: Translator, node: Function[Any], arguments: Sequence[Any]) -> Any:
    """A function with its arguments."""
    spell = _SPELLS.get(node.called)
    if spell is not None:
        return spell(sql, arguments, node)
    name = _NAMES.get("mysql" if sql.dialect in MYSQL else sql.dialect, {}).get(node.called, node.called)
    if sql.dialect == "postgresql":
        short = _SHORT.get(node.called, ())
        arguments = [sa.cast(one, sa.Integer()) if at in short else one for at, one in enumerate(arguments)]
    found: Any = sa.func
    for part in name.split("."):
        found = getattr(found, part)
    return found(*arguments)


@translates(Function)
@translates(WindowFunction)
def _function(sql: Translator, node: Function[Any], scope: Scope) -> Any:
    return call(sql, node, [sql.expression(one, scope) for one in node.arguments])


@spells("now")
def _now(sql: Translator, _: Sequence[Any], __: Function[Any]) -> Any:
    if sql.dialect == "sqlite":
        # CURRENT_TIMESTAMP knows whole seconds only, and times compare as texts of one form.
        return sa.func.strftime(sa.literal_column("'%Y-%m-%d %H:%M:%f000'"), sa.literal_column("'now'"))
    if sql.dialect in MYSQL:
        return sa.func.now(sa.literal_column("6"))
    return sa.func.sysutcdatetime() if sql.dialect == "mssql" else sa.func.now()


@spells("concat")
def _concat(sql: Translator, arguments: Sequence[Any], _: Function[Any]) -> Any:
    if sql.dialect in ("postgresql", "mssql"):
        return sa.func.concat(*arguments)
    if sql.dialect in MYSQL:
        return sa.func.concat_ws(sa.literal_column("''"), *arguments)
    found: Any = None
    for one in arguments:
        text = sa.func.coalesce(one, sa.literal_column("''"))
        found = text if found is None else found.op("||")(text)
    return found


@spells("title", "similarity")
def _one_word(sql: Translator, arguments: Sequence[Any], node: Function[Any]) -> Any:
    if sql.dialect not in ("sqlite", "postgresql") and not (
        node.called == "title" and sql.dialect == "oracle"
    ):
        raise without(sql, f"{node.called}()")
    name = _NAMES[sql.dialect].get(node.called, node.called)
    return getattr(sa.func, name)(*arguments)


@spells("similar")
def _similar(sql: Translator, arguments: Sequence[Any], node: Function[Any]) -> Any:
    if sql.dialect == "postgresql":
        return arguments[0].op("%", is_comparison=True)(arguments[1])
    if sql.dialect == "sqlite":
        return sa.func.segue_similarity(*arguments) > sa.literal_column("0.3")
    raise without(sql, f"{node.called}()")


@spells("left", "right")
def _side(sql: Translator, arguments: Sequence[Any], node: Function[Any]) -> Any:
    text, length = arguments
    if sql.dialect == "postgresql":
        return getattr(sa.func, node.called)(text, sa.cast(length, sa.Integer()))
    if sql.dialect in MYSQL or sql.dialect in ("mssql", "firebird", "cubrid"):
        return getattr(sa.func, node.called)(text, length)
    if node.called == "left":
        return sa.func.substr(text, sa.literal_column("1"), length)
    return sa.func.substr(text, -length, length)


@spells("lpad", "rpad")
def _pad(sql: Translator, arguments: Sequence[Any], node: Function[Any]) -> Any:
    if sql.dialect == "sqlite":
        return sa.func.segue_pad(*arguments, sa.literal_column("1" if node.called == "lpad" else "0"))
    if sql.dialect == "postgresql":
        arguments = [arguments[0], sa.cast(arguments[1], sa.Integer()), arguments[2]]
    return getattr(sa.func, node.called)(*arguments)


@spells("position")
def _position(sql: Translator, arguments: Sequence[Any], _: Function[Any]) -> Any:
    text, part = arguments
    match sql.dialect:
        case "mysql" | "mariadb":
            # What is compared letter for letter elsewhere is so here.
            return sa.func.locate(part, text.collate("utf8mb4_bin"))
        case "postgresql":
            return sa.func.strpos(text, part)
        case "mssql":
            return sa.func.charindex(part, text)
        case "firebird":
            return sa.func.position(part, text)
        case _:
            return sa.func.instr(text, part)


@spells("replace_pattern")
def _replace_pattern(sql: Translator, arguments: Sequence[Any], _: Function[Any]) -> Any:
    if sql.dialect == "postgresql":
        return sa.func.regexp_replace(*arguments, sa.literal_column("'g'"))
    if sql.dialect in MYSQL:
        # Letter for letter, whatever the collation of the column says.
        arguments = [arguments[0].collate("utf8mb4_bin"), *arguments[1:]]
    return getattr(sa.func, "segue_replace_pattern" if sql.dialect == "sqlite" else "regexp_replace")(
        *arguments
    )


@spells("greatest", "least")
def _edge(sql: Translator, arguments: Sequence[Any], node: Function[Any]) -> Any:
    if sql.dialect == "sqlite":
        return getattr(sa.func, "max" if node.called == "greatest" else "min")(*arguments)
    found = getattr(sa.func, node.called)(*arguments)
    if sql.dialect in ("postgresql", "mssql") and node.kind.null:
        # There they leave out what is NULL; everywhere else one makes the result NULL.
        return sa.case((sa.or_(*(one.is_(None) for one in arguments)), sa.null()), else_=found)
    return found


@spells("round")
def _round(sql: Translator, arguments: Sequence[Any], node: Function[Any]) -> Any:
    number, places = arguments
    if sql.dialect != "postgresql":
        found: Any = sa.func.round(number, places)
        return sa.cast(found, sa.BigInteger()) if node.kind.storage == "int" else found
    found = sa.func.round(sa.cast(number, sa.Numeric()), sa.cast(places, sa.Integer()))
    match node.kind.storage:
        case "int":
            return sa.cast(found, sa.BigInteger())
        case "float":
            return sa.cast(found, sa.Double())
        case _:
            return found


@spells("floor", "ceil", "sign")
def _whole(sql: Translator, arguments: Sequence[Any], node: Function[Any]) -> Any:
    name = "ceiling" if sql.dialect == "mssql" and node.called == "ceil" else node.called
    return sa.cast(getattr(sa.func, name)(*arguments), sa.BigInteger())


@spells("power", "sqrt", "exp", "ln", "log10")
def _real(sql: Translator, arguments: Sequence[Any], node: Function[Any]) -> Any:
    if sql.dialect == "postgresql":
        arguments = [sa.cast(one, sa.Double()) for one in arguments]
    return getattr(sa.func, node.called)(*arguments)


@spells("random")
def _random(sql: Translator, _: Sequence[Any], __: Function[Any]) -> Any:
    if sql.dialect == "sqlite":
        return sa.literal_column("(abs(random() % 9007199254740992) / 9007199254740992.0)")
    return sa.func.rand() if sql.dialect in (*MYSQL, "mssql", "firebird") else sa.func.random()
