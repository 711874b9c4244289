"""The plugin that lets people sign in with a certificate."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from segue.auth.accounts import ACCOUNTS, Accounts
from segue.auth.certificates.reading import certificate_of, person_of
from segue.auth.external import texts
from segue.auth.external.linking import Linking, NotLinked
from segue.auth.external.model import ExternalAccount
from segue.auth.external.person import Person, SignInFailed
from segue.auth.external.source import Source
from segue.auth.signins import Way
from segue.core.app import App
from segue.core.plugins.setup import Setup
from segue.core.texts.texts import framework
from segue.html import Page, render
from segue.http.errors import Forbidden, SeeOther
from segue.http.request import Request
from segue.security import client_network, own_path

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["ClientCertificates"]

logger = logging.getLogger("segue.auth")

Naming = Callable[["Certificate", str], Person]


class ClientCertificates:
    """Plugin: people sign in with a certificate that their browser shows, at ``/login/certificate``.

        cards = ClientCertificates(Source(name="cards", title="Cards", registers=True, trusts_email=True))
        app = App(plugins=[Database(), Auth(), cards])

        $ segue serve --certfile server.pem --ca-certs staff-ca.pem --client-certs optional films:app

    Which certificates are good is what ``--ca-certs`` says, or a proxy (``Proxies(certificate=...)``). ``source``: what follows from being named by one of them, as for all
    who know people elsewhere; the groups are the organisational units (OU). ``person``: reads another one out of a certificate than its subject with the address and the name in
    it. ``at``: where the pages of Auth stand. Who has a certificate is asked for no second step.
    """

    name = "client-certificates"
    needs = ("auth",)

    def __init__(self, source: Source | None = None, *, person: Naming = person_of, at: str = "/") -> None:
        self._source = source or Source(name="certificate", title="Certificate")
        self._person = person
        self._at = at

    @property
    def models(self) -> tuple[Any, ...]:
        """The models that it needs."""
        return (ExternalAccount,)

    def setup(self, to: Setup) -> None:
        """Adds the page."""
        accounts = to.app[ACCOUNTS]
        accounts.sign_ins.ways.append(
            Way("certificates.sign_in", framework.lazy_gettext("Sign in with a certificate"))
        )
        pages = App("certificates", documented=False, cache=0, public=True)
        desk = _Desk(accounts, self._source, self._person)
        pages.get("/login/certificate", name="sign_in")(desk.show)
        pages.post("/login/certificate", name="prove")(desk.prove)
        to.include(pages, at=self._at)


class _Desk:
    def __init__(self, accounts: Accounts, source: Source, person: Naming) -> None:
        self._accounts = accounts
        self._linking = Linking(accounts)
        self._source = source
        self._naming = person

    async def show(self, request: Request) -> Page:
        """Whom the certificate names."""
        return render(
            "auth/certificate.html", person=self._person(request), next=own_path(request.query.get("next"))
        )

    async def prove(self, request: Request) -> None:
        """Signs in whom it names. A form does so, as no link of somebody else may."""
        await self._accounts.limited("certificate", client_network(request), request)
        person = self._person(request)
        if person is None:
            raise SeeOther(request.url_for("certificates.sign_in"))
        try:
            user = await self._linking.account_of(person, self._source, request)
        except NotLinked as error:
            raise Forbidden(str(texts.REASONS[error.reason])) from None
        await self._accounts.sign_ins.sign_in(request, user, method="certificate")
        raise SeeOther(own_path(request.query.get("next")))

    def _person(self, request: Request) -> Person | None:
        try:
            certificate = certificate_of(request)
            return None if certificate is None else self._naming(certificate, self._source.name)
        except SignInFailed as failed:
            logger.warning("nobody was signed in: %s", failed)
            return None
