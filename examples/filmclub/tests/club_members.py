"""Members for the tests: made without a mail, signed in without a page."""

import segue
from filmclub import app
from filmclub.models import Film, Member, Review, State
from segue.auth import Accounts, unrestricted
from segue.auth.testing import sign_in
from segue.security import Limiter
from segue.testing import Client

__all__ = ["a_film", "a_review", "becomes", "member", "signed_in"]


async def _made(name: str, groups: tuple[str, ...]) -> Member:
    async with app.scope() as scope:
        accounts = await scope.get(Accounts)
        made: Member = await accounts.create(email=f"{name}@example.com", name=name)
        for group in groups:
            await accounts.groups.add(made, group)
        limiter = await scope.get(Limiter)
        for limit in ("chat", "posters"):  # of a member of an earlier test, who had the same number
            await limiter.forget(limit, str(made.id))
        return made


def member(name: str, *groups: str) -> Member:
    """Somebody with an account."""
    return segue.wait(_made(name, groups))


def becomes(client: Client, somebody: Member) -> None:
    """From now on the client is somebody's; who was signed in before is not any more."""
    with client.session() as session:
        sign_in(session, somebody)


def signed_in(client: Client, name: str, *groups: str) -> Member:
    """Somebody new, who is signed in with this client."""
    made = member(name, *groups)
    becomes(client, made)
    return made


def a_film(title: str = "Alien") -> Film:
    """A film of the catalogue."""
    return segue.wait(Film.where(Film.title == title).one())


def a_review(
    author: Member, text: str, state: State = "shown", film: str = "Alien", stars: int = 4
) -> Review:
    """What somebody has written about a film."""
    with unrestricted():
        made = Review(film=a_film(film), author=author, stars=stars, text=text, state=state)
        return segue.wait(made.save())
