"""The film shelf in the style of Falcon, Tornado and aiohttp: a class for each path, a method for each method."""

from shelf import Film, Shelf, Title as FilmTitle

from segue import App, Form, options

app = App("shelf")
app.provide(Shelf, life="app")


@app.resource("/")
class Index:
    """The first page."""

    async def get(self) -> str:
        return "A shelf of films"


class OnShelf:
    """What the resources have in common: the constructor gets what it asks for."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf


@app.resource("/films", suffix="collection")
@app.resource("/films/{id:int}")
class Films(OnShelf):
    """All films, and each of them."""

    async def get_collection(self, q: str = "") -> list[Film]:
        return self.shelf.find(q)

    @options(status=201)
    async def post_collection(self, title: Form[FilmTitle]) -> Film:
        return self.shelf.add(title)

    async def get(self, id: int) -> Film:
        return self.shelf.get(id)

    async def delete(self, id: int) -> None:
        self.shelf.remove(id)


@app.resource("/films/{id:int}/title")
class Title(OnShelf):
    """The title of a film."""

    async def get(self, id: int) -> str:
        return self.shelf.get(id).title


if __name__ == "__main__":
    app.run()
