"""What is kept of second steps: secrets, encrypted, and hashes of codes on paper."""

from segue.db.models.fields import Field, field
from segue.db.models.model import Model

__all__ = ["CodeSecret", "RecoveryCode"]


class CodeSecret(Model, table="segue_code_secret"):
    """The secret that the codes of an account are made from. ``owner``: the key of the account, as text.

    ``sealed``: the secret, encrypted with the key of the app. ``confirmed``: a code was given once, so it is asked for. ``last``: the
    number of the time step whose code was used last; no code is taken twice.
    """

    owner: Field[str] = field(unique=True, max_length=64)
    sealed: Field[str] = field(private=True, max_length=300)
    confirmed: Field[bool] = field(default=False)
    last: Field[int] = field(default=0)


class RecoveryCode(Model, table="segue_recovery_code"):
    """A code on paper, good once: it is gone when it was used. ``key``: a hash of the account and the code."""

    owner: Field[str] = field(max_length=64, index=True)
    key: Field[str] = field(unique=True, private=True, max_length=64)
