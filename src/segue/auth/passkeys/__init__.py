"""Passkeys (WebAuthn): signing in with a fingerprint, a face, a PIN or a key, and without a password.

- ``model``: what is kept; ``ceremonies``: adding one and signing in; ``plugin``, ``pages``: Passkeys, which puts them into an app
"""
