"""Brings signals to their receivers: those of a class, in their order, and those of a topic."""

import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from segue.core.life.records import Receiver
from segue.core.life.signals import RequestSignal
from segue.core.records import Recorded
from segue.core.routing.predicates import InvalidPredicate, PredicateFactory, read_predicates
from segue.core.source import source_of

__all__ = ["Notice", "Receivers", "TopicError", "settle"]

logger = logging.getLogger("segue.signals")

Call = Callable[[Any, Mapping[str, Any]], Awaitable[Any] | Any]

_SEGMENT = re.compile(r"\{([A-Za-z_]\w*)\}|[A-Za-z0-9_*-]+")


class TopicError(ValueError):
    """A topic that is written wrong."""


class Notice:
    """Tells receivers that something has happened, one after the other; what one raises is logged, the next is told.

    Made at freeze for each kind of signal that somebody receives; for the others there is none.
    """

    __slots__ = ("_receivers",)

    def __init__(self, receivers: Sequence["Prepared"]) -> None:
        self._receivers = receivers

    async def __call__(self, signal: object) -> None:
        for receiver in self._receivers:
            try:
                await receiver.tell(signal, {})
            except Exception:
                logger.exception(
                    "the receiver %s failed on %s; the others are told all the same",
                    receiver,
                    type(signal).__name__,
                )


class Prepared:
    """A receiver, ready to be called. ``str()`` is its name and place."""

    __slots__ = ("_named", "_pattern", "_takes", "record")

    def __init__(self, record: Receiver) -> None:
        self.record = record
        self._pattern: re.Pattern[str] | None = None
        self._named: frozenset[str] | None = None
        parameters = inspect.signature(record.function).parameters.values()
        positional = [
            one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
        needed = [one for one in positional if one.default is one.empty]
        open_ended = any(one.kind is one.VAR_POSITIONAL for one in parameters)
        if isinstance(record.what, str):
            self._pattern = topic_pattern(record.what)
            if not any(one.kind is one.VAR_KEYWORD for one in parameters):
                self._named = frozenset(
                    one.name
                    for one in parameters
                    if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)
                )
        elif not isinstance(record.what, type):
            raise TopicError(
                f"a signal is a class, or a topic such as 'user.created', not {record.what!r:.80}"
            )
        elif len(needed) > 1 or any(
            one.kind is one.KEYWORD_ONLY and one.default is one.empty for one in parameters
        ):
            raise TopicError(
                f"the receiver {record.name} takes one argument, the {record.what.__name__}, or none; it asks for "
                f"{', '.join(one.name for one in parameters)}"
            )
        #: Whether the signal is handed over.
        self._takes = bool(positional) or open_ended

    def match(self, topic: str) -> dict[str, str] | None:
        """The captured segments of ``topic``, if this receives it."""
        found = None if self._pattern is None else self._pattern.fullmatch(topic)
        return None if found is None else found.groupdict()

    async def tell(self, signal: object, values: Mapping[str, Any]) -> Any:
        """What the receiver returns. A signal of a topic is the ``values``."""
        record = self.record
        if self._pattern is not None:
            if record.when is not None and not await _held(record.when(values)):
                return None
            named = (
                values if self._named is None else {key: values[key] for key in self._named & values.keys()}
            )
            result = record.function(**named)
        else:
            if record.when is not None and not await _held(record.when(signal)):
                return None
            result = record.function(signal) if self._takes else record.function()
        return await result if inspect.isawaitable(result) else result

    def __str__(self) -> str:
        return f"{self.record.name} ({source_of(self.record.function, self.record.place)})"


async def _held(condition: Any) -> Any:
    return await condition if inspect.isawaitable(condition) else condition


