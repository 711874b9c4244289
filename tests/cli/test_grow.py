"""`segue grow`: a file becomes a package, and nothing that it does changes."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from process_rig import get, segue as segue_process

# Each of them starts several processes.
pytestmark = pytest.mark.timeout(600)
EXAMPLES = Path(__file__).parents[2] / "examples"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("SECURITY_", "DATABASE_", "SEGUE_"))
    }
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )


def grown(folder: Path, *arguments: str, file: str = "app.py") -> subprocess.CompletedProcess[str]:
    done = run("segue", "grow", file, *arguments, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def lines_of(*texts: str) -> Counter[str]:
    """Lines of code, without imports, empty lines, and strings that are docstrings of one line."""
    found: Counter[str] = Counter()
    for text in texts:
        text = re.sub(r"^(from [\w.]+ )?import \([^)]*\).*$", "", text, flags=re.MULTILINE)
        text = re.sub(r"^\s*(from \S+ )?import .*$", "", text, flags=re.MULTILINE)
        found.update(line for line in text.splitlines() if line.strip())
    return found


def moved_only(before: str, after: list[str], *, edits: int = 0) -> None:
    """Each line of before is there as often as it was; what is new is written by us."""
    old, new = lines_of(before), lines_of(*after)
    assert (old - new).total() <= edits, old - new
    made = [
        line
        for line in (new - old).elements()
        if not line.startswith(
            ('"""', "#", "__all__ =", "]", "if TYPE_CHECKING:", "APP_FILE =", "def __getattr__")
        )
        and not re.fullmatch(
            r'    ("\w+",|if name == "\w+":|    return _\w+\.\w+|raise AttributeError\(name\)|# It gets .*)',
            line,
        )
    ]
    assert len(made) <= edits, made


def package_texts(folder: Path) -> list[str]:
    return [
        path.read_text()
        for path in sorted(folder.rglob("*.py"))
        if "test" not in path.name and "migrations" not in path.parts
    ]


# --- what there is already --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "beside", "edits"), [("films", ["films.html", "data"], 1), ("reviews", ["reviews", "data"], 2)]
)
def test_the_examples_grow(tmp_path: Path, name: str, beside: list[str], edits: int) -> None:
    shutil.copy(EXAMPLES / f"{name}.py", tmp_path)
    for one in beside:
        (tmp_path / one).symlink_to(EXAMPLES / one)
    before = (tmp_path / f"{name}.py").read_text()
    grown(tmp_path, file=f"{name}.py")
    package = tmp_path / f"{name}_app"
    assert {one.name for one in package.glob("*.py")} >= {
        "settings.py",
        "models.py",
        "application.py",
        "pages.py",
        "api.py",
    }
    moved_only(before, [*package_texts(package), (tmp_path / f"{name}.py").read_text()], edits=edits)
    with segue_process(
        "serve",
        f"{name}.py",
        "--port",
        "0",
        cwd=tmp_path,
        env={
            "PYTHONPATH": os.pathsep.join(sys.path),
            "SECURITY_KEY": "k" * 10 + "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOP",
        },
    ) as server:
        status, page = get(server.ready().port, "/")
        assert status == 200
        assert "Avatar" in page


def test_a_new_project_grows_with_its_tests(tmp_path: Path) -> None:
    assert run("segue", "new", "film-club", "--micro", cwd=tmp_path).returncode == 0
    project = tmp_path / "film_club"
    test = (project / "test_app.py").read_bytes()
    told = grown(project, "--test").stdout
    assert "film_club/models.py\n  Note  (app.py:9)" in told
    assert (project / "tests" / "test_app.py").read_bytes() == test
    assert (project / "film_club" / "models.py").is_file()
    for command in (
        ["pytest", "-q"],
        ["mypy", "--strict", "--no-error-summary", "app.py", "film_club", "tests"],
    ):
        done = run(*command, cwd=project)
        assert done.returncode == 0, done.stdout
    assert (
        subprocess.run(
            ["pytest", "-q"],
            cwd=project,
            capture_output=True,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        ).returncode
        == 0
    )
    assert run("segue", "check", "--deploy", cwd=project).returncode == 0


