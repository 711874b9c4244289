"""Accounts: people register, sign in and out, and handlers know who they are and what they may do.

    from segue.auth import Auth, User
    from segue.db import Database

    app = App(plugins=[Database(), Auth()])

    @app.get("/me")
    async def me(user: User) -> str:
        return f"Hello {user.email}"

- ``plugin``: Auth, which an app lists; ``options``: what it decides
- ``models``: the account, groups, what was permitted, browsers that are remembered, the audit log
- ``accounts``: making and changing accounts, ``directory``: finding them; ``membership``: groups; ``names``: how addresses and names are written
- ``signins``: who is signed in; ``devices``: "remember me"; ``places``: where somebody is signed in; ``identity``: who it is
- ``passwords``: hashing, older hashes, which are too weak
- ``guards``, ``closed``, ``permissions``: who may go on; what was granted, rules of rows, predicates, access lists, security policies
- ``passkeys``, ``twofactor``, ``emailcodes``, ``apitokens``, ``certificates``: further ways to sign in, and further steps
- ``external``: accounts elsewhere (OpenID Connect, OAuth 2.0, SAML, CAS); ``checkers``: passwords that a directory or the system knows; ``casserver``: being a server of CAS
- ``pages``, ``templates``, ``texts``: what people see

Nothing of it is loaded before it is asked for.
"""

from typing import TYPE_CHECKING

from segue.frontdoor import opened_late

if TYPE_CHECKING:
    from segue.auth.accounts import Accounts, accounts_of
    from segue.auth.apitokens.plugin import APITokens
    from segue.auth.casserver.plugin import CASServer
    from segue.auth.certificates.plugin import ClientCertificates
    from segue.auth.checkers.ldap import LDAP
    from segue.auth.checkers.pam import PAM
    from segue.auth.checkers.plugin import CheckPasswordsWith
    from segue.auth.checkers.source import PasswordSource
    from segue.auth.closed import LoginRequired
    from segue.auth.emailcodes.plugin import EmailCodes
    from segue.auth.external.cas import CAS
    from segue.auth.external.person import Person
    from segue.auth.external.plugin import SignInWith
    from segue.auth.external.provider import Provider
    from segue.auth.external.saml.provider import SAML
    from segue.auth.external.source import Source
    from segue.auth.guards import freshly
    from segue.auth.identity import EVERYONE, SIGNED_IN, SignedIn
    from segue.auth.membership import Membership
    from segue.auth.models.account import Account
    from segue.auth.models.device import Device
    from segue.auth.models.event import AuthEvent
    from segue.auth.models.grant import Grant
    from segue.auth.models.group import Group
    from segue.auth.models.user import User
    from segue.auth.passkeys.plugin import Passkeys
    from segue.auth.passwords.hashing import Passwords
    from segue.auth.passwords.strength import Strength
    from segue.auth.permissions.acl import (
        ALL_PERMISSIONS,
        DENY_ALL,
        Allow,
        Decision,
        Deny,
        decide,
        principals_allowed,
    )
    from segue.auth.permissions.acting import Who, acting_for, unrestricted
    from segue.auth.permissions.current import current_user
    from segue.auth.permissions.grants import grant, granted, revoke
    from segue.auth.permissions.policies import BasicPolicy, RemoteUserPolicy, SessionPolicy, TicketPolicy
    from segue.auth.permissions.policy import (
        NO_PERMISSION_REQUIRED,
        Policy,
        SecurityPolicy,
        authenticated_id,
        forget,
        permits,
        remember,
    )
    from segue.auth.permissions.predicates import (
        Predicate,
        all_of,
        any_of,
        has_permission,
        in_group,
        is_admin,
        is_user,
        not_,
        predicate,
        requires,
        signed_in,
    )
    from segue.auth.permissions.rows import accessible, may, protect
    from segue.auth.places import Place
    from segue.auth.plugin import Auth
    from segue.auth.problems import AccountProblem
    from segue.auth.twofactor.plugin import TwoFactor

