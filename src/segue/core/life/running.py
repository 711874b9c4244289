"""What an app may be asked while it runs: to send a signal, to wait for one, and how it is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from segue.core.life.lives import Life, Phase
    from segue.core.life.tasks import Tasks
    from segue.core.plan import Plan
    from segue.core.records import Declarations

__all__ = ["Running"]

S = TypeVar("S")


class Running:
    """An app that runs, by itself or as a part of another."""

    declared: "Declarations"

    @property
    def plan(self) -> "Plan":
        raise NotImplementedError

    @property
    def _root(self) -> Any:
        """The app that is served, of which this one is a part."""
        return self.declared.life.root or self

    @property
    def _life(self) -> "Life":
        life: Life = self._root.plan.life
        return life

    @property
    def phase(self) -> "Phase":
        """``"stopped"``, ``"starting"``, ``"started"`` or ``"stopping"``: how the app is in this process."""
        return self._life.phase

    @property
    def tasks(self) -> "Tasks":
        """The background tasks of this process: see Tasks."""
        return self._life.tasks

    async def emit(self, signal: object, /, **values: Any) -> list[Any]:
        """Sends a signal to its receivers, one after the other, and returns what they return.

            await app.emit(UserCreated(user))
            await app.emit("user.registration.created", user=user)         # a topic, with its values

        All are told, whichever app of those that are served together has them. What some of them raise is raised as
        one ExceptionGroup when all were told. In a ``def`` handler: ``segue.wait(app.emit(...))``.
        """
        if values and not isinstance(signal, str):
            raise TypeError(
                f"values go with a topic; {type(signal).__name__} has its own: {', '.join(values)}"
            )
        return await self._life.send(signal, values)

    @overload
    async def event(
        self,
        signal: type[S],
        /,
        *,
        timeout: float | None = None,
        when: Callable[[S], bool] | None = None,
    ) -> S: ...
    @overload
    async def event(
        self,
        signal: str,
        /,
        *,
        timeout: float | None = None,
        when: Callable[[dict[str, Any]], bool] | None = None,
    ) -> dict[str, Any]: ...
    async def event(
        self,
        signal: Any,
        /,
        *,
        timeout: float | None = None,
        when: Callable[[Any], bool] | None = None,
    ) -> Any:
        """Waits for the next signal of a class, or of a topic, whose values it returns.

            created = await app.event(UserCreated, timeout=5, when=lambda signal: signal.user.name == "django")

        ``timeout`` in seconds. Raises TimeoutError.
        """
        return await self._life.wait_for(signal, when, timeout)
