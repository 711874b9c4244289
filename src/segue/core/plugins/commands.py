"""Commands of an app's own: functions that ``segue exec`` runs, with parameters from the command line.

    @app.command
    async def hello(name: str, times: int = 1) -> str:
        return f"hello {name}! " * times

    $ segue exec hello Django --times 2

A parameter without a default is an argument, one with a default or behind ``*`` an option; a ``bool`` is a switch, a list
takes many. The app is given to a parameter of its type.
"""

import inspect
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

from msgspec import Meta

from segue.core.binding.kinds import bare, is_text_like, list_item, without_none
from segue.core.binding.parameters import MISSING, HandlerError
from segue.core.records import Command, Recorded, command_name, included

__all__ = ["CommandParameter", "command_conflicts", "command_parameters", "commands_of"]


class CommandParameter(NamedTuple):
    """A parameter of a command: an ``argument``, an ``option``, or ``injected``: the rest is the app's to give."""

    name: str
    origin: Literal["argument", "option", "injected"]
    kind: Any
    default: Any
    many: bool
    help: str


def commands_of(app: Recorded) -> Iterator[Command]:
    """The commands of an app and of those that it includes, which stand in a group of the name of theirs."""
    yield from app.declared.commands
    seen = [app]
    left = [app]
    while left:
        for record in included(left.pop().declared.routes):
            if record.app not in seen:
                seen.append(record.app)
                left.append(record.app)
                group = command_name(record.app)
                yield from [one._replace(words=(group, *one.words)) for one in record.app.declared.commands]


def command_parameters(command: Command) -> list[CommandParameter]:
    """The parameters of a command that is a function. Raises HandlerError for what no command line can give."""
    run = command.run
    named = f"the command {getattr(run, '__qualname__', run)} ({command.place})"
    try:
        hints = typing.get_type_hints(run, localns=dict(command.names) or None, include_extras=True)
    except NameError as error:
        raise HandlerError(
            f"{named}: the annotation {error.name!r} is not known where it is defined"
        ) from None
    found: list[CommandParameter] = []
    for name, parameter in inspect.signature(run).parameters.items():
        kind = hints.get(name, str if parameter.default in (MISSING, None) else type(parameter.default))
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise HandlerError(
                f"{named}: {parameter} cannot be given on a command line; take a list: names: list[str]"
            )
        item = list_item(kind)
        if not _is_word(kind if item is None else item):
            found.append(CommandParameter(name, "injected", kind, parameter.default, False, ""))
            continue
        option = parameter.default is not MISSING or parameter.kind is parameter.KEYWORD_ONLY
        origin: Literal["argument", "option"] = "option" if option else "argument"
        found.append(CommandParameter(name, origin, kind, parameter.default, item is not None, _help(kind)))
    return found


def command_conflicts(commands: Iterable[Command]) -> list[str]:
    """What is wrong with the commands of an app: two of one name, parameters that cannot be given."""
    problems: list[str] = []
    present: dict[tuple[str, ...], Command] = {}
    for one in commands:
        other = present.setdefault(one.words, one)
        if other is not one:
            problems.append(
                f"the command {' '.join(one.words)!r} is declared at {other.place} and at {one.place}; "
                f"give one another name: @app.command(name=...)"
            )
        if inspect.isfunction(one.run):
            try:
                command_parameters(one)
            except HandlerError as error:
                problems.append(str(error))
    for words, one in present.items():
        group = next((other for other in present.values() if words[:-1] == other.words), None)
        if group is not None:
            problems.append(
                f"{words[-2]!r} is a command at {group.place} and a group of commands at {one.place}; "
                f"give one another name"
            )
    return problems


def _is_word(kind: Any) -> bool:
    plain = bare(without_none(kind))
    return kind is Any or is_text_like(kind) or (isinstance(plain, type) and issubclass(plain, Path))


def _help(kind: Any) -> str:
    if get_origin(kind) is not Annotated:
        return ""
    texts = [one.description for one in get_args(kind)[1:] if isinstance(one, Meta)]
    return " ".join(filter(None, texts))
