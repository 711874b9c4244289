"""Mail over SMTP, to a real server: encrypted or not at all, connections used again, what is refused."""

import asyncio
import email
import email.policy
from typing import Any

import pytest

from segue.mail import MailFailed, MailSender, Message, SMTPTransport
from segue.testing import expected_log


def transport(server: Any, encryption: Any = "starttls", **options: Any) -> SMTPTransport:
    options.setdefault("tls", server.trusting)
    return SMTPTransport(server.host, server.port, encryption=encryption, **options)


def mailer(server: Any, encryption: Any = "starttls", **options: Any) -> MailSender:
    return MailSender(
        transport(server, encryption, **options), sender="Films <films@example.com>", waits=(0.01, 0.01)
    )


def hello(to: Any = "ada@example.com", **more: Any) -> Message:
    return Message(to, "Hello", text="Hello Ada", **more)


async def deliver(sender: MailSender, *messages: Message) -> None:
    async with sender:
        for one in messages:
            await sender.deliver(one)


@pytest.mark.row("DJ-26")
def test_a_message_arrives_encrypted_and_whole(smtp: Any) -> None:
    message = Message(
        ["Ada Lovelace <ada@example.com>"],
        "Grüße\t".strip(),
        text="Zeile eins\r\n.\nend",
        html="<p>Grüße</p><img src='cid:logo.png@inline'>",
        cc="Bob <bob@example.com>",
        bcc=["carol@example.com"],
        reply_to="desk@example.com",
        headers={"List-Unsubscribe": "<https://example.com/u>"},
    )
    message.attach("logo.png", b"\x89PNG", inline=True)
    message.attach("Übersicht.csv", "a,b\n")
    with smtp() as server:
        asyncio.run(deliver(mailer(server), message))
        (letter,), (session,) = server.inbox.letters, server.inbox.sessions
    assert session.ssl is not None
    assert letter.mail_from == "films@example.com"
    assert letter.rcpt_tos == ["ada@example.com", "bob@example.com", "carol@example.com"]
    got: Any = email.message_from_bytes(letter.content, policy=email.policy.default)
    assert "carol" not in letter.content.decode()
    assert got["Subject"] == "Grüße"
    assert got["From"] == "Films <films@example.com>"
    assert got["Reply-To"] == "desk@example.com"
    assert got["List-Unsubscribe"] == "<https://example.com/u>"
    assert got["Message-ID"].endswith("@example.com>")
    assert got.get_body(("plain",)).get_content().splitlines() == ["Zeile eins", ".", "end"]
    assert "Grüße" in got.get_body(("html",)).get_content()
    files = {part.get_filename(): part.get_payload(decode=True) for part in got.walk() if part.get_filename()}
    assert files == {"logo.png": b"\x89PNG", "Übersicht.csv": b"a,b\n"}
    assert letter.content.isascii()


# aiosmtpd does not see that the connection was encrypted before it began.
@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_who_sends_says_who_it_is(smtp: Any, encryption: str) -> None:
    with smtp(encryption, user="films", password="p@ss word") as server:
        asyncio.run(deliver(mailer(server, encryption, user="films", password="p@ss word"), hello()))
        assert len(server.inbox.letters) == 1
        with pytest.raises(MailFailed) as caught:
            asyncio.run(deliver(mailer(server, encryption, user="films", password="wrong one"), hello()))
    assert not caught.value.temporary
    assert "wrong one" not in str(caught.value)


async def refused(sender: MailSender) -> None:
    """Nothing is sent; the loop goes on until the connection that was broken off is closed."""
    with pytest.raises(MailFailed):
        await deliver(sender, hello())
    await asyncio.sleep(0.1)


@pytest.mark.row("SEC-83")
def test_what_cannot_be_encrypted_is_not_sent(smtp: Any) -> None:
    # A server, or somebody before it, that does not offer STARTTLS.
    with smtp("none") as server:
        asyncio.run(refused(mailer(server, "starttls")))
        asyncio.run(refused(mailer(server, "tls")))
        assert server.inbox.letters == []
        asyncio.run(deliver(mailer(server, "none"), hello()))
        assert len(server.inbox.letters) == 1
    # One whose certificate nobody trusts.
    with smtp("starttls") as server:
        asyncio.run(refused(mailer(server, "starttls", tls=None)))
        assert server.inbox.letters == []


def test_a_password_never_goes_to_another_machine_in_plain_text() -> None:
    with pytest.raises(ValueError, match="plain text"):
        SMTPTransport("mail.example", user="films", password="x", encryption="none")


