"""Reads the signature of a handler: where the value of each parameter comes from (DESIGN.md, section 5, "Binding")."""

import copy
import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from segue.core.binding.calling import PLAIN, Calling
from segue.core.binding.kinds import (
    bare,
    is_text_like,
    is_union,
    is_upload,
    list_item,
    told as name_of,
    without_none,
)
from segue.core.binding.markers import Marker, Named
from segue.core.binding.validation import object_fields
from segue.core.ports import Format
from segue.core.source import Source
from segue.http.forms import FormData
from segue.http.request import Request
from segue.http.websocket import WebSocket

__all__ = [
    "MISSING",
    "HandlerError",
    "Offers",
    "Parameter",
    "called_by_path",
    "check_path_used",
    "read_needs",
    "read_signature",
    "result_type",
    "Served",
    "says_where_from",
]

Offers = Callable[[Any], bool]
"""Whether a value of an annotation is provided (``app.provide``)."""

MISSING: Any = inspect.Parameter.empty


class HandlerError(TypeError):
    """A handler whose parameters cannot be bound; says which, where, and what to write instead."""


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a handler.

    ``origin``: path, query, header, cookie, form, body, or what is injected: request, app, socket, formdata, controller,
    outcome, format, provided; and where the handler takes call arguments, argument, rest (``*args``) and others (``**params``).
    ``wire``: its name in the request. ``model``: its fields come from there each by its own name.
    ``many``: a list of all values of its name.
    """

    name: str
    origin: str
    kind: Any
    wire: str
    default: Any = MISSING
    keyword_only: bool = False
    model: bool = False
    many: bool = False

    @property
    def shared(self) -> bool:
        """Whether the default could be changed by a handler, and then be another one for the next request."""
        default = self.default
        if isinstance(default, list | dict | set):
            return True
        config = getattr(default, "__struct_config__", None) or getattr(default, "__dataclass_params__", None)
        return config is not None and not config.frozen

    def fresh_default(self) -> Any:
        """The default, for one request."""
        return copy.deepcopy(self.default) if self.shared else self.default


class Served(NamedTuple):
    """Of what classes the app that is served, and its requests, are."""

    app: type
    request: type[Request] = Request


def read_signature(
    handler: Callable[..., Any],
    *,
    path_names: Collection[str],
    place: Source,
    names: Mapping[str, Any],
    served: Served,
    calling: Calling = PLAIN,
    offers: Offers = lambda _: False,
) -> tuple[tuple[Parameter, ...], Any]:
    """The parameters of ``handler``, and what it says that it returns (MISSING when it does not).

    Its route has ``path_names``. ``names``: what the annotations may refer to besides the globals of the handler.
    Raises HandlerError.
    """
    told = f"{getattr(handler, '__qualname__', handler)} ({place})"
    hints = _hints(handler, names, told)
    found: list[Parameter] = []
    taken = list(_signature(handler, told).parameters.items())
    if calling.kind is not None and taken:
        found.append(Parameter(taken.pop(0)[0], "controller", calling.kind, "self"))
    for name, parameter in taken:
        if calling.arguments and parameter.kind is parameter.VAR_POSITIONAL:
            # Where there may be more arguments than parameters, a hook gets all that are in the path.
            wire = f"*{calling.rest}" if calling.arguments == "open" else calling.rest
            found.append(Parameter(name, "rest", hints.get(name, str), wire))
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise HandlerError(f"{told}: *{name} cannot be bound; name each parameter")
        if parameter.kind is parameter.VAR_KEYWORD:
            named = {one.name for one in found}
            if any(one.wire.startswith("*") for one in found):
                named.update(path_names)
            found += [
                Parameter(one, "path", Any, one, keyword_only=True)
                for one in path_names
                if one not in named and one != calling.rest
            ]
            if calling.arguments:
                found.append(Parameter(name, "others", hints.get(name, Any), name))
            continue
        hint = hints.get(name, MISSING)
        if calling.outcome and isinstance(hint, type) and _either_way(hint, calling.outcome):
            by_name = parameter.kind is parameter.KEYWORD_ONLY
            found.append(Parameter(name, "outcome", hint, name, keyword_only=by_name))
        else:
            if calling.arguments and hint is MISSING and name != "request":
                hint = str
            one = _parameter(parameter, hint, path_names, served, told, offers)
            if one.origin in {"args", "extension"}:
                one = _of_folder(one, calling, told)
            is_argument = calling.arguments and one.origin == "query" and _unmark(hint)[1] is None
            found.append(dataclasses.replace(one, origin="argument") if is_argument else one)
    return tuple(found), hints.get("return", MISSING)


def read_needs(
    function: Callable[..., Any],
    *,
    path_names: Collection[str],
    place: Source,
    names: Mapping[str, Any],
    served: Served,
    offers: Offers,
    infers: bool,
    given: Collection[str] = (),
) -> tuple[Parameter, ...]:
    """The parameters of a provider, but for those that are ``given``.

    They are read as those of a handler where ``infers``. Where not, an unmarked one is provided, or keeps its default:
    what a client sends must not reach the ``host: str = "localhost"`` of some constructor. Raises HandlerError.
    """
    told = f"{getattr(function, '__qualname__', function)} ({place})"
    hints = _hints(function, names, told)
    found: list[Parameter] = []
    for name, parameter in _signature(function, told).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or name in given:
            continue
        hint = hints.get(name, MISSING)
        told_it = hint is not MISSING and (
            _unmark(hint)[1] is not None
            or offers(hint)
            or _injected(bare(without_none(hint)), served) is not None
        )
        if infers or told_it or (hint is MISSING and name == "request"):
            found.append(_parameter(parameter, hint, path_names, served, told, offers))
            if found[-1].origin == "format":
                raise HandlerError(
                    f"{told}: {name!r}: the format that a client has chosen is told to handlers only"
                )
        elif parameter.default is MISSING:
            kind = "" if hint is MISSING else f" of type {name_of(hint)}"
            wanted = name_of(hint) if kind else "..."
            raise HandlerError(
                f"{told}: where does {name!r}{kind} come from? Provide it, app.provide({wanted}, ...), give it a default, or "
                f"provide a function that makes the object"
            )
    return tuple(found)


def check_path_used(
    handler: Callable[..., Any],
    own: Collection[str],
    parameters: Collection[Parameter],
    calling: Calling,
    place: Source,
) -> None:
    """Raises HandlerError for a path with a parameter that nobody takes, the request apart."""
    bound = {one.wire if one.origin == "path" else one.name for one in parameters}
    bound.add(calling.rest)
    unused = [name for name in own if name not in bound and not calling.takes(name)]
    if unused and not any(one.origin == "request" for one in parameters):
        told = f"{getattr(handler, '__qualname__', handler)} ({place})"
        raise HandlerError(
            f"{told}: the path has {{{unused[0]}}}, but the handler has no parameter of this name"
        )


def result_type(function: Callable[..., Any], names: Mapping[str, Any], told: str) -> Any:
    """What a function says that it returns; MISSING when it does not."""
    return _hints(function, names, told).get("return", MISSING)


def says_where_from(function: Callable[..., Any], place: Source, offers: Offers, served: Served) -> bool:
    """Whether every parameter says where it comes from: by a mark, or by a type that is injected. Raises HandlerError."""
    told = f"{getattr(function, '__qualname__', function)} ({place})"
    hints = _hints(function, {}, told)
    for name, parameter in _signature(function, told).parameters.items():
        hint = hints.get(name, MISSING)
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            return False
        if hint is MISSING:
            if name != "request":
                return False
        elif (
            _unmark(hint)[1] is None
            and not offers(hint)
            and _injected(bare(hint), served) is None
            and not is_upload(hint)
        ):
            return False
    return True


def called_by_path(
    handler: Callable[..., Any], names: Mapping[str, Any], place: Source
) -> tuple[list[str], str | None, bool]:
    """The parameters that a part of the path may be, in order: those that are text, without a mark, taken by place.

    And the name of ``*args``, and whether there is ``**params``. Raises HandlerError.
    """
    told = f"{getattr(handler, '__qualname__', handler)} ({place})"
    hints = _hints(handler, names, told)
    found: list[str] = []
    rest, others = None, False
    for name, parameter in _signature(handler, told).parameters.items():
        kind, marker, _ = _unmark(hints.get(name, str))
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest = name
        elif parameter.kind is parameter.VAR_KEYWORD:
            others = True
        elif (
            parameter.kind is not parameter.KEYWORD_ONLY
            and marker is None
            and (name in hints or name not in {"self", "request"})
            and is_text_like(kind)
        ):
            found.append(name)
    return found, rest, others


def _signature(handler: Callable[..., Any], told: str) -> inspect.Signature:
    try:
        return inspect.signature(handler)
    except (ValueError, TypeError) as error:
        raise HandlerError(f"{told}: its signature cannot be read: {error}") from None


def _hints(handler: Callable[..., Any], names: Mapping[str, Any], told: str) -> dict[str, Any]:
    """The annotations of a handler, as types."""
    function: Any = handler
    while hasattr(function, "func") and not hasattr(function, "__code__"):  # functools.partial
        function = function.func
    if isinstance(function, type):
        made_by = inspect.getattr_static(function, "__init__")
        if not hasattr(made_by, "__code__"):  # of a Struct, or none at all
            return typing.get_type_hints(function, localns=dict(names) or None, include_extras=True)
        function = made_by
    elif not hasattr(function, "__code__") and not hasattr(function, "__func__"):
        function = type(function).__call__
    local = {**names, **_closed_over(inspect.unwrap(function))}
    found = _hints_of(inspect.unwrap(function), local, told)
    # A decorator that adds parameters says so by a signature of its own, and may annotate them itself.
    outer = inspect.unwrap(function, stop=lambda one: hasattr(one, "__signature__"))
    signature: Any = getattr(outer, "__signature__", None)
    if signature is not None:
        own = _hints_of(outer, local, told)
        given = {
            *signature.parameters,
            *(["return"] if signature.return_annotation is not signature.empty else []),
        }
        found = {**found, **{name: hint for name, hint in own.items() if name in given}}
    return found


def _hints_of(function: Any, local: dict[str, Any], told: str) -> dict[str, Any]:
    """The annotations of one function."""
    try:
        return typing.get_type_hints(function, localns=local or None, include_extras=True)
    except NameError:
        return _hints_one_by_one(function, local, told)
    except TypeError as error:
        raise HandlerError(f"{told}: an annotation cannot be used: {error}") from None


def _closed_over(function: Any) -> dict[str, Any]:
    """What a function has from the functions around it."""
    found: dict[str, Any] = {}
    code = getattr(function, "__code__", None)
    if code is not None and function.__closure__:
        for free, cell in zip(code.co_freevars, function.__closure__, strict=True):
            try:
                found[free] = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
    return found


def _hints_one_by_one(function: Any, local: dict[str, Any], told: str) -> dict[str, Any]:
    """The same, where one of them cannot be resolved; that does not matter for the result."""
    found: dict[str, Any] = {}
    for name, annotation in function.__annotations__.items():
        one = types.SimpleNamespace(__annotations__={name: annotation})
        try:
            found |= typing.get_type_hints(
                one, inspect.unwrap(function).__globals__, local or None, include_extras=True
            )
        except NameError as error:
            if name != "return":
                raise HandlerError(
                    f"{told}: the annotation {error.name or str(error)!r} is not known where the handler is defined. "
                    f"Import it at run time (not under TYPE_CHECKING), or define it at the top level of the module"
                ) from None
    return found


def _parameter(
    parameter: inspect.Parameter,
    hint: Any,
    path_names: Collection[str],
    served: Served,
    told: str,
    offers: Offers,
) -> Parameter:
    name = parameter.name
    kind, marker, wire = _unmark(hint)
    by_name = parameter.kind is parameter.KEYWORD_ONLY

    def made(origin: str, **more: Any) -> Parameter:
        outside = wire or (name.replace("_", "-") if origin == "header" else name)
        return Parameter(name, origin, kind, outside, parameter.default, keyword_only=by_name, **more)

    if hint is not MISSING and marker is None and offers(hint):
        return made("provided")
    if name in path_names and marker is None:
        if hint is MISSING:
            kind = Any
        return made("path")
    if marker is not None:
        if name in path_names and marker.origin not in {"args", "extension"}:
            raise HandlerError(f"{told}: {name!r} is in the path; take the marker away or rename one of them")
        return _marked(made, marker.origin, kind, wire or name, told)
    if hint is MISSING:
        if name == "request":
            return dataclasses.replace(made("request"), default=MISSING)
        raise HandlerError(
            f"{told}: the parameter {name!r} has no annotation. Say its type, {name}: str for text of the query; "
            f"or put {{{name}}} into the path"
        )
    injected = _injected(bare(kind), served)
    if _injected(bare(without_none(kind)), served) == "request":
        _check_request(without_none(kind), served, f"{told}: {name!r}")
        # Where it may be None, it is used by tasks and commands too: there it is None.
        return made("request") if injected else dataclasses.replace(made("request"), default=None)
    if injected is not None:
        return made(injected)
    if is_upload(kind):
        return _marked(made, "form", kind, wire or name, told)
    if is_object(kind):
        return made("body")
    if is_text_like(kind) or list_item(kind) is not None:
        return _marked(made, "query", kind, wire or name, told)
    raise HandlerError(
        f"{told}: where does {name!r} of type {name_of(kind)} come from? Mark it: {name}: Body[{name_of(kind)}] for JSON, "
        f"Query[...], Header[...], Cookie[...] or Form[...]; or provide it: app.provide({name_of(kind)}, ...)"
    )


def _of_folder(parameter: Parameter, calling: Calling, told: str) -> Parameter:
    if not calling.rest:
        raise HandlerError(
            f"{told}: {parameter.name!r}: Args and Extension are for functions of folders; put a parameter into the path, "
            f"like {{{parameter.name}:path}}"
        )
    if parameter.origin == "args":
        return dataclasses.replace(parameter, kind=list_item(parameter.kind), wire=calling.rest, many=False)
    return parameter


def _either_way(hint: type, outcome: type) -> bool:
    return hint is not object and (issubclass(hint, outcome) or issubclass(outcome, hint))


def _injected(kind: Any, served: Served) -> str | None:
    """What a parameter of a type is given that is no part of the request's text."""
    kind = get_origin(kind) or kind  # App[FilmRequest] is an App
    if not isinstance(kind, type):
        return None
    if kind in served.app.__mro__ and kind is not object:
        return "app"
    if kind is Format:
        return "format"
    given = {Request: "request", WebSocket: "socket", FormData: "formdata"}
    return next((origin for one, origin in given.items() if issubclass(kind, one)), None)


