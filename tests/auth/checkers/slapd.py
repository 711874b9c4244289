"""A directory of one's own: slapd, on a free port, with a certificate."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb.la
moduleload memberof.la
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw admin-secret
directory {folder}/data
maxsize 10485760
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=films,ou=programs,dc=example,dc=org" read by anonymous auth by * none
"""

ENTRIES = """
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: ou=programs,dc=example,dc=org
objectClass: organizationalUnit
ou: programs

dn: cn=films,ou=programs,dc=example,dc=org
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: films
userPassword: films-secret

dn: uid=ann,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: ann
cn: Ann Ön
sn: Ön
mail: ann@example.org
userPassword: nuages over the seine

dn: uid=twin,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: twin
cn: One
sn: One
mail: one@example.org
userPassword: twin-secret-of-one

dn: uid=other,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
uid: other
uid: twin
cn: Two
sn: Two
userPassword: twin-secret-of-one

dn: uid=printer,ou=people,dc=example,dc=org
objectClass: account
objectClass: simpleSecurityObject
uid: printer
userPassword: printer-secret

dn: cn=film,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: film
member: uid=ann,ou=people,dc=example,dc=org
"""


class Slapd(NamedTuple):
    port: int
    tls_port: int
    ca: str
    folder: Path

    def change(self, ldif: str) -> None:
        """Changes something, as the administrator."""
        self._tool(["ldapmodify"], ldif)

    def _tool(self, command: list[str], text: str) -> None:
        with_rights = [
            "-x",
            "-H",
            f"ldap://127.0.0.1:{self.port}",
            "-D",
            "cn=admin,dc=example,dc=org",
            "-w",
            "admin-secret",
        ]
        subprocess.run([*command, *with_rights], input=text, text=True, capture_output=True, check=True)


@contextmanager
def running_slapd(folder: Path) -> Iterator[Slapd]:
    (folder / "data").mkdir()
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "server.key"))
    for number, one in enumerate(certificate.cert_chain_pems):
        one.write_to_path(str(folder / "server.pem"), append=number > 0)
    (folder / "slapd.conf").write_text(CONFIG.format(folder=folder))
    port, tls_port = _free_port(), _free_port()
    urls = f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"
    command = ["slapd", "-f", str(folder / "slapd.conf"), "-h", urls, "-d", "0"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        one = Slapd(port, tls_port, str(folder / "ca.pem"), folder)
        one._tool(["ldapadd"], ENTRIES)
        yield one
    finally:
        process.terminate()
        process.wait(20)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
