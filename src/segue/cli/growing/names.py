"""Which names a piece of a module defines, uses, and gives new values."""

import ast
import symtable
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Names", "names_of"]


class Names(NamedTuple):
    """What a statement at the top level of a module does with names of the module.

    ``rebound``: by ``global`` in a function, so they have another value while the program runs. ``used``: in annotations that are text, too.
    """

    bound: frozenset[str]
    used: frozenset[str]
    rebound: frozenset[str]


def names_of(text: str) -> Names:
    """The names of a statement."""
    table = symtable.symtable(text, "<statement>", "exec")
    bound = {
        one.get_name()
        for one in table.get_symbols()
        if one.is_assigned() or one.is_imported() or one.is_namespace()
    }
    used = {one.get_name() for one in table.get_symbols() if one.is_referenced()}
    rebound: set[str] = set()
    for inner in _below(table):
        for one in inner.get_symbols():
            if one.is_global():
                used.add(one.get_name())
                if one.is_declared_global() and one.is_assigned():
                    rebound.add(one.get_name())
    used |= set(_mentioned(ast.parse(text)))
    return Names(frozenset(bound), frozenset(used), frozenset(rebound))


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)


def _mentioned(tree: ast.AST) -> Iterator[str]:
    """The names in annotations and between brackets, those in text too: ``Many["Review"]`` is looked up by its name."""
    for node in ast.walk(tree):
        for part in _places_of_types(node):
            yield from _in_type(part)


def _places_of_types(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.AnnAssign(annotation=annotation):
            yield annotation
        case ast.arg(annotation=ast.expr() as annotation):
            yield annotation
        case (
            ast.FunctionDef(returns=ast.expr() as returns)
            | ast.AsyncFunctionDef(returns=ast.expr() as returns)
        ):
            yield returns
        case ast.Subscript(value=value, slice=inside) if _last_word(value) != "Literal":
            yield inside
        case ast.Call(func=function, args=[first, *_]) if _last_word(function) == "cast":
            yield first
        case ast.keyword(arg="bound", value=value):
            yield value
        case _:
            pass


def _in_type(node: ast.expr) -> Iterator[str]:
    left: list[ast.AST] = [node]
    while left:
        one = left.pop()
        if isinstance(one, ast.Subscript) and _last_word(one.value) == "Literal":
            continue
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            try:
                left.append(ast.parse(one.value, mode="eval").body)
            except (SyntaxError, ValueError):
                continue
        else:
            left.extend(ast.iter_child_nodes(one))


def _last_word(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