def _check_request(kind: Any, served: Served, told: str) -> None:
    if not issubclass(served.request, bare(kind)):
        raise HandlerError(
            f"{told} is a {name_of(kind)}, but the requests of this app are of the class {served.request.__name__}: write "
            f"App(request={name_of(kind)}) where the app is made that is served, or ask for a {served.request.__name__}"
        )


def _marked(made: Callable[..., Parameter], origin: str, kind: Any, name: str, told: str) -> Parameter:
    if origin == "body":
        return made("body")
    if origin == "jsonlines":
        raise HandlerError(
            f"{told}: JSONLines is for results; take {name!r} as Body[...] or read the request"
        )
    if object_fields(bare(without_none(kind))) is not None:
        return made(origin, model=True)
    item = list_item(kind)
    if item is not None:
        if not (is_text_like(item) or is_upload(item)):
            raise HandlerError(
                f"{told}: {name!r} is a list of {name_of(item)}, which one text cannot be; take it as Body[...]"
            )
        return made(origin, many=True)
    if not is_text_like(kind) and not is_upload(kind) and kind is not Any:
        raise HandlerError(
            f"{told}: {name!r} is a {name_of(kind)}, which one text cannot be; take it as Body[...]"
        )
    return made(origin)


def is_object(kind: Any) -> bool:
    """Whether it is a Struct, dataclass or TypedDict, or a choice of them."""
    plain = bare(kind)
    if is_union(plain):
        members = [one for one in get_args(plain) if one is not type(None)]
        return all(is_object(one) for one in members)
    return object_fields(plain) is not None


def _unmark(hint: Any) -> tuple[Any, Marker | None, str | None]:
    """The type without our marks, the marker, and the name that was given."""
    if get_origin(hint) is not Annotated:
        return hint, None, None
    kind, *metadata = get_args(hint)
    marker = next((one for one in metadata if isinstance(one, Marker)), None)
    named = next((one for one in metadata if isinstance(one, Named)), None)
    rest = [one for one in metadata if not isinstance(one, Marker | Named)]
    if rest:
        kind = Annotated[(kind, *rest)]
    return kind, marker, None if named is None else named.name