def test_the_first_file_of_all_grows_and_is_what_it_was(tmp_path: Path) -> None:
    text = (EXAMPLES.parent / "README.md").read_text().partition("```python\n")[2].partition("```")[0]
    (tmp_path / "hello.py").write_text(text + '\n\nif __name__ == "__main__":\n    app.run(port=0)\n')
    routes = run("segue", "routes", "hello.py", cwd=tmp_path).stdout
    grown(tmp_path, file="hello.py")
    after = run("segue", "routes", "hello.py", cwd=tmp_path).stdout
    # Routes, and their names, which begin with the name of the file.
    assert [line.split()[:3] for line in after.splitlines()] == [
        line.split()[:3] for line in routes.splitlines()
    ]
    assert "hello.hello" in after
    assert 'app = App("hello")' in (tmp_path / "hello_app" / "application.py").read_text()
    with segue_process(
        "hello.py", cwd=tmp_path, module=False, env={"PYTHONPATH": os.pathsep.join(sys.path)}
    ) as server:
        assert get(server.ready().port, "/hello/Django")[1] == '{"hello":"Django"}'


def test_a_dry_run_says_what_would_go_where_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(ODD["state"])
    before = sorted(tmp_path.rglob("*"))
    told = grown(tmp_path, "--dry-run").stdout
    assert "Nothing was written" in told
    assert "  count  (app.py:" in told
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "app.py").read_text() == ODD["state"]


def test_a_folder_that_only_the_app_names_goes_with_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from segue import App\nfrom segue.html import Templates\n\napp = App('paged', plugins=[Templates()])\n\n\n"
        "@app.get('/', template='home.html')\nasync def home() -> dict[str, str]:\n    return {'who': 'Django'}\n"
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "home.html").write_text("<p>{{ who }}</p>")
    (tmp_path / "test_app.py").write_text(checks([("GET /", "<p>Django</p>")], "app"))
    before = (tmp_path / "app.py").read_text()
    grown(tmp_path, "--test")
    assert (tmp_path / "paged" / "templates" / "home.html").is_file()
    assert not (tmp_path / "templates").exists()
    moved_only(before, [*package_texts(tmp_path / "paged"), (tmp_path / "app.py").read_text()])
    assert run("pytest", "-q", cwd=tmp_path).returncode == 0


def test_a_folder_that_others_name_too_stays(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "from segue import App\nfrom segue.html import Templates\n\napp = App('paged', plugins=[Templates()])\n\n\n"
        "@app.get('/', template='home.html')\nasync def home() -> dict[str, str]:\n    return {'who': 'Django'}\n"
    )
    (tmp_path / "other.py").write_text("FOLDER = 'templates'\n")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "home.html").write_text("<p>{{ who }}</p>")
    told = grown(tmp_path).stdout
    assert 'plugins=[Templates(folder="../templates")]' in told
    assert (tmp_path / "templates" / "home.html").is_file()
    assert run("segue", "request", "/", cwd=tmp_path).stdout.endswith("<p>Django</p>\n")


def without_places(text: str) -> str:
    return re.sub(r'^ *"(place|declared)": .*\n', "", text, flags=re.MULTILINE)


@pytest.mark.row("BEY-1", "U15")
def test_a_file_with_models_pages_and_an_api_grows_without_a_rewrite(tmp_path: Path) -> None:
    text = ODD["growing"]
    (tmp_path / "app.py").write_text(text)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "films.html").write_text(
        "{% for film in films %}<p>{{ film.title }}{% endfor %}"
    )
    cases = [
        (
            "POST /api/films?title=Nuages",
            '{"id":1,"title":"Nuages","person_id":1,"person":{"id":1,"name":"nobody"}}',
        ),
        ("GET /", "<p>Nuages"),
    ]
    (tmp_path / "test_app.py").write_text(checks(cases, "app"))
    assert run("segue", "db", "diff", "-m", "first", cwd=tmp_path).returncode == 0
    assert run("segue", "db", "migrate", cwd=tmp_path).returncode == 0

    def state() -> tuple[str, str, list[bytes], int, str]:
        checked = run("segue", "db", "check", cwd=tmp_path)
        return (
            without_places(run("segue", "routes", "--json", cwd=tmp_path).stdout),
            run("segue", "openapi", cwd=tmp_path).stdout,
            [one.read_bytes() for one in sorted((tmp_path / "migrations").glob("*.py"))],
            checked.returncode,
            checked.stdout,
        )

    before, test = state(), (tmp_path / "test_app.py").read_bytes()
    assert before[3] == 0
    assert '"/api/films"' in before[1]
    grown(tmp_path, "--test")
    assert state() == before
    package = tmp_path / "growing"
    assert {one.name for one in package.iterdir()} >= {
        "settings.py",
        "models.py",
        "application.py",
        "pages.py",
        "api.py",
        "templates",
    }
    assert (tmp_path / "tests" / "test_app.py").read_bytes() == test
    assert run("pytest", "-q", cwd=tmp_path).returncode == 0
    moved_only(text, [*package_texts(package), (tmp_path / "app.py").read_text()])


