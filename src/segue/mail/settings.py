"""What is configured about mail: the section [mail], MAIL_URL and its likes."""

from msgspec import Struct

from segue.core.settings.secret import Secret

__all__ = ["MailSettings"]


class MailSettings(Struct):
    """``[mail]`` in ``segue.toml``, or ``MAIL_URL`` and ``MAIL_SENDER``; ``[mail_news]`` and ``MAIL_NEWS_URL`` for the mailer "news".

    ``url``: how mail is sent. ``sender``: who it comes from.
    """

    url: Secret[str] | None = None
    sender: str = ""
