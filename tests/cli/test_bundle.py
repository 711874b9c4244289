"""`segue bundle`: one file that Python runs with nothing installed, and nothing in it that is secret."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest
from process_rig import Segue, get

APP = '''"""A shop."""
from pathlib import Path

from segue import App, Struct
from segue.db import Database, Field, Model, field
from segue.html import Page, Templates

db = Database("sqlite:///shop.db")
app = App("bundled shop", plugins=[db, Templates("templates")])
app.static("/static", "static")


class BundledThing(Model):
    name: Field[str] = field(max_length=40)


class Shop(Struct):
    motto: str = "none"
    place: str = "none"


shop = app.settings(Shop)


@app.get("/")
async def index() -> Page:
    return Page("index.html", {"things": await BundledThing.all(), "motto": shop.motto, "place": shop.place})


@app.post("/things")
async def create(name: str) -> None:
    await BundledThing.create(name=name)


@app.post("/notes")
async def note(text: str) -> None:
    Path("note.txt").write_text(text)
'''
SECRET = "hunter2-and-then-some-more-of-it"


def environment(home: Path, **more: str) -> dict[str, str]:
    """What a fresh user of a machine has: no path to any package, an empty home."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(home), **more}


def segue(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """The installed command, as who makes a bundle uses it."""
    return subprocess.run(
        [sys.executable, "-m", "segue", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **more},
        capture_output=True,
        text=True,
    )


def alone(file: Path, *arguments: str, home: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """A bundle, run by a Python that sees the standard library and nothing else."""
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [sys.executable, "-I", "-S", str(file), *arguments],
        env=environment(home),
        capture_output=True,
        text=True,
        **options,
    )


@contextmanager
def serving(file: Path, *arguments: str, home: Path, cwd: Path, **more: str) -> Iterator[Segue]:
    running = Segue(
        "-I",
        "-S",
        str(file),
        *arguments,
        cwd=cwd,
        module=False,
        env={"HOME": str(home), "PYTHONPATH": "", **more},
    )
    try:
        yield running.ready()
    finally:
        running.end()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    files = {
        "app.py": APP,
        "segue.toml": '[shop]\nmotto = "buy"\nplace = "the bundle"\n',
        ".env": f"SHOP_SECRET={SECRET}\n",
        "requirements.txt": "segue[db,html]  # and no more\npytest\n",
        "templates/index.html": "{{ motto }} at {{ place }}: {% for one in things %}{{ one.name }}{% endfor %}",
        "static/site.css": "body{}",
        "old.db": "x",
        "server.key": "x",
        "instance/segue.toml": "",
        "tests/test_shop.py": "",
        "__pycache__/app.pyc": "x",
        ".git/config": "x",
        "venv2/pyvenv.cfg": "",
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    done = segue("db", "diff", "-m", "things", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def bundle(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("stick") / "shop.pyz"
    done = segue("bundle", "-o", str(file), cwd=project)
    assert done.returncode == 0, done.stderr
    assert "distributions" in done.stdout
    return file


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bundles of these tests are unpacked, once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def framework(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("framework") / "segue.pyz"
    done = segue("bundle", "--framework", "-o", str(file), cwd=file.parent)
    assert done.returncode == 0, done.stderr
    return file


def test_it_serves_migrates_and_keeps_its_data_beside_itself(
    bundle: Path, home: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    file = stick / "shop.pyz"
    file.write_bytes(bundle.read_bytes())
    migrated = alone(file, "db", "migrate", home=home, cwd=tmp_path)
    assert migrated.returncode == 0, migrated.stderr
    with serving(file, "--port", "0", home=home, cwd=tmp_path) as server:
        assert get(server.port, "/") == (200, "buy at the bundle: ")
        assert get(server.port, "/static/site.css") == (200, "body{}")
    named = alone(
        file, "shell", "-c", "(await do('POST /things?name=strings')).status", home=home, cwd=tmp_path
    )
    assert named.stdout.strip().isdigit(), named.stderr
    with serving(file, "serve", "--port", "0", "--workers", "2", home=home, cwd=tmp_path) as server:
        assert get(server.port, "/") == (200, "buy at the bundle: strings")
    assert {one.name for one in stick.iterdir()} - {"shop.db-wal", "shop.db-shm"} == {"shop.pyz", "shop.db"}


def test_data_may_be_elsewhere_and_an_installation_has_settings_of_its_own(
    bundle: Path, home: Path, tmp_path: Path
) -> None:
    before = bundle.read_bytes()
    (tmp_path / "segue.toml").write_text('[shop]\nplace = "the corner"\n')
    (tmp_path / ".env").write_text("SHOP_MOTTO=sell\n")
    assert alone(bundle, "--data", str(tmp_path), "db", "migrate", home=home).returncode == 0
    with serving(bundle, f"--data={tmp_path}", "--port", "0", home=home, cwd=tmp_path) as server:
        assert get(server.port, "/") == (200, "sell at the corner: ")
    assert (tmp_path / "shop.db").is_file()
    assert [one.name for one in bundle.parent.iterdir()] == [bundle.name]
    assert bundle.read_bytes() == before
    missing = alone(bundle, "--data", str(tmp_path / "nowhere"), home=home)
    assert missing.returncode == 1
    assert "there is no folder" in missing.stderr


def test_nothing_secret_and_nothing_of_this_machine_goes_in(bundle: Path, project: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        own = {one.removeprefix("project/") for one in names if one.startswith("project/")}
        assert own == {
            "app.py",
            "migrations/0001_things.py",
            "requirements.txt",
            "segue.toml",
            "static/site.css",
            "templates/index.html",
        }
        assert not [one for one in names if one.endswith((".pyc", "RECORD", "direct_url.json", ".pth"))]
        assert not [one for one in names if one.startswith("site-packages/pytest")]
        assert "site-packages/segue/core/app.py" in names
        for name in names:
            assert SECRET.encode() not in archive.read(name)
            if not name.endswith(".so"):
                assert str(project).encode() not in archive.read(name)


def test_a_file_that_holds_a_secret_is_refused(project: Path, tmp_path: Path) -> None:
    leak = project / "static" / "leak.js"
    leak.write_text(f"const key = '{SECRET}'")
    try:
        done = segue("bundle", "-o", str(tmp_path / "x.pyz"), cwd=project)
        left_out = segue("bundle", "-o", str(tmp_path / "y.pyz"), "--exclude", "leak.*", cwd=project)
    finally:
        leak.unlink()
    assert done.returncode == 1
    assert "static/leak.js has the value of SHOP_SECRET" in done.stderr
    assert SECRET not in done.stderr
    assert left_out.returncode == 0, left_out.stderr


def test_two_bundles_of_the_same_are_the_same(bundle: Path, project: Path, tmp_path: Path) -> None:
    (project / "app.py").touch()
    done = segue("bundle", "app.py", "-o", str(tmp_path / "again.pyz"), cwd=project)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(bundle) as one, zipfile.ZipFile(tmp_path / "again.pyz") as other:
        told = [json.loads(each.read("_segue_bundle.json")) for each in (one, other)]
    assert told[0]["hash"] == told[1]["hash"]
    assert (tmp_path / "again.pyz").read_bytes() == bundle.read_bytes()


def test_starts_at_the_same_time_unpack_it_once(framework: Path, tmp_path: Path) -> None:
    starts = [
        subprocess.Popen(
            [sys.executable, "-I", "-S", str(framework), "--version"],
            env=environment(tmp_path),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    assert [one.communicate(timeout=60)[0].strip() for one in starts] == [
        f"python segue.pyz, version {version('segue')}"
    ] * 6
    cache = tmp_path / ".cache" / "segue"
    assert {one.name.partition("-")[0] for one in cache.iterdir()} == {"packages", "segue"}
    assert len(list(cache.iterdir())) == 2
    assert cache.stat().st_mode & 0o077 == 0


def test_a_folder_that_others_may_write_is_not_trusted(framework: Path, tmp_path: Path) -> None:
    assert alone(framework, "--version", home=tmp_path).returncode == 0
    [folder] = (tmp_path / ".cache" / "segue").glob("packages-*")
    folder.chmod(0o777)
    done = alone(framework, "--version", home=tmp_path)
    assert done.returncode == 1
    assert "others may write into it" in done.stderr


def test_where_it_cannot_unpack_it_says_so(framework: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(framework), "--version"],
        env=environment(tmp_path, SEGUE_CACHE=str(tmp_path / "file" / "below")),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "Set SEGUE_CACHE" in done.stderr


def test_the_framework_is_one_file_to_import(framework: Path, tmp_path: Path) -> None:
    """Nothing but that file and Python: no folder of packages (-S), no variable, no working folder on the path (-I)."""
    (tmp_path / "segue.pyz").write_bytes(framework.read_bytes())
    program = (
        "import sys; sys.path.insert(0, 'segue.pyz'); import segue, segue.testing; app = segue.App('one file')\n"
        "@app.get('/{n}')\n"
        "async def double(n: int) -> dict[str, int]: return {'double': 2 * n}\n"
        "print(segue.testing.Client(app).get('/21').text)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert done.stdout == '{"double":42}\n', done.stderr
    (tmp_path / "hello.py").write_text(
        "from segue import App\napp = App('hello of one file')\n@app.get('/')\nasync def hello() -> str: return 'hello'\n"
    )
    with serving(
        tmp_path / "segue.pyz", "serve", "hello.py", "--port", "0", home=tmp_path, cwd=tmp_path
    ) as server:
        assert get(server.port) == (200, "hello")
        server.signal(signal.SIGTERM)
        assert server.wait() == 0


def test_another_python_than_it_was_made_for_is_told(framework: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pyz"
    with zipfile.ZipFile(framework) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "_segue_bundle.json":
                data = json.dumps(
                    {**json.loads(data), "compiled": {"msgspec/_core": [".cpython-399-mars.so"]}}
                ).encode()
            new.writestr(name, data)
    done = alone(other, "--version", home=tmp_path)
    assert done.returncode == 1
    assert "has compiled parts (msgspec/_core) for .cpython-399-mars.so, and this Python loads" in done.stderr


def test_pure_goes_without_what_is_compiled_and_wheels_bring_what_cannot(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    ours = version("msgspec")
    with zipfile.ZipFile(wheels / f"msgspec-{ours}-cp399-cp399-manylinux_2_17_riscv64.whl", "w") as wheel:
        wheel.writestr("msgspec/_core.cpython-399-riscv64-linux-gnu.so", b"elsewhere")
        wheel.writestr("msgspec/__init__.py", b"never taken")
    with zipfile.ZipFile(wheels / "unrelated-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("unrelated.py", b"")
    file = tmp_path / "pure.pyz"
    done = segue("bundle", "--framework", "--pure", "--wheels", str(wheels), "-o", str(file), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        told = json.loads(archive.read("_segue_bundle.json"))
        assert archive.read("site-packages/msgspec/__init__.py") != b"never taken"
    assert not [one for one in names if "uvloop" in one or "httptools" in one or one.endswith("speedups.so")]
    assert ".cpython-399-riscv64-linux-gnu.so" in told["compiled"]["msgspec/_core"]
    assert list(told["compiled"]) == ["msgspec/_core"]
    (tmp_path / "hello.py").write_text(
        "from segue import App\napp = App('pure')\n@app.get('/')\nasync def hello() -> str: return 'pure'\n"
    )
    with serving(file, "serve", "hello.py", "--port", "0", home=tmp_path, cwd=tmp_path) as server:
        assert get(server.port) == (200, "pure")
    (wheels / "msgspec-0.0.1-cp399-cp399-linux_riscv64.whl").write_bytes(
        next(wheels.glob("msgspec*")).read_bytes()
    )
    other = segue("bundle", "--framework", "--wheels", str(wheels), "-o", str(file), cwd=tmp_path)
    assert other.returncode == 1
    assert f"not of the version that is installed here, {ours}" in other.stderr


def test_what_is_not_installed_is_told(project: Path, tmp_path: Path) -> None:
    done = segue("bundle", "--with", "no-such-thing-at-all", "-o", str(tmp_path / "x.pyz"), cwd=project)
    assert done.returncode == 1
    assert "asks for no-such-thing-at-all, which is not installed here" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_framework_has_no_app(project: Path) -> None:
    done = segue("bundle", "app.py", "--framework", cwd=project)
    assert done.returncode == 2
    assert "leave one of the two out" in done.stderr