# --- files as people write them ---------------------------------------------------------------------------------------

ODD = {
    "growing": '''
"""Films."""

from typing import Any

from segue import App
from segue.db import Database, Field, Model, Ref, field
from segue.html import Templates

MOST = 20
db = Database()
app = App("growing", plugins=[db, Templates()])


class GrowPerson(Model):
    """Who directs."""

    name: Field[str] = field(max_length=80)


class GrowFilm(Model):
    title: Field[str] = field(max_length=200, index=True)
    person: Ref[GrowPerson]  # who directs it


# --- the pages ---


@app.get("/", template="films.html")
async def home() -> dict[str, Any]:
    """All films."""
    return {"films": await newest()}


async def newest() -> list[GrowFilm]:
    return await GrowFilm.order_by(GrowFilm.id.desc()).limit(MOST)


# --- the API ---


@app.post("/api/films")
async def add(title: str) -> GrowFilm:
    person = await GrowPerson.create(name="nobody")
    return await GrowFilm.create(title=title, person=person)


@app.get("/api/films")
async def index() -> list[GrowFilm]:
    return await newest()
''',
    # Names that get new values, and who reads them.
    "state": '''
"""Counts."""
from segue import App

app = App("counts")
count = 0
LIMIT = 3


def full() -> bool:
    return count >= LIMIT


@app.get("/count")
async def show() -> str:
    return str(count)


@app.post("/count")
async def add() -> str:
    global count
    if not full():
        count += 1
    return str(count)


@app.get("/page")
async def page() -> str:  # text/html is for later
    return f"{LIMIT}"
''',
    # Annotations that are text, type variables, aliases, names for type checkers.
    "types": """
from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

from segue import App, Meta, Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
Short = Annotated[str, Meta(max_length=5)]
app = App("typed")


class Page(Struct, Generic[T]):
    items: list[T]
    next: "Page[T] | None" = None


class Film(Struct):
    title: Short
    other: Film | None = None


FILMS: "list[Film]" = []


def first(films: Sequence[T]) -> Page[T]:
    return Page(list(films[:1]))


@app.get("/films")
async def index() -> Page[Film]:
    return first(FILMS)


@app.post("/films")
async def add(film: Film) -> Film:
    FILMS.append(film)
    return film
""",
    # Models that ask the app, and the app that needs the models.
    "circle": """
from segue import App
from segue.db import Database, Field, Many, Model, Ref, field

db = Database("sqlite://", migrate=True)
app = App("circle", plugins=[db])


class GrowAuthor(Model):
    name: Field[str] = field(max_length=80)
    books: Many["GrowBook"] = field(default_factory=list)

    def link(self) -> str:
        return app.url_for("show", id=self.id)


class GrowBook(Model):
    title: Field[str] = field(max_length=200)
    author: Ref[GrowAuthor] = field(on_delete="cascade")


@app.get("/authors/{id:int}")
async def show(id: int) -> dict[str, str]:
    author = await GrowAuthor.get(id)
    return {"name": author.name, "self": author.link(), "of": titled(author)}


def titled(author: GrowAuthor) -> str:
    return f"{author.name} at {show.__name__}"


@app.post("/authors")
async def add(name: str) -> tuple[GrowAuthor, int]:
    return await GrowAuthor.create(name=name), 201
""",
    # Everything that an app may declare, in no order; pages and the API by turns.
    "whole": '''
#!/usr/bin/env python
# Everything.
"""Everything that an app has."""
import logging
import os, sys
from collections.abc import AsyncIterator

from segue import App, Next, NotFound, Request, Response, RequestFinished, Struct
from markupsafe import Markup

logging.basicConfig(level=os.environ.get("LEVEL", "INFO"))
log = logging.getLogger("whole")

app = App("whole")
seen: list[str] = []
__version__ = "1.2"


@app.get("/")
async def home() -> Markup:
    return Markup("<h1>home</h1>")  # text/html


class Mailer:
    """Sends."""

    def send(self) -> str:
        return "sent"


@app.provide
def make_mailer() -> Mailer:
    return Mailer()


# --- the API ---


@app.get("/api/mail")
async def mail(mailer: Mailer) -> str:
    return mailer.send()


@app.middleware
async def note(request: Request, next: Next) -> Response:
    seen.append(request.path)
    return await next(request)


@app.get("/about")
async def about() -> Markup:
    return Markup("<p>text/html</p>")


@app.error_handler(404)
async def lost(request: Request, error: Exception) -> tuple[str, int]:
    return f"lost {len(seen) > 0}", 404


@app.get("/api/seen")
async def list_seen() -> list[str]:
    return seen


@app.lifespan
async def opened() -> AsyncIterator[None]:
    seen.append("start")
    yield
    seen.clear()


@app.resource("/things/{id:int}")
class Things:
    async def get(self, id: int) -> list[int]:
        return [id]


@app.on(RequestFinished)
def finished() -> None:
    log.debug("finished")


@app.command
def greet(name: str) -> str:
    return f"hello {name}"


inner = App("inner")


@inner.get("/deep")
async def deep(request: Request) -> str:
    return request.url_for("inner.deep")


app.include(inner, at="/inner")
for extra in ("one", "two"):
    app.redirect(f"/old-{extra}", f"/{extra}")


def main() -> None:
    app.run(port=0)


if __name__ == "__main__":
    main()
# the end
'''.lstrip(),
    # Paths that begin at the file.
    "paths": """
import os
from pathlib import Path

from segue import App

BASE = os.path.dirname(os.path.abspath(__file__))
ROOT = Path(__file__).resolve().parent
ABOVE = Path(__file__).parents[0]
NAME = os.path.basename(__file__)
app = App()
app.static("/files", os.path.join(BASE, "files"))
app.static("/more", ROOT / "files")


def read() -> str:
    with open(os.path.join(os.path.dirname(__file__), "files", "a.txt")) as file:
        return file.read()


@app.get("/read")
def show() -> list[str]:
    return [read(), (Path(BASE) / "files/a.txt").read_text(), (ABOVE / "files" / "a.txt").read_text(), NAME]
""",
    # The app that nobody makes, and a program that runs when it is loaded.
    "script": """
from segue import get, post as receive, run

kept = []

try:
    from hashlib import sha256 as digest
except ImportError:
    from hashlib import md5 as digest


@get("/kept")
def show() -> list[str]:
    return kept


@receive("/kept")
def keep(text: str) -> str:
    kept.append(text)
    return digest(text.encode()).hexdigest()[:4]


if __name__ == "__main__":
    run(port=0)
""",
    # What is worked out on the way, and names that are used twice.
    "effects": """
import functools

from segue import App

registry = {}
app = App("effects")


def register(function):
    registry[function.__name__] = function
    return function


@register
def one() -> int:
    return 1


@register
def two() -> int:
    return 2


registry["three"] = lambda: 3
NAMES = sorted(registry)
total = sum(each() for each in registry.values())
total += 10


@functools.cache
def slow(number: int) -> int:
    return number + total


@app.get("/names")
async def index() -> list[str]:
    return NAMES


@app.get("/total")
async def index() -> str:
    return str(slow(0))


async def before() -> str:
    return await after() if False else str(total)


async def after() -> str:
    return await before()


app.get("/before")(before)
""",
}

