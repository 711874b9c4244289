"""The first page."""


async def index() -> str:
    return "A shelf of films"