__all__ = [
    "ALL_PERMISSIONS",
    "DENY_ALL",
    "EVERYONE",
    "NO_PERMISSION_REQUIRED",
    "SIGNED_IN",
    "APITokens",
    "Account",
    "AccountProblem",
    "Accounts",
    "Allow",
    "Auth",
    "AuthEvent",
    "BasicPolicy",
    "CAS",
    "CASServer",
    "CheckPasswordsWith",
    "ClientCertificates",
    "Decision",
    "Deny",
    "Device",
    "EmailCodes",
    "Grant",
    "Group",
    "LDAP",
    "LoginRequired",
    "Membership",
    "PAM",
    "Passkeys",
    "PasswordSource",
    "Passwords",
    "Person",
    "Place",
    "Policy",
    "Predicate",
    "Provider",
    "RemoteUserPolicy",
    "SAML",
    "SecurityPolicy",
    "SessionPolicy",
    "SignInWith",
    "SignedIn",
    "Source",
    "Strength",
    "TicketPolicy",
    "TwoFactor",
    "User",
    "Who",
    "accessible",
    "accounts_of",
    "acting_for",
    "all_of",
    "any_of",
    "authenticated_id",
    "current_user",
    "decide",
    "forget",
    "freshly",
    "grant",
    "granted",
    "has_permission",
    "in_group",
    "is_admin",
    "is_user",
    "may",
    "not_",
    "permits",
    "predicate",
    "principals_allowed",
    "protect",
    "remember",
    "requires",
    "revoke",
    "signed_in",
    "unrestricted",
]

_IN_MODULE = {
    "APITokens": "apitokens.plugin",
    "CAS": "external.cas",
    "CASServer": "casserver.plugin",
    "CheckPasswordsWith": "checkers.plugin",
    "ClientCertificates": "certificates.plugin",
    "EmailCodes": "emailcodes.plugin",
    "LDAP": "checkers.ldap",
    "PAM": "checkers.pam",
    "Passkeys": "passkeys.plugin",
    "PasswordSource": "checkers.source",
    "Person": "external.person",
    "Provider": "external.provider",
    "SAML": "external.saml.provider",
    "SignInWith": "external.plugin",
    "Source": "external.source",
    "TwoFactor": "twofactor.plugin",
    "accessible": "permissions.rows",
    "Account": "models.account",
    "AccountProblem": "problems",
    "Accounts": "accounts",
    "accounts_of": "accounts",
    "acting_for": "permissions.acting",
    "all_of": "permissions.predicates",
    "ALL_PERMISSIONS": "permissions.acl",
    "Allow": "permissions.acl",
    "any_of": "permissions.predicates",
    "Auth": "plugin",
    "authenticated_id": "permissions.policy",
    "AuthEvent": "models.event",
    "BasicPolicy": "permissions.policies",
    "current_user": "permissions.current",
    "decide": "permissions.acl",
    "Decision": "permissions.acl",
    "Deny": "permissions.acl",
    "DENY_ALL": "permissions.acl",
    "Device": "models.device",
    "EVERYONE": "identity",
    "forget": "permissions.policy",
    "freshly": "guards",
    "Grant": "models.grant",
    "grant": "permissions.grants",
    "granted": "permissions.grants",
    "Group": "models.group",
    "has_permission": "permissions.predicates",
    "in_group": "permissions.predicates",
    "is_admin": "permissions.predicates",
    "is_user": "permissions.predicates",
    "may": "permissions.rows",
    "LoginRequired": "closed",
    "Membership": "membership",
    "NO_PERMISSION_REQUIRED": "permissions.policy",
    "not_": "permissions.predicates",
    "Passwords": "passwords.hashing",
    "permits": "permissions.policy",
    "Place": "places",
    "Policy": "permissions.policy",
    "Predicate": "permissions.predicates",
    "predicate": "permissions.predicates",
    "principals_allowed": "permissions.acl",
    "protect": "permissions.rows",
    "remember": "permissions.policy",
    "RemoteUserPolicy": "permissions.policies",
    "requires": "permissions.predicates",
    "revoke": "permissions.grants",
    "SecurityPolicy": "permissions.policy",
    "SessionPolicy": "permissions.policies",
    "SIGNED_IN": "identity",
    "signed_in": "permissions.predicates",
    "SignedIn": "identity",
    "Strength": "passwords.strength",
    "TicketPolicy": "permissions.policies",
    "unrestricted": "permissions.acting",
    "User": "models.user",
    "Who": "permissions.acting",
}


__getattr__ = opened_late(__name__, _IN_MODULE)
