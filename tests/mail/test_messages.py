"""What a message may be: every field refuses what would begin another one."""

import asyncio
import email
import email.policy
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from segue import App, Request
from segue.html import Templates
from segue.mail import (
    Attachment,
    ConsoleTransport,
    FileTransport,
    InvalidMail,
    Letter,
    Mail,
    Mailer,
    MailSender,
    MemoryTransport,
    Message,
)
from segue.testing import Client, captured_mails

SENDER = "films@example.com"


def sent(message: Message, sender: str = SENDER) -> Letter:
    transport = MemoryTransport()
    asyncio.run(MailSender(transport, sender=sender).deliver(message))
    return transport.letters[-1]


BREAKS = [
    "\r\nBcc: evil@example.com",
    "\nBcc: evil@example.com",
    "\rBcc: x",
    "\0",
    "\x0b",
    "\x0c",
    "\x85",
    "\u2028",
    "\u2029",
    "\x1b[2J",
    # Python's own library would decode these, line break and all.
    "=?utf-8?q?=0ABcc:_evil@example.com?=",
    "=?utf-8?b?CkJjYzogZXZpbEBleGFtcGxlLmNvbQ==?=",
    "=? ?Q?=0D=0ABcc:_evil@example.com?=",
]
PLACES: dict[str, Any] = {
    "subject": lambda text: Message("ada@example.com", f"Hello{text}", text="x"),
    "to": lambda text: Message(f"ada@example.com{text}", text="x"),
    "to's local part": lambda text: Message(f"ada{text}@example.com", text="x"),
    "to's name": lambda text: Message(f"Ada{text} <ada@example.com>", text="x"),
    "one of several": lambda text: Message(["bob@example.com", f"ada@example.com{text}"], text="x"),
    "cc": lambda text: Message("ada@example.com", text="x", cc=f"bob{text}@example.com"),
    "bcc": lambda text: Message("ada@example.com", text="x", bcc=f"bob@example.com{text}"),
    "reply_to": lambda text: Message("ada@example.com", text="x", reply_to=f"bob@example.com{text}"),
    "sender": lambda text: Message("ada@example.com", text="x", sender=f"Films{text} <films@example.com>"),
    "a field": lambda text: Message("ada@example.com", text="x", headers={"X-Film": f"1{text}"}),
    "a field's name": lambda text: Message("ada@example.com", text="x", headers={f"X-Film{text}": "1"}),
    "a file's name": lambda text: Message("ada@example.com", text="x", attachments=[Attachment(f"a{text}.txt", b"")]),
    "a file's type": lambda text: Message(
        "ada@example.com", text="x", attachments=[Attachment("a.txt", b"", f"text/plain; x=1{text}")]
    ),
    "an inline file's name": lambda text: Message(
        "ada@example.com", html="x", attachments=[Attachment(f"a{text}.png", b"", inline=True)]
    ),
}  # fmt: skip


@pytest.mark.row("SEC-83")
@pytest.mark.parametrize("place", PLACES)
def test_no_field_takes_a_line_break(place: str) -> None:
    for text in BREAKS:
        with pytest.raises(InvalidMail):
            sent(PLACES[place](text))
    # And without one, each is sent: the test above would not see a message that is refused for something else.
    sent(PLACES[place](""))


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_sent_has_the_fields_that_were_said(subject: str, name: str, field: str) -> None:
    message = Message(f"{name} <ada@example.com>", subject, text="x", headers={"X-Film": field})
    try:
        letter = sent(message)
    except InvalidMail:
        return
    assert letter.recipients == ("ada@example.com",)
    got: Any = email.message_from_bytes(letter.content.as_bytes(), policy=email.policy.default)
    assert set(got.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "X-Film", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert got.get_content().strip() == "x"
    assert [one.addr_spec for one in got["To"].addresses] == ["ada@example.com"]


NO_ADDRESSES = ["", "ada", "@example.com", "ada@", "ada@@example.com", "a b@example.com", "ada@exa mple.com", "ada@example..com", "ada@-x.com", '"ada@x"@example.com', "ada@example.com, bob@example.com", "ada@example.com;bob@example.com", "<ada@example.com", "Ada <ada@example.com> x", "ada@[127.0.0.1]", "a" * 65 + "@example.com", "ada@" + "x" * 250 + ".com", "=?utf-8?q?ada=0ABcc:=20x?=@example.com ", "ada(c)@example.com", "\ud800@example.com"]  # fmt: skip


@pytest.mark.parametrize("text", NO_ADDRESSES)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidMail):
        sent(Message(text, text="x"))


def test_names_that_look_like_addresses_stay_names() -> None:
    letter = sent(Message('"Lovelace, Ada <evil@example.com>" <ada@example.com>', text="x"))
    assert letter.recipients == ("ada@example.com",)
    got: Any = email.message_from_bytes(letter.content.as_bytes(), policy=email.policy.default)
    assert [one.addr_spec for one in got["To"].addresses] == ["ada@example.com"]
    assert got["To"].addresses[0].display_name == "Lovelace, Ada <evil@example.com>"


@pytest.mark.parametrize(
    "message",
    [
        Message([], text="x"),
        Message("ada@example.com"),
        Message("ada@example.com", text="x", headers={"From": "evil@example.com"}),
        Message("ada@example.com", text="x", headers={"content-type": "text/html"}),
        Message("ada@example.com", text="x", headers={"X Y": "1"}),
        Message("ada@example.com", text="x" + "\ud800"),
        Message("ada@example.com", "x" * 3000, text="x"),
        Message("ada@example.com", text="x", attachments=[Attachment("../x", b"")]),
        Message("ada@example.com", text="x", attachments=[Attachment("x", b"", "nonsense")]),
        Message("ada@example.com", text="x", attachments=[Attachment("x", b"", "multipart/mixed")]),
        Message("ada@example.com", text="x", attachments=[Attachment("x.png", b"", inline=True)]),
        Message([f"a{number}@example.com" for number in range(101)], text="x"),
        Message("ada@example.com", template="welcome"),
    ],
)
def test_what_is_no_message_is_refused(message: Message) -> None:
    with pytest.raises(InvalidMail):
        sent(message)


