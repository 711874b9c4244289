"""Who is asked: a provider of SAML 2.0."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segue.auth.external.provider import checked_url
from segue.auth.external.saml.metadata import read_metadata
from segue.auth.external.source import Flow, WayThere
from segue.client import Http
from segue.security.keys import Keys

__all__ = ["SAML"]

_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"


class SAML(WayThere, frozen=True, kw_only=True):
    """A provider of SAML 2.0, such as ADFS, Entra ID, Okta, Shibboleth or Keycloak.

        SignInWith(SAML.of("idp-metadata.xml", name="corp", title="Corp", registers=True))

    ``issuer``: the entity id of the provider; ``url``: its login, which is asked by a redirect; ``certificates``: those that it signs with, in PEM. All three stand in its metadata:
    see :meth:`of`. ``entity``: how the provider knows us, by default the address of our metadata, ``/login/with/corp/metadata``.
    ``subject``: the attribute that stays the same for ever, for a provider that makes up a new name each time. ``email``, ``full_name``, ``member_of``: the attributes with these, the first
    of them that there is. ``skew``: seconds by which clocks may differ. ``force``: people have to sign in there anew.

    Needs the package signxml: ``pip install 'segue[saml]'``.
    """

    issuer: str
    url: str
    certificates: Sequence[str]
    entity: str = ""
    subject: str = ""
    email: Sequence[str] = ("email", "mail", "urn:oid:0.9.2342.19200300.100.1.3", _CLAIMS + "emailaddress")
    full_name: Sequence[str] = ("displayName", "name", "urn:oid:2.16.840.1.113730.3.1.241", _CLAIMS + "name")
    member_of: Sequence[str] = (
        "groups",
        "memberOf",
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
    )
    skew: float = 60.0
    force: bool = False

    def __post_init__(self) -> None:
        WayThere.__post_init__(self)
        checked_url(self.url, f"the provider {self.name!r}")
        if (
            isinstance(self.certificates, str)
            or not all("BEGIN CERTIFICATE" in one for one in self.certificates)
            or not self.certificates
        ):
            raise ValueError(
                f"the provider {self.name!r} needs a list of the certificates that it signs with, in PEM"
            )
        if not 0 <= self.skew <= 300:
            raise ValueError(
                f"clocks that differ by more than five minutes are to be mended: skew={self.skew:g}"
            )

    @classmethod
    def of(cls, metadata: "str | os.PathLike[str] | bytes", **options: Any) -> "SAML":
        """A provider by its metadata: a file, or what stands in it; ``options``: the rest. ``issuer``: which one, where it has several.

        Raises ValueError for what is none.
        """
        data = metadata if isinstance(metadata, bytes) else Path(metadata).read_bytes()
        found = read_metadata(data, options.pop("issuer", ""))
        return cls(issuer=found.issuer, url=found.url, certificates=found.certificates, **options)

    def flow(self, http: Http, keys: Keys) -> Flow:
        """There by a redirect, back by a form."""
        from segue.auth.external.saml.flow import FormFlow

        return FormFlow(self, keys)
