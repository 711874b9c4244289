"""Sessions, as type checkers see them."""

from typing import assert_type

from msgspec import Struct

from segue import App
from segue.security import Flash, MemorySessions, Message, Session, Sessions, Signer


class Cart(Struct):
    items: list[str] = []


app = App(plugins=[Sessions(MemorySessions(), key="x" * 64)])


@app.post("/add")
async def add(session: Session[Cart], item: str) -> list[str]:
    assert_type(session.data, Cart)
    assert_type(session.data.items, list[str])
    session.data = Cart([item])
    items = session.data.items
    session.data = [item]  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    return items


@app.get("/")
async def index(session: Session, flash: Flash) -> dict[str, object]:
    assert_type(session.owner, str | None)
    assert_type(session.is_new, bool)
    for message in flash:
        assert_type(message, Message)
    session[7] = "x"  # type: ignore[index]  # pyright: ignore[reportArgumentType]
    return dict(session)


def signed(signer: Signer) -> None:
    assert_type(signer.unsign("x"), str)
    assert_type(signer.unpack("x", Cart), Cart)