def test_a_message_without_a_sender_says_how_to_give_one() -> None:
    with pytest.raises(InvalidMail, match="MAIL_SENDER"):
        sent(Message("ada@example.com", text="x"), sender="")


def site() -> App:
    texts = {
        "mail/welcome.txt": "Hello {{ name }}!\nA & B",
        "mail/welcome.html": "<p>Hello {{ name }}</p>",
        "mail/welcome.subject.txt": "Welcome, {{ name }}\n",
        "mail/broken.txt": "{% include 'nowhere.txt' %}",
        "only.html": "<b>{{ name }}</b>",
    }
    app = App(plugins=[Mail("memory:", sender=SENDER), Templates(texts=texts)])

    @app.post("/welcome")
    async def welcome(
        request: Request, mailer: Mailer, name: str, template: str = "mail/welcome", subject: str = ""
    ) -> None:
        await mailer.send(Message("ada@example.com", subject, template=template, values={"name": name}))

    return app


def test_texts_come_from_templates_each_in_its_own_way() -> None:
    app = site()
    with captured_mails(app) as mails, Client(app) as client:
        client.post("/welcome", params={"name": "<Ada> & 'Bob' &amp;"})
        assert mails.last.text == "Hello <Ada> & 'Bob' &amp;!\nA & B"
        assert mails.last.html == "<p>Hello &lt;Ada&gt; &amp; &#39;Bob&#39; &amp;amp;</p>"
        assert mails.last.subject == "Welcome, <Ada> & 'Bob' &amp;"
        client.post("/welcome", params={"name": "Ada", "template": "only", "subject": "Mine"})
        assert (mails.last.subject, mails.last.text, mails.last.html) == ("Mine", "", "<b>Ada</b>")


def test_a_template_that_is_not_there_is_named() -> None:
    app = site()
    with captured_mails(app) as mails, Client(app) as client:
        with pytest.raises(InvalidMail, match=r"nothing\.txt or nothing\.html"):
            client.post("/welcome", params={"name": "Ada", "template": "nothing"})
        with pytest.raises(Exception, match=r"nowhere\.txt"):
            client.post("/welcome", params={"name": "Ada", "template": "mail/broken"})
        assert len(mails) == 0


def test_no_value_is_taken_for_a_template() -> None:
    app = site()
    hostile = "{{7*7}}{% if 1 %}x{% endif %}${7*7}#{7*7}<%= 7*7 %>"
    with captured_mails(app) as mails, Client(app) as client:
        client.post("/welcome", params={"name": hostile})
        assert mails.last.subject == f"Welcome, {hostile}"
        assert hostile in mails.last.text
        client.post("/welcome", params={"name": "Ada", "subject": hostile})
        assert mails.last.subject == hostile


def test_a_line_break_in_a_value_of_the_subject_is_refused() -> None:
    app = site()
    with captured_mails(app) as mails, Client(app) as client:
        with pytest.raises(InvalidMail):
            client.post("/welcome", params={"name": "Ada\r\nBcc: evil@example.com"})
        assert len(mails) == 0


# --- other ways to send ------------------------------------------------------------------------------------------------


@pytest.mark.row("DJ-26")
def test_files_hold_letters_that_only_their_owner_reads(tmp_path: Path) -> None:
    sender = MailSender(f"file://{tmp_path}/out%20box", sender=SENDER)
    asyncio.run(sender.deliver(Message("jürgen@example.com", "Grüße", text="Hällo", bcc="bob@example.com")))
    (file,) = (tmp_path / "out box").iterdir()
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o077 == 0
    got: Any = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert got["Subject"] == "Grüße"
    assert got["X-Envelope-To"] == "jürgen@example.com, bob@example.com"
    assert got.get_content().split() == ["Hällo"]


def test_a_folder_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sender = MailSender(FileTransport(tmp_path / "file" / "x"), sender=SENDER, waits=())
    with pytest.raises(Exception, match="could not be written"):
        asyncio.run(sender.deliver(Message("ada@example.com", text="x")))


@pytest.mark.row("DJ-26")
def test_the_terminal_shows_letters_and_obeys_none() -> None:
    stream = io.StringIO()
    message = Message(
        "ada@example.com", "Hello", text="red \x1b[31m alert\nGrüße", attachments=[Attachment("a.txt", "abc")]
    )
    asyncio.run(MailSender(ConsoleTransport(stream), sender=SENDER).deliver(message))
    shown = stream.getvalue()
    assert "Subject: Hello" in shown
    assert "Grüße" in shown
    assert "[a.txt, 3 bytes]" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    "url",
    ["", "http://x", "smtp://", "file://", "smtp://x?encryption=maybe", "smtp://x?tls=no", "mail.example"],
)
def test_a_url_that_says_no_way_is_told_what_there_is(url: str) -> None:
    with pytest.raises(ValueError, match="mail"):
        MailSender(url)


def test_a_password_in_a_url_is_not_shown() -> None:
    sender = MailSender("smtp://films:s3cret@mail.example")
    assert "s3cret" not in repr(sender)
    with pytest.raises(ValueError) as caught:  # noqa: PT011 -- what it does not say is looked at
        MailSender("smpt://films:s3cret@mail.example")
    assert "s3cret" not in str(caught.value)