TESTS = {
    "state": [("POST /count", "1"), ("POST /count", "2"), ("GET /count", "2"), ("GET /page", "3")],
    "types": [
        ('POST /films {"title": "A"}', '{"title":"A","other":null}'),
        ("GET /films", '{"items":[{"title":"A","other":null}],"next":null}'),
    ],
    "circle": [
        ("POST /authors?name=Ada", '{"id":1,"name":"Ada"}'),
        ("GET /authors/1", '{"name":"Ada","self":"/authors/1","of":"Ada at show"}'),
    ],
    "whole": [
        ("GET /", "<h1>home</h1>"),
        ("GET /api/mail", "sent"),
        ("GET /nowhere", "lost True"),
        ("GET /things/7", "[7]"),
        ("GET /inner/deep", "/inner/deep"),
    ],
    "paths": [
        ("GET /read", '["text","text","text","app.py"]'),
        ("GET /files/a.txt", "text"),
        ("GET /more/a.txt", "text"),
    ],
    "script": [("POST /kept?text=a", "ca97"), ("GET /kept", '["a"]')],
    "effects": [("GET /names", '["one","three","two"]'), ("GET /total", "16"), ("GET /before", "16")],
}


def checks(cases: list[tuple[str, str]], app: str) -> str:
    return f"""
import json
import {app}
from segue.server.target import load_target
from segue.testing import Client

def test_all() -> None:
    found = getattr({app}, "app", None) or load_target("{app}.py")
    with Client(found) as client:
        for asked, answer in {cases!r}:
            method, path, *body = asked.split(" ", 2)
            reply = client.request(method, path, **({{"json": json.loads(body[0])}} if body else {{}}))
            assert reply.text == answer, (asked, reply.text)
"""


