"""What an engine hands to its templates that cannot ask for names one by one."""

import functools
import re
from collections.abc import Mapping
from typing import Any

from segue.html.engine import Names
from segue.http.request import Request

__all__ = ["Mentions"]

_WORD = re.compile(r"[A-Za-z_]\w*")


class Mentions:
    """The names of an app, as far as any template that was read mentions them: the others are not even made."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known = {*names.asking, *names.values, *names.globals, *names.filters}
        self._mentioned: set[str] = set()

    def read(self, source: str) -> None:
        """Notes what a template mentions."""
        self._mentioned |= self._known & set(_WORD.findall(source))

    def given(self, values: Mapping[str, Any], request: Request | None) -> dict[str, Any]:
        """The values of a page, with the names of the app."""
        names = self._names
        found: dict[str, Any] = {"request": request}
        for name in self._mentioned - values.keys():
            if name in names.asking:
                found[name] = functools.partial(names.asking[name], request)
            elif name in names.values:
                function, asks = names.values[name]
                found[name] = function(request) if asks else function()
            else:
                found[name] = names.globals.get(name, names.filters.get(name))
        return {**found, **values}
