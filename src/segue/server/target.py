"""Finds the application that a user names: ``hello:app``, ``hello.py``, ``hello.py:app``, ``hello:make_app()``."""

import ast
import importlib
import importlib.util
import inspect
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from segue.server.application import Application
from segue.server.callables import Answer, FunctionApplication, answers
from segue.server.frames import is_users

__all__ = [
    "Started",
    "TargetError",
    "file_of",
    "forget_user_modules",
    "load_target",
    "loading",
    "target_of_script",
]


class TargetError(Exception):
    """The application cannot be found; the message says what was looked for and what is there."""


class Started(BaseException):
    """A module that is being loaded calls ``app.run()``: this is its application.

    Not an Exception: the module's own handlers for errors must not catch it.
    """

    def __init__(self, application: Application) -> None:
        self.application = application


_loading = False


def loading() -> bool:
    """Whether a module is being loaded to find its application, so that ``app.run()`` must not serve."""
    return _loading


def load_target(target: str, *, factory: bool = False) -> Application:
    """Imports the application named ``target``. ``factory``: the name is a function that makes it.

    Raises TargetError; an error inside the user's module comes through as it is.
    """
    global _loading  # noqa: PLW0603 -- app.run() has no other way to know
    name, _, path = _split(target)
    _loading = True
    try:
        module = _import_file(name) if name.endswith(".py") else _import_module(name)
        return _find(module, path, name, factory)
    except Started as started:
        return started.application
    finally:
        _loading = False


def file_of(target: str) -> tuple[Path | None, str]:
    """The file of the module in a target that was loaded, and what the target names in it; None for what is no file."""
    name, _, attribute = _split(target)
    if name.endswith(".py"):
        return Path(name).resolve(), attribute
    file = getattr(sys.modules.get(name), "__file__", None)
    return (None if file is None else Path(file)), attribute


def _split(target: str) -> tuple[str, str, str]:
    # What a factory is given may have colons of its own.
    outside, opened, given = target.partition("(")
    name, colon, path = outside.rpartition(":")
    if not colon or name == "" or path.endswith(".py") or "/" in path or "\\" in path:
        return target, "", ""
    return name, colon, path + opened + given


