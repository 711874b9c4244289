"""``segue openapi`` and ``segue client``: the description of an application and clients made from it, as files."""

import difflib
from pathlib import Path
from typing import Any

import click
import msgspec

from segue.cli.loading import frozen_app
from segue.cli.options import app_argument, option

__all__ = ["client", "openapi"]

_MOST_SHOWN = 20  # lines of a difference

_out = click.Path(dir_okay=False, path_type=Path)
_check = click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 when a file is not what it would be."
)
_at = click.option("--at", help="Of several descriptions, that at this path: /v1.")


@click.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@_at
@click.option("--out", type=_out, help="File for the description, instead of the standard output.")
@_check
def openapi(app: str, factory: bool, at: str | None, out: Path | None, check: bool) -> None:
    """Describe APP as OpenAPI 3.1.

    \b
    segue openapi films:app --out openapi.json
    segue openapi films:app --out openapi.json --check
    segue openapi films:app --out openapi.yaml
    """
    from segue.openapi.yaml import to_yaml

    encoded = msgspec.json.encode(_document(app, factory=factory, at=at))
    if out is not None and out.suffix in (".yaml", ".yml"):
        text = to_yaml(msgspec.json.decode(encoded)).rstrip("\n")
    else:
        text = msgspec.json.format(encoded, indent=2).decode()
    if out is None:
        if check:
            raise click.UsageError("--check compares with the file that --out names.")
        click.echo(text)
    else:
        _finish({out: text + "\n"}, check=check)


@click.command()
@app_argument
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@_at
@click.option(
    "--typescript", type=_out, help="File for a client in TypeScript; it needs fetch and nothing else."
)
@click.option("--python", type=_out, help="File for a client in Python; it needs httpx2 and msgspec.")
@_check
def client(
    app: str, factory: bool, at: str | None, typescript: Path | None, python: Path | None, check: bool
) -> None:
    """Make typed clients of APP: a method for each route.

    \b
    segue client films:app --typescript web/films.ts --python films_client.py
    """
    from segue.openapi.clients import python_client, typescript_client

    wanted = [(typescript, typescript_client), (python, python_client)]
    if not any(path for path, _ in wanted):
        raise click.UsageError("Which client? Name a file: --typescript films.ts, --python films_client.py.")
    document = _document(app, factory=factory, at=at)
    _finish({path: make(document) for path, make in wanted if path is not None}, check=check)


def _document(target: str, *, factory: bool, at: str | None) -> dict[str, Any]:
    """What the plugin of the app would serve, or what one with the app's name would."""
    from segue.openapi import OpenAPI

    app = frozen_app(target, factory=factory)
    listed = [one.plugin for one in app.declared.plugins if isinstance(one.plugin, OpenAPI)]
    if at is not None:
        listed = [one for one in listed if one.at == at.rstrip("/")]
        if not listed:
            raise click.ClickException(f"{target} lists no plugin OpenAPI(..., at={at!r}).")
    plugin = listed[0] if listed else OpenAPI(app.name, "0")
    return plugin.document(app.plan)


def _finish(texts: dict[Path, str], *, check: bool) -> None:
    """Writes the files, or says how they differ."""
    stale = False
    for path, text in texts.items():
        if not check:
            path.write_text(text, encoding="utf-8")
            continue
        present = path.read_text(encoding="utf-8") if path.is_file() else ""
        if present == text:
            continue
        stale = True
        click.echo(f"{path} is not what the application is. Run this command without --check.", err=True)
        changed = [
            line
            for line in difflib.unified_diff(present.splitlines(), text.splitlines(), lineterm="", n=0)
            if line[:1] in "+-" and line[:3] not in ("+++", "---")
        ]
        for line in changed[:_MOST_SHOWN]:
            click.echo(f"  {line}", err=True)
        if len(changed) > _MOST_SHOWN:
            click.echo(f"  and {len(changed) - _MOST_SHOWN} lines more", err=True)
    if stale:
        raise SystemExit(1)
