"""The film shelf in the style of CherryPy and TurboGears: objects in objects, whose exposed methods answer."""

from shelf import Film, Shelf, Title as FilmTitle

from segue import App, Form, RestController, expose


class Title(RestController):
    """The title of a film."""

    @expose
    async def get_all(self, shelf: Shelf, id: int) -> str:
        return shelf.get(id).title


class Films(RestController):
    """All films, and each of them."""

    title = Title()

    @expose
    async def get_all(self, shelf: Shelf, q: str = "") -> list[Film]:
        return shelf.find(q)

    @expose(status=201)
    async def post(self, shelf: Shelf, title: Form[FilmTitle]) -> Film:
        return shelf.add(title)

    @expose
    async def get_one(self, shelf: Shelf, id: int) -> Film:
        return shelf.get(id)

    @expose
    async def post_delete(self, shelf: Shelf, id: int) -> None:
        shelf.remove(id)


class Root:
    """The first page, and what is below it."""

    films = Films()

    @expose
    async def index(self) -> str:
        return "A shelf of films"


app = App("shelf")
app.provide(Shelf, life="app")
app.tree("/", Root())


if __name__ == "__main__":
    app.run()
