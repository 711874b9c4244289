"""The film shelf with one function for each thing that a request may want, told apart by predicates."""

from shelf import Film, Shelf, Title

from segue import App, Form, Request

app = App("shelf")
app.provide(Shelf, life="app")


def is_get(request: Request) -> bool:
    return request.method in {"GET", "HEAD"}


@app.get("/", when=is_get)
async def index() -> str:
    return "A shelf of films"


@app.any("/films", when=is_get)
async def films(shelf: Shelf) -> list[Film]:
    return shelf.find()


@app.any("/films", when=is_get, param="q")
async def search(shelf: Shelf, q: str) -> list[Film]:
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


@app.get("/films/{id:int}/{what}", match={"what": "title"})
async def title(shelf: Shelf, id: int, what: str) -> str:
    return str(getattr(shelf.get(id), what))


if __name__ == "__main__":
    app.run()
