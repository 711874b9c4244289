"""What the certificate of a client says about whom it is of."""

import time
from typing import TYPE_CHECKING

from segue.auth.external.person import Person, SignInFailed
from segue.http.request import Request

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

__all__ = ["certificate_of", "person_of"]


def certificate_of(request: Request) -> "Certificate | None":
    """The certificate that a client has shown, and the server or a trusted proxy has found good; None for none.

    For programs that show one, ``@app.identifies`` asks it. Raises SignInFailed for one that is over, and for one that cannot be read.
    """
    from cryptography.x509 import load_der_x509_certificate

    shown = request.connection.certificate
    if shown is None:
        return None
    try:
        found = load_der_x509_certificate(shown)
    except ValueError as error:
        raise SignInFailed(f"the certificate of the client cannot be read: {error}") from None
    # It was good when the connection began, which may be long ago.
    if not found.not_valid_before_utc.timestamp() <= time.time() <= found.not_valid_after_utc.timestamp():
        raise SignInFailed(
            f"the certificate of the client is over, or for later: {found.not_valid_after_utc}"
        )
    return found


def person_of(certificate: "Certificate", source: str) -> Person:
    """Whom a certificate names: by its subject and who has issued it, with the address and the name in it. Raises SignInFailed."""
    from cryptography.x509 import ExtensionNotFound, NameOID, RFC822Name, SubjectAlternativeName

    try:
        names = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
        addresses = names.get_values_for_type(RFC822Name)
    except (ExtensionNotFound, ValueError):
        addresses = []
    subject = certificate.subject

    def said(*kinds: object) -> list[str]:
        return [str(one.value) for kind in kinds for one in subject.get_attributes_for_oid(kind)]  # type: ignore[arg-type] # an OID of NameOID

    email = (addresses or said(NameOID.EMAIL_ADDRESS) or [""])[0]
    whole = f"{subject.rfc4514_string()} by {certificate.issuer.rfc4514_string()}"
    claims = {
        "sub": whole if subject.rdns else "",
        "email": email,
        "email_verified": bool(email),
        "name": (said(NameOID.COMMON_NAME) or [""])[0],
        "preferred_username": (said(NameOID.USER_ID) or [""])[0],
        "groups": said(NameOID.ORGANIZATIONAL_UNIT_NAME),
    }
    return Person.of(source, claims)
