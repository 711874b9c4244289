"""``segue deploy``: a bundle on another machine, and its server switched to it without a failed request."""

import hashlib
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from segue.cli.bundle import made_bundle
from segue.cli.bundles.project import BundleError
from segue.cli.deploying.ssh import Host
from segue.cli.deploying.targets import DeployError, Target, target_of
from segue.cli.options import named_app

__all__ = ["deploy"]


@click.command()
@click.argument("target", required=False)
@click.option(
    "--bundle",
    "-b",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that segue bundle has made.  [default: one is made]",
)
@click.option("--rollback", "back", is_flag=True, help="Go back to the release before the current one.")
@click.option("--to", metavar="RELEASE", help="With --rollback: the release to go to.")
@click.option(
    "--status", "tell", is_flag=True, help="Say which releases are there, and whether a server runs."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@click.pass_context
def deploy(context: click.Context, /, target: str | None, **given: Any) -> None:
    """Deploy the app to TARGET, by ssh: a table [deploy.TARGET] of segue.toml, or HOST:/PATH.

    \b
    [deploy.production]
    host = "ada@example.com"
    path = "/srv/shop"
    serve = ["--host", "0.0.0.0", "--workers", "4"]
    $ segue deploy production

    A bundle is uploaded, its migrations run, it is tried on a socket of its own, and only then does the server switch to it,
    without a failed request. What fails before that changes nothing; what fails after it is rolled back. The database, .env and
    uploads are in the folder `shared` on that machine, which all releases have in common.
    """
    try:
        where = target_of(target, Path.cwd())
        host = Host(where)
        if given["to"] and not given["back"]:
            raise click.UsageError("--to is for --rollback.", context)
        if given["tell"]:
            _done(host.call("status", _asked(where)))
        elif given["back"]:
            _done(host.call("rollback", {**_asked(where, given["dry_run"]), "id": given["to"]}))
        else:
            app = None if given["file"] is not None else named_app(context, None)
            _release(host, app, given["file"], given["dry_run"])
    except (BundleError, DeployError) as error:
        raise click.ClickException(str(error)) from None


def _asked(target: Target, dry: bool = False) -> dict[str, Any]:
    return {**msgspec.to_builtins(target), "dry": dry}


def _done(code: int) -> None:
    if code:
        raise SystemExit(code)


def _release(host: Host, app: str | None, file: Path | None, dry: bool) -> None:
    """Uploads the bundle ``file``, or one that is made of ``app``, and switches to it."""
    asked = _asked(host.target, dry)
    _done(host.call("check", asked))
    with tempfile.TemporaryDirectory() as folder:
        if file is None:
            file, told = made_bundle(app, Path(folder) / "site.pyz")
            click.echo(f"Bundled: {file.stat().st_size / 1e6:.1f} MB, {told}")
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        name = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{digest[:8]}"
        if dry:
            click.echo(f"Would upload it as release {name}, migrate, try it, and switch to it.")
            return
        click.echo(f"Uploading release {name} to {host.target.host}.")
        host.send(file, f"{host.target.path}/releases/{name}/site.pyz")
    _done(host.call("release", {**asked, "id": name, "hash": digest}))
    click.echo(f"{host.target.host} serves {name}.")