def test_connections_are_used_again(smtp: Any) -> None:
    with smtp() as server:
        asyncio.run(deliver(mailer(server), *[hello() for _ in range(5)]))
        assert len(server.inbox.letters) == 5
        assert len({id(one) for one in server.inbox.sessions}) == 1


def test_many_at_once_take_few_connections_and_all_arrive(smtp: Any) -> None:
    async def many(sender: MailSender) -> None:
        async with sender:
            for number in range(30):
                await sender.send(hello(f"user{number}@example.com"))

    with smtp() as server:
        asyncio.run(many(mailer(server, connections=3)))
        got = sorted(one.rcpt_tos[0] for one in server.inbox.letters)
        assert got == sorted(f"user{number}@example.com" for number in range(30))
        assert len({id(one) for one in server.inbox.sessions}) <= 3


def test_a_connection_that_has_gone_is_replaced(smtp: Any) -> None:
    async def across(sender: MailSender, restart: Any) -> None:
        async with sender:
            await sender.deliver(hello())
            restart()
            await sender.deliver(hello())

    with smtp() as server:
        sender = mailer(server)

        def cut() -> None:
            for client, _ in sender.transport._free:  # type: ignore[attr-defined]
                client.transport.abort()

        asyncio.run(across(sender, cut))
        assert len(server.inbox.letters) == 2


def test_what_fails_for_the_moment_is_tried_again(smtp: Any) -> None:
    with smtp() as server:
        server.inbox.answers = ["451 later", "451 later"]
        with expected_log("segue.mail", "451.*again in"):
            asyncio.run(deliver(mailer(server), hello()))
        assert len(server.inbox.letters) == 1
        server.inbox.answers = ["451 later"] * 3
        with expected_log("segue.mail", "again in"), pytest.raises(MailFailed) as caught:
            asyncio.run(deliver(mailer(server), hello()))
        assert caught.value.temporary
        assert len(server.inbox.letters) == 1


def test_what_is_refused_for_good_is_not(smtp: Any) -> None:
    with smtp() as server:
        server.inbox.answers = ["554 no"]
        with pytest.raises(MailFailed, match="554") as caught:
            asyncio.run(deliver(mailer(server), hello()))
        assert not caught.value.temporary
        assert server.inbox.letters == []


def test_of_several_only_those_get_it_again_who_did_not(smtp: Any) -> None:
    with smtp() as server:
        server.inbox.refused = {"bob@example.com": ["450 busy"]}
        asyncio.run(deliver(mailer(server), hello(["ada@example.com", "bob@example.com"])))
        assert [one.rcpt_tos for one in server.inbox.letters] == [["ada@example.com"], ["bob@example.com"]]
        server.inbox.refused = {"bob@example.com": ["550 unknown"]}
        with pytest.raises(MailFailed, match=r"bob@example.com: 550"):
            asyncio.run(deliver(mailer(server), hello(["ada@example.com", "bob@example.com"])))
        assert [one.rcpt_tos for one in server.inbox.letters[2:]] == [["ada@example.com"]]


def test_a_failure_beside_the_requests_is_logged(smtp: Any) -> None:
    async def send(sender: MailSender) -> None:
        async with sender:
            await sender.send(hello())

    with smtp() as server:
        server.inbox.answers = ["554 no"]
        with expected_log("segue.mail", "was not sent.*554"):
            asyncio.run(send(mailer(server)))


def test_addresses_in_other_scripts(smtp: Any) -> None:
    with smtp(enable_SMTPUTF8=True) as server:
        asyncio.run(deliver(mailer(server), hello("jürgen@exämple.com")))
        assert server.inbox.letters[0].rcpt_tos == ["jürgen@xn--exmple-cua.com"]
    with smtp(enable_SMTPUTF8=False) as server:
        with pytest.raises(MailFailed):
            asyncio.run(deliver(mailer(server), hello("jürgen@exämple.com")))
        asyncio.run(deliver(mailer(server), hello("jurgen@exämple.com")))
        assert server.inbox.letters[0].rcpt_tos == ["jurgen@xn--exmple-cua.com"]


def test_nobody_listens() -> None:
    sender = MailSender("smtp://localhost:1?encryption=none", sender="films@example.com", waits=())
    with pytest.raises(MailFailed) as caught:
        asyncio.run(deliver(sender, hello()))
    assert caught.value.temporary