@pytest.mark.parametrize("name", TESTS)
def test_files_as_people_write_them_grow(tmp_path: Path, name: str) -> None:
    (tmp_path / "app.py").write_text(ODD[name])
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.txt").write_text("text")
    (tmp_path / "test_app.py").write_text(checks(TESTS[name], "app"))
    told = grown(tmp_path, "--package", "grown", "--test").stdout
    edits = {"paths": 7, "script": 0}.get(name, 0)
    moved_only(
        ODD[name], [*package_texts(tmp_path / "grown"), (tmp_path / "app.py").read_text()], edits=edits
    )
    done = run("pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)
    assert done.returncode == 0, told + done.stdout
    style = run("ruff", "check", "--no-cache", "--isolated", "--select", "E9,F401,F821", ".", cwd=tmp_path)
    assert [line for line in style.stdout.splitlines() if re.match(r"F401|F821|E9", line)] == [], style.stdout


# --- what nobody thought of -------------------------------------------------------------------------------------------


def odd_file(seed: int) -> str:
    """A file of thirty things in a random order, each of which may use what is above it, and in its functions what is below."""
    chance = random.Random(seed)
    values: list[str] = []
    functions = [f"helper{number}" for number in range(8)]
    parts = [
        "from segue import App, Next, Request, Response, Struct",
        "",
        f"app = App({chance.choice(['', chr(34) + 'odd' + chr(34)])})",
    ]

    def some(names: list[str]) -> str:
        return " + ".join(["1", *(f"len(str({one}))" for one in chance.sample(names, min(2, len(names))))])

    left = [
        *functions,
        *["value"] * 6,
        *["route"] * 8,
        *["model"] * 3,
        *["middleware"] * 2,
        "error",
        "global",
        "effect",
    ]
    chance.shuffle(left)
    for number, what in enumerate(left):
        parts.append(f"\n# {what} {number}" if chance.random() < 0.4 else "")
        if what.startswith("helper"):
            parts.append(
                f"def {what}(depth: int = 0) -> int:\n    return depth if depth > 1 else {some(values)} + {chance.choice(functions)}(depth + 1)"
            )
        elif what == "value":
            parts.append(f"{chance.choice(['value', 'VALUE'])}{number} = {some(values)}")
            values.append(parts[-1].partition(" ")[0])
        elif what == "route":
            page = chance.choice(["", "  # text/html"])
            parts.append(
                f"@app.get('/route{number}'){page}\nasync def route{number}() -> str:\n    return str({some(values)} + {chance.choice(functions)}())"
            )
        elif what == "model":
            parts.append(f"class Model{number}(Struct):\n    a: int = {some(values)}")
        elif what == "middleware":
            parts.append(
                f"@app.middleware\nasync def around{number}(request: Request, next: Next) -> Response:\n    {chance.choice(functions)}()\n    return await next(request)"
            )
        elif what == "error":
            parts.append(
                f"@app.error_handler(404)\nasync def lost(request: Request, error: Exception) -> tuple[str, int]:\n    return str({chance.choice(functions)}()), 404"
            )
        elif what == "global":
            parts.append(
                f"state = 0\n\n\n@app.post('/state')\ndef add_state() -> str:\n    global state\n    state += 1\n    return str(state + {chance.choice(functions)}())"
            )
        else:
            parts.append(f"for turn in range(2):\n    app.redirect(f'/from{number}-{{turn}}', '/route')")
        parts.append("")
    return "\n".join(parts) + "\n"


@pytest.mark.parametrize("seed", range(3))
def test_files_that_nobody_wrote_grow(tmp_path: Path, seed: int) -> None:
    text = odd_file(seed)
    (tmp_path / "app.py").write_text(text)
    grown(tmp_path, "--package", "grown")
    moved_only(text, [*package_texts(tmp_path / "grown"), (tmp_path / "app.py").read_text()], edits=1)


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from segue import *\n", "does not say which names it takes"),
        ("from segue import App\napp = App()\nglobals()['x'] = 1\n", "app.py:3"),
        ("from segue import App\napp = App(\n", "is no Python"),
        ("x = 1\n", "has no application"),
    ],
)
def test_what_cannot_grow_is_told_and_left_alone(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "app.py").write_text(text)
    done = run("segue", "grow", "app.py", cwd=tmp_path)
    assert done.returncode == 1
    assert told in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["app.py"]
    assert (tmp_path / "app.py").read_text() == text


