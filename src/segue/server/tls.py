"""TLS contexts with today's defaults, and certificates for development."""

import datetime
import ipaddress
import os
import ssl
import tempfile
from pathlib import Path

from segue.server.config import TLS

__all__ = ["TLSError", "ssl_context"]


class TLSError(Exception):
    """TLS cannot be set up; the message says why and what to do."""


def ssl_context(tls: TLS) -> ssl.SSLContext:
    """The context of a server: TLS 1.2 and 1.3, forward secrecy, no compression (RFC 9325). Raises TLSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.set_alpn_protocols(["http/1.1"])
    if tls.adhoc:
        _load_adhoc(context)
        return context
    if tls.certfile is None:
        raise TLSError("TLS needs a certificate: --certfile and --keyfile; for development --cert adhoc.")
    for path in (tls.certfile, tls.keyfile, tls.ca_certs):
        if path is not None and not os.access(path, os.R_OK):
            raise TLSError(f"{path} cannot be read. Does it exist, and may this user read it?")
    try:
        # Without a password OpenSSL would ask at the terminal, which a server has not.
        context.load_cert_chain(tls.certfile, tls.keyfile, tls.key_password or "")
    except ssl.SSLError as error:
        raise TLSError(
            f"{tls.certfile} and {tls.keyfile or 'the key in it'} are not usable: {error.reason or error}. The files "
            f"are to be PEM, the key is to belong to the certificate, and an encrypted key needs --key-password."
        ) from None
    if tls.ca_certs is not None:
        context.verify_mode = ssl.CERT_OPTIONAL if tls.client_certs == "optional" else ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(tls.ca_certs)
        except ssl.SSLError as error:
            raise TLSError(
                f"{tls.ca_certs} is not a file of PEM certificates: {error.reason or error}."
            ) from None
    return context


def _load_adhoc(context: ssl.SSLContext) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pair = Path(folder) / "adhoc.pem"
        pair.touch(mode=0o600)
        pair.write_bytes(_self_signed())
        context.load_cert_chain(pair)


def _self_signed() -> bytes:
    """A key and a certificate of this machine's own names, valid for a week, in PEM."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise TLSError(
            "--cert adhoc makes a certificate with the library cryptography, which is not installed: "
            "pip install cryptography. Or give --certfile and --keyfile."
        ) from None
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost (Segue, for development)")])
    now = datetime.datetime.now(datetime.UTC)
    addresses = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    names = [x509.DNSName("localhost"), *map(x509.IPAddress, addresses)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
