"""WebSockets on channels: what is published is sent, what the client sends is published."""

import asyncio
from typing import TYPE_CHECKING, Any

from segue.channels.subscription import SlowReader
from segue.http.websocket import CloseCode, WebSocket, WebSocketDisconnected

if TYPE_CHECKING:
    from segue.channels.channels import Channels

__all__ = ["relayed"]


async def relayed(
    channels: "Channels",
    socket: WebSocket,
    names: tuple[str, ...],
    publish: str | None,
    type: Any,
    history: int,
) -> None:
    """Channels.relay."""
    async with channels.subscribe(*names, history=history, size=256, when_full="close") as messages:

        async def give() -> None:
            try:
                async for message in messages:
                    if isinstance(message.data, str):
                        await socket.send(message.data)
                    else:
                        await socket.send_json(message.data)
            except SlowReader:
                await socket.close(CloseCode.TRY_AGAIN_LATER, "too slow")
            except WebSocketDisconnected:
                pass  # the other half learns of it too

        giving = asyncio.create_task(give())
        try:
            while True:
                if type is Any or type is str:
                    data: Any = await socket.receive()
                else:
                    data = await socket.receive_as(type)
                if publish is not None:
                    await channels.publish(publish, data)
        except WebSocketDisconnected:
            pass
        finally:
            giving.cancel()
            await asyncio.gather(giving, return_exceptions=True)