def _import_file(name: str) -> ModuleType:
    file = Path(name).resolve()
    if not file.is_file():
        raise TargetError(f"There is no file {name}. Looked in {Path.cwd()}.")
    # A file inside a package is imported as the part of it, so that its relative imports work.
    root, parts = file.parent, [file.stem]
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    _put_first(str(root))
    dotted = ".".join(parts)
    if len(parts) > 1:
        return importlib.import_module(dotted)
    loaded = sys.modules.get(dotted)
    if loaded is not None and getattr(loaded, "__file__", None) == str(file):
        return loaded
    # Not by name: a hello.py beside a package hello, or a json.py, must still be this file.
    alias = dotted if importlib.util.find_spec(dotted) is None or _is(dotted, file) else f"segue_app_{dotted}"
    spec = importlib.util.spec_from_file_location(alias, file)
    if spec is None or spec.loader is None:
        raise TargetError(f"{name} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[alias] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[alias]
        raise
    return module


def _is(dotted: str, file: Path) -> bool:
    spec = importlib.util.find_spec(dotted)
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == file


def _import_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        raise TargetError(f"{name!r} is no name of a module. Write hello:app or hello.py.")
    _put_first(str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise
        hint = ""
        if Path(name.replace(".", os.sep) + ".py").is_file() or Path(name + ".py").is_file():
            hint = f" Did you mean {name}.py?"
        elif name.endswith("py"):
            hint = " A file is written with its ending: hello.py or hello.py:app."
        raise TargetError(
            f"There is no module {error.name!r}. Looked in {Path.cwd()} and sys.path.{hint}"
        ) from None


def _put_first(folder: str) -> None:
    if folder not in sys.path:
        sys.path.insert(0, folder)


def _find(module: ModuleType, path: str, name: str, factory: bool) -> Application:
    if not path:
        if factory:
            raise TargetError(f"--factory needs the name of the function: {name}:make_app.")
        return _only(module, name)
    value: Any = module
    attribute, called, _ = path.partition("(")
    for part in attribute.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            raise TargetError(f"{name} has no {path!r}. {_there(module, name)}") from None
    if factory or called:
        value = _made(value, f"{name}:{attribute}", path if called else f"{path}()")
    if _is_application(value):
        return cast(Application, value)
    if answers(value):
        return FunctionApplication(value)
    if inspect.isfunction(value):
        raise TargetError(
            f"{name}:{path} is a function. If it makes the application, add --factory. If it is to answer requests by "
            f"itself, it has to be an `async def` that takes the request."
        )
    raise TargetError(f"{name}:{path} is no application but {type(value).__name__!r}. {_there(module, name)}")


def _made(make: Any, told: str, call: str) -> Any:
    if not callable(make):
        raise TargetError(f"--factory: {told} is no function but {type(make).__name__!r}.")
    positional, named = _arguments(call)
    try:
        inspect.signature(make).bind(*positional, **named)
    except TypeError as error:
        raise TargetError(f"{told} cannot be called like {call}: {error}.") from None
    made = make(*positional, **named)
    if inspect.iscoroutine(made):
        made.close()
        raise TargetError(
            f"--factory: {told} is async. Make the app in a plain function; async work is for lifespan."
        )
    return made


def _arguments(call: str) -> tuple[list[Any], dict[str, Any]]:
    """What ``make_app("test", debug=True)`` hands over: texts, numbers and other literals."""
    try:
        node = ast.parse(call, mode="eval").body
        if isinstance(node, ast.Call) and all(one.arg for one in node.keywords):
            named = {str(one.arg): ast.literal_eval(one.value) for one in node.keywords}
            return [ast.literal_eval(one) for one in node.args], named
    except (SyntaxError, ValueError):
        pass
    raise TargetError(f"{call} cannot be read. A factory is given literals: make_app('test', debug=True).")


def _only(module: ModuleType, name: str) -> Application:
    found = _applications(module)
    if "app" in found:
        return found["app"]
    # `from segue import get` is a method of an application that the module never names.
    owners = [getattr(value, "__self__", None) for value in vars(module).values()]
    candidates = found.values() or [cast(Application, one) for one in owners if _is_application(one)]
    different = {id(value): value for value in candidates}
    if len(different) == 1:
        return next(iter(different.values()))
    raise TargetError(
        f"{name} has {'several applications' if found else 'no application'}. {_there(module, name)}"
    )


def _there(module: ModuleType, name: str) -> str:
    found = _applications(module)
    if found:
        return "It has: " + ", ".join(f"{name}:{one}" for one in sorted(found)) + "."
    made_here = (
        one
        for one, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and "app" in one
    )
    if (maker := next(made_here, None)) is not None:
        return f"There is no App in it. Does {maker} make it? Then: {name}:{maker} --factory"
    return "There is no App in it: write `from segue import App` and `app = App()` at its top level."


def _applications(module: ModuleType) -> dict[str, Application]:
    return {name: cast(Application, value) for name, value in vars(module).items() if _is_application(value)}


def _is_application(value: Any) -> bool:
    # By its type: reading ``handle`` of an App would freeze it.
    return all(hasattr(type(value), name) for name in ("handle", "startup", "shutdown"))


def target_of_script(application: Application | Answer) -> str:
    """The target that names ``application`` in the program that runs: ``/srv/hello.py:app``. Raises TargetError."""
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    name = next((name for name, value in vars(main).items() if value is application), None)
    if file is None or name is None:
        raise TargetError(
            "To reload, the application must be a variable at the top level of the program that calls app.run(). "
            "Or start it with: segue run FILE.py:FUNCTION --factory"
        )
    return f"{Path(file).resolve()}:{name}"


def forget_user_modules() -> None:
    """Makes the next import read the user's modules anew, whatever this program has imported of them."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name != "__main__" and file is not None and is_users(file):
            del sys.modules[name]
