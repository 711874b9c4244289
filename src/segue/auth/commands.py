"""``segue auth``: accounts from the command line."""

import asyncio
import getpass
import sys
from typing import Any

from segue.auth.accounts import Accounts
from segue.auth.models.account import State
from segue.auth.models.event import AuthEvent
from segue.auth.permissions.acting import unrestricted
from segue.auth.permissions.grants import grant as give, revoke as take_away, split_permission
from segue.auth.problems import AccountProblem
from segue.core.plugins.setup import Setup

__all__ = ["add_commands"]


def add_commands(to: Setup, accounts: Accounts) -> None:
    """Adds them to an app."""
    _add_account_commands(to, accounts)
    _add_permission_commands(to, accounts)


def _add_account_commands(to: Setup, accounts: Accounts) -> None:
    async def create_user(login: str, *, name: str = "", admin: bool = False, password: bool = True) -> str:
        """Makes an account with the address LOGIN, or the name if it is none; the password is asked for, or read from a pipe."""
        is_email = "@" in login
        try:
            user = await accounts.create(
                email=login if is_email else None,
                name=name or (None if is_email else login),
                password=await _password() if password else None,
            )
        except AccountProblem as problem:
            raise SystemExit(f"{problem.field}: {problem}") from None
        if admin:
            await accounts.write(user, is_admin=True)
        return f"Made {login}{', who may do everything' if admin else ''}."

    async def set_password(login: str) -> str:
        """Gives the account LOGIN another password, and signs it out everywhere."""
        user = await _found(accounts, login)
        try:
            await accounts.set_password(user, await _password())
        except AccountProblem as problem:
            raise SystemExit(str(problem)) from None
        return f"{login} has another password."

    async def set_state(login: str, state: State) -> str:
        """Makes the account LOGIN active, waiting or blocked; who is blocked is signed out everywhere."""
        await accounts.set_state(await _found(accounts, login), state)
        return f"{login} is {state}."

    async def delete_user(login: str) -> str:
        """Deletes the account LOGIN."""
        await accounts.delete(await _found(accounts, login))
        return f"{login} is deleted."

    async def events(login: str = "", *, last: int = 20) -> str:
        """Shows what happened last, to the account LOGIN or to all."""
        query = AuthEvent.order_by(AuthEvent.id.desc()).limit(last)
        if login:
            user = await _found(accounts, login)
            query = query.where(AuthEvent.owner == str(user.id))
        lines = [
            f"{one.at:%Y-%m-%d %H:%M:%S}  {one.kind:20} {one.owner or '-':6} {one.address:15} {one.detail}"
            for one in await query
        ]
        return "\n".join(reversed(lines))

    for command in (create_user, set_password, set_state, delete_user, events):
        to.command(command, group="auth")


def _add_permission_commands(to: Setup, accounts: Accounts) -> None:
    async def join(login: str, group: str) -> str:
        """Makes the account LOGIN a member of a group."""
        await accounts.groups.add(await _found(accounts, login), group)
        return f"{login} is in {group}."

    async def leave(login: str, group: str) -> str:
        """Takes the account LOGIN out of a group."""
        await accounts.groups.remove(await _found(accounts, login), group)
        return f"{login} is not in {group}."

    async def grant(who: str, permission: str) -> str:
        """Gives WHO a permission: group:editors or a login, and "publish" or "post.change"."""
        action, model = split_permission(permission)
        await give(await _principal(accounts, who), action, model)
        return f"{who} may {permission}."

    async def revoke(who: str, permission: str) -> str:
        """Takes a permission away that was given with the same words."""
        action, model = split_permission(permission)
        if not await take_away(await _principal(accounts, who), action, model):
            raise SystemExit(f"{who} was never given {permission}.")
        return f"{who} may not {permission}."

    for command in (join, leave, grant, revoke):
        to.command(command, group="auth")


async def _found(accounts: Accounts, login: str) -> Any:
    with unrestricted():
        user = await accounts.find(login)
    if user is None:
        raise SystemExit(f"There is no account {login}.")
    return user


async def _principal(accounts: Accounts, who: str) -> Any:
    return who if ":" in who or who in ("everyone", "signed in") else await _found(accounts, who)


async def _password() -> str:
    if not sys.stdin.isatty():
        line: str = await asyncio.to_thread(sys.stdin.readline)
        return line.rstrip("\r\n")
    first = await asyncio.to_thread(getpass.getpass, "Password: ")
    if first != await asyncio.to_thread(getpass.getpass, "Again: "):
        raise SystemExit("These are two different passwords.")
    return first
