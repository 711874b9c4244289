"""``segue run``: an application in development, which starts anew when a file changes."""

import os
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from segue.cli.options import app_argument, config_option, option
from segue.cli.serve import address_options, binds, tls_config, tls_options
from segue.server import Logs, Reloading, ServerConfig, run as serve_until_told

__all__ = ["run"]

# Long enough for a request that is being answered, short enough not to be waited for.
_GRACE = 0.4


@click.command()
@app_argument
@config_option
@address_options
@tls_options
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@option("--reload/--no-reload", default=True, help="Start anew when a file changes.")
@option("--reload-dir", multiple=True, help="Folder to watch. May be repeated.  [default: that of the app]")
@option(
    "--reload-include", multiple=True, help="Further file, or pattern of names, to watch. May be repeated."
)
@option("--reload-exclude", multiple=True, help="Pattern of names or paths to leave out. May be repeated.")
@option("--grace", type=float, default=_GRACE, help="Seconds that requests may go on when a file changed.")
@option("--start-timeout", type=float, default=60.0, help="Seconds for the application to start.")
@option("--block-limit", type=float, default=0.1, help="Name what blocks the loop longer; 0: never.")
@option(
    "--access-log/--no-access-log",
    default=True,
    envvar="SEGUE_RUN_ACCESS_LOG",  # SEGUE_ACCESS_LOG is the file of `segue serve`
    help="Print a line for each response.",
)
@option("--main", help="Module with reload_process_start and its likes, for processes that are no workers.")
@option("--debug/--no-debug", default=True, help="Show errors in the browser.")
def run(app: str, **given: Any) -> None:
    """Run APP for development: reload, errors in the browser, a line for each response.

    APP is module:attribute, file.py, or file.py:attribute.

    With SEGUE_ENV=production it neither reloads nor shows errors, unless it is told to.

    \b
    segue run hello.py
    """
    for name in ("reload", "debug") if os.environ.get("SEGUE_ENV") == "production" else ():
        if click.get_current_context().get_parameter_source(name) is ParameterSource.DEFAULT:
            given[name] = False
    further = given["reload_include"]
    reloading = Reloading(
        folders=given["reload_dir"] or (_folder(app),),
        include=("*.py", *(one for one in further if not Path(one).is_file())),
        exclude=given["reload_exclude"],
        files=(*(one for one in further if Path(one).is_file()), *_configuration()),
    )
    serve_until_told(
        app,
        ServerConfig(
            binds=binds(given),
            grace=given["grace"],
            start_timeout=given["start_timeout"],
            # A debugger stops the loop for as long as its user thinks.
            worker_timeout=None,
            block_limit=given["block_limit"] or None,
            tls=tls_config(given),
            reloading=reloading if given["reload"] else None,
            logs=Logs(
                access="-" if given["access_log"] else None, format="{method} {target} {status} {seconds}"
            ),
            debug=given["debug"],
            development=True,
            factory=given["factory"],
            main=given["main"],
        ),
    )


def _configuration() -> list[str]:
    """The files with the settings of the app; one that does not exist yet may come."""
    files = ["segue.toml", ".env"]
    return [*files, "instance/segue.toml"] if Path("instance").is_dir() else files


def _folder(app: str) -> str:
    file = Path(app.partition(".py")[0] + ".py")
    return str(file.parent) if file.is_file() else "."
