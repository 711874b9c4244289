"""Other providers for a while: for tests."""

import contextlib
from collections.abc import Generator, Iterator
from typing import Any

from segue.core.binding.parameters import HandlerError
from segue.core.plan import FreezeError
from segue.core.providing.providers import Key, Provider, key_of, provider_of
from segue.core.providing.wiring import Injection
from segue.core.records import Provided
from segue.core.source import Source

__all__ = ["overriding"]


@contextlib.contextmanager
def overriding(injection: Injection, kind: Any, provider: Any, place: Source) -> Generator[None, None, None]:
    """Lets ``provider`` stand for the one of ``kind`` in the app and in those that it includes.

    It lives as long as the one that it stands for. What lives with the app and was made from that one is made anew, and
    is back afterwards. Raises LookupError when nothing is provided for ``kind``, FreezeError when it does not fit in.
    """
    key = key_of(kind)
    present = next((one for view in injection.views if (one := view.find(key)) is not None), None)
    if present is None:
        told = ", ".join(sorted({str(one) for view in injection.views for one in view})) or "nothing"
        raise LookupError(f"{place}: {key} is not provided, so nothing can stand for it. Provided: {told}")
    try:
        other = provider_of(Provided(kind, provider, present.life, False, place, {}, None, stands_in=True))
    except HandlerError as error:
        raise FreezeError([str(error)]) from None
    other.postponed = present.postponed and other.cleans
    before = injection.overrides.get(key)
    aside = injection.registry.set_aside(_made_from(injection, key))
    injection.overrides[key] = other
    try:
        _rewire(injection)
        yield
    finally:
        if before is None:
            del injection.overrides[key]
        else:
            injection.overrides[key] = before
        injection.registry.set_aside(_made_from(injection, key))
        injection.registry.put_back(aside)
        _rewire(injection)


def _rewire(injection: Injection) -> None:
    """Finds out again what each endpoint needs. Raises FreezeError with all that does not fit together."""
    problems: list[str] = []
    for prepare in injection.wired:
        try:
            prepare()
        except HandlerError as error:
            if str(error) not in problems:
                problems.append(str(error))
    if problems:
        raise FreezeError(problems)


def _made_from(injection: Injection, key: Key) -> set[Provider]:
    """The providers that live with the app and need that of ``key``, or are it."""

    def uses(provider: Provider) -> Iterator[bool]:
        yield provider.key == key
        view = injection.registry.home(provider, injection.views[0])
        for parameter in injection.needs(provider, view, ()):
            if parameter.origin == "provided":
                yield from uses(injection.provider(parameter, view))

    return {one for one in injection.registry.values if any(uses(one))}
