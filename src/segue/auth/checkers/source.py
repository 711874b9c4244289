"""Who may be asked whether a password is right."""

from segue.auth.external.person import Person
from segue.auth.external.source import Source

__all__ = ["PasswordSource"]


class PasswordSource(Source, frozen=True, kw_only=True):
    """The base of those who know passwords; yours has :meth:`check`.

        class Intranet(PasswordSource, frozen=True, kw_only=True):
            async def check(self, login: str, password: str) -> Person | None:
                ...

        CheckPasswordsWith(Intranet(name="intranet", title="Intranet"))

    ``registers`` is on: whom it knows gets an account when they sign in for the first time.
    """

    registers: bool = True

    async def check(self, login: str, password: str) -> Person | None:
        """Whose password that is; None for nobody's. Raises SignInFailed where it cannot be asked.

        ``login`` and ``password`` are what somebody has typed, neither of them empty.
        """
        raise NotImplementedError
