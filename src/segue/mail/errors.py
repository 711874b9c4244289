"""What goes wrong with mail."""

__all__ = ["InvalidMail", "MailError", "MailFailed"]


class MailError(Exception):
    """A mail that is not sent."""


class InvalidMail(MailError, ValueError):
    """A message that cannot be one: a line break in a field, an address that is none, nothing in it, nobody to get it."""


class MailFailed(MailError):
    """A message that nobody took. ``temporary``: another attempt may succeed."""

    def __init__(self, message: str, *, temporary: bool = False) -> None:
        super().__init__(message)
        self.temporary = temporary
