"""Sessions, signed and encrypted values, and what keeps requests of others out.

- ``sessions``: what an app remembers of a visitor. ``flash``: messages for the next page.
- ``csrf``: requests that other sites make. ``policy``: the Content Security Policy. ``site``: hosts and HTTPS.
- ``keys``, ``signing``, ``encryption``: secret keys, and values that others carry. ``links``: signed URLs. ``cookies``: signed cookies.
- ``limits``: how often somebody may do something, exact in all workers.
- ``guards``: who may go on, and where to go back to after a login.
- ``basic``, ``digest``: names and passwords in a header field.
- ``tokens``: tokens and keys of programs: bearer tokens, JWT, refresh tokens, API keys.
- ``plugin``: the plugins of all this. ``checks``: what ``segue check --deploy`` says about it.
"""

from segue.core.ports import SessionStore, StoredSession
from segue.security.basic import BasicAuth
from segue.security.cookies import SignedCookies
from segue.security.csrf import csrf_field, csrf_token
from segue.security.digest import DigestAuth
from segue.security.encryption import Cipher
from segue.security.flash import Flash, Message
from segue.security.guards import belongs_to, own_path, signed_in
from segue.security.keys import Keys, new_key
from segue.security.limits.client import client_network
from segue.security.limits.memory import MemoryCounts
from segue.security.limits.plugin import Limit, Limiter
from segue.security.limits.rate import Allowance, Counts, Rate
from segue.security.limits.redis import RedisCounts
from segue.security.limits.sqlite import SQLiteCounts
from segue.security.limits.stored import StoredCounts
from segue.security.links import SignedLinks
from segue.security.plugin import CSRF, Flashes, Hosts, Security, Sessions
from segue.security.policy import CSP, csp_nonce
from segue.security.sessions.cookies import EncryptedCookie, SignedCookie
from segue.security.sessions.files import FileSessions
from segue.security.sessions.keeping import SessionTooLarge
from segue.security.sessions.manager import SessionCookie, end_sessions, session_of
from segue.security.sessions.memory import MemorySessions
from segue.security.sessions.redis import RedisSessions
from segue.security.sessions.session import OtherSession, Session
from segue.security.sessions.sqlite import SQLiteSessions
from segue.security.sessions.stored import StoredSessions
from segue.security.signing import InvalidSignature, SignatureExpired, Signer
from segue.security.tokens.apikeys import APIKeyAuth
from segue.security.tokens.bearer import BearerAuth
from segue.security.tokens.claims import InvalidToken, TokenClaims
from segue.security.tokens.families import RefreshTokens, ReusedToken
from segue.security.tokens.jwt import AccessTokens
from segue.security.tokens.memory import MemoryFamilies
from segue.security.tokens.plugin import TokenAuth
from segue.security.tokens.sqlite import SQLiteFamilies

__all__ = [
    "APIKeyAuth",
    "AccessTokens",
    "Allowance",
    "BasicAuth",
    "BearerAuth",
    "CSP",
    "CSRF",
    "Cipher",
    "Counts",
    "DigestAuth",
    "EncryptedCookie",
    "FileSessions",
    "Flash",
    "Flashes",
    "Hosts",
    "InvalidSignature",
    "InvalidToken",
    "Keys",
    "Limit",
    "Limiter",
    "MemoryCounts",
    "MemoryFamilies",
    "MemorySessions",
    "Message",
    "Rate",
    "OtherSession",
    "RefreshTokens",
    "ReusedToken",
    "RedisCounts",
    "RedisSessions",
    "SQLiteCounts",
    "SQLiteFamilies",
    "SQLiteSessions",
    "Security",
    "Session",
    "SessionCookie",
    "SessionStore",
    "SessionTooLarge",
    "Sessions",
    "SignatureExpired",
    "SignedCookie",
    "SignedCookies",
    "SignedLinks",
    "Signer",
    "StoredCounts",
    "StoredSession",
    "StoredSessions",
    "TokenAuth",
    "TokenClaims",
    "belongs_to",
    "client_network",
    "csp_nonce",
    "csrf_field",
    "csrf_token",
    "end_sessions",
    "new_key",
    "own_path",
    "session_of",
    "signed_in",
]
