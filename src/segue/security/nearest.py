"""What the app of a route, or the nearest around it, has remembered under a key."""

from typing import Any, TypeVar

from segue.core.appkey import AppKey
from segue.http.request import Request

__all__ = ["nearest"]

T = TypeVar("T")


def nearest(request: Request, key: AppKey[T]) -> T | None:
    """The value of ``key`` for the route that answers ``request``; None where there is none, or no route yet."""
    apps: tuple[Any, ...] = getattr(request.endpoint, "apps", ())
    for app in reversed(apps):
        if key in app:
            value: T = app[key]
            return value
    return None
