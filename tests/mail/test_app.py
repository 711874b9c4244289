"""Mail in an app: after the commit, by name, in the outbox, caught in tests, from the command line."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import pytest
from click.testing import CliRunner

from segue import App, Request
from segue.cli import main
from segue.db import Database, Field, Model
from segue.mail import InvalidMail, Letter, Mail, Mailer, MailSender, MemoryTransport, Message
from segue.testing import Client, captured_mails, expected_log

SENDER = "Films <films@example.com>"


class MailedOrder(Model):
    email: Field[str]


class Notice:
    """A message of one's own: what the port asks for, and nothing more."""

    to = "ada@example.com"
    subject = "Notice"
    text = "It is done."
    html = None


def hello(to: str = "ada@example.com") -> Message:
    return Message(to, "Hello", text="Hello")


# --- after the commit --------------------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> App:
    db = Database(f"sqlite:///{tmp_path}/shop.db", models=[MailedOrder])
    app = App("shop", plugins=[db, Mail("memory:", sender=SENDER)])

    @app.post("/orders")
    async def order(mailer: Mailer, email: str, end: str = "commit") -> dict[str, int]:
        seen: list[int] = []
        async with db.transaction():
            await MailedOrder.create(email=email)
            await mailer.send(hello(email))
            async with db.transaction():
                await mailer.send(hello(f"second-{email}"))
            if end == "now":
                await mailer.deliver(hello(f"now-{email}"))
            if end != "commit":
                raise RuntimeError("no")
        return {"seen": len(seen)}

    @app.lifespan
    async def tables() -> Any:
        await db.create_all()
        yield

    return app


def test_a_message_is_sent_after_the_commit_and_never_after_a_rollback(shop: App) -> None:
    with captured_mails(shop) as mails, Client(shop, raise_server_exceptions=False) as client:
        assert client.post("/orders", params={"email": "ada@example.com"}).status == 200
        assert [one.recipients[0] for one in mails] == ["ada@example.com", "second-ada@example.com"]
        assert client.post("/orders", params={"email": "bob@example.com", "end": "fail"}).status == 500
        assert len(mails.wait_for(2)) == 2
        with pytest.raises(TimeoutError, match="3 mails were expected, 2 came"):
            mails.wait_for(3, seconds=0.01)
        # deliver() does not wait for anything.
        assert client.post("/orders", params={"email": "eve@example.com", "end": "now"}).status == 500
        assert [one.recipients[0] for one in mails][2:] == ["now-eve@example.com"]


async def undone(outer: Database, inner: Database, mailer: MailSender) -> None:
    async with outer.transaction():
        async with inner.transaction():
            await mailer.send(hello())
        raise RuntimeError("no")


def test_nothing_is_sent_while_the_transaction_is_open(tmp_path: Path) -> None:
    async def check() -> None:
        transport = MemoryTransport()
        one = Database(f"sqlite:///{tmp_path}/one.db", models=[MailedOrder], name="one")
        two = Database(f"sqlite:///{tmp_path}/two.db", models=[MailedOrder], name="two")
        async with one, two, MailSender(transport, sender=SENDER) as mailer:
            async with one.transaction():
                await mailer.send(hello())
                assert len(transport.letters) == 0
            assert len(transport.letters) == 1
            # Of two databases, both have to have committed, whichever is the inner one.
            for outer, inner in ((one, two), (two, one)):
                transport.letters.clear()
                async with outer.transaction():
                    async with inner.transaction():
                        await mailer.send(hello())
                    assert len(transport.letters) == 0
                assert len(transport.letters) == 1
                transport.letters.clear()
                with pytest.raises(RuntimeError):
                    await undone(outer, inner, mailer)
                assert len(transport.letters) == 0

    asyncio.run(check())


def test_a_task_that_outlives_its_transaction_sends_all_the_same(tmp_path: Path) -> None:
    async def check() -> None:
        transport = MemoryTransport()
        over = asyncio.Event()

        async def later(mailer: MailSender) -> None:
            await over.wait()
            await mailer.send(hello())

        db = Database(f"sqlite:///{tmp_path}/x.db", models=[MailedOrder])
        async with db, MailSender(transport, sender=SENDER) as mailer:
            async with db.transaction():
                task = asyncio.create_task(later(mailer))
            over.set()
            await task
        assert len(transport.letters) == 1

    asyncio.run(check())


def test_a_message_that_is_none_is_refused_before_the_commit(shop: App) -> None:
    with captured_mails(shop) as mails, Client(shop) as client:
        with pytest.raises(InvalidMail):
            client.post("/orders", params={"email": "ada@example.com\r\nBcc: evil@example.com"})
        assert len(mails) == 0


# --- beside the requests -----------------------------------------------------------------------------------------------


class Slow:
    """A transport that waits until it is let go."""

    instant = False

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.sent: list[Letter] = []

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, letter: Letter) -> list[Any]:
        await self.go.wait()
        self.sent.append(letter)
        return []


def test_a_request_does_not_wait_for_the_server_and_the_end_does() -> None:
    async def check() -> None:
        slow = Slow()
        async with MailSender(slow, sender=SENDER) as mailer:
            await mailer.send(hello())
            assert slow.sent == []
            asyncio.get_running_loop().call_later(0.05, slow.go.set)
        assert len(slow.sent) == 1

    asyncio.run(check())


