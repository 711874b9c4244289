"""Where plugins that know who sends a request meet those that know it by other means."""

from collections.abc import Callable
from typing import Any

from segue.core.appkey import AppKey
from segue.http.request import Request

__all__ = ["IDENTIFIERS"]

#: Of an app whose accounts say who sends a request: what is asked before them, such as tokens of programs. Each gives an identity, None for nobody, or an awaitable of these.
IDENTIFIERS: AppKey[list[Callable[[Request], Any]]] = AppKey("segue.security.identifiers")
