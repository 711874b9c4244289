"""Predicates: what a request has to be, besides its method and path, for a route to answer it."""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, TypedDict, Unpack

import msgspec

from segue.core.identity import identity_of
from segue.http.request import Request

__all__ = [
    "InvalidPredicate",
    "Predicate",
    "PredicateFactory",
    "PredicateOptions",
    "Test",
    "Wanted",
    "all_of",
    "any_of",
    "not_",
    "read_predicates",
]

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

Test: TypeAlias = Callable[[Request], bool | Awaitable[bool]]
"""Whether it holds for a request. An ``async def`` may read the body, which is kept for the handler."""

PredicateFactory: TypeAlias = Callable[[Any], Test]
"""Makes a test of the value that a route gives for a predicate: ``where={"beta": True}``."""

Wanted: TypeAlias = str | Sequence[str] | Mapping[str, str | re.Pattern[str] | None]
"""Names that have to be there, or names with the value, or the pattern of the whole value, that they have to have."""


class InvalidPredicate(ValueError):
    """Something that was given as a predicate and is none."""


class PredicateOptions(TypedDict, total=False):
    """The options of a route that choose among several with the same method and path."""

    accept: str | list[str]
    """``"application/json"``: answers clients that accept this media type, or one of these; else 406."""
    consumes: str | list[str]
    """``"application/json"``, ``"image/*"``: answers bodies of this media type, or one of these; else 415."""
    header: Wanted
    """``"x-version"`` or ``{"x-version": "2"}``: answers requests that have this header field."""
    param: Wanted
    """``"preview"`` or ``{"mode": "edit"}``: answers requests whose query has it."""
    field: Wanted
    """``"save"`` or ``{"action": "save"}``: answers requests whose form has it, as by the button that was pressed."""
    match: Mapping[str, str | re.Pattern[str]]
    """``{"action": "edit"}``: answers where a parameter of the path has this value."""
    authenticated: bool
    """Answers requests of somebody that ``app.identifies`` knows, or for False only the others."""
    principals: str | Sequence[str]
    """``"group:editors"``: answers requests of those who are, or belong to, all of these."""
    xhr: bool
    """Answers requests with ``X-Requested-With: XMLHttpRequest``, or for False only the others."""
    when: "Test | Sequence[Test]"
    """Answers where the function, or each of several, says True of the request."""
    where: Mapping[str, Any]
    """Values for predicates that were declared by ``app.predicate``, by name."""


class Predicate(msgspec.Struct, frozen=True):
    """A test with what is known about it.

        @app.get("/", when=Predicate(has_beta_cookie, vary=("cookie",)))
        async def beta() -> str: ...

    ``vary``: the header fields that it reads; they are named in ``Vary``. ``kind``: of several with equally many
    predicates, those of an earlier kind are asked first. ``key``: equal for two that test the same. ``quick``: the test
    neither waits nor minds being asked twice.
    """

    test: Test
    vary: tuple[str, ...] = ()
    kind: str = "when"
    key: Any = None
    text: str = ""
    quick: bool = False

    def __call__(self, request: Request) -> bool | Awaitable[bool]:
        return self.test(request)

    @property
    def identity(self) -> tuple[str, Any]:
        """Equal for two that test the same."""
        return self.kind, self.test if self.key is None else self.key

    def __str__(self) -> str:
        return self.text or f"{self.kind}={getattr(self.test, '__qualname__', self.test)}"


def read_predicates(
    options: Mapping[str, Any], factories: Mapping[str, PredicateFactory]
) -> Iterator[Predicate]:
    """The predicates of a route but ``accept`` and ``consumes``, which compare several routes.

    Raises InvalidPredicate for what cannot be one.
    """
    for name, value in (options.get("where") or {}).items():
        if name not in factories:
            known = ", ".join(sorted(factories)) or "none"
            raise InvalidPredicate(
                f"there is no predicate {name!r}, but: {known}; app.predicate({name!r}, ...) adds one"
            )
        made = factories[name](value)
        vary = tuple(getattr(made, "vary", ()))
        yield Predicate(made, vary, "where", (name, repr(value)), f"where={{{name!r}: {value!r}}}")
    when: Any = options.get("when")
    if when is not None:
        tests: list[Any] = [when] if callable(when) else [*when]
        yield from _tests(tests)
    yield from _wanted("match", options.get("match"), lambda name: partial(_parameter, name))
    yield from _wanted("param", options.get("param"), _argument)
    yield from _fields(options.get("field"))
    yield from _wanted("header", options.get("header"), _header)
    yield from _identified(options)
    if (xhr := options.get("xhr")) is not None:
        yield Predicate(
            lambda request: request.is_xhr is xhr,
            ("x-requested-with",),
            "xhr",
            xhr,
            f"xhr={xhr}",
            quick=True,
        )


def _tests(tests: Iterable[Test]) -> Iterator[Predicate]:
    for test in tests:
        if not callable(test):
            raise InvalidPredicate(f"when= takes a function of the request, or a list of them, not {test!r}")
        yield test if isinstance(test, Predicate) else Predicate(test)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _parameter(name: str, request: Request) -> str | None:
    return _text(request.params.get(name))


def _argument(name: str) -> "_Get":
    return lambda request: request.query.get(name) if request.query_string else None