def test_what_is_not_sent_in_time_is_told() -> None:
    async def check() -> None:
        mailer = MailSender(Slow(), sender=SENDER)
        await mailer.send(hello())
        with expected_log("segue.mail", "1 messages were not sent"):
            await mailer.drain(0.01)

    asyncio.run(check())


# --- mailers of an app -------------------------------------------------------------------------------------------------


@pytest.mark.row("FLX8", "DJ-26")
def test_mail_is_caught_in_tests_and_kept_in_an_outbox_in_development(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = App("films", plugins=[Mail()])

    @app.post("/send")
    async def send(mailer: Mailer) -> None:
        message = Message(
            "ada@example.com",
            "<b>Hello</b>",
            text="<script>alert(1)</script>",
            html="<p style='color: red'>Hello</p><img src='cid:logo.png@inline'><script>alert(1)</script>",
        )
        message.attach("logo.png", b"png", inline=True)
        await mailer.send(message)

    with captured_mails(app) as mails, Client(app) as client:
        client.post("/send")
        assert mails.last.subject == "<b>Hello</b>"
        assert mails.to("ada@example.com") == list(mails)
        assert client.get("/_mail/").status == 404

    # The same app under `segue run`.
    app = App("films", plugins=[Mail()])
    app.development = True
    app.post("/send")(send)
    with Client(app) as client:
        assert "Nothing was sent yet" in client.get("/_mail/").text
        client.post("/send")
        index = client.get("/_mail/")
        assert "&lt;b&gt;Hello&lt;/b&gt;" in index.text
        assert 'href="/_mail/1"' in index.text
        shown = client.get("/_mail/1")
        assert "&lt;script&gt;alert(1)" in shown.text
        assert "<script" not in shown.text
        html = client.get("/_mail/1/html")
        assert "data:image/png;base64,cG5n" in html.text
        policy = html.headers["content-security-policy"]
        assert policy.startswith("sandbox; default-src 'none'")
        assert "script-src" not in policy
        assert client.get("/_mail/1/source").text.startswith("From: app@localhost")
        assert client.get("/_mail/2").status == 404
        assert client.get("/_mail/0").status == 404
        # A page of another site, and another machine, see nothing.
        assert client.get("/_mail/", headers={"host": "evil.example"}).status == 404
        assert client.get("/_mail/1", headers={"x-forwarded-for": "192.0.2.1"}).status == 404


@pytest.mark.row("DJ-26")
def test_several_mailers_each_in_its_own_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAIL_URL", f"file://{tmp_path}/orders")
    monkeypatch.setenv("MAIL_SENDER", "orders@example.com")
    monkeypatch.setenv("MAIL_NEWS_URL", f"file://{tmp_path}/news")
    monkeypatch.setenv("MAIL_NEWS_SENDER", "news@example.com")
    app = App(plugins=[Mail(), Mail(name="news")])

    @app.post("/send")
    async def send(mailer: Mailer, news: Annotated[Mailer, "news"]) -> None:
        await mailer.send(Notice())
        await news.send(hello())

    with Client(app) as client:
        client.post("/send")
    (order,), (news,) = (list((tmp_path / name).iterdir()) for name in ("orders", "news"))
    assert b"From: orders@example.com\r\n" in order.read_bytes()
    assert b"Subject: Notice\r\n" in order.read_bytes()
    assert b"From: news@example.com\r\n" in news.read_bytes()


def test_an_app_that_cannot_send_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="MAIL_NEWS_URL"), Client(App(plugins=[Mail(name="news")])):
        pass


def test_a_sender_that_is_none_is_told_where_it_is_said() -> None:
    with pytest.raises(InvalidMail):
        Mail("memory:", sender="nobody")


def test_an_app_without_mail_has_nothing_to_catch() -> None:
    with pytest.raises(LookupError, match="Mail"), captured_mails(App()):
        pass


def test_a_def_handler_sends_too() -> None:
    from segue import wait

    app = App(plugins=[Mail("memory:", sender=SENDER)])

    @app.post("/send")
    def send(request: Request, mailer: Mailer) -> None:
        wait(mailer.send(hello()))

    with captured_mails(app) as mails, Client(app) as client:
        client.post("/send")
        assert len(mails) == 1


# --- the command -------------------------------------------------------------------------------------------------------


def test_the_command_sends_a_test_and_says_how_it_went(
    smtp: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mailing.py").write_text(
        "from segue import App\nfrom segue.mail import Mail\n"
        'app = App("films", plugins=[Mail(sender="films@example.com")])\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    with smtp("none") as server:
        monkeypatch.setenv("MAIL_URL", f"smtp://localhost:{server.port}?encryption=none")
        done = CliRunner().invoke(main, ["--app", "mailing:app", "mail", "send-test", "ada@example.com"])
        assert done.exit_code == 0, done.output
        assert "Sent to ada@example.com" in done.output
        assert server.inbox.letters[0].rcpt_tos == ["ada@example.com"]
        server.inbox.answers = ["554 no"]
        done = CliRunner().invoke(main, ["--app", "mailing:app", "mail", "send-test", "ada@example.com"])
        assert done.exit_code != 0
        assert "554" in done.output + str(done.exception)
        done = CliRunner().invoke(
            main, ["--app", "mailing:app", "mail", "send-test", "ada@example.com", "--mailer", "news"]
        )
        assert done.exit_code != 0
        assert "no mailer 'news'" in done.output
