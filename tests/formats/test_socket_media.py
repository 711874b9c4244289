"""Values over WebSockets: JSON as text, MessagePack as bytes."""

import msgspec
import pytest

from segue import App, Struct, WebSocket, WebSocketDisconnected
from segue.testing import Client


class Move(Struct):
    x: int


@pytest.mark.row("FC7")
def test_typed_values_come_and_go_and_a_bad_one_closes_with_1007() -> None:
    app = App()

    @app.websocket("/")
    async def play(socket: WebSocket) -> None:
        while True:
            move = await socket.receive_as(Move)
            await socket.send_value(Move(move.x + 1), binary=move.x > 5)

    with Client(app).websocket("/") as socket:
        socket.send('{"x":1}')
        assert socket.receive() == '{"x":2}'
        socket.send(msgspec.msgpack.encode({"x": 7}))
        assert socket.receive() == msgspec.msgpack.encode({"x": 8})
        socket.send('{"x":"no"}')
        with pytest.raises(WebSocketDisconnected) as closed:
            socket.receive()
        assert (closed.value.code, closed.value.reason) == (1007, "Expected `int`, got `str` - at `$.x`")