def test_what_would_not_be_the_same_is_not_written(tmp_path: Path) -> None:
    # Its routes follow from the name of the module in which they are.
    text = "from segue import App\n\napp = App('same')\n\n\ndef show() -> str:\n    return 'a'\n\n\napp.get('/' + show.__module__)(show)\n"
    (tmp_path / "app.py").write_text(text)
    done = run("segue", "grow", "app.py", cwd=tmp_path)
    assert done.returncode == 1
    assert "would not be what it was" in done.stderr
    assert '"path": "/app"' in done.stderr
    assert [one.name for one in tmp_path.iterdir()] == ["app.py"]


def test_it_grows_once_and_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(ODD["state"])
    (tmp_path / "counts").mkdir()
    grown(tmp_path)
    package = next(one.name for one in tmp_path.iterdir() if one.name.endswith("_app"))
    again = run("segue", "grow", "app.py", cwd=tmp_path)
    assert again.returncode == 1
    assert "may have grown already" in again.stderr
    (tmp_path / "other.py").write_text(ODD["state"])
    taken = run("segue", "grow", "other.py", "--package", package, cwd=tmp_path)
    assert taken.returncode == 1
    assert f"There is a {package} already" in taken.stderr
    assert list((tmp_path / "counts").iterdir()) == []


def test_lines_end_as_they_did(tmp_path: Path) -> None:
    text = 'from segue import App\r\n\r\napp = App("ended")\r\n\r\n\r\n@app.get("/")\r\nasync def home() -> str:\r\n    return "x"\r\n'
    (tmp_path / "app.py").write_bytes(text.encode())
    assert run("segue", "add", "health", cwd=tmp_path).returncode == 0
    added = (tmp_path / "app.py").read_bytes()
    assert added.count(b"\n") == added.count(b"\r\n") == 10
    grown(tmp_path)
    for file in (tmp_path / "app.py", tmp_path / "ended" / "api.py"):
        written = file.read_bytes()
        assert written.count(b"\n") == written.count(b"\r\n") > 0


def test_a_file_in_a_package_grows_inside_it(tmp_path: Path) -> None:
    folder = tmp_path / "outer"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "near.py").write_text("VALUE = 1\n")
    (folder / "site.py").write_text(
        "from segue import App\n\nfrom .near import VALUE\n\napp = App('inside')\n\n\n@app.get('/')\nasync def home() -> list[int]:\n    return [VALUE]\n"
    )
    grown(tmp_path, file="outer/site.py")
    assert "from ..near import VALUE" in (folder / "inside" / "api.py").read_text()
    assert run("segue", "request", "outer/site.py", "/", cwd=tmp_path).stdout.strip() == "[1]"