class Receivers:
    """All receivers of an app and those that it includes, by what they receive."""

    def __init__(self, records: Iterable[Receiver] = ()) -> None:
        self._all = [Prepared(record) for record in records]
        self._by_class: dict[type, tuple[Prepared, ...]] = {}
        self._by_topic: dict[str, list[tuple[Prepared, dict[str, str]]]] = {}

    def of(self, kind: type) -> tuple[Prepared, ...]:
        """Those of a class of signals and of the classes that it inherits from, in order."""
        found = self._by_class.get(kind)
        if found is None:
            found = self._by_class[kind] = tuple(
                one
                for one in self._all
                if isinstance(one.record.what, type) and issubclass(kind, one.record.what)
            )
        return found

    def notice(self, kind: type) -> Notice | None:
        """What tells them of a signal of this class; None when there is nobody."""
        found = self.of(kind)
        return Notice(found) if found else None

    def of_topic(self, topic: str) -> list[tuple[Prepared, dict[str, str]]]:
        """Those of a topic, with the segments that each has captured."""
        return [(one, found) for one in self._all if (found := one.match(topic)) is not None]

    async def send(self, signal: object, values: Mapping[str, Any]) -> list[Any]:
        """What they return, in order. Raises an ExceptionGroup of what some raised, when all were told."""
        results: list[Any] = []
        failures: list[Exception] = []
        if isinstance(signal, str):
            whom = [(one, {**values, **captured}) for one, captured in self.of_topic(signal)]
        else:
            whom = [(one, {}) for one in self.of(type(signal))]
        for receiver, arguments in whom:
            try:
                results.append(await receiver.tell(signal, arguments))
            except Exception as error:  # noqa: BLE001 -- raised below, with those of the others
                error.add_note(f"in the receiver {receiver}")
                failures.append(error)
        if failures:
            name = signal if isinstance(signal, str) else type(signal).__name__
            raise ExceptionGroup(f"receivers of {name} failed", failures)
        return results


def topic_pattern(topic: str) -> re.Pattern[str]:
    """What matches the topics that ``topic`` stands for: ``user.{thing}.created``, ``user.*``. Raises TopicError."""
    parts: list[str] = []
    for segment in topic.split("."):
        found = _SEGMENT.fullmatch(segment)
        if found is None:
            raise TopicError(
                f"the topic {topic!r} has the segment {segment!r}: segments are names, or {{names}} for what is to be "
                f"captured, with dots between them: 'user.{{thing}}.created'"
            )
        parts.append(
            f"(?P<{found[1]}>[^.]+)" if found[1] else "[^.]+" if segment == "*" else re.escape(segment)
        )
    return re.compile(r"\.".join(parts))


def settle(app: Recorded, problems: list[str], predicates: Mapping[str, PredicateFactory]) -> None:
    """Puts the receivers of ``app`` in order. ``problems`` takes what is wrong with one of them, which is left out.

    ``predicates``: those that are known there.
    """
    fit: list[Receiver] = []
    for record in app.declared.life.receivers:
        try:
            Prepared(record)
            if record.where:
                record = record._replace(when=_conditional(record, predicates), where={})
            fit.append(record)
        except (TopicError, TypeError, InvalidPredicate) as error:
            problems.append(f"{record.place}: {error}")
    app.declared.life.receivers = in_order(fit, problems)


def _conditional(
    record: Receiver, predicates: Mapping[str, PredicateFactory]
) -> Callable[[Any], Awaitable[bool]]:
    """The ``when`` and the ``where`` of a receiver as one condition. Raises InvalidPredicate."""
    tests: list[Any] = list(read_predicates({"where": record.where}, predicates))

    async def holds(signal: Any) -> bool:
        if record.when is not None and not record.when(signal):
            return False
        subject = signal.request if isinstance(signal, RequestSignal) else signal
        for test in tests:
            held = test(subject)
            if not (await held if inspect.isawaitable(held) else held):
                return False
        return True

    return holds


def in_order(records: Sequence[Receiver], problems: list[str]) -> list[Receiver]:
    """The receivers as they were declared, but each after those in its ``after`` and before those in its ``before``.

    ``problems`` takes who asks for a place in a circle, and who names somebody that is not there.
    """
    earlier: dict[int, list[int]] = {number: [] for number in range(len(records))}
    for number, record in enumerate(records):
        for named, behind in ((record.after, True), (record.before, False)):
            for one in named:
                others = [n for n, other in enumerate(records) if one in (other.function, other.name)]
                if not others:
                    told = one if isinstance(one, str) else getattr(one, "__qualname__", repr(one))
                    word = "after" if behind else "before"
                    problems.append(
                        f"{record.place}: {record.name} wants to be {word} {told}, which receives nothing"
                    )
                for other in others:
                    earlier[number if behind else other].append(other if behind else number)
    order: list[Receiver] = []
    done: set[int] = set()
    opened: list[int] = []

    def put(number: int) -> None:
        if number in done:
            return
        if number in opened:
            circle = [records[one] for one in [*opened[opened.index(number) :], number]]
            problems.append(
                f"{circle[0].place}: receivers want to be before each other in a circle: "
                f"{' -> '.join(one.name for one in circle)}. Take away one `before` or `after`"
            )
            return
        opened.append(number)
        for other in earlier[number]:
            put(other)
        opened.pop()
        done.add(number)
        order.append(records[number])

    for number in range(len(records)):
        put(number)
    return order
