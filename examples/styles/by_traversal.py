"""The film shelf in the style of Pyramid: a path is a walk from resource to resource, views answer for what it ends at."""

from shelf import Film, Shelf, Title

from segue import App, Form

app = App("shelf")
app.provide(Shelf, life="app")


class Root:
    """The root of the resources; below it are the films."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def __getitem__(self, name: str) -> "Films":
        if name != "films":
            raise KeyError(name)
        return Films(self.shelf)


class Films:
    """All films; below it is each of them."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def __getitem__(self, name: str) -> Film:
        if not name.isdecimal():
            raise KeyError(name)
        return self.shelf.get(int(name))


app.traverse("/", Root)


@app.view(context=Root)
async def index() -> str:
    return "A shelf of films"


@app.view(methods=["GET"])
async def films(context: Films, q: str = "") -> list[Film]:
    return context.shelf.find(q)


@app.view(methods=["POST"], status=201)
async def add(context: Films, title: Form[Title]) -> Film:
    return context.shelf.add(title)


@app.view(methods=["GET"])
async def film(context: Film) -> Film:
    return context


@app.view(methods=["DELETE"])
async def remove(context: Film, shelf: Shelf) -> None:
    shelf.remove(context.id)


@app.view(name="title")
async def title(context: Film) -> str:
    return context.title


if __name__ == "__main__":
    app.run()
