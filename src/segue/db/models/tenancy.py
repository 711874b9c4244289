"""Tenancy: one database for several customers, of whom each sees only what is theirs."""

import contextlib
import functools
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from segue.core.carrying import Carried, carried_on, stepwise
from segue.core.records import Next
from segue.db.errors import ConfigurationError
from segue.db.models.rules import add_rule
from segue.db.queries.expressions import Condition
from segue.db.writing.writesignals import Change, Inserting, Updating, listen
from segue.http.errors import Forbidden
from segue.http.request import Request
from segue.http.response import Response

if TYPE_CHECKING:
    from segue.core.plugins.setup import Setup

__all__ = ["Tenancy"]


class _Everybody:
    """Stands for all tenants."""

    def __repr__(self) -> str:
        return "everybody"


_EVERYBODY = _Everybody()


class Tenancy:
    """Whose rows these are: a field that is filled when an object is made, and that every query asks for.

        tenancy = Tenancy(by=lambda request: request.host)

        class Invoice(Model):
            tenant: Field[str] = field(default_factory=tenancy.current, read_only=True, max_length=120, index=True)
            total: Field[int]

        tenancy.owns(Invoice.tenant)

        app = App(plugins=[Database(), tenancy])

    ``by``: says who the tenant is, from the request: its host, without more. Code without a request says ``with tenancy.of("acme"):``.
    Who says neither gets an error and no rows. ``with tenancy.everybody():`` sees all, and has to say whose what it makes is;
    ``.unscoped()`` does so for one query.
    """

    def __init__(self, by: Callable[[Request], Any] | None = None, *, name: str = "tenancy") -> None:
        self.name = name
        self._by = by if by is not None else _host
        #: Of the request; it is set anew at each step of the work for it.
        self._now: ContextVar[Any] = ContextVar(f"segue.db.{name}")
        #: Of a block, which stands above that.
        self._block: ContextVar[Any] = ContextVar(f"segue.db.{name}.block")

    def current(self) -> Any:
        """The tenant. Raises ConfigurationError where nobody said who it is."""
        found = self._found()
        if found is _EVERYBODY:
            raise ConfigurationError(
                "in `with tenancy.everybody():` there is no tenant to fill in: give it, Invoice.create(tenant=..., ...)"
            )
        return found

    def of(self, tenant: Any) -> contextlib.AbstractContextManager[None]:
        """A block for one tenant."""
        return self._set(tenant)

    def everybody(self) -> contextlib.AbstractContextManager[None]:
        """A block that sees the rows of all tenants."""
        return self._set(_EVERYBODY)

    def owns(self, *fields: Any) -> None:
        """Says which field of a model tells whose an object is."""
        for one in fields:
            mapping = one.field.model.__mapping__
            add_rule(mapping.model, functools.partial(self._condition, one))
            for kind in (Inserting, Updating):
                listen(mapping.model, kind, functools.partial(self._check, one), "now")

    def setup(self, to: "Setup") -> None:
        """Each request of the app has the tenant that ``by`` says."""
        to.middleware(self._around)

    async def _around(self, request: Request, next: Next) -> Response:
        here = Carried(self._now.set, self._now.reset, self._by(request))
        return carried_on(here, await stepwise(here, next(request)))

    @contextlib.contextmanager
    def _set(self, tenant: Any) -> Generator[None]:
        token = self._block.set(tenant)
        try:
            yield
        finally:
            self._block.reset(token)

    def _found(self) -> Any:
        try:
            return self._block.get()
        except LookupError:
            pass
        try:
            return self._now.get()
        except LookupError:
            raise ConfigurationError(
                f"whose rows? Nobody said which tenant this is for. In an app list the plugin, App(plugins=[Database(), {self.name}]); "
                f"elsewhere `with {self.name}.of(...):`, or .unscoped() for the rows of all"
            ) from None

    def _condition(self, one: Any) -> Condition | None:
        tenant = self._found()
        found: Condition | None = None if tenant is _EVERYBODY else one == tenant
        return found

    def _check(self, one: Any, change: Change[Any]) -> None:
        tenant = self._found()
        if tenant is not _EVERYBODY and getattr(change.target, one.field.name) != tenant:
            raise Forbidden(f"this {type(change.target).__name__} belongs to another tenant")


def _host(request: Request) -> str:
    return request.host
