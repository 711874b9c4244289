"""A thread of a connection's own: what waits for a disk or computes for long does not keep the loop."""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["Job", "Worker"]

T = TypeVar("T")


class Job(Generic[T]):
    """One call in a Worker. ``future`` is for who waits; ``unwanted`` says that nobody does any more."""

    __slots__ = ("args", "function", "future", "unwanted")

    def __init__(
        self, future: "asyncio.Future[T]", function: Callable[..., T], args: tuple[Any, ...]
    ) -> None:
        self.future = future
        self.function = function
        self.args = args
        self.unwanted = False


class Worker:
    """Calls functions one after the other, in the order in which they were submitted, in a thread of its own."""

    __slots__ = ("_loop", "_queue", "_thread", "pending")

    def __init__(self, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        #: How many calls were submitted and have not ended.
        self.pending = 0
        self._thread.start()

    def submit(self, function: Callable[..., T], *args: Any) -> Job[T]:
        """Lets the thread call it. What is unwanted before it begins is not begun: its future is cancelled."""
        job: Job[T] = Job(self._loop.create_future(), function, args)
        self.pending += 1
        self._queue.put(job)
        return job

    def stop(self) -> None:
        """The thread ends after what was submitted before."""
        self._queue.put(None)

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            result: Any = None
            error: BaseException | None = None
            if not job.unwanted:
                try:
                    result = job.function(*job.args)
                except BaseException as caught:  # noqa: BLE001 -- it is raised where the result is waited for
                    error = caught
            try:
                self._loop.call_soon_threadsafe(self._ended, job, result, error)
            except RuntimeError:  # the loop was closed meanwhile: nobody waits
                pass
            del job, result, error

    def _ended(self, job: Job[Any], result: Any, error: BaseException | None) -> None:
        self.pending -= 1
        if job.future.done():
            return
        if error is not None:
            job.future.set_exception(error)
        elif job.unwanted:
            job.future.cancel()
        else:
            job.future.set_result(result)
