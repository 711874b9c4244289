"""``segue request GET /films``: asks an app in this process, without a server."""

import sys
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from segue.cli.explain import header_fields
from segue.cli.loading import frozen_app
from segue.cli.options import option
from segue.cli.session import Session
from segue.cli.words import asked
from segue.testing.asyncclient import AsyncClient
from segue.testing.outgoing import RequestOptions

__all__ = ["request"]


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="[APP] [METHOD] PATH")
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@click.option("--json", help="A body of JSON; - reads it from the standard input.")
@click.option("--form", "-F", multiple=True, help="A field of a form, name=value. May be repeated.")
@click.option("--header", "-H", multiple=True, help="A header field, 'name: value'. May be repeated.")
@click.option("--include", "-i", is_flag=True, help="Print the status and the header of the response too.")
@click.option("--follow", is_flag=True, help="Follow redirects.")
@click.pass_context
def request(
    context: click.Context, /, words: Sequence[str], factory: bool, include: bool, **given: Any
) -> None:
    """Send one request to APP in this process and print the response. No server is needed.

    The application is started and ended. The method is GET, or POST where there is a body. The exit code is 1 when the
    status is 400 or more.

    \b
    segue request /films
    segue request hello:app POST /films --json '{"title": "Nuages"}' -i
    """
    options: RequestOptions = {
        "headers": header_fields(given["header"]),
        "follow_redirects": given["follow"],
    }
    if given["json"] is not None:
        options["json"] = _json(given["json"])
    if given["form"]:
        options["data"] = [_field(one) for one in given["form"]]
    app, method, target = asked(context, words, "POST" if {"json", "data"} & options.keys() else "GET")
    with Session(frozen_app(app, factory=factory)) as session:
        status = session.run(_send(session.client, method, target, options, include=include))
    context.exit(1 if status >= 400 else 0)


async def _send(
    client: AsyncClient, method: str, target: str, options: RequestOptions, *, include: bool
) -> int:
    out = sys.stdout.buffer if hasattr(sys.stdout, "buffer") else None
    async with client.stream(method, target, **options) as response:
        if include:
            click.echo(f"{response.status} {response.reason}")
            for name, value in response.headers.multi_items():
                click.echo(f"{name}: {value}")
            click.echo()
        last = b"\n"
        async for piece in response:
            click.echo(piece, nl=False, file=out)
            last = piece
        if not last.endswith(b"\n"):
            click.echo()
        return response.status


def _json(text: str) -> Any:
    body = sys.stdin.read() if text == "-" else text
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise click.UsageError(f"--json is no JSON: {error}.") from None


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"A field of a form is written name=value, not {text!r}.")
    return name, value
