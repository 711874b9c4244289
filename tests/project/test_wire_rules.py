"""The five habits behind most past holes of web servers, looked for in the source (SECURITY.md)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

import pytest

# The areas that touch what a client sent.
WIRE = ("http", "server", "core")

# What a rule reports and is safe all the same, for a reason that the place itself does not show: "path subject": reason.
SAFE: dict[str, str] = {}

Modules = dict[str, ast.Module]
# line, subject, what to do about it
Finding = tuple[int, str, str]
Rule = Callable[[ast.Module], Iterator[Finding]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def asserts(tree: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            yield node.lineno, "assert", "vanishes under -O: raise an error"


def literal_text(pattern: ast.expr) -> str:
    """The parts of a pattern that are written here; names inside an f-string are judged where they are written."""
    parts = pattern.values if isinstance(pattern, ast.JoinedStr) else [pattern]
    texts = [part.value for part in parts if isinstance(part, ast.Constant)]
    return "".join(text.decode("latin-1") if isinstance(text, bytes) else str(text) for text in texts)


def patterns(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The first argument of each call to `re`, looked up where it is a name of this module."""
    named = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re")), args=[pattern, *_]):
                used = [named[n.id] for n in ast.walk(pattern) if isinstance(n, ast.Name) and n.id in named]
                for text in (pattern, *used):
                    yield node.lineno, literal_text(text)


def loose_patterns(tree: ast.Module) -> Iterator[Finding]:
    for line, pattern in patterns(tree):
        if r"\d" in pattern.replace(r"\\", ""):
            yield line, r"\d", "matches digits of every script: write [0-9]"
        bare = re.sub(r"\\.", "", pattern, flags=re.DOTALL)
        if "$" in re.sub(r"\[\^?\]?[^\]]*\]", "", bare):
            yield line, "$", r"matches before a trailing newline: write \Z"


def bounds_digits(tree: ast.Module) -> bool:
    """Whether the patterns of this module match digits, and only so many of them: [0-9]{1,5}, never [0-9]+."""
    texts = [
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str | bytes)
    ]
    digits = [text if isinstance(text, str) else text.decode("latin-1") for text in texts]
    bounded = any("[0-9]{" in text or "[0-9][0-9]" in text for text in digits)
    return bounded and not any("[0-9]+" in text or "[0-9]*" in text for text in digits)


def unbounded_int(tree: ast.Module) -> Iterator[Finding]:
    """int() of something that may be text, where neither isdigit() nor a pattern has looked at it first."""
    if bounds_digits(tree):
        return
    for function in functions(tree):
        checked = any(isinstance(n, ast.Attribute) and n.attr == "isdigit" for n in ast.walk(function))
        for node in ast.walk(function):
            match node:
                case ast.Call(
                    func=ast.Name(id="int"), args=[ast.Constant() | ast.BinOp() | ast.Compare(), *_]
                ):
                    continue
                case ast.Call(
                    func=ast.Name(id="int"), args=[ast.Call(func=ast.Name() | ast.Attribute() as called), *_]
                ) if ast.unparse(called) in {"time.time", "time.monotonic", "math.ceil", "loop.time", "time"}:
                    continue
                case ast.Call(func=ast.Name(id="int"), args=[_, *_]) if not checked:
                    yield node.lineno, function.name, "int() without isascii(), isdigit() and a bound"


GROWS = "+= on bytes copies all of them: collect parts and join, or use a bytearray"


def is_bytes(value: ast.expr | None, annotation: ast.expr | None = None) -> bool:
    literal = isinstance(value, ast.Constant) and isinstance(value.value, bytes)
    return literal or (isinstance(annotation, ast.Name) and annotation.id == "bytes")


def bytes_names(scope: ast.AST) -> set[str]:
    """Names and attributes that this scope binds to bytes."""
    found: set[str] = set()
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=targets, value=value) if is_bytes(value):
                found |= {ast.unparse(target) for target in targets}
            case ast.AnnAssign(target=target, annotation=annotation, value=value) if is_bytes(
                value, annotation
            ):
                found.add(ast.unparse(target))
    return found


def growing_bytes(tree: ast.Module) -> Iterator[Finding]:
    """`+=` on bytes copies everything so far: quadratic in a loop, or on an attribute from call to call."""
    attributes = {name for name in bytes_names(tree) if "." in name}
    for function in functions(tree):
        names = bytes_names(function)
        for loop in (n for n in ast.walk(function) if isinstance(n, ast.For | ast.AsyncFor | ast.While)):
            for node in ast.walk(loop):
                match node:
                    case ast.AugAssign(target=ast.Name(id=name), op=ast.Add()) if name in names:
                        yield node.lineno, name, GROWS
        for node in ast.walk(function):
            match node:
                case ast.AugAssign(target=ast.Attribute() as target, op=ast.Add()) if (
                    ast.unparse(target) in attributes
                ):
                    yield node.lineno, ast.unparse(target), GROWS


RULES: list[tuple[Rule, tuple[str, ...]]] = [
    (asserts, ()),
    (loose_patterns, WIRE),
    (unbounded_int, WIRE),
    (growing_bytes, WIRE),
]


def findings(modules: Modules, rule: Rule, areas: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for path, tree in modules.items():
        if not areas or path.split("/")[0] in areas:
            for line, subject, why in rule(tree):
                yield f"{path} {subject}", f"src/segue/{path}:{line}: {subject}: {why}"


@pytest.mark.parametrize(("rule", "areas"), RULES)
def test_the_source_keeps_the_rule(modules: Modules, rule: Rule, areas: tuple[str, ...]) -> None:
    broken = [told for place, told in findings(modules, rule, areas) if place not in SAFE]
    assert not broken, "\n".join(broken)


def test_the_exceptions_are_still_needed(modules: Modules) -> None:
    reported = {place for rule, areas in RULES for place, _ in findings(modules, rule, areas)}
    assert set(SAFE) - reported == set()


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (asserts, "def f(x):\n    assert x"),
        (loose_patterns, r"P = re.compile(r'\d+')"),
        (loose_patterns, r"P = re.compile(rb'[\d]+')"),
        (loose_patterns, "P = re.compile('a$')"),
        (loose_patterns, "N = 'a$'\nP = re.compile(rf'{N}b')"),
        (unbounded_int, "def f(x):\n    return int(x)"),
        (unbounded_int, "def f(x):\n    return int(x.group(1), 16)"),
        (unbounded_int, "M = re.compile('[0-9]+').match\ndef f(x):\n    return int(M(x)[0])"),
        (growing_bytes, "def f(parts):\n    all = b''\n    for part in parts:\n        all += part"),
        (
            growing_bytes,
            "class C:\n  def i(self):\n    self.b = b''\n  def more(self, data):\n    self.b += data",
        ),
    ],
)
def test_each_rule_sees_the_fault_it_is_for(rule: Rule, code: str) -> None:
    assert list(rule(ast.parse(code)))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (loose_patterns, r"P = re.compile(r'[$0-9]\$\Z')"),
        (unbounded_int, "def f(x):\n    return int(x) if x.isascii() and x.isdigit() and len(x) < 9 else 0"),
        (unbounded_int, "def f():\n    return int(time.time())"),
        (unbounded_int, "M = re.compile('[0-9]{1,9}').match\ndef f(x):\n    return int(M(x)[0])"),
        (growing_bytes, "def f(parts):\n    all = bytearray()\n    for part in parts:\n        all += part"),
    ],
)
def test_no_rule_raises_a_false_alarm(rule: Rule, code: str) -> None:
    assert not list(rule(ast.parse(code)))
