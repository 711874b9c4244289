"""What stands around a handler and may answer instead of it: guards, hooks and middleware."""

from collections.abc import Callable, Iterator
from typing import Any

from segue.core.documentation import Answers, answers_of
from segue.core.handlers import Endpoint
from segue.core.middleware.stacks import skips

__all__ = ["declared_answers", "surroundings"]


def surroundings(endpoint: Endpoint) -> Iterator[Callable[..., Any]]:
    """The functions and objects around the handler of an endpoint, from the outside."""
    for one in endpoint.app.declared.middleware:
        if not skips(endpoint.options, one):
            yield one.middleware
    for one in endpoint.middleware:
        yield one.middleware
    for app in endpoint.apps:
        for hook in app.declared.life.hooks:
            if hook.kind != "teardown":  # too late to answer
                yield hook.function
    yield from endpoint.options.requires
    for one in endpoint.hooks:
        yield one.function


def declared_answers(endpoint: Endpoint) -> Answers:
    """What they say that they answer: types, texts, or None for an error as all others, by status."""
    return {status: what for one in surroundings(endpoint) for status, what in answers_of(one).items()}
