"""The plugin that lets people sign in with accounts elsewhere."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from segue.auth.accounts import ACCOUNTS, Accounts
from segue.auth.external import texts
from segue.auth.external.issuer import careful_client
from segue.auth.external.linking import Linking, NotLinked
from segue.auth.external.model import ExternalAccount
from segue.auth.external.person import Person, SignInFailed
from segue.auth.external.source import Flow, PostedFlow, WayThere
from segue.auth.external.started import Started
from segue.auth.guards import freshly, signed_in_as
from segue.auth.signins import Way
from segue.core.app import App
from segue.core.appkey import AppKey
from segue.core.plugins.setup import Setup
from segue.html import Page, render
from segue.http.errors import BadGateway, BadRequest, Forbidden, NotFound, SeeOther
from segue.http.request import Request
from segue.http.response import Response
from segue.http.url import encode_query
from segue.security import Session, Sessions, own_path
from segue.security.plugin import keys_of

__all__ = ["FLOWS", "SignInWith"]

logger = logging.getLogger("segue.auth")

Done = Callable[[Person, Request], Any]
"""Is told whom a provider has named, and gives the reply: a result of a handler, or None to go on to where the visitor was."""

#: The providers of an app, by name.
FLOWS: AppKey[dict[str, Flow]] = AppKey("segue.auth.external")


class SignInWith:
    """Plugin: people sign in with an account that they have elsewhere, at ``/login/with/google`` and its likes.

        app = App(plugins=[Database(), Auth(), SignInWith(google(GOOGLE_ID, GOOGLE_SECRET), github(GITHUB_ID, GITHUB_SECRET))])

    Who comes for the first time gets an account, if anybody may register and the provider says that the address is theirs. Whose address is known here
    signs in as before, and links both; a provider that ``trusts_email`` needs no such step.

    ``done``: an app without accounts of Segue is told instead, and signs in itself. ``at``: below which path. ``origin``: what addresses for the
    providers begin with, ``https://films.example``; by default that of Auth, or else of the request.
    """

    name = "sign in with"
    wants = ("auth", "sessions")

    def __init__(
        self, *providers: WayThere, done: Done | None = None, at: str = "/login/with", origin: str = ""
    ) -> None:
        names = [one.name for one in providers]
        if not names or len(set(names)) != len(names):
            raise ValueError(f"SignInWith takes providers, each with a name of its own, not {names}")
        self._providers = providers
        self._done = done
        self._at = at.rstrip("/")
        self._origin = origin.rstrip("/")

    @property
    def models(self) -> tuple[Any, ...]:
        """The models that it needs."""
        return () if self._done is not None else (ExternalAccount,)

    def setup(self, to: Setup) -> None:
        """Declares the paths."""
        to.bring(Sessions())
        accounts: Accounts | None = None
        if ACCOUNTS in to.app:
            accounts = to.app[ACCOUNTS]
        if accounts is None and self._done is None:
            raise ValueError(
                "whose accounts are these? List the plugin Auth too, or say what happens with whom a provider has named: "
                "SignInWith(..., done=...)"
            )
        http, keys = careful_client(), keys_of(to)
        flows = {one.name: one.flow(http, keys) for one in self._providers}
        to.app[FLOWS] = flows

        async def opened() -> AsyncIterator[None]:
            yield
            await http.close()

        to.lifespan(opened)
        origin = self._origin or ("" if accounts is None else accounts.options.origin)
        posted = [name for name, one in flows.items() if isinstance(one, PostedFlow)]
        if posted and not origin and not to.app.development:
            raise ValueError(
                f"answers of {posted[0]!r} are for one address only, and a request does not say it: anybody can send any Host. Give it: "
                f"AUTH_ORIGIN=https://films.example, or SignInWith(..., origin=...)"
            )
        desk = _Desk(flows, accounts, self._done, origin)
        pages = App("sign_in_with", documented=False, cache=0, public=True)
        pages.get("/{provider}", name="begin")(desk.begin)
        pages.get("/{provider}/callback", name="callback")(desk.callback)
        if posted:
            pages.post("/{provider}/callback", name="receive", skip=["csrf"])(desk.receive)
            pages.get("/{provider}/metadata", name="metadata")(desk.metadata)
        if accounts is not None:
            self._for_accounts(to, pages, accounts, desk)
        to.include(pages, at=self._at)

    def _for_accounts(self, to: Setup, pages: App, accounts: Accounts, desk: "_Desk") -> None:
        """Links on the pages of accounts, and a page of its own for the accounts elsewhere."""
        for one in self._providers:
            title = texts.SIGN_IN_WITH.with_values(provider=one.title)
            accounts.sign_ins.ways.append(Way("sign_in_with.begin", title, {"provider": one.name}))
        accounts.sign_ins.settings.append(Way("sign_in_with.home", texts.ELSEWHERE))
        fresh = [freshly()]
        to.get("/account/elsewhere", name="sign_in_with.home", documented=False, cache=0, requires=fresh)(
            desk.home
        )
        pages.post("/{provider}/link", name="link", requires=fresh)(desk.link)
        pages.post("/links/{id:int}/remove", name="unlink", requires=fresh)(desk.unlink)


class _Desk:
    """The handlers."""

    def __init__(
        self, flows: dict[str, Flow], accounts: Accounts | None, done: Done | None, origin: str
    ) -> None:
        self._flows = flows
        self._accounts = accounts
        self._linking = None if accounts is None else Linking(accounts)
        self._done = done
        self._origin = origin

    # Who takes a session answers for the app's own hosts only: the address to come back to may be made of that of the request.

    async def begin(self, request: Request, session: Session, provider: str) -> None:
        """Sends a visitor to the provider."""
        raise SeeOther(await self._away(request, session, provider, link=False))

    async def home(self, request: Request) -> Page:
        """The accounts elsewhere of who is signed in, and those that may be linked."""
        identity = await signed_in_as(request)
        linked = [] if self._linking is None else await self._linking.of(identity.user)
        titles = {name: flow.source.title for name, flow in self._flows.items()}
        return render("auth/elsewhere.html", linked=linked, titles=titles)

    async def link(self, request: Request, session: Session, provider: str) -> None:
        """The same, for somebody who is signed in and wants to have both."""
        raise SeeOther(await self._away(request, session, provider, link=True))

    async def callback(self, request: Request, session: Session, provider: str) -> Any:
        """Signs in who comes back."""
        try:
            person, started = await self._flow(provider).finish(request, session)
        except SignInFailed as failed:
            if failed.cancelled:
                raise SeeOther(self._login(request)) from None
            logger.warning("nobody was signed in: %s", failed)
            raise BadRequest(str(texts.FAILED)) from failed
        if self._done is not None:
            found = self._done(person, request)
            reply = await found if isinstance(found, Awaitable) else found
            if reply is not None:
                return reply
            raise SeeOther(started.target)
        raise SeeOther(await self._signed_in(request, person, started) or started.target)

    async def receive(self, request: Request, provider: str) -> None:
        """Looks at a form of another site, and sends the browser on to the page where it says who it is."""
        flow = self._flow(provider)
        if not isinstance(flow, PostedFlow):
            raise NotFound
        try:
            answer = await flow.receive(request, back=self._back(request, provider))
        except SignInFailed as failed:
            logger.warning("nobody was signed in: %s", failed)
            raise BadRequest(str(texts.FAILED)) from failed
        path = request.url_for("sign_in_with.callback", provider=provider)
        raise SeeOther(f"{path}?{encode_query({'answer': answer})}")

    async def metadata(self, request: Request, provider: str) -> Response:
        """What the other site has to know of us."""
        flow = self._flow(provider)
        if not isinstance(flow, PostedFlow):
            raise NotFound
        return Response(
            flow.metadata(self._back(request, provider)), content_type="application/samlmetadata+xml"
        )

    async def unlink(self, request: Request, id: int) -> None:
        """Takes a link away."""
        identity = await signed_in_as(request)
        if self._linking is None or not await self._linking.unlink(identity.user, id, request):
            raise Forbidden(str(texts.LAST_WAY_IN))
        raise SeeOther(request.url_for("sign_in_with.home"))

    async def _signed_in(self, request: Request, person: Person, started: Started) -> str | None:
        """Signs in whose account that is, or links it; the page of a further step, if one is asked for."""
        if self._linking is None or self._accounts is None:
            return None
        try:
            if started.link:
                identity = await signed_in_as(request)
                await self._linking.link(person, identity.user, request)
                return request.url_for("sign_in_with.home")
            user = await self._linking.account_of(person, self._flows[person.provider].source, request)
        except NotLinked as error:
            raise Forbidden(str(texts.REASONS[error.reason])) from None
        await self._accounts.note("known elsewhere", request, user, detail=person.provider)
        return await self._accounts.sign_ins.begin(request, user, target=started.target)

    async def _away(self, request: Request, session: Session, provider: str, *, link: bool) -> str:
        flow = self._flow(provider)
        target = own_path(request.query.get("next"))
        try:
            return await flow.begin(session, back=self._back(request, provider), target=target, link=link)
        except SignInFailed as failed:
            logger.warning("nobody can sign in with %s: %s", provider, failed)
            raise BadGateway(str(texts.FAILED)) from failed

    def _back(self, request: Request, provider: str) -> str:
        """The address to come back to."""
        path = request.url_for("sign_in_with.callback", provider=provider)
        return f"{self._origin or f'{request.scheme}://{request.host}'}{path}"

    def _flow(self, provider: str) -> Flow:
        flow = self._flows.get(provider)
        if flow is None:
            raise NotFound
        return flow

    def _login(self, request: Request) -> str:
        try:
            return request.url_for("auth.login")
        except LookupError:
            return request.prefix + "/"
