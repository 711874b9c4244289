"""A list of things to do, as an API: what the Todo-Backend project asks of a framework, in one file.

    segue run examples/todos.py        (then http://127.0.0.1:8000/docs)

Pages of any origin may use it. DATABASE_URL is another place for what there is to do than todos.db.
"""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from segue import App, Cors, NotFound, Request
from segue.db import Database, Field, Model, field
from segue.openapi import OpenAPI

Title = Annotated[str, Meta(min_length=1, max_length=500)]
Order = Annotated[int, Meta(ge=-2147483648, le=2147483647)]


class Todo(Model, table="todo"):
    """Something to do."""

    title: Field[str] = field(max_length=500)
    completed: Field[bool] = field(default=False)
    order: Field[int | None] = field(default=None)


class NewTodo(Struct):
    """What a client says about a new one."""

    title: Title
    completed: bool = False
    order: Order | None = None


class Change(Struct):
    """What a client changes; what it leaves out stays."""

    title: Title | UnsetType = UNSET
    completed: bool | UnsetType = UNSET
    order: Order | UnsetType | None = UNSET


class Shown(Struct):
    """One, with the URL where it can be found."""

    id: int
    title: str
    completed: bool
    order: int | None
    url: str


database = Database("sqlite:///todos.db", models=[Todo], migrate=True)
app = App(plugins=[database, OpenAPI("Things to do", "1")])
app.middleware(Cors("*"))


def shown(request: Request, todo: Todo) -> Shown:
    origin = f"{request.scheme}://{request.host}"
    url = origin + request.url_for("todo", id=todo.id)
    return Shown(todo.id, todo.title, todo.completed, todo.order, url)


async def found(id: int) -> Todo:
    todo = await Todo.where(Todo.id == id).one_or_none()
    if todo is None:
        raise NotFound(f"there is nothing to do with the number {id}")
    return todo


@app.resource("/", name="todos")
class Todos:
    """All that there is to do."""

    async def get(self, request: Request) -> list[Shown]:
        return [shown(request, one) for one in await Todo.order_by(Todo.order, Todo.id)]

    async def post(self, request: Request, new: NewTodo) -> tuple[Shown, int]:
        return shown(request, await Todo.create(**structs.asdict(new))), 201

    async def delete(self) -> None:
        await Todo.all().delete()


@app.resource("/{id:int}", name="todo")
class OneTodo:
    """One thing to do."""

    async def get(self, request: Request, id: int) -> Shown:
        return shown(request, await found(id))

    async def patch(self, request: Request, id: int, change: Change) -> Shown:
        todo = await found(id)
        for name, value in structs.asdict(change).items():
            if value is not UNSET:
                setattr(todo, name, value)
        await todo.save()
        return shown(request, todo)

    async def delete(self, id: int) -> None:
        await Todo.where(Todo.id == id).delete()
