"""Channels as a plugin of an app: open while the app runs, and known to its handlers."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from segue.channels.channels import Channels

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup

__all__ = ["set_up"]


def set_up(channels: Channels, to: "Setup") -> None:
    """What ``App(plugins=[Channels()])`` declares."""
    channels.belong_to(to.app.name)

    async def opened(_: Any) -> AsyncIterator[None]:
        await channels.open()
        try:
            yield
        finally:
            await channels.close()

    to.lifespan(opened)
    to.provide(Channels, lambda: channels, life="app")
