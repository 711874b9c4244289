"""What a cache gives, as type checkers see it."""

from typing import assert_type

from segue import Struct
from segue.cache import Cache


class Film(Struct):
    id: int
    title: str


async def cached(cache: Cache) -> None:
    assert_type(await cache.get("film", Film), Film | None)
    assert_type(await cache.get("film", Film, Film(0, "")), Film)

    async def load() -> list[Film]:
        return []

    assert_type(await cache.get_or("films", load), list[Film])

    @cache.memo(60)
    async def top(year: int) -> list[Film]:
        return []

    assert_type(await top(1937), list[Film])
    await top.forget(1937)
    await top("1937")  # type: ignore[arg-type]  # a year is a number
