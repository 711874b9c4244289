"""Marks for object trees: which methods answer, under which names, and what a class takes of the path."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar, Unpack, overload

from segue.core.options import RouteOptions

__all__ = [
    "Exposed",
    "RestController",
    "expose",
    "exposed",
    "exposed_class",
    "exposed_function",
    "methods_of",
    "popargs",
    "popped",
]

T = TypeVar("T")

_EXPOSED = "__segue_exposed__"
_POPPED = "__segue_popped__"


class Exposed(NamedTuple):
    """What ``@expose(...)`` says: names besides the own one, whether options are inherited, options of the route."""

    aliases: tuple[str, ...] = ()
    inherit: bool = False
    methods: tuple[str, ...] = ()
    options: Mapping[str, Any] = {}


@overload
def expose(target: T, /) -> T: ...
@overload
def expose(
    *names: str | list[str],
    inherit: bool = False,
    methods: list[str] | None = None,
    **options: Unpack[RouteOptions],
) -> Callable[[T], T]: ...
def expose(
    *names: Any, inherit: bool = False, methods: list[str] | None = None, **options: Unpack[RouteOptions]
) -> Any:
    """Lets a method of an object tree answer requests; without it no method does.

        class Root:
            @expose
            def index(self) -> str: ...                        # /

            @expose(["generer", "generar"], status=201)        # more names, options of a route
            def generate(self) -> str: ...

            @expose("json", "csv", methods=["GET"])            # formats, as the route option `formats`
            def report(self, year: int = 2026) -> list[Row]: ...

    On a class: its methods named like those of HTTP answer for the object: ``GET``, ``POST``, or in small letters.
    ``methods``: those that are answered, any by default. ``inherit``: what it does not say itself it has from the
    method that it overrides. Several may stand above each other.
    """
    if len(names) == 1 and not options and not isinstance(names[0], str | list):
        return _mark(names[0], Exposed())
    said: dict[str, Any] = dict(options)
    formats = [one for one in names if isinstance(one, str)]
    if formats:
        said["formats"] = formats
    aliases = tuple(name for one in names if isinstance(one, list) for name in one)
    verbs = tuple(method.upper() for method in methods or ())
    return lambda target: _mark(target, Exposed(aliases, inherit, verbs, said))


def _mark(target: T, new: Exposed) -> T:
    if not callable(target):
        raise TypeError(f"@expose is for methods, functions and classes, not for {target!r:.60}")
    setattr(target, _EXPOSED, _joined(new, _own(target)))
    return target


def _own(target: Any) -> Exposed | None:
    own: Exposed | None = (
        target.__dict__.get(_EXPOSED) if isinstance(target, type) else getattr(target, _EXPOSED, None)
    )
    return own


def _joined(outer: Exposed, inner: Exposed | None) -> Exposed:
    """Both of them, where ``outer`` says more."""
    if inner is None:
        return outer
    options = {**inner.options, **outer.options}
    formats = [*inner.options.get("formats", ()), *outer.options.get("formats", ())]
    if formats:
        options["formats"] = list(dict.fromkeys(formats))
    return Exposed(
        (*inner.aliases, *outer.aliases),
        outer.inherit or inner.inherit,
        outer.methods or inner.methods,
        options,
    )


def exposed(kind: type, name: str) -> Exposed | None:
    """What is said of the method ``name`` of ``kind``; None when it does not answer."""
    found: Exposed | None = None
    for base in kind.__mro__:
        if name not in base.__dict__:
            continue
        one = _own(getattr(base.__dict__[name], "__func__", base.__dict__[name]))
        if one is None:
            break
        found = one if found is None else _joined(found, one)
        if not one.inherit:
            break
    return found


def exposed_function(function: Any) -> Exposed | None:
    """What is said of one function."""
    return _own(function)


def exposed_class(kind: type) -> Exposed | None:
    """What ``@expose`` on a class, or one of its bases, says."""
    return next((one for base in kind.__mro__ if (one := _own(base))), None)


def popargs(*names: str) -> Callable[[T], T]:
    """Takes parts of the path for the objects of a class, before its attributes are looked at.

        @popargs("band_name")
        class Band:
            albums = Album()

            @expose
            def index(self, band_name: str) -> str: ...       # /nirvana/

    The methods below take them by their names, in nested objects too; where they come first, the attributes of the
    object win: ``/albums`` is no band.
    """

    def remember(kind: T) -> T:
        setattr(kind, _POPPED, names)
        return kind

    return remember


def popped(kind: type) -> tuple[str, ...]:
    """What :func:`popargs` says of a class."""
    names: tuple[str, ...] = getattr(kind, _POPPED, ())
    return names


class RestController:
    """A node of an object tree whose methods are those of a REST interface, with paths of their own.

    ===================  =====================  ==================================================
    ``get_all``          ``GET /films``
    ``get_one(id)``      ``GET /films/7``       ``get`` may stand for both
    ``new``              ``GET /films/new``     the form for ``post``
    ``edit(id)``         ``GET /films/7/edit``  the form for ``put``
    ``get_delete(id)``   ``GET /films/7/delete``  the question before ``post_delete``
    ``post``             ``POST /films``
    ``put(id)``          ``PUT /films/7``       or ``POST`` with ``_method=PUT`` in the query or the form
    ``post_delete(id)``  ``DELETE /films/7``    or ``POST`` with ``_method=DELETE``; ``delete`` is the same
    ===================  =====================  ==================================================

    Each needs ``@expose``. Attributes are below one object: ``/films/7/comments``; what they hold takes the ``id`` first.
    """


def methods_of(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions of a class by name; no properties, which would run, and nothing private."""
    for name in dir(kind):
        member = inspect.getattr_static(kind, name, None)
        function = getattr(member, "__func__", member)
        if inspect.isfunction(function) and (not name.startswith("_") or name == "_default"):
            yield name, function
