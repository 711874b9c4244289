"""``segue run``: an application in development, which starts anew when a file changes."""

from pathlib import Path
from typing import Any

import click

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
@option("--debug/--no-debug", default=True, help="Show errors in the browser.")
def run(app: str, **given: Any) -> None:
    """Run APP for development: reload, errors in the browser, a line for each response.

    APP is module:attribute, file.py, or file.py:attribute.

    \b
    segue run hello.py
    """
    further = given["reload_include"]
    reloading = Reloading(
        folders=given["reload_dir"] or (_folder(app),),
        include=("*.py", *(one for one in further if not Path(one).is_file())),
        exclude=given["reload_exclude"],
        files=tuple(one for one in further if Path(one).is_file()),
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
        ),
    )


def _folder(app: str) -> str:
    file = Path(app.partition(".py")[0] + ".py")
    return str(file.parent) if file.is_file() else "."
