"""What calls to others give, as type checkers see it."""

from collections.abc import AsyncIterator
from typing import Any, assert_type

from segue import Event, Struct, WebSocket
from segue.client import Http, Reply, StreamedReply


class Film(Struct):
    id: int
    title: str


async def calls(http: Http) -> None:
    assert_type(await http.get("/films/7"), Reply)
    assert_type(await http.get("/films/7", Film), Film)
    assert_type(await http.get("/films", list[Film]), list[Film])
    assert_type(await http.get("/films/7", Film | None), Film | None)
    assert_type(await http.post("/films", Film, json=Film(7, "Nuages")), Film)
    assert_type(await http.request("QUERY", "/films", dict[str, int]), dict[str, int])
    reply = await http.get("/films/7")
    assert_type(reply.json(), Any)
    assert_type(reply.json(Film), Film)
    async with http.stream("GET", "/films") as streamed:
        assert_type(streamed, StreamedReply)
        assert_type(await streamed.read(), Reply)
    async with http.websocket("/chat") as socket:
        assert_type(socket, WebSocket)
    async for each in http.websocket("/chat"):
        assert_type(each, WebSocket)
    assert_type(http.events("/new", Film), AsyncIterator[Event])
    await http.get("/films", jsn=1)  # type: ignore[call-overload]  # no such option
