"""The film shelf in the style of Flask, Bottle and Sanic: a function for each method and path."""

from shelf import Film, Shelf, Title

from segue import App, Form

app = App("shelf")
app.provide(Shelf, life="app")


@app.get("/")
async def index() -> str:
    return "A shelf of films"


@app.get("/films")
async def films(shelf: Shelf, q: str = "") -> list[Film]:
    return shelf.find(q)


@app.post("/films", status=201)
async def add(shelf: Shelf, title: Form[Title]) -> Film:
    return shelf.add(title)


@app.get("/films/{id:int}")
async def film(shelf: Shelf, id: int) -> Film:
    return shelf.get(id)


@app.delete("/films/{id:int}")
async def remove(shelf: Shelf, id: int) -> None:
    shelf.remove(id)


@app.get("/films/{id:int}/title")
async def title(shelf: Shelf, id: int) -> str:
    return shelf.get(id).title


if __name__ == "__main__":
    app.run()
