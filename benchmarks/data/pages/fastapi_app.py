"""FastAPI with SQLAlchemy's ORM, async, and Jinja2."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader
from pydantic import BaseModel, ConfigDict
from sqlalchemy import String, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from data.pages import ROWS, URL, count

engine = create_async_engine(f"postgresql+asyncpg:{URL.partition(':')[2]}", pool_size=10)
session_of = async_sessionmaker(engine, expire_on_commit=False)
pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, auto_reload=False
)
page = pages.get_template("fortunes.html")
app = FastAPI(openapi_url=None)
cache: dict[int, Any] = {}


class Base(DeclarativeBase):
    pass


class World(Base):
    __tablename__ = "world"
    id: Mapped[int] = mapped_column(primary_key=True)
    randomnumber: Mapped[int]


class Fortune(Base):
    __tablename__ = "fortune"
    id: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str] = mapped_column(String(2048))


class WorldOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    randomnumber: int


@app.get("/db", response_model=WorldOut)
async def one() -> Any:
    async with session_of() as session:
        return await session.get(World, random.randint(1, ROWS))


@app.get("/queries", response_model=list[WorldOut])
async def several(n: str = "1") -> Any:
    async with session_of() as session:
        return [
            (await session.scalars(select(World).where(World.id == random.randint(1, ROWS)))).one()
            for _ in range(count(n))
        ]


@app.get("/fortunes", response_class=HTMLResponse)
async def fortunes() -> str:
    async with session_of() as session:
        found = list((await session.scalars(select(Fortune))).all())
    found.append(Fortune(id=0, message="Additional fortune added at request time."))
    found.sort(key=lambda fortune: fortune.message)
    return page.render(fortunes=found)


@app.get("/updates", response_model=list[WorldOut])
async def updates(n: str = "1") -> Any:
    async with session_of() as session:
        found = [await session.get(World, key) for key in sorted(random.sample(range(1, ROWS + 1), count(n)))]
        for world in found:
            world.randomnumber = random.randint(1, ROWS)
        await session.commit()
        return found


@app.get("/cached", response_model=list[WorldOut])
async def cached(n: str = "1") -> Any:
    if not cache:
        async with session_of() as session:
            cache.update({world.id: world for world in (await session.scalars(select(World))).all()})
    return [cache[random.randint(1, ROWS)] for _ in range(count(n))]
