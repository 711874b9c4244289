"""``segue serve``: an application in production."""

from pathlib import Path
from typing import Any

import click

from segue.cli.options import Octal, Port, Size, app_argument, config_option, option, options
from segue.core.app import App
from segue.server import TLS, Identity, Limits, Logs, Recycling, ServerConfig, run

__all__ = ["address_options", "binds", "serve", "tls_config", "tls_options"]

_LIMITS = Limits()
_DEFAULTS = ServerConfig()

address_options = options(
    option("--host", "-h", help="Address to listen on.  [default: 127.0.0.1]"),
    option("--port", "-p", type=Port(), help="Port to listen on; 0 takes a free one.  [default: 8000]"),
    option(
        "--bind",
        "-b",
        "bind",
        multiple=True,
        help="host:port, [ipv6]:port, unix:/path, unix:@name or fd://3, instead of host and port. May be repeated.",
    ),
)
tls_options = options(
    option("--certfile", type=click.Path(), help="TLS certificate chain (PEM)."),
    option("--keyfile", type=click.Path(), help="Its private key (PEM), if not in the same file."),
    option("--key-password", help="The password of the private key."),
    option("--ca-certs", type=click.Path(), help="Clients must show a certificate signed by one of these."),
    option(
        "--client-certs",
        type=click.Choice(["required", "optional"]),
        default="required",
        help="optional: with --ca-certs, a client may show none.",
    ),
    option("--cert", type=click.Choice(["adhoc"]), help="adhoc: make a certificate, for development."),
)


@click.command()
@app_argument
@config_option
@address_options
@option("--workers", "-w", type=click.IntRange(1), default=1, help="Processes.")
@option("--factory", is_flag=True, help="APP names a function that makes the application.")
@tls_options
@option("--backlog", type=int, default=_DEFAULTS.backlog, help="Connections that may wait to be accepted.")
@option("--socket-mode", type=Octal(), help="Permissions of Unix sockets, e.g. 660.")
@option("--max-connections", type=int, default=_LIMITS.max_connections, help="Open connections of a worker.")
@option(
    "--max-body", type=Size(), default=str(_LIMITS.max_body), help="Bytes of a body where no route says else."
)
@option("--header-timeout", type=float, default=_LIMITS.header_timeout, help="Seconds for a header to come.")
@option("--body-timeout", type=float, default=_LIMITS.body_timeout, help="Seconds between pieces of a body.")
@option("--request-timeout", type=float, default=_LIMITS.request_timeout, help="Seconds for a handler.")
@option("--write-timeout", type=float, default=_LIMITS.write_timeout, help="Seconds for a client to read on.")
@option("--keep-alive", type=float, default=_LIMITS.keep_alive, help="Seconds an idle connection stays open.")
@option("--grace", type=float, default=_DEFAULTS.grace, help="Seconds that requests may go on after SIGTERM.")
@option("--start-timeout", type=float, default=_DEFAULTS.start_timeout, help="Seconds for a worker to start.")
@option("--worker-timeout", type=float, default=_DEFAULTS.worker_timeout, help="Seconds a worker may hang.")
@option(
    "--block-limit",
    type=float,
    default=_DEFAULTS.block_limit,
    help="Name what blocks the loop longer; 0: never.",
)
@option("--max-requests", type=click.IntRange(1), help="Replace a worker after so many requests.")
@option("--max-age", type=float, help="Replace a worker after so many seconds.")
@option("--max-memory", type=Size(), help="Replace a worker with more memory, e.g. 500M.")
@option("--access-log", help="File for a line per response; - is the standard output.")
@option("--access-log-format", default="common", help="common, combined, json or a template.")
@option("--access-logger", help="What logs responses instead, as module:attribute.")
@option("--log-file", help="File for the log, instead of the standard error.")
@option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="json: the log is an object a line, for programs that collect logs.",
)
@option("--daemon", "-d", is_flag=True, help="Return when the server is ready; it runs on in the background.")
@option(
    "--fresh-workers",
    is_flag=True,
    help="Workers are programs of their own: a reload has all code anew, that of packages and of Segue too.",
)
@option("--pid-file", help="Written at the start, removed at the end; for stop, reload and status.")
@option("--user", help="Workers run as this user, once the sockets are open.")
@option("--group", help="Workers run as this group.")
@option("--umask", type=Octal(), help="Permissions that new files of workers do not get, e.g. 027.")
@option("--main", help="Module with main_process_start and main_process_stop, for the first process.")
@option("--debug", is_flag=True, help="Show errors to clients. Never in production.")
def serve(app: str, **given: Any) -> None:
    """Serve APP in production.

    APP is module:attribute, file.py, or file.py:attribute; or a directory, whose files are served.

    \b
    segue serve films:app --host 0.0.0.0 --port 80 --workers 4
    segue serve ./public
    segue serve films.py --bind unix:/run/films.sock --pid-file /run/films.pid --daemon
    """
    recycling = Recycling(
        max_requests=given["max_requests"], max_age=given["max_age"], max_memory=given["max_memory"]
    )
    config = ServerConfig(
        binds=binds(given),
        backlog=given["backlog"],
        socket_mode=given["socket_mode"],
        workers=given["workers"],
        grace=given["grace"],
        start_timeout=given["start_timeout"],
        worker_timeout=given["worker_timeout"] or None,
        block_limit=given["block_limit"] or None,
        limits=Limits(
            max_connections=given["max_connections"],
            max_body=given["max_body"],
            header_timeout=given["header_timeout"],
            body_timeout=given["body_timeout"],
            request_timeout=given["request_timeout"],
            write_timeout=given["write_timeout"],
            keep_alive=given["keep_alive"],
        ),
        tls=tls_config(given),
        recycling=None if recycling == Recycling() else recycling,
        identity=Identity(user=given["user"], group=given["group"], umask=given["umask"]),
        logs=Logs(
            file=given["log_file"],
            access=given["access_log"],
            format=given["access_log_format"],
            logger=given["access_logger"],
            style=given["log_format"],
        ),
        pid_file=given["pid_file"],
        daemon=given["daemon"],
        fresh_workers=given["fresh_workers"],
        debug=given["debug"],
        factory=given["factory"],
        main=given["main"],
    )
    run(_app_of_directory(Path(app)) if Path(app).is_dir() else app, config)


def _app_of_directory(directory: Path) -> App:
    """Serves the files below a directory, and pages of links where there is no index."""
    app = App(directory.resolve().name or "files")
    app.static("/", directory.resolve(), listing=True)
    return app


def binds(given: dict[str, Any]) -> tuple[str, ...]:
    """The addresses that were asked for; none if none was, which lets systemd's sockets in."""
    if given["bind"]:
        if given["host"] is not None or given["port"] is not None:
            raise click.UsageError("--bind stands instead of --host and --port. Give one or the other.")
        return tuple(given["bind"])
    if given["host"] is None and given["port"] is None:
        return ()
    host = given["host"] or "127.0.0.1"
    port = 8000 if given["port"] is None else given["port"]
    return (f"[{host}]:{port}" if ":" in host else f"{host}:{port}",)


def tls_config(given: dict[str, Any]) -> TLS | None:
    """What the options say about TLS, if anything."""
    tls = TLS(
        certfile=given["certfile"],
        keyfile=given["keyfile"],
        key_password=given["key_password"],
        ca_certs=given["ca_certs"],
        client_certs=given["client_certs"],
        adhoc=given["cert"] == "adhoc",
    )
    return None if tls == TLS(client_certs=tls.client_certs) else tls
