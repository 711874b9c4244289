"""The chat of a film: who may come in, what is said, what is refused, what is taken away."""

import json
from typing import Any

import pytest
from club_members import a_film, signed_in

import segue
from filmclub import app
from filmclub.chat.models import SHOWN, Message
from segue.auth import Accounts
from segue.testing import Client, WebSocketRefused


def heard(socket: Any, type: str) -> Any:
    """The next of what is told that is of this type."""
    while True:
        told = socket.receive_json()
        if told["type"] == type:
            return told


def closed_with(socket: Any) -> int | None:
    """The code with which the server closes a socket on which nothing more is said."""
    try:
        while True:
            assert json.loads(socket.receive())["type"] != "said"
    except ConnectionError as closed:
        return getattr(closed, "code", None)


def test_only_members_come_in(client: Client) -> None:
    film = a_film()
    assert client.get(f"/films/{film.id}/chat").headers["location"].startswith("/login")
    with pytest.raises(WebSocketRefused) as refused, client.websocket(f"/films/{film.id}/chat/socket"):
        pass
    assert refused.value.response.status == 403
    assert client.post(f"/films/{film.id}/chat", data={"text": "hello"}).status == 403
    assert segue.wait(Message.all().count()) == 0


def test_pages_of_other_sites_do_not_come_in(client: Client) -> None:
    film = a_film()
    signed_in(client, "django")
    with (
        pytest.raises(WebSocketRefused),
        client.websocket(f"/films/{film.id}/chat/socket", origin="https://evil.example"),
    ):
        pass


def test_what_is_said_is_heard_and_seen_by_those_who_come_later(client: Client) -> None:
    film, other = a_film(), a_film("Aliens")
    signed_in(client, "django")
    with client.websocket(f"/films/{film.id}/chat/socket") as one:
        assert one.receive_json() == {"type": "present", "names": ["django"]}
        with (
            client.websocket(f"/films/{film.id}/chat/socket") as two,
            client.websocket(f"/films/{other.id}/chat/socket") as elsewhere,
        ):
            one.send_json({"type": "say", "text": " In space <b>no one</b> hears you. "})
            for socket in (one, two):
                told = heard(socket, "said")
                assert (told["author"], told["text"]) == ("django", "In space <b>no one</b> hears you.")
            elsewhere.send_json({"type": "say", "text": "Game over."})
            assert heard(elsewhere, "said")["text"] == "Game over."
    with client.websocket(f"/films/{film.id}/chat/socket") as three:
        assert heard(three, "said")["text"] == "In space <b>no one</b> hears you."
    page = client.get(f"/films/{film.id}/chat").text
    assert "In space &lt;b&gt;no one&lt;/b&gt; hears you." in page
    assert "Game over" not in page


def test_without_a_script_a_form_says_it_and_keeps_what_was_refused(client: Client) -> None:
    film = a_film()
    signed_in(client, "django")
    said = client.post(f"/films/{film.id}/chat", data={"text": "Hello"})
    assert said.headers["location"] == f"/films/{film.id}/chat#end"
    assert "Hello" in client.get(f"/films/{film.id}/chat").text
    refused = client.post(f"/films/{film.id}/chat", data={"text": "long" * 126})
    assert refused.status == 422
    assert "longer than 500 characters" in refused.text
    assert "long" * 126 in refused.text


def test_who_says_much_is_asked_to_wait(client: Client) -> None:
    film = a_film()
    signed_in(client, "django")
    with client.websocket(f"/films/{film.id}/chat/socket") as socket:
        for number in range(11):
            socket.send_json({"type": "say", "text": str(number)})
        refused = heard(socket, "refused")
        assert 0 < refused["seconds"] <= 20
    assert segue.wait(Message.all().count()) == 10
    assert client.post(f"/films/{film.id}/chat", data={"text": "now by the form"}).status == 429


def test_the_last_messages_are_shown_and_no_more(client: Client) -> None:
    film = a_film()
    author = signed_in(client, "django")
    segue.wait(
        Message.create_many([Message(film=film, author=author, text=f"line {n}") for n in range(SHOWN + 5)])
    )
    page = client.get(f"/films/{film.id}/chat").text
    assert page.count("<p>line ") == SHOWN
    assert "<p>line 4<" not in page
    with client.websocket(f"/films/{film.id}/chat/socket") as socket:
        assert [heard(socket, "said")["text"] for _ in range(SHOWN)] == [
            f"line {n}" for n in range(5, SHOWN + 5)
        ]


def test_a_moderator_takes_away_what_was_said_and_nobody_else(client: Client) -> None:
    film = a_film()
    author = signed_in(client, "troll")
    message = segue.wait(Message.create(film=film, author=author, text="Buy now!"))
    path = f"/films/{film.id}/chat/{message.id}/remove"
    assert path not in client.get(f"/films/{film.id}/chat").text
    assert client.post(path).status == 403
    with client.websocket(f"/films/{film.id}/chat/socket") as socket:
        socket.send_json({"type": "remove", "id": message.id})
        socket.send_json({"type": "say", "text": "still there"})
        assert heard(socket, "said")["text"] == "Buy now!"
        assert heard(socket, "said")["text"] == "still there"

    signed_in(client, "ripley", "moderators")
    assert path in client.get(f"/films/{film.id}/chat").text
    with client.websocket(f"/films/{film.id}/chat/socket") as socket:
        socket.send_json({"type": "remove", "id": message.id})
        assert heard(socket, "removed") == {"type": "removed", "id": message.id}
    page = client.get(f"/films/{film.id}/chat").text
    assert "Buy now!" not in page
    assert "still there" in page
    assert client.post(f"/films/{a_film('Aliens').id}/chat/{message.id + 1}/remove").status == 303
    assert "still there" in client.get(f"/films/{film.id}/chat").text


def test_who_is_blocked_says_nothing_more(client: Client) -> None:
    film = a_film()
    troll = signed_in(client, "troll")

    async def block() -> None:
        async with app.scope() as scope:
            await (await scope.get(Accounts)).set_state(troll, "blocked")

    with client.websocket(f"/films/{film.id}/chat/socket") as socket:
        heard(socket, "present")
        segue.wait(block())
        socket.send_json({"type": "say", "text": "Buy now!"})
        assert closed_with(socket) == 1008
    assert segue.wait(Message.all().count()) == 0


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "{",
        "[]",
        '{"type": "say"}',
        '{"type": "fly", "text": "x"}',
        '{"type": "say", "text": 7}',
        b"\x81\xa4type",
    ],
)
def test_nonsense_closes_the_socket_of_who_sends_it(client: Client, nonsense: str | bytes) -> None:
    film = a_film()
    signed_in(client, "django")
    with client.websocket(f"/films/{film.id}/chat/socket") as other:
        heard(other, "present")
        with client.websocket(f"/films/{film.id}/chat/socket") as socket:
            socket.send(nonsense)
            assert closed_with(socket) == 1007
        other.send_json({"type": "say", "text": "still here"})
        assert heard(other, "said")["text"] == "still here"
