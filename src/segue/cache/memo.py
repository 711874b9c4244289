"""What functions return, kept by their arguments."""

import asyncio
import functools
import inspect
import types
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, get_type_hints

from segue.core.threads import wait

if TYPE_CHECKING:
    from segue.cache.cache import Cache

__all__ = ["Memo", "Memoized"]

P = ParamSpec("P")
R = TypeVar("R")


class Memo:
    """What ``cache.memo(...)`` gives: it is called with the function."""

    def __init__(
        self, cache: "Cache", seconds: float | None, key: Callable[..., Any] | None, tags: Sequence[str]
    ) -> None:
        self.cache = cache
        self.seconds = seconds
        self.key = key
        self.tags = tags

    def __call__(self, function: Callable[P, R]) -> "Memoized[P, R]":
        return Memoized(function, self)


class Memoized(Generic[P, R]):
    """A function that remembers. It is called as before; ``forget`` takes back what it remembers."""

    def __init__(self, function: Callable[P, R], memo: Memo) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._memo = memo
        self._name = f"{function.__module__}.{function.__qualname__}"
        self._tag = f"memo {self._name}"
        self._signature = inspect.signature(function)
        self._is_async = inspect.iscoroutinefunction(function)
        self._type: Any = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        found: Any = self._found(args, kwargs)
        result: R = found if self._is_async else wait(found)
        return result

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    async def forget(self, *args: Any, **kwargs: Any) -> None:
        """Forgets the result for these arguments; without any, all results of this function."""
        cache = self._memo.cache
        if args or kwargs or not self._signature.parameters:
            await cache.invalidate(self._tag_of(self._key(args, kwargs)))
        else:
            await cache.invalidate(self._tag)

    async def _found(self, args: Any, kwargs: Any) -> Any:
        key, memo = self._key(args, kwargs), self._memo

        make: Callable[[], Any] = functools.partial(self.function, *args, **kwargs)

        async def make_in_thread() -> Any:
            return await asyncio.to_thread(make)

        tags = [self._tag, self._tag_of(key), *memo.tags]
        make_it = make if self._is_async else make_in_thread
        return await memo.cache.get_or(
            (self._name, key), make_it, memo.seconds, type=self._returns(), tags=tags
        )

    def _key(self, args: Any, kwargs: Any) -> Any:
        if self._memo.key is not None:
            return self._memo.key(*args, **kwargs)
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return list(bound.arguments.items())

    def _tag_of(self, key: Any) -> str:
        return f"{self._tag} {self._memo.cache.key(key)}"

    def _returns(self) -> Any:
        if self._type is None:
            hints = get_type_hints(self.function)
            self._type = hints.get("return", Any)
            if self._type is type(None):
                self._type = Any
        return self._type