def _header(name: str) -> "_Get":
    wanted = name.lower().encode()

    def header(request: Request) -> str | None:
        # PERF: what is not there costs 0.1 us; by Request.headers it is an exception, 1 us.
        for key, value in request.raw_headers:
            if key == wanted:
                return value.decode("latin-1")
        return None

    return header


def _field(name: str, request: Request) -> str | None:
    return _text((request.made or {})["form"].get(name))


_Get: TypeAlias = Callable[[Request], str | None]


def _wanted(kind: str, wanted: Wanted | None, getter: Callable[[str], _Get]) -> Iterator[Predicate]:
    pairs: Mapping[str, str | re.Pattern[str] | None]
    if wanted is None:
        return
    if isinstance(wanted, Mapping):
        pairs = wanted
    else:
        pairs = dict.fromkeys([wanted] if isinstance(wanted, str) else wanted)
    for name, value in pairs.items():
        if not isinstance(name, str) or not isinstance(value, str | re.Pattern | None):
            raise InvalidPredicate(
                f'{kind}= takes a name, a list of names, or a mapping of names to texts or patterns, like {{"a": "b"}}, '
                f"not {wanted!r}"
            )
        told = f"{kind}={name!r}" if value is None else f"{kind}={{{name!r}: {value!r}}}"
        named = name.lower() if kind == "header" else name
        vary = (named,) if kind == "header" else ()
        yield Predicate(_compare(getter(name), value), vary, kind, (named, value), told, quick=True)


def _fields(wanted: Wanted | None) -> Iterator[Predicate]:
    """The same for fields of a form, which has to be read first. It is kept for the handler."""
    for predicate in _wanted("field", wanted, lambda name: partial(_field, name)):

        async def test(request: Request, among: Test = predicate.test) -> bool:
            if request.content_type not in _FORMS:
                return False
            await request.form()
            return bool(among(request))

        yield msgspec.structs.replace(predicate, test=test, quick=False)


_WHO = ("cookie", "authorization")  # the fields that say it, for caches


def _identified(options: Mapping[str, Any]) -> Iterator[Predicate]:
    """``authenticated`` and ``principals``: decided by who sends the request."""
    known, needed = options.get("authenticated"), options.get("principals")
    if known is not None:

        async def is_known(request: Request) -> bool:
            return (await identity_of(request) is not None) is known

        yield Predicate(is_known, _WHO, "authenticated", known, f"authenticated={known}")
    if needed is not None:
        names = frozenset([needed] if isinstance(needed, str) else needed)
        if not names or not all(isinstance(name, str) for name in names):
            raise InvalidPredicate(f"principals= takes a name, or a list of names, not {needed!r}")

        async def has_principals(request: Request) -> bool:
            identity = await identity_of(request)
            return identity is not None and names <= frozenset(identity.principals)

        yield Predicate(has_principals, _WHO, "principals", names, f"principals={sorted(names)}")


def _compare(get: _Get, value: str | re.Pattern[str] | None) -> Test:
    if value is None:
        return lambda request: get(request) is not None
    if isinstance(value, str):
        return lambda request: get(request) == value
    fullmatch = value.fullmatch
    return lambda request: (found := get(request)) is not None and fullmatch(found) is not None


# --- of several, one ---------------------------------------------------------------------------------------------


def not_(*tests: Test, **options: Unpack[PredicateOptions]) -> Predicate:
    """Holds where not all of these do: ``when=not_(xhr=True)``, ``when=not_(is_robot)``."""
    inner = _inner("not_", tests, options)

    async def test(request: Request) -> bool:
        return not await holds(inner, request)

    return _combined("not", test, inner)


def all_of(*tests: Test, **options: Unpack[PredicateOptions]) -> Predicate:
    """Holds where all of these do, and counts as one predicate."""
    inner = _inner("all_of", tests, options)

    async def test(request: Request) -> bool:
        return await holds(inner, request)

    return _combined("all", test, inner)


def any_of(*tests: Test, **options: Unpack[PredicateOptions]) -> Predicate:
    """Holds where one of these does: ``when=any_of(is_robot, param="plain")``."""
    inner = _inner("any_of", tests, options)

    async def test(request: Request) -> bool:
        for one in inner:
            if await holds((one,), request):
                return True
        return False

    return _combined("any", test, inner)


async def holds(predicates: Iterable[Test], request: Request) -> bool:
    """Whether all of them say so; those after the first that does not are not asked."""
    for test in predicates:
        result = test(request)
        if not (await result if isinstance(result, Awaitable) else result):
            return False
    return True


def _inner(function: str, tests: Sequence[Test], options: PredicateOptions) -> tuple[Predicate, ...]:
    for name in ("accept", "consumes", "where"):
        if name in options:
            raise TypeError(f"{function} takes no {name}=: that is for the route itself")
    found = (*_tests(tests), *read_predicates(options, {}))
    if not found:
        raise TypeError(f"{function} needs a predicate")
    return found


def _combined(word: str, test: Test, inner: tuple[Predicate, ...]) -> Predicate:
    vary = tuple(dict.fromkeys(name for one in inner for name in one.vary))
    key = (word, tuple(one.identity for one in inner))
    return Predicate(test, vary, "when", key, f"{word}({', '.join(map(str, inner))})")
