"""A small language in which people ask: ``title contains swing and (views > 3 or author.name = "Django")``."""

import re
from typing import Any, NamedTuple

from segue.db.queries.asking import Allowed, allowed_names, condition_of
from segue.db.queries.expressions import Condition, Expr
from segue.http.errors import BadRequest

__all__ = ["condition_from"]

_LONGEST = 2_000
_DEEPEST = 20
_MOST = 100

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<sign><=|>=|!=|<>|==|[=<>(),])|(?P<word>[^\s"'<>=!(),]+))"""
)

_SIGNS = {
    "=": "eq",
    "==": "eq",
    "!=": "ne",
    "<>": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
}


class Token(NamedTuple):
    """A piece of what was written: its kind, what it says, and where it begins."""

    kind: str
    text: str
    at: int


def condition_from(text: str, allowed: Allowed) -> Condition:
    """The condition that a text says. Raises BadRequest for what cannot be understood."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise BadRequest(f"A question has at most {_LONGEST:,} characters")
    parser = _Parser(_tokens(text), allowed_names(allowed))
    found = parser.any_of(0)
    parser.end()
    return found


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadRequest(f"There is no sense in {text[at : at + 20].strip()!r} at {at + 1}")
        kind = match.lastgroup or ""
        said = match[kind]
        if kind == "text":
            said = re.sub(r"\\(.)", r"\1", said[1:-1], flags=re.DOTALL)
        found.append(Token(kind, said, match.start(kind)))
        at = match.end()
    return found


class _Parser:
    """Reads tokens from the first to the last, none twice."""

    def __init__(self, tokens: list[Token], known: dict[str, Expr[Any]]) -> None:
        self.tokens = tokens
        self.known = known
        self.at = 0
        self.terms = 0

    def any_of(self, depth: int) -> Condition:
        found = self.all_of(depth)
        while self.takes("or"):
            found = found | self.all_of(depth)
        return found

    def all_of(self, depth: int) -> Condition:
        found = self.term(depth)
        while self.takes("and"):
            found = found & self.term(depth)
        return found

    def term(self, depth: int) -> Condition:
        self.terms += 1
        if depth > _DEEPEST or self.terms > _MOST:
            raise BadRequest("This question is too long, or has too many parentheses in each other")
        if self.takes("not"):
            return ~self.term(depth + 1)
        if self.takes("("):
            found = self.any_of(depth + 1)
            self.expect(")")
            return found
        return self.comparison()

    def comparison(self) -> Condition:
        token = self.next("a name")
        expression = self.known.get(token.text)
        if token.kind != "word" or expression is None:
            raise BadRequest(
                f"{token.text!r:.80} at {token.at + 1} is no name; there are {', '.join(self.known)}"
            )
        if self.takes("is"):
            wanted = not self.takes("not")
            self.expect("null")
            return condition_of(token.text, expression, "is_null", wanted)
        turned = self.takes("not")
        operator = self.next("a comparison")
        name = _SIGNS.get(operator.text) if operator.kind == "sign" else operator.text.lower()
        if name is None:
            raise BadRequest(f"{operator.text!r:.80} at {operator.at + 1} is no comparison")
        # People who write seldom mean one case of letters.
        name = {"contains": "icontains", "startswith": "istartswith", "endswith": "iendswith"}.get(name, name)
        value: Any = self.values() if name == "in" else self.next("a value").text
        found = condition_of(token.text, expression, name, value)
        return ~found if turned else found

    def values(self) -> list[str]:
        bracket = self.takes("(")
        found = [self.next("a value").text]
        while self.takes(","):
            found.append(self.next("a value").text)
        if bracket:
            self.expect(")")
        return found

    def takes(self, word: str) -> bool:
        """Whether the next token is this one, which is then read."""
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.kind != "text" and token.text.lower() == word:
                self.at += 1
                return True
        return False

    def next(self, what: str) -> Token:
        if self.at >= len(self.tokens):
            raise BadRequest(f"At the end {what} is missing")
        token = self.tokens[self.at]
        if token.kind == "sign" and token.text in "(),":
            raise BadRequest(f"At {token.at + 1} {what} is missing")
        self.at += 1
        return token

    def expect(self, word: str) -> None:
        if not self.takes(word):
            place = f"at {self.tokens[self.at].at + 1}" if self.at < len(self.tokens) else "at the end"
            raise BadRequest(f"{word!r} is missing {place}")

    def end(self) -> None:
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            raise BadRequest(
                f"{token.text!r:.80} at {token.at + 1} is more than was understood: 'and' or 'or' stands between conditions"
            )
