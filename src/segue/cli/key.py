"""``segue key``: a new secret key."""

import secrets

import click

__all__ = ["key"]


@click.command()
def key() -> None:
    """Print a new secret key, for SECURITY_KEY in the environment or in .env.

    \b
    segue key >> keys.txt
    echo "SECURITY_KEY=$(segue key)" >> .env

    To change the key of an app that runs, make the old one one of SECURITY_OLD_KEYS: what it has signed stays valid.
    """
    click.echo(secrets.token_urlsafe(48))
