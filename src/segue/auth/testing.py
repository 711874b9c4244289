"""For tests: somebody is signed in, without a password, a page or a limit in between."""

import time
from typing import Any

from segue.auth.identity import id_of
from segue.auth.known import Known, put_known, put_waiting
from segue.auth.models.account import Account
from segue.security import Session

__all__ = ["sign_in"]


def sign_in(session: Session[Any], user: Account, *, agent: str = "segue-testing") -> None:
    """Makes ``user`` the one who is signed in with the session of a test client.

        with client.session() as session:
            sign_in(session, user)
        assert client.get("/me").status == 200

    As if the password had just been given: pages that ask for a fresh one open too. Who was signed in before is not any more.
    ``agent``: the ``User-Agent`` of the browser that it was; that of the clients of ``segue.testing``, if nothing is said.
    """
    session.clear()
    put_waiting(session, None)
    now = time.time()
    put_known(session, Known(id_of(user), user.stamp, now, now, "password", agent=agent))
    session.owner = id_of(user)
