"""Films: what is behind their path are the arguments."""

from shelf import Film, Shelf, Title

from segue import Args, Form, NotFound, Query, expose, options


@expose(methods=["GET"])
async def index(shelf: Shelf, args: Args, q: Query[str] = "") -> list[Film] | Film | str:
    match args:
        case []:
            return shelf.find(q)
        case [id]:
            return shelf.get(_number(id))
        case [id, "title"]:
            return shelf.get(_number(id)).title
        case _:
            raise NotFound


@expose(["index"], methods=["POST"])
@options(status=201)
async def add(shelf: Shelf, title: Form[Title]) -> Film:
    return shelf.add(title)


@expose(["index"], methods=["DELETE"])
async def remove(shelf: Shelf, args: Args) -> None:
    shelf.remove(_number(args[0] if len(args) == 1 else ""))


def _number(text: str) -> int:
    if not text.isdecimal():
        raise NotFound
    return int(text)
