"""Who may do what in a grid: ``can=``."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from segue.http.errors import Forbidden, HTTPException
from segue.http.request import Request

__all__ = ["READING", "WRITING", "Can", "Permits"]

Rule: TypeAlias = bool | Callable[..., Any]
"""True or False; a guard, ``(request)``, which raises or gives a bool; or ``(request, row)`` about one object."""

Can: TypeAlias = Callable[[Request, str, Any], bool | Awaitable[bool]] | Mapping[str, Rule] | None
"""A function of the request, what is to be done and the object (None where it is about none); or rules by what is done."""

READING = frozenset({"list", "view", "export"})
WRITING = frozenset({"create", "edit", "delete"})


class Permits:
    """Answers what may be done. Without ``can`` everybody may read and nobody may write.

    Of rules by name, ``"read"`` is about ``list``, ``view`` and ``export``, ``"write"`` about all others; the rule of a name itself
    goes before. What has no rule may be read and not be written.
    """

    def __init__(self, can: Can) -> None:
        self._can = can if callable(can) else None
        self._rules: dict[str, tuple[Rule, int]] = {}
        if isinstance(can, Mapping):
            self._rules = {name: (rule, _asks(name, rule)) for name, rule in can.items()}

    def known(self, names: frozenset[str]) -> None:
        """Raises TypeError for a rule about something that the grid does not do."""
        unknown = [one for one in self._rules if one not in names | {"read", "write"}]
        if unknown:
            raise TypeError(
                f"can= has a rule for {unknown[0]!r}, which this grid does not do; it does {', '.join(sorted(names))}"
            )

    def never(self, what: str) -> bool:
        """Whether nobody may, whoever asks."""
        return self._can is None and self._rule(what)[0] is False

    async def allows(self, request: Request, what: str, row: Any = None) -> bool:
        """Whether it may be done: with an object, with one that is still to come (None).

        A rule that sends people to another page, such as one where they sign in, says no here.
        """
        try:
            return await self._asked(request, what, row)
        except HTTPException:
            return False

    async def demand(self, request: Request, what: str, row: Any = None) -> None:
        """Raises Forbidden (403), or what the rule raises, where it may not be done."""
        if not await self._asked(request, what, row):
            raise Forbidden

    def by_row(self, what: str) -> bool:
        """Whether it depends on the object."""
        return self._can is not None or self._rule(what)[1] == 2

    async def _asked(self, request: Request, what: str, row: Any) -> bool:
        if self._can is not None:
            found: Any = self._can(request, what, row)
        else:
            rule, asks = self._rule(what)
            if isinstance(rule, bool):
                return rule
            if asks == 2 and row is None and what != "create":
                return True  # which ones, is asked of each
            found = rule(request, row) if asks == 2 else rule(request)
        if inspect.isawaitable(found):
            found = await found
        return found is None or bool(found)

    def _rule(self, what: str) -> tuple[Rule, int]:
        found = self._rules.get(what) or self._rules.get("read" if what in READING else "write")
        return found or (what in READING, 0)


def _asks(name: str, rule: Rule) -> int:
    """How many arguments a rule takes."""
    if isinstance(rule, bool):
        return 0
    if not callable(rule):
        raise TypeError(
            f"can= says {rule!r:.80} of {name!r}: a rule is True, False, or a function of the request, or of the request and the row"
        )
    taken = [
        one
        for one in inspect.signature(rule).parameters.values()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    return 2 if len(taken) > 1 else 1
