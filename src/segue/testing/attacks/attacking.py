"""All attacks on all routes of an app, in this process."""

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import AsyncIterator, Generator, Mapping

from segue.core.app import App
from segue.core.inspection.checks.finding import Finding
from segue.server.frames import is_users
from segue.testing.asyncclient import AsyncClient
from segue.testing.attacks.surroundings import from_elsewhere, sockets_from_elsewhere
from segue.testing.attacks.targets import Place, Shot, Target, targets_of
from segue.testing.attacks.values import ATTACKS, CRASHES
from segue.testing.response import ClientResponse

__all__ = ["attack"]

_PATIENCE = 5.0  # seconds for one answer
_LONG = 6_000  # characters: they fit into a query too
_SLOW = 0.5  # seconds, and
_TIMES = 20  # times as long as a harmless text of the same length
_SQL = (
    "syntax error",
    "unrecognized token",
    "unterminated quoted",
    "error in your sql syntax",
    "incomplete input",
)
#: Guesses at names that handlers read by other ways than we see.
_GUESSES = ("next", "url", "return_to", "redirect")


async def attack(app: App, *, headers: Mapping[str, str] | None = None) -> list[Finding]:
    """What gets through to the handlers of an app: each with its file and line, what it is, and what to do about it.

        findings = await attack(app)
        assert findings == []

    It calls every route that the app's author has written, also those that write and delete: let the app have a database of its own. Mail is caught, and
    not sent. ``headers``: sent with every request, such as those of somebody who is signed in. Routes that fail without an attack are left out.
    """
    app.freeze()
    found: set[Finding] = set()
    with _quiet(), _mail_caught(app):
        async with AsyncClient(app, timeout=_PATIENCE, headers=dict(headers or {})) as client:
            attacker = _Attacker(client)
            for target in targets_of(app):
                async for one in attacker.on(target):
                    found.add(one)
            found.update(await sockets_from_elsewhere(app, client))
    return sorted(found)


class _Failed(Exception):
    """A handler failed; ``cause`` is what it raised."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause


class _Attacker:
    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def on(self, target: Target) -> AsyncIterator[Finding]:
        """What gets through to one route."""
        if not await self._works(target):
            target.expect_numbers()
            if not await self._works(target):
                return  # it fails with good values too: nothing can be said about it
        for place in target.places:
            async for one in self._at(target, place):
                yield one
        if target.method == "GET":
            for name in _GUESSES:
                guess = Place("query", name)
                if guess not in target.places:
                    async for one in self._values(target, guess, "open-redirect"):
                        yield one
        async for code, advice in from_elsewhere(target, self._from):
            yield Finding(target.file, target.line, code, f"{target}: {advice}")

    async def _works(self, target: Target) -> bool:
        try:
            await self._send(target.shot())
        except (_Failed, TimeoutError, ValueError):
            return False
        return True

    async def _at(self, target: Target, place: Place) -> AsyncIterator[Finding]:
        async for one in self._values(target, place):
            yield one
        for value in CRASHES:
            try:
                await self._send(target.shot(place, value))
            except _Failed as failed:
                yield self._of_failure(target, place, value, failed.cause)
                break
            except (TimeoutError, ValueError):
                continue
        slow = await self._slow(target, place)
        if slow is not None:
            yield slow

    async def _values(self, target: Target, place: Place, only: str = "") -> AsyncIterator[Finding]:
        worked: set[str] = set()
        for one in ATTACKS:
            if one.code in worked or (only and one.code != only):
                continue
            try:
                reply = await self._send(target.shot(place, one.value))
            except (_Failed, TimeoutError, ValueError):
                continue
            if reply is not None and one.worked(reply):
                worked.add(one.code)
                yield Finding(target.file, target.line, one.code, f"{target}, {place}: {one.advice}")

    def _of_failure(self, target: Target, place: Place, value: str, error: Exception) -> Finding:
        """A failure at the line of the app where it happened."""
        frames = [one for one in traceback.extract_tb(error.__traceback__) if is_users(one.filename)]
        file, line = (frames[-1].filename, frames[-1].lineno or 1) if frames else (target.file, target.line)
        told = f"{type(error).__name__}: {error!s:.120}"
        if any(word in f"{error} {error.__cause__}".lower() for word in _SQL):
            advice = "a value becomes part of a statement: give it as a parameter"
            return Finding(file, line, "sql-injection", f"{target}, {place}: {advice} ({told})")
        shown = repr(value) if len(value) < 30 else f"{value[:10]!r}... ({len(value)} characters)"
        advice = "refuse what cannot be (BadRequest), or say it in the type of the parameter"
        return Finding(
            file, line, "crash", f"{target}, {place} = {shown} is a failure of the server: {told}; {advice}"
        )

    async def _slow(self, target: Target, place: Place) -> Finding | None:
        """Whether a text takes much longer than another one of the same length: a pattern that goes back and forth."""
        if place.origin in ("path", "header"):
            return None  # they are short anyway
        hostile, harmless = "a" * (_LONG - 1) + "!", "!" * _LONG
        times: list[float] = []
        for value in (harmless, hostile):
            began = time.perf_counter()
            try:
                await self._send(target.shot(place, value))
            except TimeoutError:
                pass
            except (_Failed, ValueError):
                return None
            times.append(time.perf_counter() - began)
        if times[1] < _SLOW or times[1] < times[0] * _TIMES:
            return None
        advice = f"{_LONG} characters take {times[1]:.1f} s, others as many {times[0]:.3f} s: bound the length, or mend the pattern"
        return Finding(target.file, target.line, "slow-pattern", f"{target}, {place}: {advice}")

    async def _from(self, target: Target, headers: dict[str, str]) -> ClientResponse | None:
        shot = target.shot()
        try:
            return await self._send(shot._replace(headers={**shot.headers, **headers}))
        except (_Failed, TimeoutError, ValueError):
            return None

    async def _send(self, shot: Shot) -> ClientResponse | None:
        """The response. Raises _Failed for what the handler raised, TimeoutError, and ValueError for what no client can send."""
        ours = {"sec-fetch-site": "same-origin", **shot.headers}
        async with asyncio.timeout(_PATIENCE):
            try:
                if shot.body is not None:
                    return await self._client.request(shot.method, shot.url, headers=ours, json=shot.body)
                if shot.form:
                    return await self._client.request(shot.method, shot.url, headers=ours, data=shot.form)
                return await self._client.request(shot.method, shot.url, headers=ours)
            except (TimeoutError, UnicodeError):
                raise
            except Exception as error:
                if any(is_users(one.filename) for one in traceback.extract_tb(error.__traceback__)[1:]):
                    raise _Failed(error) from error
                raise ValueError(str(error)) from error


@contextlib.contextmanager
def _quiet() -> Generator[None]:
    """Without the failures that are provoked in the log."""
    log = logging.getLogger("segue")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


@contextlib.contextmanager
def _mail_caught(app: App) -> Generator[None]:
    """Mail goes nowhere meanwhile."""
    from segue.testing.mails import captured_mails

    with contextlib.ExitStack() as stack:
        with contextlib.suppress(LookupError):
            stack.enter_context(captured_mails(app))
        yield
