"""Who likes other libraries takes them: few are installed with Segue, and each of the large ones is replaced in one line."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.pool import StaticPool

from segue import App, JSONCodec
from segue.html import Mako, Templates
from segue.testing import Client


class PythonJSON(JSONCodec):
    """The encoder of the standard library, which indents."""

    @property
    def encode(self) -> Callable[[Any], bytes]:
        return lambda value: json.dumps(value, indent=1).encode()


class Base(DeclarativeBase):
    pass


class Film(Base):
    __tablename__ = "film"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


engine = sa.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
make_session = sessionmaker(engine)


def session() -> Iterator[Session]:
    with make_session() as found:
        yield found


@pytest.mark.row("FL24")
def test_orm_templates_and_json_are_replaced_in_one_line_each() -> None:
    installed = [one for one in importlib.metadata.requires("segue") or () if "extra ==" not in one]
    assert len(installed) <= 7, installed

    Base.metadata.create_all(engine)
    app = App(
        json=PythonJSON(),
        plugins=[
            Templates(
                engines=[Mako()],
                texts={"films.mako": "% for film in films:\n<b>${film.title}</b>\n% endfor\n"},
            )
        ],
    )
    app.provide(Session, session)

    @app.post("/films")
    def add(title: str, found: Session) -> dict[str, int]:
        film = Film(title=title)
        found.add(film)
        found.commit()
        return {"id": film.id}

    @app.get("/films", template="films.mako")
    def films(found: Session) -> dict[str, Any]:
        return {"films": found.scalars(sa.select(Film)).all()}

    with Client(app) as client:
        assert client.post("/films?title=Nuages <3").text == '{\n "id": 1\n}'
        assert client.get("/films").text == "<b>Nuages &lt;3</b>\n"
