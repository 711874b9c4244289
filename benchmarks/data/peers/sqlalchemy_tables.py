"""The models of SQLAlchemy, for its ORM and its Core."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Double, ForeignKey, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

KEY = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    pass


class Director(Base):
    __tablename__ = "director"
    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class Film(Base):
    __tablename__ = "film"
    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    year: Mapped[int]
    rating: Mapped[float] = mapped_column(Double())
    colour: Mapped[bool]
    released: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    director_id: Mapped[int] = mapped_column(KEY, ForeignKey("director.id"))
    director: Mapped[Director] = relationship()
    awards: Mapped[list[Award]] = relationship(order_by="Award.id")


class Award(Base):
    __tablename__ = "award"
    id: Mapped[int] = mapped_column(KEY, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    year: Mapped[int]
    film_id: Mapped[int] = mapped_column(KEY, ForeignKey("film.id"))
