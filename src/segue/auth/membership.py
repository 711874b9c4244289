"""Who is in which groups: tags that stand in one another, such as ``staff/editors``."""

from typing import Any

from segue.auth.directory import Directory
from segue.auth.identity import id_of
from segue.auth.models.group import Group, tag_name, tags_within
from segue.db import Query, UniqueViolation, any_of
from segue.db.databases.database import database_of

__all__ = ["Membership"]


class Membership:
    """The groups of an app's accounts: ``accounts.groups``.

    await accounts.groups.add(user, "staff/editors")
    await accounts.groups.has(user, "staff")            # True: editors are staff
    await accounts.groups.find("staff")                 # all accounts in it, and in the groups that stand in it
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    async def add(self, user: Any, *names: str) -> None:
        """Makes an account a member; a group that is not there is made. Raises ValueError for what is no name of a group."""
        groups = [await self._group(tag_name(name)) for name in names]
        await user.add(type(user).groups, *groups)
        await self._directory.note("joined", user=user, detail=", ".join(one.name for one in groups))

    async def remove(self, user: Any, *names: str) -> None:
        """Ends a membership. Who is in ``staff/editors`` stays in ``staff`` by that."""
        groups = await Group.where(Group.name.is_in([tag_name(name) for name in names]))
        await user.remove(type(user).groups, *groups)
        await self._directory.note("left", user=user, detail=", ".join(one.name for one in groups))

    async def of(self, user: Any) -> list[str]:
        """The names of the groups that an account was made a member of."""
        found = await self._directory.by_id(id_of(user))
        return [] if found is None else sorted(one.name for one in found.groups)

    async def has(self, user: Any, name: str) -> bool:
        """Whether an account is in a group, or in one that stands in it."""
        return tag_name(name) in {tag for one in await self.of(user) for tag in tags_within(one)}

    def find(self, name: str) -> Query[Any]:
        """The query of the accounts in a group, and in those that stand in it."""
        tag = tag_name(name)
        inside = any_of(Group.name == tag, Group.name.startswith(f"{tag}/"))
        return self._directory.model.where(self._directory.model.groups.any(inside))

    async def _group(self, name: str) -> Group:
        found = await Group.where(Group.name == name).first()
        if found is not None:
            return found
        try:
            async with database_of(Group).transaction():
                return await Group.create(name=name)
        except UniqueViolation:  # somebody else was faster
            return await Group.get(name=name)
