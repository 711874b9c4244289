"""``segue mail``: tries out whether mail arrives."""

from collections.abc import Mapping

from segue.core.plugins.setup import Setup
from segue.mail.message import Message
from segue.mail.sender import MailSender

__all__ = ["add_commands"]


def add_commands(to: Setup, mailers: Mapping[str, MailSender]) -> None:
    """Adds them to an app, once for all of its mailers."""

    async def send_test(address: str, *, mailer: str = "", sender: str = "") -> str:
        """Sends a message to ADDRESS and says how that went."""
        if mailer not in mailers:
            listed = ", ".join(repr(one) for one in mailers if one) or "only the one without a name"
            raise SystemExit(f"The app has no mailer {mailer!r}. It has: {listed}.")
        chosen = mailers[mailer]
        text = f"This is a test of {to.app.name}. Who reads it knows that mail arrives."
        await chosen.deliver(Message(address, f"A test of {to.app.name}", text=text, sender=sender))
        return f"Sent to {address} by {chosen.transport!r}."

    to.command(send_test, group="mail")
