"""Signing in with an account elsewhere: OpenID Connect and OAuth 2.0, always with PKCE, state and nonce.

- ``source``: what all who know people elsewhere have in common; ``started``: what a session remembers until a visitor comes back
- ``provider``: who is asked; ``presets``: those that many use. ``person``: whom they name
- ``issuer``: what an issuer says of itself (discovery), and its keys, which it may change; ``verifying``: what its tokens say
- ``flow``: there and back; ``plugin``: SignInWith, which puts it into an app; ``linking``, ``model``: whose account it is here
- ``cas``: a server of CAS; ``saml``: providers of SAML 2.0
- ``tokens``: access tokens of an issuer elsewhere, for APIs
"""
