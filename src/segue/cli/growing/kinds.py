"""What a statement is: a setting, a model, a route, something that is declared for the whole app, a helper."""

import re
from typing import NamedTuple

import libcst as cst

from segue.cli.growing.file import File, Statement
from segue.cli.growing.portrait import Portrait

__all__ = ["Kind", "kinds_of"]

#: Methods of an app that make routes; the order of routes is the order in which they are declared.
ROUTES = frozenset(
    [
        "get",
        "post",
        "put",
        "patch",
        "delete",
        "head",
        "options",
        "query",
        "any",
        "route",
        "websocket",
        "redirect",
        "router",
        "include",
        "mount",
        "static",
        "frontend",
        "resource",
        "tree",
        "folder",
        "traverse",
        "view",
    ]
)
#: Of these, what belongs to the app as a whole.
_WHOLE = frozenset(["include", "mount", "static", "frontend", "router", "redirect"])
#: What is done with an app that is ready.
_DONE = frozenset(["run", "freeze", "startup", "shutdown", "handle", "wsgi", "plan", "test_request", "copy"])

_PAGE = re.compile(r"\btemplate=|text/html|\bMarkup\b|\bFormOf\[|\brender\(|\bdocumented=False")
_RETURNED = re.compile(r"->\s*(Page|Element|HTML)\b")


class Kind(NamedTuple):
    """``what``: "front", "setting", "value", "model", "data", "helper", "app", "declared", "route" or "effect".

    ``order``: statements that have it in common stay in their order. ``label``: of a route, which module it is for.
    """

    what: str
    order: tuple[str, str] | None = None
    label: str = ""

    @property
    def runs(self) -> bool:
        """Whether it does something when it is loaded, besides giving names to values."""
        return self.what in ("app", "declared", "route", "effect")


def kinds_of(file: File, portrait: Portrait) -> dict[Statement, Kind]:
    """The kinds of all statements."""
    reader = _Reader(file, portrait)
    kinds = {one: reader.kind(one) for one in file.statements}
    makers = {name: one for one in file.statements for name in one.names.bound}
    for one in file.statements:
        # What is worked out from something else is a result, whatever its name says.
        used = {makers[name] for name in one.names.used if name in makers}
        if kinds[one].what == "setting" and any(kinds[each].what != "setting" for each in used):
            kinds[one] = Kind("value")
    return kinds


class _Reader:
    def __init__(self, file: File, portrait: Portrait) -> None:
        self.portrait = portrait
        self.apps = set(portrait.apps)
        self.bound = portrait.bound
        self.defined = {name for one in file.statements for name in one.names.bound}

    def kind(self, one: Statement) -> Kind:
        if _is_main(one) or one.names.bound & {
            "__getattr__",
            "__dir__",
            "__all__",
            "__version__",
            "__author__",
        }:
            return Kind("front")
        if one.is_definition:
            return self._definition(one)
        called = self._called(one.node)
        if called is not None:
            return self._declared(one, *called)
        if one.names.bound & self.apps and self._makes_app(one):
            return Kind("app")
        if not _assigns_plainly(one.node):
            return Kind("effect")
        return Kind("setting" if _is_setting(one) else "value")

    def _definition(self, one: Statement) -> Kind:
        node = one.node
        decorators = node.decorators if isinstance(node, cst.FunctionDef | cst.ClassDef) else ()
        found = [called for each in decorators if (called := self._root(each.decorator)) is not None]
        if found:
            return self._declared(one, *found[0])
        if isinstance(node, cst.ClassDef):
            what = self.portrait.classes.get(node.name.value, "other")
            return Kind(what if what in ("model", "data") else "helper")
        return Kind("helper")

    def _declared(self, one: Statement, root: str, method: str) -> Kind:
        if root in self.apps | self.bound.keys():
            owner = "segue" if root in self.bound else root
            if method in _DONE:
                return Kind("front")
            if method in ROUTES:
                if method in _WHOLE:
                    return Kind("declared", (owner, "routes"))
                return Kind("route", (owner, "routes"), self._label(one, root))
            return Kind("declared", (owner, method))
        return Kind("declared", (root, method))

    def _label(self, one: Statement, root: str) -> str:
        if root in self.apps and len(self.apps) > 1 and self.portrait.apps[root] != self.portrait.name:
            return root
        returned = _RETURNED.search(one.text)
        is_page = returned is not None and returned[1] not in self.defined
        return "pages" if is_page or _PAGE.search(one.text) else "api"

    def _called(self, node: cst.CSTNode) -> tuple[str, str] | None:
        """Of ``app.include(...)`` as a statement: app and include."""
        match node:
            case cst.SimpleStatementLine(body=[cst.Expr(value=cst.Call() as call)]):
                return self._root(call)
            case cst.SimpleStatementLine(
                body=[
                    cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript(value=cst.Name(value=name)))])
                ]
            ) if name in self.apps:
                return name, "[]"
            case _:
                pass
        return None

    def _root(self, node: cst.BaseExpression) -> tuple[str, str] | None:
        """The variable that a decorator or a call begins with, and what of it is called; None where that declares nothing."""
        words: list[str] = []
        name = ""
        while not name:
            match node:
                case cst.Call(func=function):
                    node = function
                case cst.Attribute(value=value, attr=word):
                    words.append(word.value)
                    node = value
                case cst.Name(value=found):
                    name = found
                case _:
                    return None
        if not words:
            return (name, self.bound[name]) if name in self.bound else None
        return (name, words[-1]) if name in self.defined and name not in self.portrait.classes else None

    def _makes_app(self, one: Statement) -> bool:
        return isinstance(one.node, cst.SimpleStatementLine) and "(" in one.text


def _is_main(one: Statement) -> bool:
    return (
        isinstance(one.node, cst.If)
        and "__name__" in one.names.used
        and "__main__" in one.text.splitlines()[0]
    )


def _assigns_plainly(node: cst.CSTNode) -> bool:
    """Whether it gives values to names, and does nothing else that others can see."""
    match node:
        case cst.SimpleStatementLine(body=body):
            return all(_is_plain(one) for one in body)
        case cst.If() | cst.Try():
            # Which of two definitions is taken is decided here.
            return all(
                isinstance(inner, cst.SimpleStatementLine | cst.FunctionDef | cst.ClassDef)
                and (
                    not isinstance(inner, cst.SimpleStatementLine)
                    or all(_is_plain(one) for one in inner.body)
                )
                for inner in _inside(node)
            )
        case _:
            pass
    return False


def _is_plain(node: cst.BaseSmallStatement) -> bool:
    match node:
        case cst.Assign(targets=targets):
            return all(isinstance(one.target, cst.Name | cst.Tuple | cst.List) for one in targets)
        case cst.AnnAssign(target=cst.Name()):
            return True
        case cst.Import() | cst.ImportFrom() | cst.Pass():
            return True
        case cst.Expr(value=cst.SimpleString() | cst.ConcatenatedString() | cst.Ellipsis()):
            return True
        case _:
            pass
    return type(node).__name__ == "TypeAlias"


def _inside(node: cst.CSTNode) -> list[cst.CSTNode]:
    found: list[cst.CSTNode] = []
    for child in node.children:
        if isinstance(child, cst.IndentedBlock):
            found += child.body
        elif isinstance(child, cst.Else | cst.If | cst.ExceptHandler | cst.Finally):
            found += _inside(child)
    return found


def _is_setting(one: Statement) -> bool:
    """A constant by its name that is no text of a page."""
    return (
        all(name == name.upper() for name in one.names.bound)
        and '"""' not in one.text
        and "'''" not in one.text
    )
